#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 256M
#
# An ordinary user's private directory by Debian's ecryptfs-utils, on the kernel's
# own module and on ours: set up, mounted and unmounted by the scripts and by the
# set-uid helper, looked at with ecryptfs-verify, -find and -stat, its wrapping
# passphrase changed, recovered by root.  The oracle knows its keys and names, and
# each module opens what was set up with the other.
#
# PAIR="stock stock" takes other modules than these two.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"
# shellcheck source=tests/guest/debian_lib.sh
. "$T/guest/debian_lib.sh"

read -r first second <<<"${PAIR:-stock ours}"
login='login pass' mounted='mount-Passphrase 1' home=/home/alice

# at_home NAME: that directory is alice's home.
at_home() {
	mkdir -p "$LOWER/$1"
	chown alice:alice "$LOWER/$1"
	mount --bind "$LOWER/$1" "$home"
}

is_mounted() { grep -q " $home/Private ecryptfs " /proc/mounts; }

# says PATTERN COMMAND...: it succeeds and prints a line that matches.
says() {
	local pattern=$1
	shift
	"$@" >"$WORK/said" 2>&1 || { cat "$WORK/said"; return 1; }
	grep -E -- "$pattern" "$WORK/said" || { cat "$WORK/said"; return 1; }
}

# below NAME: the path of $home/Private/NAME in the lower directory, by the oracle.
below() {
	local part path=$home/.Private
	for part in ${1//\// }; do
		path+=/$(oracle name --passphrase "$mounted" "$part")
	done
	echo "$path"
}

set_up() {
	check "$who: setup" as alice ecryptfs-setup-private --nopwcheck -l "$login" -m "$mounted"
	check_is "$who: the signatures" "$sigs" "$(cat $home/.ecryptfs/Private.sig)"
	check_is "$who: the wrapped passphrase" "$mounted" \
		"$(oracle unwrap-passphrase --wrapping "$login" $home/.ecryptfs/wrapped-passphrase)"
	check_not "$who: setup leaves it unmounted" is_mounted
}

# By the script that asks for the login passphrase.
mount_private() {
	check "$1: mounts" as alice "${TALK[@]}" assphrase "$login" -- ecryptfs-mount-private
	check "$1: /proc/mounts" grep -qx "$home/.Private $home/Private ecryptfs rw,nosuid,nodev,relatime,ecryptfs_fnek_sig=${sigs#*$'\n'},ecryptfs_sig=${sigs%$'\n'*},ecryptfs_cipher=aes,ecryptfs_key_bytes=16,ecryptfs_fn_cipher=aes,ecryptfs_fn_key_bytes=16,ecryptfs_unlink_sigs 0 0" /proc/mounts
}

umount_private() {
	check "$1: unmounts" as alice ecryptfs-umount-private
	check_not "$1: is unmounted" is_mounted
	check_is "$1: its keys are gone" '' "$(as alice keyctl rlist @u 2>/dev/null)"
}

fill() {
	as alice sh -ec 'cd Private; mkdir dir; echo hello >hello.txt; seq 3000 >dir/numbers; ln -s dir/numbers link'
	check "$who: names below" test -f "$(below dir/numbers)"
	check "$who: find, from above" says "^$(below hello.txt)$" as alice ecryptfs-find Private/hello.txt
	check "$who: find, from below" says "^$home/Private/dir/numbers$" \
		as alice ecryptfs-find "$(below dir/numbers)"
	check "$who: stat" says 'size: \[13893\]' as alice ecryptfs-stat "$(below dir/numbers)"
}

read_all() {
	check "$1: reads" as alice sh -ec 'cd Private; echo hello | cmp - hello.txt; seq 3000 | cmp - link'
}

verify() {
	local given
	for given in -p -e; do check "$who: verify $given" as alice ecryptfs-verify "$given"; done
	for given in -h -n; do check_not "$who: verify $given" as alice ecryptfs-verify "$given"; done
}

# The set-uid helper alone; it counts its users.
helper() {
	check "$who: the helper, a second time" as alice mount.ecryptfs_private
	check_is "$who: counted" 2 "$(cat /dev/shm/ecryptfs-alice-Private)"
	check_not "$who: the first to leave" as alice umount.ecryptfs_private
	check "$who: still mounted" is_mounted
	check "$who: one that does not insist" as alice mount.ecryptfs_private
	check "$who: leaves with -d" as alice umount.ecryptfs_private -d
	check_not "$who: not by another user" as bob umount.ecryptfs_private
	check "$who: the last to leave" as alice umount.ecryptfs_private
	check_not "$who: is unmounted by it" is_mounted
	check_not "$who: the helper without keys" as alice mount.ecryptfs_private
	as alice sh -c "printf '%s' '$mounted' | ecryptfs-add-passphrase --fnek -" >/dev/null 2>&1
	check "$who: the helper with keys" as alice mount.ecryptfs_private
	check "$who: is mounted by it" is_mounted
}

rewrap() {
	check "$who: rewrap" as alice sh -c \
		"printf '%s\n%s' '$login' 'another pass' | ecryptfs-rewrap-passphrase .ecryptfs/wrapped-passphrase -"
	check_is "$who: rewrapped" "$mounted" \
		"$(oracle unwrap-passphrase --wrapping 'another pass' $home/.ecryptfs/wrapped-passphrase)"
	check_not "$who: not by the old one" says 'Inserted' as alice \
		sh -c "printf '%s' '$login' | ecryptfs-insert-wrapped-passphrase-into-keyring .ecryptfs/wrapped-passphrase -"
	login='another pass' mount_private "$who: by the new one"
	umount_private "$who: after that"
	as alice sh -c "printf '%s\n%s' 'another pass' '$login' | ecryptfs-rewrap-passphrase .ecryptfs/wrapped-passphrase -"
}

# By root, read-only, somewhere below /tmp.
recover() {
	local at
	check "$who: recover" "${TALK[@]}" 'recover this directory' y 'LOGIN passphrase\?' y 'assphrase: ' "$login" \
		-- ecryptfs-recover-private $home/.Private
	at=$(sed -n 's#^[^ ]* \(/tmp/ecryptfs\.[^ ]*\) ecryptfs ro,.*#\1#p' /proc/mounts)
	check "$who: is recovered" cmp <(seq 3000) "$at/dir/numbers"
	check_not "$who: read-only" touch "$at/new"
	umount -i "$at" || give_up "$at is busy."
	rmdir "$at"
	keyctl clear @u
}

if ! debian_install; then
	skip 'private' "Debian's ecryptfs-utils are not in this guest"
	finish
fi
debian_users "$login"
lower_mount ext4
keyctl link @u @s
sigs=$(
	oracle keys --passphrase "$mounted" | cut -c1-16
	oracle keys --passphrase "$mounted" --salt 3939383837373636 | cut -c1-16
)
# turn HOME WHO: everything on a new home.
turn() {
	who=$2
	load "$who"
	at_home "$1"
	set_up
	mount_private "$who"
	fill
	read_all "$who"
	verify
	helper
	read_all "$who again"
	umount_private "$who again"
	rewrap
	recover
	umount "$home" || give_up "$home is busy."
}

# visit HOME WHO: what the other has set up and filled.
visit() {
	load "$2"
	at_home "$1"
	mount_private "$2 on home $1"
	read_all "$2 on home $1"
	umount_private "$2 on home $1"
	umount "$home" || give_up "$home is busy."
}

turn 1 "$first"
turn 2 "$second"
visit 1 "$second"
visit 2 "$first"
debian_remove
finish

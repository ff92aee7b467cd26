#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 256M
#
# Debian's pam_ecryptfs in real logins, by login and by su, on the kernel's own
# module and on ours: the login's password unlocks the private directory, the
# session mounts it and its end unmounts it, passwd wraps the passphrase anew.
#
# PAIR="stock stock" takes other modules than these two.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"
# shellcheck source=tests/guest/debian_lib.sh
. "$T/guest/debian_lib.sh"

read -r first second <<<"${PAIR:-stock ours}"
home=/home/alice

is_mounted() { grep -q " $home/Private ecryptfs " /proc/mounts; }

# eventually COMMAND...: within ten seconds; a session's end is not ours to await.
eventually() {
	local try
	for ((try = 0; try < 50; try++)); do
		"$@" && return
		sleep 0.2
	done
	return 1
}
not_mounted() { ! is_mounted; }

# login_as NAME PASSWORD LINES...: by the command in `entry`; types the lines at
# the shell that it leads to.
login_as() {
	local name=$1 password=$2 answers=()
	shift 2
	local line
	for line; do answers+=('\$ $' "$line"); done
	check "$name" "${TALK[@]}" 'assword:' "$password" "${answers[@]}" '\$ $' exit -- "${entry[@]}"
}

logins() {
	entry=(login alice)
	login_as "$who: login" "$password" 'echo written >Private/file' 'mkdir Private/dir'
	check "$who: its end unmounts" eventually not_mounted
	check_not "$who: the file is not to be seen" test -e $home/Private/file
	check_is "$who: names below" 2 "$(find $home/.Private -name 'ECRYPTFS_FNEK_ENCRYPTED.*' | wc -l)"
	as alice keyctl clear @u 2>/dev/null
	entry=(setpriv --reuid bob --regid bob --init-groups --reset-env su - alice)
	login_as "$who: su" "$password" 'cp Private/file /tmp/seen' 'grep ecryptfs /proc/mounts >/tmp/mounts'
	check "$who: su's end unmounts" eventually not_mounted
	check_is "$who: su reads" written "$(cat /tmp/seen)"
	check "$who: is mounted for it" grep -q " $home/Private ecryptfs rw,nosuid,nodev," /tmp/mounts
	rm -f /tmp/seen /tmp/mounts
}

# A wrong password opens nothing.
refused() {
	as alice keyctl clear @u 2>/dev/null
	check_not "$who: a wrong password" "${TALK[@]}" 'assword:' wrong -- \
		setpriv --reuid bob --regid bob --init-groups --reset-env su - alice -c true
	check "$who: and no mount" not_mounted
}

change_password() {
	check "$who: passwd" "${TALK[@]}" 'urrent password:' "$password" 'ew password:' 'n3w-Passw0rd' \
		'ew password:' 'n3w-Passw0rd' -- \
		setpriv --reuid alice --regid alice --init-groups --reset-env passwd
	check_is "$who: wraps it anew" "$mounted" \
		"$(oracle unwrap-passphrase --wrapping n3w-Passw0rd $home/.ecryptfs/wrapped-passphrase)"
	as alice keyctl clear @u 2>/dev/null
	entry=(login alice)
	login_as "$who: login by the new one" n3w-Passw0rd 'cp Private/file /tmp/seen'
	check_is "$who: reads by the new one" written "$(cat /tmp/seen)"
	rm -f /tmp/seen
	check "$who: unmounts again" eventually not_mounted
}

if ! debian_install; then
	skip 'pam' "Debian's ecryptfs-utils are not in this guest"
	finish
fi
password='first-Passw0rd' mounted='mount-Passphrase 1'
lower_mount ext4
keyctl link @u @s
for who in $first $second; do
	load "$who"
	debian_users "$password"
	below=$(mktemp -d "$LOWER/home.XXXXXX")
	chown alice:alice "$below"
	mount --bind "$below" "$home"
	check "$who: setup" as alice ecryptfs-setup-private --nopwcheck -l "$password" -m "$mounted"
	logins
	refused
	change_password
	umount "$home" || give_up "$home is busy."
done
debian_remove
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 240
# disk: 256M
#
# Debian's own mount.ecryptfs, umount.ecryptfs and ecryptfs-stat at work on our
# module: everything on the command line, each key size, each way of giving the
# passphrase, the keys taken back at unmount.  The same is done with the kernel's
# own module where there is one, and the files are read by the other's mount.
# (What ecryptfs-add-passphrase does, on either side, is in t_addpass.)
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

helper=/stock/bin/mount.ecryptfs unhelper=/stock/bin/umount.ecryptfs
passphrase='Pass phrase-1'
quiet=ecryptfs_passthrough=n,ecryptfs_enable_filename_crypto=n,no_sig_cache,verbosity=0

# mounted_with LOWER OPTION...: it is mounted, and /proc/mounts has the options.
mounted_with() {
	local line option
	line=$(grep " $UPPER_DIR ecryptfs " /proc/mounts)
	[ "${line%% *}" = "$1" ] || { echo "/proc/mounts says: $line"; return 1; }
	shift
	line=",$(cut -d' ' -f4 <<<"$line"),"
	for option; do
		[[ $line = *",$option,"* ]] || { echo "no $option in $line"; return 1; }
	done
}

# forgotten SIG: no key, no mount, and none without the key.
forgotten() {
	! mountpoint -q "$UPPER_DIR" && ! keyctl search @u user "$1" &&
		! mount -i -t ecryptfs -o "ecryptfs_sig=$1,ecryptfs_cipher=aes,ecryptfs_key_bytes=16" \
			"$LOWER_DIR/16" "$UPPER_DIR"
}

# Written by the first one, and read by all.
exchange() { # NAME
	[ -e "$UPPER_DIR/$1" ] || cp "$WORK/file" "$UPPER_DIR/$1"
	cmp "$WORK/file" "$UPPER_DIR/$1" && [ "$(stat -c %s "$UPPER_DIR/$1")" = "$(stat -c %s "$WORK/file")" ]
}

# session WHAT LOWER SIG OPTIONS COMMAND...: mount by COMMAND, use, unmount.
session() {
	local what="$LOADED: $1" lower=$2 sig=$3 options=$4
	shift 4
	mkdir -p "$lower"
	if ! check "$what: mounts" "$@" "$lower" "$UPPER_DIR" -o "$options"; then
		keyctl clear @u
		return
	fi
	check "$what: is listed" mounted_with "$lower" "ecryptfs_sig=$sig" ecryptfs_cipher=aes \
		"ecryptfs_key_bytes=${lower##*/}" ecryptfs_unlink_sigs
	check "$what: has put the key in the keyring" keyctl search @u user "$sig"
	check "$what: files" exchange "of-$LOADED"
	[ ! -e "$UPPER_DIR/of-stock" ] || check "$what: files of stock" exchange of-stock
	[ ! -e "$UPPER_DIR/of-ours" ] || check "$what: files of ours" exchange of-ours
	check "$what: unmounts" "$unhelper" "$UPPER_DIR"
	check "$what: is forgotten" forgotten "$sig"
	mountpoint -q "$UPPER_DIR" && umount -i "$UPPER_DIR"
	keyctl clear @u
}

sizes() {
	local bytes
	for bytes in $KEY_SIZES; do
		session "$bytes bytes" "$LOWER_DIR/$bytes" "$sig" \
			"key=passphrase:passphrase_passwd=$passphrase,ecryptfs_cipher=aes,ecryptfs_key_bytes=$bytes,$quiet" \
			"$helper"
	done
}

ways() {
	session 'passphrase in a file' "$LOWER_DIR/16" "$sig" \
		"key=passphrase:passphrase_passwd_file=$WORK/passphrase,ecryptfs_cipher=aes,ecryptfs_key_bytes=16,$quiet" \
		"$helper"
	exec 7<"$WORK/passphrase"
	session 'passphrase from a descriptor' "$LOWER_DIR/32" "$sig" \
		"key=passphrase:passphrase_passwd_fd=7,ecryptfs_cipher=aes,ecryptfs_key_bytes=32,$quiet" \
		"$helper"
	exec 7<&-
	session 'salt' "$LOWER_DIR/salt/24" "$salted" \
		"key=passphrase:passphrase_passwd=$passphrase:passphrase_salt=0102030405060708,ecryptfs_cipher=aes,ecryptfs_key_bytes=24,$quiet" \
		"$helper"
	# By mount(8), and unmounted by umount(8): both call the helpers.
	ln -sf "$helper" "$unhelper" /helpers/
	unhelper=umount
	session 'mount(8)' "$LOWER_DIR/24" "$sig" \
		"key=passphrase:passphrase_passwd=$passphrase,ecryptfs_cipher=aes,ecryptfs_key_bytes=24,$quiet,rw,noatime" \
		mount -t ecryptfs
	unhelper=/stock/bin/umount.ecryptfs
	rm -f /helpers/mount.ecryptfs /helpers/umount.ecryptfs
	key_by_sig
	check_not "$LOADED: a wrong key size does not mount" \
		"$helper" "$LOWER_DIR/16" "$UPPER_DIR" -o \
		"key=passphrase:passphrase_passwd=$passphrase,ecryptfs_cipher=aes,ecryptfs_key_bytes=15,$quiet"
	mountpoint -q "$UPPER_DIR" && umount -i "$UPPER_DIR"
	keyctl clear @u
}

# The key is there already, made by Debian's own ecryptfs-add-passphrase.
key_by_sig() {
	printf '%s' "$passphrase" | /stock/bin/ecryptfs-add-passphrase - >"$WORK/added" 2>&1
	check "$LOADED: add-passphrase" grep -qF "Inserted auth tok with sig [$sig]" "$WORK/added"
	session 'sig=' "$LOWER_DIR/32" "$sig" "sig=$sig,ecryptfs_cipher=aes,ecryptfs_key_bytes=32,$quiet" "$helper"
}

# Keys for names: as our module does not have them, the tool must say so.
names_key() {
	local before bits
	bits=$(cat /sys/fs/ecryptfs/version)
	keyctl clear @u
	printf '%s' "$passphrase" | /stock/bin/ecryptfs-add-passphrase --fnek - >"$WORK/fnek" 2>&1
	before=$?
	if ((bits & 0x100)); then
		check_is "$LOADED: --fnek as sysfs says ($bits)" 0 "$before"
	else
		check_is "$LOADED: --fnek as sysfs says ($bits)" 1 "$before"
		check_is "$LOADED: --fnek leaves no key" '' "$(keyctl rlist @u)"
	fi
	keyctl clear @u
}

# Debian's ecryptfs-stat reads a header of ours.
header_by_stat() {
	local bytes
	for bytes in $KEY_SIZES; do
		/stock/bin/ecryptfs-stat "$LOWER_DIR/$bytes/of-$LOADED" >"$WORK/stat" 2>&1
		check "$LOADED: ecryptfs-stat, $bytes bytes" grep -qF "size: [20001]" "$WORK/stat"
	done
}

if [ ! -x "$helper" ]; then
	skip 'mount.ecryptfs' "Debian's ecryptfs-utils are not in this guest"
	finish
fi
lower_mount ext4
keys_make
keyctl clear @u
printf 'passphrase_passwd=%s\n' "$passphrase" >"$WORK/passphrase"
plan content "$WORK/file" 20001
sig=$(oracle keys --passphrase "$passphrase" | cut -c1-16)
salted=$(oracle keys --passphrase "$passphrase" --salt 0102030405060708 | cut -c1-16)
for who in stock ours; do
	if [ "$who" = stock ] && { [ -z "${STOCK-}" ] || [ ! -e "$STOCK" ]; }; then
		continue
	fi
	load "$who"
	sizes
	[ "$who" = stock ] || ways
	names_key
	header_by_stat
done
# The kernel's own once more, for what ours has written meanwhile.
if [ -e "$LOWER_DIR/16/of-stock" ]; then
	load stock
	sizes
	keyctl clear @u
fi
mkdir -p "$WORK/model/16" "$WORK/model/24" "$WORK/model/32" "$WORK/lower"
for bytes in $KEY_SIZES; do
	for file in "$LOWER_DIR/$bytes"/*; do cp -p "$WORK/file" "$WORK/model/$bytes/${file##*/}"; done
	cp -rp "$LOWER_DIR/$bytes" "$WORK/lower/"
done
check 'the oracle reads all of them' below_is "$WORK/model" "$WORK/lower" "$passphrase"
finish

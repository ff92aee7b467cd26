#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 180
# disk: 256M
#
# Our mount.ecryptfs and umount.ecryptfs by mount(8) and umount(8), with options,
# from fstab and at a terminal; the keys afterwards; ecryptfs-find; and a mount
# that Debian's helper makes of the same files, and the reverse.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

passphrase='test'
pw=/run/mount.pw

readable() { [ "$(cat "$UPPER_DIR/$1")" = "$2" ]; }
no_key() { ! keyctl search @u user "$SIG"; }

# The option line of what is mounted; it names no passphrase.
listed() {
	local line option
	line=,$(grep " $UPPER_DIR ecryptfs " /proc/mounts | cut -d' ' -f4),
	for option; do
		[[ $line = *",$option,"* ]] || { echo "no $option in $line"; return 1; }
	done
	[[ $line != *pass* ]]
}

by_options() {
	check 'mount(8) with a file' mount -t ecryptfs -o "key=passphrase:passphrase_passwd_file=$pw,noatime" \
		"$LOWER_DIR" "$UPPER_DIR"
	check 'its options' listed "ecryptfs_sig=$SIG" ecryptfs_cipher=aes ecryptfs_key_bytes=16 \
		ecryptfs_unlink_sigs noatime
	echo content >"$UPPER_DIR/file"
	check 'ecryptfs-find, decrypted to encrypted' test "$(ecryptfs-find "$UPPER_DIR/file")" = "$LOWER_DIR/file"
	check_not 'unmount while it is busy' busy_umount
	check 'its key is still there' keyctl search @u user "$SIG"
	check 'umount(8)' umount "$UPPER_DIR"
	check 'takes the key away' no_key
}

busy_umount() {
	local err=0
	exec 8<"$UPPER_DIR/file"
	umount "$UPPER_DIR" || err=$?
	exec 8<&-
	return "$err"
}

by_fstab() {
	cp /etc/fstab /run/fstab.old 2>/dev/null || : >/run/fstab.old
	echo "$LOWER_DIR $UPPER_DIR ecryptfs key=passphrase:passphrase_passwd_file=$pw,noauto,nofail 0 0" >>/etc/fstab
	check 'mount(8) by fstab' mount "$UPPER_DIR" </dev/null
	check 'reads the file' readable file content
	check 'unmounts it' umount "$UPPER_DIR"
	cp /run/fstab.old /etc/fstab
}

by_terminal() {
	check 'at a terminal' python3 "$T/cli/terminal.py" "$passphrase" \
		mount -t ecryptfs -o ecryptfs_enable_filename_crypto=n,no_sig_cache "$LOWER_DIR" "$UPPER_DIR"
	check 'reads the file again' readable file content
	check 'unmounts' umount "$UPPER_DIR"
}

by_signature() {
	key_add test
	check 'with a key that is there' mount -t ecryptfs -o "ecryptfs_sig=$SIG" "$LOWER_DIR" "$UPPER_DIR" </dev/null
	check 'reads the file once more' readable file content
	check 'and unmounts' umount "$UPPER_DIR"
	check_not 'without the key' mount -t ecryptfs -o "ecryptfs_sig=$SIG" "$LOWER_DIR" "$UPPER_DIR" </dev/null
	check_not 'is not mounted' mountpoint -q "$UPPER_DIR"
}

by_debian() {
	if [ ! -x /stock/bin/mount.ecryptfs ]; then
		skip "Debian's helper" 'not here'
		return
	fi
	check "Debian's helper on our file" /stock/bin/mount.ecryptfs "$LOWER_DIR" "$UPPER_DIR" -o \
		"key=passphrase:passphrase_passwd=$passphrase,ecryptfs_cipher=aes,ecryptfs_key_bytes=16,ecryptfs_passthrough=n,ecryptfs_enable_filename_crypto=n,no_sig_cache,verbosity=0"
	check 'reads ours' readable file content
	echo theirs >"$UPPER_DIR/debian"
	check 'our umount.ecryptfs of it' umount "$UPPER_DIR"
	check 'takes its key too' no_key
	check 'our helper on theirs' mount -t ecryptfs -o "passwd=$passphrase" "$LOWER_DIR" "$UPPER_DIR" </dev/null
	check 'reads theirs' readable debian theirs
	check 'unmounts theirs' umount "$UPPER_DIR"
}

keyctl link @u @s
echo "passphrase_passwd=$passphrase" >"$pw"
if check 'our module' load_ours && check 'ext4' lower_mount ext4; then
	mkdir -p "$LOWER_DIR"
	ln -sf /ours/bin/mount.ecryptfs /ours/bin/umount.ecryptfs /helpers/
	by_options
	by_fstab
	by_terminal
	by_signature
	by_debian
	rm -f /helpers/mount.ecryptfs /helpers/umount.ecryptfs
fi
finish

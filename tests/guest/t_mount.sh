#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# tier: check
# timeout: 300
# disk: 512M
#
# Mount options, keys in each of their states, remount, read-only below, freeze;
# that a sync reaches the disk, and that nothing is left after unmounting.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
modprobe -q encrypted_keys || :
PREFIX=ext4/
over ext4 vfs_mount

# What fsync, fdatasync, syncfs and sync wrote is read from the lower block
# device, by a second mount of a copy of it, with the oracle.
copy=/run/copy
on_disk() {
	local name=$1 size=$2
	# The device as it is, without what the lower filesystem still holds.
	dd if="$DISK" of=/run/disk bs=1M iflag=direct conv=sparse status=none || return
	mkdir -p $copy
	mount -o loop /run/disk $copy || return
	oracle read --passphrase test "$copy/d/$name" /run/plain
	local err=$?
	umount $copy
	rm -f /run/disk
	[ $err -eq 0 ] && head -c "$size" /dev/zero | tr '\0' x | cmp - /run/plain
}
write_sync() {
	python3 - "$UPPER_DIR/$1" "$2" "$3" <<'END'
import os, sys, time
name, size, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
fd = os.open(name, os.O_RDWR | os.O_CREAT)
os.write(fd, b'x' * size)
if how == 'syncfs':
    import ctypes
    assert ctypes.CDLL(None).syncfs(fd) == 0
elif how == 'sync':
    os.sync()
else:
    getattr(os, how)(fd)
dirfd = os.open(os.path.dirname(name), os.O_RDONLY)
if how in ('fsync', 'fdatasync'):
    os.fsync(dirfd)
open(name + '.synced', 'w').close()
time.sleep(600)  # the file stays open: nothing else writes it down
END
}
PREFIX=sync/
if check 'ext4 is made' lower_mount ext4 -O ^has_journal && check 'mounts' upper_mount; then
	for how in fsync fdatasync syncfs sync; do
		[ "$KERNEL" = stock ] || [ "$how" = syncfs ] || continue
		write_sync "$how" 20000 "$how" &
		writer=$!
		for _ in $(seq 300); do
			[ ! -e "$UPPER_DIR/$how.synced" ] || break
			sleep 0.1
		done
		check "$how reaches the disk" on_disk "$how" 20000
		kill $writer
		wait $writer 2>/dev/null
	done
	upper_umount
	lower_umount
fi
PREFIX=''

# Unmounted, nothing of it is left: no inode, no dentry below is held.
leftovers() {
	lower_mount tmpfs && upper_mount || return
	(cd "$UPPER_DIR" && mkdir -p a/b && echo x >a/b/c && ln a/b/c d && ln -s d e && mkfifo f && ls -lR . && rm d) || return
	umount "$UPPER_DIR" && umount "$LOWER"
}
check 'mount, use and unmount' leftovers
check_is 'no inode is left' 0 "$(awk '$1 == "ecryptfs_inode" {print $2}' /proc/slabinfo)"
finish

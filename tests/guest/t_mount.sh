#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# long: stock
# tier: check
# timeout: 300
# disk: 512M
#
# Mount options, keys in each of their states, remount, read-only below, freeze;
# that a sync reaches the disk, and that nothing is left after unmounting.
# shellcheck disable=SC2317 # functions given to check as commands
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
modprobe -q encrypted_keys || :
PREFIX=ext4/
over ext4 vfs_mount

# What fsync, fdatasync, syncfs and sync wrote is read from the lower block
# device, past all caches, with the oracle.
on_disk() {
	local name=$1 size=$2
	dd if="$DISK" of=/run/disk bs=1M count=64 iflag=direct conv=sparse status=none || return
	rm -f /run/low
	debugfs -R "dump /d/$name /run/low" /run/disk && [ -s /run/low ] || return
	rm -f /run/disk
	oracle read --passphrase test --allow-long /run/low /run/plain || return
	head -c "$size" /dev/zero | tr '\0' x | cmp - /run/plain
}
write_sync() {
	exec python3 - "$UPPER_DIR/$1" "$2" "$3" <<'END'
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
LOWER_SIZE=64M
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
PREFIX='' LOWER_SIZE=''

# What the lower filesystem could not write is told by syncfs(), once, also if no
# file here waits for it.  The disk is a file in memory, which is full when the
# blocks of a file have been taken out of it.
SMALL=/run/small
small_disk() {
	mkdir -p "$SMALL" "$LOWER"
	mount -t tmpfs -o size=32M tmpfs "$SMALL" &&
		truncate -s 64M "$SMALL/disk" &&
		mkfs.ext4 -qF -b 4096 -O ^has_journal -E lazy_itable_init=0 "$SMALL/disk" &&
		mount -o loop "$SMALL/disk" "$LOWER" &&
		mkdir -p "$LOWER_DIR"
}
take_blocks() {
	local first
	head -c 8M /dev/zero >"$UPPER_DIR/f" && sync || return
	# Not the first two, of the header.
	first=$(debugfs -R 'bmap /d/f 2' "$SMALL/disk" 2>/dev/null)
	fallocate -p -o $((first * 4096)) -l $((4 << 20)) "$SMALL/disk" || return
	! head -c 64M /dev/zero >"$SMALL/fill" 2>/dev/null
}
told_once() {
	python3 - "$UPPER_DIR" <<'END'
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_RDONLY)
assert libc.syncfs(fd) == 0, os.strerror(ctypes.get_errno())
with open(sys.argv[1] + '/f', 'r+b') as file:
    file.write(b'x' * (4 << 20))
told = [libc.syncfs(fd) and errno.errorcode[ctypes.get_errno()] for _ in range(2)]
print(told)
sys.exit(told[0] not in ('EIO', 'ENOSPC') or told[1] != 0)
END
}
PREFIX=error/
if [ "$KERNEL" = stock ] && modprobe -q loop; then
	if check 'a disk in memory is mounted' small_disk && check 'mounts' upper_mount; then
		check 'the disk loses blocks' take_blocks
		check 'syncfs() tells what the disk refused, once' told_once
		upper_umount
	fi
	umount "$LOWER"
	umount "$SMALL"
fi
PREFIX=''

refused_with() {
	strace -o /run/trace mount -i -t ecryptfs -o "$UPPER_OPTS" "$LOWER_DIR" "$UPPER_DIR" && return 1
	grep -q "= -1 $1 " /run/trace
}
# A directory that folds case can't be below: names above would not be unique.
if [ "$KERNEL" = stock ]; then
	LOWER_SIZE=64M
	if check 'ext4 that folds case is made' lower_mount ext4 -O casefold; then
		chattr +F "$LOWER_DIR"
		check_not 'a directory that folds case is refused' upper_mount
		check "with EREMOTE" refused_with EREMOTE
		chattr -F "$LOWER_DIR"
		if check 'and without that it is not' upper_mount; then
			mkdir "$LOWER_DIR/folds"
			chattr +F "$LOWER_DIR/folds"
			check_not 'nor is one inside used' touch "$UPPER_DIR/folds/a"
			upper_umount
		fi
		lower_umount
	fi
	LOWER_SIZE=''
fi

# Unmounted, nothing of it is left: no inode, no dentry below is held.
leftovers() {
	lower_mount tmpfs && upper_mount || return
	(cd "$UPPER_DIR" && mkdir -p a/b && echo x >a/b/c && ln a/b/c d && ln -s d e && mkfifo f && ls -lR . && rm d) || return
	umount "$UPPER_DIR" && umount "$LOWER"
}
check 'mount, use and unmount' leftovers
# Should inodes be left, unloading the module complains about its cache.
finish

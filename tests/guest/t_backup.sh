#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# timeout: 400
# disk: 512M
# tier: check
# long: newest
#
# A backup of lower files goes by their times.  Files are changed in place above and
# kept open; lower files are copied at once, three times as long after as the kernel
# leaves data in memory, after fsync and after the last close.
# Two copies of different content never have the same size and ctime.
set -u
# shellcheck source=tests/guest/lib.sh
. "$T/guest/lib.sh"

load_ours
key_add test
# In seconds; the kernel's own would be 30 and 5.
expire=4 interval=1
echo $((expire * 100)) >/proc/sys/vm/dirty_expire_centisecs
echo $((interval * 100)) >/proc/sys/vm/dirty_writeback_centisecs
export WAIT=$((expire * 3))
modprobe -q xfs || :
modprobe -q btrfs || :
for fs in ext4 xfs btrfs tmpfs; do
	PREFIX="$fs: "
	if ! lower_has "$fs"; then
		skip 'copies' "this kernel lacks $fs"
		continue
	fi
	if check "$fs is made" lower_mount "$fs" && check 'mounts' upper_mount; then
		program python3 "$T/guest/backup.py"
		upper_umount
	fi
	! mountpoint -q "$LOWER" || lower_umount
done
echo 3000 >/proc/sys/vm/dirty_expire_centisecs
echo 500 >/proc/sys/vm/dirty_writeback_centisecs
finish

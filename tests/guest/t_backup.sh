#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# timeout: 400
# disk: 512M
# tier: check
# long: newest
#
# A backup of lower files goes by their times.  Files are changed in place above and
# kept open; lower files are copied at once, 40 seconds later, which is longer
# than the kernel leaves data in memory, after fsync and after the last close.
# Two copies of different content never have the same size and ctime.
set -u
# shellcheck source=tests/guest/lib.sh
. "$T/guest/lib.sh"

load_ours
key_add test
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
finish

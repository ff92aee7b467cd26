#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock
# timeout: 400
# disk: 512M
#
# Contents over each lower filesystem: read, write, truncate, mmap, splice,
# copy_file_range, fallocate, seeks, limits, locks, inotify, execution.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lowers='ext4 xfs' # which reads under locks of its own
[ "$KERNEL" = debug ] || lowers='ext4 btrfs tmpfs'
for fs in $lowers; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip io "no $fs here"
		continue
	fi
	over "$fs" vfs_io
done
finish

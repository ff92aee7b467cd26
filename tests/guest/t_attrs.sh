#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug
# timeout: 400
# disk: 512M
#
# Attributes over each lower filesystem: sizes, times to the nanosecond, modes,
# extended attributes, access control lists, chattr, statfs.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lowers='ext4 tmpfs'
[ "$KERNEL" = debug ] || lowers='ext4 btrfs tmpfs'
for fs in $lowers; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip attrs "no $fs here"
		continue
	fi
	over "$fs" vfs_attrs
done
finish

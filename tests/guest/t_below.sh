#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# timeout: 300
# disk: 256M
#
# Changes made directly in the lower directory while it is mounted: content,
# names, attributes, also of what is open, mapped, listed, or somebody's current
# directory.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lowers=ext4
[ "$KERNEL" = debug ] || lowers='ext4 btrfs tmpfs'
for fs in $lowers; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip below "no $fs here"
		continue
	fi
	over "$fs" "$T/guest/below.py"
done
finish

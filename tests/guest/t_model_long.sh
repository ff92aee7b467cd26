#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# tier: long
# timeout: 3000
# disk: 512M
#
# Random operations as in t_model.sh, many more, from seeds of the day.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
operations=30000
[ "$KERNEL" = stock ] || operations=6000
for fs in ext4 xfs btrfs tmpfs 9p; do
	lower_has "$fs" || continue
	for n in 1 2; do
		seed=$(($(date +%j) * 10 + n))
		PREFIX=$fs/seed$seed/
		over "$fs" vfs_model "$seed" "$operations"
	done
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 300
# disk: 512M
#
# Random operations on one file, compared with a model in memory.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
if [ "$KERNEL" = debug ]; then
	runs='ext4:21:600 tmpfs:22:300'
else
	runs='ext4:1:3000 ext4:2:3000 tmpfs:3:3000 btrfs:4:2000 xfs:5:1500'
fi
for run in $runs; do
	IFS=: read -r fs seed operations <<<"$run"
	PREFIX=$fs/seed$seed/
	lower_has "$fs" || continue
	over "$fs" vfs_model "$seed" "$operations"
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock
# tier: long
# timeout: 2400
# disk: 6G
#
# Offsets beyond 4 GiB.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
for fs in ext4 xfs; do
	PREFIX=$fs/
	over "$fs" vfs_large
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# tier: long
# timeout: 1800
# disk: 512M
#
# Several processes at once on the same few names and on one file, for
# longer and over each lower filesystem.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
for fs in ext4 xfs btrfs tmpfs; do
	lower_has "$fs" || continue
	PREFIX=$fs/
	over "$fs" vfs_race 60
done
finish

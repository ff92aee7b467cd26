#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock newest
# timeout: 300
# disk: 512M
#
# Several processes at once on the same few names and on one file, above and
# directly below.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
PREFIX=ext4/
over ext4 vfs_race 5
PREFIX=tmpfs/
over tmpfs vfs_race 2
finish

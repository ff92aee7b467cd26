#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock
# timeout: 200
# disk: 512M
# tier: check
#
# What an operation costs the disk and the cipher, beside ext4 alone, in counts that
# no noise moves: a wait for the disk, or an extent encrypted twice, shows here.
set -u
# shellcheck source=tests/guest/lib.sh
. "$T/guest/lib.sh"

load_ours
key_add test
if check 'ext4 is made' lower_mount ext4 -E lazy_itable_init=0,lazy_journal_init=0 && check 'mounts' upper_mount; then
	program python3 "$T/guest/cost.py"
	upper_umount
fi
! mountpoint -q "$LOWER" || lower_umount
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 200
# disk: 256M
#
# What stock eCryptfs does wrong, as far as no other test is about it.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
over ext4 "$T/guest/quirks.py"
finish

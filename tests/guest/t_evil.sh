#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# tier: check
# timeout: 300
# disk: 256M
#
# Damaged lower files, one field or byte class each (tests/evil): each gives the
# errno that is due, what is there is read, its neighbours are not affected, and
# the log is not flooded.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
if check 'ext4 is made' lower_mount ext4 && check 'mounts' upper_mount; then
	python3 "$T/guest/evil.py" header packets sizes ends
	case $? in
	0) ;;
	1) FAILED=1 ;;
	*) not_ok evil.py died ;;
	esac
fi
finish

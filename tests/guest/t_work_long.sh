#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# tier: long
# timeout: 2400
# disk: 2G
#
# The t_work_* tests with everything larger: whole trees over each lower
# filesystem, hundreds of compilations, commits and transactions.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

export LARGE=1
for name in tree build git sqlite; do
	# Its own verdicts, as they come.
	bash "$T/guest/t_work_$name.sh" || FAILED=1
done
finish

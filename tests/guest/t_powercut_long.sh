#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock
# timeout: 2400
# disk: 512M 1G
# tier: long
#
# t_powercut_log.sh over more filesystems, with more states, and with metadata in
# attributes.
set -u
export CRASH_FS=${CRASH_FS:-ext4 xfs btrfs} CRASH_POINTS=${CRASH_POINTS:-400} CRASH_SECONDS=${CRASH_SECONDS:-600}
export CRASH_OPS=${CRASH_OPS:-300}
status=0
for options in '' ecryptfs_xattr_metadata; do
	CRASH_OPTIONS=$options bash "$T/guest/t_powercut_log.sh" || status=1
done
exit $status

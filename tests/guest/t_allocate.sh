#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 300
# disk: 512M
#
# fallocate() in all its modes, in the mount, and first on the lower filesystem
# itself: what fails there is the test's own fault.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lowers='ext4 xfs' # debug
[ "$KERNEL" = debug ] || lowers='ext4 btrfs tmpfs'
for fs in $lowers; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip 'all of it' "no $fs here"
		continue
	fi
	RESERVES=0
	case $fs in ext4 | xfs) RESERVES=1 ;; esac
	export RESERVES
	# Small enough to be filled, and for each to be as large as XFS wants.
	if [ "$fs" = ext4 ]; then LOWER_SIZE=48M lower_mount ext4; else lower_mount "$fs"; fi
	[ "$fs" != xfs ] || fallocate -l 400M "$LOWER/half"
	# tmpfs has no ZERO_RANGE of its own.
	if [ "$fs" != tmpfs ]; then
		mkdir "$LOWER/plain"
		PREFIX="$fs, no mount/"
		LOWER_DIR=$LOWER/plain python3 "$T/guest/allocate.py" "$LOWER/plain" || FAILED=1
		rm -rf "$LOWER/plain"
		PREFIX=$fs/
	fi
	upper_mount
	python3 "$T/guest/allocate.py" "$UPPER_DIR" || FAILED=1
	upper_remount ""
	check_is 'what was written is there' 5000 "$(tr -d '\0' <"$UPPER_DIR/empty" | wc -c)"
	upper_umount
	lower_umount
done
finish

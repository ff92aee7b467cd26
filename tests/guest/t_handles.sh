#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock
# timeout: 400
# disk: 512M
#
# File handles, with plain and with encrypted names, over ext4, XFS and btrfs,
# and first on ext4 itself: what fails there is the test's own fault.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lower_mount ext4
PREFIX='no mount/'
LOWER_DIR=$LOWER/d python3 "$T/guest/handles.py" "$LOWER/d" || FAILED=1
lower_umount

for fs in ext4 xfs btrfs; do
	for names in '' "ecryptfs_fnek_sig=$SIG"; do
		# Encrypted names make no difference to what is below.
		[ -z "$names" ] || [ "$fs" = ext4 ] || continue
		PREFIX=$fs/${names:+names/}
		if ! lower_has "$fs" || ! lower_mount "$fs"; then
			skip 'all of it' "no $fs here"
			continue
		fi
		upper_mount "$names"
		python3 "$T/guest/handles.py" "$UPPER_DIR" || FAILED=1
		python3 "$T/guest/handles.py" "$UPPER_DIR" save /run/handles || FAILED=1
		check 'unmounts both' umount "$UPPER_DIR"
		lower_remount
		upper_mount "$names"
		python3 "$T/guest/handles.py" "$UPPER_DIR" load /run/handles || FAILED=1
		upper_umount
		lower_umount
	done
done
finish

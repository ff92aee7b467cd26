#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# long: stock
# tier: check
# timeout: 120
# disk: 512M
#
# Maps of files (FIEMAP, SEEK_DATA, SEEK_HOLE), in the mount, and first on the
# lower filesystem itself: what fails there is the test's own fault.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
for fs in ext4 xfs; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip 'all of it' "no $fs here"
		continue
	fi
	lower_mount "$fs"
	PREFIX="$fs, no mount/"
	LOWER_DIR=$LOWER python3 "$T/guest/maps.py" "$LOWER" || FAILED=1
	PREFIX=$fs/
	upper_mount
	python3 "$T/guest/maps.py" "$UPPER_DIR" || FAILED=1
	seq 1 30000 >"$UPPER_DIR/maps.kept"
	upper_umount
	PREFIX=$fs/xattr/
	upper_mount ecryptfs_xattr_metadata
	HEADER=0 python3 "$T/guest/maps.py" "$UPPER_DIR" || FAILED=1
	upper_umount
	seq 1 30000 >"$LOWER_DIR/plain"
	PREFIX=$fs/passthrough/
	upper_mount ecryptfs_passthrough
	python3 "$T/guest/maps.py" plain "$UPPER_DIR" || FAILED=1
	upper_umount
	PREFIX=$fs/view/
	upper_mount ecryptfs_encrypted_view
	python3 "$T/guest/maps.py" view "$UPPER_DIR" || FAILED=1
	upper_umount
	PREFIX=$fs/
	lower_umount
done
finish

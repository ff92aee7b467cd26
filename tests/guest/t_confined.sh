#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# timeout: 240
# disk: 256M
#
# Programs confined by path (Landlock), in the mount, and first on the lower
# filesystem itself: what fails there is the test's own fault.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

confined() { # DIRECTORY: in a process of its own, which stays confined
	local err=0
	python3 "$T/guest/confined.py" "$1" || err=$?
	((err != 1)) || FAILED=1
}

load_ours
key_add test
lower_mount ext4
mkdir "$LOWER/plain"
PREFIX='no mount/'
LOWER_DIR=$LOWER/plain confined "$LOWER/plain"
for options in '' ecryptfs_passthrough "ecryptfs_fnek_sig=$SIG"; do
	PREFIX=${options:-default}/
	PREFIX=${PREFIX//=*\//\/}
	check 'mounts' upper_mount "$options"
	mkdir "$UPPER_DIR/${PREFIX%/}"
	confined "$UPPER_DIR/${PREFIX%/}"
	upper_umount
done
finish

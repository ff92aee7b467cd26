#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock newest
# timeout: 300
# disk: 256M
#
# Damaged lower files, attributes and names, one field or byte class each: each
# of tests/evil gives the errno that is due, what is there is read, its neighbours
# are not affected, and the log is not flooded.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

FNEK=be877764c5918621 # of the passphrase "test"
load_ours
key_add test
# Attributes of up to 64 KiB.
if check 'ext4 is made' lower_mount ext4 -O ea_inode && check 'mounts' upper_mount; then
	program "$T/guest/evil.py" header packets sizes ends
	if ecryptfs-add-passphrase --fnek - <<<test >/dev/null &&
		check 'mounts with names' upper_remount "ecryptfs_fnek_sig=$FNEK"; then
		program "$T/guest/evil.py" names
	fi
	if check 'mounts with attributes' upper_remount ecryptfs_xattr_metadata; then
		program "$T/guest/evil.py" xattr attributes
	fi
fi
finish

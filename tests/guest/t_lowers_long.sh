#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# tier: long
# timeout: 3600
# disk: 512M
#
# What the tests of names, attributes, contents and mounting check, over every
# lower filesystem that there is.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
modprobe -q encrypted_keys || :
for fs in ext4 xfs btrfs tmpfs 9p; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip 'all of it' "no $fs here"
		continue
	fi
	for program in vfs_names vfs_attrs vfs_io vfs_mount; do
		over "$fs" "$program"
	done
done
finish

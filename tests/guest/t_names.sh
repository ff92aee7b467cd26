#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock
# timeout: 400
# disk: 512M
#
# Names over each lower filesystem: create, mkdir, mknod, symlink, link, unlink,
# rmdir, rename with its flags, readdir, O_TMPFILE, permission, and changes made
# behind the mount; and again with encrypted names.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lowers=ext4
[ "$KERNEL" = debug ] || lowers='ext4 btrfs tmpfs 9p'
for fs in $lowers; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip names "no $fs here"
		continue
	fi
	over "$fs" vfs_names
done

# The name key of the same passphrase: spec of the format, worked example.
FNEK=be877764c5918621
if printf test | ecryptfs-add-passphrase --fnek - >/dev/null; then
	export UPPER_OPTS=$UPPER_OPTS,ecryptfs_fnek_sig=$FNEK
	PREFIX=encrypted/
	over ext4 vfs_names
else
	not_ok 'the name key is added'
fi
finish

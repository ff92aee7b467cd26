#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock
# timeout: 300
# disk: 256M
#
# Changes made directly in the lower directory while it is mounted: content,
# names, attributes, also of what is open, mapped, listed, or somebody's current
# directory; and made by another client of the same server.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test
lowers=ext4
[ "$KERNEL" = debug ] || lowers='ext4 btrfs tmpfs'
for fs in $lowers; do
	PREFIX=$fs/
	if ! lower_has "$fs"; then
		skip below "no $fs here"
		continue
	fi
	over "$fs" "$T/guest/below.py"
done
PREFIX=9p/
if [ -d /client2 ]; then
	over 9p "$T/guest/below.py" races_of_clients links_of_servers
else
	skip races_of_clients 'nothing is shared with the host'
fi
finish

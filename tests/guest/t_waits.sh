#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# long: newest
# timeout: 240
# disk: 512M
# tier: check
#
# On a disk that takes most of a second for each write and flush: what asks for no
# sync returns at once, beside the lower filesystem alone.
set -u
# shellcheck source=tests/guest/lib.sh
. "$T/guest/lib.sh"

export DM_DISABLE_UDEV=1
modprobe -q dm-delay || :
raw=$DISK
sectors=$(blockdev --getsz "$raw")
delay=${DELAY:-800}

# slow MS: from now on each write and each flush takes that long.
slow() {
	dmsetup suspend slow
	dmsetup load slow --table "0 $sectors delay $raw 0 0 $raw 0 $1 $raw 0 $1"
	dmsetup resume slow
}

load_ours
key_add test
check 'a slow disk' dmsetup create slow --table "0 $sectors delay $raw 0 0 $raw 0 0 $raw 0 0"
DISK=/dev/mapper/slow
for fs in ext4 xfs btrfs; do
	PREFIX="$fs: "
	lower_has "$fs" || { skip waits "no $fs here"; continue; }
	if check 'is made' lower_mount "$fs" && check 'mounts' upper_mount; then
		mkdir "$LOWER/alone"
		sync
		slow "$delay"
		PREFIX='' program python3 "$T/guest/waits.py" "$fs" "$((delay / 2))"
		slow 0
		upper_umount
	fi
	! mountpoint -q "$LOWER" || lower_umount
done
PREFIX=''
dmsetup remove slow
finish

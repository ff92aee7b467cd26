# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the tests of full disks, power cuts and failing devices, on top of lib.sh.

# shellcheck source=tests/guest/lib.sh
. "$T/guest/lib.sh"

# No udev here to make the device nodes.
export DM_DISABLE_UDEV=1

# dm_has TARGET: whether the kernel has this target of the device mapper.
dm_has() {
	modprobe -q "dm-$1" 2>/dev/null || :
	dmsetup targets 2>/dev/null | grep -q "^$1 "
}

# small_mkfs FS DEVICE MEGABYTES [OPTIONS...]: in its first so many megabytes,
# without the least sizes that the tools insist on, and with nothing left to do
# in the background.
small_mkfs() {
	local fs=$1 device=$2 megabytes=$3
	shift 3
	wipefs -qa "$device"
	case $fs in
	ext4) mkfs.ext4 -qF -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "$@" "$device" "${megabytes}M" ;;
	xfs) TEST_DIR=x TEST_DEV=x QA_CHECK_FS=x mkfs.xfs -qfK --unsupported -d size="${megabytes}m" "$@" "$device" ;;
	btrfs) mkfs.btrfs -qfKM -b "${megabytes}M" "$@" "$device" ;;
	*) false ;;
	esac
}

# small_mount ext4|xfs|btrfs|tmpfs MEGABYTES [MKFS OPTIONS...]: a new one, with
# LOWER_DIR in it, instead of lower_mount's.
small_mount() {
	local fs=$1 megabytes=$2
	shift 2
	mkdir -p "$LOWER" "$UPPER_DIR"
	if [ "$fs" = tmpfs ]; then
		mount -t tmpfs -o size="${megabytes}M" tmpfs "$LOWER" || return
	else
		small_mkfs "$fs" "$DISK" "$megabytes" "$@" &&
			mount -t "$fs" "$DISK" "$LOWER" || return
	fi
	LOWER_FS=$fs
	mkdir -p "$LOWER_DIR"
}

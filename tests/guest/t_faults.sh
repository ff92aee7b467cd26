#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: debug
# timeout: 400
# disk: 256M
# tier: long
#
# Failures on demand: of memory, with the kernel's fault injection, and of the
# lower disk, with device mapper targets.  See faults.py.  The lower ext4 has
# no journal: with one, a failed write soon stops everything.
#
# FAULT_STORM=1 runs that group alone; FAULT_NTH is how far nth goes.
set -u
# shellcheck source=tests/guest/crash_lib.sh
. "$T/guest/crash_lib.sh"

group() { # GROUP
	PREFIX="$LOWER_FS "
	upper_mount || not_ok mount "$1"
	python3 "$T/guest/faults.py" "$1"
	case $? in
	0) ;;
	1) FAILED=1 ;;
	*) not_ok "$1" died ;;
	esac
	upper_umount
	lower_umount
	PREFIX=''
}

mkdir -p "$LOWER" "$UPPER_DIR"
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
load_ours
key_add test
if [ -e /sys/kernel/debug/failslab ]; then
	[ -n "${FAULT_STORM-}" ] || { small_mount tmpfs 64 && group nth; }
	small_mount tmpfs 64 && group storm
	small_mount ext4 64 && group storm
else
	skip memory 'no fault injection in this kernel'
fi
if [ -n "${FAULT_STORM-}" ]; then
	:
elif dm_has flakey; then
	small_mkfs ext4 "$DISK" 128 -O ^has_journal
	dmsetup create faults --table "0 $(blockdev --getsz "$DISK") linear $DISK 0"
	mount /dev/mapper/faults "$LOWER"
	LOWER_FS=ext4
	mkdir -p "$LOWER_DIR"
	FAULT_DEVICE=$DISK group ioerror
	dmsetup remove faults
else
	skip ioerror 'no dm-flakey in this kernel'
fi
finish

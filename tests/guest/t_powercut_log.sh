#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# timeout: 400
# disk: 512M 1G
# tier: check
# long: newest
#
# Power cuts at many moments of one workload: everything that the lower
# filesystem writes goes through dm-log-writes, the device is rebuilt as it was
# at flushes, between them, and with parts of the unflushed writes missing, and
# each of these states is mounted and checked against the model in crash.py.
#
# CRASH_POINTS, CRASH_OPS, CRASH_SEED, CRASH_FS, CRASH_SECONDS (per filesystem)
# choose how much, CRASH_OPTIONS how it is mounted; t_powercut_long.sh does more.
set -u
# shellcheck source=tests/guest/crash_lib.sh
. "$T/guest/crash_lib.sh"

log=$(cut -d' ' -f2 <<<"$DISKS")
points=${CRASH_POINTS:-$([ "$KERNEL" = stock ] && echo 60 || echo 20)}
ops=${CRASH_OPS:-160}
seed=${CRASH_SEED:-$((RANDOM % 1000))}

one() { # FILESYSTEM
	local fs=$1 megabytes=64 options=rw status=0
	local name="power cuts on $1${CRASH_OPTIONS:+ with $CRASH_OPTIONS}"
	case $fs in
	ext4) options=commit=1 ;;
	esac
	if ! lower_has "$fs" || ! dm_has log-writes; then
		skip "$name" "this kernel lacks $fs or dm-log-writes"
		return
	fi
	echo "# $fs, seed $seed"
	small_mkfs "$fs" "$DISK" "$megabytes" || { not_ok "$name" mkfs; return; }
	dd if="$DISK" of=/tmp/base bs=1M count="$megabytes" conv=sparse status=none
	truncate -s "${megabytes}M" /tmp/base
	dmsetup create crash --table "0 $((megabytes * 2048)) log-writes $DISK $log" ||
		{ not_ok "$name" dmsetup; return; }
	mount -o "$options" /dev/mapper/crash "$LOWER" || { not_ok "$name" mount; return; }
	mkdir -p "$LOWER_DIR"
	sync -f "$LOWER"
	upper_mount
	python3 "$T/guest/crash.py" run --top "$UPPER_DIR" --dm crash --seed "$seed" --count "$ops" || status=1
	umount "$UPPER_DIR"
	umount "$LOWER"
	dmsetup remove crash
	[ $status = 0 ] || { not_ok "$name" "the workload failed"; return; }
	echo "# workload done after $SECONDS s"
	python3 "$T/guest/crash.py" replay --log "$log" --base /tmp/base --image /tmp/image \
		--lower "$LOWER" --lower-options "$options" --top "$UPPER_DIR" --options "$UPPER_OPTS" \
		--seed "$seed" --count "$ops" --points "$points" --seconds "${CRASH_SECONDS:-30}" || status=1
	if [ $status = 0 ]; then
		ok "$name"
	else
		not_ok "$name" "see above; again with CRASH_SEED=$seed"
	fi
	rm -f /tmp/base /tmp/image
}

mkdir -p "$LOWER" "$UPPER_DIR"
UPPER_OPTS+=${CRASH_OPTIONS:+,$CRASH_OPTIONS}
modprobe -q loop || :
load_ours
key_add test
# So that the flusher takes part, too.
echo 30 >/proc/sys/vm/dirty_expire_centisecs
echo 10 >/proc/sys/vm/dirty_writeback_centisecs
for fs in ${CRASH_FS:-$([ "$KERNEL" = stock ] && echo ext4 xfs btrfs || echo ext4)}; do
	one "$fs"
done
finish

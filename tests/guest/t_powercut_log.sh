#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# timeout: 600
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
points=${CRASH_POINTS:-$([ "$KERNEL" = stock ] && echo 40 || echo 20)}
ops=${CRASH_OPS:-160}
seed=${CRASH_SEED:-$((RANDOM % 1000))}

# workload FILESYSTEM [--plain]: run and checked; its status.  3: see crash.py.
workload() {
	local fs=$1 plain=${2-} top=$UPPER_DIR megabytes=64 options=rw status=0
	[ "$fs" != ext4 ] || options=commit=1
	[ -z "$plain" ] || top=$LOWER_DIR
	small_mkfs "$fs" "$DISK" "$megabytes" || return
	dd if="$DISK" of=/tmp/base bs=1M count="$megabytes" conv=sparse status=none
	truncate -s "${megabytes}M" /tmp/base
	blkdiscard -f "$log"
	dmsetup create crash --table "0 $((megabytes * 2048)) log-writes $DISK $log" || return
	mount -o "$options" /dev/mapper/crash "$LOWER" || return
	mkdir -p "$LOWER_DIR"
	sync -f "$LOWER"
	[ -n "$plain" ] || upper_mount
	python3 "$T/guest/crash.py" run --top "$top" --dm crash --seed "$seed" --count "$ops" --fs "$fs" || status=1
	[ -n "$plain" ] || umount "$UPPER_DIR"
	umount "$LOWER"
	dmsetup remove crash
	[ $status = 0 ] || return
	echo "# workload done after $SECONDS s"
	python3 "$T/guest/crash.py" replay --log "$log" --base /tmp/base --image /tmp/image \
		--lower "$LOWER" --lower-options "$options" --top "$UPPER_DIR" --options "$UPPER_OPTS" --fs "$fs" ${plain:+$plain} \
		--seed "$seed" --count "$ops" --points "$points" --seconds "${CRASH_SECONDS:-30}" || status=$?
	rm -f /tmp/base /tmp/image
	return $status
}

one() { # FILESYSTEM
	local fs=$1 alone=0 ours=0
	local name="power cuts on $1${CRASH_OPTIONS:+ with $CRASH_OPTIONS}"
	if ! lower_has "$fs" || ! dm_has log-writes; then
		skip "$name" "this kernel lacks $fs or dm-log-writes"
		return
	fi
	echo "# $fs alone, seed $seed"
	workload "$fs" --plain || alone=$?
	echo "# $fs below ours, seed $seed"
	workload "$fs" || ours=$?
	case $alone$ours in
	00 | 30) ok "$name" ;;
	33) skip "$name" "files that were replaced are lost on $fs alone, too" ;;
	0*) not_ok "$name" "see above; again with CRASH_SEED=$seed" ;;
	*) not_ok "$name" "$fs alone does not keep what the model says; CRASH_SEED=$seed" ;;
	esac
}

mkdir -p "$LOWER" "$UPPER_DIR"
UPPER_OPTS+=${CRASH_OPTIONS:+,$CRASH_OPTIONS}
modprobe -q loop || :
load_ours
key_add test
# Without this the flusher takes no part in so short a workload.  Its own times
# are left alone for every second seed, and in t_powercut_replace.sh.
if ((seed % 2)); then
	echo 30 >/proc/sys/vm/dirty_expire_centisecs
	echo 10 >/proc/sys/vm/dirty_writeback_centisecs
fi
for fs in ${CRASH_FS:-$([ "$KERNEL" = stock ] && echo ext4 xfs btrfs || echo ext4)}; do
	one "$fs"
done
finish

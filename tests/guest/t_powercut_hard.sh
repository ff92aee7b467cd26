#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# timeout: 300
# disk: 128M 320M 16M
# tier: check
# long: newest
#
# The host kills the machine in the middle of the workload of crash.py, over
# ext4 and XFS in turn, and the next boot checks what is left.  What was done
# is on a third disk, written synchronously.
set -u
# shellcheck source=tests/guest/crash_lib.sh
. "$T/guest/crash_lib.sh"

read -r ext4 xfs acks <<<"$DISKS"
cuts=${CRASH_CUTS:-$([ "$KERNEL" = stock ] && echo 3 || echo 2)}
count=400

lower() { # BOOT: which disk and directory it used
	if (($1 % 2)); then DISK=$ext4; else DISK=$xfs; fi
	LOWER_DIR=$LOWER/d$1
	mkdir -p "$LOWER" "$UPPER_DIR"
	mount "$DISK" "$LOWER"
}

modprobe -q xfs || :
load_ours
key_add test
if [ "$BOOT" = 1 ]; then
	mkfs.ext4 -qF "$ext4"
	mkfs.xfs -qf "$xfs"
else
	last=$((BOOT - 1))
	lower "$last" || not_ok "power cut $last" 'the lower filesystem does not mount'
	upper_mount
	check_is "power cut $last: what is left is what was allowed" 0 "$(
		python3 "$T/guest/crash.py" check --fs "$(stat -fc %T "$LOWER" | sed s,ext2/ext3,ext4,)" --seed "$last" --slot "$last" --count "$count" --acks "$acks" \
			--lower "$LOWER_DIR" --top "$UPPER_DIR" >/tmp/report
		echo $?
	)"
	cat /tmp/report
	umount "$UPPER_DIR"
	umount "$LOWER"
fi
if ((BOOT <= cuts)); then
	lower "$BOOT"
	mkdir -p "$LOWER_DIR"
	sync
	upper_mount
	# The first with the kernel's own times.
	if ((BOOT > 1)); then
		echo 30 >/proc/sys/vm/dirty_expire_centisecs
		echo 10 >/proc/sys/vm/dirty_writeback_centisecs
	fi
	/rig/powercut "$((RANDOM % 8 + 2)).$((RANDOM % 10))"
	python3 "$T/guest/crash.py" run --top "$UPPER_DIR" --seed "$BOOT" --slot "$BOOT" --count "$count" --acks "$acks"
	sleep 30
	not_ok "power cut $BOOT" 'the machine is still on'
fi
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the guest: time each workload of bench.c on each filesystem, ROUNDS times
# in turn, so that what disturbs the host disturbs all alike.  Prints lines
# "LOWER VARIANT WORKLOAD CALLS_US SYNCED_US"; run makes a table of them.
# Variants: plain (the lower filesystem itself), stock, ours, down (ours, but
# each call's data passed down before it returns).
set -euo pipefail
rounds=${ROUNDS:-3} lowers=${LOWERS:-ext4 tmpfs}
read -r disk _ <<<"$DISKS"
key=$(python3 "$T/oracle/oracle.py" keys --passphrase bench | cut -d' ' -f1)
python3 "$T/oracle/oracle.py" payload --passphrase bench |
	python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))" >/tmp/payload
keyctl link @u @s
keyctl padd user "$key" @u </tmp/payload >/dev/null
options=ecryptfs_sig=$key,ecryptfs_cipher=aes,ecryptfs_key_bytes=16

declare -A modules=([stock]=$STOCK [ours]=$OURS [down]=/ours/down.ko)

remount() { # LOWER VARIANT: with a cold cache
	[ "$2" = plain ] || umount /mnt/upper
	# What is dirty would stay.
	sync
	echo 3 >/proc/sys/vm/drop_caches
	[ "$2" = plain ] || mount -i -t ecryptfs -o "$options" /mnt/lower/d /mnt/upper
}

one() { # LOWER VARIANT
	local dir=/mnt/upper work
	case $1 in
	tmpfs) mount -t tmpfs -o size=300M tmpfs /mnt/lower ;;
	*) mount "$disk" /mnt/lower ;;
	esac
	rm -rf /mnt/lower/d
	mkdir -p /mnt/lower/d /mnt/upper
	if [ "$2" = plain ]; then
		dir=/mnt/lower/d
	else
		insmod "${modules[$2]}"
		mount -i -t ecryptfs -o "$options" /mnt/lower/d /mnt/upper
	fi
	for work in $WORKLOADS; do
		case $work in
		read128k | stat | readsmall) remount "$1" "$2" ;;
		esac
		echo "$1 $2 $work $(/ours/bench "$work" "$dir")"
		case $work in
		create) (cd "$dir" && rm -f f*) ;;
		esac
	done
	if [ "$2" != plain ]; then
		umount /mnt/upper
		rmmod ecryptfs
	fi
	rm -rf /mnt/lower/d
	umount /mnt/lower
}

mkdir -p /mnt/lower
for lower in $lowers; do
	case $lower in
	ext4) mkfs.ext4 -qF -E lazy_itable_init=0,lazy_journal_init=0 "$disk" ;;
	xfs) mkfs.xfs -qf "$disk" ;;
	btrfs) mkfs.btrfs -qf "$disk" ;;
	esac
	for ((round = 0; round < rounds; round++)); do
		for variant in ${VARIANTS:-plain stock ours down}; do
			one "$lower" "$variant"
		done
	done
done

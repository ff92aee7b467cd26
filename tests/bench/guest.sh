#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the guest: each workload of bench.c on each filesystem, ROUNDS times in
# turn, so that what disturbs the host disturbs all alike.  Prints lines "LOWER
# VARIANT WORKLOAD ROUND NAME=NUMBER..."; table.py makes tables of them.
#
# LOWERS: ext4, xfs, btrfs, tmpfs; with "-slow" behind it every write and flush
# of the disk takes 10 ms.  VARIANTS: lower (that filesystem alone), stock, ours,
# fscrypt (AES-256-XTS, as its tool chooses), fscrypt-cbc (AES-128-CBC, as here),
# gocryptfs (on ext4 alone); stock-null and ours-null with a cipher that copies (on
# tmpfs alone).  WORKLOADS, in an
# order in which each finds what it works on: NAME[:OPERATIONS][@JOBS], after
# "cold" with empty caches.
set -euo pipefail
rounds=${ROUNDS:-3}
read -r disk _ <<<"$DISKS"
bench=/ours/bench
key=$(python3 "$T/oracle/oracle.py" keys --passphrase bench | cut -d' ' -f1)
python3 "$T/oracle/oracle.py" payload --passphrase bench |
	python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))" >/tmp/payload
keyctl link @u @s
keyctl padd user "$key" @u </tmp/payload >/dev/null
options=ecryptfs_sig=$key,ecryptfs_cipher=aes,ecryptfs_key_bytes=16
export DM_DISABLE_UDEV=1 BENCH_LOWER=/mnt/lower
echo bench >/tmp/password
mkdir -p /mnt/lower /mnt/upper

# make LOWER VARIANT: a new filesystem on $device.
make() {
	local features=()
	case $2 in fscrypt*) features=(-O encrypt) ;; esac
	case ${1%-slow} in
	ext4) mkfs.ext4 -qF -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "${features[@]}" "$device" ;;
	xfs) mkfs.xfs -qfK "$device" ;;
	btrfs) mkfs.btrfs -qfK "$device" ;;
	tmpfs) mount -t tmpfs -o size=70% tmpfs /mnt/lower ;;
	esac
}

# up LOWER VARIANT new|again: mounts it; the directory to work in is $dir.
up() {
	case $1 in
	tmpfs) ;;
	*) mount "$device" /mnt/lower ;;
	esac
	mkdir -p /mnt/lower/d
	dir=/mnt/lower/d
	case $2 in
	lower) ;;
	fscrypt) "$bench" fscrypt "$dir" xts "$3" ;;
	fscrypt-cbc) "$bench" fscrypt "$dir" cbc "$3" ;;
	gocryptfs)
		[ "$3" = again ] || gocryptfs -q -init -plaintextnames -scryptn 10 -passfile /tmp/password /mnt/lower/d
		gocryptfs -q -passfile /tmp/password /mnt/lower/d /mnt/upper
		dir=/mnt/upper
		;;
	*)
		mount -i -t ecryptfs -o "$options" /mnt/lower/d /mnt/upper
		dir=/mnt/upper
		;;
	esac
}

down() { # LOWER VARIANT
	[ "$dir" = /mnt/lower/d ] || umount /mnt/upper
	# gocryptfs ends a moment after its mount.
	[ "$1" = tmpfs ] || until umount /mnt/lower 2>/dev/null; do sleep 0.05; done
}

# cold LOWER VARIANT
cold() {
	down "$@"
	sync
	echo 3 >/proc/sys/vm/drop_caches
	up "$@" again
}

modules() { # insert|remove VARIANT
	local module
	case $2 in
	stock*) module=$STOCK ;;
	ours*) module=$OURS ;;
	*) return 0 ;;
	esac
	if [ "$1" = insert ]; then
		case $2 in *-null) insmod /ours/nullcipher.ko ;; esac
		insmod "$module"
	else
		rmmod ecryptfs
		case $2 in *-null) rmmod nullcipher ;; esac
	fi
}

# run LOWER VARIANT ROUND WORKLOAD [cold-]: its line.
run() {
	local work=$4 count='' jobs=1 command=()
	case $work in *@*) jobs=${work#*@} work=${work%@*} ;; esac
	case $work in *:*) count=${work#*:} work=${work%:*} ;; esac
	case $work in
	unpack) command=(tar -xf /tmp/tree.tar) ;;
	grep) command=(grep -rc static .) ;;
	remove) command=(rm -rf usr) ;;
	sqlite) command=(sqlite3 -init /dev/null base "$(sqlite_script)") ;;
	esac
	printf '%s %s %s %s ' "$1" "$2" "${5-}$work$([ "$jobs" = 1 ] || echo "@$jobs")" "$3"
	if [ ${#command[@]} -gt 0 ]; then
		"$bench" exec "$dir" "${command[@]}"
	else
		BENCH_JOBS=$jobs "$bench" "$work" "$dir" ${count:+"$count"}
	fi
}

sqlite_script() {
	local i
	echo 'create table t(a, b);'
	for ((i = 0; i < 30; i++)); do
		echo "insert into t values($i, hex(randomblob(100)));"
	done
}

one() { # LOWER VARIANT ROUND
	local work next=''
	case $2 in
	fscrypt*) [ "${1%-slow}" = ext4 ] || return 0 ;;
	gocryptfs) [ "$1" = ext4 ] || return 0 ;;
	*-null) [ "$1" = tmpfs ] || return 0 ;;
	esac
	make "$1" "$2"
	modules insert "$2"
	up "$1" "$2" new
	for work in $WORKLOADS; do
		if [ "$work" = cold ]; then
			next=cold
			continue
		fi
		[ -z "$next" ] || cold "$1" "$2"
		run "$1" "$2" "$3" "$work" "${next:+cold-}"
		next=''
	done
	down "$1" "$2"
	[ "$1" != tmpfs ] || umount /mnt/lower
	modules remove "$2"
}

modprobe -q fuse || :
case $WORKLOADS in *unpack*) tar -C / -cf /tmp/tree.tar usr/include ;; esac
# The cipher alone: the other part of the roofline.
cipher() { # ROUND
	local work
	for work in encrypt@1 decrypt@1 encrypt@2 decrypt@2; do
		printf 'none cipher %s %s ' "${work%@1}" "$1"
		BENCH_JOBS=${work#*@} BENCH_DISK='' "$bench" "${work%@*}" / 4
	done
}

for ((round = 0; round < rounds; round++)); do
	[ -z "${CIPHER-}" ] || cipher "$round"
done
for lower in $LOWERS; do
	device=$disk
	case $lower in
	*-slow)
		modprobe -q dm-delay || :
		size=$(blockdev --getsz "$disk")
		dmsetup create slow --table "0 $size delay $disk 0 0 $disk 0 10 $disk 0 10"
		device=/dev/mapper/slow
		BENCH_DISK=$(basename "$(readlink -f "$device")")
		[ "$BENCH_DISK" != slow ] || BENCH_DISK=dm-0
		;;
	tmpfs) BENCH_DISK= ;;
	*) BENCH_DISK=${disk#/dev/} ;;
	esac
	export BENCH_DISK
	for ((round = 0; round < rounds; round++)); do
		for variant in $VARIANTS; do
			one "$lower" "$variant" "$round"
		done
	done
	case $lower in *-slow) dmsetup remove slow ;; esac
done

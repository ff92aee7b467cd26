# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the guest's tests share: verdict lines, lower filesystems, modules, keys
# and mounts.  Sourced by t_*.sh, which run as root in the guest of tests/qemu.
#
# A test prints "ok NAME", "not ok NAME: WHY" or "skip NAME: WHY" and ends with
# finish.  NAME gets $PREFIX in front, so that a test can be repeated.
#
# The C programs beside this file are compiled by tests/guest/build and are in
# PATH; they print the same lines, and find LOWER_DIR, UPPER_DIR, UPPER_OPTS,
# LOWER_FS and PREFIX in the environment.

export LOWER=${LOWER:-/lower} UPPER_DIR=${UPPER_DIR:-/mnt/u}
export LOWER_DIR=$LOWER/d LOWER_FS='' PREFIX=''
# Of the passphrase "test" with the default salt.
export SIG=d395309aaad4de06
export PAYLOAD=/run/payload.test
export UPPER_OPTS=ecryptfs_sig=$SIG,ecryptfs_cipher=aes,ecryptfs_key_bytes=16
T=${T:-/tests}
KERNEL=${KERNEL:-stock}
# The first disk; a test that needs more takes them from DISKS.
DISKS=${DISKS-}
DISK=${DISKS%% *}
FAILED=0

ok() { echo "ok $PREFIX$1"; }
not_ok() {
	echo "not ok $PREFIX$1: ${2-}"
	FAILED=1
}
skip() { echo "skip $PREFIX$1: ${2-}"; }

# check NAME COMMAND...: ok if it succeeds.
check() {
	local name=$1 err=0
	shift
	"$@" >/run/check.out 2>&1 || err=$?
	if ((err == 0)); then
		ok "$name"
	else
		not_ok "$name" "$* failed ($err): $(tail -n 3 /run/check.out | tr '\n' ' ')"
		return 1
	fi
}

# check_not NAME COMMAND...: ok if it fails.
check_not() {
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		not_ok "$name" "$* succeeded"
		return 1
	fi
	ok "$name"
}

# check_is NAME WANTED GOT
check_is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "$3 instead of $2"
		return 1
	fi
}

# program NAME [ARGUMENTS...]: one of the C programs, which prints verdicts
# itself; that it came to its end is one more.
program() {
	local err=0
	# A program that was not compiled on the host is compiled here, slowly.
	if ! command -v "$1" >/dev/null; then
		mkdir -p /run/bin
		gcc -O1 -pthread -o "/run/bin/$1" "$T/guest/$1.c" || err=$?
		PATH=/run/bin:$PATH
	fi
	((err)) || "$@" || err=$?
	case $err in
	0) ok "$*" ;;
	1) FAILED=1 ;;
	*) not_ok "$*" "ended with status $err" ;;
	esac
}

# over FS PROGRAM [ARGUMENTS...]: a C program on a new mount over a new
# filesystem, of which nothing may be left afterwards.
over() {
	local fs=$1
	shift
	if check "$fs is made" lower_mount "$fs" && check 'mounts' upper_mount; then
		program "$@"
		upper_umount
	fi
	! mountpoint -q "$LOWER" || lower_umount
}

# Ends the test: nothing may be left of it.
finish() {
	cd /
	PREFIX=''
	if mountpoint -q "$UPPER_DIR"; then upper_umount; fi
	if mountpoint -q "$LOWER"; then lower_umount; fi
	if grep -q '^ecryptfs ' /proc/modules; then
		check 'the module unloads' rmmod ecryptfs
	fi
	exit "$FAILED"
}

load_ours() {
	unload
	insmod "${OURS:-/ours/ecryptfs.ko}"
}
load_stock() {
	unload
	insmod "${STOCK:-/stock/ecryptfs.ko}"
}
unload() { ! grep -q '^ecryptfs ' /proc/modules || rmmod ecryptfs; }

# An independent implementation of the format, in Python.
oracle() { python3 "$T/oracle/oracle.py" "$@"; }

# key_payload: makes the authentication token of the passphrase "test".
key_payload() {
	[ -s "$PAYLOAD" ] || oracle payload --passphrase test | xxd_r >"$PAYLOAD"
}
xxd_r() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read().strip()))'; }

# key_add [PASSPHRASE]: into the user keyring, which becomes part of the
# session's; "test", the default, is the one that upper_mount uses.  By our
# ecryptfs-add-passphrase, by the oracle's token where that is not there.
key_add() {
	local sig
	keyctl link @u @s
	if printf '%s' "${1:-test}" | ecryptfs-add-passphrase - >/dev/null 2>&1; then
		return
	fi
	oracle payload --passphrase "${1:-test}" | xxd_r >"$PAYLOAD.add" || return
	# The signature is a part of the token.
	sig=$(dd if="$PAYLOAD.add" bs=1 skip=712 count=16 2>/dev/null)
	keyctl padd user "$sig" @u <"$PAYLOAD.add" >/dev/null
}

# lower_mount ext4|xfs|btrfs|tmpfs|9p [MKFS OPTIONS...]: a new filesystem on
# the first disk, with an empty directory LOWER_DIR for eCryptfs.  9p needs the
# rig's share; without it the status is 77.  LOWER_SIZE: of ext4, not the whole.
lower_mount() {
	local fs=$1
	shift
	mkdir -p "$LOWER" "$UPPER_DIR"
	case $fs in
	ext4) mkfs.ext4 -qF "$@" "$DISK" ${LOWER_SIZE:+"$LOWER_SIZE"} && mount -t ext4 "$DISK" "$LOWER" ;;
	xfs) mkfs.xfs -qf "$@" "$DISK" && mount -t xfs "$DISK" "$LOWER" ;;
	btrfs) mkfs.btrfs -qf "$@" "$DISK" && mount -t btrfs "$DISK" "$LOWER" ;;
	tmpfs) mount -t tmpfs -o size=50% tmpfs "$LOWER" ;;
	9p)
		[ -d /share ] || return 77
		rm -rf /share/lower
		mkdir -p /share/lower
		mount --bind /share/lower "$LOWER" || return
		# Its times are made by the clock of the server.
		: >/share/clock
		date -s "@$(stat -c %.Y /share/clock)" >/dev/null
		;;
	*) return 2 ;;
	esac || return
	LOWER_FS=$fs
	mkdir -p "$LOWER_DIR"
}
# lower_has FS: whether kernel and tools of the guest know it.
lower_has() {
	case $1 in
	9p) [ -d /share ] ;;
	tmpfs) : ;;
	*) command -v "mkfs.$1" >/dev/null && { grep -qw "$1" /proc/filesystems || modprobe -q "$1"; } ;;
	esac
}
lower_umount() {
	check 'the lower filesystem can be unmounted' umount "$LOWER"
	LOWER_FS=''
}
# The lower filesystem forgets its caches, too.
lower_remount() {
	local fs=$LOWER_FS
	umount "$LOWER" || return
	case $fs in
	9p) mount --bind /share/lower "$LOWER" ;;
	*) mount -t "$fs" "$DISK" "$LOWER" ;;
	esac
}

# upper_mount [OPTIONS]: options beyond UPPER_OPTS, after a comma.  No helper.
upper_mount() {
	mount -i -t ecryptfs -o "$UPPER_OPTS${1:+,$1}" "$LOWER_DIR" "$UPPER_DIR"
}
upper_umount() { check 'unmounts' umount "$UPPER_DIR"; }
upper_remount() {
	umount "$UPPER_DIR" && upper_mount "${1-}"
}
drop_caches() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# kernel_log PATTERN COMMAND...: whether the command makes the kernel log a
# line that matches.
kernel_log() {
	local pattern=$1 before
	shift
	before=$(dmesg | wc -l)
	"$@" >/dev/null 2>&1
	dmesg | tail -n +"$((before + 1))" | grep -qE -- "$pattern"
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# timeout: 300
# disk: 512M
# tier: check
# long: stock newest
#
# Small lower filesystems, filled up: see enospc.py.  tmpfs, ext4 and xfs
# promise space, and everything is tried on them; btrfs can't, so there the
# calls pass their data down, and what is asked is that they tell the truth.
#
# ENOSPC_FS and ENOSPC_GROUPS choose; t_enospc_long.sh runs all.  Only files
# that share blocks are always tried on xfs.
set -u
# shellcheck source=tests/guest/crash_lib.sh
. "$T/guest/crash_lib.sh"

groups() { # FS
	case $1 in
	btrfs) echo stream append ;;
	quota) echo quota ;;
	xfs) if [ -n "${ENOSPC_FS-}" ]; then echo stream append files inside grow pair; fi; echo shared ;;
	# Thousands of files take long where every access is checked.
	*) if [ "$KERNEL" = debug ] && [ -z "${ENOSPC_FS-}" ]; then echo stream append grow helped; else echo stream append files inside grow pair helped; fi ;;
	esac
}

one() { # FS MEGABYTES [MKFS OPTIONS...]
	local fs=$1 group
	if ! lower_has "$fs"; then
		skip "$fs" 'not in this kernel'
		return
	fi
	small_mount "$@" || { not_ok "$fs" 'no lower filesystem'; return; }
	PREFIX="$fs "
	upper_mount || not_ok mount "$fs"
	for group in ${ENOSPC_GROUPS:-$(groups "$fs")}; do
		python3 "$T/guest/enospc.py" "$group"
		case $? in
		0) ;;
		1) FAILED=1 ;;
		*) not_ok "$group" 'died'; rm -rf "${UPPER_DIR:?}"/* ;;
		esac
	done
	upper_umount
	lower_umount
	PREFIX=''
}

# A quota of 5 MiB for user 1000.
quota() {
	small_mount ext4 24 -m 0 -O quota -E quotatype=usrquota || return
	umount "$LOWER"
	mount -o usrquota "$DISK" "$LOWER" || return
	quotaon -u "$LOWER" 2>/dev/null || :
	setquota -u 1000 0 5120 0 0 "$LOWER" || return
	PREFIX='ext4 '
	upper_mount
	python3 "$T/guest/enospc.py" quota || FAILED=1
	upper_umount
	lower_umount
	PREFIX=''
}

mkdir -p "$LOWER" "$UPPER_DIR"
load_ours
key_add test
for fs in ${ENOSPC_FS:-$([ "$KERNEL" = stock ] && echo ext4 xfs btrfs quota || echo ext4)}; do
	case $fs in
	tmpfs) one tmpfs 6 ;;
	ext4) if [ "$KERNEL" = debug ]; then one ext4 8 -m 0 -J size=2; else one ext4 12 -m 0 -J size=4; fi ;;
	xfs) one xfs 32 ;;
	btrfs) one btrfs 32 ;;
	quota) quota || { skip quota 'no quota in kernel or tools'; PREFIX=''; } ;;
	esac
done
finish

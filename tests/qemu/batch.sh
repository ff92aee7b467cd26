#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the guest: batch.sh NAME:TIMEOUT:DISKS...: runs those tests of
# /tests/guest one after the other in one boot, each between two marker lines
# that tell the host whose a result (or a crash) is, and cleans up after each.
set -u

all_disks=$DISKS
for spec; do
	IFS=: read -r name limit disks <<<"$spec"
	# shellcheck disable=SC2086 # words are meant
	set -- $all_disks
	DISKS=
	while ((disks-- > 0)) && [ $# -gt 0 ]; do
		DISKS+=${DISKS:+ }$1
		shift
	done
	export DISKS
	echo "=== begin $name"
	echo "rig: begin $name" >/dev/kmsg
	err=0
	timeout -k 10 "$limit" bash "/tests/guest/$name.sh" </dev/null 2>&1 || err=$?
	cd /root || exit 1
	# What it left running, mounted or loaded.
	kill -9 -1 2>/dev/null
	# The newest mount first.
	while read -r dir; do
		umount "$dir" 2>/dev/null || umount -l "$dir" 2>/dev/null
	done < <(awk '$5 ~ "^/(mnt|lower|tmp|run|home|root|var)/|^/lower$" { print $5 }' /proc/self/mountinfo | tac)
	rmmod ecryptfs 2>/dev/null
	dmsetup remove_all 2>/dev/null
	losetup -D 2>/dev/null
	swapoff -a
	keyctl clear @u 2>/dev/null
	keyctl clear @s 2>/dev/null
	# shellcheck disable=SC2115 # meant: what lies in these directories
	rm -rf /mnt/* /tmp/* /run/* /lower/* /helpers/* /share/* 2>/dev/null
	for disk in $all_disks; do
		blkdiscard "$disk" 2>/dev/null
	done
	if ! /init log; then
		echo "not ok kernel-log: see above"
	fi
	# The next one's messages only.
	dmesg -C
	echo "=== end $name $err"
done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock
# timeout: 300
# disk: 256M
#
# What surrounds the mount in ways that ordinary use does not: another stacked
# filesystem above it, and below it one that is not known.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

as_user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
acl_of() { getfacl -cEn "$1" 2>/dev/null | sed '/^default:/d; /^$/d' | tr '\n' ' '; }

load_ours
key_add test

# 1. As a layer of overlayfs, which asks for the access control list of an inode
# in a path walk under RCU, too: by somebody who does not own what he looks at.
OVER=/run/over
overlay() { # OPTIONS
	mount -t overlay -o "lowerdir=$UPPER_DIR/layer$1" overlay "$OVER/m"
}
PREFIX=overlay/
modprobe -q overlay || :
mkdir -p "$OVER/m" "$OVER/empty" "$OVER/up" "$OVER/work"
if check 'ext4 is made' lower_mount ext4 && check 'mounts' upper_mount; then
	mkdir -p "$UPPER_DIR/layer/dir/sub"
	echo group >"$UPPER_DIR/layer/dir/group"
	echo other >"$UPPER_DIR/layer/dir/sub/other"
	ln -s dir/sub/other "$UPPER_DIR/layer/link"
	mkfifo "$UPPER_DIR/layer/fifo"
	chgrp 1000 "$UPPER_DIR/layer/dir/group"
	# The group may do nothing, although the mode, which shows the mask, has rw.
	check 'a list is set' setfacl --set u::rw,g::-,u:77:rw,m::rw,o::- "$UPPER_DIR/layer/dir/group"
	check 'a default list is set' setfacl -d --set u::rwx,g::rx,u:77:rwx,m::rwx,o::rx "$UPPER_DIR/layer/dir"
	listed='user::rw- user:77:rw- group::--- mask::rw- other::--- '
	check_is 'which is shown' "$listed" "$(acl_of "$UPPER_DIR/layer/dir/group")"
	for how in read-only writable; do
		PREFIX="overlay/$how: "
		rm -rf "$OVER/up" "$OVER/work"
		mkdir -p "$OVER/up" "$OVER/work"
		extra=:$OVER/empty
		[ "$how" = read-only ] || extra=,upperdir=$OVER/up,workdir=$OVER/work
		check 'overlayfs takes it as a layer' overlay "$extra" || continue
		# Without -l, which asks for the lists in another way.
		check 'root lists it' ls "$OVER/m" "$OVER/m/dir" "$OVER/m/dir/sub"
		check 'another user does, from the cache' as_user sh -c "stat '$OVER/m/dir/sub/other' '$OVER/m/link' '$OVER/m/fifo' && cat '$OVER/m/link' && ls -lR '$OVER/m'"
		drop_caches
		check 'and without one' as_user ls -lR "$OVER/m"
		check_not 'a list that refuses the group does' as_user cat "$OVER/m/dir/group"
		check_is 'which is still there above' "$listed" "$(acl_of "$UPPER_DIR/layer/dir/group")"
		check_is 'and in the overlay' "$listed" "$(acl_of "$OVER/m/dir/group")"
		if [ "$how" = writable ]; then
			echo changed >>"$OVER/m/dir/sub/other"
			check_is 'copied up and changed' 'other changed' "$(tr '\n' ' ' <"$OVER/m/dir/sub/other" | sed 's/ $//')"
			mkdir "$OVER/m/dir/new"
			check_is 'what is made inherits the default list' "user::rwx user:77:rwx group::r-x mask::rwx other::r-x " "$(acl_of "$OVER/m/dir/new")"
		fi
		check 'unmounts the overlay' umount "$OVER/m"
	done
	PREFIX=overlay/
	# In a user namespace, as anybody can have one.
	check 'in a user namespace' unshare -Urm sh -c \
		"mount -t overlay -o 'lowerdir=$UPPER_DIR/layer:$OVER/empty' overlay '$OVER/m' && ls -lR '$OVER/m' && stat '$OVER/m/dir/sub'"
	mkdir -p "$UPPER_DIR/up" "$UPPER_DIR/work"
	# On top of us, where it writes: it says itself what it lacks.
	if mount -t overlay -o "lowerdir=$OVER/empty,upperdir=$UPPER_DIR/up,workdir=$UPPER_DIR/work" overlay "$OVER/m" 2>/dev/null; then
		check 'as the upper layer: writes' sh -c "echo x >'$OVER/m/f' && mkdir '$OVER/m/d' && mv '$OVER/m/f' '$OVER/m/d/f' && rm -r '$OVER/m/d' && ls -lR '$OVER/m'"
		umount "$OVER/m"
	else
		skip 'as the upper layer' 'overlayfs refuses it'
	fi
	upper_umount
fi
! mountpoint -q "$LOWER" || lower_umount

# 2. What is below decides what the server is asked for: where names are encrypted,
# never a plaintext name.  Overlayfs does not say what its layers are, and a
# filesystem that nobody has heard of may be anything.
PREFIX=names/
TRACE=/sys/kernel/tracing
mountpoint -q "$TRACE" || mount -t tracefs tracefs "$TRACE" 2>/dev/null
asked() { # DIRECTORY: how often a look for "Secret" in it is asked for
	echo >"$TRACE/trace"
	echo 1 >"$TRACE/events/9p/9p_protocol_dump/enable"
	! stat "$1/Secret" 2>/dev/null || return
	echo 0 >"$TRACE/events/9p/9p_protocol_dump/enable"
	# Thirty-two bytes of each message, in lines of sixteen.
	tr '\n' ' ' <"$TRACE/trace" | grep -oE '53 65 63 +([0-9a-f]+: )?72 65 74|63 72 65 74' | wc -l
}
if [ -d /share ] && [ -e "$TRACE/events/9p/9p_protocol_dump" ]; then
	rm -rf "$OVER/up" "$OVER/work" /share/names
	mkdir -p "$OVER/up" "$OVER/work" "$UPPER_DIR" /share/names/d
	if check 'overlayfs over 9p' mount -t overlay -o "lowerdir=/share/names,upperdir=$OVER/up,workdir=$OVER/work" overlay "$OVER/m"; then
		check_not 'a name that is looked for there travels' [ "$(asked "$OVER/m/d")" = 0 ]
		check 'mounts' mount -i -t ecryptfs -o "$UPPER_OPTS,ecryptfs_fnek_sig=$SIG" "$OVER/m/d" "$UPPER_DIR"
		check_is 'no plaintext name does' 0 "$(asked "$UPPER_DIR")"
		# The other way round than above: lockdep has to see both.
		check 'on an overlay: writes' sh -c "echo x >'$UPPER_DIR/f' && mkdir '$UPPER_DIR/d' && mv '$UPPER_DIR/f' '$UPPER_DIR/d/f' && sync -f '$UPPER_DIR' && rm -r '$UPPER_DIR/d'"
		upper_umount
		umount "$OVER/m"
	fi
else
	skip 'plaintext names' 'no share, or no trace of 9p'
fi
if command -v mkfs.vfat >/dev/null && { grep -qw vfat /proc/filesystems || modprobe -q vfat; }; then
	mkfs.vfat "$DISK" >/dev/null
	mount -t vfat "$DISK" "$LOWER"
	mkdir -p "$LOWER_DIR"
	check 'a filesystem that is not known is told' kernel_log 'nothing is known of the filesystem vfat' upper_mount
	upper_umount
	umount "$LOWER"
fi
finish

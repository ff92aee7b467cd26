#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# timeout: 500
# disk: 256M 256M 400M 400M 256M 256M
# tier: check
# long: newest
#
# A file that was synced is replaced without fsync, by a rename over it or by
# O_TRUNC and new content, and the power is cut 0 to 40 seconds later, with the
# kernel's own times of writeback.  ext4, XFS and btrfs do the same alone beside it,
# each on a disk of its own: where the lower filesystem keeps the old or the new
# content, so must we, and what is left must be usable in any case.
#
# REPLACE_MODULE=stock does it with the kernel's own eCryptfs, to compare.
set -u
# shellcheck source=tests/guest/crash_lib.sh
. "$T/guest/crash_lib.sh"

ages='40 20 8 0'
# What each filesystem promises, see its documentation: ext4 allocates the blocks of
# what is renamed over a file, and of what was truncated when it is closed
# (auto_da_alloc); XFS writes back what was truncated when it is closed; btrfs
# does both.
keeps='ext4 rename, ext4 truncate, xfs truncate, btrfs rename, btrfs truncate,'
read -ra disks <<<"$DISKS"
filesystems=''
for fs in ext4 xfs btrfs; do
	! lower_has "$fs" || filesystems+=" $fs"
done

# places: mounts the lower filesystems, alone and below ours, as /lower/FS and
# /lower/FS-below, and ours as /mnt/FS.
places() {
	local fs n=0
	for fs in $filesystems; do
		mkdir -p "/lower/$fs" "/lower/$fs-below" "/mnt/$fs"
		mount "${disks[n]}" "/lower/$fs" && mount "${disks[n + 1]}" "/lower/$fs-below" || return
		mkdir -p "/lower/$fs/d" "/lower/$fs-below/d"
		mount -i -t ecryptfs -o "$UPPER_OPTS" "/lower/$fs-below/d" "/mnt/$fs" || return
		n=$((n + 2))
	done
}

each() { # VERB [AGE]: in all places
	local fs
	for fs in $filesystems; do
		python3 "$T/guest/replace.py" "$1" "/lower/$fs/d" ${2:+"$2"} || return
		python3 "$T/guest/replace.py" "$1" "/mnt/$fs" ${2:+"$2"} || return
	done
}

lost() { # RESULT METHOD [AGE]: how many
	awk -v m="$2" -v a="${3-}" '$1 == m && (a == "" || $2 == a) { n += $8 } END { print n + 0 }' <<<"$1"
}

judge() { # FS
	local fs=$1 alone ours method age name border=(truncate)
	# btrfs can commit a rename before the data that it started to write.
	[ "$fs" != btrfs ] || border+=(rename)
	alone=$(python3 "$T/guest/replace.py" check "/lower/$fs/d" "${border[@]}")
	ours=$(python3 "$T/guest/replace.py" check "/mnt/$fs" "${border[@]}")
	grep '^#' <<<"$ours"
	for method in rename truncate; do
		for age in $ages; do
			name="$fs, $method, $age s before the cut"
			echo "# $name: alone:$(sed -n "s/^$method $age / /p" <<<"$alone"); ours:$(sed -n "s/^$method $age / /p" <<<"$ours")"
			if [ "$(lost "$ours" "$method" "$age")" = 0 ]; then
				ok "$name: old or new"
			elif [[ $keeps != *"$fs $method,"* ]]; then
				ok "$name: as this filesystem promises, nothing"
			elif [ "$(lost "$alone" "$method")" != 0 ]; then
				skip "$name" 'the lower filesystem alone lost some, too'
			else
				not_ok "$name" "$(lost "$ours" "$method" "$age") of 8 have neither the old nor the new content"
			fi
		done
	done
	check_is "$fs: what is left can be written, replaced and removed" '' "$(grep ^stuck <<<"$ours")"
}

modprobe -q xfs || :
modprobe -q btrfs || :
"load_${REPLACE_MODULE:-ours}"
key_add test
if [ "$BOOT" = 1 ]; then
	n=0
	for fs in $filesystems; do
		for disk in "${disks[n]}" "${disks[n + 1]}"; do
			case $fs in
			ext4) mkfs.ext4 -qF -E lazy_itable_init=0,lazy_journal_init=0 "$disk" ;;
			*) "mkfs.$fs" -qf "$disk" ;;
			esac
		done
		n=$((n + 2))
	done
	{ places && each old; } || not_ok 'old content' 'is not made'
	sync
	last=''
	for age in $ages; do
		[ -z "$last" ] || sleep "$((last - age))"
		each new "$age" || not_ok "new content $age" 'is not made'
		last=$age
	done
	/rig/powercut
	sleep 30
	not_ok 'power cut' 'the machine is still on'
else
	if places; then
		for fs in $filesystems; do judge "$fs"; done
	else
		not_ok 'after the cut' 'the filesystems do not mount'
	fi
	for fs in $filesystems; do umount "/mnt/$fs" "/lower/$fs-below" "/lower/$fs"; done
fi
finish

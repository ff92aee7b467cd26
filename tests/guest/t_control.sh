#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 512M
#
# The programs that check names, attributes and contents in the mount, run on the
# lower filesystem alone: what they want of the mount is what the lower filesystem
# does.  Where that is not so, it is said here, and has to stay so.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

# Tests that are about the mount, and why.
declare -A OURS_ALONE=(
	[behind_the_mount]='the lower files are given headers'
	[size_before_open]='the lower size counts the header'
	[metadata_xattr]='an attribute is hidden'
	[filesystem]='it has a type of its own'
	[truncate_both_ways]='the lower size counts the header'
	[gaps]='the lower size counts the header'
	[allocate]='ranges can not be moved or unshared'
	[foreign_file]='what is no file of ours is refused'
	[damaged_header]='there is a header'
	[written_through]='ciphertext is looked at below'
	[blocks]='data follow the header'
	[linked_late]='the lower size counts the header'
)

# judge: verdict lines from standard input, by what is expected without a mount.
judge() {
	local line name
	while IFS= read -r line; do
		name=${line#not }
		name=${name#ok }
		name=${name%%:*}
		case $line in
		'ok '*)
			if [ -n "${OURS_ALONE[$name]-}" ]; then
				not_ok "$name" "passes without a mount, too: ${OURS_ALONE[$name]}?"
			else
				ok "$name"
			fi
			;;
		'not ok '*)
			if [ -n "${OURS_ALONE[$name]-}" ]; then
				ok "$name is the mount's: ${OURS_ALONE[$name]}"
			else
				not_ok "$name" "${line#*: }"
			fi
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	return "$FAILED"
}

# control DIRECTORY
control() {
	local program before=$PREFIX status
	for program in vfs_names vfs_attrs vfs_io; do
		PREFIX=$before$program/
		rm -rf "$1" && mkdir "$1" || return
		if ! command -v "$program" >/dev/null; then
			skip 'all of it' "$program is not there"
			continue
		fi
		UPPER_DIR=$1 LOWER_DIR=$1 PREFIX='' "$program" 2>&1 | judge
		# Here, failures are the judge's to count.
		status=("${PIPESTATUS[@]}")
		((status[0] <= 1)) || not_ok 'it ends' "with status ${status[0]}"
		((status[1] == 0)) || FAILED=1
	done
	PREFIX=$before
}

lower_mount ext4
PREFIX='ext4 alone/'
control "$LOWER/plain"
finish

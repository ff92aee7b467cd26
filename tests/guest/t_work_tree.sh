#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: long
# timeout: 400
# disk: 512M
#
# Trees of real files (the guest's headers, some two thousand) copied in by cp,
# rsync and tar, compared byte by byte and attribute by attribute after everything
# was unmounted and mounted again, copied out, removed.  Then a smaller one over
# each other lower filesystem.  LARGE=1 adds Python's library, and takes the large
# tree everywhere.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

work=/mnt/work-tree

# attributes DIR: what cp -a, rsync -a and tar keep.
attributes() {
	# 9p itself keeps whole seconds.
	(cd "$1" && find . \( -type d -printf '%P %y %m %U:%G %T@\n' \) -o \
		-printf '%P %y %m %U:%G %s %T@ %n %l\n' | LC_ALL=C sort |
		if [ "$LOWER_FS" = 9p ]; then sed -E 's/\.[0-9]{10}//'; else cat; fi)
}

# same_tree DIR DIR: content by checksums that are compared as lists, so that a
# file that is missing or too many is a difference, and attributes.
same_tree() {
	differences attributes "$1" "$2" && differences sums "$1" "$2" || return
	[ "$(find "$1" -type f | wc -l)" -ge "$3" ] || { echo 'too few files'; return 1; }
}
# The last lines, which are what the verdict shows, about one entry.
differences() {
	diff <("$1" "$2") <("$1" "$3") | grep '^[<>]' | sort -k2,2 | tail -n 3
	[ "${PIPESTATUS[0]}" = 0 ]
}
sums() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }

# With the lower filesystem, but where that would be the end of it.
fresh() {
	umount "$UPPER_DIR" || return
	[ "$LOWER_FS" = tmpfs ] || lower_remount || return
	drop_caches
	upper_mount
}

# What headers alone do not have.
# The first of SOURCES is what is also sent around.
make_source() { # SOURCES...
	local i
	rm -rf "$work/source" && mkdir -p "$work/source/own" && cp -a "$@" "$work/source/" || return
	for i in 1 2 3; do head -c "${i}00003" /dev/urandom >"$work/source/own/noise-$i"; done
	ln "$work/source/own/noise-1" "$work/source/own/again"
	ln -s noise-2 "$work/source/own/symbolic"
	ln -s nowhere "$work/source/own/dangling"
	: >"$work/source/own/empty"
	mkdir -m 1777 "$work/source/own/sticky"
	chmod 4711 "$work/source/own/noise-3"
	chown -h 1000:50 "$work/source/own/empty" "$work/source/own/symbolic"
	touch -h -d '1999-12-31 23:59:58.123456789 UTC' "$work/source/own/"{noise-2,symbolic,empty}
	touch -d '2031-05-06 07:08:09.987654321 UTC' "$work/source/own/sticky"
}

copy_in() {
	check 'cp -a' cp -a "$work/source" "$UPPER_DIR/cp"
	check 'cp -a is there' same_tree "$work/source" "$UPPER_DIR/cp" "$1"
	check 'mounted again' fresh
	check 'cp -a after a remount' same_tree "$work/source" "$UPPER_DIR/cp" "$1"
}

copy_around() {
	mkdir "$work/part" "$UPPER_DIR/tar"
	cp -a "$work/source/own" "$work/source/${1##*/}" "$work/part/"
	check 'tar out' tar -C "$UPPER_DIR/cp" --format=posix -cf "$work/tar" own "${1##*/}"
	check 'tar compares' tar -C "$UPPER_DIR/cp" -df "$work/tar"
	check 'tar in' tar -C "$UPPER_DIR/tar" -xpf "$work/tar"
	rm "$work/tar"
	check 'rsync' rsync -aH "$work/source/own" "$UPPER_DIR/rsync/"
	check 'mounted again' fresh
	touch -r "$work/part" "$UPPER_DIR/tar"
	check 'tar after a remount' same_tree "$work/part" "$UPPER_DIR/tar" "$2"
	check_is 'rsync has nothing more to do' '' "$(rsync -aHci "$work/source/own" "$UPPER_DIR/rsync/")"
	check 'cp -a out' cp -a "$UPPER_DIR/tar/own" "$work/out"
	check 'cp -a out has it all' diff -r --no-dereference "$work/source/own" "$work/out"
	rm -rf "$work/out" "$work/part"
	check 'all can be removed' rm -r "$UPPER_DIR/cp" "$UPPER_DIR/tar" "$UPPER_DIR/rsync"
	check_is 'nothing is left below' '' "$(ls -A "$LOWER_DIR")"
}

# over FS FILES [AROUND FILES]
over() {
	PREFIX=$1/
	if ! lower_has "$1"; then
		skip tree "no $1 here"
		return
	fi
	check 'lower filesystem' lower_mount "$1" || return
	check 'mount' upper_mount || return
	copy_in "$2"
	[ $# -lt 4 ] || copy_around "$3" "$4"
	upper_umount
	lower_umount
}

rm -rf "$work"
mkdir -p "$work"
load_ours
key_add test
if [ "${LARGE-}" ] || [ "$KERNEL" = stock ]; then
	part=/usr/include/x86_64-linux-gnu more=()
	[ -z "${LARGE-}" ] || part=/usr/include more=(/usr/lib/python3.*)
	make_source /usr/include "${more[@]}" "$part"
	over ext4 1000 "$part" 100
	[ "${LARGE-}" ] || make_source /usr/include/asm-generic
else
	make_source /usr/include/asm-generic
	over ext4 30 /usr/include/asm-generic 30
fi
for fs in $([ "$KERNEL" = debug ] && echo xfs 9p || echo xfs btrfs tmpfs 9p); do over "$fs" 30; done
PREFIX=''
rm -rf "$work"
finish

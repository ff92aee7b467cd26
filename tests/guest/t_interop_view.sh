#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 256M
#
# Plaintext passthrough and the encrypted view, beside the kernel's own module.
# The same lower files give the same facts through both; what is copied out of
# either's view, of metadata in headers and in attributes, is a lower file for the
# oracle and for both modules.  With encrypted names ours can open what it lists.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

read -r first second <<<"${PAIR:-stock ours}"
model=$WORK/model up=$UPPER_DIR/x
sizes='0 1 4095 4096 4097 10000'

# on LOWER EXTRA COMMAND...: that is mounted meanwhile, with more options.
on() {
	local options=ecryptfs_sig=$SIG_A,ecryptfs_cipher=aes,ecryptfs_key_bytes=24$2 err=0
	mkdir -p "$1" "$up"
	mount -i -t ecryptfs -o "$options" "$1" "$up" || give_up "$1 does not mount with $options."
	shift 2
	"$@" || err=$?
	umount "$up" || give_up "$up is busy."
	return "$err"
}
same_as_model() { diff -r "$model" "$up"; }
fill() { cp -r "$model/." "$up/"; }

# through: a plain file and an encrypted one, a line for each fact.
through() {
	local name
	for name in plain size-4097; do
		echo "$name: $(stat -c %s "$up/$name") $(md5sum <"$up/$name")"
	done
	echo more >>"$up/plain"
	echo "appended: $(stat -c %s "$up/plain") $(md5sum <"$up/plain")"
	printf X | dd of="$up/plain" bs=1 seek=100 conv=notrunc status=none
	truncate -s 6000 "$up/plain"
	echo "grown: $(stat -c %s "$up/plain") $(md5sum <"$up/plain")"
	truncate -s 10 "$up/plain"
	echo "cut: $(cat "$up/plain")"
	echo of encrypted >>"$up/size-4097"
	echo "encrypted, appended: $(stat -c %s "$up/size-4097") $(md5sum <"$up/size-4097")"
	cp "$model/size-4096" "$up/new"
	: >>"$up/empty"
	echo text >>"$up/empty"
	echo "empty: $(cat "$up/empty")"
	cat "$up/short"
	mv "$up/short" "$up/renamed"
	chmod 600 "$up/renamed"
	echo "renamed: $(stat -c '%s %a' "$up/renamed")"
}

# passthrough WHO: facts, above and below.
passthrough() {
	local low=$LOWER_DIR/passthrough-$1 name
	on "$low" '' fill
	head -c 5000 /dev/zero | tr '\0' p >"$low/plain"
	: >"$low/empty"
	printf 'less than a header\n' >"$low/short"
	on "$low" ,ecryptfs_passthrough through
	for name in plain empty renamed; do echo "below, $name: $(md5sum <"$low/$name")"; done
	echo "below, new: $(stat -c %s "$low/new") $(oracle dump "$low/new" | grep -c '"passphrase"')"
	on "$low" '' cat "$up/plain" 2>/dev/null || echo 'no passthrough: refused'
	on "$low" '' cmp "$up/new" "$model/size-4096" && echo 'no passthrough: new'
}

# copy_out TO: the view's regular files, opened before their size is asked.
copy_out() {
	local file
	mkdir -p "$1"
	(cd "$up" && find . -type f) | while read -r file; do
		cat "$up/$file" >"$1/$file"
	done
	! touch "$up/new" 2>/dev/null
}

views() {
	local who meta low copy
	for who in $first $second; do
		for meta in header xattr; do
			low=$LOWER_DIR/$meta-$who copy=$LOWER_DIR/out-$meta-$who-by-$LOADED
			check "$LOADED: view of $meta by $who" on "$low" ,ecryptfs_encrypted_view copy_out "$copy"
			[ "$meta" = xattr ] || check "$LOADED: view of $meta by $who is what is below" diff -r "$low" "$copy"
			check "$LOADED: view of $meta by $who: the oracle" below_is "$model" "$copy"
		done
	done
}

# Every copy, by the module that is loaded.
read_copies() {
	local copy
	for copy in "$LOWER_DIR"/out-*; do
		check "$LOADED reads ${copy##*/}" on "$copy" '' same_as_model
	done
}

# The sizes that the view tells are those of what it reads, before any is opened.
view_sizes() {
	local name
	for name in $sizes; do
		[ "$(stat -c %s "$up/size-$name")" = $((8192 + (name + 4095) / 4096 * 4096)) ] || return
	done
}
names_out() { cp -r "$up/." "$LOWER_DIR/names-out/"; }
stays_read_only() { ! mount -i -o remount,rw "$up" && ! touch "$up/new"; }

ours_alone() {
	local fnek=,ecryptfs_fnek_sig=$SIG_NAMES meta
	for meta in header xattr; do
		check "view of $meta: sizes" on "$LOWER_DIR/$meta-$first" ,ecryptfs_encrypted_view view_sizes
		check "view of $meta: read-only" on "$LOWER_DIR/$meta-$first" ,ecryptfs_encrypted_view stays_read_only
	done
	on "$LOWER_DIR/names" "$fnek,ecryptfs_xattr_metadata" fill
	mkdir "$LOWER_DIR/names-out"
	check 'view of encrypted names: is copied' on "$LOWER_DIR/names" "$fnek,ecryptfs_encrypted_view" names_out
	check 'view of encrypted names: ours reads' on "$LOWER_DIR/names-out" "$fnek" same_as_model
}

lower_mount ext4
keys_make
keys_only "$SIG_A" "$SIG_NAMES"
mkdir -p "$model"
for size in $sizes; do plan content "$model/size-$size" "$size"; done
for who in $first $second; do
	load "$who"
	on "$LOWER_DIR/header-$who" '' fill
	on "$LOWER_DIR/xattr-$who" ,ecryptfs_xattr_metadata fill
	passthrough "$who" >"$WORK/facts.$who"
done
while IFS= read -r theirs <&7 && IFS= read -r mine <&8; do
	check_is "passthrough: ${theirs%%: *}" "${theirs#*: }" "${mine#*: }"
done 7<"$WORK/facts.$first" 8<"$WORK/facts.$second"
check 'passthrough: all facts' grep -qx 'no passthrough: new' "$WORK/facts.$second"
check_is 'passthrough: as many facts' "$(wc -l <"$WORK/facts.$first")" "$(wc -l <"$WORK/facts.$second")"
views
load "$first"
views
read_copies
load "$second"
read_copies
for meta in header xattr; do
	for who in $first $second; do
		check "views of $meta by $who are the same" diff -r \
			"$LOWER_DIR/out-$meta-$who-by-$first" "$LOWER_DIR/out-$meta-$who-by-$second"
	done
done
if [ "$second" = ours ]; then
	ours_alone
	load "$first"
	check "view of encrypted names: $first reads" on "$LOWER_DIR/names-out" ",ecryptfs_fnek_sig=$SIG_NAMES" same_as_model
fi
finish

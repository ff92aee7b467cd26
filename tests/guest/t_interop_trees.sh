#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: long
# timeout: 300
# disk: 512M
#
# The same tree, of all the sizes and shapes that matter, written by the kernel's
# own module and by ours with each key size: each reads what the other wrote, the
# oracle reads both, and the headers of ours are as the format's description has
# them.  Then the corners: several keys, and what stock leaves empty below.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

model=$WORK/model three=$WORK/three

trees() {
	local who other
	mkdir "$model"
	for bytes in $KEY_SIZES; do mkdir "$model/$bytes"; done
	plan tree "$model"/*
	for who in stock ours; do
		load "$who"
		put_all "$LOWER_DIR/$who"
		check "$who writes" plan tree "$UPPER_DIR"/*
		take_all
		check "the oracle reads what $who wrote" below_is "$model" "$LOWER_DIR/$who"
		# Stock's, too: the check must hold for what it is modelled on.
		check "the headers that $who wrote" plan headers "$LOWER_DIR/$who" "$SIG_A"
	done
	for who in ours stock; do
		load "$who"
		other=stock
		[ "$who" = ours ] || other=ours
		put_all "$LOWER_DIR/$other"
		check "$who reads what $other wrote" plan compare "$UPPER_DIR" "$model"
		take_all
	done
}

# Times, seen through the mount of ours, are those below.
times() {
	load ours
	put "$LOWER_DIR/stock/24" "$UPPER_DIR/24" 24 "$SIG_A"
	check 'times of what stock wrote' \
		oracle verify --times --passphrase "$PASS_A" "$LOWER_DIR/stock/24" "$UPPER_DIR/24"
	umount "$UPPER_DIR/24"
}

# A file made with two keys opens with either, whichever module made it.
two_keys() {
	local who reader sig
	mkdir -p "$three/x"
	cp -a "$model/16/size-4097" "$model/16/size-0" "$model/16/gap-inside" "$three/x/"
	keys_only "$SIG_A" "$SIG_B"
	for who in stock ours; do
		load "$who"
		put "$LOWER_DIR/two-$who/x" "$UPPER_DIR/x" 32 "$SIG_A" "$SIG_B"
		cp -a "$three/x/." "$UPPER_DIR/x/"
		umount "$UPPER_DIR/x"
		mv "$LOWER_DIR/two-$who/x" "$LOWER_DIR/two-$who/32"
		check "two keys: headers of $who" plan headers "$LOWER_DIR/two-$who" "$SIG_A" "$SIG_B"
		mv "$LOWER_DIR/two-$who/32" "$LOWER_DIR/two-$who/x"
		check "two keys: the oracle reads $who by the first" below_is "$three" "$LOWER_DIR/two-$who" "$PASS_A"
		check "two keys: the oracle reads $who by the second" below_is "$three" "$LOWER_DIR/two-$who" "$PASS_B"
	done
	for reader in ours stock; do
		load "$reader"
		for sig in "$SIG_A" "$SIG_B"; do
			keys_only "$sig"
			for who in stock ours; do
				# The key size is the file's, not the mount's.
				put "$LOWER_DIR/two-$who/x" "$UPPER_DIR/x" 16 "$sig"
				check "two keys: $reader reads $who by $sig" diff -r "$UPPER_DIR/x" "$three/x"
				umount "$UPPER_DIR/x"
			done
		done
	done
	keys_only "$SIG_A"
}

# A lower file of no bytes at all, as stock leaves after a full disk or a power
# cut: it opens as an empty file, becomes a proper one, and stock agrees.
empty_below() {
	local low=$LOWER_DIR/empty/16 up=$UPPER_DIR/x name
	mkdir -p "$low"
	for name in read write append cut left; do : >"$low/$name"; done
	load ours
	put "$low" "$up" 16 "$SIG_A"
	check_is 'empty below: size' 0 "$(stat -c %s "$up/read")"
	check 'empty below: reads' cmp "$up/read" /dev/null
	check 'empty below: is written' dd "if=$model/16/size-4097" "of=$up/write" conv=notrunc status=none
	check 'empty below: is appended to' bash -c "cat '$model/16/size-17' >>'$up/append'"
	check 'empty below: grows' truncate -s 5000 "$up/cut"
	umount "$up"
	load stock
	put "$low" "$up" 16 "$SIG_A"
	check 'empty below: stock reads what was written' cmp "$up/write" "$model/16/size-4097"
	check 'empty below: stock reads what was appended' cmp "$up/append" "$model/16/size-17"
	check 'empty below: stock reads what grew' cmp "$up/cut" <(head -c 5000 /dev/zero)
	check 'empty below: stock reads what was read' cmp "$up/read" /dev/null
	check 'empty below: stock reads what was left' cmp "$up/left" /dev/null
	umount "$up"
	check 'empty below: headers' plan headers "$LOWER_DIR/empty" "$SIG_A"
}

# Offsets past 4 GiB at little cost: the lower file is stretched by hand, and
# only whole extents count that were written since.
past_4_gib() {
	local who reader file=$UPPER_DIR/x/big low
	for who in stock ours; do
		low=$LOWER_DIR/past-$who
		reader=stock
		[ "$who" = ours ] || reader=ours
		load "$who"
		put "$low" "$UPPER_DIR/x" 24 "$SIG_A"
		echo >"$file"
		umount "$UPPER_DIR/x"
		plan extents stretch "$low/big" 0
		put "$low" "$UPPER_DIR/x" 24 "$SIG_A"
		check "past 4 GiB: $who writes" plan extents write "$file" 1
		umount "$UPPER_DIR/x"
		check "past 4 GiB: the oracle reads what $who wrote" plan extents below "$low/big" 1 "$PASS_A"
		load "$reader"
		put "$low" "$UPPER_DIR/x" 24 "$SIG_A"
		check "past 4 GiB: $reader reads what $who wrote" plan extents check "$file" 1
		check "past 4 GiB: $reader cuts" truncate -s 4294971391 "$file"
		umount "$UPPER_DIR/x"
		check_is "past 4 GiB: $reader cuts below" 4294979584 "$(stat -c %s "$low/big")"
	done
}

lower_mount ext4
keys_make
keys_only "$SIG_A"
trees
times
two_keys
empty_below
past_4_gib
finish

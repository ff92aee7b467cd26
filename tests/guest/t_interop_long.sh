#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock
# tier: long
# timeout: 5400
# disk: 10G
#
# Files past 4 GiB, written by the kernel's own module and read and changed by
# ours, and the other way round; no lower file has holes, so it is gigabytes of
# encryption and takes minutes.  Then random work in turns with a new seed.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

# other MODULE: the one that is not MODULE.
other() { [ "$1" = ours ] && echo stock || echo ours; }

big() { # WRITER
	local file=$UPPER_DIR/x/big second want
	second=$(other "$1")
	load "$1"
	put "$LOWER_DIR/$1" "$UPPER_DIR/x" 32 "$SIG_A"
	check "$1 writes past 4 GiB" plan big write "$file" 1
	umount "$UPPER_DIR/x"
	load "$second"
	put "$LOWER_DIR/$1" "$UPPER_DIR/x" 32 "$SIG_A"
	check "$second reads past 4 GiB" plan big check "$file" 1
	check "$second changes past 4 GiB" plan big change "$file" 2
	check "$second reads its changes" plan big check "$file" 2
	umount "$UPPER_DIR/x"
	# The last bytes are 2 at 4 GiB + 12281 (see PLACES in interop_plan.py).
	want=$((8192 + (4294967296 + 12283 + 4095) / 4096 * 4096))
	check_is "lower size after $second" "$want" "$(stat -c %s "$LOWER_DIR/$1/big")"
	load "$1"
	put "$LOWER_DIR/$1" "$UPPER_DIR/x" 32 "$SIG_A"
	check "$1 reads what $second changed" plan big check "$file" 2
	check "$1 cuts it" truncate -s 4294967297 "$file"
	umount "$UPPER_DIR/x"
	load "$second"
	put "$LOWER_DIR/$1" "$UPPER_DIR/x" 32 "$SIG_A"
	check_is "$second sees what $1 cut" 4294967297 "$(stat -c %s "$file")"
	check "$second cuts it more" truncate -s 5000 "$file"
	umount "$UPPER_DIR/x"
	check_is "lower size of little" 16384 "$(stat -c %s "$LOWER_DIR/$1/big")"
	rm -rf "${LOWER_DIR:?}/$1"
}

lower_mount ext4
keys_make
keys_only "$SIG_A"
big stock
big ours
unload
lower_umount
# Its own verdicts; its first line is the seed.
export SEED=${SEED:-$RANDOM} TURNS=${TURNS:-10} STEPS=${STEPS:-400}
bash "$T/guest/t_interop_turns.sh" || FAILED=1
finish

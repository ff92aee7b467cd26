#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 512M
#
# The kernel's own module and ours take turns at random work (writes with and
# without gaps, appends, truncates both ways, mappings, renames, links) on the
# same lower trees, one for each key size.  After each turn the files are compared
# with a model by the module that worked, by the oracle from below, and by the
# other module.  SEED=N repeats a run, TURNS and STEPS make it longer.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

seed=${SEED:-20240229} turns=${TURNS:-4} steps=${STEPS:-60}
model=$WORK/model

turn() { # NUMBER
	put_all "$LOWER_DIR"
	[ "$1" = 1 ] ||
		check "turn $1: $LOADED reads what the other left" plan compare "$UPPER_DIR" "$model"
	check "turn $1: $LOADED works" plan turn "$UPPER_DIR" "$model" "$((seed * 100 + $1))" "$steps"
	check "turn $1: $LOADED reads its own" plan compare "$UPPER_DIR" "$model"
	take_all
	check "turn $1: the oracle reads what $LOADED left" below_is "$model" "$LOWER_DIR"
}

echo "# SEED=$seed TURNS=$turns STEPS=$steps"
lower_mount ext4
keys_make
keys_only "$SIG_A"
for bytes in $KEY_SIZES; do mkdir -p "$model/$bytes"; done
for ((number = 1; number <= turns; number++)); do
	if ((number % 2 == seed % 2)); then
		load ours
	else
		load stock
	fi
	turn "$number"
done
# The last to work has not been checked by the other yet.
if [ "$LOADED" = stock ]; then
	load ours
else
	load stock
fi
put_all "$LOWER_DIR"
check "the end: $LOADED reads what the other left" plan compare "$UPPER_DIR" "$model"
take_all
finish

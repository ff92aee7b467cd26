#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock
# timeout: 200
# tier: check
# instructions: yes
#
# What the module costs the processors, beside the kernel's own one, with a cipher
# that only copies (nullcipher), on tmpfs.  The guest's clock counts instructions,
# so that the host's other work does not matter; the bounds are some way above what
# is measured (Documentation/performance.rst), and a clear regression fails.
set -u
# shellcheck source=tests/guest/lib.sh
. "$T/guest/lib.sh"

# NAME:OPERATIONS:BOUND, the bound in hundredths; "cold-" empties the caches before.
WORK='create:200:118 rewrite:200:122 append:200:120 rename:150:112 unlink:150:112 create400k:20:78
	write:16:65 cold-read:16:56 read:16:88 rand4kw:1000:78 cold-rand4kr:1000:110'
export BENCH_DISK='' BENCH_LOWER=$LOWER

cold_caches() {
	umount "$UPPER_DIR"
	echo 3 >/proc/sys/vm/drop_caches
	mount -i -t ecryptfs -o "$UPPER_OPTS" "$LOWER_DIR" "$UPPER_DIR"
}

# measure MODULE FILE: microseconds of each workload, a number a line.
measure() {
	local work name count line
	mount -t tmpfs -o size=70% tmpfs "$LOWER" && mkdir -p "$LOWER_DIR" "$UPPER_DIR" || return
	insmod "$1" && mount -i -t ecryptfs -o "$UPPER_OPTS" "$LOWER_DIR" "$UPPER_DIR" || return
	for work in $WORK; do
		IFS=: read -r name count _ <<<"$work"
		if [ "${name#cold-}" != "$name" ]; then
			cold_caches || return
		fi
		line=$(bench "${name#cold-}" "$UPPER_DIR" "$count") || return
		line=${line#us=}
		echo "${line%% *}" >>"$2"
	done
	umount "$UPPER_DIR" && umount "$LOWER" && rmmod ecryptfs
}

if [ "$ACCEL" != tcg ]; then
	skip 'own cost' 'the clock of this guest does not count instructions'
	exit 0
fi
mkdir -p "$LOWER"
key_add test
if check 'a cipher that copies' insmod /ours/bin/nullcipher.ko &&
	check "the kernel's own module" measure "$STOCK" /run/stock &&
	check 'this module' measure "$OURS" /run/ours; then
	# shellcheck disable=SC2086 # words are meant
	while read -r work stock ours; do
		IFS=: read -r name _ bound <<<"$work"
		part=$((ours * 100 / stock))
		if ((part <= bound)); then
			ok "$name: $part, at most $bound hundredths of the time of the kernel's own module"
		else
			not_ok "$name" "$part hundredths of the time of the kernel's own module, $bound at most: $ours and $stock us"
		fi
	done < <(paste -d ' ' <(printf '%s\n' $WORK) /run/stock /run/ours)
fi
rmmod nullcipher
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 1500
# disk: 1G
#
# The kernel's own module and ours take turns at the same trees in every
# configuration: key sizes, names in plain and encrypted, metadata in the header
# and in an extended attribute; and every other cipher with encrypted names.  With
# AES-128, and on the newest kernel with AES of any size, either module is first.  The plan has each change that a directory or file
# can see, names up to the longest, and targets up to the longest.  Each reads
# what the other left; from below, without a module, names and bytes are what
# they must be; and what both have made of the same plan is alike.
#
# CONFIGS="aes-16-plain-header-stock ..." runs those alone (interop_matrix.py
# says what they mean); PAIR="stock stock" takes other modules than these two.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

read -r first second <<<"${PAIR:-stock ours}"
model=$WORK/model kept=$LOWER/round-1
export PASS_A

every_config() {
	local bytes names metadata first other turn=0
	for bytes in $KEY_SIZES; do
		for names in plain names; do
			for metadata in header xattr; do
				for first in stock ours; do
					if [ "$bytes" = 16 ] || [ "$KERNEL" = newest ] || ((turn++ % 3 == 0)); then
						echo "aes-$bytes-$names-$metadata-$first"
					fi
				done
			done
		done
	done
	# Either is first with some of them.
	for other in blowfish-16 des3_ede-24 twofish-16 cast6-32 cast5-16; do echo "$other-names-header-stock"; done
	for other in blowfish-32 blowfish-56 twofish-32 cast6-16; do echo "$other-names-header-ours"; done
	# Names by another cipher than the contents.
	echo aes-32-blowfish56-header-ours
	echo cast5-16-aes24-xattr-stock
}

# matrix COMMAND ARGUMENTS...: prints verdicts itself.
matrix() { python3 -E -S "$T/guest/interop_matrix.py" "$@" || FAILED=1; }

# mount_config CONFIG
mount_config() {
	local cipher bytes names metadata first options
	IFS=- read -r cipher bytes names metadata first <<<"$1"
	options=ecryptfs_sig=$SIG_A,ecryptfs_cipher=$cipher,ecryptfs_key_bytes=$bytes
	case $names in
	plain) ;;
	names) options+=,ecryptfs_fnek_sig=$SIG_NAMES ;;
	*)
		options+=,ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_fn_cipher=${names%%[0-9]*}
		# blowfish56, but des3_ede24
		options+=,ecryptfs_fn_key_bytes=${names: -2}
		;;
	esac
	[ "$metadata" = header ] || options+=,ecryptfs_xattr_metadata
	mkdir -p "$LOWER_DIR/$1" "$UPPER_DIR/$1" "$model/$1"
	mount -i -t ecryptfs -o "$options" "$LOWER_DIR/$1" "$UPPER_DIR/$1" ||
		give_up "$1 does not mount with $options."
}

# with CONFIGS COMMAND...: those are mounted meanwhile.
with() {
	local config configs=$1
	shift
	for config in $configs; do mount_config "$config"; done
	"$@"
	for config in $configs; do
		umount "$UPPER_DIR/$config" || give_up "cannot unmount $config."
	done
}

# work ROUND CONFIGS
work() {
	# shellcheck disable=SC2086 # a list of words
	[ -z "$2" ] || with "$2" matrix work "$1" "$UPPER_DIR" "$model" $2
}
last_read() {
	# shellcheck disable=SC2086
	[ -z "$1" ] || with "$1" matrix read "$UPPER_DIR" "$model" $1
}
below() {
	# shellcheck disable=SC2086
	PREFIX="after $LOADED: " matrix below "$LOWER_DIR" "$model" $1
}

# pairs: after round 1 of both, what differs in who came first alone.
pairs() {
	local config
	for config in $by_first; do
		[ ! -e "$LOWER_DIR/${config%-*}-ours" ] || echo "$kept/$config" "$LOWER_DIR/${config%-*}-ours"
	done
}

configs=$(tr "\n" " " <<<"${CONFIGS:-$(every_config)}")
by_first=$(tr ' ' '\n' <<<"$configs" | grep -e '-stock$' | tr '\n' ' ')
by_second=$(tr ' ' '\n' <<<"$configs" | grep -e '-ours$' | tr '\n' ' ')
lower_mount ext4 -b 4096
keys_make
keys_only "$SIG_A" "$SIG_NAMES"
modprobe -aq algif_skcipher
export ORACLE_CIPHERS=kernel,libcrypto,python

load "$first"
work 1 "$by_first"
below "$by_first"
mkdir "$kept"
cp -a "$LOWER_DIR/." "$kept/"
load "$second"
work 1 "$by_second"
# shellcheck disable=SC2046 # pairs of words
matrix alike $(pairs)
work 2 "$by_first"
below "$configs"
load "$first"
work 2 "$by_second"
work 3 "$by_first"
below "$configs"
load "$second"
work 3 "$by_second"
below "$by_second"
last_read "$by_first"
load "$first"
last_read "$by_second"
finish

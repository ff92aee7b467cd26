# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the interoperation tests have beyond lib.sh: two keys of their own, and
# three mounts at a time, one for each key size.  Sourced after lib.sh.

PASS_A='interop test' PASS_B='another key'
PLAN=$T/guest/interop_plan.py
WORK=/mnt/work
KEY_SIZES='16 24 32'
export PYTHONDONTWRITEBYTECODE=1
# The one that takes the shortest to start.
export ORACLE_CIPHERS=${ORACLE_CIPHERS:-libcrypto}

plan() { python3 -E -S "$PLAN" "$@"; }

# give_up WHY: nothing that follows would mean anything.
give_up() {
	not_ok "${0##*/} cannot go on" "$* $(dmesg | tail -n 3 | tr '\n' ' ')"
	finish
}

# load stock|ours: the module that is to do the work from now on.
load() {
	case $1 in
	stock)
		# What the kernel's own asks for when it mounts.
		modprobe -aq encrypted-keys cbc ecb md5
		load_stock
		;;
	ours) load_ours ;;
	esac || give_up "the module '$1' does not load."
	export LOADED=$1
}

# The keys, made by the oracle, as files; SIG_A and SIG_B name them, SIG_NAMES
# that of PASS_A for names.
keys_make() {
	mkdir -p "$WORK/keys"
	{
		oracle payload --passphrase "$PASS_A" --passphrase "$PASS_B"
		# "99887766"
		oracle payload --passphrase "$PASS_A" --salt 3939383837373636
	} |
		python3 -E -S -c '
import sys
for line in sys.stdin:
    data = bytes.fromhex(line.strip())
    sig = data[712:728].decode()
    open(sys.argv[1] + "/" + sig, "wb").write(data)
    print(sig)' "$WORK/keys" >"$WORK/keys/list"
	{ read -r SIG_A && read -r SIG_B && read -r SIG_NAMES; } <"$WORK/keys/list" ||
		give_up 'the oracle makes no keys.'
	export SIG_A SIG_B SIG_NAMES
	keyctl link @u @s
}

# keys_only SIG...: these are in the user keyring, and no others.
keys_only() {
	local sig
	keyctl clear @u
	for sig; do keyctl padd user "$sig" @u <"$WORK/keys/$sig" >/dev/null; done
}

# put LOWER UPPER KEY_BYTES SIG...
put() {
	local options=ecryptfs_cipher=aes,ecryptfs_key_bytes=$3 lower=$1 upper=$2 sig
	shift 3
	for sig; do options+=,ecryptfs_sig=$sig; done
	mkdir -p "$lower" "$upper"
	mount -i -t ecryptfs -o "$options" "$lower" "$upper" || give_up "$lower does not mount with $options."
}

# put_all LOWER: for each key size, LOWER/SIZE on $UPPER_DIR/SIZE.
put_all() {
	local bytes
	for bytes in $KEY_SIZES; do put "$1/$bytes" "$UPPER_DIR/$bytes" "$bytes" "$SIG_A"; done
}

take_all() {
	local bytes
	for bytes in $KEY_SIZES; do umount "$UPPER_DIR/$bytes" || give_up "cannot unmount key size $bytes."; done
}

# below_is MODEL LOWER [PASSPHRASE]: the lower files, decrypted without any
# module, are the files of MODEL.
below_is() {
	oracle verify --zero-tail --passphrase "${3:-$PASS_A}" "$2" "$1"
}

# Another test of this guest may have left it.
rm -rf "$WORK"
mkdir -p "$WORK" "$UPPER_DIR"

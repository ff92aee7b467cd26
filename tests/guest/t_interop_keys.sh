#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 256M
#
# Keys and options, beside the kernel's own module: the text of /proc/mounts for
# the same options in any order; several keys on one mount, a packet for each in
# new files, in the same order, and each of them opening the file alone; keys
# that the mount does not have; mounts that both refuse.  Then what only ours
# refuses: remounts that cannot be done, signatures that are none.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"

AES=ecryptfs_cipher=aes,ecryptfs_key_bytes=16

# by_name: letters for the signatures.
by_name() { sed "s/$SIG_A/A/g; s/$SIG_B/B/g; s/$SIG_C/C/g; s/$SIG_NAMES/N/g"; }

# try OPTIONS [LOWER [UPPER]]: 0, or the number of the error.
try() { /ours/bin/mount_try "${2:-$LOWER_DIR}" "${3:-$UPPER_DIR}" "$1"; }

# shows OPTIONS: what /proc/mounts has of them.
shows() {
	local err
	err=$(try "$1")
	if [ "$err" = 0 ]; then
		sed -n "s#^$LOWER_DIR $UPPER_DIR ##p" /proc/mounts | by_name
		umount "$UPPER_DIR"
	else
		echo "error $err"
	fi
}

texts() {
	cat <<-END
		ecryptfs_sig=$SIG_A,$AES
		ecryptfs_key_bytes=32,ecryptfs_cipher=aes,ecryptfs_unlink_sigs,ecryptfs_sig=$SIG_A
		ecryptfs_sig=$SIG_A,ecryptfs_sig=$SIG_B,ecryptfs_sig=$SIG_C,$AES
		ecryptfs_sig=$SIG_C,$AES,ecryptfs_sig=$SIG_B,ecryptfs_mount_auth_tok_only,ecryptfs_sig=$SIG_A
		ecryptfs_mount_auth_tok_only,ecryptfs_unlink_sigs,ecryptfs_check_dev_ruid,ecryptfs_sig=$SIG_B,$AES
		sig=$SIG_A,cipher=aes,ecryptfs_key_bytes=24
		sig=$SIG_A,ecryptfs_sig=$SIG_B,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_cipher=blowfish,ecryptfs_key_bytes=56
		ecryptfs_sig=$SIG_A,ecryptfs_cipher=des3_ede,ecryptfs_key_bytes=24
		ecryptfs_sig=$SIG_A,ecryptfs_cipher=twofish,ecryptfs_key_bytes=0x20
		ecryptfs_sig=$SIG_A,ecryptfs_cipher=cast5,ecryptfs_key_bytes=020
		,ecryptfs_sig=$SIG_A,,$AES,
		nosuid,ecryptfs_sig=$SIG_A,$AES
		ro,ecryptfs_sig=$SIG_A,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_key_bytes=16
		ecryptfs_sig=$SIG_A,ecryptfs_fnek_sig=$SIG_NAMES,$AES
		ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_sig=$SIG_A,$AES
		ecryptfs_fnek_sig=$SIG_A,ecryptfs_sig=$SIG_A,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_sig=$SIG_B,ecryptfs_cipher=cast5,ecryptfs_key_bytes=16
		ecryptfs_sig=$SIG_A,ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_fn_cipher=twofish,ecryptfs_fn_key_bytes=32,$AES
		ecryptfs_fn_key_bytes=24,ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_sig=$SIG_A,$AES,ecryptfs_unlink_sigs
		ecryptfs_sig=$SIG_A,ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_fn_cipher=blowfish,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_xattr_metadata,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_passthrough,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_encrypted_view,$AES
		ecryptfs_unlink_sigs,ecryptfs_encrypted_view,ecryptfs_xattr_metadata,ecryptfs_mount_auth_tok_only,ecryptfs_passthrough,ecryptfs_fnek_sig=$SIG_NAMES,ecryptfs_sig=$SIG_A,$AES
	END
}

# Both refuse these, by the same number.
refused() {
	cat <<-END
		ecryptfs_sig=0011223344556677,$AES
		ecryptfs_sig=$SIG_A,ecryptfs_sig=0011223344556677,$AES
		$AES
		ecryptfs_sig=$SIG_A,ecryptfs_cipher=rot13,ecryptfs_key_bytes=16
		ecryptfs_sig=$SIG_A,ecryptfs_cipher=aes,ecryptfs_key_bytes=17
		ecryptfs_sig=$SIG_A,ecryptfs_fnek_sig=0011223344556677,$AES
	END
}

# packets FILE: the signatures of its packets, in order.
packets() {
	oracle dump "$1" | sed -n 's/^ *"sig": "\(.*\)".*/\1/p' | by_name | tr -d '\n'
}

# facts WHO: everything about a module, a line each, "NAME: VALUE".
facts() {
	local low=$LOWER_DIR/$1 up=$UPPER_DIR options line
	keys_only "$SIG_A" "$SIG_B" "$SIG_C" "$SIG_NAMES"
	while read -r line; do
		echo "text of $(by_name <<<"$line"): $(shows "$line")"
	done < <(texts)
	while read -r line; do
		echo "refusal of $(by_name <<<"$line"): $(shows "$line")"
	done < <(refused)
	for options in "$SIG_A $SIG_B $SIG_C" "$SIG_C $SIG_A" "$SIG_B"; do
		line=$(tr -d ' ' <<<"$options" | by_name)
		# shellcheck disable=SC2086 # a list of words
		put "$low" "$up" 24 $options
		head -c 5000 /dev/zero | tr '\0' x >"$up/by-$line"
		: >"$up/empty-by-$line"
		umount "$up"
		echo "packets of $line: $(packets "$low/by-$line") $(packets "$low/empty-by-$line")"
	done
	echo "check_dev_ruid, root's: $(try "ecryptfs_sig=$SIG_A,$AES,ecryptfs_check_dev_ruid")"
	umount "$up"
	chown 1000:1000 "$low"
	echo "check_dev_ruid, another's: $(try "ecryptfs_sig=$SIG_A,$AES,ecryptfs_check_dev_ruid" "$low")"
	# The key stays: taking it away is the unmount helper's.
	echo "unlink_sigs: $(try "ecryptfs_sig=$SIG_A,$AES,ecryptfs_unlink_sigs" "$low")"
	umount -i "$up"
	echo "unlink_sigs, then: $(keyctl search @u user "$SIG_A" >/dev/null && echo there)"
}

# opens LOWER: which of its files can be read, by which keys alone.
opens() {
	local sig only name
	for sig in "$SIG_A" "$SIG_B" "$SIG_C"; do
		keys_only "$sig"
		put "$1" "$UPPER_DIR" 16 "$sig"
		for name in by-ABC empty-by-ABC by-CA by-B; do
			echo "$name by $(by_name <<<"$sig"): $(wc -c <"$UPPER_DIR/$name" || echo no)"
		done
		umount "$UPPER_DIR"
	done
	# A key that the mount does not have, but the reader does.
	keys_only "$SIG_A" "$SIG_B"
	for only in '' ,ecryptfs_mount_auth_tok_only; do
		try "ecryptfs_sig=$SIG_A,$AES$only" "$1" >/dev/null
		echo "another's${only:+ with mount_auth_tok_only}: $(wc -c <"$UPPER_DIR/by-B" || echo no)"
		umount "$UPPER_DIR"
	done
}

# same NAME: what the two have said, line by line.
same() {
	local mine theirs
	[ -s "$WORK/$1.stock" ] || give_up "no facts of stock."
	check_is "$1: as many lines" "$(wc -l <"$WORK/$1.stock")" "$(wc -l <"$WORK/$1.ours")"
	while IFS= read -r theirs <&7 && IFS= read -r mine <&8; do
		check_is "$1: ${theirs%%: *}" "${theirs#*: }" "${mine#*: }"
	done 7<"$WORK/$1.stock" 8<"$WORK/$1.ours"
}

# says NAME PATTERN COMMAND...: it fails, and the kernel's log says why.
says() {
	local name=$1 pattern=$2
	shift 2
	check "$name: the log says why" kernel_log "$pattern" "$@"
}

refuse() { [ "$(try "$1")" != 0 ] || umount "$UPPER_DIR"; }

ours_refuses() {
	local many='' number options
	load ours
	keys_only "$SIG_A" "$SIG_B"
	check_is 'a short signature' 22 "$(try "ecryptfs_sig=0011,$AES")"
	says 'a short signature' 'ecryptfs: ecryptfs_sig=0011: .*16' refuse "ecryptfs_sig=0011,$AES"
	says 'an unknown signature' 0011223344556677 refuse "ecryptfs_sig=0011223344556677,$AES"
	for ((number = 0; number < 17; number++)); do
		many+=ecryptfs_sig=$(printf '%016x' "$number"),
	done
	check_is '17 signatures' 22 "$(try "$many$AES")"
	says '17 signatures' 'ecryptfs: more than 16 keys' refuse "$many$AES"
	put "$LOWER_DIR" "$UPPER_DIR" 16 "$SIG_A"
	for options in ecryptfs_sig="$SIG_B" ecryptfs_key_bytes=32 ecryptfs_cipher=twofish \
		ecryptfs_passthrough ecryptfs_xattr_metadata ecryptfs_encrypted_view \
		ecryptfs_fnek_sig="$SIG_B" ecryptfs_fn_cipher=cast5 ecryptfs_mount_auth_tok_only \
		ecryptfs_unlink_sigs; do
		check_not "remount refuses ${options%=*}" mount -i -o "remount,$options" "$UPPER_DIR"
		says "remount refuses ${options%=*}" "ecryptfs: .*${options%=*}" \
			mount -i -o "remount,$options" "$UPPER_DIR"
	done
	check 'remount takes what is there' mount -i -o "remount,ro,ecryptfs_sig=$SIG_A,$AES" "$UPPER_DIR"
	check_is 'remount changes nothing else' "ro,relatime,ecryptfs_sig=A,$AES" \
		"$(sed -n "s#^$LOWER_DIR $UPPER_DIR ecryptfs \([^ ]*\).*#\1#p" /proc/mounts | by_name)"
	umount "$UPPER_DIR"
}

lower_mount ext4
keys_make
# Two keys for contents are the library's; a third.
oracle payload --passphrase 'a third' | xxd_r >"$WORK/keys/third"
SIG_C=$(dd if="$WORK/keys/third" bs=1 skip=712 count=16 2>/dev/null)
mv "$WORK/keys/third" "$WORK/keys/$SIG_C"
for who in stock ours; do
	load "$who"
	facts "$who" >"$WORK/facts.$who"
done
# Each opens what the other made.
load stock
opens "$LOWER_DIR/ours" >"$WORK/opens.stock" 2>/dev/null
load ours
opens "$LOWER_DIR/stock" >"$WORK/opens.ours" 2>/dev/null
same facts
same opens
check 'a packet for each key, in order' grep -qx 'packets of CA: CA CA' "$WORK/facts.ours"
check_is 'stock opens with one of three keys alone' 3 "$(grep -c '^by-ABC by .: 5000$' "$WORK/opens.stock")"
check_is 'ours opens with one of three keys alone' 3 "$(grep -c '^by-ABC by .: 5000$' "$WORK/opens.ours")"
ours_refuses
finish

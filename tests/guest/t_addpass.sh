#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 600
#
# ecryptfs-add-passphrase beside Debian's: what both print, how they exit, and the
# key that each makes, byte for byte; then the key at work in both modules.
set -u

ours=/ours/bin/ecryptfs-add-passphrase
theirs=/stock/bin/ecryptfs-add-passphrase
work=$(mktemp -d)
rc=$(getent passwd 0 | cut -d: -f6)/.ecryptfsrc
failures=0

verdict() { # NAME WHY COMMAND...
	if "${@:3}"; then
		echo "ok $1"
	else
		echo "not ok $1: $2"
		failures=$((failures + 1))
	fi
}

matches() { # TEXT PATTERN
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $1 = $2 ]]
}

# Every key in the user keyring: its description and a hash of its payload.
keys() {
	local key
	for key in $(keyctl rlist @u); do
		echo "$(keyctl rdescribe "$key") $(keyctl pipe "$key" | sha256sum)"
	done | sort
}

# both NAME INPUT ARGUMENTS...: INPUT (a printf format) into both programs.
both() {
	local name=$1 input=$2 program
	shift 2
	for program in "$ours" "$theirs"; do
		keyctl clear @u
		# shellcheck disable=SC2059 # a format on purpose
		printf "$input" | "$program" "$@" >"$work/out" 2>"$work/err"
		echo "status ${PIPESTATUS[1]}" >>"$work/out"
		keys >>"$work/out"
		mv "$work/out" "$work/${program#/}.out"
		mv "$work/err" "$work/${program#/}.err"
	done
	verdict "same-$name" "$(diff "$work/$ours.out" "$work/$theirs.out" | head -n 20 | tr '\n' ' ')" \
		cmp -s "$work/$ours.out" "$work/$theirs.out"
}

# Both agree on the result, but what is said on failure is our own.
both_fail() {
	local name=$1 input=$2 program status=()
	shift 2
	for program in "$ours" "$theirs"; do
		keyctl clear @u
		# shellcheck disable=SC2059
		printf "$input" | "$program" "$@" >/dev/null 2>&1
		status+=("${PIPESTATUS[1]}" "$(keys)")
	done
	verdict "fails-$name" "${status[*]}" \
		[ "${status[0]}${status[1]}" = "1${status[3]}" ]
	verdict "fails-$name-as-theirs" "${status[*]}" [ "${status[2]}" = 1 ]
}

same_keys() {
	local long
	long=$(printf '%064d' 1)
	both newline 'test\n' -
	both no-newline 'test' -
	both one-byte 'a' -
	both longest "$long\n" -
	both blanks ' a b \n' -
	both utf-8 'p\303\244ss\n' -
	both carriage-return 'test\r\n' -
	both nul 'a\000b\n' -
	both second-line 'one\ntwo\n' -
	both without-dash 'test\n'
	both wrong-usage '' foo
	both wrong-usage-3 '' a b c
	both unknown-option '' --nonsense
	both_fail too-long "${long}1\n" -
	both_fail empty '\n' -
	both_fail no-input '' -
}

same_salts() {
	local n=0 text
	for text in 'a,salt=0102030405060708\n' 'salt=AABBCCDDEEFF0011\n' \
		'salt=01020304050607\n' ' salt=0102030405060708\n' \
		'key=passphrase:salt=0102030405060708\n' \
		'salt=0102030405060708\nsalt=0000000000000000\n' \
		'a=b=c\nsalt=0102030405060708\n' 'salt=0102030405060708,=x\n' \
		'salt=0102030405060708\r\n'; do
		n=$((n + 1))
		# shellcheck disable=SC2059
		printf "$text" >"$rc"
		both "salt-$n" 'test\n' -
	done
	rm "$rc"
	mkdir "$rc"
	both salt-directory 'test\n' -
	rmdir "$rc"
}

# mounted SIG WANT: the file reads as WANT; it is written first if there is none.
mounted() {
	local err=0
	mount -i -t ecryptfs -o "ecryptfs_sig=$1,ecryptfs_cipher=aes,ecryptfs_key_bytes=16" \
		"$work/lower" "$work/upper" || return 1
	[ -e "$work/upper/file" ] || echo "$2" >"$work/upper/file"
	[ "$(cat "$work/upper/file")" = "$2" ] || err=1
	umount "$work/upper" || err=1
	return $err
}

load() {
	rmmod ecryptfs 2>/dev/null
	modprobe -a encrypted-keys cbc ecb md5 2>/dev/null
	insmod "$1"
}

with_stock() {
	if [ -z "${STOCK:-}" ] || [ ! -e "$STOCK" ]; then
		echo "skip stock-module: none for this kernel"
		return
	fi
	load "$STOCK" || echo "not ok stock-load: insmod failed"
	both fnek 'test\n' --fnek -
	both fnek-longest "$(printf '%064d' 1)" --fnek -
	both fnek-without-dash 'test\n' --fnek
	echo 'salt=0102030405060708' >"$rc"
	both fnek-salt 'test\n' --fnek -
	rm "$rc"
	keyctl clear @u
	printf test | "$ours" - >/dev/null
	verdict our-key-stock-module "mount, write or read failed" \
		mounted d395309aaad4de06 "written by stock"
	rmmod ecryptfs
}

with_ours() {
	local said
	verdict our-module "insmod failed" load "${OURS:?}"
	keyctl clear @u
	printf test | "$ours" - >/dev/null
	verdict our-key-our-module "mount, write or read failed" \
		mounted d395309aaad4de06 "written by stock"
	keyctl clear @u
	printf test | "$theirs" - >/dev/null
	verdict their-key-our-module "mount, write or read failed" \
		mounted d395309aaad4de06 "written by stock"
	verdict dump "$(/ours/bin/ecryptfs dump "$work/lower/file" 2>&1)" \
		grep -q d395309aaad4de06 <(/ours/bin/ecryptfs dump "$work/lower/file")
	both_fail_names
	said=$(keyctl session - bash -c "
		printf test | $ours - 2>&1 >/dev/null
		mount -i -t ecryptfs -o ecryptfs_sig=d395309aaad4de06 $work/lower $work/upper 2>&1 && echo mounted
		keyctl link @u @s
		mount -i -t ecryptfs -o ecryptfs_sig=d395309aaad4de06 $work/lower $work/upper && echo now
		/ours/bin/ecryptfs dump $work/upper/file 2>&1
		umount $work/upper" 2>/dev/null)
	verdict hint-when-out-of-reach "$said" \
		matches "$said" '*will not find it*keyctl link @u @s*now*'
	verdict no-mount-out-of-reach "$said" [ "${said/mounted/}" = "$said" ]
	verdict dump-of-the-view "$said" matches "$said" '*decrypted view*'
	rmmod ecryptfs
}

# As our module's sysfs says whether names are encrypted, both programs obey.
both_fail_names() {
	if (($(cat /sys/fs/ecryptfs/version) & 0x100)); then
		both fnek-our-module 'test\n' --fnek -
	else
		both_fail fnek-our-module 'test\n' --fnek -
	fi
}

mkdir "$work/lower" "$work/upper" "$work/ours" "$work/stock" "$work/ours/bin" "$work/stock/bin"
keyctl link @u @s
same_keys
same_salts
with_stock
with_ours
keyctl clear @u
[ "$failures" = 0 ]

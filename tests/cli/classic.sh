# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Tests of the classic commands, beside Debian's ecryptfs-utils where they can be
# had: those are unpacked into the cache, not installed.  Sourced by run, which
# has the helpers.
# shellcheck disable=SC2154,SC2034 # variables of run

# Prints where Debian's tools are unpacked, or nothing.
stock_fetch() {
	bash -c '. "$1/tests/qemu/common.sh"
		version=$(package_version ecryptfs-utils)
		[ -n "$version" ] || exit
		dir=$CACHE/utils-$version
		under_lock utils
		[ -e "$dir/done" ] || { package_unpack ecryptfs-utils "$dir" &&
			package_unpack libecryptfs1 "$dir" && : >"$dir/done"; } || exit
		echo "$dir"' - "$top" 2>/dev/null
}

# Sets $stock to the directory of Debian's tools if they run here, or to "".
stock_tools() {
	stock=$(stock_fetch)
	stock_lib=$(find "$stock/usr/lib" -name 'libecryptfs.so.1' -printf %h 2>/dev/null)
	if [ -z "$stock_lib" ] || ! theirs ecryptfs-unwrap-passphrase a b c d >/dev/null 2>&1; then
		stock=
	fi
}

# theirs PROGRAM ARGUMENTS...
theirs() { LD_LIBRARY_PATH=$stock_lib "$stock/usr/bin/$1" "${@:2}"; }

# The vectors, of both versions, opened by our command.
test_wrapped_vectors() {
	local name='' wrapping='' file='' want='' bad=0 n=0 line
	while IFS= read -r line || [ -n "$name" ]; do
		case $line in
		"test = "*) name=${line#test = } ;;
		"wrapping = "*) wrapping=${line#wrapping = } ;;
		"in = "*) file=${line#in = } ;;
		"passphrase = "*) want=${line#passphrase = } ;;
		"")
			[ -n "$name" ] || continue
			n=$((n + 1))
			unhex "$file" >"$tmp/vector"
			[ "$(unhex "$wrapping" | "$bin/ecryptfs-unwrap-passphrase" "$tmp/vector" -)" = "$(unhex "$want")" ] ||
				{ fail "wrapped-vector" "$name"; bad=1; }
			name=
			;;
		esac
	done <"$top/tests/vectors/wrapped_passphrase.vec"
	verdict wrapped-vectors "$n read" [ "$n" -ge 10 ] && ((!bad))
}

unhex() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"; }

# both NAME STATUS INPUT PROGRAM ARGUMENTS...: ours and Debian's print the same
# on standard output and exit the same; @ in an argument is a file of each's own.
both() {
	local name=$1 want=$2 input=$3 program=$4 ours
	shift 4
	# shellcheck disable=SC2059 # a format on purpose
	printf "$input" | "$bin/$program" "${@//@/$tmp/ours}" >"$tmp/out" 2>"$tmp/err"
	status=${PIPESTATUS[1]}
	cp "$tmp/out" "$tmp/out.ours"
	if [ "$status" != "$want" ]; then
		fail "$name" "exit status $status, not $want: $(cat "$tmp/err")"
		return
	fi
	ok "$name"
	[ -n "$stock" ] || return
	# shellcheck disable=SC2059
	printf "$input" | theirs "$program" "${@//@/$tmp/theirs}" >"$tmp/out" 2>/dev/null
	ours=$status status=${PIPESTATUS[1]}
	verdict "$name-as-debian" "status $status: $(diff "$tmp/out.ours" "$tmp/out" | head -n 5 | tr '\n' ' ')" \
		test "$ours $(sha256sum <"$tmp/out.ours")" = "$status $(sha256sum <"$tmp/out")"
}

test_wrapped() {
	local p long unwrap=$bin/ecryptfs-unwrap-passphrase rewrap=$bin/ecryptfs-rewrap-passphrase
	long=$(printf %064d 7)
	rm -f "$tmp/ours" "$tmp/theirs"
	both wrap 0 'mount pass\nlogin' ecryptfs-wrap-passphrase @ -
	both unwrap 0 'login' ecryptfs-unwrap-passphrase @ -
	run cat "$tmp/out.ours"
	expect unwrap-text 0 'mount pass' -
	both unwrap-newline 0 'login\n' ecryptfs-unwrap-passphrase @ -
	both unwrap-argument 0 '' ecryptfs-unwrap-passphrase @ login
	both unwrap-no-terminal 0 'login\n' ecryptfs-unwrap-passphrase @
	both unwrap-wrong 1 'other' ecryptfs-unwrap-passphrase @ -
	both unwrap-wrong-argument 1 '' ecryptfs-unwrap-passphrase @ other
	both unwrap-empty 1 '\n' ecryptfs-unwrap-passphrase @ -
	both unwrap-absent 1 'login' ecryptfs-unwrap-passphrase @/absent -
	both rewrap 0 'login\nnew' ecryptfs-rewrap-passphrase @ -
	both rewrap-old-gone 1 'login\nnew' ecryptfs-rewrap-passphrase @ -
	both rewrap-argument 0 '' ecryptfs-rewrap-passphrase @ new third
	both rewrap-no-terminal 0 'third\nlogin\nlogin\n' ecryptfs-rewrap-passphrase @
	both rewrap-differ 1 'login\na\nb\n' ecryptfs-rewrap-passphrase @
	both unwrap-after-rewrap 0 'login' ecryptfs-unwrap-passphrase @ -
	both wrap-argument 0 '' ecryptfs-wrap-passphrase @ again login
	both wrap-no-terminal 0 'again\nlogin\n' ecryptfs-wrap-passphrase @
	both wrap-empty 1 '\nlogin\n' ecryptfs-wrap-passphrase @ -
	both wrap-under-empty 1 'pass\n\n' ecryptfs-wrap-passphrase @ -
	run "$bin/ecryptfs-wrap-passphrase" "$tmp/ours" - < <(printf '%sx\nlogin\n' "$long")
	expect wrap-too-long 1 - "*too long*"
	both wrap-longest 0 "$long\\n$long\\n" ecryptfs-wrap-passphrase @ -
	both unwrap-longest 0 "$long\\n" ecryptfs-unwrap-passphrase @ -
	for p in wrap unwrap rewrap; do
		both "$p-usage" 0 '' "ecryptfs-$p-passphrase" a b c d e
		both "$p-directory" 1 'a\nb\n' "ecryptfs-$p-passphrase" / -
	done
	both wrap-usage-none 0 '' ecryptfs-wrap-passphrase
	both wrap-usage-two 0 '' ecryptfs-wrap-passphrase @ a
	both rewrap-usage-none 0 '' ecryptfs-rewrap-passphrase
	both insert-usage 0 '' ecryptfs-insert-wrapped-passphrase-into-keyring a b c d
	test_wrapped_files "$unwrap" "$rewrap"
}

test_wrapped_files() {
	local unwrap=$1 rewrap=$2 file=$tmp/wrapped dir=$tmp/dir n before
	printf 'some\nx' | "$bin/ecryptfs-wrap-passphrase" "$file" -
	verdict wrapped-mode "$(stat -c %a "$file")" [ "$(stat -c %a "$file")" = 600 ]
	verdict wrapped-by-the-oracle "not opened" \
		[ "$($oracle unwrap-passphrase --wrapping x "$file")" = some ]
	run "$unwrap" "$file" x
	expect unwrap-one-character 0 some -
	if [ -n "$stock" ]; then
		verdict ours-by-debian "not opened" [ "$(printf x | theirs ecryptfs-unwrap-passphrase "$file" -)" = some ]
		printf 'other\ny' | theirs ecryptfs-wrap-passphrase "$file.2" -
		verdict debian-by-ours "not opened" [ "$(printf y | "$unwrap" "$file.2" -)" = other ]
	else
		skip wrapped-debian "Debian's ecryptfs-utils cannot be run here"
	fi
	# Version 1 becomes version 2.
	$oracle wrap-passphrase --passphrase old --wrapping w --wrapped-version 1 "$file"
	run "$rewrap" "$file" w x
	expect rewrap-version-1 0 - -
	verdict rewrap-writes-version-2 "$(od -An -tx1 -N2 "$file")" [ "$(od -An -tx1 -N2 "$file")" = " 3a 02" ]
	run "$unwrap" "$file" x
	expect unwrap-rewrapped 0 old -
	# Each byte that is wrong, and each length that is too short.
	before=$(stat -c %s "$file")
	python3 - "$file" "$tmp/bad" <<-'END'
		import os, sys
		data = open(sys.argv[1], "rb").read()
		os.mkdir(sys.argv[2])
		for i in range(26):
		    open("%s/byte%d" % (sys.argv[2], i), "wb").write(data[:i] + bytes([data[i] ^ 0x15]) + data[i + 1:])
		for i in (0, 1, 2, 15, 16, 25, 26, 27, 41):
		    open("%s/cut%d" % (sys.argv[2], i), "wb").write(data[:i])
	END
	n=0
	for file in "$tmp"/bad/*; do
		"$unwrap" "$file" x >"$tmp/out" 2>/dev/null && n=$((n + 1))
		[ ! -s "$tmp/out" ] || n=$((n + 1))
	done
	verdict wrapped-damaged "$n of the damaged files opened ($before bytes)" [ "$n" = 0 ]
	printf ':\3%040d' 0 >"$tmp/newer"
	run "$unwrap" "$tmp/newer" x
	expect wrapped-newer 1 - "*has an unknown version*"
	# What cannot be written leaves the old file and nothing else.
	mkdir "$dir"
	printf 'keep\nx' | "$bin/ecryptfs-wrap-passphrase" "$dir/w" -
	before=$(sha256sum <"$dir/w")
	(
		trap '' XFSZ
		ulimit -f 0
		exec "$rewrap" "$dir/w" x y 2>/dev/null
	)
	status=$?
	verdict rewrap-full-disk "status $status: $(ls "$dir")" \
		test "$status $(ls "$dir") $(sha256sum <"$dir/w")" = "1 w $before"
	if [ "$(id -u)" = 0 ]; then
		chown 12345:54321 "$dir/w"
		"$rewrap" "$dir/w" x y
		verdict rewrap-keeps-owner "$(stat -c %u:%g:%a "$dir/w")" \
			[ "$(stat -c %u:%g:%a "$dir/w")" = 12345:54321:600 ]
	fi
}

test_insert_wrapped() {
	local sig fnek words="insert $$ $RANDOM" insert=$bin/ecryptfs-insert-wrapped-passphrase-into-keyring
	if ! command -v keyctl >/dev/null || ! keyctl session - true >/dev/null 2>&1; then
		skip insert-wrapped "keyctl does not work here"
		return
	fi
	sig=$(signature_of "$($oracle payload --passphrase "$words")")
	fnek=$(signature_of "$($oracle payload --passphrase "$words" --salt 3939383837373636)")
	sigs+=("$sig" "$fnek")
	printf '%s\nwrap' "$words" | "$bin/ecryptfs-wrap-passphrase" "$tmp/insert" -
	run "$insert" "$tmp/insert" wrong
	expect insert-wrong 1 - "*another passphrase*"
	run session linked "$insert" "$tmp/insert" - < <(printf wrap)
	expect insert 0 "$(line "$sig")" -
	verdict insert-content-key "not the oracle's" \
		[ "$(session linked keyctl pipe "$(keyctl search @u user "$sig")" | od -An -v -tx1 | tr -d ' \n')" = \
		"$($oracle payload --passphrase "$words")" ]
	verdict insert-names-key "not the oracle's" \
		[ "$(session linked keyctl pipe "$(keyctl search @u user "$fnek")" | od -An -v -tx1 | tr -d ' \n')" = \
		"$($oracle payload --passphrase "$words" --salt 3939383837373636)" ]
}

# Headers of the oracle's, and what flags make of them.
test_stat() {
	local flags
	printf test >"$tmp/stat.plain"
	$oracle write --passphrase test --key-bytes 16 "$tmp/stat.plain" "$tmp/ours"
	cp "$tmp/ours" "$tmp/stat.base"
	for flags in 0 2 3 6 7; do
		cp "$tmp/stat.base" "$tmp/ours"
		printf '%b' "\\0$flags" | dd of="$tmp/ours" bs=1 seek=19 conv=notrunc 2>/dev/null
		cp "$tmp/ours" "$tmp/theirs"
		both "stat-flags-$flags" 0 '' ecryptfs-stat @
	done
	cp "$tmp/stat.base" "$tmp/ours"
	run "$bin/ecryptfs-stat" "$tmp/ours"
	expect stat 0 "File version: [[]3[]]
Decrypted file size: [[]4[]]
Number of header bytes at front of file: [[]8192[]]
Metadata in the header region
Encrypted
HMAC disabled" -
	run "$bin/ecryptfs-stat"
	expect stat-usage 0 "Usage:*ecryptfs-stat <filename>" -
	run "$bin/ecryptfs-stat" "$tmp/absent"
	expect stat-absent 251 - "*No such file*"
	run "$bin/ecryptfs-stat" "$tmp/stat.plain"
	expect stat-plain 0 - "*not an encrypted file*"
}

# A home with one thing different in each, judged by both.
verify_homes() {
	local home option n=0 bad=0
	home=$(getent passwd "$(id -u)" | cut -d: -f6)
	mount -t tmpfs none "$home" || return 77
	mkdir -p "$home/.ecryptfs" "$home/.Private" "$home/Private"
	for n in none sig1 sig2 sig3 mnt-absent-dir mnt-private mount umount mnt-home sig1-again no-mount; do
		case $n in
		sig1 | sig1-again) echo d395309aaad4de06 >"$home/.ecryptfs/Private.sig" ;;
		sig2) printf 'd395309aaad4de06\nbe877764c5918621\n' >"$home/.ecryptfs/Private.sig" ;;
		sig3) printf 'd395309aaad4de06\nbe877764c5918621\nbe877764c5918621\n' >"$home/.ecryptfs/Private.sig" ;;
		mnt-absent-dir) printf 'd395309aaad4de06\nbe877764c5918621\n' >"$home/.ecryptfs/Private.sig"
			echo "$home/nothing" >"$home/.ecryptfs/Private.mnt" ;;
		mnt-private) echo "$home/Private" >"$home/.ecryptfs/Private.mnt" ;;
		mount) : >"$home/.ecryptfs/auto-mount" ;;
		umount) : >"$home/.ecryptfs/auto-umount" ;;
		mnt-home) echo "$home" >"$home/.ecryptfs/Private.mnt" ;;
		no-mount) rm "$home/.ecryptfs/auto-mount" ;;
		esac
		for option in -h -p -e -n "-h -e" "-p -n" "-p -e" "" "-u nosuchuser -e"; do
			# shellcheck disable=SC2086 # words are meant
			"$tmp/verify/ours/ecryptfs-verify" $option >/dev/null 2>&1
			status=$?
			# shellcheck disable=SC2086
			USER=$(id -un) timeout 20 "$tmp/verify/theirs" $option >/dev/null 2>&1
			want=$?
			[ "$status" = "$want" ] || { echo "$n, $option: $status, not $want"; bad=1; }
		done
	done
	return "$bad"
}

test_verify() {
	run "$bin/ecryptfs-verify"
	expect verify-no-checks 1 - "*No checks given*Configuration invalid"
	run timeout 10 "$bin/ecryptfs-verify" --nonsense
	expect verify-unknown-option 1 - "*unknown option*"
	run "$bin/ecryptfs-verify" -e -u no-such-user
	expect verify-no-user 1 - "*No such user*"
	if [ -z "$stock" ] || [ "$(id -u)" != 0 ]; then
		skip verify-as-debian "needs root and Debian's ecryptfs-utils"
		return
	fi
	# What is under the home will not be seen.
	mkdir -p "$tmp/verify/ours"
	cp "$bin/ecryptfs" "$tmp/verify/ours/ecryptfs-verify"
	cp "$stock/usr/bin/ecryptfs-verify" "$tmp/verify/theirs"
	export -f verify_homes && export tmp
	run unshare -m bash -c verify_homes
	if [ "$status" = 77 ]; then
		skip verify-as-debian "nothing can be mounted here"
	else
		expect verify-as-debian 0 - -
	fi
}

test_find() {
	run "$bin/ecryptfs-find" "$tmp/absent"
	expect find-absent 1 - "*No such file*"
	run "$bin/ecryptfs-find"
	expect find-usage 1 - "*one NAME is needed*"
	run "$bin/ecryptfs-find" "$tmp"
	expect find-elsewhere 1 - -
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Tests of the commands that read a lower tree without a mount: on the golden trees,
# which the stock module has written, on damaged files and names, killed and run
# again.  Sourced by run.

# Each golden tree has the names, modes, targets and contents of its manifest.
offline_golden() {
	local name cipher keys kind pass tree out
	while read -r name cipher _ _ _ keys kind; do
		[ "${name#\#}" = "$name" ] || continue
		tree=$tmp/off/$name
		mkdir -p "$tree"
		if ! tar -C "$tree" --xattrs --xattrs-include='user.*' -xJf "$top/tests/golden/$name.tar.xz" 2>/dev/null; then
			skip "offline-golden-$name" "no extended attributes in $tmp"
			continue
		fi
		for pass in golden "golden two"; do
			[ "$pass" = golden ] || [ "$keys" = 2 ] || continue
			out=$tmp/off/out-$name-${pass#golden}
			# Names are the first one's.
			run "$ecryptfs" export -p - "$tree" "$out" < <(printf '%s\n' "$pass")
			case $cipher in
			cast6 | twofish)
				if [ "$status" = 5 ] && grep -q 'is not available here' "$tmp/err"; then
					skip "offline-golden-$name" "$cipher is in no library here"
					continue
				fi
				;;
			esac
			if [ "$pass" = golden ]; then
				"$here/exported.py" "$top/tests/golden/$kind.manifest" "$out" >"$tmp/log"
				verdict "offline-golden-$name" "$(cat "$tmp/log"; cat "$tmp/err")" [ ! -s "$tmp/log" ]
				verdict "offline-golden-$name-status" "exit status $status" [ "$status" = 0 ]
			else
				# Contents are the second's, too; its names are raw.
				find "$out" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort >"$tmp/have"
				awk '$1 == "f" { print $5 }' "$top/tests/golden/$kind.manifest" | sort >"$tmp/want"
				verdict "offline-golden-$name-two" "other contents" cmp -s "$tmp/have" "$tmp/want"
				verdict "offline-golden-$name-two-status" "exit status $status" [ "$status" = 5 ]
			fi
		done
	done <"$top/tests/golden/index"
}

offline_listing() {
	local tree=$tmp/off/aes-16 lower
	echo golden >"$tmp/pw"
	run "$ecryptfs" ls -p - "$tree" <"$tmp/pw"
	expect offline-ls 0 "*
appended
*" -
	run "$ecryptfs" ls -lR -p - "$tree" <"$tmp/pw"
	expect offline-ls-long 0 "*f 0644 *1510 *$tree/appended *l 0777 *$tree/dir/broken -> ../nowhere/*" -
	tr -d '\n\040-\176\200-\377' <"$tmp/out" >"$tmp/log"
	verdict offline-ls-controls "control characters" [ ! -s "$tmp/log" ]
	run "$ecryptfs" ls -j -p - "$tree" <"$tmp/pw"
	lower=$(python3 -c 'import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["path"].endswith("/appended"): print(row["lower"], row["size"])' <"$tmp/out")
	verdict offline-ls-json "$lower" [ "${lower#* }" = 1510 ]
	lower=$tree/${lower% *}
	run "$ecryptfs" cat -p - "$lower" <"$tmp/pw"
	verdict offline-cat "other content, $(cat "$tmp/err")" cmp -s "$tmp/out" "$tmp/off/out-aes-16-/appended"
	run "$ecryptfs" cp -p - "$lower" "$tmp/off/copied" <"$tmp/pw"
	verdict offline-cp "$(cat "$tmp/err")" cmp -s "$tmp/off/copied" "$tmp/off/out-aes-16-/appended"
	mkdir -p "$tmp/off/into"
	run "$ecryptfs" cp -p - "$lower" "$tmp/off/into" <"$tmp/pw"
	verdict offline-cp-into "$(cat "$tmp/err")" cmp -s "$tmp/off/into/appended" "$tmp/off/out-aes-16-/appended"
	run "$ecryptfs" cp -p - "$tree" "$tmp/off/into" <"$tmp/pw"
	expect offline-cp-directory 1 - "*is a directory*ecryptfs export*"
	run "$ecryptfs" ls -p - "$tree" < <(echo wrong)
	expect offline-ls-wrong 5 "*ECRYPTFS_FNEK_ENCRYPTED.*" "*the name is encrypted with another key*"
	run "$ecryptfs" cat -p - "$lower" < <(echo wrong)
	expect offline-cat-wrong 5 - "*needs the key *, which is not this one*"
	run "$ecryptfs" ls -n "$tree"
	expect offline-no-key 0 "*ECRYPTFS_FNEK_ENCRYPTED.*" -
	run "$ecryptfs" ls "$tree" </dev/null
	expect offline-no-vault 1 - "*there is no vault in it*--passphrase*"
	run "$ecryptfs" verify -p - "$tree" <"$tmp/pw"
	expect offline-verify 0 "25 files of 36799 bytes, 3 directories, 2 links: 0 damaged, 0 notes" -
	run "$ecryptfs" verify -n -q "$tree"
	expect offline-verify-no-key 0 "25 files of 36799 bytes, *: 0 damaged*" -
}

# What a terminal does not show, and what it was can be told.
offline_hidden() {
	local tree=$tmp/off/hidden
	mkdir -p "$tree"
	echo text >"$tmp/plain"
	$oracle write --passphrase golden "$tmp/plain" "$tree/"$'a\xc2\xad\xe2\x80\x8b\xc3\xa4\\\xff\e'
	run "$ecryptfs" ls -p - "$tree" <"$tmp/pw"
	verdict offline-ls-hidden "$(cat -A "$tmp/out" "$tmp/err")" \
		[ "$(cat "$tmp/out")" = 'a\xc2\xad\xe2\x80\x8b'$'\xc3\xa4''\\\xff\x1b' ]
	rm -r "$tree"
}

# A secret is tried, and nothing is unlocked: DIR FILE RECOVERY ESCROW SECRET.
offline_key_test() {
	local dir=$1 file=$2 sig other=$tmp/off/other
	sig=$("$ecryptfs" status --json "$dir" | python3 -c 'import json, sys; print(json.load(sys.stdin)["signature"])')
	run "$ecryptfs" key test - "$dir" <"$tmp/lines"
	expect key-test 0 "$dir.vault: slot 0 opens it
key $sig, for names *" -
	verdict key-test-no-key "the key is in the keyring" bash -c "! keyctl search @u user $sig 2>/dev/null"
	run "$ecryptfs" key test - "$dir" < <(echo wrong)
	expect key-test-wrong 3 - "*opens none of the slots*"
	run "$ecryptfs" key test - --slot 1 "$dir" <"$tmp/lines"
	expect key-test-other-slot 3 - "*"
	run "$ecryptfs" key test - --recovery "$dir" < <(echo "$3")
	expect key-test-recovery 0 "*: slot 1 opens it*" -
	run "$ecryptfs" key test --with pkey "$dir" key="$4" </dev/null
	expect key-test-escrow 0 "*: slot 2 opens it*" -
	run "$ecryptfs" key test - "$file" <"$tmp/lines"
	expect key-test-file 0 "*: slot 0 opens it*
a file: this key opens it" -
	$oracle write --passphrase test --key-bytes 16 "$tmp/plain" "$other"
	run "$ecryptfs" key test - "$dir" "$other" <"$tmp/lines"
	expect key-test-other 3 "*: slot 0 opens it*
other: it needs the key d395309aaad4de06, which is not this one" -
	run "$ecryptfs" key test --json - "$dir" "$other" "$file" <"$tmp/lines"
	python3 -c 'import json, sys
print(*((x["type"], x.get("slot"), x["signature"], x.get("opened")) for x in map(json.loads, sys.stdin)))' \
		<"$tmp/out" >"$tmp/json"
	verdict key-test-json "$(cat "$tmp/json")" \
		[ "$(cat "$tmp/json")" = "('key', 0, '$sig', None) ('file', None, 'd395309aaad4de06', False) ('file', None, '$sig', True)" ]
	cp "$other" "$dir/below/plain name"
	run "$ecryptfs" key test -R - "$dir" <"$tmp/lines"
	expect key-test-recursive 3 "*$dir/below/plain name: it needs the key d395309aaad4de06*
1 files of this key, 1 of others" "*"
	: >"$dir/below/plain name"
	run "$ecryptfs" key test -R - "$dir" <"$tmp/lines"
	expect key-test-empty 0 "*1 files of this key, 0 of others" "*any key is as good*"
	head -c 9000 /dev/urandom >"$dir/below/plain name"
	run "$ecryptfs" key test -R - "$dir" <"$tmp/lines"
	expect key-test-damaged 5 "*1 files of this key, 0 of others" "*its header is lost*"
	rm "$dir/below/plain name"
	run "$ecryptfs" key test -p - "$dir" < <(echo "$5")
	expect key-test-passphrase 0 "key $sig*$dir: this key opens it" -
	run "$ecryptfs" key test -p - "$dir" < <(echo wrong)
	expect key-test-passphrase-wrong 3 "*$dir: it needs the key $sig, which is not this one" -
	mkdir -p "$tmp/off/nothing"
	run "$ecryptfs" key test -p - "$tmp/off/nothing" < <(echo wrong)
	expect key-test-nothing 1 "key *" "*it has no encrypted file to check the passphrase with"
	run "$ecryptfs" key test -n "$dir" </dev/null
	expect key-test-no-key-option 2 - "*leaves nothing to test*"
}

# Each way to the key of a vault, and that of a wrapped passphrase.
offline_keys() {
	local dir=$tmp/off/v/d keys=$tmp/off/keys secret recovery
	mkdir -p "$tmp/off/v" "$keys"
	openssl genpkey -algorithm X25519 -out "$keys/escrow.pem" 2>/dev/null
	openssl pkey -in "$keys/escrow.pem" -pubout -out "$keys/escrow.pub" 2>/dev/null
	lines 'the word'
	run "$ecryptfs" init - "$dir" seconds=0.1 <"$tmp/lines"
	recovery=$(grep -oE '([0-9A-Z]{5}-){12}[0-9A-Z]{5}' "$tmp/out")
	run "$ecryptfs" key add - "$dir" pkey file="$keys/escrow.pub" <"$tmp/lines"
	expect offline-escrow-added 0 "*" "*"
	secret=$(vault_oracle "$dir.vault" passphrase 'the word')
	mkdir "$dir/below"
	printf 'what it says\n' >"$tmp/plain"
	$oracle write --passphrase "$secret" --key-bytes 32 "$tmp/plain" \
		"$dir/below/$($oracle name --passphrase "$secret" --key-bytes 32 'a file')"
	set -- "$dir"/below/*
	run "$ecryptfs" cat - "$1" <"$tmp/lines"
	expect offline-vault 0 "what it says" -
	run "$ecryptfs" ls -R - "$dir" <"$tmp/lines"
	expect offline-vault-names 0 "*$dir/below/a file" -
	run "$ecryptfs" cat - --recovery "$1" < <(echo "$recovery")
	expect offline-recovery 0 "what it says" -
	run "$ecryptfs" cat --with pkey "$1" key="$keys/escrow.pem"
	expect offline-escrow 0 "what it says" -
	run "$ecryptfs" cat --with pass "$1" </dev/null
	expect offline-with-no-source 2 - "sources:* pkey*--with takes a key source*"
	run "$ecryptfs" cat - "$1" < <(echo wrong)
	expect offline-vault-wrong 3 - "*opens none of the slots*"
	offline_key_test "$dir" "$1" "$recovery" "$keys/escrow.pem" "$secret"
	printf '%s\n%s\n' "$secret" wrapping | "$bin/ecryptfs-wrap-passphrase" "$keys/wrapped" - >/dev/null
	run "$ecryptfs" cat - --wrapped "$keys/wrapped" "$1" < <(echo wrapping)
	expect offline-wrapped 0 "what it says" -
	run "$ecryptfs" cat - --wrapped "$keys/wrapped" "$1" < <(echo other)
	expect offline-wrapped-wrong 3 - "*wrapped with another passphrase*"
	$oracle write --passphrase test --salt 0102030405060708 "$tmp/plain" "$tmp/off/salted"
	run "$ecryptfs" cat -p - --salt 0102030405060708 "$tmp/off/salted" < <(echo test)
	expect offline-salt 0 "what it says" -
}

offline_damage() {
	local kind
	for kind in files names; do
		mkdir -p "$tmp/off/evil-$kind"
		"$here/offline_evil.py" "$kind" "$ecryptfs" "$tmp/off/evil-$kind" >"$tmp/log" 2>&1
		status=$?
		verdict "offline-evil-$kind" "$(head -n 5 "$tmp/log")" [ "$status" = 0 ]
	done
	# What is in the target already is neither followed nor replaced.
	mkdir -p "$tmp/off/way" "$tmp/off/elsewhere"
	ln -s "$tmp/off/elsewhere" "$tmp/off/way/dir"
	echo mine >"$tmp/off/way/appended"
	run "$ecryptfs" export -p - "$tmp/off/aes-16" "$tmp/off/way" <"$tmp/pw"
	expect offline-in-the-way 5 "*" "*appended: something else of that name*/dir: something else of that name*"
	verdict offline-not-followed "something is there" [ -z "$(ls -A "$tmp/off/elsewhere")" ]
	verdict offline-not-replaced "it was" [ "$(cat "$tmp/off/way/appended")" = mine ]
	# A crash's leavings, and what is no file.
	mkdir -p "$tmp/off/odd"
	: >"$tmp/off/odd/.ecryptfs-new-0123456789abcdef"
	mkfifo "$tmp/off/odd/pipe"
	run timeout 20 "$ecryptfs" verify -p - "$tmp/off/odd" <"$tmp/pw"
	expect offline-odd 0 "0 files *: 0 damaged, 2 notes" "*it was left by a crash*pipe*"
	# Nothing but zeros, in holes or written; and data where the key was not.
	mkdir -p "$tmp/off/zeros"
	head -c 20000 /dev/zero >"$tmp/off/zeros/written"
	truncate -s 1G "$tmp/off/zeros/hole"
	run "$ecryptfs" verify -p - "$tmp/off/zeros" <"$tmp/pw"
	expect offline-zeros 0 "2 files of 0 bytes, *: 0 damaged, 2 notes" "*hole: it has only zeros*"
	printf x >>"$tmp/off/zeros/hole"
	run "$ecryptfs" verify -p - "$tmp/off/zeros" <"$tmp/pw"
	expect offline-zeros-and-data 5 "2 files of 0 bytes, *: 1 damaged, 1 notes" "*hole: *header is *"
}

# Ends that are lost: shown, done, undone by the copy, and read by the oracle.
offline_repair() {
	local tree=$tmp/off/broken kind size
	mkdir -p "$tree"
	head -c 20000 /dev/urandom >"$tmp/plain"
	for kind in header xattr; do
		set --
		[ "$kind" = header ] || set -- --xattr
		if ! $oracle write --passphrase golden "$@" "$tmp/plain" "$tree/$kind" 2>/dev/null; then
			skip "offline-repair-$kind" "no extended attributes in $tmp"
			continue
		fi
		truncate -s -5000 "$tree/$kind"
	done
	$oracle write --passphrase golden "$tmp/plain" "$tree/cut"
	truncate -s -100 "$tree/cut"
	$oracle write --passphrase golden "$tmp/plain" "$tree/good"
	cp -a "$tree" "$tmp/off/before"
	run "$ecryptfs" repair -p - "$tree" <"$tmp/pw"
	expect offline-repair-shown 5 "would: fill up its last block: $tree/cut*would: shorten it from 20000 bytes to the 15472 that are there: $tree/header*but nothing was done; --yes does it" -
	verdict offline-repair-nothing "it changed something" diff -r "$tree" "$tmp/off/before"
	run "$ecryptfs" repair --yes --backup "$tmp/off/kept" -p - "$tree" <"$tmp/pw"
	expect offline-repair 0 "did: fill*did: shorten*files were changed; their old metadata are in $tmp/off/kept" -
	verdict offline-repair-good "it changed a good one" cmp -s "$tree/good" "$tmp/off/before/good"
	run "$ecryptfs" verify -p - "$tree" <"$tmp/pw"
	expect offline-repair-verified 0 "*: 0 damaged, 0 notes" -
	for kind in header cut; do
		size=15472
		[ "$kind" = header ] || size=20000
		$oracle read --passphrase golden "$tree/$kind" "$tmp/back" 2>"$tmp/log"
		head -c "$size" "$tmp/plain" >"$tmp/want"
		verdict "offline-repair-oracle-$kind" "$(cat "$tmp/log")" cmp -s "$tmp/back" "$tmp/want"
	done
	dd if="$tmp/off/kept/$(sed -n "s/ inode .*: header\$//p" "$tmp/off/kept/index")" of="$tree/header" conv=notrunc status=none
	verdict offline-repair-undone "not as before" cmp -s -n "$(stat -c %s "$tmp/off/before/header")" "$tree/header" "$tmp/off/before/header"
	run "$ecryptfs" repair --yes --backup "$tmp/off/kept" -p - "$tree" <"$tmp/pw"
	expect offline-repair-kept 5 "*" "*cannot be repaired: File exists"
	# Another user, who may write there, puts a directory of that user's in its place.
	mkdir "$tmp/off/theirs"
	run env SWAP_DIR="$tmp/off/theirs" LD_PRELOAD="$tmp/faults.so" \
		"$ecryptfs" repair --yes --backup "$tmp/off/swapped" -p - "$tree" <"$tmp/pw"
	expect offline-repair-swapped 5 "*" "*header: *cannot be repaired: *"
	verdict offline-repair-elsewhere "$(ls "$tmp/off/theirs")" [ -z "$(ls -A "$tmp/off/theirs")" ]
	# A filesystem gives what is new to another user.
	if [ "$(id -u)" = 0 ]; then
		run env GIVE_DIR=1 LD_PRELOAD="$tmp/faults.so" \
			"$ecryptfs" repair --yes --backup "$tmp/off/given" -p - "$tree" <"$tmp/pw"
		expect offline-repair-given 5 "*" "*off/given: *belongs to another user*try: --backup *header: *cannot be repaired: *"
		run env GIVE_DIR=1 LD_PRELOAD="$tmp/faults.so" \
			"$ecryptfs" export -p - "$tree" "$tmp/off/given" <"$tmp/pw"
		expect offline-export-given 1 - "*off/given: *belongs to another user*try: mkdir *"
		verdict offline-given-gone "it is still there" [ ! -e "$tmp/off/given" ]
	else
		skip offline-given "needs root"
	fi
	# A name with commands for a terminal, or a line of its own in the index.
	mv "$tree/header" "$tree/"$'he\e]0;evil\a\nad\xe2\x80\xae'
	run "$ecryptfs" repair --yes --backup "$tmp/off/names" -p - "$tree" <"$tmp/pw"
	expect offline-repair-name 0 "did: shorten*" -
	verdict offline-repair-index "$(cat -A "$tmp/off/names/index")" \
		grep -qx '000000 inode [0-9]*: he\\x1b]0;evil\\x07\\x0aad\\xe2\\x80\\xae' "$tmp/off/names/index"
}

# A lower file of so many bytes of plaintext, of noise, that the key opens.
offline_large() { # SIZE FILE
	printf x >"$tmp/plain"
	$oracle write --passphrase golden "$tmp/plain" "$2"
	python3 -c 'import sys
with open(sys.argv[2], "r+b") as lower:
    lower.write(int(sys.argv[1]).to_bytes(8, "big"))' "$1" "$2"
	head -c "$(($1 + 4096))" /dev/urandom >>"$2"
}

# What was not read is not said to be whole, whatever the reason.
offline_unread() {
	local tree=$tmp/off/unread
	mkdir -p "$tree"
	offline_large 20000 "$tree/one"
	offline_large 20000 "$tree/two"
	run env NO_CHUNK=1 LD_PRELOAD="$tmp/faults.so" "$ecryptfs" verify -p - "$tree" <"$tmp/pw"
	expect offline-unread-memory 5 "2 files *: 2 damaged, 0 notes" "*one: it could not be read to its end: Cannot allocate memory*two: it could not be read *"
	run env BAD_FROM=16384 LD_PRELOAD="$tmp/faults.so" "$ecryptfs" verify -p - "$tree" <"$tmp/pw"
	expect offline-unread-disk 5 "2 files *: 2 damaged, 0 notes" "*one: the disk does not return 4096 bytes *two: *"
	rm -r "$tree"
}

# A copy that has zeros for what the disk did not give does not become a whole one
# by being killed and gone on with, and has what the disk gives then.
offline_gaps() {
	local tree=$tmp/off/gaps out=$tmp/off/gaps-out size=$((66 << 20))
	mkdir -p "$tree"
	offline_large "$size" "$tree/one"
	run env BAD_FROM=16384 KILL_AT=$((65 << 20)) LD_PRELOAD="$tmp/faults.so" \
		"$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-gaps-killed 137 - "*one: the disk does not return everything behind byte 0: *"
	run env BAD_FROM=16384 KILL_AT=$((65 << 20)) LD_PRELOAD="$tmp/faults.so" \
		"$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-gaps-again 137 - "*one: the disk does not return everything behind byte 0: *"
	cp -a "$out" "$out-later"
	run env BAD_FROM=16384 LD_PRELOAD="$tmp/faults.so" "$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-gaps-told 5 "1 files of $size bytes copied, *; 1 could not be read completely" "*one: the disk did not return 4096 bytes of it in total"
	run "$ecryptfs" cat -p - "$tree/one" <"$tmp/pw"
	verdict offline-gaps-zeros "other content" python3 -c 'import sys
whole, copy = (open(name, "rb").read() for name in sys.argv[1:])
assert copy == whole[:8192] + bytes(4096) + whole[12288:]' "$tmp/out" "$out/one"
	cp "$tmp/out" "$tmp/off/gaps-want"
	run "$ecryptfs" export -p - "$tree" "$out-later" <"$tmp/pw"
	expect offline-gaps-mended 0 "1 files *; 0 could not be read completely" "*"
	verdict offline-gaps-mended-content "other content" cmp -s "$out-later/one" "$tmp/off/gaps-want"
	rm -r "$tree" "$out" "$out-later" "$tmp/off/gaps-want"
}

# part_of DIRECTORY FILE BYTES: what export calls the file until it is whole.
part_of() {
	python3 -c 'import os, sys
st = os.stat(sys.argv[2])
print("%s/.ecryptfs-part-%x-%x-%x.%x-%x" % (sys.argv[1], st.st_dev, st.st_ino,
      st.st_mtime_ns // 10**9, st.st_mtime_ns % 10**9, int(sys.argv[3])))' "$@"
}

# Another user, who may write to the target, has put there what the copies are to
# be written to; what is made for the first time and what is resumed is nobody else's.
offline_shared() {
	local tree=$tmp/off/share out=$tmp/off/shared part
	if [ "$(id -u)" != 0 ] || ! setpriv --reuid=1001 --regid=1001 --clear-groups true 2>/dev/null; then
		skip offline-shared "needs root"
		return
	fi
	# The target itself, in the moment after it was made.
	mkdir -p "$tree" "$tmp/off/theirs-too"
	run env SWAP_DIR="$tmp/off/theirs-too" LD_PRELOAD="$tmp/faults.so" \
		"$ecryptfs" export -p - "$tree" "$out-swapped" <"$tmp/pw"
	expect offline-shared-swapped 1 - "*shared-swapped: Not a directory"
	run "$ecryptfs" export - "$tree" "$out-none" <"$tmp/pw"
	expect offline-no-key-no-target 1 - "*there is no vault in it*"
	verdict offline-shared-no-target "a directory is left" [ ! -e "$out-none" ]
	mkdir -p "$tree/d" "$tree/e" "$out/d" "$out/e"
	for part in d/below e/below locked open planted same; do
		offline_large 20000 "$tree/$part"
	done
	chmod -R 755 "$tree"
	chmod 777 "$out"
	chown 1001 "$out/d"
	chmod 777 "$out/d"
	head -c 20000 /dev/zero >"$out/same"
	touch -r "$tree/same" "$out/same"
	chown 1001 "$out/same"
	for part in planted locked; do
		part=$(part_of "$out" "$tree/$part" 20000)
		: >"$part"
		chown 1001 "$part"
		chmod 666 "$part"
	done
	: >"$(part_of "$out" "$tree/open" 20000)"
	chmod 666 "$(part_of "$out" "$tree/open" 20000)"
	exec 8<"$(part_of "$out" "$tree/open" 20000)"
	exec 7<"$part"
	flock 7
	run "$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	exec 7<&-
	expect offline-shared 5 "2 files of 40000 bytes copied, *; 4 could not be read completely" \
		"*d: that directory in the target belongs to another user*locked: its copy would be written to .ecryptfs-part-*belongs to another user*planted: its copy would be written to .ecryptfs-part-*same: something else *"
	verdict offline-shared-planted "it was written to" [ ! -s "$(part_of "$out" "$tree/planted" 20000)" ]
	verdict offline-shared-directory "$(ls -A "$out/d")" [ -z "$(ls -A "$out/d")" ]
	verdict offline-shared-open "it is seen by who had it open" [ "$(wc -c <&8)" = 0 ]
	exec 8<&-
	verdict offline-shared-rest "it is not there" [ -s "$out/e/below" -a -s "$out/open" ]
	rm -r "$tree" "$out"
}

# A lower tree neither hands out set-uid bits nor gives away what was there before;
# what a run has made gets its attributes, in a later run if the first is killed.
offline_attributes() {
	local tree=$tmp/off/attributes out=$tmp/off/attributes-out
	if [ "$(id -u)" != 0 ]; then
		skip offline-attributes "needs root"
		return
	fi
	mkdir -p "$tree/had" "$tree/new" "$out/had"
	offline_large $((1 << 20)) "$tree/new/one"
	offline_large 20000 "$tree/program"
	chown -R 1001:1001 "$tree"
	chmod 6755 "$tree/program"
	chmod 2751 "$tree/new"
	touch -d 2001-02-03 "$tree/new" "$tree/had"
	chmod 750 "$out" "$out/had"
	run env KILL_AT=0 LD_PRELOAD="$tmp/faults.so" "$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-attributes-killed 137 - "*"
	run "$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-attributes 0 "2 files *; 0 could not be read completely" "*"
	verdict offline-attributes-bits "$(stat -c '%a %u' "$out/program")" [ "$(stat -c '%a %u' "$out/program")" = '755 1001' ]
	verdict offline-attributes-made "$(stat -c '%a %u %y' "$out/new")" [ "$(stat -c '%a %u %y' "$out/new")" = "751 1001 $(stat -c %y "$tree/new")" ]
	verdict offline-attributes-had "$(stat -c '%a %u' "$out" "$out/had")" [ "$(stat -c '%a %u' "$out" "$out/had" | tr '\n' ' ')" = '750 0 750 0 ' ]
	run "$ecryptfs" export -p - "$tree" "$tmp/off/attributes-new" <"$tmp/pw"
	verdict offline-attributes-target "$(stat -c '%a %u' "$tmp/off/attributes-new")" [ "$(stat -c '%a %u' "$tmp/off/attributes-new")" = '755 1001' ]
	run "$ecryptfs" export -p - "$tree" "$tmp/off/attributes-new" <"$tmp/pw"
	expect offline-attributes-again 0 "0 files of 0 bytes copied, 2 were already there; 0 *" "*"
	rm -r "$tree" "$out" "$tmp/off/attributes-new"
}

# Killed at random, and run again until it is through.
offline_resume() {
	local tree=$tmp/off/large out=$tmp/off/large-out size=$((200 << 20)) tries=0 killed=0 pid parts want
	mkdir -p "$tree/d"
	offline_large "$size" "$tree/d/one"
	offline_large $((70 << 20)) "$tree/two"
	want=$("$ecryptfs" cat -p - "$tree/d/one" "$tree/two" <"$tmp/pw" | sha256sum)
	while [ "$tries" -lt 40 ]; do
		tries=$((tries + 1))
		"$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw" >"$tmp/out" 2>"$tmp/err" &
		pid=$!
		sleep "0.$((RANDOM % 5 + 2))"
		kill -KILL "$pid" 2>/dev/null && killed=$((killed + 1))
		wait "$pid" 2>/dev/null && break
		# A name has its file whole, or not at all.
		for file in "$out/d/one" "$out/two"; do
			[ ! -e "$file" ] || [ "$(stat -c %Y "$file")" = "$(stat -c %Y "$tree/${file#"$out"/}")" ] ||
				fail offline-resume-whole "$file"
		done
	done
	run "$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-resume 0 "* 0 could not be read completely" "*"
	verdict offline-resume-killed "never was, in $tries runs" [ "$killed" -gt 0 ]
	verdict offline-resume-content "other content" [ "$(cat "$out/d/one" "$out/two" | sha256sum)" = "$want" ]
	parts=$(find "$out" -name '.ecryptfs-part*')
	verdict offline-resume-parts "left: $parts" [ -z "$parts" ]
	run "$ecryptfs" export -p - "$tree" "$out" <"$tmp/pw"
	expect offline-again 0 "0 files of 0 bytes copied, 2 were already there; 0 *" "*"
	# It continues behind what is on the disk, and writes what follows again.
	rm "$out/two" "$out/d/one"
	run "$ecryptfs" export --json -p - "$tree" "$out" <"$tmp/pw"
	# shellcheck disable=SC2094 # both read it
	verdict offline-json "$(cat "$tmp/out")" python3 -c 'import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert rows[-1]["type"] == "summary" and rows[-1]["files"] == 2 and not rows[-1]["damaged"]' <"$tmp/out"
	rm -r "$tree" "$out"
}

test_offline() {
	mkdir -p "$tmp/off"
	echo golden >"$tmp/pw"
	gcc -shared -fPIC -Wall -Wextra -Werror -D_GNU_SOURCE -o "$tmp/faults.so" "$here/faults.c" || fail offline-faults compile
	offline_golden
	offline_listing
	offline_hidden
	offline_keys
	offline_damage
	offline_repair
	offline_unread
	offline_gaps
	offline_shared
	offline_attributes
	offline_resume
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Tests of the exchange of a tree's master key: all that was there is there, by the
# new key alone, wherever it was killed on the way.  Sourced by run.

# rekey_tree NAME: a golden tree of encrypted names, links and directories.
rekey_tree() {
	rm -rf "$tmp/rekey/$1"
	mkdir -p "$tmp/rekey/$1"
	tar -C "$tmp/rekey/$1" --xattrs --xattrs-include='user.*' -xJf "$top/tests/golden/$2.tar.xz" 2>/dev/null
}

# Sizes, times, modes and owners of a tree, without names.
rekey_attributes() {
	(cd "$tmp/rekey/$1" && find . -mindepth 1 -printf '%y %s %T@ %m %U:%G\n' | sort)
}

# rekey_new NAME PASSPHRASE MANIFEST TEST: all of it, by the new key.
rekey_new() {
	rm -rf "$tmp/rekey/out"
	run "$ecryptfs" export -p - "$tmp/rekey/$1" "$tmp/rekey/out" < <(printf '%s\n' "$2")
	verdict "$4-export" "status $status: $(cat "$tmp/err")" [ "$status" = 0 ]
	"$here/exported.py" "$top/tests/golden/$3.manifest" "$tmp/rekey/out" >"$tmp/log"
	verdict "$4" "$(cat "$tmp/log")" [ ! -s "$tmp/log" ]
}

# Of a name that the old key has nothing in.
rekey_nothing_old() {
	run "$ecryptfs" key test -R -p - "$tmp/rekey/$1" < <(echo golden)
	verdict "$2" "$(tail -n1 "$tmp/out")" [ "$(tail -n1 "$tmp/out")" = "0 files of this key, ${3-25} of others" ]
}

rekey_simple() {
	local tree=$tmp/rekey/tree name
	rekey_tree tree aes-16
	rekey_attributes tree >"$tmp/rekey/attributes"
	cp -a "$tree" "$tmp/rekey/was"
	lines golden another
	run "$ecryptfs" rekey -p - --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-preview 0 "2[0-9] headers and [23][0-9] names would get the new key, 0 and 0 have it; nothing was changed: --yes does it" -
	verdict rekey-preview-nothing "it changed something" diff -r --no-dereference "$tree" "$tmp/rekey/was"
	# A passphrase that it does not have: nothing is changed.
	lines wrong another
	run "$ecryptfs" rekey -p - --yes --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-wrong 5 - "*needs the key *nothing was changed*"
	verdict rekey-wrong-nothing "it changed something" diff -r --no-dereference "$tree" "$tmp/rekey/was"
	lines golden golden
	run "$ecryptfs" rekey -p - --yes --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-same 1 - "*the new key is the one that it has*"
	lines golden another
	run "$ecryptfs" rekey -p - --yes --backup "$tmp/rekey/headers" --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-done 0 "2[0-9] headers are in $tmp/rekey/headers*2[0-9] headers and [23][0-9] names have got the new key, [01] and 0 had it" "*"
	rekey_new tree another full rekey-whole
	rekey_nothing_old tree rekey-old
	rekey_attributes tree | diff "$tmp/rekey/attributes" - >"$tmp/log"
	verdict rekey-attributes "$(cat "$tmp/log")" [ ! -s "$tmp/log" ]
	run "$ecryptfs" rekey -p - --yes --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-again 0 "0 headers and 0 names have got the new key, 2[0-9] and [23][0-9] had it" "*"
	# Another new one, of somebody who has forgotten which it was.
	lines golden third
	run "$ecryptfs" rekey -p - --yes --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-third 5 - "*nothing was changed*"
	# The backup is of the old key, and goes by the names of that time.
	lines another golden
	run "$ecryptfs" rekey -p - --yes --backup "$tmp/rekey/headers-2" --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-back 0 "*" "*"
	verdict rekey-back-same "other bytes" diff -r --no-dereference "$tree" "$tmp/rekey/was"
	for name in '' --new-passphrase\ --new\ x; do
		# shellcheck disable=SC2086 # words are meant
		run "$ecryptfs" rekey -p - $name "$tree" <"$tmp/lines"
		expect "rekey-usage${name:+-both}" 2 - "*either --new DIR or --new-passphrase*"
	done
}

# Every call that changes something is the last one, in turn, and the next run goes on.
rekey_killed() {
	local tree=$tmp/rekey/killed runs=0 n
	rekey_tree killed aes-16
	rekey_attributes killed | grep -v '^d' >"$tmp/rekey/attributes"
	lines golden another
	while [ "$runs" -lt 200 ]; do
		for n in 1 2 3 5; do
			runs=$((runs + 1))
			run env KILL_CALL=$n LD_PRELOAD="$tmp/faults.so" "$ecryptfs" rekey -p - --yes --backup "$tmp/rekey/killed-headers" --new-passphrase "$tree" <"$tmp/lines"
			[ "$status" = 137 ] || break 2
		done
	done
	expect rekey-killed 0 "*had it" "*"
	verdict rekey-killed-often "$runs runs" [ "$runs" -gt 20 ]
	rekey_new killed another full rekey-killed-whole
	rekey_nothing_old killed rekey-killed-old
	rekey_attributes killed | grep -v '^d' | diff "$tmp/rekey/attributes" - >"$tmp/log"
	verdict rekey-killed-attributes "$(cat "$tmp/log")" [ ! -s "$tmp/log" ]
	verdict rekey-killed-left "$(find "$tree" -name '.ecryptfs-new-*')" [ -z "$(find "$tree" -name '.ecryptfs-new-*')" ]
}

# At any moment, of many files: what was done is not undone, what was not can be.
rekey_killed_at_random() {
	local tree=$tmp/rekey/many kills=0 i
	rekey_tree one aes-16
	rm -rf "$tree"
	for i in $(seq 40); do
		mkdir -p "$tree/$i" && cp -a "$tmp/rekey/one/." "$tree/$i/"
	done
	lines golden another
	for i in $(seq 12); do
		timeout -s KILL "0.$((RANDOM % 7))$((RANDOM % 10))" \
			"$ecryptfs" rekey -p - --yes --backup "$tmp/rekey/many-headers" --new-passphrase "$tree" <"$tmp/lines" >/dev/null 2>&1
		[ $? != 137 ] || kills=$((kills + 1))
	done
	run "$ecryptfs" rekey -p - --yes --backup "$tmp/rekey/many-headers" --new-passphrase "$tree" <"$tmp/lines"
	expect rekey-random 0 "*had it" "*"
	verdict rekey-random-kills "none of the runs was killed" [ "$kills" -gt 0 ]
	rekey_nothing_old many rekey-random-old 1000
	rekey_new "many/7" another full rekey-random-whole
	rekey_new "many/40" another full rekey-random-last
	rm -rf "$tree" "$tmp/rekey/one"
}

# Two keys in a header, metadata in the attribute, plain names, files that are read-only.
rekey_kinds() {
	local tree name manifest
	for name in xattr plain-names two-keys; do
		rekey_tree "$name" "$name" || { skip "rekey-$name" "no extended attributes in $tmp"; continue; }
		manifest=$(awk -v name="$name" '$1 == name { print $7 }' "$top/tests/golden/index")
		chmod -R a-w "$tmp/rekey/$name" && find "$tmp/rekey/$name" -type d -exec chmod u+w {} +
		lines golden another
		run "$ecryptfs" rekey -p - --yes --backup "$tmp/rekey/$name-headers" --new-passphrase "$tmp/rekey/$name" <"$tmp/lines"
		expect "rekey-$name" 0 "*have got the new key*" "*"
		find "$tmp/rekey/$name" -type f -perm /u+w >"$tmp/log"
		verdict "rekey-$name-modes" "$(cat "$tmp/log")" [ ! -s "$tmp/log" ]
		rm -rf "$tmp/rekey/out"
		run "$ecryptfs" export -p - "$tmp/rekey/$name" "$tmp/rekey/out" < <(echo another)
		verdict "rekey-$name-read" "status $status, $(cat "$tmp/err")" [ "$status" = 0 ]
		find "$tmp/rekey/out" -type f -exec sha256sum {} + | cut -d' ' -f1 | tr -d '\134' | sort >"$tmp/have"
		awk '$1 == "f" { print $5 }' "$top/tests/golden/$manifest.manifest" | sort >"$tmp/want"
		verdict "rekey-$name-whole" "other contents" cmp -s "$tmp/have" "$tmp/want"
	done
	# The second key still opens what it did.
	[ ! -d "$tmp/rekey/two-keys" ] || {
		rm -rf "$tmp/rekey/out"
		"$ecryptfs" export -p - "$tmp/rekey/two-keys" "$tmp/rekey/out" < <(echo "golden two") >/dev/null 2>&1
		find "$tmp/rekey/out" -type f -exec sha256sum {} + | cut -d' ' -f1 | tr -d '\134' | sort >"$tmp/have"
		verdict rekey-second-key "other contents" cmp -s "$tmp/have" "$tmp/want"
	}
}

# From one vault to another, and the new one in the place of the old.
rekey_vaults() {
	local dir=$tmp/rekey/v/d new=$tmp/rekey/v/new secret fresh
	mkdir -p "$tmp/rekey/v"
	lines 'old word' 'new word'
	run "$ecryptfs" init - "$dir" seconds=0.1 < <(echo 'old word')
	run "$ecryptfs" init - "$new" seconds=0.1 < <(echo 'new word')
	run "$ecryptfs" init - --plain-names "$new-plain" seconds=0.1 < <(echo 'new word')
	secret=$(vault_oracle "$dir.vault" passphrase 'old word')
	fresh=$(vault_oracle "$new.vault" passphrase 'new word')
	printf 'what it says\n' >"$tmp/plain"
	$oracle write --passphrase "$secret" --key-bytes 32 "$tmp/plain" \
		"$dir/$($oracle name --passphrase "$secret" --key-bytes 32 'a file')"
	run "$ecryptfs" rekey - --yes --new "$new-plain" "$dir" <"$tmp/lines"
	expect rekey-vault-names 1 - "*names of files are encrypted, and by this vault they would not be*"
	run "$ecryptfs" rekey - --yes --backup "$tmp/rekey/v/headers" --new "$new" "$dir" <"$tmp/lines"
	expect rekey-vault 0 "*1 headers and 1 names have got the new key, 0 and 0 had it
Next: mv $new.vault $dir.vault" "*"
	verdict rekey-vault-name "$(ls "$dir")" [ -e "$dir/$($oracle name --passphrase "$fresh" --key-bytes 32 'a file')" ]
	run "$ecryptfs" cat - "$dir"/* < <(echo 'old word')
	expect rekey-vault-old 5 - "*it was replaced*"
	mv "$new.vault" "$dir.vault"
	run "$ecryptfs" cat - "$dir"/* < <(echo 'new word')
	expect rekey-vault-new 0 "what it says" -
	run "$ecryptfs" header restore --json "$tmp/rekey/v/headers" "$dir"
	verdict rekey-vault-backup "$(cat "$tmp/out")" grep -q 'not there' "$tmp/out"
}

test_rekey() {
	mkdir -p "$tmp/rekey"
	gcc -shared -fPIC -O2 -D_GNU_SOURCE -o "$tmp/faults.so" "$here/faults.c" -ldl
	rekey_simple
	rekey_killed
	rekey_killed_at_random
	rekey_kinds
	rekey_vaults
	rm -rf "$tmp/rekey"
}

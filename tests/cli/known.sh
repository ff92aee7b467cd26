# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Tests of what makes a vault the one that belongs to its directory: who owns it,
# which key it gave before, which key the files have.  The vaults of mallory are
# made with nothing but a public key of the victim.  Sourced by run.

# The list of the user who runs the tests.
known_list() {
	if [ "$(id -u)" = 0 ]; then
		echo /var/lib/ecryptfs/known-vaults
	else
		echo ~/.ecryptfs/known-vaults
	fi
}

# known_forget DIR: as if it was never used here.
known_forget() { sed -i "\\| $1\$|d" "$(known_list)"; }

# known_make DIR: with a slot that opens by $tmp/known.key, and none by a secret.
known_make() {
	lines "word of $1"
	run "$ecryptfs" init - --no-recovery "$1" seconds=0.1 <"$tmp/lines"
	"$ecryptfs" key add - "$1" pkey file="$tmp/known.pem" <"$tmp/lines" >/dev/null &&
		"$ecryptfs" key remove - "$1" 0 <"$tmp/lines" >/dev/null
}

known_sig() { "$ecryptfs" status --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["signature"])'; }

known_unlock() { # DIR OPTION...
	in_session "$ecryptfs" unlock --with pkey "$@" key="$tmp/known.key" </dev/null
}

# known_file SIGNATURE PATH: a file whose header names that key.
known_file() {
	echo text >"$tmp/plain"
	$oracle write --passphrase test --key-bytes 16 "$tmp/plain" "$2"
	python3 - "$1" "$2" <<-'EOT'
		import sys
		old, new = bytes.fromhex("d395309aaad4de06"), bytes.fromhex(sys.argv[1])
		data = open(sys.argv[2], "rb").read()
		assert old in data
		open(sys.argv[2], "wb").write(data.replace(old, new))
	EOT
}

# known_pair OWN OTHER: both, and $mine and $theirs are their signatures.
known_pair() {
	known_make "$1"
	known_make "$2"
	mine=$(known_sig "$1")
	theirs=$(known_sig "$2")
	sigs+=("$mine" "$theirs")
}

test_known_exchanged() {
	local mine theirs command own=$tmp/known/own
	local -a out
	known_pair "$own" "$tmp/known/mal"
	known_unlock "$own"
	expect known-unlock 0 "Unlocked $own: key $mine*" -
	cp "$own.vault" "$tmp/known/kept"
	cp "$tmp/known/mal.vault" "$own.vault"
	keyctl clear @u
	known_unlock "$own"
	expect known-exchanged 5 - "*$own*gave the key $mine before, but this one gives $theirs: it was replaced*a backup copy*"
	verdict known-nothing-to-paste "$(cat "$tmp/err")" bash -c "! grep -q -e '--accept $theirs' '$tmp/err'"
	verdict known-no-key "the key of the other vault is in the keyring" bash -c "! keyctl search @u user $theirs 2>/dev/null"
	# Nor through a key that is there already, of another directory.
	known_unlock "$tmp/known/mal"
	in_session "$ecryptfs" mount "$own" "$tmp/known/mal" </dev/null
	verdict known-exchanged-mount "status $status: $(cat "$tmp/err")" test "$status" != 0 -a "$(grep -c 'it was replaced\|has no eCryptfs' "$tmp/err")" = 1
	lines 'word'
	run "$ecryptfs" key add - --with pkey "$own" key="$tmp/known.key" passphrase <"$tmp/lines"
	expect known-exchanged-add 5 - "*it was replaced*"
	for command in ls cat verify repair export; do
		out=()
		[ $command != export ] || out=("$tmp/known/out")
		run "$ecryptfs" $command --with pkey "$own" "${out[@]}" key="$tmp/known.key" </dev/null
		expect "known-exchanged-$command" 5 - "*gave the key $mine before, but this one gives $theirs: it was replaced*"
	done
	verdict known-exchanged-nothing "a copy was begun" [ ! -e "$tmp/known/out" ]
	known_unlock "$own" --accept "$mine"
	expect known-accept-other 5 - "*it gives the key $theirs, not $mine*"
	known_unlock "$own" --accept "${mine:1}"
	expect known-accept-word 2 - "*--accept takes a signature*"
	known_unlock "$own" --accept "$theirs"
	expect known-accept 0 "Unlocked $own: key $theirs*" -
	known_unlock "$own"
	expect known-accepted 0 "Unlocked $own: key $theirs*" -
	cp "$tmp/known/kept" "$own.vault"
	known_unlock "$own" --accept "$mine"
	expect known-accept-back 0 "Unlocked $own: key $mine*" -
}

# The operator of the server replaces a directory by a link to another one,
# and a file there that has that one's key.
test_known_linked() {
	local own=$tmp/known/linked evil=$tmp/known/s2 mine theirs
	known_pair "$own" "$evil"
	known_forget "$evil"
	known_file "$theirs" "$evil/file"
	mv "$own" "$tmp/known/.x"
	ln -s s2 "$own"
	known_unlock "$own"
	expect known-linked 5 - "*the vault of $own gave the key $mine before, but this one gives $theirs: it was replaced*"
	# By whichever way.
	ln -s known "$tmp/way"
	known_unlock "$tmp/way/../way/./linked/"
	expect known-linked-way 5 - "*the vault of $own gave the key $mine before*"
	run bash -c "cd '$own' && exec keyctl session - '$ecryptfs' unlock --with pkey . key='$tmp/known.key'" </dev/null
	expect known-linked-inside 5 - "*the vault of $own gave the key $mine before*"
	# Nor one that was not known by any name.
	known_forget "$own"
	known_unlock "$own"
	expect known-linked-first 5 - "*it is not certain that its key $theirs is the key of $evil*--accept $theirs $evil"
	verdict known-linked-forgotten "$(tail -n1 "$(known_list)")" bash -c "! grep -q ' $evil\$' '$(known_list)'"
	echo "$mine $own" >>"$(known_list)"
	known_unlock "$own" --accept "$theirs"
	expect known-linked-accept 0 "Unlocked $evil*" -
	known_unlock "$own"
	expect known-linked-accepted 0 "Unlocked $evil*" -
	rm "$own" "$tmp/way"
	mv "$tmp/known/.x" "$own"
	cp -r "$evil" "$tmp/known/it's new"
	cp "$evil.vault" "$tmp/known/it's new.vault"
	known_unlock "$tmp/known/it's new"
	expect known-quoted 5 - "*--accept $theirs '$tmp/known/it'?''s new'"
}

# A vault that no secret proves is not used where it can't be remembered.
test_known_kept() {
	local own=$tmp/known/own list
	list=$(known_list)
	known_forget "$own"
	mv "$list" "$tmp/known/list"
	mkdir "$list"
	known_unlock "$own" --accept "$(known_sig "$own")"
	expect known-not-kept 5 - "*known-vaults*the key of $own cannot be remembered*"
	rmdir "$list"
	mv "$tmp/known/list" "$list"
	known_unlock "$own" --accept "$(known_sig "$own")"
	expect known-kept 0 "Unlocked*" -
}

# A vault that says the signature of another one, which is known.
test_known_signature_lent() {
	local own=$tmp/known/own mine theirs
	mine=$(known_sig "$own")
	theirs=$(known_sig "$tmp/known/mal")
	cp "$tmp/known/mal.vault" "$own.vault"
	vault_oracle "$own.vault" lend "$(vault_oracle "$own.vault" pkey:1 "$tmp/known.key")" "$mine"
	known_unlock "$own"
	expect known-signature-lent 5 - "*it gives the key $theirs, but claims to give $mine*"
	cp "$tmp/known/kept" "$own.vault"
}

# Of a directory that was never used here.
test_known_first() {
	local own=$tmp/known/own mine other=00112233445566aa
	mine=$(known_sig "$own")
	known_forget "$own"
	known_unlock "$own"
	expect known-first-nobody 5 - "*it is not certain that its key $mine is the key of $own*--accept $mine $own"
	run script -qec "keyctl session - $ecryptfs unlock --with pkey $own key=$tmp/known.key" /dev/null < <(echo no)
	expect known-first-no 5 "*Use and remember it?*" -
	run script -qec "keyctl session - $ecryptfs unlock --with pkey $own key=$tmp/known.key" /dev/null < <(echo yes)
	expect known-first-asked 0 "*Use and remember it?*Unlocked $own*" -
	known_unlock "$own"
	expect known-first-remembered 0 "Unlocked*" -
	known_forget "$own"
	# Which anybody could have put there.
	known_file "$mine" "$own/file"
	known_unlock "$own"
	expect known-first-files 5 - "*it is not certain that its key $mine is the key of $own*"
	known_forget "$own"
	known_file "$other" "$own/another"
	known_unlock "$own"
	expect known-first-mixed 5 - "*files in $own need the key $other, but this vault gives $mine*"
	rm "$own/file"
	known_unlock "$own"
	expect known-first-others 5 - "*files in $own need the key $other, but this vault gives $mine*"
	known_unlock "$own" --accept "$mine"
	expect known-first-accept-others 5 - "*files in $own need the key $other, but this vault gives $mine*"
	rm "$own/another"
	known_unlock "$own" --accept "$mine"
	expect known-first-accept 0 "Unlocked $own*" -
	# A secret that only the user knows vouches where there are no files.
	lines 'the word'
	run "$ecryptfs" init - "$tmp/known/word" seconds=0.1 <"$tmp/lines"
	known_forget "$tmp/known/word"
	in_session "$ecryptfs" unlock - "$tmp/known/word" <"$tmp/lines"
	expect known-first-secret 0 "Unlocked*" -
	known_forget "$tmp/known/word"
	known_file "$other" "$tmp/known/word/file"
	in_session "$ecryptfs" unlock - "$tmp/known/word" <"$tmp/lines"
	expect known-first-secret-files 5 - "*files in $tmp/known/word need the key $other*"
	rm "$tmp/known/word/file"
}

# Settings that an attacker may have changed must be confirmed.
test_known_ignored() {
	local own=$tmp/known/own answer
	vault_oracle "$own.vault" tamper mount.names plain
	for answer in no yes; do
		run script -qec "keyctl session - $ecryptfs unlock --ignore-damage --with pkey $own key=$tmp/known.key" /dev/null < <(echo $answer)
		expect "known-ignored-$answer" "$([ "$answer" = yes ] && echo 0 || echo 5)" \
			"*names plain*Use it with these settings?*$([ "$answer" = no ] || echo Unlocked)*" -
	done
	cp "$tmp/known/kept" "$own.vault"
}

# With nobody to be asked, new files would be written by what anybody has put there.
test_known_ignored_cipher() {
	local own=$tmp/known/own
	known_file "$(known_sig "$own")" "$own/file"
	vault_oracle "$own.vault" tamper mount.cipher twofish
	known_unlock "$own" --ignore-damage
	expect known-ignored-cipher 5 - "*cipher twofish*its files have another cipher or key size*"
	rm "$own/file"
	known_unlock "$own" --ignore-damage
	expect known-ignored-no-files 0 "Unlocked*" "*cipher twofish*"
	cp "$tmp/known/kept" "$own.vault"
}

# A vault that was changed meanwhile does not keep the keys in the keyring.
test_known_lock() {
	local own=$tmp/known/own mine other=00112233445566aa
	mine=$(known_sig "$own")
	known_unlock "$own"
	vault_oracle "$own.vault" tamper mount.signature "$other"
	in_session "$ecryptfs" lock "$own"
	expect known-lock-other 5 "*Removed key $mine*" "*it gave the key $mine before and gives $other now: it was replaced*"
	cp "$tmp/known/kept" "$own.vault"
	known_unlock "$own"
	vault_oracle "$own.vault" tamper mount.names plain
	in_session "$ecryptfs" lock "$own"
	expect known-lock-changed 5 "Removed key $mine*" "*it was changed without its secret*keyctl show @u*"
	cp "$tmp/known/kept" "$own.vault"
	in_session "$ecryptfs" lock "$own"
	expect known-lock 0 "Removed key *" -
	in_session "$ecryptfs" lock "$own"
	expect known-lock-nothing 0 "No key of $own was in the keyring" -
	known_unlock "$own"
	mv "$own.vault" "$tmp/known/gone"
	in_session "$ecryptfs" lock "$own"
	expect known-lock-gone 1 "Removed key $mine*" "*there is no vault*"
	mv "$tmp/known/gone" "$own.vault"
}

# The list itself.
test_known_list() {
	local list name=$tmp/known/$'new\nline \\ \xc3\xa4' own=$tmp/known/own
	list=$(known_list)
	verdict known-list-mode "$(stat -c %a "$list")" [ "$(stat -c %a "$list")" = 600 ]
	lines word
	run "$ecryptfs" init - --no-recovery "$name" seconds=0.1 <"$tmp/lines"
	verdict known-list-escaped "$(tail -n1 "$list")" grep -q "^[0-9a-f]\{16\} $tmp/known/new\\\\012line \\\\134 \\\\303\\\\244\$" "$list"
	chmod g+w "$list"
	known_unlock "$own"
	expect known-list-writable 5 - "*$list: it belongs to another user, or other users can write to it"
	chmod 600 "$list"
	printf 'garbage' >>"$list"
	known_unlock "$own"
	expect known-list-garbage 0 "Unlocked*" -
	run "$ecryptfs" init - --no-recovery "$tmp/known/behind" seconds=0.1 <"$tmp/lines"
	verdict known-list-behind-garbage "$(tail -n1 "$list")" grep -q "^[0-9a-f]\{16\} $tmp/known/behind\$" "$list"
}

# known_state DIR: what the list says of it.
known_state() {
	"$ecryptfs" vault list --json | python3 -c 'import json, sys
print(*(x["state"] for x in json.load(sys.stdin) if x["directory"] == sys.argv[1]))' "$1"
}

# What has become of each, and what is forgotten.
test_known_vaults() {
	local own=$tmp/known/own name=$tmp/known/$'new\nline \\ \xc3\xa4' mine state
	local gone=$tmp/known/gone
	mine=$(known_sig "$own")
	known_unlock "$own"
	run keyctl session - bash -c "keyctl link @u @s; '$ecryptfs' vault list" </dev/null
	expect known-vaults 0 "*$mine  unlocked        $own
*" "*"
	tr -d '\n\040-\176\200-\377' <"$tmp/out" >"$tmp/log"
	verdict known-vaults-controls "control characters" [ ! -s "$tmp/log" ]
	keyctl clear @u
	lines word
	run "$ecryptfs" init - --no-recovery "$gone" seconds=0.1 <"$tmp/lines"
	for state in locked "no vault" exchanged damaged "no directory"; do
		case $state in
		"no vault") mv "$gone.vault" "$tmp/known/gone-vault" ;;
		exchanged) cp "$own.vault" "$gone.vault" ;;
		damaged) echo text >"$gone.vault" ;;
		"no directory") rm -r "$gone" ;;
		esac
		verdict "known-vaults-${state// /-}" "$(known_state "$gone")" [ "$(known_state "$gone")" = "$state" ]
	done
	run "$ecryptfs" vault forget "$gone"
	expect known-forget-gone 0 "Forgotten: $gone" -
	verdict known-forgotten "$(known_state "$gone")" [ -z "$(known_state "$gone")" ]
	run "$ecryptfs" vault forget "$gone"
	expect known-forget-again 1 - "*gone: it is not known here*ecryptfs vault list"
	rm -f "$gone.vault" "$tmp/known/gone-vault"
	# By the name it has, and by the one that the list shows.
	verdict known-vaults-name "$("$ecryptfs" vault list)" [ "$(known_state "$name")" = locked ]
	cp "$(known_list)" "$tmp/known/list"
	run "$ecryptfs" vault forget "$name"
	expect known-forget-name 0 "Forgotten: *new\\\\012line*" -
	cp "$tmp/known/list" "$(known_list)"
	run "$ecryptfs" vault forget "$("$ecryptfs" vault list | sed -n 's|.*  \(/.*new.012line.*\)|\1|p')"
	expect known-forget-shown 0 "Forgotten: *new\\\\012line*" -
	verdict known-forget-only "$("$ecryptfs" vault list)" [ "$(known_state "$own")" = locked ]
	# Of the very last, an empty list is left, and one that is not there is none.
	mv "$(known_list)" "$tmp/known/list"
	run "$ecryptfs" vault list
	expect known-vaults-none 0 - -
	echo "$mine $own" >"$(known_list)"
	chmod 600 "$(known_list)"
	run "$ecryptfs" vault forget "$own"
	expect known-forget-last 0 "Forgotten: $own" -
	run "$ecryptfs" vault list --json
	expect known-vaults-empty 0 "[[]*[]]" -
	known_unlock "$own" --accept "$mine"
	expect known-forget-learnt 0 "Unlocked*" -
	chmod g+w "$(known_list)"
	run "$ecryptfs" vault list
	expect known-vaults-writable 1 - "*it belongs to another user, or other users can write to it*"
	run "$ecryptfs" vault forget "$own"
	expect known-forget-writable 1 - "*it belongs to another user, or other users can write to it*"
	mv "$tmp/known/list" "$(known_list)"
}

# Vaults of others: mallory is user 1001.
test_known_owner() {
	local dir=$tmp/known/mine mine
	if [ "$(id -u)" != 0 ] || ! setpriv --reuid=1000 --regid=1000 --clear-groups true 2>/dev/null; then
		skip known-owner "needs root"
		return
	fi
	lines word
	run "$ecryptfs" init - --no-recovery --vault "$dir/.ecryptfs-vault" "$dir" seconds=0.1 <"$tmp/lines"
	mine=$(known_sig "$dir")
	cp "$tmp/known/mal.vault" "$dir.vault"
	chown 1001 "$dir.vault"
	run "$ecryptfs" status "$dir"
	expect known-owner-passed-over 0 "*$dir/.ecryptfs-vault*$mine*" -
	chmod 666 "$dir/.ecryptfs-vault"
	run "$ecryptfs" key list "$dir"
	expect known-owner-refused 1 - "*$dir.vault: it belongs to user 1001, but the directory does not*"
	rm "$dir.vault"
	run "$ecryptfs" key list "$dir"
	expect known-owner-writable 1 - "*users other than its owner can write to it*chmod*"
	chmod 600 "$dir/.ecryptfs-vault"
	ln -s "$tmp/known/own.vault" "$dir.vault"
	chown -h 1001 "$dir.vault"
	run "$ecryptfs" status "$dir"
	expect known-owner-link 0 "*$dir/.ecryptfs-vault*$mine*" -
	rm "$dir.vault"
	chown 1001 "$dir" "$dir/.ecryptfs-vault"
	run "$ecryptfs" status "$dir"
	expect known-owner-of-directory 0 "*$mine*" -
	cp "$ecryptfs" "$tmp/as-user"
	chmod 755 "$tmp/as-user" "$tmp/known"
	chmod 755 "$dir" && chmod 644 "$dir/.ecryptfs-vault"
	run setpriv --reuid=1000 --regid=1000 --clear-groups "$tmp/as-user" key list "$dir"
	expect known-directory-of-other 1 - "*belongs to user 1001, so a vault in it or beside it is not trusted*"
}

test_known() {
	mkdir -p "$tmp/known"
	openssl genpkey -algorithm X25519 -out "$tmp/known.key"
	openssl pkey -in "$tmp/known.key" -pubout -out "$tmp/known.pem"
	test_known_exchanged
	test_known_linked
	test_known_kept
	test_known_signature_lent
	test_known_first
	test_known_ignored
	test_known_ignored_cipher
	test_known_lock
	test_known_list
	test_known_vaults
	test_known_owner
}

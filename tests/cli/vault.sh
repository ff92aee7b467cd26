# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Tests of vaults: the commands, the file against an implementation of its own in
# Python, damage, tampering, power cuts.  Sourced by run.

vault_oracle() { python3 "$here/vault_oracle.py" "$@"; }

# in_session COMMAND...: with a user keyring that a mount would find.
in_session() { run session linked "$@"; }

# lines TEXT...: a file of lines, for standard input.
lines() {
	printf '%s\n' "$@" >"$tmp/lines"
}

vault_make() {
	mkdir -p "$tmp/v"
	lines 'päss word'
	run "$ecryptfs" init - --label mine --backup "$tmp/copy" "$tmp/v/d" seconds=0.1 <"$tmp/lines"
	expect vault-init 0 "Vault: $tmp/v/d.vault
*Recovery key*Next: ecryptfs mount $tmp/v/d MOUNTPOINT" -
	vault=$tmp/v/d.vault
	recovery=$(grep -oE '([0-9A-Z]{5}-){12}[0-9A-Z]{5}' "$tmp/out")
	verdict vault-mode "not the user's alone" [ "$(stat -c %a "$vault")" = 600 ]
	verdict vault-backup "not the same" cmp -s "$vault" "$tmp/copy"
	mount_secret=$(vault_oracle "$vault" passphrase 'päss word' 2>"$tmp/log")
	verdict vault-oracle-passphrase "$(tail -n1 "$tmp/log")" [ "${#mount_secret}" = 64 ]
	verdict vault-oracle-recovery "another secret" \
		[ "$(vault_oracle "$vault" recovery "$recovery" 2>/dev/null)" = "$mount_secret" ]
	run "$ecryptfs" init - "$tmp/v/d" <"$tmp/lines"
	expect vault-init-again 1 - "*there is a vault already*"
	run "$ecryptfs" init - --vault "$tmp/v/in/.ecryptfs-vault" "$tmp/v/in" seconds=0.1 <"$tmp/lines"
	expect vault-init-inside 0 "Vault: $tmp/v/in/.ecryptfs-vault
*" -
	run "$ecryptfs" key list "$tmp/v/in"
	expect vault-inside-found 0 "*0  passphrase*" -
	run "$ecryptfs" init - "$tmp/v/in" <"$tmp/lines"
	expect vault-inside-again 1 - "*.ecryptfs-vault*there is a vault already*"
	verdict vault-inside-alone "another was made" [ ! -e "$tmp/v/in.vault" ]
	mkdir -p "$tmp/v/full" && : >"$tmp/v/full/file"
	run "$ecryptfs" init - "$tmp/v/full" <"$tmp/lines"
	expect vault-init-full 1 - "*not empty*--adopt*"
	run "$ecryptfs" init "$tmp/v/other" </dev/null
	expect vault-init-no-terminal 2 - "*not a terminal*"
	test_vault_adopt
	lines test word
	run "$ecryptfs" init - --adopt --plain-names --json "$tmp/v/full" seconds=0.1 <"$tmp/lines"
	expect vault-adopt 0 "{*\"vault\": \"$tmp/v/full.vault\"*\"signature\": \"d395309aaad4de06\"*\"be877764c5918621\"*recovery_key*}" -
	verdict vault-adopt-secret "another one" \
		[ "$(vault_oracle "$tmp/v/full.vault" passphrase word 2>/dev/null)" = test ]
}

# A user is warned of a passphrase that is guessed first, and a script is not.
test_vault_weak() {
	local word told
	for word in a 'sevenäö' 'aaaaaaaabbbb' 'of five words or more'; do
		rm -rf "$tmp/v/weak" "$tmp/v/weak.vault"
		run python3 "$here/terminal.py" "$word"$'\n'"$word" "$ecryptfs" init --no-recovery "$tmp/v/weak" seconds=0.1
		told=$(grep -c 'this passphrase is short' "$tmp/out")
		verdict "vault-weak: $word" "$(cat "$tmp/out")" \
			[ -e "$tmp/v/weak.vault" -a "$told" = "$([ "$word" = 'of five words or more' ] && echo 0 || echo 1)" ]
	done
	rm -rf "$tmp/v/weak" "$tmp/v/weak.vault"
	lines a
	run "$ecryptfs" init - --no-recovery "$tmp/v/weak" seconds=0.1 <"$tmp/lines"
	expect vault-weak-script 0 "Vault: *" -
	rm -rf "$tmp/v/weak" "$tmp/v/weak.vault"
}

# What could never be mounted, or is not there.
test_vault_refused() {
	local form
	lines word
	for form in '--cipher foo' '--cipher rot13 --key-bytes 16'; do
		# shellcheck disable=SC2086 # words are meant
		run "$ecryptfs" init - $form "$tmp/v/refused" seconds=0.1 <"$tmp/lines"
		expect "vault-refused-${form// /-}" 2 - "*--cipher takes aes*"
		verdict "vault-refused-nothing-${form// /-}" "a directory is left" [ ! -e "$tmp/v/refused" ]
	done
	for form in '--key-bytes 7' '--cipher cast5 --key-bytes 32'; do
		# shellcheck disable=SC2086 # words are meant
		run "$ecryptfs" init - $form "$tmp/v/refused" seconds=0.1 <"$tmp/lines"
		expect "vault-refused-${form// /-}" 2 - "*--key-bytes: the cipher does not have keys of that size*"
	done
	run "$ecryptfs" init - --no-recovery --cipher des3_ede "$tmp/v/it's des" seconds=0.1 <"$tmp/lines"
	expect vault-des 0 "*Next: ecryptfs mount '$tmp/v/it'\\\\''s des' MOUNTPOINT" -
	verdict vault-des-bytes "another size" grep -q '"key_bytes": 24' "$tmp/v/it's des.vault"
	run "$ecryptfs" init - "$tmp/v/it's des/below" seconds=0.1 <"$tmp/lines"
	expect vault-nested 1 - "*which has a vault of its own*"
	verdict vault-nested-nothing "a directory is left" [ ! -e "$tmp/v/it's des/below" ]
	for form in status 'key list' unlock lock mount; do
		# shellcheck disable=SC2086 # words are meant
		run "$ecryptfs" $form /nonexistent </dev/null
		expect "vault-nonexistent-${form// /-}" 1 - "ecryptfs $form: /nonexistent: No such file or directory"
	done
}

# Which passphrase a directory of files that the oracle has made will have.
test_vault_adopt() {
	local full=$tmp/v/full name
	name=$($oracle name --passphrase test --key-bytes 24 notes.txt)
	lines test word
	run "$ecryptfs" init - --adopt "$full" seconds=0.1 <"$tmp/lines"
	expect adopt-nothing 1 - "*it has no encrypted file*--no-check*"
	run "$ecryptfs" init - --adopt --no-check --vault "$tmp/v/unchecked" "$full" seconds=0.1 <"$tmp/lines"
	expect adopt-unchecked 0 "Vault: $tmp/v/unchecked*" -
	mkdir "$full/below"
	printf 'some text\n' >"$tmp/plain"
	$oracle write --passphrase test --key-bytes 24 "$tmp/plain" "$full/below/lower"
	lines tset word
	run "$ecryptfs" init - --adopt --plain-names "$full" seconds=0.1 <"$tmp/lines"
	expect adopt-wrong 1 - "*wrong passphrase: its key is $(signature_of "$($oracle payload --passphrase tset)"), but the files need d395309aaad4de06*--no-check*"
	verdict adopt-none-made "there is a vault" [ ! -e "$full.vault" ]
	lines test word
	run "$ecryptfs" init - --adopt "$full" seconds=0.1 <"$tmp/lines"
	expect adopt-plain-names 1 - "*names of its files are not encrypted*--plain-names*"
	run "$ecryptfs" init - --adopt --plain-names --vault "$tmp/v/as-files" "$full" seconds=0.1 <"$tmp/lines"
	expect adopt-cipher 0 "Vault: *" -
	verdict adopt-key-bytes "another size" grep -q '"key_bytes": *24' "$tmp/v/as-files"
	mkdir "$tmp/v/names" && cp "$full/below/lower" "$tmp/v/names/$name"
	run "$ecryptfs" init - --adopt --plain-names "$tmp/v/names" seconds=0.1 <"$tmp/lines"
	expect adopt-encrypted-names 1 - "*names of its files are encrypted*without --plain-names*"
	run "$ecryptfs" init - --adopt "$tmp/v/names" seconds=0.1 <"$tmp/lines"
	expect adopt-names 0 "Vault: *" -
	rm "$tmp/v/names.vault" "$tmp/v/names/$name"
	lines tset word
	: >"$tmp/v/names/$name"
	run "$ecryptfs" init - --adopt "$tmp/v/names" seconds=0.1 <"$tmp/lines"
	expect adopt-other-names 1 - "*wrong passphrase: its key for names is *, but they need be877764c5918621*"
}

# cost_of SLOT: of a try.
cost_of() {
	"$ecryptfs" key list "$tmp/v/d" | grep "^  $1 " | grep -o 'Argon2id.*lanes'
}

# memory_short COMMAND...: with 256 MiB available, of which a quarter is used.
memory_short() {
	echo 'MemAvailable: 262144 kB' >"$tmp/meminfo"
	# shellcheck disable=SC2016 # its own variables
	run unshare -m bash -c 'mount --bind "$0" /proc/meminfo || exit 77; exec "$@"' "$tmp/meminfo" "$@" <"$tmp/lines"
}

# Such a machine does not lower the memory that a try costs.
test_vault_short() {
	local before after
	memory_short true
	if [ "$status" != 0 ]; then
		skip vault-short "nothing can be mounted here"
		return
	fi
	lines third third
	run "$ecryptfs" key change - --slot 0 "$tmp/v/d" 0 seconds=0.7 <"$tmp/lines"
	before=$(cost_of 0 | grep -o '[0-9]* MiB')
	memory_short "$ecryptfs" key change - --slot 0 "$tmp/v/d" 0
	after=$(cost_of 0 | grep -o '[0-9]* MiB')
	verdict vault-short-keeps-memory "$before, then $after" [ "$after" = "$before" ]
	memory_short "$ecryptfs" key change - --slot 0 "$tmp/v/d" 0 seconds=0.1
	verdict vault-short-as-told "$(cost_of 0)" [ "$(cost_of 0 | grep -o '[0-9]* MiB')" = '64 MiB' ]
}

# What is said before anything is changed.
slots_refused() {
	local long
	lines second another 'one too many'
	run "$ecryptfs" key add - "$tmp/v/d" passphrase seconds=0.1 <"$tmp/lines"
	expect vault-too-many-lines 2 - "*standard input has more lines*nothing was changed*"
	run "$ecryptfs" key change - "$tmp/v/d" 0 seconds=0.1 <"$tmp/lines"
	expect vault-change-too-many-lines 2 - "*standard input has more lines*nothing was changed*"
	lines second another
	run "$ecryptfs" key add - "$tmp/v/d" passphrase secs=0.1 <"$tmp/lines"
	expect vault-unknown-setting 2 - "settings:* seconds=*unknown setting*"
	long=$(printf '%060d' 0)
	for label in "${long}1" $'two\nlines' $'esc\e[2Jape' $'\xff'; do
		run "$ecryptfs" key add - --label "$label" "$tmp/v/d" passphrase seconds=0.1 <"$tmp/lines"
		expect "vault-bad-label-${#label}" 2 - "*--label takes one line*"
	done
	lines second
	run "$ecryptfs" key add - --backup "$tmp/absent/copy" "$tmp/v/d" recovery <"$tmp/lines"
	expect vault-backup-nowhere 1 "" "*absent/copy*nothing was changed*"
	echo other >"$tmp/other"
	run "$ecryptfs" key add - --backup "$tmp/other" "$tmp/v/d" recovery <"$tmp/lines"
	expect vault-backup-other 1 "" "*nothing was changed*"
	: >"$tmp/out"
	"$ecryptfs" key add - "$tmp/v/d" recovery <"$tmp/lines" >/dev/full 2>"$tmp/err"
	status=$?
	expect vault-not-shown 1 - "*standard output: No space left on device*nothing was changed*"
}

# If the recovery key could not be shown, the vault does not have it.
test_init_not_shown() {
	local json
	mkdir "$tmp/v/full-disk"
	lines word
	: >"$tmp/out"
	for json in '' --json; do
		"$ecryptfs" init - $json "$tmp/v/full-disk" seconds=0.1 <"$tmp/lines" >/dev/full 2>"$tmp/err"
		status=$?
		expect "vault-init-not-shown$json" 1 - "*standard output: No space left on device*"
		verdict "vault-init-none$json" "there is one" [ ! -e "$tmp/v/full-disk.vault" ]
	done
	lines word more
	run "$ecryptfs" init - "$tmp/v/full-disk" seconds=0.1 <"$tmp/lines"
	expect vault-init-too-many-lines 2 - "*more lines*"
	verdict vault-init-none "there is one" [ ! -e "$tmp/v/full-disk.vault" ]
	lines word
	run "$ecryptfs" init - --label "$(printf '%020d' 0)ääöößß éé 中文字中文字" "$tmp/v/full-disk" seconds=0.1 <"$tmp/lines"
	expect vault-label 0 "Vault:*" -
	run "$ecryptfs" key list "$tmp/v/full-disk"
	expect vault-label-listed 0 "*中文字中文字*" -
}

test_vault_slots() {
	local before setting slow
	lines 'päss word' second
	run "$ecryptfs" key add - --label two "$tmp/v/d" passphrase seconds=0.1 <"$tmp/lines"
	expect vault-add 0 "Added slot 2 (passphrase)" -
	lines second third
	run "$ecryptfs" key change - --slot 2 "$tmp/v/d" 0 seconds=0.1 <"$tmp/lines"
	expect vault-change 0 "Changed slot 0 (passphrase)" -
	verdict vault-changed "not as the oracle reads it" \
		[ "$(vault_oracle "$vault" passphrase third 2>/dev/null)" = "$mount_secret" ]
	# A change does not make it easier to guess, unless one says so.
	lines third third
	run "$ecryptfs" key change - --slot 0 "$tmp/v/d" 0 seconds=4 <"$tmp/lines"
	slow=$(cost_of 0)
	run "$ecryptfs" key change - --slot 0 "$tmp/v/d" 0 <"$tmp/lines"
	verdict vault-change-keeps-cost "not $slow" [ "$(cost_of 0)" = "$slow" ]
	run "$ecryptfs" key change - --slot 0 "$tmp/v/d" 0 seconds=0.1 <"$tmp/lines"
	verdict vault-change-lowers-cost "still $slow" [ "$(cost_of 0)" != "$slow" ]
	test_vault_short
	lines 'päss word'
	run "$ecryptfs" key remove - "$tmp/v/d" 1 <"$tmp/lines"
	expect vault-old-passphrase 3 - "*opens none of the slots*key list*"
	before=$(cksum <"$vault")
	lines second
	run "$ecryptfs" key remove - "$tmp/v/d" 7 <"$tmp/lines"
	expect vault-remove-absent 1 - "*no such slot*"
	run "$ecryptfs" key remove - "$tmp/v/d" x <"$tmp/lines"
	expect vault-remove-word 2 - "*a slot is a number*"
	run "$ecryptfs" key add - "$tmp/v/d" nonsense <"$tmp/lines"
	expect vault-no-source 1 - "*does not have such a key source*key add --help*"
	# Nothing else is wrong in these, so nothing else can refuse them.
	lines second another
	for setting in 0.01 31 nan x 1x; do
		run "$ecryptfs" key add - "$tmp/v/d" passphrase "seconds=$setting" <"$tmp/lines"
		expect "vault-bad-setting-$setting" 1 - "ecryptfs key add: passphrase: seconds= takes a number from 0.1 to 30"
	done
	lines second ''
	run "$ecryptfs" key add - "$tmp/v/d" passphrase seconds=0.1 <"$tmp/lines"
	expect vault-empty-passphrase 1 - "*the two entries differ or are empty*"
	slots_refused
	verdict vault-unchanged "a failed command has written" [ "$before" = "$(cksum <"$vault")" ]
	lines second
	run "$ecryptfs" key remove - "$tmp/v/d" 0 <"$tmp/lines"
	expect vault-remove 0 "Removed slot 0 (passphrase)" -
	run "$ecryptfs" key remove - "$tmp/v/d" 1 <"$tmp/lines"
	expect vault-remove-recovery 0 "Removed slot 1 (recovery)" "*no slot is left to open the vault if all others fail*key add $tmp/v/d recovery"
	run "$ecryptfs" key remove - "$tmp/v/d" 2 <"$tmp/lines"
	expect vault-remove-last 1 - "*last slot*"
	run "$ecryptfs" key list --json "$tmp/v/d"
	json '(x["slot"], x["source"], x["label"], x["damaged"])' >"$tmp/json"
	verdict vault-list-json "$(cat "$tmp/json")" \
		[ "$(cat "$tmp/json")" = "(2, 'passphrase', 'two', False)" ]
	cp "$tmp/copy" "$vault"
}

test_vault_keys() {
	local sig fnek group
	sig=$(signature_of "$($oracle payload --passphrase "$mount_secret")")
	fnek=$(signature_of "$($oracle payload --passphrase "$mount_secret" --salt 3939383837373636)")
	sigs+=("$sig" "$fnek")
	if ! command -v keyctl >/dev/null || ! keyctl session - true >/dev/null 2>&1; then
		skip vault-unlock "keyctl does not work here"
		return
	fi
	lines 'wrong'
	in_session "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect vault-unlock-wrong 3 - "*opens none*"
	# The same text in another form: a, combining diaeresis.
	lines $'pa\xcc\x88ss word'
	in_session "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect vault-unlock 0 "Unlocked $tmp/v/d: key $sig, for names $fnek" -
	verdict vault-payload "not what the oracle makes" \
		[ "$(session linked keyctl pipe "$(keyctl search @u user "$sig")" | od -An -v -tx1 | tr -d ' \n')" = \
			"$($oracle payload --passphrase "$mount_secret")" ]
	in_session "$ecryptfs" status "$tmp/v/d"
	expect vault-status 0 "*$vault
*aes, 32 bytes*names encrypted*$sig, for names $fnek
unlocked  yes
mounted   no
*0  passphrase*Argon2id*mine*1  recovery*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	expect vault-lock 0 "Removed key $sig
Removed key $fnek" -
	verdict vault-locked "the key is still there" bash -c "! keyctl search @u user $sig 2>/dev/null"
	in_session "$ecryptfs" lock "$tmp/v/d"
	expect vault-lock-again 0 "No key of $tmp/v/d was in the keyring" -
	group=$(tr -d - <<<"$recovery" | tr '[:upper:]01' '[:lower:]ol')
	lines "$group"
	in_session "$ecryptfs" unlock --recovery - "$tmp/v/d" <"$tmp/lines"
	expect vault-recovery-typed 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	lines "${recovery:0:7}$([ "${recovery:7:1}" = 7 ] && echo 8 || echo 7)${recovery:8}"
	in_session "$ecryptfs" unlock --recovery - "$tmp/v/d" <"$tmp/lines"
	expect vault-recovery-slip 3 - "*there is a typing error in group 2 of the recovery key*"
	run python3 "$here/terminal.py" 'päss word' keyctl session - "$ecryptfs" unlock "$tmp/v/d"
	expect vault-terminal 0 "*Passphrase: *Unlocked $tmp/v/d*echo=on*status=0" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	run "$ecryptfs" umount "$tmp/v/d"
	expect vault-umount-nothing 1 - "*neither a mounted directory nor a mount point*findmnt*"
	run "$ecryptfs" unlock - "$tmp/v" <"$tmp/lines"
	expect vault-absent 1 - "*there is no vault*ecryptfs init*"
}

# Changes by an attacker who can write to the file, but has no secret.
test_vault_tampered() {
	local name
	lines 'päss word'
	vault_oracle "$vault" tamper mount.names plain
	run "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect vault-tampered-settings 5 - "*changed without its secret*backup*"
	in_session "$ecryptfs" unlock --ignore-damage - "$tmp/v/d" <"$tmp/lines"
	expect vault-tampered-ignored 0 "Unlocked*" "*(ignored)*settings*names plain, cipher aes, keys of 32 bytes*"
	in_session "$ecryptfs" lock "$tmp/v/d"
	name=$tmp/v/d/$($oracle name --passphrase "$mount_secret" --key-bytes 32 'a file')
	: >"$name"
	in_session "$ecryptfs" unlock --ignore-damage - "$tmp/v/d" <"$tmp/lines"
	expect vault-tampered-names 5 - "*names of its files are encrypted*"
	rm "$name"
	cp "$tmp/copy" "$vault"
	vault_oracle "$vault" tamper slots.1.label yours
	run "$ecryptfs" key add - "$tmp/v/d" recovery <"$tmp/lines"
	expect vault-tampered-slot 5 - "*changed without its secret*"
	vault_oracle "$vault" tamper slots.1.label $'\e[2J'
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-label-no-text 0 '*\033[[]2J' -
	run "$ecryptfs" key list --json "$tmp/v/d"
	expect vault-label-no-text-json 0 '*"label": "\\u001b[[]2J"*' -
	cp "$tmp/copy" "$vault"
	python3 - "$vault" <<-'EOT'
		import sys
		path = sys.argv[1]
		text = open(path, "rb").read()
		at = text.rindex(b'"sealed": "') + 11
		byte = b"0" if text[at:at + 1] != b"0" else b"1"
		open(path, "wb").write(text[:at] + byte + text[at + 1:])
	EOT
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-damaged-list 5 "*0  passphrase*Argon2id*1  recovery*damaged: *check*" -
	run "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect vault-damaged-slot 5 - "*slot 1 (recovery) is damaged*--ignore-damage*"
	run "$ecryptfs" key remove - --ignore-damage "$tmp/v/d" 1 <"$tmp/lines"
	expect vault-damaged-repair 0 "Removed slot 1*" "*ignored*"
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-repaired 0 "*0  passphrase*" -
	sed 's/"incompatible": \[\]/"incompatible": [\n      "moon"\n    ]/' "$tmp/copy" >"$vault"
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-feature 1 - "*needs a feature that this version does not support: \`moon'*newer*"
	# Before anything of it is checked, so by anybody, and of any length.
	vault_oracle "$vault" tamper features.incompatible $'\e]0;evil\a'
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-feature-no-text 1 - "*this version does not support: \`\\\\033[]]0;evil\\\\007'*newer*"
	cp "$tmp/copy" "$vault"
	vault_oracle "$vault" tamper slots.0.label $'left \xe2\x80\xaeright'
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-direction 0 '*left \\342\\200\\256right*' -
	head -c 700 "$tmp/copy" >"$vault"
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-truncated 5 - "*it is cut off at byte 700*backup copy*"
	sed 's/"ecryptfs_vault": 1/"ecryptfs_vault": 2/' "$tmp/copy" >"$vault"
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-version 1 - "*made by a newer version*"
	: >"$vault"
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-empty 5 - "*it is empty*backup copy*"
	cp "$tmp/copy" "$vault"
}

# What a slot may demand is limited, because anyone may have written it.
test_vault_cost() {
	local at=$SECONDS field
	lines 'päss word'
	for field in memory_kib:4194304 passes:1000000 passes:0; do
		cp "$tmp/copy" "$vault"
		vault_oracle "$vault" tamper slots.0.blob.memory_kib 1048576
		vault_oracle "$vault" tamper "slots.0.blob.${field%:*}" "${field#*:}"
		in_session timeout 20 "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
		expect "vault-cost-$field" 5 - "*slot 0 (passphrase): its ${field%:*} is malformed or too large*"
	done
	cp "$tmp/copy" "$vault"
	vault_oracle "$vault" tamper slots.0.blob.memory_kib 1048576
	vault_oracle "$vault" tamper slots.0.blob.passes 65
	in_session timeout 20 "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect vault-cost-work 5 - "*slot 0 (passphrase): its passes is malformed or too large*"
	verdict vault-cost-quick "$((SECONDS - at)) s" [ $((SECONDS - at)) -lt 40 ]
	vault_oracle "$vault" tamper slots.0.blob.passes 1
	echo 'MemTotal: 1048576 kB' >"$tmp/meminfo"
	# shellcheck disable=SC2016 # its own variables
	run unshare -m bash -c 'mount --bind "$0" /proc/meminfo || exit 77; exec "$@"' "$tmp/meminfo" \
		"$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	[ "$status" = 77 ] || expect vault-cost-memory 3 - "*each attempt takes 1024 MiB of memory, more than half of the machine's*"
	# Nor do many slots add up: this one would be tried after a cheap one.
	mkdir "$tmp/v/two"
	run "$ecryptfs" init - --no-recovery "$tmp/v/two" seconds=0.1 <"$tmp/lines"
	printf '%s\n' 'päss word' 'another' >"$tmp/lines"
	run "$ecryptfs" key add - "$tmp/v/two" passphrase seconds=0.1 <"$tmp/lines"
	vault_oracle "$tmp/v/two.vault" tamper slots.1.blob.memory_kib 67108
	vault_oracle "$tmp/v/two.vault" tamper slots.1.blob.passes 1000
	lines 'neither'
	in_session timeout 20 "$ecryptfs" unlock - "$tmp/v/two" <"$tmp/lines"
	expect vault-cost-of-all 3 - "*slot 1 (passphrase): the slots before it have used up the work*--slot*"
	cp "$tmp/copy" "$vault"
}

# Nothing is cut at a byte 0: neither a secret nor a line of a key file.
test_vault_nul() {
	mkdir "$tmp/v/nul"
	run "$ecryptfs" init - "$tmp/v/nul" seconds=0.1 < <(printf 'a\0b\n')
	expect vault-nul-init 1 - "*NUL byte*"
	verdict vault-nul-none "there is a vault" [ ! -e "$tmp/v/nul.vault" ]
	lines a
	run "$ecryptfs" init - "$tmp/v/nul" seconds=0.1 <"$tmp/lines"
	run "$ecryptfs" key add - "$tmp/v/nul" recovery < <(printf 'a\0b\n')
	expect vault-nul-open 3 - "*NUL byte*"
	run "$ecryptfs" init - --adopt --no-check --vault "$tmp/v/nul2" "$tmp/v/nul" seconds=0.1 < <(printf 'a\0b\nc\n')
	expect vault-nul-adopt 1 - "*NUL byte*"
}

# At each step of an update; afterwards the old vault or the new one opens.
test_vault_powercut() {
	local n err old new good=1 why=''
	gcc -shared -fPIC -Wall -Wextra -Werror -D_GNU_SOURCE -o "$tmp/powercut.so" "$here/powercut.c" || fail vault-powercut compile
	old=$(cksum <"$vault")
	for ((n = 1; n < 20; n++)); do
		lines 'päss word' "päss word"
		err=0
		: >"$tmp/calls"
		CUT=$n CALLS=$tmp/calls LD_PRELOAD=$tmp/powercut.so "$ecryptfs" key change - "$tmp/v/d" 0 seconds=0.1 \
			<"$tmp/lines" >/dev/null 2>&1 || err=$?
		new=$(cksum <"$vault")
		if ! vault_oracle "$vault" passphrase 'päss word' >/dev/null 2>&1; then
			good=0
			why="cut $n leaves a vault that does not open"
		fi
		if [ "$new" != "$old" ] && ! grep -q rename "$tmp/calls"; then
			good=0
			why="cut $n: changed before the rename"
		fi
		[ "$err" = 137 ] || break
	done
	[ "$err" = 0 ] || { good=0 why="status $err"; }
	[ "$n" -ge 6 ] || { good=0 why="only $n steps"; }
	verdict vault-powercut "$why" [ "$good" = 1 ]
	# The data before the name, the name before the end.
	verdict vault-powercut-order "$(tr '\n' ' ' <"$tmp/calls")" \
		grep -qzP 'create\n(write\n)+fsync\nrename\nfsync\n' "$tmp/calls"
	verdict vault-powercut-debris "$(ls -A "$tmp/v")" \
		[ "$(find "$tmp/v" -name 'd.*' -o -path "$tmp/v/d/*")" = "$vault" ]
}

# What others can do where they can write, or only read.
test_vault_place() {
	local place=$tmp/v/place at
	mkdir "$place"
	mount -t tmpfs -o mode=1777 none "$place" 2>/dev/null || ! skip vault-place "nothing can be mounted here" || return
	lines word
	run "$ecryptfs" init - "$place/d" seconds=0.1 <"$tmp/lines"
	# A lock on the directory, which any reader can have.
	exec 8<"$place"
	flock 8
	at=$SECONDS
	run "$ecryptfs" key add - "$place/d" recovery <"$tmp/lines" 8<&-
	expect vault-directory-locked 0 "*Added slot 2*" -
	verdict vault-directory-not-waited "$((SECONDS - at)) s" [ $((SECONDS - at)) -lt 20 ]
	exec 8<&-
	exec 8<"$place/d.vault"
	flock 8
	run timeout 50 "$ecryptfs" key add - "$place/d" recovery <"$tmp/lines" 8<&-
	expect vault-locked 1 - "*has locked it for several seconds*nothing was changed"
	exec 8<&-
	# The name that a new file once had, and what a power cut leaves.
	: >"$place/d.vault.new"
	: >"$place/d.vault.new-0123456789abcdef"
	: >"$place/d.vault.new-0123456789abcdef.mine"
	run "$ecryptfs" key add - "$place/d" recovery <"$tmp/lines" 8<&-
	expect vault-name-taken 0 "*Added slot 3*" -
	verdict vault-leftovers "$(ls "$place")" [ "$(cd "$place" && echo d.vault*)" = "d.vault d.vault.new d.vault.new-0123456789abcdef.mine" ]
	# Nothing to write down for a vault that can't be stored.
	mount -o remount,size=64k "$place"
	dd if=/dev/zero of="$place/fill" bs=4k 2>/dev/null
	run "$ecryptfs" key add - "$place/d" recovery <"$tmp/lines" 8<&-
	expect vault-full-not-shown 1 - "*no space is left*nothing was changed"
	umount -l "$place"
}

test_vault_library() {
	local flags libs
	read -ra libs <<<"$(pkg-config --cflags --libs libargon2 libutf8proc)"
	flags=(-std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror
		-I"$top/fs/ecryptfs" -I"$top/include" -I"$top/utils/lib")
	gcc "${flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=all -o "$tmp/vault_test" \
		"$here/vault_test.c" "$top"/utils/lib/{vault,vault_file,file,text,keysource,hex,sym_openssl,spoken,secmem}.c \
		-ljson-c -lcrypto
	"$tmp/vault_test" "$tmp/copy" "$tmp/damaged" >"$tmp/lines" 2>"$tmp/err"
	status=$?
	cat "$tmp/lines"
	failures=$((failures + $(grep -c '^FAIL' "$tmp/lines")))
	verdict vault-library "status $status: $(tail -n 3 "$tmp/err")" [ "$status" = 0 ]
}

# Keys made by openssl; the slot's key found by openssl and Python.
test_vault_pkey() {
	local kind slot=2
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=escrow -keyout "$tmp/rsa.key" -out "$tmp/rsa.pem" 2>/dev/null
	openssl genpkey -algorithm X25519 -aes128 -pass pass:word -out "$tmp/x25519.key"
	openssl pkey -in "$tmp/x25519.key" -passin pass:word -pubout -out "$tmp/x25519.pem"
	openssl genrsa 1024 2>/dev/null | openssl rsa -pubout -out "$tmp/weak.pem" 2>/dev/null
	for kind in rsa x25519; do
		lines 'päss word'
		run "$ecryptfs" key add - "$tmp/v/d" pkey file="$tmp/$kind.pem" <"$tmp/lines"
		expect "vault-pkey-add-$kind" 0 "Added slot $slot (pkey)" -
		lines word
		run "$ecryptfs" key remove - --with pkey "$tmp/v/d" 9 key="$tmp/$kind.key" <"$tmp/lines"
		expect "vault-pkey-use-$kind" 1 - "*no such slot*"
		in_session "$ecryptfs" unlock - --slot "$slot" "$tmp/v/d" key="$tmp/$kind.key" <"$tmp/lines"
		expect "vault-pkey-unlock-$kind" 0 "Unlocked*" -
		in_session "$ecryptfs" lock "$tmp/v/d"
		verdict "vault-pkey-oracle-$kind" "another secret" \
			[ "$(vault_oracle "$vault" "pkey:$slot" "$tmp/$kind.key" 2>/dev/null)" = "$mount_secret" ]
		slot=$((slot + 1))
	done
	in_session "$ecryptfs" unlock - --slot 2 "$tmp/v/d" key="$tmp/x25519.key" <"$tmp/lines"
	expect vault-pkey-another 3 - "*opens none*"
	lines wrong
	in_session "$ecryptfs" unlock - --slot 3 "$tmp/v/d" key="$tmp/x25519.key" <"$tmp/lines"
	expect vault-pkey-password 3 - "*opens none*"
	in_session "$ecryptfs" unlock - --with pkey "$tmp/v/d" <"$tmp/lines"
	expect vault-pkey-no-key 2 - "*setting is missing*"
	in_session "$ecryptfs" unlock - --with pkye "$tmp/v/d" <"$tmp/lines"
	expect vault-with-no-source 2 - "sources:* pkey*--with takes a key source*"
	lines 'päss word'
	for kind in weak lines; do
		cp "$tmp/lines" "$tmp/lines.pem"
		run "$ecryptfs" key add - "$tmp/v/d" pkey file="$tmp/$kind.pem" <"$tmp/lines"
		expect "vault-pkey-refused-$kind" 1 - "*file=$tmp/$kind.pem: n*"
	done
	run "$ecryptfs" key add - "$tmp/v/d" pkey file=/nonexistent <"$tmp/lines"
	expect vault-pkey-no-file 1 - "*file=/nonexistent: No such file or directory"
	run "$ecryptfs" key add - "$tmp/v/d" pkey file="$tmp/rsa.key" <"$tmp/lines"
	expect vault-pkey-private 1 - "*file=$tmp/rsa.key: neither a certificate nor a public key*pubout*"
	run "$ecryptfs" key list "$tmp/v/d"
	expect vault-pkey-list 0 "*2  pkey*rsa-oaep-sha256, public key*3  pkey*x25519, public key*" -
	cp "$tmp/copy" "$vault"
}

# What bash, zsh and fish would offer; each long option that a help text has is
# in the completion of each shell.
test_completion() {
	local got option missing=''
	# shellcheck source=/dev/null
	got=$(. "$top/utils/completion/ecryptfs.bash"
		COMP_WORDS=(ecryptfs key re) COMP_CWORD=2
		_ecryptfs
		echo "${COMPREPLY[*]}")
	verdict completion-bash "$got" [ "$got" = remove ]
	# Settings of all sources, directories and no files.
	for option in $("$ecryptfs" key add --help | sed -n 's/^ \{6\}\([a-z-]*=\).*/\1/p'); do
		for got in ecryptfs.bash _ecryptfs ecryptfs.fish; do
			grep -qe "[ '\"]$option" "$top/utils/completion/$got" || missing+=" $got:$option"
		done
	done
	mkdir -p "$tmp/complete/directory" && : >"$tmp/complete/file"
	# shellcheck source=/dev/null
	got=$(cd "$tmp/complete" && . "$top/utils/completion/ecryptfs.bash"
		COMP_WORDS=(ecryptfs unlock '') COMP_CWORD=2
		_ecryptfs
		echo "${COMPREPLY[*]}")
	verdict completion-directories "$got" [ "$got" = directory ]
	for option in $(for name in init unlock lock mount umount status 'key list' 'key add' 'key remove' 'key test' 'header restore' rekey doctor 'vault list' 'vault forget' dump; do
		# shellcheck disable=SC2086 # words are meant
		"$ecryptfs" $name --help
	done | grep -oE '^  -[a-zA-Z], --[a-z-]+' | grep -oE '\-\-[a-z-]+' | sort -u); do
		grep -qe "$option" "$top/utils/completion/ecryptfs.bash" || missing+=" bash:$option"
		grep -qe "$option" "$top/utils/completion/_ecryptfs" || missing+=" zsh:$option"
		grep -qe "-l ${option#--}" "$top/utils/completion/ecryptfs.fish" || missing+=" fish:$option"
	done
	verdict completion-options "missing:$missing" [ -z "$missing" ]
	if command -v fish >/dev/null; then
		got=$(XDG_CONFIG_HOME=$tmp HOME=$tmp fish -c "source '$top/utils/completion/ecryptfs.fish'; complete -C 'ecryptfs key re'" 2>&1)
		verdict completion-fish "$got" [ "${got%%[[:space:]]*}" = remove ]
	else
		skip completion-fish "no fish"
	fi
	if command -v zsh >/dev/null; then
		verdict completion-zsh "it does not parse" zsh -n "$top/utils/completion/_ecryptfs"
	else
		skip completion-zsh "no zsh"
	fi
}

test_vaults() {
	test_completion
	vault_make
	test_vault_pkey
	test_vault_refused
	test_vault_weak
	test_init_not_shown
	test_vault_slots
	test_vault_keys
	test_vault_tampered
	test_vault_nul
	test_vault_cost
	test_vault_powercut
	test_vault_place
	test_vault_library
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Tests of OpenPGP slots, with the real gpg and keys that it makes in a home of its
# own.  Its pinentry is a script that leaves a trace and answers as it is told.
# Sourced by run.

gpg_quiet() { gpg --batch --quiet --no-tty "$@" 2>>"$tmp/gpg.log"; }

gpg_home() {
	export GNUPGHOME=$tmp/gnupg
	mkdir -m 700 "$GNUPGHOME" "$tmp/gnupg2"
	cat >"$tmp/pinentry" <<-EOT
		#!/bin/sh
		: >>$tmp/window
		echo OK
		while read -r command _; do
			case \$command in
			GETPIN) cat $tmp/answer ;;
			esac
			echo OK
			[ "\$command" != BYE ] || exit
		done
	EOT
	chmod 755 "$tmp/pinentry"
	echo "pinentry-program $tmp/pinentry" | tee "$GNUPGHOME/gpg-agent.conf" >"$tmp/gnupg2/gpg-agent.conf"
	for name in anna berta; do
		gpg_quiet --passphrase '' --quick-generate-key "$name@example" default default never
	done
	gpg_quiet --pinentry-mode loopback --passphrase 'secret word' --quick-generate-key carl@example default default never
	gpg_quiet --passphrase '' --faked-system-time 20200101T000000 --quick-generate-key old@example default default 1d
	gpg_quiet --passphrase '' --quick-generate-key gone@example default default never
	printf '%s\n' y 0 '' y | gpg --quiet --no-tty --command-fd 0 --gen-revoke gone@example 2>/dev/null |
		gpg_quiet --import
	gpg_quiet --passphrase '' --quick-generate-key signs@example ed25519 sign never
	# Made elsewhere: its secret key is not here, and nobody has certified it.
	gpg_quiet --homedir "$tmp/gnupg2" --passphrase '' --quick-generate-key other@example default default never
	gpg_quiet --homedir "$tmp/gnupg2" --export other@example | gpg_quiet --import
	gpg_agents_end
}

# They keep the passphrases that they were told.
gpg_agents_end() {
	gpgconf --homedir "$tmp/gnupg" --kill all 2>/dev/null
	gpgconf --homedir "$tmp/gnupg2" --kill all 2>/dev/null
}

gpg_print() { gpg_quiet --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" { print $10; exit }'; }

gpg_add() { # SETTING...
	lines 'päss word'
	run "$ecryptfs" key add - "$tmp/v/d" gpg "$@" <"$tmp/lines"
}

test_gpg_add() {
	local before
	gpg_add recipient=anna@example recipient="$(gpg_print berta@example)" recipient=anna@example
	expect gpg-add 0 "Added slot 2 (gpg)" -
	run "$ecryptfs" key list "$tmp/v/d"
	expect gpg-list 0 "*2  gpg *OpenPGP, $(gpg_print anna@example) $(gpg_print berta@example)" -
	verdict gpg-recipients "$(gpg_packets 2)" [ "$(gpg_packets 2 | grep -c '^:pubkey enc packet')" = 2 ]
	before=$(cksum <"$vault")
	gpg_add recipient=old@example
	expect gpg-expired 1 - "*$(gpg_print old@example) has expired*try: gpg --list-keys*"
	gpg_add recipient=gone@example
	expect gpg-revoked 1 - "*$(gpg_print gone@example) is revoked*"
	gpg_add recipient=signs@example
	expect gpg-unsuitable 1 - "*has no encryption subkey*"
	gpg_add recipient=anna@example recipient=nobody@example
	expect gpg-absent 1 - "*no public key for \`nobody@example'*gpg --import*"
	gpg_add recipient=example
	expect gpg-ambiguous 1 - "*keys match \`example'*fingerprint*"
	gpg_add recipient=other@example
	expect gpg-untrusted 1 - "*it is not certified that the key $(gpg_print other@example)*--lsign-key*trust=always*"
	gpg_add recipient=other@example trust=maybe
	expect gpg-trust-word 1 - "*setting is missing or malformed*"
	gpg_add
	expect gpg-no-recipient 1 - "*setting is missing or malformed*"
	gpg_add recipient=
	expect gpg-empty-recipient 1 - "*setting is missing or malformed*"
	verdict gpg-unchanged "a failed command has written" [ "$before" = "$(cksum <"$vault")" ]
	gpg_add recipient=other@example trust=always
	expect gpg-always 0 "Added slot 3 (gpg)" -
	gpg_add recipient=carl@example
	expect gpg-protected 0 "Added slot 4 (gpg)" -
}

# However many there are, all of them are shown, and as a list to programs.
test_gpg_recipients() {
	local n prints=''
	for n in anna berta carl other; do
		prints+="$(gpg_print $n@example) "
	done
	gpg_add recipient=anna@example recipient=berta@example recipient=carl@example recipient=other@example trust=always
	run "$ecryptfs" key list "$tmp/v/d"
	expect gpg-recipients-shown 0 "*OpenPGP, ${prints% }" -
	run "$ecryptfs" key list --json "$tmp/v/d"
	verdict gpg-recipients-json "$(cat "$tmp/out")" [ "$(json '" ".join(x["recipients"]) if "recipients" in x else ""' | tail -n1)" = "${prints% }" ]
	vault_oracle "$vault" tamper slots.2.blob.recipients $'\e]0;evil\a\e[2J'
	run "$ecryptfs" key list "$tmp/v/d"
	expect gpg-recipients-no-text 0 '*OpenPGP, \\033[]]0;evil\\007\\033[[]2J' -
	cp "$tmp/copy" "$vault"
}

# The packets of a slot's message, as gpg shows them.
gpg_packets() {
	python3 -c 'import json, sys
slot = next(s for s in json.load(open(sys.argv[1]))["slots"] if s["id"] == int(sys.argv[2]))
sys.stdout.buffer.write(bytes.fromhex(slot["blob"]["message"]))' "$vault" "$1" |
		gpg --batch --no-tty --list-packets 2>/dev/null
}

# With the home directory of another user.
gpg_other() { GNUPGHOME=$tmp/gnupg2 in_session "$@"; }

test_gpg_open() {
	gpg_agents_end
	in_session "$ecryptfs" unlock --with gpg "$tmp/v/d" </dev/null
	expect gpg-unlock 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	verdict gpg-oracle "another secret" \
		[ "$(vault_oracle "$vault" gpg:2 - 2>/dev/null)" = "$mount_secret" ]
	gpg_other "$ecryptfs" unlock --slot 3 "$tmp/v/d" </dev/null
	expect gpg-unlock-other 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	gpg_other "$ecryptfs" unlock --slot 2 "$tmp/v/d" </dev/null
	expect gpg-not-mine 3 - "*slot 2 (gpg): the secret key of none*opens none*"
	lines 'päss word'
	gpg_other "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect gpg-first 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	run "$ecryptfs" key remove - --slot 0 "$tmp/v/d" 2 <"$tmp/lines"
	run "$ecryptfs" key remove - --slot 0 "$tmp/v/d" 3 <"$tmp/lines"
	# The recipients stay, if nobody says anything else.
	run "$ecryptfs" key change - --slot 0 "$tmp/v/d" 4 <"$tmp/lines"
	expect gpg-change 0 "Changed slot 4 (gpg)" -
	run "$ecryptfs" key list "$tmp/v/d"
	expect gpg-change-kept 0 "*4  gpg *OpenPGP, $(gpg_print carl@example)" -
}

# A key with a passphrase: who is asked, and when nobody is.
test_gpg_passphrase() {
	printf 'D secret word\n' >"$tmp/answer"
	rm -f "$tmp/window"
	in_session timeout 60 "$ecryptfs" unlock --with gpg "$tmp/v/d" </dev/null
	expect gpg-nobody 3 - "*gpg-agent needs the passphrase*no terminal*on a terminal*"
	lines wrong
	in_session timeout 60 "$ecryptfs" unlock --with gpg - "$tmp/v/d" <"$tmp/lines"
	expect gpg-script-wrong 3 - "*passphrase or PIN of the key is wrong*"
	lines 'secret word'
	in_session timeout 60 "$ecryptfs" unlock --with gpg - "$tmp/v/d" <"$tmp/lines"
	expect gpg-script 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	gpg_agents_end
	lines 'päss word'
	in_session timeout 60 "$ecryptfs" unlock - "$tmp/v/d" <"$tmp/lines"
	expect gpg-script-passphrase 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	verdict gpg-no-window "a pinentry was started" [ ! -e "$tmp/window" ]
	run session linked python3 "$here/terminal.py" unused "$ecryptfs" unlock --with gpg "$tmp/v/d"
	expect gpg-window 0 "*Unlocked $tmp/v/d*status=0" -
	verdict gpg-window-shown "no pinentry was started" [ -e "$tmp/window" ]
	in_session "$ecryptfs" lock "$tmp/v/d"
	# The agent has it now.
	in_session "$ecryptfs" unlock --with gpg "$tmp/v/d" </dev/null
	expect gpg-agent 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	gpg_agents_end
	printf 'ERR 83886179 cancelled\n' >"$tmp/answer"
	run session linked python3 "$here/terminal.py" 'päss word' "$ecryptfs" unlock "$tmp/v/d"
	expect gpg-window-cancelled 0 "*Passphrase: *Unlocked $tmp/v/d*status=0" -
	in_session "$ecryptfs" lock "$tmp/v/d"
}

# member SLOT NAME VALUE: of a blob, with the checks made right again.
gpg_member() { vault_oracle "$vault" tamper "slots.$1.blob.$2" "$3"; }

test_gpg_changed() {
	local message
	cp "$tmp/copy" "$vault"
	# Made by gpg and Python, without any of our code.
	vault_oracle "$vault" gpg-put "$mount_secret" berta@example
	in_session "$ecryptfs" unlock --slot 9 "$tmp/v/d" </dev/null
	expect gpg-made-elsewhere 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	cp "$vault" "$tmp/elsewhere"
	message=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["slots"][2]["blob"]["message"])' "$vault")
	gpg_member 2 message "${message%????}beef"
	in_session "$ecryptfs" unlock --slot 9 "$tmp/v/d" </dev/null
	expect gpg-tampered 3 - "*slot 9 (gpg)*"
	gpg_member 2 message "${message:0:100}"
	in_session "$ecryptfs" unlock --slot 9 "$tmp/v/d" </dev/null
	expect gpg-cut 5 - "*the slot is damaged*"
	gpg_member 2 message "$(printf hello | gpg_quiet --encrypt --recipient berta@example | od -An -v -tx1 | tr -d ' \n')"
	in_session "$ecryptfs" unlock --slot 9 "$tmp/v/d" </dev/null
	expect gpg-another-text 5 - "*damaged*"
	gpg_member 2 message "$(head -c 100000 /dev/zero | gpg_quiet --encrypt --recipient berta@example | od -An -v -tx1 | tr -d ' \n')"
	in_session "$ecryptfs" unlock --slot 9 "$tmp/v/d" </dev/null
	expect gpg-longer-text 5 - "*damaged*"
	cp "$tmp/elsewhere" "$vault"
	# As a slot of another vault would be, whose number is another.
	vault_oracle "$vault" tamper id 00112233445566778899aabbccddeeff
	in_session "$ecryptfs" unlock --slot 9 "$tmp/v/d" </dev/null
	expect gpg-another-vault 3 - "*opens none*"
	cp "$tmp/copy" "$vault"
}

test_gpg() {
	if ! command -v gpg gpgconf >/dev/null || ! "$ecryptfs" key add --help | grep -q '^  gpg '; then
		skip gpg "no gpg, or built without GPGME"
		return
	fi
	gpg_home
	cp "$tmp/copy" "$vault"
	test_gpg_recipients
	test_gpg_add
	if keyctl session - true >/dev/null 2>&1; then
		test_gpg_open
		test_gpg_passphrase
		test_gpg_changed
	else
		skip gpg-unlock "keyctl does not work here"
	fi
	gpg_agents_end
	unset GNUPGHOME
	cp "$tmp/copy" "$vault"
}

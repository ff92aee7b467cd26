# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Tests of shares: cards as they are shown, joined by ours and by an implementation
# of Shamir's scheme of its own; too few, of two sets, mistyped.  Sourced by run.

# The cards in the last output, a line each.
cards_take() {
	grep -E '^ {8}' "$tmp/out" | tr -d ' \n' | grep -oE '([0-9A-Z]{5}-){15}[0-9A-Z]{5}' >"$1"
}

# share NUMBER... of $tmp/cards, a line each.
share() {
	local n
	for n; do sed -n "${n}p" "$tmp/cards"; done
}

shares_unlock() { # [SLOT]
	in_session "$ecryptfs" unlock - --slot "${1:-2}" "$tmp/v/d" <"$tmp/lines"
}

# Each choice of three cards of five, and more than are asked for.
test_shares_join() {
	local a b c missed=''
	for a in 1 2 3 4 5; do
		for b in 1 2 3 4 5; do
			for c in 1 2 3 4 5; do
				if [ "$a" -ge "$b" ] || [ "$b" -ge "$c" ]; then continue; fi
				share "$c" "$a" "$b" >"$tmp/lines"
				run "$ecryptfs" key remove - --with shares "$tmp/v/d" 9 <"$tmp/lines"
				grep -q 'no such slot' "$tmp/err" || missed+=" $a$b$c"
				[ "$(vault_oracle "$vault" shares "$(tr '\n' ' ' <"$tmp/lines")" 2>>"$tmp/log")" = "$mount_secret" ] ||
					missed+=" oracle-$a$b$c"
			done
		done
	done
	verdict shares-any "not with$missed" [ -z "$missed" ]
	# Two of them, and any other third one, must not do.
	share 1 2 >"$tmp/lines"
	verdict shares-oracle-two "two cards were enough" \
		[ -z "$(vault_oracle "$vault" shares "$(tr '\n' ' ' <"$tmp/lines")" 2>/dev/null)" ]
}

test_shares_slips() {
	local card
	share 1 2 >"$tmp/lines"
	shares_unlock
	expect shares-few 3 - "*2 shares were given, but 3 are needed*"
	share 1 2 1 3 >"$tmp/lines"
	shares_unlock
	expect shares-twice 3 - "*share 1 was already given*"
	card=$(share 2)
	{ share 1; echo "${card:0:24}$(tr 0-9A-Z 1-9A-Z0 <<<"${card:24:1}")${card:25}"; share 3; } >"$tmp/lines"
	shares_unlock
	expect shares-slip 3 - "*there is a typing error in group 5 of the share*"
	{ share 1; echo "${card:0:90}"; share 3; } >"$tmp/lines"
	shares_unlock
	expect shares-short 3 - "*a share has 16 groups*"
	{ share 1; tail -n 1 "$tmp/cards2"; share 3; } >"$tmp/lines"
	shares_unlock
	expect shares-mixed 3 - "*that share belongs to set ${card2:0:5}, but this slot needs set ${card:0:5}*"
	tail -n 2 "$tmp/cards2" >"$tmp/lines"
	shares_unlock 3
	expect shares-other-slot 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	# On a terminal only the card with the slip is asked for once more.
	run session linked python3 "$here/terminal.py" "$(share 1; echo "${card:0:24}$(tr 0-9A-Z 1-9A-Z0 <<<"${card:24:1}")${card:25}"; share 2 3)" \
		"$ecryptfs" unlock --with shares --slot 2 "$tmp/v/d"
	expect shares-terminal 0 "*Next share*there is a typing error in group 5 of the share*Unlocked*status=0" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	run session linked python3 "$here/terminal.py" "$(share 1 3)"$'\n' "$ecryptfs" unlock --slot 2 "$tmp/v/d"
	expect shares-terminal-few 0 "*2 shares were given, but 3 are needed*status=3" -
	# A forged card: the set and its number, with another share.
	{ share 1 2; vault_oracle "$vault" forge-share "$(share 3)"; } >"$tmp/lines"
	shares_unlock
	expect shares-forged 3 - "*opens none*"
	# As it is read from paper: no hyphens, lower case, o for 0 and l for 1.
	share 5 4 1 | tr -d - | tr '[:upper:]01' '[:lower:]ol' >"$tmp/lines"
	shares_unlock
	expect shares-typed 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	# Line by line, as the cards are printed.
	share 5 4 1 | sed -E 's/(([0-9A-Z]{5}-){4})/\1\n/g' >"$tmp/lines"
	verdict shares-four-lines "$(wc -l <"$tmp/lines") lines" [ "$(wc -l <"$tmp/lines")" = 12 ]
	shares_unlock
	expect shares-by-lines 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	run session linked python3 "$here/terminal.py" "$(cat "$tmp/lines")" "$ecryptfs" unlock --slot 2 "$tmp/v/d"
	expect shares-terminal-lines 0 "*Next share*continue with the next line*Unlocked*status=0" -
	in_session "$ecryptfs" lock "$tmp/v/d"
	head -n 2 "$tmp/lines" >"$tmp/some"
	run session linked python3 "$here/terminal.py" "$(cat "$tmp/some")"$'\n\n' "$ecryptfs" unlock --slot 2 "$tmp/v/d"
	expect shares-part 0 "*a share has 16 groups*status=3" -
}

test_shares() {
	local setting card2
	if ! "$ecryptfs" key add --help | grep -q '^  shares '; then
		skip shares "built without libgfshare"
		return
	fi
	cp "$tmp/copy" "$vault"
	lines 'päss word'
	run "$ecryptfs" key add - "$tmp/v/d" shares of=5 need=3 <"$tmp/lines"
	expect shares-add 0 "Shares *Share 1 of 5 of set *; any 3 of them open the vault.*Share 5 of 5*
Added slot 2 (shares)" -
	cards_take "$tmp/cards"
	verdict shares-cards "not five different ones" [ "$(sort -u "$tmp/cards" | wc -l)" = 5 ]
	run "$ecryptfs" key list "$tmp/v/d"
	expect shares-list 0 "*2  shares *any 3 of 5 cards of set $(share 1 | cut -c 1-5)" -
	for setting in 'of=5' 'need=3' 'of=5 need=6' 'of=1 need=1' 'of=33 need=3' 'of=5 need=1' 'of=5x need=3' 'of= need='; do
		# shellcheck disable=SC2086 # words are meant
		run "$ecryptfs" key add - "$tmp/v/d" shares $setting <"$tmp/lines"
		expect "shares-setting-${setting// /-}" 1 - "*of= and need= are required*"
	done
	run "$ecryptfs" key add - "$tmp/v/d" shares of=32 need=2 <"$tmp/lines"
	cards_take "$tmp/cards2"
	verdict shares-most "$(wc -l <"$tmp/cards2") cards" [ "$(sort -u "$tmp/cards2" | wc -l)" = 32 ]
	card2=$(tail -n 1 "$tmp/cards2")
	: >"$tmp/log"
	test_shares_join
	if keyctl session - true >/dev/null 2>&1; then
		test_shares_slips
	else
		skip shares-slips "keyctl does not work here"
	fi
	lines 'päss word'
	run "$ecryptfs" key change - --slot 0 "$tmp/v/d" 2 need=2 <"$tmp/lines"
	expect shares-change 0 "*Share 5 of 5*any 2 of them*Changed slot 2 (shares)" -
	share 1 2 3 >"$tmp/lines"
	run "$ecryptfs" key remove - --slot 2 "$tmp/v/d" 3 <"$tmp/lines"
	expect shares-changed 3 - "*this slot needs set*"
	cp "$tmp/copy" "$vault"
}

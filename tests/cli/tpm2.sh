# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Slots of a TPM: swtpm, one a state, through its sockets; the same objects
# unsealed by tpm2-tools; the bus recorded and searched.  Sourced by run.

# tpm_start NAME: a TPM of that state is the one from now on.  It ends with us.
tpm_start() {
	tpm_stop
	mkdir -p "$tmp/tpm/$1"
	tpm_socket=$tmp/tpm/$1.sock
	rm -f "$tpm_socket"*
	setpriv --pdeathsig KILL swtpm socket --tpm2 --tpmstate "dir=$tmp/tpm/$1" \
		--ctrl "type=unixio,path=$tpm_socket.ctrl" --server "type=unixio,path=$tpm_socket" \
		--flags not-need-init,startup-clear >"$tmp/tpm/$1.log" 2>&1 &
	tpm_pid=$!
	for ((n = 0; n < 100; n++)); do
		[ -S "$tpm_socket" ] && [ -S "$tpm_socket.ctrl" ] && break
		sleep 0.1
	done
	export ECRYPTFS_TCTI=swtpm:path=$tpm_socket
	export TPM2TOOLS_TCTI=$ECRYPTFS_TCTI TSS2_LOG=all+none
}

tpm_stop() {
	[ -n "${tpm_pid-}" ] || return 0
	kill "$tpm_pid" 2>/dev/null
	wait "$tpm_pid" 2>/dev/null
	tpm_pid=
}

# oracle_opens NAME SLOT [AUTHORISATION...]: with what tpm2-tools unseal.
oracle_opens() {
	local got
	got=$(vault_oracle "$tvault" "tpm2:$2" "$(tpm_unseal "${@:2}" 2>"$tmp/log")" 2>>"$tmp/log")
	verdict "$1" "$(tail -n1 "$tmp/log")" [ "$got" = "$tsecret" ]
}

# tpm_opens NAME OUT ERR [WORDS...]: unlock says that, and is undone.
tpm_opens() {
	in_session "$ecryptfs" unlock "$tdir" "${@:4}" </dev/null
	expect "$1" 0 "$2" "$3"
	in_session "$ecryptfs" lock "$tdir"
}

# tpm_refused NAME ERR: without a question to anybody, and for that reason.
tpm_refused() {
	in_session "$ecryptfs" unlock --with tpm2 "$tdir" </dev/null
	expect "$1" 3 - "$2"
}

# The storage key as the TCG's provisioning guidance has it: tpm_primary FILE.
# The area that makes it unique is two zero coordinates of 32 bytes; tpm2-tools
# want them as in their memory, with room for 128.
tpm_primary() {
	{ printf '\x20\0'; head -c 128 /dev/zero; printf '\x20\0'; head -c 128 /dev/zero; } >"$tmp/unique"
	tpm2_createprimary -Q -C o -g sha256 -G ecc256:aes128cfb -u "$tmp/unique" -c "$1" \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
}

tpm_unhex() { python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'; }
tpm_hex() { od -An -v -tx1 | tr -d ' \n'; }

# tpm_unseal SLOT [AUTHORISATION...]: its key in hexadecimal, by tpm2-tools.
tpm_unseal() {
	local part
	for part in public private; do
		vault_oracle "$tvault" "blob:$1" $part | tpm_unhex >"$tmp/$part"
	done
	tpm_primary "$tmp/primary.ctx" &&
		tpm2_flushcontext -Q -t && tpm2_load -Q -C "$tmp/primary.ctx" -u "$tmp/public" -r "$tmp/private" -c "$tmp/object.ctx" &&
		tpm2_flushcontext -Q -t && tpm2_unseal -c "$tmp/object.ctx" "${@:2}" | tpm_hex
	tpm2_flushcontext -Q -t
}

# What a typed PIN becomes, by Python: tpm_pin SLOT PIN.
tpm_pin() {
	python3 - "$(vault_oracle "$tvault" "blob:$1" pin_salt)" "$2" <<-'EOF'
		import sys
		from cryptography.hazmat.primitives import hashes
		from cryptography.hazmat.primitives.kdf.hkdf import HKDF
		key = HKDF(hashes.SHA256(), 32, bytes.fromhex(sys.argv[1]), b"ecryptfs tpm2 pin").derive(sys.argv[2].encode())
		print(key.hex()[:32])
	EOF
}

# The wrong PINs so far are forgotten, whatever the time: the next part has all tries.
tpm_forgive() { tpm2_dictionarylockout -Q --clear-lockout || fail tpm2-forgive "the lockout is not cleared"; }

tpm_wrong_pins() { tpm2_getcap properties-variable | sed -n 's/^TPM2_PT_LOCKOUT_COUNTER: *//p'; }

test_tpm2_absent() {
	lines word
	run "$ecryptfs" key add - "$tdir" tpm2 tcti=device:/nonexistent <"$tmp/lines"
	expect tpm2-absent 1 - "ecryptfs key add: tpm2: there is no TPM at /nonexistent
  try: *"
	run "$ecryptfs" key add - "$tdir" tpm2 "tcti=swtpm:path=$tmp/nonexistent" <"$tmp/lines"
	expect tpm2-no-answer 1 - "ecryptfs key add: tpm2: no TPM answers at swtpm:path=$tmp/nonexistent: *"
	run "$ecryptfs" key add - "$tdir" tpm2 tcti=nonsense: <"$tmp/lines"
	expect tpm2-no-tcti 1 - "*no TPM answers at nonsense:*"
	for setting in pcrs=7 pcrs=sha256: pcrs=sha256:24 pcrs=sha256:7+ pcrs=md5:7 pcrs=sha256:7x pin=1234; do
		run "$ecryptfs" key add - "$tdir" tpm2 $setting <"$tmp/lines"
		expect "tpm2-refused-$setting" 1 - "*tpm2: ${setting%%=*}= takes *"
	done
}

# Slot 1: neither PIN nor PCRs.
test_tpm2_plain() {
	lines word
	run "$ecryptfs" key add - "$tdir" tpm2 <"$tmp/lines"
	expect tpm2-add 0 "Added slot 1 (tpm2)" -
	tpm_opens tpm2-unlock "Unlocked *" -
	run "$ecryptfs" key list "$tdir"
	expect tpm2-list 0 "*1  tpm2*no PIN, no PCRs, storage key *" -
	oracle_opens tpm2-oracle 1
	verdict tpm2-no-handles "$(tpm2_getcap handles-transient; tpm2_getcap handles-loaded-session)" \
		[ -z "$(tpm2_getcap handles-transient; tpm2_getcap handles-loaded-session)" ]
}

# A slot that opens by itself does not make the first line that of the new slot.
test_tpm2_lines() {
	local before
	before=$(cksum <"$tvault")
	lines new
	run "$ecryptfs" key add - "$tdir" passphrase seconds=0.1 <"$tmp/lines"
	expect tpm2-one-line 3 - "*a slot can be opened without a secret*--slot or --with*"
	verdict tpm2-one-line-unchanged "it has written" [ "$before" = "$(cksum <"$tvault")" ]
	lines word new
	run "$ecryptfs" key add - "$tdir" passphrase seconds=0.1 <"$tmp/lines"
	expect tpm2-two-lines 0 "Added slot 2 *" -
	lines new
	in_session "$ecryptfs" unlock --slot 2 - "$tdir" <"$tmp/lines"
	expect tpm2-two-lines-opens 0 "Unlocked *" -
	in_session "$ecryptfs" lock "$tdir"
	lines newer
	run "$ecryptfs" key change - --with tpm2 "$tdir" 2 seconds=0.1 <"$tmp/lines"
	expect tpm2-chosen 0 "Changed slot 2 *" -
	lines newer
	run "$ecryptfs" key remove - --slot 2 "$tdir" 2 <"$tmp/lines"
	expect tpm2-chosen-opens 0 "Removed slot 2 *" -
}

# tpm_empty NAME: nothing is left in the TPM, which has no room for much.
tpm_empty() {
	local left
	left=$(tpm2_getcap handles-transient; tpm2_getcap handles-loaded-session)
	verdict "$1" "$left" [ -z "$left" ]
	tpm2_flushcontext -Q -t
	tpm2_flushcontext -Q -l
}

# Ended at the prompt, for a new PIN and for one: slot 2 is there for it.
test_tpm2_ended() {
	run python3 "$here/terminal.py" $'word\n\x03' "$ecryptfs" key add --with passphrase "$tdir" tpm2 pin=yes
	expect tpm2-ended-seal 0 "*New PIN: *echo=on*status=-2" -
	tpm_empty tpm2-ended-seal-empty
	lines word 2580
	run "$ecryptfs" key add - --with passphrase "$tdir" tpm2 pin=yes <"$tmp/lines"
	expect tpm2-ended-add 0 "Added slot 2*" -
	run python3 "$here/terminal.py" --interrupt "$ecryptfs" unlock --slot 2 "$tdir"
	expect tpm2-ended-unseal 0 "*PIN*echo=on*status=-2" -
	tpm_empty tpm2-ended-unseal-empty
	lines word
	run "$ecryptfs" key remove - --with passphrase "$tdir" 2 <"$tmp/lines"
	expect tpm2-ended-removed 0 "Removed slot 2*" -
}

# Others have left their objects, or sessions, in the TPM.
test_tpm2_full() {
	for n in 1 2 3; do
		tpm2_createprimary -Q -C o -G ecc256 -c "$tmp/full.ctx"
	done
	tpm_refused tpm2-full-objects "*slot 1 (tpm2): *: it is full of objects that other programs have left behind
  try: tpm2_flushcontext -t*"
	tpm2_flushcontext -Q -t
	for ((n = 0; n < 64; n++)); do
		tpm2_startauthsession -Q -S "$tmp/full.ctx"
	done
	tpm_refused tpm2-full-sessions "*slot 1 (tpm2): *: it is full of sessions that other programs have left behind
  try: tpm2_flushcontext -l*"
	tpm2_flushcontext -Q -s
	tpm_opens tpm2-full-no-more "Unlocked *" -
}

# Slot 2: a PIN, of which a few wrong ones are taken.
test_tpm2_pin() {
	tpm2_dictionarylockout -Q --setup-parameters --max-tries=3 --recovery-time=6 --lockout-recovery-time=6
	lines word 2580
	run "$ecryptfs" key add - --with passphrase "$tdir" tpm2 pin=yes <"$tmp/lines"
	expect tpm2-pin-add 0 "Added slot 2 (tpm2)" -
	run "$ecryptfs" key remove - --with passphrase "$tdir" 1 <"$tmp/lines"
	expect tpm2-pin-alone 0 "Removed slot 1*" -
	in_session "$ecryptfs" unlock - "$tdir" <"$tmp/lines"
	expect tpm2-pin-not-out-of-a-script 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tdir"
	lines 2580
	in_session "$ecryptfs" unlock --with tpm2 - "$tdir" <"$tmp/lines"
	expect tpm2-pin-unlock 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tdir"
	run python3 "$here/terminal.py" 2580 keyctl session - "$ecryptfs" unlock "$tdir"
	expect tpm2-pin-terminal 0 "*PIN (empty for another slot): *Unlocked*status=0" -
	in_session "$ecryptfs" lock "$tdir"
	oracle_opens tpm2-pin-oracle 2 -p "$(tpm_pin 2 2580)"
	verdict tpm2-pin-none-wrong "$(tpm_wrong_pins)" [ "$(tpm_wrong_pins)" = 0x0 ]
	for n in 2 1; do
		lines 0000
		in_session "$ecryptfs" unlock --slot 2 - "$tdir" <"$tmp/lines"
		expect "tpm2-pin-wrong-$n" 3 - "*slot 2 (tpm2): wrong PIN; after $n more, the TPM accepts none for a while*"
	done
	in_session "$ecryptfs" unlock --slot 2 - "$tdir" <"$tmp/lines"
	expect tpm2-pin-wrong-last 3 - "*slot 2 (tpm2): wrong PIN*"
	lines 2580
	in_session "$ecryptfs" unlock --slot 2 - "$tdir" <"$tmp/lines"
	expect tpm2-pin-lockout 3 - "*slot 2 (tpm2): the TPM accepts no PIN after 3 wrong ones: the next in at most 6 seconds
  try: wait*"
	# What has no PIN is not concerned.
	lines word
	run "$ecryptfs" key add - --with passphrase "$tdir" tpm2 <"$tmp/lines"
	expect tpm2-pin-lockout-add 0 "Added slot 1*" -
	in_session "$ecryptfs" unlock --slot 1 "$tdir" </dev/null
	expect tpm2-pin-lockout-others 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tdir"
	sleep 7
	lines 2580
	in_session "$ecryptfs" unlock --slot 2 - "$tdir" <"$tmp/lines"
	expect tpm2-pin-after-lockout 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tdir"
	lines word
	run "$ecryptfs" key remove - --with passphrase "$tdir" 1 <"$tmp/lines"
	expect tpm2-pin-removed-1 0 "Removed slot 1*" -
	run "$ecryptfs" key remove - --with passphrase "$tdir" 2 <"$tmp/lines"
	expect tpm2-pin-removed-2 0 "Removed slot 2*" -
	tpm_forgive
}

# Slot 1: PCRs, and sealed again after they have changed.
test_tpm2_pcrs() {
	local zero
	zero=$(printf '%064d' 0)
	lines word
	run "$ecryptfs" key add - "$tdir" tpm2 pcrs=sha256:11,7+0 <"$tmp/lines"
	expect tpm2-pcrs-add 0 "Added slot 1 (tpm2)" -
	run "$ecryptfs" key list "$tdir"
	expect tpm2-pcrs-list 0 "*no PIN, PCRs sha256:0+7+11, *" -
	tpm_opens tpm2-pcrs-unlock "Unlocked*" -
	oracle_opens tpm2-pcrs-oracle 1 -p pcr:sha256:0,7,11
	tpm2_pcrextend "16:sha256=$zero"
	tpm_opens tpm2-pcrs-others-change "Unlocked*" -
	tpm2_pcrextend "11:sha256=$zero"
	tpm_refused tpm2-pcrs-changed "ecryptfs unlock: slot 1 (tpm2): the machine is not in the state to which the slot was sealed: PCRs have changed (of sha256:0+7+11: 11)
  try: *key change*"
	in_session "$ecryptfs" unlock - "$tdir" <"$tmp/lines"
	expect tpm2-pcrs-other-slot 0 "Unlocked*" "*slot 1 (tpm2)*PCRs have changed*"
	in_session "$ecryptfs" lock "$tdir"
	run "$ecryptfs" key change - "$tdir" 1 <"$tmp/lines"
	expect tpm2-reseal 0 "Changed slot 1 (tpm2)" "*PCRs have changed*"
	run "$ecryptfs" key list "$tdir"
	expect tpm2-resealed-same 0 "*no PIN, PCRs sha256:0+7+11, *" -
	tpm_opens tpm2-resealed "Unlocked*" -
	tpm2_pcrextend "0:sha256=$zero"
	tpm_refused tpm2-resealed-bound "*PCRs have changed (of sha256:0+7+11: 0)*"
	lines word 1379
	run "$ecryptfs" key change - "$tdir" 1 pin=yes <"$tmp/lines"
	expect tpm2-pin-and-pcrs 0 "Changed slot 1 (tpm2)" "*PCRs have changed*"
	run "$ecryptfs" key list "$tdir"
	expect tpm2-pin-and-pcrs-list 0 "*tpm2*PIN, PCRs sha256:0+7+11, *" -
	lines 1379
	in_session "$ecryptfs" unlock --slot 1 - "$tdir" <"$tmp/lines"
	expect tpm2-pin-and-pcrs-unlock 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tdir"
	lines 1378
	in_session "$ecryptfs" unlock --slot 1 - "$tdir" <"$tmp/lines"
	expect tpm2-pin-and-pcrs-wrong 3 - "*wrong PIN*"
	tpm_forgive
	tpm2_pcrextend "7:sha256=$zero"
	# No PIN is asked for: there is none on standard input.
	tpm_refused tpm2-pin-and-pcrs-changed "*PCRs have changed (of sha256:0+7+11: 7)*"
	lines word
	run "$ecryptfs" key change - "$tdir" 1 pin=no pcrs=none <"$tmp/lines"
	expect tpm2-unbound 0 "Changed slot 1 (tpm2)" "*PCRs have changed*"
	tpm_opens tpm2-unbound-unlock "Unlocked*" -
}

# tpm_persist NAME: the key in $tmp/srk.ctx as 0x81000001.
tpm_persist() {
	tpm2_evictcontrol -Q -C o -c "$tmp/srk.ctx" 0x81000001 || fail "$1" "the TPM does not keep the key"
	tpm2_flushcontext -Q -t
}

# tpm_parent NAME TEXT: a new slot 1 has that storage key.
tpm_parent() {
	lines word
	run "$ecryptfs" key change - --with passphrase "$tdir" 1 <"$tmp/lines"
	expect "$1-sealed" 0 "Changed slot 1*" -
	verdict "$1-recorded" "$(vault_oracle "$tvault" blob:1 parent)" [ "$(vault_oracle "$tvault" blob:1 parent)" = "$2" ]
}

# The persistent storage key that installers make, of whatever template.
test_tpm2_persistent() {
	local flags='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt'
	tpm_primary "$tmp/srk.ctx"
	tpm_persist tpm2-persistent-same
	tpm_opens tpm2-persistent-same "Unlocked*" -
	tpm2_evictcontrol -Q -C o -c 0x81000001
	# One that wrong PINs of others would close is passed by.
	tpm2_createprimary -Q -C o -g sha256 -G rsa2048 -a "$flags" -c "$tmp/srk.ctx"
	tpm_persist tpm2-persistent-another
	tpm_opens tpm2-persistent-another "Unlocked*" -
	tpm_parent tpm2-persistent-da ecc-p256
	tpm2_evictcontrol -Q -C o -c 0x81000001
	tpm2_createprimary -Q -C o -g sha256 -G rsa2048 -a "$flags|noda" -c "$tmp/srk.ctx"
	tpm_persist tpm2-persistent-used
	tpm_parent tpm2-persistent-used 0x81000001
	tpm_opens tpm2-persistent-rsa "Unlocked*" -
	tpm2_changeauth -Q -c owner secret
	tpm_opens tpm2-owner-password "Unlocked*" -
	tpm2_evictcontrol -Q -C o -P secret -c 0x81000001
	tpm_refused tpm2-owner-password-primary "*storage hierarchy has a password, and there is no suitable key 0x81000001*"
	tpm2_changeauth -Q -c owner -p secret
	tpm_refused tpm2-persistent-gone "*sealed by another TPM, or this one was cleared*"
	tpm_parent tpm2-primary-again ecc-p256
	tpm_opens tpm2-primary-again "Unlocked*" -
}

# What goes over the bus: neither the key, nor what a PIN becomes.
test_tpm2_bus() {
	local key pin
	lines word 2468
	export TCTI_PCAP_FILE=$tmp/bus.pcap
	run "$ecryptfs" key change - --with passphrase "$tdir" 1 pin=yes "tcti=pcap:$ECRYPTFS_TCTI" <"$tmp/lines"
	expect tpm2-bus-seal 0 "Changed slot 1*" -
	mv "$tmp/bus.pcap" "$tmp/seal.pcap"
	lines 2468
	in_session "$ecryptfs" unlock --with tpm2 - "$tdir" "tcti=pcap:$ECRYPTFS_TCTI" <"$tmp/lines"
	expect tpm2-bus-unseal 0 "Unlocked*" -
	in_session "$ecryptfs" lock "$tdir"
	mv "$tmp/bus.pcap" "$tmp/unseal.pcap"
	pin=$(tpm_pin 1 2468)
	key=$(tpm_unseal 1 -p "$pin")
	# The same in clear, to see that it would be found.
	tpm_primary "$tmp/primary.ctx" && tpm2_flushcontext -Q -t
	tpm_unhex <<<"$key" | TPM2TOOLS_TCTI=pcap:$ECRYPTFS_TCTI tpm2_create -Q -C "$tmp/primary.ctx" \
		-p "$pin" -i - -u "$tmp/public" -r "$tmp/private"
	tpm2_flushcontext -Q -t
	unset TCTI_PCAP_FILE
	cat >"$tmp/bus.py" <<-'EOF'
		import sys
		key, pin = bytes.fromhex(sys.argv[1]), sys.argv[2].encode()
		assert len(key) == 32 and len(pin) == 32
		for name, codes in (("seal", ["00000153"]), ("unseal", ["00000157", "0000015e"]), ("bus", ["00000153"])):
		    text = open(f"{sys.argv[3]}/{name}.pcap", "rb").read()
		    for code in codes:
		        assert bytes.fromhex(code) in text, f"{name}: no command {code}"
		    for what in key, key[:8], key[-8:], pin, pin[:8]:
		        assert (what in text) == (name == "bus"), f"{name}: {what.hex()}"
	EOF
	verdict tpm2-bus "$(python3 "$tmp/bus.py" "$key" "$pin" "$tmp" 2>&1 | tail -n1)" \
		python3 "$tmp/bus.py" "$key" "$pin" "$tmp"
	test_tpm2_residue "$key" "$pin"
	lines word
	run "$ecryptfs" key change - --with passphrase "$tdir" 1 pin=no <"$tmp/lines"
}

# tpm_residue NAME NEEDLE WORDS...: what the memory of a command has of it at its end.
tpm_residue() {
	: >"$tmp/residue"
	NEEDLE=$2 RESIDUE=$tmp/residue LD_PRELOAD=$tmp/residue.so run "$ecryptfs" "${@:3}" <"$tmp/lines"
	expect "tpm2-residue-$1" 0 "*slot*" "*"
	verdict "tpm2-residue-$1-wiped" "$(head -n3 "$tmp/residue")" [ "$(cat "$tmp/residue")" = end ]
}

# The key and what the PIN becomes: test_tpm2_residue KEY PIN.
test_tpm2_residue() {
	gcc -shared -fPIC -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o "$tmp/residue.so" "$here/residue.c" || fail tpm2-residue compile
	cp "$tvault" "$tmp/good"
	lines 2468
	tpm_residue unseal-key "$1" key remove --with tpm2 - "$tdir" 0
	cp "$tmp/good" "$tvault"
	tpm_residue unseal-pin "$(printf '%s' "$2" | tpm_hex)" key remove --with tpm2 - "$tdir" 0
	cp "$tmp/good" "$tvault"
	lines word 9753
	PLANT=1 tpm_residue seal-key "$1" key add --with passphrase - "$tdir" tpm2 pin=yes
	verdict tpm2-residue-planted "another key" [ "$(tpm_unseal 2 -p "$(tpm_pin 2 9753)")" = "$1" ]
	cp "$tmp/good" "$tvault"
}

# Something between the command and the TPM that changes answers.
test_tpm2_interposer() {
	local between="tcti=cmd:python3 $here/interposer.py $tpm_socket"
	tpm_opens tpm2-interposer-idle "Unlocked*" - "$between nothing"
	in_session "$ecryptfs" unlock --with tpm2 "$tdir" "$between unseal" </dev/null
	expect tpm2-interposer-unseal 3 - "*slot 1 (tpm2): the TPM cannot unseal the key: the answer is not the TPM's;*"
	# The library says no more to such a TPM; what it holds is a resource
	# manager's matter, which swtpm has none of.
	tpm2_flushcontext -Q -t
	tpm2_flushcontext -Q -l
	in_session "$ecryptfs" unlock --with tpm2 "$tdir" "$between primary" </dev/null
	expect tpm2-interposer-primary 3 - "*slot 1 (tpm2): it was sealed by another TPM, or this one was cleared*"
}

test_tpm2_damage() {
	local field value
	cp "$tvault" "$tmp/good"
	for field in public private parent_name pcrs; do
		value=$(vault_oracle "$tvault" blob:1 "$field")
		case $field in
		pcrs) value=sha256:7 ;;
		*) value=${value:0:${#value}-1}$([ "${value: -1}" = 0 ] && echo 1 || echo 0) ;;
		esac
		vault_oracle "$tvault" tamper "slots.1.blob.$field" "$value"
		in_session "$ecryptfs" unlock --with tpm2 "$tdir" </dev/null
		case $field in
		parent_name) expect tpm2-tampered-$field 3 - "*sealed by another TPM*" ;;
		*) expect tpm2-tampered-$field 5 - "*the slot is damaged*" ;;
		esac
		cp "$tmp/good" "$tvault"
	done
	# The blob of another vault is not this one's.
	mkdir "$tmp/t/other"
	lines word
	run "$ecryptfs" init - --no-recovery "$tmp/t/other" seconds=0.1 <"$tmp/lines"
	run "$ecryptfs" key add - "$tmp/t/other" tpm2 <"$tmp/lines"
	for field in parent parent_name public private nonce sealed; do
		vault_oracle "$tvault" tamper "slots.1.blob.$field" "$(vault_oracle "$tmp/t/other.vault" blob:1 $field)"
	done
	tpm_refused tpm2-another-vault "*opens none of the slots*"
	cp "$tmp/good" "$tvault"
	tpm_start b
	tpm_refused tpm2-another-tpm "*slot 1 (tpm2): it was sealed by another TPM, or this one was cleared*"
	tpm_stop
	tpm_refused tpm2-gone "*slot 1 (tpm2): no TPM answers at $ECRYPTFS_TCTI*"
	in_session "$ecryptfs" unlock - "$tdir" <"$tmp/lines"
	expect tpm2-gone-passphrase 0 "Unlocked*" "*no TPM answers*"
	in_session "$ecryptfs" lock "$tdir"
	tpm_start a
	tpm_opens tpm2-back "Unlocked*" -
}

test_tpm2() {
	local tdir=$tmp/t/d tvault=$tmp/t/d.vault tsecret tpm_pid tpm_socket n
	if ! command -v swtpm >/dev/null || ! command -v tpm2_unseal >/dev/null ||
		! "$ecryptfs" key add --help | grep -q '^  tpm2 '; then
		skip tpm2 "no swtpm, no tpm2-tools or not in this build"
		return
	fi
	mkdir -p "$tmp/t"
	lines word
	"$ecryptfs" init - --no-recovery "$tdir" seconds=0.1 <"$tmp/lines" >/dev/null
	tsecret=$(vault_oracle "$tvault" passphrase word)
	test_tpm2_absent
	tpm_start a
	test_tpm2_plain
	test_tpm2_lines
	test_tpm2_full
	test_tpm2_ended
	test_tpm2_pin
	test_tpm2_pcrs
	test_tpm2_persistent
	test_tpm2_bus
	test_tpm2_interposer
	test_tpm2_damage
	tpm_stop
	unset ECRYPTFS_TCTI TPM2TOOLS_TCTI TSS2_LOG
}

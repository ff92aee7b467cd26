# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Tests of `ecryptfs doctor': what it finds where the kernel's files say what we want
# them to say, in the namespace of the tests.  Sourced by run.

# doctor_instead PATH: standard input stands there; false: that can't be.
doctor_instead() {
	local file
	file=$(mktemp "$tmp/doctor/XXXXXX")
	cat >"$file"
	[ -e "$1" ] && mount --bind "$file" "$1" 2>/dev/null
}

# doctor_levels PART: of the last run with --json, the levels in that part.
doctor_levels() {
	python3 -c 'import json, sys
print(*(x["level"] for x in json.load(sys.stdin) if x["part"] == sys.argv[1]))' "$1" <"$tmp/out"
}

# doctor_part NAME PART LEVELS DIR...
doctor_part() {
	run "$ecryptfs" doctor --json "${@:4}"
	verdict "$1" "$(doctor_levels "$2"): $(cat "$tmp/out" "$tmp/err")" [ "$(doctor_levels "$2")" = "$3" ]
}

doctor_form() {
	run "$ecryptfs" doctor
	verdict doctor-lines "$(cat "$tmp/out" "$tmp/err")" \
		bash -c "! grep -vE '^(good|note|warning|problem) +[a-z]+ +[^ ]|^ {20}try: |^\$|^[0-9]+ problems, [0-9]+ warnings, [0-9]+ notes\$' '$tmp/out' && [ ! -s '$tmp/err' ]"
	verdict doctor-status "status $status" \
		[ "$status" = "$(grep -q '^problem' "$tmp/out" && echo 1 || echo 0)" ]
	run "$ecryptfs" doctor --json
	verdict doctor-json "$(cat "$tmp/out")" python3 -c 'import json, sys
for x in json.load(open(sys.argv[1])):
    assert set(x) == {"level", "part", "finding", "next"} and x["finding"], x' "$tmp/out"
}

doctor_keys() {
	if ! keyctl session - true 2>/dev/null; then
		skip doctor-keys "keyctl does not work here"
		return
	fi
	doctor_part doctor-keys-linked keys good
	run session bare "$ecryptfs" doctor
	verdict doctor-keys-apart "$(cat "$tmp/out")" \
		grep -q -A1 'warning  keys .*not linked' "$tmp/out"
	verdict doctor-keys-next "$(cat "$tmp/out")" grep -q 'try: keyctl link @u @s' "$tmp/out"
	# What it says helps.
	run session linked "$ecryptfs" doctor
	verdict doctor-keys-helped "$(cat "$tmp/out")" grep -q 'good     keys ' "$tmp/out"
	# CAP_IPC_LOCK in a namespace of users does not lift the limit.
	if [ -n "${ECRYPTFS_TESTS_APART:-}" ] || [ "$(id -u)" != 0 ]; then
		run bash -c 'ulimit -l 4 && exec "$@"' - "$ecryptfs" doctor
		verdict doctor-memory "$(cat "$tmp/out")" grep -q -A1 'problem  memory .*locked memory' "$tmp/out"
	fi
}

doctor_login() {
	local file=/etc/pam.d/common-auth
	if [ -z "${ECRYPTFS_TESTS_APART:-}" ] || ! echo '# pam_ecryptfs.so' | doctor_instead "$file"; then
		skip doctor-login "no namespace of its own"
		return
	fi
	doctor_part doctor-login-none login ""
	mkdir -p "$HOME/.ecryptfs" && : >"$HOME/.ecryptfs/auto-mount"
	echo 00112233445566aa >"$HOME/.ecryptfs/Private.sig"
	: >"$HOME/.ecryptfs/wrapped-passphrase"
	doctor_part doctor-login-wanted login problem
	echo 'auth optional pam_ecryptfs_login.so' | doctor_instead "$file"
	doctor_part doctor-login-there login good
	printf 'auth optional pam_ecryptfs%s.so\n' _login '' | doctor_instead "$file"
	doctor_part doctor-login-both login problem
	umount "$file" "$file" "$file" 2>/dev/null
	umount "$file" 2>/dev/null
	rm -r "$HOME/.ecryptfs"
}

doctor_swap() {
	if ! printf 'Filename Type Size Used Priority\n' | doctor_instead /proc/swaps; then
		skip doctor-swap "no namespace of its own"
		return
	fi
	doctor_part doctor-swap-none swap good
	printf 'Filename Type Size Used Priority\n%s file 9 0 -2\n' $'/sw\e[2Jap\\040file' | doctor_instead /proc/swaps
	doctor_part doctor-swap-clear swap warning
	run "$ecryptfs" doctor
	tr -d '\n\040-\176\200-\377' <"$tmp/out" >"$tmp/log"
	verdict doctor-controls "control characters" [ ! -s "$tmp/log" ]
	umount /proc/swaps /proc/swaps 2>/dev/null
	umount /proc/swaps 2>/dev/null
	if echo 1 | doctor_instead /proc/sys/crypto/fips_enabled; then
		doctor_part doctor-fips kernel problem
		umount /proc/sys/crypto/fips_enabled
	fi
}

doctor_directories() {
	local dir=$tmp/doctor/dir
	lines word
	run "$ecryptfs" init - --no-recovery "$dir" seconds=0.1 <"$tmp/lines"
	doctor_part doctor-one-slot vault "good warning" "$dir"
	run "$ecryptfs" key add - "$dir" recovery <"$tmp/lines"
	doctor_part doctor-two-slots vault good "$dir"
	cp "$dir.vault" "$tmp/doctor/kept"
	head -c 700 "$tmp/doctor/kept" >"$dir.vault"
	doctor_part doctor-damaged vault problem "$dir"
	run "$ecryptfs" init - --no-recovery "$tmp/doctor/other" seconds=0.1 <"$tmp/lines"
	cp "$tmp/doctor/other.vault" "$dir.vault"
	doctor_part doctor-exchanged vault "problem warning" "$dir"
	verdict doctor-exchanged-status "status $status" [ "$status" = 1 ]
	rm "$dir.vault"
	doctor_part doctor-no-vault vault note "$dir"
	doctor_part doctor-absent directory problem "$tmp/doctor/absent"
	: >"$tmp/doctor/file"
	doctor_part doctor-file directory problem "$tmp/doctor/file"
	if mount -t tmpfs none "$dir" 2>/dev/null; then
		run "$ecryptfs" doctor "$dir"
		verdict doctor-tmpfs "$(cat "$tmp/out")" grep -q 'warning  directory .*it is in memory' "$tmp/out"
		mount -o remount,ro "$dir"
		run "$ecryptfs" doctor "$dir"
		verdict doctor-read-only "$(cat "$tmp/out")" grep -q 'warning  directory .*read-only' "$tmp/out"
		umount "$dir"
	fi
	run "$ecryptfs" doctor a b c d
	expect doctor-usage 2 - "*unexpected argument*"
}

test_doctor() {
	mkdir -p "$tmp/doctor"
	doctor_form
	doctor_keys
	doctor_login
	doctor_swap
	doctor_directories
	rm -rf "$tmp/doctor"
}

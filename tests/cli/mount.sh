# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Tests of the mount helper without a mount: in a mount namespace of its own,
# where /bin/mount is a script that shows what it was called with.  Sourced by run.
# shellcheck disable=SC2154,SC2034 # variables of run

# mount_helper HELPER ARGUMENTS...
mount_helper() {
	# shellcheck disable=SC2016 # its own variables
	unshare -m bash -c 'mount -t tmpfs none ~ || exit 77
		mount --bind "$0/fake-mount" "$(readlink -f /bin/mount)" || exit 77
		if [ -e "$0/rc" ]; then cp "$0/rc" ~/.ecryptfsrc; fi
		exec "$@"' "$tmp" "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# What the script was told, sorted, as one line.
called() { sed -n 's/^called: //p' "$tmp/out" | tr ',' ' ' | xargs -rn1 | sort | tr '\n' ' '; }

# called_with NAME WORDS...: of the last run.
called_with() {
	local name=$1 got want
	shift
	got=$(called)
	want=$(printf '%s\n' "$@" -i --no-canonicalize -t ecryptfs -o "$tmp/l" "$tmp/u" ecryptfs_unlink_sigs |
		sort | tr '\n' ' ')
	verdict "mount-$name" "status $status: $got$(cat "$tmp/err")" test "$got$status" = "${want}0"
}

test_mount() {
	local h=$tmp/mount.ecryptfs key=key=passphrase:passphrase_passwd sig=d395309aaad4de06
	local quiet="ecryptfs_passthrough=n,ecryptfs_enable_filename_crypto=n,no_sig_cache,verbosity=0"
	# What is under the home will not be seen.
	cp "$bin/mount.ecryptfs" "$h"
	run "$h"
	expect mount-usage 234 - "Usage: mount.ecryptfs LOWER MOUNTPOINT*"
	run "$h" one
	expect mount-usage-one 234 - "Usage: *"
	run "$bin/umount.ecryptfs"
	expect umount-usage 234 - "Usage: umount.ecryptfs*"
	mkdir -p "$tmp/l" "$tmp/u"
	# shellcheck disable=SC2016 # the script's own variable
	printf '#!/bin/sh\necho "called: $*"\nenv | grep -c test\nexit "$(cat %s/mount-status)"\n' "$tmp" >"$tmp/fake-mount"
	chmod 755 "$tmp/fake-mount"
	echo 0 >"$tmp/mount-status"
	if [ "$(id -u)" != 0 ] || ! keyctl session - true >/dev/null 2>&1; then
		skip mount-helper "needs root and keys"
		return
	fi
	mount_helper true
	if [ "$status" != 0 ]; then
		skip mount-helper "nothing can be mounted here"
		return
	fi
	test_mount_keys
	test_mount_options
	test_mount_vault
	test_mount_refused
}

test_mount_keys() {
	local n=0 form
	printf 'passphrase_passwd=test\n' >"$tmp/pw"
	printf 'other=1,passwd=test' >"$tmp/pw2"
	exec 9<"$tmp/pw"
	for form in "$key=test" "key=passphrase,passphrase_passwd=test" "passwd=test" "${key}_file=$tmp/pw" \
		"key=passphrase,passfile=$tmp/pw2"; do
		n=$((n + 1))
		mount_helper "$h" "$tmp/l" "$tmp/u" -o "$form,$quiet,ecryptfs_cipher=aes,ecryptfs_key_bytes=16"
		called_with "key-$n" "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16
	done
	verdict mount-no-secret "$(cat "$tmp/out")" test -z "$(grep -w 'test\|pw2' "$tmp/out")"
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "key=passphrase:passphrase_passwd_fd=9,no_prompt"
	called_with key-fd "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16
	exec 9<&-
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "$key=test,passphrase_salt=0102030405060708"
	called_with salt "ecryptfs_sig=$(signature_of "$($oracle payload --passphrase test --salt 0102030405060708)")" \
		ecryptfs_cipher=aes ecryptfs_key_bytes=16
	printf '%s\n' "salt=0102030405060708" "passwd=test" >"$tmp/rc"
	mount_helper "$h" "$tmp/l" "$tmp/u"
	called_with rcfile "ecryptfs_sig=$(signature_of "$($oracle payload --passphrase test --salt 0102030405060708)")" \
		ecryptfs_cipher=aes ecryptfs_key_bytes=16
	rm "$tmp/rc"
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "sig=$sig"
	called_with sig "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16
}

test_mount_options() {
	local full="$key=test,$quiet,ecryptfs_key_bytes=16,ecryptfs_cipher=aes"
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "ro,nosuid,$full,ecryptfs_fnek_sig=be877764c5918621,ecryptfs_mount_auth_tok_only"
	called_with rest "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16 ro nosuid \
		ecryptfs_fnek_sig=be877764c5918621 ecryptfs_mount_auth_tok_only
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "$full,ecryptfs_xattr=y,ecryptfs_encrypted_view=y"
	called_with flags "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16 ecryptfs_xattr_metadata \
		ecryptfs_encrypted_view
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "$full,ecryptfs_xattr_metadata"
	called_with xattr-metadata "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16 ecryptfs_xattr_metadata
	for form in aes:16 aes:24 aes:32 des3_ede:24 cast5:16 cast6:32 twofish:16 blowfish:56; do
		mount_helper "$h" "$tmp/l" "$tmp/u" -o "$key=test,$quiet,ecryptfs_cipher=${form%:*},ecryptfs_key_bytes=${form#*:}"
		called_with "$form" "ecryptfs_sig=$sig" "ecryptfs_cipher=${form%:*}" "ecryptfs_key_bytes=${form#*:}"
	done
	mount_helper "$h" "$tmp/l" "$tmp/u" -f -o "$full"
	verdict mount-fake "$(cat "$tmp/out")" test "$status" = 0 -a ! -s "$tmp/out"
}

# refused NAME STATUS OPTIONS MESSAGE
refused() {
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "$3"
	verdict "mount-refuses-$1" "status $status: $(called)$(cat "$tmp/err")" \
		test "$status$(called)$(grep -c "$4" "$tmp/err")" = "${2}1"
}

# A vault says what the options don't; where they name a key, they count.
test_mount_vault() {
	local of fnek
	echo word >"$tmp/lines"
	run "$ecryptfs" init - --no-recovery --cipher twofish "$tmp/l" seconds=0.1 <"$tmp/lines"
	run session linked "$ecryptfs" unlock - "$tmp/l" <"$tmp/lines"
	of=$(sed -n 's/.*: key \([0-9a-f]*\), for names .*/\1/p' "$tmp/out")
	fnek=$(sed -n 's/.*, for names //p' "$tmp/out")
	mount_helper "$h" "$tmp/l" "$tmp/u" -o ro
	called_with vault "ecryptfs_sig=$of" "ecryptfs_fnek_sig=$fnek" ecryptfs_cipher=twofish ecryptfs_key_bytes=32 ro
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "sig=$sig"
	called_with vault-not-asked "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16
	# An attacker who can write to the file could have names stored in plain.
	cp "$tmp/l.vault" "$tmp/kept"
	python3 "$here/vault_oracle.py" "$tmp/l.vault" tamper mount.names plain
	refused vault-tampered 234 ro 'it was changed without its secret'
	cp "$tmp/kept" "$tmp/l.vault"
	keyctl clear @u
	mount_helper "$h" "$tmp/l" "$tmp/u" -o no_prompt
	verdict mount-vault-locked "status $status: $(called)" test "$status$(called)" = 251
	rm -f "$tmp/l.vault"
	# Who takes it away does not get its passphrase typed for a quick key.
	refused vault-gone 234 ro "the vault of $tmp/l is gone: it gave the key $of"
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "sig=$sig"
	called_with vault-gone-key "ecryptfs_sig=$sig" ecryptfs_cipher=aes ecryptfs_key_bytes=16
	known_forget "$tmp/l"
}

test_mount_refused() {
	refused no-key 234 no_prompt "no terminal to ask on"
	refused nothing 234 ro "no terminal to ask on"
	refused remount 234 "remount,$key=test" "mount it again"
	refused module 234 "key=openssl:keyfile=x" "only key=passphrase"
	refused cipher 234 "$key=test,ecryptfs_cipher=rot13" "aes, blowfish"
	refused key-bytes 234 "$key=test,ecryptfs_key_bytes=17" "not a key size"
	refused sig 234 "ecryptfs_sig=123" "16 digits"
	refused no-file 234 "key=passphrase:passphrase_passwd_file=$tmp/absent" "No such file"
	refused empty-file 234 "key=passphrase:passphrase_passwd_file=$tmp/mount-status" "no passphrase_passwd="
	refused long-item 234 "$key=test,$(printf %0130d 0)" "longer than 127"
	refused bad-answer 234 "$key=test,ecryptfs_passthrough=maybe" "yes or no"
	echo 32 >"$tmp/mount-status"
	mount_helper "$h" "$tmp/l" "$tmp/u" -o "sig=00112233445566aa"
	verdict mount-fails "status $status" test "$status$(grep -c 'no key with signature 00112233445566aa' "$tmp/err")" = 2551
	echo 0 >"$tmp/mount-status"
	mount_helper "$h" "$tmp/absent" "$tmp/u" -o "sig=$sig"
	verdict mount-absent "status $status" test "$status$(grep -c 'No such file' "$tmp/err")" = 2341
}

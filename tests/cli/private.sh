# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Tests of the commands for private directories as far as they need no mount: what
# they refuse, what they leave alone, the helper without its privilege.  Sourced by
# run; the mounts are those of tests/guest/t_private.sh.
# shellcheck disable=SC2154,SC2034 # variables of run

# nobody COMMAND...: as a user without privileges.
nobody() {
	run setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@" </dev/null
}

test_helper() {
	local helper=$tmp/mount.ecryptfs_private name
	# Without set-uid, where nobody may look.
	cp "$bin/mount.ecryptfs_private" "$helper"
	ln -sf mount.ecryptfs_private "$tmp/umount.ecryptfs_private"
	verdict helper-libraries "others than libc and libkeyutils: $(readelf -d "$helper" | grep NEEDED)" \
		test "$(readelf -d "$helper" | grep NEEDED | grep -cvE 'lib(c|keyutils)\.so')" = 0
	if [ "$(id -u)" != 0 ]; then
		skip helper "needs root"
		return
	fi
	nobody "$helper"
	expect helper-not-setuid 1 - "mount.ecryptfs_private: it must be set-uid root*chmod u+s*"
	run "$helper" -h
	expect helper-help 0 "Usage: mount.ecryptfs_private [[]-h] [[]ALIAS]*" -
	run "$tmp/umount.ecryptfs_private" -h
	expect helper-help-umount 0 "Usage: umount.ecryptfs_private*-f*-d*" -
	for name in -f -x 'one two'; do
		# shellcheck disable=SC2086 # words are meant
		run "$helper" $name
		expect "helper-usage${name// /-}" 1 - "Usage: *"
	done
	for name in .. a/b ../../etc/passwd ''; do
		run "$helper" "$name"
		expect "helper-alias-$name" 1 - "*not a name for a private directory"
	done
	mkdir -p ~/.ecryptfs
	rm -f ~/.ecryptfs/two.conf
	ln -s /etc/fstab ~/.ecryptfs/two.conf
	run "$helper" two
	expect helper-conf 1 - "*two.conf must be*"
	rm -r ~/.ecryptfs
}

test_setup_private() {
	local setup=$bin/ecryptfs-setup-private
	run "$setup" --undo
	expect setup-undo 0 "*ecryptfs-umount-private*" -
	run "$setup" --nonsense
	expect setup-option 1 - "*unknown option*"
	run "$setup" argument
	expect setup-argument 1 - "*unexpected argument*"
	run "$setup" -u nosuchuser
	expect setup-user 1 - "*no such user*"
	run "$setup" -l ''
	expect setup-empty 1 - "*1 to 64 bytes*"
	run "$setup" -m "$(printf %065d 0)"
	expect setup-long 1 - "*1 to 64 bytes*"
	run "$bin/ecryptfs-mount-private" argument
	expect mount-private-argument 1 - "*unexpected argument*"
	if [ -z "${ECRYPTFS_TESTS_APART:-}" ]; then
		skip setup-private "not in this home"
		return
	fi
	run "$bin/ecryptfs-mount-private" </dev/null
	expect mount-private-none 1 - "*no private directory*try: ecryptfs-setup-private"
	run "$setup" --nopwcheck </dev/null
	expect setup-nothing-typed 1 "Enter your login passphrase*" "*no input*"
	mkdir -p ~/.ecryptfs ~/.Private
	echo old >~/.ecryptfs/wrapped-passphrase
	run "$setup" --nopwcheck -l login -m mount
	expect setup-again 1 - "*wrapped passphrase already; --force*"
	: >~/.Private/file
	run "$setup" --nopwcheck --force -l login -m mount
	expect setup-files 1 - "*encrypted files in ~/.Private already"
	verdict setup-untouched "something was changed" \
		test "$(cat ~/.ecryptfs/wrapped-passphrase) $(ls ~/.ecryptfs)" = 'old wrapped-passphrase'
	rm -r ~/.ecryptfs ~/.Private
}

test_private() {
	test_helper
	test_setup_private
}

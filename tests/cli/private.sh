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
	expect helper-not-setuid 1 - "mount.ecryptfs_private: this program must be set-uid root*chmod u+s*"
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
		expect "helper-alias-$name" 1 - "*not a valid name of a private directory"
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

# package VERSION: a package with the name and one file of ecryptfs-utils, installed
# into a root of its own.
package() {
	local dir=$tmp/package
	rm -rf "$dir"
	mkdir -p "$dir/DEBIAN" "$dir/sbin"
	printf '%s\n' 'Package: ecryptfs-utils' "Version: $1" 'Architecture: all' \
		'Maintainer: nobody <nobody@localhost>' 'Description: a test' >"$dir/DEBIAN/control"
	echo "package $1" >"$dir/sbin/mount.ecryptfs"
	dpkg-deb -b "$dir" "$tmp/package.deb" >/dev/null &&
		dpkg --root="$DPKG_ROOT" --admindir="$DPKG_ADMINDIR" --force-not-root --log=/dev/null \
			-i "$tmp/package.deb" >"$tmp/log" 2>&1
}

test_divert() {
	local divert=$top/utils/divert file=/sbin/mount.ecryptfs
	local -x DPKG_ROOT=$tmp/debian DPKG_ADMINDIR=$tmp/debian/var/lib/dpkg
	if ! command -v dpkg-divert >/dev/null || [ "$(id -u)" != 0 ]; then
		skip divert "needs dpkg and root"
		return
	fi
	mkdir -p "$DPKG_ADMINDIR"/{info,updates} "$DPKG_ROOT/sbin"
	: >"$DPKG_ADMINDIR/status"
	run "$divert" check /usr
	expect divert-check-none 0 - -
	verdict divert-package "$(tail -n1 "$tmp/log")" package 1
	run "$divert" check /usr
	expect divert-check 1 - "*ecryptfs-utils is installed*PREFIX=/usr/local*"
	run "$divert" check /usr/local
	expect divert-check-local 0 - -
	run "$divert" add "$file"
	expect divert-add 0 - "*$file of ecryptfs-utils is kept as $file.ecryptfs-utils"
	verdict divert-aside "is not" test "$(cat "$DPKG_ROOT$file.ecryptfs-utils")" = 'package 1' -a ! -e "$DPKG_ROOT$file"
	echo ours >"$DPKG_ROOT$file"
	verdict divert-upgrade "$(tail -n1 "$tmp/log")" package 2
	verdict divert-upgrade-ours "was replaced" test "$(cat "$DPKG_ROOT$file")" = ours
	run "$divert" add "$file"
	expect divert-again 0 - "*"
	verdict divert-again-kept "was lost" test "$(cat "$DPKG_ROOT$file.ecryptfs-utils")" = 'package 2'
	rm -f "$DPKG_ROOT$file"
	run "$divert" remove "$file"
	expect divert-remove 0 - -
	verdict divert-restored "is not" test "$(cat "$DPKG_ROOT$file")" = 'package 2' -a ! -e "$DPKG_ROOT$file.ecryptfs-utils"
	verdict divert-forgotten "$(cat "$DPKG_ADMINDIR/diversions")" test ! -s "$DPKG_ADMINDIR/diversions"
	# Ours alone, from before there were diversions.
	dpkg --root="$DPKG_ROOT" --admindir="$DPKG_ADMINDIR" --force-not-root --log=/dev/null -P ecryptfs-utils >"$tmp/log" 2>&1
	mkdir -p "$DPKG_ROOT/sbin"
	echo ours >"$DPKG_ROOT$file"
	run "$divert" add "$file"
	expect divert-alone 0 - -
	echo ours >"$DPKG_ROOT$file"
	verdict divert-later "$(tail -n1 "$tmp/log")" package 3
	verdict divert-later-ours "was replaced" test "$(cat "$DPKG_ROOT$file")" = ours
	rm -rf "$DPKG_ROOT"
}

# Without a login: what is run for it, and what is added to it.
test_login() {
	local name
	run "$ecryptfs" login
	expect login-nothing 2 - "*add, remove, unlock*"
	run "$ecryptfs" login sideways
	expect login-verb 2 - "*not understood*"
	if [ -z "${ECRYPTFS_TESTS_APART:-}" ]; then
		skip login "not in this home"
		return
	fi
	run "$ecryptfs" login open </dev/null
	expect login-open-nothing 0 - -
	run "$ecryptfs" login close
	expect login-close-nothing 0 - -
	run "$ecryptfs" login unlock < <(echo word)
	expect login-unlock-nothing 0 - -
	run bash -c '"$1" login unlock && cat' - "$ecryptfs" < <(echo word)
	expect login-unlock-nothing-not-read 0 word -
	mkdir -p ~/'lower dir' ~/Safe
	lines word
	run "$ecryptfs" init - --no-recovery ~/'lower dir' seconds=0.1 <"$tmp/lines"
	for name in ~/-h ~/$'two\nlines' ~/+1; do
		mkdir -p "$name"
		run "$ecryptfs" login add ~/'lower dir' "$name"
		expect "login-name-${#name}" 1 - "*not a valid name*"
		rmdir "$name"
	done
	test_login_told
	verdict login-conf "$(cat ~/.ecryptfs/Safe.conf)" \
		test "$(cat ~/.ecryptfs/Safe.conf)" = "$HOME/lower\\040dir $HOME/Safe ecryptfs ecryptfs_key_bytes=32"
	verdict login-modes "not the user's alone" test "$(stat -c %a ~/.ecryptfs ~/.ecryptfs/Safe.conf | xargs)" = '700 600'
	run "$ecryptfs" login add ~/'lower dir' ~/Safe
	expect login-add-again 1 - "ecryptfs login: ~/.ecryptfs/Safe.conf or Safe.sig already exists
  try: ecryptfs login remove Safe"
	run "$ecryptfs" login unlock </dev/null
	expect login-no-password 1 "*" "*no input*"
	run "$ecryptfs" login unlock < <(echo wrong)
	expect login-wrong 1 "*" "*opens none of the slots*"
	run "$ecryptfs" login change < <(printf '%s\n' word neu)
	expect login-change 0 "*" "*"
	run "$ecryptfs" login change < <(printf '%s\n' word neu)
	expect login-change-again 1 "*" "*no slot has the old password*"
	run "$ecryptfs" login unlock < <(echo neu)
	expect login-unlock 0 "*" "*"
	verdict login-keys "not in the keyring" \
		keyctl search @u user "$(head -n1 ~/.ecryptfs/Safe.sig)" >/dev/null
	# The vault was changed by an attacker before it was added.
	cp ~/.ecryptfs/Safe.sig "$tmp/Safe.sig"
	head -n 1 "$tmp/Safe.sig" >~/.ecryptfs/Safe.sig
	run "$ecryptfs" login open </dev/null
	expect login-open-other-names 1 - "*lower dir: the keys, names or key size of*Safe.sig are not those of the vault*"
	cp "$tmp/Safe.sig" ~/.ecryptfs/Safe.sig
	cp ~/.ecryptfs/Safe.conf "$tmp/Safe.conf"
	sed -i 's/key_bytes=32/key_bytes=16/' ~/.ecryptfs/Safe.conf
	run "$ecryptfs" login open </dev/null
	expect login-open-other-size 1 - "*lower dir: the keys, names or key size of*Safe.sig are not those of the vault*"
	cp "$tmp/Safe.conf" ~/.ecryptfs/Safe.conf
	test_login_names
	run "$ecryptfs" login remove ../Safe
	expect login-remove-path 1 - "*no vault was added*"
	run "$ecryptfs" login remove Safe
	expect login-remove 0 - -
	verdict login-removed "$(ls ~/.ecryptfs)" test -z "$(ls ~/.ecryptfs)"
	keyctl clear @u
	test_login_shown
	test_login_private
	rm -r ~/'lower dir' ~/'lower dir.vault' ~/Safe ~/.ecryptfs
}

# Names of directories with commands for a terminal are shown, and not obeyed.
test_login_shown() {
	local lower=~/$'lo\e]0;evil\awer' upper=~/$'up\xe2\x80\xaeper' name
	lines word
	mkdir "$upper"
	run "$ecryptfs" init - --no-recovery "$lower" seconds=0.1 <"$tmp/lines"
	{
		"$ecryptfs" login add "$lower" ~/Safe
		"$ecryptfs" login add "$lower" ~/Safe
		"$ecryptfs" login add "$lower" "$upper"
		"$ecryptfs" login add "$lower" ~/$'ab\esent'
		"$ecryptfs" login add ~/$'ab\esent' ~/Safe
		"$ecryptfs" login change < <(printf '%s\n' wrong neu)
		"$ecryptfs" login remove $'ab\esent'
		"$ecryptfs" login unlock < <(echo wrong)
		"$ecryptfs" login unlock < <(echo word)
		echo 00112233445566aa >~/.ecryptfs/Safe.sig
		keyctl padd user 00112233445566aa @u < <(echo some)
		mv ~/.ecryptfs/Safe.conf ~/.ecryptfs/$'Sa\efe.conf'
		mv ~/.ecryptfs/Safe.sig ~/.ecryptfs/$'Sa\efe.sig'
		"$ecryptfs" login open --unlocked </dev/null
		: >"$lower/file"
		"$ecryptfs" init - "$lower" </dev/null
		"$ecryptfs" dump "$lower/file"
		$oracle write --passphrase test "$tmp/lines" "$lower/file"
		"$ecryptfs" dump "$lower/file"
		"$ecryptfs" dump --json "$lower/file"
		"$bin/ecryptfs-stat" $'ab\esent'
		"$bin/ecryptfs-find" $'ab\esent'
	} >"$tmp/said" 2>&1
	tr -d '\n\t\040-\176' <"$tmp/said" >"$tmp/log"
	verdict login-shown "$(cat -A "$tmp/said")" [ ! -s "$tmp/log" ]
	for name in 'A login .*lo\\033]0;evil\\007wer on' 'up\\342\\200\\256per: not a valid name' \
		'ab\\033sent: No such' 'ab\\033sent is not a directory' "no slot has the old" \
		'ab\\033sent: no vault' 'Sa\\033fe.sig are not those' 'wer is not empty' 'wer/file:$'; do
		verdict "login-shown: $name" "$(cat -A "$tmp/said")" grep -q -- "$name" "$tmp/said"
	done
	rm -r "$lower" "$lower.vault" "$upper" ~/.ecryptfs/*Sa*
	keyctl clear @u
}

# added_with LINE: adds Safe where PAM's files have that line.
added_with() {
	echo "$1" >"$tmp/pam.d/common-session"
	# shellcheck disable=SC2016 # its own variables
	run unshare -m bash -c 'mount --bind "$0" /etc/pam.d && exec "$@"' "$tmp/pam.d" \
		"$ecryptfs" login add ~/'lower dir' ~/Safe
}

# A message tells the user who adds a vault if no login would mount it.
test_login_told() {
	mkdir "$tmp/pam.d"
	added_with '# optional pam_ecryptfs_login.so'
	expect login-add-without-pam 0 "A login is to mount*lower dir*on*Safe*But no login does so yet*try: pam-auth-update --enable ecryptfs-login*" -
	run "$ecryptfs" login remove Safe
	expect login-add-removed 0 - -
	added_with 'session optional pam_ecryptfs_login.so'
	expect login-add 0 "A login mounts*lower dir*on*Safe*" -
	verdict login-add-no-more "speaks of PAM" test "$(grep -c pam-auth-update "$tmp/out")" = 0
}

# Names that `login add' would not take, out of a file that is there all the same.
test_login_names() {
	mkdir "$tmp/sbin"
	# shellcheck disable=SC2016 # the script's own variables
	printf '%s\n' '#!/bin/sh' 'echo "called: $*"' >"$tmp/sbin/mount.ecryptfs_private"
	chmod 755 "$tmp/sbin/mount.ecryptfs_private"
	mv ~/.ecryptfs/Safe.conf ~/.ecryptfs/-h.conf
	mv ~/.ecryptfs/Safe.sig ~/.ecryptfs/-h.sig
	cp ~/.ecryptfs/-h.conf ~/.ecryptfs/$'two\nlines.conf'
	cp ~/.ecryptfs/-h.sig ~/.ecryptfs/$'two\nlines.sig'
	# shellcheck disable=SC2016 # its own variables
	run unshare -m bash -c 'mount --bind "$0" /sbin && exec "$1" login open' "$tmp/sbin" "$ecryptfs"
	expect login-names-open 0 "called: -- -h
-h" -
	rm ~/.ecryptfs/$'two\nlines.conf' ~/.ecryptfs/$'two\nlines.sig'
	mv ~/.ecryptfs/-h.conf ~/.ecryptfs/Safe.conf
	mv ~/.ecryptfs/-h.sig ~/.ecryptfs/Safe.sig
}

# The wrapped passphrase, by version 1 of its file, changed, parked.
test_login_private() {
	local file=~/.ecryptfs/wrapped-passphrase sig
	$oracle wrap-passphrase --wrapped-version 1 --wrapping word --passphrase 'mount pass' "$file"
	sig=$($oracle keys --passphrase 'mount pass' | cut -c1-16)
	echo "$sig" >~/.ecryptfs/Private.sig
	: >~/.ecryptfs/auto-mount
	run "$ecryptfs" login unlock < <(echo wrong)
	expect login-private-wrong 1 "*" "*wrapped-passphrase*"
	run "$ecryptfs" login unlock < <(echo word)
	expect login-private 0 "*" "*"
	verdict login-private-version "is not 2" test "$(head -c 1 "$file")" = :
	verdict login-private-key "not in the keyring" keyctl search @u user "$sig" >/dev/null
	run "$ecryptfs" login change < <(printf '%s\n' word other)
	expect login-private-change 0 "*" "*"
	verdict login-private-changed "is not" \
		test "$($oracle unwrap-passphrase --wrapping other "$file")" = 'mount pass'
	run "$ecryptfs" login change < <(printf '%s\n' word other)
	expect login-private-changed-by-another 0 "*" "*"
	run "$ecryptfs" login change < <(printf '%s\n' word third)
	expect login-private-not-changed 1 "*" "*"
	# Of another passphrase than Private.sig's.
	keyctl clear @u
	$oracle wrap-passphrase --wrapping word --passphrase 'other pass' "$file"
	run "$ecryptfs" login unlock < <(echo word)
	expect login-private-other 1 "*" "*wrapped-passphrase: *not that of*Private.sig*"
	verdict login-private-no-key "$(keyctl rlist @u)" [ -z "$(keyctl rlist @u)" ]
	rm -f "$file"
	(umask 077 && echo parked >/dev/shm/.ecryptfs-root)
	run "$ecryptfs" login unlock < <(echo new)
	expect login-parked-other 1 "*" "*shm/.ecryptfs-root: *not that of*Private.sig*"
	verdict login-parked-kept "is not" bash -c "[ -e /dev/shm/.ecryptfs-root ] && [ ! -e '$file' ]"
	# The keys are there, as while it is mounted.
	(umask 077 && echo 'mount pass' >/dev/shm/.ecryptfs-root)
	run "$bin/ecryptfs-add-passphrase" - < <(printf %s 'mount pass')
	run "$ecryptfs" login unlock < <(echo new)
	expect login-parked-there 0 "*" "*"
	verdict login-parked-there-wrapped "is not" \
		test "$($oracle unwrap-passphrase --wrapping new "$file")" = 'mount pass' -a ! -e /dev/shm/.ecryptfs-root
	verdict login-private-by-hand "$(keyctl rlist @u)" \
		bash -c "! keyctl search @u user 'ecryptfs-login:$sig' 2>/dev/null"
	rm -f "$file"
	(umask 077 && echo 'mount pass' >/dev/shm/.ecryptfs-root)
	run "$ecryptfs" login change < <(printf '%s\n' old new)
	expect login-parked 0 "*" "*"
	verdict login-parked-wrapped "is not" \
		test "$($oracle unwrap-passphrase --wrapping new "$file")" = 'mount pass' -a ! -e /dev/shm/.ecryptfs-root
	keyctl clear @u
}

test_manager() {
	local sig
	if [ -z "${ECRYPTFS_TESTS_APART:-}" ]; then
		skip manager "not in this home"
		return
	fi
	sig=$($oracle keys --passphrase 'manager pass' | cut -c1-16)
	run "$bin/ecryptfs-manager" < <(printf '%s\n' 1 'manager pass' x 4)
	expect manager-add 0 "*1. Add passphrase key to keyring*4. Exit*Make selection: Passphrase: *$(line "$sig")*Type 1, 2, 3 or 4.*" -
	keyctl clear @u
	run "$bin/ecryptfs-manager" < <(printf '%s\n' 3 "$tmp/managed" 'manager pass' wrapping 2 "$tmp/managed" wrapping)
	expect manager-wrapped 0 "*$(line "$sig")*" -
	verdict manager-file "another" \
		test "$($oracle unwrap-passphrase --wrapping wrapping "$tmp/managed")" = 'manager pass'
	keyctl clear @u
}

# What the PAM module says to whom: a program that complains in place of ours.
test_pam() {
	local said
	if ! pkg-config --exists pam || [ "$(id -u)" != 0 ]; then
		skip pam "no libpam, or not root"
		return
	fi
	mkdir -p "$tmp/pam.d"
	cat >"$tmp/passwords.c" <<-'EOF'
		#include <security/pam_modules.h>
		int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
		{
			(void)flags, (void)argc, (void)argv;
			pam_set_item(pamh, PAM_OLDAUTHTOK, "old");
			return pam_set_item(pamh, PAM_AUTHTOK, "new");
		}
	EOF
	cat >"$tmp/change.c" <<-'EOF'
		#include <stdio.h>
		#include <stdlib.h>
		#include <security/pam_appl.h>
		static int say(int count, const struct pam_message **message, struct pam_response **answer, void *data)
		{
			(void)data;
			for (int i = 0; i < count; i++)
				printf("%d %s\n", message[i]->msg_style == PAM_ERROR_MSG, message[i]->msg);
			*answer = calloc((size_t)count, sizeof(**answer));
			return PAM_SUCCESS;
		}
		int main(int argc, char **argv)
		{
			const struct pam_conv talk = { say, NULL };
			pam_handle_t *pamh;
			return pam_start_confdir("change", "root", &talk, argv[1], &pamh) ||
			       pam_chauthtok(pamh, argc > 2 ? PAM_SILENT : 0);
		}
	EOF
	gcc -shared -fPIC -Wall -Wextra -Werror -o "$tmp/passwords.so" "$tmp/passwords.c" || fail pam compile
	gcc -Wall -Wextra -Werror -o "$tmp/change" "$tmp/change.c" -lpam || fail pam compile
	# shellcheck disable=SC2016 # the script's own variables
	printf '%s\n' '#!/bin/sh' 'cat' 'echo "$1 $2: it keeps the old one" >&2' >"$tmp/complains"
	chmod 755 "$tmp/complains"
	printf 'password %s\n' "required $tmp/passwords.so" "optional $bin/pam_ecryptfs_login.so program=$tmp/complains" \
		'required pam_permit.so' >"$tmp/pam.d/change"
	said=$("$tmp/change" "$tmp/pam.d" 2>&1)
	verdict pam-change-told "$said" [ "$said" = '1 login change: it keeps the old one' ]
	said=$("$tmp/change" "$tmp/pam.d" silently 2>&1)
	verdict pam-change-silent "$said" [ -z "$said" ]
}

# ecryptfs mount by a user waits for another one's choice of a name.
test_mount_names() {
	local home=$tmp/home-names user=61234 holder
	local -a as=(setpriv "--reuid=$user" "--regid=$user" --clear-groups --)
	local -a linked=(keyctl session - bash -c 'keyctl link @u @s; exec 2>&3; exec "$@"' -)
	if [ -z "${ECRYPTFS_TESTS_APART:-}" ] || getent passwd $user >/dev/null ||
		! "${as[@]}" true 2>/dev/null; then
		skip mount-names "not in this home"
		return
	fi
	install -d -o $user -g $user "$home" "$home/l" "$home/u" "$home/.ecryptfs"
	echo "names:x:$user:$user::$home:/bin/sh" >>/etc/passwd
	cp "$ecryptfs" "$tmp/as-user"
	lines word
	run "${as[@]}" "$tmp/as-user" init - --no-recovery "$home/l" seconds=0.1 <"$tmp/lines"
	expect mount-names-init 0 "*" -
	# There is no helper here that would mount, which ends it at once.
	run "${as[@]}" "${linked[@]}" "$tmp/as-user" mount - "$home/l" "$home/u" <"$tmp/lines" 3>"$tmp/said"
	verdict mount-names-free "status $status: $(cat "$tmp/said")" \
		test "$status$(ls --ignore=known-vaults "$home/.ecryptfs")" = 1
	# What others can lock keeps nobody waiting: who can read the directory, locks it.
	chmod 755 "$home" "$home/.ecryptfs"
	setpriv --reuid=1001 --regid=1001 --clear-groups flock -o "$home/.ecryptfs" sleep 30 &
	holder=$!
	sleep 0.5
	run "${as[@]}" timeout 20 "${linked[@]}" "$tmp/as-user" mount "$home/l" "$home/u" </dev/null 3>"$tmp/said"
	verdict mount-names-held "status $status: $(cat "$tmp/said")" \
		test "$status$(ls --ignore=known-vaults "$home/.ecryptfs")" = 1
	kill "$holder"
	run setpriv --reuid=1001 --regid=1001 --clear-groups flock "$home/.ecryptfs/.lock" true
	verdict mount-names-lock "another user can have the lock" test "$status" != 0
	run flock "$home/.ecryptfs/.lock" "${as[@]}" timeout 2 "${linked[@]}" \
		"$tmp/as-user" mount "$home/l" "$home/u" </dev/null 3>"$tmp/said"
	verdict mount-names-wait "status $status: $(cat "$tmp/said")" \
		test "$status$(ls --ignore=known-vaults "$home/.ecryptfs")" = 124
	# Too wide a mode is mended.
	chmod 644 "$home/.ecryptfs/.lock"
	run "${as[@]}" timeout 20 "${linked[@]}" "$tmp/as-user" mount "$home/l" "$home/u" </dev/null 3>"$tmp/said"
	verdict mount-names-mode "status $status: $(cat "$tmp/said")" \
		test "$status$(stat -c %a "$home/.ecryptfs/.lock")" = 1600
	sed '/^names:/d' "$tmp/passwd" >"$tmp/passwd.before"
	cat "$tmp/passwd.before" >/etc/passwd
}

# The unit that is installed, and what systemd makes of a line in fstab.
test_systemd() {
	local unit="$tmp/units/ecryptfs@tmp.service" generator=/usr/lib/systemd/system-generators/systemd-fstab-generator
	if ! command -v systemd-analyze >/dev/null || [ ! -x "$generator" ]; then
		skip systemd "no systemd here"
		return
	fi
	mkdir -p "$tmp/units"
	make -C "$top/utils" O="$bin" DESTDIR="$tmp/root" PREFIX=/usr install >"$tmp/log" 2>&1
	grep -q '^ExecStop=/usr/bin/ecryptfs lock %f$' "$tmp/root/usr/lib/systemd/system/ecryptfs@.service"
	verdict systemd-paths "not those of the installation" [ $? = 0 ]
	# Manual pages and programs are not installed here.
	sed -e "s#/usr/bin/ecryptfs#$bin/ecryptfs#g; /^Documentation=/d" \
		"$tmp/root/usr/lib/systemd/system/ecryptfs@.service" >"$unit"
	rm -rf "$tmp/root"
	run env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$unit"
	verdict systemd-unit "$(cat "$tmp/err")" test "$status" = 0 -a ! -s "$tmp/err"
	echo '/srv/lower /srv/plain ecryptfs noauto,nofail,x-systemd.automount,x-systemd.mount-timeout=2min 0 0' >"$tmp/fstab"
	run env SYSTEMD_FSTAB="$tmp/fstab" "$generator" "$tmp/units" "$tmp/units" "$tmp/units"
	verdict systemd-fstab "$(cat "$tmp/err")" test -s "$tmp/units/srv-plain.automount"
	verdict systemd-fstab-mount "$(cat "$tmp/units/srv-plain.mount")" \
		grep -qx 'Type=ecryptfs' "$tmp/units/srv-plain.mount"
	run env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$tmp/units/srv-plain.mount"
	verdict systemd-fstab-unit "$(cat "$tmp/err")" test "$status" = 0 -a ! -s "$tmp/err"
}

test_private() {
	test_helper
	test_setup_private
	test_divert
	test_login
	test_manager
	test_pam
	test_mount_names
	test_systemd
}

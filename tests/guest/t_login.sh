#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 400
# disk: 256M
#
# Our PAM module in real logins, by login and by su: the password unlocks the private
# directory and a vault, the session mounts them, the end of the last one locks
# them and says who holds files; passwd changes what wraps both; what goes wrong
# stops no login.  Before that, a vault mounted by hand, by a user without rights.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"
# shellcheck source=tests/guest/debian_lib.sh
. "$T/guest/debian_lib.sh"

home=/home/alice password='first-Passw0rd' mounted='mount-Passphrase 1'
log=$WORK/log

private_mounted() { grep -q " $home/Private ecryptfs " /proc/mounts; }
vault_mounted() { grep -q " $home/Safe ecryptfs " /proc/mounts; }
both_mounted() { private_mounted && vault_mounted; }
none_mounted() { ! grep -q ' ecryptfs ' /proc/mounts; }
no_keys() { [ -z "$(as alice keyctl rlist @u 2>/dev/null)" ]; }
logged() { grep -qE -- "$1" "$log"; }

# eventually COMMAND...: within twenty seconds.
eventually() {
	local try
	for ((try = 0; try < 100; try++)); do
		"$@" && return
		sleep 0.2
	done
	return 1
}

# PAM's services with our module in the place of Debian's.
services() {
	debian_users "$password"
	sed -i 's#\(required\|optional\) pam_ecryptfs.so.*#optional pam_ecryptfs_login.so program=/ours/bin/ecryptfs#' /etc/pam.d/common-*
	install -m 4755 /ours/bin/mount.ecryptfs_private /usr/sbin/
	ln -sf mount.ecryptfs_private /usr/sbin/umount.ecryptfs_private
	install -m 644 /ours/bin/pam_ecryptfs_login.so /usr/lib/x86_64-linux-gnu/security/
	printf '@include common-%s\n' auth account session password >/etc/pam.d/try
	# What is logged; there is no syslogd here.
	python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log"); os.chmod("/dev/log", 0o666)
while True: print(s.recv(4096).decode(), file=open(sys.argv[1], "a"))' "$log" &
	logger=$!
	: >"$log"
}

# ours COMMAND...: as alice, in a session without a way to the user keyring.
ours() {
	local command=$1
	shift
	setpriv --reuid alice --regid alice --init-groups --reset-env \
		env -C "$home" HOME="$home" USER=alice PATH=/usr/bin:/usr/sbin keyctl session - "/ours/bin/$command" "$@"
}

# login_as NAME PASSWORD LINES...: types the lines at the shell.
login_as() {
	local name=$1 password=$2 answers=() line
	shift 2
	for line; do answers+=('\$ $' "$line"); done
	check "$name" "${TALK[@]}" 'assword:' "$password" "${answers[@]}" '\$ $' exit -- login alice
}
# by_su COMMAND: with the password, as bob.
by_su() {
	"${TALK[@]}" 'assword:' "$password" -- \
		setpriv --reuid bob --regid bob --init-groups --reset-env su - alice -c "$1"
}

locked() {
	check "$1: unmounted" eventually none_mounted
	check "$1: no keys" eventually no_keys
}

set_up() {
	check 'setup' ours ecryptfs-setup-private --nopwcheck -l "$password" -m "$mounted"
	mkdir $home/.safe $home/Safe
	chown alice:alice $home/.safe $home/Safe
	printf '%s\n' "$password" >"$WORK/line"
	chmod 644 "$WORK/line"
	check 'a vault' ours ecryptfs init - --no-recovery $home/.safe seconds=0.1 <"$WORK/line"
	check 'is added to the login' ours ecryptfs login add $home/.safe $home/Safe
	check_is 'its file' "$home/.safe $home/Safe ecryptfs ecryptfs_key_bytes=32" "$(cat $home/.ecryptfs/Safe.conf)"
	locked 'setup'
}

# ecryptfs mount, umount and lock of a user, by the helper.
by_hand() {
	local own=$home/own plain="$home/plain text" holder
	as alice mkdir "$plain"
	check 'by hand: a vault' ours ecryptfs init - --no-recovery "$own" seconds=0.1 <"$WORK/line"
	check 'by hand: mount' ours ecryptfs mount - "$own" "$plain" <"$WORK/line"
	check 'by hand: is mounted' grep -q "^$own $home/plain.040text ecryptfs rw,nosuid,nodev,.*ecryptfs_key_bytes=32" /proc/mounts
	check 'by hand: mount again' ours ecryptfs mount "$own" "$plain"
	check_is 'by hand: its name' "$own $home/plain\040text ecryptfs ecryptfs_key_bytes=32" "$(cat $home/.ecryptfs/+0.conf)"
	as alice mkdir $home/elsewhere
	check_not 'by hand: not in two places' ours ecryptfs mount "$own" $home/elsewhere
	check_not 'by hand: no options' ours ecryptfs mount "$own" $home/elsewhere -o suid
	as alice sh -c "echo by-hand >'$plain/file'"
	check_not 'by hand: it is encrypted below' grep -rq by-hand "$own"
	setpriv --reuid alice --regid alice --init-groups tail -f "$plain/file" >/dev/null 2>&1 &
	holder=$!
	sleep 0.5
	ours ecryptfs umount "$plain" >"$WORK/said" 2>&1
	check_is 'by hand: a busy one' 4 "$?"
	check 'by hand: who holds it' grep -q "process $holder (tail) has open $plain/file" "$WORK/said"
	check 'by hand: it stays' as alice test -s "$plain/file"
	kill "$holder"
	wait "$holder" 2>/dev/null
	check_not "by hand: another user's umount" as bob /ours/bin/ecryptfs umount "$plain"
	check 'by hand: umount' ours ecryptfs umount "$plain"
	check_not 'by hand: is unmounted' test -e "$plain/file"
	check_not 'by hand: its name is gone' test -e $home/.ecryptfs/+0.conf
	check 'by hand: the keys are there' ours ecryptfs mount "$own" </dev/null
	check_is 'by hand: over itself' by-hand "$(as alice cat "$own/file")"
	check 'by hand: lock' ours ecryptfs lock "$own"
	locked 'by hand: lock'
	check_not 'by hand: nothing without a key' ours ecryptfs mount "$own" "$plain" </dev/null
	printf "%s %s\\n" "$own" "$home/plain\\040text ecryptfs none" >$home/.ecryptfs/+0.conf
	chown alice:alice $home/.ecryptfs/+0.conf
	check 'by hand: after a crash' ours ecryptfs mount - "$own" "$plain" <"$WORK/line"
	check_is 'by hand: reads' by-hand "$(as alice cat "$plain/file")"
	check 'by hand: lock by the mount point' ours ecryptfs lock "$plain"
	locked 'by hand: its end'
}

# Two at once get a name each.
at_once() {
	local one=$home/one two=$home/two first second
	check 'at once: a vault' ours ecryptfs init - --no-recovery "$one" seconds=0.1 <"$WORK/line"
	check 'at once: another' ours ecryptfs init - --no-recovery "$two" seconds=0.1 <"$WORK/line"
	as alice mkdir $home/on-one $home/on-two
	ours ecryptfs mount - "$one" $home/on-one <"$WORK/line" &
	first=$!
	ours ecryptfs mount - "$two" $home/on-two <"$WORK/line" &
	second=$!
	check 'at once: one mounts' wait "$first"
	check 'at once: the other mounts' wait "$second"
	check 'at once: one is mounted' grep -q "^$one $home/on-one ecryptfs " /proc/mounts
	check 'at once: the other is mounted' grep -q "^$two $home/on-two ecryptfs " /proc/mounts
	check_is 'at once: their names' 2 "$(find $home/.ecryptfs -name '+*.conf' | wc -l)"
	check 'at once: one is locked' ours ecryptfs lock "$one"
	check 'at once: the other is locked' ours ecryptfs lock "$two"
	locked 'at once'
}

# A vault in a directory that is mounted over itself can't be changed: it is said.
hidden_vault() {
	local over=$home/over
	check 'hidden: a vault' ours ecryptfs init - --no-recovery --vault $home/over.tmp "$over" seconds=0.1 <"$WORK/line"
	as alice mkdir -p "$over"
	as alice mv $home/over.tmp "$over/.ecryptfs-vault"
	check 'hidden: is added' ours ecryptfs login add "$over" "$over"
	check 'hidden: is mounted' ours ecryptfs mount - "$over" <"$WORK/line"
	printf '%s\nn3w\n' "$password" >"$WORK/change"
	ours ecryptfs login change <"$WORK/change" >"$WORK/said" 2>&1
	check 'hidden: is said' grep -q "$over is mounted over itself, so a vault inside it keeps the old password" "$WORK/said"
	check 'hidden: unmounted' ours ecryptfs lock "$over"
	check 'hidden: the old password' ours ecryptfs unlock - "$over" <"$WORK/line"
	check 'hidden: locked' ours ecryptfs lock "$over"
	check 'hidden: is removed' ours ecryptfs login remove over
	# What else the new password has changed goes back.
	printf 'n3w\n%s\n' "$password" >"$WORK/change"
	check 'hidden: changed back' ours ecryptfs login change <"$WORK/change"
	locked 'hidden'
}

logins() {
	login_as 'login' "$password" 'echo written >Private/file' 'echo safe >Safe/file' 'cp /proc/mounts /tmp/mounts'
	check 'mounted for it' grep -q " $home/Private ecryptfs rw,nosuid,nodev," /tmp/mounts
	check 'the vault, too' grep -q " $home/Safe ecryptfs rw,nosuid,nodev,.*ecryptfs_key_bytes=32" /tmp/mounts
	locked 'its end'
	check 'su' by_su 'cat Private/file Safe/file >/tmp/seen'
	check_is 'reads both' 'written safe' "$(xargs </tmp/seen)"
	locked "su's end"
	check_not 'a wrong password' "${TALK[@]}" 'assword:' wrong -- \
		setpriv --reuid bob --regid bob --init-groups --reset-env su - alice -c true
	locked 'a wrong password'
	check 'root without a password' su - alice -c 'test ! -e Private/file'
	check_not 'nothing went wrong so far' logged pam_ecryptfs_login
	rm -f /tmp/mounts /tmp/seen
}

# One session without a password, before any other; two with, of which the second
# goes first.
parallel() {
	local first idle
	mkfifo "$WORK/idle" "$WORK/first"
	chmod 644 "$WORK/idle" "$WORK/first"
	# A child that fails and is gone keeps no writer waiting.
	exec 8<>"$WORK/idle" 9<>"$WORK/first"
	su - alice -c "read x <$WORK/idle" &
	idle=$!
	sleep 1
	login_as 'the first of two' "$password" "read x <$WORK/first" >"$WORK/first.out" &
	first=$!
	check 'is mounted' eventually both_mounted
	check 'the second' by_su 'test -s Private/file'
	check 'its end leaves the mounts' both_mounted
	echo >"$WORK/idle"
	wait "$idle"
	check 'the end of one that had none leaves them, too' both_mounted
	check 'root joins them' su - alice -c 'test -s Safe/file'
	check 'and leaves them' both_mounted
	echo >"$WORK/first"
	wait "$first"
	cat "$WORK/first.out"
	exec 8>&- 9>&-
	locked 'the last'
}

# An authentication that no session follows, as of polkit and screen locks, and what
# runs in a user's name without being a login, do neither lock nor unlock.
not_a_login() {
	local service
	for service in cron sudo; do
		[ ! -e "/etc/pam.d/$service" ] || cp "/etc/pam.d/$service" "$WORK/$service.kept"
		cp /etc/pam.d/try "/etc/pam.d/$service"
	done
	check 'a password alone' python3 "$T/guest/pam_try.py" try alice "$password" auth
	locked 'a password alone'
	check 'lock in a session' python3 "$T/guest/pam_try.py" try alice "$password" auth open \
		"run=setpriv --reuid alice --regid alice --init-groups --reset-env env PATH=/usr/bin:/usr/sbin keyctl session - /ours/bin/ecryptfs lock $home/Safe 2>/dev/null" \
		"run=python3 $T/guest/pam_try.py sudo alice '$password' auth open close" \
		"run=python3 $T/guest/pam_try.py try alice '$password' auth" \
		'run=grep " /home/alice/" /proc/mounts >/tmp/while' close
	check 'the other stays meanwhile' grep -q " $home/Private ecryptfs " /tmp/while
	check_not 'it stays locked for sudo and a screen lock' grep -q " $home/Safe ecryptfs " /tmp/while
	locked 'its end'
	for service in cron sudo; do
		check "$service with a password" python3 "$T/guest/pam_try.py" "$service" alice "$password" auth open \
			'run=cp /proc/mounts /tmp/while' close
		check_not "$service mounts nothing" grep -q " $home/" <(grep ' ecryptfs ' /tmp/while)
		locked "$service"
	done
	for service in cron sudo; do
		rm "/etc/pam.d/$service"
		[ ! -e "$WORK/$service.kept" ] || mv "$WORK/$service.kept" "/etc/pam.d/$service"
	done
	check 'the end of a session that did not begin' python3 "$T/guest/pam_try.py" try alice "$password" auth open \
		"run=python3 $T/guest/pam_try.py try alice '$password' auth close && grep ' ecryptfs ' /proc/mounts >/tmp/while" close
	check 'leaves the private directory of one that did' grep -q " $home/Private ecryptfs " /tmp/while
	check 'and the vault' grep -q " $home/Safe ecryptfs " /tmp/while
	locked 'the end of a session that did not begin'
	rm -f /tmp/while
}

# Keys that a session did not bring are not taken away by its end.
unlocked_by_hand() {
	check 'unlocked by hand' ours ecryptfs unlock - $home/.safe <"$WORK/line"
	check 'a session without a password' su - alice -c 'cp /proc/mounts /tmp/while'
	check_not 'does not mount it' grep -q ' ecryptfs ' /tmp/while
	check 'and does not lock it' ours ecryptfs mount $home/.safe $home/Safe </dev/null
	check 'not what is mounted by hand' su - alice -c true
	check 'it is there' vault_mounted
	check 'by hand: unmounted' ours ecryptfs umount $home/Safe
	check 'a session with a password' by_su 'cat Private/file Safe/file >/tmp/seen'
	check_is 'by hand: reads both' 'written safe' "$(xargs </tmp/seen)"
	check 'its end unmounts both' eventually none_mounted
	check 'and leaves the keys of the one' ours ecryptfs mount $home/.safe $home/Safe </dev/null
	check_not 'but not of the other' ours mount.ecryptfs_private
	check 'by hand: locked' ours ecryptfs lock $home/.safe
	locked 'by hand'
	# What a login has unlocked goes with it, mounted or not.
	check 'unmounted in a session' python3 "$T/guest/pam_try.py" try alice "$password" auth open \
		"run=setpriv --reuid alice --regid alice --init-groups --reset-env keyctl session - /ours/bin/ecryptfs umount $home/Safe 2>/dev/null" \
		'run=cp /proc/mounts /tmp/while' close
	check 'the other stays mounted' grep -q " $home/Private ecryptfs " /tmp/while
	check_not 'the one does not' grep -q " $home/Safe ecryptfs " /tmp/while
	locked 'unmounted in a session'
	rm -f /tmp/while /tmp/seen
}

holder() {
	local pid
	check 'a session leaves a process behind' by_su \
		'setsid tail -f Private/file >/dev/null 2>&1 </dev/null & echo $! >/tmp/pid; sleep 1'
	pid=$(cat /tmp/pid)
	locked 'a process is left'
	check 'the log says which' eventually logged "alice: *process [0-9]* \\(tail\\) has open $home/Private/file"
	check 'and that all else is locked' eventually logged "alice: .*$home/Private is locked, except for"
	kill "$pid"
	pkill -u alice -x tail
	rm -f /tmp/pid
	eventually eval '! pgrep -u alice -x tail'
}

change_password() {
	check 'passwd' "${TALK[@]}" 'urrent password:' "$password" 'ew password:' 'n3w-Passw0rd' \
		'ew password:' 'n3w-Passw0rd' -- \
		setpriv --reuid alice --regid alice --init-groups --reset-env passwd
	password=n3w-Passw0rd
	check_is 'wraps the passphrase anew' "$mounted" \
		"$(oracle unwrap-passphrase --wrapping "$password" $home/.ecryptfs/wrapped-passphrase)"
	check 'the new one' by_su 'cat Private/file Safe/file >/tmp/seen'
	check_is 'opens both' 'written safe' "$(xargs </tmp/seen)"
	locked 'after that'
	check 'a login that must change it' python3 "$T/guest/pam_try.py" try alice "$password" \
		auth change=Blue9-Horizon open "run=cat $home/Private/file $home/Safe/file >/tmp/seen" close
	password=Blue9-Horizon
	check_is 'opens both with that' 'written safe' "$(xargs </tmp/seen)"
	locked 'after that, too'
	rm -f /tmp/seen
}

# A login goes on whatever is broken.
broken() {
	: >"$log"
	mv $home/.safe.vault $home/.safe.kept
	echo '{' >$home/.safe.vault
	check 'with a damaged vault' by_su 'test -s Private/file'
	check 'which is in the log' logged 'alice: .*safe.vault'
	mv $home/.safe.kept $home/.safe.vault
	locked 'after that'
	chmod 755 /usr/sbin/mount.ecryptfs_private
	check 'without the set-uid bit' by_su 'test ! -e Private/file'
	check 'which is in the log' logged 'set-uid root'
	locked 'without the set-uid bit'
	sed -i 's#program=.*#program=/nonexistent#' /etc/pam.d/common-*
	check 'without the program' by_su true
	check 'nothing is mounted' none_mounted
}

if ! usr_writable || [ ! -e /ours/bin/pam_ecryptfs_login.so ]; then
	skip 'login' 'built without PAM'
	finish
fi
lower_mount ext4
chmod 755 "$LOWER" "$WORK"
services
load ours
below=$(mktemp -d "$LOWER/home.XXXXXX")
chown alice:alice "$below"
mount --bind "$below" "$home"
set_up
by_hand
at_once
hidden_vault
logins
parallel
not_a_login
unlocked_by_hand
holder
change_password
broken
kill "$logger"
rm -f /dev/log /etc/pam.d/try
as alice keyctl clear @u 2>/dev/null
umount "$home" || give_up "$home is busy."
debian_remove
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 240
# disk: 256M
#
# An ordinary user's private directory by our commands and our set-uid helper: set
# up, mounted from a session that does not reach the user keyring, counted, busy;
# what the helper must refuse; homes of Debian's tools by ours, and the reverse; the
# encrypted home of a new user.  Keys and names are the oracle's.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"
# shellcheck source=tests/guest/debian_lib.sh
. "$T/guest/debian_lib.sh"

login='login pass' mounted='mount-Passphrase 1' home=/home/alice
conf=$home/.ecryptfs

# tools ours|debian: whose commands and helper are used.
tools() {
	rm -f /usr/sbin/mount.ecryptfs_private /usr/sbin/umount.ecryptfs_private
	if [ "$1" = ours ]; then
		install -m 4755 /ours/bin/mount.ecryptfs_private /usr/sbin/
		ln -s mount.ecryptfs_private /usr/sbin/umount.ecryptfs_private
		bin=/ours/bin
	else
		cp -a /stock/sbin/mount.ecryptfs_private /stock/sbin/umount.ecryptfs_private /usr/sbin/
		bin=/usr/bin
	fi
}

# user NAME COMMAND...: in a session that has no way to the user keyring.
user() {
	local name=$1 command=$2
	shift 2
	# The helper of that directory is not set-uid.
	case $command in ecryptfs-*) command=$bin/$command ;; esac
	setpriv --reuid "$name" --regid "$name" --init-groups --reset-env \
		env -C / HOME="/home/$name" USER="$name" PATH=/usr/bin:/usr/sbin LC_ALL=C.UTF-8 \
		keyctl session - "$command" "$@"
}
# mounter NAME: the same with the commands that ask; link: Debian's need that.
mounter() {
	if [ "$bin" = /usr/bin ]; then
		as alice "${TALK[@]}" assphrase "$login" -- ecryptfs-mount-private
	else
		user alice "${TALK[@]}" assphrase "$login" -- "$bin/ecryptfs-mount-private"
	fi
}

at_home() {
	mkdir -p "$LOWER/$1"
	chown alice:alice "$LOWER/$1"
	mount --bind "$LOWER/$1" "$home"
}
leave_home() { umount "$home" || give_up "$home is busy."; }
is_mounted() { grep -q " $home/Private ecryptfs " /proc/mounts; }
no_keys() { [ -z "$(user alice keyctl rlist @u 2>/dev/null)" ]; }

set_up() {
	check 'setup' user alice ecryptfs-setup-private --nopwcheck -l "$login" -m "$mounted"
	check_is 'the signatures' "$sigs" "$(cat $conf/Private.sig)"
	check_is 'the mount point' "$home/Private" "$(cat $conf/Private.mnt)"
	check_is 'the wrapped passphrase' "$mounted" \
		"$(oracle unwrap-passphrase --wrapping "$login" $conf/wrapped-passphrase)"
	check_is 'modes' '700 700 500 600' "$(stat -c %a $conf $home/.Private $home/Private $conf/wrapped-passphrase | xargs)"
	check 'is there for the login' test -e $conf/auto-mount -a -e $conf/auto-umount
	check_not 'setup leaves it unmounted' is_mounted
	check 'and no keys' no_keys
	check_not 'setup a second time' user alice ecryptfs-setup-private --nopwcheck -l x -m y
	check_is 'changes nothing' "$sigs" "$(cat $conf/Private.sig)"
}

mounting() {
	check_not 'a wrong passphrase' user alice "${TALK[@]}" assphrase wrong assphrase wrong assphrase wrong \
		-- "$bin/ecryptfs-mount-private"
	check 'mounts' mounter
	check '/proc/mounts' grep -qx "$home/.Private $home/Private ecryptfs rw,nosuid,nodev,relatime,ecryptfs_fnek_sig=${sigs#*$'\n'},ecryptfs_sig=${sigs%$'\n'*},ecryptfs_cipher=aes,ecryptfs_key_bytes=16,ecryptfs_fn_cipher=aes,ecryptfs_fn_key_bytes=16,ecryptfs_unlink_sigs 0 0" /proc/mounts
	user alice sh -c "echo hello >$home/Private/hello"
	check 'the name below' test -f "$home/.Private/$(oracle name --passphrase "$mounted" hello)"
	check 'a session without keys reads it' user alice cat $home/Private/hello
	check 'a second session' user alice mount.ecryptfs_private
	check_is 'counted' 2 "$(cat /dev/shm/ecryptfs-alice-Private)"
	check_not 'the first to leave' user alice umount.ecryptfs_private
	check 'still mounted' is_mounted
	check 'the second again' user alice mount.ecryptfs_private
	check 'leaves with -d' user alice umount.ecryptfs_private -d
	check_not 'not by another user' user bob umount.ecryptfs_private -f
	check 'still mounted then' is_mounted
	check 'the last to leave' user alice ecryptfs-umount-private
	check_not 'is unmounted' is_mounted
	check 'its keys are gone' no_keys
	check_not 'the helper without keys' user alice mount.ecryptfs_private
	echo 7 >/dev/shm/ecryptfs-alice-Private
	check 'mounts with a stale counter' mounter
	check_is 'which is set right' 1 "$(cat /dev/shm/ecryptfs-alice-Private)"
}

# Mounted at first; unmounted afterwards.
busy() {
	local holder
	setpriv --reuid alice --regid alice --init-groups tail -f $home/Private/hello >/dev/null 2>&1 &
	holder=$!
	sleep 0.5
	user alice ecryptfs-umount-private >"$WORK/said" 2>&1
	check_is 'a busy one is unmounted' 0 "$?"
	check_not 'for all others' is_mounted
	check 'who holds it is told' grep -q "process $holder (tail) has open" "$WORK/said"
	kill "$holder"
	wait "$holder" 2>/dev/null
}

# refused NAME PATTERN [ALIAS]: by the helper, with that message; nothing is mounted.
refused() {
	user alice mount.ecryptfs_private "${@:3}" >"$WORK/said" 2>&1
	check_is "$1: refused" 1 "$?"
	check "$1: says why" grep -qE "$2" "$WORK/said"
	check_not "$1: nothing is mounted" grep -q ' ecryptfs ' /proc/mounts
}

# With the keys in place, so that nothing else is what stops it.
refusals() {
	local pid
	user alice sh -c "printf '%s' '$mounted' | $bin/ecryptfs-add-passphrase --fnek -" >/dev/null 2>&1
	mkdir -p "$LOWER/roots"
	mv $home/.Private $home/.Private.kept
	ln -s "$LOWER/roots" $home/.Private
	refused "another's lower directory" 'does not belong to you'
	rm $home/.Private
	mv $home/.Private.kept $home/.Private
	echo /etc >$conf/Private.mnt
	refused "another's mount point" 'does not belong to you'
	setpriv --reuid alice --regid alice --init-groups sleep 60 &
	pid=$!
	sleep 0.2
	echo "/proc/$pid" >$conf/Private.mnt
	refused 'a directory of proc' 'filesystem'
	kill "$pid"
	wait "$pid" 2>/dev/null
	echo $home/Private >$conf/Private.mnt
	refused 'an alias that is a path' 'not a valid name' ../x
	refused 'no such alias' 'ecryptfs none' other
	cp $conf/Private.sig $conf/other.sig
	echo "$home/.Private $home/Private ecryptfs ecryptfs_passthrough" >$conf/other.conf
	chown alice:alice $conf/other.conf $conf/other.sig
	refused 'an option' 'options must be' other
	chown root $conf/other.conf
	refused "another's file" 'must be a file that belongs to you' other
	mv $conf/Private.sig $conf/sig
	printf 'd395309aaad4de06,suid\n' >$conf/Private.sig
	refused 'a signature that is none' 'no signature'
	mv $conf/sig $conf/Private.sig
	ln -sf /etc/shadow /dev/shm/ecryptfs-alice-other
	echo "$home/.Private $home/Private ecryptfs ecryptfs_key_bytes=32" >$conf/other.conf
	chown alice $conf/other.conf
	check 'an alias, with a link for a counter' user alice mount.ecryptfs_private other
	check 'its size of keys' grep -q ' ecryptfs .*ecryptfs_key_bytes=32' /proc/mounts
	check_is 'its counter is another file' 1 "$(cat /dev/shm/ecryptfs-alice-other-1)"
	check 'and unmounted' user alice umount.ecryptfs_private other
	rm -f /dev/shm/ecryptfs-alice-*
	chmod u-s /usr/sbin/mount.ecryptfs_private
	refused 'not set-uid' 'set-uid root'
	tools ours
	user alice keyctl clear @u
}

# umount_refused NAME WHY POINT [ALIAS]: the user's helper leaves what is on POINT.
umount_refused() {
	user alice umount.ecryptfs_private -f ${4+"$4"} >"$WORK/said" 2>&1
	check_is "$1: not unmounted" 1 "$?"
	check "$1: says why" grep -qE "$2" "$WORK/said"
	check "$1: is still mounted" mountpoint -q "$3"
}

# What root has mounted is not a user's to unmount, whatever the files of the user
# call it: below a mount of the user's, over directories of the user's, or a mount of
# the user's in another place.
foreign() {
	local sig
	mounter >/dev/null
	user alice mkdir $home/Private/sub
	mount -t tmpfs none $home/Private/sub
	umount_refused "root's, below ours" "something else is mounted on $home/Private/sub" $home/Private/sub
	check 'the mount that it is below, too' is_mounted
	umount $home/Private/sub
	mkdir -p "$LOWER/pub"
	mount --bind $home/Private "$LOWER/pub"
	echo "$home/.Private $LOWER/pub ecryptfs none" >$conf/pub.conf
	cp $conf/Private.sig $conf/pub.sig
	chown alice:alice $conf/pub.*
	umount_refused 'bound to another place by root' 'not mounted by this program for you' "$LOWER/pub" pub
	umount "$LOWER/pub"
	check 'then our own is unmounted' user alice umount.ecryptfs_private -f
	check_not 'and gone' is_mounted
	user alice mkdir $home/rlower $home/rupper
	sig=$(printf 'of root' | ecryptfs-add-passphrase - | sed -n 's/.*\[\(.*\)\].*/\1/p')
	keyctl link @u @s
	mount -i -t ecryptfs -o "ecryptfs_sig=$sig" $home/rlower $home/rupper
	echo "$home/rlower $home/rupper ecryptfs none" >$conf/roots.conf
	chown alice:alice $conf/roots.conf
	umount_refused "root's over ours, without a signature" 'no signature' $home/rupper roots
	echo "$sig" >$conf/roots.sig
	chown alice:alice $conf/roots.sig
	umount_refused "root's over ours, with its signature" 'not mounted by this program for you' $home/rupper roots
	check 'root unmounts it' umount $home/rupper
	check_is 'the records of them are gone' '' "$(ls "/run/ecryptfs/$(id -u alice)")"
	check_is "and are nobody else's" '0 700' "$(stat -c '%u %a' "/run/ecryptfs/$(id -u alice)")"
	rm -f $conf/roots.* $conf/pub.*
}

# A directory on another filesystem, with the same inode number, takes the place of
# the one that was looked at, before the kernel does: while it loads the module.
exchanged() {
	local one before
	before=$(cat /proc/sys/kernel/modprobe)
	for one in looked other; do
		user alice mkdir -p $home/$one/d
		mount -t tmpfs -o uid="$(id -u alice)",mode=700 "$one" $home/$one/d
	done
	user alice mkdir $home/exchanged
	echo "$home/looked/d $home/exchanged ecryptfs none" >$conf/exchanged.conf
	cp $conf/Private.sig $conf/exchanged.sig
	chown alice:alice $conf/exchanged.*
	check_is 'the same inode number' "$(stat -c %i $home/looked/d)" "$(stat -c %i $home/other/d)"
	cat >"$WORK/modprobe" <<-EOF
		#!/bin/bash
		case \$* in
		*fs-ecryptfs*) mv $home/looked $home/looked.seen && mv $home/other $home/looked && exec $(command -v insmod) $OURS ;;
		*) exec $before "\$@" ;;
		esac
	EOF
	chmod 755 "$WORK/modprobe"
	user alice sh -c "printf '%s' '$mounted' | $bin/ecryptfs-add-passphrase --fnek -" >/dev/null 2>&1
	check 'the module is not there' rmmod ecryptfs
	echo "$WORK/modprobe" >/proc/sys/kernel/modprobe
	refused 'exchanged' 'replaced meanwhile' exchanged
	echo "$before" >/proc/sys/kernel/modprobe
	check 'it was exchanged' test -d $home/looked.seen
	check 'mounts what stays' user alice mount.ecryptfs_private exchanged
	check 'and unmounts it' user alice umount.ecryptfs_private exchanged
	umount $home/looked/d $home/looked.seen/d
	rm -f $conf/exchanged.*
}

# In a namespace of mounts of its own, as services have one, where the first is not
# seen and another is made: each is unmounted where it was made, and nowhere else.
elsewhere() {
	cat >"$WORK/elsewhere" <<-EOF
		umount $home/Private
		"\$@" mount.ecryptfs_private more || exit
		[ "\$(find $1 -mindepth 1 -name '[0-9]*' | wc -l)" = 2 ]
	EOF
	cat >"$WORK/copied" <<-EOF
		"\$@" umount.ecryptfs_private -fk 2>"$WORK/said" && exit 1
		grep -q 'Private was not mounted by this program for you' "$WORK/said" &&
			mountpoint -q $home/Private
	EOF
	local -a as=(setpriv --reuid alice --regid alice --init-groups --reset-env
		env -C / PATH=/usr/bin:/usr/sbin keyctl session -)
	check 'a copy in another namespace is not what was mounted' \
		unshare -m --propagation private sh "$WORK/copied" "${as[@]}"
	check 'one more in another namespace' \
		unshare -m --propagation private sh "$WORK/elsewhere" "${as[@]}"
	check_not 'is not here' mountpoint -q $home/more
	check 'nor one that is gone with it' user alice mount.ecryptfs_private more
	check_is 'whose record is gone, too' 2 "$(find "$1" -mindepth 1 -name '[0-9]*' | wc -l)"
	check 'unmounts again' user alice umount.ecryptfs_private -k more
}

# Another user takes the counter's names; and there is an end to the mounts of one.
limits() {
	local i name records unique ns
	rm -f /dev/shm/ecryptfs-alice-*
	# shellcheck disable=SC2016 # that shell's
	user bob sh -c 'for n in "" $(seq 50); do : >/dev/shm/ecryptfs-alice-Private${n:+-$n}; done'
	check 'mounts beside a counter of another user' mounter
	check 'and a second session' user alice mount.ecryptfs_private
	check_not 'is counted' user alice umount.ecryptfs_private
	check 'the second is still there' is_mounted
	records=/run/ecryptfs/$(id -u alice)
	name=$(cd "$records" && echo [0-9]*)
	unique=${name%%.*} ns=${name##*.}
	for ((i = 1; i < 100; i++)); do : >"$records/$unique.$((100000 + i)).$ns"; done
	user alice mkdir $home/more $home/more-below
	echo "$home/more-below $home/more ecryptfs none" >$conf/more.conf
	cp $conf/Private.sig $conf/more.sig
	chown alice:alice $conf/more.*
	user alice mount.ecryptfs_private more >"$WORK/said" 2>&1
	check_is 'one mount too many' 1 "$?"
	check 'says so' grep -q 'you have 100 such mounts' "$WORK/said"
	check_not 'and is not there' mountpoint -q $home/more
	# Of mounts that are gone.
	rm -f "$records/$unique".1000[0-9][0-9].*
	for ((i = 1; i < 100; i++)); do : >"$records/$((unique + 1000000)).$i.$ns"; done
	check 'records of what root has unmounted do not count' user alice mount.ecryptfs_private more
	check_is 'and are gone' 2 "$(find "$records" -mindepth 1 -name '[0-9]*' | wc -l)"
	check 'unmounts that one' user alice umount.ecryptfs_private -k more
	elsewhere "$records"
	check 'unmounts the other' user alice umount.ecryptfs_private
	check_not 'both are gone' grep -q ' ecryptfs ' /proc/mounts
	rm -f /dev/shm/ecryptfs-alice-* $conf/more.*
	user alice keyctl clear @u
}

# round WHOSE: the one home by the tools of another.
round() {
	tools "$1"
	check "$1's: mounts" mounter
	check_is "$1's: reads" hello "$(cat $home/Private/hello)"
	if [ "$1" = ours ]; then
		check "$1's: unmounts" user alice ecryptfs-umount-private
	else
		check "$1's: unmounts" as alice ecryptfs-umount-private
	fi
	check_not "$1's: is unmounted" is_mounted
}

# A new user's whole home, without a password that could wrap the passphrase.
whole_home() {
	mkdir -p /home/.ecryptfs /home/bob
	mount --bind "$(mktemp -d "$LOWER/homes.XXXXXX")" /home/.ecryptfs
	mount --bind "$(mktemp -d "$LOWER/bob.XXXXXX")" /home/bob
	chmod 755 /home/.ecryptfs
	chown bob:bob /home/bob
	# What the user has put in the way is not given to him.
	mkdir /home/.ecryptfs/bob "$LOWER/victim"
	chown bob:bob /home/.ecryptfs/bob
	ln -s "$LOWER/victim" /home/.ecryptfs/bob/.Private
	check_not 'through a link of the user' "$bin/ecryptfs-setup-private" -b -u bob -m "$mounted"
	rm /home/.ecryptfs/bob/.Private
	mkdir -p /home/.ecryptfs/bob/.Private
	chown alice:alice /home/.ecryptfs/bob/.Private
	check_not 'in a directory of another user' "$bin/ecryptfs-setup-private" -b -u bob -m "$mounted"
	check_is 'whose it stays' "root alice" "$(stat -c %U "$LOWER/victim" /home/.ecryptfs/bob/.Private | xargs)"
	rm -r /home/.ecryptfs/bob /home/bob/.ecryptfs 2>/dev/null
	check 'the home of a new user' "$bin/ecryptfs-setup-private" -b -u bob -m "$mounted"
	check 'is mounted' grep -q '^/home/.ecryptfs/bob/.Private /home/bob ecryptfs ' /proc/mounts
	check_is 'its passphrase is parked' "bob 600 $mounted" "$(stat -c '%U %a' /dev/shm/.ecryptfs-bob) $(cat /dev/shm/.ecryptfs-bob)"
	check 'is seen from within' user bob test -s /home/bob/.ecryptfs/Private.sig
	check 'is unmounted' user bob umount.ecryptfs_private
	check_not 'and empty' test -e /home/bob/.profile
	rm -f /dev/shm/.ecryptfs-bob /dev/shm/ecryptfs-bob-Private
	umount /home/bob /home/.ecryptfs || give_up 'a home is busy.'
}

if ! debian_install; then
	skip 'private' "Debian's ecryptfs-utils are not in this guest"
	finish
fi
debian_users "$login"
lower_mount ext4
chmod 755 "$LOWER"
sigs=$(
	oracle keys --passphrase "$mounted" | cut -c1-16
	oracle keys --passphrase "$mounted" --salt 3939383837373636 | cut -c1-16
)
load ours
tools ours
at_home ours
set_up
mounting
busy
refusals
foreign
exchanged
limits
round debian
round ours
leave_home
whole_home

PREFIX='stock: '
load stock
at_home debian
tools debian
as alice ecryptfs-setup-private --nopwcheck -l "$login" -m "$mounted" >/dev/null 2>&1
mounter >/dev/null 2>&1
as alice sh -c 'echo hello >Private/hello; ecryptfs-umount-private' >/dev/null 2>&1
round ours
load ours
PREFIX='ours: '
round ours
leave_home
PREFIX=''
debian_remove
finish

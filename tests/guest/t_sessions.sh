#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 180
# disk: 256M
#
# Where an unlocked key is found: by other sessions of the same user, by a service's
# session, by root's mount(8) with a vault and nothing else; not by another user and
# not by root in a user's name; and what goes on without any key once it is mounted.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"
# shellcheck source=tests/guest/debian_lib.sh
. "$T/guest/debian_lib.sh"

# session USER COMMAND...: a new one with a session keyring of its own and no link
# in it, as systemd gives to a service and to ssh, cron and user@.service.
session() {
	setpriv --reuid "$1" --regid "$1" --init-groups --reset-env \
		env -C / PATH=/ours/bin:/usr/bin:/usr/sbin keyctl session - "${@:2}" 2>"$WORK/err"
}
unlocked() {
	session "$1" ecryptfs status --json "$2" |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["unlocked"])'
}
own_mounted() { grep -q "^$LOWER/roots /mnt/u ecryptfs " /proc/mounts; }

usr_writable || give_up '/usr cannot be written to.'
install -m 4755 /ours/bin/mount.ecryptfs_private /usr/sbin/
ln -s mount.ecryptfs_private /usr/sbin/umount.ecryptfs_private
# mount.ecryptfs runs the program from where it is installed.
mkdir -p /usr/local/bin
ln -s /ours/bin/ecryptfs /usr/local/bin/ecryptfs
mkdir -p /helpers
cp /ours/bin/mount.ecryptfs /helpers/
ln -sf mount.ecryptfs /helpers/umount.ecryptfs
load ours
lower_mount ext4
chmod 755 "$LOWER"
echo word >/run/line
mkdir "$LOWER/roots" "$LOWER/home"
chown alice:alice "$LOWER/home"
mount --bind "$LOWER/home" /home/alice
session alice mkdir /home/alice/.safe /home/alice/Safe

check 'a vault' session alice ecryptfs init - --no-recovery /home/alice/.safe seconds=0.1 </run/line
check 'for the login' session alice ecryptfs login add /home/alice/.safe /home/alice/Safe
check_is 'locked' False "$(unlocked alice /home/alice/.safe)"
check 'is unlocked in one session' session alice ecryptfs unlock - /home/alice/.safe </run/line
check_is 'so it is in another' True "$(unlocked alice /home/alice/.safe)"
check_is "not in root's" False "$(unlocked root /home/alice/.safe)"
read -r sig </home/alice/.ecryptfs/Safe.sig
key=$(session alice keyctl search @u user "$sig")
check "its key is the user's" test -n "$key"
check_not 'nobody else can use it' session bob keyctl pipe "$key"
check_not 'nor find it' session bob keyctl search @u user "$sig"

check 'a third session mounts' session alice /usr/sbin/mount.ecryptfs_private Safe
check 'is mounted' grep -q " /home/alice/Safe ecryptfs " /proc/mounts
check 'a fourth writes' session alice sh -c 'echo secret >/home/alice/Safe/file'
check 'the key is taken away' session alice keyctl clear @u
check_is 'a service reads on' secret "$(session alice cat /home/alice/Safe/file)"
check 'and makes files' session alice sh -c 'echo more >/home/alice/Safe/second'
drop_caches
check_is 'also what is not cached' more "$(session alice cat /home/alice/Safe/second)"
check_is "root's service, too" secret "$(session root cat /home/alice/Safe/file)"
check 'unmounts' session alice /usr/sbin/umount.ecryptfs_private Safe
check_not 'and it is locked' session alice /usr/sbin/mount.ecryptfs_private Safe

check "root's vault" session root ecryptfs init - --no-recovery "$LOWER/roots" seconds=0.1 </run/line
check_not 'mount(8) has nobody to ask' session root mount -t ecryptfs "$LOWER/roots" /mnt/u </dev/null
check 'is unlocked in one session' session root ecryptfs unlock - "$LOWER/roots" </run/line
echo "$LOWER/roots /mnt/u ecryptfs noauto,nofail,noatime,x-systemd.automount 0 0" >/etc/fstab
check 'a line of fstab, in another' session root mount /mnt/u </dev/null
check 'is mounted' own_mounted
check 'by the settings of the vault' grep -q ' /mnt/u ecryptfs .*noatime,ecryptfs_fnek_sig=.*ecryptfs_key_bytes=32' /proc/mounts
check 'umount(8)' session root umount /mnt/u
check_is 'takes the keys away' False "$(unlocked root "$LOWER/roots")"
check 'mount(8) asks on a terminal' "${TALK[@]}" 'assphrase' word -- \
	keyctl session - mount -t ecryptfs "$LOWER/roots" /mnt/u
check 'and has mounted' own_mounted
umount /mnt/u
: >/etc/fstab
umount /home/alice || give_up 'the home is busy.'
debian_remove
finish

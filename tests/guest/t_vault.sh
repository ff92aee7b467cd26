#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A vault as a new user would use it: init, mount, write, lock, and again by the
# recovery key; a busy mount is explained; a directory made without a vault is
# adopted.
#
# kernels: stock newest
# tier: check
# long: newest
# timeout: 120
# disk: 256M

. "$(dirname "$0")/lib.sh"
load_ours
keyctl link @u @s
lower_mount ext4
rmdir "$LOWER_DIR"
mkdir -p /mnt/u

# lines TEXT...: standard input of the next command, in $in.
lines() { printf '%s\n' "$@" >/run/lines; }

lines secret
ecryptfs init - "$LOWER_DIR" seconds=0.1 >/run/init </run/lines
recovery=$(grep -oE '([0-9A-Z]{5}-){12}[0-9A-Z]{5}' /run/init)
check 'a recovery key is shown' [ "${#recovery}" = 77 ]
ecryptfs mount - "$LOWER_DIR" /mnt/u </run/lines >/run/out 2>&1
check 'it mounts' mountpoint -q /mnt/u
check_is 'nothing of the vault is in it' '' "$(ls -A /mnt/u)"
echo x >/mnt/u/gone
find /mnt/u -mindepth 1 -delete
check 'the vault outlives all that the mount shows' [ -s "$LOWER_DIR.vault" ]
echo 'some text' >/mnt/u/file
check_is 'the name is encrypted below' 0 "$(find "$LOWER_DIR" -name file | wc -l)"
check_is 'an AES-256 key' 1 "$(grep -c ecryptfs_key_bytes=32 /proc/mounts)"
check_is 'status in JSON' "True /mnt/u" "$(ecryptfs status --json "$LOWER_DIR" |
	python3 -c 'import json, sys; x = json.load(sys.stdin); print(x["unlocked"], x["mounts"][0]["upper"])')"

tail -f /mnt/u/file >/dev/null &
holder=$!
sleep 0.2
ecryptfs lock "$LOWER_DIR" >/run/out 2>/run/err
check_is 'a busy mount has its exit status' 4 "$?"
check 'the holder is listed' grep -q "process $holder (tail) has open /mnt/u/file" /run/err
check_not 'the keys are gone all the same' keyctl search @u user "$(sed -n 's/^Removed key //p;q' /run/out)"
kill "$holder"
wait "$holder" 2>/dev/null
check 'lock' ecryptfs lock "$LOWER_DIR"
check_not 'it is unmounted' mountpoint -q /mnt/u
lines wrong
ecryptfs mount - "$LOWER_DIR" /mnt/u </run/lines >/run/out 2>&1
check_is 'a wrong passphrase is told' 3 "$?"

lines "$recovery"
check 'the recovery key unlocks' ecryptfs unlock --recovery - "$LOWER_DIR" </run/lines
check 'it mounts without a question' ecryptfs mount "$LOWER_DIR" /mnt/u -o ro </dev/null
check_is 'what was written is there' 'some text' "$(cat /mnt/u/file)"
check_not 'ro was taken' touch /mnt/u/other
check 'umount by the mount point' ecryptfs umount /mnt/u
check 'over itself' ecryptfs mount "$LOWER_DIR" </dev/null
check_is 'seen in its place' 'some text' "$(cat "$LOWER_DIR/file")"
check 'lock by the mount point' ecryptfs lock "$LOWER_DIR"

# A directory that was never ours: plain names, AES-128, passphrase "test".
mkdir "$LOWER/old"
key_add
mount -i -t ecryptfs -o "$UPPER_OPTS" "$LOWER/old" /mnt/u
echo before >/mnt/u/old-file
umount /mnt/u
lines test word
check 'a directory is adopted' ecryptfs init - --adopt --plain-names "$LOWER/old" seconds=0.1 </run/lines
keyctl unlink "$(keyctl search @u user "$SIG")" @u
lines word
check 'and mounts' ecryptfs mount - "$LOWER/old" /mnt/u </run/lines
check_is 'with what was in it' before "$(cat /mnt/u/old-file)"
check 'and is locked' ecryptfs lock /mnt/u
finish

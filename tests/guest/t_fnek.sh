#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug
# timeout: 200
# disk: 256M
#
# Encrypted names: that they are those of the format (worked examples of its
# description, made by stock kernels), their limits, lower names that are none
# of this mount's, changes made below, and a name key that is revoked.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

FNEK=be877764c5918621 # of the passphrase "test"
HELLO=ECRYPTFS_FNEK_ENCRYPTED.FWayVrRYlN446ERDD20SlK20xSkpZmIqkmbbqS4uUSCgU24LAfMmCvuyI---
LOREM256=ECRYPTFS_FNEK_ENCRYPTED.FWayVrRYlN446EY.WUc7GBFqG9GB6qF3eRmJZ7NYS7ANeS4Gfi9c34ZDTU--
TEST256=ECRYPTFS_FNEK_ENCRYPTED.FWayVrRYlN446EY.WUc7GBFqG9GB6qF3eRmJwLxTOkMu8UtE6MkSWHGsZE--

name_of() { head -c "$1" /dev/zero | tr '\0' "${2-n}"; }
entries() { (cd "$1" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | tr '\n' ' '); }
options() { awk -v at="$UPPER_DIR" '$2 == at { print $4 }' /proc/mounts; }

load_ours
keyctl link @u @s
printf test | ecryptfs-add-passphrase --fnek - >/dev/null
key=$(keyctl search @u user "$FNEK")
lower_mount ext4 -b 4096
upper_mount "ecryptfs_fnek_sig=$FNEK"

check_is '/proc/mounts tells the names' \
	"rw,relatime,ecryptfs_fnek_sig=$FNEK,ecryptfs_sig=$SIG,ecryptfs_cipher=aes,ecryptfs_key_bytes=16,ecryptfs_fn_cipher=aes,ecryptfs_fn_key_bytes=16" \
	"$(options)"
check_is '/sys has the feature' 256 "$(($(cat /sys/fs/ecryptfs/version) & 256))"

cd "$UPPER_DIR" || exit
echo hello >hello.txt
check_is 'hello.txt below' "$HELLO " "$(entries "$LOWER_DIR")"
check_is 'the header says that names are encrypted' 0300000a \
	"$(od -An -tx1 -j16 -N4 "$LOWER_DIR/$HELLO" | tr -d ' ')"
check_is 'name length of statfs()' 143 "$(stat -f -c %l .)"
check 'a name of 143 bytes' mkdir "$(name_of 143)"
check_is 'is 252 below' 252 "$(find "$LOWER_DIR" -mindepth 1 -printf '%f\n' | awk '{ print length }' | sort -n | tail -n 1)"
check_not 'one of 144 is too long' mkdir "$(name_of 144)"
check_is 'and says so' 1 "$(mkdir "$(name_of 144)" 2>&1 | grep -c 'File name too long')"
check_is 'nothing was made of it' 2 "$(find "$LOWER_DIR" -mindepth 1 | wc -l)"
rmdir "$(name_of 143)"
rm hello.txt

for length in 1 15 16 31 32 200 3007; do
	ln -s "$(name_of "$length" t)" "link$length"
done
check_not 'a target of 3008 is too long' ln -s "$(name_of 3008 t)" link
upper_remount_here() { cd / && upper_remount "ecryptfs_fnek_sig=$FNEK$1" && cd "$UPPER_DIR" || return; }
upper_remount_here ''
for length in 1 15 16 31 32 200 3007; do
	check_is "size of a link of $length" "$length" "$(stat -c %s "link$length")"
	check_is "target of $length" "$(name_of "$length" t | md5sum)" "$(readlink -n "link$length" | md5sum)"
done
rm link*

# What is below without being ours.
mkdir "$LOWER_DIR/lost+found" "$LOWER_DIR/$TEST256"
echo foreign >"$LOWER_DIR/plain file"
touch "$LOWER_DIR/ECRYPTFS_FNEK_ENCRYPTED." "$LOWER_DIR/${HELLO}x" "$LOWER_DIR/${HELLO%---}-- "
ln -s plain-target "$LOWER_DIR/plain-link"
mkdir sub
touch sub/inside hello.txt
check_is 'every lower name is listed' "$(printf '%s\n' lost+found "$TEST256" 'plain file' \
	ECRYPTFS_FNEK_ENCRYPTED. "${HELLO}x" "${HELLO%---}-- " plain-link sub sub/inside hello.txt |
	LC_ALL=C sort | tr '\n' ' ')" "$(entries .)"
check 'each of them is there' find . -mindepth 1 -printf '%s %m %n\n'
check_not 'our own is not found by its lower name' stat "$HELLO"
check_not 'the content of a plain file is not shown' cat 'plain file'
check_not 'a plain target is not followed' readlink plain-link
check_is 'a plain link can be looked at' 12 "$(stat -c %s plain-link)"
check 'a foreign name can be changed' mv 'plain file' renamed
check_not 'then it is ours' stat "$LOWER_DIR/plain file"
check 'all can be removed' rm -r lost+found "$TEST256" renamed ECRYPTFS_FNEK_ENCRYPTED. \
	"${HELLO}x" "${HELLO%---}-- " plain-link
check_is 'what is ours stays' 'hello.txt sub sub/inside ' "$(entries .)"

# Changes below: cached names do not outlive them.
stat hello.txt >/dev/null
mv "$LOWER_DIR/$HELLO" "$LOWER_DIR/elsewhere"
check_not 'a name that was moved below is gone' stat hello.txt
check 'its new one is there' stat elsewhere
check_not 'still gone' stat hello.txt
mv "$LOWER_DIR/elsewhere" "$LOWER_DIR/$HELLO"
check 'moved back it is found' stat hello.txt
mv hello.txt other && mv sub dir
check 'renamed names are found from cache' stat other dir/inside
check_not 'under the new name only' stat hello.txt

# One that appears below under its own name, where nothing was before.
check_not 'a name that is not there' stat appears
touch "$LOWER_DIR/appears"
check 'a foreign object of that name is seen' stat appears
rm appears
check_not 'and then it is not' stat appears
echo ours >appears
check_not 'what is made then is encrypted' stat "$LOWER_DIR/appears"
rm appears

# The name key is revoked, and comes back.
keyctl revoke "$key"
check_not 'without its key nothing is listed' ls
check_is 'which is said' 'ls: reading directory '"'.'"': Key has been revoked' "$(LC_ALL=C ls 2>&1)"
check_not 'or made' touch new
keyctl unlink "$key" @u
printf test | ecryptfs-add-passphrase --fnek - >/dev/null
check_is 'with the key all is back' 'dir dir/inside other ' "$(entries .)"
check 'and can be made' touch new

# Names by another key and key size than contents.
upper_remount_here ,ecryptfs_fn_cipher=aes,ecryptfs_fn_key_bytes=32
check_is 'other names are not ours' 4 "$(find . -name 'ECRYPTFS_FNEK*' | wc -l)"
rm -rf ./*
touch loremipsum.txt test
check_is 'names of a stock kernel, AES-256' "$(printf '%s\n' "$LOREM256" "$TEST256" | LC_ALL=C sort | tr '\n' ' ')" \
	"$(entries "$LOWER_DIR")"
rm ./*

ciphers='blowfish:16 blowfish:56 des3_ede:24 twofish:32 cast6:16 cast5:16'
[ "$KERNEL" != debug ] || ciphers='blowfish:56 cast6:16'
for cipher in $ciphers; do
	if ! upper_remount_here ",ecryptfs_fn_cipher=${cipher%:*},ecryptfs_fn_key_bytes=${cipher#*:}"; then
		not_ok "names by $cipher"
		continue
	fi
	touch "$(name_of 143)" short
	ln -s "$(name_of 300)" link
	drop_caches
	check_is "names by $cipher" "link $(name_of 143) short " "$(entries .)"
	check_is "targets by $cipher" "$(name_of 300)" "$(readlink link)"
	rm ./*
done

# A server is not told the names of what is missing: a foreign object is found
# where it has been listed, and only there.
cd /
upper_umount
lower_umount
if lower_mount 9p; then
	PREFIX=9p/
	touch "$LOWER_DIR/foreign"
	mkdir "$LOWER_DIR/dir" && touch "$LOWER_DIR/dir/foreign"
	upper_mount "ecryptfs_fnek_sig=$FNEK"
	cd "$UPPER_DIR" || exit
	check_not 'a foreign name is not asked for' stat foreign
	check_is 'it is listed' 'dir foreign ' "$(entries . | sed 's,dir/foreign ,,')"
	check 'then it is found' stat foreign
	check 'and can be removed' rm foreign
	check 'below it, too' rm -r dir
	echo text >file
	check_is 'ours is found at once' text "$(drop_caches && cat file)"
	rm file
else
	skip '9p' 'nothing is shared with the host'
fi
finish

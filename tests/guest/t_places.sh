#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: stock
# timeout: 300
# disk: 256M
#
# Where metadata can be, and what is shown without them: metadata in an extended
# attribute, plaintext passthrough, the encrypted view.  Lower files are written
# and read by the oracle, too.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

sizes='0 1 4095 4096 4097 20000 300000'
# statx(): 1 if it says that the file is encrypted.
encrypted() { python3 -c 'import ctypes, sys
buffer = ctypes.create_string_buffer(256)
assert ctypes.CDLL(None).statx(-100, sys.argv[1].encode(), 0, 0x7ff, buffer) == 0
attributes, mask = (int.from_bytes(buffer.raw[at:at + 8], "little") for at in (8, 56))
print(attributes >> 11 & 1 if mask >> 11 & 1 else "not known")' "$1"; }
plain() { seq 1 70000 | head -c "$1"; }
sum_of() { sha256sum | cut -d' ' -f1; }
xattr_of() { getfattr --absolute-names --only-values -n user.ecryptfs "$1" 2>/dev/null; }
check_sizes() { # NAME
	local size
	for size in $sizes; do
		check_is "$1: size $size before it is opened" "$size" "$(stat -c %s "$UPPER_DIR/f$size")"
		check_is "$1: content $size" "$(plain "$size" | sum_of)" "$(sum_of <"$UPPER_DIR/f$size")"
	done
}
fresh() { # OPTIONS: all caches gone
	umount "$UPPER_DIR" && lower_remount && upper_mount "$1"
}

load_ours
key_add test
lower_mount ext4

# 1. Metadata in an attribute.
X=ecryptfs_xattr_metadata
check 'xattr: mounts' upper_mount "$X"
check_is 'xattr: /proc/mounts' 1 "$(grep -c ",$X" /proc/mounts)"
for size in $sizes; do
	plain "$size" >"$UPPER_DIR/f$size"
done
check_is 'xattr: lower file of 4097 bytes' 8192 "$(stat -c %s "$LOWER_DIR/f4097")"
check_is 'xattr: lower file of 0 bytes' 0 "$(stat -c %s "$LOWER_DIR/f0")"
check_is 'xattr: length of the attribute' 81 "$(xattr_of "$LOWER_DIR/f4097" | wc -c)"
check_is 'xattr: flags' 03000006 "$(xattr_of "$LOWER_DIR/f4097" | od -An -tx1 -j16 -N4 | tr -d ' ')"
check_is 'xattr: recorded size' 0000000000001001 "$(xattr_of "$LOWER_DIR/f4097" | od -An -tx1 -N8 | tr -d ' ')"
fresh "$X"
check_sizes xattr
check_is 'xattr: not listed above' '' "$(getfattr -m - "$UPPER_DIR/f4097" 2>/dev/null)"
check_not 'xattr: not to be removed from above' setfattr -x user.ecryptfs "$UPPER_DIR/f4097"
check_not 'xattr: nor changed' setfattr -n user.ecryptfs -v x "$UPPER_DIR/f4097"
truncate -s 5000 "$UPPER_DIR/f20000"
plain 300 >>"$UPPER_DIR/f4096"
# Permissions do not bind the one who has it open; nor do the flags.
plain 100 >"$UPPER_DIR/mode" && plain 100 >"$UPPER_DIR/only"
exec 3>>"$UPPER_DIR/mode"
chmod 0 "$UPPER_DIR/mode"
plain 5000 >&3
exec 3>&-
check 'xattr: append-only' chattr +a "$UPPER_DIR/only"
plain 5000 >>"$UPPER_DIR/only"
check_is 'xattr: append-only file grows' 5100 "$(stat -c %s "$UPPER_DIR/only")"
check 'xattr: rename' mv "$UPPER_DIR/f1" "$UPPER_DIR/g1"
check 'xattr: link' ln "$UPPER_DIR/g1" "$UPPER_DIR/f1"
fresh "$X"
check_is 'xattr: cut' "$(plain 5000 | sum_of)" "$(sum_of <"$UPPER_DIR/f20000")"
check_is 'xattr: appended' "$( (plain 4096; plain 300) | sum_of)" "$(sum_of <"$UPPER_DIR/f4096")"
check_is 'xattr: append-only file' "$( (plain 100; plain 5000) | sum_of)" "$(sum_of <"$UPPER_DIR/only")"
check_is 'xattr: file of mode 0' "$( (plain 100; plain 5000) | sum_of)" "$(sum_of <"$UPPER_DIR/mode")"
chattr -a "$UPPER_DIR/only"
rm -f "$UPPER_DIR/only" "$UPPER_DIR/mode"
check_is 'xattr: appended size' 4396 "$(stat -c %s "$UPPER_DIR/f4096")"
# Both kinds beside each other.
upper_remount ''
plain 7000 >"$UPPER_DIR/header"
check_not 'xattr: such a file needs the option' cat "$UPPER_DIR/f4097"
fresh "$X"
check_is 'xattr: a file with a header' "$(plain 7000 | sum_of)" "$(sum_of <"$UPPER_DIR/header")"
plain 100 >>"$UPPER_DIR/header"
check_is 'xattr: which keeps it' 16384 "$(stat -c %s "$LOWER_DIR/header")"
# An attribute that is lost or damaged.
setfattr -x user.ecryptfs "$LOWER_DIR/f4095"
setfattr -n user.ecryptfs -v damaged "$LOWER_DIR/f4097"
fresh "$X"
check_not 'xattr: a lost attribute' cat "$UPPER_DIR/f4095"
check_not 'xattr: a damaged one' cat "$UPPER_DIR/f4097"
check 'xattr: both can be removed' rm "$UPPER_DIR/f4095" "$UPPER_DIR/f4097"
check_is 'xattr: the neighbour reads' "$(plain 300000 | sum_of)" "$(sum_of <"$UPPER_DIR/f300000")"

# 2. The encrypted view of all this.
umount "$UPPER_DIR"
check 'view: mounts' upper_mount ecryptfs_encrypted_view
check_is 'view: is read-only' 1 "$(grep " $UPPER_DIR " /proc/mounts | grep -c ' ro,')"
check_not 'view: and stays so' mount -i -o remount,rw "$UPPER_DIR"
check_not 'view: nothing can be made' touch "$UPPER_DIR/new"
check_not 'view: or written' sh -c "echo x >>'$UPPER_DIR/header'"
echo 'none of ours' >"$LOWER_DIR/foreign"
check_is 'view: a foreign file' 'none of ours' "$(cat "$UPPER_DIR/foreign")"
check 'view: a file with a header is the lower one' cmp "$UPPER_DIR/header" "$LOWER_DIR/header"
check_is 'view: size before it is opened' $((8192 + 303104)) "$(stat -c %s "$UPPER_DIR/f300000")"
mkdir /run/copies
cp -a "$UPPER_DIR"/* /run/copies/
check_is 'view: data follow 8192 bytes' "$(sum_of <"$LOWER_DIR/f300000")" "$(tail -c +8193 /run/copies/f300000 | sum_of)"
check_is 'view: by mapping' "$(sum_of </run/copies/f300000)" \
	"$(python3 -c 'import mmap, sys
with open(sys.argv[1], "rb") as f: sys.stdout.buffer.write(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ))' "$UPPER_DIR/f300000" | sum_of)"
umount "$UPPER_DIR"
rm "$LOWER_DIR"/*
rm /run/copies/foreign
cp /run/copies/* "$LOWER_DIR/"
check_is 'view: copies have no attribute' '' "$(xattr_of "$LOWER_DIR/f300000")"
upper_mount ''
check_is 'view: a copy decrypts' "$(plain 300000 | sum_of)" "$(sum_of <"$UPPER_DIR/f300000")"
check_is 'view: an empty one' '' "$(cat "$UPPER_DIR/f0")"
check_is 'view: one with a header' "$( (plain 7000; plain 100) | sum_of)" "$(sum_of <"$UPPER_DIR/header")"
upper_umount
rm "$LOWER_DIR"/*

# 3. Plaintext passthrough.
P=ecryptfs_passthrough
echo 'plain text' >"$LOWER_DIR/plain"
: >"$LOWER_DIR/empty"
check 'passthrough: mounts' upper_mount "$P"
cd "$UPPER_DIR" || exit
check_is 'passthrough: a plain file is not said to be encrypted' 0 "$(encrypted plain)"
check_is 'passthrough: a plain file' 'plain text' "$(cat plain)"
check_is 'passthrough: its size' 11 "$(stat -c %s plain)"
echo more >>plain
check_is 'passthrough: append' "plain text more " "$(tr '\n' ' ' <"$LOWER_DIR/plain")"
check_is 'passthrough: its size then' 16 "$(stat -c %s plain)"
truncate -s 5 plain
check_is 'passthrough: truncate' plain "$(cat "$LOWER_DIR/plain")"
echo short >plain
check_is 'passthrough: O_TRUNC' short "$(cat "$LOWER_DIR/plain")"
echo filled >empty
check_is 'passthrough: an empty plain file stays plain' filled "$(cat "$LOWER_DIR/empty")"
cat >/run/mapping.py <<'P'
import mmap, os
with open("mapped", "wb"):
    pass
os.remove("mapped")
fd = os.open("plain", os.O_RDWR)
os.ftruncate(fd, 10000)
m = mmap.mmap(fd, 10000)
m[0:6] = b"mapped"
m[9000:9003] = b"end"
m.flush()
assert os.pread(fd, 6, 0) == b"mapped"
assert os.pread(fd, 3, 9000) == b"end"
os.fsync(fd)
os.close(fd)
P
check 'passthrough: shared writable mapping' python3 /run/mapping.py
check_is 'passthrough: it is below' mapped "$(head -c 6 "$LOWER_DIR/plain")"
check_is 'passthrough: to its end' end "$(tail -c +9001 "$LOWER_DIR/plain" | head -c 3)"
check 'passthrough: sendfile and splice' python3 -c 'import os
a, b = os.open("empty", os.O_RDONLY), os.open("plain", os.O_WRONLY | os.O_TRUNC)
assert os.sendfile(b, a, 0, 100) == 7
r, w = os.pipe()
os.write(w, b"piped")
assert os.splice(r, b, 5) == 5'
check_is 'passthrough: what they wrote' 'filled piped' "$(tr '\n' ' ' <"$LOWER_DIR/plain")"
check 'passthrough: fallocate' fallocate -l 8192 plain
check_is 'passthrough: fallocated' 8192 "$(stat -c %s "$LOWER_DIR/plain")"
echo secret >new
check_is 'passthrough: new files are encrypted' 12288 "$(stat -c %s "$LOWER_DIR/new")"
check_is 'passthrough: and read' secret "$(cat new)"
check_is 'passthrough: and said to be' 1 "$(encrypted new)"
# Set-id bits that came from below are taken away by a write from above.
as_user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
echo text >ours
chmod 755 . && chmod 666 plain ours
for file in plain ours; do
	as_user sh -c "echo x >>$file" || not_ok "passthrough: a user writes $file"
	chmod u+s "$LOWER_DIR/$file"
	as_user sh -c "echo x >>$file"
	check_is "passthrough: set-id bit of $file" 666 "$(stat -c %a "$LOWER_DIR/$file")"
done
chmod 600 plain && check_is 'passthrough: attributes' 600 "$(stat -c %a "$LOWER_DIR/plain")"
# Without its key an encrypted file is a plain one, with what is below.
printf other | ecryptfs-add-passphrase - >/run/other
other=$(sed -n 's/.*\[\(.*\)\].*/\1/p' /run/other)
cd / && umount "$UPPER_DIR"
UPPER_OPTS=${UPPER_OPTS/$SIG/$other} upper_mount "$P"
keyctl unlink "$(keyctl search @u user "$SIG")" @u
check_is 'passthrough: without the key the lower bytes' "$(sum_of <"$LOWER_DIR/new")" "$(sum_of <"$UPPER_DIR/new")"
check_is 'passthrough: and their size' 12288 "$(stat -c %s "$UPPER_DIR/new")"
before=$(sum_of <"$LOWER_DIR/new")
for way in '>>' '>' '1<>'; do
	check_not "passthrough: without the key no plaintext by $way" \
		sh -c "echo plaintext $way '$UPPER_DIR/new'"
done
check_not 'passthrough: nor is it cut' truncate -s 100 "$UPPER_DIR/new"
check_is 'passthrough: nothing was written below' "$before" "$(sum_of <"$LOWER_DIR/new")"
key_add test
check_is 'passthrough: with it the content' secret "$(cat "$UPPER_DIR/new")"
check_is 'passthrough: and its size' 7 "$(stat -c %s "$UPPER_DIR/new")"
check_is 'passthrough: nothing was logged of plain files' '' "$(dmesg | grep 'not an eCryptfs file.*damaged' | grep -c . | grep -v '[0-9]')"
finish

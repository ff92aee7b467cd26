#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 200
# disk: 256M
#
# The golden trees, which the stock module made: our module shows of each what
# its manifest says, and what is changed there remains readable.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

GOLDEN=$T/golden

# Signatures of contents and names for a passphrase.
add_keys() {
	printf '%s' "$1" | ecryptfs-add-passphrase --fnek - | sed -n 's/.*\[\([0-9a-f]*\)\].*/\1/p'
}

one() { # NAME CIPHER KEY_BYTES NAMES XATTR KEYS SET
	local options=ecryptfs_cipher=$2,ecryptfs_key_bytes=$3 i
	for ((i = 0; i < $6; i++)); do options+=,ecryptfs_sig=${sigs[2 * i]}; done
	[ "$4" = no ] || options+=,ecryptfs_fnek_sig=${sigs[1]},ecryptfs_fn_cipher=$2,ecryptfs_fn_key_bytes=$3
	[ "$5" = no ] || options+=,ecryptfs_xattr_metadata
	mkdir "$LOWER/$1"
	check "$1: unpacks" tar -C "$LOWER/$1" --xattrs --xattrs-include='user.*' -xJf "$GOLDEN/$1.tar.xz" || return
	check "$1: mounts" mount -i -t ecryptfs -o "$options" "$LOWER/$1" "$UPPER_DIR" || return
	check "$1: is what its manifest says" python3 -E -S "$GOLDEN/model.py" check "$GOLDEN/$7.manifest" "$UPPER_DIR"
	# The size in stock's header, the lower length and the names go on.
	seq 1000 >>"$UPPER_DIR/size-4097"
	mv "$UPPER_DIR/size-4097" "$UPPER_DIR/dir/grown"
	umount "$UPPER_DIR"
	mount -i -t ecryptfs -o "$options" "$LOWER/$1" "$UPPER_DIR"
	check_is "$1: an append is there" "$(seq 1000 | sha256sum)" "$(tail -c +4098 "$UPPER_DIR/dir/grown" | sha256sum)"
	check "$1: unmounts" umount "$UPPER_DIR"
}

load_ours
keyctl link @u @s
mapfile -t sigs < <(add_keys golden; add_keys 'golden two')
check_is 'four keys' 4 "${#sigs[@]}"
lower_mount ext4
number=0
while read -r name cipher bytes names xattr keys set; do
	case $name in '' | '#'*) continue ;; esac
	# Slow there; one of each block size will do.
	if [ "$KERNEL" = debug ]; then
		case $name in aes-32 | blowfish-56 | xattr) ;; *) continue ;; esac
	fi
	number=$((number + 1))
	one "$name" "$cipher" "$bytes" "$names" "$xattr" "$keys" "$set" </dev/null
done <"$GOLDEN/index"
check 'there were trees' [ "$number" -ge 2 ]
finish

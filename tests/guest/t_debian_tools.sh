#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock newest
# tier: check
# long: newest
# timeout: 300
# disk: 256M
#
# Debian's mount.ecryptfs with encrypted names, on the kernel's own module and on
# ours: answering its questions on a terminal, everything on the command line, by
# mount(8), by ~/.ecryptfsrc; its cache of signatures; ecryptfs-manager and
# ecryptfs-rewrite-file.  The oracle knows the lower names, and each module reads
# what was written through the other.  (t_interop_utils has the rest of it.)
#
# PAIR="stock stock" takes other modules than these two.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"
# shellcheck source=tests/guest/interop_lib.sh
. "$T/guest/interop_lib.sh"
# shellcheck source=tests/guest/debian_lib.sh
. "$T/guest/debian_lib.sh"

read -r first second <<<"${PAIR:-stock ours}"
passphrase='Pass phrase-1'
quiet=no_sig_cache,verbosity=0,ecryptfs_passthrough=n
by_aes=ecryptfs_cipher=aes,ecryptfs_key_bytes
given=key=passphrase:passphrase_passwd=$passphrase

# lower_of KEY NAME [BYTES [CIPHER]]: the name below; KEY is content, as the helper
# suggests for names, or names.
lower_of() {
	local salt=0011223344556677
	[ "$1" = content ] || salt=3939383837373636
	oracle name --passphrase "$passphrase" --salt "$salt" --key-bytes "${3:-16}" --cipher "${4:-aes}" "$2"
}

# questions: what it asks, in pairs with the answers.
questions() {
	printf '%s\n' 'Selection: $' passphrase 'assphrase: ' "$passphrase" 'Selection \[aes\]' "$1" 'Selection \[16\]' "$2"
	# It asks about what the module says that it has.
	if (($(cat /sys/fs/ecryptfs/version) & 4)); then printf '%s\n' 'passthrough' n; fi
	printf '%s\n' 'filename encryption' "$3"
	if [ "$3" = y ]; then printf '%s\n' "Signature \[$content\]" ''; fi
}

# used NAME LOWER: the mount at UPPER_DIR is written to by whoever is first, and
# read by all; then it is unmounted.
used() {
	local name=$1 lower=$2 file
	[ -e "$UPPER_DIR/of-$turn" ] || cp "$WORK/file" "$UPPER_DIR/of-$turn"
	for file in "$UPPER_DIR"/of-*; do
		check "$name: ${file##*/}" cmp "$WORK/file" "$file"
	done
	check_is "$name: files" "$turn" "$(find "$UPPER_DIR" -type f | wc -l)"
	check "$name: lower name" test -f "$lower"
	check "$name: unmounts" umount "$UPPER_DIR"
	check_is "$name: no key is left" '' "$(keyctl rlist @u)"
	keyctl clear @u
}

# asked NAME LOWERDIR CIPHER BYTES: with encrypted names.
asked() {
	local pairs
	mkdir -p "$2"
	mapfile -t pairs < <(questions "$3" "$4" y)
	[ -z "${5-}" ] || pairs+=(proceed "$5")
	[ "${5-}" != yes ] || pairs+=(append yes)
	check "$who: $1" "${TALK[@]}" "${pairs[@]}" -- mount -t ecryptfs "$2" "$UPPER_DIR"
}

interactive() {
	rm -rf /root/.ecryptfs
	asked 'asked, declined' "$LOWER_DIR/asked" '' '' no
	check_not "$who: asked, declined: no mount" mountpoint -q "$UPPER_DIR"
	keyctl clear @u
	asked 'asked' "$LOWER_DIR/asked" '' '' yes
	check_is "$who: asked: the cache" "$content" "$(cat /root/.ecryptfs/sig-cache.txt)"
	check "$who: asked: /proc/mounts" grep -q " ecryptfs rw,relatime,ecryptfs_fnek_sig=$content,ecryptfs_sig=$content,$by_aes=16,ecryptfs_fn_cipher=aes,ecryptfs_fn_key_bytes=16,ecryptfs_unlink_sigs 0 0" /proc/mounts
	used "$who: asked" "$LOWER_DIR/asked/$(lower_of content "of-$turn")"
	asked 'asked again' "$LOWER_DIR/twofish" twofish 32
	used "$who: asked again" "$LOWER_DIR/twofish/$(lower_of content "of-$turn" 32 twofish)"
}

# scripted NAME LOWERDIR LOWERNAME OPTIONS COMMAND...
scripted() {
	local name=$who:\ $1 lower=$2 below=$3 options=$4
	shift 4
	mkdir -p "$lower"
	check "$name" "$@" "$lower" "$UPPER_DIR" -o "$options"
	used "$name" "$lower/$below"
}

command_line() {
	scripted 'names by the content key' "$LOWER_DIR/16" "$(lower_of content "of-$turn")" \
		"$given,$by_aes=16,$quiet,ecryptfs_enable_filename_crypto=y,ecryptfs_fnek_sig=$content" \
		mount.ecryptfs
	printf '%s' "$passphrase" | ecryptfs-add-passphrase --fnek - >"$WORK/added" 2>&1
	check "$who: add-passphrase --fnek" grep -qF "[$names]" "$WORK/added"
	scripted 'names by a key of their own' "$LOWER_DIR/32" "$(lower_of names "of-$turn" 32)" \
		"sig=$content,$by_aes=32,$quiet,ecryptfs_fnek_sig=$names" mount -t ecryptfs
	scripted 'names by a cipher of their own' "$LOWER_DIR/cast5" "$(lower_of content "of-$turn" 16 cast5)" \
		"$given,$by_aes=24,$quiet,ecryptfs_fnek_sig=$content,ecryptfs_fn_cipher=cast5,ecryptfs_fn_key_bytes=16" \
		mount.ecryptfs
	printf '%s\n' "$given" "$by_aes=24" "ecryptfs_cipher=aes" >/root/.ecryptfsrc
	scripted 'by .ecryptfsrc' "$LOWER_DIR/24" "$(lower_of content "of-$turn" 24)" \
		"$quiet,ecryptfs_key_bytes=24,ecryptfs_fnek_sig=$content" mount.ecryptfs
	rm /root/.ecryptfsrc
}

# ecryptfs-manager makes the key, and ecryptfs-rewrite-file rewrites the file.
others() {
	check "$who: manager" "${TALK[@]}" 'selection:' 1 'assphrase:' "$passphrase" \
		'onfirm passphrase:' "$passphrase" 'selection:' 4 -- ecryptfs-manager
	check "$who: manager has put the key there" keyctl search @u user "$content"
	mount.ecryptfs "$LOWER_DIR/asked" "$UPPER_DIR" \
		-o "sig=$content,$by_aes=16,$quiet,ecryptfs_fnek_sig=$content" >/dev/null 2>&1
	(cd "$UPPER_DIR" && check "$who: rewrite-file" ecryptfs-rewrite-file of-1)
	used "$who: rewritten" "$LOWER_DIR/asked/$(lower_of content of-1)"
}

if ! debian_install; then
	skip 'tools' "Debian's ecryptfs-utils are not in this guest"
	finish
fi
lower_mount ext4
keyctl link @u @s
modprobe -aq algif_skcipher
export ORACLE_CIPHERS=kernel,libcrypto,python
plan content "$WORK/file" 20001
content=$(oracle keys --passphrase "$passphrase" | cut -c1-16)
names=$(oracle keys --passphrase "$passphrase" --salt 3939383837373636 | cut -c1-16)
turn=0
for who in $first $second; do
	turn=$((turn + 1))
	load "$who"
	keyctl clear @u
	interactive
	command_line
	others
done
# What the second has written.
turn=$((turn + 1)) who=$first
load "$who"
command_line
debian_remove
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demonstration itself, in the guest or (make run NATIVE=1) on the running
# kernel: load the module, add a key, mount, copy SOURCE in with ordinary
# programs, show what lies below, mount again, compare, look after what an
# earlier run left; then a shell if there is a terminal.  run-demo starts it.
#
# From the environment: OURS (the module), LOWER (directory that keeps the
# ciphertext), PLAIN (mount point), SOURCE, SKIP (entry of SOURCE to leave
# out), SKIP_BUILD (1: leave out build/ too), PASSPHRASE, SHELL_AFTER (1).
set -euo pipefail

manifest=
key_sig=
loaded=
mounted=
copied=demo

step() {
	if [ -t 1 ]; then
		printf '\n\033[1m%s\033[0m\n' "$*"
	else
		printf '\n%s\n' "$*"
	fi
}
say() { printf '  %s\n' "$*"; }
# A command as the user would type it, then its output.
show() {
	printf '  # %s\n' "$*"
	"$@" 2>&1 | sed 's/^/    /'
}

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	local status=$? key
	trap - EXIT INT TERM HUP
	cd /
	if [ -n "$mounted" ]; then
		umount "$PLAIN" || { fuser -km "$PLAIN" 2>/dev/null; sleep 1; umount "$PLAIN" || umount -l "$PLAIN"; } || :
	fi
	if [ -n "$key_sig" ] && key=$(keyctl search @u user "$key_sig" 2>/dev/null); then
		keyctl unlink "$key" @u >/dev/null || :
	fi
	[ -z "$loaded" ] || rmmod ecryptfs || :
	rm -f "$manifest"
	if ((status)); then
		say "the demonstration has failed, status $status"
	fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
	say "$*"
	exit 1
}

mount_plain() {
	local options=ecryptfs_sig=$key_sig,ecryptfs_cipher=aes,ecryptfs_key_bytes=32
	printf '  # mount -t ecryptfs -o %s %s %s\n' "$options" "$LOWER" "$PLAIN"
	if ! mount -i -t ecryptfs -o "$options" "$LOWER" "$PLAIN"; then
		dmesg | grep ecryptfs | tail -n 5
		fail "the mount failed; the kernel's last words on it are above"
	fi
	mounted=1
}

umount_plain() {
	show umount "$PLAIN"
	mounted=
}

# The entries of SOURCE that are copied.
entries() {
	(cd "$SOURCE" && find . -mindepth 1 -maxdepth 1 ! -name .git ! -name "${SKIP:-.}" \
		! -name "$([ "${SKIP_BUILD-}" = 1 ] && echo build || echo .)" -print0 | sort -z)
}
files_of() { find "$1" -type f 2>/dev/null | wc -l; }

# waiting TOTAL DIR COMMAND...: a line every five seconds while it runs.
waiting() {
	local total=$1 dir=$2 pid start=$SECONDS status=0
	shift 2
	"$@" &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		if ((SECONDS - start >= 5)); then
			say "... $(files_of "$dir") of $total files"
			start=$SECONDS
		fi
		sleep 0.2
	done
	wait "$pid" || status=$?
	return "$status"
}

copy_in() {
	(cd "$SOURCE" && entries | xargs -0 -r cp -a -t "$PLAIN/$copied" --)
}

hashes() {
	(cd "$SOURCE" && entries | xargs -0 -r -I{} find {} -type f -print0 | sort -z | xargs -0 -r sha256sum) >"$manifest"
}

compare() {
	(cd "$PLAIN/$copied" && sha256sum --quiet -c "$1")
}

show_both() {
	local file=$copied/README
	[ -f "$PLAIN/$file" ] || file=$(cd "$PLAIN" && find "$copied" -type f -size +0 | head -n 1)
	[ -n "$file" ] || return 0
	step "The same file above and below"
	show ls -l "$PLAIN/$file" "$LOWER/$file"
	printf '  # hexdump -C %s | head -n 4\n' "$PLAIN/$file"
	hexdump -C "$PLAIN/$file" | sed -n '1,4s/^/    /p'
	printf '  # hexdump -C %s | head -n 4\n' "$LOWER/$file"
	hexdump -C "$LOWER/$file" | sed -n '1,4s/^/    /p'
	printf '  # tail -c 64 %s | hexdump -C\n' "$LOWER/$file"
	tail -c 64 "$LOWER/$file" | hexdump -C | sed 's/^/    /'
}

step "Loading the module ($(uname -r))"
show insmod "$OURS"
loaded=1

step "Adding a key"
keyctl link @u @s || fail "the session has no keyring"
say "passphrase: $PASSPHRASE"
say "# printf %s \"\$PASSPHRASE\" | ecryptfs-add-passphrase -"
answer=$(printf %s "$PASSPHRASE" | ecryptfs-add-passphrase -)
say "  $answer"
key_sig=$(sed -n 's/.*\[\([0-9a-f]\{16\}\)\].*/\1/p' <<<"$answer" | head -n 1)
[ -n "$key_sig" ] || fail "no signature in that answer"

step "Mounting over $LOWER"
mkdir -p "$PLAIN"
mount_plain
manifest=$(mktemp)

if [ -e "$PLAIN/$copied.sha256" ]; then
	step "What the previous run left"
	if [ -r "$PLAIN/$copied.sha256" ] && list=$(cat "$PLAIN/$copied.sha256"); then
		printf '%s\n' "$list" >"$manifest"
		compare "$manifest" || fail "files of the previous run are not what they were"
		say "$(wc -l <"$manifest") files are as they were"
	else
		fail "cannot be read: another passphrase then?  PASSPHRASE=... gives it, LOWER=DIR takes another directory"
	fi
	rm -rf "${PLAIN:?}/$copied" "$PLAIN/$copied.sha256"
fi

total=$(cd "$SOURCE" && entries | xargs -0 -r -I{} find {} -type f | wc -l)
step "Copying $total files in, with cp"
mkdir "$PLAIN/$copied"
waiting "$total" "$PLAIN/$copied" copy_in || fail "cp failed"
waiting "$total" "$PLAIN/$copied" hashes || fail "sha256sum of the source failed"
cp "$manifest" "$PLAIN/$copied.sha256"
sync -f "$PLAIN/$copied.sha256"
say "done, $(du -sh "$PLAIN/$copied" | cut -f1)"

show_both

step "Mounting again and comparing with the source"
umount_plain
mount_plain
compare "$manifest" || fail "the files differ"
say "$(wc -l <"$manifest") files read back and compared with sha256sum: all the same"

if [ "${SHELL_AFTER-}" = 1 ]; then
	step "A shell inside the mount ($PLAIN); the ciphertext is in $LOWER.  'exit' ends it."
	cd "$PLAIN"
	PS1='ecryptfs:\w# ' bash --norc -i || :
	cd /
fi
umount_plain

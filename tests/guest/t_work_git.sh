#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 240
# disk: 512M
#
# A git repository made, committed to, branched, merged, repacked and cloned in
# the mount.  The same history is made outside, and as names and dates are fixed,
# the object names must be the same; after a remount `git fsck --full` must find
# nothing wrong and the work trees must be clean.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

work=/mnt/work-git
commits=6 sources=(/usr/include/asm-generic)
[ -z "${LARGE-}" ] || { commits=60 sources=(/usr/include/*); }

export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='2020-02-02T02:02:02Z'
export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org GIT_COMMITTER_DATE='2020-02-02T02:02:02Z'

# history DIR: work of some days.
history_make() {
	local i
	git init -q -b main "$1" || return
	cp -a "${sources[@]}" "$1/" || return
	git -C "$1" add -A && git -C "$1" commit -qm 'all' || return
	for ((i = 1; i <= commits; i++)); do
		seq "$i" "$((i * 700))" >"$1/numbers-$i"
		seq 1 "$i" >>"$1/log"
		git -C "$1" add -A && git -C "$1" commit -qm "step $i" || return
	done
	git -C "$1" checkout -q -b side HEAD~3 || return
	git -C "$1" mv asm-generic renamed && git -C "$1" commit -qm 'renamed' || return
	git -C "$1" checkout -q main && git -C "$1" merge -q -m 'merged' side || return
	git -C "$1" tag -a -m 'a tag' ready
}

names() { git -C "$1" rev-parse main side 'ready^{commit}' 'main^{tree}' ready; }
sound() { git -C "$1" fsck --full --strict --no-dangling 2>&1 && [ -z "$(git -C "$1" status --porcelain)" ]; }

rm -rf "$work"
mkdir -p "$work"
fresh() { umount "$UPPER_DIR" && lower_remount && drop_caches && upper_mount; }

load_ours
key_add test
lower_mount ext4
upper_mount
check 'history outside' history_make "$work/repository"
check 'history' history_make "$UPPER_DIR/repository"
check_is 'the same objects' "$(names "$work/repository")" "$(names "$UPPER_DIR/repository")"
check 'mounted again' upper_remount
check 'sound after a remount' sound "$UPPER_DIR/repository"
# A clone within the mount has hard links; one over a transport has packs.
check 'clone by links' git clone -q "$UPPER_DIR/repository" "$UPPER_DIR/linked"
check 'clone by transport' git clone -q "file://$UPPER_DIR/repository" "$UPPER_DIR/packed"
check 'clone from outside' git clone -q --mirror "$work/repository" "$UPPER_DIR/bare"
check 'repacked' git -C "$UPPER_DIR/repository" gc -q --prune=now
check 'reset' git -C "$UPPER_DIR/packed" reset -q --hard HEAD~2
check 'forward again' git -C "$UPPER_DIR/packed" merge -q --ff-only origin/main
check 'mounted again' upper_remount
check 'lower filesystem mounted again' fresh
for name in repository linked packed; do
	check "$name is sound" sound "$UPPER_DIR/$name"
	check "$name is the work tree" diff -r --exclude=.git "$work/repository" "$UPPER_DIR/$name"
done
check 'bare is sound' git -C "$UPPER_DIR/bare" fsck --full --strict
check_is 'bare has the same objects' "$(names "$work/repository")" "$(names "$UPPER_DIR/bare")"
check 'clone to outside' git clone -q "file://$UPPER_DIR/packed" "$work/back"
check_is 'outside again' "$(git -C "$work/repository" rev-parse main)" "$(git -C "$work/back" rev-parse HEAD)"
upper_umount
rm -rf "$work"
finish

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Keeps the tests away from the user's keyrings and home.  Sourced by run.

# Root's only: others can't have a namespace with more users than themselves.
apart_possible() {
	[ "$(id -u)" = 0 ] && unshare --user --mount true 2>/dev/null && keyctl session - true >/dev/null 2>&1
}

# apart_enter ARGUMENTS...: runs everything again in a user namespace with the same
# numbers, because each has a user keyring of its own, and in a new session
# keyring; returns there, or at once where that is not possible.
apart_enter() {
	local fifos
	export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
	[ -z "${ECRYPTFS_TESTS_APART:-}" ] && apart_possible || return 0
	fifos=$(mktemp -d) || exit 1
	mkfifo "$fifos/pid" "$fifos/go"
	# Only from outside can the maps be written, and only after unshare.
	(
		read -r pid <"$fifos/pid"
		for which in uid gid; do
			awk '{ print $1, $1, $3 }' "/proc/self/${which}_map" >"/proc/$pid/${which}_map"
		done
		echo >"$fifos/go"
		rm -r "$fifos"
	) &
	export ECRYPTFS_TESTS_APART=$fifos
	# shellcheck disable=SC2016 # their own variables
	exec unshare --user --mount bash -c '
		echo $$ >"$ECRYPTFS_TESTS_APART/pid"
		read -r _ <"$ECRYPTFS_TESTS_APART/go"
		exec keyctl session - bash -c "$@" 3>&2 2>/dev/null' - '
		exec 2>&3 3>&-
		keyctl link @u @s
		exec "$@"' - "$here/run" "$@"
}

# An empty home below $tmp.  The tools ask the password database, not HOME; root's
# list of known vaults is in /var/lib.
apart_home() {
	[ -n "${ECRYPTFS_TESTS_APART:-}" ] || return 0
	export HOME=$tmp/home
	mkdir "$HOME"
	awk -F: -v OFS=: -v home="$HOME" '$3 == 0 { $6 = home } { print }' /etc/passwd >"$tmp/passwd"
	mount --bind "$tmp/passwd" /etc/passwd || exit 1
	mount -t tmpfs none /var/lib || exit 1
}

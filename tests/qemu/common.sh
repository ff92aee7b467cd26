# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the rig's scripts share: where the cache is, how a package is fetched
# without being installed, how progress is shown.  Sourced, never run.

RIG=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$RIG/../.." && pwd)
CACHE=${ECRYPTFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ecryptfs-tests}
# The kernel series that is tested, as in Debian's package names.
SERIES=6.12
export RIG TOP CACHE SERIES

# Under `make -s check` the makes below would be silent too, and what they
# say is read.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

mkdir -p "$CACHE"

note() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# progress LABEL LOG COMMAND...: run COMMAND with its output in LOG; a line
# at once, another with the time every ten seconds; the log's tail if it fails.
progress() {
	local label=$1 log=$2 start=$SECONDS pid err=0
	shift 2
	note "  $label ..."
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		if ((SECONDS - start >= 10 && (SECONDS - start) % 10 == 0)); then
			note "  $label ... $((SECONDS - start)) s: $(tail -qn1 "$log" 2>/dev/null | cut -c1-60)"
		fi
		sleep 1
	done
	wait "$pid" || err=$?
	if ((err)); then
		tail -n 40 "$log" >&2
		note "  $label failed; the whole log: $log"
	fi
	return "$err"
}

# under_lock NAME: wait for and take the lock of one product of the cache, so
# that two runs on one machine do not build it at once; freed at exit.
under_lock() {
	exec {rig_lock}>"$CACHE/$1.lock"
	if ! flock -n "$rig_lock"; then
		note "  another run is preparing $1, waiting for it"
		flock "$rig_lock"
	fi
}

# package_version NAME: the newest version apt knows (its candidate).
package_version() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '(none)'
}

# package_unpack NAME DIR: fetch Debian's package NAME and unpack it below
# DIR.  Nothing of the system is changed.
package_unpack() {
	local name=$1 dir=$2 tmp
	tmp=$(mktemp -d "$CACHE/fetch.XXXXXX")
	# apt drops its privileges to fetch; let that user write here.
	chmod 0755 "$tmp"
	if ! (cd "$tmp" && apt-get -q -o APT::Sandbox::User=root download "$name" >log 2>&1); then
		cat "$tmp/log" >&2
		rm -rf "$tmp"
		note "cannot download Debian's package $name: is the network up? 'apt-get update' refreshes the lists"
		return 1
	fi
	mkdir -p "$dir"
	dpkg-deb -x "$tmp"/*.deb "$dir"
	rm -rf "$tmp"
}

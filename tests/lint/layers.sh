#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# layers.sh [OBJECTS]: the direction of dependency.  Each file of the module has a
# rank, and includes headers of its own rank or below; the core needs nothing but
# its primitives; each outside library has one file that includes it.  With the
# directory OBJECTS, where the module was built, only what its objects show: each
# uses symbols of its own rank or below, and no circle of files uses each other.  Not
# for a debug build, whose self tests call the core from the primitives.
set -uo pipefail
# shellcheck source=tests/lint/files.sh
. "$(dirname "$0")/files.sh"

# rank FILE (below fs/ecryptfs): see Documentation/conventions.rst.
rank() {
	case $1 in
	format/*) echo 0 ;;
	prim_kernel.c | crypt.[ch] | crypt_v1.c | stats.h | trace.[ch]) echo 1 ;;
	key.[ch] | key_v[0-9].c | key_v1_upcall.c) echo 2 ;;
	msg.[ch] | lower.h | lower_file.c | lower_fs.c | lower_ns.c | meta.[ch] | fmt_v[0-9].c | xio.[ch]) echo 3 ;;
	ecryptfs.h | params.h | times.c | aops.c | truncate.c | commit.c | inode.c) echo 4 ;;
	glue.h | main.c | super.c | params.c | attr.c | dir.c | file.c | fiemap.c | passthrough.c | view.c | name.c | dentry.c | symlink.c | \
		xattr.c | ioctl.c | sysfs.c | export.c) echo 5 ;;
	selftest/*) rank "${1#selftest/}" ;;
	compat/*) echo -1 ;;
	*) echo none ;;
	esac
}

includes_up() {
	local file mine theirs header path
	(cd fs/ecryptfs && find . -name '*.[ch]' ! -name '*.mod.c' | sed 's#^\./##' | sort) | while read -r file; do
		mine=$(rank "$file")
		[ "$mine" != none ] || echo "fs/ecryptfs/$file: has no rank; give it one in tests/lint/layers.sh"
		case $mine in -1 | none) continue ;; esac
		grep -oE '^#include "[^"]+"' "fs/ecryptfs/$file" | cut -d'"' -f2 | while read -r header; do
			path=$header
			[ -e "fs/ecryptfs/$header" ] || path=$(dirname "$file")/$header
			theirs=$(rank "$path")
			{ [ "$theirs" = none ] || [ "$theirs" -gt "$mine" ]; } &&
				echo "fs/ecryptfs/$file (layer $mine) includes $header (layer $theirs)"
			case $header in
			selftest/*) [ "selftest/$file" = "$header" ] || echo "fs/ecryptfs/$file includes another's $header" ;;
			*.c) echo "fs/ecryptfs/$file includes $header" ;;
			esac
		done
	done
}

# A function of one word says nothing in a backtrace, or to a search.
one_word() { grep -rnE --include='*.[ch]' '^(static [^=;]*[ *])?[a-z0-9]+\(' fs/ecryptfs | grep -v '/compat/'; }

# noun FILE: what the symbols of a file begin with.
noun() {
	case $1 in
	main.c) echo '(init|cleanup)_module' ;;
	trace.c) echo '__.*ecryptfs' ;; # made by the kernel's macros
	prim_kernel.c) echo '(ecryptfs|efmt)_prim' ;;
	key.c) echo 'ecryptfs_keys?' ;;
	lower_*.c) echo ecryptfs_lower ;;
	fmt_*.c) echo "ecryptfs_format${1//[!_v0-9]/}" ;;
	format/*) echo efmt ;;
	*) echo "ecryptfs_${1%.c}" ;;
	esac
}

# objects DIR: lines "FILE RANK has|uses SYMBOL" of the objects in DIR.
objects() {
	local file
	(cd "$1" && find . -name '*.o' ! -name '.*.o' ! -name ecryptfs.o ! -name '*.mod.o') | sed 's#^\./##' | LC_ALL=C sort |
		while read -r file; do
			nm "$1/$file" | awk -v file="${file%.o}.c" -v rank="$(rank "${file%.o}.c")" '
				$1 == "U" { print file, rank, "uses", $2 }
				NF == 3 && $2 ~ /^[TDRBV]$/ { print file, rank, "has", $3 }'
		done
}

# The primitives are declared by the core, and each world gives them at link time.
symbols_up() {
	awk 'NR == FNR { if ($3 == "has") { file[$4] = $1; rank[$4] = $2 } next }
		$3 == "uses" && $4 in file && rank[$4] > $2 && $4 !~ /^efmt_prim_/ {
			print $1 " (layer " $2 ") uses " $4 " of " file[$4] " (layer " rank[$4] ")" }' "$1" "$1"
}

circles() {
	awk 'NR == FNR { if ($3 == "has") file[$4] = $1; next }
		$3 == "uses" && $4 in file { print $1, file[$4] }' "$1" "$1" | sort -u | { tsort >/dev/null; } 2>&1
}

nouns() {
	local file symbol
	awk '$3 == "has" { print $1, $4 }' "$1" | while read -r file symbol; do
		grep -qxE "$(noun "$file")(_.*)?" <<<"$symbol" || echo "fs/ecryptfs/$file: $symbol does not carry the noun of its file"
	done
}

if [ $# -gt 0 ]; then
	table=$(mktemp)
	objects "$1" >"$table"
	verdict "objects to look at" "$(grep -q '^main\.c .* uses' "$table" || echo "$1 has no objects of the module")"
	verdict "symbols point down" "$(symbols_up "$table")"
	verdict "no circle of files" "$(circles "$table")"
	verdict "symbols carry their file's noun" "$(nouns "$table")"
	rm -f "$table"
	[ "$failures" = 0 ]
	exit
fi

core_includes() {
	grep -nE '^ *# *include *<' fs/ecryptfs/format/* | grep -v '^fs/ecryptfs/format/efmt_types.h:'
	grep -n '__KERNEL__' fs/ecryptfs/format/* | grep -v '^fs/ecryptfs/format/efmt_types.h:'
}

core_symbols() {
	local dir
	dir=$(mktemp -d)
	(cd "$dir" && gcc -std=gnu11 -O2 -c "$TOP"/fs/ecryptfs/format/*.c) || echo "the core does not compile by itself"
	nm -u "$dir"/*.o 2>/dev/null | sed -n 's/^ *U //p' | sort -u |
		grep -vxE 'mem(cpy|cmp|set|move)|efmt_.*|_GLOBAL_OFFSET_TABLE_' | sed 's/^/the core needs /'
	nm "$dir"/*.o 2>/dev/null | sed -n 's/^.* [TRDB] //p' | grep -v '^efmt_' | sed 's/^/not named efmt_: /'
	rm -rf "$dir"
}

# The kernel's version is tested, and only in one directory.
versions() {
	grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' fs/ecryptfs include | grep -v '^fs/ecryptfs/compat/'
}

libraries() {
	grep -rnE '^ *# *include *<openssl/' utils | grep -vE '^utils/lib/(prim_openssl|sym_openssl|keysource_pkey)\.c:'
	grep -rnE '^ *# *include *<keyutils\.h>' utils | grep -v '^utils/lib/keyring\.c:'
	grep -rnE '^ *# *include *<(argon2|utf8proc)\.h>' utils | grep -v '^utils/lib/keysource_passphrase\.c:'
	grep -rnE '^ *# *include *<libgfshare\.h>' utils | grep -v '^utils/lib/keysource_shares\.c:'
	grep -rnE '^ *# *include *<(gpgme|tss2)' utils | grep -vE '^utils/lib/keysource_(gpg|tpm2)\.c:'
	grep -rnE '^ *# *include *"(\.\./)*(format/)?(span|ondisk_v[0-9])\.h"' utils
}

# What the kernel's interface headers may not be taken from.
uapi() { grep -rnE '^ *# *include *<(linux|uapi/linux)/ecryptfs\.h>' fs utils tests --include='*.[ch]'; }

verdict "includes point down" "$(includes_up)"
verdict "no function of one word" "$(one_word)"
verdict "the core includes nothing of its world" "$(core_includes)"
verdict "the core needs only its primitives" "$(core_symbols)"
verdict "kernel versions only in compat/" "$(versions)"
verdict "one includer for each library" "$(libraries)"
verdict "no header of the kernel's own eCryptfs" "$(uapi)"
[ "$failures" = 0 ]

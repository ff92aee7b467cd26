#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sizes: no function one must scroll, a licence and a head paragraph in every
# file.
set -uo pipefail
# shellcheck source=tests/lint/files.sh
. "$(dirname "$0")/files.sh"

# debian/copyright speaks for the files beside it, some of which have no comments.
sources() {
	all_files | grep -vE '^utils/packaging/debian/|\.(vec|md|golden|bin|ipe)$|/corpus/|^tests/golden/|(^|/)README$|^\.gitignore$|^LICENSE|^COPYING'
}

# The licence, in the first lines.
spdx() {
	local file
	sources | while read -r file; do
		grep -qI . "$file" || continue
		head -n 4 "$file" | grep -qE 'SPDX-License-Identifier: GPL-2\.0(-or-later| WITH Linux-syscall-note)' || case $file in
		# Interface headers carry the exception for system calls.
		include/uapi/*) head -n 4 "$file" | grep -q 'SPDX-License-Identifier: (\?GPL-2.0-or-later WITH Linux-syscall-note' || echo "$file: no SPDX line" ;;
		*) echo "$file: no SPDX-License-Identifier: GPL-2.0-or-later in its first lines" ;;
		esac
	done
}

# A comment below it that says what the file holds.
head_comment() {
	local file
	{ c_files; shell_files; python_files; } | while read -r file; do
		sed -n '2,8p' "$file" | grep -qE '^( \*|//|/\*|#|""")[ \t]*[A-Za-z`*"]' ||
			echo "$file: no paragraph at its head says what it holds"
	done
}

# Test programs are tables and long cases; they have the double.
long_functions() {
	c_files | grep -v '^tests/' | xargs -d '\n' tests/lint/metrics.py 100
	c_files | grep '^tests/' | xargs -d '\n' tests/lint/metrics.py 200
}

verdict "every file has its licence" "$(spdx)"
verdict "every source has a head paragraph" "$(head_comment)"
verdict "no function one must scroll" "$(long_functions)"
[ "$failures" = 0 ]

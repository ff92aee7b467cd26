# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the style checks share: the lists of files they look at, and verdicts.
# Sourced, with the top directory as the current one afterwards.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$TOP" || exit 1
failures=0

# Tracked files and new ones, not what is built; all files where this is no
# git checkout.
all_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . -type f ! -path './build/*' ! -path './lower/*' ! -path './.git/*' | sed 's#^\./##'
	fi | LC_ALL=C sort -u | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}
c_files() { all_files | grep -E '\.[ch]$'; }
shell_files() {
	all_files | while read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*.*) ;;
		*) ! head -n 1 "$file" | grep -qE '^#!.*/(ba)?sh' || echo "$file" ;;
		esac
	done
}
python_files() {
	all_files | while read -r file; do
		case $file in
		*.py) echo "$file" ;;
		*.*) ;;
		*) ! head -n 1 "$file" | grep -q '^#!.*python' || echo "$file" ;;
		esac
	done
}

# verdict NAME TEXT: ok if TEXT is empty, else that is what is wrong.
verdict() {
	if [ -z "$2" ]; then
		echo "ok $1"
	else
		printf '%s\n' "$2" | head -n 60
		echo "FAIL $1"
		failures=$((failures + 1))
	fi
}

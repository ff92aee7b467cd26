#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Outlawed idioms.  Each row of the table is a pattern, the files it is
# outlawed in, and the reason.  A line that must be as it is carries the words
# "lint: allow" and why.
set -uo pipefail
# shellcheck source=tests/lint/files.sh
. "$(dirname "$0")/files.sh"

module='^(fs|include)/.*\.[ch]$'
code='\.[ch]$'
user='^utils/.*\.[ch]$'
any='.'

# ban NAME PATTERN FILES [EXCEPT FILES]
ban() {
	local name=$1 pattern=$2 where=$3 except=${4:-^$}
	verdict "no $name" "$(all_files | grep -E "$where" | grep -vE "^tests/lint/|^Documentation/.*\.rst$|$except" |
		xargs -d '\n' grep -nIE -- "$pattern" /dev/null | grep -v 'lint: allow')"
}

ban "BUG_ON: a filesystem reports errors" '\bBUG(_ON)?\(' "$module"
ban "panic()" '\bpanic\(' "$module"
ban "printing outside ecryptfs_msg() and the module's load" '\b(printk|pr_(emerg|alert|crit|err|warn|warning|notice|info|debug)(_ratelimited|_once)?)\(' \
	"$module" '^fs/ecryptfs/(msg|main|selftest/.*|compat/.*)\.?[ch]?$'
ban "logging in the lower layers" '\becryptfs_msg\(' '^fs/ecryptfs/(format/.*|prim_kernel|crypt|crypt_v1|key|key_v1)\.[ch]$'
ban "variable called rc" '\b(int|long|ssize_t) rc\b|\brc = ' "$code"
ban "unbounded string functions" '\b(strcpy|strcat|sprintf|vsprintf|gets|strncpy|strlcpy|strtok)\(' '^(fs|include|utils)/.*\.[ch]$'
ban "alloca() or variable-length arrays by it" '\balloca\(' "$code"
ban "system() and popen() in the tools" '\b(system|popen)\(' "$user"
ban "unfinished work" '\b(TODO|FIXME|XXX|HACK)\b' "$any"
ban "paths of a developer's machine" '(^|[^[:alnum:]_.])/(work/(main|shared)|home/(user|ubuntu|debian))\b' "$any"
ban "names of package hosts" '(deb|ftp|security|archive|snapshot)\.(debian|ubuntu)\.(org|com)|pypi\.org|crates\.io' "$any"
ban "in_tree tricks" 'MODULE_INFO\(intree' "$module"
ban "options of the kernel's own eCryptfs" 'CONFIG_ECRYPT_FS' "$module"
ban "allocations of a flexible size without overflow check" 'k[mz]alloc\([^,]* \* ' "$module"
# A prompt ends in one, and is expected so by a string of two lines.
ban "blanks at line ends" '[[:blank:]]$' "$any" '\.(vec|ipe)$|^tests/cli/run$'
ban "secrets in printf" '(printk|pr_[a-z]+|ecryptfs_msg|printf)\(.*%(\*ph|\*phN|phN)' "$code"
ban "struct page loops where folios are meant" '\bgrab_cache_page|\bfind_or_create_page|\bread_mapping_page' "$module"
[ "$failures" = 0 ]

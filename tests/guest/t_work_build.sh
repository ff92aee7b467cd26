#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 240
# disk: 512M
# files: fs/ecryptfs include utils tests/unit tests/vectors tests/oracle Documentation/man
#
# A C project compiled inside the mount by make -j2: what it computes, that make
# finds nothing more to do (times are right), that one touched file is all that is
# built anew, and that the result is the same bytes as when built outside and
# still runs after a remount.  Then, with the project's own sources in /src, its
# tools and the unit tests of its core.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

work=/mnt/work-build
units=20
[ "$KERNEL" = stock ] || units=8
[ -z "${LARGE-}" ] || units=200

# make_project DIR: a library of $units files and a program that adds up what
# they return; 1 + 4 + 9 + ... is known without compiling anything.
make_project() {
	local i
	mkdir -p "$1/lib" "$1/include"
	for ((i = 1; i <= units; i++)); do
		echo "unsigned long unit_$i(void);" >>"$1/include/units.h"
		printf '#include <stdio.h>\n#include <stdlib.h>\n#include "units.h"\nunsigned long unit_%d(void) { return %dUL * %d; }\n' \
			"$i" "$i" "$i" >"$1/lib/unit_$i.c"
	done
	{
		printf '#include <stdio.h>\n#include "units.h"\nint main(void)\n{\n\tunsigned long sum = 0;\n'
		for ((i = 1; i <= units; i++)); do echo "	sum += unit_$i();"; done
		printf '\treturn printf("%%lu\\n", sum) < 0;\n}\n'
	} >"$1/main.c"
	cat >"$1/Makefile" <<'MAKEFILE'
objects := $(patsubst %.c,%.o,$(sort $(wildcard lib/*.c)))
CFLAGS := -O1 -Iinclude -MMD
program: main.o libunits.a
	$(CC) -o $@ $^
libunits.a: $(objects)
	rm -f $@
	$(AR) rcsD $@ $^
clean:
	rm -f program libunits.a main.[do] lib/*.[do]
-include $(objects:.o=.d) main.d
MAKEFILE
}

built_like() { # DIR DIR
	cmp "$1/program" "$2/program" && cmp "$1/libunits.a" "$2/libunits.a"
}

project() {
	local dir=$UPPER_DIR/project sum=$((units * (units + 1) * (2 * units + 1) / 6)) made
	make_project "$work/project"
	check 'built outside' make -s -j2 -C "$work/project"
	make_project "$dir"
	check 'builds' make -s -j2 -C "$dir"
	check_is 'computes' "$sum" "$("$dir/program")"
	check 'is what is built outside' built_like "$work/project" "$dir"
	check 'is up to date' make -s -q -C "$dir"
	check 'mounted again' upper_remount
	check_is 'computes after a remount' "$sum" "$("$dir/program")"
	check 'is up to date after a remount' make -s -q -C "$dir"
	sleep 0.02
	touch "$dir/lib/unit_7.c"
	made=$(make -j2 -C "$dir" | grep -c -e ' -c ')
	check_is 'one touched source is one compilation' 1 "$made"
	check 'is still what is built outside' built_like "$work/project" "$dir"
	check 'clean' make -s -C "$dir" clean
	check_is 'clean leaves the sources' "$((units + 3))" "$(find "$dir" -type f | wc -l)"
}

# The project's own sources, if the rig has brought them along.
own() {
	local dir=$UPPER_DIR/src said
	if [ ! -d /src/fs/ecryptfs/format ] || [ ! -d /src/utils ]; then
		skip 'own tools' 'the sources are not in this guest'
		return
	fi
	cp -a /src "$dir"
	if [ -e /usr/include/openssl/evp.h ] && [ -e /usr/include/keyutils.h ] && [ -e /usr/include/json-c/json.h ]; then
		check 'own tools build' make -s -j2 -C "$dir/utils" "O=$dir/build"
		check 'mounted again' upper_remount
		keyctl clear @u
		said=$(printf test | "$dir/build/ecryptfs-add-passphrase" -)
		check_is 'own tools work' "Inserted auth tok with sig [$SIG] into the user session keyring" \
			"$(tail -n 1 <<<"$said" | sed 's/^Passphrase: *//')"
	else
		skip 'own tools' 'libraries to compile them with are not in this guest'
	fi
}

rm -rf "$work"
mkdir -p "$work"
load_ours
key_add test
lower_mount ext4
upper_mount
project
own
upper_umount
rm -rf "$work"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 240
# disk: 256M
#
# SQLite databases under several writing processes and a reading one, in each
# journal mode, and through a mapping: locks, shared mappings of the write-ahead
# log's index, syncs.  Every transaction that was confirmed is there, also after
# a remount, and `PRAGMA integrity_check` finds nothing.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

writers=3 rows=40
[ "$KERNEL" = stock ] || { writers=2 rows=15; }
[ -z "${LARGE-}" ] || { writers=6 rows=400; }

database() { python3 -E "$T/guest/work_sqlite.py" "$1" "$UPPER_DIR/$2.db" "$2" "$writers" "$rows"; }

fresh() { umount "$UPPER_DIR" && lower_remount && drop_caches && upper_mount; }

load_ours
key_add test
lower_mount ext4
upper_mount
for mode in wal wal-mapped delete truncate persist delete-mapped; do
	check "$mode: concurrent writers" database write "$mode"
	check "$mode: all is there" database check "$mode"
done
check 'mounted again' fresh
for mode in wal wal-mapped delete truncate persist delete-mapped; do
	check "$mode: all is there after a remount" database check "$mode"
done
upper_umount
finish

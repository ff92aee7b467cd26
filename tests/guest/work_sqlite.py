#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""write|check DATABASE MODE WRITERS ROWS: concurrent work on an SQLite database.

Each of WRITERS processes inserts ROWS rows in transactions of its own that also
move a unit between two accounts, while a reader looks for sums that no state
between transactions has.  MODE is a journal mode, with "-mapped" through a
mapping.
"""

import multiprocessing
import random
import sqlite3
import sys

ACCOUNTS, TOTAL = 10, 1000


def connect(path, mode):
    base, mapped = (mode + "-").split("-")[:2]
    db = sqlite3.connect(path, timeout=120, isolation_level=None)
    got = db.execute("PRAGMA journal_mode=" + base).fetchone()[0]
    if got != base:
        raise SystemExit("journal mode %s instead of %s" % (got, base))
    if mapped:
        size = db.execute("PRAGMA mmap_size=67108864").fetchone()[0]
        if size != 67108864:
            raise SystemExit("no mapping: %d" % size)
    db.execute("PRAGMA synchronous=" + (
        "NORMAL" if base == "wal" else "FULL"))
    return db


def blob(writer, row):
    chosen = random.Random(writer * 100000 + row)
    return chosen.randbytes(chosen.choice([10, 200, 3000, 9000]))


def writer(path, mode, number, rows):
    db = connect(path, mode)
    chosen = random.Random(number)
    for row in range(rows):
        one, two = chosen.sample(range(ACCOUNTS), 2)
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO rows VALUES (?, ?, ?)",
                   (number, row, blob(number, row)))
        db.execute("UPDATE accounts SET units = units - 1 WHERE id = ?",
                   (one,))
        db.execute("UPDATE accounts SET units = units + 1 WHERE id = ?",
                   (two,))
        if row % 11 == 5:
            db.execute("ROLLBACK")
            db.execute("INSERT INTO rows VALUES (?, ?, ?)",
                       (number, row, blob(number, row)))
        else:
            db.execute("COMMIT")
    db.close()


def reader(path, mode, began, stop, looked):
    db = connect(path, mode)
    last = False
    while not last:
        last = stop.is_set()
        total = db.execute("SELECT sum(units) FROM accounts").fetchone()[0]
        if total != TOTAL:
            raise SystemExit("the sum is %d" % total)
        looked.value += 1
        began.set()
        stop.wait(0.01)
    db.close()


def write(path, mode, writers, rows):
    db = connect(path, mode)
    db.execute("CREATE TABLE rows (writer, row, data)")
    db.execute("CREATE INDEX by_row ON rows (row, writer)")
    db.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, units)")
    db.executemany("INSERT INTO accounts VALUES (?, ?)",
                   [(i, TOTAL // ACCOUNTS) for i in range(ACCOUNTS)])
    db.close()
    began, stop = multiprocessing.Event(), multiprocessing.Event()
    looked = multiprocessing.Value("i", 0)
    watching = multiprocessing.Process(target=reader,
                                       args=(path, mode, began, stop, looked))
    watching.start()
    # However slow the machine: it is there before the first transaction, and
    # looks once more after the last.
    began.wait(60)
    working = [multiprocessing.Process(target=writer,
                                       args=(path, mode, number, rows))
               for number in range(writers)]
    for process in working:
        process.start()
    for process in working:
        process.join()
    stop.set()
    watching.join()
    codes = [p.exitcode for p in working + [watching]]
    if any(codes) or looked.value < 2:
        raise SystemExit("processes ended with %r, the reader looked %d times"
                         % (codes, looked.value))


def check(path, mode, writers, rows):
    db = connect(path, mode)
    for pragma in ("integrity_check", "foreign_key_check"):
        got = db.execute("PRAGMA " + pragma).fetchall()
        if got not in ([("ok",)], []):
            raise SystemExit("%s: %r" % (pragma, got[:5]))
    total = db.execute("SELECT sum(units) FROM accounts").fetchone()[0]
    if total != TOTAL:
        raise SystemExit("the sum is %d" % total)
    seen = set()
    for number, row, data in db.execute("SELECT writer, row, data FROM rows"):
        if data != blob(number, row) or (number, row) in seen:
            raise SystemExit("writer %d, row %d is wrong" % (number, row))
        seen.add((number, row))
    if len(seen) != writers * rows:
        raise SystemExit("%d rows instead of %d" % (len(seen),
                                                    writers * rows))
    db.close()


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](
        sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))

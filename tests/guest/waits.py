#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""waits.py FS MS: how long operations take that ask for no sync; t_waits.sh.

Each is done several times in a directory of the lower filesystem and through the
mount.  One that takes longer than MS through the mount has waited for the disk.  The
lower filesystem may wait now and then itself (for room in its journal), so the median
counts; what the lower filesystem always waits for is skipped.
"""

import os
import statistics
import sys
import time

TIMES = 7
PLACES = (("alone", os.environ["LOWER"] + "/alone"),
          ("mount", os.environ["UPPER_DIR"]))


def timed(what, *arguments):
    start = time.monotonic()
    what(*arguments)
    return (time.monotonic() - start) * 1000


def put(path, flags, size):
    file = os.open(path, flags | os.O_WRONLY, 0o644)
    os.write(file, bytes(size))
    os.close(file)


def new(path, size=4000):
    put(path, os.O_CREAT | os.O_EXCL, size)


def create(top, i):
    return timed(new, "%s/created%d" % (top, i))


def create_large(top, i):
    return timed(new, "%s/large%d" % (top, i), 400000)


def make_empty(top, i):
    return timed(put, "%s/empty%d" % (top, i), os.O_CREAT, 0)


def rewrite(top, i):
    return timed(put, "%s/created%d" % (top, i), os.O_TRUNC, 4000)


def append(top, i):
    return timed(put, "%s/created%d" % (top, i), os.O_APPEND, 200)


def truncate(top, i):
    return timed(os.truncate, "%s/large%d" % (top, i), 5000)


def rename(top, i):
    return timed(os.rename, "%s/empty%d" % (top, i), "%s/named%d" % (top, i))


def replace(top, i):
    new("%s/temporary%d" % (top, i))
    return timed(os.rename, "%s/temporary%d" % (top, i),
                 "%s/created%d" % (top, i))


def directory(top, i):
    return timed(os.mkdir, "%s/directory%d" % (top, i))


def unlink(top, i):
    return timed(os.unlink, "%s/created%d" % (top, i))


def main():
    system, most = sys.argv[1], float(sys.argv[2])
    bad = 0
    for work in (create, create_large, make_empty, rewrite, append, truncate,
                 rename, replace, directory, unlink):
        took = {}
        for name, top in PLACES:
            took[name] = statistics.median(work(top, i) for i in range(TIMES))
        name = "%s: %s" % (system, work.__name__.replace("_", " "))
        text = "%.0f ms, alone %.0f ms" % (took["mount"], took["alone"])
        if took["mount"] < most:
            print("ok %s: %s" % (name, text))
        elif took["alone"] < most:
            print("not ok %s: it waits for the disk: %s" % (name, text))
            bad += 1
        else:
            print("skip %s: %s" % (name, text))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())

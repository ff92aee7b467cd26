#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies of a lower file while it is changed above; see t_backup.sh."""

import mmap
import os
import sys
import time

LOWER, UPPER = os.environ["LOWER_DIR"], os.environ["UPPER_DIR"]
PREFIX = os.environ.get("PREFIX", "")
BYTES = 40000
WAIT = int(os.environ["WAIT"])
WRITERS = ("write", "store", "append")


def copy(name):
    """What a backup remembers of a file, and what it has copied of it."""
    path = os.path.join(LOWER, name)
    while True:
        before = os.stat(path)
        with open(path, "rb") as file:
            data = file.read()
        after = os.stat(path)
        if before.st_ctime_ns == after.st_ctime_ns:
            return (before.st_size, before.st_ctime_ns), data


def change(fd, how):
    if how == "write":
        os.pwrite(fd, b"new" * 1000, 10000)
    elif how == "append":
        os.pwrite(fd, b"new" * 1000, BYTES)
    else:
        with mmap.mmap(fd, BYTES) as view:
            view[10000:13000] = b"new" * 1000


def main():
    fds = {}
    for how in WRITERS:
        fd = os.open(os.path.join(UPPER, how), os.O_RDWR | os.O_CREAT, 0o644)
        os.write(fd, b"old\n" * (BYTES // 4))
        os.fsync(fd)
        fds[how] = fd
    # Times have the resolution of the clock's ticks.
    tick = 0.05
    time.sleep(tick)
    seen = {how: [copy(how)] for how in WRITERS}
    time.sleep(tick)
    for how in WRITERS:
        change(fds[how], how)
    steps = (("at once", lambda fd: None, tick),
             ("by the flusher", lambda fd: time.sleep(WAIT / len(WRITERS)), tick),
             ("after fsync", os.fsync, tick), ("after close", os.close, tick))
    for _, step, pause in steps:
        for how in WRITERS:
            step(fds[how])
        time.sleep(pause)
        for how in WRITERS:
            seen[how].append(copy(how))
        time.sleep(pause)
    bad = False
    for how in WRITERS:
        wrong = []
        copies = list(zip(["before"] + [s[0] for s in steps], seen[how]))
        for (_, (stamp, data)), (when, (stamp2, data2)) in zip(
                copies, copies[1:]):
            if data != data2 and stamp == stamp2:
                wrong.append("other content %s with the same times" % when)
        if seen[how][0][1] == seen[how][-1][1]:
            wrong.append("the lower file never changed")
        bad |= bool(wrong)
        print("%s %s%s: content and times of copies%s" % (
            "not ok" if wrong else "ok", PREFIX, how,
            ": " + "; ".join(wrong) if wrong else ""))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())

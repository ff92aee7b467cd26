#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files whose content is replaced without fsync, and what a power cut leaves.

old TOP         makes the files, for the caller to sync
new TOP AGE     replaces those of one age (seconds before the cut), by renaming
                a new file over each, and by truncating and writing again
check TOP METHODS...  "METHOD AGE old N new N lost N border N" of each; then
                whether each can be written, replaced and removed: "stuck" lines
                say what can't

A file can be at the very place where the journal ends that reached the disk: those
before it are new, those behind it are old, and it has been truncated (or renamed)
and no more.  In METHODS every filesystem has that moment, however short; "border"
counts it apart from lost ones.
"""

import collections
import os
import sys

METHODS = ("rename", "truncate")
AGES = (0, 8, 20, 40)
# Within the first extent, in several, in several hundred.
SIZES = (300, 4000, 30000, 200000)
COPIES = 2
# As many can be on their way to the disk when the journal is written.
BORDER = 2


def names():
    for method in METHODS:
        for age in AGES:
            for number in range(len(SIZES) * COPIES):
                yield method, age, number, "%s-%d-%d" % (method, age, number)


def content(which, name, number):
    size = SIZES[number % len(SIZES)]
    # The lengths differ, so that half of one can't pass for the other.
    if which == "new":
        size += 77
    line = ("%s %s\n" % (which, name)).encode()
    return (line * (size // len(line) + 1))[:size]


def write(path, data, flags=os.O_CREAT | os.O_TRUNC):
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    for at in range(0, len(data), 65536):
        part = data[at:at + 65536]
        if os.write(fd, part) != len(part):
            raise OSError("short write")
    os.close(fd)


def cmd_old(top):
    for _, _, number, name in names():
        write(os.path.join(top, name), content("old", name, number))


def cmd_new(top, wanted):
    for method, age, number, name in names():
        if age != wanted:
            continue
        path, data = os.path.join(top, name), content("new", name, number)
        if method == "rename":
            write(path + ".tmp", data)
            os.rename(path + ".tmp", path)
        else:
            write(path, data, os.O_TRUNC)


def state(path, name, number):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        print("# %s: %s" % (path, error))
        return "lost"
    for which in ("old", "new"):
        if data == content(which, name, number):
            return which
    print("# %s: %d bytes, %d of them zeros" % (
        path, len(data), data.count(0)))
    return "lost"


def usable(path):
    """What can't be done with what a crash has left."""
    again = b"again"
    try:
        write(path, again, os.O_TRUNC)
        with open(path, "rb") as file:
            if file.read() != again:
                yield "%s: is not what was written" % path
        write(path + ".over", again)
        os.rename(path + ".over", path)
        os.unlink(path)
    except OSError as error:
        yield "%s: %s" % (path, error)


def at_border(states):
    """Whether those that are lost lie where the journal ended."""
    at = states.index("lost")
    more = states.count("lost")
    return (more <= BORDER and set(states[:at]) <= {"new"} and
            set(states[at + more:]) <= {"old"})


def cmd_check(top, methods):
    found = collections.defaultdict(list)
    for method, age, number, name in names():
        found[method, age].append(state(os.path.join(top, name), name, number))
    for (method, age), states in found.items():
        counts = collections.Counter(states)
        if method in methods and counts["lost"] and at_border(states):
            counts["border"] = counts.pop("lost")
        print(method, age, *("%s %d" % (what, counts[what]) for what in
                             ("old", "new", "lost", "border")))
    for name in sorted(os.listdir(top)):
        for line in usable(os.path.join(top, name)):
            print("stuck", line)


def main():
    verb, top = sys.argv[1:3]
    if verb == "old":
        cmd_old(top)
    elif verb == "new":
        cmd_new(top, int(sys.argv[3]))
    else:
        cmd_check(top, sys.argv[3:])


if __name__ == "__main__":
    main()

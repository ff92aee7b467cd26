#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what `ecryptfs export' has written with the manifest of a golden tree,
which the plain files gave.  Usage: exported.py MANIFEST DIRECTORY

Prints what differs; exit status 1 if something does.
"""

import hashlib
import os
import stat
import sys
import urllib.parse


def wanted(path):
    with open(path, encoding="ascii") as file:
        for line in file:
            kind, mode, _, size, digest, name = line.split()
            yield urllib.parse.unquote_to_bytes(name), (
                kind, int(mode, 8), int(size), digest)


def found(top):
    for parent, dirs, files in os.walk(os.fsencode(top)):
        for name in dirs + files:
            path = os.path.join(parent, name)
            state = os.lstat(path)
            kind, size, digest = "d", 0, "-"
            if stat.S_ISLNK(state.st_mode):
                target = os.readlink(path)
                kind, size = "l", len(target)
                digest = hashlib.sha256(target).hexdigest()
            elif stat.S_ISREG(state.st_mode):
                with open(path, "rb") as file:
                    kind, size = "f", state.st_size
                    digest = hashlib.sha256(file.read()).hexdigest()
            yield os.path.relpath(path, os.fsencode(top)), (
                kind, stat.S_IMODE(state.st_mode), size, digest)


def main():
    want, have = dict(wanted(sys.argv[1])), dict(found(sys.argv[2]))
    wrong = sorted(name for name in want.keys() | have.keys()
                   if want.get(name) != have.get(name))
    for name in wrong[:5]:
        print("%r: %s, not %s" % (name, have.get(name), want.get(name)))
    return 1 if wrong or not want else 0


if __name__ == "__main__":
    sys.exit(main())

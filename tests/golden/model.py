#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The plaintext of the golden trees.

    model.py build SET DIR      makes the files, step by step, in DIR
    model.py manifest DIR       what is in DIR, on standard output
    model.py check MANIFEST DIR whether DIR is that; prints what differs

A manifest line: kind (d, f, l), mode, links, size, SHA-256 (of a link: of its
target), name, percent-encoded.  Nothing but Python's standard library.
"""

import hashlib
import os
import stat
import sys
import urllib.parse

SIZES = {"full": (0, 1, 4095, 4096, 4097, 20000), "small": (0, 1, 4097)}
# Empty files, for the sake of their names.
NAMES = (b"x", b"fifteen-bytes--", b"sixteen-bytes---", b" blank at both ends ",
         b"new\nline\ttab", b"-dash", b"per%cent", b"back\\slash",
         "na\u00efve \u2013 \u65e5\u672c\u8a9e.txt".encode(),
         "\U0001f512".encode(), b"\xff\xfe not UTF-8", b"...",
         b"ECRYPTFS_FNEK_ENCRYPTED.not")
LONG = (b"a name of 143 bytes, the longest there is over 255 below; " * 3)[:143]


def text(size, seed):
    """Bytes that repeat nowhere in a file."""
    out = b""
    while len(out) < size:
        out += hashlib.sha256(b"%d %d" % (seed, len(out))).digest()
    return out[:size]


def put(path, data, mode=b"w"):
    with open(path, "ab" if mode == b"a" else "wb") as target:
        target.write(data)


def build(kind, top):
    os.umask(0o022)
    os.chdir(top)
    for size in SIZES[kind]:
        put(b"size-%d" % size, text(size, size))
    for name in NAMES:
        put(name, b"")
    put(LONG, b"")
    os.mkdir(b"dir")
    os.mkdir(b"dir/deeper")
    put(b"dir/deeper/inside", b"")
    os.link(b"size-0", b"dir/hard link")
    os.symlink(b"dir/deeper/inside", b"symlink")
    os.symlink(b"../nowhere/" + b"long " * 40, b"dir/broken")
    os.chmod(b"size-1", 0o640)
    os.chmod(b"dir/deeper", 0o1750)
    if kind == "full":
        put(b"appended", text(10, 1))
        for turn in range(3):
            put(b"appended", text(500, 2 + turn), b"a")
        put(b"truncated", text(9000, 5))
        os.truncate(b"truncated", 3000)
        put(b"emptied", text(5000, 6))
        os.truncate(b"emptied", 0)


def line(path):
    st = os.lstat(path)
    kind, size, digest = "f", st.st_size, b""
    if stat.S_ISLNK(st.st_mode):
        kind, digest = "l", os.readlink(path)
    elif stat.S_ISDIR(st.st_mode):
        kind, size = "d", 0
    else:
        with open(path, "rb") as source:
            digest = source.read()
    # How many links a directory has is the filesystem's business.
    return "%s %04o %d %d %s %s" % (
        kind, stat.S_IMODE(st.st_mode), 1 if kind == "d" else st.st_nlink,
        size, "-" if kind == "d" else hashlib.sha256(digest).hexdigest(),
        urllib.parse.quote(path[2:], safe="/"))


def lines(top):
    os.chdir(top)
    found = []
    for parent, dirs, files in os.walk(b"."):
        found += [line(os.path.join(parent, name)) for name in dirs + files]
    return sorted(found, key=lambda entry: entry.split()[-1])


def check(manifest, top):
    with open(manifest, encoding="ascii") as source:
        want = [entry for entry in source.read().splitlines()
                if not entry.startswith("#")]
    got = lines(top)
    for entry in sorted(set(want) ^ set(got), key=lambda e: e.split()[-1]):
        print(("missing: " if entry in want else "there is: ") + entry)
    return 0 if want and got == want else 1


def main():
    if sys.argv[1] == "build":
        build(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "manifest":
        print("\n".join(lines(sys.argv[2])))
    else:
        return check(sys.argv[2], sys.argv[3])
    return 0


if __name__ == "__main__":
    sys.exit(main())

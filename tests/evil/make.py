#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes damaged lower files.  Usage: make.py [--all] DIRECTORY [CLASS...]

With --all also those that only differ from another in the value of a byte.
Prints a line for each: name, errno of open(), st_size before that, bytes that
can be read and what comes then.  The passphrase is "test".
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import base  # noqa: E402,F401
import header  # noqa: E402
import packets  # noqa: E402
import sizes  # noqa: E402
import xattr  # noqa: E402

# Whole in themselves, and with attributes.
CLASSES = {"header": header, "packets": packets, "sizes": sizes}
EVERY = CLASSES | {"xattr": xattr}


def cases(classes=(), everything=False):
    """The cases of the classes, by default those without attributes; names are
    unique."""
    names = set()
    for name in classes or CLASSES:
        for case in EVERY[name].cases():
            assert case.name not in names, case.name
            names.add(case.name)
            if everything or case.everywhere:
                yield case


def write(directory, case):
    path = os.path.join(directory, case.name)
    with open(path, "wb") as lower:
        lower.write(case.lower)
    if case.attribute is not None:
        os.setxattr(path, xattr.NAME, case.attribute)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("directory")
    parser.add_argument("classes", nargs="*", metavar="CLASS",
                        help="of %s" % ", ".join(EVERY))
    args = parser.parse_args()
    os.makedirs(args.directory, exist_ok=True)
    for case in cases(args.classes, args.all):
        write(args.directory, case)
        print(case.name, case.opening or "opens", case.shown,
              "noise" if case.noise else case.readable, case.then or "end")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The damaged files of tests/evil, read by the core and by the oracle: each
gives the errno that is due.  Usage: evil_test.py FILETOOL

Prints "ok NAME" and "FAIL NAME" lines.
"""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "evil"))

import make  # noqa: E402
import names  # noqa: E402
import v1_name  # noqa: E402
from base import KEY, v1  # noqa: E402
from ciphers import NoCipher  # noqa: E402

# The oracle takes tag 1 for the packet of a key that is not here, and knows no
# sizes of a FEK in another's cipher.
NOT_ORACLE = ("flag-xattr", "tag1", "packets-of-12-bytes", "ciphers-")


def due(case):
    """errnos that reading all of the file may give"""
    if case.noise:
        return {"0", "ENOPKG", "EIO"}
    if case.opening:
        return {case.opening, "ENODATA"} if case.opening == "EUCLEAN" else {
            case.opening}
    if not any(case.lower):
        return {"ENODATA"}
    # A size whose lower size has no number is one too large.
    return {"EIO", "EFBIG"} if case.then else {"0"}


def of_core(tool, cases, paths):
    run = subprocess.run([tool, "errno", KEY.hex(), *paths],
                         stdout=subprocess.PIPE, text=True, check=True)
    for case, got in zip(cases, run.stdout.split(), strict=True):
        if got not in due(case):
            yield "%s: %s, due %s" % (case.name, got, sorted(due(case)))


def of_oracle(cases, paths):
    for case, path in zip(cases, paths):
        got = "0"
        if case.name.startswith(NOT_ORACLE):
            continue
        try:
            v1.Lower(path, [KEY]).check_size(exact=False)
        except v1.FormatError as error:
            got = error.errno
        except NoCipher:
            got = "ENOPKG"
        if got not in due(case):
            yield "%s: %s, due %s" % (case.name, got, sorted(due(case)))


def of_names():
    """The oracle: what is shown decrypted is what it makes of the name, and
    would write for that; nothing else is."""
    for case in names.names():
        try:
            plain = v1_name.from_lower(case.lower, names.KEY)
            if (v1_name.to_lower(plain, names.KEY) != case.lower or
                    plain in (b".", b"..") or b"/" in plain or b"\0" in plain):
                plain = case.lower
        except (NoCipher, v1.FormatError):
            plain = case.lower
        if plain != case.shown:
            yield "%s: %r, due %r" % (case.what, plain, case.shown)


def verdict(name, wrong):
    wrong = list(wrong)
    for line in wrong[:10]:
        print("# " + line)
    print("%s %s" % ("FAIL" if wrong else "ok", name))
    return bool(wrong)


def main():
    failed = False
    for name in make.CLASSES:
        cases = list(make.cases([name], everything=True))
        with tempfile.TemporaryDirectory() as work:
            paths = [make.write(work, case) for case in cases]
            name = "%d damaged files, %s" % (len(cases), name)
            failed |= verdict("core: " + name,
                              of_core(sys.argv[1], cases, paths))
            failed |= verdict("oracle: " + name, of_oracle(cases, paths))
    failed |= verdict("oracle: names", of_names())
    return failed


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-or-later
"""Metadata in the extended attribute: damaged, cut, missing, or contradicted by
what the file itself begins with.  For mounts with ecryptfs_xattr_metadata.

What the value says is what a header says, but for the place of the data.
"""

import dataclasses

import header
import packets
import v1
from base import Case, DATA, HEAD, HELD, PLAIN, SIZE, bad, patched, whole

NAME = "user.ecryptfs"
# Largest value that a reader looks at.
MOST = 4096
# As a writer has it: the flag says that the metadata are here.
VALUE = patched(HEAD, 19, b"\6")
WHOLE = whole(HEAD)


def moved(case):
    """The metadata of a damaged header, as the value of an attribute."""
    value = case.lower[:v1.REGION].rstrip(b"\0")
    if len(case.lower) != len(WHOLE) or len(value) > 1024:
        return None
    return dataclasses.replace(
        case, name="moved-" + case.name, lower=DATA,
        attribute=value.ljust(1024, b"\0"),
        shown=HELD if case.shown == len(WHOLE) else case.shown)


def damaged():
    for source in (header.metadata(), header.sizes(), packets.cases()):
        for case in source:
            case = moved(case)
            if case:
                yield case


def regions():
    """Two fields that must be good, and have no use here: the data are at 0."""
    for case in header.regions():
        if len(case.lower) == len(WHOLE):
            case = moved(case)
            yield case if case.opening else dataclasses.replace(
                case, readable=SIZE, then=None, noise=False)


def lengths():
    yield Case("value", DATA, attribute=VALUE)
    yield Case("value-%d" % MOST, DATA, attribute=VALUE.ljust(MOST, b"\0"))
    for length in (MOST + 1, 65536):
        yield bad("value-%d" % length, DATA, "EUCLEAN", shown=HELD,
                  attribute=VALUE.ljust(length, b"\0"))
    yield bad("value-none", DATA, "EUCLEAN", shown=HELD)
    for length in range(len(VALUE)):
        if length < 28 or length % 5 == 0:
            extra = {"shown": HELD} if length < 16 else {}
            yield bad("value-cut-%d" % length, DATA, "EUCLEAN",
                      attribute=VALUE[:length], **extra)


def cuts():
    """Data that end too early, to none at all."""
    for length in (0, 1, 4095, 4096, 4097, 8192 + 77, len(DATA) - 1):
        yield Case("data-cut-%d" % length, DATA[:length], attribute=VALUE,
                   readable=length // 4096 * 4096, then="EIO")


def both():
    """A header that is good is what counts, and what is wrong with one."""
    yield Case("both", WHOLE, attribute=patched(VALUE, 0, bytes(7) + b"\7"))
    yield Case("both-value-junk", WHOLE, attribute=b"junk")
    for name, value in (("none", None), ("junk", b"junk"),
                        ("cut", VALUE[:60])):
        yield bad("version-4-value-" + name, whole(patched(HEAD, 16, b"\4")),
                  "EOPNOTSUPP", attribute=value)
    yield bad("flag-and-no-value", whole(VALUE), "EUCLEAN")


def nothing():
    """An empty file, of a crash, unless the attribute says that there is more."""
    yield Case("empty", b"", shown=0, readable=0)
    yield Case("empty-junk", b"", shown=0, readable=0, attribute=b"junk")
    yield bad("empty-version-4", b"", "EOPNOTSUPP",
              attribute=patched(VALUE, 16, b"\4"))
    yield bad("plaintext", PLAIN, "EUCLEAN", shown=len(PLAIN))
    yield bad("plaintext-junk", PLAIN, "EUCLEAN", shown=len(PLAIN),
              attribute=b"junk")


def cases():
    yield from lengths()
    yield from cuts()
    yield from both()
    yield from nothing()
    yield from damaged()
    yield from regions()

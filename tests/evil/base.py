# SPDX-License-Identifier: GPL-2.0-or-later
"""What the generators of damaged lower files share: a good file, and a case.

A case is one file with one thing wrong, and what is due for it.  The numbers
come from the meanings of errnos in Documentation/conventions.rst and the format
in Documentation/format-v1.rst, not from what some reader does.
"""

import dataclasses
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "oracle"))

import v1  # noqa: E402

PASSPHRASE = b"test"
KEY = v1.derive(PASSPHRASE)
SIG = v1.signature(KEY)
OTHER_SIG = bytes.fromhex("abcdef0123456789")
FEK = bytes(range(0x40, 0x50))
MARKER = 0x12345678
SIZE = 5 * v1.EXTENT + 100
# Distinct in every extent, and nowhere zero.
PLAIN = bytes(1 + (i * 7 + i // v1.EXTENT * 13) % 251 for i in range(SIZE))
PACKET = v1.packet3("aes", 16, v1.wrap("aes", FEK, KEY), SIG)
HEAD = v1.header(SIZE, MARKER, PACKET)


def ciphertext():
    extents = v1.Extents("aes", FEK)
    return b"".join(extents.encrypt(n, PLAIN[n * v1.EXTENT:(n + 1) * v1.EXTENT])
                    for n in range(-(-SIZE // v1.EXTENT)))


DATA = ciphertext()
HELD = len(DATA)  # plaintext that the lower file can hold


@dataclasses.dataclass
class Case:
    """One damaged file.

    opening   errno of open(), None: it opens
    shown     st_size before anybody opened it
    readable  so many bytes from the start read right
    content   what is right: the good plaintext, and what is encrypted behind it
    then      errno of a read behind them, None: the file ends there
    noise     what it reads can't be told from damage: any bytes, or any errno
              of reading; the format has nothing to detect it with
    everywhere  also for the guest: the others are for the core alone, which
              tries thousands in a second
    attribute value of the attribute with metadata, None: there is none
    """
    name: str
    lower: bytes
    opening: str = None
    shown: int = SIZE
    readable: int = SIZE
    content: bytes = PLAIN.ljust(HELD, b"\0")
    then: str = None
    noise: bool = False
    everywhere: bool = True
    attribute: bytes = None


def whole(head, data=DATA, region=v1.REGION):
    return head.ljust(region, b"\0") + data


def bad(name, lower, errno, **more):
    """A file that does not open."""
    return Case(name, lower, errno, readable=0, **more)


def patched(data, at, new):
    return data[:at] + new + data[at + len(new):]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Lower names and symlink targets of a mount whose names are encrypted (AES, 16
bytes), of which few are what that mount would have written.

Such a name is shown as it is, so that the object can be had and removed; a
canonical one is shown decrypted, and not found by what it is below.
"""

import dataclasses
import random

import v1
from base import OTHER_SIG, PASSPHRASE

import v1_name

KEY = v1.derive(PASSPHRASE, v1.NAME_SALT)
SIG = v1.signature(KEY)
PREFIX = v1_name.PREFIX
GOOD = v1_name.to_lower(b"canonical", KEY)
BLOCK = v1.Cipher("aes", KEY[:16])


@dataclasses.dataclass
class Name:
    """A lower name, and what it is above."""
    what: str
    lower: bytes
    shown: bytes


@dataclasses.dataclass
class Target:
    """A lower symlink's target, and the errno of reading it."""
    what: str
    lower: bytes
    errno: str


def packet(text, sig=SIG, code=7, tag=0x46, length=None):
    length = 9 + len(text) if length is None else length
    return (bytes([tag]) + v1.length_bytes(length) + sig + bytes([code]) +
            text)


def lower_name(*args, **more):
    return PREFIX + v1_name.to_text(packet(*args, **more))


def encrypted(content):
    """Of whole blocks, the filler included."""
    assert len(content) % 16 == 0, len(content)
    return BLOCK.ecb_encrypt(content)


def filled(name, spare=0):
    """Filler, separator and name, with so many whole blocks more."""
    fill = 16 + -(17 + len(name)) % 16 + 16 * spare
    return v1_name.filler(KEY, fill) + b"\0" + name


def malformed():
    """(what, lower text)"""
    yield "prefix alone", PREFIX
    yield "prefix cut", PREFIX[:-1]
    yield "other case", PREFIX.lower() + GOOD[len(PREFIX):]
    yield "reserved prefix", b"ECRYPTFS_FEK_ENCRYPTED." + GOOD[24:]
    for length in range(len(PREFIX) + 1, len(GOOD)):
        yield "cut at %d" % length, GOOD[:length]
    for more in (b"-", b"----", b"FWay"):
        yield "longer by %r" % more, GOOD + more
    for at in range(len(PREFIX), len(GOOD), 7):
        for char in (b"_", b"=", b"\xff", b"\x01", b" "):
            yield "character %r at %d" % (char, at), (
                GOOD[:at] + char + GOOD[at + 1:])
    # Of the bits that fill no byte, and of the last byte's.
    yield "padding", GOOD[:-1] + b"0"
    yield "padding bits", GOOD[:-3] + b"z--"
    text = encrypted(filled(b"bad"))
    for tag in (0, 0x45, 0x47, 0x48, 0x49, 0xff):
        yield "tag %#x" % tag, lower_name(text, tag=tag)
    for length in (0, 8, 9, 10, 40, 42, 57, 191, 192, 8383):
        yield "length %d" % length, lower_name(text, length=length)
    for size in (0, 1, 15, 17, 31):
        yield "%d bytes" % size, lower_name((text * 2)[:size])
    yield "other filler", lower_name(encrypted(
        b"\x55" * 28 + b"\0" + b"bad"))
    yield "too much filler", lower_name(encrypted(filled(b"bad", 1)))
    yield "no separator", lower_name(encrypted(b"\x55" * 32))
    yield "no name", lower_name(encrypted(v1_name.filler(KEY, 31) + b"\0"))
    dice = random.Random(70)
    for number in range(5):
        yield "noise %d" % number, lower_name(dice.randbytes(32))


def foreign():
    """Well formed, and of another key."""
    text = encrypted(filled(b"foreign"))
    yield "signature", lower_name(text, sig=OTHER_SIG)
    for code in (8, 9, 10, 11):
        yield "code %d" % code, lower_name(text, code=code)


def names():
    yield Name("canonical", GOOD, b"canonical")
    for plain in (b"a", b"x" * 15, b"y" * 16, b"z" * 143, b"\xff\xfe name\n",
                  PREFIX + b"plain"):
        yield Name("canonical %r" % plain[:20],
                   v1_name.to_lower(plain, KEY), plain)
    for plain in (b"lost+found", b"plain", b".hidden", b"...", b"\xff\xfe\n",
                  b"p" * 255, b"q" * 144, PREFIX[:5], PREFIX + b"r" * 231):
        yield Name("plain %r" % plain[:20], plain, plain)
    for what, lower in malformed():
        yield Name(what, lower, lower)
    for what, lower in foreign():
        yield Name("of another key: " + what, lower, lower)
    for plain in (b".", b"..", b"a/b", b"/", b"a\0b", b"\0", b"/etc/passwd",
                  b"../up"):
        lower = v1_name.to_lower(plain, KEY)
        yield Name("says %r" % plain, lower, lower)


def targets():
    yield Target("plain", b"/etc/passwd", "EUCLEAN")
    yield Target("plain, one byte", b"x", "EUCLEAN")
    seen = set()
    for what, lower in malformed():
        if lower not in seen:
            seen.add(lower)
            yield Target(what, lower, "EUCLEAN")
    for what, lower in foreign():
        yield Target("of another key: " + what, lower, "ENOKEY")
    yield Target("with a NUL", v1_name.to_lower(b"a\0b", KEY), "EUCLEAN")

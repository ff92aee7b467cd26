# SPDX-License-Identifier: GPL-2.0-or-later
"""The packet set: tag 3, 11 and 1, their lengths, constants and order."""

import random

import v1
from base import (Case, FEK, HEAD, KEY, OTHER_SIG, PACKET, SIG, bad, patched,
                  whole)

AT = 26
TAG11 = AT + PACKET.index(b"\xed\x16\x62")
BODY11 = HEAD[TAG11:]
BODY3 = HEAD[AT:TAG11]
OTHER = v1.packet3("aes", 16, bytes(range(16)), OTHER_SIG)


def at(where, byte):
    return whole(patched(HEAD, where, bytes([byte])))


def behind(*packets):
    return whole(HEAD[:AT] + b"".join(packets))


def byte_class(name, where, good, errno, few=(0, 255)):
    """Every other value of a byte that has only one."""
    for value in set(range(256)) - set(good):
        yield bad("%s-%02x" % (name, value), at(where, value), errno,
                  everywhere=value in few)


def tag3():
    yield from byte_class("tag3-tag", AT, [0x8c], "EUCLEAN",
                          (0, 1, 0xed, 0x8d, 255))
    yield from byte_class("tag3-length", AT + 1, [0x1d], "EUCLEAN",
                          (0, 12, 13, 14, 28, 30, 45, 77, 78, 191, 192, 193,
                           223, 224, 254, 255))
    yield from byte_class("tag3-version", AT + 2, [4], "EUCLEAN", (0, 3, 5))
    yield from byte_class("tag3-s2k", AT + 4, [3], "EUCLEAN", (0, 1, 255))
    yield from byte_class("tag3-hash", AT + 5, [1], "EUCLEAN", (0, 2, 255))
    # Neither is needed: the key comes ready-made.
    yield Case("tag3-salt", whole(patched(HEAD, AT + 6, b"\xff" * 8)))
    for value in (0, 255):
        yield Case("tag3-iterations-%02x" % value, at(AT + 14, value))
    # Another FEK: nothing tells.
    yield Case("tag3-wrapped", whole(patched(HEAD, AT + 15, b"\xff" * 16)),
               noise=True)


def ciphers():
    """The code of a wrapped FEK of 16 bytes."""
    for code in range(256):
        name, lower = "cipher-%02x" % code, at(AT + 3, code)
        if code in (7, 9):
            yield Case(name, lower)
        elif code in (2, 8):
            yield bad(name, lower, "EUCLEAN")
        elif code in v1.CODES:
            yield Case(name, lower, noise=True)
        else:
            yield bad(name, lower, "EOPNOTSUPP",
                      everywhere=code in (0, 1, 5, 6, 12, 255))


def fek_sizes():
    """Sizes of a wrapped FEK that no key of the cipher has."""
    for code, cipher in v1.CODES.items():
        good = (32,) if code == 8 else tuple(
            n for n in v1.KEY_BYTES[cipher] if (cipher, n) != ("aes", 24))
        for size in range(65):
            if size in good:
                continue
            body = bytes([4, code, 3, 1]) + v1.SALT + b"\x60" + bytes(size)
            yield bad("fek-%02x-%d" % (code, size),
                      behind(b"\x8c", bytes([len(body)]), body, BODY11),
                      "EUCLEAN", everywhere=size in (0, 1, 24, 40, 63, 64))


def tag11():
    yield bad("tag11-missing", behind(BODY3), "EUCLEAN")
    yield bad("tag11-missing-before-more", behind(BODY3, PACKET), "EUCLEAN")
    yield bad("tag11-alone", behind(BODY11), "EUCLEAN")
    yield bad("tag11-first", behind(BODY11, PACKET), "EUCLEAN")
    yield bad("tag11-twice", behind(PACKET, BODY11), "EUCLEAN")
    yield from byte_class("tag11-tag", TAG11, [0xed], "EUCLEAN",
                          (0, 1, 0x8c))
    yield from byte_class("tag11-length", TAG11 + 1, [0x16], "EUCLEAN",
                          (0, 13, 14, 21, 23, 191, 192, 255))
    yield from byte_class("tag11-format", TAG11 + 2, [0x62], "EUCLEAN", (0,))
    yield from byte_class("tag11-name-length", TAG11 + 3, [8], "EUCLEAN",
                          (0, 7, 9, 255))
    yield Case("tag11-name", whole(patched(HEAD, TAG11 + 4, b"\xff" * 8)))
    yield Case("tag11-date", whole(patched(HEAD, TAG11 + 12, b"\xff" * 4)))
    for byte in range(8):
        where = TAG11 + 16 + byte
        yield bad("tag11-sig-%d" % byte, at(where, HEAD[where] ^ 1), "ENOKEY",
                  everywhere=byte in (0, 7))


def tag1():
    good = v1.packet1(OTHER_SIG, bytes(128))
    yield bad("tag1", behind(good), "EOPNOTSUPP")
    yield Case("tag1-and-tag3", behind(good, PACKET))
    yield Case("tag3-and-tag1", behind(PACKET, good))
    for size in (0, 181, 182, 512):
        yield bad("tag1-blob-%d" % size,
                  behind(v1.packet1(OTHER_SIG, bytes(size))), "EOPNOTSUPP")
    yield bad("tag1-blob-513", behind(b"\x01", v1.length_bytes(523), b"\x03",
                                      OTHER_SIG, b"\x01", bytes(513)),
              "EUCLEAN")
    for length in (0, 1, 9):
        yield bad("tag1-length-%d" % length,
                  behind(b"\x01", bytes([length]), good[2:]), "EUCLEAN")
    for first in (0xdf, 0xe0, 0xfe, 0xff):
        yield bad("tag1-length-%02x" % first,
                  behind(b"\x01", bytes([first]), good[2:]), "EUCLEAN")
    yield bad("tag1-version", behind(good[:2], b"\4", good[3:]), "EUCLEAN")
    yield bad("tag1-bad-before-tag3",
              behind(good[:2], b"\4", good[3:], PACKET), "EUCLEAN")
    yield bad("tag1-algorithm", behind(good[:11], b"\xff", good[12:]),
              "EOPNOTSUPP")


def cuts():
    """Zeros from a byte on, as of a header that did not reach the disk."""
    for where in range(AT, len(HEAD)):
        errno = "EUCLEAN" if where <= TAG11 + 3 else "ENOKEY"
        yield bad("zeros-from-%d" % where, whole(HEAD[:where]), errno,
                  everywhere=where % 4 == 0)


def sets():
    """Several packets."""
    yield bad("none", whole(HEAD[:AT]), "EUCLEAN")
    for tag in (2, 0x8b, 0xff):
        yield bad("unknown-tag-%02x" % tag, behind(bytes([tag]), PACKET),
                  "EUCLEAN")
        yield Case("unknown-tag-%02x-behind" % tag,
                   behind(PACKET, bytes([tag]) * 8))
    yield bad("other-key", behind(OTHER), "ENOKEY")
    yield Case("other-key-first", behind(OTHER, PACKET))
    yield Case("other-key-last", behind(PACKET, OTHER))
    # As many as a reader sees, to the last byte of what it looks at.
    yield Case("packets-74", behind(OTHER * 73, PACKET))
    yield Case("packets-100", behind(PACKET * 100))
    yield bad("packets-100-last-ours", behind(OTHER * 99, PACKET), "ENOKEY")
    short = v1.packet1(OTHER_SIG, b"")
    yield bad("packets-74-one-cut", behind(short, PACKET * 74), "EUCLEAN")
    yield bad("packets-of-12-bytes", behind(
        short * 339), "EOPNOTSUPP")
    # Cipher and key size of a file are those of its last tag 3.
    last = v1.packet3("des3_ede", 24, bytes(24), OTHER_SIG)
    yield bad("ciphers-aes-des3_ede", behind(PACKET, last), "EUCLEAN")
    yield Case("ciphers-des3_ede-aes", behind(last, PACKET))
    last = v1.packet3("aes", 32, bytes(32), OTHER_SIG)
    yield bad("ciphers-aes16-aes32", behind(PACKET, last), "EUCLEAN")
    yield Case("ciphers-aes-twofish", behind(
        PACKET, v1.packet3("twofish", 16, bytes(16), OTHER_SIG)), noise=True)
    both = v1.packet3("aes", 16, v1.wrap("aes", FEK, KEY), SIG)
    yield Case("same-key-twice", behind(both, both))
    dice = random.Random(3)
    for number in range(200):
        noise = bytes([4, 7, 3, 1]) + dice.randbytes(4000)
        yield bad("garbage-%d" % number, behind(
            b"\x8c", bytes([dice.choice((14, 28, 30, 45, 60, 77, 100, 192))]),
            noise), "EUCLEAN", everywhere=number < 3)


def cases():
    yield from tag3()
    yield from ciphers()
    yield from fek_sizes()
    yield from tag11()
    yield from tag1()
    yield from cuts()
    yield from sets()

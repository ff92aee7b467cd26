# SPDX-License-Identifier: GPL-2.0-or-later
"""The fixed part of a header: size, marker, version, flags, header region."""

import struct

import v1
from base import Case, HEAD, HELD, PACKET, SIZE, bad, patched, whole


def sizes():
    """Recorded sizes that the lower file can't hold, or need not.

    Shown before the first open is what the lower filesystem could hold at all.
    """
    def case(name, size, **more):
        return Case("size-" + name, whole(patched(HEAD, 0, struct.pack(
            ">Q", size))), **more)
    yield case("0", 0, shown=0, readable=0)
    yield case("1", 1, shown=1, readable=1)
    yield case("less", 4097, shown=4097, readable=4097)
    yield case("one-extent-more", HELD + 1, shown=HELD + 1, readable=HELD,
               then="EIO")
    for bits in (24, 32, 40):
        yield case("2^%d" % bits, 1 << bits, shown=1 << bits, readable=HELD,
                   then="EIO")
    for name, size in (("2^62", 1 << 62), ("2^63-1", (1 << 63) - 1),
                       ("2^63-4096", (1 << 63) - 4096)):
        yield case(name, size, shown=len(whole(HEAD)), readable=HELD,
                   then="EIO")
    for name, size in (("2^63", 1 << 63), ("2^64-1", (1 << 64) - 1),
                       ("2^64-4096", (1 << 64) - 4096)):
        yield bad("size-" + name, whole(patched(HEAD, 0, struct.pack(
            ">Q", size))), "EUCLEAN", shown=len(whole(HEAD)))


def markers():
    for at in range(8, 16):
        for flip in (0x01, 0x80, 0xff):
            yield bad("marker-%d-%02x" % (at, flip),
                      whole(patched(HEAD, at, bytes([HEAD[at] ^ flip]))),
                      "EUCLEAN", shown=len(whole(HEAD)), everywhere=flip == 1)
    yield bad("marker-zero", whole(patched(HEAD, 8, bytes(8))), "EUCLEAN",
              shown=len(whole(HEAD)))


def versions():
    # Its packets would be at offset 20, and 0 starts none.
    yield bad("version-0", whole(patched(HEAD, 16, b"\0")), "EUCLEAN")
    yield Case("version-0-made-so", whole(v1.header(
        SIZE, 1, PACKET, version=0)))
    for version in (1, 2):
        yield Case("version-%d" % version,
                   whole(patched(HEAD, 16, bytes([version]))))
    for version in range(4, 256):
        yield bad("version-%d" % version,
                  whole(patched(HEAD, 16, bytes([version]))), "EOPNOTSUPP",
                  everywhere=version in (4, 127, 128, 255))


def flags():
    """Reserved bits are ignored, and any packet says "encrypted"."""
    for bit in range(24):
        word = int.from_bytes(HEAD[17:20], "big") ^ 1 << bit
        lower = whole(patched(HEAD, 17, word.to_bytes(3, "big")))
        if 1 << bit != v1.FLAG_XATTR:
            yield Case("flag-%d" % bit, lower, everywhere=bit < 5 or bit == 23)
    yield Case("flags-all-but-xattr",
               whole(patched(HEAD, 17, b"\xff\xff\xfb")))


def flag_xattr():
    """For a whole file: "the metadata are in the xattr", says the header."""
    yield bad("flag-xattr", whole(patched(HEAD, 19, b"\6")), "EUCLEAN")


def regions():
    def case(extent, count):
        return "region-%x*%x" % (extent, count), whole(patched(
            HEAD, 20, struct.pack(">IH", extent, count)))
    for extent, count in (
            (0, 2), (4096, 0), (0, 0), (4096, 1), (1, 4096), (4095, 2),
            (4097, 2), (8193, 1), (4096, 4097), (1 << 24, 2), (1 << 31, 2),
            (1 << 31, 4), (0xffffffff, 0xffff), (0xffffffff, 2),
            (0x10001000, 0xffff), (65535, 65535)):
        yield bad(*case(extent, count), "EUCLEAN")
    # Only the product counts.
    for extent, count in ((8192, 1), (2048, 4), (1, 8192)):
        yield Case(*case(extent, count))
    # Plausible, and longer than the file.
    for extent, count in ((4096, 4096), (1 << 24, 1)):
        yield Case(*case(extent, count), readable=0, then="EIO")
    # Plausible, and not where the data are.
    yield Case(*case(4096, 3), noise=True)
    yield Case("region-65536", whole(patched(
        HEAD, 24, struct.pack(">H", 16)), region=65536))


def metadata():
    """What can be wrong with metadata wherever they are."""
    yield from markers()
    yield from versions()
    yield from flags()


def cases():
    yield from metadata()
    yield from sizes()
    yield from flag_xattr()
    yield from regions()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Lower files that end too early, or have nothing where data should be."""

import v1
from base import Case, DATA, HEAD, PLAIN, SIZE, bad, patched, whole

WHOLE = whole(HEAD)


def cuts():
    # Such a file, of a crash, is an empty one.
    yield Case("cut-0", b"", shown=0, readable=0)
    for length in range(1, len(HEAD)):
        if 28 <= length and length % 5:
            continue
        if not any(WHOLE[:length]):
            # The high bytes of the size: nothing but zeros is an empty file.
            yield Case("cut-%d" % length, WHOLE[:length], shown=0, readable=0)
            continue
        yield bad("cut-%d" % length, WHOLE[:length], "EUCLEAN",
                  shown=length if length < 16 else SIZE)
    # The metadata are whole, so it opens; there is nothing to read.
    for length in (len(HEAD), len(HEAD) + 1, 4095, 4096, 4097, 8191, 8192,
                   8193, 12287):
        yield Case("cut-%d" % length, WHOLE[:length], readable=0, then="EIO")
    for length in (12288, 12289, 16383, 16384, 16384 + 2048,
                   len(WHOLE) - 4096, len(WHOLE) - 1):
        yield Case("cut-%d" % length, WHOLE[:length],
                   readable=(length - v1.REGION) // 4096 * 4096, then="EIO")


def others():
    yield Case("longer", WHOLE + b"\xff" * 10000)
    # An extent of zeros never reached the disk, and is one of zeros.
    yield Case("hole", whole(HEAD, patched(DATA, 4096, bytes(4096))),
               content=patched(PLAIN, 4096, bytes(4096)))
    # Nothing but zeros: so is a file of which nothing did.
    yield Case("zeros", bytes(len(WHOLE)), shown=0, readable=0)
    # Data whose key never reached the disk.
    yield bad("zero-region", bytes(v1.REGION) + DATA, "EUCLEAN",
              shown=len(WHOLE))
    yield bad("ones", b"\xff" * len(WHOLE), "EUCLEAN", shown=len(WHOLE))
    yield bad("plaintext", PLAIN, "EUCLEAN", shown=len(PLAIN))
    yield bad("swapped", WHOLE[v1.REGION:] + WHOLE[:v1.REGION], "EUCLEAN",
              shown=len(WHOLE))


def cases():
    yield from cuts()
    yield from others()

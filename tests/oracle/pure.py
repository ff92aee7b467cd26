# SPDX-License-Identifier: GPL-2.0-or-later
"""Twofish and CAST-256 in pure Python, from their descriptions.

Twofish: "Twofish: A 128-Bit Block Cipher", 1998.  CAST-256: RFC 2612.
"""

import struct

from cast_sboxes import SBOXES

MASK = 0xffffffff


def rol(x, n):
    n &= 31
    return ((x << n) | (x >> (32 - n))) & MASK


def ror(x, n):
    return rol(x, 32 - (n & 31))


# --- Twofish ----------------------------------------------------------------

Q_TABLES = (
    ("817d6f320b59eca4", "ecb81235f4a6709d", "ba5e6d90c8f32471",
     "d7f4126e9b3085ca"),
    ("28bdf76e31940ac5", "1e2b4c376da5f908", "4c75169a0ed82b3f",
     "b951c3de647f208a"))

MDS = ((0x01, 0xef, 0x5b, 0x5b), (0x5b, 0xef, 0xef, 0x01),
       (0xef, 0x5b, 0x01, 0xef), (0xef, 0x01, 0xef, 0x5b))

RS = ((0x01, 0xa4, 0x55, 0x87, 0x5a, 0x58, 0xdb, 0x9e),
      (0xa4, 0x56, 0x82, 0xf3, 0x1e, 0xc6, 0x68, 0xe5),
      (0x02, 0xa1, 0xfc, 0xc1, 0x47, 0xae, 0x3d, 0x19),
      (0xa4, 0x55, 0x87, 0x5a, 0x58, 0xdb, 0x9e, 0x03))


def _permutation(tables):
    t0, t1, t2, t3 = ([int(c, 16) for c in t] for t in tables)

    def ror4(x):
        return (x >> 1) | ((x & 1) << 3)
    out = []
    for x in range(256):
        a, b = x >> 4, x & 15
        a, b = a ^ b, a ^ ror4(b) ^ ((8 * a) & 15)
        a, b = t0[a], t1[b]
        a, b = a ^ b, a ^ ror4(b) ^ ((8 * a) & 15)
        out.append(16 * t3[b] + t2[a])
    return out


def _times(a, b, modulus):
    total = 0
    while b:
        if b & 1:
            total ^= a
        a <<= 1
        if a & 0x100:
            a ^= modulus
        b >>= 1
    return total


Q = [_permutation(tables) for tables in Q_TABLES]
# Column j of the MDS matrix times x, as a little-endian word.
MDS_COLUMNS = [[sum(_times(MDS[i][j], x, 0x169) << (8 * i) for i in range(4))
                for x in range(256)] for j in range(4)]
# Which permutation each byte goes through, from the last round to the first.
Q_ORDER = ((1, 0, 0, 1, 1), (0, 0, 1, 1, 0), (1, 1, 0, 0, 0), (0, 1, 1, 0, 1))


class Twofish:
    def __init__(self, key):
        words = struct.unpack("<%dI" % (len(key) // 4), key)
        count = len(key) // 8
        vector = []
        for i in range(count):
            part = key[8 * i:8 * i + 8]
            vector.insert(0, sum(self._rs(row, part) << (8 * at)
                                 for at, row in enumerate(RS)))
        self.keys = []
        for i in range(20):
            a = self._h(self._tables(words[0::2]), 0x01010101 * (2 * i))
            b = rol(self._h(self._tables(words[1::2]),
                            0x01010101 * (2 * i + 1)), 8)
            self.keys.append((a + b) & MASK)
            self.keys.append(rol(a + 2 * b & MASK, 9))
        self.g = self._tables(vector)

    @staticmethod
    def _rs(row, part):
        total = 0
        for factor, byte in zip(row, part):
            total ^= _times(factor, byte, 0x14d)
        return total

    @staticmethod
    def _tables(words):
        """What h() makes of each byte, with the list of words."""
        count = len(words)
        tables = []
        for at in range(4):
            order = Q_ORDER[at]
            table = []
            for x in range(256):
                for step in range(count - 1, -1, -1):
                    x = Q[order[step + 1]][x] ^ (words[step] >> 8 * at & 255)
                table.append(MDS_COLUMNS[at][Q[order[0]][x]])
            tables.append(table)
        return tables

    @staticmethod
    def _h(tables, x):
        return (tables[0][x & 255] ^ tables[1][x >> 8 & 255] ^
                tables[2][x >> 16 & 255] ^ tables[3][x >> 24])

    def _f(self, r0, r1, turn):
        t0, t1 = self._h(self.g, r0), self._h(self.g, rol(r1, 8))
        return ((t0 + t1 + self.keys[2 * turn + 8]) & MASK,
                (t0 + 2 * t1 + self.keys[2 * turn + 9]) & MASK)

    def encrypt(self, block):
        a, b, c, d = (x ^ k for x, k in zip(struct.unpack("<4I", block),
                                            self.keys))
        for turn in range(16):
            f0, f1 = self._f(a, b, turn)
            a, b, c, d = ror(c ^ f0, 1), rol(d, 1) ^ f1, a, b
        return struct.pack("<4I", *(x ^ k for x, k in zip(
            (c, d, a, b), self.keys[4:8])))

    def decrypt(self, block):
        c, d, a, b = (x ^ k for x, k in zip(struct.unpack("<4I", block),
                                            self.keys[4:8]))
        for turn in range(15, -1, -1):
            f0, f1 = self._f(c, d, turn)
            a, b, c, d = c, d, rol(a, 1) ^ f0, ror(b ^ f1, 1)
        return struct.pack("<4I", *(x ^ k for x, k in zip(
            (a, b, c, d), self.keys)))


# --- CAST-256 ---------------------------------------------------------------

def _cast_f(kind, data, mask, turn):
    s1, s2, s3, s4 = SBOXES
    if kind == 1:
        i = rol((mask + data) & MASK, turn)
    elif kind == 2:
        i = rol(mask ^ data, turn)
    else:
        i = rol((mask - data) & MASK, turn)
    a, b, c, d = s1[i >> 24], s2[i >> 16 & 255], s3[i >> 8 & 255], s4[i & 255]
    if kind == 1:
        return (((a ^ b) - c) + d) & MASK
    if kind == 2:
        return (((a - b) + c) ^ d) & MASK
    return (((a + b) ^ c) - d) & MASK


def _cast_masks():
    """Tm and Tr of the key schedule: 24 rounds of 8."""
    mask, turn, out = 0x5a827999, 19, []
    for _ in range(24):
        row = []
        for _ in range(8):
            row.append((mask, turn))
            mask = (mask + 0x6ed9eba1) & MASK
            turn = (turn + 17) % 32
        out.append(row)
    return out


class Cast6:
    def __init__(self, key):
        state = list(struct.unpack(">8I", key.ljust(32, b"\0")))
        rows = _cast_masks()
        self.keys = []
        for i in range(12):
            for row in rows[2 * i:2 * i + 2]:
                # The forward octave: G, F, E, D, C, B, A, H.
                for step, (mask, turn) in enumerate(row):
                    to, source = (6 - step) % 8, (7 - step) % 8
                    state[to] ^= _cast_f(step % 3 + 1, state[source], mask,
                                         turn)
            a, b, c, d, e, f, g, h = state
            self.keys.append(([x & 31 for x in (a, c, e, g)], [h, f, d, b]))

    def _quad(self, state, i, back):
        turns, masks = self.keys[i]
        steps = [(2, 3, 1), (1, 2, 2), (0, 1, 3), (3, 0, 1)]
        order = list(zip(steps, masks, turns))
        for (to, source, kind), mask, turn in (order[::-1] if back else order):
            state[to] ^= _cast_f(kind, state[source], mask, turn)

    def _run(self, block, order):
        state = list(struct.unpack(">4I", block))
        for turn, i in enumerate(order):
            self._quad(state, i, turn >= 6)
        return struct.pack(">4I", *state)

    def encrypt(self, block):
        return self._run(block, range(12))

    def decrypt(self, block):
        return self._run(block, range(11, -1, -1))

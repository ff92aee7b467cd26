#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the fuzzer from the vectors.  Usage: seeds.py DIRECTORY"""

import glob
import os
import sys

sys.dont_write_bytecode = True
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                       "vectors")
sys.path.insert(0, VECTORS)

from vectors import load, unpack  # noqa: E402

TARGETS = {"header": "header", "packets": "packets"}


def main():
    count = 0
    for target in ("header", "packets", "geometry", "names"):
        os.makedirs(os.path.join(sys.argv[1], target), exist_ok=True)
    for path in sorted(glob.glob(os.path.join(VECTORS, "*.vec"))):
        for vector in load(path):
            if vector["op"] == "name-decrypt":
                count += 1
                with open(os.path.join(sys.argv[1], "names",
                                       "seed%04d" % count), "wb") as target:
                    target.write(vector["lower"].encode())
            if vector["op"] not in TARGETS:
                continue
            count += 1
            name = os.path.join(sys.argv[1], TARGETS[vector["op"]],
                                "seed%04d" % count)
            with open(name, "wb") as target:
                target.write(unpack(vector["in"])[:4096])
    for size in (0, 1, 4096, 2 ** 32, 2 ** 63 - 1):
        words = (8192, 0x100000000003, 64, 64, 16, size, size // 4096, size)
        with open(os.path.join(sys.argv[1], "geometry", "seed%x" % size),
                  "wb") as target:
            target.write(b"".join(w.to_bytes(8, "big") for w in words))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the fuzzer from the vectors.  Usage: seeds.py DIRECTORY"""

import glob
import json
import os
import sys

sys.dont_write_bytecode = True
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                       "vectors")
sys.path.insert(0, VECTORS)

from vectors import load, unpack  # noqa: E402

TARGETS = {"header": "header", "packets": "packets"}


def vault(slots, incompatible=()):
    """As ecryptfs-vault(5) has it, but for the digests, which are zeroes."""
    blob = {"kdf": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 2,
            "salt": "00" * 16, "nonce": "00" * 12, "sealed": "00" * 81}
    value = {
        "ecryptfs_vault": 1, "id": "00" * 16,
        "features": {"compatible": [], "incompatible": list(incompatible)},
        "mount": {"format": 1, "cipher": "aes", "key_bytes": 32,
                  "names": "encrypted", "salt": "0011223344556677",
                  "signature": "d395309aaad4de06",
                  "names_signature": "be877764c5918621"},
        "slots": [{"id": n, "source": "passphrase", "label": "a \"label\"",
                   "created": "2026-01-01T00:00:00Z", "blob": blob,
                   "check": "00" * 8} for n in range(slots)],
        "mac": "00" * 32, "check": "00" * 8}
    return (json.dumps(value, indent=2) + "\n").encode()


def main():
    count = 0
    for target in ("header", "packets", "file", "geometry", "names",
                   "vault"):
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
    # A header and packets, and the same as an attribute.
    packets = [unpack(v["in"]) for v in load(os.path.join(
        VECTORS, "packets.vec")) if v["op"] == "packets"]
    head = bytes.fromhex("0000000000001388010203043d83b4f1"
                         "0300000200001000" "0002")
    for n, packet in enumerate(packets):
        for split in (0, 255):
            with open(os.path.join(sys.argv[1], "file",
                                   "seed%04d-%d" % (n, split)), "wb") as target:
                target.write(bytes([split]) + (head + packet)[:4095])
    for n, text in enumerate((vault(0), vault(1), vault(3), vault(1, "x"))):
        with open(os.path.join(sys.argv[1], "vault", "seed%d" % n),
                  "wb") as target:
            target.write(text)
    for size in (0, 1, 4096, 2 ** 32, 2 ** 63 - 1):
        words = (8192, 0x100000000003, 64, 64, 16, size, size // 4096, size)
        with open(os.path.join(sys.argv[1], "geometry", "seed%x" % size),
                  "wb") as target:
            target.write(b"".join(w.to_bytes(8, "big") for w in words))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Core against oracle, both ways.  Usage: cross.py FILETOOL

Prints "ok NAME" and "FAIL NAME" lines.
"""

import io
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "oracle"))

import v1  # noqa: E402

SIZES = [0, 1, 15, 16, 17, 4095, 4096, 4097, 8191, 8192, 8193, 12287, 12288,
         12289, 65535, 65536, 65537, 1048575, 1048577]
KEY = v1.derive(b"cross")
OTHER = v1.derive(b"other")
CIPHERS = [("aes", 16), ("aes", 24), ("aes", 32), ("des3_ede", 24),
           ("cast5", 8), ("cast5", 16), ("blowfish", 8), ("blowfish", 16),
           ("blowfish", 32), ("blowfish", 56)]


class Cross:
    def __init__(self, tool, work):
        self.tool = tool
        self.plain, self.lower, self.back = (
            os.path.join(work, name) for name in ("plain", "lower", "back"))

    def run(self, *words):
        done = subprocess.run([self.tool, *words], stderr=subprocess.PIPE,
                              text=True, check=False)
        return done.returncode, done.stderr.strip()

    def core_reads(self, plain, keys=(KEY,), key=KEY, **options):
        v1.lower_write(io.BytesIO(plain), self.lower, keys, **options)
        status, text = self.run("read", key.hex(), self.lower, self.back)
        if status:
            return text
        with open(self.back, "rb") as source:
            return None if source.read() == plain else "content differs"

    def oracle_reads(self, plain, cipher, key_bytes):
        with open(self.plain, "wb") as target:
            target.write(plain)
        status, text = self.run("write", KEY.hex(), cipher, str(key_bytes),
                                self.plain, self.lower)
        if status:
            return text
        lower = v1.Lower(self.lower, [KEY])
        lower.check_size()
        if b"".join(lower.plain(zero_tail=True)) != plain:
            return "content differs"
        return "junk behind the packets" if any(lower.rest) else None

    def sizes(self, cipher, key_bytes):
        for size in SIZES:
            plain = os.urandom(size)
            for text in (self.core_reads(plain, cipher=cipher,
                                         key_bytes=key_bytes),
                         self.oracle_reads(plain, cipher, key_bytes)):
                if text:
                    return "%d bytes: %s" % (size, text)
        return None

    def variants(self):
        """Headers that the core only reads."""
        plain = os.urandom(10000)
        for version in range(4):
            yield "version %d" % version, self.core_reads(plain,
                                                          version=version)
        for region in (8192, 16384, 65536, 1 << 20):
            yield "region %d" % region, self.core_reads(plain, region=region)
        for first, second in ((KEY, OTHER), (OTHER, KEY)):
            yield "two keys", self.core_reads(plain, keys=(first, second),
                                              key_bytes=32)
        yield "tag 1 beside tag 3", self.core_reads(
            plain, blobs=[(b"modulsig", bytes(200))])
        yield "flag of encrypted names", self.core_reads(plain, names=True)

    def failures(self):
        """Files that the core owes an error for."""
        plain = os.urandom(5000)
        yield "key that fits no packet", None if self.core_reads(
            plain, key=OTHER) == "filetool: Required key not available" \
            else "no ENOKEY"
        self.core_reads(plain)
        os.truncate(self.lower, 12288 + 4095)
        status, text = self.run("read", KEY.hex(), self.lower, self.back)
        yield "missing tail", None if (status, text) == (
            1, "filetool: Input/output error") else "no EIO"


def main():
    failed = 0

    def report(name, text):
        nonlocal failed
        if text:
            print("# " + text)
            failed += 1
        print("%s cross: %s" % ("FAIL" if text else "ok", name), flush=True)

    with tempfile.TemporaryDirectory() as work:
        cross = Cross(sys.argv[1], work)
        for cipher, key_bytes in CIPHERS:
            report("%s %d, both ways, %d sizes" % (cipher, key_bytes,
                                                   len(SIZES)),
                   cross.sizes(cipher, key_bytes))
        for name, text in [*cross.variants(), *cross.failures()]:
            report(name, text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

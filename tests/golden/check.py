#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The golden trees, read by the oracle and, with the path of tests/unit's
filetool as an argument, by the core.  Prints "ok NAME" and "FAIL NAME".

Every name, target, size and content has to be the manifest's, and the lower
names those that the oracle makes.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "oracle"))

import v1  # noqa: E402
import v1_name  # noqa: E402

PASSPHRASES = (b"golden", b"golden two")


class Plain:
    @staticmethod
    def decrypt(name):
        return name


class NoCipher(Exception):
    pass


class Core:
    """What the core makes of names and files."""

    def __init__(self, tool, key, cipher=None, size=None):
        self.tool, self.key, self.names = tool, key, [cipher, size]

    def run(self, verb, *words):
        done = subprocess.run([self.tool, verb, self.key.hex(), *words],
                              capture_output=True, check=False)
        if b"Package not installed" in done.stderr:
            raise NoCipher
        if done.returncode:
            raise v1.FormatError("EIO", done.stderr.decode())
        return done.stdout

    def decrypt(self, name):
        line = self.run("names", *self.names, name).strip().decode()
        return bytes.fromhex(line)

    def read(self, lower):
        with tempfile.NamedTemporaryFile() as plain:
            self.run("read", lower, plain.name)
            return plain.read()


def content(data, xattr, keys):
    """Plaintext of a lower file; with metadata from an attribute, made into a
    file with a header."""
    if xattr is not None:
        head = xattr[:19] + bytes([xattr[19] & ~v1.FLAG_XATTR]) + xattr[20:]
        data = head.ljust(v1.REGION, b"\0") + data
    with tempfile.NamedTemporaryFile() as lower:
        lower.write(data)
        lower.flush()
        if isinstance(keys, Core):
            return keys.read(lower.name)
        file = v1.Lower(lower.name, keys)
        file.check_size()
        return b"".join(file.plain(zero_tail=True))


def entries(path, names, keys):
    """name -> (kind, mode, size, SHA-256)"""
    found = {}
    with tarfile.open(path, "r:xz") as tree:
        members = {m.name: m for m in tree.getmembers()}
        for member in members.values():
            parts = [p for p in os.fsencode(member.name).split(b"/")
                     if p != b"."]
            if not parts:
                continue
            name = b"/".join(names.decrypt(p) for p in parts)
            kind, size, digest = "f", 0, "-"
            if member.isdir():
                kind = "d"
            elif member.issym():
                target = names.decrypt(os.fsencode(member.linkname))
                kind, size = "l", len(target)
                digest = hashlib.sha256(target).hexdigest()
            else:
                file = members[member.linkname] if member.islnk() else member
                xattr = file.pax_headers.get("SCHILY.xattr." + v1.XATTR)
                if xattr is not None:
                    xattr = xattr.encode("utf-8", "surrogateescape")
                plain = content(tree.extractfile(file).read(), xattr, keys)
                size = len(plain)
                digest = hashlib.sha256(plain).hexdigest()
            found[name] = kind, member.mode, size, digest
    return found


def manifest(kind):
    want = {}
    with open(os.path.join(HERE, kind + ".manifest"), encoding="ascii") as file:
        for line in file:
            kind, mode, _, size, digest, name = line.split()
            want[urllib.parse.unquote_to_bytes(name)] = (
                kind, int(mode, 8), int(size), digest)
    return want


def check(name, cipher, size, encrypted, kind, passphrase, tool):
    keys = [v1.derive(passphrase)]
    names = Plain
    if tool:
        keys = Core(tool, keys[0])
    if encrypted == "yes" and tool:
        names = Core(tool, v1.derive(PASSPHRASES[0], v1.NAME_SALT), cipher,
                     size)
    elif encrypted == "yes":
        names = v1_name.Names(v1.derive(PASSPHRASES[0], v1.NAME_SALT), cipher,
                              int(size))
    found = entries(os.path.join(HERE, name + ".tar.xz"), names, keys)
    want = manifest(kind)
    for path in sorted(set(found) | set(want)):
        if found.get(path) != want.get(path):
            print("# %s: %r: %s, not %s" % (name, path, found.get(path),
                                            want.get(path)))
    return bool(want) and found == want


def main():
    failed = 0
    tool = sys.argv[1] if len(sys.argv) > 1 else None
    reader = "the core" if tool else "the oracle"
    with open(os.path.join(HERE, "index"), encoding="ascii") as index:
        rows = [line.split() for line in index if not line.startswith("#")]
    for name, cipher, size, encrypted, _, count, kind in rows:
        for passphrase in PASSPHRASES[:int(count)]:
            try:
                good = check(name, cipher, size, encrypted, kind, passphrase,
                             tool)
            except NoCipher:
                print("skip golden: %s: not in userspace's cryptography" % name)
                continue
            except (ValueError, v1.FormatError, OSError, KeyError) as error:
                print("# %s: %s" % (name, error))
                good = False
            failed += not good
            print("%s golden: %s reads %s, passphrase '%s'" % (
                "ok" if good else "FAIL", reader, name, passphrase.decode()),
                flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

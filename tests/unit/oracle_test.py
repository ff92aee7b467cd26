#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the oracle's command line: trees, errors, every cipher provider.

Prints "ok NAME", "FAIL NAME" and "skip NAME: why" lines.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ORACLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                      "oracle", "oracle.py")
PASS = ["--passphrase", "test"]


def oracle(*words, **environment):
    done = subprocess.run([sys.executable, ORACLE, *words], text=True,
                          env={**os.environ, **environment}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def make_tree(top):
    os.makedirs(os.path.join(top, "dir/empty"))
    for name, size in (("a", 0), ("b", 1), ("dir/c", 4096), ("dir/d", 70001)):
        with open(os.path.join(top, name), "wb") as target:
            target.write(os.urandom(size))
    os.symlink("../a", os.path.join(top, "dir/link"))
    os.symlink("nowhere", os.path.join(top, "broken"))
    os.symlink("dir", os.path.join(top, "todir"))
    os.link(os.path.join(top, "dir/d"), os.path.join(top, "hard"))
    os.mkfifo(os.path.join(top, "fifo"))
    os.chmod(os.path.join(top, "a"), 0o4711)
    os.chmod(os.path.join(top, "dir"), 0o1750)
    os.utime(os.path.join(top, "b"), ns=(1, 1000000000123456789))


def trees(work):
    make_tree("upper")
    status, text, error = oracle("tree-write", *PASS, "--key-bytes", "32",
                                 "upper", "lower")
    if (status, text) != (0, "4 files\n"):
        return "tree-write: " + text + error
    status, text, error = oracle("verify", *PASS, "--times", "--zero-tail",
                                 "lower", "upper")
    if (status, text) != (0, "11 entries, 0 differ\n"):
        return "verify: " + text + error
    if oracle("tree-read", *PASS, "lower", "back")[0]:
        return "tree-read"
    status, text, error = oracle("verify", *PASS, "--times", "lower", "back")
    if status:
        return "verify of tree-read: " + text + error
    text = oracle("tree-hash", *PASS, "lower")[1]
    done = subprocess.run(["sha256sum", "-c"], input=text, text=True,
                          cwd="upper", stdout=subprocess.DEVNULL, check=False)
    return "tree-hash" if done.returncode or text.count("\n") != 5 else None


def name_trees(work):
    """Trees with encrypted names, by ciphers that nothing else here has, too."""
    make_tree("upper")
    for cipher, size in (("aes", "16"), ("twofish", "32"), ("cast6", "16")):
        options = [*PASS, "--names", "--cipher", cipher, "--key-bytes", size]
        status, text, error = oracle("tree-write", *options, "upper", "lower")
        if (status, text) != (0, "4 files\n"):
            return "tree-write: " + text + error
        for _, dirs, files in os.walk("lower"):
            if not all(name.startswith("ECRYPTFS_FNEK_ENCRYPTED.")
                       for name in dirs + files):
                return "a plain name below"
        status, text, error = oracle("verify", *options, "lower", "upper")
        if (status, text) != (0, "11 entries, 0 differ\n"):
            return "verify: " + text + error
        if oracle("tree-read", *options, "lower", "back")[0]:
            return "tree-read"
        status, text, error = oracle("tree-hash", *options, "lower")
        done = subprocess.run(["sha256sum", "-c"], input=text, text=True,
                              cwd="back", stdout=subprocess.DEVNULL,
                              check=False)
        if done.returncode or text.count("\n") != 5:
            return "tree-hash: " + error
        if not os.path.islink("back/dir/link"):
            return "links"
        if oracle("verify", *PASS, "--names", "lower", "upper",
                  "--key-bytes", "24")[0] != 1:
            return "names of another key"
        shutil.rmtree("lower")
        shutil.rmtree("back")
    return None


def spoil(path, at, data):
    with open(path, "r+b") as target:
        target.seek(at)
        target.write(data)


def differences(work):
    """Each damage, and what verify must say."""
    make_tree("upper")
    oracle("tree-write", *PASS, "upper", "good")
    rows = [
        ("content", lambda: spoil("lower/dir/d", 8192 + 5000, b"x"),
         "content differs at byte 49"),
        ("size field", lambda: spoil("lower/b", 7, b"\2"), "size 2 below"),
        ("tail", lambda: os.truncate("lower/dir/c", 8192), "missing tail"),
        ("long", lambda: os.truncate("lower/dir/c", 16384),
         "makes 12288 lower bytes"),
        ("marker", lambda: spoil("lower/a", 8, b"\0\0\0\0\0"), "no marker"),
        ("missing above", lambda: spoil("lower/new", 0, b""), "is not above"),
        ("missing below", lambda: os.unlink("lower/a"), "is not below"),
        ("mode", lambda: os.chmod("lower/b", 0o600), "mode 100600 below"),
        ("link count", lambda: os.link("lower/b", "lower/b2"), "links below"),
        ("symlink", lambda: (os.unlink("lower/broken"),
                             os.symlink("x", "lower/broken")), "link target"),
    ]
    for name, damage, want in rows:
        shutil.rmtree("lower", ignore_errors=True)
        oracle("tree-write", *PASS, "upper", "lower")
        if name == "missing above":
            with open("lower/new", "wb"):
                pass
        else:
            damage()
        status, text, _ = oracle("verify", *PASS, "lower", "upper")
        if status != 1 or want not in text:
            return "%s: %r" % (name, text)
    if oracle("verify", "--passphrase", "other", "good", "upper")[0] != 1:
        return "wrong passphrase"
    return None


def providers(work):
    """The same bytes from each, for AES."""
    with open("plain", "wb") as target:
        target.write(os.urandom(9000))
    for size, fek in ((16, "00" * 16), (24, "01" * 24), (32, "ab" * 32)):
        want = None
        for provider in ("package", "libcrypto", "command", "pure"):
            status, _, error = oracle(
                "write", *PASS, "--key-bytes", str(size), "--fek", fek,
                "--marker", "00000001", "plain", "lower",
                ORACLE_CIPHERS=provider)
            if status and "oracle: aes with" in error:
                continue  # not on this machine
            with open("lower", "rb") as source:
                data = source.read()
            if status or data != (want or data):
                return "%s %d: %s" % (provider, size, error)
            want = data
            if oracle("read", *PASS, "lower", "back",
                      ORACLE_CIPHERS=provider)[0]:
                return "%s %d: read" % (provider, size)
            with open("back", "rb") as back, open("plain", "rb") as plain:
                if back.read() != plain.read():
                    return "%s %d: differs" % (provider, size)
    return None


def attributes(work):
    """Metadata in an extended attribute."""
    try:
        with open("probe", "wb"):
            pass
        os.setxattr("probe", "user.ecryptfs", b"x")
    except OSError as error:
        return "skip: " + str(error)
    with open("plain", "wb") as target:
        target.write(os.urandom(5000))
    if oracle("write", *PASS, "--xattr", "plain", "lower")[0]:
        return "write"
    value = os.getxattr("lower", "user.ecryptfs")
    if len(value) != 81 or value[19] != 6 or os.stat("lower").st_size != 8192:
        return "%d bytes of metadata" % len(value)
    if oracle("read", *PASS, "lower", "back")[0]:
        return "read"
    with open("back", "rb") as back, open("plain", "rb") as plain:
        return None if back.read() == plain.read() else "differs"


def keys(work):
    status, text, _ = oracle("keys", *PASS)
    if status or not text.startswith("d395309aaad4de06 5811660527"):
        return "keys"
    status, text, _ = oracle("payload", *PASS)
    if len(text.strip()) != 1480:
        return "payload"
    oracle("wrap-passphrase", "--passphrase", "mount", "--wrapping", "login",
           "wrapped")
    if oracle("unwrap-passphrase", "--wrapping", "login",
              "wrapped")[1] != "mount\n":
        return "wrapped passphrase"
    status, _, error = oracle("unwrap-passphrase", "--wrapping", "x",
                              "wrapped")
    return None if status == 1 and "EIO" in error else "wrong wrapping"


def names(_):
    """The first computed by hand from the description, two made by a stock
    kernel; then lengths on both sides of where the lower name gets longer."""
    known = ((16, "hello.txt",
              "FWayVrRYlN446ERDD20SlK20xSkpZmIqkmbbqS4uUSCgU24LAfMmCvuyI---"),
             (32, "loremipsum.txt",
              "FWayVrRYlN446EY.WUc7GBFqG9GB6qF3eRmJZ7NYS7ANeS4Gfi9c34ZDTU--"),
             (32, "test",
              "FWayVrRYlN446EY.WUc7GBFqG9GB6qF3eRmJwLxTOkMu8UtE6MkSWHGsZE--"))
    for size, name, want in known:
        bits = ["--key-bytes", str(size)]
        got = oracle("name", *PASS, *bits, name)[1]
        if got != "ECRYPTFS_FNEK_ENCRYPTED." + want + "\n":
            return "%s: %s" % (name, got)
        if oracle("name", *PASS, *bits, "--below", got[:-1])[1] != name + "\n":
            return "%s: not back" % name
    for length, want in ((15, 84), (16, 104), (143, 252), (144, 276),
                         (200, 340)):
        got = oracle("name", *PASS, "x" * length)[1]
        if len(got) != want + 1:
            return "%d bytes: %d below" % (length, len(got) - 1)
    status, _, error = oracle("name", *PASS, "--below", "plain")
    return None if status == 1 and "EINVAL" in error else "a plain name"


def main():
    failed = 0
    for run in (trees, name_trees, differences, providers, attributes, keys,
                names):
        name = "oracle: " + run.__name__
        with tempfile.TemporaryDirectory() as work:
            os.chdir(work)
            text = run(work)
            os.chdir("/")
        if text and text.startswith("skip: "):
            print("skip %s: %s" % (name, text[6:]))
            continue
        if text:
            print("# " + text)
            failed += 1
        print("%s %s" % ("FAIL" if text else "ok", name), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

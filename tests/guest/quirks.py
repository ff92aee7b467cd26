#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What stock eCryptfs does wrong and no other test of ours is about; the table
of all is in Documentation/testing.rst.  Environment and output as of below.py.
"""

import ctypes
import os
import signal
import struct
import subprocess
import sys
import time

import below
from ciphers import NoCipher
from below import KEY, LOWER, UPPER, among, data, equal, get, low, outcome, put, up, v1


def remount(options):
    # Not there if the mount before was refused.
    subprocess.run(["umount", UPPER], check=False,
                   stderr=subprocess.DEVNULL)
    return subprocess.run(["mount", "-i", "-t", "ecryptfs", "-o", options,
                           LOWER, UPPER], check=False,
                          stderr=subprocess.DEVNULL).returncode


def mount_direct(options):
    if below.LIBC.mount(LOWER.encode(), UPPER.encode(), b"ecryptfs", 0,
                        options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def opener_needs_no_lower_rights():
    """Q5: who opens first does not decide what those after him can do, nor
    whether an extent can be read that is to be changed in part."""
    put("f", data(b"a", 10000))
    os.chown(up("f"), 1000, 1000)
    os.chmod(up("f"), 0o200)
    child = os.fork()
    if not child:
        os.setresuid(1000, 1000, 1000)
        fd = os.open(up("f"), os.O_WRONLY)
        os.pwrite(fd, b"X" * 10, 5000)
        os.close(fd)
        os._exit(0 if outcome(os.open, up("f"), os.O_RDONLY) == "EACCES" else 3)
    equal(os.waitpid(child, 0)[1], 0, "status of the owner")
    want = data(b"a", 10000)
    equal(get("f"), want[:5000] + b"X" * 10 + want[5010:])


def extension_can_be_killed():
    """Q9: and the file is then one that has grown less."""
    with open(up("f"), "wb"):
        pass
    child = os.fork()
    if not child:
        os.truncate(up("f"), 160 << 20)
        os._exit(0)
    time.sleep(0.3)
    os.kill(child, signal.SIGKILL)
    start = time.monotonic()
    os.waitpid(child, 0)
    took = time.monotonic() - start
    if took > 10:
        raise AssertionError("took %d s to die" % took)
    size = os.stat(up("f")).st_size
    lower = v1.Lower(low("f"), [KEY])
    lower.check_size(exact=False)
    equal(lower.size, size, "the size recorded")
    with open(up("f"), "rb") as file:
        file.seek(max(0, size - 4096))
        equal(file.read().strip(b"\0"), b"", "the end")


def size_field_not_with_each_write():
    """Q10: nor an extent with each piece of it."""
    seen = set()
    with open(up("f"), "wb", buffering=0) as file:
        for _ in range(60):
            file.write(b"x" * 512)
            with open(low("f"), "rb") as lower:
                seen.add(struct.unpack(">Q", lower.read(8))[0])
    if len(seen) > 20:
        raise AssertionError("%d sizes recorded for 60 writes" % len(seen))
    equal(v1.Lower(low("f"), [KEY]).size, 60 * 512)


def key_sizes_are_checked():
    """Q15: nor is one taken because the cipher is in use already."""
    sig = v1.signature(KEY).hex()

    def mounting(cipher, size):
        return outcome(mount_direct, "ecryptfs_sig=%s,ecryptfs_cipher=%s,"
                       "ecryptfs_key_bytes=%d" % (sig, cipher, size))

    seen = 0
    subprocess.run(["umount", UPPER], check=True)
    for cipher, good in v1.KEY_BYTES.items():
        if mounting(cipher, good[0]):
            # This kernel does not have it.
            continue
        seen += 1
        # A file, so that the cipher is not only known, but in use.
        put("f", b"text")
        subprocess.run(["umount", UPPER], check=True)
        for size in (1, max(good) + 1, 63, 64, 65, 128, 256, 512, 4096, 65536):
            if size not in good:
                equal(mounting(cipher, size), "EINVAL",
                      "mounting with %s and %d bytes" % (cipher, size))
        equal(mounting(cipher, good[0]), None, "mounting again")
        os.unlink(up("f"))
        subprocess.run(["umount", UPPER], check=True)
    among(seen, range(2, 7), "ciphers looked at")
    equal(remount(os.environ["UPPER_OPTS"]), 0, "mount")


def no_zero_key():
    """Q16: a cipher without a key size, in the first file that is made."""
    sig = v1.signature(KEY).hex()
    seen = 0
    for cipher in ("blowfish", "twofish", "des3_ede", "cast5", "cast6", "aes"):
        if remount("ecryptfs_sig=%s,ecryptfs_cipher=%s" % (sig, cipher)):
            continue
        put(cipher, b"text")
        try:
            fek = v1.Lower(low(cipher), [KEY]).fek
        except NoCipher:
            # The guest may have it in no form that Python can use.
            continue
        seen += 1
        among(len(fek), v1.KEY_BYTES[cipher], "key bytes of " + cipher)
        if not any(fek):
            raise AssertionError("the key of a file by %s is zero" % cipher)
    among(seen, range(2, 7), "ciphers looked at")
    equal(remount(os.environ["UPPER_OPTS"]), 0, "mount")


def directories_up_to_date():
    """Q21: size, blocks, links and times after every kind of change."""
    os.mkdir(up("d"))
    os.mkdir(up("e"))

    def compare(what):
        for name in ("d", "e"):
            a, b = os.stat(up(name)), os.stat(low(name))
            for field in ("st_size", "st_blocks", "st_nlink", "st_mtime_ns",
                          "st_ctime_ns"):
                equal(getattr(a, field), getattr(b, field),
                      "%s of %s after %s" % (field, name, what))

    for number in range(150):
        os.symlink("x", up("d/%0100d" % number))
    compare("symlink()")
    for number in range(20):
        os.mkdir(up("d/dir%d" % number))
    compare("mkdir()")
    for number in range(20):
        os.rename(up("d/dir%d" % number), up("e/dir%d" % number))
    compare("rename()")
    for number in range(10):
        os.rmdir(up("e/dir%d" % number))
    compare("rmdir()")
    for number in range(150):
        os.unlink(up("d/%0100d" % number))
    compare("unlink()")
    put("d/f", b"text")
    os.link(up("d/f"), up("e/f"))
    compare("link()")


def token_not_written_to():
    """Q26: the key's payload is as it was added."""
    def payload():
        found = subprocess.run(["keyctl", "search", "@u", "user",
                                v1.signature(KEY).hex()],
                               stdout=subprocess.PIPE, check=True)
        return subprocess.run(["keyctl", "pipe", found.stdout.strip()],
                              stdout=subprocess.PIPE, check=True).stdout

    before = payload()
    put("f", b"text")
    equal(get("f"), b"text")
    if len(before) < 700 or payload() != before:
        raise AssertionError("the payload has changed")


TESTS = [opener_needs_no_lower_rights, extension_can_be_killed,
         size_field_not_with_each_write, key_sizes_are_checked, no_zero_key,
         directories_up_to_date, token_not_written_to]

if __name__ == "__main__":
    sys.exit(1 if sum(below.run(test) for test in TESTS) else 0)

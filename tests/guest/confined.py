#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that Landlock confines to one directory of DIR works there as if
DIR was any filesystem: it is judged by the path that it uses.

confined.py DIR.  LOWER_DIR, if it is not DIR, is the lower directory of the
eCryptfs mount there.  Prints a verdict line for each test; status 1 if one is a
failure, 2 if there is no Landlock.
"""

import ctypes
import errno
import mmap
import os
import struct
import sys

DIR = sys.argv[1]
LOWER = os.environ.get("LOWER_DIR", DIR)
PREFIX = os.environ.get("PREFIX", "")
LIBC = ctypes.CDLL(None, use_errno=True)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
# All rights of the first version, and to rename between directories.
RIGHTS = (1 << 14) - 1
FAILED = 0


def system(*args):
    ret = LIBC.syscall(*args)
    if ret < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return ret


def confine(path):
    rules = system(CREATE_RULESET, struct.pack("=Q", RIGHTS), 8, 0)
    fd = os.open(path, os.O_PATH)
    system(ADD_RULE, rules, 1, struct.pack("=Qi", RIGHTS, fd), 0)
    os.close(fd)
    LIBC.prctl(38, 1, 0, 0, 0)
    system(RESTRICT_SELF, rules, 0)


def put(path, text):
    with open(path, "wb") as file:
        file.write(text)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def allowed(name, function, wanted=None):
    global FAILED
    try:
        got = function()
        why = None if wanted is None or got == wanted else "%r instead of %r" % (got, wanted)
    except OSError as error:
        why = errno.errorcode[error.errno]
    print("ok %s%s" % (PREFIX, name) if why is None else "not ok %s%s: %s" % (PREFIX, name, why))
    FAILED |= why is not None


def refused(name, function):
    global FAILED
    try:
        function()
        why = "was allowed"
    except OSError as error:
        why = None if error.errno == errno.EACCES else errno.errorcode[error.errno]
    print("ok %s%s" % (PREFIX, name) if why is None else "not ok %s%s: %s" % (PREFIX, name, why))
    FAILED |= why is not None


def nameless():
    fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, b"nameless")
    # With a descriptor for the directory Python follows the link.
    os.link("/proc/self/fd/%d" % fd, "named", src_dir_fd=fd)
    os.close(fd)
    return get("named")


def mapped():
    with open("f", "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[0:1] = b"M"
        memory.flush()
    return get("f")[:1]


def main():
    os.makedirs(os.path.join(DIR, "in/sub"))
    os.chdir(DIR)
    put("in/f", b"hello" * 4000)
    put("out", b"secret")
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3")
    try:
        confine("in")
    except OSError as error:
        print("skip %sall of it: no Landlock: %s" % (PREFIX, error.strerror))
        return 2
    os.chdir("in")
    allowed("a directory is listed", lambda: sorted(os.listdir(".")), ["f", "sub"])
    allowed("and one in it", lambda: os.listdir("sub"), [])
    allowed("a cold file is read", lambda: get("f"), b"hello" * 4000)
    allowed("and mapped", mapped, b"M")
    allowed("one is made", lambda: put("new", b"x" * 9000))
    allowed("and read", lambda: get("new"), b"x" * 9000)
    allowed("without a name", nameless, b"nameless")
    allowed("a directory is made", lambda: os.mkdir("sub/d"))
    allowed("a file is renamed", lambda: os.rename("new", "sub/d/new"))
    allowed("linked", lambda: os.link("sub/d/new", "sub/d/second"))
    allowed("cut", lambda: os.truncate("sub/d/new", 5))
    allowed("and removed", lambda: [os.unlink("sub/d/new"), os.unlink("sub/d/second"), os.rmdir("sub/d")] and None)
    allowed("a symlink is made", lambda: os.symlink("f", "l"))
    allowed("and followed", lambda: get("l")[:5], b"Mello")
    allowed("modes change", lambda: os.chmod("f", 0o600))
    allowed("attributes, too", lambda: os.setxattr("f", "user.x", b"y"))
    allowed("and are read", lambda: os.getxattr("f", "user.x"), b"y")
    refused("what is outside stays closed", lambda: get("../out"))
    refused("its directory can't be listed", lambda: os.listdir(".."))
    refused("nothing can be made there", lambda: put("../made", b""))
    if LOWER != DIR:
        refused("the lower directory stays closed", lambda: os.listdir(LOWER))
    return int(FAILED)


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fallocate(): what is reserved, what is zeroed, and what a file is like then.

allocate.py DIR.  LOWER_DIR, if it is not DIR, is the lower directory of the
eCryptfs mount there.  RESERVES: whether the lower filesystem holds what it has
reserved for who asked, on a full disk.  Prints a verdict line for each test;
status 1 if one is a failure.
"""

import ctypes
import errno
import mmap
import os
import random
import sys
import time

DIR = sys.argv[-1]
PREFIX = os.environ.get("PREFIX", "")
OURS = os.environ.get("LOWER_DIR", DIR) != DIR
RESERVES = os.environ.get("RESERVES") == "1"
KEEP, PUNCH, COLLAPSE, ZERO, INSERT = 1, 2, 8, 16, 32
PAGE = 4096
MB = 1 << 20
FAILED = 0
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def fallocate(fd, mode, off, size):
    if libc.fallocate(fd, mode, off, size):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def code_of(call, *args):
    try:
        call(*args)
    except OSError as error:
        return error.errno
    return 0


def test(name, good, got=None):
    global FAILED
    print("ok %sallocate: %s" % (PREFIX, name) if good else "not ok %sallocate: %s: %r" % (PREFIX, name, got))
    FAILED |= not good


def make(name, size, seed):
    """(open file, what is in it)"""
    fd = os.open(os.path.join(DIR, name), os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o644)
    data = bytearray(random.Random(seed).randbytes(size))
    write(fd, data, 0)
    return fd, data


def write(fd, data, off):
    rest = memoryview(data)
    while rest:
        done = os.pwrite(fd, rest, off)
        rest, off = rest[done:], off + done


def read(fd):
    size, parts, at = os.fstat(fd).st_size, [], 0
    while at < size:
        part = os.pread(fd, min(size - at, MB), at)
        if not part:
            break
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def cold(fd):
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def differs(fd, data):
    """Where what is read is not what should be, from the cache and from below."""
    for _ in range(2):
        got = read(fd)
        if got != data:
            at = next((i for i, (a, b) in enumerate(zip(got, data)) if a != b), min(len(got), len(data)))
            return "at %d; %d bytes instead of %d" % (at, len(got), len(data))
        cold(fd)
    return ""


def space(fd):
    os.fsync(fd)
    return os.fstat(fd).st_blocks * 512


def reserved():
    fd, data = make("reserved", 10000, 1)
    before = space(fd)
    fallocate(fd, KEEP, 0, 8 * MB)
    got = space(fd) - before
    test("KEEP_SIZE takes space", 7 * MB < got < 10 * MB, got)
    test("KEEP_SIZE leaves the file as it is", not differs(fd, data), differs(fd, data))
    write(fd, b"tail", MB)
    data += bytes(MB - len(data)) + b"tail"
    test("what was reserved is written to", not differs(fd, data), differs(fd, data))
    os.ftruncate(fd, len(data))
    got = space(fd) - before
    test("a cut to the same size gives the rest back", got < 2 * MB, got)
    fallocate(fd, KEEP, 4 * MB, 8 * MB)
    os.ftruncate(fd, 5000)
    got = space(fd) - before
    test("so does one to a smaller size", got < MB, got)
    del data[5000:]
    test("which keeps what is left", not differs(fd, data), differs(fd, data))
    os.close(fd)
    fd, data = make("empty", 0, 1)
    fallocate(fd, KEEP, 0, MB)
    test("an empty file stays empty", os.fstat(fd).st_size == 0 and space(fd) >= MB, os.fstat(fd))
    write(fd, b"x" * 5000, 0)
    test("and can be written", not differs(fd, b"x" * 5000), differs(fd, b"x" * 5000))
    os.close(fd)


def full_disk():
    """What is reserved is there when nothing else is."""
    fd, data = make("full", 5000, 2)
    fallocate(fd, KEEP, 0, 3 * MB)
    sure, zeros = make("sure", 0, 3)
    os.posix_fallocate(sure, 0, 3 * MB)
    os.fsync(fd)
    os.fsync(sure)
    fill = os.open(os.path.join(DIR, "fill"), os.O_CREAT | os.O_WRONLY, 0o600)
    for size in (MB, PAGE):
        try:
            while True:
                os.write(fill, bytes(size))
                os.fsync(fill)
        except OSError as error:
            test("the disk gets full", error.errno == errno.ENOSPC, error)
    more = random.Random(4).randbytes(2 * MB)
    got = code_of(write, fd, more, 8192) or code_of(os.fsync, fd)
    test("space that was reserved by KEEP_SIZE", not got, got)
    got = code_of(write, sure, more, 8192) or code_of(os.fsync, sure)
    test("space that was allocated", not got, got)
    got = code_of(fallocate, sure, KEEP, 4 * MB, 256 * MB)
    test("no more is to be had", got == errno.ENOSPC, got)
    # If the flusher had taken the pages of the write that failed, it says so here, too.
    code_of(os.close, fill)
    os.unlink(os.path.join(DIR, "fill"))
    if not FAILED:
        data = data + bytes(8192 - len(data)) + more
        test("all of it is there", not differs(fd, data), differs(fd, data))
        zeros = bytes(8192) + more + bytes(3 * MB - 8192 - len(more))
        test("and of the other", not differs(sure, zeros), differs(sure, zeros))
    for each in (fd, sure):
        os.close(each)
    os.unlink(os.path.join(DIR, "full"))
    os.unlink(os.path.join(DIR, "sure"))


def zeroed():
    """Punches and zeroes at all kinds of places."""
    fd, data = make("zeroed", 30 * PAGE + 777, 5)
    for off, size in ((0, 1), (1, 4095), (4000, 200), (PAGE, PAGE), (5 * PAGE - 1, 18 * PAGE + 2),
                      (30 * PAGE, 777), (30 * PAGE + 500, 100000)):
        for mode, name in ((PUNCH | KEEP, "PUNCH_HOLE"), (ZERO | KEEP, "ZERO_RANGE")):
            write(fd, random.Random(off).randbytes(min(size, len(data) - off)), off)
            fallocate(fd, mode, off, size)
            data[off:off + size] = bytes(min(size, len(data) - off))
            got = differs(fd, data)
            test("%s of %d at %d" % (name, size, off), not got, got)
    size = len(data)
    fallocate(fd, PUNCH | KEEP, 8 * MB, MB)
    fallocate(fd, ZERO, size - 500, 10000)
    data[size - 500:] = bytes(10000)
    test("ZERO_RANGE over the end lengthens the file", not differs(fd, data), differs(fd, data))
    fallocate(fd, ZERO, MB, 10)
    data += bytes(MB + 10 - len(data))
    test("and one behind it", not differs(fd, data), differs(fd, data))
    os.close(fd)
    # More than one write of zeros takes.
    fd, data = make("long", 2 * MB, 8)
    fallocate(fd, PUNCH | KEEP, 4097, 3 * MB // 2)
    data[4097:4097 + 3 * MB // 2] = bytes(3 * MB // 2)
    got = differs(fd, data)
    test("a long hole", not got, got)
    os.close(fd)


def mapped():
    fd, data = make("mapped", 64 * PAGE, 6)
    with mmap.mmap(fd, len(data)) as view:
        view[5 * PAGE:5 * PAGE + 3] = b"abc"
        fallocate(fd, PUNCH | KEEP, 5 * PAGE + 1, 20 * PAGE)
        data[5 * PAGE] = ord("a")
        data[5 * PAGE + 1:25 * PAGE + 1] = bytes(20 * PAGE)
        test("a mapping sees it", view[:] == data)
        view[7 * PAGE] = 1
        data[7 * PAGE] = 1
    test("and stores to what was punched", not differs(fd, data), differs(fd, data))
    os.close(fd)


def attributes():
    fd, _ = make("attributes", 20000, 7)
    for mode in (0, KEEP, PUNCH | KEEP, ZERO):
        before = os.fstat(fd)
        time.sleep(0.03)
        fallocate(fd, mode, 100, 10000)
        after = os.fstat(fd)
        test("mode %d changes the times" % mode, after.st_mtime_ns > before.st_mtime_ns and
             after.st_ctime_ns > before.st_ctime_ns, (before, after))
    os.fchmod(fd, 0o6777)
    os.fchown(fd, 1000, 1000)
    os.fchmod(fd, 0o6777)
    if not os.fork():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            fallocate(fd, PUNCH | KEEP, 0, 10)
        except OSError:
            os._exit(1)
        os._exit(0)
    status = os.wait()[1]
    test("it takes set-id bits away", not status and os.fstat(fd).st_mode & 0o7777 == 0o777, oct(os.fstat(fd).st_mode))
    readable = os.open(os.path.join(DIR, "attributes"), os.O_RDONLY)
    test("not by a reader", code_of(fallocate, readable, PUNCH | KEEP, 0, 10) == errno.EBADF)
    os.close(readable)
    test("a hole that changes the size", code_of(fallocate, fd, PUNCH, 0, 10) == errno.EOPNOTSUPP)
    if OURS:
        for mode in (COLLAPSE, INSERT):
            got = code_of(fallocate, fd, mode, PAGE, PAGE)
            test("mode %d is refused" % mode, got == errno.EOPNOTSUPP, got)
    os.close(fd)


def at_random(seed, rounds):
    chance = random.Random(seed)
    fd, data = make("random", chance.randrange(60000), seed)
    log = []
    for _ in range(rounds):
        off, size = chance.randrange(100000), chance.randrange(1, 1 + chance.choice((100, 10000, 70000)))
        what = chance.choice(("allocate", "keep", "punch", "zero", "zero keep", "write", "cut", "cold"))
        log.append((what, off, size))
        end = min(off + size, len(data))
        if what == "allocate":
            fallocate(fd, 0, off, size)
            data += bytes(max(0, off + size - len(data)))
        elif what == "keep":
            fallocate(fd, KEEP, off, size)
        elif what in ("punch", "zero keep"):
            fallocate(fd, (PUNCH if what == "punch" else ZERO) | KEEP, off, size)
            data[off:end] = bytes(max(0, end - off))
        elif what == "zero":
            fallocate(fd, ZERO, off, size)
            data += bytes(max(0, off + size - len(data)))
            data[off:off + size] = bytes(size)
        elif what == "write":
            more = chance.randbytes(size)
            write(fd, more, off)
            data += bytes(max(0, off + size - len(data)))
            data[off:off + size] = more
        elif what == "cut":
            os.ftruncate(fd, off)
            data += bytes(max(0, off - len(data)))
            del data[off:]
        else:
            cold(fd)
        if read(fd) != data:
            test("at random, %d" % seed, False, log)
            return
    got = differs(fd, data)
    test("at random, %d" % seed, not got, (got, log))
    os.close(fd)


def main():
    for each in (reserved, zeroed, mapped, attributes):
        each()
    for seed in range(3):
        at_random(seed, 60)
    if RESERVES:
        full_disk()
    return int(FAILED)


sys.exit(main())

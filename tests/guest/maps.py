#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the data of a file are: FIEMAP, SEEK_DATA and SEEK_HOLE tell the truth of
what is dirty and of what is on disk.

maps.py DIR.  LOWER_DIR, if it is not DIR, is the lower directory of the eCryptfs
mount there, with plain names and HEADER bytes of metadata in front of the data.
Prints a verdict line for each test; status 1 if one is a failure.

maps.py plain DIR: the file "plain" there has the lower file's map as it is.
maps.py view DIR: the file "maps.kept" has none.
"""

import errno
import fcntl
import mmap
import os
import struct
import sys
import threading
import time

MODE = sys.argv[1] if len(sys.argv) > 2 else ""
DIR = sys.argv[-1]
LOWER = os.environ.get("LOWER_DIR", DIR)
PREFIX = os.environ.get("PREFIX", "")
OURS = LOWER != DIR
FS_IOC_FIEMAP = 0xC020660B
SYNC = 1
LAST, UNKNOWN, DELALLOC, ENCODED, ENCRYPTED = 1, 2, 4, 8, 0x80
SIZE, HEADER = 1 << 20, int(os.environ.get("HEADER", "8192"))
FAILED = 0


def fiemap(file, start=0, length=0xFFFFFFFFFFFFFFFF, flags=0, room=64):
    """(number, [(logical, physical, length, flags)])"""
    buffer = bytearray(struct.pack("QQIIII", start, length, flags, 0, room, 0) + bytes(56 * room))
    fcntl.ioctl(file, FS_IOC_FIEMAP, buffer)
    number = struct.unpack_from("I", buffer, 20)[0]
    found = [struct.unpack_from("QQQ16xI", buffer, 32 + 56 * at) for at in range(min(number, room))]
    return number, found


def covers(extents, start, end):
    for logical, _, length, _ in extents:
        if logical <= start < logical + length:
            start = logical + length
    return start >= end


def physical(extents, at):
    for logical, where, length, _ in extents:
        if logical <= at < logical + length:
            return where + at - logical
    return None


def test(name, good, got):
    global FAILED
    print("ok %smaps: %s" % (PREFIX, name) if good else "not ok %smaps: %s: %r" % (PREFIX, name, got))
    FAILED |= not good


def of_path(path):
    with open(path, "rb") as file:
        return fiemap(file, flags=SYNC)[1]


def plain():
    there, below = of_path(os.path.join(DIR, "plain")), of_path(os.path.join(LOWER, "plain"))
    test("of plaintext are the lower file's", there and there == below, (there, below))
    return int(FAILED)


def view():
    try:
        got = of_path(os.path.join(DIR, "maps.kept"))
    except OSError as error:
        got = error.errno
    test("are none of the encrypted view", got == errno.EOPNOTSUPP, got)
    return int(FAILED)


def into_itself(file):
    """The answer goes to a mapping of the file that is asked about, while the
    same page is written down again and again."""
    ask = struct.pack("QQIIII", 0, SIZE, 0, 0, 64, 0)
    stop = threading.Event()
    rounds, end = 0, time.monotonic() + 3
    with mmap.mmap(file.fileno(), SIZE) as view:
        def sync():
            while not stop.is_set():
                view.flush(0, mmap.PAGESIZE)

        thread = threading.Thread(target=sync)
        thread.start()
        with memoryview(view) as whole, whole[:32 + 56 * 64] as buffer:
            while time.monotonic() < end:
                buffer[:32] = ask
                fcntl.ioctl(file, FS_IOC_FIEMAP, buffer)
                rounds += 1
            got = struct.unpack_from("I", buffer, 20)[0]
        stop.set()
        thread.join()
    test("into a mapping of the file", rounds and got, (rounds, got))


def main():
    path = os.path.join(DIR, "maps")
    with open(path, "w+b", buffering=0) as file:
        file.write(os.urandom(SIZE))
        number, dirty = fiemap(file)
        test("dirty data are there", covers(dirty, 0, SIZE), dirty)
        test("SEEK_HOLE of dirty data", os.lseek(file.fileno(), 0, os.SEEK_HOLE) == SIZE, None)
        test("SEEK_DATA of dirty data", os.lseek(file.fileno(), 4097, os.SEEK_DATA) == 4097, None)
        os.fsync(file.fileno())
        number, clean = fiemap(file, flags=SYNC)
        test("data on disk are there", covers(clean, 0, SIZE), clean)
        test("in known places", not any(flags & (UNKNOWN | DELALLOC) for *_, flags in clean), clean)
        test("with an end", clean[-1][3] & LAST, clean)
        test("in order", clean == sorted(clean) and all(a[0] + a[2] <= b[0] for a, b in zip(clean, clean[1:])), clean)
        test("are counted", fiemap(file, room=0)[0] == number, fiemap(file, room=0))
        part = fiemap(file, 262144, 65536)[1]
        test("in part", covers(part, 262144, 262144 + 65536) and physical(part, 262144) == physical(clean, 262144), part)
        test("one at a time", fiemap(file, room=1)[1] == clean[:1], clean)
        test("nothing beyond", not fiemap(file, 1 << 30, 4096)[1], fiemap(file, 1 << 30, 4096))
        test("SEEK_HOLE of clean data", os.lseek(file.fileno(), 0, os.SEEK_HOLE) == SIZE, None)
        marks = [flags & (ENCODED | ENCRYPTED) for *_, flags in clean]
        test("are said to be encrypted" if OURS else "are not", all(m == (ENCODED | ENCRYPTED if OURS else 0) for m in marks), clean)
        if OURS:
            with open(os.path.join(LOWER, "maps"), "rb") as lower:
                below = fiemap(lower)[1]
            for at in (0, 4096, SIZE - 4096):
                test("the place of %d is the lower file's" % at, physical(clean, at) == physical(below, at + HEADER), (clean, below))
        into_itself(file)
    with open(path, "wb") as file:
        test("none of an empty file", fiemap(file) == (0, []), fiemap(file))
    os.unlink(path)
    return int(FAILED)


sys.exit({"plain": plain, "view": view}.get(MODE, main)())

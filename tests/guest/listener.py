#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
listener.py UPPER LOWER UPPER_FILE LOWER_FILE: a listener of one thread that must
allow each open and each read on both filesystems, and looks at the file before it
does.  Somebody else reads the upper file.  Status 0 if that ends, and what was
asked about is the upper file, not the lower one.
"""
import ctypes
import os
import signal
import struct
import sys

CLASS_CONTENT = 4
ADD, FILESYSTEM = 1, 0x100
OPEN_PERM, ACCESS_PERM = 0x10000, 0x20000
ALLOW = 1
EVENT = struct.Struct("=IBBHQii")

upper, lower, upper_file, lower_file = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
libc.fanotify_mark.argtypes = [ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p]

group = libc.fanotify_init(CLASS_CONTENT, os.O_RDONLY)
if group < 0:
    sys.exit("fanotify_init: " + os.strerror(ctypes.get_errno()))
for path in upper, lower:
    if libc.fanotify_mark(group, ADD | FILESYSTEM, OPEN_PERM | ACCESS_PERM, -100, path.encode()):
        sys.exit("fanotify_mark: " + os.strerror(ctypes.get_errno()))

reader = os.fork()
if not reader:
    os.close(group)
    with open(upper_file, "rb") as file:
        os._exit(0 if file.read(5) == b"first" else 1)


def gone(*_):
    """The reader: wakes read() up by closing nothing, but ending it all."""
    status = os.waitpid(reader, 0)[1]
    if status:
        sys.exit("the reader ended with status %d" % status)
    if upper_file not in asked:
        sys.exit("nobody was asked: %r" % asked)
    if lower_file in asked:
        sys.exit("asked about the lower file, too: %r" % asked)
    os._exit(0)


asked = []
signal.signal(signal.SIGCHLD, gone)
signal.alarm(60)
while True:
    events = os.read(group, 4096)
    while events:
        length, _, _, _, _, fd, _ = EVENT.unpack_from(events)
        events = events[length:]
        name = os.readlink("/proc/self/fd/%d" % fd)
        asked.append(name)
        if name == upper_file:
            os.stat(name)
            os.pread(fd, 10, 0)
        os.write(group, struct.pack("=iI", fd, ALLOW))
        os.close(fd)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
delegated.py UPPER LOWER: each change of names in the directory UPPER, while
another process holds a delegation of LOWER, the directory below, which it gives
up when it is asked to.  The change has to wait for that and then be made.

Prints a verdict line for each change; status 1 if one is a failure, 77 if there
are no such delegations here.
"""
import errno
import fcntl
import os
import signal
import stat
import struct
import sys
import time

F_SETDELEG = 1024 + 16
PREFIX = os.environ.get("PREFIX", "")
upper, lower = sys.argv[1:]


def delegation(fd, kind):
    """Asks for one of struct delegation's types."""
    fcntl.fcntl(fd, F_SETDELEG, struct.pack("=IHH", 0, kind, 0))


def hold(told):
    """In a child: holds one until it is to be broken, and says so."""
    fd = os.open(lower, os.O_RDONLY | os.O_DIRECTORY)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGIO})
    try:
        delegation(fd, fcntl.F_RDLCK)
    except OSError as error:
        os.write(told, b"n" if error.errno == errno.EINVAL else b"e")
        os._exit(1)
    os.write(told, b"y")
    if signal.sigtimedwait({signal.SIGIO}, 10) is None:
        os._exit(2)
    # Long enough for an attempt that does not wait to fail.
    time.sleep(0.3)
    delegation(fd, fcntl.F_UNLCK)
    os._exit(0)


def create(name):
    os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))


CHANGES = (
    ("creat", lambda: create(upper + "/file")),
    ("mkdir", lambda: os.mkdir(upper + "/dir")),
    ("mknod", lambda: os.mknod(upper + "/fifo", stat.S_IFIFO | 0o644)),
    ("symlink", lambda: os.symlink("file", upper + "/symlink")),
    ("link", lambda: os.link(upper + "/file", upper + "/link")),
    ("rename", lambda: os.rename(upper + "/link", upper + "/renamed")),
    ("rename into it", lambda: os.rename(upper + "/../beside", upper + "/inside")),
    ("rename out of it", lambda: os.rename(upper + "/inside", upper + "/../beside")),
    ("rename over", lambda: os.rename(upper + "/renamed", upper + "/fifo")),
    ("unlink", lambda: os.unlink(upper + "/fifo")),
    ("rmdir", lambda: os.rmdir(upper + "/dir")),
)

create(upper + "/../beside")
failed = False
for what, change in CHANGES:
    ready, told = os.pipe()
    holder = os.fork()
    if not holder:
        hold(told)
    os.close(told)
    answer = os.read(ready, 1)
    os.close(ready)
    if answer == b"n" and what == CHANGES[0][0]:
        os.waitpid(holder, 0)
        sys.exit(77)
    why = None if answer == b"y" else "no delegation of the lower directory"
    try:
        change()
    except OSError as error:
        why = errno.errorcode[error.errno]
    status = os.waitstatus_to_exitcode(os.waitpid(holder, 0)[1])
    if not why and status:
        why = "the holder was not asked to give it up (%d)" % status
    print("ok %s%s" % (PREFIX, what) if not why else "not ok %s%s: %s" % (PREFIX, what, why))
    failed = failed or bool(why)
sys.exit(failed)

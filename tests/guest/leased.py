#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
leased.py UPPER LOWER: somebody holds a lease (F_SETLEASE) of a file in LOWER and
does not give it up.  Who opens the file above it for writing has to wait for
that; nobody else has, neither its readers nor whoever writes other files down.

Prints a verdict line for each; status 1 if one is a failure.
"""
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time

PREFIX = os.environ.get("PREFIX", "")
BREAK_TIME = "/proc/sys/fs/lease-break-time"
# Of a lease that is not given up, and what a call may take that waits for none.
HELD, SOON = 60, 25
upper, lower = sys.argv[1:]
failed = False


def check(what, good, why=""):
    global failed
    print("ok %s%s" % (PREFIX, what) if good else "not ok %s%s: %s" % (PREFIX, what, why))
    failed = failed or not good


def soon(what, call):
    before = time.monotonic()
    call()
    took = time.monotonic() - before
    check(what, took < SOON, "took %.0f s" % took)


def make(name):
    """A file without a byte below: its header is left to the flusher."""
    os.mknod(upper + "/" + name, stat.S_IFREG | 0o644)


def lease(name):
    fd = os.open(lower + "/" + name, os.O_RDONLY)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    return fd


def give_up(held):
    # Not by closing it: a process that was forked has it open, too.
    fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    os.close(held)


def sync():
    subprocess.run(["sync", "-f", upper], check=True)


def opener(name):
    """A process that opens the file for writing, and writes."""
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        fd = os.open(upper + "/" + name, os.O_WRONLY)
        os.write(fd, b"written")
        os.close(fd)
        os._exit(0)
    time.sleep(1)
    return pid


def ended(pid):
    """Its status, -1 if it does not end soon."""
    for _ in range(SOON * 10):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.1)
    return -1


def read(name):
    with open(upper + "/" + name, "rb") as file:
        return file.read()


signal.signal(signal.SIGIO, signal.SIG_IGN)
with open(BREAK_TIME) as file:
    usual = file.read()
with open(BREAK_TIME, "w") as file:
    file.write(str(HELD))

make("made")
make("beside")
held = lease("made")
soon("what others wrote is written down without waiting", sync)
check("a file that is leased is not", os.stat(lower + "/made").st_size == 0)
check("one beside it is", os.stat(lower + "/beside").st_size >= 4096)
soon("it can be renamed over another one", lambda: os.rename(upper + "/made", upper + "/beside"))
writer = opener("beside")
check("who opens it for writing waits", os.waitpid(writer, os.WNOHANG)[0] == 0)
soon("who reads it does not", lambda: read("beside"))
soon("nor does the flusher meanwhile", sync)
os.kill(writer, signal.SIGTERM)
check("a signal ends the waiting", ended(writer) == signal.SIGTERM)
writer = opener("beside")
check("the next one waits", os.waitpid(writer, os.WNOHANG)[0] == 0)
give_up(held)
check("and goes on when the lease is given up", ended(writer) == 0)
check("with what it writes", read("beside") == b"written", repr(read("beside")))

make("left")
held = lease("left")
sync()
give_up(held)
sync()
check("what had to stay is written down afterwards", os.stat(lower + "/left").st_size >= 4096)

with open(BREAK_TIME, "w") as file:
    file.write(usual)
sys.exit(failed)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What fails below, or for want of memory, is told to whom it concerns, and
breaks nothing.  Run by t_faults.sh; environment and output as for enospc.py.

nth      makes each allocation of each system call fail in turn
storm    makes a part of all allocations fail while files are written
ioerror  lets the lower disk fail, and compares with what ext4 itself reports
"""

import ctypes
import errno
import hashlib
import os
import random
import re
import subprocess
import sys

import enospc
from enospc import LOWER, UPPER, check, code_of, data, path, remount

LIBC = ctypes.CDLL(None, use_errno=True)
DEBUG = "/sys/kernel/debug"
PLAIN = os.path.join(os.path.dirname(LOWER), "plain")
DEVICE = os.environ.get("FAULT_DEVICE", "")


def put(name, value):
    with open(name, "w", encoding="ascii") as file:
        file.write(str(value))


def faults(probability):
    """Of the tasks that are marked with make-it-fail."""
    for kind in ("failslab", "fail_page_alloc"):
        where = os.path.join(DEBUG, kind)
        put(where + "/verbose", 0)
        put(where + "/task-filter", "Y")
        put(where + "/interval", 1)
        put(where + "/times", -1)
        put(where + "/ignore-gfp-wait", "N")
        put(where + "/probability", probability)
    put(DEBUG + "/fail_page_alloc/min-order", 0)
    put(DEBUG + "/fail_page_alloc/ignore-gfp-highmem", "N")


# --- each allocation in turn ------------------------------------------------

class Nth:
    """Calls something with the nth allocation failing, for each n."""

    def __init__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def call(self, number, what):
        """(errno of the call, whether it got as far as the nth)"""
        os.pwrite(self.fd, b"%d" % number, 0)
        end = code_of(what)
        left = os.pread(self.fd, 16, 0)
        os.pwrite(self.fd, b"0", 0)
        return end, left.strip(b"\0\n") == b"0"


TEXT = data(b"nth_", 50000)
# tmpfs says ENOSPC when it has no memory for an inode.
EXPECTED = (0, errno.ENOMEM, errno.ENOSPC)


def with_fd(name, flags, what):
    fd = os.open(path(name), flags, 0o644)
    try:
        return what(fd)
    finally:
        os.close(fd)


def mount_direct():
    if LIBC.mount(LOWER.encode(), UPPER.encode(), b"ecryptfs", 0,
                  os.environ["UPPER_OPTS"].encode()):
        raise OSError(ctypes.get_errno(), "mount")


def remount_direct():
    """With nothing cached above; without processes, which take their time."""
    if LIBC.umount2(UPPER.encode(), 0):
        raise OSError(ctypes.get_errno(), "umount")
    mount_direct()


def prepare():
    with open(path("old"), "wb") as file:
        file.write(TEXT)
    for name in ("new", "moved", "link", "soft", "dir"):
        if name == "dir" and os.path.isdir(path(name)):
            os.rmdir(path(name))
        elif os.path.lexists(path(name)):
            os.unlink(path(name))


def read_old():
    with_fd("old", os.O_RDONLY, lambda fd: os.read(fd, 60000))


CALLS = {
    # name: (without caches, call, contents of "old" that it may leave)
    "stat": (True, lambda: os.stat(path("old")), [TEXT]),
    "list": (True, lambda: os.listdir(UPPER), [TEXT]),
    "open and read": (True, read_old, [TEXT]),
    "open for writing": (True, lambda: with_fd(
        "old", os.O_RDWR, lambda fd: None), [TEXT]),
    "create": (False, lambda: with_fd(
        "new", os.O_RDWR | os.O_CREAT, lambda fd: None), [TEXT]),
    "mkdir": (False, lambda: os.mkdir(path("dir")), [TEXT]),
    "symlink": (False, lambda: os.symlink("old", path("soft")), [TEXT]),
    "link": (False, lambda: os.link(path("old"), path("link")), [TEXT]),
    "rename": (False, lambda: os.rename(path("old"), path("moved")), [TEXT]),
    "truncate to less": (True, lambda: os.truncate(path("old"), 4097),
                         [TEXT, TEXT[:4097]]),
    "truncate to more": (True, lambda: os.truncate(path("old"), 70000),
                         [TEXT, TEXT.ljust(70000, b"\0")]),
}


def nth_open_file(nth, what, make, allowed, limit):
    """Calls on a file that stays open: write and fsync."""
    failures = 0
    for number in range(1, limit):
        prepare()
        remount_direct()
        fd = os.open(path("old"), os.O_RDWR)
        end, reached = nth.call(number, lambda: make(fd))
        failures += bool(end)
        if end not in EXPECTED:
            check("nth: %s" % what, False, "errno %d at %d" % (end, number))
        # Now it must work, and what was accepted must be there.
        again = code_of(make, fd) or code_of(os.fsync, fd) or code_of(
            os.close, fd)
        remount_direct()
        with open(path("old"), "rb") as file:
            seen = file.read()
        if again or seen != allowed:
            check("nth: %s" % what, False, "allocation %d: errno %d, then %d, "
                  "content %s" % (number, end, again, seen == allowed))
            return
        if not reached:
            check("nth: %s: %d allocations, %d failures" % (
                what, number - 1, failures), number > 1)
            return
    check("nth: %s: %d allocations, %d failures" % (what, limit, failures),
          True)


def group_nth():
    faults(0)
    nth = Nth()
    limit = int(os.environ.get("FAULT_NTH", "60"))
    for what, (uncached, call, allowed) in CALLS.items():
        failures, number, good = 0, 0, True
        for number in range(1, limit):
            prepare()
            if uncached:
                remount_direct()
            end, reached = nth.call(number, call)
            failures += bool(end)
            names = os.listdir(UPPER)
            seen = b""
            # A name is there once, under the old or the new name.
            old = "old" if "old" in names else "moved"
            with open(path(old), "rb") as file:
                seen = file.read()
            whole = seen in allowed
            if "new" in names:
                with open(path("new"), "rb") as file:
                    whole = whole and file.read() == b""
            if end not in EXPECTED or not whole:
                good = check("nth: " + what, False, "allocation %d: errno %d, "
                             "%d bytes" % (number, end, len(seen)))
            if not reached or not good:
                break
        if good:
            check("nth: %s: %d allocations, %d failures" % (
                what, number - 1, failures), number > 1)
    more = data(b"more", 30000)
    nth_open_file(nth, "write", lambda fd: os.pwrite(fd, more, 40000),
                  TEXT[:40000] + more, limit)
    nth_open_file(nth, "write and fsync", lambda fd: (
        os.pwrite(fd, more, 10), os.fsync(fd)), TEXT[:10] + more +
        TEXT[30010:], limit)
    failures = 0
    for number in range(1, limit):
        LIBC.umount2(UPPER.encode(), 0)
        end, reached = nth.call(number, mount_direct)
        failures += bool(end)
        if end:
            mount_direct()
        if not reached:
            break
    check("nth: mount: %d allocations, %d failures" % (number - 1, failures),
          number > 1 and os.path.exists(path("old")))
    enospc.clean()


# --- many -------------------------------------------------------------------

class Storm:
    """A part of the allocations fails in the kernel's own threads, the flusher's
    among them, and in calls of ours; whatever runs this test is left alone."""

    def __init__(self, probability):
        self.fd = os.open("/proc/self/make-it-fail", os.O_RDWR)
        self.probability = probability

    @staticmethod
    def threads(mark):
        # Those to come inherit it from kthreadd.
        for task in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % task, "rb") as line:
                    if line.read():
                        continue
                put("/proc/%s/make-it-fail" % task, mark)
            except (FileNotFoundError, ProcessLookupError):
                pass

    def __enter__(self):
        faults(self.probability)
        self.threads(1)
        return self

    def __exit__(self, *_):
        faults(0)
        self.threads(0)

    def call(self, what, *args):
        """(result, errno)"""
        os.pwrite(self.fd, b"1", 0)
        try:
            return what(*args), 0
        except OSError as error:
            return None, error.errno
        finally:
            os.pwrite(self.fd, b"0", 0)


def storm_write(storm, fd, text, at):
    """All of it, however often memory is refused; (times, errno that is not)"""
    done, refused = 0, 0
    while done < len(text):
        wrote, end = storm.call(os.pwrite, fd, text[done:], at + done)
        if end:
            refused += 1
            if end != errno.ENOMEM or refused > 1000:
                return refused, end
        else:
            done += wrote
    return refused, 0


def lost_below():
    """Inodes that ext4 says it has lost data of: written into reserved space,
    which it had no memory to mark as written.  It tells nobody else."""
    with os.popen("dmesg") as log:
        return {int(number) for number in re.findall(
            r"potential data loss!\s+\(inode (\d+)", log.read())}


def group_storm():
    """A refused caller tries again."""
    rnd = random.Random(int(os.environ.get("FAULT_SEED", "5")))
    model = {n: bytearray() for n in range(4)}
    fds = {n: os.open(path("storm%d" % n), os.O_RDWR | os.O_CREAT)
           for n in model}
    refused, told = 0, set()
    with Storm(10) as storm:
        for step in range(300):
            n = rnd.randrange(4)
            text = data(b"s%03d" % step, rnd.choice([100, 4096, 20000]))
            at = rnd.randrange(len(model[n]) + 1)
            times, end = storm_write(storm, fds[n], text, at)
            refused += times
            if end:
                check("storm: write", False, os.strerror(end))
                return
            model[n][at:at + len(text)] = text
            if step % 10 == 0:
                end = storm.call(os.fsync, fds[n])[1]
                refused += bool(end)
                if end == errno.EIO:
                    told.add(n)
                # What is in the cache needs no memory.
                os.posix_fadvise(fds[n], 0, 0, os.POSIX_FADV_DONTNEED)
    for n, fd in fds.items():
        if code_of(os.fsync, fd):
            told.add(n)
    ends = [code_of(os.fsync, fd) for fd in fds.values()]
    check("storm: %d failures, %d files with an error told, none after the "
          "storm" % (refused, len(told)), not any(ends) and refused, repr(ends))
    for fd in fds.values():
        os.close(fd)
    remount()
    lost = lost_below()
    for n, text in model.items():
        # The lower filesystem, too, may have lost what it was given.
        if os.stat(path("storm%d" % n)).st_ino in lost:
            print("# file %d: data lost below" % n)
        elif n not in told:
            enospc.same("storm%d" % n, "storm, file %d" % n,
                        hashlib.md5(text).digest(), len(text))
        bad = []
        with open(path("storm%d" % n), "rb") as file:
            seen = file.read()
        for at in range(0, max(len(seen), len(text)), 4096):
            if seen[at:at + 4096] != text[at:at + 4096]:
                bad.append(at)
        if bad:
            print("# file %d: %d of %d extents differ, first at %d; zeros: %s" %
                  (n, len(bad), -(-len(text) // 4096), bad[0],
                   not any(seen[bad[0]:bad[0] + 4096])))
    enospc.clean()


# --- the lower disk ---------------------------------------------------------

def disk(mode):
    """good; bad: writes fail; broken: everything fails"""
    size = int(subprocess.run(["blockdev", "--getsz", DEVICE], check=True,
                              capture_output=True, text=True).stdout)
    table = {
        "good": "0 %d linear %s 0" % (size, DEVICE),
        "bad": "0 %d flakey %s 0 0 3600 1 error_writes" % (size, DEVICE),
        "broken": "0 %d error" % size}[mode]
    for command in (["suspend", "--nolockfs", "--noflush", "faults"],
                    ["load", "faults", "--table", table],
                    ["resume", "faults"]):
        subprocess.run(["dmsetup"] + command, check=True)


def write_error(top, how):
    """What two descriptors of one file are told of a failed write."""
    name = os.path.join(top, "error-" + how)
    one = os.open(name, os.O_RDWR | os.O_CREAT)
    two = os.open(name, os.O_RDWR)
    os.pwrite(one, data(b"good", 200000), 0)
    ends = [code_of(os.fsync, one), code_of(os.fsync, two)]
    os.pwrite(one, data(b"lost", 100000), 50000)
    disk("bad")
    if how == "sync":
        # By another process.
        subprocess.run(["sync", "-f", top], check=False, stderr=-3)
    else:
        ends += [code_of(os.fsync, one), code_of(os.fsync, two)]
    disk("good")
    ends += [code_of(os.fsync, one), code_of(os.fsync, two)]
    ends += [code_of(os.fsync, one), code_of(os.fsync, two)]
    os.pwrite(one, data(b"then", 100000), 50000)
    ends += [code_of(os.fsync, one), code_of(os.fsync, two),
             code_of(os.close, one), code_of(os.close, two)]
    return ends


def group_ioerror():
    os.makedirs(PLAIN, exist_ok=True)
    for how in ("fsync", "sync"):
        plain = write_error(PLAIN, how)
        ours = write_error(UPPER, how)
        check("ioerror: the lower filesystem itself reports a failed write "
              "(%s)" % how, errno.EIO in plain, repr(plain))
        # Once each, at least: trying again while the disk is still bad may
        # fail again, which is reported, too.
        check("ioerror: a failed write is told as there (%s)" % how,
              ours[:4] == plain[:4] and ours[6:] == plain[6:] and
              all(mine >= theirs for mine, theirs in zip(ours, plain)),
              "%s, there %s" % (ours, plain))
        expect = (data(b"good", 50000) + data(b"then", 100000) +
                  data(b"good", 200000)[150000:])
        os.sync()
        remount()
        enospc.same("error-" + how, "ioerror: written again (%s)" % how,
                    hashlib.md5(expect).digest(), len(expect))
    name = "error-sync"
    remount()
    fd = os.open(path(name), os.O_RDONLY)
    disk("broken")
    end = code_of(os.pread, fd, 4096, 100000)
    disk("good")
    check("ioerror: a read that fails says EIO", end == errno.EIO,
          "errno %d" % end)
    check("ioerror: and is not remembered",
          os.pread(fd, 4096, 100000) == expect[100000:104096])
    os.close(fd)
    enospc.clean()


def main():
    for group in sys.argv[1:]:
        globals()["group_" + group]()
    return 1 if enospc.failed else 0


if __name__ == "__main__":
    sys.exit(main())

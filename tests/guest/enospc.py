#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A small lower filesystem, filled up in every way: what write() accepted is
there, what it could not accept it said itself, and nothing broken is left.

Environment as set by lib.sh: LOWER_DIR, UPPER_DIR, UPPER_OPTS, LOWER_FS,
PREFIX.  Arguments: the groups to run.  Prints verdict lines; status 1 if one
is a failure.
"""

import errno
import hashlib
import mmap
import os
import shutil
import signal
import subprocess
import sys
import time

T = os.environ.get("T", "/tests")
LOWER = os.environ["LOWER_DIR"]
UPPER = os.environ["UPPER_DIR"]
FS = os.environ["LOWER_FS"]
PREFIX = os.environ.get("PREFIX", "")
# Where the lower filesystem promises space, see lf_reserves in the module.
PROMISES = FS in ("ext4", "xfs", "tmpfs")
FULL = (errno.ENOSPC, errno.EDQUOT)
KIB, MIB = 1024, 1024 * 1024
failed = False

os.environ.setdefault("ORACLE_CIPHERS", "libcrypto")
sys.path.insert(0, os.path.join(T, "oracle"))
import v1  # noqa: E402

KEYS = [v1.derive(b"test")]


def check(name, good, why=""):
    global failed
    if good:
        print("ok %s%s" % (PREFIX, name), flush=True)
    else:
        failed = True
        print("not ok %s%s: %s" % (PREFIX, name, why), flush=True)
    return good


def path(name):
    return os.path.join(UPPER, name)


def data(tag, length):
    block = b"".join(b"%s%08d." % (tag, n) for n in range(512))
    return (block * (length // len(block) + 1))[:length]


def code_of(call, *args):
    """errno of a failing call, 0 if it does not fail."""
    try:
        call(*args)
    except OSError as error:
        return error.errno
    return 0


def fill(fd, tag, piece, digest, limit=None):
    """Appends until the disk is full: (bytes accepted, errno of the end).

    A short write is an answer, too, and must be followed by an error."""
    done, short = 0, 0
    text = data(tag, piece)
    while limit is None or done < limit:
        try:
            got = os.write(fd, text)
        except OSError as error:
            return done, error.errno, short
        digest.update(text[:got])
        done += got
        if got < piece:
            short += 1
            if short > 40:
                return done, -1, short
    return done, 0, short


def free_bytes():
    """After what the filesystem does with some delay."""
    os.sync()
    stat = os.statvfs(UPPER)
    return stat.f_bavail * stat.f_bsize


def remount():
    subprocess.run(["umount", UPPER], check=True)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
        drop.write("3")
    subprocess.run(["mount", "-i", "-t", "ecryptfs", "-o",
                    os.environ["UPPER_OPTS"], LOWER, UPPER], check=True)


def upper_digest(name):
    with open(path(name), "rb") as file:
        return hashlib.md5(file.read()).digest()


def oracle_digest(name):
    lower = v1.Lower(os.path.join(LOWER, name), KEYS)
    digest = hashlib.md5()
    for part in lower.plain():
        digest.update(part)
    return digest.digest()


def same(name, what, digest, size):
    """One file, by us with cold caches and by the oracle."""
    got = os.stat(path(name)).st_size
    check("%s: size" % what, got == size, "%d, %d accepted" % (got, size))
    check("%s: content" % what, upper_digest(name) == digest, "differs")
    check("%s: content by the oracle" % what, oracle_digest(name) == digest,
          "differs")


def lower_sound(what):
    """Every lower file decodes, has the length its size asks for, and takes
    no more space than that; one of no byte is an empty file, whose header found
    no space.  A full btrfs refuses even to shorten a file, as
    the call itself says (ENOSPC), so there it may have more, which no reader
    looks at; never less."""
    bad = []
    number = 0
    for top, _, files in os.walk(LOWER):
        for name in files:
            file = os.path.join(top, name)
            number += 1
            if not os.stat(file).st_size:
                upper = os.path.join(UPPER, os.path.relpath(file, LOWER))
                if os.stat(upper).st_size:
                    bad.append("%s: nothing below" % file)
                continue
            try:
                v1.Lower(file, KEYS).check_size(exact=FS != "btrfs")
            except v1.FormatError as error:
                bad.append(str(error))
                continue
            stat = os.stat(file)
            if PROMISES and stat.st_blocks * 512 > stat.st_size + 64 * KIB:
                bad.append("%s: %d bytes take %d" % (
                    file, stat.st_size, stat.st_blocks * 512))
    check("%s: lower files are sound" % what, number and not bad,
          "%d of %d: %s" % (len(bad), number, bad[:3]))


def clean():
    for name in os.listdir(UPPER):
        if os.path.isdir(path(name)):
            shutil.rmtree(path(name))
        else:
            os.unlink(path(name))
    os.sync()


def fill_rest():
    """Takes what is left, in smaller and smaller pieces."""
    fd = os.open(path("rest"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for piece in (MIB, 64 * KIB, 4 * KIB, 512):
        fill(fd, b"rest", piece, hashlib.md5())
    os.close(fd)


def group_stream():
    start = free_bytes()
    before = data(b"kept", 300 * KIB)
    with open(path("kept"), "wb") as file:
        file.write(before)
    digest = hashlib.md5()
    fd = os.open(path("big"), os.O_WRONLY | os.O_CREAT)
    size, end, short = fill(fd, b"big.", 128 * KIB, digest)
    check("stream: write() says that the disk is full", end == errno.ENOSPC,
          "errno %d after %d bytes, %d short writes" % (end, size, short))
    check("stream: and says so again", code_of(os.write, fd, b"x" * 128 * KIB)
          == errno.ENOSPC or FS == "btrfs")
    now = os.fstat(fd).st_size
    check("stream: what was accepted is the size", now == size or not PROMISES
          and now >= size, "%d, %d" % (size, now))
    check("stream: fsync() has nothing to complain of",
          code_of(os.fsync, fd) == 0)
    check("stream: close() neither", code_of(os.close, fd) == 0)
    left = free_bytes()
    check("stream: full means full", left < max(start // 16, 512 * KIB) or
          FS == "btrfs", "%d of %d bytes are free" % (left, start))
    remount()
    same("big", "stream", digest.digest(), size)
    same("kept", "stream, what was there before",
         hashlib.md5(before).digest(), len(before))
    lower_sound("stream")
    # Space that is given back can be used.
    os.unlink(path("big"))
    os.sync()
    digest = hashlib.md5()
    fd = os.open(path("again"), os.O_WRONLY | os.O_CREAT)
    size, end, _ = fill(fd, b"agai", 128 * KIB, digest, limit=size // 2)
    check("stream: space given back can be used", end == 0 and
          code_of(os.fsync, fd) == 0, "errno %d after %d bytes" % (end, size))
    os.close(fd)
    remount()
    same("again", "stream, again", digest.digest(), size)
    clean()
    # Some filesystems free what was unlinked in the background.
    for _ in range(20):
        left = free_bytes()
        if left > start - start // 10:
            break
        time.sleep(0.5)
    check("stream: all space comes back", left > start - start // 10,
          "%d of %d" % (left, start))


def group_append():
    if FS == "btrfs":
        # Files of 4 MiB: a full btrfs does not shorten one, as lower_sound()
        # says, but removes it.
        made = []
        try:
            while True:
                made.append(path("ballast%d" % len(made)))
                with open(made[-1], "wb") as file:
                    for _ in range(16):
                        file.write(bytes(256 * KIB))
        except OSError:
            pass
        for name in made[-2:]:
            if os.path.exists(name):
                os.unlink(name)
        os.sync()
    for piece in (700, 4096):
        digest = hashlib.md5()
        name = "pieces%d" % piece
        fd = os.open(path(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        size, end, _ = fill(fd, b"a%d" % piece, piece, digest,
                            limit=None if piece > 4000 else 3 * MIB)
        check("append %d: to the end" % piece, end in (0, errno.ENOSPC),
              "errno %d" % end)
        check("append %d: fsync, close" % piece,
              (code_of(os.fsync, fd), code_of(os.close, fd)) == (0, 0))
        remount()
        same(name, "append %d" % piece, digest.digest(), size)
    lower_sound("append")
    clean()


def group_files():
    """Small files until the disk is full, each with one write()."""
    if FS == "btrfs":
        fill_rest()
        os.truncate(path("rest"), max(0, os.stat(
            path("rest")).st_size - 6 * MIB))
        os.sync()
    good, end = {}, None
    for number in range(20000):
        name = "s%d" % number
        text = data(b"s%d" % number, 5000 if number % 3 else 0)
        try:
            fd = os.open(path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except OSError as error:
            end = error.errno
            break
        got = 0
        try:
            got = os.write(fd, text) if text else 0
        except OSError as error:
            end = error.errno
        closed = code_of(os.close, fd)
        check("files: close() after a full disk", closed == 0,
              "errno %d" % closed) if closed else None
        good[name] = text[:got]
        if end:
            break
    check("files: the disk gets full", end == errno.ENOSPC,
          "errno %s after %d files" % (end, len(good)))
    # More attempts, none of which may leave anything broken.
    for number in range(30):
        name = "t%d" % number
        try:
            with open(path(name), "xb"):
                good[name] = b""
        except OSError as error:
            end = error.errno
            check("files: creating fails with ENOSPC", end == errno.ENOSPC,
                  "errno %d" % end) if end != errno.ENOSPC else None
    remount()
    names = set(os.listdir(UPPER)) - {"rest"}
    check("files: those that were made are there", names == set(good),
          "too many %s, too few %s" % (sorted(names - set(good))[:5],
                                       sorted(set(good) - names)[:5]))
    bad = []
    for name, text in good.items():
        with open(path(name), "rb") as file:
            if file.read() != text:
                bad.append(name)
    check("files: as accepted", not bad, "%d of %d: %s" % (
        len(bad), len(good), bad[:5]))
    lower_sound("files")
    clean()


def group_inside():
    """What needs no new space works on a full disk."""
    size = MIB
    with open(path("inside"), "wb") as file:
        file.write(data(b"in__", size))
    expect = bytearray(data(b"in__", size))
    fill_rest()
    fd = os.open(path("inside"), os.O_RDWR)
    view = mmap.mmap(fd, size)
    for at in range(100, size, 50000):
        view[at:at + 11] = b"store %04d." % (at % 10000)
        expect[at:at + 11] = b"store %04d." % (at % 10000)
    check("inside: msync()", code_of(view.flush) == 0)
    view.close()
    for at in range(3000, size, 70000):
        os.pwrite(fd, b"overwritten", at)
        expect[at:at + 11] = b"overwritten"
    check("inside: fsync, close",
          (code_of(os.fsync, fd), code_of(os.close, fd)) == (0, 0))
    remount()
    same("inside", "inside", hashlib.md5(expect).digest(), size)
    os.truncate(path("inside"), 5000)
    same("inside", "inside, cut", hashlib.md5(expect[:5000]).digest(), 5000)
    os.rename(path("inside"), path("renamed"))
    same("renamed", "inside, renamed", hashlib.md5(expect[:5000]).digest(),
         5000)
    lower_sound("inside")
    clean()


def group_shared():
    """Where blocks are shared with a copy made below, overwriting takes space:
    what is accepted is stored, and the copy stays what it was."""
    size = 3 * MIB
    before = data(b"shar", size)
    with open(path("shared"), "wb") as file:
        file.write(before)
    os.sync()
    subprocess.run(["cp", "--reflink=always", os.path.join(LOWER, "shared"),
                    os.path.join(LOWER, "copy")], check=True)
    # Some room, less than all.
    with open(path("room"), "wb") as file:
        file.write(data(b"room", MIB))
    fill_rest()
    os.unlink(path("room"))
    os.sync()
    fd = os.open(path("shared"), os.O_RDWR)
    expect = bytearray(before)
    done, ends = 0, []
    for at in range(0, size, 64 * KIB):
        try:
            got = os.pwrite(fd, data(b"over", 50000), at)
        except OSError as error:
            ends.append(error.errno)
            continue
        expect[at:at + got] = data(b"over", got)
        done += got
    check("shared: some is accepted", done >= 128 * KIB, done)
    check("shared: not all of it", ends and set(ends) <= set(FULL), ends)
    check("shared: fsync, close",
          (code_of(os.fsync, fd), code_of(os.close, fd)) == (0, 0))
    # A line at the end, and the size with it.
    err = code_of(append_line, "shared")
    check("shared: appending", err == 0 or err in FULL, err)
    if not err:
        expect += b"a line"
    remount()
    same("shared", "shared", hashlib.md5(expect).digest(), len(expect))
    same("copy", "shared, copy", hashlib.md5(before).digest(), size)
    lower_sound("shared")
    clean()


def append_line(name):
    with open(path(name), "ab") as file:
        file.write(b"a line")


def group_grow():
    """Growing beyond what there is: refused at once, nothing changes."""
    text = data(b"grow", 100001)
    with open(path("grow"), "wb") as file:
        file.write(text)
    os.sync()
    before = free_bytes()
    huge = before * 2 + 64 * MIB

    def fallocate(size):
        fd = os.open(path("grow"), os.O_RDWR)
        try:
            os.posix_fallocate(fd, 0, size)
        finally:
            os.close(fd)

    def write_far(size):
        fd = os.open(path("grow"), os.O_RDWR)
        try:
            os.pwrite(fd, b"far", size)
        finally:
            os.close(fd)

    def truncate(size):
        os.truncate(path("grow"), size)

    for what, call in (("truncate", truncate), ("fallocate", fallocate),
                       ("write far away", write_far)):
        for size in (huge, 1 << 40 if PROMISES else huge):
            start = time.monotonic()
            end = code_of(call, size)
            seconds = time.monotonic() - start
            check("grow: %s to %d MiB" % (what, size // MIB),
                  end in (errno.ENOSPC, errno.EFBIG) and
                  (seconds < 5 or not PROMISES),
                  "errno %d after %.1f s" % (end, seconds))
            now = os.stat(path("grow")).st_size
            check("grow: %s to %d MiB changes nothing" % (what, size // MIB),
                  now == len(text), "size %d" % now)
            if now != len(text):
                os.truncate(path("grow"), len(text))
    os.sync()
    check("grow: no space is lost", free_bytes() > before - before // 20 -
          256 * KIB, "%d of %d" % (free_bytes(), before))
    remount()
    same("grow", "grow", hashlib.md5(text).digest(), len(text))
    lower_sound("grow")
    clean()


def group_pair():
    """Two that write at the same time, until neither can."""
    children = []
    for name in ("one", "two"):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            digest = hashlib.md5()
            fd = os.open(path(name), os.O_WRONLY | os.O_CREAT)
            size, end, _ = fill(fd, name.encode(), 50000, digest)
            ends = code_of(os.fsync, fd), code_of(os.close, fd)
            os.write(write, repr((size, end, ends, digest.digest())).encode())
            os._exit(0)
        os.close(write)
        children.append((name, read, pid))
    for name, read, pid in children:
        answer = b""
        while True:
            part = os.read(read, 4096)
            if not part:
                break
            answer += part
        os.waitpid(pid, 0)
        size, end, ends, digest = eval(answer)
        check("pair: %s meets the end" % name, end == errno.ENOSPC and
              ends == (0, 0), "errno %d, then %s" % (end, ends))
        same(name, "pair, " + name, digest, size)
    remount()
    lower_sound("pair")
    clean()


def group_helped():
    """Another process writes the same file back all the time: what write() has
    accepted is there all the same, and what it refused is an error of nobody
    else's."""
    name = "helped"
    fd = os.open(path(name), os.O_WRONLY | os.O_CREAT)
    pid = os.fork()
    if pid == 0:
        other = os.open(path(name), os.O_RDWR)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        while True:
            err = code_of(os.fsync, other)
            if err:
                os._exit(err)
    digest = hashlib.md5()
    size, end, _ = fill(fd, name.encode(), 50000, digest)
    os.kill(pid, signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    check("helped: meets the end", end == errno.ENOSPC, "errno %d" % end)
    # Where it was the other one whom the lower filesystem refused.
    check("helped: the other is told of nothing else", status in (0, errno.ENOSPC),
          "errno %d" % status)
    os.close(fd)
    same(name, "helped", digest.digest(), size)
    remount()
    lower_sound("helped")
    clean()


def flusher(often):
    """Has it come all the time, or as it was before; returns what it was."""
    before = []
    for name, value in zip(("dirty_writeback_centisecs",
                            "dirty_expire_centisecs"), often):
        with open("/proc/sys/vm/" + name, "r+") as file:
            before.append(file.read())
            file.write(value)
    return before


def press_on(seconds):
    """In a child: as user 1000, who has nothing left of a quota, goes on writing
    and making files."""
    end = time.monotonic() + seconds
    os.setgroups([])
    os.setgid(1000)
    os.setuid(1000)
    fd = os.open(path("home/mine"), os.O_WRONLY | os.O_APPEND)
    text = data(b"more", MIB)
    number, refused = 0, False
    while time.monotonic() < end:
        refused |= code_of(os.write, fd, text) == errno.EDQUOT
        number += 1
        code_of(os.mknod, path("home/made%d" % number), 0o100644)
    if not refused:
        raise ValueError("no write() said EDQUOT")


def used_by(uid):
    """Bytes that the lower filesystem has given a user."""
    bytes_used = 0
    for top, dirs, files in os.walk(LOWER):
        for name in dirs + files:
            stat = os.lstat(os.path.join(top, name))
            if stat.st_uid == uid:
                bytes_used += stat.st_blocks * 512
    return bytes_used


def quota_and_flusher():
    """The flusher, which no quota stops, takes what is just being written."""
    before = flusher(("1", "1"))
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            press_on(8)
            status = 0
        finally:
            os._exit(status)
    check("quota: somebody writes on", os.waitpid(pid, 0)[1] == 0)
    os.sync()
    flusher(before)
    check("quota: files were made meanwhile", any(
        name.startswith("made") for name in os.listdir(path("home"))))
    check("quota: the flusher lends nobody its rights",
          used_by(1000) <= 5 * MIB, "%d bytes are used" % used_by(1000))
    for name in os.listdir(path("home")):
        if name.startswith("made"):
            os.unlink(path("home/" + name))


def group_quota():
    """As user 1000, who has a quota and is not root."""
    os.mkdir(path("home"))
    os.chown(path("home"), 1000, 1000)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(1000)
        os.setuid(1000)
        digest = hashlib.md5()
        fd = os.open(path("home/mine"), os.O_WRONLY | os.O_CREAT)
        size, end, _ = fill(fd, b"mine", 64 * KIB, digest, limit=12 * MIB)
        ends = code_of(os.fsync, fd), code_of(os.close, fd)
        small = code_of(os.posix_fallocate, os.open(
            path("home/mine"), os.O_RDWR), 0, 12 * MIB)
        os.write(write, repr((size, end, ends, small,
                              digest.digest())).encode())
        os._exit(0)
    os.close(write)
    answer = os.read(read, 4096)
    os.waitpid(pid, 0)
    size, end, ends, grown, digest = eval(answer)
    check("quota: write() says EDQUOT", end == errno.EDQUOT,
          "errno %d after %d bytes" % (end, size))
    check("quota: most of it was usable", size > 3 * MIB, "%d bytes" % size)
    check("quota: fsync, close", ends == (0, 0), repr(ends))
    check("quota: fallocate() says EDQUOT", grown == errno.EDQUOT,
          "errno %d" % grown)
    remount()
    same("home/mine", "quota", digest, size)
    lower_sound("quota")
    quota_and_flusher()
    remount()
    lower_sound("quota and flusher")
    clean()


def main():
    for group in sys.argv[1:]:
        globals()["group_" + group]()
    sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A workload with a model of what may be left of it after a crash.

run     does operations 0, 1, ... of a seed on a mounted filesystem, and says
        after each that it is done: by a mark in a dm-log-writes log, or by a
        synchronous write to a device that survives.
replay  builds, from such a log, the lower device as it was at many moments
        (also with part of what was not flushed yet lost), mounts it and checks.
check   checks one lower directory, e.g. after a real power cut.

What is checked of each state is the rule of durability: all that was synced is
there, what was not is there, absent, or as it was before, and nothing is there
that was never written.  A file that is replaced by a rename over it is the old or
the new one where the lower filesystem alone promises that (--fs).  Every lower file
decodes by the oracle, and our module reads it to the end and the same bytes.

Of what was never synced, a crash may leave these, which are counted: extents
that read as zeros; lower files that are longer than the size says; a size beyond
the end of the lower file, which shows what is there; a lower file of length 0 or of
zeros, which is an empty one; and data whose header did not reach the disk, which
must fail to read, and can be truncated.

With --plain the lower filesystem alone is run and checked, by the same model.
The status of a check is 3 if all that is wrong is that files which were replaced have
neither the old nor the new content.
"""

import argparse
import collections
import fcntl
import mmap
import os
import random
import struct
import subprocess
import sys
import time

EXTENT = 4096
REGION = 8192
KEPT_OPEN = 3
# These have a file's data on disk before a rename of it over another one.  btrfs
# starts to write them, and can commit the rename before they are there.
KEEP_REPLACED = ("ext4",)
# A failure that counts only where the lower filesystem alone does not have it.
NEITHER = "neither old nor new"
# What decode() finds where a header should be, and is none.
NO_HEADER = object()


def pattern(index, length):
    """Bytes that tell which operation wrote them, and where."""
    return b"".join(b"%07d:%07d\n" % (index, n)
                    for n in range(-(-length // 16)))[:length]


# --- the model --------------------------------------------------------------

class Model:
    """Names, their contents, and what a crash may leave of each.

    may[name]: versions since the last that is certain, which comes first; each
    is (content or None for no such file, whether extents of it may be mixed
    with those of others).
    """

    def __init__(self):
        self.now = {}
        self.may = {}

    def change(self, name, content, mixed):
        if content is None:
            self.now.pop(name, None)
        else:
            self.now[name] = content
        self.may[name] = self.may.get(name, ((None, False),)) + (
            (content, mixed),)

    def settle(self, name):
        self.may[name] = ((self.now.get(name), False),)

    def settle_all(self):
        for name in self.may:
            self.settle(name)


def plan(args):
    """[(operation, what is allowed while it runs, and when it is done)]"""
    rnd = random.Random(args.seed)
    model = Model()
    keeps = args.fs in KEEP_REPLACED
    names = ["a/%d" % n for n in range(7)] + ["b/%d" % n for n in range(6)]
    steps = []
    for index in range(args.count):
        name = rnd.choice(names)
        op = choose(rnd, model, name, names)
        op["index"] = index
        op["new"] = None in [c for c, _ in model.may.get(name, ((None, 0),))]
        settles = apply(model, op, keeps)
        during = dict(model.may)
        for settled in settles:
            model.settle(settled)
        if op["kind"] == "syncfs":
            model.settle_all()
        steps.append((op, during, dict(model.may)))
    return steps


def choose(rnd, model, name, names):
    size = len(model.now.get(name, b""))
    op = {"name": name, "sync": rnd.random() < 0.35, "pause": rnd.random() / 30}
    if rnd.random() < 0.05:
        return dict(op, kind="syncfs")
    if name not in model.now:
        return dict(op, kind="create", length=rnd.choice(
            [0, 1, 100, 4095, 4096, 4097, 9000, 20000, 70000]))
    free = [n for n in names if n not in model.now]
    kind = rnd.choice(["append"] * 6 + ["overwrite"] * 3 + ["truncate"] * 2 +
                      ["store"] * 2 + ["replace"] * 3 + ["rewrite"] * 2 +
                      ["unlink"] +
                      (["rename"] * 2 if free else []))
    if size > 200000:
        kind = "truncate"
    if size == 0 and kind in ("overwrite", "store"):
        kind = "append"
    op["kind"] = kind
    if kind == "append":
        op["length"] = rnd.choice([1, 300, 512, 4096, 5000, 30000])
        op["keep"] = rnd.random() < 0.4
    elif kind in ("overwrite", "store"):
        op["at"] = rnd.randrange(size)
        op["length"] = min(rnd.choice([1, 512, 4096, 10000]), size - op["at"])
    elif kind == "truncate":
        op["to"] = rnd.choice([0, size // 2, max(size - 1, 0),
                               min(size + 6000, 200000)])
    elif kind in ("replace", "rewrite"):
        op["length"] = rnd.choice([10, 5000, 40000])
    elif kind == "rename":
        op["to"] = rnd.choice(free)
    return op


def apply(model, op, keeps):
    """Changes the model; the names that are certain when it is done.

    keeps: of a file that is replaced without fsync the old or the new content
    is left, whole.
    """
    kind, name = op["kind"], op["name"]
    old = model.now.get(name, b"")
    settles = [name] if op["sync"] else []
    if kind == "create":
        model.change(name, b"", True)
        model.change(name, pattern(op["index"], op["length"]), True)
    elif kind == "append":
        model.change(name, old + pattern(op["index"], op["length"]), True)
    elif kind in ("overwrite", "store"):
        end = op["at"] + op["length"]
        model.change(name, old[:op["at"]] + pattern(
            op["index"], op["length"]) + old[end:], True)
    elif kind == "truncate":
        model.change(name, old[:op["to"]].ljust(op["to"], b"\0"), True)
    elif kind == "replace":
        whole = keeps or op["sync"]
        if not whole:
            model.change(name, b"", True)
        model.change(name, pattern(op["index"], op["length"]), not whole)
    elif kind == "rewrite":
        # Its moments are seen here, and each filesystem has one at which the
        # file is empty; how long it lasts t_powercut_replace.sh shows.
        model.change(name, b"", True)
        model.change(name, pattern(op["index"], op["length"]), True)
    elif kind == "unlink":
        model.change(name, None, False)
    elif kind == "rename":
        model.change(op["to"], old, False)
        model.may[op["to"]] += model.may[name]
        model.change(name, None, False)
        if op["sync"]:
            settles = [name, op["to"]]
    return settles


# --- doing it ---------------------------------------------------------------

class Runner:
    def __init__(self, top):
        self.top = top
        self.open = collections.OrderedDict()
        for name in ("a", "b"):
            os.makedirs(os.path.join(top, name), exist_ok=True)
        for name in ("a", "b", "."):
            self.sync_dir(os.path.join(name, "x"))

    def path(self, name):
        return os.path.join(self.top, name)

    def sync_dir(self, name):
        fd = os.open(os.path.dirname(self.path(name)), os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)

    def drop(self, name):
        fd = self.open.pop(name, None)
        if fd is not None:
            os.close(fd)

    def finish(self, fd, op):
        if op["sync"]:
            os.fsync(fd)
        os.close(fd)
        if op["sync"] and op["new"]:
            self.sync_dir(op["name"])

    def do(self, op):
        time.sleep(op["pause"])
        getattr(self, "do_" + op["kind"])(op)

    def do_create(self, op):
        fd = os.open(self.path(op["name"]), os.O_RDWR | os.O_CREAT | os.O_EXCL)
        put(fd, pattern(op["index"], op["length"]), 0)
        self.finish(fd, op)

    def do_append(self, op):
        name = op["name"]
        fd = self.open.pop(name, None)
        if fd is None:
            fd = os.open(self.path(name), os.O_RDWR)
        put(fd, pattern(op["index"], op["length"]), os.fstat(fd).st_size)
        if not op["keep"]:
            self.finish(fd, op)
            return
        if op["sync"]:
            os.fdatasync(fd)
            if op["new"]:
                self.sync_dir(name)
        self.open[name] = fd
        if len(self.open) > KEPT_OPEN:
            self.drop(next(iter(self.open)))

    def do_overwrite(self, op):
        fd = os.open(self.path(op["name"]), os.O_RDWR)
        put(fd, pattern(op["index"], op["length"]), op["at"])
        self.finish(fd, op)

    def do_store(self, op):
        fd = os.open(self.path(op["name"]), os.O_RDWR)
        view = mmap.mmap(fd, 0)
        end = op["at"] + op["length"]
        view[op["at"]:end] = pattern(op["index"], op["length"])
        if op["sync"]:
            view.flush()
        view.close()
        self.finish(fd, op)

    def do_truncate(self, op):
        fd = os.open(self.path(op["name"]), os.O_RDWR)
        os.ftruncate(fd, op["to"])
        self.finish(fd, op)

    def do_replace(self, op):
        self.drop(op["name"])
        temp = op["name"] + ".tmp"
        fd = os.open(self.path(temp), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        put(fd, pattern(op["index"], op["length"]), 0)
        if op["sync"]:
            os.fsync(fd)
        os.close(fd)
        os.rename(self.path(temp), self.path(op["name"]))
        if op["sync"]:
            self.sync_dir(op["name"])

    def do_rewrite(self, op):
        self.drop(op["name"])
        fd = os.open(self.path(op["name"]), os.O_WRONLY | os.O_TRUNC)
        put(fd, pattern(op["index"], op["length"]), 0)
        self.finish(fd, op)

    def do_unlink(self, op):
        self.drop(op["name"])
        os.unlink(self.path(op["name"]))
        if op["sync"]:
            self.sync_dir(op["name"])

    def do_rename(self, op):
        self.drop(op["name"])
        fd = os.open(self.path(op["name"]), os.O_RDWR)
        os.fsync(fd)
        os.close(fd)
        self.sync_dir(op["name"])
        os.rename(self.path(op["name"]), self.path(op["to"]))
        if op["sync"]:
            self.sync_dir(op["to"])
            self.sync_dir(op["name"])

    def do_syncfs(self, _op):
        subprocess.run(["sync", "-f", self.top], check=True)


def put(fd, data, at):
    """In pieces, as programs write."""
    step = 7000
    for off in range(0, len(data), step):
        part = data[off:off + step]
        if os.pwrite(fd, part, at + off) != len(part):
            raise OSError("short write")


def dm_mark(device, text):
    """dmsetup message DEVICE 0 mark TEXT, without the process."""
    message = struct.pack("<Q", 0) + b"mark " + text.encode() + b"\0"
    size = 305 + 7 + len(message)
    # struct dm_ioctl: version[3], data_size, data_start, target_count,
    # open_count, flags, event_nr, padding, dev, name, uuid, data
    head = struct.pack("<3IIIIiIII Q128s129s7s", 4, 0, 0, size, 312, 0, 0, 0,
                       0, 0, 0, device.encode(), b"", b"")
    request = bytearray((head + message).ljust(1024, b"\0"))
    struct.pack_into("<I", request, 12, len(request))
    with open("/dev/mapper/control", "r+b", buffering=0) as control:
        fcntl.ioctl(control, 0xc138fd0e, request)


def cmd_run(args):
    runner = Runner(args.top)
    acks = os.open(args.acks, os.O_WRONLY | os.O_DSYNC) if args.acks else None
    steps = plan(args)

    def done(index):
        if args.dm:
            dm_mark(args.dm, "done:%d" % index)
        if acks is not None:
            os.pwrite(acks, struct.pack("<QQ", args.seed, index + 2).ljust(
                512, b"\0"), args.slot * 512)

    done(-1)
    for index, (op, _, _) in enumerate(steps):
        if args.verbose:
            print("# %s" % op)
        runner.do(op)
        done(index)
    return 0


# --- checking ---------------------------------------------------------------

class Checker:
    def __init__(self, args):
        # The quickest to start.
        os.environ.setdefault("ORACLE_CIPHERS", "libcrypto")
        sys.path.insert(0, os.path.join(args.tests, "oracle"))
        import v1
        self.v1 = v1
        self.keys = [v1.derive(os.fsencode(args.passphrase))]
        self.counts = collections.Counter()
        self.failures = []
        self.decoded = {}
        self.xattr = "xattr" in args.options

    def fail(self, kind, where, text):
        self.counts[kind] += 1
        self.failures.append("%s: %s: %s" % (where, kind, text))
        print("# %s: %s: %s" % (where, kind, text), flush=True)

    def decode(self, path, where):
        """Plaintext by the oracle, None if it can't be, or NO_HEADER.

        An extent of zeros below is one whose data did not reach the disk.
        Our module shows it as zeros, and so does this.
        """
        with open(path, "rb") as lower:
            data = lower.read()
        metadata = b""
        if "user.ecryptfs" in os.listxattr(path):
            metadata = os.getxattr(path, "user.ecryptfs")
        if (data, metadata) in self.decoded:
            self.counts["lower files seen before"] += 1
            return self.decoded[data, metadata]
        self.counts["lower files decoded"] += 1
        if not metadata and not any(data):
            self.counts["lower files of nothing, or of zeros"] += 1
            return b""
        try:
            lower = self.v1.Lower(path, self.keys)
        except self.v1.FormatError as error:
            if not metadata and (self.xattr or not any(data[:REGION])):
                self.counts["headers that did not reach the disk"] += 1
                return NO_HEADER
            self.fail("undecodable", where, "%s: %s" % (path, error))
            return None
        size = lower.size
        if lower.actual < lower.expected:
            if lower.actual % EXTENT or lower.actual < lower.data_at:
                self.fail("size-beyond-lower", where,
                          "%s: size field %d needs %d bytes below, there are %d"
                          % (path, size, lower.expected, lower.actual))
            self.counts["sizes beyond the end of the lower file"] += 1
            size = min(size, max(lower.actual - lower.data_at, 0))
        elif lower.actual > lower.expected:
            self.counts["longer below than the size needs"] += 1
        text = self.extents(lower, data)[:size]
        self.decoded[data, metadata] = text
        return text

    def extents(self, lower, data):
        extents = self.v1.Extents(lower.cipher, lower.fek)
        text = []
        for at in range(lower.data_at, min(lower.expected, lower.actual),
                        EXTENT):
            part = data[at:at + EXTENT]
            if len(part) == EXTENT and any(part):
                part = extents.decrypt(len(text), part)
            text.append(part)
        return b"".join(text)

    def content(self, where, name, text, versions):
        """Whether a crash may have left @text, of which versions."""
        if any(text == content for content, _ in versions):
            self.counts["exactly a version"] += 1
            return
        wrong = []
        for files in one_file_each(versions):
            fault, zeros = self.mixed(text, files)
            if not fault:
                self.counts["mixed from versions"] += 1
                if zeros:
                    self.counts["unsynced extents that became zeros"] += zeros
                    self.counts["files with such extents"] += 1
                return
            wrong.append(fault)
        # Another file than any of those: neither what was replaced nor what it
        # was replaced by.  Only that is compared with the filesystem alone.
        kind = wrong[0][0]
        if len(wrong) > 1:
            kind = "noise" if all(k == "noise" for k, _ in wrong) else NEITHER
        self.fail(kind, where, "%s: %s" % (name, "; ".join(
            text for _, text in wrong)))

    @staticmethod
    def mixed(text, versions):
        """((kind, text) of what is wrong, or None; extents of zeros) if @text
        is to be of the extents of those versions, all of one file."""
        contents = [c for c, _ in versions if c is not None]
        if not any(mixed for _, mixed in versions):
            return ("lost", "%d bytes, none of the versions allowed (%s)" % (
                len(text), [len(c) for c in contents])), 0
        if len(text) > max(map(len, contents)):
            return ("too long", "%d bytes" % len(text)), 0
        if len(text) < min(map(len, contents)):
            return ("lost", "%d bytes, at least %d were synced" % (
                len(text), min(map(len, contents)))), 0
        zeros = 0
        for at in range(0, len(text), EXTENT):
            part = text[at:at + EXTENT]
            allowed = {c[at:at + len(part)].ljust(len(part), b"\0")
                       for c in contents}
            if part in allowed:
                continue
            # What all versions have here was synced, and not touched since.
            if len(allowed) == 1 and min(map(len, contents)) >= at + len(part):
                return ("lost", "extent at %d" % at), 0
            if any(part) and not between(part, allowed):
                return ("noise", "extent at %d" % at), 0
            zeros += 1
        return None, zeros

    def upper(self, where, name, path, text):
        """What the mount makes of a lower file that decodes to @text."""
        try:
            with open(path, "rb") as file:
                seen = file.read()
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            if text is not NO_HEADER:
                self.fail("upper-error", where, "%s: %s" % (name, error))
                return
            try:
                with open(path, "wb") as file:
                    file.write(b"again")
                with open(path, "rb") as file:
                    seen = file.read()
                if seen != b"again":
                    self.fail("useless", where, "%s: reads %r" % (name, seen))
            except OSError as error2:
                self.fail("useless", where, "%s: %s" % (name, error2))
            return
        if text is NO_HEADER:
            self.fail("no error", where, "%s: %d bytes and no header" % (
                name, len(seen)))
        elif text is not None and (seen != text or size != len(text)):
            self.fail("differs", where, "%s: oracle reads %d bytes, module "
                      "%d of %d, different ones" % (
                          name, len(text), len(seen), size))

    def tree(self, where, lower, upper, may):
        """@upper: where it is mounted, None if there is only @lower."""
        found = {}
        for top, _, files in os.walk(lower):
            for name in files:
                path = os.path.join(top, name)
                if upper:
                    text = self.decode(path, where)
                else:
                    with open(path, "rb") as file:
                        text = file.read()
                found[os.path.relpath(path, lower)] = text
        if upper:
            for name, text in found.items():
                self.upper(where, name, os.path.join(upper, name), text)
        for name, versions in may.items():
            if name in found:
                if found[name] is not None:
                    if all(c is None for c, _ in versions):
                        self.fail("resurrected", where, name)
                    elif found[name] is NO_HEADER:
                        # It was new, or had been cut, and was never synced.
                        if not any(not c for c, _ in versions):
                            self.fail("lost", where, "%s: its header" % name)
                    else:
                        self.content(where, name, found[name], versions)
            elif any(content is None for content, _ in versions):
                self.counts["absent, as allowed"] += 1
            else:
                self.fail("lost", where, "%s is not there" % name)
        self.counts["states checked"] += 1

    def report(self):
        for name, number in sorted(self.counts.items()):
            print("# %-34s %d" % (name, number))
        sys.stdout.flush()
        if self.failures and self.counts[NEITHER] == len(self.failures):
            return 3
        return 1 if self.failures else 0


def between(part, allowed):
    """Whether each byte is one of those allowed at its place, or zero: an extent
    went down in the middle of a change of it, or before it was full.  Noise, of
    a wrong key or vector, is neither."""
    return all(not byte or any(a[n] == byte for a in allowed)
               for n, byte in enumerate(part))


def one_file_each(versions):
    """The versions, apart by the file (inode) that had the name: the content of
    one that was replaced does not mix with that of its successor."""
    files = []
    for version in versions:
        if not version[1] or not files:
            files.append([])
        files[-1].append(version)
    return [f for f in files if any(c is not None for c, _ in f)]


def mount_upper(args, lower, upper):
    subprocess.run(["mount", "-i", "-t", "ecryptfs", "-o", args.options, lower,
                    upper], check=True)


def cmd_check(args):
    checker = Checker(args)
    with open(args.acks, "rb") as acks:
        acks.seek(args.slot * 512)
        seed, acked = struct.unpack("<QQ", acks.read(16))
    if seed != args.seed or not acked:
        print("# the machine died before the first operation")
        return 0
    steps = plan(args)
    print("# power was cut after operation %d of %d" % (acked - 2, args.count))
    may = allowed(steps, acked - 2)
    checker.tree("power cut %d" % args.slot, args.lower,
                 None if args.plain else args.top, may)
    return checker.report()


def allowed(steps, done):
    """What is allowed when @done is the last operation known to be done."""
    if done + 1 < len(steps):
        return steps[done + 1][1]
    return steps[done][2]


# --- dm-log-writes ----------------------------------------------------------
# Documentation/admin-guide/device-mapper/log-writes.rst of the kernel.

FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
Entry = collections.namedtuple("Entry", "sector nr flags at mark")


def log_read(path):
    entries = []
    with open(path, "rb") as log:
        magic, version, count, size = struct.unpack("<QQQI", log.read(28))
        if magic != 0x6a736677736872 or version != 1:
            raise SystemExit("crash: no write log on %s" % path)
        at = size
        for _ in range(count):
            log.seek(at)
            head = log.read(size)
            sector, nr, flags, length = struct.unpack_from("<4Q", head)
            mark = head[32:32 + length] if flags & MARK else b""
            at += size
            entries.append(Entry(sector * size, nr * size, flags, at,
                                 mark.rstrip(b"\0").decode()))
            if not flags & (DISCARD | MARK):
                at += nr * size
    return entries


class Replayer:
    """The device as it is at entry after entry, in a sparse file."""

    def __init__(self, args):
        self.args = args
        self.entries = log_read(args.log)
        self.log = open(args.log, "rb")
        self.base = args.base
        self.next = 0
        self.done = -2

    def write(self, image, entry):
        if entry.flags & MARK or not entry.nr:
            return
        if entry.flags & DISCARD:
            data = bytes(entry.nr)
        else:
            self.log.seek(entry.at)
            data = self.log.read(entry.nr)
        image.seek(entry.sector)
        image.write(data)

    def forward(self, to):
        """Base becomes the state before entry @to."""
        with open(self.base, "r+b") as image:
            while self.next < to:
                entry = self.entries[self.next]
                self.write(image, entry)
                if entry.mark.startswith("done:"):
                    self.done = int(entry.mark[5:])
                self.next += 1

    def state(self, extra):
        """A copy of it, with the entries @extra besides."""
        subprocess.run(["cp", "--sparse=always", self.base, self.args.image],
                       check=True)
        with open(self.args.image, "r+b") as image:
            for entry in extra:
                self.write(image, entry)

    def flushes(self):
        return [n + 1 for n, entry in enumerate(self.entries)
                if entry.flags & (FLUSH | FUA)]


def mounted(args, checker, where, may):
    os.makedirs(args.lower, exist_ok=True)
    os.makedirs(args.top, exist_ok=True)
    subprocess.run(["mount", "-o", "loop," + args.lower_options, args.image,
                    args.lower], check=True)
    try:
        lower = os.path.join(args.lower, "d")
        if args.plain:
            checker.tree(where, lower, None, may)
            return
        mount_upper(args, lower, args.top)
        try:
            checker.tree(where, lower, args.top, may)
        finally:
            subprocess.run(["umount", args.top], check=True)
    finally:
        subprocess.run(["umount", args.lower], check=True)


def moments(rnd, replay, number):
    """[(entry to replay up to, how many of those after it to choose from)]

    From a flush on the disk has what is before it; of what follows, up to the
    next one, any part may be there.
    """
    flushes = replay.flushes()
    first = next(n for n, e in enumerate(replay.entries)
                 if e.mark == "done:-1")
    flushes = [n for n in flushes if n > first]
    total = len(replay.entries)
    points = []
    for kind in range(number):
        index = rnd.randrange(len(flushes))
        start = flushes[index]
        end = flushes[index + 1] if index + 1 < len(flushes) else total
        if kind % 3 == 0:
            points.append((start, 0, "flush"))
        elif kind % 3 == 1:
            points.append((rnd.randrange(start, max(end, start + 1)), 0,
                           "entry"))
        else:
            points.append((start, max(end - start - 1, 0), "part"))
    return sorted(set(points))


def cmd_replay(args):
    checker = Checker(args)
    replay = Replayer(args)
    rnd = random.Random(args.seed)
    steps = plan(args)
    checker.counts["entries in the log"] = len(replay.entries)
    checker.counts["flushes in the log"] = len(replay.flushes())
    start = time.monotonic()
    for at, more, kind in moments(rnd, replay, args.points):
        if time.monotonic() - start > args.seconds:
            checker.counts["states left out for want of time"] += 1
            continue
        replay.forward(at)
        extra = [e for e in replay.entries[at:at + more]
                 if not e.flags & MARK and rnd.random() < 0.5]
        done = replay.done
        # A mark in the part that is chosen from does not count as seen, but
        # the operations after it may have begun.
        reached = max([int(e.mark[5:]) for e in replay.entries[at:at + more]
                       if e.mark.startswith("done:")] + [done])
        may = dict(allowed(steps, done))
        for later in range(done + 1, reached + 1):
            for name, versions in allowed(steps, later).items():
                may[name] = may.get(name, ((None, False),)) + versions
        replay.state(extra)
        checker.counts["states at a %s" % kind] += 1
        mounted(args, checker, "entry %d %s, operation %d" % (at, kind, done),
                may)
    return checker.report()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--tests", default=os.environ.get("T", "tests"))
    parser.add_argument("--passphrase", default="test")
    parser.add_argument("--options", default="")
    parser.add_argument("--lower-options", default="rw")
    parser.add_argument("--top")
    parser.add_argument("--lower")
    parser.add_argument("--dm")
    parser.add_argument("--acks")
    parser.add_argument("--log")
    parser.add_argument("--base")
    parser.add_argument("--image")
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--fs", default="")
    parser.add_argument("verb", choices=["run", "replay", "check"])
    args = parser.parse_args()
    return {"run": cmd_run, "replay": cmd_replay,
            "check": cmd_check}[args.verb](args)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged lower files, of tests/evil, below a mount: each gives the errno that
is due, and takes nothing else with it.

Environment as set by lib.sh.  Arguments: classes of tests/evil, "ends" for what
can be done with files that end too early, "attributes" for those whose attribute
changes.  Prints verdict lines; status 1
if one is a failure.
"""

import errno
import mmap
import os
import re
import signal
import sys
import time
import traceback

T = os.environ.get("T", "/tests")
LOWER = os.environ["LOWER_DIR"]
UPPER = os.environ["UPPER_DIR"]
PREFIX = os.environ.get("PREFIX", "")
sys.path.insert(0, os.path.join(T, "evil"))
import make  # noqa: E402
import names  # noqa: E402
import v1_name  # noqa: E402
import xattr  # noqa: E402
from base import (  # noqa: E402
    Case, DATA, FEK, HEAD, KEY, PLAIN, SIG, SIZE, v1, whole)

NEIGHBOURS = ["!first", "middle", "~last"]
# Of the module's rate limit: lines in a time (seconds), with the line that
# says how many were left out.
LOG_LINES, LOG_TIME = 11, 5
failed = False


def verdict(name, wrong):
    global failed
    wrong = list(wrong)
    if wrong:
        failed = True
        for line in wrong[:20]:
            print("# " + line)
        print("not ok %s%s: %d wrong, first: %s" % (
            PREFIX, name, len(wrong), wrong[0]), flush=True)
    else:
        print("ok %s%s" % (PREFIX, name), flush=True)


def name_of(number):
    # Python has two names for this one, and prefers the other.
    return ("EOPNOTSUPP" if number == errno.EOPNOTSUPP
            else errno.errorcode[number])


def outcome(call, *args):
    """Name of the errno of a failing call, None if it does not fail."""
    try:
        call(*args)
    except OSError as error:
        return name_of(error.errno)
    return None


def up(name):
    return os.path.join(UPPER, HERE, name)


def low(name):
    return os.path.join(LOWER, HERE, name)


def value(name):
    """Of the attribute below; None: there is none."""
    try:
        return os.getxattr(low(name), xattr.NAME)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return None


def opening(name, flags):
    def call():
        os.close(os.open(up(name), flags))
    return outcome(call)


def slurp(path):
    with open(path, "rb") as file:
        return file.read()


def read_on(fd):
    """(bytes up to the end or an error, name of that or None)"""
    text = b""
    while True:
        try:
            part = os.read(fd, 3000)
        except OSError as error:
            return text, name_of(error.errno)
        if not part:
            return text, None
        text += part


def mapped(fd, offset):
    """The signal that reading a byte of a mapping ends with, 0: none"""
    child = os.fork()
    if not child:
        start = offset // mmap.PAGESIZE * mmap.PAGESIZE
        with mmap.mmap(fd, offset - start + 1, mmap.MAP_SHARED,
                       mmap.PROT_READ, offset=start) as view:
            _ = view[offset - start]
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


# --- one file ---------------------------------------------------------------

def reads(case):
    """What is wrong with reading a file that opens."""
    fd = os.open(up(case.name), os.O_RDONLY)
    want = case.content[:case.readable]
    try:
        text, end = read_on(fd)
        if case.noise:
            if end not in (None, "EIO"):
                yield "%s: reading ends with %s" % (case.name, end)
            return
        if (text, end) != (want, case.then):
            yield "%s: %d bytes read%s, then %s; due %d, %s" % (
                case.name, len(text), "" if text == want[:len(text)] else
                " wrong", end, len(want), case.then)
        if want and os.pread(fd, 1 << 20, 0) != want:
            yield "%s: read at once" % case.name
        if case.then and outcome(os.pread, fd, 1, case.readable) != case.then:
            yield "%s: read behind the damage" % case.name
        if case.then and mapped(fd, case.readable) != signal.SIGBUS:
            yield "%s: no SIGBUS" % case.name
        if want and mapped(fd, len(want) - 1):
            yield "%s: a mapping can't be read" % case.name
    finally:
        os.close(fd)


def lost_header(case):
    """Data behind zeros: may be truncated, see below.py header_lost."""
    return not any(case.lower[:v1.REGION]) and any(case.lower)


def looked_at(cases):
    """stat(), open() in every way, and what can be read."""
    for case in cases:
        shown = os.stat(up(case.name)).st_size
        if shown != case.shown:
            yield "%s: size %d shown, due %d" % (case.name, shown, case.shown)
        if case.opening:
            for flags in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND,
                          os.O_WRONLY | os.O_TRUNC, os.O_RDWR | os.O_CREAT):
                if flags & os.O_TRUNC and lost_header(case):
                    continue
                got = opening(case.name, flags)
                if got != case.opening:
                    yield "%s: open(%#o) gives %s, due %s" % (
                        case.name, flags, got, case.opening)
            got = outcome(os.truncate, up(case.name), 5)
            if got != case.opening:
                yield "%s: truncate gives %s, due %s" % (
                    case.name, got, case.opening)
        elif case.noise and opening(case.name, os.O_RDONLY) == "ENOPKG":
            pass
        else:
            yield from reads(case)


def untouched(cases):
    """Looking at files changes nothing below."""
    for case in cases:
        if slurp(low(case.name)) != case.lower:
            yield case.name
        if value(case.name) != case.attribute:
            yield "%s: the attribute" % case.name


def handled(cases):
    """Everything that needs no content."""
    os.mkdir(up("dir"))
    for case in cases:
        name, there = up(case.name), up("dir/" + case.name)
        for call, *args in ((os.chmod, name, 0o600), (os.utime, name, (1, 2)),
                            (os.rename, name, there), (os.link, there, name),
                            (os.unlink, there),
                            (os.setxattr, name, "user.x", b"y")):
            got = outcome(call, *args)
            if got:
                yield "%s: %s gives %s" % (case.name, call.__name__, got)
    os.rmdir(up("dir"))


def removed(cases):
    for case in cases:
        got = outcome(os.unlink, up(case.name))
        if got or os.path.lexists(low(case.name)):
            yield "%s: unlink gives %s" % (case.name, got)


def neighbours():
    for name in NEIGHBOURS:
        if slurp(up(name)) != PLAIN:
            yield "%s reads wrong" % name


def listed(names):
    seen = sorted(os.listdir(up("")))
    if seen != sorted(names):
        yield "listed: %s" % sorted(set(seen) ^ set(names))


# --- groups -----------------------------------------------------------------

def kernel_log():
    with os.popen("dmesg --raw") as log:
        return log.readlines()


def flood(before, start):
    """What the log says since then, if it is too much.  The module limits
    errors apart from the rest, so that nothing can keep a loss out of the
    log: 10 lines of either kind, and one that tells how many were left out,
    in LOG_TIME seconds."""
    took = time.monotonic() - start
    most = LOG_LINES * (took // LOG_TIME + 2)
    errors, others = 0, 0
    for line in kernel_log()[before:]:
        if int(re.match("<([0-9]+)>", line)[1]) & 7 <= 3:
            errors += 1
        else:
            others += 1
    if max(errors, others) > most:
        yield "%d errors and %d other lines in %d s" % (errors, others, took)


def damaged(group):
    """The files of one class, beside good ones."""
    cases = list(make.cases([group]))
    os.mkdir(low(""))
    for name in NEIGHBOURS:
        make.write(low(""), Case(name, DATA, attribute=xattr.VALUE)
                   if group == "xattr" else Case(name, whole(HEAD)))
    for case in cases:
        make.write(low(""), case)
    names = NEIGHBOURS + [case.name for case in cases]
    lines, start = len(kernel_log()), time.monotonic()
    verdict("%s: the directory lists" % group, listed(names))
    verdict("%s: %d files give what is due" % (group, len(cases)),
            looked_at(cases))
    verdict("%s: nothing is changed below" % group, untouched(cases))
    verdict("%s: no other file is affected" % group, neighbours())
    verdict("%s: attributes and names can be changed" % group, handled(cases))
    verdict("%s: the directory still lists" % group, listed(names))
    verdict("%s: all can be removed" % group, removed(cases))
    verdict("%s: the others are there" % group, listed(NEIGHBOURS))
    verdict("%s: the others can be read" % group, neighbours())
    verdict("%s: no flood in the log" % group, flood(lines, start))


def short(name):
    """A file that misses all from extent 2 on."""
    make.write(low(""), Case(name, whole(HEAD)[:v1.REGION + 2 * 4096 + 77]))
    return up(name)


def below(name):
    """The plaintext of a lower file that must be right."""
    lower = v1.Lower(low(name), [KEY])
    lower.check_size()
    return b"".join(lower.plain())


def cut():
    os.truncate(short("cut"), 8192)
    if below("cut") != PLAIN[:8192]:
        yield "differs"


def overwritten():
    """From where it ends."""
    with open(short("over"), "r+b") as file:
        file.seek(8192)
        file.write(PLAIN[8192:])
    if below("over") != PLAIN:
        yield "differs"


def overwritten_present():
    """An extent that is there; the rest is still missing."""
    with open(short("present"), "r+b", buffering=0) as file:
        file.write(b"x" * 4096)
        file.seek(0)
        text, end = read_on(file.fileno())
    if (text, end) != (b"x" * 4096 + PLAIN[4096:8192], "EIO"):
        yield "%d bytes, then %s" % (len(text), end)


def written_empty():
    """An empty lower file becomes a file of ours when it is written."""
    make.write(low(""), Case("empty", b""))
    with open(up("empty"), "wb") as file:
        file.write(PLAIN)
    if below("empty") != PLAIN:
        yield "differs"


def reported():
    time.sleep(LOG_TIME + 1)
    before = len(kernel_log())
    opening(os.path.basename(short("told")), os.O_RDONLY)
    lines = [line for line in kernel_log()[before:] if "ecryptfs (" in line]
    if len(lines) != 1 or "too short" not in lines[0]:
        yield "the log says: %s" % lines


def written_apart():
    """A write behind the gap does not make what is missing look good."""
    name = "apart"
    make.write(low(""), Case(name, whole(HEAD)[:v1.REGION + 4096]))
    fd = os.open(up(name), os.O_RDWR)
    wrote = outcome(os.pwrite, fd, b"y" * 4096, 4 * 4096)
    os.fsync(fd)
    got = []
    for at in range(0, SIZE, 4096):
        part = outcome(os.pread, fd, 4096, at)
        got.append(part or os.pread(fd, 4096, at)[:1])
    os.close(fd)
    # Not written and not there: zeros, as of a hole, or an error; not noise.
    for at, part in enumerate(got):
        due = {0: (PLAIN[:1],), 4: (b"y",)}.get(at, (b"\0", "EIO"))
        if part not in due and not (at == 4 and wrote):
            yield "extent %d: %s" % (at, part)


def ends(group):
    """Files that end too early, and what one would do to them."""
    os.mkdir(low(""))
    for name, test in (
            ("cut to what is left", cut),
            ("written again from there", overwritten),
            ("what is there can be overwritten", overwritten_present),
            ("written apart", written_apart),
            ("an empty file can be written", written_empty),
            ("the log tells", reported)):
        verdict("%s: %s" % (group, name), test())


# --- attributes -------------------------------------------------------------

def with_attribute(name):
    make.write(low(""), Case(name, DATA, attribute=xattr.VALUE))
    return up(name)


def attribute_lost():
    """While it is open: what is written does not count as recorded."""
    fd = os.open(with_attribute("lost"), os.O_RDWR)
    os.pread(fd, 1, 0)
    os.removexattr(low("lost"), xattr.NAME)
    os.pwrite(fd, b"z" * 5000, SIZE)
    got = outcome(os.fsync, fd)
    if got != "EUCLEAN":
        yield "fsync gives %s" % got
    if os.pread(fd, 1 << 20, 0) != PLAIN + b"z" * 5000:
        yield "what is cached is lost"
    outcome(os.close, fd)
    if value("lost") is not None:
        yield "an attribute was made up: %s" % value("lost")
    # As long as it is cached it is there; without its key it never is.
    try:
        if slurp(up("lost")) != PLAIN + b"z" * 5000:
            yield "it reads wrong then"
    except OSError as error:
        if error.errno != errno.EUCLEAN:
            yield "open() then gives %s" % error


def attribute_replaced():
    """While it is open: the key of another file keeps its place."""
    fd = os.open(with_attribute("replaced"), os.O_RDWR)
    os.pread(fd, 1, 0)
    packet = v1.packet3("aes", 16, v1.wrap("aes", bytes(16), KEY),
                        v1.signature(KEY))
    other = v1.header(SIZE, 7, packet)
    os.setxattr(low("replaced"), xattr.NAME, other)
    os.pwrite(fd, b"z" * 5000, SIZE)
    os.fsync(fd)
    os.close(fd)
    want = (SIZE + 5000).to_bytes(8, "big") + other[8:]
    if value("replaced") != want:
        yield "the attribute is %s" % value("replaced")


def attribute_cut():
    """The file gets longer and shorter, and the attribute is what it was."""
    name = with_attribute("cut")
    with open(name, "r+b") as file:
        file.truncate(5000)
    if value("cut") != (5000).to_bytes(8, "big") + xattr.VALUE[8:]:
        yield "the attribute is %s" % value("cut")
    if slurp(name) != PLAIN[:5000]:
        yield "reads wrong"


def attribute_before_open():
    """A size is known by then; what counts is there at the open."""
    path = with_attribute("unopened")
    if os.stat(path).st_size != SIZE:
        yield "size %d" % os.stat(path).st_size
    os.setxattr(low("unopened"), xattr.NAME, v1.header(
        4097, 9, v1.packet3("aes", 16, v1.wrap("aes", FEK, KEY), SIG),
        flags=6))
    if slurp(path) != PLAIN[:4097]:
        yield "what was replaced reads wrong"
    os.stat(with_attribute("bare"))
    os.removexattr(low("bare"), xattr.NAME)
    got = opening("bare", os.O_RDONLY)
    if got != "EUCLEAN":
        yield "opening what was removed gives %s" % got


def attribute_of_directory():
    """It means nothing, and is not shown."""
    os.mkdir(low("dir"))
    for text in (xattr.VALUE, b"text", b""):
        os.setxattr(low("dir"), xattr.NAME, text)
        with open(up("dir/file"), "wb") as file:
            file.write(PLAIN)
        if os.listdir(up("dir")) != ["file"] or slurp(up("dir/file")) != PLAIN:
            yield "the directory is not as it was"
        if xattr.NAME in os.listxattr(up("dir")):
            yield "it is shown"
        if value("dir") != text:
            yield "it has changed"
        os.unlink(up("dir/file"))


def attributes(group):
    """What happens to the attribute of an open file."""
    os.mkdir(low(""))
    for name, test in (("is lost while the file is open", attribute_lost),
                       ("is replaced meanwhile", attribute_replaced),
                       ("is kept by a truncate", attribute_cut),
                       ("changes before the open", attribute_before_open),
                       ("of a directory", attribute_of_directory)):
        verdict("%s: %s" % (group, name), test())
    with_attribute("good")
    if slurp(up("good")) != PLAIN:
        verdict("%s: another file" % group, ["reads wrong"])


# --- names ------------------------------------------------------------------

def bytes_up(name):
    return os.path.join(os.fsencode(up("")), name)


def bytes_low(name):
    return os.path.join(os.fsencode(low("")), name)


def found(cases):
    """By the name that is shown, and no canonical one by its lower name."""
    for case in cases:
        got = outcome(os.lstat, bytes_up(case.shown))
        if got:
            yield "%s: lstat gives %s" % (case.what, got)
            continue
        if os.lstat(bytes_up(case.shown)).st_ino != os.lstat(
                bytes_low(case.lower)).st_ino:
            yield "%s: another object" % case.what
        if slurp(bytes_up(case.shown)) != PLAIN:
            yield "%s: reads wrong" % case.what
        got = outcome(os.lstat, bytes_up(case.lower))
        # Too long to be a name that could be made.
        due = ("ENOENT", "ENAMETOOLONG" if len(case.lower) > 143 else "ENOENT")
        if case.lower != case.shown and got not in due:
            yield "%s: by its lower name %s" % (case.what, got)


def renamed(cases):
    for number, case in enumerate(cases):
        name = bytes_up(b"new name %d" % number)
        got = outcome(os.rename, bytes_up(case.shown), name)
        if got or not os.path.lexists(bytes_low(v1_name.to_lower(
                b"new name %d" % number, names.KEY))):
            yield "%s: rename gives %s" % (case.what, got)
        elif os.path.lexists(bytes_low(case.lower)):
            yield "%s: still there" % case.what
        elif slurp(name) != PLAIN:
            yield "%s: reads wrong" % case.what
        os.unlink(name)


def links(cases):
    for number, case in enumerate(cases):
        lower = v1_name.to_lower(b"link %d" % number, names.KEY)
        os.symlink(case.lower, bytes_low(lower))
        name = bytes_up(b"link %d" % number)
        size = os.lstat(name).st_size
        if size != len(case.lower):
            yield "%s: size %d" % (case.what, size)
        for call in (os.readlink, os.stat):
            got = outcome(call, name)
            if got != case.errno:
                yield "%s: %s gives %s, due %s" % (
                    case.what, call.__name__, got, case.errno)
        got = outcome(os.unlink, name)
        if got:
            yield "%s: unlink gives %s" % (case.what, got)


def shown_alike():
    """Two objects under one name: the encrypted one is meant."""
    good = v1_name.to_lower(b"twice", names.KEY)
    with open(bytes_low(good), "wb") as file:
        file.write(whole(HEAD))
    os.mkdir(bytes_low(b"twice"))
    if os.listdir(bytes_up(b"")) != [b"twice", b"twice"]:
        yield "the listing: %s" % os.listdir(bytes_up(b""))
    if slurp(bytes_up(b"twice")) != PLAIN:
        yield "the file reads wrong"
    os.unlink(bytes_up(b"twice"))
    os.rmdir(bytes_up(b"twice"))
    if os.listdir(bytes_low(b"")):
        yield "still there: %s" % os.listdir(bytes_low(b""))


def damaged_names(group):
    """A mount whose names are encrypted shows, finds and removes all."""
    os.mkdir(low(""))
    cases = list(names.names())
    for case in cases:
        with open(bytes_low(case.lower), "wb") as file:
            file.write(whole(HEAD))
    shown = sorted(case.shown for case in cases)
    start, lines = time.monotonic(), len(kernel_log())
    verdict("%s: all %d are listed" % (group, len(cases)),
            [] if sorted(os.listdir(bytes_up(b""))) == shown else
            [repr(set(os.listdir(bytes_up(b""))) ^ set(shown))])
    verdict("%s: each is found" % group, found(cases))
    verdict("%s: each can be renamed and removed" % group, renamed(cases))
    verdict("%s: symlinks" % group, links(list(names.targets())))
    verdict("%s: two of one name" % group, shown_alike())
    verdict("%s: no flood in the log" % group, flood(lines, start))


for HERE in sys.argv[1:]:
    try:
        {"ends": ends, "names": damaged_names,
         "attributes": attributes}.get(HERE, damaged)(HERE)
    except (OSError, ValueError, v1.FormatError):
        verdict("%s: to the end" % HERE,
                traceback.format_exc().strip().splitlines())
sys.exit(failed)

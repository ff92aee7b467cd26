#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes made in the lower directory while it is mounted: they are seen as far
as the lower filesystem lets us, and nothing is done to the wrong object.

Environment as set by lib.sh.  Prints a verdict line for each test; status 1 if
one is a failure.
"""

import ctypes
import errno
import fcntl
import io
import mmap
import os
import stat
import struct
import sys
import threading
import time

T = os.environ.get("T", "/tests")
LOWER = os.environ["LOWER_DIR"]
UPPER = os.environ["UPPER_DIR"]
FS = os.environ["LOWER_FS"]
PREFIX = os.environ.get("PREFIX", "")
os.environ.setdefault("ORACLE_CIPHERS", "libcrypto")
sys.path.insert(0, os.path.join(T, "oracle"))
import v1  # noqa: E402

KEY = v1.derive(b"test")
FEK = bytes(range(16))
LIBC = ctypes.CDLL(None, use_errno=True)
FIFREEZE, FITHAW = 0xc0045877, 0xc0045878
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
GETFLAGS, SETFLAGS, IMMUTABLE = 0x80086601, 0x40086602, 0x10
HERE = ""


def up(name=""):
    return os.path.join(UPPER, HERE, name)


def low(name=""):
    return os.path.join(LOWER, HERE, name)


def data(tag, length):
    block = b"".join(b"%s%07d." % (tag, n) for n in range(512))
    return (block * (length // len(block) + 1))[:length]


A, B, LONG = data(b"a", 10000), data(b"b", 10000), data(b"l", 50000)


def put(name, text):
    with open(up(name), "wb") as file:
        file.write(text)


def get(name):
    with open(up(name), "rb") as file:
        return file.read()


def lower_bytes(text, fek=None):
    """A lower file with that content, and a new key unless it has one."""
    path = "/run/scratch"
    v1.lower_write(io.BytesIO(text), path, [KEY], fek=fek, key_bytes=16)
    with open(path, "rb") as file:
        whole = file.read()
    os.unlink(path)
    return whole


def put_below(name, text, fek=None):
    with open(low(name), "wb") as file:
        file.write(lower_bytes(text, fek))


def rewrite(name, whole):
    """In place: the same inode, and no moment without content."""
    fd = os.open(low(name), os.O_WRONLY)
    os.pwrite(fd, whole, 0)
    os.ftruncate(fd, len(whole))
    os.close(fd)


def outcome(call, *args, **more):
    """Name of the errno of a failing call, None if it does not fail."""
    try:
        call(*args, **more)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def renameat2(old, new, flags):
    if LIBC.renameat2(-100, old.encode(), -100, new.encode(), flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def equal(got, want, what=""):
    if got != want:
        if isinstance(want, bytes) and len(want) > 40:
            got = "%d bytes %r" % (len(got), got[:20])
            want = "%d bytes %r" % (len(want), want[:20])
        raise AssertionError("%s is %s, not %s" % (what or "it", got, want))


def among(got, allowed, what=""):
    if got not in allowed:
        raise AssertionError("%s is %s, not of %s" % (what, got, allowed))


# --- content ----------------------------------------------------------------

def rewritten():
    """Another key, another length, another content."""
    put("f", A)
    equal(get("f"), A)
    for text in (LONG, B, b"", A):
        rewrite("f", lower_bytes(text))
        equal(os.stat(up("f")).st_size, len(text), "the size shown")
        equal(get("f"), text)


def rewritten_at_once():
    """Same size, within a tick of the clock: where changes are counted."""
    if FS not in ("ext4", "btrfs", "tmpfs"):
        return
    put("f", A)
    texts = [lower_bytes(text) for text in (A, B)]
    fd = os.open(low("f"), os.O_WRONLY)
    for turn in range(40):
        path = up("f")
        os.pwrite(fd, texts[turn % 2], 0)
        upper = os.open(path, os.O_RDONLY)
        text = os.pread(upper, 100, 5000)
        os.close(upper)
        equal(text, (A, B)[turn % 2][5000:5100], "turn %d" % turn)
    os.close(fd)


def same_key():
    """As another mount of the same directory would do it."""
    put_below("f", A, FEK)
    equal(get("f"), A)
    rewrite("f", lower_bytes(B, FEK))
    equal(get("f"), B)


def times_put_back():
    put("f", A)
    equal(get("f"), A)
    before = os.stat(low("f"))
    rewrite("f", lower_bytes(B))
    os.utime(low("f"), ns=(before.st_atime_ns, before.st_mtime_ns))
    equal(get("f"), B)


def while_read():
    """Noticed by the first to open it when nobody has it open."""
    put("f", A)
    fd = os.open(up("f"), os.O_RDONLY)
    equal(os.read(fd, 20000), A)
    rewrite("f", lower_bytes(B))
    os.pread(fd, 100, 0)
    os.close(fd)
    equal(get("f"), B)


def while_open_for_writing():
    """That has not written anything, so there is nothing to lose."""
    put("f", A)
    equal(get("f"), A)
    fd = os.open(up("f"), os.O_RDWR)
    time.sleep(0.02)
    rewrite("f", lower_bytes(B))
    os.close(fd)
    equal(get("f"), B)


def while_mapped():
    put("f", A)
    fd = os.open(up("f"), os.O_RDWR)
    with mmap.mmap(fd, 10000) as view:
        os.close(fd)
        equal(view[:10000], A)
        view[0:3] = b"new"
        os.rename(low("f"), low("g"))
        put_below("f", B)
        view[5000:5003] = b"new"
        view.flush()
    equal(get("f"), B)
    equal(get("g"), b"new" + A[3:5000] + b"new" + A[5003:])
    equal(b"".join(v1.Lower(low("g"), [KEY]).plain()), get("g"))


def truncated():
    put("f", LONG)
    equal(get("f"), LONG)
    os.truncate(low("f"), 8192 + 4096 * 3 + 5)
    with open(up("f"), "rb", buffering=0) as file:
        equal(os.pread(file.fileno(), 12288, 0), LONG[:12288])
        equal(outcome(os.pread, file.fileno(), 1, 12288), "EIO", "behind it")
    os.truncate(low("f"), 0)
    equal(get("f"), b"")
    equal(os.stat(up("f")).st_size, 0)
    put("f", A)
    equal(get("f"), A)


def truncated_while_open():
    put("f", LONG)
    fd = os.open(up("f"), os.O_RDWR)
    os.truncate(low("f"), 8192)
    among(outcome(os.pread, fd, 4096, 40000), (None, "EIO"))
    among(outcome(os.pwrite, fd, b"x" * 4096, 0), (None, "EIO"))
    os.close(fd)


def appended():
    put("f", A)
    equal(get("f"), A)
    with open(low("f"), "ab") as file:
        file.write(b"junk" * 3000)
    equal(get("f"), A)
    equal(os.stat(up("f")).st_size, len(A))
    with open(up("f"), "ab") as file:
        file.write(B)
    equal(get("f"), A + B)


def spoilt():
    """One extent, then the header, and both put right again."""
    put("f", A)
    equal(get("f"), A)
    with open(low("f"), "r+b") as file:
        whole = file.read()
        file.seek(8192 + 4096)
        file.write(b"\x55" * 4096)
    text = get("f")
    equal((text[:4096], text[8192:]), (A[:4096], A[8192:]), "the rest")
    assert text[4096:8192] != A[4096:8192], "the old content is read"
    rewrite("f", b"\xff" * 8192 + whole[8192:])
    equal(outcome(get, "f"), "EUCLEAN", "without a header")
    rewrite("f", whole)
    equal(get("f"), A)


def resident(name, where=up):
    """Pages of a file that are cached, by mincore()."""
    fd = os.open(where(name), os.O_RDONLY)
    size = os.fstat(fd).st_size
    with mmap.mmap(fd, size, mmap.MAP_PRIVATE) as view:
        pages = (ctypes.c_ubyte * (-(-size // mmap.PAGESIZE)))()
        start = ctypes.c_char.from_buffer(view)
        equal(LIBC.mincore(ctypes.byref(start), ctypes.c_size_t(size), pages),
              0, "mincore()")
        count = sum(page & 1 for page in pages)
        del start
    os.close(fd)
    return count


def kept_cached():
    """What we do ourselves does not make us read again."""
    put("f", LONG)
    equal(resident("f"), 13, "after writing")
    os.sync()
    equal(resident("f"), 13, "after sync()")
    for call, *args in ((os.chmod, up("f"), 0o600),
                        (os.utime, up("f"), (1, 2)),
                        (os.chown, up("f"), 1, 1),
                        (os.rename, up("f"), up("g")),
                        (os.link, up("g"), up("f")),
                        (os.stat, low("f"))):
        call(*args)
        equal(resident("f" if os.path.exists(up("f")) else "g"), 13,
              "after %s()" % call.__name__)
    # Otherwise this would have shown nothing.
    os.utime(low("f"))
    equal(resident("f"), 0, "after a change below")


def by_fd(call, path):
    fd = os.open(path, os.O_RDONLY)
    equal(call(fd) or 0, 0, call.__name__)
    os.close(fd)


def one_copy():
    """What is on the lower disk is in memory once, above, but for a tenth: the
    header, and what was read ahead.  tmpfs is memory."""
    pages = 1024
    if os.popen("stat -f -c %%T '%s'" % low()).read() == "tmpfs\n":
        return
    # Each a new file: what replaces another is on its way when it is closed.
    for name, sync in (("syncfs", lambda: by_fd(LIBC.syncfs, up())),
                       ("sync", os.sync),
                       ("f", lambda: by_fd(os.fsync, up("f")))):
        with open(up(name), "wb", 0) as file:
            for _ in range(pages // 32):
                file.write(data(b"O", 32 * 4096))
        sync()
        below = resident(name, low)
        assert below <= pages // 10, "below, %s: %d" % (name, below)
        equal(resident(name), pages, "above")
    fd = os.open(up("f"), os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    equal(resident("f"), 0, "above, given up")
    while os.read(fd, 65536):
        pass
    os.close(fd)
    equal(resident("f"), pages, "above, read again")
    below = resident("f", low)
    assert below <= pages // 10, "below, read: %d" % below


def races():
    """Refreshed all the time, and nothing is lost of what is written."""
    stop, wrong = threading.Event(), []

    def touch():
        while not stop.is_set():
            os.utime(low("f"), (1, 2))
            os.chmod(low("f"), 0o600)

    def look():
        while not stop.is_set():
            os.stat(up("f"))
            text = get("f")
            if text != text[:10] * (len(text) // 10):
                wrong.append(text[:20])

    def sync():
        while not stop.is_set():
            os.sync()

    put("f", b"0" * 20000)
    threads = [threading.Thread(target=t) for t in (touch, look, sync)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 3
    turn = 0
    while time.monotonic() < end:
        turn += 1
        text = b"%010d" % turn * 2000
        with open(up("f"), "r+b", buffering=0) as file:
            file.write(text)
        with open(up("f"), "rb") as file:
            if file.read() != text:
                wrong.append(turn)
    stop.set()
    for thread in threads:
        thread.join()
    # A reader may meet a write half done, at the border of a page.
    equal([w for w in wrong if isinstance(w, int)], [], "turns read wrong")
    lower = v1.Lower(low("f"), [KEY])
    equal(b"".join(lower.plain()), text)


# --- names ------------------------------------------------------------------

def appears():
    for name, make in (("f", lambda p: put_below("f", A)),
                       ("d", os.mkdir), ("p", os.mkfifo),
                       ("s", lambda p: os.symlink("f", p))):
        equal(os.path.lexists(up(name)), False, name)
        make(low(name))
        equal(os.path.lexists(up(name)), True, name)
    equal(get("s"), A)
    equal(sorted(os.listdir(up())), ["d", "f", "p", "s"])


def vanishes():
    put("f", A)
    os.mkdir(up("d"))
    put("d/f", A)
    fd = os.open(up("f"), os.O_RDWR)
    os.unlink(low("f"))
    os.unlink(low("d/f"))
    os.rmdir(low("d"))
    equal([os.path.exists(up(n)) for n in ("f", "d", "d/f")], [False] * 3)
    equal(outcome(os.unlink, up("f")), "ENOENT")
    equal(os.fstat(fd).st_nlink, 0)
    equal(os.pread(fd, 20000, 0), A)
    equal(os.pwrite(fd, B, 0), len(B))
    os.close(fd)
    put("f", B)
    equal(get("f"), B)


def moved():
    os.mkdir(up("d"))
    put("d/f", A)
    put("g", B)
    os.rename(low("d/f"), low("f"))
    os.rename(low("d"), low("e"))
    os.rename(low("g"), low("e/g"))
    equal([os.path.exists(up(n)) for n in ("d", "d/f", "g")], [False] * 3)
    equal((get("f"), get("e/g")), (A, B))
    equal(sorted(os.listdir(up())), ["e", "f"])
    equal(os.listdir(up("e")), ["g"])
    # And changed under the new name.
    with open(up("e/g"), "ab") as file:
        file.write(A)
    equal(get("e/g"), B + A)


def exchanged():
    """Two files whose names change places."""
    put("a", A)
    put("b", B)
    equal((get("a"), get("b")), (A, B))
    os.rename(low("a"), low("c"))
    os.rename(low("b"), low("a"))
    os.rename(low("c"), low("b"))
    equal((get("a"), get("b")), (B, A))
    os.unlink(up("a"))
    equal(os.listdir(low()), ["b"])
    equal(get("b"), A)


def replaced():
    """By something of another type, each by each."""
    def directory(path):
        os.mkdir(path)

    def link(path):
        os.symlink("to", path)

    def file(path):
        put_below(os.path.basename(path), A)

    kinds = {stat.S_IFDIR: directory, stat.S_IFLNK: link, stat.S_IFREG: file,
             stat.S_IFIFO: os.mkfifo}
    for old in kinds:
        for new, make in kinds.items():
            kinds[old](low("x"))
            equal(stat.S_IFMT(os.lstat(up("x")).st_mode), old)
            (os.rmdir if old == stat.S_IFDIR else os.unlink)(low("x"))
            make(low("x"))
            equal(stat.S_IFMT(os.lstat(up("x")).st_mode), new)
            (os.rmdir if new == stat.S_IFDIR else os.unlink)(up("x"))
            equal(os.path.lexists(low("x")), False, "after its removal")


def replaced_while_open():
    put("f", A)
    put("new", B)
    fd = os.open(up("f"), os.O_RDWR)
    os.rename(low("new"), low("f"))
    equal(get("f"), B)
    equal(os.pread(fd, 20000, 0), A)
    os.pwrite(fd, b"x" * 100, 0)
    os.fsync(fd)
    os.close(fd)
    equal(get("f"), B)


def attributes():
    put("f", A)
    os.mkdir(up("d"))
    for path in (up("f"), up("d")):
        os.stat(path)
    for name in ("f", "d"):
        os.chmod(low(name), 0o711)
        os.chown(low(name), 5, 6)
        os.utime(low(name), ns=(10 ** 18 + 1, 10 ** 18 + 2))
        got, want = os.stat(up(name)), os.stat(low(name))
        for field in ("st_mode", "st_uid", "st_gid", "st_nlink", "st_mtime_ns",
                      "st_ctime_ns", "st_ino"):
            equal(getattr(got, field), getattr(want, field), field)
    os.link(low("f"), low("d/linked"))
    equal(os.stat(up("f")).st_nlink, 2)
    equal(get("d/linked"), A)
    with open(up("d/linked"), "ab") as file:
        file.write(B)
    equal(get("f"), A + B)
    os.unlink(low("f"))
    equal(os.stat(up("d/linked")).st_nlink, 1)
    os.mkdir(low("d/sub"))
    equal(os.stat(up("d")).st_nlink, os.stat(low("d")).st_nlink, "links of d")


def flag(name, value):
    fd = os.open(low(name), os.O_RDONLY)
    word = bytearray(8)
    fcntl.ioctl(fd, GETFLAGS, word)
    old = struct.unpack_from("=I", word)[0]
    struct.pack_into("=I", word, 0, old & ~IMMUTABLE | value)
    fcntl.ioctl(fd, SETFLAGS, bytes(word))
    os.close(fd)


def made_immutable():
    put("f", A)
    os.mkdir(up("d"))
    put("d/f", A)
    equal(get("f"), A)
    if outcome(flag, "f", IMMUTABLE):
        return
    try:
        flag("d", IMMUTABLE)
        equal(get("f"), A)
        equal(outcome(put, "f", B), "EPERM", "writing")
        equal(outcome(os.truncate, up("f"), 0), "EPERM", "truncate()")
        equal(outcome(os.unlink, up("f")), "EPERM", "unlink()")
        equal(outcome(os.rename, up("f"), up("g")), "EPERM", "rename()")
        equal(outcome(os.chmod, up("f"), 0o777), "EPERM", "chmod()")
        equal(outcome(os.unlink, up("d/f")), "EPERM", "unlink() in d")
        among(outcome(put, "d/new", B), ("EPERM", "EACCES"), "creating in d")
        equal((get("f"), get("d/f")), (A, A))
    finally:
        flag("f", 0)
        flag("d", 0)
    put("f", B)
    put("d/new", B)
    equal((get("f"), get("d/new")), (B, B))


def made_immutable_while_written():
    """What was accepted is not lost without a word."""
    put("f", A)
    fd = os.open(up("f"), os.O_RDWR)
    os.pwrite(fd, B[:5000], 0)
    if outcome(flag, "f", IMMUTABLE):
        os.close(fd)
        return
    told = outcome(os.fsync, fd)
    told = outcome(os.close, fd) or told
    flag("f", 0)
    if not told:
        equal(get("f"), B[:5000] + A[5000:])


# --- acting on what was moved -----------------------------------------------

def wrong_objects():
    """Each through a directory that was held open while it was moved."""
    for name in ("d", "other"):
        os.mkdir(up(name))
        for inside in ("f", "g"):
            put(name + "/" + inside, A)
        os.mkdir(up(name + "/s"))
    held = os.open(up("d"), os.O_RDONLY | os.O_DIRECTORY)
    for name in ("f", "s"):
        os.stat(name, dir_fd=held)
    # Another directory takes its name.
    os.rename(low("d"), low("moved"))
    os.rename(low("other"), low("d"))
    os.unlink("f", dir_fd=held)
    os.rmdir("s", dir_fd=held)
    os.rename("g", "h", src_dir_fd=held, dst_dir_fd=held)
    equal(sorted(os.listdir(low("d"))), ["f", "g", "s"])
    equal(os.listdir(low("moved")), ["h"])
    # What was in it is elsewhere.
    os.rename(low("moved/h"), low("d/h"))
    for call in (os.unlink, os.stat):
        equal(outcome(call, "h", dir_fd=held), "ENOENT", call.__name__)
    among(outcome(os.rename, "h", "i", src_dir_fd=held, dst_dir_fd=held),
          ("ENOENT", "ESTALE"), "rename()")
    equal(sorted(os.listdir(low("d"))), ["f", "g", "h", "s"])
    os.close(held)


def renamed_beside():
    """What has got another name in the same directory is not removed by the
    old one, nor what has got the old one by way of what had it."""
    put("x", A)
    os.mkdir(up("d"))
    os.rename(low("x"), low("y"))
    os.rename(low("d"), low("e"))
    equal(outcome(os.unlink, up("x")), "ENOENT")
    equal(outcome(os.rmdir, up("d")), "ENOENT")
    equal(outcome(os.rename, up("x"), up("z")), "ENOENT")
    os.stat(up("y"))
    os.stat(up("e"))
    put_below("x", B)
    os.rename(low("y"), low("z"))
    os.rename(low("x"), low("y"))
    os.unlink(up("y"))
    equal(sorted(os.listdir(low())), ["e", "z"])
    equal(get("z"), A)


def created_where_it_was():
    """A name that was given up below is free: for whoever makes something there,
    with its directory locked, as well."""
    makers = [
        ("mkdir", os.mkdir),
        ("symlink", lambda path: os.symlink("x", path)),
        ("mkfifo", os.mkfifo),
        ("open", lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR))),
        ("link", lambda path: os.link(up("other"), path)),
        ("rename", lambda path: renameat2(up("moves"), path, RENAME_NOREPLACE)),
    ]
    put("other", A)
    put("moves", A)
    for name, make in makers:
        put(name, B)
        equal(os.stat(up(name)).st_size, len(B))
        os.rename(low(name), low(name + ".away"))
        equal(outcome(make, up(name)), None, name)
        equal(get(name + ".away"), B, name)
    # A directory that is gone is none that a file could not replace.
    put("file", A)
    os.mkdir(up("target"))
    os.stat(up("target"))
    os.rename(low("target"), low("elsewhere"))
    equal(outcome(os.rename, up("file"), up("target")), None)
    equal(get("target"), A)


def beside_a_creation():
    """What is opened while somebody else holds the directory's lock, for as long
    as he likes, is what has the name below, and not what had it."""
    if FS not in ("ext4", "xfs", "btrfs"):
        return
    os.mkdir(up("d"))
    put("d/conf", A)
    put("new", B)
    equal(get("d/conf"), A)
    os.rename(low("d/conf"), low("d/conf.bak"))
    os.rename(low("new"), low("d/conf"))
    seen = []
    mount = os.open(os.environ["LOWER"], os.O_RDONLY)
    fcntl.ioctl(mount, FIFREEZE, 0)
    try:
        maker = threading.Thread(target=os.mkdir, args=(up("d/x"),))
        maker.start()
        time.sleep(0.5)
        reader = threading.Thread(target=lambda: seen.append(get("d/conf")))
        reader.start()
        reader.join(1)
    finally:
        fcntl.ioctl(mount, FITHAW, 0)
        os.close(mount)
    maker.join()
    reader.join()
    equal(seen, [B])


def renamed_by_both():
    """Renames above, of directories too and in exchange, beside a walk that
    compares them all the time: nothing is unhashed, nothing under them unmounted."""
    os.makedirs(up("a/sub"))
    os.makedirs(up("b/sub"))
    put("a/sub/f", A)
    put("b/sub/f", B)
    LIBC.mount(b"none", up("a/sub").encode(), b"tmpfs", 0, None)
    open(up("a/sub/marker"), "w").close()
    end = threading.Event()
    wrong = []

    def both(name):
        """Whether one directory has what is on the tmpfs and what is below."""
        try:
            top = os.open(up(name + "/sub"), os.O_PATH)
        except FileNotFoundError:
            return False
        there = []
        for file in ("marker", "f"):
            try:
                os.close(os.open(file, os.O_PATH, dir_fd=top))
                there.append(file)
            except FileNotFoundError:
                pass
        os.close(top)
        return len(there) != 1

    def walk():
        while not end.is_set():
            for name in ("a", "b", "c"):
                if both(name):
                    wrong.append(name)

    walkers = [threading.Thread(target=walk) for _ in range(2)]
    for walker in walkers:
        walker.start()
    try:
        for _ in range(200):
            renameat2(up("a"), up("b"), RENAME_EXCHANGE)
            os.rename(up("a"), up("c"))
            os.rename(up("c"), up("a"))
            renameat2(up("a"), up("b"), RENAME_EXCHANGE)
    finally:
        end.set()
        for walker in walkers:
            walker.join()
    mounted = os.path.exists(up("a/sub/marker"))
    LIBC.umount2(up("a/sub").encode(), 2)
    equal(wrong, [])
    equal(mounted, True, "the mount is there")
    equal(get("a/sub/f"), A)
    equal(get("b/sub/f"), B)


def emptied():
    """Read at once after having been emptied below, without a stat()."""
    put("x", A)
    equal(get("x"), A)
    open(low("x"), "wb").close()
    fd = os.open(up("x"), os.O_RDONLY)
    equal(os.read(fd, 10), b"")
    equal(os.lseek(fd, 0, os.SEEK_END), 0)
    os.close(fd)


def longer_below():
    """Bytes behind those that belong to the file are none of it."""
    put("f", A)
    whole = os.stat(low("f")).st_size
    os.truncate(low("f"), whole + 300000)
    equal(get("f"), A)
    with open(up("f"), "ab") as file:
        file.write(LONG)
    equal(get("f"), A + LONG)


def old(name):
    """As if it had last been written before the mount began."""
    os.utime(low(name), (1e9, 1e9))


def size_and_text(name):
    """As stat() and read() have it, which must agree."""
    size = os.stat(up(name)).st_size
    text = get(name)
    equal(size, len(text))
    return text


def nothing_but_zeros():
    """What a crash leaves of a new file that was never synced: no byte, or
    zeros.  It is an empty file, and one of ours again when it is written."""
    for zeros in (0, 100, 8192, 12288, 300000):
        with open(low("f"), "wb") as file:
            file.write(bytes(zeros))
        equal(size_and_text("f"), b"")
        with open(up("f"), "ab") as file:
            file.write(A)
        equal(get("f"), A)
        equal(v1.Lower(low("f"), [KEY]).size, len(A))
        os.unlink(up("f"))
    with open(low("hole"), "wb") as file:
        file.truncate(1 << 30)
    equal(size_and_text("hole"), b"")
    # Not all of an image of zeros is read to find that out.
    with open(low("image"), "wb") as file:
        for _ in range(4):
            file.write(bytes(1 << 20))
    equal(os.stat(up("image")).st_size, 4 << 20)
    equal(outcome(get, "image"), "EUCLEAN")
    os.truncate(up("image"), 0)
    equal(size_and_text("image"), b"")
    with open(low("other"), "wb") as file:
        file.write(bytes(8192) + b"something")
    equal(outcome(get, "other"), "EUCLEAN")


def header_lost():
    """Data whose header never reached the disk: an error that can be cured by
    truncating, by either call, or by removing or replacing it."""
    for cure in ("O_TRUNC", "truncate", "replace", "unlink"):
        put("f", A)
        rewrite("f", bytes(8192) + open(low("f"), "rb").read()[8192:])
        equal(outcome(get, "f"), "EUCLEAN")
        equal(outcome(os.open, up("f"), os.O_WRONLY), "EUCLEAN")
        equal(outcome(os.truncate, up("f"), 100), "EUCLEAN")
        if cure == "O_TRUNC":
            put("f", B)
            equal(get("f"), B)
            equal(v1.Lower(low("f"), [KEY]).size, len(B))
        elif cure == "truncate":
            os.truncate(up("f"), 0)
            equal(size_and_text("f"), b"")
            equal(v1.Lower(low("f"), [KEY]).size, 0)
        elif cure == "replace":
            put("g", B)
            os.rename(up("g"), up("f"))
            equal(get("f"), B)
        else:
            os.unlink(up("f"))
            equal(os.listdir(low()), [])


def end_lost():
    """The size of an append reached the disk, its data did not, and the mount
    is a later one: the file is as long as what is there, and goes on."""
    put("f", LONG)
    os.truncate(low("f"), 8192 + 5 * 4096)
    old("f")
    equal(size_and_text("f"), LONG[:5 * 4096])
    # The old size is still recorded until the file is written to.
    equal(v1.Lower(low("f"), [KEY]).size, len(LONG))
    with open(up("f"), "ab") as file:
        file.write(A)
    equal(get("f"), LONG[:5 * 4096] + A)
    equal(v1.Lower(low("f"), [KEY]).size, 5 * 4096 + len(A))


def end_cut_off():
    """The same, but cut by somebody while the filesystem is mounted, or not at
    the end of an extent: that is damage, and is not shown as a shorter file."""
    for lower_size, when in ((8192 + 5 * 4096, None), (8192 + 20500, 1e9)):
        put("f", LONG)
        os.truncate(low("f"), lower_size)
        if when:
            old("f")
        equal(os.stat(up("f")).st_size, len(LONG))
        fd = os.open(up("f"), os.O_RDONLY)
        equal(os.pread(fd, 4096, 4 * 4096), LONG[4 * 4096:5 * 4096])
        for at in range(6, 13):
            equal(outcome(os.pread, fd, 4096, at * 4096), "EIO")
        os.close(fd)
        os.unlink(up("f"))


def written_late():
    """Data that go down later than the write() that set the times leave a mark
    by which a backup that came between knows that it has to come again."""
    put("f", LONG)
    os.sync()
    fd = os.open(up("f"), os.O_RDWR)
    os.pwrite(fd, B[:4096], 4096)
    before = os.stat(low("f"))
    with open(low("f"), "rb") as file:
        copy = file.read()
    time.sleep(0.1)
    os.fsync(fd)
    after = os.stat(low("f"))
    with open(low("f"), "rb") as file:
        if file.read() != copy:
            equal(after.st_ctime_ns != before.st_ctime_ns, True)
    view = mmap.mmap(fd, 0)
    view[0:10] = b"0123456789"
    before = os.stat(low("f"))
    time.sleep(0.1)
    view.close()
    os.close(fd)
    equal(os.stat(low("f")).st_ctime_ns != before.st_ctime_ns, True)


def made():
    """What was looked for before it was made below is found by all who change
    names, and not made over."""
    names = ["f", "g", "h", "t", "d", "e", "m", "n"]
    for name in names:
        equal(outcome(os.stat, up(name)), "ENOENT")
    for name in ("f", "g", "h", "t", "n"):
        put_below(name, A)
    for name in ("d", "e", "m"):
        os.mkdir(low(name))
    os.unlink(up("f"))
    os.rename(up("g"), up("G"))
    equal(outcome(os.link, up("h"), up("t")), "EEXIST")
    os.rmdir(up("d"))
    os.rename(up("e"), up("E"))
    equal(outcome(os.mkdir, up("m")), "EEXIST")
    equal(outcome(os.symlink, "x", up("n")), "EEXIST")
    equal(sorted(os.listdir(low())), ["E", "G", "h", "m", "n", "t"])
    equal(get("G"), A)


def races_of_clients():
    """Two clients of a server make the same names: each name is made by one of
    them, and what the other got is left alone.  A third opens what is there."""
    other = os.path.join("/client2/lower",
                         os.path.relpath(low(), os.environ["LOWER"]))
    whole = lower_bytes(B)
    won = {"up": 0, "other": 0}
    for count in range(60):
        name = "f%d" % count
        barrier = threading.Barrier(2)
        result = {}

        def above():
            barrier.wait()
            result["up"] = outcome(exclusive, up(name), None)

        def beside():
            barrier.wait()
            # Making one above takes longer: from all to none of that.
            time.sleep(count / 4000)
            result["other"] = outcome(exclusive, os.path.join(other, name),
                                      whole)

        threads = [threading.Thread(target=t) for t in (above, beside)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(sorted(result.values(), key=str), ["EEXIST", None],
              "making %s: %s" % (name, result))
        winner = "up" if result["up"] is None else "other"
        won[winner] += 1
        equal(get(name), A if winner == "up" else B, name)
    print("info: %s" % won, flush=True)


def links_of_servers():
    """A server's count of names is not always what it tells."""
    fd = os.open(up("a"), os.O_CREAT | os.O_RDWR)
    os.write(fd, A)
    os.link(up("a"), up("b"))
    os.unlink(up("a"))
    os.write(fd, B)
    os.close(fd)
    equal(get("b"), A + B)
    os.link(up("b"), up("c"))
    os.unlink(up("b"))
    os.link(up("c"), up("d"))
    equal(os.stat(up("c")).st_nlink, 2, "names")
    equal((get("c"), get("d")), (A + B, A + B))


def exclusive(path, whole):
    """Above, without bytes of a lower file, its content."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    os.write(fd, A if whole is None else whole)
    os.close(fd)


def races_of_names():
    """A name that moves below all the time; only it may ever be touched."""
    put("keep", A)
    put("x", B)
    stop = threading.Event()

    def move():
        while not stop.is_set():
            for a, b in (("x", "y"), ("keep", "x"), ("x", "keep"), ("y", "x")):
                os.rename(low(a), low(b))

    thread = threading.Thread(target=move)
    thread.start()
    allowed = (None, "ENOENT", "ESTALE", "EEXIST")
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            among(outcome(os.stat, up("x")), allowed, "stat()")
            among(outcome(get, "x"), allowed, "reading")
            among(outcome(os.chmod, up("x"), 0o640), allowed, "chmod()")
            among(outcome(os.rmdir, up("x")), ("ENOTDIR",) + allowed[1:],
                  "rmdir()")
            among(outcome(os.link, up("x"), up("z")), allowed, "link()")
            among(outcome(os.unlink, up("z")), allowed, "unlink()")
    finally:
        stop.set()
        thread.join()
    equal(sorted(os.listdir(up())), ["keep", "x"])
    equal((get("keep"), get("x")), (A, B))


def working_directory():
    os.mkdir(up("d"))
    put("d/f", A)
    os.chdir(up("d"))
    os.rename(low("d"), low("e"))
    with open("f", "rb") as file:
        equal(file.read(), A)
    with open("g", "wb") as file:
        file.write(B)
    equal(get("e/g"), B)
    os.unlink(low("e/f"))
    os.unlink(low("e/g"))
    os.rmdir(low("e"))
    equal(os.listdir("."), [])
    equal(outcome(open, "h", "wb"), "ENOENT")
    equal(outcome(os.mkdir, "h"), "ENOENT")
    # Never what has come to be under the name.
    os.mkdir(low("e"))
    equal(outcome(os.mkdir, "h"), "ENOENT")
    equal(os.listdir(low("e")), [])
    os.chdir("/")


def while_listed():
    """What stays is listed once, whatever happens around it."""
    for number in range(300):
        os.mknod(up("n%03d" % number), stat.S_IFIFO)
    seen = []
    with os.scandir(up()) as listing:
        for entry in listing:
            if len(seen) == 20:
                for number in range(300):
                    if number % 3:
                        os.unlink(low("n%03d" % number))
                    os.mkdir(low("m%03d" % number))
            seen.append(entry.name)
    stays = ["n%03d" % number for number in range(0, 300, 3)]
    equal([seen.count(name) for name in stays], [1] * 100, "listings")
    equal(len(set(seen)), len(seen), "different names")
    equal(sorted(os.listdir(up())), sorted(os.listdir(low())))


def listed_and_removed():
    os.mkdir(up("d"))
    put("d/f", A)
    with os.scandir(up("d")) as listing:
        os.unlink(low("d/f"))
        os.rmdir(low("d"))
        among([e.name for e in listing], ([], ["f"]), "the listing")
    equal(outcome(os.listdir, up("d")), "ENOENT")


TESTS = [rewritten, rewritten_at_once, same_key, times_put_back, while_read,
         while_open_for_writing, while_mapped, truncated, truncated_while_open,
         appended, spoilt, kept_cached, one_copy, races, appears, vanishes,
         moved, exchanged, replaced, replaced_while_open, attributes, made_immutable,
         made_immutable_while_written, wrong_objects, renamed_beside,
         created_where_it_was, beside_a_creation, renamed_by_both,
         made, emptied, longer_below, nothing_but_zeros, header_lost,
         end_lost, end_cut_off, written_late, races_of_names,
         working_directory, while_listed, listed_and_removed]
# Not on any lower filesystem.
BY_NAME = [races_of_clients, links_of_servers]


def run(test):
    global HERE
    HERE = test.__name__
    os.mkdir(up())
    try:
        test()
    except (AssertionError, OSError, v1.FormatError) as error:
        line = error.__traceback__
        while line.tb_next and line.tb_next.tb_frame.f_code is not \
                equal.__code__:
            line = line.tb_next
        print("not ok %s%s: line %d: %s: %s" % (
            PREFIX, test.__name__, line.tb_lineno, type(error).__name__,
            error), flush=True)
        return 1
    print("ok %s%s" % (PREFIX, test.__name__), flush=True)
    return 0


def main():
    wanted = sys.argv[1:]
    failures = sum(run(test) for test in TESTS + BY_NAME
                   if test.__name__ in wanted or
                   not wanted and test in TESTS)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

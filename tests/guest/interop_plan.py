#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees and random work, done alike in a mount and in a model beside it.

  tree TOP...                 files of all the sizes that matter, links, ways
                              of writing
  turn UPPER MODEL SEED N     N random operations in each of UPPER's directories
  compare UPPER MODEL         every name, type, mode, link count, size, byte
  headers LOWER SIG...        the metadata of every file below LOWER/16, 24 and
                              32, which are the sizes of their keys, byte by
                              byte, as the format's description has it
  content FILE BYTES          a file of noise that is always the same
  big write|change|check FILE SEED   around offset 4 GiB
  extents stretch|write|check|below FILE SEED   the same in a lower file with
                              holes, of which only the extents written count:
                              stretch and below take the lower file

MODEL is on a filesystem that is known to be right.  Exit status 1 on a
difference, which is told.
"""

import hashlib
import mmap
import os
import random
import stat
import sys

EXTENT = 4096
HEADER = 8192
SIZES = [0, 1, 15, 16, 17, 4095, 4096, 4097, 8191, 8192, 8193, 12287, 12288,
         12289, 65535, 65536, 65537, 1048575, 1048576, 1048577]


def content(name, size):
    """Bytes that belong to one file only, the same for every caller."""
    return random.Random(name).randbytes(size)


# --- a fixed tree -----------------------------------------------------------

def write_in_pieces(path, data, piece):
    with open(path, "wb", buffering=0) as out:
        for at in range(0, len(data), piece):
            out.write(data[at:at + piece])


def gaps(path, pieces):
    with open(path, "wb", buffering=0) as out:
        for at, size in pieces:
            out.seek(at)
            out.write(content("%s %d" % (os.path.basename(path), at), size))


def make_tree(top):
    for size in SIZES:
        with open("%s/size-%d" % (top, size), "wb") as out:
            out.write(content("size-%d" % size, size))
    for size in (1, 4096, 4097, 65537):
        path = "%s/grown-%d" % (top, size)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o640))
        os.truncate(path, size)
    for piece in (1, 7, 512, 4095, 4097):
        data = content("piece-%d" % piece, 300 * min(piece, 100) + 1)
        write_in_pieces("%s/piece-%d" % (top, piece), data, piece)
    gaps(top + "/gap-at-start", [(4096, 1)])
    gaps(top + "/gap-inside", [(0, 10), (4095, 2), (20000, 5), (40960, 4096)])
    gaps(top + "/gap-backwards", [(65536, 3), (8192, 4096), (0, 1)])
    gaps(top + "/gap-of-many", [(3, 1), (524287, 2)])
    for old, new in ((8192, 8191), (8193, 8192), (65537, 1), (12289, 0),
                     (4097, 4096), (5000, 4500)):
        path = "%s/cut-%d-%d" % (top, old, new)
        with open(path, "wb") as out:
            out.write(content(path[len(top):], old))
        os.truncate(path, new)
    deep = top
    for level in range(12):
        deep += "/level-%d" % level
        os.mkdir(deep, 0o755 if level % 2 else 0o700)
    with open(deep + "/bottom", "wb") as out:
        out.write(content("bottom", 4100))
    os.mkdir(top + "/many")
    for i in range(150):
        with open("%s/many/%d" % (top, i), "wb") as out:
            out.write(content("many-%d" % i, i))
    os.symlink("size-4097", top + "/symlink")
    os.symlink("no/such/" + "x" * 200, top + "/symlink-dangling")
    os.symlink("level-0", top + "/symlink-dir")
    os.link(top + "/size-8193", top + "/hard-link")
    os.link(top + "/size-8193", top + "/many/hard-link")
    os.mkfifo(top + "/fifo", 0o600)
    os.chmod(top + "/size-17", 0o4755)
    os.chmod(top + "/size-16", 0o400)
    # What a program that is not careful about encodings leaves behind.
    with open(os.fsencode(top) + b"/na\xefve \xc3\xa9\n name", "wb") as out:
        out.write(content("name", 100))


# --- random work ------------------------------------------------------------

class Turn:
    """Applies each operation to both trees; draws from the model alone."""

    def __init__(self, upper, model, seed):
        self.roots = (os.fsencode(upper), os.fsencode(model))
        self.model = os.fsencode(model)
        self.random = random.Random(seed)
        self.serial = 0
        self.prefix = "%x" % (seed & 0xffffffff)

    def files(self):
        found = []
        for parent, dirs, names in os.walk(self.model):
            dirs.sort()
            inside = os.path.relpath(parent, self.model)
            for name in sorted(names):
                path = os.path.normpath(os.path.join(inside, name))
                if stat.S_ISREG(os.lstat(os.path.join(self.model,
                                                      path)).st_mode):
                    found.append(path)
        return found

    def dirs(self):
        return sorted(os.path.relpath(p, self.model)
                      for p, _, _ in os.walk(self.model))

    def new_name(self):
        self.serial += 1
        return os.path.normpath(os.path.join(
            self.random.choice(self.dirs()),
            b"%s-%d" % (self.prefix.encode(), self.serial)))

    def position(self, size):
        """Near a boundary, near the end, or anywhere; a gap now and then."""
        kind = self.random.randrange(8)
        if kind < 3:
            extent = self.random.randrange(size // EXTENT + 2)
            return max(0, extent * EXTENT + self.random.randint(-17, 17))
        if kind < 5:
            return max(0, size + self.random.randint(-20, 20))
        if kind == 5:
            return size
        if kind == 6:
            return size + self.random.randrange(5 * EXTENT)
        return self.random.randrange(size + 1)

    def amount(self):
        return self.random.choice([
            1, 2, 15, 16, 17, 100, 1000, EXTENT - 1, EXTENT, EXTENT + 1,
            2 * EXTENT, self.random.randrange(1, 5 * EXTENT),
            self.random.randrange(1, 20 * EXTENT)])

    def script(self, size):
        """Steps on one open file."""
        steps = []
        for _ in range(self.random.choice([1, 1, 1, 2, 3, 6])):
            kind = self.random.choice(
                ["write"] * 6 + ["truncate"] * 3 + ["fsync", "read", "map",
                                                    "sync", "append"])
            if kind == "write":
                at, data = self.position(size), self.random.randbytes(
                    self.amount())
                steps.append((kind, at, data))
                size = max(size, at + len(data))
            elif kind == "append":
                data = self.random.randbytes(self.amount())
                steps.append(("write", size, data))
                size += len(data)
            elif kind == "truncate":
                size = self.position(size)
                steps.append((kind, size))
            elif kind == "map" and size:
                at = self.random.randrange(size)
                data = self.random.randbytes(min(size - at, self.amount()))
                steps.append((kind, at, data, size))
            elif kind == "read":
                steps.append((kind, self.position(size), self.amount()))
            elif kind in ("fsync", "sync"):
                steps.append((kind,))
        return steps

    def run_script(self, path, steps):
        seen = []
        for root in self.roots:
            got = []
            handle = os.open(os.path.join(root, path), os.O_RDWR)
            for step in steps:
                if step[0] == "write":
                    done = os.pwrite(handle, step[2], step[1])
                    got.append(done == len(step[2]))
                elif step[0] == "truncate":
                    os.ftruncate(handle, step[1])
                elif step[0] == "map":
                    with mmap.mmap(handle, step[3]) as area:
                        area[step[1]:step[1] + len(step[2])] = step[2]
                elif step[0] == "read":
                    got.append(os.pread(handle, step[2], step[1]))
                elif step[0] == "fsync":
                    os.fsync(handle)
                got.append(os.fstat(handle).st_size)
            os.close(handle)
            seen.append(got)
        if seen[0] != seen[1]:
            raise SystemExit("%s: other result than the model's: %r" % (
                os.fsdecode(path), [s[:2] for s in steps]))

    def step(self):
        files = self.files()
        kind = self.random.choice(
            ["script"] * 12 + ["append", "append", "truncate", "create",
                               "rewrite", "unlink", "rename", "rename-over",
                               "link", "symlink", "mkdir", "chmod"])
        if kind in ("create", "symlink", "mkdir") or not files:
            name = self.new_name()
            data = self.random.randbytes(self.amount())
            for root in self.roots:
                path = os.path.join(root, name)
                if kind == "symlink":
                    os.symlink(b"to-" + name, path)
                elif kind == "mkdir":
                    os.mkdir(path)
                else:
                    with open(path, "xb", buffering=0) as out:
                        out.write(data)
            return
        path = self.random.choice(files)
        size = os.lstat(os.path.join(self.model, path)).st_size
        if kind == "script":
            self.run_script(path, self.script(size))
            return
        data = self.random.randbytes(self.amount())
        length = self.position(size)
        name, other = self.new_name(), self.random.choice(files)
        mode = self.random.choice([0o600, 0o644, 0o755, 0o4755])
        pieces = self.random.choice([len(data), 3 + len(data) // 5])
        for root in self.roots:
            target = os.path.join(root, path)
            if kind == "append":
                with open(target, "ab", buffering=0) as out:
                    for at in range(0, len(data), pieces):
                        out.write(data[at:at + pieces])
            elif kind == "truncate":
                os.truncate(target, length)
            elif kind == "rewrite":
                with open(target, "wb", buffering=0) as out:
                    out.write(data)
            elif kind == "unlink":
                os.unlink(target)
            elif kind == "rename":
                os.rename(target, os.path.join(root, name))
            elif kind == "rename-over":
                os.rename(target, os.path.join(root, other))
            elif kind == "link":
                os.link(target, os.path.join(root, name))
            elif kind == "chmod":
                os.chmod(target, mode)

    def run(self, number):
        for _ in range(number):
            self.step()


# --- comparison -------------------------------------------------------------

def inventory(top):
    found = {}
    for parent, dirs, names in os.walk(os.fsencode(top)):
        for name in dirs + names:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, os.fsencode(top))] = os.lstat(path)
    return found


def describe(st):
    if stat.S_ISREG(st.st_mode):
        return (st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_size)
    if stat.S_ISDIR(st.st_mode):
        return (st.st_mode, st.st_uid, st.st_gid)
    return (st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_rdev)


def same_bytes(one, two):
    with open(one, "rb") as a, open(two, "rb") as b:
        left, right = a.read(), b.read()
    if left == right:
        return None
    at = next((i for i, (x, y) in enumerate(zip(left, right)) if x != y),
              min(len(left), len(right)))
    return "%d and %d bytes, different from byte %d on" % (
        len(left), len(right), at)


def same_inodes(upper, model):
    """Names that are one file in the model are one file in the mount."""
    groups = {}
    for path, st in model.items():
        if stat.S_ISREG(st.st_mode) and path in upper:
            groups.setdefault(st.st_ino, set()).add(upper[path].st_ino)
    return all(len(g) == 1 for g in groups.values())


def compare(upper_top, model_top):
    upper, model = inventory(upper_top), inventory(model_top)
    bad = ["%s: only in the %s" % (os.fsdecode(p), "mount" if p in upper
                                   else "model")
           for p in sorted(upper.keys() ^ model.keys())]
    for path in sorted(upper.keys() & model.keys()):
        name = os.fsdecode(path)
        one = os.path.join(os.fsencode(upper_top), path)
        two = os.path.join(os.fsencode(model_top), path)
        if describe(upper[path]) != describe(model[path]):
            bad.append("%s: is %r, not %r" % (name, describe(upper[path]),
                                              describe(model[path])))
        if stat.S_ISREG(model[path].st_mode):
            text = same_bytes(one, two)
            if text:
                bad.append("%s: %s" % (name, text))
        elif stat.S_ISLNK(model[path].st_mode):
            if os.readlink(one) != os.readlink(two):
                bad.append("%s: another target" % name)
    if not same_inodes(upper, model):
        bad.append("hard links are not one inode")
    if not model:
        bad.append("the model is empty: nothing was compared")
    for line in bad[:10]:
        print(line.encode("unicode_escape").decode())
    print("%d entries, %d differences" % (len(model), len(bad)))
    return bool(bad)


# --- the metadata of a new file ---------------------------------------------

def expect(what, got, want):
    if got != want:
        raise SystemExit("%s: %s, must be %s" % (what, got.hex(), want.hex()))


def header(path, key_bytes, sigs):
    """Written from the format's description, sections 3 to 5 and 12 alone."""
    with open(path, "rb") as lower:
        head = lower.read(HEADER)
    m1 = int.from_bytes(head[8:12], "big")
    expect("marker", head[12:16], (m1 ^ 0x3c81b7f5).to_bytes(4, "big"))
    expect("version and flags", head[16:20], bytes.fromhex("03000002"))
    expect("extent size and count", head[20:26], bytes.fromhex("000010000002"))
    at = 26
    wrapped = {16: 16, 24: 32, 32: 32}[key_bytes]
    code = {16: 7, 24: 8, 32: 9}[key_bytes]
    seen = set()
    for sig in sigs:
        fixed = bytes([0x8c, 13 + wrapped, 4, code, 3, 1])
        expect("tag 3", head[at:at + 15], fixed +
               bytes.fromhex("0011223344556677") + b"\x60")
        seen.add(head[at + 15:at + 15 + wrapped])
        at += 15 + wrapped
        expect("tag 11", head[at:at + 24], bytes.fromhex("ed166208") +
               b"_CONSOLE" + bytes(4) + bytes.fromhex(sig))
        at += 24
    if len(seen) != len(sigs) or bytes(wrapped) in seen:
        raise SystemExit("wrapped keys that are the same, or empty")
    expect("rest of the header", hashlib.sha256(head[at:]).digest(),
           hashlib.sha256(bytes(HEADER - at)).digest())
    size = int.from_bytes(head[:8], "big")
    want = HEADER + (size + EXTENT - 1) // EXTENT * EXTENT
    if os.stat(path).st_size != want:
        raise SystemExit("lower size %d, must be %d" % (
            os.stat(path).st_size, want))


def headers(top, sigs):
    """Of a whole lower tree; no two files have marker or key in common."""
    starts, count = set(), 0
    for parent, _, names in os.walk(os.fsencode(top)):
        inside = os.path.relpath(parent, os.fsencode(top))
        key_bytes = int(inside.split(b"/")[0].replace(b".", b"0"))
        for name in names:
            path = os.path.join(parent, name)
            st = os.lstat(path)
            if not stat.S_ISREG(st.st_mode):
                continue
            header(path, key_bytes, sigs)
            count += st.st_nlink == 1
            with open(path, "rb") as lower:
                start = lower.read(64)
            if st.st_nlink == 1:
                starts.update((start[8:12], start[41:57]))
    # A random marker of 4 bytes may by chance be there twice; a key not.
    if not count or len(starts) < 2 * count - 1:
        raise SystemExit("%d files, but %d different markers and keys" % (
            count, len(starts)))


# --- past 4 GiB -------------------------------------------------------------

FOUR_GIB = 1 << 32
# Within extents, across their boundaries, across 4 GiB; no two overlap.
PLACES = [0, 4095, 1 << 31, (1 << 31) - 3, FOUR_GIB - 8192 - 5, FOUR_GIB - 8192,
          FOUR_GIB - 4096 - 1, FOUR_GIB - 1, FOUR_GIB + 1, FOUR_GIB + 4095,
          FOUR_GIB + 12288 - 7]
GAPS = [100, 1 << 30, (1 << 31) + 8192, FOUR_GIB - 4000, FOUR_GIB + 8192]


def big_data(seed):
    """(offset, bytes) of what is written; no two overlap."""
    chosen = random.Random(seed)
    return [(at, chosen.randbytes(4)) for at in PLACES[::2]] + [
        (at, chosen.randbytes(2)) for at in PLACES[1::2]]


def big(what, path, seed):
    if what == "write":
        with open(path, "xb", buffering=0) as out:
            for at, data in sorted(big_data(seed)):
                out.seek(at)
                out.write(data)
    elif what == "change":
        with open(path, "r+b", buffering=0) as out:
            for at, data in big_data(seed):
                out.seek(at)
                out.write(data)
    elif what == "check":
        data = big_data(seed)
        end = max(at + len(d) for at, d in data)
        if os.stat(path).st_size != end:
            raise SystemExit("%d bytes, must be %d" % (
                os.stat(path).st_size, end))
        with open(path, "rb", buffering=0) as there:
            for at, want in data + [(gap, bytes(64)) for gap in GAPS]:
                there.seek(at)
                got = there.read(len(want))
                if got != want:
                    raise SystemExit("at %d: %s, must be %s" % (
                        at, got.hex(), want.hex()))
    else:
        raise SystemExit(__doc__)


WHOLE = [0, (1 << 31) - EXTENT, 1 << 31, FOUR_GIB - 8192, FOUR_GIB - EXTENT,
         FOUR_GIB, FOUR_GIB + EXTENT, FOUR_GIB + 4 * EXTENT]
WHOLE_SIZE = FOUR_GIB + 5 * EXTENT


def extents(what, path, seed):
    chosen = random.Random(seed)
    data = [(at, chosen.randbytes(EXTENT)) for at in WHOLE]
    if what == "stretch":
        with open(path, "r+b", buffering=0) as lower:
            lower.write(WHOLE_SIZE.to_bytes(8, "big"))
            lower.truncate(HEADER + WHOLE_SIZE)
        return
    with open(path, "r+b" if what == "write" else "rb", buffering=0) as file:
        if what == "write":
            for at, text in data:
                file.seek(at)
                file.write(text)
        elif os.fstat(file.fileno()).st_size != WHOLE_SIZE:
            raise SystemExit("%d bytes" % os.fstat(file.fileno()).st_size)
        else:
            for at, text in data:
                file.seek(at)
                if file.read(EXTENT) != text:
                    raise SystemExit("other bytes at %d" % at)


def extents_below(path, seed, passphrase):
    """The oracle looks at them one by one."""
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../oracle"))
    import v1
    lower = v1.Lower(path, [v1.derive(passphrase.encode(), v1.SALT)])
    lower.check_size()
    opened, chosen = v1.Extents(lower.cipher, lower.fek), random.Random(seed)
    with open(path, "rb", buffering=0) as file:
        for at in WHOLE:
            file.seek(HEADER + at)
            if (opened.decrypt(at // EXTENT, file.read(EXTENT)) !=
                    chosen.randbytes(EXTENT)):
                raise SystemExit("other bytes below at %d" % at)


def main(args):
    if args[0] == "tree":
        for top in args[1:]:
            make_tree(top)
    elif args[0] == "turn":
        for name in sorted(os.listdir(args[2])):
            Turn(os.path.join(args[1], name), os.path.join(args[2], name),
                 int(args[3]) * 100 + int(name)).run(int(args[4]))
    elif args[0] == "compare":
        return compare(args[1], args[2])
    elif args[0] == "headers":
        headers(args[1], args[2:])
    elif args[0] == "content":
        with open(args[1], "xb") as out:
            out.write(content("content", int(args[2])))
    elif args[0] == "extents" and args[1] == "below":
        extents_below(args[2], args[3], args[4])
    elif args[0] == "extents":
        extents(args[1], args[2], args[3])
    elif args[0] == "big":
        big(args[1], args[2], args[3])
    else:
        raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))

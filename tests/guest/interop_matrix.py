#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of all configurations, changed in turns by two modules.

  work ROUND UPPER MODEL CONFIG...   in each UPPER/CONFIG: what the other left
                              is the model, then round ROUND of the plan
  read UPPER MODEL CONFIG...         the same without changes
  below LOWER MODEL CONFIG...        from below, without a module: the names
                              that the model's must have, their metadata where
                              the configuration wants it, and every byte
  alike ONE TWO...            lower trees in pairs after round 1: names and lengths
                              are the same, and metadata but for what is random

CONFIG is CIPHER-BYTES-NAMES-METADATA-FIRST: names are "plain", "names" (by the
same cipher) or, for names, another cipher and its bytes, as in "twofish32";
metadata "header" or "xattr"; FIRST works in the odd rounds.  The model of each
is kept in plain files.  One verdict line for each configuration; PASS_A in the
environment is the passphrase of both keys, LOADED the module's name.
"""

import os
import random
import re
import stat
import sys
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../oracle")]

import interop_plan as plan  # noqa: E402
import v1  # noqa: E402
import v1_name  # noqa: E402

SIZES = [0, 1, 16, 4095, 4096, 4097, 9000, 20000]
# Both sides of where the lower name gets longer, for blocks of 8 and 16 bytes.
LENGTHS = [1, 7, 8, 15, 16, 31, 32, 47, 63, 64, 79, 95, 112, 127, 128, 142, 143]
TARGETS = [1, 14, 15, 16, 200, 1000]


class Config:
    def __init__(self, text):
        self.text = text
        (self.cipher, size, self.names, self.metadata,
         self.first) = text.split("-")
        self.key_bytes = int(size)
        self.name_cipher, self.name_bytes = self.cipher, self.key_bytes
        other = re.fullmatch("(aes|blowfish|des3_ede|cast5|cast6|twofish)"
                             "([0-9]+)", self.names)
        if other:
            self.name_cipher = other[1]
            self.name_bytes = int(other[2])
        self.seed = "%s-%d-%s" % (self.cipher, self.key_bytes, self.metadata)

    def name(self, name, key):
        """What a name, or a target, is below."""
        if self.names == "plain":
            return name
        return v1_name.to_lower(name, key, self.name_cipher, self.name_bytes)

    def longest_target(self):
        """As the format's description has it, for 4095 bytes below."""
        if self.names == "plain":
            return 4095
        return 3007 if v1.Cipher(self.name_cipher, bytes(
            range(self.name_bytes))).block_bytes == 16 else 3015


# --- work -------------------------------------------------------------------

class Work(plan.Turn):
    """Round 1 makes a tree, the others change it; both trees alike."""

    def __init__(self, config, upper, model, number):
        plan.Turn.__init__(self, upper, model, 0)
        self.config, self.number = config, number
        self.random = random.Random("%s %d" % (config.seed, number))
        self.prefix = "r%d" % number

    def both(self, call, *paths, before=()):
        """call(*before, path...) in the mount and in the model."""
        results = [call(*before, *(os.path.join(root, p) for p in paths))
                   for root in self.roots]
        if results[0] != results[1]:
            raise SystemExit("%s%r: %r instead of %r" % (
                call.__name__, paths, *results))

    def write(self, path, data, flags=os.O_CREAT | os.O_EXCL, at=0):
        def run(full):
            handle = os.open(full, os.O_WRONLY | flags, 0o644)
            done = os.pwrite(handle, data, at) if not flags & os.O_APPEND \
                else os.write(handle, data)
            os.close(handle)
            return done
        self.both(run, path)

    def bytes(self, size):
        return self.random.randbytes(size)

    def truncate(self, path, size):
        self.both(lambda full: os.truncate(full, size), path)

    def symlink(self, path, target):
        self.both(os.symlink, path, before=(target,))

    def create(self):
        for size in SIZES:
            self.write(b"size-%d" % size, self.bytes(size))
        for length in LENGTHS:
            self.write((b"%d" % length).ljust(length, b".")[:length],
                       b"%d" % length)
        for name in ("ü" * 71 + "x", "日本語のファイル名.txt", "naïve café",
                     "🔒" * 35 + "abc", "e\u0301 decomposed", " spaces ",
                     "new\nline", "-", "...", ".hidden", "ECRYPTFS_FNEK_ENCRYPTED.",
                     "ECRYPTFS_FNEK_ENCRYPTED.FWay", "UPPER", "upper", "a*?[]\\$\""):
            self.write(name.encode(), name.encode())
        self.write(b"\xff\xfe not utf-8 \xc3", b"\xff")
        deep = b""
        for level in (b"dir", b"d" * 143, "Verzeichnis ö".encode(), b"4"):
            deep = os.path.join(deep, level)
            self.both(os.mkdir, deep)
            self.write(os.path.join(deep, b"inside"), self.bytes(100))
        self.both(os.mkdir, b"empty-dir")
        for length in TARGETS + [self.config.longest_target()]:
            self.symlink(b"to-%d" % length, (b"t/" * length)[:length])
        self.symlink(b"to-file", b"size-4097")
        self.symlink(b"to-dir", b"dir")
        self.symlink(b"to-utf-8", "日本語/ö".encode())
        self.both(os.link, b"size-9000", b"dir/link")
        self.both(os.mkfifo, b"fifo")

    def changes(self):
        """One of each, in an order of its own each round."""
        kinds = [self.append, self.append_piece, self.overwrite, self.cut,
                 self.stretch, self.gap, self.rename_long, self.rename_over,
                 self.rename_dir, self.move, self.link, self.unlink,
                 self.replace_symlink, self.tree, self.remove_tree,
                 self.again, self.script_one, self.empty]
        self.random.shuffle(kinds)
        for kind in kinds:
            kind()

    def pick(self):
        return self.random.choice(self.files())

    def size(self, path):
        return os.lstat(os.path.join(self.model, path)).st_size

    def append(self):
        self.write(self.pick(), self.bytes(self.random.choice([1, 4096, 9000])),
                   os.O_APPEND)

    def append_piece(self):
        path = self.pick()
        for _ in range(5):
            self.write(path, self.bytes(self.random.randrange(1, 900)),
                       os.O_APPEND)

    def overwrite(self):
        for path in self.files():
            if self.size(path) > 6000:
                at = self.random.randrange(self.size(path) - 5000)
                self.write(path, self.bytes(5000), 0, at)
                break
        path = self.pick()
        self.write(path, self.bytes(7), 0, self.size(path) // 2)

    def cut(self):
        path = max(self.files(), key=lambda p: (self.size(p), p))
        for size in (self.size(path) - 1, 8193, 8192, 5):
            self.truncate(path, size)
            self.write(path, b"after", os.O_APPEND)

    def stretch(self):
        path = min(self.files(), key=lambda p: (self.size(p), p))
        size = self.size(path) + self.random.choice([1, 4096, 4097, 13000])
        self.truncate(path, size)

    def gap(self):
        path = self.pick()
        self.write(path, b"behind a gap", 0, self.size(path) + 5000)

    def fresh(self, length=143):
        self.serial += 1
        text = b"%s-%d-" % (self.prefix.encode(), self.serial)
        return text + b"y" * (length - len(text))

    def rename_long(self):
        self.both(os.rename, self.pick(), self.fresh())
        self.both(os.rename, self.pick(), self.fresh(12))

    def rename_over(self):
        old, new = self.random.sample(self.files(), 2)
        self.both(os.rename, old, new)

    def rename_dir(self):
        tops = [p for p in self.dirs() if b"/" not in p and p != b"."]
        old = self.random.choice(tops)
        self.both(os.rename, old, self.fresh(33))

    def move(self):
        where = self.random.choice([p for p in self.dirs() if p != b"."])
        self.both(os.rename, self.pick(), os.path.join(where, self.fresh(20)))

    def link(self):
        where = self.random.choice(self.dirs())
        self.both(os.link, self.pick(), os.path.normpath(
            os.path.join(where, self.fresh(50))))

    def unlink(self):
        for _ in range(3):
            self.both(os.unlink, self.pick())

    def replace_symlink(self):
        links = sorted(n for n in os.listdir(self.model) if os.path.islink(
            os.path.join(self.model, n)))
        path = self.random.choice(links)
        self.both(os.readlink, path)
        self.both(os.unlink, path)
        self.symlink(path, self.bytes(40).hex().encode() * 3)
        self.symlink(self.fresh(15), b"../" * self.random.randrange(1, 300))

    def tree(self):
        top = self.fresh(10)
        for path in (top, top + b"/a", top + b"/a/b", top + b"/" + b"c" * 140):
            self.both(os.mkdir, path)
            self.write(path + "/größe".encode(), self.bytes(3000))

    def remove_tree(self):
        tops = sorted(p for p in self.dirs() if b"/" not in p and p != b".")
        top = self.random.choice(tops)
        for parent, dirs, names in sorted(
                os.walk(os.path.join(self.model, top)), reverse=True):
            inside = os.path.relpath(parent, self.model)
            for name in sorted(names):
                self.both(os.unlink, os.path.join(inside, name))
            self.both(os.rmdir, inside)

    def again(self):
        """A name that was there before, now of another file."""
        path = self.pick()
        self.both(os.unlink, path)
        self.write(path, self.bytes(5001))

    def script_one(self):
        path = self.pick()
        self.run_script(path, self.script(self.size(path)))

    def empty(self):
        self.write(self.pick(), b"", os.O_TRUNC)
        self.write(self.fresh(9), b"")

    def run(self):
        if self.number == 1:
            self.create()
        else:
            self.changes()


# --- comparison -------------------------------------------------------------

def compare(config, upper, model):
    # Stock tells the size of such a file only when it has been opened.
    if config.metadata == "xattr" and os.environ["LOADED"] == "stock":
        for parent, _, names in os.walk(os.fsencode(upper)):
            for name in names:
                path = os.path.join(parent, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb"):
                        pass
    if plan.compare(upper, model):
        raise SystemExit("differs from the model")
    for path, st in plan.inventory(model).items():
        full = os.path.join(os.fsencode(upper), path)
        if stat.S_ISLNK(st.st_mode) and os.lstat(full).st_size != st.st_size:
            raise SystemExit("%r: the link's length is %d, not %d" % (
                path, os.lstat(full).st_size, st.st_size))


def expected_below(config, model, key):
    """Path below -> path in the model."""
    paths = {}
    for path in plan.inventory(model):
        lower = b"/".join(config.name(part, key) for part in path.split(b"/"))
        paths[lower] = path
    return paths


def below_file(config, lower, model, key):
    opened = v1.Lower(lower, [key])
    size = os.stat(model).st_size
    if (opened.where, opened.size) != (config.metadata, size):
        raise SystemExit("%s: metadata in %s, size %d, must be %d" % (
            os.fsdecode(lower), opened.where, opened.size, size))
    opened.check_size()
    with open(model, "rb") as file:
        if b"".join(opened.plain(True)) != file.read():
            raise SystemExit("%s: other bytes below" % os.fsdecode(lower))
    if opened.cipher != config.cipher:
        raise SystemExit("%s: by %s" % (os.fsdecode(lower), opened.cipher))


def below(config, lower, model, keys):
    content_key, name_key = keys
    want = expected_below(config, model, name_key)
    found = plan.inventory(lower)
    for path in sorted(found.keys() ^ want.keys()):
        raise SystemExit("%r: %s below (%r)" % (
            path, "only" if path in found else "not", want.get(path)))
    for path, inside in want.items():
        full = os.path.join(os.fsencode(lower), path)
        plain = os.path.join(os.fsencode(model), inside)
        if stat.S_ISREG(found[path].st_mode):
            below_file(config, full, plain, content_key)
        elif stat.S_ISLNK(found[path].st_mode):
            if os.readlink(full) != config.name(os.readlink(plain), name_key):
                raise SystemExit("%r: other target below" % inside)


def shape(path):
    """What two lower files of one content have in common."""
    st = os.lstat(path)
    if not stat.S_ISREG(st.st_mode):
        return st.st_mode, os.readlink(path) if stat.S_ISLNK(
            st.st_mode) else b""
    names = os.listxattr(path)
    if names:
        head = os.getxattr(path, names[0])
    else:
        with open(path, "rb") as file:
            head = file.read(v1.REGION)
    packets, end = v1.packets_parse(head, 26)
    # The marker and the wrapped key are random.
    wrapped = packets[0]["wrapped"]
    rest = head[16:end].replace(wrapped, bytes(len(wrapped)))
    return st.st_mode, st.st_size, names, head[:8], rest, head[end:]


def alike(one, two):
    first, second = plan.inventory(one), plan.inventory(two)
    if not first:
        raise SystemExit("nothing there")
    for path in sorted(first.keys() ^ second.keys()):
        raise SystemExit("%r: only in one of them" % path)
    for path in sorted(first):
        shapes = [shape(os.path.join(os.fsencode(top), path))
                  for top in (one, two)]
        if shapes[0] != shapes[1]:
            raise SystemExit("%r: %r and %r" % (path, *shapes))


# --- verdicts ---------------------------------------------------------------

def verdict(name, run, *args):
    # What it has to say comes before the verdict.
    name = os.environ.get("PREFIX", "") + name
    try:
        run(*args)
    except SystemExit as error:
        print("not ok %s: %s" % (name, ascii(str(error))[1:-1]))
    except Exception as error:  # whatever it is, the others go on
        traceback.print_exc(file=sys.stdout)
        print("not ok %s: %s" % (name, ascii(str(error))[1:-1]))
    else:
        print("ok " + name)
        return 0
    return 1


def work(config, upper, model, number):
    if number > 1:
        compare(config, upper, model)
    Work(config, upper, model, number).run()
    compare(config, upper, model)


def main(what, *args):
    loaded, passphrase = os.environ["LOADED"], os.environ["PASS_A"].encode()
    failed = 0
    if what == "alike":
        for one, two in zip(args[::2], args[1::2]):
            failed |= verdict("%s and %s are alike below" % tuple(
                map(os.path.basename, (one, two))), alike, one, two)
        return failed
    number = int(args[0]) if what == "work" else None
    top, models, *configs = args[what == "work":]
    keys = [v1.derive(passphrase, salt) for salt in (v1.SALT, v1.NAME_SALT)] \
        if what == "below" else None
    for text in configs:
        config = Config(text)
        there, model = os.path.join(top, text), os.path.join(models, text)
        if what == "work":
            failed |= verdict("%s: round %d by %s" % (text, number, loaded),
                              work, config, there, model, number)
        elif what == "read":
            failed |= verdict("%s: the last round read by %s" % (text, loaded),
                              compare, config, there, model)
        elif what == "below":
            failed |= verdict("%s: below" % text, below, config, there, model,
                              keys)
        else:
            raise SystemExit(__doc__)
    return failed


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(*sys.argv[1:]))

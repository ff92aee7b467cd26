#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An independent reader and writer of eCryptfs lower files, for tests.

Works on lower files and trees without any kernel module.  Needs nothing but
Python's standard library; see ciphers.py for what makes it fast.  Exit status:
0 good, 1 a difference or a bad file, 2 wrong usage.
"""

import argparse
import hashlib
import json
import os
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import ciphers  # noqa: E402
import v1  # noqa: E402
import v1_name  # noqa: E402


def keys_of(args):
    return [v1.derive(os.fsencode(p), args.salt) for p in args.passphrase]


def write_options(args):
    options = {
        "cipher": args.cipher, "key_bytes": args.key_bytes, "fek": args.fek,
        "salt": args.salt, "names": args.names, "xattr": args.xattr,
        "region": args.region, "version": args.header_version,
        "marker": None if args.marker is None else int(args.marker, 16),
    }
    if args.fek is not None and len(args.fek) != args.key_bytes:
        raise SystemExit("oracle: --fek is not of --key-bytes")
    return options


class Plain:
    """Names that are not encrypted."""

    @staticmethod
    def encrypt(name):
        return name

    decrypt = encrypt


def names_of(args):
    """What encrypts names: the first passphrase, if names are wanted."""
    if not args.names:
        return Plain
    key = v1.derive(os.fsencode(args.passphrase[0]), v1.NAME_SALT)
    return v1_name.Names(key, args.fn_cipher or args.cipher,
                    args.fn_key_bytes or args.key_bytes)


# --- single files -----------------------------------------------------------

def cmd_write(args):
    with open(args.input, "rb") as source:
        v1.lower_write(source, args.output, keys_of(args),
                       **write_options(args))
    return 0


def decrypt_to(lower, output, args):
    lower.check_size(exact=not args.allow_long)
    with open(output, "wb") as target:
        for text in lower.plain(args.zero_tail):
            target.write(text)


def cmd_read(args):
    if v1.is_empty(args.input):
        with open(args.output, "wb"):
            return 0
    decrypt_to(v1.Lower(args.input, keys_of(args)), args.output, args)
    return 0


def cmd_dump(args):
    status = 0
    for path in args.files:
        entry = {"file": path, "lower_bytes": os.stat(path).st_size}
        try:
            keys = keys_of(args) if args.passphrase else None
            lower = v1.Lower(path, keys)
            entry.update(lower.head)
            entry["marker"] = "%08x" % lower.head["marker"]
            entry["metadata"] = lower.where
            entry["data_at"] = lower.data_at
            entry["lower_expected"] = lower.expected
            entry["rest_zero"] = not any(lower.rest)
            entry["packets"] = [
                {k: v.hex() if isinstance(v, bytes) else v
                 for k, v in packet.items()} for packet in lower.packets]
            if lower.fek:
                entry["fek"] = lower.fek.hex()
                entry["root_iv"] = v1.root_iv(lower.fek).hex()
        except v1.FormatError as error:
            entry["error"] = str(error)
            entry["errno"] = error.errno
            status = 1
        print(json.dumps(entry, indent=1))
    return status


# --- trees ------------------------------------------------------------------

def walk(top):
    """Relative paths of everything below `top`, sorted, parents first."""
    for parent, dirs, files in os.walk(os.fsencode(top)):
        dirs.sort()
        inside = os.path.relpath(parent, os.fsencode(top))
        names = sorted(files + [d for d in dirs if os.path.islink(
            os.path.join(parent, d))])
        if inside != b".":
            yield inside
        for name in names:
            yield os.path.normpath(os.path.join(inside, name))


def convert_path(path, convert):
    return b"/".join(convert(name) for name in path.split(b"/"))


def copy_tree(source, target, copy_file, convert=Plain.encrypt):
    """Same tree at `target`; regular files by copy_file(from, to), names and
    targets of links by convert(name)."""
    source, target = os.fsencode(source), os.fsencode(target)
    os.makedirs(target, exist_ok=True)
    linked, dirs, count = {}, [], 0
    for path in walk(source):
        old = os.path.join(source, path)
        new = os.path.join(target, convert_path(path, convert))
        st = os.lstat(old)
        if stat.S_ISDIR(st.st_mode):
            os.makedirs(new, exist_ok=True)
            dirs.append((new, st))
            continue
        if (st.st_dev, st.st_ino) in linked:
            os.link(linked[st.st_dev, st.st_ino], new)
            continue
        if stat.S_ISLNK(st.st_mode):
            os.symlink(convert(os.readlink(old)), new)
        elif stat.S_ISREG(st.st_mode):
            copy_file(old, new)
            os.chmod(new, stat.S_IMODE(st.st_mode))
            count += 1
        else:
            os.mknod(new, st.st_mode, st.st_rdev)
        os.utime(new, ns=(st.st_atime_ns, st.st_mtime_ns),
                 follow_symlinks=False)
        if st.st_nlink > 1:
            linked[st.st_dev, st.st_ino] = new
    for new, st in reversed(dirs):
        os.chmod(new, stat.S_IMODE(st.st_mode))
        os.utime(new, ns=(st.st_atime_ns, st.st_mtime_ns))
    return count


def cmd_tree_write(args):
    keys, options = keys_of(args), write_options(args)

    def encrypt(old, new):
        with open(old, "rb") as source:
            v1.lower_write(source, new, keys, **options)
    print("%d files" % copy_tree(args.input, args.output, encrypt,
                                 names_of(args).encrypt))
    return 0


def cmd_tree_read(args):
    keys = keys_of(args)
    print("%d files" % copy_tree(
        args.input, args.output,
        lambda old, new: decrypt_to(v1.Lower(old, keys), new, args),
        names_of(args).decrypt))
    return 0


def cmd_tree_hash(args):
    keys, top = keys_of(args), os.fsencode(args.input)
    names, status = names_of(args), 0
    for path in walk(top):
        if not stat.S_ISREG(os.lstat(os.path.join(top, path)).st_mode):
            continue
        digest = hashlib.sha256()
        try:
            if not v1.is_empty(os.path.join(top, path)):
                lower = v1.Lower(os.path.join(top, path), keys)
                lower.check_size(exact=not args.allow_long)
                for text in lower.plain(args.zero_tail):
                    digest.update(text)
            path = convert_path(path, names.decrypt)
            print("%s  ./%s" % (digest.hexdigest(), os.fsdecode(path)))
        except v1.FormatError as error:
            print("oracle: ./%s: %s" % (os.fsdecode(path), error),
                  file=sys.stderr)
            status = 1
    return status


def same_content(lower, path):
    with open(path, "rb") as upper:
        at = 0
        for text in lower:
            there = upper.read(len(text))
            if text != there:
                wrong = next((i for i, (a, b) in enumerate(zip(text, there))
                              if a != b), len(there))
                return "content differs at byte %d" % (at + wrong)
            at += len(text)
        return "more content than size %d" % at if upper.read(1) else None


def compare(old, new, keys, args, names):
    """What is different between lower `old` and upper `new`, or None."""
    try:
        a, b = os.lstat(old), os.lstat(new)
    except FileNotFoundError:
        return "is not above"
    if a.st_mode != b.st_mode:
        return "mode %o below, %o above" % (a.st_mode, b.st_mode)
    if not stat.S_ISDIR(a.st_mode) and a.st_nlink != b.st_nlink:
        return "%d links below, %d above" % (a.st_nlink, b.st_nlink)
    if (a.st_uid, a.st_gid) != (b.st_uid, b.st_gid):
        return "owner"
    if args.times and a.st_mtime_ns != b.st_mtime_ns:
        return "mtime %d below, %d above" % (a.st_mtime_ns, b.st_mtime_ns)
    if stat.S_ISLNK(a.st_mode) and names.decrypt(
            os.readlink(old)) != os.readlink(new):
        return "link target"
    if not stat.S_ISREG(a.st_mode):
        return None
    if v1.is_empty(old):
        return "size 0 below, %d above" % b.st_size if b.st_size else None
    lower = v1.Lower(old, keys)
    if lower.size != b.st_size:
        return "size %d below, %d above" % (lower.size, b.st_size)
    lower.check_size(exact=not args.allow_long)
    return same_content(lower.plain(args.zero_tail), new)


def cmd_verify(args):
    keys = keys_of(args)
    low, high = os.fsencode(args.input), os.fsencode(args.output)
    bad, below, names, found = 0, list(walk(low)), names_of(args), set()
    for path in below:
        try:
            plain = convert_path(path, names.decrypt)
            found.add(plain)
            text = compare(os.path.join(low, path), os.path.join(high, plain),
                           keys, args, names)
        except (v1.FormatError, OSError) as error:
            text = str(error)
        if text:
            bad += 1
            print("%s: %s" % (os.fsdecode(path), text))
    for path in sorted(set(walk(high)) - found):
        bad += 1
        print("%s: is not below" % os.fsdecode(path))
    print("%d entries, %d differ" % (len(below), bad))
    return 1 if bad else 0


# --- keys -------------------------------------------------------------------

def cmd_keys(args):
    for key in keys_of(args):
        print("%s %s" % (v1.signature(key).hex(), key.hex()))
    return 0


def cmd_name(args):
    for key in keys_of(args):
        for name in map(os.fsencode, args.names):
            text = (v1_name.from_lower(name, key, args.key_bytes)
                    if args.below else
                    v1_name.to_lower(name, key, args.cipher, args.key_bytes))
            print(os.fsdecode(text))
    return 0


def cmd_payload(args):
    for key in keys_of(args):
        print(v1.payload(key, args.salt).hex())
    return 0


def cmd_wrap_passphrase(args):
    data = v1.wrapped_make(os.fsencode(args.wrapping),
                           os.fsencode(args.passphrase[0]),
                           args.wrapping_salt, args.wrapped_version)
    with open(args.output, "wb") as target:
        target.write(data)
    return 0


def cmd_unwrap_passphrase(args):
    with open(args.input, "rb") as source:
        data = source.read()
    print(os.fsdecode(v1.wrapped_open(os.fsencode(args.wrapping), data)))
    return 0


def cmd_selftest(_):
    """Every provider against published vectors, and against each other."""
    for name in ciphers.PROVIDERS:
        print("%-10s %d known answers" % (name, ciphers.selftest(name)))
    return 0


# --- command line -----------------------------------------------------------

def parser():
    top = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = top.add_subparsers(dest="command", required=True)

    def command(name, run, text, passphrase=True):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if passphrase:
            sub.add_argument("--passphrase", action="append", default=[],
                             required=passphrase == "must")
            sub.add_argument("--salt", type=bytes.fromhex, default=v1.SALT,
                             help="16 hexadecimal digits")
        return sub

    def naming(sub):
        sub.add_argument("--key-bytes", type=int, default=16)
        sub.add_argument("--cipher", default="aes", choices=sorted(
            v1.KEY_BYTES))
        sub.add_argument("--fn-cipher", choices=sorted(v1.KEY_BYTES),
                         help="of names; default: --cipher")
        sub.add_argument("--fn-key-bytes", type=int)

    def writing(sub):
        naming(sub)
        sub.add_argument("--fek", type=bytes.fromhex)
        sub.add_argument("--marker", help="8 hexadecimal digits")
        sub.add_argument("--names", action="store_true",
                         help="encrypted names, under the first passphrase; "
                         "of a single file: only their flag")
        sub.add_argument("--xattr", action="store_true",
                         help="metadata in " + v1.XATTR)
        sub.add_argument("--region", type=int, default=v1.REGION)
        sub.add_argument("--header-version", type=int, default=3)

    def reading(sub):
        sub.add_argument("--allow-long", action="store_true",
                         help="lower files may be longer than their size says")
        sub.add_argument("--zero-tail", action="store_true",
                         help="bytes after the end of file must be zero")

    def tree_names(sub):
        naming(sub)
        sub.add_argument("--names", action="store_true",
                         help="names are encrypted")

    def paths(sub, *names):
        for dest, meta in zip(("input", "output"), names):
            sub.add_argument(dest, metavar=meta)

    sub = command("write", cmd_write, "encrypt one file", "must")
    writing(sub)
    paths(sub, "IN", "OUT")
    sub = command("read", cmd_read, "decrypt one file", "must")
    reading(sub)
    paths(sub, "IN", "OUT")
    sub = command("dump", cmd_dump, "metadata as JSON")
    sub.add_argument("files", nargs="+", metavar="FILE")
    sub = command("tree-write", cmd_tree_write, "encrypt a tree", "must")
    writing(sub)
    paths(sub, "UPPERDIR", "LOWERDIR")
    sub = command("tree-read", cmd_tree_read, "decrypt a tree", "must")
    reading(sub)
    tree_names(sub)
    paths(sub, "LOWERDIR", "UPPERDIR")
    sub = command("tree-hash", cmd_tree_hash,
                  "SHA-256 of each decrypted file, as sha256sum prints", "must")
    reading(sub)
    tree_names(sub)
    sub.add_argument("input", metavar="LOWERDIR")
    sub = command("verify", cmd_verify,
                  "compare a lower tree with the mounted upper one", "must")
    reading(sub)
    tree_names(sub)
    sub.add_argument("--times", action="store_true", help="compare mtimes")
    paths(sub, "LOWERDIR", "UPPERDIR")
    command("keys", cmd_keys, "signature and key of passphrases", "must")
    sub = command("name", cmd_name, "names, or targets, as they are below",
                  "must")
    sub.set_defaults(salt=v1.NAME_SALT)
    sub.add_argument("--key-bytes", type=int, default=16)
    sub.add_argument("--cipher", default="aes", choices=sorted(v1.KEY_BYTES))
    sub.add_argument("--below", action="store_true",
                     help="they are from below: as they are above")
    sub.add_argument("names", nargs="+", metavar="NAME")
    command("payload", cmd_payload, "740-byte authentication token", "must")
    sub = command("wrap-passphrase", cmd_wrap_passphrase,
                  "write a wrapped-passphrase file", "must")
    sub.add_argument("--wrapping", required=True)
    sub.add_argument("--wrapping-salt", type=bytes.fromhex)
    sub.add_argument("--wrapped-version", type=int, default=2, choices=(1, 2))
    sub.add_argument("output", metavar="OUT")
    sub = command("unwrap-passphrase", cmd_unwrap_passphrase,
                  "read a wrapped-passphrase file", False)
    sub.add_argument("--wrapping", required=True)
    sub.add_argument("input", metavar="IN")
    command("selftest", cmd_selftest, "ciphers against known answers", False)
    return top


def main():
    args = parser().parse_args()
    try:
        return args.run(args)
    except (v1.FormatError, ciphers.NoCipher, OSError) as error:
        print("oracle: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

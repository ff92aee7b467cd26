#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts of what operations cost, and bounds that the design sets; t_cost.sh.

The benchmark's workloads run on the lower filesystem and through the mount.
Counted are requests to the disk (writes, KiB, flushes), commits of the journal,
and what the module encrypts and decrypts.
"""

import glob
import os
import subprocess
import sys

LOWER, UPPER = os.environ["LOWER"], os.environ["UPPER_DIR"]
DISK = os.path.basename(os.environ["DISKS"].split()[0])
MIB_EXTENTS = 256
# The journal's own commits, every five seconds, fall into some workload; each
# writes a few blocks and flushes.
TIMER = 3


def module_counts():
    found = {}
    for path in glob.glob("/sys/fs/ecryptfs/*/*"):
        try:
            with open(path, encoding="ascii") as file:
                found[os.path.basename(path)] = int(file.read())
        except (OSError, ValueError):
            pass
    return found


def run(work, top, ops):
    env = dict(os.environ, BENCH_DISK=DISK, BENCH_LOWER=LOWER)
    before = module_counts()
    line = subprocess.run(["bench", work, top, str(ops)], env=env, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    after = module_counts()
    got = {name: int(value) for name, value in
           (word.split("=") for word in line.split())}
    for name in ("extents_encrypted", "extents_decrypted"):
        got[name] = after.get(name, 0) - before.get(name, 0)
    return got


def cold():
    """With the file's pages and inodes forgotten, above and below."""
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
        drop.write("3")


class Guard:
    def __init__(self):
        self.bad = 0

    def most(self, work, what, got, bound, why):
        good = got <= bound
        self.bad += not good
        print("%s %s: %s: %d, at most %d%s" % (
            "ok" if good else "not ok", work, what, got, bound,
            "" if good else ": " + why))

    def no_wait(self, work, ours, lower):
        """Until close() nothing is asked of the disk that ext4 alone, which
        starts to write out what is replaced, does not ask for."""
        for name in ("flushes", "commits"):
            self.most(work, name, ours[name], lower[name] + TIMER,
                      "it waits for the disk, where ext4 does not")
        # Header and data can be two requests where ext4 has one.
        self.most(work, "writes", ours["writes"],
                  2 * lower["writes"] + 8 * TIMER,
                  "it writes before it must")

    def one_sync(self, work, ours, lower, extra):
        """fsync is one of the lower file: one journal commit at most, as ext4
        has for a file whose times have changed, and one flush beside it."""
        ops = ours["ops"]
        self.most(work, "commits", ours["commits"], ops + TIMER,
                  "an fsync commits the journal more than once")
        self.most(work, "flushes", ours["flushes"],
                  ops + ours["commits"] + TIMER,
                  "an fsync has more than one of the lower file")
        # What the lower filesystem alone would write with as many commits.
        journal = -(-lower["writes"] // max(lower["commits"], 1))
        self.most(work, "writes", ours["writes"],
                  (1 + extra) * ops + journal * ours["commits"] + 8 * TIMER,
                  "an fsync writes more than data and size")


def files(guard, lower_dir):
    for work, ops in (("create", 100), ("rewrite", 100), ("append", 100),
                      ("replace", 100), ("rename", 100), ("unlink", 100),
                      ("create400k", 5)):
        lower = run(work, lower_dir, ops)
        ours = run(work, UPPER, ops)
        guard.no_wait(work, ours, lower)
        # Two pages of header, and the extents that are not full.
        if work in ("create", "create400k"):
            guard.most(work, "KiB, with a sync", ours["sync_kib"],
                       lower["sync_kib"] + 13 * ops + 256,
                       "more is written than header and data")


def streams(guard, lower_dir):
    mib = 3
    lower = run("write", lower_dir, mib)
    ours = run("write", UPPER, mib)
    guard.no_wait("write", ours, lower)
    guard.most("write", "extents encrypted", ours["extents_encrypted"],
               mib * MIB_EXTENTS * 102 // 100, "some are encrypted twice")
    guard.most("write", "KiB of page cache, synced", ours["sync_cached"],
               mib * 1024 * 11 // 10, "a byte is cached twice")
    cold()
    ours = run("read", UPPER, mib)
    guard.most("read", "extents decrypted", ours["extents_decrypted"],
               mib * MIB_EXTENTS * 102 // 100, "some are decrypted twice")
    guard.most("read", "KiB of page cache", ours["cached"],
               mib * 1024 * 11 // 10 + 64, "a byte is cached twice")
    ours = run("read", UPPER, mib)
    guard.most("read again", "extents decrypted", ours["extents_decrypted"], 0,
               "they are in the page cache")
    # Once when it gets its block, once when it is full.
    ours = run("append512", UPPER, 800)
    guard.most("append512", "extents encrypted", ours["extents_encrypted"],
               2 * 100 + 4, "each write() encrypts its extent")


def syncs(guard, lower_dir):
    # In a file of 3 MiB that streams() left, every extent of which exists.
    lower = run("rand4ks", lower_dir, 40)
    ours = run("rand4ks", UPPER, 40)
    guard.one_sync("rand4ks", ours, lower, 0)
    guard.most("rand4ks", "extents encrypted", ours["extents_encrypted"], 42,
               "an extent is encrypted once for each fsync")
    guard.most("rand4ks", "extents decrypted", ours["extents_decrypted"], 0,
               "what is overwritten whole is not read")
    lower = run("appends", lower_dir, 40)
    ours = run("appends", UPPER, 40)
    guard.one_sync("appends", ours, lower, 1)


def main():
    guard = Guard()
    lower_dir = os.path.join(LOWER, "alone")
    os.mkdir(lower_dir)
    files(guard, lower_dir)
    streams(guard, lower_dir)
    syncs(guard, lower_dir)
    return int(guard.bad > 0)


if __name__ == "__main__":
    sys.exit(main())

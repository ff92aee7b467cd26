#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of the lines that guest.sh prints; see run.

table.py quick LOG: rates until close(), their spread, ratios, and what the
disk got for each operation.
"""

import collections
import statistics
import sys

COUNTS = ("writes", "kib", "flushes", "commits")


def read(path):
    """{(lower, workload): {variant: [{name: number} of each round]}}"""
    found = collections.OrderedDict()
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) < 6 or not all("=" in word for word in words[4:]):
                continue
            lower, variant, work = words[:3]
            numbers = {name: int(value) for name, value in
                       (word.split("=") for word in words[4:])}
            found.setdefault((lower, work), {}).setdefault(
                variant, []).append(numbers)
    return found


def median(rounds, name, per_op=False):
    return statistics.median(
        r[name] / (r["ops"] if per_op else 1) for r in rounds)


def rate(rounds, name="us"):
    return statistics.median(r["ops"] * 1e6 / max(r[name], 1) for r in rounds)


def spread(rounds, name="us"):
    """Half the range of the times, as a part of their median."""
    times = [r[name] for r in rounds]
    return (max(times) - min(times)) / 2 / statistics.median(times)


def quick(found):
    variants = list(dict.fromkeys(v for row in found.values() for v in row))
    last = None
    for (lower, work), row in found.items():
        if lower != last:
            last = lower
            print("\n%s: operations/s until close() (spread); parts of the "
                  "lower's and of stock's rate; until syncfs()" % lower)
            print("  %-16s" % "workload" + "".join(
                "%16s" % v for v in variants) +
                "%9s%9s%9s%9s" % ("ours/low", "ours/stk", "sync/low",
                                  "sync/stk"))
        line = "  %-16s" % work
        for variant in variants:
            rounds = row.get(variant)
            line += "%16s" % ("%.4g (%.0f%%)" % (
                rate(rounds), 100 * spread(rounds)) if rounds else "")
        for name in ("us", "sync_us"):
            for base in ("lower", "stock"):
                if "ours" in row and base in row:
                    line += "%9.2f" % (rate(row["ours"], name) /
                                       rate(row[base], name))
                else:
                    line += "%9s" % ""
        print(line)
    print("\nper operation, until close() / until syncfs(): writes, KiB, flushes "
          "and journal commits of the disk; ms of processors; page cache KiB")
    for (lower, work), row in found.items():
        for variant, rounds in row.items():
            line = "  %-6s %-14s %-12s" % (lower, work, variant)
            for name in COUNTS:
                line += "%s %7.2f/%-7.2f" % (
                    name, median(rounds, name, True),
                    median(rounds, "sync_" + name, True))
            line += "cpu %.2f/%.2f cached %.1f" % (
                10 * median(rounds, "cpu", True),
                10 * median(rounds, "sync_cpu", True),
                median(rounds, "sync_cached", True))
            print(line)


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "quick":
        raise SystemExit(__doc__)
    found = read(sys.argv[2])
    if not found:
        raise SystemExit("table: no results in " + sys.argv[2])
    quick(found)


if __name__ == "__main__":
    main()

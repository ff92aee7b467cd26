#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Table of ratios from the lines that guest.sh prints; see run."""

import collections
import sys


def read(path):
    """{(lower, workload): {variant: (least calls, least synced)}}"""
    found = collections.defaultdict(dict)
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) != 5 or not (words[3] + words[4]).isdigit():
                continue
            lower, variant, work = words[:3]
            new = tuple(int(word) for word in words[3:])
            old = found[lower, work].get(variant, new)
            found[lower, work][variant] = tuple(map(min, old, new))
    return found


def table(found, column, title):
    print("%s\n" % title)
    print("%-6s %-11s %10s %7s %7s %7s %7s %10s" % (
        "lower", "workload", "stock ms", "plain", "stock", "ours", "down",
        "ours/down"))
    for (lower, work), variants in found.items():
        base = variants.get("stock", variants["ours"])[column] or 1
        cells = ["%7.2f" % (variants[v][column] / base)
                 if v in variants else "      -"
                 for v in ("plain", "stock", "ours", "down")]
        ratio = ("%10.2f" % (variants["ours"][column] /
                             (variants["down"][column] or 1))
                 if "down" in variants else "         -")
        print("%-6s %-11s %10.1f %s %s" % (lower, work, base / 1000,
                                          " ".join(cells), ratio))
    print()


def main():
    found = read(sys.argv[1])
    if not found:
        sys.exit("table: no measurements in %s" % sys.argv[1])
    table(found, 0, "Until the last close(), stock = 1")
    table(found, 1, "Including syncfs() after it, stock = 1")


main()

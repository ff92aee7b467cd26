#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables and a plot of the lines that guest.sh prints; see run.

table.py show LOG               prints the tables
table.py write LOG RST SVG TEXT writes them between the marks in RST, below
                                TEXT, and a plot beside it
"""

import collections
import statistics
import sys

BEGIN = ".. begin: written by tests/bench/run\n"
END = ".. end: written by tests/bench/run\n"
COUNTS = ("writes", "kib", "flushes", "commits")
# What the plot shows, of these lowers, as parts of the lower's rate.
PLOTTED = ("create", "cold-stat", "cold-readsmall", "rewrite", "append",
           "replace", "rename", "unlink", "create400k", "write", "cold-read",
           "read", "rand4kw", "rand4ks", "appends")
COLOURS = {"stock": "#c44", "ours": "#27c", "fscrypt": "#4a4",
           "fscrypt-cbc": "#aa3", "gocryptfs": "#888"}


def read(path):
    """{lower: {workload: {variant: [{name: number} of each round]}}}"""
    found = collections.OrderedDict()
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) < 6 or not all("=" in word for word in words[4:]):
                continue
            lower, variant, work = words[:3]
            numbers = {name: int(value) for name, value in
                       (word.split("=") for word in words[4:])}
            found.setdefault(lower, collections.OrderedDict()).setdefault(
                work, {}).setdefault(variant, []).append(numbers)
    return found


def median(rounds, name, per_op=False):
    return statistics.median(
        r[name] / (max(r["ops"], 1) if per_op else 1) for r in rounds)


def rate(rounds, name="us"):
    return statistics.median(r["ops"] * 1e6 / max(r[name], 1) for r in rounds)


def spread(rounds, name="us"):
    """Half the range of the times, as a part of their median."""
    times = [r[name] for r in rounds]
    return (max(times) - min(times)) / 2 / max(statistics.median(times), 1)


def ratio(row, base, name="us", variant="ours"):
    if variant not in row or base not in row:
        return "-"
    return "%.2f" % (rate(row[variant], name) / rate(row[base], name))


def aligned(rows):
    """Lines of columns, the first to the left, the others to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  " + "  ".join(
        cell.ljust(width) if n == 0 else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows]


def variants_of(works):
    return list(dict.fromkeys(v for row in works.values() for v in row))


def rates(works):
    variants = variants_of(works)
    bases = [b for b in ("lower", "stock", "fscrypt", "fscrypt-cbc") if
             b in variants and "ours" in variants]
    rows = [["operations/s"] + variants + ["ours/" + b for b in bases] +
            ["synced/" + b for b in bases if b != "fscrypt-cbc"]]
    for work, row in works.items():
        rows.append([work] + ["%.4g ±%.0f%%" % (
            rate(row[v]), 100 * spread(row[v])) if v in row else "-"
            for v in variants] + [ratio(row, b) for b in bases] +
            [ratio(row, b, "sync_us") for b in bases if b != "fscrypt-cbc"])
    return aligned(rows)


def counts(works):
    rows = [["for one operation", "", *COUNTS,
             *("synced " + c for c in COUNTS), "cpu ms", "cached KiB"]]
    for work, row in works.items():
        for variant, rounds in row.items():
            rows.append([work, variant] +
                        ["%.2f" % median(rounds, c, True) for c in COUNTS] +
                        ["%.2f" % median(rounds, "sync_" + c, True)
                         for c in COUNTS] +
                        ["%.2f" % (10 * median(rounds, "sync_cpu", True)),
                         "%.1f" % median(rounds, "sync_cached", True)])
    return aligned(rows)


def roofline(found):
    """Streams beside what neither the lower nor the cipher lets them exceed."""
    cipher = found.get("none", {})
    rows = [["MiB/s", "workload", "lower", "cipher", "cipher, 2 jobs",
             "roofline", "ours", "ours/roofline"]]
    for lower, works in found.items():
        for work, name in (("write", "encrypt"), ("cold-read", "decrypt"),
                           ("write@2", "encrypt"), ("cold-read@2", "decrypt")):
            row = works.get(work, {})
            one, two = cipher.get(name, {}), cipher.get(name + "@2", {})
            if not ("ours" in row and "lower" in row and one and two):
                continue
            # The write is through when its data are below and synced, both.
            which = "sync_us" if work.startswith("write") else "us"
            low, ours = rate(row["lower"], which), rate(row["ours"], which)
            ciphers = [rate(r["cipher"]) for r in (one, two)]
            roof = min(low, max(ciphers))
            rows.append([lower, work] + ["%.4g" % v for v in (
                low, *ciphers, roof, ours)] + ["%.2f" % (ours / roof)])
    return aligned(rows) if len(rows) > 1 else []


def memory(found):
    rows = [["bytes of page cache a byte", "workload"]]
    variants = [v for v in ("lower", "stock", "ours", "fscrypt", "gocryptfs")
                if any(v in row for works in found.values()
                       for row in works.values())]
    rows[0] += variants
    for lower, works in found.items():
        for work in ("write", "cold-read"):
            row = works.get(work)
            if row and lower != "none":
                rows.append([lower, work] + ["%.2f" % (
                    median(row[v], "sync_cached", True) / 1024)
                    if v in row else "-" for v in variants])
    return aligned(rows) if len(rows) > 1 else []


def null_cipher(works):
    rows = [["operations/s, null cipher", "stock", "ours", "ours/stock",
             "cpu ms: stock", "ours", "stock/ours"]]
    for work, row in works.items():
        if "stock-null" not in row or "ours-null" not in row:
            continue
        used = [10 * median(row[v], "sync_cpu", True)
                for v in ("stock-null", "ours-null")]
        rows.append([work] + ["%.4g ±%.0f%%" % (
            rate(row[v]), 100 * spread(row[v]))
            for v in ("stock-null", "ours-null")] +
            [ratio(row, "stock-null", variant="ours-null")] +
            ["%.2f" % u for u in used] + ["%.2f" % (used[0] / (used[1] or 1))])
    return aligned(rows) if len(rows) > 1 else []


def tables(found):
    """[(title, lines)]"""
    parts = []
    for lower, works in found.items():
        if lower == "none":
            continue
        plain = {w: {v: r for v, r in row.items() if not v.endswith("-null")}
                 for w, row in works.items()}
        plain = {w: row for w, row in plain.items() if row}
        if plain:
            parts.append(("%s below: rates until close(), half the range of "
                          "the rounds; parts of others' rates, also with the "
                          "syncfs() that follows (synced)" % lower,
                          rates(plain)))
            parts.append(("%s below: requests to the disk and commits of the "
                          "journal, time of all processors, growth of the "
                          "page cache" % lower, counts(plain)))
        parts.append(("%s below, a cipher that only copies" % lower,
                      null_cipher(works)))
    parts.append(("The roofline", roofline(found)))
    parts.append(("Memory", memory(found)))
    return [part for part in parts if part[1]]


def plot(works, lower):
    """An SVG: a group of bars for each workload, 1 being the lower's rate."""
    names = [w for w in PLOTTED if w in works and "lower" in works[w]]
    variants = [v for v in variants_of(works) if v in COLOURS]
    bar, gap, high, left, most = 11, 14, 220, 50, 1.4
    group = bar * len(variants) + gap
    wide = left + group * len(names) + 20
    out = ["<?xml version=\"1.0\"?>",
           "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
           "<!-- Written by tests/bench/run. -->",
           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
           "height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">" % (
               wide, high + 150),
           "<text x=\"%d\" y=\"16\" font-size=\"13\">Rate as a part of that "
           "of %s alone</text>" % (left, lower)]

    def y(value):
        return 40 + high * (1 - min(value, most) / most)

    for tick in (0, 0.25, 0.5, 0.75, 1, 1.25):
        out.append("<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" "
                   "stroke=\"%s\"/>" % (left, wide - 10, y(tick), y(tick),
                                        "#000" if tick in (0, 1) else "#ddd"))
        out.append("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>" % (
            left - 5, y(tick) + 4, tick))
    for n, work in enumerate(names):
        for m, variant in enumerate(variants):
            if variant not in works[work]:
                continue
            value = rate(works[work][variant]) / rate(works[work]["lower"])
            at = left + n * group + m * bar + gap / 2
            out.append("<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\""
                       " fill=\"%s\"><title>%s, %s: %.2f</title></rect>" % (
                           at, y(value), bar - 1, y(0) - y(value),
                           COLOURS[variant], work, variant, value))
        middle = left + n * group + group / 2
        out.append("<text transform=\"translate(%.1f,%d) rotate(-40)\" "
                   "text-anchor=\"end\">%s</text>" % (middle, high + 56, work))
    for m, variant in enumerate(variants):
        at = left + 110 * m
        out.append("<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" "
                   "fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>" % (
                       at, high + 130, COLOURS[variant], at + 14, high + 139,
                       variant))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    if sys.argv[1:2] not in (["show"], ["write"]):
        raise SystemExit(__doc__)
    found = read(sys.argv[2])
    if not found:
        raise SystemExit("table: no results in " + sys.argv[2])
    parts = tables(found)
    if sys.argv[1] == "show":
        for title, lines in parts:
            print("\n%s\n\n%s" % (title, "\n".join(lines)))
        return
    rst, svg, text = sys.argv[3:6]
    with open(rst, encoding="utf-8") as file:
        head, rest = file.read().split(BEGIN)
        tail = rest.split(END)[1]
    body = "\n%s\n" % text
    drawn = [lower for lower in found if "lower" in
             found[lower].get("create", {})]
    if drawn:
        with open(svg, "w", encoding="utf-8") as file:
            file.write(plot(found[drawn[0]], drawn[0]))
        body += "\n.. image:: %s\n" % svg.rsplit("/", 1)[-1]
    for title, lines in parts:
        body += "\n%s::\n\n%s\n" % (title, "\n".join(lines))
    with open(rst, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + body + "\n" + END + tail)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests the vectors against the oracle: prints "ok NAME" and "FAIL NAME"."""

import filecmp
import glob
import os
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import generate  # noqa: E402
from evaluate import evaluate, same  # noqa: E402
from vectors import load  # noqa: E402


def mismatch(vector):
    """The results of a vector that the oracle sees otherwise."""
    results = evaluate(vector)
    if results["want"] != vector.get("want", "0"):
        return ["want"]
    return [name for name in results if name != "want" and name in vector and
            not same(results[name], vector[name])]


def check_file(path):
    vectors = load(path)
    bad = [(v["test"], mismatch(v)) for v in vectors if mismatch(v)]
    for test, names in bad:
        print("# %s: %s" % (test, ", ".join(names)))
    return not bad and bool(vectors), len(vectors)


def main():
    failed = 0

    def report(good, name):
        nonlocal failed
        failed += not good
        print("%s %s" % ("ok" if good else "FAIL", name))

    paths = sorted(glob.glob(os.path.join(HERE, "*.vec")))
    for path in paths:
        good, count = check_file(path)
        report(good, "oracle agrees with %s (%d vectors)" % (
            os.path.basename(path), count))
    with tempfile.TemporaryDirectory() as again:
        for make in generate.GROUPS:
            make().store(again)
        names = {os.path.basename(p) for p in paths} - {"spec.vec"}
        good = names == set(os.listdir(again)) and all(
            filecmp.cmp(os.path.join(HERE, n), os.path.join(again, n), False)
            for n in names)
    report(good, "vectors regenerate identically")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

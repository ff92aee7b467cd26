#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged lower files and names, exported by `ecryptfs export'.

    offline_evil.py files ECRYPTFS DIRECTORY    those of tests/evil's make.py
    offline_evil.py names ECRYPTFS DIRECTORY    those of its names.py

Prints what is not as it is due; exit status 1 if something is.
"""

import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "evil"))

import make  # noqa: E402
import names  # noqa: E402
from base import PASSPHRASE  # noqa: E402


def export(program, lower, out):
    """Exit status, and path -> what is said of it, by type"""
    run = subprocess.run([program, "export", "--json", "-p", "-", lower, out],
                         input=PASSPHRASE + b"\n", capture_output=True,
                         check=False, timeout=300)
    said = {"damage": {}, "note": {}}
    for line in run.stdout.splitlines():
        row = json.loads(line)
        if row["type"] in said:
            said[row["type"]].setdefault(row["path"], []).append(row["why"])
    return run.returncode, said


def file_wrong(case, path, damaged):
    there = os.path.exists(path)
    if case.noise:
        return None
    if case.opening:
        return "was exported" if there else (
            None if damaged else "nothing is said of it")
    if not there:
        return "was not exported"
    with open(path, "rb") as file:
        data = file.read()
    if data[:case.readable] != case.content[:case.readable]:
        return "other content"
    if case.then is None and (len(data) != case.readable or damaged):
        return "%d bytes, due %d; %s" % (len(data), case.readable, damaged)
    if case.then and len(data) < case.shown:
        return None if damaged else "nothing is said of its lost end"
    return None


def files(program, work):
    lower, out = os.path.join(work, "lower"), os.path.join(work, "out")
    os.mkdir(lower)
    cases = list(make.cases(everything=True))
    for case in cases:
        make.write(lower, case)
    status, said = export(program, lower, out)
    if status != 5:
        yield "exit status %d" % status
    for case in cases:
        wrong = file_wrong(case, os.path.join(out, case.name),
                           said["damage"].get(lower + "/" + case.name))
        if wrong:
            yield "%s: %s" % (case.name, wrong)


def evil_names(program, work):
    lower, out = os.path.join(work, "lower"), os.path.join(work, "out")
    os.mkdir(lower)
    due = set()
    for case in names.names():
        if len(case.lower) > 255 or b"/" in case.lower or b"\0" in case.lower:
            continue
        with open(os.path.join(os.fsencode(lower), case.lower), "wb"):
            due.add(case.shown)
    export(program, lower, out)
    found = set(os.listdir(os.fsencode(out)))
    for name in sorted(due - found):
        yield "missing: %r" % name
    for name in sorted(found - due):
        yield "not due: %r" % name
    if sorted(os.listdir(work)) != ["lower", "out"]:
        yield "outside of the target: %r" % os.listdir(work)


def main():
    what = {"files": files, "names": evil_names}[sys.argv[1]]
    wrong = list(what(sys.argv[2], sys.argv[3]))
    for line in wrong[:10]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

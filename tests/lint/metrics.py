#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""metrics.py LIMIT FILE...: functions of C files with more lines than LIMIT.

A function is taken to begin at the first line of its signature and to end at
the closing brace in column one, which is how all of this project is written.
"""
import re
import sys


def functions(path):
    """Yields (name, first line number, number of lines)."""
    signature, start = "", 0
    inside = None
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if inside:
                if line.startswith("}"):
                    yield inside, start, number - start + 1
                    inside, signature = None, ""
                continue
            if line.startswith("{"):
                name = re.search(r"(\w+)\s*\(", signature)
                if name and not signature.lstrip().startswith(("struct", "enum", "union")) or (
                        name and ")" in signature):
                    inside = name.group(1)
                signature = "" if not inside else signature
                continue
            if re.match(r"[A-Za-z_]", line):
                if not signature or signature.rstrip().endswith((";", "}")):
                    signature, start = "", number
                signature += line
                if line.rstrip().endswith((";", "}")):
                    signature = ""
            elif line[:1] in "\t " and signature:
                signature += line
            else:
                signature = ""


def main():
    limit = int(sys.argv[1])
    for path in sys.argv[2:]:
        for name, start, lines in functions(path):
            if lines > limit:
                print(f"{path}:{start}: {name} has {lines} lines, more than {limit}")


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command on a terminal of its own and answers its questions.

usage: talk.py [QUESTION ANSWER]... -- COMMAND...

Waits for each QUESTION, a regular expression, in what has been shown since the
one before, and types ANSWER and a newline.  Prints what the terminal showed.
The exit status is the command's; 124 if it asked something else or hung.
"""

import os
import pty
import re
import select
import sys
import termios
import time

TIMEOUT = int(os.environ.get("TALK_SECONDS", "60"))  # for one answer


def shown(master, seconds):
    """What is to be read; None at the end."""
    if not select.select([master], [], [], seconds)[0]:
        return b""
    try:
        return os.read(master, 4096) or None
    except OSError:
        # The last one has closed the terminal.
        return None


def ready(master, question):
    """A program that turns echo off throws away what came before."""
    deadline = time.monotonic() + 5
    while (re.search("ass(word|phrase)", question) and
           termios.tcgetattr(master)[3] & termios.ECHO and
           time.monotonic() < deadline):
        time.sleep(0.05)
    time.sleep(0.3)


def talk(master, pairs):
    """True if all was answered and the terminal closed after it."""
    seen = b""
    pairs = list(pairs) + [(None, None)]
    for question, answer in pairs:
        deadline = time.monotonic() + TIMEOUT
        while question is None or not re.search(question.encode(), seen):
            text = shown(master, 0.2)
            if text is None:
                return question is None
            sys.stdout.buffer.write(text.replace(b"\r", b""))
            sys.stdout.flush()
            seen += text
            if time.monotonic() > deadline:
                print("\ntalk.py: waited in vain for: %s" % (question or
                                                            "the end"))
                return False
        seen = b""
        ready(master, question)
        os.write(master, answer.encode() + b"\n")
    return True


def main(args):
    at = args.index("--")
    pairs = list(zip(args[:at:2], args[1:at:2]))
    child, master = pty.fork()
    if child == 0:
        os.execvp(args[at + 1], args[at + 1:])
    if not talk(master, pairs):
        try:
            os.kill(child, 9)
        except ProcessLookupError:
            pass
        os.waitpid(child, 0)
        return 124
    status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status) & 255


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

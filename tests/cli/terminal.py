#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command on a terminal of its own and types at it.

usage: terminal.py TEXT|--interrupt COMMAND...

Waits until echo is off, then types TEXT and a newline, or interrupts.  If TEXT
has several lines, each is typed behind a prompt of its own.  Prints
what the terminal showed; then "echo=on" or "echo=off", the state it was left in;
then "status=N", negative for a signal.  Fails if the command had to be killed.
"""

import fcntl
import os
import select
import subprocess
import sys
import termios
import time

TIMEOUT = 120  # seconds; a slow guest derives a key for tens of them


def echo(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def show(master):
    """What is to be read now, if anything."""
    if select.select([master], [], [], 0.02)[0]:
        return os.read(master, 4096)
    return b""


def main():
    text, command = sys.argv[1], sys.argv[2:]
    keys = ([b"\x03"] if text == "--interrupt" else
            [line + b"\n" for line in os.fsencode(text).split(b"\n")])
    several = len(keys) > 1
    # Kept open here, so that the terminal can still be asked at the end.
    master, terminal = os.openpty()
    child = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    shown = b""
    deadline = time.monotonic() + TIMEOUT
    while child.poll() is None and time.monotonic() < deadline:
        shown += show(master)
        if (keys and not echo(terminal) and
                (not several or shown.endswith(b": "))):
            os.write(master, keys.pop(0))
            if several:
                shown += b" "
    ended = child.poll() is not None
    if not ended:
        child.kill()
        child.wait()
    left = "on" if echo(terminal) else "off"
    # The end of what it printed comes with the end of the terminal, not after
    # some time.
    os.close(terminal)
    try:
        while more := os.read(master, 4096):
            shown += more
    except OSError:
        pass
    sys.stdout.write(shown.decode(errors="replace").replace("\r", ""))
    print("echo=" + left)
    print(f"status={child.returncode}")
    if not ended:
        print(f"it did not end within {TIMEOUT} s, and was killed")
    return int(not ended)


sys.exit(main())

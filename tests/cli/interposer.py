#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sits on the bus between a program and a TPM, and changes an answer.

usage: interposer.py SOCKET nothing|unseal|primary

SOCKET is the TPM's; the program is at standard input and output, as the TCTI "cmd"
has it.  "unseal" changes a bit of what is unsealed.  "primary" gives a key of its
own for the storage key, with the name that fits.
"""

import hashlib
import os
import socket
import struct
import sys

from cryptography.hazmat.primitives.asymmetric import ec

CREATE_PRIMARY, UNSEAL = 0x131, 0x15E


def receive(read):
    """A command or a response: its header has the size."""
    text = b""
    while len(text) < 10 or len(text) < struct.unpack(">I", text[2:6])[0]:
        more = read(4096)
        if not more:
            sys.exit(0)
        text += more
    return text


def our_primary(text):
    """Header, handle, size of the parameters; the public area first of them."""
    size, = struct.unpack(">I", text[14:18])
    public, = struct.unpack(">H", text[18:20])
    own = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    point = b"".join(b"\0\x20" + n.to_bytes(32, "big") for n in (own.x, own.y))
    area = text[20:20 + public - len(point)] + point
    end = 18 + size
    assert text[end - 36:end - 32] == b"\0\x22\0\x0b", "no name"
    return (text[:20] + area + text[20 + public:end - 32] +
            hashlib.sha256(area).digest() + text[end:])


def main():
    path, what = sys.argv[1:]
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(path)
    while True:
        command = receive(lambda n: os.read(0, n))
        tpm.sendall(command)
        answer = receive(tpm.recv)
        code, = struct.unpack(">I", command[6:10])
        if not any(answer[6:10]):
            if what == "unseal" and code == UNSEAL:
                answer = answer[:20] + bytes([answer[20] ^ 1]) + answer[21:]
            if what == "primary" and code == CREATE_PRIMARY:
                answer = our_primary(answer)
        os.write(1, answer)


main()

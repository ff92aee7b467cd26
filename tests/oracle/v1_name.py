# SPDX-License-Identifier: GPL-2.0-or-later
"""Format 1's file names and symlink targets, independently.

Bytes of a name or target as they are above <-> as they are below.  Follows the
definitions directly and shares no code with fs/ecryptfs/format.
"""

import hashlib

import v1
from ciphers import BLOCK_BYTES, Cipher

PREFIX = b"ECRYPTFS_FNEK_ENCRYPTED."
ALPHABET = (b"-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            b"abcdefghijklmnopqrstuvwxyz")


def to_text(data):
    out = bytearray()
    for at in range(0, len(data), 3):
        group = int.from_bytes(data[at:at + 3].ljust(3, b"\0"), "big")
        out += bytes(ALPHABET[group >> shift & 63] for shift in (18, 12, 6, 0))
    return bytes(out)


def from_text(text):
    """What is not of the alphabet counts as 0; bits that fill no byte go."""
    bits = 0
    for char in text:
        bits = bits << 6 | max(0, ALPHABET.find(bytes([char])))
    drop = 6 * len(text) % 8
    return (bits >> drop).to_bytes(6 * len(text) // 8, "big")


def filler(key, length):
    out, value = b"", hashlib.md5(key).digest()
    while len(out) < length:
        out += value
        value = hashlib.md5(value).digest()
    return out[:length].replace(b"\0", b"\x42")


def to_lower(name, key, cipher="aes", key_bytes=16, sig=None):
    """`key`: the 64 bytes that the passphrase makes with v1.NAME_SALT."""
    block = Cipher(cipher, key[:key_bytes])
    fill = 16 + -(17 + len(name)) % block.block_bytes
    text = block.ecb_encrypt(filler(key, fill) + b"\0" + name)
    packet = (b"\x46" + v1.length_bytes(9 + len(text)) +
              (sig or v1.signature(key)) +
              bytes([v1.cipher_code(cipher, key_bytes)]) + text)
    return PREFIX + to_text(packet)


def from_lower(lower, key, key_bytes=16):
    if not lower.startswith(PREFIX) or len(lower) == len(PREFIX):
        raise v1.FormatError("EINVAL", "no encrypted name")
    packet = from_text(lower[len(PREFIX):])
    if len(packet) < 12 or packet[0] != 0x46:
        raise v1.FormatError("EINVAL", "no tag 70 packet")
    length, used = v1.length_parse(packet[1:])
    if length < 10 or 1 + used + length > len(packet):
        raise v1.FormatError("EINVAL", "length %d" % length)
    sig, code = packet[1 + used:9 + used], packet[9 + used]
    if code not in v1.CODES:
        raise v1.FormatError("EINVAL", "cipher code %d" % code)
    if sig != v1.signature(key):
        raise v1.FormatError("ENOKEY", "no key for " + sig.hex())
    block = Cipher(v1.CODES[code], key[:key_bytes])
    text = packet[10 + used:1 + used + length]
    if len(text) % block.block_bytes:
        raise v1.FormatError("EINVAL", "%d bytes" % len(text))
    _, zero, name = block.ecb_decrypt(text).partition(b"\0")
    if not zero or not 0 < len(name) < 4096:
        raise v1.FormatError("EINVAL", "no name inside")
    return name


class Names:
    """Names and symlink targets under a FNEK (64 bytes), strictly: no two lower
    names give one plain name."""

    def __init__(self, key, cipher="aes", key_bytes=16):
        self.key, self.name, self.key_bytes = key, cipher, key_bytes
        self.cipher = Cipher(cipher, key[:key_bytes])
        self.code = v1.cipher_code(cipher, key_bytes)
        self.sig = v1.signature(key)

    def encrypt(self, name):
        if not 1 <= len(name) <= 4095:
            raise v1.FormatError("EINVAL", "name of %d bytes" % len(name))
        return to_lower(name, self.key, self.name, self.key_bytes)

    def decrypt(self, lower):
        """Only what encrypt() makes."""
        if not lower.startswith(PREFIX):
            raise v1.FormatError("EINVAL", "no prefix")
        text = lower[len(PREFIX):]
        if len(text) % 4 or any(c not in ALPHABET for c in text):
            raise v1.FormatError("EUCLEAN", "not an encrypted name's text")
        packet = from_text(text)
        if packet[:1] != b"\x46":
            raise v1.FormatError("EUCLEAN", "no tag 70")
        length, used = v1.length_parse(packet[1:])
        body = packet[1 + used:1 + used + length]
        end = 1 + used + length
        if (len(body) < length or length < 9 + 18 or
                len(packet) != -(-end // 3) * 3 or any(packet[end:])):
            raise v1.FormatError("EUCLEAN", "length %d" % length)
        if (body[8] not in v1.CODES or
                (length - 9) % BLOCK_BYTES[v1.CODES[body[8]]]):
            raise v1.FormatError("EUCLEAN", "cipher code %d" % body[8])
        if body[:8] != self.sig or body[8] != self.code:
            raise v1.FormatError("ENOKEY", "a name under %s, code %d" % (
                body[:8].hex(), body[8]))
        _, _, name = self.cipher.ecb_decrypt(body[9:]).partition(b"\0")
        if not 1 <= len(name) <= 4095 or self.encrypt(name) != lower:
            raise v1.FormatError("EUCLEAN", "no name inside")
        return name

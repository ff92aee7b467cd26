# SPDX-License-Identifier: GPL-2.0-or-later
"""Format 1, independently: bytes of headers, packets, keys and extents.

Follows the definitions directly and shares no code with fs/ecryptfs/format.
What it refuses is a FormatError that names the errno which the core owes for
the same bytes.
"""

import hashlib
import os
import struct

from ciphers import BLOCK_BYTES, Cipher

EXTENT = 4096
REGION = 8192
REGION_MAX = 16 << 20
SCAN = 4096
MAGIC = 0x3c81b7f5
SALT = bytes.fromhex("0011223344556677")
NAME_SALT = b"99887766"
XATTR = "user.ecryptfs"

FLAG_ENCRYPTED, FLAG_XATTR, FLAG_NAMES = 2, 4, 8

CODES = {2: "des3_ede", 3: "cast5", 4: "blowfish", 7: "aes", 8: "aes",
         9: "aes", 10: "twofish", 11: "cast6"}
KEY_BYTES = {"aes": (16, 24, 32), "des3_ede": (24,), "cast5": (8, 16),
             "blowfish": tuple(range(8, 57, 8)), "twofish": (16, 32),
             "cast6": (16, 32)}


class FormatError(Exception):
    def __init__(self, errno, text):
        Exception.__init__(self, "%s: %s" % (errno, text))
        self.errno = errno


# --- keys -------------------------------------------------------------------

def derive(passphrase, salt=SALT):
    """64-byte key of a passphrase (bytes)."""
    if not 1 <= len(passphrase) <= 64:
        raise FormatError("EINVAL", "passphrase of %d bytes" % len(passphrase))
    if len(salt) != 8:
        raise FormatError("EINVAL", "salt of %d bytes" % len(salt))
    value = salt + passphrase
    for _ in range(65536):
        value = hashlib.sha512(value).digest()
    return value


def signature(key):
    return hashlib.sha512(key).digest()[:8]


def payload(key, salt=SALT):
    """Authentication token of a passphrase key: 740 bytes, native order."""
    token = bytearray(740)
    struct.pack_into("=H", token, 0, 4)
    struct.pack_into("=IiIII", token, 628, 0, 10, 0, 64, 2)
    token[648:712] = key
    token[712:728] = signature(key).hex().encode()
    token[729:737] = salt
    return bytes(token)


# --- initialisation vectors -------------------------------------------------

def root_iv(fek):
    return hashlib.md5(fek).digest()


def extent_iv(root, number):
    return hashlib.md5(root + str(number).encode()[:15].ljust(16, b"\0")
                       ).digest()


class Extents:
    """Content of a file under a FEK."""

    def __init__(self, cipher, fek):
        self.cipher = Cipher(cipher, fek)
        self.root = root_iv(fek)

    def encrypt(self, number, plain):
        return self.cipher.cbc_encrypt(extent_iv(self.root, number),
                                       plain.ljust(EXTENT, b"\0"))

    def decrypt(self, number, data):
        return self.cipher.cbc_decrypt(extent_iv(self.root, number), data)


# --- packets ----------------------------------------------------------------

def length_bytes(length):
    if length < 192:
        return bytes([length])
    if length > 8383:
        raise FormatError("EINVAL", "length %d" % length)
    return bytes([192 + ((length - 192) >> 8), (length - 192) & 255])


def length_parse(data):
    """(length, bytes used)"""
    if not data:
        raise FormatError("EUCLEAN", "no length")
    if data[0] < 192:
        return data[0], 1
    if data[0] >= 224:
        raise FormatError("EUCLEAN", "length form %#x" % data[0])
    if len(data) < 2:
        raise FormatError("EUCLEAN", "cut length")
    return ((data[0] - 192) << 8) + data[1] + 192, 2


def cipher_code(cipher, key_bytes):
    if key_bytes not in KEY_BYTES.get(cipher, ()):
        raise FormatError("EINVAL", "%s with %d bytes" % (cipher, key_bytes))
    if cipher == "aes":
        return {16: 7, 24: 8, 32: 9}[key_bytes]
    return next(code for code, name in CODES.items() if name == cipher)


def wrap(cipher, fek, key):
    if len(fek) not in KEY_BYTES.get(cipher, ()):
        raise FormatError("EINVAL", "%s with %d bytes" % (cipher, len(fek)))
    padded = fek + bytes(8) if (cipher, len(fek)) == ("aes", 24) else fek
    return Cipher(cipher, key[:len(fek)]).ecb_encrypt(padded)


def unwrap(cipher, fek_bytes, wrapped, key):
    return Cipher(cipher, key[:fek_bytes]).ecb_decrypt(wrapped)[:fek_bytes]


def packet3(cipher, fek_bytes, wrapped, sig, salt=SALT):
    """A tag 3 packet and its tag 11."""
    return (bytes([0x8c]) + length_bytes(13 + len(wrapped)) +
            bytes([4, cipher_code(cipher, fek_bytes), 3, 1]) + salt +
            b"\x60" + wrapped + b"\xed\x16\x62\x08_CONSOLE" + bytes(4) + sig)


def packet1(sig, blob):
    if len(blob) > 512:
        raise FormatError("EINVAL", "blob of %d bytes" % len(blob))
    return (b"\x01" + length_bytes(10 + len(blob)) + b"\x03" + sig + b"\x01" +
            blob)


def _body(data, at):
    length, used = length_parse(data[at + 1:])
    start = at + 1 + used
    if start + length > len(data):
        raise FormatError("EUCLEAN", "packet at %d passes the end" % at)
    return data[start:start + length], start + length


def _parse3(data, at):
    body, end = _body(data, at)
    if len(body) < 13 or len(body) > 77:
        raise FormatError("EUCLEAN", "tag 3 of %d bytes" % len(body))
    if (body[0], body[2], body[3]) != (4, 3, 1):
        raise FormatError("EUCLEAN", "tag 3 constants")
    wrapped = body[13:]
    cipher = CODES.get(body[1])
    if cipher is None:
        raise FormatError("EOPNOTSUPP", "cipher code %#x" % body[1])
    fek_bytes = 24 if body[1] == 8 else len(wrapped)
    expected = 32 if (cipher, fek_bytes) == ("aes", 24) else fek_bytes
    if fek_bytes not in KEY_BYTES[cipher] or len(wrapped) != expected:
        raise FormatError("EUCLEAN", "%s with %d wrapped bytes"
                          % (cipher, len(wrapped)))
    if end >= len(data) or data[end] != 0xed:
        raise FormatError("EUCLEAN", "tag 3 without tag 11")
    literal, end = _body(data, end)
    if len(literal) != 22 or literal[:2] != b"\x62\x08":
        raise FormatError("EUCLEAN", "tag 11")
    return {"kind": "passphrase", "cipher": cipher, "code": body[1],
            "fek_bytes": fek_bytes, "salt": body[4:12], "wrapped": wrapped,
            "sig": literal[14:]}, end


def _parse1(data, at):
    body, end = _body(data, at)
    if len(body) < 10 or len(body) > 522 or body[0] != 3:
        raise FormatError("EUCLEAN", "tag 1")
    return {"kind": "pubkey", "sig": body[1:9], "wrapped": body[10:]}, end


def packets_parse(data, at=0):
    """(packets, offset behind the last)"""
    packets = []
    while at < len(data) and data[at] in (0x01, 0x8c, 0xed):
        if data[at] == 0xed:
            raise FormatError("EUCLEAN", "tag 11 alone at %d" % at)
        packet, at = (_parse3 if data[at] == 0x8c else _parse1)(data, at)
        packets.append(packet)
    return packets, at


# --- headers ----------------------------------------------------------------

def header(size, m1, packets, flags=FLAG_ENCRYPTED, region=REGION, version=3):
    """The bytes up to the end of the packets (bytes)."""
    head = struct.pack(">QIII", size, m1, m1 ^ MAGIC, version << 24 | flags)
    if version:
        head += struct.pack(">IH", EXTENT, region // EXTENT)
    return head + packets


def header_parse(data):
    """Fields of the fixed part."""
    if len(data) < 16:
        raise FormatError("ENODATA", "%d bytes are no header" % len(data))
    size, m1, m2 = struct.unpack(">QII", data[:16])
    if m1 ^ MAGIC != m2:
        raise FormatError("ENODATA", "no marker")
    if len(data) < 20:
        raise FormatError("EUCLEAN", "cut header")
    version, flags = data[16], struct.unpack(">I", data[16:20])[0] & 0xf
    if version > 3:
        raise FormatError("EOPNOTSUPP", "version %d" % version)
    extent, count, packets_at = EXTENT, 2, 20
    if version:
        if len(data) < 26:
            raise FormatError("EUCLEAN", "cut header")
        extent, count = struct.unpack(">IH", data[20:26])
        packets_at = 26
    region = extent * count
    if region < REGION or region > REGION_MAX or region % EXTENT:
        raise FormatError("EUCLEAN", "header region of %d bytes" % region)
    if size >> 63:
        raise FormatError("EUCLEAN", "size %#x" % size)
    return {"size": size, "marker": m1, "version": version, "flags": flags,
            "extent_bytes": extent, "extents": count, "region": region,
            "packets_at": packets_at}


# --- whole files ------------------------------------------------------------

def lower_bytes(region, size):
    return region + -(-size // EXTENT) * EXTENT


def is_empty(path):
    """Whether the lower file is an empty file that got no metadata, or lost them
    in a crash: it has no byte, or nothing but zeros, and no attribute."""
    try:
        os.getxattr(path, XATTR)
        return False
    except OSError:
        pass
    with open(path, "rb") as lower:
        return not any(any(part) for part in
                       iter(lambda: lower.read(1 << 20), b""))


class Lower:
    """An existing lower file that is_empty() is false of: metadata, then plaintext extent by extent."""

    def __init__(self, path, keys):
        self.path = path
        self.where = "header"
        self.actual = os.stat(path).st_size
        with open(path, "rb") as lower:
            start = lower.read(SCAN)
        try:
            self._parse(start, keys)
            # Flag bit 4 in a header says that data start at 0, as stock reads.
            self.data_at = (0 if self.head["flags"] & FLAG_XATTR
                            else self.head["region"])
        except FormatError as error:
            try:
                value = os.getxattr(path, XATTR)
            except OSError:
                raise error from None
            self.where = "xattr"
            self._parse(value, keys)
            self.data_at = 0
        self.size = self.head["size"]
        self.expected = lower_bytes(self.data_at, self.size)

    def _parse(self, data, keys):
        self.head = header_parse(data)
        self.packets, self.packets_end = packets_parse(
            data, self.head["packets_at"])
        if not self.packets:
            raise FormatError("EUCLEAN", "no packets")
        self.rest = data[self.packets_end:]
        self.fek = self.cipher = None
        if keys is not None:
            self._unlock(keys)

    def _unlock(self, keys):
        """Last packet first; cipher and size are the last tag 3's."""
        tag3 = [p for p in self.packets if p["kind"] == "passphrase"]
        for packet in reversed(tag3):
            for key in keys:
                if signature(key) == packet["sig"]:
                    self.cipher = tag3[-1]["cipher"]
                    self.fek = unwrap(self.cipher, tag3[-1]["fek_bytes"],
                                      packet["wrapped"], key)
                    self.used = packet
                    return
        raise FormatError("ENOKEY", "no key for " + ", ".join(
            p["sig"].hex() for p in self.packets))

    def check_size(self, exact=True):
        if self.actual < self.expected:
            raise FormatError("EIO", "%s: missing tail: size %d needs %d lower "
                              "bytes, there are %d" % (
                                  self.path, self.size, self.expected,
                                  self.actual))
        if exact and self.actual != self.expected:
            raise FormatError("EIO", "%s: size %d makes %d lower bytes, there "
                              "are %d" % (self.path, self.size, self.expected,
                                          self.actual))

    def plain(self, zero_tail=False):
        """Generator of plaintext, at most an extent each."""
        extents = Extents(self.cipher, self.fek)
        left = self.size
        with open(self.path, "rb") as lower:
            lower.seek(self.data_at)
            for number in range(-(-self.size // EXTENT)):
                data = lower.read(EXTENT)
                if len(data) < EXTENT:
                    raise FormatError("EIO", "%s: extent %d has %d bytes" % (
                        self.path, number, len(data)))
                text = extents.decrypt(number, data)
                if zero_tail and left < EXTENT and any(text[left:]):
                    raise FormatError("EIO", "%s: bytes after the end of file "
                                      "are not zero" % self.path)
                yield text[:left]
                left -= min(left, EXTENT)


def lower_write(source, path, keys, cipher="aes", key_bytes=16, fek=None,
                marker=None, salt=SALT, names=False, xattr=False,
                region=REGION, version=3, blobs=()):
    """Encrypts the open file `source` to `path`; returns the plain size."""
    fek = os.urandom(key_bytes) if fek is None else fek
    marker = (struct.unpack(">I", os.urandom(4))[0] if marker is None
              else marker)
    packets = b"".join(packet3(cipher, len(fek), wrap(cipher, fek, key),
                               signature(key), salt) for key in keys)
    packets += b"".join(packet1(sig, blob) for sig, blob in blobs)
    flags = (FLAG_ENCRYPTED | (FLAG_XATTR if xattr else 0) |
             (FLAG_NAMES if names else 0))
    head = header(0, marker, packets, flags, region, version)
    extents = Extents(cipher, fek)
    size = 0
    with open(path, "wb") as lower:
        if not xattr:
            if len(head) >= region:
                raise FormatError("EINVAL", "packets do not fit")
            lower.write(head.ljust(region, b"\0"))
        number = 0
        while True:
            text = source.read(EXTENT)
            if not text:
                break
            # A short read of an unbuffered source is not the end.
            while len(text) < EXTENT:
                more = source.read(EXTENT - len(text))
                if not more:
                    break
                text += more
            size += len(text)
            lower.write(extents.encrypt(number, text))
            number += 1
        if not xattr:
            lower.seek(0)
            lower.write(struct.pack(">Q", size))
    if xattr:
        os.setxattr(path, XATTR, struct.pack(">Q", size) + head[8:])
    return size


# --- wrapped-passphrase files -----------------------------------------------

def wrapped_make(wrapping, passphrase, salt=None, version=2):
    if not 1 <= len(passphrase) <= 64:
        raise FormatError("EINVAL", "passphrase of %d bytes" % len(passphrase))
    if salt is None:
        salt = SALT if version == 1 else os.urandom(8)
    key = derive(wrapping, salt)
    padded = passphrase.ljust(-(-len(passphrase) // 16) * 16, b"\0")
    data = (signature(key).hex().encode() +
            Cipher("aes", key[:16]).ecb_encrypt(padded))
    return data if version == 1 else b"\x3a\x02" + salt + data


def wrapped_open(wrapping, data, salt=SALT):
    if len(data) < 16:
        raise FormatError("EINVAL", "%d bytes" % len(data))
    if data[:1] == b":":
        if data[1] != 2:
            raise FormatError("ENOTSUP", "version %d" % data[1])
        salt, data = data[2:10], data[10:]
    elif any(c not in b"0123456789abcdefABCDEF" for c in data[:16]):
        raise FormatError("EINVAL", "no wrapped passphrase")
    key = derive(wrapping, salt)
    if signature(key).hex().encode() != data[:16].lower():
        raise FormatError("EIO", "wrong wrapping passphrase")
    text = Cipher("aes", key[:16]).ecb_decrypt(data[16:80])
    return text.split(b"\0")[0]


assert set(BLOCK_BYTES) == set(KEY_BYTES)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Block ciphers for the oracle: one interface over six providers.

In order of preference: the Python package `cryptography`, libcrypto through
ctypes, the `openssl` command, AES in pure Python, the kernel's ciphers through
AF_ALG, and Twofish and CAST-256 in pure Python (pure.py).  A guest that has nothing
but the standard library still decrypts, if slowly (some 100 KiB/s).  The
environment variable ORACLE_CIPHERS names one or more of PROVIDERS, separated by
commas, to have those and no others.

Shares no code with fs/ecryptfs.
"""

import ctypes
import ctypes.util
import os
import shutil
import socket
import subprocess
import warnings

import pure

BLOCK_BYTES = {
    "aes": 16, "blowfish": 8, "des3_ede": 8, "cast5": 8,
    "twofish": 16, "cast6": 16,
}


class NoCipher(Exception):
    """The provider does not have the cipher."""


def xor(a, b):
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(
        len(a), "big")


# --- the package `cryptography` ---------------------------------------------

class Package:
    def __init__(self, name, key):
        from cryptography.hazmat.primitives import ciphers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.algorithm = self._algorithm(name)(key)
        self.ciphers = ciphers

    @staticmethod
    def _algorithm(name):
        from cryptography.hazmat.primitives.ciphers import algorithms
        places = [algorithms]
        try:
            from cryptography.hazmat.decrepit.ciphers import algorithms as old
            places.insert(0, old)
        except ImportError:
            pass
        wanted = {"aes": "AES", "blowfish": "Blowfish", "cast5": "CAST5",
                  "des3_ede": "TripleDES"}.get(name)
        for place in places:
            if wanted and hasattr(place, wanted):
                return getattr(place, wanted)
        raise NoCipher(name)

    def _run(self, mode, data, decrypt):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cipher = self.ciphers.Cipher(self.algorithm, mode)
        run = cipher.decryptor() if decrypt else cipher.encryptor()
        return run.update(data) + run.finalize()

    def ecb(self, data, decrypt):
        return self._run(self.ciphers.modes.ECB(), data, decrypt)

    def cbc(self, iv, data, decrypt):
        return self._run(self.ciphers.modes.CBC(iv), data, decrypt)


# --- libcrypto through ctypes -----------------------------------------------

class Libcrypto:
    lib = None

    @classmethod
    def load(cls):
        if cls.lib is not None:
            return cls.lib
        # The search runs programs: only if the usual name is not there.
        for find in (lambda: "libcrypto.so.3",
                     lambda: ctypes.util.find_library("crypto")):
            try:
                name = find()
                lib = ctypes.CDLL(name) if name else None
                if lib is None:
                    continue
                pointer = ctypes.c_void_p
                lib.EVP_CIPHER_fetch.restype = pointer
                lib.EVP_CIPHER_fetch.argtypes = [pointer, ctypes.c_char_p,
                                                 ctypes.c_char_p]
                lib.EVP_CIPHER_CTX_new.restype = pointer
                lib.EVP_CIPHER_CTX_free.argtypes = [pointer]
                lib.EVP_CIPHER_CTX_set_key_length.argtypes = [pointer,
                                                              ctypes.c_int]
                lib.EVP_CIPHER_CTX_set_padding.argtypes = [pointer,
                                                           ctypes.c_int]
                lib.EVP_CipherInit_ex.argtypes = [
                    pointer, pointer, pointer, ctypes.c_char_p,
                    ctypes.c_char_p, ctypes.c_int]
                lib.EVP_CipherUpdate.argtypes = [
                    pointer, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int),
                    ctypes.c_char_p, ctypes.c_int]
                lib.OSSL_PROVIDER_load.restype = pointer
                lib.OSSL_PROVIDER_load.argtypes = [pointer, ctypes.c_char_p]
                lib.OSSL_PROVIDER_load(None, b"default")
                lib.OSSL_PROVIDER_load(None, b"legacy")
                cls.lib = lib
                return lib
            except (OSError, AttributeError):
                continue
        raise NoCipher("libcrypto")

    def __init__(self, name, key):
        self.lib = self.load()
        self.key = key
        self.types = {}
        base = {"aes": "AES-%d" % (8 * len(key)), "blowfish": "BF",
                "cast5": "CAST5", "des3_ede": "DES-EDE3"}.get(name)
        if base is None:
            raise NoCipher(name)
        for mode in ("ECB", "CBC"):
            self.types[mode] = self.lib.EVP_CIPHER_fetch(
                None, ("%s-%s" % (base, mode)).encode(), None)
            if not self.types[mode]:
                raise NoCipher(name)

    def _run(self, mode, iv, data, decrypt):
        lib = self.lib
        run = lib.EVP_CIPHER_CTX_new()
        out = ctypes.create_string_buffer(len(data) + 32)
        done = ctypes.c_int(0)
        good = (lib.EVP_CipherInit_ex(run, self.types[mode], None, None, None,
                                      0 if decrypt else 1) == 1 and
                lib.EVP_CIPHER_CTX_set_key_length(run, len(self.key)) == 1 and
                lib.EVP_CipherInit_ex(run, None, None, self.key, iv,
                                      -1) == 1 and
                lib.EVP_CIPHER_CTX_set_padding(run, 0) == 1 and
                lib.EVP_CipherUpdate(run, out, ctypes.byref(done), data,
                                     len(data)) == 1)
        lib.EVP_CIPHER_CTX_free(run)
        if not good or done.value != len(data):
            raise ValueError("libcrypto refused the operation")
        return out.raw[:len(data)]

    def ecb(self, data, decrypt):
        return self._run("ECB", None, data, decrypt)

    def cbc(self, iv, data, decrypt):
        return self._run("CBC", iv, data, decrypt)


# --- the openssl command ----------------------------------------------------

class Command:
    def __init__(self, name, key):
        if not shutil.which("openssl"):
            raise NoCipher("no openssl command")
        self.key = key
        self.legacy = name != "aes" and name != "des3_ede"
        self.base = {"aes": "aes-%d" % (8 * len(key)),
                     "des3_ede": "des-ede3"}.get(name)
        # bf and cast5 of the command take 16-byte keys only.
        if len(key) == 16 and name in ("blowfish", "cast5"):
            self.base = {"blowfish": "bf", "cast5": "cast5"}[name]
        if self.base is None:
            raise NoCipher(name)

    def _run(self, mode, iv, data, decrypt):
        cipher = "-%s-%s" % (self.base, mode)
        if cipher == "-des-ede3-ecb":
            cipher = "-des-ede3"
        argv = ["openssl", "enc", cipher, "-nopad", "-d" if decrypt else "-e",
                "-K", self.key.hex()]
        if self.legacy:
            argv += ["-provider", "default", "-provider", "legacy"]
        if iv is not None:
            argv += ["-iv", iv.hex()]
        return subprocess.run(argv, input=data, stdout=subprocess.PIPE,
                              check=True).stdout

    def ecb(self, data, decrypt):
        return self._run("ecb", None, data, decrypt)

    def cbc(self, iv, data, decrypt):
        return self._run("cbc", iv, data, decrypt)


# --- AES by the book (FIPS 197) ---------------------------------------------

def _double(x):
    return ((x << 1) ^ (0x11b if x & 0x80 else 0)) & 0xff


def _times(a, b):
    total = 0
    while b:
        if b & 1:
            total ^= a
        a = _double(a)
        b >>= 1
    return total


def _sbox():
    """Inverse in GF(2^8), then the affine map."""
    box = [0] * 256
    for x in range(256):
        inverse = next((y for y in range(256) if _times(x, y) == 1), 0)
        value = 0x63
        for turn in range(5):
            value ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff
        box[x] = value
    return box


class Pure:
    tables = None

    @classmethod
    def _tables(cls):
        if cls.tables is None:
            box = _sbox()
            unbox = [0] * 256
            for x, y in enumerate(box):
                unbox[y] = x
            forward, back = [], []
            for row in range(4):
                column = [2, 1, 1, 3]
                column = column[-row:] + column[:-row]
                forward.append([int.from_bytes(bytes(
                    _times(box[x], c) for c in column), "big")
                    for x in range(256)])
                column = [14, 9, 13, 11]
                column = column[-row:] + column[:-row]
                back.append([int.from_bytes(bytes(
                    _times(unbox[x], c) for c in column), "big")
                    for x in range(256)])
            cls.tables = box, unbox, forward, back
        return cls.tables

    def __init__(self, name, key):
        if name != "aes" or len(key) not in (16, 24, 32):
            raise NoCipher(name)
        box = self._tables()[0]
        words = [int.from_bytes(key[i:i + 4], "big")
                 for i in range(0, len(key), 4)]
        step = len(words)
        self.rounds = step + 6

        def substitute(word):
            return int.from_bytes(bytes(box[b] for b in
                                        word.to_bytes(4, "big")), "big")
        constant = 1
        for i in range(step, 4 * (self.rounds + 1)):
            word = words[i - 1]
            if i % step == 0:
                word = substitute(((word << 8) | (word >> 24)) & 0xffffffff)
                word ^= constant << 24
                constant = _double(constant)
            elif step > 6 and i % step == 4:
                word = substitute(word)
            words.append(words[i - step] ^ word)
        self.keys = [words[i:i + 4] for i in range(0, len(words), 4)]
        # Equivalent inverse cipher: round keys through InvMixColumns.
        back = self._tables()[3]

        def unmix(word):
            return (back[0][box[word >> 24]] ^
                    back[1][box[(word >> 16) & 255]] ^
                    back[2][box[(word >> 8) & 255]] ^ back[3][box[word & 255]])
        self.unkeys = [self.keys[-1]]
        self.unkeys += [[unmix(w) for w in k] for k in self.keys[-2:0:-1]]
        self.unkeys.append(self.keys[0])

    def _block(self, block, decrypt):
        box, unbox, forward, back = self._tables()
        keys, table, last = ((self.unkeys, back, unbox) if decrypt else
                             (self.keys, forward, box))
        shift = 3 if decrypt else 1
        t0, t1, t2, t3 = table
        k = keys[0]
        state = [int.from_bytes(block[4 * i:4 * i + 4], "big") ^ k[i]
                 for i in range(4)]
        for k in keys[1:-1]:
            state = [t0[state[i] >> 24] ^
                     t1[(state[(i + shift) & 3] >> 16) & 255] ^
                     t2[(state[(i + 2) & 3] >> 8) & 255] ^
                     t3[state[(i - shift) & 3] & 255] ^ k[i]
                     for i in range(4)]
        k = keys[-1]
        out = b""
        for i in range(4):
            word = (last[state[i] >> 24] << 24 |
                    last[(state[(i + shift) & 3] >> 16) & 255] << 16 |
                    last[(state[(i + 2) & 3] >> 8) & 255] << 8 |
                    last[state[(i - shift) & 3] & 255])
            out += (word ^ k[i]).to_bytes(4, "big")
        return out

    def ecb(self, data, decrypt):
        return b"".join(self._block(data[i:i + 16], decrypt)
                        for i in range(0, len(data), 16))

    def cbc(self, iv, data, decrypt):
        if decrypt:
            return xor(self.ecb(data, True), iv + data[:-16])
        out = []
        for i in range(0, len(data), 16):
            iv = self._block(xor(data[i:i + 16], iv), False)
            out.append(iv)
        return b"".join(out)


# --- the running kernel -----------------------------------------------------

class Kernel:
    # A socket holds so much of one operation, by default.
    PIECE = 16 * 4096

    def __init__(self, name, key):
        self.name, self.key, self.opened = name, key, {}
        self._socket("ecb")

    def _socket(self, mode):
        if mode not in self.opened:
            try:
                bound = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
                bound.bind(("skcipher", "%s(%s)" % (mode, self.name)))
                bound.setsockopt(socket.SOL_ALG, socket.ALG_SET_KEY, self.key)
            except (OSError, AttributeError):
                raise NoCipher(self.name) from None
            self.opened[mode] = bound
        return self.opened[mode]

    def _run(self, mode, iv, data, decrypt):
        way = socket.ALG_OP_DECRYPT if decrypt else socket.ALG_OP_ENCRYPT
        given = {} if iv is None else {"iv": iv}
        with self._socket(mode).accept()[0] as run:
            if run.sendmsg_afalg([data], op=way, **given) != len(data):
                raise ValueError("the kernel refused the operation")
            return run.recv(len(data))

    def ecb(self, data, decrypt):
        return b"".join(self._run("ecb", None, data[at:at + self.PIECE],
                                  decrypt)
                        for at in range(0, len(data), self.PIECE))

    def cbc(self, iv, data, decrypt):
        out = []
        for at in range(0, len(data), self.PIECE):
            piece = data[at:at + self.PIECE]
            out.append(self._run("cbc", iv, piece, decrypt))
            iv = (piece if decrypt else out[-1])[-len(iv):]
        return b"".join(out)


class PureOther:
    """Twofish and CAST-256."""

    def __init__(self, name, key):
        made = {"twofish": pure.Twofish, "cast6": pure.Cast6}.get(name)
        if made is None or len(key) not in (16, 24, 32):
            raise NoCipher(name)
        self.cipher = made(key)

    def ecb(self, data, decrypt):
        run = self.cipher.decrypt if decrypt else self.cipher.encrypt
        return b"".join(run(data[i:i + 16]) for i in range(0, len(data), 16))

    def cbc(self, iv, data, decrypt):
        if decrypt:
            return xor(self.ecb(data, True), iv + data[:-16])
        out = []
        for i in range(0, len(data), 16):
            iv = self.cipher.encrypt(xor(data[i:i + 16], iv))
            out.append(iv)
        return b"".join(out)


PROVIDERS = {"package": Package, "libcrypto": Libcrypto, "command": Command,
             "pure": Pure, "kernel": Kernel, "python": PureOther}


class Cipher:
    """A cipher with a key, by the first provider that has it."""

    def __init__(self, name, key, provider=None):
        if name not in BLOCK_BYTES:
            raise NoCipher(name)
        self.block_bytes = BLOCK_BYTES[name]
        provider = provider or os.environ.get("ORACLE_CIPHERS")
        wanted = ([PROVIDERS[one] for one in provider.split(",")]
                  if provider else PROVIDERS.values())
        for candidate in wanted:
            try:
                self.run = candidate(name, key)
                return
            except (NoCipher, ImportError):
                continue
        raise NoCipher("%s with %d-byte key" % (name, len(key)))

    def _check(self, data):
        if len(data) % self.block_bytes:
            raise ValueError("not whole cipher blocks: %d bytes" % len(data))

    def ecb_encrypt(self, data):
        self._check(data)
        return self.run.ecb(data, False) if data else b""

    def ecb_decrypt(self, data):
        self._check(data)
        return self.run.ecb(data, True) if data else b""

    def cbc_encrypt(self, iv, data):
        self._check(data)
        return self.run.cbc(iv[:self.block_bytes], data, False)

    def cbc_decrypt(self, iv, data):
        self._check(data)
        return self.run.cbc(iv[:self.block_bytes], data, True)


# FIPS 197, appendix C; the others: a published vector each.
KNOWN = [
    ("aes", "000102030405060708090a0b0c0d0e0f",
     "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"),
    ("aes", "000102030405060708090a0b0c0d0e0f1011121314151617",
     "00112233445566778899aabbccddeeff", "dda97ca4864cdfe06eaf70a0ec0d7191"),
    ("aes", "000102030405060708090a0b0c0d0e0f"
            "101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"),
    # RFC 2144, appendix B.1
    ("cast5", "0123456712345678234567893456789a",
     "0123456789abcdef", "238b4fe5847e44b2"),
    # Schneier's set of Blowfish vectors, 16-byte key
    ("blowfish", "f0e1d2c3b4a5968778695a4b3c2d1e0f",
     "fedcba9876543210", "93142887ee3be15c"),
    # NIST SP 800-67 sample
    ("des3_ede", "0123456789abcdef23456789abcdef01456789abcdef0123",
     "5468652071756663", "a826fd8ce53b855f"),
    # The Twofish paper's known answers
    ("twofish", "00" * 16, "00" * 16, "9f589f5cf6122c32b6bfec2f2ae8c35a"),
    ("twofish", "0123456789abcdeffedcba98765432100011223344556677",
     "00" * 16, "cfd1d2e5a9be9cdf501f13b892bd2248"),
    ("twofish", "0123456789abcdeffedcba9876543210"
                "00112233445566778899aabbccddeeff",
     "00" * 16, "37527be0052334b89f0cfccae87cfa20"),
    # RFC 2612, appendix A
    ("cast6", "2342bb9efa38542c0af75647f29f615d", "00" * 16,
     "c842a08972b43d20836c91d1b7530f6b"),
    ("cast6", "2342bb9efa38542cbed0ac83940ac298bac77a7717942863",
     "00" * 16, "1b386c0210dcadcbdd0e41aa08a7a7e8"),
    ("cast6", "2342bb9efa38542cbed0ac83940ac298"
              "8d7c47ce264908461cc1b5137ae6b604",
     "00" * 16, "4f6a2038286897b9c9870136553317fa"),
]


def selftest(provider):
    """Number of known answers that the provider has; ValueError on a wrong
    one."""
    count = 0
    for name, key, plain, want in KNOWN:
        key, plain, want = (bytes.fromhex(x) for x in (key, plain, want))
        try:
            cipher = Cipher(name, key, provider)
        except NoCipher:
            continue
        iv = bytes(range(cipher.block_bytes))
        chain = cipher.cbc_encrypt(iv, plain * 3)
        first = cipher.ecb_encrypt(xor(plain, iv))
        second = cipher.ecb_encrypt(xor(plain, first))
        if (cipher.ecb_encrypt(plain) != want or
                cipher.ecb_decrypt(want) != plain or
                chain[:2 * len(iv)] != first + second or
                cipher.cbc_decrypt(iv, chain) != plain * 3):
            raise ValueError("%s: wrong %s" % (provider, name))
        count += 1
    return count

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens a vault as ecryptfs-vault(5) describes it, without any of our code.

usage: vault_oracle.py FILE passphrase|recovery SECRET
       vault_oracle.py FILE pkey:SLOT PRIVATE-KEY (its password is "word")
       vault_oracle.py FILE tpm2:SLOT KEY (that the TPM unseals, in hexadecimal)
       vault_oracle.py FILE blob:SLOT NAME (prints a field)
       vault_oracle.py FILE gpg:SLOT -
       vault_oracle.py FILE gpg-put MOUNT-PASSPHRASE RECIPIENT
       vault_oracle.py FILE shares "CARD CARD..."
       vault_oracle.py FILE forge-share CARD (prints one with another share)
       vault_oracle.py FILE tamper PATH VALUE

Prints the mount passphrase if all checks, the slot and the MAC are right.
"tamper" sets a member (mount.names) and makes the checks, which need no key,
right again, as somebody would who has no secret.  "gpg-put" adds slot 9.
"""

import ctypes
import hashlib
import hmac
import json
import os
import subprocess
import sys
import unicodedata

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def canonical(value, without=()):
    value = {k: v for k, v in value.items() if k not in without}
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def check(value, without):
    return hashlib.sha256(canonical(value, without)).hexdigest()[:16]


def hkdf(key, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def gf32(a, b):
    product = 0
    for i in range(5):
        if b >> i & 1:
            product ^= a << i
    for i in range(8, 4, -1):
        if product >> i & 1:
            product ^= 0b100101 << (i - 5)
    return product


def spoken_bytes(text, size):
    """The inverse of spoken_text()."""
    bits = ""
    for number, group in enumerate(text.split("-")):
        values = [ALPHABET.index(c) for c in group]
        total = gf32(3, number)
        for weight, value in zip((2, 4, 8, 16), values):
            total ^= gf32(weight, value)
        assert total == values[4], f"group {number + 1}"
        bits += "".join(f"{v:05b}" for v in values[:4])
    value = int(bits[:8 * size], 2).to_bytes(size, "big")
    assert bits == spoken_bits(value), "rest"
    return value


def spoken_bits(value):
    """With those of the digest, to the end of the last group."""
    size = 8 * len(value)
    digest = hashlib.sha256(value).digest()
    return (f"{int.from_bytes(value + digest, 'big'):0{size + 256}b}"
            [:-(-size // 20) * 20])


def spoken_text(value):
    bits = spoken_bits(value)
    groups = []
    for number in range(len(bits) // 20):
        values = [int(bits[at:at + 5], 2)
                  for at in range(20 * number, 20 * number + 20, 5)]
        total = gf32(3, number)
        for weight, one in zip((2, 4, 8, 16), values):
            total ^= gf32(weight, one)
        groups.append("".join(ALPHABET[v] for v in values + [total]))
    return "-".join(groups)


def gf256(a, b):
    """Modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    for i in range(8):
        if b >> i & 1:
            product ^= a << i
    for i in range(15, 7, -1):
        if product >> i & 1:
            product ^= 0x11d << (i - 8)
    return product


def gf256_inverse(a):
    return next(b for b in range(1, 256) if gf256(a, b) == 1)


def shares_join(blob, text):
    """Lagrange's polynomial through the shares, at 0."""
    cards = [spoken_bytes(card, 38) for card in text.split()]
    assert all(card[:4].hex() == blob["set"] for card in cards), "set"
    assert all(card[5] == blob["need"] for card in cards), "need"
    secret = bytearray(32)
    for card in cards:
        weight = 1
        for other in cards:
            if other is not card:
                weight = gf256(weight, gf256(other[4], gf256_inverse(
                    other[4] ^ card[4])))
        for i in range(32):
            secret[i] ^= gf256(weight, card[6 + i])
    return bytes(secret)


def pkey_key(blob, path):
    with open(path, "rb") as file:
        text = file.read()
    key = serialization.load_pem_private_key(
        text, b"word" if b"ENCRYPTED" in text else None)
    if blob["kind"] == "x25519":
        once = bytes.fromhex(blob["ephemeral"])
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return hkdf(key.exchange(X25519PublicKey.from_public_bytes(once)),
                    once + key.public_key().public_bytes(*raw),
                    b"ecryptfs escrow x25519")
    sha = hashes.SHA256()
    return key.decrypt(bytes.fromhex(blob["wrapped"]), padding.OAEP(
        padding.MGF1(sha), sha, None))


def gpg(text, *words):
    return subprocess.run(("gpg", "--batch", "--quiet", "--no-tty") + words,
                          input=text, stdout=subprocess.PIPE, check=True).stdout


def slot_key(slot, secret):
    blob = slot["blob"]
    if slot["source"] == "gpg":
        return gpg(bytes.fromhex(blob["message"]), "--decrypt")
    if slot["source"] == "pkey":
        return pkey_key(blob, secret)
    if slot["source"] == "tpm2":
        return bytes.fromhex(secret)
    salt = bytes.fromhex(blob["salt"])
    if slot["source"] == "recovery":
        return hkdf(spoken_bytes(secret, 32), salt, b"ecryptfs recovery key")
    if slot["source"] == "shares":
        return hkdf(shares_join(blob, secret), salt, b"ecryptfs shares")
    text = unicodedata.normalize("NFC", secret).encode()
    key = ctypes.create_string_buffer(32)
    size = ctypes.c_size_t
    assert ctypes.CDLL("libargon2.so.1").argon2id_hash_raw(
        blob["passes"], blob["memory_kib"], blob["lanes"], text,
        size(len(text)), salt, size(len(salt)), key, size(32)) == 0
    return key.raw


def content_key(passphrase, salt):
    key = hashlib.sha512(salt + passphrase).digest()
    for _ in range(65535):
        key = hashlib.sha512(key).digest()
    return key


def gpg_put(vault, passphrase, recipient):
    key, nonce = os.urandom(32), os.urandom(12)
    identity = bytes.fromhex(vault["id"])
    listing = gpg(b"", "--with-colons", "--list-keys", recipient).decode()
    prints = [line.split(":")[9] for line in listing.splitlines()
              if line.startswith("fpr")]
    master = bytes([len(passphrase)]) + passphrase
    slot = {"id": 9, "source": "gpg", "label": "",
            "created": "2026-01-01T00:00:00Z", "blob": {
                "recipients": prints[0],
                "message": gpg(key, "--encrypt", "--recipient",
                               recipient).hex(),
                "nonce": nonce.hex(),
                "sealed": AESGCM(key).encrypt(
                    nonce, master.ljust(65, b"\0"), identity).hex()}}
    slot["check"] = check(slot, ())
    vault["slots"].append(slot)
    authenticate(vault, passphrase)


def authenticate(vault, passphrase):
    identity = bytes.fromhex(vault["id"])
    content = content_key(passphrase, bytes.fromhex(vault["mount"]["salt"]))
    vault["mac"] = hmac.digest(
        hkdf(content, identity, b"ecryptfs vault mac"),
        canonical(vault, ("mac", "check")), "sha256").hex()
    vault["check"] = check(vault, ("slots", "check"))


def main():
    path, source, secret = sys.argv[1:4]
    with open(path, "rb") as file:
        text = file.read()
    vault = json.loads(text)
    if source == "tamper":
        *parents, name = secret.split(".")
        at = vault
        for parent in parents:
            at = at[int(parent)] if isinstance(at, list) else at[parent]
        kind = type(at[name])
        at[name] = [sys.argv[4]] if kind is list else kind(sys.argv[4])
        for slot in vault["slots"]:
            slot["check"] = check(slot, ("check",))
        vault["check"] = check(vault, ("slots", "check"))
        with open(path, "wb") as file:
            file.write(canonical(vault))
        return
    if source == "forge-share":
        print(spoken_text(spoken_bytes(secret, 38)[:6] + os.urandom(32)))
        return
    if source == "gpg-put":
        gpg_put(vault, secret.encode(), sys.argv[4])
        with open(path, "wb") as file:
            file.write(canonical(vault))
        return
    if source == "lend":
        vault["mount"]["signature"] = sys.argv[4]
        authenticate(vault, secret.encode())
        with open(path, "wb") as file:
            file.write(canonical(vault))
        return
    assert text == canonical(vault), "form"
    assert check(vault, ("slots", "check")) == vault["check"], "check"
    for slot in vault["slots"]:
        assert check(slot, ("check",)) == slot["check"], "check of a slot"
    identity = bytes.fromhex(vault["id"])
    source, _, number = source.partition(":")
    if source == "blob":
        print(next(s for s in vault["slots"] if s["id"] == int(number))["blob"][secret])
        return
    slot = next(s for s in vault["slots"]
                if s["source"] == source and (not number or s["id"] == int(number)))
    master = AESGCM(slot_key(slot, secret)).decrypt(
        bytes.fromhex(slot["blob"]["nonce"]),
        bytes.fromhex(slot["blob"]["sealed"]), identity)
    assert len(master) == 65 and not any(master[1 + master[0]:]), "master"
    passphrase = master[1:1 + master[0]]
    key = content_key(passphrase, bytes.fromhex(vault["mount"]["salt"]))
    mac = hmac.digest(hkdf(key, identity, b"ecryptfs vault mac"),
                      canonical(vault, ("mac", "check")), "sha256")
    assert mac.hex() == vault["mac"], "mac"
    assert hashlib.sha512(key).digest()[:8].hex() == vault["mount"]["signature"]
    print(os.fsdecode(passphrase))


main()

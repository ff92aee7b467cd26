# SPDX-License-Identifier: GPL-2.0-or-later
"""What the oracle says about a vector's inputs."""

import hashlib
import io
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "oracle"))

import v1  # noqa: E402
import v1_name  # noqa: E402
from vectors import pattern, unpack  # noqa: E402


def op_key(v):
    key = v1.derive(unpack(v["passphrase"]), unpack(v["salt"]))
    out = {"key": key, "sig": v1.signature(key)}
    if "key_start" in v:
        out["key_start"] = key[:len(unpack(v["key_start"]))]
    return out


def op_root_iv(v):
    return {"iv": v1.root_iv(unpack(v["fek"]))}


def op_extent_iv(v):
    return {"iv": v1.extent_iv(unpack(v["root"]), int(v["extent"]))}


def op_wrap(v):
    fek = unpack(v["fek"])
    key = v1.derive(unpack(v["passphrase"]))
    wrapped = v1.wrap(v["cipher"], fek, key)
    assert v1.unwrap(v["cipher"], len(fek), wrapped, key) == fek
    return {"wrapped": wrapped}


def op_length(v):
    length, used = v1.length_parse(unpack(v["in"]))
    return {"length": length, "used": used}


def op_length_put(v):
    return {"in": v1.length_bytes(int(v["length"]))}


def op_cipher_code(v):
    return {"code": v1.cipher_code(v["cipher"], int(v["key_bytes"]))}


def op_code(v):
    if int(v["code"]) not in v1.CODES:
        raise v1.FormatError("EOPNOTSUPP", "code")
    return {"cipher": v1.CODES[int(v["code"])]}


def op_sig(v):
    text = v["text"]
    if len(text) != 16 or any(c not in "0123456789abcdef" for c in text):
        raise v1.FormatError("EINVAL", "signature")
    return {"sig": bytes.fromhex(text)}


def op_header(v):
    head = v1.header_parse(unpack(v["in"]))
    return {name: head[name] for name in ("size", "marker", "version", "flags",
                                          "region", "packets_at")}


def op_packets(v):
    packets, end = v1.packets_parse(unpack(v["in"]))
    lines = []
    for p in packets:
        words = [p["kind"]]
        if p["kind"] == "passphrase":
            words += [p["cipher"], str(p["fek_bytes"]), p["sig"].hex(),
                      p["salt"].hex()]
        else:
            words.append(p["sig"].hex())
        lines.append(" ".join(words + [p["wrapped"].hex()]))
    return {"packet": lines, "end": end}


def op_lower_size(v):
    return {"lower_bytes": v1.lower_bytes(int(v["region"]), int(v["size"]))}


def op_file(v):
    plain = (pattern(int(v["pattern"])) if "pattern" in v
             else unpack(v["content"]))
    keys = [v1.derive(unpack(v["passphrase"]))]
    fek = unpack(v["fek"])
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "lower")
        v1.lower_write(io.BytesIO(plain), path, keys, cipher=v["cipher"],
                       fek=fek, marker=int(v["marker"], 16))
        lower = v1.Lower(path, keys)
        lower.check_size()
        assert b"".join(lower.plain(zero_tail=True)) == plain
        with open(path, "rb") as source:
            data = source.read()
    return {"lower_bytes": len(data), "data_start": data[8192:8224],
            "data_end": data[8192:][-16:],
            "sha256": hashlib.sha256(data).digest()}


def op_payload(v):
    salt = unpack(v["salt"])
    token = v1.payload(v1.derive(unpack(v["passphrase"]), salt), salt)
    at = int(v["at"])
    size = len(unpack(v["bytes"])) if "bytes" in v else len(token) - at
    return {"bytes": token[at:at + size]}


def op_wrapped_passphrase(v):
    data = unpack(v["in"])
    text = v1.wrapped_open(unpack(v["wrapping"]), data, unpack(v["salt"]))
    assert v1.wrapped_make(unpack(v["wrapping"]), text, unpack(v["salt"]),
                           int(v["version"])) == data
    return {"passphrase": text}


def names_of(v):
    return v1_name.Names(unpack(v["fnek"]), v["cipher"], int(v["key_bytes"]))


def op_name(v):
    lower = names_of(v).encrypt(unpack(v["plain"]))
    assert names_of(v).decrypt(lower) == unpack(v["plain"])
    return {"lower": lower.decode()}


def op_name_decrypt(v):
    return {"plain": names_of(v).decrypt(v["lower"].encode())}


def evaluate(vector):
    """Results by name; always "want"."""
    run = globals()["op_" + vector["op"].replace("-", "_")]
    try:
        results = run(vector)
    except v1.FormatError as error:
        return {"want": error.errno}
    return {"want": "0", **results}


def same(value, expected):
    """A result and what a vector says, which is text (or list of it)."""
    if isinstance(value, bytes):
        return value == unpack(expected)
    if isinstance(value, list):
        return value == [_spell(line) for line in expected]
    return str(value) == expected


def _spell(line):
    words = line.split()
    blob = 2 if words[0] == "pubkey" else 5
    return " ".join(words[:blob] + [unpack(" ".join(words[blob:])).hex()])

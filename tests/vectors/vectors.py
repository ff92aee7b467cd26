# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading and writing of *.vec files; see README."""


def pattern(size):
    return bytes((i * 7 + i // 256) & 255 for i in range(size))


def unpack(text):
    """Bytes of a value."""
    out = b""
    for group in text.split():
        group, _, count = group.partition("*")
        out += bytes.fromhex(group) * int(count or 1)
    return out


def pack(data):
    """The shortest-looking value for bytes: runs of 16 and more are counted."""
    groups, at, plain = [], 0, b""
    while at < len(data):
        run = 1
        while at + run < len(data) and data[at + run] == data[at]:
            run += 1
        if run >= 16:
            groups += [plain.hex()] if plain else []
            groups.append("%02x*%d" % (data[at], run))
            plain = b""
        else:
            plain += data[at:at + run]
        at += run
    groups += [plain.hex()] if plain else []
    return " ".join(groups)


def load(path):
    """Vectors of a file, as dicts; "packet" is a list."""
    vectors, vector = [], {}
    with open(path, encoding="ascii") as source:
        for line in list(source) + [""]:
            line = line.strip()
            if line.startswith("#"):
                continue
            if not line:
                vectors += [vector] if vector else []
                vector = {}
                continue
            name, _, value = line.partition("=")
            name, value = name.strip(), value.strip()
            if name == "packet":
                vector.setdefault(name, []).append(value)
            elif name in vector:
                raise ValueError("%s: %s twice" % (path, name))
            else:
                vector[name] = value
    return vectors


def store(path, comment, vectors):
    with open(path, "w", encoding="ascii", newline="\n") as target:
        for line in comment:
            target.write("# %s\n" % line)
        for vector in vectors:
            target.write("\n")
            for name, value in vector.items():
                for item in value if isinstance(value, list) else [value]:
                    if isinstance(item, bytes):
                        item = pack(item)
                    target.write(("%s = %s" % (name, item)).rstrip() + "\n")

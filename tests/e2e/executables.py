"""Small executables of each format, made byte by byte: sections and loaded memory, nothing that runs."""
import struct


def elf(sections, wide=True, big=False, kind=2, load=0x400000, machine=62, bss=0):
    """sections: {name: bytes}; each is at load + its offset in the file. `bss`: bytes of memory behind those of the file."""
    e = ">" if big else "<"
    head, phsize, shsize = (64, 56, 64) if wide else (52, 32, 40)
    names = b"\0" + b"".join(n.encode() + b"\0" for n in [*sections, ".shstrtab"])
    body, places = b"", []
    start = head + phsize
    for content in [*sections.values(), names]:
        body += bytes(-(start + len(body)) % 16)
        places.append(start + len(body))
        body += content
    body += bytes(-(start + len(body)) % 16)
    table_at, name_at = start + len(body), 1
    table = bytes(shsize)
    for index, (name, content) in enumerate([*sections.items(), (".shstrtab", names)]):
        row = (name_at, 1, 2, load + places[index], places[index], len(content))
        table += struct.pack(e + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"), *row, 0, 0, 1, 0)
        name_at += len(name) + 1
    size = table_at
    ident = b"\x7fELF" + bytes([2 if wide else 1, 2 if big else 1, 1]) + bytes(9)
    rest = struct.pack(e + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"), kind, machine, 1, load, head, table_at, 0, head, phsize, 1, shsize,
                       len(sections) + 2, len(sections) + 1)
    program = struct.pack(e + "IIQQQQQQ", 1, 6, 0, load, load, size, size + bss, 4096) if wide else struct.pack(e + "IIIIIIII", 1, 0, load, load, size, size + bss, 6, 4096)
    return ident + rest + program + body + table


def pe(sections, base=0x400000, directories=None):
    """sections: {name: (bytes, writable)}; the n-th is at base + 0x1000 * n."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 64)
    optional = bytearray(112 + 16 * 8)
    struct.pack_into("<H", optional, 0, 0x20b)
    struct.pack_into("<Q", optional, 24, base)
    struct.pack_into("<I", optional, 108, 16)
    for index, (address, size) in (directories or {}).items():
        struct.pack_into("<II", optional, 112 + 8 * index, address, size)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, len(optional), 0x22)
    at = 64 + 24 + len(optional) + 40 * len(sections)
    table = body = b""
    for index, (name, (content, writable)) in enumerate(sections.items()):
        pad = -(at + len(body)) % 16
        body += bytes(pad)
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(content), 0x1000 * (index + 1), len(content), at + len(body), 0, 0, 0, 0,
                             0x40 | 0x40000000 | (0x80000000 if writable else 0))
        body += content
    return head + coff + bytes(optional) + table + body


def macho(segment, sections, address=0x100000000):
    """sections: {name: bytes} of one writable segment."""
    command = 72 + 80 * len(sections)
    at = 32 + command
    at += -at % 16
    body, rows, start = b"", b"", at
    for name, content in sections.items():
        body += bytes(-(start + len(body)) % 16)
        where = start + len(body)
        rows += struct.pack("<16s16sQQIIIIIIII", name.encode(), segment.encode(), address + where, len(content), where, 4, 0, 0, 0, 0, 0, 0)
        body += content
    size = start + len(body)
    load = struct.pack("<II16sQQQQIIII", 0x19, command, segment.encode(), address, size, 0, size, 3, 3, len(sections), 0) + rows
    head = struct.pack("<IIIIIIII", 0xfeedfacf, 0x01000007, 3, 2, 1, len(load), 0, 0)
    return (head + load).ljust(start, b"\0") + body


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


MARK = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")


def modules(text):
    return MARK[0] + text.encode() + MARK[1]


def go_inline(version, info):
    """Build information as Go writes it from 1.18 on."""
    version = version.encode()
    return b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16) + varint(len(version)) + version + varint(len(info)) + info


def go_pointers(version, info, address, wide=True, big=False, second=None):
    """As it was before 1.18: pointers to strings. `address`: where the section is loaded."""
    e, letter, size = ">" if big else "<", "Q" if wide else "I", 8 if wide else 4
    version = version.encode()
    strings = 32 + 4 * size
    header = b"\xff Go buildinf:" + bytes([size, 1 if big else 0]) + struct.pack(e + letter * 2, address + 32, address + 32 + 2 * size if second is None else second)
    header = header.ljust(32, b"\0")
    pairs = struct.pack(e + letter * 4, address + strings, len(version), address + strings + len(version), len(info))
    return header + pairs + version + info

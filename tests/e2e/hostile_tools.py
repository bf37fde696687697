"""Makes files that a scanner meets in a hostile image: archives, programs and databases whose numbers lie."""
import gzip
import json
import struct
import zlib

from reject_tools import entry, file, pax, tar, OS_RELEASE, STATUS  # noqa: F401


# ---- zip: every field can be set against the truth
def member(name, data=b"", method=8, **lies):
    return {"name": name if isinstance(name, bytes) else name.encode(), "data": data if isinstance(data, bytes) else data.encode(), "method": method, **lies}


def zip_(*members, front=b"", between=b"", comment=b"", **lies):
    """An archive. Lies of a member: size, packed, crc, flags, local_name, local_method, at (its place), extra, raw (the packed bytes);
    of the archive: count, directory_len, directory_at, comment_len, end64 (bytes in front of the end record)."""
    body, directory = bytearray(front), bytearray()
    for one in members:
        raw = one.get("raw")
        if raw is None:
            raw = one["data"]
            if one["method"] == 8:
                deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
                raw = deflate.compress(raw) + deflate.flush()
        size, packed = one.get("size", len(one["data"])), one.get("packed", len(raw))
        crc, flags, extra = one.get("crc", zlib.crc32(one["data"])), one.get("flags", 0), one.get("extra", b"")
        at = one.get("at", len(body) - len(front) + (len(front) if lies.get("absolute") else 0))
        local = one.get("local_name", one["name"])
        if "at" not in one:
            body += struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, flags, one.get("local_method", one["method"]), 0, 0x21, crc, packed & 0xffffffff,
                                size & 0xffffffff, len(local), 0) + local + raw
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, flags, one["method"], 0, 0x21, crc, packed, size, len(one["name"]),
                                 len(extra), 0, one.get("disk", 0), 0, 0, at) + one["name"] + extra
    place = len(body) - len(front)
    count = lies.get("count", len(members))
    return (bytes(body) + between + bytes(directory) + lies.get("end64", b"") +
            struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, count, count, lies.get("directory_len", len(directory)), lies.get("directory_at", place),
                        lies.get("comment_len", len(comment))) + comment)


def jar(group="org.example", artifact="lib", version="1.0"):
    return zip_(pom(group, artifact, version))


def zeros(name, mib):
    """A member of so many MiB of zeros, packed 1,000:1, without the time that packing takes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return member(name, raw=piece * mib + b"\x03\0", size=mib << 20)


def pom(group="org.example", artifact="lib", version="1.0"):
    return member(f"META-INF/maven/{group}/{artifact}/pom.properties", f"groupId={group}\nartifactId={artifact}\nversion={version}\n")


def nested(depth, method=8, inner=None):
    data = inner or jar(artifact="deepest")
    for i in range(depth):
        data = zip_(member(f"level{i}.jar", data, method))
    return data


def many_members(n):
    """`n` empty entries, each in its place."""
    local, central = bytearray(), bytearray()
    head = struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, 0, 0, 0x21, 0, 0, 0, 1, 0) + b"x"
    front = struct.pack("<IHHHHHHIIIHHHHH", 0x02014b50, 20, 20, 0, 0, 0, 0x21, 0, 0, 0, 1, 0, 0, 0, 0) + bytes(4)
    local = head * n
    central = b"".join([front + (i * len(head)).to_bytes(4, "little") + b"x" for i in range(n)])
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, n, n, len(central), len(local))
    end64 += struct.pack("<IIQI", 0x07064b50, 0, len(local) + len(central), 1)
    return local + central + end64 + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0xffff, 0xffff, len(central), len(local), 0)


def end64(count=1, length=46, at=0, told=None, disks=0):
    """The 64 bit end record and its locator."""
    return (struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, disks, 0, count, count, length, at) +
            struct.pack("<IIQI", 0x07064b50, 0, 0 if told is None else told, 1))


# ---- ELF, 64 bit
def elf(*sections, segments=(), type=2, wide=2, order=1, **lies):
    """Sections are (name, bytes) or (name, bytes, {address, offset, size, kind, flags}); lies are of the header: shoff, shnum, shentsize, shstrndx,
    phoff, phnum, phentsize, names_size."""
    names, rows, body = b"\0", [struct.pack("<IIQQQQIIQQ", *[0] * 10)], bytearray()
    base = 64 + 56 * len(segments)
    for one in sections:
        name, data, more = one[0], one[1], one[2] if len(one) > 2 else {}
        at = base + len(body)
        rows.append(struct.pack("<IIQQQQIIQQ", len(names), more.get("kind", 1), more.get("flags", 3), more.get("address", 0x400000 + at),
                                more.get("offset", at), more.get("size", len(data)), 0, 0, 16, 0))
        names += name.encode() + b"\0"
        body += data + bytes(-len(data) % 16)
    at = base + len(body)
    rows.append(struct.pack("<IIQQQQIIQQ", len(names), 3, 0, 0, at, lies.get("names_size", len(names) + 10), 0, 0, 1, 0))
    names += b".shstrtab\0"
    shoff = at + len(names)
    head = b"\x7fELF" + bytes([wide, order, 1]) + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", type, 62, 1, 0x400000, lies.get("phoff", 64 if segments else 0), lies.get("shoff", shoff), 0, 64, lies.get("phentsize", 56),
        lies.get("phnum", len(segments)), lies.get("shentsize", 64), lies.get("shnum", len(rows)), lies.get("shstrndx", len(rows) - 1))
    loads = b"".join(struct.pack("<IIQQQQQQ", 1, 6, offset, address, address, size, size, 4096) for offset, address, size in segments)
    return head + loads + bytes(body) + names + b"".join(rows)


GO_MAGIC = b"\xff Go buildinf:"
MODULES = "path\texample.com/x\nmod\texample.com/x\tv1.2.3\t\ndep\texample.com/dep\tv0.1.0\t\n"


def go_info(version=b"go1.22.1", modules=MODULES.encode(), mark=b"0" * 16, lengths=None):
    text = mark + modules + mark
    return (GO_MAGIC + bytes([8, 2]) + bytes(16) + (varint(len(version)) if lengths is None else lengths[0]) + version +
            (varint(len(text)) if lengths is None else lengths[1]) + text)


def varint(n):
    out = bytearray()
    while True:
        out.append(n & 127 | (128 if n > 127 else 0))
        n >>= 7
        if not n:
            return bytes(out)


def crates(*packages):
    return zlib.compress(json.dumps({"packages": [{"name": n, "version": v, "source": "crates.io"} for n, v in packages]}).encode())


# ---- PE and Mach-O
def pe(sections=(), lfanew=64, count=None, optional=240, resources=None, clr=None, tail=b""):
    """Sections are (name, address, offset, size). `resources` and `clr` are (address, size) of those directories."""
    head = bytearray(optional)
    if optional >= 240:
        struct.pack_into("<H", head, 0, 0x20b)
        struct.pack_into("<I", head, 108, 16)
        for index, what in ((2, resources), (14, clr)):
            if what:
                struct.pack_into("<II", head, 112 + index * 8, *what)
    dos = b"MZ" + bytes(58) + struct.pack("<I", lfanew)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections) if count is None else count, 0, 0, 0, optional, 0x22)
    rows = b"".join(name.encode().ljust(8, b"\0") + struct.pack("<IIIIIIHHI", size, address, size & 0xffffffff, offset, 0, 0, 0, 0, 0x40)
                    for name, address, offset, size in sections)
    return dos + coff + bytes(head) + rows + tail


def resource_folder(entries, named=0, ids=None):
    return bytes(12) + struct.pack("<HH", named, len(entries) if ids is None else ids) + b"".join(struct.pack("<II", *one) for one in entries)


def macho(*commands, count=None, length=None, magic=0xfeedfacf):
    body = b"".join(commands)
    return struct.pack("<IIIIIIII", magic, 0x01000007, 3, 2, len(commands) if count is None else count, len(body) if length is None else length, 0, 0) + body + bytes(64)


def segment(name=b"__DATA", sections=(), count=None, size=None, offset=0, length=0):
    rows = b"".join(section.ljust(16, b"\0") + name.ljust(16, b"\0") + struct.pack("<QQIIIIIIII", at, n, place, 0, 0, 0, 0, 0, 0, 0)
                    for section, at, n, place in sections)
    body = name.ljust(16, b"\0") + struct.pack("<QQQQIIII", 0, length, offset, length, 3, 3, len(sections) if count is None else count, 0) + rows
    return struct.pack("<II", 0x19, len(body) + 8 if size is None else size) + body


# ---- JSON
def deep(n, open=b"[", close=b"]"):
    return open * n + close * n


# ---- a tar whose one file is made while it is read: gzip members, so that a gigabyte takes kilobytes
def tar_of_many(path, piece, times, *before):
    """A compressed tar of the entries `before`, and of one file that is `piece` so many times."""
    size = len(piece) * times
    head = b"".join(before) + entry(path, size=size)
    pack = lambda data: gzip.compress(data, 1, mtime=0)
    return pack(head) + pack(piece) * times + pack(bytes(-size % 512) + bytes(1024))


# ---- databases of rpm whose records share their bytes
def sqlite_shared(blob, times, length=None, types=None, head=None):
    """A table whose one leaf has so many cells at one place; the length, the types and the length of the head of that row may lie."""
    import reject_tools
    page = bytearray(reject_tools.sqlite("PRAGMA page_size=65536; CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB)"))
    kinds = big_varint(len(blob) * 2 + 12) if types is None else types
    record = (bytes([len(kinds) + 2]) if head is None else head) + b"\0" + kinds + blob
    cell = (big_varint(len(record)) if length is None else length) + b"\1" + record
    at = 65536 * 2 - len(cell)
    page[at:at + len(cell)] = cell
    page[65536:65536 + 8] = b"\x0d\0\0" + struct.pack(">HHB", times, at - 65536, 0)
    page[65536 + 8:65536 + 8 + 2 * times] = struct.pack(">H", at - 65536) * times
    return bytes(page)


def big_varint(n):
    out = [n & 127]
    while n := n >> 7:
        out.append(n & 127 | 128)
    return bytes(reversed(out))


def bdb_shared(blob, size=65536):
    """A hash page all of whose items are one."""
    import rpm_tools
    base = rpm_tools.rpm_bdb(size=size)
    item = b"\1" + blob
    at = size - len(item)
    pairs = (at - 26) // 4
    page = bytearray(rpm_tools.bdb_page(1, 13, size, entries=pairs * 2, used=at, body=struct.pack("<HH", size - 1, at) * pairs))
    page[at:] = item
    return base[:size] + bytes(page) + base[2 * size:]

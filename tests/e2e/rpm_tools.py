"""Makes rpm's databases byte by byte: header blobs, and the three forms of files that hold them."""
import sqlite3
import struct
import tempfile

TAGS = {"name": 1000, "version": 1001, "release": 1002, "epoch": 1003, "vendor": 1011, "license": 1014, "arch": 1022, "sourcerpm": 1044,
        "size": 1009, "provides": 1047, "requires": 1049, "recommends": 5046, "suggests": 5049,
        "dirindexes": 1116, "basenames": 1117, "dirnames": 1118, "modularitylabel": 5096}


def rpm_header(order=">", entries=None, length=None, raw=(), **values):
    """A header blob; `entries` and `length` lie when they are given, `raw` are index entries put in front as they are."""
    index, data = list(raw), b""
    for key, value in sorted(values.items(), key=lambda item: TAGS[item[0]]):
        many = value if isinstance(value, list) else [value]
        if isinstance(many[0], int):
            data += bytes(-len(data) % 4)
            index.append((TAGS[key], 4, len(data), len(many)))
            data += b"".join(struct.pack(order + "I", number) for number in many)
        else:
            index.append((TAGS[key], 8 if isinstance(value, list) else 6, len(data), len(many)))
            data += b"".join((text if isinstance(text, bytes) else text.encode()) + b"\0" for text in many)
    head = struct.pack(order + "II", len(index) if entries is None else entries, len(data) if length is None else length)
    return head + b"".join(struct.pack(order + "IIII", *entry) for entry in index) + data


def rpm(name, version="1.0", release="1", **more):
    return rpm_header(**{"name": name, "version": version, "release": release, "arch": "x86_64", "vendor": "Example", "license": "MIT",
                         "sourcerpm": f"{name}-{version}-{release}.src.rpm", **more})


def rpm_sqlite(*blobs, script="", page=4096):
    """As rpm makes it; `script` is run behind."""
    with tempfile.NamedTemporaryFile() as out:
        base = sqlite3.connect(out.name)
        base.executescript(f"PRAGMA page_size={page}; CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);"
                           "CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);")
        base.executemany("INSERT INTO Packages(blob) VALUES (?)", [(blob,) for blob in blobs])
        base.executescript(script)
        base.commit()
        base.close()
        with open(out.name, "rb") as back:
            return back.read()


def rpm_ndb(*blobs, slots=(), magic=b"RpmP", version=0, pages=1):
    """`slots` (index, block, count) are put behind those of the blobs."""
    table, body, at = b"", b"", pages * 4096 // 16
    for number, blob in enumerate(blobs, 1):
        whole = b"BlbS" + struct.pack("<III", number, 1, len(blob)) + blob
        whole += bytes(-len(whole) % 16) + struct.pack("<II", 0, len(blob)) + b"\0\0\0\0BlbE"
        table += b"Slot" + struct.pack("<III", number, at, len(whole) // 16)
        body += whole
        at += len(whole) // 16
    for slot in slots:
        table += b"Slot" + struct.pack("<III", *slot)
    head = magic + struct.pack("<IIIIIII", version, 1, pages, len(blobs) + 1, 0, 0, 0)
    free = (pages * 4096 - len(head) - len(table)) // 16
    return head + table + (b"Slot" + bytes(12)) * free + body


def bdb_page(number, kind, size=4096, order="<", next=0, entries=0, used=0, body=b""):
    page = struct.pack(order + "QIIIHHBB", 1, number, 0, next, entries, used, 0, kind) + body
    return page + bytes(size - len(page))


def bdb_items(number, items, size=4096, order="<", kind=13):
    """A hash page: items from its end on, their places behind its head."""
    places, at, tail = b"", size, b""
    for item in items:
        at -= len(item)
        places += struct.pack(order + "H", at)
        tail = item + tail
    page = bdb_page(number, kind, size, order, entries=len(items), used=at, body=places)
    return page[:at] + tail


def rpm_bdb(*blobs, size=4096, order="<", loop=False, length=None):
    """Each blob on a chain of overflow pages of its own; small ones (under 200 bytes) in the hash page."""
    items, pages = [b"\1" + struct.pack(order + "I", 0), b"\1" + struct.pack(order + "I", len(blobs))], []
    first = 2
    for number, blob in enumerate(blobs, 1):
        items.append(b"\1" + struct.pack(order + "I", number))
        if len(blob) < 200:
            items.append(b"\1" + blob)
            continue
        items.append(b"\3\0\0\0" + struct.pack(order + "II", first, len(blob) if length is None else length))
        room = size - 26
        parts = [blob[at:at + room] for at in range(0, len(blob), room)]
        for at, part in enumerate(parts):
            follow = first + at + 1 if at + 1 < len(parts) else first if loop else 0
            pages.append(bdb_page(first + at, 7, size, order, next=follow, used=len(part), body=part))
        first += len(parts)
    meta = struct.pack(order + "QIIIIBBBB", 1, 0, 0x061561, 9, size, 0, 8, 0, 0) + struct.pack(order + "II", 0, first - 1)
    return meta + bytes(size - len(meta)) + bdb_items(1, items, size, order) + b"".join(pages)


def rpm_root(path, database):
    """Files of a small system whose packages are in the database."""
    return {"etc/os-release": b'ID=azurelinux\nVERSION_ID="3.0"\n', path: database}

"""Makes hostile inputs for tests/reject: archives byte by byte, so that no library mends them on the way."""
import gzip
import hashlib
import json
import struct

from rpm_tools import *  # noqa: F401,F403


def entry(name, data=b"", type="0", link="", mode=0o644, size=None, checksum=None, magic=b"ustar\x0000"):
    """One ustar header with its content. `size` and `checksum` lie when they are given."""
    raw = lambda text: text.encode() if isinstance(text, str) else text
    octal = lambda number, width: b"%0*o\0" % (width - 1, number)
    head = bytearray(512)
    for at, value in ((0, raw(name)), (100, octal(mode, 8)), (108, octal(0, 8)), (116, octal(0, 8)),
                      (124, size if isinstance(size, bytes) else octal(len(data) if size is None else size, 12)),
                      (136, octal(0, 12)), (156, raw(type)), (157, raw(link)), (257, magic)):
        head[at:at + len(value)] = value
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % (sum(head) if checksum is None else checksum)
    return bytes(head) + data + bytes(-len(data) % 512)


def pax(**records):
    """An extended header for the entry behind it; keys with a dot are written with an underscore twice."""
    body = b""
    for key, value in records.items():
        text = b" " + key.replace("__", ".").encode() + b"=" + (value if isinstance(value, bytes) else value.encode()) + b"\n"
        length = len(text) + 1
        while len(b"%d" % length) + len(text) != length:
            length = len(b"%d" % length) + len(text)
        body += b"%d" % length + text
    return entry("PaxHeaders/x", body, type="x")


END = bytes(1024)


def tar(*entries):
    return b"".join(entries) + END


def file(path, text):
    return entry(path, text if isinstance(text, bytes) else text.encode())


OS_RELEASE = 'ID=debian\nVERSION_ID="12"\n'
STATUS = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2\n\n"


def debian(*more, status=STATUS, os_release=OS_RELEASE):
    """A root file system in a tar, judged without a remark unless `more` spoils it."""
    return tar(file("etc/os-release", os_release), file("var/lib/dpkg/status", status), *more)


def alpine(installed):
    return tar(file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n"), file("lib/apk/db/installed", installed))


def gz(data, **tamper):
    """gzip with single fields overwritten: crc, size, flags."""
    out = bytearray(gzip.compress(data, mtime=0))
    if "crc" in tamper:
        out[-8:-4] = struct.pack("<I", tamper["crc"])
    if "size" in tamper:
        out[-4:] = struct.pack("<I", tamper["size"])
    if "flags" in tamper:
        out[3] = tamper["flags"]
    return bytes(out)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(path):
    return "blobs/" + path.replace(":", "/")


def oci(layer=None, manifest=None, config=None, index=None, layout=None, drop=(), swap=None, **descriptor):
    """An OCI layout as {path: bytes}; each part may be replaced, `descriptor` overwrites fields of the layer's."""
    layer = debian() if layer is None else layer
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode() if config is None else config
    kind = "application/vnd.oci.image."
    part = lambda suffix, data: {"mediaType": kind + suffix, "digest": digest(data), "size": len(data)}
    if manifest is None:
        manifest = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": part("config.v1+json", config),
                    "layers": [{**part("layer.v1.tar", layer), **descriptor}]}
    manifest = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    if index is None:
        index = {"schemaVersion": 2, "manifests": [part("manifest.v1+json", manifest)]}
    files = {"oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode() if layout is None else layout,
             "index.json": index if isinstance(index, bytes) else json.dumps(index).encode()}
    for name, data in (("layer", layer), ("config", config), ("manifest", manifest)):
        if name not in drop:
            files[blob(digest(data))] = swap if swap is not None and name == "layer" else data
    return files


def served(name="team/app", tag="v1", **parts):
    """The answers of a registry that has the image of oci(**parts); add to them or replace some."""
    files = oci(**parts)
    manifest = json.loads(files["index.json"])["manifests"][0]
    answers = {"GET /v2/": (200, {}, b"{}")}
    for path, data in files.items():
        if path.startswith("blobs/"):
            of = path[len("blobs/"):].replace("/", ":")
            answers[f"GET /v2/{name}/blobs/{of}"] = (200, {}, data)
            if of == manifest["digest"]:
                answers[f"GET /v2/{name}/manifests/{tag}"] = (200, {"Content-Type": manifest["mediaType"]}, data)
                answers[f"GET /v2/{name}/manifests/{of}"] = answers[f"GET /v2/{name}/manifests/{tag}"]
    return answers


def manifest_answer(body, type="application/vnd.oci.image.manifest.v1+json", status=200, **headers):
    """A registry that has one manifest, and that one is this."""
    return {"GET /v2/": (200, {}, b"{}"),
            "GET /v2/team/app/manifests/v1": (status, {"Content-Type": type, **{k.replace("_", "-"): v for k, v in headers.items()}}, body)}


def blob_answer(status=200, headers=None, body=None, layer=True):
    """A registry whose layer (or config) is answered so; `body` may be a function of the true bytes."""
    answers = served()
    size = len(debian())
    for key, (_, _, data) in answers.items():
        if "/blobs/" in key and (len(data) == size) == layer and not data.startswith(b'{"schemaVersion"'):
            answers[key] = (status, headers or {}, body(data) if callable(body) else body if body is not None else data)
    return answers


def docker(manifest=None, layer=None, **files):
    """A docker archive; `files` are further members."""
    layer = debian() if layer is None else layer
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode()
    manifest = json.dumps([{"Config": "c.json", "RepoTags": ["a:b"], "Layers": ["l.tar"]}]).encode() if manifest is None else manifest
    return tar(entry("manifest.json", manifest), entry("c.json", config), entry("l.tar", layer), *[entry(n, d) for n, d in files.items()])


def sqlite(script):
    """The bytes of a database that the script makes."""
    import sqlite3
    import tempfile
    with tempfile.NamedTemporaryFile() as out:
        base = sqlite3.connect(out.name)
        base.executescript(script)
        base.commit()
        base.close()
        with open(out.name, "rb") as back:
            return back.read()

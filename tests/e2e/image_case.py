"""Small images from a text, for the cases of hygiene and licences.

A file of cases: "# RULE" (what all below ask about), "== NAME" (a case), then lines:
    config JSON        keys of the image's config.config      top JSON       keys of the whole config
    annotations JSON   of the manifest                        target NAME    how the user calls it
    allow, deny NAMES  of licences
    now DATE           what time it is                        history TEXT   a step without a layer
    layer [TEXT]       a layer, and the step that made it     created DATE   of the step before
    f MODE UID:GID PATH [CONTENT|SIZE=N|CAP=n,n]   a file (\\n and so on; N zeros; file capabilities)
    d MODE UID:GID PATH    l PATH TARGET    c|b MODE MAJOR:MINOR PATH    p MODE UID:GID PATH
    rm PATH            a whiteout                             opaque PATH    of all in a folder
    => PATH [SEVERITY] [~PART OF WHY]    what must be found, in order; "-": a finding without a file
    => none
"""
import gzip
import hashlib
import io
import json
import tarfile


class Case:
    def __init__(self, rule, name):
        self.rule, self.name = rule, name
        self.config, self.top, self.annotations = {}, {}, {}
        self.target, self.now, self.allow, self.deny, self.history, self.layers, self.expected = None, None, None, None, [], [], []

    def __str__(self):
        return f"{self.rule}: {self.name}"


def capability(numbers):
    bits = sum(1 << int(n) for n in numbers.split(",") if n)
    return b"\1\0\0\2" + (bits & 0xffffffff).to_bytes(4, "little") + b"\0" * 4 + (bits >> 32).to_bytes(4, "little") + b"\0" * 4


def entry(kind, words):
    """(TarInfo, content) of a line."""
    if kind == "l":
        info = tarfile.TarInfo(words[0])
        info.type, info.linkname = tarfile.SYMTYPE, words[1]
        return info, b""
    if kind in ("rm", "opaque"):
        folder, _, base = words[0].rpartition("/")
        info = tarfile.TarInfo("/".join(filter(None, [folder, ".wh." + base])) if kind == "rm" else words[0] + "/.wh..wh..opq")
        return info, b""
    mode, owner, rest = words[0], words[1], words[2]
    path, _, content = rest.partition(" ")
    info = tarfile.TarInfo(path)
    info.mode = int(mode, 8)
    one, two = map(int, owner.split(":"))
    if kind in "cb":
        info.type, info.devmajor, info.devminor = tarfile.CHRTYPE if kind == "c" else tarfile.BLKTYPE, one, two
        return info, b""
    info.uid, info.gid = one, two
    if kind in "dp":
        info.type = tarfile.DIRTYPE if kind == "d" else tarfile.FIFOTYPE
        return info, b""
    if content.startswith("SIZE="):
        return info, int(content[5:])
    if content.startswith("CAP="):
        info.pax_headers["SCHILY.xattr.security.capability"] = capability(content[4:]).decode("utf-8", "surrogateescape")
        return info, b"x"
    return info, content.encode().decode("unicode_escape").encode("latin-1")


def read(path):
    cases, rule, case = [], None, None
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "#":
            rule = rest
        elif word == "==":
            cases.append(case := Case(rule, rest))
        elif word in ("config", "top", "annotations"):
            setattr(case, word, json.loads(rest))
        elif word in ("target", "now", "allow", "deny"):
            setattr(case, word, rest)
        elif word == "history":
            case.history.append({"created_by": rest, "empty_layer": True})
        elif word == "layer":
            case.layers.append([])
            case.history.append({"created_by": rest} if rest else {})
        elif word == "created":
            case.history[-1]["created"] = rest
        elif word in ("l", "rm", "opaque"):
            case.layers[-1].append(entry(word, rest.split(" ")))
        elif word in ("f", "d", "c", "b", "p"):
            case.layers[-1].append(entry(word, rest.split(" ", 2)))
        elif word == "=>":
            if rest != "none":
                place, _, more = rest.partition(" ")
                why = more.partition("~")[2] if "~" in more else None
                case.expected.append((None if place == "-" else place, more.partition("~")[0].strip() or None, why))
        else:
            assert not line.strip(), line
    return cases


class Zeros:
    """A file of zeros that takes no room."""
    def __init__(self, size):
        self.left = size

    def read(self, n):
        n = min(n, self.left)
        self.left -= n
        return bytes(n)


def layer(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in entries:
            info.size = content if isinstance(content, int) else len(content)
            tar.addfile(info, Zeros(content) if isinstance(content, int) else io.BytesIO(content))
    return out.getvalue()


def write(case, path):
    """An OCI archive at `path`."""
    blobs = {}

    def blob(data, kind, **more):
        name = hashlib.sha256(data).hexdigest()
        blobs[name] = data
        return {"mediaType": kind, "digest": "sha256:" + name, "size": len(data), **more}

    layers = [entries if isinstance(entries, bytes) else layer(entries) for entries in case.layers]
    plain = [hashlib.sha256(data).hexdigest() for data in layers]
    config = {"architecture": "amd64", "os": "linux", "config": case.config, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + d for d in plain]},
              "history": case.history, **case.top}
    packed = [gzip.compress(data, 1, mtime=0) for data in layers]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
                "layers": [blob(data, "application/vnd.oci.image.layer.v1.tar+gzip") for data in packed]}
    if case.annotations:
        manifest["annotations"] = case.annotations
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
             "manifests": [blob(json.dumps(manifest).encode(), manifest["mediaType"])]}
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index).encode(), **{f"blobs/sha256/{k}": v for k, v in blobs.items()}}
    path.write_bytes(layer([(tarfile.TarInfo(name), data) for name, data in files.items()]))

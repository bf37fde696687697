"""Hostile inputs: (name, kind, input, expected exit status, expected words of standard error or output).

Inputs are made here, so that each says what is wrong with it. Kinds: tar (a root file system to scan), layout (files of an OCI layout),
archive (members of a docker archive), dockerfile, osv, secdb, dpkg, apk, osrelease.
"""
import gzip
import hashlib
import io
import json
import tarfile

HEX = "0123456789abcdef" * 4


def entry(name, type=tarfile.REGTYPE, data=b"", link="", pax=None, size=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.pax_headers = type, link, pax or {}
    info.size = len(data) if size is None else size
    return info, data


def tar(*entries, tail=b"", format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as t:
        for info, data in entries:
            t.addfile(info, io.BytesIO(data) if data else None)
    return out.getvalue() + tail


def raw(name=b"f", size=b"00000000000\0", typeflag=b"0", magic=b"ustar\x0000", checksum=None, link=b""):
    head = bytearray(name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0" + b" " * 8 + typeflag +
                     link.ljust(100, b"\0") + magic).ljust(512, b"\0")
    head[148:156] = checksum or b"%06o\0 " % sum(head)
    return bytes(head)


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


GOOD_LAYER = tar(entry("etc/hostname", data=b"x"))
GOOD_CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [sha(GOOD_LAYER)]}}).encode()


def descriptor(data, type, **more):
    return {"mediaType": type, "digest": sha(data), "size": len(data), **more}


def layout(config=GOOD_CONFIG, layer=GOOD_LAYER, manifest=None, index=None, **changes):
    m = {"schemaVersion": 2, "config": descriptor(config, "application/vnd.oci.image.config.v1+json"),
         "layers": [descriptor(layer, "application/vnd.oci.image.layer.v1.tar")]}
    m.update(changes)
    body = manifest if manifest is not None else json.dumps(m).encode()
    i = index if index is not None else json.dumps({"schemaVersion": 2, "manifests": [descriptor(body, "application/vnd.oci.image.manifest.v1+json")]}).encode()
    files = {"index.json": i, "oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    for data in (config, layer, body):
        files["blobs/" + sha(data).replace(":", "/")] = data
    return files


def broken_blob(files, digest, data):
    return {**files, "blobs/" + digest.replace(":", "/"): data}


def config(**more):
    return json.dumps({**json.loads(GOOD_CONFIG), **more}).encode()


def saved(manifest, **members):
    return tar(entry("manifest.json", data=json.dumps(manifest).encode()), *[entry(k, data=v) for k, v in members.items()])


D = b"FROM debian:12\n"
LONG = "x" * 5000
CASES = [
    # tar: names
    ("dotdot", "tar", tar(entry("../x")), 1, '".." in a name'),
    ("dotdot-deep", "tar", tar(entry("a/../../x")), 1, '".." in a name'),
    ("absolute-dotdot", "tar", tar(entry("/a/../../x")), 1, '".." in a name'),
    ("whiteout-of-nothing", "tar", tar(entry(".wh.")), 1, "a whiteout that names nothing"),
    ("whiteout-of-dot", "tar", tar(entry("a/.wh..")), 1, "a whiteout that names nothing"),
    ("whiteout-of-dotdot", "tar", tar(entry(".wh...")), 1, "a whiteout that names nothing"),
    ("root-is-a-link", "tar", tar(entry(".", tarfile.SYMTYPE, link="x")), 1, "the root is not a folder"),
    ("root-is-a-link-slash-dot", "tar", tar(entry("/.", tarfile.SYMTYPE, link="/etc")), 1, "the root is not a folder"),
    ("name-too-long", "tar", tar(entry(LONG)), 1, ""),
    ("folders-too-deep", "tar", tar(entry("d/" * 600 + "f")), 1, "too long or too deep"),
    ("below-a-file", "tar", tar(entry("a", data=b"x"), entry("a/b")), 1, "below something that is no folder"),
    # tar: links
    ("hardlink-to-nothing", "tar", tar(entry("h", tarfile.LNKTYPE, link="none")), 1, "which is not there"),
    ("hardlink-outside", "tar", tar(entry("h", tarfile.LNKTYPE, link="../../etc/passwd")), 1, '".." in a name'),
    ("hardlink-to-folder", "tar", tar(entry("d", tarfile.DIRTYPE), entry("h", tarfile.LNKTYPE, link="d")), 1, "or a folder"),
    ("links-in-a-circle", "tar", tar(entry("x", tarfile.SYMTYPE, link="y"), entry("y", tarfile.SYMTYPE, link="x"), entry("x/f")), 1, "circle"),
    # tar: what two readers take differently
    ("pax-size-against-header", "tar", tar(entry("f", data=b"x" * 600, pax={"size": "5"})), 1, ""),
    ("bad-checksum", "tar", raw(checksum=b"000000\0 ") + b"\0" * 1024, 1, "checksum"),
    ("negative-size", "tar", raw(size=b"\xff" * 12) + b"\0" * 1024, 1, ""),
    ("huge-size", "tar", raw(size=b"\x80" + b"\xff" * 11) + b"\0" * 1024, 1, ""),
    ("unknown-type", "tar", raw(typeflag=b"V") + b"\0" * 1024, 1, ""),
    ("sparse", "tar", raw(typeflag=b"S", magic=b"ustar  \0") + b"\0" * 1024, 1, ""),
    ("cut-short", "tar", raw(size=b"00000001000\0") + b"x" * 100, 1, ""),
    ("no-tar-at-all", "tar", b"hello world" * 100, 1, ""),
    # gzip, zstd
    ("gzip-cut", "tar", gzip.compress(GOOD_LAYER)[:-9], 1, ""),
    ("gzip-garbage-behind", "tar", gzip.compress(GOOD_LAYER) + b"garbage", 1, ""),
    ("gzip-wrong-crc", "tar", gzip.compress(GOOD_LAYER)[:-8] + b"\0" * 8, 1, ""),
    ("gzip-of-gzip", "tar", gzip.compress(gzip.compress(GOOD_LAYER)), 1, ""),
    ("zstd-broken", "tar", bytes.fromhex("28b52ffd") + b"\xff" * 40, 1, ""),
    ("zstd-huge-window", "tar", bytes.fromhex("28b52ffd00f8") + b"\0" * 40, 1, ""),
    # OCI documents
    ("manifest-and-index", "layout", layout(manifests=[]), 1, "ambiguous"),
    ("digest-is-a-path", "layout", layout(config=GOOD_CONFIG, layers=[{"mediaType": "x", "digest": "sha256:../../etc/passwd", "size": 1}]), 1, "digest"),
    ("digest-unknown-algorithm", "layout", layout(layers=[{"mediaType": "x", "digest": "md5:" + HEX[:32], "size": 1}]), 1, "digest"),
    ("size-negative", "layout", layout(layers=[{"mediaType": "x", "digest": "sha256:" + HEX, "size": -1}]), 1, "size"),
    ("size-enormous", "layout", layout(layers=[{"mediaType": "x", "digest": "sha256:" + HEX, "size": 2**62}]), 1, "above the limit"),
    ("schema-1", "layout", layout(schemaVersion=1), 1, "schemaVersion 1"),
    ("manifest-no-json", "layout", layout(manifest=b"{"), 1, ""),
    ("manifest-duplicate-key", "layout", layout(manifest=b'{"schemaVersion":2,"schemaVersion":2}'), 1, ""),
    ("manifest-deep", "layout", layout(manifest=b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), 1, ""),
    ("index-of-itself", "layout", layout(index=b'{"schemaVersion":2,"manifests":[]}'), 1, "no image for platform"),
    ("index-missing", "layout", {"oci-layout": b"{}"}, 1, "is no OCI layout"),
    ("index-is-manifest", "layout", layout(index=json.dumps({"schemaVersion": 2, "config": descriptor(b"", "x"), "layers": []}).encode()), 1, "does not fit its content"),
    ("layer-media-type", "layout", layout(layers=[descriptor(GOOD_LAYER, "text/html")]), 1, "is no layer"),
    ("layer-count", "layout", layout(layers=[]), 1, "0 layers in the manifest but 1 diff IDs"),
    ("diff-id-missing", "layout", layout(config=b'{"architecture":"amd64","os":"linux","rootfs":{}}'), 1, "diff_ids"),
    ("diff-id-wrong", "layout", layout(config=json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": ["sha256:" + HEX]}}).encode()), 1, "expected"),
    ("config-no-time", "layout", layout(config=config(created="yesterday")), 1, "created"),
    ("config-is-list", "layout", layout(config=b"[]"), 1, ""),
    ("blob-changed", "layout", broken_blob(layout(), sha(GOOD_LAYER), GOOD_LAYER[:-1] + b"x"), 1, "expected"),
    ("blob-too-long", "layout", broken_blob(layout(), sha(GOOD_LAYER), GOOD_LAYER + b"\0" * 512), 1, ""),
    ("blob-too-short", "layout", broken_blob(layout(), sha(GOOD_CONFIG), GOOD_CONFIG[:-1]), 1, ""),
    # docker archives
    ("archive-empty", "archive", tar(), 1, 'no member "manifest.json"'),
    ("archive-no-list", "archive", saved({}), 1, "no list of images"),
    ("archive-no-config", "archive", saved([{"Config": "c.json", "Layers": []}]), 1, 'no member "c.json"'),
    ("archive-config-outside", "archive", saved([{"Config": "../../etc/passwd", "Layers": []}]), 1, "no member"),
    ("archive-layer-missing", "archive", saved([{"Config": "c.json", "Layers": ["l.tar"]}], **{"c.json": GOOD_CONFIG}), 1, 'no member "l.tar"'),
    ("archive-layer-count", "archive", saved([{"Config": "c.json", "Layers": []}], **{"c.json": GOOD_CONFIG}), 1, "0 layers in manifest.json"),
    ("archive-layer-wrong", "archive", saved([{"Config": "c.json", "Layers": ["l.tar"]}], **{"c.json": GOOD_CONFIG, "l.tar": GOOD_LAYER[:-512]}), 1, "expected"),
    ("archive-two-images", "archive", saved([{"Config": "c", "Layers": []}] * 2), 1, "holds 2 images"),
    # Dockerfiles
    ("dockerfile-empty", "dockerfile", b"", 1, "no FROM"),
    ("dockerfile-nul", "dockerfile", D + b"RUN \0\n", 1, "a NUL byte"),
    ("dockerfile-unknown", "dockerfile", D + b"RUNN x\n", 1, "did you mean RUN"),
    ("dockerfile-flag", "dockerfile", D + b"RUN --security=insecure x\n", 1, "--security is not supported"),
    ("dockerfile-mount", "dockerfile", D + b"RUN --mount=type=secret,id=x cat\n", 1, "--mount is not supported"),
    ("dockerfile-heredoc", "dockerfile", D + b"COPY <<EOF /x\nEOF\n", 1, "here-documents"),
    ("dockerfile-too-large", "dockerfile", D + b"#" * (5 << 20), 1, "larger than"),
    ("dockerfile-escape", "dockerfile", b"# escape=x\n" + D, 1, "escape directive"),
    # advisories
    ("osv-no-json", "osv", b"{\n", 1, ""),
    ("osv-no-id", "osv", b'{"affected":[]}\n', 1, "a record without id"),
    ("osv-affected-object", "osv", b'{"id":"A","affected":{}}\n', 1, "no list"),
    ("osv-empty", "osv", b"", 1, "empty"),
    ("osv-second-line", "osv", b'{"id":"A"}\nnonsense\n', 1, "line 2"),
    ("secdb-is-list", "secdb", b"[]", 1, "no Alpine security database"),
    ("secdb-package-nameless", "secdb", b'{"distroversion":"v3","packages":[{"pkg":{}}]}', 1, "has no name"),
    # package databases: not judged, exit 3
    ("dpkg-no-field", "dpkg", b"Package: a\nnonsense\n", 3, "is no \"Field: value\""),
    ("dpkg-no-version", "dpkg", b"Package: a\nStatus: install ok installed\n", 3, "has no version"),
    ("dpkg-endless-line", "dpkg", b"Package: " + b"a" * (2 << 20), 3, "a line longer than"),
    ("apk-no-field", "apk", b"Px\n", 3, "no \"K:value\""),
    ("apk-no-version", "apk", b"P:a\n\n", 3, "without name or version"),
    ("osrelease-binary", "osrelease", bytes(range(256)), 3, "unknown distribution"),
]

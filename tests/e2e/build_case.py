"""The form of tests/cases/build/**/*.case: a Dockerfile, what it reads, and the image that it must give.

A case is text; nothing else is needed for a new one. Lines before the first section say what it shows. Sections begin with
"--- NAME ARGUMENTS":

    --- Dockerfile [PATH]      the file (PATH in the context: a second one; -f is up to the options)
    --- context                listing of the context folder
    --- tar PATH [HOW [SIZE]]  listing of an archive in the context: plain, gzip, bzip2, xz, zstd, cut to so many bytes, "+gnu" for
                               GNU's long names, "+sparse" and "+sparse-pax" for its holes; entries as written, hostile ones too. "/PATH" lies beside the context, "@http@/PATH" is served; @PATH@
    --- image NAME [CONFIG]    listing of the root file system of an image; @NAME@ stands for its reference. @base@ is always there.
                               CONFIG: its config.config, as JSON
    --- folder NAME            listing of a folder beside the context; @NAME@ stands for its path
    --- serve                  listing of what an HTTP server serves; @http@ stands for its URL
    --- git NAME               listing of a repository, one commit; "=== tag V", "=== branch B" begin further ones, as whole trees,
                               "=== commit" one that nothing names. Served as @http@/NAME.git; @NAME:V@ is the number of a commit
    --- base NAME              the image that the tree is compared with, where FROM of the last stage does not say it
    --- options                further words of the command line; CONTEXT=X builds X in place of the folder, CONTEXT=<FILE
                               gives FILE on standard input
    --- environment            NAME=VALUE, one a line
    --- tree                   what differs from the base image of the result: every path, no other
    --- config                 JSON: keys of the image's config.config that must be so; "history": all of created_by, those
                               of no layer with a "-" in front; "author", "architecture", "os", "variant" are the image's own
    --- error                  what must be said, one text a line; the build must fail (then neither tree nor config)
    --- warn                   what must be said by a build that does not fail
    --- buildah TEXT           why buildah's result differs; its differences are then allowed (--peer buildah). "cannot …": it
                               is not run

A listing has one path a line, then what it is. Words with blanks or escapes are JSON strings.

    PATH f MODE OWNER "CONTENT" or SIZE:DIGEST or *SIZE (zeros; a hole)   a file; DIGEST: 8 or more hex digits of its SHA-256
    PATH d MODE OWNER                     a folder
    PATH l TARGET [OWNER]                 a symbolic link
    PATH h OTHER [MODE OWNER]             a further name of the file OTHER (in results: of the first one in byte order); MODE: of
                                          an archive's entry, whose header is not the one of OTHER
    PATH p MODE OWNER                     a named pipe;  PATH c|b MODE OWNER MAJOR:MINOR: a device;  PATH s: a socket
    PATH r URL                            (serve) a redirect;  PATH e STATUS: an error, NUMBER times: e STATUS NUMBER
    PATH gone                             (tree) removed

A byte of a name that is no UTF-8 is \\udcXX in a JSON string.

OWNER is UID:GID; it may be left out and is 0:0. Behind it: @SECONDS, the time of last change (in a tree: only compared when
given), and NAME="VALUE" for extended attributes.
"""
import functools
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import tarfile
import tempfile

WORD = re.compile(r'\s*((?:[\w.]+=)?"(?:[^"\\]|\\.)*"|\S+)')


class Case:
    """The sections of a file: list of (name, arguments, text)."""

    def __init__(self, path):
        self.path = path
        text = path.read_bytes().decode()
        self.about, *parts = re.split(r"(?m)^--- (.*)\n", text)
        assert self.about.strip(), f"{path}: says nothing of what it shows"
        self.sections = [(head.split(None, 1)[0], head.split(None, 1)[1] if " " in head else "", body)
                         for head, body in zip(parts[::2], parts[1::2])]
        known = {"Dockerfile", "context", "tar", "image", "folder", "serve", "git", "base", "options", "environment", "tree", "config", "error", "warn", "buildah"}
        unknown = {name for name, _, _ in self.sections} - known
        assert not unknown, f"{path}: unknown sections {unknown}"
        assert self.get("error") is not None or self.get("tree") is not None, f"{path}: expects nothing"

    def all(self, name):
        return [(arguments, text) for n, arguments, text in self.sections if n == name]

    def get(self, name):
        return next((text for n, _, text in self.sections if n == name), None)


class Entry:
    """One line of a listing."""

    def __init__(self, path, kind, mode=0o644, owner=(0, 0)):
        self.path, self.kind, self.mode, self.owner = path, kind, mode, owner
        self.content, self.size, self.digest = b"", None, None
        self.target, self.device, self.time, self.xattrs, self.extra = None, None, None, {}, []

    def line(self, with_time=False):
        bytes_too = lambda s: any("\ud800" <= c <= "\udfff" for c in s)  # what is no UTF-8
        quoted = lambda s: s if re.fullmatch(r"[^\s\"\\\x00-\x20\ud800-\udfff]+", s) else json.dumps(s, ensure_ascii=bytes_too(s))
        words = [quoted(self.path), self.kind]
        if self.kind in "lh":
            words.append(quoted(self.target))
        if self.kind in "fdpcb":
            words.append(f"{self.mode:04o}")
        if self.kind in "fdpcbl" and self.owner != (0, 0):
            words.append("%d:%d" % self.owner)
        if self.kind in "cb":
            words.append("%d:%d" % self.device)
        if self.kind == "f":
            words.append(self.told())
        if with_time and self.time is not None and self.kind != "h":
            words.append(f"@{self.time}")
        if self.kind != "h":
            words += [f"{name}={json.dumps(value)}" for name, value in sorted(self.xattrs.items())]
        return " ".join(words)

    def told(self):
        if self.size is None:
            try:
                text = self.content.decode()
                if len(text) <= 200:
                    return json.dumps(text, ensure_ascii=False)
            except UnicodeDecodeError:
                pass
            return f"{len(self.content)}:{hashlib.sha256(self.content).hexdigest()[:16]}"
        return f"{self.size}:{self.digest}"


def parse(line):
    words = WORD.findall(line)
    plain = [json.loads(w) if w.startswith('"') else w for w in words]
    entry = Entry(plain[0].rstrip("/") or "/", plain[1])
    entry.raw = plain[0]
    rest = list(zip(words[2:], plain[2:]))
    if entry.kind in ("l", "h", "r"):
        entry.target = rest.pop(0)[1]
    if entry.kind in "fdpcb" and entry.kind != "gone":
        entry.mode = int(rest.pop(0)[1], 8)
    owned = False
    entry.own = entry.kind == "h" and rest and re.fullmatch("[0-7]{4}", rest[0][0]) is not None
    if entry.own:
        entry.mode = int(rest.pop(0)[1], 8)
    for raw, word in rest:
        if raw.startswith('"'):
            entry.content = word.encode()
        elif re.fullmatch(r"[\w.]+=\".*\"", raw):
            name, value = raw.split("=", 1)
            entry.xattrs[name] = json.loads(value)
        elif raw.startswith("@") and re.fullmatch(r"@-?\d+", raw):
            entry.time = int(raw[1:])
        elif re.fullmatch(r"\*\d+", raw):
            entry.content = None
            entry.size = int(raw[1:])
        elif entry.kind == "f" and re.fullmatch(r"\d+:[0-9a-f]{8,64}", raw):
            entry.size, entry.digest = int(raw.split(":")[0]), raw.split(":")[1]
        elif entry.kind in "cb" and owned or (entry.kind in "cb" and len(rest) == 1):
            entry.device = tuple(map(int, raw.split(":")))
        elif re.fullmatch(r"\d+:\d+", raw):
            entry.owner, owned = tuple(map(int, raw.split(":"))), True
        else:
            entry.extra.append(word)
    return entry


def listing(text):
    return [parse(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]


# ---- what a build reads ---------------------------------------------------------------------
def write_folder(root, entries):
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)
    for entry in entries:
        path = root / entry.path if entry.path != "/" else root
        for parent in reversed([p for p in path.parents if root in p.parents]):
            if not parent.exists():
                parent.mkdir()
                parent.chmod(0o755)
        if entry.kind == "f":
            if entry.content is None:
                path.touch()
                os.truncate(path, entry.size)
            else:
                path.write_bytes(entry.content)
        elif entry.kind == "d":
            path.mkdir(exist_ok=True)
        elif entry.kind == "l":
            path.symlink_to(entry.target)
        elif entry.kind == "h":
            os.link(root / entry.target, path)
        elif entry.kind == "p":
            os.mkfifo(path)
        elif entry.kind == "s":
            import socket
            with socket.socket(socket.AF_UNIX) as made:
                old = os.getcwd()
                os.chdir(path.parent)
                made.bind(path.name)
                os.chdir(old)
    for entry in reversed(entries):  # folders last: their times, and modes that would shut us out
        path = root / entry.path if entry.path != "/" else root
        if entry.kind in "fdp":
            os.chown(path, *entry.owner) if os.geteuid() == 0 else None
            path.chmod(entry.mode)
        for name, value in entry.xattrs.items():
            os.setxattr(path, name, value.encode(), follow_symlinks=False)
        if entry.time is not None:
            os.utime(path, (entry.time, entry.time), follow_symlinks=False)


def archive_bytes(entries, how):
    """HOW of a section "tar"."""
    how, _, form = how.partition("+")
    if not form.startswith("sparse"):
        return compress(tar_bytes(entries, tarfile.GNU_FORMAT if form else tarfile.PAX_FORMAT), how.replace("plain", ""))
    with tempfile.TemporaryDirectory() as folder:  # holes are something that only GNU tar writes
        there = {e.path.lstrip("/") for e in entries}
        write_folder(pathlib.Path(folder), [e for e in entries if e.kind != "h" or e.target.lstrip("/") in there])
        packed = subprocess.run(["tar", "-cSC", folder, "--sort=name", "--numeric-owner", "--format=" + ("pax" if form == "sparse-pax" else "gnu"), "."], capture_output=True, check=True).stdout
    return compress(packed, how.replace("plain", ""))


def tar_bytes(entries, form=tarfile.PAX_FORMAT):
    """An archive with the entries as they are: names are not cleaned, folders not added."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.raw)
            info.type = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "p": tarfile.FIFOTYPE,
                         "c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE}[entry.kind]
            told = next((e for e in entries if entry.kind == "h" and not entry.own and e.path.lstrip("/") == entry.target.lstrip("/")), entry)
            info.mode, (info.uid, info.gid), info.mtime = told.mode, told.owner, told.time or 0
            info.linkname = entry.target or ""
            if entry.device:
                info.devmajor, info.devminor = entry.device
            content = b"\0" * entry.size if entry.kind == "f" and entry.content is None else entry.content
            info.size = len(content) if entry.kind == "f" else 0
            info.pax_headers = {"SCHILY.xattr." + name: value for name, value in entry.xattrs.items()}
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def compress(data, how):
    if not how:
        return data
    program = {"gzip": ["gzip", "-n"], "bzip2": ["bzip2"], "xz": ["xz"], "zstd": ["zstd", "-q"]}[how]
    return subprocess.run([*program, "-c"], input=data, capture_output=True, check=True).stdout


def layout(folder, layer, config):
    """An OCI layout with one image of one layer, called "latest"."""
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data)}
    config = {"architecture": "amd64", "os": "linux", "created": "2001-02-03T04:05:06Z", "config": config,
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
              "history": [{"created": "2001-02-03T04:05:06Z", "created_by": "base"}]}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **put(json.dumps(config).encode())},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **put(gzip.compress(layer, compresslevel=1, mtime=0))}]}
    top = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **put(json.dumps(manifest).encode()),
           "annotations": {"org.opencontainers.image.ref.name": "latest"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


BASE = """
bin d 0755
etc d 0755
etc/passwd f 0644 "root:x:0:0:root:/root:/bin/sh\\napp:x:1000:1001:An app:/home/app:/bin/sh\\nnobody:x:65534:65534::/:/bin/false\\n"
etc/group f 0644 "root:x:0:\\napps:x:1001:\\nstaff:x:50:app\\nnogroup:x:65534:\\n"
etc/motd f 0644 "hello\\n"
home d 0755
home/app d 0750 1000:1001
lib l usr/lib
links d 0755
links/absolute l /srv
links/dangling l /not/yet
links/file l ../etc/motd
links/loop l loop
links/relative l ../srv
root d 0700
srv d 2775 0:50
srv/old f 0600 1000:1001 "old\\n"
srv/sub d 0711 1000:1001
srv/sub/kept f 0644 "kept\\n"
tmp d 1777
usr d 0755
usr/bin d 0755
usr/lib d 0755
var d 0755
"""
APPLETS = "cat chmod chown cp echo false find grep head id ln ls mkdir mkfifo mv printf readlink rm rmdir sed sh sleep sort stat test touch true wc".split()


def base_entries():
    entries = listing(BASE)
    busybox = parse("bin/busybox f 0755")
    busybox.content = pathlib.Path("/bin/busybox").read_bytes()
    entries.append(busybox)
    for name in APPLETS:
        entries.append(parse(f"bin/{name} l busybox"))
    tool = parse("bin/tool f 0755")
    tool.content = compiled_tool()
    return entries + [tool]


# What the small base has beyond BASE: every applet, the program tool, and files for steps to change.
MORE = """
etc/alternatives d 0755
etc/alternatives/awk l /bin/awk
etc/hosts f 0644 "127.0.0.1 localhost\\n"
etc/shadow f 0640 0:42 "root:*:19000::::::\\n"
usr/bin/perl f 0755 "no perl\\n"
usr/share/doc/bash d 0755
usr/share/doc/bash/copyright f 0644 "a text\\n"
usr/share/doc/tool d 0755
usr/share/doc/tool/copyright f 0644 "another text\\n"
mnt d 0755
var/lib d 0755
var/tmp d 1777
"""


@functools.cache
def compiled_tool():
    """tool.c, for the architecture of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["gcc", "-O1", "-static", "-o", folder + "/tool", str(pathlib.Path(__file__).parent / "tool.c")], check=True)
        return pathlib.Path(folder, "tool").read_bytes()


def small_entries():
    entries = base_entries() + listing(MORE)
    for entry in entries:
        if entry.path == "etc/passwd":
            entry.content += b"daemon:x:1:1::/usr/sbin:/bin/false\nwww-data:x:33:33::/var/www:/bin/false\n"
        elif entry.path == "etc/group":
            entry.content += b"daemon:x:1:\nwww-data:x:33:\n"
    known = {entry.path for entry in entries}
    applets = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    return entries + [parse(f"bin/{name} l busybox") for name in applets if f"bin/{name}" not in known]


# ---- what a build gives ---------------------------------------------------------------------
def flatten(folder, digest=None):
    """The merged tree of an image in an OCI layout, and its config: path -> Entry."""
    blob = lambda d: (folder / "blobs" / d.replace(":", "/")).read_bytes()
    top = json.loads((folder / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(digest or top[0]["digest"]))
    config = json.loads(blob(manifest["config"]["digest"]))
    tree, links = {}, {}
    diff_ids = config["rootfs"]["diff_ids"] or []  # null in an image of BuildKit that has no layer
    layers = manifest["layers"] or []
    assert len(layers) == len(diff_ids)
    assert len(layers) == sum(not row.get("empty_layer") for row in config.get("history") or []), "history and layers differ"
    for layer, diff_id in zip(layers, diff_ids):
        data = blob(layer["digest"])
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        assert "sha256:" + hashlib.sha256(data).hexdigest() == diff_id
        apply_layer(tree, data)
    first = {}
    for path in sorted(tree, key=os.fsencode):
        node = tree[path].node
        if node in first:
            tree[path] = Entry(path, "h")
            tree[path].target = first[node]
        elif tree[path].kind == "f":
            first[node] = path
    return tree, config


def apply_layer(tree, data):
    def drop(path):
        for known in [k for k in tree if k == path or k.startswith(path + "/")]:
            del tree[known]
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            path = os.path.normpath("/" + info.name).lstrip("/")
            if not path:
                continue
            folder, name = os.path.split(path)
            parts = folder.split("/") if folder else []
            for n in range(1, len(parts) + 1):
                above = tree.get("/".join(parts[:n]))
                assert above is None or above.kind == "d", f"{path} lies below {above.line()}, which is no folder"
            if name.startswith(".wh."):
                assert name != ".wh..wh..opq", "opaque folders are not told yet by oakum"
                drop(f"{folder}/{name[4:]}".lstrip("/"))
                continue
            kind = {tarfile.REGTYPE: "f", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.LNKTYPE: "h", tarfile.FIFOTYPE: "p",
                    tarfile.CHRTYPE: "c", tarfile.BLKTYPE: "b"}[info.type]
            if kind == "h":
                target = os.path.normpath("/" + info.linkname).lstrip("/")
                old = tree[target]
                entry = Entry(path, old.kind, old.mode, old.owner)
                xattrs = {k: v for k, v in old.xattrs.items() if k != "security.capability"}
                xattrs.update({k[13:]: v for k, v in info.pax_headers.items() if k.startswith("SCHILY.xattr.")})
                told = {"owner": (info.uid, info.gid), "time": int(info.mtime), "xattrs": xattrs}  # as containerd applies it
                if old.kind != "l":
                    told["mode"] = info.mode & 0o7777
                for other in tree.values():
                    if other.node is old.node:
                        other.__dict__.update(told)
                entry.__dict__.update({**old.__dict__, "path": path})
            else:
                entry = Entry(path, kind, info.mode & 0o7777, (info.uid, info.gid))
                entry.time, entry.target, entry.device = int(info.mtime), info.linkname or None, (info.devmajor, info.devminor)
                entry.content = tar.extractfile(info).read() if kind == "f" else b""
                entry.xattrs = {k[13:]: v for k, v in info.pax_headers.items() if k.startswith("SCHILY.xattr.")}
                entry.node = object()
            if not (kind == "d" and path in tree and tree[path].kind == "d"):
                drop(path)
            tree[path] = entry


def difference(tree, base):
    """What differs from the base, as Entries, and paths that went."""
    same = lambda a, b: a.line() == b.line()
    changed = [entry for path, entry in tree.items() if path not in base or not same(entry, base[path])]
    return sorted(changed, key=lambda e: os.fsencode(e.path)), sorted(set(base) - set(tree))


def tree_lines(tree, base, times=()):
    changed, gone = difference(tree, base)
    return [entry.line(entry.path in times) for entry in changed] + [f"{path} gone" for path in gone]


def expected_lines(text):
    entries = listing(text)
    plain = [e for e in entries if e.kind != "gone"]
    times = {e.path for e in plain if e.time is not None}
    lines = []
    for e in plain:
        if e.kind == "f" and e.content is None:
            e.digest = hashlib.sha256(b"\0" * e.size).hexdigest()[:16]
        lines.append(e.line(e.path in times))
    return lines + [f"{e.path} gone" for e in entries if e.kind == "gone"], times

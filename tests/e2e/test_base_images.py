"""Bases that the store keeps as one file (EROFS), which is mounted: what layers make there is what they make on a disk."""
import contextlib
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
import time

import faults
from conftest import RUNGS
from test_build import build

FOLDERS = {"OAKUM_TEST_NO_IMAGES": "1"}
# Linux 6.12 mounts an image that lies in a file; elsewhere bases are folders, which test_trees.py sees to.
IMAGES = "root" in RUNGS and tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2]) >= (6, 12) and "\terofs\n" in open("/proc/filesystems").read()


def entry(path, kind="f", data=b"", mode=None, **more):
    info = tarfile.TarInfo(path)
    info.type = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "p": tarfile.FIFOTYPE, "c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE}[kind]
    info.mode = mode if mode is not None else 0o755 if kind == "d" else 0o644
    info.size, info.mtime = len(data), more.pop("mtime", 1000000000)
    xattrs = more.pop("xattrs", {})
    info.pax_headers = {"SCHILY.xattr." + name: value for name, value in xattrs.items()}
    for name, value in more.items():
        setattr(info, name, value)
    return info, data


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape") as t:
        for info, data in entries:
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


PACKED = {"gzip": lambda data: gzip.compress(data, 1, mtime=0), "zstd": lambda data: subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout, "": lambda data: data}
LAYER = "application/vnd.oci.image.layer.v1.tar"


def layout(folder, layers, architecture="amd64"):
    """An OCI layout with one image of these layers; its reference. A layer is an archive, or (archive, how it is packed, media type)."""
    layers = [layer if isinstance(layer, tuple) else (layer, "gzip", LAYER + "+gzip") for layer in layers]
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def put(data, **more):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data), **more}
    config = {"architecture": architecture, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer, _, _ in layers]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": put(json.dumps(config).encode(), mediaType="application/vnd.oci.image.config.v1+json"),
                "layers": [put(PACKED[how](layer), mediaType=kind) for layer, how, kind in layers]}
    top = put(json.dumps(manifest).encode(), mediaType=manifest["mediaType"], annotations={"org.opencontainers.image.ref.name": "latest"})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return f"oci:{folder}:latest"


@contextlib.contextmanager
def shown(kept, folder):
    """What is in a kept tree, of either form."""
    if not (kept / "image").exists():
        yield kept / "root"
        return
    folder.mkdir()
    subprocess.run(["mount", "-t", "erofs", "-o", "ro", kept / "image", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def told(root, since):
    """All that can be told of a tree, without what a disk makes of it. Times of folders that things were put into are the builder's."""
    out, inodes = {}, {}
    for path in [root, *root.rglob("*")]:
        st = path.lstat()
        kind = stat.S_IFMT(st.st_mode)
        content = os.readlink(path) if kind == stat.S_IFLNK else hashlib.sha256(path.read_bytes()).hexdigest() if kind == stat.S_IFREG else ""
        xattrs = [] if kind == stat.S_IFLNK else [(name, os.getxattr(path, name)) for name in sorted(os.listxattr(path)) if not name.startswith("system.")]
        folder = kind == stat.S_IFDIR
        name = os.fsencode(path.relative_to(root))
        inodes.setdefault(st.st_ino, []).append(name)
        out[name] = (oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink, st.st_rdev if kind in (stat.S_IFCHR, stat.S_IFBLK) else 0, 0 if folder else st.st_size,
                     0 if folder and st.st_mtime >= since else st.st_mtime_ns, content, xattrs)
    return out, sorted(sorted(names) for names in inodes.values() if len(names) > 1)


def both(oakum, tmp_path, layers):
    """(kept tree as an image or what came in its place, messages; the same for a folder): one digest, one tree."""
    reference = layout(tmp_path / "base", layers)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/Dockerfile").write_text('ARG BASE\nFROM $BASE\nRUN ["/bin/busybox", "touch", "-d", "@5", "/step"]\n')
    since, seen = int(time.time()) - 1, []
    for way, env in (("image", {}), ("folder", FOLDERS)):
        store = tmp_path / way
        done = build(oakum, tmp_path / "c", reference, "--isolation", "root", "--store", str(store), "--verbose", env={"SOURCE_DATE_EPOCH": "1700000000", **env})
        kept = sorted((store / "trees").iterdir())
        assert not [k for k in kept if k.name.startswith(".")], done.stderr
        seen.append((done, kept, (store / "work").exists() and list((store / "work").iterdir())))
    (one, [*kept], left), (other, [*plain], also) = seen
    assert one.returncode == other.returncode and one.stdout == other.stdout and left == also == [], (one.stderr, other.stderr)
    if one.returncode == 0:
        with shown(kept[0], tmp_path / "m") as a, shown(plain[0], tmp_path / "n") as b:
            tree, names = told(a, since)
            same, same_names = told(b, since)
            # on a disk a folder that a later layer put something into has the time of that
            timed = lambda p, of: of[p] if p not in of or same.get(p, "1234567")[6] else (*of[p][:6], 0, *of[p][7:])
            assert {p: (tree.get(p), same.get(p)) for p in tree.keys() | same.keys() if p not in tree or timed(p, tree) != same.get(p)} == {}
            assert names == same_names
        checked = [subprocess.run([oakum, "store", "check", "--store", tmp_path / way], capture_output=True, text=True) for way in ("image", "folder")]
        assert all(c.returncode == 0 and " 0 damaged" in c.stdout for c in checked), checked
        for k in kept:
            if (k / "image").exists():
                subprocess.run(["fsck.erofs", k / "image"], check=True, capture_output=True)
    return one, kept, other, plain


if IMAGES:
    def test_one_tree(oakum, small_tar, tmp_path):
        """Names, sizes and kinds near every edge of the format; layers that replace, hide and share."""
        sizes = [0, 1, 31, 4095, 4096, 4097, 65535, 65536, 65537, 1048575, 1048576, 1048577, 3000001]
        first = [entry("d", "d", mode=0o2755, uid=70000, gid=4000000000), entry("d/fifo", "p", mode=0o600), entry("d/c", "c", devmajor=1, devminor=3), entry("d/b", "b", devmajor=259, devminor=70000),
                 entry("d/old", data=b"x" * 100, mtime=-5), entry("d/ns", data=b"n", mtime=1500000000.123456789), entry("d/late", mtime=5000000000), entry("dev", "d"), entry("dev/zero", "c", devmajor=1, devminor=5),
                 entry("suid", data=b"s", mode=0o6711, uid=1, gid=2), entry("sticky", "d", mode=0o1777), entry("no", mode=0),
                 entry("cap", data=b"c", mode=0o755, xattrs={"security.capability": "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "user.a": "b", "user.overlay.origin": "q", "trusted.no": "q"}),
                 entry("attributes", "d", xattrs={"user." + "k" * 200: "v" * 3000, "user.z": ""}),
                 entry("way/down/below/file", data=b"implied"), entry("short", "l", linkname="d/old"), entry("long", "l", linkname="/".join(["z" * 250] * 15)), entry("odd", "l", linkname="/".join(["y" * 249] * 16)[:3995])]
        first += [entry(f"sizes/{n}", data=bytes((i * 7 + n) & 255 for i in range(4096)) * (n // 4096 + 1), mode=0o600) for n in sizes]
        for info, _ in first[-len(sizes):]:
            info.size = int(info.name.split("/")[1])
        first += [entry(f"many/{'.-_~ !'[i % 6]}{i:x}{'é' * (i % 100)}", data=b"%d" % i) for i in range(3000)]
        first += [entry("many/" + "n" * 255, "d"), entry("many/" + "n" * 254 + "/x"), entry("many/\udcff\udcfe"), entry("many/\x01\n\\"), entry("many/..."), entry("many/..x")]
        first += [entry("links", "d"), entry("links/a", data=b"shared", uid=3), entry("links/b", "h", linkname="links/a", uid=3), entry("links/c", "h", linkname="./links/b", uid=3), entry("links/l", "l", linkname="a"),
                  entry("links/m", "h", linkname="links/l"), entry("links/p", "p"), entry("links/q", "h", linkname="links/p"), entry("links/self", data=b"1"), entry("links/self", "h", linkname="links/self"),
                  entry("hidden/one", data=b"1" * 200000), entry("hidden/two/three", data=b"3"), entry("opaque/one", data=b"1"), entry("opaque/sub/two", data=b"2"), entry("kept/one", data=b"1")]
        second = [entry("links/b", data=b"mine now"), entry("links/.wh.c"), entry("links/d", "h", linkname="links/a", uid=9, gid=9, mode=0o640, mtime=7), entry(".wh.hidden"), entry("opaque/sub/new", data=b"n"),
                  entry("opaque/.wh..wh..opq"), entry("d/fifo", "d"), entry("d/fifo/in", data=b"in"), entry("many", "d", mode=0o711, mtime=99), entry("suid", data=b"t" * 5000), entry("kept", "d", uid=5, xattrs={"user.k": "1"}),
                  entry("kept/.wh.none"), entry("sticky", "l", linkname="d"), entry("way", data=b"a file now"), entry("./way2//x", data=b"x"), entry(".", "d", mode=0o711, uid=4)]
        third = [entry("links/.wh.d"), entry("hidden", "d"), entry("hidden/one", data=b"back"), entry("way", "d"), entry("way/in", data=b"in"), entry("links/a", "h", linkname="cap"), entry("sizes/4096", data=b"shorter"),
                 entry("many/.wh..wh..opq"), entry("many/one", data=b"1"), entry(".wh..wh.plnk"), entry("d/late", mtime=5000000001, data=b"again"), entry("d/late", data=b"and again")]
        one, kept, _, plain = both(oakum, tmp_path, [small_tar.read_bytes(), tar(first), tar(second), tar(third), tar([])])
        assert one.returncode == 0, one.stderr
        assert (kept[0] / "image").exists() and not (plain[0] / "image").exists()

    def test_layers_of_every_kind(oakum, small_tar, tmp_path):
        """However a layer is packed and called; layers that are empty, that come twice, and a hundred of them."""
        base, docker = small_tar.read_bytes(), "application/vnd.docker.image.rootfs."
        images = {
            "packed": [(base, "zstd", LAYER + "+zstd"), (tar([entry("x", data=b"1" * 5000)]), "", LAYER), (tar([entry("y")]), "gzip", docker + "diff.tar.gzip"),
                       (tar([entry("z", data=b"f")]), "gzip", docker + "foreign.diff.tar.gzip"), (tar([entry("n")]), "gzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")],
            "empty": [tar([]), base, (b"", "gzip", LAYER + "+gzip"), (bytes(1024), "", LAYER), base, tar([entry("bin/.wh.none")])],
            "root": [base, tar([entry(".", "d", mode=0o700, uid=7, gid=8), entry("./x", data=b"1")]), tar([entry("/y", data=b"2"), entry("", "d")])],
            "turns": [base, tar([entry("p", data=b"f" * 70000), entry("q/a", data=b"1"), entry("q/b", "h", linkname="q/a")]), tar([entry("p", "d"), entry("p/q"), entry("q/.wh.a")]), tar([entry("p", "l", linkname="etc"), entry("q/c", "h", linkname="q/b"), entry("q/.wh.b")]),
                      tar([entry("p", "d"), entry("p/z", data=b"2"), entry("q/c", data=b"new")]), tar([entry(".wh.q"), entry("q/back", data=b"b"), entry("p/.wh..wh..opq"), entry("p/.wh.z")])],
            "many": [base, *(tar([entry(f"l{i % 5}/f{i}", data=b"%d" % i), entry(f"l{(i + 1) % 5}/.wh.f{i - 4}")]) for i in range(110))]}
        for name, layers in images.items():
            (tmp_path / name).mkdir()
            one, kept, _, plain = both(oakum, tmp_path / name, layers)
            assert one.returncode == 0 and (kept[0] / "image").exists() and not (plain[0] / "image").exists(), (name, one.stderr)

    def test_what_it_is_not_made_of(oakum, small_tar, tmp_path):
        """An entry through a link: a folder, as ever. What is wrong is told as ever."""
        base = small_tar.read_bytes()
        fine = {"through": [entry("real", "d"), entry("seeming", "l", linkname="real"), entry("seeming/file", data=b"1"), entry("again", "h", linkname="seeming/file")],
                "attributes": [entry("d", "d", xattrs={"user.a": "1"}), entry("d", "d", mode=0o700)],
                "late": [*(entry(f"x/{i}", data=b"%d" % i * 1000) for i in range(5000)), entry("l", "l", linkname="x"), entry("l/y")]}
        for name, entries in fine.items():
            (tmp_path / name).mkdir()
            one, kept, _, _ = both(oakum, tmp_path / name, [base, tar(entries), tar([entry("last")])])
            assert one.returncode == 0 and "the base is unpacked to a folder" in one.stderr and not (kept[0] / "image").exists(), one.stderr
        wrong = {"nothing": [entry("l", "h", linkname="missing")], "folder": [entry("l", "h", linkname="bin")], "up": [entry("../x")], "below": [entry("f"), entry("f/g")], "root": [entry(".", "l", linkname="x")]}
        for name, entries in wrong.items():
            (tmp_path / name).mkdir()
            one, kept, other, plain = both(oakum, tmp_path / name, [base, tar(entries)])
            error = [line for line in one.stderr.splitlines() if line.startswith("error: ") and "unpack layer 1" in line]
            assert one.returncode != 0 and error and error == [line for line in other.stderr.splitlines() if line.startswith("error: ")], (one.stderr, other.stderr)
            assert kept == plain == []

    def test_damage(oakum, small_tar, tmp_path):
        """A changed byte is found by a check; an image that was written to, or cannot be mounted, is made anew; so is one of which the base is wrong."""
        reference = layout(tmp_path / "base", [small_tar.read_bytes(), tar([entry("big", data=b"big " * 100000)])])
        (tmp_path / "c").mkdir()
        (tmp_path / "c/Dockerfile").write_text('ARG BASE\nFROM $BASE\nRUN ["/bin/busybox", "sh", "-c", "/bin/busybox md5sum /big > /sum"]\n')
        store = tmp_path / "s"
        run = lambda: build(oakum, tmp_path / "c", reference, "--isolation", "root", "--store", str(store), "--verbose")
        want = run()
        assert want.returncode == 0, want.stderr
        kept, = (store / "trees").iterdir()
        whole = (kept / "image").read_bytes()
        at = whole.index(b"big big ")
        (kept / "image").write_bytes(whole[:at] + b"bag" + whole[at + 3:])
        checked = subprocess.run([oakum, "store", "check", "--store", store], capture_output=True, text=True)
        assert checked.returncode == 1 and f"trees/{kept.name}: damaged" in checked.stdout, checked
        for damage in (whole[:at] + b"bag" + whole[at + 3:], b"", bytes(8192), whole[:1024] + b"x" + whole[1025:]):
            (kept / "image").write_bytes(damage)
            done = run()
            assert done.returncode == 0 and done.stdout == want.stdout and "kept from before" not in done.stderr, done.stderr
            assert run().stderr.count("kept from before") == 1
        # what was put in the place of its files: a pipe nobody waits for
        for name in ("image", "notes", "size"):
            (kept / name).unlink()
            os.mkfifo(kept / name)
            checked = subprocess.run([oakum, "store", "check", "--store", store], capture_output=True, text=True, timeout=60)
            assert (checked.returncode == 1) == (name != "size"), (name, checked)
            done = subprocess.run([oakum, "build", "--no-cache", "--build-arg", f"BASE={reference}", "--isolation", "root", "--store", store, tmp_path / "c"], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0 and done.stdout == want.stdout, (name, done.stderr)
            kept, = (store / "trees").iterdir()
            if name == "size":
                shutil.rmtree(kept)
                run()
        for damage in (lambda: shutil.rmtree(kept / "root"), lambda: (kept / "image").rename(kept / "other"), lambda: (kept / "notes").write_bytes(b"")):
            damage()
            done = run()
            assert done.returncode == 0 and done.stdout == want.stdout, done.stderr
            kept, = (store / "trees").iterdir()
        # what a killed build left goes with the next, also when that makes no new one
        (store / "trees/.new-1-1-1/root").mkdir(parents=True)
        assert run().stderr.count("kept from before") == 1 and [p.name for p in (store / "trees").iterdir()] == [kept.name]
        # a layer that is not what it was said to be
        blob = max((tmp_path / "base/blobs/sha256").iterdir(), key=lambda p: p.stat().st_size)
        shutil.rmtree(store)
        blob.write_bytes(blob.read_bytes()[:-100] + bytes(100))
        done = run()
        assert done.returncode != 0 and "unpack layer 0" in done.stderr and list((store / "trees").iterdir()) == [], done.stderr

    def test_full_disk(oakum, small_tar, tmp_path):
        """A disk of any size, on which images are made (tmpfs has none): the right bytes, or an error that says what is missing, and nothing left. OAKUM_DISKS says how many, OAKUM_SEED which."""
        rnd = random.Random(int(os.environ.get("OAKUM_SEED", "3")))
        files = [entry(f"d{i % 9}/f{i}", data=rnd.randbytes(rnd.randrange(9000))) for i in range(600)] + [entry(f"big{i}", data=rnd.randbytes(1500000)) for i in range(3)]
        reference = layout(tmp_path / "base", [small_tar.read_bytes(), tar(files), tar([entry(".wh.big1"), entry("d3/.wh..wh..opq")])])
        (tmp_path / "c").mkdir()
        (tmp_path / "c/Dockerfile").write_text('ARG BASE\nFROM $BASE AS a\nRUN ["/bin/busybox", "sh", "-c", "/bin/busybox cat /big0 /d4/* > /sum"]\nFROM $BASE\nRUN ["/bin/busybox", "rm", "-rf", "/d4"]\nCOPY --from=a /sum /s\n')
        run = lambda store: build(oakum, tmp_path / "c", reference, "--isolation", "root", "--store", str(store), "--output", f"oci:{tmp_path}/o:v")
        want = run(tmp_path / "s")
        assert want.returncode == 0, want.stderr
        most = sum(p.lstat().st_blocks * 512 for p in (tmp_path / "s").rglob("*")) >> 20
        folder, seen = tempfile.mkdtemp(dir="/var/tmp"), []
        disk, place = pathlib.Path(folder) / "disk", pathlib.Path(folder) / "m"
        place.mkdir()
        try:
            for turn in range(int(os.environ.get("OAKUM_DISKS", "4"))):
                disk.unlink(missing_ok=True)
                shutil.rmtree(tmp_path / "o", ignore_errors=True)
                size = 3 * most if turn == 0 else rnd.randrange(3, 2 * most)
                subprocess.run(["truncate", "-s", f"{size}M", disk], check=True)
                subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", *(["-N", str(rnd.randrange(60, 400))] if turn % 3 == 2 else []), disk], check=True)
                subprocess.run(["mount", "-o", "loop", disk, place], check=True)
                try:
                    done = run(place / "s")
                    seen.append(done.returncode)
                    assert done.stdout == want.stdout if done.returncode == 0 else "No space left" in done.stderr and not (tmp_path / "o/index.json").exists(), (size, done.stderr)
                    assert not [p for p in (place / "s/trees").iterdir() if p.name.startswith(".")] and not list((place / "s/work").iterdir())
                    if turn == 0:
                        kept, = (place / "s/trees").iterdir()
                        assert (kept / "image").exists()
                finally:
                    subprocess.run(["umount", place], check=True)
        finally:
            shutil.rmtree(folder)
        assert seen[0] == 0 and 1 in seen, seen

    def test_messages_of_layers(oakum, small_tar, tmp_path):
        """What the threads say that fetch layers has the name of their stage in front, as all that a stage says when several speak."""
        layout(tmp_path / "base", [small_tar.read_bytes(), tar([entry("x", data=random.Random(1).randbytes(100000))])])
        blob = lambda digest: (tmp_path / "base/blobs" / digest.replace(":", "/")).read_bytes()
        top, = json.loads((tmp_path / "base/index.json").read_text())["manifests"]
        manifest = json.loads(blob(top["digest"]))
        registry = faults.Registry(auth=None, warning=None)
        try:
            registry.manifests["b", "latest"] = (manifest["mediaType"], blob(top["digest"]))
            for part in (manifest["config"], *manifest["layers"]):
                registry.blobs["b", part["digest"]] = blob(part["digest"])
            registry.faults += ["blob-cut"] * 2  # of the layers, the config being shorter than what it takes
            (tmp_path / "c").mkdir()
            (tmp_path / "c/Dockerfile").write_text('ARG BASE\nFROM $BASE AS one\nRUN ["/bin/busybox", "true"]\nFROM scratch\nCOPY --from=one /x /y\n')
            done = build(oakum, tmp_path / "c", f"{registry.address}/b:latest", "--isolation", "root", "--store", str(tmp_path / "s"), "--verbose", "--threads", "2")
        finally:
            registry.close()
        cut = [line for line in done.stderr.splitlines() if "; going on" in line]
        assert done.returncode == 0 and cut and all(line.startswith("[one] ") for line in cut), done.stderr

    def test_programs_of_32_bits(oakum, small_tar, tmp_path):
        """They get no inode numbers that their stat(2) has no room for."""
        (tmp_path / "c").mkdir()
        (tmp_path / "c/Dockerfile").write_text('ARG BASE\nFROM $BASE\nRUN ["/bin/busybox", "sh", "-c", "/bin/busybox stat -c %i /bin/busybox > /inode"]\n')
        for architecture in ("386", "amd64"):
            reference = layout(tmp_path / architecture, [small_tar.read_bytes()], architecture)
            out = tmp_path / f"out-{architecture}"
            done = build(oakum, tmp_path / "c", reference, "--isolation", "root", "--store", str(tmp_path / f"s-{architecture}"), "--output", f"rootfs:{out}")
            assert done.returncode == 0, done.stderr
            kept, = (tmp_path / f"s-{architecture}/trees").iterdir()
            assert (kept / "image").exists() == (architecture == "amd64")
            assert (int((out / "inode").read_text()) < 1 << 32) == (architecture == "386")

    def test_nothing_stays_mounted(oakum, small_tar, tmp_path):
        """Neither for others while it runs, nor afterwards; two builds share one image."""
        reference = layout(tmp_path / "base", [small_tar.read_bytes()])
        (tmp_path / "c").mkdir()
        (tmp_path / "c/Dockerfile").write_text('ARG BASE\nFROM $BASE AS a\nRUN ["/bin/busybox", "sleep", "1"]\nFROM $BASE\nRUN ["/bin/busybox", "sh", "-c", "/bin/busybox grep -c erofs /proc/self/mountinfo > /n; true"]\nCOPY --from=a /bin/busybox /b\n')
        words = [oakum, "build", "--no-cache", "--build-arg", f"BASE={reference}", "--isolation", "root", "--store", tmp_path / "s", "--verbose", tmp_path / "c"]
        runs = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        deadline = time.time() + 300
        while any(p.poll() is None for p in runs) and time.time() < deadline:
            assert "erofs" not in open("/proc/self/mountinfo").read()
            time.sleep(0.05)
        outs = [p.communicate() for p in runs]
        assert all(p.returncode == 0 for p in runs) and outs[0][0] == outs[1][0], outs
        kept, = (tmp_path / "s/trees").iterdir()
        assert (kept / "image").exists() and list((kept / "root").iterdir()) == []

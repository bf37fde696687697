"""What a build gives and where: names, labels, annotations, platforms, compression, media types, root file systems, files that tell of it."""
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tarfile
import tempfile

import pytest
import restricted
from conftest import RUNGS
from test_build import build
from test_registry import registry, run  # noqa: F401

TREE = r"""
ARG BASE
FROM $BASE
RUN mkdir -p -m 2755 /made/deep && echo one > /made/one && chown 12:34 /made/one && chmod 4711 /made/one && ln /made/one /made/deep/two \
    && ln -s one /made/link && mkfifo /made/pipe && mkdir -m 1777 /made/tmp && chown 7:8 /made/tmp
RUN echo more > /made/deep/three && rm -r /home
"""


def context(tmp_path, text="FROM scratch\nCOPY Dockerfile /x/y\n"):
    folder = tmp_path / "context"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(text)
    return folder


def make(oakum, tmp_path, *options, text="FROM scratch\nCOPY Dockerfile /x/y\n", status=0, base="scratch", env=None):
    done = subprocess.run([oakum, "build", "--store", str(tmp_path / "store"), "--build-arg", f"BASE={base}", *map(str, options),
                           str(context(tmp_path, text))], capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **(env or {})})
    assert done.returncode == status, done.stderr
    return done


def blob(layout, digest):
    return json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())


def entries(layout):
    return json.loads((layout / "index.json").read_text())["manifests"]


def names(layout):
    return [(e["annotations"].get("org.opencontainers.image.ref.name"), e["annotations"].get("io.containerd.image.name")) for e in entries(layout)]


def test_labels_and_annotations(oakum, tmp_path):
    text = "FROM scratch\nLABEL a=1 b=2\nCOPY Dockerfile /x/y\n"
    make(oakum, tmp_path, "--label", "a=9=8", "--label", "empty", "--annotation", "k=v", "--annotation", "manifest,manifest-descriptor:both=x=y",
         "--annotation", "manifest[linux/s390x]:other=1", "-o", "oci:out:v1", text=text)
    entry, = entries(tmp_path / "out")
    assert entry["annotations"] == {"both": "x=y", "org.opencontainers.image.ref.name": "v1"}
    manifest = blob(tmp_path / "out", entry["digest"])
    assert manifest["annotations"] == {"both": "x=y", "k": "v"}
    config = blob(tmp_path / "out", manifest["config"]["digest"])
    assert config["config"]["Labels"] == {"a": "9=8", "b": "2", "empty": ""}
    assert [row["created_by"].split()[0] for row in config["history"]] == ["LABEL", "COPY"]


@pytest.mark.parametrize("options,said", [
    (["--compression", "zstd", "--media-types", "docker"], "docker has no media type for it"),
    (["--compression", "lz4"], "takes gzip or zstd"),
    (["--compression-level", "10"], "gzip takes 1 to 9"),
    (["--compression", "zstd", "--compression-level", "23"], "zstd takes 1 to 22"),
    (["--media-types", "tar"], "takes oci or docker"),
    (["--annotation", "index:a=b"], "only with several platforms"),
    (["--media-types", "docker", "--annotation", "a=b"], "manifests of docker hold none"),
    (["--annotation", "a:b=c"], "goes to manifest, index"),
    (["--annotation", "manifest[linux:a=b"], "a platform between [ and ]"),
    (["--annotation", "novalue"], "takes KEY=VALUE"),
    (["--label", "=x"], "takes NAME=VALUE"),
    (["-o", "bare"], "say rootfs:DIR for a folder"),
    (["-o", "docker-archive:q.tar", "--platform", "amd64,arm64"], "holds one platform"),
    (["-o", "type=docker"], "there is no daemon"),
    (["-o", "type=oci"], "names no file"),
    (["-o", "type=moon,dest=x"], "type is oci, docker, local"),
    (["-o", "type=oci,dest=x,secret=1"], "knows type, dest, name"),
    (["-o", "type=image,name=localhost/x"], "add push=true"),
    (["-o", "rootfs:context"], "is there and not empty"),
    (["-o", "oci:-"], "a folder cannot be standard output"),
    (["-o", "-", "-o", "docker-archive:-"], "standard output is taken"),
    (["-t", "a@sha256:" + "0" * 64], "holds no digest"),
    (["-t", "UPPER"], "--tag UPPER"),
    (["--push"], "give the image a name"),
    (["--platform", "linux"], "is not os/architecture"),
    (["--progress", "loud"], "takes auto, plain or json"),
    (["--add-host", "name"], "takes NAME:ADDRESS"),
    (["--add-host", "name:1.2.3"], "takes NAME:ADDRESS"),
    (["--memory", "1x"], "takes bytes"),
    (["--memory", "4"], "takes bytes"),
    (["--cpus", "-1"], "takes a number of processors"),
    (["--timeout", "soon"], "takes a time"),
])
def test_refused_before_anything_is_built(oakum, tmp_path, options, said):
    done = make(oakum, tmp_path, *options, status=1)
    assert said in done.stderr and "Dockerfile:1" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["context"]


def test_several_names(oakum, tmp_path):
    make(oakum, tmp_path, "-t", "app:v1", "-t", "localhost:5/b/app", "-o", "oci:out", "-o", "docker-archive:d.tar", "-o", "type=oci,dest=o.tar",
         "-o", "oci-archive:own.tar:one,two", "-o", "type=docker,dest=own-d.tar,\"name=x/y:1,z:2\"")
    both = [("v1", "docker.io/library/app:v1"), ("latest", "localhost:5/b/app:latest")]
    assert names(tmp_path / "out") == both
    for name, expected in (("o.tar", both), ("own.tar", [("one", None), ("two", None)])):
        (tmp_path / name[:-4]).mkdir()
        subprocess.run(["tar", "-xf", tmp_path / name, "-C", tmp_path / name[:-4]], check=True)
        assert names(tmp_path / name[:-4]) == expected
    for name, expected in (("d.tar", ["app:v1", "localhost:5/b/app:latest"]), ("own-d.tar", ["x/y:1", "z:2"])):
        with tarfile.open(tmp_path / name) as tar:
            assert json.load(tar.extractfile("manifest.json"))[0]["RepoTags"] == expected
    # the same names again replace their entries and no others
    make(oakum, tmp_path, "-t", "app:v1", "-t", "new", "-o", "oci:out", text="FROM scratch\nLABEL x=y\n")
    assert names(tmp_path / "out") == [both[1], both[0], ("latest", "docker.io/library/new:latest")]
    assert len({e["digest"] for e in entries(tmp_path / "out")}) == 2


def test_files_that_tell(oakum, tmp_path):
    options = ["--iidfile", "iid", "--digest-file", "digest", "--metadata-file", "meta.json", "--image-name-with-digest-file", "names", "-t", "app:v1",
               "-o", "oci:out"]
    done = make(oakum, tmp_path, *options)
    digest = done.stdout.strip()
    meta = json.loads((tmp_path / "meta.json").read_text())
    manifest = blob(tmp_path / "out", digest)
    assert (tmp_path / "digest").read_text() == digest == meta["containerimage.digest"]
    assert (tmp_path / "iid").read_text() == manifest["config"]["digest"] == meta["containerimage.config.digest"]
    size = (tmp_path / "out/blobs" / digest.replace(":", "/")).stat().st_size
    assert meta["containerimage.descriptor"] == {"mediaType": manifest["mediaType"], "digest": digest, "size": size, "platform": meta_platform()}
    assert meta["image.name"] == "docker.io/library/app:v1" and meta["oakum.status"] == "built"
    assert (tmp_path / "names").read_text() == ""  # nothing was pushed


def meta_platform():
    return {"architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine], "os": "linux"}


@pytest.mark.parametrize("rung", RUNGS)
def test_failing_step_tells_its_code(oakum, small, tmp_path, rung):
    done = make(oakum, tmp_path, "--isolation", rung, "--metadata-file", "meta.json", "--iidfile", "iid", "--progress", "json", "-o", "oci:out",
                text="ARG BASE\nFROM $BASE AS one\nRUN echo 'hi \"you\"'; printf 'no end'\nRUN exit 42\n", base=small, status=1)
    meta = json.loads((tmp_path / "meta.json").read_text())
    assert meta["oakum.status"] == "failed" and "exit status 42" in meta["oakum.error"].pop("message")
    assert meta["oakum.error"] == {"exitCode": 42, "instruction": "RUN", "line": 4, "text": "exit 42"}
    assert not (tmp_path / "iid").exists() and not (tmp_path / "out").exists()
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [e["text"] for e in events if e["event"] == "output"] == ['hi "you"', "no end"]
    assert {e["step"] for e in events if e["event"] == "output"} == {"0:3"}
    ends = [e for e in events if e["event"] == "end"]
    assert [(e["line"], e["stageName"], e.get("exitCode")) for e in ends] == [(2, "one", None), (3, "one", None), (4, "one", 42)]
    assert events[-1]["level"] == "error" and "exit status 42" in events[-1]["text"]


def test_progress_tells_what_was_known(oakum, small, tmp_path):
    def cached():
        done = make(oakum, tmp_path, "--progress", "json", text="ARG BASE\nFROM $BASE\nRUN echo x > /y\n", base=small)
        return [json.loads(line)["cached"] for line in done.stderr.splitlines() if '"end"' in line and '"RUN"' in line]
    assert cached() == [False] and cached() == [True]


# ---- platforms

PLATFORMS = "ARG TARGETPLATFORM\nFROM scratch\nARG TARGETPLATFORM\nARG TARGETARCH\nARG TARGETVARIANT\nARG BUILDARCH\n" \
            "LABEL target=$TARGETPLATFORM arch=$TARGETARCH variant=$TARGETVARIANT build=$BUILDARCH\nCOPY Dockerfile /x\n"


def test_several_platforms(oakum, tmp_path):
    options = ["--platform", "linux/arm64/v8,armhf", "--platform", "x86_64", "--annotation", "index:i=1", "--annotation", "manifest[linux/arm64]:only=a",
               "--annotation", "manifest-descriptor:d=e", "--metadata-file", "meta.json", "--iidfile", "iid", "-o", "oci:out:v1", "-o", "oci-archive:out.tar:v1",
               "-o", "rootfs:root", "-o", "rootfs:root.tar"]
    digest = make(oakum, tmp_path, *options, text=PLATFORMS).stdout.strip()
    assert (tmp_path / "iid").read_text() == digest == entries(tmp_path / "out")[0]["digest"]
    index = blob(tmp_path / "out", digest)
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json" and index["annotations"] == {"i": "1"}
    platforms = [{"architecture": "arm64", "os": "linux"}, {"architecture": "arm", "os": "linux", "variant": "v7"}, {"architecture": "amd64", "os": "linux"}]
    assert [e["platform"] for e in index["manifests"]] == platforms
    assert all(e["annotations"] == {"d": "e"} for e in index["manifests"])
    build_arch = meta_platform()["architecture"]
    for entry, text, arch, variant in zip(index["manifests"], ("linux/arm64", "linux/arm/v7", "linux/amd64"), ("arm64", "arm", "amd64"), ("", "v7", "")):
        manifest = blob(tmp_path / "out", entry["digest"])
        config = blob(tmp_path / "out", manifest["config"]["digest"])
        assert config["config"]["Labels"] == {"target": text, "arch": arch, "variant": variant, "build": build_arch}
        assert config["architecture"] == arch and config.get("variant", "") == variant
        assert manifest.get("annotations") == ({"only": "a"} if arch == "arm64" else None)
    folders = ["linux_amd64", "linux_arm64", "linux_arm_v7"]
    assert sorted(p.name for p in (tmp_path / "root").iterdir()) == folders
    assert all((tmp_path / "root" / f / "x").read_text() == PLATFORMS for f in folders)
    with tarfile.open(tmp_path / "root.tar") as tar:
        assert sorted(tar.getnames()) == sorted(folders + [f + "/x" for f in folders])
    shown = subprocess.run(["skopeo", "--override-arch", "arm64", "inspect", f"oci-archive:{tmp_path}/out.tar:v1"], capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout)["Architecture"] == "arm64"
    # again, in another store: the same bytes
    assert make(oakum, tmp_path, "--store", "other", *options[:10], text=PLATFORMS).stdout.strip() == digest
    # another build is based on it, and takes what fits
    for platform, arch in (("linux/arm/v7", "arm"), ("linux/arm/v8", "arm"), ("linux/amd64/v3", "amd64")):
        make(oakum, tmp_path, "--platform", platform, "-o", f"oci:of-{arch}:v1", text="FROM oci:out:v1\n")
        top, = entries(tmp_path / f"of-{arch}")
        assert blob(tmp_path / f"of-{arch}", blob(tmp_path / f"of-{arch}", top["digest"])["config"]["digest"])["architecture"] == arch
    done = make(oakum, tmp_path, "--platform", "linux/arm/v6", status=1, text="FROM oci:out:v1\n")
    assert "no image for platform linux/arm/v6" in done.stderr
    make(oakum, tmp_path, "--platform", "amd64,arm64", "--media-types", "docker", "-o", "oci:docker:v1", text=PLATFORMS)
    top, = entries(tmp_path / "docker")
    assert top["mediaType"] == blob(tmp_path / "docker", top["digest"])["mediaType"] == "application/vnd.docker.distribution.manifest.list.v2+json"


def foreign_binary(machine=243):
    """An ELF header of RISC-V; nothing behind it is ever read."""
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + machine.to_bytes(2, "little")
    return head + bytes(200)


MAGIC = "7f454c460201010000000000000000000200f300"
MASK = "ffffffffffffff00fffffffffffffffffeffffff"


def test_foreign_programs_need_an_interpreter(oakum, small, tmp_path):
    folder = context(tmp_path)
    (folder / "sh").write_bytes(foreign_binary())
    (folder / "sh").chmod(0o755)
    binfmt = tmp_path / "binfmt"
    binfmt.mkdir()
    env = {"OAKUM_TEST_BINFMT": str(binfmt)}
    text = "FROM scratch\nCOPY sh /bin/sh\nCOPY --chmod=755 Dockerfile /x\nRUN true\n"
    rung = ["--isolation", next(r for r in RUNGS if r != "fake-root")]
    done = make(oakum, tmp_path, *rung, "--platform", "linux/riscv64", text=text, status=1, env=env)
    assert "/bin/sh of the image is a program for riscv64" in done.stderr and "flag F" in done.stderr and "Dockerfile:4" in done.stderr
    # what is registered but cannot be used in another root
    (binfmt / "register").write_text("")
    (binfmt / "qemu-riscv64").write_text(f"enabled\ninterpreter /usr/bin/qemu\nflags: OC\noffset 0\nmagic {MAGIC}\nmask {MASK}\n")
    done = make(oakum, tmp_path, *rung, "--platform", "linux/riscv64", text=text, status=1, env=env)
    assert "not for other roots: register it with the flag F" in done.stderr
    # with the flag, and with the interpreter in the image, the step is tried: this kernel has none, so that it fails itself
    (binfmt / "qemu-riscv64").write_text(f"enabled\ninterpreter /usr/bin/qemu\nflags: OCF\noffset 0\nmagic {MAGIC}\nmask {MASK}\n")
    done = make(oakum, tmp_path, *rung, "--platform", "linux/riscv64", text=text, status=1, env=env)
    assert "flag F" not in done.stderr and "the command failed: exit status" in done.stderr
    (binfmt / "qemu-riscv64").write_text(f"disabled\ninterpreter /x\nflags: OCF\noffset 0\nmagic {MAGIC}\nmask {MASK}\n")
    assert "no interpreter for those" in make(oakum, tmp_path, *rung, "--platform", "linux/riscv64", text=text, status=1, env=env).stderr
    # COPY alone needs none, and a stage of the machine's own platform runs
    text = f"FROM --platform=$BUILDPLATFORM {small} AS tools\nARG TARGETARCH\nRUN echo $TARGETARCH > /made\n" \
           "FROM scratch\nCOPY sh /bin/sh\nCOPY --from=tools /made /made\n"
    make(oakum, tmp_path, "--platform", "linux/riscv64,linux/s390x", "-o", "rootfs:out", text=text, env=env)
    assert {p.name: (p / "made").read_text() for p in (tmp_path / "out").iterdir()} == {"linux_riscv64": "riscv64\n", "linux_s390x": "s390x\n"}


# ---- layers

def manifest_of(folder):
    return blob(folder, entries(folder)[0]["digest"])


def test_compression_and_media_types(oakum, small, tmp_path):
    seen = {}
    text = "ARG BASE\nFROM $BASE\nRUN head -c 3000000 /dev/zero > /zeros && echo x >> /zeros\n"
    for name, options in (("gzip", []), ("gzip9", ["--compression-level", "9"]), ("zstd", ["--compression", "zstd"]), ("best", ["--compression", "zstd", "--compression-level", "19"]),
                          ("zstd-one", ["--compression", "zstd", "--threads", "1", "--no-cache"]), ("docker", ["--media-types", "docker"]),
                          ("typed", ["-o", "type=oci,tar=false,dest=typed-too,compression=zstd"])):
        make(oakum, tmp_path, *options, "-o", f"oci:{name}:v1", text=text, base=small)
        seen[name] = manifest_of(tmp_path / name)
    def types(name):
        return [layer["mediaType"].rsplit(".", 1)[1] if "oci" in layer["mediaType"] else layer["mediaType"] for layer in seen[name]["layers"]]
    assert types("gzip") == ["tar+gzip"] * 2 and types("zstd") == ["tar+gzip", "tar+zstd"]
    assert seen["zstd"] == seen["zstd-one"] == seen["typed"] == manifest_of(tmp_path / "typed-too")
    assert len({m["layers"][1]["digest"] for m in seen.values()}) == 4
    assert len({m["layers"][0]["digest"] for m in seen.values()}) == 1  # the base's stays as it is
    assert len({m["config"]["digest"] for m in seen.values()}) == 1
    docker = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    assert types("docker") == [docker] * 2 and seen["docker"]["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert seen["docker"]["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json"
    for name in ("zstd", "best"):
        subprocess.run(["skopeo", "copy", "-q", f"oci:{tmp_path}/{name}:v1", f"dir:{tmp_path}/{name}-copy"], check=True)
    # a base of either family is named as the result is; zstd has no name among docker's
    make(oakum, tmp_path, "-o", "oci:back:v1", text="FROM oci:docker:v1\nLABEL a=b\n")
    assert [layer["mediaType"] for layer in manifest_of(tmp_path / "back")["layers"]] == ["application/vnd.oci.image.layer.v1.tar+gzip"] * 2
    done = make(oakum, tmp_path, "--media-types", "docker", "-o", "oci:none:v1", text="FROM oci:zstd:v1\nLABEL a=b\n", status=1)
    assert "for which docker has no media type" in done.stderr and not (tmp_path / "none").exists()
    # by digest
    digest = entries(tmp_path / "zstd")[0]["digest"]
    for value in (f"oci-layout://zstd@{digest}", f"oci-layout://zstd:v9@{digest}"):
        make(oakum, tmp_path, "--build-context", f"b={value}", "-o", "rootfs:by-digest.tar", text="FROM b\n")
    done = make(oakum, tmp_path, "--build-context", "b=oci-layout://zstd@sha256:0", status=1, text="FROM b\n")
    assert "sha256" in done.stderr


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_what_was_written_is_a_context(oakum, tmp_path, kind):
    make(oakum, tmp_path, "-o", f"{kind}:kept", text="FROM scratch\nCOPY <<E /e\nkept\nE\n")
    make(oakum, tmp_path, "--build-context", f"b={kind}:kept", "-o", "rootfs:tree", text="FROM scratch\nCOPY --from=b /e /f\n")
    assert (tmp_path / "tree/f").read_text() == "kept\n"
    done = make(oakum, tmp_path, "--build-context", f"b={kind}:gone", "-o", "rootfs:none", text="FROM scratch\nCOPY --from=b /e /f\n", status=1)
    assert "gone" in done.stderr and not (tmp_path / "none").exists()


# ---- root file systems

def tree(folder):
    seen, files = {}, {}
    for path in sorted(folder.rglob("*")):
        st = path.lstat()
        content = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(st.st_mode) else ""
        first = files.setdefault(st.st_ino, str(path.relative_to(folder))) if stat.S_ISREG(st.st_mode) else ""
        seen[str(path.relative_to(folder))] = (stat.filemode(st.st_mode), st.st_uid, st.st_gid, int(st.st_mtime), content, first)
    return seen


@pytest.mark.parametrize("rung", [r for r in RUNGS if r in ("root", "chroot")])
def test_root_file_system(oakum, small, tmp_path, rung):
    make(oakum, tmp_path, "--isolation", rung, "-o", "rootfs:new", "-o", "type=local,dest=empty", "-o", "rootfs:out.tar", "-o", "type=tar,dest=typed.tar", "-o", "docker-archive:d.tar", text=TREE, base=small)
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xpf", tmp_path / "out.tar", "-C", tmp_path / "unpacked", "--numeric-owner"], check=True)
    got = tree(tmp_path / "new")
    assert got == tree(tmp_path / "empty") == tree(tmp_path / "unpacked")
    assert got["made/one"][:3] == ("-rws--x--x", 12, 34) and got["made/deep/two"][5] == got["made/one"][5]
    assert got["made/tmp"][:3] == ("drwxrwxrwt", 7, 8) and got["made/deep"][0] == "drwxr-sr-x" and got["made/link"][4] == "one"
    assert got["made/pipe"][0] == "prw-r--r--" and "home" not in got and "made/deep/three" in got
    first = (tmp_path / "out.tar").read_bytes()
    assert first == (tmp_path / "typed.tar").read_bytes()
    make(oakum, tmp_path, "-o", "rootfs:again.tar", "--no-cache", "--store", "second", text=TREE, base=small)
    assert (tmp_path / "again.tar").read_bytes() == first
    piped = make_bytes(oakum, tmp_path, "-o", "-", text=TREE, base=small)
    assert piped == first


def test_root_file_system_of_a_plain_user(oakum, small_tar, tmp_path):
    """The tar is the one that root writes; a folder cannot hold it, and nothing of it stays."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        os.chmod(place, 0o755)
        folder = context(pathlib.Path(place), TREE)
        shutil.copy(small_tar, f"{place}/base.tar")
        options = ["--isolation", "fake-root", "--build-arg", f"BASE=rootfs:{place}/base.tar"]
        restricted.own(place)
        told = restricted.run(oakum, "build", "--store", f"{place}/store", *options, "-o", f"rootfs:{place}/out.tar", str(folder))
        assert told.returncode == 0, told.stderr
        made = pathlib.Path(place, "out.tar").read_bytes()
        told = restricted.run(oakum, "build", "--store", f"{place}/store", *options, "-o", f"rootfs:{place}/out", str(folder))
        assert told.returncode == 1 and "rootfs:FILE.tar can hold it all" in told.stderr
        assert sorted(os.listdir(place)) == ["base.tar", "context", "out.tar", "store"]
    make(oakum, tmp_path, "-o", "rootfs:out.tar", text=TREE, base=f"rootfs:{small_tar}")
    assert (tmp_path / "out.tar").read_bytes() == made


def make_bytes(oakum, tmp_path, *options, text, base):
    done = subprocess.run([oakum, "build", "--store", tmp_path / "store", "--build-arg", f"BASE={base}", *options, context(tmp_path, text)], capture_output=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_output_that_fails_leaves_nothing(oakum, small, tmp_path):
    (tmp_path / "file").write_text("")
    done = make(oakum, tmp_path, "-o", "rootfs:file/below", status=1)
    assert "Not a directory" in done.stderr
    make(oakum, tmp_path, "-o", "oci:layout:v1", text=TREE, base=small)
    layer = manifest_of(tmp_path / "layout")["layers"][0]["digest"]
    target = tmp_path / "layout/blobs" / layer.replace(":", "/")
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 0xff
    target.write_bytes(data)
    (tmp_path / "empty").mkdir()
    for output in ("rootfs:new", "rootfs:empty", "rootfs:out.tar", "oci-archive:a.tar", "docker-archive:d.tar"):
        make(oakum, tmp_path, "--store", "third", "-o", output, text="FROM oci:layout:v1\nLABEL x=y\n", status=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["context", "empty", "file", "layout", "store", "third"]
    assert list((tmp_path / "empty").iterdir()) == [] and not list((tmp_path / "third/work").iterdir())


# ---- registries

def test_push_to_several_places(oakum, small, registry, tmp_path):  # noqa: F811
    address, env, data = registry
    tags = [f"{address}/one/app:v1", f"{address}/one/app:v2", f"{address}/two/app:v1"]
    done = make(oakum, tmp_path, *[w for t in tags for w in ("-t", t)], "--push", "--image-name-with-digest-file", "names", "--image-name-tag-with-digest-file", "tagged",
                "-o", "oci:out", text=TREE, base=small, env=env)
    digest = done.stdout.strip()
    assert (tmp_path / "names").read_text() == f"{address}/one/app@{digest}\n{address}/one/app@{digest}\n{address}/two/app@{digest}\n"
    assert (tmp_path / "tagged").read_text().splitlines() == [f"{t}@{digest}" for t in tags]
    creds = ["--tls-verify=false", "--creds", "user:pass-w0rd"]
    for tag in tags:
        raw = subprocess.run(["skopeo", "inspect", "--raw", *creds, f"docker://{tag}"], capture_output=True, check=True).stdout
        assert "sha256:" + hashlib.sha256(raw).hexdigest() == digest
    assert not list((data / "docker/registry/v2/repositories/two").rglob("_uploads/*"))
    # outputs alone push nothing; named ones of docker's spelling do
    make(oakum, tmp_path, "-t", f"{address}/three:v1", "-o", "oci:out3", env=env)
    assert not (data / "docker/registry/v2/repositories/three").exists()
    make(oakum, tmp_path, "-o", f"type=image,name={address}/four:v1,push=true", "-o", f"type=registry,name={address}/five:v1", env=env)
    assert (data / "docker/registry/v2/repositories/four/_manifests/tags/v1").exists() and (data / "docker/registry/v2/repositories/five/_manifests/tags/v1").exists()


def test_push_of_an_index(oakum, registry, tmp_path):  # noqa: F811
    address, env, _ = registry
    for types in ("oci", "docker"):
        done = make(oakum, tmp_path, "--platform", "amd64,arm64", "--media-types", types, "-t", f"{address}/index:{types}", "--push", text=PLATFORMS, env=env)
        creds = ["--src-tls-verify=false", "--src-creds", "user:pass-w0rd"]
        subprocess.run(["skopeo", "copy", "-q", "--all", "--preserve-digests", *creds, f"docker://{address}/index:{types}", f"dir:{tmp_path}/{types}"], check=True)
        raw = (tmp_path / types / "manifest.json").read_bytes()
        assert "sha256:" + hashlib.sha256(raw).hexdigest() == done.stdout.strip()
        assert [m["platform"]["architecture"] for m in json.loads(raw)["manifests"]] == ["amd64", "arm64"]


# ---- what steps find

@pytest.mark.parametrize("rung", RUNGS)
def test_limits_and_hosts(oakum, small, tmp_path, rung):
    text = "ARG BASE\nFROM $BASE\nRUN grep -F host /etc/hosts; ulimit -d; grep Cpus_allowed_list /proc/self/status\n"
    done = make(oakum, tmp_path, "--isolation", rung, "--add-host", "db.example:10.1.2.3", "--add-host", "six=[fd00::1]", "--add-host", "me:host-gateway", "--memory", "64m", "--cpus", "0.5",
                text=text.replace("-F host", "-E 'example|six|me'"), base=small)
    assert "10.1.2.3\tdb.example" in done.stderr and "fd00::1\tsix" in done.stderr and "127.0.0.1\tme" in done.stderr
    if "no cgroup is delegated here" in done.stderr:
        assert "\n65536\n" in done.stderr
        if "Cpus_allowed_list" in done.stderr:
            assert done.stderr.split("Cpus_allowed_list:")[1].split()[0].isdigit()
    done = make(oakum, tmp_path, "--isolation", rung, "--timeout", "1s", text="ARG BASE\nFROM $BASE\nRUN sleep 60\n", base=small, status=1)
    assert "ran for more than 1 s" in done.stderr


# ---- what the language and its arguments say

def test_refused_before_the_first_step(oakum, small, tmp_path):
    first = "ARG BASE\nFROM $BASE AS one\nRUN echo ran\n"
    for text, place, said in (
            (first + "FROM --platform=$NONE one\nRUN true\n", "Dockerfile:4", "is not os/architecture"),
            (first + "RUN --security=insecure true\n", "Dockerfile:4:5", "no step gets more rights than it has"),
            (first + "RUN --device=vendor/class=all true\n", "Dockerfile:4:5", "--device is not supported"),
            (first + "HEALTHCHECK --interval=soon CMD true\n", "Dockerfile:4:24", "is no duration"),
            (first + "HEALTHCHECK --retries=-1 CMD true\n", "Dockerfile:4:23", "HEALTHCHECK")):
        done = make(oakum, tmp_path, text=text, base=small, status=1)
        assert place in done.stderr and said in done.stderr and "ran" not in done.stderr.replace("echo ran", ""), done.stderr
    if "fake-root" in RUNGS:
        done = make(oakum, tmp_path, "--isolation", "fake-root", text=first + "RUN --network=none true\n", base=small, status=1)
        assert "Dockerfile:4: RUN without network" in done.stderr and "RUN echo" not in done.stderr


def test_front_end(oakum, tmp_path):
    for name, told in (("docker/dockerfile:1", False), ("mirror.example:5000/docker/dockerfile@sha256:" + "0" * 64, False), ("other/language:2", True)):
        done = make(oakum, tmp_path, "--print-plan", text=f"# syntax={name}\nFROM scratch\n")
        assert (f"the front end {name} is not loaded" in done.stderr) == told


def test_switches_of_buildkit(oakum, tmp_path):
    done = make(oakum, tmp_path, "--print-plan", "--build-arg", "BUILDKIT_SYNTAX=x", "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=n",
                "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all", "--build-arg", "BUILDKIT_MINE=1")
    assert [line for line in done.stderr.splitlines() if "BUILDKIT" in line] == ["warning: --build-arg BUILDKIT_SYNTAX changes nothing here but an ARG of its name"]


def test_arguments_of_the_builder(oakum, tmp_path):
    text = "ARG TARGETSTAGE\nFROM scratch AS last\nARG TARGETSTAGE\nARG SOURCE_DATE_EPOCH\nLABEL stage=$TARGETSTAGE epoch=$SOURCE_DATE_EPOCH\n"
    for options, env, stage, epoch, created in (([], {}, "last", "", "1970-01-01T00:00:00Z"),
                                                (["--target", "last"], {"SOURCE_DATE_EPOCH": "1000000000"}, "last", "1000000000", "2001-09-09T01:46:40Z"),
                                                (["--build-arg", "SOURCE_DATE_EPOCH=86400"], {"SOURCE_DATE_EPOCH": "5"}, "last", "86400", "1970-01-02T00:00:00Z")):
        make(oakum, tmp_path, *options, "-o", "oci:out:v1", text=text, env=env)
        config = blob(tmp_path / "out", manifest_of(tmp_path / "out")["config"]["digest"])
        assert config["config"]["Labels"] == {"stage": stage, "epoch": epoch} and config["created"] == created

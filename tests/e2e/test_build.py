"""Dockerfile to image, on every rung; test_matrix.py does it with Debian's packages."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
import restricted
from conftest import OAKUM, RUNGS, spoken

DOCKERFILE = r"""
ARG BASE
FROM ${BASE} AS builder
ARG V=1.2
ENV PLACE=/opt/x LANG=C.UTF-8
WORKDIR /src
COPY dir/ dir/
COPY hello.sh run*.txt ./
RUN set -e; echo "v$V $PLACE" > out; ln out out2; mkdir -p /opt/x; cp hello.sh /opt/x/; chmod 4755 /opt/x/hello.sh; \
    rm -rf /usr/share/doc; echo changed > /etc/hosts; echo lost > /dev/null; touch /dev/shm/gone; mkdir -m 1777 /var/sticky; ln -s nowhere /opt/x/link
RUN true
FROM ${BASE}
COPY --from=builder /opt/x /opt/x
COPY --from=0 --chown=nobody:nogroup --chmod=0640 /src/out /etc/deep/er/out
RUN echo ann:x:1010:1010::/home/ann:/bin/sh >> /etc/passwd; mkdir -p /home/ann; id
USER ann
WORKDIR /home/ann/data
LABEL a=b
EXPOSE 80 443/tcp
ENTRYPOINT ["/opt/x/hello.sh"]
CMD ["--x"]
"""


def make_context(folder, dockerfile=DOCKERFILE):
    (folder / "dir").mkdir(parents=True)
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "hello.sh").write_text("#!/bin/sh\necho hi\n")
    (folder / "hello.sh").chmod(0o755)
    for name in ("run1.txt", "dir/f"):
        (folder / name).write_text(name)
        (folder / name).chmod(0o644)
    (folder / "dir").chmod(0o755)
    (folder / "dir/l").symlink_to("f")
    return folder


def build(oakum, context, base, *options, env=None, umask=None, cache=False):
    """Carries every step out, unless the cache is what is tested."""
    return subprocess.run([oakum, "build", *([] if cache else ["--no-cache"]), "--build-arg", f"BASE={base}" if ":" in str(base) else f"BASE=rootfs:{base}", *options, str(context)], capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, umask=-1 if umask is None else umask)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


def test_same_bytes_everywhere(oakum, small_tar, store, tmp_path):
    """Two folders, umasks, time zones, thread counts and rungs: one digest."""
    digests = []
    ways = [("2", "UTC", 0o022), ("1", "Asia/Tokyo", 0o077), ("1", "America/St_Johns", 0o002), ("2", "Europe/Rome", 0o022)]
    for i, (rung, (threads, zone, umask)) in enumerate([(RUNGS[0], ways[1])] + list(zip(RUNGS, ways))):
        context = make_context(tmp_path / f"c{i}")
        done = build(oakum, context, small_tar, "--isolation", rung, "--threads", threads, "--store", str(store), "--output",
                     f"oci:{tmp_path}/out:{i}", env={"TZ": zone}, umask=umask)
        assert done.returncode == 0, done.stderr
        digests.append(done.stdout.strip())
    assert len(set(digests)) == 1 and digests[0].startswith("sha256:")
    index = json.loads((tmp_path / "out/index.json").read_text())
    assert [m["annotations"]["org.opencontainers.image.ref.name"] for m in index["manifests"]] == [str(i) for i in range(len(digests))]
    blob = lambda digest: tmp_path / "out/blobs" / digest.replace(":", "/")
    manifest = json.loads(blob(digests[0]).read_text())
    config = json.loads(blob(manifest["config"]["digest"]).read_text())
    assert config["created"] == "1970-01-01T00:00:00Z"
    assert config["config"]["User"] == "ann" and config["config"]["WorkingDir"] == "/home/ann/data"
    assert config["config"]["ExposedPorts"] == {"443/tcp": {}, "80/tcp": {}}
    history = [row["created_by"] for row in config["history"]]
    assert history[0] == "COPY /opt/x /opt/x # buildkit"
    assert history[1] == "COPY --chown=nobody:nogroup --chmod=0640 /src/out /etc/deep/er/out # buildkit"
    assert history[2].startswith("RUN /bin/sh -c echo ann:x") and history[2].endswith("id # buildkit")
    assert history[-2:] == ['ENTRYPOINT ["/opt/x/hello.sh"]', 'CMD ["--x"]']
    assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"]) == 5
    listing = subprocess.run(["tar", "-tvzf", str(blob(manifest["layers"][1]["digest"]))], capture_output=True, text=True, check=True).stdout
    assert "-rwsr-xr-x root/root" in listing.replace("0/0", "root/root") and "link -> nowhere" in listing
    listing = subprocess.run(["tar", "-tzf", str(blob(manifest["layers"][3]["digest"]))], capture_output=True, text=True, check=True).stdout
    assert "etc/hosts" not in listing and "home/ann/" in listing and "etc/passwd" in listing


CHANGES = r"""
ARG BASE
FROM $BASE
WORKDIR /w
RUN echo a > a && ln a b && ln a c && mkdir -p d/e/f && echo x > d/e/f/x && mkfifo d/p && ln -s a l && ln l l2
RUN chmod 600 b; echo more >> c
RUN rm -rf d/e && mkdir d/e && echo y > d/e/y
RUN rm -rf /usr/share/doc && mkdir /usr/share/doc && touch /usr/share/doc/new && rm -f /etc/motd /etc/hosts; echo q > /etc/hosts
RUN cp -a d dd && rm -r d && mv a /tmp/a && rm b && mkdir b && echo z > b/z; chmod 711 /w
RUN true
RUN touch same && chmod 0600 c; cat c > c2 && sleep 1 && cat c2 > c; touch /etc; chmod 0755 /usr/bin
RUN rm -rf /etc/alternatives; ln -s /tmp /etc/alternatives; touch -d @5 /usr/bin/perl; chown 3:4 /usr/bin/perl
RUN rm -rf dd; rm /tmp/a; tool xattr /w/c user.k v; tool xattr /w user.k v
RUN tool bind /w/socket; mkdir gone && rmdir gone
COPY Dockerfile b/
RUN cp -a b bb && rm -r b && ln bb/Dockerfile k && mkdir b && : > b/.keep
WORKDIR /
USER 33
RUN touch /tmp/mine
"""


def test_overlay_and_root_itself(oakum, small, tmp_path):
    """What a step changed is told alike on an overlay, in the root itself and in the chroot, hard links and all."""
    (tmp_path / "Dockerfile").write_text(CHANGES)
    digests = {}
    for rung in RUNGS:
        for off in ["", "1"] if rung not in ("chroot", "fake-root") else ["1"]:
            done = build(oakum, tmp_path, small, "--isolation", rung, "--store", str(tmp_path / "s"), "--verbose",
                         "--output", f"oci:{tmp_path}/out:{rung}{off}", env={"OAKUM_TEST_NO_OVERLAY": off})
            assert done.returncode == 0, done.stderr
            assert ("steps run on an overlay" in done.stderr) == (off == ""), done.stderr
            digests[rung, off] = done.stdout
    assert len(set(digests.values())) == 1, digests
    manifest = json.loads(blob(tmp_path / "out", digests["chroot", "1"]).read_text())
    own = [name for layer in manifest["layers"][1:] for name in subprocess.run(
        ["tar", "-tzf", str(blob(tmp_path / "out", layer["digest"]))], capture_output=True, text=True, check=True).stdout.splitlines()]
    # the second RUN: one write by each name of a file changes all three
    assert all(own.count(name) == n for name, n in [("w/b", 2), ("w/d/e/.wh.f", 1), ("usr/share/doc/new", 1), ("w/.wh.dd", 1)])
    assert "etc/hosts" not in own and "w/socket" not in own and "w/gone/" not in own and "w/same" in own and own.count("w/c") == 3
    assert list((tmp_path / "s/work").iterdir()) == []


def blob(layout, digest):
    return layout / "blobs" / digest.strip().replace(":", "/")


if {"root", "userns"} <= set(RUNGS):
    @pytest.fixture
    def open_folder(small_tar):
        """A folder that a plain user reaches, with the program and a base in it."""
        with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
            folder = pathlib.Path(name)
            folder.chmod(0o755)
            shutil.copy(OAKUM, folder / "oakum")
            shutil.copy(small_tar, folder / "base.tar")
            (folder / "home").mkdir()
            os.chown(folder / "home", 54321, 54321)
            yield folder

    def test_plain_user(small_tar, store, open_folder):
        """A user without privileges builds the bytes that root builds; files keep their owners, the step its uid 0."""
        context = make_context(open_folder / "c", DOCKERFILE.replace("; id\n", "; id; cat /proc/self/uid_map; chown 33:44 /srv; touch /dev/null || exit 9\n"))
        root = build(OAKUM, context, small_tar, "--isolation", "root", "--store", str(store))
        assert root.returncode == 0, root.stderr
        options = ["--store", open_folder / "home/s", "--output", f"oci:{open_folder}/home/o:v"]
        plain = restricted.run_plain(open_folder, open_folder / "oakum", "build", "--build-arg", f"BASE=rootfs:{open_folder}/base.tar", *options, context)
        assert plain.returncode == 0, plain.stderr
        assert plain.stdout == root.stdout and "uid=0(root)" in plain.stderr
        assert [line.split() for line in spoken(plain.stderr) if line.endswith("65536")] == [["1", "200000", "65536"]]
        # nothing is left of the unpacked roots but the base that is kept, and all else that is left is the user's own
        assert list((open_folder / "home/s/work").iterdir()) == []
        kept, = (open_folder / "home/s/trees").iterdir()
        assert {p.lstat().st_uid for p in (open_folder / "home").rglob("*") if kept / "root" not in p.parents} == {54321}
        pruned = restricted.run_plain(open_folder, open_folder / "oakum", "store", "prune", "--all", "--store", open_folder / "home/s")
        assert pruned.returncode == 0 and list((open_folder / "home/s/trees").iterdir()) == [], pruned.stderr

    def test_plain_user_without_ids(open_folder):
        """No range of ids: the rung that needs them tells the way out and leaves nothing; without a wish another one is taken."""
        (open_folder / "Dockerfile").write_text(f"FROM rootfs:{open_folder}/base.tar\nRUN id; chown 7:8 /srv; stat -c %u:%g /srv\n")
        command = [open_folder / "oakum", "build", "--store", open_folder / "home/s"]
        done = restricted.run_plain(open_folder, *command, "--isolation", "userns", open_folder, ranges="other:1:2\n")
        assert done.returncode == 1 and "usermod --add-subuids" in done.stderr and "userns" in done.stderr, done.stderr
        assert list((open_folder / "home").iterdir()) == []
        done = restricted.run_plain(open_folder, *command, open_folder, ranges="other:1:2\n")
        assert done.returncode == 0 and "uid=0(root)" in done.stderr and "7:8" in done.stderr.splitlines(), done.stderr


def test_outside_reader_and_runner(oakum, small, store, tmp_path):
    """skopeo reads what was written; the plan names the lines; a failing command is told with its line."""
    context = make_context(tmp_path / "c")
    done = build(oakum, context, small, "--store", str(store), "--output", f"oci:{tmp_path}/out:v", "--output",
                 f"docker-archive:{tmp_path}/a.tar:x:v", "--output", f"oci-archive:{tmp_path}/b.tar:v")
    assert done.returncode == 0, done.stderr
    for source in (f"oci:{tmp_path}/out:v", f"docker-archive:{tmp_path}/a.tar", f"oci-archive:{tmp_path}/b.tar"):
        shown = subprocess.run(["skopeo", "inspect", "--config", source], capture_output=True, text=True, check=True).stdout
        assert json.loads(shown)["config"]["Cmd"] == ["--x"]
        # and every layer can be copied, which checks every digest
        subprocess.run(["skopeo", "copy", "-q", source, f"dir:{tmp_path}/copy"], check=True)
    plan = build(oakum, context, small, "--print-plan")
    assert plan.stdout.startswith("stage 0 builder from oci:") and "line 5: ENV PLACE" in plan.stdout


@pytest.mark.parametrize("text, message", [
    ("ARG BASE\nFROM ${BASE}\nRUN exit 9\n", "Dockerfile:3: RUN: the command failed: exit status 9"),
    ("ARG BASE\nFROM ${BASE}\nCOPY nothing /x\n", 'Dockerfile:3: COPY: "nothing" is not in the context'),
    ("ARG BASE\nFROM ${BASE}\nCOPY ../../etc/passwd /x\n", 'is not in the context'),
    ("ARG BASE\nFROM ${BASE}\nCOPY --from=localhost:1/none /x /x\n", "pull localhost:1/none"),
    ("ARG BASE\nFROM ${BASE}\nUSER ghost\nRUN id\n", 'the image has no user "ghost"'),
    ("FROM ${NONE}\n", "names nothing; is an ARG missing"),
    ("ARG BASE\nFROM ${BASE}\nADD http://127.0.0.1:1/x /\n", "Dockerfile:3: ADD: GET http://127.0.0.1:1/x: "),
])
def test_errors_name_their_line_and_leave_nothing(oakum, small, store, tmp_path, text, message):
    context = make_context(tmp_path / "c", text)
    done = build(oakum, context, small, "--store", str(store), "--output", f"oci:{tmp_path}/out:v")
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert done.stdout == "" and not (tmp_path / "out").exists()


def test_ignore_file_and_archives(oakum, small, store, tmp_path):
    context = make_context(tmp_path / "c", "ARG BASE\nFROM ${BASE}\nCOPY . /all/\nADD a.tar.gz /un/\n")
    (context / ".dockerignore").write_text("dir\n*.txt\n!run1.txt\nDockerfile\n.dockerignore\n")
    (context / "no.txt").write_text("x")
    subprocess.run(["tar", "-C", str(context), "-czf", str(context / "a.tar.gz"), "hello.sh", "dir"], check=True)
    done = build(oakum, context, small, "--store", str(store), "--output", f"oci:{tmp_path}/out:v")
    assert done.returncode == 0, done.stderr
    index = json.loads((tmp_path / "out/index.json").read_text())
    blob = lambda digest: tmp_path / "out/blobs" / digest.replace(":", "/")
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
    lists = [sorted(subprocess.run(["tar", "-tzf", str(blob(layer["digest"]))], capture_output=True, text=True, check=True).stdout.split())
             for layer in manifest["layers"][1:]]
    assert lists[0] == ["all/", "all/a.tar.gz", "all/hello.sh", "all/run1.txt"]
    assert lists[1] == ["un/", "un/dir/", "un/dir/f", "un/dir/l", "un/hello.sh"]

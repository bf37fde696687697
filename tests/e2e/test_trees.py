"""Unpacked bases that the store keeps: the same bytes with and without, on every rung; never changed; never trusted when damaged."""
import fcntl
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
import restricted
from conftest import OAKUM, RUNGS
from test_build import CHANGES, build

VIEWS = [rung for rung in RUNGS if rung in ("root", "userns")]
# what would come through if a step reached the kept tree: by each name of a file, by metadata, in place and by removal
HOSTILE = r"""
ARG BASE
FROM $BASE
RUN echo more >> /links/one; chmod 0777 /links/two; echo x > /etc/passwd; touch -d @7 /links /links/three
RUN mv /links /moved; rm -rf /etc/alternatives; chown 5:6 /usr /usr/bin; ln /moved/one /moved/four; tool xattr /usr user.k v
RUN echo again >> /moved/two; rm -rf /usr/share; mkdir /usr/share; chmod 700 /; rm -f /etc/hosts; echo q > /etc/hosts
COPY Dockerfile /moved/one
COPY Dockerfile /bin/
RUN echo and again >> /moved/three; cat /moved/two /moved/one > /moved/all; mkdir /links; ln /moved/two /links/two
"""


def all_below(folder):
    """Everything that can be told of a tree, access times aside."""
    out = []
    for path in sorted(folder.rglob("*")):
        st = path.lstat()
        content = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        xattrs = [] if path.is_symlink() else [(name, os.getxattr(path, name)) for name in sorted(os.listxattr(path))]
        out.append((str(path.relative_to(folder)), st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_ino, content, xattrs))
    return out


@pytest.fixture(scope="module")
def linked(tmp_path_factory, small_tar):
    """The small base, and a file with three names."""
    folder = tmp_path_factory.mktemp("linked")
    shutil.copy(small_tar, folder / "base.tar")
    (folder / "links").mkdir()
    (folder / "links/one").write_text("one\n")
    os.link(folder / "links/one", folder / "links/two")
    os.link(folder / "links/one", folder / "links/three")
    subprocess.run(["tar", "-rf", folder / "base.tar", "-C", folder, "--mtime=@1000000000", "--owner=0", "--group=0", "links"], check=True)
    return folder / "base.tar"


def trees(store):
    return sorted((store / "trees").iterdir()) if (store / "trees").exists() else []


@pytest.mark.parametrize("text", [CHANGES, HOSTILE], ids=["changes", "hostile"])
def test_twice_equals_cold(oakum, linked, tmp_path, text):
    """Cold, warm, and without: one digest on every rung; what is kept stays as it was."""
    context = tmp_path / "c"
    context.mkdir()
    (context / "Dockerfile").write_text(text)
    digests = {}
    for rung in RUNGS:
        store = tmp_path / rung
        before = None
        for way in ["cold", "warm", "without"]:
            done = build(oakum, context, linked, "--isolation", rung, "--store", str(store), "--verbose", *(["--keep-trees", "0"] if way == "without" else []))
            assert done.returncode == 0, done.stderr
            digests[rung, way] = done.stdout
            if rung in VIEWS:
                assert ("kept from before" in done.stderr) == (way == "warm"), done.stderr
                tree, = trees(store)
                now = all_below(tree / "root") + [p.read_bytes() for p in [tree / "image"] if p.exists()]
                assert (before or now) == (before := now)
            assert list((store / "work").iterdir()) == []
        if rung in VIEWS:
            checked = subprocess.run([oakum, "store", "check", "--store", store], capture_output=True, text=True)
            assert checked.returncode == 0 and " 0 damaged" in checked.stdout, checked.stdout
    assert len(set(digests.values())) == 1, digests


if VIEWS:
    RUNG = VIEWS[0]
    SMALL = "ARG BASE\nFROM $BASE AS a\nRUN echo a > /a\nFROM $BASE AS b\nRUN echo b > /b\nFROM $BASE\nCOPY --from=a /a /\nRUN --mount=type=bind,from=b,target=/m cat /m/b > /c; test -e /links/one\n"

    @pytest.fixture
    def one(oakum, linked, tmp_path):
        """A build to be done many times: (run, store)."""
        context = tmp_path / "c"
        context.mkdir()
        (context / "Dockerfile").write_text(SMALL)
        return (lambda *more: build(oakum, context, linked, "--isolation", RUNG, "--store", str(tmp_path / "s"), "--verbose", *more)), tmp_path / "s"

    def test_stages_share_one(one):
        run, store = one
        done = run()
        assert done.returncode == 0 and done.stderr.count("unpacked base: not kept") == 1, done.stderr
        assert len(trees(store)) == 1

    def test_many_steps(oakum, linked, tmp_path):
        """More steps than the kernel lays folders over each other."""
        lines = "".join(f"RUN echo {i} >> /links/one; rm -rf /d; mkdir /d; echo {i} > /d/{i}\n" for i in range(105))
        (tmp_path / "Dockerfile").write_text("ARG BASE\nFROM $BASE\n" + lines)
        outs = {build(oakum, tmp_path, linked, "--isolation", RUNG, "--store", str(tmp_path / "s"), *more).stdout for more in [[], ["--keep-trees", "0"]]}
        assert len(outs) == 1 and outs.pop().startswith("sha256:")

    def test_damaged_notes(one):
        """Cut, changed or gone: the tree is thrown away."""
        run, store = one
        want = run().stdout
        for damage in [lambda p: p.write_bytes(p.read_bytes()[:-9]), lambda p: p.write_bytes(p.read_bytes()[:40] + b"\xff" + p.read_bytes()[41:]), pathlib.Path.unlink]:
            tree, = trees(store)
            damage(tree / "notes")
            done = run()
            assert done.returncode == 0 and done.stdout == want and "unpacked anew" in done.stderr, done.stderr
            assert run().stderr.count("kept from before") >= 1

    def test_store_check_tells(oakum, one):
        run, store = one
        want = run().stdout
        tree, = trees(store)
        if (tree / "image").exists():
            whole = (tree / "image").read_bytes()
            (tree / "image").write_bytes(whole.replace(b"one\n\0", b"two\n\0"))
        else:
            (tree / "root/links/one").write_text("two\n")
        told = subprocess.run([oakum, "store", "check", "--store", store], capture_output=True, text=True)
        assert told.returncode == 1 and f"trees/{tree.name}: damaged" in told.stdout
        assert subprocess.run([oakum, "store", "check", "--remove", "--store", store], capture_output=True, text=True).returncode == 0
        assert trees(store) == [] and run().stdout == want

    def test_show_and_prune(oakum, one):
        run, store = one
        assert run().returncode == 0
        areas = json.loads(subprocess.run([oakum, "store", "show", "--format", "json", "--store", store], capture_output=True, check=True).stdout)
        mine = next(area for area in areas if area["name"] == "base trees")
        assert mine["count"] == 1 and mine["bytes"] > 1000000
        (store / "trees/.new-1-2-3/root").mkdir(parents=True)
        prune = lambda *how: subprocess.run([oakum, "store", "prune", *how, "--store", store], check=True, capture_output=True)
        prune("--keep-days", "1")
        assert len(trees(store)) == 1  # what was used stays, what a killed build left does not
        prune("--max-size", "1000")
        assert trees(store) == []

    def test_limit(oakum, linked, one, tmp_path):
        """What is larger than the limit is not kept; of two that are together too large the one goes that was not used for longer."""
        run, store = one
        want = run("--keep-trees", "1000")
        assert want.returncode == 0 and trees(store) == []
        assert run().stdout == want.stdout
        first, = trees(store)
        other = tmp_path / "other.tar"
        shutil.copy(linked, other)
        subprocess.run(["tar", "-rf", other, "-C", linked.parent, "--transform=s/links/more/", "links"], check=True)
        size = sum(p.lstat().st_blocks * 512 for p in (first / "root").rglob("*"))
        done = build(oakum, tmp_path / "c", other, "--isolation", RUNG, "--store", str(store), "--keep-trees", str(size * 3 // 2))
        assert done.returncode == 0, done.stderr
        second, = trees(store)
        assert second.name != first.name
        # one that somebody uses stays
        held = os.open(second, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_SH)
        assert run("--keep-trees", str(size * 3 // 2)).stdout == want.stdout
        assert second.name in {p.name for p in trees(store)}
        os.close(held)

    def test_two_at_once(one):
        run, store = one
        want = run("--keep-trees", "0").stdout
        assert trees(store) == []
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: run(), range(4)))
        assert {d.stdout for d in done} == {want}, [d.stderr for d in done]
        assert len(trees(store)) == 1 and not trees(store)[0].name.startswith(".")

    def test_killed(oakum, linked, tmp_path):
        """kill -9 at any moment: the next build has the same bytes, and what the killed one left goes."""
        context = tmp_path / "c"
        context.mkdir()
        (context / "Dockerfile").write_text(SMALL)
        words = [oakum, "build", "--no-cache", "--build-arg", f"BASE=rootfs:{linked}", "--isolation", RUNG, "--store", str(tmp_path / "s"), str(context)]
        begun = time.monotonic()
        want = subprocess.run(words, capture_output=True, text=True)
        assert want.returncode == 0, want.stderr
        whole = time.monotonic() - begun
        source = random.Random(11)
        for _ in range(int(os.environ.get("OAKUM_KILLS", "30")) // 3):
            shutil.rmtree(tmp_path / "s/trees", ignore_errors=True)
            child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(source.random() * whole)
            child.send_signal(signal.SIGKILL)
            child.wait()
            assert all(p.name.startswith(".") or (p / "notes").stat().st_size > 0 for p in trees(tmp_path / "s"))
            done = subprocess.run(words, capture_output=True, text=True)
            assert done.stdout == want.stdout, done.stderr
            assert len(trees(tmp_path / "s")) == 1

    def test_full_disk(oakum, linked, tmp_path):
        """Where there is no room for a new tree those that nobody uses go, and the build is right all the same."""
        with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
            disk = pathlib.Path(name) / "disk"
            disk.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "none", disk], check=True)
            try:
                (tmp_path / "Dockerfile").write_text("ARG BASE\nFROM $BASE\nRUN echo a > /a\n")
                layout = tmp_path / "base"
                packed = tmp_path / "packed"
                packed.mkdir()
                (packed / "Dockerfile").write_text("ARG BASE\nFROM $BASE\nLABEL a=b\n")
                assert build(oakum, packed, linked, "--store", str(tmp_path / "s"), "--output", f"oci:{layout}:v").returncode == 0
                run = lambda: build(oakum, tmp_path, f"oci:{layout}:v", "--isolation", RUNG, "--store", str(disk / "s"), "--verbose")
                first = run()
                assert first.returncode == 0, first.stderr
                tree, = trees(disk / "s")
                tree.rename(tree.with_name(tree.name[:-8] + "00000000"))  # as that of another base
                (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - (1 << 20)))
                again = run()
                assert again.returncode == 0 and again.stdout == first.stdout, again.stderr
                assert "for this stage alone" in again.stderr and tree.name[:-8] + "00000000" not in {p.name for p in trees(disk / "s")}, again.stderr
            finally:
                subprocess.run(["umount", disk], check=True)


if {"root", "userns"} <= set(RUNGS):
    def test_plain_user_warm(linked):
        """The owners on disk are those of the user's ranges: the same bytes, warm and cold."""
        with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
            folder = pathlib.Path(name)
            folder.chmod(0o755)
            shutil.copy(OAKUM, folder / "oakum")
            shutil.copy(linked, folder / "base.tar")
            (folder / "home").mkdir()
            os.chown(folder / "home", 54321, 54321)
            (folder / "c").mkdir()
            (folder / "c/Dockerfile").write_text(HOSTILE)
            words = ["build", "--no-cache", "--verbose", "--build-arg", f"BASE=rootfs:{folder}/base.tar", "--store", folder / "home/s", folder / "c"]
            root = build(OAKUM, folder / "c", linked, "--isolation", "root", "--store", str(folder / "r"))
            assert root.returncode == 0, root.stderr
            for way in ["not kept", "kept from before"]:
                done = restricted.run_plain(folder, folder / "oakum", *words)
                assert done.returncode == 0 and done.stdout == root.stdout and f"unpacked base: {way}" in done.stderr, done.stderr
            check = restricted.run_plain(folder, folder / "oakum", "store", "check", "--store", folder / "home/s")
            assert check.returncode == 0 and " 0 damaged" in check.stdout, check.stdout + check.stderr

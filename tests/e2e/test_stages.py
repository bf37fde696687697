"""Stages that do not need each other run at the same time, and give what they give one after the other."""
import fcntl
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import time

import faults
import pytest
from build_case import flatten, listing, tar_bytes
from conftest import RUNGS

BASE = """FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""
# each of the two waits for a sign of the other, which can only come when both run
MEET = BASE + """FROM base AS one
RUN --mount=type=cache,id=@ID@,target=/c,sharing=shared touch /c/one; for i in $(seq 600); do [ -e /c/two ] && break; sleep 0.1; done; [ -e /c/two ] && echo 1 > /a
FROM base AS two
RUN --mount=type=cache,id=@ID@,target=/c,sharing=shared touch /c/two; for i in $(seq 600); do [ -e /c/one ] && break; sleep 0.1; done; [ -e /c/one ] && echo 2 > /b
FROM base
COPY --from=one /a /a
COPY --from=two /b /b
"""
FOUR = BASE + "".join(f"""FROM base AS s{i}
RUN for n in 1 2 3 4 5; do echo {i} $n > /f$n; echo "line $n of {i}"; done; mkdir /d && ln /f1 /d/l
RUN rm /f2; chmod 600 /f3; echo part; printf end
""" for i in range(4)) + """FROM base AS sum
COPY --from=s0 /f1 /d/ /s0/
COPY --from=s3 /f1 /d/ /s3/
FROM sum
COPY --from=s1 /f1 /d/ /s1/
RUN --mount=from=s2,target=/m cat /m/f* > /two; cat /s0/f1 /s3/f1 /s1/f1
"""


@pytest.fixture
def go(oakum, tmp_path):
    """Builds a Dockerfile from busybox alone; each build in a store of its own."""
    shutil.copy("/bin/busybox", tmp_path)
    numbers = itertools.count()

    def build(dockerfile, *options):
        (tmp_path / "Dockerfile").write_text(dockerfile)
        number = next(numbers)
        return subprocess.run([oakum, "build", "--store", str(tmp_path / f"s{number}"), "--output", f"oci:{tmp_path}/o{number}", *options, str(tmp_path)],
                              capture_output=True, text=True, timeout=300)
    return build


def test_they_meet(go):
    done = go(MEET.replace("@ID@", "meet"), "--threads", "2", "--isolation", RUNGS[0])
    assert done.returncode == 0, done.stderr


def test_a_shared_cache_waits_for_no_user(go, tmp_path):
    """Another build uses the cache while this one finds that it is still to be made, and goes on."""
    folder = tmp_path / "s0/mounts" / hashlib.sha256(b"used").hexdigest() / "0"
    folder.mkdir(parents=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        done = go(BASE + "RUN --mount=type=cache,id=used,target=/c touch /c/one && ls /c > /a\n", "--isolation", RUNGS[0])
    assert done.returncode == 0 and os.listdir(folder / "data") == ["one"], done.stderr


@pytest.mark.parametrize("rung", RUNGS)
def test_same_digest_with_one_thread_and_with_two(go, rung):
    told = {}
    for threads in ("1", "2", "3"):
        done = go(FOUR, "--threads", threads, "--isolation", rung)
        assert done.returncode == 0, done.stderr
        told[threads] = done
    assert len({done.stdout for done in told.values()}) == 1
    # alone: as the step prints it; beside others: whole lines, with the stage in front, each stage's own in its order
    assert "[" not in told["1"].stderr.replace('["/bin/busybox"', "").replace("[ ", "")
    for threads in ("2", "3"):
        lines = told[threads].stderr.splitlines()
        own = [line.removeprefix("[s1] ") for line in lines if line.startswith("[s1] ")]
        assert own[2:7] == [f"line {n} of 1" for n in range(1, 6)] and own[8:] == ["part", "end"]


@pytest.mark.parametrize("rung", RUNGS)
def test_one_that_fails_ends_the_others(go, rung, tmp_path):
    """The slow stage would take ten minutes, and its process says so by its name."""
    nap = f"600.{os.getpid()}"
    started = time.monotonic()
    done = go(BASE + f"FROM base AS slow\nRUN sleep {nap} & sleep {nap}\nFROM base AS bad\nRUN sleep 1; exit 7\nFROM base AS late\nCOPY --from=slow /a /a\n"
              "FROM base\nCOPY --from=late /a /a\nCOPY --from=bad /b /b\n", "--threads", "2", "--isolation", rung)
    assert time.monotonic() - started < 300  # it was ended
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"error: build: {tmp_path}/Dockerfile:7: RUN: the command failed: exit status 7"
    for process in pathlib.Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                assert nap.encode() not in (process / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                pass
    assert list((tmp_path / "s0/work").iterdir()) == []


def test_of_two_that_fail_the_first_is_told(go, tmp_path):
    done = go(BASE + "FROM base AS a\nCOPY nothing /\nFROM base AS b\nCOPY nothing2 /\nFROM base\nCOPY --from=b / /\nCOPY --from=a / /\n", "--threads", "1")
    assert done.returncode == 1 and f"{tmp_path}/Dockerfile:5: COPY: " in done.stderr.splitlines()[-1]


def test_caches_in_either_order_do_not_block(go):
    """Two steps that take two locked caches the other way round."""
    mounts = ["--mount=type=cache,id=deadA,target=/x,sharing=locked", "--mount=type=cache,id=deadB,target=/y,sharing=locked"]
    stages = "".join(f"FROM base AS s{i}\n" + f"RUN {mounts[i]} {mounts[1 - i]} echo a >> /x/n; echo b >> /y/n\n" * 5 for i in range(2))
    done = go(BASE + stages + "FROM base\nCOPY --from=s0 /bin/busybox /0\nCOPY --from=s1 /bin/busybox /1\n", "--threads", "2")
    assert done.returncode == 0, done.stderr


class Moving(faults.Registry):
    """A registry whose tag means another image each time that it is asked for."""

    def __init__(self, images):
        super().__init__(auth=None)
        self.images = images
        for manifest, blobs in images:
            self.add("team/base", "v1", manifest, blobs)

    def fault(self, name):
        with self.lock:  # asked at each request
            asked = len(self.requests("GET", "/manifests/v1"))
            self.manifests["team/base", "v1"] = (faults.MANIFEST, self.images[min(asked, len(self.images)) - 1][0])
        return super().fault(name)


def layered(text):
    """Manifest and blobs of an image with one file."""
    layer = tar_bytes(listing(f'who f 0644 "{text}"'))
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "history": [{"created_by": "base"}],
                         "rootfs": {"type": "layers", "diff_ids": [faults.digest(layer)]}}).encode()
    manifest = {"schemaVersion": 2, "mediaType": faults.MANIFEST,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": faults.digest(config), "size": len(config)},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": faults.digest(layer), "size": len(layer)}]}
    return json.dumps(manifest).encode(), [config, layer]


@pytest.mark.parametrize("check", [False, True])
def test_a_tag_is_asked_for_once(go, tmp_path, check):
    """Every stage sees the same image, whatever the registry says meanwhile, and with "# check=error=true" the checks do, too."""
    server = Moving([layered(text) for text in ("one", "two", "three", "four")])
    try:
        name = f"{server.address}/team/base:v1"
        done = go(("# check=error=true\n" if check else "") + f"FROM {name} AS a\nCOPY busybox /a\nFROM a AS b\nCOPY --from={name} /who /copied\nFROM {name} AS c\nCOPY --from=b /who /copied /b/\n",
                  "--threads", "1")
        assert done.returncode == 0, done.stderr
        assert len(server.requests("GET", "/manifests/")) == 1
    finally:
        server.close()
    tree, _ = flatten(tmp_path / "o0")
    assert [tree[path].content for path in ("who", "b/who", "b/copied")] == [b"one"] * 3

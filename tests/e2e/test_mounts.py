"""RUN --mount, --network and --security on every rung: what a step sees, and that nothing of it stays."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading

import pytest
from conftest import RUNGS, spoken
from test_build import blob, build

DOCKERFILE = r"""
ARG BASE
FROM $BASE AS other
RUN mkdir -p /data/sub && echo stage > /data/sub/f && echo one > /data/one
FROM $BASE
ARG WHERE=/mnt/ctx
WORKDIR /work
RUN --mount=type=bind,target=${WHERE} --mount=from=other,source=/data,target=/mnt/stage \
    --mount=from=other,source=data/one,target=rel/file \
    set -e; ls /mnt/ctx; stat -c '%u:%g %a' /mnt/ctx/kept; cat /mnt/stage/sub/f /work/rel/file; find /mnt/ctx -name '*.no'
RUN test ! -e /mnt/ctx && test ! -e rel && test -d /mnt
RUN --mount=type=bind,rw,target=/ctx --mount=from=other,source=/data,target=/st,rw \
    set -e; echo new > /ctx/kept; echo new > /st/one; rm -r /st/sub; cat /ctx/kept /st/one
RUN --mount=type=bind,target=/ctx --mount=from=other,source=/data,target=/st cat /ctx/kept /st/one /st/sub/f
RUN --mount=type=cache,target=/var/cache/mine,uid=12,gid=13,mode=0750 \
    set -e; stat -c 'cache %u:%g %a' /var/cache/mine; cat /var/cache/mine/count 2>/dev/null || true; echo x >> /var/cache/mine/count
RUN --mount=type=cache,id=/var/cache/mine,target=/elsewhere,sharing=locked,uid=12,gid=13,mode=0750 cat /elsewhere/count
RUN --mount=type=cache,target=/usr/share/doc,from=other,source=/data,sharing=private ls /usr/share/doc; touch /usr/share/doc/marker
RUN test ! -e /usr/share/doc/marker && test -d /usr/share/doc/bash
RUN --mount=type=tmpfs,target=/tmp/t,size=1m set -e; test -z "$(ls -A /tmp/t)"; stat -c 'tmpfs %a' /tmp/t; echo gone > /tmp/t/f
RUN --mount=type=secret,id=token --mount=type=secret,id=token,target=/root/.deep/tok,mode=0444,uid=1 --mount=type=secret,id=var,env=SEEN \
    --mount=type=secret,id=missing \
    set -e; cat /run/secrets/token; stat -c 'secret %u:%g %a %s' /run/secrets/token /root/.deep/tok; echo "env $SEEN"; ls /run/secrets
RUN --mount=type=secret,id=token,mode=0400 --mount=type=secret,id=token,target=/open,mode=0444 \
    ln -s /run/secrets/token /l; su nobody -s /bin/sh -c 'cat /l /run/secrets/token 2>/dev/null || echo denied; cat /open'; rm /l; \
    sh -c 'echo x > /open' 2>/dev/null || echo read-only
RUN test ! -e /run/secrets && test ! -e /root/.deep && test ! -e /open && test -z "$SEEN"
RUN echo made > /made
"""


def context_of(folder):
    (folder / "c").mkdir()
    (folder / "c/Dockerfile").write_text(DOCKERFILE)
    (folder / "c/.dockerignore").write_text("*.no\nsecret*\n")
    for name in ("kept", "left.no"):
        (folder / "c" / name).write_text(name + "\n")
        (folder / "c" / name).chmod(0o640)
        os.chown(folder / "c" / name, 1234, 1234)
    (folder / "token").write_text("hush-hush\n")
    return folder / "c"


@pytest.fixture(scope="module")
def built(oakum, small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mounts")
    context = context_of(folder)
    runs = {}
    for rung in RUNGS:
        runs[rung] = [build(oakum, context, small, "--isolation", rung, "--store", str(folder / rung), "--output", f"oci:{folder}/o:{rung}",
                            "--secret", f"id=token,src={folder}/token", "--secret", "id=var,env=A_SECRET", env={"A_SECRET": "from-env"}) for _ in range(2 if rung == RUNGS[-1] else 1)]
        for done in runs[rung]:
            assert done.returncode == 0, done.stderr
    return folder, runs


@pytest.mark.parametrize("rung", RUNGS)
def test_what_steps_see(built, rung):
    first, *second = (spoken(done.stderr) for done in built[1][rung])
    for line in ("0:0 640", "stage", "one", "new", "cache 12:13 750", "x", "sub", "tmpfs 1777", "hush-hush", "secret 0:0 400 10", "secret 1:0 444 10", "env from-env", "denied",
                 "read-only"):
        assert line in first, line
    assert "left.no" not in first and "kept" in first
    assert first.count("kept") == 2 and first.count("new") == 2  # what is written to a bind mount is thrown away
    assert first.count("x") == 1 and first.count("missing") == 0
    for lines in second:
        assert lines.count("x") == 3  # the cache stays from build to build


def test_one_digest_without_a_trace(built):
    folder, runs = built
    digests = {done.stdout for pair in runs.values() for done in pair}
    assert len(digests) == 1
    manifest = json.loads(blob(folder / "o", digests.pop()).read_text())
    config = blob(folder / "o", manifest["config"]["digest"]).read_text()
    assert "hush" not in config and "from-env" not in config and "A_SECRET" not in config
    names = subprocess.run(["tar", "tf", blob(folder / "o", manifest["layers"][-1]["digest"])], capture_output=True, text=True, check=True).stdout
    assert names.splitlines() == ["made"]
    # neither in the store of any rung
    found = subprocess.run(["grep", "-rl", "hush-hush", *(str(folder / rung) for rung in RUNGS)], capture_output=True, text=True)
    assert found.stdout == "" and found.returncode == 1
    assert not [p for rung in RUNGS for p in (folder / rung / "work").iterdir()]


def agent_of(folder):
    """A fake agent: it answers what it is told."""
    path = str(folder / "agent")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o600)
    server.listen()

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            data = peer.recv(100)
            peer.sendall(b"agent heard " + data)
            peer.close()
    threading.Thread(target=serve, daemon=True).start()
    return path, server


@pytest.mark.parametrize("rung", RUNGS)
def test_ssh_agent(oakum, small, rung, tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c/Dockerfile").write_text(
        "ARG BASE\nFROM $BASE\nRUN --mount=type=ssh tool unix $SSH_AUTH_SOCK\nRUN --mount=type=ssh,id=other,target=/agent,mode=0666 su nobody -s /bin/sh -c 'tool unix $SSH_AUTH_SOCK'\n"
        "RUN --mount=type=ssh,id=none test -z \"$SSH_AUTH_SOCK\" && test ! -e /run/buildkit && test ! -e /agent\n")
    with tempfile.TemporaryDirectory() as short:
        import pathlib
        path, server = agent_of(pathlib.Path(short))
        done = build(oakum, tmp_path / "c", small, "--isolation", rung, "--store", str(tmp_path / "s"), "--ssh", f"default={path}", "--ssh", f"other={path}",
                     "--output", f"oci:{tmp_path}/o")
        server.close()
    assert done.returncode == 0, done.stderr
    assert "agent heard hello /run/buildkit/ssh_agent.0" in done.stderr and "agent heard hello /agent" in done.stderr


@pytest.mark.parametrize("rung", RUNGS)
def test_network(oakum, small, rung, tmp_path):
    (tmp_path / "c").mkdir()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        (tmp_path / "c/Dockerfile").write_text(
            f'ARG BASE\nFROM $BASE\nRUN tool tcp {port}\nRUN --network=none ! tool tcp {port} 2>/dev/null && echo cut off\nRUN --network=host tool tcp {port}\n'
            f"RUN --security=sandbox true\n")
        done = build(oakum, tmp_path / "c", small, "--isolation", rung, "--store", str(tmp_path / "s"), "--output", f"oci:{tmp_path}/o")
        if rung == "fake-root":
            assert done.returncode == 1 and "the rung fake-root cannot cut a step off from the network" in done.stderr
            return
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines().count("reached") == 2 and "cut off" in done.stderr.splitlines()
        done = build(oakum, tmp_path / "c", small, "--isolation", rung, "--store", str(tmp_path / "s"), "--network", "none")
        assert done.returncode == 1 and "the command failed" in done.stderr


@pytest.mark.parametrize("rung", RUNGS)
def test_a_link_in_place_of_a_cache_leads_nowhere(oakum, small, rung, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/f").write_text("of the host")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/Dockerfile").write_text(
        f"ARG BASE\nFROM $BASE\nRUN --mount=type=cache,target=/k rm -rf /k 2>/dev/null; ln -s {tmp_path}/outside /k 2>/dev/null; true\n"
        "RUN --mount=type=cache,target=/k cat /k/f 2>/dev/null && exit 1; test ! -L /k\n")
    done = build(oakum, tmp_path / "c", small, "--isolation", rung, "--store", str(tmp_path / "s"), "--output", f"oci:{tmp_path}/o")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "outside/f").read_text() == "of the host"


@pytest.mark.parametrize("line, words", [
    ("RUN --mount=type=bind,source=nothing,target=/x true", 'source "nothing" is not in the context'),
    ("RUN --mount=type=secret,id=a,required=true true", 'secret "a" is required'), ("RUN --mount=type=ssh,required=true true", 'the ssh agent "default" is required'),
    ("RUN --mount=type=bind,target=/ true", "nothing can be mounted there"), ("RUN --mount=type=tmpfs,target=/proc/x true", "nothing can be mounted there"),
    ("RUN --mount=type=tmpfs,target=/etc/passwd true", "a file stands in the way"), ("RUN --mount=type=bind,source=Dockerfile,target=/etc true", "a file cannot be mounted on a folder"),
    ("RUN --mount=type=cache true", "no target"), ("RUN --security=insecure true", "no step gets more rights"),
])
def test_refused(oakum, small, tmp_path, line, words):
    (tmp_path / "Dockerfile").write_text(f"ARG BASE\nFROM $BASE\n{line}\n")
    done = build(oakum, tmp_path, small, "--store", str(tmp_path / "s"))
    assert done.returncode == 1 and words in done.stderr, done.stderr

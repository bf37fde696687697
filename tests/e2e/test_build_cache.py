"""Steps that were carried out before are not carried out again, unless something that they can see is another."""
import json
import os
import pathlib
import subprocess
import time

import pytest
from conftest import spoken

DOCKERFILE = """ARG BASE
FROM $BASE AS tool
RUN mkdir /tool && echo t > /tool/t
FROM $BASE
ARG V=1
ARG HTTP_PROXY
LABEL a=@LABEL@
RUN --mount=target=/c --mount=from=tool,source=/tool,target=/t cat /c/data /t/t > /out; echo "ran one"
RUN true && echo "ran two"
RUN --mount=type=secret,id=s echo "ran three $V" > /three; cat /three
"""


@pytest.fixture
def work(oakum, small, tmp_path):
    """A folder and a function that builds in it: which of the steps really ran, and the digest."""
    context = tmp_path / "c"
    context.mkdir()
    (context / "data").write_text("data\n")
    (context / "data").chmod(0o644)
    (context / "other").write_text("x")
    (context / ".dockerignore").write_text("other\nDockerfile\n")
    (tmp_path / "secret").write_text("one")

    def go(*options, label="1", dockerfile=DOCKERFILE):
        (context / "Dockerfile").write_text(dockerfile.replace("@LABEL@", label))
        done = subprocess.run([oakum, "build", "--build-arg", f"BASE={small}", "--store", str(tmp_path / "s"), "--secret", f"id=s,src={tmp_path}/secret",
                               "--output", f"oci:{tmp_path}/o", *options, str(context)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        lines = spoken(done.stderr)
        return [word for word in ("one", "two", "three") if any(line.startswith("ran " + word) for line in lines)], done.stdout.strip()
    return context, go


def test_what_is_carried_out_again(work, tmp_path):
    context, go = work
    ran, digest = go()
    assert ran == ["one", "two", "three"]
    assert go() == ([], digest)
    assert go("--no-cache") == (["one", "two", "three"], digest)
    # what no step can see
    os.utime(context / "data", (1, 1))
    (context / "other").write_text("y")
    (tmp_path / "secret").write_text("two")
    assert go() == ([], digest)
    assert go("--build-arg", "HTTPS_PROXY=http://127.0.0.1:1") == ([], digest)
    ran, labelled = go(label="2")
    assert ran == [] and labelled != digest
    # an argument is seen by every step after it, also a proxy that is declared
    assert go("--build-arg", "V=2")[0] == ["one", "two", "three"]
    assert go("--build-arg", "HTTP_PROXY=http://127.0.0.1:1")[0] == ["one", "two", "three"]
    assert go("--build-arg", "HTTP_PROXY=http://127.0.0.1:2")[0] == ["one", "two", "three"]
    assert go(dockerfile=DOCKERFILE.replace("ARG HTTP_PROXY", "ARG http_proxy=http://127.0.0.1:3"))[0] == ["one", "two", "three"]
    assert go(dockerfile=DOCKERFILE.replace("ARG HTTP_PROXY", "ARG http_proxy=http://127.0.0.1:4"))[0] == ["one", "two", "three"]
    # content of a bind mount: the steps behind it stand on another root then
    (context / "data").write_text("changed\n")
    ran, changed = go()
    assert ran == ["one", "two", "three"] and changed != digest
    (context / "data").chmod(0o600)
    assert go() == (["one"], changed)  # what came of it is what came of it before, and so are the steps behind it
    (context / "data").write_text("data\n")
    (context / "data").chmod(0o644)
    assert go() == ([], digest)
    # a command
    assert go(dockerfile=DOCKERFILE.replace("RUN true &&", "RUN true  &&"))[0] == ["two"]
    # the epoch, but neither the time of day nor those of files where they are kept
    assert go("--timestamps", "keep")[0] == ["one", "two", "three"]
    time.sleep(1.1)
    os.utime(context / "data", (2, 2))
    assert go("--timestamps", "keep")[0] == []
    assert go("--timestamps", "keep", "--build-arg", "SOURCE_DATE_EPOCH=5")[0] == ["one", "two", "three"]


def test_an_old_record_is_not_used(work, tmp_path):
    _, go = work
    digest = go()[1]
    for record in (tmp_path / "s/cache").iterdir():
        os.utime(record, (record.stat().st_mtime - 7200,) * 2)
    assert go("--cache-ttl", "3h") == ([], digest)
    assert go("--cache-ttl", "1h") == (["one", "two", "three"], digest)
    assert go("--cache-ttl", "1h") == ([], digest)


@pytest.mark.parametrize("damage", ["record", "blob", "nothing there"])
def test_damage(work, tmp_path, damage):
    """A record that cannot be read, or whose layer is gone, costs a run, never the result."""
    _, go = work
    digest = go()[1]
    records = list((tmp_path / "s/cache").iterdir())
    assert len(records) == 4
    for record in records:
        if damage == "record":
            record.write_text("{\"empty\": 1")
        elif damage == "nothing there":
            record.write_text("{\"empty\": false}")
        elif not json.loads(record.read_text())["empty"]:
            (tmp_path / "s/blobs" / json.loads(record.read_text())["digest"].replace(":", "/")).unlink()
    ran, again = go()
    assert again == digest and "one" in ran


def test_nothing_is_unpacked(work, small, tmp_path):
    """All from the cache: no layer of the base is read, so that it need not even be there."""
    _, go = work
    digest = go()[1]
    away = tmp_path / "away"
    away.mkdir()
    layers = [path for path in (pathlib.Path(small[4:-len(":latest")]) / "blobs/sha256").iterdir() if path.stat().st_size > 500000]
    assert layers
    try:
        for path in layers:
            path.rename(away / path.name)
        assert go() == ([], digest)
    finally:
        for path in layers:
            (away / path.name).rename(path)

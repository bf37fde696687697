"""One cache that many fresh machines share: what changes a key and what does not, platforms beside each other, builders at once."""
import itertools
import json
import os
import pathlib
import re
import subprocess
import time

import build_case
import pytest
from conftest import spoken
from test_cache_remote import server  # noqa: F401  (a fixture)

DOCKERFILE = """ARG BASE
FROM $BASE
COPY a.txt /a.txt
RUN cat /a.txt > /A; echo "ran a"
ARG USED=1
RUN echo "$USED" > /U; echo "ran used"
COPY --parents d/*.txt /
RUN --mount=type=secret,id=s cat /run/secrets/s > /dev/null; cat /d/b.txt > /B; echo "ran b"
RUN --mount=target=/c,source=c.txt cat /c > /C; echo "ran c"
ARG LATE
LABEL late=$LATE
"""


def write_context(folder, dockerfile=DOCKERFILE):
    for name, text in {"a.txt": "a", "d/b.txt": "b", "c.txt": "c", "left.out": "l", "Dockerfile": dockerfile, ".dockerignore": "left.out\nDockerfile\n"}.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)


class Machines:
    """Each build is one of a machine that nobody has built on: only the cache knows anything."""

    def __init__(self, oakum, folder, base, source, to=None):
        self.oakum, self.folder, self.base, self.numbers = oakum, folder, base, itertools.count()
        self.cache = ["--cache-from", source, "--cache-to", to or source]
        self.context = folder / "c"
        write_context(self.context)
        (folder / "secret").write_text("one")

    def command(self, *options, context=None):
        n = next(self.numbers)
        out = self.folder / f"o{n}"
        return out, [self.oakum, "build", "--build-arg", f"BASE={self.base}", "--store", str(self.folder / f"s{n}"), "--secret", f"id=s,src={self.folder}/secret",
                     "-o", f"oci:{out}:x", *self.cache, *options, str(context or self.context)]

    def build(self, *options):
        """Which steps were carried out, and the digest."""
        self.out, command = self.command(*options)
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 and "Sanitizer" not in done.stderr, done.stderr
        self.said = done.stderr
        return [m[1] for m in (re.match(r"ran (\w+)$", line) for line in spoken(done.stderr)) if m], done.stdout.strip()


@pytest.fixture(params=["repository", "tag", "layout", "min"])
def machines(request, oakum, small, tmp_path, server):
    name, folder = f"{server.address}/shared/{request.param}", tmp_path / "cache"
    return Machines(oakum, tmp_path, small, *{"repository": [name], "tag": [f"{name}:main", f"type=registry,ref={name}:main,mode=max"], "min": [f"type=registry,ref={name}", f"type=registry,ref={name},mode=min"],
                                              "layout": [f"type=local,src={folder}", f"type=local,dest={folder},mode=max"]}[request.param])


def test_what_another_machine_carries_out(machines):
    """All of it belongs to one stage, so that a cache of mode min says the same."""
    context, everything = machines.context, ["a", "used", "b", "c"]
    ran, first = machines.build()
    assert ran == everything
    assert machines.build() == ([], first)
    # what no step can see: times, what the ignore file names, what a secret holds
    for path in context.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    (context / "left.out").write_text("other")
    (machines.folder / "secret").write_text("two")
    assert machines.build() == ([], first)
    # an argument that no line declares is nobody's; one that only the config uses changes only that
    ran, same = machines.build("--build-arg", "NOBODY=1")
    assert (ran, same) == ([], first)
    ran, other = machines.build("--build-arg", "LATE=1")
    assert ran == [] and other != first
    # one that is declared is seen from there on
    assert machines.build("--build-arg", "USED=2")[0] == ["used", "b", "c"]
    # a file changes what copies it and what comes after, a mounted one only the step that mounts it
    (context / "c.txt").write_text("cc")
    assert machines.build()[0] == ["c"]
    (context / "d/b.txt").write_text("bb")
    assert machines.build()[0] == ["b", "c"]
    (context / "a.txt").chmod(0o600)
    assert machines.build()[0] == everything
    # and a file that a pattern finds now
    (context / "a.txt").chmod(0o644)
    (context / "d/b.txt").write_text("b")
    (context / "c.txt").write_text("c")
    (context / "d/new.txt").write_text("n")
    assert machines.build()[0] == ["b", "c"]
    (context / "d/new.txt").unlink()
    assert machines.build() == ([], first)


PLATFORMS = """ARG BASE
FROM --platform=$BUILDPLATFORM $BASE AS tool
ARG TARGETARCH
RUN echo "$TARGETARCH" > /t; echo "ran tool"
FROM scratch
WORKDIR /w
COPY --from=tool /t /t
COPY a.txt /w/
"""


def test_platforms_beside_each_other(oakum, small, tmp_path, server):
    """What is built for one platform is never taken for another, and each is found."""
    machines = Machines(oakum, tmp_path, small, f"{server.address}/shared/platforms")
    write_context(machines.context, PLATFORMS)
    for platform in ("linux/amd64", "linux/arm64", "linux/arm/v7"):
        ran, _ = machines.build("--platform", platform)
        assert ran == ["tool"]
    ran, _ = machines.build("--platform", "linux/arm64,linux/amd64")
    assert ran == [] and "0 steps told" in machines.said
    for platform, wanted in (("linux/arm/v7", "arm"), ("linux/amd64", "amd64"), ("linux/arm64", "arm64")):
        assert machines.build("--platform", platform)[0] == []
        tree, config = build_case.flatten(machines.out)
        assert tree["t"].content == f"{wanted}\n".encode() and config["architecture"] == wanted


def test_old_entries_are_made_again(oakum, small, tmp_path, server):
    machines = Machines(oakum, tmp_path, small, f"{server.address}/shared/old")
    first = machines.build()[1]
    assert machines.build("--cache-ttl", "1h") == ([], first)
    time.sleep(2.1)  # ages are whole seconds
    assert machines.build("--cache-ttl", "1s") == (["a", "used", "b", "c"], first)


@pytest.mark.parametrize("same", [True, False], ids=["one context", "contexts of their own"])
def test_builders_at_once(oakum, small, tmp_path, server, same):
    """Several read and tell one repository at once: each gives what it gives alone, and no entry is lost or wrong."""
    name = f"{server.address}/shared/{'one' if same else 'each'}"
    machines = Machines(oakum, tmp_path, small, f"{name}/cache")
    contexts = [machines.context if same else tmp_path / f"c{i}" for i in range(3)]
    if not same:
        for i, context in enumerate(contexts):
            write_context(context)
            (context / "d/b.txt").write_text(f"{i}")
    begun = [machines.command("-t", f"{name}/app:v{i}", "--push", context=context) for i, context in enumerate(contexts)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _, command in begun]
    told = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0] * len(runs), told
    digests = [out.strip() for out, _ in told]
    assert len(set(digests)) == (1 if same else len(contexts))
    for i, ((out, _), context) in enumerate(zip(begun, contexts)):
        tree, _ = build_case.flatten(out)
        assert tree["B"].content == (context / "d/b.txt").read_bytes() and tree["C"].content == b"c"
        machines.context = context
        assert machines.build() == ([], digests[i]), (told, machines.said)
        manifest = json.loads((machines.out / "index.json").read_text())["manifests"][0]["digest"]
        assert manifest == digests[i] and pathlib.Path(machines.out, "blobs", manifest.replace(":", "/")).exists()

"""Instructions carried out as BuildKit does it, on every rung; what is not carried out is refused before the first step."""
import json
import subprocess

import pytest
from conftest import RUNGS, spoken
from test_build import blob, build

DOCKERFILE = r"""
ARG BASE
FROM $BASE AS base
ONBUILD COPY <<X /trigger
triggered $V
X
ONBUILD RUN cat /trigger; echo on > /onbuild
MAINTAINER Some One <a@b>
FROM base
ENV A=env B=env
ARG A=arg
ARG V=vee
RUN <<EOF
set -e
echo "A=$A V=$V"
if true; then echo multi > /multi; fi
EOF
RUN <<-"PY"
	#!/bin/tool args
PY
RUN cat <<one > /one && cat <<-two > /two
1 $A
one
	2 $A
two
ENV A=again
RUN echo "A=$A"; cat /one /two /multi
COPY <<"lit" <<exp --not-a-flag /etc/docs/
$A literal
lit
$A expanded "q" \$A
exp
COPY --chown=daemon --chmod=0600 <<one /etc/single
x
one
RUN cat /etc/docs/lit /etc/docs/exp /onbuild; stat -c '%a %U' /etc/single
VOLUME ["/data", "/x y"]
VOLUME /z $A
EXPOSE 127.0.0.1:8080:80 90-92/UDP
HEALTHCHECK --interval=1m30s --timeout=250ms --retries=3 CMD curl -f "http://x" || exit 1
CMD ["a"]
""".replace(" --not-a-flag", "")


@pytest.fixture(scope="module")
def built(oakum, small, tmp_path_factory):
    """Standard error of the build on each rung, and the config of the result."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    runs = {}
    for rung in RUNGS:
        done = build(oakum, folder, small, "--isolation", rung, "--store", str(folder / "s"), "--output", f"oci:{folder}/o:{rung}")
        assert done.returncode == 0, done.stderr
        runs[rung] = done
    assert len({done.stdout for done in runs.values()}) == 1
    manifest = json.loads(blob(folder / "o", runs["chroot"].stdout).read_text())
    return runs, json.loads(blob(folder / "o", manifest["config"]["digest"]).read_text())


@pytest.mark.parametrize("rung", RUNGS)
def test_what_steps_see(built, rung):
    lines = spoken(built[0][rung].stderr)
    for line in ("triggered ", "A=arg V=vee", "/dev/pipes/PY", "1 arg", "2 arg", "multi", "A=again", "$A literal", 'again expanded "q" $A', "on", "600 daemon"):
        assert line in lines, line


def test_config(built):
    config = built[1]
    assert config["author"] == "Some One <a@b>"
    assert config["config"]["Volumes"] == {"/data": {}, "/x y": {}, "/z": {}, "again": {}}
    assert config["config"]["ExposedPorts"] == {"80/tcp": {}, "90/udp": {}, "91/udp": {}, "92/udp": {}}
    assert config["config"]["Healthcheck"] == {"Test": ["CMD-SHELL", 'curl -f "http://x" || exit 1'], "Interval": 90 * 10**9, "Timeout": 250 * 10**6, "Retries": 3}
    assert "OnBuild" not in config["config"] and config["config"]["Env"][-2:] == ["A=again", "B=env"]
    rows = [row["created_by"] for row in config["history"]]
    assert "VOLUME [/data /x y]" in rows and "VOLUME [/z again]" in rows and "EXPOSE [80/tcp 90/udp 91/udp 92/udp]" in rows
    assert r'''HEALTHCHECK &{["CMD-SHELL" "curl -f \"http://x\" || exit 1"] "1m30s" "250ms" "0s" "0s" '\x03'}''' in rows
    assert "MAINTAINER Some One <a@b>" in rows and not any(row.startswith("ONBUILD") for row in rows)
    assert "COPY <<lit <<exp /etc/docs/ # buildkit" in rows
    # the triggers ran behind FROM, before the instructions of the file
    assert rows.index("RUN /bin/sh -c cat /trigger; echo on > /onbuild # buildkit") < rows.index("ENV A=env B=env")


@pytest.mark.parametrize("line, words", [
    ("RUN --security=insecure true", "no step gets more rights"), ("RUN --device=x true", "--device is not supported"), ("FRUM x", "did you mean FROM"),
])
def test_refused_before_the_first_step(oakum, tmp_path, line, words):
    (tmp_path / "a").write_text("")
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\nRUN never\n{line}\n")
    done = subprocess.run([oakum, "build", "--store", str(tmp_path / "s"), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1 and words in done.stderr and "Dockerfile:3:" in done.stderr and "never" not in done.stderr, done.stderr

"""Sources of a build that need more than a case can say: servers of git, the machine's settings, several builds compared."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

import build_case
import pytest
from build_case import flatten, layout, listing, tar_bytes, tree_lines, write_folder
from conftest import RUNGS
from test_build_case import GIT_ENV, make_repository, start_server


def build(oakum, folder, dockerfile, *options, context=None, env=None, data=None, status=0, **keys):
    """Builds and returns (lines of the tree, stderr)."""
    where = context or folder / "context"
    if context is None:
        where.mkdir(exist_ok=True)
        (where / "Dockerfile").write_text(dockerfile)
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run([oakum, "build", "--store", str(folder / "store"), "--output", f"oci:{out}:x", *options, str(where)], capture_output=True, timeout=120,
                          input=data, env={**os.environ, **(env or {})}, **keys)
    said = done.stderr.decode()
    assert done.returncode == status, said
    assert "Sanitizer" not in said
    return (tree_lines(flatten(out)[0], {}) if status == 0 else None), said


@pytest.fixture
def daemon(tmp_path):
    """A smart server of all repositories in a folder; (folder, URL)."""
    served = tmp_path / "served"
    served.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = pathlib.Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()) / "git-daemon"
    with subprocess.Popen([str(program), "--export-all", f"--base-path={served}", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr"],
                          env=GIT_ENV, stderr=subprocess.DEVNULL) as child:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield served, f"git://127.0.0.1:{port}"
        child.terminate()


REPOSITORY = """f f 0644 "old"
=== commit
f f 0644 "unnamed"
=== branch b
f f 0755 "branch"
=== tag v1
f f 0644 "tag"
"""


def test_git_smart(oakum, tmp_path, daemon):
    """Branch, tag, and one commit of the history; only that comes over the wire."""
    served, url = daemon
    commits = make_repository(tmp_path / "work", served / "r.git", REPOSITORY, {"http": ""})
    lines, _ = build(oakum, tmp_path, f"FROM scratch\nADD {url}/r.git#b /b\nADD {url}/r.git#v1 /v\nADD {url}/r.git#{commits['commit']} /c\n"
                     f"ADD --keep-git-dir=true {url}/r.git#v1 /k\n")
    files = [line for line in lines if not line.startswith("k/.git")]
    assert files == ["b d 0755", 'b/f f 0755 "branch"', "c d 0755", 'c/f f 0644 "unnamed"', "k d 0755", 'k/f f 0644 "tag"', "v d 0755", 'v/f f 0644 "tag"']
    assert any(line.startswith(f'k/.git/shallow f 0644 "{commits["v1"]}') for line in lines), "the whole history was fetched"
    assert not any("hooks" in line for line in lines)


def test_git_submodules(oakum, tmp_path, daemon):
    """Submodules come along unless they are declined; nothing named .git is left, and a path of the machine is no submodule."""
    served, url = daemon
    part = make_repository(tmp_path / "part", served / "part.git", 'p f 0644 "part"\n', {"http": ""})["main"]
    make_repository(tmp_path / "work", served / "r.git", f'f f 0644 "f"\n.gitmodules f 0644 "[submodule \\"s\\"]\\n\\tpath = s\\n\\turl = ../part.git\\n"\n'
                    f's m {url}/part.git {part}\n', {"http": ""})
    lines, _ = build(oakum, tmp_path, f"FROM scratch\nADD {url}/r.git /x\nADD {url}/r.git?submodules=false /y\n")
    assert [line for line in lines if "gitmodules" not in line] == ["x d 0755", 'x/f f 0644 "f"', "x/s d 0755", 'x/s/p f 0644 "part"', "y d 0755", 'y/f f 0644 "f"', "y/s d 0755"]
    make_repository(tmp_path / "evil-work", served / "evil.git",
                    f'f f 0644 "f"\n.gitmodules f 0644 "[submodule \\"s\\"]\\n\\tpath = s\\n\\turl = {served}/part.git\\n"\ns m x {part}\n', {"http": ""})
    _, said = build(oakum, tmp_path, f"FROM scratch\nADD {url}/evil.git /x\n", status=1)
    assert "transport 'file' not allowed" in said


def test_git_is_ours_alone(oakum, tmp_path, daemon):
    """Neither the user's nor the machine's settings of git count; a hook or a filter of theirs never runs."""
    served, url = daemon
    make_repository(tmp_path / "work", served / "r.git", 'f f 0644 "a\\n"\n.gitattributes f 0644 "* filter=evil text eol=crlf\\n"\n', {"http": ""})
    home = tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    (home / "hooks/post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (home / "hooks/post-checkout").chmod(0o755)
    (home / ".gitconfig").write_text(f'[core]\n\thooksPath = {home}/hooks\n[filter "evil"]\n\tsmudge = touch {tmp_path}/ran; cat\n'
                                     f'[url "file://{tmp_path}/nowhere"]\n\tinsteadOf = {url}\n')
    lines, _ = build(oakum, tmp_path, f"FROM scratch\nADD {url}/r.git /x\n", env={"HOME": str(home), "GIT_DIR": str(tmp_path), "GIT_SSH_COMMAND": "false",
                                                                                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": f"{home}/hooks"})
    assert 'x/f f 0644 "a\\r\\n"' in lines  # as the repository says
    assert not (tmp_path / "ran").exists()


def test_git_missing(oakum, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    for status, dockerfile in [(1, "FROM scratch\nADD git://127.0.0.1/x.git /x\n")]:
        _, said = build(oakum, tmp_path, dockerfile, env={"PATH": str(empty)}, status=status)
        assert "is the program git installed?" in said


def test_git_password(oakum, tmp_path):
    """User and password go in a header, to that server only, and are in no file of the result."""
    served = tmp_path / "served"
    (served / "private").mkdir(parents=True)
    make_repository(tmp_path / "work", served / "private/r.git", 'f f 0644 "f"\n', {"http": ""})
    server = start_server(served, {})
    url = f"http://user:pass@127.0.0.1:{server.server_port}/private/r.git"
    lines, said = build(oakum, tmp_path, f"FROM scratch\nADD --keep-git-dir {url} /x\n")
    assert 'x/f f 0644 "f"' in lines and ":pass@" not in said
    for blob in (tmp_path / "out/blobs/sha256").iterdir():
        data = blob.read_bytes()
        data = __import__("gzip").decompress(data) if data[:2] == b"\x1f\x8b" else data
        assert b":pass@" not in data and b"dXNlcjpwYXNz" not in data, "the password is in the image"
    config = [line for line in lines if line.startswith("x/.git/config")]
    assert "user" not in config[0]
    _, said = build(oakum, tmp_path, f"FROM scratch\nADD {url.replace('user:pass', 'user:wr0ng')} /x\n", status=1)
    assert "wr0ng" not in said
    lines, said = build(oakum, tmp_path, "", context=url, status=1)  # no Dockerfile in it
    assert "Dockerfile" in said and ":pass@" not in said
    server.shutdown()


def layers(folder):
    blob = lambda d: json.loads((folder / "blobs" / d.replace(":", "/")).read_text())
    manifest = blob(json.loads((folder / "index.json").read_text())["manifests"][0]["digest"])
    return [layer["digest"] for layer in manifest["layers"]], blob(manifest["config"]["digest"])


def test_link_does_not_depend_on_base(oakum, tmp_path):
    """The layer of COPY --link has the same bytes on every base: its links, its owners and its date do not count."""
    digests = []
    for i, base in enumerate(['etc l /usr/etc\n', 'etc d 0700 5:5\netc/f d 0700\n']):
        layout(tmp_path / f"base{i}", tar_bytes(listing(base)), {})
        index = tmp_path / f"base{i}/index.json"  # another date of the base
        top = json.loads(index.read_text())
        manifest = json.loads((tmp_path / f"base{i}/blobs" / top["manifests"][0]["digest"].replace(":", "/")).read_text())
        assert manifest["layers"]
        (tmp_path / "context").mkdir(exist_ok=True)
        (tmp_path / "context/f").write_text("f")
        os.utime(tmp_path / "context/f", (1700000000 + i, 1700000000 + i))
        build(oakum, tmp_path, f"FROM oci:{tmp_path}/base{i}:latest\nCOPY --link --chown=1:2 f /etc/f\n")
        digests.append(layers(tmp_path / "out")[0][-1])
    lines, _ = build(oakum, tmp_path, "FROM scratch\nCOPY --link --chown=1:2 f /etc/f\n")
    digests.append(layers(tmp_path / "out")[0][-1])
    assert len(set(digests)) == 1 and lines == ["etc d 0755 1:2", 'etc/f f 0644 1:2 "f"']


@pytest.mark.parametrize("rung", RUNGS)
def test_same_on_each_rung(oakum, tmp_path, rung):
    """Owners of archives and of contexts that are archives need no rights: one digest whatever the mask and the rung."""
    entries = listing('Dockerfile f 0644 "FROM scratch\\nCOPY d /d\\nADD in.tar /in\\nCOPY --from=n . /n\\n"\nd d 0700 3:4\nd/f f 0640 5:6 "f"\nd/l l f 7:8\n')
    inner = build_case.parse("in.tar f 0644")
    inner.content = tar_bytes(listing('a f 0600 9:10 "a"\n'))
    context, named = tmp_path / "c.tar", tmp_path / "n"
    context.write_bytes(tar_bytes(entries + [inner]))
    write_folder(named, listing('m f 0604 "m"\n'))
    digests = set()
    for umask in (0o022, 0o077):
        lines, _ = build(oakum, tmp_path, "", "--isolation", rung, "--build-context", f"n={named}", context=context, umask=umask)
        digests.add(json.loads((tmp_path / "out/index.json").read_text())["manifests"][0]["digest"])
    assert len(digests) == 1
    assert lines == ["d d 0755", 'd/f f 0640 5:6 "f"', "d/l l f 7:8", "in d 0755", 'in/a f 0600 9:10 "a"', "n d 0755", 'n/m f 0604 "m"']


def test_dockerfile_on_stdin(oakum, tmp_path):
    """-f - takes the Dockerfile from standard input, and the context still is the folder."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context/a").write_text("a")
    (tmp_path / "context/a").chmod(0o644)
    lines, _ = build(oakum, tmp_path, "", "-f", "-", context=tmp_path / "context", data=b"FROM scratch\nCOPY a /b\n")
    assert lines == ['b f 0644 "a"']
    _, said = build(oakum, tmp_path, "", "-f", "-", context="-", data=b"FROM scratch\n", status=1)
    assert "cannot be both" in said
    _, said = build(oakum, tmp_path, "", context="-", data=b"", status=1)
    assert "standard input is empty" in said


def test_http_that_breaks_off(oakum, tmp_path):
    """A transfer that ends too early is begun again; one that always does is an error, and no partial image."""
    import threading
    served = []

    def serve(listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                served.append(1)
                body = b"x" * 1000
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n" + (body if len(served) == 2 else body[:10]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        lines, _ = build(oakum, tmp_path, f"FROM scratch\nADD http://127.0.0.1:{listener.getsockname()[1]}/f /x\n")
        assert len(served) == 2 and lines[0].startswith("x f 0600 1000:")
        _, said = build(oakum, tmp_path, f"FROM scratch\nADD http://127.0.0.1:{listener.getsockname()[1]}/f?again /x\n", status=1)
        assert len(served) > 3 and "GET http://127.0.0.1" in said

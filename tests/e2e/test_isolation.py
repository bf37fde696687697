"""The holes that other builders had, tried on each rung. Each attempt is made twice: as it is against the sandbox, where it must do no harm,
and without one (in a folder with nothing around it, or by the same words without the guard), where it succeeds: so it really is an attempt.

The ids in the names are those of the reports. What a running step can try against kernel and builder is in hostile.c (test_sandbox.py,
test_fake_root.py).
"""
import io
import json
import os
import pathlib
import socket
import subprocess
import tarfile
import threading
import time

import pytest
import restricted
from build_case import flatten, layout, listing, tar_bytes
from conftest import RUNGS
from test_build import blob, build
from test_fake_root import place  # noqa: F401  (a fixture)

MARK = "of-the-host"


@pytest.fixture
def host(tmp_path):
    """Files of the machine that no build may read or write, and a way to see that none was written."""
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "secret").write_text(MARK)
    (folder / "sub").mkdir()
    (folder / "sub/secret").write_text(MARK)

    def untouched():
        assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")) == ["secret", "sub", "sub/secret"]
        assert (folder / "secret").read_text() == (folder / "sub/secret").read_text() == MARK
    return folder, untouched


def write(folder, dockerfile, **files):
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run(oakum, small, tmp_path, rung, context, *options, env=None):
    return build(oakum, context, small, "--isolation", rung, "--store", str(tmp_path / ("store-" + rung)), "--output", f"oci:{tmp_path}/out-{rung}:x", *options, env=env)


def all_bytes(tmp_path, rung):
    """Everything that the build wrote: store and result."""
    found = b""
    for top in (tmp_path / ("store-" + rung), tmp_path / ("out-" + rung)):
        for path in sorted(top.rglob("*")) if top.exists() else []:
            if path.is_file() and not path.is_symlink():
                found += path.read_bytes()
    return found


def archive(*entries):
    """Entries as they are: (name, type, link or content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, value in entries:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o755
            if kind == tarfile.REGTYPE:
                info.size = len(value)
                tar.addfile(info, io.BytesIO(value.encode()))
            else:
                info.linkname = value
                tar.addfile(info)
    return out.getvalue()


def careless_unpack(data, folder):
    """What the builders with the hole did: names joined to the folder."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            path = os.path.join(folder, info.name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if info.issym():
                os.symlink(info.linkname, path)
            elif info.islnk():
                os.link(os.path.join(folder, info.linkname), path)
            elif info.isfile():
                with open(path, "wb") as out:
                    out.write(tar.extractfile(info).read())


ESCAPES = {
    "up": lambda out: [("../" * 12 + str(out)[1:] + "/new", tarfile.REGTYPE, "x")],
    "through-link": lambda out: [("way", tarfile.SYMTYPE, str(out)), ("way/new", tarfile.REGTYPE, "x")],
    "onto-link": lambda out: [("way", tarfile.SYMTYPE, f"{out}/new"), ("way", tarfile.REGTYPE, "x")],
    "through-two-links": lambda out: [("a", tarfile.SYMTYPE, "../" * 12 + str(out)[1:]), ("b", tarfile.SYMTYPE, "a"), ("b/new", tarfile.REGTYPE, "x")],
}


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("way", ESCAPES)
def test_cve_2026_28406_archives_stay_below(oakum, small, host, tmp_path, way, rung):
    """kaniko: an entry `../x` or one behind a link is written outside; as ADD, as a context, and as a base layer."""
    folder, untouched = host
    data = archive(*ESCAPES[way](folder))
    careless_unpack(data, str(tmp_path / "victim"))
    assert (folder / "new").exists(), "the attempt is none"
    (folder / "new").unlink()
    context = write(tmp_path / "c", f"FROM {small}\nADD a.tar /in/\nRUN ls -R /in\n")
    (context / "a.tar").write_bytes(data)
    run(oakum, small, tmp_path, rung, context)
    untouched()
    (tmp_path / "ctx.tar").write_bytes(data)
    run(oakum, small, tmp_path, rung, tmp_path / "ctx.tar")
    untouched()
    layout(tmp_path / "evil", data, {})
    write(context, f"FROM oci:{tmp_path}/evil:latest AS evil\nFROM {small}\nCOPY --from=evil / /copied/\nRUN ls /copied\n")
    run(oakum, small, tmp_path, rung, context)
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2026_28406_copy_through_links_of_a_stage(oakum, small, host, tmp_path, rung):
    """A stage leaves links to the machine's folders; COPY --from, COPY onto them and WORKDIR behind them stay in the root."""
    folder, untouched = host
    assert os.path.realpath(os.path.join("/", str(folder), "secret")) == str(folder / "secret")
    context = write(tmp_path / "c", f"FROM {small} AS one\nRUN ln -s {folder} /way && ln -s {folder}/secret /file\nFROM {small}\nCOPY --from=one /way /got\nCOPY --from=one /file /got-file\n", f="x")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 1 and MARK.encode() not in all_bytes(tmp_path, rung), done.stderr
    write(context, f"FROM {small}\nRUN ln -s {folder} /way\nCOPY f /way/\nWORKDIR /way/deep\nRUN echo x > new; echo y > /way/secret; cat /way/secret\nADD f /way/sub/secret\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0, done.stderr
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_kaniko_design_the_builder_is_out_of_reach(oakum, small, place, tmp_path, rung):
    """K#1861, K#106, O#909: credentials, tokens, variables and memory of the builder, from inside RUN."""
    home = place / "home"
    (home / ".docker").mkdir(parents=True)
    (home / ".docker/config.json").write_text(json.dumps({"auths": {"r.example": {"auth": MARK}}}))
    token = place / "token"
    token.write_text(MARK)
    script = (f"cat {home}/.docker/config.json {token} /kaniko/.docker/config.json /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null; "
              "for p in /proc/[0-9]*; do cat $p/environ $p/cmdline $p/maps 2>/dev/null; cat $p/root" + str(token) + " $p/cwd/token 2>/dev/null; done; env; true")
    outside = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env={**os.environ, "SECRET": MARK}, errors="replace")
    assert outside.stdout.count(MARK) >= 3, "the attempt is none"
    context = write(tmp_path / "c", f"FROM {small}\nRUN <<EOF\n{script}\nEOF\n")
    done = run(oakum, small, tmp_path, rung, context, env={"SECRET": MARK, "HOME": str(home), "DOCKER_CONFIG": str(home / ".docker")})
    assert done.returncode == 0, done.stderr
    assert MARK not in done.stderr + done.stdout


@pytest.mark.parametrize("rung", RUNGS)
def test_kaniko_design_secrets_end_with_their_step(oakum, small, tmp_path, rung):
    """A secret of one step: not for the next, in no layer, in no history, in no store."""
    (tmp_path / "tok").write_text(MARK)
    context = write(tmp_path / "c", f"FROM {small}\nRUN --mount=type=secret,id=t grep -q {MARK[:6]} /run/secrets/t && touch /seen\n"
                    f"RUN ! grep -r {MARK[:6]}.{MARK[7:]} /run /tmp /etc /var /root /dev/shm 2>/dev/null\n")
    done = run(oakum, small, tmp_path, rung, context, "--secret", f"id=t,src={tmp_path}/tok")
    assert done.returncode == 0, done.stderr
    assert "seen" in flatten(tmp_path / f"out-{rung}")[0]  # the first step had it
    assert MARK.encode() not in all_bytes(tmp_path, rung)


@pytest.mark.parametrize("rung", RUNGS)
def test_kaniko_cache_keys_do_not_collide(oakum, small, tmp_path, rung):
    """O#774, O#791, O#875: joined words, unresolved variables, names and contents that run into each other give other keys."""
    context = tmp_path / "c"
    seen = {}
    for i, (name, text, arg, command) in enumerate([("ab", "c", "x-y", "echo a-b"), ("a", "bc", "x-y", "echo a-b"), ("ab", "c", "x", "echo y-a-b"), ("ab", "c", "x-y", "echo a -b")]):
        if context.exists():
            [p.unlink() for p in context.iterdir()]
        write(context, f"FROM {small}\nARG A\nRUN --mount=target=/c ls /c | grep -v Dockerfile > /names; cat /c/a* > /text; {command} > /said; echo $A >> /said\n", **{name: text})
        done = build(oakum, context, small, "--isolation", rung, "--store", str(tmp_path / "s"), "--output", f"oci:{tmp_path}/o{i}:x", "--build-arg", f"A={arg}", cache=True)
        assert done.returncode == 0, done.stderr
        tree = flatten(tmp_path / f"o{i}")[0]
        said = (command[5:].replace(" -", " -") + "\n" + arg + "\n").encode()
        assert tree["names"].content == (name + "\n").encode() and tree["text"].content == text.encode() and tree["said"].content == said
        seen[done.stdout] = i
    assert len(seen) == 4


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_23651_and_9675_cache_mounts_stay_in_the_store(oakum, small, host, tmp_path, rung):
    """buildkit: a race on the source of a cache; buildah: id=../../.. is joined to a path."""
    folder, untouched = host
    store = tmp_path / ("store-" + rung)
    up = "../" * 12 + str(folder)[1:]
    assert os.path.normpath(os.path.join(str(store), "mounts", up)) == str(folder)
    context = write(tmp_path / "c", f"FROM {small}\nRUN --mount=type=cache,id={up},target=/k ls -A /k; cat /k/secret; echo x > /k/new; true\n"
                    f"RUN --mount=type=cache,id=../../../x,target=/k echo x > /k/new\n"
                    f"RUN --mount=type=cache,id=one,target=/k rm -rf /k; ln -s {folder} /k 2>/dev/null; mkdir -p /k/sub; ln -s {folder} /k/way; true\n"
                    f"RUN --mount=type=cache,id=one,target=/k/ cat /k/way/secret; echo x > /k/way/new; true\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0 and MARK not in done.stderr, done.stderr
    untouched()
    done = run(oakum, small, tmp_path, rung, write(context, f"FROM {small} AS one\nRUN mkdir /d && ln -s {folder} /d/way\nFROM {small}\n"
                                                   "RUN --mount=type=cache,from=one,source=/d/way,target=/k cat /k/secret; true\n"))
    assert MARK not in done.stderr
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_23652_cleaning_up_follows_no_link(oakum, small, host, tmp_path, rung):
    """buildkit: the place that was made for a mount is replaced by a link, and what it leads to is deleted."""
    folder, untouched = host
    context = write(tmp_path / "c", f"FROM {small}\n"
                    f"RUN --mount=type=tmpfs,target=/stub/sub rm -rf /stub 2>/dev/null; mv /stub /moved 2>/dev/null; ln -s {folder} /stub 2>/dev/null; true\n"
                    f"RUN --mount=type=cache,target={folder}/sub mv {folder} /gone 2>/dev/null; ln -s /etc {folder} 2>/dev/null; true\nRUN ls /etc/passwd\n")
    run(oakum, small, tmp_path, rung, context)
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_1753_bind_sources_resolve_inside(oakum, small, host, tmp_path, rung):
    """buildah: the source of a bind mount from a stage is a link, followed on the machine; also a link within the context."""
    folder, untouched = host
    context = write(tmp_path / "c", f"FROM {small} AS one\nRUN ln -s {folder} /way && ln -s / /all && mkdir /d && ln -s {folder}/secret /d/f\nFROM {small}\n"
                    f"RUN --mount=from=one,source=/way,target=/m,rw cat /m/secret; echo x > /m/new; true\n")
    os.symlink(folder, context / "link")
    assert (context / "link/secret").read_text() == MARK  # outside the way leads there
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 1 and MARK not in done.stderr, done.stderr
    for line in (f"RUN --mount=from=one,source=/all,target=/m,rw cat /m{folder}/secret; echo x > /m{folder}/new; true", "RUN --mount=from=one,source=/d,target=/m,rw cat /m/f; echo x > /m/f; true",
                 "RUN --mount=source=link,target=/m,rw cat /m/secret; echo x > /m/new; true", "RUN --mount=source=link/secret,target=/m cat /m; true", "RUN --mount=target=/m,rw cat /m/link/secret; true"):
        write(context, f"FROM {small} AS one\nRUN ln -s / /all && mkdir /d && ln -s {folder}/secret /d/f\nFROM {small}\n{line}\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert MARK not in done.stderr, (line, done.stderr)
        untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_11218_sources_do_not_move_while_stages_run(oakum, small, host, tmp_path, rung):
    """buildah: a stage beside changes the source of a mount into a link between check and use; writes to a bind mount are thrown away."""
    folder, untouched = host
    race = f"i=0; while [ $i -lt 150 ]; do mkdir /d 2>/dev/null; rmdir /d; ln -s {folder} /d; rm /d; i=$((i+1)); done; mkdir /d; echo inner > /d/secret"
    context = write(tmp_path / "c", f"FROM {small} AS one\nRUN {race}\nFROM {small} AS two\nRUN --mount=from=one,source=/d,target=/m,rw cat /m/secret; echo changed > /m/secret\n"
                    f"FROM {small}\nRUN --mount=from=one,source=/d,target=/m grep inner /m/secret\nCOPY --from=one /d /d\nCOPY --from=two /etc/hosts /x\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0 and MARK not in done.stderr, done.stderr
    assert flatten(tmp_path / f"out-{rung}")[0]["d/secret"].content == b"inner\n"
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_9407_options_of_mounts_are_checked(oakum, small, tmp_path, rung):
    """buildah: an option of a mount reaches the kernel unread; here there is none that is not known."""
    for line in ("bind-propagation=shared", "bind-propagation=../../x", "z", "relabel=shared", "type=bind\\,rshared"):
        done = run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN --mount=type=bind,target=/m,{line} true\n"))
        assert done.returncode == 1 and "RUN" in done.stderr, (line, done.stderr)


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_9676_user_files_are_read_inside(oakum, small, host, tmp_path, rung):
    """containers/storage: /etc/passwd of the image is a link to a file, a device or a pipe of the machine."""
    folder, untouched = host
    (folder / "secret").write_text("leak:x:4711:4712::/:/bin/sh\n")
    for target in (f"{folder}/secret", "../" * 12 + str(folder)[1:] + "/secret"):
        context = write(tmp_path / "c", f"FROM {small}\nRUN rm /etc/passwd && ln -s {target} /etc/passwd\nUSER leak\nRUN id\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert done.returncode == 1 and 'no user "leak"' in done.stderr, done.stderr
        write(context, f"FROM {small}\nRUN rm /etc/passwd && ln -s {target} /etc/passwd\nCOPY --chown=leak Dockerfile /x\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert done.returncode == 1 and "leak" in done.stderr, done.stderr
    write(context, f"FROM {small}\nRUN rm /etc/passwd && mkfifo /etc/passwd\nUSER leak\nRUN id\n")
    assert run(oakum, small, tmp_path, rung, context).returncode == 1  # and it does not wait for a writer
    (folder / "secret").write_text(MARK)
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2021_3602_and_2022_27651_environment_and_capabilities(oakum, small, tmp_path, rung):
    """buildah: chroot isolation shows the builder's environment; the inheritable set of capabilities is not empty."""
    context = write(tmp_path / "c", f"FROM {small}\nRUN env; cat /proc/self/environ; grep -E '^(CapInh|CapAmb|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status\nUSER 1234\nRUN grep -E '^Cap(Eff|Prm|Inh|Amb):' /proc/self/status\n")
    outside = subprocess.run(["sh", "-c", "env"], capture_output=True, text=True, env={**os.environ, "SECRET": MARK})
    assert MARK in outside.stdout
    done = run(oakum, small, tmp_path, rung, context, env={"SECRET": MARK, "LD_LIBRARY_PATH": "/nonexistent"})
    assert done.returncode == 0, done.stderr
    assert MARK not in done.stderr and "LD_LIBRARY_PATH" not in done.stderr
    caps = [line.split() for line in done.stderr.splitlines() if line.startswith("Cap")]
    assert {words[1] for words in caps if words[0] in ("CapInh:", "CapAmb:")} == {"0" * 16}
    assert {words[1] for words in caps[-4:]} == {"0" * 16}  # who is not root has none
    bounding = {int(words[1], 16) for words in caps if words[0] == "CapBnd:"}
    assert all(not value & (1 << 21 | 1 << 19 | 1 << 16 | 1 << 17) for value in bounding)  # SYS_ADMIN, SYS_PTRACE, SYS_MODULE, SYS_RAWIO


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2022_2990_groups(oakum, small, tmp_path, rung):
    """buildah: the primary group is missing among the further ones, so that a file which denies it by a group may be read."""
    context = write(tmp_path / "c", f"FROM {small}\nRUN mkdir -m 1777 /w && echo closed > /w/f && chgrp 1001 /w/f && chmod 0604 /w/f\nUSER app\nRUN tool ids; cat /w/f || echo denied\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0 and "denied" in done.stderr.splitlines() and "closed" not in done.stderr.splitlines(), done.stderr
    assert any(line.startswith("uid 1000") and "1001" in line.split("groups")[1].split() for line in done.stderr.splitlines())


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2026_33747_no_front_end_is_run(oakum, small, tmp_path, rung):
    """buildkit: `syntax` names a program that is fetched and run. Here nothing is asked for."""
    asked = []
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    server.settimeout(60)
    threading.Thread(target=lambda: asked.append(server.accept()), daemon=True).start()
    context = write(tmp_path / "c", f"# syntax=127.0.0.1:{server.getsockname()[1]}/evil:1\nFROM {small}\nRUN true\n")
    done = run(oakum, small, tmp_path, rung, context, "--build-arg", f"BUILDKIT_SYNTAX=127.0.0.1:{server.getsockname()[1]}/evil:2")
    assert done.returncode == 0 and asked == [], done.stderr
    socket.create_connection(server.getsockname()).close()  # a request would have been heard
    time.sleep(0.2)
    assert len(asked) == 1
    server.close()


@pytest.mark.parametrize("rung", RUNGS)
def test_abstract_sockets_of_the_machine(oakum, small, tmp_path, rung):
    """A step shares the network with the builder and must still not talk to the sockets that have only a name there."""
    name = f"oakum-test-{os.getpid()}-{rung}"
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0" + name)
    server.listen(10)
    server.settimeout(0.2)
    client = socket.socket(socket.AF_UNIX)
    client.connect("\0" + name)  # who is outside can
    server.accept()[0].close()
    context = write(tmp_path / "c", f"FROM {small}\nRUN --network=host ! timeout 10 tool unix @{name} 2>/dev/null && echo kept out\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0 and "kept out" in done.stderr.splitlines(), done.stderr
    with pytest.raises(TimeoutError):
        server.accept()
    server.close()


@pytest.mark.parametrize("rung", RUNGS)
def test_tree_goes_with_the_step_and_cannot_reach_others(oakum, small, tmp_path, rung):
    """buildkit without a process sandbox: RUN kills or traces the daemon; orphans stay."""
    victim = subprocess.Popen(["sleep", f"97{os.getpid()}"])
    try:
        context = write(tmp_path / "c", f"FROM {small}\nRUN kill -9 {victim.pid} 2>/dev/null; kill -9 -1 2>/dev/null; true\nRUN (setsid sleep 96{os.getpid()} >/dev/null 2>&1 &); echo begun\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert victim.poll() is None
        assert "begun" in done.stderr.splitlines() or done.returncode == 1, done.stderr
        left = subprocess.run(["pgrep", "-f", f"sleep 96{os.getpid()}"], capture_output=True, text=True)
        assert left.stdout == ""
    finally:
        victim.kill()
        victim.wait()


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("what", ["digest", "size", "path", "diff-id"])
def test_cve_2024_3727_and_24557_digests_are_checked(oakum, small, host, tmp_path, what, rung):
    """containers/image: a digest with ../ in it is a path; moby: an image takes another's place in the cache."""
    folder, untouched = host
    layout(tmp_path / "evil", tar_bytes(listing('f f 0644 "x"\n')), {})
    index = json.loads((tmp_path / "evil/index.json").read_text())
    top = blob(tmp_path / "evil", index["manifests"][0]["digest"])
    manifest = json.loads(top.read_text())
    if what == "digest":
        path = blob(tmp_path / "evil", manifest["layers"][0]["digest"])
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    elif what == "size":
        index["manifests"][0]["size"] += 1
    elif what == "path":
        index["manifests"][0]["digest"] = "sha256:../../../" + "../" * 12 + str(folder)[1:] + "/secret"
    else:
        config = blob(tmp_path / "evil", manifest["config"]["digest"])
        config.write_text(config.read_text().replace('"diff_ids": ["sha256:', '"diff_ids": ["sha256:0'))
    (tmp_path / "evil/index.json").write_text(json.dumps(index))
    context = write(tmp_path / "c", f"FROM oci:{tmp_path}/evil:latest AS evil\nFROM {small}\nCOPY --from=evil /f /f\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 1 and MARK not in done.stderr, done.stderr
    untouched()


def test_what_is_tried_elsewhere():
    """Holes that no step can try: the tests that do are there."""
    here = pathlib.Path(__file__).resolve().parent
    cases = here.parent / "cases/build"
    for name in ("add/git-link-out.case", "context/git-link-out.case", "add/git-missing-folder.case", "context/tar-up.case", "context/tar-link-out.case", "add/archive-up.case",
                 "add/archive-hard-link-up.case", "copy/source-link-outside.case", "copy/destination-outside.case"):
        assert (cases / name).exists(), name
    # CVE-2019-10214: credentials go to nobody else
    for name, tests in (("test_faults.py", ("test_hostile_realm", "test_redirect_carries_no_credentials", "test_token_redirects")),
                        ("test_faults_push.py", ("test_hostile_location", "test_uploads_elsewhere_carry_no_credentials"))):
        text = (here / name).read_text()
        assert all(f"def {test}(" in text for test in tests), name

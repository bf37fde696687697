"""The holes that other builders had, tried on each rung. Each attempt is made twice: as it is against the sandbox, where it must do no harm,
and without one (in a folder with nothing around it, or by the same words without the guard), where it succeeds: so it really is an attempt.

The ids in the names are those of the reports. What a running step can try against kernel and builder is in hostile.c (test_sandbox.py,
test_fake_root.py).
"""
import gzip
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tarfile
import threading
import time

import pytest
import restricted
from build_case import compiled_tool, flatten, layout, listing, tar_bytes
from conftest import RUNGS, unpack
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


def run(oakum, small, tmp_path, rung, context, *options, env=None, before=(), **more):
    """`before`: a command that the builder is started by."""
    return subprocess.run([*before, oakum, "build", "--no-cache", "--isolation", rung, "--store", str(tmp_path / ("store-" + rung)), "--output", f"oci:{tmp_path}/out-{rung}:x", *options, str(context)],
                          capture_output=True, text=True, env={**os.environ, **(env or {})}, **more)


def all_bytes(tmp_path, rung):
    """Everything that the build wrote: store and result."""
    found = b""
    for top in (tmp_path / ("store-" + rung), tmp_path / ("out-" + rung)):
        for path in sorted(top.rglob("*")) if top.exists() else []:
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                found += gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return found


def outside(script, **more):
    """The same words where nothing holds them."""
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, **more)


def careless(root, path):
    """Where the builders with the hole went: names joined to the root, links followed by the machine."""
    return os.path.realpath(os.path.join(root, path.lstrip("/")))


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
    stage = tmp_path / "stage"
    stage.mkdir()
    os.symlink(folder, stage / "way")
    assert pathlib.Path(careless(stage, "/way/secret")).read_text() == MARK and careless(stage, "/way/deep") == str(folder / "deep"), "the attempt is none"
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
    assert outside(script, env={**os.environ, "SECRET": MARK}).stdout.count(MARK) >= 3, "the attempt is none"
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
    # what is left behind is found by the same words, in the same places
    left = write(tmp_path / "left", f"FROM {small}\nRUN mkdir -p /run/secrets && echo {MARK} > /run/secrets/t\nRUN grep -r {MARK[:6]}.{MARK[7:]} /run /tmp /etc /var /root /dev/shm 2>/dev/null\n")
    assert run(oakum, small, tmp_path, rung, left).returncode == 0 and MARK.encode() in all_bytes(tmp_path, rung), "the attempt is none"
    [shutil.rmtree(tmp_path / (name + rung)) for name in ("store-", "out-")]
    done = run(oakum, small, tmp_path, rung, context, "--secret", f"id=t,src={tmp_path}/tok")
    assert done.returncode == 0, done.stderr
    assert "seen" in flatten(tmp_path / f"out-{rung}")[0]  # the first step had it
    assert MARK.encode() not in all_bytes(tmp_path, rung)


@pytest.mark.parametrize("rung", RUNGS)
def test_kaniko_cache_keys_do_not_collide(oakum, small, tmp_path, rung):
    """O#774, O#791, O#875: joined words, unresolved variables, names and contents that run into each other give other keys."""
    context = tmp_path / "c"
    seen = {}
    ways = [("ab", "c", "x-y", "echo a-b"), ("a", "bc", "x-y", "echo a-b"), ("ab", "c", "y", "echo a-b-x"), ("ab", "c", "x-y", "echo a -b")]
    assert len({(name + text, "-".join((command, arg)).replace(" ", "")) for name, text, arg, command in ways}) == 1, "the attempt is none"
    for i, (name, text, arg, command) in enumerate(ways):
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
    assert (pathlib.Path(os.path.normpath(os.path.join(str(store), "mounts", up))) / "secret").read_text() == MARK, "the attempt is none"
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
    victim, root = tmp_path / "victim", tmp_path / "victims-root"
    (victim / "sub").mkdir(parents=True)
    root.mkdir()
    os.symlink(victim, root / "stub")
    shutil.rmtree(careless(root, "/stub/sub"))
    assert not (victim / "sub").exists(), "the attempt is none"
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
    stop, read = threading.Event(), []

    def reader():
        while not stop.is_set():
            try:
                if (pathlib.Path(f"{tmp_path}/d") / "secret").read_text() == MARK:
                    read.append(1)
                    return
            except OSError:
                pass
    thread = threading.Thread(target=reader)
    thread.start()
    for _ in range(2000):  # the same race outside: who follows the name comes to the machine's file
        outside(f"i=0; while [ $i -lt 20 ]; do mkdir {tmp_path}/d; rmdir {tmp_path}/d; ln -s {folder} {tmp_path}/d; rm {tmp_path}/d; i=$((i+1)); done")
        if read:
            break
    stop.set()
    thread.join()
    assert read, "the attempt is none"
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
    assert run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN --mount=type=bind,target=/m true\n")).returncode == 0  # it is the option that is refused
    for line in ("bind-propagation=shared", "bind-propagation=../../x", "z", "relabel=shared", "type=bind\\,rshared"):
        done = run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN --mount=type=bind,target=/m,{line} true\n"))
        assert done.returncode == 1 and "RUN" in done.stderr, (line, done.stderr)


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_9676_user_files_are_read_inside(oakum, small, host, tmp_path, rung):
    """containers/storage: /etc/passwd of the image is a link to a file, a device or a pipe of the machine."""
    folder, untouched = host
    (folder / "secret").write_text("leak:x:4711:4712::/:/bin/sh\n")
    made = tmp_path / "made"
    made.mkdir()
    for target in (f"{folder}/secret", "../" * 12 + str(folder)[1:] + "/secret"):
        os.symlink(target, made / "passwd")
        assert "leak:x:4711" in pathlib.Path(careless(made, "passwd")).read_text(), "the attempt is none"
        (made / "passwd").unlink()
        context = write(tmp_path / "c", f"FROM {small}\nRUN rm /etc/passwd && ln -s {target} /etc/passwd\nUSER leak\nRUN id\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert done.returncode == 1 and 'no user "leak"' in done.stderr, done.stderr
        write(context, f"FROM {small}\nRUN rm /etc/passwd && ln -s {target} /etc/passwd\nCOPY --chown=leak Dockerfile /x\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert done.returncode == 1 and "leak" in done.stderr, done.stderr
    write(context, f"FROM {small}\nRUN cp /etc/passwd /etc/other && rm /etc/passwd && echo leak:x:4711:4712::/:/bin/sh >> /etc/other && ln -s other /etc/passwd\nUSER leak\nRUN test $(id -u) = 4711\n")
    assert run(oakum, small, tmp_path, rung, context).returncode == 0  # a link within is followed
    write(context, f"FROM {small}\nRUN rm /etc/passwd && mkfifo /etc/passwd\nUSER leak\nRUN id\n")
    assert run(oakum, small, tmp_path, rung, context).returncode == 1  # and it does not wait for a writer
    (folder / "secret").write_text(MARK)
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2021_3602_and_2022_27651_environment_and_capabilities(oakum, small, tmp_path, rung):
    """buildah: chroot isolation shows the builder's environment; the inheritable set of capabilities is not empty."""
    context = write(tmp_path / "c", f"FROM {small}\nRUN env; cat /proc/self/environ; grep -E '^(CapInh|CapAmb|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status\nUSER 1234\nRUN grep -E '^Cap(Eff|Prm|Inh|Amb):' /proc/self/status\n")
    assert MARK in outside("env", env={**os.environ, "SECRET": MARK}).stdout
    inherit = ["setpriv", "--inh-caps=+chown,+kill", "--ambient-caps=+chown"]
    told = subprocess.run([*inherit, "grep", "-E", "^Cap(Inh|Amb):", "/proc/self/status"], capture_output=True, text=True).stdout.split()
    assert int(told[1], 16) and int(told[3], 16), "the attempt is none"
    done = run(oakum, small, tmp_path, rung, context, env={"SECRET": MARK, "LD_LIBRARY_PATH": "/nonexistent"}, before=inherit)
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
    (tmp_path / "f").write_text("closed\n")
    os.chown(tmp_path / "f", 0, 1001)
    os.chmod(tmp_path / "f", 0o604)
    for groups, read in (([], True), ([1001], False)):  # without the group the file is open, with it it is not
        with open(tmp_path / "f", "rb") as _:
            reads = subprocess.run(["setpriv", "--reuid=1000", "--regid=1000", "--groups=" + ",".join(map(str, groups)) if groups else "--clear-groups", "cat", str(tmp_path / "f")], capture_output=True)
        if os.stat(tmp_path).st_mode & 0o001:
            assert (reads.returncode == 0) == read, "the attempt is none"
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
    other = subprocess.Popen(["sleep", "900"])
    assert outside(f"kill -9 {other.pid}").returncode == 0 and other.wait() == -9, "the attempt is none"
    assert outside(f"(setsid sleep 95{os.getpid()} >/dev/null 2>&1 &); echo begun").stdout == "begun\n"
    orphans = subprocess.run(["pgrep", "-f", f"^sleep 95{os.getpid()}"], capture_output=True, text=True).stdout.split()
    assert len(orphans) == 1, "the attempt is none"
    os.kill(int(orphans[0]), 9)
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


@pytest.mark.parametrize("user", [None, "1"])
@pytest.mark.parametrize("rung", RUNGS)
def test_objects_of_system_v_go_with_the_step(oakum, small, tmp_path, rung, user):
    """Shared memory, semaphores and queues belong to no process, so that the end of all of them leaves them behind."""
    tool = tmp_path / "tool"
    tool.write_bytes(compiled_tool())
    tool.chmod(0o755)
    here = lambda *words: subprocess.run([str(tool), *words], capture_output=True, text=True).stdout
    key, memory = 700000000 + os.getpid() * 10, pathlib.Path("/proc/sysvipc/shm")
    assert here("leave", str(key)) == "left\n" and here("find-left", str(key)) == "shm 1 sem 1 msg 1 queue 1\n", "the attempt is none"
    private = [line.split()[1] for line in memory.read_text().splitlines()[1:] if line.split()[0] == "0" and line.split()[3] == "8192" and line.split()[6] == "0"]
    subprocess.run([str(tool), "take-away", str(key)], check=True)
    for one in private:
        subprocess.run(["ipcrm", "-m", one], check=True)
    before = {kind: pathlib.Path("/proc/sysvipc", kind).read_text().splitlines() for kind in ("shm", "sem", "msg")}
    as_user = f" {user}" if user else ""
    context = write(tmp_path / "c", f"FROM {small}\nRUN tool leave {key}{as_user} && tool find-left {key}\nRUN tool find-left {key}\n")
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0 and "left" in done.stderr.splitlines() and "shm 0 sem 0 msg 0 queue 0" in done.stderr.splitlines(), done.stderr
    for kind, lines in before.items():
        left = [line for line in pathlib.Path("/proc/sysvipc", kind).read_text().splitlines() if line.split()[:2] not in [known.split()[:2] for known in lines]]
        assert left == [], (kind, left)
    assert here("find-left", str(key)) == "shm 0 sem 0 msg 0 queue 0\n"


@pytest.mark.parametrize("rung", RUNGS)
def test_a_step_that_made_them_ends_with_the_builder(oakum, small, tmp_path, rung):
    """Who makes such objects for another user changes its ids for that, and must go on hearing of the builder's end."""
    key, mark = 800000000 + os.getpid() * 10, f"98{os.getpid()}"
    context = write(tmp_path / "c", f"FROM {small}\nRUN tool leave {key} 1; echo now; sleep {mark}\n")
    builder = subprocess.Popen([oakum, "build", "--no-cache", "--isolation", rung, "--store", str(tmp_path / "s"), "--output", f"oci:{tmp_path}/o", str(context)], stderr=subprocess.PIPE, text=True)
    lines = []
    while "now" not in lines:
        line = builder.stderr.readline()
        assert line, lines
        lines.append(line.strip())
    assert "left" in lines
    there = lambda: subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True, text=True).stdout.split()
    end = time.monotonic() + 60
    while not there() and time.monotonic() < end:
        time.sleep(0.05)
    assert there()
    builder.kill()
    builder.wait()
    while there() and time.monotonic() < end:
        time.sleep(0.05)
    left = there()
    for pid in left:
        os.kill(int(pid), signal.SIGKILL)
    builder.stderr.close()
    assert left == []


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung in ("chroot", "fake-root")])  # elsewhere the kernel ends them
def test_processes_that_are_others_all_the_time_go_with_the_step(oakum, small_tar, place, rung):
    """Each forks and ends soon, so that who lists them and then ends them can come too late."""
    root = unpack(small_tar, place / "root")
    restricted.own(place, 1000 if rung == "fake-root" else 0)
    words = [oakum, "debug", "step", "--isolation", rung, str(root), "--", "/bin/tool", "hop", "3", "20", "/late"]
    begin = time.monotonic()
    done = restricted.run(*words) if rung == "fake-root" else subprocess.run(words, capture_output=True, text=True)
    assert time.monotonic() - begin < 15  # not that they were waited for
    assert done.stdout == "begun\n" and done.returncode == 0, done.stderr
    assert not (root / "late").exists()


def test_all_processes_of_a_user_are_not_the_steps(oakum, small_tar, place):
    """Where the step has the builder's id, the user's other processes are the builder and what it serves."""
    if "fake-root" not in RUNGS:
        return
    root = unpack(small_tar, place / "root")
    tool = place / "tool"
    tool.write_bytes(compiled_tool())
    tool.chmod(0o755)
    restricted.own(place)
    victim = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: (os.setpriority(os.PRIO_PROCESS, 0, 0), restricted.enter()))
    try:
        done = restricted.run(oakum, "debug", "step", "--isolation", "fake-root", str(root), "--", "/bin/tool", "renice")
        assert done.stdout == "kept\n" and os.getpriority(os.PRIO_PROCESS, victim.pid) == 0, done.stderr
        assert restricted.run(str(tool), "renice").stdout == "slowed\n" and os.getpriority(os.PRIO_PROCESS, victim.pid) == 15, "the attempt is none"
    finally:
        victim.kill()
        victim.wait()


def test_the_other_end_of_the_output_is_not_signalled(oakum, small_tar, place):
    """A socket tells who is at its other end as a descriptor of that process (SO_PEERPIDFD, Linux 6.5), and that takes signals."""
    root = unpack(small_tar, place / "root")
    tool = place / "tool"
    tool.write_bytes(compiled_tool())
    tool.chmod(0o755)
    restricted.own(place)

    def told(*command, pod=False):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            subprocess.run([str(w) for w in command], stdout=theirs, stdin=subprocess.DEVNULL, preexec_fn=restricted.enter if pod else None, timeout=100)
            theirs.close()
            return ours.makefile().read().splitlines()
    if told(tool, "peer") == []:
        return  # a kernel that does not tell
    assert told(tool, "peer") == ["signalled", "own too"], "the attempt is none"
    for rung in set(RUNGS) & {"chroot", "fake-root"}:
        assert told(oakum, "debug", "step", "--isolation", rung, root, "--", "/bin/tool", "peer", pod=rung == "fake-root") == ["No such process", "own too"]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("what", ["digest", "size", "path", "diff-id"])
def test_cve_2024_3727_and_24557_digests_are_checked(oakum, small, host, tmp_path, what, rung):
    """containers/image: a digest with ../ in it is a path; moby: an image takes another's place in the cache."""
    folder, untouched = host
    layout(tmp_path / "evil", tar_bytes(listing('f f 0644 "x"\n')), {})
    context = write(tmp_path / "c", f"FROM oci:{tmp_path}/evil:latest AS evil\nFROM {small}\nCOPY --from=evil /f /f\n")
    assert run(oakum, small, tmp_path, rung, context).returncode == 0  # as it is it can be read
    shutil.rmtree(tmp_path / ("store-" + rung))
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
        assert pathlib.Path(os.path.normpath(tmp_path / "evil/blobs" / index["manifests"][0]["digest"].replace(":", "/"))).read_text() == MARK, "the attempt is none"
    else:
        config = blob(tmp_path / "evil", manifest["config"]["digest"])
        config.write_text(config.read_text().replace('"diff_ids": ["sha256:', '"diff_ids": ["sha256:0'))
    (tmp_path / "evil/index.json").write_text(json.dumps(index))
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 1 and MARK not in done.stderr, done.stderr
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_cve_2024_23653_nothing_grants_itself_more(oakum, small, tmp_path, rung):
    """buildkit: an entitlement that nobody gave is not checked for. Here a step that asks for more is refused before it starts."""
    assert run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN --security=sandbox touch /ran\n")).returncode == 0
    done = run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN --security=insecure touch /ran; mount -t tmpfs none /mnt && echo mounted\n"))
    assert done.returncode == 1 and "insecure" in done.stderr and "mounted" not in done.stderr.splitlines(), done.stderr
    if rung == "root":
        assert outside("unshare -m mount -t tmpfs none /mnt").returncode == 0, "the attempt is none"


GIT_TRICKS = {
    "transport": lambda mark: f"ext::sh -c touch%20{mark}.git",
    "ssh-option": lambda mark: f"ssh://-oProxyCommand=touch {mark}/x.git",
    "branch": lambda mark: "file://{repository}/.git#--upload-pack=touch " + mark,
    "repository": lambda mark: f"--upload-pack=touch {mark}.git",
    "bundle": lambda mark: "https://127.0.0.1:1/x.git#main;touch " + mark,
}


@pytest.mark.parametrize("trick", GIT_TRICKS)
def test_buildkit_git_runs_nothing_else(oakum, small, tmp_path, trick):
    """buildkit GHSA-hw3h-2gp9-cxpv and its kind: words of an address or a ref that git takes for options or commands. (Fetched by the builder: no rung has a part in it.)"""
    mark, repository = tmp_path / "mark", tmp_path / "repository"
    env = {**os.environ, "GIT_ALLOW_PROTOCOL": "ext:ssh:file", "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    words = {"transport": ["ls-remote", f"ext::sh -c touch% {mark}"], "ssh-option": ["-c", f"core.sshCommand=touch {mark}; :", "ls-remote", "ssh://x/x.git"], "branch": ["fetch", str(repository), f"--upload-pack=touch {mark};:"],
             "repository": ["ls-remote", f"--upload-pack=touch {mark};:", str(repository)], "bundle": None}[trick]
    if words:
        subprocess.run(["git", *words], capture_output=True, env=env, cwd=repository)
    else:
        outside(f"git fetch https://127.0.0.1:1/x.git main;touch {mark}")
    assert mark.exists(), "the attempt is none"
    mark.unlink()
    address = GIT_TRICKS[trick](str(mark)).replace("{repository}", str(repository))
    context = write(tmp_path / "c", f"FROM {small}\nADD [{json.dumps(address)}, \"/x/\"]\n")
    for arguments in ([str(context)], [address]):
        done = subprocess.run([oakum, "build", "--no-cache", "--store", str(tmp_path / "s"), "--output", f"oci:{tmp_path}/o:x", "--", *arguments], capture_output=True, text=True, env=env)
        assert done.returncode != 0 and not mark.exists(), done.stderr


@pytest.mark.parametrize("rung", RUNGS)
def test_descriptors_of_the_builder_stay_with_it(oakum, small, host, tmp_path, rung):
    """A descriptor that who started the builder left open: its file, a folder above it, a socket."""
    folder, untouched = host
    with open(folder / "secret") as secret:
        above = os.open(folder, os.O_RDONLY)
        one, two = socket.socketpair()
        two.settimeout(0.2)
        kept, numbers = [secret.fileno(), above, one.fileno()], [7, 8, 9]
        leave_open = {"close_fds": False, "preexec_fn": lambda: [os.dup2(a, b) for a, b in zip([os.dup2(fd, 100 + fd) for fd in kept], numbers)]}
        script = (f"cat <&{numbers[0]}; cat /proc/self/fd/{numbers[0]} /proc/self/fd/{numbers[1]}/secret; echo x > /proc/self/fd/{numbers[1]}/new; echo said >&{numbers[2]}")
        told = outside(script, **leave_open).stdout
        assert MARK in told and (folder / "new").exists() and two.recv(9) == b"said\n", "the attempt is none"
        (folder / "new").unlink()
        secret.seek(0)
        lines = "; ".join(f"({part.strip()}) 2>/dev/null" for part in script.split(";"))
        done = run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN {lines}; for n in 3 4 5 6 7 8 9; do (eval \"timeout 5 cat <&$n\") 2>/dev/null; done; true\n"), **leave_open)
        assert done.returncode == 0 and MARK not in done.stderr, done.stderr
        with pytest.raises(TimeoutError):
            two.recv(9)
        os.close(above)
        one.close()
        two.close()
    untouched()


@pytest.mark.parametrize("rung", RUNGS)
def test_what_a_build_takes_from_is_not_written_to(oakum, small, tmp_path, rung):
    """Steps that write all over a bind mount of the context, of a stage and of an image: the context, the stage's own tree and the store stay as they were."""
    context = write(tmp_path / "c", f"FROM {small} AS one\nRUN mkdir /d && echo first > /d/f && echo kept > /d/g\n"
                    f"FROM {small} AS two\nRUN --mount=target=/m,rw --mount=from=one,target=/s,rw echo changed > /m/f; echo changed > /s/d/f; rm -f /m/g /s/d/g; echo x > /m/new; chmod 777 /m/f; chown 5:6 /m/f; ln /m/f /m/hard; cat /m/f /s/d/f > /seen\n"
                    f"FROM {small}\nCOPY --from=one /d /d\nCOPY --from=two /seen /seen\nCOPY f g /\n", f="first\n", g="kept\n")
    before = {p.name: (p.read_text(), p.stat().st_mode, p.stat().st_uid, p.stat().st_mtime_ns, p.stat().st_nlink) for p in context.iterdir()}
    done = run(oakum, small, tmp_path, rung, context)
    assert done.returncode == 0, done.stderr
    assert {p.name: (p.read_text(), p.stat().st_mode, p.stat().st_uid, p.stat().st_mtime_ns, p.stat().st_nlink) for p in context.iterdir()} == before
    tree = flatten(tmp_path / f"out-{rung}")[0]
    assert tree["seen"].content == b"changed\nchanged\n", "the attempt is none"  # the step did write
    assert [tree[name].content for name in ("d/f", "d/g", "f", "g")] == [b"first\n", b"kept\n"] * 2
    checked = subprocess.run([oakum, "store", "check", "--store", str(tmp_path / ("store-" + rung))], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize("rung", RUNGS)
def test_links_change_while_they_are_copied(oakum, small, host, tmp_path, rung):
    """A file of the context becomes a link to one of the machine, again and again, while COPY and a bind mount read it."""
    folder, untouched = host
    context = write(tmp_path / "c", f"FROM {small}\nCOPY d /d\nRUN --mount=target=/m cat /m/d/* > /all 2>/dev/null; true\n")
    (context / "d").mkdir()
    stop, followed = threading.Event(), []

    def change():
        name, other = context / "d/f", context / "d/new"
        while not stop.is_set():
            for make in (lambda: other.write_text("inner"), lambda: os.symlink(folder / "secret", other)):
                make()
                os.rename(other, name)
            try:
                followed.append(name.read_text() == MARK)  # who follows it reads the machine's
            except OSError:
                pass
    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(2):
            done = run(oakum, small, tmp_path, rung, context)
            assert MARK not in done.stderr and MARK.encode() not in all_bytes(tmp_path, rung), done.stderr
    finally:
        stop.set()
        thread.join()
    assert any(followed), "the attempt is none"
    untouched()


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung != "fake-root"])  # it refuses --network=none
def test_a_step_without_network_reaches_no_service(oakum, small, tmp_path, rung):
    """Credentials that a machine's network gives to who asks (metadata services): with --network none there is nobody to ask, and a step with the network can."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.2)
        port = server.getsockname()[1]
        context = write(tmp_path / "c", f"FROM {small}\nRUN tool tcp {port} || echo kept out\n")
        done = run(oakum, small, tmp_path, rung, context)
        assert done.returncode == 0 and "reached" in done.stderr.splitlines(), done.stderr  # as the builder can
        server.accept()[0].close()
        done = run(oakum, small, tmp_path, rung, context, "--network", "none")
        assert done.returncode == 0 and "kept out" in done.stderr.splitlines(), done.stderr
        with pytest.raises(TimeoutError):
            server.accept()
    if "fake-root" in RUNGS:
        refused = run(oakum, small, tmp_path, "fake-root", context, "--network", "none")
        assert refused.returncode == 1 and "network" in refused.stderr


@pytest.mark.parametrize("rung", RUNGS)
def test_devices_of_the_machine_stay_as_they_are(oakum, small, tmp_path, rung):
    """Mode, owner and times of the devices that a step has from the builder: by /dev, by its standard input, by what it was given."""
    stand_in = tmp_path / "null"
    os.mknod(stand_in, 0o666 | 0o020000, os.makedev(1, 3))
    attack = "chmod 600 {0}; chown 5:6 {0}; touch -d @1 {0}"
    outside(attack.format(stand_in))
    st = os.stat(stand_in)
    assert (st.st_mode & 0o777, st.st_uid, st.st_mtime) == (0o600, 5, 1), "the attempt is none"
    names = ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/stdin", "/proc/self/fd/0"]
    state = lambda: [(os.stat("/dev/" + name).st_mode, os.stat("/dev/" + name).st_uid, os.stat("/dev/" + name).st_mtime) for name in ("null", "zero", "full", "random", "urandom", "tty")]
    before = state()
    done = run(oakum, small, tmp_path, rung, write(tmp_path / "c", f"FROM {small}\nRUN ({'; '.join(attack.format(name) for name in names)}; mv /dev/null /dev/away; rm -f /dev/zero) 2>/dev/null; true\nRUN echo x > /dev/null && head -c 4 /dev/zero | wc -c\n"),
               stdin=subprocess.DEVNULL)
    assert state() == before
    assert done.returncode == 0 and "4" in done.stderr.split(), done.stderr


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

"""Steps on the rungs of the ladder: what must work inside, and what must not get out."""
import ctypes
import os
import pathlib
import shlex
import stat
import subprocess
import time

import pytest
import restricted
from conftest import RUNGS, unpack

HERE = pathlib.Path(__file__).resolve().parent
SETHOSTNAME = {"x86_64": 170, "aarch64": 161}
SCRIPT = r"""
import multiprocessing, os
def square(x): return x * x
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    with multiprocessing.Pool(3) as pool: print(pool.map(square, range(5)))
    with open("/proc/self/status") as f: print(f.readline().split()[1])
    print(all(n.isdigit() for n in os.listdir("/proc/self/fd")))
"""


@pytest.fixture(scope="module")
def root(bookworm, tmp_path_factory):
    folder = unpack(bookworm, tmp_path_factory.mktemp("sandbox") / "root")
    (folder / "mp.py").write_text(SCRIPT)
    subprocess.run(["gcc", "-O1", "-w", "-static", "-pthread", "-o", str(folder / "hostile"), str(HERE / "hostile.c")], check=True)
    return folder


def step(oakum, root, rung, *command, env=None, user=None, timeout=300):
    options = ["--isolation", rung] + (["--user", user] if user else [])
    return subprocess.run([oakum, "debug", "step", *options, str(root), "--", *command], capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})})


@pytest.mark.parametrize("rung", RUNGS)
def test_ordinary_work(oakum, root, rung):
    done = step(oakum, root, rung, "bash", "-c",
                "set -e; ps -o comm= -p $$ | grep -c bash; grep -c MemTotal /proc/meminfo; grep -qi processor /proc/cpuinfo; "
                "readlink /proc/self/exe; python3 /mp.py; set -m; sleep 100 & jobs -r | wc -l; kill %1; wait || true; "
                "echo x >/dev/null; echo y > /dev/fd/1; su nobody -s /bin/sh -c id || true")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:3] == ["1", "1", "/usr/bin/readlink"]
    assert lines[3:6] == ["[0, 1, 4, 9, 16]", "python3", "True"]
    assert lines[6:8] == ["1", "y"]
    # nothing of the sandbox stays in the root
    assert os.listdir(root / "proc") == [] and os.listdir(root / "dev") == []


@pytest.mark.parametrize("rung", RUNGS)
def test_devices_are_its_own(oakum, root, rung):
    """What a step holds and sees as a device is no inode of the machine's that it could change, and one that it makes opens nothing."""
    number = os.stat("/").st_dev  # the machine's own disk, where it is one
    plain = "1 11" if rung == "chroot" else "1 5"  # the kernel's messages; a second /dev/zero may be made there (docs/build.md)
    before = {name: (os.stat(name).st_mode, os.stat(name).st_uid, os.stat(name).st_gid) for name in ("/dev/null", "/dev/zero", "/dev/tty")}
    try:
        done = step(oakum, root, rung, "sh", "-c",
                    "chmod 600 /dev/stdin /dev/null /dev/zero /dev/tty /proc/kcore /proc/keys; chown 7:7 /dev/stdin /dev/zero /dev/tty; python3 -Bc "
                    "'import os; os.fchmod(0, 0)'; test -c /dev/null && head -c 3 /dev/zero | wc -c; echo x > /dev/null || echo lost; for d in /dev /tmp; do "
                    f"mknod $d/c c {plain}; mknod $d/b b {os.major(number)} {os.minor(number)}; head -c 1 $d/c 2>&1 >&2 && test -c $d/c && echo ESCAPED; "
                    "head -c 1 $d/b 2>&1 >&2 && test -b $d/b && echo ESCAPED; done; echo end")
        assert {name: (os.stat(name).st_mode, os.stat(name).st_uid, os.stat(name).st_gid) for name in before} == before
    finally:  # the machine must live on when this fails
        for name, (mode, uid, gid) in before.items():
            if os.geteuid() == 0:
                os.chown(name, uid, gid)
                os.chmod(name, stat.S_IMODE(mode))
        for name in ("tmp/c", "tmp/b"):
            (root / name).unlink(missing_ok=True)
    assert done.stdout.splitlines()[0] == "3" and done.stdout.splitlines()[-1] == "end", done.stdout + done.stderr
    assert "ESCAPED" not in done.stdout and "lost" not in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung in ("chroot", "fake-root")])
@pytest.mark.parametrize("seed", range(4))
def test_storm_of_calls(oakum, tmp_path, rung, seed):
    """Nonsense does not bring a supervisor down. A longer storm: OAKUM_STORM=calls."""
    folder = tmp_path / "root"
    (folder / "tmp").mkdir(parents=True)
    subprocess.run(["gcc", "-O1", "-w", "-static", "-o", str(folder / "storm"), str(HERE / "storm.c")], check=True)
    os.symlink("loop", folder / "loop")
    os.symlink("nowhere", folder / "dangling")
    (folder / "script").write_text("#!/storm\n")
    (folder / "script").chmod(0o755)
    done = step(oakum, folder, rung, "/storm", str(seed), os.environ.get("OAKUM_STORM", "2000"), timeout=1200)
    assert done.returncode == 0 and done.stdout == "done\n" and done.stderr == "", done.stdout + done.stderr


@pytest.mark.parametrize("rung", RUNGS)
def test_status_user_and_environment(oakum, root, rung):
    assert step(oakum, root, rung, "sh", "-c", "exit 7").returncode == 7
    assert step(oakum, root, rung, "no-such-program").returncode == 127
    assert step(oakum, root, rung, "sh", "-c", "kill -TERM $$").returncode == 128 + 15
    done = step(oakum, root, rung, "sh", "-c", "id -u; id -g; env | sort; cat /proc/self/comm", user="1234:99", env={"SECRET": "x"})
    assert done.stdout.splitlines() == ["1234", "99", "HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                        "PWD=/", "cat"]


@pytest.mark.parametrize("rung", RUNGS)
def test_the_tree_dies_with_the_step(oakum, root, rung):
    marker = root / "tmp" / ("alive-" + rung)
    done = step(oakum, root, rung, "sh", "-c",
                f"(setsid sh -c 'trap \"\" TERM HUP; sleep 3; touch /tmp/alive-{rung}' >/dev/null 2>&1 &) ; exit 0")
    assert done.returncode == 0
    assert subprocess.run(["sleep", "4"]).returncode == 0
    assert not marker.exists()


def test_hostile_step_on_the_chroot_rung(oakum, root, tmp_path):
    """Its process table is ours, so everything rests on the supervisor."""
    victim = subprocess.Popen(["sleep", "600"], env={"SECRET": "s3cr3t-of-the-builder"})
    try:
        done = step(oakum, root, "chroot", "/hostile", "s3cr3t-of-the-builder", env={"SECRET": "s3cr3t-of-the-builder"}, timeout=900)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()
    assert done.stdout == "done\n", done.stdout[:2000]
    assert done.returncode == 0


def test_what_the_chroot_rung_refuses_is_told(oakum, root):
    """Which other rung gives it, when the step failed."""
    for call, told in (("os.chroot('/')", "chroot(2) was refused"), ("os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))", "a device was refused")):
        done = step(oakum, root, "chroot", "python3", "-Bc", "import os; " + call)
        assert done.returncode != 0 and told in done.stderr and "--isolation fake-root" in done.stderr, done.stderr
    done = step(oakum, root, "chroot", "python3", "-Bc", "import os\ntry: os.chroot('/')\nexcept PermissionError: print('went on')")
    assert done.returncode == 0 and done.stdout == "went on\n" and "refused" not in done.stderr


def test_processes_that_have_just_ended_are_still_listed(oakum, root):
    """Who lists /proc and then looks at each does not fail on the rung where it is no file system of its own; a while later they are gone."""
    done = step(oakum, root, "chroot", "sh", "-c", "sleep 0.2 & p=$!; ls /proc >/dev/null; wait; ls /proc/$p/task && ls -d /proc/$p >/dev/null && ls /proc >/dev/null; "
                "i=0; while [ -e /proc/$p ] && [ $i -lt 200 ]; do sleep 0.1; i=$((i+1)); done; [ -e /proc/$p ] || echo gone; find / -xdev -name none && echo walked")
    assert done.stdout == "gone\nwalked\n", done.stdout + done.stderr


def test_some_rung_works():
    """Wherever the tests run, these must: they need least."""
    assert "chroot" in RUNGS and "fake-root" in RUNGS


NAMESPACES = [rung for rung in RUNGS if rung in ("userns", "root")]
if NAMESPACES:  # a plain chroot has none, and a test without parameters would be a skipped one
    @pytest.mark.parametrize("rung", NAMESPACES)
    def test_hostile_step_with_namespaces(oakum, root, rung):
        """It has a process table of its own; number 1 there is the step's own first process, which it may see."""
        done = step(oakum, root, rung, "/hostile", "s3cr3t-of-the-builder", env={"SECRET": "s3cr3t-of-the-builder"}, timeout=900)
        about_init = [line for line in done.stdout.splitlines() if line.endswith(" 1") or "/proc/1/" in line or "/1/" in line]
        assert [line for line in done.stdout.splitlines() if line not in about_init] == ["done"]
        assert not any("environ" in line or "mem" in line or "root" in line for line in about_init)


if "root" in RUNGS:  # it needs namespaces of its own, so that it reaches stand-ins only
    def test_the_hostile_program_escapes_where_nothing_holds_it(root, tmp_path):
        """In a plain chroot, with stand-ins for the machine in it and beside it: what it reports as an escape elsewhere, it does here."""
        inner = tmp_path / "victims"  # what it would find behind its root
        inner.mkdir(mode=0o755)
        subprocess.run(["cp", "-a", str(root / "hostile"), str(inner / "hostile")], check=True)
        for name in ("proc", "tmp", "mnt", "outside"):
            (inner / name).mkdir()
        (inner / "outside/secret").write_text("s3cr3t-of-the-builder")
        source = tmp_path / "program.c"
        source.write_text('#include <stdio.h>\nint main(void) { puts("ESCAPED program 0"); return 0; }\n')
        subprocess.run(["gcc", "-static", "-o", str(inner / "outside/program"), str(source)], check=True)
        at = shlex.quote(str(inner))
        # it leaves the chroot on its way: what it is told of afterwards stands at its place on the machine
        script = (f"set -e; cd {at}; mount -t proc proc proc; export SECRET=s3cr3t-of-the-builder; setsid sleep 900 & setsid sleep 900 & "
                  f"exec chroot . /hostile s3cr3t-of-the-builder {at}/outside/secret {at}/outside/program {at}/outside/socket 9</dev/null")
        try:
            done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--net", "--kill-child", "sh", "-c", f"sh -c {shlex.quote(script)}"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
        finally:
            pathlib.Path("/tmp/way").unlink(missing_ok=True)  # the one name that it makes out there
        told = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("ESCAPED")}
        wanted = {"kept-descriptor", "environment", "kill-0", "kill-9", "kill-group", "tgkill", "ptrace", "process_vm_readv", "pidfd_open", "readlink-exe", "prlimit", "setpriority", "setaffinity", "setown",
                  "/proc/1/environ", "/proc/1/root/etc/passwd", "/proc/1/mem", "nested-chroot", "dot-dot", "mount", "mount-proc", "unshare", f"{inner}/outside/secret", "symlink", "chdir", "log", "handle", "program"}
        assert wanted <= told, (wanted - told, done.stderr[-1000:])


if {"root", "userns"} <= set(RUNGS):
    def test_a_pod_that_keeps_its_name(oakum, root):
        """An engine whose filter lets user namespaces be made and still denies sethostname(2) in them."""
        done = subprocess.run([oakum, "debug", "step", "--isolation", "userns", str(root), "--", "uname", "-n"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              preexec_fn=lambda: restricted.filter_calls(ctypes.CDLL(None), [SETHOSTNAME[os.uname().machine]]))
        assert done.returncode == 0 and done.stdout == os.uname().nodename + "\n", done.stdout + done.stderr

    def test_probe_sees_that_proc_is_hidden(oakum):
        """As in a container: a user namespace can be made there, but no /proc mounted in it, so the rung is not taken."""
        hidden = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc/driver && exec "$0" doctor', oakum],
                                capture_output=True, text=True)
        told = [line.split()[:2] for line in hidden.stdout.splitlines()]
        assert ["userns", "no"] in told and ["chroot", "yes"] in told, hidden.stdout + hidden.stderr


def running(word):
    """Process ids whose command line holds the word."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            pass  # it ended meanwhile
    return found


@pytest.mark.parametrize("rung", RUNGS)
def test_nothing_outlives_a_killed_builder(oakum, root, rung):
    """Descendants in sessions of their own, of another user, ignoring every signal that can be: all go with the builder."""
    word = f"98{os.getpid()}.{RUNGS.index(rung)}"
    script = f"trap '' HUP INT TERM; (setsid sleep {word} &); (setsid su nobody -s /bin/sh -c 'sleep {word}' &); sleep {word} & wait"
    builder = subprocess.Popen([oakum, "debug", "step", "--isolation", rung, str(root), "--", "sh", "-c", script])
    try:
        assert wait_for(lambda: len(running(word)) >= 3)
    finally:
        builder.kill()
        builder.wait()
    assert wait_for(lambda: not running(word)), running(word)


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()

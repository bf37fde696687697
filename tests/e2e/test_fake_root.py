"""The rung fake-root: what a builder does that has no privilege at all."""
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile
import threading

import pytest
import restricted
from build_case import layout
from conftest import RUNGS, unpack

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = next(rung for rung in ("root", "userns", "chroot") if rung in RUNGS)

# a package with a user, a setuid file, an override and a service's folders, made where it is installed
PACKAGE = r"""
mkdir -p /p/DEBIAN /p/usr/bin /p/var/lib/thing; printf 'Package: thing\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n' > /p/DEBIAN/control
printf '#!/bin/sh\nset -e\necho thing:x:950:950::/var/lib/thing:/bin/sh >> /etc/passwd; echo thing:x:950: >> /etc/group\nchown thing:thing /var/lib/thing; chmod 2750 /var/lib/thing\ndpkg-statoverride --update --add root thing 4754 /usr/bin/thing\n' > /p/DEBIAN/postinst
chmod 755 /p/DEBIAN/postinst; cp /bin/true /p/usr/bin/thing; chmod 4755 /p/usr/bin/thing; dpkg-deb -b /p /thing.deb >/dev/null; rm -r /p
"""
STEPS = {
    "owners": "cd /opt && touch a b && chown 5:6 a && chown -h 7:8 b && chmod 4751 a && ln a c && ln -s a d && chown -h 9:10 d "
              "&& mkdir -p e/f && chown -R 11:12 e && chmod 1777 e && chmod 000 b && cp -a /opt /srv/copy && chown 1:1 a",
    "nodes": "mknod /opt/c c 1 3 && mknod /opt/b b 8 0 && mkfifo -m 640 /opt/p && chown 3:4 /opt/c && mv /opt/b /opt/bb && ln /opt/c /opt/cc",
    "tar": "mkdir /t && cd /t && touch a b && chown 12:34 a && chmod 6711 b && ln -s a l && ln a h && mknod n c 5 1 && tar cf /x.tar . && "
           "mkdir /u && tar -C /u -xpf /x.tar && rm /x.tar && ls -lnR /u | grep -c 34",
    "setgid folders": "mkdir /s && chgrp 50 /s && chmod 2775 /s && umask 027 && touch /s/f && mkdir -p /s/d/e && chgrp 60 /s/d/e && cp /bin/true /s/t",
    "replace": "touch /opt/a /opt/b && chown 8:8 /opt/a && mv /opt/b /opt/a && touch /opt/b && rm /opt/b && touch /opt/c && "
               "rm -r /usr/share/doc && mkdir /usr/share/doc && touch /usr/share/doc/x",
    "users": "useradd -m -u 2000 -G mail bob && su bob -c 'umask 077; touch /home/bob/x; mkdir /home/bob/d; ! touch /etc/no 2>/dev/null; "
             "! cat /etc/shadow 2>/dev/null; id -un > /home/bob/id' && chmod u+s /home/bob/x && rm -f /etc/*- /var/log/lastlog /var/log/faillog",
    "package": PACKAGE + "apt-get install -y /thing.deb >/dev/null 2>&1 && dpkg -s thing | grep -q 'ok installed' && stat -c '%a %u:%g' "
               "/usr/bin/thing /var/lib/thing > /stat && rm -rf /thing.deb /var/log /var/cache /var/lib/apt /var/lib/dpkg/*-old /var/lib/dpkg/lock*",
    "dpkg": "touch /etc/ld.so.conf && dpkg-divert --local --rename --add /usr/bin/yes >/dev/null && dpkg --configure -a && rm -f /var/log/*.log",
    "forks": "i=0; while [ $i -lt 100 ]; do (echo $i | sed s/0/x/ | cat) ; i=$((i+1)); done > /many; find /usr/share -type f | xargs -n 50 -P 4 "
             "ls -d | sort | md5sum > /sum; seq 1000 | xargs -P 4 -n 20 sh -c 'for n; do :> /tmp/f$n; chown $n:$n /tmp/f$n; done' x",
    "python": "python3 -B -c \"import multiprocessing as m, os, threading, subprocess\n"
              "if __name__ == '__main__':\n"
              "  with m.Pool(3) as p: print(p.map(abs, range(-9, 0)), file=open('/pool', 'w'))\n"
              "  t = [threading.Thread(target=lambda n=n: [os.mkdir(f'/tmp/{n}-{i}') or os.chown(f'/tmp/{n}-{i}', n, i) for i in range(40)]) for n in range(6)]\n"
              "  [x.start() for x in t]; [x.join() for x in t]\n"
              "  os.setxattr('/pool', 'user.k', b'v'); print(subprocess.check_output(['id']), os.getcwd(), os.readlink('/proc/self/exe'), file=open('/who', 'w'))\n\"",
    "shell": "cat > /h <<'END'\n$not expanded\nEND\ncd /etc && pwd > /p && (cd /usr/../var/./lib && pwd) >> /p && umask >> /p; printf '#!/bin/sh -e\\necho \"$0\" $1 > /sc\\n' "
             "> /s && chmod +x /s && /s arg; echo err > /dev/stderr; echo out > /dev/fd/1; [ -e /proc/self/exe ]; test $(id -u) = 0",
}


@pytest.fixture(scope="module")
def base(bookworm):
    """The root as every user may read it, as an archive; .layout: the same as a reference to an image."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = pathlib.Path(folder) / "base.tar"
        shutil.copyfile(bookworm, copy)
        copy.chmod(0o644)
        layout(copy.parent / "layout", copy.read_bytes(), {})
        yield copy


@pytest.fixture
def open_small(small_tar):
    """The small base where every user may read it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        layout(pathlib.Path(folder) / "layout", small_tar.read_bytes(), {})
        yield f"oci:{folder}/layout:latest"


@pytest.fixture
def place():
    """A folder that uid 1000 reaches and owns."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield restricted.own(pathlib.Path(folder))


def test_doctor_and_choice(oakum, open_small, place):
    told = restricted.run(oakum, "doctor")
    rungs = [line.split()[:2] for line in told.stdout.splitlines() if not line.startswith(" ")]
    assert rungs[:4] == [["userns", "no"], ["root", "no"], ["chroot", "no"], ["fake-root", "yes"]], told.stdout + told.stderr
    (place / "Dockerfile").write_text(f"FROM {open_small}\nRUN id -u > /uid\n")
    done = restricted.run(oakum, "build", "--verbose", "--store", f"{place}/store", str(place))
    assert done.returncode == 0 and "isolation: fake-root" in done.stderr, done.stderr
    refused = restricted.run(oakum, "build", "--no-cache", "--isolation", "root", "--store", f"{place}/store", str(place))
    assert refused.returncode != 0


DOCKERFILE = "".join(f"RUN <<SCRIPT\nset -e; rm -rf /opt /srv /s /t /u; mkdir /opt /srv\n{text}\nSCRIPT\n" for text in STEPS.values())
LAST = """RUN find / -xdev -newer /etc/passwd >/dev/null; stat -c '%A %u %g' /opt /srv /tmp > /seen; mkdir -p /opt/mid; chown -R 42 /opt
COPY --chown=nobody file /opt/
COPY --parents opt/mid/below /
USER nobody
RUN id > /tmp/id
FROM scratch
COPY --from=one /opt /from
COPY --from=one /etc /etc
"""


def layers_of(oakum, base, place, target, rung):
    """Builds it; returns the diff IDs of its layers, with the history row of each."""
    context = place / rung
    if not context.exists():
        context.mkdir()
        (context / "file").write_text("from the context\n")
        (context / "opt/mid").mkdir(parents=True)
        (context / "opt/mid/below").write_text("keeps the folder above it\n")
        (context / "Dockerfile").write_text(f"FROM oci:{base.parent}/layout:latest AS one\n{DOCKERFILE}{LAST}")
    out = place / f"{rung}-out-{target}"
    command = [oakum, "build", "--isolation", rung, "--store", f"{place}/store-{rung}", "--output", f"oci:{out}",
               *(["--target", target] if target else []), str(context)]
    if rung == "fake-root":
        restricted.own(place)
        done = restricted.run(*command)
    else:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{rung}: {done.stderr[-3000:]}"
    read = lambda digest: json.loads((out / "blobs" / digest.replace(":", "/")).read_text())
    config = read(read(json.loads((out / "index.json").read_text())["manifests"][0]["digest"])["config"]["digest"])
    rows = [row["created_by"] for row in config["history"] if not row.get("empty_layer")]
    return list(zip(rows, config["rootfs"]["diff_ids"], strict=True))


@pytest.fixture(scope="module")
def layers(oakum, base):
    """All steps in one build on each rung, and the stage behind it that takes from the first."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        place = restricted.own(pathlib.Path(folder))
        yield {rung: layers_of(oakum, base, place, "one", rung)[1:] + layers_of(oakum, base, place, "", rung) for rung in ("fake-root", REFERENCE)}


@pytest.mark.parametrize("name", [*STEPS, "what is behind them"])
def test_same_layers_as_with_privileges(layers, name):
    """Bit for bit what the other rung makes, layer by layer."""
    mine, reference = layers["fake-root"], layers[REFERENCE]
    assert len(mine) == len(reference) == len(STEPS) + 6
    if name in STEPS:
        i = list(STEPS).index(name)
        assert STEPS[name].splitlines()[0][:20] in mine[i][0] and mine[i] == reference[i]
    else:
        assert mine[len(STEPS):] == reference[len(STEPS):]


def test_errors_are_those_of_the_kernel(oakum, base, place):
    """errno by errno, beside the same program on the other rung."""
    program = r"""
import errno, os, socket
def tell(what, call):
    try: print(what, repr(call()))
    except OSError as e: print(what, errno.errorcode[e.errno])
os.chdir('/tmp'); open('f', 'w').close(); os.mkdir('d'); os.symlink('nowhere', 'dang'); os.symlink('l1', 'l2'); os.symlink('l2', 'l1'); os.symlink('/etc/made', '/etc/dang'); os.mkdir('d/e'); os.close(os.open('own', os.O_CREAT, 0o600))
tell('enoent', lambda: os.stat('none')); tell('notdir', lambda: os.stat('f/x')); tell('loop', lambda: open('l1'))
tell('excl', lambda: os.open('f', os.O_CREAT | os.O_EXCL)); tell('excl link', lambda: os.open('dang', os.O_CREAT | os.O_EXCL))
tell('isdir', lambda: os.open('d', os.O_WRONLY)); tell('nofollow', lambda: os.open('dang', os.O_NOFOLLOW)); tell('dironly', lambda: os.open('f', os.O_DIRECTORY))
tell('rmdir', lambda: os.rmdir('d')); tell('unlink dir', lambda: os.unlink('d')); tell('rmdir file', lambda: os.rmdir('f')); tell('mkdir', lambda: os.mkdir('f'))
tell('rename', lambda: os.rename('d', 'f')); tell('rename2', lambda: os.rename('f', 'd')); tell('into itself', lambda: os.rename('d', 'd/e/x'))
tell('link dir', lambda: os.link('d', 'd2')); tell('readlink', lambda: os.readlink('f')); tell('long', lambda: os.stat('x' * 300)); tell('longer', lambda: os.stat('x/' * 3000))
tell('chdir', lambda: os.chdir('f')); tell('empty', lambda: os.stat('')); tell('badfd', lambda: os.fstat(99)); tell('exec', lambda: os.execv('/tmp/f', ['f']))
tell('exec dir', lambda: os.execv('/tmp/d', ['f'])); tell('exec none', lambda: os.execv('/tmp/none', ['f'])); tell('groups', os.getgroups)
import ctypes; libc = ctypes.CDLL(None, use_errno=True)
def raw(call, address, size):
    s = socket.socket(socket.AF_UNIX)
    if call(s.fileno(), address, size) < 0: raise OSError(ctypes.get_errno(), '')
tell('connect to nothing', lambda: raw(libc.connect, b'\1\0', 2)); tell('connect too long', lambda: raw(libc.connect, b'\1\0' + b'x' * 200, 150))
tell('connect to one byte', lambda: raw(libc.connect, b'\1\0\0', 3)); tell('connect to whole', lambda: raw(libc.connect, b'\1\0\0' + b'y' * 107, 110))
reader = os.open('/etc/passwd', os.O_RDONLY)
tell('setuid', lambda: os.setresuid(1, 2, 3)); tell('again for writing', lambda: os.open(f'/proc/self/fd/{reader}', os.O_WRONLY | os.O_APPEND)); tell('again for reading', lambda: os.close(os.open(f'/proc/self/fd/{reader}', os.O_RDONLY))); tell('ids', os.getresuid); tell('again', lambda: os.setuid(9)); tell('saved', lambda: os.seteuid(3)); tell('ids', os.getresuid)
tell('chown', lambda: os.chown('f', 5, 5)); tell('chmod', lambda: os.chmod('f', 0o777)); tell('write', lambda: open('/etc/passwd', 'a')); tell('read', lambda: open('/tmp/own'))
there, new = '/etc/passwd', '/etc/new'; open('mine', 'w').close()
for at in ('/', '/etc', '/etc/', there, there + '/', new, new + '/', '/root/x', '/tmp/none/x', '.', '..', '/tmp/dang', '/etc/dang'):
    tell('mkdir ' + at, lambda: os.mkdir(at)); tell('mknod ' + at, lambda: os.mknod(at)); tell('symlink ' + at, lambda: os.symlink('x', at)); tell('link ' + at, lambda: os.link('/tmp/mine', at))
    tell('unlink ' + at, lambda: os.unlink(at)); tell('rename to ' + at, lambda: os.rename('/tmp/mine', at)); tell('rename ' + at, lambda: os.rename(at, '/srv/moved')); tell('stat ' + at, lambda: bool(os.stat(at)))
    tell('open ' + at, lambda: os.close(os.open(at, os.O_CREAT | os.O_WRONLY))); tell('excl ' + at, lambda: os.close(os.open(at, os.O_CREAT | os.O_EXCL | os.O_WRONLY))); tell('read ' + at, lambda: os.close(os.open(at, os.O_RDONLY)))
    tell('truncate ' + at, lambda: os.truncate(at, 1)); tell('chown ' + at, lambda: os.chown(at, 3, 3)); tell('chmod ' + at, lambda: os.chmod(at, 0o777)); tell('utime ' + at, lambda: os.utime(at)); tell('listing ' + at, lambda: len(os.listdir(at)) > 0)
for at in (new, new + '/', '/root/x', there, '/etc/alternatives', '.'):
    tell('rmdir ' + at, lambda: os.rmdir(at))
tell('kill', lambda: os.kill(os.getpid(), 0)); tell('umask', lambda: os.umask(0)); tell('access', lambda: os.access('/etc/passwd', os.W_OK)); tell('utime', lambda: os.utime('f', (1, 1)))
"""
    told = {}
    for rung in ("fake-root", REFERENCE):
        root = unpack(base, place / rung)
        (root / "p.py").write_text(program)
        command = [oakum, "debug", "step", "--isolation", rung, str(root), "--", "python3", "-B", "/p.py"]
        if rung == "fake-root":
            restricted.own(place)
        done = restricted.run(*command) if rung == "fake-root" else subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        told[rung] = done.stdout.splitlines()
    assert len(told["fake-root"]) > 30 and told["fake-root"] == told[REFERENCE]


def test_chroot_is_the_kernels(oakum, base, place):
    """Where nobody forbids chroot(2) (a stock pod, a plain user): what a process finds in its new root, and how it comes out, beside the other rung."""
    program = r"""
import errno, os, subprocess
def tell(what, call):
    try: print(what, repr(call()))
    except OSError as e: print(what, errno.errorcode[e.errno])
read = lambda path: open(path).read()
os.makedirs('/jail/etc'); os.makedirs('/jail/sub/deep'); os.mkdir('/other'); os.symlink('/etc/inner', '/jail/link'); os.symlink('../../../../etc/inner', '/jail/up'); os.symlink('/', '/jail/all')
open('/jail/etc/inner', 'w').write('inner'); open('/etc/inner', 'w').write('outer'); open('/other/file', 'w').write('other')
subprocess.check_call('cp -aL --parents /bin/sh /bin/cat /bin/ls /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libselinux.so.1 /lib/x86_64-linux-gnu/libpcre2-8.so.0 /lib64/ld-linux-x86-64.so.2 /jail', shell=True)
tell('not a folder', lambda: os.chroot('/etc/passwd')); tell('not there', lambda: os.chroot('/none'))
out, other = os.open('/', os.O_RDONLY), os.open('/other', os.O_RDONLY)
os.chdir('/other')
tell('chroot', lambda: os.chroot('/jail'))
tell('link', lambda: read('/link')); tell('up', lambda: read('/up')); tell('dots', lambda: read('/../../etc/inner')); tell('all', lambda: read('/all/all/etc/inner')); tell('proc', lambda: os.stat('/proc/self'))
tell('outside', lambda: read('file')); tell('above', lambda: read('../etc/inner')); tell('by number', lambda: os.stat('file', dir_fd=other).st_size); tell('where', os.getcwd)
tell('make', lambda: open('made', 'w').close()); tell('rename in', lambda: os.rename('made', '/made')); tell('rename out', lambda: os.rename('/etc', 'etc')); tell('back', lambda: os.rename('etc', '/etc'))
tell('hard link', lambda: os.link('file', '/linked')); tell('listing', lambda: sorted(os.listdir('/sub')))
tell('sub', lambda: subprocess.check_output(['/bin/sh', '-c', 'pwd; cat /link; ls /; echo y > /by-sh; cd /sub/deep; pwd; cd ..; pwd; cat ../../etc/inner'], cwd='/'))
tell('owner', lambda: os.chown('/by-sh', 5, 6)); tell('stat', lambda: (os.stat('/by-sh').st_uid, os.stat('/by-sh').st_gid))
os.chdir('/sub')
tell('where', os.getcwd); tell('below', lambda: sorted(os.listdir('..')))
tell('deeper', lambda: os.chroot('deep')); tell('unreachable', os.getcwd); tell('there', lambda: read('../etc/inner')); tell('root', lambda: os.listdir('/'))
pid = os.fork()
if pid == 0:
    os.setuid(7); tell('by another', lambda: os.chroot('.')); os._exit(0)
os.waitpid(pid, 0)
tell('out', lambda: os.fchdir(out)); tell('out', lambda: os.chroot('.')); tell('outer', lambda: read('/etc/inner')); tell('where', os.getcwd); tell('proc', lambda: os.path.exists('/proc/self/status'))
"""
    told = {}
    for rung in ("fake-root", REFERENCE):
        root = unpack(base, place / rung)
        (root / "p.py").write_text(program)
        command = [oakum, "debug", "step", "--isolation", rung, str(root), "--", "python3", "-B", "/p.py"]
        if rung == "fake-root":
            restricted.own(place)
        done = restricted.run(*command, allowed=[restricted.CHROOT["x86_64"]]) if rung == "fake-root" else subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        told[rung] = done.stdout.splitlines()
    assert len(told["fake-root"]) > 30 and "outside 'other'" in told["fake-root"] and "owner None" in told["fake-root"] and told["fake-root"] == told[REFERENCE]


def test_hostile_step(oakum, base, place):
    """It has the ids of the builder: nothing but the supervisor and the filters stands between them."""
    root = unpack(base, place / "root")
    subprocess.run(["gcc", "-O1", "-w", "-static", "-pthread", "-o", str(root / "hostile"), str(HERE / "hostile.c")], check=True)
    secret, program, name = place / "secret", place / "program", str(place / "socket")
    secret.write_text("s3cr3t-of-the-builder")
    source = place / "program.c"
    source.write_text('#include <stdio.h>\nint main(void) { puts("ESCAPED program"); return 0; }\n')
    subprocess.run(["gcc", "-static", "-o", str(program), str(source)], check=True)
    log = place / "log"
    log.touch()
    log.chmod(0o640)
    heard = []

    def listen(address):
        server = socket.socket(socket.AF_UNIX)
        server.bind(address)
        server.listen(100)
        server.settimeout(900)
        threading.Thread(target=lambda: heard.append(server.accept()), daemon=True).start()
        return server
    servers = [listen(name), listen("\0" + name)]
    restricted.own(place)
    os.chmod(name, 0o777)
    victim = subprocess.Popen(["sleep", "900"], preexec_fn=restricted.enter, env={"SECRET": "s3cr3t-of-the-builder"})
    try:
        with open(log, "a") as out:
            done = restricted.run(oakum, "debug", "step", "--isolation", "fake-root", str(root), "--", "/hostile", "s3cr3t-of-the-builder",
                                  str(secret), str(program), name, env={"SECRET": "s3cr3t-of-the-builder"}, timeout=900, out=out)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()
        [server.close() for server in servers]
    assert log.read_text() == "done\n", log.read_text()[:2000] + done.stderr[:500]
    assert stat.S_IMODE(log.stat().st_mode) == 0o640
    assert done.returncode == 0 and heard == [] and secret.read_text() == "s3cr3t-of-the-builder"

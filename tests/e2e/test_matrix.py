"""One Dockerfile, four rungs, each as it is found there: a plain user (userns), root, a stock pod (chroot), a restricted pod (fake-root).

The tree is what the case says on each of them, and the digest of the image is one. By default the cases named in SHORT run, all of them
small; OAKUM_MATRIX=all runs every case below tests/cases/build/run and tests/cases/build/stages, and Dockerfiles that install packages into a
Debian root (they need the mirrors of Debian, PyPI and npm): many minutes. OAKUM_MATRIX_TABLE=FILE writes down what was seen. Pods are stand-ins
(restricted.py), or real ones where OAKUM_STOCK_POD names a program that makes them (pod.py).
"""
import contextlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

import build_case
import pod
import pytest
import restricted
from build_case import Case, expected_lines, flatten, layout, tree_lines
from conftest import OAKUM, REPO, RUNGS
from test_build_case import CASES, Made, base_of, check_lines

ALL = os.environ.get("OAKUM_MATRIX") == "all"
SHORT = """run/arg-env run/hard-links run/heredoc run/names run/nodes run/only-meta run/opaque run/removed-and-back run/replaced run/umask
run/user run/user-new run/workdir run/workdir-removed run/xattrs stages/diamond stages/onbuild""".split()
# Not in the matrix: the kernel lets nobody make a device in a user namespace, and the rung chroot gives the right up (docs/build.md).
APART = {"run/devices"}
PLACES = ["userns", "root", "chroot", "fake-root"]
# rpm and dnf install into the root itself: `--root` is chroot(2), which the rungs chroot and fake-root refuse (docs/build.md).
DEBIAN = {
    "apt-get": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends jq sudo tree >/dev/null && jq -n 1+1 > /two && sudo -u nobody id -un >> /two "
               "&& dpkg -s jq | grep ^Status >> /two && rm -rf /var/lib/apt/lists/*\n",
    "apt-get-service": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light cron >/dev/null && nginx -t 2> /t; rm -f /run/nginx.pid; rm -rf /var/lib/apt/lists/*\n",
    "apt-get-remove": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends less >/dev/null && apt-get purge -y -qq less >/dev/null && apt-get autoremove -y -qq "
                      "&& apt-get clean && rm -rf /var/lib/apt/lists/* && ! command -v less\n",
    "adduser": "RUN addgroup --gid 2000 crew && adduser --disabled-password --gecos '' --uid 2001 --ingroup crew ann && adduser --system --group --home /var/lib/svc svc && adduser ann mail "
               "&& su ann -c 'id > ~/id; umask 077; mkdir ~/private'\nUSER ann\nRUN id -Gn > /home/ann/groups\n",
    "useradd": "RUN groupadd -r -g 333 svc && useradd -r -u 333 -g svc -d /var/lib/svc -m -s /usr/sbin/nologin svc && useradd -m -G mail,www-data bob && usermod -aG users bob && passwd -l bob "
               "&& chage -l bob | head -1 > /chage && groupmod -n staff2 staff && userdel games && rm -f /etc/*- /var/log/lastlog /var/log/faillog\n",
    "tar": "RUN mkdir /t && cd /t && mkdir -p d/e && touch a b d/f && chown 12:34 a && chown -R 5:6 d && chmod 6711 b && chmod 1777 d && ln -s a l && ln a h && mkfifo p && truncate -s 1M hole "
           "&& tar --xattrs --acls -Scf /x.tar . && mkdir /u && tar --same-owner -C /u -xpf /x.tar && tar -C / -czf /y.tgz t && mkdir /v && tar --no-same-owner -C /v -xzf /y.tgz && rm /x.tar /y.tgz\n",
    "dpkg": "RUN mkdir -p /p/DEBIAN /p/usr/bin /p/etc && printf 'Package: thing\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@x>\\nDescription: x\\n' > /p/DEBIAN/control && echo /etc/thing.conf > "
            "/p/DEBIAN/conffiles && echo a=b > /p/etc/thing.conf && cp /bin/true /p/usr/bin/thing && chmod 6755 /p/usr/bin/thing && dpkg-deb -b /p /thing.deb >/dev/null && dpkg -i /thing.deb && "
            "dpkg-divert --local --rename --add /usr/bin/yes && dpkg-statoverride --update --add root mail 2755 /usr/bin/thing && dpkg -r thing && dpkg -i /thing.deb && dpkg -V && rm -r /p /thing.deb\n",
    "pip": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-pip ca-certificates >/dev/null && pip install -q --no-cache-dir --no-compile --break-system-packages "
           "--root-user-action=ignore six==1.16.0 idna==3.7 && python3 -B -c 'import six, idna; print(six.__version__)' > /six && find / -xdev -name __pycache__ -prune -exec rm -r {} + ; rm -rf /var/lib/apt/lists/*\n",
    "npm": "COPY --from=node node /usr/local/bin/node\nCOPY --from=node npm /usr/local/lib/node_modules/npm\nRUN mkdir /app && cd /app && node /usr/local/lib/node_modules/npm/bin/npm-cli.js install --silent --no-audit "
           "--no-fund --cache /tmp/c left-pad@1.3.0 rimraf@3.0.2 && node -e 'console.log(require(\"left-pad\")(7, 3, 0))' > /padded && rm -rf /tmp/* /root/.npm /app/node_modules/.package-lock.json\n",
    "rpm": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends rpm >/dev/null && mkdir -p /b && printf '%s\\n' 'Name: thing' 'Version: 1' 'Release: 1' 'Summary: x' 'License: x' "
           "'BuildArch: noarch' '%description' x '%install' 'mkdir -p %{buildroot}/opt/thing; echo x > %{buildroot}/opt/thing/f; chmod 4755 %{buildroot}/opt/thing/f' '%files' '%attr(2750,bin,mail) %dir /opt/thing' "
           "'%attr(4751,bin,mail) /opt/thing/f' > /b/thing.spec && rpmbuild -bb --define '_topdir /b' /b/thing.spec >/dev/null 2>&1 && "
           "rpm -i --force-debian --nodeps --ignorearch /b/RPMS/noarch/*.rpm && rpm -qlv thing > /listed && cut -c1-34 /listed > /list && rm -rf /listed /b /var/lib/rpm /root/.rpmdb /var/lib/apt/lists/* /root/rpmbuild\n",
    "dnf": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends dnf createrepo-c rpm >/dev/null && mkdir -p /b /repo && printf '%s\\n' 'Name: thing' 'Version: 1' 'Release: 1' 'Summary: x' "
           "'License: x' 'BuildArch: noarch' '%description' x '%install' 'mkdir -p %{buildroot}/opt/thing; echo x > %{buildroot}/opt/thing/f' '%files' '%attr(2750,bin,mail) /opt/thing' > /b/thing.spec && "
           "rpmbuild -bb --define '_topdir /b' /b/thing.spec >/dev/null 2>&1 && cp /b/RPMS/noarch/*.rpm /repo/ && createrepo_c -q /repo && "
           "dnf -q -y --releasever=1 --nogpgcheck --repofrompath=x,file:///repo --repoid=x install thing && stat -c '%a %u:%g' /opt/thing > /stat && "
           "find / -xdev -name __pycache__ -prune -exec rm -r {} + ; rm -rf /b /repo /var/lib/rpm /var/lib/apt/lists/* /var/cache/dnf /var/lib/dnf /root/rpmbuild\n",
    "go": "COPY --from=go program /program\nRUN /program > /said && ls -ln /made | cut -c1-28 >> /said\nUSER 7:8\nRUN /program /tmp/mine\n",
    "git": "RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends git >/dev/null && git init -q -b main /g && cd /g && echo a > a && git add a && GIT_AUTHOR_DATE='@1 +0000' GIT_COMMITTER_DATE='@1 +0000' "
           "git -c user.name=a -c user.email=a@b commit -qm a && git clone -q /g /h && git -C /h log --format=%H > /log && rm -rf /g/.git/index /h/.git /var/lib/apt/lists/*\n",
    "python": "RUN python3 -B -c 'import subprocess, tempfile, shutil, os, sqlite3; shutil.copytree(\"/etc\", \"/copy\", symlinks=True); os.chown(\"/copy\", 3, 4); d = sqlite3.connect(\"/db\"); "
              "d.execute(\"create table t(a)\"); d.execute(\"insert into t values (1)\"); d.commit(); d.close(); print(subprocess.check_output([\"ls\", \"-ln\", \"/copy/passwd\"]))' && rm -rf /copy/ssl\n",
    "alternatives": "RUN printf '#!/bin/sh\\necho one' > /usr/bin/one && chmod 755 /usr/bin/one && update-alternatives --install /usr/bin/which-one which-one /usr/bin/one 10 && which-one > /said && ldconfig "
                    "&& update-alternatives --remove which-one /usr/bin/one\n",
}
# what carries a date or a name that is another in each run
CLEAN = "USER 0\nRUN rm -rf /var/log/* /var/cache/* /var/lib/systemd /etc/.pwd.lock /var/lib/dpkg/*-old /etc/*- /var/lib/dpkg/lock* /run/* /tmp/*\n"

GO = r"""
package main
import ("fmt"; "os"; "os/exec"; "os/user"; "path/filepath"; "sync")
func main() {
  at := "/made"
  if len(os.Args) > 1 { at = os.Args[1] }
  var w sync.WaitGroup
  for i := 0; i < 8; i++ { w.Add(1); go func(i int) { defer w.Done(); p := fmt.Sprintf("%s/%d/x", at, i); if e := os.MkdirAll(p, 0755); e != nil { fmt.Println(e) }
    if e := os.WriteFile(p+"/f", []byte("x"), 0640); e != nil { fmt.Println(e) }
    if os.Getuid() == 0 { if e := os.Lchown(p, 100+i, 200); e != nil { fmt.Println(e) } }
    os.Symlink("f", p+"/l"); os.Link(p+"/f", p+"/h"); os.Rename(p+"/h", p+"/hh"); os.Chmod(p+"/f", 04750|os.ModeSetuid) }(i) }
  w.Wait()
  n := 0
  filepath.Walk(at, func(string, os.FileInfo, error) error { n++; return nil })
  u, e := user.Current()
  out, e2 := exec.Command("/bin/echo", "child").Output()
  fmt.Println(n, u, e, string(out), e2, os.Getuid(), os.Getgid())
}
"""


@contextlib.contextmanager
def shared_folder():
    """A folder that every user reaches."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def world():
    """The program and the base of the cases, where every user reaches them."""
    with shared_folder() as folder:
        shutil.copy(OAKUM, folder / "oakum")
        layout(folder / "layout", build_case.tar_bytes(build_case.base_entries()), {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"]})
        if os.environ.get("OAKUM_STOCK_POD"):  # what a pod of ours has: the program, its libraries, and what an engine puts there
            subprocess.run([REPO / "deploy/image/collect", OAKUM, folder / "collected"], check=True)
            (folder / "collected/executor").rename(folder / "pod")
            for name in ("hosts", "resolv.conf"):
                shutil.copy("/etc/" + name, folder / "pod/etc")
            (folder / "pod/var/tmp").mkdir(parents=True)
            (folder / "pod/var/tmp").chmod(0o1777)
        yield folder


def run_on(rung, world, folder, *command, env=()):
    if os.environ.get("OAKUM_STOCK_POD") and rung in ("chroot", "fake-root"):
        return pod.run_outside(world / "pod", *command, binds={str(world): world, str(folder): folder}, env=dict(word.split("=", 1) for word in env), timeout=1800,
                               level="restricted" if rung == "fake-root" else "default")
    command = ["env", *env, *command] if env else command
    if rung == "userns":
        (folder / "users").mkdir(exist_ok=True)
        return restricted.run_plain(folder / "users", *command, timeout=1800)
    if rung == "chroot":
        return restricted.run_stock(*command, timeout=1800)
    if rung == "fake-root":
        return restricted.run(*map(str, command), timeout=1800)
    return subprocess.run([*map(str, command)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1800)


def build_on(rung, world, folder, words, env=()):
    """Builds in `folder`/context as the user of the rung; returns digest and layout."""
    place = folder / rung
    place.mkdir()
    restricted.own(place, {"userns": 54321, "fake-root": 1000}.get(rung, 0))
    restricted.own(folder / "context", {"userns": 54321, "fake-root": 1000}.get(rung, 0))
    began = time.monotonic()
    done = run_on(rung, world, folder, world / "oakum", "build", "--isolation", rung, "--no-cache", "--store", place / "store", "--output", f"oci:{place}/out:x", *words, folder / "context", env=env)
    if os.environ.get("OAKUM_MATRIX_TABLE"):
        with open(os.environ["OAKUM_MATRIX_TABLE"], "a") as table:
            print(os.environ["PYTEST_CURRENT_TEST"].split("[")[-1].split("]")[0], rung, "ok" if done.returncode == 0 else "failed", done.stdout.strip()[7:19], f"{time.monotonic() - began:.1f}", file=table)
    assert done.returncode == 0, f"{rung}: {done.stderr[-3000:]}"
    shutil.rmtree(place / "store")
    return done.stdout.strip(), place / "out"


def chosen():
    names = sorted(str(p.relative_to(CASES))[:-len(".case")] for folder in ("run", "stages") for p in (CASES / folder).glob("*.case"))
    return [name for name in names if name not in APART and Case(CASES / (name + ".case")).get("tree") is not None] if ALL else SHORT


@pytest.mark.parametrize("name", chosen())
def test_case_on_every_rung(world, name):
    assert set(PLACES) <= set(RUNGS), "the matrix is run where every rung works"
    case = Case(CASES / (name + ".case"))
    digests = {}
    with shared_folder() as folder:
        made = Made(case, folder, world / "layout")
        words = shlex.split(made.put(case.get("options") or ""))
        base = base_of(case, made)
        expected, times = expected_lines(made.put(case.get("tree")))
        for rung in PLACES:
            digests[rung], out = build_on(rung, world, folder, words, (case.get("environment") or "").split())
            check_lines(tree_lines(flatten(out)[0], base, times), expected)
    assert len(set(digests.values())) == 1, digests


if ALL:
    @pytest.fixture(scope="module")
    def debian(world, bookworm):
        layout(world / "debian", bookworm.read_bytes(), {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]})
        return f"oci:{world}/debian:latest"

    def extra_contexts(name, folder):
        if name == "npm":
            (folder / "node").mkdir()
            shutil.copy(shutil.which("node"), folder / "node/node")
            shutil.copytree("/usr/lib/node_modules/npm", folder / "node/npm", symlinks=True)
            return ["--build-context", f"node={folder}/node"]
        if name == "go":
            (folder / "go").mkdir()
            (folder / "main.go").write_text(GO)
            subprocess.run(["go", "build", "-o", folder / "go/program", folder / "main.go"], check=True, env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"})
            return ["--build-context", f"go={folder}/go"]
        return []

    @pytest.mark.parametrize("name", DEBIAN)
    def test_packages_on_every_rung(world, debian, name):
        digests, trees = {}, {}
        with shared_folder() as folder:
            (folder / "context").mkdir()
            (folder / "context/Dockerfile").write_text(f"FROM {debian}\nENV DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1\n" + DEBIAN[name].replace("; rm", " ; rm") + CLEAN)
            words = extra_contexts(name, folder)
            for rung in PLACES:
                digests[rung], out = build_on(rung, world, folder, words)
                manifest = json.loads((out / "blobs" / digests[rung].replace(":", "/")).read_text())
                tree = flatten(out)[0]  # the tree is compared: layers hold what CLEAN takes away again
                trees[rung] = {path: entry.line() for path, entry in tree.items()}
                assert len(manifest["layers"]) >= 2
                shutil.rmtree(out)
        reference = trees["root"]
        for rung in PLACES:
            mine = trees[rung]
            assert {p: (mine.get(p), reference.get(p)) for p in set(mine) | set(reference) if mine.get(p) != reference.get(p)} == {}, rung

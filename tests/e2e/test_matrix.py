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
from conftest import OAKUM, REPO, RUNGS, debian_root
from test_build_case import CASES, Made, base_of, check_lines

ALL = os.environ.get("OAKUM_MATRIX") == "all"
SHORT = """run/arg-env run/hard-links run/heredoc run/names run/nodes run/only-meta run/opaque run/removed-and-back run/replaced run/umask
mounts/cache-of-user run/one-file-system run/devices run/devices-of-containers run/user run/user-new run/user-make-folders run/workdir run/workdir-removed run/xattrs stages/diamond stages/onbuild""".split()
# Not on these rungs: the kernel lets nobody make a device in a user namespace, and the rung chroot makes only those of every container (docs/build.md).
APART = {"run/devices": {"userns", "chroot"}, "run/devices-of-containers": {"userns"}}
PLACES = ["userns", "root", "chroot", "fake-root"]
# Each a step, or several with what stands between them; a step ends at the first command that fails. Behind it: a name that the tree must hold, and
# what must stand in that file.
INSTALL = "apt-get update -qq && apt-get install -y -qq --no-install-recommends"
THING = """mkdir -p /b && cat > /b/thing.spec <<SPEC
Name: thing
Version: 1
Release: 1
Summary: x
License: x
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/opt/thing
echo x > %{buildroot}/opt/thing/f
%files
%attr(2750,bin,mail) %dir /opt/thing
%attr(4751,bin,mail) /opt/thing/f
SPEC
rpmbuild -bb --define '_topdir /b' /b/thing.spec >/dev/null 2>&1
"""
DEBIAN = {
    "apt-get": (f"{INSTALL} jq sudo tree >/dev/null\njq -n 1+1 > /two\nsudo -u nobody id -un >> /two\ndpkg -s jq | grep ^Status >> /two", "two", "2\nnobody\nStatus: install ok installed\n"),
    "apt-get-service": (f"{INSTALL} nginx-light cron >/dev/null\n# a port of root is not to be had on every rung (docs/build.md)\nsed -i 's/ 80 default/ 8080 default/; s/:80 default/:8080 default/' /etc/nginx/sites-available/default\n"
                        "nginx -t 2> /t\nservice cron status > /s || true", "t", "test is successful"),
    "apt-get-remove": (f"{INSTALL} less >/dev/null\nless --version | head -1 > /was\napt-get purge -y -qq less >/dev/null\napt-get autoremove -y -qq\napt-get clean\n[ ! -e /usr/bin/less ]", "was", "less "),
    "apt-get-upgrade": (f"dpkg --force-depends --purge tzdata >/dev/null 2>&1\napt-get update -qq\napt-get dist-upgrade -y -qq >/dev/null\napt-get install -y -qq --reinstall base-files passwd >/dev/null 2>&1\n"
                        "apt-get check -qq && dpkg --audit > /audit\ndpkg -s base-files | grep ^Status >> /audit", "audit", "Status: install ok installed\n"),
    "cache-mount": ("#--mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked\n"
                    "rm -f /etc/apt/apt.conf.d/docker-clean\necho 'Binary::apt::APT::Keep-Downloaded-Packages \"true\";' > /etc/apt/apt.conf.d/keep\n" f"{INSTALL} file >/dev/null\nls /var/cache/apt/archives | grep -c 'file_' > /kept\nfile -b /bin/sh > /what", "kept", "1\n"),
    "adduser": ("addgroup --gid 2000 crew\nadduser --disabled-password --gecos '' --uid 2001 --ingroup crew ann\nadduser --system --group --home /var/lib/svc svc\nadduser ann mail\n"
                "su ann -c 'id > ~/id; umask 077; mkdir ~/private'\n===\nUSER ann\n===\nid -Gn > /home/ann/groups", "home/ann/groups", "crew mail users\n"),
    "user-1000": ("install -d -o 1000 -g 1000 /srv/app\n===\nUSER 1000:1000\nWORKDIR /srv/app\n===\nid -u > id\n! touch /etc/no 2>/dev/null\n! cat /etc/shadow 2>/dev/null\npython3 -B -c 'import os; os.mkdir(\"d\"); "
                  "os.symlink(\"d\", \"l\"); os.chmod(\"d\", 0o1750)'\nmkdir -p ~ 2>/dev/null || echo no home > home\n===\nCOPY --chown=1000:1000 Dockerfile copied\n===\nmv copied moved && stat -c '%u:%g %a' moved d >> id", "srv/app/id", "1000\n1000:1000 644\n1000:1000 1750\n"),
    "useradd": ("groupadd -r -g 333 svc\nuseradd -r -u 333 -g svc -d /var/lib/svc -m -s /usr/sbin/nologin svc\nuseradd -m -G mail,www-data bob\nusermod -aG users bob\npasswd -l bob\n"
                "chage -l bob | head -1 > /chage\ngroupmod -n staff2 staff\nuserdel games\nid bob >> /chage", "chage", "users"),
    "tar": ("mkdir /t && cd /t\nmkdir -p d/e && touch a b d/f && chown 12:34 a && chown -R 5:6 d && chmod 6711 b && chmod 1777 d && ln -s a l && ln a h && mkfifo p && truncate -s 1M hole\n"
            "tar --xattrs --acls -Scf /x.tar . && mkdir /u && tar --same-owner -C /u -xpf /x.tar && tar -C / -czf /y.tgz t && mkdir /v && tar --no-same-owner -C /v -xzf /y.tgz && rm /x.tar /y.tgz\nls -ln --time-style=+ /u > /list", "list", " 12 34 "),
    "dpkg": ("mkdir -p /p/DEBIAN /p/usr/bin /p/etc\nprintf 'Package: thing\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@x>\\nDescription: x\\n' > /p/DEBIAN/control\necho /etc/thing.conf > /p/DEBIAN/conffiles\n"
             "echo a=b > /p/etc/thing.conf && cp /bin/true /p/usr/bin/thing && chmod 6755 /p/usr/bin/thing && dpkg-deb -b /p /thing.deb >/dev/null && dpkg -i /thing.deb\n"
             "dpkg-divert --local --rename --add /usr/bin/yes\ndpkg-statoverride --update --add root mail 2755 /usr/bin/thing\ndpkg -r thing && dpkg -i /thing.deb && dpkg -V\nstat -c '%U:%G %a' /usr/bin/thing > /stat\nrm -r /p /thing.deb", "stat", "root:mail 2755\n"),
    "pip": (f"{INSTALL} python3-pip >/dev/null\npip install -q --no-cache-dir --no-compile --break-system-packages --root-user-action=ignore six==1.16.0 idna==3.7\n"
            "python3 -B -c 'import six, idna; print(six.__version__)' > /six", "six", "1.16.0\n"),
    "venv": (f"{INSTALL} python3-venv >/dev/null\npython3 -m venv /venv\n/venv/bin/pip install -q --no-cache-dir --no-compile click==8.1.7\n/venv/bin/python -B -c 'import click; print(click.__version__)' > /said", "said", "8.1.7\n"),
    "npm": ("mkdir /app && cd /app\nnpm install --silent --no-audit --no-fund --cache /tmp/c left-pad@1.3.0 rimraf@3.0.2\nnode -e 'console.log(require(\"left-pad\")(7, 3, 0))' > /padded", "padded", "007\n"),
    "npm-ci": ("mkdir /app && cd /app && npm init -y >/dev/null && npm install --package-lock-only --silent --no-audit --no-fund --cache /tmp/c express@4.19.2\n===\nWORKDIR /app\n===\n#--mount=type=cache,target=/npm\n"
               "npm ci --omit=dev --silent --no-audit --no-fund --cache /npm\n===\nUSER 1000\n===\nnode -e 'const e = require(\"express\"); require(\"fs\").writeFileSync(\"/tmp/kept\", typeof e() + \"\\n\")' && mkdir -p /var/tmp/mine && cp /tmp/kept /var/tmp/mine/", "var/tmp/mine/kept", "function\n"),
    "rpm": (f"{INSTALL} rpm >/dev/null\n{THING}rpm -i --force-debian --nodeps --ignorearch /b/RPMS/noarch/*.rpm\nrpm -qlv thing | cut -c1-34 > /list\nrm -rf /b", "list", "drwxr-s---"),
    "dnf": (f"{INSTALL} dnf createrepo-c rpm >/dev/null\nmkdir /repo\n{THING}cp /b/RPMS/noarch/*.rpm /repo/\ncreaterepo_c -q /repo\n"
            "dnf -q -y --releasever=1 --nogpgcheck --repofrompath=x,file:///repo --repoid=x install thing\nstat -c '%a %u:%g' /opt/thing > /stat\nrm -rf /b /repo", "stat", "2750 2:8\n"),
    "go": ("COPY --from=go program /program\n===\n/program > /said && ls -ln /made | cut -c1-28 >> /said\n===\nUSER 7:8\n===\n/program /tmp/mine && cp -r /tmp/mine /var/tmp/", "said", "child"),
    "go-build": (f"FROM @base AS build\nCOPY --from=go root /usr/local/go\nCOPY --from=go main.go go.mod /src/\nWORKDIR /src\n===\nPATH=/usr/local/go/bin:$PATH CGO_ENABLED=0 GOFLAGS=-mod=mod GOPROXY=off GOMODCACHE=/m GOCACHE=/gocache go build -trimpath -o /out/program .\n===\n"
                 "FROM @base\nCOPY --from=build /out/program /program\nUSER 1000\n===\n/program /var/tmp/mine > /tmp/said && cp /tmp/said /var/tmp/said", "var/tmp/said", "child"),
    "git": (f"{INSTALL} git >/dev/null\ngit init -q -b main /g && cd /g && echo a > a && git add a\nexport GIT_AUTHOR_DATE='@1 +0000' GIT_COMMITTER_DATE='@1 +0000'\n"
            "git -c user.name=a -c user.email=a@b commit -qm a\ngit clone -q /g /h\ngit -C /h log --format=%H > /log\nrm -rf /g/.git/index /h/.git", "log", "\n"),
    "python": ("python3 -B -c 'import subprocess, tempfile, shutil, os, sqlite3; shutil.copytree(\"/etc\", \"/copy\", symlinks=True); os.chown(\"/copy\", 3, 4); d = sqlite3.connect(\"/db\"); "
               "d.execute(\"create table t(a)\"); d.execute(\"insert into t values (1)\"); d.commit(); d.close(); print(subprocess.check_output([\"ls\", \"-ln\", \"/copy/passwd\"]))' > /tmp/x\ncut -c1-20 /tmp/x > /said", "said", "-rw-r--r--"),
    "java": (f"{INSTALL} unzip zip >/dev/null\nmkdir -p /m/org/x/1.0 /m/META-INF && printf 'Manifest-Version: 1.0\\n' > /m/META-INF/MANIFEST.MF && i=0; while [ $i -lt 300 ]; do echo $i > /m/org/x/1.0/C$i.class; i=$((i+1)); done\n"
             "cd /m && zip -qrX /app.jar . && rm -rf /m && mkdir -p /opt/app && cd /opt/app && unzip -q /app.jar && chown -R 1000:1000 /opt/app && chmod -R g=u /opt/app && rm /app.jar\nfind /opt/app -type f | wc -l > /count", "count", "301\n"),
    "alternatives": ("printf '#!/bin/sh\\necho one' > /usr/bin/one && chmod 755 /usr/bin/one\nupdate-alternatives --install /usr/bin/which-one which-one /usr/bin/one 10\nwhich-one > /said\nldconfig\nupdate-alternatives --remove which-one /usr/bin/one", "said", "one"),
    "locale": (f"{INSTALL} locales >/dev/null\necho 'de_DE.UTF-8 UTF-8' > /etc/locale.gen\nlocale-gen >/dev/null\nlocale -a > /said\nln -sf /usr/share/zoneinfo/Europe/Rome /etc/localtime && dpkg-reconfigure -f noninteractive tzdata 2>/dev/null && date -d @0 +%Z >> /said", "said", "de_DE.utf8"),
    "gcc": (f"{INSTALL} gcc libc6-dev make >/dev/null\nmkdir /s && cd /s && printf '#include <stdio.h>\\nint main(void) {{ puts(\"made\"); return 0; }}\\n' > m.c && printf 'all: m\\nm: m.c\\n\\tgcc -O2 -o m m.c\\n' > Makefile\nmake -s -j2 && install -s -m 4755 m /usr/local/bin/made && made > /said && rm -rf /s", "said", "made\n"),
    "setcap": (f"{INSTALL} libcap2-bin >/dev/null\ncp /bin/cat /usr/local/bin/kitty && setcap cap_net_bind_service=+ep /usr/local/bin/kitty && getcap /usr/local/bin/kitty > /said", "said", "cap_net_bind_service=ep"),
}
# What is another in each run whatever builds it, and so is no part of the comparison: logs and caches with times in them (apt's, dpkg's, ldconfig's, fontconfig's),
# what is left of an earlier state of a file of users, and byte code with the time of its source.
CLEAN = """USER 0
RUN rm -rf /var/log/* /var/cache/* /var/lib/apt/lists/* /var/lib/systemd /etc/.pwd.lock /var/lib/dpkg/*-old /etc/*- /var/lib/dpkg/lock* /run/* /tmp/* /machine /root/.npm /gocache \\
  && find / -xdev -name __pycache__ -prune -exec rm -r {} + && rm -rf /var/lib/rpm /root/.rpmdb /root/rpmbuild /var/lib/dnf /app/node_modules/.package-lock.json /etc/ssh/ssh_host_*
"""

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
    for given in ["context", *(path.name for path in folder.glob("folder-*"))]:
        restricted.own(folder / given, {"userns": 54321, "fake-root": 1000}.get(rung, 0))
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
    return [name for name in names if Case(CASES / (name + ".case")).get("tree") is not None] if ALL else SHORT


@pytest.mark.parametrize("name", chosen())
def test_case_on_every_rung(world, name):
    assert set(PLACES) <= set(RUNGS), "the matrix is run where every rung works"
    case = Case(CASES / (name + ".case"))
    digests = {}
    with shared_folder() as folder:
        made = Made(case, folder, world / "layout")
        words = shlex.split(made.put((case.get("options") or "").replace("--isolation root", "")))
        base = base_of(case, made)
        expected, times = expected_lines(made.put(case.get("tree")))
        for rung in [rung for rung in PLACES if rung not in APART.get(name, ())]:
            digests[rung], out = build_on(rung, world, folder, words, (case.get("environment") or "").split())
            check_lines(tree_lines(flatten(out)[0], base, times), expected)
    if "keep" not in words:  # --timestamps keep writes the clock's time into the layers
        assert len(set(digests.values())) == 1, digests


if ALL:
    @pytest.fixture(scope="module")
    def debian(world):
        whole = debian_root("bookworm-whole", "bookworm", ["usr-is-merged", "procps", "python3-minimal", "libpython3-stdlib", "apt", "tzdata"], left_out=())  # packages need what the small one lacks
        layout(world / "debian", whole.read_bytes(), {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]})
        return f"oci:{world}/debian:latest"

    def extra_contexts(name, folder):
        """Named contexts: `machine` holds the certificates that this machine trusts, and for some what a step takes from elsewhere."""
        (folder / "machine").mkdir()
        shutil.copy(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"), folder / "machine/ca.crt")
        words = ["--build-context", f"machine={folder}/machine"]
        if name.startswith("npm"):
            (folder / "node").mkdir()
            shutil.copy(shutil.which("node"), folder / "node/node")
            shutil.copytree("/usr/lib/node_modules/npm", folder / "node/npm", symlinks=True)
            words += ["--build-context", f"node={folder}/node"]
        if name.startswith("go"):
            (folder / "go").mkdir()
            (folder / "go/main.go").write_text(GO)
            (folder / "go/go.mod").write_text("module program\n\ngo 1.20\n")
            if name == "go":
                subprocess.run(["go", "build", "-o", "program", "."], check=True, cwd=folder / "go", env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"})
            else:
                root = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
                shutil.copytree(root, folder / "go/root", symlinks=True, ignore=shutil.ignore_patterns("test", "testdata", "api", "doc", "*_test.go"))
            words += ["--build-context", f"go={folder}/go"]
        return words

    def dockerfile(name, base):
        parts = DEBIAN[name][0].split("\n===\n")
        lines = ["" if parts[0].startswith("FROM") else "FROM @base"]
        lines += ["ENV DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1 PIP_CERT=/machine/ca.crt NODE_EXTRA_CA_CERTS=/machine/ca.crt", "COPY --from=machine ca.crt /machine/ca.crt"]
        if name.startswith("npm"):
            lines += ["COPY --from=node node /usr/local/bin/node", "COPY --from=node npm /usr/local/lib/node_modules/npm", "RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm"]
        for part in parts:
            if part.split()[0] in ("USER", "COPY", "WORKDIR", "FROM"):
                lines.append(part)
            else:
                mounts, _, text = part.partition("\n") if part.startswith("#--") else ("#", "", part)
                lines.append(f"RUN {mounts[1:]} <<'STEP'\nset -eu\n{text}\nSTEP")
        if parts[0].startswith("FROM"):
            lines = lines[3:]  # the first stage is its own
        return ("\n".join(lines) + "\n" + CLEAN).replace("@base", base)

    @pytest.mark.parametrize("name", DEBIAN)
    def test_packages_on_every_rung(world, debian, name):
        digests, trees = {}, {}
        with shared_folder() as folder:
            (folder / "context").mkdir()
            (folder / "context/Dockerfile").write_text(dockerfile(name, debian))
            words = extra_contexts(name, folder)
            for rung in PLACES:
                digests[rung], out = build_on(rung, world, folder, words)
                manifest = json.loads((out / "blobs" / digests[rung].replace(":", "/")).read_text())
                tree = flatten(out)[0]  # the tree is compared: layers hold what CLEAN takes away again
                trees[rung] = {path: entry.line() for path, entry in tree.items()}
                assert DEBIAN[name][2] in tree[DEBIAN[name][1]].content.decode(), tree[DEBIAN[name][1]].content
                assert len(manifest["layers"]) >= 2
                shutil.rmtree(out)
        reference = trees["root"]
        differences = {rung: {p: (trees[rung].get(p), reference.get(p)) for p in set(trees[rung]) | set(reference) if trees[rung].get(p) != reference.get(p)} for rung in PLACES}
        if os.environ.get("OAKUM_MATRIX_TABLE"):
            with open(os.environ["OAKUM_MATRIX_TABLE"], "a") as table:
                print(name, "same digest" if len(set(digests.values())) == 1 else "digests differ", {rung: len(d) for rung, d in differences.items()}, len(reference), "names", file=table)
        assert differences == {rung: {} for rung in PLACES}

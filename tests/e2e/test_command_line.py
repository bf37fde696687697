"""Help, variables, oakum.yaml, completion, manual pages, suggestions, progress and colour."""
import os
import pathlib
import pty
import re
import shutil
import subprocess
import threading
import time

import pytest
from conftest import REPO
from faults import Handler, Registry, make_image, write_image

DOCKERFILE = "ARG NAME=file\nFROM rootfs:$NAME\n"


def run(oakum, *words, cwd=None, env=None, **more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("OAKUM_") and k != "XDG_CONFIG_HOME"}
    return subprocess.run([oakum, *map(str, words)], capture_output=True, text=True, cwd=cwd, env={**clean, **(env or {})}, timeout=120, **more)


def commands(oakum):
    return re.findall(r"^  (\w+)  ", run(oakum, "--help").stdout, re.M)


def verbs(oakum, command):
    told = run(oakum, command, "--help").stdout
    return re.findall(r"^  (\w+)\b", told.split("\nVerbs:\n")[1].split("\n\n")[0], re.M) if "\nVerbs:\n" in told else []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def plan(oakum, folder, *words, env=None):
    done = run(oakum, "build", "--print-plan", *words, ".", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    return re.search(r"from rootfs:(\S+)", done.stdout)[1]


def test_every_help_page(oakum):
    """Each command and verb has a page of 80 columns that names every option once."""
    assert {"ship", "lint", "build", "scan", "db", "store", "doctor", "debug", "man", "completion"} <= set(commands(oakum))
    pages = [(c,) for c in commands(oakum)] + [(c, v) for c in commands(oakum) for v in verbs(oakum, c)]
    assert ("debug", "push") in pages and ("db", "import") in pages
    for words in pages:
        done = run(oakum, *words, "--help")
        assert done.returncode == 0 and done.stderr == ""
        assert done.stdout.startswith("oakum " + " ".join(words) + ": ") and "\nUsage: oakum " + " ".join(words) in done.stdout
        long = [line for line in done.stdout.splitlines() if len(line) > 80]
        assert long == []
        options = re.findall(r"^ +(?:-\w, )?--([\w-]+)", done.stdout, re.M)
        assert len(options) == len(set(options))
        if options and options != ["help"]:
            assert "OAKUM_" in done.stdout
    assert run(oakum, "build", ".", "-h").stdout == run(oakum, "build", "--help").stdout
    assert "unknown option" in run(oakum, "build", "--", "--help").stderr or run(oakum, "build", "--", "--help").returncode == 1


def test_precedence(oakum, folder):
    """Command line, then variable, then file; a list as a whole."""
    assert plan(oakum, folder) == "file"
    (folder / "oakum.yaml").write_text("build: {build-arg: {NAME: yaml}}\n")
    assert plan(oakum, folder) == "yaml"
    assert plan(oakum, folder, env={"OAKUM_BUILD_ARG": "NAME=variable,OTHER=1"}) == "variable"
    assert plan(oakum, folder, "--build-arg", "NAME=line", env={"OAKUM_BUILD_ARG": "NAME=variable"}) == "line"
    assert plan(oakum, folder, "--config", "none") == "file"
    assert plan(oakum, folder, env={"OAKUM_CONFIG": "none"}) == "file"


def test_where_the_file_is(oakum, folder):
    """--config, $OAKUM_CONFIG, ./oakum.yaml, $XDG_CONFIG_HOME/oakum/oakum.yaml."""
    def write(path, name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"build:\n  build-arg: [NAME={name}]\n")
    home = {"XDG_CONFIG_HOME": str(folder / "xdg")}
    write(folder / "xdg/oakum/oakum.yaml", "home")
    assert plan(oakum, folder, env=home) == "home"
    write(folder / "oakum.yaml", "here")
    assert plan(oakum, folder, env=home) == "here"
    write(folder / "v.yaml", "variable")
    assert plan(oakum, folder, env={**home, "OAKUM_CONFIG": "v.yaml"}) == "variable"
    write(folder / "l.yaml", "line")
    assert plan(oakum, folder, "--config", "l.yaml", env={**home, "OAKUM_CONFIG": "v.yaml"}) == "line"
    done = run(oakum, "build", "--config", "absent.yaml", ".", cwd=folder)
    assert done.returncode == 1 and "absent.yaml" in done.stderr


@pytest.mark.parametrize("text, says", [
    ("build:\n  thread: 2\n", 'oakum.yaml:2:3: unknown key "thread"; did you mean "threads"?'),
    ("biuld:\n  threads: 2\n", 'oakum.yaml:1:1: unknown section "biuld"; did you mean "build"?'),
    ("lint:\n  zzzzzz: 1\n", 'oakum.yaml:2:3: unknown key "zzzzzz"; "lint" has no such key'),
    ("registry:\n  miror: []\n", 'oakum.yaml:2:3: unknown key "miror"; did you mean "mirror"?'),
    ("build:\n  print-plan: 1\n", 'oakum.yaml:2:15: "print-plan" takes true or false'),
    ("build:\n  target: [a]\n", 'oakum.yaml:2:11: "target" takes one value'),
    ("build:\n  tag: [[a]]\n", "oakum.yaml:2:9: expected one value here"),
    ("build: 3\n", "oakum.yaml:1:8: expected keys and values"),
    ("- build\n", "oakum.yaml:1:1: expected sections"),
    ("build:\n  config: x\n", 'oakum.yaml:2:3: unknown key "config"'),
    ("build: {threads: 1, threads: 2}\n", 'oakum.yaml:1:21: key "threads" stands here a second time'),
    ("build: &a {threads: 1}\nship: *b\n", "oakum.yaml:2:"),
    ("build: [\n", "oakum.yaml:"),
])
def test_bad_file(oakum, folder, text, says):
    """An error with its place, whichever command reads it."""
    (folder / "oakum.yaml").write_text(text)
    for words in (("build", "--print-plan", "."), ("lint", "Dockerfile"), ("scan", "rootfs:.")):
        done = run(oakum, *words, cwd=folder)
        assert done.returncode == 1 and says in done.stderr and done.stdout == "", done.stderr


def test_shared_section(oakum, folder):
    """What the section of a group says serves each command that has the group; its own section goes before."""
    (folder / "oakum.yaml").write_text("registry: {mirror: [nonsense]}\n")
    done = run(oakum, "scan", "registry.invalid/a:b", cwd=folder)
    assert done.returncode == 1 and '--mirror takes HOST=VALUE, not "nonsense"' in done.stderr
    (folder / "oakum.yaml").write_text("registry: {mirror: [nonsense]}\nscan: {mirror: [other]}\n")
    done = run(oakum, "scan", "registry.invalid/a:b", cwd=folder)
    assert '--mirror takes HOST=VALUE, not "other"' in done.stderr
    done = run(oakum, "debug", "pull", "--chunk", "x", "registry.invalid/a:b", folder / "out", cwd=folder)
    assert done.returncode == 1 and "nonsense" in done.stderr


@pytest.mark.parametrize("words, says", [
    (["buid"], 'unknown command "buid"; did you mean "build"?'),
    (["xyzzy"], 'unknown command "xyzzy"; oakum --help lists the commands'),
    (["db", "imprt"], 'unknown verb "imprt"; did you mean "import"?'),
    (["db"], "expected import, update, status, "),
    (["build", "--taget", "x", "."], "unknown option --taget; did you mean --target?"),
    (["build", "--taget=x", "."], "unknown option --taget; did you mean --target?"),
    (["build", "--zzz", "."], "unknown option --zzz; see oakum build --help"),
    (["build", "-q", "."], "unknown option -q; see oakum build --help"),
    (["db", "import", "--fed", "osv"], "unknown option --fed; did you mean --feed?"),
    (["build", "--target"], "option --target needs a value: STAGE"),
])
def test_slips(oakum, words, says):
    done = run(oakum, *words)
    assert done.returncode == 1 and says in done.stderr and done.stdout == "", done.stderr


def test_options_of_parent_before_the_verb(oakum, tmp_path):
    (tmp_path / "in").write_text("")
    done = run(oakum, "db", "--db", tmp_path / "import", "import", "--feed", "osv", tmp_path / "in")
    assert (tmp_path / "import").exists() == (done.returncode == 0)
    done = run(oakum, "db", "--db", tmp_path / "absent", "status")
    assert done.returncode == 1 and "absent" in done.stderr and "expected" not in done.stderr


def test_manual_pages(oakum):
    """groff finds nothing to complain of, and each option is on its command's page."""
    for name in ["", *commands(oakum)]:
        page = run(oakum, "man", *([name] if name else []))
        assert page.returncode == 0 and page.stdout.startswith(".TH OAKUM")
        shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u"], input=page.stdout, capture_output=True, text=True)
        assert shown.returncode == 0 and shown.stderr == ""
        for option in re.findall(r"^ +(?:-\w, )?(--[\w-]+)", run(oakum, name, "--help").stdout, re.M) if name else []:
            assert option in shown.stdout.replace("‐", "-").replace("−", "-")
    assert run(oakum, "man", "nonsense").returncode == 1
    installed = re.search(r"foreach page : \[(.*?)\]", (REPO / "meson.build").read_text())[1]
    assert re.findall(r"'(\w+)'", installed) == commands(oakum)


def complete(oakum, tmp_path, *words):
    script = tmp_path / "c.bash"
    script.write_text(run(oakum, "completion", "bash").stdout + 'compopt() { :; }\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _oakum; '
                      'printf "%s\\n" "${COMPREPLY[@]}"\n')
    done = subprocess.run(["bash", script, "oakum", *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_bash_completion(oakum, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").write_text("")
    assert complete(oakum, tmp_path, "b") == {"build"}
    assert complete(oakum, tmp_path, "build", "--iso") == {"--isolation"}
    assert complete(oakum, tmp_path, "build", "--isolation", "u") == {"userns"}
    assert complete(oakum, tmp_path, "build", "--context", "") == {"sub"}
    assert complete(oakum, tmp_path, "build", "-f", "") >= {"file", "sub"}
    assert complete(oakum, tmp_path, "db", "") == {"import", "update", "status", "export", "verify", "diff", "feeds", "push", "pull"}
    assert complete(oakum, tmp_path, "db", "import", "--f") == {"--feed"}
    assert complete(oakum, tmp_path, "db", "import", "--feed", "os") == {"osv"}
    assert complete(oakum, tmp_path, "db", "status", "--feed") == set()


def test_fish_and_zsh_completion(oakum, tmp_path):
    """The shells themselves read the scripts."""
    fish = tmp_path / "c.fish"
    fish.write_text(run(oakum, "completion", "fish").stdout)
    told = lambda line: subprocess.run(["fish", "--no-config", "-c", f"source {fish}; complete -C '{line}'"], capture_output=True, text=True,
                                       env={**os.environ, "HOME": str(tmp_path)})
    done = told("oakum build --isolation ")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["auto", "chroot", "fake-root", "root", "userns"], done.stderr
    assert "import" in told("oakum db ").stdout and "--feed" in told("oakum db import --f").stdout
    zsh = tmp_path / "_oakum"
    zsh.write_text(run(oakum, "completion", "zsh").stdout)
    assert subprocess.run(["zsh", "-n", zsh], capture_output=True, text=True).stderr == ""
    for bad in ("sh", ""):
        assert run(oakum, "completion", bad).returncode == 1


class Terminal:
    """Runs a command with standard error on a terminal."""

    def __init__(self, *words, env=None, **more):
        self.told = b""
        leader, follower = pty.openpty()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("OAKUM_") and k != "NO_COLOR"}
        self.process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower,
                                        env={**clean, "TERM": "xterm", **(env or {})}, **more)
        os.close(follower)
        self.thread = threading.Thread(target=self.read, args=(leader,))
        self.thread.start()

    def read(self, leader):
        try:
            while chunk := os.read(leader, 4096):
                self.told += chunk
        except OSError:
            pass
        os.close(leader)

    def wait(self):
        self.stdout = self.process.communicate(timeout=120)[0]
        self.thread.join()
        return self.process.returncode, self.told.decode()


def test_colour(oakum, tmp_path):
    """Red on a terminal; not with NO_COLOR, not on a dumb terminal, not into a file."""
    assert "\x1b[31merror:\x1b[0m" in Terminal(oakum, "build", "a", "b").wait()[1]
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        told = Terminal(oakum, "build", "a", "b", env=env).wait()[1]
        assert "error: build" in told and "\x1b" not in told
    assert "\x1b" not in run(oakum, "build", "a", "b").stderr


def slow_tar(tmp_path):
    """A fifo that gives half a tar, and the rest when told to."""
    path = tmp_path / "slow.tar"
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (tmp_path / "root/big").write_bytes(os.urandom(3 << 20))
    data = subprocess.run(["tar", "-C", str(tmp_path / "root"), "-c", "."], capture_output=True, check=True).stdout
    os.mkfifo(path)
    return path, data


@pytest.mark.parametrize("to_terminal", [True, False])
def test_progress(oakum, tmp_path, to_terminal):
    """What takes more than a second shows how far it is, on a terminal only, and leaves the line empty."""
    path, data = slow_tar(tmp_path)
    words = [oakum, "scan", f"rootfs:{path}"]
    if to_terminal:
        running = Terminal(*words)
    else:
        running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(path, "wb") as fifo:
        fifo.write(data[:1 << 20])
        fifo.flush()
        time.sleep(1.2)
        fifo.write(data[1 << 20:])
    if to_terminal:
        told = running.wait()[1]
        shown = re.findall(r"…\S+slow\.tar [\d.]+.[KM]iB", told)
        assert shown, told
        last = told.rindex("slow.tar")
        assert "\r\x1b[K" in told[last:]
    else:
        told = running.communicate(timeout=120)[1].decode()
        assert "slow.tar" not in told and "\x1b" not in told and "\r" not in told


def test_no_progress_of_short_work(oakum, tmp_path):
    tar = tmp_path / "short.tar"
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    subprocess.run(["tar", "-C", str(tmp_path / "root"), "-cf", str(tar), "."], check=True)
    told = Terminal(oakum, "scan", f"rootfs:{tar}").wait()[1]
    assert "short.tar" not in told


class SlowHandler(Handler):
    """Stops for more than a second amid each large body, in either direction."""

    def body(self):
        left = int(self.headers.get("Content-Length") or 0)
        if left < 1 << 20:
            return super().body()
        data = self.rfile.read(1 << 19)
        time.sleep(1.3)
        return data + self.rfile.read(left - len(data))

    def say(self, status, body=b"", **headers):
        if self.command != "GET" or len(body) < 1 << 20:
            return super().say(status, body, **headers)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1 << 20])
        self.wfile.flush()
        time.sleep(1.3)
        self.wfile.write(body[1 << 20:])


@pytest.fixture
def slow_registry():
    server = Registry(auth=None)
    server.RequestHandlerClass = SlowHandler
    yield server
    server.close()


def test_progress_of_pull_and_push(oakum, slow_registry, tmp_path):
    """Both know the whole from the manifest, and what they have never passes it."""
    manifest, blobs = make_image(bytes(range(256)) * 20000)
    slow_registry.add("team/app", "v1", manifest, blobs)
    ref = f"{slow_registry.address}/team/app"
    status, told = Terminal(oakum, "debug", "pull", f"{ref}:v1", tmp_path / "out").wait()
    assert status == 0, told
    shares = [int(n) for n in re.findall(r"pulling \S+/app:v1 [\d.]+.\S+ of 4\.9.MiB \((\d+)%\)", told)]
    assert shares and shares == sorted(shares) and shares[-1] <= 100, told
    other, more = make_image(bytes(range(255, -1, -1)) * 40000)
    status, told = Terminal(oakum, "debug", "push", write_image(tmp_path / "in", other, more), f"{ref}:v2").wait()
    assert status == 0, told
    assert re.search(r"pushing \S+/app:v2 [\d.]+.\S+ of 9\.8.MiB", told), told


def test_progress_of_a_layer(oakum, tmp_path):
    """A base that is read slowly shows; a line never wraps, its long name gives way."""
    path, data = slow_tar(tmp_path)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/Dockerfile").write_text(f"FROM rootfs:{path}\n")
    running = Terminal(oakum, "build", "--store", tmp_path / "store", "--output", f"oci:{tmp_path}/out:v1", "--isolation", "chroot", tmp_path / "c")
    with open(path, "wb") as fifo:
        fifo.write(data[:1 << 20])
        fifo.flush()
        time.sleep(1.2)
        fifo.write(data[1 << 20:])
    status, told = running.wait()
    assert status == 0, told
    shown = re.findall(r"(?:^|\x1b\[K)(…\S+slow\.tar [\d.]+.[KM]iB)", told)
    assert shown and all(len(line) < 80 for line in shown), told


def test_scan_takes_what_its_store_has(oakum, tmp_path):
    """With --store a layer is pulled once; without it, each time that it is read."""
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    layer = subprocess.run(["tar", "-C", str(tmp_path / "root"), "-c", "."], capture_output=True, check=True).stdout
    server = Registry(auth=None)
    server.add("team/app", "v1", *make_image(layer))
    pulled = []
    for options in (["--no-cache"], ["--no-cache"], ["--store", tmp_path / "store"], ["--store", tmp_path / "store"]):
        before = len(server.requests("GET", "/blobs/"))
        done = run(oakum, "scan", "--platform", "linux/amd64", *options, f"{server.address}/team/app:v1", cwd=tmp_path)
        assert done.returncode in (0, 3), done.stderr
        pulled.append(len(server.requests("GET", "/blobs/")) - before)
    server.close()
    assert pulled == [2, 2, 2, 0]

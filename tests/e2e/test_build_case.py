"""Runs each tests/cases/build/**/*.case (form: build_case.py): builds it and compares the tree and the config.

With --peer buildah the same case also runs through Debian's buildah, and every difference that the case does not argue with a
section "buildah" fails. OAKUM_CASE_PRINT=1 prints what was built, to be read before it goes into a case.
"""
import functools
import http.server
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import threading

import build_case
import pytest
from build_case import Case, archive_bytes, expected_lines, flatten, layout, listing, tar_bytes, tree_lines, write_folder

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases" / "build"


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0].lstrip("/")
        self.server.asked.append(self.path)
        special = self.server.special.get(path)
        if special and special[0] == "r":
            self.send_response(302)
            self.send_header("Location", special[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif special and special[2] > 0:
            special[2] -= 1
            self.send_response(special[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path.startswith("private/") and self.headers.get("Authorization") != "Basic dXNlcjpwYXNz":  # user:pass
            self.send_error(401)
        else:
            super().do_GET()


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # who asks may have had enough


def start_server(folder, special):
    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    server.special, server.asked = special, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


GIT_ENV = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
           "GIT_AUTHOR_DATE": "@1000000000 +0000", "GIT_COMMITTER_DATE": "@1000000000 +0000", "GIT_CONFIG_GLOBAL": "/dev/null",
           "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def make_repository(work, bare, text, names):
    """One commit a part; returns {name: commit}."""
    def git(*words):
        return subprocess.run(["git", "-C", str(work), "-c", "init.defaultBranch=main", *words], env=GIT_ENV, check=True, capture_output=True, text=True).stdout.strip()
    first, *others = re.split(r"(?m)^=== (.*)\n", text)
    work.mkdir()
    git("init", "-q", "-b", "main")
    commits = {}
    for head, body in [("main", first), *zip(others[::2], others[1::2])]:
        for old in work.iterdir():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        entries = listing(body.replace("@http@", names["http"]))
        write_folder(work, [e for e in entries if e.kind != "m"])
        git("add", "-A")
        for e in entries:
            if e.kind == "m":  # a submodule: PATH m URL COMMIT
                git("update-index", "--add", "--cacheinfo", f"160000,{names.get(e.extra[1].strip('@'), e.extra[1])},{e.path}")
        git("commit", "-q", "--allow-empty", "-m", head)
        kind, _, name = head.partition(" ")
        commits[name or kind] = git("rev-parse", "HEAD")
        if kind == "tag":
            git("tag", "-a", "-m", name, name)
        elif kind == "branch":
            git("branch", name)
    git("update-ref", "refs/heads/main", commits["main"])
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], env=GIT_ENV, check=True, capture_output=True)
    subprocess.run(["git", "-C", str(bare), "update-server-info"], env=GIT_ENV, check=True)
    return commits


class Made:
    """Everything a case needs, on disk."""

    def __init__(self, case, folder, base):
        self.names = {"base": f"oci:{base}:latest", "context": str(folder / "context")}
        self.servers = []
        served = folder / "served"
        special = {}
        if case.all("serve") or case.all("git"):
            served.mkdir()
            for text in [t for _, t in case.all("serve")]:
                entries = listing(text)
                write_folder(served, [e for e in entries if e.kind not in "re"])
                for e in entries:
                    if e.kind == "r":
                        special[e.path] = ["r", e.target]
                    elif e.kind == "e":
                        special[e.path] = ["e", int(e.extra[0]), int(e.extra[1]) if len(e.extra) > 1 else 1 << 30]
            server = start_server(served, special)
            self.servers.append(server)
            self.names["http"], self.names["port"] = f"http://127.0.0.1:{server.server_port}", str(server.server_port)
        for e in special.values():
            if e[0] == "r":
                e[1] = self.put(e[1])
        for name, text in case.all("git"):
            commits = make_repository(folder / ("work-" + name), served / (name + ".git"), text, self.names)
            self.names.update({f"{name}:{key}": value for key, value in commits.items()})
        for arguments, text in case.all("image"):
            name, _, config = arguments.partition(" ")
            layout(folder / ("image-" + name), tar_bytes(listing(text)), json.loads(config or "{}"))
            self.names[name] = f"oci:{folder}/image-{name}:latest"
            self.names["dir:" + name] = f"{folder}/image-{name}:latest"
        for name, text in case.all("folder"):
            write_folder(folder / ("folder-" + name), listing(text))
            self.names[name] = str(folder / ("folder-" + name))
        context = folder / "context"
        write_folder(context, listing(case.get("context") or ""))
        for arguments, text in case.all("tar"):
            name, how, cut = (arguments.split() + ["", ""])[:3]
            where = served / name[len("@http@/"):] if name.startswith("@http@/") else folder / name[1:] if name.startswith("/") else context / name
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_bytes(archive_bytes(listing(text), how)[:int(cut or 1 << 40)])
            where.chmod(0o644)
            self.names[name.lstrip("/")] = str(where)
        for name, text in case.all("Dockerfile"):
            (context / (name or "Dockerfile")).write_text(self.put(text))
            (context / (name or "Dockerfile")).chmod(0o644)

    def put(self, text):
        return re.sub("@(" + "|".join(map(re.escape, sorted(self.names, key=len, reverse=True))) + ")@", lambda m: self.names[m[1]], text)


@pytest.fixture(scope="session")
def case_base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base") / "layout"
    layout(folder, tar_bytes(build_case.base_entries()), {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"]})
    return folder


def base_of(case, made):
    """The tree of the image that the last stage (or that of --target) is made from, through other stages; a section can name it."""
    if case.all("base"):
        return flatten(pathlib.Path(made.names[case.all("base")[0][0]].split(":")[1]))[0]
    stages, names = [], {}
    for base, name in re.findall(r"(?mi)^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", made.put(case.get("Dockerfile") or "FROM scratch")):
        stages.append(stages[names[base.lower()]] if base.lower() in names else base)
        names[name.lower()] = names[str(len(stages) - 1)] = len(stages) - 1
    target = re.search(r"--target[= ](\S+)", case.get("options") or "")
    image = stages[names[target[1].lower()] if target else -1]
    return flatten(pathlib.Path(image.split(":")[1]))[0] if image.startswith("oci:") else {}


def check_config(case, config, made):
    wanted = json.loads(made.put(case.get("config")))
    history = wanted.pop("history", None)
    got = {key: config.get(key) if key in ("author", "architecture", "os", "variant") else config["config"].get(key) for key in wanted}
    assert got == wanted
    if history is not None:
        rows = [("- " if row.get("empty_layer") else "") + row["created_by"] for row in config["history"]]
        assert [row for row in rows if row != "base"] == history


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.case")), ids=lambda p: str(p.relative_to(CASES)))
def test_build_case(path, tmp_path, case_base, request):
    case = Case(path)
    made = Made(case, tmp_path, case_base)
    options = shlex.split(made.put(case.get("options") or ""))
    words = [w for w in options if not w.startswith("CONTEXT=")]
    context = next((w[8:] for w in options if w.startswith("CONTEXT=")), made.names["context"])
    extra = dict(line.split("=", 1) for line in (case.get("environment") or "").splitlines())
    given = None
    if context.startswith("<"):  # on standard input
        given, context = pathlib.Path(context[1:]).read_bytes(), "-"
    done = subprocess.run([os.environ["OAKUM"], "build", "--store", str(tmp_path / "store"), "--output", f"oci:{tmp_path}/out:x", *words, context],
                          capture_output=True, timeout=120, input=given, cwd=tmp_path, env={**os.environ, "LC_ALL": "C.UTF-8", **extra})
    said = done.stderr.decode(errors="replace")
    assert "Sanitizer" not in said and "runtime error" not in said, said
    for server in made.servers:
        server.shutdown()
    for text in (case.get("warn") or "").splitlines() + (case.get("error") or "").splitlines():
        assert made.put(text) in said, said
    if case.get("error") is not None:
        assert done.returncode == 1, said
        assert not (tmp_path / "out").exists()
        return
    assert done.returncode == 0, said
    assert list((tmp_path / "store/work").iterdir()) == [], "temporary files were left"
    base = base_of(case, made)
    tree, config = flatten(tmp_path / "out")
    expected, times = expected_lines(made.put(case.get("tree")))
    got = tree_lines(tree, base, times)
    if os.environ.get("OAKUM_CASE_PRINT"):
        print("\n".join(["", str(path), *got, json.dumps([("- " if r.get("empty_layer") else "") + r["created_by"] for r in config["history"]])]))
    check_lines(got, expected)
    if case.get("config") is not None:
        check_config(case, config, made)
    if request.config.getoption("--peer") == "buildah" and "--timestamps" not in words and not given and context == made.names["context"]:
        compare_buildah(case, context, tmp_path, words, base, expected)


def check_lines(got, expected):
    """Digests in the case may be shorter than in what was built."""
    short = {re.match(r"\S+", line)[0]: line for line in expected}
    for i, line in enumerate(got):
        wanted = short.get(re.match(r"\S+", line)[0], "")
        found = re.search(r"\d+:[0-9a-f]{8,64}", wanted)
        if found and found[0] in line:
            got[i] = wanted
    assert got == expected


# what buildah leaves of its own mounts in the layer of a RUN
MOUNTS = {"dev d 0755", "proc d 0755", "run d 0755", "sys d 0755", 'etc/hosts f 0644 ""', 'etc/resolv.conf f 0644 ""', "run/.containerenv f 0644 \"\"", 'run/.containerenv f 0700 ""',
          "etc d 0755", 'etc/hostname f 0755 ""', "etc/hosts f 0755 \"\"", "etc/resolv.conf f 0755 \"\"", "proc d 0555", "sys d 0555"}


def compare_buildah(case, context, tmp_path, words, base, expected):
    argued = [arguments for name, arguments, _ in case.sections if name == "buildah"]
    if any(text.startswith("cannot") for text in argued):
        return
    common = ["buildah", "--root", str(tmp_path / "b"), "--runroot", str(tmp_path / "r"), "--storage-driver", "vfs"]
    env = {**os.environ, "BUILDAH_ISOLATION": "chroot", "HOME": str(tmp_path)}
    done = subprocess.run([*common, "bud", "-q", "--isolation", "chroot", "--format", "oci", "--pull-never", *words, "-t", "case", context],
                          capture_output=True, text=True, timeout=120, env=env)
    if done.returncode == 0:
        done = subprocess.run([*common, "push", "-q", "case", f"oci:{tmp_path}/peer:x"], capture_output=True, text=True, env=env)
    told = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    if not told:
        theirs = tree_lines(flatten(tmp_path / "peer")[0], base, ())
        ours = [re.sub(r" @-?\d+", "", line) for line in expected]
        told = [f"buildah: {line}" for line in theirs if line not in ours and line not in MOUNTS] + [f"oakum:   {line}" for line in ours if line not in theirs]
    subprocess.run(["rm", "-rf", str(tmp_path / "b"), str(tmp_path / "r")], check=True)
    if told:
        print("\n".join([f"{case.path.name}:", *told, *[f"  argued: {text}" for text in argued]]))
    assert not told or argued, "\n".join(told)


def test_differences_are_argued():
    """docs/buildah-differences.md names every case that buildah does otherwise, and no other."""
    argued = {str(path.relative_to(CASES).with_suffix("")) for path in CASES.rglob("*.case") if re.search(r"^--- buildah ", path.read_text(), re.M)}
    text = (CASES.parent.parent.parent / "docs/buildah-differences.md").read_text()
    named = set(re.findall(r"\b((?:add|config|context|copy|ignore|mounts|run|stages)/[a-z0-9-]+)\b", text))
    assert argued and named == argued

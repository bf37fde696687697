"""Runs each tests/reject/**/*.case: a hostile input, the command that must refuse it, and what it must say.

    # oakum scan --db {db} rootfs:{dir}/in.tar       the command; {dir} is the folder of the inputs, {db} a small database
    # exit 1                                         its exit status
    # says text                                      standard error or output holds it (may be repeated)
    # file NAME                                      an input: the lines behind it, as they are …
    # python NAME                                    … or a Python expression over reject_tools: bytes, text, or {path: bytes}
    # answers registry                               … or a registry at {registry}: {"METHOD /path": (status, {header: value}, body)}

A refusal leaves no trace: the folder of the inputs, and what lies beside it, are the same afterwards. A sanitizer's report fails the
case, because its exit status and its words are not the expected ones.
"""
import contextlib
import http.server
import json
import os
import pathlib
import shlex
import subprocess
import threading

import pytest

import reject_tools

CASES = pathlib.Path(__file__).resolve().parent.parent / "reject"


def parse(text):
    case = {"says": [], "inputs": []}
    for line in text.splitlines(keepends=True):
        word, _, rest = line[2:].strip().partition(" ") if line.startswith("# ") else ("", "", "")
        if word in ("file", "python", "answers"):
            case["inputs"].append((word, rest, []))
        elif word in ("oakum", "exit") and not case["inputs"]:
            case[word] = rest
        elif word == "says" and not case["inputs"]:
            case["says"].append(rest)
        elif case["inputs"]:
            case["inputs"][-1][2].append(line)
        elif line.strip() and word:
            raise ValueError(f"unknown line: {line}")
    return case


def write(path, content):
    if isinstance(content, dict):
        for name, data in content.items():
            write(path / name, data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def tree(folder):
    return {str(p.relative_to(folder)): (p.lstat().st_mode, p.stat().st_size if p.is_file() else 0) for p in folder.rglob("*")}


@contextlib.contextmanager
def registry(answers):
    """Serves them on loopback; what is not among them is 404. {registry} in headers and bodies is its own address."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            own = f"127.0.0.1:{self.server.server_port}"
            status, headers, body = answers.get(f"{self.command} {self.path.partition('?')[0]}", (404, {}, b"{}"))
            body = (body.encode() if isinstance(body, str) else body).replace(b"{registry}", own.encode())
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                if value is not None:
                    self.send_header(name, value.replace("{registry}", own))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

        def log_message(self, *_):
            pass

        def handle(self):
            with contextlib.suppress(ConnectionError):  # the program may have heard enough
                super().handle()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def database(oakum, tmp_path_factory):
    path = tmp_path_factory.mktemp("reject")
    for ecosystem in ("Debian:12", "Alpine:v3.20"):
        write(path / "in", json.dumps({"id": "CVE-2024-1-" + ecosystem[0], "modified": "2026-01-01T00:00:00Z", "affected": [
            {"package": {"ecosystem": ecosystem, "name": "other"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]}))
        subprocess.run([oakum, "db", "import", "--feed", "osv", "--db", path / "db", path / "in"], check=True, capture_output=True)
    return path / "db"


def test_there_are_enough():
    groups = {path.parent.name for path in CASES.rglob("*.case")}
    assert groups >= {"compressed", "database", "docker", "dockerfile", "hygiene", "licences", "oci", "osv", "packages", "registry", "secdb", "feeds", "tar"}
    assert all(parse(path.read_text())["says"] for path in CASES.rglob("*.case"))


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.case")), ids=lambda p: str(p.relative_to(CASES)))
def test_reject(path, oakum, database, tmp_path):
    case = parse(path.read_text())
    folder = tmp_path / "outer" / "dir"
    folder.mkdir(parents=True)
    (tmp_path / "outer/beside").write_text("here before")
    answers = {}
    for kind, name, lines in case["inputs"]:
        text = "".join(lines)
        content = text if kind == "file" else eval(text.strip(), vars(reject_tools).copy())
        if kind == "answers":
            answers = content
        else:
            write(folder / name, content)
    before = tree(tmp_path)
    with registry(answers) as address:
        command = [w.replace("{dir}", str(folder)).replace("{db}", str(database)).replace("{registry}", address) for w in shlex.split(case["oakum"])]
        done = subprocess.run([oakum, *command], capture_output=True, timeout=120, stdin=subprocess.DEVNULL, cwd=folder,
                              env={**os.environ, "OAKUM_STORE": str(tmp_path / "store"), "COLUMNS": "1000"})
    told = (done.stderr + done.stdout).decode(errors="replace")
    for text in case["says"]:
        assert text in told, told
    assert done.returncode == int(case["exit"]), told
    assert "Sanitizer" not in told and "runtime error" not in told
    after = {name: what for name, what in tree(tmp_path).items() if not name.startswith("store")}
    assert after == before

"""Runs each tests/reject/**/*.case: a hostile input, the command that must refuse it, and what it must say.

    # oakum scan --db {db} rootfs:{dir}/in.tar       the command; {dir} is the folder of the inputs, {db} a small database
    # exit 1                                         its exit status
    # says text                                      standard error or output holds it (may be repeated)
    # file NAME                                      an input: the lines behind it, as they are …
    # python NAME                                    … or a Python expression over reject_tools: bytes, text, or {path: bytes}

A refusal leaves no trace: the folder of the inputs, and what lies beside it, are the same afterwards. A sanitizer's report fails the
case, because its exit status and its words are not the expected ones.
"""
import json
import os
import pathlib
import shlex
import subprocess

import pytest

import reject_tools

CASES = pathlib.Path(__file__).resolve().parent.parent / "reject"


def parse(text):
    case = {"says": [], "inputs": []}
    for line in text.splitlines(keepends=True):
        word, _, rest = line[2:].strip().partition(" ") if line.startswith("# ") else ("", "", "")
        if word in ("file", "python"):
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


@pytest.fixture(scope="module")
def database(oakum, tmp_path_factory):
    path = tmp_path_factory.mktemp("reject")
    for ecosystem in ("Debian:12", "Alpine:v3.20"):
        write(path / "in", json.dumps({"id": "CVE-2024-1-" + ecosystem[0], "modified": "2026-01-01T00:00:00Z", "affected": [
            {"package": {"ecosystem": ecosystem, "name": "other"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]}))
        subprocess.run([oakum, "db", "import", "--feed", "osv", "--db", path / "db", path / "in"], check=True, capture_output=True)
    return path / "db"


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.case")), ids=lambda p: str(p.relative_to(CASES)))
def test_reject(path, oakum, database, tmp_path):
    case = parse(path.read_text())
    folder = tmp_path / "outer" / "dir"
    folder.mkdir(parents=True)
    (tmp_path / "outer/beside").write_text("here before")
    for kind, name, lines in case["inputs"]:
        text = "".join(lines)
        write(folder / name, eval(text.strip(), vars(reject_tools).copy()) if kind == "python" else text)
    before = tree(tmp_path)
    command = [w.replace("{dir}", str(folder)).replace("{db}", str(database)) for w in shlex.split(case["oakum"])]
    done = subprocess.run([oakum, *command], capture_output=True, timeout=120, stdin=subprocess.DEVNULL, cwd=folder,
                          env={**os.environ, "OAKUM_STORE": str(tmp_path / "store")})
    told = (done.stderr + done.stdout).decode(errors="replace")
    for text in case["says"]:
        assert text in told, told
    assert done.returncode == int(case["exit"]), told
    assert "Sanitizer" not in told and "runtime error" not in told
    after = {name: what for name, what in tree(tmp_path).items() if not name.startswith("store")}
    assert after == before

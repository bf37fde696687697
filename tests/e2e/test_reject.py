"""Hostile inputs of tests/reject/cases.py: each ends with its status and its words, quickly, and writes nothing outside."""
import importlib.util
import pathlib

import pytest
from test_scan import OS_RELEASE, db, run  # noqa: F401  (db is a fixture)

spec = importlib.util.spec_from_file_location("cases", pathlib.Path(__file__).resolve().parents[1] / "reject/cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)


def put(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def arguments(kind, data, folder, db):
    if kind == "tar":
        return ["scan", "--db", db, f"rootfs:{put(folder, {'x.tar': data})}/x.tar"]
    if kind == "layout":
        return ["scan", "--db", db, f"oci:{put(folder / 'l', data)}"]
    if kind == "archive":
        return ["scan", "--db", db, f"docker-archive:{put(folder, {'x.tar': data})}/x.tar"]
    if kind == "dockerfile":
        return ["lint", put(folder, {"Dockerfile": data}) / "Dockerfile"]
    if kind in ("osv", "secdb"):
        return ["db", "import", "--feed", {"osv": "osv", "secdb": "alpine-secdb"}[kind], "--db", folder / "new.db", put(folder, {"in": data}) / "in"]
    where = {"dpkg": "var/lib/dpkg/status", "apk": "lib/apk/db/installed", "osrelease": "etc/os-release"}[kind]
    return ["scan", "--db", db, f"rootfs:{put(folder / 'r', {'etc/os-release': OS_RELEASE.encode(), where: data})}"]


def test_there_are_enough():
    assert len(cases.CASES) >= 60 and len({name for name, *_ in cases.CASES}) == len(cases.CASES)


@pytest.mark.parametrize("name, kind, data, status, words", cases.CASES, ids=[case[0] for case in cases.CASES])
def test_rejected(oakum, db, tmp_path, name, kind, data, status, words):
    inside = tmp_path / "in"
    inside.mkdir()
    done = run(oakum, *arguments(kind, data, inside, db), timeout=60, cwd=tmp_path)
    told = done.stderr + (done.stdout if status == 3 else "")
    assert done.returncode == status, (done.returncode, told)
    assert words in told and "Sanitizer" not in told and told.strip(), told
    assert [p.name for p in tmp_path.iterdir()] == ["in"] and not (inside / "new.db").exists()

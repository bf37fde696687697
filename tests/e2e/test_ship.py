"""The gate: what fails it leaves nothing behind."""
import json

from test_scan import STATUS, db, osv, root, run  # noqa: F401  (db is a fixture)

DOCKERFILE = "ARG BASE\nFROM ${BASE}\nCOPY f /f\nUSER app\n"


def ship(oakum, db, tmp_path, *more, dockerfile=DOCKERFILE, status=STATUS):
    context = tmp_path / "c"
    context.mkdir(exist_ok=True)
    (context / "f").write_text("x")
    (context / "Dockerfile").write_text(dockerfile)
    base = root(tmp_path / "base", **{"var/lib/dpkg/status": status, "etc/passwd": "app:x:1:1::/:/bin/sh\n"})
    return run(oakum, "ship", "--store", tmp_path / "s", *(["--db", db] if db else []), "--build-arg", f"BASE=rootfs:{base}",
               "--output", f"oci:{tmp_path}/o:v1", *more, context)


def test_refused_then_shipped(oakum, db, tmp_path):
    done = ship(oakum, db, tmp_path)
    assert done.returncode == 2 and "refused: 1 holes have a fix; nothing was delivered" in done.stderr
    assert not (tmp_path / "o").exists()
    line = next(l for l in done.stdout.splitlines() if l.startswith("CVE-2024-0001"))
    assert line.split()[1:6] == ["critical", "libssl3", "3.0.14-1~deb12u2", "3.0.15-1~deb12u1", "fixed"] and line.endswith(" 2")
    done = ship(oakum, db, tmp_path, status=STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1"))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "o/index.json").read_text())["manifests"][0]["annotations"] == {"org.opencontainers.image.ref.name": "v1"}


def test_report_file_and_policy(oakum, db, tmp_path):
    done = ship(oakum, db, tmp_path, "--fail-on", "none", "--format", "json", "--report", tmp_path / "r.json")
    assert done.returncode == 0 and done.stdout == ""
    result = json.loads((tmp_path / "r.json").read_text())
    assert [f["dockerfile_line"] for f in result["findings"]] == [2, 2, 2] and result["verdict"]["kind"] == "pass"


def test_unknown_is_not_delivered(oakum, db, tmp_path):
    done = ship(oakum, db, tmp_path, status="nonsense\n")
    assert done.returncode == 3 and not (tmp_path / "o").exists()


def test_lint_comes_first(oakum, db, tmp_path):
    done = ship(oakum, db, tmp_path, dockerfile=DOCKERFILE + "ENV API_TOKEN=abc\n")
    assert done.returncode == 2 and "secret-in-variable" in done.stderr and "nothing was built" in done.stderr
    assert not (tmp_path / "s").exists() and not (tmp_path / "o").exists()


def test_embedded_snapshot_says_its_age(oakum, db, tmp_path):
    """Without --db the snapshot inside the program is used, and it says so."""
    done = ship(oakum, None, tmp_path, status=STATUS.replace("3.0.14-1~deb12u2", "3.0.1-1"))
    assert done.returncode == 2 and "days old" in done.stderr and "oakum db import" in done.stderr


def test_every_platform_is_judged(oakum, db, tmp_path):
    """One bad platform of two keeps both at home; each has a report of its own."""
    fixed = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1")
    bad = "ARG BASE\nFROM ${BASE} AS amd64\nFROM ${BASE} AS arm64\nCOPY bad /var/lib/dpkg/status\nARG TARGETARCH\nFROM ${TARGETARCH}\nCOPY f /f\nUSER app\n"
    bad = bad.replace("ARG BASE\n", "ARG BASE\nARG TARGETARCH\n", 1)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/bad").write_text(STATUS)
    options = ["--platform", "amd64,arm64", "--format", "json", "--fail-lint", "none", "--report", tmp_path / "r.json"]
    done = ship(oakum, db, tmp_path, *options, dockerfile=bad, status=fixed)
    assert done.returncode == 2 and "linux/arm64: refused" in done.stderr and not (tmp_path / "o").exists(), done.stderr
    kinds = {p.name: json.loads(p.read_text())["verdict"]["kind"] for p in tmp_path.glob("r.*.json")}
    assert kinds == {"r.linux_amd64.json": "pass", "r.linux_arm64.json": "fail"}
    done = ship(oakum, db, tmp_path, *options, status=fixed)
    assert done.returncode == 0, done.stderr
    top, = json.loads((tmp_path / "o/index.json").read_text())["manifests"]
    index = json.loads((tmp_path / "o/blobs" / top["digest"].replace(":", "/")).read_text())
    assert [m["platform"]["architecture"] for m in index["manifests"]] == ["amd64", "arm64"]
    done = ship(oakum, db, tmp_path, *options[:4], status=fixed)
    assert done.returncode == 1 and "name it with --report FILE" in done.stderr

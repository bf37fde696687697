"""The gate: what fails it leaves nothing behind."""
import json
import re

from test_scan import STATUS, db, osv, root, run  # noqa: F401  (db is a fixture)

DOCKERFILE = "ARG BASE\nFROM ${BASE}\nCOPY f /f\nUSER app\n"


def ship(oakum, db, tmp_path, *more, dockerfile=DOCKERFILE, status=STATUS, files={}):
    context = tmp_path / "c"
    context.mkdir(exist_ok=True)
    (context / "f").write_text("x")
    (context / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (context / name).write_text(text)
    base = root(tmp_path / "base", **{"var/lib/dpkg/status": status, "etc/passwd": "app:x:1:1::/:/bin/sh\n"})
    return run(oakum, "ship", "--store", tmp_path / "s", *(["--db", db] if db else []), "--build-arg", f"BASE=rootfs:{base}",
               "--output", f"oci:{tmp_path}/o:v1", *more, context)


def test_refused_then_shipped(oakum, db, tmp_path):
    done = ship(oakum, db, tmp_path)
    assert done.returncode == 2 and "refused: 1 holes have a fix; nothing was delivered" in done.stderr
    assert not (tmp_path / "o").exists()
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["CVE-2024-0001"])
    assert lines[at].split() == ["CVE-2024-0001", "critical", "fixed", "in", "3.0.15-1~deb12u1"]
    assert lines[at - 1].split()[:2] == ["libssl3", "3.0.14-1~deb12u2"] and lines[at - 1].endswith(" line 2")
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


LAYERS = ("ARG BASE\nFROM scratch AS other\nCOPY pad /unrelated\nFROM ${BASE}\nCOPY pad /var/lib/dpkg/status.d/pad\nWORKDIR /w\n"
          "COPY --from=other /unrelated /var/lib/dpkg/status.d/other\nUSER app\n")


def counted(done):
    """(looked at during the build, known from before, read again, bytes read again)"""
    line = next(l for l in done.stderr.splitlines() if l.startswith("catalogue: "))
    return tuple(int(n) for n in re.search(r"(\d+) layers looked at during the build, (\d+) known from before, (\d+) read again \((\d+) bytes\)", line).groups())


def test_nothing_is_read_again(oakum, db, tmp_path):
    """Layers are catalogued while they are built, and findings are those of a scan that reads them."""
    fixed = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1")
    result = []
    for turn in range(2):
        done = run(*done.args) if turn else ship(oakum, db, tmp_path, "--fail-on", "none", "--format", "json", "--report", tmp_path / "r.json", status=fixed, dockerfile=LAYERS,
                                                 files={"pad": STATUS.split("\n\n")[0].replace("libssl3", "pad") + "\n"})
        assert done.returncode == 0, done.stderr
        result.append(json.loads((tmp_path / "r.json").read_text()))
        assert counted(done) == ((4, 0, 0, 0) if turn == 0 else (0, 4, 0, 0)), done.stderr
    scanned = run(oakum, "scan", "--no-cache", "--db", db, "--format", "json", f"oci:{tmp_path}/o:v1")
    apart = json.loads(scanned.stdout)
    # the scan knows no Dockerfile
    plain = lambda rows: [{k: v for k, v in row.items() if not k.startswith("dockerfile")} for row in rows]
    assert result[0]["packages"] == result[1]["packages"] and len(apart["packages"]) > 2
    assert plain(result[0]["packages"]) == plain(apart["packages"]) and plain(result[0]["findings"]) == plain(apart["findings"])
    assert {p["name"] for p in apart["packages"]} >= {"pad", "libssl3"}


def test_a_layer_that_cannot_be_kept_is_read(oakum, db, tmp_path):
    """A build without a cache of layers, and one whose cache lost what it had, give the same."""
    fixed = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1")
    first = ship(oakum, db, tmp_path, "--fail-on", "none", "--format", "json", "--report", tmp_path / "r.json", status=fixed)
    one = json.loads((tmp_path / "r.json").read_text())
    (tmp_path / "s/layers.db").unlink()
    looked, known, read, _ = counted(run(*first.args))
    assert (looked, known) == (0, 0) and read == counted(first)[0] and json.loads((tmp_path / "r.json").read_text())["packages"] == one["packages"]


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


def test_a_secret_stops_it_without_a_policy(oakum, db, tmp_path):
    """And the refusal says how to let it pass."""
    fixed, key = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1"), {"f.env": "AWS_SECRET_KEY=" + "Zk4vQ8sT1x" + "Lw7NbR3mYc" + "P6jHd9Gf2u" + "Ea5WiXo0Kt" + "\n"}
    dockerfile = DOCKERFILE + "COPY f.env /app/f.env\n"
    done = ship(oakum, db, tmp_path, dockerfile=dockerfile, status=fixed, files=key)
    assert done.returncode == 2 and "refused: 1 secrets are high or worse; nothing was delivered" in done.stderr, done.stderr
    assert "--fail-on none" in done.stderr and "Zk4vQ8sT1x" not in done.stderr + done.stdout and not (tmp_path / "o").exists()
    (tmp_path / "own.yaml").write_text("allow-rules: [{id: known, path: '^app/f.env$'}]\n")
    done = ship(oakum, db, tmp_path, "--secret-config", tmp_path / "own.yaml", dockerfile=dockerfile, status=fixed, files=key)
    assert done.returncode == 0 and (tmp_path / "o").exists(), done.stderr
    assert ship(oakum, db, tmp_path, "--checks", "holes", dockerfile=dockerfile, status=fixed, files=key).returncode == 0

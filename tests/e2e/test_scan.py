"""Packages, advisories, findings, verdicts: on small roots written here, and on the shared corpus where it lies beside the checkout."""
import gzip
import json
import os
import pathlib
import subprocess

import pytest
import reject_tools

SHARED = pathlib.Path(os.environ.get("OAKUM_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared")) / "data"


def run(oakum, *args, **kw):
    return subprocess.run([oakum, *map(str, args)], capture_output=True, text=True, **kw)


def osv(id, package, events, ecosystem="Debian:12", **more):
    return {"id": id, "modified": "2026-01-02T00:00:00Z", "affected": [{"package": {"ecosystem": ecosystem, "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": events}]}], **more}


RECORDS = [
    osv("DSA-1", "openssl", [{"introduced": "0"}, {"fixed": "3.0.15-1~deb12u1"}], upstream=["CVE-2024-0001"], summary="a hole\nin it",
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]),
    osv("OPEN-1", "openssl", [{"introduced": "0"}], upstream=["CVE-2024-0001"]),
    osv("OPEN-2", "openssl", [{"introduced": "0"}], aliases=["CVE-2024-0002", "GHSA-x"], database_specific={"severity": "LOW"}),
    osv("CVE-2024-0003", "openssl", [{"introduced": "3.0.14-1"}, {"fixed": "3.0.14-2"}]),
    osv("CVE-2024-0004", "openssl", [{"introduced": "0"}, {"fixed": "1.0"}]),
    osv("CVE-2024-0005", "openssl", [{"introduced": "0"}], withdrawn="2026-01-01T00:00:00Z"),
    osv("CVE-2024-0006", "bash", [{"introduced": "0"}, {"last_affected": "5.2.15-2"}]),
]
STATUS = """Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.14-1~deb12u2

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7
Source: bash (5.2.15-2)
Description: shell
 with a long text

Package: gone
Status: deinstall ok config-files
Version: 1
"""
OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'


@pytest.fixture(scope="module")
def db(oakum, tmp_path_factory):
    folder = tmp_path_factory.mktemp("db")
    (folder / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in RECORDS))
    done = run(oakum, "db", "import", "--feed", "osv", "--db", folder / "adv.db", folder / "a.jsonl")
    assert done.returncode == 0, done.stderr
    return folder / "adv.db"


def root(folder, **files):
    for path, text in {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS, **files}.items():
        if text is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    return folder


def scan(oakum, db, folder, *more):
    done = run(oakum, "scan", "--db", db, "--format", "json", *more, f"rootfs:{folder}")
    return done, json.loads(done.stdout) if done.stdout else None


def test_findings(oakum, db, tmp_path):
    done, result = scan(oakum, db, root(tmp_path))
    assert done.returncode == 0 and [p["name"] for p in result["packages"]] == ["bash", "libssl3"]
    rows = [(f["package"]["name"], f["id"], f["severity"], f["fixed"], f["status"]) for f in result["findings"]]
    assert rows == [("bash", "CVE-2024-0006", "unknown", None, "open"),
                    ("libssl3", "CVE-2024-0001", "critical", "3.0.15-1~deb12u1", "fixed"),
                    ("libssl3", "CVE-2024-0002", "low", None, "open")]
    ssl = result["packages"][1]
    assert ssl["purl"] == "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl"
    assert ssl["source"] == {"name": "openssl", "version": "3.0.14-1~deb12u2"} and ssl["paths"] == ["var/lib/dpkg/status"]
    assert result["findings"][2]["aliases"] == ["GHSA-x", "OPEN-2"]
    assert "/var/lib/dpkg/status lists libssl3" in result["findings"][1]["why"] and result["findings"][1]["title"] == "a hole"


@pytest.mark.parametrize("policy, status", [("none", 0), ("fixable", 2), ("critical", 2), ("low", 2)])
def test_verdicts(oakum, db, tmp_path, policy, status):
    assert scan(oakum, db, root(tmp_path), "--fail-on", policy)[0].returncode == status


def test_unknown_severity_is_no_pass(oakum, db, tmp_path):
    only_bash = STATUS[STATUS.index("Package: bash"):]
    done, result = scan(oakum, db, root(tmp_path, **{"var/lib/dpkg/status": only_bash}), "--fail-on", "critical")
    assert done.returncode == 3 and result["verdict"]["kind"] == "unknown"


@pytest.mark.parametrize("files, reason", [
    ({"etc/os-release": "ID=plan9\n"}, "unknown-distribution"),
    ({"etc/os-release": OS_RELEASE.replace("12", "99")}, "no-advisories"),
    ({"var/lib/dpkg/status": None}, "no-packages"),
    ({"var/lib/dpkg/status": "Package: x\nno colon\n"}, "damaged-package-database"),
    ({"var/lib/dpkg/status": "Package: x\nStatus: install ok installed\n\n"}, "damaged-package-database"),
    ({"var/lib/rpm/rpmdb.sqlite": "x"}, "unread-package-database"),
    ({"var/lib/dpkg/status": STATUS.replace("3.0.14-1~deb12u2", "not a version")}, "version-not-comparable"),
])
def test_what_cannot_be_judged_fails_closed(oakum, db, tmp_path, files, reason):
    done, result = scan(oakum, db, root(tmp_path, **files))
    assert done.returncode == 3 and reason in [i["id"] for i in result["incomplete"]]


def test_layers_are_named(oakum, db, tmp_path):
    """A package counts for the layer that brought it, though later layers rewrite the whole database."""
    only_bash = STATUS[STATUS.index("Package: bash"):]
    context = tmp_path / "c"
    (context / "x").mkdir(parents=True)
    (context / "x/status").write_text(STATUS)
    (context / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nLABEL a=b\nCOPY x/status /var/lib/dpkg/status\n")
    base = root(tmp_path / "base", **{"var/lib/dpkg/status": only_bash})
    done = run(oakum, "build", "--store", tmp_path / "s", "--build-arg", f"BASE=rootfs:{base}", "--output", f"oci:{tmp_path}/o", context)
    assert done.returncode == 0, done.stderr
    done = run(oakum, "scan", "--db", db, "--format", "json", f"oci:{tmp_path}/o")
    result = json.loads(done.stdout)
    manifest = json.loads((tmp_path / "o/blobs" / json.loads((tmp_path / "o/index.json").read_text())["manifests"][0]["digest"].replace(":", "/")).read_text())
    assert {p["name"]: p["layer"] for p in result["packages"]} == {"bash": manifest["layers"][0]["digest"], "libssl3": manifest["layers"][1]["digest"]}


def test_removed_database(oakum, db, tmp_path):
    """A layer over a whole system takes its package database away."""
    below, gone = reject_tools.debian(status=STATUS), reject_tools.tar(reject_tools.file("var/lib/dpkg/.wh.status", ""))
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [reject_tools.digest(layer) for layer in (below, gone)]}}).encode()
    part = lambda kind, data: {"mediaType": f"application/vnd.oci.image.{kind}", "digest": reject_tools.digest(data), "size": len(data)}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": part("config.v1+json", config),
                "layers": [part("layer.v1.tar", layer) for layer in (below, gone)]}
    files = {**reject_tools.oci(layer=gone, config=config, manifest=manifest), reject_tools.blob(reject_tools.digest(below)): below}
    for name, data in files.items():
        (tmp_path / "o" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "o" / name).write_bytes(data)
    done = run(oakum, "scan", "--db", db, "--format", "json", f"oci:{tmp_path}/o")
    assert done.returncode == 3 and "removed-package-database" in done.stdout, done.stdout + done.stderr


def test_table_is_safe_for_terminals(oakum, db, tmp_path):
    evil = STATUS.replace("Package: libssl3", "Package: lib\x1b[31mssl")
    done = run(oakum, "scan", "--db", db, f"rootfs:{root(tmp_path, **{'var/lib/dpkg/status': evil})}")
    assert "\x1b" not in done.stdout and "lib\\x1b[31mssl" in done.stdout


def test_import_is_atomic_and_deterministic(oakum, db, tmp_path):
    lines = "".join(json.dumps(r) + "\n" for r in RECORDS)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "list.json").write_text(json.dumps(RECORDS, indent=1))
    for name in ("a.jsonl.gz", "list.json"):
        assert run(oakum, "db", "import", "--feed", "osv", "--db", tmp_path / (name + ".db"), tmp_path / name).returncode == 0
        assert (tmp_path / (name + ".db")).read_bytes() == db.read_bytes()
    before = db.read_bytes()
    (tmp_path / "bad").write_text(lines + '{"id": 3}\n')  # one of eight: over the share that may be bad
    done = run(oakum, "db", "import", "--feed", "osv", "--db", db, tmp_path / "bad")
    assert done.returncode == 1 and "line 8: a record without id" in done.stderr
    assert db.read_bytes() == before and sorted(p.name for p in db.parent.iterdir()) == ["a.jsonl", "adv.db"]


def test_alpine(oakum, tmp_path):
    secdb = {"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "busybox", "secfixes": {
        "1.36.1-r31": ["CVE-1 GHSA-2"], "1.36.1-r2": ["CVE-3"], "0": ["CVE-4"]}}}]}
    (tmp_path / "main.json").write_text(json.dumps(secdb, indent=2))
    assert run(oakum, "db", "import", "--feed", "alpine-secdb", "--db", tmp_path / "d", tmp_path / "main.json").returncode == 0
    folder = root(tmp_path / "r", **{"etc/os-release": "ID=alpine\nVERSION_ID=3.20.3\n", "var/lib/dpkg/status": None,
                                     "lib/apk/db/installed": "P:busybox-binsh\nV:1.36.1-r29\nA:x86_64\no:busybox\n\n"})
    done, result = scan(oakum, tmp_path / "d", folder)
    assert [(f["package"]["name"], f["id"], f["aliases"], f["fixed"]) for f in result["findings"]] == [("busybox-binsh", "CVE-1", ["GHSA-2"], "1.36.1-r31")]


def test_vex_suppresses_and_says_why(oakum, db, tmp_path):
    statement = {"vulnerability": {"name": "CVE-2024-0001"}, "products": [{"@id": "pkg:deb/debian/libssl3"}], "status": "not_affected", "justification": "vulnerable_code_not_present"}
    (tmp_path / "v.json").write_text(json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement]}))
    folder = root(tmp_path / "r")
    done, result = scan(oakum, db, folder, "--vex", tmp_path / "v.json", "--fail-on", "critical")
    assert [(f["id"], f["suppressed"]) for f in result["suppressed"]] == [("CVE-2024-0001", f"VEX {tmp_path}/v.json: not_affected (vulnerable_code_not_present)")]
    assert "CVE-2024-0001" not in [f["id"] for f in result["findings"]]
    table = run(oakum, "scan", "--db", db, "--vex", tmp_path / "v.json", f"rootfs:{folder}").stdout
    assert "1 more suppressed" in table and "CVE-2024-0001" not in table
    table = run(oakum, "scan", "--db", db, "--vex", tmp_path / "v.json", "--show-suppressed", f"rootfs:{folder}").stdout
    assert "suppressed: CVE-2024-0001 in libssl3: VEX" in table
    (tmp_path / "v.json").write_text("{}")
    done = run(oakum, "scan", "--db", db, "--vex", tmp_path / "v.json", f"rootfs:{folder}")
    assert done.returncode == 1 and "neither OpenVEX" in done.stderr


def test_explain_tells_the_chain(oakum, db, tmp_path):
    folder = root(tmp_path)
    done = run(oakum, "scan", "--db", db, "--explain", "CVE-2024-0001@libssl3", f"rootfs:{folder}")
    lines = {line[2:14].strip(): line[15:] for line in done.stdout.splitlines()[1:]}
    assert done.returncode == 0 and done.stdout.startswith("CVE-2024-0001 in libssl3 3.0.14-1~deb12u2\n"), done.stderr
    assert lines["proof"].startswith("/var/lib/dpkg/status") and lines["built from"] == "openssl 3.0.14-1~deb12u2"
    assert lines["compared"].startswith("deb: 0 <= 3.0.14-1~deb12u2 < 3.0.15-1~deb12u1") and lines["severity"].startswith("critical, by ")
    assert "upgrade libssl3 to a build of openssl 3.0.15-1~deb12u1 or later" in lines["way out"] and "of osv" in lines["records"]
    for name in ("LibSSL3", "pkg:deb/debian/libssl3", "debian/libssl3"):
        assert run(oakum, "scan", "--db", db, "--explain", f"cve-2024-0001@{name}", f"rootfs:{folder}").stdout == done.stdout, name
    for name in ("libssl", "pkg:deb/debian/libssl", "ebian/libssl3"):
        assert run(oakum, "scan", "--db", db, "--explain", f"CVE-2024-0001@{name}", f"rootfs:{folder}").returncode == 1, name
    done = run(oakum, "scan", "--db", db, "--explain", "CVE-1999-1", f"rootfs:{folder}")
    assert done.returncode == 1 and done.stdout == "" and "no package of the image has this hole" in done.stderr


def rows(finding):
    """A row for each fix that a record knows: Alpine's tables name several of one hole."""
    fixes = {r["fixed"] or "" for r in finding["records"]} - {""} or {""}
    return [(finding["package"]["name"], finding["package"]["version"], finding["source"], finding["id"], fix, finding["status"]) for fix in fixes]


CORPUS = [("debian-bullseye-11.11-nosec", "debian"), ("debian-bullseye-vulnstack", "debian"), ("alpine-3.10.3-x86_64", "v3.10"), ("alpine-3.20.3-x86_64", "v3.20"),
          ("alpine-20210212-x86_64", "edge")]


if SHARED.exists():  # where it is not, the header of the run says so
    @pytest.mark.parametrize("name, feed", CORPUS)
    def test_corpus_row_for_row(oakum, tmp_path, name, feed):
        inputs = [SHARED / "advisories/debian" / f for f in ("debian-changelog.osv.jsonl.gz", "debian-open-2026-01.osv.jsonl.gz")] if feed == "debian" \
            else sorted((SHARED / "advisories/alpine/secdb" / feed).glob("*.json"))
        kind = "osv" if feed == "debian" else "alpine-secdb"
        assert run(oakum, "db", "import", "--feed", kind, "--db", tmp_path / "d", *inputs).returncode == 0
        done, result = scan(oakum, tmp_path / "d", SHARED / "rootfs" / (name + ".tar.gz"))
        got = sorted(row for f in result["findings"] for row in rows(f))
        want = sorted(tuple(line.split("\t")) for line in (SHARED / "rootfs" / (name + ".expected.tsv")).read_text().splitlines()[1:])
        assert got == want

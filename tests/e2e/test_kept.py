"""Holes that are kept: a second scan gives the same bytes without asking the database, and another file, option or image does not get them."""
import json
import os
import time

from test_scan import OS_RELEASE, RECORDS, STATUS, osv, root, run


def database(oakum, folder, records):
    (folder / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    done = run(oakum, "db", "import", "--feed", "osv", "--db", folder / "adv.db", folder / "a.jsonl")
    assert done.returncode == 0, done.stderr
    time.sleep(3.1)  # a file that changed a moment ago is not relied on


def scan(oakum, tmp_path, target, *more):
    env = {**os.environ, "OAKUM_STORE": str(tmp_path / "store"), "SOURCE_DATE_EPOCH": "1770000000"}
    done = run(oakum, "scan", "--db", tmp_path / "adv.db", *more, f"rootfs:{target}", env=env)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


def kept(tmp_path):
    return sorted((tmp_path / "store/holes").iterdir()) if (tmp_path / "store/holes").exists() else []


FORMATS = ("json", "table", "sarif", "cyclonedx", "gitlab")


def test_kept_holes(oakum, tmp_path):
    database(oakum, tmp_path, RECORDS)
    one = root(tmp_path / "one")
    fresh = {f: scan(oakum, tmp_path, one, "--no-cache", "--format", f) for f in FORMATS}
    assert not kept(tmp_path) and "CVE-2024-0001" in fresh["table"]
    first = {f: scan(oakum, tmp_path, one, "--format", f) for f in FORMATS}
    file, = kept(tmp_path)
    again = {f: scan(oakum, tmp_path, one, "--format", f) for f in FORMATS}
    assert first == fresh and again == fresh and kept(tmp_path) == [file]

    # they are taken from there; a damaged file is found again
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"CVE-2024-0001", b"CVE-2024-9991"))
    assert "CVE-2024-9991" in scan(oakum, tmp_path, one)
    for bad in (b"", whole[:-1], whole + b"x", b"x" + whole[1:], whole[:14] + b"\xff" * 8 + whole[22:]):
        file.write_bytes(bad)
        assert scan(oakum, tmp_path, one) == fresh["table"]
        assert file.read_bytes() == whole

    # other packages, another distribution and other options have holes of their own
    file.write_bytes(whole.replace(b"CVE-2024-0001", b"CVE-2024-9991"))
    two = root(tmp_path / "two", **{"var/lib/dpkg/status": STATUS.replace("deb12u2", "deb12u3")})
    three = root(tmp_path / "three", **{"etc/os-release": OS_RELEASE.replace("12", "13")})
    for other in (two, three):
        assert scan(oakum, tmp_path, other, "--format", "json") == scan(oakum, tmp_path, other, "--no-cache", "--format", "json")
    assert "9991" not in scan(oakum, tmp_path, one, "--kernel-headers")
    assert len(kept(tmp_path)) == 4

    # what the holes do not follow from is done each time
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [
        {"vulnerability": {"name": "CVE-2024-0002"}, "products": [{"@id": "pkg:deb/debian/libssl3"}], "status": "not_affected", "justification": "component_not_present"}]}
    (tmp_path / "vex.json").write_text(json.dumps(vex))
    assert "1 more suppressed" in scan(oakum, tmp_path, two, "--vex", tmp_path / "vex.json")
    assert "suppressed" not in scan(oakum, tmp_path, two)
    assert "older than" in scan(oakum, tmp_path, two, "--max-age", "1")

    # another database in the same place
    database(oakum, tmp_path, [*RECORDS, osv("CVE-2024-0077", "bash", [{"introduced": "0"}])])
    assert "CVE-2024-0077" in scan(oakum, tmp_path, one) and "9991" not in scan(oakum, tmp_path, one)


def test_kept_holes_are_bounded(oakum, tmp_path):
    database(oakum, tmp_path, RECORDS)
    for i in range(36):
        scan(oakum, tmp_path, root(tmp_path / "r", **{"var/lib/dpkg/status": STATUS.replace("deb12u2", f"deb12u2~{i}")}))
    assert len(kept(tmp_path)) == 32


def test_holes_of_the_snapshot_are_kept_at_once(oakum, tmp_path):
    """The database inside the program is as new as the program, however new the file that it was just written to."""
    one = root(tmp_path / "one")
    words = ("scan", "--fail-on", "none", "--store", tmp_path / "store", "--format", "json", f"rootfs:{one}")
    first = run(oakum, *words)
    file, = kept(tmp_path)
    inode = file.stat().st_ino
    assert run(oakum, *words).stdout == first.stdout and kept(tmp_path) == [file] and file.stat().st_ino == inode

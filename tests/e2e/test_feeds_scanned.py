"""Native feeds of distributions with rpm packages, from their documents to the findings of a scan: for each release that a sample of the corpus tells of, a system whose
packages stand just below the fixes that the feed names, and one whose packages have them. Below, each hole is found by the feed's own record; at the fix none of them is."""
import collections
import fnmatch
import json
import re

import pytest
import reject_tools
import rpm_tools
from test_db import run
from test_feeds_corpus import BROKEN, GROUPS, NATIVE

# ecosystem: ID, vendor
SYSTEMS = {"Red Hat": ("rhel", "Red Hat, Inc."), "Oracle Linux": ("ol", "Oracle America"), "Amazon Linux": ("amzn", "Amazon Linux"), "Fedora": ("fedora", "Fedora Project"),
           "Rocky Linux": ("rocky", "Rocky Enterprise Software Foundation"), "AlmaLinux": ("almalinux", "AlmaLinux"), "SUSE": ("sles", "SUSE LLC <https://www.suse.com/>"),
           "SUSE Micro": ("sle-micro", "SUSE LLC <https://www.suse.com/>"), "openSUSE": ("opensuse-leap", "openSUSE"), "Azure Linux": ("azurelinux", "Microsoft Corporation"), "Mariner": ("mariner", "Microsoft Corporation"),
           "Photon OS": ("photon", "VMware, Inc."), "Bottlerocket": ("bottlerocket", "Bottlerocket"), "openEuler": ("openEuler", "http://openeuler.org")}
MOST = 300  # packages of a system


def parts(evr):
    epoch, _, rest = evr.rpartition(":")
    version, _, release = rest.partition("-")
    return int(epoch or 0), version, release or "1"


def package(name, evr, row, vendor, below):
    epoch, version, release = parts(evr)
    release = ("~" if below else "") + release  # "lp152.4" is below "0"
    source = name if row["kind"] == "source" else name + "-src"
    more = {"modularitylabel": row["module"] + ":8060020220523160029:ad008a3a"} if "module" in row else {}
    return rpm_tools.rpm(name, version, release, epoch=epoch, vendor=vendor, arch=row.get("arches", ["x86_64"])[0], sourcerpm=f"{source}-{version}-{release}.src.rpm", **more)


def rows_of(text):
    """ecosystem: [row] of what is mended in every build: one for each package, and none of those for which a hole has several fixes (of products of their own)."""
    fixes = collections.defaultdict(set)
    listed = [r for r in map(json.loads, text.splitlines()) if r.get("ecosystem", "").split(":")[0] in SYSTEMS and r["status"] == "fixed" and "flavour" not in r]
    # support that is paid for apart (EUS, AUS, ELS) is not about a system of the main line; openSUSE before 12.3 had no os-release
    listed = [r for r in listed if not re.search(r":rhel_(e4s|els|aus|eus|tus|mission_critical)", r.get("product", "")) and
              not re.fullmatch(r"openSUSE:(10|11)\..*", r["ecosystem"])]
    for r in listed:
        for hole in r["ids"]:
            fixes[r["ecosystem"], r["package"], hole].add(tuple(x.get("fixed") for x in r.get("ranges", [])))
    found = collections.defaultdict(dict)
    for r in listed:
        ranges = r.get("ranges", [])
        if len(ranges) == 1 and "fixed" in ranges[0] and not ranges[0].get("introduced") and all(len(fixes[r["ecosystem"], r["package"], hole]) == 1 for hole in r["ids"]):
            found[r["ecosystem"]].setdefault(r["package"], r)
    return {key: list(by_name.values())[:MOST] for key, by_name in found.items()}


if NATIVE.exists():
    from test_feeds_corpus import unpacked  # noqa: F401  the fixture

    # Ubuntu has no rpm packages; the samples of Fedora list none in an advisory of security; of two samples of Red Hat one is of EUS and
    # AUS alone, the other mends one hole twice
    RPM = [g for g in GROUPS if g[2] in ("oval", "csaf", "updateinfo", "photon") and not re.search("ubuntu|fedora|csaf_2_0/2025|csaf/advisories/2024", g[1])]

    @pytest.mark.parametrize("archive, pattern, feed, function, least", RPM, ids=lambda v: v if isinstance(v, str) else None)
    def test_scanned(oakum, unpacked, tmp_path, archive, pattern, feed, function, least):  # noqa: F811
        root = next(unpacked.glob(archive + "*"))
        files = sorted(p for p in root.rglob("*") if p.is_file() and not re.search(BROKEN + "|repository-to-cpe", p.name) and
                       fnmatch.fnmatch(str(p.relative_to(root)), pattern if pattern.startswith("*") else "*" + pattern))
        db = tmp_path / "d"
        assert run(oakum, "db", "import", "--feed", feed, "--db", db, *files).returncode == 0
        systems = rows_of(run(oakum, "db", "export", "--db", db).stdout)
        assert systems
        for ecosystem, rows in systems.items():
            system, vendor = SYSTEMS[ecosystem.split(":")[0]]
            release = ecosystem.partition(":")[2].removeprefix("Leap ")
            if release == "Tumbleweed":
                system, release = "opensuse-tumbleweed", "20260101"
            words = ""
            if system == "openEuler":  # VERSION_ID is the same for all service packs
                release, _, pack = release.partition("-")
                words = f'VERSION="{release} ({pack})"\n'
            found = {}
            for below in (True, False):
                blobs = [package(r["package"], r["ranges"][0]["fixed"], r, vendor, below) for r in rows]
                image = tmp_path / "image.tar"
                image.write_bytes(reject_tools.tar(reject_tools.file("etc/os-release", f"ID={system}\nVERSION_ID={release}\n{words}"),
                                                   reject_tools.file("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(*blobs))))
                done = run(oakum, "scan", "--db", db, "--max-age", "0", "--kernel-headers", "--format", "json", "--fail-on", "none", f"rootfs:{image}")
                assert done.returncode in (0, 3), done.stderr
                found[below] = {(f["package"]["name"], record["record"]) for f in json.loads(done.stdout)["findings"] if f.get("package") for record in f["records"]}
            wanted = {(r["package"], r["record"]) for r in rows}
            assert wanted - found[True] == set(), ecosystem
            assert wanted & found[False] == set(), ecosystem

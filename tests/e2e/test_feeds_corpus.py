"""Samples of native feeds in the corpus beside the checkout, each through the reader that it belongs to: judged and named, with what
comes of it held against a second reading (feed_counts.py). Without the corpus: tests/cases/feed has small documents of each feed."""
import fnmatch
import json
import os
import pathlib
import re
import subprocess

import feed_counts as second
import pytest
from test_db import rows, run

NATIVE = pathlib.Path(os.environ.get("OAKUM_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared")) / "data/advisories/native-fixtures"

# made to be refused, or no advisories
BROKEN = r"broken|invalid|delete_|podspec|repomd|photon_versions|-golden|ansible|CVE-2008-5679|suse_oval"
# archive, files in it (* stands for / too), feed, second reader, documents at least
GROUPS = [
    ("claircore", "alpine/testdata/fetch/v3.10/*.json", "alpine-secdb", second.secdb, 1),
    ("claircore", "enricher/cvss/testdata/feed.json", "nvd", None, 1),
    ("claircore", "enricher/epss/testdata/*.csv", "epss", second.epss, 1),
    ("claircore", "enricher/kev/testdata/*.json", "kev", second.kev, 1),
    ("claircore", "photon/testdata/*.xml", "oval", second.oval, 1),
    ("claircore", "rhel/vex/testdata/*.json", "csaf", second.csaf, 7),
    ("claircore", "test/acceptance/testdata/*.json", "csaf", second.csaf, 10),
    ("trivy-db", "pkg/vulnsrc/ghsa/testdata/happy/*/GHSA-*.json", "osv", second.osv, 9),
    ("trivy-db", "pkg/vulnsrc/govulndb/testdata/happy/*.json", "osv", second.osv, 3),
    ("trivy-db", "pkg/vulnsrc/bundler/testdata/happy/*.yml", "advisory-yaml", second.ruby, 1),
    ("trivy-db", "pkg/vulnsrc/composer/testdata/happy/*.yaml", "advisory-yaml", second.php, 1),
    ("vuln-list", "mariner/testdata/happy/*.xml", "oval", second.oval, 3),
    ("vuln-list", "oracle/oval/testdata/*.xml", "oval", second.oval, 1),
    ("vuln-list", "redhat/oval/testdata/happy/repository-to-cpe.json", "redhat-repositories", second.repositories, 1),
    ("vuls-data-update", "pkg/fetch/redhat/repository2cpe/testdata/fixtures/repository-to-cpe.json", "redhat-repositories", second.repositories, 1),
    ("vuln-list", "alpine/testdata/*-main.json", "alpine-secdb", second.secdb, 1),
    ("vuln-list", "arch/testdata/archlinux.json", "arch", second.arch, 1),
    ("vuln-list", "bottlerocket/testdata/updateinfo.xml.gz", "updateinfo", second.updateinfo, 1),
    ("vuln-list", "chainguard/testdata/security.json", "alpine-secdb", second.secdb, 1),
    ("vuln-list", "kevc/testdata/happy/*.json", "kev", second.kev, 1),
    ("vuln-list", "redhat/oval/testdata/happy/RHEL7/*.bz2", "oval", second.oval, 1),
    ("vuln-list", "rocky/testdata/fixtures/happy/*.xml", "updateinfo", second.updateinfo, 1),
    ("vulnerablecode", "*/tests/test_data/debian.json", "debian-tracker", second.debian_tracker, 1),
    ("vulnerablecode", "*/test_data/gentoo_v2/*.xml", "gentoo", second.glsa, 3),
    ("vulnerablecode", "*/test_data/redhat/csaf_2_0/2025/*.json", "csaf", second.csaf, 5),
    ("vulnerablecode", "*/test_data/ruby-v2/gems/*.yml", "advisory-yaml", second.ruby, 2),
    ("vulnerablecode", "*/test_data/elixir_security/*.yml", "advisory-yaml", second.elixir, 1),
    ("vulnerablecode", "*/test_data/epss/*.csv", "epss", second.epss, 1),
    ("vuls-data-update", "pkg/fetch/alpine/secdb/testdata/fixtures/*.json", "alpine-secdb", second.secdb, 5),
    ("vuls-data-update", "pkg/fetch/amazon/testdata/fixtures/updateinfo*.xml.gz", "updateinfo", second.updateinfo, 7),
    ("vuls-data-update", "pkg/fetch/debian/tracker/api/testdata/fixtures/*.json", "debian-tracker", second.debian_tracker, 1),
    ("vuls-data-update", "pkg/fetch/ubuntu/oval/testdata/fixtures/*.bz2", "oval", None, 5),
    ("vuls-data-update", "pkg/fetch/suse/oval/testdata/fixtures/*.gz", "oval", second.oval, 10),
    ("vuls-data-update", "pkg/fetch/oracle/linux/testdata/fixtures/*.bz2", "oval", second.oval, 1),
    ("vuls-data-update", "pkg/fetch/redhat/oval/v2/testdata/fixtures/*.bz2", "oval", second.oval, 2),
    ("vuls-data-update", "pkg/fetch/microsoft/azure/oval/testdata/fixtures/*.gz", "oval", None, 1),
    ("vuls-data-update", "pkg/fetch/photon/cve/testdata/fixtures/*.json", "photon", None, 3),
    ("vuls-data-update", "pkg/fetch/fedora/updateinfo/testdata/fixtures/*updateinfo.xml.*", "updateinfo", None, 3),
    ("vuls-data-update", "pkg/extract/suse/csaf/testdata/fixtures/*.json", "csaf", second.csaf, 2),
    ("vuls-data-update", "pkg/extract/redhat/vex/v2/testdata/fixtures/*.json", "csaf", second.csaf, 8),
    ("vuls-data-update", "pkg/fetch/openeuler/csaf/testdata/golden/*/*/*.json", "csaf", second.csaf, 3),
    ("vuls-data-update", "pkg/fetch/gentoo/testdata/fixtures/*.xml", "gentoo", second.glsa, 1),
    ("vunnel", "*/alma/test-fixtures/osv-database/*.json", "osv", second.osv, 5),
    ("vunnel", "*/arch/test-fixtures/input/*.json", "arch", second.arch, 1),
    ("vunnel", "*/mariner/test-fixtures/*.xml", "oval", second.oval, 2),
    ("vunnel", "*/sles/test-fixtures/*.xml", "oval", second.oval, 1),
    ("vunnel", "*/minimos/test-fixtures/input/secdb/*.json", "alpine-secdb", second.secdb, 1),
    ("vunnel", "*/wolfi/test-fixtures/input/secdb/*.json", "alpine-secdb", second.secdb, 1),
    ("vunnel", "*/rhel/test-fixtures/csaf/advisories/2024/*.json", "csaf", second.csaf, 2),
    ("vunnel", "*/ubuntu/test-fixtures/osv/cve/*.json", "osv", second.osv, 5),
    ("vunnel", "*/rocky/test-fixtures/osv/*.json", "osv", second.osv, 3),
]


def read(path):
    data = path.read_bytes()
    tool = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}.get(path.suffix)
    return subprocess.run([tool, "-dc"], input=data, capture_output=True, check=True).stdout if tool else data


if NATIVE.exists():
    @pytest.fixture(scope="module")
    def unpacked(tmp_path_factory):
        """Each archive once."""
        folder = tmp_path_factory.mktemp("native")
        for archive in sorted(NATIVE.glob("*.tar.zst")):
            (folder / archive.name).mkdir()
            subprocess.run(["tar", "-C", folder / archive.name, "--zstd", "-xf", archive], check=True)
        return folder

    @pytest.mark.parametrize("archive, pattern, feed, function, least", GROUPS, ids=lambda v: v if isinstance(v, str) else None)
    def test_native(oakum, unpacked, tmp_path, archive, pattern, feed, function, least):
        root = next(unpacked.glob(archive + "*"))
        files = sorted(p for p in root.rglob("*") if p.is_file() and not re.search(BROKEN, p.name) and ("repository-to-cpe" in p.name) == (feed == "redhat-repositories") and
                       fnmatch.fnmatch(str(p.relative_to(root)), pattern if pattern.startswith("*") else "*" + pattern))
        assert len(files) >= least
        expected, judged, named = set(), set(), []
        for path in files:
            with open(path, "rb") as stream:
                one = run(oakum, "debug", "feed", "auto", path.name, stdin=stream)
            assert one.returncode == 0, (path.name, one.stderr)
            judged |= pairs_of(one.stdout)
            if function:
                expected |= function(read(path), path.name)
            named.append(path)
        done = run(oakum, "db", "import", "--feed", feed, "--db", tmp_path / "d", *named)
        assert done.returncode == 0, done.stderr
        assert "left out" not in done.stderr
        if function:
            assert judged == expected
        assert judged or not function
        assert pairs_of(run(oakum, "db", "export", "--db", tmp_path / "d").stdout) <= judged

    def pairs_of(text):
        found = [json.loads(line) for line in text.splitlines()]
        return {(r["record"], r["package"]) for r in found if "package" in r} | {r[k] for r in found for k in ("epss", "kev") if k in r}

    def scan_both(oakum, tmp_path, native, osv, files):
        """(id, package) of the findings on one root, from the publisher's own form and from OSV."""
        found = []
        for name, path in (("native", native), ("osv", osv)):
            assert run(oakum, "db", "import", "--db", tmp_path / name, path).returncode == 0
            for file, text in files.items():
                (tmp_path / "root" / file).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "root" / file).write_text(text)
            done = run(oakum, "scan", "--db", tmp_path / name, "--format", "json", f"rootfs:{tmp_path}/root")
            assert done.returncode in (0, 2, 3), done.stderr
            found.append({(f["id"], f["package"]["name"], f.get("status")) for f in json.loads(done.stdout)["findings"] if f.get("package")})
        return found

    def part_of(tmp_path, archive, osv, wanted):
        """The files of an archive and the lines of OSV records that are about these packages: whole feeds take a sanitized program long."""
        (tmp_path / "native.d").mkdir()
        for name, data in second.members(second.plain(archive)):
            if wanted(name, None):
                path = tmp_path / "native.d" / name.lstrip("./")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "native.tar", "native.d"], check=True)
        records = [json.loads(line) for line in second.plain(osv).splitlines()]
        kept = [r for r in records if any(wanted(None, a["package"]["name"]) for a in r["affected"])]
        (tmp_path / "part.osv.json").write_text("".join(json.dumps(r) + "\n" for r in kept))
        return tmp_path / "native.tar", tmp_path / "part.osv.json", kept

    def test_native_and_osv_agree_on_wolfi(oakum, tmp_path):
        data = NATIVE.parent
        native, osv, records = part_of(tmp_path, data / "wolfi/wolfi-advisories-native-20250507-apache2.tar.zst", data / "osv-native/Wolfi-20250507.osv.jsonl.gz",
                                       lambda file, package: (package or file.rsplit("/", 1)[-1])[0] in "fo")
        installed, seen = "", set()
        for n, record in enumerate(records):
            for affected in record["affected"]:
                fixed = [e["fixed"] for r in affected["ranges"] for e in r["events"] if "fixed" in e]
                name = affected["package"]["name"]
                if fixed and fixed[0] != "0" and name not in seen:
                    seen.add(name)
                    # half of them stand before their fix
                    installed += f"P:{name}\nV:{fixed[0] if n % 2 else '0' + fixed[0]}\nA:x86_64\no:{name}\n\n"
        native, osv = scan_both(oakum, tmp_path, native, osv, {"etc/os-release": "ID=wolfi\nVERSION_ID=20230201\n", "lib/apk/db/installed": installed})
        assert len(native) > 100
        assert {f[:2] for f in native} == {f[:2] for f in osv}
        # OSV has an open range for what the native form knows to be looked into, to wait for its makers, or not to be mended
        assert {s for _, _, s in native - osv} <= {"under_investigation", "fix_deferred", "will_not_fix"} and {s for _, _, s in osv - native} <= {"open"}

    def test_native_and_osv_agree_on_packagist(oakum, tmp_path):
        data = NATIVE.parent
        native, osv, records = part_of(tmp_path, data / "lang-native/friendsofphp-20260806.tar.zst", data / "osv-native/Packagist-FriendsOfPHP.osv.jsonl.gz",
                                       lambda file, package: not file or file.endswith(".yaml"))
        packages, seen = [], set()
        for record in records:
            for affected in record["affected"]:
                events = [e for r in affected["ranges"] for e in r["events"]]
                if events and affected["package"]["name"] not in seen:
                    seen.add(affected["package"]["name"])
                    version = next((e["introduced"] for e in events if e.get("introduced", "0") != "0"), "0.1.0")
                    packages.append({"name": affected["package"]["name"], "version": version})
        native, osv = scan_both(oakum, tmp_path, native, osv, {"vendor/composer/installed.json": json.dumps({"packages": packages}), "etc/os-release": "ID=wolfi\n"})
        same = lambda found: {(re.sub("[/ ]", "-", i), p) for i, p, _ in found}
        assert len(native) > 200
        # what the OSV file leaves out (a range that begins behind a version) is of no version that is installed here
        assert same(osv) == same(native)

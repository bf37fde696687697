"""Images and advisories small enough to be written here, one hole of each kind in them: for docs/explain.md and docs/result.md.

`python3 tests/e2e/explained.py` (with OAKUM=…) writes what the program says into the blocks of both.
"""
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

from executables import elf, go_inline, modules

REPO = pathlib.Path(__file__).resolve().parents[2]
OAKUM = os.environ.get("OAKUM", str(REPO / "build/sanitize/oakum"))
NOW = "1795651200"  # 2026-11-26

STATUS = """Package: base-files
Status: install ok installed
Version: 12.4+deb12u5
Architecture: amd64
Maintainer: Santiago Vila <sanvila@debian.org>

Package: libssl3
Status: install ok installed
Source: openssl
Version: 3.0.11-1~deb12u1
Architecture: amd64
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>

Package: libtiff6
Status: install ok installed
Source: tiff
Version: 4.5.0-6
Architecture: amd64
Maintainer: Laszlo Boszormenyi (GCS) <gcs@debian.org>
"""
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'


def jar(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, content in members.items():
            z.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def log4j():
    inner = jar({"META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties":
                 "groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n"})
    return jar({"BOOT-INF/lib/log4j-core-2.14.1.jar": inner})


def layers():
    go = go_inline("go1.21.4", modules("path\texample.com/shop\nmod\texample.com/shop\tv1.0.0\n"))
    rust = zlib.compress(json.dumps({"packages": [{"name": "shop", "version": "0.1.0", "source": "local", "root": True, "dependencies": [1]},
                                                  {"name": "rustls", "version": "0.23.4", "source": "crates.io"}]}).encode())
    return [("ADD rootfs.tar.xz / # buildkit", {"etc/os-release": DEBIAN, "var/lib/dpkg/status": STATUS}),
            ('CMD ["bash"]', None),
            ("RUN /bin/sh -c npm install -g minimist@1.2.5 && pip install requests==2.30.0 # buildkit",
             {"usr/lib/node_modules/minimist/package.json": json.dumps({"name": "minimist", "version": "1.2.5", "license": "MIT"}),
              "usr/lib/python3/site-packages/requests-2.30.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: requests\nVersion: 2.30.0\n"}),
            ("COPY bin/ /app/ # buildkit",
             {"app/shop": elf({".text": b"\xc3" * 64, ".go.buildinfo": go}), "app/gate": elf({".dep-v0": rust}), "app/shop.jar": log4j(),
              "app/bin/openssl": elf({".rodata": b"\0OpenSSL 3.0.1 14 Dec 2021\0"})}),
            ('ENTRYPOINT ["/app/shop"]', None)]


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, content in files.items():
            content = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            t.addfile(info, io.BytesIO(content))
    return out.getvalue()


def image(path):
    """A docker archive."""
    blobs = [tar(files) for _, files in layers() if files]
    history = [{"created": "2026-11-01T00:00:00Z", "created_by": by, **({} if files else {"empty_layer": True})} for by, files in layers()]
    config = json.dumps({"architecture": "amd64", "os": "linux", "history": history,
                         "config": {"Labels": {"org.opencontainers.image.base.name": "docker.io/library/debian:12"}},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(b).hexdigest() for b in blobs]}}).encode()
    names = [f"{i}.tar" for i in range(len(blobs))]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["shop:1"], "Layers": names}]).encode()
    path.write_bytes(tar({"manifest.json": manifest, "config.json": config, **dict(zip(names, blobs))}))


APK = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:musl\nV:1.2.4-r2\nA:x86_64\no:musl\n\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\n\n"
RPM = "curl-minimal\t7.76.1-26.el9\t1700000000\t1690000000\tRed Hat, Inc.\t(none)\t1\tx86_64\t0\tcurl-7.76.1-26.el9.src.rpm\n"
ROOTS = {
    "alpine": {"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n", "lib/apk/db/installed": APK},
    "redhat": {"etc/os-release": 'ID="rhel"\nVERSION_ID="9.3"\n', "var/lib/rpmmanifest/container-manifest-2": RPM},
    "buster": {"etc/os-release": 'ID=debian\nVERSION_ID="10"\n', "var/lib/dpkg/status": "Package: bash\nStatus: install ok installed\nVersion: 5.0-4\nArchitecture: amd64\n"},
}
SBOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "container", "name": "shop"}},
        "components": [{"type": "library", "name": "rack", "version": "2.2.3", "purl": "pkg:gem/rack@2.2.3", "bom-ref": "1"}]}


def osv(id, ecosystem, name, fixed, cve, vector=None, introduced="0", kind="ECOSYSTEM", word=None, summary=None):
    return {"id": id, "modified": "2026-11-20T00:00:00Z", "published": "2025-01-01T00:00:00Z", "aliases": [cve], "summary": summary or f"A hole of {name}",
            "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": kind, "events": [{"introduced": introduced}, {"fixed": fixed}]}]}],
            **({"severity": [{"type": "CVSS_V" + vector[5], "score": vector}]} if vector else {}),
            **({"database_specific": {"severity": word}} if word else {})}


HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
FULL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
FEEDS = {
    "osv": [osv("GHSA-xvch-5gv4-984h", "npm", "minimist", "1.2.6", "CVE-2021-44906", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", kind="SEMVER", word="CRITICAL"),
            osv("PYSEC-2023-74", "PyPI", "requests", "2.31.0", "CVE-2023-32681", "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N", introduced="2.3.0"),
            osv("GO-2024-2598", "Go", "stdlib", "1.21.8", "CVE-2024-24783", kind="SEMVER"),
            osv("GHSA-jfh8-c2jp-5v3q", "Maven", "org.apache.logging.log4j:log4j-core", "2.15.0", "CVE-2021-44228", FULL, introduced="2.13.0", word="CRITICAL"),
            osv("RUSTSEC-2024-0336", "crates.io", "rustls", "0.23.5", "CVE-2024-32650", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", introduced="0.23.0-0", kind="SEMVER"),
            osv("GHSA-wq4h-7r42-5hrr", "RubyGems", "rack", "2.2.3.1", "CVE-2022-30123", FULL, word="CRITICAL")],
    "debian-tracker": [{"openssl": {"CVE-2024-0727": {"description": "a NULL dereference in PKCS12 files", "releases": {
        "bookworm": {"status": "resolved", "fixed_version": "3.0.13-1~deb12u1", "urgency": "not yet assigned"}}}},
        "tiff": {"CVE-2023-52356": {"description": "a read over the end of a buffer", "releases": {
            "bookworm": {"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": "postponed"}}}}}],
    "alpine-secdb": [{"distroversion": "v3.19", "reponame": "main", "urlprefix": "https://dl-cdn.alpinelinux.org/alpine",
                      "packages": [{"pkg": {"name": "openssl", "secfixes": {"3.1.4-r6": ["CVE-2024-2511"]}}}]}],
    "csaf": [{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "curl", "tracking": {"id": "CVE-2023-46218", "current_release_date": "2026-11-21T00:00:00Z"},
                           "publisher": {"name": "Red Hat Product Security", "category": "vendor"}, "aggregate_severity": {"text": "Moderate"}},
              "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": [
                  {"category": "product_name", "name": "Red Hat Enterprise Linux 9", "product": {"product_id": "rhel9", "name": "Red Hat Enterprise Linux 9", "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9"}}},
                  {"category": "product_version", "name": "curl-minimal", "product": {"product_id": "curl-minimal-0:7.76.1-26.el9_3.3.x86_64", "name": "curl-minimal",
                                                                                      "product_identification_helper": {"purl": "pkg:rpm/redhat/curl-minimal@7.76.1-26.el9_3.3?arch=x86_64"}}}]}],
                  "relationships": [{"category": "default_component_of", "product_reference": "curl-minimal-0:7.76.1-26.el9_3.3.x86_64", "relates_to_product_reference": "rhel9",
                                     "full_product_name": {"product_id": "rhel9:curl", "name": "curl of 9"}}]},
              "vulnerabilities": [{"cve": "CVE-2023-46218", "product_status": {"fixed": ["rhel9:curl"]},
                                   "remediations": [{"category": "vendor_fix", "date": "2024-03-05T00:00:00Z", "details": "", "product_ids": ["rhel9:curl"]}],
                                   "threats": [{"category": "impact", "details": "Moderate", "product_ids": ["rhel9:curl"]}]}]}],
    "nvd": [{"vulnerabilities": [
        {"cve": {"id": "CVE-2022-0778", "lastModified": "2026-11-19T00:00:00", "descriptions": [{"lang": "en", "value": "An endless loop over certificates."}],
                 "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]},
                 "configurations": [{"nodes": [{"operator": "OR", "negate": False, "cpeMatch": [
                     {"vulnerable": True, "criteria": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*", "versionStartIncluding": "3.0.0", "versionEndExcluding": "3.0.2"}]}]}]}},
        {"cve": {"id": "CVE-2024-0727", "lastModified": "2026-11-19T00:00:00", "descriptions": [{"lang": "en", "value": "A NULL dereference in PKCS12 files."}],
                 "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Secondary", "cvssData": {"vectorString": "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H"}}]},
                 "configurations": []}}]}],
    "kev": [{"title": "CISA", "catalogVersion": "2026.11.20", "dateReleased": "2026-11-20T00:00:00Z", "count": 1, "vulnerabilities": [
        {"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10", "dueDate": "2021-12-24", "vulnerabilityName": "Log4Shell", "requiredAction": "Update", "knownRansomwareCampaignUse": "Known"}]}],
    "epss": ["#model_version:v2025.03.14,score_date:2026-11-25T00:00:00Z\ncve,epss,percentile\nCVE-2021-44228,0.94358,0.99962\nCVE-2024-0727,0.00246,0.47855\n"],
    "endoflife": [{"result": [{"name": "debian", "releases": [{"name": "10", "releaseDate": "2019-07-06", "isEol": True, "eolFrom": "2022-09-10", "isEoes": True, "eoesFrom": "2024-06-30"}]}],
                   "generated_at": "2026-11-22T00:00:00Z"}],
}
# what is asked, of what, and what it stands for
ASKED = [
    ("CVE-2024-0727@libssl3", "docker-archive:shop.tar", "A package of Debian, out of the base image"),
    ("CVE-2023-52356", "docker-archive:shop.tar", "A package of Debian whose fix is put off"),
    ("CVE-2021-44906", "docker-archive:shop.tar", "A package of npm"),
    ("CVE-2023-32681", "docker-archive:shop.tar", "A package of Python"),
    ("CVE-2024-24783", "docker-archive:shop.tar", "Go's standard library inside a program"),
    ("CVE-2021-44228", "docker-archive:shop.tar", "A jar inside a jar"),
    ("CVE-2024-32650", "docker-archive:shop.tar", "A crate inside a program, as cargo-auditable notes it"),
    ("CVE-2022-0778", "docker-archive:shop.tar", "A program without a package, by its CPE"),
    ("CVE-2024-2511", "rootfs:alpine", "A package of Alpine"),
    ("CVE-2023-46218", "rootfs:redhat", "A package of Red Hat, out of a list of packages without a database"),
    ("CVE-2022-30123", "sbom:shop.cdx.json", "A package that a bill of materials lists"),
    ("end-of-life", "rootfs:buster", "A release that has ended"),
]


def make(folder):
    """All of it in `folder`, with adv.db."""
    image(folder / "shop.tar")
    (folder / "shop.cdx.json").write_text(json.dumps(SBOM))
    for name, files in ROOTS.items():
        for path, text in files.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text)
    for feed, documents in FEEDS.items():
        for i, document in enumerate(documents):
            text = document if isinstance(document, str) else json.dumps(document)
            path = folder / f"{feed}-{i}.{'csv' if feed == 'epss' else 'json'}"
            path.write_text(text)
            subprocess.run([OAKUM, "db", "import", "--feed", feed, "--db", "adv.db", path.name], cwd=folder, check=True, capture_output=True, timeout=120)


def scan(folder, *more):
    env = {**os.environ, "SOURCE_DATE_EPOCH": NOW, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run([OAKUM, "scan", "--config", "none", "--db", "adv.db", "--max-age", "0", *more], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


def block(text):
    return "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())


def explained(folder):
    """The chapters of docs/explain.md."""
    out = []
    for asked, target, title in ASKED:
        out.append(f"### {title}\n\n    $ oakum scan --db adv.db --explain {asked} {target}\n" + block(scan(folder, "--explain", asked, target)))
    return "\n".join(out)


def example(folder):
    """A result, short: two of each list that is longer."""
    result = json.loads(scan(folder, "--format", "json", "docker-archive:shop.tar"))
    for key in ("packages", "findings"):
        result[key] = result[key][:1] + result[key][-1:]
    for key in ("secrets", "hygiene", "licenses"):
        result[key] = result[key][:1]
    return block(json.dumps(result, indent=1, ensure_ascii=False))


def fill(text, name, content):
    """The document with what stands between the marks of `name` replaced."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    head, rest = text.split(begin)
    return head + begin + "\n" + content + "\n" + end + rest.split(end)[1]


BLOCKS = [("docs/explain.md", "made by tests/e2e/explained.py", explained), ("docs/result.md", "made by tests/e2e/explained.py", example)]

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        make(pathlib.Path(made))
        for path, name, content in BLOCKS:
            document = REPO / path
            document.write_text(fill(document.read_text(), name, content(pathlib.Path(made))))
    sys.exit(0)

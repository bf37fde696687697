"""Bills of materials and VEX that lie beside an image in its registry (Debian's docker-registry, and one that misbehaves), and VEX inside of an image."""
import base64
import io
import json
import tarfile
import urllib.request

import pytest
from faults import INDEX, MANIFEST, Registry, descriptor, digest, make_image
from test_registry import registry  # noqa: F401  (a fixture)
from test_scan import OS_RELEASE, STATUS, db, root, run  # noqa: F401  (db is a fixture)

BASH = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\nSource: bash (5.2.15-2)\n"
BILL = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
    {"type": "operating-system", "name": "debian", "version": "12"},
    {"type": "library", "name": "libssl3", "version": "3.0.14-1~deb12u2", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12"}]}
SPDX = "SPDXVersion: SPDX-2.3\nPackageName: libssl3\nExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12\n"
VEX = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [
    {"vulnerability": {"name": "CVE-2024-0006"}, "products": [{"@id": "pkg:deb/debian/bash"}], "status": "not_affected", "justification": "component_not_present"}]}


def tar_of(**files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


IMAGE = make_image(tar_of(**{"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": BASH}))


def statement(predicate, kind, about):
    return {"_type": "https://in-toto.io/Statement/v1", "predicateType": kind, "subject": [{"name": "app", "digest": {"sha256": about.split(":")[1]}}], "predicate": predicate}


def envelope(stated):
    return json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(json.dumps(stated).encode()).decode(), "signatures": []}).encode()


def artifact(document, media_type, **more):
    """(manifest, blobs) of something that is no image."""
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": media_type, "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"), "layers": [descriptor(media_type, document)], **more}
    return json.dumps(manifest).encode(), [b"{}", document]


class Real:
    """docker-registry, by its API."""

    def __init__(self, registry):  # noqa: F811
        self.address, self.env = registry[:2]

    def send(self, method, url, data=None, kind=None):
        request = urllib.request.Request(url if "://" in url else f"http://{self.address}/v2/{url}", data=data, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(b"user:pass-w0rd").decode())
        if data is not None:
            request.add_header("Content-Type", kind or "application/octet-stream")
        return urllib.request.urlopen(request)

    def add(self, repo, name, manifest, blobs, kind=MANIFEST):
        for blob in blobs:
            where = self.send("POST", f"{repo}/blobs/uploads/", b"").headers["Location"]
            self.send("PUT", where + ("&" if "?" in where else "?") + "digest=" + digest(blob), blob)
        self.send("PUT", f"{repo}/manifests/{name}", manifest, kind)


class Fake(Registry):
    env = None

    def __init__(self):
        super().__init__(auth=None)


@pytest.fixture(params=["docker-registry", "referrers-api"])
def server(request, registry):  # noqa: F811
    made = Real(registry) if request.param == "docker-registry" else Fake()
    made.api = request.param == "referrers-api"
    yield made
    if made.api:
        made.close()


def attach(server, repo, image, manifest, blobs):
    """As who pushes does: the registry keeps referrers, or a tag does."""
    server.add(repo, digest(manifest), manifest, blobs)
    if not server.api:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(MANIFEST, manifest, artifactType=json.loads(manifest)["artifactType"])]}
        server.add(repo, digest(image).replace(":", "-"), json.dumps(index).encode(), [], INDEX)


def scan(oakum, db, server, target, *more):  # noqa: F811
    done = run(oakum, "scan", "--no-cache", "--db", db, "--format", "json", "--platform", "linux/amd64", *more, f"{server.address}/{target}", env=server.env)
    assert done.returncode in (0, 2), done.stderr
    return json.loads(done.stdout), done.stderr


def names(result):
    return [p["name"] for p in result["packages"]]


def suppressed(result):
    return {f["id"]: f["suppressed"] for f in result.get("suppressed", [])}


def test_referrers(oakum, db, server):  # noqa: F811
    subject = descriptor(MANIFEST, IMAGE[0])
    server.add("one", "v1", *IMAGE)
    attach(server, "one", IMAGE[0], *artifact(json.dumps(BILL).encode(), "application/vnd.cyclonedx+json", subject=subject))
    layers, _ = scan(oakum, db, server, "one:v1")
    bill, told = scan(oakum, db, server, "one:v1", "--sbom-source", "attached")
    assert names(layers) == ["bash"] and names(bill) == ["libssl3"]
    assert {f["id"] for f in bill["findings"]} == {"CVE-2024-0001", "CVE-2024-0002"} and "attached to" in told
    # none is there: the layers are read, and that is told
    server.add("two", "v1", *IMAGE)
    plain, told = scan(oakum, db, server, "two:v1", "--sbom-source", "attached")
    assert names(plain) == ["bash"] and "its layers are read" in told


def test_referrer_of_another_is_none(oakum, db, server):  # noqa: F811
    other, _ = make_image(b"other")
    server.add("three", "v1", *IMAGE)
    if server.api:  # whoever lists it: the manifest itself says whose it is
        lying, blobs = artifact(json.dumps(BILL).encode(), "application/vnd.cyclonedx+json", subject=descriptor(MANIFEST, other))
        server.add("three", digest(lying), lying, blobs)
        server.manifests["three", digest(IMAGE[0]).replace(":", "-")] = (INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(MANIFEST, lying)]}).encode())
        server.referrers_api = False
    else:
        attach(server, "three", IMAGE[0], *artifact(json.dumps(BILL).encode(), "application/vnd.cyclonedx+json", subject=descriptor(MANIFEST, other)))
    found, told = scan(oakum, db, server, "three:v1", "--sbom-source", "attached")
    assert names(found) == ["bash"] and "says that it is not" in told


@pytest.mark.parametrize("document, kind", [(json.dumps(BILL).encode(), "application/vnd.cyclonedx+json"), (SPDX.encode(), "text/spdx")])
def test_cosign_tag(oakum, db, server, document, kind):  # noqa: F811
    server.add("four", "v1", *IMAGE)
    server.add("four", digest(IMAGE[0]).replace(":", "-") + ".sbom", *artifact(document, kind))
    assert names(scan(oakum, db, server, "four:v1", "--sbom-source", "attached")[0]) == ["libssl3"]


def test_cosign_attestation(oakum, db, server):  # noqa: F811
    server.add("five", "v1", *IMAGE)
    tag, kind = digest(IMAGE[0]).replace(":", "-") + ".att", "application/vnd.dsse.envelope.v1+json"
    server.add("five", tag, *artifact(envelope(statement(BILL, "https://cyclonedx.org/bom", digest(b"another"))), kind))
    found, told = scan(oakum, db, server, "five:v1", "--sbom-source", "attached")
    assert names(found) == ["bash"] and "about another image" in told
    server.add("five", tag, *artifact(envelope(statement({"Data": json.dumps(BILL)}, "https://cyclonedx.org/bom", digest(IMAGE[0]))), kind))
    assert names(scan(oakum, db, server, "five:v1", "--sbom-source", "attached")[0]) == ["libssl3"]


def test_buildkit_attestation(oakum, db, server):  # noqa: F811
    stated = json.dumps(statement(BILL, "https://spdx.dev/Document", digest(IMAGE[0]))).encode()
    manifest, blobs = artifact(stated, "application/vnd.in-toto+json")
    server.add("six", digest(IMAGE[0]), *IMAGE)
    server.add("six", digest(manifest), manifest, blobs)
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        descriptor(MANIFEST, IMAGE[0], platform={"architecture": "amd64", "os": "linux"}),
        descriptor(MANIFEST, manifest, platform={"architecture": "unknown", "os": "unknown"},
                   annotations={"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(IMAGE[0])})]}
    server.add("six", "v1", json.dumps(index).encode(), [], INDEX)
    assert names(scan(oakum, db, server, "six:v1")[0]) == ["bash"]
    assert names(scan(oakum, db, server, "six:v1", "--sbom-source", "attached")[0]) == ["libssl3"]


def test_vex_beside_the_image(oakum, db, server):  # noqa: F811
    server.add("seven", "v1", *IMAGE)
    stated = json.dumps(statement(VEX, "https://openvex.dev/ns/v0.2.0", digest(IMAGE[0]))).encode()
    attach(server, "seven", IMAGE[0], *artifact(stated, "application/vnd.in-toto+json", subject=descriptor(MANIFEST, IMAGE[0])))
    assert not suppressed(scan(oakum, db, server, "seven:v1")[0]), "who makes an image may not hide its holes unasked"
    assert not suppressed(scan(oakum, db, server, "seven:v1", "--vex-source", "image")[0])
    why = suppressed(scan(oakum, db, server, "seven:v1", "--vex-source", "attached")[0])
    assert list(why) == ["CVE-2024-0006"] and "component_not_present" in why["CVE-2024-0006"] and "attached to" in why["CVE-2024-0006"]


@pytest.mark.parametrize("path", ["usr/share/vex/bash.json", "app/app.openvex.json", "vex.json"])
def test_vex_in_the_image(oakum, db, tmp_path, path):  # noqa: F811
    folder = root(tmp_path / "root", **{"var/lib/dpkg/status": BASH, path: json.dumps(VEX)})

    def found(*more):
        done = run(oakum, "scan", "--db", db, "--format", "json", *more, f"rootfs:{folder}")
        assert done.returncode == 0, done.stderr
        return suppressed(json.loads(done.stdout)), done.stderr
    assert found()[0] == {} and found("--vex-source", "attached")[0] == {}
    why, _ = found("--vex-source", "image")
    assert f"/{path} of the image" in why["CVE-2024-0006"]
    # damaged or too large: nothing is hidden, and it is told
    for text, message in (("{", "left out"), (" " * (3 << 20), "too large")):
        (folder / path).write_text(text)
        why, told = found("--vex-source", "image")
        assert why == {} and message in told
        assert message not in found()[1]


def test_usage(oakum):
    for option in ("--sbom-source", "--vex-source"):
        done = run(oakum, "scan", option, "elsewhere", "rootfs:.")
        assert done.returncode == 1 and f"{option} takes" in done.stderr

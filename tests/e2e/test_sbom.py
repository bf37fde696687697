"""Bills of materials: by schema, the same bytes each time, all packages in them, and strangers' names inert."""
import base64
import json
import os
import pathlib
import re
import subprocess
from xml.sax.saxutils import escape

import jsonschema
import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
FIELD = pathlib.Path(os.environ.get("OAKUM_SHARED", REPO.parent / "shared")) / "data/schemas"
STATUS = """Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.13-1)
Maintainer: Some One <one@example.org>
Version: 3.0.14-1~deb12u2

Package: libssl3
Status: install ok installed
Architecture: i386
Version: 3.0.14-1~deb12u2

Package: odd
Status: install ok installed
Architecture: amd64
Maintainer: </text><script>\x1b[31m
Version: 1
"""
APK = """P:musl
V:1.2.5-r0
A:x86_64
L:MIT
o:musl

P:bash
V:5.2-r1
A:x86_64
L:GPLv3+ and see </text> file
"""


@pytest.fixture(params=["debian", "alpine", "odd"])
def root(request, tmp_path):
    files = {"debian": {"etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian"\n', "var/lib/dpkg/status": STATUS},
             "alpine": {"etc/os-release": 'ID=alpine\nVERSION_ID=3.20.3\n', "lib/apk/db/installed": APK},
             "odd": {"var/lib/dpkg/status": STATUS}}[request.param]
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return request.param


def sbom(oakum, folder, form, **env):
    done = subprocess.run([oakum, "scan", "--format", form, "rootfs:root"], cwd=folder, capture_output=True, text=True, env={**os.environ, **env})
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


def field_validator(name):
    """The schema of the field, when it lies beside the checkout; CycloneDX names others beside it."""
    schema = json.loads((FIELD / name).read_text())
    store = {f"http://cyclonedx.org/schema/{path.name}": json.loads(path.read_text()) for path in (FIELD / "cyclonedx").glob("*.json")}
    return jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver(f"http://cyclonedx.org/schema/{pathlib.Path(name).name}", schema, store=store))


def validate(data, own, field):
    jsonschema.validate(data, json.loads((REPO / "tests/schemas" / own).read_text()))
    if FIELD.exists():
        field_validator(field).validate(data)


def packages(oakum, folder):
    return json.loads(sbom(oakum, folder, "json"))["packages"]


def test_cyclonedx(oakum, root, tmp_path):
    data = json.loads(sbom(oakum, tmp_path, "cyclonedx"))
    validate(data, "cyclonedx.schema.json", "cyclonedx/bom-1.6.schema.json")
    found = [c for c in data["components"] if c["type"] == "library"]
    assert [(c["name"], c["version"], c["purl"]) for c in found] == [(p["name"], p["version"], p["purl"]) for p in packages(oakum, tmp_path)]
    refs = [c["bom-ref"] for c in data["components"]]
    assert len(set(refs)) == len(refs) and data["dependencies"] == [{"ref": "image", "dependsOn": refs}]
    assert ("os" in refs) == (root != "odd")
    licenses = {c["name"]: c.get("licenses") for c in found}
    if root == "alpine":
        assert licenses == {"musl": [{"license": {"id": "MIT"}}], "bash": [{"license": {"name": "GPLv3+ and see </text> file"}}]}
    values = {p["name"]: p["value"] for p in found[0]["properties"]} if root == "debian" else {}
    assert not values or (values["oakum:source:name"], values["oakum:source:version"]) == ("openssl", "3.0.13-1")
    assert ("compositions" in data) == bool(json.loads(sbom(oakum, tmp_path, "json"))["incomplete"])


def test_spdx(oakum, root, tmp_path):
    data = json.loads(sbom(oakum, tmp_path, "spdx"))
    validate(data, "spdx.schema.json", "spdx/spdx-schema-2.3.1.json")
    found = [p for p in data["packages"] if p["primaryPackagePurpose"] == "LIBRARY"]
    purls = [ref["referenceLocator"] for p in found for ref in p["externalRefs"] if ref["referenceType"] == "purl"]
    assert purls == [p["purl"] for p in packages(oakum, tmp_path)]
    ids = [p["SPDXID"] for p in data["packages"]]
    assert len(set(ids)) == len(ids)
    assert [r["relatedSpdxElement"] for r in data["relationships"]] == ids
    if root == "alpine":
        named = {p["name"]: p["licenseDeclared"] for p in found}
        other, = data["hasExtractedLicensingInfos"]
        assert named == {"musl": "MIT", "bash": other["licenseId"]} and other["extractedText"] == "GPLv3+ and see </text> file"
    if root == "debian":
        assert {p["supplier"] for p in found} == {"Organization: Some One (one@example.org)", "NOASSERTION", found[-1]["supplier"]}


def test_tag_value_says_the_same(oakum, root, tmp_path):
    text, data = sbom(oakum, tmp_path, "spdx-tv"), json.loads(sbom(oakum, tmp_path, "spdx"))
    assert re.findall(r"^PackageName: (.*)$", text, re.M) == [p["name"] for p in data["packages"]]
    assert re.findall(r"^SPDXID: (.*)$", text, re.M) == ["SPDXRef-DOCUMENT"] + [p["SPDXID"] for p in data["packages"]]
    assert re.findall(r"^PackageVersion: (.*)$", text, re.M) == [p["versionInfo"] for p in data["packages"] if "versionInfo" in p]
    assert re.findall(r"^Relationship: (\S+) (\S+) (\S+)$", text, re.M) == [tuple(r[k] for k in ("spdxElementId", "relationshipType", "relatedSpdxElement")) for r in data["relationships"]]
    assert "\x1b" not in text
    # what a stranger wrote ends nothing: each line outside a text is a tag
    for line in re.sub(r"<text>.*?</text>", "", text, flags=re.S).splitlines():
        assert not line or re.match(r"[A-Za-z]+: ", line), line


@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "spdx-tv"])
def test_same_bytes(oakum, root, tmp_path, form):
    plain = sbom(oakum, tmp_path, form)
    assert sbom(oakum, tmp_path, form) == plain
    told = sbom(oakum, tmp_path, form, SOURCE_DATE_EPOCH="1700000000")
    assert "2023-11-14T22:13:20Z" in told and told != plain
    assert told.replace("2023-11-14T22:13:20Z", "1970-01-01T00:00:00Z").replace('"timestamp":"1970-01-01T00:00:00Z",', "") == plain


def test_schemas_refuse(oakum, root, tmp_path):
    for form, own in (("cyclonedx", "cyclonedx.schema.json"), ("spdx", "spdx.schema.json")):
        data = json.loads(sbom(oakum, tmp_path, form))
        data["odd"] = 1
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, json.loads((REPO / "tests/schemas" / own).read_text()))


# ---- as input ------------------------------------------------------------------------------------

def same_as(oakum, folder, document, *keys, **more):
    """Packages of the root, and of a document in its place."""
    path = folder / "document"
    path.write_text(document)
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{path}"], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    mine, theirs = packages(oakum, folder), json.loads(done.stdout)
    pick = lambda all_: sorted(tuple(str(p[key]) for key in keys) for p in all_)
    assert pick(theirs["packages"]) == pick(mine)
    return theirs


@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "spdx-tv"])
def test_round_trip(oakum, root, tmp_path, form):
    """What a scan of the document finds is what a scan of the root finds; what could not be judged is not judged then either."""
    whole = json.loads(sbom(oakum, tmp_path, "json"))
    again = same_as(oakum, tmp_path, sbom(oakum, tmp_path, form), "name", "version", "type", "arch", "purl", "source")
    assert again["distro"]["id"] == whole["distro"]["id"] and again["distro"]["version"] == whole["distro"]["version"]
    pick = lambda r: [(f["id"], f["package"]["purl"], f["severity"], f["fixed"], f["status"]) for f in r["findings"]]
    assert pick(again) == pick(whole)
    assert again["distro"] == whole["distro"]
    assert bool(whole["incomplete"]) == ("incomplete-sbom" in [i["id"] for i in again["incomplete"]])


FOREIGN = {
    # the forms in which syft and trivy say the same three packages
    "syft-json": json.dumps({"artifacts": [
        {"name": "libssl3", "version": "3.0.14-1~deb12u2", "type": "deb", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&upstream=openssl%403.0.13-1&distro=debian-12",
         "metadata": {"source": "openssl", "sourceVersion": "3.0.13-1"}, "locations": [{"path": "/var/lib/dpkg/status"}]},
        {"name": "libssl3", "version": "3.0.14-1~deb12u2", "type": "deb", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=i386&distro=debian-12", "metadata": {"source": ""}},
        {"name": "odd", "version": "1", "type": "deb", "purl": "pkg:deb/debian/odd@1?arch=amd64&distro=debian-12"}],
        "distro": {"id": "debian", "versionID": "12", "prettyName": "Debian"}, "schema": {"version": "16.0.0"}}),
    "syft-cyclonedx": json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "libssl3", "version": "3.0.14-1~deb12u2", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&upstream=openssl%403.0.13-1&distro=debian-12"},
        {"type": "library", "name": "libssl3", "version": "3.0.14-1~deb12u2", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=i386&distro=debian-12"},
        {"type": "library", "name": "odd", "version": "1", "purl": "pkg:deb/debian/odd@1?arch=amd64&distro=debian-12"},
        {"type": "file", "name": "/etc/passwd"}, {"type": "operating-system", "name": "debian", "version": "12"}]}),
    "trivy-cyclonedx": json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "operating-system", "name": "debian", "version": "12"},
        {"type": "library", "name": "libssl3", "version": "3.0.14-1~deb12u2", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&distro=debian-12",
         "properties": [{"name": "aquasecurity:trivy:" + k, "value": v} for k, v in (("SrcName", "openssl"), ("SrcVersion", "3.0.13"), ("SrcRelease", "1"))]},
        {"type": "library", "name": "libssl3", "version": "3.0.14-1~deb12u2", "purl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=i386&distro=debian-12"},
        {"type": "library", "name": "odd", "version": "1", "purl": "pkg:deb/debian/odd@1?arch=amd64&distro=debian-12"}]}),
    "trivy-spdx": json.dumps({"spdxVersion": "SPDX-2.3", "packages": [
        {"name": "debian", "versionInfo": "12", "primaryPackagePurpose": "OPERATING-SYSTEM"},
        {"name": "libssl3", "versionInfo": "3.0.14-1~deb12u2", "sourceInfo": "built package from: openssl 3.0.13-1", "primaryPackagePurpose": "LIBRARY",
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&distro=debian-12"}]},
        {"name": "libssl3", "versionInfo": "3.0.14-1~deb12u2",
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=i386&distro=debian-12"}]},
        {"name": "odd", "versionInfo": "1",
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/odd@1?arch=amd64&distro=debian-12"}]}]}),
    "spdx3": json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
        {"type": "software_Package", "name": "debian", "software_packageVersion": "12", "software_primaryPurpose": "operatingSystem"},
        {"type": "software_Package", "name": "libssl3", "software_packageUrl": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=amd64&upstream=openssl%403.0.13-1"},
        {"type": "software_Package", "name": "libssl3", "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:deb/debian/libssl3@3.0.14-1~deb12u2?arch=i386"}]},
        {"type": "software_Package", "name": "odd", "software_packageVersion": "1", "software_packageUrl": "pkg:deb/debian/odd?arch=amd64"}]}),
}


def component_xml(component):
    """A component as CycloneDX has it in XML: attributes, fields, lists."""
    fields = "".join(f"<{k}>{escape(component[k])}</{k}>" for k in ("name", "version", "purl") if k in component)
    properties = "".join(f'<property name="{p["name"]}">{escape(p["value"])}</property>' for p in component.get("properties", []))
    return f'<component type="{component["type"]}" bom-ref="x">{fields}<properties>{properties}</properties></component>'


def bom_xml(bom, version):
    inner = "".join(map(component_xml, bom["components"]))
    tool = '<tools><components><component type="application"><name>tool</name><purl>pkg:pypi/tool@1</purl></component></components></tools>'
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- a note --><bom xmlns="http://cyclonedx.org/schema/bom/{version}" version="1">'
            f'<metadata>{tool}<component type="container"><name>image</name></component></metadata><components>{inner}</components>'
            '<formulation><formula><components><component type="library"><purl>pkg:npm/not@1</purl></component></components></formula></formulation></bom>')


for peer in ("syft", "trivy"):
    for version in ("1.2", "1.6"):
        FOREIGN[f"{peer}-cyclonedx-xml-{version}"] = bom_xml(json.loads(FOREIGN[f"{peer}-cyclonedx"]), version)
STATEMENT = {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "https://cyclonedx.org/bom", "predicate": json.loads(FOREIGN["syft-cyclonedx"])}
ENVELOPE = {"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(json.dumps(STATEMENT).encode()).decode(), "signatures": []}
FOREIGN |= {
    "statement": json.dumps(STATEMENT), "envelope": json.dumps(ENVELOPE), "bundle": json.dumps({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": ENVELOPE}),
    "cosign-data": json.dumps(STATEMENT | {"predicate": {"Data": FOREIGN["trivy-spdx"], "Timestamp": ""}}),
    # what says nothing of the distribution, but by purls
    "syft-purls": json.dumps({k: [c for c in v if c["type"] == "library"] if k == "components" else v for k, v in json.loads(FOREIGN["syft-cyclonedx"]).items()}),
}


@pytest.mark.parametrize("form", FOREIGN)
def test_documents_of_others(oakum, tmp_path, form):
    for name, text in (("etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian"\n'), ("var/lib/dpkg/status", STATUS)):
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text(text)
    result = same_as(oakum, tmp_path, FOREIGN[form], "name", "version", "type", "arch", "purl", "source")
    assert (result["distro"]["id"], result["distro"]["version"]) == ("debian", "12")


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"bomFormat": "Other"}', '{"spdxVersion": "SPDX-9"}', "{" * 5000, "<a/>", "<" * 5000,
                                  '<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components>', '<!DOCTYPE bom [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.4">&a;</bom>',
                                  '<bom xmlns="http://cyclonedx.org/schema/bom/1.4">' + "<components><component>" * 90, '{"bomFormat": "CycloneDX", "components": ['])
def test_no_bill_is_no_pass(oakum, tmp_path, text):
    (tmp_path / "x").write_text(text)
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path}/x"], capture_output=True, text=True)
    assert done.returncode == 3 and json.loads(done.stdout)["packages"] == [] and json.loads(done.stdout)["incomplete"]


def test_standard_input_and_compressed(oakum, root, tmp_path):
    import gzip
    document = sbom(oakum, tmp_path, "cyclonedx")
    for data in (document.encode(), gzip.compress(document.encode())):
        done = subprocess.run([oakum, "scan", "--format", "json", "sbom:-"], input=data, capture_output=True)
        assert len(json.loads(done.stdout)["packages"]) == len(packages(oakum, tmp_path))


def test_only_scan_takes_one(oakum, tmp_path):
    done = subprocess.run([oakum, "build", "--build-context", "x=sbom:y", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1


# ---- who installed what of a language: as syft says it, or by where it lies ------------------------

DEB = "pkg:deb/debian/python3-yaml@6.0-3?arch=amd64&distro=debian-12"
GH = "pkg:deb/debian/gh@2.23?arch=amd64&distro=debian-12"
GO = "pkg:deb/debian/golang-1.19-go@1.19.8-2?arch=amd64&distro=debian-12"
PLACES = {"yaml": "/usr/lib/python3/dist-packages/PyYAML.egg-info/PKG-INFO", "prog": "/usr/bin/gh", "own": "/usr/local/lib/python3.11/dist-packages/own.dist-info/METADATA",
          "perl": "/usr/share/perl5/x", "stdlib": "/usr/lib/go-1.19/bin/go", "mine": "/usr/lib/go/bin/go"}
SPDX_PACKAGES = [("deb", "python3-yaml", DEB), ("yaml", "yaml", "pkg:pypi/yaml@6.0"), ("own", "own", "pkg:pypi/own@1")]
SAYS_SO = "ownership-by-file-overlap: indicates that the parent package claims ownership of a child package"


def owners_of(oakum, tmp_path, document):
    (tmp_path / "x").write_text(document)
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path}/x"], capture_output=True, text=True)
    return {p["name"]: p.get("owner") for p in json.loads(done.stdout)["packages"] if p["type"] != "deb"}


@pytest.mark.parametrize("form", ["syft", "spdx", "tag-value"])
def test_owners_that_a_document_tells(oakum, tmp_path, form):
    document = {
        "syft": json.dumps({"artifacts": [{"id": i, "name": n, "version": "6.0", "purl": p} for i, n, p in SPDX_PACKAGES],
                            "artifactRelationships": [{"parent": "deb", "child": "yaml", "type": "ownership-by-file-overlap"}, {"parent": "deb", "child": "own", "type": "contains"},
                                                      {"parent": "none", "child": "own", "type": "ownership-by-file-overlap"}], "distro": {"id": "debian", "versionID": "12"}}),
        "spdx": json.dumps({"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": i, "name": n, "externalRefs": [{"referenceType": "purl", "referenceLocator": p}]} for i, n, p in SPDX_PACKAGES],
                            "relationships": [{"spdxElementId": "deb", "relatedSpdxElement": "yaml", "relationshipType": "OTHER", "comment": SAYS_SO},
                                              {"spdxElementId": "deb", "relatedSpdxElement": "own", "relationshipType": "CONTAINS"}]}),
        "tag-value": "SPDXVersion: SPDX-2.3\n" + "".join(f"PackageName: {n}\nSPDXID: {i}\nExternalRef: PACKAGE-MANAGER purl {p}\n" for i, n, p in SPDX_PACKAGES)
                     + f"Relationship: deb OTHER yaml\nRelationshipComment: {SAYS_SO}\nRelationship: deb CONTAINS own\nRelationship: deb OTHER own\nRelationshipComment: evident-by: x\n",
    }[form]
    assert owners_of(oakum, tmp_path, document) == {"yaml": DEB, "own": None}


@pytest.mark.parametrize("debs, wanted", [((DEB, GH, GO), {"yaml": "pkg:deb/debian", "prog": GH, "own": None, "perl": None, "stdlib": "pkg:deb/debian", "mine": None}), ((), dict.fromkeys(PLACES))])
def test_owners_by_place(oakum, tmp_path, debs, wanted):
    """Where Debian's policies keep a folder for its own packages; a place alone says nothing on a system without such packages."""
    components = [{"type": "operating-system", "name": "debian", "version": "12"}, *({"type": "library", "name": purl.split("/")[2].split("@")[0], "purl": purl} for purl in debs)]
    components += [{"type": "library", "name": n, "version": "1", "purl": f"pkg:pypi/{n}@1", "properties": [{"name": "syft:location:0:path", "value": path}]} for n, path in PLACES.items()]
    assert owners_of(oakum, tmp_path, json.dumps({"bomFormat": "CycloneDX", "components": components})) == wanted


def test_red_hat_as_trivy_says_it(oakum, tmp_path):
    """Its name of the distribution, the module, epochs in a qualifier and of the source, content sets on each package."""
    properties = [{"name": "aquasecurity:trivy:" + k, "value": v} for k, v in (
        ("SrcName", "nodejs-src"), ("SrcVersion", "18.1"), ("SrcRelease", "3.el8"), ("SrcEpoch", "2"), ("Modularitylabel", "nodejs:18:1:2"), ("ContentSet", "a-rpms"), ("ContentSet", "b-rpms"))]
    (tmp_path / "x").write_text(json.dumps({"bomFormat": "CycloneDX", "components": [
        {"type": "operating-system", "name": "redhat", "version": "8.9"},
        {"type": "library", "name": "nodejs", "version": "1:18.1-3.el8", "supplier": {"name": "Red Hat, Inc."},
         "purl": "pkg:rpm/redhat/nodejs@18.1-3.el8?arch=x86_64&distro=redhat-8.9&epoch=1&modularitylabel=nodejs%3A18%3A1%3A2", "properties": properties}]}))
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path}/x"], capture_output=True, text=True)
    result = json.loads(done.stdout)
    package, = result["packages"]
    assert (package["version"], package["source"], package["maintainer"]) == ("1:18.1-3.el8", {"name": "nodejs-src", "version": "2:18.1-3.el8"}, "Red Hat, Inc.")
    assert (result["distro"]["id"], result["distro"]["version"]) == ("rhel", "8.9")
    bill = json.loads(subprocess.run([oakum, "scan", "--format", "cyclonedx", f"sbom:{tmp_path}/x"], capture_output=True, text=True).stdout)
    said = {p["name"]: p["value"] for c in bill["components"] for p in c.get("properties", [])}
    assert (said["oakum:distro:ecosystem"], said["oakum:distro:repositories"], said["oakum:module"]) == ("Red Hat:8", "a-rpms b-rpms", "nodejs:18:1:2")


@pytest.mark.parametrize("version", ["v1.26.4", "go1.26.4", "1.26.4"])
def test_the_library_of_go_has_one_version(oakum, tmp_path, version):
    (tmp_path / "x").write_text(json.dumps({"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "stdlib", "purl": f"pkg:golang/stdlib@{version}"}]}))
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path}/x"], capture_output=True, text=True)
    assert [p["version"] for p in json.loads(done.stdout)["packages"]] == ["1.26.4"]


@pytest.mark.parametrize("purl, arch", [("pkg:gem/nokogiri@1.15.4?platform=x86_64-linux", "x86_64-linux"), ("pkg:conda/numpy@1.26.0?build=0&subdir=linux-64", "linux-64"),
                                        ("pkg:deb/debian/libc6@2.36-9?arch=amd64", "amd64"), ("pkg:gem/nokogiri@1.15.4?arch=java", "java")])
def test_the_machine_has_a_name_of_its_own_in_a_purl(oakum, tmp_path, purl, arch):
    (tmp_path / "a.json").write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "library", "name": "a", "purl": purl}]}))
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path / 'a.json'}"], capture_output=True, text=True)
    one, = json.loads(done.stdout)["packages"]
    assert one["arch"] == arch


def read_bill(oakum, tmp_path, *components):
    (tmp_path / "x.json").write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": list(components)}))
    return json.loads(subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path / 'x.json'}"], capture_output=True, text=True).stdout)


@pytest.mark.parametrize("name, version, ecosystem", [
    ("Debian GNU/Linux", "12", "Debian:12"), ("debian:12", None, "Debian:12"), ("ubuntu-22.04", None, "Ubuntu:22.04"), ("Alpine Linux", "v3.18", "Alpine:v3.18"),
    ("Red Hat Enterprise Linux", "9.2", "Red Hat:9"), ("CentOS Linux", "7", "Red Hat:7"), ("Amazon Linux", "2023", "Amazon Linux:2023"), ("Oracle Linux Server", "8.9", "Oracle Linux:8"),
    ("Rocky Linux", "9.3", "Rocky Linux:9"), ("SUSE Linux Enterprise Server", "15.5", "SUSE:15.5"), ("VMware Photon OS", "4.0", "Photon OS:4.0"), ("Fedora Linux", "40", "Fedora:40"), ("Arch Linux", None, "Arch"),
    ("Nobody's Linux", "1", None), ("library-2", None, None)])
def test_systems_by_the_names_that_others_have_for_them(oakum, tmp_path, name, version, ecosystem):
    system = {"type": "operating-system", "name": name} | ({"version": version} if version else {})
    assert read_bill(oakum, tmp_path, system)["distro"]["ecosystem"] == ecosystem


@pytest.mark.parametrize("component, told", [
    ({"type": "library", "name": "a", "version": "1.0"}, "a 1.0 has neither a package-url nor a CPE"), ({"type": "framework", "name": "b"}, "b has neither"),
    ({"type": "file", "name": "c", "version": "1"}, None), ({"type": "application", "name": "d", "version": "1"}, None), ({"type": "library", "name": "e", "version": "1", "purl": "pkg:npm/e@1"}, None),
    ({"type": "application", "name": "f", "version": "1", "purl": "npm/f@1"}, "f 1 has a package-url that is none"),
    ({"type": "library", "name": "g", "version": "1", "cpe": "cpe:2.3:a:g:g:1:*:*:*:*:*:*:*"}, None)])
def test_what_has_no_identity_is_told(oakum, tmp_path, component, told):
    titles = [one["title"] for one in read_bill(oakum, tmp_path, component)["incomplete"] if one["id"] == "incomplete-sbom"]
    assert len(titles) == (told is not None) and all(told in title for title in titles), titles


@pytest.mark.parametrize("name", ["github.com/Masterminds/goutils", "goutils", None])
def test_modules_of_go_keep_the_letters_that_their_purls_lost(oakum, tmp_path, name):
    """Advisories know them by their own; a document that has the purl alone does not tell."""
    component = {"type": "library", "version": "v1.1.0", "purl": "pkg:golang/github.com/masterminds/goutils@v1.1.0"} | ({"name": name} if name else {})
    (package,) = read_bill(oakum, tmp_path, component)["packages"]
    assert package["name"] == ("github.com/Masterminds/goutils" if name and "/" in name else "github.com/masterminds/goutils")


def syft_scan(oakum, tmp_path, artifact, distro):
    (tmp_path / "bom").write_text(json.dumps({"artifacts": [{"id": "1", "name": "libssl3", "version": "3.0.11-1", "type": "deb"} | artifact], "distro": distro,
                                              "schema": {"version": "1.0.0", "url": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-1.0.0.json"}}))
    return json.loads(subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path}/bom"], capture_output=True, text=True).stdout)


def test_what_syft_lists_without_identity_is_told(oakum, tmp_path):
    said = syft_scan(oakum, tmp_path, {"purl": "", "cpes": []}, {"id": "debian", "versionID": "12"})
    assert any(one["id"] == "incomplete-sbom" and "libssl3 3.0.11-1" in one["title"] for one in said["incomplete"])


def test_the_distribution_of_the_first_documents_of_syft(oakum, tmp_path):
    said = syft_scan(oakum, tmp_path, {"purl": "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64"}, {"name": "debian", "version": "12", "idLike": ""})
    assert said["distro"]["ecosystem"] == "Debian:12" and len(said["packages"]) == 1


def spdx_document(form, packages, described):
    """(id, name, purpose or None, purl or None) in one of SPDX's forms."""
    if form == "json":
        return json.dumps({"spdxVersion": "SPDX-2.2", "packages": [
            {"SPDXID": i, "name": n, "versionInfo": "1"} | ({"primaryPackagePurpose": p.upper()} if p else {})
            | ({"externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": u}]} if u else {}) for i, n, p, u in packages],
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": i} for i in described]})
    if form == "json-list":
        return json.dumps(json.loads(spdx_document("json", packages, [])) | {"documentDescribes": described})
    if form == "tag-value":
        lines = ["SPDXVersion: SPDX-2.2"]
        for i, n, p, u in packages:
            lines += [f"PackageName: {n}", f"SPDXID: {i}", "PackageVersion: 1"] + ([f"PrimaryPackagePurpose: {p.upper()}"] if p else []) + ([f"ExternalRef: PACKAGE-MANAGER purl {u}"] if u else [])
        return "\n".join(lines + [f"Relationship: {i} DESCRIBED_BY SPDXRef-DOCUMENT" for i in described]) + "\n"
    root = {"type": "software_Sbom", "spdxId": "sbom", "rootElement": described} if form == "spdx3" else \
        {"type": "Relationship", "spdxId": "r", "relationshipType": "describes", "from": "document", "to": described}
    return json.dumps({"@graph": [root] + [
        {"type": "software_Package", "spdxId": i, "name": n, "software_packageVersion": "1"} | ({"software_primaryPurpose": p.lower()} if p else {}) | ({"software_packageUrl": u} if u else {})
        for i, n, p, u in packages]})


@pytest.mark.parametrize("form", ["json", "json-list", "tag-value", "spdx3", "spdx3-relation"])
def test_what_spdx_names_without_purpose_or_identity_is_told(oakum, tmp_path, form):
    (tmp_path / "x").write_text(spdx_document(form, [
        ("SPDXRef-image", "image", None, None), ("SPDXRef-a", "a", None, None), ("SPDXRef-b", "b", None, "pkg:npm/b@1"), ("SPDXRef-c", "c", "library", None),
        ("SPDXRef-d", "d", "application", None), ("SPDXRef-e", "e", "file", None)], ["SPDXRef-image"]))
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path / 'x'}"], capture_output=True, text=True)
    result = json.loads(done.stdout)
    told = sorted(one["title"].removeprefix(".oakum/sbom: ") for one in result["incomplete"] if one["id"] == "incomplete-sbom")
    assert told == [f"{name} 1 has neither a package-url nor a CPE, and is not judged" for name in ("a", "c")]
    assert done.returncode == 3 and [p["purl"] for p in result["packages"]] == ["pkg:npm/b@1"]


def test_export_of_githubs_dependency_graph(oakum, tmp_path):
    """Its interface wraps the document; the name has the registry in front, and the repository itself is a package."""
    rows = [("npm:lodash", "4.17.20", "pkg:npm/lodash@4.17.20"), ("pip:Django", "3.2", "pkg:pypi/django@3.2")]
    packages_ = [{"SPDXID": f"SPDXRef-{i}", "name": name, "versionInfo": version, "filesAnalyzed": False, "downloadLocation": "NOASSERTION",
                  "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]} for i, (name, version, purl) in enumerate(rows)]
    document = {"sbom": {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "com.github.o/r", "packages": packages_, "relationships": []}}
    for text in (json.dumps(document), json.dumps(document["sbom"])):
        (tmp_path / "x").write_text(text)
        done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path / 'x'}"], capture_output=True, text=True)
        assert sorted((p["type"], p["name"], p["version"]) for p in json.loads(done.stdout)["packages"]) == [("npm", "lodash", "4.17.20"), ("pypi", "django", "3.2")]


def test_types_of_references_as_openembedded_writes_them(oakum, tmp_path):
    cpe = "cpe:2.3:*:openssl:openssl:3.1.1:*:*:*:*:*:*:*"
    row = {"SPDXID": "SPDXRef-Recipe-openssl", "name": "openssl", "versionInfo": "3.1.1", "downloadLocation": "NOASSERTION",
           "externalRefs": [{"referenceCategory": "SECURITY", "referenceType": "http://spdx.org/rdf/references/cpe23Type", "referenceLocator": cpe}]}
    (tmp_path / "x").write_text(json.dumps({"spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "name": "recipe-openssl", "packages": [row], "relationships": []}))
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path / 'x'}"], capture_output=True, text=True)
    assert [(p["name"], p["version"], p["cpe"]) for p in json.loads(done.stdout)["packages"]] == [("openssl", "3.1.1", cpe)]


@pytest.mark.parametrize("name, told", [("Zope.Interface", "Zope.Interface"), ("zope_interface", "zope_interface"), ("python3-zope", "zope-interface")])
def test_names_of_pypi_are_the_documents_own_unless_they_are_others(oakum, tmp_path, name, told):
    found = read_bill(oakum, tmp_path, {"type": "library", "name": name, "version": "6.1", "purl": "pkg:pypi/zope-interface@6.1"})["packages"]
    assert [p["name"] for p in found] == [told]


@pytest.mark.parametrize("purl", ["pkg:julia/Sample@0.3.0?uuid=0c1b2d3e-0000-4000-8000-000000000002", "pkg:conan/team/Sample@0.3.0?channel=stable"])
def test_what_tells_packages_of_one_name_apart_is_kept(oakum, tmp_path, purl):
    found = read_bill(oakum, tmp_path, {"type": "library", "name": "Sample", "version": "0.3.0", "purl": purl})["packages"]
    assert [p["purl"] for p in found] == [purl]


def test_a_program_of_a_working_tree_has_no_version_in_its_purl(oakum, tmp_path):
    found = read_bill(oakum, tmp_path, {"type": "application", "name": "example.org/x", "version": "(devel)", "purl": "pkg:golang/example.org/x"})["packages"]
    assert [(p["purl"], p["version"]) for p in found] == [("pkg:golang/example.org/x", "(devel)")]


GLSA = ('<?xml version="1.0" encoding="UTF-8"?><glsa id="202401-01"><title>x</title><product type="ebuild">openssl</product><announced>2024-01-01</announced>'
        '<affected><package name="dev-libs/openssl" auto="yes" arch="*"><unaffected range="ge">3.0.12</unaffected><vulnerable range="lt">3.0.12</vulnerable></package></affected>'
        '<impact type="high"/><references><uri link="x">CVE-2024-1001</uri></references></glsa>')


@pytest.mark.parametrize("purl,told", [("pkg:ebuild/dev-libs/openssl@3.0.11", True), ("pkg:ebuild/dev-libs%2Fopenssl@3.0.11", True), ("pkg:ebuild/gentoo/dev-libs/openssl@3.0.11", True),
                                       ("pkg:ebuild/dev-libs/openssl@3.0.12", False), ("pkg:ebuild/app-misc/openssl@3.0.11", False)])
@pytest.mark.parametrize("system", [True, False], ids=["system", "purl alone"])
def test_category_of_an_ebuild(oakum, tmp_path, purl, told, system):
    """Gentoo's advisories name packages with their category, which stands in the namespace of a package URL."""
    (tmp_path / "glsa-202401-01.xml").write_text(GLSA)
    parts = [{"type": "operating-system", "name": "gentoo", "version": "2.14"}] if system else []
    (tmp_path / "bom.json").write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [
        *parts, {"type": "library", "name": "openssl", "version": purl.split("@")[1], "purl": purl}]}))
    subprocess.run([oakum, "db", "import", "--db", "a.db", "glsa-202401-01.xml"], cwd=tmp_path, check=True)
    done = subprocess.run([oakum, "scan", "--db", "a.db", "--format", "json", "--checks", "holes", "sbom:bom.json"], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "OAKUM_MAX_AGE": "0"})
    result = json.loads(done.stdout)
    assert [f["id"] for f in result["findings"]] == (["CVE-2024-1001"] if told else [])
    assert result["incomplete"] == []


# group and version as a tool made them up, the path of the archive, whether the archive said the group; what they are
MAVEN = [("org.dom4j", "dom4j", "1.6.1", "lib/dom4j-1.6.1.jar", False, "dom4j", "1.6.1"), ("org.hsqldb.hsqldb", "hsqldb", "2.5.0", "lib/hsqldb-2.5.0.jar", False, "org.hsqldb", "2.5.0"),
         ("org.apache.xerces.impl.Version", "xercesImpl", "2.12.0", "lib/xercesImpl-2.12.0.jar", False, "xerces", "2.12.0"), ("org.apache", "ivy", "2.5.0", "lib/ivy.jar", False, "org.apache.ivy", "2.5.0"),
         ("htmlunit", "htmlunit", "2.50.0", "lib/htmlunit-2.50.0.jar", False, "net.sourceforge.htmlunit", "2.50.0"), ("tool", "tool", "1", "lib/tool-1.jar", False, "tool", "1"),
         ("com.other", "json", "1.0", "lib/json-1.0.jar", True, "com.other", "1.0"), ("org.driver", "driver", "9.4.0", "lib/driver-9.4.0.jre8.jar", True, "org.driver", "9.4.0.jre8")]


def maven_document(form, group, name, version, path, said):
    purl, stated = f"pkg:maven/{group}/{name}@{version}", [{"name": "syft:metadata:-:groupID", "value": group}] * said
    return {
        "cyclonedx": {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "library", "name": name, "version": version, "purl": purl, "properties": [
            {"name": "syft:package:type", "value": "java-archive"}, {"name": "syft:location:0:path", "value": "/" + path}, *stated]}]},
        "spdx": {"spdxVersion": "SPDX-2.3", "packages": [{"name": name, "SPDXID": "SPDXRef-1", "versionInfo": version, "downloadLocation": "NOASSERTION",
                 "sourceInfo": "acquired package info from installed java archive: /" + path, "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]}]},
        "syft": {"artifacts": [{"id": "1", "name": name, "version": version, "type": "java-archive", "purl": purl, "locations": [{"path": "/" + path}],
                 "metadata": {"pomProperties": {"groupId": group}} if said else {}}], "schema": {"version": "16.0.0", "url": "schema"}}}[form]


@pytest.mark.parametrize("group, name, version, path, said, right, right_version", MAVEN)
@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "syft"])
def test_archives_of_java_are_what_they_are_in_the_image(oakum, tmp_path, form, group, name, version, path, said, right, right_version):
    (tmp_path / "bom").write_text(json.dumps(maven_document(form, group, name, version, path, said)))
    done = subprocess.run([oakum, "scan", "--format", "json", f"sbom:{tmp_path}/bom"], capture_output=True, text=True)
    (package,) = json.loads(done.stdout)["packages"]
    assert (package["namespace"], package["version"]) == (right, right_version)


def test_groups_that_no_archive_was_asked_for_stay(oakum, tmp_path):
    """A build tool knows them."""
    (package,) = read_bill(oakum, tmp_path, {"type": "library", "name": "json", "version": "1.0", "purl": "pkg:maven/json/json@1.0"})["packages"]
    assert package["namespace"] == "json"

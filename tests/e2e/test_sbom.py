"""Bills of materials: by schema, the same bytes each time, all packages in them, and strangers' names inert."""
import json
import os
import pathlib
import re
import subprocess

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

"""What the program writes as JSON of its own, by the schemas that are published: with nothing in it that they do not tell."""
import copy
import json
import subprocess

import jsonschema
import pytest
from conftest import REPO
from test_lint_output import RULES, folder, lint  # noqa: F401
from test_report import KINDS, compare, db, debian, dpkg, report, scan  # noqa: F401
from test_scan import root

FOLDER = REPO / "docs/schema"
NAMES = sorted(p.name for p in FOLDER.glob("*.json"))


def strict(schema):
    """The same with closed objects: readers must pass over what is new, our own tests must not."""
    if isinstance(schema, list):
        return [strict(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    return {k: False if k == "additionalProperties" and v is True else strict(v) for k, v in schema.items()}


def validate(data, name):
    schema = json.loads((FOLDER / name).read_text())
    jsonschema.Draft202012Validator(schema).validate(data)
    jsonschema.Draft202012Validator(strict(schema)).validate(data)
    return data


def test_they_are_schemas():
    assert NAMES == ["compare-1.schema.json", "lint-1.schema.json", "policy.schema.json", "result-1.schema.json"]
    for name in NAMES:
        jsonschema.Draft202012Validator.check_schema(json.loads((FOLDER / name).read_text()))
        assert name in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_result(oakum, db, tmp_path, kind):  # noqa: F811
    root(tmp_path / "root", **KINDS[kind])
    validate(json.loads(report(oakum, db, tmp_path, "json", "--fail-on", "none")), "result-1.schema.json")


def test_result_of_an_image(oakum, db, tmp_path):  # noqa: F811
    """With layers, settings, what VEX suppresses, a release that has ended, a verdict; and of a build."""
    (tmp_path / "status").write_text(dpkg({"openssl": "3.0.14-1", "bash": "5.1"}))
    (tmp_path / "os-release").write_text("ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY os-release /etc/os-release\nCOPY status /var/lib/dpkg/status\nENV A=1\nEXPOSE 80\nLABEL x=y\nVOLUME /v\nCMD [\"a\"]\n")
    statement = {"vulnerability": {"name": "CVE-2024-0001"}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": "not_affected", "justification": "vulnerable_code_not_present"}
    (tmp_path / "v.json").write_text(json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement]}))
    done = subprocess.run([oakum, "ship", "--store", "s", "--db", db, "--vex", "v.json", "--fail-on", "none", "--format", "json", "--report", "r.json", "--output", "oci:o", "."],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    shipped = validate(json.loads((tmp_path / "r.json").read_text()), "result-1.schema.json")
    assert shipped["suppressed"] and shipped["findings"] and shipped["dockerfile"] and "layers" not in shipped["image"]
    apart = validate(json.loads(scan(oakum, db, tmp_path, "--format", "json", name="oci:o").stdout), "result-1.schema.json")
    assert [layer["diff_id"] for layer in apart["layers"]] == [layer["diff_id"] for layer in shipped["layers"]]
    assert sum(layer["size"] for layer in apart["layers"]) == apart["image"]["size"] and all(layer["created_by"] for layer in apart["layers"])


def test_compare(oakum, db, tmp_path):  # noqa: F811
    for name, packages in (("a", {"openssl": "3.0.14-1", "tree": "2"}), ("b", {"openssl": "3.0.15-1~deb12u1", "bash": "5"})):
        root(tmp_path / name, **{"var/lib/dpkg/status": dpkg(packages)})
    data = validate(json.loads(compare(oakum, db, tmp_path, "--format", "json", "rootfs:a", "rootfs:b")), "compare-1.schema.json")
    assert data["findings"]["added"] and data["findings"]["removed"] and data["packages"]["changed"]


def test_lint(oakum, folder):  # noqa: F811
    for words in (["Dockerfile"], ["--compat", "hadolint", "--no-fail", "Dockerfile"], ["clean/Dockerfile"]):
        text = lint(oakum, folder, *RULES, "-f", "json", *words, status=2 if words == ["Dockerfile"] else 0)
        data = validate(json.loads(text), "lint-1.schema.json")
        assert bool(data["findings"]) == ("clean/Dockerfile" not in words)


@pytest.mark.parametrize("change", [lambda d: d.update(schema=2), lambda d: d.update(new=1), lambda d: d["findings"][0].update(severity="dire"),
                                    lambda d: d["packages"][0].pop("name"), lambda d: d["findings"][0].update(kev="no"), lambda d: d["layers"].append({"digest": "x"})])
def test_they_can_refuse(oakum, db, debian, tmp_path, change):  # noqa: F811
    data = json.loads(report(oakum, db, tmp_path, "json"))
    validate(copy.deepcopy(data), "result-1.schema.json")
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        validate(data, "result-1.schema.json")

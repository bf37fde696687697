"""Secrets, hygiene and licences of a result in every format: there, by schema, and inert."""
import copy
import csv
import io
import json
import os
import subprocess

import jsonschema
import pytest
from test_lint_output import validate_xml
from test_report import ENV, FORMATS, HOSTILE, OWN, SCHEMAS
from test_sbom import FIELD, field_validator

SEEN = {"why": "it is there", "fix": "take it out", "file": "root/.netrc", "line": 3, "category": "token", "code": "peer-1", "match": "tok_****", "gone": True,
        "package": None, "layer": "sha256:" + "a" * 64, "layer_index": 0, "dockerfile_line": 4, "suppressed": None}
RESULT = {
    "schema": 1, "target": "app:v1", "distro": {"id": "debian", "version": "12"}, "packages": [
        {"name": "bash", "version": "5", "type": "deb", "purl": "pkg:deb/debian/bash@5", "paths": ["var/lib/dpkg/status"], "source": {"name": "bash", "version": "5"}}],
    "findings": [], "secrets": [{"id": "a-token", "severity": "high", "title": "a token of somewhere", **SEEN}],
    "hygiene": [{"id": "OI1", "severity": "medium", "title": "runs as root", **SEEN, "file": None, "line": None, "match": None, "gone": False, "dockerfile_line": None},
                {"id": "OI2", "severity": "low", "title": "let off", **SEEN, "gone": False, "suppressed": "an exception"}],
    "licenses": [{"id": "OL1", "severity": "low", "title": "strong copyleft", **SEEN, "gone": False, "match": "GPL-3.0-only", "file": None, "line": None,
                  "package": {"name": "bash", "version": "5", "purl": "pkg:deb/debian/bash@5"}}]}


def report(oakum, folder, form, result=None):
    (folder / "r.json").write_text(json.dumps(result or RESULT))
    done = subprocess.run([oakum, "report", "--format", form, "r.json"], cwd=folder, capture_output=True, text=True, env={**os.environ, **ENV})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_negligible_ones_are_no_alarm(oakum, tmp_path):
    light = {**RESULT, "secrets": [], "hygiene": [], "licenses": [{**RESULT["licenses"][0], "severity": "negligible"}] * 3}
    for form in ("sarif", "junit", "gitlab-codequality", "markdown", "table"):
        text = report(oakum, tmp_path, form, light)
        assert "OL1" not in text and "strong copyleft" not in text
    assert "and 3 negligible" in text
    for form in ("json", "csv", "trivy", "html"):
        assert ("OL1" if form == "html" else "GPL-3.0-only") in report(oakum, tmp_path, form, light) or form == "csv"
    assert report(oakum, tmp_path, "csv", light).count("OL1") == 3


def test_json(oakum, tmp_path):
    """What is read is what is written again."""
    got = json.loads(report(oakum, tmp_path, "json"))
    for key in ("secrets", "hygiene", "licenses"):
        prints = [one.pop("fingerprint") for one in got[key]]
        assert len(set(prints)) == len(prints) and all(len(p) == 64 for p in prints)
        assert got[key] == sorted(RESULT[key], key=lambda f: f["file"] or "")


def test_sarif(oakum, tmp_path):
    run = json.loads(report(oakum, tmp_path, "sarif"))["runs"][0]
    rows = {row["ruleId"]: row for row in run["results"]}
    assert set(rows) == {"a-token", "OI1", "OI2", "OL1"} and rows["OI2"]["suppressions"][0]["justification"] == "an exception"
    place = rows["a-token"]["locations"][0]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "Dockerfile", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 4}}
    assert place["logicalLocations"][0]["kind"] == "resource" and "/root/.netrc, line 3" in place["logicalLocations"][0]["name"]
    assert rows["a-token"]["level"] == "error" and rows["a-token"]["properties"]["match"] == "tok_****"
    assert "settings" in rows["OI1"]["message"]["text"]
    assert {r["id"]: r["properties"]["tags"] for r in run["tool"]["driver"]["rules"]}["a-token"] == ["security", "secret", "peer-1"]


def test_junit(oakum, tmp_path):
    text = report(oakum, tmp_path, "junit")
    validate_xml(text, OWN / "junit.xsd")
    for name in ('classname="secret"', 'classname="hygiene"', 'classname="licence"', 'failures="3"', "a-token /root/.netrc, line 3"):
        assert name in text
    assert "OI2" not in text


def test_csv(oakum, tmp_path):
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(report(oakum, tmp_path, "csv")))}
    assert (rows["a-token"]["kind"], rows["a-token"]["severity"], rows["a-token"]["file"], rows["a-token"]["line"], rows["a-token"]["status"]) == \
        ("secret", "high", "root/.netrc", "3", "gone")
    assert rows["OI2"]["suppressed"] == "an exception" and rows["OL1"]["package"] == "bash" and rows["OI1"]["kind"] == "hygiene"


def test_codequality(oakum, tmp_path):
    rows = json.loads(report(oakum, tmp_path, "gitlab-codequality"))
    assert sorted((row["check_name"], row["severity"], row["location"]["lines"]["begin"]) for row in rows) == [("OI1", "major", 1), ("OL1", "minor", 4), ("a-token", "critical", 4)]


def test_markdown(oakum, tmp_path):
    text = report(oakum, tmp_path, "markdown")
    assert text.index("**Secrets**") < text.index("**Hygiene**") < text.index("**Licences**") and "let off" not in text
    many = {**RESULT, "hygiene": [{**RESULT["hygiene"][0], "id": f"OI{n}", "file": f"f{n}"} for n in range(500)]}
    text = report(oakum, tmp_path, "markdown", many)
    assert "and 490 more" in text and len(text.encode()) <= 60000


def test_trivy(oakum, tmp_path):
    results = {(r["Class"], r["Target"]): r for r in json.loads(report(oakum, tmp_path, "trivy"))["Results"]}
    secret = results[("secret", "/root/.netrc")]["Secrets"][0]
    assert (secret["RuleID"], secret["Severity"], secret["StartLine"], secret["Match"], secret["Layer"]) == ("peer-1", "HIGH", 3, "tok_****", {"Digest": SEEN["layer"]})
    wrong = results[("config", "app:v1")]["Misconfigurations"]
    assert [(m["ID"], m["Status"], m["Severity"]) for m in wrong] == [("OI1", "FAIL", "MEDIUM")]
    assert results[("license", "app:v1")]["Licenses"][0]["Name"] == "GPL-3.0-only"


def test_summary_and_what_is_left_out(oakum, tmp_path):
    report(oakum, tmp_path, "json")
    done = subprocess.run([oakum, "report", "--summary", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert "1 secrets, 1 remarks on hygiene" in done.stdout.splitlines()[0]
    assert json.loads(report(oakum, tmp_path, "gitlab"))["vulnerabilities"] == []  # its report has no place for them
    assert "a-token" not in report(oakum, tmp_path, "cyclonedx") + report(oakum, tmp_path, "spdx")


@pytest.mark.parametrize("form", [form for form in SCHEMAS])
def test_schemas(oakum, tmp_path, form):
    data = json.loads(report(oakum, tmp_path, form))
    own, field = SCHEMAS[form]
    jsonschema.validate(data, json.loads((OWN / f"{own}.schema.json").read_text()))
    if field and FIELD.exists() and form in ("sarif", "gitlab", "gitlab-codequality"):
        field_validator(field).validate(data)


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "junit"])
def test_hostile_names(oakum, tmp_path, form):
    bad = copy.deepcopy(RESULT)
    bad["hygiene"] = [{**RESULT["hygiene"][0], "title": text, "file": text, "id": f"OI{n}"} for n, text in enumerate(HOSTILE)]
    text = report(oakum, tmp_path, form, bad)
    assert "\x1b" not in text and "\u202e" not in text
    if form == "markdown":
        assert "<script" not in text and "@all" not in text and "](" not in text
    if form == "csv":
        assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(text)) for cell in row)
    if form == "junit":
        validate_xml(text, OWN / "junit.xsd")


@pytest.mark.parametrize("key", ["secrets", "hygiene", "licenses"])
@pytest.mark.parametrize("row, says", [({"id": "x"}, "severity"), ({"id": "x", "severity": "dire"}, 'no severity "dire"'), ({"id": "x", "severity": "low", "line": "1"}, "line")])
def test_wrong_rows(oakum, tmp_path, key, row, says):
    (tmp_path / "r.json").write_text(json.dumps({**RESULT, key: [row]}))
    done = subprocess.run([oakum, "report", "--format", "csv", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and says in done.stderr and done.stdout == ""


def test_compare(oakum, tmp_path):
    after = {**copy.deepcopy(RESULT), "target": "app:v2", "secrets": [], "hygiene": [RESULT["hygiene"][0], {**RESULT["hygiene"][0], "id": "OI9", "title": "new"}]}
    (tmp_path / "a.json").write_text(json.dumps(RESULT))
    (tmp_path / "b.json").write_text(json.dumps(after))

    def compare(form):
        done = subprocess.run([oakum, "compare", "--format", form, "a.json", "b.json"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    data = json.loads(compare("json"))
    assert [f["id"] for f in data["secrets"]["removed"]] == ["a-token"] and data["secrets"]["added"] == [] and data["secrets"]["unchanged"] == 0
    assert [f["id"] for f in data["hygiene"]["added"]] == ["OI9"] and data["hygiene"]["removed"] == [] and data["hygiene"]["unchanged"] == 1
    assert data["licenses"] == {"added": [], "removed": [], "unchanged": 1}
    for form in ("table", "markdown"):
        text = compare(form)
        assert "Secrets that went" in text and "Hygiene that came" in text and "Licences that" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_same_bytes(oakum, tmp_path, form):
    assert report(oakum, tmp_path, form) == report(oakum, tmp_path, form)

"""Reports of scans in all formats: by schema, the same bytes each time, hostile names inert, within the limits of who reads them."""
import csv
import html
import io
import json
import os
import random
import re
import subprocess

import jsonschema
import pytest
from conftest import REPO
from html_result import result
from test_lint_output import validate_xml
from test_sbom import FIELD, field_validator
from test_scan import OS_RELEASE, STATUS, osv, root

FORMATS = ["table", "json", "sarif", "cyclonedx", "spdx", "spdx-tv", "openvex", "cyclonedx-vex", "gitlab", "gitlab-dependency", "gitlab-codequality",
           "junit", "markdown", "csv", "github", "trivy", "html"]
OWN = REPO / "tests/schemas"
HOSTILE = ("</script><script>alert(1)</script>", "@all ![x](http://evil.example/p.png) [y](javascript:z)", "=cmd|' /C calc'!A0", "a|b`c`<b>d</b>", "\x1b[31mred",
           "\u202egnp.exe", "--><img src=x>", "]]><!--", "::set-output name=x::y ##[group]z ##vso[task.x]", "\x9b31m\x07\r\n::error::x")
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
PIP = {"opt/app/lib/python3.11/site-packages/requests-2.25.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: requests\nVersion: 2.25.0\n\n"}
RECORDS = [
    osv("DSA-1", "openssl", [{"introduced": "0"}, {"fixed": "3.0.15-1~deb12u1"}], upstream=["CVE-2024-0001"], summary="a hole",
        severity=[{"type": "CVSS_V3", "score": VECTOR}]),
    osv("OPEN-2", "openssl", [{"introduced": "0"}], aliases=["CVE-2024-0002"], database_specific={"severity": "LOW"}),
    osv("CVE-2024-0006", "bash", [{"introduced": "0"}]),
    osv("GHSA-2222-3333-4444", "requests", [{"introduced": "0"}, {"fixed": "2.31.0"}], ecosystem="PyPI", aliases=["CVE-2023-32681"], summary="leaks"),
]
ENV = {"GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567", "GITHUB_REF": "refs/heads/main", "GITHUB_RUN_ID": "7", "GITHUB_JOB": "scan",
       "SOURCE_DATE_EPOCH": "1790000000"}


def make_db(oakum, folder, records):
    (folder / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    done = subprocess.run([oakum, "db", "import", "--feed", "osv", "--db", folder / "adv.db", folder / "a.jsonl"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "adv.db"


@pytest.fixture(scope="module")
def db(oakum, tmp_path_factory):
    return make_db(oakum, tmp_path_factory.mktemp("db"), RECORDS)


def scan(oakum, db, folder, *words, status=(0, 3), env=ENV, name="rootfs:root"):
    checks = () if "--checks" in words else ("--checks", "holes")  # for the others: test_report_observed.py
    done = subprocess.run([oakum, "scan", "--no-cache", "--db", db, *checks, *words, name], cwd=folder, capture_output=True, text=True, env={**os.environ, **env})
    assert done.returncode in status, done.stderr
    return done


def report(oakum, db, folder, form, *words):
    return scan(oakum, db, folder, "--format", form, *words).stdout


KINDS = {"debian": {**PIP}, "clean": {"var/lib/dpkg/status": ""}, "unknown": {"etc/os-release": "ID=nowhere\nVERSION_ID=1\n"},
         "broken": {"var/lib/dpkg/status": STATUS + "\nPackage: half\nStatus: install ok installed\nVersion"},
         "hostile": {**{f"opt/{n}/p-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: requests\nVersion: 2.25.0\nLicense: {text}\n\n"
                        for n, text in enumerate(HOSTILE)}, "etc/os-release": OS_RELEASE.replace("Debian GNU", HOSTILE[0])}}


@pytest.fixture(params=KINDS)
def image(request, tmp_path):
    root(tmp_path / "root", **KINDS[request.param])
    return request.param


@pytest.fixture
def debian(tmp_path):
    root(tmp_path / "root", **KINDS["debian"])


SCHEMAS = {"sarif": ("sarif", "sarif/sarif-schema-2.1.0.json"), "cyclonedx-vex": ("cyclonedx", "cyclonedx/bom-1.6.schema.json"),
           "cyclonedx": ("cyclonedx", "cyclonedx/bom-1.6.schema.json"), "openvex": ("openvex", "openvex/openvex_json_schema.json"),
           "gitlab": ("gitlab", "gitlab/container-scanning-report-format-15.2.4.json"), "gitlab-dependency": ("gitlab", None),
           "gitlab-codequality": ("gitlab-codequality", "gitlab/code-quality-report.schema.json"), "github": ("github-snapshot", None), "trivy": ("trivy", None)}


@pytest.mark.parametrize("form", SCHEMAS)
def test_schemas(oakum, db, image, tmp_path, form):
    own, field = SCHEMAS[form]
    text = report(oakum, db, tmp_path, form, "--checks", "holes,secrets,hygiene,licences")
    data = json.loads(text)
    jsonschema.validate(data, json.loads((OWN / f"{own}.schema.json").read_text()))
    if form == "openvex" and data["statements"] == []:
        return  # the field's schema wants one; of an image without holes there is nothing to state
    if field and FIELD.exists():
        if "2020-12" in json.loads((FIELD / field).read_text()).get("$schema", ""):
            jsonschema.Draft202012Validator(json.loads((FIELD / field).read_text())).validate(data)
        else:
            field_validator(field).validate(data)


if FIELD.exists():
    def test_schema_of_github(oakum, db, debian, tmp_path):
        schema = json.loads((FIELD / "github/dependency-snapshot.schema.json").read_text())
        text = json.dumps({"$ref": "#/components/schemas/snapshot", "components": {"schemas": schema}})
        jsonschema.Draft7Validator(json.loads(text)).validate(json.loads(report(oakum, db, tmp_path, "github")))


@pytest.mark.parametrize("form", FORMATS)
def test_same_bytes(oakum, db, debian, tmp_path, form):
    assert report(oakum, db, tmp_path, form) == report(oakum, db, tmp_path, form)
    assert report(oakum, db, tmp_path, form).endswith("\n")


@pytest.mark.parametrize("own, form, bad", [
    ("gitlab", "gitlab", lambda d: d["vulnerabilities"][0]["location"].pop("image")), ("gitlab", "gitlab", lambda d: d["vulnerabilities"][0].update(severity="negligible")),
    ("gitlab", "gitlab", lambda d: d["scan"].pop("start_time")), ("sarif", "sarif", lambda d: d["runs"][0]["results"][0].update(level="bad")),
    ("openvex", "openvex", lambda d: d["statements"][0].pop("action_statement")), ("github-snapshot", "github", lambda d: d.update(sha="1")),
    ("trivy", "trivy", lambda d: d["Results"][0]["Vulnerabilities"][0].update(Status="open")), ("cyclonedx", "cyclonedx-vex", lambda d: d["vulnerabilities"][0].pop("analysis")),
    ("gitlab-codequality", "gitlab-codequality", lambda d: d[0].update(severity="high"))])
def test_schemas_refuse(oakum, db, debian, tmp_path, own, form, bad):
    """The schemas can fail: a report with one thing wrong does."""
    data = json.loads(report(oakum, db, tmp_path, form))
    bad(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json.loads((OWN / f"{own}.schema.json").read_text()))


def test_gitlab(oakum, db, debian, tmp_path):
    """What GitLab tells holes apart by, and what it shows."""
    data = json.loads(report(oakum, db, tmp_path, "gitlab"))
    rows = {v["identifiers"][0]["value"]: v for v in data["vulnerabilities"]}
    assert set(rows) == {"CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0006", "CVE-2023-32681"}
    first = rows["CVE-2024-0001"]
    assert first["location"] == {"dependency": {"package": {"name": "libssl3"}, "version": "3.0.14-1~deb12u2"}, "operating_system": "debian 12", "image": "root"}
    assert first["severity"] == "Critical" and first["cvss_vectors"][0]["vector"] == VECTOR
    assert [i["type"] for i in first["identifiers"]] == ["cve", "dsa"] and "3.0.15-1~deb12u1" in first["solution"]
    assert [i["type"] for i in rows["CVE-2023-32681"]["identifiers"]] == ["cve", "ghsa"]
    assert len({v["id"] for v in data["vulnerabilities"]}) == 4 and data["scan"]["start_time"] == "2026-09-21T14:13:20"
    data = json.loads(report(oakum, db, tmp_path, "gitlab-dependency"))
    language = data["vulnerabilities"]
    assert [(v["identifiers"][0]["value"], v["location"]["file"]) for v in language] == [("CVE-2023-32681", next(iter(PIP)))]
    assert data["dependency_files"] == [{"path": next(iter(PIP)), "package_manager": "pip", "dependencies": [language[0]["location"]["dependency"]]}]


@pytest.mark.parametrize("vector, wanted", [
    ("CVSS:3.1/C:H/I:H/A:H/AV:N/AC:L/PR:N/UI:N/S:U/", VECTOR), ("CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P", "AV:N/AC:L/Au:N/C:P/I:P/A:P"),
    (VECTOR + "/E:X/RL:X/RC:X/CR:X/IR:X/AR:X/MAV:X/MAC:X/MPR:X/MUI:X/MS:X/MC:X/MI:X/MA:X", VECTOR), ("(AV:N/AC:L/Au:N/C:P/I:P/A:P)", None), ("", None)])
def test_gitlab_gets_vectors_that_it_knows(oakum, tmp_path, vector, wanted):
    """One that its schema does not have makes it refuse the whole report."""
    data = result(1)
    data["findings"][0]["cvss_vector"] = vector
    (tmp_path / "r.json").write_text(json.dumps(data))
    text = subprocess.run([oakum, "report", "--format", "gitlab", "r.json"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    jsonschema.validate(json.loads(text), json.loads((OWN / "gitlab.schema.json").read_text()))
    if FIELD.exists():
        field_validator(SCHEMAS["gitlab"][1]).validate(json.loads(text))
    assert [v["vector"] for v in json.loads(text)["vulnerabilities"][0].get("cvss_vectors", [])] == ([wanted] if wanted else [])


def test_files_of_gitlab_dependency(oakum, db, debian, tmp_path):
    """Each file that proves packages of a language, by its path, with all that it proves; none of the system's."""
    root(tmp_path / "more", **KINDS["debian"])
    for path, text in {"app/composer/installed.json": '[{"name": "a/b", "version": "1"}, {"name": "c/d", "version": "2"}]',
                       "app/node_modules/x/package.json": '{"name": "x", "version": "3"}'}.items():
        place = tmp_path / "more" / path.replace("app/composer", "app/vendor/composer")
        place.parent.mkdir(parents=True)
        place.write_text(text)
    done = subprocess.run([oakum, "scan", "--db", db, "--format", "gitlab-dependency", f"rootfs:{tmp_path}/more"], capture_output=True, text=True)
    files = json.loads(done.stdout)["dependency_files"]
    assert [(f["path"], f["package_manager"], [(d["package"]["name"], d["version"]) for d in f["dependencies"]]) for f in files if f["path"].startswith("app/")] == [
        ("app/node_modules/x/package.json", "npm", [("x", "3")]), ("app/vendor/composer/installed.json", "composer", [("b", "1"), ("d", "2")])]
    assert not any("dpkg" in f["path"] for f in files)


def test_an_id_stays_when_others_go(oakum, db, debian, tmp_path):
    """A fingerprint does not depend on what else is found."""
    def prints():
        return {i["check_name"]: i["fingerprint"] for i in json.loads(report(oakum, db, tmp_path, "gitlab-codequality"))}
    before = prints()
    status = tmp_path / "root/var/lib/dpkg/status"
    status.write_text(STATUS.replace("Package: bash", "Package: mash").replace("Source: bash", "Source: mash"))
    after = prints()
    assert "CVE-2024-0006" in before and "CVE-2024-0006" not in after and after.items() <= before.items() and len(after) == 3


def test_an_id_stays_with_the_next_commit(oakum, tmp_path):
    """Each commit's image has a tag of its own, and an upgrade that does not help is no news: what is shown as new and mended must not be all there is."""
    def prints(target, version, form):
        data = result(6, 3, target=target)
        for one in [*data["packages"], *(f["package"] for f in data["findings"])]:
            one["version"], one["purl"] = version, one["purl"].rsplit("@", 1)[0] + "@" + version
        data["findings"].append(data["findings"][0])
        (tmp_path / "r.json").write_text(json.dumps(data))
        told = json.loads(subprocess.run([oakum, "report", "--format", form, "r.json"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
        ids = ([v["fingerprint"] for v in told] if form == "gitlab-codequality" else [v["id"] for v in told["vulnerabilities"]] if form == "gitlab"
               else [v["partialFingerprints"]["primaryLocationLineHash"] for v in told["runs"][0]["results"]])
        assert len(set(ids)) == len(ids) >= 7
        return sorted(ids)
    for form in ("gitlab", "gitlab-codequality", "sarif"):
        first = prints("registry.example:5000/app:0123abcd", "1.0", form)
        assert first == prints("registry.example:5000/app:4567cdef", "1.1", form) == prints("registry.example:5000/app@sha256:" + "0" * 64, "1.0", form)
        assert (first == prints("registry.example:5000/other:0123abcd", "1.0", form)) == (form == "sarif")


def test_sarif(oakum, db, debian, tmp_path):
    run = json.loads(report(oakum, db, tmp_path, "sarif"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert {r["id"]: r["properties"]["security-severity"] for r in rules}["CVE-2024-0001"] == "9.8"
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"]) and len(run["results"]) == 4
    assert run["invocations"][0]["executionSuccessful"] is True
    (tmp_path / "root/var/lib/dpkg/status").write_text("Package: x")
    broken = json.loads(report(oakum, db, tmp_path, "sarif"))["runs"][0]["invocations"][0]
    assert broken["executionSuccessful"] is False and broken["toolExecutionNotifications"]


def test_vex_is_read_again(oakum, db, debian, tmp_path):
    """What a person marks as harmless in our own VEX no longer counts; the two forms say the same."""
    for form, mark in (("openvex", lambda d: [s.update(status="not_affected", justification="vulnerable_code_not_present")
                                              for s in d["statements"] if s["vulnerability"]["name"] == "CVE-2024-0001"]),
                       ("cyclonedx-vex", lambda d: [v["analysis"].update(state="not_affected", justification="code_not_present")
                                                    for v in d["vulnerabilities"] if v["id"] == "CVE-2024-0001"])):
        data = json.loads(report(oakum, db, tmp_path, form))
        assert len(mark(data)) == 1
        (tmp_path / "vex.json").write_text(json.dumps(data))
        result = json.loads(report(oakum, db, tmp_path, "json", "--vex", "vex.json"))
        assert [f["id"] for f in result["suppressed"]] == ["CVE-2024-0001"] and len(result["findings"]) == 3, form
        again = report(oakum, db, tmp_path, form, "--vex", "vex.json")
        assert "not_affected" in again


@pytest.mark.parametrize("form", ["openvex", "cyclonedx-vex"])
def test_vex_of_doubles(oakum, tmp_path, form):
    """A finding that stands twice in a saved result is one statement: both forms want no two that are the same."""
    data = result(3, 3)
    data["findings"] += [dict(data["findings"][0]), {**data["findings"][1], "aliases": ["GHSA-2222-3333-4444"] * 2}]
    (tmp_path / "r.json").write_text(json.dumps(data))
    told = json.loads(subprocess.run([oakum, "report", "--format", form, "r.json"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    rows = told["statements" if form == "openvex" else "vulnerabilities"]
    assert len({json.dumps(row) for row in rows}) == len(rows) == 4
    if FIELD.exists():
        field_validator(SCHEMAS[form][1]).validate(told) if form == "cyclonedx-vex" else jsonschema.Draft202012Validator(json.loads((FIELD / SCHEMAS[form][1]).read_text())).validate(told)


def test_junit(oakum, db, image, tmp_path):
    text = report(oakum, db, tmp_path, "junit")
    validate_xml(text, "junit.xsd")
    cases, failures = re.findall(r"<testcase ", text), re.findall(r"<failure ", text)
    head = re.search(r'<testsuite .*tests="(\d+)" failures="(\d+)" errors="(\d+)"', text)
    assert (len(cases), len(failures)) == (int(head[1]), int(head[2]))
    if image == "debian":
        assert (head[1], head[2], head[3]) == ("3", "3", "0") and "CVE-2024-0002" in text


def test_csv(oakum, db, image, tmp_path):
    report(oakum, db, tmp_path, "csv", "-o", "r.csv")
    text = (tmp_path / "r.csv").read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1 and text.count("\r\n") == len(rows)
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row)
    if image == "debian":
        assert {row[1] for row in rows[1:]} == {"CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0006", "CVE-2023-32681"}


@pytest.mark.parametrize("text", ["=1+1", "\uff1d1+1", "\uff0bx", "\uff0dx", "\uff20SUM(A1)", "a\ufffe\uffff\ufdd0"])
def test_formulas_and_what_is_no_character(oakum, tmp_path, text):
    """Also full width, which spreadsheets take for a formula in some languages; what is no character takes a place or none, as the terminal likes."""
    data = result(1, 1)
    data["findings"][0]["title"] = text
    (tmp_path / "r.json").write_text(json.dumps(data))
    for form in ("csv", "table"):
        done = subprocess.run([oakum, "report", "--format", form, "r.json"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and not re.search("[\ufffe\uffff\ufdd0]", done.stdout), done.stderr
        assert form == "table" or not any(cell[:1] in "=+-@\uff1d\uff0b\uff0d\uff20" for row in csv.reader(io.StringIO(done.stdout)) for cell in row if cell)


def test_markdown(oakum, db, debian, tmp_path):
    text = report(oakum, db, tmp_path, "markdown", "--fail-on", "none")
    assert text.startswith("<!-- oakum:scan:") and "4 holes, 2 of them with a fix" in text
    assert text.index("CVE-2024-0001") < text.index("CVE-2024-0002")


def test_sarif_of_thousands(oakum, tmp_path):
    """No more results than GitHub takes, what is no hole and the most urgent ones first, and it says how many are left out."""
    data = result(26000)
    data["findings"][-1]["kev"] = True
    (tmp_path / "r.json").write_text(json.dumps(data))
    text = subprocess.run([oakum, "report", tmp_path / "r.json", "--format", "sarif"], capture_output=True, text=True, check=True).stdout
    run, others = json.loads(text)["runs"][0], sum(len(data[key]) for key in ("secrets", "hygiene", "licenses"))
    holes = [r for r in run["results"] if r["properties"].get("kev") is not None]
    assert len(run["results"]) == 25000 and len(holes) >= 25000 - others and any(r["properties"]["kev"] for r in holes)
    assert f"{26000 - len(holes)} results are left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_markdown_of_thousands(oakum, tmp_path):
    """Within what a comment on GitHub may hold, and it says how many are left out, and where they are."""
    ids = [f"CVE-2024-{n}" for n in range(10000, 13000)]
    big = make_db(oakum, tmp_path, [osv(i, "openssl", [{"introduced": "0"}, {"fixed": "3.0.15"}], summary="x" * 100) for i in ids])
    root(tmp_path / "root")
    text = report(oakum, big, tmp_path, "markdown")
    shown = len(re.findall(r"^\| \[", text, re.M))
    assert 60000 > len(text) > 50000 and f"{3000 - shown} holes are left out" in text and "oakum scan --format json" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_markdown_of_thousands_of_all_kinds(oakum, tmp_path):
    """The same when there are as many secrets, remarks, licences, things not judged, and reasons, each as long as can be."""
    data = result(3000)
    for key in ("secrets", "hygiene", "licenses"):
        data[key] = [{**data[key][0], "id": f"{key}-{n}", "title": "|" * 300 + key, "file": "f" * 500 + str(n)} for n in range(3000)]
    data["incomplete"] = [{"id": f"i{n}", "title": "&" * 1000} for n in range(3000)]
    data["verdict"]["reasons"] = ["r" * 1000 for _ in range(500)]
    (tmp_path / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", "markdown", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    text = done.stdout
    assert done.returncode == 0 and 0 < len(text.encode()) <= 60000 and text.endswith("</sub>\n")
    shown = len(re.findall(r"\| \[CVE-", text))
    assert f"{3000 - shown} holes are left out here, the least urgent; all are in " in text
    for word in ("ecrets", "ygiene", "icences"):
        assert re.search(rf"(?i){word}", text), word


@pytest.mark.parametrize("text", ["www.evil.example", "see WWW.evil.example/x", "https://evil.example", "ftp://evil.example", "//evil.example", "@all", "(@all)", "#12 group/project#12", "!3", "~bug", '~"a bug"',
                                  "%1", "$5", "&6", "^7", "[vulnerability:8]", "    code", "- x", "+ x", "1. x", "12) x", "---"])
def test_markdown_stays_text(oakum, tmp_path, text):
    """Forges make links of names and addresses in what Markdown gave, where references to characters are characters again: none is left whole. No text begins a block of its own."""
    data = result(2, 2, target=text)
    for one in (data["findings"][0], data["secrets"][0], data["hygiene"][0], data["licenses"][0], data["incomplete"][0]):
        one["title"] = text
    data["findings"][1]["package"]["name"] = data["findings"][1]["fixed"] = text
    data["verdict"]["reasons"] = [text]
    (tmp_path / "r.json").write_text(json.dumps(data))
    for command in (["report", "--format", "markdown", "r.json"], ["compare", "--format", "markdown", "r.json", "r.json"]):
        done = subprocess.run([oakum, *command], cwd=tmp_path, capture_output=True, text=True)
        lines = re.sub(r"<!--.*?-->|\]\(https://nvd.nist.gov/[\w/-]+\)|</?(sub|details|summary)>", "", done.stdout).splitlines()
        assert done.returncode in (0, 3) and lines
        assert not any(re.match(r"\s|[-+] |\d+[.)] |--", line.removeprefix("- ")) for line in lines if line), done.stdout
        for line in lines:
            shown = html.unescape(re.sub(r"^#+ ", "", line))
            assert not re.search(r"(?i)www\.|:/|[@#!~%$^&\[][\w\"]", shown.replace("[CVE-", "")), line


ODD = ["a\nb", "a\r\nb", "\nlead", "end\n", "Tool: x", "Organization: y", "NONE", "SHA1: ab", "2026-01-01T00:00:00Z", "<text>a", "a</text>\nPackageName: evil", "Relationship"]


@pytest.mark.parametrize("text", ODD)
def test_tag_value_keeps_to_its_lines(oakum, tmp_path, text):
    """Names, versions and suppliers are single lines to readers of SPDX (spdx-tools refuses a document with a <text> there), and none may look like another kind of value."""
    data = result(2, 3, target=text)
    data["packages"][0] |= {"name": text, "version": text, "maintainer": f"{text} <a@b.example>", "purl": "pkg:deb/x y@1"}
    data["distro"] |= {"id": text, "version": text, "name": text}
    (tmp_path / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", "spdx-tv", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    outside = re.sub(r"(?ms)^(\w+): <text>.*?</text>", r"\1: ", done.stdout)
    tags = [line.split(": ", 1) for line in outside.splitlines() if line]
    assert {name for name, _ in tags} <= SPDX_TAGS and not any("evil" in value and name == "PackageName" and value == "evil" for name, value in tags)
    shown = [value for name, value in tags if name in ("PackageName", "PackageVersion", "DocumentName")]
    assert len(shown) > 6
    assert not any(re.match(r"(Tool|Person|Organization|SHA1):|<text>|\d{4}-\d\d-\d\dT|NO[A-Z]+$|Relationship$", value) for value in shown), shown
    assert all(re.fullmatch(r"NOASSERTION|Organization: [^\n]+", value) for name, value in tags if name == "PackageSupplier")
    assert "pkg:deb/x y" not in "".join(value for name, value in tags if name == "ExternalRef")


def test_tag_value_without_a_name_has_no_supplier(oakum, tmp_path):
    data = result(0, 4)
    for p, who in zip(data["packages"], ["<a@b.example>", " <a@b.example>", "(none)", "Some\nOne <a@b.example>"]):
        p["maintainer"] = who
    (tmp_path / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", "spdx", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert [p["supplier"] for p in json.loads(done.stdout)["packages"] if p["primaryPackagePurpose"] == "LIBRARY"] == ["NOASSERTION"] * 3 + ["Organization: Some One (a@b.example)"]


@pytest.mark.parametrize("path, shown", [("a\nb", "a\\x0ab"), ("a\rb", "a\\x0db"), ("a\x7fb", "a\\x7fb"), ("100%.txt", "100%25.txt"), ("a%41b", "a%41b"), ("1:2/x", "./1:2/x"), (":x", "./:x"), ("C:x", "C:x"),
                                         ("a b/\u00e9", "a b/\u00e9")])
def test_trivy_paths_are_addresses(oakum, tmp_path, path, shown):
    """trivy makes a URL of each path when it converts a report, and ends with a fault at one that is none."""
    data = result(4, 16)
    for p in data["packages"]:
        p["paths"] = [path]
    data["secrets"][0]["file"] = path
    (tmp_path / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", "trivy", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    report = json.loads(done.stdout)["Results"]
    paths = {p.get("FilePath") for r in report if r["Class"] == "lang-pkgs" for p in r["Packages"]}
    assert paths == {shown}
    assert ("/" + shown.removeprefix("./") if path[:2] in ("1:", ":x") else "/" + shown) in {r["Target"] for r in report if r["Class"] == "secret"}


@pytest.mark.parametrize("form", ["cyclonedx", "cyclonedx-vex"])
def test_cyclonedx_of_a_long_version(oakum, tmp_path, form):
    """Its schema takes 1024 characters; a stranger's package may have more."""
    data = result(2, 3)
    data["packages"][0]["version"], data["packages"][1]["version"], data["distro"]["version"] = "9" * 5000, "\u00e9" * 1025, "1" * 1025
    (tmp_path / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", form, "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    report = json.loads(done.stdout)
    lengths = sorted(len(c["version"]) for c in [*report["components"], report["metadata"]["component"]] if len(c.get("version", "")) > 100)
    assert lengths and set(lengths) == {1024} and {"\u00e9" * 1024, "9" * 1024} <= {c.get("version") for c in report["components"]}


def test_markdown_of_a_long_id_has_no_link(oakum, tmp_path):
    data = result(2, 2)
    data["findings"][0]["id"] = "X-" + "9" * 400
    (tmp_path / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", "markdown", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert "| X-999" in done.stdout and "]()" not in done.stdout and "| [CVE-2024-10001](https://" in done.stdout


def texts_of(value):
    if isinstance(value, dict):
        return [t for k, v in value.items() for t in [k, *texts_of(v)]]
    return [t for v in value for t in texts_of(v)] if isinstance(value, list) else [value] if isinstance(value, str) else []


PEOPLE = ("table", "markdown", "csv", "spdx-tv", "html")
SPDX_TAGS = {"SPDXVersion", "DataLicense", "SPDXID", "DocumentName", "DocumentNamespace", "Creator", "Created", "DocumentComment", "CreatorComment", "PackageName", "PackageVersion", "PackageSupplier",
             "PackageDownloadLocation", "FilesAnalyzed", "PackageLicenseConcluded", "PackageLicenseDeclared", "PackageCopyrightText", "PackageSourceInfo", "PackageComment", "ExternalRef",
             "Relationship", "PrimaryPackagePurpose", "PackageOriginator", "PackageSummary", "LicenseID", "ExtractedText", "LicenseName", "LicenseComment"}
LINKS = re.compile(r"https?://[^\s\"'<>|)\]]+")


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names(oakum, tmp_path, form):
    """Names of packages, titles, licences, files and the target reach no format as something that runs, links or colours. (What a browser makes of the HTML: test_html.py.)"""
    records = [osv(f"CVE-2024-{n}", "openssl", [{"introduced": "0"}], summary=text) for n, text in enumerate(HOSTILE)]
    records += [osv(f"GHSA-{n:04d}-2222-3333", re.sub(r"[-_.]+", "-", text).lower(), [{"introduced": "0"}], ecosystem="PyPI", summary=text) for n, text in enumerate(HOSTILE)]
    hostile = make_db(oakum, tmp_path, records)
    name = "root " + "".join(c for c in HOSTILE[3] if c != "/") + "\x1b[1m"
    root(tmp_path / name, **{k: v for k, v in KINDS["hostile"].items() if k != "etc/os-release"},
         **{f"opt/named/{n}/p-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {text.splitlines()[0]}\nVersion: 1\nLicense: {text.splitlines()[0]}\n\n" for n, text in enumerate(HOSTILE)})
    raw = scan(oakum, hostile, tmp_path, "--format", form, "-o", "out", name=f"rootfs:{name}") and (tmp_path / "out").read_bytes()
    text = raw.decode()  # UTF-8, all of it
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text) and len(text) > 500, form
    assert (form in ("cyclonedx", "spdx", "spdx-tv", "github", "gitlab-dependency")) == ("CVE-2024-1" not in text)
    if form in PEOPLE:
        assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
    if form == "markdown":
        body = re.sub(r"\]\(https://(nvd.nist.gov/vuln/detail|github.com/advisories)/[A-Z]+-[\w-]+\)", "]", text.split("-->", 1)[1])
        assert not re.search(r"<(?!/?(sub|details|summary)>)", body) and "](" not in body and "@all" not in body and "`" not in body
    elif form == "table":
        assert not re.search(r"(?m)^ *::|##\[|##vso\[", text) and max(len(line) for line in text.splitlines()) <= 80
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(r) for r in rows}) == 1 and not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for r in rows for cell in r)
    elif form == "junit":
        validate_xml(text, "junit.xsd")
    elif form == "spdx-tv":
        assert {line.split(":")[0] for line in re.sub(r"(?s)<text>.*?</text>", "", text).splitlines() if line and line[0] != "#"} <= SPDX_TAGS
    elif form == "html":
        frame = re.sub(r"(?s)<script type.*?</script>|<style>.*?</style>|<script>.*</script>", "", text)
        assert not re.search(r"(?i)<(img|svg|iframe|script|b>)|onerror|href=\"(?!data:,|#)", frame)
    else:
        data = json.loads(text)
        hosts = {match.split("/")[2] for t in texts_of(data) for match in LINKS.findall(t) if t.startswith("http")}
        assert not any("evil" in host for host in hosts) and not any(t.startswith("javascript:") for t in texts_of(data))


def test_several_formats(oakum, db, debian, tmp_path):
    done = scan(oakum, db, tmp_path, "--format", "json", "-o", "r.json", "--format", "sarif", "-o", "r.sarif", "--format", "table")
    assert json.loads((tmp_path / "r.json").read_text())["schema"] == 1 and json.loads((tmp_path / "r.sarif").read_text())["version"] == "2.1.0"
    assert done.stdout.startswith("rootfs:root: ")


@pytest.mark.parametrize("words, says", [
    (["--format", "xls"], "--format takes table, json, "), (["--format", "json", "--format", "sarif", "--format", "csv", "-o", "x"], "3 formats and 1 files"),
    (["-o", "a", "-o", "b"], "1 formats and 2 files")])
def test_slips(oakum, db, debian, tmp_path, words, says):
    done = scan(oakum, db, tmp_path, *words, status=(1,))
    assert says in done.stderr and done.stdout == "" and not (tmp_path / "x").exists() and not (tmp_path / "a").exists()


def test_nothing_is_written_when_one_lacks_something(oakum, db, debian, tmp_path):
    done = scan(oakum, db, tmp_path, "--format", "json", "-o", "r.json", "--format", "github", "-o", "g.json", status=(1,), env={"GITHUB_SHA": "", "CI_COMMIT_SHA": ""})
    assert "GITHUB_SHA" in done.stderr and not (tmp_path / "r.json").exists() and not (tmp_path / "g.json").exists()


# ---- saved results -------------------------------------------------------------------------------

@pytest.mark.parametrize("form", FORMATS)
def test_a_saved_result_gives_the_same(oakum, db, image, tmp_path, form):
    """What report writes of the JSON is byte for byte what scan would have written."""
    scan(oakum, db, tmp_path, "--format", "json", "-o", "r.json")
    done = subprocess.run([oakum, "report", "--format", form, "r.json"], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **ENV})
    assert done.returncode == 0, done.stderr
    assert done.stdout == report(oakum, db, tmp_path, form)


def test_summary(oakum, db, debian, tmp_path):
    scan(oakum, db, tmp_path, "--format", "json", "-o", "r.json", "--fail-on", "fixable", status=(2,))
    done = subprocess.run([oakum, "report", "--summary", "--format", "csv", "-o", "r.csv", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines() == [
        "rootfs:root: 3 packages, 4 holes (2 with a fix, 0 known to be exploited), 0 secrets, 0 remarks on hygiene, 0 not judged",
        "1 critical, 0 high, 0 medium, 1 low, 0 negligible, 2 unknown", "verdict: fail: 2 holes have a fix"]
    assert (tmp_path / "r.csv").read_text().startswith("image,id,")


@pytest.mark.parametrize("text, says", [
    ("{}", "no result of oakum scan"), ("[]", "no result of oakum scan"), ('{"schema":2,"target":"x","packages":[]}', "schema 2 is not known"),
    ('{"schema":1,"packages":[]}', "target"), ('{"schema":1,"target":"x","packages":[{"name":1,"version":"1","type":"deb"}]}', 'packages[0]: "name" is not'),
    ('{"schema":1,"target":"x","packages":[],"findings":[{"id":"a","severity":"dire"}]}', 'no severity "dire"'),
    ('{"schema":1,"target":"x","packages":[],"verdict":{"kind":"maybe"}}', 'no verdict "maybe"'), ("{", "r.json"), ('{"a":' * 5000, "r.json"),
    ('{"schema":1,"schema":1}', "r.json")])
def test_results_that_are_none(oakum, tmp_path, text, says):
    (tmp_path / "r.json").write_text(text)
    done = subprocess.run([oakum, "report", "--format", "csv", "-o", "out", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and says in done.stderr and done.stdout == "" and not (tmp_path / "out").exists(), done.stderr


# ---- comparison ----------------------------------------------------------------------------------

def compare(oakum, db, folder, *words, status=0):
    done = subprocess.run([oakum, "compare", "--no-cache", "--db", db, *words], cwd=folder, capture_output=True, text=True, env={**os.environ, **ENV})
    assert done.returncode == status, done.stderr
    return done.stdout


def dpkg(packages):
    return "".join(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n" for name, version in packages.items())


OLD = {"openssl": "3.0.14-1", "bash": "5.1", "tree": "2", "same": "1"}
NEW = {"openssl": "3.0.15-1~deb12u1", "bash": "5.2", "zip": "3", "same": "1"}


def test_compare(oakum, db, tmp_path):
    """By an account of our own; what stands in the JSON is in the texts, too."""
    for name, packages in (("a", OLD), ("b", NEW)):
        root(tmp_path / name, **{"var/lib/dpkg/status": dpkg(packages)})
    data = json.loads(compare(oakum, db, tmp_path, "--format", "json", "rootfs:a", "rootfs:b"))
    assert [p["name"] for p in data["packages"]["added"]] == sorted(NEW.keys() - OLD.keys())
    assert [p["name"] for p in data["packages"]["removed"]] == sorted(OLD.keys() - NEW.keys())
    assert [(p["name"], p["from"], p["to"]) for p in data["packages"]["changed"]] == [(n, OLD[n], NEW[n]) for n in sorted(OLD.keys() & NEW.keys()) if OLD[n] != NEW[n]]
    assert data["packages"]["unchanged"] == 1
    assert [(f["id"], f["package"]["name"]) for f in data["findings"]["removed"]] == [("CVE-2024-0001", "openssl")] and data["findings"]["added"] == []
    assert data["findings"]["unchanged"] == 2 and data["findings"]["severities"]["critical"] == {"added": 0, "removed": 1, "unchanged": 0}
    size = [sum(p.stat().st_size for p in (tmp_path / n).rglob("*") if p.is_file()) for n in "ab"]
    assert data["size"] == {"from": size[0], "to": size[1], "difference": size[1] - size[0]}
    back = json.loads(compare(oakum, db, tmp_path, "--format", "json", "rootfs:b", "rootfs:a"))
    assert back["packages"]["added"] == data["packages"]["removed"] and back["findings"]["added"] == data["findings"]["removed"]
    for form in ("table", "markdown"):
        text = compare(oakum, db, tmp_path, "--format", form, "rootfs:a", "rootfs:b")
        assert "CVE-2024-0001" in text and "zip" in text and "tree" in text and "same" not in text


def test_compare_of_results(oakum, db, tmp_path):
    """A saved result stands for its image, on either side."""
    for name, packages in (("a", OLD), ("b", NEW)):
        root(tmp_path / name, **{"var/lib/dpkg/status": dpkg(packages)})
        scan(oakum, db, tmp_path, "--checks", "holes,secrets,hygiene,licences", "--format", "json", "-o", f"{name}.json", name=f"rootfs:{name}")
    told = {compare(oakum, db, tmp_path, "--format", "json", *pair) for pair in
            (("rootfs:a", "rootfs:b"), ("a.json", "rootfs:b"), ("rootfs:a", "b.json"), ("a.json", "b.json"))}
    assert len(told) == 1


def pairs_account(old, new):
    """Packages and holes that came, went, changed and stayed, by few lines of our own: an alias of a hole is as good as its id."""
    several = {p["name"] for data in (old, new) for p in data["packages"] if len({q["arch"] for q in data["packages"] if q["name"] == p["name"]}) > 1}

    def packages(data):
        out = {}
        for p in data["packages"]:
            out.setdefault((p["type"], p["name"], p["arch"] if p["name"] in several else None), set()).add(p["version"])
        return out

    def holes(data):
        return {(f["id"], f["package"]["purl"].rsplit("@", 1)[0]): {f["id"], *f["aliases"]} for f in data["findings"]}
    a, b, x, y = packages(old), packages(new), holes(old), holes(new)
    came, went = y.keys() - x.keys(), x.keys() - y.keys()
    for key in sorted(came):
        other = next((k for k in sorted(went) if k[1] == key[1] and (k[0] in y[key] or key[0] in x[k])), None)
        if other:
            went, came = went - {other}, came - {key}
    return {"packages": {"added": sorted(k[1] for k in b.keys() - a.keys()), "removed": sorted(k[1] for k in a.keys() - b.keys()),
                         "changed": sorted(k[1] for k in a.keys() & b.keys() if a[k] != b[k]), "unchanged": sum(a[k] == b[k] for k in a.keys() & b.keys())},
            "findings": {"added": sorted(came), "removed": sorted(went), "unchanged": len(y) - len(came)}}


@pytest.mark.parametrize("seed", range(12))
def test_compare_of_made_up_results(oakum, tmp_path, seed):
    """Random pairs: several versions and architectures of one package, one hole of several packages, holes whose first name changed, doubles."""
    rng = random.Random(seed)

    def made(side):
        data = result(0, 0)
        for _ in range(rng.randint(0, 25)):
            name, version, arch = f"p{rng.randint(0, 9)}", f"1.{rng.randint(0, 2)}", rng.choice(["amd64", "amd64", "i386"])
            data["packages"].append({"name": name, "version": version, "type": "deb", "arch": arch, "purl": f"pkg:deb/debian/{name}@{version}?arch={arch}", "layer_index": 0, "paths": ["var/lib/dpkg/status"]})
        data["packages"].sort(key=lambda p: (p["name"], p["version"]))
        for p in data["packages"]:
            for n in rng.sample(range(6), rng.randint(0, 3)):
                ids = [f"CVE-2024-{n}", f"GHSA-{n}{n}{n}{n}-aaaa-bbbb"]
                if side and int(p["name"][1:]) % 3 == 0:
                    ids.reverse()
                data["findings"].append({"id": ids[0], "aliases": ids[1:], "severity": "high", "title": "t", "status": "open", "package": {k: p[k] for k in ("name", "version", "purl")}})
        return data
    old, new = made(0), made(1)
    (tmp_path / "a.json").write_text(json.dumps(old))
    (tmp_path / "b.json").write_text(json.dumps(new))
    done = subprocess.run([oakum, "compare", "--format", "json", "a.json", "b.json"], cwd=tmp_path, capture_output=True, text=True)
    told = json.loads(done.stdout)
    wanted = pairs_account(old, new)
    assert {k: sorted(p["name"] for p in told["packages"][k]) for k in ("added", "removed", "changed")} | {"unchanged": told["packages"]["unchanged"]} == wanted["packages"]
    assert {k: sorted((f["id"], f["package"]["purl"].rsplit("@", 1)[0]) for f in told["findings"][k]) for k in ("added", "removed")} | {"unchanged": told["findings"]["unchanged"]} == wanted["findings"]
    assert told["size"]["difference"] == 0 and told["packages"].keys() == {"added", "removed", "changed", "unchanged"}


@pytest.mark.parametrize("old, new, wanted", [
    ([("a", "1", "all")], [("a", "2", "amd64")], (["changed a 1 2"])), ([("a", "1", "amd64")], [("a", "1", "arm64")], []),
    ([("a", "1", "amd64"), ("a", "1", "i386")], [("a", "2", "amd64")], ["changed a 1 2", "removed a 1"]), ([("a", "1", "amd64")], [("a", "1", "amd64"), ("a", "1", "i386")], ["added a 1"]),
    ([("a", "1", None)], [("a", "2", "amd64")], ["changed a 1 2"])])
def test_compare_over_architectures(oakum, tmp_path, old, new, wanted):
    """By name, as who reads both lists does: only where one has it for several the architecture is a part of it."""
    for name, packages in (("old", old), ("new", new)):
        data = {**result(0, 0), "packages": [{"name": n, "version": v, "type": "deb", "arch": arch, "paths": []} for n, v, arch in packages]}
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "compare", "--format", "json", "old.json", "new.json"], cwd=tmp_path, capture_output=True, text=True)
    told = json.loads(done.stdout)["packages"]
    assert sorted(" ".join([kind, one["name"], *(one[k] for k in ("from", "to", "version") if k in one)]) for kind in ("added", "removed", "changed") for one in told[kind]) == wanted, done.stderr


def test_compare_of_images(oakum, db, tmp_path):
    """Layers that both have, sizes as stored, settings; the value of a variable is never told."""
    (tmp_path / "status").write_text(dpkg(OLD))
    (tmp_path / "os-release").write_text(OS_RELEASE)
    base = "FROM scratch\nCOPY os-release /etc/os-release\nCOPY status /var/lib/dpkg/status\n"
    for name, more in (("a", "ENV KEY=sesame A=1\nUSER root\nEXPOSE 80\nLABEL x=1 gone=1\n"), ("b", "ENV KEY=hunter2 A=1\nUSER 1000\nLABEL x=2\nCOPY os-release /more\n")):
        (tmp_path / "Dockerfile").write_text(base + more)
        done = subprocess.run([oakum, "build", "--store", "store", "--output", f"oci:{name}", "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    text = compare(oakum, db, tmp_path, "--format", "json", "oci:a", "oci:b")
    data = json.loads(text)
    blobs = {n: json.loads((tmp_path / n / "blobs" / json.loads((tmp_path / n / "index.json").read_text())["manifests"][0]["digest"].replace(":", "/")).read_text())["layers"] for n in "ab"}
    size = {n: sum(layer["size"] for layer in blobs[n]) for n in "ab"}
    assert data["size"]["from"] == size["a"] and data["size"]["to"] == size["b"]
    assert data["layers"] == {"from": 2, "to": 3, "difference": 1, "shared": 2}
    settings = {s["name"]: (s["from"], s["to"]) for s in data["settings"]}
    assert settings["user"] == ("root", "1000") and settings["exposed_ports"] == ('["80/tcp"]', "[]")
    assert settings["label x"] == ("1", "2") and settings["label gone"] == ("1", None) and "environment A" not in settings
    assert settings["environment KEY"][0] != settings["environment KEY"][1] and "sesame" not in text and "hunter2" not in text
    assert data["packages"] == {"added": [], "removed": [], "changed": [], "unchanged": 4}


def test_compare_is_not_sure(oakum, db, tmp_path):
    root(tmp_path / "a")
    root(tmp_path / "b", **{"var/lib/dpkg/status": "Package: x"})
    compare(oakum, db, tmp_path, "rootfs:a", "rootfs:b", status=3)
    done = subprocess.run([oakum, "compare", "rootfs:a"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "expected two images" in done.stderr


def test_one_file_that_cannot_be_written_does_not_keep_the_others(oakum, db, debian, tmp_path):
    done = scan(oakum, db, tmp_path, "--fail-on", "none", "--format", "json", "-o", "a.json", "--format", "csv", "-o", "absent/b.csv", "--format", "junit", "-o", "absent/c.xml",
                "--format", "sarif", "-o", "d.sarif", status=(1,))
    assert "absent/b.csv" in done.stderr and "absent/c.xml" in done.stderr
    assert json.loads((tmp_path / "a.json").read_text())["schema"] == 1 and json.loads((tmp_path / "d.sarif").read_text())["version"] == "2.1.0"

"""Reports of oakum lint: each format has the form that its readers expect, and tells the same places."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest
from conftest import REPO
from test_command_line import Terminal, run

SCHEMAS = pathlib.Path(os.environ.get("OAKUM_SHARED", REPO.parent / "shared")) / "data/schemas"
# a rule with a safe fix, one on a range in a line, one on a range over lines, names that want escaping
DOCKERFILE = 'FROM debian\nRUN apt-get update && \\\n    apt-get install -y curl\nADD "𝕒é<&>.conf" /etc/\nENV API_TOKEN=abc\n'
FORMATS = ["tty", "json", "sarif", "checkstyle", "junit", "codeclimate", "gitlab", "gnu", "compact", "github", "rdjson", "sonarqube", "codacy", "hadolint-json"]
RULES = ["--only", "DL3006", "--only", "DL3009", "--only", "DL3020", "--only", "DL3064"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean/Dockerfile").write_text("FROM debian:12\nUSER 1000\n")
    (tmp_path / 'odd "name" <&> %41 #?\'é.dockerfile').write_text("FROM debian\n")
    return tmp_path


def lint(oakum, folder, *words, status=2, env=None, **more):
    done = run(oakum, "lint", "--no-shellcheck", *words, cwd=folder, env=env, **more)
    assert done.returncode == status, done.stderr
    return done.stdout


def findings(oakum, folder, *words):
    return json.loads(lint(oakum, folder, *RULES, "-f", "json", *words))["findings"]


def test_json(oakum, folder):
    """The documented shape; ranges count characters and hold exactly what they name."""
    found = findings(oakum, folder, "Dockerfile")
    lines = DOCKERFILE.split("\n")
    assert {a for f in found for a in f["aliases"]} >= {"DL3006", "DL3009", "DL3020", "DL3064"}
    for f in found:
        assert {"rule", "aliases", "severity", "category", "file", "range", "message", "why", "help", "fix"} <= f.keys()
        assert f["severity"] in ("error", "warning", "info", "style") and f["file"] == "Dockerfile"
        start, end = f["range"]["start"], f["range"]["end"]
        assert (1, 1) <= (start["line"], start["column"]) <= (end["line"], end["column"])
        assert start["column"] <= len(lines[start["line"] - 1]) + 1 and end["column"] <= len(lines[end["line"] - 1]) + 1
    add = next(f for f in found if "DL3020" in f["aliases"])
    assert add["range"]["start"]["line"] == 4 and add["range"]["end"]["column"] <= len(lines[3]) + 1
    assert add["fix"]["safe"] is True
    for edit in add["fix"]["edits"]:
        assert edit["range"]["start"] == {"line": 4, "column": 1} and edit["text"] == "COPY"


OWN = REPO / "tests/schemas"  # always there; those of the field where they lie beside the checkout


def validate(data, own, field):
    jsonschema.validate(data, json.loads((OWN / own).read_text()))
    if field and SCHEMAS.exists():
        jsonschema.validate(data, json.loads((SCHEMAS / field).read_text()))


def validate_sarif(log):
    validate(log, "sarif.schema.json", "sarif/sarif-schema-2.1.0.json")


def validate_xml(text, own):
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", OWN / own, "-"], input=text.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_schemas_refuse(oakum, folder):
    """The schemas can fail: a report with one thing wrong does."""
    text = lint(oakum, folder, *RULES, "-f", "checkstyle", ".")
    for own, bad in (("checkstyle.xsd", text.replace('severity="warning"', 'severity="odd"')), ("checkstyle.xsd", text.replace(" source=", " from=")),
                     ("junit.xsd", lint(oakum, folder, *RULES, "-f", "junit", ".").replace('tests="', 'tests="x'))):
        with pytest.raises(AssertionError):
            validate_xml(bad, own)
    log = json.loads(lint(oakum, folder, *RULES, "-f", "sarif", "."))
    log["runs"][0]["results"][0]["level"] = "odd"
    with pytest.raises(jsonschema.ValidationError):
        validate(log, "sarif.schema.json", None)


def test_sarif(oakum, folder):
    """SARIF 2.1.0 by its schema; every result names its rule, and fixes bring the text that --fix makes."""
    log = json.loads(lint(oakum, folder, *RULES, "-f", "sarif", "."))
    validate_sarif(log)
    run_, = log["runs"]
    rules = run_["tool"]["driver"]["rules"]
    assert run_["columnKind"] == "unicodeCodePoints" and len({r["id"] for r in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    fixes = 0
    for result in run_["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%" and not re.search(r'[ "<>]', place["artifactLocation"]["uri"])
        for fix in result.get("fixes", []):
            change, = fix["artifactChanges"]
            assert change["artifactLocation"] == place["artifactLocation"]
            for replacement in change["replacements"]:
                fixes += replacement["insertedContent"]["text"] == "COPY"
    assert fixes == 1
    assert len({r["partialFingerprints"]["oakumLint/v1"] for r in run_["results"]}) == len(run_["results"])
    validate_sarif(json.loads(lint(oakum, folder, "-f", "sarif", "--only", "DL3064", "clean", status=0)))
    absolute = json.loads(lint(oakum, folder, *RULES, "-f", "sarif", folder / "Dockerfile"))
    assert absolute["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (folder / "Dockerfile").as_uri()


def test_fingerprints_outlive_moves(oakum, folder):
    """Lines above do not change an identity; two same lines have two; the file's name is part of it."""
    def prints():
        return {i["fingerprint"] for i in json.loads(lint(oakum, folder, *RULES, "-f", "gitlab", "Dockerfile"))}
    before = prints()
    (folder / "Dockerfile").write_text("# a comment\n\n" + DOCKERFILE)
    assert prints() == before
    (folder / "Dockerfile").write_text(DOCKERFILE + "ENV API_TOKEN=abc\n")
    assert prints() > before and len(prints()) == len(before) + 1


def test_gitlab_and_codeclimate(oakum, folder):
    """GitLab's list by its schema; Code Climate's objects each end in NUL."""
    text = lint(oakum, folder, *RULES, "-f", "gitlab", "./Dockerfile")
    issues = json.loads(text)
    if SCHEMAS.exists():
        jsonschema.validate(issues, json.loads((SCHEMAS / "gitlab/code-quality-report.schema.json").read_text()))
    assert all(i["location"]["path"] == "Dockerfile" and i["severity"] in ("info", "minor", "major", "critical", "blocker") for i in issues)
    done = subprocess.run([oakum, "lint", "--no-shellcheck", *RULES, "-f", "codeclimate", "Dockerfile"], capture_output=True, cwd=folder)
    parts = done.stdout.split(b"\0")
    assert parts.pop() == b"" and [json.loads(p)["check_name"] for p in parts] == [i["check_name"] for i in issues]
    for issue in map(json.loads, parts):
        validate(issue, "codeclimate.schema.json", None)
        assert issue["type"] == "issue" and issue["categories"] and issue["location"]["lines"]["begin"] >= 1
        assert set(issue["categories"]) <= {"Bug Risk", "Clarity", "Compatibility", "Complexity", "Duplication", "Performance", "Security", "Style"}
    assert json.loads(lint(oakum, folder, "-f", "gitlab", "--only", "DL3064", "clean", status=0)) == []


def test_xml(oakum, folder):
    """Well-formed whatever names and texts hold, and counts that add up."""
    text = lint(oakum, folder, *RULES, "-f", "checkstyle", ".")
    validate_xml(text, "checkstyle.xsd")
    tree = ElementTree.fromstring(text)
    names = [f.get("name") for f in tree.findall("file")]
    assert tree.tag == "checkstyle" and names == sorted(names) and 'odd "name" <&> %41 #?\'é.dockerfile' in names
    errors = tree.findall("file/error")
    assert {e.get("severity") for e in errors} <= {"error", "warning", "info"} and all(int(e.get("line")) > 0 and e.get("source") for e in errors)
    text = lint(oakum, folder, *RULES, "-f", "junit", ".")
    validate_xml(text, "junit.xsd")
    tree = ElementTree.fromstring(text)
    cases, failures = tree.findall("testsuite/testcase"), tree.findall("testsuite/testcase/failure")
    assert tree.tag == "testsuites" and int(tree.get("tests")) == len(cases) and int(tree.get("failures")) == len(failures) == len(errors)
    for suite in tree.findall("testsuite"):
        assert int(suite.get("tests")) == len(suite.findall("testcase")) and int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert len(suite.findall("testcase")) > 0


def test_lines(oakum, folder):
    """gnu and GitHub: one finding a line, places at the head."""
    found = findings(oakum, folder, "Dockerfile")
    gnu = lint(oakum, folder, *RULES, "-f", "gnu", "Dockerfile").splitlines()
    assert gnu == [f"Dockerfile:{f['range']['start']['line']}:{f['range']['start']['column']}: {f['severity']}: {f['message']} [{f['rule']}]" for f in found]
    github = lint(oakum, folder, *RULES, "-f", "github", ".").splitlines()
    assert all(re.fullmatch(r"::(error|warning|notice) file=[^,:]+,line=\d+,endLine=\d+(,col=\d+,endColumn=\d+)?,title=[^,:]+::.+", line) for line in github)
    assert any("file=odd \"name\" <&> %2541 #?'é.dockerfile," in line for line in github)


def test_reviewdog_and_codacy(oakum, folder):
    """rdjson counts bytes, as its definition says; Codacy has an object a line."""
    found = findings(oakum, folder, "Dockerfile")
    told = json.loads(lint(oakum, folder, *RULES, "-f", "rdjson", "Dockerfile"))
    assert told["source"]["name"] == "oakum" and len(told["diagnostics"]) == len(found)
    for f, d in zip(found, told["diagnostics"]):
        assert d["code"]["value"] == f["rule"] and d["severity"] in ("ERROR", "WARNING", "INFO")
        for end in ("start", "end"):
            place, at = f["range"][end], d["location"]["range"][end]
            line = DOCKERFILE.split("\n")[place["line"] - 1]
            assert at == {"line": place["line"], "column": len(line[:place["column"] - 1].encode()) + 1}
    assert sum(len(d.get("suggestions", [])) for d in told["diagnostics"]) == sum(len(f["fix"]["edits"]) for f in found if f["fix"])
    codacy = [json.loads(line) for line in lint(oakum, folder, *RULES, "-f", "codacy", "Dockerfile").splitlines()]
    assert [(c["filename"], c["patternId"], c["message"], c["line"]) for c in codacy] == [("Dockerfile", f["rule"], f["message"], f["range"]["start"]["line"]) for f in found]


def test_sonarqube(oakum, folder):
    """Generic issues: each rule once, columns from 0 in UTF-16 units, and never an empty range."""
    told = json.loads(lint(oakum, folder, *RULES, "-f", "sonarqube", "."))
    rules = {r["id"]: r for r in told["rules"]}
    assert len(rules) == len(told["rules"])
    for rule in rules.values():
        assert {"id", "name", "engineId", "cleanCodeAttribute", "impacts"} <= rule.keys() and rule["impacts"]
        assert all(i["softwareQuality"] in ("SECURITY", "RELIABILITY", "MAINTAINABILITY") and i["severity"] in ("HIGH", "MEDIUM", "LOW") for i in rule["impacts"])
    lines = DOCKERFILE.split("\n")
    for issue in told["issues"]:
        place = issue["primaryLocation"]
        assert issue["ruleId"] in rules and place["message"] and place["filePath"]
        text = place["textRange"]
        if "startColumn" in text:
            assert (text["startLine"], text["startColumn"]) < (text["endLine"], text["endColumn"])
            if place["filePath"] == "Dockerfile":
                assert text["endColumn"] <= len(lines[text["endLine"] - 1].encode("utf-16-le")) // 2


def test_hadolint_json(oakum, folder):
    """One line without its end, keys in order, hadolint's names of levels and of standard input."""
    text = lint(oakum, folder, *RULES, "--compat", "hadolint", "-f", "hadolint-json", "Dockerfile", status=1)
    assert "\n" not in text
    told = json.loads(text)
    assert text.strip() == json.dumps(told, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    assert all(list(f) == ["code", "column", "file", "level", "line", "message"] and f["column"] == 1 for f in told)
    assert {"DL3006", "DL3020"} <= {f["code"] for f in told}
    assert lint(oakum, folder, "--compat", "hadolint", "-f", "hadolint-json", "--only", "DL3064", "clean", status=0) == "[]"
    words = ["--compat", "hadolint", "--config", "none", "-f"]
    broken = "FROM a:1\nFOO x\n"
    (told,) = json.loads(lint(oakum, folder, *words, "hadolint-json", "-", status=1, input=broken))
    assert (told["code"], told["file"], told["line"], told["column"], told["level"]) == ("DL1000", "/dev/stdin", 2, 1, "error")
    assert lint(oakum, folder, *words, "gnu", "-", status=1, input=broken).startswith("hadolint:/dev/stdin:2:1: ")
    assert lint(oakum, folder, *words, "tty", "-", status=1, input=broken).startswith("/dev/stdin:2:1 ")
    assert lint(oakum, folder, *words, "tty", "-t", "none", "-", status=1, input=broken)
    assert lint(oakum, folder, *words, "gnu", "-", status=1, input="FROM a\n").startswith("hadolint:-:1: DL3006 warning: ")


def test_tty(oakum, folder):
    """The caret stands below what is meant; groups by file; a summary; no escape of a file reaches the terminal."""
    text = lint(oakum, folder, *RULES, "Dockerfile", "clean/Dockerfile")
    assert text.startswith("Dockerfile\n  1:6 warning ")
    assert "      1 | FROM debian\n        |      ^^^^^^\n" in text
    assert re.search(r"^2 files checked: .*\d+ warning", text.splitlines()[-1]) and re.search(r"--fix mends \d", text.splitlines()[-1])
    assert all(len(line) <= 110 for line in text.splitlines())
    assert "clean" not in text and "\x1b" not in text
    assert lint(oakum, folder, "--only", "DL3064", "clean", status=0) == "1 file checked: nothing found\n"
    (folder / "evil").write_bytes(b"FROM debian\x1b[31m\xff\n")
    assert "\x1b" not in lint(oakum, folder, "--only", "DL3006", "evil", status=2)


@pytest.mark.parametrize("line, caret", [
    ("FROM\tdebian", "FROM    debian\n        |         ^^^^^^"),
    ("FROM " + " " * 300 + "debian", "…"),
    ("FROM debian" + " " * 300, "FROM debian"),
])
def test_tty_columns(oakum, folder, line, caret):
    """Tabs take four columns, long lines are cut around what is meant, and the caret is still below it."""
    (folder / "Dockerfile").write_text(line + "\n")
    text = lint(oakum, folder, "--only", "DL3006", "Dockerfile")
    assert caret in text
    source, marks = re.search(r"\n      1 \| (.*)\n        \| (.*)\n", text).groups()
    assert source[marks.index("^"):marks.rindex("^") + 1] == "debian" and len(source) <= 110


def test_wide_characters(oakum, folder):
    """Characters of two columns push the caret by two."""
    (folder / "Dockerfile").write_text('FROM a:1\nADD "日本" "b" /x/\n')
    text = lint(oakum, folder, "--only", "DL3020", "Dockerfile")
    source, marks = re.search(r"\n      2 \| (.*)\n        \| (.*)\n", text).groups()
    assert marks.endswith("^") and len(marks) <= len(source) + 2


def test_colour(oakum, folder):
    """On a terminal only, and not with NO_COLOR or --no-color."""
    words = [oakum, "lint", "--no-shellcheck", "--only", "DL3006", "Dockerfile"]
    import pty
    def shown(*more, env=None):
        leader, follower = pty.openpty()
        clean = {k: v for k, v in os.environ.items() if k != "NO_COLOR" and not k.startswith("OAKUM_")}
        done = subprocess.run([*words, *more], stdout=follower, stderr=subprocess.PIPE, cwd=folder, env={**clean, "TERM": "xterm", **(env or {})})
        os.close(follower)
        told = os.read(leader, 1 << 16).decode()
        os.close(leader)
        return told
    assert "\x1b[1;33mwarning\x1b[0m" in shown()
    assert "\x1b" not in shown("--no-color") and "\x1b" not in shown(env={"NO_COLOR": "1"}) and "\x1b" not in shown(env={"TERM": "dumb"})
    assert "\x1b" not in shown("-f", "gnu")


def test_several_formats(oakum, folder):
    """Format and output number i belong together; one without an output goes to standard output."""
    text = lint(oakum, folder, *RULES, "-f", "json", "-o", "a.json", "-f", "checkstyle", "-o", "a.xml", "-f", "gnu", "Dockerfile")
    assert text == lint(oakum, folder, *RULES, "-f", "gnu", "Dockerfile")
    assert json.loads((folder / "a.json").read_text())["findings"] and (folder / "a.xml").read_text().startswith("<?xml")
    assert run(oakum, "lint", "-o", "a", "-o", "b", "Dockerfile", cwd=folder).stderr.startswith("error: lint: 2 outputs for 1 format")
    done = run(oakum, "lint", "-f", "jsno", "Dockerfile", cwd=folder)
    assert done.returncode == 1 and 'unknown format "jsno"; did you mean "json"?' in done.stderr
    done = run(oakum, "lint", "-o", "no/such/folder/x", "Dockerfile", cwd=folder)
    assert done.returncode == 1 and "no/such/folder/x" in done.stderr


@pytest.mark.parametrize("name", FORMATS)
def test_same_bytes(oakum, folder, name):
    """A report holds no time and no chance."""
    words = [oakum, "lint", *RULES, "-f", name, "."]
    first, second = (subprocess.run(words, capture_output=True, cwd=folder) for _ in range(2))
    assert first.returncode == 2 and first.stdout == second.stdout and first.stdout
    assert subprocess.run(words, stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, cwd=folder).returncode == 1


def test_many_reports(oakum, folder):
    """Several long reports at once are the bytes of each alone, on standard output one behind the other, wherever they wait meanwhile."""
    for i in range(40):
        (folder / f"d{i:02}.dockerfile").write_text(f"FROM debian\nRUN cd /x{i}\n" + 'ADD "𝕒é<&>.conf" /etc/\n' * 20)
    for compat in ("none", "hadolint"):
        words = ["--no-fail", "--compat", compat, "."]
        alone = {name: lint(oakum, folder, "-f", name, *words, status=0) for name in FORMATS}
        assert sum(len(text) > 100_000 for text in alone.values()) > 8
        together = lint(oakum, folder, *(w for name in FORMATS for w in ("-f", name)), *words, status=0)
        assert together == "".join(alone[name] for name in FORMATS)
        lint(oakum, folder, *(w for name in FORMATS for w in ("-f", name, "-o", f"out.{name}")), *words, status=0)
        assert all((folder / f"out.{name}").read_text() == alone[name] for name in FORMATS)


def test_no_partial_report(oakum, folder):
    """When a report cannot be written the file that was there stays, and no other comes."""
    (folder / "out").write_text("before")
    done = run(oakum, "lint", "--no-shellcheck", "-f", "json", "-o", "missing/out", "-f", "sarif", "-o", "out", "Dockerfile", cwd=folder)
    assert done.returncode == 1 and "missing/out" in done.stderr
    assert (folder / "out").read_text() == "before" and sorted(p.name for p in folder.iterdir() if "out" in p.name) == ["out"]


def test_cut_is_told(oakum, folder):
    """A limit on findings is no silence."""
    (folder / "Dockerfile").write_text("FROM debian:12\n" + "ADD a /b/\n" * 2100)
    done = run(oakum, "lint", "--no-shellcheck", "--only", "DL3020", "-f", "json", "Dockerfile", cwd=folder)
    assert done.returncode == 2 and "Dockerfile: 100 more findings are not told" in done.stderr
    assert len(json.loads(done.stdout)["findings"]) == 2000


def test_file_path_in_report(oakum, folder):
    """In hadolint's five formats the path stands for the file's name, in the others it does not."""
    for kind in FORMATS:
        text = lint(oakum, folder, *RULES, "-f", kind, "--file-path-in-report", "some/other.name", "clean/../Dockerfile")
        renamed = kind in ("checkstyle", "junit", "codeclimate", "gitlab", "sonarqube")
        assert ("some/other.name" in text, "clean/../Dockerfile" in text) == (renamed, not renamed), kind


def test_verbose(oakum, folder):
    """Settings and files go to standard error; the report stays what it is."""
    plain = lint(oakum, folder, *RULES, "-f", "json", "Dockerfile")
    done = run(oakum, "lint", "--no-shellcheck", *RULES, "-f", "json", "-V", "--error", "DL3006", "-t", "warning", "--compat", "none", "Dockerfile", cwd=folder)
    assert [f["rule"] for f in json.loads(plain)["findings"]] == [f["rule"] for f in json.loads(done.stdout)["findings"]]
    for said in ("compat: none", "threshold: warning", "shellcheck: no", "file: Dockerfile"):
        assert said in done.stderr
    assert "level of" in done.stderr and "compat:" not in done.stdout

"""oakum policy, and --policy, --preset, --baseline and --ignore-file of scan, on files."""
import json
import pathlib
import re
import subprocess

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
CASES = REPO / "tests/cases/policy"


def run(oakum, *words, cwd=None):
    return subprocess.run([oakum, *words], capture_output=True, text=True, cwd=cwd, timeout=60, env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1795651200"})


def hole(number, **more):
    return {"id": f"CVE-2024-{number}", "severity": "high", "package": {"name": "openssl", "version": "1.1", "purl": "pkg:deb/debian/openssl@1.1"}, **more}


def result(*findings, **more):
    return {"schema": 1, "target": "registry.example/app:v1", "packages": [], "findings": list(findings), **more}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "result.json").write_text(json.dumps(result(
        hole(1, fixed="1.2", layer_index=0), hole(2, layer_index=1), layers=[{"digest": "sha256:a", "base": True}, {"digest": "sha256:b", "base": False}],
        secrets=[{"id": "aws-key", "severity": "high", "title": "a key", "file": "etc/key", "line": 3}])))
    (tmp_path / "main.json").write_text(json.dumps(result(hole(1, first_seen="2026-10-01"))))
    return tmp_path


def test_there_are_enough_cases_and_they_name_every_key(oakum):
    texts = [p.read_text() for p in CASES.glob("*.case")]
    assert len(texts) >= 150
    asked = "\n".join(t.split(">>>")[0] for t in texts)
    for of, key in re.findall(r"^\| ([\w, ]+) \| `([\w-]+)` \|", run(oakum, "policy", "keys").stdout, re.M):
        assert re.search(rf"[\s{{,]{key}:", asked), (of, key)
    for kind in ("trivyignore", "trivyignore.yaml", "grype.yaml", "hadolint.yaml", "dockleignore", "vulnerability-allowlist.yml"):
        assert sum(kind in t for t in texts) >= 1, kind


def test_documentation_and_schema_are_the_table(oakum):
    told = (REPO / "docs/policy.md").read_text()
    assert told.split("<!-- oakum policy keys -->\n\n")[1].split("<!-- end -->")[0].strip() == run(oakum, "policy", "keys").stdout.strip()
    assert (REPO / "docs/schema/policy.schema.json").read_text() == run(oakum, "policy", "schema").stdout


def test_schema_says_what_the_reader_says(oakum):
    """Policies of all cases: what the reader takes the schema takes; unknown keys neither does."""
    import jsonschema
    import yaml
    schema = json.loads((REPO / "docs/schema/policy.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)

    class Text(yaml.SafeLoader):  # days stay texts
        yaml_implicit_resolvers = {k: [r for r in v if r[0] != "tag:yaml.org,2002:timestamp"] for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    validator = jsonschema.Draft202012Validator(schema)
    taken = refused = 0
    for path in CASES.glob("*.case"):
        asked, said = path.read_text().split("<<<\n", 1)[1].split(">>>", 1)
        if "\\e" in asked or "license-is" in path.name or "merge-of-a-word" in path.name or "policy:" not in asked:  # our YAML reader's, and a second spelling
            continue
        policy = yaml.load(asked, Text).get("policy")
        if "error: standard input" in said and "unknown" in said and "without" not in path.name:
            refused += 1
            assert list(validator.iter_errors(policy)), path.name
        elif "error:" not in said:
            taken += 1
            errors = list(validator.iter_errors(policy))
            assert not errors, (path.name, errors[0].message)
    assert taken > 150 and refused >= 8


def test_saved_result(oakum, folder):
    (folder / "policy.yaml").write_text("rules: [{name: severe, kind: hole, severity: high, max: 1}]\n")
    done = run(oakum, "policy", "test", "result.json", "--policy", "policy.yaml", cwd=folder)
    assert done.returncode == 2
    assert 'reason: 2 holes are high or worse; 1 are allowed (rule "severe")' in done.stdout
    made = json.loads(run(oakum, "policy", "test", "result.json", "--policy", "policy.yaml", "--format", "json", cwd=folder).stdout)
    assert made["verdict"]["rules"][0] == {"name": "severe", "verdict": "fail", "count": 2, "unsure": 0, "max": 1, "saw": [
        "CVE-2024-1 in openssl 1.1 (high, fixed in 1.2)", "CVE-2024-2 in openssl 1.1 (high)"]}
    assert made["verdict"]["kind"] == "fail" and len(made["verdict"]["reasons"]) == 1


def test_baseline(oakum, folder):
    (folder / "policy.yaml").write_text("rules: [{name: new, kind: hole, new: true}]\n")
    done = run(oakum, "policy", "test", "result.json", "--policy", "policy.yaml", "--baseline", "main.json", cwd=folder)
    assert done.returncode == 2 and 'reason: 1 holes are new (rule "new")' in done.stdout and "CVE-2024-2" in done.stdout
    done = run(oakum, "policy", "test", "main.json", "--policy", "policy.yaml", "--baseline", "main.json", cwd=folder)
    assert done.returncode == 0, done.stdout
    done = run(oakum, "policy", "test", "main.json", "--policy", "policy.yaml", "--baseline", "gone.json", cwd=folder)
    assert done.returncode == 1 and "gone.json" in done.stderr


def test_date(oakum, folder):
    (folder / "policy.yaml").write_text("rules: [{kind: hole}]\nexceptions: [{package: openssl, reason: r, expires: 2026-12-31}]\n")
    ends = [run(oakum, "policy", "test", "main.json", "--policy", "policy.yaml", "--date", day, cwd=folder).returncode for day in
            ("2026-12-31", "2026-12-31T23:59:59Z", "2027-01-01", "2027-01-01T00:00:00Z")]
    assert ends == [0, 0, 2, 2]
    done = run(oakum, "policy", "test", "main.json", "--policy", "policy.yaml", "--date", "tomorrow", cwd=folder)
    assert done.returncode == 1 and "--date takes a day" in done.stderr


def test_imports_lie_beside_the_policy(oakum, folder):
    (folder / "ci").mkdir()
    (folder / "ci/policy.yaml").write_text("rules: [{kind: hole}]\nimport: .trivyignore\n")
    (folder / "ci/.trivyignore").write_text("# not reached\nCVE-2024-1\n")
    done = run(oakum, "policy", "test", "main.json", "--policy", "ci/policy.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "ci/.trivyignore").unlink()
    done = run(oakum, "policy", "test", "main.json", "--policy", "ci/policy.yaml", cwd=folder)
    assert done.returncode == 1 and "ci/policy.yaml:2:9: import: " in done.stderr and "ci/.trivyignore" in done.stderr


@pytest.mark.parametrize("name, text", [
    (".trivyignore", "CVE-2024-1\n"), (".trivyignore.yaml", "vulnerabilities: [{id: CVE-2024-1}]\n"), (".grype.yaml", "ignore: [{vulnerability: CVE-2024-1}]\n"),
    ("vulnerability-allowlist.yml", "images: {registry.example/app: {CVE-2024-1: why}}\n"), ("by-content", "generalallowlist: {CVE-2024-1: }\n")])
def test_ignore_file(oakum, folder, name, text):
    (folder / name).write_text(text)
    assert run(oakum, "policy", "test", "main.json", "--fail-on", "high", cwd=folder).returncode == 2
    assert run(oakum, "policy", "test", "main.json", "--fail-on", "high", "--ignore-file", name, cwd=folder).returncode == 0


def test_stages_of_a_dockerfile(oakum, folder):
    (folder / "Dockerfile").write_text("FROM a AS build\nRUN x\nFROM b AS run\nRUN y\nRUN z\n")
    (folder / "result.json").write_text(json.dumps(result(hole(1, dockerfile_line=2), hole(2, dockerfile_line=5))))
    (folder / "policy.yaml").write_text("rules: [{name: r, stage: run}]\n")
    done = run(oakum, "policy", "test", "result.json", "--policy", "policy.yaml", "-f", "Dockerfile", cwd=folder)
    assert done.returncode == 2 and "CVE-2024-2" in done.stdout and "CVE-2024-1 " not in done.stdout
    assert run(oakum, "policy", "test", "result.json", "--policy", "policy.yaml", cwd=folder).returncode == 3


def test_check(oakum, folder):
    (folder / "good.yaml").write_text("rules: [{severity: high}]\n")
    (folder / "old.yaml").write_text("exceptions: [{id: CVE-1, reason: r, expires: 2020-01-01}]\n")
    (folder / "bad.yaml").write_text("rules:\n- severty: high\n")
    done = run(oakum, "policy", "check", "good.yaml", "old.yaml", cwd=folder)
    assert done.returncode == 0 and done.stdout == (
        "good.yaml: ok\nold.yaml:1:14: this exception ended with 2020-01-01: take it out, or decide again\nold.yaml: 1 warning\n")
    assert run(oakum, "policy", "check", "--fail-on-warnings", "old.yaml", cwd=folder).returncode == 2
    done = run(oakum, "policy", "check", "good.yaml", "bad.yaml", cwd=folder)
    assert done.returncode == 1 and 'bad.yaml:2:3: unknown key of a rule "severty"; did you mean "severity"?' in done.stderr


def test_explain_with_a_result(oakum, folder):
    (folder / "policy.yaml").write_text("rules: [{name: r, kind: hole, from: base, fixable: true}]\nexceptions: [{kind: secret, path: etc/key, reason: a demo}]\n")
    told = run(oakum, "policy", "explain", "policy.yaml", "result.json", cwd=folder)
    assert told.returncode == 0
    assert "- r: refuse the image when there are holes that have a fix and are the base image's. [policy.yaml:1]" in told.stdout
    assert "CVE-2024-1 in openssl 1.1 (high, fixed in 1.2) - it is the base image's; it has a fix" in told.stdout
    assert "Does not count:\n- aws-key: policy: exception policy.yaml:2: a demo" in told.stdout


@pytest.mark.parametrize("preset", ["strict", "default", "report-only", "none"])
def test_presets(oakum, folder, preset):
    assert f"Preset: {preset}:" in run(oakum, "policy", "explain", "--preset", preset).stdout
    status = run(oakum, "policy", "test", "result.json", "--preset", preset, cwd=folder).returncode
    assert status == {"strict": 2, "default": 2, "report-only": 0, "none": 0}[preset]


def test_policy_of_the_configuration_file(oakum, folder):
    (folder / "oakum.yaml").write_text("scan: {format: json}\npolicy: {rules: [{name: mine, kind: secret}]}\n")
    done = run(oakum, "policy", "test", "result.json", cwd=folder)
    assert done.returncode == 2 and "rule mine: fail, 1 seen" in done.stdout
    assert "[oakum.yaml:2]" in run(oakum, "policy", "explain", cwd=folder).stdout
    (folder / "oakum.yaml").write_text("policy:\n  rules:\n  - {kind: secretz}\n")
    done = run(oakum, "policy", "test", "result.json", cwd=folder)
    assert done.returncode == 1 and 'oakum.yaml:3:12: unknown kind "secretz"' in done.stderr
    (folder / "oakum.yaml").write_text("polcy: {}\n")
    assert 'did you mean "policy"?' in run(oakum, "policy", "test", "result.json", cwd=folder).stderr


def test_scan_and_what_it_writes(oakum, folder):
    """The verdict, what is suppressed, and the first day stand in the result and are read back."""
    status = "Package: openssl\nStatus: install ok installed\nVersion: 1.1\nArchitecture: amd64\nMaintainer: x\n"
    for path, text in {"root/var/lib/dpkg/status": status, "root/etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "osv").write_text("\n".join(json.dumps({"id": f"CVE-2024-{n}", "modified": "2026-11-20T00:00:00Z", "affected": [{"package": {
        "ecosystem": "Debian:12", "name": "openssl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}]}]}) for n in (1, 2)))
    assert run(oakum, "db", "import", "--feed", "osv", "--db", "db", "osv", cwd=folder).returncode == 0
    (folder / "policy.yaml").write_text("rules: [{name: r, kind: hole, fixable: true, grace: 5, grace-from: seen}]\nexceptions: [{id: CVE-2024-1, reason: why, expires: 2026-11-30}]\n")
    scan = ["scan", "--db", "db", "--no-cache", "--policy", "policy.yaml", "--format", "json", "-o"]
    done = run(oakum, *scan, "one.json", "rootfs:root", cwd=folder)
    assert done.returncode == 2, done.stderr
    one = json.loads((folder / "one.json").read_text())
    assert [f["id"] for f in one["findings"]] == ["CVE-2024-2"] and one["findings"][0]["first_seen"] == "2026-11-26"
    assert one["suppressed"][0]["suppressed"] == "policy: exception policy.yaml:2 until 2026-11-30: why"
    assert one["verdict"]["rules"][0]["name"] == "r" and one["verdict"]["notes"] == ["exception policy.yaml:2 (CVE-2024-1) ends in 4 days, 2026-11-30: 1 finding"]
    done = run(oakum, *scan, "two.json", "--baseline", "one.json", "rootfs:root", cwd=folder)
    assert done.returncode == 0, done.stderr  # the baseline says since when: within the grace
    # read and written again it is the same; and judged by another policy, what this one took out counts again
    assert json.loads(run(oakum, "report", "--format", "json", "two.json", cwd=folder).stdout) == json.loads((folder / "two.json").read_text())
    done = run(oakum, "policy", "test", "one.json", "--fail-on", "fixable", cwd=folder)
    assert done.returncode == 2 and "reason: 2 holes have a fix" in done.stdout

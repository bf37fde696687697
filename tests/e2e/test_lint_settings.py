"""What oakum lint reads, how it is told, how it exits, how it mends."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import REPO
from test_command_line import run

DOCKERFILE = "FROM debian\nADD app.conf /etc/\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def lint(oakum, folder, *words, env=None, **more):
    return run(oakum, "lint", "--no-shellcheck", *words, cwd=folder, env={"HOME": str(folder / "home"), **(env or {})}, **more)


def levels(done):
    """The levels of the rules that other tools know by these names."""
    return {a: f["severity"] for f in json.loads(done.stdout)["findings"] for a in f["aliases"] if a.startswith("DL")}


def json_levels(oakum, folder, *words, **more):
    return levels(lint(oakum, folder, "-f", "json", *words, **more))


# ---- files

def test_files_and_folders(oakum, tmp_path):
    """Dockerfile*, *.dockerfile and Containerfile* are found below folders, in order; ignore files and other people's folders are not."""
    names = ["Dockerfile", "a/Dockerfile.dev", "a/Dockerfile.dev.dockerignore", "a/x.dockerfile", "a/x.Dockerfile", "b/Containerfile", "b/notes.txt",
             ".git/Dockerfile", "b/node_modules/m/Dockerfile", "b/Dockerfile.orig", "c/deep/er/Dockerfile"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM debian\n")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "Dockerfile.link").symlink_to("Dockerfile")
    (tmp_path / "Dockerfile.dangling").symlink_to("nowhere")
    done = lint(oakum, tmp_path, "-f", "gnu", "--only", "DL3006", ".")
    assert done.returncode == 2
    found = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert found == ["Dockerfile", "Dockerfile.link", "a/Dockerfile.dev", "a/x.Dockerfile", "a/x.dockerfile", "b/Containerfile", "c/deep/er/Dockerfile"]
    assert lint(oakum, tmp_path, "-f", "gnu", "--only", "DL3006", "b", "Dockerfile").stdout.splitlines()[1].startswith("Dockerfile:")
    (tmp_path / "empty").mkdir()
    done = lint(oakum, tmp_path, "empty")
    assert done.returncode == 1 and "no Dockerfile in it" in done.stderr


def test_unreadable_files_do_not_hide_the_others(oakum, folder):
    done = lint(oakum, folder, "-f", "gnu", "--only", "DL3006", "absent", "Dockerfile")
    assert done.returncode == 1 and "absent" in done.stderr and "Dockerfile:1:6" in done.stdout
    done = lint(oakum, folder)
    assert done.returncode == 1 and "expected FILE" in done.stderr


def test_standard_input(oakum, folder):
    """It has the name that it is given, and the settings of that place."""
    done = lint(oakum, folder, "-f", "gnu", "--only", "DL3006", "-", input=DOCKERFILE)
    assert done.returncode == 2 and done.stdout.startswith("-:1:6: ")
    (folder / "oakum.yaml").write_text("lint: {overrides: [{files: [tests/**], rules: {DL3006: off}}]}\n")
    for name, status in (("src/Dockerfile", 2), ("tests/x/Dockerfile", 0)):
        done = lint(oakum, folder, "-f", "gnu", "--only", "DL3006", "--stdin-filename", name, "-", input=DOCKERFILE)
        assert done.returncode == status and done.stdout.startswith(name) == (status == 2)


# ---- rules and levels

def test_levels_from_the_command_line(oakum, folder):
    only = ["--only", "DL3006", "--only", "DL3020"]
    assert json_levels(oakum, folder, *only, "--error", "DL3006", "--style", "DL3020", "Dockerfile") == {"DL3006": "error", "DL3020": "style"}
    assert json_levels(oakum, folder, *only, "--error", "dl3006", "--warning", "DL3006", "--ignore", "DL3020", "Dockerfile") == {"DL3006": "error"}
    assert json_levels(oakum, folder, *only, "--error", "DL3006", "--ignore", "DL3006", "--info", "DL3020", "Dockerfile") == {"DL3020": "info"}
    done = lint(oakum, folder, "--ignore", "DL306", "Dockerfile")
    assert done.returncode == 1 and 'unknown rule "DL306"; did you mean "DL3' in done.stderr


def test_levels_from_the_file(oakum, folder):
    only = ["--only", "DL3006", "--only", "DL3020"]
    (folder / "oakum.yaml").write_text("lint:\n  rules:\n    DL3006: error\n    DL3020: off\n")
    assert json_levels(oakum, folder, *only, "Dockerfile") == {"DL3006": "error"}
    assert json_levels(oakum, folder, *only, "--warning", "DL3006", "Dockerfile") == {"DL3006": "warning"}
    (folder / "oakum.yaml").write_text("lint:\n  rules: {DL3006: 'on'}\n  ignore: [DL3020]\n  format: gnu\n")
    assert lint(oakum, folder, *only, "Dockerfile").stdout.startswith("Dockerfile:1:6: warning: ")


@pytest.mark.parametrize("text, says", [
    ("lint: {rules: {DL3OO6: off}}\n", 'oakum.yaml:1:16: unknown rule "DL3OO6"; did you mean "DL3006"?'),
    ("lint: {rules: {DL3006: loud}}\n", "oakum.yaml:1:24: expected off, on, style"),
    ("lint: {rules: [DL3006]}\n", "oakum.yaml:1:15: expected rules and levels"),
    ("lint: {overrides: {files: [a]}}\n", "oakum.yaml:1:19: expected a list of overrides"),
    ("lint: {overrides: [{rules: {}}]}\n", 'oakum.yaml:1:20: expected "files: [PATTERN]"'),
    ("lint: {overrides: [{files: [a], rule: {}}]}\n", 'oakum.yaml:1:33: unknown key "rule"; did you mean "rules"?'),
    ("lint: {overrides: [{files: [a], skip: maybe}]}\n", 'oakum.yaml:1:39: "skip" takes true or false'),
    ("lint: {overrides: [{files: [[a]]}]}\n", "oakum.yaml:1:29: expected one value here"),
    ("lint: {fail-on: loud}\n", 'the threshold is error, warning, info, style or none, not "loud"'),
    ("lint: {require-label: {a: b}}\n", "a required label is NAME:TYPE"),
    ("lint: {compat: trivy}\n", "--compat takes hadolint, docker or none"),
])
def test_bad_settings(oakum, folder, text, says):
    (folder / "oakum.yaml").write_text(text)
    done = lint(oakum, folder, "Dockerfile")
    assert done.returncode == 1 and says in done.stderr and done.stdout == "", done.stderr


def test_overrides_by_path(oakum, folder):
    """Patterns are those of an ignore file, relative to the configuration file; the later one wins."""
    for name in ("tests/a/Dockerfile", "tests/keep/Dockerfile", "old/Dockerfile", "src/Dockerfile"):
        (folder / name).parent.mkdir(parents=True)
        shutil.copy(folder / "Dockerfile", folder / name)
    (folder / "oakum.yaml").write_text("lint:\n  only: [DL3006]\n  overrides:\n  - files: [\"tests/**\"]\n    rules: {DL3006: off}\n"
                                       "  - files: [tests/keep]\n    rules: {DL3006: style}\n  - files: [old/**]\n    skip: true\n")
    found = {f["file"]: f["severity"] for f in json.loads(lint(oakum, folder, "-f", "json", ".").stdout)["findings"]}
    assert found == {"Dockerfile": "warning", "src/Dockerfile": "warning", "tests/keep/Dockerfile": "style"}
    inside = lint(oakum, folder / "tests", "-f", "json", "--config", "../oakum.yaml", ".")
    assert {f["file"] for f in json.loads(inside.stdout)["findings"]} == {"keep/Dockerfile"}


# ---- the peer's configuration

def test_hadolint_file(oakum, folder):
    """.hadolint.yaml as it is: only with --compat hadolint, or when it is named."""
    (folder / ".hadolint.yaml").write_text("ignored: [DL3020]\noverride:\n  error: [DL3006]\n  style: [DL3006]\nfuture-key: 1\n")
    only = ["--only", "DL3006", "--only", "DL3020"]
    assert json_levels(oakum, folder, *only, "Dockerfile").keys() == {"DL3006", "DL3020"}
    assert json_levels(oakum, folder, *only, "--compat", "hadolint", "Dockerfile") == {"DL3006": "error"}
    assert json_levels(oakum, folder, *only, "--config", ".hadolint.yaml", "Dockerfile") == {"DL3006": "error"}
    (folder / "ci.yaml").write_text("ignored: [DL3006]\n")
    assert json_levels(oakum, folder, *only, "--compat", "hadolint", "-c", "ci.yaml", "Dockerfile").keys() == {"DL3020"}
    done = lint(oakum, folder, "--compat", "hadolint", "--config", "absent.yaml", "Dockerfile")
    assert done.returncode == 1 and "absent.yaml" in done.stderr


def test_where_hadolint_looks(oakum, folder):
    """The first of six places."""
    only = ["--only", "DL3006", "--only", "DL3020", "--compat", "hadolint"]
    env = {"XDG_CONFIG_HOME": str(folder / "xdg")}
    places = ["home/.hadolint.yml", "home/.hadolint/config.yaml", "home/.hadolint/hadolint.yml", "xdg/hadolint.yaml", ".hadolint.yml", ".hadolint.yaml"]
    for i, place in enumerate(places):
        path = folder / place
        if place == "home/.hadolint/config.yaml":
            path.parent.mkdir(parents=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"ignored: [{'DL3006' if i % 2 else 'DL3020'}]\n")
        assert json_levels(oakum, folder, *only, "Dockerfile", env=env).keys() == {"DL3020" if i % 2 else "DL3006"}, place


def test_hadolint_variables(oakum, folder):
    """Lists add up over command line, file and variables; for the rest the command line goes first, then the file."""
    only = ["--only", "DL3006", "--only", "DL3020", "--compat", "hadolint"]
    assert json_levels(oakum, folder, *only, "Dockerfile", env={"HADOLINT_IGNORE": "DL3006"}).keys() == {"DL3020"}
    assert json_levels(oakum, folder, *only, "--ignore", "DL3020", "Dockerfile", env={"HADOLINT_IGNORE": "DL3006"}) == {}
    assert json_levels(oakum, folder, *only, "Dockerfile", env={"HADOLINT_OVERRIDE_STYLE": "DL3006,DL3020", "HADOLINT_OVERRIDE_INFO": "DL3020"}) == {"DL3006": "style", "DL3020": "info"}
    assert lint(oakum, folder, *only, "Dockerfile", env={"HADOLINT_FORMAT": "json"}).stdout.startswith('[{"code":"DL3006"')
    assert lint(oakum, folder, *only, "Dockerfile", env={"HADOLINT_FORMAT": "json"}).returncode == 1
    assert lint(oakum, folder, *only, "Dockerfile", env={"HADOLINT_NOFAIL": "yes"}).returncode == 0
    assert lint(oakum, folder, *only, "Dockerfile", env={"HADOLINT_FAILURE_THRESHOLD": "none"}).returncode == 1  # there no finding passes
    (folder / ".hadolint.yaml").write_text("failure-threshold: style\n")
    assert lint(oakum, folder, *only, "Dockerfile", env={"HADOLINT_FAILURE_THRESHOLD": "none"}).returncode == 1
    assert lint(oakum, folder, *only, "-t", "none", "Dockerfile").returncode == 1
    assert json_levels(oakum, folder, "--only", "DL3006", "Dockerfile", env={"HADOLINT_IGNORE": "DL3006"}).keys() == {"DL3006"}


@pytest.mark.parametrize("text, says", [
    ("ignored: {a: b}\n", '.hadolint.yaml:1:10: "ignored" takes a list'),
    ("ignored: [[a]]\n", '.hadolint.yaml:1:11: "ignored" takes words'),
    ("failure-threshold: loud\n", '.hadolint.yaml:1:20: "failure-threshold" takes'),
    ("strict-labels: perhaps\n", '"strict-labels" takes true or false'),
    ("label-schema: [a]\n", '"label-schema" takes names and types'),
    ("label-schema: {a: number}\n", '"a" takes text, url'),
    ("override: [a]\n", '"override" takes levels'),
    ("- a\n", "expected keys and values"),
    ("ignored: [\n", ".hadolint.yaml:"),
])
def test_bad_hadolint_file(oakum, folder, text, says):
    """hadolint goes on without what it cannot read; that would pass what was to fail."""
    (folder / ".hadolint.yaml").write_text(text)
    done = lint(oakum, folder, "--compat", "hadolint", "Dockerfile")
    assert done.returncode == 1 and says in done.stderr and done.stdout == "", done.stderr


# ---- exit status

@pytest.mark.parametrize("words, status", [
    (["--only", "DL3006"], 2), (["--only", "DL3006", "--fail-on", "warning"], 2), (["--only", "DL3006", "--fail-on", "error"], 0),
    (["--only", "DL3006", "-t", "error", "--error", "DL3006"], 2), (["--only", "DL3006", "--style", "DL3006"], 0),
    (["--only", "DL3006", "--style", "DL3006", "--failure-threshold", "style"], 2), (["--only", "DL3006", "--fail-on", "none"], 0),
    (["--only", "DL3006", "--no-fail"], 0), (["--only", "DL3064"], 0),
    (["--only", "DL3006", "--compat", "hadolint"], 1), (["--only", "DL3006", "--compat", "hadolint", "-t", "error"], 0),
    (["--only", "DL3006", "--compat", "hadolint", "--no-fail"], 0), (["--only", "DL3006", "--compat", "hadolint", "-f", "codacy"], 0),
    (["--only", "DL3006", "--compat", "hadolint", "-f", "gitlab_codeclimate"], 1), (["--only", "DL3064", "--compat", "hadolint"], 0),
])
def test_exit_status(oakum, folder, words, status):
    assert lint(oakum, folder, *words, "Dockerfile").returncode == status


# ---- fixes

def test_fix(oakum, folder):
    """In place, with mode and link kept; what is left is told; a second time there is nothing to do."""
    path = folder / "Dockerfile"
    path.chmod(0o640)
    (folder / "link.dockerfile").symlink_to("Dockerfile")
    done = lint(oakum, folder, "--only", "DL3020", "--only", "DL3006", "--fix", "link.dockerfile")
    assert done.returncode == 2 and "fixed 1 finding in 1 file" in done.stderr and "1 warning" in done.stdout
    assert path.read_text() == DOCKERFILE.replace("ADD", "COPY") and path.stat().st_mode & 0o777 == 0o640
    assert (folder / "link.dockerfile").is_symlink()
    before = path.stat().st_mtime_ns
    done = lint(oakum, folder, "--only", "DL3020", "--fix", "Dockerfile")
    assert done.returncode == 0 and "fixed 0 findings" in done.stderr and path.stat().st_mtime_ns == before
    assert lint(oakum, folder, "--fix=perhaps", "Dockerfile").returncode == 1


def test_fix_of_standard_input(oakum, folder):
    done = lint(oakum, folder, "--only", "DL3020", "--fix", "-", input=DOCKERFILE)
    assert done.returncode == 0 and done.stdout == DOCKERFILE.replace("ADD", "COPY")


def test_diff(oakum, folder):
    """patch(1) takes it, and makes what --fix makes; nothing is written."""
    text = "\n".join(["FROM debian:12"] + [f"ADD f{i} /f{i}" if i % 9 == 0 else f"LABEL l{i}=x" for i in range(60)])  # no newline at the end
    (folder / "Dockerfile").write_text(text)
    done = lint(oakum, folder, "--only", "DL3020", "--diff", "Dockerfile")
    assert done.returncode == 2 and done.stdout.startswith("--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,5 +1,5 @@\n")
    assert (folder / "Dockerfile").read_text() == text
    shutil.copy(folder / "Dockerfile", folder / "patched")
    subprocess.run(["patch", "patched"], input=done.stdout, text=True, cwd=folder, check=True, capture_output=True)
    lint(oakum, folder, "--only", "DL3020", "--fix", "Dockerfile")
    assert (folder / "patched").read_text() == (folder / "Dockerfile").read_text() == text.replace("ADD", "COPY")
    done = lint(oakum, folder, "--only", "DL3020", "--diff", "Dockerfile")
    assert done.returncode == 0 and done.stdout == ""


# ---- shellcheck

def fake_shellcheck(folder, script):
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin/shellcheck"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder)}


def test_shellcheck(oakum, folder):
    """Its findings stand at their place in the Dockerfile; --no-shellcheck leaves them out."""
    (folder / "Dockerfile").write_text("FROM debian:12\nRUN true && \\\n    echo $HOME\n")
    done = run(oakum, "lint", "-f", "json", "--only", "SC2086", "Dockerfile", cwd=folder)
    (found,) = [f for f in json.loads(done.stdout)["findings"] if f["rule"] == "SC2086"]
    assert found["range"]["start"] == {"line": 3, "column": 10} and found["range"]["end"] == {"line": 3, "column": 15}
    assert json.loads(lint(oakum, folder, "-f", "json", "--only", "SC2086", "Dockerfile").stdout)["findings"] == []


def test_shellcheck_is_asked_once(oakum, folder):
    """Few processes for a whole run, and each script once however often it stands there."""
    env = fake_shellcheck(folder, f'for f; do case $f in /*) cat "$f"; echo;; esac; done > {folder}/asked.$$\necho \'{{"comments":[]}}\'\n')
    for i in range(40):
        (folder / f"d{i}.dockerfile").write_text(f"FROM debian:12\nRUN echo same\nRUN echo {i}\n")
    done = run(oakum, "lint", "--only", "SC2086", ".", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    calls = list(folder.glob("asked.*"))
    asked = "".join(path.read_text() for path in calls)
    assert asked.count("echo same") == 1 and all(f"echo {i}\n" in asked for i in range(40))
    assert 1 <= len(calls) <= os.cpu_count()


@pytest.mark.parametrize("script, says", [
    ("exit 4", "exit status 4"), ("echo nonsense", "shellcheck"), ("echo '{}'", "no comments"), ("kill -9 $$", "signal 9"),
    ("echo '{\"comments\":[{\"file\":1}]}'", "shellcheck"), ("echo '{\"comments\":[1]}'", "shellcheck"),
])
def test_broken_shellcheck(oakum, folder, script, says):
    """Not to know is no pass."""
    (folder / "Dockerfile").write_text("FROM debian:12\nRUN echo $HOME\n")
    done = run(oakum, "lint", "Dockerfile", cwd=folder, env=fake_shellcheck(folder, script))
    assert done.returncode == 1 and says in done.stderr and "--no-shellcheck" in done.stderr


def test_without_shellcheck(oakum, folder):
    """One note, on standard error."""
    for name in ("a", "b"):
        (folder / f"{name}.dockerfile").write_text("FROM debian:12\nRUN echo $HOME\n")
    done = run(oakum, "lint", "--only", "SC2086", ".", cwd=folder, env={"PATH": str(folder / "empty")})
    assert done.returncode == 0 and done.stderr.count("shellcheck is not installed") == 1
    done = run(oakum, "lint", "--only", "SC2086", "--no-shellcheck", ".", cwd=folder, env={"PATH": str(folder / "empty")})
    assert done.stderr == ""


# ---- pages

def test_list_and_explain(oakum, folder):
    """Each rule of the list can be explained, by its name and by each of its aliases."""
    rules = json.loads(lint(oakum, folder, "--list-rules", "-f", "json").stdout)
    assert [r["name"] for r in rules] == sorted(r["name"] for r in rules) and len(rules) >= 5
    assert len(lint(oakum, folder, "--list-rules").stdout.splitlines()) == len(rules)
    for rule in rules:
        page = lint(oakum, folder, "--explain", rule["name"])
        assert page.returncode == 0 and page.stdout.startswith(rule["name"] + ": " + rule["title"])
        assert all(alias in page.stdout for alias in rule["aliases"])
    for alias in {a for r in rules for a in r["aliases"]}:
        assert lint(oakum, folder, "--explain", alias.lower()).returncode == 0
    done = lint(oakum, folder, "--explain", "DL3oo6")
    assert done.returncode == 1 and "did you mean" in done.stderr
    assert lint(oakum, folder, "--list-rules", "-f", "sarif").returncode == 1


def test_docs_are_those_of_the_rules(oakum, folder):
    """docs/lint.md is what the program prints: oakum lint --list-rules --format markdown > docs/lint.md"""
    page = lint(oakum, folder, "--list-rules", "--format", "markdown").stdout
    assert (REPO / "docs/lint.md").read_text() == page
    names = [r["name"] for r in json.loads(lint(oakum, folder, "--list-rules", "-f", "json").stdout)]
    assert re.findall(r"^## (.+)$", page, re.M) == names


def test_every_option_of_lint_is_told(oakum):
    """What docs/lint-output.md names exists."""
    told = run(oakum, "lint", "--help").stdout
    page = (REPO / "docs/lint-output.md").read_text()
    options = set(re.findall(r"`(--[a-z-]+)", page))
    assert options and all(option in told for option in options)
    for row in re.findall(r"^\| (`[^|]*`) \| [^|]+ \| [^|]+ \|$", page, re.M):
        for name in re.findall(r"`([\w-]+)`", row):
            assert name in told


def test_examples(oakum, folder):
    """The settings to begin with are read; what CI examples call is valid."""
    examples = REPO / "examples/lint"
    done = lint(oakum, folder, "--config", examples / "oakum.yaml", "-f", "gnu", "--only", "DL3006", "Dockerfile")
    assert done.returncode == 2, done.stderr
    calls = [line for path in examples.iterdir() for line in re.findall(r"(?:run: |- |entry: |sh ')(oakum lint [^'\n]*)", path.read_text())]
    assert len(calls) >= 5
    for call in calls:
        done = lint(oakum, folder, *call.split()[2:], "." if call.endswith("--fix") else "Dockerfile")
        assert done.returncode in (0, 2) and "error" not in done.stderr, (call, done.stderr)
    listed = set(re.findall(r"^\| `([^`]+)`", (examples / "README.md").read_text(), re.M))
    assert listed == {p.name for p in examples.iterdir()} - {"README.md"}


def test_ship_takes_the_settings_of_lint(oakum, folder):
    """What lint leaves out does not stop ship."""
    (folder / "Dockerfile").write_text("FROM rootfs:absent\nENV API_TOKEN=abc\n")
    done = run(oakum, "ship", "--fail-lint", "style", ".", cwd=folder)
    assert done.returncode == 2 and "nothing was built" in done.stderr
    rules = json.loads(lint(oakum, folder, "--list-rules", "-f", "json").stdout)
    (folder / "oakum.yaml").write_text("lint: {rules: {" + ", ".join(f"{r['name']}: off" for r in rules) + "}}\n")
    done = run(oakum, "ship", "--fail-lint", "style", ".", cwd=folder)
    assert done.returncode == 1 and "nothing found" in done.stderr and "absent" in done.stderr

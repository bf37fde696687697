"""The rule table and the text cases go together: no rule without cases, no check of a peer either."""
import json
import os
import pathlib
import re
import subprocess

import pytest

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
RULES = json.loads(subprocess.run([os.environ["OAKUM"], "lint", "--list-rules", "--format", "json"], capture_output=True, check=True, timeout=60).stdout)


def expected(path):
    return path.read_bytes().split(b"\n>>>", 1)[1].split(b"\n", 1)[1].split(b"=== ", 1)[0]


def counts(folder):
    """How many different cases there are, and how many of them expect nothing."""
    cases = {path.read_bytes(): expected(path) for path in folder.glob("*.case")}
    return len(cases), sum(not text for text in cases.values())


@pytest.mark.parametrize("rule", [rule["name"] for rule in RULES])
def test_rule_has_cases(rule):
    """At least six, two of them silent. Only a build that pulls can tell of the base's platform: all are silent there."""
    cases, silent = counts(CASES / "lint" / rule)
    assert cases >= 6 and silent >= 2
    assert cases > silent or rule == "base-image-platform"


@pytest.mark.parametrize("check", sorted({rule["docker"] for rule in RULES} - {None}))
def test_docker_check_has_cases(check):
    cases, silent = counts(CASES / "lint-docker" / check)
    assert silent >= 2 and cases >= (3 if check == "InvalidBaseImagePlatform" else 6)
    assert cases > silent or check == "InvalidBaseImagePlatform"


@pytest.mark.parametrize("rule", sorted({rule["hadolint"] for rule in RULES} - {None}))
def test_hadolint_rule_has_cases(rule):
    cases, silent = counts(CASES / "lint-hadolint" / rule)
    assert cases >= 2 and silent >= 1
    assert cases > silent


def test_folders_are_rules():
    names = {rule["name"] for rule in RULES}
    assert {path.name for path in (CASES / "lint").iterdir() if path.is_dir()} <= names
    assert {path.name for path in (CASES / "lint-docker").iterdir()} <= {rule["docker"] for rule in RULES} | {"errors", "options"}
    assert {path.name for path in (CASES / "lint-hadolint").iterdir()} <= {rule["hadolint"] for rule in RULES} | {"pragmas"}


def test_parser_and_shell_have_cases():
    assert len({path.read_bytes() for path in (CASES / "dockerfile").glob("*.case")}) >= 150
    assert len({path.read_bytes() for path in (CASES / "shell").glob("*.case")}) >= 100


def test_every_error_in_one_run():
    """One file with each error that there is: all are reported, each at its own place. Two exclude the others."""
    readme = (CASES.parents[1] / "src/dockerfile/README.md").read_text()
    codes = set(re.findall("`([a-z-]+)`", readme.split("Codes of errors")[1].split("\n\n")[0]))
    case = (CASES / "dockerfile/every-error.case").read_text().split(">>>")[1]
    told = re.findall('"code":"([a-z-]+)","at":"([^"]+)"', case)
    assert {code for code, _ in told} == codes - {"no-from", "too-many-errors"} and len({place for _, place in told}) == len(told)
    assert '"no-from"' in "".join(path.read_text() for path in (CASES / "dockerfile").glob("*.case"))

"""The rule table and the text cases go together: no rule without cases, no check of a peer either."""
import json
import os
import pathlib
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
    assert cases >= 3 and silent >= 1
    assert cases > silent or check == "InvalidBaseImagePlatform"


@pytest.mark.parametrize("rule", sorted({rule["hadolint"] for rule in RULES} - {None}))
def test_hadolint_rule_has_cases(rule):
    cases, silent = counts(CASES / "lint-hadolint" / rule)
    assert cases >= 2 and silent >= 1
    assert cases > silent


def test_folders_are_rules():
    names = {rule["name"] for rule in RULES}
    assert {path.name for path in (CASES / "lint").iterdir() if path.is_dir()} <= names
    assert {path.name for path in (CASES / "lint-docker").iterdir()} <= {rule["docker"] for rule in RULES}
    assert {path.name for path in (CASES / "lint-hadolint").iterdir()} <= {rule["hadolint"] for rule in RULES} | {"pragmas"}

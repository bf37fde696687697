"""Runs each tests/cases/**/*.case: "# oakum COMMAND", a line "<<<", the input, a line ">>>", the expected output.

">>> exit N" states another exit status than 0.
"""
import os
import pathlib
import shlex
import subprocess

import pytest

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"


# the folders below lint are lint rules, those below build whole builds, in forms of their own (test_lint_case.py, build_case.py)
PATHS = sorted(p for p in CASES.rglob("*.case") if p.parent.parent != CASES / "lint" and CASES / "build" not in p.parents)


@pytest.mark.parametrize("path", PATHS, ids=lambda p: str(p.relative_to(CASES)))
def test_case(path):
    head, rest = path.read_bytes().decode().split("<<<\n", 1)
    text, expected = rest.split(">>>", 1)
    status, expected = expected.split("\n", 1)
    if path.parent.name == "secrets":  # no whole token stands in this repository: others look for them too
        text = text.replace("·", "")
    command = shlex.split(head.removeprefix("# oakum ").strip())
    # bytes, so that line ends stay as they are; in the case's folder, for files beside it (an ignore file)
    done = subprocess.run([os.path.abspath(os.environ["OAKUM"]), *command], input=text.encode(), capture_output=True, cwd=path.parent, timeout=60)
    assert done.stdout.decode() == expected, done.stderr
    assert done.returncode == int(status.replace("exit", "") or 0), done.stderr

"""Compat hadolint tells what ShellCheck 0.11 tells, whichever version is installed."""
import json

import pytest

from test_command_line import run

# the script, and the one comment that hadolint keeps of it
SCRIPTS = [
    ("a=$(foo > b) && echo \"$a\"", "SC2328"),
    ("a=`foo 1>> b` && echo \"$a\"", "SC2328"),
    ("a=$(foo | bar > c; ) && echo \"$a\"", "SC2328"),
    ("a=$({ foo; } > c) && echo \"$a\"", "SC2328"),
    ("echo \"$(foo >&2)\"", "SC2328"),
    ("echo \"$(foo 3>c >d 2>&1)\"", "SC2328"),
    ("echo \"$(if x; then y; fi > \"$(z)\")\"", "SC2328"),
    ("a=$(foo 2>&1 > /dev/null) && echo \"$a\"", None),
    ("a=$(foo 1>&2) && echo \"$a\"", None),
    ("a=$(foo > c | bar) && echo \"$a\"", "SC2260"),
    ("a=$(foo && bar > c) && echo \"$a\"", None),
    ("a=$(! foo > c) && echo \"$a\"", None),
    ("a=$(foo > c &) && echo \"$a\"", None),
    ("a=$(foo 2> c) && echo \"$a\"", None),
    ("f() { a; b; }; exit 0", "SC2329"),
    ("f() { ! a; }; exit 0", "SC2329"),
    ("f() { { a; }; b | c; }; exit 0", "SC2329"),
    ("f() ( a; b; ); exit 0", "SC2329"),
    ("f() { g() { x; }; y; }; exit 0", "SC2329"),
    ("f() { g() { x; }; y; }; f; exit 0", "SC2329"),
    ("f() { exit 1; a; }; f", "SC2317"),
    ("exit 1; a", "SC2317"),
    ("f() { a; }; f", None),
    ("exit 0 && a; b", "SC2317"),
    ("exit 0; a && b", None),
    ("exit 0 && [ -f /x ] && a; b c{d,e} && rm -rf x", "SC3009"),
    ("exit 0 && (a; b \"$(c `d`)\")", "SC2006"),
    ("exit 0; { a; b; }", "SC2317"),
]


@pytest.mark.parametrize("script,code", SCRIPTS, ids=[script for script, _ in SCRIPTS])
def test_as_the_newest(oakum, tmp_path, script, code):
    (tmp_path / "Dockerfile").write_text(f"FROM a:1\nRUN {script}\n")
    done = run(oakum, "lint", "--compat", "hadolint", "--format", "hadolint-json", "Dockerfile", cwd=tmp_path)
    found = [one["code"] for one in json.loads(done.stdout) if one["code"].startswith("SC")]
    assert found == ([code] if code else []), done.stdout

"""Does a script parse? oakum debug shell must say what bash -n and dash -n say, for every text case and every line of shell_scripts.py."""
import concurrent.futures
import pathlib
import subprocess

import pytest

from shell_scripts import SCRIPTS

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases" / "shell"
# Cases of which the shell is silent: oakum bounds the depth, and bash does not.
BOUNDED = {"too-deep-error.case"}


def case_inputs(dialect):
    for path in sorted(CASES.glob("*.case")):
        head, rest = path.read_text().split("<<<\n", 1)
        if f"--dialect {dialect}" in head and path.name not in BOUNDED:
            yield rest.split(">>>", 1)[0]


def shell_accepts(dialect, script):
    # extglob: oakum reads its patterns everywhere, as bash does once a script has switched them on
    command = ["bash", "-O", "extglob", "-n"] if dialect == "bash" else ["dash", "-n"]
    done = subprocess.run(command, input=script.encode(), capture_output=True, timeout=60)
    # bash -n complains of a bad [[ and leaves its exit status 0; a heredoc without an end is only a warning
    complaints = [line for line in done.stderr.decode().splitlines() if "warning:" not in line]
    return done.returncode == 0 and not complaints


def oakum_accepts(oakum, dialect, script):
    done = subprocess.run([oakum, "debug", "shell", "--dialect", dialect], input=script.encode(), capture_output=True, timeout=60)
    assert done.returncode in (0, 3), (script, done.stderr)
    return done.returncode == 0


@pytest.mark.parametrize("dialect", ["bash", "sh"])
def test_accepts_what_the_shell_accepts(oakum, dialect):
    scripts = [*case_inputs(dialect), *SCRIPTS]
    assert len(scripts) > 400
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        theirs = list(pool.map(lambda script: shell_accepts(dialect, script), scripts))
        ours = list(pool.map(lambda script: oakum_accepts(oakum, dialect, script), scripts))
    assert [s for s, a, b in zip(scripts, theirs, ours) if a != b] == []
    assert 50 < sum(theirs) < len(scripts) - 50  # both kinds are there

"""Runs each tests/cases/lint/RULE/*.case: what one rule says of one Dockerfile.

    # oakum lint OPTIONS
    <<<
    the Dockerfile
    >>>
    LINE:COLUMN-LINE:COLUMN RULE     one line a finding, by place; none: the rule is silent
    === --fix                        optional: the file after --fix or --fix=unsafe, as text
    the mended Dockerfile

The rule is the name of the folder; only its findings are asked for (--only RULE) unless the options name a --compat mode,
--only or --all. "ignore-file: PATTERN" as an option line ("# ignore-file: a,b") writes a .dockerignore beside the file.
A case whose name begins with "silent" must expect nothing.
"""
import json
import os
import pathlib
import shlex
import subprocess

import pytest

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases" / "lint"


def run(folder, options):
    command = [os.environ["OAKUM"], "lint", "--config", "none", "--no-shellcheck", *options, "Dockerfile"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Sanitizer" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("path", sorted(CASES.glob("*/*.case")), ids=lambda p: str(p.relative_to(CASES)))
def test_lint_case(path, tmp_path):
    head, rest = path.read_bytes().decode().split("<<<\n", 1)
    text, expected = rest.split(">>>\n", 1)
    expected, *fixed = expected.split("=== ", 1)
    lines = head.splitlines()
    options = shlex.split(lines[0].removeprefix("# oakum lint"))
    if not {"--compat", "--only", "--all"} & set(options):
        options += ["--only", path.parent.name]
    options = [o for o in options if o != "--all"]
    for line in lines[1:]:
        patterns = line.removeprefix("# ignore-file:").strip()
        (tmp_path / ".dockerignore").write_text(patterns.replace(",", "\n") + "\n")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_bytes(text.encode())
    done = run(tmp_path, [*options, "--format", "json"])
    found = [(f["range"], f["rule"]) for f in json.loads(done.stdout)["findings"]]
    shown = "".join(f"{r['start']['line']}:{r['start']['column']}-{r['end']['line']}:{r['end']['column']} {rule}\n" for r, rule in found)
    assert shown == expected
    if path.name.startswith("silent"):
        assert expected == ""
    if fixed:
        how, _, want = fixed[0].partition("\n")
        run(tmp_path, [*options, how])
        assert dockerfile.read_bytes().decode() == want
        again = run(tmp_path, [*options, how])
        assert dockerfile.read_bytes().decode() == want, again.stdout

"""--fix on generated Dockerfiles: what comes out is the edits that the findings tell, applied here byte by byte, and no other
change; it parses as well as before; a second run changes nothing, and no finding that has a fix is left.
"""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import lint_corpus  # noqa: E402

COUNT = 200
MENDED = {}  # by how: the rules


def lint(folder, names, *options):
    command = [os.environ["OAKUM"], "lint", "--config", "none", "--no-shellcheck", "--format", "json", *options, *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
    assert done.returncode in (0, 2) and b"Sanitizer" not in done.stderr, done.stderr.decode()
    found = {name: [] for name in names}
    for finding in json.loads(done.stdout)["findings"]:
        found[finding["file"]].append(finding)
    return found


def offset(lines, place):
    """In bytes: columns count characters, and a byte that is none counts as one."""
    before = lines[place["line"] - 1].decode(errors="surrogateescape")[:place["column"] - 1]
    return sum(len(line) + 1 for line in lines[:place["line"] - 1]) + len(before.encode(errors="surrogateescape"))


def edits_of(text, finding):
    lines = text.split(b"\n")
    return [(offset(lines, e["range"]["start"]), offset(lines, e["range"]["end"]), e["text"].encode()) for e in finding["fix"]["edits"]]


def apply(text, findings, unsafe):
    """One round, by the rule of the help: edits that touch each other wait."""
    wanted = sorted((edits_of(text, f)[0][:2], f["rule"], edits_of(text, f)) for f in findings if f.get("fix") and (unsafe or f["fix"]["safe"]))
    taken = []
    for _, _, edits in wanted:
        if all(not (s <= t and u <= e) for s, e, _ in edits for u, t, _ in taken):
            taken += edits
    for start, end, new in sorted(taken, reverse=True):
        text = text[:start] + new + text[end:]
    return text, bool(taken)


@pytest.mark.parametrize("how", ["safe", "unsafe"])
def test_fix_of_generated_files(tmp_path, how):
    names = []
    for name, text in lint_corpus.corpus(f"fix-{how}", COUNT):
        (tmp_path / name).write_bytes(text.encode())
        names.append(name)
    before = lint(tmp_path, names)
    expected = {name: (tmp_path / name).read_bytes() for name in names}
    mine = tmp_path / "mine"
    mine.mkdir()
    todo, found = list(names), before
    for _ in range(16):
        changed = []
        for name in todo:
            text, some = apply(expected[name], found[name], how == "unsafe")
            if some:
                expected[name] = text
                changed.append(name)
                (mine / name).write_bytes(text)
        if not changed:
            break
        todo, found = changed, lint(mine, changed)
    lint(tmp_path, names, f"--fix={how}")
    for name in names:
        assert (tmp_path / name).read_bytes() == expected[name], name
    after = lint(tmp_path, names)
    fixed = 0
    for name in names:
        assert sum(f["rule"] == "syntax" for f in after[name]) <= sum(f["rule"] == "syntax" for f in before[name]), name
        assert [f["rule"] for f in after[name] if f.get("fix") and (how == "unsafe" or f["fix"]["safe"])] == [], name
        fixed += len(before[name]) - len(after[name])
    assert fixed > COUNT  # the files do have something to mend
    MENDED[how] = {f["rule"] for found in before.values() for f in found if f.get("fix") and (how == "unsafe" or f["fix"]["safe"])}
    assert len(MENDED[how]) >= (25 if how == "unsafe" else 10), sorted(MENDED[how])  # rules whose fixes were made
    again = {name: (tmp_path / name).read_bytes() for name in names}
    lint(tmp_path, names, f"--fix={how}")
    assert again == {name: (tmp_path / name).read_bytes() for name in names}

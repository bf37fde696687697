"""Each case of tests/cases/hygiene and tests/cases/licence: a small image, and what one rule says of it. Form: image_case.py."""
import collections
import datetime
import json
import os
import pathlib
import re
import subprocess

import image_case
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = [case for folder in ("hygiene", "licence") for path in sorted((ROOT / "tests/cases" / folder).glob("*.cases")) for case in image_case.read(path)]
NOW = "2026-06-01T00:00:00Z"


@pytest.fixture(scope="module")
def found(tmp_path_factory, oakum):
    """All images at once: what each shows, by the number of its case."""
    folder = tmp_path_factory.mktemp("images")
    calls = collections.defaultdict(list)
    for i, case in enumerate(CASES):
        image_case.write(case, folder / f"{i}.tar")
        calls[tuple((f"--{key}", value) for key, value in (("target", case.target), ("license-allow", case.allow), ("license-deny", case.deny)) if value), case.now or NOW].append(f"oci-archive:{folder}/{i}.tar")
    rows = collections.defaultdict(list)
    for (words, now), images in calls.items():
        epoch = int(datetime.datetime.fromisoformat(now.replace("Z", "+00:00")).timestamp())
        done = subprocess.run([oakum, "debug", "inspect", *(word for pair in words for word in pair), *images], capture_output=True, text=True,
                              env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "OAKUM_STORE": str(folder / "store")})
        assert done.returncode == 0, done.stderr
        for line in done.stdout.splitlines():
            row = json.loads(line)
            rows[int(pathlib.Path(row["image"]).stem)].append(row)
    return rows


@pytest.mark.parametrize("i", range(len(CASES)), ids=[str(case) for case in CASES])
def test_case(found, i):
    case, rows = CASES[i], [row for row in found[i] if row["id"] == CASES[i].rule]
    assert [row.get("file") for row in rows] == [place for place, _, _ in case.expected], rows
    for row, (_, severity, why) in zip(rows, case.expected):
        assert severity is None or row["severity"] == severity, row
        assert why is None or why in row["why"], row


def rules():
    text = (ROOT / "src/inspect/hygiene-rules.inc").read_text()
    return re.findall(r'RULE\((\w+), "(\w+)", (\w+), "(\w+)",\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",\s*(NULL|"[^"]*")\)', text)


def test_each_rule_has_cases():
    assert len(rules()) == (ROOT / "src/inspect/hygiene-rules.inc").read_text().count("\nRULE(")
    licences = re.findall(r'"(OL\d{4})"', (ROOT / "src/inspect/licence.c").read_text())
    assert licences
    for rule in [rule for _, rule, *_ in rules()] + licences:
        own = [case for case in CASES if case.rule == rule]
        silent = [case for case in own if not case.expected]
        assert len(own) >= 4 and len(silent) >= 2, (rule, len(own), len(silent))


def test_the_page_shows_the_table():
    page = (ROOT / "docs/hygiene.md").read_text()
    shown = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in page.splitlines() if line.startswith("| OI")]
    told = [(rule, severity.lower(), category, title, fix, "" if code == "NULL" else code.strip('"')) for _, rule, severity, category, title, fix, code in rules()]
    assert shown == told


def test_no_fact_is_told(found):
    """What layers hand to the whole is no finding."""
    assert not [row for rows in found.values() for row in rows if row["id"].startswith("fact:")]

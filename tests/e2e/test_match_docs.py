"""The table of pitfalls in docs/matching.md and the cases that hold them are the same."""
import fnmatch
import pathlib
import re

REPO = pathlib.Path(__file__).resolve().parents[2]


def test_pitfalls():
    text = (REPO / "docs/matching.md").read_text().split("| pitfall | cases |", 1)[1]
    patterns = [p for row in re.findall(r"^\| .* \| (`.*`) \|$", text, re.M) for p in re.findall(r"`([^`]+)`", row)]
    cases = sorted(p.stem for p in (REPO / "tests/cases/match/pitfalls").glob("*.case"))
    assert len(cases) > 200 and len(patterns) > 50
    assert [c for c in cases if not any(fnmatch.fnmatchcase(c, p) for p in patterns)] == []
    assert [p for p in patterns if not fnmatch.filter(cases, p)] == []

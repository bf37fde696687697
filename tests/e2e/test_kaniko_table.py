"""docs/kaniko-differences.md names a case or a test for each row: it exists, and a case is really about what its row says."""
import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / "cases/build"
PAGE = HERE.parents[1] / "docs/kaniko-differences.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and not line.startswith("| in the")]


def words_of(row):
    """What the first column writes as code, or its instructions."""
    first = row.split(" | ")[0]
    return re.findall(r"--[a-z-]+|type=\w+|\b[A-Z]{3,}(?:_[A-Z]+)*\b", first)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(" | ")[0].strip("| "))
def test_row(row):
    shown = re.findall(r"`([\w./-]+\.(?:case|py))`", row.split(" | ")[-1])
    assert shown, "names nothing"
    texts = []
    for name in shown:
        path = (CASES if name.endswith(".case") else HERE) / name
        assert path.exists(), f"{name} is not there"
        texts.append(path.read_text())
    for word in words_of(row):
        assert any(word in text for text in texts), f"no {word} in {shown}"


def test_every_row_is_there():
    """As many as the two lists of the reference have: 17 of the first with its cells, 13 of the second."""
    assert len(ROWS) >= 34

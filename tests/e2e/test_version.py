"""Orders and ranges of versions: on the vectors of the shared corpus, where it lies beside the checkout. The cases of our own are tests/cases/version and range."""
import os
import pathlib
import subprocess

import pytest

VECTORS = pathlib.Path(os.environ.get("OAKUM_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared")) / "data/versions"
ORDERS = {"<": "<", "=": "=", "==": "=", ">": ">", "<=": "<=", ">=": "=>", "!=": "<>", "<>": "<>"}


def ask(oakum, verb, scheme, lines):
    done = subprocess.run([oakum, "debug", verb, scheme], input="".join(f"{a}\t{b}\n" for a, b in lines).encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def right(op, said):
    if op == "contains":
        return said == "yes"
    if op == "excludes":
        return said in ("no", "!")  # "!" where the version is none
    if op.startswith("not"):
        return said in "<=>" and said not in ORDERS[op[3:]]
    return said in ORDERS[op]


def vectors(path):
    rows = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    if path.name == "composer-satisfies.tsv":
        # The table has "excludes" on every row; the first part is Composer's list of what its ranges contain, up to this row.
        last = max(i for i, row in enumerate(rows) if row[1:4] == ["^0.0.1-alpha", "excludes", "0.0.1-beta"])
        rows = [[r[0], r[1], "contains" if i <= last else r[2], r[3]] for i, r in enumerate(rows)]
    return rows


if VECTORS.exists():  # beside this checkout
    @pytest.mark.parametrize("name", ["apk-apktools", "composer-satisfies", "composer-semver", "deb-dpkg", "gem-rubygems", "maven-comparable", "npm-range-exclude",
                                      "npm-range-include", "npm-semver-gt", "nuget-client", "pep440-packaging", "rpm-rpmvercmp", "semver-scalibr"])
    def test_vectors(name, oakum):
        rows = vectors(VECTORS / (name + ".tsv"))
        assert rows
        verb = "range" if rows[0][2] in ("contains", "excludes") else "version"
        said = ask(oakum, verb, rows[0][0], [(a, b) for _, a, _, b in rows])
        assert [(row, word) for row, word in zip(rows, said, strict=True) if not right(row[2], word)] == []

    def test_all_vectors_are_named():
        """A file that is added to the corpus fails here until it has a line above."""
        named = next(mark.args[1] for mark in test_vectors.pytestmark if mark.name == "parametrize")
        assert sorted(named) == sorted(path.stem for path in VECTORS.glob("*.tsv"))


def test_unknown_scheme(oakum):
    for verb in ("version", "range"):
        done = subprocess.run([oakum, "debug", verb, "latin"], input=b"", capture_output=True)
        assert done.returncode == 1 and done.stdout == b"" and b'unknown scheme "latin"; known are deb, apk, rpm,' in done.stderr


def test_names_of_package_urls(oakum):
    """A package's type finds its scheme."""
    for name, a, b in (("pypi", "1.0rc1", "1.0"), ("golang", "v1.0.0-rc1", "v1.0.0"), ("alpm", "1.0rc1", "1.0"), ("ebuild", "1.0_rc1", "1.0")):
        assert ask(oakum, "version", name, [(a, b)]) == ["<"]

"""What whole-program tests share: the program, and root file systems made by mmdebstrap (kept below build/)."""
import os
import pathlib
import subprocess

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
OAKUM = os.environ.get("OAKUM", str(REPO / "build/sanitize/oakum"))
ROOTS = REPO / "build/roots"


def working_rungs():
    """The rungs of the isolation ladder that this machine allows: a plain chroot, for one, cannot mount."""
    told = subprocess.run([OAKUM, "doctor"], capture_output=True, text=True).stdout.splitlines()
    return [line.split()[0] for line in told if line.split()[:1] in (["userns"], ["root"], ["chroot"], ["fake-root"]) and line.split()[1] == "yes"]


RUNGS = working_rungs()


def pytest_addoption(parser):
    parser.addoption("--peer", choices=["buildah"], help="run the cases of tests/cases/build through it too")


def pytest_report_header(config):
    corpus = pathlib.Path(os.environ.get("OAKUM_SHARED", REPO.parent / "shared")) / "data"
    return [f"isolation rungs tested: {', '.join(RUNGS) or 'none'}",
            f"advisory corpus: {'tested' if corpus.exists() else 'not beside this checkout, so not tested'}"]


def debian_root(name, suite, packages=(), sources=()):
    """A tar of a Debian root; made once for each content of the recipe."""
    ROOTS.mkdir(parents=True, exist_ok=True)
    tar = ROOTS / (name + ".tar")
    if not tar.exists():
        partial = ROOTS / (name + ".partial.tar")
        command = ["mmdebstrap", "--quiet", "--variant=essential", "--aptopt=Acquire::Retries 3"]
        if packages:
            command.append("--include=" + ",".join(packages))
        subprocess.run(command + [suite, str(partial), *sources], check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
        partial.rename(tar)
    return tar


@pytest.fixture(scope="session")
def oakum():
    return OAKUM


@pytest.fixture(scope="session")
def bookworm():
    """Debian bookworm with what the steps of the tests need."""
    return debian_root("bookworm", "bookworm", ["procps", "python3", "apt"])


def unpack(tar, folder):
    folder.mkdir()
    subprocess.run(["tar", "--exclude=./dev/*", "-xpf", str(tar), "-C", str(folder)], check=True)
    return folder

"""What whole-program tests share: the program, a small base of busybox, and a root file system made by mmdebstrap (kept below build/).

The small base is for all that does not need Debian's packages or dynamic programs: under sanitizers the big one costs half a minute a build.
"""
import fcntl
import os
import pathlib
import re
import subprocess

import build_case
import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
OAKUM = os.environ.get("OAKUM", str(REPO / "build/sanitize/oakum"))
ROOTS = REPO / "build/roots"
# the snapshot inside the program and the records of tests grow old; tests of age say what they want
os.environ.setdefault("OAKUM_MAX_AGE", "0")


def working_rungs():
    """The rungs of the isolation ladder that this machine allows: a plain chroot, for one, cannot mount."""
    told = subprocess.run([OAKUM, "doctor"], capture_output=True, text=True).stdout.splitlines()
    return [line.split()[0] for line in told if line.split()[:1] in (["userns"], ["root"], ["chroot"], ["fake-root"]) and line.split()[1] == "yes"]


RUNGS = working_rungs()
# it takes many minutes, and the registries
collect_ignore = [] if os.environ.get("OAKUM_REGISTRIES") == "all" else ["test_catalog_live.py"]


def spoken(told):
    """Lines of standard error without the stage that spoke."""
    return [re.sub(r"^\[[^]]*\] ", "", line) for line in told.splitlines()]


def pytest_addoption(parser):
    parser.addoption("--peer", choices=["buildah"], help="run the cases of tests/cases/build through it too")


def pytest_report_header(config):
    corpus = pathlib.Path(os.environ.get("OAKUM_SHARED", REPO.parent / "shared")) / "data"
    browser = (REPO / "build/browser/node_modules/playwright-core").exists()
    return [f"HTML in a browser: {'tested' if browser else 'not tested; tools/bootstrap test installs what it takes'}",
            f"projects of registries: {'installed' if not collect_ignore else 'OAKUM_REGISTRIES=all installs some'}",
            f"isolation rungs tested: {', '.join(RUNGS) or 'none'}",
            f"matrix of rungs: {'all of it' if os.environ.get('OAKUM_MATRIX') == 'all' else 'the short one; OAKUM_MATRIX=all adds every case and packages of Debian'}",
            f"projects from registries: {'tested' if os.environ.get('OAKUM_REGISTRIES') == 'all' else 'not tested; OAKUM_REGISTRIES=all does'}",
            f"advisory corpus: {'tested' if corpus.exists() else 'not beside this checkout, so not tested'}"]


# Not installed into the root: nothing that a test looks at, and two thirds of its size.
LEFT_OUT = ["/usr/share/locale/*", "/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/lib/*/gconv/*",
            "/usr/share/zoneinfo/*", "/usr/lib/python3*/test/*", "/usr/lib/python3*/lib2to3/*", "/usr/lib/python3*/pydoc_data/*", "/usr/share/i18n/*"]
KEPT = ["/usr/share/doc/*/copyright"]


def debian_root(name, suite, packages=(), sources=(), left_out=LEFT_OUT):
    """A tar of a Debian root; made once for each content of the recipe."""
    ROOTS.mkdir(parents=True, exist_ok=True)
    tar = ROOTS / (name + ".tar")
    with open(ROOTS / (name + ".lock"), "w") as lock:  # of two workers one makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tar.exists():
            make_root(tar, name, suite, packages, sources, left_out)
    return tar


def make_root(tar, name, suite, packages, sources, left_out):
    partial = ROOTS / (name + ".partial.tar")
    command = ["mmdebstrap", "--quiet", "--variant=essential", "--aptopt=Acquire::Retries 3", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
               *[f"--dpkgopt=path-exclude={pattern}" for pattern in left_out], *[f"--dpkgopt=path-include={pattern}" for pattern in KEPT if left_out]]
    if packages:
        command.append("--include=" + ",".join(packages))
    subprocess.run(command + [suite, str(partial), *sources], check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    partial.rename(tar)


@pytest.fixture(scope="session")
def oakum():
    return OAKUM


@pytest.fixture(scope="session")
def bookworm():
    """Debian bookworm with what the steps of the tests need: dynamic programs, packages, users. For the rest there is `small`."""
    return debian_root("bookworm-slim", "bookworm", ["usr-is-merged", "procps", "python3-minimal", "libpython3-stdlib", "apt"])


@pytest.fixture(scope="session")
def small_tar(tmp_path_factory):
    """The small base as an archive that every user can read."""
    tar = tmp_path_factory.mktemp("small") / "small.tar"
    tar.write_bytes(build_case.tar_bytes(build_case.small_entries()))
    tar.chmod(0o644)
    return tar


@pytest.fixture(scope="session")
def small(small_tar):
    """The small base as a reference to a layout, an argument of test_build.build()."""
    build_case.layout(small_tar.parent / "layout", small_tar.read_bytes(), {})
    return f"oci:{small_tar.parent}/layout:latest"


def unpack(tar, folder):
    folder.mkdir()
    subprocess.run(["tar", "--exclude=./dev/*", "-xpf", str(tar), "-C", str(folder)], check=True)
    return folder

"""oakum doctor: which rung is taken, why not a better one, and the change that gives it."""
import os
import pathlib
import subprocess
import tempfile

import pytest
import restricted
from conftest import RUNGS

NAMES = ["userns", "root", "chroot", "fake-root"]


def rows(done):
    """Topic → yes or no, and the lines that do not begin a row."""
    lines = done.stdout.splitlines()
    return {line.split()[0]: line.split()[1] for line in lines if line[:1] != " " and line.split()[1] in ("yes", "no")}, \
        [line.strip() for line in lines if line.startswith(" ")]


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield restricted.own(pathlib.Path(folder))


def test_what_it_tells_is_what_a_build_takes(oakum, tmp_path):
    done = subprocess.run([oakum, "doctor", "--store", tmp_path / "store"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    topics, _ = rows(done)
    assert list(topics)[:4] == NAMES and {"store", "overlay", "confine", "git", "shellcheck"} <= set(topics)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nENV a=b\n")
    built = subprocess.run([oakum, "build", "--verbose", "--store", tmp_path / "store", tmp_path], capture_output=True, text=True)
    taken = [line.split()[-1] for line in built.stderr.splitlines() if "isolation:" in line]
    assert taken and f"oakum build works here, on the rung {taken[0]}." in done.stdout.splitlines(), built.stderr


def test_restricted_pod(oakum, place):
    done = restricted.run(oakum, "doctor", "--store", f"{place}/store")
    topics, more = rows(done)
    assert done.returncode == 0 and [topics[name] for name in NAMES] == ["no", "no", "no", "yes"], done.stdout + done.stderr
    assert topics["overlay"] == "no" and topics["confine"] == "yes"
    assert any(line.startswith("for the rung userns: in a pod: hostUsers: false") for line in more)
    assert any(line.startswith("for the rung chroot: uid 0") and "runAsUser: 0" in line for line in more)


def test_nothing_works(oakum, place, monkeypatch):
    """seccomp(2) itself is denied: no supervisor, and foreign bytes are not read either."""
    monkeypatch.setitem(restricted.DENIED, "x86_64", restricted.DENIED["x86_64"] + [317])
    done = restricted.run(oakum, "doctor", "--store", f"{place}/store")
    topics, more = rows(done)
    assert done.returncode == 1 and [topics[name] for name in NAMES] == ["no"] * 4, done.stdout + done.stderr
    assert "oakum build cannot run a step here." in done.stdout.splitlines()
    assert topics["confine"] == "no" and sum(line.startswith("for the rung ") for line in more) == 3


def test_store_database_and_registry_that_fail(oakum, tmp_path):
    (tmp_path / "file").write_text("no folder\n")
    done = subprocess.run([oakum, "doctor", "--store", tmp_path / "file", "--db", tmp_path / "file", "--insecure", "127.0.0.1:1", "127.0.0.1:1/a:b"],
                          capture_output=True, text=True)
    topics, more = rows(done)
    assert done.returncode == 1 and topics["store"] == topics["database"] == topics["registry"] == "no", done.stdout + done.stderr
    assert any("OAKUM_STORE" in line for line in more) and "127.0.0.1:1/a:b: " in done.stdout


if {"root", "chroot"} <= set(RUNGS):
    def test_hidden_proc(oakum, tmp_path):
        """As in a container: the rung with namespaces is not taken, and the row below tells what hides."""
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc/driver && exec "$0" doctor --store "$1"', oakum,
                               tmp_path / "store"], capture_output=True, text=True)
        topics, more = rows(done)
        assert topics["userns"] == "no" and topics["chroot"] == "yes", done.stdout + done.stderr
        if "on the rung chroot." in done.stdout:
            assert any(line.startswith("for the rung userns: ") and "procMount" in line for line in more)

    def test_user_without_ids(oakum, place):
        """uid 4242 stands in no /etc/subuid."""
        done = subprocess.run(["setpriv", "--reuid=4242", "--regid=4242", "--clear-groups", oakum, "doctor", "--store", f"{place}/store"],
                              capture_output=True, text=True)
        topics, more = rows(done)
        assert topics["userns"] == "no" and any(line.startswith("for the rung userns: ") for line in more), done.stdout + done.stderr
        assert any("usermod --add-subuids" in line or "uidmap" in line for line in more)

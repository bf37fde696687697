"""What is left, and told, when standard output takes nothing, is closed, or a signal ends the program."""
import json
import os
import resource
import signal
import subprocess
import time

import pytest

# Who was started in the background of a shell ignores SIGINT, and so would the program.
HEARS = ["env", "--default-signal=INT"]


@pytest.fixture(scope="module")
def folder(oakum, tmp_path_factory):
    """A context, its image in a store, and a saved result."""
    path = tmp_path_factory.mktemp("endings")
    (path / "c").mkdir()
    (path / "c/Dockerfile").write_text("FROM scratch\nCOPY blob /blob\n")
    (path / "c/blob").write_bytes(os.urandom(1 << 20) * 48)
    (path / "root/etc").mkdir(parents=True)
    (path / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    for words in (["scan", "--format", "json", "-o", "r.json", "rootfs:root"], ["build", "--store", "store", "--output", "oci:out:v1", "c"]):
        assert subprocess.run([oakum, *words], cwd=path, capture_output=True).returncode in (0, 3)
    return path


PRINT = ["--help", "help build", "--version", "scan --help", "man", "man build", "completion bash", "completion zsh", "completion fish",
         "scan rootfs:root", "scan --format json rootfs:root", "report --summary r.json", "report --format html r.json", "report --format csv r.json",
         "compare r.json r.json", "lint c", "lint --list-rules", "build --print-plan c", "build --store store --output oci:other:v1 c", "doctor",
         "build --store store --output docker-archive:- c", "build --store store --output oci-archive:- c", "build --store store --output rootfs:- c",
         "store show --store store", "store check --store store", "store gc --store store", "policy schema", "policy keys", "policy explain --preset strict",
         "policy test r.json --preset default", "db feeds", "executor version"]


@pytest.mark.parametrize("words", PRINT)
def test_standard_output_that_takes_nothing(oakum, folder, words):
    """A result that did not come out is an error, told once."""
    for close in (False, True):
        command = 'exec "$0" "$@" >&-' if close else 'exec "$0" "$@" >/dev/full'
        done = subprocess.run(["sh", "-c", command, oakum, *words.split()], cwd=folder, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        errors = [line for line in done.stderr.splitlines() if "error" in line and "errors" not in line and "style" not in line]
        assert done.returncode == 1 and len(errors) == 1, (close, done.stderr)
        assert close or "No space left on device" in errors[0] or "could be written" in errors[0], errors


def test_closed_output_does_not_get_into_files(oakum, folder):
    """The first file that is opened would have the number of standard output."""
    done = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', oakum, *"build --store fresh --output oci:layout:v1 c".split()], cwd=folder)
    assert done.returncode == 1
    for path in [*(folder / "fresh").rglob("*"), *(folder / "layout").rglob("*")]:
        assert not path.is_file() or b"Dockerfile:1:" not in path.read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("output", ["docker-archive:there/a.tar:x/y:v1", "rootfs:there/r", "oci-archive:there/a.tar:v1"])
def test_signal_leaves_no_part(oakum, folder, tmp_path, number, output):
    """It ends by the signal when what it writes has begun, and takes that with it."""
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / "tmp").mkdir()
    running = subprocess.Popen([*HEARS, oakum, "build", "--store", folder / "store", "--output", output, folder / "c"], cwd=tmp_path,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")})
    def has_begun():
        return any(p.name == "blob" or p.is_file() and p.stat().st_size for p in there.rglob("*"))
    while running.poll() is None and not has_begun():
        time.sleep(0.001)
    assert running.poll() is None, "it was over before the signal"
    assert any(".tmp-" in p.name for p in there.iterdir())
    running.send_signal(number)
    assert running.wait(60) == -number
    assert list(there.iterdir()) == [] and list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_executor(oakum, tmp_path, small, number):
    """What it made for itself below --kaniko-dir goes; what a step had begun lies in the store, which "store prune" clears."""
    (tmp_path / "k").mkdir()
    (tmp_path / "c").mkdir()
    (tmp_path / "c/Dockerfile").write_text(f"FROM {small}\nRUN echo begun >&2; sleep 100\n")
    words = [oakum, "executor", "--kaniko-dir", tmp_path / "k", "-c", tmp_path / "c", "--no-push"]
    running = subprocess.Popen([*HEARS, *words], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while (line := running.stderr.readline()) and not line.startswith("begun"):
        pass
    assert line, "the step never began"
    assert [p for p in (tmp_path / "k").iterdir() if p.name.startswith("oakum-")]
    running.send_signal(number)
    assert running.wait(60) == -number
    running.stderr.close()
    assert [p.name for p in (tmp_path / "k").iterdir()] == ["store"]
    assert subprocess.run([oakum, "store", "prune", "--keep-days", "1", "--store", tmp_path / "k/store"], capture_output=True).returncode == 0
    assert list((tmp_path / "k/store/work").iterdir()) == []


def test_signal_that_is_ignored_stays_so(oakum, folder, tmp_path):
    """nohup."""
    running = subprocess.Popen([*HEARS, oakum, "build", "--store", folder / "store", "--output", "docker-archive:a.tar:x/y:v1", folder / "c"], cwd=tmp_path,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    while running.poll() is None and not list(tmp_path.iterdir()):
        time.sleep(0.001)
    running.send_signal(signal.SIGHUP)
    assert running.wait(60) == 0 and [p.name for p in tmp_path.iterdir()] == ["a.tar"]


def test_import_that_has_no_room(oakum, tmp_path):
    """Neither a database nor SQLite's file beside it."""
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"id": f"X-{i}", "modified": "2026-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "npm", "name": f"p{i}"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}) + "\n" for i in range(3000)))

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
    done = subprocess.run([oakum, "db", "import", "--feed", "osv", "--db", "x.db", "in.jsonl"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
                          preexec_fn=small_files)
    assert done.returncode == 1 and "error: db: write x.db: " in done.stderr and [p.name for p in tmp_path.iterdir()] == ["in.jsonl"], done.stderr


def test_signal_in_an_import(oakum, tmp_path):
    """The database that was there stays, and none beside it."""
    lines = [json.dumps({"id": f"X-{i}", "modified": "2026-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "npm", "name": f"p{j}"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]} for j in range(20)]})
        for i in range(20000)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    running = subprocess.Popen([*HEARS, oakum, "db", "import", "--feed", "osv", "--db", "x.db", "in.jsonl"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    while running.poll() is None and not any(p.stat().st_size for p in tmp_path.glob("x.db.tmp-*[0-9]")):
        time.sleep(0.001)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == -signal.SIGTERM and [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]

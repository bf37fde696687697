"""The store: what looks after it, and what goes wrong around it. Two builds at once, kill -9 (OAKUM_KILLS says how many must die, default 5), a full disk,
a store that cannot be written to, damaged blobs and records: the right result or a clear error, and nothing wrong is pushed."""
import json
import os
import random
import re
import signal
import subprocess
import time

import build_case
import pytest
from test_cache_remote import server  # noqa: F401  (a fixture)

# every step of it makes a layer; DATA makes the builds differ
DOCKERFILE = """ARG BASE
FROM $BASE AS tool
RUN i=0; while test $i != 40; do echo $i > /made$i; i=$((i+1)); done
FROM $BASE
COPY data /data
RUN cp /data /copy; mkdir /m; i=0; while test $i != 40; do echo "$i" > /m/$i; i=$((i+1)); done
COPY --from=tool /made7 /made7
RUN cat /made7 /data > /end
"""


@pytest.fixture
def context(tmp_path):
    def make(name):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "data").write_text(name * 3000)
        (folder / "Dockerfile").write_text(DOCKERFILE)
        return folder
    return make


def command(oakum, small, store, folder, *options):
    return [oakum, "build", "--build-arg", f"BASE={small}", "--store", str(store), *options, str(folder)]


def build(*arguments, status=0):
    done = subprocess.run(command(*arguments), capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def store(oakum, verb, folder, *options, status=0):
    done = subprocess.run([oakum, "store", verb, "--store", str(folder), *options], capture_output=True, text=True)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stdout + done.stderr


def test_store_of_another_user(oakum, small, context, tmp_path):
    folder, place = context("a"), tmp_path / "s"
    assert "belongs to user" not in build(oakum, small, place, folder).stderr
    os.chown(place, 4321, 4321)
    said = f"the store {place} belongs to user 4321"
    assert said in build(oakum, small, place, folder).stderr
    done = subprocess.run([oakum, "scan", "--store", str(place), "--fail-on", "none", small], capture_output=True, text=True)
    assert said in done.stderr
    os.chown(place, 0, 0)
    assert "belongs to user" not in build(oakum, small, place, folder).stderr


def test_show_prune_check(oakum, small, context, tmp_path):
    folder, place = context("a"), tmp_path / "s"
    digest = build(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o").stdout
    show = lambda: {row["name"]: row for row in json.loads(store(oakum, "show", place, "--format", "json"))}
    rows = show()
    assert rows["blobs"]["count"] == len(list((place / "blobs/sha256").iterdir())) and rows["build cache"]["count"] == 5
    assert rows["blobs"]["bytes"] == sum(p.stat().st_size for p in (place / "blobs/sha256").iterdir())
    assert re.search(r"(?m)^build cache +5 ", store(oakum, "show", place))
    # nothing is old
    assert store(oakum, "prune", place, "--keep-days", "1").startswith("removed 0 files")
    # the longest unused goes first, and with it the record that names it
    blobs = sorted((place / "blobs/sha256").iterdir())
    for i, blob in enumerate(blobs):
        os.utime(blob, (1000 + i, 1000 + i))
    keep = sum(blob.stat().st_size for blob in blobs[2:])
    store(oakum, "prune", place, "--max-size", f"{keep}B")
    assert sorted((place / "blobs/sha256").iterdir()) == blobs[2:] and show()["build cache"]["count"] < 5
    assert build(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o").stdout == digest
    # what a killed build left
    (place / "work/oakum-dead/0/root").mkdir(parents=True)
    (place / "tmp/1-1").write_text("x")
    (place / "mounts/x/0/data").mkdir(parents=True)
    store(oakum, "prune", place, "--keep-days", "1")
    assert list((place / "work").iterdir()) == [] == list((place / "tmp").iterdir()) and (place / "mounts/x").exists()
    assert json.loads(store(oakum, "prune", place, "--all", "--format", "json"))["removed"] > 5
    assert all(row["count"] == 0 for row in show().values())
    assert "say what may go" in store(oakum, "prune", place, status=1)
    assert "--max-size takes" in store(oakum, "prune", place, "--max-size", "10 potatoes", status=1)


def test_prune_waits_for_nobody(oakum, small, context, tmp_path):
    """While a build works, nothing is taken from under it."""
    folder, place = context("a"), tmp_path / "s"
    (folder / "Dockerfile").write_text("ARG BASE\nFROM $BASE\nRUN echo begun; sleep 8\n")
    run = subprocess.Popen(command(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o"), stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if "begun" in line and "RUN" not in line:
            break
    assert "in use" in store(oakum, "prune", place, "--all", status=1)
    run.stderr.read()
    assert run.wait() == 0
    store(oakum, "prune", place, "--all")


@pytest.mark.parametrize("harm", ["blob", "record", "cut"])
def test_damage(oakum, small, context, server, tmp_path, harm):  # noqa: F811
    """What is damaged is told by check, never pushed, and made again."""
    folder, place = context("a"), tmp_path / "s"
    digest = build(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o").stdout
    layers = {json.loads(r.read_text()).get("digest") for r in (place / "cache").iterdir()} - {None}
    victims = list((place / "cache").iterdir()) if harm == "record" else [place / "blobs" / layer.replace(":", "/") for layer in layers]
    for victim in victims:
        data = victim.read_bytes()
        victim.chmod(0o600)
        victim.write_bytes(data[:len(data) // 2] if harm == "cut" else data[:20] + bytes([data[20] ^ 0x11]) + data[21:])
    told = store(oakum, "check", place, "--format", "json", status=1)
    assert sorted(json.loads(told.splitlines()[0])["damaged"]) == sorted(str(v.relative_to(place)) for v in victims)
    name = f"{server.address}/{harm}:v"
    # pushed with the harm: either all is made again, or it is refused and the next run is right
    first = subprocess.run(command(oakum, small, place, folder, "-t", name), capture_output=True, text=True)
    if first.returncode:
        assert "damaged" in first.stderr
    for _ in range(len(victims)):
        done = subprocess.run(command(oakum, small, place, folder, "-t", name), capture_output=True, text=True)
        if done.returncode == 0:
            break
    assert done.returncode == 0 and done.stdout == digest
    pulled = tmp_path / "pulled"
    assert subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{name}", f"oci:{pulled}:v"]).returncode == 0
    assert build_case.flatten(pulled)[0].keys() == build_case.flatten(tmp_path / "o")[0].keys()
    store(oakum, "check", place, "--remove")
    assert " 0 damaged" in store(oakum, "check", place)


def test_what_a_loss_of_power_leaves(oakum, small, context, server, tmp_path):  # noqa: F811
    """Blobs and records are not synced: names may stand for nothing then, or for a part. The next build is right at once."""
    folder, place = context("a"), tmp_path / "s"
    name = f"{server.address}/base-of-power:v"
    built = subprocess.run([oakum, "build", "--store", place, "-t", name, "--build-arg", f"BASE={small}", "-f", "-", folder],
                           input="ARG BASE\nFROM $BASE\nRUN echo base > /base\n", capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    other = tmp_path / "other"
    digest = build(oakum, name, other, folder, "-o", f"oci:{tmp_path}/o").stdout
    blobs = sorted((other / "blobs/sha256").iterdir())
    assert len(blobs) > 5
    for i, blob in enumerate(blobs):
        os.truncate(blob, (0, blob.stat().st_size // 2, blob.stat().st_size - 1)[i % 3])
    records = sorted((other / "cache").iterdir())
    assert len(records) > 2
    for i, record in enumerate(records[1:]):
        os.truncate(record, (0, record.stat().st_size // 2)[i % 2])
    assert build(oakum, name, other, folder, "-o", f"oci:{tmp_path}/again").stdout == digest
    assert " 0 damaged" in store(oakum, "check", other)


def in_mounts(script, *words):
    return subprocess.run(["unshare", "-m", "sh", "-ec", script, "sh", *map(str, words)], capture_output=True, text=True)


def test_step_that_does_not_see_the_full_disk(oakum, small, tmp_path):
    """A program that does not look whether its bytes are taken ends well: what it wrote is neither taken nor kept."""
    folder, place = tmp_path / "c", tmp_path / "s"
    for path in (folder, place):
        path.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {small}\nRUN head -c 60000000 /dev/zero > /fill; echo x > /made; true\n")
    script = 'mount -t tmpfs -o size=40m none "$1"; place=$1; shift; if "$@" 2> "$place/../told"; then exit 3; fi; mount -o remount,size=400m "$place"; "$@"'
    done = in_mounts(script, place, *command(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o"))
    told = (tmp_path / "told").read_text()
    assert "No space left" in told and "may not be whole" in told, told
    assert done.returncode == 0, done.stderr
    tree = build_case.flatten(tmp_path / "o")[0]
    sizes = {str(path): entry for path, entry in tree.items() if "fill" in str(path) or "made" in str(path)}
    assert done.stdout == build(oakum, small, tmp_path / "s2", folder, "-o", f"oci:{tmp_path}/o2").stdout and len(sizes) == 2


def test_full_disk(oakum, small, context, tmp_path):
    """A build that finds no room, for bytes or for files, says so, leaves no image, and the same store does again with room. OAKUM_DISKS says how many disks, OAKUM_SEED which."""
    folder = context("a")
    (folder / "data").write_bytes(random.Random(3).randbytes(3 << 20))
    want = build(oakum, small, tmp_path / "s0", folder, "-o", f"oci:{tmp_path}/o0").stdout
    rnd = random.Random(int(os.environ.get("OAKUM_SEED", "5")))
    for turn in range(int(os.environ.get("OAKUM_DISKS", "3"))):
        place = tmp_path / f"s{turn + 1}"
        place.mkdir()
        limit = f"size={rnd.randrange(64, 4096)}k" if turn else "size=4m"
        limit += f",nr_inodes={rnd.randrange(10, 60)}" if rnd.random() < 0.4 else ""
        done = in_mounts('mount -t tmpfs -o "$2" none "$1"; place=$1; shift 2; '
                         'if "$@" 2> "$place/../told"; then echo built; exit 3; fi; '
                         'mount -o remount,size=200m,nr_inodes=10000 "$place"; "$@"', place, limit, *command(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o{turn + 1}"))
        assert done.returncode == 0, (limit, done.stderr)
        assert "No space left" in (tmp_path / "told").read_text(), limit
        assert done.stdout == want, limit


def test_store_that_cannot_be_written_to(oakum, small, context, tmp_path):
    folder, place = context("a"), tmp_path / "s"
    build(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o")
    done = in_mounts('mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"', place,
                     *command(oakum, small, place, folder, "-o", f"oci:{tmp_path}/o2"))
    assert done.returncode == 1 and "Read-only file system" in done.stderr and str(place) in done.stderr
    assert not (tmp_path / "o2").exists()


def test_two_at_once_and_killed(oakum, small, context, server, tmp_path):  # noqa: F811
    """Two builds, of one Dockerfile or of two, on one store; one is killed at a random moment, the other and the next are right."""
    folders = [context("a"), context("b")]
    want, began = [], time.monotonic()
    for i, folder in enumerate(folders):
        want.append(build(oakum, small, tmp_path / f"clean{i}", folder, "-o", f"oci:{tmp_path}/clean{i}-out").stdout)
    whole = (time.monotonic() - began) / 2
    rnd = random.Random(int(os.environ.get("OAKUM_SEED", "11")))
    killed, wanted = 0, int(os.environ.get("OAKUM_KILLS", "5"))
    for turn in range(5 * wanted):
        if killed == wanted:
            break
        place = tmp_path / f"s{turn % 3}"  # with what earlier kills left
        if turn % 9 < 3:
            subprocess.run([oakum, "store", "prune", "--all", "--store", str(place)], check=True, capture_output=True)
        same = rnd.random() < 0.5
        pair = [folders[0], folders[0] if same else folders[1]]
        name = lambda i: f"{server.address}/kill{i}:v{turn}"
        runs = [subprocess.Popen(command(oakum, small, place, folder, "-t", name(i)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for i, folder in enumerate(pair)]
        time.sleep(rnd.random() * whole * 1.2)
        victim = rnd.randrange(2)
        runs[victim].send_signal(signal.SIGKILL)
        outs = [run.communicate() for run in runs]
        died = runs[victim].returncode == -signal.SIGKILL
        killed += died
        whole *= 1.05 if died else 0.8  # with what is in the store builds are faster than the first
        other = 1 - victim
        expected = [want[folders.index(folder)] for folder in pair]
        assert runs[other].returncode == 0 and outs[other][0] == expected[other], (turn, outs[other][1])
        again = build(oakum, small, place, pair[victim], "-t", name(victim))
        assert again.stdout == expected[victim], turn
        for i in range(2):
            shown = subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{name(i)}"], capture_output=True, text=True)
            assert shown.stdout == expected[i], shown.stderr
    assert killed == wanted
    for i in range(3):
        if (tmp_path / f"s{i}").exists():
            assert " 0 damaged" in store(oakum, "check", tmp_path / f"s{i}")
            store(oakum, "prune", tmp_path / f"s{i}", "--keep-days", "9")
            assert list((tmp_path / f"s{i}/work").iterdir()) == []
    print(f"{killed} of {turn} runs were killed before their end")

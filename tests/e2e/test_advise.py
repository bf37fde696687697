"""scan --advise: what is promised of another base is what a rebuild with its patch gives."""
import json
import os
import shutil
import subprocess

import pytest
from test_db import registry  # noqa: F401  (a fixture)
from test_report import RECORDS, dpkg, make_db
from test_scan import OS_RELEASE

PYTHON = "Metadata-Version: 2.1\nName: requests\nVersion: 2.25.0\n\n"
BASES = {"old": {"openssl": "3.0.14-1", "bash": "5.1", "tree": "2"}, "new": {"openssl": "3.0.15-1~deb12u1", "bash": "5.1"}, "bare": {}}
DOCKERFILE = "# the app\nFROM {registry}/old:1 AS build\nRUN true\nFROM {registry}/old:1\nWORKDIR /app\n\tCOPY METADATA /app/requests-2.25.0.dist-info/METADATA\nUSER 1000\n"


@pytest.fixture(scope="module")
def yard(oakum, registry, tmp_path_factory):  # noqa: F811
    """Three bases in a registry, an app on the first of them, and a database."""
    folder, registry = tmp_path_factory.mktemp("yard"), registry[0]
    db = make_db(oakum, folder, RECORDS)
    for name, packages in BASES.items():
        base = folder / name
        base.mkdir()
        (base / "status").write_text(dpkg(packages))
        (base / "os-release").write_text(OS_RELEASE)
        (base / "pad").write_bytes(os.urandom(1000 if name == "bare" else 50000))
        (base / "Dockerfile").write_text("FROM scratch\nCOPY os-release pad /etc/\nCOPY status /var/lib/dpkg/status\nCMD [\"/bin/bash\"]\n")
        build(oakum, base, f"{registry}/{name}:1", folder / "store")
    app = folder / "app"
    app.mkdir()
    (app / "METADATA").write_text(PYTHON)
    (app / "Dockerfile").write_text(DOCKERFILE.format(registry=registry).replace("RUN true\n", ""))
    build(oakum, app, f"{registry}/app:1", folder / "store")
    return folder, db, registry


def build(oakum, context, ref, store):
    done = subprocess.run([oakum, "build", "--store", store, "-t", ref, "--push", context], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def advise(oakum, yard, *words, status=0, name="app:1"):
    folder, db, at = yard
    done = subprocess.run([oakum, "scan", "--no-cache", "--checks", "holes", "--db", db, "--max-age", "0", "--advise", *words, f"{at}/{name}"],
                          cwd=folder / "app", capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def scan(oakum, yard, name):
    folder, db, at = yard
    done = subprocess.run([oakum, "scan", "--no-cache", "--checks", "holes", "--db", db, "--max-age", "0", "--format", "json", f"{at}/{name}"], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return json.loads(done.stdout)


def total(result):
    severities = {}
    for finding in result["findings"]:
        severities[finding["severity"]] = severities.get(finding["severity"], 0) + 1
    return {"holes": len(result["findings"]), "packages": len(result["packages"]), "fixable": sum(f["fixed"] is not None for f in result["findings"])}, severities


def same(promise, result):
    counts, severities = total(result)
    return {key: promise[key] for key in counts} == counts and {k: v for k, v in promise["severities"].items() if v} == severities


@pytest.mark.parametrize("other", ["new", "bare"])
def test_the_promise_is_kept(oakum, yard, tmp_path, other):
    folder, _, at = yard
    data = json.loads(advise(oakum, yard, "--candidate", f"{at}/{other}:1", "--format", "json").stdout)
    now, base = scan(oakum, yard, "app:1"), scan(oakum, yard, "old:1")
    assert same(data["now"], now) and same(data["base"]["brings"], base)
    assert data["base"]["sure"] and data["base"]["layers"] == 2 and data["base"]["name"] == f"{at}/old:1"
    one = data["bases"][0]
    assert same(one["brings"], scan(oakum, yard, f"{other}:1"))
    copy = tmp_path / "app"
    shutil.copytree(folder / "app", copy)
    subprocess.run(["patch", "-p1"], cwd=copy, input=one["patch"], text=True, check=True, capture_output=True)
    assert f"FROM {at}/old:1 AS build" in (copy / "Dockerfile").read_text() and f"FROM {at}/{other}:1\n" in (copy / "Dockerfile").read_text()
    build(oakum, copy, f"{at}/app:{other}", folder / "store")
    after = scan(oakum, yard, f"app:{other}")
    assert same(one["with_it"], after)
    assert abs(one["with_it"]["bytes"] - after["image"]["size"]) < 500  # the layers above are made anew


def test_the_same_package_in_two_places(oakum, yard, tmp_path):
    """What a COPY brings of a language is there beside the base's own; what a layer takes away of the system goes with any base; and FROM may be made of ARGs."""
    folder, _, at = yard
    old, home = PYTHON.replace("2.25.0", "2.19.0"), "usr/lib/python3/dist-packages/requests-2.25.0.dist-info/METADATA"
    contents = {"one": ({"bash": "5.1", "tree": "2", "openssl": "3.0.14-1"}, PYTHON), "two": ({"bash": "5.1", "openssl": "3.0.14-1"}, PYTHON), "three": ({"bash": "5.1", "tree": "2"}, old)}
    for name, (packages, metadata) in contents.items():
        base = tmp_path / name
        base.mkdir()
        (base / "status").write_text(dpkg(packages))
        (base / "os-release").write_text(OS_RELEASE)
        (base / "METADATA").write_text(metadata)
        (base / "Dockerfile").write_text(f"FROM scratch\nCOPY os-release /etc/\nCOPY status /var/lib/dpkg/status\nCOPY METADATA /{home}\n")
        build(oakum, base, f"{at}/{name}:1", folder / "store")
    app = tmp_path / "app"
    app.mkdir()
    (app / "METADATA").write_text(PYTHON)
    (app / "status").write_text(dpkg({"bash": "5.1"}))
    (app / "Dockerfile").write_text(f"ARG AT={at} NAME=one\nFROM $AT/${{NAME}}:1 AS last\nCOPY METADATA /app/requests-2.25.0.dist-info/METADATA\nCOPY status /var/lib/dpkg/status\n")
    build(oakum, app, f"{at}/twice:1", folder / "store")
    data = json.loads(advise(oakum, yard, "--dockerfile", app / "Dockerfile", "--candidate", f"{at}/two:1", "--candidate", f"{at}/three:1", "--format", "json", name="twice:1").stdout)
    assert data["base"]["sure"] and data["base"]["name"] == f"{at}/one:1" and same(data["now"], scan(oakum, yard, "twice:1"))
    for other in data["bases"]:
        (app / "Dockerfile").write_text(f"FROM {other['name']}\nCOPY METADATA /app/requests-2.25.0.dist-info/METADATA\nCOPY status /var/lib/dpkg/status\n")
        build(oakum, app, f"{at}/twice:2", folder / "store")
        after = scan(oakum, yard, "twice:2")
        assert same(other["with_it"], after) and len(after["packages"]) == 3, other["name"]


def test_what_brings_most(oakum, yard):
    data = json.loads(advise(oakum, yard, "--format", "json").stdout)
    names = [p["name"] for p in data["packages"]]
    assert names[0] == "openssl" and set(names) == {"openssl", "bash", "requests"} and data["packages"][0]["holes"] == 2
    assert "COPY status" in data["packages"][0]["created_by"] and data["bases"] == []


def test_for_people(oakum, yard):
    _, _, at = yard
    for form in ("table", "markdown"):
        text = advise(oakum, yard, "--candidate", f"{at}/new:1", "--format", form).stdout
        assert "openssl" in text and "-1 holes, -1 packages" in text and "brought 2 of" in text
    assert f"\n-FROM {at}/old:1\n+FROM {at}/new:1\n" in advise(oakum, yard, "--candidate", f"{at}/new:1").stdout


def test_without_a_dockerfile(oakum, yard, tmp_path):
    """The history has to tell what is the base's; a saved result stands for a base, and gets no patch."""
    folder, db, at = yard
    (tmp_path / "new.json").write_text(json.dumps(scan(oakum, yard, "new:1")))
    done = subprocess.run([oakum, "scan", "--no-cache", "--db", db, "--max-age", "0", "--advise", "--candidate", "new.json", "--format", "json", f"{at}/app:1"],
                          cwd=tmp_path, capture_output=True, text=True)
    data = json.loads(done.stdout)
    assert done.returncode == 0 and not data["base"]["sure"] and data["bases"][0]["patch"] is None and data["bases"][0]["name"] == f"{at}/new:1"


def test_another_state_of_the_base(oakum, yard, tmp_path):
    """FROM names an image that this one was not made of."""
    folder, db, at = yard
    (tmp_path / "Dockerfile").write_text(f"FROM {at}/new:1\n")
    done = advise(oakum, yard, "--dockerfile", tmp_path / "Dockerfile", "--format", "json")
    assert not json.loads(done.stdout)["base"]["sure"]
    (tmp_path / "Dockerfile").write_text(f"FROM {at}/nothing:1\n")
    done = advise(oakum, yard, "--dockerfile", tmp_path / "Dockerfile", "--format", "json")
    assert "guessed by the history" in done.stderr and not json.loads(done.stdout)["base"]["sure"]


@pytest.mark.parametrize("words, says", [
    (["--format", "sarif"], "with --advise --format takes"), (["--candidate", "oci:none"], "--candidate oci:none: "), (["--dockerfile", "none"], "none"),
    (["--format", "json", "--format", "table"], "one --format")])
def test_slips(oakum, yard, words, says):
    done = advise(oakum, yard, *words, status=1)
    assert says in done.stderr and done.stdout == ""


def test_only_with_advise(oakum, yard):
    done = subprocess.run([oakum, "scan", "--candidate", "x", "rootfs:/nothing"], capture_output=True, text=True)
    assert done.returncode == 1 and "--advise" in done.stderr

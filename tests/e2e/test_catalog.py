"""What is found in an image: databases made here, real ones where the shared data lies beside the checkout, live ones when OAKUM_LIVE is set."""
import io
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import zipfile

import executables
import pytest
import reject_tools
import rpm_tools
from rpm_tools import rpm

SHARED = pathlib.Path(os.environ.get("OAKUM_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared")) / "data"


def write(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder


def scan(oakum, target, *more):
    done = subprocess.run([oakum, "scan", "--format", "json", *more, str(target)], capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def one(oakum, path, data):
    """What one file gives: packages, reasons."""
    done = subprocess.run([oakum, "debug", "catalog", path], input=data, capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode == 3) == any("incomplete" in row for row in rows)
    return [row for row in rows if "incomplete" not in row], [row["incomplete"] for row in rows if "incomplete" in row]


HELLO = rpm("hello", "2.10", "3.el9", epoch=1, sourcerpm="hello-src-2.10-3.el9.src.rpm", modularitylabel="tools:1:2:3")
BIG = rpm("big", vendor="v" * 20000)  # longer than a page
KEY = rpm("gpg-pubkey", "1964c5fc", "58e63918")
FORMS = [("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite), ("usr/share/rpm/rpmdb.sqlite", lambda *b: rpm_tools.rpm_sqlite(*b, page=512)),
         ("usr/lib/sysimage/rpm/Packages.db", rpm_tools.rpm_ndb), ("var/lib/rpm/Packages", rpm_tools.rpm_bdb),
         ("var/lib/rpm/Packages", lambda *b: rpm_tools.rpm_bdb(*b, order=">")), ("var/lib/rpm/Packages", lambda *b: rpm_tools.rpm_bdb(*b, size=512))]


def test_guess_of_what_is_declared(oakum, tmp_path):
    """A package that one file declares and others only hint at is one, whichever of them comes first; a hint of another version is not."""
    app = '{application,elixir,[{vsn,"1.14.0"}]}.'
    root = write(tmp_path, {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "opt/lib/elixir/ebin/elixir.app": app, "opt/a/elixir": "#!/bin/sh\nset -e\n\nELIXIR_VERSION=1.14.0\n",
                            "opt/z/elixir": "#!/bin/sh\nset -e\n\nELIXIR_VERSION=1.14.0\n", "opt/b/elixir": "#!/bin/sh\nset -e\n\nELIXIR_VERSION=1.15.1\n"})
    found = [p for p in scan(oakum, f"rootfs:{root}")["packages"] if p["name"] == "elixir"]
    assert [(p["version"], p.get("guessed", False), p["paths"]) for p in found] == [
        ("1.14.0", False, ["opt/lib/elixir/ebin/elixir.app", "opt/a/elixir", "opt/z/elixir"]), ("1.15.1", True, ["opt/b/elixir"])]


@pytest.mark.parametrize("path, make", FORMS, ids=["sqlite", "sqlite-512", "ndb", "bdb", "bdb-big-endian", "bdb-512"])
def test_rpm_in_all_its_forms(oakum, path, make):
    packages, wrong = one(oakum, path, make(HELLO, KEY, BIG, rpm("little")))
    assert wrong == [] and [p["name"] for p in packages] == ["hello", "big", "little"]
    hello = packages[0]
    assert (hello["version"], hello["arch"], hello["maintainer"], hello["license"], hello["module"]) == ("1:2.10-3.el9", "x86_64", "Example", "MIT", "tools:1:2:3")
    assert (hello["source"], hello["source_version"]) == ("hello-src", "1:2.10-3.el9")


def test_rpm_of_many_packages(oakum):
    """More than one page of the b-tree has room for, in each order of the keys."""
    names = [f"p{i:04}" for i in range(3000)]
    packages, wrong = one(oakum, "var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(*map(rpm, names), script="DELETE FROM Packages WHERE hnum % 7 = 0"))
    assert wrong == [] and [p["name"] for p in packages] == [n for i, n in enumerate(names, 1) if i % 7]


def test_header_of_the_other_byte_order(oakum):
    header = rpm_tools.rpm_header(order="<", name="old", version="1", release="2", epoch=3)
    packages, wrong = one(oakum, "var/lib/rpm/Packages", rpm_tools.rpm_bdb(header))
    assert [(p["name"], p["version"]) for p in packages] == [("old", "3:1-2")] and wrong == []


def test_rpm_scan_with_purls(oakum, tmp_path):
    result = scan(oakum, f"rootfs:{write(tmp_path, rpm_tools.rpm_root('var/lib/rpm/rpmdb.sqlite', rpm_tools.rpm_sqlite(HELLO)))}")
    assert [p["purl"] for p in result["packages"]] == [
        "pkg:rpm/azurelinux/hello@2.10-3.el9?arch=x86_64&distro=azurelinux-3.0&epoch=1&rpmmod=tools:1:2:3&upstream=hello-src-2.10-3.el9.src.rpm"]


def test_nothing_of_a_database_is_carried_out(oakum):
    """Triggers, views and a table that is none: SQLite is not asked, so nothing can run."""
    evil = ("CREATE TRIGGER t AFTER INSERT ON Packages BEGIN SELECT load_extension('/tmp/x'); END; CREATE VIEW v AS SELECT * FROM Packages;"
            "CREATE TABLE other(a); CREATE INDEX i ON Packages(blob);")
    packages, wrong = one(oakum, "var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(HELLO, script=evil))
    assert [p["name"] for p in packages] == ["hello"] and wrong == []
    view = reject_tools.sqlite("CREATE TABLE x(hnum INTEGER PRIMARY KEY, blob); CREATE VIEW Packages AS SELECT * FROM x; INSERT INTO x(blob) VALUES (x'00')")
    assert one(oakum, "var/lib/rpm/rpmdb.sqlite", view) == ([], ["damaged-package-database"])


GOOD, SMALL = rpm_tools.rpm_sqlite(rpm("a"), BIG), rpm_tools.rpm_sqlite(rpm("a"), page=512)
BAD = {
    "sqlite-cut": ("var/lib/rpm/rpmdb.sqlite", GOOD[:5000]),
    "sqlite-no-table": ("var/lib/rpm/rpmdb.sqlite", reject_tools.sqlite("CREATE TABLE Other(a)")),
    "sqlite-page-size": ("var/lib/rpm/rpmdb.sqlite", GOOD[:16] + b"\0\3" + GOOD[18:]),
    "sqlite-reserved": ("var/lib/rpm/rpmdb.sqlite", SMALL[:20] + b"\xff" + SMALL[21:]),
    "sqlite-cells": ("var/lib/rpm/rpmdb.sqlite", GOOD[:103] + b"\xff\xff" + GOOD[105:]),
    "sqlite-text-row": ("var/lib/rpm/rpmdb.sqlite", reject_tools.sqlite("CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob); INSERT INTO Packages(blob) VALUES (7)")),
    "sqlite-empty-header": ("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(b"x")),
    "header-entries": ("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(rpm_tools.rpm_header(entries=0x7fffffff, name="a", version="1"))),
    "header-length": ("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(rpm_tools.rpm_header(length=0x7fffffff, name="a", version="1"))),
    "header-offset": ("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(rpm_tools.rpm_header(raw=[(1000, 6, 0xfffffff0, 1)], version="1"))),
    "header-no-end": ("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(rpm_tools.rpm_header(name="a", version="1")[:-1])),
    "ndb-slots": ("var/lib/rpm/Packages.db", rpm_tools.rpm_ndb(rpm("a"))[:12] + b"\xff\xff\xff\x7f" + rpm_tools.rpm_ndb(rpm("a"))[16:]),
    "ndb-outside": ("var/lib/rpm/Packages.db", rpm_tools.rpm_ndb(rpm("a"), slots=[(9, 0xfffffff, 4)])),
    "ndb-shared": ("var/lib/rpm/Packages.db", rpm_tools.rpm_ndb(rpm("a"), slots=[(1, 256, 20)] * 200)),
    "ndb-other-index": ("var/lib/rpm/Packages.db", rpm_tools.rpm_ndb(rpm("a"), slots=[(7, 256, 4)])),
    "ndb-version": ("var/lib/rpm/Packages.db", rpm_tools.rpm_ndb(rpm("a"), version=1)),
    "bdb-loop": ("var/lib/rpm/Packages", rpm_tools.rpm_bdb(BIG, loop=True, length=60000)),
    "bdb-length": ("var/lib/rpm/Packages", rpm_tools.rpm_bdb(BIG, length=0xfffffff0)),
    "bdb-cut": ("var/lib/rpm/Packages", rpm_tools.rpm_bdb(BIG)[:9000]),
    "bdb-items": ("var/lib/rpm/Packages", rpm_tools.rpm_bdb(rpm("a"))[:4096 + 20] + b"\xff\xff" + rpm_tools.rpm_bdb(rpm("a"))[4096 + 22:]),
    "bdb-btree": ("var/lib/rpm/Packages", rpm_tools.rpm_bdb(rpm("a"))[:25] + b"\x09" + rpm_tools.rpm_bdb(rpm("a"))[26:]),
    "other-form": ("var/lib/rpm/Packages", b"no database at all, and that is what it says"),
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_databases_are_told(oakum, name):
    path, data = BAD[name]
    packages, wrong = one(oakum, path, data)
    assert wrong and set(wrong) <= {"damaged-package-database", "unread-package-database"}, (packages, wrong)


def test_a_damaged_header_does_not_hide_the_others(oakum):
    packages, wrong = one(oakum, "var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite(rpm("a"), b"damage" * 9, rpm("b")))
    assert [p["name"] for p in packages] == ["a", "b"] and wrong == ["damaged-package-database"]


if SHARED.exists():
    COLUMNS = "name epoch version release arch sourcerpm vendor license modularitylabel".split()

    @pytest.mark.parametrize("folder, file, path", [
        ("sqlite-cbl-mariner-2.0", "rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"), ("sqlite-rpm-tests", "rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite"),
        ("ndb-sle15-bci", "Packages.db", "usr/lib/sysimage/rpm/Packages.db"), ("bdb-libuuid", "Packages", "var/lib/rpm/Packages"),
        ("bdb-scalibr-epoch", "Packages_epoch", "var/lib/rpm/Packages")])
    def test_real_databases_row_for_row(oakum, folder, file, path):
        rows = [line.split("\t") for line in (SHARED / "rpmdb" / folder / "expected.tsv").read_text().splitlines()]
        columns = rows.pop(0) if rows[0][:2] == ["name", "epoch"] else COLUMNS
        want = [{key: None if value in ("(none)", "") else value for key, value in zip(columns, row)} for row in rows]
        want = sorted((w["name"], (w["epoch"] + ":" if w["epoch"] else "") + w["version"] + "-" + w["release"], *[str(w[key]) for key in COLUMNS[4:]])
                      for w in want if w["name"] != "gpg-pubkey")
        packages, wrong = one(oakum, path, (SHARED / "rpmdb" / folder / file).read_bytes())
        source = lambda p: f"{p['source']}-{p['source_version'].split(':')[-1]}.src.rpm" if "source" in p else "None"
        got = sorted((p["name"], p["version"], str(p.get("arch")), source(p), *[str(p.get(key)) for key in ("maintainer", "license", "module")]) for p in packages)
        assert got == want and wrong == []


def test_chisel(oakum):
    lines = [{"jsonwall": "1.0", "schema": "1.0", "count": 3}, {"kind": "package", "name": "libc6", "version": "2.39-0ubuntu8.3", "sha256": "x", "arch": "amd64"},
             {"kind": "content", "slice": "libc6_libs", "path": "/usr/lib/libc.so.6"}]
    packed = subprocess.run(["zstd", "-c"], input="".join(json.dumps(line) + "\n" for line in lines).encode(), capture_output=True, check=True).stdout
    packages, wrong = one(oakum, "var/lib/chisel/manifest.wall", packed)
    assert [(p["name"], p["version"], p["arch"], p["type"]) for p in packages] == [("libc6", "2.39-0ubuntu8.3", "amd64", "deb")] and wrong == []
    assert one(oakum, "var/lib/chisel/manifest.wall", packed[:-9]) == ([], ["damaged-package-database"])


def test_nix_store(oakum, tmp_path):
    """No database: the folders say it, each once; what has no version in its name is no package."""
    root = write(tmp_path, {f"nix/store/{'0' * 31}{i}-{name}/bin/x": "" for i, name in enumerate(
        ["bash-5.2p26", "openssl-3.0.13-bin", "hook.sh", "glibc-locales-2.39-5", "x-1.0.drv", "joe-unstable-2023-01-02", "mc-0-unstable-2024-03-04"])})
    write(tmp_path, {f"nix/store/{'0' * 32}-bash-5.2p26/share/y": "", "nix/store/short-bash-1/x": ""})
    found = scan(oakum, f"rootfs:{root}")["packages"]
    assert [(p["name"], p["version"], p["purl"]) for p in found] == [
        ("bash", "5.2p26", "pkg:nix/bash@5.2p26"), ("glibc-locales", "2.39-5", "pkg:nix/glibc-locales@2.39-5"),
        ("joe", "unstable-2023-01-02", "pkg:nix/joe@unstable-2023-01-02"), ("mc", "0-unstable-2024-03-04", "pkg:nix/mc@0-unstable-2024-03-04"), ("openssl", "3.0.13", "pkg:nix/openssl@3.0.13")]
    tar = subprocess.run(["tar", "-C", root, "-cf", "-", "."], capture_output=True, check=True).stdout
    (tmp_path / "all.tar").write_bytes(tar)
    assert [p["purl"] for p in scan(oakum, f"rootfs:{tmp_path}/all.tar")["packages"]] == [p["purl"] for p in found]


def test_a_file_of_an_os_package_names_it(oakum, tmp_path):
    metadata = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"
    place = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA"
    write(tmp_path, {"etc/os-release": "ID=debian\nVERSION_ID=12\n", place: metadata, place.replace("usr/lib", "opt"): metadata.replace("1.16.0", "1.17.0"),
                     "var/lib/dpkg/status": "Package: python3-six\nStatus: install ok installed\nArchitecture: all\nVersion: 1.16.0-4\n",
                     "var/lib/dpkg/info/python3-six.list": f"/.\n/usr\n/{place}\n"})
    found = {(p["type"], p["version"]): p.get("owner") for p in scan(oakum, f"rootfs:{tmp_path}")["packages"]}
    assert found == {("deb", "1.16.0-4"): None, ("pypi", "1.16.0"): "pkg:deb/debian/python3-six@1.16.0-4?arch=all&distro=debian-12", ("pypi", "1.17.0"): None}


def test_what_a_program_says_of_its_package_counts_where_no_database_does(oakum, tmp_path):
    def program(**said):
        text = json.dumps({"type": "deb", "os": "Debian", **said}).encode()
        text += bytes(-len(text) % 4)
        return executables.elf({".note.package": (4).to_bytes(4, "little") + len(text).to_bytes(4, "little") + b"\x7e\x1a\xfe\xcaFDO\0" + text}, kind=3)

    write(tmp_path, {"etc/os-release": "ID=debian\nVERSION_ID=13\n", "var/lib/dpkg/info/x.list": "/usr/bin/x\n",
                     "var/lib/dpkg/status": "Package: x\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2-1+b1\nSource: xs (2-1)\n"})
    for path, said in {"usr/bin/x": {"name": "other", "version": "9"}, "opt/x": {"name": "xs", "version": "2-1"}, "opt/y": {"name": "y", "version": "3-1", "architecture": "amd64"},
                       "opt/z": {"name": "y", "version": "3-1", "architecture": "amd64"}, "opt/f": {"type": "rpm", "os": "fedora", "name": "f", "version": "4-1"}}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(program(**said))
    result = scan(oakum, f"rootfs:{tmp_path}")
    assert [(p["purl"], p["paths"]) for p in result["packages"]] == [
        ("pkg:rpm/fedora/f@4-1", ["opt/f"]), ("pkg:deb/debian/x@2-1%2Bb1?arch=amd64&distro=debian-13&upstream=xs%402-1", ["var/lib/dpkg/status"]),
        ("pkg:deb/debian/y@3-1?arch=amd64&distro=debian-13", ["opt/y", "opt/z"])]


@pytest.mark.parametrize("release, found", [
    ('JAVA_VERSION="17.0.21"\n', [("openjdk", "17.0.21", ["jvm/release", "jvm/lib/server/libjvm.so"])]),
    ('IMPLEMENTOR="Azul Systems, Inc."\nJAVA_RUNTIME_VERSION="17.0.21+9-LTS"\n', [("zulu", "17.0.21+9-LTS", ["jvm/release", "jvm/lib/server/libjvm.so"])]),
    ('JAVA_VERSION="21.0.1"\n', [("openjdk", "17.0.21", ["jvm/lib/server/libjvm.so"]), ("openjdk", "21.0.1", ["jvm/release"])]),
    ("", [("openjdk", "17.0.21", ["jvm/lib/server/libjvm.so"])]),
])
def test_a_jvm_is_one_with_its_libraries(oakum, tmp_path, release, found):
    said = b"\0ct_vm_version.cpp\0\0OpenJDK 64-Bit Server VM (17.0.21+2) for linux-amd64 JR\0"
    library = tmp_path / "jvm/lib/server/libjvm.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(executables.elf({".rodata": bytes(8) + said}, kind=3))
    if release:
        (tmp_path / "jvm/release").write_text(release)
    assert sorted((p["name"], p["version"], p["paths"]) for p in scan(oakum, f"rootfs:{tmp_path}")["packages"]) == found


def layout(folder, *layers):
    """An OCI layout of these layers."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [reject_tools.digest(layer) for layer in layers]}}).encode()
    part = lambda kind, data: {"mediaType": f"application/vnd.oci.image.{kind}", "digest": reject_tools.digest(data), "size": len(data)}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": part("config.v1+json", config),
                "layers": [part("layer.v1.tar", layer) for layer in layers]}
    files = reject_tools.oci(layer=layers[0], config=config, manifest=manifest)
    return write(folder, {**files, **{reject_tools.blob(reject_tools.digest(layer)): layer for layer in layers}})


def test_file_that_a_layer_only_changes_keeps_its_owner(oakum, tmp_path):
    """chmod and chown put the file into their layer, without the list of who installed it; another version at its place is nobody's."""
    path = "usr/lib/python3/dist-packages/requests-2.28.1.dist-info/METADATA"
    metadata = b"Metadata-Version: 2.1\nName: requests\nVersion: 2.28.1\n"
    status = "Package: python3-requests\nStatus: install ok installed\nArchitecture: all\nVersion: 2.28.1+dfsg-1\n\n"
    base = reject_tools.debian(reject_tools.file("var/lib/dpkg/info/python3-requests.list", f"/.\n/{path}\n"), reject_tools.entry(path, metadata), status=status)
    for name, data, owned in (("mode", metadata, True), ("version", metadata.replace(b"2.28.1", b"2.31.0"), False)):
        image = layout(tmp_path / name, base, reject_tools.tar(reject_tools.entry(path, data, mode=0o600)))
        found = {p["name"]: p.get("owner") for p in scan(oakum, f"oci:{image}", "--no-cache")["packages"]}
        assert found.keys() == {"requests", "python3-requests"} and bool(found["requests"]) == owned


PYTHON = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA"
SIX = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"


def test_layers_are_read_once(oakum, tmp_path):
    """A second scan opens no layer, in an image of other layers too; what the readers found stands in a file that may break."""
    store = tmp_path / "store"
    base = reject_tools.debian(reject_tools.file(PYTHON, SIX))
    top = reject_tools.tar(reject_tools.entry("objects/1", SIX.replace("six", "attrs").encode()),
                           reject_tools.entry("opt/attrs-1.16.0.dist-info/METADATA", type="1", link="objects/1"))
    gone = reject_tools.tar(reject_tools.file("usr/lib/python3/dist-packages/.wh.six-1.16.0.dist-info", ""))
    one, two = layout(tmp_path / "one", base, top), layout(tmp_path / "two", base, top, gone)
    names = lambda result: [p["name"] for p in result["packages"]]
    first = scan(oakum, f"oci:{one}", "--store", store)
    assert names(first) == ["attrs", "bash", "six"]
    for layer in (base, top):
        (one / reject_tools.blob(reject_tools.digest(layer))).unlink()
        (two / reject_tools.blob(reject_tools.digest(layer))).unlink()
    assert scan(oakum, f"oci:{one}", "--store", store)["packages"] == first["packages"]
    assert names(scan(oakum, f"oci:{two}", "--store", store)) == ["attrs", "bash"]
    done = subprocess.run([oakum, "scan", "--no-cache", "--store", store, f"oci:{one}"], capture_output=True, text=True)
    assert done.returncode == 1 and "blobs" in done.stderr
    layout(tmp_path / "one", base, top)
    for damage in (b"", b"no database at all" * 100, (store / "layers.db").read_bytes()[:5000]):
        (store / "layers.db").write_bytes(damage)
        assert scan(oakum, f"oci:{one}", "--store", store)["packages"] == first["packages"]
    assert (store / "layers.db").stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("database, link, target", [
    ("data/dpkg/status", "var/lib/dpkg", "../../data/dpkg"), ("opt/status", "var/lib/dpkg/status", "/opt/status"),
    ("var/lib/dpkg/status", "usr/share/none", "/none")], ids=["folder", "file", "no link"])
def test_a_database_behind_a_link_tells_layers(oakum, tmp_path, database, link, target):
    """Who brought a package follows from all versions of the database, whatever leads to it."""
    paragraph = lambda name: f"Package: {name}\nStatus: install ok installed\nVersion: 1\n\n"
    layers = [reject_tools.tar(reject_tools.file("etc/os-release", "ID=debian\nVERSION_ID=12\n"), reject_tools.file(database, paragraph("bash")),
                               reject_tools.entry(link, type="2", link=target)),
              reject_tools.tar(reject_tools.file(database, paragraph("bash") + paragraph("curl")))]
    result = scan(oakum, f"oci:{layout(tmp_path / 'image', *layers)}", "--no-cache")
    assert [(p["name"], p["layer_index"]) for p in result["packages"]] == [("bash", 0), ("curl", 1)]


def test_what_other_readers_found_is_not_used(oakum, tmp_path):
    """Rows of another version of the readers, of a layer's digest alone, or of an older table do not count; the readers' own do."""
    store, base = tmp_path / "store", reject_tools.debian(reject_tools.file(PYTHON, SIX))
    image = layout(tmp_path / "one", base)
    first = scan(oakum, f"oci:{image}", "--store", store)["packages"]
    blob = image / reject_tools.blob(reject_tools.digest(base))
    blob.unlink()
    assert scan(oakum, f"oci:{image}", "--store", store)["packages"] == first
    with sqlite3.connect(store / "layers.db") as db:
        (readers,), = db.execute("SELECT readers FROM layer")
        db.execute("UPDATE layer SET readers = 'older'")
    done = subprocess.run([oakum, "scan", "--store", store, f"oci:{image}"], capture_output=True, text=True)
    assert done.returncode == 1 and "blobs" in done.stderr
    blob.write_bytes(base)
    assert scan(oakum, f"oci:{image}", "--store", store)["packages"] == first
    with sqlite3.connect(store / "layers.db") as db:
        assert {row[0] for row in db.execute("SELECT readers FROM layer")} == {"older", readers}
        db.execute("ALTER TABLE layer DROP COLUMN took")
    assert scan(oakum, f"oci:{image}", "--store", store)["packages"] == first
    with sqlite3.connect(store / "layers.db") as db:
        assert db.execute("SELECT count(*) FROM layer WHERE took > 0").fetchone() == (1,)


def test_a_known_image_is_not_put_together_again(oakum, tmp_path):
    """What is kept of an image as a whole is what a fresh look gives, for the very same question alone, while its layers are kept; else it is found again."""
    store = tmp_path / "store"
    base = reject_tools.debian(reject_tools.file(PYTHON, SIX), reject_tools.file("etc/keys/id", "-----BEGIN RSA PRIVATE KEY-----\n"))
    layers = [base, reject_tools.tar(reject_tools.file("usr/lib/python3/dist-packages/.wh.nothing", ""))]
    image = layout(tmp_path / "one", *layers)
    look = lambda target, *words: [scan(oakum, f"oci:{target}", *words)[part] for part in ("packages", "findings")]
    kept = lambda target, *words: look(target, "--store", store, *words)
    fresh = look(image, "--no-cache")
    assert kept(image) == fresh and kept(image) == fresh

    def images():
        with sqlite3.connect(store / "layers.db") as db:
            return dict(db.execute("SELECT name, whole FROM image"))

    def spoil(change):
        with sqlite3.connect(store / "layers.db") as db:
            db.execute("UPDATE image SET whole = ? WHERE name = ?", (change(whole), name))

    other = lambda data: data.replace(b"six", b"sex")
    (name, whole), = images().items()
    spoil(other)
    assert "sex" in json.dumps(kept(image))
    # another question, or another configuration or manifest of the same layers
    for words in (("--checks", "holes,secrets"), ("--license-deny", "MIT"), ("--license-allow", "MIT")):
        assert "sex" not in json.dumps(kept(image, *words))
    assert "sex" not in json.dumps(kept(layout(tmp_path / "name", *layers)))
    for part, key, more in (("config", "config", {"User": "nobody"}), ("manifest", "annotations", {"org.opencontainers.image.base.name": "debian"})):
        image.rename(tmp_path / "away")
        layout(image, *layers)
        index = json.loads((image / "index.json").read_text())
        read = lambda row: json.loads((image / reject_tools.blob(row["digest"])).read_text())
        manifest = read(index["manifests"][0])
        config = read(manifest["config"])
        (config if part == "config" else manifest)[key] = more
        for row, value in ((manifest["config"], config), (index["manifests"][0], manifest)):
            data = json.dumps(value).encode()
            row.update(digest=reject_tools.digest(data), size=len(data))
            write(image, {reject_tools.blob(row["digest"]): data})
        (image / "index.json").write_text(json.dumps(index))
        assert "sex" not in json.dumps(kept(image)), part
        shutil.rmtree(image)
        (tmp_path / "away").rename(image)
    assert "sex" in json.dumps(kept(image)) and len(images()) == 7
    # a damaged one is found again; one whose layers are gone does not count
    for change in (lambda w: b"", lambda w: w[:-1], lambda w: w + b"x", lambda w: b"x" + w[1:], lambda w: w[:14] + b"\xff" * 4 + w[18:]):
        spoil(change)
        assert kept(image) == fresh and images()[name] == whole
    spoil(other)
    with sqlite3.connect(store / "layers.db") as db:
        db.execute("DELETE FROM layer WHERE diff_id = ?", [reject_tools.digest(layers[1])])
    assert kept(image) == fresh and images()[name] == whole


def test_the_cache_of_layers_stays_below_its_bound(oakum, tmp_path):
    """What was not used for longest goes; rows that only say that they are large stand for large ones."""
    store = tmp_path / "store"
    images = [layout(tmp_path / str(i), reject_tools.debian(reject_tools.file(f"x{i}", ""))) for i in range(3)]
    for image in images[:2]:
        scan(oakum, f"oci:{image}", "--store", store)
    with sqlite3.connect(store / "layers.db") as db:
        rows = [row[0] for row in db.execute("SELECT diff_id FROM layer ORDER BY rowid")]
        db.execute("UPDATE layer SET bytes = 200 << 20, used = used - 1000 WHERE diff_id = ?", rows[:1])
        db.execute("UPDATE layer SET bytes = 100 << 20, used = used - 500 WHERE diff_id = ?", rows[1:])
    scan(oakum, f"oci:{images[2]}", "--store", store)
    with sqlite3.connect(store / "layers.db") as db:
        left = [row[0] for row in db.execute("SELECT diff_id FROM layer ORDER BY used")]
        assert db.execute("SELECT sum(bytes) FROM layer").fetchone()[0] <= 256 << 20
    assert len(left) == 2 and left[0] == rows[1] and rows[0] not in left


def test_the_snapshot_inside_the_program_is_made_once(oakum, tmp_path):
    """It is kept in the store, made anew when it is damaged or of another program, and by nobody with --no-cache."""
    store, image = tmp_path / "store", layout(tmp_path / "one", reject_tools.debian())
    kept = lambda: [p for p in store.glob("snapshot-*.db")] if store.exists() else []
    first = scan(oakum, f"oci:{image}", "--no-cache", "--store", store)
    assert kept() == []
    (store).mkdir(exist_ok=True)
    (store / "snapshot-1-2-3.db").write_text("of another program")
    for _ in range(2):
        assert scan(oakum, f"oci:{image}", "--store", store) == first
        (path,) = kept()
        inode = path.stat().st_ino
    assert scan(oakum, f"oci:{image}", "--store", store) == first and path.stat().st_ino == inode
    path.write_bytes(path.read_bytes()[:3000])
    assert scan(oakum, f"oci:{image}", "--store", store) == first and path.stat().st_size > 3000


def test_many_scans_at_once_share_what_they_know(oakum, tmp_path):
    images = [layout(tmp_path / str(i), reject_tools.debian(reject_tools.file(f"x{i}", "")), reject_tools.debian(reject_tools.file(PYTHON, SIX))) for i in range(4)]
    running = [subprocess.Popen([oakum, "scan", "--format", "json", "--store", tmp_path / "store", f"oci:{images[i % 4]}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(12)]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert [p["name"] for p in json.loads(out)["packages"]] == ["bash", "six"], err


def test_large_layers_that_are_not_compressed(oakum, tmp_path):
    """Their digest is computed beside: whatever is wrong with the bytes, and whenever the reader gives up, they are told as not those that were asked for."""
    filler = b"filler-%07d\n"
    big = b"".join(filler % i for i in range(700_000))
    archive = reject_tools.docker(layer=reject_tools.debian(reject_tools.file("big", big), reject_tools.file(PYTHON, SIX)))

    def told(data):
        (tmp_path / "a.tar").write_bytes(data)
        done = subprocess.run([oakum, "scan", "--no-cache", "--format", "json", f"docker-archive:{tmp_path}/a.tar"], capture_output=True, text=True)
        return done.returncode, [p["name"] for p in json.loads(done.stdout)["packages"]] if done.stdout else done.stderr

    assert told(archive) == (3, ["bash", "six"])  # no advisories
    for at in (0, 350_000, 699_999):
        status, said = told(archive.replace(filler % at, b"Filler-%07d\n" % at))
        assert status == 1 and "digest mismatch" in said, said
    header = archive.index(b"big\0")
    status, said = told(archive[: header + 148] + b"0000000\0" + archive[header + 156 :])  # the sum of its header: the reader stops there
    assert status == 1 and "digest mismatch" in said, said
    status, said = told(archive[: len(archive) // 2])
    assert status == 1 and "cut short" in said, said


def test_what_the_source_of_go_has_broken_for_its_tests(oakum):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    broken = out.getvalue()
    end = broken.rindex(b"PK\5\6")
    broken = broken[: end + 8] + b"\7\0\7\0" + broken[end + 12 :]  # entries, of which there is one
    for path, told in (("usr/local/go/src/archive/zip/testdata/test-badbase.zip", []), ("src/archive/zip/testdata/test-badbase.zip", []),
                       ("usr/local/go/src/archive/zip/test-badbase.zip", ["damaged"]), ("app/testdata/a.jar", ["damaged"]), ("srv/archive/zip/testdata/a.jar", ["damaged"])):
        assert one(oakum, path, broken) == ([], told), path


def test_archives_on_standard_input(oakum, tmp_path):
    archive = reject_tools.docker(layer=reject_tools.debian())
    (tmp_path / "a.tar").write_bytes(archive)
    with open(tmp_path / "a.tar", "rb") as file:
        done = subprocess.run([oakum, "scan", "--format", "json", "docker-archive:-"], stdin=file, capture_output=True)
    assert [p["name"] for p in json.loads(done.stdout)["packages"]] == ["bash"], done.stderr
    through = subprocess.run([oakum, "scan", "--format", "json", "docker-archive:-"], input=archive, capture_output=True)
    assert json.loads(through.stdout)["packages"] == json.loads(done.stdout)["packages"]
    packed = layout(tmp_path / "l", reject_tools.debian())
    tar = subprocess.run(["tar", "-C", packed, "-c", "."], capture_output=True, check=True).stdout
    oci = subprocess.run([oakum, "scan", "--format", "json", "oci-archive:-"], input=tar, capture_output=True)
    assert [p["name"] for p in json.loads(oci.stdout)["packages"]] == ["bash"], oci.stderr
    rootfs = subprocess.run([oakum, "scan", "--format", "json", "rootfs:-"], input=reject_tools.debian(), capture_output=True)
    assert [p["name"] for p in json.loads(rootfs.stdout)["packages"]] == ["bash"], rootfs.stderr


def test_several_images_in_one_call(oakum, tmp_path):
    good, odd = layout(tmp_path / "good", reject_tools.debian()), write(tmp_path / "odd", {"etc/os-release": "ID=plan9\n"})
    done = subprocess.run([oakum, "scan", f"oci:{good}", f"rootfs:{odd}", f"oci:{tmp_path}/none"], capture_output=True, text=True)
    summary = done.stdout.split("3 images\n")[1].splitlines()
    assert done.returncode == 1 and [line.split()[0] for line in summary] == ["pass", "unknown", "error"], done.stdout + done.stderr
    assert f"oci:{good}: 1 packages, 0 holes" in summary[0]
    done = subprocess.run([oakum, "scan", "--format", "json", "-o", tmp_path / "r.json", f"oci:{good}", f"rootfs:{odd}"], capture_output=True, text=True)
    assert done.returncode == 3 and done.stdout == "" and "2 images" in done.stderr
    assert len(json.loads((tmp_path / "r.1.json").read_text())["packages"]) == 1 and (tmp_path / "r.2.json").exists()


def test_a_reading_process_that_is_killed(oakum, tmp_path):
    """What it was reading is told as not judged; the scan itself goes on to its end."""
    fifo, data = tmp_path / "root.tar", reject_tools.debian()
    os.mkfifo(fifo)
    scanning = subprocess.Popen([oakum, "scan", "--format", "json", f"rootfs:{fifo}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(fifo, "wb", buffering=0) as out:
        out.write(data[:700])
        children = pathlib.Path(f"/proc/{scanning.pid}/task/{scanning.pid}/children")
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        out.write(data[700:])
    told, _ = scanning.communicate(timeout=60)
    assert scanning.returncode == 3 and "unscannable" in [row["id"] for row in json.loads(told)["incomplete"]]


@pytest.mark.parametrize("path, text, ecosystem", [
    ("etc/centos-release", "CentOS release 6.10 (Final)", "Red Hat:6"), ("etc/centos-release", "CentOS Linux release 7.9.2009 (Core)", "Red Hat:7"),
    ("etc/rocky-release", "Rocky Linux release 8.9 (Green Obsidian)", "Rocky Linux:8"), ("etc/oracle-release", "Oracle Linux Server release 6.10", "Oracle Linux:6"),
    ("etc/redhat-release", "Scientific Linux release 7.9 (Nitrogen)", "Red Hat:7"), ("etc/system-release", "Amazon Linux AMI release 2018.03", "Amazon Linux:1"),
    ("usr/lib/os-release", 'ID="sle-micro-rancher"\nVERSION_ID="5.4"', "SUSE Micro:5.4")])
def test_releases_by_their_files(oakum, tmp_path, path, text, ecosystem):
    write(tmp_path / "root", {path: f"{text}\n".encode()})
    done = subprocess.run([oakum, "scan", "--format", "json", f"rootfs:{tmp_path / 'root'}"], capture_output=True, text=True)
    assert json.loads(done.stdout)["distro"]["ecosystem"] == ecosystem


@pytest.mark.parametrize("noted, left", [("6.67", ["libwww-perl"]), ("6.70", ["LWP", "libwww-perl"]), (None, ["LWP"])])
def test_a_module_that_perl_noted_is_the_distribution_that_a_client_noted(oakum, tmp_path, noted, left):
    for path, text in {"perl/perllocal.pod": f"=head2 x: C<Module> L<LWP|LWP>\n\nC<VERSION: {noted or '6.67'}>\n",
                       "perl5/x/.meta/libwww-perl-6.67/install.json": json.dumps({"dist": "libwww-perl-6.67", "name": "LWP", "version": "6.67"})}.items():
        if noted or path.endswith(".pod"):
            place = tmp_path / "usr/local/lib" / path
            place.parent.mkdir(parents=True)
            place.write_text(text)
    assert [p["name"] for p in scan(oakum, f"rootfs:{tmp_path}")["packages"]] == left

"""What is said to be needless in a real Debian root is removed there by dpkg, as it says: nothing breaks."""
import json
import os
import subprocess
import tarfile

import image_case
import pytest
import rpm_tools


def needless(oakum, folder, root, config, extra=()):
    """The findings of OI2308 of an image with this root (a tar, or entries) and, above it, these entries."""
    case = image_case.Case("OI2308", "root")
    first = root if isinstance(root, list) else root.read_bytes()
    case.config, case.layers, case.history = config, [first, *([list(extra)] if extra else [])], [{}, *([{}] if extra else [])]
    image_case.write(case, folder / "image.tar")
    done = subprocess.run([oakum, "debug", "inspect", f"oci-archive:{folder}/image.tar"], capture_output=True, text=True, env={**os.environ, "OAKUM_STORE": str(folder / "store")})
    assert done.returncode == 0, done.stderr
    return [row for row in map(json.loads, done.stdout.splitlines()) if row["id"] == "OI2308"]


def run(root, *command):
    return subprocess.run(["chroot", str(root), *command], capture_output=True, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}, stdin=subprocess.DEVNULL)


CASES = {
    # nothing asks for python: it goes with all that only it needs; the program stays whole
    "a program of the distribution": ({"Entrypoint": ["/usr/bin/pgrep"]}, [], {"python3-minimal", "libpython3.11-stdlib", "libsqlite3-0"}, {"procps", "libproc2-0", "apt"}, ["/usr/bin/pgrep", "--version"]),
    # a script of one's own asks for python: procps goes
    "a script": ({"Cmd": ["/app"]}, [image_case.entry("f", ["0755", "0:0", "app #!/usr/bin/python3\\nimport json\\nprint(json.dumps([1]))\\n"])], {"procps"},
                 {"python3-minimal", "libpython3.11-minimal", "apt"}, ["/app"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_needless_can_go(oakum, bookworm, tmp_path, name):
    config, extra, gone, kept, start = CASES[name]
    rows = needless(oakum, tmp_path, bookworm, config, extra)
    named = {package for row in rows for package in row["match"].split()}
    assert gone <= named and not kept & named, rows
    root = tmp_path / "root"
    with tarfile.open(bookworm) as tar:
        tar.extractall(root, filter="fully_trusted") if hasattr(tarfile, "data_filter") else tar.extractall(root)
    for info, content in extra:
        (root / info.name).write_bytes(content)
        (root / info.name).chmod(info.mode)
    assert run(root, *start).returncode == 0
    before = run(root, "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\\n").stdout.count("ii ")
    for row in rows:
        command = row["fix"].split()
        assert command[:2] == ["dpkg", "--purge"] and "--force" not in row["fix"]
        done = run(root, *command)
        assert done.returncode == 0, done.stdout + done.stderr
    after = run(root, "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\\n").stdout.count("ii ")
    assert before - after == len(named)
    assert (checked := run(root, "apt-get", "check")).returncode == 0, checked.stderr
    assert run(root, "dpkg", "--audit").stdout == ""
    assert (started := run(root, *start)).returncode == 0, started.stderr


# ---- rpm -----------------------------------------------------------------------------------------

def files(*paths):
    """The tags of a package that owns them."""
    folders = sorted({path.rpartition("/")[0] + "/" for path in paths})
    return {"basenames": [p.rpartition("/")[2] for p in paths], "dirnames": folders, "dirindexes": [folders.index(p.rpartition("/")[0] + "/") for p in paths]}


BASE = [rpm_tools.rpm("glibc", size=9000000, requires=["glibc-common"], provides=["glibc", "libc.so.6()(64bit)"], **files("/lib64/libc.so.6")),
        rpm_tools.rpm("glibc-common", size=1000000, provides=["glibc-common"], **files("/usr/bin/locale"))]
START = {"Entrypoint": ["/usr/bin/app"]}


def app(*requires, **more):
    return rpm_tools.rpm("app", size=10000, requires=["libc.so.6()(64bit)", *requires], provides=["app"], **files("/usr/bin/app"), **more)


def left(name, *requires, provides=(), paths=()):
    return rpm_tools.rpm(name, size=2000000, provides=[name, *provides], **({"requires": list(requires)} if requires else {}), **(files(*paths) if paths else {}))


RPM = {  # packages beside glibc, then the groups that nothing needs
    "what is left over": ([app(), left("vim", "vim-common = 1"), left("vim-common", "libc.so.6()(64bit)")], ["vim", "vim-common"]),
    "a group": ([app(), left("vim", "vim-common"), left("vim-common", "libc.so.6()(64bit)")], ["vim vim-common"]),
    "a file that another has": ([app("/usr/sbin/ldconfig"), left("tools", paths=["/sbin/ldconfig"]), left("other", paths=["/sbin/other"])], ["other"]),
    "a file that is no program": ([app("/usr/share/words"), left("words", paths=["/usr/share/words"]), left("other", paths=["/usr/share/others"])], ["other"]),
    "a path that is provided": ([app("/bin/sh"), left("dash", provides=["/usr/bin/sh"]), left("other")], ["other"]),
    "an alternative": ([app("(one or two >= 2)"), left("one"), left("two"), left("other")], ["other"]),
    "a condition alone": ([app("((one and two) if (three or four))"), left("one"), left("two"), left("three"), left("four")], ["four", "three"]),
    "otherwise": ([app("(one if two else three)", "(four unless five)"), left("one"), left("two"), left("three"), left("four"), left("five")], ["five", "two"]),
    "names with parentheses": ([app("(perl(A::B) >= 1 with perl(A::B) < 2)"), left("perl-A", provides=["perl(A::B)"]), left("other")], ["other"]),
    "weak ones do not count": ([app(recommends=["one"], suggests=["two"]), left("one"), left("two")], ["one", "two"]),
    "rpm's own features": ([app("rpmlib(CompressedFileNames)", "config(app) = 1"), left("other")], ["other"]),
}


@pytest.mark.parametrize("form", ["sqlite", "ndb", "bdb"])
@pytest.mark.parametrize("name", RPM)
def test_rpm(oakum, tmp_path, name, form):
    packages, groups = RPM[name]
    database, path = {"sqlite": (rpm_tools.rpm_sqlite, "var/lib/rpm/rpmdb.sqlite"), "ndb": (rpm_tools.rpm_ndb, "usr/lib/sysimage/rpm/Packages.db"),
                      "bdb": (rpm_tools.rpm_bdb, "var/lib/rpm/Packages")}[form]
    entries = [image_case.entry("f", ["0755", "0:0", "usr/bin/app #!/bin/other\\nother words\\n"]), image_case.entry("f", ["0644", "0:0", path + " x"])]
    entries[1] = (entries[1][0], database(*BASE, *packages))
    entries[1][0].size = len(entries[1][1])
    rows = needless(oakum, tmp_path, entries, START)
    assert sorted(row["match"] for row in rows) == groups
    assert all(row["fix"] == "rpm -e " + row["match"] and row["file"] == path and row["severity"] == "low" for row in rows)


def test_rpm_and_a_program_of_ones_own(oakum, tmp_path):
    """What no package brought is looked into; what one brought is its package's business."""
    database = (image_case.entry("f", ["0644", "0:0", "var/lib/rpm/rpmdb.sqlite x"])[0], rpm_tools.rpm_sqlite(
        *BASE, left("curl", paths=["/usr/bin/curl"]), left("wget", paths=["/usr/bin/wget"]), rpm_tools.rpm("tool", size=1, provides=["tool"], **files("/usr/bin/tool"))))
    database[0].size = len(database[1])
    entries = [database, image_case.entry("f", ["0755", "0:0", "usr/bin/tool #!/bin/sh\\nwget x\\n"])]
    rows = needless(oakum, tmp_path, entries, {"Cmd": ["/app"]}, [image_case.entry("f", ["0755", "0:0", "app #!/bin/sh\\ncurl x\\n"])])
    assert sorted(row["match"] for row in rows) == ["tool", "wget"]

"""What is said to be needless in a real Debian root is removed there by dpkg, as it says: nothing breaks."""
import json
import os
import subprocess
import tarfile

import image_case
import pytest


def needless(oakum, folder, root, config, extra=()):
    """The findings of OI2308 of an image with this root and, above it, these entries."""
    case = image_case.Case("OI2308", "root")
    case.config, case.layers, case.history = config, [root.read_bytes(), *([list(extra)] if extra else [])], [{}, *([{}] if extra else [])]
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

"""Real systems made on the spot, with OAKUM_LIVE=1: roots of Debian against dpkg-query, roots of rpm against rpm."""
import json
import os
import subprocess

import pytest

if os.environ.get("OAKUM_LIVE"):  # they take a mirror and minutes
    def packages(oakum, root, type):
        done = subprocess.run([oakum, "scan", "--no-cache", "--format", "json", f"rootfs:{root}"], capture_output=True, text=True)
        return sorted((p["name"], p["version"], p.get("arch") or "", p["source"]["name"], p["source"]["version"]) for p in json.loads(done.stdout)["packages"] if p["type"] == type)

    @pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie"])
    def test_debian_against_dpkg_query(oakum, tmp_path, suite):
        tar = tmp_path / "root.tar"
        subprocess.run(["mmdebstrap", "-q", "--variant=essential", suite, tar], check=True, stdin=subprocess.DEVNULL)
        root = tmp_path / "root"
        root.mkdir()
        subprocess.run(["tar", "-C", root, "-xf", tar, "./var/lib/dpkg"], check=True)
        show = "${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t${source:Version}\\n"
        listed = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", show], capture_output=True, text=True, check=True).stdout
        want = sorted(tuple(line.split("\t")) for line in listed.splitlines())
        assert len(want) > 50 and packages(oakum, tar, "deb") == want

    def test_rpm_against_rpm(oakum, tmp_path):
        """Packages built and installed here, into rpm's SQLite form."""
        for name, epoch in (("one", ""), ("two", "Epoch: 3\n")):
            spec = tmp_path / f"{name}.spec"
            spec.write_text(f"Name: {name}\nVersion: 1.2\nRelease: 4\n{epoch}Summary: x\nLicense: MIT\nVendor: Example\nBuildArch: noarch\n%description\nx\n%files\n")
            subprocess.run(["rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/build", spec], check=True, capture_output=True)
        root = tmp_path / "root"
        rpms = sorted((tmp_path / "build/RPMS/noarch").iterdir())
        subprocess.run(["rpm", "--root", root, "--define", "_db_backend sqlite", "--define", "_dbpath /var/lib/rpm", "-i", "--justdb", "--nodeps", "--noscripts", *rpms], check=True)
        assert packages(oakum, root, "rpm") == [("one", "1.2-4", "noarch", "one", "1.2-4"), ("two", "3:1.2-4", "noarch", "two", "3:1.2-4")]

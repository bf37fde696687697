"""Real systems made on the spot, with OAKUM_LIVE=1: roots of Debian against dpkg-query, roots of rpm against rpm."""
import json
import os
import re
import subprocess
from urllib.parse import unquote

import pytest

if os.environ.get("OAKUM_LIVE"):  # they take a mirror and minutes
    # one or more of each kind that Debian has, and little besides: with what they need some 250 packages
    ALL_KINDS = ("python3-requests python3-yaml python3-jinja2 python3-flask python3-sqlalchemy ruby-rack rake node-semver node-lodash libwww-perl libjson-perl libdbi-perl php-cli "
                 "php-symfony-console libcommons-io-java libjackson2-databind-java liblog4j2-java libspring-core-java r-cran-digest lua-json erlang-base fzf ripgrep "
                 "linux-image-cloud-amd64 tiny-initramfs nginx-light redis-server curl openssl busybox mono-runtime").split()

    def make_root(variant, suite, tar, include=()):
        """From the suite alone: the pool of security updates of a release that is no longer supported has gaps. What nobody reads is not unpacked."""
        left_out = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "locale", "info", "fonts", "icons")]
        more = [f"--include={','.join(include)}"] if include else []
        done = subprocess.run(["mmdebstrap", "-q", f"--variant={variant}", "--dpkgopt=force-unsafe-io", *left_out, *more, suite, tar, f"deb http://deb.debian.org/debian {suite} main"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr[-3000:]

    def scanned(oakum, root):
        done = subprocess.run([oakum, "scan", "--no-cache", "--format", "json", f"rootfs:{root}"], capture_output=True, text=True)
        return json.loads(done.stdout)["packages"]

    def rows(found, type):
        return sorted((p["name"], p["version"], p.get("arch") or "", p["source"]["name"], p["source"]["version"]) for p in found if p["type"] == type)

    def packages(oakum, root, type):
        return rows(scanned(oakum, root), type)

    def merged(path):
        """Where a file lies since /bin, /lib and /sbin are links into /usr."""
        return re.sub(r"^/?(bin|sbin|lib|lib64)/", r"usr/\1/", path).lstrip("/")

    @pytest.mark.parametrize("kind", ["essential", "all-kinds"])
    @pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie"])
    def test_debian_against_dpkg_query(oakum, tmp_path, suite, kind):
        tar = tmp_path / "root.tar"
        make_root("essential", suite, tar, () if kind == "essential" else ALL_KINDS)
        root = tmp_path / "root"
        root.mkdir()
        subprocess.run(["tar", "-C", root, "-xf", tar, "./var/lib/dpkg"], check=True)
        show = "${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t${source:Version}\\n"
        listed = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", show], capture_output=True, text=True, check=True).stdout
        want = sorted(tuple(line.split("\t")) for line in listed.splitlines())
        found = scanned(oakum, tar)
        assert len(want) > 50 and rows(found, "deb") == want
        # what a deb brought of a language is that deb's: by dpkg's own lists of files
        owners = {}
        for lists in (root / "var/lib/dpkg/info").glob("*.list"):
            for line in lists.read_text().splitlines():
                owners.setdefault(merged(line), set()).add(lists.stem.split(":")[0])
        others = [p for p in found if p["type"] != "deb"]
        owned = {(p["type"], p["name"], p["paths"][0]): (p["owner"] or "").split("/")[-1].split("@")[0] for p in others}
        wrong = {key: (name, owners.get(merged(key[2].split("!")[0]))) for key, name in owned.items() if unquote(name) not in owners.get(merged(key[2].split("!")[0]), {""})}
        counts = {}
        for p in others:
            counts[p["type"]] = counts.get(p["type"], 0) + 1
        if os.environ.get("OAKUM_REGISTRIES_TABLE"):
            with open(os.environ["OAKUM_REGISTRIES_TABLE"], "a") as table:
                table.write(f"debian {suite} {kind}\tdpkg-query {len(want)}\tothers {counts}\twithout an owner {sum(not n for n in owned.values())}\twrong {wrong}\n")
        assert not wrong
        assert kind == "essential" or {"pypi", "npm", "gem", "maven", "golang", "cran"} <= counts.keys()

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

    def test_compare_of_two_releases(oakum, tmp_path):
        """What oakum compare says of bullseye and bookworm is what a reading of dpkg-query's lists says; holes by the two scans' own lists."""
        lists, results = {}, {}
        for suite in ("bullseye", "bookworm"):
            tar, root = tmp_path / f"{suite}.tar", tmp_path / suite
            make_root("minbase", suite, tar)
            root.mkdir()
            subprocess.run(["tar", "-C", root, "-xf", tar, "./var/lib/dpkg"], check=True)
            listed = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Architecture} ${Version}\n"], capture_output=True, text=True, check=True).stdout
            lists[suite] = {tuple(line.split()[:2]): line.split()[2] for line in listed.splitlines()}
            results[suite] = json.loads(subprocess.run([oakum, "scan", "--no-cache", "--format", "json", f"rootfs:{tar}"], capture_output=True, text=True).stdout)
        done = subprocess.run([oakum, "compare", "--no-cache", "--format", "json", f"rootfs:{tmp_path}/bullseye.tar", f"rootfs:{tmp_path}/bookworm.tar"], capture_output=True, text=True)
        told, (old, new) = json.loads(done.stdout), (lists["bullseye"], lists["bookworm"])

        def debs(rows):
            return {(p["name"], p["arch"]) for p in rows if p["type"] == "deb"}

        assert len(old) > 80 and len(new) > 80
        assert debs(told["packages"]["added"]) == new.keys() - old.keys() and debs(told["packages"]["removed"]) == old.keys() - new.keys()
        changed = {(p["name"], p["arch"]): (p["from"], p["to"]) for p in told["packages"]["changed"] if p["type"] == "deb"}
        assert changed == {key: (old[key], new[key]) for key in old.keys() & new.keys() if old[key] != new[key]}
        holes = {suite: {(f["id"], f["package"]["name"]) for f in result["findings"]} for suite, result in results.items()}
        assert {(f["id"], f["package"]["name"]) for f in told["findings"]["added"]} == holes["bookworm"] - holes["bullseye"]
        assert {(f["id"], f["package"]["name"]) for f in told["findings"]["removed"]} == holes["bullseye"] - holes["bookworm"]
        sizes = [result["image"]["size"] for result in results.values()]
        assert told["size"] == {"from": sizes[0], "to": sizes[1], "difference": sizes[1] - sizes[0]}

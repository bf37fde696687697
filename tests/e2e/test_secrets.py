"""Secrets planted wherever an image can hold them: each is found, and stands in nothing that is written of it."""
import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import pathlib
import random
import re
import shutil
import string
import struct
import subprocess
import tarfile
import zipfile
import zlib

import pytest

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
FORMATS = ("json", "table", "sarif", "cyclonedx", "spdx", "spdx-tv", "openvex", "cyclonedx-vex", "gitlab", "gitlab-dependency", "gitlab-codequality", "junit", "markdown",
           "csv", "github", "trivy", "html")
ALNUM = string.ascii_letters + string.digits


def base62(number):
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    return "".join(digits[number // 62**i % 62] for i in range(5, -1, -1))


def token(seed, prefix="ghp_"):
    """One of GitHub's, with the digits that check it: made here, so that none stands in this file."""
    body = "".join(random.Random(seed).choices(ALNUM, k=30))
    return prefix + body + base62(zlib.crc32(body.encode()))


def tar_of(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_of(entries, kind=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def streamed_zip(name, content):
    """As a program writes one that cannot go back: sizes behind the content."""
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr("second.txt", b"nothing")
    return pipe.data


def zstd_of(content):
    """One frame of one block that is not compressed (RFC 8878)."""
    size = len(content)
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", size) + (size << 3 | 1).to_bytes(3, "little") + content


def zip_member(name, data, method, flags=0):
    """A local header and what is behind it, as no module of Python writes it."""
    return struct.pack("<4s5H3I2H", b"PK\3\4", 20, flags, method, 0, 0, 0, len(data), len(data), len(name), 0) + name.encode() + data


def deb_of(entries):
    """A package of Debian: ar, and in it xz and tar."""
    data = lzma.compress(tar_of(entries))
    parts = [("debian-binary", b"2.0\n"), ("control.tar.gz", gzip.compress(tar_of([("./control", b"Package: a\n")]))), ("data.tar.xz", data)]
    return b"!<arch>\n" + b"".join(b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), 0, 0, 0, b"100644", len(part)) + part + b"\n" * (len(part) % 2) for name, part in parts)


def cpio_of(entries, odc=False):
    out = b""
    for name, content in [*entries, ("TRAILER!!!", b"")]:
        mode = 0o100644 if content else 0
        if odc:
            out += b"070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o" % (0, 0, mode, 0, 0, 1, 0, 0, len(name) + 1, len(content)) + name.encode() + b"\0" + content
            continue
        out += b"070701" + b"".join(b"%08x" % field for field in (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return out


def rpm_of(script, entries):
    """Lead, signature, header with a script, and a payload."""
    def part(data):
        return b"\x8e\xad\xe8\1\0\0\0\0" + struct.pack(">II", 1, len(data)) + bytes(16) + data

    signature = part(b"12345")
    return b"\xed\xab\xee\xdb\3\0" + bytes(90) + signature + bytes(-len(signature) % 8) + part(b"name\0" + script + b"\0") + zstd_of(cpio_of(entries))


def git_files(work, secret, packed):
    """The files below .git of a repository whose only trace of the secret is an older commit."""
    repo = work / ("packed" if packed else "loose")
    repo.mkdir()
    env = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b", "HOME": str(work)}

    def git(*words):
        subprocess.run(["git", "-c", "init.defaultBranch=main", *words], cwd=repo, env=env, check=True, capture_output=True)

    git("init")
    (repo / "config.env").write_text(f"TOKEN={secret}\n" + "filler\n" * 40)
    git("add", ".")
    git("commit", "-m", "one")
    (repo / "config.env").write_text("TOKEN=\n")
    for number in range(30):
        (repo / f"file-{number}").write_text(f"{number}\n" * number)
    git("add", ".")
    git("commit", "-am", "two")
    if packed:
        git("gc", "--aggressive", "--prune=now")
    return [(f"app-{repo.name}/{p.relative_to(repo)}", p.read_bytes()) for p in sorted((repo / ".git").rglob("*")) if p.is_file()]


def docker_archive(path, layers, config):
    names = []
    digests = []
    with tarfile.open(path, "w") as out:
        def put(name, content):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))

        for layer in layers:
            digest = hashlib.sha256(layer).hexdigest()
            names.append(f"{digest}/layer.tar")
            digests.append("sha256:" + digest)
            put(names[-1], layer)
        document = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": digests}, **config}).encode()
        put("config.json", document)
        put("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["app:v1"], "Layers": names}]).encode())


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Every place with its own secret, and what the scan says of all."""
    work = tmp_path_factory.mktemp("planted")
    secrets = {}

    def plant(place, prefix="ghp_"):
        secrets[place] = token(place, prefix)
        return secrets[place]

    lower = [("app/plain.txt", f"a\nb\nx {plant('plain')} y\n".encode()), ("app/old.env", f"T={plant('deleted')}\n".encode()),
             ("app/replaced.env", f"T={plant('replaced')}\n".encode()), ("app/gone/deep.env", f"T={plant('folder')}\n".encode())]
    wide = ("T=" + plant("utf-16") + "\r\n").encode("utf-16")
    far = b"x" * 262_130 + b" " + plant("border").encode() + b" " + b"y" * 300_000
    inner = zip_of([("conf/a.properties", f"t={plant('zip in tar.gz')}".encode())])
    encoded = base64.b64encode(f"user:{plant('base64')} and more".encode()).decode()
    wrapped = base64.encodebytes(b"[default]\n" + b"# nothing here\n" * 9 + f"token={plant('base64 in lines')}\n".encode()).decode()
    upper = [("app/.wh.old.env", b""), ("app/replaced.env", b"T=\n"), ("app/.wh.gone", b""), ("app/wide.reg", wide), ("app/far.bin", far),
             ("app/elf", b"\x7fELF\0\0" + bytes(300) + b"\0" + plant("binary").encode() + b"\0" + bytes(99)),
             ("app/secret.yaml", f"kind: Secret\ndata:\n  login: {encoded}\n".encode()), ("app/wrapped.txt", wrapped.encode()),
             ("app/lib.jar", zip_of([("META-INF/MANIFEST.MF", b"Version: 1\n"), *((f"a/B{i}.class", b"\xca\xfe\xba\xbe" * i) for i in range(20)), ("app.properties", f"t={plant('jar')}\n".encode())])),
             ("app/stored.zip", zip_of([("a.txt", f"t={plant('stored zip')}\n".encode())], zipfile.ZIP_STORED)),
             ("app/streamed.zip", streamed_zip("a.txt", f"t={plant('streamed zip')}\n".encode())),
             ("app/log.gz", gzip.compress(b"first\n") + gzip.compress(f"t={plant('gzip, second member')}\n".encode())),
             ("app/back.tar", tar_of([("x" * 150 + "/y", b"1"), ("etc/app.conf", f"t={plant('tar')}\n".encode())])),
             ("app/back.tar.xz", lzma.compress(tar_of([("a.env", f"t={plant('tar.xz')}".encode())])) + lzma.compress(b"")),
             ("app/back.tbz2", bz2.compress(b"") + bz2.compress(tar_of([("a.env", f"t={plant('tar.bz2')}".encode())]))),
             ("app/back.tar.zst", zstd_of(tar_of([("a", b"1")])[:1024]) + zstd_of(tar_of([("a.env", f"t={plant('tar.zst')}".encode())]))),
             ("app/log.txt.xz", lzma.compress(f"t={plant('xz')}".encode(), preset=0)),
             ("app/methods.zip", zip_member("a", bz2.compress(f"t={plant('zip, bzip2')}".encode()), 12) +
              zip_member("b", zstd_of(f"t={plant('zip, zstd')}".encode()), 93) + zip_member("c", lzma.compress(f"t={plant('zip, xz')}".encode()), 95) + b"PK\1\2"),
             ("app/back.tar.gz", gzip.compress(tar_of([("a", b"1"), ("in.zip", inner)]))),
             ("app/p.deb", deb_of([("./opt/a.env", f"t={plant('deb')}\n".encode())])),
             ("app/p.tgz", gzip.compress(tar_of([("p.deb", deb_of([("./opt/a.env", f"t={plant('deb in tar.gz')}\n".encode())]))]))),
             ("app/p.rpm", rpm_of(f"echo {plant('rpm, script')}".encode(), [("./opt/a.env", f"t={plant('rpm')}\n".encode())])),
             ("app/init.cpio", cpio_of([("early", b"1"), ("a.env", f"t={plant('cpio')}".encode())]) + bytes(700) +
              gzip.compress(cpio_of([("b.env", f"t={plant('cpio behind cpio')}".encode())], True))),
             ("app/twice.txt", b"x: " + base64.b64encode(base64.b64encode(f"the key {plant('base64 in base64')} of it".encode()))),
             ("app/ps.txt", b"powershell -enc " + base64.b64encode(f"$t='{plant('base64 of UTF-16')}'".encode("utf-16-le"))),
             ("app/rows.db", b"SQLite format 3\0" + bytes(200) + b"\3\x15token" + plant("sqlite").encode() + b"2026-01-01")]
    upper += git_files(work, plant("git, loose"), False) + git_files(work, plant("git, packed"), True)
    twice = base64.b64encode(base64.b64encode(f"t={plant('environment, encoded twice')}".encode())).decode()
    config = {"config": {"Env": ["PATH=/bin", "T=" + plant("environment"), "X=" + twice], "Labels": {"note": plant("label")}, "Cmd": ["run", "--token=" + plant("command")]},
              "history": [{"created_by": f"/bin/sh -c curl -H 'x: {plant('history')}' https://host"}, {"created_by": "COPY . ."}]}
    docker_archive(work / "image.tar", [tar_of(lower), tar_of(upper)], config)
    reports = work / "reports"
    reports.mkdir()
    command = [os.environ["OAKUM"], "-v", "scan"]
    for name in FORMATS:
        command += ["--format", name, "-o", str(reports / name)]
    env = {**os.environ, "GITHUB_SHA": "a" * 40, "GITHUB_REF": "refs/heads/main", "XDG_CACHE_HOME": str(work / "cache"), "HOME": str(work / "home")}
    env.pop("OAKUM_STORE", None)
    if subprocess.run([command[0], "-v", "scan", "--help"], capture_output=True).returncode != 0:
        command.remove("-v")
    done = subprocess.run([*command, f"docker-archive:{work / 'image.tar'}"], capture_output=True, env=env, timeout=300)
    (reports / "log").write_bytes(done.stdout + done.stderr)
    assert done.returncode != 1, done.stderr
    yield secrets, json.loads((reports / "json").read_text()), work
    shutil.rmtree(work)


def test_all_are_found(planted):
    secrets, result, _ = planted
    found = {(s["file"] or "", s["why"].split(" in ", 1)[1]): s for s in result["secrets"] if s["id"] == "github-pat"}
    by_file = {}
    for (file, why), one in found.items():
        by_file.setdefault(file, []).append(one)
    files = ["app/plain.txt", "app/old.env", "app/replaced.env", "app/gone/deep.env", "app/wide.reg", "app/far.bin", "app/elf", "app/secret.yaml", "app/wrapped.txt",
             "app/lib.jar", "app/stored.zip", "app/streamed.zip", "app/log.gz", "app/back.tar", "app/back.tar.gz", "app/back.tar.xz", "app/back.tbz2", "app/back.tar.zst",
             "app/log.txt.xz", "app/methods.zip", "app/p.deb", "app/p.tgz", "app/p.rpm", "app/init.cpio", "app/twice.txt", "app/ps.txt", "app/rows.db"]
    assert [f for f in files if f not in by_file] == []
    assert any(f.startswith("app-loose/.git/objects/") for f in by_file)
    assert any(f.startswith("app-packed/.git/objects/pack/") for f in by_file)
    settings = [one["why"] for one in by_file[""]]
    for place in ("the environment", "the labels", "the command", "the history"):
        assert any(place in why for why in settings), place
    assert len(by_file["app/methods.zip"]) == 3 and len(by_file["app/p.rpm"]) == 2 and len(by_file["app/init.cpio"]) == 2
    assert len(secrets) == len(files) + 2 + 2 + 4 + 2 + 1
    assert {f: by_file[f][0]["gone"] for f in ("app/plain.txt", "app/old.env", "app/replaced.env", "app/gone/deep.env", "app/elf")} == \
        {"app/plain.txt": False, "app/old.env": True, "app/replaced.env": True, "app/gone/deep.env": True, "app/elf": False}
    assert by_file["app/plain.txt"][0]["line"] == 3 and by_file["app/plain.txt"][0]["layer_index"] == 0
    assert "encoded in base64" in by_file["app/secret.yaml"][0]["why"]
    assert "conf/a.properties" in by_file["app/back.tar.gz"][0]["why"]
    assert {one["match"].split(" #")[0] for ones in by_file.values() for one in ones} == {"ghp_" + "*" * 36}


def test_none_stands_anywhere(planted):
    """In reports, on standard error, in the cache of layers: no secret, nor what it is encoded as."""
    secrets, _, work = planted
    written = [p for p in [*(work / "reports").rglob("*"), *(work / "cache").rglob("*"), *(work / "home").rglob("*")] if p.is_file()]
    assert len(written) > len(FORMATS)
    needles = {}
    for place, secret in secrets.items():
        for text in (secret, secret[4:20], secret[20:]):
            needles[text.encode()] = place
            for behind in range(3):
                needles[base64.b64encode(b" " * behind + text.encode())[4:16]] = place
    once = base64.b64encode(f"t={secrets['environment, encoded twice']}".encode())
    needles[base64.b64encode(once)[8:40]] = needles[base64.b64encode(once)[-40:-8]] = "environment, encoded twice"
    shown = []
    for path in written:
        data = path.read_bytes()
        shown += [(str(path), place) for needle, place in needles.items() if needle in data]
    assert sorted(set(shown)) == []


def scan_files(tmp_path, files, *more):
    """The result of a folder, and the exit status."""
    for name, data in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--checks", "secrets", "--format", "json", *map(str, more), f"rootfs:{tmp_path}/root"],
                          capture_output=True, text=True, timeout=120)
    return (json.loads(done.stdout) if done.stdout else None), done


def test_sealed_members_are_told_and_the_rest_is_read(tmp_path):
    secret = token("beside")
    sealed = zip_member("s/key", os.urandom(50), 8, 1) + zip_member("s/late", os.urandom(50), 8, 9)[:18] + bytes(8) + b"\6\0\0\0s/late" + bytes(50)
    result, done = scan_files(tmp_path, {"a.zip": sealed + zip_member("open", f"t={secret}".encode(), 0) + b"PK\1\2", "b.zip": zip_member("x", b"1234", 0) + b"PK\1\2"})
    assert done.returncode == 0, done.stderr
    assert [(s["id"], s["file"], s["severity"], s["match"]) for s in sorted(result["secrets"], key=lambda s: s["id"])] == [
        ("github-pat", "a.zip", "critical", "ghp_" + "*" * 36), ("sealed-archive", "a.zip", "low", "PK****")]
    assert "2 of its members are sealed, the first is s/key" in done.stdout


def test_a_method_that_is_not_read_is_incomplete(tmp_path):
    result, done = scan_files(tmp_path, {"a.zip": zip_member("x", b"1234", 9) + zip_member("y", f"t={token('y')}".encode(), 0)})
    assert done.returncode == 3 and [s["id"] for s in result["secrets"]] == ["github-pat"]
    assert "compressed in a way that is not read" in done.stdout


def test_what_is_not_unpacked_is_told(tmp_path):
    """A form that nobody here reads, and archives deeper than is looked."""
    inner = f"t={token('deep')}".encode()
    for _ in range(8):
        inner = gzip.compress(inner)
    result, done = scan_files(tmp_path, {"a.gz": inner})
    assert done.returncode == 0 and [s["id"] for s in result["secrets"]] == ["github-pat"]
    _, done = scan_files(tmp_path, {"a.gz": gzip.compress(inner)})
    assert done.returncode == 3 and "a.gz: not looked through for secrets to its end: archives lie in each other deeper than is looked" in done.stdout
    _, done = scan_files(tmp_path, {"a.gz": b"1", "b.7z": b"7z\xbc\xaf\x27\x1c" + bytes(90)})
    assert done.returncode == 3 and "an archive of a form that is not read (7z, rar)" in done.stdout


def test_packages_that_lie_in_an_image(tmp_path):
    """Judged by where their files would be."""
    files = [("./usr/share/doc/a/x.env", f"t={token('doc')}".encode()), ("./usr/lib/python3/tests/x.env", f"t={token('tests')}".encode()),
             ("./etc/app.conf", f"t={token('etc')}".encode())]
    result, _ = scan_files(tmp_path, {"var/cache/apt/archives/a.deb": deb_of(files)})
    assert sorted(str(s["suppressed"]) for s in result["secrets"]) == ["None", "documentation that a package brings", "what an installed library tests itself with"]


def test_what_is_argued_and_what_lies_beside_it(tmp_path):
    """Keys that every copy of a browser has, ssl-cert's, and what libraries explain: told, and not counted. In other files they count."""
    key = "AIza" + "".join(random.Random("browser").choices(ALNUM, k=35))
    begin, end = ("-----" + word + " PRIVATE KEY-----" for word in ("BEGIN", "END"))
    pem = f"{begin}\n" + "\n".join(base64.b64encode(random.Random(i).randbytes(48)).decode() for i in range(12)) + f"\n{end}\n"
    argued = {"usr/lib/chromium/chromium": b"\x7fELF\0" + key.encode() + b"\0", "root/.cache/ms-playwright/chromium-1/chrome-linux/chrome": b"\0" + key.encode() + b"\0",
              "app/node_modules/electron/dist/electron": b"\0" + key.encode() + b"\0", "etc/ssl/private/ssl-cert-snakeoil.key": pem,
              "app/node_modules/x/README.md": f"token {token('readme')}\n", "usr/lib/python3/dist-packages/x/CHANGELOG": f"token {token('changes')}\n"}
    counted = {"app/chromium.env": f"key={key}\n", "etc/ssl/private/server.key": pem, "app/README.md": f"token {token('own')}\n", "app/node_modules/x/index.js": f"t = '{token('code')}'\n"}
    result, _ = scan_files(tmp_path, {**argued, **counted})
    assert {s["file"] for s in result["secrets"] if s["suppressed"]} == set(argued)
    assert {s["file"] for s in result["secrets"] if not s["suppressed"]} == set(counted)


def test_digits_that_do_not_fit(tmp_path):
    right = token("wrong")
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    result, done = scan_files(tmp_path, {"a.txt": f"x {wrong} y"}, "--fail-on", "low")
    assert done.returncode == 0 and [s["suppressed"] for s in result["secrets"]] == ["its checksum digits do not fit: nobody was given it"]


def test_a_bomb_is_told(tmp_path):
    _, done = scan_files(tmp_path, {"a.bz2": bz2.compress(bytes(80 << 20))})
    assert done.returncode == 3 and "taken for a bomb" in done.stdout


def test_what_looks_back_too_far_is_told(tmp_path):
    inner = lzma.compress(f"t={token('far')}".encode(), filters=[{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 64 << 20}])
    result, done = scan_files(tmp_path, {"a.xz": inner})
    assert done.returncode == 0 and len(result["secrets"]) == 1
    _, done = scan_files(tmp_path, {"a.xz": lzma.compress(inner)})
    assert done.returncode == 3 and "takes more memory than it may" in done.stdout


def test_more_than_are_told_is_told_and_the_worst_are_kept(tmp_path):
    many = "".join(f'p{i} = "{random.Random(i).choice("xyz")}{random.Random(i).getrandbits(80):020x}Qz"\n'.replace("p", "password_", 1) for i in range(260))
    result, done = scan_files(tmp_path, {"app/a.conf": many + f"t={token('last')}\n"})
    assert done.returncode == 3 and len(result["secrets"]) == 200
    assert [s["id"] for s in result["secrets"] if s["severity"] == "critical"] == ["github-pat"]
    assert "61 secrets more than the 200 of it that are told" in done.stdout


def test_a_gate_for_secrets(tmp_path):
    """Holes and secrets stop by the same option; what is accepted does not."""
    files = {"app/a.env": f"t={token('gate')}\n"}
    assert scan_files(tmp_path, files)[1].returncode == 0
    for word, status in (("critical", 2), ("low", 2), ("fixable", 2), ("none", 0)):
        result, done = scan_files(tmp_path, files, "--fail-on", word)
        assert done.returncode == status, word
    rules = {r["name"]: r["verdict"] for r in scan_files(tmp_path, files, "--fail-on", "fixable")[0]["verdict"]["rules"]}
    assert rules == {"fail-on fixable": "pass", "fail-on fixable: secrets": "fail", "not-judged": "pass"}
    (tmp_path / "p.yaml").write_text("exceptions: [{id: github-pat, path: app/a.env, reason: it is revoked}]\n")
    assert scan_files(tmp_path, files, "--policy", tmp_path / "p.yaml", "--fail-on", "low")[1].returncode == 0


def test_other_checks_do_not_look(planted):
    _, _, work = planted
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--checks", "holes", "--format", "json", f"docker-archive:{work / 'image.tar'}"],
                          capture_output=True, timeout=120)
    assert json.loads(done.stdout)["secrets"] == []


def test_an_option_and_its_value_are_two_words_of_a_command(tmp_path):
    """As exec forms have them: the value is found by the option in front of it, and stands in no report."""
    value = "Vq8x" + "bdxc7dayZ1"
    docker_archive(tmp_path / "image.tar", [tar_of([("a", b"1")])], {"config": {"Entrypoint": ["/app", "--db-password", value], "Cmd": ["--user", value.lower() + "name", "--password", "--verbose1a"]},
                                                                            "history": [{"created_by": f'CMD ["/app" "--db-password" "{value}"]'}]})
    command = [os.environ["OAKUM"], "scan", "--no-cache", "--checks", "secrets", "--fail-on", "none"]
    for name in ("json", "html", "cyclonedx", "trivy"):
        command += ["--format", name, "-o", str(tmp_path / name)]
    done = subprocess.run([*command, f"docker-archive:{tmp_path / 'image.tar'}"], capture_output=True, env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode in (0, 3), done.stderr
    result = json.loads((tmp_path / "json").read_text())
    assert [(s["id"], s["why"]) for s in result["secrets"]] == [("generic-secret", f"password, key or token in a configuration in {where} of the image")
                                                                for where in ("the entry point", "the history")]
    assert not any(value in (tmp_path / name).read_text() for name in ("json", "html", "cyclonedx", "trivy"))


def test_a_word_that_is_no_check():
    done = subprocess.run([os.environ["OAKUM"], "scan", "--checks", "secrets,holes,x", "rootfs:/nowhere"], capture_output=True)
    assert done.returncode == 1 and b"--checks takes" in done.stderr


def rules():
    """(id, code, severity, category, title, place) as the table of the code has them."""
    text = (REPO / "src/inspect/secret-rules.inc").read_text()
    row = re.compile(r'^(?:TOKEN|VALUE|WHOLE)\("([^"]+)",\s*(?:"([^"]+)"|NULL),\s*(\w+),\s*"([^"]+)",\s*"([^"]+)",\s*(\w+)[,)]', re.M)
    found = [m.groups() for m in row.finditer(text)]
    assert len(found) == len(re.findall(r"^(?:TOKEN|VALUE|WHOLE)\(\"", text, re.M)) >= 110
    return found


def test_the_documents_table_is_the_codes():
    text = (REPO / "docs/secrets.md").read_text()
    told = [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in text.splitlines() if line.startswith("| `")]
    told = [row for row in told if len(row) == 5]
    assert told == [(r[0], r[4], r[2].lower(), r[5].lower(), r[1] or "") for r in rules()]


def test_every_rule_has_true_and_false_examples():
    hits, silent = set(), set()
    for case in (REPO / "tests/cases/secrets").glob("*.case"):
        text, expected = case.read_text().replace("·", "").split(">>>\n")
        hits |= {line.split("\t")[2] for line in expected.splitlines()}
        silent |= set(re.findall(r"^# no (\S+)$", text, re.M))
    ids = {r[0] for r in rules()} - BINARY
    assert ids - hits == set() and ids - silent == set()


BINARY = {"kerberos-keytab", "private-key-der-sealed", "openpgp-key", "openpgp-key-sealed", "bare-secret", "openvpn-login"}  # a file as a whole, or no text: test_keys_in_binary_forms, test_files_of_logins


def tlv(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)]) if len(body) < 256 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


def integer(seed, size):
    return tlv(2, b"\0" + random.Random(seed).randbytes(size))


def packet(tag, body, old=False):
    if old:
        return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2, "big") + body
    return bytes([0xC0 | tag]) + (bytes([len(body)]) if len(body) < 192 else b"\xff" + len(body).to_bytes(4, "big")) + body


def pgp_key(end, version=4, algorithm=1):
    def mpi(n):
        return (n * 8).to_bytes(2, "big") + b"\x80" + random.Random(n).randbytes(n - 1)

    public = {1: mpi(256) + b"\0\x11\1\0\1", 22: b"\x09" + random.Random(1).randbytes(9) + mpi(33), 27: random.Random(2).randbytes(32)}[algorithm]
    size = len(public).to_bytes(4, "big") if version > 4 else b""
    return bytes([version]) + b"\x65\0\0\1" + (b"\0\0" if version == 3 else b"") + bytes([algorithm]) + size + public + end + random.Random(3).randbytes(60)


OID = {"rsa": b"\x06\x09*\x86H\x86\xf7\x0d\1\1\1", "x25519": b"\x06\x03+en", "pbes2": b"\x06\x09*\x86H\x86\xf7\x0d\1\5\x0d", "sha256": b"\x06\x09`\x86H\1e\3\4\2\1"}
RSA = tlv(0x30, b"\2\1\0", *(integer(i, 128 if i in (0, 2) else 64) for i in range(8)))
def keytab(size):
    counted = b"".join(len(one).to_bytes(2, "big") + one for one in (b"X.ORG", b"host", b"a.x.org"))
    entry = b"\0\2" + counted + b"\0\0\0\1" + bytes(4) + b"\1" + b"\0\x12" + size.to_bytes(2, "big") + random.Random(4).randbytes(size)
    return b"\5\2" + len(entry).to_bytes(4, "big") + entry


CASES_OF_KEYS = {
    "pkcs1": (RSA, "private-key-der"),
    "pkcs1-lengths": (tlv(0x30, b"\2\1\0", *(tlv(2, random.Random(i).randbytes(128)) for i in range(8))), "private-key-der"),
    "dsa": (tlv(0x30, b"\2\1\0", integer(1, 128), integer(2, 20), integer(3, 128), integer(4, 128), integer(5, 20)), "private-key-der"),
    "sec1": (tlv(0x30, b"\2\1\1", tlv(4, random.Random(6).randbytes(32)), tlv(0xA0, b"\x06\x08*\x86H\xce=\3\1\7")), "private-key-der"),
    "pkcs8-x25519": (tlv(0x30, b"\2\1\0", tlv(0x30, OID["x25519"]), tlv(4, tlv(4, random.Random(7).randbytes(32)))), "private-key-der"),
    "pkcs8-rsa": (tlv(0x30, b"\2\1\0", tlv(0x30, OID["rsa"], b"\5\0"), tlv(4, RSA)), "private-key-der"),
    "pkcs8-sealed": (tlv(0x30, tlv(0x30, OID["pbes2"], tlv(0x30, b"\5\0")), tlv(4, random.Random(8).randbytes(300))), "private-key-der-sealed"),
    "pgp-old-head": (packet(5, pgp_key(b"\0"), old=True) + packet(13, b"a@b"), "openpgp-key"),
    "pgp-new-head": (packet(5, pgp_key(b"\0", algorithm=22)), "openpgp-key"),
    "pgp-version-6": (packet(5, pgp_key(b"\0", 6, 27)), "openpgp-key"),
    "pgp-version-3": (packet(5, pgp_key(b"\0", 3), old=True), "openpgp-key"),
    "pgp-sealed": (packet(5, pgp_key(b"\xfe\x09\3\x08")), "openpgp-key-sealed"),
    "pgp-one-of-two-sealed": (packet(5, pgp_key(b"\xfe\x09\3\x08")) + packet(7, pgp_key(b"\0")), "openpgp-key"),
    "pgp-of-a-card": (packet(5, pgp_key(b"\xff\0\x65\0GNU\2\x10")), None),
    "pgp-public": (packet(6, pgp_key(b"\0")), None),
    "rsa-public": (tlv(0x30, integer(0, 128), b"\2\3\1\0\1"), None),
    "rsa-public-spki": (tlv(0x30, tlv(0x30, OID["rsa"], b"\5\0"), tlv(3, b"\0" + tlv(0x30, integer(0, 128), b"\2\3\1\0\1"))), None),
    "signature-of-two-numbers": (tlv(0x30, integer(0, 32), integer(1, 32)), None),
    "digest-info": (tlv(0x30, tlv(0x30, OID["sha256"], b"\5\0"), tlv(4, random.Random(9).randbytes(32))), None),
    "pkcs1-and-more": (RSA + b"x", None),
    "pkcs1-cut": (RSA[:-1], None),
    "bks": (b"\0\0\0\2\0\0\0\x14" + random.Random(1).randbytes(20) + b"\0\0\4\0" + b"\4\0\5mykey" + bytes(8) + b"\0\0\0\0\0\0\0\4abcd\0" + bytes(20), "java-key-store"),
    "bks-behind-a-certificate": (b"\0\0\0\1\0\0\0\x14" + bytes(20) + b"\0\0\4\0" + b"\1\0\2ca" + bytes(8) + b"\0\0\0\0\0\5X.509\0\0\0\3abc" + b"\4\0\1k" + bytes(12), "java-key-store"),
    "bks-of-certificates": (b"\0\0\0\2\0\0\0\x14" + bytes(20) + b"\0\0\4\0" + b"\1\0\2ca" + bytes(8) + b"\0\0\0\0\0\5X.509\0\0\0\3abc\0" + bytes(20), None),
    "noughts": (bytes(400), None),
    "bcfks": (tlv(0x30, tlv(0x30, tlv(0x30, OID["pbes2"], tlv(0x30, b"\5\0")), tlv(4, random.Random(10).randbytes(300))), tlv(0x30, tlv(0x30, OID["sha256"]), tlv(4, bytes(32)))), "java-key-store"),
    "bcfks-that-is-not-sealed": (tlv(0x30, tlv(0x30, tlv(0x30, OID["sha256"], tlv(0x30, b"\5\0")), tlv(4, bytes(300))), tlv(0x30, tlv(4, bytes(32)))), None),
    "uber": (b"\0\0\0\1\0\0\0\x14" + random.Random(2).randbytes(20) + b"\0\0\5\x11" + random.Random(3).randbytes(320), "java-key-store"),
    "uber-of-no-blocks": (b"\0\0\0\1\0\0\0\x14" + random.Random(2).randbytes(20) + b"\0\0\5\x11" + random.Random(3).randbytes(323), None),
    "keytab": (keytab(32), "kerberos-keytab"),
    "keytab-behind-a-hole": (b"\5\2" + b"\xff\xff\xff\xf8" + bytes(8) + keytab(16)[2:], "kerberos-keytab"),
    "keytab-without-a-key": (keytab(0), None),
    "keytab-cut": (keytab(32)[:-1], None),
}


@pytest.mark.parametrize("name", CASES_OF_KEYS)
def test_keys_in_binary_forms(tmp_path, name):
    data, rule = CASES_OF_KEYS[name]
    (tmp_path / "root/srv").mkdir(parents=True)
    (tmp_path / "root/srv/key.bin").write_bytes(data)
    (tmp_path / "root/srv/packed.zip").write_bytes(zip_of([("in/key.bin", data)]))
    found = scan_root(tmp_path)
    assert found == ({("srv/key.bin", rule), ("srv/packed.zip", rule)} if rule else set())


@pytest.mark.parametrize("word, of, rule", [("", [], "pkcs12-key"), ("", ["-legacy"], "pkcs12-key"), ("Vq8xvtpby", [], "pkcs12-key-sealed"), ("Vq8xvtpby", ["-keypbe", "NONE"], "pkcs12-key")])
def test_a_passphrase_of_no_letters_seals_nothing(tmp_path, word, of, rule):
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "cert", "-subj", "/CN=a", "-days", "9"]
    subprocess.run(openssl, check=True, capture_output=True)
    (tmp_path / "root/srv").mkdir(parents=True)
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", tmp_path / "key", "-in", tmp_path / "cert", "-out", tmp_path / "root/srv/a.p12", "-passout", "pass:" + word, *of], check=True)
    assert scan_root(tmp_path) == {("srv/a.p12", rule)}


@pytest.mark.parametrize("text, found", [("a line of text\r\nT={}\r\n", True), ("T={}", True), ("\1\2 text {} text", False)])
def test_utf16_without_its_mark(tmp_path, text, found):
    (tmp_path / "root/srv").mkdir(parents=True)
    (tmp_path / "root/srv/a.reg").write_bytes(text.format(token("no mark")).encode("utf-16-le"))
    assert scan_root(tmp_path) == ({("srv/a.reg", "github-pat")} if found else set())


def scan_root(tmp_path):
    out = tmp_path / "result.json"
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--max-age", "0", "--fail-on", "none", "--checks", "secrets", "--format", "json", "-o", out, f"rootfs:{tmp_path}/root"],
                          capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    return {(one["file"], one["id"]) for one in json.loads(out.read_text())["secrets"] if not one["suppressed"]}


def test_armour_of_a_sealed_key(tmp_path):
    def armour(data):
        text = base64.b64encode(data).decode()
        return "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n" + "\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + "\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----\n"

    (tmp_path / "root/srv").mkdir(parents=True)
    (tmp_path / "root/srv/open.asc").write_text(armour(packet(5, pgp_key(b"\0"))))
    (tmp_path / "root/srv/sealed.asc").write_text(armour(packet(5, pgp_key(b"\xfe\x09\3\x08"))))
    assert scan_root(tmp_path) == {("srv/open.asc", "private-key"), ("srv/sealed.asc", "private-key-sealed")}


SECRET = "kV7#qPz" + "91xLw"
HEX = "9c1e7b40d2" + "f85a36b7e0" + "13c9a4d6f28b"
LOGIN_FILES = {
    "run/secrets/db_password": (SECRET + "\n", "bare-secret"),
    "run/secrets/phrase": ("correct horse battery", "bare-secret"),
    "var/run/secrets/app/token": (SECRET, "bare-secret"),
    "srv/config/master.key": (HEX, "bare-secret"),
    "srv/config/credentials/production.key": (HEX + "\n", "bare-secret"),
    "var/lib/rabbitmq/.erlang.cookie": ("QWERTZUIOPASDFGHJKLY", "bare-secret"),
    "run/secrets/place": ("changeme\n", None),
    "run/secrets/refers": ("${DB_PASSWORD}\n", None),
    "run/secrets/lines": ("one line of it\nanother line\n", None),
    "run/secrets/kubernetes.io/serviceaccount/namespace": ("production", None),
    "run/secrets/empty": ("\n", None),
    "srv/notes/password": (SECRET + "\n", None),
    "root/.pgpass": (f"# host\ndb:15432:app:me:{SECRET}\n", "pgpass-login"),
    "home/a/.pgpass": ("db:5432:app:me:xxxxxxxx\ndb:5432:app\n", None),
    "etc/postfix/sasl_passwd": (f"[smtp.x.org]:587 me@x.org:{SECRET}\n", "service-login"),
    "etc/exim4/passwd.client": (f"# host:user:password\n*.google.com:me@x.org:{SECRET}\n", "service-login"),
    "etc/ppp/chap-secrets": (f'# client server secret IP\nme * "{SECRET}" *\n', "service-login"),
    "etc/ppp/pap-secrets": ("# client server secret IP\n*\thostname\t\"\"\t*\n", None),
    "etc/msmtprc": (f"account a\nuser me\npassword {SECRET}\n", "netrc-login"),
    "srv/a/.netrc": (f'machine a login b password "{SECRET}"\n', "netrc-login"),
    "srv/b/.netrc": (f"machine a\nlogin b\npassword\n  {SECRET}\n", "netrc-login"),
    "etc/redis/redis.conf": (f"requirepass {SECRET}\n", "redis-password"),
    "etc/redis/other.conf": ("# requirepass foobared\n# masterauth <master-password>\n", None),
    "etc/NetworkManager/system-connections/a.nmconnection": ("[wifi-security]\nkey-mgmt=wpa-psk\npsk=mySecret" + "Wifi92\n", "wifi-key"),
    "etc/wpa_supplicant/wpa_supplicant.conf": ("network={\n psk=" + HEX * 2 + "\n}\n", "wifi-key"),
    "etc/openvpn/login.txt": (f"bob\n{SECRET}\n", "openvpn-login"),
    "etc/openvpn/client/credentials": ("bob@x.org\r\nonlyletters\r\n\r\n", "openvpn-login"),
    "srv/a.ovpn": (f"client\n<auth-user-pass>\nbob\n{SECRET}\n</auth-user-pass>\n", "openvpn-login"),
    "home/a/vpn-auth": (f"bob\n{SECRET}\n", "openvpn-login"),
    "srv/b.ovpn": (f"client\nauth-user-pass\nauth-nocache\n", None),
    "srv/c.ovpn": ("<auth-user-pass>\nyour_user\nyour_password\n</auth-user-pass>\n", None),
    "etc/openvpn/auth.txt": ("username\npassword\n", None),
    "etc/openvpn/users.txt": ("alice\nbarbara\n", None),
    "etc/openvpn/ipp.txt": ("alice,10.8.0.4\nbob,10.8.0.8\n", None),
    "etc/openvpn/up.sh": ("#!/bin/sh\nroute-add-10.9.0.0\n", None),
    "srv/words/auth": (f"bob\n{SECRET}\n", None),
    "srv/dump/environ": (f"PATH=/bin\0DB_PASSWORD={SECRET}\0TERM=xterm\0", "database-password"),
    "srv/dump/1.env0": (f"A.b=x\ty\0API_TOKEN={HEX}\0", "generic-secret"),
    "srv/dump/names": ("PATH=/bin\0DB_PASSWORD_FILE=/run/db\0TOKEN=\0PASSWORD=changeme\0", None),
    "srv/dump/program": (f"PATH=/bin\0\1\2PASSWORD={SECRET}\0TERM=xterm\0", None),
    "usr/lib/x/environ": (f"PATH=/bin\0DB_PASSWORD={SECRET}\0TERM=xterm\0", None),
    "root/.rediscli_history": (f"auth {SECRET}\nauth $PW\nget author1x\n", "service-login"),
    "srv/infra/terraform.tfstate.backup": (f'{{"type": "random_password", "instances": [{{"attributes": {{"result": "{HEX}"}}}}]}}', "terraform-state"),
    "etc/rabbitmq/rabbitmq.conf": (f"default_pass = {SECRET}\n", "generic-secret"),
}


@pytest.mark.parametrize("name", LOGIN_FILES)
def test_files_of_logins(tmp_path, name):
    text, rule = LOGIN_FILES[name]
    path = tmp_path / "root" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert scan_root(tmp_path) == ({(name, rule)} if rule else set())


def test_no_whole_token_stands_in_the_repository():
    """The mark that the cases' runner takes out stands in every one."""
    for case in (REPO / "tests/cases/secrets").glob("*.case"):
        head, rest = case.read_text().split("<<<\n", 1)
        raw = rest.split(">>>", 1)[0]
        where = head.split("--as ")[1].split()[0]
        done = subprocess.run([os.environ["OAKUM"], "debug", "secrets", "--as", where, "-"], input=raw.encode(), capture_output=True)
        tokens = [line for line in done.stdout.decode().splitlines() if not re.search(r"\t(ansible-vault|symfony-secret|terraform-state|generic-secret|ssh2-private-key|gcp-service-account|"
                                                                                     r"putty-private-key|url-login|connection-string|netrc-login|[a-z-]*password|"
                                                                                     r"[a-z-]*passphrase|pgpass-login|service-login|docker-auth|basic-header|private-key|[a-z-]*-login|wifi-key)\t", line)]
        assert tokens == [], case.name

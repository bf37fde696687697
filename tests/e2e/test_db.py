"""oakum db: update from a server laid out as the real addresses are, import, verify, diff, and the database in a registry."""
import contextlib
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases/feed"
KEV, EPSS = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json", "epss.empiricalsecurity.com/epss_scores-current.csv.gz"
ARCH, PHOTON = "security.archlinux.org/all.json", "packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon{}.json"


def sample(name):
    return (CASES / f"{name}.case").read_text().split("<<<\n", 1)[1].split(">>>", 1)[0].encode()


def run(oakum, *args, **more):
    return subprocess.run([oakum, *map(str, args)], capture_output=True, text=True, timeout=120, **more)


def rows(oakum, db, *args):
    done = run(oakum, "db", "export", "--db", db, *args)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Mirror:
    """Files by "host/path". Entity tags are digests; `cut` ends that many answers of a path in the middle, `hang` never ends them,
    `swap` puts another file there before the first range is asked for, `shift` begins ranges elsewhere."""

    def __init__(self):
        self.files, self.cut, self.hang, self.tags, self.asked, self.swap, self.shift = {}, {}, set(), True, [], {}, 0
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path.lstrip("/")
                headers = {k.lower(): v for k, v in self.headers.items()}
                mirror.asked.append((path, headers))
                if "range" in headers and path in mirror.swap:
                    mirror.files[path] = mirror.swap[path]
                body = mirror.files.get(path)
                if body is None:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                modified = "Mon, 12 Jan 2026 10:00:00 GMT"
                if headers.get("if-none-match") == tag or (not mirror.tags and headers.get("if-modified-since") == modified):
                    self.send_response(304)
                    self.end_headers()
                    return
                start = 0
                wanted = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
                if wanted and (headers.get("if-range", tag) == tag or path in mirror.swap):
                    start = int(wanted[1]) + mirror.shift
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.send_header("Content-Length", str(len(body) - start))
                if mirror.tags:
                    self.send_header("ETag", tag)
                self.send_header("Last-Modified", modified)
                self.end_headers()
                if path in mirror.hang:
                    self.wfile.write(body[:len(body) // 2])
                    self.wfile.flush()
                    time.sleep(60)
                if mirror.cut.get(path, 0) > 0:
                    mirror.cut[path] -= 1
                    self.wfile.write(body[start:start + (len(body) - start) // 2])
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.wfile.write(body[start:])

            def log_message(self, *_):
                pass

            def handle(self):
                with contextlib.suppress(OSError):
                    super().handle()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def mirror():
    made = Mirror()
    made.files = {KEV: sample("kev"), EPSS: gzip.compress(sample("epss"), mtime=0), ARCH: sample("arch"),
                  **{PHOTON.format(release): sample("photon") for release in ("3.0", "4.0", "5.0")}}
    yield made
    made.server.shutdown()
    made.server.server_close()


def update(oakum, mirror, db, *feeds, **more):
    return run(oakum, "db", "update", "--mirror", mirror.url, "--db", db, *feeds, **more)


def test_every_address_is_an_address(oakum):
    told = run(oakum, "db", "feeds").stdout
    names = re.findall(r"^(\S+): ", told, re.M)
    assert len(names) >= 23 and len(set(names)) == len(names)
    addresses = re.findall(r"^  address: (\S+)$", told, re.M)
    assert len(addresses) > 60 and all(re.fullmatch(r"https://[a-z0-9.-]+/[\x21-\x7e]+", a) for a in addresses)
    assert len(set(addresses)) == len(addresses)


def test_update_reads_and_says_where_from(oakum, mirror, tmp_path):
    done = update(oakum, mirror, tmp_path / "d", "kev", "epss", "arch", "photon")
    assert done.returncode == 0, done.stderr
    feeds = {(f["name"], f["part"]): f for f in json.loads(run(oakum, "db", "status", "--format", "json", "--db", tmp_path / "d").stdout)["feeds"]}
    assert feeds["kev", ""]["address"] == "https://" + KEV and feeds["kev", ""]["date"] == "2026-01-17T00:00:00Z"
    # of those that tell no date of their own, the server's
    assert feeds["arch", ""]["date"] == "2026-01-12T10:00:00Z" and feeds["photon", "5.0"]["rows"] == 2
    assert {(r["ecosystem"], r["package"]) for r in rows(oakum, tmp_path / "d", "--only", "packages")} >= {("Arch", "curl"), ("Photon OS:4.0", "nss")}
    assert run(oakum, "db", "verify", "--db", tmp_path / "d").returncode == 0


@pytest.mark.parametrize("tags", [True, False], ids=["etag", "date"])
def test_what_did_not_change_is_not_read_again(oakum, mirror, tmp_path, tags):
    mirror.tags = tags
    assert update(oakum, mirror, tmp_path / "d", "kev", "arch").returncode == 0
    before = (tmp_path / "d").read_bytes()
    mirror.asked.clear()
    done = update(oakum, mirror, tmp_path / "d", "kev", "arch")
    assert done.returncode == 0 and "0 documents read, 2 not changed" in done.stderr
    assert [("if-none-match" if tags else "if-modified-since") in headers for _, headers in mirror.asked] == [True, True]
    assert (tmp_path / "d").read_bytes() == before
    # one that changed is read, and what it no longer has goes; the other one stays
    mirror.files[ARCH] = sample("arch").replace(b'"AVG-2"', b'"AVG-9"')
    if not tags:  # a date that is older than what is there now
        return
    assert update(oakum, mirror, tmp_path / "d", "kev", "arch").returncode == 0
    records = {r["record"] for r in rows(oakum, tmp_path / "d", "--only", "packages")}
    assert records == {"AVG-1", "AVG-3", "AVG-9"} and rows(oakum, tmp_path / "d", "--only", "kev")


def test_a_cut_transfer_goes_on_where_it_was_cut(oakum, mirror, tmp_path):
    mirror.files[ARCH] = json.dumps(json.loads(sample("arch")) + [
        {"name": f"AVG-{n}", "packages": [f"p{n}"], "status": "Vulnerable", "severity": "Low", "affected": "1-1", "fixed": None,
         "issues": [f"CVE-2026-{n}"], "advisories": []} for n in range(2000, 8000)]).encode()
    assert update(oakum, mirror, tmp_path / "whole", "arch").returncode == 0
    mirror.asked.clear()
    mirror.cut = {ARCH: 2}
    done = update(oakum, mirror, tmp_path / "cut", "arch")
    assert done.returncode == 0, done.stderr
    starts = [int(h["range"][6:-1]) for _, h in mirror.asked if "range" in h]
    assert len(starts) == 2 and 0 < starts[0] < starts[1] and all("if-range" in h for _, h in mirror.asked if "range" in h)
    assert (tmp_path / "cut").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("shift", [0, -7], ids=["another-file", "another-place"])
def test_what_changed_while_it_was_read_is_read_anew(oakum, mirror, tmp_path, shift):
    """By a server that does not care for If-Range, or for where a range begins."""
    old, new = [json.dumps([{"name": f"AVG-{n}", "packages": [word], "status": "Vulnerable", "severity": "Low", "affected": "1-1", "fixed": None,
                             "issues": [f"CVE-2026-{n}"], "advisories": []} for n in range(2000, 4000)]).encode() for word in ("old", "new")]
    mirror.files[ARCH], mirror.cut, mirror.shift = old, {ARCH: 1}, shift
    mirror.swap = {} if shift else {ARCH: new}
    done = update(oakum, mirror, tmp_path / "d", "arch")
    assert done.returncode == 0, done.stderr
    assert {r["package"] for r in rows(oakum, tmp_path / "d", "--only", "packages")} == {"old" if shift else "new"}
    assert "range" not in mirror.asked[-1][1]


@pytest.mark.parametrize("bad", [None, b"<html>moved</html>", b'[{"name": "AVG-1"', b""], ids=["gone", "html", "cut", "empty"])
def test_what_fails_keeps_its_rows_and_the_others_go_on(oakum, mirror, tmp_path, bad):
    assert update(oakum, mirror, tmp_path / "d", "kev", "arch").returncode == 0
    if bad is None:
        del mirror.files[ARCH]
    else:
        mirror.files[ARCH] = bad
    mirror.files[KEV] = sample("kev").replace(b"CVE-2026-1001", b"CVE-2026-1777")
    done = update(oakum, mirror, tmp_path / "d", "arch", "kev")
    assert done.returncode == 1 and f"https://{ARCH}" in done.stderr and "what the database had of it stays" in done.stderr
    assert {r["record"] for r in rows(oakum, tmp_path / "d", "--only", "packages")} == {"AVG-1", "AVG-2", "AVG-3"}
    assert [r["kev"] for r in rows(oakum, tmp_path / "d", "--only", "kev")] == ["CVE-2026-1777"]


def test_nothing_at_all_leaves_the_file(oakum, mirror, tmp_path):
    assert update(oakum, mirror, tmp_path / "d", "kev").returncode == 0
    before = (tmp_path / "d").read_bytes()
    mirror.files.clear()
    assert update(oakum, mirror, tmp_path / "d", "kev").returncode == 1
    assert update(oakum, mirror, tmp_path / "new", "kev").returncode == 1
    assert (tmp_path / "d").read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["d"]


def test_killed_in_the_middle(oakum, mirror, tmp_path):
    assert update(oakum, mirror, tmp_path / "d", "kev").returncode == 0
    before = (tmp_path / "d").read_bytes()
    mirror.hang = {ARCH}
    process = subprocess.Popen([oakum, "db", "update", "--mirror", mirror.url, "--db", tmp_path / "d", "kev", "arch"], stderr=subprocess.DEVNULL)
    while not any(path == ARCH for path, _ in mirror.asked):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / "d").read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["d"]
    mirror.hang = set()
    assert update(oakum, mirror, tmp_path / "d", "kev", "arch").returncode == 0
    assert rows(oakum, tmp_path / "d", "--only", "packages")


def test_documents_of_one_vendor_stand_side_by_side(oakum, tmp_path):
    """SUSE has the same CVE in the document of each product, with other dates; Azure a definition for each package of a CVE."""
    suse = sample("oval-suse").decode()
    (tmp_path / "suse.linux.enterprise.15.xml").write_text(suse)
    (tmp_path / "suse.linux.enterprise.12.xml").write_text(suse.replace("15 SP5", "12 SP5").replace("2026-01-10", "2024-01-10"))
    azure = sample("oval-azure").decode()
    first = azure[azure.index("  <definition "):azure.index(" </definitions>")]
    second = first.replace("golang", "msft-golang").replace("100-1", "100-2").replace("2026-01-05", "2024-01-05").replace("def:1", "def:2")
    (tmp_path / "azurelinux-3.0-oval.xml").write_text(azure.replace(first, first + second))
    names = ["suse.linux.enterprise.15.xml", "suse.linux.enterprise.12.xml", "azurelinux-3.0-oval.xml"]
    assert run(oakum, "db", "import", "--db", tmp_path / "d", *[tmp_path / n for n in names]).returncode == 0
    found = {(r["ecosystem"], r["package"]) for r in rows(oakum, tmp_path / "d", "--only", "packages")}
    assert found == {("SUSE:15.5", "vim"), ("SUSE:15.5", "vim-small"), ("SUSE:12.5", "vim"), ("SUSE:12.5", "vim-small"),
                     ("Azure Linux:3", "golang"), ("Azure Linux:3", "msft-golang")}
    # the document is all that there is of its part: what it lacks goes
    (tmp_path / "azurelinux-3.0-oval.xml").write_text(azure)
    assert run(oakum, "db", "import", "--db", tmp_path / "d", tmp_path / names[2]).returncode == 0
    assert {(r["ecosystem"], r["package"]) for r in rows(oakum, tmp_path / "d", "--only", "packages")} == found - {("Azure Linux:3", "msft-golang")}


def test_long_documents_of_an_archive_are_known(oakum, tmp_path):
    """What says of which feed a document is may stand far behind its begin."""
    text = sample("yaml-elixir").decode().replace("title:", "description: |\n" + "  x\n" * 4000 + "title:")
    folder = tmp_path / "hex"
    folder.mkdir()
    (folder / "a.yml").write_text(text)
    subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "a.tar", "hex"], check=True)
    assert run(oakum, "db", "import", "--db", tmp_path / "d", tmp_path / "a.tar").returncode == 0
    assert [r["package"] for r in rows(oakum, tmp_path / "d", "--only", "packages")] == ["plug"]


@pytest.mark.parametrize("case", sorted(p.stem for p in CASES.glob("*.case")))
def test_named_is_as_judged(oakum, case):
    """The cases are read with the feed judged by the reader; naming it gives the same."""
    text = (CASES / f"{case}.case").read_text()
    name = text.split("\n", 1)[0].split()[-1]
    output = text.split("<<<\n", 1)[1].split(">>>", 1)[1].split("\n", 1)[1]
    feed = {"kev": "kev", "epss": "epss", "rows": "rows", "endoflife-api": "endoflife", "endoflife-page": "endoflife"}.get(case)
    done = run(oakum, "debug", "feed", feed or json.loads(output.splitlines()[0])["feed"], name, input=sample(case).decode())
    assert done.returncode == 0 and done.stdout == output, done.stderr


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    (folder / "c.yml").write_text(f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {folder}/s\nhttp:\n  addr: 127.0.0.1:{port}\n")
    server = subprocess.Popen(["docker-registry", "serve", str(folder / "c.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.02)
    yield f"127.0.0.1:{port}", folder / "s"
    server.kill()
    server.wait()


def test_push_and_pull(oakum, mirror, registry, tmp_path):
    host, storage = registry
    assert update(oakum, mirror, tmp_path / "d", "kev", "arch").returncode == 0
    pushed = run(oakum, "db", "push", "--db", tmp_path / "d", f"{host}/security/advisories:1")
    digest = pushed.stdout.strip()
    assert pushed.returncode == 0 and re.fullmatch(r"sha256:[0-9a-f]{64}", digest), pushed.stderr
    # the same database is the same artifact
    assert run(oakum, "db", "push", "--db", tmp_path / "d", f"{host}/security/advisories:2").stdout.strip() == digest
    for reference in (f"{host}/security/advisories:1", f"{host}/security/advisories@{digest}"):
        assert run(oakum, "db", "pull", "--db", tmp_path / "p", reference).returncode == 0
        assert (tmp_path / "p").read_bytes() == (tmp_path / "d").read_bytes()
    manifest = json.loads((storage / "docker/registry/v2/blobs/sha256" / digest[7:9] / digest[7:] / "data").read_bytes())
    assert manifest["artifactType"] == "application/vnd.oakum.advisories.v3" and len(manifest["layers"]) == 1
    # a layer that is not what the manifest says leaves what is there
    layer = manifest["layers"][0]["digest"][7:]
    data = storage / "docker/registry/v2/blobs/sha256" / layer[:2] / layer / "data"
    good = data.read_bytes()
    data.write_bytes(bytes([good[0]]) + bytes(len(good) - 1))
    broken = run(oakum, "db", "pull", "--db", tmp_path / "p", f"{host}/security/advisories:1")
    assert broken.returncode == 1 and broken.stderr
    assert (tmp_path / "p").read_bytes() == (tmp_path / "d").read_bytes() and sorted(p.name for p in tmp_path.iterdir()) == ["d", "p"]
    data.write_bytes(good)
    assert run(oakum, "db", "pull", "--db", tmp_path / "p", f"{host}/security/nothing:1").returncode == 1


def test_diff_and_verify(oakum, mirror, tmp_path):
    assert update(oakum, mirror, tmp_path / "a", "arch").returncode == 0
    mirror.files[ARCH] = sample("arch").replace(b'"8.1-1"', b'"8.1-2"')
    assert update(oakum, mirror, tmp_path / "b", "arch").returncode == 0
    told = run(oakum, "db", "diff", tmp_path / "a", tmp_path / "b").stdout
    assert sorted({line[0] for line in told.splitlines()}) == ["+", "-"] and "8.1-2" in told and "vim" not in told
    assert run(oakum, "db", "diff", tmp_path / "a", tmp_path / "a").stdout == ""
    data = bytearray((tmp_path / "a").read_bytes())
    at = data.index(b"8.1-1")
    data[at:at + 5] = b"9.1-1"
    (tmp_path / "a").write_bytes(data)
    assert run(oakum, "db", "verify", "--db", tmp_path / "a").returncode == 1

"""A registry that lies at random, in what it answers to pulls, to pushes and about its cache: what is built has its one digest or is told of, nothing wrong gets a
name, and the store is none the worse for it. The base is named by its digest: of a tag only the registry knows what it is.

OAKUM_LIES says how many builds there are (default 8), OAKUM_SEED which lies (default 1).
"""
import json
import os
import random
import subprocess

import build_case
import faults
import pytest
from conftest import OAKUM

REPO, CACHE = "team/app", "team/cache"


class Liar(faults.Handler):
    """Says something else than what it ought to, now and then."""

    def say(self, status, body=b"", **headers):
        s = self.server
        with s.lock:
            lie = s.random.choice(LIES) if s.random.random() < s.rate else None
            point = s.random.randrange(len(body)) if body else 0
        if lie is None or self.path == "/v2/":
            return super().say(status, body, **headers)
        s.told.append(f"{lie.__name__}: {self.command} {self.path}")
        return lie(self, status, body, headers, point)

    def raw(self, status, body, length, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def fails(self, status, body, headers, point):
    self.raw((429, 500, 502, 503, 504, 408)[point % 6], b"no", 2, {"Retry-After": "0"})


def refuses(self, status, body, headers, point):
    self.raw((400, 401, 403, 404, 405, 416)[point % 6], b'{"errors": "none"}', 18, {})


def flips(self, status, body, headers, point):
    self.raw(status, body[:point] + bytes([body[point] ^ 1]) + body[point + 1:] if body else b"", len(body), headers)


def shortens(self, status, body, headers, point):
    self.raw(status, body[:point], point, headers)


def cuts(self, status, body, headers, point):
    self.raw(status, body[:point], len(body), headers)
    self.hang_up()


def lengthens(self, status, body, headers, point):
    self.raw(status, body + b"more", len(body) + 4, headers)


def empties(self, status, body, headers, point):
    self.raw(status, b"", 0, headers)


def mistypes(self, status, body, headers, point):
    self.raw(status, body, len(body), {**headers, "Content_Type": ("text/html", "application/octet-stream", faults.INDEX, "application/vnd.docker.distribution.manifest.v2+json")[point % 4]})


def misnames(self, status, body, headers, point):
    self.raw(status, body, len(body), {**headers, "Docker_Content_Digest": faults.digest(b"other")})


def circles(self, status, body, headers, point):
    self.raw(307, b"", 0, {"Location": self.path})


def leaves(self, status, body, headers, point):
    self.hang_up()


def babbles(self, status, body, headers, point):
    self.wfile.write(b"HTTP/1.1 banana\r\n\r\n")
    self.hang_up()


def mixes_up(self, status, body, headers, point):
    other = list(self.server.blobs.values())[point % max(len(self.server.blobs), 1)] if self.server.blobs else b""
    self.raw(status, other, len(other), headers)


LIES = [fails, fails, fails, refuses, flips, shortens, cuts, lengthens, empties, mistypes, misnames, circles, leaves, babbles, mixes_up]


@pytest.fixture
def liar():
    server = faults.Registry(auth=None)
    server.RequestHandlerClass, server.random, server.rate, server.told = Liar, random.Random(int(os.environ.get("OAKUM_SEED", "1"))), 0, []
    yield server
    server.close()


def is_whole(server, repo, name):
    """Whether all that a name leads to is there and is what it says."""
    manifest = json.loads(server.manifests[repo, name][1])
    return all(faults.digest(server.blobs.get((repo, each["digest"]), b"")) == each["digest"] for each in [manifest["config"], *manifest["layers"]])


def test_lies(liar, tmp_path):
    layers = [build_case.tar_bytes(build_case.base_entries()), *(build_case.tar_bytes(build_case.listing(f'part/{i} f 0644 *{i * 70000}\n')) for i in range(3))]
    base = faults.make_image(*layers)
    liar.add("team/base", "v1", *base)
    context = tmp_path / "c"
    context.mkdir()
    (context / "f").write_bytes(random.Random(3).randbytes(300000))
    (context / "Dockerfile").write_text(f"FROM {liar.address}/team/base@{faults.digest(base[0])}\nCOPY f /f\nRUN sha256sum /f > /sum\nRUN cat /part/* | sha256sum > /parts\n")

    def build(store, tag, status):
        words = [OAKUM, "executor", "-c", context, "-d", f"{liar.address}/{REPO}:{tag}", "--cache", "--cache-copy-layers", "--cache-repo", f"{liar.address}/{CACHE}", "--kaniko-dir", tmp_path / store,
                 "--cache-dir", tmp_path / "none"]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=240, env={**os.environ, "HOME": str(tmp_path), "OAKUM_TEST_RETRY_MS": "1"})
        about = f"{tag} of {store}, told {liar.told}:\n{done.stderr}"
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr and done.returncode in status, about
        assert done.returncode == 0 or "ERRO" in done.stderr, about
        return done.returncode, about

    build("first", "wanted", {0})
    wanted = faults.digest(liar.manifests[REPO, "wanted"][1])
    outcomes = []
    for i in range(int(os.environ.get("OAKUM_LIES", "8"))):
        store, tag = f"k{i % 3}", f"v{i}"  # stores are used again, with what the lies left in them
        if i % 4 == 3:  # and the cache is begun anew
            for known in [key for key in liar.manifests if key[0] == CACHE]:
                del liar.manifests[known]
        liar.told, liar.rate = [], (0.05, 0.15, 0.4)[i % 3]
        status, about = build(store, tag, {0, 1})
        liar.rate = 0
        outcomes.append(status)
        if status == 0 or (REPO, tag) in liar.manifests:
            assert faults.digest(liar.manifests[REPO, tag][1]) == wanted and is_whole(liar, REPO, tag), about
        if (tmp_path / store / "store").exists():  # not where the registry had refused before there was anything to keep
            checked = subprocess.run([OAKUM, "store", "check", "--store", tmp_path / store / "store"], capture_output=True, text=True)
            assert checked.returncode == 0, about + checked.stdout + checked.stderr
        about = build(store, f"again{i}", {0})[1]
        assert faults.digest(liar.manifests[REPO, f"again{i}"][1]) == wanted and is_whole(liar, REPO, f"again{i}"), about
        for repo, name in liar.manifests:
            assert repo != CACHE or is_whole(liar, CACHE, name), about
    assert 0 in outcomes
    print(f"{outcomes.count(0)} of {len(outcomes)} builds came through")

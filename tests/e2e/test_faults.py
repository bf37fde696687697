"""Pull and push against a registry that misbehaves: the right outcome each, no credential elsewhere, nothing half-tagged."""
import base64
import json
import os
import subprocess

import pytest
from faults import INDEX, LAYER, MANIFEST, PASSWORD, Registry, descriptor, digest, make_image, write_image

BIG = bytes(range(256)) * 20000  # 5 MB
SMALL = b"a small layer" * 1000
IMAGE = make_image(SMALL, BIG)


@pytest.fixture
def registry():
    servers = []

    def make(*faults, **settings):
        servers.append(Registry(*faults, **settings))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def run(oakum, server, *args, login=True, config=None, env=None):
    """Runs `oakum debug`; whatever happens, no secret may stand in what it prints."""
    if config is None:
        config = {"auths": {server.address: {"auth": base64.b64encode(f"user:{PASSWORD}".encode()).decode()}}} if login else {}
    done = subprocess.run([oakum, "debug", *map(str, args)], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "DOCKER_AUTH_CONFIG": json.dumps(config), "DOCKER_CONFIG": "/nonexistent", "OAKUM_TEST_RETRY_MS": "1", **(env or {})})
    said = done.stdout + done.stderr
    for secret in (PASSWORD, "refresh-me", "t0k", base64.b64encode(f"user:{PASSWORD}".encode()).decode()):
        assert secret not in said, said
    return done


def pull(oakum, server, folder, *options, **kw):
    return run(oakum, server, "pull", *options, f"{server.address}/team/app:v1", folder, **kw)


def push(oakum, server, folder, *options, image=IMAGE, refs=("v1",), **kw):
    write_image(folder, *image)
    return run(oakum, server, "push", *options, folder, *(f"{server.address}/team/app:{tag}" for tag in refs), **kw)


def is_whole(folder, image=IMAGE):
    manifest, blobs = image
    assert (folder / "manifest.json").read_bytes() == manifest
    for data in blobs:
        assert (folder / "blobs" / digest(data).replace(":", "/")).read_bytes() == data
    return True


def is_pushed(server, image=IMAGE, tag="v1"):
    manifest, blobs = image
    assert server.manifests["team/app", tag] == (json.loads(manifest)["mediaType"], manifest)
    return all(server.blobs["team/app", digest(data)] == data for data in blobs) and not server.sessions


# ---- pull
@pytest.mark.parametrize("faults, settings", [
    ((), {}), ((), {"auth": "basic"}), ((), {"auth": None}), ((), {"need_login": False}), ((), {"token_key": "access_token"}), ((), {"expires_in": 300}),
    (("500",), {}), (("429", "429"), {}), (("408", "499", "502", "503"), {}), (("504", "522"), {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    (("token-500",), {}), (("cut-GET-manifests",), {}), (("cut-GET-blobs", "cut-GET-blobs"), {}),
    (("expire-GET-manifests",), {}), (("expire-GET-blobs",), {}), (("narrow",), {}), (("always-first-scope-only",), {}),
    (("blob-cut",), {}), (("blob-cut",) * 4, {}), (("blob-cut",) * 7, {"cut_at": 1100000}), (("blob-cut",), {"cut_at": 0}),
    (("blob-cut", "blob-cut", "always-no-range"), {}), (("blob-cut", "expire-GET-blobs", "429"), {}), (("blob-short",), {}),
])
def test_pull_survives(oakum, registry, tmp_path, faults, settings):
    server = registry(*faults, **settings)
    server.add("team/app", "v1", *IMAGE)
    done = pull(oakum, server, tmp_path / "out", login=server.need_login and server.auth is not None)
    assert done.returncode == 0, done.stderr
    assert is_whole(tmp_path / "out") and not [f for f in server.faults if not f.startswith("always-")]


@pytest.mark.parametrize("faults, message", [
    (("always-500",), "status 500: UNKNOWN: as you wish"), (("always-429",), "status 429: TOOMANYREQUESTS"), (("always-cut-GET-manifests",), "GET http"),
    (("always-expire-GET-manifests",), "the user or password is wrong, or may not do this"), (("always-narrow",), "may not do this"),
    (("always-token-500",), "the token server answered with status 500"), (("token-garbage",), "holds no token"), (("token-huge",), "more than 1048576 bytes"),
    (("manifest-wrong",), None), (("manifest-huge",), "more than 4194304 bytes"), (("lying-digest",), "expected sha256:"), (("manifest-headers",), "headers of more than 65536 bytes"),
    (("always-blob-wrong",), "expected"), (("always-blob-short",), "expected"), (("always-blob-long",), "more"), (("blob-cut",) * 3 + ("always-wrong-range",), "another range"),
    (("always-blob-cut",), "blob|GET http|expected"),
])
def test_pull_tells(oakum, registry, tmp_path, faults, message):
    server = registry(*faults)
    server.add("team/app", "v1", *IMAGE)
    if message is None:  # asked for by digest, other bytes are no manifest at all
        done = run(oakum, server, "pull", f"{server.address}/team/app@{digest(IMAGE[0])}", tmp_path / "out")
        message = "expected sha256:"
    else:
        done = pull(oakum, server, tmp_path / "out")
    assert done.returncode == 1 and any(m in done.stderr for m in message.split("|")), done.stderr
    assert not (tmp_path / "out/manifest.json").exists()
    assert all(p.stem in p.name and digest(p.read_bytes()).endswith(p.name) for p in tmp_path.rglob("blobs/*/*"))


def test_pull_what_is_not_there(oakum, registry, tmp_path):
    done = pull(oakum, registry(), tmp_path / "out")
    assert done.returncode == 1 and "status 404: MANIFEST_UNKNOWN: as you wish" in done.stderr
    done = pull(oakum, registry(auth="basic"), tmp_path / "out", login=False)
    assert done.returncode == 1 and "log in with docker login" in done.stderr
    done = pull(oakum, registry(auth="basic"), tmp_path / "out", config={})
    assert done.returncode == 1 and "a user and password are needed" in done.stderr


def test_index_and_mirrors(oakum, registry, tmp_path):
    children = [make_image(b"one"), make_image(b"two", BIG)]
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(MANIFEST, m, platform={"os": "linux", "architecture": a})
                                                                             for (m, _), a in zip(children, ("amd64", "arm64"))]}).encode()
    blobs = [data for _, blobs in children for data in blobs]
    write_image(tmp_path / "in", index, blobs, [m for m, _ in children])
    server, empty, dead = registry(), registry(auth=None), registry()
    dead.close()
    done = run(oakum, server, "push", tmp_path / "in", f"{server.address}/team/app:v1", f"{server.address}/team/app:v2")
    assert done.returncode == 0 and server.tagged[-2:] == ["v1", "v2"] and server.tagged[2] == digest(index), done.stderr
    done = pull(oakum, server, tmp_path / "out", "--mirror", f"{server.address}={dead.address}", "--mirror", f"{server.address}={empty.address}/cache")
    assert done.returncode == 0 and (tmp_path / "out/manifest.json").read_bytes() == index, done.stderr
    assert all((tmp_path / "out/blobs" / digest(m).replace(":", "/")).read_bytes() == m for m, _ in children)
    assert empty.requests("GET", f"/v2/cache/team/app/manifests/v1?ns={server.address.replace(':', '%3A')}") and not empty.secrets_seen()
    # a map replaces: what it leads to answers alone
    done = run(oakum, server, "pull", "--map", f"registry.example={server.address}/team", "registry.example/app:v1", tmp_path / "mapped")
    assert done.returncode == 0, done.stderr
    done = run(oakum, server, "pull", "--map", f"{server.address}={empty.address}", f"{server.address}/team/app:v1", tmp_path / "none")
    assert done.returncode == 1 and "404" in done.stderr


# ---- where credentials go
def test_redirect_carries_no_credentials(oakum, registry, tmp_path):
    other = registry(auth=None)
    other.add("x", "y", *IMAGE)
    server = registry("always-redirect", elsewhere=f"http://localhost:{other.server_port}/v2/x/blobs/DIGEST")
    server.add("team/app", "v1", *IMAGE)
    done = pull(oakum, server, tmp_path / "out")
    assert done.returncode == 0 and is_whole(tmp_path / "out"), done.stderr
    assert len(other.requests("GET", "/v2/x/blobs/")) == len(IMAGE[1]) and not other.secrets_seen()


@pytest.mark.parametrize("to, message", [
    ("http://10.0.0.1/x", "private network"), ("http://169.254.169.254/latest/meta-data", "private network"), ("http://[fd00::1]/x", "private network"),
    ("http://0.0.0.0/x", "private network"), ("http://registry.example/x", "plain http"), ("file:///etc/passwd", "no http or https URL"),
    ("ftp://example.com/x", "no http or https URL"), ("https://user:pw@registry.example/x", "carries a user"), ("/v2/x/y/z", "status 404"),
])
def test_hostile_redirect(oakum, registry, tmp_path, to, message):
    server = registry("always-redirect", elsewhere=to)
    server.add("team/app", "v1", *IMAGE)
    done = pull(oakum, server, tmp_path / "out")
    assert done.returncode == 1 and any(m in done.stderr for m in message.split("|")), done.stderr


def test_redirect_loop_ends(oakum, registry, tmp_path):
    server = registry("always-redirect")
    server.add("team/app", "v1", *make_image(SMALL))
    server.elsewhere = f"/v2/team/app/blobs/{digest(SMALL)}"
    done = pull(oakum, server, tmp_path / "out")
    assert done.returncode == 1 and "more than 10 redirects" in done.stderr, done.stderr


@pytest.mark.parametrize("realm", [
    "http://evil.example/token", "https://10.0.0.1/token", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/t", "https://0.0.0.0/t", "https://127.0.0.1:1/t",
    "file:///etc/passwd", "https://u:p@example.com/t", "https://2130706433/t", "https://0x7f.1/t", "https://[fe80::1]/t", "https://[64:ff9b::a00:1]/t", "https://100.64.0.1/t"])
def test_hostile_realm(oakum, registry, tmp_path, realm):
    server = registry(realm=realm)
    server.add("team/app", "v1", *IMAGE)
    done = pull(oakum, server, tmp_path / "out")
    assert done.returncode == 1 and "which is refused" in done.stderr and not server.secrets_seen(), done.stderr


def test_token_server_beside_the_registry(oakum, registry, tmp_path):
    """By the name of this machine, or by its address when the user says so; by its address alone it is refused."""
    tokens = registry()
    for host, options, ok in (("localhost", [], True), ("127.0.0.1", ["--insecure", tokens.address], True), ("127.0.0.1", [], False)):
        server = registry(realm=f"http://{host}:{tokens.server_port}/token")
        server.tokens = tokens.tokens
        server.add("team/app", "v1", *IMAGE)
        done = pull(oakum, server, tmp_path / f"out-{host}-{ok}", *options)
        assert (done.returncode == 0) == ok, done.stderr


def test_token_redirects(oakum, registry, tmp_path):
    other = registry(need_login=False)
    server = registry("always-token-redirect", elsewhere=f"http://localhost:{other.server_port}/token?scope=repository:team/app:pull")
    server.tokens = other.tokens
    server.add("team/app", "v1", *IMAGE)
    assert pull(oakum, server, tmp_path / "a").returncode == 0 and other.log and not other.secrets_seen()
    # a refresh token goes in the body of a POST, so there no stranger may follow
    config = {"auths": {server.address: {"identitytoken": "refresh-me"}}}
    done = pull(oakum, server, tmp_path / "b", config=config)
    assert done.returncode == 1 and "would hand it a secret" in done.stderr and not other.requests("POST")
    server.elsewhere = "http://192.168.0.1/token"
    done = pull(oakum, server, tmp_path / "c")
    assert done.returncode == 1 and "private network" in done.stderr


@pytest.mark.parametrize("faults", [(), ("no-oauth",)])
def test_identity_token(oakum, registry, tmp_path, faults):
    server = registry(*faults)
    server.add("team/app", "v1", *IMAGE)
    done = pull(oakum, server, tmp_path / "out", config={"auths": {server.address: {"identitytoken": "refresh-me"}}})
    assert done.returncode == 0 and server.requests("POST", "/token") and bool(server.requests("GET", "/token")) == bool(faults), done.stderr


def test_where_logins_come_from(oakum, registry, tmp_path):
    server = registry(auth="basic")
    server.add("team/app", "v1", *IMAGE)
    auth = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    good, address = {"auth": auth}, server.address
    (tmp_path / "bin").mkdir()
    helper = tmp_path / "bin/docker-credential-fake"
    helper.write_text(f'#!/bin/sh\nread host\n[ "$1 $host" = "get {address}" ] || exit 1\necho \'{{"ServerURL":"x","Username":"user","Secret":"{PASSWORD}"}}\'\n')
    helper.chmod(0o755)
    broken = tmp_path / "bin/docker-credential-broken"
    broken.write_text(f"#!/bin/sh\necho '{{\"Secret\": \"{PASSWORD}'\n")
    broken.chmod(0o755)
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {address: good}}))
    (tmp_path / "config.json").write_text(json.dumps({"auths": {f"https://{address}/v2/": good}}))
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    for config, env, ok in [
            ({"auths": {f"{address}/team/app": good, address: {"username": "user", "password": "bad"}}}, {}, True), ({"auths": {f"{address}/team/other": good}}, {}, False),
            ({"auths": {address: {"username": "user", "password": PASSWORD}}}, {}, True), ({"credHelpers": {address: "fake"}}, path, True), ({"credsStore": "fake"}, path, True),
            ({"credsStore": "missing", "auths": {address: good}}, path, True), ({"credsStore": "broken", "auths": {address: good}}, path, True), ({"credHelpers": {address: "../x"}}, path, False),
            ({"credsStore": "broken"}, path, False), ({}, {"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}, True), ({}, {"DOCKER_CONFIG": str(tmp_path)}, True),
            ({"auths": {address: {"auth": "bm8gY29sb24="}}}, {}, False), ({"auths": {address: {"auth": 3}}}, {}, False), ({"auths": [PASSWORD]}, {}, False)]:
        done = pull(oakum, server, tmp_path / "out", config=config, env=env)
        assert (done.returncode == 0) == ok, (config, done.stderr)
    done = run(oakum, server, "pull", f"{address}/team/app:v1", tmp_path / "out", env={"DOCKER_AUTH_CONFIG": '{"auths": "' + PASSWORD})
    assert done.returncode == 1 and "not valid JSON" in done.stderr


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_proxy(oakum, registry, tmp_path, variable):
    """The fake registry stands in for a proxy: it is asked for whole URLs, and https is asked of it without our credentials."""
    proxy = registry(auth="basic")
    proxy.add("team/app", "v1", *IMAGE)
    clean = {name: "" for name in ("no_proxy", "NO_PROXY")}
    config = {"auths": {"registry.example:5000": {"auth": base64.b64encode(f"user:{PASSWORD}".encode()).decode()}}}
    done = run(oakum, proxy, "pull", "--insecure", "registry.example:5000", "registry.example:5000/team/app:v1", tmp_path / "out",
               config=config, env={**clean, variable: proxy.url})
    assert done.returncode == 0 and is_whole(tmp_path / "out"), done.stderr
    assert proxy.requests("GET", "http://registry.example:5000/v2/team/app/") and all(a is None for m, _, a in proxy.log if m == "CONNECT")
    # what is on this machine is never asked of a proxy
    server, before = registry(), len(proxy.log)
    server.add("team/app", "v1", *IMAGE)
    assert pull(oakum, server, tmp_path / "own", env={**clean, variable: proxy.url}).returncode == 0 and len(proxy.log) == before

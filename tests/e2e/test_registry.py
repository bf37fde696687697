"""Pull and push against Debian's docker-registry, with a login, and against a registry that misbehaves."""
import base64
import http.server
import json
import os
import socket
import subprocess
import threading
import time
import hashlib

import pytest
from test_scan import STATUS, db, root, run  # noqa: F401  (db is a fixture)
from test_ship import DOCKERFILE


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """(address, environment with credentials, storage folder) of a running docker-registry."""
    folder = tmp_path_factory.mktemp("registry")
    port = free_port()
    (folder / "htpasswd").write_text(subprocess.run(["htpasswd", "-Bbn", "user", "pass-w0rd"], capture_output=True, text=True, check=True).stdout)
    (folder / "config.yml").write_text(f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}
""")
    (folder / "docker").mkdir()
    auth = base64.b64encode(b"user:pass-w0rd").decode()
    (folder / "docker/config.json").write_text(json.dumps({"auths": {f"127.0.0.1:{port}": {"auth": auth}}}))
    server = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"127.0.0.1:{port}", {**os.environ, "DOCKER_CONFIG": str(folder / "docker")}, folder / "data"
    server.kill()
    server.wait()


def ship(oakum, db, tmp_path, ref, env, status=STATUS):
    context = tmp_path / "c"
    context.mkdir(exist_ok=True)
    (context / "f").write_text("x" * 100000)
    (context / "Dockerfile").write_text(DOCKERFILE)
    base = root(tmp_path / "base", **{"var/lib/dpkg/status": status, "etc/passwd": "app:x:1:1::/:/bin/sh\n"})
    return run(oakum, "ship", "--store", tmp_path / "s", "--db", db, "--build-arg", f"BASE=rootfs:{base}", "-t", ref, context, env=env)


FIXED = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1")


def test_refused_leaves_nothing_and_passed_is_readable(oakum, db, registry, tmp_path):
    address, env, data = registry
    done = ship(oakum, db, tmp_path, f"{address}/app:v1", env)
    assert done.returncode == 2, done.stderr
    assert not list(data.rglob("*")) if data.exists() else True
    done = ship(oakum, db, tmp_path, f"{address}/app:v1", env, FIXED)
    assert done.returncode == 0, done.stderr
    creds = ["--tls-verify=false", "--creds", "user:pass-w0rd"]
    shown = json.loads(subprocess.run(["skopeo", "inspect", *creds, f"docker://{address}/app:v1"], capture_output=True, text=True, check=True).stdout)
    assert len(shown["Layers"]) == 2
    subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", "--src-creds", "user:pass-w0rd", f"docker://{address}/app:v1",
                    f"dir:{tmp_path}/copy"], check=True)
    # what was pushed can be scanned, and be the base of another build
    done = run(oakum, "scan", "--db", db, "--format", "json", f"{address}/app:v1", env=env)
    assert done.returncode == 0 and [p["name"] for p in json.loads(done.stdout)["packages"]] == ["bash", "libssl3"], done.stderr
    (tmp_path / "d2").mkdir()
    (tmp_path / "d2/Dockerfile").write_text(f"FROM {address}/app:v1@{shown['Digest']}\nLABEL x=y\n")
    done = run(oakum, "build", "--store", tmp_path / "s2", "-t", f"{address}/other:v2", tmp_path / "d2", env=env)
    assert done.returncode == 0, done.stderr


def test_wrong_password(oakum, db, registry, tmp_path):
    address, env, _ = registry
    bad = {**env, "DOCKER_CONFIG": "/nonexistent", "DOCKER_AUTH_CONFIG": json.dumps(
        {"auths": {address: {"auth": base64.b64encode(b"user:wrong-secret").decode()}}})}
    done = run(oakum, "scan", "--db", db, f"{address}/app:v1", env=bad)
    assert done.returncode == 1 and "the user or password is wrong" in done.stderr and "wrong-secret" not in done.stderr
    done = run(oakum, "scan", "--db", db, f"{address}/none:v1", env=env)
    assert done.returncode == 1 and "status 404" in done.stderr


# ---- a registry that misbehaves ------------------------------------------------------------------------
def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


LAYER = subprocess.run(["tar", "-C", "/", "--mtime=@0", "-cf", "-", "etc/hostname"], capture_output=True, check=True).stdout
CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]}}).encode()
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                       "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(CONFIG), "size": len(CONFIG)},
                       "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(LAYER), "size": len(LAYER)}]}).encode()


class Faulty(http.server.BaseHTTPRequestHandler):
    """`faults` of the server: what to do wrong; each entry is used up once it was done, unless it begins with "always"."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fault(self, name):
        s = self.server
        s.requests.append((self.command, self.path, self.headers.get("Authorization")))
        if "always-" + name in s.faults:
            return True
        if name in s.faults:
            s.faults.remove(name)
            return True
        return False

    def authorized(self):
        if self.headers.get("Authorization") in self.server.tokens:
            return True
        realm = self.server.realm or f"http://127.0.0.1:{self.server.server_port}/token"
        self.say(401, WWW_Authenticate=f'Bearer realm="{realm}",service="s",scope="x"')
        return False

    def do_GET(self):
        s = self.server
        if self.path.startswith("/token"):
            s.requests.append((self.command, self.path, self.headers.get("Authorization")))
            token = f"t{len(s.tokens)}"
            s.tokens.append("Bearer " + token)
            return self.say(200, json.dumps({"token": token}).encode())
        if self.fault("500"):
            return self.say(500)
        if self.fault("429"):
            return self.say(429, Retry_After="0")
        if not self.authorized():
            return None
        if "/manifests/" in self.path:
            return self.say(200, MANIFEST, Content_Type="application/vnd.oci.image.manifest.v1+json")
        blob = CONFIG if digest(CONFIG) in self.path else LAYER
        if blob is LAYER and self.fault("expire"):
            s.tokens.clear()
            return self.authorized()
        if blob is LAYER and self.fault("redirect"):
            return self.say(307, Location=s.elsewhere)
        if blob is LAYER and self.fault("wrong"):
            return self.say(200, b"x" * len(blob))
        if blob is LAYER and self.fault("short"):
            return self.say(200, blob[:-5])
        if blob is LAYER and self.fault("long"):
            return self.say(200, blob + b"more")
        start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        if blob is LAYER and self.fault("cut"):
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(blob) - start))
            self.end_headers()
            self.wfile.write(blob[start:start + 3000])
            self.close_connection = True
            return None
        return self.say(206 if start else 200, blob[start:])


@pytest.fixture
def faulty():
    servers = []

    def make(*faults, realm=None, elsewhere=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
        server.faults, server.requests, server.tokens, server.realm, server.elsewhere = list(faults), [], [], realm, elsewhere
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def pull(oakum, db, server):
    auth = json.dumps({"auths": {f"127.0.0.1:{server.server_port}": {"auth": base64.b64encode(b"user:s3cr3t-pw").decode()}}})
    done = run(oakum, "scan", "--db", db, f"127.0.0.1:{server.server_port}/a/b:v", env={**os.environ, "DOCKER_AUTH_CONFIG": auth}, timeout=120)
    assert "s3cr3t-pw" not in done.stderr + done.stdout and "dXNlcj" not in done.stderr
    return done


@pytest.mark.parametrize("faults", [(), ("500",), ("429", "429"), ("expire",), ("cut",), ("cut", "cut", "cut"), ("500", "expire", "cut")])
def test_faults_that_are_survived(oakum, db, faulty, faults):
    server = faulty(*faults)
    done = pull(oakum, db, server)
    assert done.returncode == 3 and "unknown-distribution" in done.stdout, done.stderr  # a layer with one file: read, and not judged
    assert server.faults == []


@pytest.mark.parametrize("faults, message", [
    (("always-500",), "status 500"), (("always-429",), "status 429"), (("wrong",), "expected|checksum is wrong"), (("always-short",), "expected"),
    (("long",), "more"), (("always-expire",), "refused|wrong|401"),
])
def test_faults_that_are_told(oakum, db, faulty, faults, message):
    import re
    done = pull(oakum, db, faulty(*faults))
    assert done.returncode == 1 and re.search(message, done.stderr), done.stderr


def test_redirect_carries_no_credentials(oakum, db, faulty):
    other = faulty()
    other.tokens.append(None)  # it serves who brings nothing
    server = faulty("redirect", elsewhere=f"http://127.0.0.1:{other.server_port}/v2/a/b/blobs/{digest(LAYER)}")
    done = pull(oakum, db, server)
    assert done.returncode == 3, done.stderr
    assert other.requests and all(authorization is None for _, _, authorization in other.requests)


@pytest.mark.parametrize("realm", ["http://evil.example/token", "https://10.0.0.1/token", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/t",
                                   "https://0.0.0.0/t", "file:///etc/passwd", "https://u:p@example.com/t", "https://2130706433/t"])
def test_hostile_realm(oakum, db, faulty, realm):
    done = pull(oakum, db, faulty(realm=realm))
    assert done.returncode == 1 and "which is refused" in done.stderr, done.stderr

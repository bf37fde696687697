"""Pull and push against Debian's docker-registry, with a login; certificates. What goes wrong is in test_faults*.py."""
import base64
import json
import os
import socket
import ssl
import subprocess
import time

import pytest
from faults import INDEX, MANIFEST, PASSWORD, Registry, descriptor, digest, make_image, write_image
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


def test_round_trip_by_another_tool(oakum, registry, tmp_path):
    """What skopeo puts we read to the byte, what we put skopeo reads; an index goes with all that is below it."""
    address, env, data = registry
    children = [make_image(b"one" * 1000), make_image(b"two" * 3000, os.urandom(3 << 20))]
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        descriptor(MANIFEST, m, platform={"os": "linux", "architecture": a}) for (m, _), a in zip(children, ("amd64", "arm64"))]}).encode()
    folder = write_image(tmp_path / "in", index, [b for _, blobs in children for b in blobs], [m for m, _ in children])
    done = run(oakum, "debug", "push", "--chunk", 1 << 20, folder, f"{address}/ours:v1", f"{address}/ours:v2", env=env)
    assert done.returncode == 0, done.stderr
    skopeo = ["skopeo", "copy", "-q", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", "--src-creds", "user:pass-w0rd", "--dest-creds", "user:pass-w0rd"]
    subprocess.run([*skopeo, f"docker://{address}/ours:v2", f"docker://{address}/theirs:v1"], check=True)
    for name in ("ours:v1", "ours:v2", "theirs:v1", f"theirs@{digest(index)}"):
        out = tmp_path / name
        done = run(oakum, "debug", "pull", f"{address}/{name}", out, env=env)
        assert done.returncode == 0 and (out / "manifest.json").read_bytes() == index, done.stderr
        assert sorted(p.name for p in out.rglob("blobs/*/*")) == sorted(p.name for p in folder.rglob("blobs/*/*"))
        assert all(digest(p.read_bytes()).endswith(p.name) for p in out.rglob("blobs/*/*"))
    # a mount: no byte is sent, the registry links what it has
    done = run(oakum, "debug", "push", "--mount-from", "ours", folder, f"{address}/third:v1", env=env)
    assert done.returncode == 0 and not list((data / "docker/registry/v2/repositories/third").rglob("_uploads/*")), done.stderr


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A folder with an authority (ca.pem), a server's certificate (server.*) and a client's (client.*)."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = lambda *args: subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "30")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-extfile", "names", "-days", "30")
    return folder


def test_certificates(oakum, tls, tmp_path):
    def serve(client):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "server.pem", tls / "server.key")
        if client:
            context.load_verify_locations(tls / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        server = Registry(tls=context, auth="basic")
        server.add("team/app", "v1", *make_image(b"one"))
        return server

    def pull(server, *options, **env):
        auth = json.dumps({"auths": {server.address: {"auth": base64.b64encode(f"user:{PASSWORD}".encode()).decode()}}})
        return run(oakum, "debug", "pull", *options, f"{server.address}/team/app:v1", tmp_path / "out",
                   env={**os.environ, "DOCKER_AUTH_CONFIG": auth, "OAKUM_TEST_RETRY_MS": "1", **env}, timeout=120)

    server = serve(False)
    done = pull(server)
    assert done.returncode == 1 and "certificate" in done.stderr and not server.secrets_seen(), done.stderr
    for options, env in ((["--ca", f"127.0.0.1={tls}/ca.pem"], {}), (["--insecure", server.address], {}), (["--unverified", "127.0.0.1"], {}),
                         ([], {"SSL_CERT_FILE": f"{tls}/ca.pem"})):
        done = pull(server, *options, **env)
        assert done.returncode == 0 and server.secrets_seen(), done.stderr
    certs = tmp_path / "certs.d" / server.address
    certs.mkdir(parents=True)
    (certs / "ca.crt").write_bytes((tls / "ca.pem").read_bytes())
    assert pull(server, "--certs-dir", certs.parent).returncode == 0
    server.close()
    # one that wants to see ours
    server = serve(True)
    assert pull(server, "--ca", f"127.0.0.1={tls}/ca.pem").returncode == 1
    done = pull(server, "--ca", f"127.0.0.1={tls}/ca.pem", "--client-cert", f"{server.address}={tls}/client.pem,{tls}/client.key")
    assert done.returncode == 0, done.stderr
    certs = tmp_path / "certs.d" / server.address
    certs.mkdir(parents=True)
    for source, name in (("ca.pem", "ca.crt"), ("client.pem", "client.cert"), ("client.key", "client.key")):
        (certs / name).write_bytes((tls / source).read_bytes())
    done = pull(server, "--certs-dir", certs.parent)
    assert done.returncode == 0, done.stderr
    server.close()


def test_a_large_layer_that_is_there_is_not_sent_again(oakum, registry, tmp_path):
    """HEAD tells the length of what a GET would bring: no reason to refuse the answer."""
    ref, (address, env, data) = "large/one", registry
    context = tmp_path / "c"
    context.mkdir()
    (context / "f").write_bytes(os.urandom(2 << 20))
    (context / "Dockerfile").write_text("FROM scratch\nCOPY f /f\n")
    for label in ("1", "2"):
        (context / "Dockerfile").write_text(f"FROM scratch\nCOPY f /f\nLABEL a={label}\n")
        done = run(oakum, "build", "--store", tmp_path / "s", "-t", f"{address}/{ref}:1", context, env=env)
        assert done.returncode == 0, done.stderr
    # two configs, one layer
    assert len(list((data / "docker/registry/v2/repositories" / ref / "_layers/sha256").iterdir())) == 3

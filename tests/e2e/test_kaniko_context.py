"""Contexts as kaniko spells them, against servers that check signatures by a second implementation of each scheme."""
import base64
import hashlib
import hmac
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading
import urllib.parse

import pytest
from build_case import listing, tar_bytes, write_folder
from test_build_case import GIT_ENV, make_repository

CONTEXT = tar_bytes(listing('Dockerfile f 0644 "FROM scratch\\n"\nsub/a f 0600 1:2 "a"\n'))


def names(oakum, text, *options, env=None, status=0, data=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "S3_", "GIT_", "AZURE_", "GOOGLE_"))}
    done = subprocess.run([oakum, "debug", "context", "--kaniko", *options, str(text)], capture_output=True, input=data, env={**clean, **(env or {})}, timeout=120)
    said = done.stderr.decode()
    assert done.returncode == status and "Sanitizer" not in said, said
    return sorted(tarfile.open(fileobj=io.BytesIO(done.stdout)).getnames()) if status == 0 else said


class Store(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        if self.server.redirect:
            self.send_response(307)
            self.send_header("Location", self.server.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.answer(*self.server.get(self))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.answer(*self.server.post(self, body))


@pytest.fixture
def store():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.seen, server.redirect, server.get, server.post = [], None, lambda request: (200, CONTEXT), None
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


WHOLE = ["Dockerfile", "sub", "sub/a"]


def test_local(oakum, tmp_path):
    write_folder(tmp_path / "d", listing('Dockerfile f 0644 "x"\nsub/a f 0644 "a"\n'))
    (tmp_path / "c.tar.gz").write_bytes(__import__("gzip").compress(CONTEXT))
    assert names(oakum, tmp_path / "d") == WHOLE
    assert names(oakum, f"dir://{tmp_path}/d") == WHOLE
    assert names(oakum, f"tar://{tmp_path}/c.tar.gz") == WHOLE
    assert names(oakum, "tar://stdin", data=CONTEXT) == WHOLE
    assert names(oakum, f"dir://{tmp_path}/d", "--context-sub-path", "sub") == ["a"]
    assert names(oakum, f"tar://{tmp_path}/c.tar.gz", "--context-sub-path", "/sub/") == ["a"]
    assert "No such file" in names(oakum, f"dir://{tmp_path}/d", "--context-sub-path", "../nope", status=1)
    assert "expected a folder, dir://" in names(oakum, "ftp://x/y", status=1)
    assert "neither a folder nor an archive" in names(oakum, f"tar://{tmp_path}/d/Dockerfile", status=1)


def sign_v4(request, secret):
    """Amazon's documentation, "Authenticating Requests: Using the Authorization Header"."""
    kind, rest = request.headers["Authorization"].split(" ", 1)
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    key, day, region, service, last = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    assert kind == "AWS4-HMAC-SHA256" and (service, last) == ("s3", "aws4_request") and signed == sorted(signed)
    assert {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed)
    path, _, query = request.path.partition("?")
    canonical = "\n".join(["GET", path, query, *[f"{name}:{request.headers[name].strip()}" for name in signed], "", ";".join(signed),
                           request.headers["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], f"{day}/{region}/s3/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    step = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request", text):
        step = hmac.new(step, part.encode(), hashlib.sha256).digest()
    return step.hex() == fields["Signature"], key, region


def test_s3(oakum, store):
    env = {"S3_ENDPOINT": store.url, "S3_FORCE_PATH_STYLE": "true", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "sec/ret", "AWS_REGION": "eu-west-3",
           "AWS_SESSION_TOKEN": "session+token"}
    store.get = lambda request: (200, CONTEXT) if sign_v4(request, "sec/ret") == (True, "AKID", "eu-west-3") else (403,)
    assert names(oakum, "s3://bucket/path/to a+b/c.tar.gz", env=env) == WHOLE
    path, headers = store.seen[-1]
    assert path == "/bucket/path/to%20a%2Bb/c.tar.gz" and headers["x-amz-security-token"] == "session+token"
    said = names(oakum, "s3://bucket/c.tar.gz", env={**env, "AWS_SECRET_ACCESS_KEY": "wrong-one"}, status=1)
    assert "status 403" in said and "wrong-one" not in said and "session" not in said
    store.get = lambda request: (200, CONTEXT) if "Authorization" not in request.headers else (400,)
    assert names(oakum, "s3://bucket/c.tar.gz", env={"S3_ENDPOINT": store.url, "S3_FORCE_PATH_STYLE": "true"}) == WHOLE
    assert "expected a bucket and an object" in names(oakum, "s3://bucket", status=1)


def test_s3_redirect_keeps_secrets(oakum, store):
    """A signed request never follows to another origin: its session token would."""
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    other.seen, other.redirect, other.get = [], None, lambda request: (200, CONTEXT)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    env = {"S3_ENDPOINT": store.url, "S3_FORCE_PATH_STYLE": "1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "session"}

    store.redirect = f"http://127.0.0.1:{other.server_port}/x"
    names(oakum, "s3://bucket/c.tar.gz", env=env, status=1)
    assert len(store.seen) == 1 and other.seen == []
    other.shutdown()


def test_azure(oakum, store):
    """Through a proxy, as the name of the account is part of the host."""
    key = base64.b64encode(b"the key of the account").decode()

    def get(request):
        url = urllib.parse.urlsplit(request.path)
        text = "GET" + "\n" * 12 + f"x-ms-date:{request.headers['x-ms-date']}\nx-ms-version:{request.headers['x-ms-version']}\n/acc{url.path}"
        wanted = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
        return (200, CONTEXT) if request.headers["Authorization"] == f"SharedKey acc:{wanted}" else (403,)
    store.get = get
    url = "http://acc.blob.core.windows.net/container/some%20blob.tar.gz"
    assert names(oakum, url, env={"http_proxy": store.url, "AZURE_STORAGE_ACCESS_KEY": key}) == WHOLE
    assert store.seen[-1][1]["x-ms-date"].endswith(" GMT")
    store.get = lambda request: (200, CONTEXT) if "Authorization" not in request.headers and "sig=abc" in request.path else (403,)
    assert names(oakum, url + "?sv=1&sig=abc", env={"http_proxy": store.url, "AZURE_STORAGE_ACCESS_KEY": key}) == WHOLE
    # a host that only looks like one of Azure's gets no signature
    store.get = lambda request: (200, CONTEXT) if "Authorization" not in request.headers else (403,)
    assert names(oakum, "http://acc.blob.core.windows.net.example/c/b.tar", env={"http_proxy": store.url, "AZURE_STORAGE_ACCESS_KEY": key}) == WHOLE


def test_gcs(oakum, store, tmp_path):
    subprocess.run(["openssl", "genrsa", "-out", str(tmp_path / "key.pem"), "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", str(tmp_path / "key.pem"), "-pubout", "-out", str(tmp_path / "pub.pem")], check=True, capture_output=True)
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"type": "service_account", "client_email": "me@example", "private_key": (tmp_path / "key.pem").read_text(), "token_uri": store.url + "/token"}))
    decode = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def post(request, body):
        form = urllib.parse.parse_qs(body.decode())
        head, claims, signature = form["assertion"][0].split(".")
        (tmp_path / "signature").write_bytes(decode(signature))
        good = subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(tmp_path / "pub.pem"), "-signature", str(tmp_path / "signature")],
                              input=f"{head}.{claims}".encode(), capture_output=True).returncode == 0
        told = json.loads(decode(claims))
        ok = good and form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"] and told["aud"] == store.url + "/token" and told["iss"] == "me@example"
        return (200, json.dumps({"access_token": "t0ken", "expires_in": 10}).encode()) if ok else (400,)
    store.post = post
    store.get = lambda request: (200, CONTEXT) if request.headers["Authorization"] == "Bearer t0ken" else (401,)
    env = {"STORAGE_EMULATOR_HOST": store.url, "GOOGLE_APPLICATION_CREDENTIALS": str(account)}
    assert names(oakum, "gs://bucket/a/b c.tar.gz", env=env) == WHOLE
    assert store.seen[-1][0] == "/storage/v1/b/bucket/o/a%2Fb%20c.tar.gz?alt=media"
    assert names(oakum, "c.tar", "--bucket", "bucket", env=env) == WHOLE
    store.get = lambda request: (401,)
    said = names(oakum, "gs://bucket/a", env=env, status=1)
    assert "status 401" in said and "t0ken" not in said
    # the machine's own account
    store.get = lambda request: ((200, b'{"access_token":"machine"}') if "/computeMetadata/" in request.path and request.headers["Metadata-Flavor"] == "Google"
                                 else (200, CONTEXT) if request.headers["Authorization"] == "Bearer machine" else (401,))
    assert names(oakum, "gs://bucket/a", env={"STORAGE_EMULATOR_HOST": store.url, "GCE_METADATA_HOST": store.url[7:]}) == WHOLE
    account.write_text('{"client_email": "a", "private_key": "nonsense", "token_uri": "http://127.0.0.1/"}')
    assert "private_key cannot be used" in names(oakum, "gs://bucket/a", env=env, status=1)


def test_git(oakum, store, tmp_path):
    """git:// is spoken by http as the environment says; a commit behind the second '#'; the token is never told."""
    served = tmp_path / "served"
    served.mkdir()
    commits = make_repository(tmp_path / "work", served / "r.git", 'Dockerfile f 0644 "x"\n=== branch b\nb f 0644 "b"\n=== commit\nc f 0644 "c"\n=== tag v\nv f 0644 "v"\n', {"http": ""})

    def get(request):
        path = served / request.path.split("?")[0].lstrip("/")
        if request.headers["Authorization"] != "Basic " + base64.b64encode(b"tok:").decode():
            return (401,)
        return (200, path.read_bytes()) if path.is_file() else (404,)
    store.get = get
    env = {"GIT_PULL_METHOD": "http", "GIT_TOKEN": "tok"}
    url = store.url.replace("http", "git") + "/r.git"
    assert names(oakum, url, env=env) == ["Dockerfile"]
    assert names(oakum, url + "#refs/heads/b", env=env) == ["b"]
    assert names(oakum, url, "--branch", "b", env=env) == ["b"]
    assert names(oakum, url, "--branch", "v", env=env) == ["v"]  # a tag does as well
    assert names(oakum, url + "#refs/heads/main#" + commits["commit"], env=env) == ["c"]
    said = names(oakum, url, env={**env, "GIT_TOKEN": "wr0ng"}, status=1)
    assert "wr0ng" not in said

"""A registry that keeps what it is given and misbehaves on demand; loopback only, a free port each.

Registry(faults=[...]) serves /v2/ and /token. A fault is a name that is used up when it has happened; "always-NAME" stays.
`log` holds (method, path, Authorization) of every request. Nothing is ever tagged but by a PUT of a manifest whose blobs are there.
"""
import base64
import hashlib
import http.server
import itertools
import json
import re
import ssl
import threading
import urllib.parse

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
PASSWORD = "s3cr3t-pw"


def digest(data, kind="sha256"):
    return f"{kind}:" + hashlib.new(kind, data).hexdigest()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def make_image(*layers, **more):
    """(manifest bytes, [blob bytes])"""
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(x) for x in layers]}}).encode()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config),
                           "layers": [descriptor(LAYER, x) for x in layers], **more}).encode()
    return manifest, [config, *layers]


def write_image(folder, manifest, blobs, children=()):
    for data in [*blobs, *children]:
        path = folder / "blobs" / digest(data).replace(":", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(manifest)
    return folder


class Handler(http.server.BaseHTTPRequestHandler):
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

    def error(self, status, code, **headers):
        return self.say(status, json.dumps({"errors": [{"code": code, "message": "as you wish"}]}).encode(), **headers)

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(2)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        left, data = int(self.headers.get("Content-Length") or 0), b""
        while left:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                raise ConnectionError
            data, left = data + piece, left - len(piece)
        return data

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError, OSError):
            self.close_connection = True

    def parse_request(self):
        ok = super().parse_request()
        if ok:
            with self.server.lock:
                self.server.log.append((self.command, self.path, self.headers.get("Authorization")))
        return ok

    # ---- login
    def authorized(self, scope):
        s, given = self.server, self.headers.get("Authorization")
        if s.auth is None:
            return True
        if s.auth == "basic" and given == "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode():
            return True
        if s.auth == "bearer" and given and given[7:] in s.tokens and s.tokens[given[7:]].issuperset(scope):
            return True
        realm = s.realm or f"{s.url}/token"
        if s.auth == "basic":
            self.error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')
        else:
            extra = ',error="insufficient_scope"' if given and given[7:] in s.tokens else ""
            self.error(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="{realm}",service="serv ice",scope="{" ".join(sorted(scope))}"{extra}')
        return False

    def token(self, query, form=None):
        s, given = self.server, self.headers.get("Authorization")
        if s.fault("token-redirect"):
            return self.say(307, Location=s.elsewhere)
        if s.fault("token-500"):
            return self.say(500)
        if s.fault("token-garbage"):
            return self.say(200, b'{"token": "a\\r\\nX-Evil: b"}')
        if s.fault("token-huge"):
            return self.say(200, b'{"token": "' + b"a" * (2 << 20) + b'"}')
        if form is not None:
            if s.fault("no-oauth"):
                return self.say(404)
            if form.get("refresh_token") != ["refresh-me"]:
                return self.error(401, "DENIED")
            scopes = form["scope"][0].split(" ")
        else:
            known = [base64.b64encode(x.encode()).decode() for x in (f"user:{PASSWORD}", "<token>:refresh-me")]
            if s.need_login and (given or "")[6:] not in known:
                return self.error(401, "DENIED")
            scopes = query.get("scope", [])
            if s.fault("first-scope-only"):
                scopes = scopes[:1]
        name = f"t0k{len(s.tokens)}"
        s.tokens[name] = set() if s.fault("narrow") else {f"{r}:{a}" for r, _, actions in (x.rpartition(":") for x in scopes) for a in actions.split(",")}
        return self.say(200, json.dumps({s.token_key: name, **({"expires_in": s.expires_in} if s.expires_in is not None else {})}).encode())

    # ---- requests
    def serve(self):
        s = self.server
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/token":
            return self.token(query, urllib.parse.parse_qs(self.body().decode()) if self.command == "POST" else None)
        if url.path == "/v2/":
            return self.say(200) if s.auth is None or self.authorized(set()) else None
        match = re.fullmatch(r"/v2/(.+?)/(manifests|blobs|referrers)/(.*)", url.path)
        if not match:
            return self.say(404)
        repo, kind, name = match.groups()
        write = self.command not in ("GET", "HEAD")
        for status in (408, 429, 499, 500, 502, 503, 504, 522):
            if s.fault(str(status)) or s.fault(f"{self.command}-{kind}-{status}"):
                if write:
                    self.body()
                return self.error(status, "TOOMANYREQUESTS" if status == 429 else "UNKNOWN", **({"Retry_After": s.retry_after} if s.retry_after else {}))
        if s.fault(f"cut-{self.command}-{kind}"):
            return self.hang_up()
        if s.fault(f"expire-{self.command}-{kind}"):
            s.tokens.clear()
        if s.auth and not self.authorized({f"repository:{repo}:pull", f"repository:{repo}:push"} if write else {f"repository:{repo}:pull"}):
            if write:
                self.close_connection = True
            return None
        return getattr(self, kind)(repo, name, query)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def manifests(self, repo, name, query):
        s = self.server
        if self.command == "PUT":
            data = self.body()
            if s.fault("manifest-413"):
                return self.error(413, "SIZE_INVALID")
            if s.fault("immutable"):
                return self.error(400, "TAG_INVALID: the tag cannot be overwritten because the repository is immutable")
            parsed = json.loads(data)
            wanted = [parsed["config"], *parsed["layers"]] if "layers" in parsed else []
            missing = [x for x in wanted if (repo, x["digest"]) not in s.blobs]
            missing += [x for x in parsed.get("manifests", []) if (repo, x["digest"]) not in s.manifests and name[:7] != "sha256-"]
            if missing or s.fault("blobs-not-seen"):
                return self.error(400, "MANIFEST_BLOB_UNKNOWN")
            s.manifests[repo, digest(data)] = s.manifests[repo, name] = (self.headers["Content-Type"], data)
            s.tagged.append(name)
            extra = {"OCI_Subject": parsed["subject"]["digest"]} if s.referrers_api and "subject" in parsed else {}
            return self.say(201, Docker_Content_Digest=digest(data), **({"Warning": s.warning} if s.warning else {}), **extra)
        if (repo, name) not in s.manifests:
            return self.error(404, "MANIFEST_UNKNOWN")
        kind, data = s.manifests[repo, name]
        if s.fault("manifest-wrong"):
            data = data.replace(b"amd64", b"arm64") + b" "
        if s.fault("manifest-huge"):
            data = b" " * (5 << 20)
        if s.fault("manifest-headers"):
            return self.say(200, data, Content_Type=kind, X_Big="a" * 40000, X_Big_2="b" * 40000)
        if s.fault("lying-digest"):
            return self.say(200, data, Content_Type=kind, Docker_Content_Digest=digest(b"other"))
        return self.say(200, data, Content_Type=kind, **({"Docker_Content_Digest": digest(data)} if s.tells_digest else {}))

    def referrers(self, repo, name, query):
        s = self.server
        if not s.referrers_api:
            return self.say(404)
        found = [{**descriptor(MANIFEST, data), "artifactType": json.loads(data).get("artifactType", "")}
                 for (r, n), (_, data) in sorted(s.manifests.items()) if r == repo and n == digest(data) and json.loads(data).get("subject", {}).get("digest") == name]
        at = int(query.get("at", ["0"])[0])
        extra = {"Link": f'</v2/{repo}/referrers/{name}?at={at + 1}>; rel="next"'} if at + 1 < len(found) else {}
        if s.fault("foreign-link"):
            extra = {"Link": f'<{s.elsewhere}>; rel="next"'}
        return self.say(200, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found[at:at + 1]}).encode(), Content_Type=INDEX, **extra)

    def blobs(self, repo, name, query):
        if name.startswith("uploads/"):
            return self.upload(repo, name[8:], query)
        s = self.server
        data = s.blobs.get((repo, name))
        if data is None:
            return self.error(404, "BLOB_UNKNOWN")
        if self.command == "HEAD":
            return self.say(200, data)
        if s.fault("redirect"):
            return self.say(307, Location=s.elsewhere.replace("DIGEST", name))
        if s.fault("blob-wrong"):
            return self.say(200, b"x" * len(data))
        if s.fault("blob-short"):
            return self.say(200, data[:-5])
        if s.fault("blob-long"):
            return self.say(200, data + b"more")
        start = 0
        if not s.fault("always-no-range"):
            start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        extra = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        if start and s.fault("wrong-range"):
            extra["Content_Range"] = f"bytes 0-{len(data) - 1}/{len(data)}"
        if s.fault("blob-cut"):
            self.send_response(206 if start else 200)
            for key, value in extra.items():
                self.send_header(key.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start:start + s.cut_at])
            return self.hang_up()
        return self.say(206 if start else 200, data[start:], **extra)

    # ---- uploads
    def upload(self, repo, session, query):
        s = self.server
        host = s.upload_host or ""
        if self.command == "POST":
            if "mount" in query and "from" in query and not s.fault("mount-error"):
                source = (query["from"][0], query["mount"][0])
                if source in s.blobs and not s.fault("mount-ignored"):
                    s.blobs[repo, source[1]] = s.blobs[source]
                    return self.say(201, Docker_Content_Digest=source[1])
            elif "mount" in query:
                return self.error(400, "UNSUPPORTED")
            session = f"s{next(s.session_numbers)}"  # never one that was: blobs come in parallel
            s.sessions[session] = b""
            location = s.location or f"{host}/v2/{repo}/blobs/uploads/{session}?state=a%2Bb"
            extra = {"OCI_Chunk_Min_Length": str(s.chunk_min)} if s.chunk_min else {}
            return self.say(202, Location=location, Range="0-0", **extra)
        if session not in s.sessions or query.get("state") not in (["a+b"], ["c"]):
            if self.command != "DELETE":
                self.body()
            return self.error(404, "BLOB_UPLOAD_UNKNOWN")
        location = f"{host}/v2/{repo}/blobs/uploads/{session}?state=c"
        have = s.sessions[session]
        if self.command == "DELETE":
            del s.sessions[session]
            return self.say(204)
        if self.command == "GET":
            return self.say(204, Location=location, Range=f"0-{max(len(have) - 1, 0)}")
        if int(self.headers.get("Content-Length") or 0) > s.request_max:
            self.close_connection = True
            if s.fault("always-413-hangs-up"):
                return self.hang_up()
            self.body()
            return self.error(413, "SIZE_INVALID")
        if s.fault(f"cut-body-{self.command}"):
            got = self.rfile.read(min(int(self.headers["Content-Length"]), s.cut_at))
            s.sessions[session] = have + got if self.command == "PATCH" else have
            return self.hang_up()
        data = self.body()
        if s.fault(f"forget-{self.command}"):
            del s.sessions[session]
            return self.error(404, "BLOB_UPLOAD_UNKNOWN")
        if self.command == "PATCH":
            first = int((self.headers.get("Content-Range") or f"{len(have)}-").split("-")[0])
            if first != len(have):
                return self.say(416, Location=location, Range=f"0-{max(len(have) - 1, 0)}")
            if s.fault("keep-half"):
                data = data[:len(data) // 2]
            if session in s.short_chunks:  # only the last one may be short
                return self.error(416, "SIZE_INVALID")
            if len(data) < s.chunk_min:
                s.short_chunks.add(session)
            s.sessions[session] = have + data
            return self.say(202, Location=location, Range=f"0-{len(have + data) - 1}")
        whole = have + data
        wanted = query["digest"][0]
        if s.fault("cut-after-PUT"):
            s.blobs[repo, wanted] = whole
            return self.hang_up()
        if digest(whole, wanted.split(":")[0]) != wanted:
            return self.error(400, "DIGEST_INVALID")
        s.blobs[repo, wanted] = whole
        del s.sessions[session]
        if s.fault("lost-blob"):
            del s.blobs[repo, wanted]
            return self.say(202)
        return self.say(201, Docker_Content_Digest=digest(b"x") if s.fault("took-other") else wanted)


class Registry(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *faults, tls=None, **settings):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults, self.log, self.lock = list(faults), [], threading.RLock()
        self.blobs, self.manifests, self.sessions, self.tokens, self.tagged = {}, {}, {}, {}, []
        self.auth, self.need_login, self.realm, self.elsewhere, self.location, self.upload_host = "bearer", True, None, None, None, None
        self.retry_after, self.expires_in, self.token_key, self.referrers_api = "0", None, "token", True
        self.warning, self.tells_digest = '299 - "this registry \x1b[31mretires"', False
        self.session_numbers = itertools.count()
        self.chunk_min, self.request_max, self.cut_at, self.short_chunks = 0, 1 << 40, 3000, set()
        vars(self).update(settings)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.address = f"127.0.0.1:{self.server_port}"
        self.url = ("https://" if tls else "http://") + self.address
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def fault(self, name):
        with self.lock:
            if name in self.faults and name.startswith("always-") or "always-" + name in self.faults:
                return True
            if name in self.faults:
                self.faults.remove(name)
                return True
        return False

    def add(self, repo, name, manifest, blobs, kind=MANIFEST):
        for data in blobs:
            self.blobs[repo, digest(data)] = data
        self.manifests[repo, name] = self.manifests[repo, digest(manifest)] = (kind, manifest)

    def secrets_seen(self):
        """Every Authorization that arrived here."""
        return {a for _, _, a in self.log if a}

    def requests(self, method, part=""):
        return [p for m, p, _ in self.log if m == method and part in p]

    def close(self):
        self.shutdown()
        self.server_close()

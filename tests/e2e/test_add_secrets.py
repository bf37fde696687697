"""ADD of what only a credential gives, from --secret by the names that BuildKit has."""
import base64
import http.server
import subprocess
import threading

import pytest
from test_build_case import GIT_ENV
from test_outputs import make


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        target = self.server.redirects.get(self.path)
        for begin, to in self.server.moved.items():
            if self.path.startswith(begin):
                target = to + self.path[len(begin):]
        wanted = self.server.wanted.get(self.path.split("/")[1])
        if target:
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path = self.server.folder / self.path.split("?")[0].lstrip("/")
        if wanted and self.headers.get("Authorization") != wanted:
            self.send_error(401)
        elif not path.is_file():
            self.send_error(404)
        else:
            data = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)


@pytest.fixture()
def servers(tmp_path_factory):
    """Two of them: what one redirects to the other is another origin."""
    made = []
    for _ in range(2):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.folder, server.seen, server.wanted, server.redirects, server.moved = tmp_path_factory.mktemp("served"), [], {}, {}, {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(server)
    yield made
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("names,header", [
    (["HTTP_AUTH_TOKEN_127.0.0.1"], "Bearer %s"),
    (["HTTP_AUTH_TOKEN_127.0.0.1:PORT"], "Bearer %s"),
    (["HTTP_AUTH_HEADER_127.0.0.1"], "%s"),
    (["HTTP_AUTH_HEADER_127.0.0.1", "HTTP_AUTH_TOKEN_127.0.0.1"], "%s"),
])
def test_files(oakum, servers, tmp_path, names, header):
    header %= "hush-1"
    one, other = servers
    port = one.server_address[1]
    (one.folder / "private").mkdir()
    (one.folder / "private/f").write_text("inside\n")
    (other.folder / "f").write_text("elsewhere\n")
    one.wanted["private"] = header
    one.redirects["/away"] = f"http://127.0.0.1:{other.server_address[1]}/f"
    (tmp_path / "secret").write_text("hush-1\n")
    secrets = [w for i, n in enumerate(names) for w in ("--secret", f"id={n.replace('PORT', str(port))},src=secret" if i == 0 else f"id={n},env=OTHER")]
    text = f"FROM scratch\nADD http://127.0.0.1:{port}/private/f /f\nADD http://127.0.0.1:{port}/away /g\n"
    done = make(oakum, tmp_path, *secrets, "-o", "rootfs:out", "-o", "oci:image", "--verbose", text=text, env={"OTHER": "hush-2"})
    assert (tmp_path / "out/f").read_text() == "inside\n" and (tmp_path / "out/g").read_text() == "elsewhere\n"
    assert ("/private/f", header) in one.seen and other.seen == [("/f", None)]
    told = done.stdout + done.stderr + "".join(p.read_text(errors="replace") for p in (tmp_path / "image").rglob("*") if p.is_file())
    assert "hush" not in told
    # without it, and with one for another host
    for options in ([], ["--secret", "id=HTTP_AUTH_TOKEN_example.com,src=secret"]):
        assert "status 401" in make(oakum, tmp_path, *options, text=text, status=1).stderr


@pytest.mark.parametrize("name,header", [
    ("GIT_AUTH_TOKEN", "Basic " + base64.b64encode(b"x-access-token:hush-1").decode()),
    ("GIT_AUTH_TOKEN.127.0.0.1", "Basic " + base64.b64encode(b"x-access-token:hush-1").decode()),
    ("GIT_AUTH_HEADER", "hush-1"),
])
def test_repositories(oakum, servers, tmp_path, name, header):
    one, _ = servers
    repository(one, tmp_path)
    one.wanted["private"] = header
    text = f"FROM scratch\nADD http://127.0.0.1:{one.server_address[1]}/private/r.git /r\n"
    make(oakum, tmp_path, "--secret", f"id={name},env=TOKEN", "-o", "rootfs:out", text=text, env={"TOKEN": "hush-1"})
    assert (tmp_path / "out/r/f").read_text() == "versioned\n"
    assert {seen for _, seen in one.seen} == {header}
    assert make(oakum, tmp_path, text=text, status=1).returncode == 1


def repository(server, tmp_path):
    """One file "f", at /private/r.git."""
    work, bare = tmp_path / "work", server.folder / "private" / "r.git"

    def git(*words, cwd=work):
        subprocess.run(["git", *words], cwd=cwd, env=GIT_ENV, check=True, capture_output=True)
    work.mkdir(parents=True)
    git("init", "-q", "-b", "main")
    (work / "f").write_text("versioned\n")
    git("add", "f")
    git("commit", "-q", "-m", "one")
    bare.parent.mkdir()
    git("clone", "-q", "--bare", work, bare, cwd=tmp_path)
    git("update-server-info", cwd=bare)


def test_a_repository_that_moved(oakum, servers, tmp_path):
    """git itself sends a header on to the host that a redirect names."""
    one, other = servers
    repository(one, tmp_path)
    repository(other, tmp_path / "more")
    one.wanted["private"] = header = "Basic " + base64.b64encode(b"x-access-token:hush-1").decode()
    at = [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
    one.moved = {"/old/r.git": "/private/r.git", "/away/r.git": at[1] + "/private/r.git"}
    text = f"FROM scratch\nADD --keep-git-dir {at[0]}/%s/r.git /r\n"
    secret = ["--secret", "id=GIT_AUTH_TOKEN,env=TOKEN"]
    make(oakum, tmp_path, *secret, "-o", "rootfs:out", text=text % "old", env={"TOKEN": "hush-1"})
    assert (tmp_path / "out/r/f").read_text() == "versioned\n" and f"url = {at[0]}/old/r.git\n" in (tmp_path / "out/r/.git/config").read_text()
    assert {seen for _, seen in one.seen} == {header}
    done = make(oakum, tmp_path, *secret, text=text % "away", status=1, env={"TOKEN": "hush-1"})
    assert "would hand it a secret" in done.stderr and other.seen == []
    # without a secret there is nothing to keep
    make(oakum, tmp_path, "-o", "rootfs:public", text=text % "away")
    assert (tmp_path / "public/r/f").read_text() == "versioned\n" and {seen for _, seen in other.seen} == {None}

"""kaniko's command line: every flag of src/cli/executor-flags.inc, every variable, sub-command, file and exit status.

@flags("--name", …) says which flags a test shows; tools/executor-table reads it for docs/executor.md, and test_every_flag_has_a_test fails
for a flag without one.
"""
import base64
import gzip
import hashlib
import hmac
import http.server
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import ssl
import subprocess
import tarfile
import threading
import time

import build_case
import pytest
from build_case import flatten, layout, listing, tar_bytes
from conftest import REPO
from faults import MANIFEST, PASSWORD, Registry, digest, make_image
from test_build_case import GIT_ENV, make_repository, start_server
from test_kaniko_context import store  # noqa: F401  (a server, as fixture)
from test_registry import registry, tls  # noqa: F401  (fixtures)

LOADER = importlib.machinery.SourceFileLoader("executor_table", str(REPO / "tools/executor-table"))
TABLE = importlib.util.module_from_spec(importlib.util.spec_from_loader("executor_table", LOADER))
LOADER.exec_module(TABLE)
FLAGS = TABLE.read_flags()
SCRATCH = "FROM scratch\nCOPY f /f\n"


def flags(*names):
    return lambda test: test


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A layout with busybox."""
    folder = tmp_path_factory.mktemp("base") / "layout"
    layout(folder, tar_bytes(build_case.base_entries()), {"Env": ["PATH=/usr/bin:/bin"]})
    return folder


class Job:
    """A folder to work in: the context in c/, kaniko's folder in k/."""

    def __init__(self, oakum, folder):
        self.oakum, self.folder = oakum, folder
        (folder / "c").mkdir()
        (folder / "k").mkdir()
        (folder / "c/f").write_text("x")
        self.dockerfile(SCRATCH)

    def dockerfile(self, text, name="Dockerfile"):
        (self.folder / "c" / name).write_text(text)

    def run(self, *args, env=None, status=0, program=None, data=None, own=False, timeout=180):
        words = [str(a) for a in args]
        if not own:
            words = ["--kaniko-dir", str(self.folder / "k"), *words]
            if not any(w in ("-c", "--context", "-b") or w.startswith("--context=") for w in words):
                words += ["-c", str(self.folder / "c")]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "S3_", "GIT_", "AZURE_", "GOOGLE_", "KANIKO_", "FF_KANIKO", "CI_", "DOCKER_", "BUILDER_", "OAKUM_ST", "REGISTRY_", "XDG_"))}
        done = subprocess.run([*(program or [self.oakum, "executor"]), *words], capture_output=True, input=data, cwd=self.folder, timeout=timeout,
                              env={**clean, "HOME": str(self.folder), "OAKUM_TEST_RETRY_MS": "1", **(env or {})})
        self.out, self.said = done.stdout.decode(), done.stderr.decode()
        assert "Sanitizer" not in self.said and "runtime error" not in self.said, self.said
        assert done.returncode == status, f"exit {done.returncode}\n{self.said}"
        return self.said

    def build(self, *args, **more):
        """Builds into a layout; its (tree, config)."""
        self.run("--no-push", "--oci-layout-path", self.folder / "o", *args, **more)
        result = flatten(self.folder / "o")
        subprocess.run(["rm", "-rf", str(self.folder / "o")], check=True)
        return result

    def digest(self, *args, **more):
        self.run("--no-push", "--digest-file", self.folder / "digest", *args, **more)
        return (self.folder / "digest").read_text()


@pytest.fixture
def job(oakum, tmp_path):
    return Job(oakum, tmp_path)


@pytest.fixture
def servers():
    made = []

    def make(*faults, **settings):
        made.append(Registry(faults=list(faults), **settings))
        return made[-1]
    yield make
    for server in made:
        server.close()


def login(server, password=PASSWORD):
    return {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {server.address: {"auth": base64.b64encode(f"user:{password}".encode()).decode()}}})}


def manifest_of(server, repo, tag):
    return json.loads(server.manifests[repo, tag][1])


# ---- the table ----------------------------------------------------------------------------------
def test_every_flag_has_a_test():
    tested = TABLE.read_tests()
    missing = [f"{flag.command} --{flag.name}" for flag in FLAGS if not TABLE.tests_of(flag, tested)]
    assert not missing and len(FLAGS) >= 80, missing
    known = {f"{flag.prefix}--{flag.name}" for flag in FLAGS}
    assert not {name for names in tested.values() for name in names} - known


def test_table_is_current():
    assert (REPO / "docs/executor.md").read_text() == TABLE.render((REPO / "docs/executor.md").read_text()), "run tools/executor-table"


def test_help_names_every_flag(job):
    text = job.run("--help", own=True) + job.out
    job.run("help", own=True)
    assert job.out in text
    for flag in FLAGS:
        if flag.command == "executor":
            assert f"--{flag.name}" in text, flag.name


ACCEPTED = [flag for flag in FLAGS if flag.fate == "ACCEPTED" and flag.command == "executor"]
VALUES = {"snapshot-mode": "redo", "snapshotMode": "time", "image-fs-extract-retry": "3", "image-download-retry": "3",
          "azure-container-registry-config": "/nonexistent"}


@pytest.mark.parametrize("flag", ACCEPTED, ids=lambda flag: flag.name)
def test_accepted(job, flag):
    """The same image as without it, and one line that tells so."""
    plain = job.digest()
    assert "has no effect" not in job.said
    given = [f"--{flag.name}"] if flag.kind == "BOOL" else [f"--{flag.name}={VALUES[flag.name]}"]
    assert job.digest(*given) == plain
    canonical = next(other.name for other in FLAGS if other.field == flag.field and other.command == "executor")
    assert job.said.count("has no effect here: " + flag.note) == 1 and f"--{canonical} has no effect here" in job.said


@pytest.mark.parametrize("wrong", [["--snapshot-mode=none"], ["--cache=maybe"], ["--push-retry=x"], ["--compression=lz4"], ["--log-format=xml"], ["--verbosity=loud"],
                                   ["--image-format=tar"], ["--credential-helpers=me"], ["--nope"], ["--cache-ttl=soon"], ["--git=x=y"], ["--registry-map=a"]], ids=lambda w: w[0])
def test_wrong_values_are_refused(job, wrong):
    said = job.run("--no-push", *wrong, status=1)
    assert wrong[0].lstrip("-").split("=")[0] in said
    assert job.run(status=1).count("you must provide --destination, or use --no-push") == 1


def test_forms_of_flags(job):
    """--x, --x=false, --x v, -f v, -fv, repeated."""
    job.dockerfile("FROM scratch\nARG A\nARG B\nLABEL a=$A b=$B\n", "D")
    for words in (["-f", "D"], ["-fD"], ["-f=D"], ["--dockerfile", "D"], ["--dockerfile=D"]):
        config = job.build(*words, "--build-arg", "A=1", "--build-arg=B=2")[1]
        assert config["config"]["Labels"] == {"a": "1", "b": "2"}
    assert "you must provide" in job.run("--no-push=false", status=1)
    assert "you must provide" in job.run("--no-push", "--no-push=F", status=1)
    job.run("--no-push=T")
    job.build("--target=", "--custom-platform=", "--tar-path=", "--digest-file=", "--registry-mirror=", "--insecure-registry=", "--cache-repo=", "-f", "D")  # $EMPTY in a pipeline
    for number in ("-1", "0x2", "010", "1000", "1_000", "0b1_0", "0x_f", "0o17", "+3"):
        job.run("--no-push", f"--push-retry={number}", f"--image-fs-extract-retry={number}")
    for wrong in ("", "x", "1x", " 1", "-", "99999999999999999999", "_1", "1_", "1__0", "0b2", "08", "0x"):
        assert "--push-retry takes a number" in job.run("--no-push", f"--push-retry={wrong}", status=1)


# ---- what is built ------------------------------------------------------------------------------
@flags("--context", "--context-sub-path")
def test_context(job):
    job.dockerfile(SCRATCH)
    archive = gzip.compress(tar_bytes(listing('Dockerfile f 0644 "FROM scratch\\nCOPY f /f\\n"\nf f 0644 "x"\nsub/Dockerfile f 0644 "FROM scratch\\nCOPY g /g\\n"\nsub/g f 0644 "y"\n')))
    (job.folder / "c.tar.gz").write_bytes(archive)
    for context, data in ((job.folder / "c", None), (f"dir://{job.folder}/c", None), (f"tar://{job.folder}/c.tar.gz", None), ("tar://stdin", archive)):
        assert list(job.build("--context", context, data=data)[0]) == ["f"]
    assert list(job.build("-c", f"tar://{job.folder}/c.tar.gz", "--context-sub-path", "sub")[0]) == ["g"]
    assert "no Dockerfile" in job.run("--no-push", "-c", str(job.folder), status=1)


@flags("--bucket")
def test_bucket(job, store):  # noqa: F811
    archive = gzip.compress(tar_bytes(listing('Dockerfile f 0644 "FROM scratch\\nCOPY f /f\\n"\nf f 0644 "x"\n')))
    store.get = lambda request: (200, archive) if "/b/bucket/o/ctx.tar.gz" in request.path else (404,)
    env = {"STORAGE_EMULATOR_HOST": store.url, "GCE_METADATA_HOST": "127.0.0.1:1"}
    store.post = lambda request, body: (404,)
    assert list(job.build("-b", "bucket", "--context", "ctx.tar.gz", env=env)[0]) == ["f"]
    assert list(job.build("--context", "gs://bucket/ctx.tar.gz", env=env)[0]) == ["f"]


@flags("--git")
def test_git(job):
    served = job.folder / "served"
    served.mkdir()
    server = start_server(served, {})
    make_repository(job.folder / "work", served / "r.git", 'Dockerfile f 0644 "FROM scratch\\nCOPY f /f\\n"\nf f 0644 "main"\n=== branch next\n'
                    'Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\nf f 0644 "next"\n', {"http": f"http://127.0.0.1:{server.server_port}"})
    url, env = f"git://127.0.0.1:{server.server_port}/r.git", {"GIT_PULL_METHOD": "http", "PATH": GIT_ENV["PATH"]}
    assert list(job.build("-c", url, env=env)[0]) == ["f"]
    assert list(job.build("-c", url, "--git", "branch=next,single-branch=true,depth=1,recurse-submodules=false", env=env)[0]) == ["g"]
    assert list(job.build("-c", url, "--git=recurse-submodules=false", "--git", "branch=next", "--git=single-branch=true", env=env)[0]) == ["g"]
    job.build("-c", url, "--git=insecure-skip-tls=true", env=env)
    assert "insecure-skip-tls has no effect here" in job.said
    assert list(job.build("-c", url + "#main", "--git", "branch=next", env=env)[0]) == ["g"], "the flag goes before what the URL says"
    server.shutdown()


@flags("--dockerfile")
def test_dockerfile(job):
    """From where we stand before the context; with the ignore file of its own name; from a URL."""
    job.dockerfile("FROM scratch\nLABEL from=context\n", "D")
    assert job.build("-f", "D")[1]["config"]["Labels"] == {"from": "context"}
    (job.folder / "D").write_text("FROM scratch\nLABEL from=here\n")
    assert job.build("-f", "D")[1]["config"]["Labels"] == {"from": "here"}
    (job.folder / "D").write_text("FROM scratch\nCOPY . /\n")
    (job.folder / "D.dockerignore").write_text("*\n!f\n")
    assert list(job.build("-f", str(job.folder / "D"))[0]) == ["f"]
    (job.folder / "served").mkdir()
    (job.folder / "served/any").write_text(SCRATCH)
    server = start_server(job.folder / "served", {})
    assert list(job.build("-f", f"http://127.0.0.1:{server.server_port}/any")[0]) == ["f"]
    server.shutdown()


@flags("--target")
def test_target(job):
    job.dockerfile("FROM scratch AS a\nLABEL is=a\nFROM scratch AS b\nLABEL is=b\n")
    assert job.build()[1]["config"]["Labels"] == {"is": "b"}
    assert job.build("--target", "a")[1]["config"]["Labels"] == {"is": "a"}
    assert job.build("--target", "a", "--target", "b")[1]["config"]["Labels"] == {"is": "a"}
    assert "--target b has no effect here" in job.said


@flags("--build-arg")
def test_build_arg(job):
    job.dockerfile("FROM scratch\nARG A=none\nARG B\nLABEL a=$A b=$B\n")
    assert job.build("--build-arg", "A=with = signs", "--build-arg", "B", env={"B": "of the environment"})[1]["config"]["Labels"] == {
        "a": "with = signs", "b": "of the environment"}


@flags("--custom-platform", "--customPlatform")
def test_platform(job):
    job.dockerfile("FROM scratch\nLABEL a=b\n")
    for name in ("--custom-platform", "--customPlatform"):
        config = job.build(f"{name}=linux/arm/v7")[1]
        assert (config["os"], config["architecture"], config["variant"]) == ("linux", "arm", "v7")


@flags("--secret")
def test_secret(job, base):
    job.dockerfile(f"FROM oci:{base}:latest\nRUN --mount=type=secret,id=s --mount=type=secret,id=e,env=E sha256sum < /run/secrets/s > /sum && echo -n $E | sha256sum >> /sum\n")
    (job.folder / "s").write_text("hidden-words")
    tree = job.build("--secret", f"id=s,src={job.folder}/s,type=file", "--secret", "id=e,env=THE_SECRET", env={"THE_SECRET": "other-words"})[0]
    assert tree["sum"].content.decode() == "".join(hashlib.sha256(w).hexdigest() + "  -\n" for w in (b"hidden-words", b"other-words"))
    assert "hidden-words" not in job.said and "other-words" not in job.said


@flags("--reproducible")
def test_reproducible(job):
    os.utime(job.folder / "c/f", (1700000000, 1700000000))
    assert job.build(env={"SOURCE_DATE_EPOCH": "1800000000"})[1]["created"].startswith("2027")
    tree, config = job.build("--reproducible", env={"SOURCE_DATE_EPOCH": "1800000000"})
    assert config["created"] == "1970-01-01T00:00:00Z" and tree["f"].time == 0


@flags("--dryrun")
def test_dryrun(job, servers):
    server = servers()
    job.dockerfile("FROM scratch AS a\nCOPY f /f\nFROM scratch\nCOPY --from=a /f /g\n")
    job.run("--dryrun", "-d", f"{server.address}/a:b")
    assert "COPY --from=a /f /g" in job.out and not server.log
    job.run(env={"KANIKO_PRINT_PLAN": "true"})
    assert "COPY f /f" in job.out


@flags("--kaniko-dir", "--cleanup", "--pre-cleanup")
def test_kaniko_dir(job, base):
    job.dockerfile(f"FROM oci:{base}:latest\nRUN echo ran >&2; echo > /x\n")
    job.run("--no-push")
    assert (job.folder / "k/store/blobs").is_dir() and sorted(p.name for p in job.folder.iterdir()) == ["c", "k"]
    # what was made is there for the next build, unless that one begins with a clean folder
    assert "\nran" not in job.run("--no-push", "--cache", "--no-push-cache")
    assert "ran" in job.run("--no-push", "--cache", "--no-push-cache", "--pre-cleanup")
    job.run("--no-push", "--cleanup")
    assert list((job.folder / "k").iterdir()) == []
    job.run("-c", job.folder / "c", "--no-push", own=True, env={"KANIKO_DIR": str(job.folder / "deep/k2"), "KANIKO_CLEANUP": "1"})
    assert list((job.folder / "deep/k2").iterdir()) == []
    job.run("--no-push", "--cleanup=false", env={"KANIKO_CLEANUP": "1"})  # what is written goes before what is set
    assert (job.folder / "k/store").is_dir()


@flags("--ignore-path")
def test_ignored_paths(job, base):
    """Neither they nor their going is in a layer; later steps see them, COPY to them counts."""
    job.dockerfile(f"""FROM oci:{base}:latest
RUN mkdir /left /left-over && echo a > /left/a && echo b > /left-over/b && echo c > /tmp/c
RUN cat /left/a > /seen && rm -r /left /etc/passwd && ln /seen /tmp/again
RUN echo only > /tmp/d
COPY f /left/f
""")
    changed = lambda tree: {path for path in set(tree) | set(plain) if path.split("/")[0] in ("left", "left-over", "seen", "tmp") or path == "etc/passwd"} & set(tree)
    plain = flatten(base)[0]
    words = ["--ignore-path", "/left", "--ignore-path=/tmp/", "--ignore-path", "/etc/passwd", "--ignore-path="]
    for env in ({}, {"OAKUM_ISOLATION": "chroot"}):
        tree, config = job.build(*words, env=env)
        assert changed(tree) == {"etc/passwd", "left", "left/f", "left-over", "left-over/b", "seen", "tmp"} and tree["seen"].content == b"a\n"
        assert len(config["rootfs"]["diff_ids"]) == 1 + 3  # the third step has none
    assert "tmp/d" in job.build("--cache", "--no-push-cache")[0]  # what was made with other paths is not used


@flags("--ignore-path")
def test_ignored_path_from_a_cached_stage(job, base):
    """What another stage takes from an ignored path is there the second time, and is what the file has now."""
    for number, source in enumerate(["/left/a", "/left*/a", "/", "/left/../left"]):
        for text in ("one", "one", "two"):
            job.dockerfile(f"FROM oci:{base}:latest AS made\nARG TEXT\nRUN echo step; mkdir /left; echo $TEXT > /left/a\nRUN true\nFROM scratch\nCOPY --from=made {source} /{number}/\n")
            tree, _ = job.build("--ignore-path", "/left", "--cache", "--no-push-cache", "--cache-copy-layers", "--build-arg", f"TEXT={text}")
            assert next(entry for path, entry in tree.items() if path.startswith(f"{number}/") and path.endswith("/a")).content == text.encode() + b"\n"
    job.dockerfile(f"FROM oci:{base}:latest AS made\nRUN mkdir /left /right; echo a > /left/a; echo b > /right/b\nFROM oci:{base}:latest\nCOPY --from=made /right/b /\nRUN --mount=from=made,source=/right,target=/m cat /m/b > /c\n")
    for _ in range(2):
        job.build("--ignore-path", "/left", "--cache", "--no-push-cache", "--cache-copy-layers")
    assert job.said.lower().count("cache") >= 2, job.said  # other paths of it do not matter


def test_exit_status_of_the_step(job, base):
    job.dockerfile(f"FROM oci:{base}:latest\nRUN exit 42\n")
    assert "exit status 42" in job.run("--no-push", status=42)
    job.dockerfile("FROM scratch\nCOPY nope /\n")
    job.run("--no-push", status=1)


# ---- results ------------------------------------------------------------------------------------
@flags("--destination", "--no-push", "--digest-file", "--image-name-with-digest-file", "--image-name-tag-with-digest-file")
def test_destinations_and_files(job, servers):
    server = servers()
    a, b = f"{server.address}/team/app:v1", f"{server.address}/other"
    job.run("-d", a, "--destination", b, "--digest-file", job.folder / "new/d", "--image-name-with-digest-file", "n", env={"BUILDER_OUTPUT": str(job.folder / "bo"), **login(server)})
    d = (job.folder / "new/d").read_text()
    assert digest(server.manifests["team/app", "v1"][1]) == d == digest(server.manifests["other", "latest"][1])
    assert (job.folder / "n").read_text() == f"{server.address}/team/app@{d}\n{server.address}/other@{d}\n"
    assert [json.loads(line) for line in (job.folder / "bo/images").read_text().splitlines()] == [
        {"name": a, "digest": d}, {"name": b, "digest": d}]  # as they were given
    assert f"Pushing image to {a}" in job.said and f"Pushed {server.address}/team/app@{d}" in job.said
    for env, more in (({}, ["--no-push"]), ({"KANIKO_NO_PUSH": "true"}, []), ({"KANIKO_NO_PUSH": "1"}, ["--no-push=false"])):
        server.log.clear()
        job.run("-d", a, "-d", "ubuntu", "--image-name-tag-with-digest-file", "t", "--image-name-with-digest-file", "n", *more, env=env)
        text = f"{a}@{d}\nindex.docker.io/library/ubuntu:latest@{d}\n"
        assert (job.folder / "t").read_text() == (job.folder / "n").read_text() == text and not server.log


    for name in ("--image-name-with-digest-file", "--image-name-tag-with-digest-file"):
        assert "needs --destination" in job.run("--no-push", name, "none", status=1) and not (job.folder / "none").exists()


def test_digest_file_by_put(job, tls):  # noqa: F811
    class Taker(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            self.server.got = (self.path, self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "server.pem", tls / "server.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.status = 201
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{server.server_port}/put/here?sig=s3cret"
    certs = job.folder / "certs"  # every file of the folder is trusted, whatever its name
    certs.mkdir()
    (certs / "any.name").write_bytes((tls / "ca.pem").read_bytes())
    plain = job.digest()
    job.run("--no-push", "--digest-file", url, env={"SSL_CERT_DIR": str(certs)})
    assert server.got == ("/put/here?sig=s3cret", "text/plain", plain)
    server.status = 403
    said = job.run("--no-push", "--digest-file", url, status=1, env={"SSL_CERT_DIR": str(certs)})
    assert "status 403" in said and "s3cret" not in said
    job.run("--no-push", "--digest-file", url, status=1)
    assert "certificate" in job.said
    server.shutdown()


@flags("--tar-path", "--tarPath")
def test_tar_path(job):
    for name, destination, tag in (("--tar-path", [], "docker.io/unset-repo/unset-image-name:latest"), ("--tarPath", ["-d", "reg.example/a/b:c"], "reg.example/a/b:c"), ("--tar-path", ["-d", "aa:b", "-d", "aa:b"], "aa:b")):
        job.run("--no-push", name, job.folder / "i.tar", *destination)
        with tarfile.open(job.folder / "i.tar") as tar:
            image = json.load(tar.extractfile("manifest.json"))
            assert [i["RepoTags"] for i in image] == [[tag]]
            config = json.load(tar.extractfile(image[0]["Config"]))
            assert len(config["rootfs"]["diff_ids"]) == len(image[0]["Layers"]) == 1


@flags("--oci-layout-path")
def test_oci_layout_path(job):
    d = job.digest("--oci-layout-path", job.folder / "layout")
    index = json.loads((job.folder / "layout/index.json").read_text())
    assert [m["digest"] for m in index["manifests"]] == [d] and (job.folder / "layout/oci-layout").exists()
    (job.folder / "c/f").write_text("another")  # what was named there before is not any more, as with kaniko
    other = job.digest("--oci-layout-path", job.folder / "layout")
    assert [m["digest"] for m in json.loads((job.folder / "layout/index.json").read_text())["manifests"]] == [other] != [d]


@flags("--skip-push-permission-check")
def test_push_permission(job, base, servers):
    """It is known before the first step."""
    server = servers(auth="basic")
    job.dockerfile(f"FROM oci:{base}:latest\nRUN echo the step ran >&2\n")
    said = job.run("-d", f"{server.address}/a:b", status=1)
    assert "error checking push permissions" in said and "the step ran" not in said
    said = job.run("-d", f"{server.address}/a:b", "--skip-push-permission-check", status=1)
    assert "error pushing image" in said and "checking push permission" not in said and "the step ran" in said
    server.log.clear()
    job.run("-d", f"{server.address}/a:b", "-d", f"{server.address}/a:c", env=login(server))
    probes = [(m, p) for m, p, _ in server.log if "uploads" in p and m in ("POST", "DELETE")]
    assert [m for m, _ in probes[:3]] == ["POST", "POST", "DELETE"] and "a:b" not in server.tagged[:0] and server.tagged == ["b", "c"]


def test_push_of_what_is_there(job, servers):
    """A large blob that the registry has is asked for and not sent."""
    server = servers()
    (job.folder / "c/f").write_bytes(os.urandom(3 << 20))
    for tag in ("one", "two"):
        server.log.clear()
        job.run("-d", f"{server.address}/a:{tag}", env=login(server), timeout=60)
    assert server.tagged == ["one", "two"] and not [p for m, p, _ in server.log if m in ("PUT", "PATCH") and "blobs" in p]


@flags("--push-retry")
def test_push_retry(job, servers):
    server = servers(*["PUT-manifests-500"] * 5)
    assert "status 500" in job.run("-d", f"{server.address}/a:b", env=login(server), status=1)
    server = servers(*["PUT-manifests-500"] * 7)
    assert "trying again" in job.run("-d", f"{server.address}/a:b", "--push-retry", "1", env=login(server))
    assert server.tagged == ["b"]


@flags("--push-ignore-immutable-tag-errors")
def test_immutable_tags(job, servers):
    server = servers("always-immutable")
    assert "immutable" in job.run("-d", f"{server.address}/a:b", env=login(server), status=1)
    assert "the tag stays as it is" in job.run("-d", f"{server.address}/a:b", "--push-ignore-immutable-tag-errors", env=login(server))
    assert server.tagged == []


@flags("--label", "--annotation")
def test_labels_and_annotations(job, servers):
    job.dockerfile(SCRATCH + "LABEL a=1 b=2\n")
    assert job.build("--label", "b=x=y", "--label=c=3")[1]["config"]["Labels"] == {"a": "1", "b": "x=y", "c": "3"}
    server = servers(auth=None)
    job.run("-d", f"{server.address}/a:b", "--annotation", "org.example.one=1", "--annotation=org.example.two=2")
    assert manifest_of(server, "a", "b")["annotations"] == {"org.example.one": "1", "org.example.two": "2"}


@flags("--compression", "--compression-level", "--image-format")
def test_compression_and_format(job, servers):
    server = servers(auth=None)
    (job.folder / "c/f").write_bytes(b"".join(b"%d " % (i * i % 997) for i in range(200000)))

    def layer(*more):
        job.run("-d", f"{server.address}/a:b", *more)
        manifest = manifest_of(server, "a", "b")
        return manifest["layers"][0]["mediaType"].split(".")[-1], server.blobs["a", manifest["layers"][0]["digest"]], manifest["mediaType"]
    usual = layer()
    assert usual[1][:2] == b"\x1f\x8b" and usual[2] == MANIFEST and layer("--compression-level", "-1") == usual == layer("--compression-level", "0") == layer("--compression=gzip", "--image-format=oci")
    assert layer("--compression-level=1")[1] == usual[1] and len(usual[1]) > len(layer("--compression-level", "9")[1])
    zstd = layer("--compression", "zstd")
    assert zstd[0] == "v1.tar+zstd".split(".")[-1] and zstd[1][:4] == b"\x28\xb5\x2f\xfd"
    assert layer("--image-format", "docker")[2] == "application/vnd.docker.distribution.manifest.v2+json"
    for wrong in (["--compression=zstd", "--image-format=docker"], ["--compression=zstd", "--tar-path=x"], ["--image-format=oci", "--tar-path=x"]):
        assert "does not go with" in job.run("--no-push", *wrong, status=1)


# ---- registries ---------------------------------------------------------------------------------
def busy(server, repo="team/base", tag="v1", content="base"):
    """An image with one layer."""
    layer = tar_bytes(listing(f'etc d 0755\netc/from f 0644 "{content}"\n'))
    server.add(repo, tag, *make_image(layer))
    return f"{server.address}/{repo}:{tag}", layer


def secure(tls, client=False):  # noqa: F811
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "server.pem", tls / "server.key")
    if client:
        context.load_verify_locations(tls / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@flags("--insecure", "--insecure-pull", "--insecure-registry", "--skip-tls-verify", "--skip-tls-verify-pull", "--skip-tls-verify-registry", "--registry-certificate")
def test_certificates(job, servers, tls):  # noqa: F811
    server = servers(tls=secure(tls), auth="basic")
    reference, _ = busy(server)
    env = login(server)
    push = ["-d", f"{server.address}/a:b"]
    assert "certificate" in job.run(*push, env=env, status=1) and not server.secrets_seen()
    for good in ("--insecure", "--skip-tls-verify", f"--insecure-registry={server.address}", f"--skip-tls-verify-registry={server.address}", f"--registry-certificate={server.address}={tls}/ca.pem"):
        job.run(*push, good, env=env)
    for wrong in ("--insecure-pull", "--skip-tls-verify-pull", "--insecure-registry=other.example"):  # of pulls, or of another host
        job.run(*push, wrong, env=env, status=1)
    job.dockerfile(f"FROM {reference}\nCOPY f /f\n")
    for good in ("--insecure-pull", "--skip-tls-verify-pull", f"--insecure-registry={server.address}", f"--skip-tls-verify-registry={server.address}", f"--registry-certificate={server.address}={tls}/ca.pem"):
        job.run("--no-push", good, env=env)
    for wrong in ("--insecure", "--skip-tls-verify"):
        assert "certificate" in job.run("--no-push", "--pre-cleanup", wrong, env=env, status=1)


@flags("--registry-client-cert")
def test_client_certificate(job, servers, tls):  # noqa: F811
    server = servers(tls=secure(tls, True), auth=None)
    trust = f"--registry-certificate={server.address}={tls}/ca.pem"
    job.run("-d", f"{server.address}/a:b", trust, status=1)
    job.run("-d", f"{server.address}/a:b", trust, f"--registry-client-cert={server.address}={tls}/client.pem,{tls}/client.key")


@flags("--registry-map", "--registry-mirror", "--skip-default-registry-fallback")
def test_maps_and_mirrors(job, servers):
    empty, mirror, origin = servers(auth=None), servers(auth=None), servers(auth=None)
    busy(mirror, "pre/team/base")
    busy(mirror, "library/base")
    reference, _ = busy(origin)
    job.dockerfile(f"FROM {reference}\nCOPY f /f\n")
    both = f"--registry-map={origin.address}={empty.address};{origin.address}={mirror.address}/pre"
    job.run("--no-push", both)
    assert empty.log and mirror.log and not origin.log  # in their order
    for server in (empty, mirror):
        server.log.clear()
    job.run("--no-push", env={"KANIKO_REGISTRY_MAP": both.split("=", 1)[1]})
    assert empty.log and mirror.log and not origin.log
    job.run("--no-push", f"--registry-map={origin.address}={empty.address}")
    assert origin.log  # after all of them
    job.run("--no-push", f"--registry-map={origin.address}={empty.address}", "--skip-default-registry-fallback", status=1)
    job.dockerfile("FROM base:v1\nCOPY f /f\n")
    mirror.log.clear()
    job.run("--no-push", "--registry-mirror", mirror.address, "--skip-default-registry-fallback")
    assert mirror.log
    job.run("--no-push", env={"KANIKO_REGISTRY_MIRROR": mirror.address})
    job.run("--no-push", "--registry-mirror", empty.address, "--skip-default-registry-fallback", env={"KANIKO_REGISTRY_MIRROR": mirror.address})  # behind those of the flags


@flags("--credential-helpers")
def test_credentials(job, servers):
    """Files go before what the environment knows; an empty list is nobody."""
    server = servers(auth="basic")
    push = ["-d", f"{server.address}/team/app:v1"]
    host, port = server.address.split(":")
    name = f"KANIKO_{host.replace('.', '_')}"
    env = {name + "_USER": "user", name + "_PASSWORD": PASSWORD}
    job.run(*push, env=env)
    job.run(*push, env={f"{name}_{port}_USER": "user", f"{name}_{port}_PASSWORD": PASSWORD})
    job.run(*push, "--credential-helpers=gitlab", "--credential-helpers=env", env=env)
    for none in ("--credential-helpers=", "--credential-helpers=gitlab"):
        assert "log in with" in job.run(*push, none, env=env, status=1)
    assert "log in with" in job.run(*push, env={"KANIKO_OTHER_EXAMPLE_USER": "user", "KANIKO_OTHER_EXAMPLE_PASSWORD": PASSWORD}, status=1)
    said = job.run(*push, env={**env, **login(server, "wrong-one")}, status=1)
    assert "wrong" in said and "wrong-one" not in said and PASSWORD not in said
    # the path-scoped entry before the host's, in a file below kaniko's folder
    (job.folder / "k/.docker").mkdir()
    coded = lambda word: {"auth": base64.b64encode(f"user:{word}".encode()).decode()}
    (job.folder / "k/.docker/config.json").write_text(json.dumps({"auths": {server.address: coded("bad"), f"{server.address}/team": coded(PASSWORD)}}))
    job.run(*push)
    assert "wrong" in job.run("-d", f"{server.address}/mate/app:v1", status=1)
    (job.folder / "k/.docker/config.json").unlink()
    for name, where in (("REGISTRY_AUTH_FILE", "any.json"), ("XDG_RUNTIME_DIR", "containers/auth.json")):  # where podman logs in
        (job.folder / "run" / where).parent.mkdir(parents=True, exist_ok=True)
        (job.folder / "run" / where).write_text(json.dumps({"auths": {server.address: coded(PASSWORD)}}))
        job.run(*push, env={name: str(job.folder / "run" / (where if "FILE" in name else ""))})
    job.run(*push, status=1)


def test_credential_programs(job, servers):
    server = servers(auth="basic")
    program = job.folder / "bin/docker-credential-mine"
    program.parent.mkdir()
    program.write_text(f"""#!/bin/sh
[ "$1" = get ] && [ "$(cat)" = {server.address} ] && echo '{{"Username": "user", "Secret": "{PASSWORD}"}}'
""")
    program.chmod(0o755)
    (job.folder / "d").mkdir()
    env = {"DOCKER_CONFIG": str(job.folder / "d"), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    for config in ({"credsStore": "mine"}, {"credHelpers": {server.address: "mine"}}):
        (job.folder / "d/config.json").write_text(json.dumps(config))
        job.run("-d", f"{server.address}/a:b", env=env)
    (job.folder / "d/config.json").write_text(json.dumps({"credHelpers": {"other.example": "mine"}}))
    job.run("-d", f"{server.address}/a:b", env=env, status=1)


class Cloud(http.server.BaseHTTPRequestHandler):
    """Plays a proxy and what is behind it: every host. `log`: (host, path, Authorization)."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.payload = self.rfile.read(length)
        match = re.match(r"http://([^/]+)(/.*)", self.path)
        host, path = match.groups() if match else (self.headers["Host"], self.path)
        self.server.log.append((host, path, self.headers.get("Authorization")))
        status, body, headers = self.server.answer(self, host, path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_HEAD = do_PUT = do_DELETE = do_GET


@pytest.fixture
def cloud():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    server.log, server.wanted = [], None

    def answer(request, host, path):
        if request.headers.get("Authorization") != server.wanted:
            return 401, b"", {"WWW-Authenticate": 'Basic realm="x"'}
        return 403, b'{"errors": [{"code": "REACHED", "message": "logged in"}]}', {}
    server.answer = server.plain = answer
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def reached(job, cloud, host, env):
    """Whether the push gets behind the login of a host that is no machine of ours."""
    cloud.log.clear()
    said = job.run("-d", f"{host}/a:b", f"--insecure-registry={host}", env={"http_proxy": cloud.url, "https_proxy": cloud.url, **env}, status=1)
    sent = {a for h, _, a in cloud.log if h.split(":")[0] == host and a}
    return "REACHED" in said, sent


def test_gitlab_job_token(job, cloud):
    env = {"CI_REGISTRY": "registry.gitlab.example", "CI_JOB_TOKEN": "of-the-job"}
    cloud.wanted = basic("gitlab-ci-token", "of-the-job")
    assert reached(job, cloud, "registry.gitlab.example", env) == (True, {cloud.wanted})
    for other in ("gitlab.example", "other.registry.gitlab.example"):
        assert reached(job, cloud, other, env) == (False, set())


def test_azure_login(job, cloud):
    env = {"AZURE_CLIENT_ID": "the-id", "AZURE_CLIENT_SECRET": "the-secret"}
    cloud.wanted = basic("the-id", "the-secret")
    assert reached(job, cloud, "mine.azurecr.io", env) == (True, {cloud.wanted})
    for other in ("azurecr.io.example", "mineazurecr.io", "mine.azurecr.io.evil.example"):  # look-alikes get nothing
        assert reached(job, cloud, other, env) == (False, set())


def test_google_login(job, cloud):
    env = {"GCE_METADATA_HOST": cloud.url[7:]}

    def answer(request, host, path):
        if "/computeMetadata/" in path:
            return (200, b'{"access_token": "of-the-machine"}', {}) if request.headers["Metadata-Flavor"] == "Google" else (403, b"", {})
        return cloud.plain(request, host, path)
    cloud.answer = answer
    cloud.wanted = basic("oauth2accesstoken", "of-the-machine")
    assert reached(job, cloud, "europe-docker.pkg.dev", env) == (True, {cloud.wanted})
    assert reached(job, cloud, "gcr.io.example", env) == (False, set())
    (job.folder / "key.json").write_text('{"type": "service_account"}')
    cloud.wanted = basic("_json_key", '{"type": "service_account"}')
    assert reached(job, cloud, "eu.gcr.io", {**env, "GOOGLE_APPLICATION_CREDENTIALS": str(job.folder / "key.json")}) == (True, {cloud.wanted})


def test_amazon_login(job, cloud):
    """The request is signed; the signature is made here a second time."""
    def answer(request, host, path):
        if request.headers.get("X-Amz-Target") is None:
            return cloud.plain(request, host, path)
        fields = dict(part.strip().split("=", 1) for part in request.headers["Authorization"].split(" ", 1)[1].split(","))
        key, day, region, service, last = fields["Credential"].split("/")
        canonical = "\n".join(["POST", "/", "", *[f"{name}:{request.headers[name].strip()}" for name in fields["SignedHeaders"].split(";")], "",
                               fields["SignedHeaders"], hashlib.sha256(request.payload).hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", request.headers["X-Amz-Date"], f"{day}/{region}/ecr/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
        step = b"AWS4sec/ret"
        for part in (day, region, "ecr", "aws4_request", text):
            step = hmac.new(step, part.encode(), hashlib.sha256).digest()
        good = step.hex() == fields["Signature"] and (key, region, service, last) == ("AKID", "eu-west-3", "ecr", "aws4_request")
        token = base64.b64encode(b"AWS:the-password").decode()
        return (200, json.dumps({"authorizationData": [{"authorizationToken": token}]}).encode(), {}) if good else (403, b"", {})
    cloud.answer = answer
    cloud.wanted = basic("AWS", "the-password")
    env = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "sec/ret", "AWS_ENDPOINT_URL_ECR": cloud.url}
    assert reached(job, cloud, "123456789012.dkr.ecr.eu-west-3.amazonaws.com", env) == (True, {cloud.wanted})
    assert reached(job, cloud, "123456789012.dkr.ecr.eu-west-3.amazonaws.com", {**env, "AWS_SESSION_TOKEN": "more"}) == (True, {cloud.wanted})
    assert reached(job, cloud, "123456789012.dkr.ecr.eu-west-3.amazonaws.com.example", env) == (False, set())
    assert reached(job, cloud, "123456789012.dkr.ecr.eu-west-3.amazonaws.com", {"AWS_ENDPOINT_URL_ECR": cloud.url}) == (False, set())


def test_client_type(job, cloud):
    """UPSTREAM_CLIENT_TYPE is told; what is no word is not."""
    agents = set()

    def answer(request, host, path):
        agents.add(request.headers["User-Agent"])
        return 404, b"", {}
    cloud.answer = answer
    for value, agent in (("my-ci/1", "oakum/0.1.0,my-ci/1"), ("a\r\nX-Evil: b", "oakum/0.1.0"), ("", "oakum/0.1.0")):
        agents.clear()
        job.run("-d", f"{cloud.url[7:]}/a:b", env={"UPSTREAM_CLIENT_TYPE": value}, status=1)
        assert agents == {agent}


# ---- log ----------------------------------------------------------------------------------------
@flags("--log-format")
def test_log_format(job):
    job.run("--no-push", "--log-format", "json")
    lines = [json.loads(line) for line in job.said.splitlines()]
    assert all(set(line) == {"level", "msg", "time"} for line in lines) and any("COPY f /f" in line["msg"] for line in lines)
    job.run("--no-push", "--log-format=text")
    assert all(re.fullmatch(r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)" level=(info|warning) msg=".*"', line) for line in job.said.splitlines())
    for more in ([], ["--log-format=color"]):
        job.run("--no-push", *more)
        assert job.said and all(re.match(r"\x1b\[3[0-7]m[A-Z]{4}\x1b\[0m\[\d{4}\] ", line) for line in job.said.splitlines())


@flags("--log-timestamp")
def test_log_timestamp(job):
    job.run("--no-push", "--log-timestamp")
    assert all(re.match(r"\x1b\[36mINFO\x1b\[0m\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^]]+\] ", line) for line in job.said.splitlines())


@flags("--verbosity")
def test_verbosity(job):
    said = {word: job.run("--no-push", "--force", "-v", word) for word in ("trace", "debug", "info", "warn", "error", "fatal", "panic")}
    assert "DEBU" in said["trace"] and "DEBU" in said["debug"] and "DEBU" not in said["info"] and "INFO" in said["info"]
    assert job.run("--no-push", "--force", "-v", "WARN") == said["warn"]
    assert "INFO" not in said["warn"] and "WARN" in said["warn"] and said["error"] == said["fatal"] == said["panic"] == ""
    job.dockerfile("FROM scratch\nCOPY nope /\n")
    assert "ERRO" in job.run("--no-push", "-v", "panic", status=1)


def test_variables_without_effect(job):
    plain = job.digest()
    assert job.digest(env={"FF_KANIKO_COPY_AS_ROOT": "0", "FF_KANIKO_RUN_VIA_TINI": "1", "FF_KANIKO_NEWS": "1", "FF_KANIKO_EXPAND_HEREDOC": "true", "KANIKO_TELEMETRY_ENDPOINT": "http://x"}) == plain
    told = sorted(re.findall(r"(\S+) has no effect here", job.said))
    assert told == ["FF_KANIKO_COPY_AS_ROOT=0", "FF_KANIKO_NEWS", "KANIKO_TELEMETRY_ENDPOINT"]


# ---- other commands -----------------------------------------------------------------------------
def test_called_by_its_names(job, servers):
    for name in ("executor", "warmer"):
        (job.folder / name).symlink_to(pathlib.Path(job.oakum).resolve())
    job.run("--no-push", "--digest-file", "d", program=["./executor"])
    assert (job.folder / "d").read_text().startswith("sha256:")
    job.run("version", own=True, program=["./executor"])
    assert job.out == "Kaniko version :  oakum 0.1.0\n"
    assert "--nope" in job.run("version", "--nope", own=True, program=["./executor"], status=1)
    assert "--image" in job.run(own=True, program=["./warmer"], status=1)


@flags("login --username", "login --password", "login --password-stdin")
def test_login(job, servers):
    server = servers(auth="basic")
    env = {"DOCKER_CONFIG": str(job.folder / "new/d")}
    program = [job.oakum, "executor", "login"]
    job.run(server.address, "-u", "user", "-p", "wrong", own=True, program=program, env=env)
    job.run("-d", f"{server.address}/a:b", env=env, status=1)
    (job.folder / "new/d/config.json").write_text(json.dumps({**json.loads((job.folder / "new/d/config.json").read_text()), "kept": 1}))
    job.run(server.address, "--username", "user", "--password-stdin", own=True, program=program, env=env, data=PASSWORD.encode() + b"\n")
    job.run("-d", f"{server.address}/a:b", env=env)
    job.run("docker.io", "--username=me", "--password=x", own=True, program=program, env=env)
    config = json.loads((job.folder / "new/d/config.json").read_text())
    assert set(config["auths"]) == {server.address, "https://index.docker.io/v1/"} and config["kept"] == 1
    assert (job.folder / "new/d/config.json").stat().st_mode & 0o777 == 0o600
    assert "needs --username" in job.run(server.address, "-p", "x", own=True, program=program, env=env, status=1)
    assert "--password" in job.run(server.address, "-u", "x", own=True, program=program, env=env, status=1)


def test_push(job, servers):
    server = servers()
    d = job.digest("--tar-path", job.folder / "i.tar", "--oci-layout-path", job.folder / "l")
    program = [job.oakum, "executor", "push"]
    job.run(job.folder / "l", "-d", f"{server.address}/a:layout", "--destination", f"{server.address}/a:two", own=True, program=program, env=login(server))
    assert digest(server.manifests["a", "layout"][1]) == d == digest(server.manifests["a", "two"][1])
    job.run("--destination", f"{server.address}/a:tar", job.folder / "i.tar", own=True, program=program, env=login(server))
    assert len(manifest_of(server, "a", "tar")["layers"]) == 1
    assert "provide --destination" in job.run(job.folder / "l", own=True, program=program, status=1)
    job.run(job.folder / "nope", "-d", f"{server.address}/a:x", own=True, program=program, status=1)
    assert server.tagged == ["layout", "two", "tar"]


@flags("--cache-dir", "warmer --cache-dir", "warmer --image", "warmer --force", "warmer --cache-ttl")
def test_warmer_and_cache_dir(job, servers):
    server = servers(auth=None)
    reference, layer = busy(server)
    blob = digest(layer)
    program, cache = [job.oakum, "warmer"], job.folder / "warm"
    fetched = lambda: [p for m, p, _ in server.log if m == "GET" and blob in p]
    job.run("-i", reference, "--cache-dir", cache, own=True, program=program)
    assert len(fetched()) == 1 and (cache / "blobs" / blob.replace(":", "/")).read_bytes() == layer
    job.run("--image", reference, "-c", cache, own=True, program=program)
    assert "already in cache" in job.said and len(fetched()) == 1
    job.run("--image", reference, "-c", cache, "--force", own=True, program=program)
    manifest = cache / "blobs" / digest(server.manifests["team/base", "v1"][1]).replace(":", "/")
    os.utime(manifest, (1, 1))
    assert "already in cache" not in job.run("--image", reference, "-c", cache, own=True, program=program)
    os.utime(manifest, (time.time() - 3600000,) * 2)
    assert "already in cache" in job.run("--image", reference, "-c", cache, "--cache-ttl", "2000h", own=True, program=program)
    assert "1 of 2 images" in job.run("-i", reference, "-i", f"{server.address}/none:x", "-c", cache, own=True, program=program)
    assert "no image could be fetched" in job.run("-i", f"{server.address}/none:x", "-c", cache, own=True, program=program, status=1)

    def names(*more):
        """The files of the image that the executor makes of it."""
        job.run("--no-push", "--tar-path", job.folder / "t.tar", *more)
        with tarfile.open(job.folder / "t.tar") as tar:
            parts = [tarfile.open(fileobj=tar.extractfile(name)) for name in json.load(tar.extractfile("manifest.json"))[0]["Layers"]]
            return [entry.name for part in parts for entry in part if entry.isfile()]

    # the executor asks for the manifest, and takes the layer from there
    server.log.clear()
    job.dockerfile(f"FROM {reference}\nCOPY f /etc/g\n")
    assert names("--cache-dir", cache) == ["etc/from", "etc/g"] and not fetched()
    # unless its bytes are wrong
    (cache / "blobs" / blob.replace(":", "/")).write_bytes(b"x" * len(layer))
    assert names("--cache-dir", cache, "--pre-cleanup") == ["etc/from", "etc/g"] and len(fetched()) == 1


@flags("warmer --dockerfile", "warmer --build-arg", "warmer --custom-platform", "warmer --customPlatform")
def test_warmer_dockerfile(job, servers):
    server = servers(auth=None)
    one, _ = busy(server, "one")
    two, _ = busy(server, "two", content="two")
    job.dockerfile(f"ARG V\nFROM {server.address}/one:$V AS a\nFROM {two}\nFROM a\nFROM scratch\n")
    job.run("-d", job.folder / "c/Dockerfile", "--build-arg", "V=v1", "-c", job.folder / "w", own=True, program=[job.oakum, "warmer"])
    index = json.loads((job.folder / "w/index.json").read_text())
    assert {m["annotations"]["org.opencontainers.image.ref.name"] for m in index["manifests"]} == {one, two}
    for flag in ("--custom-platform", "--customPlatform"):
        assert "a/b/c/d/e" in job.run("-i", one, flag, "a/b/c/d/e", "-c", job.folder / "w", own=True, program=[job.oakum, "warmer"], status=1)


# ---- cache --------------------------------------------------------------------------------------
@flags("--cache", "--cache-run-layers", "--no-push-cache", "--cache-ttl")
def test_cache_in_the_folder(job, base):
    job.dockerfile(f"FROM oci:{base}:latest\nRUN echo it ran >&2; echo > /x\n")
    ran = lambda *more: "\nit ran" in "\n" + job.run("--no-push", "--no-push-cache", *more)
    assert ran() and ran()  # as kaniko: only with --cache
    assert not ran("--cache") and not ran("--cache=true")
    assert ran("--cache", "--cache-run-layers=false")
    assert all(ran("--cache", f"--cache-ttl={ttl}") for ttl in ("0", "-1h", "1ns"))
    time.sleep(2.5)
    assert ran("--cache", "--cache-ttl=1s")
    assert "needs --cache-repo" in job.run("--no-push", "--cache", status=1)


@flags("--cache-repo", "--cache-copy-layers")
def test_cache_repository(job, base, servers):
    """Steps of one machine are used by another; by default below the destination; in a layout; copies only when asked for."""
    server = servers()
    job.dockerfile(f"FROM oci:{base}:latest\nRUN echo it ran >&2; echo > /x\nCOPY f /f\n")
    ran = lambda *more: "\nit ran" in "\n" + job.run("--pre-cleanup", "--cache", *more, env=login(server))
    tags = lambda repo: {name for r, name in server.manifests if r == repo and not name.startswith("sha256:")}
    push = ["-d", f"{server.address}/team/app:v1"]
    assert ran(*push) and len(tags("team/app/cache")) == 1
    assert not ran(*push) and server.tagged.count("v1") == 2
    assert ran(*push, "--cache-run-layers=false")
    other = ["--cache-repo", f"{server.address}/mine/cache"]
    assert ran(*push, *other, "--no-push-cache") and not tags("mine/cache")
    assert ran("--no-push", *other) and len(tags("mine/cache")) == 1  # --no-push is about images
    assert not ran("--no-push", *other)
    ran("--no-push", *other, "--cache-copy-layers")
    assert len(tags("mine/cache")) == 2
    layout_repo = ["--cache-repo", f"oci:{job.folder}/layout"]
    assert ran("--no-push", *layout_repo) and not ran("--no-push", *layout_repo) and (job.folder / "layout/index.json").exists()



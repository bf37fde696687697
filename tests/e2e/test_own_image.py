"""The image of deploy/image, and what it does in a stock pod: it builds itself, and runs the job of examples/gitlab, and leaves the pod's
file system as it was. (tools/self-image also compiles the program there, which takes minutes.)"""
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess

import build_case
import pod
import pytest
import yaml
from build_case import layout, tar_bytes
from conftest import OAKUM, REPO, RUNGS
from test_registry import registry  # noqa: F401  (a fixture)

PATHS = "/usr/local/bin:/kaniko:/busybox"


def layers(folder):
    blob = lambda d: folder / "blobs" / d.replace(":", "/")
    top = json.loads((folder / "index.json").read_text())["manifests"]
    assert len(top) == 1
    manifest = json.loads(blob(top[0]["digest"]).read_text())
    return top[0]["digest"], [blob(layer["digest"]) for layer in manifest["layers"]], json.loads(blob(manifest["config"]["digest"]).read_text())


def unpack(folder, root):
    root.mkdir()
    for layer in layers(folder)[1]:
        subprocess.run(["tar", "-xzpf", str(layer), "-C", str(root)], check=True)
    return root


def state(root, apart=()):
    """Every path of a file system: type, mode, owner, size, content, target."""
    seen = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, root)
            if any(short == a or short.startswith(a + "/") for a in ("dev", "proc", "sys", *apart)):
                continue
            st = os.lstat(path)
            content = os.readlink(path) if stat.S_ISLNK(st.st_mode) else hashlib.sha256(open(path, "rb").read()).hexdigest() if stat.S_ISREG(st.st_mode) else ""
            seen[short] = (st.st_mode, st.st_uid, st.st_gid, st.st_size if content else 0, st.st_mtime if stat.S_ISREG(st.st_mode) else 0, content)
    return seen


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """What the Dockerfile's stage `program` would hold, of the program that is tested."""
    folder = tmp_path_factory.mktemp("program")
    subprocess.run([str(REPO / "deploy/image/collect"), OAKUM, str(folder / "out")], check=True)
    return folder


@pytest.fixture(scope="module")
def image(program, tmp_path_factory):
    """The layout of :debug, built on this machine."""
    folder = tmp_path_factory.mktemp("image")
    return build(folder, program, "debug")


def build(folder, program, target):
    (folder / "context").mkdir(exist_ok=True)
    done = subprocess.run([OAKUM, "build", "--store", str(folder / "store"), "-f", str(REPO / "deploy/image/Dockerfile"), "--build-context", f"program={program}", "--target", target,
                           "--output", f"oci:{folder}/{target}", str(folder / "context")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "store")
    return folder / target


def test_image(image, program, tmp_path):
    """Built a second time it is the same; it holds what kaniko's has, and is small."""
    assert layers(build(tmp_path, program, "debug"))[0] == layers(image)[0]
    plain = build(tmp_path, program, "executor")
    size = sum(f.stat().st_size for f in layers(image)[1])
    if b"__asan_init" not in open(OAKUM, "rb").read():  # the sanitizers' libraries are no part of a release
        assert size <= 25 << 20
    config = layers(image)[2]["config"]
    assert config["Entrypoint"] == ["/kaniko/executor"] and config["WorkingDir"] == "/workspace"
    assert {"DOCKER_CONFIG=/kaniko/.docker", "SSL_CERT_DIR=/kaniko/ssl/certs", f"PATH={PATHS}"} <= set(config["Env"])
    root, small = unpack(image, tmp_path / "root"), unpack(plain, tmp_path / "small")
    assert os.access(root / "kaniko/executor", os.X_OK) and os.readlink(root / "kaniko/warmer") == "executor"
    assert "BEGIN CERTIFICATE" in (root / "kaniko/ssl/certs/ca-certificates.crt").read_text() and (root / "kaniko/.docker").is_dir()
    assert (root / "busybox/sh").exists() and not (small / "busybox").exists()
    have = {p.name for p in root.rglob("*") if ".so" in p.name}
    need = set(re.findall(r"(\S+) (?:=> \S+ )?\(0x", subprocess.run(["ldd", OAKUM], env={**os.environ, "LD_PRELOAD": "libcurl.so.4 libhs.so.5"}, capture_output=True, text=True).stdout))
    assert {"libcurl.so.4", "libhs.so.5"} <= have
    assert have == {n.split("/")[-1] for n in need} - {"linux-vdso.so.1"}


JOB = yaml.safe_load((REPO / "examples/gitlab/.gitlab-ci.yml").read_text())["image"]

if "root" in RUNGS:  # a pod's file system has to be mounted
    def test_image_builds_itself(image, program, tmp_path):
        """In a stock pod, from the same parts: the same digest; and / stays as it was."""
        root = unpack(image, tmp_path / "root")
        (tmp_path / "source").mkdir()
        shutil.copy(REPO / "deploy/image/Dockerfile", tmp_path / "source/Dockerfile")
        text = (tmp_path / "source/Dockerfile").read_text()
        # the parts are the context: kaniko's command line has no further ones
        (tmp_path / "source/Dockerfile").write_text(re.sub(r"(?s)FROM \$\{BASE\} AS toolchain.*?(?=FROM scratch)", "FROM scratch AS program\nCOPY out /out\n\n", text))
        shutil.copytree(program / "out", tmp_path / "source/out", symlinks=True)
        (tmp_path / "out").mkdir()
        binds = {"/workspace": tmp_path / "source", "/out": tmp_path / "out"}
        for name in binds:
            (root / name[1:]).mkdir(exist_ok=True)
        before = state(root, ["kaniko/store"])
        done = pod.run(root, "/kaniko/executor", "--dockerfile", "Dockerfile", "--target", "debug", "--no-push", "--oci-layout-path", "/out", binds=binds, env={"PATH": PATHS})
        assert done.returncode == 0, done.stderr
        assert layers(tmp_path / "out")[0] == layers(image)[0]
        after = state(root, ["kaniko/store"])
        assert {k: v for k, v in after.items() if before.get(k) != v} == {} and before.keys() <= after.keys()

    def test_gitlab_job(image, registry, tmp_path):  # noqa: F811
        """The script of the example, in a pod, twice; the second time from the cache, in a new pod."""
        address, env, data = registry
        layout(tmp_path / "base", tar_bytes(build_case.base_entries()), {"Env": ["PATH=/usr/bin:/bin"]})
        subprocess.run(["skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-creds", "user:pass-w0rd", f"oci:{tmp_path}/base:latest", f"docker://{address}/base:1"], check=True)
        project = tmp_path / "project"
        project.mkdir()
        (project / "app").write_text("the application\n")
        (project / "Dockerfile").write_text(f"FROM {address}/base:1\nRUN echo a step ran; id -u; ls -A /kaniko /builds 2>&1; echo made > /made\nCOPY app /app\nUSER 1000\n")
        variables = {"CI_REGISTRY": address, "CI_REGISTRY_USER": "user", "CI_REGISTRY_PASSWORD": "pass-w0rd", "CI_REGISTRY_IMAGE": f"{address}/group/app", "CI_PROJECT_DIR": "/builds/app",
                     "CI_COMMIT_SHORT_SHA": "abc123", "CI_COMMIT_REF_SLUG": "main"}
        assert JOB["image"]["entrypoint"] == [""] and JOB["image"]["name"].endswith("/oakum:debug")
        said = []
        for attempt in range(2):
            root = unpack(image, tmp_path / f"pod{attempt}")
            (root / "builds/app").mkdir(parents=True)
            before = state(root, ["kaniko", "builds"])
            done = pod.run(root, "/busybox/sh", "-ec", "\n".join(JOB["script"]), binds={"/builds/app": project}, env={"PATH": PATHS, "HOME": "/root", **variables})
            assert done.returncode == 0, done.stdout + done.stderr
            said.append(done.stdout + done.stderr)
            assert "pass-w0rd" not in said[-1]
            assert state(root, ["kaniko", "builds"]) == before
            digest = (project / "digest").read_text()
            (project / "digest").unlink()
            for tag in ("abc123", "main"):
                shown = subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--creds", "user:pass-w0rd", f"docker://{address}/group/app:{tag}"], capture_output=True, text=True, check=True)
                assert json.loads(shown.stdout)["Digest"] == digest
            shutil.rmtree(root)
        assert "\na step ran" in said[0] and "\na step ran" not in said[1]
        assert "config.json" not in said[0] and "/kaniko: No such file" in said[0]  # nothing of the job is there for a step

"""--cache-to and --cache-from: a repository of Debian's docker-registry, and OCI layouts. What a cache says wrongly costs time, never bytes."""
import json
import pathlib
import re
import subprocess
import time

import build_case
import pytest
from test_registry import free_port

DOCKERFILE = """ARG BASE
FROM $BASE AS tool
COPY data /data
RUN cat /data > /tool; echo "ran tool"
FROM $BASE
WORKDIR /w
COPY --from=tool /tool /w/tool
COPY data /w/data
RUN cat tool data > both; echo "ran result"
RUN true; echo "ran nothing"
"""
ALL = ["tool", "result", "nothing"]


class Server:
    """A registry that writes down what it is asked for."""

    def __init__(self, folder):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log = folder / "log"
        self.data = folder / "data"
        (folder / "config.yml").write_text(f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: false}}}}\n"
                                           f"storage: {{filesystem: {{rootdirectory: {self.data}}}}}\nhttp: {{addr: \"{self.address}\"}}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stdout=self.log.open("wb"), stderr=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(["curl", "-sf", f"http://{self.address}/v2/"], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)

    def asked(self):
        """(method, path, status) of each request since the last call."""
        text = self.log.read_text()
        self.log.open("r+b").truncate(0)
        return [(m[1], m[2], int(m[3])) for m in re.finditer(r'"(\w+) (\S+) HTTP/1.1" (\d+)', text)]

    def tags(self, repository):
        folder = self.data / "docker/registry/v2/repositories" / repository / "_manifests/tags"
        return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("registry"))
    yield made
    made.process.kill()
    made.process.wait()


@pytest.fixture
def work(oakum, small, tmp_path):
    context = tmp_path / "c"
    context.mkdir()
    (context / "data").write_text("data\n")
    (context / "Dockerfile").write_text(DOCKERFILE)

    def go(store, *options, status=0, base=small):
        """Which steps ran, the digest, and what was told."""
        done = subprocess.run([oakum, "build", "--build-arg", f"BASE={base}", "--store", str(tmp_path / store), *options, str(context)],
                              capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        return re.findall(r"(?m)^(?:\[[^]]*\] )?ran (\w+)", done.stderr), done.stdout.strip(), done.stderr
    return context, go


def blob_bodies(asked):
    return [path for method, path, status in asked if method == "GET" and "/blobs/" in path]


def test_another_machine_builds_nothing_and_moves_no_layer(server, work, small, tmp_path):
    """With an empty store: no layer is pulled, none is sent; the target has them or mounts them."""
    context, go = work
    repo = f"{server.address}/one/app"
    cache = f"{server.address}/one/cache"
    ran, digest, _ = go("a", "-t", f"{repo}:v", "--cache-to", f"type=registry,ref={cache},mode=max")
    assert sorted(ran) == sorted(ALL) and len(server.tags("one/cache")) == 7
    # the cache was told after the image was pushed: what the image has was mounted, not sent again
    server.asked()
    ran, again, told = go("b", "-t", f"{repo}:w", "--cache-from", cache)
    assert ran == [] and again == digest
    asked = server.asked()
    assert asked, "the log of the registry is empty"
    assert blob_bodies(asked) == [] and not any(method in ("POST", "PATCH") for method, _, _ in asked)
    assert [path for method, path, _ in asked if method == "PUT"] == ["/v2/one/app/manifests/w"]
    # another repository of the same registry: layers that the cache has are mounted
    ran, again, _ = go("b2", "-t", f"{server.address}/one/other:v", "--cache-from", cache)
    asked = server.asked()
    mounted = [path for method, path, status in asked if method == "POST" and "mount=" in path and status == 201]
    assert ran == [] and again == digest and len(mounted) == 4  # WORKDIR, two COPY, RUN
    # told once more: nothing is new
    _, _, told = go("b", "-o", f"oci:{tmp_path}/o", "--cache-to", cache)
    assert "0 steps told" in told


def test_a_base_of_the_same_registry_is_mounted(server, work, small, oakum, tmp_path):
    context, go = work
    (context / "Dockerfile").write_text("ARG BASE\nFROM $BASE\nLABEL a=b\n")
    go("a", "-t", f"{server.address}/two/base:v")
    server.asked()
    (context / "Dockerfile").write_text("ARG BASE\nFROM $BASE\nLABEL a=c\n")
    go("b", "-t", f"{server.address}/two/app:v", base=f"{server.address}/two/base:v")
    asked = server.asked()
    moved = [path for method, path, status in asked if method == "POST" and "mount=" in path and "from=two%2Fbase" in path and status == 201]
    assert len(moved) == 1  # the layer; the config is another
    assert len(blob_bodies(asked)) == 1  # the config


@pytest.mark.parametrize("spelling", ["max", "min", "plain", "layout", "local"])
def test_modes_and_places(server, work, tmp_path, spelling):
    context, go = work
    name = f"{server.address}/modes/{spelling}:main"
    to = {"max": f"type=registry,ref={name},mode=max", "min": f"type=registry,ref={name}", "plain": name, "layout": f"oci:{tmp_path}/cache",
          "local": f"type=local,dest={tmp_path}/cache,mode=min"}[spelling]
    source = {"max": f"type=registry,ref={name}", "min": name, "plain": name, "layout": f"oci:{tmp_path}/cache", "local": f"type=local,src={tmp_path}/cache"}[spelling]
    _, digest, _ = go("a", "-o", f"oci:{tmp_path}/o", "--cache-to", to)
    if spelling in ("layout", "local"):
        tags = [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in json.loads((tmp_path / "cache/index.json").read_text())["manifests"]]
    else:
        tags = server.tags(f"modes/{spelling}")
        assert all(tag.startswith("main-") for tag in tags)
    assert len(tags) == (5 if spelling in ("min", "local") else 7)
    ran, again, _ = go("b", "-o", f"oci:{tmp_path}/o", "--cache-from", f"oci:{tmp_path}/nothing", "--cache-from", source)
    assert again == digest and ran == (["tool"] if spelling in ("min", "local") else [])


def entries(folder):
    index = json.loads((folder / "index.json").read_text())
    for entry in index["manifests"]:
        yield entry, json.loads((folder / "blobs" / entry["digest"].replace(":", "/")).read_text())


def rewrite(folder, change):
    """Lets `change` alter each manifest of the cache, and names them anew."""
    index = json.loads((folder / "index.json").read_text())
    for entry in index["manifests"]:
        manifest = json.loads((folder / "blobs" / entry["digest"].replace(":", "/")).read_text())
        change(manifest)
        data = json.dumps(manifest).encode()
        entry["digest"], entry["size"] = build_case.hashlib.sha256(data).hexdigest(), len(data)
        (folder / "blobs/sha256" / entry["digest"]).write_bytes(data)
        entry["digest"] = "sha256:" + entry["digest"]
    (folder / "index.json").write_text(json.dumps(index))


@pytest.mark.parametrize("lie", ["layer gone", "layer damaged", "diff id", "key", "no layer", "type", "index", "size"])
def test_lies(work, tmp_path, lie):
    """Every lie that can be found out costs a run of the steps."""
    context, go = work
    _, digest, _ = go("a", "-o", f"oci:{tmp_path}/o", "--cache-to", f"oci:{tmp_path}/cache")
    cache = tmp_path / "cache"
    layers = {m["layers"][0]["digest"] for _, m in entries(cache)}
    if lie.startswith("layer"):
        for layer in layers:
            path = cache / "blobs" / layer.replace(":", "/")
            if lie == "layer gone":
                path.unlink()
            else:
                data = path.read_bytes()
                path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    elif lie == "index":
        (cache / "index.json").write_text("{\"schemaVersion\": 2, \"manifests\": [")
    else:
        def change(manifest):
            notes = manifest["annotations"]
            if lie == "diff id" and "dev.oakum.cache.diff-id" in notes:
                notes["dev.oakum.cache.diff-id"] = "sha256:" + "0" * 64
            elif lie == "key":
                notes["dev.oakum.cache.key"] = "0" * 64
            elif lie == "no layer":
                manifest["layers"] = manifest["layers"] * 2
            elif lie == "type":
                manifest["layers"][0]["mediaType"] = "application/octet-stream"
            elif lie == "size":
                manifest["layers"][0]["size"] += 1
        rewrite(cache, change)
    (tmp_path / "o").rename(tmp_path / "o1")
    ran, again, told = go("b", "-o", f"oci:{tmp_path}/o", "--cache-from", f"oci:{cache}")
    assert again == digest and "warning" in told.lower()
    assert {"tool", "result"} <= set(ran)  # of a step without a layer nothing may be wrong
    # whole, and the same as without a cache
    assert build_case.flatten(tmp_path / "o")[0].keys() == build_case.flatten(tmp_path / "o1")[0].keys()


def test_a_cache_that_is_not_there(work, tmp_path):
    context, go = work
    nobody = f"127.0.0.1:{free_port()}/x"
    ran, digest, told = go("a", "-o", f"oci:{tmp_path}/o", "--cache-from", nobody, "--cache-to", nobody)
    assert sorted(ran) == sorted(ALL) and "is not asked any more" in told and "is not told of every step" in told
    _, _, told = go("a", "-o", f"oci:{tmp_path}/o", "--cache-to", f"type=registry,ref={nobody},ignore-error=false", status=1)
    assert f"cache {nobody}" in told
    for wrong in ("type=s3,bucket=x", "type=registry", "type=local,src=/x", "type=registry,ref=x,mode=most", "type=registry,ref=x,speed=1", "type=registry,ref"):
        assert "--cache-to" in go("a", "--cache-to", wrong, status=1)[2]


def test_what_failed_later_is_kept(work, tmp_path):
    context, go = work
    (context / "Dockerfile").write_text(DOCKERFILE + "RUN false\n")
    _, _, told = go("a", "-o", f"oci:{tmp_path}/o", "--cache-to", f"oci:{tmp_path}/cache", status=1)
    assert "steps told to the cache" in told
    (context / "Dockerfile").write_text(DOCKERFILE)
    assert go("b", "-o", f"oci:{tmp_path}/o", "--cache-from", f"oci:{tmp_path}/cache")[0] == []


def test_ttl(work, tmp_path):
    context, go = work
    cache = ("--cache-from", f"oci:{tmp_path}/cache", "--cache-to", f"oci:{tmp_path}/cache")
    digest = go("a", "-o", f"oci:{tmp_path}/o", *cache)[1]

    def age(manifest):
        manifest["annotations"]["org.opencontainers.image.created"] = "2026-01-01T00:00:00Z"
    rewrite(tmp_path / "cache", age)
    ran, again, told = go("b", "-o", f"oci:{tmp_path}/o", *cache, "--cache-ttl", "1h")
    assert sorted(ran) == sorted(ALL) and again == digest and "7 steps told" in told
    assert go("c", "-o", f"oci:{tmp_path}/o", *cache, "--cache-ttl", "1h")[:2] == ([], digest)


def test_writers_at_once(work, oakum, small, tmp_path):
    """Several builders tell one layout: no entry is lost."""
    context, go = work
    runs = []
    for i in range(4):
        other = tmp_path / f"c{i}"
        other.mkdir()
        (other / "data").write_text(f"{i}")
        (other / "Dockerfile").write_text(DOCKERFILE)
        runs.append(subprocess.Popen([oakum, "build", "--build-arg", f"BASE={small}", "--store", str(tmp_path / "s"), "-o", f"oci:{tmp_path}/o{i}",
                                      "--cache-to", f"oci:{tmp_path}/cache", str(other)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    for run in runs:
        told = run.communicate()[1].decode()
        assert run.returncode == 0 and "steps told" in told, told
    tags = {entry["annotations"]["org.opencontainers.image.ref.name"] for entry, _ in entries(tmp_path / "cache")}
    assert len(tags) == 4 * 6 + 1  # WORKDIR is the same step in all

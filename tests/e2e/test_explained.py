"""docs/explain.md and docs/result.md say what the program says."""
import json
import re

import explained
import pytest


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    explained.make(folder)
    return folder


@pytest.mark.parametrize("path,name,content", explained.BLOCKS, ids=lambda x: x if isinstance(x, str) and x.endswith(".md") else "")
def test_documents_are_the_output(made, path, name, content):
    text = (explained.REPO / path).read_text()
    assert explained.fill(text, name, content(made)) == text, "OAKUM=… python3 tests/e2e/explained.py writes it anew"


def test_offsets_are_where_the_entries_begin(made):
    packages = {p["name"]: p for p in json.loads(explained.scan(made, "--format", "json", "docker-archive:shop.tar"))["packages"]}
    files = {name: content for _, layer in explained.layers() if layer for name, content in layer.items()}

    def at(name):
        content = files[packages[name]["paths"][0]]
        return (content.encode() if isinstance(content, str) else content)[packages[name]["offset"]:]

    assert at("libssl3").startswith(b"Package: libssl3\n") and at("libtiff6").startswith(b"Package: libtiff6\n")
    assert at("stdlib").startswith(b"\xff Go buildinf:")
    assert at("rustls")[:2] == b"\x78\x9c" and b"3.0.1" in at("openssl")[:20]
    alpine = json.loads(explained.scan(made, "--format", "json", "rootfs:alpine"))["packages"]
    assert explained.APK[next(p["offset"] for p in alpine if p["name"] == "libcrypto3"):].startswith("P:libcrypto3\n")


def paths(value, prefix=""):
    """Keys of all that is in it: a.b, c[].d; an object or list counts by what is in it."""
    if prefix in ("image.config.labels", "image.config.environment"):  # their keys are the image's
        return {prefix}
    if isinstance(value, dict):
        return set().union(*[paths(v, f"{prefix}.{k}" if prefix else k) for k, v in value.items()])
    if isinstance(value, list):
        return set().union(*[paths(v, prefix + "[]") for v in value]) if value else set()
    return {prefix}


def test_every_key_of_the_result_is_told(made):
    text = (explained.REPO / "docs/result.md").read_text()
    told = {key for row in re.findall(r"^\| (`.*?) \|", text, re.M) for key in re.findall(r"`([^`]+)`", row)} - \
        {"findings[]", "suppressed[]", "secrets[]", "hygiene[]", "licenses[]"}
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "statements": [
        {"vulnerability": {"name": "CVE-2021-44906"}, "products": [{"@id": "pkg:npm/minimist"}], "status": "not_affected", "justification": "vulnerable_code_not_present"}]}
    (made / "vex.json").write_text(json.dumps(vex))
    results = [json.loads(explained.scan(made, "--format", "json", *args)) for args in (
        ["--vex", "vex.json", "docker-archive:shop.tar"], ["rootfs:buster"], ["rootfs:redhat"], ["rootfs:alpine"])]
    seen = set().union(*[paths(r) for r in results])
    ours = {key for key in seen if not key.startswith("suppressed[].") or key == "suppressed[].suppressed"}
    # what these images have none of: a module, a package inside a package of the system
    rare = {"packages[].module", "packages[].owner"}
    # what their configuration does not set; test_report.py builds images that do
    rare |= {"dockerfile", "image.created"} | {f"image.config.{key}" for key in ("exposed_ports[]", "cmd[]", "volumes[]", "entrypoint[]", "environment", "labels")}
    # what only a policy or a baseline brings: test_policy.py
    rare |= {"findings[].first_seen", "verdict.notes[]", "incomplete[].suppressed", "end_of_life[].suppressed"}
    observed = ("secrets[].", "hygiene[].", "licenses[].")  # one form, told once
    ours = {"secrets[]." + key.split(".", 1)[1] if key.startswith(observed) else key for key in ours}
    rare |= {key for key in told if key.startswith(observed)}
    assert ours - told == set()
    assert told - ours - rare == set()
    assert {k.removeprefix("suppressed[].") for k in seen if k.startswith("suppressed[].")} - {"suppressed"} <= \
        {k.removeprefix("findings[].") for k in told if k.startswith("findings[].")}


def test_what_is_not_there_is_no_answer(made):
    done = explained.subprocess.run([explained.OAKUM, "scan", "--config", "none", "--db", "adv.db", "--explain", "CVE-1999-0001", "docker-archive:shop.tar"],
                                    cwd=made, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "no package of the image has this hole" in done.stderr


@pytest.mark.parametrize("args,root,status,reason", [
    ([], "redhat", 3, "stale-advisories"), (["--max-age", "40"], "redhat", 3, "stale-advisories"), (["--max-age", "90"], "redhat", 0, None),
    (["--max-age", "0"], "redhat", 0, None), (["--max-age", "0", "--fail-on-end-of-life"], "buster", 2, "no-advisories")])
def test_age(made, args, root, status, reason):
    """Two months later the newest record is too old for a verdict; what is given counts instead."""
    env = {k: v for k, v in explained.os.environ.items() if k != "OAKUM_MAX_AGE"} | {"SOURCE_DATE_EPOCH": str(int(explained.NOW) + 60 * 86400)}
    done = explained.subprocess.run([explained.OAKUM, "scan", "--config", "none", "--db", "adv.db", "--format", "json", *args, f"rootfs:{root}"],
                                    cwd=made, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    assert [i["id"] for i in json.loads(done.stdout)["incomplete"]] == ([reason] if reason else [])

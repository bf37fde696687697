"""--secret-config: rules of the user's own, and what does not count for him."""
import json
import os
import pathlib
import subprocess

import pytest

from test_secrets import docker_archive, scan_files, tar_of, token, zip_of

OWN = r"""
rules:
  - id: acme-key
    category: general
    title: Acme key
    severity: HIGH
    keywords: [ACME]
    regex: 'acme_(?P<secret>[0-9a-f]{16})\b'
    secret-group-name: secret
    allow-rules: [{id: zeros, description: place holder, regex: '0000'}]
  - id: only-env
    severity: low
    regex: 'q-[0-9]{8}-q'
    path: '\.env$'
  - id: unkeyed
    severity: critical
    keywords: [nowhere-in-it]
    regex: 'acme'
allow-rules: [{id: samples, path: '^samples/'}]
exclude-block: {description: examples, regexes: ['(?s)BEGIN X.*?END X']}
disable-rules: [github-pat]
disable-allow-rules: [library-tests]
"""


def own(tmp_path, files, text=OWN, *more):
    (tmp_path / "own.yaml").write_text(text)
    return scan_files(tmp_path, files, "--secret-config", tmp_path / "own.yaml", *more)


def told(rows):
    return sorted((s["id"], s["file"], s["line"]) for s in rows if not s["suppressed"])


def test_own_rules_and_what_does_not_count(tmp_path):
    text = "x\na=acme_0123456789abcdef\nb=acme_00000000abcdef12\nBEGIN X\nacme_fedcba9876543210\nEND X\n"
    result, done = own(tmp_path, {"app/a.txt": text, "samples/a.txt": text, "app/b.env": "q-12345678-q", "app/b.txt": "q-12345678-q", "app/c": f"t={token('c')}",
                                  "app/d.zip": zip_of([("i/n.txt", "no\nACME acme_1111222233334444\n".encode())]), "app/e": b"\0acme_0123456789abcdef"})
    assert done.returncode == 0, done.stderr
    assert told(result["secrets"]) == [("acme-key", "app/a.txt", 2), ("acme-key", "app/d.zip", 2), ("only-env", "app/b.env", 1)]
    first = next(s for s in result["secrets"] if s["file"] == "app/a.txt")
    assert (first["severity"], first["category"], first["match"]) == ("high", "general", "********")
    assert "i/n.txt inside of the file" in next(s["why"] for s in result["secrets"] if s["file"] == "app/d.zip")
    why = {(s["file"], s["line"]): s["suppressed"] for s in result["secrets"]}
    assert why[("app/a.txt", 3)] == "the secret configuration allows it (zeros): place holder"
    assert why[("app/a.txt", 5)] == "in a block that the secret configuration excludes: examples"
    assert why[("samples/a.txt", 2)] == "the secret configuration allows it (samples)"
    assert "0123456789abcdef" not in done.stdout + done.stderr


def test_tests_of_installed_libraries(tmp_path):
    files = {"usr/share/go-1.19/src/a_test.go": f"t={token('t')}", "app/a_test.go": f"t={token('u')}"}
    assert {s["file"]: s["suppressed"] for s in scan_files(tmp_path, files)[0]["secrets"]} == {
        "usr/share/go-1.19/src/a_test.go": "what an installed library tests itself with", "app/a_test.go": None}
    assert [s["suppressed"] for s in own(tmp_path, files, "disable-allow-rules: [tests]\n")[0]["secrets"]] == [None, None]


def test_across_the_border_of_a_buffer(tmp_path):
    """Once, wherever it lies; its word may stand behind it."""
    for at in (262_000, 262_130, 262_144, 520_000):
        result, _ = own(tmp_path, {"app/a.txt": b"." * at + b" acme_0123456789abcdef " + b"." * 300_000 + b" ACME"})
        assert told(result["secrets"]) == [("acme-key", "app/a.txt", 1)], at


def test_the_settings_are_blotted(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    config = {"config": {"Env": ["A=acme_0123456789abcdef"], "Labels": {"x": "acme_1123456789abcdef"}}, "history": [{"created_by": "echo acme_2123456789abcdef"}]}
    docker_archive(tmp_path / "i.tar", [tar_of([("a", b"1")])], config)
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--secret-config", tmp_path / "own.yaml", "--format", "json", f"docker-archive:{tmp_path}/i.tar"],
                          capture_output=True, text=True)
    assert sorted(s["why"].split(" in ", 1)[1] for s in json.loads(done.stdout)["secrets"]) == [
        "the environment of the image", "the history of the image", "the labels of the image"]
    assert "123456789abcdef" not in done.stdout + done.stderr


def test_what_is_kept_is_kept_by_it(tmp_path):
    docker_archive(tmp_path / "i.tar", [tar_of([("app/a.txt", b"acme_0123456789abcdef")])], {"config": {}})
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "other.yaml").write_text("disable-rules: [jwt]\n")
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    env.pop("OAKUM_STORE", None)

    def count(*more):
        done = subprocess.run([os.environ["OAKUM"], "scan", *more, "--format", "json", f"docker-archive:{tmp_path}/i.tar"], capture_output=True, text=True, env=env)
        return len(json.loads(done.stdout)["secrets"])

    assert [count(), count("--secret-config", tmp_path / "own.yaml"), count("--secret-config", tmp_path / "other.yaml"), count()] == [0, 1, 0, 0]
    env["OAKUM_SECRET_CONFIG"] = str(tmp_path / "own.yaml")
    assert count() == 1


def test_the_built_in_rules(tmp_path):
    files = {"app/a.env": f"t={token('a')}\nk = glpat-{token('b')[4:24]}\n"}
    ids = [s["id"] for s in own(tmp_path, files, "enable-builtin-rules: [gitlab-pat]\n")[0]["secrets"]]
    assert ids == ["gitlab-pat"]
    result, done = own(tmp_path, files, "disable-rules: [gitlab-pat, no-such-rule]\n")
    assert [s["id"] for s in result["secrets"]] == ["github-pat"] and 'own.yaml:1:29: disable-rules: there is no rule "no-such-rule"' in done.stderr


@pytest.mark.parametrize("text, says", [
    ("rules: {}", "1:8: \"rules\" takes a list"), ("rulse: []", 'unknown key "rulse"; there are'), ("rules: [{id: a}]", '"regex" is missing'),
    ("rules: [{id: a, regex: '('}]", "1:24: no regular expression that is understood"), ("rules: [{id: 'a b', regex: a}]", "an id has"),
    ("rules: [{id: jwt, regex: aaaa}]", "is a rule of oakum's own"), ("rules: [{id: a, regex: aaaa}, {id: a, regex: bbbb}]", "is there twice"),
    ("rules: [{id: a, regex: aaaa, severity: dire}]", "no severity"), ("rules: [{id: a, regex: aaaa, secret-group-name: s}]", "has no group"),
    ("rules: [{id: a, regex: '(*UTF)a'}]", "without \"(*\" in front"), ("rules: [{id: a, regex: '" + "a" * 5000 + "'}]", "more than 4096 bytes"),
    ("rules: [{id: a, regex: '(?:(?:ab{1,900}c){1,900}d){1,900}'}]", "regular expression"), ("rules: [{id: a, regex: 'a*'}]", "rule a: \"regex\" cannot be looked for"),
    ("allow-rules: [{id: a}]", "it would allow everything"), ("disable-allow-rules: [x]", "no allow rule"), ("enable-builtin-rules: [x]", "nothing would be looked for"),
    ("exclude-block: [x]", "a map of"), ("rules: [" + "{id: a, regex: b}, " * 501 + "]", "more than 500")])
def test_what_cannot_be_taken(tmp_path, text, says):
    _, done = own(tmp_path, {"a": "1"}, text)
    assert done.returncode == 1 and says in done.stderr and done.stdout == "", done.stderr


def test_an_expression_without_end_is_bounded(tmp_path):
    result, done = own(tmp_path, {"a.txt": "a" * 3000 + "!"}, "rules: [{id: slow, severity: low, regex: '(?:(a+)+)+\\1b|a!'}]\n")
    assert done.returncode == 3 and "rule slow of the secret configuration takes too many steps" in done.stdout


def test_without_vectorscan_nothing_is_taken_for_clean(oakum, tmp_path):
    """Its library is opened when it is needed: one that is not there is no image without secrets."""
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    libraries = [pathlib.Path(folder) / "libhs.so.5" for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")]
    library = next(path for path in libraries if path.exists()).resolve()
    script = f"mount --bind /dev/null {library} && exec {oakum} scan --checks secrets --fail-on none --format json rootfs:{tmp_path}/root"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, env={**os.environ, "OAKUM_STORE": str(tmp_path / "store")})
    assert done.returncode == 3 and "Vectorscan is not there" in done.stdout and "libhs.so.5" in done.stderr, (done.stdout, done.stderr)

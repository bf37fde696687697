"""`oakum gitlab scan`: every variable of src/cli/gitlab-variables.inc, the allowlist, the reports, the gate, the remediations.

@variables("NAME", …) says which variables a test shows: tools/gitlab-table reads it for docs/gitlab.md, and test_every_variable_has_a_test fails
for one that no test shows."""
import base64
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess

import jsonschema
import pytest
from build_case import layout
from conftest import REPO
from test_registry import registry  # noqa: F401  (a fixture)
from test_report import HOSTILE, OWN, PIP, VECTOR, make_db
from test_sbom import FIELD, field_validator
from test_scan import OS_RELEASE, STATUS, osv, root

LOADER = importlib.machinery.SourceFileLoader("gitlab_table", str(REPO / "tools/gitlab-table"))
TABLE = importlib.util.module_from_spec(importlib.util.spec_from_loader("gitlab_table", LOADER))
LOADER.exec_module(TABLE)

CONTAINER, SBOM, DEPENDENCY, QUALITY, RESULT, NOTE = ("gl-container-scanning-report.json", "gl-sbom-report.cdx.json", "gl-dependency-scanning-report.json",
                                                      "gl-code-quality-report.json", "oakum-result.json", "oakum-note.md")
RECORDS = [
    osv("DSA-1", "openssl", [{"introduced": "0"}, {"fixed": "3.0.15-1~deb12u1"}], upstream=["CVE-2024-0001"], summary="a hole",
        severity=[{"type": "CVSS_V3", "score": VECTOR}]),
    osv("OPEN-2", "openssl", [{"introduced": "0"}], aliases=["CVE-2024-0002"], database_specific={"severity": "LOW"}),
    osv("CVE-2024-0006", "bash", [{"introduced": "0"}]),
    osv("GHSA-2222-3333-4444", "requests", [{"introduced": "0"}, {"fixed": "2.31.0"}], ecosystem="PyPI", aliases=["CVE-2023-32681"], summary="leaks",
        database_specific={"severity": "HIGH"}),
]
FIXED = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1")
ALL = {"CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0006"}


def variables(*names):
    """Which variables a test shows."""
    return lambda test: test


@pytest.fixture(scope="module")
def db(oakum, tmp_path_factory):
    return make_db(oakum, tmp_path_factory.mktemp("db"), RECORDS)


class Job:
    """A job in a folder of its own, with an environment that holds nothing of ours."""

    def __init__(self, oakum, db, folder):
        self.oakum, self.db, self.folder = oakum, db, folder
        self.env = {k: v for k, v in os.environ.items() if not re.match(r"CS_|CI_|TRIVY_|OAKUM_|SECURE_|DOCKER_|ADDITIONAL_", k)}
        self.env.update(OAKUM_MAX_AGE="0", OAKUM_GATE="off", OAKUM_DB=str(db), XDG_CACHE_HOME=str(folder / "cache"), SOURCE_DATE_EPOCH="1790000000", CS_IMAGE=f"rootfs:{folder}/root")

    def root(self, **files):
        root(self.folder / "root", **files)

    def run(self, *words, status=0, name="gitlab", program=None, **env):
        done = subprocess.run([program or self.oakum, *([name] if name else []), "scan", *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                              env={k: v for k, v in {**self.env, **env}.items() if v is not None}, timeout=120)
        assert done.returncode == status, done.stderr
        return done

    def load(self, name=CONTAINER):
        return json.loads((self.folder / name).read_text())

    def ids(self, *words, **env):
        self.run(*words, **env)
        return {v["identifiers"][0]["value"] for v in self.load()["vulnerabilities"]}


@pytest.fixture
def job(oakum, db, tmp_path):
    job = Job(oakum, db, tmp_path)
    job.root(**PIP)
    return job


# ---- the table -----------------------------------------------------------------------------------

def test_every_variable_has_a_test():
    tests = TABLE.read_tests()
    assert [v.name for v in TABLE.read_variables() if not TABLE.tests_of(v, tests)] == []
    known = {v.name for v in TABLE.read_variables()}
    assert {name for names in tests.values() for name in names} <= known and len(known) >= 40


def test_the_document_is_current():
    assert (REPO / "docs/gitlab.md").read_text() == TABLE.render((REPO / "docs/gitlab.md").read_text()), "run tools/gitlab-table"


def test_help(oakum):
    """Each variable stands in the help page, with its default."""
    text = subprocess.run([oakum, "gitlab", "scan", "--help"], capture_output=True, text=True, check=True).stdout
    page, man = re.sub(r"\s+", " ", text), subprocess.run([oakum, "man", "gitlab"], capture_output=True, text=True, check=True).stdout
    for v in TABLE.read_variables():
        assert f" {v.name} " in page and v.help in page and (not v.fallback or f"(default: {v.fallback})" in page), v.name
        assert v.name.replace("-", "\\-") in man


def test_accepted(job):
    """What has no effect is told, to who asks."""
    names = {v.name: v.help for v in TABLE.read_variables() if v.fate == "ACCEPTED"}
    done = job.run(SECURE_LOG_LEVEL="debug", **{name: "1" for name in names})
    for name, why in names.items():
        assert f"{name} has no effect: {why}" in done.stderr
    assert "has no effect" not in job.run(**{name: "1" for name in names}).stderr


# ---- the image -----------------------------------------------------------------------------------

def push(address, folder, name, status=STATUS):
    """A Debian of a few files, in the registry."""
    files = root(folder / "pushed", **{"var/lib/dpkg/status": status})
    tar = subprocess.run(["tar", "-C", str(files), "-c", "."], capture_output=True, check=True).stdout
    layout(folder / "pushed-layout", tar, {})
    subprocess.run(["skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-creds", "user:pass-w0rd", f"oci:{folder}/pushed-layout:latest", f"docker://{address}/{name}"], check=True)


@variables("CS_IMAGE", "CI_APPLICATION_REPOSITORY", "CI_APPLICATION_TAG", "CI_REGISTRY_IMAGE", "CI_COMMIT_REF_SLUG", "CI_COMMIT_SHA")
def test_which_image(job, registry):  # noqa: F811
    """CS_IMAGE, else the two of CI_APPLICATION, else what they are when nobody sets them; a word on the command line goes before all."""
    address, env, _ = registry
    push(address, job.folder, "group/app/main:0123")
    names = {"CI_REGISTRY_IMAGE": f"{address}/group/app", "CI_COMMIT_REF_SLUG": "main", "CI_COMMIT_SHA": "0123", "CS_IMAGE": None, "DOCKER_CONFIG": env["DOCKER_CONFIG"]}
    job.run(**names)
    assert {v["location"]["image"] for v in job.load()["vulnerabilities"]} == {f"{address}/group/app/main:0123"}
    wrong = {"CI_REGISTRY_IMAGE": "registry.invalid/x", "CI_COMMIT_REF_SLUG": "y", "CI_COMMIT_SHA": "z"}
    job.run(**{**names, **wrong, "CI_APPLICATION_REPOSITORY": f"{address}/group/app/main", "CI_APPLICATION_TAG": "0123"})
    assert job.load()["vulnerabilities"][0]["location"]["image"] == f"{address}/group/app/main:0123"
    job.run(**{**names, **wrong, "CS_IMAGE": f"{address}/group/app/main:0123"})
    job.run(f"{address}/group/app/main:0123", **{**names, "CS_IMAGE": "registry.invalid/x:y"})
    assert "set CS_IMAGE" in job.run(CS_IMAGE=None, status=1).stderr


def docker_archive(folder, status, tags):
    """What `docker save` writes."""
    import hashlib
    import io
    import tarfile
    files = root(folder / "saved", **{"var/lib/dpkg/status": status})
    layer = subprocess.run(["tar", "-C", str(files), "-c", "."], capture_output=True, check=True).stdout
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    manifest = json.dumps([{"Config": "c.json", "RepoTags": tags, "Layers": ["l.tar"]}]).encode()
    with tarfile.open(folder / "app.tar", "w") as tar:
        for name, data in (("c.json", config), ("l.tar", layer), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return folder / "app.tar"


@variables("CS_IMAGE")
@pytest.mark.parametrize("tags, called", [(["registry.example/app:v1"], "registry.example/app:v1"), ([], "app.tar"), (None, "app.tar")])
def test_archives(job, tags, called):
    archive = docker_archive(job.folder, STATUS, tags)
    assert job.ids(CS_IMAGE="archive://app.tar") == ALL
    assert {v["location"]["image"] for v in job.load()["vulnerabilities"]} == {called}
    subprocess.run(["gzip", "-k", str(archive)], check=True)
    assert job.ids(CS_IMAGE=f"archive://{archive}.gz") == ALL


@variables("CS_IMAGE")
def test_archives_of_layouts(job):
    """Which GitLab's job does not take; the name is the one that the build gave."""
    (job.folder / "Dockerfile").write_text("FROM scratch\nCOPY root /\n")
    subprocess.run([job.oakum, "build", "--store", "s", "-t", "registry.example/group/app:1.2", "-o", "oci-archive:image.tar", "-o", "oci:layout", "."], cwd=job.folder, check=True, capture_output=True)
    for image in ("archive://image.tar", "oci-archive:image.tar", "oci:layout"):
        assert job.ids(CS_IMAGE=image) == ALL
        assert {v["location"]["image"] for v in job.load()["vulnerabilities"]} == {"registry.example/group/app:1.2"}
    (job.folder / "no.tar").write_bytes(b"x" * 1000)
    assert "archive://: no.tar" in job.run(CS_IMAGE="archive://no.tar", status=1).stderr


@variables("TRIVY_PLATFORM")
def test_platform(job):
    (job.folder / "Dockerfile").write_text("FROM scratch\nCOPY root /\n")
    subprocess.run([job.oakum, "build", "--store", "s", "--platform", "linux/arm64", "-o", "oci:layout", "."], cwd=job.folder, check=True, capture_output=True)
    subprocess.run([job.oakum, "build", "--store", "s", "--platform", "linux/arm64,linux/s390x", "-o", "oci:both", "."], cwd=job.folder, check=True, capture_output=True)
    job.run(CS_IMAGE="oci:both", TRIVY_PLATFORM="linux/s390x")
    assert job.load(RESULT)["image"]["platform"] == "linux/s390x"
    job.run("--platform", "linux/arm64", CS_IMAGE="oci:both", TRIVY_PLATFORM="linux/s390x")
    assert job.load(RESULT)["image"]["platform"] == "linux/arm64"
    job.run(CS_IMAGE="oci:both", TRIVY_PLATFORM="linux/mips", status=1)


# ---- registries ----------------------------------------------------------------------------------

@variables("CS_REGISTRY_USER", "CS_REGISTRY_PASSWORD", "CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD", "TRIVY_USERNAME", "TRIVY_PASSWORD")
def test_logins(job, registry):  # noqa: F811
    """Those of the project's registry for images there alone; those of CS_* before all others; no password in any output."""
    address = registry[0]
    push(address, job.folder, "group/logins:1")
    image, bad = f"{address}/group/logins:1", {"CS_REGISTRY_USER": "user", "CS_REGISTRY_PASSWORD": "no-such"}
    good = {"CS_REGISTRY_USER": "user", "CS_REGISTRY_PASSWORD": "pass-w0rd"}
    project = {"CI_REGISTRY": address, "CI_REGISTRY_USER": "user", "CI_REGISTRY_PASSWORD": "pass-w0rd"}
    for status, env in ((1, {}), (0, good), (1, bad), (0, project), (1, {**project, **bad}), (0, {**project, "CI_REGISTRY_PASSWORD": "no-such", **good}), (1, {**project, "CI_REGISTRY": "other.example"}),
                        (1, {**project, "CI_REGISTRY": address[:-1]}), (0, {"TRIVY_USERNAME": "user", "TRIVY_PASSWORD": "pass-w0rd"}), (1, {**bad, "TRIVY_USERNAME": "user", "TRIVY_PASSWORD": "pass-w0rd"})):
        done = job.run(CS_IMAGE=image, SECURE_LOG_LEVEL="debug", status=status, HOME=str(job.folder), **env)
        said = done.stdout + done.stderr + "".join(p.read_text() for p in job.folder.glob("*.json"))
        assert "pass-w0rd" not in said and "no-such" not in said
    assert "only one of CS_REGISTRY_USER and CS_REGISTRY_PASSWORD" in job.run(CS_IMAGE=image, CS_REGISTRY_USER="user", status=1, HOME=str(job.folder)).stderr


def serve(folder, address="127.0.0.1", more=""):
    """A registry without passwords: its port, and the process."""
    import socket
    import time

    from test_registry import free_port
    port = free_port()
    (folder / "config.yml").write_text(f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "{address}:{port}"{more}}}
""")
    server = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex((address, port)) == 0:
                break
        time.sleep(0.1)
    return port, server


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """(address, its authority) of a registry over HTTPS whose authority nobody knows, with one image."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "ca.pem", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    port, server = serve(folder, more=f", tls: {{certificate: {folder}/ca.pem, key: {folder}/key.pem}}")
    push(f"127.0.0.1:{port}", folder, "app:1")
    yield f"127.0.0.1:{port}", folder / "ca.pem"
    server.kill()
    server.wait()


@variables("ADDITIONAL_CA_CERT_BUNDLE", "CS_DOCKER_INSECURE", "TRIVY_INSECURE")
def test_certificates(job, tls):
    address, authority = tls
    image = f"{address}/app:1"
    job.run(CS_IMAGE=image, status=1)
    for env in ({"ADDITIONAL_CA_CERT_BUNDLE": str(authority)}, {"ADDITIONAL_CA_CERT_BUNDLE": authority.read_text()}, {"CS_DOCKER_INSECURE": "true"}, {"TRIVY_INSECURE": "true"}):
        assert job.ids(CS_IMAGE=image, **env) == ALL
    job.run(CS_IMAGE=image, CS_DOCKER_INSECURE="false", status=1)
    assert "certificates in PEM, or a file of them" in job.run(CS_IMAGE=image, ADDITIONAL_CA_CERT_BUNDLE="/no/such.pem", status=1).stderr


def own_name():
    """A name of this machine that does not say so, and its address on the loopback; None: it has none."""
    import socket
    try:
        name = socket.gethostname()
        address = socket.gethostbyname(name)
    except OSError:
        return None
    return (name, address) if address.startswith("127.") and name != "localhost" else None


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A registry without TLS, under a name that plain HTTP is not allowed with by itself (else under its address)."""
    folder, (name, address) = tmp_path_factory.mktemp("plain"), own_name() or ("127.0.0.1", "127.0.0.1")
    port, server = serve(folder, address)
    push(f"{address}:{port}", folder, "app:1")
    yield f"{name}:{port}/app:1"
    server.kill()
    server.wait()


@variables("CS_REGISTRY_INSECURE", "TRIVY_NON_SSL")
def test_plain_http(job, plain):
    for env in ({"CS_REGISTRY_INSECURE": "true"}, {"TRIVY_NON_SSL": "1"}):
        assert job.ids(CS_IMAGE=plain, **env) == ALL
    if own_name():
        for env in ({}, {"CS_REGISTRY_INSECURE": "false", "CS_DOCKER_INSECURE": "true"}):  # it would try for long
            job.run(CS_IMAGE=plain, status=1, TRIVY_TIMEOUT="3s", **env)


# ---- what is left out ----------------------------------------------------------------------------

@variables("CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN")
def test_languages(job):
    """Packages of the operating system alone, unless told otherwise; what is left out has its reason in the result."""
    assert job.ids() == ALL
    kept = {f["id"]: f["suppressed"] for f in job.load(RESULT)["suppressed"]}
    assert "CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN" in kept["CVE-2023-32681"]
    assert job.ids(CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN="true") == ALL
    assert job.ids(CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN="false") == ALL | {"CVE-2023-32681"}


@variables("CS_SEVERITY_THRESHOLD")
@pytest.mark.parametrize("threshold, ids", [("UNKNOWN", ALL), ("low", {"CVE-2024-0001", "CVE-2024-0002"}), ("MEDIUM", {"CVE-2024-0001"}), ("Critical", {"CVE-2024-0001"}), (" HiGh\n", {"CVE-2024-0001"}), ("", ALL)])
def test_threshold(job, threshold, ids):
    assert job.ids(CS_SEVERITY_THRESHOLD=threshold) == ids


@variables("TRIVY_SEVERITY")
@pytest.mark.parametrize("severities, ids", [("HIGH,CRITICAL", {"CVE-2024-0001"}), ("low, unknown", {"CVE-2024-0002", "CVE-2024-0006"})])
def test_severities(job, severities, ids):
    assert job.ids(TRIVY_SEVERITY=severities) == ids
    assert job.ids(TRIVY_SEVERITY=severities, CS_SEVERITY_THRESHOLD="CRITICAL") == ids & {"CVE-2024-0001"}


@variables("CS_IGNORE_UNFIXED", "TRIVY_IGNORE_UNFIXED")
@pytest.mark.parametrize("name", ["CS_IGNORE_UNFIXED", "TRIVY_IGNORE_UNFIXED"])
def test_unfixed(job, name):
    for value in ("true", "TRUE", "t", "1", "True\n", "yes", "Y", " on "):
        assert job.ids(**{name: value}) == {"CVE-2024-0001"}, value
    for value in ("false", "FALSE", "f", "0", "", " no ", "N", "off", "  ", "\n"):
        assert job.ids(**{name: value}) == ALL, value


@variables("CS_IGNORE_STATUSES")
def test_statuses(job):
    assert job.ids(CS_IGNORE_STATUSES="affected") == {"CVE-2024-0001"}
    assert job.ids(CS_IGNORE_STATUSES="will_not_fix, fixed") == {"CVE-2024-0002", "CVE-2024-0006"}
    assert job.ids(CS_IGNORE_STATUSES="fixed,affected") == set()
    assert job.ids(CS_IGNORE_STATUSES=" Will_Not_Fix,\n FIXED\n") == {"CVE-2024-0002", "CVE-2024-0006"}


@variables("TRIVY_VEX")
def test_vex(job):
    (job.folder / "vex.json").write_text(json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/1", "author": "x", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
                                                     "statements": [{"vulnerability": {"name": "CVE-2024-0002"}, "products": [{"@id": "pkg:deb/debian/libssl3"}], "status": "not_affected",
                                                                     "justification": "vulnerable_code_not_present"}]}))
    assert job.ids(TRIVY_VEX="vex.json") == ALL - {"CVE-2024-0002"}
    job.run(TRIVY_VEX="absent.json", status=1)


@pytest.mark.parametrize("name, value, says", [
    ("CS_SEVERITY_THRESHOLD", "SEVERE", "takes unknown, low"), ("CS_IGNORE_UNFIXED", "maybe", "takes true or false"), ("CS_IGNORE_STATUSES", "fixed,open", "CS_IGNORE_STATUSES=open"),
    ("SECURE_LOG_LEVEL", "loud", "takes fatal"), ("TRIVY_TIMEOUT", "5 minutes", "takes a duration"), ("CS_SCHEMA_MODEL", "14", "takes 15"), ("CS_REPORT_OS_EOL_SEVERITY", "dire", "takes unknown"),
    ("OAKUM_GATE", "ajar", "--gate takes on or off"), ("TRIVY_SEVERITY", "HIGH,BAD", "TRIVY_SEVERITY=BAD")])
def test_bad_values(job, name, value, says):
    """An error, and no report of an earlier run is left that could be taken for this one's."""
    done = job.run(status=1, **{name: value})
    assert says in done.stderr and done.stdout == ""


def test_blanks_around_values(job):
    """As "|" of YAML leaves them; what is nothing but blanks is not set."""
    values = {"CS_IMAGE": job.env["CS_IMAGE"] + "\n", "CS_SCHEMA_MODEL": " 15\n", "SECURE_LOG_LEVEL": "WARN \n", "TRIVY_TIMEOUT": "5m0s\n", "CS_DEFAULT_BRANCH_IMAGE": " app:main\n",
              "CI_PROJECT_DIR": f"{job.folder}\n"}
    assert job.ids(**values) == ALL
    assert {v["location"]["default_branch_image"] for v in job.load()["vulnerabilities"]} == {"app:main"}
    assert job.ids(**{name: " \n" for name in (*values, "CS_SEVERITY_THRESHOLD", "CS_QUIET", "TRIVY_SEVERITY", "CS_REPORT_OS_EOL_SEVERITY") if name != "CS_IMAGE"}) == ALL
    assert "default_branch_image" not in job.load()["vulnerabilities"][0]["location"]


def test_slips(job):
    assert "CS_SEVERITY_TRESHOLD is set, and is no variable of this command; did you mean CS_SEVERITY_THRESHOLD?" in job.run(CS_SEVERITY_TRESHOLD="HIGH").stderr
    assert "CS_SEVERITY_TRESHOLD" not in job.run(CS_SEVERITY_TRESHOLD=" ").stderr  # as good as not set


# ---- the allowlist -------------------------------------------------------------------------------

ALLOWED = "vulnerability-allowlist.yml"


def rows(done):
    """The table of the log: id → status."""
    return {line.split()[-1]: line.split()[0] for line in done.stdout.splitlines() if line.startswith(("Approved", "Unapproved"))}


@variables("CI_PROJECT_DIR")
def test_allowlist(job):
    (job.folder / "project").mkdir()
    (job.folder / "project" / ALLOWED).write_text("generalallowlist:\n  CVE-2024-0002:\n  CVE-2014-8166: cups\nimages:\n  other.example/app:\n    CVE-2024-0001: not this image\n")
    done = job.run(CI_PROJECT_DIR="project")
    assert rows(done) == {"CVE-2024-0001": "Unapproved", "CVE-2024-0002": "Approved", "CVE-2024-0006": "Unapproved"}
    data = json.loads((job.folder / "project" / CONTAINER).read_text())
    assert {v["identifiers"][0]["value"] for v in data["vulnerabilities"]} == ALL - {"CVE-2024-0002"} and not (job.folder / CONTAINER).exists()
    assert "2 holes unapproved, 1 approved by vulnerability-allowlist.yml" in done.stdout


@pytest.mark.parametrize("key, allowed", [("registry.example/group/app", True), ("registry.example/group/app@sha256", True), ("registry.example/group", False), ("registry.example/group/app2", False),
                                          ("group/app", False), ("registry.example/group/app:v1", True), ("registry.example/group/app:v2", False), ("registry.example/group/*", False)])
def test_allowlist_of_images(job, key, allowed):
    docker_archive(job.folder, STATUS, ["registry.example/group/app:v1"])
    (job.folder / ALLOWED).write_text(f"images:\n  {key}:\n    DSA-1: by its alias\n")
    done = job.run(CS_IMAGE="archive://app.tar")
    assert rows(done)["CVE-2024-0001"] == ("Approved" if allowed else "Unapproved")


def test_allowlist_and_the_gate(job):
    job.run(OAKUM_GATE="on", status=2)
    (job.folder / ALLOWED).write_text("generalallowlist: {CVE-2024-0001: we know}\n")
    job.run(OAKUM_GATE="on", status=0)
    assert [f["suppressed"] for f in job.load(RESULT)["suppressed"] if f["id"] == "CVE-2024-0001"] == ["vulnerability-allowlist.yml: we know"]


def test_allowlist_warns_of_what_it_does_not_know(job):
    """As GitLab does, it passes over wildcards and other keys; but it says so."""
    (job.folder / ALLOWED).write_text("general: {CVE-2024-0002: }\ngeneralallowlist: {CVE-*: all}\n")
    done = job.run()
    assert set(rows(done).values()) == {"Unapproved"}
    assert f'{ALLOWED}:1:1: "general" means nothing here' in done.stderr and f'{ALLOWED}:2:20: "CVE-*" is a name with wildcards' in done.stderr


@pytest.mark.parametrize("text", ["generalallowlist: []\nimages: []\n", "generalallowlist: {}\nimages: {registry.example/x: []}\n", "generalallowlist:\nimages:\n"])
def test_allowlists_of_nothing(job, text):
    (job.folder / ALLOWED).write_text(text)
    assert set(rows(job.run()).values()) == {"Unapproved"}


@pytest.mark.parametrize("text, says, approved", [
    ("generalallowlist:\n  CVE-2024-0001: a\n  CVE-2024-0001: b\n", '3:3: key "CVE-2024-0001" stands here a second time', {"CVE-2024-0001"}),
    ("generalallowlist: {CVE-2024-0001: }\ngeneralallowlist: {CVE-2024-0002: }\n", '2:1: key "generalallowlist" stands here a second time', {"CVE-2024-0002"}),
    ("generalallowlist: {CVE-2024-0001: }\n---\ngeneralallowlist: {CVE-2024-0002: }\n", "2:1: a second document begins here", {"CVE-2024-0001"}),
    ("---\n---\ngeneralallowlist: {CVE-2024-0002: }\n", "2:1: a second document begins here", set()),
    ("generalallowlist:\n  CVE-2024-0001: {reason: why, until: never}\n  CVE-2024-0002: [x]\n", '2:3: "CVE-2024-0001" has keys or a list behind it', {"CVE-2024-0001", "CVE-2024-0002"}),
    ("x: &a {CVE-2024-0001: }\nx: 1\ngeneralallowlist: *a\n", '2:1: key "x" stands here a second time', {"CVE-2024-0001"})])
def test_allowlists_as_ruby_reads_them(job, text, says, approved):
    (job.folder / ALLOWED).write_text(text)
    done = job.run()
    assert {i for i, status in rows(done).items() if status == "Approved"} == approved and says in done.stderr


@pytest.mark.parametrize("text", ["- CVE-2024-0001\n", "generalallowlist: [CVE-2024-0001]\n", "images: {a: [x]}\n", "a: [\n", "images: x\n", "generalallowlist: {CVE-2024-0001: }\n  : [\n---\n"])
def test_bad_allowlists(job, text):
    """One that cannot be read is an error: it would allow less, or more, than its writer thinks."""
    (job.folder / ALLOWED).write_text(text)
    assert ALLOWED in job.run(status=1).stderr and not (job.folder / CONTAINER).exists()


# ---- reports -------------------------------------------------------------------------------------

KINDS = {"debian": {}, "clean": {"var/lib/dpkg/status": FIXED.replace("bash", "dash").replace("openssl", "closed")}, "broken": {"var/lib/dpkg/status": "Package: x"},
         "alpine": {"etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n", "var/lib/dpkg/status": None, "lib/apk/db/installed": "P:openssl\nV:3.3.0-r0\nA:x86_64\no:openssl\n\n"},
         "hostile": {f"opt/{n}/p-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: requests\nVersion: 2.25.0\nLicense: {t}\n\n" for n, t in enumerate(HOSTILE)}}


@pytest.fixture(scope="module")
def wide(oakum, tmp_path_factory):
    more = [osv("ALPINE-CVE-2024-0007", "openssl", [{"introduced": "0"}, {"fixed": "3.3.1-r0"}], ecosystem="Alpine:v3.20", upstream=["CVE-2024-0007"])]
    return make_db(oakum, tmp_path_factory.mktemp("wide"), RECORDS + more)


@pytest.mark.parametrize("kind", KINDS)
@variables("CS_DISABLE_DEPENDENCY_LIST", "CS_SCHEMA_MODEL")
def test_schemas(oakum, wide, tmp_path, kind):
    """Five images: what GitLab reads is what it takes."""
    job = Job(oakum, wide, tmp_path)
    job.root(**KINDS[kind])
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nUSER 1000\n")
    job.run(CS_DISABLE_DEPENDENCY_LIST="false", CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN="false", CS_SCHEMA_MODEL="15", CS_REPORT_OS_EOL="true", CS_DEFAULT_BRANCH_IMAGE="registry.example/app:main")
    schemas = {CONTAINER: ("gitlab", "gitlab/container-scanning-report-format-15.2.4.json"), SBOM: ("cyclonedx", "cyclonedx/bom-1.6.schema.json"), DEPENDENCY: ("gitlab", None),
               QUALITY: ("gitlab-codequality", "gitlab/code-quality-report.schema.json")}
    for name, (own, field) in schemas.items():
        jsonschema.validate(job.load(name), json.loads((OWN / f"{own}.schema.json").read_text()))
        if field and FIELD.exists():
            field_validator(field).validate(job.load(name))
    found = {v["identifiers"][0]["value"] for v in job.load()["vulnerabilities"]}
    assert found == {"debian": ALL, "clean": set(), "broken": set(), "alpine": {"CVE-2024-0007"}, "hostile": ALL | {"CVE-2023-32681"}}[kind]
    assert "dependency list" not in (tmp_path / NOTE).read_text() and "\x1b" not in (tmp_path / NOTE).read_text()
    job.run()
    assert not (tmp_path / DEPENDENCY).exists()


@variables("CS_DEFAULT_BRANCH_IMAGE")
def test_tracking(job):
    """By what GitLab knows a hole again: image, package, first identifier; and the same ids in the next run."""
    job.run(CS_DEFAULT_BRANCH_IMAGE="registry.example/app:main")
    first = job.load()
    row = next(v for v in first["vulnerabilities"] if v["identifiers"][0]["value"] == "CVE-2024-0001")
    assert row["location"] == {"dependency": {"package": {"name": "libssl3"}, "version": "3.0.14-1~deb12u2"}, "operating_system": "debian 12", "image": f"{job.folder}/root",
                               "default_branch_image": "registry.example/app:main"}
    assert [i["type"] for i in row["identifiers"]] == ["cve", "dsa"] and first["scan"]["type"] == "container_scanning"
    job.run(CS_DEFAULT_BRANCH_IMAGE="registry.example/app:0123abcd")
    assert [v["id"] for v in job.load()["vulnerabilities"]] == [v["id"] for v in first["vulnerabilities"]]
    job.run()
    second = job.load()
    assert "default_branch_image" not in second["vulnerabilities"][0]["location"]
    job.run()
    assert [v["id"] for v in job.load()["vulnerabilities"]] == [v["id"] for v in second["vulnerabilities"]]


@variables("CS_INCLUDE_LICENSES")
def test_sbom(job):
    metadata = {"opt/p-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1\nLicense: MIT\n\n"}
    job.root(**metadata)
    docker_archive(job.folder, STATUS, ["registry.example/group/app:v1"])
    job.run(CS_INCLUDE_LICENSES="true")
    with_them = job.load(SBOM)
    assert [c["name"] for c in with_them["components"] if "licenses" in c] == ["thing"]
    job.run(CS_IMAGE="archive://app.tar")
    data = job.load(SBOM)
    told = {p["name"]: p["value"] for p in data["metadata"]["properties"]}
    assert told == {"gitlab:meta:schema_version": "1", "gitlab:container_scanning:image:name": "registry.example/group/app", "gitlab:container_scanning:image:tag": "v1",
                    "gitlab:container_scanning:operating_system:name": "debian", "gitlab:container_scanning:operating_system:version": "12"}
    job.run()
    assert not any("licenses" in c for c in job.load(SBOM)["components"]) and len(job.load(SBOM)["components"]) == len(with_them["components"])


@variables("CS_REPORT_OS_EOL", "CS_REPORT_OS_EOL_SEVERITY")
def test_end_of_life(oakum, tmp_path):
    """A finding whatever the threshold, when asked for; else a message of the scan."""
    (tmp_path / "eol.json").write_text(json.dumps({"schema_version": "1.2.0", "total": 1, "result": [{"name": "debian", "aliases": [], "label": "Debian", "category": "os", "tags": ["os"], "identifiers": [],
        "releases": [{"name": "12", "codename": "Bookworm", "label": "12", "releaseDate": "2023-06-10", "isLts": False, "isEol": True, "eolFrom": "2024-06-10", "isMaintained": False}]}]}))
    db = make_db(oakum, tmp_path, RECORDS)
    done = subprocess.run([oakum, "db", "import", "--feed", "endoflife", "--db", db, tmp_path / "eol.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    job = Job(oakum, db, tmp_path)
    job.root()
    job.run(CS_SEVERITY_THRESHOLD="CRITICAL")
    assert [m["value"] for m in job.load()["scan"]["messages"]] and len(job.load()["vulnerabilities"]) == 1
    for severity, told in ((None, "Medium"), ("High", "High"), ("unknown", "Unknown")):
        job.run(CS_SEVERITY_THRESHOLD="CRITICAL", CS_REPORT_OS_EOL="true", CS_REPORT_OS_EOL_SEVERITY=severity)
        row, = [v for v in job.load()["vulnerabilities"] if v["location"]["dependency"]["package"]["name"] == "debian"]
        assert row["severity"] == told and row["location"]["dependency"]["version"] == "12"
        assert [(i["type"], i["value"]) for i in row["identifiers"]] == [("oakum", "eol-debian-12"), ("cwe", "1104")]


@variables("CS_QUIET")
def test_quiet(job):
    assert set(rows(job.run())) == ALL and job.run(CS_QUIET="true").stdout == "" and set(rows(job.run(CS_QUIET="false"))) == ALL


@variables("SECURE_LOG_LEVEL")
def test_log_levels(job):
    told = [job.run(SECURE_LOG_LEVEL=level).stderr for level in ("fatal", "error", "warn", "info", "debug")]
    assert told[0] == told[1] == "" and "advisories: " not in told[2] and "advisories: " in told[3] and "written: " in told[4] and "written: " not in told[3]


@variables("TRIVY_TIMEOUT")
def test_timeout(job):
    """No verdict after the time, and no report."""
    done = job.run(TRIVY_TIMEOUT="1ms", CS_IMAGE="rootfs:/", OAKUM_NO_CACHE="1", status=1)
    assert "TRIVY_TIMEOUT has passed" in done.stderr and not (job.folder / CONTAINER).exists()
    job.run(TRIVY_TIMEOUT="5m0s")


def test_more_formats(job):
    job.run("--format", "sarif", "-o", "r.sarif", "--format", "csv", "-o", "r.csv")
    assert job.load("r.sarif")["version"] == "2.1.0" and (job.folder / "r.csv").read_text().startswith("image,id,")


def test_old_reports_go(job):
    job.run(CS_DISABLE_DEPENDENCY_LIST="false")
    assert (job.folder / DEPENDENCY).exists()
    job.run(CS_IMAGE="rootfs:/no/such/folder", status=1)
    assert not any((job.folder / name).exists() for name in (CONTAINER, SBOM, DEPENDENCY, QUALITY, RESULT, NOTE))


def test_hostile_names_in_the_log(job):
    job.root(**{"var/lib/dpkg/status": STATUS.replace("Package: libssl3", "Package: \x1b[31mlibssl3")})
    done = job.run()
    assert "\x1b" not in done.stdout + done.stderr


# ---- the gate ------------------------------------------------------------------------------------

def test_gate(job):
    """On unless told otherwise; the reports are written in each case."""
    for env, status in (({"OAKUM_GATE": None}, 2), ({"OAKUM_GATE": "on"}, 2), ({"OAKUM_GATE": "off"}, 0), ({"OAKUM_GATE": None, "OAKUM_FAIL_ON": "none"}, 0), ({"OAKUM_GATE": None, "CS_SEVERITY_THRESHOLD": "low", "OAKUM_FAIL_ON": "high"}, 2)):
        (job.folder / CONTAINER).unlink(missing_ok=True)
        done = job.run(status=status, **env)
        assert (job.folder / CONTAINER).exists() and ("refused: " in done.stderr) == (env.get("OAKUM_FAIL_ON") != "none"), done.stderr
    assert "1 holes have a fix" in job.run(OAKUM_GATE="on", status=2).stderr
    assert job.run("--gate", "off", OAKUM_GATE="on").returncode == 0
    (job.folder / "oakum.yaml").write_text("gitlab: {gate: 'off'}\n")
    job.run(OAKUM_GATE=None)


def test_what_is_not_known_stops(job):
    job.root(**{"var/lib/dpkg/status": "Package: x"})
    job.run(OAKUM_GATE="on", status=3)
    assert job.load()["scan"]["messages"][0]["value"].startswith("not judged: ")
    job.run(OAKUM_GATE="off", status=0)


@variables("CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN")
def test_languages_that_nobody_asked_for_stop_nothing(job):
    """A database of the distribution alone judges all that a job asks for as GitLab's does; who asks for languages is told that it cannot."""
    job.root(**{"srv/node_modules/a/package.json": '{"name": "a", "version": "1.0.0"}'})
    job.run("--checks", "holes", "--fail-on", "none", OAKUM_GATE="on")
    assert not any("npm" in m["value"] for m in job.load()["scan"].get("messages", []))
    assert "CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN" in job.load(RESULT)["incomplete"][0]["suppressed"]
    job.run("--checks", "holes", "--fail-on", "none", OAKUM_GATE="on", CS_DISABLE_LANGUAGE_VULNERABILITY_SCAN="false", status=3)
    assert any("npm" in m["value"] for m in job.load()["scan"]["messages"])


def test_called_gtcs(job):
    """By its name in GitLab's template, and as a word."""
    os.symlink(job.oakum, job.folder / "gtcs")
    job.run(program=str(job.folder / "gtcs"), name=None)
    first = (job.folder / CONTAINER).read_text()
    job.run(name="gtcs")
    assert (job.folder / CONTAINER).read_text() == first
    done = subprocess.run([str(job.folder / "gtcs"), "scann"], capture_output=True, text=True)
    assert done.returncode == 1 and "did you mean" in done.stderr


# ---- remediations --------------------------------------------------------------------------------

APT = "Package: apt\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.6.1\n\n"


def remediation(job, dockerfile, path="Dockerfile", status=APT + STATUS, files={}, **env):
    """The Dockerfile as `git apply` of the report's patch leaves it; None: there is no patch."""
    job.root(**{"var/lib/dpkg/status": status, **files})
    subprocess.run(["git", "init", "-q", "."], cwd=job.folder, check=True)
    (job.folder / path).parent.mkdir(parents=True, exist_ok=True)
    (job.folder / path).write_bytes(dockerfile.encode())
    job.run(**env)
    data = job.load()
    assert len(data["remediations"]) <= 1
    if not data["remediations"]:
        return None
    fix = data["remediations"][0]
    assert {f["id"] for f in fix["fixes"]} == {v["id"] for v in data["vulnerabilities"] if v["identifiers"][0]["value"] in ("CVE-2024-0001", "CVE-2024-0007")} and fix["summary"]
    subprocess.run(["git", "apply", "-"], cwd=job.folder, input=base64.b64decode(fix["diff"]), check=True)
    return (job.folder / path).read_bytes().decode()


NOTED, STEP = "# what has known holes that are mended", "RUN apt-get update && apt-get install -y --no-install-recommends --only-upgrade libssl3 && rm -rf /var/lib/apt/lists/*"


@variables("CS_DOCKERFILE_PATH")
def test_remediation(job):
    """Behind the FROM of the last stage, before USER; the file may lie anywhere in the repository."""
    text = "FROM debian:12 AS build\nRUN true\n\nFROM debian:12\nUSER app\nCMD [\"x\"]\n"
    wanted = f"FROM debian:12 AS build\nRUN true\n\nFROM debian:12\n{NOTED}\n{STEP}\nUSER app\nCMD [\"x\"]\n"
    assert remediation(job, text) == wanted
    assert remediation(job, text, path="images/a b.Dockerfile", CS_DOCKERFILE_PATH="images/a b.Dockerfile") == wanted
    done = job.run(CS_DOCKERFILE_PATH="../outside")
    assert "is not in the repository" in done.stderr and job.load()["remediations"] == []
    assert "GIT_STRATEGY" in job.run(CS_DOCKERFILE_PATH="absent").stderr


@pytest.mark.parametrize("text, wanted", [
    ("FROM debian:12", f"FROM debian:12\n{NOTED}\n{STEP}\n"),
    ("FROM debian:12\r\nUSER a\r\n", f"FROM debian:12\r\n{NOTED}\r\n{STEP}\r\nUSER a\r\n"),
    ("FROM debian:12 AS a\nUSER app:app\nFROM a\nRUN x\n", f"FROM debian:12 AS a\nUSER app:app\nFROM a\n{NOTED}\nUSER root\n{STEP}\nUSER app:app\nRUN x\n"),
    ("FROM debian:12 AS a\nUSER 0:0\nFROM a\n", f"FROM debian:12 AS a\nUSER 0:0\nFROM a\n{NOTED}\n{STEP}\n"),
    ("FROM \\\n  debian:12 \\\n  AS x\nRUN y\n", f"FROM \\\n  debian:12 \\\n  AS x\n{NOTED}\n{STEP}\nRUN y\n"),
    ("# escape=`\nFROM debian:12\nRUN a `\n b\n", f"# escape=`\nFROM debian:12\n{NOTED}\n{STEP}\nRUN a `\n b\n"),
    ("FROM scratch\nCOPY x /\n", None), ("FORM debian:12\n", None), ("# nothing\n", None)])
def test_where_the_step_goes(job, text, wanted):
    assert remediation(job, text) == wanted


@pytest.mark.parametrize("files, step", [
    ({"etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n", "var/lib/dpkg/status": None,
      "lib/apk/db/installed": "P:apk-tools\nV:2.14.4-r0\nA:x86_64\no:apk-tools\n\nP:libssl3\nV:3.3.0-r0\nA:x86_64\no:openssl\n\n"}, "RUN apk upgrade --no-cache libssl3"),
    ({"var/lib/dpkg/status": STATUS}, None), # no package manager: distroless
    ({"var/lib/dpkg/status": APT + FIXED}, None),
    ({"var/lib/dpkg/status": APT + STATUS.replace("Package: libssl3", "Package: x;reboot")}, None), # no name for a shell
])
def test_which_step(oakum, wide, tmp_path, files, step):
    job = Job(oakum, wide, tmp_path)
    after = remediation(job, "FROM base\nUSER x\n", files=files)
    assert after == (f"FROM base\n{NOTED}\n{step}\nUSER x\n" if step else None)


def test_the_bases_user(job):
    """An image whose base has a user of its own: the step runs as root, and the user is that again."""
    status = job.folder / "ctx/status"
    status.parent.mkdir()
    status.write_text(APT + STATUS)
    (job.folder / "ctx/os-release").write_text(OS_RELEASE)
    (job.folder / "ctx/Dockerfile").write_text("FROM scratch\nCOPY os-release /etc/os-release\nCOPY status /var/lib/dpkg/status\nUSER 1001\n")
    subprocess.run([job.oakum, "build", "--store", "s", "-o", "oci:image", "ctx"], cwd=job.folder, check=True, capture_output=True)
    assert remediation(job, "FROM base\nRUN x\n", CS_IMAGE="oci:image") == f"FROM base\n{NOTED}\nUSER root\n{STEP}\nUSER 1001\nRUN x\n"


# A package manager of a few lines: what a mirror would bring is in it.
APT_GET = """#!/bin/sh
[ "$(id -u)" = 0 ] || exit 100
[ "$1" = install ] || exit 0
for name; do sed -i "/^Package: $name\\$/,/^\\$/s/^Version: .*/Version: 3.0.15-1~deb12u1/" /var/lib/dpkg/status; done
"""


@pytest.mark.parametrize("user", ["", "USER 1000\n"])
def test_a_rebuild_closes_the_holes(job, small_tar, user):
    """The patch of the report, applied and built: what it says it closes is closed, and the image's user is the one that it was."""
    base = job.folder / "base"
    base.mkdir()
    subprocess.run(["tar", "-xpf", str(small_tar), "-C", str(base)], check=True)
    root(base, **{"var/lib/dpkg/status": APT + STATUS, "usr/bin/apt-get": APT_GET})
    (base / "usr/bin/apt-get").chmod(0o755)
    subprocess.run(["git", "init", "-q", "."], cwd=job.folder, check=True)
    (job.folder / "Dockerfile").write_text(f"ARG BASE\nFROM ${{BASE}} AS base\n{user}FROM base\nRUN test \"$(id -u)\" = {1000 if user else 0}\nUSER 1001\n")

    def build():
        done = subprocess.run([job.oakum, "build", "--store", "s", "--build-arg", f"BASE=rootfs:{base}", "-o", "oci:image", "-t", "registry.example/app:1", "."], cwd=job.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return job.ids(CS_IMAGE="oci:image")
    (job.folder / ".dockerignore").write_text("*\n")
    before = build()
    fix, = job.load()["remediations"]
    closed = {v["identifiers"][0]["value"] for v in job.load()["vulnerabilities"] if v["id"] in {f["id"] for f in fix["fixes"]}}
    assert closed == {"CVE-2024-0001"}
    subprocess.run(["git", "apply", "-"], cwd=job.folder, input=base64.b64decode(fix["diff"]), check=True)
    assert build() == before - closed and job.load()["remediations"] == []
    assert job.load(RESULT)["image"]["config"]["user"] == "1001"

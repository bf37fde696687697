"""The whole way of one image: a bad Dockerfile in a repository, a pipeline that stops with its reports, a commit that mends it, a pipeline
that pushes, and a comparison that says exactly what went. On real parts: git, a registry, oakum's image, a stock pod, the include of deploy/gitlab."""
import json
import subprocess

import pytest
from ci_jobs import DEPLOY, PASSWORD, USER, GitLab, Runner, make_image, push_base, tags
from conftest import RUNGS
from test_registry import registry  # noqa: F401  (a fixture)
from test_report import VECTOR, make_db
from test_scan import OS_RELEASE, osv

PACKAGES = {"busybox": "1:1.35.0-4", "openssl": "3.0.14-1", "zlib1g": "1:1.2.13", "libold": "1"}
NEWER = {"busybox": "1:1.35.0-4", "openssl": "3.0.15-1", "zlib1g": "1:1.2.13"}
RECORDS = [
    osv("DSA-1", "openssl", [{"introduced": "0"}, {"fixed": "3.0.15-1"}], upstream=["CVE-2024-0001"], summary="a hole", severity=[{"type": "CVSS_V3", "score": VECTOR}]),
    osv("CVE-2024-0002", "libold", [{"introduced": "0"}, {"fixed": "2"}], database_specific={"severity": "HIGH"}),
    osv("CVE-2024-0003", "zlib1g", [{"introduced": "0"}], database_specific={"severity": "LOW"}),
]
BAD = """FROM {address}/bases/debian:old
ENV API_TOKEN=3f9c2d7e81b64a05a7d1c0be
RUN cd /srv && echo app >app
COPY deploy.key /tmp/deploy.key
RUN test -s /tmp/deploy.key && rm /tmp/deploy.key
CMD /srv/app
"""
GOOD = """FROM {address}/bases/debian:new
WORKDIR /srv
RUN echo app >app
USER 1000
CMD ["/srv/app"]
"""


def git(folder, *words):
    return subprocess.run(["git", "-c", "user.name=dev", "-c", "user.email=dev@example.org", "-c", "init.defaultBranch=main", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def status(packages):
    return "\n".join(f"Package: {n}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {v}\n" for n, v in packages.items())


def commit(folder, files, message):
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


class Story:
    """The project in its repository; each pipeline runs in a fresh clone of one commit."""

    def __init__(self, runner, address, folder):
        self.runner, self.address, self.folder = runner, address, folder
        (folder / "app").mkdir()
        git(folder / "app", "init", "-q", ".")

    def pipeline(self, sha):
        clone = self.folder / sha
        git(self.folder, "clone", "-q", str(self.folder / "app"), str(clone))
        git(clone, "checkout", "-q", sha)
        variables = {"CI_REGISTRY": self.address, "CI_REGISTRY_USER": USER, "CI_REGISTRY_PASSWORD": PASSWORD, "CI_REGISTRY_IMAGE": f"{self.address}/team/app", "CI_PROJECT_DIR": "/builds/app",
                     "CI_COMMIT_SHA": sha, "CI_COMMIT_REF_SLUG": "main", "CI_COMMIT_BRANCH": "main", "OAKUM_CI_DB": f"{self.address}/tools/story:latest"}
        job = GitLab(self.runner, DEPLOY / "gitlab/oakum.gitlab-ci.yml", variables)
        return job, job.run(clone)


@pytest.fixture(scope="module")
def story(oakum, registry, tmp_path_factory):  # noqa: F811
    folder, (address, env, _) = tmp_path_factory.mktemp("story"), registry
    for tag, packages in (("old", PACKAGES), ("new", NEWER)):
        push_base(address, folder, f"bases/debian:{tag}", {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": status(packages), "var/lib/dpkg/info/busybox.list": "/bin/busybox\n"})
    db = make_db(oakum, folder, RECORDS)
    subprocess.run([oakum, "db", "push", "--db", str(db), f"{address}/tools/story:latest"], env=env, check=True, capture_output=True)
    return Story(Runner(make_image(folder), folder), address, folder)


if "root" in RUNGS:  # a pod's file system has to be mounted
    def test_story(oakum, story, tmp_path):
        app, address = story.folder / "app", story.address
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, text=True, check=True).stdout

        # the first commit: the pipeline stops, nothing is pushed, and people find why in their own place
        first = commit(app, {"Dockerfile": BAD.format(address=address), "deploy.key": key}, "an app")
        job, done = story.pipeline(first)
        assert not done and job.ended == {"oakum-lint": 2, "oakum-image": 2}, job.said
        assert tags(address, "team/app") == set()
        notes = json.loads(job.artifacts["oakum-lint"]["gl-code-quality-report.json"])
        lines = {(n["check_name"], n["location"]["lines"]["begin"] if "lines" in n["location"] else n["location"]["positions"]["begin"]["line"]) for n in notes}
        assert any(line == 2 for _, line in lines) and any(line == 3 for _, line in lines) and any(line == 6 for _, line in lines), lines  # the token, cd, the shell form
        kept = job.artifacts["oakum-image"]
        report = json.loads(kept["gl-container-scanning-report.json"])
        assert {v["identifiers"][0]["value"] for v in report["vulnerabilities"]} == {"CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"}
        assert {v["location"]["image"] for v in report["vulnerabilities"]} == {f"{address}/team/app:{first}"}
        assert {c["name"] for c in json.loads(kept["gl-sbom-report.cdx.json"])["components"]} >= set(PACKAGES)
        assert "CVE-2024-0001" in kept["oakum-note.md"] and "refused" in job.said["oakum-image"] and "oakum.env" not in kept
        before = json.loads(kept["oakum-result.json"])
        assert before["verdict"]["kind"] == "fail"
        found_before(before, key)

        # the second commit: another base, a user, no secret; it passes, and what was scanned is what is pushed
        second = commit(app, {"Dockerfile": GOOD.format(address=address), "deploy.key": None}, "another base, a user, no secret")
        job, done = story.pipeline(second)
        assert done and job.ended["oakum-image"] == 0, job.said
        assert tags(address, "team/app") == {second, "main"}
        kept = job.artifacts["oakum-image"]
        after = json.loads(kept["oakum-result.json"])
        told = dict(line.split("=", 1) for line in kept["oakum.env"].splitlines())
        assert after["verdict"]["kind"] == "pass" and after["image"]["digest"] == told["OAKUM_IMAGE_DIGEST"]
        shown = subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--creds", f"{USER}:{PASSWORD}", f"docker://{address}/team/app:{second}"], capture_output=True, text=True, check=True)
        assert json.loads(shown.stdout)["Digest"] == told["OAKUM_IMAGE_DIGEST"]

        # and the comparison of the two says exactly what went
        for name, data in (("before", before), ("after", after)):
            (tmp_path / f"{name}.json").write_text(json.dumps(data))
        compared = json.loads(subprocess.run([oakum, "compare", "--format", "json", "before.json", "after.json"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
        assert [(p["name"], p["from"], p["to"]) for p in compared["packages"]["changed"]] == [("openssl", "3.0.14-1", "3.0.15-1")]
        assert [p["name"] for p in compared["packages"]["removed"]] == ["libold"] and compared["packages"]["added"] == []
        holes = {kind: [f["id"] for f in compared["findings"][kind] if f["id"].startswith("CVE-")] for kind in ("added", "removed")}
        assert holes["added"] == [] and sorted(holes["removed"]) == ["CVE-2024-0001", "CVE-2024-0002"] and compared["findings"]["unchanged"] == 1
        assert after["secrets"] == [] and compared["secrets"]["added"] == [] and compared["secrets"]["unchanged"] == 0
        assert {(s["file"], s["gone"]) for s in compared["secrets"]["removed"]} == {("tmp/deploy.key", True), (None, False)}  # the key, and the token of the settings
        assert compared["hygiene"]["added"] == [] and any("root" in h["title"] for h in compared["hygiene"]["removed"])
        settings = {s["name"]: (s["from"], s["to"]) for s in compared["settings"]}
        assert settings["user"] == ("", "1000") and settings["environment API_TOKEN"][1] is None
        assert key.splitlines()[1] not in json.dumps([before, after, compared])


def found_before(result, key):
    """What else the first image has wrong: the key, though a later layer deletes it, the token, and root."""
    assert {(s["file"], s["gone"]) for s in result["secrets"] if s["file"]} == {("tmp/deploy.key", True)}, result["secrets"]
    assert any("runs as root" in h["title"] for h in result["hygiene"]), result["hygiene"]
    assert "3f9c2d7e81b64a05a7d1c0be" not in json.dumps(result)
    assert key.splitlines()[1] not in json.dumps(result)

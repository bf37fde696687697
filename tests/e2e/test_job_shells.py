"""The scripts of deploy/ in the shells that runners have, with a program of the same name that tells what it was called with: words with blanks, what is not set, and which failure stops a job."""
import os
import pathlib
import re
import subprocess

import pytest
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
SHELLS = {"dash": ["dash", "-e"], "ash": ["busybox", "ash", "-e"], "ash, pipefail": ["busybox", "ash", "-eo", "pipefail"], "bash": ["bash", "-eo", "pipefail"]}
STUB = r"""#!/bin/sh
printf 'oakum' >>"$CALLS"; for word; do printf ' [%s]' "$word" >>"$CALLS"; done; echo >>"$CALLS"
before=
for word; do
  case "$before" in --digest-file) echo sha256:x >"$word" ;; --report) echo '{}' >"$word" ;; esac
  before=$word
done
case " $* " in *" --password-stdin "*) cat >/dev/null ;; esac
case "$1 $2" in "$FAILS"*) exit "$STATUS" ;; esac
"""


def gitlab(job):
    jobs = yaml.safe_load((DEPLOY / "gitlab/oakum.gitlab-ci.yml").read_text())
    return "\n".join(jobs[".oakum"]["before_script"] + jobs[job]["script"]) + "\n"


def steps(path):
    return "\n".join(yaml.safe_load((DEPLOY / path).read_text())["steps"][0]["commands"]) + "\n"


SCRIPTS = {
    "gitlab": gitlab("oakum-image"),
    "gitlab lint": gitlab("oakum-lint"),
    "github": yaml.safe_load((DEPLOY / "github/action.yml").read_text())["runs"]["steps"][0]["run"],
    "gitea": next(s["run"] for s in yaml.safe_load((DEPLOY / "gitea/workflow.yml").read_text())["jobs"]["image"]["steps"] if s["name"] == "ship"),
    "drone": steps("drone/drone.yml"),
    "woodpecker": steps("woodpecker/woodpecker.yml"),
    "tekton": yaml.safe_load((DEPLOY / "tekton/task.yaml").read_text())["spec"]["steps"][0]["script"],
    "jenkins": re.search(r"sh '''\n(.*?)'''", (DEPLOY / "jenkins/Jenkinsfile").read_text(), re.S).group(1),
}
LOGIN = {"REGISTRY": "r.example", "REGISTRY_USER": "u ser", "REGISTRY_PASSWORD": 'p $w"\\'}
SET = {
    "gitlab": {"CI_REGISTRY": "r.example", "CI_REGISTRY_USER": "u ser", "CI_REGISTRY_PASSWORD": 'p $w"\\', "OAKUM_CI_CONTEXT": "@", "OAKUM_CI_DESTINATION": "r.example/g/a:abc",
               "OAKUM_CI_MOVING_TAG": "r.example/g/a:main", "OAKUM_CI_DB": "r.example/db:1", "CS_DOCKERFILE_PATH": "my dir/Docker file"},
    "gitlab lint": {"CS_DOCKERFILE_PATH": "my dir/Docker file"},
    "github": {"OAKUM_CI_DESTINATION": "ghcr.io/Org/App:ABC", "OAKUM_CI_CONTEXT": "sub dir", "OAKUM_CI_FILE": "Docker file", "OAKUM_CI_BUILD_ARGS": "A=1\nB=x y\n\nC=$HOME `id`", "OAKUM_CI_FAIL_ON": "high",
               "OAKUM_CI_DB": "r.example/db:1", "OAKUM_CI_REGISTRY": "ghcr.io", "OAKUM_CI_USER": "u", "OAKUM_CI_PASSWORD": "p", "OAKUM_CI_IMAGE": "i", "RUNNER_TEMP": "@", "GITHUB_STEP_SUMMARY": "@/summary",
               "GITHUB_OUTPUT": "@/output"},
    "gitea": {**LOGIN, "DESTINATION": "r.example/Org/App:abc", "DB": "r.example/db:1"},
    "drone": {**LOGIN, "DRONE_REPO": "Org/App", "DRONE_COMMIT_SHA": "abc", "DB": "r.example/db:1"},
    "woodpecker": {**LOGIN, "CI_REPO": "Org/App", "CI_COMMIT_SHA": "abc", "DB": "r.example/db:1"},
    "tekton": {"IMAGE": "r.example/org/app:abc", "DOCKERFILE": "Docker file", "FAIL_ON": "fixable", "DB": "r.example/db:1", "LOGIN": "", "DIGEST": "@/digest", "URL": "@/url"},
    "jenkins": {**LOGIN, "GIT_COMMIT": "abc", "DB": "r.example/db:1"},
}
PUSHES = {name: "[ship]" for name in SCRIPTS} | {"gitlab": "[executor] [push]", "gitlab lint": "nothing"}
# script, what is set otherwise (None: not set), which call fails with which status, what the calls hold, what they do not
CASES = [
    ("gitlab", {}, None, ["[-f] [my dir/Docker file]", "[login] [-u] [u ser]", "[-d] [r.example/g/a:main]", "[db] [pull]"], []),
    ("gitlab", {"CI_REGISTRY_USER": None, "OAKUM_CI_MOVING_TAG": "", "OAKUM_CI_DB": None}, None, ["[-d] [r.example/g/a:abc]"], ["[login]", "[pull]", "[-d] []", "main"]),
    ("gitlab lint", {"OAKUM_FAIL_ON": "fixable"}, None, ["[my dir/Docker file]"], []),
    ("gitlab lint", {}, ("lint", 2), ["[my dir/Docker file]"], []),
    ("github", {}, None, ["[-t] [ghcr.io/org/app:ABC]", "[--build-arg] [B=x y]", "[--build-arg] [C=$HOME `id`]", "[sub dir]", "[--annotations] [github]"], []),
    ("github", {"OAKUM_CI_DESTINATION": "", "OAKUM_CI_USER": "", "OAKUM_CI_BUILD_ARGS": "", "OAKUM_CI_DB": ""}, None, ["[-o] [oci:"], ["[login]", "--build-arg", "[pull]"]),
    ("github", {}, ("ship", 2), ["[--annotations] [github]", "[report] [--format] [markdown]"], []),
    *[(name, {}, None, ["[-t] [r.example/org/app:abc]", "[db] [pull]"], []) for name in ("gitea", "drone", "woodpecker", "tekton")],
    ("jenkins", {}, None, ["[-t] [r.example/app:abc]", "[login] [-u] [u ser]"], []),
    *[(name, {"DB": None}, None, ["[ship]"], ["[pull]"]) for name in ("gitea", "drone", "woodpecker", "tekton", "jenkins")],
    *[(name, {}, ("ship", status), ["[ship]"], []) for name in ("gitea", "drone", "woodpecker", "tekton", "jenkins") for status in (2, 3)],
    *[(name, {}, ("db pull", 1), ["[pull]"], [PUSHES[name]]) for name in SCRIPTS if name != "gitlab lint"],
    *[(name, {}, ("executor login", 1), ["[login]"], [PUSHES[name]]) for name in ("gitlab", "github", "gitea", "drone", "woodpecker", "jenkins")],
    *[("gitlab", {}, (call, status), [], ["[push]"]) for call, status in (("build", 1), ("gitlab scan", 2), ("gitlab scan", 3))],
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_script(tmp_path, shell, case):
    name, otherwise, fails, holds, holds_not = CASES[case]
    work = tmp_path / "a place"
    (work / "bin").mkdir(parents=True)
    (work / "bin/oakum").write_text(STUB)
    (work / "bin/oakum").chmod(0o755)
    script = SCRIPTS[name].replace("/tmp/", f"{tmp_path}/tmp-")
    for folder in ("tmp-oakum", "tmp-oakum-login"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tmp-oakum/digest").write_text("sha256:x\n")
    env = {key: value.replace("@", str(work)) for key, value in (SET[name] | otherwise).items() if value is not None}
    done = subprocess.run([*SHELLS[shell], "-c", script], cwd=work, capture_output=True, text=True, timeout=60,
                          env={"PATH": f"{work}/bin:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls"), "FAILS": fails[0] if fails else "none", "STATUS": str(fails[1] if fails else 0), **env})
    calls = (tmp_path / "calls").read_text()
    assert done.returncode == (fails[1] if fails else 0), (calls, done.stderr)
    assert all(text in calls for text in holds), calls
    assert not any(text in calls for text in holds_not), calls

"""Pipelines without a CI system: the scripts of jobs, as they stand in the files below deploy/, run in a stock pod of oakum's own image
with the variables that the system would set, beside a real registry."""
import os
import pathlib
import re
import shutil
import subprocess

import pod
import restricted
import yaml
from build_case import layout, listing, small_entries, tar_bytes
from conftest import OAKUM, REPO

DEPLOY = REPO / "deploy"
PATHS = "/usr/local/bin:/usr/bin:/kaniko:/busybox:/bin"
USER, PASSWORD = "user", "pass-w0rd"  # of the registry of test_registry


def make_image(folder):
    """The file system of deploy/image --target ci, of the program that is tested; built by that program."""
    subprocess.run([str(DEPLOY / "image/collect"), OAKUM, str(folder / "program/out")], check=True)
    (folder / "context").mkdir()
    done = subprocess.run([OAKUM, "build", "--store", str(folder / "store"), "-f", str(DEPLOY / "image/Dockerfile"), "--build-context", f"program={folder}/program", "--target", "ci",
                           "--output", f"rootfs:{folder}/image.tar", "--output", f"oci:{folder}/image", str(folder / "context")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "store")
    shutil.rmtree(folder / "program")
    return folder / "image.tar"


def push_base(address, folder, name, files, config=None):
    """A small system with these files, in the registry. Returns its name there."""
    more = [f"{path} f 0644 {text_of(text)}" for path, text in files.items()]
    folders = sorted({str(p) for path in files for p in pathlib.PurePath(path).parents if str(p) != "."} - {e.path for e in small_entries()})
    entries = small_entries() + listing("\n".join([f"{p} d 0755" for p in folders] + more) + "\n")
    target = folder / re.sub(r"\W", "-", name)
    layout(target, tar_bytes(entries), {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], **(config or {})})
    subprocess.run(["skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-creds", f"{USER}:{PASSWORD}", f"oci:{target}:latest", f"docker://{address}/{name}"], check=True)
    shutil.rmtree(target)
    return f"{address}/{name}"


def text_of(text):
    import json
    return json.dumps(text)


def tags(address, repository):
    """What the registry has under a name; none when it has never heard of it."""
    done = subprocess.run(["skopeo", "list-tags", "--tls-verify=false", "--creds", f"{USER}:{PASSWORD}", f"docker://{address}/{repository}"], capture_output=True, text=True)
    return set(yaml.safe_load(done.stdout)["Tags"]) if done.returncode == 0 else set()


class Runner:
    """Pods of one image over one project folder. `level`: of Pod Security, default or restricted (uid 1000, no capability; volumes are its own)."""

    def __init__(self, image_tar, folder, level="default"):
        self.image, self.folder, self.count, self.level = image_tar, folder, 0, level

    def pod(self, script, env, project, shell=("/bin/sh", "-e", "-c"), binds=None):
        """The script in a fresh pod whose working folder is the project's, at /builds/app."""
        self.count += 1
        root = self.folder / f"pod{self.count}"
        root.mkdir()
        subprocess.run(["tar", "-xpf", str(self.image), "-C", str(root)], check=True)
        binds = {"/builds/app": project, **(binds or {})}
        for target in binds:
            (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        if self.level == "restricted":
            for source in binds.values():  # fsGroup
                restricted.own(source)
        settings = {"PATH": PATHS, "HOME": "/root" if self.level == "default" else "/", "DOCKER_CONFIG": "/kaniko/.docker", "SSL_CERT_DIR": "/kaniko/ssl/certs", "OAKUM_MAX_AGE": "0", **env}
        done = pod.run(root, *shell, "cd /builds/app\n" + script, binds=binds, env={k: str(v) for k, v in settings.items()}, level=self.level)
        shutil.rmtree(root)
        return done


# ---- GitLab ----------------------------------------------------------------------------------
def expand(text, known):
    """As GitLab does it in values of variables: $NAME and ${NAME}, also of what they come to."""
    for _ in range(10):
        text, before = re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda m: str(known.get(m[1] or m[2], "")), text), text
        if text == before:
            return text
    raise AssertionError(f"{text}: no end of variables")


def lines(value):
    return [line for item in ([value] if isinstance(value, str) else value or []) for line in (item if isinstance(item, list) else [item])]


def merged(jobs, job):
    """The job with what `extends` brings."""
    own = dict(jobs[job])
    for name in reversed(lines(own.pop("extends", []))):
        base = merged(jobs, name)
        own = {**base, **own, "variables": {**base.get("variables", {}), **own.get("variables", {})}}
    return own


class GitLab:
    """The jobs of an included file, by stage, until one fails that may not."""
    STAGES = [".pre", "build", "test", "deploy", ".post"]

    def __init__(self, runner, path, variables):
        self.runner, self.document, self.variables = runner, yaml.safe_load(path.read_text()), variables
        self.jobs = {name: merged(self.document, name) for name, job in self.document.items() if isinstance(job, dict) and "script" in job and not name.startswith(".")}
        self.ended, self.said, self.artifacts = {}, {}, {}

    def run(self, project):
        """Whether the pipeline came to its end."""
        for stage in self.STAGES:
            for name, job in self.jobs.items():
                if job.get("stage", "test") == stage and not self.run_job(name, job, project):
                    return False
        return True

    def run_job(self, name, job, project):
        known = {**self.variables, **{k: str(v) for k, v in self.document.get("variables", {}).items() if k not in self.variables}}
        known.update({k: str(v) for k, v in job.get("variables", {}).items()})
        env = {k: expand(str(v), known) for k, v in known.items()}
        assert expand(job["image"]["name"], known) and job["image"]["entrypoint"] == [""]
        for path in self.files(job):  # each job begins with a fresh clone
            (project / path).unlink(missing_ok=True)
        done = self.runner.pod("\n".join(lines(job.get("before_script")) + lines(job["script"])), env, project)
        self.ended[name], self.said[name] = done.returncode, done.stdout + done.stderr
        when = job["artifacts"].get("when", "on_success")
        kept = when == "always" or (when == "on_success") == (done.returncode == 0)
        self.artifacts[name] = {path: (project / path).read_text() for path in self.files(job) if kept and (project / path).exists()}
        allowed = job.get("allow_failure", False)
        return done.returncode == 0 or allowed is True or (isinstance(allowed, dict) and done.returncode in allowed["exit_codes"])

    @staticmethod
    def files(job):
        artifacts = job["artifacts"]
        return [*artifacts.get("paths", []), *artifacts.get("reports", {}).values()]

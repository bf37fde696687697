"""What lies below deploy/: the shell of each system's job runs in a pod of oakum's image, against a registry; the files have the shape that
their readers want."""
import json
import os
import re
import subprocess

import pytest
import restricted
import yaml
from ci_jobs import DEPLOY, PASSWORD, USER, GitLab, Runner, make_image, push_base, tags
from conftest import REPO, RUNGS
from test_registry import registry  # noqa: F401  (a fixture)
from test_report import PIP, make_db, scan
from test_scan import OS_RELEASE, STATUS, osv, root

RECORDS = [osv("DSA-1", "openssl", [{"introduced": "0"}, {"fixed": "3.0.15-1~deb12u1"}], upstream=["CVE-2024-0001"], summary="a hole")]
STATUS = "Package: busybox\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.35.0-4\n\n" + STATUS
FIXED = STATUS.replace("3.0.14-1~deb12u2", "3.0.15-1~deb12u1")
OWNED = {"var/lib/dpkg/info/busybox.list": "/bin/busybox\n"}  # a program without a package would be one more thing to know of
LEVELS = ["default", "restricted"]
SHA = "0123456789abcdef0123456789abcdef01234567"


def documents(path):
    return [d for d in yaml.safe_load_all((DEPLOY / path).read_text()) if d]


@pytest.fixture(scope="module")
def place(oakum, registry, tmp_path_factory):  # noqa: F811
    """(runner, address): pods of oakum's image; a registry with a good base, a bad one, and an advisory database."""
    folder, (address, env, _) = tmp_path_factory.mktemp("deploy"), registry
    for name, status in (("bad", STATUS), ("good", FIXED)):
        push_base(address, folder, f"bases/{name}:1", {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": status, **OWNED})
    db = make_db(oakum, folder, RECORDS)
    subprocess.run([oakum, "db", "push", "--db", str(db), f"{address}/tools/advisories:latest"], env=env, check=True, capture_output=True)
    return Runner(make_image(folder), folder), address


@pytest.fixture
def runner(place, level):
    return Runner(place[0].image, place[0].folder, level)


def project(folder, address, base):
    (folder / "project").mkdir(exist_ok=True)
    (folder / "project/Dockerfile").write_text(f"ARG GREETING=none\nFROM {address}/bases/{base}:1\nARG GREETING\nRUN echo $GREETING >/made\nUSER 1000\n")
    return folder / "project"


def result(place):
    return json.loads((place / "oakum-result.json").read_text())


def check(run, repository, address, folder):
    """A bad base is refused and nothing is there; a good one is there. `run` takes the project, gives what came of the pod."""
    refused = run(project(folder, address, "bad"))
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert tags(address, repository) == set()
    passed = run(project(folder, address, "good"))
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert tags(address, repository) == {SHA}
    for done in (refused, passed):
        assert PASSWORD not in done.stdout + done.stderr
    return refused, passed


if "root" in RUNGS:  # a pod's file system has to be mounted
    def test_image(place):
        """All names of the program, a shell, git; no name is a second copy."""
        done = place[0].pod("for name in oakum gtcs executor warmer git; do command -v $name; done; test -x /bin/sh; readlink /usr/local/bin/gtcs; oakum --version; git --version; gtcs scan --help | head -n 1; "
                            "ls /usr/lib/git-core", {}, place[0].folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[:6] == [f"/usr/local/bin/{n}" for n in ("oakum", "gtcs", "executor", "warmer")] + ["/usr/bin/git", "/kaniko/executor"]
        assert "oakum gitlab scan: " in done.stdout and "git version" in done.stdout and "git-remote-https" in done.stdout

    @pytest.mark.parametrize("level", LEVELS)
    def test_gitlab(place, runner, tmp_path):
        """The include: refused with its reports, then pushed under both tags, with the digest for later jobs."""
        address = place[1]
        variables = {"CI_REGISTRY": address, "CI_REGISTRY_USER": USER, "CI_REGISTRY_PASSWORD": PASSWORD, "CI_REGISTRY_IMAGE": f"{address}/gitlab/app-{runner.level}", "CI_PROJECT_DIR": "/builds/app",
                     "CI_COMMIT_SHA": SHA, "CI_COMMIT_REF_SLUG": "main", "OAKUM_CI_IMAGE": "registry.example/oakum:ci", "OAKUM_CI_DB": f"{address}/tools/advisories:latest",
                     "OAKUM_BUILD_ARG": "GREETING=hello"}
        pipeline = GitLab(runner, DEPLOY / "gitlab/oakum.gitlab-ci.yml", variables)
        assert not pipeline.run(project(tmp_path, address, "bad")) and pipeline.ended["oakum-image"] == 2, pipeline.said
        assert set(pipeline.artifacts["oakum-image"]) == {"gl-container-scanning-report.json", "gl-sbom-report.cdx.json", "gl-code-quality-report.json", "oakum-result.json", "oakum-note.md"}
        report = json.loads(pipeline.artifacts["oakum-image"]["gl-container-scanning-report.json"])
        assert [(v["identifiers"][0]["value"], v["location"]["image"]) for v in report["vulnerabilities"]] == [("CVE-2024-0001", f"{address}/gitlab/app-{runner.level}:{SHA}")]
        assert tags(address, f"gitlab/app-{runner.level}") == set() and not any(PASSWORD in text for text in pipeline.said.values())
        assert pipeline.run(project(tmp_path, address, "good")), pipeline.said
        assert tags(address, f"gitlab/app-{runner.level}") == {SHA, "main"}
        told = dict(line.split("=", 1) for line in pipeline.artifacts["oakum-image"]["oakum.env"].splitlines())
        shown = subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--creds", f"{USER}:{PASSWORD}", f"docker://{address}/gitlab/app-{runner.level}:main"], capture_output=True, text=True, check=True)
        assert told == {"OAKUM_IMAGE_DIGEST": json.loads(shown.stdout)["Digest"], "OAKUM_IMAGE_NAME": f"{address}/gitlab/app-{runner.level}:{SHA}"}

    def test_gitlab_template(place, tmp_path):
        """The line of GitLab's own template, in oakum's image; the image is the one that the project built."""
        runner, address = place
        env = {"CI_REGISTRY": address, "CI_REGISTRY_USER": USER, "CI_REGISTRY_PASSWORD": PASSWORD, "CS_IMAGE": f"{address}/bases/bad:1", "CI_PROJECT_DIR": "/builds/app",
               "CS_SCHEMA_MODEL": "15", "OAKUM_DB": "/tmp/a.db"}
        pull = f"oakum executor login -u {USER} -p {PASSWORD} {address}; oakum db pull --db /tmp/a.db {address}/tools/advisories:latest\n"
        (tmp_path / "project").mkdir()
        done = runner.pod(pull + "gtcs scan", env, tmp_path / "project")
        assert done.returncode == 2 and "Unapproved" in done.stdout, done.stderr
        assert (tmp_path / "project/gl-container-scanning-report.json").exists() and (tmp_path / "project/gl-sbom-report.cdx.json").exists()
        assert runner.pod(pull + "gtcs scan", {**env, "OAKUM_GATE": "off"}, tmp_path / "project").returncode == 0

    def test_github(place, tmp_path):
        """The composite action's shell, with the inputs as the workflow has them."""
        runner, address = place
        action, = documents("github/action.yml")
        step, = action["runs"]["steps"]
        inputs = {name: str(i.get("default", "")) for name, i in action["inputs"].items()}
        inputs.update({"image": f"{address}/GitHub/App:{SHA}", "registry": address, "username": USER, "password": PASSWORD, "db": f"{address}/tools/advisories:latest", "build-args": "GREETING=a b\nOTHER=1"})
        env = {k: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: inputs[m[1]], v) for k, v in step["env"].items()}
        assert not any("${{" in v for v in env.values()) and step["shell"] == "sh"
        files = {"GITHUB_OUTPUT": "/builds/app/output", "GITHUB_STEP_SUMMARY": "/builds/app/summary", "RUNNER_TEMP": "/tmp", "GITHUB_SHA": SHA, "GITHUB_REF": "refs/heads/main"}
        refused, passed = check(lambda p: runner.pod(step["run"], {**env, **files}, p), "github/app", address, tmp_path)
        assert re.search(r"^::error file=Dockerfile,line=2,title=CVE-2024-0001::|^::notice file=Dockerfile,line=2,title=CVE-2024-0001::", refused.stdout, re.M)
        assert "CVE-2024-0001" in (tmp_path / "project/summary").read_text() and json.loads((tmp_path / "project/oakum.sarif").read_text())["version"] == "2.1.0"
        assert re.fullmatch(r"digest=sha256:[0-9a-f]{64}\n", (tmp_path / "project/output").read_text())
        assert "a b" in passed.stdout + passed.stderr or result(tmp_path / "project")["verdict"]["kind"] == "pass"

    def test_gitea(place, tmp_path):
        """The workflow's two steps; the source comes from a repository by git."""
        runner, address = place
        workflow, = documents("gitea/workflow.yml")
        job = workflow["jobs"]["image"]
        assert job["defaults"]["run"]["shell"] == "sh"
        commits = {}

        def run(folder):
            commits[folder] = commit = repository(folder, tmp_path / "repository.git")
            env = {"DESTINATION": f"{address}/Gitea/App:{SHA}", "REGISTRY": address, "REGISTRY_USER": USER, "REGISTRY_PASSWORD": PASSWORD, "SOURCE": "/repository", "TOKEN": "no-one",
                   "DB": f"{address}/tools/advisories:latest", "GITHUB_SHA": commit}
            assert set(job["env"]) <= set(env)
            (tmp_path / "work").mkdir(exist_ok=True)
            subprocess.run(["find", tmp_path / "work", "-mindepth", "1", "-delete"], check=True)
            return runner.pod("git config --global --add safe.directory '*'\n" + "\n".join(s["run"] for s in job["steps"]), env, tmp_path / "work", binds={"/repository": tmp_path / "repository.git"})
        check(run, "gitea/app", address, tmp_path)
        assert (tmp_path / "work/oakum-note.md").exists()

    def repository(folder, target):
        """The folder as the one commit of a bare repository; its number."""
        git = lambda *words, cwd=folder: subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main", *map(str, words)], cwd=cwd, check=True,
                                                        capture_output=True, text=True).stdout.strip()
        git("init", "-q", ".")
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", "x")
        if not target.exists():
            git("init", "-q", "--bare", target)
        git("push", "-q", "-f", target, "HEAD:refs/heads/main")
        git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=target)
        return git("rev-parse", "HEAD")

    STEPS = {"woodpecker/woodpecker.yml": {"CI_REPO": "Woodpecker/App", "CI_COMMIT_SHA": SHA}, "drone/drone.yml": {"DRONE_REPO": "Drone/App", "DRONE_COMMIT_SHA": SHA}}

    @pytest.mark.parametrize("path", STEPS)
    def test_steps(place, tmp_path, path):
        runner, address = place
        pipeline, = documents(path)
        step, = pipeline["steps"]
        env = {"REGISTRY": address, "REGISTRY_USER": USER, "REGISTRY_PASSWORD": PASSWORD, "DB": f"{address}/tools/advisories:latest", **STEPS[path]}
        assert set(step["environment"]) <= set(env)
        check(lambda p: runner.pod("\n".join(step["commands"]), env, p), path.split("/")[0] + "/app", address, tmp_path)
        assert result(tmp_path / "project")["verdict"]["kind"] == "pass"

    def test_jenkins(place, tmp_path):
        runner, address = place
        text = (DEPLOY / "jenkins/Jenkinsfile").read_text()
        script = re.search(r"sh '''\n(.*?)'''", text, re.S)[1]
        env = {"REGISTRY": f"{address}/jenkins", "REGISTRY_USER": USER, "REGISTRY_PASSWORD": PASSWORD, "DB": f"{address}/tools/advisories:latest", "GIT_COMMIT": SHA, "DOCKER_CONFIG": "/tmp/oakum-login"}
        script = script.replace('--password-stdin "$REGISTRY"', f'--password-stdin "{address}"')
        check(lambda p: runner.pod(script, env, p), "jenkins/app", address, tmp_path)
        assert (tmp_path / "project/oakum-junit.xml").exists() and (tmp_path / "project/oakum.sarif").exists()

    def login_file(folder, address):
        import base64
        (folder / "login").mkdir(exist_ok=True)
        (folder / "login/config.json").write_text(json.dumps({"auths": {address: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}))
        return folder / "login"

    def test_tekton(place, tmp_path):
        """The task's script, with parameters, workspaces and results in place of Tekton's words."""
        runner, address = place
        task, = documents("tekton/task.yaml")
        step, = task["spec"]["steps"]
        (tmp_path / "results").mkdir()
        words = {"params.IMAGE": f"{address}/tekton/app:{SHA}", "params.DOCKERFILE": "Dockerfile", "params.FAIL_ON": "fixable", "params.DB": f"{address}/tools/advisories:latest",
                 "workspaces.dockerconfig.path": "/login", "results.IMAGE_DIGEST.path": "/results/IMAGE_DIGEST", "results.IMAGE_URL.path": "/results/IMAGE_URL"}
        env = {e["name"]: re.sub(r"\$\(([\w.]+)\)", lambda m: words[m[1]], e["value"]) for e in step["env"]}
        binds = {"/login": login_file(tmp_path, address), "/results": tmp_path / "results"}
        assert "$(" not in re.sub(r"\$\((?:cat)", "", step["script"]) and step["script"].startswith("#!/bin/sh\n")
        check(lambda p: runner.pod(step["script"], env, p, binds=binds), "tekton/app", address, tmp_path)
        assert (tmp_path / "results/IMAGE_URL").read_text() == words["params.IMAGE"] and re.fullmatch(r"sha256:[0-9a-f]{64}\n?", (tmp_path / "results/IMAGE_DIGEST").read_text())
        assert {r["name"] for r in task["spec"]["results"]} == {"IMAGE_DIGEST", "IMAGE_URL"}

    @pytest.mark.parametrize("level", LEVELS)
    def test_kubernetes_job(place, runner, tmp_path):
        address = place[1]
        job, = documents("kubernetes/job.yaml")
        container, = job["spec"]["template"]["spec"]["containers"]
        assert container["command"] == ["/bin/sh", "-ec"]

        def run(folder):
            restricted.own(tmp_path, 0)  # as git wants it, after a pod of another user
            repository(folder, tmp_path / "repository.git")
            env = {"SOURCE": "/repository", "REVISION": "main", "DESTINATION": f"{address}/job/{runner.level}:{SHA}", "DB": f"{address}/tools/advisories:latest", "DOCKER_CONFIG": "/login"}
            assert {e["name"] for e in container["env"]} == set(env)
            trust = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}  # the repository is a folder of another user's
            return runner.pod(container["args"][0].replace("--depth 1 ", ""), {**env, **trust}, folder,
                              binds={"/repository": tmp_path / "repository.git", "/login": login_file(tmp_path, address)})
        check(run, f"job/{runner.level}", address, tmp_path)


# ---- the files -----------------------------------------------------------------------------------

def every_file():
    return sorted(p for p in DEPLOY.rglob("*") if p.suffix in (".yml", ".yaml"))


@pytest.mark.parametrize("path", every_file(), ids=lambda p: str(p.relative_to(DEPLOY)))
def test_nothing_special_is_asked_for(path):
    """No privileges, no socket of docker, no host's folders, anywhere in the files."""
    def walk(value, at=""):
        if isinstance(value, dict):
            for key, below in value.items():
                assert not (key in ("privileged", "hostNetwork", "hostPID", "allowPrivilegeEscalation") and below is not False), f"{at}.{key}"
                assert key != "hostPath", at
                walk(below, f"{at}.{key}")
        elif isinstance(value, list):
            for below in value:
                walk(below, at)
        elif isinstance(value, str):
            assert "docker.sock" not in value and not re.search(r"privileged\s*=\s*true", value), at
    for document in documents(path.relative_to(DEPLOY)):
        walk(document)


KINDS = {"v1/Namespace": ["metadata"], "v1/Secret": ["metadata", "type", "stringData"], "networking.k8s.io/v1/NetworkPolicy": ["metadata", "spec"], "batch/v1/Job": ["metadata", "spec"],
         "tekton.dev/v1/Task": ["metadata", "spec"], "tekton.dev/v1/Pipeline": ["metadata", "spec"]}


def test_kinds_of_kubernetes():
    seen = set()
    for path in (*(DEPLOY / "kubernetes").glob("*.yaml"), *(DEPLOY / "tekton").glob("*.yaml"), DEPLOY / "k3s/namespace.yaml", DEPLOY / "k3s/registry-secret.yaml"):
        for document in documents(path.relative_to(DEPLOY)):
            kind = f"{document['apiVersion']}/{document['kind']}"
            seen.add(kind)
            assert set(document) == {"apiVersion", "kind", *KINDS[kind]} and re.fullmatch(r"[a-z0-9-]+", document["metadata"]["name"])
    assert seen == set(KINDS)
    secret, = documents("k3s/registry-secret.yaml")
    assert secret["type"] == "kubernetes.io/dockerconfigjson" and "auths" in json.loads(secret["stringData"][".dockerconfigjson"])


def test_tekton_refers_to_what_is_there():
    task, pipeline = documents("tekton/task.yaml")[0]["spec"], documents("tekton/pipeline.yaml")[0]["spec"]
    image = next(t for t in pipeline["tasks"] if t["taskRef"]["name"] == "oakum")
    assert {p["name"] for p in image["params"]} <= {p["name"] for p in task["params"]} and {w["name"] for w in image["workspaces"]} == {w["name"] for w in task["workspaces"]}
    required = {p["name"] for p in task["params"] if "default" not in p}
    assert required <= {p["name"] for p in image["params"]}
    used = set(re.findall(r"\$\(params\.(\w+)\)", json.dumps(task)))
    assert used == {p["name"] for p in task["params"]}


def test_runner_values():
    """The configuration inside the chart's values is TOML, and says what the README promises."""
    import tomllib
    values, = documents("k3s/runner-values.yaml")
    config = values["runners"]["config"].replace("{{.Release.Namespace}}", "gitlab-runner")
    kubernetes = tomllib.loads(config)["runners"][0]["kubernetes"]
    assert kubernetes["privileged"] is False and kubernetes["image_pull_secrets"] == ["registry-login"] and "volumes" not in kubernetes
    strict = tomllib.loads(re.sub(r"(?m)^(\s*)# (?=\[|  )", r"\1", config))["runners"][0]["kubernetes"]
    assert strict["pod_security_context"]["run_as_user"] == 1000 and strict["build_container_security_context"]["capabilities"]["drop"] == ["ALL"]
    mirrors, = documents("k3s/registries.yaml")
    assert set(mirrors) == {"mirrors", "configs"} and all(set(m) <= {"endpoint", "rewrite"} for m in mirrors["mirrors"].values())


def test_github_files():
    action, = documents("github/action.yml")
    workflow, = documents("github/workflow.yml")
    assert action["runs"]["using"] == "composite" and all("shell" in step for step in action["runs"]["steps"] if "run" in step)
    text = json.dumps(action["runs"])
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    run = action["runs"]["steps"][0]["run"]
    assert "${{" not in run  # what an input holds is data, not script
    used = next(s for s in workflow["jobs"]["image"]["steps"] if "oakum" in s.get("uses", ""))
    assert set(used["with"]) <= set(action["inputs"])


def test_gitlab_file():
    """Keys of GitLab's, jobs that it would take, and no variable that is by accident an option of oakum."""
    document, = documents("gitlab/oakum.gitlab-ci.yml")
    keys = {"image", "stage", "script", "before_script", "extends", "variables", "artifacts", "allow_failure", "dependencies", "interruptible"}
    reports = {"container_scanning", "cyclonedx", "codequality", "dotenv"}
    jobs = {n: j for n, j in document.items() if n not in ("variables", "stages")}
    assert set(jobs) == {".oakum", "oakum-lint", "oakum-image"}
    for name, job in jobs.items():
        assert set(job) <= keys and set(job.get("artifacts", {}).get("reports", {})) <= reports, name
    assert {j.get("stage") for j in jobs.values()} == {None, ".pre", "build"}
    readme = (DEPLOY / "gitlab/README.md").read_text()
    assert all(f"`{name}`" in readme for name in document["variables"] if name.startswith("OAKUM_CI_"))


@pytest.mark.parametrize("folder", [p.name for p in sorted(DEPLOY.iterdir()) if p.is_dir()])
def test_each_folder_is_told_of(folder):
    assert f"`{folder}`" in (DEPLOY / "README.md").read_text()


# ---- annotations ---------------------------------------------------------------------------------

def annotations(oakum, folder):
    done = subprocess.run([oakum, "report", "--annotations", "github", "r.json"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_annotations(oakum, tmp_path):
    """A line a finding, whatever its texts hold; the Dockerfile's line where it is known."""
    hostile = ["a%b", "two\nlines", "::error::x", "a:b,c", "\x1b[31mred", "::set-env name=X::y\r\n::stop-commands::z"]
    records = [osv(f"CVE-2024-{n}", "openssl", [{"introduced": "0"}, {"fixed": "9"}], summary=text, database_specific={"severity": "HIGH"}) for n, text in enumerate(hostile)]
    records.append(osv("CVE-2024-100", "bash", [{"introduced": "0"}], database_specific={"severity": "MODERATE"}))
    db = make_db(oakum, tmp_path, records)
    name = "root\n::error::,%"
    root(tmp_path / name)
    scan(oakum, db, tmp_path, "--checks", "holes", "--format", "json", "-o", "r.json", name=f"rootfs:{name}")
    told = annotations(oakum, tmp_path)
    assert len(told) == len(records) and all(re.match(r"::(error|warning|notice) file=Dockerfile,title=CVE-2024-\d+::[^\r\n]*$", line) for line in told)
    assert sum(line.startswith("::error ") for line in told) == len(hostile) and sum(line.startswith("::warning ") for line in told) == 1
    assert any("a%25b" in line for line in told) and not any("\x1b" in line for line in told)


def test_annotations_of_all_kinds(oakum, tmp_path):
    """Secrets, hygiene and what could not be judged too, but what hardly matters."""
    db = make_db(oakum, tmp_path, RECORDS)
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, text=True, check=True).stdout
    root(tmp_path / "root", **{"srv/app.key": key, "var/lib/dpkg/status": "Package: x", **PIP})
    scan(oakum, db, tmp_path, "--checks", "holes,secrets,hygiene,licences", "--format", "json", "-o", "r.json")
    told, result = annotations(oakum, tmp_path), json.loads((tmp_path / "r.json").read_text())
    assert any(line.startswith("::error file=Dockerfile,title=private-key::private key (/srv/app.key in the image)%0A") for line in told)
    assert any(line.startswith("::error file=Dockerfile,title=damaged-package-database::") for line in told) and key.splitlines()[1] not in "".join(told)
    small = [h["id"] for h in result["hygiene"] + result["licenses"] if h["severity"] == "negligible"]
    assert small and not any(f"title={i}::" in line for i in small for line in told)


def test_annotations_are_few(oakum, tmp_path):
    """As many as GitHub keeps, and how many more there are."""
    db = make_db(oakum, tmp_path, [osv(f"CVE-2024-{n}", "openssl", [{"introduced": "0"}], database_specific={"severity": "HIGH"}) for n in range(25)])
    root(tmp_path / "root")
    scan(oakum, db, tmp_path, "--checks", "holes", "--format", "json", "-o", "r.json")
    told = annotations(oakum, tmp_path)
    assert len(told) == 11 and told[-1].startswith("oakum: 15 more findings")
    bad = subprocess.run([oakum, "report", "--annotations", "gitlab", "r.json"], cwd=tmp_path, capture_output=True, text=True)
    assert bad.returncode == 1 and "--annotations takes github" in bad.stderr

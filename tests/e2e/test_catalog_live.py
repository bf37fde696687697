"""Projects installed from their registries, and what oakum finds held against what the installer itself lists: all of it, and nothing else.

OAKUM_REGISTRIES=all runs it (many minutes, and the network); without it nothing here is collected (conftest.py). A tool or a registry that is not there fails.
OAKUM_REGISTRIES_TABLE=FILE writes down what was counted.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import OAKUM

def run(*command, cwd=None, env=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def need(tool):
    assert shutil.which(tool), f"{tool} is not installed"


def catalog(root, fits, kinds):
    """Everything of these types in the files below `root` that `fits` (a function of the path) lets through: one scan, as a process a file takes longer than any limit."""
    done = subprocess.run([OAKUM, "scan", "--no-cache", "--checks", "holes", "--fail-on", "none", "--format", "json", f"rootfs:{root}"], capture_output=True, timeout=600)
    assert done.returncode in (0, 3), (done.stdout, done.stderr)
    found = []
    for row in json.loads(done.stdout)["packages"]:
        places = [root / place for place in row["paths"] if fits(root / place)]
        if row["type"] in kinds and places:
            found.append(row | {"path": str(places[0].relative_to(root))} | ({"space": row["namespace"]} if "namespace" in row else {}))
    return found


def same(what, found, wanted):
    if os.environ.get("OAKUM_REGISTRIES_TABLE"):
        with open(os.environ["OAKUM_REGISTRIES_TABLE"], "a") as table:
            table.write(f"{what}\tlisted {len(wanted)}\tfound {len(found)}\tmissing {sorted(wanted - found)}\tinvented {sorted(found - wanted)}\n")
    assert wanted, "the installer lists nothing: nothing was tested"
    assert found == wanted


def test_pip(tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "v")
    pip = tmp_path / "v/bin/pip"
    run(pip, "install", "-q", "django", "flask", "requests", "boto3", "celery", "sqlalchemy", "fastapi", "pydantic", "rich", "jinja2", "pyyaml", "black", "pytest")
    wanted = {(re.sub(r"[-_.]+", "-", p["name"]).lower(), p["version"]) for p in json.loads(run(pip, "list", "--format", "json"))}
    rows = catalog(tmp_path, lambda p: p.name in ("METADATA", "PKG-INFO") or p.suffix in (".egg-info", ".egg"), {"pypi"})
    same("pip", {(re.sub(r"[-_.]+", "-", r["name"]).lower(), r["version"]) for r in rows}, wanted)


def test_npm(tmp_path):
    need("npm")
    (tmp_path / "package.json").write_text('{"name":"shop","version":"1.0.0"}')
    run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "express", "eslint", "@babel/core", "webpack", "typescript", "jest", "axios", cwd=tmp_path)
    wanted = {("shop", "1.0.0")}
    # npm ls tells the folder of what is installed under another name; the lock file tells which package it is
    locked = json.loads((tmp_path / "package-lock.json").read_text())["packages"]
    aliases = {place.split("node_modules/")[-1]: one["name"] for place, one in locked.items() if place and "name" in one}

    def walk(tree):
        for name, node in tree.get("dependencies", {}).items():
            if "version" in node and not node.get("missing"):
                wanted.add((aliases.get(name, name), node["version"]))
            walk(node)
    walk(json.loads(run("npm", "ls", "--all", "--json", cwd=tmp_path)))
    rows = catalog(tmp_path, lambda p: p.name == "package.json", {"npm"})
    same("npm", {((r["space"] + "/" if "space" in r else "") + r["name"], r["version"]) for r in rows}, wanted)


def test_go(tmp_path):
    need("go")
    env = {"GOBIN": str(tmp_path), "GOFLAGS": "-p=1"}
    for program in ("github.com/mikefarah/yq/v4@v4.44.3", "github.com/google/go-containerregistry/cmd/crane@v0.20.2"):
        run("go", "install", program, env=env)
    for program in sorted(tmp_path.iterdir()):
        wanted = set()
        for line in run("go", "version", "-m", program).splitlines():
            fields = line.split("\t")
            if fields[1:2] in (["mod"], ["dep"]):
                wanted.add((fields[2], fields[3]))
            elif fields[1:2] == ["=>"]:
                raise AssertionError("a replacement: say what is wanted of it")
            elif ": go" in line:
                wanted.add(("stdlib", line.split(": go")[1]))
        rows = catalog(tmp_path, lambda p, program=program: p == program, {"golang"})
        same(f"go {program.name}", {(r["name"], r["version"]) for r in rows}, wanted)


def test_cargo_auditable(tmp_path):
    need("cargo")
    need("cargo-auditable")
    run("cargo", "init", "-q", "--name", "shop", "--vcs", "none", ".", cwd=tmp_path)
    run("cargo", "add", "-q", "serde_json", "regex", "url", "clap", cwd=tmp_path)
    run("cargo", "auditable", "build", "-q", "-j1", cwd=tmp_path, env={"CARGO_TARGET_DIR": str(tmp_path / "target")})
    tree = run("cargo", "tree", "--edges", "normal", "--prefix", "none", cwd=tmp_path)
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    linked = {(name, version.removeprefix("v")) for name, version in linked}
    locked = set(re.findall(r'name = "(.*)"\nversion = "(.*)"', (tmp_path / "Cargo.lock").read_text()))
    found = {(r["name"], r["version"]) for r in catalog(tmp_path / "target/debug", lambda p: p.name == "shop", {"cargo"})}
    # cargo-auditable also notes crates that only other targets link: no tree of this one has them, the lock file has
    same("cargo auditable", found - ((found - linked) & locked), linked)


def test_maven(tmp_path):
    need("mvn")
    deps = [("org.apache.logging.log4j", "log4j-core", "2.17.1"), ("com.fasterxml.jackson.core", "jackson-databind", "2.15.2"), ("org.springframework", "spring-webmvc", "5.3.30"),
            ("com.google.guava", "guava", "32.1.2-jre"), ("org.apache.commons", "commons-lang3", "3.13.0"), ("io.netty", "netty-handler", "4.1.97.Final"),
            ("org.hibernate.validator", "hibernate-validator", "6.2.5.Final"), ("org.yaml", "snakeyaml", "2.2")]
    body = "".join(f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version></dependency>" for g, a, v in deps)
    (tmp_path / "pom.xml").write_text(f"<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>{body}</dependencies></project>")
    run("mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={tmp_path}/lib", cwd=tmp_path)
    listed = run("mvn", "-B", "dependency:list", f"-DoutputFile={tmp_path}/list", cwd=tmp_path) and (tmp_path / "list").read_text()
    wanted = {(m[0], m[1], m[2]) for m in re.findall(r"^\s+([\w.-]+):([\w.-]+):jar:(?:[\w.-]+:)?([\w.-]+):(?:compile|runtime)", listed, re.M)}
    found = {(r.get("space"), r["name"], r["version"]) for r in catalog(tmp_path / "lib", lambda p: p.suffix == ".jar", {"maven"})}
    shaded = set()  # what a JAR of the list carries inside of itself
    for path in (tmp_path / "lib").iterdir():
        with zipfile.ZipFile(path) as z:
            for name in z.namelist():
                if re.fullmatch(r"META-INF/maven/.*/pom\.properties", name):
                    said = dict(re.findall(r"^(\w+)=(.*?)\r?$", z.read(name).decode(), re.M))
                    shaded.add((said["groupId"], said["artifactId"], said["version"]))
    same("maven", found, wanted | shaded)


def test_gem(tmp_path):
    need("gem")
    done = subprocess.run(["gem", "install", "-q", "--no-document", "--install-dir", str(tmp_path / "own"), "rack", "sinatra"], capture_output=True, text=True, timeout=600)
    folders = [pathlib.Path(f) for f in run("gem", "env", "gempath").strip().split(":")]
    if done.returncode == 0:
        folders = [tmp_path / "own"]
    elif "Unable to download" not in done.stderr:
        pytest.fail(done.stderr)  # without a way to the registry: what the machine's Ruby came with and has had installed
    # "all" holds what Debian installs for every version of Ruby
    folders += [f.parent / "all" for f in folders if "rubygems-integration" in f.parts]
    listed = run("gem", "list", "--local", env={"GEM_HOME": str(folders[0]), "GEM_PATH": str(folders[0])} if done.returncode == 0 else None)
    wanted = {(name, version.split(" ")[0]) for name, versions in re.findall(r"^(\S+) \((.*)\)$", listed, re.M) for version in versions.replace("default: ", "").split(", ")}
    found = {(r["name"], r["version"]) for f in folders if f.exists() for r in catalog(f, lambda p: p.suffix == ".gemspec" and "specifications" in p.parts, {"gem"})}
    if done.returncode == 0:  # the default gems are listed too, from elsewhere
        wanted = {w for w in wanted if (tmp_path / "own/gems" / f"{w[0]}-{w[1]}").exists()}
    same("gem", found, wanted)


# what Debian has of PHP: the name at composer's registry, the folder below /usr/share/php, the package that brings it
FROM_DEBIAN = {"composer/semver": ("Composer/Semver", "php-composer-semver"), "composer/pcre": ("Composer/Pcre", "php-composer-pcre"),
               "composer/ca-bundle": ("Composer/CaBundle", "php-composer-ca-bundle"), "composer/spdx-licenses": ("Composer/Spdx", "php-composer-spdx-licenses"),
               "psr/log": ("Psr/Log", "php-psr-log"), "psr/container": ("Psr/Container", "php-psr-container"), "react/promise": ("React/Promise", "php-react-promise"),
               "symfony/console": ("Symfony/Component/Console", "php-symfony-console"), "symfony/finder": ("Symfony/Component/Finder", "php-symfony-finder"),
               "symfony/process": ("Symfony/Component/Process", "php-symfony-process"), "symfony/filesystem": ("Symfony/Component/Filesystem", "php-symfony-filesystem")}
# and versions in the other forms that composer knows
FORMS = {"shop/branch": "dev-main", "shop/line": "2.x-dev", "shop/four": "1.2.3.4", "shop/beta": "v3.0.0-beta2", "shop/date": "20240115.1", "shop/build": "1.0.0+linux"}


def laid_out(folder, name, version, files, more):
    """A package as composer's repository of folders has it."""
    here = folder / name.replace("/", "-")
    (here / "src").mkdir(parents=True)
    (here / "composer.json").write_text(json.dumps({"name": name, "version": version, "type": "library", "license": "MIT", **more}))
    for path in files:
        if path.is_file():
            shutil.copy(path, here / "src" / path.name)


@pytest.mark.parametrize("dev", [True, False], ids=["with-dev", "no-dev"])
def test_composer(tmp_path, dev):
    """Debian's composer installs from folders made here: of Debian's own PHP packages, and of versions in other forms."""
    need("composer")
    folders, project = tmp_path / "folders", tmp_path / "project"
    project.mkdir()
    for name, (place, package) in FROM_DEBIAN.items():
        upstream = re.sub(r"^\d+:|[+~-].*$", "", run("dpkg-query", "-W", "-f", "${Version}", package))
        needs = {"require": {"psr/container": "*", "symfony/finder": "*"}} if name == "symfony/console" else {}
        laid_out(folders, name, ("v" if name.startswith("symfony/") else "") + upstream, (pathlib.Path("/usr/share/php") / place).iterdir(), needs)
    for name, version in FORMS.items():
        laid_out(folders, name, version, [], {"replace": {"shop/replaced": "1.0"}} if name == "shop/four" else {})
    only_dev = {"shop/beta", "psr/log"}
    required = {name: "*" if name in FROM_DEBIAN else FORMS[name].split("+")[0] for name in [*FROM_DEBIAN, *FORMS]}
    (project / "composer.json").write_text(json.dumps({
        "name": "shop/shop", "minimum-stability": "dev", "prefer-stable": True, "repositories": [{"type": "path", "url": str(folders / "*"), "options": {"symlink": False}}, {"packagist.org": False}],
        "require": {n: v for n, v in required.items() if n not in only_dev}, "require-dev": {n: v for n, v in required.items() if n in only_dev}}))
    run("composer", "install", "-q", "-n", "--no-plugins", *([] if dev else ["--no-dev"]), cwd=project, env={"COMPOSER_ALLOW_SUPERUSER": "1", "COMPOSER_DISABLE_NETWORK": "1", "HOME": str(tmp_path)})
    listed = json.loads(run("composer", "show", "--format=json", cwd=project, env={"COMPOSER_ALLOW_SUPERUSER": "1", "HOME": str(tmp_path)}))["installed"]
    wanted = {(p["name"], p["version"].split(" ")[0]) for p in listed}
    assert ("shop/beta" in {name for name, _ in wanted}) == dev
    rows = catalog(project, lambda p: p.name == "installed.json", {"composer"})
    same(f"composer, {'with' if dev else 'without'} development packages", {(r["space"] + "/" + r["name"], r["version"]) for r in rows}, wanted)

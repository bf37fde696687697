"""What oakum spares shellcheck (variables that cannot matter, scripts of which it says nothing) changes nothing that is told.

The oracle is shellcheck itself over each script behind the whole prelude: every proxy variable, ARG and ENV."""
import json
import random
import subprocess

from test_command_line import run

PROXIES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy"]
NAMES = ["APP_HOME", "NODE_VERSION", "PORT", "REPLY", "FLAGS_debug", "PATH", "GO", "file", "config_dir"]
# variables: as they are, mistyped by one or two letters, in the other case, and unknown
VARIABLES = ["HTTP_PROXY", "HTTP_PROXI", "HTP_PROXI", "Http_Proxy", "FTP_PROXYS", "NO_PROX", "no_porxy", "NODE_VERSION", "NODE_VERSON", "NOD_VERSIONS", "APP_HOM",
             "app_home", "PORTS", "POR", "port", "G", "GOO", "fil", "files", "File", "config_dirs", "configdir", "UNKNOWN", "unknown", "HOME", "REPLY", "FLAGS_debug"]
WORDS = ["a", "-y", "curl=1.2", '"jq"', "'x>=1'", "/etc/x", "--flag=v", "=x", "+=y", "then", "done", "=", "*.c", "x\\ y", "~/x", '"~/x"', "'$HOME'", "é", "@a", "a,b", "{a,b}", "-m", "!", "do"]
COMMANDS = ["apt-get install", "apk add", "npm ci", "pip install", "/usr/bin/pip3 install", "mkdir -p", "mkdir -m 700 -p", "chmod 755", "chmod -r", "chown -R a:b", "git clone", "tar -xf",
            "python -m", "make", "curl -O", "set -e", "set -ex", "rm -rf /var/lib/apt/lists/*", "rm -rf", "echo", "cd", "export", "unset", "useradd", "systemctl start", "sudo", "read -r",
            're"a"d -r', "DEFINE_string debug", "local", "wget", "[ -n", "exit", "find . -name", "grep", "trap 'echo $unknown $NO_PROX' EXIT;", "go build", "ls", ": ", "X=1", "(ls)", "-mount=/var/cache/apk", "A=/usr/bin/apk"]
JOINTS = [" && ", " && ", " && ", " || ", "; ", " | ", " & ", ";; ", " &&  && "]


def piece(rng):
    words = [rng.choice(COMMANDS)]
    for _ in range(rng.randrange(4)):
        name = rng.choice(VARIABLES)
        words.append(rng.choice(WORDS) if rng.random() < 0.7 else rng.choice(["$%s", '"$%s"', "${%s}", "${%s:-1}", "%s", "$((%s + 1))"]) % name)
    return rng.choice([" ", " ", " ", "  "]).join(words)


def script(rng):
    if rng.random() < 0.4:  # mostly of what is not asked
        return " && ".join(" ".join([rng.choice(COMMANDS[:17]), *rng.choices(WORDS[:7], k=rng.randrange(4))]) for _ in range(rng.randrange(1, 4)))
    text = piece(rng)
    for _ in range(rng.randrange(3)):
        text += rng.choice(JOINTS) + piece(rng)
    return rng.choice(["", "", "", "", "", "! ", "&& ", "then ", '"', "export A=1; "]) + text


def heredoc(rng):
    lines = [rng.choice(["# shellcheck disable=SC2086,SC2154", "# note", "#!/bin/bash", "#!/bin/sh", "", "&& ls", "set -eux"])] if rng.random() < 0.5 else []
    return lines + [script(rng) for _ in range(rng.randrange(1, 4))]


def asked(folder, texts, names):
    """(script, line of the text, column, code, level, message) as shellcheck tells them behind the whole prelude."""
    folder.mkdir()
    prelude = "".join(f"export {name}=1\n" for name in PROXIES + names)
    for i, text in enumerate(texts):
        first = text.split("\n")[0] if text.startswith("#!") else "#!/bin/sh"
        (folder / str(i)).write_text(f"{first}\n{prelude}{text}")
    done = subprocess.run(["shellcheck", "--norc", "-f", "json1", "-e", "SC2187,SC1090,SC1091,SC2002,SC2236,SC2237,SC2015", *map(str, range(len(texts)))],
                          cwd=folder, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    assert done.returncode in (0, 1), done.stderr
    skip = 1 + len(PROXIES + names)
    return {(int(c["file"]), c["line"] - skip, c["column"], c["code"], c["level"], c["message"]) for c in json.loads(done.stdout)["comments"] if c["line"] > skip}


def test_nothing_is_lost(oakum, tmp_path):
    rng = random.Random(20260)
    lines, expected = [], set()
    for stage, names in enumerate([NAMES, []]):
        lines += ["FROM debian:12", *(f"ENV {name}=x" for name in names)]
        texts, places = [], []
        for i in range(300):
            body = heredoc(rng) if i % 5 == 0 else None
            text = "\n".join(body) + "\n" if body else script(rng)
            places.append((len(lines) + 1, 0) if body else (len(lines), 4))
            lines += ["RUN <<END", *body, "END"] if body else [f"RUN {text}"]
            texts.append(text)
        told = asked(tmp_path / f"scripts{stage}", texts, names)
        expected |= {(places[i][0] + line, column + places[i][1], f"SC{code}", level, message) for i, line, column, code, level, message in told}
    (tmp_path / "Dockerfile").write_text("\n".join(lines) + "\n")
    # what is given to the program, by one that notes it and hands it on
    given = tmp_path / "given"
    given.mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/shellcheck").write_text(f'#!/bin/sh\nfor f; do case $f in /*) cp "$f" {given}/;; esac; done\nexec /usr/bin/shellcheck "$@"\n')
    (tmp_path / "bin/shellcheck").chmod(0o755)
    done = run(oakum, "lint", "--config", "none", "--no-fail", "--disable-ignore-pragma", "--ignore", "SC2015", "-f", "json", "Dockerfile", cwd=tmp_path,
               env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    found = {(f["range"]["start"]["line"], f["range"]["start"]["column"], f["rule"], f["severity"], f["message"]) for f in json.loads(done.stdout)["findings"] if f["rule"].startswith("SC")}
    assert found == expected
    assert len(expected) > 300 and {"SC2153", "SC2154", "SC2086", "SC1010"} <= {e[2] for e in expected}
    # and it is spared something
    texts = [p.read_text() for p in given.iterdir()]
    assert 100 < len(texts) < 550 and sum("export no_proxy=1" not in t for t in texts) > 100

"""Dockerfiles from a seed: a grammar of the language, of shell and of the tools that Dockerfiles call.

corpus(seed, count) gives (name, text) pairs. The same seed gives the same bytes on any machine. Of five files three come
from the grammar and two from the written files of lint_samples; of the latter some stay as they are, and the others are
put together from instructions of several. A part of all has small damage done to it (words dropped, doubled, swapped,
quotes, operators and continuations touched), so that readers meet what people mistype.
"""
import pathlib
import random
import re

IMAGES = """debian debian:12 debian:bookworm-slim debian:latest ubuntu ubuntu:22.04 ubuntu:latest alpine alpine:3.19 alpine:latest
node:20-alpine node node:latest python:3.12-slim python golang:1.22 golang centos:7 centos rockylinux:9 fedora:40 fedora opensuse/leap:15
opensuse/tumbleweed ruby:3.3 ruby nginx:1.25 nginx scratch busybox busybox:1.36 docker.io/library/debian:12 ghcr.io/acme/base:1.0
ghcr.io/acme/base quay.io/acme/tool@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef localhost:5000/app:1
registry.example.com/team/app registry.example.com:5000/team/app:v2 mcr.microsoft.com/windows/servercore:ltsc2022 gcr.io/x/y:latest
debian@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef $BASE ${BASE} ${BASE}:12 debian:${VERSION} img${SUFFIX}
${REGISTRY}/app:1 debian:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef amazoncorretto:17 photon:5 hub.docker.com/x:1""".split()
ALIASES = "build builder base deps final test runtime prod dev Build stage1 scratch context app".split()
DEB = """curl wget git vim ca-certificates build-essential curl=7.88.1-10 git=1:2.39.* nginx/bookworm libpq-dev ./local.deb foo.deb python3
openssl=3.0.* $PKGS ${PKGS} "gcc" 'make' nginx=${NGINX_VERSION} openssh-server sudo procps net-tools "curl=1.0" lib{ssl,xml}-dev python3-pip jq unzip
$(cat pkgs.txt) `cat list` software-properties-common gnupg2 locales tzdata""".split("\n")
DEB = " ".join(DEB).replace("$(cat pkgs.txt)", "$(cat§pkgs.txt)").replace("`cat list`", "`cat§list`").split()
DEB = [w.replace("§", " ") for w in DEB]
APK = """curl bash git curl=8.5.0-r0 build-base python3 nodejs~=20 'git>2' "openssl>=3" tzdata ./x.apk local.apk ca-certificates=2023 $PKGS
musl-dev@edge gcc nginx=~1.24 py3-pip jq !pyc su-exec npm make libc-dev""".split()
RPM = """curl git vim-enhanced httpd-2.4.6 httpd-2.4.57-5.el9 gcc make python3-3.9.18 python3 openssl-1:3.0.7 epel-release nginx-${NGINX_VERSION}
php:8.1 nodejs:18 nodejs-18.0 foo.rpm foo-1.0.rpm foo-bar-1.2.3.rpm https://example.com/x-1.rpm java-11-openjdk java-11-openjdk-11.0.20 @development tar
libX11-1.7.0-7.el9.x86_64 httpd-$VERSION bzip2 which""".split()
ZYP = "curl git curl=8.0 'git>=2' gcc python3<4 nginx vim foo.rpm libopenssl-devel=1.1 -y tar gzip".split()
PIP = """requests flask==2.0 'django>=4' "numpy<2" requests[security]==2.31 pytest~=7 git+https://github.com/a/b.git git+https://github.com/a/b.git@v1
./pkg . pkg.whl dist/app-1.0-py3-none-any.whl https://example.com/p.tar.gz setuptools wheel pip poetry==1.7 -r§requirements.txt -r§dev.txt
--requirement§req.txt -c§cons.txt black!=22 uvicorn[standard] /src/pkg $PKG -e§. -e§git+https://github.com/x/y#egg=y awscli --requirement=r.txt
--constraint=c.txt .[dev] "package>1" torch===2.1 a<=1""".replace("\n", " ").split()
PIP = [w.replace("§", " ") for w in PIP]
NPM = """express express@4 @angular/cli @angular/cli@17 yarn@1.22 pm2 git+https://github.com/a/b git+https://github.com/a/b#v1 ./local ../x ~/x /opt/pkg
pkg.tgz x.tar.gz x.tar github:a/b typescript@latest npm@10 serve $PKG "webpack@5" 'gulp' git://github.com/x/y.git#1 git+ssh://git@github.com/x/y.git http://x.org/a.tgz""".split()
GEM = "bundler bundler:2.4 rails:7.0 rake rake:13 -v§2.0 --version=1.2 --no-document puma --version§3 -N sinatra --§--with-x=1 'foo:1'".split()
GEM = [w.replace("§", " ") for w in GEM]
GO = """github.com/x/y@latest github.com/x/y@v1.2 github.com/x/y ./cmd/app . /src/app golang.org/x/tools/...@v0.1 ./... main.go github.com/x/y@none
"github.com/x/y@v1" $PKG@v1 -u""".split()
ENVS = "PATH HOME APP_HOME VERSION NODE_ENV DEBIAN_FRONTEND PIP_NO_CACHE_DIR LANG TZ AWS_SECRET_ACCESS_KEY DB_PASSWORD API_KEY GITHUB_TOKEN my_token PORT JAVA_HOME FOO BAR BASE username PKGS NGINX_VERSION REGISTRY SECRET_FILE PUBLIC_KEY".split()
VALUES = """1 /app "a b" 'x y' $HOME/bin:$PATH ${FOO}/x "" 0 true on production noninteractive /usr/lib/jvm ${BAR:-x} a\\ b $VERSION-1 "$FOO" C.UTF-8 off no
yes '$FOO' ${BASE:+x} https://example.com/a?b=c""".split("\n")
VALUES = " ".join(VALUES).replace('"a b"', '"a§b"').replace("'x y'", "'x§y'").replace("a\\ b", "a\\§b").split()
VALUES = [v.replace("§", " ") for v in VALUES]
LABELS = """maintainer org.opencontainers.image.title org.opencontainers.image.source Version my_label bad--label com.docker.x io.docker.y
org.dockerproject.z a..b name 1abc abc- description org.opencontainers.image.created org.opencontainers.image.licenses org.opencontainers.image.version
revision author UPPER with/slash url email""".split()
LABEL_VALUES = """"me" "1.0" 1.0.0 v1.2 "" https://example.com example.com "not a url" 2026-01-01T00:00:00Z 2026-01-01 MIT Apache-2.0 "MIT OR GPL-2.0" abcdef0
0123456789abcdef0123456789abcdef01234567 xyz me@example.com "Me <me@example.com>" $VERSION 'q' 1.2.3-rc.1+b 01.2.3 http:/x urn:a:b GPL-2.0-only NotALicense"""
LABEL_VALUES = [v.replace("§", " ") for v in LABEL_VALUES.replace('"not a url"', '"not§a§url"').replace('"MIT OR GPL-2.0"', '"MIT§OR§GPL-2.0"')
                .replace('"Me <', '"Me§<').split()]
PORTS = "80 8080 443/tcp 53/udp 22 70000 65536 65535 8000-8010 8000-70000 $PORT ${PORT} 80/tcp 22/tcp 0 8080-$MAX".split()
PATHS = "/app . ./ /app/ /usr/local/bin/ app src/ /etc/x.conf $HOME/x ${APP_HOME} ${APP_HOME}/ C:/x c:\\\\x / /opt/x \"/q/\" 'x/' relative/dir ~/x".split()
SOURCES = """. app src/ package.json package*.json requirements.txt app.tar.gz foo.tgz x.zip a.txz data.tar.bz2 go.mod go.sum https://example.com/x https://example.com/x.tar.gz
git@github.com:a/b.git $FILE ${DIR}/x .env id_rsa *.py / config/ foo.tar x.lzma y.gz pkg.tar.xz http://example.com/f.zip""".split()
USERS = "root 0 app 1000 1000:1000 root:root 0:0 nobody app:app ${UID} $USER ${UID:-1000} \"app\" 65532 www-data 1001:app root:app ${UID}:${GID} 12a".split()


class Make:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def some(self, items, low=1, high=3):
        return [self.r.choice(items) for _ in range(self.r.randint(low, high))]

    def maybe(self, share, text):
        return text if self.r.random() < share else ""

    def pick(self, *items):
        item = self.r.choice(items)
        return item() if callable(item) else item

    def weighted(self, pairs):
        return self.r.choices([p[0] for p in pairs], [p[1] for p in pairs])[0]

    # ---- shell ------------------------------------------------------------------------------------------------
    def words(self, head, *groups):
        """head and the words of the groups, flags mostly before names, at times after."""
        parts = [g for g in groups if g]
        if self.r.random() < 0.12:
            self.r.shuffle(parts)
        return " ".join([head, *parts]).strip()

    def flags(self, items, share=0.5):
        return " ".join(f for f in items if self.r.random() < share)

    def apt(self):
        tool = self.weighted([("apt-get", 8), ("apt", 2), ("aptitude", 1), ("/usr/bin/apt-get", 0.3), ("\"apt-get\"", 0.2)])
        verb = self.weighted([("install", 8), ("update", 4), ("upgrade", 1), ("dist-upgrade", 0.6), ("clean", 1), ("remove", 0.7), ("autoremove", 0.7),
                              ("purge", 0.5), ("build-dep", 0.4), ("download", 0.2), ("install-extra", 0.1), ("full-upgrade", 0.2)])
        early = self.weighted([("", 6), ("-y", 3), ("-qq", 1), ("-q -q", 0.3), ("-yq", 0.6), ("-qy", 0.5), ("--yes", 0.4), ("--assume-yes", 0.3), ("-q=2", 0.2),
                               ("-q", 0.4), ("--quiet --quiet", 0.2), ("--quiet=2", 0.1), ("-o Dpkg::Options::=\"--force-confdef\"", 0.3), ("-qqy", 0.3), ("-yqq", 0.3)])
        if verb in ("update", "upgrade", "clean", "autoremove"):
            return self.words(tool, self.maybe(0.3, early), verb, self.maybe(0.3, "-y"))
        late = self.flags(["-y", "--no-install-recommends", "-qq", "--yes", "--fix-missing", "-f", "-t bookworm-backports", "--target-release=sid", "--allow-downgrades",
                           "-o APT::Install-Recommends=false", "--no-install-suggests", "--allow-unauthenticated", "--reinstall", "-V"],
                          0.13) + self.maybe(0.4, " -y") + self.maybe(0.45, " --no-install-recommends")
        pkgs = " ".join(self.some(DEB, 0 if self.r.random() < 0.1 else 1, 5))
        return self.words(tool, early, verb, late.strip(), pkgs)

    def apk(self):
        verb = self.weighted([("add", 8), ("update", 1.5), ("upgrade", 1), ("del", 1), ("fix", 0.2), ("info", 0.2)])
        flags = self.flags(["--no-cache", "--update", "-U", "--virtual .deps", "-t .build", "--virtual=.x", "-X http://r", "--repository=http://edge", "-q",
                            "--repository http://dl", "--update-cache", "--allow-untrusted"], 0.12) + self.maybe(0.4, " --no-cache")
        if verb in ("update", "upgrade"):
            return self.words("apk", self.maybe(0.3, "--no-cache"), verb)
        return self.words("apk", self.maybe(0.1, "--no-cache"), self.maybe(0.05, "-q"), verb, flags.strip(), " ".join(self.some(APK, 1, 4)))

    def yum(self):
        tool = self.weighted([("yum", 5), ("dnf", 5), ("microdnf", 2), ("tdnf", 0.3)])
        verb = self.weighted([("install", 8), ("update", 1), ("groupinstall", 0.7), ("localinstall", 0.5), ("clean", 2), ("upgrade", 0.6), ("makecache", 0.3), ("reinstall", 0.4),
                              ("module install", 0.7), ("remove", 0.4), ("in", 0.3), ("up", 0.2), ("upgrade-minimal", 0.2), ("group install", 0.3), ("config-manager", 0.3),
                              ("module enable", 0.2), ("rei", 0.1), ("up-min", 0.1), ("builddep", 0.1)])
        early = self.weighted([("", 5), ("-y", 4), ("--assumeyes", 0.4), ("-q -y", 0.3), ("-yq", 0.2), ("--setopt=install_weak_deps=False", 0.4), ("--nodocs", 0.2)])
        if verb == "clean":
            return self.words(tool, self.maybe(0.3, early), "clean", self.weighted([("all", 6), ("metadata", 1), ("", 0.3), ("expire-cache", 0.3), ("packages all", 0.2)]))
        return self.words(tool, early, verb, self.flags(["-y", "--nogpgcheck", "--setopt=tsflags=nodocs", "--enablerepo=x", "--enablerepo crb", "--assumeyes"], 0.2),
                          " ".join(self.some(RPM, 0 if verb in ("update", "upgrade", "up", "makecache") else 1, 4)))

    def zypper(self):
        verb = self.weighted([("install", 6), ("in", 3), ("clean", 1.5), ("cc", 0.6), ("remove", 0.5), ("rm", 0.3), ("update", 0.5), ("dup", 0.5), ("dist-upgrade", 0.4),
                              ("refresh", 0.7), ("ref", 0.4), ("patch", 0.3), ("source-install", 0.2), ("si", 0.2), ("addrepo", 0.2)])
        early = self.weighted([("", 4), ("-n", 3), ("--non-interactive", 2), ("--no-gpg-checks", 0.5), ("--gpg-auto-import-keys", 0.4), ("-q -n", 0.3)])
        late = self.flags(["-y", "--no-confirm", "--no-recommends", "-l", "--auto-agree-with-licenses", "-f"], 0.2)
        names = " ".join(self.some(ZYP, 1, 3)) if verb in ("install", "in", "remove", "rm", "source-install", "si") else self.maybe(0.2, "--all")
        return self.words("zypper", early, verb, late, names)

    def pip(self):
        tool = self.weighted([("pip", 6), ("pip3", 3), ("python -m pip", 1.2), ("python3 -m pip", 1.2), ("pipx", 0.5), ("pipenv", 0.3), ("pip2", 0.2), ("pip3.11", 0.2), ("pip-3", 0.1),
                              ("python3.11 -m pip", 0.2), ("uv pip", 0.4), ("/opt/venv/bin/pip", 0.3), ("python -u -m pip", 0.1)])
        verb = self.weighted([("install", 9), ("uninstall", 0.3), ("list", 0.2), ("download", 0.3), ("wheel", 0.2), ("config set", 0.1)])
        flags = self.flags(["--no-cache-dir", "--upgrade", "-U", "--user", "--index-url https://x", "-i https://x", "--extra-index-url=https://y", "--trusted-host x", "-t /x",
                            "--target /opt", "--no-deps", "-q", "--prefix=/install", "--root-user-action=ignore", "-f https://x", "--pre", "--find-links ./w", "--no-binary :all:",
                            "--ignore-installed", "--proxy http://p", "--break-system-packages"], 0.08) + self.maybe(0.35, " --no-cache-dir")
        return self.words(tool, self.maybe(0.06, "--no-cache-dir"), verb, flags.strip(), " ".join(self.some(PIP, 0 if self.r.random() < 0.05 else 1, 3)))

    def npm(self):
        tool = self.weighted([("npm", 6), ("yarn", 3), ("pnpm", 0.4), ("npx", 0.3)])
        if tool == "yarn":
            return self.words("yarn", self.weighted([("install", 6), ("", 2), ("cache clean", 3), ("cache clean --all", 0.5), ("add x", 1), ("build", 1), ("global add x@1", 0.5), ("cache", 0.2),
                                                     ("run clean", 0.4), ("--frozen-lockfile install", 0.4)]),
                              self.flags(["--frozen-lockfile", "--production", "--non-interactive", "--network-timeout 100000"], 0.2))
        if tool != "npm":
            return self.words(tool, self.pick("install", "i", "create-x", "serve"), self.maybe(0.3, "-g"))
        verb = self.weighted([("install", 8), ("i", 1), ("ci", 1.5), ("run build", 1.5), ("cache clean --force", 1), ("add", 0.4), ("config set strict-ssl false", 0.3), ("test", 0.4), ("update", 0.3)])
        if verb not in ("install", "i", "add"):
            return "npm " + verb
        return self.words("npm", self.maybe(0.05, "--loglevel verbose"), verb,
                          self.flags(["-g", "--global", "--production", "--save-dev", "--loglevel=error", "--loglevel warn", "--registry https://r", "--registry=https://r", "--no-audit",
                                      "--unsafe-perm", "--only=production", "-D", "--omit=dev"], 0.12), " ".join(self.some(NPM, 0, 2)))

    def other(self):
        r = self.r
        return self.weighted([
            (lambda: self.words(self.pick("gem", "gem", "/usr/local/bin/gem"), self.pick("install", "install", "i", "update", "sources"), " ".join(self.some(GEM, 1, 3))), 3),
            (lambda: self.words("go", self.pick("install", "install", "get", "run", "build", "mod download", "test", "vet"), self.flags(["-v", "-u", "-d", "-ldflags=-s"], 0.15),
                                " ".join(self.some(GO, 0, 2))), 4),
            (lambda: self.words("wget", self.flags(["-q", "-O x", "--progress=dot:giga", "--quiet", "-nv", "--no-verbose", "-qO-", "-o log", "--output-file=log", "-a log", "--no-check-certificate",
                                                    "-P /tmp", "-O - -q", "-c", "--append-output=x", "--show-progress"], 0.1), self.pick("https://example.com/x.tar.gz", "http://x.org/$V", "\"https://e.com/a?b=1&c=2\"")), 5),
            (lambda: self.words("curl", self.flags(["-fsSL", "-k", "--insecure", "-o x", "-O", "-L", "-sSf", "--silent"], 0.25), self.pick("https://example.com/install.sh", "http://x.org/f")), 5),
            (lambda: self.words("cd", self.pick("/tmp", "/app", "..", "$HOME", "src", "\"$DIR\"", "")), 3),
            (lambda: self.words("sudo", self.pick("apt-get install -y curl", "make install", "-E pip install x", "-u app whoami", "yum -y install x")), 2),
            (lambda: self.words("rm", self.pick("-rf", "-rf", "-r", "-f", "-fr", "-r -f", ""), self.pick("/var/lib/apt/lists/*", "/var/lib/apt/lists/*", "/tmp/*", "/var/cache/apk/*", "/var/cache/yum",
                                                                                                 "/var/cache/yum/*", "/x", "/var/cache/dnf", "/var/lib/apt/lists", "\"$X\"", "/var/lib/apt/lists/* /tmp/*")), 5),
            (lambda: self.words("useradd", self.flags(["-l", "--no-log-init", "-m", "-r", "-u 123456", "-u 1000", "--uid 1234567", "--uid=123456", "-g app", "-s /bin/bash", "-u123456", "-lm"], 0.2), "app"), 2),
            (lambda: self.words("ln", self.pick("-s", "-sf", "-snf", ""), self.pick("/bin/bash /bin/sh", "/bin/sh /bin/x", "/a /b", "bash /bin/sh")), 1.2),
            (lambda: self.pick("ssh host", "vim x", "ps aux", "kill 1", "free -m", "top", "mount /dev/x /y", "service nginx start", "shutdown -h now", "ifconfig", "systemctl start x",
                               "service", "mount"), 1.6),
            (lambda: self.words("tar", self.pick("xzf", "-xzf", "xf", "-x -f", "czf", "--extract -f", "-zxvf", "--get --file", "tf", "-C /opt -xf", "x"), self.pick("app.tar.gz", "/tmp/app.tar.gz", "foo.tgz", "x.zip",
                                                                                                              "data.tar.bz2", "/app/app.tar.gz", "$F", "a.txz", "foo.tar", "pkg.tar.xz")), 2.5),
            (lambda: self.words(self.pick("unzip", "gunzip", "bunzip2", "unxz", "zcat", "unlzma", "uncompress", "gzcat", "zgz"), self.flags(["-q", "-d /opt", "-o", "-k"], 0.3),
                                self.pick("x.zip", "y.gz", "/tmp/x.zip", "x.lzma", "data.tar.bz2")), 1.2),
            (lambda: self.pick("make", "make install", "./configure --prefix=/usr", "echo hello", "echo \"$PATH\"", "mkdir -p /app/x", "chmod 777 /app", "chmod +x /x", "chown -R app:app /app", "true", ":",
                               "groupadd -r app", "adduser -D app", "set -eux", "set -o pipefail", "set -euxo pipefail", "set -e", "export FOO=bar", "FOO=bar make", "cp -r a b", "mv a b", "cat /etc/os-release", "ls -la", "test -f x",
                               "[ -f /x ]", "[[ -f /x ]]", "sed -i 's/a/b/' f", "sed -i \"s|x|y|g\" /etc/x", "grep -q x f", "find / -name '*.pyc' -delete", "find . -type f -exec rm {} +",
                               "systemctl enable x", "ldconfig", "update-ca-certificates", "useradd app", "echo 'a; b && c'", "printf '%s\\n' a b", "git clone https://x.org/r.git",
                               "git clone --depth 1 https://x.org/r.git /x", "sleep 1", "exit 0", "export PATH=$PATH:/x", "echo $FOO", "java -jar x.jar", "dpkg -i x.deb", "rpm -ivh x.rpm", "npm -v",
                               "bundle install", "composer install --no-dev", "cargo build --release", "poetry install", "bash -c 'cd /x'", "sh -c \"apt-get install -y x\"", "eval \"$X\"", "./mvnw -q package",
                               "exec apt-get update", "command cd /x", "busybox wget http://x", "builtin cd /y", "env FOO=1 apt-get install x", "xargs rm", "time make", "nice -n 5 make", "run foo", "nohup x",
                               "$CMD install x", "\"$TOOL\" -y", "echo $((1+2))", "echo ${FOO:-bar}", "arr=(a b c)", "x=1", "FOO=$(date)", "local x", "source /x", ". /x/env", "echo a{b,c}", "yes | true",
                               "chpasswd < f", "service nginx start", "PIP_NO_CACHE_DIR=1 pip install x==1", "DEBIAN_FRONTEND=noninteractive apt-get install -y tzdata", "pip install", "apt-get", "apk", "npm install"), 26),
        ])()

    def command(self):
        text = self.weighted([(self.apt, 8), (self.apk, 5), (self.yum, 5), (self.zypper, 2.5), (self.pip, 5), (self.npm, 4.5), (self.other, 22)])()
        return text + self.weighted([("", 30), (" > /dev/null", 1), (" 2>&1", 0.6), (" >> log", 0.4), (" < in", 0.3), (" &> /dev/null", 0.2), (" 2>/dev/null || true", 0.8), (" <<< \"x\"", 0.1),
                                     (" >/dev/null 2>&1", 0.4), (" &", 0.1)])

    def pipeline(self):
        text = self.command()
        if self.r.random() < 0.13:
            text += self.pick(" | ", " | ", "|", " |& ") + self.pick("bash", "tar xz", "grep x", "sh", "tee f", "xargs rm", "sort | uniq", "sudo tee /x", "bash -s -- -y", "tar -xJ -C /opt --strip-components=1",
                                                                      "apt-key add -", "sed 's/x/y/'", self.command)
        return self.maybe(0.015, "! ") + text

    def compound(self, depth, nl):
        r = self.r
        body = lambda: self.list(depth + 1, nl, 1, 2)  # noqa: E731
        cond = lambda: self.pick("[ -f /x ]", "[ \"$A\" = b ]", "test -d x", "command -v curl", "[[ $X == y ]]", "! grep -q x f", self.command)  # noqa: E731
        return self.weighted([
            (lambda: f"if {cond()}; then {nl}{body()}; {nl}{self.maybe(0.4, f'else {body()}; ')}{self.maybe(0.1, '')}fi", 5),
            (lambda: f"if {cond()}; then {body()}; elif {cond()}; then {body()}; fi", 1),
            (lambda: f"for {self.pick('i', 'f', 'pkg')} in {self.pick('a b c', '*.sh', '$(ls)', '$LIST', '1 2')}; do {nl}{body()}; {nl}done", 4),
            (lambda: f"while {cond()}; do {body()}; done", 1),
            (lambda: f"until {cond()}; do {body()}; done", 0.4),
            (lambda: f"({body()})", 3),
            (lambda: f"{{ {body()}; }}", 3),
            (lambda: f"case \"$X\" in {nl}a) {body()} ;; {nl}b|c) {body()} ;; *) echo no; esac", 1.5),
            (lambda: f"f() {{ {body()}; }}", 0.7),
            (lambda: f"X=$({body()})", 2),
            (lambda: f"echo \"$({body()})\"", 1.2),
            (lambda: f"x=`{self.command()}`", 0.4),
            (lambda: f"diff <({self.command()}) <({self.command()})", 0.3),
            (lambda: f"for ((i=0;i<3;i++)); do {body()}; done", 0.2),
            (lambda: f"(( x > 1 )) && {body()}", 0.2),
        ])()

    def list(self, depth, nl, low=1, high=5):
        parts = []
        for _ in range(self.r.randint(low, high)):
            parts.append(self.compound(depth, nl) if depth < 3 and self.r.random() < 0.1 else self.pipeline())
        out = parts[0]
        for part in parts[1:]:
            out += self.weighted([(f" {nl}&& ", 12), (f"; {nl}", 4), (f" {nl}|| ", 1.5), (f" && {nl}", 6), (";", 0.3), ("&&", 0.3), (" & ", 0.1)]) + part
        return out

    def script(self):
        nl = self.weighted([("\\\n    ", 7), ("", 4), ("\\\n", 1), ("\\\n\t", 1), ("\\\n  # note\n  ", 0.7), ("\\\n\n  ", 0.15), (" \\ \n  ", 0.3)])
        return self.list(0, nl, 1, self.weighted([(1, 5), (2, 4), (4, 4), (7, 2)]))

    def run_flags(self):
        return self.weighted([("", 30), ("--mount=type=cache,target=/var/cache/apt ", 1), ("--mount=type=cache,target=/var/lib/apt/lists ", 0.7),
                              ("--mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt ", 1), ("--mount=type=cache,target=/root/.cache/pip ", 1),
                              ("--mount=type=tmpfs,target=/var/cache/apk ", 0.4), ("--mount=type=cache,target=/var/cache/apk ", 0.5), ("--network=none ", 0.4), ("--security=insecure ", 0.3),
                              ("--mount=type=bind,source=.,target=/src ", 0.6), ("--mount=type=secret,id=x ", 0.5), ("--mount=type=ssh ", 0.3), ("--mount=type=cache,target=/root/.npm ", 0.4),
                              ("--mount=type=cache,target=/var/cache/zypp ", 0.3), ("--mount=type=cache,target=/var/cache/libdnf5 ", 0.3), ("--mount=type=cache,target=/root/.cache/yarn ", 0.3),
                              ("--mount=type=bind,from=build,source=/a,target=/b ", 0.4), ("--mount=from=nginx:1,target=/b ", 0.3), ("--mount=type=cache,id=a,dst=/var/lib/apt/lists,sharing=locked ", 0.2),
                              ("--mount=type=cache,target=/usr/local/share/.cache/yarn ", 0.1), ("--mount=type=tmpfs,target=/tmp ", 0.2), ("--mount=type=cache,target=/var/cache/yum ", 0.2),
                              ("--mount=type=cache,target=/var/cache/dnf ", 0.2)])

    def exec_words(self, text):
        return "[" + ", ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"' for w in text.split()) + "]"

    def run(self):
        kind = self.r.random()
        if kind < 0.05:
            return "RUN " + self.run_flags() + self.exec_words(self.pick(self.command, lambda: "bash -c " + "x", lambda: "sh -c apt-get install curl"))
        if kind < 0.085:
            body = "\n".join(self.list(0, "", 1, 2) for _ in range(self.r.randint(1, 4)))
            mark = self.pick("EOF", "EOF", "END", "SCRIPT")
            head = self.weighted([(f"<<{mark}", 6), (f"<<'{mark}'", 1), (f"<<-{mark}", 1), (f"bash <<{mark}", 1), (f"cat <<{mark} > /f", 0.7), (f"<<\"{mark}\"", 0.4), (f"python3 <<{mark}", 0.4)])
            return f"RUN {self.run_flags()}{head}\n{self.maybe(0.15, '#!/bin/bash' + chr(10))}{body}\n{mark}"
        if kind < 0.25:
            return "RUN " + self.run_flags() + self.command()
        return "RUN " + self.run_flags() + self.script()

    # ---- other instructions -------------------------------------------------------------------------------------
    def pair(self, key, value):
        return f"{key}={value}"

    def variables(self, word):
        r = self.r
        if word == "ARG":
            return "ARG " + " ".join(self.r.choice(ENVS) + self.maybe(0.6, "=" + self.r.choice(VALUES)) for _ in range(1 if r.random() < 0.85 else 2))
        if r.random() < 0.12:
            return f"ENV {r.choice(ENVS)} {r.choice(VALUES)}"
        sep = self.weighted([(" ", 5), (" \\\n    ", 3)])
        return "ENV " + sep.join(self.pair(r.choice(ENVS), r.choice(VALUES)) for _ in range(r.randint(1, 4)))

    def label(self):
        if self.r.random() < 0.1:
            return f"LABEL {self.r.choice(LABELS)} {self.r.choice(LABEL_VALUES)}"
        sep = self.weighted([(" ", 5), (" \\\n      ", 3)])
        return "LABEL " + sep.join(self.pair(self.maybe(0.1, '"') and f'"{self.r.choice(LABELS)}"' or self.r.choice(LABELS), self.r.choice(LABEL_VALUES)) for _ in range(self.r.randint(1, 3)))

    def copy(self):
        word = self.weighted([("COPY", 8), ("ADD", 3)])
        flags = self.weighted([("", 12), ("--chown=app:app ", 2), ("--chmod=755 ", 0.6), ("--link ", 0.8), ("--chown=1000 --chmod=0644 ", 0.3)])
        if word == "COPY" and self.r.random() < 0.3:
            flags += "--from=" + self.r.choice([*ALIASES, "0", "1", "2", "7", "nginx", "nginx:1.25", "ghcr.io/acme/base:1.0", "golang", "ghcr.io/acme/base", "${BASE}"]) + " "
        if word == "COPY" and self.r.random() < 0.04:
            flags += "--parents "
        if word == "COPY" and self.r.random() < 0.03:
            flags += "--exclude=*.md "
        if word == "ADD" and self.r.random() < 0.05:
            flags += "--checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
        sources, target = self.some(SOURCES, 1, self.weighted([(1, 7), (2, 2), (3, 1)])), self.r.choice(PATHS)
        if self.r.random() < 0.08:
            return f"{word} {flags}" + self.exec_words(" ".join([*sources, target]))
        if self.r.random() < 0.025 and word == "COPY":
            return f"COPY <<EOF {self.r.choice(['/x', '/etc/conf', 'rel'])}\nline one\nRUN x\nEOF"
        return f"{word} {flags}{' '.join(sources)} {target}"

    def start(self, word):
        if self.r.random() < 0.55:
            return f"{word} " + self.exec_words(self.pick("nginx -g", "python app.py", "/bin/sh -c", "node server.js", "./run", "sudo x", "sh -c cd", "ssh x"))
        return f"{word} " + self.pick("npm start", "exec ./run \"$@\"", "python app.py && echo", "/start.sh", "node server.js", "cd /app && ./run", "curl x | sh", "[\"a\" \"b\"]", "['a', 'b']")

    def health(self):
        return "HEALTHCHECK " + self.weighted([("NONE", 1), ("--interval=5s --timeout=3s CMD [\"curl\", \"-f\", \"http://localhost\"]", 2), ("CMD curl -f http://localhost/ || exit 1", 3),
                                               ("--interval=30s CMD wget -q x", 1), ("--retries=3 --start-period=5s \\\n  CMD [\"/ok\"]", 1), ("--start-interval=2s CMD /x", 0.2)])

    def onbuild(self):
        return "ONBUILD " + self.weighted([(self.run, 5), (self.copy, 2), (lambda: self.variables("ENV"), 1), (lambda: "WORKDIR rel", 0.7), (lambda: "USER root", 0.5), (lambda: "CMD x y", 0.5),
                                           (lambda: "FROM x", 0.15), (lambda: "MAINTAINER me", 0.15), (lambda: "ONBUILD RUN x", 0.15), (lambda: "EXPOSE 99999", 0.3), (lambda: self.variables("ARG"), 0.5),
                                           (lambda: self.label(), 0.3), (self.health, 0.3)])()

    def shell(self):
        return "SHELL " + self.pick('["/bin/bash", "-o", "pipefail", "-c"]', '["/bin/bash", "-eo", "pipefail", "-c"]', '["/bin/bash", "-c"]', '["/bin/ash", "-eo", "pipefail", "-c"]', '["pwsh", "-Command"]',
                                     '["powershell", "-Command"]', '["/bin/sh", "-o", "pipefail", "-c"]', '["bash", "-euo", "pipefail", "-c"]', '["/bin/zsh", "-o", "pipefail", "-c"]', '["cmd", "/S", "/C"]',
                                     '["/bin/bash", "-x", "-o", "pipefail", "-c"]', '["/usr/bin/bash", "-o", "errexit", "-o", "pipefail", "-c"]', '["/bin/sh", "-ec"]')

    def pragma(self):
        ids = ",".join(self.some(["DL3008", "DL3006", "SC2086", "DL3003", "DL3015", "DL3018", "DL3059", "DL4006", "DL3013", "DL3042", "DL3047", "DL3009"], 1, 3))
        return "# " + self.weighted([(f"hadolint ignore={ids}", 8), (f"hadolint global ignore={ids}", 1), (f"hadolint ignore={ids} # because", 1), (f"hadolint ignore={ids.replace(',', ', ')}", 0.6),
                                     (f"hadolint stage ignore={ids}", 0.7), ("hadolint shell=/bin/bash", 0.6), ("hadolint shell=/bin/bash -o pipefail -c", 0.2), ("hadolint shell=pwsh", 0.2), (f"hadolint  ignore={ids}", 0.3),
                                     (f"hadolint ignore = {ids}", 0.3), (f"hadolint ignore={ids} trailing", 0.3), ("a plain comment", 3), (f"hadolint ignore {ids}", 0.2), (f"Hadolint ignore={ids}", 0.2)])

    def case_of(self, text):
        if self.r.random() < 0.985:
            return text
        head, _, rest = text.partition(" ")
        return self.pick(head.lower(), head.capitalize()) + " " + rest

    def from_line(self, stages, first):
        r = self.r
        image = r.choice(stages) if stages and r.random() < 0.25 else r.choice(IMAGES)
        text = "FROM " + self.weighted([("", 14), ("--platform=linux/amd64 ", 0.6), ("--platform=$BUILDPLATFORM ", 0.8), ("--platform=$TARGETPLATFORM ", 0.4), ("--platform=${TARGETPLATFORM} ", 0.2),
                                        ("--platform=${BUILDPLATFORM} ", 0.3), ("--platform=linux/$TARGETARCH ", 0.2)]) + image
        if r.random() < (0.75 if first else 0.4):
            name = r.choice(ALIASES)
            stages.append(name)
            text += self.weighted([(" AS ", 8), (" as ", 3)]) + name
        return text

    def instruction(self):
        return self.weighted([
            (self.run, 11), (self.copy, 5), (lambda: self.variables("ENV"), 2.2), (lambda: self.variables("ARG"), 1.6), (self.label, 1.6), (lambda: "WORKDIR " + self.r.choice(PATHS), 2),
            (lambda: "USER " + self.r.choice(USERS), 1.7), (lambda: "EXPOSE " + " ".join(self.some(PORTS, 1, 2)), 1), (lambda: self.start("CMD"), 1.3), (lambda: self.start("ENTRYPOINT"), 1), (self.health, 0.7),
            (self.onbuild, 0.7), (self.shell, 0.8), (lambda: "VOLUME " + self.pick("/data", '["/data", "/x"]', "/a /b", "/proc"), 0.4), (lambda: "STOPSIGNAL " + self.pick("SIGTERM", "9"), 0.2),
            (lambda: "MAINTAINER " + self.pick("me", "Me <me@example.com>"), 0.35)])()

    def file(self):
        r, lines, stages = self.r, [], []
        if r.random() < 0.06:
            lines.append(self.pick("# syntax=docker/dockerfile:1", "# escape=\\", "# check=skip=all", "#!/usr/bin/env docker", "# syntax = docker/dockerfile:1.7"))
        if r.random() < 0.06:
            lines.append(self.pragma())
        for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
            lines.append(self.variables("ARG"))
        if r.random() < 0.02:
            lines.append(self.instruction())
        for number in range(r.choices([1, 2, 3, 4], [6, 3, 1.5, 0.5])[0]):
            if r.random() < 0.05:
                lines.append(self.pragma())
            lines.append(self.case_of(self.from_line(stages, number == 0)))
            for _ in range(r.randint(1, 9)):
                if r.random() < 0.12:
                    lines.append(self.pragma())
                if r.random() < 0.2:
                    lines.append(self.pick("", "", "# text", "#", "   ", "# RUN cd /x"))
                lines.append(self.maybe(0.02, "  ") + self.case_of(self.instruction()))
        return "\n".join(lines) + self.maybe(0.95, "\n")

    def damage(self, text):
        r = self.r
        for _ in range(r.randint(1, 3)):
            lines = text.split("\n")
            i = r.randrange(len(lines))
            words = lines[i].split(" ")
            j = r.randrange(len(words))
            kind = r.randrange(11)
            if kind == 0 and len(words) > 2:
                del words[j]
            elif kind == 1:
                words.insert(j, words[j])
            elif kind == 2 and len(words) > 2:
                k = r.randrange(1, len(words))
                words[k], words[max(1, k - 1)] = words[max(1, k - 1)], words[k]
            elif kind == 3:
                words[j] = '"' + words[j] + '"'
            elif kind == 4:
                words[j] = words[j].upper() if r.random() < 0.3 else words[j].replace("-", "--", 1)
            elif kind == 5:
                words.append(r.choice(["-y", "\\", "&& cd /x", "| tee y", "# c", ";", "--no-cache", "2>&1", "$X", "'"]))
            elif kind == 6 and len(words) > 1:
                words[j] = words[j] + r.choice(["", "=1", ":2", "/", ".deb", "-1.0", "@1", "$V", "\\ x"])
            elif kind == 7:
                lines.insert(i, r.choice(["", "# between", "RUN true", "USER root", "WORKDIR /w", "EXPOSE 80", "CMD [\"x\"]"]))
            elif kind == 8 and i + 1 < len(lines):
                lines[i], lines[i + 1] = lines[i + 1], lines[i]
            elif kind == 9 and len(lines) > 3:
                del lines[i]
            else:
                lines[i] = " ".join(words).replace("&&", r.choice([";", "||", "&&", "|"]), 1)
            if kind <= 6 and i < len(lines):
                lines[i] = " ".join(words)
            text = "\n".join(lines)
        return text


def samples():
    """The written files: "=== NAME [crlf] [nonl]" begins each. Texts with plain line ends, and the flags."""
    found = []
    for path in sorted((pathlib.Path(__file__).resolve().parent / "lint_samples").glob("*.txt")):
        for part in re.split(r"(?m)^=== ", path.read_text())[1:]:
            head, body = part.split("\n", 1)
            found.append((body, head.split()[1:]))
    return found


def instructions(text):
    """The text in pieces that each hold one instruction, with the comments before it and its heredocs."""
    pieces, piece, marker, more = [], [], None, False
    for line in text.split("\n"):
        piece.append(line)
        if marker:
            marker = None if line.strip() == marker else marker
        elif not (line.lstrip().startswith("#") or (more and not line.strip())):
            found = re.search(r"<<-?['\"]?([A-Z]+)", line)
            marker = found.group(1) if found and not more else None
            more = line.rstrip().endswith("\\")
        if not marker and not more and line.strip() and not line.lstrip().startswith("#"):
            pieces.append("\n".join(piece))
            piece = []
    return pieces


MARKS = ["'", '"', "`", "$", "$(", "$((", "${", ")", "))", "}", "{", "(", "((", "[", "]", "[[", "]]", ";", ";;", "&", "&&", "|", "||", "|&", "<", ">", ">>", "<<<", "<(", "\\", "!", "#",
         " ", "=", "*", "?", ":", "if ", "then ", "fi", "do ", "done", "esac", "else ", "case x in ", "for i in a; do ", "while x; do ", "x=(", "time ", "! ", "\\\n", "\n", "2>&1", "&>x", " -y", "function f "]


def wound(r, text):
    """Damage at the level of characters."""
    for _ in range(r.randint(1, 2)):
        at = r.randrange(len(text) + 1)
        kind = r.randrange(4)
        if kind == 0:
            text = text[:at] + r.choice(MARKS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + 1:]
        elif kind == 2:
            places = [m.start() for m in re.finditer(r"[;&|(){}\[\]'\"`$\\<>]", text)]
            if places:
                at = r.choice(places)
                text = text[:at] + r.choice(["", r.choice(MARKS)]) + text[at + 1:]
        else:
            words = [m.span() for m in re.finditer(r"[A-Za-z]+", text)]
            if words:
                start, end = r.choice(words)
                text = text[:start] + r.choice(["", text[start:end] * 2, r.choice(MARKS)]) + text[end:]
    return text


def written(make, known):
    """A written file, or one of instructions from several."""
    r = make.r
    text, flags = r.choice(known)
    if r.random() < 0.7:
        pieces = instructions(text)
        for _ in range(r.randint(1, 6)):
            kind = r.randrange(4)
            if kind == 0 and len(pieces) > 1:
                del pieces[r.randrange(len(pieces))]
            elif kind == 1:
                other = instructions(r.choice(known)[0]) or ["# nothing else"]
                pieces.insert(r.randint(0, len(pieces)), r.choice(other))
            elif kind == 2:
                pieces.insert(r.randint(0, len(pieces)), make.instruction())
            elif len(pieces) > 1:
                i, k = r.randrange(len(pieces)), r.randrange(len(pieces))
                pieces[i], pieces[k] = pieces[k], pieces[i]
        text = "\n".join(pieces) + "\n"
    if r.random() < 0.45:
        text = wound(r, text) if r.random() < 0.6 else make.damage(text)
    if "nonl" in flags:
        text = text.rstrip("\n")
    return text.replace("\n", "\r\n") if "crlf" in flags else text


def corpus(seed, count):
    known = samples()
    for i in range(count):
        make = Make(f"{seed}/{i}")
        if i % 5 in (1, 4):
            text = written(make, known)
        else:
            text = make.file()
            if make.r.random() < 0.34:
                text = make.damage(text) if make.r.random() < 0.7 else wound(make.r, text)
        yield f"{i:05d}.Dockerfile", text

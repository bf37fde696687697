"""Dockerfiles that provoke BuildKit's build checks and its errors; the same for the same seed."""
import random

NAMES = ["app", "build", "base", "final", "Build", "APP", "context", "scratch", "linux-amd64", "arm64", "Scratch", "b.c_d-e", "1st", "stage-1", "a"]
IMAGES = ["alpine", "alpine:3.20", "debian:12", "scratch", "golang:1.22", "$BASE", "${BASE}", "${BASE:-alpine}", "alpine:$TAG", "alpine:${TAG:-1}", "alpine:${TAG-}", "$NOPE", "${BASEE}", "img:${VERSION}", "Foo/Bar", "a@b", "alpine:", "$EMPTY", "x${EMPTY}",
          "ghcr.io/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "localhost:5000/x", "${REGISTRY}/app:1", "${REGISTRY}app", "\"alpine\"", "'alpine'", "alp\\ine", "${BASE:?need it}", "${BASE?need}", "${BASE%x}", "${BASE/a/b}", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
PLATFORMS = ["linux/amd64", "$BUILDPLATFORM", "$TARGETPLATFORM", "${TARGETPLATFORM}", "linux/arm64", "linux", "arm64", "windows/amd64", "$NOPE", "${TARGETOS}/${TARGETARCH}", "linux/$TARGETARCH", "linux/arm/v7", "$BUILDPLATFROM", "${TARGETPLATFORM:-linux/amd64}", "\"linux/amd64\"", "a/b/c/d", "l$x", "", "$EMPTY", "linux/x86_64", "aarch64", "${TARGETPLATFORM}${EMPTY}", "freebsd"]
KEYS = ["A", "B", "FOO", "PATH", "API_KEY", "TOKEN", "auth", "GITHUB_TOKEN", "PUBLIC_KEY", "KEY_FILE", "password", "my_secret_version", "passwords", "KEYS", "SECRET", "Credential_x", "monkey", "apikey", "pword", "VERSION", "TAG", "BASE", "BASEE", "HOME", "http_proxy", "TARGETARCH", "TARGETOS", "BUILDKIT_SBOM_SCAN_STAGE", "SOURCE_DATE_EPOCH", "WORKDIR", "DIR", "DIRR", "EMPTY", "REGISTRY", "token_public", "publickey", "key_"]
WORDS = ["$A", "${A}", "$B/x", "${FOO:-d}", "${FOO-}", "${FOO:+x}", "${FOO+$B}", "${NOPE:?}", "${NOPE?msg}", "$PATH", "${PATH}:/x", "$HOME", "a", "a/b", "/abs", "'$A'", "\"$B\"", "\\$A", "$DIR", "$DIRX", "${TAG#v}", "${TAG##*v}", "${TAG%.*}", "${TAG/x/y}", "${TAG//x/$B}", "$", "$1", "${1}", "$$", "${", "${A", "${A:", "${A:x}", "${A!}", "$A$B", "x$NOPE", "$TARGETARCH",
         "$TARGETOS", "$BUILDPLATFORM", "$http_proxy", "$HTTP_PROXY", "${A:-${B:-$NOPE}}", "${A:-'$B'}", "${#A}", "$@", "$*", "${A:-\"x y\"}", "\"a b\"", "a\\ b", "'x", "\"x", "$FO", "${VERSON}", "$SOURCE_DATE_EPOCH", "$TARGETSTAGE", "é$A", "$É"]
PATHS = ["/app", "app", "./x", "/", ".", "..", "/a/../b", "$DIR", "/x/$A", "C:/x", "c:\\x", "\\x", "~", "a b", "\"/q\"", "'q'"]
FILES = [".", "./", "/", "a", "./a", "a/", "a/b", "src/", "*.txt", "secret.txt", "dir/secret", "node_modules", "./node_modules/x", "../up", "/root/x", "http://x.org/y", "https://x.org/y.tar", "git@github.com:a/b.git", "https://github.com/a/b.git#main", "$A", "<<EOF", "foo.md", "a\\b", "b c", "**", "*"]
IGNORES = [None, None, "", "secret*\n", "*\n", "**\n", "node_modules\n*.md\n", "a\n!a/b\n", "src/\n", "# c\n/a\n", "**/secret\n", "dir\n", "*.txt", "[\n", "**/*\n", ".\n", "./a\n", "!x\n", "a/\n../up\n", "<<EOF\n"]
PORTS = ["80", "80/tcp", "80/TCP", "53/Udp", "8080:80", "127.0.0.1:80:80", "80-90", "90-80", "http", "$PORT", "${PORT:-80}", "80/", "80/foo", ":80", "80:", "[::1]:80:80", "::1:80:80", "99999", "-1", "1-2:3-4", "1-3:3-4", "80/sctp", "80/UDP", "0", "", "+80", "080", "$A/tcp", "\"80 81\"", "1.2.3:80:80", "80-80", "a-b", "5/TCP/x"]
SIGNALS = ["SIGTERM", "9", "TERM", "sigkill", "SIGFOO", "0", "65", "64", "-1", "SIGRTMIN+3", "RTMAX", "$A", "SIG", "RTMIN+15", "RTMAX-14", "99"]
SKIPS = ["StageNameCasing", "all", "UndefinedVar,JSONArgsRecommended", "JSONArgsRecommended", "LegacyKeyValueFormat", "FromAsCasing", "undefinedvar", "SecretsUsedInArgOrEnv", "FromPlatformFlagConstDisallowed", "DuplicateStageName", "MaintainerDeprecated", "InvalidDefinitionDescription", "ConsistentInstructionCasing", "MultipleInstructionsDisallowed", "NoEmptyContinuation", "WorkdirRelativePath"]


class Shapes:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def p(self, chance, text, other=""):
        return text if self.r.random() < chance else other

    def case(self, word):
        return self.r.choice([word] * 12 + [word.lower()] * 4 + [word.capitalize(), word.swapcase()])

    def check(self):
        r = self.r
        return r.choice([f"check=skip={r.choice(SKIPS)}"] * 5 + [f"check=skip={r.choice(SKIPS)};error=true", "check=error=true", "check=experimental=all", "check=experimental=InvalidDefinitionDescription",
                        f"check=skip={r.choice(SKIPS)} because", f"check = skip={r.choice(SKIPS)}", "check=error=maybe", "check=skip", "check=foo=x", f"check=skip= {r.choice(SKIPS)} , UndefinedVar", "check=skip=all;experimental=all", f"CHECK=skip={r.choice(SKIPS)}", "check=error=1;skip=all", "check=skip=a;skip=b;skip=c;skip=d"])

    def comment(self, name):
        r = self.r
        return self.p(0.1, "  ") + "#" + self.p(0.8, " ") + r.choice([self.check(), self.check(), f"{name} is good", "a word", name, "", f"{name}: x", "see below", f"check=skip={r.choice(SKIPS)}"])

    def pair(self):
        return self.r.choice(KEYS) + "=" + self.p(0.9, self.word().replace(" ", ""))

    def word(self):
        return self.r.choice(WORDS[:6] + WORDS[9:23] + WORDS[-12:] if self.r.random() < 0.9 else WORDS)

    def source(self):
        return self.r.choice(FILES[:15] if self.r.random() < 0.8 else FILES) if self.r.random() < 0.7 else self.word()

    def instruction(self):
        r = self.r
        kind = r.choice(["ENV", "ENV", "ARG", "ARG", "LABEL", "COPY", "COPY", "COPY", "ADD", "WORKDIR", "WORKDIR", "USER", "EXPOSE", "EXPOSE", "CMD", "CMD", "ENTRYPOINT", "HEALTHCHECK", "RUN", "RUN", "SHELL", "STOPSIGNAL", "VOLUME", "ONBUILD", "MAINTAINER"])
        word, tail = self.case(kind), ""
        if kind in ("ENV", "LABEL"):
            body = self.p(0.2, f"{r.choice(KEYS)} {self.word()}", " ".join(self.pair() for _ in range(r.randint(1, 3))))
        elif kind == "ARG":
            body = " ".join(r.choice(KEYS) + self.p(0.6, "=" + self.word().replace(" ", "")) for _ in range(r.choice([1, 1, 1, 2])))
        elif kind in ("COPY", "ADD"):
            flags = r.choice([""] * 8 + ["--chown=$A:x ", "--chmod=755 ", "--chmod=u+x ", "--chmod=999 ", "--chmod=77777 ", "--chmod=$A ", "--link ", "--link=$A ", "--exclude=*.md ", "--chown=${NOPE} ", "--bad=1 ", "--link --link "])
            if kind == "COPY" and r.random() < 0.35:
                flags += "--from=" + r.choice([*NAMES, "0", "1", "7", "-1", "nginx", "$A", "a@b", ""]) + " "
            if kind == "ADD" and r.random() < 0.1:
                flags += r.choice(["--checksum=sha256:x ", "--checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef ", "--keep-git-dir ", "--unpack=false "])
            items = [self.source() for _ in range(r.choice([0, 1, 1, 1, 1, 2]))] + [r.choice(PATHS)]
            body = flags + (" ".join(items) if r.random() < 0.9 else "[" + ", ".join(f'"{i}"' for i in items) + "]")
            if "<<EOF" in body:
                tail = "\n" + r.choice(["one", "$A", "${NOPE}", "'$B", "${A:?x}"]) + "\nEOF"
        elif kind == "WORKDIR":
            body = r.choice(PATHS) if r.random() < 0.8 else self.word()
        elif kind == "USER":
            body = r.choice(["root", "$A", "1000:1000", "${NOPE}", "a b"])
        elif kind == "EXPOSE":
            body = " ".join(r.choice(PORTS[:7] + ["443", "8080:80", "127.0.0.1:8000:80", "80/sctp", "9000/UDP"] if r.random() < 0.85 else PORTS) for _ in range(r.choice([1, 1, 2, 3])))
        elif kind in ("CMD", "ENTRYPOINT"):
            body = r.choice(['["a"]', '["a", "b"]', "npm start", "[a]", "[]", "['a']", '["a", 1]', "", "exec $A", '["$A"]'])
        elif kind == "HEALTHCHECK":
            body = r.choice(["NONE", "CMD x", 'CMD ["x"]', "--interval=5s CMD x", "--interval=$A CMD x", "--retries=3 CMD x", "--timeout=1ns CMD x", "CMD", "FOO x", "none", "cmd x"])
        elif kind == "RUN":
            body = r.choice(["true", "echo $NOPE", '["a"]', "--mount=type=cache,target=/x true", "--mount=type=bind,from=build,target=/x true", "--mount=type=cache,target=$NOPE true", "--network=none true", "--network=foo true", "--mount=type=secret,id=$A true",
                            "--mount=from=nope,target=/x true", "--security=insecure true", "--mount=type=tmpfs true", "--mount=bad true", "echo \\\n\n  x", "echo \\\n# c\n  x", "echo \\\n  \n\n  x", "--mount=type=$A,target=/x true", "--mount=type=cache,id=${NOPE},target=/x true", "--mount=type=bind,source=${A},target=/y true", "--mount=type=ssh true", "", "--mount=type=cache true"])
            if r.random() < 0.1:
                body, tail = "<<EOF", "\necho $A\nEOF"
        elif kind == "SHELL":
            body = r.choice(['["/bin/bash", "-c"]', "bash -c", "[]", '["x"]'])
        elif kind == "STOPSIGNAL":
            body = r.choice(SIGNALS[:4] if r.random() < 0.7 else SIGNALS)
        elif kind == "VOLUME":
            body = r.choice(["/data", '["/a", "/b"]', "$A", "${NOPE} /x", '[""]', "[]", '["$A"]'])
        elif kind == "ONBUILD":
            body = r.choice(["RUN true", "CMD x", "COPY --from=build a /b", "WORKDIR rel", "ENV A $NOPE", "ENV TOKEN=1", "ARG x", "ENTRYPOINT x", "MAINTAINER x", "FROM x", "ONBUILD RUN x", "copy . /x", "EXPOSE 80/TCP", "COPY secret.txt /", "Env a=b", "HEALTHCHECK NONE", "ADD x", "WORKDIR /abs"])
        else:
            body = "me"
        return f"{word} {body}{tail}"

    def file(self):
        r, out = self.r, []
        for _ in range(r.choice([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])):
            out.append("# " + r.choice([self.check(), self.check(), "syntax=docker/dockerfile:1", "escape=`", "escape=\\", "a comment"]))
        for _ in range(r.choice([0, 1, 1, 2, 3])):
            if r.random() < 0.15:
                out.append(self.comment("BASE"))
            out.append(self.case("ARG") + " " + r.choice(["BASE=alpine", "TAG=3", "VERSION", "BASE", "EMPTY=", "REGISTRY=r.io", "TAG=$NOPE", "BASE=${TAG:-x}y", "TOKEN", "BASE=A", "PLATFORM=linux/amd64", "TARGETPLATFORM", "TARGETARCH=x", "BASE=$BASE", "TAG=${VERSION:?no}", "A=1 B=2", "=x", "TAG='", "BASE=\"alpine\""]))
        if r.random() < 0.02:
            out.append(self.instruction())
        names = []
        for _ in range(r.choice([1, 1, 2, 2, 3])):
            if r.random() < 0.25:
                out.append(self.comment(r.choice(NAMES)))
            image = r.choice(names) if names and r.random() < 0.4 else r.choice(IMAGES[:5] if r.random() < 0.8 else IMAGES[5:9] if r.random() < 0.5 else IMAGES)
            line = self.case("FROM") + " " + self.p(0.25, "--platform=" + r.choice(PLATFORMS[:6] if r.random() < 0.6 else PLATFORMS) + " ") + image.strip()
            if r.random() < 0.6:
                name = r.choice(NAMES[:9] if r.random() < 0.9 else NAMES)
                names.append(name)
                line += " " + r.choice(["AS", "AS", "AS", "as", "As", "aS"]) + " " + name
            out.append(line)
            for _ in range(r.randint(0, 6)):
                if r.random() < 0.12:
                    out.append(self.comment(r.choice(KEYS)))
                if r.random() < 0.08:
                    out.append("")
                out.append(self.p(0.03, " ") + self.instruction())
        return "\n".join(out) + self.p(0.9, "\n")


def corpus(seed, count):
    """Name, text, .dockerignore (None: there is none), and the text of BUILDKIT_DOCKERFILE_CHECK or ""."""
    for i in range(count):
        shapes = Shapes(f"docker/{seed}/{i}")
        text = shapes.file()
        yield f"d{i:05d}.Dockerfile", text, shapes.r.choice(IGNORES), shapes.check()[6:] if shapes.r.random() < 0.03 else ""

"""The command lines of bench/kaniko-agreement.

In all texts: @plain@, @login@, @tls@, @mutual@ stand for registries on 127.0.0.1, @plain-name@ … for the same ones by a name that is not
loopback's, @base@ for an image with busybox, @case@ for a name of the case's own, @bad@ for a registry with the faults, @git@ for a server
of repositories, @commit@ for a commit of them. Commands run in /workspace, which has the context and the Dockerfile; /out and /cache
(where ca.pem, client.pem and client.key are) stay from one command of a case to the next.
"""
import dataclasses
import json

DOCKERFILE = "FROM @base@\nRUN echo made > /made\nCOPY f /f\n"
LOGIN = json.dumps({"auths": {"@login@": {"auth": "@auth@"}}})


@dataclasses.dataclass
class Case:
    name: str
    runs: list
    dockerfile: str = DOCKERFILE
    context: str = 'f f 0644 "x"\n'
    env: str = ""
    login: str = None
    faults: list = dataclasses.field(default_factory=list)
    stdin: bool = False  # standard input is the context as tar.gz
    archive: bool = False  # /out/context.tar.gz is the context
    git: bool = False
    git_login: str = None
    says: list = dataclasses.field(default_factory=list)  # lines to be compared
    forms: list = dataclasses.field(default_factory=list)  # what every line of standard error looks like
    times: list = dataclasses.field(default_factory=list)  # paths of which the time is compared
    based: bool = True  # only what differs from the base is compared
    media_types: bool = False


CASES = []


def case(name, *runs, **more):
    CASES.append(Case(name, list(runs), **more))


TO = "--context /workspace --destination @plain@/@case@:v1"
NO = "--context /workspace --no-push"
AT_LOGIN = "-c /workspace -d @login@/@case@:v1"  # where who pushes has to be logged in
LAYOUT = NO + " --oci-layout-path /out/layout"

# ---- what is pushed and written
case("results/push", TO)
case("results/two", TO + " -d @plain@/@case@/other:v2 --destination=@plain@/@case@:v3")
case("results/no-tag", "-c /workspace -d @plain@/@case@")
case("results/digest-file", TO + " --digest-file /out/digest")
case("results/digest-file-deep", TO + " --digest-file /out/new/deep/digest")
case("results/digest-file-relative", TO + " --digest-file digest")
case("results/name-files", TO + " -d @plain@/@case@/other --image-name-with-digest-file /out/name --image-name-tag-with-digest-file=/out/tag")
case("results/name-file", TO + " --image-name-with-digest-file /out/name")
case("results/tag-file", TO + " --image-name-tag-with-digest-file /out/tag")
case("results/name-file-hub", NO + " -d ubuntu -d a/b:c -d docker.io/library/x --oci-layout-path /out/layout --image-name-with-digest-file /out/name --image-name-tag-with-digest-file /out/tag")
case("results/name-file-unpushed", NO + " --image-name-with-digest-file /out/name")
case("results/tag-file-unpushed", NO + " --image-name-tag-with-digest-file /out/tag")
case("results/digest-file-unpushed", NO + " --digest-file /out/digest --oci-layout-path /out/layout")
case("results/layout", LAYOUT)
case("results/layout-twice", LAYOUT, LAYOUT)
case("results/layout-and-push", TO + " --oci-layout-path /out/layout")
case("results/tar", NO + " --tar-path /out/i.tar")
case("results/tar-names", NO + " --tar-path /out/i.tar -d ubuntu -d reg.example/a/b:c")
case("results/tar-and-push", TO + " --tar-path=/out/i.tar")
case("results/tar-old-name", NO + " --tarPath /out/i.tar")
case("results/tar-deep", NO + " --tar-path /out/new/i.tar")
case("results/builder-output", TO + " -d @plain@/@case@/b", env="BUILDER_OUTPUT=/out")
case("results/builder-output-missing", TO, env="BUILDER_OUTPUT=/out/none")
case("results/no-push", NO, says=["no-push"])
case("results/no-push-variable", "-c /workspace -d @plain@/@case@:v1", env="KANIKO_NO_PUSH=true")
case("results/no-push-variable-false", NO + " -d @plain@/@case@:v1", env="KANIKO_NO_PUSH=false")
case("results/zstd", TO + " --compression zstd")
case("results/zstd-tar", NO + " --compression zstd --tar-path /out/i.tar")
case("results/zstd-layout", LAYOUT + " --compression=zstd --compression-level=9")
case("results/gzip-level", TO + " --compression gzip --compression-level 9")
case("results/level-zero", TO + " --compression-level 0")
case("results/level-large", TO + " --compression-level 99")
case("results/level-negative", TO + " --compression-level -5")
case("results/destination-digest", "-c /workspace -d @plain@/@case@@sha256:" + "0" * 64)
case("results/destination-wrong", "-c /workspace -d @plain@/UPPER:v1")
case("results/destination-empty", "-c /workspace -d ''")
case("results/destination-list", "-c /workspace -d @plain@/@case@:v1,@plain@/@case@:v2")

# ---- flags as such
case("flags/none", "")
case("flags/no-destination", "-c /workspace")
case("flags/unknown", NO + " --nope")
case("flags/unknown-letter", NO + " -z")
case("flags/argument", NO + " word")
case("flags/bool-value", "-c /workspace --no-push=true", "-c /workspace --no-push=T", "-c /workspace --no-push=1", "-c /workspace --no-push=false", "-c /workspace --no-push=yes")
case("flags/bool-space", "-c /workspace --no-push true")
case("flags/bool-twice", "-c /workspace --no-push --no-push=false", "-c /workspace --no-push=false --no-push")
case("flags/text-twice", NO + " -f none -f Dockerfile", "-c /none -c /workspace --no-push")
case("flags/letters", "-c/workspace -fDockerfile --no-push", "-c=/workspace -f=Dockerfile --no-push")
case("flags/missing-value", NO + " --dockerfile")
case("flags/empty-value", NO + " --dockerfile=", NO + " --verbosity=", NO + " --registry-mirror=")
case("flags/number", NO + " --push-retry=x", NO + " --push-retry=-1", NO + " --push-retry=0x2", NO + " --push-retry=1000", NO + " --image-fs-extract-retry=1000 --image-download-retry=7")
case("flags/compression", NO + " --compression=lz4", NO + " --compression=GZIP", NO + " --compression=")
case("flags/ttl", NO + " --cache-ttl=6h", NO + " --cache-ttl=1h30m", NO + " --cache-ttl=6", NO + " --cache-ttl=-1h", NO + " --cache-ttl=0", NO + " --cache-ttl=1.5h", NO + " --cache-ttl=2d")
case("flags/snapshot-mode", *(NO + " --snapshot-mode " + word for word in ("full", "redo", "time", "none", "FULL")))
case("flags/old-names", NO + " --snapshotMode=redo --customPlatform=linux/amd64", NO + " --whitelist-var-run=false")
case("flags/platform", NO + " --custom-platform a/b/c/d/e", NO + " --custom-platform=linux")
case("flags/git", *(NO + " --git " + word for word in ("branch=x", "depth=1", "nope", "single-branch=maybe", "branch=x,single-branch=true")))
case("flags/map", *(NO + " --registry-map " + word for word in ("a=b", "a", "'a=b;c=d'", "''", "=b", "a=")))
case("flags/certificate", NO + " --registry-certificate a", NO + " --registry-client-cert a", NO + " --registry-certificate none.test=/nope", NO + " --registry-client-cert none.test=/nope")
case("flags/label", LAYOUT + " --label a", LAYOUT + " --label =b", LAYOUT + " --label ''")
case("flags/build-arg", LAYOUT + " --build-arg =b")
case("flags/version", "version")
case("flags/version-flag", "--version")
case("flags/no-force", NO, env="container=")
case("flags/force", NO + " --force", env="container=")
case("flags/help", "--help", "-h", "help")
case("flags/contradictions", NO + " --cache", NO + " --cache --no-push-cache", NO + " --cache --cache-repo @plain@/@case@/cache --no-push-cache")
case("flags/warmer", "warmer", "warmer --nope", "warmer word", "warmer -d none -c /out", "warmer -i @base@ -i @plain@/none:x -c /cache/w", "warmer -i @plain@/none:x -c /out/w")

# ---- log
COLOUR = r"\x1b\[3[0-7]m[A-Z]{4}\x1b\[0m\[\d{4}\] .*"
case("log/colour", NO, forms=[COLOUR])
case("log/text", NO + " --log-format text", forms=[r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)" level=(info|warning) msg=.*'])
case("log/json", NO + " --log-format=json", forms=[r'\{"level":"(info|warning)","msg":".*","time":".*"\}'])
case("log/timestamp", NO + " --log-timestamp", forms=[r"\x1b\[36mINFO\x1b\[0m\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)\] .*"])
case("log/text-timestamp", NO + " --log-format text --log-timestamp=false", forms=[r'time=".*" level=(info|warning) msg=.*'])
case("log/levels", *(NO + " -v " + word for word in ("warn", "warning", "WARN", "error", "fatal", "panic", "Trace", "loud", "''")))
case("log/format", NO + " --log-format xml", NO + " --log-format TEXT", NO + " --log-format=")
case("log/quiet", NO + " --verbosity=error", NO + " -v panic", forms=["nothing"])
case("log/step", NO, dockerfile="FROM @base@\nRUN echo to-stdout; echo to-stderr >&2\n", says=["^to-std.*"])

# ---- status
case("status/step", NO, dockerfile="FROM @base@\nRUN exit 42\n", says=["^error building image", r"exit status \d+$"])
case("status/step-signal", NO, dockerfile="FROM @base@\nRUN kill -9 $$\n")
case("status/no-program", NO, dockerfile='FROM @base@\nRUN ["/nope"]\n')
case("status/no-shell", NO, dockerfile="FROM scratch\nCOPY f /\nRUN true\n")
case("status/copy", NO, dockerfile="FROM scratch\nCOPY nope /\n")
case("status/syntax", NO, dockerfile="FROM scratch\nNOPE x\n")
case("status/empty", NO, dockerfile="")
case("status/no-dockerfile", NO, dockerfile=None)
case("status/no-context", "-c /none --no-push")
case("status/context-prefix", "-c ftp://x --no-push")
case("status/base-missing", NO, dockerfile="FROM @plain@/none:x\n")
case("status/base-unreachable", NO, dockerfile="FROM 127.0.0.1:1/none:x\n")
case("status/target-missing", NO + " --target none")
case("status/push-refused", AT_LOGIN, says=["^error checking push permissions", "^error pushing image"])
case("status/push-unreachable", "-c /workspace -d 127.0.0.1:1/aa/bb:v1", says=["^error checking push permissions", "^error pushing image"])
case("status/tar-unwritable", NO + " --tar-path /none/dir/i.tar")
case("status/digest-unwritable", NO + " --digest-file /proc/none/x")

# ---- what is built
case("build/target", LAYOUT + " --target a", LAYOUT + " --target A", LAYOUT + " --target 0", dockerfile="FROM @base@ AS a\nLABEL is=a\nFROM a\nLABEL is=b\n")
case("build/target-unused", NO + " --target b", NO + " --target b --skip-unused-stages", dockerfile="FROM @base@ AS a\nRUN exit 3\nFROM scratch AS b\nCOPY f /\n")
case("build/unused", LAYOUT, LAYOUT + " --skip-unused-stages=true", dockerfile="FROM @base@ AS a\nRUN echo a > /a\nFROM scratch\nCOPY f /\n", based=False)
case("build/args", LAYOUT + " --build-arg A=1 --build-arg=B='two words' --build-arg C --build-arg D --build-arg A=2", env="C=of environment\n",
     dockerfile="FROM @base@\nARG A\nARG B\nARG C\nARG D=none\nARG E=left\nRUN echo \"$A|$B|$C|$D|$E\" > /args\nLABEL a=$A b=$B c=$C d=$D e=$E\n")
case("build/arg-from", LAYOUT + " --build-arg BASE=@base@", dockerfile="ARG BASE=scratch\nFROM $BASE\nRUN true\n")
case("build/labels", LAYOUT + " --label a=1 --label b='x=y z' --label=a=2 --label c=", dockerfile="FROM @base@\nLABEL a=0 d=4\n")
case("build/platform", LAYOUT + " --custom-platform linux/arm64", LAYOUT + " --custom-platform=linux/arm/v7", dockerfile="FROM scratch\nCOPY f /\n", based=False)
case("build/reproducible", LAYOUT + " --reproducible", dockerfile="FROM @base@\nCOPY f /f\n", times=["f"])
case("build/single-snapshot", LAYOUT + " --single-snapshot", dockerfile="FROM @base@\nRUN echo a > /a\nRUN rm /a; echo b > /b\nCOPY f /f\n")
case("build/snapshot-redo", LAYOUT + " --snapshot-mode=redo", dockerfile="FROM @base@\nRUN echo a > /a\nRUN rm /a; echo b > /b\nCOPY f /f\n")
case("build/use-new-run", LAYOUT + " --use-new-run", dockerfile="FROM @base@\nRUN echo a > /a\nRUN rm /a; echo b > /b\nCOPY f /f\n")
case("build/ignore-path", LAYOUT + " --ignore-path /left", dockerfile="FROM @base@\nRUN mkdir /left /kept && echo a > /left/a && echo b > /kept/b\n")
case("build/ignore-path-copy", LAYOUT + " --ignore-path /left", dockerfile="FROM @base@\nCOPY f /left/f\nCOPY f /kept/f\n")
case("build/ignore-path-stages", LAYOUT + " --ignore-path=/left", dockerfile="FROM @base@ AS a\nRUN mkdir /left && echo a > /left/a\nFROM @base@\nCOPY --from=a /left /right\n")
case("build/var-run", LAYOUT, LAYOUT + " --ignore-var-run=false", dockerfile="FROM @base@\nRUN mkdir -p /var/run/x && echo > /var/run/x/pid\n")
case("build/cleanup", TO + " --cleanup")
case("build/kaniko-dir", TO + " --kaniko-dir /tmp/k", env="DOCKER_CONFIG=")
case("build/empty-values", TO + " --target= --cache-repo= --tar-path= --digest-file= --context-sub-path= --registry-map= --insecure-registry= --skip-tls-verify-registry= --custom-platform=")
case("build/kaniko-dir-variable", TO, env="KANIKO_DIR=/tmp/k\nDOCKER_CONFIG=")
case("build/force-metadata", LAYOUT + " --force-build-metadata", dockerfile="FROM @base@\nENV A=b\nCOPY f /\n")
case("build/retries", TO + " --image-fs-extract-retry 2 --image-download-retry=2 --push-retry 2")
case("build/compressed-caching", TO + " --cache --compressed-caching=false")
case("build/instructions", LAYOUT, dockerfile="""FROM @base@
MAINTAINER me
ARG V=1
ENV A=$V B="two words"
LABEL one=1
WORKDIR /w/x
USER 7:8
EXPOSE 80 53/udp
VOLUME /v
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --retries=2 CMD true
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["/bin/e"]
CMD ["a", "b"]
ONBUILD RUN true
""")
case("build/media-types", LAYOUT, media_types=True, dockerfile="FROM scratch\nCOPY f /d/f\n", based=False)
case("build/scratch", LAYOUT, dockerfile="FROM scratch\nCOPY f /d/f\nENTRYPOINT [\"/d/f\"]\n", based=False)
case("build/copies", LAYOUT, context='d/a f 0755 "a"\nd/b f 0600 "b"\nd/sub/c f 0644 "c"\nl l d/a\n.dockerignore f 0644 "d/b\\n"\nf f 0644 "x"\n',
     dockerfile="FROM @base@\nCOPY d /to\nCOPY d/* /flat/\nCOPY --chown=5:6 f /owned\nADD f /added/\nRUN rm /etc/passwd; mkdir -m 1777 /t; ln -s x /t/l; ln /owned /t/h\n")
case("build/stages", LAYOUT, dockerfile="FROM @base@ AS one\nRUN echo one > /one; mkdir /d; echo 2 > /d/two\nFROM one AS two\nRUN echo three > /three\nFROM @base@\nCOPY --from=one /one /d/ /\nCOPY --from=1 /three /x/\nCOPY --from=@base@ /etc/passwd /p\n")
case("build/dockerfile", LAYOUT + " -f d/D", LAYOUT + " --dockerfile=/workspace/d/D", context='d/D f 0644 "FROM scratch\\nCOPY f /g\\n"\nd/D.dockerignore f 0644 "nothing\\n"\nf f 0644 "x"\n', based=False)
case("build/dockerignore-own", LAYOUT + " -f d/D", context='d/D f 0644 "FROM scratch\\nCOPY . /\\n"\nd/D.dockerignore f 0644 "*\\n!f\\n"\n.dockerignore f 0644 "f\\n"\nf f 0644 "x"\n', based=False)
case("build/dockerignore-dockerfile", LAYOUT, context='.dockerignore f 0644 "Dockerfile\\n.dockerignore\\n"\nf f 0644 "x"\n', dockerfile="FROM scratch\nCOPY . /\n", based=False)
case("build/user-home", LAYOUT, dockerfile="FROM @base@\nRUN echo $HOME > /h; id -u > /u\nUSER 7\nRUN echo $HOME > /tmp/h\n")
case("build/proxy", LAYOUT + " --build-arg http_proxy=http://p", dockerfile="FROM @base@\nRUN echo $http_proxy > /p\n")

# ---- contexts
case("context/dir", "-c dir:///workspace --no-push --oci-layout-path /out/layout")
case("context/relative", "-c . --no-push --oci-layout-path /out/layout", "-c dir://. --no-push --oci-layout-path /out/layout")
case("context/default", "--no-push --oci-layout-path /out/layout")
case("context/tar", "-c tar:///out/context.tar.gz --no-push --oci-layout-path /out/layout", archive=True)
case("context/tar-missing", "-c tar:///out/none.tar.gz --no-push")
case("context/stdin", "-c tar://stdin --no-push --oci-layout-path /out/layout", archive=True, stdin=True)
case("context/sub-path", "-c dir:///workspace --context-sub-path d --no-push --oci-layout-path /out/layout", "-c tar:///out/context.tar.gz --context-sub-path d -f d/Dockerfile --no-push --oci-layout-path /out/layout",
     archive=True, context='f f 0644 "x"\nd/f f 0644 "in d"\nd/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\n', based=False)
case("context/sub-path-of-folder", LAYOUT + " --context-sub-path d", context='f f 0644 "x"\nd/f f 0644 "in d"\nd/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\n', based=False)
case("context/sub-path-missing", "-c dir:///workspace --context-sub-path none --no-push")
GIT = {"git": True, "env": "GIT_PULL_METHOD=http\n"}
ENDS = " --no-push --oci-layout-path /out/layout"
case("context/git", "-c git://@git@/r.git" + ENDS, **GIT)
case("context/git-ref", "-c git://@git@/r.git#refs/heads/next" + ENDS, **GIT)
case("context/git-commit", "-c git://@git@/r.git#@commit@" + ENDS, **GIT)
case("context/git-ref-commit", "-c git://@git@/r.git#refs/heads/next#@commit@" + ENDS, **GIT)
case("context/git-tag", "-c git://@git@/r.git#refs/tags/v1" + ENDS, **GIT)
case("context/git-short", "-c git://@git@/r.git#next" + ENDS, **GIT)
case("context/git-branch", "-c git://@git@/r.git --git branch=next" + ENDS, "-c git://@git@/r.git --git branch=v1 --git single-branch=true" + ENDS, **GIT)
case("context/git-branch-missing", "-c git://@git@/r.git --git branch=none" + ENDS, **GIT)
case("context/git-missing", "-c git://@git@/none.git" + ENDS, **GIT)
case("context/git-token", "-c git://@git@/r.git" + ENDS, git=True, git_login="Basic dG9rOg==", env="GIT_PULL_METHOD=http\nGIT_TOKEN=tok\n")
case("context/git-user", "-c git://@git@/r.git" + ENDS, git=True, git_login="Basic bWU6cHc=", env="GIT_PULL_METHOD=http\nGIT_USERNAME=me\nGIT_PASSWORD=pw\n")
case("context/git-user-url", "-c git://me:pw@@git@/r.git" + ENDS, git=True, git_login="Basic bWU6cHc=", env="GIT_PULL_METHOD=http\n")
case("context/git-sub-path", "-c git://@git@/r.git --context-sub-path d -f Dockerfile" + ENDS, context='d/f f 0644 "in d"\nd/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\nf f 0644 "x"\n', based=False, **GIT)

# ---- cache
STEPS = "FROM @base@\nRUN echo ran-1 >&2; echo 1 > /1\nCOPY f /f\nRUN echo ran-2 >&2; echo 2 > /2\n"
RAN = {"dockerfile": STEPS, "says": [r"^ran-\d"]}
case("cache/twice", TO + " --cache", TO + " --cache=true", **RAN)
case("cache/repo", TO + " --cache --cache-repo @plain@/@case@/mine", TO + " --cache --cache-repo @plain@/@case@/mine", **RAN)
case("cache/repo-unpushed", NO + " --cache --cache-repo @plain@/@case@/mine", NO + " --cache --cache-repo @plain@/@case@/mine", **RAN)
case("cache/no-push-cache", TO + " --cache --no-push-cache", TO + " --cache --no-push-cache", **RAN)
case("cache/copy-layers", TO + " --cache --cache-copy-layers", TO + " --cache --cache-copy-layers", **RAN)
case("cache/no-runs", TO + " --cache --cache-run-layers=false", TO + " --cache --cache-run-layers=false", **RAN)
case("cache/no-runs-copies", TO + " --cache --cache-run-layers=false --cache-copy-layers=true", TO + " --cache --cache-run-layers=false --cache-copy-layers=true", **RAN)
case("cache/layout", NO + " --cache --cache-repo oci:/cache/layers", NO + " --cache --cache-repo oci:/cache/layers", **RAN)
case("cache/off", TO, TO, **RAN)
case("cache/ttl", TO + " --cache --cache-ttl 1h", TO + " --cache --cache-ttl 1ns", **RAN)
case("cache/repo-refused", TO + " --cache --cache-repo @login@/@case@/cache", **RAN)
case("cache/repo-refused-unpushed", NO + " --cache --cache-repo @login@/@case@/cache", **RAN)
case("cache/repo-tagged", TO + " --cache --cache-repo @plain@/@case@/mine:tag", **RAN)
case("cache/arg", TO + " --cache --build-arg A=1", TO + " --cache --build-arg A=2", TO + " --cache --build-arg A=1", dockerfile="FROM @base@\nARG A\nRUN echo ran-$A >&2; echo $A > /a\n", says=[r"^ran-\d"])
case("cache/compressed", TO + " --cache --compression zstd", TO + " --cache --compression=zstd", **RAN)
case("cache/warmer", "warmer -i @base@ -c /out/warm --insecure-pull", "warmer --image=@base@ --cache-dir /out/warm", "warmer -i @base@ -c /out/warm --force -v warn",
     NO + " --cache-dir /out/warm --digest-file /out/warm/x", says=["[Aa]lready in cache"])
case("cache/warmer-dockerfile", "warmer -d /workspace/Dockerfile --build-arg B=@base@ -c /out/warm --cache-ttl 6h --customPlatform linux/amd64", dockerfile="ARG B\nFROM $B AS a\nFROM a\nFROM scratch\n")
case("cache/stages", TO + " --cache", TO + " --cache", dockerfile="FROM @base@ AS a\nRUN echo ran-1 >&2; echo 1 > /1\nFROM @base@\nCOPY --from=a /1 /1\nRUN echo ran-2 >&2; cat /1 > /2\n", says=[r"ran-\d$"])

# ---- registries
case("registry/login", AT_LOGIN, login=LOGIN)
case("registry/login-user", AT_LOGIN, login='{"auths": {"@login@": {"username": "user", "password": "pass-w0rd"}}}')
case("registry/login-scheme", AT_LOGIN, login='{"auths": {"http://@login@": {"auth": "@auth@"}}}')
case("registry/login-https", AT_LOGIN, login='{"auths": {"https://@login@": {"auth": "@auth@"}}}')
case("registry/login-v1", AT_LOGIN, login='{"auths": {"https://@login@/v1/": {"auth": "@auth@"}}}')
case("registry/login-v2", AT_LOGIN, login='{"auths": {"@login@/v2/": {"auth": "@auth@"}}}')
case("registry/login-other", AT_LOGIN, login='{"auths": {"other.example": {"auth": "@auth@"}}}')
case("registry/login-wrong", AT_LOGIN, login='{"auths": {"@login@": {"auth": "d3Jvbmc6b25l"}}}')
case("registry/login-garbage", AT_LOGIN, login='{"auths": ')
case("registry/login-empty", TO, login="")
case("registry/login-more", AT_LOGIN, login='{"auths": {"@login@": {"auth": "@auth@", "email": "x"}}, "HttpHeaders": {"A": "b"}, "psFormat": "x", "experimental": "enabled"}')
case("registry/login-auth-padded", AT_LOGIN, login='{"auths": {"@login@": {"auth": "@auth@\\n"}}}')
case("registry/login-helper-missing", AT_LOGIN, login='{"auths": {"@login@": {"auth": "@auth@"}}, "credsStore": "none"}')
case("registry/login-helper-other", AT_LOGIN, login='{"auths": {"@login@": {"auth": "@auth@"}}, "credHelpers": {"other.example": "none"}}')
case("registry/login-pull", NO, login=LOGIN, dockerfile="FROM @login@/base\nCOPY f /f\n")
case("registry/skip-check", "-c /workspace -d @login@/@case@:v1 --skip-push-permission-check", says=["^error checking push permissions", "^error pushing image"])
case("registry/plain-refused", "-c /workspace -d @plain-name@/@case@:v1")
case("registry/insecure", "-c /workspace -d @plain-name@/@case@:v1 --insecure")
case("registry/insecure-registry", "-c /workspace -d @plain-name@/@case@:v1 --insecure-registry @plain-name@")
case("registry/insecure-registry-other", "-c /workspace -d @plain-name@/@case@:v1 --insecure-registry other.test")
case("registry/insecure-registry-portless", "-c /workspace -d @plain-name@/@case@:v1 --insecure-registry registry.test")
case("registry/insecure-pull", *(NO + more for more in ("", " --insecure-pull", " --insecure-registry=@plain-name@", " --insecure")), dockerfile="FROM @plain-name@/base\nCOPY f /f\n")
case("registry/tls", *("-c /workspace -d @tls-name@/@case@:v1" + more for more in ("", " --skip-tls-verify", " --skip-tls-verify-registry @tls-name@", " --insecure", " --insecure-registry=@tls-name@", " --skip-tls-verify-pull",
     " --registry-certificate @tls-name@=/cache/ca.pem", " --registry-certificate other=/cache/ca.pem", " --registry-certificate registry.test=/cache/ca.pem")))
case("registry/client-cert", *("-c /workspace -d @mutual-name@/@case@:v1 --registry-certificate=@mutual-name@=/cache/ca.pem" + more for more in ("", " --registry-client-cert @mutual-name@=/cache/client.pem,/cache/client.key",
     " --registry-client-cert=@mutual-name@=/cache/client.pem", " --registry-client-cert=@mutual-name@=/cache/none,/cache/client.key")))
case("registry/mirror", *(NO + more for more in (" --registry-mirror @plain@", " --registry-mirror=127.0.0.1:1 --registry-mirror=@plain@", " --registry-mirror @plain@ --skip-default-registry-fallback")), dockerfile="FROM index.docker.io/base\nCOPY f /f\n")
case("registry/mirror-library", NO + " --registry-mirror=@plain@ --skip-default-registry-fallback", dockerfile="FROM base\nCOPY f /f\n")
case("registry/mirror-variable", NO + " --skip-default-registry-fallback", dockerfile="FROM docker.io/library/base\nCOPY f /f\n", env="KANIKO_REGISTRY_MIRROR=@plain@")
case("registry/map", *(NO + more for more in (" --registry-map other.test=@plain@", " --registry-map 'a=b;other.test=@plain@'", " --registry-map other.test=127.0.0.1:1 --registry-map other.test=@plain@", " --registry-map other.test=127.0.0.1:1 --skip-default-registry-fallback",
     " --registry-map @plain@=@plain@/none")), dockerfile="FROM other.test/base\nCOPY f /f\n")
case("registry/map-variable", NO + " --registry-map=other.test=127.0.0.1:1", env="KANIKO_REGISTRY_MAP=other.test=@plain@", dockerfile="FROM other.test/base\nCOPY f /f\n")
case("registry/push-retry", "-c /workspace -d @bad@/aa/bb:v1 --push-retry 1", faults=["PUT-manifests-500"])
case("registry/push-fails", "-c /workspace -d @bad@/aa/bb:v1", faults=["always-PUT-manifests-500"])
case("registry/immutable", "-c /workspace -d @bad@/aa/bb:v1", "-c /workspace -d @bad@/aa/bb:v1 --push-ignore-immutable-tag-errors", faults=["always-immutable"])
case("registry/push-two-one-fails", "-c /workspace -d @plain@/@case@:v1 -d @bad@/aa/bb:v1 --skip-push-permission-check", faults=["always-PUT-manifests-500"])

# ---- odd spellings, and what goes together
case("results/relative", "-c . --no-push --tar-path ../out/i.tar --oci-layout-path ../out/layout --digest-file ../out/digest -d aa/bb:c --image-name-with-digest-file ../out/name")
case("results/tar-port", NO + " --tar-path /out/i.tar -d reg.example:5000/aa -d reg.example:5000/aa:v1 -d bb")
case("results/same-twice", TO + " -d @plain@/@case@:v1 --image-name-with-digest-file /out/name", NO + " -d aa:b -d aa:b --tar-path /out/i.tar")
case("results/digest-file-longer", "-c /workspace/d --no-push -f Dockerfile --digest-file /out/long", TO + " --digest-file /out/long",
     context='d/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\nd/f f 0644 "1"\nf f 0644 "x"\n')
case("results/digest-file-folder", NO + " --digest-file /out")
case("results/name-file-folder", NO + " -d aa --image-name-with-digest-file /out")
case("results/tar-folder", NO + " -d aa --tar-path /out")
case("results/layout-file", NO + " --oci-layout-path /workspace/f")
case("results/layout-filled", "-c /workspace/d --no-push --oci-layout-path /out/layout", LAYOUT, context='d/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\nd/f f 0644 "1"\nf f 0644 "x"\n')
case("results/builder-output-unpushed", NO + " -d a/b:c", env="BUILDER_OUTPUT=/out")
case("results/builder-output-no-tag", "-c /workspace -d @plain@/@case@ -d @plain@/@case@/x", env="BUILDER_OUTPUT=/out")
case("results/zstd-push-types", TO + " --compression=zstd --compression-level 1", media_types=True)
case("results/gzip-push-types", TO, media_types=True)
case("results/level-words", NO + " --compression-level=", NO + " --compression-level=9.5", NO + " --compression-level=0x9", NO + " --compression-level=+3")
case("results/destination-spaces", "-c /workspace -d ' @plain@/@case@:v1'", "-c /workspace -d '@plain@/@case@:v1 '")
case("results/destination-scheme", "-c /workspace -d http://@plain@/@case@:v1", "-c /workspace -d docker://@plain@/@case@:v1")
case("results/destination-tag-forms", "-c /workspace -d @plain@/@case@:V1.0_x-y", "-c /workspace -d @plain@/@case@:" + "t" * 128, "-c /workspace -d @plain@/@case@:" + "t" * 129)
case("results/destination-tag-empty", "-c /workspace -d @plain@/@case@:", "-c /workspace -d @plain@/@case@:-x")
case("results/destination-name-forms", *(f"-c /workspace --no-push -d {word}" for word in ("aa__b/cc", "localhost/aa", "aa:5000", "x" * 256)))
case("results/destination-name-lax", *(f"-c /workspace --no-push -d {word}" for word in ("aa.b_c/dd", "aa/b//c", "-a/bb", "aa/b_", "a")))
case("results/no-push-and-all", NO + " -d @plain@/@case@:v1 --digest-file /out/d --image-name-with-digest-file /out/n --image-name-tag-with-digest-file /out/t --tar-path /out/i.tar --oci-layout-path /out/layout")

case("flags/bool-case", *(f"-c /workspace --no-push={word}" for word in ("TRUE", "True", "t", "tRUE", "0x1", "' true'", "")))
case("flags/double-dash", NO + " --", "-c /workspace -- --no-push")
case("flags/letter-forms", "-c /workspace --no-push -vwarn", "-c /workspace --no-push -v=warn", "-c /workspace --no-push -v", "-fc /workspace --no-push", "-c /workspace --no-push -b ''")
case("flags/help-forms", "help version", "help none", "version --help", "--help=false")
case("flags/help-and-more", "--help --nope", "-h word")
case("flags/version-forms", "version --nope")
case("flags/completion", "completion bash", "completion none", "completion")
case("flags/dash-alone", NO + " -", "- --no-push", NO + " -- word")
case("flags/abbreviated", "-c /workspace --no-pus", "--contex /workspace --no-push", "-c /workspace -no-push")
case("flags/single-dash", "-context /workspace --no-push", "-c /workspace --no-push -destination a")
case("flags/upper", "--CONTEXT /workspace --no-push", "-C /workspace --no-push", "-c /workspace --No-Push")
case("flags/underscore", "-c /workspace --no_push")
case("flags/list-commas", LAYOUT + " --build-arg A=1,B=2 --label l=1,m=2", dockerfile="FROM @base@\nARG A\nARG B=none\nLABEL a=$A b=$B\n")
case("flags/values", LAYOUT + " --build-arg A= --build-arg B==x --build-arg 'C=a b\tc' --build-arg D='$A' --label 'k k=v' --label q=a=b", dockerfile="FROM @base@\nARG A=left\nARG B\nARG C\nARG D\nLABEL a=$A b=$B c=$C d=$D\n")
case("flags/deprecated-together", NO + " --snapshotMode full --snapshot-mode redo", NO + " --tarPath /out/i.tar --tar-path /out/j.tar -d aa", NO + " --customPlatform linux/amd64 --custom-platform=linux/amd64")
case("flags/retries-words", *(NO + f" {flag}={word}" for flag in ("--push-retry", "--image-download-retry", "--image-fs-extract-retry") for word in ("1.0", "''", "1_0", "010", "0b1")))
case("flags/mode-empty", NO + " --snapshot-mode=", NO + " --compression=''", NO + " --log-format=''")
case("flags/ttl-words", *(NO + f" --cache-ttl={word}" for word in ("''", "1us", "1m1s", "1h-1m", "h", "9999999h", ".5h", "1H", "+1h", "300ms")))
case("flags/context-empty", "-c '' --no-push", "--context= --no-push")
case("flags/bucket", NO + " --bucket=")
case("flags/git-plain", NO + " --git branch=next", NO + " --git recurse-submodules=true", NO + " --git insecure-skip-tls=true", NO + " --git depth=x", NO + " --git 'branch=a branch=b'", NO + " --git branch")
case("flags/push-subcommand", "push", "login")

case("log/json-debug", NO + " --log-format json -v debug", forms=[r'\{"level":"(info|warning|debug)","msg":".*","time":".*"\}'])
case("log/json-step", NO + " --log-format=json", dockerfile="FROM @base@\nRUN echo to-stdout; echo to-stderr >&2\n", says=["^to-std.*"])
case("log/error-json", NO + " --log-format json", dockerfile="FROM @base@\nRUN exit 3\n", says=[r"^error building image", r"exit status \d+$"])
case("log/error-text", NO + " --log-format text -v error", dockerfile="FROM @base@\nRUN exit 3\n", says=[r"^error building image", r"exit status \d+$"])
case("log/quiet-step", NO + " -v error", dockerfile="FROM @base@\nRUN echo to-stdout; echo to-stderr >&2\n", says=["^to-std.*"])

case("status/context-file", "-c /workspace/f --no-push", "-c dir:///workspace/f --no-push", "-c dir://none --no-push")
case("status/dockerfile-folder", NO + " -f d", context='d/x f 0644 "1"\nf f 0644 "x"\n')
case("status/dockerfile-outside", NO + " -f ../none/Dockerfile", NO + " -f /none/Dockerfile", NO + " -f ''")
case("status/step-codes", *(f"{NO} -f D{n}" for n in (1, 2, 126, 127, 255)), dockerfile=None,
     context='f f 0644 "x"\n' + "".join(f'D{n} f 0644 "FROM @base@\\nRUN exit {n}\\n"\n' for n in (1, 2, 126, 127, 255)))
case("status/step-first-stage", NO, dockerfile="FROM @base@ AS a\nRUN exit 9\nFROM @base@\nCOPY --from=a /bin/sh /s\n")
case("status/exec-form", NO, dockerfile='FROM @base@\nRUN ["/bin/sh", "-c", "exit 17"]\n')
case("status/not-executable", NO, dockerfile="FROM @base@\nCOPY f /f\nRUN [\"/f\"]\n")
case("status/copy-pattern", NO, dockerfile="FROM scratch\nCOPY none* /\n")
case("status/copy-from-missing", NO, dockerfile="FROM @base@ AS a\nFROM scratch\nCOPY --from=a /none /\n")
case("status/copy-from-no-stage", NO, dockerfile="FROM scratch\nCOPY --from=5 /none /\n")
case("status/user-missing", NO, dockerfile="FROM @base@\nUSER nobodyhere\nRUN true\n")
case("status/only-arg", NO, dockerfile="ARG A=1\n")
case("status/from-empty", NO, dockerfile="ARG A\nFROM $A\n")
case("status/target-empty-stage", NO + " --target b", dockerfile="FROM scratch AS a\nCOPY f /\nFROM scratch AS b\n")
case("status/base-wrong-name", NO, dockerfile="FROM UPPER/name\n")
case("status/base-digest-missing", NO, dockerfile="FROM @plain@/base@sha256:" + "0" * 64 + "\n")

case("build/target-list", LAYOUT + " --target a --target b", dockerfile="FROM @base@ AS a\nLABEL is=a\nFROM a AS b\nLABEL is=b\n")
case("build/platform-forms", *(NO + f" --custom-platform={word}" for word in ("linux/amd64/v2", "linux/AMD64", "linux/x86_64", "LINUX/amd64")), dockerfile="FROM scratch\nCOPY f /\n")
case("build/platform-lax", *(NO + f" --custom-platform={word}" for word in ("linux/", "/amd64", "linux/amd64,linux/arm64")), dockerfile="FROM scratch\nCOPY f /\n")
case("build/platform-base", LAYOUT + " --custom-platform=linux/amd64", NO + " --custom-platform=linux/s390x")
case("build/arg-from-parts", LAYOUT + " --build-arg TAG=latest", dockerfile="ARG REG=@plain@\nARG TAG=none\nFROM ${REG}/base:${TAG} AS a\nARG TAG\nRUN echo $TAG > /t\n")
case("build/onbuild", "-c /workspace -f D1 -d @plain@/@case@/on:v1", LAYOUT + " -f D2", dockerfile=None, based=False,
     context='f f 0644 "x"\nD1 f 0644 "FROM scratch\\nONBUILD COPY f /on\\nONBUILD LABEL l=1\\n"\nD2 f 0644 "FROM @plain@/@case@/on:v1\\nLABEL m=2\\n"\n')
case("build/whiteouts", LAYOUT, dockerfile="FROM @base@\nRUN mkdir -p /d/e && echo 1 > /d/e/f && echo 2 > /d/g\nRUN rm -r /d/e && rm /d/g && echo 3 > /d/h\nRUN rm -r /d\nRUN mkdir /d && echo 4 > /d/i\n")
case("build/modes", LAYOUT, dockerfile="FROM @base@\nRUN echo 1 > /a && chmod 4755 /a && mkdir -m 2775 /b && mkdir -m 1777 /c && ln -s ../x /c/l && ln /a /b/h && chown 12:34 /b && touch -t 200102030405 /b/old\n", times=["b/old"])
case("build/crlf", LAYOUT, dockerfile="FROM @base@\r\nRUN echo a > /a\r\nLABEL x=y\r\n")
case("build/escape", LAYOUT, dockerfile="# escape=`\nFROM @base@\nRUN echo a `\n  > /a\nLABEL x=y`\n  z=w\n")
case("build/resets", LAYOUT, dockerfile="FROM @base@\nENTRYPOINT [\"/e\"]\nCMD [\"c\"]\nENTRYPOINT []\nHEALTHCHECK NONE\n")
case("build/env", LAYOUT, dockerfile="FROM @base@\nENV A=1 B=$A\nENV C=$A$B D=\"x y\" E='q $A'\nENV OLD style here\nRUN echo \"$A|$B|$C|$D|$E|$OLD\" > /o\nENV PATH=/x:$PATH\n")
case("build/workdir", LAYOUT, dockerfile="FROM @base@\nWORKDIR /a\nWORKDIR b\nCOPY f ./\nRUN pwd > p\nWORKDIR ../c\nRUN echo > q\n")
case("build/add-archive", LAYOUT, dockerfile="FROM @base@\nADD a.tar.gz /into/\nCOPY a.tar.gz /as/\n", context='f f 0644 "x"\n')
case("build/ignore-forms", LAYOUT, dockerfile="FROM scratch\nCOPY . /\n", based=False,
     context='.dockerignore f 0644 "# c\\n**/x\\n*.log\\n!keep.log\\nd/*\\n!d/k\\n/top\\nDockerfile\\n"\nx f 0644 "1"\na.log f 0644 "1"\nkeep.log f 0644 "1"\nd/j f 0644 "1"\nd/k f 0644 "1"\ne/x f 0644 "1"\ne/y f 0644 "1"\ntop f 0644 "1"\nf f 0644 "x"\n')
case("build/copy-forms", LAYOUT, dockerfile="FROM @base@\nCOPY [\"a b\", \"/a b\"]\nCOPY d?/x* /e/\nCOPY f f2 /g/\nCOPY f /h\nCOPY d1 /i\nARG D=/j\nCOPY f ${D}/k\n", context='f f 0644 "x"\nf2 f 0600 "y"\na\\x20b f 0644 "s"\nd1/x1 f 0644 "1"\nd2/x2 f 0755 "2"\n')
case("build/volume", LAYOUT, dockerfile="FROM @base@\nRUN mkdir /v && echo 1 > /v/a\nVOLUME /v\nRUN echo 2 > /v/b\n")
case("build/stage-names", LAYOUT, dockerfile="FROM @base@ AS One\nRUN echo 1 > /1\nFROM @base@ as two\nCOPY --from=ONE /1 /\nFROM two\nCOPY --from=one /1 /x/\nCOPY --from=two /1 /y/\n")
case("build/nothing", LAYOUT, dockerfile="FROM @base@\n")
case("build/only-metadata", LAYOUT, dockerfile="FROM @base@\nENV A=1\nLABEL b=2\n")
case("build/arg-inherited", LAYOUT + " --build-arg A=o", dockerfile="ARG A=g\nFROM @base@ AS a\nARG A\nENV E=$A\nFROM a\nRUN echo \"$A|$E\" > /o\n")

case("context/trailing", "-c /workspace/ --no-push --oci-layout-path /out/layout", "-c dir:///workspace/// --no-push --oci-layout-path /out/layout", "-c /workspace/../workspace/. --no-push --oci-layout-path /out/layout")
case("context/stdin-empty", "-c tar://stdin --no-push")
case("context/stdin-dockerfile", "-c tar://stdin -f Dockerfile --no-push --oci-layout-path /out/layout", archive=True, stdin=True)
case("context/stdin-sub-path", "-c tar://stdin --context-sub-path=d --no-push --oci-layout-path /out/layout", archive=True, stdin=True, dockerfile=None,
     context='d/f f 0644 "in d"\nd/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\n', based=False)
case("context/tar-relative", "-c tar://../out/context.tar.gz --no-push --oci-layout-path /out/layout", archive=True)
case("context/sub-path-above", "-c dir:///workspace --context-sub-path .. --no-push")
case("context/tar-not", "-c tar:///workspace/f --no-push")
case("context/tar-folder", "-c tar:///workspace --no-push")
case("context/sub-path-forms", *(f"-c dir:///workspace --context-sub-path {word} -f d/Dockerfile --no-push --oci-layout-path /out/layout" for word in ("/d", "d/", "./d", "d/../d")),
     context='f f 0644 "x"\nd/f f 0644 "in d"\nd/Dockerfile f 0644 "FROM scratch\\nCOPY f /g\\n"\n', based=False)
case("context/git-forms", *(f"-c git://@git@/r.git{word} --no-push --oci-layout-path /out/layout" for word in ("#main", "#v1", "#refs/heads/none", "#none", "#0000000000000000000000000000000000000000", "#", "##", "#refs/heads/next#0000000000000000000000000000000000000000")), **GIT)
case("context/git-slash", "-c git://@git@/r.git/" + ENDS, **GIT)
case("context/git-branch-and-ref", "-c git://@git@/r.git#refs/heads/next --git branch=main" + ENDS, **GIT)
case("context/git-no-suffix", "-c git://@git@/r" + ENDS, **GIT)
case("context/git-dockerfile", "-c git://@git@/r.git -f d/D" + ENDS, context='d/D f 0644 "FROM scratch\\nCOPY d/x /g\\n"\nd/x f 0644 "1"\nf f 0644 "x"\n', based=False, **GIT)
case("context/git-token-wrong", "-c git://@git@/r.git" + ENDS, git=True, git_login="Basic dG9rOg==", env="GIT_PULL_METHOD=http\nGIT_TOKEN=other\n")
case("context/git-method", "-c git://@git@/r.git" + ENDS, git=True, env="GIT_PULL_METHOD=ftp\n")

case("cache/no-cache-repo-used", TO + " --cache-repo @plain@/@case@/mine", **RAN)
case("cache/destinations", TO + " -d @plain@/@case@/other:v1 --cache", TO + " -d @plain@/@case@/other:v1 --cache", **RAN)
case("cache/changed-context", "-c /workspace/one -f Dockerfile -d @plain@/@case@:v1 --cache", "-c /workspace/two -f Dockerfile -d @plain@/@case@:v1 --cache", dockerfile=None, says=[r"^ran-\d"],
     context="".join(f'{d}/Dockerfile f 0644 "FROM @base@\\nRUN echo ran-1 >&2; echo 1 > /1\\nCOPY f /f\\nRUN echo ran-2 >&2; echo 2 > /2\\n"\n{d}/f f 0644 "{d}"\n' for d in ("one", "two")))
case("cache/metadata-changed", *(f"{TO} -f D{n} --cache" for n in (1, 2)), dockerfile=None, says=[r"^ran-\d"],
     context='f f 0644 "x"\n' + "".join(f'D{n} f 0644 "FROM @base@\\nLABEL n={n}\\nRUN echo ran-1 >&2; echo 1 > /1\\n"\n' for n in (1, 2)))
case("cache/env-changed", *(f"{TO} -f D{n} --cache" for n in (1, 2)), dockerfile=None, says=[r"^ran-\d"],
     context='f f 0644 "x"\n' + "".join(f'D{n} f 0644 "FROM @base@\\nENV n={n}\\nRUN echo ran-1 >&2; echo 1 > /1\\n"\n' for n in (1, 2)))
case("cache/workdir", TO + " --cache", TO + " --cache", dockerfile="FROM @base@\nWORKDIR /w\nRUN echo ran-1 >&2; echo 1 > /1\n", says=[r"^ran-\d"])
case("cache/target", TO + " --cache --target a", TO + " --cache --target b", TO + " --cache", dockerfile="FROM @base@ AS a\nRUN echo ran-1 >&2; echo 1 > /1\nFROM a AS b\nRUN echo ran-2 >&2; echo 2 > /2\n", says=[r"^ran-\d"])
case("cache/reproducible", TO + " --cache --reproducible", TO + " --cache --reproducible", **RAN)
case("cache/single-snapshot", TO + " --cache --single-snapshot", TO + " --cache --single-snapshot", **RAN)
case("cache/layout-relative", NO + " --cache --cache-repo oci:../cache/layers", NO + " --cache --cache-repo=oci:../cache/layers", **RAN)
case("cache/failing-step", TO + " --cache", TO + " --cache", dockerfile="FROM @base@\nRUN echo ran-1 >&2; echo 1 > /1\nRUN exit 7\n", says=[r"^ran-\d"])
case("cache/dir-missing", TO + " --cache --cache-dir /none", **RAN)
case("cache/login", *["-c /workspace -d @login@/@case@:v1 --cache"] * 2, login=LOGIN, **RAN)
case("cache/insecure", *["-c /workspace -d @plain-name@/@case@:v1 --insecure --insecure-pull --cache"] * 2, **RAN)
case("cache/warmer-both", "warmer -i @base@ -d /workspace/Dockerfile -c /out/warm", "warmer -d /workspace/none -c /out/warm", dockerfile="FROM @plain@/library/base\n")
case("cache/warmer-mirror", "warmer -i base -c /out/warm --registry-mirror @plain@ --skip-default-registry-fallback", "warmer -i other.test/base -c /out/warm --registry-map other.test=@plain@")
case("cache/warmer-words", "warmer -i '' -c /out/w", "warmer -i UPPER -c /out/w", "warmer --help", "warmer -i @base@ -c /out/w --cache-ttl x", "warmer version", "warmer -i @base@ -c /out/warm -v loud")

case("registry/auth-variable", AT_LOGIN, env="DOCKER_AUTH_CONFIG=" + LOGIN)
case("registry/login-elsewhere", AT_LOGIN, env="DOCKER_CONFIG=/none")
case("registry/login-token", AT_LOGIN, login='{"auths": {"@login@": {"identitytoken": "x"}}}')
case("registry/login-auth-and-user", AT_LOGIN, login='{"auths": {"@login@": {"auth": "@auth@", "username": "no", "password": "no"}}}')
case("registry/login-upper", AT_LOGIN, login='{"Auths": {"@login@": {"Auth": "@auth@"}}}')
case("registry/login-not-base64", AT_LOGIN, login='{"auths": {"@login@": {"auth": "!!"}}}')
case("registry/login-no-colon", AT_LOGIN, login='{"auths": {"@login@": {"auth": "dXNlcg=="}}}')
case("registry/login-slash", AT_LOGIN, login='{"auths": {"@login@/": {"auth": "@auth@"}}}')
case("registry/login-list", AT_LOGIN, login='[]', )
case("registry/login-null", TO, login='{"auths": null}')
case("registry/mirror-forms", *(NO + f" --skip-default-registry-fallback --registry-mirror {word}" for word in ("http://@plain@", "@plain@/", "@plain@/library", "'@plain@,127.0.0.1:1'", "''")), dockerfile="FROM base\nCOPY f /f\n")
case("registry/map-hub", *(NO + f" --skip-default-registry-fallback --registry-map {word}=@plain@" for word in ("index.docker.io", "docker.io", "registry-1.docker.io")), dockerfile="FROM base\nCOPY f /f\n")
case("registry/map-path", NO + " --registry-map other.test=@plain@/library --skip-default-registry-fallback", NO + " --registry-map 'other.test=@plain@/none;other.test=@plain@/library'", dockerfile="FROM other.test/base\nCOPY f /f\n")
case("registry/map-variable-several", NO, env="KANIKO_REGISTRY_MAP=a.test=127.0.0.1:1;other.test=@plain@", dockerfile="FROM other.test/base\nCOPY f /f\n")
case("registry/mirror-variable-several", NO + " --skip-default-registry-fallback", dockerfile="FROM base\nCOPY f /f\n", env="KANIKO_REGISTRY_MIRROR=127.0.0.1:1,@plain@")
case("registry/map-push", "-c /workspace -d other.test/@case@:v1 --registry-map other.test=@plain@ --skip-push-permission-check --push-retry 0")
case("registry/insecure-several", "-c /workspace -d @plain-name@/@case@:v1 --insecure-registry a.test --insecure-registry=@plain-name@", "-c /workspace -d @plain-name@/@case@:v1 --insecure-registry=a.test,@plain-name@")
case("registry/insecure-false", "-c /workspace -d @plain-name@/@case@:v1 --insecure=false", "-c /workspace -d @plain-name@/@case@:v1 --insecure=true --insecure=false")
case("registry/retry-exhausted", "-c /workspace -d @bad@/aa/bb:v1 --push-retry 2", faults=["PUT-manifests-500", "PUT-manifests-500"])
case("registry/digest-file-push-fails", "-c /workspace -d @bad@/aa/bb:v1 --digest-file /out/d --image-name-with-digest-file /out/n --tar-path /out/i.tar --oci-layout-path /out/layout", faults=["always-PUT-manifests-500"])
case("registry/no-push-no-login", "-c /workspace -d @login@/@case@:v1 --no-push")

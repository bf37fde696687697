"""What a file can say in many forms: here-documents, shells, expansions in every instruction, triggers over levels, users that a step made, targets."""
import json

VALUES = ["$A", "${A}", "${B:-d e}", "${B-x}", "${A:+y}", "${U:+z}", "${P#*/}", "${P##*/}", "${P%/*}", "${P%%/*}", "${P/o/0}", "${P//l/L}", "${P//\\//_}", "'$A'", '"$A b"', '"a\\"b"', "a\\ b", "\\$A", "${A:-${P##*/}}", "é", '"${B:-"q"}"', "''", "$A$P", "${N}x"]
PATHS = ["/w", "a", "./b", "../c", "/w/$A", "${P#/}", "$A/x", "/${B:-d}", ".", "/w/../v", "..", '"q r"', "/w/./y/"]
OWNERS = ["made", "made:made", "made:crew", "2000:crew", ":crew", "2000", "${WHO:-made}", "app", "app:50", "0:0"]


def heredoc(r, n):
    """COPY or RUN of one to three here-documents."""
    marks, bodies = [], []
    names = r.sample(["EOF", "a.txt", "B", "end-1", "_x"], r.choice([1, 1, 2, 3]))
    for name in names:
        dash, quote = r.choice(["", "", "-"]), r.choice(["", "", "'", '"'])
        marks.append(f"<<{dash}{quote}{name}{quote}")
        lines = [r.choice(["plain", "$A", "${B:-b c}", "${P##*/} ${P%/*}", "${P//l/L}", "\\$A", "\\\\$A", "\"$A\" '$A'", "\ttab", "\t\t$A", "# no comment", "", "a\\", "b \\", "`x`", "$(y)", "<<EOF", f" {name}", f"{name} ", "é $N", "${N:+set}", "$", "$$A", "${UNSET}", "ADD x /y"]) for _ in range(r.randint(0, 5))]
        bodies.append("".join(line + "\n" for line in lines) + ("\t" * r.randint(0, 2) if dash else "") + name)
    text = "\n" + "\n".join(bodies)
    flags = " ".join(w for w in [r.choice(["--chmod=640", "--chmod=u=rw,g=r", "--chmod=$MODE", ""]), r.choice(["--chown=" + r.choice(OWNERS), "", ""]), r.choice(["--link", "", "", ""])] if w)
    if r.random() < .65:
        to = f"/h{n}/" if len(names) > 1 or r.random() < .4 else r.choice([f"/h{n}", f"h{n}", f"/h{n}/$A", f"${{W:-/h{n}}}"])
        return f"{r.choice(['COPY', 'COPY', 'ADD'])} {flags} {' '.join(marks)} {to}{text}"
    return r.choice([f"RUN cat {' '.join(marks)} > /h{n}{text}", f"RUN {marks[0]} cat > /h{n}\n{bodies[0]}", f"RUN <<EOF\necho \"$0|$A|$-\" > /h{n}\npwd >> /h{n}\nEOF", f"RUN <<-'x y'\n\techo '$A' \"$A\" > /h{n}\n\tx y", f"RUN cat 3<<E /dev/fd/3 > /h{n}\n$A\nE",
                     f"RUN (cat <<E; echo \"$A\") > /h{n}\nin\nE", f"RUN <<E1 cat > /h{n} && cat <<E2 >> /h{n}\none\nE1\ntwo $A\nE2", f"RUN echo '<<EOF' > /h{n}", f"RUN echo $((1<<2)) > /h{n}", f"RUN cat <<< x > /h{n}; true"])


def step(r, n):
    """One instruction that works, most times."""
    v, w = r.choice(VALUES), r.choice(VALUES)
    return r.choice([
        lambda: heredoc(r, n), lambda: heredoc(r, n), lambda: heredoc(r, n),
        lambda: f"ENV V{n}={v} W{n}={w}", lambda: f"ENV V{n} {v}  {w}", lambda: f"ENV A={v}", lambda: f"ARG X{n}={v}", lambda: f"ARG X{n}={v} Y{n}={w} Z{n}",
        lambda: f"LABEL {r.choice(['a', '$A', 'x.y', chr(34) + 'k k' + chr(34), 'a' + chr(92) + ' b', '${P##*/}'])}={v} l{n}={w}", lambda: f"LABEL l{n}=\"a\\\n  b\" m='c\\\nd'",
        lambda: f"WORKDIR {r.choice(PATHS)}", lambda: f"WORKDIR {r.choice(PATHS)}\nWORKDIR {r.choice(PATHS)}\nRUN pwd > /p{n}",
        lambda: "USER " + r.choice(OWNERS[:6] + OWNERS[7:]) + f"\nRUN id -u > /tmp/u{n}; id -g >> /tmp/u{n}; id -G >> /tmp/u{n}; echo $HOME >> /tmp/u{n}; busybox stat -c '%a %u:%g' . >> /tmp/u{n}\nUSER root",
        lambda: f"USER {r.choice(OWNERS)}\nWORKDIR /uw{n}/$A\nCOPY a.txt ./\nUSER root",
        lambda: f"COPY --chown={r.choice(OWNERS)} --chmod={r.choice(['$MODE', '0${N}0', 'a=r', '4755', 'go-rwx,u+x'])} d /o{n}/{r.choice(['', 'p/q/', '$A/'])}",
        lambda: f"COPY --from={r.choice(['0', 'first', 'FIRST', 'First', '${FROM_ARG:-first}'])} {r.choice(['/st', '/st/*', '/st/[ab]', '/st/?.txt', '/st/a /st/b'])} /f{n}/",
        lambda: f"COPY {r.choice(['a.txt', '$SRC', '${SRC%.txt}.txt', '[ab].txt', 'a?txt', chr(91) + chr(34) + 'x y' + chr(34) + ', ' + chr(34) + f'/c{n}/$A/' + chr(34) + chr(93), 'd/*', 'd/**', '*'])} /c{n}/",
        lambda: f"ADD {v} /z{n}/", lambda: f"VOLUME {r.choice(['/v$A', json.dumps(['/v/$A', 'rel']), '/v1 /v2 ' + w, '/a b'])}", lambda: f"EXPOSE {r.choice(['${N}', '${N}/udp', '80 ${N}-22', '$N-2$N/tcp', '8${N:+1}'])}",
        lambda: "STOPSIGNAL " + r.choice(["$SIG", "${SIG#SIG}", "SIG${NONE:-QUIT}", "RTMIN+1", "sigint", "SIGRTMAX-3", "rtmax"]), lambda: "HEALTHCHECK " + r.choice(["NONE", f"--interval={r.choice(['1h2m3s', '90s', '0.5m', '1m0s', '2h45m', '1500ms'])} CMD {v} x", "--retries=5 --start-period=10s --start-interval=5s CMD [\"a\", \"$A\"]", "--timeout=3s\\\n CMD a \\\n b"]),
        lambda: "SHELL " + r.choice(['["/bin/sh", "-ec"]', '["/bin/sh", "-xc"]', '["/bin/busybox", "sh", "-c"]', '["/bin/sh", "-c", "echo \\"$0 $1\\" > /sh; eval \\"$0\\""]', '["/bin/echo"]']) + f"\nRUN echo \"$- $A\" > /s{n}; true\nCMD a $A",
        lambda: "CMD " + r.choice([v, json.dumps(["a", "$A"]), "a \\\n b", "[a, b]", "exec $A " + v]), lambda: f"ENTRYPOINT {r.choice([v, json.dumps(['e', '']), '[]'])}",
        lambda: f"RUN echo {v} {w} > /e{n}; true", lambda: f"RUN [\"/bin/sh\", \"-c\", \"echo {json.dumps('$A')[1:-1]} $0 > /j{n}\", \"zero\"]", lambda: f"RUN echo $TARGETPLATFORM/$BUILDARCH/$TARGETSTAGE/$X{n} > /t{n}", lambda: "ARG " + r.choice(["TARGETARCH", "TARGETOS=q", "BUILDPLATFORM", "TARGETSTAGE", "TARGETVARIANT", "GA", "GB", "GC=own", "HTTP_PROXY", "SOURCE_DATE_EPOCH"]),
        lambda: f"RUN --mount=type=bind,target=/m{r.choice([',source=$SRC', ',source=d', ''])} --mount=type=tmpfs,target=/q${{N}} cat /m/x.txt /m > /b{n} 2>&1; ls -d /q* >> /b{n}",
        lambda: f"MAINTAINER {v}", lambda: "RUN busybox adduser -D -u 3000 late && touch /home/late/f && chown late /home/late/f\nCOPY --chown=late a.txt /home/late/\nUSER late\nRUN id -un > ~/me\nUSER root"])()


TRIGGERS = ["ENV T{n}=$A", "RUN echo \"{n} $A $0\" >> /trig", "COPY a.txt /on{n}/", "COPY --from=first /st/a /onf{n}", "WORKDIR on{n}", "ARG TA{n}=$GA", "LABEL t{n}=${{A:-none}}", "COPY <<EOF /onh{n}\n$A\n\ttab\nEOF", "RUN <<EOF\necho {n} >> /trig\nEOF", "USER made", "SHELL [\"/bin/sh\", \"-ec\"]",
            "VOLUME /on{n}", "EXPOSE 1{n}", "HEALTHCHECK CMD {n} $A", "STOPSIGNAL 1{n}", "CMD on {n}", "ENTRYPOINT [\"on\", \"{n}\"]", "ADD --chown=made b.txt ./", "RUN --mount=target=/m ls /m > /onm{n}", "COPY --chown=made:crew --parents d/./e /onp{n}/", "env lower{n}=$P  x", "copy   b.txt\t/onb{n}"]


def forms(r):
    """A first stage with files, stages above each other with triggers, and the one that is asked for."""
    lines = r.choice([[], ["ARG GA=ga", "ARG GB=${GA:-none}b GC=$GB"], ["ARG GA", "ARG BASE=@base@", "ARG FROM_ARG=0"], ["ARG GB=b", "ARG GA=${GB/b/$GB} PICK=${GB}1"], ["ARG TARGETARCH", "ARG GA=$TARGETARCH"]])
    lines += ["FROM @base@ AS First", "RUN mkdir /st && echo a > /st/a && echo b > /st/b && echo t > /st/c.txt && chown 3:4 /st/b",
              "RUN echo 'made:x:2000:2001::/home/made:/bin/sh' >> /etc/passwd && echo 'crew:x:2002:made' >> /etc/group && echo 'made:x:2001:' >> /etc/group && mkdir -p /home/made", "ENV A=hello B= P=/usr/local/lib N=7 MODE=751 SRC=a.txt SIG=SIGINT"]
    before = "first"
    for level in range(r.randint(0, 3)):
        name = r.choice([f"L{level}", f"l{level}", f"level-{level}"])
        for i in range(r.randint(0, 3)):
            lines.append(f"ONBUILD {r.choice(TRIGGERS).format(n=f'{level}{i}')}")
        lines += [f"FROM {r.choice([before, before.upper() if r.random() < .1 else before])} AS {name}"] + [step(r, f"{level}{i}") for i in range(r.randint(0, 3))]
        before = name.lower()
    if r.random() < .5:
        lines += [f"ONBUILD {r.choice(TRIGGERS).format(n='7')}", f"ONBUILD {r.choice(TRIGGERS).format(n='8')}"]
    lines += [f"FROM {before}" + r.choice(["", " AS last", " AS Last"])] + [step(r, n) for n in range(r.randint(3, 9))]
    text = "\n".join(lines) + "\n"
    if r.random() < .12:
        text = "# escape=`\n" + text.replace("\\", "`")
    elif r.random() < .1:
        text = r.choice(["# syntax=docker/dockerfile:1\n", "#   escape   =   \\\n", "# syntax=docker/dockerfile:1.7\n# escape=\\\n# check=skip=all\n"]) + text
    options = [w for w in ["--build-arg GA=given", "--build-arg GB=", "--build-arg A=no", "--build-arg FROM_ARG=first", "--build-arg TARGETSTAGE=x", "--build-arg GC=gg", "--label a=over", "--target last", "--target LAST"] if r.random() < .07]
    return (f"--- options\n{' '.join(options)}\n--- context\n.dockerignore f 0644 \"Dockerfile\\n.dockerignore\\n\"\na.txt f 0640 7:8 \"a\"\nb.txt f 0644 \"b\"\nd d 0750\nd/x.txt f 0600 \"x\"\nd/e d 0711\nd/e/y f 0755 \"y\"\nhello f 0644 \"hello\"\n\"x y\" f 0644 \"xy\"\n"
            "--- tree\n--- Dockerfile\n" + text)


NAMES = ["a", "b.txt", "c.md", ".h", "ab", "n[1]", "s*r", "x y", "é"]


def choose(r):
    """What of a context is copied: --parents with pivots, --exclude with stars, patterns with escapes."""
    files = {"/".join(r.choice(NAMES) for _ in range(r.randint(1, 4))) for _ in range(12)}
    files = sorted(f for f in files if not any(g.startswith(f + "/") for g in files))
    listing = [f"{json.dumps(f)} f 0{r.choice(['644', '600', '755'])} {r.choice(['', '3:4 '])}{json.dumps(f)}" for f in files]
    listing += [f"{json.dumps(f.rsplit('/', 1)[0])} d 0{r.choice(['750', '711'])} {r.choice(['', '5:6'])}" for f in files if "/" in f and r.random() < .4]
    listing += r.choice([[], ["ln l a", "e d 0700", "e/none d 0711"], ["fl l b.txt", "up l ../x"]])
    lines = ["FROM scratch"]
    for n in range(r.randint(2, 6)):
        part = lambda: r.choice(NAMES[:5] * 2 + ["*", "?", "[a-c]*", "*.txt", "n\\[1\\]", "s\\*r", "[^.]*", "*b*"])
        flags = r.choice([["--parents"], ["--parents"], [], ["--parents", "--link"]]) + [f"--exclude={'/'.join(r.choice(['**', '*', part()]) for _ in range(r.randint(1, 3)))}" for _ in range(r.choice([0, 0, 1, 1, 2]))]
        flags = [f if r.random() < .85 or not f.startswith("--exclude") else f.replace("=", "=!") for f in flags] + r.choice([[], [], ["--chown=9:8"], ["--chmod=705"]])
        flags = [f for f in flags if " " not in f]
        sources = []
        for _ in range(r.choice([1, 1, 2])):
            words = r.choice(files).split("/") if r.random() < .8 else [part() for _ in range(r.randint(1, 3))]
            if r.random() < .3:
                words = words[:r.randint(1, len(words))]
            if r.random() < .3:
                words[r.randrange(len(words))] = r.choice(["*", part()])
            if "--parents" in flags and r.random() < .4:
                words.insert(r.randint(0, len(words)), ".")
            text = "/".join(words)
            sources.append(r.choice(["", "", "", "/", "./"]) + text + r.choice(["", "", "", "/"]))
        if any(" " in s for s in sources):
            lines.append(" ".join(["COPY", *flags, json.dumps([*sources, f"/o{n}/"], ensure_ascii=False)]))
        else:
            lines.append(" ".join([r.choice(["COPY", "COPY", "ADD"]) if "--parents" not in flags else "COPY", *flags, *sources, f"/o{n}/"]))
    return "--- options\n\n--- context\n.dockerignore f 0644 \"Dockerfile\\n.dockerignore\\n\"\n" + "\n".join(listing) + "\n--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n"


LONG = "l" * 90 + "/" + "m" * 120 + "/" + "n" * 60
ENTRIES = [f"\"{LONG}\" f 0644 1:2 \"long\" @1000", f"\"{'y' * 200}\" l {LONG}", f"ln2 l \"{'t' * 300}\"", f"hl h \"{LONG}\"", "a d 0755 @5", "a/f f 0644 \"f\" @6", "a/g h a/f", "a/./h f 0600 \"h\"", "a//i f 0644 \"i\"", "b l a", "c l /a", "c/through f 0644 \"t\"", "b/through f 0644 \"t2\"", "a/f f 0755 \"again\" @7",
           "wh d 0755", "wh/.whx f 0644 \"x\"", "wh/wh.x f 0644 \"x\"", "\"sp ace\" f 0644 \"s\"", "\"new\\nline\" f 0644 \"n\"", "\"é\" d 0700", "\"é/\\u00fc\" f 0644 \"u\"", "dev1 c 0666 1:3", "dev2 b 0640 0:6 7:1", "pipe p 0600 9:9", "setuid f 6755 5:5 \"s\"", "x f 0644 \"x\" user.k=\"v\"", "cap f 0755 \"c\" security.capability=\"\\u0001\\u0000\\u0000\\u0002\\u0000\\u0004\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"",
           "sparse f 0644 *300000", "big f 0644 *70000 @123456789", "uid f 0644 3000000:4000000 \"u\"", "old f 0644 \"o\" @-5", "late f 0644 \"l\" @9000000000", "empty f 0644 \"\"", "srv/new f 0644 \"n\"", "etc/motd f 0644 \"m\"", "links/relative/z f 0644 \"z\"", "links/dangling/z f 0644 \"z\"", "tmp/t f 0644 \"t\"", "deep/er/and f 0644 \"d\"", "deep d 0700 8:8", "./ d 0710 1:1 @77",
           "zlast l deep", "lib d 0755", "bin/tool f 0755 \"tool\""]


def archive(r):
    """ADD of archives in every format that tar has."""
    tars, lines = [], ["FROM " + r.choice(["@base@", "@base@", "scratch"])]
    for n in range(r.randint(1, 4)):
        chosen = [e for e in ENTRIES if r.random() < .25]
        if r.random() < .3:
            r.shuffle(chosen)
        chosen = [e for e in chosen if not e.startswith("a/g") or any(c.startswith("a/f ") for c in chosen[:chosen.index(e)])]
        chosen = [e for e in chosen if not e.startswith("hl") or any(c.startswith(f"\"{LONG}\" f") for c in chosen[:chosen.index(e)])]
        how = r.choice(["plain", "gzip", "bzip2", "xz", "zstd"]) + r.choice(["", "", "+gnu", "+sparse", "+sparse-pax"])
        if "sparse" in how:
            chosen = [e for e in chosen if e.split()[0] in ("a", "a/f", "a/g", "sparse", "big", "deep", "pipe", "setuid", "old", "x", "empty", "deep/er/and") and "again" not in e]
        name = f"t{n}" + r.choice([".tar", ".tgz", "", ".txt"])
        tars.append(f"--- tar {name} {how}\n" + "".join(e + "\n" for e in chosen))
        to = r.choice(["/", "/t/", "/srv/", "/links/relative/", "/n", f"/q{n}/r/", "/srv", "/links/dangling/"])
        lines.append(" ".join(["ADD", *r.choice([[], [], [], ["--chown=4:5"], ["--chmod=750"], ["--unpack=false"], ["--link"], ["--chown=:6", "--chmod=u+s"]]), name, to]))
    return "--- options\n\n--- context\n.dockerignore f 0644 \"Dockerfile\\n.dockerignore\\n\"\n" + "".join(tars) + "--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n"

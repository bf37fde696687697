"""The language: every instruction in its spellings, and what lies between the lines."""
import json

NAMES = ["A", "B", "C", "V1", "V2", "x_y", "path"]
PLAIN = ["a", "b1", "x/y.z", "1", "k:v", "a,b", "é", "a.b-c"]
PATTERNS = ["a", "*", "?", "*/", "x*", "*.z", "[a-c]*", "\\*"]
USERS = ["app", "root", "1000", "1000:50", "app:staff", "0:0", "app:50", "nobody", '"app"', "$U", "${U:-1}"]
BAD = ["ENV", "ENV A", "ENV =x", "ENV A=b C", "ARG", "ARG =x", "LABEL", "LABEL a", "LABEL =b", "LABEL a=b c", "USER", "USER a b", "WORKDIR", "EXPOSE", "EXPOSE foo", "EXPOSE 70000",
       "EXPOSE 80/foo", "EXPOSE 82-80", "VOLUME", "VOLUME []", 'VOLUME [""]', "STOPSIGNAL", "STOPSIGNAL FOO", "STOPSIGNAL a b", "STOPSIGNAL 0", "STOPSIGNAL 99", "SHELL /bin/sh", "SHELL []", "SHELL",
       "HEALTHCHECK", "HEALTHCHECK FOO", "HEALTHCHECK NONE x", "HEALTHCHECK CMD", "HEALTHCHECK --interval=x CMD a", "HEALTHCHECK --interval=1us CMD a", "HEALTHCHECK --retries=-1 CMD a",
       "HEALTHCHECK --foo=1 CMD a", "HEALTHCHECK --interval=1s NONE", "HEALTHCHECK --retries=x CMD a", "HEALTHCHECK CMD []", "HEALTHCHECK --timeout=-1s CMD a", "ONBUILD", "ONBUILD FROM a",
       "ONBUILD ONBUILD RUN a", "ONBUILD MAINTAINER a", "ONBUILD FOO", "MAINTAINER", "MAINTAINER a b", "FOO", "RUN", "RUN []", "RUN --foo=1 true", "RUN --network=foo true", "COPY a.txt", "COPY", "ADD a.txt",
       "COPY --foo a.txt /", "COPY --from a.txt /", "COPY nothing /", "COPY <<E /n\nx", "RUN <<E\nx", "ENV A=${B", "ENV A=${B:?no}", "ENV A=${C?}", "ENV A=\"b", "ENV A='b",
       "WORKDIR $NONE", "USER $NONE", "EXPOSE $NONE", "VOLUME $NONE", "STOPSIGNAL $NONE", "ENV A=${B:x}", "ENV A=${}", "LABEL a=${A!x}", "FROM", "FROM a b", "FROM scratch AS", "FROM scratch AS 1", "FROM scratch AS a b",
       "FROM --foo=1 scratch", "FROM $NONE", "CMD", "ENTRYPOINT", "CMD [", "RUN --mount=type=foo,target=/x true", "ENV A-B=c", "ENV A.B=c D=$A.B", "ARG a-b=c", "ARG a.b", "LABEL a= b=", "ENV A=b=c", "EXPOSE 0",
       "EXPOSE 80/tcp/udp", "EXPOSE :80", "EXPOSE 1.2.3.4:80", "EXPOSE -80", "EXPOSE 80 80/tcp 80/TCP", "WORKDIR a b", "WORKDIR \"a b\"", "USER :50", "USER app:", "USER :", "STOPSIGNAL sigterm", "STOPSIGNAL TERM",
       "STOPSIGNAL RTMIN+1", "STOPSIGNAL SIGRTMAX-2", "RUN --network=none true", "RUN --security=sandbox true", "ADD --checksum=sha256:00 a.txt /", "HEALTHCHECK none", "HEALTHCHECK cmd a", "RUN true <<E\nE",
       "COPY <<E <<E /m/\nx\nE\ny\nE", "COPY <<E /m/\nx\nE", "COPY <<a/b /m/\nx\na/b", "COPY [\"a.txt\", \"/m/\"]", "COPY [\"a.txt\"]", "COPY --chown= a.txt /m/", "COPY --chmod= a.txt /m/", "ENV A b=c d", "LABEL A b=c d",
       "ARG A b", "ARG A=b c", "ARG 1=2", "ENV 1=2 B=$1", "ENV \"A B\"=c", "ENV 'A'=c", "ENV $A=c", "ARG $A=c", "RUN --mount=target=/x", "FROM scratch as x", "VOLUME a b", "VOLUME [\"a\", 1]", "VOLUME \"a b\"", "VOLUME /a/../b ./c",
       "ONBUILD RUN <<E\ntrue\nE", "ONBUILD COPY <<E /x\na\nE", "ONBUILD  ENV A=b", "ONBUILD ENV", "ONBUILD COPY a", "onbuild run x", "CMD [\"a\", \"\"]", "CMD ['a']", "CMD [\"a\"] b", "CMD [\"a\",]", "CMD [ ]", "CMD [1]",
       "CMD [\"\\u0041\\n\"]", "ENTRYPOINT [\"a\"\\\n,\"b\"]", "SHELL [\"/bin/sh\", \"\"]", "SHELL [\"\"]", "ENTRYPOINT \"\"", "CMD \"\"", "RUN \"\"", "RUN [\"\"]", "ENV A \"b  c\"", "ENV A  b  \\\n  c ", "ENV\tA\tb", "ENV A=\tB=c",
       "LABEL a=\"b\\\n c\"", "LABEL \"a\"=\"b\" 'c'='d'", "LABEL a='$A' b=\"$A\" c=\\$A", "RUN [\"/bin/sh\", \"-c\", \"echo $A > /j\"]", "RUN echo \"a\\\n b\" > /j2", "RUN echo a \\\n# c\n\n b > /j3", "RUN echo 'a\\tb' > /j4",
       "MAINTAINER  a  <b@c> ", "ADD <<E /m2\n$A ${B:-x} \\$A '$A'\nE", "COPY <<'E' /m3\n$A \\$A\nE", "COPY <<-E /m4\n\t\ta\n\t b\n\tE", "COPY <<\"E F\" /m5\nx\nE F", "COPY <<E /m6\na \\\nb\nE", "COPY <<E /m7\n# not a comment\n\nE"]


def value(r, depth=0):
    kind = r.random()
    name = r.choice(NAMES)
    if kind < .35 or depth > 2:
        return r.choice(PLAIN)
    if kind < .45:
        return r.choice([f"${name}", f"${{{name}}}", f"x${name}y", f"${{{name}}}z", f"\\${name}", f"$${name}"])
    if kind < .65:
        return f"${{{name}{r.choice([':-', '-', ':+', '+'])}{value(r, depth + 1)}}}"
    if kind < .8:
        return r.choice([f"${{{name}{r.choice(['#', '##', '%', '%%'])}{r.choice(PATTERNS)}}}", f"${{{name}{r.choice(['/', '//'])}{r.choice(PATTERNS)}/{r.choice(['', 'r', '$A'])}}}"])
    return r.choice([f'"{r.choice(PLAIN)} {value(r, depth + 1)}"' if depth == 0 else "q", f"'{r.choice(PLAIN)} ${name}'" if depth == 0 else "s", "a\\ b", '"a\\"b"', "''", '""', '"\\\\"', "a\\\\b", "\\a", "#x", '"\\$A"', "a'b'c\"d\""])


def pairs(r, empty=True):
    return " ".join(f"{r.choice(NAMES)}={value(r) if not empty or r.random() < .9 else ''}" for _ in range(r.choice([1, 1, 2, 3])))


def heredoc(r):
    """Marks and bodies of one or two here-documents."""
    marks, bodies = [], []
    for name in r.sample(["E", "EOF", "x.txt", "F1"], r.choice([1, 1, 1, 2])):
        dash, quote = r.choice(["", "", "-"]), r.choice(["", "", "'", '"'])
        marks.append(f"<<{dash}{quote}{name}{quote}")
        lines = [r.choice(["a", "$A", "${B:-b c}", "\\$A", "\ttab", "# c", "", "'$A'", "\"x\"", "a\\", "  b", "`x", "\\\\", "$(x)", "\t\ty $A", "${x_y#a}"]) for _ in range(r.randint(0, 4))]
        bodies.append("".join(line + "\n" for line in lines) + ("\t" if dash and r.random() < .5 else "") + name)
    return " ".join(marks), "\n" + "\n".join(bodies)


def exec_form(r):
    return json.dumps([r.choice(["/bin/x", "a", "$A", "b c", "é", "\"", "\\"]) for _ in range(r.choice([0, 1, 2, 3]))], ensure_ascii=r.random() < .5)


def command(r):
    return r.choice([exec_form(r), exec_form(r), "a b  c", "$A 'b c' \"d\"", "[ -e /x ] && y", "[\"a\", 'b']", "a \\\n  b", "a # b", "a; \\\n# c\n b"])


def program(r, n):
    """Of a RUN that works, and shows what it was given."""
    marks, bodies = heredoc(r)
    script = f"echo \"$A|$B|${{C:-c}}\" > /r{n}\necho '$V1' \"\\$V1\" >> /r{n}"
    return r.choice([f"echo \"$A-$B\" > /r{n}", f"echo $V1 ${{V2:-x}} \\\n  more > /r{n}", f"busybox env | grep -E '^(A|B|C|V1|V2|x_y|path)=' | sort > /r{n}", f"cat {marks} > /r{n}{bodies}", f"<<E\n{script}\nE", f"<<'E'\n{script}\nE",
                     f"<<-E\n\techo a > /r{n}\n\t\techo b >> /r{n}\n\tE", f"<<E\n#!/bin/sh\necho \"$A $0 $#\" | sed 's,/.*/,,' > /r{n}\nE", f"<<E cat > /r{n}\nx\nE", f"cat 3<<E <&3 > /r{n}\n$A\nE", f"sh <<E\n{script}\nE", f"<<E sh -s a b\n{script}\nE",
                     f"<<A <<B\necho 1 > /r{n}\nA\necho 2 >> /r{n}\nB", f"[\"/bin/sh\", \"-c\", \"echo $A $0 > /r{n}\"]", f"pwd > /r{n}; id -u >> /r{n}; id -g >> /r{n}; echo $HOME >> /r{n}", f"echo 'a b'  \"c  d\" \\$A `echo x` > /r{n}",
                     f"touch /r{n} # comment", f"echo '# no comment' > /r{n}", f"echo $TARGETPLATFORM-$TARGETARCH-$BUILDOS > /r{n}"])


def instruction(r, n):
    marks, bodies = heredoc(r)
    kind = r.choice(["env"] * 4 + ["arg"] * 3 + ["label"] * 2 + ["run"] * 4 + ["heredoc"] * 2 + ["onbuild", "shell", "cmd", "cmd", "entrypoint", "workdir", "workdir", "user", "expose", "volume", "healthcheck", "stopsignal", "maintainer"])
    if kind == "env":
        return r.choice([f"ENV {pairs(r)}", f"ENV {pairs(r)}", f"ENV {r.choice(NAMES)} {value(r)} {r.choice(PLAIN)}", f"ENV {r.choice(NAMES)}  {value(r)}"])
    if kind == "arg":
        return r.choice([f"ARG {r.choice(NAMES)}", f"ARG {pairs(r)}", f"ARG {r.choice(NAMES)} {pairs(r)}", "ARG TARGETPLATFORM BUILDOS", "ARG TARGETARCH=x", "ARG G", "ARG G=mine", "ARG H"])
    if kind == "label":
        return r.choice([f"LABEL {pairs(r)}", f"LABEL {pairs(r)}", f"LABEL {r.choice(NAMES)} {value(r)} {r.choice(PLAIN)}", f'LABEL "{r.choice(PLAIN)} $A"={value(r)}', f"LABEL ${r.choice(NAMES)}x={value(r)}", f"LABEL g=$G h=${{H:-none}} {pairs(r)}"])
    if kind == "run":
        return f"RUN {program(r, n)}"
    if kind == "heredoc":
        flag = r.choice(["", "", "--chmod=640 ", "--chown=1:2 ", "--chmod=u=rw,go= ", "--link ", "--chown=$U "])
        return f"{r.choice(['COPY', 'COPY', 'ADD'])} {flag}{marks}{r.choice(['', '', ' a.txt'])} {r.choice(['/h/', f'/h{n}/', './'])}{bodies}"
    if kind == "onbuild":
        inner = instruction(r, n)
        return inner if inner.startswith(("ONBUILD", "MAINTAINER")) else f"ONBUILD {inner}"
    if kind == "workdir":
        return "WORKDIR " + r.choice(["/w", "sub", "$A", "/w/${B:-b}", "..", "./x/", "/", "'/q'", "\"/q r\"", "/a b", "\\$x", "/w//y/../z", "~"])
    if kind == "user":
        return f"USER {r.choice(USERS)}"
    if kind == "expose":
        ports = ["80", "80-82", "81/udp", "82/TCP", "8000-8002/sctp", "127.0.0.1:90:91", "92:93", "94:95/udp", "${P:-7}", "$P/udp", "'96'", "97-98:97-98", "[::1]:99:99", "100-100"]
        return "EXPOSE " + " ".join(r.choice(ports) for _ in range(r.choice([1, 1, 2, 3])))
    if kind == "volume":
        return "VOLUME " + r.choice(["/a /b", '["/a", "/b c"]', "$A", "/x/$A", '["/$A"]', "rel", "/a/ /a", "'/q r'", "/s\\ t"])
    if kind == "healthcheck":
        options = ["--interval=5s", "--timeout=1m30s", "--start-period=2h", "--start-interval=100ms", "--retries=3", "--retries=0", "--interval=0s", "--interval=1.5s", "--timeout=0", "--interval=1ms"]
        chosen = {o.split("=")[0]: o for o in r.sample(options, r.randint(0, 3))}
        return "HEALTHCHECK " + r.choice(["NONE", "none"] + [" ".join([*chosen.values(), r.choice(["CMD", "cmd"]), command(r)])] * 4)
    if kind == "stopsignal":
        return "STOPSIGNAL " + r.choice(["SIGTERM", "9", "SIGRTMIN+3", "$S", "${S:-SIGKILL}", "SIGKILL", "15"])
    if kind == "maintainer":
        return f"MAINTAINER {r.choice(['a', 'A B <c@d>', '$A'])}"
    if kind == "shell":
        return "SHELL " + r.choice(['["/bin/sh", "-ec"]', '["/bin/sh","-c"]', '["/bin/busybox", "sh", "-xc"]', '["/bin/sh", "-c", "--"]'])
    return f"{kind.upper()} {command(r)}"


def disturbed(r, text):
    """Spelled otherwise: case, blanks, continuations and comments between the words of what has no here-document."""
    word, rest = text.split(" ", 1) if " " in text else (text, None)
    word = r.choice([word] * 3 + [word.lower(), word.capitalize()])
    if rest is None:
        return word
    if "<<" not in rest and "\n" not in rest and '"' not in rest and "'" not in rest and r.random() < .3:
        at = [i for i, c in enumerate(rest) if c == " " and rest[i - 1] != "\\"]
        if at:
            i = r.choice(at)
            rest = rest[:i] + r.choice([" \\\n ", "\\\n  ", " \\\n# c\n ", " \\  \n  # c\n\t", " \\\n\n ", " \\\n \\\n "]) + rest[i + 1:]
    if "<<" not in rest and word.upper() != "ONBUILD" and r.random() < .1:
        rest += r.choice([" ", "\t", "  "])
    return r.choice(["", "", "", " ", "\t"]) + word + r.choice([" "] * 4 + ["  ", "\t"]) + rest


def language(r):
    """A file of one stage, now and then with a line that is wrong or an odd one."""
    lines = []
    if r.random() < .4:
        lines += r.choice([["ARG G=global"], ["ARG G=global H", "ARG I=$G"], ["ARG BASE=@base@"], ["ARG TARGETARCH"], ["ARG BASE", "ARG G=${H:-x}"]])
    lines.append(r.choice(["FROM @base@"] * 4 + ["FROM --platform=$TARGETPLATFORM @base@", "FROM ${BASE:-@base@}", "from @base@ as Last", "FROM --platform=linux/amd64 @base@ AS x"]))
    lines += ["ENV U=app P=81 S=SIGINT", "ARG A=hello B"] if r.random() < .9 else []
    for n in range(r.randint(4, 12)):
        lines.append(disturbed(r, instruction(r, n)))
        if r.random() < .15:
            lines.append(r.choice(["", "# comment", "  # comment \\", "#", "\t"]))
    if r.random() < .3:
        lines.insert(r.randint(1, len(lines)), r.choice(BAD))
    text = "\n".join(lines) + "\n"
    if r.random() < .08:
        text = "# escape=`\n" + text.replace("\\", "`")
    elif r.random() < .1:
        text = r.choice(["# check=skip=all\n", "#syntax=docker/dockerfile:1\n# escape=\\\n", "# escape = \\ \n", "\n# escape=`\n", "# comment\n# escape=`\n", "#check=skip=JSONArgsRecommended;error=false\n"]) + text
    if r.random() < .06:
        text = text.replace("\n", "\r\n")
    if r.random() < .06:
        text = "\ufeff" + text
    if r.random() < .1:
        text = text[:-1] + r.choice(["", "\\", " \\\n", "\\\n# c\n", " \\\n\n"])
    options = [w for w in ["--build-arg A=given", "--build-arg B=", "--build-arg G=g2", "--build-arg H=h", "--build-arg x_y=z", "--build-arg TARGETARCH=q", "--build-arg unused=1", "--label A=over", "--label l=m"] if r.random() < .12]
    return f"--- options\n{' '.join(options)}\n--- context\n.dockerignore f 0644 \"Dockerfile\\n.dockerignore\\n\"\na.txt f 0644 \"a\"\nb.txt f 0644 \"b\"\n--- tree\n--- Dockerfile\n{text}"

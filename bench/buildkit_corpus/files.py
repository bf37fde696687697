"""What can go wrong in COPY, ADD, WORKDIR, in ignore files and in expansions."""
import json

CONTEXT = """--- context
.dockerignore f 0644 "Dockerfile\\n.dockerignore\\n"
a.txt f 0640 "a"
b.txt f 0755 "b"
d d 0750
d/e d 0700
d/e/b f 0600 "b"
d/f f 4711 "f"
d/ll l e
l l a.txt
ld l d
"x y" f 0644 "xy"
--- tar t.tar
./ d 0700 9:9
ar/q f 0600 1:2 "q"
ln l ar
"""
STAGE = ("RUN mkdir -p /st/e/f && echo 1 > /st/a && echo 2 > /st/e/b && ln -s e /st/l && ln -s ../st/a /st/la && ln -s /st/e /st/abs && "
         "chmod 640 /st/a && chmod 710 /st/e && chown 5:6 /st/e/b /st/e && mkdir -m 2770 /st/g")


def flags(random_, copy, from_stage, named_users):
    words = []
    if from_stage:
        words.append("--from=s")
    if random_.random() < .25:
        words.append("--chown=" + random_.choice(["1:2", "3", ":4", "7:0"] + (["app", "app:staff", ":staff"] if named_users else [])))
    if random_.random() < .25:
        words.append("--chmod=" + random_.choice(["600", "755", "0711", "1777", "4755", "u=rwX,go=rX", "go-w", "+x", "a-x,u+s"]))
    if copy and random_.random() < .12:
        words.append("--link")
    if copy and random_.random() < .12:
        words.append("--parents")
    return words


def copy(random_):
    """A few COPY, ADD, WORKDIR, USER and RUN on a base or on nothing."""
    first = random_.choice(["@base@", "@base@", "scratch", "s"])
    lines = ["FROM @base@ AS s", STAGE, "FROM " + first]
    for _ in range(random_.randint(2, 6)):
        kind = random_.random()
        if kind < .1:
            lines.append("WORKDIR " + random_.choice(["/w", "w2", "/srv/x", "/links/relative/y", "..", "/tmp/z", "./q"]))
        elif kind < .16 and first != "scratch":
            lines.append("USER " + random_.choice(["app", "1000", "root", "7:8", "nobody"]))
        elif kind < .2 and first != "scratch":
            lines.append("RUN " + random_.choice(["mkdir -p /o/p && touch /o/p/f", "ln -s /srv /lk", "rm -rf /srv/sub", "chmod 711 /srv"]))
        else:
            name = random_.choice(["COPY", "COPY", "COPY", "ADD"])
            from_stage = name == "COPY" and random_.random() < .4
            words = [name, *flags(random_, name == "COPY", from_stage, first != "scratch")]
            all_ = (["/st", "/st/", "/st/e", "/st/a", "/st/l", "/st/la", "/st/abs", "/st/*", "/st/e/.", "/srv", "/st/l/b", "/links/file"] if from_stage else
                    ["a.txt", "d", "d/", "d/e", "d/e/b", "l", "ld", "ld/", "*.txt", "d/*", "./d/", "/d/e", ".", "x y", "d/./e", "d*/e", "?.txt"]
                    + (["t.tar"] if name == "ADD" else []))
            sources = [random_.choice(all_) for _ in range(random_.choice([1, 1, 1, 2]))]
            to = random_.choice(["/n", "/n/", "/n/m/o", "/srv", "/srv/", "/srv/old", "/links/relative/", "/links/dangling", "/links/absolute/k", "/lib/", "/", "./",
                                 "sub", "sub/", "/tmp/t/", "/home/app/", "/n/m/", "/etc/motd"])
            if (len(sources) > 1 or set("*?") & set(sources[0])) and not to.endswith("/"):
                to += "/"
            blank = any(" " in s for s in sources)
            lines.append(" ".join(words + ([json.dumps(sources + [to])] if blank else sources + [to])))
    return CONTEXT + "--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n"


def ignore_text(random_, names):
    """An ignore file: patterns, and what lies between them."""
    patterns = []
    for _ in range(random_.randint(1, 6)):
        text = "/".join(random_.choice(names + ["*", "**", "?", "[ab]", "*.txt", "a*", "*b", "[^a]", ".", "[a-c]*", "\\\\a", "**b"]) for _ in range(random_.randint(1, 3)))
        text = random_.choice(["", "", "", "", "/", "./", "../"]) + text + random_.choice(["", "", "", "", "/", "/.", "/..", "/**", "/*"])
        text = ("!" if random_.random() < .35 else "") + text
        patterns.append(f" {text} " if random_.random() < .1 else text)
        if random_.random() < .2:
            patterns.append(random_.choice(["# a", "#b", "", " #a", "\t", "!", "  "]))
    text = random_.choice(["\n"] * 6 + ["\r\n"]).join(patterns) + random_.choice(["", "\n"])
    return ("\ufeff" if random_.random() < .05 else "") + text


def ignore(random_):
    """Patterns of an ignore file over a small tree, and what COPY and a mount find then."""
    names = ["a", "b", "ab", "c.txt", "d.md", ".h"]
    files = {"/".join(random_.choice(names) for _ in range(random_.randint(1, 3))) for _ in range(14)}
    files = {f for f in files if not any(g.startswith(f + "/") for g in files)}
    listing = [f"{name} f 0644 {json.dumps(ignore_text(random_, names))}" for name in random_.choice([[".dockerignore"]] * 3 + [["Dockerfile.dockerignore"], [".dockerignore", "Dockerfile.dockerignore"]])]
    listing += [f"{f} f 0644 {json.dumps(f)}" for f in sorted(files)] + random_.choice([[], [], ["e d 0750", "e/empty d 0700", "l l a", "m l ab/b"]])
    lines = ["ARG BASE", "FROM $BASE", random_.choice(["COPY . /x/", "COPY . /x/", "COPY ./ /x", "COPY * /x/"])]
    if random_.random() < .5:
        name = random_.choice(sorted(files) + names + ["a/*", "*", "[ab]", "l", "e"])
        lines.append(random_.choice([f"COPY {name} /y/", f"ADD {name} /y/", f"COPY --parents {name} /y/", f"RUN --mount=target=/m find /m | sort > /seen; cat /m/{name} >> /seen; true"]))
    return "--- options\n--build-arg BASE=@base@\n--- context\n" + "\n".join(listing) + "\n--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n"


def expand(random_):
    """Forty expansions in one stage."""
    values = {"A": "hello", "B": "", "P": "/usr/local/lib.so.1", "S": "a.b.c-d.e", "N": "12"}
    lines = ["FROM @base@"] + [f"ENV {k}={v}" for k, v in values.items()]
    for i in range(40):
        name = random_.choice([*values, "U"])
        word = random_.choice(["w", "$A", "${N}", '"q r"', "'s t'", "", "\\$x", "a${B:-z}b"])
        glob = random_.choice(["*.", "*", "/*", "*/", "?", "a", "[ab]*", "*l", "h?", "-*", ".*", "\\*", "$A"])
        form = random_.choice([f"${name}", f"${{{name}}}", *(f"${{{name}{op}{word}}}" for op in (":-", "-", ":+", "+")),
                               *(f"${{{name}{op}{glob}}}" for op in ("#", "##", "%", "%%")), f"${{{name}/{glob}/{word}}}", f"${{{name}//{glob}/{word}}}"])
        before = random_.choice(["", "x", "\\", '"', "'", "\\\\"])
        lines.append(f"ENV V{i}={before}{form}{before if before in (chr(34), chr(39)) else random_.choice(['', 'y'])}")
    return "--- tree\n--- Dockerfile\n" + "\n".join(lines + ["RUN env | grep '^V' | sort > /o"]) + "\n"

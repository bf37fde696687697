"""ADD: archives of all kinds, what a server gives, repositories."""
import hashlib

HOWS = ["plain", "gzip", "bzip2", "xz", "zstd"]
NAMES = {"plain": ["t.tar", "t", "t.tgz"], "gzip": ["t.tar.gz", "t.tgz", "t.txt"], "bzip2": ["t.tar.bz2", "t.bz"], "xz": ["t.tar.xz", "t"], "zstd": ["t.tar.zst", "t.zst"]}
ENTRIES = ["./ d 0700 9:9", "ar d 0750 1:2 @1000", "ar/q f 0600 1:2 \"q\" @900000000", "./ar/r f 4755 \"r\"", "ln l ar", "abs l /srv", "up l ../x", "hard h ar/q", "/lead f 0644 \"lead\"", "a/b/c f 0644 7:7 \"c\"", "fifo p 0622", "dev c 0600 1:3",
           "srv/old f 0644 \"new\"", "srv d 0700 3:3", "links/relative/in f 0644 \"in\"", "links/file f 0644 \"f\"", "lib/z f 0644 \"z\"", "\"x y\" f 0644 \"xy\"", "big f 0644 *70000", "\"é\" f 0644 \"e\"", "empty d 0711", "etc/motd f 0644 \"m\"",
           "cap f 0755 \"x\"", "tmp d 0700", "home/app/f f 0600 1000:1001 \"h\"", "./dot/./f f 0644 \"d\"", "ar/q f 0644 \"twice\""]
SERVED = {"f.txt": "text", "noext": "n", "a b.txt": "ab", "sub/deep.bin": "deep", "é.txt": "e", "q": "query"}


def archive(r, n):
    how = r.choice(HOWS)
    name = r.choice(NAMES[how])
    stem, dot, ext = name.partition(".")
    entries = r.sample(ENTRIES, r.randint(0, 6))
    if "hard h ar/q" in entries:
        entries = ["ar/q f 0600 1:2 \"q\" @900000000"] + [e for e in entries if not e.startswith("ar/q")]
        entries.remove("hard h ar/q")
        entries.append("hard h ar/q")
    cut = f" {r.choice([0, 3, 100, 600])}" if r.random() < .05 else ""
    return f"{stem}{n}{dot}{ext}", how, f"{how}{cut}\n" + "".join(e + "\n" for e in entries)


def flags(r, remote, users):
    words = []
    if r.random() < .2:
        words.append("--chown=" + r.choice(["1:2", "3", ":4"] + ["app", "app:staff"] * users))
    if r.random() < .2:
        words.append("--chmod=" + r.choice(["600", "755", "u=rwX,go=rX", "+x", "4711"]))
    if r.random() < .25:
        words.append("--unpack" + r.choice(["", "=true", "=false", "=false"]))
    if r.random() < .12:
        words.append("--link")
    if remote and r.random() < .25:
        words.append("--checksum=" + r.choice([*(f"sha256:{hashlib.sha256(t.encode()).hexdigest()}" for t in list(SERVED.values())[:2]), "sha256:" + "0" * 64, "md5:00", "sha256:12"]))
    return words


def add(r):
    archives = [archive(r, n) for n in range(3)]
    far = [(f"@http@/{name}", how, text) for name, how, text in (archive(r, n + 3) for n in range(2))]
    users = r.random() < .7
    lines = ["FROM " + ("@base@" if users else "scratch")]
    if r.random() < .2:
        lines.append("WORKDIR " + r.choice(["/w", "/links/relative/y", "srv"]))
    for i in range(r.randint(1, 5)):
        kind = r.random()
        to = r.choice([f"/n{i}", f"/n{i}/", "/", "./", "/srv", "/srv/", "/links/relative/", "/etc/motd", "/links/dangling", "/links/dangling/", "sub", f"/n{i}/m/o/", "/links/absolute/k"])
        if kind < .5:
            sources = [r.choice([a[0] for a in archives] + ["*.tar*", "plain.txt", "d", "l", "broken.gz"]) for _ in range(r.choice([1, 1, 1, 2]))]
            to = to if to.endswith("/") or (len(sources) == 1 and "*" not in sources[0]) else to + "/"
            lines.append(" ".join(["ADD", *flags(r, False, users), *sources, to]))
        elif kind < .8:
            url = r.choice(["@http@/" + name.replace(" ", "%20") for name in SERVED] + [a[0] for a in far] + ["@http@/to", "@http@/missing", "@http@/f.txt?x=y", "@http@/sub/../f.txt", "@http@/f.txt#frag", "@http@/%C3%A9.txt", "@http@/q?name=z"])
            lines.append(" ".join(["ADD", *flags(r, True, users), url, to]))
        elif kind < .95:
            url = "@http@/repo.git" + r.choice(["", "", "#v1", "#b1", "#main", "#:folder", "#v1:folder", "#nosuch", "#@repo:main@", "#refs/tags/v1", "#refs/heads/b1", "?ref=v1", "?tag=v1", "?branch=b1", "?subdir=folder", "?ref=v1&subdir=folder", "?checksum=@repo:main@", "?tag=b1", "#:none", "#:folder/x", "#:f",
                                        "?keep-git-dir=false", "?commit=@repo:v1@", "?ref=v1#b1", "?foo=1"])
            words = [w for w in flags(r, False, users) if not w.startswith("--unpack") or r.random() < .1]
            if r.random() < .15:
                words.append("--checksum=" + r.choice(["@repo:main@", "@repo:v1@", "0" * 40]))
            lines.append(" ".join(["ADD", *words, url, to]))
        else:
            lines.append(r.choice(["COPY plain.txt @http@/f.txt /z/", "ADD plain.txt @http@/f.txt /z/", "COPY --from=0 / /", "ADD broken.gz t.none /z/", "ADD [\"plain.txt\", \"/z z\"]", "ADD --keep-git-dir=true plain.txt /z", "ADD --exclude=*.txt d /z/", "ADD <<E plain.txt /z/\nx\nE"]))
    served = "".join(f"\"{name}\" f 0644 \"{text}\" @876543210\n" for name, text in SERVED.items())
    parts = "".join(f"--- tar {name} {text}" for name, _, text in archives + far)
    return ("--- context\n.dockerignore f 0644 \"Dockerfile\\n.dockerignore\\n\"\nplain.txt f 0640 \"p\"\nd d 0755\nd/x.txt f 0644 \"x\"\nd/t f 0600 \"t\"\nl l plain.txt\nbroken.gz f 0644 \"\\u001f\\u008bnone\"\n" + parts +
            f"--- serve\n{served}to r @http@/f.txt\n--- git repo\nf f 0644 \"main\"\nfolder/x f 0755 \"x\"\nln l f\n=== tag v1\nf f 0644 \"one\"\nfolder/y f 0644 \"y\"\n=== branch b1\nf f 0644 \"branch\"\nfolder/z f 0644 \"z\"\n"
            "--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n")

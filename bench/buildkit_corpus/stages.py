"""Several stages: names, order, what one takes from another, what is not needed."""

NAMES = ["one", "Two", "THREE", "s.4", "build-x", "a_b"]
TRIGGERS = ["RUN echo {n} >> /trigger", "COPY a.txt /on{n}", "COPY --from=ctx /c /onctx{n}", "ENV T{n}=$ARG1", "ARG LATE{n}=l", "WORKDIR on{n}", "LABEL t{n}=$T0", "ADD b.txt ./", "COPY --from={before} /f0 /onf{n}",
            "COPY --chown=1:2 <<E /onh{n}\n$ARG1\nE", "RUN --mount=from={before},target=/m ls /m | wc -l > /onm{n}", "USER app", "ENTRYPOINT [\"x\"]", "CMD y", "VOLUME /v{n}"]


def cased(r, name):
    return r.choice([name, name, name.lower(), name.upper(), name.swapcase()])


def source(r, n, names, other):
    """What --from= may say in the stage of number n."""
    before = [str(i) for i in range(n)] + [cased(r, name) for name in names if name]
    kind = r.random()
    if before and kind < .7:
        return r.choice(before)
    return r.choice(["ctx", "@base@", "@img@"] + ([other] if r.random() < .15 else []))


def step(r, n, i, names):
    where = source(r, n, names, r.choice([str(n), str(n + 1), "99", "nosuch.invalid/x", "scratch", "scratch"]))
    paths = ["/f*", "/g*", "/", "/f0", "/d/"]
    if where.lower() == "ctx":
        paths = ["/c", "c", "d", "*", "/"]
    elif where in ("@base@", "@img@"):
        paths = ["/etc/motd", "/srv"]
    path = r.choice(paths)
    return r.choice([f"RUN echo {n}{i}-$ARG1-$ARG2-$E1 > /f{i}", f"RUN mkdir -p /d && echo $E1 > /d/{n}{i}", f"COPY --from={where} {path} /to{i}/", f"COPY --from={where} {path} /to{i}/", f"COPY a.txt /g{i}", f"RUN --mount=from={where},target=/mnt ls /mnt > /f{i}",
                     f"RUN --mount=type=bind,from={where},source=/,target=/mnt,rw touch /mnt/new && ls /mnt > /f{i}", f"ENV E1={n}{i}$ARG1", "ARG ARG1", f"ARG ARG1=s{n}", "ARG ARG2=two", "ARG GLOBAL", f"ENV E2=$GLOBAL E1=$E1:{n}", f"WORKDIR w{n}",
                     "LABEL l=$ARG1 m=$E2", f"CMD echo {n}", f"ENTRYPOINT [\"e{n}\"]", "CMD []", "USER app", "SHELL [\"/bin/sh\", \"-ec\"]", "RUN rm -rf /d /f0", f"EXPOSE 8{n}", f"VOLUME /v{n}", f"RUN echo $TARGETSTAGE $TARGETARCH > /f{i}",
                     f"HEALTHCHECK CMD {n}", f"COPY --link --from={where} {path} /li{i}/", f"COPY --from=${{GLOBAL:+{where}}} {path} /va{i}/", f"STOPSIGNAL {n + 1}", f"MAINTAINER {n}"])


def stages(r):
    lines, names = [], []
    if r.random() < .5:
        lines += r.choice([["ARG GLOBAL=g"], ["ARG GLOBAL=g ARG1=ga"], ["ARG PICK=one", "ARG GLOBAL"], ["ARG GLOBAL=$TARGETARCH"]])
    count = r.randint(2, 6)
    for n in range(count):
        known = [name.lower() for name in names if name]
        first = r.choice(known) if known and r.random() < .55 else r.choice(["@base@"] * 6 + ["scratch", "@img@", "ctx", "${PICK:-@base@}"])
        name = r.choice([None] + [x for x in NAMES if x.lower() not in {str(k).lower() for k in names}] + ([r.choice([k for k in names if k])] if r.random() < .1 and any(names) else []))
        if r.random() < .04:
            name = r.choice(["1x", "scratch", "a/b", "x:y", "é"])
        words = [r.choice(["FROM", "from"]), *r.choice([[], [], [], ["--platform=$BUILDPLATFORM"]]), first, *([r.choice(["AS", "as"]), name] if name else [])]
        lines.append(" ".join(words))
        names.append(name)
        bare = first in ("scratch", "@img@") or first == "ctx"
        for i in range(r.randint(0, 5)):
            text = step(r, n, i, names[:n] if r.random() < .97 else names)
            if not (bare and text.startswith("RUN")):
                lines.append(text)
        if r.random() < .3:
            lines.append("ONBUILD " + r.choice(TRIGGERS).format(n=n, before=r.choice(["0", *[x for x in names if x]])))
    options = ["--build-context ctx=@folder@"]
    if r.random() < .25:
        options.append("--target " + r.choice([cased(r, x) for x in names if x] + ["nosuch"]))
    if r.random() < .15:
        options.append("--build-context " + r.choice(["one", "two", "build-x"]) + "=" + r.choice(["@folder@", "oci-layout://@dir:img@"]))
    options += [w for w in ["--build-arg ARG1=given", "--build-arg GLOBAL=given", "--build-arg PICK=" + r.choice(["two", "0", "scratch", "s.4"]), "--build-arg ARG2=", "--label x=y"] if r.random() < .15]
    return ("--- options\n" + " ".join(options) + "\n--- context\n.dockerignore f 0644 \"Dockerfile\\n\"\na.txt f 0644 \"a\"\nb.txt f 0644 \"b\"\n--- folder folder\nc f 0640 \"c\"\nd/x f 0644 \"x\"\nl l c\n"
            "--- image img\netc/motd f 0644 \"img\\n\"\nsrv/i f 0600 5:6 \"i\"\nf0 f 0644 \"f0\"\n--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n")

"""RUN: what its mounts show and leave, and what becomes of the files that it changes."""

# Left out: what changes the mode of /, and the files that BuildKit mounts at /etc/hosts and /etc/resolv.conf (docs/buildkit-differences.md).
OPTIONS = {
    "bind": [",source={s}", ",src={s}", ",from=st,source=/st", ",from=st", ",rw", ",readwrite", ",ro", ",readonly", ",rw=false", ",rw=true", ",from=@img@", ",source=/", ",readonly=false", ",from=0,source=/st/a"],
    "cache": [",id=k{seed}", ",uid=5", ",gid=6", ",mode=0700", ",mode=1777", ",sharing=locked", ",sharing=private", ",ro", ",from=st,source=/st", ",mode=755", ",source=sub", ",readonly"],
    "tmpfs": [",size=1m", ",size=1024", ",size=4mb"],
    "secret": [",id=tok", ",id=none", ",required", ",required=false", ",mode=0444", ",mode=600", ",uid=1000", ",gid=50", ",env=SEC"],
    "ssh": [",id=none", ",required=false", ",mode=0666", ",uid=1"],
}
SHOW = "stat -c '%a %u:%g %F' {t} >> /out; ls -A {t} >> /out 2>&1; touch {t}/new 2>/dev/null && echo writable >> /out; id -u >> /out"
TARGETS = ["/m", "/m/n", "/srv", "/srv/sub", "rel", "/new/deep/er", "/etc/motd", "/tmp", "/run/x", "/srv/old", "$T", "/links/relative", "/links/relative/q", "/links/file", "/m/", "/usr/lib", "/dev/shm", "/links/dangling"]
CHANGES = [
    "rm /etc/motd", "rm -rf /srv", "rm -rf /srv && mkdir /srv", "rm -rf /srv/sub && echo x > /srv/sub", "mv /srv /srv2", "mv /srv/sub /sub", "rm -rf /srv && ln -s /etc /srv", "rm /links/file && mkdir /links/file", "mv /srv/old /srv/sub/old",
    "chmod 4755 /bin/tool", "chmod 2711 /srv/sub", "chown 7:8 /srv/old", "chown 7:8 /srv", "chmod 000 /srv/old", "touch /srv/old", "touch -d @5 /etc/motd", "ln /srv/old /hard", "ln /etc/motd /etc/motd2 && ln /etc/motd /m3", "rm /lib && mkdir /lib && touch /lib/x",
    "mkfifo -m 620 /fifo", "busybox mknod /dv c 1 3", "busybox mknod -m 640 /bl b 7 9", "busybox mknod /wh c 0 0", "echo a > '/a b'", "touch '/é' '/\u00fc'", "touch /srv/.hidden", "mkdir -p /srv/.wh", "echo x >> /etc/motd", "cat /etc/motd > /t && mv /t /etc/motd", "cp /bin/tool /tool2",
    "ln -s /nowhere /dang", "ln -sf nowhere /links/file", "busybox truncate -s 100000 /sparse && echo end >> /sparse", "busybox dd if=/dev/zero of=/hole bs=1 count=1 seek=70000 2>/dev/null", "mkdir -p /x/y/z && chmod 1777 /x/y", "rmdir /home/app", "rm -rf /home && mkdir -p /home/app",
    "rm -rf /links/* && touch /links/a", "mv /links /l2 && mv /l2 /links", "mkdir /tmp/k && chown 1000 /tmp/k", "touch /tmp/f", "echo 'x:x:9:9::/:/bin/sh' >> /etc/passwd", "rm /bin/tool && ln /bin/busybox /bin/tool", "for i in 1 2 3; do echo $i > /f$i; done", "rm -f /f1 && mv /f2 /f1", "true",
    "chmod 755 /root && chmod 700 /root", "mkdir /e && rmdir /e", "touch /n && rm /n", "cp -a /srv /copy", "chown -h 3:4 /links/file", "busybox touch -h -d @9 /links/file", "ln /srv/sub/kept /k2 && echo more >> /k2", "ln /srv/old /o2 && rm /srv/old", "umask 077; mkdir /um; touch /um/f", "mkdir -m 2770 /sg && touch /sg/f",
    "chown 5:6 /bin/tool", "busybox chgrp 50 /srv/old", "mv /etc/motd /etc/group", "rm -rf /usr/lib && ln -s bin /usr/lib", "exec 3>/open && echo x >&3 && rm /open", "mkdir -p /var/a/b && mv /var/a /var/c && mkdir /var/a", "ln -s . /here", "chmod u+s /bin/tool; echo >> /bin/tool",
    "cp -p /srv/old /srv/older", "busybox ln -s \"$(printf 'a\\nb')\" /nl", "touch \"$(printf '/n\\nl')\" \"$(printf '/b\\\\s')\"", "rm -rf /tmp", "rm -rf /tmp && mkdir /tmp", "rm -rf /etc/../links", "mkdir -p /proc/x", "touch /dev/x", "mkdir /sys2", "mkdir -p /run/r"]


def mount(r, seed):
    kind = r.choice(["bind", "bind", "bind", "cache", "cache", "tmpfs", "secret", "secret", "ssh"])
    target = r.choice(TARGETS)
    name = r.choice(["target", "target", "dst", "destination"])
    options = "".join(r.sample(OPTIONS[kind], r.choice([0, 1, 1, 2, 3]))).format(s=r.choice(["d", "a.txt", "d/e", "l", "nothing", "/d", "./d", "ld", "$S"]), seed=seed)
    if kind == "cache" and "id=" not in options:
        options += f",id={seed}"  # those of the peer outlive the case
    if kind in ("secret", "ssh") and r.random() < .6:
        return f"--mount=type={kind}{options}", {"secret": "/run/secrets/tok", "ssh": "/run/buildkit"}[kind]
    given = f"{name}={target}"
    return f"--mount={r.choice([f'type={kind},', f'type={kind},', '' if kind == 'bind' else f'type={kind},'])}{given}{options}", target


def line(r, seed):
    if r.random() < .45:
        flags, targets = [], []
        for _ in range(r.choice([1, 1, 1, 2])):
            flag, target = mount(r, seed)
            if target not in targets:
                flags.append(flag)
                targets.append(target)
        if r.random() < .1:
            flags.append(r.choice(["--network=none", "--network=default", "--security=sandbox"]))
        then = [SHOW.format(t=t) for t in targets] + [r.choice(["cat /run/secrets/tok >> /out 2>&1", "echo \"$SEC\" >> /out", "true", "echo kept > /kept"])]
        return f"RUN {' '.join(flags)} {'; '.join(then)}; true"
    return "RUN " + r.choice([" && ", "; ", "\nRUN "]).join(r.choice(CHANGES) for _ in range(r.choice([1, 1, 2, 3])))


def run(r):
    seed = f"{r.randrange(1 << 48):x}"
    lines = ["FROM @base@ AS st", "RUN mkdir -p /st/e && echo 1 > /st/a && chmod 640 /st/a && chown 5:6 /st/e && ln -s a /st/l", "FROM @base@", "ENV T=/var/t S=d"]
    lines += r.choice([[], [], ["WORKDIR /w"], ["USER app"], ["RUN touch /out && chmod 666 /out", "USER app"]])
    for _ in range(r.randint(2, 7)):
        lines.append(r.choice(["COPY d /srv", "COPY a.txt /etc/motd", "WORKDIR /srv/sub", "COPY --chown=3:4 d /m/n", "VOLUME /srv", "USER root"]) if r.random() < .12 else line(r, seed))
    options = [w for w in ["--secret id=tok,src=@secret@/t", "--secret id=SEC,src=@secret@/t"] if r.random() < .7]
    return (f"--- options\n{' '.join(options)}\n--- context\n.dockerignore f 0644 \"Dockerfile\\n.dockerignore\\n**/*.no\\n\"\na.txt f 0640 7:8 \"a\"\nd d 0750 1:2\nd/e d 0700\nd/e/b f 0600 3:4 \"b\"\nd/x.no f 0644 \"no\"\nd/f f 4711 \"f\"\nl l a.txt\nld l d\n"
            "--- folder secret\nt f 0600 \"s3cret\"\n--- image img\netc/motd f 0644 \"img\\n\"\nsrv/i f 0600 5:6 \"i\"\n--- tree\n--- Dockerfile\n" + "\n".join(lines) + "\n")

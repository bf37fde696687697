"""A stock pod without a pod: a command as uid 0 with the 14 capabilities of container engines, in a root file system of its own, where
mounts and namespaces are denied by a filter, as in a pod that asks for nothing. OAKUM_STOCK_POD names a program to use in its place:
PROGRAM [--level default|restricted] [--bind SRC:DST]... [--env K=V]... ROOT -- COMMAND (restricted: uid 1000, no capability)."""
import ctypes
import os
import pathlib
import stat
import subprocess

import restricted

CHROOT = {"x86_64": 161}
KEPT = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}  # chown dac_override fowner fsetid kill setgid setuid setpcap net_bind net_raw sys_chroot mknod audit setfcap
MS_BIND, MS_REC, MS_PRIVATE, MS_RDONLY = 4096, 16384, 1 << 18, 1
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _enter(root, binds, level="default"):
    libc = ctypes.CDLL(None, use_errno=True)

    def must(result, what):
        if result != 0:
            os.write(2, f"pod: {what}: {os.strerror(ctypes.get_errno())}\n".encode())
            os._exit(121)

    def mount(source, target, kind=None, flags=0, data=None):
        encoded = [None if x is None else str(x).encode() for x in (source, target, kind)]
        must(libc.mount(*encoded, ctypes.c_ulong(flags), None if data is None else data.encode()), f"mount {target}")

    must(libc.unshare(0x00020000), "unshare")  # CLONE_NEWNS
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(root, root, None, MS_BIND | MS_REC)
    for name in ("proc", "dev", "sys", *(b.lstrip("/") for b in binds)):
        os.makedirs(root / name, exist_ok=True)
    mount("proc", root / "proc", "proc")
    mount("tmpfs", root / "dev", "tmpfs", 0, "mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        st = os.stat("/dev/" + name)
        os.mknod(root / "dev" / name, stat.S_IFCHR | 0o666, st.st_rdev)
        os.chmod(root / "dev" / name, 0o666)
    mount("sysfs", root / "sys", "sysfs", MS_RDONLY)
    for target, source in binds.items():
        mount(source, root / target.lstrip("/"), None, MS_BIND | MS_REC)
    os.chroot(root)
    os.chdir("/")
    os.umask(0o022)
    if level == "restricted":
        restricted.enter()
        return
    restricted.filter_calls(libc, [n for n in restricted.DENIED[os.uname().machine] if n != CHROOT[os.uname().machine]])
    for capability in range(64):
        if capability not in KEPT:
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: the program that is executed next has what is left


def run_outside(root, *command, binds=None, env=None, data=None, timeout=600, level="default"):
    """In the pod that OAKUM_STOCK_POD makes."""
    words = [os.environ["OAKUM_STOCK_POD"], "--level", level, *(w for k, v in (binds or {}).items() for w in ("--bind", f"{v}:{k}")),
             *(w for k, v in (env or {}).items() for w in ("--env", f"{k}={v}")), str(root), "--", *map(str, command)]
    return subprocess.run(words, capture_output=True, text=True, input=data, stdin=subprocess.DEVNULL if data is None else None, timeout=timeout)


def run(root, *command, binds=None, env=None, data=None, timeout=600, level="default"):
    root, binds = pathlib.Path(root), {k: str(v) for k, v in (binds or {}).items()}
    env = {"PATH": PATH, "HOME": "/", **(env or {})}
    if os.environ.get("OAKUM_STOCK_POD"):
        return run_outside(root, *command, binds=binds, env=env, data=data, timeout=timeout, level=level)
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, input=data, timeout=timeout, preexec_fn=lambda: _enter(root, binds, level), env=env, cwd="/")

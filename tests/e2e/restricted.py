"""A restricted pod without a pod: a command as uid 1000 without capabilities, with no_new_privs, where namespaces, chroot, mounts
and another's descriptors (pidfd_getfd) are denied by a filter, as a container engine's default profile does."""
import ctypes
import os
import platform
import struct
import subprocess

DENIED = {"x86_64": [272, 308, 161, 165, 166, 155, 438, 435, 248, 249, 250, 425, 426, 427, 183, 180]}  # unshare setns chroot mount umount2 ...
CHROOT = {"x86_64": 161}
STOCK = "chown dac_override fsetid fowner mknod net_raw setgid setuid setfcap setpcap net_bind_service sys_chroot kill audit_write".split()
CLONE, EPERM, NEW = 56, 1, 0x7E020000


def _filter(denied):
    """A filter of seccomp(2) in the kernel's form: struct sock_filter {u16 code; u8 jt, jf; u32 k}."""
    statement = lambda code, k, jt=0, jf=0: struct.pack("HBBI", code, jt, jf, k)
    code = [statement(0x20, 0)]  # the number
    for number in denied:
        code += [statement(0x15, number, 0, 1), statement(0x06, 0x00050000 | (38 if number == 435 else EPERM))]
    code += [statement(0x15, CLONE, 0, 3), statement(0x20, 16), statement(0x45, NEW, 0, 1), statement(0x06, 0x00050000 | EPERM)]
    code += [statement(0x06, 0x7FFF0000)]
    return b"".join(code), len(code)


def filter_calls(libc, denied):
    """From here on these calls fail, for all that comes of this process."""
    text, count = _filter(denied)
    buffer = ctypes.create_string_buffer(text, len(text))
    program = struct.pack("HxxxxxxP", count, ctypes.addressof(buffer))
    if libc.prctl(22, 2, program, 0, 0):  # PR_SET_SECCOMP
        os._exit(120)


def enter(allowed=()):
    """For preexec_fn. `allowed`: calls that are left out of the filter."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        for capability in range(64):
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
        os.setgroups([])
        os.setresgid(1000, 1000, 1000)
        os.setresuid(1000, 1000, 1000)
    if libc.prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
        os._exit(120)
    filter_calls(libc, [number for number in DENIED[platform.machine()] if number not in allowed])


def run(*command, env=None, timeout=600, out=subprocess.PIPE, allowed=()):
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, preexec_fn=lambda: enter(allowed), timeout=timeout,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(env or {})})


def run_stock(*command, timeout=600):
    """Uid 0 with fourteen capabilities, no new namespaces: what a pod gets that asks for nothing."""
    denied = [number for number in DENIED[platform.machine()] if number != CHROOT[platform.machine()]]
    bounding = "-all," + ",".join("+" + name for name in STOCK)
    return subprocess.run(["setpriv", "--inh-caps=-all", "--bounding-set=" + bounding, *map(str, command)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout, preexec_fn=lambda: filter_calls(ctypes.CDLL(None, use_errno=True), denied))


def run_plain(folder, *command, ranges="plain:200000:65536\n", timeout=600):
    """No pod, but a user without privileges, uid 54321, in a mount namespace where /etc/subuid and /etc/passwd know it. `folder`: where their
    stand-ins go."""
    (folder / "sub").write_text(ranges)
    (folder / "passwd").write_text("root:x:0:0::/root:/bin/sh\nplain:x:54321:54321::/nonexistent:/bin/sh\n")
    script = ("set -e; for f in subuid subgid; do [ -e /etc/$f ] || touch /etc/$f; mount --bind \"$0/sub\" /etc/$f; done; "
              "mount --bind \"$0/passwd\" /etc/passwd; exec setpriv --reuid 54321 --regid 54321 --clear-groups \"$@\"")
    return subprocess.run(["unshare", "-m", "sh", "-c", script, str(folder), *map(str, command)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout)


def own(folder, owner=1000):
    """Gives a folder and all in it to the user that run() becomes, or another."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "--no-dereference", f"{owner}:{owner}", str(folder)], check=True)
    return folder

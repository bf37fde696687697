"""kill -9 at random moments of a build, of its pull and of its writes to the store: the next run gives the right digest.

OAKUM_KILLS says how many builds must die (default 20): one that was faster than its kill does not count. OAKUM_SEED: at which moments.
"""
import os
import random
import signal
import subprocess
import time

from test_registry import free_port
from conftest import OAKUM, RUNGS

WORK = r"""
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
  char name[64], data[65536];
  for (unsigned i = 0; i < sizeof(data); i++)
    data[i] = (char)(i * 31 + i / 251);
  mkdir("/made", 0755);
  for (int i = 0; i < 60; i++) {
    snprintf(name, sizeof(name), "/made/%d", i);
    int fd = open(name, O_WRONLY | O_CREAT, 0644);
    data[0] = (char)i;
    if (write(fd, data, sizeof(data)) < 0)
      return 1;
    close(fd);
  }
  return 0;
}
"""


def test_killed_at_random_moments(tmp_path):
    (tmp_path / "work.c").write_text(WORK)
    context = tmp_path / "c"
    (context / "data").mkdir(parents=True)
    subprocess.run(["gcc", "-O1", "-static", "-o", str(context / "work"), str(tmp_path / "work.c")], check=True)
    rnd = random.Random(int(os.environ.get("OAKUM_SEED", "7")))
    for i in range(8):
        (context / "data" / str(i)).write_bytes(rnd.randbytes(400000))
    (context / "Dockerfile").write_text("FROM scratch\nCOPY data /data\nCOPY work /work\nRUN [\"/work\"]\n")
    port = free_port()
    (tmp_path / "r.yml").write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/data}}}}\n"
                                    f"http: {{addr: \"127.0.0.1:{port}\"}}\n")
    registry = subprocess.Popen(["docker-registry", "serve", str(tmp_path / "r.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        first = subprocess.run([OAKUM, "build", "--store", str(tmp_path / "s0"), "--isolation", "chroot", "-t", f"127.0.0.1:{port}/base:v",
                                str(context)], capture_output=True, text=True)
        assert first.returncode == 0, first.stderr
        second = tmp_path / "c2"
        second.mkdir()
        (second / "x").write_text("x")
        (second / "Dockerfile").write_text(f"FROM 127.0.0.1:{port}/base:v\nCOPY x /made/x\nRUN [\"/work\"]\nLABEL a=b\n")

        def command(store, rung="chroot"):
            return [OAKUM, "build", "--store", str(store), "--isolation", rung, "--output", f"oci:{store}-out:v", str(second)]

        began = time.monotonic()
        want = subprocess.run(command(tmp_path / "clean"), capture_output=True, text=True)
        assert want.returncode == 0, want.stderr
        whole = time.monotonic() - began
        killed, wanted = 0, int(os.environ.get("OAKUM_KILLS", "20"))
        for i in range(5 * wanted):
            if killed == wanted:
                break
            store = tmp_path / f"s{i % 4}x"  # stores are used again, with what the kills left in them
            rung = RUNGS[i % len(RUNGS)]
            run = subprocess.Popen(command(store, rung), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rnd.random() * whole)
            run.send_signal(signal.SIGKILL)
            died = run.wait() == -signal.SIGKILL
            killed += died
            whole *= 1.05 if died else 0.8  # with what is in the stores builds are faster than the first
            again = subprocess.run(command(store, rung), capture_output=True, text=True)
            assert again.returncode == 0 and again.stdout == want.stdout, (i, again.stderr)
        assert killed == wanted
        print(f"{killed} of {i} runs were killed before their end")
    finally:
        registry.kill()
        registry.wait()

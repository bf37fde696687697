"""The order of Debian versions is dpkg's: random pairs, judged by dpkg itself."""
import os
import random
import subprocess

PAIRS = int(os.environ.get("OAKUM_VERSION_PAIRS", "2000"))


def random_version(rng):
    def part(first, others, most):
        return rng.choice(first) + "".join(rng.choice(others) for _ in range(rng.randrange(most)))

    text = part("0123456789", "00112359abz.+~", 7)
    if rng.random() < 0.5:
        text += "-" + part("0123ab~+", "0129a.+~", 4)
    if rng.random() < 0.25:
        text = f"{rng.randrange(3)}:{text}"
    return text


def test_order_is_dpkgs():
    rng = random.Random(20261124)
    pairs = []
    for _ in range(PAIRS):
        a = random_version(rng)
        # Half of the pairs differ in one place only, where the rules are fine.
        at = rng.randrange(len(a))
        b = a[:at] + rng.choice("019az.+~") + a[at + 1:] if rng.random() < 0.5 else random_version(rng)
        pairs.append((a, b))
    lines = "".join(f"{a}\t{b}\n" for a, b in pairs)
    ours = subprocess.run([os.environ["OAKUM"], "debug", "version", "deb"], input=lines, capture_output=True,
                          text=True, check=True).stdout.split()
    judge = ('while IFS="\t" read -r a b; do '
             'if ! dpkg --validate-version "$a" || ! dpkg --validate-version "$b"; then echo "!"; '
             'elif dpkg --compare-versions "$a" lt "$b"; then echo "<"; '
             'elif dpkg --compare-versions "$a" gt "$b"; then echo ">"; else echo "="; fi; done')
    theirs = subprocess.run(["sh", "-c", judge], input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True, check=True).stdout.split()
    assert len(ours) == len(theirs) == PAIRS
    assert [(p, o, t) for p, o, t in zip(pairs, ours, theirs) if o != t] == []
    assert {"<", ">"} <= set(theirs)

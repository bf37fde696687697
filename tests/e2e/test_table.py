"""The table of a scan: within the columns of its reader, grouped, folded, colours and links for terminals alone."""
import json
import os
import pty
import re
import subprocess
import unicodedata

import pytest
from html_result import result
from test_report import HOSTILE


def table(oakum, folder, data, **env):
    (folder / "r.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "r.json"], cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "", **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.parametrize("columns, limit", [("", 80), ("80", 80), ("60", 60), ("120", 120), ("10", 60), ("100000", 80), ("nonsense", 80)])
def test_width(oakum, tmp_path, columns, limit):
    """Nothing is wider, whatever names and targets are."""
    data = result(60, target="registry.example/" + "very-long-" * 30 + ":1")
    data["packages"][0]["name"] = "wide-\u5bbd\u5bbd\u5bbd" * 20
    for at, finding in enumerate(data["findings"][:len(HOSTILE)]):
        finding["package"] = {"name": HOSTILE[at] * 5, "version": "\u5bbd" * 100, "purl": None}
        finding["id"], finding["fixed"] = HOSTILE[at] * 4, HOSTILE[at] * 9
    data["hygiene"][0]["title"] = "words " * 60 + "x" * 500
    data["secrets"][0]["file"] = "a/" * 300
    data["verdict"]["reasons"] = ["a reason " * 30]
    text = table(oakum, tmp_path, data, COLUMNS=columns)
    assert max(width(line) for line in text.splitlines()) <= limit and "\x1b" not in text and not re.search(r"(?m) $", text)
    for finding in data["findings"][len(HOSTILE):]:
        assert re.search(rf"(?m)^  {finding['id']} +{finding['severity']} ", text), finding["id"]


def test_groups(oakum, tmp_path):
    """Holes below their package, packages with the worst first; in each the most urgent first; then the rest."""
    data = result(60)
    text = table(oakum, tmp_path, data)
    blocks = [block.splitlines() for block in text.split("\n\n")]
    fixable = sum(f["fixed"] is not None for f in data["findings"])
    assert blocks[0] == ["registry.example/shop/api:1.12: Debian GNU/Linux 12 (bookworm)", f"400 packages, 60 holes, {fixable} of them with a fix"]
    told = {}
    assert len(blocks) == 6
    for line in blocks[1]:
        if line.startswith("  "):
            told[package].append(line.split()[0])
        else:
            package = tuple(line.split()[:2])
            told[package] = []
    wanted = {}
    for f in data["findings"]:
        wanted.setdefault((f["package"]["name"], f["package"]["version"]), []).append(f)
    urgent = lambda f: (not f["kev"], ["critical", "high", "medium", "low", "unknown", "negligible"].index(f["severity"]), -f["risk"])
    assert {k: v for k, v in told.items()} == {k: [f["id"] for f in sorted(v, key=urgent)] for k, v in wanted.items()}
    firsts = [urgent(next(f for f in data["findings"] if f["id"] == ids[0])) for ids in told.values()]
    assert firsts == sorted(firsts)
    assert [block[0] for block in blocks[-4:-1]] == ["Secrets: 2", "Hygiene: 1", "Licences: 1"]
    assert blocks[-1] == ["not judged: app/broken.jar could not be read [unreadable-archive]", f"fail: {fixable} holes have a fix", "fail: 1 thing could not be judged"]
    assert "critical    github-token  /app/.env:3  layer 4" in text and "ghp_****" in text and "/app/id_rsa:3  layer 4  gone" in text


def test_folds(oakum, tmp_path):
    """Of thousands a few of each package, with how many there are; it says where all are."""
    data = result(5000)
    text = table(oakum, tmp_path, data)
    assert len(text.splitlines()) < 600 and "Folded; --format html, csv and json have each hole." in text
    shown = len(re.findall(r"(?m)^  CVE-", text)) + sum(int(n) for n in re.findall(r"(?m)^  and (\d+) more$", text))
    last = re.search(r"(?m)^(\d+) more packages: (.*)$", text)
    assert shown + (sum(int(n) for n in re.findall(r"\d+", last[2])) if last else 0) == 5000


def screen(oakum, folder, **env):
    """What it writes to a terminal."""
    (folder / "r.json").write_text(json.dumps(result(12)))
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "VTE_VERSION", "TERM_PROGRAM", "KONSOLE_VERSION", "WT_SESSION", "KITTY_WINDOW_ID")}
    leader, follower = pty.openpty()
    process = subprocess.Popen([oakum, "report", "r.json"], cwd=folder, stdout=follower, stdin=subprocess.DEVNULL, env={**plain, "TERM": "xterm-256color", **env})
    os.close(follower)
    told = b""
    try:
        while chunk := os.read(leader, 4096):
            told += chunk
    except OSError:  # its other end is closed
        pass
    os.close(leader)
    assert process.wait() == 0
    return told.decode()


def test_terminal(oakum, tmp_path):
    text = screen(oakum, tmp_path)
    assert "\x1b[1;31mcritical" in text and "\x1b]8;" not in text
    linked = screen(oakum, tmp_path, VTE_VERSION="7200")
    assert "\x1b]8;;https://nvd.nist.gov/vuln/detail/CVE-2024-10000\x1b\\CVE-2024-10000\x1b]8;;\x1b\\" in linked
    assert "\x1b]8;" in screen(oakum, tmp_path, FORCE_HYPERLINK="1") and "\x1b]8;" not in screen(oakum, tmp_path, VTE_VERSION="7200", FORCE_HYPERLINK="0")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb", "VTE_VERSION": "7200"}):
        assert "\x1b" not in screen(oakum, tmp_path, **env)

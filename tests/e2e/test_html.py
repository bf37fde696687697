"""The HTML report: what is in the file, and what a browser makes of it."""
import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import REPO
from html_result import SEVERITIES, result
from test_report import HOSTILE

MODULES = REPO / "build/browser"
CHROMIUM = shutil.which("chromium")
BROWSER = bool(CHROMIUM and shutil.which("node") and (MODULES / "node_modules/playwright-core").exists())
HOLES = 5000


def render(oakum, folder, data, name):
    (folder / f"{name}.json").write_text(json.dumps(data))
    done = subprocess.run([oakum, "report", "--format", "html", "-o", f"{name}.html", f"{name}.json"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / f"{name}.html"


def hostile_result():
    """Everything that a stranger may write, in every field that takes text."""
    data = result(2 * len(HOSTILE), packages=len(HOSTILE))
    texts = HOSTILE + ("javascript:alert(1)", "\u05d0\u05d1\u05d2 \u202e txt.exe", "{{script}}", "</noscript><script>alert(2)</script>", "\u2028\u2029", "<svg onload=alert(3)>")
    count = [0]

    def next_text(old):
        count[0] += 1
        return texts[count[0] % len(texts)] + " " + old

    def spoil(value, key=None):
        if isinstance(value, dict):
            return {k: v if k in ("severity", "status", "kind", "schema", "type") else spoil(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [spoil(v, key) for v in value]
        return next_text(value) if isinstance(value, str) else value
    packages = data["packages"]
    spoiled = spoil(data)
    for finding, plain in zip(spoiled["findings"], data["findings"]):  # still the same packages
        at = next(i for i, p in enumerate(packages) if p["purl"] == plain["package"]["purl"])
        finding["package"] = {k: spoiled["packages"][at][k] for k in ("name", "version", "purl")}
    return spoiled


@pytest.fixture(scope="module")
def files(oakum, tmp_path_factory):
    folder = tmp_path_factory.mktemp("html")
    big = render(oakum, folder, result(HOLES), "big")
    small = result(40)
    after = result(70, target="registry.example/shop/api:1.13")
    after["findings"] = after["findings"][10:]
    after["packages"] = after["packages"][5:] + [{**after["packages"][0], "version": "99"}]
    after["layers"][4]["diff_id"] = "sha256:" + "0" * 64
    after["image"]["config"]["user"] = "1000"
    out = {"big": big, "small": render(oakum, folder, small, "small"), "hostile": render(oakum, folder, hostile_result(), "hostile"),
           "empty": render(oakum, folder, {**result(0, packages=1), "secrets": [], "hygiene": [], "licenses": [], "incomplete": [], "layers": [], "verdict": {"kind": "pass", "reasons": []}}, "empty")}
    (folder / "after.json").write_text(json.dumps(after))
    for name, pair in (("compare", ("small.json", "after.json")), ("strange", ("hostile.json", "after.json"))):
        done = subprocess.run([oakum, "compare", "--format", "html", "-o", f"{name}.html", *pair], cwd=folder, capture_output=True, text=True)
        assert done.returncode in (0, 3), done.stderr
        out[name] = folder / f"{name}.html"
    return out


# ---- the file ------------------------------------------------------------------------------------

PAGES = ["big", "small", "hostile", "empty", "compare", "strange"]


@pytest.mark.parametrize("page", PAGES)
def test_the_file_stands_alone(files, page):
    """A policy by digests that fit, blocks of inert data, one script, and no address but in the data."""
    text = files[page].read_text()
    head, script, tail = re.match(r'(?s)(.*?)<script>(.*?)</script>\n(<script type="application/gzip;base64" id="packed">.*</script>)\n</body>\n</html>\n$', text).groups()
    head += tail
    style, = re.findall(r"(?s)<style>(.*?)</style>", head)
    policy, = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for source, key in ((script, "script-src"), (style, "style-src")):
        assert rules[key] == "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'" and rules["img-src"] == "data:"
    blocks = dict(re.findall(r'(?s)<script type="application/(?:json|gzip;base64)" id="(\w+)">(.*?)</script>', head))
    assert list(blocks) == ["data", "packed"] and head.count("<script") == 2
    assert not any(c in blocks["data"] for c in "<>&\u2028\u2029\x1b\u202e") and re.fullmatch(r"[\w+/]*={0,2}", blocks["packed"])
    rows, details, data = read(files[page])
    assert len(rows) == len(details) == len(data["findings"].get("kind", [])) and all(len(column) == len(rows) for column in data["findings"].values())
    _, texts, _ = packed(files[page])
    assert len(texts) == len(set(texts))
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "XMLHttpRequest", "import(", "@import", "url("):
        assert word not in script + style, word
    assert re.findall(r'(?:src|href)="([^"]*)"', head) == ["data:,", "#findings"]


def data_of(file):
    return json.loads(re.search(r'(?s)id="data">(.*?)</script>', file.read_text())[1])


def packed(file):
    """What stands behind the script: names that are not in the data, texts, evidence; no control character but the ends of its lines."""
    raw = gzip.decompress(base64.b64decode(re.search(r'id="packed">(.*?)</script>', file.read_text())[1], validate=True)).decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", raw) and (raw == "" or raw.endswith("\n"))
    lines, (names, texts) = raw.split("\n")[:-1], data_of(file)["rest"]
    return lines[:names], lines[names:names + texts], lines[names + texts:]


def read(file):
    """Rows and evidence as the page reads them: numbers stand for texts."""
    data = data_of(file)
    names, texts, lines = ([json.loads(line) for line in part] for part in packed(file))
    names, rows, details = data["names"] + names, [], []
    for at, line in enumerate(lines):
        row = {name: column[at] for name, column in data["findings"].items()}
        subject, version, kind, _ = data["places"][row["place"]]
        row |= {"id": names[row["name"]][0], "title": names[row["name"]][1], "where": data["strings"][subject], "version": data["strings"][version], "type": data["strings"][kind]}
        word = lambda w: w if isinstance(w, str) else ("", row["id"])[w] if w < 2 else texts[w - 2]
        rows.append(row)
        details.append({name: word(w) for name, w in zip(data["evidence"], line)} | {name: [word(w) for w in words] for name, words in zip(("paths", "links", "records"), line[-3:])})
    return rows, details, data


def links(detail):
    triples = [detail["links"][i:i + 3] for i in range(0, len(detail["links"]), 3)]
    return [whole or (head and head + name) for name, head, whole in triples]


def test_what_it_says(files):
    """All findings of all kinds, the most urgent first; links of ids that are ids alone."""
    rows, details, data = read(files["small"])
    assert [k[0] for k in data["kinds"]] == ["hole", "secret", "hygiene", "licence", "freshness", "incomplete", "lint"]
    kinds = [data["kinds"][row["kind"]][0] for row in rows]
    assert {k: kinds.count(k) for k in set(kinds)} == {"hole": 40, "secret": 2, "hygiene": 1, "licence": 1, "incomplete": 1}
    assert rows[0]["flags"] & 1 and data["verdict"]["kind"] == "fail"  # known to be exploited
    ranks = [SEVERITIES[::-1][row["severity"]] for row in rows[1:]]
    assert ranks == sorted(ranks, key=["critical", "high", "medium", "low", "unknown", "negligible"].index)
    first = next(d for d, row in zip(details, rows) if row["id"] == "CVE-2024-10004")
    assert links(first) == ["https://nvd.nist.gov/vuln/detail/CVE-2024-10004", "https://github.com/advisories/GHSA-0004-aaaa-bbbb",
                                                   "https://security-tracker.debian.org/tracker/DSA-4-1"]
    made = next(f for f in result(40)["findings"] if f["id"] == "CVE-2024-10004")
    assert all(first[key] == made[key] for key in ("why", "fix", "compared", "advisory", "severity_by")) and first["purl"] == made["package"]["purl"]
    assert first["records"] == ["debian-tracker", "CVE-2024-10004", "", "fixed", made["fixed"], "high", "yes", "nvd", "CVE-2024-10004", "2024-01-01T00:00:00Z", "open", "", "7.5", ""]
    seen = [link for detail in read(files["hostile"])[1] for link in links(detail) if link]
    assert all(re.fullmatch(r"https://[a-z.]+/[\w./:-]+", link) for link in seen)


@pytest.mark.parametrize("page", PAGES)
def test_sums(files, page):
    """What the first view says of all findings, by an account of our own."""
    rows, _, data = read(files[page])
    sums, counts = data["sums"], {}
    for row in rows:
        if not row["flags"] & 4:
            key = row["kind"], row.get("change", 0), row["severity"]
            counts[key] = counts.get(key, 0) + 1
    assert {(k, c, s): n for k, changes in enumerate(sums["counts"]) for c, of in enumerate(changes) for s, n in enumerate(of) if n} == counts
    assert sums["suppressed"] == sum(row["flags"] >> 2 & 1 for row in rows) and sums["fixed"] == any(row["fixed"] for row in rows)
    assert sums["layers"] == sorted({row["layer"] for row in rows} - {-1})
    for key, name, n in (("kinds", "kind", 7), ("severities", "severity", 6)):
        assert sums[key] == [int(any(row[name] == i for row in rows)) for i in range(n)]


def test_before_and_after(files):
    """Layers and packages of both images, by an account of our own."""
    data = read(files["compare"])[2]
    for side, name in zip(data["sides"], ("small", "after")):
        made = json.loads(files["small"].with_name(f"{name}.json").read_text())
        counts = {}
        for f in made["findings"]:
            key = f["package"]["name"], f["package"]["version"], f["layer_index"]
            counts[key] = counts.get(key, 0) + 1
        assert {(data["strings"][n], data["strings"][v], layer): count for n, v, layer, count, _ in side["packages"]} == counts
        assert [layer[0] for layer in side["layers"]] == [layer["digest"] for layer in made["layers"]] and [layer[5] for layer in side["layers"]] == [True] * 4 + [False] * 2
        assert [layer[4] for layer in side["layers"]] == [sum(p["layer_index"] == i for p in made["packages"]) for i in range(6)] and side["rest"] == 0


def test_what_a_browser_without_scripts_shows(files):
    plain = re.search(r"(?s)<noscript>(.*?)</noscript>", files["big"].read_text())[1]
    assert plain.count("<tr>") == 201 and "These are the 200 most urgent of 5005" in plain and "Verdict: <strong>fail</strong>" in plain
    tags = set(re.findall(r"<(/?\w+)", re.search(r"(?s)<noscript>(.*?)</noscript>", files["hostile"].read_text())[1]))
    assert tags <= {"h1", "/h1", "bdi", "/bdi", "ul", "/ul", "li", "/li", "strong", "/strong", "table", "/table", "thead", "/thead", "tr", "/tr", "th", "/th", "td", "/td", "p", "/p"}


def test_same_bytes(oakum, files):
    again = subprocess.run([oakum, "report", "--format", "html", files["small"].with_suffix(".json")], capture_output=True)
    assert again.stdout == files["small"].read_bytes()


# ---- in a browser --------------------------------------------------------------------------------

def walk(scenario, file, *more):
    done = subprocess.run(["node", REPO / "tests/browser/walk.js", scenario, file, *more], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "OAKUM_BROWSER": str(MODULES), "OAKUM_CHROMIUM": CHROMIUM})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


if BROWSER:
    def test_use(files):
        """Search, filters, order and groups of 5,000 findings, by an account of our own."""
        seen, made = walk("use", files["big"]), result(HOLES)
        holes = made["findings"]
        assert seen["bad"] == [] and seen["sections"] == ["summary", "findings", "map", "packages"] and seen["title"] == made["target"]
        total = HOLES + 5
        assert seen["open"]["count"] == f"{total:,} findings, the first 50 listed" and len(seen["open"]["ids"]) == 50
        assert seen["search"]["ids"] == ["CVE-2024-10007"] and seen["search"]["count"] == f"1 of {total:,} findings"
        critical = sum(f["severity"] == "critical" for f in holes + made["secrets"])
        assert seen["worst"]["count"].startswith(f"{critical:,} of {total:,} findings")
        assert seen["fixable"]["count"].startswith(f"{sum(f['fixed'] is not None for f in holes):,} of {total:,} findings")
        assert seen["cleared"] == seen["unsorted"] == seen["open"]
        ordered = sorted([f["id"] for f in holes] + ["github-token", "private-key", "root-user", "licence-denied", "unreadable-archive"], key=str.lower)
        assert seen["sorted"]["ids"] == ordered[:50] and seen["sorted"]["aria"].count("ascending") == 1 and seen["down"]["ids"] == ordered[::-1][:50]
        names = {f["package"]["name"] for f in holes} | {f["file"] for f in made["secrets"] + made["hygiene"] + made["licenses"]} | {"the image"}
        assert len(seen["groups"]["ids"]) == min(50, len(names)) and set(seen["groups"]["ids"]) <= names
        assert len(seen["group"]["ids"]) > len(seen["groups"]["ids"]) or len(seen["group"]["ids"]) == 50
        for word in ("Why", "What to do", "Compared", "Fingerprint", "What the feeds say", "var/lib/dpkg/status"):
            assert word in seen["detail"], word
        assert seen["links"] and all(re.match(r"https://(nvd.nist.gov|github.com|security-tracker.debian.org)/", url) and rel == "noopener noreferrer" for url, rel in seen["links"])
        assert seen["more"] == 250

    def test_keys(files):
        seen = walk("keys", files["big"])
        assert seen["bad"] == [] and seen["skip"] == "Skip to the findings" and seen["first"] != seen["second"] and seen["back"] == seen["first"] == seen["home"]
        assert (seen["unfolded"], seen["expanded"], seen["folded"]) == (1, "true", 0) and seen["end"] and seen["grown"] and seen["stops"] == 1
        assert seen["search"] == "search" and seen["nothing"].startswith("0 of") and seen["escaped"] == seen["first"]
        assert seen["help"] and seen["closed"] and seen["off"] == ""

    @pytest.mark.parametrize("page,maps", [("small", 1), ("compare", 2)])
    def test_map(files, page, maps):
        """A map of each image, as wide as there is room; a tile lists its package's findings."""
        seen = walk("map", files[page])
        assert seen["bad"] == [] and len(seen["maps"]) == maps == len(seen["tables"]) and all(seen["maps"]) and all(a == b for a, b in seen["widths"])
        assert len(seen["where"]) == 1 and seen["picked"] == f"Only {seen['where'][0]}: show all packages"

    @pytest.mark.parametrize("page", ["small", "compare", "empty"])
    def test_accessibility(files, page):
        """axe-core finds nothing, in light and dark colours, as it opens and unfolded; a narrow screen does not scroll sideways."""
        seen = walk("judge", files[page])
        assert seen["narrow"]["violations"] == seen["narrow"]["bad"] == [] and seen["narrow"]["wide"] == 400
        assert seen["light"]["violations"] == [] and seen["dark"]["violations"] == []
        assert seen["light"]["passes"] > 20 and seen["light"]["background"] != seen["dark"]["background"] and seen["light"]["bad"] == seen["dark"]["bad"] == []

    @pytest.mark.parametrize("page", ["hostile", "strange"])
    def test_hostile(files, page):
        """No dialog, request, window or error; no element, handler or link that the page does not make itself; nothing that moves or turns text."""
        seen = walk("hostile", files[page])
        assert seen["bad"] == [] and seen["handlers"] == 0 and seen["details"] > 0
        assert seen["elements"] == ["META ", "META Content-Security-Policy", "META viewport", "META referrer", "META color-scheme", "META generator", "LINK icon", "STYLE ",
                                    "SCRIPT data", "SCRIPT ", "SCRIPT packed"]
        assert all(re.match(r"file:|https://(nvd.nist.gov|github.com|security-tracker.debian.org|osv.dev)/", link) for link in seen["links"])
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", seen["text"]) and "<script>alert(1)</script>" in seen["text"]

    def test_plain_and_paper(files):
        seen = walk("plain", files["small"])
        assert seen["bad"] == [] and seen["rows"] == 46 and "Verdict: fail" in seen["text"] and seen["listed"] == 45 and not seen["hidden"]
        assert walk("plain", files["big"])["listed"] == HOLES + 5

    @pytest.mark.parametrize("when", ["early", "late"])
    def test_old_browser(files, when):
        """What is drawn before anything is unpacked stays, and the page says what is missing, whether the other rows come before or after that."""
        seen = walk("old", files["big"], when)
        assert seen["bad"] == [] and seen["count"].startswith(f"{HOLES + 5:,} findings") and "cannot unpack" in seen["count"]
        assert seen["listed"] == 50 and seen["maps"] == 1

    def test_severity_names_fit(files):
        assert data_of(files["small"])["severities"] == SEVERITIES[::-1]

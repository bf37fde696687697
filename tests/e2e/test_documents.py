"""What the documents say can be found: files, links, headings, commands with their options, variables, counts."""
import re
import subprocess

from conftest import OAKUM, REPO

DOCUMENTS = [REPO / name for name in subprocess.run(["git", "ls-files", "*.md", "deploy", "examples"], cwd=REPO, capture_output=True, text=True,
                                                    check=True).stdout.splitlines()]
PAGES = [p for p in DOCUMENTS if p.suffix == ".md"]


def told(*words):
    return subprocess.run([OAKUM, *words], capture_output=True, text=True).stdout


def options():
    """{"db": …, "db import": {"--feed", …}}: of each command and verb."""
    found = {}
    for command in re.findall(r"^  (\w+)  ", told("--help"), re.M):
        text = told(command, "--help")
        verbs = re.findall(r"^  (\w+)\b", text.split("\nVerbs:\n")[1].split("\n\n")[0], re.M) if "\nVerbs:\n" in text else []
        for words in [(command,)] + [(command, verb) for verb in verbs]:
            found[" ".join(words)] = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", told(*words, "--help"), re.M)) | {"--help"}
    return found


def test_links_and_files():
    wrong = []
    for page in PAGES:
        text = page.read_text()
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, heading = link.partition("#")
            there = (page.parent / path).resolve() if path else page
            if link.startswith("http"):
                continue
            if not there.exists():
                wrong.append((page.name, link))
            elif heading and there.suffix == ".md":
                known = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", there.read_text(), re.M)}
                wrong += [] if heading in known else [(page.name, link)]
        for path in re.findall(r"`((?:src|tools|tests|docs|deploy|examples|bench|web|data)/[\w./-]+)`", text):
            if not re.search(r"NAME|THEME", path) and not (REPO / path).exists():
                wrong.append((page.name, path))
    assert wrong == []


def test_commands():
    """Each command line that begins with oakum: command, verb and options are there."""
    known, wrong, seen = options(), [], 0
    for page in DOCUMENTS:
        for line in page.read_text(errors="replace").splitlines():
            for command, rest in re.findall(r"(?:^\s{2,}|`|\| |\$ |- |&& )oakum ([a-z]+)((?: [^`|]*)?)", line):
                verb = next((w for w in rest.split() if f"{command} {w}" in known), None)
                mine = known.get(command, set()) | known.get(f"{command} {verb}", set())
                seen += 1
                if command not in known and command not in ("help", "version"):
                    wrong.append((page.name, line))
                wrong += [(page.name, o, line) for o in re.findall(r"(?<![\w-])(--[a-z][\w-]*)", rest) if o not in mine]
    assert wrong == [] and seen > 80


def test_variables():
    names = {"OAKUM_" + o[2:].upper().replace("-", "_") for options_ in options().values() for o in options_}
    source = "".join(p.read_text(errors="replace") for pattern in ("src/**/*.[ch]", "src/**/*.inc", "tests/e2e/*.py", "deploy/**/*.yml", "tools/*")
                     for p in REPO.glob(pattern) if p.is_file())
    wrong = [(page.name, v) for page in DOCUMENTS for v in re.findall(r"\bOAKUM_[A-Z_]+[A-Z]\b", page.read_text(errors="replace"))
             if v not in names and v not in source]
    assert wrong == []


def test_counts():
    """Numbers of things that are rows of a table."""
    def number(page, pattern):
        words = {"fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19}
        found = re.search(pattern, (REPO / page).read_text())[1]
        return words[found] if found in words else int(found)
    formats = lambda command: re.search(r"--format\b.*?: ([a-z0-9-]+(?:, [a-z0-9-]+)+)", " ".join(told(command, "--help").split()))[1].split(", ")
    assert number("ARCHITECTURE.md", r"ranges of (\d+) schemes") == len(re.findall(r"^\| `\w", (REPO / "docs/versions.md").read_text().split("## What judges")[0], re.M))
    assert number("ARCHITECTURE.md", r"results of scans in (\w+) formats") == number("README.md", r"in \[(\w+) formats\]") == len(formats("scan"))
    assert number("ARCHITECTURE.md", r"what lint found in (\w+) formats") == len(formats("lint"))
    assert number("docs/catalogue.md", r"binaries.inc` has (\d+) products") == len(set(re.findall(r'^ *\{"([^"]+)"', (REPO / "src/catalog/binaries.inc").read_text(), re.M)))
    feeds = re.findall(r"^([a-z0-9-]+): ", told("db", "feeds"), re.M)
    table = " ".join(row.split("|")[1] for row in (REPO / "docs/database.md").read_text().splitlines() if row.startswith("| `"))
    assert sorted(re.findall(r"`([a-z0-9-]+)`", table)) == sorted(feeds)
    addresses = re.search(r"^osv: .*?(?=^\S)", told("db", "feeds"), re.M | re.S)[0].count("address:")
    assert number("docs/database.md", r"all.zip` \((\d+) ecosystems") == addresses

"""What each input of bench/db holds, read once more (tests/e2e/feed_counts.py), beside what a database of it alone has."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/e2e"))
import feed_counts as second  # noqa: E402

# Differences that have a reason. (pattern of the input, pattern of "record package", side, why)
ARGUED = [
    ("osv-native/DockerHardenedImages", r"^CVE-", "missing", "the id comes twice, with other packages and another date: the newer counts"),
    ("retirejs", r"^RETIREJS-.*-[0-9a-f]{12} ", "more", "of no name but a text or a page: the id is made by the reader"),
]


def reader_of(path, name=None):
    text = name or str(path)
    for pattern, function in [
            (r"\.osv\.jsonl", second.osv), (r"secdb/", second.secdb), (r"\.table\.jsonl|redhat-fixed", second.table),
            (r"D[SL]A\.list", second.debian_list), (r"nvd-cpe", second.overrides), (r"epss", second.epss), (r"kev", second.kev), (r"oval", second.oval)]:
        if re.search(pattern, text):
            return function
    return None


def archive_reader(path):
    for pattern, wanted, function in [
            (r"ruby-advisory", r"/(gems|rubies)/.*\.yml$", second.ruby), (r"friendsofphp", r"\.yaml$", second.php),
            (r"elixir", r"packages/.*\.yml$|packages/.*\.yaml$", second.elixir), (r"wolfi", r"\.yaml$", second.wolfi),
            (r"haskell", r"\.md$", second.haskell), (r"nodejs", r"\.json$", second.node_security),
            (r"retirejs", r"jsrepository-v5\.json$|npmrepository\.json$", second.retirejs),
            (r"docker-hardened", r"\.vex\.json$|vex.*\.json$", second.openvex)]:
        if re.search(pattern, path.name):
            return wanted, function
    return None, None


def expected(path):
    data = second.plain(path)
    function = reader_of(path)
    if function:
        return function(data, path.name)
    wanted, function = archive_reader(path)
    if not function:
        return None
    pairs = set()
    for name, text in second.members(data):
        if re.search(wanted, "/" + name):
            try:
                pairs |= function(text, name)
            except Exception as error:
                print(f"    {name}: not read by the second reader: {error!r}"[:200])
    return pairs


def compare(oakum, inputs, folder):
    good = True
    for path in inputs:
        wanted = expected(path)
        rows, _ = second.exported(oakum, [path], "auto", folder / "one.db")
        (folder / "one.db").unlink()
        have = {(r["record"], r["package"]) for r in rows if "package" in r}
        short = "/".join(path.parts[-2:])
        tables = {r[k] for r in rows for k in ("epss", "kev") if k in r}
        have = have or tables
        vulnerabilities = {r["vulnerability"] for r in rows if "vulnerability" in r}
        if wanted is None:
            print(f"{short}: {len(have)} (record, package), {len(vulnerabilities)} vulnerabilities; no second reading")
            continue
        missing, more = wanted - have, have - wanted
        reasons = {}
        for side, pairs in (("missing", missing), ("more", more)):
            for pair in list(pairs):
                text = pair if isinstance(pair, str) else " ".join(pair)
                for where, pattern, which, why in ARGUED:
                    if which == side and re.search(where, short) and re.search(pattern, text):
                        reasons[why] = reasons.get(why, 0) + 1
                        pairs.discard(pair)
                        break
        print(f"{short}: {len(wanted)} expected, {len(have)} there" + "".join(f"; {n}: {why}" for why, n in reasons.items()))
        for side, pairs in (("MISSING", missing), ("MORE", more)):
            if pairs:
                good = False
                print(f"  {side} {len(pairs)}: {sorted(pairs)[:4]}")
    return good

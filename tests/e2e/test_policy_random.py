"""Random policies held against random findings, and the verdict worked out a second time: by what docs/policy.md says, with nothing of the program's."""
import datetime
import json
import os
import random
import re
import subprocess
import zoneinfo

import pytest

SEVERITIES = ["unknown", "negligible", "low", "medium", "high", "critical"]
KINDS = ["hole", "secret", "hygiene", "licence", "lint", "freshness", "incomplete"]
ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "+05:30", "Pacific/Auckland", "-03:00"]
YES, MAYBE, NO = 2, 1, 0
HOLES_ONLY = ("cvss", "epss", "epss-percentile", "risk", "fix-age", "status")


def zone_of(name):
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", name)
    if not offset:
        return zoneinfo.ZoneInfo(name)
    minutes = int(offset[2]) * 60 + int(offset[3])
    return datetime.timezone(datetime.timedelta(minutes=minutes if offset[1] == "+" else -minutes))


# ---- chance --------------------------------------------------------------------------------------

def finding(r, today):
    def day(least, most):
        return (today + datetime.timedelta(days=r.randint(least, most))).isoformat()

    kind = r.choice(["hole"] * 6 + KINDS[1:])
    one = {"kind": kind, "id": f"CVE-2024-{r.randint(1, 9)}" if kind == "hole" else r.choice(["r-a", "r-b", "r-c"]), "severity": r.choice(SEVERITIES)}
    may = {}
    if kind == "hole":
        one.update(package=r.choice(["openssl", "curl", "libc6", "zlib1g", "lodash"]), version=str(r.randint(1, 3)))
        one["purl"] = f"pkg:{r.choice(['deb/debian', 'npm'])}/{one['package']}@{one['version']}"
        may = {"fixed": (.5, "9"), "fix-date": (.6, day(-40, 2)), "cvss": (.6, r.choice([0.1, 3.9, 7.0, 9.8])), "epss": (.6, r.choice([0.0, 0.01, 0.2, 0.9])),
               "percentile": (.4, r.choice([0.1, 0.5, 0.99])), "risk": (.5, r.choice([0, 5, 50, 100])), "kev": (.3, True), "ransomware": (.2, True),
               "aliases": (.3, [f"GHSA-{r.randint(1, 4)}"]), "source": (.3, r.choice(["openssl", "glibc"])), "layer": (.7, r.randint(0, 3))}
    else:
        may = {"file": (.6, r.choice(["etc/a.conf", "usr/share/x/y", "srv/app/key.pem"]))}
        if kind in ("secret", "hygiene"):
            may["gone"] = (.3, True)
        if kind != "lint":
            may["layer"] = (.4, r.randint(0, 3))
        if kind in ("hygiene", "lint", "secret"):
            may["category"] = (1, r.choice(["user", "freshness", "files"] if kind == "hygiene" else ["Key", "user"]))
        if kind == "lint":
            may["line"] = (1, r.randint(1, 30))
    one.update({key: value for key, (chance, value) in may.items() if r.random() < chance})
    if kind == "hole" and r.random() < .5:
        one["status"] = "fixed" if "fixed" in one else r.choice(["open", "will_not_fix", "fix_deferred", "end_of_life", "under_investigation"])
    if one.get("kev") and r.random() < .5:
        one["kev-due"] = day(-2, 2)
    if "layer" in one and r.random() < .5:
        one["dockerfile-line"] = r.randint(1, 30)
    if kind != "incomplete" and r.random() < .05:
        one["suppressed"] = "VEX: not_affected"
    return one


def conditions(r):
    lower = r.choice(SEVERITIES[1:])
    may = {"kind": (.5, r.choice([r.choice(KINDS), r.sample(KINDS, 2)])), "id": (.25, r.choice(["CVE-2024-1", "CVE-2024-*", "cve-2024-3", ["CVE-2024-2", "r-a"], "GHSA-1", "r-?"])),
           "severity": (.35, lower), "cvss": (.12, r.choice([0, 7.0, 9])), "epss": (.12, r.choice([0, 0.2, 0.5])), "epss-percentile": (.06, 0.5), "risk": (.08, r.choice([0, 50])),
           "kev": (.1, r.random() < .6), "kev-due": (.06, r.random() < .6), "ransomware": (.06, r.random() < .6), "fixable": (.2, r.random() < .6),
           "fix-age": (.1, r.choice([0, 7, 30, "1w", "10d"])), "status": (.08, r.choice(["open", "FIXED", ["will_not_fix", "end_of_life"]])),
           "package": (.12, r.choice(["openssl", "lib*", "pkg:npm/lodash", "pkg:deb/debian/*@2", ["curl", "zlib1g"]])), "version": (.05, r.choice(["1", ["2", "3"]])),
           "source": (.05, "openssl"), "type": (.08, r.choice(["deb", "npm"])), "layer": (.08, r.choice(["0", "1-2", ["0", "3"]])), "from": (.1, r.choice(["base", "own", "any"])),
           "line": (.06, r.choice(["5", "1-10"])), "category": (.05, r.choice(["user", "fresh*"])), "new": (.1, r.random() < .6), "gone": (.06, r.random() < .5),
           "stage": (.06, r.choice(["build", "1", "fin*"]))}
    out = {key: value for key, (chance, value) in may.items() if r.random() < chance}
    above = r.choice(SEVERITIES[2:])
    if r.random() < .15 and SEVERITIES.index(above) > SEVERITIES.index(out.get("severity", "negligible")):
        out["severity-below"] = above
    return out


def asks(part):
    return [key for key in part if key not in ("name", "action", "kind", "from")] and "incomplete" not in listed(part.get("kind", []))


def document(r):
    now = datetime.datetime(*r.choice([(2026, 11, 26), (2026, 10, 25)]), tzinfo=datetime.timezone.utc) + datetime.timedelta(minutes=r.randint(-1500, 1500))
    policy = {key: value for key, chance, value in (("timezone", .7, r.choice(ZONES)), ("unknown", .3, r.choice(["unknown", "fail"])), ("no-baseline", .4, r.choice(["new", "unknown", "old"])))
              if r.random() < chance}
    rules, exceptions = [], []
    for i in range(r.randint(1, 4)):
        rule = {"name": f"r{i}", **conditions(r), "action": r.choice(["fail", "fail", "warn", "ignore"])}
        if rule["action"] == "ignore" and not asks(rule):
            rule["action"] = "fail"
        if rule["action"] != "ignore":
            rule.update({key: value for key, value in (("max", r.randint(0, 3)), ("missing", r.choice(["unknown", "match", "skip"]))) if r.random() < .3})
        rules.append(rule)
    for _ in range(r.randint(0, 2)):
        one = conditions(r)
        if asks(one):
            ends = {"expires": (now.date() + datetime.timedelta(days=r.randint(-2, 2))).isoformat()} if r.random() < .6 else {}
            exceptions.append({"reason": "x", **one, **ends})
    out = {"now": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "policy": {**policy, "rules": rules, **({"exceptions": exceptions} if exceptions else {})},
           "findings": [finding(r, now.date()) for _ in range(r.randint(1, 7))]}
    if r.random() < .5:
        out["layers"] = ["base", "base", "own", "own"]
    if r.random() < .4:
        out["stages"] = [{"name": "build", "first": 1, "last": 10}, {"name": "final", "first": 11, "last": 40}]
    return out


# ---- the same a second time ----------------------------------------------------------------------

def listed(value):
    return value if isinstance(value, list) else [value]


def fits(pattern, text):
    return text is not None and re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.I | re.S) is not None


def of_package(pattern, one):
    if not pattern.startswith("pkg:"):
        return fits(pattern, one.get("package"))
    name, _, version = one.get("purl", "@").rpartition("@")
    wanted, _, wanted_version = pattern.partition("@")
    return bool(name) and fits(wanted, name) and (not wanted_version or fits(wanted_version, version))


def in_range(pattern, number):
    first, _, last = pattern.partition("-")
    return int(first) <= number <= int(last or first)


def holds(asked, one, doc, today):
    """YES, MAYBE or NO."""
    hole = one["kind"] == "hole"
    kinds = {one["kind"]} | ({"freshness"} if one["kind"] == "hygiene" and one.get("category") == "freshness" else set())
    if not kinds & set(listed(asked["kind"])) if "kind" in asked else one["kind"] == "incomplete":
        return NO
    if not hole and (any(key in asked for key in HOLES_ONLY) or any(asked.get(key) for key in ("kev", "kev-due", "ransomware"))):
        return NO
    answers = []

    def ask(key, known, answer):
        if key in asked:
            answers.append(MAYBE if not known else YES if answer(asked[key]) else NO)

    def any_of(answer):
        return lambda patterns: any(answer(p) for p in listed(patterns))

    def days(value):
        return int(value[:-1]) * {"w": 7, "d": 1}[value[-1]] if isinstance(value, str) else value

    severity = SEVERITIES.index(one["severity"])
    layers, layer, stages = doc.get("layers", []), one.get("layer"), doc.get("stages")
    line = one.get("line", 0) if one["kind"] == "lint" else one.get("dockerfile-line", 0)
    stage = next(((i, s["name"]) for i, s in enumerate(stages or []) if line and s["first"] <= line <= s["last"]), None)
    base = one["kind"] != "lint" and layer is not None and bool(layers) and layers[layer] == "base"
    without = doc["policy"].get("no-baseline", "new")
    ask("id", True, any_of(lambda p: any(fits(p, name) for name in [one["id"], *one.get("aliases", [])])))
    ask("severity", severity, lambda v: severity >= SEVERITIES.index(v))
    ask("severity-below", severity, lambda v: severity < SEVERITIES.index(v))
    ask("cvss", "cvss" in one, lambda v: one["cvss"] >= v)
    ask("epss", "epss" in one, lambda v: one["epss"] >= v)
    ask("epss-percentile", "percentile" in one, lambda v: one["percentile"] >= v)
    ask("risk", True, lambda v: one.get("risk", 0) >= v)
    ask("kev", True, lambda v: one.get("kev", False) == v)
    ask("ransomware", True, lambda v: one.get("ransomware", False) == v)
    ask("kev-due", not one.get("kev") or "kev-due" in one, lambda v: v == (one.get("kev", False) and today > datetime.date.fromisoformat(one["kev-due"])))
    ask("fixable", True, lambda v: (hole and "fixed" in one) == v)
    ask("fix-age", "fixed" not in one or "fix-date" in one, lambda v: "fixed" in one and (today - datetime.date.fromisoformat(one["fix-date"])).days >= days(v))
    ask("status", True, any_of(lambda p: p.lower() == one.get("status", "fixed" if "fixed" in one else "open")))
    ask("package", True, any_of(lambda p: of_package(p, one)))
    ask("version", True, any_of(lambda p: fits(p, one.get("version"))))
    ask("source", True, any_of(lambda p: fits(p, one.get("source"))))
    ask("type", True, any_of(lambda p: one.get("purl", "").startswith(f"pkg:{p}/")))
    ask("category", True, any_of(lambda p: fits(p, one.get("category"))))
    ask("layer", layer is not None or not (hole and layers), any_of(lambda p: layer is not None and in_range(p, layer)))
    ask("from", True, lambda v: v == "any" or base == (v == "base"))
    ask("line", True, any_of(lambda p: line > 0 and in_range(p, line)))
    ask("stage", line == 0 or stages, any_of(lambda p: stage is not None and (fits(p, stage[1]) or p == str(stage[0]))))
    ask("new", without != "unknown", lambda v: v == (without == "new"))
    ask("gone", True, lambda v: one.get("gone", False) == v)
    return min(answers, default=YES)


def verdict(doc):
    policy = doc["policy"]
    today = datetime.datetime.fromisoformat(doc["now"].replace("Z", "+00:00")).astimezone(zone_of(policy.get("timezone", "UTC"))).date()
    running = [e for e in policy.get("exceptions", []) if "expires" not in e or today <= datetime.date.fromisoformat(e["expires"])]
    takes_out = [*running, *(r for r in policy["rules"] if r["action"] == "ignore")]
    left = [f for f in doc["findings"] if "suppressed" not in f and not any(holds(part, f, doc, today) == YES for part in takes_out)]
    rules = {}
    for rule in policy["rules"]:
        if rule["action"] == "ignore":
            continue
        answers = [holds(rule, f, doc, today) for f in left]
        answers = [{"match": YES, "skip": NO}.get(rule.get("missing"), MAYBE) if a == MAYBE else a for a in answers]
        sure, perhaps, most = answers.count(YES), answers.count(MAYBE), rule.get("max", 0)
        bad = rule["action"] if sure > most else "pass" if sure + perhaps <= most else "warn" if rule["action"] == "warn" else "unknown"
        rules[rule["name"]] = (bad, sure)
    words = {word for word, _ in rules.values()}
    unknown = "unknown" in words or any(f["kind"] == "incomplete" for f in left)
    return "fail" if "fail" in words or (unknown and policy.get("unknown") == "fail") else "unknown" if unknown else "pass", rules


@pytest.mark.parametrize("seed", range(8))
def test_the_verdict_is_the_same(seed):
    r = random.Random(seed)
    seen = set()
    for _ in range(40):
        doc = document(r)
        done = subprocess.run([os.environ["OAKUM"], "debug", "policy"], input=json.dumps(doc), capture_output=True, text=True, timeout=60)
        told = re.search(r"^verdict: (\w+)", done.stdout, re.M)
        assert told, (done.stderr, doc)
        rules = {name: (word, int(n)) for name, word, n in re.findall(r"^rule (r\d): (\w+), (\d+) seen", done.stdout, re.M) if word != "ignore"}
        assert (told[1], rules) == verdict(doc), json.dumps(doc)
        seen.add(told[1])
    assert seen == {"pass", "fail", "unknown"}

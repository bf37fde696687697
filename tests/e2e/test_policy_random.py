"""Random policies held against random findings, with baselines, days of grace, places of packages and files of other tools, and the verdict worked out a second time: by what docs/policy.md says, with nothing of the program's."""
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
LEVELS = {"error": "high", "warning": "medium", "info": "low", "style": "negligible"}
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
               "aliases": (.3, [f"GHSA-{r.randint(1, 4)}"]), "source": (.3, r.choice(["openssl", "glibc"])), "layer": (.7, r.randint(0, 3)),
               "first-seen": (.15, day(-40, 0)), "by": (.7, r.choice(["source", "binary", "language", "cpe"])), "ecosystem": (.7, r.choice(["Debian:12", "npm", "Alpine:v3.19"]))}
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
    if "fix-date" in one and r.random() < .3:
        one["fix-date"] += f"T{r.randint(0, 23):02}:30:00Z"
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
           "stage": (.06, r.choice(["build", "1", "fin*"])), "path": (.1, r.choice(["usr/**", "**/*.pem", "srv/*/key.pem", "etc/*", ["opt/{a,b}/x", "etc/a.conf"]])),
           "image": (.06, r.choice(["shop/app", "docker.io/shop/app:1*", "other", "registry:5000/*"]))}
    out = {key: value for key, (chance, value) in may.items() if r.random() < chance}
    above = r.choice(SEVERITIES[2:])
    if r.random() < .15 and SEVERITIES.index(above) > SEVERITIES.index(out.get("severity", "negligible")):
        out["severity-below"] = above
    return out


def asks(part):
    return [key for key in part if key not in ("name", "action", "kind", "from")] and "incomplete" not in listed(part.get("kind", []))


def another_day(r, now):
    """An end: a day, or a time with the offset of somebody's clock."""
    if r.random() < .5:
        return (now.date() + datetime.timedelta(days=r.randint(-2, 2))).isoformat()
    there = (now + datetime.timedelta(minutes=r.randint(-90, 90))).astimezone(zone_of(r.choice(["UTC", "+05:30", "-03:00"])))
    return there.isoformat(timespec="seconds").replace("+00:00", "Z")


def some(r, least, most, make):
    return [make() for _ in range(r.randint(least, most))]


def imported(r, now):
    """Files of other tools by name: what was drawn, and the text that says it."""
    def known():
        return r.choice([f"CVE-2024-{r.randint(1, 9)}", "GHSA-1", "GHSA-2", "r-a", "r-b"])

    def an_end():
        return (now.date() + datetime.timedelta(days=r.randint(-2, 2))).isoformat()

    kind, rows = r.choice(["trivy", "trivy-yaml", "grype", "hadolint", "dockle", "gitlab"]), []
    if kind in ("trivy", "dockle"):
        rows = some(r, 0, 3, lambda: {"id": known(), **({"end": an_end()} if kind == "trivy" and r.random() < .5 else {})})
        text = "".join(f"{row['id']}{' exp:' + row['end'] if 'end' in row else ''}{r.choice(['', ' # why', chr(13)])}\n" for row in rows)
    elif kind == "trivy-yaml":
        parts = {}
        for part in r.sample(["vulnerabilities", "misconfigurations", "secrets", "licenses"], r.randint(1, 3)):
            parts[part] = some(r, 0, 2, lambda: {"id": known(), **{key: value for key, chance, value in (
                ("paths", .3, r.sample(["usr/**", "etc/a.conf", "**/*.pem"], 2)), ("purls", .3, r.sample(["pkg:npm/curl", "pkg:deb/debian/openssl@2", "pkg:npm/lodash"], 2)),
                ("expired_at", .4, an_end()), ("statement", .3, "why")) if r.random() < chance}})
            rows += [{**row, "part": part} for row in parts[part]]
        text = json.dumps(parts)
    elif kind == "grype":
        states = ["fixed", "not-fixed", "wont-fix", "unknown"]
        rows = some(r, 0, 3, lambda: {key: value for key, chance, value in (
            ("vulnerability", .5, known()), ("fix-state", .2, r.choice(states)), ("match-type", .15, r.choice(["cpe-match", "exact-direct-match", "exact-indirect-match"])),
            ("namespace", .15, r.choice(["debian:distro:debian:12", "github:language:javascript", "nvd:cpe", "alpine:distro:alpine:3.19"])),
            ("package", .4, {key: value for key, value in (("name", r.choice(["lodash", "open.*|curl", "zlib1g"])), ("version", "2"), ("type", r.choice(["deb", "npm"])),
                                                           ("language", "javascript"), ("location", "usr/**"), ("upstream-name", "gl.*")) if r.random() < .4})) if r.random() < chance})
        whole = {"ignore": rows}
        whole.update({key: value for key, value in (("fail-on-severity", r.choice(SEVERITIES[1:])), ("only-fixed", True), ("only-notfixed", True)) if r.random() < .15})
        rows = [whole]
        text = json.dumps(whole)
    elif kind == "hadolint":
        whole = {key: value for key, chance, value in (("ignored", .6, some(r, 0, 2, known)), ("failure-threshold", .4, r.choice(["error", "warning", "info", "style", "none"])),
                                                       ("override", .5, {level: some(r, 0, 2, known) for level in r.sample(list(LEVELS), 2)})) if r.random() < chance}
        rows = [whole]
        text = json.dumps(whole)
    else:
        whole = {"generalallowlist": {known(): r.choice([None, "why"]) for _ in range(r.randint(0, 2))},
                 "images": {name: {known(): None} for name in r.sample(["shop/app", "docker.io/shop/app", "shop/app:2", "other", "registry:5000/a"], r.randint(0, 2))}}
        rows = [whole]
        text = json.dumps(whole)
    return {"trivy": ".trivyignore", "trivy-yaml": ".trivyignore.yaml", "grype": ".grype.yaml", "hadolint": ".hadolint.yaml", "dockle": ".dockleignore",
            "gitlab": "vulnerability-allowlist.yml"}[kind], kind, rows, text


def with_the_rest(r, out, now):
    """A baseline, places of packages, the image's name and files of other tools."""
    out["target"] = r.choice(["shop/app", "shop/app:1.2", "docker.io/shop/app:2", "registry:5000/a:x", "other@sha256:" + "1" * 64])
    if r.random() < .6:
        purls = sorted({f["purl"] for f in out["findings"] if "purl" in f})
        out["packages"] = [{"purl": purl, "paths": r.sample(["usr/share/a", "etc/a.conf", "srv/app/key.pem", "opt/a/x"], r.randint(1, 2))} for purl in purls for _ in range(r.randint(1, 2))]
    if r.random() < .6:
        out["baseline"] = []
        for one in out["findings"]:
            if r.random() < .5:
                before = {**one, **({"id": r.choice(one["aliases"])} if "aliases" in one and r.random() < .5 else {})}
                before.pop("suppressed", None)
                if r.random() < .3 and "version" in one:
                    before.update(version="0", purl=one["purl"].rpartition("@")[0] + "@0")
                if r.random() < .6 and one["kind"] == "hole":
                    before["first-seen"] = (now.date() - datetime.timedelta(days=r.randint(0, 40))).isoformat()
                out["baseline"].append(before)
    drawn = {name: (kind, rows, text) for name, kind, rows, text in some(r, 0, 2, lambda: imported(r, now))}
    if drawn:
        out["policy"]["import"] = list(drawn)
        out["files"] = {name: text for name, (_, _, text) in drawn.items()}
    return drawn


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
            rule.update({key: value for key, value in (("max", r.randint(0, 3)), ("missing", r.choice(["unknown", "match", "skip"])), ("grace", r.choice([7, "14d", "2w", 30])),
                                                       ("grace-from", r.choice(["fix", "seen", "later"]))) if r.random() < .3})
        rules.append(rule)
    for _ in range(r.randint(0, 2)):
        one = conditions(r)
        if asks(one):
            ends = {"expires": another_day(r, now)} if r.random() < .6 else {}
            exceptions.append({"reason": "x", **one, **ends})
    out = {"now": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "policy": {**policy, "rules": rules, **({"exceptions": exceptions} if exceptions else {})},
           "findings": [finding(r, now.date()) for _ in range(r.randint(1, 7))]}
    if r.random() < .5:
        out["layers"] = ["base", "base", "own", "own"]
    if r.random() < .4:
        out["stages"] = [{"name": "build", "first": 1, "last": 10}, {"name": "final", "first": 11, "last": 40}]
    return out, with_the_rest(r, out, now)


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


def in_path(pattern, path):
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\{[^}]*\})", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.fullmatch("".join("(?:" + "|".join(map(re.escape, part[1:-1].split(","))) + ")" if part.startswith("{") else words.get(part, re.escape(part)) for part in parts), path) is not None


def is_image(pattern, target):
    """Names as docker reads them; a pattern without a tag is of all of them."""
    def parts(text):
        name, _, digest = re.sub(r"^(index\.)?docker\.io/(library/)?", "", text).partition("@")
        head, colon, tag = name.rpartition(":")
        return (head, tag, digest) if colon and "/" not in tag else (name, "", digest)

    asked, has = parts(pattern), parts(target)
    return fits(asked[0], has[0]) and (not asked[1] or fits(asked[1], has[1])) and (not asked[2] or asked[2] == has[2])


def days(value):
    return int(value[:-1]) * {"w": 7, "d": 1}[value[-1]] if isinstance(value, str) else value


def same_thing(one, before):
    if one["kind"] != before["kind"]:
        return False
    if one["kind"] != "hole":
        return all(one.get(key) == before.get(key) for key in ("id", "file"))
    names = [one["id"], *one.get("aliases", [])], [before["id"], *before.get("aliases", [])]
    return one["purl"].rpartition("@")[0] == before["purl"].rpartition("@")[0] and (one["id"] in names[1] or before["id"] in names[0])


def lies_in(patterns, one, doc, takes_out):
    if "file" in one:
        return YES if any(in_path(p, one["file"]) for p in patterns) else NO
    if "purl" not in one:
        return NO
    if "packages" not in doc:
        return MAYBE
    copies = [any(in_path(p, path) for p in patterns for path in package["paths"]) for package in doc["packages"] if package["purl"] == one["purl"]]
    return YES if copies and (all(copies) if takes_out else any(copies)) else NO


def holds(asked, one, doc, today, takes_out=False):
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

    severity = SEVERITIES.index(doc["rated"].get(id(one), one["severity"]))
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
    ask("fix-age", "fixed" not in one or "fix-date" in one, lambda v: "fixed" in one and (today - day_of(one["fix-date"], doc["zone"])).days >= days(v))
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
    ask("path", True, lambda v: True)
    if "path" in asked:
        answers[-1] = lies_in(listed(asked["path"]), one, doc, takes_out)
    ask("image", True, any_of(lambda p: is_image(p, doc["target"])))
    if "baseline" in doc:
        ask("new", True, lambda v: v != any(same_thing(one, before) for before in doc["baseline"]))
    else:
        ask("new", without != "unknown", lambda v: v == (without == "new"))
    ask("evidence", not hole or "by" in one, lambda v: v == ("cpe" if one.get("by") == "cpe" else "indirect" if one.get("by") == "source" and one.get("source") != one.get("package") else "direct"))
    ask("ecosystem", not hole or "ecosystem" in one, lambda v: v == one.get("ecosystem"))
    ask("whole-name", True, lambda v: re.fullmatch(v, one.get("package", "")) is not None)
    ask("whole-source", True, lambda v: one.get("source") != one.get("package") and re.fullmatch(v, one.get("source", "")) is not None)
    ask("gone", True, lambda v: one.get("gone", False) == v)
    return min(answers, default=YES)


def day_of(text, zone):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(zone).date() if "T" in text else datetime.date.fromisoformat(text)


def runs_until(text, zone):
    """The moment at which something ends that holds on its last day."""
    if "T" in text:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return datetime.datetime.combine(datetime.date.fromisoformat(text) + datetime.timedelta(days=1), datetime.time(), zone)


def grype_asks(row):
    """What an entry asks for in the words of our own rules; None: nothing, or nothing that can be."""
    package, asked = row.get("package", {}), {"kind": "hole"}
    asked.update({ours: row[theirs] for theirs, ours in (("vulnerability", "id"),) if theirs in row})
    if "fix-state" in row:
        asked.update({"fixed": {"fixable": True}, "not-fixed": {"status": ["open", "fix_deferred"]}, "wont-fix": {"status": ["will_not_fix", "end_of_life"]},
                      "unknown": {"status": "under_investigation"}}[row["fix-state"]])
    if "match-type" in row:
        asked["evidence"] = {"cpe-match": "cpe", "exact-direct-match": "direct", "exact-indirect-match": "indirect"}[row["match-type"]]
    if row.get("namespace") == "nvd:cpe":
        if asked.get("evidence", "cpe") != "cpe":
            return None
        asked["evidence"] = "cpe"
    elif "namespace" in row:
        asked["ecosystem"] = {"debian:distro:debian:12": "Debian:12", "github:language:javascript": "npm", "alpine:distro:alpine:3.19": "Alpine:v3.19"}[row["namespace"]]
    asked.update({ours: package[theirs] for theirs, ours in (("name", "whole-name"), ("version", "version"), ("location", "path"), ("upstream-name", "whole-source")) if theirs in package})
    types = [{"javascript": "npm"}.get(package[key], package[key]) for key in ("type", "language") if key in package]
    if len(set(types)) > 1 or not (row.keys() - {"package"} or package):
        return None
    return {**asked, **({"type": types[0]} if types else {})}


def of_imports(drawn):
    """What they take out, as (rule, moment or None), the rules that they add, and the severities they give."""
    out, rules, levels = [], [], {}
    for name, (kind, rows, _) in drawn.items():
        for row in rows:
            if kind in ("trivy", "dockle"):
                kinds = ["hole", "secret", "hygiene", "licence", "lint"] if kind == "trivy" else ["hygiene", "secret"]
                out.append(({"kind": kinds, "id": row["id"]}, row.get("end")))
            elif kind == "trivy-yaml":
                kinds = {"vulnerabilities": "hole", "misconfigurations": ["lint", "hygiene"], "secrets": "secret", "licenses": "licence"}[row["part"]]
                out.append(({"kind": kinds, "id": row["id"], **({"path": row["paths"]} if "paths" in row else {}), **({"package": row["purls"]} if "purls" in row else {})}, row.get("expired_at")))
            elif kind == "grype":
                out += [(asked, None) for asked in map(grype_asks, row["ignore"]) if asked]
                if "fail-on-severity" in row:
                    rules.append({"name": f"{name}: fail-on-severity", "kind": "hole", "severity": row["fail-on-severity"], "action": "fail"})
                out += [({"kind": "hole", "fixable": fixable}, None) for key, fixable in (("only-fixed", False), ("only-notfixed", True)) if key in row]
            elif kind == "hadolint":
                out += [({"kind": "lint", "id": one}, None) for one in row.get("ignored", [])]
                levels = {one: LEVELS[level] for level, ids in row.get("override", {}).items() for one in ids}
                if row.get("failure-threshold", "none") != "none":
                    rules.append({"name": f"{name}: failure-threshold", "kind": "lint", "severity": LEVELS[row["failure-threshold"]], "action": "fail"})
            else:
                out += [({"kind": "hole", "id": one}, None) for one in row["generalallowlist"]]
                out += [({"kind": "hole", "id": one, "image": image}, None) for image, ids in row["images"].items() for one in ids]
    return out, rules, levels


def in_grace(rule, one, doc, today):
    if "grace" not in rule:
        return False
    before = [b for b in doc.get("baseline", []) if same_thing(one, b)]
    seen = [b["first-seen"] for b in before if "first-seen" in b] or [one["first-seen"]] if "first-seen" in one or any("first-seen" in b for b in before) else []
    if not seen and not before and "baseline" in doc and one["kind"] == "hole":
        seen = [today.isoformat()]
    days_known = {"fix": [day_of(one["fix-date"], doc["zone"])] if "fix-date" in one else [], "seen": [datetime.date.fromisoformat(min(seen))] if seen else []}
    begins = {"fix": days_known["fix"] or days_known["seen"], "seen": days_known["seen"], "later": sorted(days_known["fix"] + days_known["seen"])[-1:]}[rule.get("grace-from", "fix")]
    return bool(begins) and (today - begins[0]).days < days(rule["grace"])


def verdict(doc, drawn):
    policy, now = doc["policy"], datetime.datetime.fromisoformat(doc["now"].replace("Z", "+00:00"))
    zone = zone_of(policy.get("timezone", "UTC"))
    today = now.astimezone(zone).date()
    imports, more, levels = of_imports(drawn)
    doc = {**doc, "zone": zone, "rated": {id(f): levels[f["id"]] for f in doc["findings"] if f["kind"] == "lint" and f["id"] in levels}}
    takes_out = [e for e in policy.get("exceptions", []) if "expires" not in e or now < runs_until(e["expires"], zone)]
    takes_out += [asked for asked, end in imports if not end or now < datetime.datetime.fromisoformat(end + "T00:00:00+00:00")]
    takes_out += [r for r in policy["rules"] if r["action"] == "ignore"]
    left = [f for f in doc["findings"] if "suppressed" not in f and not any(holds(part, f, doc, today, takes_out=True) == YES for part in takes_out)]
    rules = {}
    for rule in policy["rules"] + more:
        if rule["action"] == "ignore":
            continue
        answers = [holds(rule, f, doc, today) for f in left if not in_grace(rule, f, doc, today)]
        answers = [{"match": YES, "skip": NO}.get(rule.get("missing"), MAYBE) if a == MAYBE else a for a in answers]
        sure, perhaps, most = answers.count(YES), answers.count(MAYBE), rule.get("max", 0)
        bad = rule["action"] if sure > most else "pass" if sure + perhaps <= most else "warn" if rule["action"] == "warn" else "unknown"
        rules[rule["name"]] = (bad, sure)
    words = {word for word, _ in rules.values()}
    unknown = "unknown" in words or any(f["kind"] == "incomplete" for f in left)
    gone = sorted(f["id"] for f in doc["findings"] if f not in left)
    return "fail" if "fail" in words or (unknown and policy.get("unknown") == "fail") else "unknown" if unknown else "pass", rules, gone


@pytest.mark.parametrize("seed", range(8))
def test_the_verdict_is_the_same(seed):
    r = random.Random(seed)
    seen = set()
    for _ in range(40):
        doc, drawn = document(r)
        done = subprocess.run([os.environ["OAKUM"], "debug", "policy"], input=json.dumps(doc), capture_output=True, text=True, timeout=60)
        told = re.search(r"^verdict: (\w+)", done.stdout, re.M)
        assert told, (done.stderr, doc)
        rules = {name: (word, int(n)) for name, word, n in re.findall(r"^rule (.+): (\w+), (\d+) seen", done.stdout, re.M) if word != "ignore" and name != "not-judged"}
        gone = sorted(re.findall(r"^suppressed (\S+): ", done.stdout, re.M))
        assert (told[1], rules, gone) == verdict(doc, drawn), json.dumps(doc)
        seen.add(told[1])
    assert seen == {"pass", "fail", "unknown"}

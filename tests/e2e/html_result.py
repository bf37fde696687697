"""A saved result of many findings, for the tests, the bench and the pictures of the HTML report: made up, the same each time."""
import hashlib

NAMES = ["openssl", "glibc", "zlib", "curl", "libxml2", "expat", "systemd", "perl", "python3", "bash", "tar", "gnutls", "krb5", "sqlite3", "ncurses", "util-linux", "pcre2", "nghttp2", "lz4", "xz"]
SEVERITIES = ["critical", "high", "medium", "low", "negligible", "unknown"]


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def result(holes, packages=400, target="registry.example/shop/api:1.12"):
    layers = [{"digest": digest(f"layer {i}"), "diff_id": digest(f"diff {i}"), "size": (i * 7919 % 97 + 3) * 700001, "base": i < 2,
               "created_by": ["ADD rootfs.tar.xz /", "CMD [\"bash\"]", "RUN apt-get install -y build-essential", "COPY . /app", "RUN npm ci", "COPY conf /etc/app"][i]} for i in range(6)]
    rows = []
    for i in range(packages):
        layer = [0, 0, 0, 2, 2, 3, 4, 4][i % 8]
        kind = "npm" if layer == 4 else "deb"
        name = f"{NAMES[i % len(NAMES)]}{'' if i < len(NAMES) else '-' + str(i // len(NAMES))}"
        rows.append({"name": name, "version": f"{i % 9}.{i % 13}.{i % 7}-{i % 3}", "type": kind, "arch": "amd64", "purl": f"pkg:{kind}/{name}@{i % 9}.{i % 13}.{i % 7}-{i % 3}",
                     "source": {"name": name, "version": "1"}, "layer": layers[layer]["digest"], "layer_index": layer, "foundBy": kind,
                     "paths": ["var/lib/dpkg/status" if kind == "deb" else f"app/node_modules/{name}/package.json"], "license": ["MIT", "GPL-2.0-or-later", "Apache-2.0"][i % 3]})
    findings = []
    for i in range(holes):
        p = rows[i * i % 211 % packages]
        severity = SEVERITIES[min(i * 31 % 23 // 4, 5)]
        fixed = None if i % 3 == 0 else f"{i % 9}.{i % 13}.{i % 7 + 1}"
        findings.append({"id": f"CVE-2024-{10000 + i}", "aliases": [f"GHSA-{i:04d}-aaaa-bbbb"] if i % 4 == 0 else [], "severity": severity,
                         "title": f"A flaw number {i} of {p['name']} lets whoever sends a long enough packet read what is not theirs",
                         "package": {k: p[k] for k in ("name", "version", "purl")}, "source": p["name"], "fixed": fixed, "status": "fixed" if fixed else "open", "advisory": f"DSA-{i}-1",
                         "layer": p["layer"], "layer_index": p["layer_index"], "dockerfile_line": 4 if p["layer_index"] == 2 else None,
                         "why": f"/{p['paths'][0]} lists {p['name']} {p['version']}; DSA-{i}-1 says that versions before {fixed} are affected", "fix": f"upgrade {p['name']}" if fixed else None,
                         "ecosystem": "Debian:12", "looked_up": p["name"], "by": "source", "compared": f"deb: 0 <= {p['version']} < {fixed}", "fix_date": None, "severity_by": "debian-tracker",
                         "cvss": 7.5, "cvss_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "epss": i % 100 / 100, "epss_percentile": i % 97 / 97, "kev": i % 200 == 7,
                         "ransomware": i % 400 == 7, "risk": i * 13 % 1000 / 10,
                         "records": [{"feed": "debian-tracker", "part": "", "record": f"CVE-2024-{10000 + i}", "date": None, "status": "fixed", "fixed": fixed, "severity": "high", "decided": True},
                                     {"feed": "nvd", "part": "", "record": f"CVE-2024-{10000 + i}", "date": "2024-01-01T00:00:00Z", "status": "open", "fixed": None, "severity": "7.5", "decided": False}]})
    seen = lambda i, id, severity, title, file, **more: {
        "id": id, "severity": severity, "title": title, "why": f"/{file} of layer {i + 1}", "fix": "take it out of the build, and change it where it is used", "file": file, "line": 3, "category": "token",
        "code": None, "match": None, "gone": False, "package": None, "layer": layers[i]["digest"], "layer_index": i, "dockerfile_line": 7, "suppressed": None, **more}
    return {"schema": 1, "target": target, "dockerfile": "Dockerfile",
            "image": {"digest": digest("image"), "size": sum(layer["size"] for layer in layers), "platform": "linux/amd64", "created": "2026-11-20T10:00:00Z",
                      "config": {"user": "", "working_dir": "/app", "entrypoint": [], "cmd": ["bash"], "exposed_ports": ["80/tcp"], "volumes": [], "environment": {}, "labels": {},
                                 "stop_signal": "", "healthcheck": False}},
            "distro": {"id": "debian", "version": "12", "name": "Debian GNU/Linux 12 (bookworm)", "ecosystem": "Debian:12"}, "layers": layers, "base": "docker.io/library/debian:12",
            "database": {"path": "adv.db", "newest": "2026-11-25T00:00:00Z"}, "packages": sorted(rows, key=lambda p: (p["name"], p["version"])), "findings": findings, "suppressed": [],
            "secrets": [seen(3, "github-token", "critical", "A token of GitHub", "app/.env", match="ghp_****************"),
                        seen(3, "private-key", "high", "A private key", "app/id_rsa", gone=True, match="-----BEGIN ****")],
            "hygiene": [seen(5, "root-user", "medium", "Runs as root", "etc/passwd", code="CIS-DI-0001")], "licenses": [seen(4, "licence-denied", "low", "AGPL-3.0-only", "app/LICENSE")],
            "end_of_life": [], "incomplete": [{"id": "unreadable-archive", "title": "app/broken.jar could not be read"}],
            "verdict": {"kind": "fail", "reasons": [f"{sum(f['fixed'] is not None for f in findings)} holes have a fix", "1 thing could not be judged"],
                        "rules": [{"name": "--fail-on fixable", "verdict": "fail", "count": holes // 2, "unsure": 0, "max": 0, "saw": [f"CVE-2024-{10000 + i} in openssl" for i in range(5)]},
                                  {"name": "not-judged", "verdict": "unknown", "count": 1, "unsure": 0, "max": 0, "saw": ["app/broken.jar could not be read"]}],
                        "notes": ["the exception of CVE-2023-1 ends in 3 days"]}}

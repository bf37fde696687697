"""A second reading of feeds, for tests and bench/db: each function takes the bytes of a document (and its name) and gives the set of
(record, package) that a database made from it must have. Written from the formats, not from the readers; short because it judges
nothing but what is there.
"""
import csv
import gzip
import io
import json
import re
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import yaml


def plain(path):
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout
    return data


def members(data):
    """(path, bytes) of the files of a tar."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            if member.isfile() and member.size and not member.name.rsplit("/", 1)[-1].startswith("."):
                yield member.name, tar.extractfile(member).read()


def objects(data):
    """A JSON text, or one a line; a list is its items."""
    text = data.decode()
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    return value if isinstance(value, list) else [value]


def package_name(ecosystem, name):
    if ecosystem == "PyPI":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if ecosystem.split(":")[0] in {"NuGet", "Packagist", "Hex", "Bitnami", "GitHub Actions"} else name


def osv(data, name):
    pairs = set()
    for record in objects(data):
        if record.get("withdrawn") or not re.fullmatch(r"\S+", record["id"]):
            continue
        for affected in record.get("affected", []):
            package = affected.get("package")
            # commits alone say nothing of versions, and neither does nothing
            kinds = {r["type"] for r in affected.get("ranges") or [] if r.get("events")} - {"GIT"}
            own = affected.get("ecosystem_specific") or {}
            systems = [entry.get("goos") for entry in own.get("imports") or []] or [(own.get("affects") or {}).get("os")]
            if not any(not names or "linux" in names for names in systems):
                continue
            if package and (kinds or affected.get("versions") or (affected.get("database_specific") or {}).get("fixed_versions")):
                pairs.add((record["id"], package_name(package["ecosystem"], package["name"])))
        not_affected = (record.get("database_specific") or {}).get("not_affected") or []
        pairs |= {(record["id"], row[1]) for row in not_affected}  # [ecosystem, package, since]
    return pairs


def secdb(data, name):
    document = yaml.safe_load(data) if name.endswith("yaml") else json.loads(data)
    return {(word, entry["pkg"]["name"]) for entry in document["packages"] for fixes in (entry["pkg"].get("secfixes") or {}).values()
            for fix in fixes or [] for word in fix.split() if re.match(r"[A-Za-z]\w*[-_]\S|CVE_", word)}


def debian_tracker(data, name):
    return {(cve, package) for package, cves in json.loads(data).items() for cve, about in cves.items()
            if any(r.get("status") != "undetermined" for r in about.get("releases", {}).values())}


def debian_list(data, name):
    pairs, record = set(), None
    for line in data.decode().split("\n"):
        head = re.match(r"\[[^\]]*\] (D[SL]A-\S+)", line)
        fix = re.match(r"\s+\[\w+\] - (\S+)\s+\S", line)
        if head:
            record = head[1]
        elif fix:
            pairs.add((record, fix[1]))
    return pairs


def table(data, name):
    pairs = set()
    for row in objects(data):
        if "cves" in row:
            pairs |= {(cve, row["package"].removeprefix("archlinux/")) for cve, lists in row["cves"].items() if any(lists)}
        else:
            pairs |= {(row["cve"], fix[1]) for fix in row["fixed"]}
    return pairs


def tag(element):
    return element.tag.rsplit("}", 1)[-1]


def updateinfo(data, name):
    pairs = set()
    for update in ElementTree.fromstring(data).iter("update"):
        if update.get("type", "security") == "security":
            pairs |= {(update.findtext("id"), p.get("name")) for p in update.iter("package")}
    return pairs


def glsa(data, name):
    root = ElementTree.fromstring(data)
    return {("GLSA-" + root.get("id"), p.get("name")) for p in root.iter("package") if p.find("vulnerable") is not None}


def oval_package(element):
    return (element.findtext("{*}name") or "").strip()


def oval_definitions(data):
    """definition, the packages that its criteria lead to."""
    root = ElementTree.fromstring(data)
    objects_, variables, tests, kinds = {}, {}, {}, {}
    for element in root.iter():
        kind = tag(element)
        if kind.endswith("_object") and element.get("id"):
            kinds[element.get("id")] = kind
            node = element.find("{*}name")
            if node is not None:
                objects_[element.get("id")] = node.get("var_ref") or (node.text or "").strip()
        elif kind == "constant_variable":
            variables[element.get("id")] = [v.text.strip() for v in element.findall("{*}value")]
        elif kind.endswith("_test"):
            child = element.find("{*}object")
            if child is not None:
                tests[element.get("id")] = child.get("object_ref")
    for definition in root.iter():
        if tag(definition) != "definition" or definition.get("class") not in {"vulnerability", "patch"}:
            continue
        names = set()
        for criterion in definition.iter():
            if tag(criterion) != "criterion":
                continue
            wanted = tests.get(criterion.get("test_ref"))
            name = objects_.get(wanted)
            said = re.match(r"(\S+) is (?:not )?affected|(\S+) less than |(?!oval:)(\S+?)-\d[^-\s]*-[^-\s]+ is installed", criterion.get("comment", ""))
            if not name and said:  # samples are cut short: their tests are not in them
                name = said[1] or said[2] or said[3]
            names |= set(variables.get(name, [name] if name else []))
        yield definition, names


def oval(data, name):
    """By tests and objects; the readers go by comments."""
    pairs = set()
    for definition, names in oval_definitions(data):
        references = [r.get("ref_id") or "" for r in definition.iter() if tag(r) == "reference" and not (r.get("source") or "").startswith("SUSE")]
        own = [r for r in references if r and "CVE-" not in r]
        cves = [r[r.index("CVE-"):] for r in references if "CVE-" in r]
        if tag(definition) and "suse" in definition.get("id"):
            own = []
        number = definition.findtext(".//{*}advisory_id")
        holes = {*cves, *(c.text.split()[0] for c in definition.iter() if tag(c) == "cve" and c.text)}
        record = own[0] if own else "AZL-" + number if number else None if not cves else cves[0] if len(holes) == 1 else definition.get("id")
        # the package that says which distribution it is
        pairs |= {(record, name) for name in names if record and not re.search(r"-release$|^release$|^sles-release|^core9", name)}
    return pairs


def arch(data, name):
    return {(group["name"], package) for group in json.loads(data) for package in group["packages"]}


def repositories(data, name):
    return {(name, name) for name, about in json.loads(data)["data"].items() if about["cpes"]}


def photon(data, name):
    return {(row["cve_id"], row["pkg"]) for row in json.loads(data)}


DISTRIBUTIONS = re.compile(r"""cpe:(?:/|2\.3:)[oa]:(?:
    redhat:[^:]*:.*:el\d.*                                                                   # a layered product says for which release
    | redhat:(?:enterprise_linux|rhel_(?!software_coll|dotnet|dev|satellite))[^:]*:\d.*
    | suse:(?:(?:suse_)?sl|packagehub|suse-micro)[^:]*:\d.*
    | opensuse:(?:leap:\d.*|tumbleweed.*)
    | openEuler:openEuler:\d.*)""", re.X)


def csaf(data, name):
    """Packages (by purl, else by the name in front of version and release) on platforms that are a distribution."""
    document = json.loads(data)
    helpers, names, relations = {}, {}, {}

    def branches(node):
        for branch in node.get("branches", []):
            product = branch.get("product")
            if product:
                helpers[product["product_id"]] = product.get("product_identification_helper", {})
                names[product["product_id"]] = product["name"]
            branches(branch)
    tree = document.get("product_tree", {})
    branches(tree)
    for relation in tree.get("relationships", []):
        relations[relation["full_product_name"]["product_id"]] = (relation["product_reference"], relation["relates_to_product_reference"])
    pairs, record = set(), document["document"]["tracking"]["id"]
    for vulnerability in document.get("vulnerabilities", []):
        status = vulnerability.get("product_status", {})
        for kind in ("fixed", "first_fixed", "recommended", "known_affected", "known_not_affected", "under_investigation", "last_affected", "first_affected"):
            for product in status.get(kind, []):
                if product not in relations:
                    continue
                component, platform = relations[product]
                while platform in relations:
                    platform = relations[platform][1]
                if not DISTRIBUTIONS.fullmatch(helpers.get(platform, {}).get("cpe", "")):
                    continue
                purl = helpers.get(component, {}).get("purl", "")
                if purl.startswith("pkg:rpm/"):
                    package = unquote(re.split("[?#]", purl)[0].rsplit("@", 1)[0].rsplit("/", 1)[-1])
                elif purl:  # an image, a jar
                    continue
                else:
                    package = re.sub(r"\.rpm$", "", component)
                    package = re.sub(r"\.(x86_64|aarch64|ppc64le|s390x|i[56]86|noarch|src|ppc64|nosrc)$", "", package.split("::")[0])
                    package = re.sub(r"-\d[^-]*-[^-]+$", "", package)
                pairs.add((record, package))
    return pairs


def uct(data, name):
    text = data.decode()
    record = re.search(r"^Candidate: *(CVE-\S+)", text, re.M)[1]
    releases = "precise|trusty|xenial|bionic|cosmic|disco|eoan|focal|groovy|hirsute|impish|jammy|kinetic|lunar|mantic|noble|oracular|plucky|questing|resolute"
    states = "released|released-esm|needed|pending|active|needs-triage|deferred|ignored|not-affected"
    line = rf"^(?:[a-z-]+/)?(?:{releases})(?:/[a-z-]+)?_([^:\s]+): *(?:(?:{states})\b(?!-)[^\n]*)$"
    return {(record, m[1]) for m in re.finditer(line, text, re.M) if not re.search(r": *released[^(]*(\(\))?$", m[0])}


ELSEWHERE = re.compile(r"windows(_.*)?|macos|mac_os(_x)?|iphone_os|ipados|ios(_xe)?|android|(free|open|net)bsd|solaris|sunos|aix|hp-ux|z/os|os/400|i|esxi|junos|chrome_os|tvos|watchos|"
                       r"vxworks|netware|os2|dos|irix|(open)?vms")


def cpe_fields(criteria):
    return [re.sub(r"\\(.)", r"\1", field).lower() for field in re.split(r"(?<!\\):", criteria)]


def nvd_elsewhere(node):
    """Names what it runs on, and none of that is Linux."""
    matches = node.get("cpeMatch", [])
    fields = [cpe_fields(m["criteria"]) for m in matches]
    return bool(matches) and not any(m.get("vulnerable") for m in matches) and all(f[2] == "o" and ELSEWHERE.fullmatch(f[4]) for f in fields)


def nvd_names(record):
    """vendor:product of what is hit on Linux, by a range or a version."""
    for configuration in record.get("cve", record).get("configurations", []) if isinstance(record.get("cve", record), dict) else record.get("configurations", []):
        nodes = configuration.get("nodes", [])
        if configuration.get("operator") == "AND" and any(nvd_elsewhere(n) for n in nodes if not n.get("negate")):
            continue
        for match in (m for n in nodes for m in n.get("cpeMatch", []) if m.get("vulnerable")):
            fields = cpe_fields(match["criteria"])
            bounded = any(k.startswith("version") for k in match)
            if fields[2] in "ao" and (fields[5] != "-" or bounded):
                yield ":".join(fields[3:5])


def nvd(data, name):
    pairs = set()
    for document in objects(data):
        for record in document.get("vulnerabilities", [document]):
            inner = record.get("cve", record)
            pairs |= {(inner["id"] if isinstance(inner, dict) else inner, found) for found in nvd_names(record)}
    return pairs


def overrides(data, name):
    """records of the corpus: {cve, configurations}"""
    return {(record.get("id") or record.get("cve"), found) for record in objects(data) for found in nvd_names(record)}


def epss(data, name):
    rows = list(csv.DictReader(line for line in data.decode().splitlines() if not line.startswith("#")))
    return {row["cve"] for row in rows if re.fullmatch(r"CVE-\d{4}-\d{4,10}", row["cve"])}


def kev(data, name):
    return {row["cveID"] for row in json.loads(data)["vulnerabilities"]}


def ruby(text, name):
    document = yaml.safe_load(text)
    package = document.get("gem") or document.get("engine")
    own = name.rsplit("/", 1)[-1].split(".")[0]
    first = ("CVE-" + str(document["cve"]) if document.get("cve") else "GHSA-" + document["ghsa"] if document.get("ghsa")
             else "OSVDB-" + str(document["osvdb"]) if document.get("osvdb") else own)
    return {(f"{package}/{first}", package)}


def php(text, name):
    package = yaml.safe_load(text)["reference"].removeprefix("composer://")
    own = name.rsplit("/", 1)[-1].split(".")[0]
    return {(f"FOP-{package}-{own}".replace("/", "-").replace(" ", "-"), package.lower())}


def elixir(text, name):
    document = yaml.safe_load(text)
    return {(document["id"], document["package"].lower())}


def wolfi(text, name):
    document = yaml.load(text, yaml.BaseLoader)
    return {(a["id"], document["package"]["name"]) for a in document.get("advisories") or [] if a.get("events")}


def haskell(text, name):
    text = text.decode() if isinstance(text, bytes) else text
    if not text.startswith("```toml"):
        return set()
    import tomllib
    document = tomllib.loads(text.split("\n", 1)[1].split("\n```", 1)[0])
    return {(document["advisory"]["id"], a.get("package") or a["ghc-component"]) for a in document["affected"]}


def node_security(data, name):
    own, document = name.rsplit("/", 1)[-1].split(".")[0], json.loads(data)
    if "module_name" in document:
        return {(f"NSWG-ECO-{document['id']}", document["module_name"])}
    return {(f"NSWG-{'CORE' if 'vulnerable' in document else 'DEPS'}-{own}", "nodejs:node.js")} if own != "index" else set()


def openvex(data, name):
    pairs = set()
    for statement in json.loads(data)["statements"]:
        for product in statement.get("products", []):
            product = product if isinstance(product, str) else product.get("@id") or product["identifiers"]["purl"]
            pairs.add((name.rsplit("/", 1)[-1], re.split("[?#]", product)[0].rsplit("@", 1)[0] if product.startswith("pkg:") else product))
    return pairs


def retirejs(data, name):
    """(names of the hole or None, package): ids of those without names are made up, so that they are not compared."""
    npm = name.rsplit("/", 1)[-1].startswith("npm")
    pairs = set()
    for component, about in json.loads(data).items():
        for hole in about.get("vulnerabilities", []) if component != "retire-example" else []:
            identifiers = hole.get("identifiers", {})
            first = (identifiers.get("CVE") or []) + (identifiers.get("osvdb") or []) + [v for v in (identifiers.get("githubID"), identifiers.get("retid")) if v]
            if first and " " not in first[0]:
                pairs.add((f"RETIREJS-{component}-{first[0]}", component if npm else about.get("npmname") or component))
    return pairs


def exported(oakum, inputs, feed, path):
    """What a database of these inputs has: (record, package) of each feed, and CVEs of the tables."""
    command = [oakum, "db", "import", "--feed", feed, "--db", path, *inputs]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out = subprocess.run([str(oakum), "db", "export", "--db", str(path)], capture_output=True, check=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return rows, done.stderr

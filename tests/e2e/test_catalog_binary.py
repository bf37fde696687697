"""What the cataloguers find in files that are no text: `oakum debug catalog`, on bytes that are made here."""
import gzip
import io
import json
import os
import re
import struct
import subprocess
import zipfile
import zlib

import executables
import pytest
from executables import elf, go_inline, go_pointers, macho, modules, pe

OAKUM = os.environ.get("OAKUM", "build/sanitize/oakum")


def catalog(path, content, status=0):
    """Each line as {key: value}; the keys that tests look at seldom are left out."""
    done = subprocess.run([OAKUM, "debug", "catalog", "--mode", "755", path], input=content, capture_output=True, timeout=60)
    assert done.returncode == status, done.stdout.decode() + done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert any("incomplete" in r for r in rows) == (status == 3)
    return rows


def names(rows):
    return sorted(((r.get("space") + ":" if r.get("space") else "") + r["name"], r["version"], r.get("within")) for r in rows if "name" in r)


# ---- Go ----
INFO = ("path\texample.com/shop/cmd/shop\nmod\texample.com/shop\t(devel)\t\ndep\tgolang.org/x/net\tv0.17.0\th1:x=\n"
        "dep\tgithub.com/old/name\tv1.0.0\n=>\tgithub.com/new/name\tv1.2.0\th1:y=\ndep\texample.com/local\tv0.0.0\n=>\t./local\t(devel)\t\n"
        "dep\texample.com/fork\tv1.1.0\n=>\t../fork\t(devel)\t\n"
        "build\t-compiler=gc\n")
WANTED = [("github.com/new/name", "v1.2.0", None), ("golang.org/x/net", "v0.17.0", None), ("stdlib", "1.21.3", None)]


def with_go(info, version="go1.21.3"):
    return elf({".text": b"\xc3" * 64, ".go.buildinfo": go_inline(version, modules(info))})


def test_go_inline():
    found = names(catalog("usr/bin/shop", with_go(INFO)))
    assert found == sorted([*WANTED, ("example.com/local", "(devel)", None), ("example.com/fork", "v1.1.0", None), ("example.com/shop", "(devel)", None)])


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("big", [True, False])
def test_go_pointers(wide, big):
    # the section is the second: its place is found by making the file once
    filler = b"\xc3" * 64
    probe = elf({".text": filler, ".go.buildinfo": b"\xff Go buildinf:" + bytes(400)}, wide, big)
    at = 0x400000 + probe.index(b"\xff Go")
    content = go_pointers("go1.16.5", modules("path\ta\nmod\texample.com/a\tv1.0.0\n"), at, wide, big)
    assert names(catalog("usr/bin/a", elf({".text": filler, ".go.buildinfo": content}, wide, big))) == [
        ("example.com/a", "v1.0.0", None), ("stdlib", "1.16.5", None)]


@pytest.mark.parametrize("wide", [True, False])
def test_go_pointers_without_modules(wide):
    """The list of modules is a string that was never filled in: it lies where a program's memory is zero."""
    at = 0x400000 + elf({".go.buildinfo": b"\xff Go buildinf:" + bytes(400)}, wide).index(b"\xff Go")
    for second, found, status in ((0x410000, [("stdlib", "1.15.9", None)], 0), (0x500000, [], 3)):
        program = elf({".go.buildinfo": go_pointers("go1.15.9", b"", at, wide, second=second)}, wide, bss=0x20000)
        assert names(catalog("usr/bin/a", program, status)) == found


def test_go_before_build_information():
    rows = catalog("usr/bin/old", elf({".text": b"\xc3" * 64, ".gopclntab": b"\xfb\xff\xff\xff" + bytes(60), ".note.go.buildid": bytes(64)}), 3)
    assert [(r["incomplete"], "Go before 1.13" in r["title"]) for r in rows] == [("unknown-format", True)]


def elf_note(text, kind=0xcafe1a7e, owner=b"FDO\0"):
    pad = lambda b: b + bytes(-len(b) % 4)
    return struct.pack("<III", len(owner), len(text), kind) + pad(owner) + pad(text)


FEDORA = b'{"type":"rpm","name":"coreutils","version":"9.5-3.fc40","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:40"}\0'
DEBIAN = b'{"type":"deb","os":"Debian","name":"rpm","version":"4.20.1+dfsg-3","architecture":"amd64"}'


@pytest.mark.parametrize("note, found", [
    (elf_note(FEDORA), ("rpm", "fedora", "coreutils", "9.5-3.fc40", "x86_64")),
    (elf_note(b"abcd", 3, b"GNU\0") + elf_note(DEBIAN), ("deb", "debian", "rpm", "4.20.1+dfsg-3", "amd64")),
    (elf_note(DEBIAN, 3), None),
    (elf_note(DEBIAN, owner=b"FDX\0"), None),
    (elf_note(b'{"type":"generic","name":"x","version":"1"}'), None),
    (elf_note(DEBIAN)[:40], None),
    (struct.pack("<III", 0xffffffff, 0xffffffff, 0xcafe1a7e) + bytes(40), None),
])
def test_an_executable_says_its_package(note, found):
    rows = catalog("opt/x", elf({".note.package": note}))
    assert [(r["type"], r.get("space"), r["name"], r["version"], r.get("arch")) for r in rows] == ([found] if found else [])


def test_an_executable_says_its_package_in_no_json():
    rows = catalog("opt/x", elf({".note.package": elf_note(b"{")}), 3)
    assert [r["incomplete"] for r in rows] == ["damaged"]


def test_go_pe_and_macho():
    info = go_inline("go1.21.3", modules("path\ta\nmod\texample.com/a\tv1.0.0\n"))
    wanted = [("example.com/a", "v1.0.0", None), ("stdlib", "1.21.3", None)]
    assert names(catalog("a.exe", pe({".text": (b"\xc3" * 99, False), ".data": (bytes(32) + info, True)}))) == wanted
    assert names(catalog("bin/a", macho("__DATA", {"__go_buildinfo": info}))) == wanted
    assert names(catalog("bin/a", macho("__DATA", {"__data": bytes(64) + info}))) == wanted


@pytest.mark.parametrize("settings, version, guessed", [
    ('build\t-ldflags="-s -w -X main.version=1.4.2 -X other/pkg.Version=9.9.9"\n', "v1.4.2", True),
    ("build\t-ldflags=-X example.com/v/info.buildVersion=v2.0.0-rc1\n", "v2.0.0-rc1", True),
    ("build\t-ldflags=-X main.version=dev\nbuild\tvcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2023-10-11T12:13:14Z\n",
     "v0.0.0-20231011121314-0123456789ab", True),
    ("build\t-ldflags=-X main.version=\n", "(devel)", True),
])
def test_go_version_of_the_program(settings, version, guessed):
    rows = catalog("a", with_go("mod\texample.com/a\t(devel)\t\n" + settings))
    main = [r for r in rows if r.get("name") == "example.com/a"]
    assert [(r["version"], r.get("guessed", False)) for r in main] == [(version, guessed)]


@pytest.mark.parametrize("said, version", [("go1.22.1 X:boringcrypto", "1.22.1"), ("go1.26.8-X:boringcrypto", "1.26.8"), ("go1.22.3-distributor", "1.22.3"),
                                           ("go1.27-devel_0123abc Mon", "1.27-devel_0123abc"), ("devel go1.23-abc Mon", "1.23-abc"), ("go1.9rc1", "1.9rc1")])
def test_go_version_of_the_library(said, version):
    assert names(catalog("a", with_go("path\ta\n", said))) == [("stdlib", version, None)]


def test_go_without_modules():
    assert names(catalog("a", with_go("path\tgithub.com/docker/cli/cmd/docker\n"))) == [("github.com/docker/cli/cmd/docker", "(devel)", None), ("stdlib", "1.21.3", None)]
    assert names(catalog("a", with_go("path\tcmd/gofmt\n"))) == [("stdlib", "1.21.3", None)]


def test_go_damaged():
    good = with_go(INFO)
    at = good.index(b"\xff Go")
    huge = good[:at + 32] + b"\xff" * 9 + good[at + 41:]
    assert catalog("a", huge, 3)
    beyond = good[:at + 32] + executables.varint(1 << 23) + good[at + 36:]
    assert catalog("a", beyond, 3)
    nowhere = bytearray(elf({".go.buildinfo": go_pointers("go1.16", modules("path\ta\n"), 0x77000000)}))
    assert catalog("a", bytes(nowhere), 3)
    # the section is there, and what it should hold is cut or gone: a program of Go of which nothing is known
    assert [row["incomplete"] for row in catalog("a", elf({".go.buildinfo": b"\xff Go buildinf:"}), 3)] == ["unknown-format"]


def test_go_nothing_in_other_programs():
    assert catalog("a", elf({".text": b"\xff Go buildinf:" + bytes([8, 2]) + bytes(64)})) == []
    assert catalog("a.o", elf({".go.buildinfo": go_inline("go1.21.3", modules("path\ta\n"))}, kind=1)) == []


# ---- ELF that lies ----
@pytest.mark.parametrize("at, value", [(40, b"\xff" * 8), (32, b"\xff" * 8), (58, b"\0\0"), (58, b"\xff\xff"), (60, b"\xff\xff"), (54, b"\xff\xff"), (4, b"\x07")])
def test_elf_lies(at, value):
    good = bytearray(with_go(INFO))
    good[at:at + len(value)] = value
    assert catalog("a", bytes(good), 3)[-1]["incomplete"] in ("damaged", "limit")


def test_elf_cut_anywhere():
    good = with_go("path\ta\nmod\tb\tv1\n")
    for size in range(64, len(good), 37):
        rows = subprocess.run([OAKUM, "debug", "catalog", "a"], input=good[:size], capture_output=True, timeout=60)
        assert rows.returncode in (0, 3), rows.stderr


def test_elf_sections_of_huge_names():
    good = bytearray(elf({".text": b"x"}))
    table = struct.unpack_from("<Q", good, 40)[0]
    struct.pack_into("<Q", good, table + 2 * 64 + 32, 1 << 40)
    assert catalog("a", bytes(good), 3)[-1]["incomplete"] == "limit"


# ---- Rust ----
def auditable(packages):
    return zlib.compress(json.dumps({"packages": packages}).encode())


def test_rust():
    crates = [{"name": "adler", "version": "1.0.2", "source": "crates.io"}, {"name": "cc", "version": "1.0.83", "source": "crates.io", "kind": "build"},
              {"name": "app", "version": "0.1.0", "source": "local", "root": True, "dependencies": [0]}]
    wanted = [("adler", "1.0.2", None), ("app", "0.1.0", None)]
    assert names(catalog("usr/bin/app", elf({".dep-v0": auditable(crates)}))) == wanted
    assert names(catalog("app.exe", pe({".dep-v0": (auditable(crates), False)}))) == wanted
    assert names(catalog("app", macho("__DATA", {".dep-v0": auditable(crates)}))) == wanted
    assert names(catalog("lib.so", elf({".dep-v0": auditable(crates)}, kind=3))) == wanted


@pytest.mark.parametrize("content", [b"no zlib at all", auditable([])[:-8], zlib.compress(b"{"), zlib.compress(b"[]"), zlib.compress(b"[" * 10 ** 6),
                                     zlib.compress(bytes(40 << 20))])
def test_rust_damaged(content):
    assert catalog("a", elf({".dep-v0": content}), 3)


# ---- .NET ----
def version_block(strings):
    out = b""
    for key, value in strings.items():
        entry = (key + "\0").encode("utf-16-le")
        entry = bytes(6) + entry
        entry += bytes(-len(entry) % 4) + (value + "\0").encode("utf-16-le")
        out += entry + bytes(-len(entry) % 4)
    return out


def assembly(strings, clr=True):
    block = version_block(strings)
    tree = struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", 16, 0x80000018)
    tree += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", 1, 0x80000030)
    tree += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1) + struct.pack("<II", 1033, 0x48)
    tree += struct.pack("<IIII", 0x1000 + 0x58, len(block), 0, 0)
    directories = {2: (0x1000, len(tree) + len(block))}
    if clr:
        directories[14] = (0x2000, 72)
    return pe({".rsrc": (tree + block, False)}, directories=directories)


def test_dotnet_assembly():
    strings = {"FileVersion": "13.0.3.27908", "InternalName": "Newtonsoft.Json.dll", "ProductVersion": "13.0.3+0a2e291c"}
    assert catalog("app/Newtonsoft.Json.dll", assembly(strings)) == [
        {"type": "nuget", "name": "Newtonsoft.Json", "version": "13.0.3", "guessed": True, "by": "executable"}]
    assert catalog("app/native.dll", assembly(strings, clr=False)) == []
    assert catalog("usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/System.dll", assembly(strings)) == []


# ---- Java ----
def jar(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, content in members.items():
            z.writestr(name, content)
    return out.getvalue()


def pom(group, artifact, version):
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": f"#Generated\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"}


def manifest(**fields):
    return {"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\n" + "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in fields.items()) + "\r\n"}


def test_jar_of_maven():
    rows = catalog("opt/log4j-core-2.14.1.jar", jar({**manifest(Implementation_Version="0.0"), **pom("org.apache.logging.log4j", "log4j-core", "2.14.1")}))
    assert rows == [{"type": "maven", "space": "org.apache.logging.log4j", "name": "log4j-core", "version": "2.14.1", "by": "java-archive"}]


def pom_xml(group, artifact, body):
    return {f"META-INF/maven/{group}/{artifact}/pom.xml": f'<?xml version="1.0"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">{body}</project>'}


MIT = "<licenses><license><name> MIT </name><url>https://x/</url></license></licenses>"


@pytest.mark.parametrize("members, license", [
    (pom_xml("g", "a", MIT), "MIT"),
    (pom_xml("g", "a", "<licenses>\n<license><url>https://x/</url></license><license><name>GPL &amp; more</name></license></licenses>"), "https://x/ OR GPL & more"),
    (pom_xml("g", "b", MIT), None),
    (pom_xml("g", "a", f"<build>{MIT}</build>"), None),
    (pom_xml("g", "a", "<licenses><license>"), None),
    (pom_xml("g", "a", MIT + " " * (1 << 20)), None),
    (manifest(Bundle_License="Apache-2.0"), "Apache-2.0"),
    ({**manifest(Bundle_License="Apache-2.0"), **pom_xml("g", "a", MIT)}, "MIT"),
])
def test_jar_says_its_licence(members, license):
    rows = catalog("lib/a-1.jar", jar({**members, **pom("g", "a", "1")}))
    assert [(r["name"], r.get("license"), r.get("guessed")) for r in rows] == [("a", license, None)]


def test_jar_says_the_licences_of_what_is_merged_in():
    members = {**manifest(Bundle_License="Apache-2.0"), **pom("g", "a", "1"), **pom("g", "b", "2"), **pom_xml("g", "b", MIT), **pom("g", "c", "3")}
    assert [(r["name"], r.get("license")) for r in catalog("lib/a-1.jar", jar(members))] == [("a", "Apache-2.0"), ("b", "MIT"), ("c", None)]
    assert [(r["space"], r["name"], r["license"], r["guessed"]) for r in catalog("lib/a-1.jar", jar(pom_xml("g", "a", MIT)))] == [("g", "a", "MIT", True)]


def test_jar_shaded():
    members = {**pom("com.example", "uber", "1.0"), **pom("com.google.guava", "guava", "31.1-jre"), **pom("org.yaml", "snakeyaml", "1.30")}
    assert names(catalog("uber.jar", jar(members))) == [("com.example:uber", "1.0", None), ("com.google.guava:guava", "31.1-jre", None),
                                                        ("org.yaml:snakeyaml", "1.30", None)]


@pytest.mark.parametrize("name, fields, found", [
    ("parent-join-client-2.11.1.jar", {"Implementation_Title": "org.opensearch.plugin#parent-join;2.11.1", "Implementation_Version": "2.11.1"}, ("org.opensearch.plugin:parent-join-client", "2.11.1")),
    ("parent-join-client-7.10.2.jar", {"Implementation_Version": "7.10.2"}, ("org.elasticsearch.plugin:parent-join-client", "7.10.2")),
    ("limits-core-0.5.1.jar", {"Implementation_Title": "com.shop.limits#limits;0.5.2", "Implementation_Vendor_Id": "com.shop"}, ("com.shop:limits-core", "0.5.1")),
    ("zipkin-server-3.4.0-exec.jar", {"Spring_Boot_Version": "3.3.0"}, ("io.zipkin:zipkin-server", "3.4.0")),
    ("jffi-1.3.13-native.jar", {"Bundle_SymbolicName": "com.github.jnr.jffi.native"}, ("com.github.jnr:jffi", "1.3.13")),
    ("wiremock-standalone-3.3.1.jar", {"Main_Class": "wiremock.Run"}, ("org.wiremock:wiremock-standalone", "3.3.1")),
    ("wiremock-standalone-2.27.2.jar", {"Main_Class": "wiremock.Run"}, ("com.github.tomakehurst:wiremock-standalone", "2.27.2")),
    ("spring-core-5.3.18.jar", {"Implementation_Title": "spring-core", "Implementation_Version": "5.3.18"}, ("org.springframework:spring-core", "5.3.18")),
    ("jackson-core-2.9.jar", {"Bundle_SymbolicName": "com.fasterxml.jackson.core.jackson-core", "Bundle_Version": "2.9.0"},
     ("com.fasterxml.jackson.core:jackson-core", "2.9")),
    ("thing.jar", {"Implementation_Title": "com.example.thing", "Implementation_Version": "7.1"}, ("thing", "7.1")),
    ("commons-io-2.4.jar", {}, ("commons-io:commons-io", "2.4")),
    ("some-thing-2.4.jar", {}, ("some-thing", "2.4")),
    ("groovy-2.4.21.jar", {}, ("org.codehaus.groovy:groovy", "2.4.21")),
    ("groovy-json-4.0.2.jar", {}, ("org.apache.groovy:groovy-json", "4.0.2")),
    ("hibernate-core-5.4.23.Final.jar", {}, ("org.hibernate:hibernate-core", "5.4.23.Final")),
    ("hibernate-core-6.4.0.Final.jar", {}, ("org.hibernate.orm:hibernate-core", "6.4.0.Final")),
    ("ant-launcher-1.10.13.jar", {"Ant_Version": "Apache Ant 1.10.13"}, ("org.apache.ant:ant-launcher", "1.10.13")),
    ("ivy-2.5.0.jar", {"Bundle_SymbolicName": "org.apache.ivy"}, ("org.apache.ivy:ivy", "2.5.0")),
    ("x-1.jar", {"Implementation_Vendor_Id": "org.apache.x"}, ("org.apache.x:x", "1")),
    ("org.eclipse.jdt.ecj-3.38.0.jar", {}, ("org.eclipse.jdt:ecj", "3.38.0")),
    ("org.osgi.core-6.0.0.jar", {}, ("org.osgi:org.osgi.core", "6.0.0")),
    ("checker-qual-3.1.jar", {"Automatic_Module_Name": "org.checkerframework.checker.qual"}, ("org.checkerframework:checker-qual", "3.1")),
    ("a-b-3.1.jar", {"Automatic_Module_Name": "org.x.a.b"}, ("org.x:a-b", "3.1")),
    ("scala-xml_2.13-2.1.0.jar", {"Automatic_Module_Name": "scala.xml", "Implementation_Vendor_Id": "org.scala-lang.modules"}, ("org.scala-lang.modules:scala-xml_2.13", "2.1.0")),
    ("tool-xml_2.12-1.2.0.jar", {"Bundle_SymbolicName": "org.x.modules.tool-xml"}, ("org.x.modules:tool-xml_2.12", "1.2.0")),
    ("tool-xml_3-1.2.0.jar", {"Automatic_Module_Name": "org.x.modules.tool.xml"}, ("org.x.modules:tool-xml_3", "1.2.0")),
    ("spark-core_2.12.18-3.5.0.jar", {}, ("spark-core_2.12.18", "3.5.0")),
    ("scala3-library_3-3.5.2.jar", {}, ("scala3-library_3", "3.5.2")),
    ("org.eclipse.core.runtime_3.30.0.jar", {"Bundle_SymbolicName": "org.eclipse.core.runtime; singleton:=true"}, ("org.eclipse.platform:org.eclipse.core.runtime", "3.30.0")),
    ("spock-core-2.3-groovy-4.0.jar", {"Implementation_Version": "2.3"}, ("spock-core", "2.3-groovy-4.0")),
    ("catalina.jar", {"Bundle_SymbolicName": "org.apache.tomcat-catalina", "Implementation_Version": "10.1.17"}, ("org.apache.tomcat:tomcat-catalina", "10.1.17")),
    ("servlet-api.jar", {"Bundle_SymbolicName": "org.apache.tomcat-servlet-api", "Implementation_Version": "10.1.17"}, ("org.apache.tomcat:tomcat-servlet-api", "10.1.17")),
    ("catalina-tribes.jar", {"Implementation_Title": "Apache Tomcat", "Implementation_Version": "7.0.109"}, ("org.apache.tomcat:tomcat-tribes", "7.0.109")),
    ("catalina-ha.jar", {"Implementation_Title": "Apache Tomcat", "Implementation_Version": "7.0.109"}, ("org.apache.tomcat:tomcat-catalina-ha", "7.0.109")),
    ("tomcat-embed-core-9.0.1.jar", {"Bundle_SymbolicName": "org.apache.tomcat-embed-core"}, ("org.apache.tomcat.embed:tomcat-embed-core", "9.0.1")),
    ("org.x.specs.jaxb-api-2.2-2.9.0.jar", {"Bundle_Version": "2.9.0"}, ("org.x.specs:org.x.specs.jaxb-api-2.2", "2.9.0")),
    ("org.mortbay.jasper.apache-el-10.0.27.jar", {}, ("org.mortbay.jasper:apache-el", "10.0.27")),
    ("jetty-servlet-api-4.0.6.jar", {}, ("org.eclipse.jetty.toolchain:jetty-servlet-api", "4.0.6")),
    ("jetty-util-6.1.26.jar", {}, ("org.mortbay.jetty:jetty-util", "6.1.26")),
    ("plugin_3.1.2.jar", {}, ("plugin", "3.1.2")),
    ("plugin_3-beta.jar", {}, ("plugin", "3-beta")),
    ("log4j-1.2-api-2.17.1.jar", {"Implementation_Version": "2.17.1"}, ("org.apache.logging.log4j:log4j-1.2-api", "2.17.1")),
    ("log4j-1.2-1.2.17.jar", {"Bundle_Version": "1.2.17"}, ("log4j:log4j", "1.2.17")),
    ("tool-3.1.0-no_aop.jar", {"Bundle_Version": "3.1.0"}, ("tool", "3.1.0")),
    ("tool-3.1.0-beta2.jar", {"Bundle_Version": "3.1.0"}, ("tool", "3.1.0-beta2")),
    ("shop-core-1.jar", {"Automatic_Module_Name": "org.x.shop.sql"}, ("org.x.shop:shop-core", "1")),
    ("derby-10.16.jar", {"Automatic_Module_Name": "org.apache.derby.engine"}, ("org.apache.derby:derby", "10.16")),
    ("rxjava-1.3.8.jar", {}, ("io.reactivex:rxjava", "1.3.8")),
    ("rxjava-2.2.21.jar", {}, ("io.reactivex.rxjava2:rxjava", "2.2.21")),
    ("rxjava-3.1.8.jar", {}, ("io.reactivex.rxjava3:rxjava", "3.1.8")),
    ("dom4j-1.6.1.jar", {}, ("dom4j:dom4j", "1.6.1")),
    ("dom4j-2.1.4.jar", {}, ("org.dom4j:dom4j", "2.1.4")),
    ("batik-dom-1.6-1.jar", {}, ("batik:batik-dom", "1.6-1")),
    ("batik-dom-1.7.jar", {}, ("org.apache.xmlgraphics:batik-dom", "1.7")),
    ("nekohtml-1.9.6.2.jar", {}, ("nekohtml:nekohtml", "1.9.6.2")),
    ("nekohtml-1.9.22.jar", {}, ("net.sourceforge.nekohtml:nekohtml", "1.9.22")),
    ("neko-htmlunit-2.50.0.jar", {"Automatic_Module_Name": "net.sourceforge.htmlunit.cyberneko"}, ("net.sourceforge.htmlunit:neko-htmlunit", "2.50.0")),
    ("bsh-1.3.0.jar", {}, ("bsh:bsh", "1.3.0")),
    ("bsh-2.0b5.jar", {}, ("org.beanshell:bsh", "2.0b5")),
    ("bsh-2.0b6.jar", {}, ("org.apache-extras.beanshell:bsh", "2.0b6")),
    ("bsh-2.1.1.jar", {}, ("org.beanshell:bsh", "2.1.1")),
    ("jsch-0.1.55.jar", {}, ("com.jcraft:jsch", "0.1.55")),
    # what the version has behind it, or in a section, when the file's name has none
    ("lucene-core.jar", {"Implementation_Title": "org.apache.lucene", "Implementation_Version": "8.11.1 0b002b1 - somebody - 2021-12-14 13:46:43"}, ("org.apache.lucene:lucene-core", "8.11.1")),
    ("kotlin-stdlib.jar", {"Implementation_Title": "kotlin-stdlib", "Implementation_Version": "1.6.0-release-798(1.6.0)"}, ("org.jetbrains.kotlin:kotlin-stdlib", "1.6.0")),
    ("xalan.jar", {"Main_Class": "x.Process\r\n\r\nName: x/\r\nSpecification-Version: 1.3\r\nImplementation-Version: 2.7.2\r\n\r\nName: y/\r\nImplementation-Version: 3.0"}, ("xalan:xalan", "2.7.2")),
    ("json4s-ast_2.12.jar", {"Implementation_Title": "json4s-ast", "Implementation_Version": "3.7.0", "Implementation_Vendor_Id": "org.json4s"}, ("org.json4s:json4s-ast_2.12", "3.7.0")),
    ("freemarker.jar", {"Implementation_Title": "FreeMarker", "Implementation_Version": "2.3.30"}, ("org.freemarker:freemarker", "2.3.30")),
    ("grpc-api.jar", {"Implementation_Title": "jar", "Implementation_Version": "1.50.0"}, ("io.grpc:grpc-api", "1.50.0")),
    ("limits.jar", {"Implementation_Title": "com.shop.limits#server;0.5.1", "Implementation_Version": "0.5.1"}, ("com.shop.limits:limits", "0.5.1")),
    ("app.jar", {"Implementation_Title": "HikariCP", "Implementation_Version": "5.1.0"}, ("HikariCP", "5.1.0")),
    ("okhttp.jar", {}, ("com.squareup.okhttp3:okhttp", "")),
    ("jdom-1.0.jar", {"Implementation_Vendor": "jdom.org"}, ("jdom:jdom", "1.0")),
    ("jdom-1.1.jar", {"Implementation_Vendor": "jdom.org"}, ("org.jdom:jdom", "1.1")),
    ("tool_2.13-0.9.2.jar", {"Implementation_Vendor": "com.lihaoyi"}, ("com.lihaoyi:tool_2.13", "0.9.2")),
    ("tool-0.9.2.jar", {"Implementation_Vendor": "tool.org"}, ("tool", "0.9.2")),
    ("some-api-2.1.jar", {"Implementation_Vendor_Id": "org.apache", "Extension_Name": "javax.some"}, ("javax.some:some-api", "2.1")),
    ("tomcat10-jdbc-10.1.60.jar", {}, ("org.apache.tomcat:tomcat-jdbc", "10.1.60")),
    ("tomcat-embed-el-9.0.75.jar", {"Bundle_SymbolicName": "org.apache.tomcat-embed-jasper-el"}, ("org.apache.tomcat.embed:tomcat-embed-el", "9.0.75")),
    ("long-1.0.jar", {"Bundle_SymbolicName": "org.a\r\n .b.long;singleton:=true"}, ("org.a.b:long", "1.0")),
])
def test_jar_guessed(name, fields, found):
    rows = catalog("lib/" + name, jar(manifest(**fields)))
    assert [r.get("guessed") for r in rows] == [True]
    assert names(rows) == [(*found, None)]


@pytest.mark.parametrize("file, declared, found", [
    ("driver-12.4.2.jre11.jar", "12.4.2", "12.4.2.jre11"),
    ("driver-12.4.2-linux.jar", "12.4.2", "12.4.2"),
    ("driver-12.4.3.jar", "12.4.2", "12.4.2"),
    ("driver-2.29.0.jar", "2.29.0-SNAPSHOT", "2.29.0"),
    ("driver.jar", "2.29.0-SNAPSHOT", "2.29.0-SNAPSHOT"),
])
def test_jar_was_released_as_its_file_is_called(file, declared, found):
    assert names(catalog("lib/" + file, jar(pom("g", "driver", declared)))) == [("g:driver", found, None)]


@pytest.mark.parametrize("name, fields", [("shop.jar", {}), ("shop_2.12.jar", {}), ("shop.jar", {"Implementation_Version": "Build of somebody 7"}),
                                          ("shop.jar", {"Main_Class": "x\r\n\r\nName: x/y.class\r\nSHA-256-Digest: 00"})])
def test_jar_of_which_nothing_says_the_version(name, fields):
    """Somebody's own: no registry has it."""
    assert catalog("lib/" + name, jar(manifest(**fields))) == []


MERGED = {f"{folder}/X.class": b"x" for folder in ("com/a/x", "com/b", "org/c/y/z", "io/d", "javax/e", "java/f")}


def test_jar_of_merged_projects_without_their_names_is_told():
    """Of one more, or when Maven's own words are left, or the manifest has a version, it is as before."""
    rows = catalog("app/app.jar", jar(MERGED), 3)
    assert [row["incomplete"] for row in rows] == ["unknown-format"] and "several projects" in rows[0]["title"]
    rows = catalog("app/app.war", jar({"WEB-INF/lib/app.jar": jar(MERGED)}), 3)
    assert "WEB-INF/lib/app.jar: holds classes of several projects" in rows[0]["title"]
    assert catalog("app/app.jar", jar({name: data for name, data in MERGED.items() if not name.startswith("io/")})) == []
    assert names(catalog("app/app.jar", jar(MERGED | pom("g", "a", "1")))) == [("g:a", "1", None)]
    assert len(catalog("app/app-1.jar", jar(MERGED))) == 1


def test_jar_with_a_number_in_its_name_is_one():
    members = {**manifest(Implementation_Version="1.1.1"), **pom("g", "shaded-x_3_7", "1.1.1"), **pom("x", "x-java", "3.7.1")}
    assert names(catalog("lib/shaded-x_3_7-1.1.1.jar", jar(members))) == [("g:shaded-x_3_7", "1.1.1", None), ("x:x-java", "3.7.1", None)]


def test_jar_with_the_manifest_of_what_was_merged_into_it():
    merged = {**manifest(Implementation_Version="1.1.1", Implementation_Vendor_Id="org.other"), **pom("org.other", "other", "1.1.1"), **pom("org.third", "third", "2.0"),
              "org/shop/runtime/A.class": b"", "org/shop/runtime/B.class": b""}
    assert names(catalog("lib/shop-3.3.6.jar", jar(merged))) == [("org.other:other", "1.1.1", None), ("org.shop:shop", "3.3.6", None), ("org.third:third", "2.0", None)]


@pytest.mark.parametrize("name, classes, group", [
    ("testcontainers", ["org/testcontainers/A", "org/testcontainers/shaded/com/x/B", "com/github/dockerjava/C"], "org.testcontainers"),
    ("Saxon-HE", ["net/sf/saxon/A", "net/sf/saxon/expr/B", "net/sf/saxon/expr/C"], "net.sf.saxon"),
    ("jcommander", ["com/beust/jcommander/A", "com/beust/jcommander/B", "com/beust/jcommander/c/C"], "com.beust"),
    ("json-path", ["com/jayway/jsonpath/A"], "com.jayway.jsonpath"),
    ("java-jwt", ["com/auth0/jwt/A", "com/auth0/jwt/b/B"], "com.auth0"),
    ("aeron-client", ["io/aeron/client/A"], "io.aeron"),
    ("exposed-core", ["org/jetbrains/exposed/sql/A", "org/jetbrains/exposed/sql/B"], "org.jetbrains.exposed"),
    ("shop", ["org/x/shopping/A", "org/x/shopper/A"], "org.x"),
    ("derby", ["org/apache/derby/A"], "org.apache.derby"),
    ("two", ["org/x/A", "com/y/A"], None),
    ("versions", ["META-INF/versions/9/org/x/A"], None),
    ("flat", ["A", "one/B"], None),
    ("upper", ["Org/X/A"], None),
])
def test_jar_guessed_by_its_packages(name, classes, group):
    rows = catalog(f"lib/{name}-1.2.jar", jar({f"{one}.class": b"" for one in classes} | manifest(Implementation_Version="1.2")))
    assert [(r.get("space"), r["name"], r["version"], r["guessed"]) for r in rows] == [(group, name, "1.2", True)]


def test_jar_named_otherwise_than_what_is_merged_into_it():
    merged = jar(pom("org.apache.bcel", "bcel", "6.4.1"))
    assert names(catalog("lib/xalan2-2.7.2.jar", merged)) == [("org.apache.bcel:bcel", "6.4.1", None), ("xalan2", "2.7.2", None)]
    # what is only called otherwise has the version or the name of what it is
    assert names(catalog("lib/libbcel-6.4.1.jar", merged)) == [("org.apache.bcel:bcel", "6.4.1", None)]
    assert names(catalog("lib/apache-6.4.1.jar", merged)) == [("org.apache.bcel:bcel", "6.4.1", None)]
    assert names(catalog("lib/app.jar", merged)) == [("org.apache.bcel:bcel", "6.4.1", None)]


@pytest.mark.parametrize("version", ["5.2.0", "5.2.0 (private-0a1b2c3d-me)"])
def test_jenkins_plugin(version):
    fields = manifest(Group_Id="org.jenkins-ci.plugins", Short_Name="git", Long_Name="Jenkins Git plugin", Plugin_Version=version, Hudson_Version="2.387")
    wanted = ("org.jenkins-ci.plugins:git", "5.2.0", None)
    for path in ("plugins/git.jpi", "plugins/old-1.0.hpi"):
        rows = catalog(path, jar(fields))
        assert names(rows) == [wanted] and "guessed" not in rows[0]
    own = jar(pom("org.jenkins-ci.plugins", "git", "5.2.0"))
    rows = catalog("plugins/git.jpi", jar({**fields, "WEB-INF/lib/git.jar": own}))
    assert {(r["space"], r["name"], r["version"], r.get("within")) for r in rows} == {("org.jenkins-ci.plugins", "git", "5.2.0", within) for within in (None, "WEB-INF/lib/git.jar")}
    assert names(catalog("plugins/git.jpi", jar(manifest(Short_Name="git", Plugin_Version="5.2.0")))) == [("git", "5.2.0", None)], "of no group: guessed"


def test_jar_that_shades_one_other():
    content = jar({**manifest(Bundle_SymbolicName="com.google.inject", Bundle_Version="4.2.3"), **pom("cglib", "cglib", "3.2.12")})
    assert names(catalog("guice.jar", content)) == [("cglib:cglib", "3.2.12", None), ("com.google.inject:guice", "4.2.3", None)]
    # a file that was renamed holds its own, and no other
    assert names(catalog("app.jar", jar({**manifest(Implementation_Version="1.0"), **pom("g", "shop", "1.0")}))) == [("g:shop", "1.0", None)]


def test_jar_with_poms_of_others():
    poms = {f"META-INF/maven/g{i}/a{i}/pom.xml": "<project/>" for i in range(3)}
    assert names(catalog("emulator-0.8.jar", jar(poms))) == [("emulator", "0.8", None)]
    assert names(catalog("a1-0.8.jar", jar(poms))) == [("g1:a1", "0.8", None)]
    assert names(catalog("x-0.8.jar", jar({"META-INF/maven/g/a/pom.xml": ""}))) == [("g:a", "0.8", None)]


def test_jar_of_too_many_artifacts():
    assert catalog("x.jar", jar({f"META-INF/maven/g/a{i}/pom.properties": f"artifactId=a{i}\nversion=1\n" for i in range(20001)}), 3)[-1]["incomplete"] == "limit"


def test_jar_without_any_name():
    assert catalog("app.jar", jar({"A.class": b"x", **manifest(Main_Class="A")})) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_jar_in_jar(method):
    inner = jar(pom("com.fasterxml.jackson.core", "jackson-databind", "2.9.8"))
    middle = jar({"WEB-INF/lib/jackson-databind-2.9.8.jar": inner, "WEB-INF/lib/plain-3.1.jar": jar({"A.class": b""})}, method)
    outer = jar({"shop.war": middle, "BOOT-INF/lib/a-1.0.jar": jar(pom("g", "a", "1.0"))}, method)
    assert names(catalog("shop.ear", outer)) == [
        ("com.fasterxml.jackson.core:jackson-databind", "2.9.8", "shop.war!/WEB-INF/lib/jackson-databind-2.9.8.jar"), ("g:a", "1.0", "BOOT-INF/lib/a-1.0.jar"),
        ("plain", "3.1", "shop.war!/WEB-INF/lib/plain-3.1.jar")]


def test_jar_behind_a_script():
    assert names(catalog("app.jar", b"#!/bin/bash\nexec java -jar \"$0\"\n" + jar(pom("g", "a", "1.0")))) == [("g:a", "1.0", None)]


def test_jar_too_deep():
    content = jar(pom("g", "a", "1.0"))
    for _ in range(12):
        content = jar({"x.jar": content})
    rows = catalog("x.jar", content, 3)
    assert rows[-1]["incomplete"] == "limit"


def test_jar_that_holds_itself_many_times():
    content = jar({f"{i}.jar": b"" for i in range(3)})
    for _ in range(7):
        content = jar({f"{i}.jar": content for i in range(8)})
    rows = catalog("x.jar", content, 3)  # 8^7 archives in it
    assert rows[-1]["incomplete"] == "limit"


def test_jar_bomb():
    rows = catalog("x.jar", jar({"big.jar": bytes(300 << 20)}), 3)
    assert rows[-1]["incomplete"] == "limit"
    rows = catalog("x.jar", jar({"META-INF/MANIFEST.MF": bytes(5 << 20)}), 3)
    assert rows[-1]["incomplete"] == "limit"


def damaged_jar(change):
    good = bytearray(jar({**pom("g", "a", "1.0"), "b-1.0.jar": jar({})}))
    change(good)
    return bytes(good)


@pytest.mark.parametrize("change, word", [
    (lambda b: b.__delitem__(slice(len(b) - 30, len(b))), "damaged"),
    (lambda b: b.__setitem__(slice(b.rindex(b"PK\1\2") + 8, b.rindex(b"PK\1\2") + 10), b"\1\0"), "unknown-format"),
    (lambda b: b.__setitem__(slice(b.index(b"PK\1\2") + 10, b.index(b"PK\1\2") + 12), b"\x0c\0"), "unknown-format"),
    (lambda b: b.__setitem__(slice(b.index(b"PK\1\2") + 16, b.index(b"PK\1\2") + 20), b"\1\2\3\4"), "damaged"),
    (lambda b: b.__setitem__(slice(b.rindex(b"PK\1\2") + 42, b.rindex(b"PK\1\2") + 46), b"\0\0\0\0"), "damaged"),
])
def test_jar_damaged(change, word):
    assert catalog("a.jar", damaged_jar(change), 3)[-1]["incomplete"] == word


def test_jar_names_are_safe():
    rows = catalog("a.jar", jar({"lib/\x1b[2J\n.jar": jar(pom("g", "a\x1b[31m", "1.0"))}))
    assert rows[0]["within"] == "lib/\x1b[2J\n.jar"  # a value of JSON; escaped where it is shown
    rows = catalog("a.jar", jar({"lib/\x1b[2J\n.jar": b"no zip"}), 3)
    assert "\x1b" not in rows[0]["title"] and "\n" not in rows[0]["title"]


# ---- Python ----
def test_egg():
    assert names(catalog("x/a-1.egg", jar({"EGG-INFO/PKG-INFO": "Name: a\nVersion: 1\n"}))) == [("a", "1", None)]
    assert catalog("x/a-1.egg", jar({"a.py": ""}), 3)


@pytest.mark.parametrize("content", [b"", bytes(900), b"no zip at all\n" * 9])
def test_what_was_an_egg(content):
    """Where modules are installed a file of that name is one that was damaged; elsewhere it may be anything."""
    found = catalog("usr/lib/python3/dist-packages/a-1.egg", content, 3)
    assert [row["incomplete"] for row in found] and "name" not in found[0]
    assert catalog("usr/share/game/boss.egg", content) == []


APP = {"site-packages/six-1.16.0.dist-info/METADATA": "Name: six\nVersion: 1.16.0\n", ".deps/idna-3.4-py3-none-any.whl/idna-3.4.dist-info/METADATA": "Metadata-Version: 2.1\n",
       "site-packages/old-0.9.egg-info/PKG-INFO": "Name: old\nVersion: 0.9\n", "__main__.py": "print()"}


@pytest.mark.parametrize("line", [b"#!/usr/bin/env python3\n", b"#!/opt/v/bin/python3.11 -sE\n", b"#!/usr/bin/pypy3\n"])
@pytest.mark.parametrize("path", ["usr/local/bin/tool", "app.pyz", "app.pex"])
def test_python_app_in_one_zip(path, line):
    assert names(catalog(path, line + jar(APP))) == [("idna", "3.4", None), ("old", "0.9", None), ("six", "1.16.0", None)]


def test_no_python_app():
    for other in (b"#!/bin/sh\n" + jar(APP), b"#!/usr/bin/python3\nimport this\n" + jar(APP), b"#!/usr/bin/python3\n", b"#!" + b"x" * 600, jar(APP)):
        assert catalog("usr/local/bin/tool", other) == []
    assert catalog("usr/local/bin/tool", b"#!/usr/bin/python3\nPK\3\4 cut short", 3)[-1]["incomplete"] == "damaged"


# ---- Node ----
PNP = {"node_modules/@s/a/package.json": '{"name":"@s/a","version":"1.0.0","license":"MIT"}', "node_modules/@s/a/node_modules/b/package.json": '{"name":"b","version":"2.0.0"}',
       "node_modules/@s/a/test/package.json": '{"name":"c","version":"3.0.0"}', "node_modules/@s/a/index.js": "x"}


@pytest.mark.parametrize("path", [".yarn/cache/@s-a-npm-1.0.0-0123456789-0123456789.zip", "srv/x/.yarn/cache/a.zip", "root/.yarn/berry/cache/a.zip"])
def test_yarn_loads_modules_out_of_zips(path):
    assert names(catalog(path, jar(PNP))) == [("@s:a", "1.0.0", None), ("b", "2.0.0", None)]


@pytest.mark.parametrize("path", ["srv/x/cache/a.zip", "srv/berry/cache/a.zip", ".yarn/cache/x/a.zip", ".yarn/cache/a.tgz", "x.yarn/cache/a.zip"])
def test_other_zips_hold_no_modules(path):
    assert catalog(path, jar(PNP)) == []


def test_yarn_zip_damaged():
    assert catalog(".yarn/cache/a.zip", b"PK\3\4 cut short", 3)[-1]["incomplete"] == "damaged"
    assert catalog(".yarn/cache/a.zip", jar({"node_modules/a/package.json": '{"name":'}), 3)[-1]["incomplete"] == "damaged"


# ---- Linux ----
def test_kernel():
    boot = bytearray(4096)
    boot[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", boot, 0x20e, 0x300)
    boot[0x500:0x520] = b"6.1.0-13-amd64 (debian@x) #1 SMP".ljust(32, b"\0")
    assert catalog("boot/vmlinuz-6.1", bytes(boot)) == [{"type": "generic", "name": "linux-kernel", "version": "6.1.0-13-amd64",
                                                         "cpe": "cpe:2.3:o:linux:linux_kernel:6.1.0:*:*:*:*:*:*:*", "by": "linux-kernel"}]
    struct.pack_into("<H", boot, 0x20e, 0xffff)
    assert catalog("boot/vmlinuz-6.1", bytes(boot), 3)
    assert names(catalog("boot/vmlinux", bytes(5000) + b"\0Linux version %s\0Linux version 5.10.0-8 (x)\0")) == [("linux-kernel", "5.10.0-8", None)]
    assert catalog("boot/vmlinuz", bytes(5000), 3)


def test_kernel_module():
    info = b"license=GPL\0version=1.2.3\0name=nvidia\0vermagic=6.1\0"
    assert names(catalog("lib/modules/6.1/nvidia.ko", elf({".modinfo": info}, kind=1))) == [("nvidia", "1.2.3", None)]
    assert catalog("lib/modules/6.1/ext4.ko", elf({".modinfo": b"license=GPL\0name=ext4\0"}, kind=1)) == []


# ---- programs without a package ----
def signatures():
    path = os.path.join(os.path.dirname(__file__), "signatures.tsv")
    with open(path) as table:
        rows = [line.rstrip("\n").split("\t") for line in table if not line.startswith("#")]
    return [(product, file, version, re.sub(rb"\\x(..)", lambda m: bytes([int(m[1], 16)]), text.encode())) for product, file, version, text in rows]


@pytest.mark.parametrize("product, file, version, text", signatures(), ids=lambda v: v if isinstance(v, str) else "")
def test_signature(product, file, version, text):
    content = elf({".rodata": bytes(8) + text + bytes(8)}, kind=3)
    rows = [r for r in catalog("usr/local/bin/" + file, content) if r["by"] == "binary-signature" and r["name"] == product]
    assert [(r["version"], r["guessed"]) for r in rows] == [(version, True)]
    place = rows[0]["offset"]
    assert rows[0]["cpe"].startswith("cpe:2.3:a:") and (version.encode() == content[place:place + len(version)] or product in ("libxml2", "libwebp"))


# How programs that cannot be had here say their version, with versions of our own: what stands around it is what their builds have there.
GO = b"\xd4+DT\x01\0\0\0"
SHAPES = [
    ("arangodb", "arangosh", "3.12.5-2", b"\x002025-08-01\x003.12.5-2 enterprise [linux]\0"),
    ("aws-lc", "openssl", "1.69.3", b"\0OpenSSL 1.1.1 (compatible; AWS-LC 1.69.3)\0"),
    ("cabal", "cabal", "3.10.2.1", b"\0Cabal-3.10.2.1-inplace:Distribution\0"),
    ("chrome", "chrome", "127.0.6533.99", b"\0Music\0Pictures\0Videos\x00127.0.6533.99\0Default\n\0"),
    ("consul", "consul", "1.7.13", b"\x03\0\0\0\0\0\0\0v1.7.13\0\0\0\0\0\0\0\0"),
    ("consul", "consul", "1.12.8", b"-X example/version.GitDescribe=1.12.8\"\nbuild\t"),
    ("dart", "dart", "3.6.0-216.2.beta", b"=\"Compiler,Dart,GC\"\x003.6.0-216.2.beta (beta) (Wed"),
    ("deno", "deno", "2.9.6", b"OTel-OTLP-Exporter-Deno/0.80.0grpc-timeout\0denover2.9.62.9.6+e518fbdDeno/2.9.6Deno/2.9.6+e518fbde518fbd66dda5debcbdefc0"),
    ("ffmpeg", "ffmpeg-linux-x86_64-v9.0.2", "9.0.2", b"\0FFmpeg version n9.0.2-17-g2a571b6068-20260930\0"),
    ("redis", "redis-server-6.2.7-linux-386", "6.2.7", b"\0006.2.7\0 (git:%s\0"),
    ("openssl", "libssl-3e69114b.so.1.1", "1.1.1k", b"OpenSSL 1.1.1k  25 Mar 2021\0"),
    ("python", "libpython3-0123abcd.10.so.1.0", "3.10.4", b"\0003.10.4\0%.80s (%.80s) %.80s\0"),
    ("deno", "deno", "1.10.2", b"s already installed\n1.10.2" + b"31567c1013cc8ff12cf039137792da66a1d0015b" + b"DENO_UNSTABLE_COVERAGE_DIR"),
    ("deno", "deno", "1.16.3", b"ne.rsdeno-" + b"5b286750a8c87215a9651efb11fcc620f2914005" + b"1.16.3release/vdlwindows"),
    ("deno", "deno", "1.29.2", b"deno-" + b"5b94feba9d4d51a09b74629f566dbc90484fba00" + b"release/v1.29.2windows"),
    ("elastic-agent", "elastic-agent", "8.19.3", b"config/statsenroll8.19.3headeruint16secret"),
    ("envoy", "envoy", "1.40.2", b"\x001.2.13\0zlib\0Resource.name\x001.40.2\0 so a non-default value\0%s\0" + b"sigaction\0" * 40 + b"envoy_reloadable_features_x\0"),
    ("envoy", "envoy", "1.22.9", b"fd: {}\x001.22.9\0([\\d]+)\0EVENT_PRECISE_TIMER\0envoy.api\0"),
    ("envoy", "envoy", "1.6.1", b"accept failure: {}\x001.6.1\0RELEASE\0{}/{}/{}/{}\0"),
    ("erlang", "beam.smp", "26.1.3", b"\0\x0026.1.3\0\0\0\0Erlang/OTP 26%s [erts-14.1.1] [source]\0"),
    ("erlang", "beam.smp", "17.5.6.8", b"Erlang/OTP 17%s [erts-6.4] [kernel-poll:%s]\n\x0017.5.6.8\0\0"),
    ("filebeat", "filebeat", "8.18.3", b"leexportconfigcreateplugin8.18.3globalclient%v{%v}"),
    ("filebeat", "filebeat", "9.4.1", b"forcestdinsetupTest 9.4.1%s %w8.0.0sse41"),
    ("fluent-bit", "fluent-bit", "2.2.4", b"\0\x002.2.4\0\0\0Fluent Bit v%s\n\0"),
    ("fluent-bit", "fluent-bit", "1.7.1", b"???\x001.7.1\0\x1b[1m\0%sFluent Bit v%s%s\n\0"),
    ("gcc", "gcc", "12.3.1", b"\0GCC: (GNU) 12.3.1\0\0"),
    ("ghc", "ghc", "7.10.2", b"\0libHSghc-7.10.2-0AG9TOjDEtx4Ji3wSwHOBe-ghc7.10.2.so\0"),
    ("ghc", "ghc-9.6.4", "9.6.4", b"8.3.0\0GHC 9.6.4\0\0"),
    ("go", "go", "1.21.4", b"\0go1.21.4\0\0\0panicnil=1\0"),
    ("graalvm", "java", "17.0.4+8-jvmci-22.1-b06", b"%s\0openjdk\0java\x000.0\x0017.0.4+8-jvmci-22.1-b06\0-J-ms8m\0"),
    ("grafana", "grafana", "12.2.1-258099", b"go1.24.6\0\0\0\x0012.2.1-258099\0\0" + GO),
    ("grafana", "grafana", "12.3.2", b"\0\0release-12.3.2+security-01\0\0"),
    ("grafana", "grafana", "11.0.1", b"\x7f\xff11.0.1\0\0$a\xcdc\x01"),
    ("grafana", "grafana", "9.5.20", b"\x7f\xff9.5.20\0\0v9.5.x\0\0\0"),
    ("grafana", "grafana-server", "7.5.16", b"\0HEAD\0\0:\0\0\x007.5.16\0\0\0"),
    ("haproxy", "haproxy", "3.1-dev1", b"2024/05/29\0\0\x003.1-dev1-1eb0f22\0\0\0HAProxy version follows\0"),
    ("haproxy", "haproxy", "1.8.21", b"\0HA-Proxy version 1.8.21 2019/10/25\0"),
    ("heimdal", "libkrb5.so.26", "7.8.1", b"\0@(#)$Version: Heimdal 7.8.1 $\0"),
    ("helm", "helm", "3.0.0-alpha.2", b"\x14\0v3.0.0-alpha.2\0\0\x01"),
    ("helm", "helm", "3.10.2", b"'\0\0\0v3.10.2\0\xfa\0"),
    ("istio", "pilot-agent", "1.26.7", b"amd64\0\x001.26.7\0\x001.26.7\0\0$a\xcdc"),
    ("istio", "pilot-discovery", "1.8.1", b"\0\0Clean\0\0\x001.8.1\0\0\0"),
    ("jdk", "jdb", "1.8.0_451-b11", b"\0java\x001.8\x001.8.0_451-b11\0/lib/tools.jar\0"),
    ("jre", "java", "19.0.1+10-22", b"\x0019.0.1+10-22\x000.0\0java\0"),
    ("mariadb", "mariadb", "11.8.6", b"\0/usr/src/debug/mariadb-11.8.6-2-redhat-x86_64/storage\0"),
    ("mongodb", "mongod", "7.0.27", b"Setup\x007.0.27\0heap_size\0stack\0"),
    ("mysql", "mysql", "8.0.36", b"shutdown\x008.0.36\0\0\0mysql_real_escape_string_quote\0"),
    ("mysql-cluster", "mysqld", "7.6.18", b"\0-cluster-gpl\x005.7.34-ndb-7.6.18\0x86_64\0"),
    ("mysql-cluster", "ndbd", "9.7.1", b"/rpm/BUILD/mysql-cluster-gpl-9.7.1/mysql-cluster-gpl-9.7.1/x\0"),
    ("nginx", "nginx", "1.21.4", b"\0nginx version: openresty/1.21.4.2\n\0"),
    ("nginx-ingress-controller", "nginx-ingress-controller", "1.11.7", b"\xef\xc7v1.11.7\0\0\xf0z\0go1.24.4\0"),
    ("node", "node", "0.12.17", b"-v\0v0.12.17\0--enable-ssl2\0"),
    ("openjdk", "java", "11.0.21+7", b"\x000.0\0\0\x0011.0.21+7\0\0\0openjdk\0java\0\0-J-ms8m\0"),
    ("openldap", "ldapsearch", "2.6.9", b"@(#) $OpenLDAP: ldapsearch 2.6.9 (May 23 2025) $\n\0"),
    ("openssl", "openssl", "1.1.1v", b"\0OpenSSL 1.1.1v  11 Sep 2023\0"),
    ("percona-server", "mysql", "8.0.34", b"/percona-8.0-build/BUILD/percona-server-8.0.34-27/percona-\0"),
    ("percona-xtrabackup", "xtrabackup", "8.0.33", b"/percona-xtrabackup-8.0-RELEASE/BUILD/percona-xtrabackup-8.0.33-28\0"),
    ("percona-xtradb-cluster", "mysql", "8.0.33", b"/BUILD/Percona-XtraDB-Cluster-8.0.33/sql\0"),
    ("postgresql", "postgres", "15beta3", b"\0PostgreSQL 15beta3 (Debian 15~beta3-1)\0"),
    ("proftpd", "proftpd", "1.3.8c", b"\0ProFTPD Version 1.3.8c\0LANG\0"),
    ("qtbase", "libQt6Core.so.6.5.1", "6.5.1", b"\0\0Qt 6.5.1 (x86_64-little_endian-lp64 shared\0"),
    ("qtbase", "libQtCore.so.4.8.7", "4.8.7", b"This is the QtCore library version 4.8.7\nCopyright\0"),
    ("redis", "redis-server", "4.0.12", b"00000000\0\x004.0.12841ce7054bd9-1542359302000000000\0networking.c\0"),
    ("redis", "redis-server", "5.0.1", b"00000000\0\x005.0.15ca5019de136-1539906480000000000\0networking.c\0"),
    ("redis", "redis-server", "7.0.13", b"%llx\0\x007.0.13buildkitsandbox-1702957741000000000\0"),
    ("rust", "libstd-16f2b65e77054c42.dylib", "1.67.2", b"rust\0ec 1.67.2 (d5a82bbd2 2023-02-07)\xc3"),
    ("sqlcipher", "sqlcipher", "4.5.6", b"%llu)\0community\x004.5.6\0%s %s\0"),
    ("stack", "stack", "2.15.1", b"\0Version 2.15.1, Git revision\0"),
    ("swipl", "swipl", "9.3.9", b"\0/tmp/src/swipl-9.3.9/src\0"),
    ("traefik", "traefik", "2.10.6", b"\xb0\xbe2.10.6\0\0$a\xcdc"),
    ("traefik", "traefik", "1.7.33", b"\x12\0\0v1.7.33\0\xaf"),
    ("valkey", "valkey-server", "9.0.1", b"valkey9.0.1buildkitsandbox-1764887574000000000\0"),
    ("vault", "vault", "1.14.11", b"/v1/txn0.0.0%s0.0.0.00x%016x1.14.111.49.22123-abc"),
    ("vault", "vault", "1.21.0-rc2", b"ttl_secondsindex_state1.21.0-rc2\nOptions: "),
]


@pytest.mark.parametrize("product, file, version, text", SHAPES, ids=lambda v: v if isinstance(v, str) else "")
def test_signature_shape(product, file, version, text):
    rows = catalog("usr/local/bin/" + file, elf({".rodata": bytes(8) + text + bytes(8)}, kind=3))
    assert [r["version"] for r in rows if r["name"] == product] == [version]


@pytest.mark.parametrize("product, path, version, text", [
    ("composer", "usr/bin/composer", "2.7.2", b"#!/usr/bin/env php\n<?php\nreturn array('root' => array('name' => 'composer/composer',\n 'pretty_version' => '2.7.2', "),
    ("elixir", "usr/local/bin/elixir", "1.19.2-rc.0", b"#!/bin/sh\nset -e\n\nELIXIR_VERSION=1.19.2-rc.0\n"),
    ("firefox", "opt/firefox/application.ini", "151.0.1", b"[App]\nVendor=Mozilla\nName=Firefox\nCodeName=x\nVersion=151.0.1\nBuildID=2\n[Gecko]\nMinVersion=1.0\n"),
    ("wp-cli", "usr/local/bin/wp", "2.9.1", b"#!/usr/bin/env php\n<?php wp-cli/wp-cli 2.9.1 2023-10-25\n"),
    ("erlang", "usr/lib/erlang/liberts_internal.a", "26.2.3", b"!<arch>\n/usr/src/otp_src_26.2.3/erts/lib_src\n")])
def test_signature_in_text(product, path, version, text):
    rows = catalog(path, text + bytes(64))
    assert [(r["name"], r["version"]) for r in rows] == [(product, version)]


def test_signature_cut_by_a_window():
    """A version that the end of a window cuts is read whole from the next."""
    for back in range(1, 12):
        content = elf({".rodata": b""})
        lead = (1 << 20) - len(content) - back
        rows = catalog("usr/bin/curl", content + b"\x01" * lead + b"curl/8.10.11\0" + b"\x01" * 5000)
        assert [r["version"] for r in rows] == ["8.10.11"], back


def test_one_text_proves_one_product():
    text = b"\0openjdk\0java\x001.8\x001.8.0_352-b08\0\0"
    rows = catalog("opt/java/bin/java", elf({".rodata": text}))
    assert [(r["name"], r["version"], r["cpe"]) for r in rows] == [("openjdk", "1.8.0_352-b08", "cpe:2.3:a:oracle:openjdk:8:update352:*:*:*:*:*:*")]


def test_php_extension():
    content = elf({".rodata": b"\0sodium\x008.2.9\0API20220829,NTS\0"}, kind=3)
    rows = catalog("usr/local/lib/php/extensions/no-debug-non-zts-20220829/sodium.so", content)
    assert [(r["type"], r["name"], r["version"], r["guessed"]) for r in rows] == [("generic", "sodium", "8.2.9", True)]
    assert catalog("usr/local/lib/other/sodium.so", content) == []


@pytest.mark.parametrize("name", ["libssl-3e69114.so.1.1", "libssl-3e69114B.so.1.1", "libssl-3e69114b.txt", "-3e69114b.so", "xlibssl-3e69114b.so.1.1"])
def test_signature_of_no_library_in_a_wheel(name):
    assert catalog("usr/lib/" + name, elf({".rodata": b"OpenSSL 1.1.1k  25 Mar 2021\0"})) == []


@pytest.mark.parametrize("path, found", [("fiona.libs/libssl-fiona-6c758070.so.1.1", True), ("fiona.libs/libssl-6c758070.so.1.1", True),
                                         ("other.libs/libssl-fiona-6c758070.so.1.1", False), ("fiona.libs/libssl-fiona.so.1.1", False), ("fiona.libs/-fiona-6c758070.so.1.1", False)])
def test_signature_of_a_library_that_bears_the_name_of_its_wheel(path, found):
    rows = catalog("usr/lib/python3/site-packages/" + path, elf({".rodata": b"\0OpenSSL 1.1.1w  11 Sep 2023\0"}, kind=3))
    assert [(r["name"], r["version"]) for r in rows] == ([("openssl", "1.1.1w")] if found else [])


def test_signature_wants_a_name_and_an_executable():
    product, file, _, text = signatures()[0]
    assert catalog("usr/local/bin/surely-another-one", elf({".rodata": text}, kind=3)) == []
    assert catalog("usr/local/share/" + file, text + bytes(64)) == []


def test_signature_count():
    assert len({row[0] for row in signatures()}) >= 90


@pytest.mark.parametrize("at", [0, (1 << 20) - 64 - 3, (1 << 20) - 64 - 30, (1 << 20) - 700, (2 << 20) + 5])
def test_signature_across_windows(at):
    content = elf({".rodata": b"\x01" * at + b"\0OpenSSL 3.0.11 19 Sep 2023\0" + b"\x01" * 5000})
    assert [r["version"] for r in catalog("usr/bin/openssl", content)] == ["3.0.11"]


@pytest.mark.parametrize("name, version", [("libfreetype.so.6.18.3", "2.12.1"), ("libfreetype-0a1b2c3d.so.6.20.2", "2.13.3"), ("libfreetype.so.6.20.6", "2.14.3"), ("liblcms2.so.2.0.16", "2.16"), ("liblcms2-00ff11aa.so.2.0.19", "2.19"), ("liblcms2.so.2", None), ("libfreetype.so.6.99.1", None), ("libfreetype.so.6", None)])
def test_signature_by_the_number_of_the_interface(name, version):
    """A library that says no version, but whose name ends in what libtool gave each release; as auditwheel renames it, too."""
    found = [(r["name"], r["version"], r["guessed"]) for r in catalog("usr/lib/x86_64-linux-gnu/" + name, elf({".rodata": b"\0FT_Init_FreeType\0"}, kind=3))]
    assert found == ([("lcms2" if "lcms2" in name else "freetype", version, True)] if version else [])


@pytest.mark.parametrize("code, version", [(b"\xb8\x03\x02\x01\x00\xc3", "1.2.3"), (b"\xb8\x01\x06\x00\x00\xc3", "0.6.1"), (b"\xb8\x00\x01\x00\x00\xc3", None), (b"\xb8\x01\x00\x02\x00\xc3", None),
                                           (b"\xb8\x03\x02\x01\x00\x90", None)])
def test_signature_of_a_constant_in_code(code, version):
    """WebPGetDecoderVersion() is nothing but this number; others that a function returns are none."""
    content = elf({".text": b"\x90" * 16 + b"\xb8\x02\x00\x00\x00\xc3" + code + b"\x90" * 16}, kind=3)
    assert [r["version"] for r in catalog("usr/lib/libwebp.so.7.1.4", content)] == ([version] if version else [])


def test_signature_is_not_the_name_of_a_source():
    """Programs of Go before 1.18 hold names of its tests, not their version between two zeros."""
    assert [r for r in catalog("usr/lib/go-1.15/bin/go", elf({".rodata": b"\0testdata/go1.13.go\0args(go1.15.15gopkg.in/\0"})) if r["by"] == "binary-signature"] == []


def test_signature_cpe_of_a_patch():
    rows = catalog("usr/sbin/dhcpd", elf({".rodata": b"\x004.4.3-P1\0{--version|--help|-h}\0"}))
    assert (rows[0]["version"], rows[0]["cpe"]) == ("4.4.3-P1", "cpe:2.3:a:isc:dhcp:4.4.3:p1:*:*:*:*:*:*")


@pytest.mark.parametrize("version, cpe", [("9.2p1", "9.2:p1"), ("9.2", "9.2:*")])
def test_signature_cpe(version, cpe):
    rows = catalog("usr/sbin/sshd", elf({".rodata": b"\0OpenSSH_" + version.encode() + b"\0"}))
    assert rows[0]["cpe"] == f"cpe:2.3:a:openbsd:openssh:{cpe}:*:*:*:*:*:*"


def test_who_compiled_a_program_is_not_the_program():
    """Every program of GCC says so in its comment, whatever it is called."""
    assert catalog("testdata/gcc-386-freebsd-exec", elf({".comment": b"\0GCC: (GNU) 3.4.6 [FreeBSD] 20060305\0"})) == []


def test_signature_of_many_false_starts():
    text = b"OpenSSL OpenSSL " * 200000
    assert catalog("usr/bin/openssl", elf({".rodata": text})) == []
    assert catalog("usr/bin/openssl", elf({".rodata": b"OpenSSL " + b"1" * 3000000})) == []


# ---- GraalVM: a list behind two symbols ----
def native_image(bill, packed=None, length=None, heap=True, symbols=("sbom", "sbom_length")):
    """As native-image --enable-sbom makes it: CycloneDX, gzip'd, in the data; its length behind it."""
    packed = packed if packed is not None else gzip.compress(json.dumps(bill).encode())
    data = packed + bytes(-len(packed) % 8)
    strings, rows, at = b"\0", bytes(24), 0x400000 + 128  # the first section lies there
    for name, value in zip(symbols, (at, at + len(data))):
        rows += struct.pack("<IBBHQQ", len(strings), 0x11, 0, 1, value, 8)
        strings += name.encode() + b"\0"
    data += struct.pack("<Q", len(packed) if length is None else length)
    return elf({".data": data, **({".svm_heap": b"heap"} if heap else {}), ".dynstr": strings, ".dynsym": rows})


BILL = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
    {"type": "library", "group": "io.netty", "name": "netty-codec-http2", "version": "4.1.73.Final", "purl": "pkg:maven/io.netty/netty-codec-http2@4.1.73.Final"},
    {"type": "library", "group": "org.slf4j", "name": "slf4j-api", "version": "1.7.36"}]}


def test_graalvm():
    wanted = [("io.netty:netty-codec-http2", "4.1.73.Final", None), ("org.slf4j:slf4j-api", "1.7.36", None)]
    assert names(catalog("app/server", native_image(BILL))) == wanted
    assert catalog("app/server", native_image(BILL, heap=False)) == [], "no native image"
    assert [r["incomplete"] for r in catalog("app/server", native_image(BILL, symbols=("sbom", "other")), 3)] == ["unknown-format"], "made without a list"
    # lengths and addresses that lie, a list that is none, one that never ends
    for wrong in (native_image(BILL, length=1 << 40), native_image(BILL, length=0xfffffff), native_image(BILL, packed=b"no gzip"), native_image(BILL, packed=gzip.compress(b"{")),
                  native_image(BILL, packed=gzip.compress(bytes(200 << 20)))):
        assert names(catalog("app/server", wrong, 3)) == []


# ---- what programs carry behind their code ----
DEPS = {"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0"}, "targets": {".NETCoreApp,Version=v8.0": {"Serilog/3.1.1": {"runtime": {"lib/Serilog.dll": {}}}, "shop/2.0.0": {"runtime": {"shop.dll": {}}}}},
        "libraries": {"shop/2.0.0": {"type": "project"}, "Serilog/3.1.1": {"type": "package"}}}


def text7(text):
    return executables.varint(len(text)) + text.encode()


def dotnet_bundle(major=6, deps=None, at=None, kind="elf", count=2, size=None):
    """A single file of .NET: a mark in the data with the place of the list, files, the list."""
    deps = json.dumps(DEPS).encode() if deps is None else deps
    mark = bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae")

    def program(place):
        data = b"\1" * 24 + struct.pack("<Q", place) + mark
        return {"elf": lambda: elf({".text": b"\xc3" * 64, ".data": data}), "pe": lambda: pe({".text": (b"\xc3" * 64, False), ".data": (data, True)}), "macho": lambda: macho("__DATA", {"__data": data})}[kind]()
    start = len(program(0))
    files = b"MZ of an assembly".ljust(64, b"\0") + deps
    header = struct.pack("<IIi", major, 0, count) + text7("x1Yz")
    if major >= 2:
        header += struct.pack("<qqqqQ", start + 64, len(deps) if size is None else size, 0, 0, 0)
    for offset, length, type, name in ((start, 64, 1, "shop.dll"), (start + 64, len(deps), 3, "shop.deps.json")):
        header += struct.pack("<qq", offset, length) + (bytes(8) if major >= 6 else b"") + bytes([type]) + text7(name)
    return program(start + len(files) if at is None else at) + files + header


@pytest.mark.parametrize("major", [1, 2, 6])
@pytest.mark.parametrize("kind", ["elf", "pe", "macho"])
def test_dotnet_bundle(kind, major):
    assert names(catalog("app/shop", dotnet_bundle(major, kind=kind))) == [("Serilog", "3.1.1", None), ("shop", "2.0.0", None)]


def test_dotnet_bundle_lies():
    assert catalog("app/shop", dotnet_bundle(at=0)) == [], "a host that bundles nothing"
    for wrong in (dotnet_bundle(at=1 << 60), dotnet_bundle(deps=b"{"), dotnet_bundle(deps=b""), dotnet_bundle(1, deps=b""), dotnet_bundle(size=1 << 62), dotnet_bundle(size=-1), dotnet_bundle(size=1 << 20),
                  dotnet_bundle()[:-100], dotnet_bundle(1, count=0), dotnet_bundle(1)[:-20]):
        assert names(catalog("app/shop", wrong, 3)) == []


def frozen(files, section=False, modules=True, change=lambda table: table, whole=None, signature=b""):
    """As PyInstaller makes it: files, the table of contents, the cookie."""
    body = table = b""
    for name, (content, packed) in {**({"PYZ.pyz": (b"PYZ\0", False)} if modules else {}), **files}.items():
        stored = zlib.compress(content) if packed else content
        label = name.encode() + b"\0"
        label += bytes(-(18 + len(label)) % 16)
        table += struct.pack("!IIIIBc", 18 + len(label), len(body), len(stored), len(content), packed, b"z" if name.endswith(".pyz") else b"x") + label
        body += stored
    table = change(table)
    cookie = struct.pack("!8sIIII64s", b"MEI\014\013\012\013\016", len(body) + len(table) + 88 if whole is None else whole, len(body), len(table), 311, b"libpython3.11.so.1.0")
    archive = body + table + cookie
    return elf({".text": b"\xc3" * 64, "pydata": archive}) if section else elf({".text": b"\xc3" * 64}) + archive + signature


FROZEN = {"requests-2.31.0.dist-info/METADATA": (b"Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\n", True), "idna-3.4.dist-info/METADATA": (b"Metadata-Version: 2.1\n", False),
          "six-1.16.0.egg-info/PKG-INFO": (b"Name: six\nVersion: 1.16.0\n", True), "data.txt": (b"x", True)}


@pytest.mark.parametrize("form", [{}, {"section": True}, {"signature": bytes(9000)}])
def test_frozen_python(form):
    rows = catalog("app/shop", frozen(FROZEN, **form), 3)
    assert names(rows) == [("idna", "3.4", None), ("requests", "2.31.0", None), ("six", "1.16.0", None)]
    assert rows[-1]["incomplete"] == "unknown-format" and "PyInstaller" in rows[-1]["title"]
    assert len(names(catalog("app/shop", frozen(FROZEN, modules=False, **form)))) == 3, "no modules: nothing is left unseen"


def test_frozen_python_lies():
    for wrong in ({"whole": 1 << 31}, {"whole": 88}, {"change": lambda t: b"\0\0\0\0" + t[4:]}, {"change": lambda t: b"\xff\xff\xff\xff" + t[4:]}):
        assert names(catalog("app/shop", frozen(FROZEN, **wrong), 3)) == []
    assert len(names(catalog("app/shop", frozen(FROZEN, change=lambda t: t[:-5]), 3))) == 3, "what stands in front of the damage counts"
    assert names(catalog("app/shop", frozen({"a-1.dist-info/METADATA": (b"no zlib", False)}, change=lambda t: t.replace(b"\0x", b"\1x")), 3)) == []


def test_packed_by_upx_is_told():
    packed = bytearray(elf({".text": b"\xc3" * 600}))
    packed[40:48] = bytes(8)  # no sections
    packed[60:62] = bytes(2)
    packed[124:128] = b"UPX!"
    rows = catalog("usr/bin/tool", bytes(packed), 3)
    assert rows[-1]["incomplete"] == "unknown-format" and "UPX" in rows[-1]["title"]
    rows = catalog("usr/bin/tool.exe", pe({"UPX0": (b"", True), "UPX1": (b"x" * 64, True)}), 3)
    assert rows[-1]["incomplete"] == "unknown-format" and "UPX" in rows[-1]["title"]
    assert catalog("usr/bin/upx", elf({".rodata": b"UPX!" + bytes(600)})) == [], "the packer itself has its mark among its data"

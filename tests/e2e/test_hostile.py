"""The scanner under attack. Each input has the word that it must come to ("damaged", "limit", …: what could not be judged is told, exit 3), or
the packages that it gives all the same. Files of programs and languages lie in one root, so that what one of them does to the others would
show; databases of the system are read one by one. Memory is measured, nothing is executed, nothing is left behind."""
import contextlib
import gzip
import itertools
import json
import os
import struct
import subprocess
import threading
import zlib

import pytest

import hostile_tools as h
import reject_tools
import rpm_tools
from test_catalog import layout
from hostile_tools import OS_RELEASE, STATUS, elf, entry, file, jar, macho, member, nested, pe, pom, segment, tar, zip_

MIB = 1 << 20
MEMORY = 1024 * MIB  # of any process of a scan, the sanitizers' own share among it
ESCAPE = "evil\x1b]0;owned\x07\x1b[31m"



def limited(command, stdin=(), temporary=None):
    """Status, output and error of a command, fed with pieces as they are made. No process of it may take more memory than MEMORY: the kernel
    tells the peak of the largest one, the reading process among them."""
    env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:quarantine_size_mb=8:malloc_context_size=2", "TMPDIR": str(temporary or "/tmp")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        said = []
        threads = [threading.Thread(target=feed, args=(process.stdin, stdin), daemon=True), threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)]
        for thread in threads:
            thread.start()
        out = process.stdout.read()
        for thread in threads:
            thread.join()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert usage.ru_maxrss * 1024 < MEMORY, f"{usage.ru_maxrss >> 10} MiB"
    return process.returncode, out, said[0]


def feed(pipe, pieces):
    with contextlib.suppress(BrokenPipeError):
        for piece in pieces:
            pipe.write(piece)
    with contextlib.suppress(BrokenPipeError):
        pipe.close()


def sanitized(err):
    return b"Sanitizer" in err or b"runtime error" in err


def scan(oakum, target, *more, **how):
    status, out, err = limited([oakum, "scan", "--format", "json", *more, target], **how)
    assert not sanitized(err) and status in (0, 1, 3), err
    return status, json.loads(out) if out else None, err.decode(errors="replace")


# ---- files of programs and languages: path → (content, the words of what is not judged, names of what is found)
META = "META-INF/MANIFEST.MF"
BIG = bytes(20 * MIB)
TWO = [pom(artifact="a"), pom(artifact="b")]
JARS = {
    # bombs
    "flat-manifest": (lambda: zip_(h.zeros(META, 100), pom()), {"limit"}, ["lib"]),
    "flat-properties": (lambda: zip_(member("META-INF/maven/g/a/pom.properties", BIG)), {"limit"}, []),
    "flat-nested": (lambda: zip_(h.zeros("inner.jar", 300), pom()), {"limit"}, ["lib"]),
    "nested-to-the-limit": (lambda: nested(8), set(), ["deepest"]),
    "nested-over-the-limit": (lambda: nested(9), {"limit"}, []),
    "nested-deep-stored": (lambda: nested(60, 0), {"limit"}, []),
    "nested-too-many": (lambda: zip_(*[member(f"{i}.jar", zip_(), 0) for i in range(20001)]), {"limit"}, []),
    "overlapping": (lambda: zip_(pom(), {**pom(), "at": 0}), {"damaged"}, []),
    "overlapping-inside": (lambda: zip_(pom(), member("x", bytes(200), 0), {**member("y", b"z"), "at": 90}), {"damaged"}, []),
    "a-million-entries": (lambda: h.many_members(1000000), set(), []),
    "too-many-entries": (lambda: zip_(pom(), end64=h.end64(count=1 << 40, length=46 << 40), count=0xffff), {"damaged"}, []),
    "two-million-and-one": (lambda: bytes(60) + zip_(pom(), end64=h.end64(count=2000001, length=46), count=0xffff), {"damaged", "limit"}, []),
    # sizes that lie
    "size-of-a-gigabyte": (lambda: zip_(member("in.jar", b"x", size=1 << 30)), {"limit"}, []),
    "size-too-large": (lambda: zip_(member(META, b"A: b\n" * 9, size=46)), {"damaged"}, []),
    "size-too-small": (lambda: zip_(member(META, b"A: b\n" * 9, size=44)), {"damaged"}, []),
    "stored-of-two-sizes": (lambda: zip_(member(META, b"A: b\n", 0, size=4)), {"damaged"}, []),
    "packed-beyond": (lambda: zip_(member(META, b"A: b\n", packed=1 << 20)), {"damaged"}, []),
    "checksum": (lambda: zip_(member(META, b"A: b\n", crc=1)), {"damaged"}, []),
    "no-deflate": (lambda: zip_(member(META, b"A: b\n", raw=b"\xff" * 20)), {"damaged"}, []),
    "deflate-without-end": (lambda: zip_(member(META, b"A: b\n", raw=b"\x00\x05\x00\xfa\xff12345")), {"damaged"}, []),
    "deflate-far-back": (lambda: zip_(member(META, b"A" * 300, raw=b"\x03\x05\x40")), {"damaged"}, []),
    # what the directory says and what stands in the archive
    "name-differs": (lambda: zip_({**pom(), "local_name": b"META-INF/maven/org.example/lib/pom.propertieX"}), {"damaged"}, []),
    "name-shorter": (lambda: zip_({**pom(), "local_name": b"x"}), {"damaged"}, []),
    "method-differs": (lambda: zip_({**pom(), "local_method": 0}), {"damaged"}, []),
    "encrypted": (lambda: zip_({**pom(), "flags": 1}), {"unknown-format"}, []),
    "method-unknown": (lambda: zip_({**pom(), "method": 12, "raw": b"BZh9"}), {"unknown-format"}, []),
    "count-more": (lambda: zip_(*TWO, count=3), {"damaged"}, []),
    "count-fewer": (lambda: zip_(*TWO, count=1), {"damaged"}, []),
    "count-most": (lambda: zip_(*TWO, count=0xffff), {"damaged"}, []),
    "directory-elsewhere": (lambda: zip_(pom(), directory_at=0x7fffffff), {"damaged"}, []),
    "directory-longer": (lambda: zip_(pom(), directory_len=0x7fffffff), {"damaged"}, []),
    "directory-shorter": (lambda: zip_(pom(), directory_len=20), {"damaged"}, []),
    "directory-is-none": (lambda: zip_(*TWO, between=b"PK\1\2" + bytes(60)), {"damaged"}, []),
    "comment-longer": (lambda: zip_(pom(), comment_len=65535), {"damaged"}, []),
    "end-in-the-comment": (lambda: zip_(pom(), comment=zip_()), set(), []),
    "zip64-nowhere": (lambda: zip_(pom(), end64=h.end64(told=1 << 60), count=0xffff), {"damaged"}, []),
    "zip64-disks": (lambda: zip_(pom(), end64=h.end64(disks=7), count=0xffff), {"unknown-format"}, []),
    "zip64-field-missing": (lambda: zip_({**pom(), "size": 0xffffffff, "extra": struct.pack("<HHI", 1, 4, 1)}), {"damaged"}, []),
    "zip64-extra-longer": (lambda: zip_({**pom(), "size": 0xffffffff, "extra": struct.pack("<HHI", 1, 400, 1)}), {"damaged"}, []),
    "zip64-size-lies": (lambda: zip_({**pom(), "size": 0xffffffff, "extra": struct.pack("<HHQ", 1, 8, 1 << 62)}), {"limit"}, []),
    "zip64-place-wraps": (lambda: zip_({**member("x", b"y"), "at": 0xffffffff, "extra": struct.pack("<HHQ", 1, 8, (1 << 64) - 1)}), {"damaged"}, []),
    # names
    "bomb-inside-a-bomb": (lambda: zip_(member("a.jar", zip_(h.zeros("b.jar", 200))), member("c.jar", jar())), {"damaged"}, ["lib"]),
    "name-empty": (lambda: zip_(member("", b"x"), pom()), {"damaged"}, []),
    "name-with-nul": (lambda: zip_(member("a\0b.jar", jar())), {"damaged"}, []),
    "name-upwards": (lambda: zip_(member("../../../../tmp/hostile.jar", jar())), set(), ["lib"]),
    "name-absolute": (lambda: zip_(member("/etc/cron.d/x.jar", jar())), set(), ["lib"]),
    "name-escapes": (lambda: zip_(member(ESCAPE + "\n.jar", jar())), set(), ["lib"]),
    "name-no-utf8": (lambda: zip_(member(b"\xff\xfe\xc0\x80.jar", jar())), set(), ["lib"]),
    "name-very-long": (lambda: zip_(member("x" * 65531 + ".jar", jar())), set(), ["lib"]),
    "value-escapes": (lambda: jar(artifact=ESCAPE, version="1\x1b[2J"), set(), [ESCAPE]),
    "value-very-long": (lambda: jar(artifact="a" * 60000), set(), ["a" * 1024]),
    "value-of-nothing": (lambda: jar(artifact=" ", version=" "), set(), []),
    "manifest-lines": (lambda: zip_(member(META, "A: b\n" * 800000), pom()), set(), ["lib"]),
    "manifest-one-line": (lambda: zip_(member(META, "Implementation-Version: 1" + "\n 1" * 1000000), pom()), set(), ["lib"]),
    # no archive, or not all of it
    "cut": (lambda: jar()[:-9], {"damaged"}, []),
    "cut-in-front": (lambda: jar()[9:], {"damaged"}, []),
    "no-archive": (lambda: b"no archive at all", {"damaged"}, []),
    "end-alone": (lambda: b"PK\5\6" + bytes(18), set(), []),
    "all-zeros": (lambda: bytes(5000), {"damaged"}, []),
    "gzip": (lambda: gzip.compress(jar(), mtime=0), {"damaged"}, []),
    "seven-zip": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(300), {"damaged"}, []),
    "page-of-an-error": (lambda: b"<html><body>404 Not Found</body></html>", {"damaged"}, []),
    "zstd-inside": (lambda: zip_({**pom(), "method": 93, "raw": b"(\xb5/\xfd"}), {"unknown-format"}, []),
    "two-in-a-row": (lambda: jar(artifact="first") + jar(artifact="second"), set(), ["second"]),
    "properties-unresolved": (lambda: zip_(member("META-INF/maven/g/a/pom.properties", "version=${revision}\nartifactId=a\ngroupId=g\n")), set(), []),
    "properties-utf16": (lambda: zip_(member("META-INF/maven/g/a/pom.properties", "version=1\nartifactId=a\n".encode("utf-16"))), set(), []),
    "war-in-an-ear": (lambda: zip_(member("x.ear", zip_(member("x.war", zip_(member("WEB-INF/lib/lib-2.0.jar", jar())))))), set(), ["lib"]),
    "script-in-front": (lambda: zip_(pom(), front=b"#!/bin/sh\ntouch /tmp/oakum-ran-this\nexit\n"), set(), ["lib"]),
}

INFO = h.go_info()
PLACE = 64 + 0x400000  # of the first section
OLD = lambda *pointers: h.GO_MAGIC + bytes([8, 0]) + struct.pack("<QQ", *pointers)
AUDIT = lambda data: elf((".dep-v0", data))
PROGRAMS = {
    "go": (lambda: elf((".go.buildinfo", INFO)), set(), ["stdlib", "example.com/x", "example.com/dep"]),
    "header-cut": (lambda: elf(("x", b"y"))[:64], {"damaged"}, []),
    "class": (lambda: elf(("x", b"y"), wide=9), {"damaged"}, []),
    "order": (lambda: elf(("x", b"y"), order=0), {"damaged"}, []),
    "sections-outside": (lambda: elf((".go.buildinfo", INFO), shoff=1 << 62), {"damaged"}, []),
    "sections-wrap": (lambda: elf((".go.buildinfo", INFO), shoff=(1 << 64) - 64), {"damaged"}, []),
    "sections-many": (lambda: elf((".go.buildinfo", INFO), shnum=65535), {"damaged"}, []),
    "sections-of-no-size": (lambda: elf((".go.buildinfo", INFO), shentsize=0), {"damaged"}, []),
    "sections-of-64k": (lambda: elf((".go.buildinfo", INFO), shentsize=65535), {"damaged"}, []),
    "names-huge": (lambda: elf((".go.buildinfo", INFO), names_size=1 << 63), {"limit"}, []),
    "names-outside": (lambda: elf((".go.buildinfo", INFO), names_size=1 << 20), {"damaged"}, []),
    "names-nowhere": (lambda: elf((".go.buildinfo", INFO), shstrndx=60000), set(), []),
    "names-are-themselves": (lambda: elf((".go.buildinfo", INFO), shstrndx=1), set(), []),
    "segments-outside": (lambda: elf((".go.buildinfo", INFO), segments=[(0, 0, 9)], phoff=1 << 60), {"damaged"}, []),
    "segments-many": (lambda: elf((".go.buildinfo", INFO), phnum=65535, phoff=64), {"damaged"}, []),
    "section-of-exabytes": (lambda: elf((".go.buildinfo", INFO, {"size": 1 << 62})), {"damaged"}, []),
    "section-outside": (lambda: elf((".go.buildinfo", INFO, {"offset": 1 << 40})), {"damaged"}, []),
    "section-wraps": (lambda: elf((".go.buildinfo", INFO, {"offset": (1 << 64) - 16, "size": 64})), {"damaged"}, []),
    "sections-overlap": (lambda: elf((".go.buildinfo", INFO), (".dep-v0", b"", {"offset": 64, "size": len(INFO)})), {"damaged"}, ["stdlib", "example.com/x", "example.com/dep"]),
    "ten-thousand-sections": (lambda: elf(*[(f".s{i}", b"", {"offset": 0, "size": 1 << 40}) for i in range(10000)]), set(), []),
    "info-length-endless": (lambda: elf((".go.buildinfo", h.go_info(lengths=(b"\xff" * 20, b"")))), {"damaged"}, []),
    "info-length-huge": (lambda: elf((".go.buildinfo", h.go_info(lengths=(h.varint(8), h.varint(1 << 34))))), {"limit"}, []),
    "info-length-beyond": (lambda: elf((".go.buildinfo", h.go_info(lengths=(h.varint(8), h.varint(1 << 20))))), {"damaged"}, []),
    "info-points-outside": (lambda: elf((".go.buildinfo", OLD(1 << 60, 1 << 60)), segments=[(0, 0x400000, 4096)]), {"damaged"}, []),
    "info-points-at-itself": (lambda: elf((".go.buildinfo", OLD(0x400000 + 120 + 16, 0x400000 + 120 + 16)), segments=[(0, 0x400000, 400)]), {"damaged"}, []),
    "info-string-huge": (lambda: elf((".go.buildinfo", OLD(0x400000 + 120 + 32, 0) + struct.pack("<QQ", 0x400000, (1 << 64) - 1)), segments=[(0, 0x400000, 400)]), {"damaged"}, []),
    "info-pointer-size": (lambda: elf((".go.buildinfo", h.GO_MAGIC + bytes([77, 0]) + bytes(16))), {"damaged"}, []),
    "info-gone": (lambda: elf((".go.buildinfo", bytes(400))), {"unknown-format"}, []),
    "info-escapes": (lambda: elf((".go.buildinfo", h.go_info(modules=f"path\tx\nmod\texample.com/{ESCAPE}\tv1\x1b[2J\t\n".encode()))), set(), ["stdlib", f"example.com/{ESCAPE}"]),
    "info-of-many-lines": (lambda: elf((".go.buildinfo", h.go_info(modules=b"dep\ta/b\tv1.0.0\t\n" * 20000))), set(), ["stdlib", "a/b"]),
    "crates": (lambda: AUDIT(h.crates(("a", "1.0"))), set(), ["a"]),
    "crates-bomb": (lambda: AUDIT(zlib.compress(bytes(64 * MIB), 1)), {"limit"}, []),
    "crates-no-zlib": (lambda: AUDIT(b"no zlib"), {"damaged"}, []),
    "crates-cut": (lambda: AUDIT(h.crates(("a", "1.0"))[:20]), {"damaged"}, []),
    "crates-huge": (lambda: elf((".dep-v0", b"", {"size": 1 << 50})), {"limit"}, []),
    "crates-outside": (lambda: elf((".dep-v0", b"", {"offset": 1 << 50, "size": 64})), {"damaged"}, []),
    "crates-deep": (lambda: AUDIT(zlib.compress(h.deep(1000000))), {"damaged", "limit"}, []),
    "crates-bushes": (lambda: AUDIT(zlib.compress(b"[" + b"{}," * 9000000 + b"1]", 1)), {"limit"}, []),
    "crates-no-list": (lambda: AUDIT(zlib.compress(b'{"packages": 7}')), {"damaged"}, []),
    "graal-points-outside": (lambda: elf((".svm_heap", b"x"), (".dynstr", b"\0sbom\0sbom_length\0"),
                                         (".dynsym", struct.pack("<IBBHQQ", 1, 0, 0, 0, 1 << 60, 0) + struct.pack("<IBBHQQ", 6, 0, 0, 0, 1 << 61, 0))), {"damaged"}, []),
    "graal-table-huge": (lambda: elf((".svm_heap", b"x"), (".dynstr", b"\0sbom\0sbom_length\0"), (".dynsym", b"", {"size": 1 << 50})), {"damaged"}, []),
    "pe-cut": (lambda: pe()[:70], {"damaged"}, []),
    "pe-header-outside": (lambda: pe(lfanew=0xfffffff0), {"damaged"}, []),
    "pe-header-is-itself": (lambda: pe(lfanew=0), {"damaged"}, []),
    "pe-sections-many": (lambda: pe(count=65535), {"damaged"}, []),
    "pe-optional-short": (lambda: pe(optional=2), set(), []),
    "pe-optional-outside": (lambda: pe()[:84] + b"\xff\xff" + pe()[86:], {"damaged"}, []),
    "pe-resources-circle": (lambda: pe([(".rsrc", 0x1000, 360, 400)], resources=(0x1000, 400), clr=(0x2000, 72),
                                       tail=bytes(8) + h.resource_folder([(16, 0x80000000)]) + bytes(400)), set(), []),
    "pe-resources-many": (lambda: pe([(".rsrc", 0x1000, 360, 1 << 31)], resources=(0x1000, 1 << 31), clr=(0x2000, 72),
                                     tail=bytes(8) + h.resource_folder([], ids=65535) + bytes(600000)), set(), []),
    "elf-mark-alone": (lambda: b"\x7fELF\x02\x01\x01", {"damaged"}, []),
    "elf-63-bytes": (lambda: elf(("x", b"y"))[:63], {"damaged"}, []),
    "pe-of-dos": (lambda: b"MZ" + bytes(58) + struct.pack("<I", 64) + b"NE" + bytes(200), {"damaged"}, []),
    "class-of-java": (lambda: b"\xca\xfe\xba\xbe" + struct.pack(">HH", 0, 65) + bytes(300), set(), []),
    "packed-by-upx": (lambda: elf(segments=[(0, 0x400000, 4096)], shoff=0, shnum=0, shstrndx=0)[:120] + bytes(8) + b"UPX!" + bytes(400), {"unknown-format"}, []),
    "macho": (lambda: macho(segment(sections=[(b"__go_buildinfo", 0, 1 << 30, 0)])), {"damaged"}, []),
    "macho-cut": (lambda: macho(segment())[:70], {"damaged"}, []),
    "macho-command-of-no-length": (lambda: macho(struct.pack("<II", 0x19, 0), count=1 << 30, length=8), {"damaged"}, []),
    "macho-commands-huge": (lambda: macho(segment(), length=0xffffffff), {"limit"}, []),
    "macho-commands-outside": (lambda: macho(segment(), length=1 << 20), {"damaged"}, []),
    "macho-sections-many": (lambda: macho(segment(count=0xffffffff)), set(), []),
    "macho-fat-of-itself": (lambda: b"\xca\xfe\xba\xbe" + struct.pack(">I", 2) + struct.pack(">IIIII", 7, 3, 0, 64, 0) * 2 + bytes(80), {"damaged"}, []),
    "macho-fat-outside": (lambda: b"\xca\xfe\xba\xbe" + struct.pack(">I", 2) + struct.pack(">IIIII", 7, 3, 0xfffffff0, 64, 0) * 2 + bytes(80), {"damaged"}, []),
}

NPM = lambda text: (text if isinstance(text, bytes) else text.encode())
LANGUAGES = {
    "node_modules/deep/package.json": (lambda: h.deep(1000000), {"damaged"}, []),
    "node_modules/deep-objects/package.json": (lambda: h.deep(1000000, b'{"a":', b"}"), {"damaged"}, []),
    "node_modules/over/package.json": (lambda: b'{"name":"over","version":"1","x":' + h.deep(100) + b"}", {"limit"}, []),
    "node_modules/bushes/package.json": (lambda: b'{"name":"bushes","version":"1","x":[' + b"{}," * 5000000 + b"1]}", {"limit"}, []),
    "node_modules/big/package.json": (lambda: b'{"name":"big","version":"1"' + b" " * (17 * MIB) + b"}", {"limit"}, []),
    "node_modules/number/package.json": (lambda: b'{"name":"number","version":"1","x":1e999999}', {"damaged"}, []),
    "node_modules/digits/package.json": (lambda: b'{"name":"digits","version":"1","x":' + b"9" * 1000000 + b"}", {"damaged"}, []),
    "node_modules/twice/package.json": (lambda: b'{"name":"twice","version":"1","name":"again"}', set(), ["again"]),
    "node_modules/surrogate/package.json": (lambda: b'{"name":"\\ud800","version":"1"}', {"damaged"}, []),
    "node_modules/nul/package.json": (lambda: b'{"name":"a\\u0000b","version":"1"}', set(), ["a\ufffdb"]),
    "node_modules/no-utf8/package.json": (lambda: b'{"name":"a\xffb","version":"1"}', set(), ["a\ufffdb"]),
    "node_modules/escapes/package.json": (lambda: json.dumps({"name": ESCAPE, "version": "1\n2", "license": ESCAPE}).encode(), set(), [ESCAPE]),
    "node_modules/types/package.json": (lambda: b'{"name":["x"],"version":{"a":1},"license":7}', set(), []),
    "node_modules/empty/package.json": (lambda: b"", {"damaged"}, []),
    "node_modules/two/package.json": (lambda: b'{"name":"two","version":"1"}{}', {"damaged"}, []),
    "node_modules/pollution/package.json": (lambda: b'{"__proto__":{"name":"x"},"constructor":1}', set(), []),
    "node_modules/long/package.json": (lambda: json.dumps({"name": "n" * 100000, "version": "1" * 100000}).encode(), set(), ["n" * 1024]),
    "composer/a/composer/installed.json": (lambda: b'{"packages":' + h.deep(3000) + b"}", {"damaged", "limit"}, []),
    "composer/b/composer/installed.json": (lambda: b'{"packages": 7}', {"damaged"}, []),
    "composer/c/composer/installed.json": (lambda: b'[{"name":"/","version":1},{"name":"x/' + ESCAPE.replace("\x1b", "\\u001b").replace("\x07", "\\u0007").encode() + b'","version":"1"}]',
                                           set(), ["/", ESCAPE]),
    "dotnet/a.deps.json": (lambda: b'{"libraries":{"' + b"x" * 1000000 + b'/1.0":{}}}', set(), ["x" * 1024]),
    "dotnet/b.deps.json": (lambda: b"\xef\xbb\xbf{}", {"damaged"}, []),
    "opt/conda-meta/a.json": (lambda: b"[]", {"damaged"}, []),
    "python/a-1.dist-info/METADATA": (lambda: b"Name: a\nVersion: 1\n" + b"x" * (17 * MIB), {"limit"}, []),
    "python/ -1.dist-info/METADATA": (lambda: b"", {"damaged"}, []),
    "python/b-1.dist-info/METADATA": (lambda: f"Name: {ESCAPE}\nVersion: 1\r2\n".encode(), set(), [ESCAPE]),
    "python/c-1.dist-info/METADATA": (lambda: b"Name: \xff\xfe\nVersion: 1\n", set(), ["\ufffd\ufffd"]),
    "python/d-1.dist-info/METADATA": (lambda: b"Name:\0\nVersion:\0\n", set(), ["\ufffd"]),
    "python/e-1.dist-info/METADATA": (lambda: b"Classifier: " + b" :: " * 4000000, set(), ["e"]),
    "lua/a.rockspec": (lambda: b'package = " "\nversion = "1"\nlicense = "MIT"\n', {"damaged"}, []),
    "lua/b.rockspec": (lambda: b'package = os.execute("touch /tmp/oakum-ran-this")\nversion = "1"\n', {"damaged"}, []),
    "gems/specifications/a.gemspec": (lambda: b"Gem::Specification.new { |s| s.name = `touch /tmp/oakum-ran-this`; s.version = '1' }", {"damaged"}, []),
    "gems/specifications/b.gemspec": (lambda: b"s.name = %q(\ns.version = %q{1", {"damaged"}, []),
    "erl/ebin/a.app": (lambda: b"{application, '" + b"x" * 1000000, {"damaged"}, []),
    "r/library/a/DESCRIPTION": (lambda: b"Package:  \nVersion: 1\nLicense: x\n", {"damaged"}, []),
    "swift/Package.resolved": (lambda: b'{"pins":{"pins":[]}}', {"damaged"}, []),
    "swift/2/Package.resolved": (lambda: b'{"pins":[{"location":"' + b"/" * 100000 + b'","state":{"version":"1"}}, 5, null]}', set(), []),
    "perl/.meta/a/install.json": (lambda: b'{"name":7}', {"damaged"}, []),
    "snap/x/meta/snap.yaml": (lambda: b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (i + 1, i + 1, b",".join([b"*%c" % i] * 9)) for i in range(97, 110)) + b"name: x\nversion: 1\n", {"damaged"}, []),
    "snap/y/meta/snap.yaml": (lambda: b"[" * 100000, {"damaged"}, []),
    "php/.registry/a.reg": (lambda: b'a:1:{s:4:"name";s:99999999999999999999:"x";}', {"damaged"}, []),
    "php/.registry/b.reg": (lambda: b"a:" + b's:4:"name";' * 1000000, {"damaged"}, []),
    "boot/vmlinuz-1": (lambda: bytes(0x202) + b"HdrS" + bytes(8) + b"\xff\xff" + bytes(4000), {"damaged"}, []),
    "boot/vmlinuz-2": (lambda: b"Linux version " * 100000, {"unknown-format"}, []),
    "lib/modules/a.ko": (lambda: elf((".modinfo", b"name=a\0version=1", {"size": 1 << 40})), {"damaged"}, []),
    "lib/modules/b.ko": (lambda: elf((".modinfo", f"name={ESCAPE}\0version=1\0".encode())), set(), [ESCAPE]),
    "sbom/a.cdx.json": (lambda: b'{"bomFormat":"CycloneDX","components":' + h.deep(500, b'[{"components":', b"}]") + b"}", {"damaged", "limit"}, []),
    "sbom/b.spdx.json": (lambda: b'{"spdxVersion":"SPDX-2.3","packages":' + b"9" * 400 + b"}", {"damaged"}, []),
    "sbom/c.cdx.json": (lambda: json.dumps({"bomFormat": "CycloneDX", "components": [{"name": ESCAPE, "version": "1", "purl": "pkg:npm/" + "%1b%5b" * 3 + "x@1"}] * 3}).encode(), set(), ["\x1b[" * 3 + "x"]),
    "node_modules/utf16/package.json": (lambda: '{"name":"utf16","version":"1"}'.encode("utf-16"), {"damaged"}, []),
    "node_modules/comments/package.json": (lambda: b'// x\n{"name":"comments","version":"1",}', {"damaged"}, []),
    "node_modules/nan/package.json": (lambda: b'{"name":"nan","version":"1","x":NaN}', {"damaged"}, []),
    "node_modules/gzip/package.json": (lambda: gzip.compress(b'{"name":"gzip","version":"1"}', mtime=0), {"damaged"}, []),
    "node_modules/hex/package.json": (lambda: b'{"name":"hex","version":0x10}', {"damaged"}, []),
    "plug/.yarn/cache/a-npm-1.0.0-abc.zip": (lambda: b"PK\3\4 and nothing", {"damaged"}, []),
    "plug/.yarn/cache/b-npm-1.0.0-abc.zip": (lambda: zip_(member("node_modules/b/package.json", '{"name":"b","version":')), {"damaged"}, []),
    "python/utf16-1.dist-info/METADATA": (lambda: "Name: other\nVersion: 2\n".encode("utf-16"), set(), ["utf16"]),
    "python/returns-1.dist-info/METADATA": (lambda: b"Metadata-Version: 2.1\rName: returns\rVersion: 1\r", set(), ["returns"]),
    "python/none.dist-info/METADATA": (lambda: b"", {"damaged"}, []),
    "python/z.egg": (lambda: b"PK\5\6" + bytes(18), {"damaged"}, []),
    "gems/specifications/c.gemspec": (lambda: b"Gem::Specification.new do |s|\n s.name = 'a' + 'b'\n s.version = '1.0'\nend", {"damaged"}, []),
    "gems/specifications/d.gemspec": (lambda: b"Gem::Specification.new do |s|\n s.name = 'a'\n s.version = '1.' '0'\nend", {"damaged"}, []),
    "gems/specifications/e.gemspec": (lambda: bytes(range(256)) * 20, {"damaged"}, []),
    "gems/specifications/f.gemspec": (lambda: b"", {"damaged"}, []),
    "gems/specifications/g.gemspec": (lambda: b"# stub: g 1.0 ruby lib\nGem::Specification.new { |s| s.name = eval('x'); s.version = $x }", set(), ["g"]),
    "composer/d/composer/installed.json": (lambda: b'{"packages":[{"name":"a/b","version":"v1.0"},', {"damaged"}, []),
    "composer/e/composer/installed.json": (lambda: b"\xef\xbb\xbf" + b'{"packages":[{"name":"a/bom","version":"1.0"}]}', set(), ["bom"]),
    "dotnet/c.deps.json": (lambda: b'{"libraries":{"A/1.0":{"type":"package"', {"damaged"}, []),
    "dotnet/d.deps.json": (lambda: '{"libraries":{"A/1.0":{"type":"package"}}}'.encode("utf-16"), {"damaged"}, []),
    "dotnet/packages.config": (lambda: b'<?xml version="1.0"?><packages><package id="A" version="1.0"', {"damaged"}, []),
    "opt/conda-meta/cut.json": (lambda: b'{"name":"numpy","version":"1.2"', {"damaged"}, []),
    "opt/conda-meta/number.json": (lambda: b'{"name":7,"version":"1.2"}', {"damaged"}, []),
    "lua/c.rockspec": (lambda: b'package = "x', {"damaged"}, []),
    "erl/ebin/b.app": (lambda: b'{application, b, [{vsn, "1.0', {"damaged"}, []),
    "r/library/b/DESCRIPTION": (lambda: b"Package: b\nVers", {"damaged"}, []),
    "julia/Manifest.toml": (lambda: b"[[deps.A]\nversion = ", {"damaged"}, []),
    "dart/pubspec.lock": (lambda: b"packages:\n  a: [", {"damaged"}, []),
    "ghc/package.conf.d/x-1.0.conf": (lambda: b"name: x\nvers", {"damaged"}, []),
    "www/wp-includes/version.php": (lambda: b"<?php\n$wp_version = `touch /tmp/oakum-ran-this`;\n", {"damaged"}, []),
    "jdk/release": (lambda: b"JAVA_VERSION=\n", {"damaged"}, []),
    "sbom/e.spdx": (lambda: b'{"spdxVersion":"SPDX-2.3","packages":[', {"damaged"}, []),
    "sbom/f.cdx.xml": (lambda: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components/></bom>', {"damaged"}, []),
    "sbom/g.cdx.xml": (lambda: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components/></bom>', {"damaged"}, []),
    "srv/a/var/lib/dpkg/status": (lambda: STATUS.encode(), {"unread-package-database"}, []),
    "srv/b/lib/apk/db/installed": (lambda: b"P:a\nV:1\n\n", {"unread-package-database"}, []),
    "srv/c/var/lib/rpm/Packages": (lambda: bytes(40), {"unread-package-database"}, []),
    "var/lib/docker/overlay2/x/diff/var/lib/dpkg/status": (lambda: STATUS.encode(), set(), []),
    "var/lib/pacman/local/a-1-1/desc": (lambda: bytes(range(128)) * 8, {"damaged"}, []),
    "var/lib/pacman/local/b-1-1/desc": (lambda: b"", {"damaged"}, []),
    "var/db/pkg/sys-libs/none/PF": (lambda: b"none\n", {"damaged"}, []),
    "sbom/d.spdx": (lambda: b"SPDXVersion: SPDX-2.3\nPackageName: " + b"x" * 1000000, {"damaged"}, []),
}
FILES = {**{f"app/{name}.jar": row for name, row in JARS.items()}, **{f"bin/{name}": row for name, row in PROGRAMS.items()}, **LANGUAGES}


@pytest.fixture(scope="module")
def root(oakum, tmp_path_factory):
    """All of them in one image, read by one scan, with one good database in front and one good file behind."""
    folder = tmp_path_factory.mktemp("hostile")
    with open(folder / "root.tar", "wb") as out:
        out.write(file("etc/os-release", OS_RELEASE) + file("var/lib/dpkg/status", STATUS))
        for path, (make, _, _) in FILES.items():
            out.write(entry(path, make(), mode=0o755))
        out.write(entry("zz/last.jar", jar(artifact="last")) + bytes(1024))
    (folder / "tmp").mkdir()
    status, result, err = scan(oakum, f"rootfs:{folder}/root.tar", temporary=folder / "tmp")
    os.unlink(folder / "root.tar")
    assert status == 3 and os.listdir(folder / "tmp") == [], err
    return result


def test_the_rest_of_the_image_is_read(root):
    names = [p["name"] for p in root["packages"]]
    assert "bash" in names and "last" in names and root["distro"]["id"] == "debian"
    assert root["verdict"]["kind"] == "unknown"
    assert not [row for row in root["incomplete"] if row["id"] == "unscannable"], "a reader did not come back"


def test_there_are_enough():
    assert len(FILES) + len(HEADERS) + len(DATABASES) + len(IMAGES) + len(LAYERS) + len(LIVE) + len(SBOMS) >= 300


@pytest.mark.parametrize("path", FILES)
def test_file(root, path):
    _, words, names = FILES[path]
    found = {p["name"] for p in root["packages"] if path in p["paths"]}  # what several files prove is one package
    rows = [row for row in root["incomplete"] if row["title"].startswith(path + ":")]
    told = {row["id"] for row in rows}
    assert (told <= words and bool(told) == bool(words)) if len(words) > 1 else told == words, rows
    assert found == set(names)


# ---- headers of rpm that lie, in each of the three forms: (header, whether it is refused, name that it gives)
raw = lambda *rows, **values: rpm_tools.rpm_header(raw=list(rows), **values)
HEADERS = {
    "entries-none": (rpm_tools.rpm_header(entries=0, name="a", version="1"), None),
    "entries-many": (rpm_tools.rpm_header(entries=0xffffffff, name="a", version="1"), None),
    "entries-one-more": (rpm_tools.rpm_header(entries=9, name="a", version="1"), None),
    "length-negative": (rpm_tools.rpm_header(length=0xffffffff, name="a", version="1"), None),
    "length-short": (rpm_tools.rpm_header(length=1, name="a", version="1"), None),
    "offset-negative": (raw((1000, 6, 0xffffffff, 1), version="1"), None),
    "offset-at-the-end": (raw((1000, 6, 2, 1), version="1"), None),
    "count-none": (raw((1000, 6, 0, 0), version="1"), None),
    "count-huge": (raw((1000, 6, 0, 0xffffffff), version="1"), "1"),
    "type-number": (raw((1000, 4, 0, 1), version="1"), None),
    "type-unknown": (raw((1000, 255, 0, 1), version="1"), None),
    "name-without-end": (rpm_tools.rpm_header(version="1", name="a" * 60)[:-61], None),
    "name-empty": (rpm_tools.rpm_header(name="", version="1"), None),
    "name-escapes": (rpm_tools.rpm_header(name=ESCAPE, version="1"), ESCAPE),
    "name-no-utf8": (rpm_tools.rpm_header(name=b"a\xff", version="1"), "a\ufffd"),
    "name-long": (rpm_tools.rpm_header(name="n" * 5000, version="1"), "n" * 1024),
    "epoch-text": (raw((1003, 6, 0, 1), name="a", version="1"), "a"),
    "epoch-outside": (raw((1003, 4, 0xfffffff0, 1), name="a", version="1"), "a"),
    "files-many": (raw((1117, 8, 0, 0xffffffff), (1118, 8, 0, 0xffffffff), (1116, 4, 0, 0xffffffff), name="a", version="1"), "a"),
    "files-folder-outside": (rpm_tools.rpm_header(name="a", version="1", basenames=["x", "y"], dirnames=["/"], dirindexes=[7, 0xffffffff]), "a"),
    "files-old-many": (raw((1027, 8, 0, 0xffffffff), name="a", version="1"), "a"),
    "source-of-dashes": (rpm_tools.rpm_header(name="a", version="1", sourcerpm="--.src.rpm"), "a"),
    "all-the-same-tag": (raw(*[(1000, 6, 0, 1)] * 60000, version="1"), "1"),
    "zeros": (bytes(64), None),
    "nothing": (b"", None),
}
FORMS = {"sqlite": ("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite), "ndb": ("var/lib/rpm/Packages.db", rpm_tools.rpm_ndb),
         "bdb": ("var/lib/rpm/Packages", rpm_tools.rpm_bdb)}
WRONG = {"damaged-package-database", "unread-package-database"}


def one(oakum, path, data):
    status, out, err = limited([oakum, "debug", "catalog", path], [data])
    assert status in (0, 3) and not sanitized(err), err
    rows = [json.loads(line) for line in out.splitlines()]
    return [row["name"] for row in rows if "name" in row], {row["incomplete"] for row in rows if "incomplete" in row}


@pytest.mark.parametrize("form", FORMS)
def test_headers_of_rpm(oakum, form):
    """All of them in one database, with a good one in front and one behind."""
    path, make = FORMS[form]
    blobs = [header for header, _ in HEADERS.values()]
    if form != "sqlite":
        blobs = [blob for blob in blobs if blob]  # no row there
    names, words = one(oakum, path, make(rpm_tools.rpm("first"), *blobs, rpm_tools.rpm("last")))
    assert names == ["first", *[name for _, name in HEADERS.values() if name], "last"]
    assert words == {"damaged-package-database"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [name for name, (header, _) in HEADERS.items() if header])
def test_header_of_rpm(oakum, form, name):
    path, make = FORMS[form]
    header, found = HEADERS[name]
    assert one(oakum, path, make(header)) == ([found] if found else [], set() if found else {"damaged-package-database"})


def patched(data, *changes):
    """The bytes, with others at some places."""
    out = bytearray(data)
    for at, what in changes:
        out[at:at + len(what)] = what
    return bytes(out)


# ---- the files that hold them
rpm = rpm_tools.rpm
MANY = rpm_tools.rpm_sqlite(*[rpm(f"p{i}") for i in range(300)])  # a b-tree of two levels
LONG = rpm_tools.rpm_sqlite(rpm("a"), rpm("big", vendor="v" * 20000))
ROOT = MANY[100:].index(b"Packages") and 2  # rpm makes it first: page 2
INTERIOR = 4096 * (ROOT - 1)
OVER = 4096 * (next(i for i in range(3, len(LONG) // 4096 + 1) if LONG[4096 * (i - 1):4096 * (i - 1) + 3] == b"\0\0\0" and LONG[4096 * (i - 1) + 4] not in (5, 13)) - 1)
NDB, BDB = rpm_tools.rpm_ndb(rpm("a"), rpm("b")), rpm_tools.rpm_bdb(rpm("a"), rpm("big", vendor="v" * 9000))
BIG_ENDIAN = rpm_tools.rpm_bdb(rpm("big", vendor="v" * 9000), order=">")
SCHEMA = "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB);"
sql = reject_tools.sqlite
DATABASES = {
    "sqlite-trigger": ("rpmdb.sqlite", lambda: rpm_tools.rpm_sqlite(rpm("a"), script="CREATE TRIGGER t AFTER INSERT ON Packages BEGIN SELECT writefile('/tmp/oakum-ran-this', 'x'); END"), {"a"}),
    "sqlite-view": ("rpmdb.sqlite", lambda: sql("CREATE TABLE x(a, b); CREATE VIEW Packages AS SELECT load_extension('/tmp/x')"), None),
    "sqlite-virtual-table": ("rpmdb.sqlite", lambda: sql("CREATE TABLE x(a); PRAGMA writable_schema=ON; INSERT INTO sqlite_master VALUES('table','Packages','Packages',0,'CREATE VIRTUAL TABLE Packages USING csv(filename=''/etc/passwd'')')"), None),
    "sqlite-generated": ("rpmdb.sqlite", lambda: sql("CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob AS (zeroblob(1000))); INSERT INTO Packages(hnum) VALUES(1)"), None),
    "sqlite-without-rowid": ("rpmdb.sqlite", lambda: sql("CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB) WITHOUT ROWID; INSERT INTO Packages VALUES(1, x'00')"), None),
    "sqlite-index-of-the-name": ("rpmdb.sqlite", lambda: sql("CREATE TABLE x(a); CREATE INDEX Packages ON x(a)"), None),
    "sqlite-utf16": ("rpmdb.sqlite", lambda: sql("PRAGMA encoding='UTF-16'; " + SCHEMA), None),
    "sqlite-root-0": ("rpmdb.sqlite", lambda: sql(SCHEMA + "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=0"), None),
    "sqlite-root-1": ("rpmdb.sqlite", lambda: sql(SCHEMA + "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=1"), None),
    "sqlite-root-beyond": ("rpmdb.sqlite", lambda: sql(SCHEMA + "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=2000000000"), None),
    "sqlite-root-negative": ("rpmdb.sqlite", lambda: sql(SCHEMA + "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=-1"), None),
    "sqlite-root-text": ("rpmdb.sqlite", lambda: sql(SCHEMA + "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage='abcdefgh'"), None),
    "sqlite-twice": ("rpmdb.sqlite", lambda: sql(SCHEMA + "CREATE TABLE y(a); PRAGMA writable_schema=ON; UPDATE sqlite_master SET name='Packages', rootpage=2 WHERE name='y'; INSERT INTO Packages VALUES(1, 7)"), None),
    "sqlite-page-of-itself": ("rpmdb.sqlite", lambda: patched(MANY, (INTERIOR + 8, struct.pack(">I", ROOT))), None),
    "sqlite-child-is-the-root": ("rpmdb.sqlite", lambda: patched(MANY, (INTERIOR + 8, struct.pack(">I", 1))), None),
    "sqlite-child-0": ("rpmdb.sqlite", lambda: patched(MANY, (INTERIOR + 8, bytes(4))), None),
    "sqlite-child-beyond": ("rpmdb.sqlite", lambda: patched(MANY, (INTERIOR + 8, b"\xff" * 4)), None),
    "sqlite-children-many": ("rpmdb.sqlite", lambda: patched(MANY, (INTERIOR + 3, b"\xff\xff")), None),
    "sqlite-child-outside-its-page": ("rpmdb.sqlite", lambda: patched(MANY, (INTERIOR + 12, b"\xff\xff")), None),
    "sqlite-pages-zeroed": ("rpmdb.sqlite", lambda: MANY[:4096] + bytes(len(MANY) - 4096), None),
    "sqlite-pages-of-ff": ("rpmdb.sqlite", lambda: MANY[:4096] + b"\xff" * (len(MANY) - 4096), None),
    "sqlite-schema-zeroed": ("rpmdb.sqlite", lambda: patched(MANY, (100, bytes(3996))), None),
    "sqlite-page-size-0": ("rpmdb.sqlite", lambda: patched(MANY, (16, b"\0\0")), None),
    "sqlite-page-size-64k": ("rpmdb.sqlite", lambda: patched(MANY, (16, b"\0\1")), None),
    "sqlite-page-size-512": ("rpmdb.sqlite", lambda: patched(MANY, (16, b"\2\0")), None),
    "sqlite-all-reserved": ("rpmdb.sqlite", lambda: patched(rpm_tools.rpm_sqlite(rpm("a"), page=512), (20, b"\xff")), None),
    "sqlite-header-alone": ("rpmdb.sqlite", lambda: MANY[:100], None),
    "sqlite-mark-alone": ("rpmdb.sqlite", lambda: MANY[:16], None),
    "sqlite-overflow-circle": ("rpmdb.sqlite", lambda: patched(LONG, (OVER, struct.pack(">I", OVER // 4096 + 1))), None),
    "sqlite-overflow-to-the-root": ("rpmdb.sqlite", lambda: patched(LONG, (OVER, struct.pack(">I", 1))), None),
    "sqlite-overflow-ends": ("rpmdb.sqlite", lambda: patched(LONG, (OVER, bytes(4))), None),
    "sqlite-overflow-beyond": ("rpmdb.sqlite", lambda: patched(LONG, (OVER, b"\xff" * 4)), None),
    "sqlite-rows-share": ("rpmdb.sqlite", lambda: h.sqlite_shared(rpm("a"), 1000), None),
    "sqlite-row-of-exabytes": ("rpmdb.sqlite", lambda: h.sqlite_shared(rpm("a"), 1, length=b"\xff" * 9), None),
    "sqlite-columns-lie": ("rpmdb.sqlite", lambda: h.sqlite_shared(rpm("a"), 1, types=b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None),
    "sqlite-head-of-a-row": ("rpmdb.sqlite", lambda: h.sqlite_shared(rpm("a"), 1, head=b"\x7f"), None),
    "ndb-pages-none": ("Packages.db", lambda: patched(NDB, (12, bytes(4))), set()),
    "ndb-pages-many": ("Packages.db", lambda: patched(NDB, (12, b"\xff" * 4)), None),
    "ndb-version": ("Packages.db", lambda: patched(NDB, (4, b"\xff" * 4)), None),
    "ndb-slot-is-none": ("Packages.db", lambda: patched(NDB, (32, b"Slop")), None),
    "ndb-slot-outside": ("Packages.db", lambda: patched(NDB, (40, b"\xff" * 4)), None),
    "ndb-slot-at-0": ("Packages.db", lambda: patched(NDB, (40, bytes(4))), None),
    "ndb-slot-of-another": ("Packages.db", lambda: patched(NDB, (36, struct.pack("<I", 7))), None),
    "ndb-slot-long": ("Packages.db", lambda: patched(NDB, (44, b"\xff" * 4)), None),
    "ndb-slots-share": ("Packages.db", lambda: rpm_tools.rpm_ndb(rpm("a"), slots=[(1, 256, 20)] * 200), None),
    "ndb-blob-long": ("Packages.db", lambda: patched(NDB, (4096 + 12, b"\xff" * 4)), None),
    "ndb-blob-is-none": ("Packages.db", lambda: patched(NDB, (4096, b"BlbX")), None),
    "ndb-cut": ("Packages.db", lambda: NDB[:4200], None),
    "ndb-head-alone": ("Packages.db", lambda: NDB[:32], None),
    "ndb-mark-alone": ("Packages.db", lambda: NDB[:4], None),
    "bdb-page-size-0": ("Packages", lambda: patched(BDB, (20, bytes(4))), None),
    "bdb-page-size-3": ("Packages", lambda: patched(BDB, (20, struct.pack("<I", 3))), None),
    "bdb-page-size-16": ("Packages", lambda: patched(BDB, (20, struct.pack("<I", 16))), None),
    "bdb-page-size-2g": ("Packages", lambda: patched(BDB, (20, struct.pack("<I", 1 << 31))), None),
    "bdb-page-size-64k": ("Packages", lambda: patched(BDB, (20, struct.pack("<I", 65536))), None),
    "bdb-page-size-512": ("Packages", lambda: patched(BDB, (20, struct.pack("<I", 512))), None),
    "bdb-pages-many": ("Packages", lambda: patched(BDB, (32, b"\xff" * 4)), None),
    "bdb-encrypted": ("Packages", lambda: patched(BDB, (24, b"\1")), None),
    "bdb-tree": ("Packages", lambda: patched(BDB, (25, b"\x09"), (12, struct.pack("<I", 0x053162))), None),
    "bdb-items-many": ("Packages", lambda: patched(BDB, (4096 + 20, b"\xff\xff")), None),
    "bdb-items-cross": ("Packages", lambda: patched(BDB, (4096 + 26, b"\x10\x00\xff\x0f")), None),
    "bdb-items-outside": ("Packages", lambda: patched(BDB, (4096 + 26, b"\xff\xff\xff\xff")), None),
    "bdb-items-share": ("Packages", lambda: h.bdb_shared(rpm("a")), None),
    "bdb-chain-of-itself": ("Packages", lambda: patched(BDB, (2 * 4096 + 4096 + 16, struct.pack("<I", 2))), None),
    "bdb-chain-to-the-meta-page": ("Packages", lambda: patched(BDB, (2 * 4096 + 16, bytes(4))), None),
    "bdb-chain-to-the-hash": ("Packages", lambda: patched(BDB, (2 * 4096 + 16, struct.pack("<I", 1))), None),
    "bdb-chain-beyond": ("Packages", lambda: patched(BDB, (2 * 4096 + 16, b"\xff" * 4)), None),
    "bdb-chain-of-nothing": ("Packages", lambda: patched(BDB, (2 * 4096 + 22, bytes(2))), None),
    "bdb-chain-of-too-much": ("Packages", lambda: patched(BDB, (2 * 4096 + 22, b"\xff\xff")), None),
    "bdb-chain-of-another-kind": ("Packages", lambda: patched(BDB, (2 * 4096 + 25, b"\x05")), None),
    "bdb-value-of-4g": ("Packages", lambda: rpm_tools.rpm_bdb(rpm("big", vendor="v" * 9000), length=0xffffffff), None),
    "bdb-value-of-60m": ("Packages", lambda: rpm_tools.rpm_bdb(rpm("big", vendor="v" * 9000), length=60 << 20), None),
    "bdb-other-order-circle": ("Packages", lambda: patched(BIG_ENDIAN, (2 * 4096 + 4096 + 16, struct.pack(">I", 2))), None),
    "bdb-cut": ("Packages", lambda: BDB[:4096 * 2 + 9], None),
    "bdb-head-alone": ("Packages", lambda: BDB[:72], None),
    "no-form": ("Packages", lambda: b"x" * 5000, None),
}


@pytest.mark.parametrize("name", DATABASES)
def test_database_of_rpm(oakum, name):
    file, make, found = DATABASES[name]
    names, words = one(oakum, f"var/lib/rpm/{file}", make())
    if found is None:
        assert words and words <= WRONG
    else:
        assert (set(names), words) == (found, set())


# ---- whole images: name → (a tar, what is told, names found, the distribution)
RELEASE = lambda text: tar(file("etc/os-release", text), file("var/lib/dpkg/status", STATUS))
STANZA = "Package: p%d\nStatus: install ok installed\nVersion: 1\nDescription: %s\n\n"
IMAGES = {
    "release-command": (lambda: RELEASE('ID=debian\nVERSION_ID="$(touch /tmp/oakum-ran-this)12`touch /tmp/oakum-ran-this`"\n'), ["unknown-distribution"], {"bash"}, "debian"),
    "release-quotes": (lambda: RELEASE("ID='deb'\"ian\"\nVERSION_ID=\"12\n"), [], {"bash"}, "debian"),
    "release-escapes": (lambda: RELEASE("ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"" + ESCAPE + "\"\n"), [], {"bash"}, "debian"),
    "release-no-utf8": (lambda: RELEASE(b"ID=debian\xff\nVERSION_ID=12\n"), ["unknown-distribution"], {"bash"}, "debian\ufffd"),
    "release-twice": (lambda: RELEASE("ID=debian\nID=alpine\nID=debian\nVERSION_ID=12\n"), [], {"bash"}, "debian"),
    "release-nul": (lambda: RELEASE(b"ID=debian\0x\nVERSION_ID=12\n"), ["unknown-distribution"], {"bash"}, "debianx"),
    "release-of-100m": (lambda: h.tar_of_many("etc/os-release", b"ID=debian\nVERSION_ID=12\n" * 10000, 420, file("var/lib/dpkg/status", STATUS)), ["limit", "unknown-distribution"], {"bash"}, None),
    "release-one-line": (lambda: RELEASE("ID=" + "x" * 60000 + "\n"), ["unknown-distribution"], {"bash"}, None),
    "release-is-a-folder": (lambda: tar(entry("etc/os-release", type="5"), file("var/lib/dpkg/status", STATUS)), ["unknown-distribution"], {"bash"}, None),
    "release-fifo": (lambda: tar(entry("etc/os-release", type="6"), file("var/lib/dpkg/status", STATUS)), ["unknown-distribution"], {"bash"}, None),
    "release-link-outside": (lambda: tar(entry("etc/os-release", type="2", link="../../../../../../etc/os-release"), file("var/lib/dpkg/status", STATUS)), ["unknown-distribution"], {"bash"}, None),
    "release-link-absolute": (lambda: tar(entry("etc/os-release", type="2", link="/proc/1/root/etc/os-release"), file("var/lib/dpkg/status", STATUS)), ["unknown-distribution"], {"bash"}, None),
    "release-link-circle": (lambda: tar(entry("etc/os-release", type="2", link="../usr/lib/os-release"), entry("usr/lib/os-release", type="2", link="../../etc/os-release"),
                                        file("var/lib/dpkg/status", STATUS)), ["unknown-distribution"], {"bash"}, None),
    "release-links-40": (lambda: tar(*[entry(f"etc/l{i}", type="2", link=f"l{i + 1}") for i in range(60)], entry("etc/os-release", type="2", link="l0"),
                                     file("etc/l60", OS_RELEASE), file("var/lib/dpkg/status", STATUS)), ["unknown-distribution"], {"bash"}, None),
    "status-of-a-gigabyte-one-line": (lambda: h.tar_of_many("var/lib/dpkg/status", b"x" * MIB, 1024, file("etc/os-release", OS_RELEASE)), ["damaged-package-database"], set(), "debian"),
    "status-of-a-gigabyte": (lambda: h.tar_of_many("var/lib/dpkg/status", (STANZA % (1, "x" * 900)).encode() * 1000, 1100, file("etc/os-release", OS_RELEASE)), ["damaged-package-database"], set(), "debian"),
    "status-of-60m-one-line": (lambda: h.tar_of_many("var/lib/dpkg/status", b"x" * MIB, 60, file("etc/os-release", OS_RELEASE)), ["damaged-package-database"], set(), "debian"),
    "status-escapes": (lambda: reject_tools.debian(status=STATUS + f"Package: {ESCAPE}\nStatus: install ok installed\nVersion: 1{ESCAPE}\nMaintainer: {ESCAPE}\n\n"), [], {"bash", ESCAPE}, "debian"),
    "status-no-utf8": (lambda: reject_tools.debian(status=STATUS.encode() + b"Package: \xff\xfe\nStatus: install ok installed\nVersion: 1\n\n"), [], {"bash", "\ufffd\ufffd"}, "debian"),
    "status-device": (lambda: tar(file("etc/os-release", OS_RELEASE), entry("var/lib/dpkg/status", type="3")), ["unreadable-package-database"], set(), "debian"),
    "status-d-names": (lambda: tar(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status.d/../x", STATUS)), None, None, None),
    "status-d-escapes": (lambda: tar(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status.d/\x1b[2J", STATUS), file("var/lib/dpkg/status.d/b", "no field")), ["damaged-package-database"], {"bash"}, "debian"),
    "status-d-many-of-one": (lambda: tar(file("etc/os-release", OS_RELEASE), *[file(f"var/lib/dpkg/status.d/{i}", STATUS) for i in range(500)]), [], {"bash"}, "debian"),
    "status-hard-link-to-itself": (lambda: tar(file("etc/os-release", OS_RELEASE), entry("var/lib/dpkg/status", type="1", link="var/lib/dpkg/status")), None, None, None),
    "status-hard-link-to-a-folder": (lambda: tar(file("etc/os-release", OS_RELEASE), entry("x", type="5"), entry("var/lib/dpkg/status", type="1", link="x")), None, None, None),
    "status-hard-link-to-a-fifo": (lambda: tar(file("etc/os-release", OS_RELEASE), entry("x", type="6"), entry("var/lib/dpkg/status", type="1", link="x")), [], set(), "debian"),
    "status-given-twice": (lambda: tar(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", STATUS.replace("bash", "first")), file("var/lib/dpkg/status", STATUS)), [], {"bash"}, "debian"),
    "rpm-socket": (lambda: tar(file("etc/os-release", 'ID=azurelinux\nVERSION_ID="3.0"\n'), entry("var/lib/rpm/rpmdb.sqlite", type="6")), ["unreadable-package-database"], set(), "azurelinux"),
    "apk-escapes": (lambda: reject_tools.alpine(f"P:{ESCAPE}\nV:1-r0\nF:\x1b[2J\nR:\x07\n\n"), ["no-advisories"], {ESCAPE}, "alpine"),
    "names-come-twice": (lambda: tar(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", STATUS), *[file("x.jar", "no"), file("x.jar", jar())] * 500), ["no-advisories"], {"bash", "lib"}, "debian"),
    "below-a-file": (lambda: tar(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg", "x"), file("var/lib/dpkg/status", STATUS)), None, None, None),
    "status-gzip": (lambda: reject_tools.debian(status=gzip.compress(STATUS.encode(), mtime=0)), ["damaged-package-database"], set(), "debian"),
    "status-utf16": (lambda: reject_tools.debian(status=STATUS.encode("utf-16")), ["damaged-package-database"], set(), "debian"),
    "status-behind-zeros": (lambda: reject_tools.debian(status=bytes(4096) + STATUS.encode()), ["damaged-package-database"], None, "debian"),
    "status-in-front-of-zeros": (lambda: reject_tools.debian(status=STATUS.encode() + bytes(4096)), ["damaged-package-database"], {"bash"}, "debian"),
    "status-two-in-one": (lambda: reject_tools.debian(status=STATUS.rstrip() + "\n" + STATUS.replace("bash", "dash")), ["damaged-package-database"], {"bash", "dash"}, "debian"),
    "status-old-alone": (lambda: tar(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status-old", STATUS)), [], set(), "debian"),
    "apk-of-the-new-form": (lambda: reject_tools.alpine(b"ADB.\x07" + bytes(300)), ["damaged-package-database"], set(), "alpine"),
    "rpm-table-empty": (lambda: tar(file("etc/os-release", "ID=fedora\nVERSION_ID=41\n"), file("var/lib/rpm/rpmdb.sqlite", rpm_tools.rpm_sqlite())), [], set(), "fedora"),
    "rpm-link-to-nowhere": (lambda: tar(file("etc/os-release", "ID=fedora\nVERSION_ID=41\n"), entry("var/lib/rpm", type="2", link="../../usr/lib/sysimage/rpm")), [], set(), "fedora"),
    "nothing-but-links": (lambda: entry("d" * 99, type="2", link="x" * 99) * 140000 + bytes(1024), None, None, None),
}


def many_files(total):
    """As many entries, each with another name; made while they are read."""
    blank = bytearray(entry("a" * 12))
    base = sum(blank) - sum(blank[0:12]) - sum(blank[148:156]) + 8 * 32
    for start in range(0, total, 1000):
        out = bytearray()
        for i in range(start, min(total, start + 1000)):
            name = b"%012d" % i
            blank[0:12] = name
            blank[148:156] = b"%06o\0 " % (base + sum(name))
            out += blank
        yield bytes(out)


@pytest.mark.parametrize("name", IMAGES)
def test_image(oakum, tmp_path, name):
    """None: the image is refused as a whole, as an extractor would refuse it."""
    make, told, names, distro = IMAGES[name]
    (tmp_path / "in.tar").write_bytes(make())
    (tmp_path / "tmp").mkdir()
    status, result, err = scan(oakum, f"rootfs:{tmp_path}/in.tar", temporary=tmp_path / "tmp")
    assert os.listdir(tmp_path / "tmp") == []
    if told is None:
        assert status == 1 and not result and "\x1b" not in err, err
        return
    assert {row["id"] for row in result["incomplete"]} - {"no-packages"} == set(told), result["incomplete"]
    assert names is None or {p["name"] for p in result["packages"]} == names
    assert distro is None or result["distro"]["id"] == distro
    assert status == (3 if result["incomplete"] else 0)


def test_many_files(oakum):
    """300,000 here, ten million by hand (OAKUM_LIVE): the memory is bounded by eight bytes a name, and too many are an error."""
    head = [file("etc/os-release", OS_RELEASE) + file("var/lib/dpkg/status", STATUS)]
    command = [oakum, "scan", "--format", "json", "rootfs:-"]
    status, out, err = limited(command, itertools.chain(head, many_files(300000), [bytes(1024)]))
    assert status == 0 and [p["name"] for p in json.loads(out)["packages"]] == ["bash"], err
    if os.environ.get("OAKUM_LIVE"):
        status, out, err = limited(command, itertools.chain(head, many_files(10000000), [bytes(1024)]))
        assert status == 1 and out == b"" and b"too many entries" in err, err


# ---- layers over each other
WHITE = lambda name: entry(f"var/lib/dpkg/{name}")
LAYERS = {
    "database-whited-out": ([reject_tools.debian(), tar(WHITE(".wh.status"))], {"removed-package-database"}, {"bash"}),
    "folder-made-opaque": ([reject_tools.debian(), tar(WHITE(".wh..wh..opq"))], {"removed-package-database"}, {"bash"}),
    "folder-whited-out": ([reject_tools.debian(), tar(entry("var/lib/.wh.dpkg"))], {"removed-package-database"}, {"bash"}),
    "folder-replaced-by-a-file": ([reject_tools.debian(), tar(file("var/lib/dpkg", "x"))], {"removed-package-database"}, {"bash"}),
    "folder-replaced-by-a-link": ([reject_tools.debian(), tar(entry("var/lib/dpkg", type="2", link="/nowhere"))], {"removed-package-database"}, {"bash"}),
    "database-replaced-by-a-fifo": ([reject_tools.debian(), tar(entry("var/lib/dpkg/status", type="6"))], {"unreadable-package-database"}, None),
    "database-emptied": ([reject_tools.debian(), tar(file("var/lib/dpkg/status", ""))], {"removed-package-database"}, {"bash"}),
    "database-linked-away": ([reject_tools.debian(), tar(entry("var/lib/dpkg/status", type="2", link="/etc/hostname"), file("etc/hostname", "x"))], None, None),
    "hard-link-below": ([reject_tools.debian(), tar(entry("var/lib/dpkg/status", type="1", link="etc/os-release"))], {"damaged-package-database"}, None),
    "database-replaced-by-garbage": ([reject_tools.debian(), tar(file("var/lib/dpkg/status", "no field"))], {"damaged-package-database", "removed-package-database"}, {"bash"}),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(oakum, tmp_path, name):
    layers, told, names = LAYERS[name]
    status, result, err = scan(oakum, f"oci:{layout(tmp_path / 'i', *layers)}", "--no-cache")
    words = {row["id"] for row in result["incomplete"]}
    assert status == 3 and words and (told is None or words >= told), result["incomplete"]
    assert names is None or {p["name"] for p in result["packages"]} == names


# ---- a live root that fights back
def live_fifo(root):
    os.mkfifo(root / "var/lib/dpkg/status")


def live_socket(root):
    import socket
    place = os.getcwd()
    os.chdir(root / "var/lib/dpkg")
    socket.socket(socket.AF_UNIX).bind("status")
    os.chdir(place)


def live_sparse(root):
    (root / "var/lib/dpkg/status").touch()
    os.truncate(root / "var/lib/dpkg/status", 1 << 40)


def live_sparse_rpm(root):
    (root / "var/lib/rpm").mkdir()
    with open(root / "var/lib/rpm/rpmdb.sqlite", "wb") as out:
        out.write(MANY[:100])
        out.truncate(1 << 42)


def live_link(to):
    return lambda root: os.symlink(to, root / "var/lib/dpkg/status")


def live_folder_link(root):
    os.rmdir(root / "var/lib/dpkg")
    (root.parent / "outside").mkdir()
    (root.parent / "outside/status").write_text(STATUS)
    os.symlink(root.parent / "outside", root / "var/lib/dpkg")


def live_deep(root):
    place, names = os.getcwd(), "d" * 200
    os.chdir(root)
    for _ in range(60):  # 12,000 bytes, more than a path may have
        os.mkdir(names)
        os.chdir(names)
    (root / "var/lib/dpkg/status").write_text(STATUS)
    os.chdir(place)


def live_names(root):
    (root / "var/lib/dpkg/status").write_text(STATUS)
    (root / ("\x1b[2J\n" + "x" * 200 + ".jar")).write_text("no archive")
    with open(os.fsencode(root) + b"/\xff\xfe.jar", "w") as out:
        out.write("no archive")


LIVE = {
    "fifo": (live_fifo, {"unreadable-package-database"}, set()), "socket": (live_socket, {"unreadable-package-database"}, set()),
    "sparse": (live_sparse, {"limit"}, set()), "sparse-rpm": (live_sparse_rpm, {"limit"}, set()),
    "link-outside": (live_link("../../../../../../../../etc/passwd"), set(), set()), "link-absolute": (live_link("/proc/self/environ"), set(), set()),
    "link-circle": (live_link("status"), set(), set()), "folder-is-a-link-outside": (live_folder_link, set(), set()),
    "deep": (live_deep, {"limit"}, {"bash"}), "names": (live_names, {"damaged"}, {"bash"}),
}


@pytest.mark.parametrize("name", LIVE)
def test_live_root(oakum, tmp_path, name):
    make, told, names = LIVE[name]
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text(OS_RELEASE)
    make(root)
    status, result, err = scan(oakum, f"rootfs:{root}")
    subprocess.run(["rm", "-rf", root], check=True)  # pytest's own cleaning does not reach so deep
    words = {row["id"] for row in result["incomplete"]}
    assert status == 3 and words - {"no-packages"} == told, result["incomplete"]
    assert (names or "no-packages" in words) and {p["name"] for p in result["packages"]} == names
    assert all("\x1b" not in row["title"] and "\n" not in row["title"] for row in result["incomplete"])


# ---- bills of materials in place of an image: (text, status, names)
CDX = lambda *components, **more: json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": list(components), **more}).encode()
SBOMS = {
    "empty": (lambda: b"", 3, None), "no-format": (lambda: b"{}", 3, None), "array": (lambda: b"[]", 3, None), "binary": (lambda: bytes(range(256)) * 40, 3, None),
    "cut": (lambda: CDX({"name": "a", "version": "1", "purl": "pkg:npm/a@1"})[:-5], 3, None),
    "deep": (lambda: b'{"bomFormat":"CycloneDX","components":' + h.deep(1000000), 3, None),
    "nested-100": (lambda: b'{"bomFormat":"CycloneDX","components":' + h.deep(100, b'[{"components":', b"}]") .replace(b":}", b":[]}") + b"}", 3, None),
    "components-no-list": (lambda: b'{"bomFormat":"CycloneDX","components":{"a":7}}', None, set()),
    "components-of-types": (lambda: CDX(1, None, "x", [], {"name": 7, "purl": []}), None, set()),
    "purl-nonsense": (lambda: CDX(*[{"name": "x", "version": "1", "purl": p} for p in ("pkg:", "pkg:npm", "pkg:npm/", "pkg:%00/%00", "x" * 9000, "pkg:npm/" + "a/" * 4000)]), None, None),
    "purl-escapes": (lambda: CDX({"name": "x", "version": "1", "purl": "pkg:npm/a%0a%1b%5b2J@1%07"}), None, None),
    "bushes": (lambda: b'{"bomFormat":"CycloneDX","components":[' + b"{}," * 5000000 + b"{}]}", 3, None),
    "too-large": (lambda: b'{"bomFormat":"CycloneDX"' + b" " * (65 * MIB) + b"}", None, None),
    "spdx-circle": (lambda: json.dumps({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]}],
                                        "relationships": [{"spdxElementId": "SPDXRef-a", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-a"}] * 1000}).encode(), None, {"a"}),
    "tag-value-long": (lambda: b"SPDXVersion: SPDX-2.3\nPackageName: " + b"n" * 2000000 + b"\nPackageVersion: 1\n", None, None),
    "tag-value-text-without-end": (lambda: b"SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>" + b"x\n" * 100000, None, None),
}


@pytest.mark.parametrize("name", SBOMS)
def test_bill_of_materials(oakum, tmp_path, name):
    make, status, names = SBOMS[name]
    (tmp_path / "in").write_bytes(make())
    done, result, err = scan(oakum, f"sbom:{tmp_path}/in")
    assert status is None or done in (1, status), err
    assert done in (1, 3) or result["packages"], "an empty list is no verdict"
    assert names is None or {p["name"] for p in result["packages"]} == names
    assert "\x1b" not in err


# ---- what is shown of such names
@pytest.mark.parametrize("format", ["table", "json", "cyclonedx", "spdx", "spdx-tv"])
def test_reports_are_safe_to_look_at(oakum, tmp_path, format):
    """No control character of an image in any report; JSON gives the bytes back escaped."""
    image = reject_tools.debian(file("app/\x1b]0;x\x07.jar", jar(artifact=ESCAPE)), file(b"app/\xff.jar", "no archive"),
                                status=STATUS + f"Package: {ESCAPE}\nStatus: install ok installed\nVersion: 1\x1b[0m\nMaintainer: {ESCAPE}\n\n", os_release=OS_RELEASE + f"PRETTY_NAME=\"{ESCAPE}\"\n")
    (tmp_path / "in.tar").write_bytes(image)
    done = subprocess.run([oakum, "scan", "--format", format, f"rootfs:{tmp_path}/in.tar"], capture_output=True)
    assert done.returncode == 3 and not sanitized(done.stderr)
    for text in (done.stdout, done.stderr):
        assert not set(text) & (set(range(32)) - {10, 9}) and b"\x7f" not in text and text.decode("utf-8")
    if format in ("json", "cyclonedx", "spdx"):
        assert ESCAPE in json.dumps(json.loads(done.stdout), ensure_ascii=False).encode().decode("unicode_escape", errors="replace")


def test_nothing_was_executed(root):
    assert not os.path.exists("/tmp/oakum-ran-this") and not os.path.exists("/tmp/hostile.jar")

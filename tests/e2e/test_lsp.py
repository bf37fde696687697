"""The language server: a scripted client opens, edits, asks, fixes and closes."""
import json
import subprocess
from random import Random

import pytest
from lsp_client import Client, at, span

TEXT = "FROM debian:12\nADD app.conf /etc/app.conf\nUSER 1000\n"
URI = "untitled:Dockerfile"


@pytest.fixture
def client(oakum, tmp_path):
    c = Client([oakum, "lint", "--lsp", "--no-shellcheck", "--only", "DL3020", "--config", "none"], cwd=tmp_path)
    yield c
    c.process.kill()
    c.process.wait()


def apply(text, edits):
    """Edits of a workspace edit, in UTF-16 units."""
    lines = text.split("\n")
    def offset(p):
        return sum(len(l.encode("utf-16-le")) // 2 + 1 for l in lines[:p["line"]]) + p["character"]
    units = text.encode("utf-16-le")
    for e in sorted(edits, key=lambda e: offset(e["range"]["start"]), reverse=True):
        a, b = (2 * offset(e["range"][k]) for k in ("start", "end"))
        units = units[:a] + e["newText"].encode("utf-16-le") + units[b:]
    return units.decode("utf-16-le")


def test_session(client):
    """Open, diagnostics, hover, symbols, code action, edit, close, shutdown, exit."""
    can = client.start()
    assert can["capabilities"]["positionEncoding"] == "utf-16" and can["capabilities"]["textDocumentSync"]["change"] == 2
    told = client.open(URI, TEXT)
    (found,) = told["diagnostics"]
    assert told["version"] == 1 and found["source"] == "oakum" and found["range"]["start"]["line"] == 1
    assert found["severity"] in (1, 2, 3) and found["code"] and found["message"]

    place = found["range"]["start"]
    hover = client.request("textDocument/hover", {"textDocument": {"uri": URI}, "position": place})["result"]
    assert hover["contents"]["kind"] == "markdown" and "DL3020" in hover["contents"]["value"] and "```dockerfile" in hover["contents"]["value"]
    assert hover["range"] == found["range"]
    assert client.request("textDocument/hover", {"textDocument": {"uri": URI}, "position": at(2, 0)})["result"] is None

    (stage,) = client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})["result"]
    assert stage["name"] == "stage 0" and stage["detail"] == "debian:12" and stage["range"] == span(0, 0, 2, 9)
    assert [c["name"] for c in stage["children"]] == ["FROM", "ADD", "USER"]

    ask = {"textDocument": {"uri": URI}, "range": found["range"], "context": {"diagnostics": [found]}}
    actions = client.request("textDocument/codeAction", ask)["result"]
    fix = next(a for a in actions if a["kind"] == "quickfix" and a.get("isPreferred"))
    fixed = apply(TEXT, fix["edit"]["changes"][URI])
    assert fixed == TEXT.replace("ADD", "COPY") and fix["diagnostics"] == [found]
    ignore = next(a for a in actions if a["kind"] == "quickfix" and a["title"].startswith("Ignore"))
    ignored = apply(TEXT, ignore["edit"]["changes"][URI])
    assert ignored == TEXT.replace("ADD", f"# oakum ignore={ignore['title'].split()[1]}\nADD")
    everything = next(a for a in actions if a["kind"] == "source.fixAll")
    assert apply(TEXT, everything["edit"]["changes"][URI]) == fixed
    only = client.request("textDocument/codeAction", {**ask, "context": {"diagnostics": [], "only": ["source"]}})["result"]
    assert [a["kind"] for a in only] == ["source.fixAll"]

    client.change(URI, 2, {"range": span(1, 0, 1, 3), "text": "COPY"})
    assert client.diagnostics(URI) == {"uri": URI, "version": 2, "diagnostics": []}
    client.change(URI, 3, {"text": ignored})
    assert client.diagnostics(URI)["diagnostics"] == []
    client.change(URI, 4, {"text": "FROM a:1\nADD x /y\n"})
    assert len(client.diagnostics(URI)["diagnostics"]) == 1
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert client.diagnostics(URI)["diagnostics"] == []
    assert client.stop() == (0, "")


def test_fix_all_is_made_when_chosen(client):
    """A client that resolves edits gets the action at once, and what it does when somebody takes it."""
    answer = client.request("initialize", {"capabilities": {"textDocument": {"codeAction": {"resolveSupport": {"properties": ["edit"]}}}}})
    assert answer["result"]["capabilities"]["codeActionProvider"]["resolveProvider"] is True
    client.open(URI, TEXT)
    ask = {"textDocument": {"uri": URI}, "range": span(0, 0, 0, 0), "context": {"diagnostics": [], "only": ["source.fixAll"]}}
    (action,) = client.request("textDocument/codeAction", ask)["result"]
    assert "edit" not in action and action["kind"] == "source.fixAll"
    resolved = client.request("codeAction/resolve", action)["result"]
    assert resolved["title"] == action["title"]
    assert apply(TEXT, resolved["edit"]["changes"][URI]) == TEXT.replace("ADD", "COPY")
    # an edit in between: what is resolved is of the text as it is now
    client.change(URI, 2, {"range": span(2, 0, 2, 0), "text": "ADD b /b\n"})
    now = TEXT.replace("USER", "ADD b /b\nUSER")
    assert apply(now, client.request("codeAction/resolve", action)["result"]["edit"]["changes"][URI]) == now.replace("ADD", "COPY")
    for odd in ({}, {"data": {"uri": "untitled:none"}}, {"data": 3}):
        assert "edit" not in client.request("codeAction/resolve", odd)["result"]
    client.change(URI, 3, {"text": "FROM debian:12\n"})
    assert client.request("textDocument/codeAction", ask)["result"] == []
    assert client.stop()[0] == 0


def test_cancelled_requests_are_answered(client):
    client.start()
    client.open(URI, TEXT)
    client.notify("$/cancelRequest", {"id": 99})
    client.number += 1
    client.send({"id": client.number, "method": "textDocument/hover", "params": {"textDocument": {"uri": URI}, "position": at(1, 0)}})
    client.notify("$/cancelRequest", {"id": client.number})
    assert client.read()["id"] == client.number
    assert client.stop()[0] == 0


def test_an_edit_tells_what_a_new_document_tells(client):
    """Scripts kept from before an edit are found again by their text alone: moved, doubled, under another shell."""
    client.start()
    run = 'RUN apt-get install a \\\n  && curl -k https://a | sh\n'
    texts = [f"FROM debian:12\n{run}ADD a /a\n", f"FROM debian:12\n\n# a\n{run}{run}ADD a /a\n",
             f'FROM debian:12\nSHELL ["bash", "-c"]\n{run}ADD a /a\n', f'FROM debian:12\nSHELL ["pwsh", "-c"]\n{run}ADD a /a\n', f"FROM debian:12\n{run}ADD a /a\n"]
    client.open(URI, "FROM debian:12\n")
    for i, text in enumerate(texts):
        client.change(URI, 2 + i, {"text": text})
        told = client.diagnostics(URI)["diagnostics"]
        assert told == client.open(f"untitled:{i}", text)["diagnostics"] and told
    assert client.stop()[0] == 0


KINDS = ["FROM debian:12 AS base", "FROM base AS Next", "FROM $IMAGE", "ARG IMAGE=alpine", "ARG UNUSED", "ENV A=$B PASSWORD=x", "SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]",
         "SHELL [\"pwsh\"]", "RUN apt-get update && apt-get install curl gcc", "RUN curl -k https://a.b/c | sh", "RUN cd /x && \\\n  # note\n\n  sudo make", "RUN <<EOF\nyum install a\nEOF", "RUN <<EOF",
         "EOF", "RUN [\"sh\", \"-c\", \"apt-get install x\"]", "COPY --from=base a b", "COPY --from=next a b", "ADD a b", "WORKDIR rel", "WORKDIR /abs", "USER root", "EXPOSE 22 99999/TCP",
         "LABEL a b", "CMD node x", "ONBUILD RUN wget http://x", "FORM x", "run x \U0001f600 | y", "# oakum ignore=apt-pin", "# hadolint ignore=DL3003", "# escape=`", "# check=skip=all", "", "RUN a \\"]


@pytest.mark.parametrize("seed", range(4))
def test_random_edits_tell_what_a_run_tells(oakum, tmp_path, seed):
    """After each of many edits the server's findings are those of `oakum lint` over the same text, which knows of no edit."""
    random = Random(seed)
    server = Client([oakum, "lint", "--lsp", "--no-shellcheck", "--config", "none"], cwd=tmp_path)
    file = tmp_path / "Dockerfile"
    try:
        server.start()
        lines = [random.choice(KINDS) for _ in range(40)]
        server.open(file.as_uri(), "\n".join(lines))
        for version in range(2, 42):
            lines = "\n".join(lines).split("\n")
            first = random.choice([0, random.randrange(len(lines))])
            last = min(len(lines) - 1, first + random.randrange(3))
            new = [random.choice(KINDS) for _ in range(random.randrange(3))] + [""]
            server.change(file.as_uri(), version, {"range": span(first, 0, last, 0), "text": "\n".join(new)})
            lines[first:last] = new[:-1]
            told = server.diagnostics(file.as_uri())
            assert told["version"] == version
            file.write_text("\n".join(lines))
            run = subprocess.run([oakum, "lint", "--no-shellcheck", "--config", "none", "--format", "json", file], capture_output=True, timeout=120)
            found = [(f["rule"], f["range"]["start"]["line"] - 1, f["range"]["end"]["line"] - 1, f["message"]) for f in json.loads(run.stdout)["findings"]]
            assert [(d["code"], d["range"]["start"]["line"], d["range"]["end"]["line"], d["message"].split("\n")[0]) for d in told["diagnostics"]] == found, lines
        assert server.stop()[0] == 0
    finally:
        server.process.kill()
        server.process.wait()


def test_utf16(client):
    """Columns are UTF-16 units: characters beyond the basic plane count twice, also in incremental edits."""
    client.start()
    text = 'FROM debian:12\nADD "𝕒é.conf" b.conf /etc/\n'
    (found,) = client.open(URI, text)["diagnostics"]
    assert found["range"] in (span(1, 4, 1, 14), span(1, 4, 1, 22), span(1, 0, 1, 28), span(1, 0, 1, 3))
    # insert behind the surrogate pair; then take it away
    client.change(URI, 2, {"range": span(1, 7, 1, 8), "text": "ü𝕓"}, {"range": span(1, 5, 1, 7), "text": ""})
    client.diagnostics(URI)
    actions = client.request("textDocument/codeAction", {"textDocument": {"uri": URI}, "range": span(1, 0, 1, 3), "context": {"diagnostics": []}})["result"]
    edits = next(a for a in actions if a["kind"] == "source.fixAll")["edit"]["changes"][URI]
    assert apply('FROM debian:12\nADD "ü𝕓.conf" b.conf /etc/\n', edits) == 'FROM debian:12\nCOPY "ü𝕓.conf" b.conf /etc/\n'
    assert client.stop()[0] == 0


def test_edits_are_those_of_the_text(client):
    """Many incremental edits, some beyond the ends of lines and of the text, leave what a plain client has."""
    client.start()
    text = "FROM debian:12\n"
    client.open(URI, text)
    for i in range(200):
        client.change(URI, i + 2, {"range": span(i + 1, 0, i + 1, 0), "text": f"ADD f{i} /f{i}\n"})
        text += f"ADD f{i} /f{i}\n"
    while (told := client.diagnostics(URI))["version"] < 201:
        pass
    assert len(told["diagnostics"]) == 200
    client.change(URI, 202, {"range": span(100, 0, 9999, 9999), "text": ""})
    told = client.diagnostics(URI)
    assert told["version"] == 202 and len(told["diagnostics"]) == 99
    client.change(URI, 203, {"range": span(0, 9999, 0, 99999), "text": "-slim"})
    assert client.diagnostics(URI)["version"] == 203
    (stage,) = client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})["result"]
    assert stage["detail"] == "debian:12-slim"
    assert client.stop()[0] == 0


@pytest.mark.parametrize("name", ['a\\\\b', "tab\there", "\x01\x1f", "\u2028𝕒", "<&>'%s%n", "é" * 5000])
def test_odd_texts_come_back(client, name):
    """What stands in a file stands in the messages as JSON has it, or as the rule shows it; never as broken JSON."""
    client.start()
    told = client.open(URI, f"FROM debian:12\nADD '{name}.conf' /x/\n")
    assert len(told["diagnostics"]) == 1 and told["diagnostics"][0]["message"]
    assert client.stop()[0] == 0


def test_order_of_the_protocol(client):
    assert client.request("textDocument/hover")["error"]["code"] == -32002
    client.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "version": 1, "text": TEXT}})
    client.start()
    assert client.request("initialize")["error"]["code"] == -32600
    assert client.request("no/such")["error"]["code"] == -32601
    client.notify("no/such")
    assert client.request("textDocument/codeAction", {"textDocument": {"uri": "untitled:not-open"}})["result"] == []
    assert client.request("shutdown")["result"] is None
    assert client.request("textDocument/hover")["error"]["code"] == -32600
    client.notify("exit")
    assert client.process.wait(timeout=60) == 0


def test_exit_without_shutdown(client):
    client.start()
    client.notify("exit")
    assert client.process.wait(timeout=60) == 1


@pytest.mark.parametrize("data, says", [
    (b"Content-Length: 99999999999\r\n\r\n", "no proper Content-Length"),
    (b"Content-Length: 20000000\r\n\r\n", "more than 16 MiB"),
    (b"Content-Length: -1\r\n\r\n", "no proper Content-Length"),
    (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "no proper Content-Length"),
    (b"Content-Type: x\r\n\r\n", "no proper Content-Length"),
    (b"GET / HTTP/1.1\r\n\r\n", "no proper Content-Length"),
    (b"x" * 5000, "no proper Content-Length"),
    (b"Content-Length: 10\r\n\r\n{}", "is cut off"),
    (b"Content-Le", "ends in its header"),
    (b"", ""),
])
def test_bad_framing(client, data, says):
    """Ends with an error, at once and without a crash."""
    client.process.stdin.write(data)
    client.process.stdin.close()
    assert client.process.wait(timeout=60) == 1
    told = client.process.stderr.read().decode()
    assert says in told and "Sanitizer" not in told and "runtime error" not in told


@pytest.mark.parametrize("message", [
    b"{", b"[]", b'"x"', b"{}", b'{"method": 3}', b'{"id": 1}', b'{"id": {}, "method": "initialize"}', b"\xff", b'{"a": 1, "a": 2}', b"[" * 5000,
])
def test_bad_messages(client, message):
    """A message that makes no sense is answered or passed over; the session goes on."""
    client.start()
    client.send_raw(b"Content-Length: %d\r\n\r\n" % len(message) + message)
    assert len(client.open(URI, TEXT)["diagnostics"]) == 1
    assert client.stop()[0] == 0


@pytest.mark.parametrize("method, params", [
    ("textDocument/didOpen", {}),
    ("textDocument/didOpen", {"textDocument": {"uri": 1, "text": 2}}),
    ("textDocument/didChange", {"textDocument": {"uri": "untitled:none"}, "contentChanges": [{"text": ""}]}),
    ("textDocument/didClose", {"textDocument": {"uri": "untitled:none"}}),
    ("textDocument/didSave", {}),
    ("exit-not", {"x": 1}),
])
def test_bad_notifications(client, method, params):
    client.start()
    client.notify(method, params)
    assert len(client.open(URI, TEXT)["diagnostics"]) == 1
    assert client.stop()[0] == 0


@pytest.mark.parametrize("change", [{}, {"text": 1}, {"text": "x", "range": {}}, {"text": "x", "range": span(1, 0, 0, 0)},
                                    {"text": "x", "range": {"start": at(-1, 0), "end": at(0, 0)}}])
def test_a_bad_change_closes_its_document(client, change):
    """Going on with another text than the client's would tell it nonsense."""
    client.start()
    client.open(URI, TEXT)
    client.change(URI, 2, change)
    ask = {"textDocument": {"uri": URI}}
    assert client.request("textDocument/documentSymbol", ask)["result"] == []
    assert len(client.open(URI, TEXT, 3)["diagnostics"]) == 1
    status, told = client.stop()
    assert status == 0 and "does not fit" in told


def test_what_cannot_be_checked_is_said(client):
    client.start()
    told = client.open(URI, "# " + "x" * (5 << 20))
    assert [d["severity"] for d in told["diagnostics"]] == [1]
    client.change(URI, 2, {"text": TEXT})
    assert len(client.diagnostics(URI)["diagnostics"]) == 1
    assert client.stop()[0] == 0


def test_settings_and_files(oakum, tmp_path):
    """Overrides of oakum.yaml hold for documents that are files; a broken file is told at the start."""
    (tmp_path / "oakum.yaml").write_text("lint:\n  only: [DL3020]\n  no-shellcheck: true\n  overrides:\n    - files: [\"tests/**\"]\n      rules: {DL3020: off}\n")
    c = Client([oakum, "lint", "--lsp"], cwd=tmp_path)
    c.start()
    assert len(c.open((tmp_path / "Dockerfile").as_uri(), TEXT)["diagnostics"]) == 1
    assert len(c.open((tmp_path / "tests/Dockerfile").as_uri(), TEXT)["diagnostics"]) == 0
    assert c.stop() == (0, "")
    (tmp_path / "oakum.yaml").write_text("lint: {rules: {DL9999: off}}\n")
    c = Client([oakum, "lint", "--lsp"], cwd=tmp_path, text=False)
    assert c.process.wait(timeout=60) == 1 and b"oakum.yaml:1:16" in c.process.stderr.read()


def test_shellcheck_on_open_and_save(oakum, tmp_path):
    """What shellcheck says comes when a document is opened and when it is saved."""
    c = Client([oakum, "lint", "--lsp", "--config", "none"], cwd=tmp_path)
    c.start()
    text = "FROM debian:12\nRUN echo $HOME\n"
    codes = lambda told: [d["code"] for d in told["diagnostics"] if d["code"].startswith("SC")]
    assert codes(c.open(URI, text)) == ["SC2086"]
    c.change(URI, 2, {"text": text + "USER 1\n"})
    assert codes(c.diagnostics(URI)) == []
    c.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    assert codes(c.diagnostics(URI)) == ["SC2086"]
    assert c.stop()[0] == 0

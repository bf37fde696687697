"""A small client of the language server protocol, for tests and for bench/lsp."""
import json
import subprocess


class Client:
    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.number, self.notes = 0, []

    def send_raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def read(self):
        length = None
        while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
            name, value = line.split(b":")
            assert name == b"Content-Length"
            length = int(value)
        assert length is not None, self.process.stderr.read().decode()
        return json.loads(self.process.stdout.read(length))

    def notify(self, method, params=None):
        self.send({"method": method, "params": params or {}})

    def request(self, method, params=None):
        """The answer; what the server tells meanwhile goes to `notes`."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params or {}})
        while (message := self.read()).get("id") != self.number:
            self.notes.append(message)
        return message

    def diagnostics(self, uri):
        """The next diagnostics of the document."""
        while True:
            for i, note in enumerate(self.notes):
                if note.get("method") == "textDocument/publishDiagnostics" and note["params"]["uri"] == uri:
                    return self.notes.pop(i)["params"]
            self.notes.append(self.read())

    def open(self, uri, text, version=1):
        self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "dockerfile", "version": version, "text": text}})
        return self.diagnostics(uri)

    def change(self, uri, version, *changes):
        self.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)})

    def start(self):
        answer = self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.notify("initialized")
        return answer["result"]

    def stop(self):
        assert self.request("shutdown")["result"] is None
        self.notify("exit")
        status = self.process.wait(timeout=60)
        return status, self.process.stderr.read().decode()


def at(line, character):
    return {"line": line, "character": character}


def span(line, start, end_line, end):
    return {"start": at(line, start), "end": at(end_line, end)}

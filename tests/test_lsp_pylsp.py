"""The plugin of python-lsp-server, in that server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pylsp", reason="python-lsp-server is not installed")

from flake8_paramassign.lsp.texts import Text

TEXT = """\
import torch
from torch import nn

net = nn.Linear(2, 2)
'🎉'; net.weight = torch.zeros(2, 2)
"""
# The server with our entry point, whatever is installed.
ENTRY = """\
import sys
from importlib import metadata
entry = metadata.EntryPoint("paramassign", "flake8_paramassign.lsp.pylsp", "pylsp")
import pluggy
load = pluggy.PluginManager.load_setuptools_entrypoints
def with_ours(self, group, name=None):
    count = load(self, group, name)
    if group == "pylsp" and not self.has_plugin("paramassign"):
        self.register(entry.load(), name="paramassign")
    return count
pluggy.PluginManager.load_setuptools_entrypoints = with_ours
from pylsp.__main__ import main
sys.argv = ["pylsp"]
main()
"""


class Server:
    """python-lsp-server, spoken to in bytes: clients with types refuse its answers."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENTRY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.uri = (folder / "a.py").as_uri()
        self.request(
            "initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}}
        )
        self.send({"method": "initialized", "params": {}})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert self.process.stdout
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            message: dict[str, Any] = json.loads(self.process.stdout.read(length))
            if wanted(message):
                return message

    def request(self, method: str, params: dict[str, Any]) -> Any:
        self.send({"id": 1, "method": method, "params": params})
        return self.receive(lambda message: message.get("id") == 1 and "result" in message)[
            "result"
        ]

    def open(self, text: str = TEXT) -> list[dict[str, Any]]:
        """Open a document and return our findings in it."""
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        is_news = "textDocument/publishDiagnostics"
        shown = self.receive(lambda message: message.get("method") == is_news)
        return [d for d in shown["params"]["diagnostics"] if d["source"] == "paramassign"]

    def actions(self, line: int, character: int) -> list[dict[str, Any]]:
        """Return what can be done at a place of the document."""
        place = {"line": line, "character": character}
        params = {
            "textDocument": {"uri": self.uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": []},
        }
        actions: list[dict[str, Any]] = self.request("textDocument/codeAction", params)
        return actions

    def configure(self, **settings: object) -> None:
        plugins = {"paramassign": settings}
        params = {"settings": {"pylsp": {"plugins": plugins}}}
        self.send({"method": "workspace/didChangeConfiguration", "params": params})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.process.kill()
    server.process.wait()


def test_the_plugin_is_declared() -> None:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text()
    declared = '[project.entry-points."pylsp"]\nparamassign = "flake8_paramassign.lsp.pylsp"\n'
    assert declared in text


def test_fixes_are_offered_and_findings_are_left_to_flake8(server: Server) -> None:
    assert server.open() == []
    actions = server.actions(4, 7)
    ours = [action for action in actions if "PRM101" in action["title"]]
    assert [action["kind"] for action in ours] == ["quickfix", "quickfix"]
    [[edit, *_]] = ours[1]["edit"]["changes"].values()
    end = edit["range"]["start"]
    assert edit["newText"] == "  # noqa: PRM101"
    assert Text(TEXT).position((end["line"], end["character"])).column == 35
    assert "source.fixAll.paramassign" in {action["kind"] for action in actions}


def test_findings_are_shown_where_they_are_wanted(server: Server) -> None:
    server.configure(diagnostics=True, severity={"PRM1": "error"})
    [found] = server.open()
    assert (found["code"], found["severity"]) == ("PRM101", 1)
    assert found["range"]["start"] == {"line": 4, "character": 6}


def test_a_fix_may_be_a_change_of_another_file(server: Server, tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("def listed(model):\n    '🎉'; return model.parameters()\n")
    server.open(
        "from torch import nn, optim\nfrom helper import listed\nps = listed(nn.Linear(2, 2))\n"
        "for p in ps:\n    print(p)\noptim.SGD(ps)\n"
    )
    [edits] = [a["edit"]["changes"] for a in server.actions(5, 0) if "PRM109" in a["title"]][:1]
    assert list(edits) == [helper.as_uri()]
    assert [edit["range"]["start"]["character"] for edit in edits[helper.as_uri()]] == [17, 35]

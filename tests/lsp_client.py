"""A client of the language server, as a test uses it: it opens, types, and chooses."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from flake8_paramassign.diagnostics import Edit
from flake8_paramassign.lsp.texts import Place, Text

SERVER = ClientServerConfig(server_command=[sys.executable, "-m", "flake8_paramassign.lsp"])
SECONDS = 60
"""How long anything may take before a test gives up."""


class _Shown(dict[str, Sequence[types.Diagnostic]]):
    """What a client shows of each text, and all that it was ever told to show."""

    def __init__(self) -> None:
        super().__init__()
        self.news: asyncio.Queue[tuple[str, Sequence[types.Diagnostic]]] = asyncio.Queue()

    def __setitem__(self, uri: str, diagnostics: Sequence[types.Diagnostic]) -> None:
        super().__setitem__(uri, diagnostics)
        self.news.put_nowait((uri, diagnostics))


@dataclass
class Editor:
    """A client whose server looks at ``folder``."""

    client: LanguageClient
    folder: Path
    registered: list[types.Registration] = field(default_factory=list)
    """What the server asked to be told of."""
    _shown: _Shown = field(default_factory=_Shown)

    async def start(
        self, options: object = None, encoding: str | None = "utf-16", **workspace: Any
    ) -> types.InitializeResult:
        """Introduce the client; ``workspace`` are capabilities besides the usual ones."""
        self.client.diagnostics = self._shown
        self.client.feature(types.CLIENT_REGISTER_CAPABILITY)(self._register())
        edit = types.WorkspaceEditClientCapabilities(document_changes=True)
        capabilities = types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(workspace_edit=edit, **workspace),
            general=types.GeneralClientCapabilities(
                position_encodings=[encoding] if encoding else None
            ),
        )
        folder = types.WorkspaceFolder(self.folder.as_uri(), "folder")
        return await self.client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                workspace_folders=[folder],
                initialization_options=options,
            )
        )

    def _register(self) -> Callable[[types.RegistrationParams], None]:
        def register(params: types.RegistrationParams) -> None:
            self.registered += params.registrations

        return register

    def uri(self, name: str) -> str:
        """Return the URI of a file in the folder."""
        return (self.folder / name).as_uri()

    async def open(self, name: str, text: str) -> list[types.Diagnostic]:
        """Open a text that need not be on the disk; return what is shown of it."""
        item = types.TextDocumentItem(self.uri(name), "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.shown(name)

    def type(self, name: str, version: int, text: str) -> None:
        """Replace a text."""
        document = types.VersionedTextDocumentIdentifier(version, self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def save(self, name: str) -> None:
        """Say that a text was saved."""
        document = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    async def shown(self, name: str) -> list[types.Diagnostic]:
        """Return what is shown next of a text: a file of the folder, or a URI."""
        wanted = name if ":" in name else self.uri(name)
        while True:
            uri, diagnostics = await asyncio.wait_for(self._shown.news.get(), SECONDS)
            if uri == wanted:
                return list(diagnostics)

    def seconds_of_the_server(self) -> float:
        """Return how long the server's process has worked so far, on Linux."""
        server: Any = self.client._server
        statistics = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, statistics[11:13])) / os.sysconf("SC_CLK_TCK")

    async def nothing_new(self) -> bool:
        """Return whether the server has nothing to say for a while."""
        await asyncio.sleep(0.5)
        return self._shown.news.empty()

    async def actions(
        self,
        name: str,
        start: Place = (0, 0),
        end: Place = (9999, 0),
        only: list[str] | None = None,
        shown: Sequence[types.Diagnostic] = (),
    ) -> list[types.CodeAction]:
        """Return what may be chosen between two places."""
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(name if ":" in name else self.uri(name)),
                types.Range(types.Position(*start), types.Position(*end)),
                types.CodeActionContext(list(shown), only),
            )
        )
        return [action for action in found or () if isinstance(action, types.CodeAction)]


def applied(text: str, edits: Sequence[Any], encoding: str = "utf-16") -> str:
    """Return ``text`` after the protocol's ``edits`` of it, which are as of one moment."""
    before = Text(text, encoding)

    def edit_of(edit: types.TextEdit) -> Edit:
        start, end = edit.range.start, edit.range.end
        return Edit(
            before.position((start.line, start.character)),
            before.position((end.line, end.character)),
            edit.new_text,
        )

    result = before
    for edit in sorted(map(edit_of, edits), key=lambda edit: edit.start, reverse=True):
        result = result.replaced(before.place(edit.start), before.place(edit.end), edit.content)
    return result.text

"""``paramassign-lsp``: findings while typing, their rules, and quick fixes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from flake8_paramassign import __version__
from flake8_paramassign.configuration import Configuration, ConfigurationError
from flake8_paramassign.discovery import is_left_out
from flake8_paramassign.failures import describe
from flake8_paramassign.findings import Finding
from flake8_paramassign.lsp.analysis import FIX_ALL, QUICK_FIX, Action, Analysis
from flake8_paramassign.lsp.documents import Documents, path_of
from flake8_paramassign.lsp.messages import action_of, diagnostic_of
from flake8_paramassign.lsp.options import Options
from flake8_paramassign.lsp.programs import Program

_T = TypeVar("_T")
_STACK = 256 * 1024 * 1024
"""Bytes for the analysis of nested code: Python's parser calls itself, in C."""
_SILENT = Configuration(ignore=("PRM",))
_WATCHED = ("**/*.{py,pyi}", "**/pyproject.toml", "**/.gitignore")


class Server:
    """One client's server: what is open, what was found in it, and the work still to do."""

    def __init__(self, connection: LanguageServer) -> None:
        """Answer on ``connection``."""
        self._connection = connection
        self._options = Options()
        self._documents = Documents()
        self._analyses: dict[str, Analysis] = {}
        """The last one of each program, which is dropped when the program changes."""
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, set[str]] = {}
        """The texts of each program that have diagnostics, which have to be taken back."""
        self._complaints: set[str] = set()
        threading.stack_size(_STACK)
        self._worker = ThreadPoolExecutor(1)  # The analysis is for one thread at a time.
        for method, (handler, options) in self._handlers().items():
            # A partial, as pygls marks what it is given.
            connection.feature(method, options)(partial(handler))

    def _handlers(self) -> Mapping[str, tuple[Callable[[Any], Any], Any]]:
        actions = types.CodeActionOptions(code_action_kinds=[QUICK_FIX, FIX_ALL])
        return {
            types.INITIALIZE: (self.initialize, None),
            types.INITIALIZED: (self.initialized, None),
            types.SHUTDOWN: (self.shutdown, None),
            types.TEXT_DOCUMENT_DID_OPEN: (self.opened, None),
            types.TEXT_DOCUMENT_DID_CHANGE: (self.changed, None),
            types.TEXT_DOCUMENT_DID_SAVE: (self.saved, None),
            types.TEXT_DOCUMENT_DID_CLOSE: (self.closed, None),
            types.NOTEBOOK_DOCUMENT_DID_OPEN: (self.notebook_opened, None),
            types.NOTEBOOK_DOCUMENT_DID_CHANGE: (self.notebook_changed, None),
            types.NOTEBOOK_DOCUMENT_DID_CLOSE: (self.notebook_closed, None),
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (self.files_changed, None),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: (self.settings_changed, None),
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (self.files_changed, None),
            types.TEXT_DOCUMENT_CODE_ACTION: (self.code_actions, actions),
            types.TEXT_DOCUMENT_HOVER: (self.hover, None),
        }

    # What the client says of itself.

    def initialize(self, params: types.InitializeParams) -> None:
        """Take the client's capabilities and settings."""
        workspace = params.capabilities.workspace
        edit = workspace and workspace.workspace_edit
        self._documents = Documents(
            types.PositionEncodingKind(self._connection.workspace.position_encoding).value,
            bool(edit and edit.document_changes),
        )
        self._take(params.initialization_options)

    async def initialized(self, _: types.InitializedParams) -> None:
        """Ask to be told of changed files, and load what the first fix will need."""
        self._worker.submit(_load)
        workspace = self._connection.client_capabilities.workspace
        watching = workspace and workspace.did_change_watched_files
        if watching and watching.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob) for glob in _WATCHED]
            registration = types.Registration(
                "paramassign-files",
                types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                types.DidChangeWatchedFilesRegistrationOptions(watchers),
            )
            await self._connection.client_register_capability_async(
                types.RegistrationParams([registration])
            )

    def settings_changed(self, params: types.DidChangeConfigurationParams) -> None:
        """Take new settings, which clients send under the server's name or as they are."""
        settings = params.settings
        if isinstance(settings, dict):
            settings = settings.get("paramassign", settings)
        if settings:
            self._take(settings)
            self._look_at_all()

    def _take(self, settings: object) -> None:
        try:
            self._options = Options.read(settings)
        except ConfigurationError as error:
            self._complain(str(error))

    def shutdown(self, _: None) -> None:
        """Do no more."""
        for task in self._waiting.values():
            task.cancel()
        self._worker.shutdown(wait=False, cancel_futures=True)

    # What happens to documents.

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        """Look at a document that was opened."""
        self._documents.open(params.text_document)
        self._look_at(params.text_document.uri, at_once=True)
        self._look_at_importers(params.text_document.uri)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """Look at a document once nothing more is typed."""
        self._documents.change(params.text_document, params.content_changes)
        self._look_at(params.text_document.uri)
        self._look_at_importers(params.text_document.uri)

    def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        """Look at all documents: what was saved may be imported by any."""
        self._look_at_all()

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        self._documents.close(params.text_document.uri)
        self._forget(params.text_document.uri)
        self._look_at_importers(params.text_document.uri)

    def notebook_opened(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Look at a notebook that was opened."""
        self._documents.open_notebook(params)
        self._look_at(params.notebook_document.uri, at_once=True)

    def notebook_changed(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Look at a notebook once nothing more is typed."""
        self._documents.change_notebook(params)
        self._look_at(params.notebook_document.uri)

    def notebook_closed(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook."""
        self._documents.close_notebook(params)
        self._forget(params.notebook_document.uri)

    def files_changed(self, _: object) -> None:
        """Look at all documents again: they may import what changed, or be configured by it."""
        self._complaints.clear()
        self._look_at_all()

    # The analysis.

    def _look_at_all(self) -> None:
        for owner in self._documents.owners():
            self._look_at(owner, at_once=True)

    def _look_at_importers(self, uri: str) -> None:
        """Look again at what rests on a text, once nothing more is typed."""
        path = path_of(uri)
        for owner in self._documents.owners():
            if owner != uri and owner in self._analyses and self._analyses[owner].rests_on(path):
                self._look_at(owner)

    def _look_at(self, owner: str, *, at_once: bool = False) -> None:
        """Have a program analysed, as it will be then, instead of any older version of it."""
        self._analyses.pop(owner, None)
        if task := self._waiting.pop(owner, None):
            task.cancel()
        task = asyncio.get_running_loop().create_task(self._show(owner, at_once))
        task.add_done_callback(self._ended)
        self._waiting[owner] = task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell of a defect of ours: nobody waits for a task's exception."""
        if not task.cancelled() and (error := task.exception()):
            self._complain(f"internal error, please report it: {describe(error)}")

    async def _show(self, owner: str, at_once: bool) -> None:
        if not at_once:
            await asyncio.sleep(self._options.debounce / 1000)
        analysis = self._analysis(owner)
        if analysis is None:
            return
        findings = await self._run(lambda: analysis.findings)
        # While a line is being written the program does not parse: what was found before stays.
        if at_once or analysis.parses:
            self._publish(owner, analysis.program, findings)

    def _publish(self, owner: str, program: Program, findings: Sequence[Finding]) -> None:
        uris = [*program.texts, *self._shown.get(owner, ())]
        shown: dict[str, list[types.Diagnostic]] = {uri: [] for uri in uris}
        for finding in findings if self._options.diagnostics else ():
            shown[program.uri(finding.cell)].append(
                diagnostic_of(finding, program, self._documents, self._options)
            )
        for uri, diagnostics in shown.items():
            self._connection.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, diagnostics, self._documents.version(uri))
            )
        self._shown[owner] = {uri for uri, diagnostics in shown.items() if diagnostics}

    def _forget(self, owner: str) -> None:
        """Take back what was shown of a program that is no longer open."""
        self._analyses.pop(owner, None)
        if task := self._waiting.pop(owner, None):
            task.cancel()
        for uri in self._shown.pop(owner, ()):
            self._connection.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, [])
            )

    def _analysis(self, owner: str) -> Analysis | None:
        """Return the analysis of a program as it is now; None where there is nothing to say."""
        if owner not in self._analyses:
            program = self._documents.program(owner)
            if program is None:
                return None
            configuration = self._configuration(Path(program.filename))
            unsaved = self._documents.unsaved()
            self._analyses[owner] = Analysis(program, configuration, unsaved)
        return self._analyses[owner]

    def _configuration(self, file: Path) -> Configuration:
        """Return what counts for a file: nothing is looked for where it is left out."""
        try:
            configuration = self._options.configuration_in(file.parent)
        except ConfigurationError as error:
            self._complain(str(error))
            configuration = Configuration()
        folders = (path_of(uri) for uri in self._connection.workspace.folders)
        root = next((Path(folder) for folder in folders if file.is_relative_to(folder)), None)
        if is_left_out(str(file), configuration.exclusion, root or file.parent):
            return _SILENT
        return configuration

    async def _run(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` returns, worked out beside the connection."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def _complain(self, message: str) -> None:
        """Show the user what is wrong, once."""
        if message not in self._complaints:
            self._complaints.add(message)
            self._connection.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, f"paramassign: {message}")
            )

    # What the client asks.

    async def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """Return what can be done about the findings in a range, and in the whole document."""
        uri, context = params.text_document.uri, params.context
        analysis = self._analysis(self._documents.owner(uri))
        if analysis is None:
            return []

        def choices() -> list[Action]:
            found: list[Action] = []
            if _is_wanted(QUICK_FIX, context.only):
                text = analysis.program.texts[uri]
                start, end = params.range.start, params.range.end
                found += analysis.actions(
                    uri,
                    text.position((start.line, start.character)),
                    text.position((end.line, end.character)),
                )
            if _is_wanted(FIX_ALL, context.only) and analysis.fix_all:
                found.append(analysis.fix_all)
            return found

        return [
            action_of(action, analysis.program, self._documents, context.diagnostics)
            for action in await self._run(choices)
        ]

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Return the rule of what is found at a place."""
        uri = params.text_document.uri
        analysis = self._analysis(self._documents.owner(uri))
        if analysis is None:
            return None
        place = params.position.line, params.position.character
        position = analysis.program.texts[uri].position(place)
        text = await self._run(lambda: analysis.explanation(uri, position))
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


def build() -> LanguageServer:
    """Return a server that is ready to be connected."""
    notebooks = types.NotebookDocumentSyncOptions(
        [
            types.NotebookDocumentFilterWithNotebook(
                "jupyter-notebook", [types.NotebookCellLanguage("python")]
            )
        ],
        save=True,
    )
    connection = LanguageServer(
        "paramassign-lsp",
        __version__,
        # Whole texts: pygls would have lines end at form feeds, too.
        text_document_sync_kind=types.TextDocumentSyncKind.Full,
        notebook_document_sync=notebooks,
    )
    Server(connection)
    return connection


def _is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Return whether a client that asks for the kinds ``only`` wants an action of ``kind``."""
    return only is None or any(f"{kind}.".startswith(f"{wanted}.") for wanted in only)


def _load() -> None:
    """Import what fixes need: it takes long."""
    import flake8_paramassign.fixes.fixing
    import flake8_paramassign.fixes.rewrites  # noqa: F401

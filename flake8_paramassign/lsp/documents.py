"""What is open in the editor, kept as the editor changes it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pygls import uris

from flake8_paramassign.checking import largest
from flake8_paramassign.files import read_regular
from flake8_paramassign.lsp.programs import Cell, File, Notebook, Program
from flake8_paramassign.lsp.texts import Text


@dataclass
class _Document:
    text: Text
    version: int | None
    is_python: bool


@dataclass
class Documents:
    """The open texts by their URIs, and which of them are cells of which notebook."""

    encoding: str = "utf-16"
    """What the editor counts characters in."""
    has_versions: bool = True
    """Whether the editor takes edits that say which version of a text they are for."""
    _texts: dict[str, _Document] = field(default_factory=dict)
    _notebooks: dict[str, list[str]] = field(default_factory=dict)
    """For each notebook, its cells in their order."""

    def open(self, item: types.TextDocumentItem) -> None:
        """Take a text that was opened."""
        text = Text(item.text, self.encoding)
        self._texts[item.uri] = _Document(text, item.version, item.language_id == "python")

    def change(
        self,
        document: types.VersionedTextDocumentIdentifier,
        changes: Iterable[types.TextDocumentContentChangeEvent],
    ) -> None:
        """Take the changes of a text, each to what the one before left."""
        known = self._texts[document.uri]
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                known.text = known.text.replaced(
                    (start.line, start.character), (end.line, end.character), change.text
                )
            else:
                known.text = Text(change.text, self.encoding)
        known.version = document.version

    def close(self, uri: str) -> None:
        """Forget a text."""
        self._texts.pop(uri, None)

    def open_notebook(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take a notebook that was opened, and the texts of its cells."""
        for item in params.cell_text_documents:
            self.open(item)
        notebook = params.notebook_document
        self._notebooks[notebook.uri] = [cell.document for cell in notebook.cells]

    def change_notebook(self, params: types.DidChangeNotebookDocumentParams) -> list[str]:
        """Take the changes of a notebook; return the URIs of the cells that are gone."""
        change = params.change.cells
        gone: list[str] = []
        if change and change.structure:
            array, cells = change.structure.array, self._notebooks[params.notebook_document.uri]
            new = [cell.document for cell in array.cells or ()]
            cells[array.start : array.start + array.delete_count] = new
            for item in change.structure.did_open or ():
                self.open(item)
            gone = [closed.uri for closed in change.structure.did_close or ()]
            for uri in gone:
                self.close(uri)
        for content in (change and change.text_content) or ():
            self.change(content.document, content.changes)
        return gone

    def close_notebook(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook and its cells."""
        self._notebooks.pop(params.notebook_document.uri, None)
        for cell in params.cell_text_documents:
            self.close(cell.uri)

    def version(self, uri: str) -> int | None:
        """Return the version of an open text; None where it has none, or is not open."""
        return self._texts[uri].version if uri in self._texts else None

    def owner(self, uri: str) -> str:
        """Return the URI of what the text is analysed with: its notebook, or itself."""
        return next((book for book, cells in self._notebooks.items() if uri in cells), uri)

    def owners(self) -> list[str]:
        """Return the URIs of all that is open and analysed as a whole."""
        return list(dict.fromkeys(map(self.owner, self._texts)))

    def program(self, owner: str) -> Program | None:
        """Return what is analysed as a whole, as it is now; None where it is not open."""
        if owner in self._notebooks:
            cells = [(uri, self._texts[uri]) for uri in self._notebooks[owner]]
            made = [Cell(uri, known.text, known.is_python) for uri, known in cells]
            return Notebook(path_of(owner), made) if made else None
        if owner not in self._texts:
            return None
        return File(path_of(owner), owner, self._texts[owner].text)

    def unsaved(self) -> dict[str, bytes]:
        """Return what the open Python files hold, saved or not, by their paths."""
        cells = {cell for known in self._notebooks.values() for cell in known}
        return {
            path: File(path, uri, known.text).data
            for uri, known in self._texts.items()
            if known.is_python and uri not in cells and os.path.isabs(path := path_of(uri))
        }

    def text_of(self, filename: str) -> tuple[str, Text]:
        """Return the URI and the text of a file, open or not; no text where it cannot be read."""
        path = str(Path(filename).absolute())
        uri = uris.from_fs_path(path) or path
        for known, document in self._texts.items():
            if path_of(known) == path:
                return known, document.text
        try:
            content = read_regular(path, largest(path))
            return uri, Text(content.decode("utf-8", "replace"), self.encoding)
        except OSError:
            return uri, Text("", self.encoding)


def path_of(uri: str) -> str:
    """Return the path of a file by its URI, or what a URI that is of no file has as its path."""
    path: str | None = uris.to_fs_path(uri)
    return path or uri.partition(":")[2]

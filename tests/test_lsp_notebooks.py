"""Notebooks in the language server: their cells are documents, analysed as one program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

pytest.importorskip("pytest_lsp", reason="the language server's client is not installed")

import pytest_lsp
from lsp_client import SERVER, Editor, applied
from lsprotocol import types
from pytest_lsp import LanguageClient

pytestmark = pytest.mark.asyncio

IMPORTS = "import torch\nfrom torch import nn\n%matplotlib inline"
MADE = "net = nn.Linear(4, 4)"
WRONG = '"🎉"; net.weight = torch.zeros(4, 4)'
LISTED = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
LISTED += "        self.layers = [nn.Linear(4, 4)]\n"


@pytest_lsp.fixture(config=SERVER)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


class Book:
    """A notebook in an editor, its cells named by their numbers."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.uri = editor.uri("a.ipynb")
        self.version = 1

    def cell(self, number: int) -> str:
        return f"vscode-notebook-cell:/a.ipynb#c{number}"

    def item(self, number: int, text: str, language: str = "python") -> types.TextDocumentItem:
        return types.TextDocumentItem(self.cell(number), language, 1, text)

    def open(self, *texts: str, language: str = "python") -> None:
        cells = [
            types.NotebookCell(types.NotebookCellKind.Code, self.cell(n))
            for n, _ in enumerate(texts, 1)
        ]
        notebook = types.NotebookDocument(self.uri, "jupyter-notebook", 1, cells)
        items = [self.item(n, text, language) for n, text in enumerate(texts, 1)]
        self.editor.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(notebook, items)
        )

    def change(self, change: types.NotebookDocumentCellChanges) -> None:
        self.version += 1
        document = types.VersionedNotebookDocumentIdentifier(self.version, self.uri)
        self.editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                document, types.NotebookDocumentChangeEvent(cells=change)
            )
        )

    def type(self, number: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        document = types.VersionedTextDocumentIdentifier(self.version + 1, self.cell(number))
        self.change(
            types.NotebookDocumentCellChanges(
                text_content=[types.NotebookDocumentCellContentChanges(document, list(changes))]
            )
        )

    async def shown(self, number: int) -> list[str]:
        """Return the codes that are shown next in a cell."""
        return [str(d.code) for d in await self.editor.shown(self.cell(number))]


@pytest.fixture
def book(client: LanguageClient, tmp_path: Path) -> Book:
    return Book(Editor(client, tmp_path))


def part(
    start: tuple[int, int], end: tuple[int, int], text: str
) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(
        types.Range(types.Position(*start), types.Position(*end)), text
    )


async def test_a_finding_is_shown_in_its_cell(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, MADE, WRONG)
    assert await book.shown(1) == []
    assert await book.shown(2) == []
    [found] = await book.editor.shown(book.cell(3))
    assert (found.code, found.range.start) == ("PRM101", types.Position(0, 6))


async def test_part_of_a_cell_is_typed(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, MADE, WRONG)
    assert await book.shown(3) == ["PRM101"]
    book.type(3, part((0, 6), (0, 9), "x"), part((0, 0), (0, 0), "x = net\n\n"))
    assert await book.shown(3) == ["PRM101"]
    book.type(3, part((0, 4), (0, 7), "None"))
    assert await book.shown(3) == []


async def test_cells_come_and_go_and_move(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, "net.requires_grad = False")
    assert await book.shown(2) == []
    new = types.NotebookCell(types.NotebookCellKind.Code, book.cell(9))
    book.change(
        types.NotebookDocumentCellChanges(
            structure=types.NotebookDocumentCellChangeStructure(
                types.NotebookCellArrayChange(1, 0, [new]), [book.item(9, MADE)]
            )
        )
    )
    assert await book.shown(2) == ["PRM203"]
    closed = [types.TextDocumentIdentifier(book.cell(2))]
    book.change(
        types.NotebookDocumentCellChanges(
            structure=types.NotebookDocumentCellChangeStructure(
                types.NotebookCellArrayChange(2, 1), did_close=closed
            )
        )
    )
    assert await book.shown(2) == []
    document = types.TextDocumentIdentifier(book.cell(9))
    book.editor.client.text_document_did_save(types.DidSaveTextDocumentParams(document))
    assert await book.shown(9) == []
    assert await book.editor.nothing_new()


async def test_a_cell_in_another_language_is_passed_over(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, MADE, WRONG, language="javascript")
    assert await book.shown(3) == []


async def test_a_fix_is_an_edit_of_the_cell(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, MADE, WRONG)
    await book.shown(3)
    [fix, *_] = await book.editor.actions(book.cell(3), (0, 6), (0, 6), ["quickfix"])
    changes = changes_of(fix)
    assert list(changes) == [book.cell(3)]
    expected = '"🎉"; net.weight.data.copy_(torch.zeros(4, 4))'
    assert applied(WRONG, changes[book.cell(3)]) == expected


async def test_everything_is_fixed_in_all_cells(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, MADE, WRONG, WRONG + ";")
    await book.shown(4)
    [action] = await book.editor.actions(book.cell(1), only=["source.fixAll"])
    changes = changes_of(action)
    assert set(changes) <= {book.cell(3), book.cell(4)}
    assert ".copy_(" in applied(WRONG, changes[book.cell(3)])


async def test_what_was_shown_is_taken_back_when_it_is_closed(book: Book) -> None:
    await book.editor.start()
    book.open(IMPORTS, MADE, WRONG)
    assert await book.shown(3) == ["PRM101"]
    cells = [types.TextDocumentIdentifier(book.cell(n)) for n in (1, 2, 3)]
    book.editor.client.notebook_document_did_close(
        types.DidCloseNotebookDocumentParams(types.NotebookDocumentIdentifier(book.uri), cells)
    )
    assert await book.shown(3) == []


def changes_of(action: types.CodeAction) -> dict[str, Sequence[object]]:
    """Return the edits of an action by document."""
    assert action.edit is not None and action.edit.document_changes is not None
    return {
        change.text_document.uri: change.edits
        for change in action.edit.document_changes
        if isinstance(change, types.TextDocumentEdit)
    }

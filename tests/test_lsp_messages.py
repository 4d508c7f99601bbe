"""What the language server says, in the protocol's words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("lsprotocol", reason="the extra lsp is not installed")

from lsprotocol import types

from flake8_paramassign.diagnostics import Diagnostic, Position, Related
from flake8_paramassign.findings import Finding
from flake8_paramassign.lsp.analysis import Analysis
from flake8_paramassign.lsp.documents import Documents
from flake8_paramassign.lsp.messages import action_of, diagnostic_of
from flake8_paramassign.lsp.options import Options
from flake8_paramassign.lsp.programs import Cell, File, Notebook
from flake8_paramassign.lsp.texts import Text

HERE = (Position(2, 0), Position(2, 4))
FINDING = Finding("/p/a.py", Diagnostic("PRM303", "stale-optimizer", "it is replaced", *HERE), {})


def related(*facts: Related, cell: int | None = None) -> Finding:
    return replace(FINDING, diagnostic=replace(FINDING.diagnostic, trace=facts), cell=cell)


def test_facts_are_related_information_in_the_same_file() -> None:
    program = File("/p/a.py", "file:///p/a.py", Text("'🎉'; opt = 1\nlast\n"))
    fact = Related("taken here", Position(1, 5), Position(1, 8))
    shown = diagnostic_of(related(fact), program, Documents(), Options())
    assert shown.related_information == [
        types.DiagnosticRelatedInformation(
            types.Location(
                "file:///p/a.py", types.Range(types.Position(0, 6), types.Position(0, 9))
            ),
            "taken here",
        )
    ]


@pytest.mark.parametrize("is_open", [False, True])
def test_facts_of_other_files_are_placed_in_their_texts(tmp_path: Path, is_open: bool) -> None:
    other = tmp_path / "other.py"
    documents = Documents()
    if is_open:
        documents.open(types.TextDocumentItem(other.as_uri(), "python", 1, "🎉 made\n"))
    else:
        other.write_text("🎉 made\n", "utf-8")
    program = File(str(tmp_path / "a.py"), "file:///p/a.py", Text("x\nlast\n"))
    fact = Related("made here", Position(1, 2), Position(1, 6), filename=str(other))
    shown = diagnostic_of(related(fact), program, documents, Options())
    assert shown.related_information is not None
    [information] = shown.related_information
    assert information.location.uri == other.as_uri()
    assert information.location.range.start == types.Position(0, 3)


def test_facts_of_other_cells_are_in_their_documents() -> None:
    cells = [Cell("cell:1", Text("made\n")), Cell("cell:2", Text("x\nlast\n"))]
    fact = Related("made here", Position(1, 0), Position(1, 4), cell=1)
    shown = diagnostic_of(related(fact, cell=2), Notebook("/a", cells), Documents(), Options())
    assert shown.related_information is not None
    [information] = shown.related_information
    assert information.location.uri == "cell:1"


def test_a_file_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    program = File("/p/a.py", "file:///p/a.py", Text("x\nlast\n"))
    fact = Related("made", Position(7, 2), Position(7, 6), filename=str(tmp_path / "gone.py"))
    shown = diagnostic_of(related(fact), program, Documents(), Options())
    assert shown.related_information is not None


@pytest.mark.parametrize(
    ("code", "severity"),
    [("PRM303", "Error"), ("PRM304", "Hint"), ("PRM101", "Warning"), ("PRM901", "Information")],
)
def test_the_longest_beginning_of_a_code_says_how_grave_it_is(code: str, severity: str) -> None:
    options = Options(severity={"PRM3": "hint", "PRM303": "error"})
    finding = replace(FINDING, diagnostic=replace(FINDING.diagnostic, code=code))
    program = File("/p/a.py", "file:///p/a.py", Text("x\nlast\n"))
    shown = diagnostic_of(finding, program, Documents(), options)
    assert shown.severity == types.DiagnosticSeverity[severity]


def test_a_fix_of_another_file_is_a_change_of_its_text(tmp_path: Path) -> None:
    """As it is in the editor, saved or not, and in the editor's columns."""
    helper = tmp_path / "helper.py"
    made = "from torch import nn\ndef make(x, d):\n    '🎉'; return nn.Parameter(x).to(d)\n"
    helper.write_text(made)
    text = (
        "from torch import nn\nfrom helper import make\nclass Model(nn.Module):\n"
        "    def __init__(self, x, d):\n        super().__init__()\n        self.w = make(x, d)\n"
    )
    program = File(str(tmp_path / "a.py"), (tmp_path / "a.py").as_uri(), Text(text))
    documents = Documents()
    documents.open(types.TextDocumentItem(helper.as_uri(), "python", 3, f"# new\n{made}"))
    analysis = Analysis(program, unsaved=documents.unsaved())

    [action, _] = analysis.actions(program.document, Position(6, 8), Position(6, 8))
    edit = action_of(action, program, documents, []).edit

    assert edit is not None
    assert edit.document_changes is not None
    [change] = edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document == types.OptionalVersionedTextDocumentIdentifier(helper.as_uri(), 3)
    places = [(each.range.start.line, each.range.start.character) for each in change.edits]
    assert places == [(3, 31), (3, 38)]
    assert analysis.fix_all is None

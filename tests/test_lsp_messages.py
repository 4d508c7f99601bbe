"""What the language server says, in the protocol's words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("lsprotocol", reason="the extra lsp is not installed")

from lsprotocol import types

from flake8_paramassign.diagnostics import Diagnostic, Position, Related
from flake8_paramassign.findings import Finding
from flake8_paramassign.lsp.documents import Documents
from flake8_paramassign.lsp.messages import diagnostic_of
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

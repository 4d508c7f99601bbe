"""What an editor is told of a program: findings, choices, explanations."""

from __future__ import annotations

import fix_fakes
import pytest

from flake8_paramassign import analysis
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Position
from flake8_paramassign.lsp.analysis import FIX_ALL, QUICK_FIX, Action, Analysis
from flake8_paramassign.lsp.programs import Cell, File, Notebook
from flake8_paramassign.lsp.texts import Text

URI = "file:///a.py"
START, END = Position(1, 0), Position(99, 0)


def file(text: str) -> File:
    return File("/a.py", URI, Text(text))


def notebook(*cells: str, python: bool = True) -> Notebook:
    made = [Cell(f"cell:{n}", Text(text), python) for n, text in enumerate(cells, 1)]
    return Notebook("/a.ipynb", made)


def applied(text: str, action: Action, uri: str = URI) -> str:
    result = Text(text)
    for edit in sorted(action.edits[uri], key=lambda edit: edit.start, reverse=True):
        result = result.replaced(
            result.place(edit.start), result.place(edit.end), result.written(edit)
        )
    return result.text


@pytest.mark.usefixtures("fake_analysis")
class TestFindings:
    def test_are_those_of_the_checker(self) -> None:
        known = Analysis(file("bad\n# noqa\nlost  # noqa\nrebound\n"))
        assert [f.diagnostic.code for f in known.findings] == ["PRM101"]
        known = Analysis(file("rebound\n"), Configuration(select=("PRM901",)))
        assert [f.diagnostic.code for f in known.findings] == ["PRM901"]

    def test_of_another_encoding_stand_where_they_are(self) -> None:
        known = Analysis(file("# coding: latin-1\né; 🎉; bad\n"))
        assert [f.diagnostic.start for f in known.findings] == [Position(2, 6)]

    def test_of_a_notebook_are_in_its_cells(self) -> None:
        program = notebook("lost\n", "%magic\r\nx; bad", "x")
        known = Analysis(program)
        assert [(program.uri(f.cell), f.diagnostic.start) for f in known.findings] == [
            ("cell:1", Position(1, 0)),
            ("cell:2", Position(2, 3)),
        ]

    def test_are_none_in_cells_that_are_no_python(self) -> None:
        assert Analysis(notebook("bad", python=False)).findings == []

    @pytest.mark.parametrize(("text", "parses"), [("bad", True), ("doubtful", False)])
    def test_tell_whether_the_program_parses(self, text: str, parses: bool) -> None:
        assert Analysis(file(text)).parses is parses


@pytest.mark.usefixtures("fake_analysis")
class TestActions:
    def test_mend_and_ignore_what_is_touched(self) -> None:
        text = "bad\r\nlost\r\n"
        fix, ignore = Analysis(file(text)).actions(URI, Position(1, 3), Position(1, 3))
        assert (fix.title, fix.kind, fix.is_preferred) == (
            "PRM101: write good (unsafe)", QUICK_FIX, False,
        )  # fmt: skip
        assert applied(text, fix) == "good\r\nlost\r\n"
        assert (ignore.title, ignore.kind) == ("Ignore PRM101 on this line", QUICK_FIX)
        assert applied(text, ignore) == "bad  # noqa: PRM101\r\nlost\r\n"

    def test_are_none_where_nothing_is_found(self) -> None:
        assert Analysis(file("bad\nx\n")).actions(URI, Position(2, 0), Position(2, 1)) == []

    def test_of_what_is_not_fixed_is_to_ignore_it(self) -> None:
        [action] = Analysis(file("lost\n")).actions(URI, START, END)
        assert action.title == "Ignore PRM102 on this line"

    def test_a_file_that_does_not_parse_is_not_to_be_ignored(self) -> None:
        assert Analysis(file("doubtful\n")).actions(URI, START, END) == []

    def test_add_lines_elsewhere_too(self) -> None:
        fix, _ = Analysis(file("x\nfar\n")).actions(URI, Position(2, 0), END)
        assert applied("x\nfar\n", fix) == "import torch\nx\ngood\n"

    def test_of_a_cell_are_edits_of_that_cell(self) -> None:
        fix, ignore = Analysis(notebook("bad", "bad")).actions("cell:2", START, END)
        assert list(fix.edits) == list(ignore.edits) == ["cell:2"]


class TestFixAll:
    @pytest.fixture(autouse=True)
    def fixes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(analysis, "analyze", fix_fakes.analyze)

    def test_makes_the_safe_fixes_again_until_none_is_left(self) -> None:
        text = "x\r\nold; danger\r\nf(f(1))\r\n"
        action = Analysis(file(text)).fix_all
        assert action is not None
        assert (action.title, action.kind) == ("Fix all: 3 safe fixes", FIX_ALL)
        assert applied(text, action) == "x\r\nnew; danger\r\ng(g(1))\r\n"
        assert [edit.start.line for edit in action.edits[URI]] == [2]

    def test_leaves_the_cells_alone_in_which_nothing_is_fixed(self) -> None:
        action = Analysis(notebook("old\n%magic", "x", "f(old)")).fix_all
        assert action is not None
        assert set(action.edits) == {"cell:1", "cell:3"}
        assert applied("old\n%magic", action, "cell:1") == "new\n%magic"
        assert applied("f(old)", action, "cell:3") == "g(new)"

    @pytest.mark.parametrize("text", ["danger\n", "shown\n", "stays\n", "x\n"])
    def test_is_nothing_without_a_safe_fix(self, text: str) -> None:
        assert Analysis(file(text)).fix_all is None

    def test_is_nothing_where_the_encoding_lacks_a_character(self) -> None:
        assert Analysis(file("# coding: latin-1\n'é'; old\n")).fix_all is not None
        assert Analysis(file("# coding: latin-1\n'🎉'; old\n")).fix_all is None


@pytest.mark.usefixtures("fake_analysis")
class TestExplanation:
    def test_has_message_prospects_and_rule(self) -> None:
        text = Analysis(file("bad\nlost\n")).explanation(URI, Position(1, 1))
        assert text.startswith("**[PRM101](https://")
        assert "'bad' is found\n\nFix (unsafe): write good.\n\n## What it does" in text

    def test_says_why_there_is_no_fix(self) -> None:
        text = Analysis(file("lost\n")).explanation(URI, Position(1, 1))
        assert "No fix: it has two readings." in text

    def test_is_empty_elsewhere(self) -> None:
        assert Analysis(file("x lost\n")).explanation(URI, Position(1, 1)) == ""

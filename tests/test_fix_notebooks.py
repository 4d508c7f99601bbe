"""A notebook is fixed as one program, and nothing but the lines that were fixed changes in it."""

from __future__ import annotations

import json
from typing import Any

import fix_fakes
import pytest

from flake8_paramassign import analysis
from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.fixes.edits import Damage
from flake8_paramassign.fixes.fixing import Fixer, Outcome
from flake8_paramassign.fixes.notebooks import NotebookProgram


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "analyze", fix_fakes.analyze)


def document(*cells: str | dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """Return a notebook of code cells, and of cells given as they are."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [{"data": {"image/png": "old"}, "output_type": "display_data"}],
                "source": cell.splitlines(keepends=True),
            }
            if isinstance(cell, str)
            else cell
            for cell in cells
        ],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def as_saved(notebook: dict[str, Any]) -> bytes:
    """Return the bytes that Jupyter writes."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def fix(data: bytes) -> tuple[bytes, Outcome]:
    return Fixer(Checker(Configuration())).fix(data, "a.ipynb")


def fixed(*cells: str) -> list[str]:
    """Return the cells after they were fixed; nothing else may have changed."""
    before = document(*cells)
    after = json.loads(fix(as_saved(before))[0])
    sources = ["".join(cell["source"]) for cell in after["cells"]]
    assert after == document(*sources)
    return sources


TEXT = {"cell_type": "markdown", "metadata": {}, "source": ["old é\n", "old"]}


@pytest.mark.parametrize(
    "other",
    [
        "!python run.py \\\n  --fast",
        "%%bash\nls\nls",
        "no python\nat all",
        "%%time",
        "x = 1\n!ls \\\n  -l\n",
    ],
)
def test_a_cell_that_is_no_python_stays_as_it_is(other: str) -> None:
    assert fixed("old", other, "x\nold") == ["new", other, "x\nnew"]


def test_the_cells_are_fixed_and_nothing_else() -> None:
    notebook = document("x = 1\nold", TEXT, "'é'; old\n", "", "f(f(1))")

    after, outcome = fix(as_saved(notebook))

    expected = document("x = 1\nnew", TEXT, "'é'; new\n", "", "g(g(1))")
    assert after == as_saved(expected)
    assert len(outcome.fixed) == 4
    assert (outcome.changed, outcome.problems) == (True, [])


@pytest.mark.parametrize("indent", [1, 2, 4, "\t", None])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("end", ["\n", ""])
def test_the_layout_of_the_file_is_kept(
    indent: int | str | None, ascii_only: bool, end: str
) -> None:
    def saved(source: str) -> bytes:
        text = json.dumps(document(source), indent=indent, ensure_ascii=ascii_only)
        return (text + end).encode()

    assert fix(saved("'é'; old"))[0] == saved("'é'; new")


def test_a_source_that_is_one_text_stays_one() -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "old\nold\n"}

    after, _ = fix(as_saved(document(cell)))

    assert after == as_saved(document({**cell, "source": "new\nnew\n"}))


def test_what_is_no_python_stays() -> None:
    cells = ["%time old\nold", "%%bash\nold\n", "old\nx = !ls \\\n  old\nold?\nold", "!pip old"]

    assert fixed(*cells) == [
        "%time old\nnew",
        "%%bash\nold\n",
        "new\nx = !ls \\\n  old\nold?\nnew",
        "!pip old",
    ]


def test_an_import_is_added_to_the_first_cell() -> None:
    assert fixed("x = 1", "torchy\n") == ["import torch\nx = 1", "torch\n"]


def test_what_is_left_is_told_by_cell() -> None:
    _, outcome = fix(as_saved(document("torchy\nstays", "x", "x\nstays  # noqa\nstays")))

    assert [(finding.where, reason) for finding, reason in outcome.left] == [
        ("a.ipynb:cell 1:3:1", "it likes it here"),
        ("a.ipynb:cell 3:3:1", "it likes it here"),
    ]
    assert [finding.where for finding in outcome.fixed] == ["a.ipynb:cell 1:1:1"]


def test_what_was_fixed_below_what_is_now_the_end_is_told() -> None:
    """The line that a later round takes away was fixed in an earlier one."""
    program = NotebookProgram.read(as_saved(document("x", "x")), "a.ipynb")
    [below] = fix_fakes.analyze(b"\n" * 20 + b"old\n")

    [finding] = program.findings([below], program.source)

    assert finding.cell == 2


def test_a_cell_that_is_no_program_is_said_and_the_others_are_fixed() -> None:
    after, outcome = fix(as_saved(document("old", "old = (", "old")))

    assert after == as_saved(document("new", "old = (", "new"))
    assert outcome.problems == ["a.ipynb:cell 2:1:1: the cell does not parse"]


def test_a_notebook_of_which_nothing_is_a_program_is_said() -> None:
    assert fix(as_saved(document("x = (")))[1].problems == [
        "a.ipynb:cell 1:1:1: the cell does not parse"
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{}", "not a notebook"),
        (as_saved(document("old", "x\ry")), "cell 2 holds a carriage return"),
        (as_saved(document("old #%paramassign end of cell 1\n")), "cell 1 holds"),
        (as_saved(document("old")).replace(b": ", b":   "), "its JSON is not laid out"),
    ],
)
def test_a_notebook_that_would_not_stay_what_it_is_stays_as_it_was(
    data: bytes, problem: str
) -> None:
    after, outcome = fix(data)

    assert (after, outcome.changed) == (data, False)
    assert len(outcome.problems) == 1
    assert outcome.problems[0].startswith(f"a.ipynb: not fixed: {problem}")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"pass  #", b"    pass  #", "a line that is not Python would change"),
        (b"#%paramassign end of cell 1\n", b"", "does not fit into the cells"),
        (b"#%paramassign end of cell 1\n", b"  #%paramassign end of cell 1\n", "does not fit"),
        (b"end of cell 2\n", b"end of cell 2\nx", "does not fit into the cells"),
    ],
)
def test_a_text_that_cannot_be_put_back_is_refused(old: bytes, new: bytes, reason: str) -> None:
    program = NotebookProgram.read(as_saved(document("%time", "x")), "a.ipynb")
    assert old in program.source

    with pytest.raises(Damage, match=reason):
        program.put_back(program.source.replace(old, new))


@pytest.mark.parametrize("source", ["x", "stays"])
def test_an_odd_layout_is_no_problem_where_there_is_nothing_to_fix(source: str) -> None:
    data = as_saved(document(source)).replace(b": ", b":   ")

    after, outcome = fix(data)

    assert (after, outcome.changed, list(outcome.problems)) == (data, False, [])


def test_a_cell_may_claim_an_encoding() -> None:
    assert fixed("# coding: latin-1\n'é'; old") == ["# coding: latin-1\n'é'; new"]


@pytest.mark.parametrize("ends", ["of the file", "in the cell", "of both"])
def test_windows_line_ends_stay(ends: str) -> None:
    before = as_saved(document("old\nx\nold\n", "old"))
    after = as_saved(document("new\nx\nnew\n", "new"))
    if ends != "of the file":
        before, after = (data.replace(b"\\n", b"\\r\\n") for data in (before, after))
    if ends != "in the cell":
        before, after = (data.replace(b"\n", b"\r\n") for data in (before, after))

    assert fix(before)[0] == after

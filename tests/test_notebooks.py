"""Notebooks are checked cell by cell, as one program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, Outcome

from flake8_paramassign.notebooks import Notebook


def notebook(*cells: str | dict[str, Any], **metadata: Any) -> bytes:
    """The bytes of a notebook; a cell that is no text is taken as it is."""
    as_cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        if isinstance(cell, str)
        else cell
        for cell in cells
    ]
    document = {"cells": as_cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


MARKDOWN = {"cell_type": "markdown", "metadata": {}, "source": ["bad\n", "lost\n"]}


@pytest.mark.usefixtures("fake_analysis")
class TestReport:
    def run(self, folder: Path, paramassign: Command, data: bytes, *options: str) -> Outcome:
        (folder / "a.ipynb").write_bytes(data)
        return paramassign(*options, "a.ipynb")

    def test_tells_the_cell_and_the_place_in_it(self, folder: Path, paramassign: Command) -> None:
        data = notebook("x = 1\nbad", MARKDOWN, "x\n\ny; lost\n", "", "bad")
        assert self.run(folder, paramassign, data).lines == [
            "a.ipynb:cell 1:2:1: PRM101 'bad' is found",
            "a.ipynb:cell 3:3:4: PRM102 'lost' is found",
            "a.ipynb:cell 5:1:1: PRM101 'bad' is found",
        ]

    def test_shows_source_and_fix(self, folder: Path, paramassign: Command) -> None:
        lines = self.run(folder, paramassign, notebook("x", "x\nbad"), "--output-format=full").lines
        assert lines[1:6] == [
            "    2 | bad",
            "      | ^^^",
            "      = unsafe fix: write good",
            "    2 - bad",
            "    2 + good",
        ]

    def test_json_has_the_cell(self, folder: Path, paramassign: Command) -> None:
        data = notebook("x", "x; bad")
        [finding] = json.loads(self.run(folder, paramassign, data, "--output-format=json").out)
        assert finding["cell"] == 2
        assert finding["location"] == {"row": 1, "column": 4}
        assert finding["end_location"] == {"row": 1, "column": 7}
        assert finding["fix"]["edits"][0]["location"] == {"row": 1, "column": 4}

    def test_a_fix_that_reaches_into_another_cell_is_left_out(
        self, folder: Path, paramassign: Command
    ) -> None:
        report = self.run(folder, paramassign, notebook("far", "far"), "--output-format=json")
        inside, across = json.loads(report.out)
        assert len(inside["fix"]["edits"]) == 2
        assert across["fix"] is None
        assert across["why_not_fixed"] == "the fix reaches into another cell"

    def test_comments_silence(self, folder: Path, paramassign: Command) -> None:
        data = notebook("bad  # noqa: PRM101\nlost", "bad  # noqa")
        assert self.run(folder, paramassign, data).lines == [
            "a.ipynb:cell 1:2:1: PRM102 'lost' is found"
        ]

    def test_a_cell_that_is_no_python_costs_no_other(
        self, folder: Path, paramassign: Command
    ) -> None:
        outcome = self.run(folder, paramassign, notebook("bad", "x = (\n1", "bad"))
        assert outcome.status == 2
        assert outcome.lines == [
            "a.ipynb:cell 1:1:1: PRM101 'bad' is found",
            "a.ipynb:cell 2:1:1: PRM001 the cell does not parse",
            "a.ipynb:cell 3:1:1: PRM101 'bad' is found",
        ]

    def test_is_found_in_folders_and_read_from_standard_input(
        self, folder: Path, paramassign: Command
    ) -> None:
        (folder / "a.ipynb").write_bytes(notebook("bad"))
        expected = ["a.ipynb:cell 1:1:1: PRM101 'bad' is found"]
        assert paramassign(".").lines == expected
        assert paramassign("--stdin-filename=a.ipynb", stdin=notebook("bad")).lines == expected

    def test_may_be_large_but_for_its_program(self, folder: Path, paramassign: Command) -> None:
        picture = {"cell_type": "markdown", "metadata": {}, "source": "x" * 11_000_000}
        assert self.run(folder, paramassign, notebook("bad", picture)).status == 1
        [line] = self.run(folder, paramassign, notebook(f"bad; '{'x' * 11_000_000}'")).lines
        assert line == "a.ipynb:cell 1:1:1: PRM001 larger than 10 MB"

    def test_gets_no_comments(self, folder: Path, paramassign: Command) -> None:
        data = notebook("bad")
        outcome = self.run(folder, paramassign, data, "--add-noqa")
        assert outcome.status == 2
        assert outcome.err.endswith("comments are not added to notebooks\n")
        assert (folder / "a.ipynb").read_bytes() == data

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"[]",
            b"{}",
            b'{"cells": 1, "metadata": {}}',
            b'{"cells": [{}], "metadata": {}}',
            b'{"worksheets": [], "metadata": {}}',
            b"[" * 100_000,
            b"\xff",
        ],
    )
    def test_what_is_no_notebook_is_one_finding(
        self, folder: Path, paramassign: Command, data: bytes
    ) -> None:
        outcome = self.run(folder, paramassign, data)
        assert outcome.status == 2
        [line] = outcome.lines
        assert line.startswith("a.ipynb:1:1: PRM001 not a notebook: ")

    def test_in_another_language_is_clean(self, folder: Path, paramassign: Command) -> None:
        data = notebook("bad <- 1", language_info={"name": "R"})
        assert self.run(folder, paramassign, data).status == 0


class TestProgram:
    @pytest.mark.parametrize(
        ("source", "python"),
        [
            ("x = 1", "x = 1\n"),
            ("%matplotlib inline\nx", "pass\nx\n"),
            ("!pip install torch\nx", "pass\nx\n"),
            ("!pip install \\\n  torch\nx", "pass\n\nx\n"),
            ("if x:\n    !ls\n    y", "if x:\n    pass\n    y\n"),
            ("files = !ls\nx", "files = None\nx\n"),
            ("a, b = %run x.py\nx", "a, b = None\nx\n"),
            ("x?\ny.z??\n?x\nx", "pass\npass\npass\nx\n"),
            ("%%time\nx\n%pwd", "pass\nx\npass\n"),
            ("%%timeit -n 1\nx", "pass\nx\n"),
            ("%%bash\nls\nls", "\n\n\n"),
            ("!ls \\\n  -l", "pass\n\n"),
            ("%%time", "pass\n"),
            ("x = (a\n% b)", "x = (a\n% b)\n"),
            ("await x", "await x\n"),
            ("x\r\ny", "x\ny\n"),
        ],
    )
    def test_is_what_ipython_would_run(self, source: str, python: str) -> None:
        read = Notebook.read(notebook(source))
        assert (read.text, read.broken) == (python, [])

    def test_has_the_cells_in_their_order(self) -> None:
        read = Notebook.read(notebook("x", MARKDOWN, "y\n", "z"))
        assert read.cells == {1: "x\n", 3: "y\n", 4: "z\n"}


@pytest.mark.usefixtures("folder")
def test_a_cell_knows_what_those_above_it_defined(folder: Path, paramassign: Command) -> None:
    cells = (
        "import torch\nfrom torch import nn",
        "%matplotlib inline\nlayer = nn.Linear(10, 5)",
        "layer.weight = torch.zeros(5, 10)",
    )
    (folder / "a.ipynb").write_bytes(notebook(*cells))
    [line] = paramassign("a.ipynb").lines
    assert line.startswith("a.ipynb:cell 3:1:1: PRM101 ")

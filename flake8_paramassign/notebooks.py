"""Jupyter notebooks: their code cells as one program, and places in it back in the cells."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from flake8_paramassign.diagnostics import Diagnostic, Edit, Fix, Position, Related
from flake8_paramassign.failures import not_analysed
from flake8_paramassign.findings import Finding
from flake8_paramassign.tables import parse_json

SUFFIX = ".ipynb"

_PYTHON_MAGICS = ("%%capture", "%%prun", "%%time", "%%timeit")
_MAGIC = re.compile(r"^([^\S\n]*)(?:[%!?](?:\\\n|[^\n])*|[\w.]+\?{1,2})$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(
    r"^([^\S\n]*(?=[\w.,\[\]])[\w.,\[\] ]+=\s*)[%!](?:\\\n|[^\n])*$", re.MULTILINE
)


class NotANotebook(ValueError):
    """The bytes are no notebook; the text says why, on one line."""


@dataclass(frozen=True)
class Notebook:
    """The code cells of a notebook in Python, by their numbers among all cells from 1.

    What IPython adds to Python is written as ``pass``; a cell that is still no Python is
    empty, and ``broken`` says so at its first line.
    """

    cells: dict[int, str]
    broken: list[Diagnostic]

    @classmethod
    def read(cls, data: bytes) -> Notebook:
        """Read a notebook in Jupyter's format 4; raises NotANotebook."""
        try:
            sources = dict(_sources(parse_json(data)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotANotebook(f"not a notebook: {type(error).__name__}: {error}") from None
        return cls.of(sources)

    @classmethod
    def of(cls, sources: Mapping[int, str]) -> Notebook:
        """Take the sources of code cells, by their numbers."""
        cells, broken, line = {}, [], 1
        for number, source in sources.items():
            python = _python(source)
            if python is None:
                python = "\n" * source.count("\n")
                broken.append(not_analysed("the cell does not parse", line))
            # Its lines are those of the source: magic at its end leaves an empty one.
            cells[number] = python if source.endswith("\n") else f"{python}\n"
            line += cells[number].count("\n")
        return cls(cells, broken)

    @property
    def text(self) -> str:
        """The program that the cells are when they run one after the other."""
        return "".join(self.cells.values())

    def in_cell(self, finding: Finding) -> Finding:
        """Return ``finding``, which is about ``text``, as one about the cell that it is in.

        A fix that reaches into other cells is left out.
        """
        diagnostic = finding.diagnostic
        number, start = self._place(diagnostic.start)
        above = diagnostic.start.line - start.line
        below = above + self.cells[number].count("\n")

        def moved(position: Position) -> Position:
            return replace(position, line=position.line - above)

        fix, why_not_fixed = diagnostic.fix, diagnostic.why_not_fixed
        if not fix or fix.filename is not None:
            pass
        elif all(above < edit.start.line <= edit.end.line <= below for edit in fix.edits):
            edits = (Edit(moved(e.start), moved(e.end), e.content) for e in fix.edits)
            fix = Fix(fix.message, fix.applicability, tuple(edits))
        else:
            fix, why_not_fixed = None, "the fix reaches into another cell"
        return Finding(
            finding.filename,
            replace(
                diagnostic,
                start=start,
                end=moved(diagnostic.end),
                fix=fix,
                why_not_fixed=why_not_fixed,
                trace=tuple(map(self._related, diagnostic.trace)),
            ),
            {n - above: line for n, line in finding.lines.items() if above < n <= below},
            number,
            finding.lines_elsewhere,
        )

    def _related(self, related: Related) -> Related:
        """Return ``related``, a place in ``text`` unless it names a file, as one in its cell."""
        if related.filename is not None:
            return related
        number, start = self._place(related.start)
        end = replace(related.end, line=related.end.line - related.start.line + start.line)
        return replace(related, start=start, end=end, cell=number)

    def _place(self, position: Position) -> tuple[int, Position]:
        """Return the number of the cell that holds ``position`` of ``text``, and where in it."""
        heights = (cell.count("\n") for cell in self.cells.values())
        starts = list(accumulate(heights, initial=0))
        index = bisect_right(starts, position.line - 1) - 1
        return list(self.cells)[index], replace(position, line=position.line - starts[index])


def _sources(document: Any) -> Iterator[tuple[int, str]]:
    """Yield number and source of each code cell, if the notebook is in Python."""
    metadata = document["metadata"]
    language = metadata.get("language_info", {}).get("name", "python")
    for number, cell in enumerate(document["cells"], 1):
        if language == "python" and cell["cell_type"] == "code":
            yield number, "".join(cell["source"]).replace("\r\n", "\n").replace("\r", "\n")


def _python(source: str) -> str | None:
    """Return ``source`` in Python, its lines where they are; None where it cannot be."""
    if _parses(source):
        return source
    first, newline, rest = source.partition("\n")
    if first.startswith("%%"):
        if first.split()[0] not in _PYTHON_MAGICS:
            return "\n" * source.count("\n")
        source = f"pass{newline}{rest}"
    python = _ASSIGNED_MAGIC.sub(lambda m: f"{m[1]}None" + "\n" * m[0].count("\n"), source)
    python = _MAGIC.sub(lambda m: f"{m[1]}pass" + "\n" * m[0].count("\n"), python)
    return python if _parses(python) else None


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True

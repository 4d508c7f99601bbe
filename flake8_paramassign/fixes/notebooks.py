"""A notebook as one Python text that is fixed like any other, and put back into its cells.

Comments in the text say where each cell ends, and which lines are not Python: fixing loses none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

from flake8_paramassign.diagnostics import Diagnostic, Position
from flake8_paramassign.findings import Finding, findings_in
from flake8_paramassign.fixes.edits import Damage
from flake8_paramassign.notebooks import NotANotebook, Notebook
from flake8_paramassign.source import Source
from flake8_paramassign.tables import parse_json

_MARK = "#%paramassign"


@dataclass(frozen=True)
class NotebookProgram:
    """A notebook, and the text that is made of it."""

    data: bytes
    filename: str
    notebook: Notebook
    """The cells with the comments."""
    foreign: dict[str, str]
    """What stands in a cell instead of each line of the text that is not Python there."""
    broken: Sequence[Finding]
    """The cells that are no program."""

    @classmethod
    def read(cls, data: bytes, filename: str) -> NotebookProgram:
        """Make the text of the notebook ``data``; raises NotANotebook."""
        plain = Notebook.read(data)
        document = parse_json(data)
        foreign: dict[str, str] = {}
        cells = {}
        for number, python in plain.cells.items():
            source = _source(document, number)
            if source.count("\r\n") == source.count("\n"):
                source = source.replace("\r\n", "\n")
            if "\r" in source or _MARK in source:
                raise NotANotebook(f"cell {number} holds a carriage return or {_MARK}")
            lines = python.split("\n")[:-1]
            for index, line in enumerate(source.removesuffix("\n").split("\n")):
                if line != lines[index]:
                    lines[index] += f"  {_MARK} line {len(foreign)}"
                    foreign[lines[index]] = line
            cells[number] = "\n".join([*lines, _end_of(number)])
        broken = map(plain.in_cell, findings_in(filename, plain.broken, Source(plain.text)))
        return cls(data, filename, Notebook(cells, []), foreign, list(broken))

    @property
    def source(self) -> bytes:
        """The text as a Python file."""
        return self.notebook.text.encode()

    def put_back(self, source: bytes) -> bytes:
        """Return the notebook with the text ``source`` in its cells.

        Raises Damage where that would change more than what was fixed.
        """
        if source == self.source:
            return self.data
        document = parse_json(self.data)
        encode = _layout(document, self.data)
        for number, cell in self._cells(source).items():
            if cell != self.notebook.cells[number]:
                lines = [self.foreign.get(line, line) for line in cell.split("\n")[:-2]]
                if any(_MARK in line for line in lines):
                    raise Damage("a line that is not Python would change")
                _set_source(document, number, "\n".join(lines))
        return encode(document)

    def findings(self, diagnostics: Iterable[Diagnostic], source: bytes) -> list[Finding]:
        """Return what was found in the text ``source``, which this has become, by cells."""
        notebook = Notebook(self._cells(source), [])
        text = Source(notebook.text)
        last = Position(len(text.starts) - 1, 0)
        within = (
            # What was fixed in an earlier round may have stood where there is no line any more.
            diagnostic if diagnostic.start < last else replace(diagnostic, start=last, end=last)
            for diagnostic in diagnostics
        )
        return list(map(notebook.in_cell, findings_in(self.filename, within, text)))

    def _cells(self, source: bytes) -> dict[int, str]:
        rest = source.decode()
        cells = {}
        for number in self.notebook.cells:
            cell, end, rest = rest.partition(_end_of(number))
            if not end or not (cell == "" or cell.endswith("\n")):
                raise Damage("what was fixed does not fit into the cells")
            cells[number] = cell + end
        if rest:
            raise Damage("what was fixed does not fit into the cells")
        return cells


def _end_of(cell: int) -> str:
    return f"{_MARK} end of cell {cell}\n"


def _source(document: Any, number: int) -> str:
    return "".join(document["cells"][number - 1]["source"])


def _set_source(document: Any, number: int, source: str) -> None:
    """Give a cell its new source in the form of the old: with a last newline or not, in a list."""
    before = _source(document, number)
    if before.endswith("\n"):
        source += "\n"
    if "\r\n" in before:
        source = source.replace("\n", "\r\n")
    cell = document["cells"][number - 1]
    as_list = isinstance(cell["source"], list)
    cell["source"] = re.findall(r"[^\n]*\n|[^\n]+", source) if as_list else source


def _layout(document: Any, data: bytes) -> Callable[[Any], bytes]:
    """Return what writes ``document`` as ``data``; raises Damage if nothing does."""
    newline = "\r\n" if b"\r\n" in data else "\n"
    for indent, ascii_only, end in product((1, 2, 4, "\t", None), (False, True), ("\n", "")):
        encode = partial(_encoded, indent=indent, ascii_only=ascii_only, end=end, newline=newline)
        if encode(document) == data:
            return encode
    raise Damage("its JSON is not laid out as notebook editors do")


def _encoded(
    document: Any, *, indent: int | str | None, ascii_only: bool, end: str, newline: str
) -> bytes:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only) + end
    text = text.replace("\n", newline)  # those between its parts: JSON escapes all others
    return text.encode(errors="surrogatepass")  # Half a character can be told to JSON.

"""What is open in an editor as the checker and the fixer take it: a file, or a notebook."""

from __future__ import annotations

import io
import json
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from flake8_paramassign.lsp.texts import Text
from flake8_paramassign.notebooks import SUFFIX


class Program(Protocol):
    """One version of what is analysed as a whole."""

    @property
    def filename(self) -> str:
        """The path of the file, or what stands for it."""

    @property
    def data(self) -> bytes:
        """What the file would hold if it were saved."""

    @property
    def texts(self) -> Mapping[str, Text]:
        """The open texts, by their URIs."""

    def uri(self, cell: int | None) -> str:
        """Return the URI of the text that a finding in ``cell`` is in."""

    def texts_in(self, data: bytes) -> dict[str, str] | None:
        """Return the texts of ``data``, a changed ``self.data``; None where they are not kept."""


@dataclass(frozen=True)
class File:
    """A Python file."""

    filename: str
    document: str
    """Its URI."""
    text: Text

    @cached_property
    def encoding(self) -> str:
        """The encoding that the text declares, or UTF-8."""
        head = "".join(self.text.source.between(1, min(2, len(self.text.source.starts))))
        try:
            return tokenize.detect_encoding(io.BytesIO(head.encode("utf-8", "replace")).readline)[0]
        except SyntaxError:
            return "utf-8"

    @property
    def data(self) -> bytes:
        """The bytes; a character that the encoding lacks is one other, so that places stay."""
        return self.text.text.encode(self.encoding, "replace")

    @property
    def texts(self) -> Mapping[str, Text]:
        """The one text."""
        return {self.document: self.text}

    def uri(self, cell: int | None) -> str:
        """Return the file's URI."""
        return self.document

    def texts_in(self, data: bytes) -> dict[str, str] | None:
        """Return the text of ``data``."""
        if self.data.decode(self.encoding) != self.text.text:
            return None
        return {self.document: data.decode(self.encoding)}


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook."""

    document: str
    """Its URI."""
    text: Text
    is_python: bool = True


@dataclass(frozen=True)
class Notebook:
    """A notebook; its cells are open texts, its file is not."""

    path: str
    cells: Sequence[Cell]

    @property
    def filename(self) -> str:
        """The path, with the suffix by which notebooks are known."""
        return self.path if self.path.endswith(SUFFIX) else f"{self.path}{SUFFIX}"

    @property
    def data(self) -> bytes:
        """The notebook in Jupyter's format."""
        cells = [
            {"cell_type": "code" if cell.is_python else "raw", "source": cell.text.text}
            for cell in self.cells
        ]
        document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        return json.dumps(document, indent=1).encode()

    @property
    def texts(self) -> Mapping[str, Text]:
        """The text of each cell."""
        return {cell.document: cell.text for cell in self.cells}

    def uri(self, cell: int | None) -> str:
        """Return the URI of the cell with this number; of the first for what has none."""
        return self.cells[(cell or 1) - 1].document

    def texts_in(self, data: bytes) -> dict[str, str] | None:
        """Return the texts of the cells of ``data``."""
        cells = json.loads(data)["cells"]
        return {cell.document: new["source"] for cell, new in zip(self.cells, cells, strict=True)}

"""The text of a file, and places in it.

Lines end where Python's parser ends them: at LF, CRLF or CR. ``str.splitlines`` would also
split at form feeds and other separators, and so disagree with every position ``ast`` gives.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from bisect import bisect_right
from functools import cached_property

from flake8_paramassign.diagnostics import Position

_MOST_BITS = 10_000
"""Of a number that is written in decimal."""

_LINE_END = re.compile(r"\r\n|\r|\n")


_NOT_FOR_FILES = frozenset(["punycode", "idna", "undefined"])
"""Encodings of names, for whose decoding a long text takes for ever."""


def decode(data: bytes) -> str:
    """The text of ``data`` by its BOM or encoding cookie, newlines untouched.

    Raises SyntaxError for an unknown encoding, UnicodeDecodeError where the bytes do not fit it.
    """
    return data.decode(encoding_of(data))


def encoding_of(data: bytes) -> str:
    """The encoding of ``data`` by its BOM or cookie; raises SyntaxError for one of no text."""
    lines = re.split(rb"\r\n|\r|\n", data, maxsplit=2)[:2]  # a cookie stands on one of them
    encoding, _ = tokenize.detect_encoding(io.BytesIO(b"\n".join(lines)).readline)
    codec = codecs.lookup(encoding)
    if codec.name in _NOT_FOR_FILES or not codec._is_text_encoding:
        raise SyntaxError(f"'{encoding}' is not a text encoding")
    return encoding


class _Long(int):
    """A number that Python refuses to write in decimal, for that takes the square of its length."""

    def __repr__(self) -> str:
        return hex(self)


_LONG = re.compile(r"0[xXoObB][0-9a-fA-F_]{3000}")


def name_long_numbers(tree: ast.Module, text: str) -> None:
    """Let the long numbers of a file be written as hexadecimal where its code is repeated."""
    if _LONG.search(text):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and type(node.value) is int:
                if node.value.bit_length() > _MOST_BITS:
                    node.value = _Long(node.value)


class Source:
    """Decoded text, with its lines and the positions of ``ast`` nodes."""

    def __init__(self, text: str) -> None:
        """Take the whole text of a file."""
        self.text = text

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins in ``text``."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def line_at(self, offset: int) -> int:
        """The number, from 1, of the line that holds ``offset``."""
        return bisect_right(self.starts, offset)

    def between(self, first: int, last: int) -> str:
        """Lines ``first`` to ``last``, both included, numbered from 1."""
        if first > last:
            return ""
        end = self.starts[last] if last < len(self.starts) else len(self.text)
        return self.text[self.starts[first - 1] : end]

    def lines_of(self, node: ast.stmt | ast.expr) -> str:
        """The whole lines a node stands on."""
        return self.between(node.lineno, node.end_lineno or node.lineno)

    def position(self, line: int, utf8_column: int) -> Position:
        """An ``ast`` position, whose column counts UTF-8 bytes, in code points."""
        text = self.between(line, line) if line <= len(self.starts) else ""
        if text.isascii():
            return Position(line, utf8_column)
        before = text.encode("utf-8", "surrogatepass")[:utf8_column]
        return Position(line, len(before.decode("utf-8", "replace")))

    def span(self, node: ast.stmt | ast.expr) -> tuple[Position, Position]:
        """Where a node begins and ends."""
        start = self.position(node.lineno, node.col_offset)
        if node.end_lineno is None or node.end_col_offset is None:
            return start, start
        return start, self.position(node.end_lineno, node.end_col_offset)

"""The top-level statements of a file, found without parsing it.

Of an imported file one class is wanted, or one function; parsing all of a large file for that
would cost more than the whole analysis of the file that imports it. An outline costs a look at
the beginnings of lines, and its parts are parsed when their names are asked for.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_TEXT = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*''',
    re.DOTALL,
)
"""Strings and comments, in which a line may begin with anything."""
_BEGINS = re.compile(r"^(?=[^\s#)\]}])(?!(?:elif|else|except|finally)\b)", re.MULTILINE)
_DEFINES = re.compile(r"(?:async\s+)?def\s+(\w+)|class\s+(\w+)")
_ASSIGNS = re.compile(r"(\w+)\s*(?::[^=\n]*)?=[^=\n]*(?:\n|$)")
_BINDS_MORE = re.compile(r"(?:import|from|if|try|with|for|while|async)\b|[\w, ()\[\]*]+=|\w+\s*:")
"""What else may bind names, which only parsing tells."""


@dataclass(frozen=True, slots=True)
class Part:
    """One or more statements: their text, and where they stand."""

    line: int
    text: str
    name: str | None
    """The one name that is bound; None where parsing has to tell."""

    def parse(self) -> list[ast.stmt]:
        """The statements, with the positions they have in the file. Raises SyntaxError."""
        return ast.parse("\n" * (self.line - 1) + self.text).body


def outline(text: str) -> Iterator[Part]:
    """The parts of a file that bind names; each with the line it begins at."""
    starts = _starts(text)
    line, seen = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        line += text.count("\n", seen, start)
        seen = start
        part = text[start:end]
        name = _bound_by(part)
        if name is not None:
            yield Part(line, part, name)
        elif _BINDS_MORE.match(part):
            yield Part(line, part, None)


def _starts(text: str) -> list[int]:
    """Where top-level statements begin; a decorator belongs to what it decorates."""
    long = [m.span() for m in _TEXT.finditer(text) if "\n" in m.group()]
    begins = [begin for begin, _ in long]
    starts: list[int] = []
    decorated = False
    for match in _BEGINS.finditer(text):
        offset = match.start()
        index = bisect_right(begins, offset) - 1
        if index >= 0 and long[index][0] < offset < long[index][1]:
            continue
        if text[max(offset - 3, 0) : offset].endswith(("\\\n", "\\\r\n")):
            continue
        if not decorated:
            starts.append(offset)
        decorated = text[offset] == "@"
    return starts


def _bound_by(part: str) -> str | None:
    head = part
    while head.startswith("@"):
        definition = re.search(r"^(?:async\s+def|def|class)\b", head, re.MULTILINE)
        if definition is None:
            return None
        head = head[definition.start() :]
    if defined := _DEFINES.match(head):
        return defined.group(1) or defined.group(2)
    assigned = _ASSIGNS.match(head)
    return assigned.group(1) if assigned else None

"""The top-level statements of a file, found without parsing it.

Of an imported file one class is wanted, or one function; parsing all of a large file for that
would cost more than the whole analysis of the file that imports it. An outline costs a look at
the beginnings of lines, and its parts are parsed when their names are asked for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flake8_paramassign.inference.beginnings import Spans, beginnings, long_strings, within
from flake8_paramassign.inference.unparsed import parsed_but_for_methods

_DEFINES = re.compile(r"(?:async\s+)?def\s+(\w+)|class\s+(\w+)")
_DECORATED = re.compile(r"^(?:async\s+def|def|class)\b", re.MULTILINE)
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
    strings: Spans = field(default_factory=list)
    """Where strings over several lines stand in the text."""

    def parse(self) -> list[ast.stmt]:
        """The statements, with the positions they have in the file. Raises SyntaxError."""
        if self.name is not None and re.match(r"class\b", _defined(self.text)):
            return parsed_but_for_methods(self.text, self.line, self.strings)
        return ast.parse("\n" * (self.line - 1) + self.text).body


def outline(text: str) -> Iterator[Part]:
    """The parts of a file that bind names; each with the line it begins at."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    strings = long_strings(text)
    starts = beginnings(text, strings)
    line, seen = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        line += text.count("\n", seen, start)
        seen = start
        part = text[start:end]
        name = _bound_by(part)
        if name is not None:
            yield Part(line, part, name, within(strings, start, end))
        elif _BINDS_MORE.match(part):
            yield Part(line, part, None)


def _bound_by(part: str) -> str | None:
    head = _defined(part)
    if defined := _DEFINES.match(head):
        return defined.group(1) or defined.group(2)
    assigned = _ASSIGNS.match(head)
    return assigned.group(1) if assigned else None


def _defined(part: str) -> str:
    """A part without its decorators."""
    definition = _DECORATED.search(part) if part.startswith("@") else None
    return part[definition.start() :] if definition else part

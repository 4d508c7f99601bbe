"""Where statements begin, as far as the beginnings of lines tell."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

Spans = list[tuple[int, int]]
"""Where something begins and ends in a text, in order."""

_QUOTED = "|".join(
    [
        r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""',
        r"'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''",
        r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"',
        r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'",
        r"#[^\n]*",
    ]
)
_TEXT = re.compile(_QUOTED, re.DOTALL)
"""Strings and comments, in which a line may begin with anything."""


def long_strings(text: str) -> Spans:
    """The strings of ``text`` that go over several lines."""
    return [match.span() for match in _TEXT.finditer(text) if "\n" in match.group()]


def within(spans: Spans, start: int, end: int) -> Spans:
    """Those of ``spans`` between two offsets, counted from the first of them."""
    first, last = bisect_left(spans, (start,)), bisect_left(spans, (end,))
    return [(begin - start, stop - start) for begin, stop in spans[first:last]]


def beginnings(text: str, strings: Spans, indentation: int = 0) -> list[int]:
    """Offsets of the lines on which statements begin that are indented so far, or less.

    ``text`` has LF for line ends, and ``strings`` over several lines, in which nothing begins.
    A decorator belongs to what it decorates. A line after a backslash, or one that begins with a
    closing bracket, begins no statement. ``else:`` and its like begin one where they end a block
    that is indented; at the top level they belong to their ``if``.
    """
    goes_on = r"(?!(?:elif|else|except|finally)\b)" if indentation == 0 else ""
    line = rf"\n(?=([ \t]{{0,{indentation}}}){goes_on}[^\s#)\]}}])"
    opened = [start for start, _ in strings]
    found: list[int] = []
    decorated = False
    for match in re.finditer(line, "\n" + text):
        offset = match.start()
        index = bisect_right(opened, offset) - 1
        if index >= 0 and strings[index][0] < offset < strings[index][1]:
            continue
        if text[max(offset - 2, 0) : offset] == "\\\n":
            continue
        if not decorated:
            found.append(offset)
        decorated = text.startswith("@", offset + len(match.group(1)))
    return found

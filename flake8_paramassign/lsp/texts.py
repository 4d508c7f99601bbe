"""An open text, and its places as an editor counts them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.source import Source

Place = tuple[int, int]
"""Line and character as the protocol has them: both from 0, characters in code units."""

_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@dataclass(frozen=True)
class Text:
    """A text, and the encoding whose code units an editor counts in it."""

    text: str
    encoding: str = "utf-16"

    @cached_property
    def source(self) -> Source:
        """The text by lines, which end where the protocol has them end."""
        return Source(self.text)

    def place(self, position: Position) -> Place:
        """Return the editor's name of ``position``."""
        codec, size = _UNITS[self.encoding]
        before = self._line(position.line)[: position.column]
        return position.line - 1, len(before.encode(codec, "surrogatepass")) // size

    def position(self, place: Place) -> Position:
        """Return what an editor means; behind a line's end is at its end, as the protocol says."""
        line, character = place
        if line >= len(self.source.starts):
            last = len(self.source.starts)
            return Position(last, len(self._line(last)))
        codec, size = _UNITS[self.encoding]
        before = self._line(line + 1).encode(codec, "surrogatepass")[: character * size]
        return Position(line + 1, len(before.decode(codec, "ignore")))

    def replaced(self, start: Place, end: Place, content: str) -> Text:
        """Return the text with ``content`` instead of what stands between the places."""
        first, last = self._offset(self.position(start)), self._offset(self.position(end))
        return Text(self.text[:first] + content + self.text[last:], self.encoding)

    def written(self, edit: Edit) -> str:
        """Return the content of ``edit`` with lines that end as the text's do there."""
        if "\r" in edit.content:
            return edit.content
        for number in (edit.start.line, edit.start.line - 1):
            line = self.source.between(number, number) if number else ""
            if newline := line[len(line.rstrip("\r\n")) :]:
                return edit.content.replace("\n", newline)
        return edit.content

    def edits_to(self, after: str) -> tuple[Edit, ...]:
        """Return what makes ``after`` of the text, by whole lines: the others are not touched."""
        old, new = self._lines(), Text(after)._lines()
        changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        return tuple(
            Edit(self._start_of(first), self._start_of(last), "".join(new[into:up_to]))
            for kind, first, last, into, up_to in changes
            if kind != "equal"
        )

    def _start_of(self, index: int) -> Position:
        """Return where the line with this index begins; behind the last, where the text ends."""
        if index < len(self.source.starts):
            return Position(index + 1, 0)
        last = len(self.source.starts)
        return Position(last, len(self._line(last)))

    def _lines(self) -> list[str]:
        return [self.source.between(n, n) for n in range(1, len(self.source.starts) + 1)]

    def _line(self, number: int) -> str:
        """Return a line without its end; none has no characters."""
        if number > len(self.source.starts):
            return ""
        return self.source.between(number, number).rstrip("\r\n")

    def _offset(self, position: Position) -> int:
        return self.source.starts[position.line - 1] + position.column

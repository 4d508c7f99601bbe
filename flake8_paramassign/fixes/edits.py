"""Edits on the bytes of a file: everything outside an edit stays as it was, byte for byte.

Positions count code points of the decoded text, as ``Diagnostic`` and ``Edit`` do.
"""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.source import Source, encoding_of


class NotText(Exception):
    """The bytes are no text in the encoding that they declare; says why, on one line."""


class Damage(Exception):
    """The edits would leave a file that is worse than before; says how, on one line."""


@dataclass(frozen=True)
class Text:
    """The decoded text of a file, and what it takes to write it back."""

    text: str
    encoding: str = "utf-8"
    bom: bytes = b""

    @classmethod
    def decode(cls, source: bytes) -> Text:
        """Decode as Python does: BOM, then the coding cookie, then UTF-8.

        Raises NotText where Python would refuse the file, and where encoding the text again
        would not give the same bytes.
        """
        bom = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
        try:
            declared = encoding_of(source)
            encoding = "utf-8" if bom else declared
            text = source[len(bom) :].decode(encoding)
            same = text.encode(encoding) == source[len(bom) :]
        except (SyntaxError, LookupError, UnicodeError) as error:
            raise NotText(" ".join(str(error).split())) from error
        if not same:
            raise NotText(f"cannot be written back in {encoding} without changing other bytes")
        return cls(text, encoding, bom)

    def encode(self) -> bytes:
        """Return the bytes of the file; raises Damage where its encoding lacks a character."""
        try:
            return self.bom + self.text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Damage(f"{self.encoding} cannot write {error.object[error.start]!r}") from error

    @cached_property
    def source(self) -> Source:
        """The text by lines."""
        return Source(self.text)

    def offset(self, position: Position) -> int:
        """Return the offset of ``position``; raises ValueError where the text has no such place."""
        if not 1 <= position.line <= len(self.source.starts):
            raise ValueError(f"no line {position.line}")
        line = self.source.between(position.line, position.line)
        if not 0 <= position.column <= len(line.rstrip("\r\n")):
            raise ValueError(f"line {position.line} has no column {position.column}")
        return self.source.starts[position.line - 1] + position.column

    def newline_at(self, number: int) -> str:
        """Return the newline that ends this line; on a last line, that of the line before."""
        for near in (number, number - 1):
            line = self.source.between(near, near) if near else ""
            if newline := line[len(line.rstrip("\r\n")) :]:
                return newline
        return "\n"

    def apply(self, edits: Iterable[Edit]) -> Text:
        """Return the text with ``edits`` made; they must not overlap.

        Their LF becomes the newline of the line where each begins; insertions at one place keep
        their order. Raises ValueError for an edit that overlaps another or lies outside the text.
        """
        pieces = []
        done = 0
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            start, end = self.offset(edit.start), self.offset(edit.end)
            if not done <= start <= end:
                raise ValueError("overlapping edits")
            pieces += [
                self.text[done:start],
                edit.content.replace("\n", self.newline_at(edit.start.line)),
            ]
            done = end
        return Text("".join([*pieces, self.text[done:]]), self.encoding, self.bom)

    def moved(self, position: Position, edits: Iterable[Edit]) -> Position:
        """Return where ``position`` stands once ``edits``, none of them around it, are made."""
        before = [edit for edit in edits if edit.end <= position]
        after = self.apply(before)
        offset = self.offset(position) + len(after.text) - len(self.text)
        line = after.source.line_at(offset)
        return Position(line, offset - after.source.starts[line - 1])

    @cached_property
    def parses(self) -> bool:
        """Whether the running Python accepts the text."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True

    @cached_property
    def comments(self) -> Counter[str]:
        """How often each comment stands in the text; raises Damage where that cannot be told."""
        lines = io.StringIO(self.text, newline=None)
        try:
            tokens = list(tokenize.generate_tokens(lines.readline))
        except (tokenize.TokenError, SyntaxError) as error:
            raise Damage("its comments cannot be told from its code") from error
        return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def checked(before: Text, after: Text) -> Text:
    """Return ``after``, an edited ``before``; raises Damage if it is not fit to be written.

    It must parse if ``before`` did, hold every comment of ``before`` and be writable in the
    file's encoding; its cookie must still name that encoding.
    """
    if before.parses and not after.parses:
        raise Damage("the result does not parse")
    lost = before.comments - after.comments
    if lost:
        raise Damage(f"the result loses a comment: {next(iter(lost))}")
    try:
        same = Text.decode(after.encode()) == after
    except NotText as error:
        raise Damage(f"the result is no text: {error}") from error
    if not same:
        raise Damage("the result declares another encoding")
    return after

"""Edits on the bytes of a file: everything outside an edit stays as it was, byte for byte.

Positions count code points of the decoded text, as ``Diagnostic`` and ``Edit`` do. Lines end
at LF, CRLF or CR and nowhere else: to ``ast`` a form feed, NEL or LINE SEPARATOR is a
character inside a line.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flake8_paramassign.diagnostics import Edit, Position

NEWLINE = re.compile(r"\r\n|\r|\n")
_LINE_END = re.compile(rb"(?<=\n)|(?<=\r)(?!\n)")


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
        lines = iter(_LINE_END.split(source, maxsplit=2))
        try:
            declared, _ = tokenize.detect_encoding(lambda: next(lines, b""))
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
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *(newline.end() for newline in NEWLINE.finditer(self.text))]

    def offset(self, position: Position) -> int:
        """Return the offset of ``position``; raises ValueError where the text has no such place."""
        if not 1 <= position.line <= len(self.line_starts):
            raise ValueError(f"no line {position.line}")
        start = self.line_starts[position.line - 1]
        offset = start + position.column
        end = NEWLINE.search(self.text, start)
        if not start <= offset <= (end.start() if end else len(self.text)):
            raise ValueError(f"line {position.line} has no column {position.column}")
        return offset

    def newline_at(self, offset: int) -> str:
        """Return the newline that ends the line of ``offset``; on a last line, the one before."""
        line = bisect_right(self.line_starts, offset) - 1
        newline = NEWLINE.search(self.text, self.line_starts[line])
        if newline is None and line > 0:
            newline = NEWLINE.search(self.text, self.line_starts[line - 1])
        return newline.group() if newline else "\n"

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
            pieces += [self.text[done:start], edit.content.replace("\n", self.newline_at(start))]
            done = end
        return Text("".join([*pieces, self.text[done:]]), self.encoding, self.bom)

    def moved(self, position: Position, edits: Iterable[Edit]) -> Position:
        """Return where ``position`` stands once ``edits``, none of them around it, are made."""
        before = [edit for edit in edits if edit.end <= position]
        after = self.apply(before)
        offset = self.offset(position) + len(after.text) - len(self.text)
        line = bisect_right(after.line_starts, offset)
        return Position(line, offset - after.line_starts[line - 1])

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
        lines = io.StringIO(NEWLINE.sub("\n", self.text), newline="\n")
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

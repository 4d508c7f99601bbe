"""Findings, and what they rest on, as bytes.

JSON, never pickle: what is read may have been written by anybody. Below it is what the findings
rest on, a line each, which is quicker to read. All is compressed by zlib, whose checksum tells
what is damaged.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Related
from flake8_paramassign.findings import Finding

_FASTEST = 1
_LARGEST = 50_000_000
"""Bytes that an entry may grow to."""

_Span: TypeAlias = Sequence[int]
"""Line and column where something begins, and where it ends."""


@dataclass(frozen=True)
class Entry:
    """What was found in a file."""

    findings: Sequence[Finding]
    rests_on: Collection[str]
    """What the disk was asked, and what it answered: ``Surroundings.told``."""
    has_fixes: bool
    """Whether fixes were looked for."""

    def packed(self) -> bytes:
        """Return it as bytes; none where a file has a name of several lines."""
        if any("\n" in line or line.count("\t") != 2 for line in self.rests_on):
            return b""
        values = self.has_fixes, [_from_finding(finding) for finding in self.findings]
        lines = json.dumps(values, separators=(",", ":")), *self.rests_on
        return zlib.compress("\n".join(lines).encode("utf-8", "surrogateescape"), _FASTEST)

    @classmethod
    def unpacked(cls, data: bytes, filename: str) -> Entry | None:
        """Return what was packed about ``filename``; None where it is damaged."""
        unzip = zlib.decompressobj()
        try:
            text = unzip.decompress(data, _LARGEST)
            if not unzip.eof:
                return None
            values, *rests_on = text.decode("utf-8", "surrogateescape").split("\n")
            has_fixes, findings = json.loads(values)
            return cls([_to_finding(filename, *f) for f in findings], rests_on, has_fixes)
        except (zlib.error, ValueError, TypeError, AttributeError, RecursionError):
            return None


def _from_finding(finding: Finding) -> list[Any]:
    d = finding.diagnostic
    fix = d.fix and [
        d.fix.message,
        d.fix.applicability.value,
        [[_from_span(edit), edit.content] for edit in d.fix.edits],
        d.fix.filename,
    ]
    trace = [[r.message, _from_span(r), r.filename, r.cell] for r in d.trace]
    said = [d.code, d.name, d.message, _from_span(d), fix, d.why_not_fixed, trace]
    lines, others = list(finding.lines.items()), list(finding.lines_elsewhere.items())
    return [said, lines, finding.cell, others]


def _to_finding(filename: str, said: Any, lines: Any, cell: int | None, others: Any) -> Finding:
    code, name, message, span, fix, why_not_fixed, trace = said
    related = tuple(Related(text, *_to_span(at), *where) for text, at, *where in trace)
    made = fix and _to_fix(*fix)
    diagnostic = Diagnostic(code, name, message, *_to_span(span), made, why_not_fixed, related)
    return Finding(filename, diagnostic, dict(lines), cell, dict(others))


def _to_fix(message: str, applicability: str, edits: Any, filename: str | None) -> Fix:
    made = tuple(Edit(*_to_span(span), content) for span, content in edits)
    return Fix(message, Applicability(applicability), made, filename)


def _from_span(place: Diagnostic | Edit | Related) -> _Span:
    return [place.start.line, place.start.column, place.end.line, place.end.column]


def _to_span(span: _Span) -> tuple[Position, Position]:
    line, column, end_line, end_column = span
    return Position(line, column), Position(end_line, end_column)

"""For people: the source line with carets, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from unicodedata import combining, east_asian_width

from flake8_paramassign.diagnostics import Applicability, Edit, Fix, Position, Related
from flake8_paramassign.findings import Finding, where
from flake8_paramassign.output.colour import green, red
from flake8_paramassign.output.text import headline
from flake8_paramassign.wording import masked

_LONGEST = 400
"""Characters of a source line that are shown."""


def render(findings: Sequence[Finding]) -> str:
    """Return a paragraph for each finding, and a last line that counts them."""
    if not findings:
        return ""
    paragraphs = ("\n".join((headline(finding), *details(finding))) for finding in findings)
    return "\n\n".join((*paragraphs, _summary(findings))) + "\n"


def details(finding: Finding) -> Iterator[str]:
    """Yield the lines below the headline: the source, the facts, the fix, where to read on."""
    diagnostic = finding.diagnostic
    yield from _marked(finding, diagnostic.start, diagnostic.end)
    for related in diagnostic.trace:
        yield from _fact(finding, related)
    if diagnostic.fix:
        yield f"      = {diagnostic.fix.applicability.value} fix: {diagnostic.fix.message}"
        yield from _rewritten(finding, diagnostic.fix)
    elif diagnostic.why_not_fixed:
        yield f"      = no fix: {diagnostic.why_not_fixed}"
    yield f"      = {diagnostic.url}"


def _marked(finding: Finding, start: Position, end: Position, note: str = "") -> Iterator[str]:
    """Yield the source line of a place, and what marks the place in it, with a note behind."""
    line = finding.lines.get(start.line)
    if line is not None:
        stop = end.column if end.line == start.line else len(line)
        first, last = _window(line, start.column)
        yield f"{start.line:>5} | {masked(line[first:last])}"
        marks = red(_carets(line[start.column : min(stop, last)]))
        yield f"      | {_blank(line[first : start.column])}{marks}{note}"


def _fact(finding: Finding, related: Related) -> Iterator[str]:
    """Yield what is said of a related place: under its source line, if that is at hand."""
    if related.filename is None and related.cell == finding.cell:
        yield from _marked(finding, related.start, related.end, f" {related.message}")
    else:
        place = where(related.filename or finding.filename, related.cell, related.start)
        yield f"      = {place}: {related.message}"


def _rewritten(finding: Finding, fix: Fix) -> Iterator[str]:
    """Yield the lines that the fix takes out and puts in, each run of edits in its place."""
    lines = finding.lines if fix.filename is None else finding.lines_elsewhere
    if fix.filename is not None:
        yield f"      = {where(fix.filename, None, fix.edits[0].start)}:"
    for edits in _runs(fix.edits):
        number = edits[0].start.line
        old = [lines.get(n, "") for n in range(number, edits[-1].end.line + 1)]
        new = _applied(edits, old)
        while old and new and old[-1] == new[-1]:
            del old[-1], new[-1]
        while old and new and old[0] == new[0]:
            del old[0], new[0]
            number += 1
        for sign, shown in ((red("-"), old), (green("+"), new)):
            for n, line in enumerate(shown, number):
                first, last = _window(line, edits[0].start.column)
                yield f"{n:>5} {sign} {masked(line[first:last])}"


def _runs(edits: Sequence[Edit]) -> list[list[Edit]]:
    """Return the edits, together where they share a line."""
    runs: list[list[Edit]] = []
    for edit in edits:
        if runs and edit.start.line <= runs[-1][-1].end.line:
            runs[-1].append(edit)
        else:
            runs.append([edit])
    return runs


def _applied(edits: Sequence[Edit], lines: Sequence[str]) -> list[str]:
    """Return ``lines``, the first of which is that of the first edit, after the edits."""
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def offset(position: Position) -> int:
        return starts[position.line - edits[0].start.line] + position.column

    text = "\n".join(lines)
    for edit in reversed(edits):
        text = text[: offset(edit.start)] + edit.content + text[offset(edit.end) :]
    return text.split("\n")


def _summary(findings: Sequence[Finding]) -> str:
    fixes = [finding.diagnostic.fix for finding in findings]
    counts = Counter(fix.applicability for fix in fixes if fix and fix.filename is None)
    elsewhere = sum(fix is not None and fix.filename is not None for fix in fixes)
    commands = {Applicability.SAFE: "--fix", Applicability.UNSAFE: "--fix --unsafe-fixes"}
    parts = [
        f"{n} to be mended by paramassign {command}" if not said else f"{n} more by {command}"
        for said, (n, command) in enumerate(
            (counts[kind], command) for kind, command in commands.items() if counts[kind]
        )
    ]
    if elsewhere:
        how = "more" if parts else "to be mended by paramassign --fix --unsafe-fixes"
        parts.append(f"{elsewhere} {how} where the file of the cause is fixed, too")
    total = f"{len(findings)} finding{'s' * (len(findings) != 1)}"
    return ": ".join([total, ", ".join(parts)]) if parts else total


def _window(line: str, column: int) -> tuple[int, int]:
    """Return what to show of ``line``: all, or of a line that nobody wrote what is near."""
    if len(line) <= _LONGEST:
        return 0, len(line)
    first = max(0, column - _LONGEST // 4)
    return first, first + _LONGEST


def _blank(text: str) -> str:
    """Return as much white space as ``text`` is wide."""
    return "".join("\t" if c == "\t" else " " * _width(c) for c in text)


def _carets(text: str) -> str:
    return "^" * max(1, sum(map(_width, text)))


def _width(character: str) -> int:
    """Return how many columns of a terminal ``character`` takes."""
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1

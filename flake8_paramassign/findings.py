"""A diagnostic in its file: what the command line reports."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flake8_paramassign.diagnostics import Diagnostic, Position
from flake8_paramassign.files import read_regular
from flake8_paramassign.patterns import absolute
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed
from flake8_paramassign.source import Source, decode
from flake8_paramassign.surroundings import LARGEST
from flake8_paramassign.wording import visible


@dataclass(frozen=True, slots=True)
class Finding:
    """``diagnostic`` in the file ``filename``.

    ``lines`` are the source lines, without newlines, that the diagnostic, its fix and its trace
    touch, by number; none under PRM001, which may be about a file that is nobody's source. In a
    notebook, places are those in ``cell``.
    """

    filename: str
    diagnostic: Diagnostic
    lines: Mapping[int, str]
    cell: int | None = None
    lines_elsewhere: Mapping[int, str] = field(default_factory=dict)
    """Those that the fix touches, where it is of another file."""

    @property
    def where(self) -> str:
        """``file:line:column``, counted from 1, as editors read it; ``cell n:`` in a notebook."""
        return where(self.filename, self.cell, self.diagnostic.start)

    def path_from(self, folder: Path) -> str:
        """Return the file's path from ``folder``, with slashes; absolute if it lies outside."""
        return path_from(folder, self.filename)

    def identity(self, folder: Path) -> tuple[str, str, str]:
        """Return what stays when lines are added above: file, code and source line."""
        line = self.lines.get(self.diagnostic.start.line, "")
        return self.path_from(folder), self.diagnostic.code, line.strip()


def path_from(folder: Path, filename: str) -> str:
    """Return the path of a file from ``folder``, with slashes; absolute if it lies outside."""
    path = absolute(filename)
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def where(filename: str, cell: int | None, start: Position) -> str:
    """Return ``file:line:column``, counted from 1; with ``cell n:`` in a notebook.

    It begins a line, so that it must not look like a command to a build service.
    """
    file = visible(filename)
    file = f"./{file}" if file.lstrip().startswith("::") else file
    file = f"{file}:cell {cell}" if cell else file
    return f"{file}:{start.line}:{start.column + 1}"


def findings_in(filename: str, diagnostics: Iterable[Diagnostic], source: Source) -> list[Finding]:
    """Return the findings of one file, with the lines of ``source`` that each needs."""

    def lines(diagnostic: Diagnostic) -> dict[int, str]:
        spans = [(diagnostic.start, diagnostic.end)]
        if diagnostic.fix and diagnostic.fix.filename is None:
            spans += [(edit.start, edit.end) for edit in diagnostic.fix.edits]
        spans += [(r.start, r.start) for r in diagnostic.trace if r.filename is None]
        return {} if diagnostic.code == NotAnalysed.code else _lines(spans, source)

    return [
        Finding(filename, diagnostic, lines(diagnostic), None, _lines_elsewhere(diagnostic))
        for diagnostic in diagnostics
    ]


def _lines(spans: Iterable[tuple[Position, Position]], source: Source) -> dict[int, str]:
    numbers = {n for start, end in spans for n in range(start.line, end.line + 1)}
    return {
        number: source.between(number, number).rstrip("\r\n")
        for number in sorted(numbers)
        if source.text and number <= len(source.starts)
    }


def _lines_elsewhere(diagnostic: Diagnostic) -> dict[int, str]:
    """Those that a fix touches in another file; none if that cannot be read any more."""
    fix = diagnostic.fix
    if fix is None or fix.filename is None:
        return {}
    try:
        source = Source(decode(read_regular(fix.filename, LARGEST)))
    except (OSError, SyntaxError, LookupError, ValueError):
        return {}
    return _lines(((edit.start, edit.end) for edit in fix.edits), source)


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """Return for each finding a name of its own, the same on every machine and as lasting."""
    seen: Counter[tuple[str, str, str]] = Counter()
    names = []
    for finding in findings:
        identity = finding.identity(Path.cwd())
        seen[identity] += 1
        text = "\0".join((*identity, str(seen[identity])))
        names.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return names

"""``# noqa`` comments, understood just as flake8 understands them, and two for whole files.

``# ruff: noqa`` and ``# paramassign: noqa`` silence a file, or the codes in it that they name.

Under flake8 itself none of this runs: flake8 does its own. The comment is looked for in the
raw text of the line, so that a string holding ``# noqa`` counts too.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence

from flake8_paramassign.diagnostics import Diagnostic, Position
from flake8_paramassign.rules import rule_names
from flake8_paramassign.source import Source

COMMENT = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_WHOLE_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)


_OF_LINTERS = re.compile(
    r"\s*#\s*(?:ruff|paramassign):\s*noqa(?::\s*(?P<codes>(?:[A-Z]+[0-9]+[,\s]*)+))?", re.IGNORECASE
)


def unsuppressed(diagnostics: Sequence[Diagnostic], source: Source) -> list[Diagnostic]:
    """Return the diagnostics of a file that none of its comments silences."""
    if "noqa" not in source.text.lower():
        return list(diagnostics)
    lines = [source.between(line, line) for line in range(1, len(source.starts) + 1)]
    of_linters = list(filter(None, map(_OF_LINTERS.match, lines)))
    if any(map(_WHOLE_FILE.match, lines)) or any(found["codes"] is None for found in of_linters):
        return []
    everywhere = tuple(code for found in of_linters for code in _codes_in(found))
    spans = comment_spans(source.text)

    def is_silenced(diagnostic: Diagnostic) -> bool:
        line = diagnostic.start.line
        first, last = spans.get(line, (line, line))
        text = source.between(first, last)
        return diagnostic.code.startswith(everywhere) or silences(text, diagnostic.code)

    return [diagnostic for diagnostic in diagnostics if not is_silenced(diagnostic)]


def unused(
    diagnostics: Sequence[Diagnostic], source: Source, looked_for: Collection[str]
) -> Iterator[tuple[Position, str]]:
    """Yield each code in a ``# noqa`` that silences nothing, and where the comment is.

    ``diagnostics`` are all of the file; what stands for rules that are not ``looked_for``, or of
    other linters, may be needed.
    """
    spans = comment_spans(source.text)
    for line in range(1, len(source.starts) + 1):
        first, last = spans.get(line, (line, line))
        comment = COMMENT.search(source.between(first, last)) if line == first else None
        for code in _codes_in(comment) if comment else ():
            ours = [known for known in rule_names() if known.startswith(code)]
            at_once = (d for d in diagnostics if first <= d.start.line <= last)
            if ours and set(ours) <= set(looked_for):
                if not any(d.code.startswith(code) for d in at_once):
                    offset = source.starts[first - 1] + comment.start() if comment else 0
                    at = source.line_at(offset)
                    yield Position(at, offset - source.starts[at - 1]), code


def _codes_in(comment: re.Match[str]) -> list[str]:
    return (comment["codes"] or "").replace(",", " ").split()


def silences(text: str, code: str) -> bool:
    """Return whether the first ``# noqa`` in ``text`` covers ``code``.

    Codes are prefixes, in upper case; a comment without codes covers everything.
    """
    comment = COMMENT.search(text)
    if comment is None:
        return False
    return comment["codes"] is None or code.startswith(tuple(_codes_in(comment)))


def comment_spans(text: str) -> dict[int, tuple[int, int]]:
    """Return for each line the first and the last line of those whose comments speak for it.

    Those are the lines of a string over several lines, or joined by backslashes. Brackets do
    not join: inside them each line has its own comment. Empty where the text has no tokens.
    """
    spans: dict[int, tuple[int, int]] = {}
    first = last = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            first = first or token.start[0]
            last = max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                spans.update(dict.fromkeys(range(first, last + 1), (first, last)))
                first = last = 0
    except (tokenize.TokenError, SyntaxError):
        return {}
    return spans

"""``# noqa`` comments, understood just as flake8 understands them.

Under flake8 itself none of this runs: flake8 does its own. The comment is looked for in the
raw text of the line, so that a string holding ``# noqa`` counts too.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.source import Source

COMMENT = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_WHOLE_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)


def unsuppressed(diagnostics: Sequence[Diagnostic], source: Source) -> list[Diagnostic]:
    """Return the diagnostics of a file that none of its comments silences."""
    if "noqa" not in source.text.lower():
        return list(diagnostics)
    lines = (source.between(line, line) for line in range(1, len(source.starts) + 1))
    if any(map(_WHOLE_FILE.match, lines)):
        return []
    spans = comment_spans(source.text)

    def is_silenced(diagnostic: Diagnostic) -> bool:
        line = diagnostic.start.line
        first, last = spans.get(line, (line, line))
        return silences(source.between(first, last), diagnostic.code)

    return [diagnostic for diagnostic in diagnostics if not is_silenced(diagnostic)]


def silences(text: str, code: str) -> bool:
    """Return whether the first ``# noqa`` in ``text`` covers ``code``.

    Codes are prefixes, in upper case; a comment without codes covers everything.
    """
    comment = COMMENT.search(text)
    if comment is None:
        return False
    codes = comment["codes"]
    return codes is None or code.startswith(tuple(codes.replace(",", " ").split()))


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

"""Asking a person about each fix."""

from __future__ import annotations

from collections.abc import Callable

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.fixes.diffs import coloured, unified
from flake8_paramassign.fixes.edits import Text
from flake8_paramassign.output import colour

_PROMPT = "Make this change? y(es), n(o), a(ll that follow), q(uit): "


class Asking:
    """Shows each change on standard output and takes the answer from standard input."""

    def __init__(self, *, in_colour: bool) -> None:
        """Begin with nothing answered."""
        self._in_colour = in_colour
        self._answer = ""

    @property
    def is_over(self) -> bool:
        """Whether the person has quit, so that every further change is declined."""
        return self._answer == "q"

    def about(self, filename: str) -> Callable[[Diagnostic, bytes, bytes], bool]:
        """Return what asks about each change of one file."""

        def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
            if self._answer not in {"a", "q"}:
                self._show(filename, diagnostic, before, after)
                self._answer = _answer()
            return self._answer in {"y", "a"}

        return accept

    def _show(self, filename: str, diagnostic: Diagnostic, before: bytes, after: bytes) -> None:
        diff = unified(filename, before, after).decode(Text.decode(before).encoding)
        note = f": {diagnostic.fix.message}" if diagnostic.fix else ""
        text = f"{coloured(diff)}{diagnostic.code} {diagnostic.message}{note}"
        print(text if self._in_colour else colour.plain(text))


def _answer() -> str:
    """Return the first letter of an answer that makes sense; without any, that of quit."""
    while True:
        try:
            answer = input(_PROMPT).strip().lower()[:1]
        except EOFError:
            print()
            return "q"
        if answer in {"y", "n", "a", "q"}:
            return answer

"""Asking a person about each fix."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flake8_paramassign.diagnostics import Applicability
from flake8_paramassign.findings import Finding
from flake8_paramassign.fixes.diffs import coloured, unified
from flake8_paramassign.fixes.edits import Text
from flake8_paramassign.output import colour

_PROMPT = "Make this change? y(es), n(o), a(ll that follow), q(uit): "


class Asking:
    """Shows each change on standard output and takes the answer from standard input."""

    def __init__(self, *, in_colour: bool, unsafe_fixes: bool) -> None:
        """Begin with nothing answered.

        "All that follow" are the unsafe ones, too, with ``unsafe_fixes``, or where it is said of
        an unsafe one.
        """
        self._in_colour = in_colour
        self._all_are = {Applicability.SAFE} | ({Applicability.UNSAFE} if unsafe_fixes else set())
        self._not_asked: set[Applicability] = set()
        self._is_waiting = False
        self.is_over = False
        """Whether the person has quit, so that every further change is declined."""
        self.is_interrupted = False
        """Whether that was by an interrupt."""

    def accepts(self, finding: Finding, before: bytes, after: bytes) -> bool:
        """Say whether to make the fix of ``finding``, which makes ``after`` of ``before``."""
        fix = finding.diagnostic.fix
        if self.is_over or fix is None:
            return False
        if fix.applicability in self._not_asked:
            return True
        self._show(finding, before, after)
        answer = self._answer()
        self.is_over = answer == "q"
        if answer == "a":
            self._not_asked = self._all_are | {fix.applicability}
        return answer in ("y", "a")

    def _show(self, finding: Finding, before: bytes, after: bytes) -> None:
        diagnostic = finding.diagnostic
        name = (diagnostic.fix and diagnostic.fix.filename) or finding.filename
        diff = unified(name, before, after).decode(Text.decode(before).encoding)
        text = f"{coloured(diff)}{finding.where}: {diagnostic.code} {diagnostic.message}"
        if diagnostic.fix:
            text = f"{text}\n{diagnostic.fix.applicability.value} fix: {diagnostic.fix.message}"
        print(text if self._in_colour else colour.plain(text))

    def _answer(self) -> str:
        """Return the first letter of an answer that makes sense; without any, that of quit."""
        while True:
            try:
                self._is_waiting = True
                answer = input(_PROMPT).strip().lower()[:1]
            except (EOFError, KeyboardInterrupt):
                print()
                return "q"
            finally:
                self._is_waiting = False
            if answer in ("y", "n", "a", "q"):
                return answer

    @contextmanager
    def quit_by_interrupt(self) -> Iterator[None]:
        """Have an interrupt quit: what was accepted is still written. A second one ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(number: int, frame: FrameType | None) -> None:
            is_second, self.is_over, self.is_interrupted = self.is_over, True, True
            if self._is_waiting or is_second:
                raise KeyboardInterrupt

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

"""The fix engine: rounds of edits until nothing is left to fix.

The command line, the editor and the libcst command all call ``fix_source``; it reads and
writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from flake8_paramassign.analysis import analyze
from flake8_paramassign.diagnostics import Applicability, Diagnostic, Position
from flake8_paramassign.fixes.edits import Damage, NotText, Text, checked
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.fixes.together import disjoint, edits_of
from flake8_paramassign.fixes.validation import validated
from flake8_paramassign.settings import DEFAULT, Settings

MAX_ROUNDS = 10

Accept = Callable[[Diagnostic, bytes, bytes], bool]
"""Told a finding and the file before and after its fix alone; says whether to make it."""


class Analyze(Protocol):
    """What finds the diagnostics of a file's bytes."""

    def __call__(self, source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
        """Return the findings of ``source``, sorted by position."""


def analyze_with_fixes(source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
    """Return the findings of ``source``, each with its fix or why there is none."""
    found = analyze(source, filename, settings=settings, rewrite=rewrite)
    return validated(found, source, filename, settings)


@dataclass(frozen=True)
class FixResult:
    """What became of a file."""

    source: bytes
    """The file's bytes after the last round."""
    fixed: list[Diagnostic] = field(default_factory=list)
    """The findings whose fix was made, each where it stood in the round that made it."""
    left: list[tuple[Diagnostic, str]] = field(default_factory=list)
    """The findings of ``source``, each with the reason why it is still there."""
    rounds: int = 0
    """How many rounds changed something."""
    problems: list[str] = field(default_factory=list)
    """Fixes that would have damaged the file and were not made: a line each, naming the rule."""


def fix_source(
    source: bytes,
    filename: str = "<unknown>",
    settings: Settings = DEFAULT,
    *,
    unsafe_fixes: bool = False,
    accept: Accept | None = None,
    analyze: Analyze = analyze_with_fixes,
) -> FixResult:
    """Make every fix that may be made in ``source``, again until none is left.

    ``unsafe_fixes`` allows those that are right for most programs only; ``accept`` is asked
    about each. ``filename`` is never read. Raises nothing of its own.
    """
    diagnostics = analyze(source, filename, settings=settings)
    allowed = _Allowed(unsafe_fixes)
    if not any(map(allowed.may_fix, diagnostics)):
        return FixResult(source, left=allowed.left(diagnostics))
    try:
        file = _File(Text.decode(source), accept)
    except NotText as error:
        return FixResult(source, left=allowed.left(diagnostics), problems=[str(error)])
    rounds = 0
    while rounds < MAX_ROUNDS and file.fix(filter(allowed.may_fix, diagnostics)):
        rounds += 1
        source = file.text.encode()
        diagnostics = analyze(source, filename, settings=settings)
    return FixResult(
        source, file.fixed, allowed.left(diagnostics, file.refused), rounds, file.problems
    )


class _Allowed:
    """Which fixes may be made, and why the others may not."""

    def __init__(self, unsafe_fixes: bool) -> None:
        self.applicabilities = {Applicability.SAFE} | (
            {Applicability.UNSAFE} if unsafe_fixes else set()
        )

    def may_fix(self, diagnostic: Diagnostic) -> bool:
        return self.may_mend(diagnostic) and not diagnostic.is_mended_elsewhere

    def may_mend(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.fix is not None and diagnostic.fix.applicability in self.applicabilities

    def left(
        self, diagnostics: Iterable[Diagnostic], refused: dict[_Finding, str] | None = None
    ) -> list[tuple[Diagnostic, str]]:
        reasons = refused or {}
        return [(d, reasons.get(_finding(d)) or self._why_left(d)) for d in diagnostics]

    def _why_left(self, diagnostic: Diagnostic) -> str:
        if diagnostic.fix is None:
            return diagnostic.why_not_fixed or "it has no fix"
        if self.may_fix(diagnostic):
            return f"not settled after {MAX_ROUNDS} rounds"
        if diagnostic.fix.applicability is Applicability.DISPLAY:
            return f"only shown: {diagnostic.fix.message}"
        if self.may_mend(diagnostic):
            return "its fix is of another file"
        return "its fix needs --unsafe-fixes"


_Finding = tuple[str, Position]


def _finding(diagnostic: Diagnostic) -> _Finding:
    return diagnostic.code, diagnostic.start


class _File:
    """The text as it stands, and what was decided about its findings so far."""

    def __init__(self, text: Text, accept: Accept | None) -> None:
        self.text = text
        self.accept = accept
        self.seen = {text.text}
        self.fixed: list[Diagnostic] = []
        self.refused: dict[_Finding, str] = {}
        self.problems: list[str] = []

    def fix(self, diagnostics: Iterable[Diagnostic]) -> bool:
        """Make one round of fixes; False where there is none to make."""
        waiting = list(diagnostics)
        kept: list[Diagnostic] = []
        # A refused fix frees those that overlap it: they need no new analysis.
        while not kept:
            waiting = [d for d in waiting if _finding(d) not in self.refused]
            if not waiting:
                return False
            kept = self._sound([], disjoint(waiting))
            if self.accept:
                kept = self._sound([], [d for d in kept if self._accepts(d, self.accept)])
        edits = edits_of(kept)
        self.refused = {
            (code, self.text.moved(start, edits)): reason
            for (code, start), reason in self.refused.items()
        }
        self.text = self.text.apply(edits)
        self.seen.add(self.text.text)
        self.fixed += kept
        return True

    def _sound(self, kept: list[Diagnostic], more: Sequence[Diagnostic]) -> list[Diagnostic]:
        """Return ``kept`` and those of ``more`` that leave a file fit to be written with it.

        A fix that fails alone is refused; one that fails beside others waits a round.
        """
        if not more:
            return kept
        try:
            self._result([*kept, *more])
        except (Damage, ValueError) as error:
            if len(more) > 1:
                half = len(more) // 2
                return self._sound(self._sound(kept, more[:half]), more[half:])
            if not kept:
                [guilty] = more
                self.refused[_finding(guilty)] = str(error)
                self.problems.append(
                    f"{guilty.code} at line {guilty.start.line} not fixed: {error}"
                )
            return kept
        return [*kept, *more]

    def _result(self, diagnostics: Sequence[Diagnostic]) -> Text:
        after = self.text.apply(edits_of(diagnostics))
        if after.text in self.seen:
            raise Damage("the result is what the file was before")
        return checked(self.text, after)

    def _accepts(self, diagnostic: Diagnostic, accept: Accept) -> bool:
        after = self.text.apply(edits_of([diagnostic]))
        if accept(diagnostic, self.text.encode(), after.encode()):
            return True
        self.refused[_finding(diagnostic)] = "declined"
        return False

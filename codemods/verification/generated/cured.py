"""Whether a finding is gone with its fix, for the linter and in the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from codemods.verification.generated.claims import ANYWHERE, shown_at
from codemods.verification.generated.meant import Reached, as_meant
from codemods.verification.generated.outcomes import (
    CURED,
    NOT_MEANT_TO_RUN,
    NOT_REACHED,
    OPEN,
    OTHER_DEFECT,
)
from codemods.verification.generated.witness import (
    Record,
    run,
    run_all,
    ways,
)
from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.rules import default_codes

TO_BE_WRITTEN = ("PRM201", "PRM202")
"""Rules of what is written to no Parameter, and should be."""


@dataclass(frozen=True)
class Treated:
    """A program, one of its findings, and the program with the fix of that alone."""

    source: str
    mended: str
    found: Diagnostic
    ends: frozenset[str]
    """What ends the program without the statement that is mended."""

    def outcome(
        self, before: Sequence[Record], told: Sequence[Diagnostic], later: Sequence[Diagnostic]
    ) -> str:
        """Return CURED, one of OPEN, or what is still wrong.

        ``before`` are the runs of the program in each way, ``told`` what the linter says of it,
        and ``later`` of what it has become.
        """
        counted, then = (Counter(diagnostic.code for diagnostic in each) for each in (told, later))
        if then[self.found.code] >= counted[self.found.code]:
            return "it is still found"
        if new := (then - counted).keys() & default_codes():
            return f"{min(new)} is found"
        _, after = run_all(self.mended)
        lines = frozenset(one.start.line for one in told)
        seen = {
            self._outcome(way, one, other, lines)
            for way, one, other in zip(ways(self.source), before, after, strict=True)
        }
        wrong = seen.difference(OPEN, [CURED])
        if CURED in seen and not wrong and self.found.code in TO_BE_WRITTEN:
            return CURED if self._is_written() else "it reaches no Parameter"
        return min(wrong, default=CURED if CURED in seen else min(seen))

    def _outcome(
        self, way: frozenset[str], before: Record, after: Record, told: frozenset[int]
    ) -> str:
        line, code = self.found.start.line, self.found.code
        if line not in before.lines:
            return NOT_REACHED
        if after.raised:
            if after.raised in self.ends or (before.raised and before.raised_as != code):
                return OTHER_DEFECT
            if self._at(after) in {self.source.splitlines()[at - 1] for at in told - {line}}:
                return OTHER_DEFECT
            is_meant = any(self._meant(way, replaces=r) == after.raised for r in (False, True))
            return NOT_MEANT_TO_RUN if is_meant else f"it raises {after.raised}"
        then, now = shown_at(code, before), shown_at(code, after)
        if code in ANYWHERE:
            is_so = bool(then) and len(now) >= len(then)
        else:
            is_so = line in then and not now.isdisjoint(touched(self.source, self.mended, line))
        return "it is still so" if is_so else CURED

    def _meant(self, way: frozenset[str], *, replaces: bool) -> str:
        """Return what the program raises where the statement does what it means."""
        with as_meant(frozenset([self.found.start.line]), replaces=replaces):
            return run(self.source, way).raised

    def _at(self, record: Record) -> str:
        return self.mended.splitlines()[record.raised_at - 1] if record.raised_at else ""

    def _is_written(self) -> bool:
        """Whether what was written to a copy, or to a variable, reaches what a Module holds."""
        reached = Reached(touched(self.source, self.mended, self.found.start.line))
        for way in ways(self.source):
            with reached:
                run(self.mended, way)
        return reached.is_so


def touched(source: str, mended: str, line: int) -> frozenset[int]:
    """Return the lines of a mended program that are new, and the one that this line became."""
    before, after = source.splitlines(), mended.splitlines()
    found: set[int] = set()
    for kind, first, _, start, end in SequenceMatcher(None, before, after, False).get_opcodes():
        if kind != "equal":
            found |= {*range(start + 1, end + 1)}
        elif start <= start + line - 1 - first < end:
            found.add(start + line - first)
    return frozenset(found)

"""Each fix is held to what the analysis says of the file with it.

A fix after which its finding stays, or after which something else is found, is none; where only an
opt-in rule finds something, which sound programs do too, the fix is unsafe and says so. So it is
where something is known otherwise of another object than what is stored (``ledger``): a Parameter
that then is not registered, tied, trained or taken by an optimizer as it was. A file that
gets no fix costs nothing; another one is analysed twice more, before and after, and again only for
the fixes that are not right together.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from flake8_paramassign import analysis
from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit
from flake8_paramassign.fixes.edits import Damage, NotText, Text
from flake8_paramassign.fixes.ledger import Change, Ledger, Way, stored_at
from flake8_paramassign.fixes.together import disjoint, edits_of
from flake8_paramassign.rules import all_rules, default_codes
from flake8_paramassign.settings import Settings
from flake8_paramassign.surroundings import Surroundings

_THROUGH_DATA = "PRM902"
"""What finds writes through ``.data``, which fixes make in that style on purpose."""

_Said = tuple[str, str]
"""A code and a message, without its numbers: lines move."""

_Analysed = tuple[list[Diagnostic], Ledger]


def validated(
    diagnostics: Sequence[Diagnostic],
    source: bytes | str,
    filename: str,
    settings: Settings,
    surroundings: Surroundings | None = None,
) -> list[Diagnostic]:
    """Return the findings of ``source``, each with its fix as far as the analysis bears it out.

    ``surroundings`` are asked for other files. Raises nothing of its own.
    """
    fixable = [d for d in diagnostics if d.fix and d.fix.applicability is not Applicability.DISPLAY]
    if not fixable:
        return list(diagnostics)
    try:
        text = Text.decode(source) if isinstance(source, bytes) else Text(source)
    except NotText:
        return list(diagnostics)
    every_rule = replace(settings, select=frozenset(all_rules()))
    trial = _Trial(text, filename, every_rule, surroundings or Surroundings())
    verdicts = {id(d): trial.judge_elsewhere(d) for d in fixable if d.is_mended_elsewhere}
    fixable = [diagnostic for diagnostic in fixable if not diagnostic.is_mended_elsewhere]
    while fixable:
        # Safe ones are made without the others, and have to be right by themselves.
        group = disjoint([d for d in fixable if _is_safe(d)] or fixable)
        fixable = [diagnostic for diagnostic in fixable if diagnostic not in group]
        verdicts.update((id(d), judged) for d, judged in trial.judge(group))
    return [verdicts.get(id(diagnostic), diagnostic) for diagnostic in diagnostics]


def _is_safe(diagnostic: Diagnostic) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.applicability is Applicability.SAFE


@dataclass(frozen=True)
class _Trial:
    """A file, to be analysed by all rules with some of its fixes."""

    text: Text
    filename: str
    settings: Settings
    surroundings: Surroundings
    _known: dict[bytes, _Analysed] = field(default_factory=dict)

    def judge(self, group: Sequence[Diagnostic]) -> list[tuple[Diagnostic, Diagnostic]]:
        """Return each of ``group``, whose fixes can be made together, with what it becomes."""
        found, changed = self._afterwards(group)
        if not found and not changed:
            return [(diagnostic, diagnostic) for diagnostic in group]
        if len(group) > 1:
            half = len(group) // 2
            return [*self.judge(group[:half]), *self.judge(group[half:])]
        [diagnostic] = group
        return [(diagnostic, _judged(diagnostic, found, changed))]

    def judge_elsewhere(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return what a finding becomes whose fix is of another file: both are looked at."""
        fix = diagnostic.fix
        assert fix is not None
        assert fix.filename is not None
        try:
            text = Text.decode(self.surroundings.read(fix.filename)[0] or b"")
            after = text.apply(fix.edits)
            source = after.encode()
        except (NotText, Damage, ValueError) as error:
            return replace(diagnostic, fix=None, why_not_fixed=str(error))
        around = self.surroundings.with_content(fix.filename, source)
        edited = replace(self, surroundings=around, _known={})._found(self.text.encode())
        found, changed = self._compared([diagnostic], edited, self.text, ())
        there = replace(self, text=text, filename=fix.filename, _known={})
        more, others = there._compared([], there._found(source), after, fix.edits)
        return _judged(diagnostic, [*found, *more], [*changed, *others])

    def _afterwards(self, group: Sequence[Diagnostic]) -> tuple[list[Diagnostic], list[Change]]:
        """What is found with the fixes of ``group`` that should not be, and what is changed."""
        try:
            after = self.text.apply(edits_of(group))
            source = after.encode()
        except (Damage, ValueError):
            return [], []  # which whoever makes the fixes will say
        return self._compared(group, self._found(source), after, edits_of(group))

    def _compared(
        self, group: Sequence[Diagnostic], then: _Analysed, after: Text, edits: Iterable[Edit]
    ) -> tuple[list[Diagnostic], list[Change]]:
        """What ``then``, with ``edits`` made, is found and changed beside what ``group`` mends."""
        before, earlier = self._found(self.text.encode())
        expected = Counter(map(_said, before))
        expected.subtract(map(_said, group))
        unexpected = []
        found, later = then
        for diagnostic in found:
            expected[_said(diagnostic)] -= 1
            if expected[_said(diagnostic)] < 0 and not self._is_style(diagnostic, after):
                unexpected.append(diagnostic)
        return unexpected, list(earlier.changes(later, self._mended(edits, before)))

    def _mended(self, edits: Iterable[Edit], found: Sequence[Diagnostic]) -> frozenset[Way]:
        """What the fixes are about, and what else is found to be a defect and may be none then."""
        lines = {line for d in found for line in range(d.start.line, d.end.line + 1)}
        for edit in edits:
            lines |= {*range(edit.start.line, edit.end.line + 1)}
        try:
            tree = ast.parse(self.text.text)
        except (SyntaxError, ValueError, RecursionError):
            return frozenset()
        return stored_at(tree, frozenset(lines))

    def _is_style(self, diagnostic: Diagnostic, after: Text) -> bool:
        """Whether it is found of a write that a fix has made as ``settings`` say."""
        if diagnostic.code != _THROUGH_DATA or self.settings.style != "data":
            return False
        line = diagnostic.start.line
        return after.source.between(line, line) not in self.text.text.splitlines(keepends=True)

    def _found(self, source: bytes) -> _Analysed:
        if source not in self._known:  # the text before is asked for by each group
            ledger = Ledger()
            found = analysis.analyze(
                source,
                self.filename,
                settings=self.settings,
                surroundings=self.surroundings,
                watch=ledger.note,
            )
            self._known[source] = found, ledger
        return self._known[source]


def _judged(
    diagnostic: Diagnostic, found: Sequence[Diagnostic], changed: Sequence[Change]
) -> Diagnostic:
    """What a finding becomes, with whose fix something is ``found``, or ``changed``."""
    fix = diagnostic.fix
    assert fix is not None
    if any(_said(other) == _said(diagnostic) for other in found):
        return replace(diagnostic, fix=None, why_not_fixed="the finding would stay")
    serious = [other for other in found if other.code in default_codes()]
    notes = [f"{told.code} is found then, at line {told.start.line}" for told in found[:1]]
    if serious:
        then = f"{serious[0].code} is found then, at line {serious[0].start.line}"
        reason = f"{then}: {serious[0].message}"
        return replace(diagnostic, fix=None, why_not_fixed=reason)
    for change in changed:
        if change.is_serious:
            return replace(diagnostic, fix=None, why_not_fixed=change.says)
    notes += [change.says for change in changed[:1]]
    message = "; ".join([fix.message, *notes])
    unsafe = replace(fix, message=message, applicability=Applicability.UNSAFE)
    return replace(diagnostic, fix=unsafe)


def _said(diagnostic: Diagnostic) -> _Said:
    return diagnostic.code, re.sub(r"\d+", "", diagnostic.message)

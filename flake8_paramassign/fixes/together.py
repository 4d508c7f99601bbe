"""Which fixes can be made together."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from flake8_paramassign.diagnostics import Diagnostic, Edit, Position


def edits_of(diagnostics: Iterable[Diagnostic]) -> list[Edit]:
    """Return the edits of all fixes; an import that several of them add is added once."""
    return list(dict.fromkeys(e for d in diagnostics if d.fix for e in d.fix.edits))


_Claim = tuple[Position, Position]


def _adds_lines(edit: Edit) -> bool:
    return edit.start == edit.end and edit.start.column == 0 and edit.content.endswith("\n")


def disjoint(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return those whose fixes can be made together, the earlier first.

    A fix claims all from its first edit to its last, as what stands between may move with
    them. Lines that it adds elsewhere, such as an import, are a claim of their own, which
    another fix that adds the same lines shares.
    """
    chosen: list[Diagnostic] = []
    taken: list[_Claim] = []
    added: set[Edit] = set()
    for diagnostic in diagnostics:
        span, lines = _claims(diagnostic.fix.edits if diagnostic.fix else ())
        claims = [*span, *((line.start, line.end) for line in lines - added)]
        if not any(_touches(claim, taken) for claim in claims):
            chosen.append(diagnostic)
            added |= lines
            for claim in claims:
                insort(taken, claim)
    return chosen


def _claims(edits: Sequence[Edit]) -> tuple[list[_Claim], set[Edit]]:
    """Return what ``edits`` span, and those of them that add lines elsewhere."""
    lines = {edit for edit in edits if _adds_lines(edit)}
    others = [edit for edit in edits if edit not in lines]
    if not others:
        return [], lines
    start, end = min(edit.start for edit in others), max(edit.end for edit in others)
    return [(start, end)], {line for line in lines if not start <= line.start <= end}


def _touches(claim: tuple[Position, Position], taken: Sequence[tuple[Position, Position]]) -> bool:
    """Whether ``claim`` meets one of ``taken``, which are sorted, in even a single place."""
    start, end = claim
    after = bisect_left(taken, claim)
    return (after < len(taken) and taken[after][0] <= end) or (
        after > 0 and taken[after - 1][1] >= start
    )

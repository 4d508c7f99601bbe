"""PRM102: ``nn.Parameter(x).to(d)`` becomes ``nn.Parameter(x.to(d))``."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.moves import Moved
from flake8_paramassign.fixes.rewrites.parameters import move_inside, operation_of, two_readings
from flake8_paramassign.fixes.rewrites.terms.questions import NEEDS_STRICT
from flake8_paramassign.fixes.rewrites.terms.values import MOVED_INSIDE
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored


def rewrite(case: Case) -> Fix:
    """Return the fix, where the operation is made; raises NoRewrite."""
    known = [moved for each in case.each() for moved in _moved(each)]
    first = known[0]
    if first.tensor.via in (".detach()", ".data"):
        raise two_readings(first.tensor.via)
    MOVED_INSIDE.check(known)
    operations = {operation_of(moved.draft): moved for moved in reversed(known)}
    for moved in operations.values():
        move_inside(moved.draft, moved.made)
        first.draft.include(moved.draft)
    return first.draft.fix(
        "do it inside nn.Parameter(...)",
        f"{quoted(first.event.name)} {NEEDS_STRICT}",
        unproved=MOVED_INSIDE.unproved(known),
    )


def _moved(case: Case) -> Iterator[Moved]:
    """What the finding is of, and what is lost alike on other paths to the same store."""
    event, evidence = case.event, case.verdict.evidence
    assert isinstance(event, AttributeStored)
    assert evidence is not None
    for value in (evidence, *(other for other in event.values if other != evidence)):
        at_store = Draft(case, event.node)
        tensor = at_store.tensor(value)
        is_lost = tensor is not None and tensor.origin is not None and not tensor.is_parameter
        if value is evidence or is_lost:
            yield Moved(at_store.maker(value), event, value, event.node)

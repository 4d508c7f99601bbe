"""PRM102: ``nn.Parameter(x).to(d)`` becomes ``nn.Parameter(x.to(d))``."""

from __future__ import annotations

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.moves import Moved
from flake8_paramassign.fixes.rewrites.parameters import move_inside, two_readings
from flake8_paramassign.fixes.rewrites.terms import MOVED_INSIDE, NEEDS_STRICT
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored


def rewrite(case: Case) -> Fix:
    """Return the fix, where the operation is made; raises NoRewrite."""
    moved, *others = map(_moved, case.each())
    if moved.tensor.via in (".detach()", ".data"):
        raise two_readings(moved.tensor.via)
    MOVED_INSIDE.check([moved, *others])
    move_inside(moved.draft, moved.made)
    return moved.draft.fix(
        "do it inside nn.Parameter(...)",
        f"{quoted(moved.event.name)} {NEEDS_STRICT}",
        unproved=MOVED_INSIDE.unproved([moved, *others]),
    )


def _moved(case: Case) -> Moved:
    event, value = case.event, case.verdict.evidence
    assert isinstance(event, AttributeStored)
    assert value is not None
    return Moved(Draft(case, Draft(case, event.node).maker(value)), event, value, event.node)

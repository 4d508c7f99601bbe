"""PRM102: ``nn.Parameter(x).to(d)`` becomes ``nn.Parameter(x.to(d))``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.fixes.rewrites.attribute_uses import (
    is_stored_elsewhere,
    is_written_in_place,
)
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.parameters import NEEDS_STRICT, move_inside, two_readings
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored


def rewrite(case: Case) -> Fix:
    """Return the fix, where the operation is made; raises NoRewrite."""
    event, value = case.event, case.verdict.evidence
    assert isinstance(event, AttributeStored)
    at_store = Draft(case, event.node)
    tensor = at_store.tensor(value)
    assert tensor is not None
    assert tensor.origin is not None
    if tensor.via in (".detach()", ".data"):
        raise two_readings(tensor.via)
    draft = Draft(case, at_store.maker(value))
    keeps_values = move_inside(draft, tensor.origin)
    return draft.fix(
        "do it inside nn.Parameter(...)",
        f"{quoted(event.name)} {NEEDS_STRICT}",
        safe=keeps_values
        and _is_stored_at_once(draft, event.expression)
        and not is_stored_elsewhere(draft, event.name, event.frame.owner)
        and not is_written_in_place(draft, event.name, event.frame.owner),
    )


def _is_stored_at_once(draft: Draft, stored: ast.expr | None) -> bool:
    """Whether nothing but the attribute gets what the operation gives."""
    if stored not in draft.path:
        return False
    way = draft.path[draft.path.index(stored) :]
    targets = getattr(draft.statement, "targets", ())
    return len(targets) <= 1 and not any(isinstance(node, ast.NamedExpr) for node in way)

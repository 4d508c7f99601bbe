"""PRM108: ``nn.Parameter(torch.arange(3))`` becomes ``nn.Parameter(..., requires_grad=False)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.catching import told_if_expected
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.leaves import Integers
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.values import KEPT_INTEGERS
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import DataStored, ParameterMade


def rewrite(case: Case) -> Fix:
    """Return the fix of the call of ``nn.Parameter``; raises NoRewrite."""
    event = case.event
    assert isinstance(event, ParameterMade | DataStored)
    KEPT_INTEGERS.check([Integers(event)])
    call = event.node
    if not isinstance(call, ast.Call):
        raise NoRewrite("what makes the Parameter is no call that can be changed")
    draft = Draft(case, call)
    draft.insert(draft.arguments(call)[-1].span.end, ", requires_grad=False")
    return draft.fix(
        "keep the integers: requires_grad=False", *told_if_expected(event), KEPT_INTEGERS.unsafe
    )

"""PRM304: ``nn.Parameter(t)`` becomes ``nn.Parameter(t, requires_grad=False)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.callers import refuse_other_callers
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.writes import FLAG_ASKED, KEPT_FROZEN
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import ParameterMade


def rewrite(case: Case) -> Fix:
    """Return the fix, where the Parameter is made; raises NoRewrite."""
    if isinstance(case.event, ParameterMade):
        return _flag_of_parameter(case, case.event)
    draft = Draft(case, case.event.node).maker(case.verdict.evidence)
    call = draft.path[-1]
    if not isinstance(call, ast.Call):
        raise NoRewrite("what makes the Parameter is not one call")
    refuse_other_callers(draft)
    arguments = draft.arguments(call)
    if not arguments or arguments[-1].star:
        raise NoRewrite("which argument of nn.Parameter(...) is its data is not known")
    draft.insert(arguments[-1].span.end, ", requires_grad=False")
    return draft.fix("keep it frozen: requires_grad=False", KEPT_FROZEN.unsafe)


def _flag_of_parameter(case: Case, event: ParameterMade) -> Fix:
    """``requires_grad=w.data.requires_grad`` asks the ``.data``, where ``w`` has to be asked."""
    draft, flag = Draft(case, event.node), event.flag_node
    assert isinstance(flag, ast.Attribute)
    holder = flag.value
    method = holder.func if isinstance(holder, ast.Call) else holder
    assert isinstance(method, ast.Attribute)
    draft.cut(draft.outer(method.value).end, draft.outer(holder).end)
    return draft.fix("ask the Parameter itself", FLAG_ASKED.unsafe)

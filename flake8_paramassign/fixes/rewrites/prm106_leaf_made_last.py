"""PRM106: ``torch.ones(3, requires_grad=True).to(d)`` becomes ``....to(d).requires_grad_()``."""

from __future__ import annotations

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.parameters import move_inside, operation_of
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms import LEAF_MADE_LAST
from flake8_paramassign.fixes.rewrites.trainable import drop_flags
from flake8_paramassign.report import Case


def rewrite(case: Case) -> Fix:
    """Return the fix, where the tensor is computed; raises NoRewrite."""
    value = case.verdict.evidence
    at_optimizer = Draft(case, case.event.node)
    tensor = at_optimizer.tensor(value)
    assert tensor is not None
    draft = Draft(case, at_optimizer.maker(value))
    origin = draft.tensor(tensor.origin)
    if tensor.origin is not None and origin is not None and origin.is_parameter:
        move_inside(draft, tensor.origin)
        return draft.fix("do it inside nn.Parameter(...)", LEAF_MADE_LAST.unsafe)
    operation = operation_of(draft)
    if not drop_flags(draft, operation):
        raise NoRewrite("the tensor that requires grad is made elsewhere and may be used there")
    inner = draft.inner(operation)
    if draft.is_atom(operation):
        draft.insert(draft.outer(operation).end, ".requires_grad_()")
    else:
        draft.insert(inner.start, "(")
        draft.insert(inner.end, ").requires_grad_()")
    return draft.fix("call requires_grad_() last", LEAF_MADE_LAST.unsafe)

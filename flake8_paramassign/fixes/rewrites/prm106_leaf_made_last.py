"""PRM106: ``torch.ones(3, requires_grad=True).to(d)`` becomes ``....to(d).requires_grad_()``."""

from __future__ import annotations

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.values import Address
from flake8_paramassign.fixes.rewrites.callers import refuse_other_callers
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.leaves import Computed
from flake8_paramassign.fixes.rewrites.parameters import move_inside, operation_of
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.values import LEAF_MADE_LAST
from flake8_paramassign.fixes.rewrites.trainable import drop_flags
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import OptimizerMade


def rewrite(case: Case) -> Fix:
    """Return the fix, where the tensor is computed; raises NoRewrite."""
    known = [_computed(each) for each in case.each()]
    draft, operation = known[0].draft, known[0].operation
    LEAF_MADE_LAST.check(known)
    unproved = LEAF_MADE_LAST.unproved(known)
    tensor = draft.tensor(case.verdict.evidence)
    assert tensor is not None
    origin = draft.tensor(tensor.origin)
    if tensor.origin is not None and origin is not None and origin.is_parameter:
        move_inside(draft, tensor.origin)
        return draft.fix("do it inside nn.Parameter(...)", unproved=unproved)
    if not drop_flags(draft, operation):
        raise NoRewrite("the tensor that requires grad is made elsewhere and may be used there")
    inner = draft.inner(operation)
    if draft.is_atom(operation):
        draft.insert(draft.outer(operation).end, ".requires_grad_()")
    else:
        draft.insert(inner.start, "(")
        draft.insert(inner.end, ").requires_grad_()")
    return draft.fix("call requires_grad_() last", unproved=unproved)


def _computed(case: Case) -> Computed:
    """What the optimizer is given, where it is computed."""
    event, value = case.event, case.verdict.evidence
    assert isinstance(event, OptimizerMade)
    assert isinstance(value, Address)
    draft = Draft(case, event.node).maker(value)
    refuse_other_callers(draft)
    return Computed(draft, event, operation_of(draft), value)

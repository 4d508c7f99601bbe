"""PRM101: ``m.w = t`` becomes ``m.w.data.copy_(t)``, or ``m.w = nn.Parameter(t)``.

The first keeps the Parameter, with all that knows it, and needs its shape; the second takes the
value's shape and dtype. Evidence decides (``evidence``), and the first where there is none.
"""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import Tensor, Thing
from flake8_paramassign.domain.values import Value
from flake8_paramassign.fixes.rewrites.conversions import converter, is_number
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import Evidence
from flake8_paramassign.fixes.rewrites.parameters import move_inside, wrap
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.stores import BROADCASTS, Store, store_at
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role

_LOSES = "the new Parameter is trained, and no optimizer, tie or hook of the old one knows it"
_CONVERSIONS = frozenset([".to()", ".cuda()", ".half()", ".float()", ".double()", ".bfloat16()"])


def rewrite(case: Case) -> Fix:
    """Return the fix, where the value is stored; raises NoRewrite."""
    event, value = case.event, case.verdict.evidence
    assert isinstance(event, AttributeStored)
    assert value is not None
    if event.frame.role is Role.STEP:
        raise NoRewrite("what is computed at every step belongs in a local variable")
    draft = Draft(case, event.node)
    evidence = Evidence(draft, event, value)
    tensor = evidence.tensor
    if tensor is not None and tensor.origin is not None and _is_made_of_new(draft, tensor):
        inside = Draft(case, draft.maker(value))
        move_inside(inside, tensor.origin)
        return inside.fix("do it inside nn.Parameter(...)", _LOSES)
    _refuse_unclear(evidence)
    if event.how == "register_parameter" and event.expression is not None:
        return _replaced(draft, event.expression, evidence)
    store = store_at(draft)
    if _replaces(evidence, draft):
        if store.is_product:
            raise NoRewrite("the product is no value for the Parameter: make a new one of it")
        return _replaced(draft, store.value, evidence)
    return _filled(draft, store, evidence)


def _is_made_of_new(draft: Draft, tensor: Tensor) -> bool:
    """``nn.Parameter(t).to(d)``."""
    origin = draft.tensor(tensor.origin)
    made, whole = origin.made if origin is not None else None, tensor.made
    return made is not None and whole is not None and bool(path_to(whole.node, made.node))


def _refuse_unclear(evidence: Evidence) -> None:
    if isinstance(evidence.draft.object(evidence.value), Thing):
        raise NoRewrite("a Module is no value for a Parameter: give the attribute another name")
    if evidence.is_lazy:
        raise NoRewrite("a lazy Module makes its Parameters at the first call: write to them later")
    if evidence.carries_a_gradient:
        raise NoRewrite(
            "a gradient would have to flow through the value: compute it in forward, or call "
            "the Module by torch.func.functional_call"
        )
    if evidence.is_expanded:
        raise NoRewrite(
            "elements of the value share memory: clone() it, and make a Parameter of it"
        )
    if evidence.may_share_unseen:
        raise NoRewrite("the value may be the Parameter's own storage, and change while it is read")
    if evidence.is_own_without_gradient:
        raise NoRewrite("nothing changes but the gradient: requires_grad_(False) freezes it")


def _replaces(evidence: Evidence, draft: Draft) -> bool:
    """Whether the value becomes a Parameter of its own instead of filling the one there is."""
    tensor = evidence.tensor
    is_conversion = tensor is not None and (tensor.is_conversion or tensor.via in _CONVERSIONS)
    return (
        isinstance(draft.parent, ast.AnnAssign)
        or evidence.holds_none
        or evidence.may_store_none
        or evidence.has_other_shape
        or evidence.may_have_other_form
        or evidence.is_own_storage
        or (evidence.is_own and is_conversion)
    )


def _replaced(draft: Draft, written: ast.expr, evidence: Evidence) -> Fix:
    """``m.w = nn.Parameter(t)``."""
    if is_number(evidence.value):
        raise NoRewrite("nn.Parameter takes a tensor, and of which shape is not known")
    if evidence.may_store_none:
        written = _arm(draft, written, evidence.value)
    wrap(draft, written, converter(draft, evidence.value, written))
    return draft.fix("make it a Parameter", _LOSES)


def _arm(draft: Draft, choice: ast.expr, value: Value) -> ast.expr:
    """The arm of ``a if c else None`` that gives ``value``."""
    tensor = draft.tensor(value)
    if isinstance(choice, ast.IfExp) and tensor is not None and tensor.made is not None:
        for arm in (choice.body, choice.orelse):
            if path_to(arm, tensor.made.node):
                return arm
    raise NoRewrite("the value may be None, of which no Parameter can be made")


def _filled(draft: Draft, store: Store, evidence: Evidence) -> Fix:
    """``m.w.data.copy_(t)``, or in the other style ``m.w.copy_(t)`` under ``no_grad``."""
    module = draft.module
    if store.is_product and not all(is_pure(part, module) for part in store.subject):
        raise NoRewrite("the product would evaluate the target twice")
    written = store.filled(draft, (evidence.value,), evidence.event)
    message = f"write into the Parameter: {written}(...)"
    if written.endswith("fill_"):
        return draft.fix(message, "fill_() gives every element the number")
    safe = evidence.is_proved_sound and all(is_pure(part, module) for part in store.subject)
    return draft.fix(message, *(() if safe else (BROADCASTS,)), safe=safe)

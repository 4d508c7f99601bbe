"""PRM101: ``m.w = t`` becomes ``m.w.data.copy_(t)``, or ``m.w = nn.Parameter(t)``.

The first keeps the Parameter, with all that knows it, and needs its shape; the second takes the
value's shape and dtype. Evidence decides (``evidence``), and the first where there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.values import Constant, Value
from flake8_paramassign.fixes.rewrites.conversions import converter, is_number
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import Evidence
from flake8_paramassign.fixes.rewrites.moves import Moved
from flake8_paramassign.fixes.rewrites.parameters import PARAMETER, move_inside, wrap
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.stores import Store, store_at
from flake8_paramassign.fixes.rewrites.terms.values import FILLED, MOVED_ONTO_SLOT, REPLACED
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role

_CONVERSIONS = frozenset([".to()", ".cuda()", ".half()", ".float()", ".double()", ".bfloat16()"])


def rewrite(case: Case) -> Fix:
    """Return the fix, where the value is stored; raises NoRewrite."""
    if any(each.event.frame.role is Role.STEP for each in case.each()):
        raise NoRewrite("what is computed at every step belongs in a local variable")
    known = list(map(_evidence, case.each()))
    evidence = known[0]
    if _is_made_of_new(evidence):
        moved = [_moved(each) for each in known]
        MOVED_ONTO_SLOT.check(moved)
        move_inside(moved[0].draft, moved[0].made)
        return moved[0].draft.fix("do it inside nn.Parameter(...)", MOVED_ONTO_SLOT.unsafe)
    draft, event = evidence.draft, evidence.event
    assert isinstance(event, AttributeStored)
    REPLACED.check(known)
    if event.how == "register_parameter" and event.expression is not None:
        return _replaced(draft, event.expression, evidence)
    store = store_at(draft)
    if any(map(_replaces, known)):
        if store.is_product:
            raise NoRewrite("the product is no value for the Parameter: make a new one of it")
        return _replaced(draft, store.value, evidence, store)
    FILLED.check(known)
    return _filled(draft, store, known)


def _evidence(case: Case) -> Evidence:
    event, value = case.event, case.verdict.evidence
    assert isinstance(event, AttributeStored)
    assert value is not None
    return Evidence(Draft(case, event.node), event, value)


def _moved(evidence: Evidence) -> Moved:
    draft, event = evidence.draft, evidence.event
    assert isinstance(event, AttributeStored)
    return Moved(draft.maker(evidence.value), event, evidence.value, event.node)


def _is_made_of_new(evidence: Evidence) -> bool:
    """``nn.Parameter(t).to(d)``."""
    tensor, draft = evidence.tensor, evidence.draft
    if tensor is None or tensor.origin is None:
        return False
    origin = draft.tensor(tensor.origin)
    made, whole = origin.made if origin is not None else None, tensor.made
    return made is not None and whole is not None and bool(path_to(whole.node, made.node))


def _replaces(evidence: Evidence) -> bool:
    """Whether the value becomes a Parameter of its own instead of filling the one there is."""
    tensor = evidence.tensor
    is_conversion = tensor is not None and (tensor.is_conversion or tensor.via in _CONVERSIONS)
    return (
        isinstance(evidence.draft.parent, ast.AnnAssign)
        or evidence.may_hold_none
        or evidence.may_store_none
        or evidence.has_other_shape
        or evidence.has_other_dtype
        or evidence.may_have_other_form
        or evidence.is_own_storage
        or evidence.holds_expanded
        or (evidence.is_own and is_conversion)
    )


def _replaced(
    draft: Draft, written: ast.expr, evidence: Evidence, store: Store | None = None
) -> Fix:
    """``m.w = nn.Parameter(t)``."""
    given = [value for value in evidence.event.values if value != Constant(None)]
    if any(map(is_number, given)):
        raise NoRewrite("nn.Parameter takes a tensor, and of which shape is not known")
    function = _converter(draft, given, written)
    if store is not None and store.local:
        at = draft.inner(draft.statement).start
        value = f"{draft.named(function, at)}({store.local})" if function else store.local
        flag = ", requires_grad=False" if evidence.is_frozen else ""
        store.instead(draft, f"{store.target} = {draft.named(PARAMETER, at)}({value}{flag})")
        return draft.fix("make it a Parameter", REPLACED.unsafe)
    if evidence.may_store_none:
        written = _arm(draft, written, evidence.value)
    wrap(draft, written, function, is_frozen=evidence.is_frozen)
    return draft.fix("make it a Parameter", REPLACED.unsafe)


def _converter(draft: Draft, values: Iterable[Value], written: ast.expr) -> str:
    """The function that makes a tensor of any of ``values``; raises NoRewrite."""
    functions = {converter(draft, value, written) for value in values}
    if len(functions) > 1:
        raise NoRewrite("what the value is differs from path to path")
    return "".join(functions)


def _arm(draft: Draft, choice: ast.expr, value: Value) -> ast.expr:
    """The arm of ``a if c else None`` that gives ``value``."""
    tensor = draft.tensor(value)
    if isinstance(choice, ast.IfExp) and tensor is not None and tensor.made is not None:
        for arm in (choice.body, choice.orelse):
            if path_to(arm, tensor.made.node):
                return arm if not isinstance(arm, ast.IfExp) else _arm(draft, arm, value)
    raise NoRewrite("the value may be None, of which no Parameter can be made")


def _filled(draft: Draft, store: Store, known: list[Evidence]) -> Fix:
    """``m.w.data.copy_(t)``, or in the other style ``m.w.copy_(t)`` under ``no_grad``."""
    evidence, *others = known
    if store.is_product and not all(is_pure(part, draft.module) for part in store.subject):
        raise NoRewrite("the product would evaluate the target twice")
    needed = _converter(draft, evidence.event.values, store.value)
    if any(_converter(o.draft, o.event.values, store.value) != needed for o in others):
        raise NoRewrite("what is stored here differs from caller to caller")
    written = store.filled(draft, evidence.event.values, evidence.event)
    message = f"write into the Parameter: {written}(...)"
    is_number = written.endswith("fill_")
    notes = ["fill_() gives every element the number"] if is_number else []
    return draft.fix(message, *notes, unproved=FILLED.unproved(known))

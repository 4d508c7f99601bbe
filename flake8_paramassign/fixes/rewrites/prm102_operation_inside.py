"""PRM102: ``nn.Parameter(x).to(d)`` becomes ``nn.Parameter(x.to(d))``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import Tensor
from flake8_paramassign.domain.values import Library
from flake8_paramassign.facts.uses import reading_roles
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.fixes.rewrites.attribute_uses import (
    check_is_free,
    is_stored_elsewhere,
    is_written_in_place,
)
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.parameters import NEEDS_STRICT, move_inside, two_readings
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored
from flake8_paramassign.semantics.frames import Role

_TAKES_DTYPE = frozenset(["to", "view"])
_LISTING = ("parameters", "named_parameters", "state_dict", "apply")


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
    check_is_free(at_store, event)
    origin = at_store.tensor(tensor.origin)
    if tensor.is_expanded or (origin is not None and origin.is_expanded):
        raise NoRewrite("elements of the value share memory, which no optimizer can write: clone()")
    draft = Draft(case, at_store.maker(value))
    keeps_values = move_inside(draft, tensor.origin)
    return draft.fix(
        "do it inside nn.Parameter(...)",
        f"{quoted(event.name)} {NEEDS_STRICT}",
        safe=keeps_values
        and _is_floating(tensor, origin, draft)
        and draft.path[-1] not in case.facts.written
        and not _lists_its_parameters(case, event)
        and _is_stored_at_once(draft, event.expression)
        and not is_stored_elsewhere(draft, event.name, event.frame.owner)
        and not is_written_in_place(draft, event.name, event.frame.owner),
    )


def _is_floating(tensor: Tensor, origin: Tensor | None, draft: Draft) -> bool:
    """Whether the result surely holds floating point, as what is trained has to."""
    call = origin.made.node if origin is not None and origin.made is not None else None
    if tensor.integer is not None or origin is None or not isinstance(call, ast.Call):
        return tensor.integer is False
    if len(call.args) > 1 or any(keyword.arg == "requires_grad" for keyword in call.keywords):
        if origin.trainable is not True:
            return origin.trainable is False  # a flag that moves along
    node = draft.path[-1]  # the Parameter's values are: and the operation keeps the dtype
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr in ("type", "type_as"):
                return False
            given = [*part.args, *(keyword.value for keyword in part.keywords)]
            if part.func.attr in _TAKES_DTYPE and not all(_is_no_dtype(a, draft) for a in given):
                return False
    return True


def _is_no_dtype(node: ast.expr, draft: Draft) -> bool:
    """Whether an argument names no dtype, as far as is seen, not even by its default."""
    if any(isinstance(value, Library) for value in draft.module.static(node)):
        return False
    function = draft.function
    if isinstance(node, ast.Name) and isinstance(function, FunctionNode):
        arguments = [*function.args.posonlyargs, *function.args.args]
        defaults = dict(zip(reversed(arguments), reversed(function.args.defaults), strict=False))
        for argument, default in defaults.items():
            if argument.arg == node.id:
                return not any(isinstance(v, Library) for v in draft.module.static(default))
    return True


def _lists_its_parameters(case: Case, event: AttributeStored) -> bool:
    """Whether the class does something with all that it has registered while it is constructed."""
    cls = case.facts.class_of(event)
    return isinstance(cls, ProjectClass) and any(
        Role.CONSTRUCTION in reading_roles(cls, name, case.facts) for name in _LISTING
    )


def _is_stored_at_once(draft: Draft, stored: ast.expr | None) -> bool:
    """Whether nothing but the attribute gets what the operation gives."""
    if stored not in draft.path:
        return False
    way = draft.path[draft.path.index(stored) :]
    targets = getattr(draft.statement, "targets", ())
    return len(targets) <= 1 and not any(isinstance(node, ast.NamedExpr) for node in way)

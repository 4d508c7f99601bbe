"""PRM901: ``w.data = t`` becomes ``w.data.copy_(t)``."""

from __future__ import annotations

import ast

from codemods.rewrites.attribute_uses import uses
from codemods.rewrites.conversions import converter
from codemods.rewrites.draft import Draft
from codemods.rewrites.evidence import last_result, surely_differ
from codemods.rewrites.purity import calls_torch
from codemods.rewrites.reasons import NoRewrite
from codemods.rewrites.stores import Store
from flake8_paramassign.catalogue import Result
from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.inference.events import DataStored, Role
from flake8_paramassign.inference.shapes import is_elementwise
from flake8_paramassign.inference.values import Parameter, Tensor, Unknown
from flake8_paramassign.report import Case


def rewrite(case: Case) -> Fix:
    """Return the fix of the assignment; raises NoRewrite."""
    event = case.event
    assert isinstance(event, DataStored)
    assert isinstance(event.node, ast.Attribute)
    draft = Draft(case, event.node)
    statement, owner = draft.statement, event.node.value
    if not isinstance(statement, ast.Assign) or statement.targets != [event.node]:
        raise NoRewrite("the statement assigns more than this: .data may be exchanged")
    if event.frame.role is Role.STEP:
        raise NoRewrite("in a step, a copy may change what the graph has kept")
    _refuse_other_form(draft, event, owner, statement.value)
    if _is_kept(draft, event.node):
        raise NoRewrite("the storage is kept under another name, and a copy would overwrite it")
    value = next(iter(event.values), Unknown())
    if len({converter(each, statement.value) for each in event.values}) > 1:
        raise NoRewrite("what the value is differs from path to path")
    store = Store(statement.value, draft.written(owner), (owner,), draft.outer(owner).end)
    method = store.filled(draft, value, event)
    return draft.fix(
        f"write into the Parameter: {method}(...)",
        "it keeps its shape, dtype and device, to which copy_() broadcasts and casts silently",
        "the storage of the value is no longer shared",
    )


def _refuse_other_form(draft: Draft, event: DataStored, owner: ast.expr, value: ast.expr) -> None:
    """Raise NoRewrite where the Parameter is given another shape, dtype or device on purpose."""
    spelled = ast.unparse(owner)
    is_own = any(ast.unparse(n) == spelled for n in ast.walk(value) if isinstance(n, type(owner)))
    held = {v.shape for v in event.receivers if isinstance(v, Parameter)}
    given = {v.shape for v in event.values if isinstance(v, Tensor | Parameter)}
    if any(surely_differ(a, b) for a in held for b in given if a is not None and b is not None):
        raise NoRewrite("the value has another shape: assign a new Parameter, before an optimizer")
    if held != given and any(shape is not None and _is_small(shape) for shape in given):
        raise NoRewrite("so small a value stands for none: its memory is freed")
    if is_own and not _is_change_of_values(value, draft, held == given and None not in held):
        raise NoRewrite("it has its own values in another form, which copy_() would not give it")


def _is_change_of_values(value: ast.expr, draft: Draft, same_shape: bool) -> bool:
    """Whether ``value``, which is computed from the Parameter, differs in nothing but its values.

    ``w.data.half()``, ``w.data[rows]`` and ``w.data.clone()`` are there for something else.
    """
    called = value.func if isinstance(value, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    if last_result(value, draft.module) is not Result.NEW or name == "clone":
        return False
    return same_shape or called is None or is_elementwise(name)


def _is_small(shape: tuple[object, ...]) -> bool:
    """Whether a tensor holds one element, or none."""
    return all(size == 1 for size in shape) or 0 in shape


def _is_kept(draft: Draft, data: ast.Attribute) -> bool:
    """Whether ``w.data`` itself is stored somewhere, or handed to who may keep it."""
    spelled = ast.unparse(data)
    for outer, user, use in uses(draft, "data", None):
        if use is data or ast.unparse(use) != spelled:
            continue
        call = outer if isinstance(user, ast.keyword) else user
        if isinstance(call, ast.Call) and not calls_torch(call, draft.module):
            return True
        if isinstance(user, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.Return):
            return getattr(user, "value", None) is use
        if isinstance(user, _DISPLAYS):
            return True
    return False


_DISPLAYS = (
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.GeneratorExp,
    ast.Yield, ast.IfExp,
)  # fmt: skip

"""PRM901: ``w.data = t`` becomes ``w.data.copy_(t)``."""

from __future__ import annotations

import ast
import re

from flake8_paramassign.catalogue import Result
from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.facts.aliasing import shares_storage_with
from flake8_paramassign.facts.uses import made_at
from flake8_paramassign.fixes.rewrites.attribute_uses import uses
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import last_result, surely_differ
from flake8_paramassign.fixes.rewrites.parameters import bare
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import calls_torch
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.stores import Store
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import DataStored
from flake8_paramassign.semantics.frames import Role
from flake8_paramassign.semantics.models.shapes import is_elementwise

_SIZE = re.compile(r"(in|out|num)_(features|channels|embeddings)|embedding_dim|groups")
"""The attributes of torch's Modules that tell how large their Parameters are."""

_KEEPS = (
    ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Yield, ast.IfExp,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
"""What gives another name to a value that stands in it as it is."""


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
    if _is_resized(draft, owner):
        raise NoRewrite("the Module is given another size, which copy_() would not give the weight")
    if _may_be_shared(event, statement.value, draft) or _shares_with_another(event, draft):
        raise NoRewrite("it may be meant to tie the two, or to copy")
    bare(draft, statement.value)
    store = Store(statement.value, draft.written(owner), (owner,), draft.outer(owner).end)
    method = store.filled(draft, event.values, event)
    return draft.fix(
        f"write into the Parameter: {method}(...)",
        "it keeps its shape, dtype and device, to which copy_() broadcasts and casts silently",
        "the storage of the value is no longer shared",
    )


def _refuse_other_form(draft: Draft, event: DataStored, owner: ast.expr, value: ast.expr) -> None:
    """Raise NoRewrite where the Parameter is given another shape, dtype or device on purpose."""
    spelled = ast.unparse(owner)
    is_own = any(ast.unparse(n) == spelled for n in ast.walk(value) if isinstance(n, type(owner)))
    held = {tensor.shape for _, tensor in draft.case.facts.tensors(event.receivers, event.state)}
    given = {tensor.shape for _, tensor in draft.case.facts.tensors(event.values, event.state)}
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


def _is_resized(draft: Draft, owner: ast.expr) -> bool:
    """Whether the function also stores the sizes of the Module whose ``weight`` is ``owner``."""
    module = ast.unparse(owner.value) if isinstance(owner, ast.Attribute) else None
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and _SIZE.fullmatch(node.attr) is not None
        and ast.unparse(node.value) == module
        for node in ast.walk(draft.function)
    )


def _may_be_shared(event: DataStored, value: ast.expr, draft: Draft) -> bool:
    """Whether a Module that is made here takes the very storage of another's Parameter.

    ``linear.weight.data = embedding.weight.data`` makes an output layer of an embedding, of which
    it may have the shape only then.
    """
    called = value.func if isinstance(value, ast.Call) else None
    storage = called if isinstance(called, ast.Attribute) and called.attr == "detach" else value
    if not isinstance(storage, ast.Attribute) or _calls(storage):
        return False
    holders = [
        address
        for address, obj in event.state.objects()
        if isinstance(obj, Thing)
        and any(set(event.receivers) & set(held.values) for _, held in obj.held())
    ]
    makers = [holder.site for holder in holders]
    return any(isinstance(m, ast.Call) and bool(path_to(draft.function, m)) for m in makers)


def _shares_with_another(event: DataStored, draft: Draft) -> bool:
    """Whether the value is the storage of another Parameter, or a view of that."""
    facts, here = draft.case.facts, set(ast.walk(draft.statement))
    owners = {shares_storage_with(value, event.state, facts) for value in event.values}
    return any(
        made_at(owner, event.state, facts) not in here
        for owner in owners - {None, *event.receivers}
    )


def _calls(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


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
        if isinstance(user, _KEEPS) and getattr(user, "value", use) is use:
            return True
    return False

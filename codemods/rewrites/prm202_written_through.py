"""PRM202: ``m.state_dict()["w"] = t`` becomes ``m.state_dict()["w"].copy_(t)``."""

from __future__ import annotations

import ast

from codemods.rewrites.conversions import written_by
from codemods.rewrites.draft import Draft
from codemods.rewrites.no_grad import without_grad
from codemods.rewrites.reasons import NoRewrite
from codemods.rewrites.stores import BROADCASTS
from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.inference.classes import TorchClass
from flake8_paramassign.inference.events import DataStored, ItemStored
from flake8_paramassign.inference.module_calls import STATE_DICT
from flake8_paramassign.inference.values import Instance, Parameter, Tensor, Value
from flake8_paramassign.report import Case

_EMBEDDING = TorchClass.named("torch.nn.Embedding")


def rewrite(case: Case) -> Fix:
    """Return the fix, where something is stored; raises NoRewrite."""
    event = case.event
    draft = Draft(case, event.node)
    statement, node = draft.statement, draft.path[-1]
    if not isinstance(statement, ast.Assign) or statement.targets != [node]:
        raise NoRewrite("the statement assigns more than this")
    if isinstance(event, ItemStored):
        return _item_written(draft, event, statement.value)
    assert isinstance(event, DataStored)
    return _data_written(draft, event, statement.value)


def _item_written(draft: Draft, event: ItemStored, value: ast.expr) -> Fix:
    """``d[k] = t``: the item is the Parameter, or in a ``state_dict()`` a tensor on its storage."""
    method, function = written_by(event.values, value)
    is_detached = event.container.kind == STATE_DICT
    in_data = not is_detached and draft.case.settings.style == "data"
    opening = f".data.{method}(" if in_data else f".{method}("
    if function:
        opening += f"{draft.named(function, draft.inner(value).start)}("
    start, end = draft.outer(value)
    draft.replace(draft.outer(event.node).end, start, opening)
    draft.insert(end, ")" * opening.count("("))
    if not (is_detached or in_data or event.grad is False):
        without_grad(draft, [event.node], [value])
    return draft.fix(
        "write into the tensor that is there",
        "the Parameter then changes",
        BROADCASTS,
        "a name that is not there raises KeyError",
    )


def _data_written(draft: Draft, event: DataStored, value: ast.expr) -> Fix:
    """``w[i].data = t`` and ``embedding(i).data = t``, which write into rows of the weight."""
    assert isinstance(event.node, ast.Attribute)
    owner = event.node.value
    in_data = draft.case.settings.style == "data"
    data = ".data" if in_data else ""
    if isinstance(owner, ast.Subscript) and _are_of_parameters(event):
        base = draft.outer(owner.value).end
        draft.insert(base, data)
    elif isinstance(owner, ast.Call) and _looks_up(owner, draft.case.finding.value):
        [index] = owner.args
        draft.replace(draft.outer(owner.func).end, draft.outer(index).start, f".weight{data}[")
        draft.replace(draft.outer(index).end, draft.inner(owner).end, "]")
    else:
        raise NoRewrite("what the call computes its result from has to be written")
    draft.cut(draft.outer(owner).end, draft.outer(event.node).end)
    if not in_data and event.grad is not False:
        without_grad(draft, [owner], [value])
    return draft.fix("write into these rows of the Parameter", "the Parameter then changes")


def _are_of_parameters(event: DataStored) -> bool:
    return all(isinstance(v, Tensor) and isinstance(v.origin, Parameter) for v in event.receivers)


def _looks_up(call: ast.Call, called: Value | None) -> bool:
    """Whether ``call`` looks rows up, in an ``nn.Embedding``."""
    if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        return False
    cls = called.cls if isinstance(called, Instance) else None
    return cls is not None and cls is _EMBEDDING

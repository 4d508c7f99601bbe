"""PRM202: ``m.state_dict()["w"] = t`` becomes ``m.state_dict()["w"].copy_(t)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.fixes.rewrites.conversions import written_by
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.no_grad import without_grad
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.writes import WRITTEN_THROUGH
from flake8_paramassign.fixes.rewrites.writes import ItemWrite
from flake8_paramassign.project.classes import TorchClass
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import DataStored, ItemStored

_STATE_DICT = "state_dict"
_EMBEDDING = TorchClass.named("torch.nn.Embedding")


def rewrite(case: Case) -> Fix:
    """Return the fix, where something is stored; raises NoRewrite."""
    event = case.event
    draft = Draft(case, event.node)
    statement, node = draft.statement, draft.path[-1]
    if not isinstance(statement, ast.Assign) or statement.targets != [node]:
        raise NoRewrite("the statement assigns more than this")
    if isinstance(event, ItemStored):
        WRITTEN_THROUGH.check([ItemWrite(draft, event)])
        return _item_written(draft, event, statement.value)
    assert isinstance(event, DataStored)
    return _data_written(draft, event, statement.value)


def _item_written(draft: Draft, event: ItemStored, value: ast.expr) -> Fix:
    """``d[k] = t``: the item is the Parameter, or in a ``state_dict()`` a tensor on its storage."""
    method, function = written_by(draft, event.values, value)
    is_detached = event.kind == _STATE_DICT
    in_data = not is_detached and draft.case.settings.style == "data"
    opening = f".data.{method}(" if in_data else f".{method}("
    if function:
        opening += f"{draft.named(function, draft.inner(value).start)}("
    start, end = draft.outer(value)
    assert isinstance(event.node, ast.expr)
    draft.replace(draft.outer(event.node).end, start, opening)
    draft.insert(end, ")" * opening.count("("))
    if not (is_detached or in_data or event.grad is False):
        without_grad(draft, [event.node], [value])
    return draft.fix(
        "write into the tensor that is there",
        WRITTEN_THROUGH.unsafe,
        "a name that is not there raises KeyError",
    )


def _data_written(draft: Draft, event: DataStored, value: ast.expr) -> Fix:
    """``w[i].data = t`` and ``embedding(i).data = t``, which write into rows of the weight."""
    assert isinstance(event.node, ast.Attribute)
    owner = event.node.value
    in_data = draft.case.settings.style == "data"
    data = ".data" if in_data else ""
    if isinstance(owner, ast.Subscript) and _are_of_parameters(draft, event):
        base = draft.outer(owner.value).end
        draft.insert(base, data)
    elif isinstance(owner, ast.Call) and _looks_up(draft, owner, event):
        [index] = owner.args
        draft.replace(draft.outer(owner.func).end, draft.outer(index).start, f".weight{data}[")
        draft.replace(draft.outer(index).end, draft.inner(owner).end, "]")
    else:
        raise NoRewrite("what the call computes its result from has to be written")
    draft.cut(draft.outer(owner).end, draft.outer(event.node).end)
    if not in_data and event.grad is not False:
        without_grad(draft, [owner], [value])
    return draft.fix("write into these rows of the Parameter", WRITTEN_THROUGH.unsafe)


def _are_of_parameters(draft: Draft, event: DataStored) -> bool:
    tensors = [draft.tensor(value) for value in event.receivers]
    origins = [draft.tensor(tensor.origin) if tensor is not None else None for tensor in tensors]
    return all(origin is not None and origin.is_parameter for origin in origins)


def _looks_up(draft: Draft, call: ast.Call, event: DataStored) -> bool:
    """Whether ``call`` looks rows up, in the weight of an ``nn.Embedding``."""
    if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        return False
    tensors = [draft.tensor(value) for value in event.receivers]
    weights = {tensor.origin if tensor is not None else None for tensor in tensors}
    return all(
        any(
            isinstance(obj, Thing)
            and obj.cls is _EMBEDDING
            and weight in obj.member("weight").values
            for _, obj in event.state.objects()
        )
        for weight in weights
    )

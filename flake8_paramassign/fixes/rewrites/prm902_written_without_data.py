"""PRM902: ``w.data.fill_(0)`` becomes ``w.fill_(0)`` under ``torch.no_grad()``."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.in_place import write_at
from flake8_paramassign.fixes.rewrites.no_grad import without_grad
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms import WITHOUT_DATA
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import WrittenInPlace

_CHANGES_FORM = frozenset(
    """as_strided_ resize_ resize_as_ set_ squeeze_ swapaxes_ swapdims_ t_ transpose_ unsqueeze_
    detach_ requires_grad_ share_memory_ apply_ map_
    """.split()
)
"""Methods that change not the values of a tensor but the tensor: of ``w.data``, a passing one."""
_METHODS = {ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_"}


def rewrite(case: Case) -> Fix:
    """Return the fix of the statement; raises NoRewrite."""
    event = case.event
    assert isinstance(event, WrittenInPlace)
    draft = Draft(case, event.node)
    data = _data_written(draft, event)
    if data is None or not any(node is data for node in ast.walk(draft.statement)):
        raise NoRewrite("the .data is taken in another statement, and may be used there")
    if event.how.strip(".()") in _CHANGES_FORM:
        raise NoRewrite(f"{event.how} changes the tensor that .data gave, and not the Parameter")
    is_init = event.how.startswith("nn.init.")
    if is_init and isinstance(draft.statement, ast.Expr):
        draft.cut(draft.outer(data.value).end, draft.outer(data).end)
        return draft.fix("give nn.init the Parameter itself", WITHOUT_DATA.unsafe)
    write = write_at(draft, event.subject)
    if is_init or write.is_used:
        raise NoRewrite("what the write returns is used, and would be the Parameter itself")
    if isinstance(draft.statement, ast.AugAssign) and draft.statement.target is data:
        _augment(draft, draft.statement, data.value)
    draft.cut(draft.outer(data.value).end, draft.outer(data).end)
    if event.grad is False:
        return draft.fix("write into the Parameter itself", WITHOUT_DATA.unsafe)
    without_grad(draft, [write.subject], write.operands)
    return draft.fix("write into the Parameter itself, under torch.no_grad()", WITHOUT_DATA.unsafe)


def _data_written(draft: Draft, event: WrittenInPlace) -> ast.Attribute | None:
    """The ``w.data`` that is written through; None where its text is not known."""
    made = [tensor.made for _, tensor in draft.case.facts.tensors(event.tensors, event.state)]
    places = [event.subject, *(place.node for place in made if place is not None)]
    return next(filter(None, map(_data_in, places)), None)


def _data_in(node: ast.AST) -> ast.Attribute | None:
    """The ``w.data`` that ``w.data.view(-1)[0]`` is a view of."""
    while True:
        if isinstance(node, ast.Attribute):
            if node.attr == "data":
                return node
            if catalogue.attribute(node.attr) is not catalogue.Result.VIEW:
                return None
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if catalogue.method(node.func.attr) is not catalogue.Result.VIEW:
                return None
            node = node.func.value
        else:
            return None


def _augment(draft: Draft, statement: ast.AugAssign, parameter: ast.expr) -> None:
    """See to it that ``parameter`` can be the target; else ``w.data += t`` becomes ``w.add_(t)``.

    Of ``w.data`` only the attribute ``data`` was assigned; now what holds ``w`` is.
    """
    if isinstance(parameter, ast.Attribute):
        return
    if isinstance(parameter, ast.Name) and _is_bound(draft, parameter.id):
        return
    method = _METHODS.get(type(statement.op))
    if method is None:
        raise NoRewrite("what holds the Parameter cannot be assigned")
    value = draft.outer(statement.value)
    draft.replace(draft.outer(statement.target).end, value.start, f".{method}(")
    draft.insert(value.end, ")")


def _is_bound(draft: Draft, name: str) -> bool:
    """Whether the function binds ``name``: else an assignment would make another variable."""
    function = draft.function
    return any(
        (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.arg) and node.arg == name)
        for node in ast.walk(function)
    )

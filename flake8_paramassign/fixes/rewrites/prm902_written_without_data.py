"""PRM902: ``w.data.fill_(0)`` becomes ``w.fill_(0)`` under ``torch.no_grad()``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.in_place import write_at
from flake8_paramassign.fixes.rewrites.no_grad import without_grad
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.writes import WITHOUT_DATA
from flake8_paramassign.fixes.rewrites.through_data import DataWrite
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import WrittenInPlace

_METHODS = {ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_"}


def rewrite(case: Case) -> Fix:
    """Return the fix of the statement; raises NoRewrite."""
    event = case.event
    assert isinstance(event, WrittenInPlace)
    known = [_write_of(each) for each in case.each()]
    WITHOUT_DATA.check(known)
    draft, data = known[0].draft, known[0].data
    assert data is not None
    is_init = event.how.startswith("nn.init.")
    message = "write into the Parameter itself"
    if is_init and isinstance(draft.statement, ast.Expr):
        draft.cut(draft.outer(data.value).end, draft.outer(data).end)
        message = "give nn.init the Parameter itself"
    else:
        write = write_at(draft, event.subject)
        if is_init or write.is_used:
            raise NoRewrite("what the write returns is used, and would be the Parameter itself")
        if isinstance(draft.statement, ast.AugAssign) and draft.statement.target is data:
            _augment(draft, draft.statement, data.value)
        draft.cut(draft.outer(data.value).end, draft.outer(data).end)
        if event.grad is not False:
            without_grad(draft, [write.subject], write.operands)
            message += ", under torch.no_grad()"
    return draft.fix(message, unproved=WITHOUT_DATA.unproved(known))


def _write_of(case: Case) -> DataWrite:
    assert isinstance(case.event, WrittenInPlace)
    return DataWrite(Draft(case, case.event.node), case.event)


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

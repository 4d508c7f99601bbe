"""PRM201: ``p = p - t`` becomes ``p -= t`` under ``no_grad``, and ``p = t`` ``p.copy_(t)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.conversions import written_by
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.no_grad import without_grad
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.writes import STEPPED
from flake8_paramassign.fixes.rewrites.writes import Rebinding
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import VariableRebound

_OPERATORS = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}


def rewrite(case: Case) -> Fix:
    """Return the fix of the assignment; raises NoRewrite."""
    event = case.event
    assert isinstance(event, VariableRebound)
    draft = Draft(case, event.node)
    statement = draft.statement
    name = event.node
    if not isinstance(name, ast.Name) or not isinstance(statement, ast.Assign):
        raise NoRewrite("the statement does not assign the variable alone")
    if statement.targets != [name]:
        raise NoRewrite("the statement does not assign the variable alone")
    value = statement.value
    divides = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div)
    STEPPED.check([_rebinding(each, divides) for each in case.each()])
    target = draft.outer(name)
    if isinstance(value, ast.BinOp) and _is_step_of(name, value):
        operator, operand = _OPERATORS[type(value.op)], value.right
        draft.replace(target.end, draft.outer(operand).start, f" {operator} ")
        draft.cut(draft.outer(operand).end, draft.outer(value).end)
    else:
        operand = value
        method, function = written_by(draft, event.values, value)
        opening = f"{draft.named(function, target.start)}(" if function else ""
        method = f".{method}({opening}"
        draft.replace(target.end, draft.outer(value).start, method)
        draft.insert(draft.outer(value).end, ")" * method.count("("))
    if event.grad is not False:
        without_grad(draft, [name], [operand])
    return draft.fix("write into the Parameter, under torch.no_grad()", STEPPED.unsafe)


def _rebinding(case: Case, divides: bool) -> Rebinding:
    assert isinstance(case.event, VariableRebound)
    return Rebinding(Draft(case, case.event.node), case.event, divides)


def _is_step_of(name: ast.Name, value: ast.BinOp) -> bool:
    """``p - t``, for the variable ``p``."""
    left = value.left
    return type(value.op) in _OPERATORS and isinstance(left, ast.Name) and left.id == name.id

"""PRM305: ``a.w.data = b.w.data`` is shown as ``a.w = b.w``, or as a copy, and never applied."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.diagnostics import Applicability, Fix
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.writes import TIED_OR_COPIED
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import DataStored


def rewrite(case: Case) -> Fix:
    """Return the fix to show, where the data is stored; raises NoRewrite."""
    event = case.event
    assert isinstance(event, DataStored)
    draft = Draft(case, event.node)
    statement, node = draft.statement, draft.path[-1]
    if not isinstance(statement, ast.Assign) or statement.targets != [node]:
        raise NoRewrite("it may be meant to tie the two, or to copy")
    assert isinstance(node, ast.Attribute)
    return replace(_readings(draft, node, statement.value), applicability=Applicability.DISPLAY)


def _readings(draft: Draft, node: ast.Attribute, value: ast.expr) -> Fix:
    span = draft.outer(value)
    if not isinstance(node.value, ast.Attribute):  # A loop's variable: another name ties nothing.
        draft.replace(draft.outer(node).end, span.start, ".copy_(")
        draft.insert(span.end, ")")
        return draft.fix("copy the values")
    draft.cut(draft.outer(node.value).end, draft.outer(node).end)
    draft.cut(draft.outer(_parameter(value)).end, draft.inner(value).end)
    return draft.fix("tie the two", TIED_OR_COPIED.unsafe)


def _parameter(value: ast.expr) -> ast.expr:
    """``b.w`` of ``b.w.data`` and of ``b.w.detach()``."""
    method = value.func if isinstance(value, ast.Call) else value
    if isinstance(method, ast.Attribute) and method.attr in ("data", "detach"):
        return method.value
    return value

"""PRM203: ``module.requires_grad = False`` becomes ``module.requires_grad_(False)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.attribute_uses import Attribute
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.writes import FROZEN
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored

_METHOD = ".requires_grad_"


def rewrite(case: Case) -> Fix:
    """Return the fix of the assignment; raises NoRewrite."""
    draft = Draft(case, case.event.node)
    statement, node = draft.statement, draft.path[-1]
    if not isinstance(node, ast.Attribute):
        raise NoRewrite("call requires_grad_() instead of setattr()")
    if not isinstance(statement, ast.Assign) or statement.targets != [node]:
        raise NoRewrite("the statement assigns more than this")
    assert isinstance(case.event, AttributeStored)
    FROZEN.check([Attribute(draft, case.event)])
    value = statement.value
    bare = draft.outer(value) == draft.inner(value)
    draft.replace(draft.outer(node.value).end, draft.inner(node).end, _METHOD)
    draft.replace(draft.outer(node).end, draft.outer(value).start, "(" if bare else "")
    draft.insert(draft.outer(value).end, ")" if bare else "")
    return draft.fix("call requires_grad_()", FROZEN.unsafe)

"""PRM901: ``w.data = t`` becomes ``w.data.copy_(t)``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.parameters import bare
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.rebinding import Rebound
from flake8_paramassign.fixes.rewrites.stores import Store
from flake8_paramassign.fixes.rewrites.terms.writes import DATA_COPIED
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import DataStored


def rewrite(case: Case) -> Fix:
    """Return the fix of the assignment; raises NoRewrite."""
    event = case.event
    assert isinstance(event, DataStored)
    assert isinstance(event.node, ast.Attribute)
    draft = Draft(case, event.node)
    statement, owner = draft.statement, event.node.value
    if not isinstance(statement, ast.Assign) or statement.targets != [event.node]:
        raise NoRewrite("the statement assigns more than this: .data may be exchanged")
    events = [other.event for other in case.each()]
    drafts = [Draft(other, event.node) for other in case.each()]
    DATA_COPIED.check(
        [
            Rebound(seen, each, owner, statement.value)
            for seen, each in zip(drafts, events, strict=True)
            if isinstance(each, DataStored)
        ]
    )
    bare(draft, statement.value)
    store = Store(statement.value, draft.written(owner), (owner,), draft.outer(owner).end)
    method = store.filled(draft, event.values, event)
    return draft.fix(f"write into the Parameter: {method}(...)", DATA_COPIED.unsafe)

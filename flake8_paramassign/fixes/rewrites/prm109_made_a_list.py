"""PRM109: ``params = model.parameters()`` becomes ``params = list(model.parameters())``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.objects import Container
from flake8_paramassign.fixes.rewrites.callers import refuse_other_callers
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.values import MADE_A_LIST
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import IteratedAgain


def rewrite(case: Case) -> Fix:
    """Return the fix of the expression that makes the generator; raises NoRewrite."""
    event = case.event
    assert isinstance(event, IteratedAgain)
    generator = Draft(case, event.node).object(event.container)
    made = generator.made if isinstance(generator, Container) else None
    if made is None or not isinstance(made.node, ast.expr):
        raise NoRewrite("what makes the generator is not one expression")
    draft = Draft(case, made.node, made.module)
    refuse_other_callers(draft)
    draft.enclose(made.node, "list(", ")")
    return draft.fix("make a list of the Parameters", MADE_A_LIST.unsafe)

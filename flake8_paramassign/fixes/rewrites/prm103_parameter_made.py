"""PRM103: ``torch.randn(3, requires_grad=True)`` becomes ``nn.Parameter(torch.randn(3))``."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.domain.values import Library
from flake8_paramassign.facts.wording import quoted
from flake8_paramassign.fixes.rewrites.attribute_uses import Attribute
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.parameters import PARAMETER, wrap
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.terms.questions import NEEDS_STRICT
from flake8_paramassign.fixes.rewrites.terms.values import MADE_A_PARAMETER
from flake8_paramassign.fixes.rewrites.trainable import drop_argument, drop_flags
from flake8_paramassign.report import Case
from flake8_paramassign.semantics.events import AttributeStored

_VARIABLES = frozenset(
    [Library("torch.autograd.Variable"), Library("torch.autograd.variable.Variable")]
)


def rewrite(case: Case) -> Fix:
    """Return the fix, where the tensor is stored; raises NoRewrite."""
    event = case.event
    assert isinstance(event, AttributeStored)
    draft = Draft(case, event.node)
    MADE_A_PARAMETER.check([Attribute(draft, event)])
    if event.expression is None:
        raise NoRewrite("what is stored is no expression of its own")
    if not _replace_variable(draft, event.expression):
        wrap(draft, event.expression)
        drop_flags(draft, event.expression)
    return draft.fix(
        "make it a Parameter",
        f"{quoted(event.name)} {NEEDS_STRICT}",
        MADE_A_PARAMETER.unsafe,
    )


def _replace_variable(draft: Draft, value: ast.expr) -> bool:
    """``Variable(x, requires_grad=True)`` becomes ``nn.Parameter(x)``, if ``value`` is that."""
    if not isinstance(value, ast.Call) or not _VARIABLES.intersection(
        draft.module.static(value.func)
    ):
        return False
    if [keyword.arg for keyword in value.keywords] != ["requires_grad"]:
        return False
    function = draft.inner(value.func)
    draft.replace(*function, draft.named(PARAMETER, function.start))
    drop_argument(draft, value, "requires_grad")
    return True

"""PRM306: ``w.data.normal_(std=s)`` becomes ``nn.init.normal_(w, std=s)``.

What nn.init has no function for is done where the weight was not loaded, which transformers
does itself: ``if not getattr(w, "_is_hf_initialized", False):``.
"""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Fix
from flake8_paramassign.fixes.rewrites.blocks import put_into_block
from flake8_paramassign.fixes.rewrites.conversions import is_number
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.in_place import Initialised
from flake8_paramassign.fixes.rewrites.terms.writes import INIT_GUARDED
from flake8_paramassign.report import Case
from flake8_paramassign.rules.prm306_init_guard_bypassed import GUARD, parameter_of
from flake8_paramassign.semantics.events import DataStored, WrittenInPlace

_INITIALISERS = {
    "normal_": ("normal_", frozenset(["mean", "std", "generator"])),
    "uniform_": ("uniform_", frozenset(["generator"])),
    "zero_": ("zeros_", frozenset()),
    "fill_": ("constant_", frozenset()),
}
"""Methods of tensors: the function of nn.init that does the same, and the keywords they share."""


def rewrite(case: Case) -> Fix:
    """Return the fix of the statement; raises NoRewrite."""
    event = case.event
    assert isinstance(event, WrittenInPlace | DataStored)
    draft = Draft(case, event.node)
    if isinstance(event, DataStored):
        assert isinstance(event.node, ast.Attribute)
        return _guarded(draft, event.node.value)
    if event.how.startswith("nn.init."):
        draft.cut(draft.outer(parameter_of(event.subject)).end, draft.outer(event.subject).end)
        return draft.fix("give nn.init the Parameter itself", INIT_GUARDED.unsafe)
    call = event.node
    initialiser = _initialiser(draft, event)
    if initialiser and isinstance(call, ast.Call):
        return _initialised(draft, call, parameter_of(event.subject), initialiser)
    return _guarded(draft, event.subject)


def _initialiser(draft: Draft, event: WrittenInPlace) -> str:
    """The function of nn.init that does the same as the statement, if there is one."""
    call, subject = event.node, event.subject
    if not isinstance(call, ast.Call) or getattr(draft.statement, "value", None) is not call:
        return ""
    if not isinstance(draft.statement, ast.Expr) or not isinstance(call.func, ast.Attribute):
        return ""
    if not _is_whole(subject, parameter_of(subject)):
        return ""
    name, keywords = _INITIALISERS.get(call.func.attr, ("", frozenset()))
    if any(keyword.arg not in keywords for keyword in call.keywords):
        return ""
    if name == "constant_" and not all(map(is_number, event.operands)):
        return ""
    return name


def _is_whole(subject: ast.expr, parameter: ast.expr) -> bool:
    """Whether all of a Parameter is written, which an attribute or a variable holds."""
    is_data = isinstance(subject, ast.Attribute) and subject.value is parameter
    return (subject is parameter or is_data) and isinstance(parameter, ast.Name | ast.Attribute)


def _initialised(draft: Draft, call: ast.Call, parameter: ast.expr, name: str) -> Fix:
    """``nn.init.normal_(w, std=s)``."""
    start, held = draft.inner(call).start, draft.outer(parameter)
    function = draft.named(f"torch.nn.init.{name}", start)
    draft.insert(start, f"{function}(")
    arguments = draft.arguments(call)
    if arguments:
        draft.replace(held.end, arguments[0].span.start, ", ")
    else:
        draft.replace(held.end, draft.inner(call).end, ")")
    return draft.fix(f"initialise it by {function}()", INIT_GUARDED.unsafe)


def _guarded(draft: Draft, subject: ast.expr) -> Fix:
    """The statement as it is, but not for what was loaded."""
    parameter = parameter_of(subject)
    INIT_GUARDED.check([Initialised(draft, subject, parameter)])
    held = draft.written(parameter)
    put_into_block(draft, f'if not getattr({held}, "{GUARD}", False):')
    return draft.fix("do it where the weight was not loaded", INIT_GUARDED.unsafe)

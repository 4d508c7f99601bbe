"""The statement that writes a tensor in place."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite


@dataclass(frozen=True)
class Write:
    """``w -= t``, ``w[0] = t`` or ``w.copy_(t)`` as a whole statement."""

    subject: ast.expr
    """``w``, and for an item of it ``w[0]``."""
    operands: tuple[ast.expr, ...]
    """What it is written with."""
    is_used: bool = False
    """Whether the statement does something with what the write returns."""


@dataclass(frozen=True)
class Initialised:
    """A write into ``parameter``, by way of ``subject``, that is to be done under a condition."""

    draft: Draft
    subject: ast.expr
    parameter: ast.expr

    @property
    def is_used(self) -> bool:
        """Whether the statement does something with what the write returns."""
        return write_at(self.draft, self.subject).is_used

    @property
    def has_effects(self) -> bool:
        """Whether to evaluate the Parameter, which the condition does again, may do more."""
        return not is_pure(self.parameter, self.draft.module)


def write_at(draft: Draft, subject: ast.expr) -> Write:
    """Return the write that the draft's node is, to ``subject``; raises NoRewrite.

    That is where the statement does more than this write.
    """
    node, statement = draft.path[-1], draft.statement
    if hasattr(statement, "body"):
        raise NoRewrite("it stands in the first line of a compound statement")
    if isinstance(statement, ast.AugAssign) and node in (statement, statement.target):
        return Write(statement.target, (statement.value,))
    if isinstance(statement, ast.Assign) and node in statement.targets:
        if len(statement.targets) > 1:
            raise NoRewrite("the statement assigns one value to several targets")
        assert isinstance(node, ast.expr)
        return Write(node, (statement.value,))
    calls = _chain(draft)
    whole = getattr(statement, "value", None)
    arguments = [a for call in calls for a in (*call.args, *(k.value for k in call.keywords))]
    operands = tuple(argument for argument in arguments if argument is not subject)
    if calls and calls[-1] is whole and all(map(_is_in_place, calls[1:])):
        return Write(subject, operands, is_used=not isinstance(statement, ast.Expr))
    if isinstance(statement, ast.Expr) and isinstance(whole, ast.ListComp | ast.SetComp):
        if calls and calls[-1] is whole.elt and all(is_pure(o, draft.module) for o in operands):
            return Write(subject, operands)
    raise NoRewrite("the rest of the statement may need gradients: write in one of its own")


def _is_in_place(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return catalogue.method(name) is Result.IN_PLACE


def _chain(draft: Draft) -> list[ast.Call]:
    """The call that the draft's node is, and the methods called on what it returns."""
    node = draft.path[-1]
    calls = [node] if isinstance(node, ast.Call) else []
    for index in range(len(draft.path) - 2, 0, -2):
        method, call = draft.path[index], draft.path[index - 1]
        if not isinstance(method, ast.Attribute) or not isinstance(call, ast.Call):
            break
        if not calls or call.func is not method or method.value is not calls[-1]:
            break
        calls.append(call)
    return calls

"""Taking back what made a tensor trainable before it became what it has to be."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.purity import calls_torch

if TYPE_CHECKING:
    from flake8_paramassign.fixes.rewrites.syntax import Argument

_FLAG = "requires_grad"
_METHOD = "requires_grad_"


def drop_flags(draft: Draft, expression: ast.expr) -> bool:
    """Cut ``requires_grad=True`` and ``.requires_grad_()`` out of ``expression``.

    Returns whether there was any.
    """
    found = False
    for part in ast.walk(expression):
        if not isinstance(part, ast.Call) or not calls_torch(part, draft.module):
            continue
        for keyword in part.keywords:
            if keyword.arg == _FLAG and _is_true(keyword.value):
                drop_argument(draft, part, _FLAG)
                found = True
        if isinstance(part.func, ast.Attribute) and part.func.attr == _METHOD:
            given = [*part.args, *(keyword.value for keyword in part.keywords)]
            if all(map(_is_true, given)):
                draft.cut(draft.outer(part.func.value).end, draft.inner(part).end)
                found = True
    return found


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def drop_argument(draft: Draft, call: ast.Call, keyword: str) -> None:
    """Cut the argument ``keyword`` out of ``call``, with the comma that it no longer needs."""
    arguments = draft.arguments(call)
    index = next(i for i, argument in enumerate(arguments) if argument.keyword == keyword)
    argument = arguments[index]
    lines = _lines_of_its_own(draft, argument)
    if lines is not None:
        draft.cut(*lines)
    elif index:
        draft.cut(arguments[index - 1].span.end, argument.span.end)
    elif len(arguments) > 1:
        draft.cut(argument.span.start, arguments[1].span.start)
    else:
        draft.cut(argument.span.start, argument.end)


def _lines_of_its_own(draft: Draft, argument: Argument) -> tuple[int, int] | None:
    """The whole lines of an argument that ends in a comma and shares them with nothing."""
    start = draft.text.rfind("\n", 0, argument.span.start) + 1
    end = draft.text.find("\n", argument.end) + 1
    alone = not draft.text[start : argument.span.start].strip()
    alone = alone and not draft.text[argument.end : end].strip()
    return (start, end) if alone and end and argument.end > argument.span.end else None

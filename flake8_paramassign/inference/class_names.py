"""Conditions on the name of a class: ``if m.__class__.__name__.find("Conv") != -1:``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from flake8_paramassign.inference.values import Values, constant


class ClassName(str):
    """The name of a class, as ``__name__`` gives it."""

    __slots__ = ()


_METHODS = frozenset(["find", "startswith", "endswith", "lower", "upper", "__contains__"])
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.In: lambda item, whole: item in whole,
    ast.NotIn: lambda item, whole: item not in whole,
}


def decided(test: ast.expr, evaluate: Callable[[ast.expr], Values]) -> bool | None:
    """What ``test`` is, where it asks about the name of a class; None for any other."""
    if not isinstance(test, ast.Compare | ast.Call) or not _asks(test, evaluate):
        return None
    try:
        known = _known(test, evaluate)
    except (TypeError, ValueError):
        return None
    return known if isinstance(known, bool) else None


def _asks(node: ast.expr, evaluate: Callable[[ast.expr], Values]) -> bool:
    """Whether a class's name is among what ``node`` looks at."""
    if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and node.attr == "__name__"):
        return isinstance(constant(evaluate(node)), ClassName)
    if isinstance(node, ast.Compare):
        return any(_asks(side, evaluate) for side in (node.left, *node.comparators))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _METHODS and _asks(node.func.value, evaluate)
    return False


def _known(node: ast.expr, evaluate: Callable[[ast.expr], Values]) -> object:
    """The value of ``node``; raises ValueError where it is not known."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        compare = _COMPARISONS.get(type(node.ops[0]))
        if compare is not None:
            return compare(_known(node.left, evaluate), _known(node.comparators[0], evaluate))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        text = _known(node.func.value, evaluate)
        if isinstance(text, str) and node.func.attr in _METHODS and not node.keywords:
            return getattr(text, node.func.attr)(*(_known(a, evaluate) for a in node.args))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _known(node.operand, evaluate)
        if isinstance(number, int):
            return -number
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        return tuple(_known(element, evaluate) for element in node.elts)
    else:
        value = constant(evaluate(node))
        if value is not NotImplemented:
            return value
    raise ValueError("not known")

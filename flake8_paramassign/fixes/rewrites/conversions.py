"""What has to be made of a value before it can be written into a Parameter."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Container, Tensor, Thing
from flake8_paramassign.domain.values import Constant, Plain, Unknown, Value, Values
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite

_NUMBERS = (int, float, complex)


def converter(draft: Draft, value: Value, written: ast.expr) -> str:
    """Return the function that makes a tensor of ``value``; empty where none is needed.

    ``written`` is the expression that gives it. Raises NoRewrite.
    """
    known = draft.object(value)
    if isinstance(value, Unknown) or isinstance(known, Tensor) or is_number(value):
        return ""
    if isinstance(known, Thing) and known.is_module is None and known.cls is None:
        return ""
    if isinstance(value, Plain) and value.kind == "numpy.ndarray":
        return "torch.from_numpy"
    is_list = isinstance(known, Container) and known.kind in ("list", "tuple")
    if (is_list or _is_tuple(value)) and _may_be_numbers(written):
        return "torch.tensor"
    raise NoRewrite("no tensor can be made of the value")


def written_by(draft: Draft, values: Values, written: ast.expr) -> tuple[str, str]:
    """Return the method that writes any of ``values`` into a tensor, and their converter.

    Raises NoRewrite.
    """
    functions = {converter(draft, value, written) for value in values}
    if len(functions) > 1:
        raise NoRewrite("what the value is differs from path to path")
    return "fill_" if all(map(is_number, values)) else "copy_", "".join(functions)


def is_number(value: Value) -> bool:
    """Whether ``value`` is a number, which fills a tensor."""
    if isinstance(value, Constant):
        return isinstance(value.value, _NUMBERS)
    return isinstance(value, Plain) and value.kind in ("float", "int", "bool")


def _is_tuple(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, tuple)


def _may_be_numbers(node: ast.expr) -> bool:
    """Whether a list, where it is written out, holds numbers and lists of them."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(map(_may_be_numbers, node.elts))
    if isinstance(node, ast.UnaryOp):
        return _may_be_numbers(node.operand)
    return not isinstance(node, ast.Constant) or isinstance(node.value, _NUMBERS)

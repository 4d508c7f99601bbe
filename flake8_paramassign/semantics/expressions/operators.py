"""What operators make of their operands."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flake8_paramassign.domain.objects import MOST_ITEMS, Container, Obj
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Plain,
    Text,
    Value,
    Values,
    computed,
    constant,
    is_small,
    join,
    join_all,
)
from flake8_paramassign.semantics.expressions.text import beginning, ending, is_text, text_of
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.models.tensors import operators as tensor_operators

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_SHORT_FORMAT = re.compile(r"[^%]*%[ds][^%]*")
"""What makes no long text of a short one, as ``%999d`` does."""
_SEQUENCES = ("list", "tuple")


class Operators:
    """Combines values for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` makes what they give."""
        self._machine = machine

    def combined(
        self, op: ast.operator, left: Values, right: Values, node: ast.AST, state: State
    ) -> Values:
        """What an operator makes of two operands."""
        results = NOTHING
        for one in left:
            for other in right:
                results = join(results, self._pair(op, one, other, node, state))
        return results

    def _pair(
        self, op: ast.operator, left: Value, right: Value, node: ast.AST, state: State
    ) -> Values:
        if NONE[0] in (left, right) and not isinstance(op, ast.Mod):
            return UNKNOWN  # it raises, if nothing else is meant
        if isinstance(left, Constant) and isinstance(right, Constant):
            return _of_constants(op, left.value, right.value)
        if isinstance(op, ast.Add) and (
            (isinstance(left, Text | Constant) and isinstance(right, Text | Constant | Plain))
            or (isinstance(left, Text | Plain) and isinstance(right, Text | Constant))
        ):
            if is_text(left) or is_text(right):
                return (text_of([beginning(left), None, ending(right)]),)
        if isinstance(op, ast.Mod) and isinstance(left, Constant) and isinstance(left.value, str):
            return (Text(left.value.partition("%")[0]),)
        kinds = {_number(left), _number(right)}
        if "" not in kinds and isinstance(op, _ARITHMETIC):
            return (Plain("float" if "float" in kinds or isinstance(op, ast.Div) else "int"),)
        made = self._sequence(op, left, right, node, state)
        if made is not None:
            return made
        return tensor_operators.combined(self._machine, op, left, right, node, state)

    def _sequence(
        self, op: ast.operator, left: Value, right: Value, node: ast.AST, state: State
    ) -> Values | None:
        """``[a] + [b]`` and ``[a] * n``."""
        if not isinstance(op, ast.Add | ast.Mult):
            return None
        one = state.read(left) if isinstance(left, Address) else None
        other = state.read(right) if isinstance(right, Address) else None
        if isinstance(op, ast.Mult) and not isinstance(one, Container):
            one, other, right = other, one, left
        if not isinstance(one, Container) or one.kind not in _SEQUENCES:
            return None
        place = self._machine.place(node)
        items = _repeated(one, right) if isinstance(op, ast.Mult) else _appended(one, other)
        if items is not None:
            made = Container(one.kind, dict(enumerate(items)), made=place)
        else:
            rest = one.items()
            if isinstance(op, ast.Add):
                rest = join(rest, other.items() if isinstance(other, Container) else UNKNOWN)
            made = Container(one.kind, rest=rest, is_exact=False, made=place)
        return (self._machine.new(made, state, node),)

    def negated(self, operand: Values, node: ast.UnaryOp, state: State) -> Values:
        """What ``-``, ``+`` or ``~`` makes of an operand."""
        known = constant(operand)
        if isinstance(node.op, ast.USub) and isinstance(known, int | float):
            return (Constant(-known),)
        return join_all(
            tensor_operators.negated(self._machine, value, node, state) for value in operand
        )


def _repeated(container: Container, times: Value) -> list[Values] | None:
    """The items of ``container * times``, where they are known one by one."""
    count = times.value if isinstance(times, Constant) else None
    if type(count) is not int or not container.is_exact:
        return None
    fits = count * len(container.known) <= MOST_ITEMS
    return list(container.known.values()) * count if fits else None


def _appended(container: Container, other: Obj | None) -> list[Values] | None:
    """The items of ``container + other``, where they are known one by one."""
    if not isinstance(other, Container) or not (container.is_exact and other.is_exact):
        return None
    items = [*container.known.values(), *other.known.values()]
    return items if len(items) <= MOST_ITEMS else None


def _of_constants(op: ast.operator, left: Any, right: Any) -> Values:
    """What Python computes of two constants, if that is small."""
    apply = _OPERATORS.get(type(op))
    if isinstance(left, str) and isinstance(op, ast.Mod):
        if _SHORT_FORMAT.fullmatch(left) and is_small(right) and isinstance(right, str | int):
            with suppress(TypeError):
                return (computed(left % right),)
        return (Text(left.partition("%")[0]),)
    if apply is None or not is_small(left) or not is_small(right):
        return (Plain(type(left).__name__),)
    if isinstance(op, ast.Mult) and (isinstance(left, str) or isinstance(right, str)):
        return (Plain("str"),)
    try:
        return (computed(apply(left, right)),)
    except (ArithmeticError, TypeError, ValueError):
        return (Plain(type(left).__name__),)


def _number(value: Value) -> str:
    """The type of a number; nothing for anything else."""
    kind = value.kind if isinstance(value, Plain) else ""
    if isinstance(value, Constant):
        kind = type(value.value).__name__
    return kind if kind in ("int", "float", "bool") else ""

"""What operators and items give where one operand is a tensor."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import Container, Obj, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Constant,
    Plain,
    Value,
    Values,
)
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.tensors.results import derived, result_of

_LONGEST = 40
"""Columns of an operation that is repeated in a message."""


def combined(
    machine: Machine, op: ast.operator, left: Value, right: Value, node: ast.AST, state: State
) -> Values:
    """What an operator makes of two operands of which one may be a tensor."""
    one = state.read(left) if isinstance(left, Address) else None
    other = state.read(right) if isinstance(right, Address) else None
    if not isinstance(one, Tensor) and not isinstance(other, Tensor):
        if isinstance(left, Plain | Constant) and isinstance(right, Plain | Constant):
            kinds = [v.kind if isinstance(v, Plain) else type(v.value).__name__
                     for v in (left, right)]  # fmt: skip
            if "numpy.ndarray" in kinds:
                return (Plain("numpy.ndarray"),)
            return (Plain("float" if "float" in kinds else kinds[0]),)
        return UNKNOWN
    first, second = shapes.described((left,), state), shapes.described((right,), state)
    if isinstance(op, ast.MatMult):
        shape = shapes.multiplied(first, second)
    else:
        shape = shapes.broadcast(first, second)
    return result_of(
        machine, (left, right), node, state, _shown(node), shape,
        dtype=_common_dtype(one, other, left, right),
    )  # fmt: skip


def are_any(values: Values, state: State) -> bool:
    """Whether one of ``values`` is a tensor."""
    return any(isinstance(v, Address) and isinstance(state.read(v), Tensor) for v in values)


def compared(machine: Machine, left: Values, right: Values, node: ast.AST, state: State) -> Values:
    """``t > 0``: a tensor of bools, through which no gradient flows."""
    shape = shapes.broadcast(shapes.described(left, state), shapes.described(right, state))
    made = Tensor(machine.place(node), shape=shape, dtype="torch.bool", integer=True)
    return (machine.new(made, state, node),)


def _common_dtype(one: Obj | None, other: Obj | None, left: Value, right: Value) -> str | None:
    """The dtype of what an operator gives."""
    dtypes = {obj.dtype for obj in (one, other) if isinstance(obj, Tensor)}
    numbers = [v for v in (left, right) if isinstance(v, Constant | Plain)]
    if len(dtypes) != 1 or (numbers and not all(_is_number(v) for v in numbers)):
        return None
    dtype = dtypes.pop()
    return dtype if dtype is not None and not catalogue.dtype_is_integer(dtype) else None


def negated(machine: Machine, value: Value, node: ast.AST, state: State) -> Values:
    """``-t`` and ``~t``."""
    obj = state.read(value) if isinstance(value, Address) else None
    if isinstance(obj, Tensor) and isinstance(value, Address):
        return derived(
            machine, value, obj, node, state, _shown(node), shape=obj.shape, dtype=obj.dtype,
            integer=obj.integer,
        )  # fmt: skip
    return (value,) if isinstance(value, Plain) else UNKNOWN


def item(
    machine: Machine, address: Address, obj: Tensor, index: Values, state: State, node: ast.AST
) -> Values:
    """``t[index]``: a view, or a copy where the index is a tensor or a list.

    It may be either where the index is unknown; what then is written in place may raise if it
    is a view, so that it is none of what trains.
    """
    basic = [_is_basic(v, state) for v in index]
    is_view = False not in basic and (None not in basic or obj.trainable is not True)
    return derived(
        machine, address, obj, node, state, "[...]", is_view=is_view, dtype=obj.dtype,
        integer=obj.integer, may_be_copy=None in basic,
    )  # fmt: skip


def _is_basic(value: Value, state: State) -> bool | None:
    """Whether an index is a number, a slice, or a tuple of such; None where that is unknown."""
    obj = state.read(value) if isinstance(value, Address) else None
    if isinstance(obj, Container) and obj.kind == "tuple":
        parts = [_is_one_index(v, state) for held in obj.contents() for v in held]
        return False if False in parts else None if None in parts else True
    return _is_one_index(value, state)


def _shown(node: ast.AST) -> str:
    """An operation as the user wrote it."""
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    width = getattr(node, "end_col_offset", 0) - getattr(node, "col_offset", 0)
    if first != last or width > _LONGEST:  # of a long sum each part would be written again
        return "the operation"
    return ast.unparse(node)


def _is_number(value: Value) -> bool:
    if isinstance(value, Plain):
        return value.kind in ("float", "int", "bool")
    return isinstance(value, Constant) and isinstance(value.value, int | float)


def _is_one_index(index: Value, state: State) -> bool | None:
    """Whether an index is a number or a slice; None where that is unknown."""
    obj = state.read(index) if isinstance(index, Address) else None
    if isinstance(obj, Tensor | Container) or index == Plain("numpy.ndarray"):
        return False
    return True if isinstance(index, Constant | Plain) else None

"""The simplest expression in the constructor's arguments that a size agrees with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flake8_paramassign.catalogue.slots import Size, evaluate


def fit(
    examples: Sequence[tuple[Mapping[str, Any], tuple[int, ...] | None]],
) -> tuple[Size, ...] | None:
    """The shape that all examples (the arguments, and the shape that they gave) agree with."""
    shapes = [shape for _, shape in examples]
    arguments = [given for given, _ in examples]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or len(shapes) < 2:
        return None
    if len({len(shape) for shape in known}) > 1:
        return _whole(arguments, known)
    sizes = [_simplest(arguments, column) for column in zip(*known, strict=True)]
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def _whole(
    arguments: Sequence[Mapping[str, Any]], shapes: Sequence[tuple[int, ...]]
) -> tuple[Size, ...] | None:
    """The argument that is the shape, as ``normalized_shape`` is."""
    for name in arguments[0]:
        values = [given[name] for given in arguments]
        if [(v,) if isinstance(v, int) else v for v in values] == list(shapes):
            return (f"*{name}",)
    return None


def _simplest(arguments: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> Size | None:
    if len(set(numbers)) == 1:
        return numbers[0]
    for size in _expressions(arguments):
        if all(evaluate(size, given) == n for given, n in zip(arguments, numbers, strict=True)):
            return size
    return None


def _expressions(arguments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Expressions in those arguments that are sizes, simple ones first."""
    names = [
        name
        for name, first in arguments[0].items()
        if any(_is_size(given[name]) and given[name] != first for given in arguments)
    ]
    yield from names
    for name in names:
        if any(isinstance(given[name], tuple) for given in arguments):
            yield from (f"{name}[{item}]" for item in range(3))
    products = [f"{factor}*{name}" for name in names for factor in range(2, 9)]
    yield from products
    for product in names + products:
        yield from (f"{product}//{divisor}" for divisor in names if divisor != product)
    yield from (f"{a}*{b}" for a in names for b in names if a < b)


def _is_size(value: object) -> bool:
    return isinstance(value, int | tuple) and not isinstance(value, bool)

"""Values to call torch's functions and methods with, guessed by type and name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, product
from typing import Any, TypeAlias

import numpy
import torch

from flake8_paramassign.catalogue.generate.signatures import REQUIRED, Argument, Overload

MakeFirst: TypeAlias = Callable[[], torch.Tensor]
Make: TypeAlias = Callable[[torch.Tensor], Any]
"""An argument's value, made for a call whose first tensor is given."""


def _leaf(value: torch.Tensor) -> torch.Tensor:
    """A trainable copy, where the dtype allows it."""
    return value.detach().clone().requires_grad_(value.is_floating_point() or value.is_complex())


def _from(value: torch.Tensor) -> MakeFirst:
    return lambda: _leaf(value)


# Symmetric, positive definite, and all entries between 0 and 1: no function is undefined there.
_SQUARE = torch.full((4, 4), 0.125, dtype=torch.float64) + torch.eye(4, dtype=torch.float64) / 2
_COMPLEX = _SQUARE.to(torch.complex128)
_SHAPES = ((4,), (2, 2, 4), (2, 2, 4, 4), (2, 2, 4, 4, 4), (4, 4, 4), (4, 2))
_INTEGER_DTYPES = (torch.int64, torch.bool, torch.int32, torch.uint8)

TRAINABLE: Sequence[MakeFirst] = (
    _from(_SQUARE),
    *(_from(torch.full(shape, 0.5, dtype=torch.float64)) for shape in _SHAPES),
)
"""What a call starts from first."""
OTHERS: Sequence[MakeFirst] = (
    _from(torch.tensor(0.5, dtype=torch.float64)),
    _SQUARE.clone,
    *(_from(torch.ones(4, 4, dtype=dtype)) for dtype in _INTEGER_DTYPES),
    _from(torch.zeros(4, dtype=torch.int64)),
    _from(_COMPLEX),
    _from(_SQUARE.to_sparse()),
    _from(_SQUARE.to_sparse_csr()),
)
"""What a call starts from where it takes none of those."""
VARIED: Sequence[MakeFirst] = (
    _from(_SQUARE.float()),
    _from(_SQUARE.half()),
    _from(_SQUARE.bfloat16()),
    _from(_SQUARE.to(torch.complex32)),
    _from(_SQUARE.to(torch.complex64)),
    _from(_COMPLEX),
    _from(_SQUARE.to_sparse()),
    lambda: torch.empty_like(_SQUARE).t().copy_(_SQUARE).requires_grad_(),
    lambda: _leaf(_COMPLEX).conj(),
    lambda: _leaf(_COMPLEX).conj().imag,
)
"""What the same call may start from, to see whether it then gives something else."""


def _of(*values: Any) -> Sequence[Make]:
    return [lambda first, value=value: value for value in values]  # type: ignore[misc]


def _filled(*shape: int) -> Make:
    return lambda first: torch.full(shape, 0.5, dtype=torch.float64, requires_grad=True)


def _zeros(*shape: int, dtype: torch.dtype = torch.int64) -> Make:
    return lambda first: torch.zeros(shape, dtype=dtype)


def _itself(first: torch.Tensor) -> torch.Tensor:
    return first


def _like(first: torch.Tensor) -> torch.Tensor:
    return _leaf(first)


_TENSORS: Sequence[Make] = (
    _like,
    lambda first: torch.ones(first.shape, dtype=torch.bool),
    _filled(4),
    _filled(),
    _filled(4, 4, 4),
    _filled(4, 4),
    _filled(2),
)
_INDICES: Sequence[Make] = (
    _zeros(4),
    _zeros(4, 4),
    lambda first: torch.zeros(first.shape, dtype=torch.int64),
    _zeros(4, dtype=torch.int32),
    _zeros(2, 2, 4),
)
_LISTS: Sequence[list[int]] = (
    [1],
    [4, 4],
    [0],
    [0, 1],
    [2, 2],
    [2],
    [16],
    [1, 1],
    [2, 2, 2],
    [2, 2, 4],
    [],
)
_STRINGS = ("sum", "mean", "constant", "ij->ij", "reflect", "linear", "fan_in", "float64")

# Where the name of an argument tells more than its type.
_NAMED: dict[str, Sequence[Make]] = {
    **dict.fromkeys(["dim0", "axis0", "dim", "axis", "start_dim", "start"], _of(0, 1)),
    **dict.fromkeys(["dim1", "axis1", "dim2", "end_dim", "groups", "num_groups"], _of(1, 2)),
    **dict.fromkeys(["dtype", "out_dtype"], _of(torch.float32, torch.float64)),
    "device": _of("cpu"),
    "layout": _of(torch.strided),
    "memory_format": _of(torch.contiguous_format),
    "generator": _of(None),
    "cls": _of(torch.Tensor),
    "callable": _of(lambda *values: values[0]),
    "indices": [lambda first: [torch.zeros(4, dtype=torch.int64)], *_INDICES],
    "ndarray": [lambda first: numpy.ones(2)],
}
_TYPED: dict[str, Sequence[Make]] = {
    "bool": _of(False, True),
    "int": _of(1, 2, 0, 4),
    "number": _of(0.5, 1, 2.0),
    "float": _of(0.5, 1, 2.0),
    "complex": _of(0.5, 1, 2.0),
    "str": _of(*_STRINGS),
}


def arguments_to_try(wanted: Sequence[Argument]) -> Iterator[tuple[Make, ...]]:
    """Values for these arguments, likely ones first; the first tensor is the call's own."""
    choices: list[Sequence[Make]] = []
    has_first = False
    for argument in wanted:
        is_first = argument.is_tensor and not has_first
        has_first = has_first or is_first
        choices.append([_itself] if is_first else _values(argument))
    longest = max(map(len, choices), default=0)
    alike = (tuple(makes[min(i, len(makes) - 1)] for makes in choices) for i in range(longest))
    return chain(alike, product(*choices))


def _values(argument: Argument) -> Sequence[Make]:
    """Values to try for an argument."""
    name, kind = argument.name, argument.type
    optional = "Optional" in kind or kind.endswith("| None")
    return (*_of(None), *_values_of(name, kind)) if optional else _values_of(name, kind)


def _values_of(name: str, kind: str) -> Sequence[Make]:
    several = "ist[" in kind or "uple[" in kind
    if name in _NAMED:
        return _NAMED[name]
    if name in ("tensors", "parameters") or (several and "Tensor" in kind):
        return [lambda first: [first, _like(first)], lambda first: [first]]
    if "Tensor" in kind:
        is_index = "ind" in name or name.startswith(("target", "offsets", "pivots"))
        return [*_INDICES, *_TENSORS] if is_index else [*_TENSORS, *_INDICES]
    if several:
        return _of(*_LISTS)
    for part, values in _TYPED.items():
        if part in kind:
            return values
    return [*_of(2, [4, 4], [2]), *_TENSORS, *_INDICES]


_UNTOUCHED = {"inplace", "out", "requires_grad", "device", "pin_memory", "non_blocking", "reduce"}
"""Options that are not tried: what they do is known, or needs another machine."""


def options(overload: Overload) -> Iterator[tuple[str, Any]]:
    """Other values for the optional arguments that may change what comes back."""
    for argument in overload:
        name, default = argument.name, argument.default
        if default is REQUIRED or name in _UNTOUCHED or name.startswith("_"):
            continue
        if name == "dtype":
            yield name, torch.float32
        elif isinstance(default, bool) or argument.type in ("bool", "Optional[bool]"):
            yield name, not default
        elif name == "dim":
            yield name, 0
        elif "Optional[Tensor]" in argument.type:
            yield name, torch.full((4,), 0.5, dtype=torch.float64)

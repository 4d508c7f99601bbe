"""Arguments to call torch's functions and methods with.

What a function takes is read from its operator schemas and its Python signature; values are
then guessed by type and name, and tried until a call succeeds.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, TypeAlias

import torch

MakeFirst: TypeAlias = Callable[[], torch.Tensor]
Make: TypeAlias = Callable[[torch.Tensor], Any]
"""An argument's value, made for a call whose first tensor is given."""


REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Argument:
    """What a schema or signature tells about one argument."""

    name: str
    type: str
    keyword_only: bool = False
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is REQUIRED


Overload: TypeAlias = tuple[Argument, ...]
ONLY_SELF: Overload = (Argument("self", "Tensor"),)


def overloads(name: str, function: Callable[..., Any]) -> list[Overload]:
    """The ways in which ``function`` can be called that have to do with tensors.

    ``name`` is its full name; operators are found under it by torch's own naming.
    """
    found = [_of_schema(schema) for schema in _schemas(name) if not _writes_to_out(schema)]
    signature = _signature(function)
    if signature is not None:
        found.insert(0, signature)
    return found


_INTERNAL = ("cudnn_", "miopen_", "mkldnn_", "fbgemm_", "quantized_", "batch_norm_")
"""How functions begin that only torch itself calls; wrong arguments may crash them."""


def _schemas(name: str) -> list[Any]:
    """The operator schemas of a function; ``torch.linalg.norm`` is ``aten::linalg_norm``."""
    *path, last = name.split(".")
    prefixes = {"linalg": "linalg_", "fft": "fft_", "special": "special_", "sparse": "_sparse_"}
    if last.startswith(_INTERNAL):
        return []
    operators = [prefixes.get(path[-1], "") + last, last]
    for operator in operators:
        schemas = torch._C._jit_get_schemas_for_operator(f"aten::{operator}")
        if schemas:
            return [s for s in schemas if "Tensor" in str(s)]
    return []


def _writes_to_out(schema: Any) -> bool:
    return any(a.kwarg_only and a.alias_info is not None for a in schema.arguments)


def _of_schema(schema: Any) -> Overload:
    return tuple(
        Argument(
            a.name,
            str(a.type),
            a.kwarg_only,
            a.default_value if a.has_default_value() else REQUIRED,
        )
        for a in schema.arguments
    )


def _signature(function: Callable[..., Any]) -> Overload | None:
    """What a Python function takes, if it takes tensors."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    arguments = tuple(
        Argument(
            p.name,
            p.annotation if isinstance(p.annotation, str) else inspect.formatannotation(p.annotation),
            p.kind is p.KEYWORD_ONLY,
            REQUIRED if p.default is p.empty else p.default,
        )
        for p in parameters
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    )
    takes_tensors = any("Tensor" in a.type or a.name in _TENSOR_NAMES for a in arguments)
    return arguments if takes_tensors else None


_TENSOR_NAMES = ("input", "tensor", "tensors", "self")


def _leaf(value: torch.Tensor) -> torch.Tensor:
    """A trainable copy, where the dtype allows it."""
    return value.detach().clone().requires_grad_(value.is_floating_point() or value.is_complex())


def _made_from(value: torch.Tensor) -> MakeFirst:
    return lambda: _leaf(value)


# Symmetric, positive definite, and all entries between 0 and 1: no function is undefined there.
_SQUARE = torch.full((4, 4), 0.125, dtype=torch.float64) + torch.eye(4, dtype=torch.float64) / 2
_SHAPES = ((4,), (), (2, 2, 4), (2, 2, 4, 4), (2, 2, 4, 4, 4), (4, 4, 4))
_INTEGER_DTYPES = (torch.int64, torch.bool, torch.int32, torch.uint8)

SHAPED: Sequence[MakeFirst] = (
    _made_from(_SQUARE),
    *(_made_from(torch.full(shape, 0.5, dtype=torch.float64)) for shape in _SHAPES),
    *(_made_from(torch.ones(4, 4, dtype=dtype)) for dtype in _INTEGER_DTYPES),
    _made_from(torch.zeros(4, dtype=torch.int64)),
    lambda: _SQUARE.clone(),
)
"""What a call may start from: trainable tensors before the others."""
VARIED: Sequence[MakeFirst] = (
    _made_from(_SQUARE.float()),
    lambda: _leaf(torch.empty(4, 4, dtype=torch.float64).t().copy_(_SQUARE)),
    _made_from(_SQUARE.half()),
    _made_from(_SQUARE.bfloat16()),
    _made_from(_SQUARE.to(torch.complex64)),
    _made_from(_SQUARE.to(torch.complex128)),
    lambda: _SQUARE.to(torch.complex128).requires_grad_().conj(),
    lambda: _leaf(_SQUARE.to_sparse()),
)
"""What the same call may start from, to see whether it then gives something else."""


def _like(first: torch.Tensor) -> torch.Tensor:
    return _leaf(first.detach().clone())


def _constant(value: Any) -> Make:
    return lambda first: value


def _long(*size: int) -> Make:
    return lambda first: torch.zeros(size, dtype=torch.int64)


_TENSORS: Sequence[Make] = (
    _like,
    lambda first: torch.ones(first.shape, dtype=torch.bool),
    lambda first: _leaf(torch.full((4,), 0.5, dtype=torch.float64)),
    lambda first: _leaf(torch.tensor(0.5, dtype=torch.float64)),
    lambda first: _leaf(torch.full((4, 4, 4), 0.5, dtype=torch.float64)),
    lambda first: _leaf(torch.full((2,), 0.5, dtype=torch.float64)),
)
_INDICES: Sequence[Make] = (
    _long(4),
    _long(4, 4),
    lambda first: torch.zeros(first.shape, dtype=torch.int64),
    lambda first: torch.zeros(4, dtype=torch.int32),
    _long(2, 2, 4),
)
_INTEGERS = (1, 2, 0, 4)
_LISTS = ([1], [4, 4], [0], [0, 1], [2, 2], [2], [16], [1, 1], [2, 2, 2], [2, 2, 4], [])
_NUMBERS_OF_NAMES = {
    "dim0": 0, "axis0": 0, "dim": 0, "axis": 0, "start_dim": 0, "dim1": 1, "axis1": 1,
    "end_dim": 1, "dim2": 1, "groups": 1, "num_groups": 1, "start": 0, "offset": 0, "diagonal": 0,
}
_STRINGS = ("sum", "mean", "constant", "ij->ij", "reflect", "linear", "fan_in", "float64")


def choices(required: Sequence[Argument]) -> list[Sequence[Make]]:
    """Values to try for each of the required arguments; the first tensor is the call's own."""
    made: list[Sequence[Make]] = []
    has_first = False
    for argument in required:
        if not has_first and _is_tensor(argument):
            has_first = True
            made.append([_itself])
        else:
            made.append(_values(argument))
    return made


def _itself(first: torch.Tensor) -> torch.Tensor:
    return first


def _is_tensor(argument: Argument) -> bool:
    several = "ist[" in argument.type or "uple[" in argument.type
    return ("Tensor" in argument.type and not several) or argument.name in ("input", "self")


_NO_OPTIONS = frozenset(
    "inplace out requires_grad pin_memory device size_average reduce non_blocking".split()
)


def options(overload: Overload) -> Iterator[tuple[str, Any]]:
    """Other values for the optional arguments that may change what comes back."""
    for argument in overload:
        if argument.required or argument.name in _NO_OPTIONS or argument.name.startswith("_"):
            continue
        if argument.name == "dtype":
            yield argument.name, torch.float32
        elif isinstance(argument.default, bool) or argument.type in ("bool", "Optional[bool]"):
            yield argument.name, not argument.default
        elif argument.name == "dim":
            yield argument.name, 0


def _values(argument: Argument) -> Sequence[Make]:
    """Values to try for a required argument."""
    made = _values_of(argument.name, argument.type)
    optional = "Optional" in argument.type or ("None" in argument.type and argument.type != "None")
    return (_constant(None), *made) if optional else made


def _values_of(name: str, kind: str) -> Sequence[Make]:
    if name in ("dtype", "out_dtype"):
        return [_constant(torch.float32), _constant(torch.float64)]
    if name == "device":
        return [_constant("cpu")]
    if name in ("layout", "memory_format", "generator"):
        return [_constant({"layout": torch.strided, "memory_format": torch.contiguous_format}.get(name))]
    if "ist[" in kind and "Tensor" in kind or name == "tensors":
        return [lambda first: [first, _like(first)], lambda first: [first]]
    if "Tensor" in kind:
        indices_first = "ind" in name or name.startswith(("target", "offsets"))
        return [*_INDICES, *_TENSORS] if indices_first else [*_TENSORS, *_INDICES]
    if "ist[" in kind or "tuple" in kind:
        return [_constant(value) for value in _LISTS]
    if "bool" in kind:
        return [_constant(False), _constant(True)]
    if "int" in kind:
        preferred = [_NUMBERS_OF_NAMES[name]] if name in _NUMBERS_OF_NAMES else []
        return [_constant(value) for value in (*preferred, *_INTEGERS)]
    if "number" in kind or "float" in kind or "complex" in kind:
        return [_constant(0.5), _constant(1), _constant(2.0)]
    if "str" in kind:
        return [_constant(value) for value in _STRINGS]
    return [_constant(2), _constant([4, 4]), *_TENSORS, *_INDICES]


_SPECIAL: dict[str, Sequence[tuple[Make, ...]]] = {
    "torch.tensor": [(_constant([1.0, 2.0]),), (_itself,)],
    "torch.as_tensor": [(_constant([1.0, 2.0]),), (_itself,)],
    "torch.asarray": [(_constant([1.0, 2.0]),), (_itself,)],
    "torch.from_numpy": [(lambda first: torch.ones(2).numpy(),)],
    "torch.randint": [(_constant(3), _constant((2,)))],
    "torch.Tensor.new_tensor": [(_itself, _constant([1.0]))],
    "torch.Tensor.type": [(_itself, _constant(torch.float64)), (_itself, _constant(torch.float32))],
}


def special_calls(name: str) -> Sequence[tuple[Any, ...]]:
    """Arguments for what has neither a schema nor a telling signature."""
    return _SPECIAL.get(name, ())

"""``.to()`` and its like: the same tensor where nothing has to change, else another."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    FALSE,
    UNKNOWN,
    Address,
    Constant,
    Library,
    Values,
    constant,
    join,
)
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.tensors.results import DTYPE_NAMES, derived

LOOKS = frozenset(
    ["tolist", "item", "numpy", "shape", "size", "dtype", "device", "ndim", "dim", "numel"]
)
"""What tells of a tensor without using it where it is."""
CONVERSIONS = frozenset(
    ["to", "cuda", "cpu", "float", "half", "double", "bfloat16", "type", "type_as", "int", "long"]
)
"""Methods that give the same tensor where nothing has to change."""
_DTYPE_OF = {
    "float": "torch.float32", "half": "torch.float16", "double": "torch.float64",
    "bfloat16": "torch.bfloat16", "int": "torch.int32", "long": "torch.int64",
}  # fmt: skip


def converted(
    machine: Machine, address: Address, obj: Tensor, name: str, arguments: Arguments, state:
    State, node: ast.expr,
) -> Values:  # fmt: skip
    """``.to()`` and its like, which return the same object when nothing has to change."""
    asked = _asked(name, arguments, state)
    if asked.is_of_several:
        return join((address,), UNKNOWN)
    same_dtype, same_device = _is_same_dtype(obj, asked), _is_same_device(obj, asked)
    copies = constant(arguments.named.get("copy", FALSE)) is True
    if same_dtype and same_device and not copies:
        return (address,)
    surely = same_dtype is False or same_device is False or copies
    integer = obj.integer if asked.is_known and asked.keeps_dtype else None
    if asked.dtype is not None:
        integer = bool(catalogue.dtype_is_integer(asked.dtype))
    moved = derived(
        machine, address, obj, node, state, f".{name}()", is_conversion=not surely,
        shape=obj.shape,
        dtype=asked.dtype or (obj.dtype if asked.is_known and asked.keeps_dtype else None),
        integer=integer, device=asked.device if asked.is_known else None,
    )  # fmt: skip
    if surely or (not obj.is_parameter and obj.trainable is False):
        return moved
    return join((address,), moved)


@dataclass(slots=True)
class _Asked:
    """What a conversion asks for."""

    dtype: str | None
    device: object
    is_known: bool
    is_of_several: bool = False
    """Whether the device is that of one of several tensors: of this one, perhaps."""

    @property
    def keeps_dtype(self) -> bool:
        """Whether it surely is a device that is asked for: what is not known may be a dtype."""
        device = self.device
        return device is None or isinstance(device, Constant) or _is_device(device)


def _asked(name: str, arguments: Arguments, state: State) -> _Asked:
    """What a method of ``CONVERSIONS`` asks for, by its name and its arguments."""
    device = Constant(name) if name in ("cuda", "cpu") else None
    asked = _Asked(_DTYPE_OF.get(name), device, not arguments.extra)
    if name not in ("to", "type", "type_as", "cuda"):
        return asked
    given = [v for k, v in arguments.named.items() if k in ("device", "dtype", "other")]
    for held in [*arguments.positional, *given]:
        kind, what = target(held, state)
        if name == "type" and kind == "device":  # "torch.FloatTensor"
            asked.is_known = False
        elif kind == "dtype":
            asked.dtype = str(what)
        elif kind == "device":
            asked.device = what
        elif kind in ("unknown", "devices"):
            asked.is_known = False
            asked.is_of_several = kind == "devices"
    return asked


def _is_same_dtype(obj: Tensor, asked: _Asked) -> bool | None:
    if not asked.is_known or (asked.dtype is not None and obj.dtype is None):
        return None
    return asked.dtype is None or asked.dtype == obj.dtype


def _is_same_device(obj: Tensor, asked: _Asked) -> bool | None:
    if asked.device is None or obj.device == asked.device:
        return True
    known = isinstance(obj.device, Constant) and isinstance(asked.device, Constant)
    return False if known else None


def target(held: Values, state: State) -> tuple[str, object]:
    """What an argument of ``.to()`` asks for."""
    if len(held) > 1 and any(map(_is_device, held)):
        return "devices", None
    (value,) = held if len(held) == 1 else (None,)
    if isinstance(value, Library):
        name = DTYPE_NAMES.get(value.name, value.name)
        if catalogue.dtype_is_integer(value.name) is not None or name != value.name:
            return "dtype", name
        return "unknown", None
    if isinstance(value, Constant):
        if isinstance(value.value, str | int) and not isinstance(value.value, bool):
            return "device", Constant(str(value.value).partition(":")[0])
        return "none", None
    if isinstance(value, Address) and not value.many:
        obj = state.read(value)
        if isinstance(obj, Thing):
            return "device", value
    return "unknown", None


def _is_device(value: object) -> bool:
    """Whether a value is the ``device`` of some object."""
    site = value.site if isinstance(value, Address) else None
    return isinstance(site, tuple) and len(site) > 1 and site[1] == "device"

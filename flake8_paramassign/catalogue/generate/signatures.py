"""What torch's functions take, read from their operator schemas and Python signatures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import torch
from torch.overrides import get_testing_overrides

from flake8_paramassign.catalogue import Result

Function: TypeAlias = Callable[..., Any]
REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Argument:
    """What a schema or signature tells about one argument."""

    name: str
    type: str
    keyword_only: bool = False
    default: Any = REQUIRED

    @property
    def is_tensor(self) -> bool:
        """Whether it is one tensor, as far as can be told."""
        several = "ist[" in self.type or "uple[" in self.type
        return ("Tensor" in self.type and not several) or self.name in ("input", "self")


Overload: TypeAlias = tuple[Argument, ...]
ONLY_SELF: Overload = (Argument("self", "Tensor"),)

_TENSOR_NAMES = {"input", "tensor", "tensors", "self", "parameters"}
# Where operators are offered, and how their own names begin there.
_PREFIXES = {
    "torch": "",
    "Tensor": "",
    "functional": "",
    "fft": "fft_",
    "linalg": "linalg_",
    "sparse": "_sparse_",
    "special": "special_",
}
# How functions begin that only torch itself calls; wrong arguments may crash them.
_INTERNAL = ("cudnn_", "miopen_", "mkldnn_", "fbgemm_", "quantized_", "batch_norm_")


# What is declared nowhere.
_UNDECLARED: dict[str, Overload] = {
    "apply_": (*ONLY_SELF, Argument("callable", "function")),
    "as_subclass": (*ONLY_SELF, Argument("cls", "type")),
    "asarray": (Argument("obj", "Tensor"), Argument("copy", "bool", True, False)),
    "from_numpy": (Argument("ndarray", "numpy.ndarray"),),
    "new_tensor": (*ONLY_SELF, Argument("data", "Tensor")),
    "tensor": (Argument("data", "Tensor"),),
    "type": (*ONLY_SELF, Argument("dtype", "torch.dtype")),
}


def overloads(name: str, function: Function) -> list[Overload]:
    """The ways in which ``function``, whose full name is ``name``, takes or makes tensors."""
    if isinstance(function, type):
        return [(Argument("data", "Tensor"),), (Argument("size", "int"), Argument("size", "int"))]
    if name.rpartition(".")[2] in _UNDECLARED:
        return [_UNDECLARED[name.rpartition(".")[2]]]
    own = _own_signature(function)
    found = [own] if own else []
    found += map(_of_schema, _schemas(name))
    return found or _elsewhere(name, function)


def keeps_what_is_there_already(function: Function) -> bool:
    """Whether the documentation says that where nothing is to be done the tensor itself comes back.

    Needed for moves between devices, which cannot be seen on a machine that has only one.
    """
    said = r"original\s+object\s+is\s+returned|already\s+pinned"
    return re.search(said, function.__doc__ or "") is not None


def declared_result(name: str, function: Function) -> Result | None:
    """What the schema or the annotation says that comes back."""
    for schema in _schemas(name):
        returns = schema.returns
        if len(returns) != 1 or "List" in str(returns[0].type):
            return Result.TUPLE if "Tensor" in str(returns) else None
        if str(returns[0].type) != "Tensor":
            return Result.OTHER
        alias = returns[0].alias_info
        if alias is None:
            return Result.NEW
        return Result.IN_PLACE if alias.is_write else Result.VIEW
    annotation = getattr(function, "__annotations__", {}).get("return", inspect.Parameter.empty)
    if annotation in (None, "None"):
        return Result.NONE
    if annotation in (torch.Tensor, "Tensor", "torch.Tensor"):
        return Result.NEW
    return Result.TUPLE if str(annotation).startswith(("tuple[Tensor", "tuple[torch.T")) else None


@cache
def _schemas(name: str) -> list[Any]:
    """The operator schemas of a function; ``torch.linalg.norm`` is ``aten::linalg_norm``."""
    *_, module, last = name.split(".")
    if module not in _PREFIXES or last.startswith(_INTERNAL):
        return []
    for operator in (_PREFIXES[module] + last, last):
        schemas = torch._C._jit_get_schemas_for_operator(f"aten::{operator}")
        if schemas:
            return [s for s in schemas if "Tensor" in str(s) and not _writes_to_out(s)]
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


def _own_signature(function: Function) -> Overload | None:
    """What a Python function takes, if it takes or makes tensors."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    arguments = tuple(_of_parameters(signature.parameters.values()))
    concerned = any("Tensor" in a.type or a.name in _TENSOR_NAMES for a in arguments)
    return arguments if concerned or "Tensor" in str(signature.return_annotation) else None


def _of_parameters(parameters: Iterable[inspect.Parameter]) -> Iterable[Argument]:
    for p in parameters:
        annotation = p.annotation
        if p.kind is p.VAR_POSITIONAL and p.name in _TENSOR_NAMES:
            yield from (Argument("tensor", "Tensor"), Argument("tensor", "Tensor"))
        elif p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            yield Argument(
                p.name,
                annotation if isinstance(annotation, str) else inspect.formatannotation(annotation),
                p.kind is p.KEYWORD_ONLY,
                REQUIRED if p.default is p.empty else p.default,
            )


def _elsewhere(name: str, function: Function) -> list[Overload]:
    """What ``*args`` stands for: as torch's own tests call it, or as its in-place form."""
    stand_in = get_testing_overrides().get(function)
    if stand_in is not None:
        return [tuple(_of_parameters(inspect.signature(stand_in).parameters.values()))]
    parent, _, last = name.rpartition(".")
    in_place = getattr(torch.nn.init, f"{last}_", None) if parent.endswith("init") else None
    return overloads(f"{name}_", in_place) if in_place else []

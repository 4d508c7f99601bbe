"""What torch's own classes and functions do, asked by name and known without importing torch.

The facts lie in ``torch.json``; ``python -m flake8_paramassign.catalogue.generate`` finds them
out by running an installed torch and writes them. Names are dotted as a program imports them,
under any public alias (``torch.nn.modules.linear.Linear`` is ``torch.nn.Linear``). Nothing here
raises for a name it does not know: the answer is ``None``, or ``False`` where it is a yes or no.
"""

from __future__ import annotations

import json
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from flake8_paramassign.catalogue.slots import (
    GIVEN,
    UNKNOWN,
    ModuleClass,
    Slot,
    generic_name,
    parse_slots,
)

__all__ = [
    "GIVEN",
    "UNKNOWN",
    "ModuleClass",
    "Result",
    "Slot",
    "attribute",
    "creates_leaf",
    "dtype_is_integer",
    "function",
    "grad_free",
    "integer_result",
    "is_stock_slot",
    "method",
    "module_class",
    "module_names",
    "optimizer_class",
    "optimizer_names",
    "stock_slot_names",
    "tensor_class",
    "torch_version",
    "tuple_with",
]

DATA = Path(__file__).with_name("torch.json")


class Result(Enum):
    """What a call gives back, seen from the first tensor that went in."""

    NEW = "new"
    """A tensor of its own."""
    VIEW = "view"
    """Another tensor that may share the storage of the one that went in."""
    SELF = "self"
    """The very object that went in; harmless for a trainable leaf in grad mode."""
    MAYBE_SELF = "maybe-self"
    """The very object where nothing has to change, else another tensor."""
    IN_PLACE = "in-place"
    """The very object, written to: raises for a trainable leaf in grad mode."""
    TUPLE = "tuple"
    """A tuple, named tuple or list of tensors."""
    OTHER = "other"
    """Something that is no tensor: a size, a number, an array."""
    NONE = "none"
    """None."""


class _Catalogue(TypedDict):
    torch: str
    modules: dict[str, dict[str, Any]]
    aliases: dict[str, str]
    functions: dict[str, str]
    methods: dict[str, str]
    attributes: dict[str, str]
    optimizers: dict[str, str]
    tensors: dict[str, str]
    dtypes: dict[str, bool]


@cache
def _data() -> _Catalogue:
    data: _Catalogue = json.loads(DATA.read_bytes())
    return data


def torch_version() -> str:
    """The torch release that was asked, without the build's suffix: ``2.13.0``."""
    return _data()["torch"]


@cache
def module_class(name: str) -> ModuleClass | None:
    """The ``nn.Module`` class called ``name``."""
    data = _data()
    canonical = data["aliases"].get(name, name)
    if canonical != name:
        return module_class(canonical)
    entry = data["modules"].get(name)
    if entry is None:
        return None
    return ModuleClass(
        name=name,
        parameters=tuple(entry["parameters"]),
        defaults=entry.get("defaults", {}),
        bases=tuple(entry["bases"]),
        lazy=entry.get("lazy", False),
        cases=parse_slots(entry["slots"]) if "slots" in entry else None,
    )


@cache
def stock_slot_names() -> frozenset[str]:
    """The parameter slots of torch's own layers; ``#`` is any number in ``weight_ih_l#``."""
    kinds = ("parameter", "parameter?", "frozen", "none")
    return frozenset(
        generic_name(slot)
        for entry in _data()["modules"].values()
        for slot, cases in entry.get("slots", {}).items()
        if any(case[1] in kinds for case in cases)
    )


def is_stock_slot(name: str) -> bool:
    """Whether some layer of torch has a parameter slot called ``name``."""
    return generic_name(name) in stock_slot_names()


_TENSOR = "torch.Tensor."


def _function_facts(name: str) -> list[str]:
    """The facts on a function, or on a method under its full name ``torch.Tensor.add_``."""
    data = _data()
    if name.startswith(_TENSOR):
        return _member_facts(name[len(_TENSOR) :])
    return data["functions"].get(name, "").split()


def _member_facts(name: str) -> list[str]:
    """The facts on a method or attribute of ``torch.Tensor``."""
    data = _data()
    return (data["methods"].get(name) or data["attributes"].get(name, "")).split()


def _facts(name: str) -> list[str]:
    return _function_facts(name) if "." in name else _member_facts(name)


def _result(facts: list[str]) -> Result | None:
    return Result(facts[0]) if facts else None


def function(name: str) -> Result | None:
    """What the function ``name`` returns: ``torch.randn``, ``torch.nn.init.normal_``."""
    return _result(_function_facts(name))


def method(name: str) -> Result | None:
    """What the method ``name`` of a tensor returns: ``to``, ``normal_``."""
    return _result(_data()["methods"].get(name, "").split())


def attribute(name: str) -> Result | None:
    """What the attribute ``name`` of a tensor is: ``data``, ``T``, ``shape``."""
    return _result(_data()["attributes"].get(name, "").split())


def integer_result(name: str) -> bool | None:
    """Whether ``name`` gives an integer or bool tensor whatever tensors it takes.

    ``name`` is a function (``torch.randint``), else a method (``argmax``).
    """
    facts = _facts(name)
    return "integer" in facts if facts else None


def grad_free(name: str) -> bool:
    """Whether what ``name`` makes of a tensor that requires grad does not require it.

    ``name`` is a function (``torch.argmax``), else a method or attribute (``detach``, ``data``).
    """
    return "free" in _facts(name)


def creates_leaf(name: str) -> bool:
    """Whether the function (or method) ``name`` takes ``requires_grad=``."""
    return "leaf" in _facts(name)


def tuple_with(name: str) -> frozenset[str]:
    """The arguments that make a function or method return a tuple instead: ``dim`` of ``max``."""
    return frozenset(fact[1:] for fact in _facts(name) if fact.startswith("+"))


def optimizer_class(name: str) -> bool:
    """Whether ``name`` is a ``torch.optim.Optimizer`` class."""
    return name in _data()["optimizers"]


@cache
def optimizer_names() -> frozenset[str]:
    """The last parts of the names of all optimizers."""
    return frozenset(name.rpartition(".")[2] for name in _data()["optimizers"])


@cache
def module_names() -> frozenset[str]:
    """The last parts of the names of all classes of Modules."""
    return frozenset(name.rpartition(".")[2] for name in _data()["modules"])


def tensor_class(name: str) -> str | None:
    """The best name of a class of ``torch.nn`` that derives from ``torch.Tensor``.

    It is ``torch.nn.Parameter`` for ``torch.nn.parameter.Parameter``; there are also
    ``torch.nn.UninitializedParameter`` and ``torch.nn.Buffer``.
    """
    return _data()["tensors"].get(name)


def dtype_is_integer(name: str) -> bool | None:
    """Whether the dtype ``name`` (``torch.int64``, ``torch.long``) is an integer or bool one."""
    return _data()["dtypes"].get(name)

"""Attributes of tensors."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Container, Field, Shape, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    FALSE,
    NONE,
    TRUE,
    Address,
    Builtin,
    Constant,
    Library,
    Plain,
    Text,
    Values,
    constant,
    join,
)
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.tensors.results import anything, derived, device_of


def attribute(
    machine: Machine, address: Address, obj: Tensor, name: str, state: State, node: ast.AST
) -> Values:
    """What ``tensor.name`` is."""
    if name in obj.fields:
        return obj.fields[name].values
    if name == "requires_grad":
        known = obj.trainable if not address.many else None
        return {True: TRUE, False: FALSE}.get(known, (Plain("bool"),))  # type: ignore[arg-type]
    if name == "is_leaf":
        return {True: TRUE, False: FALSE}.get(obj.is_leaf, (Plain("bool"),))  # type: ignore[arg-type]
    if name == "device":
        device = device_of(machine, address, obj)
        return (device,)  # type: ignore[return-value]
    if name == "dtype":
        if obj.dtype is not None:
            return (Library(obj.dtype),)
        return (machine.addresses.part(address, "dtype"),)
    if name == "shape":
        if obj.shape is not None:
            return sizes(machine, obj.shape, state, node)
        return (machine.addresses.part(address, "shape"),)
    if name == "ndim":
        return (Constant(len(obj.shape)),) if obj.shape is not None else (Plain("int"),)
    if name == "grad":
        if obj.made is not None:
            machine.differentiated.add(obj.made.node)
        return join(anything(machine, node, state, "grad"), NONE)
    result = catalogue.attribute(name)
    if result in (Result.VIEW, Result.NEW):
        free = catalogue.grad_free(name)
        return derived(
            machine, address, obj, node, state, f".{name}", is_view=result is Result.VIEW,
            is_free=free, shape=shapes.changed(name, obj.shape), dtype=obj.dtype,
            integer=obj.integer, through_data=name == "data", part=name,
        )  # fmt: skip
    if result in (Result.SELF, Result.MAYBE_SELF):
        return (address,)
    if catalogue.method(name) is not None or name.startswith("__"):
        return (Builtin(address, name),)
    return (machine.addresses.part(address, name),)


def sizes(machine: Machine, shape: Shape, state: State, node: ast.AST) -> Values:
    """A shape as a program sees it."""
    items = [(size,) if isinstance(size, Address) else (Constant(size),) for size in shape]
    if all(isinstance(size, int) for size in shape):
        return (Constant(tuple(shape)),)
    made = Container("tuple", dict(enumerate(items)))
    return (machine.new(made, state, node, "shape"),)


def store(address: Address, obj: Tensor, name: str | Text, values: Values, state: State, *,
    sure: bool,
) -> None:  # fmt: skip
    """``tensor.name = values``."""
    if name == "requires_grad":
        flag = constant(values)
        set_trainable(address, flag if isinstance(flag, bool) else None, state, sure=sure)
    elif isinstance(name, str) and name != "grad":
        changed = replace(obj, fields={**obj.fields, name: Field(values)})
        state.write(address, changed, strong=sure)


def set_trainable(address: Address, flag: bool | None, state: State, *, sure: bool = True) -> None:
    """``tensor.requires_grad_(flag)``."""
    obj = state.read(address)
    if isinstance(obj, Tensor):
        changed = replace(obj, trainable=flag, explicit=True)
        state.write(address, changed, strong=sure)


def with_data(obj: Tensor, values: Values, state: State) -> Tensor:
    """The tensor after ``.data = values``: the same object on the other's storage."""
    found = state.read(values[0]) if len(values) == 1 and isinstance(values[0], Address) else None
    if isinstance(found, Tensor):
        base = values[0] if isinstance(values[0], Address) else None
        if not found.is_parameter:  # which is known by itself, whatever it is made of
            base = found.base or base
        return replace(
            obj, shape=found.shape, dtype=found.dtype, integer=found.integer,
            device=found.device, base=base, through_data=True,
            is_expanded=found.is_expanded,
        )  # fmt: skip
    return replace(obj, shape=None, dtype=None, integer=None, device=None, base=None)

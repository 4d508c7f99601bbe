"""Constructors of torch's Modules: what they register, by the catalogue."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import (
    BUFFER,
    MODULE,
    PARAMETER,
    Container,
    Field,
    Slot,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    UNKNOWN,
    Address,
    Constant,
    Values,
    constant,
    join,
)
from flake8_paramassign.project.classes import TorchClass
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.base import Call, function
from flake8_paramassign.semantics.models.modules.containers import (
    container_kind,
    filled,
)

_KINDS: dict[str, Slot] = {
    "parameter": PARAMETER, "parameter?": PARAMETER, "none": PARAMETER, "buffer": BUFFER,
    "none-buffer": BUFFER, "buffer?": BUFFER, "module": MODULE,
}  # fmt: skip
_WRAPPERS = ("torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel")


def make(
    machine: Machine, cls: TorchClass, arguments: Arguments, state: State, node: ast.expr
) -> Values:
    """A new object of a Module class of torch."""
    thing = Thing(cls, True, is_open=False, initialised=True)
    address = machine.new(thing, state, node)
    initialise(machine, address, cls, arguments, state, node)
    return (address,)


def initialise(
    machine: Machine, address: Address, cls: TorchClass, arguments: Arguments, state: State,
    node: ast.AST,
) -> None:  # fmt: skip
    """What ``__init__`` of a Module class of torch does to an object."""
    given = _given(cls, arguments, state)
    obj = state.read(address)
    assert isinstance(obj, Thing)
    obj = replace(obj, initialised=True, arguments=tuple(given.items()) if given else None)
    state.write(address, obj)
    fields = stock_fields(machine, cls, given, state, address)
    obj = replace(obj, fields={**obj.fields, **fields})
    if container_kind(obj) is not None:
        obj = filled(machine, obj, cls, arguments, state, node)
    elif cls.entry.cases is None and cls.name != "torch.nn.Module":
        obj = replace(obj, is_open=True)
    if cls.is_a(*_WRAPPERS) and (wrapped := arguments.get(0, "module")):
        obj = obj.with_field("module", Field(wrapped, MODULE, (machine.place(node),)))
    state.write(address, obj)


def _given(cls: TorchClass, arguments: Arguments, state: State) -> dict[str, object]:
    """A constructor's arguments as the catalogue asks for them."""
    names = cls.entry.parameters
    pairs = dict(zip(names, arguments.positional, strict=False)) | {
        name: values for name, values in arguments.named.items() if name in names
    }
    given: dict[str, object] = {}
    if arguments.extra:
        given = dict.fromkeys(names, catalogue.UNKNOWN)
    for name, values in pairs.items():
        given[name] = _argument(values, state)
    return given


def _argument(values: Values, state: State) -> object:
    value = constant(values)
    if value is not NotImplemented:
        return value
    if len(values) == 1 and isinstance(values[0], Address):
        obj = state.read(values[0])
        if isinstance(obj, Container) and obj.is_exact:
            items = tuple(constant(held) for held in obj.known.values())
            if all(type(item) is int for item in items):
                return items
        if isinstance(obj, Tensor | Container) or (isinstance(obj, Thing) and obj.is_module):
            return catalogue.GIVEN
        if not values[0].many:
            return values[0]
    return catalogue.UNKNOWN


def stock_fields(
    machine: Machine, cls: TorchClass, given: Mapping[str, object], state: State,
    owner: Address, *, symbolic: bool = False,
) -> dict[str, Field]:  # fmt: skip
    """What an object of a class of torch registers, by its constructor's arguments."""
    asked = {k: catalogue.UNKNOWN if isinstance(v, Address) else v for k, v in given.items()}
    fields: dict[str, Field] = {}
    for name, slot in (cls.entry.slots(asked) or {}).items():
        kind = _KINDS[slot.kind]
        if slot.kind.startswith("none"):
            fields[name] = Field(NONE, kind)
            continue
        obj: Tensor | Thing
        if kind == MODULE:
            part = TorchClass.named(slot.module or "")
            obj = Thing(part, True, is_open=True, initialised=True)
        else:
            shape = shapes.slot_shape(slot, given)
            dtype = given.get("dtype")
            obj = Tensor(
                is_parameter=kind == PARAMETER,
                is_subclass=cls.entry.lazy,
                trainable=(slot.trainable or None) if kind == PARAMETER else False,
                shape=shape,
                dtype="torch.float32" if not symbolic and dtype is None else None,
                integer=False if kind == PARAMETER else None,
                device=Constant("cpu") if not symbolic and "device" not in given else None,
            )
        address = machine.addresses.of((owner, name), symbolic=owner.symbolic, many=owner.many)
        address = state.allocate(address, obj, machine.addresses)
        held: Values = (address,)
        fields[name] = Field(join(held, NONE) if slot.kind.endswith("?") else held, kind)
    return fields


@function("torch.nn.Embedding.from_pretrained", "torch.nn.EmbeddingBag.from_pretrained")
def _pretrained(call: Call) -> Values:
    """An embedding on the storage of a tensor, frozen unless told otherwise."""
    cls = TorchClass.named(call.name.removesuffix(".from_pretrained"))
    assert cls is not None
    (address,) = make(call.machine, cls, Arguments(extra=UNKNOWN), call.state, call.node)
    frozen = call.constant(1, "freeze", default=True)
    obj = call.state.read(address) if isinstance(address, Address) else None
    weight = obj.fields["weight"].values if isinstance(obj, Thing) else ()
    for value in weight:
        tensor = call.state.read(value) if isinstance(value, Address) else None
        if isinstance(tensor, Tensor) and isinstance(value, Address):
            flag = not frozen if isinstance(frozen, bool) else None
            call.state.write(value, replace(tensor, trainable=flag, explicit=False))
    return (address,)

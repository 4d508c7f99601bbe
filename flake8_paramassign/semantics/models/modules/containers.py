"""Modules that hold others as a list or a dict: what is put into them, and what comes out."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from flake8_paramassign.domain.objects import (
    MODULE,
    MOST_ITEMS,
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
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Text,
    Values,
    constant,
    join,
    join_all,
)
from flake8_paramassign.project.classes import ProjectClass, TorchClass
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.base import Call, method
from flake8_paramassign.semantics.models.containers import bounds, is_slice
from flake8_paramassign.semantics.models.modules.listing import listed

_LISTS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ParameterList")
_DICTS = ("torch.nn.ModuleDict", "torch.nn.ParameterDict")
_PARAMETER_CONTAINERS = ("torch.nn.ParameterList", "torch.nn.ParameterDict")


def container_kind(obj: object) -> str | None:
    """``list`` or ``dict`` for a Module that holds others as one."""
    base = obj.cls if isinstance(obj, Thing) else None
    if isinstance(base, ProjectClass):
        base = base.torch_base
    if isinstance(base, TorchClass):
        if base.is_a(*_LISTS):
            return "list"
        if base.is_a(*_DICTS):
            return "dict"
    return None


def filled(
    machine: Machine, obj: Thing, cls: TorchClass, arguments: Arguments, state: State,
    node: ast.AST,
) -> Thing:  # fmt: skip
    """``nn.Sequential(a, b)``, ``nn.ModuleList([...])``, ``nn.ModuleDict({...})``."""
    slot = PARAMETER if cls.is_a(*_PARAMETER_CONTAINERS) else MODULE
    given = arguments.get(0, "modules", "parameters", "values")
    if cls.is_a("torch.nn.Sequential") and not (
        len(arguments.positional) == 1 and _is_dict(arguments.positional[0], state)
    ):
        each: list[Values] | None = arguments.positional if not arguments.extra else None
        some = arguments.everything()
    elif given is None:
        return obj
    elif _is_dict(given, state):
        return _with_items(machine, obj, given, slot, state, node)
    else:
        each, some = machine.iterate(given, state, node, cls.name)
    if each is None:
        held = as_held(machine, some or UNKNOWN, slot, state, node)
        return obj.computed(Text(), Field(held, slot))
    for index, values in enumerate(each):
        held = as_held(machine, values, slot, state, node, index)
        obj = obj.with_field(str(index), Field(held, slot))
    return obj


def _with_items(
    machine: Machine, obj: Thing, given: Values, slot: Slot, state: State, node: ast.AST
) -> Thing:
    """A Module of others that holds the items of a dict besides."""
    (value,) = given
    assert isinstance(value, Address)
    mapping = state.read(value)
    assert isinstance(mapping, Container)
    for key, values in mapping.known.items():
        obj = obj.with_field(str(key), Field(as_held(machine, values, slot, state, node), slot))
    if not mapping.is_exact:
        rest = as_held(machine, mapping.rest, slot, state, node)
        obj = obj.computed(Text(), Field(rest, slot))
    return obj


def as_held(
    machine: Machine, values: Values, slot: Slot, state: State, node: ast.AST, part: object = None
) -> Values:
    """A value as a Module of others holds it: lists of Parameters make tensors Parameters."""
    if slot != PARAMETER:
        return values
    result = NOTHING
    for value in values:
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Tensor) and not obj.is_parameter:
            made = Tensor(
                machine.place(node), is_parameter=True,
                trainable=obj.integer is not True or None, shape=obj.shape, dtype=obj.dtype,
                integer=obj.integer,
            )  # fmt: skip
            result = join(result, (machine.new(made, state, node, ("item", part)),))
        else:
            result = join(result, (value,))
    return result


def _is_dict(values: Values, state: State) -> bool:
    if len(values) != 1 or not isinstance(values[0], Address):
        return False
    obj = state.read(values[0])
    return isinstance(obj, Container) and obj.kind in ("dict", "state_dict")


@method(Thing, "values", "keys", "items")
def _of_dict(call: Call) -> Values:
    if container_kind(call.object) != "dict" or not isinstance(call.receiver, Address):
        return call.unknown()
    obj = call.object
    assert isinstance(obj, Thing)
    rows = [(name, held.values) for name, held in obj.held() if held.slot & (MODULE | PARAMETER)]
    exact = not obj.rest and not obj.is_open
    if call.name == "values":
        return listed(call, [held for _, held in rows], exact=exact, kind="view")
    if call.name == "keys":
        keys: list[Values] = [(Constant(n),) if isinstance(n, str) else (n,) for n, _ in rows]
        return listed(call, keys, exact=exact, kind="view")
    pairs: list[Values] = []
    for number, (name, held_values) in enumerate(rows):
        key: Values = (Constant(name),) if isinstance(name, str) else (name,)
        row = Container("tuple", {0: key, 1: held_values})
        pairs.append((call.machine.new(row, call.state, call.node, ("row", number)),))
    return listed(call, pairs, exact=exact, kind="view")


@dataclass(slots=True)
class _Held:
    """A Module of others whose method is called."""

    address: Address
    obj: Thing
    slot: Slot
    count: int
    """How many it holds, as far as is known."""
    is_exact: bool
    """Whether it is a list of which all is known."""


def _held(call: Call) -> _Held | None:
    obj = call.object
    kind = container_kind(obj)
    if kind is None or not isinstance(obj, Thing) or not isinstance(call.receiver, Address):
        return None
    base = obj.cls.torch_base if isinstance(obj.cls, ProjectClass) else obj.cls
    of_parameters = isinstance(base, TorchClass) and base.is_a(*_PARAMETER_CONTAINERS)
    slot = PARAMETER if of_parameters else MODULE
    count = sum(name.isdigit() and field.slot == slot for name, field in obj.fields.items())
    exact = kind == "list" and not obj.rest and not obj.is_open and not call.receiver.many
    return _Held(call.receiver, obj, slot, count, exact)


@method(Thing, "append")
def _append(call: Call) -> Values:
    whole = _held(call)
    if whole is None:
        return call.unknown()
    held = as_held(call.machine, call.argument(0), whole.slot, call.state, call.node)
    obj = call.state.read(whole.address)
    assert isinstance(obj, Thing)
    if whole.is_exact and whole.count < MOST_ITEMS:
        changed = obj.with_field(str(whole.count), Field(held, whole.slot))
    else:
        changed = obj.computed(Text(), Field(held, whole.slot))
    call.state.write(whole.address, changed)
    return (whole.address,)


@method(Thing, "extend", "__iadd__")
def _extend(call: Call) -> Values:
    whole = _held(call)
    if whole is None:
        return call.unknown()
    obj, slot = whole.obj, whole.slot
    each, some = call.machine.iterate(call.argument(0), call.state, call.node, call.name)
    if whole.is_exact and each is not None and whole.count + len(each) <= MOST_ITEMS:
        for index, values in enumerate(each):
            held = as_held(call.machine, values, slot, call.state, call.node, index)
            obj = obj.with_field(str(whole.count + index), Field(held, slot))
    else:
        held = as_held(call.machine, some or UNKNOWN, slot, call.state, call.node)
        obj = obj.computed(Text(), Field(held, slot))
    call.state.write(whole.address, obj)
    return (whole.address,)


@method(Thing, "insert")
def _insert(call: Call) -> Values:
    whole = _held(call)
    if whole is None:
        return call.unknown()
    held = as_held(call.machine, call.argument(1), whole.slot, call.state, call.node)
    changed = _blurred(whole.obj).computed(Text(), Field(held, whole.slot))
    call.state.write(whole.address, changed)
    return NONE


@method(Thing, "pop")
def _pop(call: Call) -> Values:
    whole = _held(call)
    if whole is None:
        return call.unknown()
    result = join_all(f.values for _, f in whole.obj.held() if f.slot & whole.slot) or UNKNOWN
    call.state.write(whole.address, _blurred(whole.obj))
    return result


@method(Thing, "update", "clear")
def _update(call: Call) -> Values:
    whole = _held(call)
    if whole is None:
        return call.unknown()
    given = call.argument(0)
    if call.name == "update" and _is_dict(given, call.state):
        obj = _with_items(call.machine, whole.obj, given, whole.slot, call.state, call.node)
    else:
        obj = whole.obj.havocked()
    call.state.write(whole.address, obj)
    return NONE


def _blurred(obj: Thing) -> Thing:
    """A Module of others of which is only known what is in it."""
    every = NOTHING
    slot = 0
    for _, held in obj.held():
        if held.slot & (MODULE | PARAMETER):
            every, slot = join(every, held.values), slot | held.slot
    fields = {n: f for n, f in obj.fields.items() if not f.slot & (MODULE | PARAMETER)}
    return replace(obj, fields=fields, rest=((Text(), Field(every, slot or MODULE)),))


def item(
    machine: Machine, address: Address, obj: Thing, index: Values, state: State, node: ast.AST
) -> Values:
    """``layers[i]``."""
    kind = container_kind(obj)
    numbered = [n for n, f in obj.fields.items() if f.slot & (MODULE | PARAMETER)]
    exact = not obj.rest and not obj.is_open
    if is_slice(index) and kind == "list":
        cut = bounds(index)
        fields = {n: obj.fields[n] for n in numbered}
        made = replace(obj, fields=fields)
        if exact and cut is not None:
            kept = numbered[cut]
            made = replace(obj, fields={str(i): obj.fields[n] for i, n in enumerate(kept)})
        else:
            made = _blurred(made)
        return (machine.new(made, state, node, "slice"),)
    key = constant(index)
    name = str(key) if isinstance(key, str | int) and not isinstance(key, bool) else None
    if name is not None and kind == "list" and isinstance(key, int) and exact:
        if -len(numbered) <= key < len(numbered):
            return obj.fields[numbered[key]].values
        return UNKNOWN
    if name is not None and name in obj.fields and not obj.rest:
        return obj.fields[name].values
    if exact:
        return join_all(obj.fields[n].values for n in numbered) or UNKNOWN
    found = join_all(f.values for _, f in obj.held() if f.slot & (MODULE | PARAMETER))
    return found or (machine.addresses.part(address, ("item", key if name else "*"), obj.epoch),)


def items(machine: Machine, address: Address, obj: Thing) -> tuple[list[Values] | None, Values]:
    """What iterating over a Module of others gives."""
    numbered = [f.values for _, f in obj.held() if f.slot & (MODULE | PARAMETER)]
    if container_kind(obj) == "dict":
        return None, (Text(),)
    if not obj.rest and not obj.is_open and not address.many:
        return numbered, join_all(numbered)
    other = machine.addresses.of((address, "items", obj.epoch), many=True)
    return None, join_all(numbered) if numbered else (other,)

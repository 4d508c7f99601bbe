"""``nn.Module``: its constructors, its registration, and what its methods give and change."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.domain.objects import (
    BUFFER,
    MODULE,
    MOST_ITEMS,
    PARAMETER,
    Container,
    Field,
    Optimizer,
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
    Plain,
    Text,
    Values,
    constant,
    join,
    join_all,
    name_of,
)
from flake8_paramassign.project.classes import ProjectClass, TorchClass
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.events import ParameterMade
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import shapes
from flake8_paramassign.semantics.models.base import Call, function, method
from flake8_paramassign.semantics.models.containers import bounds, is_slice

_KINDS: dict[str, Slot] = {
    "parameter": PARAMETER, "parameter?": PARAMETER, "none": PARAMETER, "buffer": BUFFER,
    "none-buffer": BUFFER, "buffer?": BUFFER, "module": MODULE,
}  # fmt: skip
_LISTS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ParameterList")
_DICTS = ("torch.nn.ModuleDict", "torch.nn.ParameterDict")
_MOST_APPLIED = 16
"""As many Modules are given to a function one by one."""
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


# Making.


def make(
    machine: Machine, cls: TorchClass, arguments: Arguments, state: State, node: ast.expr
) -> Values:
    """A new object of a Module class of torch."""
    thing = Thing(cls, True, is_open=False, initialised=True)
    address = machine.new(thing, state, node)
    initialise(machine, address, cls, arguments, state, node)
    return (address,)


_WRAPPERS = ("torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel")


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
    fields = stock_fields(machine, cls, given, state, node, address)
    obj = replace(obj, fields={**obj.fields, **fields})
    if container_kind(obj) is not None:
        obj = _filled(machine, obj, cls, arguments, state, node)
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
    machine: Machine, cls: TorchClass, given: Mapping[str, object], state: State, node: ast.AST,
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


def _filled(
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
        (value,) = given
        assert isinstance(value, Address)
        mapping = state.read(value)
        assert isinstance(mapping, Container)
        for key, values in mapping.known.items():
            obj = obj.with_field(str(key), Field(as_held(machine, values, slot, state, node), slot))
        if not mapping.is_exact:
            obj = obj.computed(
                Text(), Field(as_held(machine, mapping.rest, slot, state, node), slot)
            )
        return obj
    else:
        each, some = machine.iterate(given, state, node, cls.name)
    if each is None:
        held = as_held(machine, some or UNKNOWN, slot, state, node)
        return obj.computed(Text(), Field(held, slot))
    for index, values in enumerate(each):
        held = as_held(machine, values, slot, state, node, index)
        obj = obj.with_field(str(index), Field(held, slot))
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


@function("torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.nn.UninitializedParameter",
          "torch.nn.parameter.UninitializedParameter")  # fmt: skip
def _parameter(call: Call) -> Values:
    data = call.argument(0, "data")
    flags = call.arguments.named.get("requires_grad")
    if flags is None and len(call.arguments.positional) > 1:
        flags = call.arguments.positional[1]
    flag: object = True if flags is None else constant(flags)
    if call.arguments.extra and flags is None:
        flag = None
    known = [call.state.read(v) for v in data if isinstance(v, Address)]
    source = known[0] if len(data) == 1 and known else None
    tensor = source if isinstance(source, Tensor) else None
    base = data[0] if tensor is not None and isinstance(data[0], Address) else None
    made = Tensor(
        call.machine.place(call.node),
        is_parameter=True,
        is_subclass=call.name.endswith("UninitializedParameter"),
        trainable=flag if isinstance(flag, bool) else None,
        explicit=flags is not None,
        shape=tensor.shape if tensor else None,
        dtype=tensor.dtype if tensor else None,
        integer=tensor.integer if tensor else None,
        device=tensor.device if tensor else _device_of(call, data),
        base=(tensor.base or base) if tensor else None,
        through_data=True,
        is_expanded=tensor.is_expanded if tensor else False,
    )
    address = call.machine.new(made, call.state, call.node)
    keyword = next(
        (k.value for k in getattr(call.node, "keywords", ()) if k.arg == "requires_grad"), None
    )
    flag_of: Values = ()
    if isinstance(keyword, ast.Attribute) and keyword.attr == "requires_grad":
        with call.machine.quietly():
            flag_of = call.machine.evaluate(keyword.value, call.state.copy())
    call.machine.tell(
        ParameterMade(
            call.machine.frame, call.state, call.node, data, address, flags or (), keyword, flag_of
        )
    )
    return (address,)


def _device_of(call: Call, data: Values) -> Hashable:
    """Where something of an unknown class is; an item is where the whole is."""
    if len(data) != 1 or not isinstance(data[0], Address):
        return None
    address = data[0]
    while isinstance(address.site, tuple) and isinstance(address.site[0], Address):
        if not isinstance(address.site[1], tuple):
            break
        address = address.site[0]
    obj = call.state.read(address)
    if not isinstance(obj, Thing):
        return None
    held = obj.fields.get("device")
    if held is not None:
        return held.values[0] if len(held.values) == 1 else None
    return call.machine.addresses.part(address, "device", obj.epoch)


@function("torch.autograd.Variable", "torch.autograd.variable.Variable")
def _variable(call: Call) -> Values:
    """The tensor itself, or a leaf on its storage that requires grad as it is told."""
    data = call.argument(0, "data")
    flags = call.argument(1, "requires_grad")
    source = call.state.read(data[0]) if len(data) == 1 and isinstance(data[0], Address) else None
    if not isinstance(source, Tensor):
        return data or UNKNOWN
    if not flags:
        return data
    flag = constant(flags)
    made = replace(
        source, made=call.machine.place(call.node), is_parameter=False, origin=None, via="",
        is_leaf=True, trainable=flag if isinstance(flag, bool) else None, explicit=True,
        is_conversion=False, base=data[0] if isinstance(data[0], Address) else None,
        through_data=True,
    )  # fmt: skip
    return (call.machine.new(made, call.state, call.node),)


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


@function("torch.nn.Buffer", "torch.nn.parameter.Buffer")
def _buffer(call: Call) -> Values:
    return (call.machine.new(Tensor(call.machine.place(call.node)), call.state, call.node),)


# Registration.


def _registering(call: Call, how: str, values: Values) -> Values:
    assert call.receiver is not None
    given = call.argument(0, "name")
    if any(isinstance(value, Constant) and not isinstance(value.value, str) for value in given):
        return NONE  # it raises TypeError
    name = name_of(given)
    expression = call.syntax(1, "param", "tensor", "module", "value")
    call.machine.store(
        (call.receiver,), name, values, call.state, call.node, expression, how
    )  # fmt: skip
    return NONE


@method(Thing, "register_parameter")
def _register_parameter(call: Call) -> Values:
    return _registering(call, "register_parameter", call.argument(1, "param") or NONE)


@method(Thing, "register_buffer")
def _register_buffer(call: Call) -> Values:
    return _registering(call, "register_buffer", call.argument(1, "tensor") or NONE)


@method(Thing, "add_module", "register_module")
def _add_module(call: Call) -> Values:
    return _registering(call, "add_module", call.argument(1, "module") or NONE)


@method(Thing, "__setattr__")
def _setattr_method(call: Call) -> Values:
    return _registering(call, "setattr", call.argument(1))


@method(Thing, "__getattr__", "get_parameter", "get_submodule", "get_buffer")
def _getattr_method(call: Call) -> Values:
    name = call.constant(0, "target")
    held: Values = (call.receiver,) if call.receiver is not None else UNKNOWN
    if not isinstance(name, str):
        return UNKNOWN
    for part in name.split(".") if name else ():
        held = join_all(
            call.machine.item(v, (Constant(int(part)),), call.state, call.node)
            if part.isdigit()
            else call.machine.attribute(v, part, call.state, call.node)
            for v in held
        )
    return held


@method(Thing, "__delattr__")
def _delattr_method(call: Call) -> Values:
    name = call.constant(0)
    assert call.receiver is not None
    call.machine.delete_attribute(
        (call.receiver,), name if isinstance(name, str) else None, call.state
    )
    return NONE


# Listing.


def _listed(call: Call, each: list[Values], *, exact: bool, kind: str = "generator") -> Values:
    of: Values = (call.receiver,) if call.receiver is not None else ()
    place = call.machine.place(call.node)
    if exact:
        made = Container(kind, dict(enumerate(each)), made=place, of=of, spent=False)
    else:
        made = Container(kind, rest=join_all(each), is_exact=False, made=place, of=of, spent=False)
    return (call.machine.new(made, call.state, call.node, "all"),)


def _named(call: Call, listing: registry.Listing) -> Values:
    rows: list[Values] = []
    for number, (name, held) in enumerate(listing.named):
        key: Values = (Constant(name),) if name is not None else (Text(),)
        row = Container("tuple", {0: key, 1: held}, of=held)
        rows.append((call.machine.new(row, call.state, call.node, ("row", number)),))
    return _listed(call, rows, exact=listing.is_exact)


def _parameters_of(call: Call) -> registry.Listing:
    assert isinstance(call.receiver, Address)
    recurse = (
        call.constant(1, "recurse", default=True)
        if "named" in call.name
        else call.constant(0, "recurse", default=True)
    )
    return registry.parameters(
        call.receiver, call.state, call.machine.addresses, recurse=recurse is not False
    )


@method(Thing, "parameters")
def _parameters(call: Call) -> Values:
    if not isinstance(call.object, Thing):
        return UNKNOWN
    listing = _parameters_of(call)
    return _listed(call, [held for _, held in listing.named], exact=listing.is_exact)


@method(Thing, "named_parameters")
def _named_parameters(call: Call) -> Values:
    return _named(call, _parameters_of(call))


@method(Thing, "modules", "children")
def _modules(call: Call) -> Values:
    listing = _modules_of(call)
    return _listed(call, [held for _, held in listing.named], exact=listing.is_exact)


@method(Thing, "named_modules", "named_children")
def _named_modules(call: Call) -> Values:
    return _named(call, _modules_of(call))


def _modules_of(call: Call) -> registry.Listing:
    assert isinstance(call.receiver, Address)
    if call.name.endswith("children"):
        listing = registry.children(call.receiver, call.state)
    else:
        listing = registry.modules(call.receiver, call.state, call.machine.addresses)
    if not listing.is_exact:
        other = call.machine.addresses.of((call.receiver, "modules()"), many=True)
        if other not in call.state.heap:
            call.state.write(other, Thing(is_module=True))
        listing.named.append((None, (other,)))
    return listing


@method(Thing, "buffers", "named_buffers")
def _buffers(call: Call) -> Values:
    made = Tensor(trainable=False)
    held: Values = (call.machine.new(made, call.state, call.node),)
    if call.name == "buffers":
        made_list = Container("generator", rest=held, is_exact=False, spent=False)
        return (call.machine.new(made_list, call.state, call.node, "all"),)
    row = Container("tuple", {0: (Text(),), 1: held})
    rows: Values = (call.machine.new(row, call.state, call.node, "row"),)
    made_rows = Container("generator", rest=rows, is_exact=False, spent=False)
    return (call.machine.new(made_rows, call.state, call.node, "all"),)


@method(Thing, "state_dict")
def _state_dict(call: Call) -> Values:
    of: Values = (call.receiver,) if call.receiver is not None else ()
    live = Tensor(call.machine.place(call.node), via=".state_dict()", through_data=True)
    held: Values = (call.machine.new(live, call.state, call.node, "value"),)
    made = Container(
        "state_dict", rest=held, is_exact=False, made=call.machine.place(call.node), of=of
    )
    return (call.machine.new(made, call.state, call.node),)


@method(Thing, "values", "keys", "items")
def _of_dict(call: Call) -> Values:
    if container_kind(call.object) != "dict" or not isinstance(call.receiver, Address):
        return call.unknown()
    obj = call.object
    assert isinstance(obj, Thing)
    rows = [(name, held.values) for name, held in obj.held() if held.slot & (MODULE | PARAMETER)]
    exact = not obj.rest and not obj.is_open
    if call.name == "values":
        return _listed(call, [held for _, held in rows], exact=exact, kind="view")
    if call.name == "keys":
        keys: list[Values] = [(Constant(n),) if isinstance(n, str) else (n,) for n, _ in rows]
        return _listed(call, keys, exact=exact, kind="view")
    pairs: list[Values] = []
    for number, (name, held_values) in enumerate(rows):
        key: Values = (Constant(name),) if isinstance(name, str) else (name,)
        row = Container("tuple", {0: key, 1: held_values})
        pairs.append((call.machine.new(row, call.state, call.node, ("row", number)),))
    return _listed(call, pairs, exact=exact, kind="view")


# Changing.


@method(Thing, "requires_grad_")
def _requires_grad(call: Call) -> Values:
    flag = call.constant(0, "requires_grad", default=True)
    set_all(call, flag if isinstance(flag, bool) else None)
    return (call.receiver,) if call.receiver is not None else UNKNOWN


def set_all(call: Call, flag: bool | None) -> None:
    """Let all Parameters of the receiver train, or none."""
    assert isinstance(call.receiver, Address)
    obj = call.object
    if isinstance(obj, Thing) and obj.is_module is None:
        return
    listing = registry.parameters(call.receiver, call.state, call.machine.addresses)
    for _, held in listing.named:
        for value in held:
            if isinstance(value, Address):
                tensor = call.state.read(value)
                if isinstance(tensor, Tensor):
                    changed = replace(tensor, trainable=flag, explicit=True)
                    call.state.write(value, changed, strong=len(held) == 1)


@method(Thing, "freeze", "unfreeze")
def _freeze(call: Call) -> Values:
    return call.unknown()


@method(Thing, "to", "cuda", "cpu", "half", "float", "double", "bfloat16", "train", "eval",
        "share_memory", "type", "to_empty", "compile")  # fmt: skip
def _same_module(call: Call) -> Values:
    """The Module itself; its Parameters keep their identity (``Module._apply``)."""
    assert isinstance(call.receiver, Address)
    obj = call.object
    if isinstance(obj, Thing) and obj.is_module is None:
        if call.name in ("train", "eval"):
            return (call.receiver,)
        moved = call.machine.symbol(call.node, call.state)
        target = call.argument(0, "device")
        if call.name == "to" and len(target) == 1 and not moved.many:
            # Whatever it is, it is where it was asked to be.
            thing = Thing(fields={"device": Field(target)})
            call.state.write(moved, thing)
        return (moved,)
    if call.name not in ("train", "eval", "share_memory", "compile"):
        for address in call.state.reachable((call.receiver,)):
            tensor = call.state.read(address)
            if isinstance(tensor, Tensor):
                changed = replace(tensor, dtype=None, device=None)
                call.state.write(address, changed)
    return (call.receiver,)


@method(Thing, "forward")
def _forward(call: Call) -> Values:
    """As if the Module itself were called, but for its hooks."""
    assert call.receiver is not None
    return call.machine.call(call.receiver, call.arguments, call.state, call.node)


@method(Thing, "zero_grad", "extra_repr", "register_forward_hook", "register_forward_pre_hook",
        "register_full_backward_hook", "register_backward_hook", "_get_name", "__len__",
        "register_load_state_dict_post_hook", "_register_load_state_dict_pre_hook",
        "register_state_dict_post_hook", "_register_state_dict_hook")  # fmt: skip
def _harmless(call: Call) -> Values:
    return UNKNOWN if call.name.startswith("register") else NONE


@method(Thing, "apply")
def _apply(call: Call) -> Values:
    """Each Module inside is given to the function, children first."""
    assert isinstance(call.receiver, Address)
    obj = call.object
    if isinstance(obj, Thing) and obj.is_module is None:
        return call.unknown()
    callees = call.argument(0, "fn")
    listing = registry.modules(call.receiver, call.state, call.machine.addresses)
    first = reversed(listing.named[:_MOST_APPLIED])
    for number, (_, held) in enumerate(first):
        with call.machine.round(call.node, number, min(len(listing.named), _MOST_APPLIED)):
            call.machine.call_any(callees, Arguments([held]), call.state, call.node)
    if not listing.is_exact or len(listing.named) > _MOST_APPLIED:
        other = call.machine.addresses.of((call.receiver, "modules()"), many=True)
        if other not in call.state.heap:
            call.state.write(other, Thing(is_module=True))
        call.machine.call_any(callees, Arguments([(other,)]), call.state, call.node)
    return (call.receiver,)


@method(Thing, "load_state_dict")
def _load_state_dict(call: Call) -> Values:
    assert isinstance(call.receiver, Address)
    assigns = call.constant(2, "assign", default=False)
    if assigns is not False:
        obj = call.object
        if assigns is True and isinstance(obj, Thing) and obj.is_module is not False:
            call.machine.replaced_all(call.receiver, call.state, call.node)
        listing = registry.parameters(call.receiver, call.state, call.machine.addresses)
        for address in listing.modules:
            state_obj = call.state.read(address)
            if isinstance(state_obj, Thing):
                call.state.write(address, _with_new_parameters(state_obj, call, address))
    return (Plain("object"),)


def _with_new_parameters(obj: Thing, call: Call, owner: Address) -> Thing:
    for name, held in obj.fields.items():
        if held.slot & PARAMETER and held.values != NONE:
            new = call.machine.addresses.of(
                (owner, name, call.node), many=owner.many, symbolic=owner.symbolic
            )
            call.state.write(new, _like_what_was_there(held.values, call.state))
            obj = obj.with_field(name, replace(held, values=(new,)))
    return obj


def _like_what_was_there(values: Values, state: State) -> Tensor:
    """A new Parameter in the place of others: torch gives it their flag, and wants their shape."""
    old = state.read(values[0]) if len(values) == 1 and isinstance(values[0], Address) else None
    if not isinstance(old, Tensor) or not old.is_parameter:
        return Tensor(is_parameter=True, trainable=None, explicit=True)
    return Tensor(
        is_parameter=True, trainable=old.trainable, explicit=old.explicit, shape=old.shape
    )


@method(Thing, "append", "extend", "insert", "pop", "update", "clear", "__iadd__")
def _of_list(call: Call) -> Values:
    """Methods of ``nn.ModuleList``, ``nn.Sequential`` and their like."""
    obj = call.object
    kind = container_kind(obj)
    if kind is None or not isinstance(obj, Thing) or not isinstance(call.receiver, Address):
        return call.unknown()
    base = obj.cls.torch_base if isinstance(obj.cls, ProjectClass) else obj.cls
    slot = (
        PARAMETER if isinstance(base, TorchClass) and base.is_a(*_PARAMETER_CONTAINERS) else MODULE
    )
    numbered = [n for n in obj.fields if n.isdigit() and obj.fields[n].slot == slot]
    exact = kind == "list" and not obj.rest and not obj.is_open and not call.receiver.many
    node = call.node
    if call.name == "append":
        held = as_held(call.machine, call.argument(0), slot, call.state, node)
        obj = call.state.read(call.receiver)
        assert isinstance(obj, Thing)
        if exact and len(numbered) < MOST_ITEMS:
            changed = obj.with_field(str(len(numbered)), Field(held, slot))
        else:
            changed = obj.computed(Text(), Field(held, slot))
        call.state.write(call.receiver, changed)
        return (call.receiver,)
    if call.name in ("extend", "__iadd__"):
        each, some = call.machine.iterate(call.argument(0), call.state, node, call.name)
        if exact and each is not None and len(numbered) + len(each) <= MOST_ITEMS:
            for index, values in enumerate(each):
                held = as_held(call.machine, values, slot, call.state, node, index)
                obj = obj.with_field(str(len(numbered) + index), Field(held, slot))
        else:
            held = as_held(call.machine, some or UNKNOWN, slot, call.state, node)
            obj = obj.computed(Text(), Field(held, slot))
        call.state.write(call.receiver, obj)
        return (call.receiver,)
    if call.name == "insert":
        held = as_held(call.machine, call.argument(1), slot, call.state, node)
        call.state.write(call.receiver, _blurred(obj).computed(Text(), Field(held, slot)))
        return NONE
    if call.name == "pop":
        result = join_all(f.values for _, f in obj.held() if f.slot & slot) or UNKNOWN
        call.state.write(call.receiver, _blurred(obj))
        return result
    if call.name == "update" and _is_dict(call.argument(0), call.state):
        (value,) = call.argument(0)
        assert isinstance(value, Address)
        mapping = call.state.read(value)
        assert isinstance(mapping, Container)
        for key, values in mapping.known.items():
            obj = obj.with_field(str(key), Field(values, slot))
        if not mapping.is_exact:
            obj = obj.computed(Text(), Field(mapping.rest, slot))
        call.state.write(call.receiver, obj)
        return NONE
    call.state.write(call.receiver, obj.havocked())
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


# Items.


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


# Wrappers.


@function("torch.nn.parallel.DistributedDataParallel", "torch.nn.DataParallel",
          "torch.distributed.fsdp.FullyShardedDataParallel")  # fmt: skip
def _wrapper(call: Call) -> Values:
    inner = call.argument(0, "module")
    cls = TorchClass.named(call.name)
    thing = Thing(cls, True, {"module": Field(inner, MODULE)}, is_open=False, initialised=True)
    address = call.machine.new(thing, call.state, call.node)
    if not call.name.endswith(".DataParallel"):
        taken = NOTHING
        for value in inner:
            if isinstance(value, Address):
                listing = registry.parameters(value, call.state, call.machine.addresses)
                taken = join(taken, tuple(listing.modules))
                for _, held in listing.named:
                    taken = taken + tuple(v for v in held if v not in taken)
        keeper = Optimizer(call.name, call.machine.place(call.node), taken)
        kept = call.machine.new(keeper, call.state, call.node, "taker")
        obj = thing.with_field("[taker]", Field((kept,)))
        call.state.write(address, obj)
    return (address,)


@function("torch.compile", "torch.jit.optimize_for_inference")
def _compiled(call: Call) -> Values:
    return call.argument(0, "model") or UNKNOWN


@function("torch.jit.trace", "torch.jit.script", "torch.jit.freeze", "torch.fx.symbolic_trace")
def _scripted(call: Call) -> Values:
    """A module of another kind, which takes tensors for its slots."""
    return UNKNOWN

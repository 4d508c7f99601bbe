"""What methods of a Module change: flags, devices, values."""

from __future__ import annotations

from dataclasses import replace

from flake8_paramassign.domain.objects import (
    OTHER_MODULES,
    PARAMETER,
    Container,
    Field,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    UNKNOWN,
    Address,
    Plain,
    Values,
)
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.machine import Arguments
from flake8_paramassign.semantics.models.base import Call, method

_MOST_APPLIED = 16
"""As many Modules are given to a function one by one."""


@method(Thing, "requires_grad_")
def _requires_grad(call: Call) -> Values:
    flag = call.constant(0, "requires_grad", default=True)
    assert isinstance(call.receiver, Address)
    if not isinstance(call.object, Thing) or call.object.is_module is not None:
        known = flag if isinstance(flag, bool) else None
        if known is not True:
            call.machine.frozen.add(call.receiver.site)
        registry.let_train(call.receiver, call.state, call.machine.addresses, known)
    return (call.receiver,)


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
        other = call.machine.addresses.of((call.receiver, OTHER_MODULES), many=True)
        if other not in call.state.heap:
            call.state.write(other, Thing(is_module=True))
        call.machine.call_any(callees, Arguments([(other,)]), call.state, call.node)
    return (call.receiver,)


@method(Thing, "load_state_dict")
def _load_state_dict(call: Call) -> Values:
    assert isinstance(call.receiver, Address)
    for address, held in call.state.objects():
        if isinstance(held, Container) and call.receiver in held.of:
            call.machine.used_containers.add(address)  # its values come from elsewhere, then
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

"""Attributes by functions: ``getattr``, ``setattr`` and their like."""

from __future__ import annotations

from flake8_paramassign.domain.objects import ABSENT, Thing
from flake8_paramassign.domain.values import (
    NONE,
    UNKNOWN,
    Address,
    Constant,
    Text,
    Values,
    join,
    join_all,
    name_of,
)
from flake8_paramassign.semantics.models.base import Call, function


@function("builtins.getattr")
def _getattr(call: Call) -> Values:
    name = name_of(call.argument(1))
    default = call.argument(2)
    owners = call.argument(0)
    if not isinstance(name, str):
        found: Values = UNKNOWN
        for owner in owners:
            obj = call.state.read(owner) if isinstance(owner, Address) else None
            if isinstance(obj, Thing):
                fits = [f.values for k, f in obj.held() if isinstance(k, str) and name.may_be(k)]
                found = join(found, join_all(fits))
        return found
    absent = [o for o in owners if isinstance(o, Constant) and not hasattr(o.value, name)]
    held = join_all(
        call.machine.attribute(o, name, call.state, call.node) for o in owners if o not in absent
    )
    if absent:
        held = join(held, default)
    if default and not any(_surely_has(call, owner, name) for owner in owners):
        held = join(held, default)
    return held


def _surely_has(call: Call, owner: object, name: str) -> bool:
    obj = call.state.read(owner) if isinstance(owner, Address) else None
    return isinstance(obj, Thing) and name in obj.fields and not obj.fields[name].slot & ABSENT


@function("builtins.setattr", "object.__setattr__", "builtins.object.__setattr__")
def _setattr(call: Call) -> Values:
    name = name_of(call.argument(1))
    expression = call.syntax(2)
    if call.name != "builtins.setattr":
        for receiver in call.argument(0):
            call.machine.bypass(
                receiver, name if isinstance(name, str) else None, call.argument(2), call.state,
                call.node, "object.__setattr__",
            )  # fmt: skip
        return NONE
    names = call.argument(1)
    if len(names) > 1 and all(isinstance(name_of((n,)), str) for n in names):
        name = Text()
    call.machine.store(
        call.argument(0), name, call.argument(2), call.state, call.node, expression, "setattr"
    )
    return NONE


@function("torch.nn.Module.__setattr__")
def _module_setattr(call: Call) -> Values:
    name = name_of(call.argument(1))
    call.machine.store(
        call.argument(0), name, call.argument(2), call.state, call.node, None, "setattr"
    )
    return NONE


@function("builtins.delattr")
def _delattr(call: Call) -> Values:
    name = call.constant(1)
    call.machine.delete_attribute(
        call.argument(0), name if isinstance(name, str) else None, call.state
    )
    return NONE


@function("builtins.vars")
def _vars(call: Call) -> Values:
    return (
        join_all(
            call.machine.attribute(v, "__dict__", call.state, call.node) for v in call.argument(0)
        )
        or UNKNOWN
    )


@function("builtins.type")
def _type(call: Call) -> Values:
    return (
        join_all(
            call.machine.attribute(v, "__class__", call.state, call.node)
            if isinstance(v, Address)
            else UNKNOWN
            for v in call.argument(0)
        )
        or UNKNOWN
    )

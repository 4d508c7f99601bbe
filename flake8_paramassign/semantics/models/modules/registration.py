"""Registering, setting, getting and deleting attributes of a Module by a method."""

from __future__ import annotations

from flake8_paramassign.domain.objects import (
    Thing,
)
from flake8_paramassign.domain.values import (
    NONE,
    UNKNOWN,
    Constant,
    Values,
    join_all,
    name_of,
)
from flake8_paramassign.semantics.models.base import Call, method


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

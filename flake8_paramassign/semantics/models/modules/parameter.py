"""``nn.Parameter`` and its like: tensors made of others."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    Tensor,
    Thing,
)
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Values,
    constant,
)
from flake8_paramassign.semantics.events import ParameterMade
from flake8_paramassign.semantics.models.base import Call, function
from flake8_paramassign.semantics.models.tensors.results import device_of


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
        device=_device_of(call, data),
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
    """Where the data is; an item of something of an unknown class is where the whole is."""
    (value,) = data if len(data) == 1 else (None,)
    if not isinstance(value, Address):
        return None
    obj = call.state.read(value)
    if isinstance(obj, Tensor):
        return device_of(call.machine, value, obj)
    address = value
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


@function("torch.nn.Buffer", "torch.nn.parameter.Buffer")
def _buffer(call: Call) -> Values:
    return (call.machine.new(Tensor(call.machine.place(call.node)), call.state, call.node),)

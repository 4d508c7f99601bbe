"""Optimizers: which Parameters they take, and what makes that unknown."""

from __future__ import annotations

from dataclasses import replace

from flake8_paramassign.domain.objects import Container, Optimizer, Tensor, Thing
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    Address,
    Constant,
    Plain,
    Text,
    Value,
    Values,
    is_unknown,
    join,
)
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.events import OptimizerMade
from flake8_paramassign.semantics.models.base import Call, method

_STEPS = ("step", "zero_grad", "state_dict", "load_state_dict", "__repr__")


def make(call: Call) -> Values:
    """A new optimizer of the class ``call.name``."""
    given = call.argument(0, "params", "named_parameters")
    taken, known = _taken(call, given)
    made = Optimizer(call.name, call.machine.place(call.node), taken, known)
    address = call.machine.new(made, call.state, call.node)
    call.machine.tell(
        OptimizerMade(call.machine.frame, call.state, call.node, address, tensors_of(taken, call))
    )
    return (address,)


def tensors_of(values: Values, call: Call) -> Values:
    """Those of ``values`` that are tensors."""
    return tuple(
        v for v in values if isinstance(v, Address) and isinstance(call.state.read(v), Tensor)
    )


def _taken(call: Call, given: Values) -> tuple[Values, bool]:
    """What an optimizer keeps of what it is given: tensors, and Modules for all they have."""
    taken = NOTHING
    known = True
    waiting: list[tuple[Values, int]] = [(given, 0)]
    while waiting:
        values, depth = waiting.pop()
        for value in values:
            obj = call.state.read(value) if isinstance(value, Address) else None
            if isinstance(obj, Tensor):
                taken = _with(taken, value)
                if obj.owner is not None:
                    taken = _with(taken, obj.owner)
                if depth == 0:  # an iterable of its rows
                    _, rows = call.machine.iterate((value,), call.state, call.node, call.name)
                    taken = tuple(v for v in taken if v is not value)
                    for row in rows:
                        taken = _with(taken, row)
            elif isinstance(obj, Container):
                listed: list[Values] = []
                for origin in obj.of:
                    origin_obj = call.state.read(origin) if isinstance(origin, Address) else None
                    if isinstance(origin_obj, Thing) and isinstance(origin, Address):
                        listing = registry.parameters(origin, call.state, call.machine.addresses)
                        for module in listing.modules:
                            taken = _with(taken, module)
                        listed += [held for _, held in listing.named]
                if depth < 4:
                    if obj.kind == "dict" and "params" in obj.known:
                        waiting.append((obj.known["params"], depth))
                        continue
                    if obj.kind == "generator":
                        each, some = call.machine.iterate(
                            (value,), call.state, call.node, call.name
                        )
                        if each is None:  # too many to be held as one; they are of its Module
                            each = listed if is_unknown(some) and listed else [some]
                        waiting.extend((held, depth + 1) for held in each)
                        continue
                    waiting.extend((held, depth + 1) for held in obj.contents())
            elif (
                isinstance(value, Address)
                and isinstance(obj, Thing)
                and registry.children(value, call.state).is_exact
            ):
                _, some = call.machine.iterate((value,), call.state, call.node, call.name)
                waiting.append((some, depth + 1))
            elif isinstance(value, Constant | Text | Plain):
                continue  # the name beside a Parameter
            elif depth and isinstance(obj, Thing) and obj.cls is None:
                taken = _with(taken, value)  # a tensor, or the optimizer would not take it
            else:
                known = False
    return taken, known


def _with(taken: Values, value: Value) -> Values:
    return taken if value in taken else (*taken, value)


@method(Optimizer, *_STEPS)
def _step(call: Call) -> Values:
    assert isinstance(call.receiver, Address)
    call.machine.used(call.receiver, call.state)
    if call.name == "step" and call.arguments.flat():
        closure = call.argument(0, "closure")
        call.machine.call_any(closure, type(call.arguments)(), call.state, call.node)
    return NONE if call.name != "state_dict" else (Plain("dict"),)


@method(Optimizer, "add_param_group")
def _add_group(call: Call) -> Values:
    obj = call.object
    assert isinstance(obj, Optimizer)
    assert isinstance(call.receiver, Address)
    more, known = _taken(call, call.argument(0, "param_group"))
    call.machine.mended(call.receiver, more, call.state)
    call.machine.tell(
        OptimizerMade(
            call.machine.frame, call.state, call.node, call.receiver, tensors_of(more, call)
        )
    )
    changed = replace(obj, taken=join(obj.taken, more), is_known=obj.is_known and known)
    call.state.write(call.receiver, changed)
    return NONE

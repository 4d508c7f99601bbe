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

_DEEPEST = 4
"""As many containers in each other are looked through."""
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


def _taken(call: Call, given: Values, depth: int = 0) -> tuple[Values, bool]:
    """What an optimizer keeps of what it is given, and whether that is all.

    ``depth``: 1 where it is a group, which are in a list otherwise.
    """
    taking = _Taking(call)
    waiting: list[tuple[Values, int]] = [(given, depth)]
    while waiting:
        values, depth = waiting.pop()
        for value in values:
            waiting += taking.take(value, depth)
    return taking.taken, taking.is_known


class _Taking:
    """Takes tensors, and Modules for all they have, out of what an optimizer is given."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.taken = NOTHING
        self.is_known = True
        self._used_up: set[Value] = set()
        """Generators: alternatives of what is given may hold the same one, which is used once."""

    def take(self, value: Value, depth: int) -> list[tuple[Values, int]]:
        """Take what ``value`` is; return what is in it, to be taken, too, and how deep that is."""
        call = self._call
        obj = call.state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Tensor):
            self._take_tensor(value, obj, depth)
        elif isinstance(obj, Container):
            listed = self._listed(obj)
            return self._inside(value, obj, listed, depth) if depth < _DEEPEST else []
        elif (
            isinstance(value, Address)
            and isinstance(obj, Thing)
            and registry.children(value, call.state).is_exact
        ):
            return [(self._iterated(value)[1], depth + 1)]
        elif isinstance(value, Constant | Text | Plain):
            pass  # the name beside a Parameter
        elif depth and isinstance(obj, Thing) and obj.cls is None:
            self._add(value)  # a tensor, or the optimizer would not take it
        else:
            self.is_known = False
        return []

    def _take_tensor(self, value: Value, obj: Tensor, depth: int) -> None:
        self._add(value)
        if obj.owner is not None:
            self._add(obj.owner)
        if depth == 0:  # an iterable of its rows
            _, rows = self._iterated(value)
            self.taken = tuple(v for v in self.taken if v is not value)
            for row in rows:
                self._add(row)

    def _listed(self, obj: Container) -> list[Values]:
        """The Parameters of the Modules that a container is of; these are taken as such."""
        call = self._call
        listed: list[Values] = []
        for origin in obj.of:
            origin_obj = call.state.read(origin) if isinstance(origin, Address) else None
            if isinstance(origin_obj, Thing) and isinstance(origin, Address):
                listing = registry.parameters(origin, call.state, call.machine.addresses)
                for module in listing.modules:
                    self._add(module)
                listed += [held for _, held in listing.named]
        return listed

    def _inside(
        self, value: Value, obj: Container, listed: list[Values], depth: int
    ) -> list[tuple[Values, int]]:
        """What is in a container: of a group, its Parameters, as if they were given."""
        if obj.kind == "dict" and "params" in obj.known:
            return [(obj.known["params"], depth)]
        inside = list(obj.contents())
        if obj.kind == "generator":
            if value in self._used_up:
                return []
            self._used_up.add(value)
            each, some = self._iterated(value)
            # If they are too many to be held as one, they are of its Module.
            others = listed if is_unknown(some) and listed else [some]
            inside = each if each is not None else others
        return [(held, depth + 1) for held in inside]

    def _iterated(self, value: Value) -> tuple[list[Values] | None, Values]:
        call = self._call
        return call.machine.iterate((value,), call.state, call.node, call.name)

    def _add(self, value: Value) -> None:
        if value not in self.taken:
            self.taken = (*self.taken, value)


@method(Optimizer, *_STEPS)
def _step(call: Call) -> Values:
    assert isinstance(call.receiver, Address)
    if call.name == "step":  # what is saved, or cleared, need not be trained any more
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
    more, known = _taken(call, call.argument(0, "param_group"), depth=1)
    call.machine.mended(call.receiver, call.state)
    call.machine.tell(
        OptimizerMade(
            call.machine.frame, call.state, call.node, call.receiver, tensors_of(more, call)
        )
    )
    changed = replace(obj, taken=join(obj.taken, more), is_known=obj.is_known and known)
    call.state.write(call.receiver, changed)
    return NONE

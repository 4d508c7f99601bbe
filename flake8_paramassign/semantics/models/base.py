"""The tables of models, and what a model is given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from flake8_paramassign.domain.objects import Container, Obj, Optimizer, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NOTHING, Address, Value, Values, constant
from flake8_paramassign.semantics.machine import Arguments, Machine


@dataclass(slots=True)
class Call:
    """A call of something that is modelled."""

    machine: Machine
    name: str
    """The full name of a function, or the name of a method."""
    receiver: Value | None
    """The object whose method it is."""
    arguments: Arguments
    state: State
    node: ast.expr
    is_sure: bool = True
    """Whether this surely is what is called, not one of several things."""

    @property
    def object(self) -> Obj | None:
        """What is known of the receiver."""
        return self.state.read(self.receiver) if isinstance(self.receiver, Address) else None

    def argument(self, position: int, *names: str) -> Values:
        """An argument; nothing where it is not given."""
        held = self.arguments.get(position, *names)
        return NOTHING if held is None else held

    def syntax(self, position: int, *names: str) -> ast.expr | None:
        """What the user wrote for an argument, where it has syntax of its own."""
        if position < len(self.arguments.nodes):
            return self.arguments.nodes[position]
        keywords = getattr(self.node, "keywords", ())
        return next((k.value for k in keywords if k.arg in names), None)

    def constant(self, position: int, *names: str, default: Hashable = NotImplemented) -> Hashable:
        """The one constant that an argument is; ``default`` where it is not given."""
        held = self.arguments.get(position, *names)
        return default if held is None else constant(held)

    def unknown(self) -> Values:
        """Do as with code that is not known."""
        return self.machine.call_unknown(self.receiver, self.arguments, self.state, self.node)


Model: TypeAlias = Callable[[Call], Values]
_Any = TypeVar("_Any", bound=Model)

FUNCTIONS: dict[str, Model] = {}
"""By full name."""
METHODS: dict[tuple[type, str], Model] = {}
"""By the kind of object they are called on, and their name."""


def function(*names: str) -> Callable[[_Any], _Any]:
    """Let the decorated function be the model of these functions."""

    def add(model: _Any) -> _Any:
        for name in names:
            FUNCTIONS[name] = model
        return model

    return add


def method(
    kind: type[Thing | Container | Tensor | Optimizer | str], *names: str
) -> Callable[[_Any], _Any]:
    """Let the decorated function be the model of methods of these names."""

    def add(model: _Any) -> _Any:
        for name in names:
            METHODS[kind, name] = model
        return model

    return add

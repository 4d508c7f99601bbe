"""What is known at one point of a program."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from flake8_paramassign.inference.values import NOTHING, UNKNOWN, Value, Values, union

Slot: TypeAlias = frozenset[str]
"""How a Module may hold a name: each of ``parameter``, ``buffer``, ``module``, ``plain``,
``absent``, ``unknown``."""

PARAMETER_SLOT: Slot = frozenset(["parameter"])
UNKNOWN_SLOT: Slot = frozenset(["unknown"])
ABSENT: Slot = frozenset(["absent"])

ITEMS = "[]"
"""The attribute under which a container's items are kept, all together."""
INITIALISED = "Module.__init__"
"""The attribute that tells whether ``nn.Module.__init__`` has run on an object."""


EVERY = "*"
"""The slot name that stands for all: ``del m._parameters[name]`` with any name."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class State:
    """Local names, the attributes of objects, their slots, and the grad mode.

    A missing attribute cell means: as the object's class makes it (``Interpreter.attribute``).
    ``grad`` is True in grad mode, False under ``no_grad``, None where it depends.
    """

    locals: dict[str, Values] = field(default_factory=dict)
    cells: dict[tuple[Value, str], Values] = field(default_factory=dict)
    slots: dict[tuple[Value, str], Slot] = field(default_factory=dict)
    grad: bool | None = True

    def copy(self) -> State:
        """A state that can change on its own."""
        return State(self.locals.copy(), self.cells.copy(), self.slots.copy(), self.grad)

    def same(self, other: State) -> bool:
        """Whether nothing differs: the fixpoint of a loop."""
        return (
            self.locals == other.locals
            and self.cells == other.cells
            and self.slots == other.slots
            and self.grad == other.grad
        )


def join(first: State | None, second: State | None) -> State | None:
    """What is known where two paths meet; None is a path that does not get here."""
    if first is None or second is None:
        return first or second
    return State(
        _merged(first.locals, second.locals, NOTHING),
        _merged(first.cells, second.cells, UNKNOWN),
        _merged_slots(first.slots, second.slots),
        first.grad if first.grad == second.grad else None,
    )


def _merged(
    first: dict[Key, Values], second: dict[Key, Values], missing: Values
) -> dict[Key, Values]:
    merged = first.copy()
    for key, values in second.items():
        mine = first.get(key)
        if mine is None:
            merged[key] = union(values, missing)
        elif mine is not values:
            merged[key] = union(mine, values)
    if missing:
        for key in first.keys() - second.keys():
            merged[key] = union(first[key], missing)
    return merged


def _merged_slots(
    first: dict[tuple[Value, str], Slot], second: dict[tuple[Value, str], Slot]
) -> dict[tuple[Value, str], Slot]:
    merged = first.copy()
    for key, slot in second.items():
        mine = first.get(key)
        merged[key] = slot | (UNKNOWN_SLOT if mine is None else mine)
    for key in first.keys() - second.keys():
        merged[key] = first[key] | UNKNOWN_SLOT
    return merged

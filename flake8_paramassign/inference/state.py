"""What is known at one point of a program."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from flake8_paramassign.inference.values import Value, Values

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
TRAINS = "{trains}"
"""The attribute that tells whether the Parameters of a Module were frozen or unfrozen together."""
TAKEN = "{taken}"
"""The attribute that holds the optimizers and wrappers which keep a Module's Parameters."""
DELETED = "{deleted}"
"""The attribute that holds the names of the Parameters which were deleted from a Module."""


EVERY = "*"
"""The slot name that stands for all: ``del m._parameters[name]`` with any name."""

Key = TypeVar("Key", bound=Hashable)
Held = TypeVar("Held")


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


def merged(
    first: dict[Key, frozenset[Held]],
    second: dict[Key, frozenset[Held]],
    missing_first: Callable[[Key], frozenset[Held]],
    missing_second: Callable[[Key], frozenset[Held]],
) -> dict[Key, frozenset[Held]]:
    """The entries of both where two paths meet; ``missing_*``: what a path without one holds."""
    both = first.copy()
    for key, values in second.items():
        mine = first.get(key)
        if mine is None:
            both[key] = values | missing_first(key)
        elif mine is not values and mine != values:
            both[key] = mine | values
    for key in first.keys() - second.keys():
        both[key] = first[key] | missing_second(key)
    return both

"""What is known at one point of a program."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
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
            self.grad == other.grad
            and _same(self.locals, other.locals)
            and _same(self.cells, other.cells)
            and _same(self.slots, other.slots)
        )


def merged(
    first: dict[Key, frozenset[Held]],
    second: dict[Key, frozenset[Held]],
    missing_first: Callable[[Key], frozenset[Held]],
    missing_second: Callable[[Key], frozenset[Held]],
    either: Callable[[frozenset[Held], frozenset[Held]], frozenset[Held]],
) -> dict[Key, frozenset[Held]]:
    """The entries of both where two paths meet.

    ``missing_*``: what a path without an entry holds; ``either``: what two entries become.
    """
    both = first.copy()
    shared = 0
    for (key, values), (own, mine) in zip(second.items(), first.items(), strict=False):
        if key is not own:
            break
        shared += 1
        if mine is not values and mine != values:
            both[key] = either(mine, values)
    if shared == len(first) == len(second):
        return both
    for key, values in islice(second.items(), shared, None):
        held = first.get(key)
        if held is None:
            both[key] = either(values, missing_first(key))
        elif held is not values and held != values:
            both[key] = either(held, values)
    for key, values in islice(first.items(), shared, None):
        if key not in second:
            both[key] = either(values, missing_second(key))
    return both


def _same(first: dict[Key, frozenset[Held]], second: dict[Key, frozenset[Held]]) -> bool:
    """Whether two paths know the same.

    Here as in ``merged``: paths that have parted go on from copies of one dict, so that most keys
    are the same objects in the same order. To compare those costs little, to hash them much.
    """
    if len(first) != len(second):
        return False
    for (key, values), (own, mine) in zip(second.items(), first.items(), strict=True):
        if key is not own:
            return first == second
        if mine is not values and mine != values:
            return False
    return True

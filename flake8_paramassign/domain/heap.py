"""All objects that are known, by address: a map whose copies cost no more than what changes.

A heap has what it shares with others, which nobody changes, and its own changes on top. So where
two heaps with the same past meet, only what either has changed since is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_paramassign.domain.objects import Obj
from flake8_paramassign.domain.values import Address

_FEW = 32
"""As many changes are carried along at least, before they are shared."""


class Heap:
    """Objects by their addresses."""

    __slots__ = ("_changes", "_past")

    def __init__(
        self,
        past: dict[Address, Obj] | None = None,
        changes: dict[Address, Obj | None] | None = None,
    ) -> None:
        """``past`` is shared and stays as it is; ``changes`` are what is other than there.

        A change to None is an object that is not there any more.
        """
        self._past: dict[Address, Obj] = {} if past is None else past
        self._changes: dict[Address, Obj | None] = {} if changes is None else changes

    def get(self, address: Address) -> Obj | None:
        """The object at ``address``; None where there is none."""
        changes = self._changes
        return changes[address] if address in changes else self._past.get(address)

    def __getitem__(self, address: Address) -> Obj:
        """The object at ``address``; raises KeyError where there is none."""
        found = self.get(address)
        if found is None:
            raise KeyError(address)
        return found

    def __setitem__(self, address: Address, obj: Obj) -> None:
        """Put an object at ``address``."""
        self._changes[address] = obj

    def __delitem__(self, address: Address) -> None:
        """Let go of the object at ``address``."""
        self._changes[address] = None

    def __contains__(self, address: object) -> bool:
        """Whether there is an object at ``address``."""
        return self.get(address) is not None  # type: ignore[arg-type]

    def __len__(self) -> int:
        """How many objects there are."""
        return sum(1 for _ in self.items())

    def __eq__(self, other: object) -> bool:
        """Whether the same is known of the same objects."""
        return isinstance(other, Heap) and all(
            self.get(address) == other.get(address) for address in self.differing(other)
        )

    __hash__ = None  # type: ignore[assignment]

    def items(self) -> Iterator[tuple[Address, Obj]]:
        """All objects, in the order in which their addresses were met."""
        changes = self._changes
        for address, obj in self._past.items():
            found = changes.get(address, obj) if address in changes else obj
            if found is not None:
                yield address, found
        for address, new in changes.items():
            if new is not None and address not in self._past:
                yield address, new

    def copy(self) -> Heap:
        """A heap that can change on its own."""
        if len(self._changes) > _FEW and 4 * len(self._changes) > len(self._past):
            self._past, self._changes = dict(self.items()), {}
        return Heap(self._past, self._changes.copy())

    def only(self, addresses: Iterable[Address]) -> Heap:
        """The objects at some addresses, and no others."""
        wanted = set(addresses)
        return Heap({address: obj for address, obj in self.items() if address in wanted})

    def differing(self, other: Heap) -> list[Address]:
        """The addresses at which the two do not have one and the same object."""
        if self is other:
            return []
        mine, theirs = self._changes, other._changes
        if self._past is other._past:
            some: Iterable[Address] = {**mine, **theirs}
        else:
            some = {**self._past, **mine, **other._past, **theirs}
        get, other_get = self.get, other.get
        return [address for address in some if get(address) is not other_get(address)]

"""What can be got at from some values: by attributes, items, closures and bound methods."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_paramassign.domain.heap import Heap
from flake8_paramassign.domain.joining import Scopes
from flake8_paramassign.domain.objects import Obj, Optimizer, Thing, related_to
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.values import Address, Value, Values, addresses_in, scopes_in


def reachable(values: Iterable[Value], heap: Heap, scopes: Scopes) -> list[Address]:
    """All objects that code which has ``values`` can get at, the nearest first."""
    found: dict[Address, None] = {}
    seen: set[Scope] = set()
    waiting: list[Values] = [tuple(values)]
    for held in waiting:  # which grows
        for address in addresses_in(held):
            if address not in found:
                found[address] = None
                obj = heap.get(address)
                if obj is not None:
                    waiting.extend(obj.contents())
        for scope in scopes_in(held):
            if scope not in seen:
                seen.add(scope)
                waiting.extend(scopes.get(scope, {}).values())
    return list(found)


def unreachable(heap: Heap, old: Heap, held: Iterable[Values]) -> set[Address]:
    """The objects that are in ``heap`` and not in ``old``, and that nothing leads to.

    ``held`` are values that lead to objects; what was changed in ``heap`` does, too. What has or
    trains Parameters stays: others may ask who does.
    """
    changed = [
        (address, obj) for address in heap.differing(old) if (obj := heap.get(address)) is not None
    ]
    made = {a for a, obj in changed if a not in old and not _stays(obj)}
    if not made:
        return made
    waiting: list[Values] = [*held]
    for address, obj in changed:
        if address not in made:
            waiting.extend(obj.contents())
            waiting.append(tuple(related_to(obj)))
    while waiting and made:
        for address in addresses_in(waiting.pop()):
            if address in made:
                made.remove(address)
                obj = heap[address]
                waiting.extend(obj.contents())
                waiting.append(tuple(related_to(obj)))
    return made


def _stays(obj: Obj) -> bool:
    """Whether an object counts although nothing leads to it."""
    return isinstance(obj, Optimizer) or (isinstance(obj, Thing) and obj.is_module is True)

"""What is known at one point of a program, and every way to change that.

All updates are here. An update is *strong*, and replaces what was known, where one object is
changed; it is *weak*, and joins, where the address stands for many or there are several
receivers. ``havoc`` is what unknown code does: it may change all that it can reach.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from flake8_paramassign.domain.heap import Heap
from flake8_paramassign.domain.joining import (
    common,
    counted,
    differing,
    joined_heaps,
    joined_names,
    joined_scopes,
    same_names,
    same_scopes,
)
from flake8_paramassign.domain.objects import (
    UNSEEN,
    UNSEEN_THING,
    Obj,
    Place,
    Tensor,
    Thing,
    related_to,
)
from flake8_paramassign.domain.reach import reachable, unreachable
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.values import (
    NOTHING,
    OFTEN,
    UNKNOWN,
    Address,
    Addresses,
    Value,
    Values,
    same,
)

INHERITED = "inherited"
"""The grad mode of a function that is run for its own sake: that of whoever calls it."""
_NAMES, _SCOPES, _HEAP = 1, 2, 4
"""What a state may share with others."""
_MOST_SPLITS = 4
"""How many joins a state remembers."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A Parameter that optimizers keep although another one has taken its place."""

    takers: tuple[Address, ...]
    event: object
    """What is told when one of them is used."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where two paths met: what each of them knew, and what both became."""

    first: State
    second: State
    joined: State
    names: tuple[str, ...]
    """The variables that are not the same in all three."""
    objects: tuple[Address, ...]
    """The objects that are not."""

    @staticmethod
    def of(first: State, second: State, joined: State) -> Split:
        """What three states differ in."""
        return Split(
            first, second, joined,
            differing(joined.names, first.names, second.names),
            tuple(dict.fromkeys([
                *joined.heap.differing(first.heap), *joined.heap.differing(second.heap)
            ])),
        )  # fmt: skip


class State:
    """Variables, objects, and the grad mode; copies share what neither has changed.

    ``grad`` is True in grad mode, False under ``no_grad``, None where that is not known, and
    ``INHERITED`` where it is the mode that the function under analysis is called in.
    """

    __slots__ = ("_shared", "assumed", "grad", "heap", "names", "passed", "replaced",
                 "scopes", "splits")  # fmt: skip

    def __init__(self) -> None:
        """Nothing is known."""
        self.names: dict[str, Values] = {}
        """The variables of the running function."""
        self.scopes: dict[Scope, dict[str, Values]] = {}
        """Those of the activations around it, and of those that closures were left by."""
        self.heap = Heap()
        self.grad: bool | str | None = True
        self.assumed: dict[Hashable, bool] = {}
        """Tests that were passed on the way, and how."""
        self.splits: tuple[Split, ...] = ()
        self.replaced: dict[Place, Replaced] = {}
        """Parameters that were replaced behind an optimizer's back, until it is used."""
        self.passed: tuple[ast.AST, ...] = ()
        """Undecided tests, loops and handlers that lead here."""
        self._shared = 0

    def copy(self) -> State:
        """A state that can change on its own."""
        other = State.__new__(State)
        other.names, other.scopes, other.heap = self.names, self.scopes, self.heap
        other.grad, other.assumed, other.splits = self.grad, self.assumed, self.splits
        other.replaced, other.passed = self.replaced, self.passed
        self._shared = other._shared = _NAMES | _SCOPES | _HEAP
        return other

    def _own_names(self) -> dict[str, Values]:
        """The variables, no longer shared."""
        if self._shared & _NAMES:
            self.names = self.names.copy()
            self._shared &= ~_NAMES
        return self.names

    def _own_scopes(self) -> dict[Scope, dict[str, Values]]:
        """The other variables, no longer shared."""
        if self._shared & _SCOPES:
            self.scopes = self.scopes.copy()
            self._shared &= ~_SCOPES
        return self.scopes

    def _own_heap(self) -> Heap:
        """The objects, no longer shared."""
        if self._shared & _HEAP:
            self.heap = self.heap.copy()
            self._shared &= ~_HEAP
        return self.heap

    def become(self, other: State) -> None:
        """Go on as ``other``, which is not used any more."""
        self.names, self.scopes, self.heap = other.names, other.scopes, other.heap
        self.grad, self.assumed, self.splits = other.grad, other.assumed, other.splits
        self.replaced, self.passed = other.replaced, other.passed
        self._shared = other._shared

    # Variables.

    def bind(self, name: str, values: Values) -> None:
        """Bind a variable of the running function."""
        self._own_names()[name] = values

    def unbind(self, name: str) -> None:
        """Delete a variable of the running function."""
        self._own_names().pop(name, None)

    def bind_in(self, scope: Scope, name: str, values: Values) -> None:
        """Bind a variable of another activation (``nonlocal``, ``global``)."""
        self._own_scopes()[scope] = {**self.scopes.get(scope, {}), name: values}

    def enter(self, scope: Scope, names: dict[str, Values]) -> None:
        """Put the running function's variables aside as those of ``scope``; begin with others."""
        self._own_scopes()[scope] = self.names
        self.names = names
        self._shared &= ~_NAMES

    def leave(self, scope: Scope, left: Scope | None) -> None:
        """Go back to the variables of ``scope``; keep those of ``left`` where closures have it."""
        scopes = self._own_scopes()
        if left is not None:
            scopes[left] = self.names
        self.names = scopes.pop(scope)
        self._shared |= _NAMES

    # Objects.

    def read(self, address: Address) -> Obj:
        """What is known of an object."""
        return self.heap.get(address) or UNSEEN_THING

    def write(self, address: Address, obj: Obj, *, strong: bool = True) -> None:
        """Change an object: replace what is known of one, add to what is known of many."""
        if address.many or not strong:
            before = self.heap.get(address)
            if before is None and address.symbolic:
                before = UNSEEN_THING
            if before is not None:
                obj = before.join(obj)
                if obj is before:
                    return
        self._own_heap()[address] = obj

    def replace(self, address: Address, obj: Obj) -> None:
        """Know something else of an object, be it one or many: of a certain one of them."""
        self._own_heap()[address] = obj

    def update(self, receivers: Values, change: Callable[[Obj], Obj]) -> None:
        """Change whichever of ``receivers`` it is."""
        targets = [value for value in receivers if isinstance(value, Address)]
        strong = len(receivers) == 1
        for target in targets:
            self.write(target, change(self.read(target)), strong=strong)

    def allocate(self, address: Address, obj: Obj, addresses: Addresses) -> Address:
        """Make a new object at a place; return its address.

        The first object that a place makes is one; all later ones are many together. So no
        address ever comes to mean another object, and none has to be renamed.
        """
        if address.many or address in self.heap:
            address = addresses.several(address)
            self.write(address, obj)
            return address
        self._own_heap()[address] = obj
        return address

    def reachable(self, values: Iterable[Value]) -> list[Address]:
        """All objects that code which has ``values`` can get at, the nearest first."""
        return reachable(values, self.heap, self.scopes)

    def keep_only(self, values: Iterable[Value]) -> None:
        """Let go of all objects but those that ``values`` lead to."""
        kept: dict[Address, None] = {}
        waiting = list(values)
        while waiting:
            for address in self.reachable(waiting):
                kept[address] = None
            waiting = [
                related
                for address in kept
                for related in related_to(self.heap.get(address))
                if related not in kept
            ]
        self.heap = self.heap.only(kept)
        self._shared &= ~_HEAP

    def collect(self, before: State, values: Values = NOTHING) -> None:
        """Let go of what was made since ``before`` and neither ``values`` nor variables lead to.

        What has or trains Parameters stays: others may ask who does.
        """
        changed = (n for s, n in self.scopes.items() if n is not before.scopes.get(s))
        variables = chain(self.names.values(), chain.from_iterable(n.values() for n in changed))
        lost = unreachable(self.heap, before.heap, chain((values,), variables))
        if lost:
            heap = self._own_heap()
            for address in lost:
                del heap[address]

    def handed_out(self, values: Iterable[Value]) -> None:
        """Something of which nothing is known holds ``values``: it may have registered them."""
        for value in values:
            if not isinstance(value, Address):
                continue
            obj = self.read(value)
            if isinstance(obj, Tensor):
                self.write(value, replace(obj, escaped=True))
            elif isinstance(obj, Thing):
                self.write(value, replace(obj, epoch=max(obj.epoch, 1)))

    def havoc(self, values: Iterable[Value]) -> None:
        """Forget what code that is not known may have changed about all that it can reach."""
        reached = self.reachable(values)
        if not reached:
            return
        heap = self._own_heap()
        for address in reached:
            heap[address] = self.read(address).havocked()
        lost = set(reached)
        self.replaced = {
            place: known for place, known in self.replaced.items() if lost.isdisjoint(known.takers)
        }

    def weaken(self, values: Iterable[Value], names: frozenset[str]) -> None:
        """Forget what code may have changed that stores no attributes but those of ``names``.

        It may have changed items, and what tensors are, in any way.
        """
        heap = self._own_heap()
        for address in self.reachable(values):
            obj = self.read(address)
            if isinstance(obj, Thing):
                fields = {
                    name: UNSEEN if name in names else held for name, held in obj.fields.items()
                }
                fields |= {name: UNSEEN for name in names if not obj.is_open}
                started = None if obj.initialised is False else obj.initialised
                heap[address] = replace(obj, fields=fields, initialised=started)
            else:
                heap[address] = obj.havocked()

    # Where paths meet.

    def joined(self, other: State, *, remember: bool = False) -> State:
        """What is known where two paths meet; ``remember`` them, should a test tell them apart."""
        if self is other:
            return self
        result = State()
        result.names = joined_names(self.names, other.names)
        result.scopes = joined_scopes(self.scopes, other.scopes)
        result.heap = joined_heaps(self.heap, other.heap)
        result._shared = (
            _NAMES * (result.names is self.names)
            | _SCOPES * (result.scopes is self.scopes)
            | _HEAP * (result.heap is self.heap)
        )
        self._shared |= result._shared
        other._shared |= result._shared
        result.grad = self.grad if self.grad == other.grad else None
        if self.assumed is other.assumed:
            result.assumed = self.assumed
        else:
            result.assumed = {k: v for k, v in self.assumed.items() if other.assumed.get(k) is v}
        result.splits = tuple(s for s in self.splits if s in other.splits)
        if self.replaced is other.replaced:
            result.replaced = self.replaced
        else:
            result.replaced = {**other._replaced_beside(self), **self._replaced_beside(other)}
        result.passed = common(self.passed, other.passed)
        if remember:
            snapshot = result.copy()
            snapshot.splits = ()
            first, second = self.copy(), other.copy()
            first.splits = second.splits = ()
            split = Split.of(first, second, snapshot)
            result.splits = (*result.splits, split)[-_MOST_SPLITS:]
        return result

    def _replaced_beside(self, other: State) -> dict[Place, Replaced]:
        """What is behind the back of an optimizer that this path did not give up.

        One that only the other path holds, where nothing was replaced, keeps nothing in vain.
        """
        return {
            place: known
            for place, known in self.replaced.items()
            if place in other.replaced
            or all(other._holders(taker) <= self._holders(taker) for taker in known.takers)
        }

    def _holders(self, address: Address) -> set[object]:
        """The names, and the attributes and containers, under which an object is held."""
        found: set[object] = {name for name, values in self.names.items() if address in values}
        for holder, obj in self.objects():
            if isinstance(obj, Thing):
                found.update((holder, n) for n, field in obj.held() if address in field.values)
            elif any(address in values for values in obj.contents()):
                found.add(holder)
        return found

    def same(self, other: State) -> bool:
        """Whether nothing differs: the fixpoint of a loop."""
        return (
            self.grad == other.grad
            and same_names(self.names, other.names)
            and same_scopes(self.scopes, other.scopes)
            and (self.heap is other.heap or self.heap == other.heap)
            and self.replaced == other.replaced
        )

    def settling(self, later: State) -> State:
        """What is known where a loop begins again.

        A number that two rounds change may be any; what one round has given to code that is not
        known, all rounds give it.
        """
        result = self.joined(later)
        for name, values in [(n, v) for n, v in result.names.items() if self.names.get(n) is not v]:
            often = counted(self.names.get(name, NOTHING), values)
            if often is not values:
                result.bind(name, often)
        for address in result.heap.differing(self.heap):
            before, obj = self.heap.get(address), result.heap.get(address)
            if isinstance(obj, Thing) and isinstance(before, Thing):
                fields = {
                    name: replace(held, values=often)
                    for name, held in obj.fields.items()
                    if (known := before.fields.get(name)) is not None
                    and (often := counted(known.values, held.values)) is not held.values
                }
                epoch = obj.epoch if obj.epoch == before.epoch else OFTEN
                if fields or epoch != obj.epoch:
                    better = replace(obj, fields={**obj.fields, **fields}, epoch=epoch)
                    result.replace(address, better)
        return result

    def widened(self, later: State) -> State:
        """What is left where a loop does not settle: what it changes is unknown."""
        result = self.joined(later)
        changed = [
            name for name, values in result.names.items()
            if not same(values, self.names.get(name, values))
        ]  # fmt: skip
        result._own_names().update(dict.fromkeys(changed, UNKNOWN))
        for address in result.heap.differing(self.heap):
            before, obj = self.heap.get(address), result.heap.get(address)
            if obj is not None and before != obj:
                result.replace(address, obj.havocked())
        return result

    def keep(self, split: Split, side: State) -> None:
        """Go back to what ``side`` of a split knew, as far as nothing was changed since."""
        names, heap = self._own_names(), self._own_heap()
        for name in split.names:
            if name in side.names and names.get(name) is split.joined.names[name]:
                names[name] = side.names[name]
        for address in split.objects:
            if address in side.heap and heap.get(address) is split.joined.heap[address]:
                heap[address] = side.heap[address]
        if self.grad == split.joined.grad:
            self.grad = side.grad
        self.assumed = {**side.assumed, **self.assumed}
        self.splits = tuple(s for s in self.splits if s is not split)

    def objects(self) -> Iterator[tuple[Address, Obj]]:
        """All objects that are known, in the order they were made."""
        return iter(self.heap.items())


def join_states(states: Iterable[State | None], *, remember: bool = False) -> State | None:
    """What is known where all of several paths meet; None is a path that does not lead there."""
    result: State | None = None
    for state in states:
        if state is not None:
            result = state if result is None else result.joined(state, remember=remember)
    return result

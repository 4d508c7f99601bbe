"""What can be relied on of any object of a class when one of its methods begins, or has ended.

That is what ``__init__`` leaves, joined with what each method may change, to a fixpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import UNKNOWN, Address, Function
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.running.effort import lines
from flake8_paramassign.semantics.side_effects import SideEffects, methods_of

_MOST_ANCESTORS = 100
"""A class with more has more methods than anybody wrote."""
_MOST = 1_000
_MOST_TIMES = 2
"""As many lines of methods are run in all, and as many times the lines of the file."""
_ROUNDS = 3
"""How often the methods of a class are run before what they change is unknown."""


@dataclass(slots=True)
class Summary:
    """What holds of an object between its methods."""

    receiver: Address
    state: State


@dataclass(frozen=True, slots=True)
class Invariant:
    """What holds of an object of a class before and after each of its methods."""

    cls: ProjectClass
    state: State
    methods: frozenset[FunctionNode]
    """Those that may change the object."""
    is_sought: bool = False
    """Whether it is not known yet whether it holds."""
    met: list[State] = field(default_factory=list)
    """What methods were called with, where they are not looked into."""


class Invariants:
    """Finds what holds of the objects of classes, for a machine."""

    def __init__(self, machine: Machine, side_effects: SideEffects) -> None:
        """``machine`` runs their methods; ``side_effects`` tells which change anything."""
        self._machine = machine
        self._side_effects = side_effects
        self._begun: dict[ProjectClass, State] = {}
        self._summaries: dict[ProjectClass, Summary | None] = {}
        self._invariants: dict[Address, Invariant] = {}
        self._looked_through = 0
        """How many lines of methods were run to know what they change."""

    def knows(self, cls: ProjectClass) -> bool:
        """Whether what holds of a class's objects has been sought already."""
        return cls in self._summaries

    def summary(self, cls: ProjectClass) -> Summary | None:
        """What can be relied on of any object of ``cls``; None where that is not known."""
        if cls not in self._summaries:
            self._summaries[cls] = None  # what a class that makes objects of itself sees
            if len(cls.ancestry) <= _MOST_ANCESTORS and self._is_affordable(cls):
                self._summaries[cls] = self._settled(cls)
        return self._summaries[cls]

    def _is_affordable(self, cls: ProjectClass) -> bool:
        """Whether the methods of a class may be run, many of which classes above it have."""
        methods = (f for holder, f in self._changing_methods(cls) if holder.module is cls.module)
        self._looked_through += sum(map(lines, methods))
        return (
            self._looked_through <= _MOST_TIMES * lines(self._machine.project.module.tree) + _MOST
        )

    def begins(self, cls: ProjectClass, state: State | None) -> None:
        """``state`` is what ``__init__`` leaves, for any arguments."""
        if state is not None:
            self._begun[cls] = state

    def _settled(self, cls: ProjectClass) -> Summary | None:
        receiver = self._machine.addresses.of((cls, "self"), symbolic=False)
        state = self._begun.get(cls) or self._machine.begun(cls, receiver)
        if state is None:
            return None
        state = self._by_others(cls, receiver, state)
        changing = [f for holder, f in self._changing_methods(cls) if holder.module is cls.module]
        found = cls.find("__init__")
        begins = [found[1]] if found is not None and isinstance(found[1], FunctionNode) else []
        methods = frozenset([*changing, *begins])
        holders = {f: holder for holder, f in methods_of(cls)}
        changed: frozenset[str] | None = None
        for number in range(_ROUNDS + 2):
            after = state
            thing = state.read(receiver)
            for function in changing:
                if changed is not None and isinstance(thing, Thing):
                    if not self._side_effects.uses(function, cls, thing, changed):
                        continue  # it does what it did
                sought = self._invariants[receiver] = Invariant(cls, after, methods, is_sought=True)
                end = self._machine.look_at_method(
                    holders[function], function, receiver, after.copy(), cls
                )
                for left in (*sought.met, *([end] if end is not None else [])):
                    after = self._kept(after, left, receiver)
            if _says_all_of(state, after):
                break
            changed = self._changed(receiver, state, after)
            if number < _ROUNDS - 1:
                state = after
            else:
                state = _loosened(state, after) if number <= _ROUNDS else _widened(state, after)
        state = state.copy()
        self._let_parts_change(receiver, state)
        self._invariants[receiver] = Invariant(cls, state, methods)
        return Summary(receiver, state)

    def settle(self, receiver: Address, method: FunctionNode, state: State) -> bool:
        """Let a method of an object's own class have run, which is not looked into.

        It leaves what any of them leaves, where all that it uses is what any of them may find;
        while that is sought, what it is called with is one more thing they may find. False where
        it cannot be told.
        """
        invariant = self._invariants.get(receiver)
        if invariant is None or method not in invariant.methods:
            return False
        known, thing = invariant.state, state.read(receiver)
        usual = known.read(receiver)
        if not isinstance(thing, Thing) or not isinstance(usual, Thing):
            return False
        if thing.rest != usual.rest or thing.deleted - usual.deleted:
            return False
        unusual = self._unusual(thing, usual, state, known)
        if unusual and self._side_effects.uses(method, invariant.cls, thing, unusual):
            if not invariant.is_sought:
                return False
            invariant.met.append(state.copy())
            for address in known.reachable((receiver,)):
                state.write(address, known.read(address), strong=False)
            return True
        for address in known.reachable((receiver,)):
            obj = known.heap.get(address)
            if obj is not None and address is not receiver:
                state.write(address, obj, strong=False)
        fields = {**usual.fields, **{n: f for n, f in thing.fields.items() if n in unusual}}
        state.replace(receiver, replace(usual, fields=fields))
        return True

    @staticmethod
    def _unusual(thing: Thing, usual: Thing, state: State, known: State) -> frozenset[str]:
        """The attributes that hold what no method finds there, or what has changed since."""
        others = {
            address
            for address in state.reachable(v for f in thing.fields.values() for v in f.values)
            if (found := known.heap.get(address)) is None
            or found.join(state.read(address)) != found
        }
        return frozenset(
            name
            for name, held in thing.fields.items()
            if (usually := usual.fields.get(name)) is None
            or not set(held.values) <= set(usually.values)
            or held.slot & ~usually.slot
            or not others.isdisjoint(state.reachable(held.values))
        )

    def _changed(self, receiver: Address, before: State, after: State) -> frozenset[str] | None:
        """The attributes that hold something else than before, or something that has changed."""
        old, new = before.read(receiver), after.read(receiver)
        if not isinstance(old, Thing) or not isinstance(new, Thing) or old.rest != new.rest:
            return None
        others = {
            address for address, obj in after.heap.items()
            if address is not receiver and before.heap.get(address) != obj
        }  # fmt: skip
        return frozenset(
            name for name, held in new.fields.items()
            if old.fields.get(name) != held or not others.isdisjoint(after.reachable(held.values))
        )  # fmt: skip

    def _changing_methods(self, cls: ProjectClass) -> list[tuple[ProjectClass, FunctionNode]]:
        """The methods that may change an object after its construction."""
        only = self._side_effects.constructor_only(cls)
        return [
            (holder, function)
            for holder, function in methods_of(cls)
            if function.name != "__init__"
            and function.name not in only
            and self._side_effects.may_change(cls, holder, function)
        ]

    def _by_others(self, cls: ProjectClass, receiver: Address, state: State) -> State:
        """What methods of bases in other files leave: they are not run, but looked through."""
        state = self._kept(state, state, receiver)
        for holder, node in self._changing_methods(cls):
            if holder.module is cls.module:
                continue
            function = Function(node, holder.module, holder, holder.module.scope)
            stored = self._side_effects.stored_by(function, cls)
            if stored is None:
                state.havoc((receiver,))
                return state
            state.weaken((receiver,), stored)
        return state

    @staticmethod
    def _kept(before: State, end: State, receiver: Address) -> State:
        """What holds whether a method ran or not."""
        joined = before.joined(end).copy()
        joined.keep_only((receiver,))
        joined.names, joined.scopes, joined.assumed, joined.splits = {}, {}, {}, ()
        joined.replaced, joined.grad = {}, True
        return joined

    def _let_parts_change(self, receiver: Address, state: State) -> None:
        """What the parts of an object may do to themselves whenever they are called."""
        for address in state.reachable((receiver,)):
            obj = state.heap.get(address)
            if address is receiver or not isinstance(obj, Thing):
                continue
            if isinstance(obj.cls, ProjectClass) and self._side_effects.changes_itself(obj.cls):
                state.write(address, obj.join(obj.havocked()))


def _says_all_of(state: State, after: State) -> bool:
    """Whether a state says no less of its objects than one that comes after it."""
    for address, obj in state.heap.items():
        found = after.heap.get(address)
        if found is None or found == obj:  # nobody leads to it any more
            continue
        if not isinstance(obj, Thing) or not isinstance(found, Thing):
            return False
        if replace(found, fields=obj.fields) != obj or found.fields.keys() != obj.fields.keys():
            return False
        if not all(held.covers(found.fields[name]) for name, held in obj.fields.items()):
            return False
    return True


def _loosened(before: State, after: State) -> State:
    """Let attributes that hold ever more, hold anything, in the ways in which they hold it."""
    result = after.copy()
    for address, obj in after.heap.items():
        old = before.heap.get(address)
        if old != obj and isinstance(old, Thing) and isinstance(obj, Thing):
            fields = {
                name: held if old.fields.get(name) == held else replace(held, values=UNKNOWN)
                for name, held in obj.fields.items()
            }
            result.replace(address, replace(obj, fields=fields))
        elif old != obj:
            result.replace(address, obj.havocked())
    return result


def _widened(before: State, after: State) -> State:
    """Let what still changes be anything."""
    result = after.copy()
    for address, obj in after.heap.items():
        if before.heap.get(address) != obj:
            result.write(address, obj.havocked())
    return result

"""What an analysis knows, where each function ends, of the Parameters that are held somewhere.

Two analyses of a file, without a fix and with it, are compared by the ways that lead to an object,
such as ``self.head.weight`` in ``Model.__init__``: they do not change where lines move. What only
one of the two knows is no change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from flake8_paramassign.domain.objects import PARAMETER, Optimizer, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Values, join_all
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.semantics.events import Ended, Event
from flake8_paramassign.semantics.frames import Frame

_MOST = 500
"""How many attributes of a function are looked at."""
_DEPTH = 5
_ANY = ""
"""An argument, which others call otherwise."""

Way = tuple[str, ...]
"""``("self", "head", "weight")``."""
_Step = tuple[Address, str]
"""An attribute: the object, and its name."""

_CHANGES: dict[str, dict[object, str]] = {
    "registered": {True: "is registered", False: "is no longer registered"},
    "parameter": {True: "is a Parameter", False: "is no Parameter any more"},
    "trains": {True: "trains", False: "does not train"},
    "taken": {True: "is trained by an optimizer", False: "is trained by no optimizer any more"},
    "shape": {},
    "dtype": {},
    "device": {},
}
"""What is known of an attribute, and what a user is told where it changes."""


@dataclass(frozen=True)
class Change:
    """Something that a fix changes beside what it mends."""

    says: str
    """``'self.head.weight' then does not train``."""
    is_serious: bool
    """Whether something is lost that nobody wants to lose; to have another form may be meant."""


@dataclass(frozen=True)
class _Entry:
    """What is known of what an attribute holds."""

    steps: tuple[_Step, ...]
    """The attributes on the way to it: the objects, and the names that they hold."""
    facts: dict[str, object]
    others: frozenset[Way]
    """Other ways to the same Parameter."""


@dataclass
class Ledger:
    """What is known at the ends of the functions of a file; ``note`` is told what happens."""

    known: dict[str, dict[Way, _Entry]] = field(default_factory=dict)
    ends: dict[str, list[State]] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Enter what is known at the end of a function."""
        if isinstance(event, Ended):
            function = _name(event.frame)
            self.ends.setdefault(function, []).append(event.state.copy())
            entries = self.known.setdefault(function, {})
            for way, entry in _entries(event.state).items():
                before = entries.setdefault(way, entry)
                if before is not entry:  # the same code, come to in another way
                    for topic, fact in entry.facts.items():
                        if before.facts.get(topic) != fact:
                            before.facts[topic] = None

    def changes(self, later: Ledger, mended: frozenset[Way]) -> Iterator[Change]:
        """Yield what differs in ``later``, but of what is stored at a way in ``mended``."""
        names = [way[1:] for way in mended if way[0] == _ANY]
        for function, entries in self.known.items():
            stored = {step for end in self.ends[function] for step in _steps_to(end, mended)}
            after = later.known.get(function, {})
            for way, entry in entries.items():
                is_mended = stored.intersection(entry.steps) or stored.intersection(
                    (owner, "") for owner, _ in entry.steps
                )
                if way not in after or is_mended or any(_leads_by(way, n) for n in names):
                    continue
                others = (entry.others & after.keys()) - {*_mended(entries, stored)}
                yield from _differing(way, entry, after[way], others)


def _differing(way: Way, before: _Entry, after: _Entry, others: frozenset[Way]) -> Iterator[Change]:
    name = ".".join(way)
    for topic, then in after.facts.items():
        now = before.facts.get(topic)
        if None not in (now, then) and now != then:
            what = _CHANGES[topic].get(then) or f"has another {topic}"
            yield Change(f"'{name}' then {what}", then is False or topic == "trains")
    if lost := sorted(others - after.others):
        yield Change(f"'{name}' then is not tied to '{'.'.join(lost[0])}'", is_serious=True)


def _mended(entries: dict[Way, _Entry], stored: set[_Step]) -> Iterator[Way]:
    return (way for way, entry in entries.items() if stored.intersection(entry.steps))


def _leads_by(way: Way, names: Way) -> bool:
    return any(way[i : i + len(names)] == names for i in range(1, len(way)))


def _steps_to(state: State, mended: frozenset[Way]) -> Iterator[_Step]:
    """The last steps of ways; of a variable, each step from what it holds."""
    for way in mended:
        root, *names = way if len(way) == 1 else way[:-1]
        held = state.names.get(root, ())
        for name in names:
            objects = [state.read(value) for value in held if isinstance(value, Address)]
            held = join_all(o.member(name).values for o in objects if isinstance(o, Thing))
        last = way[-1] if len(way) > 1 else ""
        yield from ((value, last) for value in held if isinstance(value, Address))


def _name(frame: Frame) -> str:
    name = frame.node.name if isinstance(frame.node, FunctionNode) else ""
    return f"{frame.owner.node.name}.{name}" if frame.owner is not None else name


def _entries(state: State) -> dict[Way, _Entry]:
    """What is known of each tensor that an attribute holds."""
    taken = [{*obj.taken} for _, obj in state.objects() if isinstance(obj, Optimizer)]
    held = [
        (way, steps, address, slot, tensor)
        for way, steps, address, slot in _attributes(state)
        if isinstance(tensor := state.read(address), Tensor)
    ]
    ways: dict[Address, set[Way]] = {}
    for way, _, address, _, tensor in held:
        if tensor.is_parameter:
            ways.setdefault(address, set()).add(way)
    found = {}
    for way, steps, address, slot, tensor in held:
        objects = {address, *(owner for owner, _ in steps)}
        facts = {
            "registered": slot == PARAMETER,
            "parameter": tensor.is_parameter,
            "trains": tensor.trainable if tensor.is_parameter else None,
            "taken": any(objects & one for one in taken),
            "shape": _sizes(tensor),
            "dtype": tensor.dtype,
            "device": tensor.device if isinstance(tensor.device, str) else None,
        }
        found[way] = _Entry(steps, facts, frozenset(ways.get(address, ())) - {way})
    return found


def _sizes(tensor: Tensor) -> object:
    shape = tensor.shape
    is_known = shape is not None and all(isinstance(size, int) for size in shape)
    return shape if is_known else None


def _attributes(state: State) -> Iterator[tuple[Way, tuple[_Step, ...], Address, int]]:
    """Each attribute that variables lead to: the way, its steps, what is there, and its slot."""
    waiting: list[tuple[Way, tuple[_Step, ...], Values]] = [
        ((name,), (), values) for name, values in state.names.items()
    ]
    for _ in range(_MOST):
        if not waiting:
            return
        way, steps, values = waiting.pop(0)
        addresses = [value for value in values if isinstance(value, Address)]
        obj = state.heap.get(addresses[0]) if len(addresses) == 1 else None
        if not isinstance(obj, Thing) or any(addresses[0] is owner for owner, _ in steps):
            continue
        for name, held in obj.fields.items():
            if len(held.values) == 1 and isinstance(value := held.values[0], Address):
                here, led = (*way, name), (*steps, (addresses[0], name))
                yield here, led, value, held.slot
                if len(here) < _DEPTH:
                    waiting.append((here, led, held.values))


def stored_at(tree: ast.AST, lines: frozenset[int]) -> frozenset[Way]:
    """The ways of what statements on some ``lines`` store: of their targets, or what they call."""
    found: set[Way] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or hasattr(node, "body"):
            continue
        if lines.isdisjoint(range(node.lineno, (node.end_lineno or node.lineno) + 1)):
            continue
        for part in ast.walk(node):
            is_stored = isinstance(getattr(part, "ctx", None), ast.Store)
            is_called = isinstance(node, ast.Expr) and isinstance(part, ast.Attribute)
            if is_stored or is_called:
                found |= _ways(part)
            if isinstance(part, ast.Call):  # of setattr, say
                given = (a.value for a in part.args if isinstance(a, ast.Constant))
                found |= {(_ANY, name) for name in given if isinstance(name, str)}
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For | ast.comprehension):
            names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
            if any(way[0] in names for way in found):  # whichever of those that it goes through
                found |= {way for part in ast.walk(loop.iter) for way in _ways(part)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return frozenset((_ANY, *way[1:]) if way[0] in arguments and way[1:] else way for way in found)


def _ways(node: ast.AST) -> set[Way]:
    """The way that ``self.fc.weight`` writes, without what is asked of a tensor itself."""
    names: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr not in ("data", "requires_grad"):
            names.insert(0, node.attr)
        node = node.value
    return {(node.id, *names)} if isinstance(node, ast.Name) else set()

"""Modules that are left holding plain containers of what nobody registered."""

from __future__ import annotations

from flake8_paramassign.domain.objects import MODULE, PARAMETER, Container, Field, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Text, Value, Values, join
from flake8_paramassign.semantics.events import ContainerHeld
from flake8_paramassign.semantics.frames import Frame
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.registry import registered

_DEEPEST = 3
_PLAIN = frozenset(["list", "tuple", "dict", "set"])


def tell_held(machine: Machine, frame: Frame, state: State) -> None:
    """Tell of each Module at the end of an activation that holds such a container."""
    known: set[Address] | None = None
    for address, obj in list(state.objects()):
        if not isinstance(obj, Thing) or not obj.is_module:
            continue
        for name, held in obj.held():
            if held.slot & (PARAMETER | MODULE):
                continue
            containers = _containers(held, state)
            if not containers or not _is_stored_here(held, containers, frame, state):
                continue
            known = registered(state) if known is None else known
            for container in containers:
                _tell(machine, frame, state, address, name, held, container, known)


def _containers(held: Field, state: State) -> list[Address]:
    return [
        value
        for value in held.values
        if isinstance(value, Address)
        and isinstance(obj := state.read(value), Container)
        and obj.kind in _PLAIN
    ]


def _is_stored_here(held: Field, containers: list[Address], frame: Frame, state: State) -> bool:
    """Whether a statement of this file put it there."""
    places = list(held.stores)
    for container in containers:
        obj = state.read(container)
        places += obj.fills if isinstance(obj, Container) else ()
    return any(place.module is frame.module for place in places)


def _tell(
    machine: Machine, frame: Frame, state: State, receiver: Address, name: str | Text, held: Field,
    container: Address, known: set[Address],
) -> None:  # fmt: skip
    contents = _inside((container,), state, _DEEPEST)
    items = tuple(v for v in contents if _is_of_interest(v, state))
    lost = tuple(v for v in items if v not in known and not _is_of_another(v, known, state))
    if not lost:
        return
    obj = state.read(container)
    fills = obj.fills if isinstance(obj, Container) else ()
    place = next(p for p in (*held.stores, *fills) if p.module is frame.module)
    machine.tell(
        ContainerHeld(
            frame, state, place.node, receiver, name, container, lost, contents, (*held.stores,)
        )
    )


def _inside(values: Values, state: State, depth: int) -> Values:
    """What containers hold, those inside them included."""
    found: Values = ()
    for value in values:
        obj = state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Container) and obj.kind in _PLAIN and depth:
            for contents in obj.contents():
                found = join(found, _inside(contents, state, depth - 1))
        else:
            found = join(found, (value,))
    return found


def _is_of_interest(value: Value, state: State) -> bool:
    obj = state.read(value) if isinstance(value, Address) else None
    if isinstance(obj, Tensor):
        return obj.is_parameter and not obj.escaped
    return isinstance(obj, Thing) and obj.is_module is True and not obj.escaped


def _is_of_another(value: Value, known: set[Address], state: State) -> bool:
    """Whether it is what ``parameters()`` gives of a Module that has a place of its own."""
    obj = state.read(value) if isinstance(value, Address) else None
    owner = obj.owner if isinstance(obj, Tensor) else None
    return owner is not None and (owner.symbolic or owner in known)

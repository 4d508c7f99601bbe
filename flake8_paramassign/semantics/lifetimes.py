"""Which optimizers keep a Parameter after another one took its place."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Field, Optimizer, Tensor, Thing
from flake8_paramassign.domain.state import Replaced, State
from flake8_paramassign.domain.values import NOTHING, Address, Text, Unknown, Values
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.events import ParameterReplaced
from flake8_paramassign.semantics.machine import Machine


class Lifetimes:
    """Watches what optimizers and wrappers took, for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` tells what is found."""
        self._machine = machine

    def replaced(
        self, receiver: Address, name: str | Text, kept: Values, before: Field, state: State,
        node: ast.AST, expression: ast.expr | None, how: str, *, sure: bool,
    ) -> None:  # fmt: skip
        """An attribute is stored: what it held before may be kept by an optimizer."""
        if not sure or receiver.many:
            return
        self._put_back(receiver, name, kept, state)
        if not self._is_new(kept, before, state):
            return
        lost = self._lost(before.values, state)
        owners = {receiver, *registry.owners(receiver)}
        takers = []
        for address, obj in state.objects():
            if not isinstance(obj, Optimizer) or not obj.is_known:
                continue
            if any(value in obj.taken for value in kept):
                continue
            # It has what was held before, or all that a Module has, of which this is a part.
            had = lost.union(owners)
            if any(value in had for value in obj.taken):
                takers.append(address)
        if takers:
            event = ParameterReplaced(
                self._machine.frame, state, node, receiver, name, tuple(takers), kept, how,
                expression, before,
            )  # fmt: skip
            place = self._machine.place(node)
            state.replaced = {**state.replaced, place: Replaced(tuple(takers), event)}

    @staticmethod
    def _put_back(receiver: Address, name: str | Text, kept: Values, state: State) -> None:
        """What an optimizer kept is held again, before the optimizer was used."""
        state.replaced = {
            place: known
            for place, known in state.replaced.items()
            if not (
                isinstance(known.event, ParameterReplaced)
                and known.event.receiver is receiver
                and known.event.name == name
                and all(value in known.event.before.values for value in kept)
            )
        }

    def _is_new(self, kept: Values, before: Field, state: State) -> bool:
        """Whether what is stored has Parameters that were not there before."""
        found = False
        for value in kept:
            if value in before.values:
                return False
            obj = state.read(value) if isinstance(value, Address) else None
            if isinstance(obj, Tensor) and obj.is_parameter and obj.trainable is not False:
                found = True
            elif isinstance(obj, Thing) and obj.is_module and isinstance(value, Address):
                listing = registry.parameters(value, state, self._machine.addresses)
                if any(old in listing.modules for old in before.values):
                    return False  # it is wrapped
                if not _all_made_here(before.values) and not all(
                    map(_all_made_here, obj.contents())
                ):
                    return False  # and here it may be
                found = found or bool(listing.named)
        return found

    def _lost(self, values: Values, state: State) -> set[Address]:
        """The Parameters, and the Modules, that what was held before consists of."""
        lost: set[Address] = set()
        for value in values:
            obj = state.read(value) if isinstance(value, Address) else None
            if not isinstance(value, Address) or value.many:
                continue
            if isinstance(obj, Tensor):
                lost.add(value)
            elif isinstance(obj, Thing):
                listing = registry.parameters(value, state, self._machine.addresses)
                lost.update(listing.modules)
                for _, held in listing.named:
                    lost.update(v for v in held if isinstance(v, Address) and not v.many)
        return lost

    def replaced_all(self, receiver: Address, state: State, node: ast.AST) -> None:
        """All Parameters of a Module are replaced at once."""
        if receiver.many:
            return
        lost = {
            address
            for address in self._lost((receiver,), state)
            if not isinstance(obj := state.read(address), Tensor) or obj.trainable is not False
        }
        if not any(isinstance(state.read(address), Tensor) for address in lost):
            return  # none that trains
        takers = tuple(
            address
            for address, obj in state.objects()
            if isinstance(obj, Optimizer) and any(value in lost for value in obj.taken)
        )
        if takers:
            event = ParameterReplaced(
                self._machine.frame, state, node, receiver, None, takers, NOTHING,
                "load_state_dict", None, Field(NOTHING),
            )  # fmt: skip
            place = self._machine.place(node)
            state.replaced = {**state.replaced, place: Replaced(takers, event)}

    def used(self, address: Address, state: State) -> None:
        """An optimizer is used: what it keeps in vain is told."""
        for known in state.replaced.values():
            if address in known.takers and isinstance(known.event, ParameterReplaced):
                obj = state.read(address)
                if isinstance(obj, Optimizer) and obj.is_known:
                    self._machine.tell(known.event)

    @staticmethod
    def mended(address: Address, state: State) -> None:
        """An optimizer was given more Parameters, perhaps those it lacked."""
        state.replaced = {
            place: known for place, known in state.replaced.items() if address not in known.takers
        }

    def escaped(self, values: Values, state: State) -> None:
        """Others go on with ``values``: what they reach is used."""
        if not state.replaced:
            return
        rebuilt = self._rebuilt(values, state)
        for address in state.reachable(values):
            if address not in rebuilt and isinstance(state.heap.get(address), Optimizer):
                self.used(address, state)

    @staticmethod
    def _rebuilt(values: Values, state: State) -> set[Address]:
        """Optimizers that an object holds where more than one of its methods stores one."""
        found: set[Address] = set()
        for value in values:
            obj = state.read(value) if isinstance(value, Address) else None
            for _, held in obj.held() if isinstance(obj, Thing) else ():
                if len(held.stores) > 1 or len(held.values) > 1:
                    found.update(v for v in held.values if isinstance(v, Address))
        return found


def _all_made_here(values: Values) -> bool:
    """Whether all is known that may be one of ``values``, and was made by code in sight."""
    return all(
        not isinstance(v, Unknown) and not (isinstance(v, Address) and v.symbolic) for v in values
    )

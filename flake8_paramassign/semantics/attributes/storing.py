"""Storing, bypassing and deleting attributes."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    ABSENT,
    ANY,
    BUFFER,
    MODULE,
    PARAMETER,
    PLAIN,
    Field,
    Optimizer,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Text,
    Value,
    Values,
    constant,
)
from flake8_paramassign.project.classes import (
    ProjectClass,
)
from flake8_paramassign.semantics.attributes.members import Members
from flake8_paramassign.semantics.attributes.registration import REGISTRIES, after_store, held_as
from flake8_paramassign.semantics.events import AttributeStored, DataStored, RegistryBypassed
from flake8_paramassign.semantics.frames import Role
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.models.tensors import attributes as tensor_attributes


class AttributeStores:
    """Stores attributes for a machine."""

    def __init__(self, machine: Machine, members: Members) -> None:
        """``members`` knows which are properties."""
        self._machine = machine
        self._members = members

    def store(
        self, receivers: Values, name: str | Text, values: Values, state: State, node: ast.AST,
        expression: ast.expr | None, how: str = "=",
    ) -> None:  # fmt: skip
        """Set an attribute as ``setattr`` does."""
        self._machine.used_containers.update(v for v in values if isinstance(v, Address))
        if name == "data":
            self._store_data(receivers, values, state, node, expression)
        sure = len(receivers) == 1
        for receiver in receivers:
            if not isinstance(receiver, Address):
                state.handed_out(values)
                continue
            obj = state.read(receiver)
            if isinstance(obj, Tensor):
                if name == "requires_grad" and constant(values) is not True:
                    self._machine.frozen.add(receiver.site)
                if name != "data":
                    tensor_attributes.store(receiver, obj, name, values, state, sure=sure)
            elif isinstance(obj, Optimizer):
                state.write(receiver, obj.havocked(), strong=sure)
            elif isinstance(obj, Thing):
                self._store_on(receiver, receivers, obj, name, values, state, node, expression, how)
                if obj.cls is None and obj.is_module is None:
                    state.handed_out(values)

    def _store_data(
        self, receivers: Values, values: Values, state: State, node: ast.AST,
        expression: ast.expr | None,
    ) -> None:  # fmt: skip
        frame = self._machine.frame
        self._machine.tell(DataStored(frame, state, node, receivers, values, expression))
        for receiver in receivers:
            obj = state.read(receiver) if isinstance(receiver, Address) else None
            if isinstance(obj, Tensor) and isinstance(receiver, Address):
                changed = tensor_attributes.with_data(obj, values, state)
                for address, other in list(state.objects()):
                    if isinstance(other, Tensor) and other.base is receiver:
                        state.write(address, replace(other, base=None))  # it keeps the old one
                state.write(receiver, changed, strong=len(receivers) == 1)

    def _store_on(
        self, receiver: Address, receivers: Values, obj: Thing, name: str | Text, values: Values,
        state: State, node: ast.AST, expression: ast.expr | None, how: str,
    ) -> None:  # fmt: skip
        cls, sure = obj.cls, len(receivers) == 1
        if cls is None and isinstance(name, str) and how == "register_buffer":
            self._machine.unregistered.add(name)
        if isinstance(cls, ProjectClass):
            if (
                isinstance(name, str)
                and how in ("=", "setattr")
                and self._members.set_property(receiver, cls, name, values, state, node)
            ):
                return
            if cls.custom_setattr and how in ("=", "setattr"):
                state.havoc([receiver])
                return
        before = held_as(obj, name)
        frame = self._machine.frame
        self._machine.tell(
            AttributeStored(
                frame, state, node, receiver, receivers, name, values, expression, before, how
            )
        )  # fmt: skip
        if how in ("=", "setattr") and _is_parametrized(before, state):
            return  # a property, whose setter changes what it is computed from
        if isinstance(name, str) and name in obj.deleted and before.slot == ABSENT:
            self._machine.tell(
                RegistryBypassed(frame, state, node, receiver, name, values, before, "del")
            )
        kept, slot = after_store(obj, before, values, state, how)
        self._machine.replaced(
            receiver, name, kept, before, state, node, expression, how, sure=sure
        )
        place = frame.place(node)
        held = Field(kept, slot, (place,))
        obj = state.read(receiver)  # type: ignore[assignment]
        if not isinstance(obj, Thing):
            return
        if obj.initialised is False and slot & (PARAMETER | MODULE):
            obj = replace(obj, initialised=None)  # it has raised: nothing follows from it
        changed = obj.computed(name, held) if isinstance(name, Text) else obj.with_field(name, held)
        state.write(receiver, changed, strong=sure)

    def bypass(
        self, receiver: Value, name: str | None, values: Values, state: State, node: ast.AST,
        how: str,
    ) -> None:  # fmt: skip
        """Set an attribute, of unknown name if that is None, but not as ``setattr`` does."""
        obj = state.read(receiver) if isinstance(receiver, Address) else None
        if not isinstance(obj, Thing) or not isinstance(receiver, Address):
            return
        frame = self._machine.frame
        before = obj.member(name) if name is not None else Field(UNKNOWN, ANY)
        self._machine.tell(
            RegistryBypassed(frame, state, node, receiver, name, values, before, how)
        )
        slot = REGISTRIES.get(how, PLAIN)
        if slot == PLAIN and before.slot & (PARAMETER | BUFFER | MODULE):
            slot |= before.slot & (PARAMETER | BUFFER | MODULE)  # still registered, but hidden
        held = Field(values, slot if how != "_parameters" else ANY, (frame.place(node),))
        if name is None:
            state.write(receiver, obj.computed(Text(), held))
        else:
            state.write(receiver, obj.with_field(name, held))

    def delete(self, receivers: Values, name: str | None, state: State) -> None:
        """Delete an attribute; None is one of unknown name."""
        for receiver in receivers:
            obj = state.read(receiver) if isinstance(receiver, Address) else None
            if not isinstance(obj, Thing) or not isinstance(receiver, Address):
                continue
            later = self._machine.frame.role is not Role.CONSTRUCTION
            if name is not None and (obj.cls is None or later):
                self._machine.unregistered.add(name)
            if name is None:
                state.write(receiver, obj.havocked(), strong=len(receivers) == 1)
                continue
            deleted = obj.deleted
            if obj.member(name).slot & PARAMETER:
                deleted = deleted | {name}
            changed = replace(obj.without(name), deleted=deleted)
            state.write(receiver, changed, strong=len(receivers) == 1)


def _is_parametrized(held: Field, state: State) -> bool:
    """Whether a parametrization computes an attribute anew (torch/nn/utils/parametrize.py)."""
    tensors = [state.read(value) for value in held.values if isinstance(value, Address)]
    return any(
        isinstance(tensor, Tensor) and tensor.recomputed and "parametriz" in tensor.recomputed.by
        for tensor in tensors
    )

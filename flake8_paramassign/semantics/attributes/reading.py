"""What an attribute holds: as it was stored, or as the class has it."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    ABSENT,
    OTHER_MODULES,
    Container,
    Field,
    Optimizer,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Builtin,
    ClassRef,
    Constant,
    Function,
    GradMode,
    Library,
    Method,
    Plain,
    Super,
    Text,
    Unknown,
    Value,
    Values,
    is_unknown,
    join,
)
from flake8_paramassign.project.classes import (
    ExternalClass,
    ProjectClass,
    TorchClass,
)
from flake8_paramassign.project.libraries import has_module
from flake8_paramassign.semantics.attributes.members import Members
from flake8_paramassign.semantics.attributes.registration import REGISTRIES
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.models.base import METHODS
from flake8_paramassign.semantics.models.tensors import attributes as tensor_attributes
from flake8_paramassign.semantics.models.tensors.methods import is_tensor_only

_CONSTANTS = (int, float, str, tuple)


class AttributeReads:
    """Reads attributes for a machine."""

    def __init__(self, machine: Machine, members: Members) -> None:
        """``members`` knows what classes have."""
        self._machine = machine
        self._members = members

    def read(self, value: Value, name: str, state: State, node: ast.AST) -> Values:
        """What ``value.name`` may hold."""
        if isinstance(value, Address):
            return self._of_object(value, name, state, node)
        if isinstance(value, Library):
            return self._machine.project.meaning(f"{value.name}.{name}")
        if isinstance(value, ClassRef):
            return self._members.of_class(value, name, state, node)
        if isinstance(value, Super):
            return self._members.above(value, name, state, node)
        if isinstance(value, Constant | Plain | Text | GradMode):
            return (Builtin(value, name),)
        if isinstance(value, Builtin) and value.name in REGISTRIES:
            return (Builtin(value, name),)
        if isinstance(value, Method) and name == "__self__":
            return (value.receiver,)
        if isinstance(value, Function | Method) and name == "__name__":
            return (Constant(getattr(getattr(value, "node", None), "name", "")),)
        return UNKNOWN

    def _of_object(self, address: Address, name: str, state: State, node: ast.AST) -> Values:
        obj = state.read(address)
        if isinstance(obj, Thing):
            return self._of_thing(address, obj, name, state, node)
        if isinstance(obj, Tensor):
            return tensor_attributes.attribute(self._machine, address, obj, name, state, node)
        if isinstance(obj, Optimizer):
            if name == "param_groups":
                return (self._groups(address, state, node),)
        return (Builtin(address, name),)

    def _groups(self, optimizer: Address, state: State, node: ast.AST) -> Address:
        """The list of dicts that an optimizer keeps its Parameters in."""
        of: Values = (optimizer,)
        members = Container("list", rest=UNKNOWN, is_exact=False, of=of)
        held = self._machine.new(members, state, node, "params")
        group = Container("dict", {"params": (held,)}, UNKNOWN, is_exact=False, of=of)
        inner = self._machine.new(group, state, node, "group")
        groups = Container("list", rest=(inner,), is_exact=False, of=of)
        return self._machine.new(groups, state, node, "groups")

    def _of_thing(
        self, address: Address, obj: Thing, name: str, state: State, node: ast.AST
    ) -> Values:
        if node not in self._machine.moved:
            if isinstance(obj.cls, ProjectClass):
                self._machine.read.add((obj.cls, name, self._machine.frame.role))
            elif obj.is_module or _is_listed(address):
                self._machine.read.add((None, name, self._machine.frame.role))
        if name == "__class__":
            return (ClassRef(obj.cls),) if obj.cls is not None else UNKNOWN
        if name in REGISTRIES and obj.is_module is not False:
            return (Builtin(address, name),)
        held = obj.fields.get(name)
        if held is not None or obj.rest:
            held = obj.member(name)
            if is_unknown(held.values):
                known = (value for value in held.values if not self._is_anything(value, state))
                return (self._part(address, obj, name), *known)
            if not held.slot & ABSENT:
                return held.values
            if self._must_be_held(address, obj, name, held):
                # To read what is not there raises: on this path it is.
                state.write(address, obj.with_field(name, replace(held, slot=held.slot & ~ABSENT)))
                return held.values
            return join(held.values, self._as_made(address, obj, name, state, node)) or UNKNOWN
        return self._as_made(address, obj, name, state, node)

    @staticmethod
    def _is_anything(value: Value, state: State) -> bool:
        """Whether nothing is known of a value, not even by whom it was made."""
        if not isinstance(value, Address):
            return isinstance(value, Unknown)
        obj = state.read(value)
        return value.symbolic and isinstance(obj, Thing) and obj.cls is None and not obj.is_module

    @staticmethod
    def _must_be_held(address: Address, obj: Thing, name: str, held: Field) -> bool:
        """Whether nothing but the object itself can have an attribute."""
        return (
            isinstance(obj.cls, ProjectClass)
            and not address.many
            and not obj.is_open
            and not obj.rest
            and bool(held.values)
            and obj.cls.find(name) is None
            and obj.cls.find("__getattr__") is None
        )

    def _as_made(
        self, address: Address, obj: Thing, name: str, state: State, node: ast.AST
    ) -> Values:
        """What an attribute that nobody stored holds: as the class has it."""
        cls = obj.cls
        if isinstance(cls, ProjectClass):
            found = cls.find(name)
            if found is not None:
                return self._members.member(found, address, state, node)
        base = cls.torch_base if isinstance(cls, ProjectClass) else cls
        if isinstance(base, TorchClass) and obj.arguments is not None:
            given = dict(obj.arguments)
            if name in given and isinstance(given[name], _CONSTANTS):
                return (Constant(given[name]),)
        if name == "training":
            return (Plain("bool"),)
        if obj.is_module and (Thing, name) in METHODS:
            return (Builtin(address, name),)
        if obj.cls is None and obj.is_module is None:
            if (Thing, name) in METHODS or is_tensor_only(name):
                return (Builtin(address, name),)
        part = self._part(address, obj, name)
        if isinstance(base, ExternalClass) and part not in state.heap:
            if has_module(base.name, name):
                state.replace(part, Thing(is_module=True))
        return (part,)

    def _part(self, address: Address, obj: Thing, name: str) -> Address:
        """What an object holds under ``name`` where nothing more is known."""
        return self._machine.addresses.part(address, name, obj.epoch)


def _is_listed(address: Address) -> bool:
    """Whether an object is one of the Modules that another lists."""
    return isinstance(address.site, tuple) and address.site[1:] == (OTHER_MODULES,)

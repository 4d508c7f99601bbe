"""What the attributes of objects hold, and how Modules hold them.

``nn.Module`` keeps its Parameters, buffers and submodules in three dicts, and ``__setattr__``
decides in which of them a name goes (torch/nn/modules/module.py, ``Module.__setattr__``).
"""

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
    Container,
    Field,
    Generator,
    Optimizer,
    Slot,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
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
    join,
    join_all,
)
from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.project.classes import (
    Class,
    ExternalClass,
    ProjectClass,
    TorchClass,
)
from flake8_paramassign.semantics.events import AttributeStored, DataStored, RegistryBypassed
from flake8_paramassign.semantics.frames import Role
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.base import METHODS
from flake8_paramassign.semantics.models.tensors import attributes as tensor_attributes
from flake8_paramassign.semantics.models.tensors.methods import is_tensor_only

_PROPERTIES = frozenset(["property", "cached_property", "getter", "abstractproperty"])
_CONSTANTS = (int, float, str, tuple)
REGISTRIES = {"_parameters": PARAMETER, "_buffers": BUFFER, "_modules": MODULE, "__dict__": PLAIN}


class Attributes:
    """Reads and stores attributes for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` makes what they hold."""
        self._machine = machine

    # Reading.

    def read(self, value: Value, name: str, state: State, node: ast.AST) -> Values:
        """What ``value.name`` may hold."""
        if isinstance(value, Address):
            return self._of_object(value, name, state, node)
        if isinstance(value, Library):
            return self._machine.project.meaning(f"{value.name}.{name}")
        if isinstance(value, ClassRef):
            return self._of_class(value, value.cls, name, state, node)
        if isinstance(value, Super):
            return self._inherited(value, name)
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
                members = Container("list", rest=UNKNOWN, is_exact=False, of=(address,))
                held = self._machine.new(members, state, node, "params")
                group = Container(
                    "dict", {"params": (held,)}, UNKNOWN, is_exact=False, of=(address,)
                )
                inner = self._machine.new(group, state, node, "group")
                groups = Container("list", rest=(inner,), is_exact=False, of=(address,))
                return (self._machine.new(groups, state, node, "groups"),)
        return (Builtin(address, name),)

    def _of_thing(
        self, address: Address, obj: Thing, name: str, state: State, node: ast.AST
    ) -> Values:
        if isinstance(obj.cls, ProjectClass) and node not in self._machine.moved:
            self._machine.read.add((obj.cls, name, self._machine.frame.role))
        if name == "__class__":
            return (ClassRef(obj.cls),) if obj.cls is not None else UNKNOWN
        if name in REGISTRIES and obj.is_module is not False:
            return (Builtin(address, name),)
        held = obj.fields.get(name)
        if held is not None or obj.rest:
            held = obj.member(name)
            if held.values == UNKNOWN:
                return (self._part(address, obj, name, state),)
            if not held.slot & ABSENT:
                return held.values
            if self._must_be_held(address, obj, name, held):
                # To read what is not there raises: on this path it is.
                state.write(address, obj.with_field(name, replace(held, slot=held.slot & ~ABSENT)))
                return held.values
            return join(held.values, self._as_made(address, obj, name, state, node)) or UNKNOWN
        return self._as_made(address, obj, name, state, node)

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
                return self._member(found, address, state, node)
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
        return (self._part(address, obj, name, state),)

    def _part(self, address: Address, obj: Thing, name: str, state: State) -> Address:
        """What an object holds under ``name`` where nothing more is known."""
        return self._machine.addresses.part(address, name, obj.epoch)

    def _member(
        self, found: tuple[ProjectClass, ast.stmt], receiver: Value, state: State, node: ast.AST
    ) -> Values:
        """A member of a class, looked up on an object or (for a classmethod) on the class."""
        holder, statement = found
        if isinstance(statement, ast.ClassDef):
            return (ClassRef(holder.module.class_of(statement)),)
        if not isinstance(statement, FunctionNode):
            value = getattr(statement, "value", None)
            if isinstance(value, ast.expr):
                held = self._machine.project.resolved(holder.module.static(value))
                return tuple(
                    Method(v, receiver)
                    if isinstance(v, Function) and isinstance(receiver, Address)
                    else v
                    for v in held
                )
            return UNKNOWN
        names = [decorator_name(decorator) for decorator in statement.decorator_list]
        plain = [d for d in statement.decorator_list if decorator_name(d) not in (
            "staticmethod", "classmethod", *_PROPERTIES)]  # fmt: skip
        functions = self._machine.function_of(holder.module, statement, holder, plain)
        if "staticmethod" in names:
            return functions
        if "classmethod" in names or statement.name in ("__new__", "__init_subclass__"):
            cls: Value = receiver
            if isinstance(receiver, Address):
                obj = state.read(receiver)
                held_cls = obj.cls if isinstance(obj, Thing) and obj.cls else holder
                cls = ClassRef(held_cls)
            return tuple(Method(f, cls) if isinstance(f, Function) else f for f in functions)
        if _PROPERTIES.intersection(names) and isinstance(receiver, Address):
            return join_all(
                self._machine.enter(f, Arguments(), state, _as_expression(node), receiver)
                if isinstance(f, Function)
                else UNKNOWN
                for f in functions
            )
        if isinstance(receiver, ClassRef):
            return functions
        return tuple(Method(f, receiver) if isinstance(f, Function) else f for f in functions)

    def _of_class(
        self, value: ClassRef, cls: Class, name: str, state: State, node: ast.AST
    ) -> Values:
        if name == "__name__":
            return (Constant(cls.short_name),)
        if isinstance(cls, ProjectClass):
            found = cls.find(name)
            if found is not None:
                return self._member(found, value, state, node)
            if cls.torch_base is not None:
                return (Library(f"{cls.torch_base.name}.{name}"),)
            for ancestor in cls.ancestry:
                if isinstance(ancestor, ExternalClass):
                    return (Library(f"{ancestor.name}.{name}"),)
            return UNKNOWN
        return (Library(f"{cls.name}.{name}"),)

    def _inherited(self, above: Super, name: str) -> Values:
        """What ``super().name`` is: the next class in the order that has it."""
        cls = self._class_of(above)
        ancestry = cls.ancestry if cls is not None else above.cls.ancestry
        rest = ancestry[ancestry.index(above.cls) + 1 :] if above.cls in ancestry else ()
        for ancestor in rest:
            if isinstance(ancestor, ProjectClass):
                member = ancestor.members.get(name)
                if isinstance(member, FunctionNode):
                    names = [decorator_name(d) for d in member.decorator_list]
                    functions = self._machine.function_of(
                        ancestor.module, member, ancestor,
                        [d for d in member.decorator_list if decorator_name(d) not in (
                            "staticmethod", "classmethod")],
                    )  # fmt: skip
                    if "staticmethod" in names:
                        return functions
                    return tuple(
                        Method(f, above.receiver) if isinstance(f, Function) else f
                        for f in functions
                    )
                if None in ancestor.bases:
                    return (Builtin(above, name),)
            else:
                return (Builtin(above, name),)
        return (Builtin(above, name),)

    def _class_of(self, above: Super) -> Class | None:
        receiver = above.receiver
        if isinstance(receiver, ClassRef):
            return receiver.cls
        return above.cls

    # Storing.

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
                and self._set_property(receiver, cls, name, values, state, node)
            ):
                return
            if cls.custom_setattr and how in ("=", "setattr"):
                state.havoc([receiver])
                return
        before = self.held(obj, name)
        frame = self._machine.frame
        self._machine.tell(
            AttributeStored(
                frame, state, node, receiver, receivers, name, values, expression, before, how
            )
        )  # fmt: skip
        if isinstance(name, str) and name in obj.deleted and before.slot == ABSENT:
            self._machine.tell(
                RegistryBypassed(frame, state, node, receiver, name, values, before, "del")
            )
        kept, slot = self._after(obj, before, values, state, how)
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

    @staticmethod
    def held(obj: Thing, name: str | Text) -> Field:
        """How an object holds a name, or any that a text may be."""
        if isinstance(name, str):
            return obj.member(name)
        found = [held for key, held in obj.held() if isinstance(key, str) and name.may_be(key)]
        result = Field(UNKNOWN, ANY) if obj.is_open else Field(NOTHING, ABSENT)
        for held in found:
            result = result.join(held)
        return result

    def _set_property(
        self, receiver: Address, cls: ProjectClass, name: str, values: Values, state: State,
        node: ast.AST,
    ) -> bool:  # fmt: skip
        """Whether ``name`` is a property, whose setter decides what a store does."""
        setter = cls.find_setter(name)
        if setter is not None:
            holder, function = setter
            self._machine.enter(
                Function(function, holder.module, holder, holder.scope),
                Arguments([values]), state, _as_expression(node), receiver,
            )  # fmt: skip
            return True
        found = cls.find(name)
        if found is None or not isinstance(found[1], FunctionNode):
            return False
        return any(decorator_name(d) in _PROPERTIES for d in found[1].decorator_list)

    def _after(
        self, obj: Thing, before: Field, values: Values, state: State, how: str
    ) -> tuple[Values, Slot]:
        """What an object holds after a store, and how: what raises leaves it as it was."""
        if obj.is_module is False:
            return values, PLAIN
        kept = NOTHING
        slot = 0
        for value in values:
            this = self._slot_of(value, before.slot, state, how, sure=obj.is_module is True)
            if this:
                kept, slot = join(kept, (value,)), slot | this
        if not slot:
            return before.values, before.slot
        return kept, slot

    def _slot_of(self, value: Value, before: Slot, state: State, how: str, *, sure: bool) -> Slot:
        """In which ways a Module may hold ``value`` where it held the name as ``before``."""
        if not sure:
            return ANY
        if how == "register_parameter":
            before = PARAMETER  # it takes what such a slot takes
        if how == "add_module":
            return MODULE
        obj = state.read(value) if isinstance(value, Address) else None
        is_module = isinstance(obj, Thing) and obj.is_module
        if how == "register_buffer":
            return BUFFER if not is_module else 0
        if isinstance(obj, Tensor) and obj.is_parameter:
            return PARAMETER
        if before == PARAMETER:
            if isinstance(value, Constant) and value.value is None:
                return PARAMETER
            known = isinstance(obj, Tensor | Container | Optimizer | Generator) or is_module
            return 0 if known or isinstance(value, Constant | Plain | Text) else PARAMETER
        if is_module:
            return MODULE
        unsure = isinstance(value, Unknown | Builtin | Library) or (
            isinstance(obj, Thing) and obj.is_module is None
        )
        if unsure:
            return PARAMETER | MODULE | (before & ~ABSENT) | PLAIN
        kept = before & (BUFFER | PLAIN)
        if isinstance(value, Constant) and value.value is None:
            kept = before & ~ABSENT
        elif not isinstance(obj, Tensor):
            kept = kept & ~BUFFER
        return kept | (PLAIN if before & (ABSENT | MODULE) or not kept else 0)

    # Past the registration.

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


def _as_expression(node: ast.AST) -> ast.expr:
    if isinstance(node, ast.AugAssign):
        node = node.target
    assert isinstance(node, ast.expr)
    return node

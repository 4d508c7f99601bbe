"""Members of classes: methods, properties and values, looked up on objects and on classes."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import (
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
    Library,
    Method,
    Super,
    Value,
    Values,
    join_all,
)
from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.project.classes import (
    ExternalClass,
    ProjectClass,
)
from flake8_paramassign.project.libraries import LOADING
from flake8_paramassign.semantics.machine import Arguments, Machine

_PROPERTIES = frozenset(["property", "cached_property", "getter", "abstractproperty"])
_DESCRIPTORS = frozenset(["staticmethod", "classmethod", *_PROPERTIES])


class Members:
    """Looks up members of classes for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` runs properties."""
        self._machine = machine

    def member(
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
        names = {decorator_name(decorator) for decorator in statement.decorator_list}
        plain = [d for d in statement.decorator_list if decorator_name(d) not in _DESCRIPTORS]
        functions = self._machine.function_of(holder.module, statement, holder, plain)
        if "staticmethod" in names:
            return functions
        if "classmethod" in names or statement.name in ("__new__", "__init_subclass__"):
            return _bound(functions, _class_of(receiver, holder, state))
        if _PROPERTIES & names and isinstance(receiver, Address):
            return join_all(
                self._machine.enter(f, Arguments(), state, _as_expression(node), receiver)
                if isinstance(f, Function)
                else UNKNOWN
                for f in functions
            )
        return functions if isinstance(receiver, ClassRef) else _bound(functions, receiver)

    def of_class(self, value: ClassRef, name: str, state: State, node: ast.AST) -> Values:
        """What ``Class.name`` is."""
        cls = value.cls
        if name == "__name__":
            return (Constant(cls.short_name),)
        if isinstance(cls, ProjectClass):
            found = cls.find(name)
            if found is not None:
                return self.member(found, value, state, node)
            if name in LOADING and cls.is_module:
                return (Builtin(value, name),)
            if cls.torch_base is not None:
                return (Library(f"{cls.torch_base.name}.{name}"),)
            for ancestor in cls.ancestry:
                if isinstance(ancestor, ExternalClass):
                    return (Library(f"{ancestor.name}.{name}"),)
            return UNKNOWN
        return (Library(f"{cls.name}.{name}"),)

    def above(self, above: Super, name: str, state: State, node: ast.AST) -> Values:
        """What ``super().name`` is: the next class in the order that has it."""
        receiver = above.receiver
        cls = receiver.cls if isinstance(receiver, ClassRef) else above.cls
        rest = (
            cls.ancestry[cls.ancestry.index(above.cls) + 1 :] if above.cls in cls.ancestry else ()
        )
        for ancestor in rest:
            member = ancestor.members.get(name) if isinstance(ancestor, ProjectClass) else None
            if isinstance(member, FunctionNode) and isinstance(ancestor, ProjectClass):
                return self.member((ancestor, member), receiver, state, node)
            if not isinstance(ancestor, ProjectClass) or None in ancestor.bases:
                break
        return (Builtin(above, name),)

    def set_property(
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


def _bound(functions: Values, receiver: Value) -> Values:
    """Methods of ``receiver``, as far as it is known which functions they run."""
    return tuple(Method(f, receiver) if isinstance(f, Function) else f for f in functions)


def _class_of(receiver: Value, holder: ProjectClass, state: State) -> Value:
    """The class that a classmethod is given."""
    if not isinstance(receiver, Address):
        return receiver
    obj = state.read(receiver)
    return ClassRef(obj.cls if isinstance(obj, Thing) and obj.cls else holder)


def _as_expression(node: ast.AST) -> ast.expr:
    if isinstance(node, ast.AugAssign):
        node = node.target
    assert isinstance(node, ast.expr)
    return node

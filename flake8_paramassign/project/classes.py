"""Classes: torch's own, the project's, and those of other libraries."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_paramassign import catalogue
from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.libraries import is_module_class

if TYPE_CHECKING:
    from flake8_paramassign.project.module import Module


class Class(ABC):
    """What is known of a class whose objects a program handles."""

    name: str

    @property
    @abstractmethod
    def is_module(self) -> bool | None:
        """Whether its objects are ``torch.nn.Module``; None where it is not known."""

    @property
    def ancestry(self) -> tuple[Class, ...]:
        """The class and its bases, in the order attributes are looked up."""
        return (self,)

    @property
    def short_name(self) -> str:
        """The last part of its name."""
        return self.name.rpartition(".")[2]


class TorchClass(Class):
    """A Module class of torch, from the catalogue."""

    def __init__(self, entry: catalogue.ModuleClass) -> None:
        """Take the catalogue's entry."""
        self.entry = entry
        self.name = entry.name

    @staticmethod
    def named(name: str) -> TorchClass | None:
        """The one object for a torch class under any of its names."""
        entry = catalogue.module_class(name) if name.startswith("torch.") else None
        if entry is None:
            return None
        return _TORCH_CLASSES.get(entry.name) or _TORCH_CLASSES.setdefault(
            entry.name, TorchClass(entry)
        )

    @property
    def is_module(self) -> bool | None:
        """Always: the catalogue has nothing else."""
        return True

    def is_a(self, *names: str) -> bool:
        """Whether it is one of the named torch classes or derives from one."""
        return self.name in names or any(base in names for base in self.entry.bases)


class ExternalClass(Class):
    """A class of another library: only its name is known."""

    def __init__(self, name: str, *, declared_module: bool = False) -> None:
        """``declared_module``: the settings say that it is a Module."""
        self.name = name
        self._declared_module = declared_module

    @staticmethod
    def named(name: str, *, declared_module: bool = False) -> ExternalClass:
        """The one object for a class of another library."""
        key = name, declared_module
        return _EXTERNAL_CLASSES.get(key) or _EXTERNAL_CLASSES.setdefault(
            key, ExternalClass(name, declared_module=declared_module)
        )

    @property
    def is_module(self) -> bool | None:
        """By the libraries that are known."""
        return True if self._declared_module else is_module_class(self.name)


# One object each, whichever thread asks for it first: `cache` may give two threads two.
_TORCH_CLASSES: dict[str, TorchClass] = {}
_EXTERNAL_CLASSES: dict[tuple[str, bool], ExternalClass] = {}


class ProjectClass(Class):
    """A class statement in one of the project's files."""

    def __init__(
        self,
        node: ast.ClassDef,
        module: Module,
        bases: tuple[Class | None, ...],
        scope: Scope | None = None,
    ) -> None:
        """``bases``: None for one that cannot be told; ``scope``: where a local class stands."""
        self.node = node
        self.module = module
        self.name = node.name
        self.bases = bases
        self.scope = scope

    @cached_property
    def ancestry(self) -> tuple[Class, ...]:
        """The class and its known bases, each once, a base after all that derive from it."""
        order: dict[Class, None] = {self: None}
        self.__dict__["ancestry"] = (self,)  # what a class that derives from itself sees
        for base in self.bases:
            for ancestor in base.ancestry if base else ():
                if ancestor.name != "builtins.object":  # which comes after all, and has nothing
                    order.pop(ancestor, None)
                    order[ancestor] = None
        return tuple(order)

    @cached_property
    def is_module(self) -> bool | None:
        """True with one Module among its ancestors; None with an unknown one and no Module."""
        known = [a.is_module for a in self.ancestry if not isinstance(a, ProjectClass)]
        if True in known:
            return True
        return None if None in known or self.has_unknown_base else False

    @cached_property
    def has_unknown_base(self) -> bool:
        """Whether something in its ancestry cannot be told, a metaclass included."""
        return any(
            isinstance(a, ProjectClass) and (None in a.bases or bool(a.node.keywords))
            for a in self.ancestry
        )

    @cached_property
    def is_open(self) -> bool:
        """Whether its objects may have attributes and methods that are not seen."""
        return self.has_unknown_base or any(
            isinstance(a, ExternalClass) and not a.name.startswith("builtins.")
            for a in self.ancestry
        )

    @cached_property
    def members(self) -> dict[str, ast.stmt]:
        """The class body's own names: functions, nested classes, assignments; the last counts."""
        found: dict[str, ast.stmt] = {}
        for statement in flat(self.node.body):
            if isinstance(statement, FunctionNode):
                if not _is_setter(statement):
                    found[statement.name] = statement
            elif isinstance(statement, ast.ClassDef):
                found[statement.name] = statement
            elif isinstance(statement, ast.Assign):
                for target in statement.targets:
                    for name in _names(target):
                        found[name] = statement
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                if statement.value is not None:
                    found[statement.target.id] = statement
        return found

    @cached_property
    def setters(self) -> dict[str, FunctionNode]:
        """What ``@name.setter`` decorates, by the property's name."""
        return {
            s.name: s for s in flat(self.node.body) if isinstance(s, FunctionNode) and _is_setter(s)
        }

    @cached_property
    def functions(self) -> tuple[FunctionNode, ...]:
        """All functions of the class body; a property's getter and setter share a name."""
        return tuple(s for s in flat(self.node.body) if isinstance(s, FunctionNode))

    @property
    def projects(self) -> Iterator[ProjectClass]:
        """The project's classes in its ancestry, itself first."""
        return (a for a in self.ancestry if isinstance(a, ProjectClass))

    def find(self, name: str) -> tuple[ProjectClass, ast.stmt] | None:
        """The member ``name`` and the class of the project that has it."""
        for ancestor in self.projects:
            if name in ancestor.members:
                return ancestor, ancestor.members[name]
        return None

    def find_setter(self, name: str) -> tuple[ProjectClass, FunctionNode] | None:
        """The setter of a property and the class that has it."""
        for ancestor in self.projects:
            if name in ancestor.setters:
                return ancestor, ancestor.setters[name]
            if name in ancestor.members:
                return None
        return None

    @cached_property
    def torch_base(self) -> TorchClass | None:
        """The first class of torch in its ancestry."""
        return next((a for a in self.ancestry if isinstance(a, TorchClass)), None)

    @property
    def is_run_by_autograd(self) -> bool:
        """Whether it is a ``torch.autograd.Function``: which mode its methods run in, that says."""
        return any(ancestor.name.startswith("torch.autograd.") for ancestor in self.ancestry)

    @cached_property
    def custom_setattr(self) -> bool:
        """Whether storing an attribute does something else than ``nn.Module`` does."""
        found = self.find("__setattr__")
        return found is not None and not _only_delegates(found[1])


def flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a body, with those in its blocks, but not those of functions and classes."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for block in ("body", "orelse", "finalbody"):
                yield from flat(getattr(statement, block, []))
            for handler in getattr(statement, "handlers", ()):
                yield from flat(handler.body)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from flat(case.body)


def _is_setter(node: FunctionNode) -> bool:
    return any(
        isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter")
        for d in node.decorator_list
    )


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _names(element)


def _only_delegates(function: ast.stmt) -> bool:
    """Whether all that a ``__setattr__`` does is call ``super()``'s with what it was given."""
    body = [
        s
        for s in getattr(function, "body", [])
        if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
    ]
    if len(body) != 1 or not isinstance(body[0], ast.Expr | ast.Return):
        return False
    call = body[0].value
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "__setattr__"
        and all(isinstance(given, ast.Name | ast.Starred) for given in call.args)
    )

"""Classes: torch's own, the project's, and those of other libraries."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING

from flake8_paramassign import catalogue
from flake8_paramassign.inference.unparsed import may_mention
from flake8_paramassign.inference.values import ClassValue, External, Values
from flake8_paramassign.nodes import FunctionNode

if TYPE_CHECKING:
    from flake8_paramassign.inference.module import Module
    from flake8_paramassign.inference.project import Project

_MODULE_NAMES = re.compile(
    r"""
      (^|\.)(LightningModule|PreTrainedModel|ModelMixin|MessagePassing)$
    | ^transformers\..*\.?[A-Z]\w*(Model|For[A-Z]\w+|Layer|Attention|MLP|Encoder|Decoder)$
    | ^(timm\.models|timm\.layers|torchvision\.models|torchvision\.ops|torch_geometric\.nn
       |segmentation_models_pytorch|monai\.networks|kornia\.augmentation)\..*\b[A-Z]\w*$
    """,
    re.VERBOSE,
)
"""Classes of well-known libraries that are torch Modules."""
_MODULE_MAKERS = re.compile(
    r"^(torchvision\.models\.(\w+\.)*(?!get_|list_|_)[a-z]\w*|timm\.(models\.)?create_model)$"
)
"""Functions of such libraries that make one."""

_PLAIN_ROOTS = frozenset(
    """abc argparse ast builtins collections ctypes dataclasses datetime enum functools io json
    logging multiprocessing numbers object pathlib pydantic random string threading typing
    typing_extensions unittest weakref numpy pandas keras tensorflow flax jax mlx
    """.split()
)
"""Packages without a torch Module."""

_PLAIN_NAMES = re.compile(
    r"""^(torch\.autograd\.(function\.)?(Function|InplaceFunction|FunctionCtx)
    |torch\.utils\.data\..*|torch\.optim\..*|torch\.distributions\..*|torch\.fx\..*
    |torch\.(Tensor|Generator|dtype|device|Size))$""",
    re.VERBOSE,
)


class Class(ABC):
    """What is known of a class whose objects a program handles."""

    name: str

    @property
    def resolved(self) -> Class:
        """Itself; see ``Deferred``."""
        return self

    @property
    @abstractmethod
    def is_module(self) -> bool | None:
        """Whether its objects are ``torch.nn.Module``; None where it is not known."""

    @property
    def ancestry(self) -> tuple[Class, ...]:
        """The class and its bases, in the order attributes are looked up."""
        return (self,)


class TorchClass(Class):
    """A Module class of torch, from the catalogue."""

    def __init__(self, entry: catalogue.ModuleClass) -> None:
        """Take the catalogue's entry."""
        self.entry = entry
        self.name = entry.name

    @staticmethod
    @cache
    def named(name: str) -> TorchClass | None:
        """The one object for a torch class under any of its names."""
        if not name.startswith("torch."):
            return None
        entry = catalogue.module_class(name)
        if entry is None:
            return None
        return TorchClass(entry) if entry.name == name else TorchClass.named(entry.name)

    @property
    def is_module(self) -> bool | None:
        """Always: the catalogue has nothing else."""
        return True

    def is_a(self, *names: str) -> bool:
        """Whether it is one of the named torch classes or derives from one."""
        return self.name in names or any(base in names for base in self.entry.bases)


class ExternalClass(Class):
    """A class of another library: only its name is known."""

    def __init__(self, name: str, declared_module: bool = False) -> None:
        """``declared_module``: it is known, or the settings say, that it is a Module."""
        self.name = name
        self._declared_module = declared_module

    def __eq__(self, other: object) -> bool:
        """Two objects of one name are one class."""
        return isinstance(other, ExternalClass) and other.name == self.name

    def __hash__(self) -> int:
        """As it compares."""
        return hash(self.name)

    @property
    def is_module(self) -> bool | None:
        """By the libraries that are known."""
        if self._declared_module or _MODULE_NAMES.search(self.name):
            return True
        if self.name.split(".")[0] in _PLAIN_ROOTS or _PLAIN_NAMES.match(self.name):
            return False
        return None


def makes_module(function: str) -> bool | None:
    """Whether a function of another library surely returns a Module."""
    return True if _MODULE_MAKERS.match(function) else None


class Deferred:
    """An imported class whose file is not opened until something about it matters."""

    def __init__(self, name: str, project: Project) -> None:
        """``name`` is the dotted name it is imported by."""
        self.name = name
        self._project = project

    def __eq__(self, other: object) -> bool:
        """Two imports of one name are one class."""
        return isinstance(other, Deferred) and other.name == self.name

    def __hash__(self) -> int:
        """As it compares."""
        return hash(self.name)

    @cached_property
    def resolved(self) -> Class:
        """The class itself."""
        return self._project.class_named(self.name)


class ProjectClass(Class):
    """A class statement in one of the project's files."""

    def __init__(self, node: ast.ClassDef, module: Module) -> None:
        """``module`` is the file it stands in, where its bases are looked up."""
        self.node = node
        self.module = module
        self.name = node.name
        self._known_targets: dict[ast.FunctionDef, tuple[ast.Attribute, ...]] = {}

    @cached_property
    def bases(self) -> tuple[Class | None, ...]:
        """The base classes; None for one that cannot be told."""
        return tuple(self._base(base) for base in self.node.bases)

    def _base(self, node: ast.expr) -> Class | None:
        if isinstance(node, ast.Name) and node.id in (
            "object",
            "Exception",
            "dict",
            "list",
            "tuple",
        ):
            return ExternalClass(f"builtins.{node.id}")
        meaning: Values = self.module.static(node)
        if len(meaning) != 1:
            return None
        (value,) = meaning
        if isinstance(value, ClassValue) and value.cls is not self:
            return value.cls
        if isinstance(value, External):
            return self.module.project.class_named(value.name)
        return None

    @cached_property
    def ancestry(self) -> tuple[Class, ...]:
        """The class and its known bases, each once, a base after all that derive from it."""
        order: list[Class] = [self]
        self.__dict__["ancestry"] = (self,)  # what a class that derives from itself sees
        for base in self.bases:
            for ancestor in base.ancestry if base else ():
                if ancestor in order:
                    order.remove(ancestor)
                order.append(ancestor)
        return tuple(order)

    @cached_property
    def is_module(self) -> bool | None:
        """True with one Module among its ancestors; None with an unknown one and no Module."""
        known = [a.is_module for a in self.ancestry if not isinstance(a, ProjectClass)]
        if True in known:
            return True
        return None if None in known or self._has_unknown_base() else False

    def _has_unknown_base(self) -> bool:
        return any(
            isinstance(a, ProjectClass) and (None in a.bases or bool(a.node.keywords))
            for a in self.ancestry
        )

    @cached_property
    def is_open(self) -> bool:
        """Whether an ancestor's attributes are unknown, so that any name may be a slot."""
        return self._has_unknown_base() or any(
            isinstance(a, ExternalClass) and a.is_module is not False for a in self.ancestry
        )

    @cached_property
    def members(self) -> dict[str, ast.stmt]:
        """The class body's own names: functions, nested classes, assignments."""
        found: dict[str, ast.stmt] = {}
        for statement in _flat(self.node.body):
            if isinstance(statement, FunctionNode | ast.ClassDef):
                found.setdefault(statement.name, statement)
            elif isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        found[target.id] = statement
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                if statement.value is not None:
                    found[statement.target.id] = statement
        return found

    @cached_property
    def functions(self) -> tuple[FunctionNode, ...]:
        """All functions of the class body; a property's getter and setter share a name."""
        return tuple(s for s in _flat(self.node.body) if isinstance(s, FunctionNode))

    def find(self, name: str) -> tuple[ProjectClass, ast.stmt] | None:
        """The member ``name`` and the class of the project that has it."""
        for ancestor in self.ancestry:
            if isinstance(ancestor, ProjectClass) and name in ancestor.members:
                return ancestor, ancestor.members[name]
        return None

    def stores_later(self, name: str) -> bool:
        """Whether a method other than ``__init__`` stores the attribute ``name``."""
        return ast.Store in self._bound_later(name)

    def deletes_later(self, name: str) -> bool:
        """Whether a method other than ``__init__`` deletes the attribute ``name``, or any."""
        return ast.Del in self._bound_later(name) or self._unregisters_later

    def _bound_later(self, name: str) -> frozenset[type[ast.expr_context]]:
        return frozenset(
            type(target.ctx)
            for ancestor in self._projects
            for method in ancestor._later_methods
            if may_mention(method, name)
            for target in ancestor._targets(method)
            if target.attr == name
        )

    @cached_property
    def _unregisters_later(self) -> bool:
        """Whether one of those methods takes names it computes out of a registry."""
        return any(
            isinstance(node, ast.Attribute) and node.attr == name
            for ancestor in self._projects
            for name in ("_parameters", "__delattr__")
            if name in ancestor.module.text
            for method in ancestor._later_methods
            if may_mention(method, name)
            for node in ast.walk(method)
        )

    @property
    def _projects(self) -> Iterator[ProjectClass]:
        return (a for a in self.ancestry if isinstance(a, ProjectClass))

    @cached_property
    def _later_methods(self) -> tuple[ast.FunctionDef, ...]:
        return tuple(
            member
            for name, member in self.members.items()
            if name != "__init__" and isinstance(member, ast.FunctionDef)
        )

    def _targets(self, method: ast.FunctionDef) -> tuple[ast.Attribute, ...]:
        """The attributes that ``method`` stores or deletes."""
        if method not in self._known_targets:
            self._known_targets[method] = tuple(_attribute_targets([method]))
        return self._known_targets[method]

    @cached_property
    def custom_setattr(self) -> bool:
        """Whether storing an attribute does something else than ``nn.Module`` does."""
        found = self.find("__setattr__")
        return found is not None and not _only_delegates(found[1])


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements of a class body, with those under ``if`` and ``try``."""
    flat: list[ast.stmt] = []
    for statement in body:
        flat.append(statement)
        if isinstance(statement, ast.If | ast.Try):
            flat += _flat([*statement.body, *statement.orelse])
    return flat


def _attribute_targets(body: list[ast.stmt]) -> Iterator[ast.Attribute]:
    """What statements, and those in them, store or delete: attributes only, by statement alone.

    Expressions are not looked into, which would take ten times as long.
    """
    for statement in body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign | ast.Delete):
            targets += statement.targets
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
            targets.append(statement.target)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            targets += [item.optional_vars for item in statement.items if item.optional_vars]
        while targets:
            target = targets.pop()
            if isinstance(target, ast.Attribute):
                yield target
            elif isinstance(target, ast.Tuple | ast.List):
                targets += target.elts
            elif isinstance(target, ast.Starred):
                targets.append(target.value)
        for name in ("body", "orelse", "finalbody"):
            yield from _attribute_targets(getattr(statement, name, []))
        for block in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _attribute_targets(block.body)


def _only_delegates(function: ast.stmt) -> bool:
    """Whether all that a ``__setattr__`` does is call ``super()``'s."""
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
    )

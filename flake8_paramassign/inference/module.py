"""One file, and what its top-level names mean, without following any flow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from flake8_paramassign.inference.classes import ProjectClass, TorchClass
from flake8_paramassign.inference.outline import Part, outline
from flake8_paramassign.inference.unparsed import NOT_PARSED
from flake8_paramassign.inference.values import (
    UNKNOWN,
    ClassValue,
    External,
    Function,
    Unknown,
    Values,
    only,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.signs import PARAMETER

if TYPE_CHECKING:
    from flake8_paramassign.inference.project import Project

_STAR = re.compile(r"import\s*\*")
_MOST_STARS = 20
"""A package that star-imports more modules is no place to look for a name: each would be read."""
_REGISTERS = re.compile(rf"{PARAMETER}|Parameter(?:List|Dict)|register_parameter")
_SLOT_NAMES = re.compile(r"self\.(\w+)\b[^=\n]*=|['\"](\w+)['\"]")


@dataclass(eq=False)
class Module:
    """One file: its dotted name, the static meaning of its names, and what is parsed of it."""

    name: str
    path: str
    tree: ast.Module
    project: Project
    is_package: bool = False
    text: str = ""
    """The source."""
    is_imported: bool = False
    """Whether ``tree`` has no more than what binds the names that were asked for."""
    bindings: dict[str, list[ast.AST]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    _meanings: dict[str, Values] = field(default_factory=dict)
    _classes: dict[ast.ClassDef, ProjectClass] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Collect what each top-level name is bound by."""
        self._bind(self.tree.body)

    def _bind(self, body: list[ast.stmt]) -> None:
        fallbacks: list[tuple[str, ast.AST]] = []
        for name, node in _bound(body, fallbacks):
            if name == "*":
                assert isinstance(node, ast.ImportFrom)
                self.stars.append(self._absolute(node))
            else:
                self.bindings.setdefault(name, []).append(node)
        for name, node in fallbacks:
            # `try: import torch.nn as nn / except ImportError: nn = None`: the first is meant.
            self.bindings.setdefault(name, [node])

    @cached_property
    def slot_names(self) -> frozenset[str]:
        """Names under which the file's classes may register Parameters: a guess upwards."""
        found = _SLOT_NAMES.findall(self.text) if _REGISTERS.search(self.text) else ()
        return frozenset(part for pair in found for part in pair if part)

    @cached_property
    def _unparsed(self) -> dict[str | None, list[Part]]:
        """What binds a name, or (None) may bind any, until it is parsed."""
        unparsed: dict[str | None, list[Part]] = {}
        for part in outline(self.text) if self.is_imported else ():
            unparsed.setdefault(part.name, []).append(part)
        return unparsed

    def forget_meanings(self) -> None:
        """Let go of what names mean: that is worked out for one file at a time.

        A file and its classes know each other; a file that is no longer kept would stay.
        """
        for cls in self._classes.values():
            vars(cls).pop("ancestry", None)  # It begins with the class itself.
        self._meanings.clear()
        self._classes.clear()

    def lookup(self, name: str) -> Values:
        """What the top-level ``name`` may be; unknown where it is bound in several ways."""
        if name not in self._meanings:
            self._meanings[name] = UNKNOWN  # what a cycle of imports sees
            self._meanings[name] = self._meaning(name)
        return self._meanings[name]

    def _meaning(self, name: str) -> Values:
        if self.is_imported and name not in self.text and not _STAR.search(self.text):
            return UNKNOWN
        try:
            for part in self._parts_that_may_bind(name):
                body = part.parse()
                self.tree.body += body
                self._bind(body)
        except NOT_PARSED:
            return UNKNOWN  # the file's own analysis says why
        binders = self.bindings.get(name)
        if binders is None:
            return self._from_stars(name)
        if len(binders) == 1 or all(isinstance(b, ast.Import | ast.ImportFrom) for b in binders):
            return self._bound_value(name, binders[-1])
        return UNKNOWN

    def _parts_that_may_bind(self, name: str) -> list[Part]:
        wanted = self._unparsed.pop(name, [])
        others: list[Part] = []
        for part in self._unparsed.get(None, ()):
            may_bind = name in part.text or _STAR.search(part.text)
            (wanted if may_bind else others).append(part)
        self._unparsed[None] = others
        return sorted(wanted, key=attrgetter("line"))

    def _from_stars(self, name: str) -> Values:
        for star in self.stars if len(self.stars) <= _MOST_STARS else ():
            meaning = self.project.meaning(f"{star}.{name}")
            (value,) = meaning if len(meaning) == 1 else (None,)
            if isinstance(value, External):
                if TorchClass.named(value.name) or value.name in _STARRED:
                    return meaning
            elif value is not None and meaning != UNKNOWN:
                return meaning
        return UNKNOWN

    def _bound_value(self, name: str, node: ast.AST) -> Values:
        if isinstance(node, ast.ClassDef):
            return only(ClassValue(self.class_of(node)))
        if isinstance(node, FunctionNode):
            return only(Function(node, self)) if keeps_function(node) else UNKNOWN
        if isinstance(node, ast.Import | ast.ImportFrom):
            return self.imported(name, node)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            return self.static(node.value)
        return UNKNOWN

    def imported(self, name: str, node: ast.Import | ast.ImportFrom) -> Values:
        """What an import statement of this file binds ``name`` to."""
        if isinstance(node, ast.ImportFrom):
            source = self._absolute(node)
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return only(External(f"{source}.{alias.name}"))
            return UNKNOWN
        for alias in node.names:
            if alias.asname == name:
                return only(External(alias.name))
            if alias.asname is None and alias.name.split(".")[0] == name:
                return only(External(name))
        return UNKNOWN

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        package = package[: len(package) - node.level + self.is_package]
        return ".".join([*package, node.module] if node.module else package)

    def static(self, node: ast.expr) -> Values:
        """The meaning of a dotted name at module level, without following any flow."""
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Attribute):
            return frozenset(
                External(f"{value.name}.{node.attr}") if isinstance(value, External) else Unknown()
                for value in self.static(node.value)
            )
        if isinstance(node, ast.Subscript):  # Generic[T]
            return self.static(node.value)
        return UNKNOWN

    def class_of(self, node: ast.ClassDef) -> ProjectClass:
        """The one class object for a class statement of this file."""
        if node not in self._classes:
            self._classes[node] = ProjectClass(node, self)
        return self._classes[node]


_TRANSPARENT = frozenset(
    ["no_grad", "enable_grad", "inference_mode", "contextmanager", "cache", "lru_cache"]
)
"""Decorators that leave what a function returns as it is (a generator, for ``contextmanager``)."""


def keeps_function(node: FunctionNode) -> bool:
    """Whether calling the decorated function is calling the function."""
    return all(decorator_name(decorator) in _TRANSPARENT for decorator in node.decorator_list)


def decorator_name(node: ast.expr) -> str:
    """The last part of a decorator's name."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


_STARRED = frozenset(["torch.nn.Parameter", "torch.nn.functional", "torch.nn.init"])
"""Names that `from torch.nn import *` brings besides Module classes."""


def _bound(
    body: list[ast.stmt], fallbacks: list[tuple[str, ast.AST]]
) -> Iterator[tuple[str, ast.AST]]:
    """Every binding of a top-level name; those in ``except`` clauses go to ``fallbacks``."""
    for statement in body:
        if isinstance(statement, ast.ClassDef | FunctionNode):
            yield statement.name, statement
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.asname or alias.name.split(".")[0], statement
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name, statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from ((name, statement) for name in _names(target))
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
            yield from ((name, statement) for name in _names(statement.target))
        else:
            if isinstance(statement, ast.For):
                yield from ((name, statement) for name in _names(statement.target))
            for inner in ("body", "orelse", "finalbody"):
                yield from _bound(getattr(statement, inner, []), fallbacks)
            for handler in getattr(statement, "handlers", ()):
                fallbacks += _bound(handler.body, fallbacks)


def _names(target: ast.expr) -> list[str]:
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]

"""One file, and what its top-level names mean, without following any flow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

from flake8_paramassign.domain.scopes import Scope
from flake8_paramassign.domain.values import (
    UNKNOWN,
    ClassRef,
    Constant,
    Function,
    Library,
    Values,
    join,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ProjectClass, TorchClass


class Files(Protocol):
    """What a file asks of those around it."""

    def owns(self, name: str) -> bool:
        """Whether the dotted ``name`` begins with a module or package of the project."""

    def exported(self, source: str, name: str) -> Values | None:
        """What ``from source import *`` binds ``name`` to; None if it does not bind it."""

    def knows_all_names(self, source: str) -> bool:
        """Whether all that ``from source import *`` may bind is known."""

    def class_of_values(self, values: Values) -> Class | None:
        """The class that ``values`` are; None where it is not just one that is known."""


_COMPOUND = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While,
    ast.With, ast.AsyncWith, ast.Try, getattr(ast, "TryStar", ast.Try), ast.ExceptHandler,
    ast.Match, ast.match_case,
)  # fmt: skip
"""What has statements inside."""


class Module:
    """One file: its dotted name, and the static meaning of its names."""

    def __init__(
        self, name: str, path: str, tree: ast.Module, project: Files, *, is_package: bool = False
    ) -> None:
        """``tree`` is the whole file."""
        self.name = name
        self.path = path
        self.tree = tree
        self.project = project
        self.is_package = is_package
        self.scope = Scope(tree, None, is_module=True)
        self._bindings: dict[str, list[ast.stmt]] | None = None
        self._stars: list[ast.ImportFrom] = []
        self._meanings: dict[str, Values] = {}
        self._classes: dict[ast.ClassDef, ProjectClass] = {}

    @property
    def bindings(self) -> dict[str, list[ast.stmt]]:
        """What each top-level name is bound by."""
        if self._bindings is None:
            self._bindings = {}
            fallbacks: list[tuple[str, ast.stmt]] = []
            for name, node in _bound(self.tree.body, fallbacks):
                if name == "*":
                    assert isinstance(node, ast.ImportFrom)
                    self._stars.append(node)
                else:
                    self._bindings.setdefault(name, []).append(node)
            for name, node in fallbacks:
                # `try: import torch.nn as nn / except ImportError: nn = None`: the first is meant.
                self._bindings.setdefault(name, [node])
        return self._bindings

    @cached_property
    def words(self) -> frozenset[str]:
        """All identifiers and strings of the file."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.alias):
                found.update(node.name.split("."))
        return frozenset(found)

    @cached_property
    def rebound(self) -> frozenset[str]:
        """The top-level names that some function declares ``global``, to bind them anew."""
        found: set[str] = set()
        waiting: list[ast.AST] = [self.tree]
        while waiting:
            node = waiting.pop()
            for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
                for statement in getattr(node, inner, ()):
                    if isinstance(statement, ast.Global):
                        found.update(statement.names)
                    elif isinstance(statement, _COMPOUND):
                        waiting.append(statement)
        return frozenset(found)

    def lookup(self, name: str) -> Values:
        """What the top-level ``name`` may be."""
        if name not in self._meanings:
            self._meanings[name] = UNKNOWN  # what a cycle of imports sees
            self._meanings[name] = self._meaning(name)
        return self._meanings[name]

    def binds(self, name: str) -> bool:
        """Whether the file itself binds ``name`` at its top level, star imports aside."""
        return name in self.bindings

    def class_called_for(self, name: str) -> Class | None:
        """The class of the object that the top-level ``name`` holds, bound once to a call of it."""
        binders = self.bindings.get(name, ())
        if len(binders) != 1 or name in self.rebound:
            return None
        (node,) = binders
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            return None
        if not all(isinstance(target, ast.Name) for target in node.targets):
            return None
        cls = self.project.class_of_values(self.static(node.value.func))
        if isinstance(cls, ProjectClass):
            is_plain = not cls.node.decorator_list and cls.find("__new__") is None
            return cls if is_plain else None
        return cls if isinstance(cls, TorchClass) else None

    def _meaning(self, name: str) -> Values:
        binders = self.bindings.get(name)
        stars = self._stars
        if binders is not None:
            if name in self.rebound:
                return UNKNOWN
            last = max(binder.lineno for binder in binders)
            from_later = self._from_stars(name, [s for s in stars if s.lineno > last])
            if from_later is not None:
                return from_later
            if all(isinstance(b, ast.Import | ast.ImportFrom) for b in binders):
                return self._bound_value(name, binders[-1])
            meaning: Values = ()
            for binder in binders:
                meaning = join(meaning, self._bound_value(name, binder))
            return meaning
        return self.starred(name) or UNKNOWN

    def starred(self, name: str) -> Values | None:
        """What the last star import of the file that has ``name`` gives; None if none has."""
        return self._from_stars(name, self._stars)

    def _from_stars(self, name: str, stars: list[ast.ImportFrom]) -> Values | None:
        """What the last of some star imports that has ``name`` gives; None if none has."""
        for star in reversed(stars):
            source = self.absolute(star)
            found = self.project.exported(source, name)
            if found is not None:
                return found
            if not self.project.knows_all_names(source):
                return UNKNOWN
        return None

    def _bound_value(self, name: str, node: ast.stmt) -> Values:
        if isinstance(node, ast.ClassDef):
            return (ClassRef(self.class_of(node)),)
        if isinstance(node, FunctionNode):
            return (Function(node, self, None, self.scope),) if not node.decorator_list else UNKNOWN
        if isinstance(node, ast.Import | ast.ImportFrom):
            return self.imported(name, node)
        if isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
            return self.static(node.value)
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            return self.static(node.value)
        return UNKNOWN

    def imported(self, name: str, node: ast.Import | ast.ImportFrom) -> Values:
        """What an import statement of this file binds ``name`` to."""
        if isinstance(node, ast.ImportFrom):
            source = self.absolute(node)
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return (Library(f"{source}.{alias.name}"),)
            return UNKNOWN
        for alias in node.names:
            if alias.asname == name:
                return (Library(alias.name),)
            if alias.asname is None and alias.name.split(".")[0] == name:
                return (Library(name),)
        return UNKNOWN

    def absolute(self, node: ast.ImportFrom) -> str:
        """The full name of what ``from ... import`` imports from."""
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        package = package[: len(package) - node.level + self.is_package]
        return ".".join([*package, node.module] if node.module else package)

    def static(self, node: ast.expr) -> Values:
        """The meaning of a dotted name or a constant at module level, whatever the flow."""
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Constant):
            return (Constant(node.value),)
        if isinstance(node, ast.Lambda):
            return (Function(node, self, None, self.scope),)
        if isinstance(node, ast.Attribute):
            meaning = self.static(node.value)
            return tuple(
                Library(f"{value.name}.{node.attr}") if isinstance(value, Library) else UNKNOWN[0]
                for value in meaning
            )
        if isinstance(node, ast.Subscript):  # Generic[T]
            return self.static(node.value)
        return UNKNOWN

    def class_of(
        self,
        node: ast.ClassDef,
        bases: tuple[Class | None, ...] | None = None,
        scope: Scope | None = None,
    ) -> ProjectClass:
        """The one class object for a class statement of this file.

        ``bases`` are what the flow of the program gives for those of a local class, and ``scope``
        is where its statement was run last.
        """
        known = self._classes.get(node)
        if known is not None and scope is not None:
            known.scope = scope
        if known is None:
            found = bases if bases is not None else tuple(map(self._base, node.bases))
            known = self._classes[node] = ProjectClass(node, self, found, scope)
        elif bases is not None and known.bases != bases:
            # A class statement that is run several times: only what all agree on is known.
            merged = tuple(a if a is b else None for a, b in zip(known.bases, bases, strict=False))
            known = self._classes[node] = ProjectClass(node, self, merged, scope)
        return known

    def _base(self, node: ast.expr) -> Class | None:
        return self.project.class_of_values(self.static(node))


def _bound(
    body: list[ast.stmt], fallbacks: list[tuple[str, ast.stmt]]
) -> Iterator[tuple[str, ast.stmt]]:
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
            if isinstance(statement, ast.For | ast.AsyncFor):
                yield from ((name, statement) for name in _names(statement.target))
            for item in getattr(statement, "items", ()):
                if item.optional_vars is not None:
                    yield from ((name, statement) for name in _names(item.optional_vars))
            for inner in ("body", "orelse", "finalbody"):
                yield from _bound(getattr(statement, inner, []), fallbacks)
            for case in getattr(statement, "cases", ()):
                yield from _bound(case.body, fallbacks)
            for handler in getattr(statement, "handlers", ()):
                fallbacks += _bound(handler.body, fallbacks)


def _names(target: ast.expr) -> list[str]:
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]

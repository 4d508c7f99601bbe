"""What the text of the file says, where the flow is not followed."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from pathlib import Path

from flake8_paramassign.inference.callers import Callers
from flake8_paramassign.inference.changes import Change, Changes
from flake8_paramassign.inference.classes import ProjectClass
from flake8_paramassign.inference.events import Frame, Role
from flake8_paramassign.inference.forward_reads import used_by_forward
from flake8_paramassign.inference.held import HeldContainers
from flake8_paramassign.inference.module import Module
from flake8_paramassign.inference.unparsed import parsed_nodes
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.source import Source

_STEPS = frozenset(
    """forward __call__ training_step validation_step test_step step update train_step
    training_epoch optimize_parameters
    """.split()
)
"""Methods that run again and again while a model trains."""
_CONSTRUCTION = re.compile(r"^_*(init|reset|build|setup|create|make|tie|load|register|initialize)")
"""Methods that are called once, whoever calls them."""
_MOVING = ("_apply", "to", "cuda", "cpu", "__getattr__", "__getattribute__")
"""Methods by whose override a class may move what nothing registers."""


class Lexical(HeldContainers):
    """Reads the lines of classes and functions."""

    module: Module
    source: Source
    _callers: Callers | None = None

    def role(self, node: FunctionNode, owner: ProjectClass) -> Role:
        """What a method is for, in the life of a Module."""
        step = node.name in _STEPS or self._helps_step(node.name, owner)
        return Role.STEP if step else Role.METHOD

    def _helps_step(self, name: str, owner: ProjectClass) -> bool:
        """Whether a method that runs in every step calls ``self.name`` whatever happens."""
        if _CONSTRUCTION.match(name):
            return False
        for step in _STEPS & owner.members.keys():
            member = owner.members[step]
            if isinstance(member, FunctionNode) and f"self.{name}(" in self.source.lines_of(member):
                if any(_calls_always(statement, name) for statement in member.body):
                    return True
        return False

    def constructor_only(self, cls: ProjectClass) -> set[str]:
        """``__init__`` and the methods that nothing but ``__init__`` refers to in this file."""
        once = {"__init__"}
        spans = [_span(cls.members["__init__"])] if "__init__" in cls.members else []
        grown = bool(spans)
        while grown:
            grown = False
            for name, member in cls.members.items():
                if name in once or not isinstance(member, ast.FunctionDef):
                    continue
                if not any(f"self.{name}" in self.source.between(a, b) for a, b in spans):
                    continue
                lines = self._mentions(name, member.lineno)
                if lines and all(any(a <= line <= b for a, b in spans) for line in lines):
                    once.add(name)
                    spans.append(_span(member))
                    grown = True
        return once

    def _mentions(self, name: str, definition: int) -> list[int]:
        """Lines that mention ``name``, but for its definition."""
        mentions = re.finditer(rf"\b{re.escape(name)}\b", self.source.text)
        lines = [self.source.line_at(match.start()) for match in mentions]
        return [line for line in lines if line != definition]

    def text_around(self, frame: Frame) -> str:
        """The class of a method, but for its constructor; a function; or the whole file."""
        owner = frame.owner
        if owner is None or owner.module is not self.module:
            function = frame.node if isinstance(frame.node, FunctionNode) else None
            return self.source.lines_of(function) if function else self.source.text
        if frame.role is Role.CONSTRUCTION:
            return self.source.lines_of(owner.node)
        once = self.constructor_only(owner)
        methods = [f for f in owner.functions if f.name not in once]
        return "".join(self.source.lines_of(method) for method in methods)

    def text_after(self, frame: Frame, node: ast.AST) -> str:
        """What follows ``node`` in its function, or in the file."""
        assert isinstance(node, ast.stmt | ast.expr)
        function = frame.node if isinstance(frame.node, FunctionNode) else None
        last = (function and function.end_lineno) or len(self.source.starts)
        return self.source.between(min((node.end_lineno or node.lineno) + 1, last + 1), last)

    def may_lack_grad(self, frame: Frame) -> bool:
        """Whether all calls of the function that this file knows may be without grad mode."""
        if re.search(r"^\s{0,4}torch\S*\.set_grad_enabled\(False\)", self.source.text, re.M):
            return True
        self._callers = self._callers or Callers(self.module.tree)
        name = getattr(frame.node, "name", "")
        if name == "__init__" and frame.owner is not None:
            name = frame.owner.name if self._callers.constructed(frame.owner.name) else ""
        return bool(name) and self._callers.only_without_grad(name)

    def given_to_optimizer(self, frame: Frame, name: str) -> bool:
        """Whether the class hands ``self.name`` to an optimizer, or collects it for one."""
        if frame.owner is None or frame.owner.module is not self.module:
            return False
        text = self.source.lines_of(frame.owner.node)
        pattern = rf"(optim|Adam|SGD|LBFGS|RMSprop)\w*\([^)]*\bself\.{re.escape(name)}\b"
        collected = rf"(?<![\w\])])\[[^\]()]*\bself\.{re.escape(name)}\b"
        return re.search(f"{pattern}|{collected}", text) is not None

    def where(self, site: object) -> str:
        """The place of an expression: ``line 12``, ``layers.py line 3``, or nothing."""
        if not isinstance(site, ast.expr):
            return ""
        if id(site) in self._own_nodes:
            return f"line {site.lineno}"
        for module in self.project.opened():
            if any(node is site for node in parsed_nodes(module.tree)):
                return f"{Path(module.path).name} line {site.lineno}"
        return ""

    @cached_property
    def _own_nodes(self) -> frozenset[int]:
        """The identities of all nodes of the file's tree, which lives as long as this does."""
        return frozenset(map(id, ast.walk(self.module.tree)))

    def read_by_forward(self, cls: ProjectClass, name: str) -> bool:
        """Whether ``forward`` uses the attribute ``name`` where it lies, and nothing moves it."""
        classes = [cls, *self._derived(cls)]
        if any(each.find(method) for each in classes for method in _MOVING):
            return False
        return any(used_by_forward(each, name) for each in classes)

    def changed_later(self, cls: ProjectClass, name: str, frame: Frame) -> bool:
        """Whether code changes ``name`` of an object of ``cls`` other than in its construction.

        The function of ``frame`` may do so from outside.
        """
        foreign = [
            ancestor
            for ancestor in cls.ancestry
            if isinstance(ancestor, ProjectClass) and ancestor.module is not self.module
        ]
        if any(ancestor.stores_later(name) for ancestor in foreign):
            return True
        return any(
            not (self._constructs(change, cls) if change.on_self else change.function is frame.node)
            for change in self._changes.of(name)
        )

    def _constructs(self, change: Change, cls: ProjectClass) -> bool:
        """Whether a change is made by a constructor of ``cls``, or of another class's object."""
        if change.owner is None:
            return False
        owner = self.module.class_of(change.owner)
        if owner not in cls.ancestry and cls not in owner.ancestry:
            return True
        return change.function is not None and change.function.name in self.constructor_only(owner)

    def _derived(self, cls: ProjectClass) -> list[ProjectClass]:
        """The classes of this file that derive from ``cls``."""
        classes = [self.module.class_of(node) for node in self._class_nodes]
        return [each for each in classes if each is not cls and cls in each.ancestry]

    @cached_property
    def _class_nodes(self) -> list[ast.ClassDef]:
        return [node for node in ast.walk(self.module.tree) if isinstance(node, ast.ClassDef)]

    @cached_property
    def _changes(self) -> Changes:
        return Changes(self.module.tree)

    def unregisters(self, name: str) -> bool:
        """Whether the file somewhere takes ``name``, or names it computes, out of a registry."""
        return self._deleted_names is None or name in self._deleted_names

    @cached_property
    def _deleted_names(self) -> frozenset[str] | None:
        """The names that the file deletes; None where it computes them."""
        if re.search(r"_parameters\b|\bdelattr\b|__delattr__", self.source.text):
            return None
        return frozenset(re.findall(r"\bdel\s+[\w.\[\]]+\.(\w+)", self.source.text))


def _span(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]


def _calls_always(statement: ast.stmt, name: str) -> bool:
    """Whether a statement, which is under no condition, calls ``self.name``."""
    if isinstance(statement, ast.If | ast.Try | ast.While | FunctionNode | ast.ClassDef):
        return False
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
        for node in ast.walk(statement)
    )

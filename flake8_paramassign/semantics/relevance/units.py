"""The functions, class bodies and the top level of a file, and the words on their lines."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field

from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import flat
from flake8_paramassign.source import Source

WORD = re.compile(r"[^\W\d]\w*")
_MEMBER = re.compile(r"\.[\s\\]*([^\W\d]\w*)")


@dataclass(slots=True)
class Unit:
    """A function, a class body or the top level, and the words in it."""

    node: ast.AST
    name: str
    words: frozenset[str]
    text: str
    owner: ast.ClassDef | None = None
    parts: list[ast.stmt] = field(default_factory=list)
    """Its statements."""
    relevant: bool = False
    soft: bool = False
    """Whether it is relevant for no more than the Modules that it stores."""


class Units:
    """Those of one file."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        """Collects them."""
        self._source = source
        self.all: dict[ast.AST, Unit] = {}
        self.of_class: dict[ast.ClassDef, list[Unit]] = defaultdict(list)
        rest: list[ast.stmt] = []
        self._collect(tree.body, None, rest)
        top: list[ast.stmt] = [s for s in tree.body if isinstance(s, FunctionNode | ast.ClassDef)]
        known = sum(unit.owner in (None, unit.node) for unit in self.all.values())
        self.definitions = top if known == len(top) else None
        """The functions and classes of the top level; None where it takes a run to tell."""
        text = "\n".join(self.lines(statement) for statement in rest)
        self.script = Unit(tree, "", self.words(text), text, parts=rest)
        """The rest of the top level."""
        self.all[tree] = self.script
        for unit in self.all.values():
            if unit.owner is not None:
                self.of_class[unit.owner].append(unit)

    def _collect(
        self, body: list[ast.stmt], owner: ast.ClassDef | None, rest: list[ast.stmt]
    ) -> None:
        """Make units of the functions and classes of a body; leave the ``rest``."""
        for statement in body:
            if isinstance(statement, FunctionNode):
                self._add(statement, statement.name, owner)
            elif isinstance(statement, ast.ClassDef):
                inner: list[ast.stmt] = []
                self._collect(statement.body, statement, inner)
                header = [*statement.decorator_list, *statement.bases]
                text = "\n".join(map(self.lines, [*inner, *header]))
                self.all[statement] = Unit(
                    statement, statement.name, self.words(text), text, statement, inner
                )
            elif isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
                if any(isinstance(s, FunctionNode | ast.ClassDef) for s in flat([statement])):
                    self._collect(
                        [s for s in flat([statement])
                         if isinstance(s, FunctionNode | ast.ClassDef)],
                        owner, [],
                    )  # fmt: skip
                rest.append(statement)
            else:
                rest.append(statement)

    def _add(self, node: FunctionNode, name: str, owner: ast.ClassDef | None) -> None:
        text = self.lines(node)
        self.all[node] = Unit(node, name, self.words(text), text, owner, node.body)

    def lines(self, node: ast.AST) -> str:
        """The lines of a node, but those of a function's docstring."""
        first = getattr(node, "lineno", 1)
        for decorator in getattr(node, "decorator_list", ()):
            first = min(first, decorator.lineno)
        last = getattr(node, "end_lineno", None) or first
        told = node.body[0] if isinstance(node, FunctionNode) and len(node.body) > 1 else None
        if told is None or not _is_text(told) or told.lineno == first:
            return self._source.between(first, last)
        assert isinstance(node, FunctionNode)
        before = self._source.between(first, told.lineno - 1)
        rest = min(node.body[1].lineno, (told.end_lineno or told.lineno) + 1)
        return before + "\n" + self._source.between(rest, last)

    @staticmethod
    def words(text: str) -> frozenset[str]:
        """The words of a text; with a dot where they count as attributes only."""
        words = set(WORD.findall(text))
        if "data" in words and ("getattr" in words or "data" in _MEMBER.findall(text)):
            words.add(".data")
        return frozenset(words)


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is nothing but a string."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)

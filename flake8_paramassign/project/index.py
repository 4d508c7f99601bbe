"""What one pass over a file's tree tells of each of its functions."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from flake8_paramassign.nodes import FunctionNode


@dataclass(slots=True)
class Content:
    """What the body of a function has, functions inside it included."""

    attributes: set[str] = field(default_factory=set)
    """Names of attributes that are read."""
    stores: bool = False
    """Whether it stores or deletes an attribute or an item."""
    passes: bool = False
    """Whether it passes its first argument on, or calls one of its methods."""


class Index:
    """Looks through functions once, when they are asked for."""

    def __init__(self) -> None:
        """Nothing is looked through yet."""
        self._known: dict[ast.AST, Content] = {}

    def of(self, node: ast.AST) -> Content:
        """What the function ``node`` has."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = _content(node)
        return known

    def changes(self, function: ast.AST) -> bool:
        """Whether a function may change an object that it is given first."""
        content = self.of(function)
        return content.stores or content.passes


def _content(node: ast.AST) -> Content:
    content = Content()
    first = _first_argument(node)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute):
            if isinstance(inner.ctx, ast.Load):
                content.attributes.add(inner.attr)
            else:
                content.stores = True
        elif isinstance(inner, ast.Subscript):
            if not isinstance(inner.ctx, ast.Load):
                content.stores = True
        elif isinstance(inner, ast.AugAssign):
            content.stores = True
        elif isinstance(inner, ast.Call):
            given = [*inner.args, *(k.value for k in inner.keywords)]
            if any(isinstance(a, ast.Name) and a.id == first for a in given):
                content.passes = True
            func = inner.func
            if isinstance(func, ast.Attribute):
                root = func.value
                while isinstance(root, ast.Attribute | ast.Subscript):
                    root = root.value
                if isinstance(root, ast.Name) and root.id == first:
                    content.passes = True
    return content


def _first_argument(node: ast.AST) -> str:
    if isinstance(node, FunctionNode):
        names = [*node.args.posonlyargs, *node.args.args]
        if names:
            return names[0].arg
    return ""

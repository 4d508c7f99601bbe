"""Where a file changes attributes of objects, read off its text."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.nodes import FunctionNode

MAY_SHARE = frozenset([Result.VIEW, Result.SELF, Result.MAYBE_SELF])
"""What may be the tensor that went in, or a view of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One place that assigns an attribute, deletes it, or writes into its tensor."""

    on_self: bool
    """Whether it is one of the object whose method does so."""
    owner: ast.ClassDef | None
    """The class around it, if any."""
    function: FunctionNode | None
    """The function around it: the method, where there are functions within."""


class Changes:
    """The changes of one file, by the attribute's name."""

    def __init__(self, tree: ast.Module) -> None:
        """Look at every attribute."""
        self._changes: dict[str, set[Change]] = defaultdict(set)
        self._visit(tree, Change(False, None, None))

    def of(self, name: str) -> set[Change]:
        """Those of an attribute, with those that an object makes to attributes it computes."""
        return self._changes.get(name, set()) | self._changes.get("", set())

    def _visit(self, node: ast.AST, place: Change) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                self._visit(child, Change(False, child, None))
                continue
            if isinstance(child, FunctionNode) and place.function is None:
                self._visit(child, replace(place, function=child))
                continue
            changed = _changed_by(child)
            if isinstance(changed, ast.Attribute):
                self._note(changed.value, changed.attr, place)
            elif isinstance(child, ast.Call) and _is_setattr(child):
                name = child.args[1]
                constant = name.value if isinstance(name, ast.Constant) else ""
                self._note(child.args[0], str(constant), place)
            self._visit(child, place)

    def _note(self, receiver: ast.expr, name: str, place: Change) -> None:
        on_self = isinstance(receiver, ast.Name) and receiver.id == "self"
        if name or on_self:
            self._changes[name].add(replace(place, on_self=on_self))


def _is_setattr(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "setattr" and len(call.args) == 3


def _changed_by(node: ast.AST) -> ast.expr | None:
    """What ``node`` assigns, deletes or writes into: ``m.w`` of ``m.w[0].fill_(1)``."""
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _viewed(node) if isinstance(node, ast.Subscript) else node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if catalogue.method(node.func.attr) is Result.IN_PLACE:
            return _viewed(node.func.value)
    return None


def _viewed(node: ast.expr) -> ast.expr:
    """The tensor that ``node`` is an item or a view of."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if catalogue.method(node.func.attr) not in MAY_SHARE:
                return node
            node = node.func.value
        elif isinstance(node, ast.Attribute) and catalogue.attribute(node.attr) in MAY_SHARE:
            node = node.value
        else:
            return node

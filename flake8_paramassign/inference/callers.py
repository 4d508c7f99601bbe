"""Under which grad mode the functions of a file are called, as far as the file shows it.

A function does not inherit the mode of the place it is defined in, only that of its calls. This
is read off the text, without following any flow, and only where a finding depends on it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass

from flake8_paramassign.nodes import FunctionNode

_OFF = frozenset(["no_grad", "inference_mode", "set_grad_enabled"])
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True, slots=True)
class Call:
    """One place that calls a function, or hands it to ``apply``."""

    without_grad: bool
    """Whether a context manager or decorator may turn gradients off there."""
    caller: str
    """The function it stands in; empty at the top level."""


class Callers:
    """The calls of one file, by the last part of the name that is called."""

    def __init__(self, tree: ast.Module) -> None:
        """Look at every call."""
        self._calls: dict[str, set[Call]] = defaultdict(set)
        self._handed_on: set[str] = set()
        self._visit(tree.body, Call(False, ""))

    def only_without_grad(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether gradients may be off at each call of ``name`` that is known, if any is.

        A function that is handed on, or called by a lambda, may be called anywhere.
        """
        calls = self._calls.get(name)
        if not calls or name in seen:
            return bool(calls) or name in self._handed_on
        return all(
            call.without_grad or self.only_without_grad(call.caller, seen | {name})
            for call in calls
        )

    def constructed(self, name: str) -> bool:
        """Whether the class ``name`` is called in this file."""
        return name in self._calls

    def _visit(self, body: list[ast.stmt], context: Call) -> None:
        for statement in body:
            if isinstance(statement, FunctionNode):
                off = any(turns_off(d) for d in statement.decorator_list)
                self._visit(statement.body, Call(off, statement.name))
            elif isinstance(statement, ast.ClassDef):
                self._visit(statement.body, context)
            elif isinstance(statement, ast.With | ast.AsyncWith):
                self._note(statement, context)
                off = any(turns_off(item.context_expr) for item in statement.items)
                self._visit(statement.body, Call(off or context.without_grad, context.caller))
            else:
                self._note(statement, context)
                for name in _BLOCKS:
                    for inner in getattr(statement, name, ()):
                        block = [inner] if isinstance(inner, ast.stmt) else inner.body
                        self._visit(block, context)

    def _note(self, statement: ast.stmt, context: Call) -> None:
        """The calls in a statement, without the statements in it."""
        waiting: list[ast.AST] = [
            child for child in ast.iter_child_nodes(statement) if not isinstance(child, _INNER)
        ]
        while waiting:
            node = waiting.pop()
            name = _last_name(node)
            if isinstance(node, ast.Lambda):
                self._handed_on.update(filter(None, map(_last_name, ast.walk(node))))
            elif isinstance(node, ast.Call):
                applied = node.args if _last_name(node.func) == "apply" else []
                for part in ast.iter_child_nodes(node):
                    called = _last_name(part) if part is node.func or part in applied else ""
                    if called:
                        self._calls[called].add(context)
                        waiting += ast.iter_child_nodes(part)
                    else:
                        waiting.append(part)
            else:
                if name and isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
                    self._handed_on.add(name)
                waiting += ast.iter_child_nodes(node)


def _last_name(node: ast.AST) -> str:
    """``fit`` for ``fit`` and for ``trainer.fit``; nothing for other expressions."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


_INNER = (ast.stmt, ast.ExceptHandler, ast.match_case)


def turns_off(node: ast.expr) -> bool:
    """Whether a context manager or decorator may turn gradients off."""
    flag = node.args[0] if isinstance(node, ast.Call) and node.args else None
    called = node.func if isinstance(node, ast.Call) else node
    name = _last_name(called)
    if name not in _OFF:
        return False
    on = name == "set_grad_enabled"
    return not (isinstance(flag, ast.Constant) and bool(flag.value) is on)

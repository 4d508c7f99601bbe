"""Words for the nodes of ``ast`` that it has none for."""

from __future__ import annotations

import ast

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def root_name(node: ast.expr, *, through_calls: bool = False) -> str:
    """The name that a chain of attributes and items begins with; empty where it is none.

    ``through_calls``: what is called counts for what the call returns.
    """
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif through_calls and isinstance(node, ast.Call):
            node = node.func
        else:
            return node.id if isinstance(node, ast.Name) else ""


def decorator_name(node: ast.expr) -> str:
    """The last part of the name of a decorator, or of what is called."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def caught_by(handler: ast.ExceptHandler) -> set[str]:
    """The last parts of the names of what an ``except`` clause catches."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {getattr(kind, "attr", getattr(kind, "id", "BaseException")) for kind in kinds}


def defaults_of(arguments: ast.arguments) -> list[ast.expr]:
    """The expressions that are evaluated where a function is defined."""
    return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]


def declared(node: FunctionNode) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a function declares global, and nonlocal."""
    found: tuple[set[str], set[str]] = (set(), set())
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Global):
            found[0].update(inner.names)
        elif isinstance(inner, ast.Nonlocal):
            found[1].update(inner.names)
        elif isinstance(inner, ast.stmt) and not isinstance(inner, FunctionNode | ast.ClassDef):
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                waiting.extend(getattr(inner, name, ()))
        elif isinstance(inner, ast.ExceptHandler | ast.match_case):
            waiting.extend(inner.body)
    return frozenset(found[0]), frozenset(found[1])

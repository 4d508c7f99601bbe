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

"""How a message shows what the user wrote. Nothing is decided by it."""

from __future__ import annotations

import ast

_LONGEST = 40
"""Characters of the user's own expression that a message repeats."""


def shown(node: ast.AST | None, otherwise: str = "...") -> str:
    """An expression in one line, shortened where it is long; ``otherwise`` where there is none."""
    if not isinstance(node, ast.expr):
        return otherwise
    text = ast.unparse(node)
    if len(text) <= _LONGEST and "\n" not in text:
        return text
    if isinstance(node, ast.Call):
        callee = ast.unparse(node.func)
        if len(callee) <= _LONGEST and "\n" not in callee:
            return f"{callee}(...)"
    return "..."


def owner_of(node: ast.AST, *, itself: str = "self") -> str:
    """The object whose attribute ``node`` stores: ``m`` of ``m.w = t`` and ``setattr(m, ...)``."""
    if isinstance(node, ast.AugAssign):
        node = node.target
    if isinstance(node, ast.Attribute):
        return _atom(node.value)
    if isinstance(node, ast.Call):
        function = node.func
        is_of_super = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call)
        if is_of_super:
            return itself
        if isinstance(function, ast.Attribute) and len(node.args) < 3:
            return _atom(function.value)
        if node.args:
            return _atom(node.args[0])
    return "m"


def _atom(node: ast.expr) -> str:
    """An expression behind which a dot may stand."""
    text = shown(node, "m")
    plain = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    return text if plain or text == "..." else f"({text})"


def attribute_of(node: ast.AST, name: object, *, itself: str = "self") -> str:
    """The attribute that ``node`` stores, as an expression, in whatever way it stores it."""
    if isinstance(node, ast.AugAssign):
        node = node.target
    if isinstance(node, ast.Attribute):
        return shown(node, f"m.{name}")
    owner = owner_of(node, itself=itself)
    return f"{owner}.{name}" if isinstance(name, str) else f"getattr({owner}, ...)"


def quoted(name: object) -> str:
    """An attribute's name, or what is known of it."""
    from flake8_paramassign.domain.values import Text

    if isinstance(name, Text):
        return f"'{name.prefix}...{name.suffix}'"
    return f"'{name}'" if name is not None else "what is stored"


def in_brackets(where: str) -> str:
    """A place in brackets, with a blank before it; empty where none is known."""
    return f" ({where})" if where else ""

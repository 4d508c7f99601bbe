"""Where variables are: one scope for each activation, inside of others."""

from __future__ import annotations

import ast


class Scope:
    """The variables of one activation of a function, or of a module's top level."""

    __slots__ = ("enclosing", "is_closed_over", "is_module", "node")

    def __init__(self, node: ast.AST, enclosing: Scope | None, *, is_module: bool = False) -> None:
        """``enclosing``: where names are looked up that are not bound here."""
        self.node = node
        self.enclosing = enclosing
        self.is_module = is_module
        self.is_closed_over = False
        """Whether a function was made that looks names up here."""

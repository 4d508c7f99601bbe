"""How much is done for one file.

A file's own code is run whole. What that calls is entered only while effort is left, and there is
as much as the code is long: so the time a file takes grows with its size, whatever it imports.
What is not entered is unknown code. It is counted and not timed, so that a file has the same
findings on every machine, alone or among others.
"""

from __future__ import annotations

import ast


class Effort:
    """What may still be spent, counted in lines that are entered."""

    def __init__(self, scale: float = 1.0) -> None:
        """``scale``: how much more or less than usual; 0 enters nothing."""
        self.scale = scale
        self.left = 0.0

    def allow(self, node: ast.AST, *, share: float = 1.0) -> None:
        """Begin with a piece of the file: so much may be entered from there."""
        self.left = self.scale * share * (200 + lines(node))

    def suffices(self, node: ast.AST) -> bool:
        """Whether a function may be entered, which takes as much as it is long."""
        cost = lines(node)
        if self.left < cost:
            return False
        self.left -= cost
        return True


def lines(node: ast.AST) -> int:
    """How many lines a node has."""
    body = getattr(node, "body", None)
    first = getattr(node, "lineno", 1)
    last = getattr(node, "end_lineno", None)
    if last is None:
        last = getattr(body[-1], "end_lineno", 1) if isinstance(body, list) and body else first
    return last - first + 1

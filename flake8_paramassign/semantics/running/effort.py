"""How much is done for one file.

A file's own code is run whole. What that calls is entered only while effort is left, and there is
as much as the code is long: so the time a file takes grows with its size, whatever it imports.
What is not entered is unknown code. It is counted and not timed, so that a file has the same
findings on every machine, alone or among others.

Code can be written whose analysis would take for ever. Its steps are counted, and a piece of a
file that needs hundreds of times as many as other code is given up.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

_STEPS = 200_000
_STEPS_FOR_A_LINE = 200
"""Seconds of work; public code takes up to 300 steps a line, in few lines, and 125,000 in all."""

_SHORT = 10
"""Lines of a function that may still be entered where others have taken all there was."""
_SPARE = 60
"""Lines of such functions: the call that writes often stands behind those that construct."""

_HURRY = 0.8
"""The share of a piece's steps at which loops that are still to come are no longer settled."""


class TakesTooLong(Exception):
    """A piece of a file takes more steps than it is given."""


class Effort:
    """What may still be spent, counted in lines that are entered."""

    def __init__(self, scale: float = 1.0) -> None:
        """``scale``: how much more or less than usual; 0 enters nothing."""
        self.scale = scale
        self.left: float
        self.spare: float
        self._pool = float("inf")
        self._steps = float("inf")
        self._hurry = 0.0

    def allow(self, node: ast.AST, *, share: float = 1.0) -> None:
        """Begin with a piece of the file: so much may be entered from there, and a little more."""
        length = lines(node)
        self.left = self.scale * share * (min(200, 60 + 6 * length) + length)
        self.spare = self.scale * _SPARE

    @contextmanager
    def aside(self, node: ast.AST, share: float) -> Iterator[None]:
        """While something is run besides, with no more than a share: what is left stays."""
        left, spare = self.left, self.spare
        try:
            self.allow(node, share=share)
            self.spare = 0.0
            yield
        finally:
            self.left, self.spare = left, spare

    def begin_file(self, tree: ast.Module) -> None:
        """Begin with a file: so many steps may be taken in all."""
        self._pool = _STEPS + _STEPS_FOR_A_LINE * lines(tree)
        self._steps = 0

    def begin_piece(self) -> None:
        """Begin with a function or class: it may take half of the steps that are left."""
        self._pool += self._steps
        self._steps = self._pool // 2
        self._pool -= self._steps
        self._hurry = self._steps * _HURRY

    def step(self, count: int = 1) -> None:
        """Take steps. Raises TakesTooLong where there are no more left."""
        self._steps -= count
        if self._steps < 0:
            self._steps = 0
            raise TakesTooLong

    @property
    def is_short(self) -> bool:
        """Whether a piece has few steps left: what takes many is to be widened at once."""
        return self._steps < self._hurry

    def rounds(self, usual: int) -> int:
        """How often a loop is run before it is widened."""
        return usual if self.scale >= 1 else 2

    def suffices(self, node: ast.AST, *, is_near: bool) -> bool:
        """Whether a function may be entered, which takes as much as it is long.

        ``is_near``: whether the piece of the file itself calls it, not something that was entered.
        """
        cost = lines(node)
        if self.left >= cost:
            self.left -= cost
            return True
        if is_near and cost <= _SHORT and self.spare >= cost:
            self.spare -= cost
            return True
        return False


def lines(node: ast.AST) -> int:
    """How many lines a node has."""
    body = getattr(node, "body", None)
    first = getattr(node, "lineno", 1)
    last = getattr(node, "end_lineno", None)
    if last is None:
        last = getattr(body[-1], "end_lineno", 1) if isinstance(body, list) and body else first
    return last - first + 1

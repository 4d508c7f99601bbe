"""What is running, and whether anybody is told what it does: the stack of activations.

It knows frames and effort, and nothing of what runs in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from flake8_paramassign.semantics.frames import Frame
from flake8_paramassign.semantics.running.effort import Effort

_UNROLLED = 8
"""Loops over as many known items run once for each of them,"""
_MOST_ROUNDS = 512
"""and loops inside of them, as long as the innermost runs no more often than this."""


class Activations:
    """The frames that are running, the innermost last."""

    def __init__(self, effort: Effort) -> None:
        """Nothing is running; where ``effort`` is short, no loop is unrolled."""
        self._effort = effort
        self.frames: list[Frame] = []
        self._quiet = 0
        self._looks = 0
        self._rounds = 1

    @contextmanager
    def running(self, frame: Frame) -> Iterator[None]:
        """While ``frame`` is what is running."""
        self.frames.append(frame)
        try:
            yield
        finally:
            self.frames.pop()

    @property
    def is_quiet(self) -> bool:
        """Whether something is only looked at again."""
        return self._quiet > 0

    @property
    def is_a_look(self) -> bool:
        """Whether code runs only to know what it leaves."""
        return self._looks > 0

    @property
    def is_told(self) -> bool:
        """Whether what runs is for the listener."""
        return not self._quiet and not self._looks

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """While something is evaluated again: nothing is told, and nothing entered."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    @contextmanager
    def looking(self) -> Iterator[None]:
        """While code runs only to know what it leaves: nothing is told."""
        self._looks += 1
        try:
            yield
        finally:
            self._looks -= 1

    def may_unroll(self, count: int) -> bool:
        """Whether a loop over ``count`` items runs for each: their number is a power of depth."""
        few = count <= _UNROLLED and count * self._rounds <= _MOST_ROUNDS
        return few and not self._effort.is_short

    @contextmanager
    def round(self, node: ast.AST, number: int, of: int) -> Iterator[None]:
        """While one of so many rounds of a loop over known items runs."""
        frame = self.frames[-1]
        before = frame.context, self._rounds
        frame.context = (frame.context, node, number)
        self._rounds *= of
        try:
            yield
        finally:
            frame.context, self._rounds = before

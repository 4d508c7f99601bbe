"""In which grad modes each function is seen to be called."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.state import INHERITED
from flake8_paramassign.domain.values import (
    Function,
)
from flake8_paramassign.semantics.frames import Frame, Role


class Callers:
    """Remembers how functions are called."""

    def __init__(self) -> None:
        """No call has been seen."""
        self._modes: dict[ast.AST, set[bool | str | None]] = {}

    def called(self, function: Function, mode: bool | str | None) -> None:
        """A function is called in a grad mode."""
        self._modes.setdefault(function.node, set()).add(mode)

    def is_called(self, frame: Frame) -> bool:
        """Whether it is seen, or known of itself, how an activation that was begun is called."""
        return frame.role not in (Role.FUNCTION, Role.METHOD) or bool(self._modes.get(frame.node))

    def mode_of(self, frame: Frame) -> bool | None:
        """The grad mode in which an activation that was begun for its own sake is called."""
        modes = self._modes.get(frame.node)
        if not modes or True in modes or INHERITED in modes:
            return True
        return False if modes == {False} else None

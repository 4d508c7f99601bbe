"""In which grad modes each function is seen to be called."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.values import Function
from flake8_paramassign.semantics.frames import Frame, Role


class Callers:
    """Remembers how functions are called."""

    def __init__(self) -> None:
        """No call has been seen."""
        self._modes: dict[ast.AST, set[bool | ast.AST | None]] = {}
        """In place of a mode that is inherited: the function that was begun, whose mode it is."""

    def called(self, function: Function, mode: bool | str | None, root: Frame) -> None:
        """A function is called in a grad mode, on a way that began with ``root``."""
        known = root.node if isinstance(mode, str) else mode
        self._modes.setdefault(function.node, set()).add(known)

    def is_called(self, frame: Frame) -> bool:
        """Whether it is seen, or known of itself, how an activation that was begun is called."""
        return frame.role not in (Role.FUNCTION, Role.METHOD) or bool(self._modes.get(frame.node))

    def mode_of(self, frame: Frame) -> bool | None:
        """The grad mode in which an activation that was begun for its own sake is called.

        Whoever is called by nobody in sight is called where gradients are recorded.
        """
        modes: set[bool | None] = set()
        seen: set[ast.AST] = set()
        waiting: list[ast.AST] = [frame.node]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                for mode in self._modes.get(node, {True}):
                    if isinstance(mode, ast.AST):
                        waiting.append(mode)
                    else:
                        modes.add(mode)
        if True in modes or not modes:
            return True
        return False if modes == {False} else None

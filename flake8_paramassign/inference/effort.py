"""How much is done for one file.

A file's own code is run whole. What that calls, in this file or another, is entered only while
effort is left, and there is as much as the file is long: so the time a file takes grows with its
size, whatever it imports. What is not entered is unknown, and nothing is said of it.
"""

from __future__ import annotations

import ast

from flake8_paramassign.nodes import FunctionNode

_AT_FIRST = 100
_FOR_A_LINE = 4
_IN_RESERVE = 2
"""What is kept for ``__init__`` of classes: without it nothing is known of their objects."""
_IN_A_LINE = 2
"""How many expressions are evaluated for a line of what is entered, about."""
_BYTES = 200
"""How much of another file is looked through in the time that one expression takes."""
_TO_OPEN = 8000
"""How much could be looked through in the time that finding a file and reading it takes."""
_READABLE = 1200
"""How many bytes of other files are looked through for a line, at most."""


class Effort:
    """What may still be spent for one file, counted in expressions that are evaluated.

    It is counted and not timed, and what is in memory already counts as well: so a file has the
    same findings on every machine, alone or among others.
    """

    __slots__ = ("_readable", "_reserve", "left")

    def __init__(self, text: str = "") -> None:
        """Enough for the smallest file; ``text`` is the one to be analysed."""
        self._readable = _READABLE * (text.count("\n") + _AT_FIRST // 4)
        self.left = _AT_FIRST
        self._reserve = _AT_FIRST

    def allow(self, statement: ast.stmt) -> None:
        """Go on to ``statement`` of the file: it has its share, and what is left so far.

        Docstrings have none; they cost nothing.
        """
        lines = _lines(statement) - _lines_of_docstring(statement)
        if isinstance(statement, ast.ClassDef):
            lines -= sum(map(_lines_of_docstring, statement.body))
        self._reserve = max(self._reserve + min(self.left, 0), 0) + _IN_RESERVE * lines
        self.left = max(self.left, 0) + _FOR_A_LINE * lines

    def opens(self, size: int) -> bool:
        """Look through another file of ``size`` bytes, if all are not out of proportion."""
        cost = size + _TO_OPEN
        if cost > self._readable:
            return False
        self._readable -= cost
        self.left -= size // _BYTES
        return True

    def suffices(self, function: ast.stmt | ast.Lambda) -> bool:
        """Whether ``function`` may be entered."""
        return self.left > _IN_A_LINE * _lines(function)

    def suffices_to_construct(self, init: ast.stmt) -> bool:
        """Whether ``init`` may be run, to know what the objects of a class hold."""
        return self.left + self._reserve > _IN_A_LINE * _lines(init)


def _lines(node: ast.stmt | ast.Lambda) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _lines_of_docstring(node: ast.stmt) -> int:
    if not isinstance(node, FunctionNode | ast.ClassDef):
        return 0
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return _lines(first) if is_text else 0

"""What is not said where a piece of a file could not be analysed."""

from __future__ import annotations

import ast

from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.index import Index


class Doubts:
    """The pieces of a file that failed: what they do to the others is not known.

    That concerns the statement of the top level that such a piece is in, the functions and classes
    that it names or that name it, and the attributes that it stores. All else holds without it.
    """

    def __init__(self, tree: ast.Module) -> None:
        """Nothing of the file ``tree`` has failed yet."""
        self._tree = tree
        self._index = Index()
        self._failed: list[ast.AST] = []

    def add(self, node: ast.AST) -> None:
        """The piece ``node`` failed: a function, a class, or all statements of the top level."""
        self._failed += self._script() if node is self._tree else [self._top(node)]

    def concern(self, node: ast.AST, name: object) -> bool:
        """Whether what was found at ``node``, of the attribute ``name``, is in doubt."""
        if not self._failed:
            return False
        top = self._top(node)
        own = {getattr(part, "name", "") for part in (top, *getattr(top, "body", ()))}
        own = {word for word in own if word and not word.startswith("__")}
        names = self._index.of(top).names
        for failed in self._failed:
            content = self._index.of(failed)
            if failed is top or name in content.stored or getattr(failed, "name", "") in names:
                return True
            if not own.isdisjoint(content.names) or not own.isdisjoint(content.attributes):
                return True
        return False

    def _script(self) -> list[ast.stmt]:
        return [s for s in self._tree.body if not isinstance(s, FunctionNode | ast.ClassDef)]

    def _top(self, node: ast.AST) -> ast.AST:
        """The statement of the top level that ``node`` is in."""
        line = getattr(node, "lineno", 1)
        tops = (s for s in self._tree.body if s.lineno <= line <= (s.end_lineno or s.lineno))
        return next(tops, self._tree)

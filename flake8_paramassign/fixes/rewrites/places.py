"""Where a node stands in the tree of a file."""

from __future__ import annotations

import ast


def path_to(tree: ast.AST, node: ast.AST) -> list[ast.AST]:
    """Return the nodes around ``node``, the outermost first, and it; empty if ``tree`` lacks it."""
    path: list[ast.AST] = []

    def found(parent: ast.AST) -> bool:
        path.append(parent)
        if parent is node or any(_may_hold(c, node) and found(c) for c in _children(parent)):
            return True
        path.pop()
        return False

    return path if found(tree) else []


def _children(node: ast.AST) -> list[ast.AST]:
    return list(ast.iter_child_nodes(node))


def _may_hold(parent: ast.AST, node: ast.AST) -> bool:
    """Whether the lines of ``node`` are among those of ``parent``; decorators stand above it."""
    first, last = getattr(parent, "lineno", 0), getattr(parent, "end_lineno", None)
    for decorator in getattr(parent, "decorator_list", ()):
        first = min(first, decorator.lineno)
    line: int = getattr(node, "lineno", 0)
    return last is None or first <= line <= last


def block_of(tree: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """Return the statements that ``statement`` stands among, it included."""
    *_, parent, _ = [None, tree, *path_to(tree, statement)]
    return _block_in(parent, statement)


def _block_in(parent: ast.AST | None, statement: ast.stmt) -> list[ast.stmt]:
    blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
    return next((b for b in blocks if isinstance(b, list) and statement in b), [])


def neighbours(statement: ast.stmt, parent: ast.AST) -> tuple[ast.stmt | None, ast.stmt | None]:
    """Return the statements of the same block on the lines just above ``statement`` and below."""
    block = _block_in(parent, statement)
    if not block:
        return None, None
    index = block.index(statement)
    above, below = block[index - 1] if index else None, next(iter(block[index + 1 :]), None)
    return (
        above if above and (above.end_lineno or 0) + 1 == statement.lineno else None,
        below if below and (statement.end_lineno or 0) + 1 == below.lineno else None,
    )

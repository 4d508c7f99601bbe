"""Whether a name is read after it was written, as the text of a function shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Loop = ast.For | ast.AsyncFor | ast.While


def read_after(name: str, written: ast.stmt, loop: ast.For | ast.AsyncFor, scope: ast.AST) -> bool:
    """Whether ``name``, the target of ``loop``, may be read between ``written`` and its next value.

    That is in the rest of the loop's body, after the loop before the name is bound again, or in an
    outer loop before this one.
    """
    after = _end(written)
    if any(_is_load(node) and _start(node) > after for node in _named(name, loop)):
        return True
    behind = [node for node in _named(name, scope) if _start(node) > _end(loop)]
    if behind and _is_load(min(behind, key=_start)):
        return True
    return any(
        _is_load(node) and _start(node) < _start(loop)
        for outer in ast.walk(scope)
        if isinstance(outer, _Loop) and outer is not loop and _contains(outer, loop)
        for node in _named(name, outer)
    )


def only_stored_into(name: str, scope: ast.AST) -> bool:
    """Whether nothing is done with ``name`` but to store items in it, and to look at its keys.

    ``state[key] = state[key] * 2`` and ``for key in state:`` count as that.
    """
    return all(node in _harmless(name, scope) for node in _named(name, scope) if _is_load(node))


def _harmless(name: str, scope: ast.AST) -> set[ast.AST]:
    found: set[ast.AST] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Subscript) and _is_name(t.value, name) for t in targets):
                found.update(_named(name, node))
        elif isinstance(node, ast.Expr) and _is_update(node.value, name):
            found.update(_named(name, node))
        elif isinstance(node, ast.For) and _is_view(node.iter, name):
            found.update(_named(name, node.iter))
        elif isinstance(node, ast.Compare) and _is_view(node.comparators[-1], name):
            found.update(_named(name, node.comparators[-1]))
    return found


def _is_update(node: ast.expr, name: str) -> bool:
    """``state.update(...)``."""
    func = node.func if isinstance(node, ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr == "update" and _is_name(func.value, name)


def _is_view(node: ast.expr, name: str) -> bool:
    """``state``, ``state.keys()``, ``state.items()``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        node = node.func.value if node.func.attr in ("keys", "items") else node
    return _is_name(node, name)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _named(name: str, scope: ast.AST) -> Iterator[ast.Name]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and node.id == name:
            yield node


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _start(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _contains(outer: _Loop, inner: ast.stmt) -> bool:
    return _start(outer) < _start(inner) and _end(inner) <= _end(outer)


def tests_around(statement: ast.stmt, scope: ast.AST) -> Iterator[tuple[ast.expr, ast.If]]:
    """What ``statement`` depends on: each ``if`` around it, or that leaves before it."""
    for node in ast.walk(scope):
        if isinstance(node, ast.If) and _start(node) < _start(statement):
            inside = _end(statement) <= _end(node)
            leaves = isinstance(node.body[-1], ast.Return | ast.Raise | ast.Continue)
            if inside or leaves:
                yield node.test, node


def put_back(target: ast.expr, statement: ast.stmt, scope: ast.AST) -> bool:
    """Whether ``old = target`` stands before ``statement`` and ``target = old`` after it."""
    text = ast.unparse(target)
    kept: set[str] = set()
    assignments = [node for node in ast.walk(scope) if isinstance(node, ast.Assign)]
    for node in assignments:
        if _start(node) < _start(statement) and ast.unparse(node.value) == text:
            kept |= {ast.unparse(name) for name in node.targets}
    return any(
        _start(node) > _start(statement)
        and ast.unparse(node.value) in kept
        and any(ast.unparse(target) == text for target in node.targets)
        for node in assignments
    )

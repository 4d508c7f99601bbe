"""Statements of a program that is written already: which they are, and what is left without."""

from __future__ import annotations

import ast
from collections.abc import Iterator

BODIES = ("body", "orelse", "finalbody")


def bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield every list of statements in a tree, the outer ones first."""
    for node in ast.walk(tree):
        for name in BODIES:
            if isinstance(body := getattr(node, name, None), list):
                yield body


def statement_at(tree: ast.AST, line: int) -> ast.stmt | None:
    """Return the innermost statement that begins at or runs over a line."""
    best: ast.stmt | None = None
    for body in bodies(tree):
        for statement in body:
            if statement.lineno <= line <= (statement.end_lineno or line):
                best = statement  # the later are the inner ones
    return best


def without(source: str, line: int) -> str:
    """Return a program with ``pass`` in the place of a statement, on the same lines."""
    return _exchanged(source, line, "pass")


def put_back(source: str, original: str, line: int) -> str:
    """Return a program with the statement that ``original`` has at a line, which it has not."""
    statement = statement_at(ast.parse(original), line)
    if statement is None:
        return source
    lines, first, last = source.splitlines(), statement.lineno - 1, statement.end_lineno
    lines[first:last] = original.splitlines()[first:last]
    return "\n".join(lines) + "\n"


def replaced(source: str, line: int) -> str:
    """Return a program of which a statement evaluates what it did, and does nothing with it."""
    statement = statement_at(ast.parse(source), line)
    parts: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        stored = [t for t in statement.targets if isinstance(t, (ast.Attribute, ast.Subscript))]
        parts = [statement.value, *(target.value for target in stored)]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        parts = [called.value] if isinstance(called, ast.Attribute) else []
        parts += statement.value.args
    evaluated = "".join(f"{ast.unparse(part)}, " for part in parts)
    return _exchanged(source, line, f"({evaluated.strip()})" if parts else "pass")


def restored(source: str, line: int) -> str:
    """Return a program of which a statement stores a copy of the tensor that is there already."""
    statement = statement_at(ast.parse(source), line)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Attribute):
        return replaced(source, line)
    value, target = ast.unparse(statement.value), ast.unparse(statement.targets[0])
    return _exchanged(source, line, f"({value}); {target} = {target}.detach().clone()")


def _exchanged(source: str, line: int, new: str) -> str:
    statement = statement_at(ast.parse(source), line)
    if statement is None:
        return source
    lines = source.splitlines()
    first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
    lines[first:last] = [" " * statement.col_offset + new] + [""] * (last - first - 1)
    return "\n".join(lines) + "\n"


def feature(tree: ast.AST, line: int) -> str:
    """Return in which form and in which place a statement stands: what a miss is counted by."""
    around: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line):
            kind = type(node).__name__
            if isinstance(node, ast.FunctionDef):
                kind = node.name if node.name in ("build", "forward", "__init__") else "function"
            around.append({"ClassDef": "class", "FunctionDef": "function"}.get(kind, kind))
    statement = statement_at(tree, line)
    return " > ".join([*around[:-1], _form(statement)]) if statement else ""


def _form(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Assign):
        target, value = statement.targets[0], statement.value
        return f"{_shape(target)} = {_shape(value)}"
    if isinstance(statement, ast.Expr):
        return _shape(statement.value)
    return type(statement).__name__


def _shape(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return f"{_shape(node.func)}()"
    if isinstance(node, ast.Attribute):
        ours = {"weight", "bias", "model", "self"}
        name = "slot" if node.attr in ours else node.attr
        return f"{_shape(node.value)}.{name}"
    if isinstance(node, ast.Name):
        return node.id if node.id in ("self", "nn", "torch", "setattr", "F") else "x"
    return type(node).__name__

"""What a rewrite changed: which statements, and what their form promises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Write:
    """How a program writes its parameters."""

    lines: tuple[int, ...] = ()
    """Where the statements begin."""
    in_place: bool = False
    """They change the Parameter that is there; else they store another object."""
    through_data: bool = False
    """They reach it through ``.data``."""


def changed_lines(source: bytes, other: bytes) -> set[int]:
    """Return the numbers of the lines of ``source`` that differ from ``other``."""
    lines, others = source.splitlines(), other.splitlines()
    matcher = SequenceMatcher(None, lines, others, autojunk=False)
    return {
        line + 1
        for tag, start, end, _, _ in matcher.get_opcodes()
        if tag != "equal"
        for line in range(start, end)
    }


def write_at(source: bytes, lines: set[int]) -> Write:
    """Return the write in the statements that touch ``lines``; raises SyntaxError."""
    statements = [
        statement
        for statement in ast.walk(ast.parse(source))
        if isinstance(statement, ast.stmt) and lines & set(_own_lines(statement))
    ]
    parts = [part for statement in statements for part in ast.walk(statement)]
    return Write(
        tuple(sorted({statement.lineno for statement in statements})),
        in_place=any(map(_writes_in_place, parts)) and not any(map(_makes_parameter, parts)),
        through_data=any(isinstance(part, ast.Attribute) and part.attr == "data" for part in parts),
    )


def _own_lines(statement: ast.stmt) -> Iterator[int]:
    """Yield the lines of a statement, or of its header where it has a body."""
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    yield from range(statement.lineno, max(end, statement.lineno) + 1)


def _writes_in_place(part: ast.AST) -> bool:
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
        name = part.func.attr
        return name.endswith("_") and not name.startswith("_") and name != "requires_grad_"
    if isinstance(part, ast.AugAssign):
        return not isinstance(part.op, ast.MatMult)
    return isinstance(part, ast.Assign) and any(
        isinstance(target, ast.Subscript) for target in part.targets
    )


def _makes_parameter(part: ast.AST) -> bool:
    if not isinstance(part, ast.Call):
        return False
    called = part.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("Parameter", "Buffer", "ParameterList", "ParameterDict")

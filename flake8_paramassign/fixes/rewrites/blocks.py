"""Statements on lines of their own, and putting one into a block."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite


def put_into_block(draft: Draft, header: str = "", unit: str = "") -> None:
    """Write ``header`` above the draft's statement and indent that; raises NoRewrite.

    Without a header it joins the block that ends on the line above, whose indentation is ``unit``.
    """
    statement = draft.statement
    start = draft.inner(statement).start
    indent = indent_of(draft, statement)
    end_of_line(draft, statement)
    unit = unit or unit_of(draft)
    draft.insert(start, f"{header}\n{indent}{unit}" if header else unit)
    for line in _further_lines(draft, statement):
        draft.insert(draft.source.starts[line - 1], unit)
    draft.claim(draft.inner(statement).end)


def indent_of(draft: Draft, statement: ast.stmt) -> str:
    """What stands before a statement on its line; raises NoRewrite if that is code."""
    text = draft.text[draft.source.starts[statement.lineno - 1] : draft.inner(statement).start]
    if text.strip():
        raise NoRewrite("a block needs lines of its own, and the statement shares its line")
    return text


def end_of_line(draft: Draft, statement: ast.stmt) -> int:
    """Where the line ends that a statement ends; raises NoRewrite if more code stands there."""
    end = draft.inner(statement).end
    number = draft.source.line_at(end)
    line = draft.source.between(number, number).rstrip("\r\n")
    line_end = draft.source.starts[number - 1] + len(line)
    rest = draft.text[end:line_end].strip()
    if rest and not rest.startswith("#"):
        raise NoRewrite("a block needs lines of its own, and the statement shares its line")
    return line_end


def unit_of(draft: Draft) -> str:
    """By how much the blocks of the file are indented, those around the statement before all."""
    for node in (*reversed(draft.path), *ast.walk(draft.tree)):
        body = getattr(node, "body", None)
        if isinstance(node, ast.stmt) and isinstance(body, list):
            line = draft.source.between(body[0].lineno, body[0].lineno)
            inner = line[: len(line) - len(line.lstrip())]
            outer_line = draft.source.between(node.lineno, node.lineno)
            outer = outer_line[: len(outer_line) - len(outer_line.lstrip())]
            if len(inner) > len(outer):
                return inner.removeprefix(outer)
    return "    "


def _further_lines(draft: Draft, statement: ast.stmt) -> Iterator[int]:
    """The lines of a statement after its first, but for those that are in strings."""
    in_strings = {
        line
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant | ast.JoinedStr)
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    for line in range(statement.lineno + 1, (statement.end_lineno or 0) + 1):
        if line not in in_strings and draft.source.between(line, line).strip():
            yield line

"""``with torch.no_grad():`` around a statement."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.rewrites.draft import Draft
from codemods.rewrites.places import before
from codemods.rewrites.reasons import NoRewrite
from flake8_paramassign.inference.values import External

_NO_GRAD = "torch.no_grad"


def put_under_no_grad(draft: Draft) -> None:
    """Put the draft's statement under ``with torch.no_grad():``; raises NoRewrite.

    It joins a block that ends on the line above. A write that stands there, and may become a
    block, is claimed: it is mended first.
    """
    statement = draft.statement
    start = draft.inner(statement).start
    indent = _indent(draft, statement)
    _end_of_line(draft, statement)
    above = before(statement, draft.path[draft.path.index(statement) - 1])
    if above is not None and (above.end_lineno or 0) + 1 < statement.lineno:
        above = None
    if isinstance(above, ast.With) and _is_no_grad_block(draft, above):
        unit = _indent(draft, above.body[0]).removeprefix(indent)
    else:
        unit = _unit(draft)
        if isinstance(above, ast.Assign | ast.AugAssign | ast.Expr):
            draft.claim(draft.inner(above).end)
        draft.insert(start, f"with {draft.named(_NO_GRAD, start)}():\n{indent}")
    draft.insert(start, unit)
    for line in _further_lines(draft, statement):
        draft.insert(draft.source.starts[line - 1], unit)


def write_under_no_grad(draft: Draft, line: str) -> None:
    """Add ``line`` below the draft's statement, under ``with torch.no_grad():``."""
    statement = draft.statement
    indent = _indent(draft, statement)
    end = _end_of_line(draft, statement)
    block = draft.named(_NO_GRAD, draft.inner(statement).start)
    draft.insert(end, f"\n{indent}with {block}():\n{indent}{_unit(draft)}{line}")


def _is_no_grad_block(draft: Draft, block: ast.With) -> bool:
    [item, *others] = block.items
    call = item.context_expr
    return (
        not others
        and isinstance(call, ast.Call)
        and External(_NO_GRAD) in draft.module.static(call.func)
        and block.body[0].lineno > call.lineno
    )


def _indent(draft: Draft, statement: ast.stmt) -> str:
    """What stands before a statement on its line; raises NoRewrite if that is code."""
    text = draft.text[draft.source.starts[statement.lineno - 1] : draft.inner(statement).start]
    if text.strip():
        raise NoRewrite("a block needs lines of its own, and the statement shares its line")
    return text


def _end_of_line(draft: Draft, statement: ast.stmt) -> int:
    """Where the line ends that a statement ends; raises NoRewrite if more code stands there."""
    end = draft.inner(statement).end
    number = draft.source.line_at(end)
    line = draft.source.between(number, number).rstrip("\r\n")
    line_end = draft.source.starts[number - 1] + len(line)
    rest = draft.text[end:line_end].strip()
    if rest and not rest.startswith("#"):
        raise NoRewrite("a block needs lines of its own, and the statement shares its line")
    return line_end


def _unit(draft: Draft) -> str:
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

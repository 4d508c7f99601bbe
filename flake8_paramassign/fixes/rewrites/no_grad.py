"""``with torch.no_grad():`` around a statement."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from keyword import iskeyword

from flake8_paramassign.domain.values import Library
from flake8_paramassign.fixes.rewrites.blocks import end_of_line, indent_of, put_into_block, unit_of
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import block_of, neighbours
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite

NO_GRAD = "torch.no_grad"
_AT_LINE_END = re.compile(r"\(\s+$")
_AT_LINE_START = re.compile(r"^\s*,?\s+\)")


def put_under_no_grad(draft: Draft) -> None:
    """Put the draft's statement under ``with torch.no_grad():``; raises NoRewrite.

    It joins a block that ends on the line above, and one that begins on the line below. A write
    that stands above, and may become a block, is claimed: it is mended first.
    """
    statement = draft.statement
    above, below = neighbours(statement, draft.path[draft.path.index(statement) - 1])
    if isinstance(above, ast.With) and _is_no_grad_block(draft, above):
        unit = _unit_within(draft, above)
        put_into_block(draft, unit=unit)
    else:
        unit = unit_of(draft)
        put_into_block(draft, f"with {draft.named(NO_GRAD, draft.inner(statement).start)}():")
        if isinstance(above, ast.Assign | ast.AugAssign | ast.Expr):
            draft.claim(draft.inner(above).end)
    if isinstance(below, ast.With) and _is_no_grad_block(draft, below):
        header = draft.source.between(below.lineno, below.body[0].lineno - 1)
        if header.rstrip().endswith(":") and unit == _unit_within(draft, below):
            draft.cut(*(draft.source.starts[n.lineno - 1] for n in (below, below.body[0])))


def write_below(draft: Draft, line: str, local: str) -> None:
    """Add ``line``, which writes the variable ``local``, below the draft's statement.

    It stands behind others that do the like, so that all of them keep their order. Raises
    NoRewrite.
    """
    statement = draft.statement
    block = block_of(draft.tree, statement)
    others = _writes_of(local, block[block.index(statement) + 1 :])
    end = end_of_line(draft, [statement, *others][-1])
    draft.insert(end, f"\n{indent_of(draft, statement)}{line}")


def write_below_without_grad(draft: Draft, line: str, local: str) -> None:
    """Add ``line`` likewise, under ``no_grad``: in the block that stands there, if one does."""
    statement = draft.statement
    _, below = neighbours(statement, draft.path[draft.path.index(statement) - 1])
    if isinstance(below, ast.With) and _is_no_grad_block(draft, below):
        indent = indent_of(draft, below.body[0])
        if others := _writes_of(local, below.body):
            draft.insert(end_of_line(draft, others[-1]), f"\n{indent}{line}")
        else:
            draft.insert(draft.source.starts[below.body[0].lineno - 1], f"{indent}{line}\n")
        return
    block = draft.named(NO_GRAD, draft.inner(statement).start)
    indent = indent_of(draft, statement)
    text = f"\n{indent}with {block}():\n{indent}{unit_of(draft)}{line}"
    draft.insert(end_of_line(draft, statement), text)


def _writes_of(local: str, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """Return those of the first statements that write a variable into something."""
    return [*takewhile(lambda statement: _is_write_of(local, statement), statements)]


def _is_write_of(local: str, statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    call = statement.value
    written = call.args[0] if call.args else None
    while isinstance(written, ast.Call) and written.args:  # `torch.tensor(w)`
        written = written.args[0]
    is_it = isinstance(written, ast.Name) and written.id == local
    return is_it and getattr(call.func, "attr", "") in ("copy_", "fill_")


def _unit_within(draft: Draft, block: ast.With) -> str:
    """By how much a block that stands beside the draft's statement is indented."""
    return indent_of(draft, block.body[0]).removeprefix(indent_of(draft, draft.statement))


def without_grad(draft: Draft, subject: Sequence[ast.expr], values: Iterable[ast.expr]) -> None:
    """Let the draft's statement write to ``subject`` under ``no_grad``; raises NoRewrite.

    That of ``values`` which may need gradients, or do more than give a value, is computed before
    and kept in a local variable. A subject is one expression, or an object and a name.
    """
    unclear = [value for value in values if not is_pure(value, draft.module)]
    if not unclear:
        put_under_no_grad(draft)
    elif len(unclear) == 1 and all(is_pure(part, draft.module) for part in subject):
        _compute_before(draft, unclear[0], _name_for(subject[-1]))
    else:
        raise NoRewrite("what is written may need gradients: compute it before, in a local")


def _compute_before(draft: Draft, value: ast.expr, name: str) -> None:
    """Leave in the statement's place ``name = value``, and do below it what the statement does."""
    statement = draft.statement
    name = free_name(draft, name)
    whole, part = draft.inner(statement), draft.outer(value)
    above = _AT_LINE_END.sub("(", draft.take(whole.start, part.start))
    below = _AT_LINE_START.sub(")", draft.take(part.end, whole.end))
    if "\n" in above + below:
        raise NoRewrite("what is written may need gradients: compute it before, in a local")
    if above.endswith(" (") and below.startswith(")"):  # They were around the value.
        above, below = above[:-1], below[1:]
    is_whole = _is_expression(draft.text[part.start : part.end])
    draft.replace(whole.start, part.start, f"{name} = " if is_whole else f"{name} = (")
    draft.replace(part.end, whole.end, "" if is_whole else ")")
    kept = f"({name})" if above[-1:].isidentifier() else name  # the value's brackets are above
    write_below_without_grad(draft, f"{above}{kept}{below}", name)


def _name_for(subject: ast.expr) -> str:
    """What the value of ``m.weight``, of ``m.weight.data[0]`` or of ``"weight"`` may be called."""
    while isinstance(subject, ast.Subscript) or getattr(subject, "attr", "") == "data":
        subject = subject.value  # type: ignore[attr-defined]
    for name in ("attr", "id", "value"):
        if isinstance(found := getattr(subject, name, None), str):
            return found
    return "value"


def free_name(draft: Draft, name: str) -> str:
    """Return ``name``, with ``new_`` before it as often as the file has such a name already."""
    name = name if name.isidentifier() else "value"
    taken = {node.id for node in ast.walk(draft.tree) if isinstance(node, ast.Name)}
    taken |= {node.arg for node in ast.walk(draft.tree) if isinstance(node, ast.arg)}
    while name in taken or iskeyword(name):
        name = f"new_{name}"
    return name


def _is_expression(text: str) -> bool:
    """Whether ``text`` is one as it stands: not one that needs the parentheses of a call."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True


def _is_no_grad_block(draft: Draft, block: ast.With) -> bool:
    [item, *others] = block.items
    call = item.context_expr
    return (
        not others
        and isinstance(call, ast.Call)
        and Library(NO_GRAD) in draft.module.static(call.func)
        and block.body[0].lineno > call.lineno
    )

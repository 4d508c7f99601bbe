"""``with torch.no_grad():`` around a statement."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from keyword import iskeyword

from codemods.rewrites.blocks import end_of_line, indent_of, put_into_block, unit_of
from codemods.rewrites.draft import Draft
from codemods.rewrites.places import before
from codemods.rewrites.purity import is_pure
from codemods.rewrites.reasons import NoRewrite
from flake8_paramassign.inference.values import External

_NO_GRAD = "torch.no_grad"
_AT_LINE_END = re.compile(r"\(\s+$")
_AT_LINE_START = re.compile(r"^\s*,?\s+\)")


def put_under_no_grad(draft: Draft) -> None:
    """Put the draft's statement under ``with torch.no_grad():``; raises NoRewrite.

    It joins a block that ends on the line above. A write that stands there, and may become a
    block, is claimed: it is mended first.
    """
    statement = draft.statement
    above = before(statement, draft.path[draft.path.index(statement) - 1])
    if above is not None and (above.end_lineno or 0) + 1 < statement.lineno:
        above = None
    if isinstance(above, ast.With) and _is_no_grad_block(draft, above):
        outer = indent_of(draft, statement)
        put_into_block(draft, unit=indent_of(draft, above.body[0]).removeprefix(outer))
        return
    put_into_block(draft, f"with {draft.named(_NO_GRAD, draft.inner(statement).start)}():")
    if isinstance(above, ast.Assign | ast.AugAssign | ast.Expr):
        draft.claim(draft.inner(above).end)


def without_grad(
    draft: Draft, subject: Iterable[ast.expr], values: Iterable[ast.expr], name: str
) -> None:
    """Let the draft's statement write to ``subject`` under ``no_grad``; raises NoRewrite.

    That of ``values`` which may need gradients, or do more than give a value, is computed before
    and kept in a local variable, called ``name`` if that is free.
    """
    unclear = [value for value in values if not is_pure(value, draft.module)]
    if not unclear:
        put_under_no_grad(draft)
    elif len(unclear) == 1 and all(is_pure(part, draft.module) for part in subject):
        _compute_before(draft, unclear[0], name)
    else:
        raise NoRewrite("what is written may need gradients: compute it before, in a local")


def _compute_before(draft: Draft, value: ast.expr, name: str) -> None:
    """Leave in the statement's place ``name = value``, and do below it what the statement does."""
    statement = draft.statement
    indent = indent_of(draft, statement)
    line_end = end_of_line(draft, statement)
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
    block = draft.named(_NO_GRAD, whole.start)
    line = f"{indent}{unit_of(draft)}{above}{name}{below}"
    draft.insert(line_end, f"\n{indent}with {block}():\n{line}")


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
        and External(_NO_GRAD) in draft.module.static(call.func)
        and block.body[0].lineno > call.lineno
    )

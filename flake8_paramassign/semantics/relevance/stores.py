"""What statements store into, by their syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

ANY = "*"
"""How a name ends of which only the beginning is known."""
_LEAVES = frozenset(
    [ast.Name, ast.Constant, ast.Call, ast.BinOp, ast.Compare, ast.BoolOp, ast.JoinedStr,
     ast.Load, ast.Store, ast.UnaryOp, ast.Pass, ast.Return, ast.arguments]
)  # fmt: skip
"""What nothing is stored in."""


@dataclass(slots=True)
class Stores:
    """What a function stores, functions inside it included."""

    attributes: set[str] = field(default_factory=set)
    items: bool = False
    augmented: bool = False
    parts: bool = False
    """Whether what is written so is an attribute, or an item of one."""
    deletes: bool = False


def chain(node: ast.expr) -> Iterator[str]:
    """The names that an expression such as ``self.heads[0].scale`` is put together from."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.func if isinstance(node, ast.Call) else node.value


def filled_by(call: ast.Call) -> Iterator[str]:
    """The names of what a call may put something into: ``self.heads.append``, ``setattr``.

    Of a name that is computed, such as ``f"head{n}"``, it is how it begins: ``head*``.
    """
    if isinstance(call.func, ast.Attribute):
        yield from chain(call.func.value)
    for argument in call.args:
        first: ast.expr = argument
        while isinstance(first, ast.BinOp | ast.JoinedStr):
            first = first.left if isinstance(first, ast.BinOp) else first.values[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            begin = first.value.partition("%")[0]
            if argument is first:
                yield first.value
            elif begin:
                yield begin + ANY


def targets(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement stores into, one by one."""
    waiting: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        waiting = list(statement.targets)
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        waiting = [statement.target]
    while waiting:
        target = waiting.pop()
        if isinstance(target, ast.Tuple | ast.List):
            waiting += target.elts
        elif isinstance(target, ast.Starred):
            waiting.append(target.value)
        else:
            yield target


def stored_names(statement: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """The variables that a statement stores into."""
    for target in targets(statement):
        if isinstance(target, ast.Name):
            yield target.id


def stores_in(body: list[ast.stmt]) -> Stores:
    """What statements store, those of functions inside them included."""
    found = Stores()
    waiting: list[object] = list(body)
    while waiting:
        node = waiting.pop()
        kind = node.__class__
        if kind is ast.Attribute:
            if not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
                found.attributes.add(node.attr)  # type: ignore[attr-defined]
                found.deletes = found.deletes or isinstance(node.ctx, ast.Del)  # type: ignore[attr-defined]
            continue
        if kind is ast.Subscript and not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
            found.items = True
            found.parts = found.parts or any(chain(node))  # type: ignore[arg-type]
            continue
        if kind is ast.AugAssign:
            found.augmented = True
            found.parts = found.parts or any(chain(node.target))  # type: ignore[attr-defined]
        elif kind in _LEAVES:
            continue
        for name in node._fields:  # type: ignore[attr-defined]
            value = getattr(node, name, None)
            if value.__class__ is list:
                waiting += [v for v in value if isinstance(v, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)
    return found

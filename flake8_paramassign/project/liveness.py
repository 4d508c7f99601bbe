"""Which variables may still be read: so that a loop need not carry along what nobody reads again.

The usual backward analysis over the statements of a function. Where control may leave in a way
that is hard to follow (handlers, context managers that swallow exceptions), nothing is taken to
be overwritten. Variables that functions inside the function read are read at any time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flake8_paramassign.nodes import FunctionNode

_Names = frozenset[str]
_NONE: _Names = frozenset()
REFLECTING = frozenset(["locals", "vars", "eval", "exec", "globals", "dir"])
"""Functions that may read any variable."""
_Loop = ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True, slots=True)
class _Ways:
    """What is read where control may go beside the next statement."""

    raised: _Names = _NONE
    broken: _Names = _NONE
    continued: _Names = _NONE


class Liveness:
    """Tells it of the loops of one function, or of the top level of a file."""

    def __init__(self, node: ast.AST) -> None:
        """Look through a function, a lambda or a file; ``locals()`` in it reads everything."""
        self._heads: dict[ast.AST, _Names] = {}
        self._loads: dict[ast.AST, _Names] = {}
        self._always: _Names = _NONE
        if isinstance(node, FunctionNode | ast.Module):
            self._always = _captured(node)
            if not any(isinstance(n, ast.Name) and n.id in REFLECTING for n in ast.walk(node)):
                self._block(node.body, _NONE, _Ways())

    def is_read_after(self, name: str, loop: ast.AST) -> bool:
        """Whether ``name`` may be read before it is bound anew, after a round of ``loop``."""
        live = self._heads.get(loop)
        return live is None or name in live or name in self._always

    def _block(self, body: Sequence[ast.stmt], after: _Names, ways: _Ways) -> _Names:
        for statement in reversed(body):
            after = self._statement(statement, after, ways) | ways.raised
        return after

    def _statement(self, node: ast.stmt, after: _Names, ways: _Ways) -> _Names:
        if isinstance(node, ast.If):
            held = self._block(node.body, after, ways)
            return held | self._block(node.orelse, after, ways) | self._read(node.test)
        if isinstance(node, _Loop):
            return self._loop(node, after, ways)
        if isinstance(node, ast.Try | _TRY_STAR):
            return self._try(node, after, ways)
        if isinstance(node, ast.With | ast.AsyncWith):
            # It may swallow an exception that is raised anywhere in its body.
            inside = replace(ways, raised=ways.raised | after)
            read = _NONE.union(*(self._read(item) for item in node.items))
            return read | self._block(node.body, after, inside)
        if isinstance(node, ast.Match):
            parts = [after, self._read(node.subject)]
            for case in node.cases:
                parts.append(self._block(case.body, after, ways))
                parts.append(self._read(case.guard) if case.guard is not None else _NONE)
            return _NONE.union(*parts)
        if isinstance(node, ast.Return | ast.Raise):
            return self._read(node)
        if isinstance(node, ast.Break):
            return ways.broken
        if isinstance(node, ast.Continue):
            return ways.continued
        return (after - _bound(node)) | self._read(node)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, after: _Names, ways: _Ways) -> _Names:
        bound: _Names = _NONE
        read = self._read(node.test if isinstance(node, ast.While) else node.target)
        if not isinstance(node, ast.While):
            bound = frozenset(_stored(node.target))
        left = self._block(node.orelse, after, ways)
        head = self._heads.get(node, _NONE) | left | read | ways.raised
        while True:
            inside = replace(ways, broken=after, continued=head)
            more = head | (self._block(node.body, head, inside) - (bound - ways.raised))
            if more == head:
                break
            head = more
        self._heads[node] = head
        return head if isinstance(node, ast.While) else head | self._read(node.iter)

    def _try(self, node: ast.Try, after: _Names, ways: _Ways) -> _Names:
        end = self._block(node.finalbody, after, ways)
        last = replace(ways, raised=ways.raised | (end if node.finalbody else _NONE))
        handled = _NONE.union(
            *(self._block(h.body, end, last) for h in node.handlers),
            *(self._read(h.type) for h in node.handlers if h.type is not None),
        )
        at_end = self._block(node.orelse, end, last)
        return self._block(node.body, at_end, replace(last, raised=last.raised | handled))

    def _read(self, node: ast.AST) -> _Names:
        """The variables that an expression, or a simple statement, reads or deletes."""
        known = self._loads.get(node)
        if known is None:
            known = frozenset(
                n.id for n in ast.walk(node)
                if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store)
            )  # fmt: skip
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                known |= {node.target.id}
            self._loads[node] = known
        return known


def bound_within(node: ast.AST) -> frozenset[str]:
    """All variables that something within ``node`` may bind or delete."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            if not isinstance(inner.ctx, ast.Load):
                found.add(inner.id)
        elif isinstance(inner, ast.alias):
            found.add(inner.asname or inner.name.partition(".")[0])
        else:  # functions, classes, handlers, patterns
            for field in ("name", "rest"):
                name = getattr(inner, field, None)
                if isinstance(name, str):
                    found.add(name)
    return frozenset(found)


_TRY_STAR: type[ast.Try] = getattr(ast, "TryStar", ast.Try)  # its fields are the same


def _stored(target: ast.AST) -> Iterator[str]:
    """The variables that a target binds."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _bound(node: ast.stmt) -> _Names:
    """The variables that a simple statement surely binds, after it has read what it reads."""
    if isinstance(node, ast.Assign):
        return frozenset(name for target in node.targets for name in _stored(target))
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return frozenset(_stored(node.target))
    if isinstance(node, FunctionNode | ast.ClassDef):
        return frozenset([node.name])
    return _NONE


def _captured(node: ast.AST) -> _Names:
    """What functions and classes inside a function name, and what it declares not its own."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if inner is node:
            continue
        if isinstance(inner, FunctionNode | ast.Lambda | ast.ClassDef):
            found.update(n.id for n in ast.walk(inner) if isinstance(n, ast.Name))
        elif isinstance(inner, ast.Global | ast.Nonlocal):
            found.update(inner.names)
    return frozenset(found)

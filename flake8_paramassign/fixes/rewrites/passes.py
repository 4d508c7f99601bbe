"""Where a function runs a Module forward, and where it computes gradients, around a statement.

The graph of a forward pass keeps Parameters as they were: what is written into them before its
backward pass makes gradients wrong.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from flake8_paramassign import catalogue
from flake8_paramassign.domain.values import Library
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import Happening

_BACKWARD = frozenset(["backward", "manual_backward", "grad"])
_BUILTINS = frozenset(dir(builtins))


def is_between_passes(event: Happening) -> bool:
    """Whether a graph is made before ``event``, of which gradients are computed after it.

    That is asked of the function in which it happens, and of those that have called it.
    """
    return any(
        _is_due(frame.node, statement.lineno, frame.module) for frame, statement in event.running
    )


def _is_due(function: ast.AST, line: int, module: Module) -> bool:
    """Whether gradients are computed below ``line`` of something computed above it."""
    assigned = sorted(_assignments(function), key=lambda found: found[0])
    for call in ast.walk(function):
        if not isinstance(call, ast.Call) or call.lineno <= line:
            continue
        if getattr(call.func, "attr", getattr(call.func, "id", "")) not in _BACKWARD:
            continue
        of = call.args[0] if call.args else getattr(call.func, "value", None)
        waiting = [(name, call.lineno) for name in _names_in(of)]
        seen = set(waiting)
        while waiting:
            name, before = waiting.pop()
            made = [(at, value) for at, to, value in assigned if to == name and at < before]
            if not made:
                continue
            at, value = made[-1]
            if at < line and _makes_a_graph(value, module):
                return True
            more = {(other, at) for other in _names_in(value)} if at >= line else set()
            waiting += more - seen
            seen |= more
    return False


def _assignments(function: ast.AST) -> Iterator[tuple[int, str, ast.AST | None]]:
    """Each variable of a function that is assigned: at which line, its name, and what."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for name in _names_in(target):
                    yield node.lineno, name, node.value


def assigned(function: ast.AST, name: str) -> Iterator[ast.AST]:
    """What a function assigns to a variable."""
    return (value for _, to, value in _assignments(function) if to == name and value is not None)


def _names_in(node: ast.AST | None) -> set[str]:
    found = ast.walk(node) if node is not None else ()
    return {part.id for part in found if isinstance(part, ast.Name)}


def _makes_a_graph(value: ast.AST | None, module: Module) -> bool:
    """Whether ``value`` calls what may be a Module, or compute with one."""
    calls = [part for part in ast.walk(value) if isinstance(part, ast.Call)] if value else []
    return any(
        not any(isinstance(meaning, Library) for meaning in module.static(call.func))
        and not getattr(call.func, "id", "")[:1].isupper()
        and not (isinstance(call.func, ast.Name) and call.func.id in _BUILTINS)
        and (not isinstance(call.func, ast.Attribute) or catalogue.method(call.func.attr) is None)
        for call in calls
    )

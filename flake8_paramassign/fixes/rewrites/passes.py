"""Where a function runs a Module forward, and where it computes gradients, around a statement.

The graph of a forward pass keeps Parameters as they were: what is written into them before its
backward pass makes gradients wrong.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator

from flake8_paramassign import catalogue
from flake8_paramassign.domain.values import Address, Library, Value
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import calls_torch
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import Happening
from flake8_paramassign.semantics.frames import Role

_BACKWARD = frozenset(["backward", "manual_backward", "grad"])
_BUILTINS = frozenset(dir(builtins))
_LOOKS = frozenset(["isinstance", "len", "print", "setattr", "getattr", "hasattr", "type"])


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


def is_before_any_pass(
    draft: Draft, event: Happening, node: ast.AST, held: Collection[Value]
) -> bool:
    """Whether no forward pass can have kept what ``node``, a part of a Module, names.

    The Module is made in this function, or under construction, and nothing that has any of
    ``held`` has been called, or handed on.
    """
    state = event.state
    roots = {_root(node)} | {
        name for name, values in state.names.items() if set(held) & {*state.reachable(values)}
    }
    function, statement = draft.function, draft.statement
    if not all(_only_looks_at(root, function, statement, draft.module) for root in roots):
        return False
    made = [value for value in state.names.get(_root(node), ()) if isinstance(value, Address)]
    if made and all(_is_made_in(value, function) for value in made):
        return True
    for frame, statement in event.running:
        function = frame.node
        if not isinstance(function, FunctionNode) or frame.owner is None:
            return False
        arguments = [*function.args.posonlyargs, *function.args.args]
        root = arguments[0].arg if arguments else ""
        if not _only_looks_at(root, function, statement, frame.module):
            return False
        if function.name == "__init__" and frame.role is Role.CONSTRUCTION:
            return True
    return False


def _is_made_in(address: Address, function: ast.AST) -> bool:
    site = address.site
    return not address.symbolic and isinstance(site, ast.AST) and bool(path_to(function, site))


def _only_looks_at(root: str, function: ast.AST, statement: ast.stmt, module: Module) -> bool:
    """Whether ``function`` runs no forward pass of ``root`` before ``statement``."""
    path = path_to(function, statement)
    is_repeated = any(isinstance(outer, ast.For | ast.While) for outer in path)
    for mention in ast.walk(function):
        if not isinstance(mention, ast.Name) or mention.id != root:
            continue
        if isinstance(mention.ctx, ast.Load) and (is_repeated or mention.lineno < statement.lineno):
            if not _only_looks(path_to(function, mention), module):
                return False
    return bool(root)


def _only_looks(path: list[ast.AST], module: Module) -> bool:
    """Whether the name at the end of ``path`` is used for what runs no forward pass."""
    for outer, inner in zip(reversed(path[:-1]), reversed(path), strict=False):
        if isinstance(outer, ast.Attribute | ast.Subscript):
            if isinstance(outer.ctx, ast.Store):
                return True
        elif isinstance(outer, ast.Call):
            return _is_harmless(outer, module)
        elif isinstance(outer, ast.stmt):
            value = getattr(outer, "value", None)
            return value is not inner or isinstance(outer, ast.Expr) or inner is not path[-1]
        elif isinstance(outer, ast.List | ast.Tuple | ast.Dict | ast.Set):
            return False
    return True


def _is_harmless(call: ast.Call, module: Module) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id in _LOOKS:
        return True
    for meaning in module.static(call.func):
        if isinstance(meaning, Library) and meaning.name.startswith("torch.optim."):
            return True
        if isinstance(meaning, Library) and meaning.name.rpartition(".")[2][:1].isupper():
            return False
    return calls_torch(call, module) or getattr(call.func, "attr", "") in _OF_MODULES


_OF_MODULES = frozenset(
    """add_module apply buffers children eval modules named_buffers named_children named_modules
    named_parameters parameters register_buffer register_parameter state_dict train zero_grad
    __init__
    """.split()
)
"""Methods of Modules that run no forward pass."""


def _root(node: ast.AST) -> str:
    """The variable at the beginning of ``m.body[0].weight``."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        elif isinstance(node, ast.AugAssign):
            node = node.target
        elif isinstance(node, ast.Call):
            is_method = isinstance(node.func, ast.Attribute)
            node = node.func.value if is_method else (node.args or [node.func])[0]  # type: ignore[attr-defined]
        else:
            return node.id if isinstance(node, ast.Name) else ""

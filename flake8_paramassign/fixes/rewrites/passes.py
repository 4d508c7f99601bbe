"""Where a function runs a Module forward, and where it computes gradients, around a statement.

The graph of a forward pass keeps Parameters as they were: what is written into them before its
backward pass makes gradients wrong.
"""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.values import Library
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import calls_torch

_BACKWARD = frozenset(["backward", "manual_backward", "grad"])
_LOOKS = frozenset(["isinstance", "len", "print", "setattr", "getattr", "hasattr", "type"])


def is_between_passes(draft: Draft, node: ast.AST) -> bool:
    """Whether the object that ``node`` stores into is called before it, and a gradient is due.

    That is computed after it, and not between the call and it.
    """
    root = _root(node)
    line = draft.statement.lineno
    calls = [call for call in ast.walk(draft.function) if isinstance(call, ast.Call)]
    forwards = [c.lineno for c in calls if c.lineno < line and _runs_forward(draft, c, root)]
    if not forwards:
        return False
    backwards = [c.lineno for c in calls if getattr(c.func, "attr", "") in _BACKWARD]
    last = max(forwards)
    return any(line < at for at in backwards) and not any(last <= at < line for at in backwards)


def _runs_forward(draft: Draft, call: ast.Call, root: str) -> bool:
    """Whether ``call`` calls the Module called ``root``, or a part of it."""
    if _root(call.func) != root:
        return False
    if getattr(call.func, "attr", "") == "forward":
        return True
    held = map(draft.object, draft.held(call.func))
    return any(isinstance(obj, Thing) and obj.is_module is not False for obj in held)


def is_only_looked_at(draft: Draft, node: ast.AST) -> bool:
    """Whether the function, up to ``node``, neither calls what it stores into nor hands it on."""
    root, function = _root(node), draft.function
    is_repeated = any(isinstance(outer, ast.For | ast.While) for outer in draft.path)
    for mention in ast.walk(function):
        if not isinstance(mention, ast.Name) or mention.id != root:
            continue
        if isinstance(mention.ctx, ast.Load) and (
            is_repeated or mention.lineno < draft.statement.lineno
        ):
            if not _only_looks(draft, path_to(function, mention)):
                return False
    return bool(root)


def _only_looks(draft: Draft, path: list[ast.AST]) -> bool:
    """Whether the name at the end of ``path`` is used for what runs no forward pass."""
    for outer, inner in zip(reversed(path[:-1]), reversed(path), strict=False):
        if isinstance(outer, ast.Attribute | ast.Subscript):
            if isinstance(outer.ctx, ast.Store):
                return True
        elif isinstance(outer, ast.Call):
            return _is_harmless(draft, outer, inner)
        elif isinstance(outer, ast.stmt):
            value = getattr(outer, "value", None)
            return value is not inner or isinstance(outer, ast.Expr) or inner is not path[-1]
        elif isinstance(outer, ast.List | ast.Tuple | ast.Dict | ast.Set):
            return False
    return True


def _is_harmless(draft: Draft, call: ast.Call, inner: ast.AST) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id in _LOOKS:
        return True
    for meaning in draft.module.static(call.func):
        if isinstance(meaning, Library) and meaning.name.startswith("torch.optim."):
            return True
        if isinstance(meaning, Library) and meaning.name.rpartition(".")[2][:1].isupper():
            return False
    return calls_torch(call, draft.module) or getattr(call.func, "attr", "") in _OF_MODULES


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

"""Who may catch an exception without a ``try`` around what raises it."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.values import Builtin, Library
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import Happening

_HARMLESS = frozenset(["classmethod", "override", "overload", "property", "setter", "staticmethod"])
"""Decorators that call what they decorate, and no more."""


def told_if_expected(event: Happening) -> list[str]:
    """What a fix has to say where a program may wait for the RuntimeError that is raised today."""
    if event.attempts or event.expects_error or may_be_caught(event, event.frame.module):
        return ["who waits for the RuntimeError no longer gets it"]
    return []


def may_be_caught(event: Happening, module: Module) -> bool:
    """Whether a block around ``event``, a decorator, or who is given its function may catch.

    That is asked of the function in which it happens, and of those that have called it.
    """
    for frame, statement in event.running:
        function = frame.node
        blocks = (node for node in path_to(function, statement) if isinstance(node, _WITH))
        managers = (item.context_expr for block in blocks for item in block.items)
        if not all(_lets_through(manager, frame.module) for manager in managers):
            return True
        if isinstance(function, FunctionNode):
            if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
                return True  # whoever asks for what it yields
            if not all(_lets_through(mark, frame.module) for mark in function.decorator_list):
                return True
            if _is_handed_on(function, module):
                return True
    return False


_WITH = (ast.With, ast.AsyncWith)


def _lets_through(node: ast.expr, module: Module) -> bool:
    """Whether it is known that a context manager, or a decorator, lets exceptions through."""
    called = node.func if isinstance(node, ast.Call) else node
    name = getattr(called, "attr", getattr(called, "id", ""))
    if name in _HARMLESS or name == "open":
        return True
    return any(
        isinstance(meaning, Builtin)
        or (isinstance(meaning, Library) and meaning.name.startswith("torch."))
        for meaning in module.static(called)
    )


def _is_handed_on(function: FunctionNode, module: Module) -> bool:
    """Whether a function is mentioned where it is not called: given to ``assertRaises``."""
    called = {node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    return any(
        function.name in (getattr(node, "id", ""), getattr(node, "attr", ""))
        and isinstance(getattr(node, "ctx", None), ast.Load)
        and node not in called
        for node in ast.walk(module.tree)
    )

"""Who calls a function from another file of the project, and whether gradients are recorded there.

Asked only for what is about to be reported: files are looked through that need not be imported.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from flake8_paramassign.nodes import FunctionNode, decorator_name
from flake8_paramassign.surroundings import Surroundings

_MOST_FILES = 300
"""How many files, and folders of a tree, are looked through."""
_LARGEST_FILE = 1_000_000
_WITHOUT_GRAD = frozenset(["no_grad", "inference_mode"])


def only_without_grad(name: str, roots: list[Path], own: str, surroundings: Surroundings) -> bool:
    """Whether each call of something called ``name`` in the other files turns gradients off.

    There has to be one. ``own`` is the file that defines it.
    """
    found = False
    for path in _files(roots, surroundings):
        if os.path.abspath(path) != os.path.abspath(own):
            for without in _calls(name, path, surroundings):
                if not without:
                    return False
                found = True
    return found


def _files(roots: list[Path], surroundings: Surroundings) -> Iterator[Path]:
    """The Python files of some trees, as many as are worth a look, in an order of their own."""
    seen: set[Path] = set()
    for root in roots:
        waiting = [root]
        for _ in range(_MOST_FILES + 1):
            if not waiting:
                break
            folder = waiting.pop()
            inner = [f for f in surroundings.folders(folder) if f.name not in _OTHERS]
            waiting += reversed(inner)
            for path in (p for p in surroundings.sources(folder) if p not in seen):
                seen.add(path)
                yield path
                if len(seen) == _MOST_FILES:
                    return


_OTHERS = frozenset(["build", "dist", "node_modules", "site-packages", "venv", "__pycache__"])
"""Folders whose files are no part of the project."""


def _calls(name: str, path: Path, surroundings: Surroundings) -> Iterator[bool]:
    """For each call in a file whether it stands where gradients are off."""
    data, _ = surroundings.read(path)
    if data is None or len(data) > _LARGEST_FILE or name.encode() not in data:
        return
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, without = waiting.pop()
        if isinstance(node, ast.Call) and decorator_name(node) == name:
            yield without
        if isinstance(node, FunctionNode):
            without = any(_is_without_grad(d) for d in node.decorator_list)
        elif isinstance(node, ast.With | ast.AsyncWith):
            without = without or any(_is_without_grad(item.context_expr) for item in node.items)
        waiting.extend((child, without) for child in ast.iter_child_nodes(node))


def _is_without_grad(node: ast.expr) -> bool:
    if decorator_name(node) == "set_grad_enabled" and isinstance(node, ast.Call):
        return any(isinstance(a, ast.Constant) and a.value is False for a in node.args)
    return decorator_name(node) in _WITHOUT_GRAD

"""What decorators make of a function, where they are known."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from flake8_paramassign.domain.values import UNKNOWN, Function, GradMode, Library, Value, Values
from flake8_paramassign.nodes import decorator_name

_TRANSPARENT = frozenset(
    """functools.lru_cache functools.cache functools.wraps typing.overload typing.final
    abc.abstractmethod typing.no_type_check torch.jit.ignore torch.jit.unused torch.jit.export
    torch.jit.script_method typing_extensions.override typing.override torch.compile
    torch.compiler.disable torch._dynamo.disable pytest.fixture torch.jit.script_if_tracing
    contextlib.contextmanager contextlib.asynccontextmanager
    builtins.staticmethod builtins.classmethod builtins.property functools.cached_property
    """.split()
)
"""Decorators that leave what calling the function does as it is."""
_OF_CLASSES = frozenset(["dataclass", "final", "runtime_checkable", "total_ordering"])
"""Decorators that leave a class as it is."""
_MODES = {
    "no_grad": False, "enable_grad": True, "inference_mode": False,
}  # fmt: skip


def applied(function: Function, decorators: Sequence[tuple[ast.expr, Values]]) -> Values:
    """What ``def`` binds: the function, if all its decorators are known.

    ``decorators`` are from top to bottom, each with what it, or what it calls, is.
    """
    result: Value = function
    for node, callee in reversed(decorators):
        name = callee[0].name if len(callee) == 1 and isinstance(callee[0], Library) else ""
        assert isinstance(result, Function)
        mode = _mode(name, node)
        if mode is not None:
            result = replace(result, mode=mode if result.mode is None else result.mode)
        elif name not in _TRANSPARENT:
            return UNKNOWN
    return (result,)


def keeps_class(decorator: ast.expr) -> bool:
    """Whether a decorator leaves a class as it is."""
    return decorator_name(decorator) in _OF_CLASSES


def _mode(name: str, node: ast.expr) -> GradMode | None:
    """The grad mode that a decorator runs a function in."""
    short = name.rpartition(".")[2]
    if not name.startswith("torch."):
        return None
    given = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if isinstance(node, ast.Call) and given is None and node.keywords:
        given = node.keywords[0].value
    if short in _MODES:
        if short == "inference_mode" and given is not None:
            known = isinstance(given, ast.Constant) and isinstance(given.value, bool)
            return GradMode(not given.value) if known else GradMode(None)  # type: ignore[attr-defined]
        return GradMode(_MODES[short])
    if short == "set_grad_enabled":
        known = isinstance(given, ast.Constant) and isinstance(given.value, bool)
        return GradMode(bool(given.value)) if known else GradMode(None)  # type: ignore[union-attr]
    return None

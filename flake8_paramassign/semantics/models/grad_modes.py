"""``torch.no_grad()`` and its like: as contexts, as decorators, and set for good."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.values import (
    NONE,
    UNKNOWN,
    Function,
    GradMode,
    Values,
)
from flake8_paramassign.semantics.models.base import Call, function, method


@function("torch.no_grad", "torch.enable_grad", "torch.inference_mode", "torch.autograd.no_grad",
          "torch.autograd.enable_grad", "torch.autograd.grad_mode.no_grad",
          "torch.autograd.inference_mode")  # fmt: skip
def _mode(call: Call) -> Values:
    short = call.name.rpartition(".")[2]
    first = call.argument(0, "mode")
    if first and all(isinstance(v, Function) for v in first):
        return _in_mode(first, short == "enable_grad")
    if short == "inference_mode":
        mode = call.constant(0, "mode", default=True)
        return (GradMode(not mode if isinstance(mode, bool) else None),)
    return (GradMode(short == "enable_grad"),)


def _in_mode(values: Values, enabled: bool | None) -> Values:
    return tuple(
        replace(v, mode=GradMode(enabled)) if isinstance(v, Function) else v for v in values
    )


@function("torch.set_grad_enabled", "torch.autograd.set_grad_enabled",
          "torch.autograd.grad_mode.set_grad_enabled")  # fmt: skip
def _set_mode(call: Call) -> Values:
    mode = call.constant(0, "mode")
    enabled = mode if isinstance(mode, bool) else None
    if not isinstance(call.machine.frame.statement, ast.With) or not _is_item(call):
        call.state.grad = enabled
    return (GradMode(enabled),)


def _is_item(call: Call) -> bool:
    """Whether the call is what a ``with`` statement enters."""
    statement = call.machine.frame.statement
    return isinstance(statement, ast.With) and any(
        item.context_expr is call.node for item in statement.items
    )


@method(str, "__call__")
def _mode_applied(call: Call) -> Values:
    """``torch.no_grad()(f)``."""
    if isinstance(call.receiver, GradMode):
        return _in_mode(call.argument(0), call.receiver.enabled)
    return UNKNOWN


@method(str, "__enter__")
def _mode_entered(call: Call) -> Values:
    if isinstance(call.receiver, GradMode):
        call.state.grad = call.receiver.enabled
        return NONE
    return UNKNOWN


@method(str, "__exit__")
def _mode_left(call: Call) -> Values:
    if isinstance(call.receiver, GradMode):
        call.state.grad = None
    return UNKNOWN

"""Tests, ``super``, and functions that are handed functions or numbers."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Address,
    ClassRef,
    Constant,
    Function,
    Library,
    Partial,
    Plain,
    Super,
    Value,
    Values,
    constant,
    join,
    join_all,
)
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.models.base import Call, function


@function("builtins.isinstance", "builtins.issubclass", "builtins.hasattr", "builtins.callable",
          "torch.is_tensor", "torch.is_grad_enabled")  # fmt: skip
def _test(call: Call) -> Values:
    truth = call.machine.truth_of_call(call.name, call.arguments, call.state)
    if truth is None:
        return call.machine.question(call.node, call.state)
    return TRUE if truth else FALSE


@function("builtins.bool")
def _bool(call: Call) -> Values:
    held = call.argument(0)
    true = call.machine.filtered(held, call.state, truthy=True)
    false = call.machine.filtered(held, call.state, truthy=False)
    if held and not false:
        return TRUE
    return FALSE if held and not true else (Plain("bool"),)


@function("builtins.super")
def _super(call: Call) -> Values:
    frame = call.machine.frame
    if not call.arguments.positional:
        while (
            frame.owner is None and frame.caller is not None and isinstance(frame.node, ast.Lambda)
        ):
            frame = frame.caller
        if frame.owner is None or frame.receiver is None:
            return UNKNOWN
        return (Super(frame.owner, frame.receiver),)
    if len(call.arguments.positional) == 1:
        return (Plain("super"),)  # unbound: calling its __init__ starts nothing
    classes, receivers = call.argument(0), call.argument(1)
    if len(classes) == 1 and isinstance(classes[0], ClassRef):
        cls = classes[0].cls
        if isinstance(cls, ProjectClass) and all(_may_be_a(v, cls, call.state) for v in receivers):
            return tuple(Super(cls, v) for v in receivers) or UNKNOWN
    return call.unknown()


def _may_be_a(value: Value, cls: ProjectClass, state: State) -> bool:
    """Whether nothing says that an object is of another class."""
    obj = state.read(value) if isinstance(value, Address) else None
    return not isinstance(obj, Thing) or obj.cls is None or cls in obj.cls.ancestry


@function("functools.reduce")
def _reduced(call: Call) -> Values:
    """Whatever its function gives: ``reduce(getattr, names, model)``."""
    return call.unknown()


@function("functools.partial")
def _partial(call: Call) -> Values:
    given = call.arguments
    if given.extra or not given.positional:
        return UNKNOWN
    return tuple(
        Partial(callee, tuple(given.positional[1:]), tuple(given.named.items()))
        for callee in given.positional[0]
    )


@function(
    "functools.wraps",
    "functools.update_wrapper",
    "functools.lru_cache",
    "functools.cache",
    "atexit.register",
    "contextlib.contextmanager",
    "contextlib.asynccontextmanager",
)
def _decorator(call: Call) -> Values:
    held = call.argument(0)
    if call.name in ("functools.lru_cache", "functools.cache"):
        if held and all(isinstance(v, Function) for v in held):
            return held
        return (Library("functools.identity"),)
    if call.name == "functools.wraps":
        return (Library("functools.identity"),)
    return held


@function(
    "functools.identity", "typing.cast", "torch.jit.ignore", "torch.jit.unused", "torch.jit.export"
)
def _identity(call: Call) -> Values:
    return call.argument(1) if call.name == "typing.cast" else call.argument(0)


@function("builtins.min", "builtins.max", "builtins.abs", "builtins.round",
          "builtins.divmod", "builtins.pow")  # fmt: skip
def _number(call: Call) -> Values:
    short = call.name.rpartition(".")[2]
    tensors = [v for v in call.arguments.flat()
               if isinstance(v, Address) and isinstance(call.state.read(v), Tensor)]  # fmt: skip
    if short in ("abs", "round", "pow") and tensors:
        return call.machine.call_any(
            call.machine.attribute(tensors[0], short, call.state, call.node),
            call.arguments.after(1), call.state, call.node,
        )  # fmt: skip
    numbers = [constant(v) for v in call.arguments.positional]
    if short in ("min", "max") and len(numbers) > 1 and all(type(n) is int for n in numbers):
        return (Constant({"min": min, "max": max}[short](numbers)),)  # type: ignore[type-var]
    if short in ("min", "max") and len(call.arguments.positional) == 1:
        _, some = call.machine.iterate(call.argument(0), call.state, call.node, call.name)
        return join(some, call.argument(1, "default")) or UNKNOWN
    flat = call.arguments.flat()
    if flat and all(isinstance(v, Plain | Constant) for v in flat):
        return (Plain("float"),)
    return join_all(call.arguments.positional) or UNKNOWN


@function("builtins.all", "builtins.any")
def _quantified(call: Call) -> Values:
    call.machine.iterate(call.argument(0), call.state, call.node, call.name)
    return (Plain("bool"),)


@function("builtins.slice")
def _slice(call: Call) -> Values:
    return (Plain("slice"),)


@function("builtins.print")
def _print(call: Call) -> Values:
    return NONE

"""Python's own functions, and those of its library that programs with Modules use."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from string import Formatter

from flake8_paramassign.domain.objects import Container, Tensor, Thing
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
    GradMode,
    Library,
    Partial,
    Plain,
    Super,
    Text,
    Value,
    Values,
    computed,
    constant,
    is_small,
    join,
    join_all,
    name_of,
)
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.models.base import FUNCTIONS, Call, function, method


@function("builtins.getattr")
def _getattr(call: Call) -> Values:
    name = name_of(call.argument(1))
    default = call.argument(2)
    owners = call.argument(0)
    if not isinstance(name, str):
        found: Values = UNKNOWN
        for owner in owners:
            obj = call.state.read(owner) if isinstance(owner, Address) else None
            if isinstance(obj, Thing):
                fits = [f.values for k, f in obj.held() if isinstance(k, str) and name.may_be(k)]
                found = join(found, join_all(fits))
        return found
    absent = [o for o in owners if isinstance(o, Constant) and not hasattr(o.value, name)]
    held = join_all(
        call.machine.attribute(o, name, call.state, call.node) for o in owners if o not in absent
    )
    if absent:
        held = join(held, default)
    if default and not any(_surely_has(call, owner, name) for owner in owners):
        held = join(held, default)
    return held


def _surely_has(call: Call, owner: object, name: str) -> bool:
    obj = call.state.read(owner) if isinstance(owner, Address) else None
    return isinstance(obj, Thing) and name in obj.fields and not obj.fields[name].slot & 16


@function("builtins.setattr", "object.__setattr__", "builtins.object.__setattr__")
def _setattr(call: Call) -> Values:
    name = name_of(call.argument(1))
    expression = call.syntax(2)
    if call.name != "builtins.setattr":
        for receiver in call.argument(0):
            call.machine.bypass(
                receiver, name if isinstance(name, str) else None, call.argument(2), call.state,
                call.node, "object.__setattr__",
            )  # fmt: skip
        return NONE
    names = call.argument(1)
    if len(names) > 1 and all(isinstance(name_of((n,)), str) for n in names):
        name = Text()
    call.machine.store(
        call.argument(0), name, call.argument(2), call.state, call.node, expression, "setattr"
    )
    return NONE


@function("torch.nn.Module.__setattr__")
def _module_setattr(call: Call) -> Values:
    name = name_of(call.argument(1))
    call.machine.store(
        call.argument(0), name, call.argument(2), call.state, call.node, None, "setattr"
    )
    return NONE


@function("builtins.delattr")
def _delattr(call: Call) -> Values:
    name = call.constant(1)
    call.machine.delete_attribute(
        call.argument(0), name if isinstance(name, str) else None, call.state
    )
    return NONE


@function("builtins.vars")
def _vars(call: Call) -> Values:
    return (
        join_all(
            call.machine.attribute(v, "__dict__", call.state, call.node) for v in call.argument(0)
        )
        or UNKNOWN
    )


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


@function("builtins.type")
def _type(call: Call) -> Values:
    return (
        join_all(
            call.machine.attribute(v, "__class__", call.state, call.node)
            if isinstance(v, Address)
            else UNKNOWN
            for v in call.argument(0)
        )
        or UNKNOWN
    )


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
    if call.name.endswith("contextmanager"):
        return held
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


@function("builtins.min", "builtins.max", "builtins.sum", "builtins.abs", "builtins.round",
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
    if short == "sum":
        _, some = call.machine.iterate(call.argument(0), call.state, call.node, call.name)
        if any(isinstance(v, Address) and isinstance(call.state.read(v), Tensor) for v in some):
            return call.machine.combined(ast.Add(), some, some, call.node, call.state)
        return (
            (Plain("float"),)
            if some and all(isinstance(v, Plain | Constant) for v in some)
            else UNKNOWN
        )
    flat = call.arguments.flat()
    if flat and all(isinstance(v, Plain | Constant) for v in flat):
        return (Plain("float"),)
    return join_all(call.arguments.positional) or UNKNOWN


@function("builtins.all", "builtins.any")
def _quantified(call: Call) -> Values:
    call.machine.iterate(call.argument(0), call.state, call.node, call.name)
    return (Plain("bool"),)


_RESULTS = {
    "str": "str", "repr": "str", "format": "str", "ascii": "str", "chr": "str", "hex": "str",
    "int": "int", "ord": "int", "id": "int", "hash": "int", "float": "float", "complex": "complex",
    "bytes": "bytes", "dir": "list", "input": "str", "bin": "str", "oct": "str",
}  # fmt: skip


def _converted(call: Call) -> Values:
    short = call.name.rpartition(".")[2]
    value = constant(call.argument(0)) if len(call.arguments.positional) == 1 else NotImplemented
    if short == "str" and isinstance(value, str | int) and not isinstance(value, bool):
        return (computed(str(value)),) if is_small(value) else (Text(),)
    if short == "int" and isinstance(value, int | float) and abs(value) < 1 << 62:
        return (Constant(int(value)),)
    if short == "float" and isinstance(value, int | float) and abs(value) < 1 << 62:
        return (Constant(float(value)),)
    return (Text(),) if short == "str" else (Plain(_RESULTS[short]),)


for _short in _RESULTS:
    FUNCTIONS[f"builtins.{_short}"] = _converted


@function("builtins.print")
def _print(call: Call) -> Values:
    return NONE


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
    from dataclasses import replace

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


@method(str, "format")
def _format(call: Call) -> Values:
    if isinstance(call.receiver, Constant) and isinstance(call.receiver.value, str):
        text = call.receiver.value
        given = [constant(v) for v in call.arguments.positional]
        if (
            all(isinstance(g, str | int) for g in given)
            and not call.arguments.named
            and not call.arguments.extra
        ):
            try:
                if _is_short_format(text) and all(map(is_small, given)):
                    return (computed(text.format(*given)),)
            except (IndexError, KeyError, ValueError):
                return (Text(),)
        return (Text(text.partition("{")[0], text.rpartition("}")[2]),)
    return (Text(),)


def _is_short_format(text: str) -> bool:
    """Whether what ``text`` formats is not much longer than that: a width can be any number.

    Raises ValueError where it is no format.
    """
    specs = (spec or "" for _, _, spec, _ in Formatter().parse(text))
    return is_small(text) and all(len(spec) <= _LONGEST_SPEC and "{" not in spec for spec in specs)


_LONGEST_SPEC = 4
_PURE_TEXT = frozenset(
    """find startswith endswith lower upper split rsplit strip lstrip rstrip replace join count
    index title capitalize partition rpartition removeprefix removesuffix isdigit isidentifier
    """.split()
)


def of_text(call: Call) -> Values:
    """A method of a string, a number or the like."""
    receiver = call.receiver
    if isinstance(receiver, Constant) and call.name in _PURE_TEXT:
        given = [constant(v) for v in call.arguments.positional]
        is_known = NotImplemented not in given and all(map(is_small, (receiver.value, *given)))
        if is_known and not call.arguments.named and not call.arguments.extra:
            try:
                result = getattr(receiver.value, call.name)(*given)
            except (AttributeError, TypeError, ValueError):
                return UNKNOWN
            if isinstance(result, list):
                place = call.machine.place(call.node)
                items: dict[Hashable, Values] = {i: (Constant(p),) for i, p in enumerate(result)}
                made = Container("list", items, made=place)
                return (call.machine.new(made, call.state, call.node),)
            if isinstance(result, str | int | tuple):
                return (computed(result),)
    if isinstance(receiver, Text) and call.name in ("startswith", "endswith"):
        wanted = call.constant(0)
        if isinstance(wanted, str):
            known = receiver.prefix if call.name == "startswith" else receiver.suffix
            if known and getattr(known, call.name)(wanted):
                return TRUE
        return (Plain("bool"),)
    if isinstance(receiver, Plain) and receiver.kind == "numpy.ndarray":
        return (Plain("numpy.ndarray"),)
    if call.name in ("split", "rsplit"):
        made = Container("list", rest=(Text(),), is_exact=False)
        return (call.machine.new(made, call.state, call.node),)
    if isinstance(receiver, Constant | Text | Plain) and call.name in _PURE_TEXT:
        return (
            (Text(),)
            if call.name not in ("find", "startswith", "endswith", "count", "index")
            else (Plain("int"),)
        )
    return UNKNOWN

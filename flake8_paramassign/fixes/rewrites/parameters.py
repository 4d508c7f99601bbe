"""Making a Parameter of a value: around it, or by moving what is done to one inside the call."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.values import Address, Library
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite

PARAMETER = "torch.nn.Parameter"
_CONVERSIONS = ("to", "cuda", "cpu", "half", "float", "double", "bfloat16", "type", "type_as")
_LAYOUTS = (
    "t", "T", "mT", "transpose", "permute", "movedim", "swapaxes", "view", "view_as", "reshape",
    "reshape_as", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous", "clone",
)  # fmt: skip
_KEEPS_VALUES = frozenset([*_CONVERSIONS, *_LAYOUTS])
"""Methods and attributes that keep every value: so does the gradient's scale."""
_SHARES_MEMORY = frozenset(["expand", "expand_as", "broadcast_to"])


def wrap(draft: Draft, value: ast.expr, converter: str = "", *, is_frozen: bool = False) -> None:
    """Write ``nn.Parameter(...)`` around ``value``, which ``converter`` first makes a tensor."""
    start = draft.outer(value).start
    opening = f"{draft.named(PARAMETER, start)}("
    if converter:
        opening = f"{opening}{draft.named(converter, start)}("
    if is_frozen:
        draft.insert(start, opening)
        draft.insert(draft.outer(value).end, ")" * opening.count("(", 1, -1))
        draft.insert(draft.outer(value).end, ", requires_grad=False)")
    else:
        draft.enclose(value, opening, ")" * opening.count("("))


def move_inside(draft: Draft, made: Address) -> None:
    """Move the operation that the draft is about inside the call that ``made`` the Parameter.

    Raises NoRewrite.
    """
    operation, call, steps = _way_to(draft, made)
    _refuse_unclear(steps or [operation])
    calls = _calls_alike(operation, call)
    if not steps:
        parameter = draft.tensor(made)
        is_frozen = parameter is not None and parameter.trainable is False
        wrap(draft, operation, is_frozen=is_frozen)
    elif len(calls) == 1:
        _move(draft, operation, call, steps[-1])
    else:
        maker = draft.written(call.func)
        for each in calls:
            _unwrap(draft, each, path_to(operation, each)[-2])
        draft.enclose(operation, f"{maker}(", ")")


def keeps_values(draft: Draft, made: Address) -> bool:
    """Whether the operation on the Parameter is a chain of methods that keep every value.

    They do nothing else either. Raises NoRewrite where what made it is not known.
    """
    operation, call, steps = _way_to(draft, made)
    if not steps or len(_calls_alike(operation, call)) > 1:
        return False
    for step, inner in zip(steps, [*steps[1:], None], strict=True):
        if isinstance(step, ast.Attribute):
            proved = step.attr in _KEEPS_VALUES
        else:
            proved = isinstance(step, ast.Call) and step.func is inner
            proved = proved and all(is_pure(part, draft.module) for part in _arguments(step))
        if not proved:
            return False
    return True


def _way_to(draft: Draft, made: Address) -> tuple[ast.expr, ast.Call, list[ast.AST]]:
    """The operation, the call that made the Parameter, and the expressions between the two.

    There are none where the call is not in the operation.
    """
    operation, call = operation_of(draft), draft.maker(made).path[-1]
    if not isinstance(call, ast.Call):
        raise NoRewrite("what makes the Parameter is not one call")
    return operation, call, path_to(operation, call)[:-1]


def _calls_alike(operation: ast.expr, call: ast.Call) -> list[ast.Call]:
    """The calls in ``operation`` of what ``call`` calls."""
    return [
        part
        for part in ast.walk(operation)
        if isinstance(part, ast.Call) and ast.unparse(part.func) == ast.unparse(call.func)
    ]


def bare(draft: Draft, value: ast.expr) -> None:
    """Leave of ``nn.Parameter(x)`` only ``x``; another ``value`` stays. Raises NoRewrite."""
    if isinstance(value, ast.Call) and Library(PARAMETER) in draft.module.static(value.func):
        whole, data = draft.inner(value), draft.outer(_data(value))
        draft.cut(whole.start, data.start)
        draft.cut(data.end, whole.end)


def two_readings(operation: str) -> NoRewrite:
    """Return why there is no rewrite of ``nn.Parameter(x).detach()``."""
    return NoRewrite(
        f"{operation} may be meant to make a constant, or there by mistake: "
        "use register_buffer, or drop it"
    )


def operation_of(draft: Draft) -> ast.expr:
    """The draft's expression with those methods called on it that give the same tensor back."""
    node = draft.path[-1]
    assert isinstance(node, ast.expr)
    for index in range(len(draft.path) - 2, 0, -2):
        method, call = draft.path[index], draft.path[index - 1]
        if not isinstance(method, ast.Attribute) or not isinstance(call, ast.Call):
            break
        result = catalogue.method(method.attr)
        if call.func is not method or result not in (Result.MAYBE_SELF, Result.IN_PLACE):
            break
        node = call
    return node


def _refuse_unclear(steps: list[ast.AST]) -> None:
    """Raise NoRewrite for operations that do not belong inside ``nn.Parameter(...)``."""
    for step in steps:
        name = step.attr if isinstance(step, ast.Attribute) else ""
        if catalogue.grad_free(name):
            raise two_readings(f".{name}")
        if name == "requires_grad_":
            raise NoRewrite("requires_grad_() is called between: pass requires_grad= instead")
        if name in _SHARES_MEMORY:
            raise NoRewrite(
                f"the elements that .{name}() gives share memory, which no optimizer can write: "
                "clone() them inside nn.Parameter(...)"
            )


def _arguments(call: ast.AST) -> list[ast.AST]:
    return [*call.args, *call.keywords] if isinstance(call, ast.Call) else []


def _move(draft: Draft, operation: ast.expr, call: ast.Call, user: ast.AST) -> None:
    """Exchange the call's text with that around it: ``P(x).f()`` becomes ``P(x.f())``."""
    whole, inner = draft.inner(operation), draft.inner(call)
    argument = _data(call)
    data = draft.outer(argument)
    draft.exchange(whole.start, inner.start, data.start)
    if _needs_parentheses(draft, call, argument, user):
        draft.insert(data.start, "(")
        draft.insert(data.end, ")")
    draft.exchange(data.end, inner.end, whole.end)


def _unwrap(draft: Draft, call: ast.Call, user: ast.AST) -> None:
    """Leave of ``nn.Parameter(x)`` only ``x``."""
    inner = draft.inner(call)
    argument = _data(call)
    data = draft.outer(argument)
    if len(call.args) + len(call.keywords) > 1:
        raise NoRewrite("several Parameters are combined, and not all may be trained alike")
    brackets = ("(", ")") if _needs_parentheses(draft, call, argument, user) else ("", "")
    draft.replace(inner.start, data.start, brackets[0])
    draft.replace(data.end, inner.end, brackets[1])


def _data(call: ast.Call) -> ast.expr:
    """The argument that holds the Parameter's values."""
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "data")]
    if not given or isinstance(given[0], ast.Starred):
        raise NoRewrite("which argument of nn.Parameter(...) is its data is not known")
    return given[0]


def _needs_parentheses(draft: Draft, call: ast.Call, data: ast.expr, user: ast.AST) -> bool:
    """Whether what was the argument of ``call`` cannot stand in its place as it is."""
    is_argument = isinstance(user, ast.Call) and user.func is not call
    enclosed = is_argument or isinstance(user, ast.List | ast.Tuple | ast.keyword)
    return not enclosed and not draft.is_atom(data) and draft.outer(call) == draft.inner(call)

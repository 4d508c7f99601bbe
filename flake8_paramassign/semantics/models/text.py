"""Strings and numbers: what converts to them, and their methods, computed where they are known."""

from __future__ import annotations

from collections.abc import Hashable
from string import Formatter

from flake8_paramassign.domain.objects import Container
from flake8_paramassign.domain.values import (
    TRUE,
    UNKNOWN,
    Constant,
    Plain,
    Text,
    Values,
    computed,
    constant,
    is_small,
)
from flake8_paramassign.semantics.models.base import FUNCTIONS, Call, method

_RESULTS = {
    "str": "str", "repr": "str", "format": "str", "ascii": "str", "chr": "str", "hex": "str",
    "int": "int", "ord": "int", "id": "int", "hash": "int", "float": "float", "complex": "complex",
    "bytes": "bytes", "dir": "list", "input": "str", "bin": "str", "oct": "str",
}  # fmt: skip
_LONGEST_SPEC = 4
_PURE_TEXT = frozenset(
    """find startswith endswith lower upper split rsplit strip lstrip rstrip replace join count
    index title capitalize partition rpartition removeprefix removesuffix isdigit isidentifier
    """.split()
)


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

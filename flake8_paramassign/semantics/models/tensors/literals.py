"""The dtype of what is written out: ``torch.tensor([1, 2])``, ``torch.arange(n)``."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Container, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    Constant,
    Plain,
    Values,
)


def is_whole(values: Values, state: State) -> bool:
    """Whether a bound of ``arange`` is an integer: a name for a number nearly always is."""
    for value in values:
        if isinstance(value, Constant):
            if type(value.value) is not int:
                return False
        elif isinstance(value, Plain):
            if value.kind != "int":
                return False
        elif isinstance(value, Address):
            obj = state.read(value)
            if not (isinstance(obj, Thing) and obj.cls is None and isinstance(value.site, ast.arg)):
                return False
        else:
            return False
    return bool(values)


def dtype_of_literal(values: Values, state: State) -> tuple[bool | None, str | None]:
    """Whether the literal data of ``torch.tensor`` and its like are integers or bools."""
    numbers: list[object] = []
    if not _leaves(values, state, numbers, set()) or not numbers:
        return None, None
    if any(isinstance(number, float) for number in numbers):
        return False, "torch.float32"
    if all(isinstance(number, bool) for number in numbers):
        return True, "torch.bool"
    return (True, "torch.int64") if all(isinstance(n, int) for n in numbers) else (None, None)


def _leaves(values: Values, state: State, found: list[object], seen: set[Address]) -> bool:
    """Collect the numbers of a literal; whether that are all that it holds.

    What was ``seen`` is not looked at again: a list may stand twice in another, or in itself.
    """
    for value in values:
        if isinstance(value, Constant):
            parts = value.value if isinstance(value.value, tuple) else (value.value,)
            for part in parts:
                found += list(_flat(part))
        elif isinstance(value, Plain):
            found.append(0.0 if value.kind == "float" else None)
        elif isinstance(value, Address):
            obj = state.read(value)
            if not isinstance(obj, Container) or obj.kind not in ("list", "tuple", "range"):
                return False
            if value in seen:
                continue
            seen.add(value)
            if not all(_leaves(held, state, found, seen) for held in obj.contents()):
                return False
        else:
            return False
    return True


def _flat(part: object) -> list[object]:
    if isinstance(part, tuple):
        return [leaf for inner in part for leaf in _flat(inner)]
    return [part]

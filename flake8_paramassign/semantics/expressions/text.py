"""Strings of which a part is known: by their beginning and their end."""

from __future__ import annotations

from itertools import takewhile

from flake8_paramassign.domain.values import Constant, Text, Value, computed, text_between


def text_of(parts: list[str | None]) -> Value:
    """A string of parts of which some are not known."""
    known = [part for part in parts if part is not None]
    if len(known) == len(parts):
        return computed("".join(known))
    first = [*takewhile(lambda part: part is not None, parts)]
    last = [*takewhile(lambda part: part is not None, reversed(parts))]
    return text_between("".join(map(str, first)), "".join(map(str, reversed(last))))


def is_text(value: Value) -> bool:
    """Whether a value is a string, known or known in part."""
    return isinstance(value, Text) or (isinstance(value, Constant) and isinstance(value.value, str))


def beginning(value: Value) -> str | None:
    """What a string surely begins with; None where that is not known."""
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, str) else None
    return value.prefix or None if isinstance(value, Text) else None


def ending(value: Value) -> str | None:
    """What a string surely ends with; None where that is not known."""
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, str) else None
    return value.suffix or None if isinstance(value, Text) else None

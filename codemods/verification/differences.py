"""What is not the same in two versions of a program, of all that was observed of both."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import torch

from codemods.verification.closeness import close, same_form, worst_entry
from codemods.verification.jobs import Difference
from codemods.verification.observing import NOTHING, Seen, Value

ABSENT = "absent"


def compare(before: Seen, after: Seen) -> tuple[list[Difference], dict[str, int]]:
    """Return what differs, each thing once, and how much was compared of each aspect."""
    differences: dict[tuple[str, str], Difference] = {}
    compared: Counter[str] = Counter()
    for key in dict.fromkeys([*before, *after]):
        aspect, name, moment = key
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        if not {ABSENT, NOTHING} & {v for v in (one, other) if isinstance(v, str)}:
            compared[aspect] += 1
        if _same(one, other):
            continue
        if known := differences.get((aspect, name)):
            differences[aspect, name] = replace(known, times=known.times + 1)
        else:
            differences[aspect, name] = Difference(aspect, name, moment, *_told(one, other))
    return [*differences.values()], dict(compared)


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return close(other, one)
    return isinstance(one, str) and one == other


def _told(one: Value, other: Value) -> tuple[str, str]:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor) and same_form(one, other):
        place = worst_entry(one, other)
        at = f" at {list(place)}" if place else ""
        return f"{_number(one[place])}{at}", f"{_number(other[place])}{at}"
    return _described(one), _described(other)


def _number(entry: torch.Tensor) -> str:
    value = entry.item()
    return f"{value:.10g}" if isinstance(value, (float, complex)) else str(value)


def _described(value: Value) -> str:
    if isinstance(value, str):
        return value or "nothing"
    dtype, layout = (str(name).removeprefix("torch.") for name in (value.dtype, value.layout))
    return " ".join(filter(None, [dtype, str(tuple(value.shape)), layout.replace("strided", "")]))

"""What an object of a torch class registers, decided by its constructor's arguments.

A slot is stored as its *cases*, of which just one holds for any arguments::

    "bias": [["bias", "parameter", ["out_features"]], ["!bias", "none"]]

A case is the conditions (an argument is truthy, or with ``!`` falsy), the kind, the shape and,
for submodules, the class. A size of the shape is a number or an expression in the arguments:
factors joined by ``*``, then divisors by ``//``; ``kernel_size[1]`` is an item of a tuple, or the
number itself where a number stands for all; ``*normalized_shape`` is as many sizes as that has.
A slot called ``weight_l{1:num_layers}`` is one for each number from 1 below ``num_layers``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import prod
from typing import Any, Final, NamedTuple


class Undetermined(Enum):
    """Arguments that are no constants."""

    UNKNOWN = "unknown"
    GIVEN = "given"


UNKNOWN: Final = Undetermined.UNKNOWN
"""An argument of which nothing is known: it may be None or False."""
GIVEN: Final = Undetermined.GIVEN
"""An argument that is surely neither None nor False: a tensor, a module."""

Size = int | str


@dataclass(frozen=True, slots=True)
class Slot:
    """A name that a Module registers, and what it holds when the constructor is done.

    ``kind`` is ``parameter``, ``none`` (a parameter slot that holds None), ``buffer``,
    ``none-buffer`` or ``module``; ``parameter?`` and ``buffer?`` are those of which the
    arguments did not tell whether they are there. A size in ``shape`` is a number, or an
    expression in the constructor's arguments where those are unknown.
    """

    name: str
    kind: str
    shape: tuple[Size, ...] | None = None
    trainable: bool = True
    module: str | None = None


class Case(NamedTuple):
    """One way a slot may turn out."""

    conditions: tuple[tuple[str, bool], ...]
    kind: str
    shape: tuple[Size, ...] | None = None
    module: str | None = None
    trainable: bool = True

    def may_hold(self, arguments: Mapping[str, object]) -> bool:
        """Whether the arguments leave it possible that the case is the one."""
        return all(
            (value := arguments.get(name, UNKNOWN)) is UNKNOWN or bool(value) == wanted
            for name, wanted in self.conditions
        )


_ABSENT = Case((), "absent")


@dataclass(frozen=True, slots=True, eq=False)
class ModuleClass:
    """A class of torch that derives from ``torch.nn.Module``."""

    name: str
    """As users write it: ``torch.nn.Linear``."""
    parameters: tuple[str, ...]
    """The constructor's arguments in order, without ``self`` and the variadic ones."""
    defaults: Mapping[str, object]
    """Those of the defaults that are literals."""
    bases: tuple[str, ...]
    """Every Module class it derives from, nearest first; ``torch.nn.Module`` is the last."""
    lazy: bool = False
    """Whether its shapes are only known after the first call."""
    cases: Mapping[str, tuple[Case, ...]] | None = field(default=None, repr=False)

    def slots(self, arguments: Mapping[str, object]) -> dict[str, Slot] | None:
        """What an object made with these arguments registers, by name; None if that is not known.

        ``arguments`` are constants, ``GIVEN`` or ``UNKNOWN``; one that is missing has its default.
        """
        if self.cases is None:
            return None
        known = {name: self.defaults.get(name, UNKNOWN) for name in self.parameters} | {**arguments}
        return {
            name: slot
            for pattern, cases in self.cases.items()
            for name, possible in _expand(pattern, cases, known)
            if (slot := _decide(name, possible, known)) is not None
        }


def parse_slots(stored: Mapping[str, list[list[Any]]]) -> dict[str, tuple[Case, ...]]:
    """The cases of every slot as ``torch.json`` has them."""
    return {name: tuple(map(_parse_case, cases)) for name, cases in stored.items()}


def _parse_case(stored: list[Any]) -> Case:
    conditions, kind, shape, module = (*stored, None, None)[:4]
    return Case(
        tuple((word.lstrip("!"), not word.startswith("!")) for word in conditions.split()),
        "parameter" if kind == "frozen" else kind,
        None if shape is None else tuple(shape),
        module,
        trainable=kind != "frozen",
    )


_FAMILY = re.compile(r"\{(\d+):(\w+)\}")
_UNDECIDED = {
    "parameter": "parameter?",
    "none": "parameter?",
    "buffer": "buffer?",
    "none-buffer": "buffer?",
}
_SHOWN_OF_UNKNOWN = 4
_SHOWN_AT_MOST = 64


def generic_name(name: str) -> str:
    """The name with ``#`` for a number after ``_l``: ``weight_ih_l0`` is ``weight_ih_l#``."""
    return re.sub(r"(?<=_l)(\d+|\{.*?\})", "#", name)


def _expand(
    pattern: str, cases: tuple[Case, ...], arguments: Mapping[str, object]
) -> Iterator[tuple[str, tuple[Case, ...]]]:
    """The names that ``pattern`` stands for; a few if their number is unknown."""
    family = _FAMILY.search(pattern)
    if family is None:
        yield pattern, cases
        return
    end = arguments.get(family[2], UNKNOWN)
    if not isinstance(end, int):
        end = _SHOWN_OF_UNKNOWN
        cases = (*cases, _ABSENT)
    for number in range(int(family[1]), min(end, _SHOWN_AT_MOST)):
        yield pattern.replace(family[0], str(number)), cases


def _decide(name: str, cases: tuple[Case, ...], arguments: Mapping[str, object]) -> Slot | None:
    """The slot that the arguments leave possible; None if there is surely none."""
    possible = {case[1:]: case for case in cases if case.may_hold(arguments)}.values()
    present = [case for case in possible if case.kind != "absent"]
    if not present:
        return None
    kinds = {case.kind for case in possible}
    kind = present[0].kind
    shapes = {case.shape for case in present if not case.kind.startswith("none")}
    modules = {case.module for case in present}
    return Slot(
        name=name,
        kind=kind if len(kinds) == 1 else _UNDECIDED.get(kind, kind),
        shape=_resolve(shapes.pop(), arguments) if len(shapes) == 1 else None,
        trainable=any(case.trainable for case in present),
        module=modules.pop() if len(modules) == 1 else None,
    )


_FACTOR = re.compile(r"(\w+)(?:\[(\d)\])?")


def _resolve(
    shape: tuple[Size, ...] | None, arguments: Mapping[str, object]
) -> tuple[Size, ...] | None:
    """``shape`` with a number for every size that the arguments give."""
    if shape is None:
        return None
    sizes: list[Size] = []
    for size in shape:
        if isinstance(size, str) and size.startswith("*"):
            value = arguments.get(size[1:])
            several = [value] if isinstance(value, int) else value
            if not isinstance(several, list | tuple):
                return None
            if not all(isinstance(item, int) for item in several):
                return None
            sizes.extend(several)
        else:
            value = evaluate(size, arguments)
            sizes.append(size if value is None else value)
    return tuple(sizes)


def evaluate(size: Size, arguments: Mapping[str, object]) -> int | None:
    """The number that a size is for these arguments; None where they do not tell."""
    if isinstance(size, int):
        return size
    product, *divisors = size.split("//")
    factors = [_factor(word, arguments) for word in product.split("*")]
    numbers = [_factor(word, arguments) for word in divisors]
    known = [number for number in factors + numbers if number is not None]
    if len(known) < len(factors) + len(numbers) or 0 in numbers:
        return None
    return prod(known[: len(factors)]) // prod(known[len(factors) :])


def _factor(word: str, arguments: Mapping[str, object]) -> int | None:
    """One name or number of a size."""
    if word.isdigit():
        return int(word)
    match = _FACTOR.fullmatch(word)
    if match is None:
        return None
    name, item = match[1], match[2]
    value = arguments.get(name)
    if item is not None and isinstance(value, list | tuple) and int(item) < len(value):
        value = value[int(item)]
    return value if isinstance(value, int) else None

"""Programs as they are written: nested blocks, and what is in scope."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Line: TypeAlias = "str | tuple[str, Sequence[Line]]"
"""A statement; a compound one is its header and what is below it."""
Block = list[Line]
Shape = tuple[int, ...]

SIZE = 4
"""Of nearly everything, so that what is put together at random fits."""


UNKNOWN = ('os.environ.get("DEEP")', 'os.environ.get("WIDE")')
"""Conditions that no reader of the program can tell; each is run either way."""


def text_of(block: Sequence[Line], indent: str = "") -> Iterator[str]:
    """Yield the lines of a block."""
    for line in block:
        if isinstance(line, str):
            yield indent + line if line else line
        else:
            header, body = line
            yield indent + header
            yield from text_of(body or ["pass"], indent + "    ")


@dataclass(frozen=True)
class Kind:
    """A class of Modules, as those who use it know it."""

    call: str
    """What makes one: ``nn.Linear(4, 4)``."""
    slots: dict[str, Shape | None] = field(default_factory=dict)
    """The Parameters by their dotted names; None is a slot that is empty."""
    layers: dict[str, str] = field(default_factory=dict)
    """The Modules in it by their dotted names, and the constructors' names."""
    lists: tuple[str, ...] = ()
    """The attributes that hold several Modules."""
    methods: tuple[str, ...] = ()
    """Methods that may be called with nothing."""


@dataclass
class Chance:
    """Random choices, the same for the same seed."""

    seed: str
    random: random.Random = field(init=False)
    counted: dict[str, int] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    """The conditions that what is being written stands under."""

    def __post_init__(self) -> None:
        """Begin at the seed."""
        self.random = random.Random(self.seed)

    def one(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``."""
        return self.random.choice(choices)

    @contextmanager
    def unknown(self) -> Iterator[str]:
        """Give a condition that nothing around the body depends on, or "" where there is none."""
        free = [condition for condition in UNKNOWN if condition not in self.assumed]
        condition = self.one(free) if free else ""
        self.assumed.append(condition)
        try:
            yield condition
        finally:
            self.assumed.pop()

    def weighted(self, choices: dict[T, int]) -> T:
        """Return one of ``choices``, the heavier ones more often."""
        return self.random.choices([*choices], [*choices.values()])[0]

    def sometimes(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.random.random() < probability

    def written(self, templates: str, **parts: object) -> str:
        """Return one of the lines of ``templates``, with its parts filled in."""
        return self.one(templates.split("\n")[1:-1]).format(**parts)

    def many(self, least: int, most: int) -> range:
        """Return what is repeated a number of times between both."""
        return range(self.random.randint(least, most))

    def name(self, stem: str) -> str:
        """Return a name that is not taken: ``stem``, ``stem2``, ..."""
        count = self.counted[stem] = self.counted.get(stem, 0) + 1
        return stem if count == 1 else f"{stem}{count}"

"""Lines that may have to do with a finding, found in the text of a file before anything is run.

Each pattern begins with letters that are rare in it: that makes a search ten times as fast as
one for several words at once, and all searches together cost a small part of parsing the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from flake8_paramassign.source import Source

PARAMETER = r"Parameter\b(?! (?!(?:as|if|else|or|and|is|in|for|not)\b)[a-z])"
"""The class, but not the word in a sentence: ``a Parameter tree``."""
_MAKES = (PARAMETER, r"_parameters\b(?!\()", "requires_grad", "setattr", "register_parameter",
          r"\.data\s*=(?!=)")  # fmt: skip
"""What makes, replaces or unwraps a Parameter."""
_TOUCHES = (r"assign=True", r"state_dict\(\)\s*\[", r"state_dict\(\)\.update\(",
            r"parameters\(\)\)\s*\[")  # fmt: skip
"""What else may go wrong in one line."""
_REWIRES = ("weight_norm(", "spectral_norm(", "prune.", "parametriz", "orthogonal(")
_IN_FOR = re.compile(r"(?:^[ \t]*(?:async )?|_\([^\n]* )for [^:]*$", re.MULTILINE)
"""A loop, or a comprehension that writes in place."""
_WRITTEN = re.compile(r"(\.?)(\w+)(?:\[[^\[\]\n]*\])?(?:\.data)?(?:\[[^\[\]\n]*\])?\.\w+_$")
"""What an in-place method is called on: ``.weight`` of ``m.weight[0].fill_``."""
_GIVEN = re.compile(r"\s*[\w.\[\]]+\.(\w+)(?:\[[^\[\]\n]*\])?\s*[,)]")
"""The first argument of a function: ``.weight`` of ``torch.clamp_(m.weight, min=0)``."""
_ALIAS = re.compile(r" = [\w.\[\]]+\.(\w+)[ \t]*(?:#.*)?$", re.MULTILINE)
_NAME = re.compile(r"(\w+)$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules that are on want looked at, besides what all rules do."""

    signs: tuple[str, ...]
    """Patterns of lines."""
    computed: bool
    """Whether that is each ``__init__`` of a Module that stores what it computes."""


class Signs:
    """The lines of one file that have a sign."""

    def __init__(self, source: Source, extra: Iterable[str] = ()) -> None:
        """``extra``: patterns of rules that are on and need more lines looked at."""
        # Of the same length, so that offsets hold, and `$` and `[^\n]` mean what they say.
        self._text = source.text.replace("\r\n", " \n").replace("\r", "\n")
        self._line_at = source.line_at
        self._extra = tuple(extra)

    @cached_property
    def makes(self) -> list[int]:
        """Lines that make, replace or unwrap a Parameter, ascending."""
        return self._lines(self._found(_MAKES))

    def all(self, is_slot: Callable[[str], bool]) -> list[int]:
        """Every line with a sign, ascending; ``is_slot``: may an attribute be a Parameter?"""
        found = [*self._found(_TOUCHES), *self._found(self._extra)]
        found += self._loops()
        found += self._stored_copies()
        found += self._written(is_slot)
        if any(word in self._text for word in _REWIRES):
            found += self._found([*map(re.escape, _REWIRES), r"\.apply\(", r"\.data\b", r"init\."])
        return sorted({*self.makes, *self._lines(found)})

    def calls(self, functions: Iterable[str]) -> list[int]:
        """Lines that call one of ``functions``."""
        return self._lines(self._found(rf"{name}\(" for name in functions))

    def _found(self, patterns: Iterable[str]) -> Iterator[int]:
        for pattern in patterns:
            for match in re.finditer(pattern, self._text):
                yield match.start()

    def _lines(self, offsets: Iterable[int]) -> list[int]:
        return sorted({self._line_at(offset) for offset in offsets})

    def _loops(self) -> Iterator[int]:
        """``for p in model.parameters():``, also over several lines."""
        for offset in self._found([r"parameters\("]):
            if _IN_FOR.search(self._text, max(0, offset - 200), offset):
                yield offset

    def _stored_copies(self) -> Iterator[int]:
        """``state = m.state_dict()``, where an item of ``state`` is stored."""
        for offset in self._found([r"state_dict\(\)(?=\s*[\n#])", r"parameters\(\)\)(?=\s*[\n#])"]):
            start = self._text.rfind("\n", 0, offset) + 1
            match = re.match(r"[ \t]*(\w+)\s*=", self._text[start:offset])
            if match and self._is_stored(match.group(1)):
                yield offset

    def _is_stored(self, name: str) -> bool:
        stored = rf"{name}(?:\[[^\n]*\]\s*=(?!=)|\.update\()"
        return re.search(stored, self._text) is not None

    def _written(self, is_slot: Callable[[str], bool]) -> Iterator[int]:
        """``m.weight.fill_(0)``, and what is done to ``w`` after ``w = m.weight``."""
        bare: dict[str, list[int]] = {}
        for offset in self._found([r"_\("]):
            if self._text[offset - 1] == "_":
                continue
            match = _WRITTEN.search(self._text, max(0, offset - 80), offset + 1)
            if match is None:
                continue
            if match.group(1) and is_slot(match.group(2)):
                yield offset
            elif not match.group(1):
                bare.setdefault(match.group(2), []).append(offset)
                given = _GIVEN.match(self._text, offset + 2)
                if given and match.group(2) != "init" and is_slot(given.group(1)):
                    yield offset
        for match in _ALIAS.finditer(self._text):
            name = _NAME.search(self._text, max(0, match.start() - 40), match.start())
            if name is None or not is_slot(match.group(1)):
                continue
            changed = (
                rf"{name.group(1)}(?:\[[^\n]*\])?\s*[-+*/%]=|{name.group(1)}\[[^\n]*\]\s*=(?!=)"
            )
            uses = [m.start() for m in re.finditer(changed, self._text)]
            yield from [*uses, *bare.get(name.group(1), ())]


def within(lines: list[int], first: int, last: int) -> bool:
    """Whether one of ``lines``, which ascend, is between two others."""
    index = bisect_left(lines, first)
    return index < len(lines) and lines[index] <= last

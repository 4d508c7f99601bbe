"""Patterns for one name: ``*``, ``?``, ``[a-z]``, as shells and git know them.

Others translate them to regular expressions, and ``*a*a*a*b`` then takes ages over a name of
``a``: whoever writes a .gitignore could stop the run. Here the text between two stars is looked
for once, at the first place where it fits, which is always right.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path


def split(pattern: str) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that the pattern for paths ``pattern`` begins with, and what follows."""
    parts = Path(pattern).parts
    plain = next((i for i, part in enumerate(parts) if has_magic(part)), len(parts))
    return Path(*parts[:plain]), parts[plain:]


def expanded(start: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield what lies under the path ``start`` on the way that the patterns ``names`` describe.

    ``**`` is any number of folders. As in a shell, wildcards do not stand for hidden names; they
    do not stand for links to folders either, which may lead round and round.
    Nothing is looked at twice.
    """
    waiting, seen = [(start, names)], set()
    while waiting:
        path, rest = state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        if not rest or rest == ("**",):
            yield path
        elif rest[0] == "**":
            waiting.append((path, rest[1:]))
            waiting += ((folder, rest) for folder in _within(path, "*") if folder.is_dir())
        elif has_magic(rest[0]):
            waiting += ((found, rest[1:]) for found in _within(path, rest[0]))
        elif os.path.lexists(path / rest[0]):
            waiting.append((path / rest[0], rest[1:]))


def _within(folder: Path, pattern: str) -> list[Path]:
    try:
        glob = Glob(pattern)
        with os.scandir(folder) as entries:
            return [
                folder / entry.name
                for entry in entries
                if glob.matches(entry.name)
                and (pattern.startswith(".") or not entry.name.startswith("."))
                and not (entry.is_symlink() and os.path.isdir(entry))
            ]
    except (OSError, ValueError):
        return []


class Glob:
    """A pattern for one name, with ``*``, ``?`` and ``[...]``; ``\\`` takes a character as it is.

    Raises ValueError for what is none.
    """

    def __init__(self, text: str) -> None:
        """Take the pattern apart at its stars."""
        if _SPECIAL.isdisjoint(text):
            self._pieces = [_Piece(len(piece), piece) for piece in text.split("*")]
        else:
            self._pieces = [_Piece.read(piece) for piece in _between_stars(text)]

    @property
    def literal(self) -> str | None:
        """The name that alone is meant, if there are no wildcards."""
        return self._pieces[0].text if len(self._pieces) == 1 else None

    @property
    def texts(self) -> tuple[str, ...]:
        """What is in each name that is meant."""
        return tuple(piece.text for piece in self._pieces if piece.text)

    def matches(self, name: str) -> bool:
        """Return whether the whole ``name`` is meant."""
        first, *middle = self._pieces
        if not middle:
            return len(name) == first.length and first.is_at(name, 0)
        last = middle.pop()
        if not first.is_at(name, 0):
            return False
        end, limit = first.length, len(name) - last.length
        for piece in middle:
            end = piece.end_in(name, end)
            if end < 0:
                return False
        return end <= limit and last.is_at(name, limit)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands between two stars, each character of it for one of the name."""

    length: int
    text: str | None
    """None where there are wildcards, which ``expression`` has."""
    expression: re.Pattern[str] | None = None
    """None for what is longer than any name."""

    @classmethod
    def read(cls, tokens: Sequence[str]) -> _Piece:
        """Take regular expressions for one character each, or the characters themselves."""
        if all(len(token) == 1 for token in tokens):
            return cls(len(tokens), "".join(tokens))
        if len(tokens) > _LONGEST_NAME:
            return cls(len(tokens), None)
        parts = (re.escape(token) if len(token) == 1 else token for token in tokens)
        try:
            return cls(len(tokens), None, re.compile("".join(parts), re.DOTALL))
        except re.error as error:
            raise ValueError(str(error)) from None

    def is_at(self, name: str, start: int) -> bool:
        if self.text is not None:
            return name.startswith(self.text, start)
        return self.expression is not None and self.expression.match(name, start) is not None

    def end_in(self, name: str, start: int) -> int:
        """Return where the first of its kind from ``start`` on ends; -1 if there is none."""
        if self.text is not None:
            found = name.find(self.text, start)
            return found + self.length if found >= 0 else -1
        match = self.expression.search(name, start) if self.expression else None
        return match.end() if match else -1


_LONGEST_NAME = 1_000
"""Characters, of which no file system allows so many."""
_SPECIAL = frozenset("?[\\")
_TOKEN = re.compile(
    r"""(?P<stars>\*+) | (?P<any>\?) | \\(?P<escaped>.)
    | \[(?P<negated>[!^]?)(?P<set>\]?(?:\[:[a-z]+:\]|\\.|[^]\\])*)\]
    | (?P<plain>[^[\\])""",
    re.VERBOSE | re.DOTALL,
)
_SET_ITEM = re.compile(r"\[:([a-z]+):\]|\\?(.)", re.DOTALL)
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "upper": "A-Z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "xdigit": "0-9A-Fa-f",
}


def _between_stars(text: str) -> list[list[str]]:
    """Return the tokens between the stars of ``text``, each one character or an expression."""
    pieces: list[list[str]] = [[]]
    end = 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            raise ValueError(f"no pattern: {text}")
        end = match.end()
        if match["stars"]:
            pieces.append([])
        elif match["any"]:
            pieces[-1].append("(?:.)")
        elif match["set"] is not None:
            pieces[-1].append(_set(match["set"], negated=bool(match["negated"])))
        else:
            pieces[-1].append(match["escaped"] or match["plain"])
    return pieces


def _set(text: str, *, negated: bool) -> str:
    """Return the regular expression for ``[text]``; raises ValueError for an unknown class."""
    items: list[str] = []
    for name, character in _SET_ITEM.findall(text):
        if name and name not in _CLASSES:
            raise ValueError(f"no class of characters: {name}")
        is_range = character == "-" and items and items[-1] != "-"
        items.append(_CLASSES[name] if name else character if is_range else re.escape(character))
    return f"[{'^' * negated}{''.join(items)}]"

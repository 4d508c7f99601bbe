"""Patterns for paths, in the language of .gitignore files.

Most lines are found by the name that they are for, so that thousands cost no more than a few.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flake8_paramassign.globs import Glob

_MOST_WILDCARDS = 20_000
"""Lines of one list with wildcards in the middle, each of which has to be tried on each name."""
TOO_MANY = f"more than {_MOST_WILDCARDS} patterns with wildcards"


@dataclass(frozen=True)
class Patterns:
    """Patterns as written in the absolute ``folder``: those with a slash are relative to it.

    Invalid ones count for nothing, as in git.
    """

    folder: Path
    lines: tuple[str, ...]

    @cached_property
    def _list(self) -> _List:
        return _List(self.lines)

    @property
    def are_too_many(self) -> bool:
        """Whether so many have to be tried one by one that it would take long."""
        return len(self._list.others) > _MOST_WILDCARDS

    def verdict(self, path: Path, *, is_folder: bool = False) -> bool | None:
        """Return whether the last pattern for the absolute ``path`` takes it, or a folder above.

        What is in a folder that is taken cannot be let go. None where there is no such pattern,
        as for ``folder`` itself. Outside ``folder`` only the name of ``path`` counts.
        """
        names = self._names(path)
        for depth in range(1, len(names)):
            if self._list.verdict(names[:depth], is_folder=True):
                return True
        return self._list.verdict(names, is_folder) if names else None

    def verdict_here(self, path: Path, *, is_folder: bool = False) -> bool | None:
        """Return the same, where it is known that no folder above is taken."""
        names = self._names(path)
        return self._list.verdict(names, is_folder) if names else None

    def _names(self, path: Path) -> tuple[str, ...]:
        depth = len(self.folder.parts)
        return path.parts[depth:] if path.parts[:depth] == self.folder.parts else path.parts[-1:]


def absolute(path: str | Path) -> Path:
    """Return ``path`` from the root, links kept: patterns are for the names that people see."""
    return Path(os.path.abspath(path))


def is_valid(line: str) -> bool:
    """Return whether ``line`` is a pattern, or a comment."""
    try:
        _Pattern.read(line)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line."""

    takes: bool
    """Whether it leaves out; with ``!`` it lets go."""
    folders_only: bool
    runs: tuple[tuple[Glob, ...], ...]
    """The patterns for names in a row, split where ``**`` stands for any number of folders."""

    @classmethod
    def read(cls, line: str) -> _Pattern | None:
        """Return what ``line`` says, None for a comment; raises ValueError where it is neither."""
        text = _without_blank_end(line)
        if not text or text.startswith("#"):
            return None
        takes = not text.startswith("!")
        body = text if takes else text[1:]
        names = body.removesuffix("/").split("/")
        if names == [""] and not takes:
            raise ValueError("nothing to let go")
        if len(names) == 1:
            names.insert(0, "**")
        elif names[0] == "":
            del names[0]
        runs: list[list[Glob]] = [[]]
        for name in names:
            if name == "**":
                runs.append([])
            else:
                runs[-1].append(Glob(name))
        # Several `**` in a row are one.
        kept = [run for i, run in enumerate(runs) if run or i in (0, len(runs) - 1)]
        return cls(takes, body.endswith("/"), tuple(map(tuple, kept)))

    @property
    def name(self) -> Glob | None:
        """The pattern for the last name of a path, None if that may be any."""
        return self.runs[-1][-1] if self.runs[-1] else None

    @property
    def longest_text(self) -> str:
        """The longest text that is in each path that is meant."""
        return max((glob.longest_text for run in self.runs for glob in run), key=len, default="")

    def matches(self, names: Sequence[str], is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        first, *middle = self.runs
        if not middle:
            return len(first) == len(names) and _match(first, names, 0)
        last = middle.pop()
        limit = len(names) - max(len(last), 1)  # `a/**` is something in `a`
        if len(first) > limit or not _match(first, names, 0):
            return False
        end = len(first)
        for run in middle:
            starts = range(end, limit - len(run) + 1)
            start = next((start for start in starts if _match(run, names, start)), None)
            if start is None:
                return False
            end = start + len(run)
        return _match(last, names, limit)


def _without_blank_end(line: str) -> str:
    text = line.rstrip(" \t")
    is_escaped = (len(text) - len(text.rstrip("\\"))) % 2
    return text + line[len(text) : len(text) + is_escaped]


def _match(run: Sequence[Glob], names: Sequence[str], start: int) -> bool:
    return all(glob.matches(names[start + i]) for i, glob in enumerate(run))


class _List:
    """The lines of one file, by the last name that each is for."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._literals: defaultdict[str, list[tuple[int, _Pattern]]] = defaultdict(list)
        self._endings: defaultdict[str, list[tuple[int, _Pattern]]] = defaultdict(list)
        self.others: list[tuple[str, tuple[int, _Pattern]]] = []
        for number, pattern in enumerate(_readable(lines)):
            name = pattern.name
            if name is not None and name.literal is not None:
                self._literals[name.literal].append((number, pattern))
            elif name is not None and name.ending is not None:
                self._endings[name.ending].append((number, pattern))
            else:
                self.others.append((pattern.longest_text, (number, pattern)))
        self.others.reverse()
        self._lengths = sorted({len(ending) for ending in self._endings})

    def verdict(self, names: Sequence[str], is_folder: bool) -> bool | None:
        """Return what the last pattern for the path of ``names`` says, None if there is none."""
        known = _last(self._near(names[-1]), names, is_folder, (-1, None))
        path = "/".join(names)
        others = [numbered for text, numbered in self.others if text in path]
        return _last(others, names, is_folder, known)[1]

    def _near(self, name: str) -> list[tuple[int, _Pattern]]:
        """Return the patterns that are for this very name or its ending, the last first."""
        near = [*self._literals.get(name, ())]
        for length in self._lengths:
            if length <= len(name):
                near += self._endings.get(name[len(name) - length :], ())
        return sorted(near, key=lambda numbered: -numbered[0])


def _last(
    patterns: Iterable[tuple[int, _Pattern]],
    names: Sequence[str],
    is_folder: bool,
    known: tuple[int, bool | None],
) -> tuple[int, bool | None]:
    """Return number and verdict of the last pattern for ``names``, unless ``known`` is later.

    The last of ``patterns`` comes first.
    """
    for number, pattern in patterns:
        if number < known[0]:
            break
        if pattern.matches(names, is_folder):
            return number, pattern.takes
    return known


def _readable(lines: Iterable[str]) -> Iterator[_Pattern]:
    for line in lines:
        try:
            pattern = _Pattern.read(line)
        except ValueError:
            continue
        if pattern is not None:
            yield pattern

"""Patterns for paths, in the language of .gitignore files.

Most lines are found by a text that is in few others, so that thousands cost no more than a few.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from flake8_paramassign.globs import Glob

_MOST_TEXTS = 20_000
"""Texts of one list, each of which has to be looked for in each path."""
_MOST_ALIKE = 2_000
"""Lines of one list that no text tells apart, so that each has to be tried where it occurs."""
TOO_MANY = "too many patterns with wildcards, or that are alike"


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
        return self._list.is_long

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
    def texts(self) -> tuple[str, ...]:
        """What is in each path that is meant."""
        return tuple(text for run in self.runs for glob in run for text in glob.texts)

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
    """The lines of one file, each by that text of it that is in the fewest others."""

    def __init__(self, lines: Iterable[str]) -> None:
        patterns = list(_readable(lines))
        counts = Counter(text for pattern in patterns for text in pattern.texts)
        self._by_name: defaultdict[str, list[tuple[int, _Pattern]]] = defaultdict(list)
        self._by_text: defaultdict[str, list[tuple[int, _Pattern]]] = defaultdict(list)
        for number, pattern in enumerate(patterns):
            text = min(pattern.texts, key=lambda text: (counts[text], -len(text)), default="")
            name = pattern.name
            is_name = name is not None and name.literal == text
            (self._by_name if is_name else self._by_text)[text].append((number, pattern))
        groups = chain(self._by_name.values(), self._by_text.values())
        most = max(map(len, groups), default=0)
        self.is_long = len(self._by_text) > _MOST_TEXTS or most > _MOST_ALIKE

    def verdict(self, names: Sequence[str], is_folder: bool) -> bool | None:
        """Return what the last pattern for the path of ``names`` says, None if there is none."""
        path = "/".join(names)
        near = [*self._by_name.get(names[-1], ())]
        for text, patterns in self._by_text.items():
            if text in path:
                near += patterns
        near.sort(key=lambda numbered: -numbered[0])
        return next((p.takes for _, p in near if p.matches(names, is_folder)), None)


def _readable(lines: Iterable[str]) -> Iterator[_Pattern]:
    for line in lines:
        try:
            pattern = _Pattern.read(line)
        except ValueError:
            continue
        if pattern is not None:
            yield pattern

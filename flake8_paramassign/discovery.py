"""Which files to check: those the user named, and those in the folders the user named."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from flake8_paramassign.files import read_regular
from flake8_paramassign.globs import expanded, split
from flake8_paramassign.patterns import TOO_MANY, Patterns, absolute

PYTHON = (".py", ".pyi")
STDIN = "-"

_USUAL_FOLDERS = (
    *(".bzr/", ".direnv/", ".eggs/", ".git/", ".hg/", ".ipynb_checkpoints/", ".mypy_cache/"),
    *(
        ".nox/",
        ".pants.d/",
        ".paramassign_cache/",
        ".pytest_cache/",
        ".pytype/",
        ".ruff_cache/",
        ".svn/",
        ".tox/",
    ),
    *(".venv/", ".vscode/", "__pycache__/", "__pypackages__/", "_build/", "buck-out/", "build/"),
    *("dist/", "node_modules/", "site-packages/", "venv/"),
)

_LARGEST_GITIGNORE = 1_000_000
"""Bytes."""


class SourceFile(NamedTuple):
    """A regular file, under the name it is reported by."""

    path: str
    size: int


@dataclass(frozen=True)
class Discovery:
    """The files to check, in the order of the arguments, and what could not be looked at."""

    files: list[SourceFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Exclusion:
    """What to leave out, besides what .gitignore files say.

    ``exclude`` is None for the usual folders: caches, environments, build products. ``force``
    leaves out even what the user named.
    """

    exclude: Patterns | None = None
    extend_exclude: tuple[Patterns, ...] = ()
    force: bool = False

    def patterns(self, start: Path) -> list[Patterns]:
        """Return the patterns for what lies below the absolute folder ``start``."""
        return [self.exclude or Patterns(start, _USUAL_FOLDERS), *self.extend_exclude]


def discover(
    arguments: Iterable[str], exclusion: Exclusion, suffixes: tuple[str, ...] = PYTHON
) -> Discovery:
    """Return the files that ``arguments`` (files, folders, glob patterns) stand for.

    A file that is named is taken whatever it is called; in folders and for patterns, those
    with one of ``suffixes``. Each is taken once, however many names and links lead to it. A link
    that leads out of all folders that are named is left out unless it is named itself.
    """
    found = Discovery()
    problems: dict[str, None] = {}
    seen = set()
    search = _Search(exclusion, lambda problem: problems.setdefault(problem), suffixes)
    for path in search.paths(list(arguments)):
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            problems[f"{path}: {getattr(error, 'strerror', error)}"] = None
            continue
        if not stat.S_ISREG(status.st_mode):
            problems[f"{path}: not a regular file"] = None
        elif (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            found.files.append(SourceFile(str(path), status.st_size))
    found.problems.extend(problems)
    return found


def is_left_out(path: str, exclusion: Exclusion, root: Path | None = None) -> bool:
    """Return whether a walk from ``root``, or the current folder, would leave ``path`` out."""
    return _Search(exclusion, lambda problem: None).leaves_out(Path(path), root)


class _Search:
    """One look at the file system, which reads each .gitignore once."""

    def __init__(
        self,
        exclusion: Exclusion,
        complain: Callable[[str], None],
        suffixes: tuple[str, ...] = PYTHON,
    ) -> None:
        self._exclusion = exclusion
        self._complain = complain
        self._suffixes = suffixes
        self._gitignores: dict[Path, tuple[Patterns, ...]] = {}
        self._roots: list[str] = []
        """Where links may lead."""

    def paths(self, arguments: Sequence[str]) -> Iterator[Path]:
        """Yield the path of each file that the arguments stand for."""
        self._roots = [os.path.realpath(name) for name in arguments if os.path.isdir(name)]
        for argument in arguments:
            path = Path(argument)
            if os.path.isdir(path):
                yield from self._walk(path)
            elif glob.has_magic(argument) and not os.path.lexists(path):
                yield from self._matched(argument)
            elif not (self._exclusion.force and self.leaves_out(path)):
                yield path

    def leaves_out(self, path: Path, root: Path | None = None) -> bool:
        full = absolute(path)
        patterns = self._exclusion.patterns(root or Path.cwd())
        ignores = self._ignores_in(full.parent)
        return _covers((p.verdict(full) for p in patterns), [p.verdict(full) for p in ignores])

    def _matched(self, pattern: str) -> Iterator[Path]:
        """Yield the files that a glob pattern stands for: shells leave some to us."""
        start, names = split(pattern)
        self._roots.append(os.path.realpath(start))
        paths = sorted(expanded(start, names))
        if not paths:
            self._complain(f"{pattern}: no such file")
        for path in paths:
            if os.path.isdir(path):
                yield from self._walk(path)
            elif path.name.endswith(self._suffixes) and not self.leaves_out(path):
                if os.path.isfile(path) and self._is_inside(path):
                    yield path

    def _walk(self, start: Path) -> Iterator[Path]:
        """Yield the files in and below the folder ``start``; links to folders are not followed.

        What would leave out ``start`` itself is overruled by its having been named.
        """
        root = absolute(start)
        patterns = self._exclusion.patterns(root)
        above = (*patterns, *self._ignores_in(root.parent))
        overruled = {p for p in above if p.verdict(root, is_folder=True)}
        if overruled and self._exclusion.force:
            return
        patterns = [p for p in patterns if p not in overruled]

        def is_covered(ignores: Sequence[Patterns], path: Path, *, is_folder: bool = False) -> bool:
            return _covers(
                (p.verdict_here(path, is_folder=is_folder) for p in patterns),
                [p.verdict_here(path, is_folder=is_folder) for p in ignores],
            )

        folders = [(start, root)]
        while folders:
            folder, full = folders.pop()
            entries = self._entries(folder)
            ignores = [p for p in self._ignores_in(full) if p not in overruled] if entries else []
            for entry in entries:
                if entry.name.endswith(self._suffixes) and _is_file(entry):
                    if not is_covered(ignores, full / entry.name):
                        if not entry.is_symlink() or self._is_inside(folder / entry.name):
                            yield folder / entry.name
            folders += (
                (folder / entry.name, full / entry.name)
                for entry in reversed(entries)
                if _is_folder(entry)
                and not is_covered(ignores, full / entry.name, is_folder=True)
                and not os.path.lexists(folder / entry.name / "pyvenv.cfg")
            )

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """Return what is in ``folder``, by name; nothing where it may not be looked at."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._complain(f"{folder}: {error.strerror}")
            return []

    def _is_inside(self, path: Path) -> bool:
        """Return whether ``path``, links followed, is in one of the folders that were named."""
        target = os.path.realpath(path)
        return any(target.startswith(os.path.join(root, "")) for root in self._roots)

    def _ignores_in(self, folder: Path) -> tuple[Patterns, ...]:
        """Return each .gitignore that holds in the absolute ``folder``, the repository's first."""
        unread = []
        ignores: tuple[Patterns, ...] = ()
        for above in chain((folder,), folder.parents):
            if above in self._gitignores:
                ignores = self._gitignores[above]
                break
            unread.append(above)
            if os.path.lexists(above / ".git"):
                break
        for below in reversed(unread):
            self._gitignores[below] = ignores = (*ignores, *self._own_ignores(below))
        return ignores

    def _own_ignores(self, folder: Path) -> Iterator[Patterns]:
        """Yield what the .gitignore in ``folder`` says, if there is one."""
        file = folder / ".gitignore"
        if not os.path.lexists(file):
            return
        try:
            text = read_regular(file, _LARGEST_GITIGNORE).decode("utf-8-sig", "surrogateescape")
        except OSError as error:
            self._complain(f"{file}: {error.strerror}")
            return
        lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
        patterns = Patterns(folder, lines)
        if patterns.are_too_many:
            self._complain(f"{file}: {TOO_MANY}")
        else:
            yield patterns


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _covers(patterns: Iterable[bool | None], ignores: Sequence[bool | None]) -> bool:
    """Return whether a pattern takes a path, or the nearest .gitignore that speaks of it does."""
    if any(patterns):
        return True
    return next((verdict for verdict in reversed(ignores) if verdict is not None), False)

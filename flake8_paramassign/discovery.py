"""Which files to check: those the user named, and those in the folders the user named."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from flake8_paramassign.patterns import Patterns, absolute

PYTHON = (".py", ".pyi")
STDIN = "-"

_USUAL_FOLDERS = (
    *(".bzr/", ".direnv/", ".eggs/", ".git/", ".hg/", ".ipynb_checkpoints/", ".mypy_cache/"),
    *(".nox/", ".pants.d/", ".pytest_cache/", ".pytype/", ".ruff_cache/", ".svn/", ".tox/"),
    *(".venv/", ".vscode/", "__pycache__/", "__pypackages__/", "_build/", "buck-out/", "build/"),
    *("dist/", "node_modules/", "site-packages/", "venv/"),
)


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
    with one of ``suffixes``. Each is taken once, however many names and links lead to it.
    """
    found = Discovery()
    seen = set()
    for path in _Search(exclusion, found.problems, suffixes).paths(arguments):
        try:
            status = path.stat()
        except OSError as error:
            found.problems.append(f"{path}: {error.strerror}")
            continue
        if not stat.S_ISREG(status.st_mode):
            found.problems.append(f"{path}: not a regular file")
        elif (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            found.files.append(SourceFile(str(path), status.st_size))
    return found


def is_left_out(path: str, exclusion: Exclusion) -> bool:
    """Return whether a walk from the current folder would leave the file ``path`` out."""
    return _Search(exclusion, []).leaves_out(Path(path))


class _Search:
    """One look at the file system, which reads each .gitignore once."""

    def __init__(
        self, exclusion: Exclusion, problems: list[str], suffixes: tuple[str, ...] = PYTHON
    ) -> None:
        self._exclusion = exclusion
        self._problems = problems
        self._suffixes = suffixes
        self._gitignores: dict[Path, list[Patterns]] = {}

    def paths(self, arguments: Iterable[str]) -> Iterator[Path]:
        """Yield the path of each file that the arguments stand for."""
        for argument in arguments:
            path = Path(argument)
            if path.is_dir():
                yield from self._walk(path)
            elif glob.has_magic(argument) and not os.path.lexists(path):
                yield from self._matched(argument)
            elif not (self._exclusion.force and self.leaves_out(path)):
                yield path

    def leaves_out(self, path: Path) -> bool:
        full = absolute(path)
        return _covers(self._exclusion.patterns(Path.cwd()), self._ignores_in(full.parent), full)

    def _matched(self, pattern: str) -> Iterator[Path]:
        """Yield the files that a glob pattern stands for: shells leave some to us."""
        paths = sorted(glob.glob(pattern, recursive=True))
        if not paths:
            self._problems.append(f"{pattern}: no such file")
        for path in map(Path, paths):
            if path.is_dir():
                yield from self._walk(path)
            elif path.suffix in self._suffixes and not self.leaves_out(path):
                yield path

    def _walk(self, start: Path) -> Iterator[Path]:
        """Yield the files in and below the folder ``start``; links to folders are not followed.

        What would leave out ``start`` itself is overruled by its having been named.
        """
        root = absolute(start)
        above = [*self._exclusion.patterns(root), *self._ignores_in(root.parent)]
        overruled = (
            [] if self._exclusion.force else [p for p in above if p.verdict(root, is_folder=True)]
        )
        patterns = [p for p in self._exclusion.patterns(root) if p not in overruled]
        for name, subfolders, files in os.walk(start, onerror=self._complain):
            folder, full = Path(name), absolute(name)
            ignores = [p for p in self._ignores_in(full) if p not in overruled]
            subfolders[:] = sorted(
                name
                for name in subfolders
                if not _covers(patterns, ignores, full / name, is_folder=True)
                and not (folder / name / "pyvenv.cfg").exists()
            )
            for name in sorted(files):
                if (
                    name.endswith(self._suffixes)
                    and not _covers(patterns, ignores, full / name)
                    and (folder / name).is_file()
                ):
                    yield folder / name

    def _complain(self, error: OSError) -> None:
        self._problems.append(f"{error.filename}: {error.strerror}")

    def _ignores_in(self, folder: Path) -> list[Patterns]:
        """Return each .gitignore that holds in the absolute ``folder``, the repository's first."""
        if folder not in self._gitignores:
            is_top = folder == folder.parent or (folder / ".git").exists()
            ignores = [] if is_top else [*self._ignores_in(folder.parent)]
            try:
                lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
                ignores.append(Patterns(folder, tuple(lines)))
            except OSError:
                pass
            self._gitignores[folder] = ignores
        return self._gitignores[folder]


def _covers(
    patterns: Sequence[Patterns], ignores: Sequence[Patterns], path: Path, is_folder: bool = False
) -> bool:
    """Return whether a pattern takes the absolute ``path``, or the nearest .gitignore does."""
    if any(pattern.verdict(path, is_folder=is_folder) for pattern in patterns):
        return True
    verdicts = (ignore.verdict(path, is_folder=is_folder) for ignore in reversed(ignores))
    return next((verdict for verdict in verdicts if verdict is not None), False)

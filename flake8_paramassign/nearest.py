"""Which configuration counts for a file: so that it has one verdict, alone and among others."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from flake8_paramassign.cache import NAME as CACHE
from flake8_paramassign.configuration import Configuration, nearest, read
from flake8_paramassign.discovery import SourceFile, is_left_out
from flake8_paramassign.patterns import absolute


class Configurations:
    """The configuration nearest to each file, and what the command line says over it.

    Worker processes take it as it is; each file that was read stays as it was then.
    """

    def __init__(
        self, options: Mapping[str, object], *, file: str | None = None, is_isolated: bool = False
    ) -> None:
        """Take the options that could be configured, too, as a table.

        ``file`` is the configuration of all files, and where ``is_isolated`` there is none.
        """
        self._options = options
        self._options_from = Path.cwd()
        self._file = file
        self._is_isolated = is_isolated
        self._known: dict[str, tuple[Path | None, Configuration]] = {}

    def of(self, filename: str) -> Configuration:
        """Return what counts for a file; raises ConfigurationError."""
        return self._of(filename)[1]

    def _of(self, filename: str) -> tuple[Path | None, Configuration]:
        folder = os.path.dirname(os.path.abspath(filename))
        return self._known.get(folder) or self.in_folder(Path(folder))

    def in_folder(self, folder: Path) -> tuple[Path | None, Configuration]:
        """Return the same for a folder, and which file says so; raises ConfigurationError."""
        key = str(folder)
        if key not in self._known:
            if self._is_isolated:
                file, configuration = None, Configuration()
            elif self._file:
                file, configuration = Path(self._file), read(absolute(self._file))
            else:
                file, configuration = nearest(folder)
            own = configuration.overridden(self._options, self._options_from)
            self._known[key] = file, own
        return self._known[key]

    def cache_folder(self, start: Path) -> Path | None:
        """Return where findings are kept in a run that begins in the folder ``start``.

        None where they are not. Raises ConfigurationError.
        """
        file, configuration = self.in_folder(start)
        if configuration.no_cache:
            return None
        if configuration.cache_dir:
            return Path(configuration.cache_dir)
        return (file.parent if file else self._options_from) / CACHE

    def wanted(
        self, files: Iterable[SourceFile], start: Path, named: Collection[str]
    ) -> list[SourceFile]:
        """Return those of ``files`` that their own configurations do not leave out.

        Those that were ``named`` stay, and those for which that of the folder ``start`` counts,
        which has had its say. Raises ConfigurationError where one of them is wrong.
        """
        first, _ = self.in_folder(start)

        def is_wanted(path: str) -> bool:
            file, configuration = self._of(path)
            if file is None or file == first:
                return True
            exclusion = configuration.exclusion
            is_kept = path in named and not exclusion.force
            return is_kept or not is_left_out(path, exclusion, file.parent)

        return [file for file in files if is_wanted(file.path)]

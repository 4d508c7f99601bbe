"""Patterns for paths, in the language of .gitignore files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns as written in the absolute ``folder``: those with a slash are relative to it.

    Invalid ones count for nothing, as in git.
    """

    folder: Path
    lines: tuple[str, ...]

    def verdict(self, path: Path, *, is_folder: bool = False) -> bool | None:
        """Return whether the last pattern for the absolute ``path``, or a folder above, takes it.

        None where there is no such pattern, as for ``folder`` itself. Outside ``folder`` only
        the name of ``path`` counts.
        """
        if path == self.folder:
            return None
        full, prefix = path.as_posix(), self.folder.as_posix().rstrip("/") + "/"
        subject = full[len(prefix) :] if full.startswith(prefix) else path.name
        return _compiled(self.lines).check_file(subject + "/" * is_folder).include


def absolute(path: str | Path) -> Path:
    """Return ``path`` from the root, links kept: patterns are for the names that people see."""
    return Path(os.path.abspath(path))


def is_valid(line: str) -> bool:
    """Return whether ``line`` is a pattern."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


@cache
def _compiled(lines: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(filter(is_valid, lines))

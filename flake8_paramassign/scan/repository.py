"""A repository that is in no folder: its files are looked for among those that were given."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from flake8_paramassign.surroundings import NO, YES, Surroundings, digest

ROOT = Path(os.path.abspath(os.sep), "repository")
"""Where each repository would lie; nothing there is ever opened."""
_ROOT_MARK = ".git"
"""Is in the root of each, as in a clone: modules are looked for from there, too."""


class Repository(Surroundings):
    """The files of one repository, by their paths in it."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Take the content of each; a path that leads out of the repository is no file's."""
        super().__init__()
        self._files = {path_in(name): content for name, content in files.items()}
        self._entries: dict[str, set[str]] = {str(ROOT): {_ROOT_MARK}}
        for path in self._files:
            while path != str(ROOT) and path.startswith(str(ROOT)):
                path, name = os.path.split(path)
                self._entries.setdefault(path, set()).add(name)

    def read(self, path: str | Path) -> tuple[bytes | None, str]:
        """The content of a file, None where there is none; and what tells it from any other."""
        content = self._files.get(os.path.abspath(path))
        return content, NO if content is None else digest(content)

    def stamp(self, path: str) -> Hashable:
        """What changes when the content of the file does."""
        return self.read(path)[1]

    def _answer(self, what: str, path: str) -> str:
        folder, name = os.path.split(path)
        if what == "real":
            return path
        if what == "matching":
            names = self._entries.get(folder, ())
            return "/".join(sorted(n for n in names if fnmatchcase(n, name)))
        is_there = {
            "file": path in self._files,
            "folder": path in self._entries,
            "anything": name in self._entries.get(folder, ()),
        }
        return YES if is_there[what] else NO


def path_in(name: str) -> str:
    """Return where a file would lie that is called ``name`` in its repository."""
    return os.path.abspath(os.path.join(ROOT, name.lstrip("/")))

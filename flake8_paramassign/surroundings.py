"""What an analysis asks of the disk around a file, and what it was told.

A finding may rest on other files: on what is in them, and on that they are there or are not.
Each such question goes through here and is written down, so that it can be asked again; and what
an editor has not saved yet answers in the place of the disk.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path

from flake8_paramassign.files import read_regular

LARGEST = 10_000_000
"""Bytes beyond which a file is not read."""

YES, NO = "yes", "no"
"""Answers; the second one also says that there is no content."""


class Surroundings:
    """The files around one, for one analysis of it."""

    def __init__(self, unsaved: Mapping[str, bytes] | None = None) -> None:
        """``unsaved`` is what stands for the content of files, by their absolute paths."""
        self._asked: dict[tuple[str, str], str] = {}
        """What was asked, of which absolute path, and the answer."""
        self._unsaved = unsaved or {}

    def is_file(self, path: str | Path) -> bool:
        """Whether a file is there."""
        return self._full(path) in self._unsaved or self._ask("file", path) == YES

    def is_folder(self, path: str | Path) -> bool:
        """Whether a folder is there."""
        return self._ask("folder", path) == YES

    def exists(self, path: str | Path) -> bool:
        """Whether anything is there."""
        return self._ask("anything", path) == YES

    def real(self, path: str | Path) -> Path:
        """Where the path leads, links followed."""
        return Path(self._ask("real", path))

    def matching(self, folder: Path, pattern: str) -> list[Path]:
        """Those of the folder's own entries that a glob pattern fits, sorted."""
        return self._named(folder, self._ask("matching", folder / pattern))

    def read(self, path: str | Path) -> tuple[bytes | None, str]:
        """The content of a file, None where it cannot be read; and what tells it from any other."""
        unsaved = self._unsaved.get(self._full(path))
        content = _content(os.fspath(path)) if unsaved is None else unsaved
        name = _named(content)
        self.note(path, name)
        return content, name

    def with_content(self, path: str | Path, content: bytes) -> Surroundings:
        """These with another content of a file; what they are asked is not written down here."""
        return Surroundings({**self._unsaved, self._full(path): content})

    def note(self, path: str | Path, name: str) -> None:
        """Write down that the content of a file is known from before; ``read`` has named it."""
        self._asked["content", self._full(path)] = name

    def has_asked(self, path: str | Path) -> bool:
        """Whether anything was asked of this file, there or not."""
        full = self._full(path)
        return any((what, full) in self._asked for what in ("file", "anything", "content"))

    def told(self) -> Iterator[str]:
        """Yield a line for each question to the disk, with its answer; ``is_still_so`` reads it."""
        for (what, path), answer in self._asked.items():
            yield f"{what}\t{answer}\t{path}"

    def stamp(self, path: str) -> Hashable:
        """What changes when the content of the file does, as far as can be told without it."""
        unsaved = self._unsaved.get(self._full(path))
        if unsaved is not None:
            return digest(unsaved)
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _ask(self, what: str, path: str | Path) -> str:
        question = what, self._full(path)
        if question not in self._asked:
            self._asked[question] = self._answer(*question)
        return self._asked[question]

    def _answer(self, what: str, path: str) -> str:
        return _ANSWERS[what](path)

    @staticmethod
    def _named(folder: Path, names: str) -> list[Path]:
        return [folder / name for name in names.split("/") if name]

    @staticmethod
    def _full(path: str | Path) -> str:
        return os.path.abspath(path)


def is_still_so(line: str) -> bool:
    """Whether the disk has the answer of now that a line says it had; raises ValueError."""
    what, answer, path = line.split("\t")
    return _ANSWERS[what](path) == answer


def digest(content: bytes) -> str:
    """Return what tells ``content`` from any other."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _content(path: str) -> bytes | None:
    try:
        return read_regular(path, LARGEST)
    except OSError:
        return None


def _named(content: bytes | None) -> str:
    return NO if content is None else digest(content)


def _matching(path: str) -> str:
    folder, pattern = os.path.split(path)
    return "/".join(sorted(found.name for found in Path(folder).glob(pattern)))


def _is(test: Callable[[str], bool]) -> Callable[[str], str]:
    return lambda path: YES if test(path) else NO


_ANSWERS: Mapping[str, Callable[[str], str]] = {
    "file": _is(os.path.isfile),
    "folder": _is(os.path.isdir),
    "anything": _is(os.path.exists),
    "real": os.path.realpath,
    "matching": _matching,
    "content": lambda path: _named(_content(path)),
}

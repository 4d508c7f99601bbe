"""What earlier runs found, as long as nothing that it rests on has changed.

An entry is of one file, under the settings that it was analysed with, by us as we are now and by
this Python. It holds while each question to the disk that it rests on has the answer it had then:
what is in the file and in each one that was opened for it, and that a module that it imports, or
the mark of a project's root, is or is not there.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from pathlib import Path
from types import TracebackType

from flake8_paramassign.cache.entries import Entry
from flake8_paramassign.cache.store import Store
from flake8_paramassign.findings import Finding
from flake8_paramassign.ourselves import fingerprint
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed
from flake8_paramassign.surroundings import digest, is_still_so

NAME = ".paramassign_cache"

_SECONDS = 1.0
"""How much work is lost, at most, where the process is killed."""


class Cache:
    """The entries in one folder; a context, at whose end what was found is written."""

    def __init__(self, folder: Path | None, *, has_fixes: bool) -> None:
        """``has_fixes``: whether findings have their fixes. No ``folder``: nothing is kept."""
        self._store = Store(folder) if folder else None
        self._has_fixes = has_fixes
        self._keys: dict[str, bytes] = {}
        self._new: dict[bytes, bytes] = {}
        self._written = time.monotonic()

    def __enter__(self) -> Cache:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what there is, also after an interrupt."""
        self._write()

    def known(self, files: Iterable[tuple[str, str]]) -> dict[str, list[Finding]]:
        """Return the findings that hold, by file.

        ``files`` are paths, each with all that its findings depend on but what is on the disk.
        """
        if self._store is None:
            return {}
        self._keys = {path: _key(identity) for path, identity in files}
        paths = {key: path for path, key in self._keys.items()}
        found: dict[str, list[Finding]] = {}
        holding: set[str] = set()
        """Of what entries rest on, the lines that are so now."""

        def take(key: bytes, data: bytes) -> None:
            entry = Entry.unpacked(data, paths[key])
            if entry and (not entry.findings or entry.has_fixes == self._has_fixes):
                unsure = set(entry.rests_on) - holding
                if all(is_still_so(line) for line in unsure):
                    holding.update(unsure)
                    found[paths[key]] = list(entry.findings)

        self._store.get(paths, take)
        return found

    def keep(self, path: str, findings: list[Finding], rests_on: Collection[str]) -> None:
        """Take the findings of one of the files that were asked for.

        What could not be analysed may be next time, with more memory.
        """
        if path in self._keys and all(f.diagnostic.code != NotAnalysed.code for f in findings):
            if entry := Entry(findings, rests_on, self._has_fixes).packed():
                self._new[self._keys[path]] = entry
            if time.monotonic() - self._written > _SECONDS:
                self._write()

    def _write(self) -> None:
        if self._store is not None:
            self._store.put(self._new)
        self._new = {}
        self._written = time.monotonic()


def _key(identity: str) -> bytes:
    return bytes.fromhex(digest(f"{fingerprint()}\0{identity}".encode("utf-8", "surrogateescape")))

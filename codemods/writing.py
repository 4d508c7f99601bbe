"""Writing a file so that at any moment it is either as it was or as it will be.

The new bytes go to a temporary file beside the target, which then takes its name. The
temporary file is locked while its process lives: one that nobody holds was left by a process
that was killed, and ``clear_leftovers`` removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

_SUFFIX = ".paramassign~"


class NotWritten(Exception):
    """A file could not be read or was not written; the text is one line that names it."""


@dataclass(frozen=True)
class OpenedFile:
    """A file as it was read."""

    name: str
    """What the user calls it."""
    path: Path
    """Where it is, links resolved: a link is followed, not replaced."""
    content: bytes

    @classmethod
    def read(cls, name: str) -> OpenedFile:
        """Read the file ``name``; raises NotWritten."""
        with _said_in_one_line(name):
            path = Path(name).resolve(strict=True)
            return cls(name, path, path.read_bytes())

    def write(self, content: bytes) -> None:
        """Replace the file's content; mode, owner and extended attributes stay.

        Raises NotWritten, and leaves the file alone, if it is read-only, if somebody else has
        changed it since it was read, or if the disk refuses.
        """
        with _said_in_one_line(self.name):
            status = self.path.stat()
            if not all(map(_is_writable, (self.path, self.path.parent))):
                raise NotWritten(f"{self.name}: not written: it is read-only")
            if status.st_nlink > 1:
                self._overwrite(content)
            else:
                self._replace(content, status)

    def _replace(self, content: bytes, status: os.stat_result) -> None:
        with _temporary_file(self.path) as (file, temporary):
            with contextlib.suppress(PermissionError, AttributeError):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            shutil.copystat(self.path, temporary)
            _write_all(file, content)
            self._check_unchanged()
            if sys.platform == "win32":  # It renames no open file.
                file.close()
            temporary.replace(self.path)

    def _overwrite(self, content: bytes) -> None:
        """Write in place: replacing a hard-linked file would part it from its other names."""
        self._check_unchanged()
        with FileIO(self.path, "r+") as file:
            try:
                _write_all(file, content)
            except OSError:
                _write_all(file, self.content)
                raise

    def _check_unchanged(self) -> None:
        if self.path.read_bytes() != self.content:
            raise NotWritten(f"{self.name}: not written: it was changed by somebody else")


def clear_leftovers(folder: Path) -> None:
    """Remove from ``folder`` the temporary files whose process is gone."""
    with contextlib.suppress(OSError):
        for leftover in folder.iterdir():
            if leftover.name.startswith(".") and leftover.name.endswith(_SUFFIX):
                with contextlib.suppress(OSError), FileIO(leftover) as file:
                    _lock(file, wait=False)
                    leftover.unlink()


@contextlib.contextmanager
def _temporary_file(target: Path) -> Iterator[tuple[FileIO, Path]]:
    """Make a locked file beside ``target``; remove it if it is still there at the end."""
    file, path = _new_file(target)
    while os.fstat(file.fileno()).st_nlink == 0:  # Cleared before it was locked.
        file.close()
        file, path = _new_file(target)
    with file:
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)


def _new_file(target: Path) -> tuple[FileIO, Path]:
    descriptor, name = tempfile.mkstemp(_SUFFIX, f".{target.name[:40]}.", target.parent)
    file = FileIO(descriptor, "wb")
    with contextlib.suppress(OSError):  # Not every file system has locks.
        _lock(file)
    return file, Path(name)


def _lock(file: FileIO, *, wait: bool = True) -> None:
    """Lock an open file until it is closed; raises OSError if it should not wait for another."""
    if sys.platform != "win32":  # There, an open file cannot be removed anyway.
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _write_all(file: FileIO, content: bytes) -> None:
    view = memoryview(content)
    file.seek(0)
    while view:
        view = view[file.write(view) :]
    file.truncate()
    os.fsync(file.fileno())


def _is_writable(path: Path) -> bool:
    """Whether it may be written; what nobody may write, root leaves alone as well."""
    anybody = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & anybody)


@contextlib.contextmanager
def _said_in_one_line(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten(f"{name}: {error.strerror or error}") from error

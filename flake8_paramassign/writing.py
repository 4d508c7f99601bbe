"""Writing a file so that at any moment it is either as it was or as it will be.

The new bytes go to a temporary file beside the target, which then takes its name. While there
is one, signals that would end the process wait. It is locked while its process lives: one that
nobody holds was left by a process that was killed, and ``clear_leftovers`` removes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Any

from flake8_paramassign.files import read_regular

_SUFFIX = ".paramassign~"
_LARGEST = 100_000_000
"""Bytes of what we write."""

WRITING = threading.Lock()
"""Held while there is a temporary file: who ends the process by itself waits for it."""
_ENDING = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU")
    if hasattr(signal, name)
]


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
    def read(cls, name: str, most: int = _LARGEST) -> OpenedFile:
        """Read the file ``name`` of at most so many bytes; raises NotWritten."""
        with _said_in_one_line(name):
            path = Path(os.path.realpath(name, strict=True))
            return cls(name, path, read_regular(path, most))

    def write(self, content: bytes) -> None:
        """Replace the file's content; mode, owner and extended attributes stay.

        Raises NotWritten, and leaves the file alone, if it is read-only, if it has other names,
        which would keep the old content, if somebody else has changed it since it was read, or if
        the disk refuses.
        """
        with _said_in_one_line(self.name):
            status = self.path.stat()
            if not all(map(_is_writable, (self.path, self.path.parent))):
                raise NotWritten(f"{self.name}: not written: it is read-only")
            if status.st_nlink > 1:
                raise NotWritten(f"{self.name}: not written: it has other names (hard links)")
            with _temporary_file(self.path) as (file, temporary):
                _write_all(file, content)
                self._make_alike(file, temporary, status)
                self._check_unchanged(self.path)
                self._take_its_place(file, temporary)

    def _make_alike(self, file: FileIO, temporary: Path, status: os.stat_result) -> None:
        """Give the new file all that the old one has, but for the time of its last change.

        After its content: to write, or to give away, takes set-user-ID bits.
        """
        changed = os.fstat(file.fileno()).st_mtime_ns
        with contextlib.suppress(PermissionError, AttributeError):
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        shutil.copystat(self.path, temporary)
        os.utime(temporary, ns=(status.st_atime_ns, changed))

    def _take_its_place(self, file: FileIO, temporary: Path) -> None:
        """Give the new file the name of the old.

        Where the system can exchange names, what comes back is looked at: what somebody saved
        at the last moment gets its name again.
        """
        if _exchange(temporary, self.path):
            try:
                self._check_unchanged(temporary)
            except (NotWritten, OSError):
                _exchange(temporary, self.path)
                raise
        else:
            if sys.platform == "win32":  # It renames no open file.
                file.close()
            temporary.replace(self.path)

    def _check_unchanged(self, path: Path) -> None:
        if read_regular(path, _LARGEST) != self.content:
            raise NotWritten(f"{self.name}: not written: it was changed by somebody else")


def write_whole(path: Path, content: bytes) -> None:
    """Write the file ``path``, which there may be; raises NotWritten and OSError."""
    if path.exists():
        OpenedFile.read(str(path)).write(content)
        return
    with _temporary_file(path) as (file, temporary):
        _write_all(file, content)
        os.chmod(temporary, 0o666 & ~_umask())
        if sys.platform == "win32":
            file.close()
        temporary.replace(path)


def clear_leftovers(folder: Path) -> None:
    """Remove from ``folder`` the temporary files whose process is gone."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(".") and entry.name.endswith(_SUFFIX)):
                continue
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False):  # Nobody waits for a pipe's other end.
                    with FileIO(entry.path) as file:
                        _lock(file, wait=False)
                        os.unlink(entry.path)


@contextlib.contextmanager
def _temporary_file(target: Path) -> Iterator[tuple[FileIO, Path]]:
    """Make a locked file beside ``target``; remove it if it is still there at the end."""
    with WRITING, signals_wait():
        file, path = _new_file(target)
        while os.fstat(file.fileno()).st_nlink == 0:  # Cleared before it was locked.
            file.close()
            file, path = _new_file(target)
        with file:
            try:
                yield file, path
            finally:
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """Keep signals that end the process from this thread for a moment."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
    while view:
        view = view[file.write(view) :]
    os.fsync(file.fileno())


def _exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two files at once; False where the system or the disk cannot.

    Raises OSError, as where somebody has removed one of them.
    """
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    current_folder, exchange = -100, 2
    names = os.fsencode(one), os.fsencode(other)
    if renameat2(current_folder, names[0], current_folder, names[1], exchange) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))


@cache
def _renameat2() -> Any:
    """Return the function of Linux's C library, None where there is none."""
    if sys.platform != "linux":
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        text, number = ctypes.c_char_p, ctypes.c_int
        function.argtypes = [number, text, number, text, ctypes.c_uint]
    return function


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


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

"""Reading files of a tree that nobody vouches for.

A name may stand for a pipe that nobody writes to, a device without end, or three gigabytes of
holes. What is no regular file of a reasonable size is never opened.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: str | Path, most: int) -> bytes:
    """Return the content of the regular file ``path``, links followed.

    Raises OSError, whose ``strerror`` says why: also for what is no regular file, and for one of
    more than ``most`` bytes. A file without size is not opened either. It is empty, or one of
    those that the system makes up, some of which wait for news.
    """
    try:
        size = _size(os.stat(path), path)
        if size > most:
            raise _too_large(path, most)
        if size == 0:
            return b""
        with open(os.open(path, _FLAGS), "rb") as file:
            _size(os.fstat(file.fileno()), path)  # It may be another by now.
            content = file.read(most + 1)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error), os.fspath(path)) from None
    if len(content) > most:
        raise _too_large(path, most)
    return content


def _size(status: os.stat_result, path: str | Path) -> int:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    return status.st_size


def _too_large(path: str | Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"larger than {most / 1_000_000:g} MB", os.fspath(path))

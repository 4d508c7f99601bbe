"""A bar that shows how many files are done."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE = 1.0
"""Seconds of work before there is a bar."""
_WIDTH = 30


class Progress(Generic[T]):
    """Does ``work`` on each of ``total`` files and draws, in whatever process it is called."""

    def __init__(self, work: Callable[[str], T], total: int) -> None:
        """Begin to count; there is no bar where standard error is no terminal."""
        self._work = work
        self._total = total
        self._done = multiprocessing.Value("i", 0)
        self._start = time.monotonic()

    def __call__(self, path: str) -> T:
        """Return what ``work`` returns for ``path``."""
        result = self._work(path)
        if sys.stderr.isatty():
            with self._done.get_lock():
                self._done.value += 1
                if time.monotonic() - self._start > _PATIENCE:
                    draw(self._done.value, self._total, "files")
        return result


def draw(done: int, total: int, what: str) -> None:
    """Draw how many of so many are done; at the end there is nothing left of it."""
    bar = "#" * (_WIDTH * done // total)
    end = "\r\x1b[K" if done == total else ""
    sys.stderr.write(f"\r[{bar:.<{_WIDTH}}] {done}/{total} {what}{end}")
    sys.stderr.flush()

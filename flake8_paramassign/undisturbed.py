"""What an analysis needs of the process: a deep stack, and no search for garbage meanwhile.

Both are settings of the whole process. Analyses in several threads have them together: the first
that begins makes them, and the last that ends restores what was before.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_DEPTH = 5_000
"""Nested code that Python's own parser accepts may need more than the default recursion limit."""

_lock = threading.Lock()
_running = 0
_before = (0, False)
"""The recursion limit, and whether garbage was collected, before the first of those that run."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let code be nested deeply, and garbage in cycles wait until the file is done.

    One file leaves little of that; to look for it all the while, among all the trees that are
    kept, takes as long as the analysis.
    """
    global _running, _before
    with _lock:
        if _running == 0:
            _before = sys.getrecursionlimit(), gc.isenabled()
            sys.setrecursionlimit(max(_before[0], _DEPTH))
            gc.disable()
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                limit, collects = _before
                sys.setrecursionlimit(limit)
                if collects:
                    gc.enable()

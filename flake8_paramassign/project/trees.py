"""Files around one, parsed, and kept for the next analysis that asks for them."""

from __future__ import annotations

import ast
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from flake8_paramassign.project.imports import Outlines
from flake8_paramassign.source import decode, name_long_numbers
from flake8_paramassign.surroundings import Surroundings

_LARGEST_FILE = 2_000_000
"""Bytes above which an imported file is taken as unknown."""
_MOST_BYTES = 4_000_000
"""How much source is kept parsed."""
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, LookupError)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file that was read."""

    stamp: Hashable
    """By which a change is noticed."""
    content: str
    """The name of its content."""
    tree: ast.Module | None
    size: int


class Trees:
    """Files that were parsed, for analyses and threads; forgets what was not asked for long."""

    def __init__(self) -> None:
        """None so far."""
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Parsed] = OrderedDict()
        self._size = 0
        self.outlines = Outlines()
        """What is known of files that need not be parsed."""

    def tree(self, path: str, surroundings: Surroundings) -> ast.Module | None:
        """The file at ``path`` as it is now; None where it cannot be read or parsed."""
        stamp = surroundings.stamp(path)
        with self._lock:
            known = self._known.get(path)
            if known is not None and known.stamp == stamp:
                self._known.move_to_end(path)
                surroundings.note(path, known.content)
                return known.tree
        parsed = _parsed(path, stamp, surroundings)
        with self._lock:
            self._drop(path)
            self._known[path] = parsed
            self._size += parsed.size
            while self._size > _MOST_BYTES and len(self._known) > 1:
                self._drop(next(iter(self._known)))
        return parsed.tree

    def _drop(self, path: str) -> None:
        known = self._known.pop(path, None)
        self._size -= known.size if known else 0


def _parsed(path: str, stamp: Hashable, surroundings: Surroundings) -> _Parsed:
    data, content = surroundings.read(path)
    if data is None or len(data) > _LARGEST_FILE:
        return _Parsed(stamp, content, None, 0)
    try:
        text = decode(data)
        tree = ast.parse(text)
        name_long_numbers(tree, text)
        return _Parsed(stamp, content, tree, len(data))
    except _UNREADABLE:
        # The file's own analysis says why; here it is only unknown.
        return _Parsed(stamp, content, None, 0)

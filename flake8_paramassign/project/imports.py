"""What files import, told from their text: enough to know that none leads to a known library."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from flake8_paramassign.project.libraries import is_known, names_base
from flake8_paramassign.source import decode
from flake8_paramassign.surroundings import Surroundings

_MOST_KEPT = 5000
"""Of how many files is kept what they import."""
_MOST_NAMES = 2000
"""As many names are looked for; what a file with more of them imports may be anything."""
_CONTINUED = re.compile(r"\\(\r\n?|\n)")
_STATEMENT = re.compile(
    r"""(?:^|[;:\r])[ \t\f]*
    (?:from\b (?P<source>[^\n\r;#]*?) \bimport\b [ \t\f]*
       (?P<names>\((?:[^)#]|\#[^\n\r]*)*\)? | [^\n\r;#(]*)
    | import\b (?P<plain>[^\n\r;#]*))""",
    re.MULTILINE | re.VERBOSE,
)
_DOTTED = re.compile(r"[^\W\d]\w*(?:[ \t\f]*\.[ \t\f]*[^\W\d]\w*)*|\*")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import statement names."""

    level: int
    """How many packages up it begins; 0 where the name is absolute."""
    source: str
    names: tuple[str, ...] = ()
    """What is taken ``from`` there."""

    def absolute(self, package: list[str]) -> str:
        """The dotted name of ``source`` for a file of ``package``."""
        base = package[: len(package) - self.level + 1] if self.level else []
        return ".".join([*base, self.source] if self.source else base)


def outline(text: str, bases: frozenset[str]) -> tuple[Imported, ...] | None:
    """What a source imports, wherever the statements stand; None: something that is known.

    Each statement that Python sees counts; a string that looks like one may, too. None also where
    there are too many. ``bases`` are the last names of further classes that are known.
    """
    if names_base(text) or any(base in text for base in bases):
        return None
    found: list[Imported] = []
    count = 0
    for match in _STATEMENT.finditer(_CONTINUED.sub(" ", text)):
        names = _dotted(match["plain"] if match["names"] is None else match["names"])
        count += len(names)
        if count > _MOST_NAMES:
            return None
        if match["names"] is None:
            found += (Imported(0, name) for name in names)
        else:
            source = "".join(_dotted(match["source"])[:1])
            found.append(Imported(_level(match["source"]), source, names))
    return None if any(is_known(one.source) for one in found) else tuple(found)


@dataclass(frozen=True, slots=True)
class Outline:
    """What was found out about a file without parsing it."""

    stamp: Hashable
    """By which a change is noticed."""
    content: str
    """The name of its content."""
    size: int
    """Its bytes."""
    imports: tuple[Imported, ...] | None
    """As ``outline`` gives them; none where it cannot be read."""


class Outlines:
    """What files import, for analyses and threads; bounded."""

    def __init__(self) -> None:
        """None so far."""
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Outline] = OrderedDict()
        self.too_many: set[tuple[Path, str]] = set()
        """Packages, and where they lie, whose files were followed to too many others."""

    def of(self, path: str, surroundings: Surroundings, bases: frozenset[str]) -> Outline:
        """The outline of the file at ``path`` as it is now; ``bases`` are as for ``outline``."""
        stamp = surroundings.stamp(path)
        with self._lock:
            known = self._known.get(path)
        if known is not None and known.stamp == stamp:
            surroundings.note(path, known.content)
            return known
        data, content = surroundings.read(path)
        try:
            imports = outline(decode(data or b""), bases)
        except (SyntaxError, ValueError, LookupError):
            imports = ()
        made = Outline(stamp, content, len(data or b""), imports)
        with self._lock:
            self._known[path] = made
            self._known.move_to_end(path)
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)
        return made


def _level(source: str) -> int:
    """How many dots a source begins with."""
    begin = source[: len(source) - len(source.lstrip(". \t\f"))]
    return begin.count(".")


def _dotted(text: str) -> tuple[str, ...]:
    names = (re.sub(r"\s", "", name) for name in _DOTTED.findall(text))
    return tuple(names if text.isascii() else (normalize("NFKC", name) for name in names))

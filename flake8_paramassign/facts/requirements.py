"""Which versions of a library a project admits, by its own metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flake8_paramassign.surroundings import Surroundings
from flake8_paramassign.tables import parse_toml

_LARGEST = 5_000_000
"""Bytes above which a file is taken to say nothing."""
_LAST = 1000
"""A major version that no library reaches."""


def excludes(path: str, library: str, major: int, surroundings: Surroundings) -> bool:
    """Whether the project of the file ``path`` is not known to have ``major`` of ``library``.

    What the nearest folder says counts that names the library at all, in pyproject.toml,
    setup.cfg, setup.py, a lock file, requirements*.txt or an environment of conda. One statement
    that admits the version is enough; a URL says nothing of versions. A project that does not
    name the library may have any.
    """
    for folder in Path(path).absolute().parents:
        specifiers = _specifiers(folder, library, surroundings)
        found = [spec for spec in specifiers if spec is not None]
        if found:
            return not any(_admits(spec, major) for spec in found)
        if surroundings.exists(folder / ".git"):
            break
    return False


def _admits(specifier: str, major: int) -> bool:
    """Whether some version from ``major`` on fits ``>=4.40,<6``, or poetry's ``^4.40``."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    caret = re.fullmatch(r"\^\s*(\d+)(\.\d+)*", specifier)
    if caret is not None:
        return int(caret[1]) >= major
    if re.fullmatch(r"=?\d+(\.\d+)*", specifier):  # conda's `=4.5` is any 4.5
        specifier = f"=={specifier.lstrip('=')}"
    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return False
    named = re.findall(r"\d+(?:\.\d+)*", specifier)
    candidates = [f"{number}.{minor}" for number in (major, _LAST) for minor in (0, 999)]
    newer = [version for version in named if int(version.split(".")[0]) >= major]
    return any(allowed.contains(version, prereleases=True) for version in candidates + newer)


def _specifiers(folder: Path, library: str, surroundings: Surroundings) -> Iterator[str | None]:
    """What the files of one folder ask for, as ``>=4.40``; empty where any version is admitted."""
    requirement = re.compile(
        rf"(?<![\w.-]){re.escape(library)}(?![\w-])(\[[^\]]*\])?\s*([^;#\"']*)", re.IGNORECASE
    )

    def content(file: Path) -> bytes:
        found, _ = surroundings.read(file)
        return found if found and len(found) <= _LARGEST else b""

    lists = sorted(
        file
        for pattern in ("requirement*.txt", "environment*.y*ml", "conda*.y*ml")
        for file in surroundings.matching(folder, pattern)
    )
    for file in (*lists, folder / "setup.cfg", folder / "setup.py"):
        with suppress(ValueError):
            for line in content(file).decode("utf-8").splitlines():
                match = requirement.search(line)
                if match is not None and not line.lstrip().startswith("#"):
                    yield (match[2] or "").strip()
    for file in (folder / "pyproject.toml", folder / "uv.lock", folder / "poetry.lock"):
        with suppress(ValueError):
            yield from _in_toml(parse_toml(content(file)), library, requirement)


def _in_toml(table: Any, library: str, requirement: re.Pattern[str]) -> Iterator[str | None]:
    if isinstance(table, dict):
        if table.get("name") == library and isinstance(table.get("version"), str):
            yield f"=={table['version']}"  # of a lock file
        for key, value in table.items():
            if key == library and isinstance(value, str | dict):
                yield value if isinstance(value, str) else value.get("version", "")
            else:
                yield from _in_toml(value, library, requirement)
    elif isinstance(table, list):
        for item in table:
            match = requirement.match(item) if isinstance(item, str) else None
            if match is not None:
                yield (match[2] or "").strip()
            elif not isinstance(item, str):
                yield from _in_toml(item, library, requirement)

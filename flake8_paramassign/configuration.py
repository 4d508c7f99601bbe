"""What a user may configure: ``[tool.paramassign]`` in the nearest pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from flake8_paramassign.discovery import Exclusion
from flake8_paramassign.files import read_regular
from flake8_paramassign.output import FORMATS
from flake8_paramassign.patterns import TOO_MANY, Patterns, absolute, is_valid
from flake8_paramassign.rules import rule_names
from flake8_paramassign.selection import selected_codes, unknown_prefixes
from flake8_paramassign.settings import STYLES
from flake8_paramassign.spelling import suggestion
from flake8_paramassign.tables import parse_toml

_LARGEST = 1_000_000
"""Bytes of a pyproject.toml."""


class ConfigurationError(Exception):
    """What the user asked for cannot be done; the text is one line."""


@dataclass(frozen=True)
class Configuration:
    """Each field is a key of ``[tool.paramassign]`` and, in hyphens, an option."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[Patterns, tuple[str, ...]], ...] = ()
    extend_per_file_ignores: tuple[tuple[Patterns, tuple[str, ...]], ...] = ()
    exclude: Patterns | None = None
    extend_exclude: tuple[Patterns, ...] = ()
    force_exclude: bool = False
    module_bases: tuple[str, ...] = ()
    style: str | None = None
    output_format: str | None = None
    baseline: str | None = None
    jobs: int | None = None
    cache_dir: str | None = None
    no_cache: bool = False

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes that are on.

        PRM001 is one of them unless it is ignored: a file that was not analysed is not clean.
        """
        ignored = (*self.ignore, *self.extend_ignore)
        codes = selected_codes(self.select, self.extend_select, ignored)
        return codes if "PRM001".startswith(ignored) else codes | {"PRM001"}

    @property
    def exclusion(self) -> Exclusion:
        """Which files to leave out."""
        return Exclusion(self.exclude, self.extend_exclude, self.force_exclude)

    def overridden(self, table: Mapping[str, object], folder: Path) -> Configuration:
        """Return this with the keys of ``table``, whose paths are relative to ``folder``.

        What extends is added. Selecting rules puts aside what was selected and ignored before.
        Raises ConfigurationError for an unknown key and for a wrong value.
        """
        base = self
        if "select" in table:
            base = replace(base, extend_select=(), ignore=(), extend_ignore=())
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in _READERS:
                hint = suggestion(key.replace("_", "-"), _READERS)
                raise ConfigurationError(f"unknown key '{key}'{hint}")
            name = key.replace("-", "_")
            try:
                values[name] = _READERS[key](value, folder)
            except ConfigurationError as error:
                raise ConfigurationError(f"{key}: {error}") from None
            if key.startswith("extend-"):
                values[name] = getattr(base, name) + values[name]
        return replace(base, **values)


def nearest(start: Path) -> tuple[Path | None, Configuration]:
    """Return the nearest pyproject.toml with our table, from ``start`` upwards, and what it says.

    Without one, everything is as it is by default. Raises ConfigurationError where a file on
    the way cannot be read, is no TOML, or our table is wrong.
    """
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if os.path.lexists(file) and (configuration := _own(file)):
            return file, configuration
    return None, Configuration()


def read(file: Path) -> Configuration:
    """Return what the file says that was named; raises ConfigurationError."""
    configuration = _own(file)
    if configuration is None:
        raise ConfigurationError(f"{file}: has no [tool.paramassign]")
    return configuration


def _own(file: Path) -> Configuration | None:
    """Return what ``file`` says to us, if anything."""
    try:
        tool = parse_toml(read_regular(file, _LARGEST)).get("tool")
        if isinstance(tool, dict) and "paramassign" in tool:
            return _configured(tool["paramassign"], file.parent)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except (ValueError, ConfigurationError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return None


def _configured(table: object, folder: Path) -> Configuration:
    if not isinstance(table, dict):
        raise ConfigurationError("paramassign: must be a table")
    return Configuration().overridden(table, folder)


def _strings(value: object, folder: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError("must be a list of strings")
    return tuple(value)


def _codes(value: object, folder: Path) -> tuple[str, ...]:
    """Read codes, their beginnings, the names of rules, and ALL."""
    codes = tuple(map(_code, _strings(value, folder)))
    for unknown in unknown_prefixes(codes):
        names = (name for pair in rule_names().items() for name in pair)
        hint = suggestion(unknown.lower() if "-" in unknown else unknown, names)
        raise ConfigurationError(f"no rule's code begins with '{unknown}'{hint}")
    return codes


def _code(word: str) -> str:
    word = word.strip()
    named = (code for code, name in rule_names().items() if name == word.lower())
    return next(named, "PRM" if word.upper() == "ALL" else word.upper())


def _patterns(value: object, folder: Path) -> Patterns:
    lines = _strings(value, folder)
    for line in lines:
        if not is_valid(line):
            raise ConfigurationError(f"'{line}' is no pattern")
    patterns = Patterns(folder, lines)
    if patterns.are_too_many:
        raise ConfigurationError(TOO_MANY)
    return patterns


def _per_file_ignores(value: object, folder: Path) -> tuple[tuple[Patterns, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigurationError("must be a table from patterns to lists of codes")
    return tuple(
        (_patterns([pattern], folder), _codes(codes, folder)) for pattern, codes in value.items()
    )


def _switch(value: object, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError("must be true or false")
    return value


def _format(value: object, folder: Path) -> str:
    if value not in FORMATS:
        raise ConfigurationError(f"must be one of {', '.join(FORMATS)}")
    return str(value)


def _style(value: object, folder: Path) -> str:
    if value not in STYLES:
        raise ConfigurationError(f"must be one of {', '.join(STYLES)}")
    return str(value)


def _file(value: object, folder: Path) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ConfigurationError("must be the name of a file")
    return str(absolute(folder / value))


def _count(value: object, folder: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError("must be a whole number from 1")
    return value


_READERS: dict[str, Callable[[object, Path], object]] = {
    "select": _codes,
    "extend-select": _codes,
    "ignore": _codes,
    "extend-ignore": _codes,
    "per-file-ignores": _per_file_ignores,
    "extend-per-file-ignores": _per_file_ignores,
    "exclude": _patterns,
    "extend-exclude": lambda value, folder: (_patterns(value, folder),),
    "force-exclude": _switch,
    "module-bases": _strings,
    "style": _style,
    "output-format": _format,
    "baseline": _file,
    "jobs": _count,
    "cache-dir": _file,
    "no-cache": _switch,
}

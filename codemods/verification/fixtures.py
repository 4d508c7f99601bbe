"""Fixtures as files: which there are, and what their docstrings claim."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

KINDS = ("fails", "fixed", "silent")


class FixtureError(Exception):
    """A fixture, or a path to some, is not as it has to be; the text is one line that names it."""


class Role(str, Enum):
    """What a program means to make of a tensor."""

    TRAINED = "trained"
    FROZEN = "frozen"
    UNREGISTERED = "unregistered"
    """Trained by the program's own optimizer, and no Parameter of the module."""
    BUFFER = "buffer"


@dataclass(frozen=True)
class Subject:
    """A tensor that a fixture is about, by its dotted name in the module."""

    name: str
    role: Role = Role.TRAINED


@dataclass(frozen=True)
class Exceptional:
    """The claim that a program raises: this type, a message that starts so, at this stage."""

    type: str
    message: str
    stage: str

    def __str__(self) -> str:
        """Return the claim as a docstring has it."""
        return f"{self.type}: {self.message}"


@dataclass(frozen=True)
class Broken:
    """The claim that a program runs and breaks an invariant, told by its phrase."""

    subject: str
    phrase: str

    def __str__(self) -> str:
        """Return the claim as a docstring has it."""
        return f"{self.subject} {self.phrase}"


@dataclass(frozen=True)
class Claims:
    """What a docstring says of its program."""

    finds: tuple[tuple[str, int], ...] = ()
    """Code and line of each finding."""
    subjects: tuple[Subject, ...] = ()
    assigned: tuple[str, ...] = ()
    """The expression meant for each subject, in their order; empty where none is claimed."""
    defect: Exceptional | Broken | None = None
    devices: tuple[str, ...] = ()
    """Where the defect shows; empty is everywhere."""
    since: tuple[int, ...] = ()
    """The torch version from which it shows."""
    on_purpose: tuple[str, ...] = ()
    """The invariants that a look-alike breaks, and is sound."""


@dataclass(frozen=True)
class Fixture:
    """A failing program with its fixed form, or a sound look-alike."""

    rule: str
    """The folder's name in capitals: ``PRM102``."""
    name: str
    program: Path
    """``NAME.fails.py`` or ``NAME.silent.py``."""
    fixed: Path | None = None

    @property
    def fails(self) -> bool:
        """Whether the program has a defect to show."""
        return self.program.name.endswith(".fails.py")

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.rule} {self.name}"


def discover(paths: Iterable[Path]) -> list[Fixture]:
    """Return the fixtures in ``paths``, files and folders, sorted and each once.

    Raises FixtureError for a path that is none, and for a fixed form without its failing one.
    """
    programs = sorted({program for path in paths for program in _programs(path)})
    fixed = {_stem(program): program for program in programs if _kind(program) == "fixed"}
    fixtures = [
        Fixture(_rule(program), _name(program), program, fixed.pop(_stem(program), None))
        for program in programs
        if _kind(program) == "fails"
    ]
    fixtures += [
        Fixture(_rule(program), _name(program), program)
        for program in programs
        if _kind(program) == "silent"
    ]
    if fixed:
        raise FixtureError(f"{min(fixed.values())}: there is no failing program beside it")
    return sorted(fixtures, key=lambda fixture: (fixture.rule, fixture.name, fixture.program))


def _programs(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*.py") if _kind(file) in KINDS)
    elif not path.is_file():
        raise FixtureError(f"{path}: no such file or folder")
    elif _kind(path) not in KINDS:
        raise FixtureError(f"{path}: a fixture is called NAME.fails.py or NAME.silent.py")
    else:
        # Either form names the fixture.
        yield from (form for kind in KINDS if (form := _stem(path, kind)).is_file())


def _kind(program: Path) -> str:
    return Path(program.stem).suffix[1:]


def _stem(program: Path, kind: str = "") -> Path:
    """Return the path without its kind, or with another."""
    stem = program.name.split(".")[0]
    return program.with_name(f"{stem}.{kind}.py" if kind else stem)


def _rule(program: Path) -> str:
    folders = [folder.name for folder in program.resolve().parents]
    return next((name for name in folders if re.fullmatch(r"prm\d{3}", name)), folders[0]).upper()


def _name(program: Path) -> str:
    return program.name.split(".")[0]


def read_claims(program: Path) -> Claims:
    """Return what the docstring of ``program`` claims; raises FixtureError, naming the line."""
    try:
        tree = ast.parse(program.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise FixtureError(f"{program}: {error}") from error
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if missing := {"build", "inputs"} - defined:
        raise FixtureError(f"{program}: there is no {min(missing)}(device)")
    docstring = ast.get_docstring(tree) or ""
    fields: dict[str, Any] = {}
    for line in docstring.splitlines()[1:]:
        if not line.strip():
            continue
        key, colon, value = line.partition(": ")
        if not colon or key not in _READERS or key in fields:
            raise FixtureError(f"{program}: {line!r} is no line of a fixture's docstring")
        try:
            fields[key] = _READERS[key](value.strip())
        except ValueError as error:
            raise FixtureError(f"{program}: {key}: {error}") from error
    claims = Claims(**{_FIELDS.get(key, key): value for key, value in fields.items()})
    if len(claims.assigned) not in (0, 1, len(claims.subjects)):
        raise FixtureError(f"{program}: assigned: one expression, or one for each parameter")
    return claims


def _read_finds(value: str) -> tuple[tuple[str, int], ...]:
    found = [re.fullmatch(r"(PRM\d{3}) at line (\d+)", item) for item in value.split(", ")]
    if not all(found):
        raise ValueError(f"{value!r} is not 'CODE at line N'")
    return tuple((match[1], int(match[2])) for match in found if match)


def _read_subjects(value: str) -> tuple[Subject, ...]:
    return tuple(map(_read_subject, value.split(", ")))


def _read_subject(item: str) -> Subject:
    match = re.fullmatch(r"([\w.]+)(?: \((\w+)\))?", item)
    if not match:
        raise ValueError(f"{item!r} is no name")
    return Subject(match[1], Role(match[2]) if match[2] else Role.TRAINED)


def _read_defect(value: str) -> Exceptional | Broken:
    exceptional = re.fullmatch(
        r"(\w+): (.*?)(?: (?:in (forward)|on (backward)|at (optimizer)))?", value
    )
    if exceptional:
        type_, message, *stages = exceptional.groups()
        return Exceptional(type_, message, next(filter(None, stages), "build"))
    subject, _, phrase = value.partition(" ")
    if not phrase:
        raise ValueError(f"{value!r} is neither 'Error: message' nor 'name is not ...'")
    return Broken(subject, phrase)


_READERS: dict[str, Callable[[str], object]] = {
    "finds": _read_finds,
    "parameter": _read_subjects,
    "assigned": lambda value: tuple(value.split("; ")),
    "defect": _read_defect,
    "devices": lambda value: tuple(value.split(", ")),
    "since": lambda value: tuple(map(int, value.split("."))),
    "on purpose": lambda value: tuple(value.split(", ")),
}
_FIELDS = {"parameter": "subjects", "on purpose": "on_purpose"}

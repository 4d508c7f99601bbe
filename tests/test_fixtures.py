"""Each fixture is found, or left alone, in just the way it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from rewritten import FIXTURES, rules_for

from flake8_paramassign import analyze
from flake8_paramassign.settings import Settings

PROGRAMS = sorted(FIXTURES.rglob("*.py"))
_FINDS = re.compile(r"(PRM\d{3}) at line (\d+)")


def found(path: Path, newline: bytes = b"\n") -> list[tuple[str, int]]:
    """What the linter finds by default, and by the opt-in rule whose folder it is."""
    source = path.read_bytes().replace(b"\n", newline)
    diagnostics = analyze(source, str(path), settings=Settings(rules_for(path)))
    return [(d.code, d.start.line) for d in diagnostics]


def claimed(path: Path) -> list[tuple[str, int]]:
    """What the program's docstring says is found."""
    docstring = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    line = next((line for line in docstring.splitlines() if line.startswith("finds:")), "")
    return [(code, int(number)) for code, number in _FINDS.findall(line)]


def programs(kind: str) -> list[object]:
    """The fixtures of one kind, named by folder and file."""
    return [
        pytest.param(path, id=str(path.relative_to(FIXTURES)))
        for path in PROGRAMS
        if path.name.endswith(f".{kind}.py")
    ]


@pytest.mark.parametrize("path", programs("fails"))
def test_a_failing_program_is_found_where_it_fails(path: Path) -> None:
    assert claimed(path), "a failing program says what is found in it"
    assert found(path) == claimed(path)


@pytest.mark.parametrize("newline", [b"\r\n", b"\r"])
@pytest.mark.parametrize("path", programs("fails"))
def test_lines_may_end_in_other_ways(path: Path, newline: bytes) -> None:
    assert found(path, newline) == claimed(path)


@pytest.mark.parametrize("path", programs("fixed"))
def test_the_fixed_form_is_clean(path: Path) -> None:
    assert found(path) == []


@pytest.mark.parametrize("path", programs("silent"))
def test_a_sound_look_alike_is_left_alone(path: Path) -> None:
    assert found(path) == []

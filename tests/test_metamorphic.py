"""Layout, names and comments mean nothing: a program that is written otherwise has its findings."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from metamorphic import ALIASES, OTHERWISE, REWRITES, Rewrite, numbered, statements

from flake8_paramassign import Settings, analyze
from flake8_paramassign.rules import all_rules

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = sorted(FIXTURES.rglob("*.py"))
SETTINGS = Settings(select=frozenset(all_rules()))
SHARE = 4
"""Of as many programs, one is written in each of the many other ways; all of them in a long run."""
LOST: dict[str, frozenset[str]] = {
    # What overrides `__setattr__` is believed to be harmless only where it has nothing but the
    # call of `super()`, and nobody writes `if True:` around that.
    "if True": frozenset(
        f"prm101/setattr_that_only_calls_super.{kind}.py" for kind in ("fails", "fixed")
    ),
}
"""Fixtures whose finding a rewrite takes away, and excusably so, by the rewrite."""

GAINED: dict[str, frozenset[str]] = {
    # That a list is asked about is not seen where the answer is named in passing.
    "tested as (asked := P0)": frozenset(["prm105/one_or_a_list.silent.py"]),
    # What is read and put away is not seen where ``getattr`` reads it.
    "through getattr": frozenset(["prm105/remembered_of_many_kinds.silent.py"]),
    # A list of one, in which a Module is hidden, is a display.
    "lists copied": frozenset(["prm105/hidden_on_purpose.silent.py"]),
    # A default that is written as an expression says nothing of what is given instead.
    "flags asked": frozenset(["prm105/remembered_of_many_kinds.silent.py"]),
    # A moving average is known by how it is written.
    "stored as (lambda: P0)()": frozenset(["prm302/moving_average.silent.py"]),
    "stored as [held for held in [P0]][0]": frozenset(["prm302/moving_average.silent.py"]),
}
"""Fixtures in which a rewrite lets something be found that is not so."""


def found(text: str, path: Path) -> set[tuple[str, int]]:
    """Codes, and the statements that they stand on."""
    diagnostics = analyze(text, str(path), settings=SETTINGS)
    return {(d.code, numbered(text, d.start.line)) for d in diagnostics}


@cache
def usual(path: Path) -> set[tuple[str, int]]:
    return found(path.read_text("utf-8"), path)


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.name)
def test_the_findings_stay(rewrite: Rewrite) -> None:
    gained, lost = [], []
    for path in FILES:
        text = path.read_text("utf-8")
        written = rewrite.write(text)
        if rewrite.is_layout:
            assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(text)), path
        assert len(statements(written)) == len(statements(text)), path
        told = found(written, path)
        name = str(path.relative_to(FIXTURES))
        gained += [f"{name}: {finding}" for finding in told - usual(path)]
        if name not in LOST.get(rewrite.name, ()):
            lost += [f"{name}: {finding}" for finding in usual(path) - told]
    assert (gained, lost) == ([], [])


@pytest.mark.parametrize("rewrite", ALIASES, ids=lambda rewrite: rewrite.name)
def test_the_findings_stay_under_other_names(rewrite: Rewrite) -> None:
    number = ALIASES.index(rewrite)
    gained, lost = compared(rewrite, FILES[number :: len(ALIASES)])
    assert (gained, lost) == ([], [])


@pytest.mark.parametrize("rewrite", OTHERWISE, ids=lambda rewrite: rewrite.name)
def test_nothing_is_found_for_other_words(rewrite: Rewrite, request: pytest.FixtureRequest) -> None:
    number = OTHERWISE.index(rewrite)
    is_long = bool(request.config.getoption("--long"))
    gained, _ = compared(rewrite, FILES if is_long else FILES[number % SHARE :: SHARE])
    excused = GAINED.get(rewrite.name, ())
    assert [told for told in gained if told.partition(":")[0] not in excused] == []


def compared(rewrite: Rewrite, files: list[Path]) -> tuple[list[str], list[str]]:
    """What a rewrite of some programs gains, and loses."""
    gained, lost = [], []
    for path in files:
        text = path.read_text("utf-8")
        written = rewrite.write(text)
        assert len(statements(written)) == len(statements(text)), path
        told, name = found(written, path), str(path.relative_to(FIXTURES))
        gained += [f"{name}: {finding}" for finding in told - usual(path)]
        lost += [f"{name}: {finding}" for finding in usual(path) - told]
    return gained, lost


def test_each_rewrite_changes_most_programs() -> None:
    """Else it would show nothing."""
    for rewrite in REWRITES:
        changed = sum(rewrite.write(p.read_text("utf-8")) != p.read_text("utf-8") for p in FILES)
        assert changed > len(FILES) / 3, rewrite.name

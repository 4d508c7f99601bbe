"""Layout, names and comments mean nothing: a program that is written otherwise has its findings."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from metamorphic import REWRITES, Rewrite, numbered, statements

from flake8_paramassign import Settings, analyze
from flake8_paramassign.rules import all_rules

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = sorted(FIXTURES.rglob("*.py"))
SETTINGS = Settings(select=frozenset(all_rules()))
LOST: dict[str, frozenset[str]] = {
    # What overrides `__setattr__` is believed to be harmless only where it has nothing but the
    # call of `super()`, and nobody writes `if True:` around that.
    "if True": frozenset(
        f"prm101/setattr_that_only_calls_super.{kind}.py" for kind in ("fails", "fixed")
    ),
}
"""Fixtures whose finding a rewrite takes away, and excusably so, by the rewrite."""


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


def test_each_rewrite_changes_most_programs() -> None:
    """Else it would show nothing."""
    for rewrite in REWRITES:
        changed = sum(rewrite.write(p.read_text("utf-8")) != p.read_text("utf-8") for p in FILES)
        assert changed > len(FILES) / 3, rewrite.name

"""Faults that are made to test the tests: each is one, and is noticed where a test knows better."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutation import ROOT, Fault, drawn, faults_in

SOURCE = b'''"""Text."""
MANY = frozenset("one two".split())
__slots__ = ("one", "two")
MOST = 7

if TYPE_CHECKING:
    import x

def f(x: int) -> bool:
    """Text."""
    y = x
    if x == 1 and not y:
        return True
    if x in ("three", "four"):
        return f"{x == 1}"
    return x is None
'''
MADE = {
    "(x != 1)", "(x is not None)", "((x == 1) or (not y))", "bool(y)", "False", "2",
    "(not (x == 1 and not y))", "pass", '"one".split()', '"two".split()', "('three',)", "('four',)",
    """(x not in ("three", "four"))""", """(not (x in ("three", "four")))""",
}  # fmt: skip


def test_each_kind_of_fault_is_made() -> None:
    assert {fault.text for fault in faults_in(Path("x.py"), SOURCE)} == MADE


def test_each_fault_changes_the_program_and_nothing_else() -> None:
    for fault in faults_in(Path("x.py"), SOURCE):
        made = fault.made_in(SOURCE)
        assert ast.dump(ast.parse(made)) != ast.dump(ast.parse(SOURCE))
        assert made.count(b'"""Text."""') == 2


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(5, 1, "domain/objects") == drawn(5, 1, "domain/objects")
    assert drawn(5, 1, "domain/objects") != drawn(5, 2, "domain/objects")


@pytest.mark.parametrize("path", ["flake8_paramassign/domain/heap.py"])
def test_faults_are_told_by_file_and_line(path: str) -> None:
    fault = drawn(1, 0, path)[0]
    told = fault.told((ROOT / path).read_bytes())
    assert told.startswith(f"{path}:{fault.line}: ") and isinstance(fault, Fault)

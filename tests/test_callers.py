"""Callers in other files of the project decide whether gradients are recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_paramassign.analyzer import Analyzer

UNIT = """\
from torch import nn


class Unit(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def load_from(self, weight):
        self.fc.weight.copy_(weight)
"""
WITHOUT = """\
import torch


def load(unit, weight):
    with torch.no_grad():
        unit.load_from(weight)


@torch.inference_mode()
def load_again(unit, weight):
    if weight is not None:
        unit.load_from(weight)


def load_and_go_on(unit, weight):
    with torch.set_grad_enabled(False):
        unit.load_from(weight)
"""
WITH = "def load(unit, weight):\n    unit.load_from(weight)\n"
INSIDE = """\
import torch


@torch.no_grad()
def make():
    def load(unit, weight):
        unit.load_from(weight)

    return load
"""


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ({}, 1),
        ({"a.py": WITHOUT}, 0),
        ({"deep/a.py": WITHOUT}, 0),
        ({".hidden/a.py": WITHOUT, "build/a.py": WITHOUT}, 1),
        ({"a.py": WITHOUT, "b.py": WITH}, 1),
        ({"a.py": INSIDE}, 1),
        ({"a.py": WITHOUT.replace("False", "True")}, 1),
        ({"a.py": WITHOUT + "!"}, 1),
    ],
)
def test_who_calls_from_another_file_says_whether_gradients_are_recorded(
    tmp_path: Path, others: dict[str, str], count: int
) -> None:
    for name, text in others.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = Analyzer().analyze(UNIT, str(tmp_path / "unit.py"))
    assert [diagnostic.code for diagnostic in found] == ["PRM301"] * count

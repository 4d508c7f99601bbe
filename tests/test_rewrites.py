"""What each finding is rewritten to, which rewrites are safe, and why some are not made."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import libcst
import pytest
from conftest import Command

from codemods.engine import analyze_with_fixes, fix_source
from codemods.rewrites import containers, rewrite
from codemods.rewrites.container_uses import TAKEN
from flake8_paramassign import analyze
from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.settings import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
FOLDERS = re.compile(r"prm10[1-8]|question")
FAILING = [
    path
    for path in sorted(FIXTURES.rglob("*.fails.py"))
    if FOLDERS.match(str(path.relative_to(FIXTURES)))
]


def kept_form(failing: Path) -> Path:
    """The file that holds what the codemod makes of a failing program."""
    return failing.with_name(failing.name.replace(".fails.", ".fixed."))


def fixed(source: bytes, name: str = "x.py", style: str = "data") -> bytes:
    """``source`` with all fixes made, the unsafe too."""
    return fix_source(source, name, Settings(style=style), unsafe_fixes=True).source


def parameters(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(FIXTURES))) for path in paths]


class TestFixtures:
    @pytest.mark.parametrize("path", parameters([p for p in FAILING if kept_form(p).exists()]))
    def test_become_the_kept_form_byte_for_byte(self, path: Path) -> None:
        after = fixed(path.read_bytes(), str(path))

        assert after.decode() == kept_form(path).read_bytes().decode()
        assert fixed(after, str(path)) == after
        assert analyze(after, str(path)) == []

    @pytest.mark.parametrize("path", parameters([p for p in FAILING if not kept_form(p).exists()]))
    def test_without_a_kept_form_stay_as_they_are_for_a_reason(self, path: Path) -> None:
        source = path.read_bytes()
        result = fix_source(source, str(path), unsafe_fixes=True)

        assert result.source == source
        assert result.left
        assert all(d.why_not_fixed and reason == d.why_not_fixed for d, reason in result.left)

    def test_are_of_both_kinds(self) -> None:
        assert {kept_form(path).exists() for path in FAILING} == {True, False}


@dataclass(frozen=True)
class OneLine:
    """A fixture in which the fix changes one line, and the program by its parts."""

    path: Path
    above: str
    line: str
    fixed_line: str
    below: str

    @classmethod
    def read(cls, name: str) -> OneLine:
        path = FIXTURES / f"{name}.fails.py"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        others = kept_form(path).read_text("utf-8").splitlines(keepends=True)
        [number] = [i for i, (a, b) in enumerate(zip(lines, others, strict=True)) if a != b]
        above, below = "".join(lines[:number]), "".join(lines[number + 1 :])
        return cls(path, above, lines[number], others[number], below)

    def program(self, line: str) -> str:
        return self.above + line + self.below


def _behind(line: str, text: str) -> str:
    return line.rstrip("\n") + text + "\n"


def _before(line: str, text: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return indent + text + line.lstrip()


WAYS_TO_WRITE = {
    "CRLF": lambda program, line: program(line).replace("\n", "\r\n"),
    "CR": lambda program, line: program(line).replace("\n", "\r"),
    "tabs": lambda program, line: program(line).replace("    ", "\t"),
    "no newline at the end": lambda program, line: program(line).rstrip("\n"),
    "byte order mark": lambda program, line: "\ufeff" + program(line),
    "comment behind": lambda program, line: program(_behind(line, "  # é: kept")),
    "statement before": lambda program, line: program(_before(line, "é = '🎉'; ")),
    "statement behind": lambda program, line: program(_behind(line, "; é = '🎉'")),
    "if on one line": lambda program, line: program(_before(line, "if True: ")),
    "form feed": lambda program, line: program(line).replace("\n\n\n", "\n\f\n\n"),
    "spaces": lambda program, line: program(_behind(line, " \t ")),
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
@pytest.mark.parametrize(
    "name",
    [
        "prm101/tensor_onto_linear_weight",
        "prm101/dunder_setattr",
        "prm102/frozen_and_moved",
        "prm102/concatenated",
        "prm103/autograd_variable",
        "prm104/appended",
        "prm105/tuple_display",
        "prm106/scaled_then_optimised",
        "prm108/arange",
    ],
)
def test_all_but_the_edit_stays_as_it_was_written(name: str, way: str) -> None:
    fixture = OneLine.read(name)
    write = WAYS_TO_WRITE[way]
    before, after = (write(fixture.program, line) for line in (fixture.line, fixture.fixed_line))

    assert fixed(before.encode(), str(fixture.path)).decode() == after


HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np


class Other(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))


"""
IN_INIT = """\
class Model(nn.Module):
    def __init__(self, n, m, x, d):
        super().__init__()
"""


def program(body: str) -> str:
    """A file with ``body``, which is the end of an ``__init__`` unless it begins a block."""
    if body.startswith(("class ", "def ", "layer ", "other ", "layer: ")):
        return HEAD + body + "\n"
    return HEAD + IN_INIT + "".join(f"        {line}\n" for line in body.splitlines())


def fixes(body: str, style: str = "data") -> list[Diagnostic]:
    """The findings in ``body``."""
    return analyze_with_fixes(program(body).encode(), "x.py", settings=Settings(style=style))


def rewritten(body: str, style: str = "data") -> str:
    """``body`` with all its fixes."""
    return fixed(program(body).encode(), "x.py", style).decode()


FC = "self.fc = nn.Linear(n, m)\n"
LAYER = "layer = nn.Linear(3, 4)\n"


SAFE = "safe"
UNSAFE = "unsafe"


@pytest.mark.parametrize(
    ("before", "after", "applicability"),
    [
        # The shape is proved: of numbers, of the arguments of the function, of another tensor.
        (LAYER + "layer.weight = torch.eye(4, 3)", ".data.copy_(torch.eye(4, 3))", SAFE),
        (LAYER + "layer.weight = torch.eye(4)", "= nn.Parameter(torch.eye(4))", UNSAFE),
        (LAYER + "layer.bias = torch.arange(4.)", ".data.copy_(torch.arange(4.))", SAFE),
        (FC + "self.fc.weight = torch.ones(m, n)", ".data.copy_(torch.ones(m, n))", SAFE),
        (FC + "self.fc.weight = torch.ones(n, m)", ".data.copy_(torch.ones(n, m))", UNSAFE),
        (FC + "self.fc.bias = torch.zeros(m)", ".data.copy_(torch.zeros(m))", SAFE),
        (
            FC + "self.fc.weight = torch.rand(self.fc.weight.shape)",
            ".data.copy_(torch.rand(self.fc.weight.shape))",
            SAFE,
        ),
        (
            FC + "self.fc.bias = torch.zeros_like(self.fc.bias)",
            ".data.copy_(torch.zeros_like(self.fc.bias))",
            SAFE,
        ),
        (FC + "self.fc.bias = self.fc.bias * 2", ".data.copy_(self.fc.bias * 2)", SAFE),
        (FC + "self.fc.bias = self.fc.bias + x", ".data.copy_(self.fc.bias + x)", UNSAFE),
        (
            "other = Other(3)\nother.weight = torch.ones(3)",
            "other.weight.data.copy_(torch.ones(3))",
            SAFE,
        ),
        (
            "other = Other(4)\nother.weight = torch.ones(3)",
            "other.weight = nn.Parameter(torch.ones(3))",
            UNSAFE,
        ),
        (
            "def f(size):\n    other = Other(size)\n    other.weight = torch.ones(3)",
            "other.weight.data.copy_(torch.ones(3))",
            UNSAFE,
        ),
        # Nothing is proved of an object that somebody else made.
        (
            "def f(layer: nn.Linear):\n    layer.weight = torch.zeros_like(layer.weight)",
            "layer.weight.data.copy_(torch.zeros_like(layer.weight))",
            UNSAFE,
        ),
        # Code that may do more than give a value.
        (
            LAYER + "layer.weight = torch.ones(4, 3) * (k := 2)",
            ".data.copy_(torch.ones(4, 3) * (k := 2))",
            UNSAFE,
        ),
        (
            "layer = [nn.Linear(3, 4)]\nlayer[0].weight = torch.ones(4, 3)",
            "layer[0].weight.data.copy_(torch.ones(4, 3))",
            SAFE,
        ),
        # A handler may expect what happens today.
        (
            "def f():\n    layer = nn.Linear(3, 4)\n    try:\n"
            "        layer.weight = torch.ones(4, 3)\n    except TypeError:\n        print()",
            "layer.weight.data.copy_(torch.ones(4, 3))",
            UNSAFE,
        ),
        # Another dtype is cast away.
        (
            LAYER + "layer.bias = torch.ones(4, dtype=torch.float64)",
            ".data.copy_(torch.ones(4, dtype=torch.float64))",
            UNSAFE,
        ),
        # Another layout of the Parameter's own storage cannot be copied into it.
        (LAYER + "layer.weight = layer.weight.t()", "= nn.Parameter(layer.weight.t())", UNSAFE),
        (LAYER + "layer.weight = layer.weight[:2]", "= nn.Parameter(layer.weight[:2])", UNSAFE),
        (LAYER + "layer.bias = layer.bias.half()", "= nn.Parameter(layer.bias.half())", UNSAFE),
        # A slot that is empty.
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = torch.ones(4)",
            "layer.bias = nn.Parameter(torch.ones(4))",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias = torch.ones(4) if x else None",
            "layer.bias = nn.Parameter(torch.ones(4)) if x else None",
            UNSAFE,
        ),
        # What is no tensor.
        (LAYER + "layer.bias = 0", "layer.bias.data.fill_(0)", UNSAFE),
        (LAYER + "layer.bias = -0.5", "layer.bias.data.fill_(-0.5)", UNSAFE),
        (LAYER + "layer.bias = [1, -2]", "layer.bias.data.copy_(torch.tensor([1, -2]))", UNSAFE),
        (
            LAYER + "layer.bias = (1, 2)",
            "layer.bias.data.copy_(torch.tensor((1, 2)))",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias = np.ones(4)",
            "layer.bias.data.copy_(torch.from_numpy(np.ones(4)))",
            UNSAFE,
        ),
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = [1., 2.]",
            "layer.bias = nn.Parameter(torch.tensor([1., 2.]))",
            UNSAFE,
        ),
        # The ways to store.
        (
            LAYER + "setattr(layer, 'weight', torch.eye(4, 3))",
            "layer.weight.data.copy_(torch.eye(4, 3))",
            SAFE,
        ),
        (
            LAYER + "setattr(x or layer, 'weight', torch.eye(4, 3),)",
            "(x or layer).weight.data.copy_(torch.eye(4, 3),)",
            UNSAFE,
        ),
        (
            LAYER + "layer.__setattr__('weight', (torch.eye(4, 3)))",
            "layer.weight.data.copy_((torch.eye(4, 3)))",
            SAFE,
        ),
        (LAYER + "layer.weight @= torch.eye(3)", ".copy_(layer.weight @ torch.eye(3))", UNSAFE),
        (LAYER + "layer.weight @= x + x", ".copy_(layer.weight @ (x + x))", UNSAFE),
        (
            "self.register_parameter(name='w', param=torch.ones(3))",
            "self.register_parameter(name='w', param=nn.Parameter(torch.ones(3)))",
            UNSAFE,
        ),
        # Layout.
        (
            LAYER + "layer.weight = \\\n    torch.eye(4, 3)",
            "layer.weight.data.copy_(torch.eye(4, 3))",
            SAFE,
        ),
        (
            LAYER + "layer.weight = (  # why\n    torch.eye(4, 3)\n)",
            "layer.weight.data.copy_(  # why\n    torch.eye(4, 3)\n)",
            SAFE,
        ),
        (
            LAYER + "(layer.weight) = (torch.eye(4, 3))",
            "(layer.weight).data.copy_(torch.eye(4, 3))",
            SAFE,
        ),
    ],
)
def test_prm101_a_value_is_written_into_the_parameter_or_made_one(
    before: str, after: str, applicability: str
) -> None:
    [finding] = fixes(before)

    assert finding.code == "PRM101"
    assert finding.fix, finding.why_not_fixed
    assert finding.fix.applicability.value == applicability
    assert after in rewritten(before)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (LAYER + "k = layer.bias = torch.ones(4)", "several targets"),
        (LAYER + "layer.bias, k = torch.ones(4), 1", "several values at once"),
        (LAYER + "for layer.bias in [torch.ones(4)]:\n    pass", "for or with"),
        (LAYER + "layer.bias = nn.Linear(2, 3)", "no value for a Parameter"),
        (LAYER + "layer.bias = 'a'", "no tensor can be made"),
        (LAYER + "layer.bias = {1, 2}", "no tensor can be made"),
        (LAYER + "layer.bias = [torch.ones(2), 'a']", "no tensor can be made"),
        (LAYER + "layer.bias = layer.bias.detach()", "requires_grad_(False) freezes it"),
        (LAYER + "layer.bias = layer.bias.data", "requires_grad_(False) freezes it"),
        (LAYER + "k = nn.Linear(3, 4)\nlayer.bias = k.bias * 2", "a gradient would have to flow"),
        ("layer = nn.LazyLinear(4)\nlayer.bias = torch.ones(4)", "at the first call"),
        ("layer = nn.Linear(3, 4, bias=False)\nlayer.bias = 0.5", "of which shape is not known"),
        (LAYER + "setattr(layer, 'bias',  # why\n    torch.ones(4))", "a comment stands"),
        (LAYER + "setattr(layer, 'bias', *[torch.ones(4)])", "does not find the expression"),
        (
            "class Model(nn.Linear):\n    def forward(self, x):\n        self.bias = torch.ones(4)",
            "in a local variable",
        ),
        (
            "class Model(nn.Linear):\n    def reset(self):\n"
            "        super().__setattr__('bias', torch.ones(4))",
            "super()",
        ),
    ],
)
def test_prm101_is_left_alone_where_the_rewrite_is_not_sure(body: str, reason: str) -> None:
    [finding] = fixes(body)

    assert finding.fix is None
    assert reason in str(finding.why_not_fixed)
    assert rewritten(body) == program(body)

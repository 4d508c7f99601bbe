"""Rules judge events by values: which they are asked of, and what they may not look at."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import indent
from typing import get_args

import pytest

from flake8_paramassign.analyzer import Analyzer
from flake8_paramassign.rules import all_rules
from flake8_paramassign.semantics import events

RULES = sorted((Path(__file__).parent.parent / "flake8_paramassign" / "rules").glob("prm*.py"))
_TEXTUAL = frozenset(["re", "tokenize", "linecache", "flake8_paramassign.source"])
_TOLD_TO_THE_REPORT = {events.Constructed, events.Ended}


def test_each_event_is_judged_by_some_rule() -> None:
    judged = {kind for rule in all_rules().values() for kind in rule.events()}
    assert judged == set(get_args(events.Event)) - _TOLD_TO_THE_REPORT


def test_a_rule_is_asked_of_the_events_it_is_annotated_with() -> None:
    rules = all_rules()
    assert rules["PRM106"].events() == (events.OptimizerMade,)
    assert rules["PRM202"].events() == (events.ItemStored, events.DataStored)
    assert rules["PRM001"].events() == ()


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_reads_no_text(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            assert not _TEXTUAL.intersection(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in _TEXTUAL


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ("if self.training:\n    self.w = nn.Parameter(self.w * x)", "forward() in training mode:"),
        ("self.w = nn.Parameter(self.w * x)", "of forward(): no gradient"),
        ("self.a.weight.data = self.b.weight.data[1:]", ".data.copy_(self.b.weight.data[1:])"),
        (
            "self.a.weight.data = self.b.weight.data[:2].view(2, 2)",
            "'self.a.weight' and 'self.b.weight' stay two Parameters, on one storage that each of "
            "them changes: write self.a.weight.data.copy_(self.b.weight.data[:2].view(2, 2))",
        ),
        ("self.a.weight.data = self.b.weight.data", "'self.a.weight = self.b.weight' to tie them"),
        ("self.a.requires_grad = False", "freezes nothing; write self.a.requires_grad_(False)"),
        ("f = False\nself.a.requires_grad = f", "changes nothing; write self.a.requires_grad_(f)"),
    ],
)
def test_a_message_says_under_which_condition_and_what_to_write(statements: str, said: str) -> None:
    program = (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 3)\n"
        "        self.w = nn.Parameter(torch.ones(2))\n\n"
        "    def forward(self, x):\n" + indent(statements, " " * 8) + "\n"
    )
    (found,) = Analyzer().analyze(program)
    assert said in found.message


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("nn.Linear(2, 2)", "parameters(), state_dict() and to() leave them out"),
        ("nn.BatchNorm1d(2, affine=False)", "their buffers are never saved or moved"),
        ("nn.Dropout()", "train() and eval() do not reach them"),
    ],
)
def test_a_message_says_what_is_lost_of_modules_in_a_list(layer: str, said: str) -> None:
    (found,) = Analyzer().analyze(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        f"        super().__init__()\n        self.parts = [{layer}, {layer}]\n"
    )
    assert said in found.message

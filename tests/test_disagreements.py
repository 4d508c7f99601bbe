"""Programs that were found by running random ones, made as small as they can be."""

from __future__ import annotations

import textwrap

import pytest
from everything import time_limit

from flake8_paramassign import analyze

SECONDS = 20
HEAD = """\
import os
import torch
from torch import nn


def build(device):
    model = nn.Linear(4, 4)
"""


def found(body: str) -> list[tuple[str, int]]:
    """Return the findings in a function, by code and line of its body."""
    source = HEAD + textwrap.indent(textwrap.dedent(body), "    ")
    with time_limit(SECONDS):
        diagnostics = analyze(source, "build.py")
    return [(d.code, d.start.line - HEAD.count("\n")) for d in diagnostics]


@pytest.mark.parametrize(
    "body",
    [
        # The data of a Parameter is a view of itself, and was followed round and round.
        "model.bias.data = model.bias.data\nmodel.bias.data[0] = 1.0\n",
        "w = model.weight\nw.data = w.data\nw.data.copy_(torch.ones(4, 4))\n",
    ],
)
def test_an_end_is_found(body: str) -> None:
    assert found(body) == []


NORMED = "model = nn.utils.parametrizations.spectral_norm(model)\n"


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        # What is computed in place is assigned, and so goes to the original.
        (f"{NORMED}model.weight *= 0.5\n", []),
        (f"{NORMED}model.weight.mul_(0.5)\n", [("PRM204", 2)]),
        (f"{NORMED}w = model.weight\nw *= 0.5\n", [("PRM204", 3)]),
    ],
)
def test_what_is_said_is_so(body: str, findings: list[tuple[str, int]]) -> None:
    assert found(body) == findings

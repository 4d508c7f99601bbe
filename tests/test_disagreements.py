"""Programs that were found by running random ones, made as small as they can be."""

from __future__ import annotations

import textwrap

import pytest
from everything import time_limit

from flake8_paramassign import analyze
from flake8_paramassign.fixes.engine import analyze_with_fixes
from flake8_paramassign.settings import DEFAULT

SECONDS = 20
HEAD = """\
import copy
import os
import torch
from torch import nn


def build(device):
    model = nn.Linear(4, 4)
"""


def whole(body: str) -> str:
    """Return a program with this in its function."""
    return HEAD + textwrap.indent(textwrap.dedent(body), "    ")


def found(body: str) -> list[tuple[str, int]]:
    """Return the findings in a function, by code and line of its body."""
    source = whole(body)
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


EITHER = 'nn.Parameter(torch.zeros(4)) if os.environ.get("WIDE") else model.bias + 1.0'
EARLY = """\
class Net(nn.Module):
    def __init__(self):
        self.w = {}
        super().__init__()
"""
FILL = "def fill(m):\n    if isinstance(m, nn.Linear):\n        m.weight = m.weight + 1.0\n"
TAKEN = """\
t = torch.ones(4)
model = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
EITHER_OF = """\
t = torch.ones(4)
if os.environ.get("A"):
    model = nn.LayerNorm(4)
model.bias = {} if os.environ.get("A") else {}
"""
STALE = """\
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.bias = nn.Parameter(torch.ones(4))
optimizer.step()
"""
ANEW = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
BARE = "m = nn.LayerNorm(4, elementwise_affine=False)\n"
NORMED = "model = nn.utils.parametrizations.spectral_norm(model)\n"


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        # What is computed in place is assigned, and so goes to the original.
        (f"{NORMED}model.weight *= 0.5\n", []),
        (f"{NORMED}model.weight.mul_(0.5)\n", [("PRM204", 2)]),
        (f"{NORMED}w = model.weight\nw *= 0.5\n", [("PRM204", 3)]),
        # What raises stores nothing, so that what is there afterwards is a Parameter.
        (f"model.register_parameter('bias', {EITHER})\nmodel.bias = model.bias\n", [("PRM101", 1)]),
        # A Parameter that the optimizer has already goes on being trained.
        (f"{TAKEN}model[1].bias = model[0].bias\nreturn model, optimizer\n", []),
        (f"{TAKEN}model[1].bias = nn.Parameter(t)\nreturn model, optimizer\n", [("PRM303", 4)]),
        # None cannot be computed with: that raises, and nothing is assigned.
        (f"{BARE}m.bias = m.bias * 0.5\n", []),
        (f"{BARE}m.bias = torch.zeros_like(m.bias)\n", []),
        (f"{BARE}m.bias = torch.zeros_like(input=m.bias)\n", []),
        (f"{BARE}m.bias = torch.zeros(4)\n", [("PRM101", 2)]),
        # What another optimizer takes is trained by that.
        (f"{STALE}return model, optimizer\n", [("PRM303", 2)]),
        (f"{STALE}{ANEW}return model, optimizer\n", []),
        # Which of two receivers gets which of two values, nobody knows.
        (EITHER_OF.format("nn.LayerNorm(4)", "model.bias"), []),
        (EITHER_OF.format("t", "t"), [("PRM101", 4)]),
        # What may be a copy of the Parameter may be stored before the Module is initialised.
        (EARLY.format("nn.Parameter(torch.ones(4, 4).t()).contiguous()"), []),
        (EARLY.format("nn.Parameter(torch.ones(4, 4).t())"), [("PRM107", 3)]),
        # What is assigned to a computed weight goes to the original, wherever that is done.
        (f"{FILL}model.apply(fill)\n", [("PRM101", 3)]),
        (f"{FILL}{NORMED}model.apply(fill)\n", []),
    ],
)
def test_what_is_said_is_so(body: str, findings: list[tuple[str, int]]) -> None:
    assert found(body) == findings


LARGE = """\
model.rnn = nn.LSTM(4, 4, 2, bidirectional=True)
model.norm = nn.LayerNorm(4)
optimizer = torch.optim.SGD({}, lr=0.1)
model.norm.bias = nn.Parameter(torch.ones(4))
return model, optimizer
"""
OTHERS = """\
if os.environ.get("A"):
    model.norm = nn.LayerNorm(4)
for {} in model.{}:
    {}
model.bias = nn.Parameter(torch.ones(4))
"""
ALL = OTHERS.format("p", "parameters()", "p.requires_grad = False")
TENSOR = "model.register_parameter('scale', torch.ones(4))\n"
TWO = "model.norm = nn.LayerNorm(4)\nmodel.scale = nn.Parameter(torch.ones(4))\n"
OWN = """\
model = nn.Module()
model.norm = nn.LayerNorm(4)
model.last = nn.Parameter(torch.ones(4))
"""
WAITING = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.ones(4, requires_grad=True)
model = Net()
"""
SHARE = "model.norm.bias.data = model.scale.data\n"
TIE = "model.rnn.bias_hh_l0"
LOADED = "model.load_state_dict(copy.deepcopy(model.state_dict()), assign=True)\n"
FREEZE = "model.requires_grad_(False)\n"


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        # What is loaded by assign=True trains where what was there did.
        (f"{LOADED}model.weight *= 0.5\n", [("PRM301", 2)]),
        (f"{FREEZE}{LOADED}model.weight *= 0.5\n", []),
        (f"{FREEZE}{LOADED}model.bias = nn.Parameter(torch.ones(4))\n", [("PRM304", 3)]),
        # Whatever is there, register_parameter() takes no tensor.
        (f"{TENSOR}del model.scale\n", [("PRM101", 1)]),
        # What shares its storage may be given as it is.
        (f"{TWO}model.norm.bias.data = model.scale\nreturn model\n", [("PRM305", 3)]),
        (f"{TWO}model.norm.bias.data = model.scale.data\nreturn model\n", [("PRM305", 3)]),
        (f"{TWO}model.norm.bias.data = model.scale\nreturn model.norm\n", []),
        # A loop over all Parameters freezes each of them, whether or not there are others.
        (ALL, [("PRM304", 5)]),
        (OTHERS.format("p", "parameters()", "p.requires_grad_(False)"), [("PRM304", 5)]),
        (OTHERS.format("_, p", "named_parameters()", "p.requires_grad_(False)"), [("PRM304", 5)]),
        (OTHERS.format("p", "parameters()", "p.requires_grad_(True)"), []),
        (OTHERS.format("p", "parameters()", "model.weight.requires_grad = p.ndim > 1"), []),
        (ALL.replace("model.parameters()", "list(model.parameters())[:1]"), []),
        # The Parameters of a Module come before those of its children.
        (f"{OWN}list(model.parameters())[0].data = model.last.data\nreturn model\n", []),
        (
            f"{OWN}list(model.parameters())[1].data = model.last.data\nreturn model\n",
            [("PRM305", 4)],
        ),
        # What is frozen by others does not wait to be trained.
        (WAITING, [("PRM103", 4)]),
        (f"{WAITING}model.w.requires_grad_(True)\n", [("PRM103", 4)]),
        (f"{WAITING}model.w.requires_grad_(False)\n", []),
        (f"{WAITING}model.w.requires_grad = False\n", []),
        # What scripts that convert weights do on some ways is no tie that was meant.
        (f"{TWO}{SHARE}return model\n", [("PRM305", 3)]),
        (f"{TWO}if os.environ.get('A'):\n    {SHARE}return model\n", []),
        # An optimizer knows what it took, however much that is.
        (LARGE.format("model.parameters()"), [("PRM303", 4)]),
        (LARGE.format("model.named_parameters()"), [("PRM303", 4)]),
        (LARGE.format('[{"params": model.parameters()}]'), [("PRM303", 4)]),
        (LARGE.format("[model.rnn.weight_hh_l0]"), []),
        (LARGE.format("model.parameters()").replace("nn.Parameter(torch.ones(4))", TIE), []),
        # However it is stored, it takes the place of a frozen one.
        (
            f"{FREEZE}model.register_parameter('bias', nn.Parameter(torch.ones(4)))\n",
            [("PRM304", 2)],
        ),
    ],
)
def test_what_happens_is_said(body: str, findings: list[tuple[str, int]]) -> None:
    assert found(body) == findings


REPLACED = """\
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
{}
model.bias = nn.Parameter(torch.zeros(4))
return model, optimizer
"""
LOST = "nn.Parameter(torch.ones(4)).squeeze()"


@pytest.mark.parametrize(
    ("body", "applicabilities"),
    [
        (f"model = nn.Module()\nmodel.w = {LOST}\n", ["safe"]),
        # On the other path it is no Parameter, and whether it is meant to be, nobody knows.
        (f'model = nn.Module()\nmodel.w = {LOST} if os.environ.get("A") else t\n', ["unsafe"]),
        # The safe one alone would have the other statement raise.
        (f"model = nn.Module()\nmodel.w = {LOST}\nk = model.w = -model.w\n", ["", "unsafe"]),
        # Where the slot was emptied on one way, there is nothing to copy into.
        (REPLACED.format('if os.environ.get("A"):\n    model.bias = None'), [""]),
        (REPLACED.format("model.eval()"), ["unsafe"]),
    ],
)
def test_a_fix_is_right_by_itself(body: str, applicabilities: list[str]) -> None:
    source = whole(f"t = torch.ones(4)\n{body}").encode()
    diagnostics = analyze_with_fixes(source, "build.py", settings=DEFAULT)
    assert [d.fix.applicability.value if d.fix else "" for d in diagnostics] == applicabilities

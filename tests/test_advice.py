"""What a finding says to do instead, and on what it rests."""

from __future__ import annotations

import pytest
from commented import HEADER

from flake8_paramassign import Diagnostic, Settings, analyze


def only(program: str, code: str) -> Diagnostic:
    """The one finding in a program, by one rule."""
    (found,) = analyze(HEADER + program, "x.py", settings=Settings(select=frozenset([code])))
    return found


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("torch.ones(5)", "write m.bias.data.copy_(torch.ones(5)) to fill it"),
        ("torch.ones(1, 5).T", "assign nn.Parameter(torch.ones(1, 5).T) to replace it"),
        ("torch.ones(5, 1, 1).T", "write m.bias.data.copy_(torch.ones(5, 1, 1).T) to fill it"),
        ("torch.ones(1) + torch.ones(5)", "write m.bias.data.copy_(torch.ones(1) + torch.ones(5))"),
        ("numpy.ones(5)", "write m.bias.data.copy_(torch.from_numpy(numpy.ones(5))) to fill it"),
        ("[1.0, 2.0]", "write m.bias.data.copy_(torch.tensor([1.0, 2.0])) to fill it"),
        ("0.5", "write m.bias.data.fill_(0.5) to fill it"),
        ("'a'", "give it another name"),
        ("nn.ReLU()", "give it another name"),
    ],
)
def test_what_to_write_over_a_parameter(value: str, advice: str) -> None:
    program = f"import numpy\ndef f():\n    m = nn.Linear(3, 5)\n    m.bias = {value}\n"
    assert f"; {advice}" in only(program, "PRM101").message


def test_of_a_value_that_is_unpacked_from_a_list_it_is_not_said_how_it_is_written() -> None:
    program = "def f(x):\n    m = nn.Linear(3, 3)\n    m.weight, m.v = *[torch.ones(3)], x\n"
    assert only(program, "PRM101").message.endswith("assign nn.Parameter(t) to replace it")


def test_a_trace_does_not_tell_of_the_line_itself() -> None:
    net = "class Net(nn.Module):\n    def __init__(self, x):\n        super().__init__()\n"
    at_once = only(f"{net}        self.w = nn.Parameter(x) * 2\n", "PRM102")
    before = only(
        f"{net}        w = nn.Parameter(x)\n        w = w * 2\n        self.w = w\n", "PRM102"
    )
    assert [step.message for step in at_once.trace] == ["the Parameter is made"]
    assert [step.message for step in before.trace] == [
        "the Parameter is made",
        "the tensor is computed",
    ]


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("normal_()", "nn.init.normal_"),
        ("uniform_()", "nn.init.uniform_"),
        ("zero_()", "nn.init.zeros_"),
        ("fill_(1)", "nn.init.constant_"),
    ],
)
def test_what_initialises_instead(written: str, advice: str) -> None:
    program = (
        "from transformers import PreTrainedModel\nclass Net(PreTrainedModel):\n"
        f"    def _init_weights(self, module):\n        module.weight.data.{written}\n"
    )
    assert f"write {advice}(module.weight, ...)" in only(program, "PRM306").message


def test_what_keeps_the_old_parameter() -> None:
    program = "def f(m: nn.Linear):\n    o = {}\n    m.weight = nn.Parameter(m.bias)\n    {}\n"
    optimizer = program.format("optim.SGD(m.parameters(), 0.1)", "o.step()")
    wrapper = program.format("nn.parallel.DistributedDataParallel(m)", "o(3)")
    assert "after the optimizer (line 6) was built" in only(optimizer, "PRM303").message
    assert "after DistributedDataParallel (line 6)" in only(wrapper, "PRM303").message


@pytest.mark.parametrize("is_begun", [True, False])
def test_why_a_buffer_is_not_registered(is_begun: bool) -> None:
    lines = ["super().__init__()", "self.mask = torch.ones(3)"]
    body = "".join(f"        {line}\n" for line in (lines if is_begun else lines[::-1]))
    program = (
        f"class Net(nn.Module):\n    def __init__(self):\n{body}"
        "    def forward(self, x):\n        return x * self.mask\n"
    )
    assert bool(only(program, "PRM903").why_not_fixed) is not is_begun

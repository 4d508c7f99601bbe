"""The simulated device is a GPU as far as Parameters are concerned."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from codemods.verification.fixtures import Subject, discover
from codemods.verification.jobs import Job, Outcome
from codemods.verification.protocol import verify
from codemods.verification.runner import Machine, Runner

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

FIXTURES = Path(__file__).parent.parent / "fixtures"
PROGRAM = """\
import copy
import pickle

import torch
from torch import nn


def build(device):
    cpu = torch.device("cpu")
    {checked}
    return nn.Linear(3, 2).to(device)


def inputs(device):
    return (torch.ones(2, 3, device=device),)
"""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(jobs=1, limit=60) as runner:
        yield runner


@pytest.fixture(scope="module")
def machine() -> Machine:
    machine = Machine.probe()
    if not machine.simulated:
        pytest.skip("this torch has no device in Python")
    return machine


def ran(folder: Path, runner: Runner, checked: str) -> Outcome:
    """Return what came of a program that does, and asserts, what is said."""
    lines = "\n    ".join(checked.strip().splitlines())
    path = folder / "program.py"
    path.write_text(PROGRAM.replace("{checked}", lines))
    return runner.run(Job(path, "simulated", invariants=("registered",)))


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    "checked",
    [
        # What is moved there is another tensor, and there it is the same.
        "w = nn.Parameter(torch.ones(2))\nassert not w.to(device).is_leaf and not w.cuda().is_leaf",
        "w = nn.Parameter(torch.ones(2, device=device))\nassert w.to(device) is w",
        "assert torch.ones(2).cuda().device == torch.ones(2, device=device).device",
        # A module that is moved keeps its Parameters, with what is registered on them.
        "m = nn.Linear(2, 2)\nw = m.weight\nm.to(device).double()\nassert m.weight is w",
        "m = nn.Linear(2, 2)\ncalled = []\nm.weight.register_hook(called.append)\nm.to(device)\n"
        "m(torch.ones(1, 2, device=device)).sum().backward()\nassert called",
        "m = nn.Linear(2, 2).to(device)\nm.load_state_dict(nn.Linear(2, 2).state_dict())\n"
        "assert m.weight.device.type == device.type",
        "m = nn.Linear(2, 2).to(device)\nt = copy.deepcopy(m)\np = pickle.loads(pickle.dumps(m))\n"
        "assert t.weight.device == p.weight.device == m.weight.device\n"
        "assert t.weight.tolist() == p.weight.tolist() == m.weight.tolist()\n"
        "assert isinstance(t.weight, nn.Parameter) and isinstance(p.weight, nn.Parameter)",
        # .data= takes the storage, .data.copy_ the values.
        "w = nn.Parameter(torch.ones(2, device=device))\nt = torch.zeros(2, device=device)\n"
        "w.data = t\nt.add_(3)\nassert w.tolist() == [3, 3] and w.is_leaf and w.requires_grad",
        "w = nn.Parameter(torch.ones(2, device=device))\nt = torch.zeros(2)\n"
        "w.data.copy_(t)\nt.add_(3)\nassert w.tolist() == [0, 0] and w.device.type == device.type",
        "w = nn.Parameter(torch.ones(2, device=device))\nw.data = torch.zeros(3, device=device)\n"
        "(w * w).sum().backward()\nassert w.grad.shape == (3,)",
        # Factories, and results whose size is found on the way.
        "assert torch.eye(2, 5, device=device).shape == (2, 5)",
        "assert torch.arange(3, device=device).nonzero().shape == (2, 1)",
    ],
)
def test_it_does_as_a_gpu_does(tmp_path: Path, runner: Runner, checked: str) -> None:
    outcome = ran(tmp_path, runner, checked)
    assert (outcome.died, outcome.raised) == ("", None)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("checked", "error", "message"),
    [
        ("torch.ones(2, device=device) + torch.ones(2)", "RuntimeError", "on the same device"),
        ("nn.Linear(2, 2).to(device)(torch.ones(1, 2))", "RuntimeError", "on the same device"),
        ("torch.ones(2, device=device).numpy()", "TypeError", "can't convert"),
        (
            "nn.Linear(2, 2).to(device).weight = torch.ones(2, 2, device=device)",
            "TypeError",
            "cannot assign 'torch.simulated.FloatTensor' as parameter 'weight'",
        ),
        (
            "w = nn.Parameter(torch.ones(2, device=device))\ny = (w * w).sum()\n"
            "with torch.no_grad(): w.mul_(2)\ny.backward()",
            "RuntimeError",
            "modified by an inplace operation",
        ),
    ],
)
def test_it_refuses_what_a_gpu_refuses(
    tmp_path: Path, runner: Runner, checked: str, error: str, message: str
) -> None:
    raised = ran(tmp_path, runner, checked).raised
    assert raised
    assert (raised.type, raised.stage) == (error, "build")
    assert message in raised.message


def test_amp_computes_in_half_the_precision_there(
    tmp_path: Path, runner: Runner, machine: Machine
) -> None:
    checked = (
        "m = nn.Linear(2, 2).to(device)\nwith torch.autocast(device.type, torch.bfloat16):\n"
        "    y = m(torch.ones(1, 2, device=device))\nassert y.dtype is torch.bfloat16\n"
        "y.float().sum().backward()\nassert m.weight.grad.dtype is torch.float32"
    )
    assert ran(tmp_path, runner, checked).raised is None
    path = tmp_path / "program.py"
    [check] = runner.run(Job(path, "simulated", (Subject("weight"),), invariants=("amp",))).checks[
        :1
    ]
    assert check.status == "held"


@pytest.mark.parametrize("device", ["simulated", "cpu"])
def test_the_three_cases_of_the_question_are_proved(
    runner: Runner, machine: Machine, device: str
) -> None:
    for fixture in discover([FIXTURES / "question"]):
        verdict = verify(fixture, device, machine, runner.run)
        assert verdict.verified, verdict.problems
        assert verdict.compared > 50


def test_what_shows_on_another_device_shows_there(runner: Runner, machine: Machine) -> None:
    names = ("prm102/moved_to_device", "prm102/cuda_call", "prm101/own_value_on_other_device")
    for fixture in discover([FIXTURES / f"{name}.fails.py" for name in names]):
        assert verify(fixture, "cpu", machine, runner.run).skipped == "shows on cuda only"
        verdict = verify(fixture, "simulated", machine, runner.run)
        assert verdict.verified, verdict.problems

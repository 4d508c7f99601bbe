"""From PyTorch's messages to the rules."""

from __future__ import annotations

import builtins

import pytest
from conftest import Command
from readme import MESSAGES as PAGE

from flake8_paramassign import analyze
from flake8_paramassign.documentation import messages_page
from flake8_paramassign.rules import all_rules
from flake8_paramassign.torch_messages import MESSAGES, TorchMessage, messages_in

BEGINNING = """\
import copy
import torch
from torch import nn

m = nn.Linear(2, 2)
x = torch.ones(1, 2)
"""
LISTED = """\
class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 2), nn.Linear(2, 2)]

    def forward(self, x):
        return self.layers[0](x)

"""
LOST = """\
class Lost(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(2)) ** 2

"""
KEPT = """\
class Kept(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(2))

"""
EARLY = """\
class Early(nn.Module):
    def __init__(self):
        {}

Early()
"""
GROUP = """\
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
if not dist.is_initialized():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
"""
RAISED = {
    "cannot assign '...' as parameter": "m.weight = torch.zeros(2, 2)",
    "cannot assign '...' object to parameter": "m.register_parameter('w', torch.zeros(2))",
    "cannot assign parameters before Module.__init__() call": (
        EARLY.format("self.w = nn.Parameter(torch.zeros(2))")
    ),
    "cannot assign parameter before Module.__init__() call": (
        EARLY.format("self.register_parameter('w', nn.Parameter(torch.zeros(2)))")
    ),
    "cannot assign module before Module.__init__() call": EARLY.format("self.m = nn.Linear(2, 2)"),
    "cannot assign buffer before Module.__init__() call": (
        EARLY.format("self.register_buffer('b', torch.zeros(2))")
    ),
    "can't optimize a non-leaf Tensor": "torch.optim.SGD([m.weight * 2], lr=1)",
    "optimizer got an empty parameter list": (
        f"{LISTED}torch.optim.SGD(Listed().parameters(), lr=1)"
    ),
    "some parameters appear in more than one parameter group": (
        f"{LISTED}n = Listed()\nn.m = m\n"
        "torch.optim.SGD([{'params': n.parameters()}, {'params': m.parameters()}], lr=1)"
    ),
    "loaded state dict contains a parameter group that doesn't match the size of optimizer's": (
        f"{LISTED}one, two = Listed(), Listed()\none.m = two.m = m\ntwo.layer = two.layers[0]\n"
        "saved = torch.optim.SGD(one.parameters(), lr=1).state_dict()\n"
        "torch.optim.SGD(two.parameters(), lr=1).load_state_dict(saved)"
    ),
    "Only Tensors of floating point and complex dtype can require gradients": (
        "nn.Parameter(torch.arange(2))"
    ),
    "data set to a tensor that requires gradients must be floating point": (
        "m.weight.data = torch.zeros(2, 2, dtype=torch.long)"
    ),
    "leaf Variable that requires grad is being used in an in-place operation": "m.weight.zero_()",
    "element 0 of tensors does not require grad and does not have a grad_fn": (
        "m.requires_grad_(False)\nm.requires_grad = True\nm(x).sum().backward()"
    ),
    "Trying to backward through the graph a second time": (
        f"{LOST}n = Lost()\nfor _ in range(2):\n    (x * n.w).sum().backward()"
    ),
    "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol": (
        f"{LOST}copy.deepcopy(Lost())"
    ),
    "Expected to have finished reduction in the prior iteration": (
        f"{GROUP}ddp = DistributedDataParallel(m)\n"
        "m.weight = nn.Parameter(torch.zeros(2, 2))\n"
        "for _ in range(2):\n    ddp(x).sum().backward()"
    ),
    "DistributedDataParallel is not needed when a module doesn't have any parameter": (
        f"{GROUP}{LISTED}DistributedDataParallel(Listed())"
    ),
    "Expected all tensors to be on the same device": (
        f"{LISTED}from torch._subclasses.fake_tensor import FakeTensorMode\n"
        "with FakeTensorMode():  # which knows GPUs everywhere\n"
        "    Listed().to('cuda')(torch.ones(1, 2, device='cuda'))"
    ),
    "Tensor on device ... is not on the expected device": (
        f"{LOST}torch.ones(2, device='meta') + Lost().to('meta').w"
    ),
    "mat1 and mat2 must have the same dtype": f"{LISTED}Listed().double()(x.double())",
    "Missing key(s) in state_dict": (f"{LOST}{KEPT}Kept().load_state_dict(Lost().state_dict())"),
    "Unexpected key(s) in state_dict": (f"{LOST}{KEPT}Lost().load_state_dict(Kept().state_dict())"),
}
"""What raises each message, after ``BEGINNING``."""


def test_each_message_has_a_program_that_raises_it() -> None:
    assert RAISED.keys() == {message.text for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.text)
def test_torch_says_it_and_a_rule_finds_the_cause(message: TorchMessage) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    program = BEGINNING + RAISED[message.text]
    with pytest.raises(Exception) as raised:
        exec(program, {"__name__": "program"})
    assert isinstance(raised.value, getattr(builtins, message.error))
    assert messages_in(f"{message.error}: {raised.value}") == [message]
    found = {diagnostic.code for diagnostic in analyze(program.encode(), "program.py")}
    assert found & set(message.codes)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.text)
def test_each_leads_to_rules_and_ends_its_sentences(message: TorchMessage) -> None:
    assert set(message.codes) <= set(all_rules())
    assert message.cause.endswith(".") and message.instead.endswith(".")


def test_a_view_of_a_leaf_is_told_of_like_the_leaf() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(RuntimeError) as raised:
        torch.nn.Linear(2, 2).weight[0].zero_()
    assert [message.codes for message in messages_in(str(raised.value))] == [("PRM301",)]


def test_a_message_leads_to_cause_advice_and_rule(paramassign: Command) -> None:
    said = "TypeError: cannot assign 'torch.FloatTensor' as parameter 'weight'\n (torch.nn.Param"
    outcome = paramassign("--explain", said)
    assert outcome.status == 0
    assert outcome.lines[0] == "# TypeError: cannot assign '...' as parameter"
    assert "The name is a registered Parameter" in outcome.out
    assert "m.weight.data.copy_(t)" in outcome.out
    assert "# PRM101 tensor-over-parameter" in outcome.out and "## Use instead" in outcome.out


def test_one_with_several_causes_names_their_rules(paramassign: Command) -> None:
    outcome = paramassign("--explain", "optimizer got an EMPTY parameter list")
    assert "See also PRM105 modules-in-plain-container: " in outcome.out
    assert "# PRM102 " in outcome.out


@pytest.mark.parametrize("about", ["PRM101", "prm101", "tensor-over-parameter", " PRM101 "])
def test_a_rule_is_named_by_code_or_name(about: str, paramassign: Command) -> None:
    assert paramassign("--explain", about).lines[0] == "# PRM101 tensor-over-parameter"


def test_other_words_are_no_message(paramassign: Command) -> None:
    outcome = paramassign("--explain", "CUDA out of memory")
    assert (outcome.status, outcome.out) == (2, "")
    assert "no rule 'CUDA out of memory'" in outcome.err


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == messages_page()

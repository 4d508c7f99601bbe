"""From PyTorch's messages to the rules."""

from __future__ import annotations

import pytest
from conftest import Command
from readme import MESSAGES as PAGE

from flake8_paramassign.documentation import messages_page
from flake8_paramassign.rules import all_rules
from flake8_paramassign.torch_messages import MESSAGES, TorchMessage, messages_in

# What raises each message, with `torch`, `nn` and a layer `m` at hand.
RAISED = {
    "cannot assign '...' as parameter": "m.weight = torch.zeros(2, 2)",
    "cannot assign '...' object to parameter": "m.register_parameter('w', torch.zeros(2))",
    "cannot assign parameters before Module.__init__() call": (
        "nn.Module.__new__(nn.Linear).w = nn.Parameter(torch.zeros(2))"
    ),
    "cannot assign parameter before Module.__init__() call": (
        "nn.Module.__new__(nn.Linear).register_parameter('w', nn.Parameter(torch.zeros(2)))"
    ),
    "cannot assign module before Module.__init__() call": "nn.Module.__new__(nn.Linear).m = m",
    "cannot assign buffer before Module.__init__() call": (
        "nn.Module.__new__(nn.Linear).register_buffer('b', torch.zeros(2))"
    ),
    "can't optimize a non-leaf Tensor": "torch.optim.SGD([m.weight * 2], lr=1)",
    "optimizer got an empty parameter list": "torch.optim.SGD(nn.ReLU().parameters(), lr=1)",
    "Only Tensors of floating point and complex dtype can require gradients": (
        "nn.Parameter(torch.arange(2))"
    ),
    "data set to a tensor that requires gradients must be floating point": (
        "m.weight.data = torch.zeros(2, 2, dtype=torch.long)"
    ),
    "leaf Variable that requires grad is being used in an in-place operation": "m.weight.zero_()",
    "Expected all tensors to be on the same device": ("m(torch.zeros(2, device='cuda'))"),
    "Missing key(s) in state_dict": "m.load_state_dict({'bias': m.bias})",
    "Unexpected key(s) in state_dict": "m.load_state_dict({**m.state_dict(), 'w': m.bias})",
}
NOT_RAISED_HERE = {"Expected to have finished reduction in the prior iteration"}


def test_each_message_has_a_program_that_raises_it() -> None:
    assert RAISED.keys() | NOT_RAISED_HERE == {message.text for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.text)
def test_torch_says_it(message: TorchMessage) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if message.text in NOT_RAISED_HERE:
        pytest.skip("needs two processes")
    if "cuda" in RAISED[message.text] and not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    with pytest.raises(Exception) as raised:
        exec(RAISED[message.text], {"torch": torch, "nn": torch.nn, "m": torch.nn.Linear(2, 2)})
    said = f"{type(raised.value).__name__}: {raised.value}"
    assert said.startswith(f"{message.error}: ")
    assert message in messages_in(said)
    assert len(messages_in(said)) == 1


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

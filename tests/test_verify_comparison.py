"""Two versions of a module: each thing that can be observed is seen where it alone differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from codemods import verify
from codemods.verification.comparison import observe_both
from codemods.verification.jobs import Job, Outcome
from codemods.verification.runner import Runner

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.head = nn.Linear(width, 2)
        self.norm = nn.LayerNorm(2)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("shift", torch.zeros(width))

    def forward(self, x):
        y = self.head((x - self.shift) * self.gain)
        return y * 1.0


def build(device):
    torch.manual_seed(2)
    net = Net().to(device)
    pass  # last
    return net


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 8, device=device).view(2, 4),)
"""
OWN = "return net, torch.optim.Adam(net.parameters(), lr=0.01)"
Edit = tuple[str, str]
DIFFERENCES: list[tuple[str, Edit, str]] = [
    # What is observed first, the line that is written otherwise, how.
    ("output", ("y * 1.0", ""), "y * 1.001"),
    ("output", ("y * 1.0", ""), "y, y.sum()"),
    ("output", ("y * 1.0", "y, y.detach().numpy()"), "y, y.detach().numpy() + 1"),
    ("output", ("y * 1.0", "Normal(y, 1.0)"), "Normal(y, 1.5)"),
    ("output", ("y * 1.0", ""), "y * 1.0 if torch.is_grad_enabled() else y + 1"),
    ("form of output", ("y * 1.0", ""), "y.t().contiguous().t()"),
    ("gradient", ("y * 1.0", ""), "y + (y - y.detach())"),
    ("gradient of the input", ("self.head((x", ""), "self.head((x.detach()"),
    ("second derivative", ("y * 1.0", ""), "Once.apply(y)"),
    ("parameter gain", ("pass  # last", ""), "net.gain.data.mul_(1.001)"),
    ("form of parameter gain", ("pass  # last", ""), "net.gain.requires_grad_(False)"),
    ("form of parameter head.weight", ("pass  # last", ""), "column_major(net.head.weight)"),
    ("order of parameters", ("pass  # last", ""), "net.more = nn.Parameter(torch.ones(1))"),
    ("buffer shift", ("pass  # last", ""), "net.shift.add_(1)"),
    ("buffer shift", ("y * 1.0", ""), "y if self.training else y + 0 * self.shift.add_(1)[:2]"),
    ("saved gain", ("pass  # last", ""), "net._register_state_dict_hook(doubled)"),
    ("random numbers", ("y * 1.0", ""), "y if self.training else y + 0 * torch.rand(())"),
    ("order of buffers", ("pass  # last", ""), "net.register_buffer('b', torch.ones(1))"),
    ("order of state_dict", ("pass  # last", ""), "net._non_persistent_buffers_set.add('shift')"),
    ("order of plain tensors", ("pass  # last", ""), "net.kept = torch.ones(1)"),
    ("ties", ("pass  # last", ""), "net.norm.bias = net.norm.weight"),
    ("shared storage", ("pass  # last", ""), "net.norm.bias.data = net.norm.weight.data"),
    ("hooks", ("pass  # last", ""), "net.register_forward_hook(lambda *_: None)"),
    ("hooks gain", ("pass  # last", ""), "net.gain.register_hook(lambda g: None)"),
    ("in eval()", ("pass  # last", ""), "net.drop.eval()"),
    ("in eval()", ("pass  # last", ""), "net.drop.train = lambda mode=True: None"),
    ("random numbers", ("pass  # last", ""), "torch.rand(1)"),
    ("random numbers", ("pass  # last", ""), "__import__('random').random()"),
    ("optimizer class", ("return net", OWN), OWN.replace("Adam", "AdamW")),
    ("optimizer group 0 lr", ("return net", OWN), OWN.replace("0.01", "0.02")),
    ("optimizer group 0", ("return net", OWN), OWN.replace("parameters()", "head.parameters()")),
    ("optimizer state", ("return net", OWN), OWN.replace("0.01)", "0.01, amsgrad=True)")),
    ("raises", ("y * 1.0", ""), "1 / 0"),
    ("raises", ("pass  # last", ""), "net.gain = torch.ones(4)"),
    ("runs in float64", ("y * 1.0", ""), "y @ torch.eye(2).to(x.device)"),
]
HELPERS = """

from torch.distributions import Normal


def doubled(net, state, prefix, metadata):
    state["gain"] = 2 * state["gain"]


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y):
        return y * 1.0

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return grad


def column_major(weight):
    weight.data = weight.data.t().contiguous().t()
"""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(jobs=1, limit=60) as runner:
        yield runner


def observed(folder: Path, runner: Runner, before: str, after: str) -> Outcome:
    """Return how the two sources differ."""
    for name, source in (("old.py", before), ("new.py", after)):
        (folder / name).write_text(source + HELPERS)
    jobs = (Job(folder / "old.py", "cpu"), Job(folder / "new.py", "cpu"))
    return observe_both(*jobs, folder, runner.run)


@pytest.mark.parametrize(
    ("subject", "edit", "text"), DIFFERENCES, ids=[f"{s}: {t[:40]}" for s, _, t in DIFFERENCES]
)
def test_each_thing_that_can_be_observed_is_seen_where_it_differs(
    tmp_path: Path, runner: Runner, subject: str, edit: Edit, text: str
) -> None:
    line, instead = edit
    before = NET.replace(line, instead or line)
    outcome = observed(tmp_path, runner, before, NET.replace(line, text))
    assert not outcome.died
    differ = [difference.subject for difference in outcome.differences]
    assert any(told.startswith(subject) for told in differ), differ


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("y * 1.0", "y"),
        ("y * 1.0", "y / 1"),
        ("y * 1.0", "1.0 * y + 1e-13"),
        ("pass  # last", "net.gain.data.mul_(1 + 1e-9)"),
        ("pass  # last", "net.unread = 'a text'"),
        ("class Net(nn.Module)", "class Net(nn.Module, metaclass=type)"),
    ],
)
def test_what_is_equal_is_said_to_be(tmp_path: Path, runner: Runner, line: str, text: str) -> None:
    outcome = observed(tmp_path, runner, NET, NET.replace(line, text))
    assert (outcome.died, outcome.differences) == ("", [])
    assert outcome.compared["gradient"] > 10


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64", "int64", "bool", "uint8"])
def test_every_dtype_is_compared_without_a_cast(tmp_path: Path, runner: Runner, dtype: str) -> None:
    kept = f"net.register_buffer('kept', torch.tensor([1, 0, 1]).to(torch.{dtype}))"
    other = kept.replace("[1, 0, 1]", "[1, 0, 0]")
    cast = kept.replace(f"torch.{dtype}", "torch.float32")
    before = NET.replace("pass  # last", kept)
    for text, differs in ((kept, False), (other, True), (cast, True)):
        outcome = observed(tmp_path, runner, before, NET.replace("pass  # last", text))
        told = [d.subject for d in outcome.differences if d.name == "kept"]
        assert ("buffer kept" in told) is differs, (text, told)


def test_large_integers_are_not_rounded(tmp_path: Path, runner: Runner) -> None:
    kept = "net.register_buffer('kept', torch.tensor([2**53]))"
    before, after = (NET.replace("pass  # last", k) for k in (kept, kept.replace("53", "53 + 1")))
    told = observed(tmp_path, runner, before, after).differences
    assert [(d.before, d.after) for d in told if d.subject == "buffer kept"] == [
        ("9007199254740992 at [0]", "9007199254740993 at [0]")
    ]


def test_complex_parameters_and_sparse_gradients_break_nothing(
    tmp_path: Path, runner: Runner
) -> None:
    made = "net.more = nn.ParameterList([nn.Parameter(torch.ones(2, dtype=torch.complex64))])"
    made += "; net.words = nn.Embedding(3, 2, sparse=True)"
    used = "self.norm(y) + (y * self.more[0]).abs()"
    used += " + self.words(torch.tensor([1], device=x.device))"
    source = NET.replace("pass  # last", made).replace("y * 1.0", used)
    (tmp_path / "net.py").write_text(source)
    outcome = runner.run(Job(tmp_path / "net.py", "cpu"))
    assert [(c.invariant, c.subject, c.detail) for c in outcome.broken] == []
    held = {(c.invariant, c.subject) for c in outcome.checks if c.status == "held"}
    assert {("trains", "more.0"), ("trains", "words.weight"), ("amp", "words.weight")} <= held


def test_what_the_loss_does_not_depend_on_breaks_no_more_than_ddp(
    tmp_path: Path, runner: Runner
) -> None:
    (tmp_path / "net.py").write_text(NET)
    outcome = runner.run(Job(tmp_path / "net.py", "cpu"))
    assert {c.invariant for c in outcome.broken} == {"ddp"}


@pytest.fixture
def command(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    runner: Runner,
) -> Callable[..., tuple[int, str]]:
    """The command line, in an empty folder; one process serves all tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verify, "Runner", lambda jobs, limit: Kept(runner))

    def run(*arguments: str) -> tuple[int, str]:
        status = verify.main([*arguments, "--device=cpu"])
        return status, capsys.readouterr().out

    return run


class Kept:
    """A runner that outlives the command line."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    def __enter__(self) -> Runner:
        return self.runner

    def __exit__(self, *_: object) -> None:
        pass


def test_a_class_of_a_file_is_given_arguments_and_inputs(
    command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    source = NET.partition("def build")[0]
    (tmp_path / "old.py").write_text(source)
    (tmp_path / "new.py").write_text(source.replace("* 1.0", "* 2.0"))
    asked = ("--entry=Net", "--arguments=width=8", "--inputs=torch.randn(3, 8)")
    assert command("--before=old.py", "--after=old.py", *asked)[1].endswith("ok\n")
    status, out = command("--before=old.py", "--after=new.py", *asked)
    assert status == 1
    assert out.splitlines()[1].startswith("output")


def test_a_class_of_a_package_is_found_in_two_folders(
    command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    for name in ("old", "new"):
        package = tmp_path / name / "nets"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "scale.py").write_text(f"SCALE = {1.0 if name == 'old' else 2.0}\n")
        source = "from nets.scale import SCALE\n" + NET.replace("1.0", "SCALE")
        (package / "net.py").write_text(source.partition("def build")[0])
    asked = ("--entry=nets.net:Net", "--inputs=torch.randn(3, 4)")
    assert command("--before=old", "--after=old", *asked)[0] == 0
    status, out = command("--before=old", "--after=new", *asked)
    assert (status, "output" in out) == (1, True)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (NET.partition("def inputs")[0], "there is no inputs(device) in it, and no --inputs"),
        (NET.replace("y * 1.0", "y.detach()"), "no gradient was compared"),
        (NET.replace("build", "make"), "there is no build in it; --entry says what to call"),
    ],
)
def test_it_is_never_ok_where_no_gradient_was_compared(
    command: Callable[..., tuple[int, str]], tmp_path: Path, source: str, why: str
) -> None:
    (tmp_path / "net.py").write_text(source)
    status, out = command("--before=net.py", "--after=net.py")
    assert status == 2
    assert out.splitlines()[-1].startswith("not proved: no gradient was compared")
    assert why in out

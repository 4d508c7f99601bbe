"""What the engine tells of a tensor's shape is what torch gives it."""

from __future__ import annotations

from textwrap import indent

import pytest
from events import HEAD, as_known, shown

from flake8_paramassign.domain.objects import Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address

SETUP = """\
a = torch.ones(3, 4)
b = torch.ones(4)
c = torch.ones(2, 1, 4)
linear = nn.Linear(4, 3)
"""


def tensor(program: str) -> Tensor | None:
    """What is known of the tensor that a program stores in the attribute ``shown``."""
    [held] = as_known(shown(program))
    return held if isinstance(held, Tensor) else None


def told(program: str) -> object:
    """The shape of that tensor."""
    held = tensor(program)
    return held.shape if held is not None else None


KNOWN = [
    "torch.zeros(2, 3)", "torch.randn((2, 3))", "torch.rand([2, 3])", "torch.empty(size=(5,))",
    "torch.ones(())", "torch.full((2, 3), 0.5)", "torch.full(size=(2, 3), fill_value=1.)",
    "torch.eye(3)", "torch.eye(3, 5)", "torch.eye(n=2, m=3)", "torch.arange(5)",
    "torch.arange(1, 8, 2)", "torch.arange(4.)", "torch.arange(0, 1, 0.25)",
    "torch.arange(5, 0, -2)",
    "torch.linspace(0, 1, 7)", "torch.linspace(0, 1, steps=7)", "torch.randint(9, (2, 3))",
    "torch.randint(0, 9, size=(2, 3))", "torch.normal(0., 1., (2, 3))", "torch.tensor(1.)",
    "torch.tensor([[1, 2], [3, -4]])", "torch.tensor([])", "torch.tensor([-1.5, 2])",
    "torch.FloatTensor(2, 3)", "torch.zeros_like(a)", "torch.full_like(a, 2)",
    "torch.zeros(a.shape)", "torch.zeros(a.size())", "torch.zeros(a.shape[1], 2)",
    "torch.zeros(a.size(0))", "a.new_zeros(5, 2)", "a.new_ones((5, 2))",
    "a * 2", "2 - a", "a / b", "a + c", "-a", "a @ b.view(4, 1)",
    "a @ linear.weight.t()", "a.exp().clamp(0, 1)", "a.clamp(min=c)", "torch.mul(a, b)",
    "a.add(b, alpha=2)", "F.normalize(a, dim=1)", "a.double().to('cpu')", "a.clone().detach()",
    "a.data", "nn.init.eye_(torch.empty(2, 2))", "torch.empty(4, 3).normal_()",
    "a.t()", "a.T", "b.t()", "a.transpose(0, 1)", "c.transpose(-1, 0)", "c.permute(2, 0, 1)",
    "a.view(12)", "a.view(2, -1)", "a.reshape((6, 2))", "a.unsqueeze(0)", "a.unsqueeze(-1)",
    "b.repeat(3, 2)", "torch.eye(2).repeat(4, 1)", "torch.cat([a, a])", "torch.cat([a, a], 1)",
    "torch.cat((a, torch.ones(2, 4)), dim=0)", "torch.cat([b, torch.zeros(2)], dim=-1)",
    "linear.weight", "linear.bias", "nn.Conv2d(3, 8, kernel_size=(5, 3), groups=1).weight",
    "nn.Conv2d(4, 8, 3, groups=2).weight", "nn.LayerNorm([5, 7]).weight",
    "nn.LSTM(2, 3).weight_hh_l0",
    "nn.Embedding(9, 2).weight", "nn.Parameter(a * 2)", "nn.Linear(2, a.shape[0]).weight",
]  # fmt: skip
OF_UNTOLD_DTYPE = (
    "torch.linspace", "torch.randint", "torch.normal", "torch.tensor([])", "torch.FloatTensor",
    "a.new_", "a.clamp(min=c", "torch.mul", "a.add", "torch.cat",
)  # fmt: skip


@pytest.mark.parametrize("expression", KNOWN)
def test_a_known_shape_and_dtype_are_those_that_torch_gives(expression: str) -> None:
    pytest.importorskip("torch")
    names: dict[str, object] = {}
    exec(HEAD + SETUP, names)

    held = tensor(f"{SETUP}m = nn.Module()\nm.shown = {expression}\n")

    assert held is not None
    assert held.shape == tuple(eval(expression, names).shape)
    known = None if expression.startswith(OF_UNTOLD_DTYPE) else str(eval(expression, names).dtype)
    assert held.dtype == known


@pytest.mark.parametrize(
    "expression",
    [
        "torch.zeros(*x)", "torch.tensor(x)",
        "torch.tensor([x, 1])", "a * x", "a + x.bias", "a.view(f(x), 2)",
        "a.view(torch.int32)", "a[0]", "a.sum()", "a.max(dim=0)[0]", "a.expand(2, 3, 4)",
        "torch.stack([a, a])", "torch.cat([a, x])", "torch.cat(x)", "torch.cat([a, b], 5)",
        "torch.arange(x)",
        "torch.zeros(x).t()", "torch.zeros(x).unsqueeze(0)", "torch.zeros(x) * a", "torch.clone(x)",
        "torch.rand(2, generator=x).mean(x)",
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_told(expression: str) -> None:
    body = indent(f"{SETUP}m.shown = {expression}\n", "    ")

    assert told(f"def g(m: nn.Linear, x, f):\n{body}") is None


def sizes(program: str) -> list[object]:
    """The sizes that are told, those without a number by the name of what stands for them."""
    store = shown(program)
    [held] = as_known(store)
    assert isinstance(held, Tensor)
    assert held.shape is not None
    return [named(size, store.state) if isinstance(size, Address) else size for size in held.shape]


def named(size: Address, state: State) -> str:
    """The name of a variable, or of an attribute of one, that holds ``size``."""
    for name, values in state.names.items():
        if values == (size,):
            return name
    assert isinstance(size.site, tuple)
    owner, attribute, _ = size.site
    assert isinstance(owner, Address)
    return f"{named(owner, state)}.{attribute}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("torch.zeros(n, 3)", ["n", 3]),
        ("torch.zeros(n)", ["n"]),
        ("torch.zeros((n, c.size))", ["n", "c.size"]),
        ("nn.Linear(n, c.size).weight", ["c.size", "n"]),
        ("torch.zeros(nn.Linear(n, 3).weight.shape)", [3, "n"]),
        ("torch.zeros(n, 3).t() * 2", [3, "n"]),
        ("torch.ones(n, 1).repeat(1, 5)", ["n", 5]),
        ("torch.ones(n, 3).unsqueeze(1)", ["n", 1, 3]),
        ("torch.ones(torch.ones(n, 3).shape[0], 2)", ["n", 2]),
        ("torch.ones(2, f := c(n))", [2, "f"]),
        ("nn.Linear(f := c(n), 3).weight", [3, "f"]),
    ],
)
def test_an_argument_stands_for_its_size(expression: str, expected: list[object]) -> None:
    assert sizes(f"def g(m: nn.Linear, n, c):\n    m.shown = {expression}\n") == expected


NET = """\
class Net(nn.Module):
    def __init__(self, n, size=(1, 2), *, m=7):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(n, m))
        self.fc = nn.Linear(n, 2)

"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Net(5, m=6).w", (5, 6)),
        ("Net(5).fc.weight", (2, 5)),
        ("Net(n=5).fc.weight", (2, 5)),
        ("Net(5).w", (5, 7)),
        ("Net(*x).fc.weight", None),
    ],
)
def test_each_object_of_a_class_has_its_own_sizes(expression: str, expected: object) -> None:
    assert told(f"{NET}def g(m: nn.Linear, x):\n    m.shown = {expression}\n") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("Net(n, m=6).w", ["n", 6]), ("Net(c.size).fc.weight", [2, "c.size"])],
)
def test_so_has_one_whose_sizes_stand_for_arguments(
    expression: str, expected: list[object]
) -> None:
    assert sizes(f"{NET}def g(m: nn.Linear, n, c):\n    m.shown = {expression}\n") == expected

"""Looking at little hides nothing: what is found with the gate is what is found without it."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.rules import Rule, all_rules
from flake8_paramassign.settings import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
GATED = frozenset(all_rules()) - {"PRM903"}
"""Where PRM903 is selected, which asks how attributes are read, everything is looked at."""
SELECTED = Settings(select=GATED)
EXHAUSTIVE = Settings(select=GATED, exhaustive=True)
IMPORTS = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def found(source: str, settings: Settings, name: str = "x.py") -> list[tuple[str, int]]:
    return [(d.code, d.start.line) for d in analyze(source, name, settings=settings)]


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.py")), ids=lambda path: path.stem)
def test_fixtures(path: Path) -> None:
    source = path.read_text("utf-8")

    assert found(source, SELECTED, str(path)) == found(source, EXHAUSTIVE, str(path))


@pytest.mark.parametrize("rule", all_rules().values(), ids=all_rules())
def test_examples_of_the_documentation(rule: type[Rule]) -> None:
    for snippet in re.findall(r"^```python\n(.*?)^```$", rule.documentation(),
                              flags=re.MULTILINE | re.DOTALL):  # fmt: skip
        source = IMPORTS + textwrap.dedent(snippet)
        if rule.code != "PRM001":
            assert found(source, SELECTED) == found(source, EXHAUSTIVE)


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("PRM101", ["layer.weight = torch.eye(3)"]),
        ("PRM101", ["setattr(layer, 'weight', torch.eye(3))"]),
        ("PRM201", ["for p in layer.parameters():", "    p = p * 2"]),
        ("PRM201", ["for p in layer.parameters(): p = 0.5"]),
        ("PRM201", ["for _, p in layer.named_parameters():", "    p = torch.zeros(3)"]),
        ("PRM202", ["layer.state_dict()['weight'] = torch.eye(3)"]),
        ("PRM202", ["list(layer.parameters())[0] = torch.eye(3)"]),
        ("PRM202", ["dict(layer.named_parameters())['weight'] = torch.eye(3)"]),
        ("PRM203", ["layer.requires_grad = False"]),
        ("PRM301", ["for p in layer.parameters():", "    p.mul_(2)"]),
        ("PRM301", ["[p.zero_() for p in layer.parameters()]"]),
        ("PRM301", ["torch.clamp_(layer.weight, 0, 1)"]),
        ("PRM301", ["torch.clamp_(layer.weight[0], 0, 1)"]),
        ("PRM301", ["layer.weight[0] = 1"]),
        ("PRM301", ["w = layer.weight", "w += 1"]),
        ("PRM901", ["layer.weight.data = torch.eye(3)"]),
        ("PRM902", ["layer.weight.data.fill_(1)"]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_small_programs(code: str, lines: list[str], newline: str) -> None:
    """Files that hold nothing else that looks like a finding."""
    head = ["import torch", "from torch.nn import Linear", ""]
    function = ["def f():", "    layer = Linear(3, 3)", *(f"    {line}" for line in lines)]
    source = newline.join([*head, *function, ""])

    assert [c for c, _ in found(source, EXHAUSTIVE)] == [code]
    assert found(source, SELECTED) == found(source, EXHAUSTIVE)


@pytest.mark.parametrize(
    "stored",
    [
        "self.mask = torch.ones(n)",
        "self.mask = torch.ones(n)[:2]",
        "self.mask: torch.Tensor = -torch.ones(n)",
        "self.mask, self.n = torch.ones(n), n",
        "self.mask = torch.ones(n) > 0",
        "self.mask = 1 - torch.ones(n)",
        "self.mask = torch.ones(n) if n else torch.zeros(n)",
        "self.mask = torch.FloatTensor(n)",
        "self.mask = (mask := torch.ones(n))",
        "mask = torch.ones(n); self.mask = mask",
        "self.register_buffer('b', torch.ones(n)); self.mask = self.b",
        "self.mask = self.make(n)",
        "self.mask = make(n)",
        "setattr(self, 'mask', torch.ones(n))",
    ],
)
def test_what_init_computes(stored: str) -> None:
    source = IMPORTS + textwrap.dedent(f"""\
        def make(n):
            return torch.ones(n)

        class Layer(nn.Module):
            def __init__(self, n, x):
                super().__init__()
                {stored}

            def make(self, n):
                return torch.ones(n)

            def forward(self, x):
                return x * self.mask
        """)
    reading = frozenset({"PRM903"})
    expected = found(source, Settings(select=reading, exhaustive=True))
    assert [code for code, _ in expected] == ["PRM903"]
    assert found(source, Settings(select=reading)) == expected

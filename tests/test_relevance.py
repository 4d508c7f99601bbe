"""What is not run for its own sake has nothing to find: with it, the findings are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.settings import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
PROGRAMS = {
    "slot of torch": "import torch\nrnn = torch.nn.LSTM(4, 4)\nrnn.weight_hh_l0.zero_()\n",
    "in place by another name": (
        "import torch\nfrom torch.nn import Parameter as P\n"
        "w = P(torch.ones(3))\n"
        "def f():\n    w.mul_(2)\nf()\n"
    ),
    **{
        f"name that begins with {name}": (
            "import torch\nfrom torch import nn\n"
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        for n in range(2):\n"
            f"            setattr(self, {name}, nn.Parameter(torch.ones(3)))\n"
            "    def reset(self):\n"
            "        self.head1 = torch.ones(3)\n"
        )
        for name in ('f"head{n}"', '"head" + str(n)', '"head%d" % n')
    },
    **{
        f"slot that is filled by {filled}": (
            "import torch\nfrom torch import nn\n"
            "def third(n):\n    return second(n)\n"
            "def second(n):\n    return first(n)\n"
            "def first(n):\n    return nn.Parameter(torch.zeros(n))\n"
            "class Net(nn.Module):\n"
            "    kind = nn.Parameter\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.alpha = nn.Parameter(torch.zeros(2))\n"
            "        self.inner = nn.Linear(2, 2)\n"
            "        self.setup()\n"
            "    def setup(self):\n"
            f"        self.delta = {filled}\n"
            "    def reset(self):\n"
            "        self.delta = torch.ones(2)\n"
        )
        for filled in ("self.kind(torch.zeros(2))", "third(2)", "self.alpha", "self.inner.weight")
    },
    "slot that is filled by what a loop hands on": (
        "import torch\nfrom torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        made = nn.Parameter(torch.zeros(2))\n"
        "        for _ in range(5):\n"
        "            self.delta = c\n"
        "            c = b\n"
        "            b = a\n"
        "            a = made\n"
        "    def reset(self):\n"
        "        self.delta = torch.ones(2)\n"
    ),
    "helper that fills": (
        "import torch\nfrom torch import nn\n"
        "def fill(layer):\n    layer.weight = torch.zeros(2, 2)\n"
        "def make():\n    layer = nn.Linear(2, 2)\n    fill(layer)\n"
    ),
}


def found(source: str, path: str, *, exhaustive: bool) -> list[tuple[str, int]]:
    settings = Settings(exhaustive=exhaustive)
    return [(d.code, d.start.line) for d in analyze(source, path, settings=settings)]


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.py")), ids=lambda path: path.stem)
def test_an_exhaustive_run_of_a_fixture_finds_the_same(path: Path) -> None:
    source = path.read_text("utf-8")
    assert found(source, str(path), exhaustive=False) == found(source, str(path), exhaustive=True)


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=list(PROGRAMS))
def test_an_exhaustive_run_of_a_program_finds_the_same(source: str) -> None:
    usual = found(source, "x.py", exhaustive=False)
    assert usual
    assert usual == found(source, "x.py", exhaustive=True)

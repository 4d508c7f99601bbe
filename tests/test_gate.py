"""Looking at little hides nothing: what is found with the gate is what is found without it."""

from __future__ import annotations

import ast
import asyncio
import re
import textwrap
from pathlib import Path

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.project.imports import outline
from flake8_paramassign.rules import Rule, all_rules
from flake8_paramassign.settings import Settings
from flake8_paramassign.surroundings import Surroundings

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


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.py")), ids=lambda path: path.stem)
def test_fixtures_that_import_nothing(path: Path) -> None:
    """Where torch cannot be reached, a file is passed over unless its names tell of objects."""
    tree = ast.parse(path.read_text("utf-8"))
    source = ast.unparse(WithoutImports().visit(tree)).replace("torch", "library")

    for select in (GATED, frozenset({"PRM903"})):
        expected = found(source, Settings(select=select, exhaustive=True))
        assert found(source, Settings(select=select)) == expected


class WithoutImports(ast.NodeTransformer):
    """Has an assignment in the place of each import."""

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return ast.parse(
            "; ".join(f"{(a.asname or a.name).split('.')[0]} = make()" for a in node.names)
        ).body

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        return ast.parse(
            "; ".join(f"{a.asname or a.name} = make()" for a in node.names if a.name != "*")
        ).body or [ast.Pass()]


NETWORK = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
"""
BEHIND = """\
from {above} import Net

def f():
    net = Net()
    setattr(net.layer, "weight", 3)
"""


@pytest.mark.parametrize(
    "between",
    [
        "from network import Net",
        "from network import *",
        "from network import (  # (\n    # )\n    Net,\n)",
        "def make():\n    pass; from network import Net\n    return Net()\nNet = make",
        "import network\nNet = network.Net",
        "import os, network as n\nNet = n.Net",
        "import \\\n    network\nNet = network.Net",
        "if True: from network import Net",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_torch_behind_another_file(tmp_path: Path, between: str, newline: str) -> None:
    (tmp_path / "network.py").write_text(NETWORK)
    (tmp_path / "between.py").write_bytes(between.replace("\n", newline).encode())
    name, source = str(tmp_path / "x.py"), "import os\n" + BEHIND.format(above="between")
    source = source.replace("\n", newline)

    assert found(source, SELECTED, name) == found(source, EXHAUSTIVE, name) == [("PRM101", 6)]


def test_torch_behind_relative_imports(tmp_path: Path) -> None:
    for package in ("top", "top/inner"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "top/inner/network.py").write_text(NETWORK)
    (tmp_path / "top/inner/__init__.py").write_text("from .network import Net")
    (tmp_path / "top/between.py").write_text("from . import (  # )\n    inner)\nNet = inner.Net")
    name, source = str(tmp_path / "top/x.py"), BEHIND.format(above=".between")

    assert found(source, SELECTED, name) == found(source, EXHAUSTIVE, name) == [("PRM101", 5)]


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


@pytest.mark.parametrize(
    "head",
    [
        "from torch.nn import *\nclass Layer(Module):",
        "Base = nn.Module\nclass Layer(Base):",
        "class Base(nn.Module): pass\nclass Layer(Base):",
        "class Mixin: pass\nclass Layer(Mixin, nn.Module):",
        "if True:\n    class Base(nn.Module): pass\nclass Layer(Base):",
        "from base import Base\nclass Layer(Base):",
        "import base\nclass Layer(base.Base):",
        "from base import *\nclass Layer(Base):",
    ],
)
def test_classes_that_may_be_of_modules(tmp_path: Path, head: str) -> None:
    (tmp_path / "base.py").write_text("from torch import nn\nclass Base(nn.Module): pass\n")
    body = """
    def __init__(self):
        super().__init__()
        self.mask = torch.ones(3)

    def forward(self, x):
        return x * self.mask
"""
    source, name = IMPORTS + head + body, str(tmp_path / "x.py")
    reading = frozenset({"PRM903"})
    expected = found(source, Settings(select=reading, exhaustive=True), name)
    assert [code for code, _ in expected] == ["PRM903"]
    assert found(source, Settings(select=reading), name) == expected


@pytest.mark.parametrize("names", ["m0", ", ".join(["m0", *(f"n{n}" for n in range(20))])])
def test_what_is_imported_is_read_within_bounds(
    names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much a tree has: where the bound is met, the file is looked at as if it had torch."""
    monkeypatch.setattr("flake8_paramassign.project.project._MOST_BYTES", 10_000)
    for number in range(20):
        text = f"import m{number + 1}, n{number}\n" + "#" * 4_000
        (tmp_path / f"m{number}.py").write_text(text)
        (tmp_path / f"n{number}.py").write_text("#" * 4_000)
    source = f"import {names}\n\ndef f(x):\n    setattr(x, 'weight', m0.t)\n"
    around = Surroundings()
    assert analyze(source, str(tmp_path / "x.py"), surroundings=around) == []
    assert 2 <= sum("content" in line for line in around.told()) <= 8


def test_what_a_file_imports_is_all_found() -> None:
    """Each statement of real files, by their text, as the parser sees it."""
    folder = Path(asyncio.__file__).parent.parent
    for path in [*folder.glob("[a-s]*.py"), *folder.glob("asyncio/*.py")]:
        text = path.read_text("utf-8")
        seen = outline(text, frozenset())
        assert seen is not None
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {one.source for one in seen}
            elif isinstance(node, ast.ImportFrom):
                names = {alias.name for alias in node.names}
                assert any(
                    (one.level, one.source) == (node.level, node.module or "")
                    and names <= set(one.names)
                    for one in seen
                )

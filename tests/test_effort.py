"""What is done for one file is bounded by its size, and to do less finds less, never more."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Values
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.rules import all_rules
from flake8_paramassign.semantics.expressions.evaluation import Expressions
from flake8_paramassign.semantics.running.effort import lines
from flake8_paramassign.semantics.running.entry_points import EntryPoints
from flake8_paramassign.settings import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
EVERY = frozenset(all_rules())
IMPORTS = "import torch\nfrom torch import nn\n"


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[ast.expr]:
    """The expressions that are evaluated from here on."""
    seen: list[ast.expr] = []
    evaluate = Expressions.evaluate

    def noting(self: Expressions, node: ast.expr, state: State) -> Values:
        seen.append(node)
        return evaluate(self, node, state)

    monkeypatch.setattr(Expressions, "evaluate", noting)
    return seen


def found(source: str, path: Path | str = "x.py", effort: float = 1) -> set[tuple[str, int]]:
    settings = Settings(select=EVERY, effort=effort)
    return {(d.code, d.start.line) for d in analyze(source, str(path), settings=settings)}


def helpers(count: int) -> str:
    """Functions that each call the next one, and the next one again."""
    return IMPORTS + "".join(
        f"def step{n}(module):\n    step{n + 1}(module)\n    step{n + 1}(module)\n"
        for n in range(count)
    )


def caller(folder: Path) -> Path:
    file = folder / "caller.py"
    file.write_text(
        dedent("""\
        from torch import nn
        from helpers import step0

        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(3)
                self.made = step0(self)
        """)
    )
    return file


@pytest.mark.parametrize(
    "function",
    [
        "def f(x):\n    return x + 1\n",
        'def f(x):\n    """All parameters."""\n    y = x + 1\n    return y\n',
        "class C:\n    def f(self, x):\n        self.x = x + 1\n",
    ],
)
def test_what_has_nothing_to_find_is_not_run(evaluated: list[ast.expr], function: str) -> None:
    source = IMPORTS + "layer = nn.Linear(3, 3)\nlayer.weight = torch.ones(3)\n"
    assert analyze(source + function, "x.py")
    before = len(evaluated)
    assert analyze(source, "x.py")
    assert len(evaluated) == 2 * before > 0


def test_a_function_is_run_once_for_its_own_sake(evaluated: list[ast.expr]) -> None:
    source = IMPORTS + "for n in range(3):\n    def f():\n        nn.Linear(3, 3).weight = n.size\n"
    analyze(source, "x.py")
    assert [ast.unparse(node) for node in evaluated].count("n.size") == 1


@pytest.mark.parametrize("count", [10, 60])
def test_a_small_file_takes_little_however_much_it_calls(
    tmp_path: Path, evaluated: list[ast.expr], count: int
) -> None:
    (tmp_path / "helpers.py").write_text(helpers(count))
    file = caller(tmp_path)

    found(file.read_text(), file)

    assert 50 < len(evaluated) < 1_000


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.py")), ids=lambda path: path.stem)
def test_less_effort_finds_nothing_that_more_does_not(path: Path) -> None:
    source = path.read_text("utf-8")
    nothing, half, usual, much = (found(source, path, effort) for effort in (0, 0.5, 1, 100))
    assert nothing <= half <= usual == much


@pytest.mark.parametrize(
    ("statement", "helper", "code"),
    [
        ("self.doubled = w * 2", "self.weight = w", "PRM102"),
        ("self.doubled = w * 2", "self.register_parameter('weight', w)", "PRM102"),
        ("self.scale.mul_(2)", "self.requires_grad_(False)", "PRM301"),
    ],
)
def test_what_is_not_entered_may_have_changed_the_module(
    statement: str, helper: str, code: str
) -> None:
    source = IMPORTS + dedent(f"""\
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.ones(3))

            def attach(self):
                w = nn.Parameter(torch.ones(3))
                self.help(w)
                {statement}

            def help(self, w):
                {helper}

            def use(self, w):
                self.attach()
        """)
    assert found(source, effort=0) == set()
    assert found(source) == set()
    assert found(source.replace(helper, "pass")) == {(code, 11)}


def test_what_init_does_in_methods_is_its_own_code() -> None:
    source = IMPORTS + dedent("""\
        class Layer(nn.Module):
            def __init__(self, device):
                super().__init__()
                self.build(device)

            def build(self, device):
                self.scale = nn.Parameter(torch.ones(3)).to(device)
        """)
    assert found(source) == {("PRM102", 9)}


def test_a_short_helper_is_entered_behind_what_takes_much(tmp_path: Path) -> None:
    normed = "self.c{0} = nn.utils.weight_norm(nn.Conv1d(3, 3, 3))\n        self.c{0}.apply(fill)\n"
    block = "".join(f"        {normed.format(n)}" for n in range(30))
    (tmp_path / "blocks.py").write_text(f"""{IMPORTS}
def fill(m):
    if isinstance(m, nn.Conv1d):
        m.weight.data.normal_()

class Block(nn.Module):
    def __init__(self):
        super().__init__()
{block}""")
    source = f"""{IMPORTS}from blocks import Block, fill

class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.up = nn.utils.weight_norm(nn.Conv1d(3, 3, 3))
        self.blocks = nn.ModuleList()
        for size in sizes:
            self.blocks.append(Block())
        self.up.apply(fill)
"""
    last = source.count("\n")
    assert found(source, tmp_path / "net.py") == {("PRM204", last)}


@pytest.mark.parametrize(("files", "expected"), [(3, {("PRM101", 7)}), (70, set())])
def test_only_so_many_files_are_opened(
    tmp_path: Path, files: int, expected: set[tuple[str, int]]
) -> None:
    for number in range(files):
        (tmp_path / f"base{number}.py").write_text(f"from base{number + 1} import Base\n")
    (tmp_path / f"base{files}.py").write_text(
        IMPORTS
        + "class Base(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        + "        self.scale = nn.Parameter(torch.ones(3))\n"
    )
    file = tmp_path / "child.py"
    file.write_text(
        "import torch\nfrom base0 import Base\n\n\nclass Child(Base):\n"
        "    def forward(self, x):\n        self.scale = self.scale * 2\n"
    )
    assert found(file.read_text(), file) == expected


def _in_loops(depth: int, body: str) -> str:
    text = "import torch\nfrom torch import nn\n\n\ndef f(c, d):\n    x = nn.Linear(2, 2)\n"
    for level in range(depth):
        text += "    " * (level + 1) + "while c():\n"
    lines = body.splitlines()
    return text + "".join("    " * (depth + 1) + line + "\n" for line in lines)


@pytest.mark.parametrize(("depth", "is_known"), [(3, True), (6, True), (7, False), (12, False)])
def test_in_a_loop_deep_in_others_nothing_is_known_of_what_they_bind(
    depth: int, is_known: bool
) -> None:
    found = analyze(_in_loops(depth, "x.weight = torch.zeros(2, 2)\nx = d()"), "x.py")
    assert bool(found) is is_known


def test_in_a_loop_deep_in_others_what_stands_there_is_found() -> None:
    body = "y = nn.Linear(2, 2)\ny.weight = torch.zeros(2, 2)"
    assert [d.code for d in analyze(_in_loops(12, body), "x.py")] == ["PRM101"]


@pytest.mark.parametrize(("bases", "is_known"), [(50, True), (150, False)])
def test_a_class_with_a_hundred_bases_has_no_summary(bases: int, is_known: bool) -> None:
    text = "import torch\nfrom torch import nn\n\n\nclass C0(nn.Module):\n    def __init__(self):\n"
    text += "        super().__init__()\n        self.w = nn.Parameter(torch.zeros(2))\n"
    text += "".join(f"\n\nclass C{i}(C{i - 1}):\n    pass\n" for i in range(1, bases))
    text += "\n    def f(self):\n        self.w = torch.zeros(2)\n"
    assert bool(analyze(text, "x.py")) is is_known


def test_the_methods_of_a_base_are_not_run_for_any_number_of_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[ast.AST] = []
    look = EntryPoints.look_at_method

    def noting(self: EntryPoints, holder: ProjectClass, node: FunctionNode, *rest: Any) -> Any:
        looked.append(node)
        return look(self, holder, node, *rest)

    monkeypatch.setattr(EntryPoints, "look_at_method", noting)
    methods = "".join(
        f"    def m{n}(self, x):\n" + "        self.held = nn.Parameter(x)\n" * 9 for n in range(30)
    )
    heirs = "".join(
        f"class Heir{n}(Base):\n    def m0(self, x):\n        self.w = nn.Parameter(x).to(x)\n"
        for n in range(60)
    )
    source = f"{IMPORTS}class Base(nn.Module):\n{methods}{heirs}"
    found(source)
    assert 0 < sum(map(lines, looked)) <= 3 * (2 * len(source.splitlines()) + 1_000)

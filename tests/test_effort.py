"""What is done for one file is bounded by its size, and to do less finds less, never more."""

from __future__ import annotations

import ast
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.inference import effort, module
from flake8_paramassign.inference.classes import ProjectClass
from flake8_paramassign.inference.expressions import Evaluator
from flake8_paramassign.inference.outline import Part, outline
from flake8_paramassign.inference.project import Project
from flake8_paramassign.inference.state import State
from flake8_paramassign.inference.values import ClassValue, Values
from flake8_paramassign.rules import all_rules
from flake8_paramassign.settings import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
SELECTED = Settings(select=frozenset(all_rules()))
IMPORTS = "import torch\nfrom torch import nn\n"


@pytest.fixture
def no_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is entered that a file calls."""
    for name in ("_AT_FIRST", "_FOR_A_LINE", "_IN_RESERVE", "_READABLE"):
        monkeypatch.setattr(effort, name, 0)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[ast.expr]:
    """The expressions that are evaluated from here on."""
    seen: list[ast.expr] = []
    evaluate = Evaluator.evaluate

    def noting(self: Evaluator, node: ast.expr, state: State) -> Values:
        seen.append(node)
        return evaluate(self, node, state)

    monkeypatch.setattr(Evaluator, "evaluate", noting)
    return seen


def found(source: str, path: Path | str = "x.py") -> set[tuple[str, int]]:
    return {(d.code, d.start.line) for d in analyze(source, str(path), settings=SELECTED)}


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


@pytest.mark.parametrize("count", [10, 60])
def test_a_small_file_takes_little_however_much_it_calls(
    tmp_path: Path, evaluated: list[ast.expr], count: int
) -> None:
    (tmp_path / "helpers.py").write_text(helpers(count))
    file = caller(tmp_path)

    found(file.read_text(), file)

    assert 50 < len(evaluated) < 500


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.py")), ids=lambda path: path.stem)
def test_less_effort_finds_nothing_that_more_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = path.read_text("utf-8")
    usual = found(source, path)

    monkeypatch.setattr(effort, "_AT_FIRST", 100_000)
    assert found(source, path) == usual
    for name in ("_AT_FIRST", "_FOR_A_LINE", "_IN_RESERVE", "_READABLE"):
        monkeypatch.setattr(effort, name, 0)
    assert found(source, path) <= usual


@pytest.mark.usefixtures("no_effort")
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
        """)
    assert found(source) == set()
    assert found(source.replace("self.help(w)", "pass")) == {(code, 11)}


@pytest.mark.usefixtures("no_effort")
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


def test_what_other_files_left_in_memory_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.py").write_text(
        IMPORTS
        + "class Base(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        + "        self.scale = nn.Parameter(torch.ones(3))\n"
        + "# much more\n" * 3000
    )
    file = tmp_path / "child.py"
    file.write_text(
        "import torch\nfrom base import Base\n\n\nclass Child(Base):\n"
        "    def forward(self, x):\n        self.scale = self.scale * 2\n"
    )
    results = []
    for at_first in range(0, 200, 10):
        monkeypatch.setattr(effort, "_AT_FIRST", at_first)
        results.append(found(file.read_text(), file))
        assert found(file.read_text(), file) == results[-1], "when all is parsed already"
        (tmp_path / "base.py").touch()
    assert (results[0], results[-1]) == (set(), {("PRM101", 7)}), "to open a file takes effort"


@pytest.mark.parametrize(("files", "expected"), [(3, {("PRM101", 7)}), (30, set())])
def test_small_files_take_effort_as_well(
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


def test_only_files_that_have_the_word_are_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("left", "right"):
        (tmp_path / f"{name}.py").write_text(
            IMPORTS + f"class {name.title()}(nn.Module):\n    pass\n"
        )
    (tmp_path / "stars.py").write_text("from left import *\nfrom right import *\n")
    file = tmp_path / "child.py"
    file.write_text(
        "import torch\nfrom torch import nn\nfrom stars import Right\n\n\nclass Child(Right):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.scale = nn.Parameter(torch.ones(3)) * 2\n"
    )
    outlined: list[str] = []

    def noting(text: str) -> Iterator[Part]:
        outlined.append(text)
        return outline(text)

    monkeypatch.setattr(module, "outline", noting)
    assert found(file.read_text(), file) == {("PRM102", 9)}
    assert outlined == [(tmp_path / f"{name}.py").read_text() for name in ("stars", "right")]


def test_files_that_are_forgotten_are_freed_without_collecting_garbage(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(IMPORTS + "class Base(nn.Module):\n    pass\n")
    (tmp_path / "child.py").write_text("from base import Base\nclass Child(Base):\n    pass\n")
    project = Project()
    gc.collect()
    gc.disable()
    try:
        freed = weakref.ref(child_of(project, tmp_path))
        assert freed() is not None
        project.close()
        assert freed() is None
    finally:
        gc.enable()


def child_of(project: Project, folder: Path) -> ProjectClass:
    """A class of a file under analysis, with a base in another, which knows both files."""
    path = folder / "child.py"
    opened = project.open(str(path), ast.parse(path.read_text()), path.read_text())
    (value,) = opened.lookup("Child")
    assert isinstance(value, ClassValue)
    assert isinstance(value.cls, ProjectClass)
    assert value.cls.is_module
    return value.cls

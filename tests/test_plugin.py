"""The plugin under the real flake8."""

from __future__ import annotations

import ast
import subprocess
import sys
from argparse import Namespace
from itertools import product
from pathlib import Path

import lint_fakes
import pytest
from conftest import Command
from flake8.options.manager import OptionManager
from flake8.style_guide import Decision, DecisionEngine

from flake8_paramassign import analysis
from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.plugin import Plugin
from flake8_paramassign.rules import default_codes
from flake8_paramassign.selection import selected_codes
from flake8_paramassign.settings import Settings

REAL = """\
import torch
from torch import nn

layer = nn.Linear(10, 5)
layer.weight = torch.zeros(5, 10)
"""

OPTIONS = Namespace(
    select=None, extend_select=None, ignore=None, extend_ignore=None, paramassign_module_bases=[]
)


def flake8_process(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flake8", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


class TestInstalled:
    def test_finds_in_a_process_of_its_own(self, folder: Path) -> None:
        (folder / "a.py").write_text(REAL)
        result = flake8_process("--select=PRM", "a.py")
        assert result.stdout.startswith("a.py:5:1: PRM101 ")
        assert (result.returncode, result.stderr) == (1, "")

    def test_finds_the_same_in_several_processes(self, folder: Path) -> None:
        for name in "abc":
            (folder / f"{name}.py").write_text(REAL)
        result = flake8_process("--select=PRM", "--jobs=2", ".")
        places = [line.split(" ")[0] for line in result.stdout.splitlines()]
        assert places == ["./a.py:5:1:", "./b.py:5:1:", "./c.py:5:1:"]

    def test_reads_what_comes_by_standard_input_not_the_file_of_that_name(
        self, folder: Path
    ) -> None:
        (folder / "a.py").write_text("x = 1\n")
        result = flake8_process("--select=PRM", "--stdin-display-name=a.py", "-", stdin=REAL)
        assert result.stdout.startswith("a.py:5:1: PRM101 ")

    def test_is_listed_with_its_version(self) -> None:
        assert "flake8-paramassign: " in flake8_process("--version").stdout


class TestImport:
    def loaded(self, code: str) -> str:
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        return result.stdout

    def test_loads_neither_parser_nor_torch(self) -> None:
        code = "import sys; import flake8_paramassign.plugin; print(*sys.modules)"
        loaded = set(self.loaded(code).split())
        assert "flake8_paramassign.plugin" in loaded
        assert not loaded & {"libcst", "torch", "flake8_paramassign.analysis"}

    def test_a_file_that_imports_nothing_needs_neither_rules_nor_interpreter(self) -> None:
        code = f"""if True:
            import ast, sys
            from argparse import Namespace
            from flake8_paramassign.plugin import Plugin

            Plugin.options = {OPTIONS}
            assert not list(Plugin(ast.parse("x"), ["x"], "a.py").run())
            print(*sys.modules)
        """
        loaded = set(self.loaded(code).split())
        assert "flake8_paramassign.analysis" in loaded
        assert not loaded & {"flake8_paramassign.semantics", "flake8_paramassign.selection"}

    def test_takes_less_than_30_milliseconds(self) -> None:
        code = (
            "from time import perf_counter as now; start = now();"
            "import flake8_paramassign.plugin; print(now() - start)"
        )
        assert min(float(self.loaded(code)) for _ in range(5)) < 0.03


@pytest.mark.usefixtures("fake_analysis")
class TestReport:
    def test_a_finding_is_one_line_with_its_place_and_code(
        self, folder: Path, flake8: Command
    ) -> None:
        (folder / "a.py").write_text("x = 1\nbad\n")
        assert flake8("--select=PRM", "a.py").lines == ["a.py:2:1: PRM101 'bad' is found"]

    @pytest.mark.parametrize(
        ("source", "place"),
        [
            pytest.param("s = 'é日本🎉'; bad\n".encode(), "1:13", id="wide characters"),
            pytest.param(b"if 1:\n\tbad\n", "2:2", id="tab"),
            pytest.param(b"x = 1\r\ny = 2\r\nbad\r\n", "3:1", id="CRLF"),
            pytest.param(b"x = 1\rbad\r", "2:1", id="lone CR"),
            pytest.param(b"x = 1\n\x0cbad\n", "2:2", id="form feed"),
            pytest.param(b"\xef\xbb\xbfbad\n", "1:1", id="BOM"),
            pytest.param(b"# coding: latin-1\n'\xe9'; bad\n", "2:6", id="latin-1"),
            pytest.param("s = '\u2028'; bad\n".encode(), "1:10", id="line separator"),
        ],
    )
    def test_columns_count_code_points(
        self, folder: Path, flake8: Command, source: bytes, place: str
    ) -> None:
        (folder / "a.py").write_bytes(source)
        assert flake8("--select=PRM", "a.py").lines == [f"a.py:{place}: PRM101 'bad' is found"]

    def test_is_sorted_and_says_nothing_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def twice_and_backwards(*args: object, **kwargs: object) -> list[Diagnostic]:
            return lint_fakes.analyze("bad; lost\nlost\nbad\n")[::-1] * 2

        monkeypatch.setattr(analysis, "analyze", twice_and_backwards)
        Plugin.options = OPTIONS
        results = list(Plugin(ast.Module([], []), [], "a.py").run())
        assert [(line, column) for line, column, _, _ in results] == [
            (1, 0),
            (1, 5),
            (2, 0),
            (3, 0),
        ]

    def test_noqa_is_flake8s_business(self, folder: Path, flake8: Command) -> None:
        (folder / "a.py").write_text("bad  # noqa: PRM101\nbad  # noqa: PRM102\n")
        assert len(flake8("--select=PRM", "a.py").lines) == 1
        assert len(flake8("--select=PRM", "--disable-noqa", "a.py").lines) == 2

    @pytest.mark.parametrize("name", ["crash", "panic"])
    def test_a_defect_of_ours_is_one_line_and_flake8_goes_on(
        self, folder: Path, flake8: Command, name: str
    ) -> None:
        (folder / "a.py").write_text(f"{name}\nbad\n")
        (folder / "b.py").write_text("import os\nbad\n")
        first, *others = flake8("--select=PRM,F401", "a.py", "b.py").lines
        assert first.startswith("a.py:1:1: PRM001 internal error: ")
        assert [line.split(" ")[:2] for line in others] == [
            ["b.py:1:1:", "F401"],
            ["b.py:2:1:", "PRM101"],
        ]

    def test_an_analysis_that_cannot_be_imported_is_one_line(
        self, folder: Path, flake8: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "flake8_paramassign.analysis", None)
        (folder / "a.py").write_text("bad\n")
        [line] = flake8("--select=PRM", "a.py").lines
        assert line.startswith("a.py:1:1: PRM001 internal error: ModuleNotFoundError: ")

    def test_a_file_that_does_not_parse_is_flake8s_own(self, folder: Path, flake8: Command) -> None:
        (folder / "a.py").write_text("bad(\n")
        [line] = flake8("--select=PRM,E9", "a.py").lines
        assert " E999 " in line


class Received(list[Settings]):
    """The settings of each call of the analysis."""

    def analyze(self, *args: object, settings: Settings, **kwargs: object) -> list[Diagnostic]:
        self.append(settings)
        return []

    @property
    def codes(self) -> frozenset[str]:
        select = self[-1].select
        return default_codes() if select is None else select


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Received:
    settings = Received()
    monkeypatch.setattr(analysis, "analyze", settings.analyze)
    return settings


class TestOptions:
    OPT_IN = "PRM901"

    @pytest.fixture(autouse=True)
    def a_file(self, folder: Path) -> None:
        (folder / "a.py").write_text("x = 1\n")

    def test_opt_in_rules_are_off(self, flake8: Command, received: Received) -> None:
        flake8("a.py")
        assert "PRM101" in received.codes
        assert self.OPT_IN not in received.codes

    @pytest.mark.parametrize("setting", ["ignore = E501", "extend-ignore = E501", "ignore = PRM2"])
    def test_opt_in_rules_stay_off_when_something_else_is_ignored(
        self, folder: Path, flake8: Command, received: Received, setting: str
    ) -> None:
        (folder / ".flake8").write_text(f"[flake8]\n{setting}\n")
        flake8("a.py")
        assert "PRM101" in received.codes
        assert self.OPT_IN not in received.codes

    @pytest.mark.parametrize("setting", ["select", "extend-select"])
    @pytest.mark.parametrize("prefix", ["PRM", "PRM9", "PRM901"])
    def test_opt_in_rules_are_on_when_selected(
        self, folder: Path, flake8: Command, received: Received, setting: str, prefix: str
    ) -> None:
        flake8(f"--{setting}={prefix}", "a.py")
        assert self.OPT_IN in received.codes
        (folder / ".flake8").write_text(f"[flake8]\nignore = E501\n{setting} = {prefix}\n")
        flake8("a.py")
        assert self.OPT_IN in received.codes

    def test_nothing_is_looked_for_when_only_others_are_selected(
        self, flake8: Command, received: Received
    ) -> None:
        flake8("--select=E,W", "a.py")
        flake8("--ignore=PRM", "a.py")
        assert received == []

    def test_module_bases_come_from_the_command_line_and_the_configuration(
        self, folder: Path, flake8: Command, received: Received
    ) -> None:
        flake8("--paramassign-module-bases=lib.Base, lib.Other", "a.py")
        (folder / ".flake8").write_text("[flake8]\nparamassign-module-bases = lib.Base,lib.Other\n")
        flake8("a.py")
        assert [s.module_bases for s in received] == [("lib.Base", "lib.Other")] * 2

    def test_the_tree_of_flake8_is_handed_on(
        self, flake8: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trees = []

        def keep(text: str, filename: str, *, tree: object, settings: object) -> list[Diagnostic]:
            trees.append((text, filename, type(tree).__name__))
            return []

        monkeypatch.setattr(analysis, "analyze", keep)
        flake8("a.py")
        assert trees == [("x = 1\n", "a.py", "Module")]


PREFIXES = [None, [], ["PRM"], ["PRM1"], ["PRM101"], ["PRM1", "PRM9"], ["E"], ["PRM10", "PRM90"]]


def test_selection_is_that_of_flake8() -> None:
    """For default rules, all of flake8's verdicts; the opt-in rules must be chosen by name."""
    checked = 0
    for select, extend_select, ignore, extend_ignore in product(PREFIXES, repeat=4):
        manager = OptionManager(
            version="1", plugin_versions="", parents=[], formatter_names=["default"]
        )
        options = manager.parse_args([])
        options.select, options.extend_select = select, extend_select
        options.ignore, options.extend_ignore = ignore, extend_ignore
        options.extended_default_select, options.extended_default_ignore = ["PRM"], []
        verdict = DecisionEngine(options).decision_for
        ours = selected_codes(
            select, extend_select or (), [*(ignore or ()), *(extend_ignore or ())]
        )
        assert ("PRM101" in ours) == (verdict("PRM101") is Decision.Selected)
        chosen = "PRM901".startswith((*(select or ()), *(extend_select or ())))
        assert ("PRM901" in ours) == (chosen and verdict("PRM901") is Decision.Selected)
        checked += 1
    assert checked == len(PREFIXES) ** 4

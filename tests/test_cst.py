"""What those have who work with libcst: provider, visitor, and the rule of Fixit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import fix_fakes
import libcst as cst
import pytest
from libcst.metadata import FullRepoManager, MetadataWrapper, PositionProvider

from flake8_paramassign import analysis, analyze
from flake8_paramassign.cst import ParameterAssignmentProvider, ParameterAssignmentVisitor
from flake8_paramassign.diagnostics import Diagnostic, Fix
from flake8_paramassign.fixes.rewrites import rewrite

TEXT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d, device):
        super().__init__()
        é = "🎉"; self.w = nn.Parameter(torch.zeros(d)).to(device)
        self.layers = [nn.Linear(d, d), nn.Linear(d, d)]

\x0c
net = nn.Linear(4, 4)
net.weight = torch.zeros(4, 4)
for p in net.parameters():
    p = torch.zeros(4)
"""


def code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def found(text: str) -> list[tuple[str, Diagnostic]]:
    wrapper = MetadataWrapper(cst.parse_module(text))
    visitor = ParameterAssignmentVisitor()
    wrapper.visit(visitor)
    return [(code(node), diagnostic) for node, diagnostic in visitor.found]


class TestVisitor:
    def test_collects_what_is_found_with_the_nodes(self) -> None:
        assert [(node, diagnostic.code) for node, diagnostic in found(TEXT)] == [
            ("self.w", "PRM102"),
            ("self.layers", "PRM105"),
            ("net.weight", "PRM101"),
            ("p", "PRM201"),
        ]

    def test_finds_what_the_analysis_finds_with_its_fixes(self) -> None:
        expected = analyze(TEXT, rewrite=rewrite)
        assert [diagnostic for _, diagnostic in found(TEXT)] == expected
        assert any(isinstance(diagnostic.fix, Fix) for diagnostic in expected)

    def test_finds_nothing_in_sound_code(self) -> None:
        assert found("import torch\n") == []

    def test_comments_silence(self) -> None:
        assert (
            found(TEXT.replace("(4, 4)\nfor", "(4, 4)  # noqa: PRM101\nfor"))[2][1].code != "PRM101"
        )

    def test_may_be_told_what_to_do(self) -> None:
        class Marker(ParameterAssignmentVisitor):
            def report(self, node: cst.CSTNode, diagnostic: Diagnostic) -> None:
                self.found.append((node, diagnostic))
                raise KeyboardInterrupt

        visitor = Marker()
        with pytest.raises(KeyboardInterrupt):
            MetadataWrapper(cst.parse_module(TEXT)).visit(visitor)
        assert len(visitor.found) == 1


class TestProvider:
    def test_places_are_those_of_the_position_provider(self) -> None:
        wrapper = MetadataWrapper(cst.parse_module(TEXT))
        positions = wrapper.resolve(PositionProvider)
        for node, diagnostics in wrapper.resolve(ParameterAssignmentProvider).items():
            for diagnostic in diagnostics:
                start = positions[node].start
                assert (start.line, start.column) == (
                    diagnostic.start.line, diagnostic.start.column,
                )  # fmt: skip

    def test_knows_the_file_and_its_project_in_a_repository(self, tmp_path: Path) -> None:
        (tmp_path / "base.py").write_text("from torch import nn\n\n\nclass Base(nn.Module): ...\n")
        text = TEXT.replace("(nn.Module)", "(Base)").replace(
            "\n\n\n", "\nfrom base import Base\n\n\n", 1
        )
        (tmp_path / "a.py").write_text(text)
        (tmp_path / "pyproject.toml").write_text('[tool.paramassign]\nignore = ["PRM201"]\n')
        assert "PRM102" not in [d.code for _, d in found(text)]
        manager = FullRepoManager(str(tmp_path), ["a.py"], [ParameterAssignmentProvider])
        wrapper = manager.get_metadata_wrapper_for_path("a.py")
        on_nodes = wrapper.resolve(ParameterAssignmentProvider).values()
        assert [d.code for on_node in on_nodes for d in on_node] == ["PRM102", "PRM105", "PRM101"]

    def test_may_be_told_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.paramassign]\nselect = ["PRM201"]\n')
        wrapper = MetadataWrapper(
            cst.parse_module(TEXT), cache={ParameterAssignmentProvider: tmp_path / "a.py"}
        )
        [(only,)] = wrapper.resolve(ParameterAssignmentProvider).values()
        assert only.code == "PRM201"

    def test_what_is_not_analysed_stands_on_a_node_there(self) -> None:
        module = cst.parse_module("x = (\n" + "(" * 300 + ")" * 300 + "\n)\nimport torch\n")
        metadata = MetadataWrapper(module, unsafe_skip_copy=True).resolve(
            ParameterAssignmentProvider
        )
        [(only,)] = metadata.values()
        assert only.code == "PRM001"


def test_a_node_around_stands_for_a_place_that_is_no_nodes() -> None:
    from flake8_paramassign.cst.provider import _Places
    from flake8_paramassign.diagnostics import Position

    wrapper = MetadataWrapper(cst.parse_module("x = f(a, b)\n"))
    places = _Places(wrapper.module, wrapper.resolve(PositionProvider))
    assert code(places.node_at((Position(1, 6), Position(1, 7)))) == "a"
    assert code(places.node_at((Position(1, 6), Position(1, 10)))) == "f(a, b)"
    assert places.node_at((Position(9, 0), Position(9, 0))) is wrapper.module


class TestCodemod:
    """libcst's own tool."""

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "libcst.tool", "codemod", *arguments, "-x"]
        command += ["codemods.command.FixParameterAssignments", "a.py"]
        path = environment | {"PYTHONPATH": ":".join(filter(None, sys.path))}
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | path)

    def test_says_what_it_needs_to_format(self, folder: Path) -> None:
        (folder / "a.py").write_text(TEXT)
        done = self.run(PATH=str(folder))
        assert "black, which is not installed: pass --no-format" in done.stderr
        assert (folder / "a.py").read_text() == TEXT

    def test_needs_no_formatter_without_formatting(self, folder: Path) -> None:
        (folder / "a.py").write_text(TEXT)
        done = self.run("--no-format", PATH=str(folder))
        assert "black" not in done.stderr
        assert (folder / "a.py").read_text() != TEXT

    def test_formats_with_what_there_is(self, folder: Path) -> None:
        (folder / "a.py").write_text(TEXT)
        black = folder / "black"
        black.write_text("#!/bin/sh\nsed 's/zeros/ones/'\n")
        black.chmod(0o755)
        done = self.run(PATH=f"{folder}:/usr/bin:/bin")
        assert "not installed" not in done.stderr
        assert "ones" in (folder / "a.py").read_text()


class TestFixit:
    def test_passes_its_own_cases(self) -> None:
        pytest.importorskip("fixit", reason="Fixit is not installed")
        done = subprocess.run(
            [sys.executable, "-m", "fixit", "test", "flake8_paramassign.cst.fixit"],
            capture_output=True,
            text=True,
        )
        assert "Ran 5 tests" in done.stderr and done.returncode == 0, done.stderr

    @pytest.fixture
    def fixit(self, folder: Path) -> Path:
        """A folder with a file, in which the rule is on."""
        pytest.importorskip("fixit", reason="Fixit is not installed")
        (folder / "pyproject.toml").write_text(
            '[tool.fixit]\nroot = true\nenable = ["flake8_paramassign.cst.fixit"]\n'
            'disable = ["fixit.rules"]\n'
        )
        (folder / "a.py").write_text(TEXT.replace("\x0c", ""))
        return folder

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fixit", *arguments], capture_output=True, text=True
        )

    def test_reports_what_is_found(self, fixit: Path) -> None:
        done = self.run("lint", "a.py")
        assert done.returncode == 1
        for place in ("a.py@8:17", "a.py@9:8", "a.py@13:0", "a.py@15:4"):
            assert f"{place} WrongParameterAssignment: PRM" in done.stdout

    def test_makes_the_safe_fixes(self, fixit: Path) -> None:
        text = (fixit / "a.py").read_text()
        from flake8_paramassign.fixes.engine import fix_source

        assert self.run("fix", "-a", "a.py").returncode in (0, 1)
        assert (fixit / "a.py").read_text() == fix_source(text.encode()).source.decode() != text

    @pytest.mark.parametrize(
        ("text", "fixed"),
        [
            ("if x:\n    y = old  # kept\n", "if x:\n    y = new  # kept\n"),
            ("x = torchy\n", "import torch\nx = torch\n"),  # beside the statement
            ("x = broken\n", "x = broken\n"),  # would not parse
            ("x = danger\n", "x = danger\n"),  # not safe
            ("x = torchy  # lint-ignore\n", "x = torchy  # lint-ignore\n"),
        ],
    )
    def test_writes_all_of_a_fix_or_nothing(
        self, text: str, fixed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("fixit", reason="Fixit is not installed")
        from fixit import Config
        from fixit.engine import LintRunner

        from flake8_paramassign.cst.fixit import WrongParameterAssignment

        monkeypatch.setattr(analysis, "analyze", fix_fakes.analyze)
        runner = LintRunner(Path("a.py"), text.encode())
        violations = list(runner.collect_violations([WrongParameterAssignment()], Config()))
        assert len(violations) == ("ignore" not in text)
        assert runner.apply_replacements(violations).code == fixed

    def test_its_own_comments_silence(self, fixit: Path) -> None:
        text = (fixit / "a.py").read_text()
        text = text.replace("(4, 4)\nfor", "(4, 4)  # lint-ignore: WrongParameterAssignment\nfor")
        (fixit / "a.py").write_text(text)
        assert "a.py@13:0" not in self.run("lint", "a.py").stdout

"""libcst's own tool runs the fixes as one of its codemods, byte for byte."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import libcst
import pytest
from fix_fakes import analyze
from libcst.codemod import CodemodContext

from codemods.command import FixParameterAssignments
from flake8_paramassign import analysis

# The tool, in a process of its own, on the findings of `fix_fakes`.
TOOL = """
import sys
sys.path.insert(0, {tests!r})
import fix_fakes
from flake8_paramassign import analysis
analysis.analyze = fix_fakes.analyze
from libcst.tool import main
if __name__ == "__main__":
    sys.exit(main("libcst.tool", sys.argv[1:]))
"""


def codemod(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    driver = folder.parent / "driver.py"
    driver.write_text(TOOL.format(tests=str(Path(__file__).parent)))
    return subprocess.run(
        [sys.executable, str(driver), "codemod", "--no-format", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


EXTERNAL = ("-x", "codemods.command.FixParameterAssignments")


def test_the_real_tool_finds_the_command(folder: Path) -> None:
    (folder / "a.py").write_bytes(b"x = 1\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", *EXTERNAL]

    run = subprocess.run([*command, "a.py"], cwd=folder, capture_output=True, check=False)
    about = subprocess.run([*command, "--help"], capture_output=True, check=False)

    assert (run.returncode, b"Transformed 1 files successfully" in run.stderr) == (0, True)
    assert b"--unsafe-fixes" in about.stdout


def test_files_are_fixed_byte_for_byte(folder: Path) -> None:
    sources = {
        "a.py": b"x = 1\n\x0cy = old\r\nz = f(f(1))",
        "b.py": b"# coding: latin-1\n'\xe9'; old\r",
        "c.py": b"\xef\xbb\xbfold\n",
        "d.py": b"x = 1\n\x0cy = 2\r",
    }
    for name, source in sources.items():
        (folder / name).write_bytes(source)

    run = codemod(folder, *EXTERNAL, ".")

    assert run.returncode == 0, run.stderr
    assert {name: (folder / name).read_bytes() for name in sources} == {
        name: source.replace(b"old", b"new").replace(b"f(", b"g(")
        for name, source in sources.items()
    }


def test_it_has_a_short_name_where_the_tool_is_configured(folder: Path) -> None:
    (folder / ".libcst.codemod.yaml").write_text("modules: [codemods]\n")
    (folder / "a.py").write_bytes(b"old\n")

    run = codemod(folder, "command.FixParameterAssignments", "a.py")

    assert (folder / "a.py").read_bytes() == b"new\n", run.stderr


@pytest.mark.usefixtures("_fakes")
@pytest.mark.parametrize(
    ("arguments", "fixed"),
    [
        ([], b"new; danger; g(1)\n"),
        (["--unsafe-fixes"], b"new; safe; g(1)\n"),
        (["--select", "PRM102"], b"old; danger; g(1)\n"),
        (["--ignore", "PRM102,PRM103"], b"new; danger; f(1)\n"),
    ],
)
def test_it_has_options(arguments: list[str], fixed: bytes) -> None:
    parser = argparse.ArgumentParser()
    FixParameterAssignments.add_args(parser)
    options = vars(parser.parse_args(arguments))

    assert transformed("old; danger; f(1)\n", **options).bytes == fixed


@pytest.mark.usefixtures("_fakes")
def test_what_is_left_comes_as_warnings() -> None:
    command = FixParameterAssignments(CodemodContext(filename=None))

    command.transform_module(libcst.parse_module("stays; broken\n"))

    assert command.context.warnings == [
        "stdin: PRM104 at line 1 not fixed: the result does not parse",
        "stdin:1:1: PRM108 left: it likes it here",
        "stdin:1:8: PRM104 left: the result does not parse",
    ]


def test_a_diff_and_standard_input_change_no_file(folder: Path) -> None:
    (folder / "a.py").write_bytes(b"old\n")

    assert "\n-old\n+new\n" in codemod(folder, *EXTERNAL, "--unified-diff", "1", "a.py").stdout
    assert codemod(folder, *EXTERNAL, "-", stdin="old\n").stdout == "new\n\n"
    assert (folder / "a.py").read_bytes() == b"old\n"


def transformed(source: str, filename: str | None = None, **options: Any) -> libcst.Module:
    command = FixParameterAssignments(CodemodContext(filename=filename), **options)
    return command.transform_module(libcst.parse_module(source))


@pytest.fixture
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "analyze", analyze)


@pytest.mark.usefixtures("_fakes")
def test_a_module_that_another_codemod_has_changed_is_taken_as_it_is(folder: Path) -> None:
    (folder / "a.py").write_bytes(b"\x0cold\n")

    assert transformed("y = old\n", str(folder / "a.py")).bytes == b"y = new\n"


@pytest.mark.usefixtures("_fakes")
def test_code_that_is_too_deep_for_libcst_to_render_is_fixed(folder: Path) -> None:
    source = f"y = {'not ' * 900}x; old\n"
    (folder / "a.py").write_text(source)

    assert transformed(source, str(folder / "a.py")).code == source.replace("old", "new")


@pytest.mark.usefixtures("_fakes")
def test_another_codemod_can_change_the_result() -> None:
    module = transformed("old\n\x0cx = 1\n")

    assert module.with_changes(body=module.body[:1]).code == "new\n"
    assert module.visit(libcst.CSTTransformer()).code == "new\nx = 1\n"

"""Whatever a file holds, it is one line, and all other files are checked."""

from __future__ import annotations

import ast
import gc
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from conftest import Command
from test_plugin import OPTIONS

from flake8_paramassign import Settings, analyze, checking
from flake8_paramassign.diagnostics import ISSUES
from flake8_paramassign.files import read_regular
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.plugin import Plugin
from flake8_paramassign.rules import all_rules
from flake8_paramassign.semantics.statements.execution import Statements

GOOD = """\
import torch
from torch import nn

layer = nn.Linear(10, 5)
layer.weight = torch.zeros(5, 10)
"""
"""Its finding is what the tests look for after a file that is hard to take."""

BYTES = {
    "syntax error": b"import torch\nx = (\n",
    "Python 2": b"import torch\nprint 'x'\n",
    "5,000 nested parentheses": b"import torch\nx = " + b"(" * 5_000 + b")" * 5_000,
    "5,000 nested lists, all open": b"import torch\nx = " + b"[" * 5_000,
    "NUL byte": b"import torch\nx = '\0'\n",
    "unknown encoding": b"# coding: klingon\nimport torch\n",
    "encoding of bytes": b"# coding: base64\nimport torch\n",
    "encoding of text": b"# coding: rot13\nimport torch\n",
    "not in its encoding": b"import torch\nx = '\xff'\n",
    "BOM and another encoding": b"\xef\xbb\xbf# coding: latin-1\nimport torch\n",
    "UTF-16": "import torch\n".encode("utf-16"),
    "larger than 10 MB": b"import torch\nx = '''" + b"weight\n" * 3_000_000 + b"'''\n",
}

TAKEN_BY_FLAKE8 = ("syntax error", "Python 2", "5,000 nested parentheses", "not in its encoding")
"""Some of the others end flake8 by themselves, without any plugin."""

DEEP = {
    "400 elifs": "if layer:\n    pass\n" + "elif layer:\n    pass\n" * 400,
    "sum of 900 terms": "x = " + " + ".join(["layer.weight"] * 900),
    "chain of 300 attributes": "x = layer" + ".weight" * 300,
    "chain of 300 calls": "x = layer" + "()" * 300,
    "300 nots": "x = " + "not " * 300 + "layer",
    "1,000 joined strings": "x = (" + "'a'\n" * 1_000 + ")",
    "90 nested functions": "".join(f"{' ' * i}def f():\n" for i in range(90)) + " " * 90 + "pass",
    "150 nested lambdas": "x = " + "lambda: " * 150 + "layer",
}
"""What Python takes and recursive programs stumble over."""

EXTREME = {
    "5,000 elifs": "if layer:\n    pass\n" + "elif layer:\n    pass\n" * 5_000,
    "sum of 20,000 terms": "x = " + " + ".join(["layer.weight"] * 20_000),
    "chain of 5,000 attributes": "x = layer" + ".weight" * 5_000,
    "5,000 nots": "x = " + "not " * 5_000 + "layer",
}


@pytest.fixture
def good(folder: Path) -> str:
    (folder / "z.py").write_text(GOOD)
    return "z.py:5:1: PRM101 "


class TestCommandLine:
    @pytest.mark.parametrize("name", BYTES)
    def test_what_cannot_be_analysed_is_one_finding_and_one_line(
        self, folder: Path, paramassign: Command, good: str, name: str
    ) -> None:
        (folder / "a.py").write_bytes(BYTES[name])
        outcome = paramassign("a.py", "z.py")
        assert outcome.status == 2
        first, second = outcome.lines
        assert first.startswith("a.py:")
        assert " PRM001 " in first
        assert second.startswith(good)
        assert outcome.err.startswith("paramassign: error: a.py:")
        assert outcome.err.count("\n") == 1

    @pytest.mark.parametrize("name", BYTES)
    def test_so_is_standard_input(self, paramassign: Command, name: str) -> None:
        outcome = paramassign("-", stdin=BYTES[name])
        assert outcome.status == 2
        assert [line.split(" ")[1] for line in outcome.lines] == ["PRM001"]

    @pytest.mark.parametrize("name", DEEP)
    def test_deep_code_is_analysed(
        self, folder: Path, paramassign: Command, good: str, name: str
    ) -> None:
        (folder / "a.py").write_text(f"{GOOD}\n{DEEP[name]}\n")
        outcome = paramassign("a.py", "z.py")
        assert outcome.err == ""
        assert [line[:15] for line in outcome.lines] == ["a.py:5:1: PRM10", "z.py:5:1: PRM10"]

    def test_a_file_that_may_not_be_read(
        self, folder: Path, paramassign: Command, good: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "a.py").write_text(GOOD)

        def refuse(path: str, most: int) -> bytes:
            if path == "a.py":  # Root would not be refused.
                raise PermissionError(13, "Permission denied", path)
            return read_regular(path, most)

        monkeypatch.setattr(checking, "read_regular", refuse)
        outcome = paramassign("a.py", "z.py")
        assert outcome.status == 2
        assert outcome.lines[0] == "a.py:1:1: PRM001 cannot be read: Permission denied"
        assert outcome.lines[1].startswith(good)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
    def test_a_pipe_that_nobody_writes_to(
        self, folder: Path, paramassign: Command, good: str
    ) -> None:
        os.mkfifo(folder / "pipe.py")
        outcome = paramassign("pipe.py", "z.py", ".")
        assert outcome.err == "paramassign: error: pipe.py: not a regular file\n"
        [line] = outcome.lines
        assert line.startswith(good)

    def test_links_that_lead_nowhere_or_round_and_round(
        self, folder: Path, paramassign: Command, good: str
    ) -> None:
        (folder / "loop.py").symlink_to("loop.py")
        (folder / "nowhere.py").symlink_to("missing.py")
        (folder / "sub").mkdir()
        (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
        assert len(paramassign(".").lines) == 1
        outcome = paramassign("loop.py", "nowhere.py", "z.py")
        assert outcome.status == 2
        assert outcome.err.count("\n") == 2
        [line] = outcome.lines
        assert line.startswith(good)


class TestFlake8:
    """Where flake8 itself takes a file, we do; and we never end it."""

    def lint(self, *arguments: str) -> list[str]:
        command = [sys.executable, "-m", "flake8", "--select=PRM,E9", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (1, "")
        return result.stdout.splitlines()

    def test_on_files_that_python_does_not_take(self, folder: Path, good: str) -> None:
        for number, name in enumerate(TAKEN_BY_FLAKE8):
            (folder / f"{number}.py").write_bytes(BYTES[name])
        *others, last = self.lint(".")
        assert last.startswith(f"./{good}")
        assert {line.split(" ")[1] for line in others} == {"E999"}

    def test_on_deep_code(self, folder: Path, good: str) -> None:
        names = ("1,000 joined strings", "90 nested functions", "150 nested lambdas")
        for number, name in enumerate(names):
            (folder / f"{number}.py").write_text(f"{GOOD}\n{DEEP[name]}\n")
        assert [line.split(" ")[:2] for line in self.lint(".")] == [
            *([f"./{number}.py:5:1:", "PRM101"] for number in range(len(names))),
            ["./z.py:5:1:", "PRM101"],
        ]

    def test_on_20_megabytes(self) -> None:
        line = "weight = nn.Parameter" * 500 + "\n"
        source = f"{GOOD}\nx = '''{line * (20_000_000 // len(line))}'''\n"
        Plugin.options = OPTIONS
        plugin = Plugin(ast.parse(source), io.StringIO(source).readlines(), "a.py")
        assert [(line, column) for line, column, _, _ in plugin.run()] == [(5, 0)]


@pytest.mark.parametrize("name", EXTREME)
def test_the_analysis_never_raises(name: str) -> None:
    found = analyze(f"{GOOD}\n{EXTREME[name]}\n".encode())
    assert {diagnostic.code for diagnostic in found} in ({"PRM101"}, {"PRM001"})


LOST = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3)).to(d)
"""


def fails_at_line_4(statements: Statements, body: list[ast.stmt], state: object) -> None:
    statement = body[2]
    raise AssertionError(f"at {statement}")


class TestDefects:
    """Of ours: a rule that raises."""

    @staticmethod
    def fail(*args: object) -> Any:
        raise KeyError("two\nlines")

    @pytest.fixture(autouse=True)
    def broken_rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(all_rules()["PRM101"], "judge", self.fail)

    def test_the_analysis_says_so_once_and_what_other_rules_find(self) -> None:
        other = "class Net(nn.Module):\n    def __init__(self):\n        self.f = nn.Linear(2, 3)\n"
        failed, found = analyze(f"{GOOD}{GOOD}{other}".encode())
        assert (failed.code, failed.start.line) == ("PRM001", 5)
        assert failed.message == (
            f"internal error: KeyError: 'two\\nlines' (in PRM101); please report it: {ISSUES}"
        )
        assert (found.code, found.start.line) == ("PRM107", 13)

    def test_a_rule_that_fails_where_an_object_is_finished(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(all_rules()["PRM102"], "stands", self.fail)
        assert [found.code for found in analyze(LOST.encode())] == ["PRM001"] * 2
        assert "(in PRM102)" in analyze(LOST.encode())[1].message

    def test_a_fix_that_fails(self) -> None:
        _, failed, found = analyze(LOST.encode(), rewrite=self.fail)
        assert (failed.code, found.code) == ("PRM001", "PRM102")
        assert "(in the fix of PRM102)" in failed.message
        assert found.why_not_fixed == "its fix failed"

    def test_the_engine_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The whole file is unknown then; the line is the one that was looked at."""
        monkeypatch.setattr(Statements, "execute", fails_at_line_4)
        [failed] = analyze(GOOD.encode())
        assert (failed.code, failed.start.line) == ("PRM001", 4)
        assert "(in engine.py:" in failed.message

    def test_the_command_line_goes_on(self, folder: Path, paramassign: Command, good: str) -> None:
        (folder / "a.py").write_text("import torch\nfrom torch import nn\nnn.Linear(2, 3)\n")
        outcome = paramassign("a.py", "z.py")
        assert outcome.status == 2
        assert [line.split(" ")[1] for line in outcome.lines] == ["PRM001"]

    def test_flake8_goes_on(self, folder: Path, flake8: Command, good: str) -> None:
        (folder / "zz.py").write_text("import os\n")
        lines = flake8("--select=PRM,F401", "z.py", "zz.py").lines
        assert [line.split(" ")[:2] for line in lines] == [
            ["z.py:5:1:", "PRM001"],
            ["zz.py:1:1:", "F401"],
        ]


@pytest.mark.parametrize("source", ["import torch", "layer = (", "x = " + "-" * 100_000 + "1"])
@pytest.mark.parametrize("collects", [True, False])
def test_the_process_is_left_as_it_was(source: str, collects: bool) -> None:
    limit = sys.getrecursionlimit()
    if not collects:
        gc.disable()
    try:
        analyze(source)
        assert gc.isenabled() is collects
    finally:
        gc.enable()
    assert sys.getrecursionlimit() == limit


MADE = re.compile(r" \(made in line \d+\)")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            """
            class Holder:
                pass

            def quantize(model, name, value, flag):
                layer = getattr(model, "layer")
                if flag:
                    layer = Holder()
                layer._parameters[name] = nn.Parameter(value)
            """,
            ["PRM904 line 10"],
        ),
        (
            """
            class Layer(nn.Module):
                def __init__(self, x, flag):
                    super().__init__()
                    made = nn.Parameter(x)
                    if flag:
                        made = made * 2
                    else:
                        made = made.double()
                    self.scale = made
            """,
            ["PRM102 line 11 (made in line 8)"],
        ),
    ],
)
def test_where_several_objects_are_meant_each_run_says_the_same(
    program: str, expected: list[str]
) -> None:
    source = "import torch\nfrom torch import nn" + dedent(program)
    every = Settings(select=frozenset(all_rules()))
    for _ in range(20):  # Sets have another order each time.
        told = [
            f"{found.code} line {found.start.line}" + "".join(MADE.findall(found.message))
            for found in analyze(source, settings=every)
        ]
        assert told == expected


@pytest.mark.parametrize("digits", [4_000, 100_000])
def test_a_number_that_python_does_not_write_in_decimal(digits: int) -> None:
    size = f"0x{'f' * digits}"
    [found] = analyze(LOST.replace("3", size).encode(), rewrite=rewrite)
    assert found.code == "PRM102"
    assert found.fix is not None
    assert len(found.message) < 400


@pytest.mark.parametrize(
    "call", ["builtins.list(x)", "(list if d else tuple)(x)", "builtins.enumerate(x)"]
)
def test_a_builtin_that_is_called_by_no_plain_name(call: str) -> None:
    source = f"import builtins\n{LOST}        self.x, x = {call}, {call}\n"
    assert [found.code for found in analyze(source.encode())] == ["PRM102"]


@pytest.mark.parametrize(
    "codec", ["zlib_codec", "hex", "bz2", "uu", "punycode", "idna", "undefined"]
)
def test_an_encoding_that_is_not_for_files(codec: str) -> None:
    [found] = analyze(f"# coding: {codec}\n{LOST * 20_000}".encode())
    assert found.message.startswith("the file cannot be decoded: ")

"""Options that people know from other linters, and what is said to who misspells them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command

from flake8_paramassign import __version__

WRONG = (
    "import torch\nfrom torch.nn import Linear\nm = Linear(2, 2)\nm.weight = torch.zeros(2, 2)\n"
)


@pytest.mark.usefixtures("fake_analysis")
class TestRules:
    @pytest.fixture(autouse=True)
    def file(self, folder: Path) -> None:
        (folder / "a.py").write_text("bad\nlost\nrebound\n")

    @pytest.mark.parametrize(
        ("arguments", "codes"),
        [
            (["--select=ALL"], ["PRM101", "PRM102", "PRM901"]),
            (["--select=all", "--ignore=PRM1"], ["PRM901"]),
            (["--select=data-rebinding"], ["PRM901"]),
            (["--ignore=Tensor-Over-Parameter"], ["PRM102"]),
            (["--per-file-ignores=a.py:tensor-over-parameter"], ["PRM102"]),
        ],
    )
    def test_go_by_all_and_by_their_names(
        self, paramassign: Command, arguments: list[str], codes: list[str]
    ) -> None:
        assert [line.split()[1] for line in paramassign(*arguments, "a.py").lines] == codes

    @pytest.mark.parametrize(
        ("argument", "meant"),
        [
            ("--select=PMR101", "PRM101"),
            ("--select=tensor-over-parametr", "tensor-over-parameter"),
            ("--selct=PRM101", "--select"),
            ("--outputformat=json", "--output-format"),
        ],
    )
    def test_and_options_that_are_misspelt_are_known(
        self, paramassign: Command, argument: str, meant: str
    ) -> None:
        outcome = paramassign(argument, "a.py")
        assert outcome.status == 2
        assert outcome.err.endswith(f"; did you mean '{meant}'?\n")

    def test_keys_too(self, folder: Path, paramassign: Command) -> None:
        (folder / "pyproject.toml").write_text("[tool.paramassign]\nper_file_ignores = {}\n")
        assert paramassign().err.endswith(
            "unknown key 'per_file_ignores'; did you mean 'per-file-ignores'?\n"
        )

    def test_what_is_like_nothing_gets_no_advice(self, paramassign: Command) -> None:
        assert "did you mean" not in paramassign("--xyzzyx").err


@pytest.mark.usefixtures("fake_analysis")
class TestConfiguration:
    @pytest.fixture(autouse=True)
    def files(self, folder: Path) -> None:
        (folder / "other").mkdir()
        (folder / "pyproject.toml").write_text('[tool.paramassign]\nselect = ["PRM102"]\n')
        (folder / "other" / "mine.toml").write_text('[tool.paramassign]\nselect = ["PRM901"]\n')
        (folder / "empty.toml").write_text("")
        (folder / "a.py").write_text("bad\nlost\nrebound\n")

    @pytest.mark.parametrize(
        ("arguments", "codes"),
        [
            ([], ["PRM102"]),
            (["--config=other/mine.toml"], ["PRM901"]),
            (["--config=other/mine.toml", "--extend-select=PRM101"], ["PRM101", "PRM901"]),
            (["--isolated"], ["PRM101", "PRM102"]),
        ],
    )
    def test_may_be_another_or_none(
        self, paramassign: Command, arguments: list[str], codes: list[str]
    ) -> None:
        assert [line.split()[1] for line in paramassign(*arguments, "a.py").lines] == codes

    @pytest.mark.parametrize(
        ("name", "said"),
        [("missing.toml", "No such file"), ("empty.toml", "has no [tool.paramassign]")],
    )
    def test_has_to_be_there(self, paramassign: Command, name: str, said: str) -> None:
        outcome = paramassign(f"--config={name}", "a.py")
        assert outcome.status == 2 and said in outcome.err

    def test_is_the_nearest_of_each_file(self, folder: Path, paramassign: Command) -> None:
        (folder / "sub" / "deep").mkdir(parents=True)
        (folder / "sub" / "pyproject.toml").write_text(
            '[tool.paramassign]\nselect = ["PRM101"]\nexclude = ["gen.py"]\n'
        )
        names = ["a.py", "sub/gen.py", "sub/b.py", "sub/deep/c.py"]
        for name in names:
            (folder / name).write_text("bad\nlost\nrebound\n")
        expected = {
            "a.py": ["a.py:2:1: PRM102 'lost' is found"],
            "sub/b.py": ["sub/b.py:1:1: PRM101 'bad' is found"],
            "sub/deep/c.py": ["sub/deep/c.py:1:1: PRM101 'bad' is found"],
        }
        for name, lines in expected.items():
            assert paramassign(name).lines == lines
        together = [line for lines in expected.values() for line in lines]
        assert paramassign(*expected).lines == together
        assert paramassign(".").lines == together
        assert paramassign("sub").lines == together[1:]
        assert paramassign("a.py", "sub/gen.py").lines[1:] == [
            "sub/gen.py:1:1: PRM101 'bad' is found"
        ]
        forced = paramassign("a.py", "sub/gen.py", "--extend-exclude=x", "--force-exclude")
        assert forced.lines == together[:1]

    def test_that_is_wrong_anywhere_is_said(self, folder: Path, paramassign: Command) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "pyproject.toml").write_text("[tool.paramassign]\nselect = 1\n")
        (folder / "sub" / "b.py").write_text("bad\n")
        outcome = paramassign(".")
        assert outcome.status == 2
        assert "sub/pyproject.toml: select: must be a list of strings" in outcome.err


def test_the_version_has_a_short_name(
    paramassign: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paramassign("-V").out == f"paramassign {__version__}\n"


@pytest.mark.usefixtures("fake_analysis")
class TestCounts:
    def test_of_comments_that_were_added(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad; lost\nbad\n")
        assert paramassign("--add-noqa", "a.py").err == "3 findings silenced by comments\n"

    def test_of_what_the_baseline_lists(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\n")
        outcome = paramassign("--write-baseline", "--baseline=known.json", "a.py")
        assert outcome.err.startswith("1 finding listed in ")


class TestFixing:
    def test_is_one_command_with_linting(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text(WRONG)
        outcome = paramassign("--fix", "a.py")
        assert (outcome.status, outcome.err) == (0, "1 file changed, 1 finding fixed, 0 left\n")
        assert "weight.data.copy_(" in (folder / "a.py").read_text()

    def test_leaves_what_is_not_safe(self, folder: Path, paramassign: Command) -> None:
        text = "from torch import nn\n\nnn.Linear(2, 2).requires_grad = False\n"
        (folder / "a.py").write_text(text)
        outcome = paramassign("--fix", "a.py")
        assert (outcome.status, (folder / "a.py").read_text()) == (1, text)
        assert paramassign("--fix", "--unsafe-fixes", "a.py").status == 0
        assert (folder / "a.py").read_text() != text

    def test_may_only_be_shown(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text(WRONG)
        outcome = paramassign("--diff", "a.py")
        assert outcome.status == 1 and "+m.weight.data.copy_(" in outcome.out
        assert (folder / "a.py").read_text() == WRONG

    def test_goes_by_the_nearest_configuration(self, folder: Path, paramassign: Command) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "pyproject.toml").write_text('[tool.paramassign]\nignore = ["PRM101"]\n')
        for name in ("a.py", "sub/b.py"):
            (folder / name).write_text(WRONG)
        assert paramassign("--fix", ".").status == 0
        assert (folder / "a.py").read_text() != WRONG == (folder / "sub" / "b.py").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such terminals")
class TestTerminal:
    def run(self, folder: Path, *arguments: str) -> str:
        """Return what is written to a terminal."""
        ours, theirs = pty.openpty()
        root = str(Path(__file__).parent.parent)
        command = [sys.executable, "-m", "flake8_paramassign", *arguments]
        environment = os.environ | {"PYTHONPATH": root, "NO_COLOR": "1"}
        with subprocess.Popen(command, stdout=theirs, cwd=folder, env=environment):
            os.close(theirs)
            shown = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:
                    break
                if not part:
                    break
                shown += part
        os.close(ours)
        return shown.decode().replace("\r\n", "\n")

    def test_gets_source_advice_and_a_last_line(self, folder: Path) -> None:
        (folder / "a.py").write_text(WRONG)
        lines = self.run(folder, "a.py").splitlines()
        assert "    4 | m.weight = torch.zeros(2, 2)" in lines
        assert lines[-1] == "1 finding: 1 to be mended by paramassign --fix"

    def test_is_moved_by_no_diff(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text(f"{WRONG}# \x1b[2J\u202e\n")
        assert " # \ufffd[2J\ufffd\n" in self.run(folder, "--diff", "a.py")
        assert " # \x1b[2J\u202e\n" in paramassign("--diff", "a.py").out  # git can apply that

    def test_is_told_of_success(self, folder: Path) -> None:
        for name in ("a.py", "b.py"):
            (folder / name).write_text("x = 1\n")
        assert self.run(folder) == "nothing found in 2 files\n"
        assert self.run(folder, "-q") == ""

    def test_gets_the_format_that_is_asked_for(self, folder: Path) -> None:
        (folder / "a.py").write_text(WRONG)
        assert len(self.run(folder, "--output-format=text", "a.py").splitlines()) == 1

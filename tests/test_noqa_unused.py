"""Comments for whole files, comments that silence nothing, and further ignores for files."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Command

pytestmark = pytest.mark.usefixtures("fake_analysis")


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# ruff: noqa", []),
        ("    # paramassign: noqa", []),
        ("#paramassign:noqa", []),
        ("# paramassign: noqa: PRM101", ["PRM102"]),
        ("# ruff: noqa: E501, PRM10", []),
        ("# ruff: noqa: E501", ["PRM101", "PRM102"]),
        ("x = 1  # ruff: noqa", ["PRM101", "PRM102"]),  # which is none for the line, either
    ],
)
def test_a_comment_silences_a_file(
    folder: Path, paramassign: Command, comment: str, codes: list[str]
) -> None:
    (folder / "a.py").write_text(f"bad\nif x:\n{comment or 'pass'}\n    pass\nlost\n")
    assert [line.split()[1] for line in paramassign("a.py").lines] == codes


class TestUnused:
    def warnings(self, folder: Path, paramassign: Command, text: str, *options: str) -> list[str]:
        (folder / "a.py").write_text(text)
        lines = paramassign("--warn-unused-noqa", *options, "a.py").err.splitlines()
        return [line.removeprefix("paramassign: warning: ") for line in lines]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("bad  # noqa: PRM101\n", []),
            ("x = 1  # noqa: PRM101\n", ["a.py:1:8: noqa: PRM101 is not needed"]),
            ("x\nbad  # noqa: PRM101, PRM102\n", ["a.py:2:6: noqa: PRM102 is not needed"]),
            ("bad  # noqa: PRM1, E501\n", []),
            ("x  # noqa: E501\n", []),  # of another linter
            ("x  # noqa\n", []),  # which may be for another linter
            ("x  # noqa: PRM901\n", []),  # which is not looked for
            ("bad + \\\n  x  # noqa: PRM101\n", []),
            ("doubtful\nx  # noqa: PRM101\n", ["a.py:1:1: 'doubtful' is found"]),
            ('"""\nx\n"""  # noqa: PRM101\n', ["a.py:3:6: noqa: PRM101 is not needed"]),
        ],
    )
    def test_codes_are_told(
        self, folder: Path, paramassign: Command, text: str, said: list[str]
    ) -> None:
        lines = self.warnings(folder, paramassign, text)
        assert [line.removeprefix("paramassign: error: ") for line in lines] == said

    def test_codes_of_rules_that_are_chosen_are_told(
        self, folder: Path, paramassign: Command
    ) -> None:
        text = "x  # noqa: PRM901\n"
        assert len(self.warnings(folder, paramassign, text, "--select=PRM9")) == 1

    def test_change_no_status_and_are_not_told_unasked(
        self, folder: Path, paramassign: Command
    ) -> None:
        (folder / "a.py").write_text("x  # noqa: PRM101\n")
        assert paramassign("--warn-unused-noqa", "a.py").status == 0
        assert paramassign("a.py").err == ""


class TestFurtherIgnores:
    @pytest.fixture(autouse=True)
    def files(self, folder: Path) -> None:
        (folder / "pyproject.toml").write_text(
            '[tool.paramassign]\nper-file-ignores = { "a.py" = ["PRM101"] }\n'
        )
        for name in ("a.py", "b.py"):
            (folder / name).write_text("bad\nlost\n")

    def test_are_added(self, paramassign: Command) -> None:
        outcome = paramassign("--extend-per-file-ignores=b.py:PRM102,a.py:PRM102", ".")
        assert outcome.lines == ["b.py:1:1: PRM101 'bad' is found"]

    def test_replace_where_they_do_not_extend(self, paramassign: Command) -> None:
        assert len(paramassign("--per-file-ignores=b.py:PRM102", ".").lines) == 3

    def test_are_shown(self, paramassign: Command) -> None:
        lines = paramassign("--extend-per-file-ignores=b.py:PRM102", "--show-settings").lines
        assert 'extend-per-file-ignores = { "b.py" = ["PRM102"] }' in lines

    def test_are_separated_by_commas(self, paramassign: Command) -> None:
        outcome = paramassign("--per-file-ignores=a.py:PRM101 b.py:PRM102", ".")
        assert outcome.status == 2 and "write PATTERN:CODE,PATTERN:CODE" in outcome.err

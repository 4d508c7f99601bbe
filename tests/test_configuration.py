"""``[tool.paramassign]``, and the options that go before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Command

from flake8_paramassign.configuration import Configuration, ConfigurationError, nearest
from flake8_paramassign.patterns import Patterns


def configure(folder: Path, table: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.paramassign]\n{table}\n")
    return file


class TestNearest:
    def test_the_innermost_table_counts_alone(self, folder: Path) -> None:
        configure(folder, 'ignore = ["PRM101"]')
        inner = folder / "a" / "b"
        inner.mkdir(parents=True)
        file = configure(folder / "a", 'select = ["PRM102"]')
        assert nearest(inner) == (file, Configuration(select=("PRM102",)))

    def test_a_project_file_without_our_table_is_passed_over(self, folder: Path) -> None:
        file = configure(folder, "jobs = 3")
        (folder / "a").mkdir()
        (folder / "a" / "pyproject.toml").write_text("[tool.other]\n")
        assert nearest(folder / "a") == (file, Configuration(jobs=3))

    def test_without_any_all_is_as_by_default(self, folder: Path) -> None:
        assert nearest(folder) == (None, Configuration())

    def test_an_empty_table_is_one(self, folder: Path) -> None:
        file = configure(folder, "")
        assert nearest(folder) == (file, Configuration())


def test_every_key_is_read(folder: Path) -> None:
    configure(
        folder,
        """
        select = ["PRM1", "prm001"]
        extend-select = ["PRM102"]
        ignore = ["PRM101"]
        extend-ignore = ["PRM103"]
        per-file-ignores = { "tests/*" = ["PRM1"] }
        exclude = ["generated"]
        extend-exclude = ["src/vendored"]
        force-exclude = true
        module-bases = ["lib.Base"]
        output-format = "json"
        baseline = "known.json"
        jobs = 2
        """,
    )
    _, configuration = nearest(folder)
    assert configuration == Configuration(
        select=("PRM1", "PRM001"),
        extend_select=("PRM102",),
        ignore=("PRM101",),
        extend_ignore=("PRM103",),
        per_file_ignores=((Patterns(folder, ("tests/*",)), ("PRM1",)),),
        exclude=Patterns(folder, ("generated",)),
        extend_exclude=(Patterns(folder, ("src/vendored",)),),
        force_exclude=True,
        module_bases=("lib.Base",),
        output_format="json",
        baseline=str(folder / "known.json"),
        jobs=2,
    )


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("selct = []", "unknown key 'selct'"),
        ("output_format = 'json'", "unknown key 'output_format'"),
        ("select = 'PRM1'", "select: must be a list of strings"),
        ("ignore = [1]", "ignore: must be a list of strings"),
        ("select = ['PRM7']", "select: no rule's code begins with 'PRM7'"),
        ("select = ['']", "select: no rule's code begins with ''"),
        ("extend-ignore = ['E501']", "extend-ignore: no rule's code begins with 'E501'"),
        ("per-file-ignores = []", "per-file-ignores: must be a table from patterns to lists of"),
        ("per-file-ignores = {a = 'PRM1'}", "per-file-ignores: must be a list of strings"),
        ("per-file-ignores = {a = ['X']}", "per-file-ignores: no rule's code begins with 'X'"),
        ("exclude = ['[z-a]']", "exclude: '[z-a]' is no pattern"),
        ("extend-exclude = 'a'", "extend-exclude: must be a list of strings"),
        ("force-exclude = 1", "force-exclude: must be true or false"),
        ("output-format = 'xml'", "output-format: must be one of text, full, json, "),
        ("baseline = 1", "baseline: must be the name of a file"),
        ("jobs = 0", "jobs: must be a whole number from 1"),
        ("jobs = true", "jobs: must be a whole number from 1"),
        ("jobs = 1.5", "jobs: must be a whole number from 1"),
    ],
)
def test_what_is_wrong_is_said_on_one_line(
    folder: Path, paramassign: Command, table: str, complaint: str
) -> None:
    file = configure(folder, table)
    outcome = paramassign()
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith(f"paramassign: error: {file}: {complaint}")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("text", ["[tool.paramassign", "[tool]\nparamassign = 1", "\xff"])
def test_a_project_file_that_cannot_be_read_is_an_error(
    folder: Path, paramassign: Command, text: str
) -> None:
    (folder / "pyproject.toml").write_bytes(text.encode("latin-1"))
    outcome = paramassign()
    assert outcome.status == 2
    assert outcome.err.startswith(f"paramassign: error: {folder / 'pyproject.toml'}: ")
    assert outcome.err.count("\n") == 1


class TestOptionsGoFirst:
    def test_a_value_is_replaced(self, folder: Path) -> None:
        base = Configuration(ignore=("PRM101",), jobs=1)
        assert base.overridden({"jobs": 2}, folder) == Configuration(ignore=("PRM101",), jobs=2)

    def test_what_extends_is_added(self, folder: Path) -> None:
        base = Configuration(extend_exclude=(Patterns(Path("/p"), ("a",)),))
        extended = base.overridden({"extend-exclude": ["b"]}, folder)
        assert extended.extend_exclude == (*base.extend_exclude, Patterns(folder, ("b",)))

    def test_selecting_puts_aside_what_was_selected_and_ignored(self, folder: Path) -> None:
        base = Configuration(extend_select=("PRM102",), ignore=("PRM1",), extend_ignore=("PRM0",))
        assert base.overridden({"select": ["PRM101"]}, folder) == Configuration(select=("PRM101",))

    def test_an_unknown_key_is_an_error(self, folder: Path) -> None:
        with pytest.raises(ConfigurationError, match="unknown key 'x'"):
            Configuration().overridden({"x": 1}, folder)


class TestCodes:
    def test_opt_in_rules_are_off_until_selected(self) -> None:
        assert "PRM901" not in Configuration().codes
        assert "PRM901" in Configuration(extend_select=("PRM9",)).codes
        assert "PRM901" in Configuration(select=("PRM",)).codes

    def test_what_was_not_analysed_is_told_whatever_is_selected(self) -> None:
        assert Configuration(select=("PRM101",)).codes == {"PRM101", "PRM001"}

    def test_unless_it_is_ignored(self) -> None:
        assert Configuration(select=("PRM101",), ignore=("PRM0",)).codes == {"PRM101"}


@pytest.mark.usefixtures("fake_analysis")
class TestPerFileIgnores:
    def test_patterns_are_relative_to_their_file(self, folder: Path, paramassign: Command) -> None:
        configure(folder, 'per-file-ignores = { "tests/*.py" = ["PRM101"], "b.py" = ["PRM"] }')
        for name in ("a.py", "b.py", "tests/c.py", "tests/b.py", "src/tests/d.py"):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("bad; lost\n")
        assert [line.split(" ")[:2] for line in paramassign().lines] == [
            ["a.py:1:1:", "PRM101"],
            ["a.py:1:6:", "PRM102"],
            ["src/tests/d.py:1:1:", "PRM101"],
            ["src/tests/d.py:1:6:", "PRM102"],
            ["tests/c.py:1:6:", "PRM102"],
        ]

    def test_the_option_replaces_them(self, folder: Path, paramassign: Command) -> None:
        configure(folder, 'per-file-ignores = { "a.py" = ["PRM101"] }')
        (folder / "a.py").write_text("bad; lost\n")
        outcome = paramassign("--per-file-ignores", "a.py:PRM102,b.py:PRM101")
        assert outcome.lines == ["a.py:1:1: PRM101 'bad' is found"]

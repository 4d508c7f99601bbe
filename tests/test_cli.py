"""The command line: what it prints, where, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Command

from flake8_paramassign.configuration import nearest
from flake8_paramassign.rules import all_rules

pytestmark = pytest.mark.usefixtures("fake_analysis")


class TestStatus:
    """0 clean, 1 findings, 2 something could not be done."""

    @pytest.fixture(autouse=True)
    def files(self, folder: Path) -> None:
        (folder / "clean.py").write_text("x = 1\n")
        (folder / "found.py").write_text("bad\n")
        (folder / "broken.py").write_text("doubtful\n")

    @pytest.mark.parametrize(
        ("arguments", "status"),
        [
            (["clean.py"], 0),
            (["found.py"], 1),
            (["clean.py", "found.py"], 1),
            (["broken.py"], 2),
            (["broken.py", "found.py"], 2),
            (["missing.py", "found.py"], 2),
            (["--exit-zero", "found.py"], 0),
            (["--exit-zero", "found.py", "missing.py"], 2),
            (["--ignore=PRM101", "found.py"], 0),
            (["--ignore=PRM001", "broken.py"], 0),
            (["--select=PRM101", "broken.py"], 2),
            (["--rules"], 0),
            (["--statistics", "found.py"], 1),
            (["--no-such-option"], 2),
            (["--output-format=xml", "found.py"], 2),
            (["--jobs=0", "found.py"], 2),
            (["--jobs=many", "found.py"], 2),
            (["--select=XYZ", "found.py"], 2),
            (["--per-file-ignores=PRM101", "found.py"], 2),
            (["--output-file=no/such/folder", "found.py"], 2),
            (["--explain=PRM999"], 2),
        ],
    )
    def test_of(self, paramassign: Command, arguments: list[str], status: int) -> None:
        outcome = paramassign(*arguments)
        assert outcome.status == status
        assert outcome.err.count("\n") == (status == 2)

    def test_what_could_not_be_done_does_not_stop_the_rest(self, paramassign: Command) -> None:
        outcome = paramassign("missing.py", "found.py", "none*", "broken.py")
        assert outcome.lines == [
            "found.py:1:1: PRM101 'bad' is found",
            "broken.py:1:1: PRM001 'doubtful' is found",
        ]
        assert outcome.err.splitlines() == [
            "paramassign: error: missing.py: No such file or directory",
            "paramassign: error: none*: no such file",
            "paramassign: error: broken.py:1:1: 'doubtful' is found",
        ]

    def test_a_folder_without_python_files_is_clean(
        self, folder: Path, paramassign: Command
    ) -> None:
        (folder / "empty").mkdir()
        outcome = paramassign("empty")
        assert (outcome.status, outcome.out) == (0, "")


class TestPaths:
    def test_the_current_folder_by_default(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\n")
        assert paramassign().lines == ["a.py:1:1: PRM101 'bad' is found"]

    def test_exclude_is_relative_to_the_current_folder(
        self, folder: Path, paramassign: Command
    ) -> None:
        for name in ("a.py", "src/b.py", "src/c/d.py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("bad\n")
        assert len(paramassign("--exclude=src/c,a.py", ".").lines) == 1
        assert len(paramassign("--extend-exclude=src/b.py", "src").lines) == 1

    def test_force_exclude(self, folder: Path, paramassign: Command) -> None:
        (folder / "a.py").write_text("bad\n")
        assert paramassign("--exclude=a.py", "a.py").status == 1
        assert paramassign("--exclude=a.py", "--force-exclude", "a.py").status == 0


class TestStandardInput:
    def test_has_a_name(self, paramassign: Command) -> None:
        assert paramassign("-", stdin=b"bad\n").lines == ["stdin:1:1: PRM101 'bad' is found"]
        named = paramassign("--stdin-filename=src/a.py", "-", stdin=b"bad\n")
        assert named.lines == ["src/a.py:1:1: PRM101 'bad' is found"]

    def test_needs_no_dash_when_it_has_a_name(self, folder: Path, paramassign: Command) -> None:
        (folder / "other.py").write_text("bad\n")
        outcome = paramassign("--stdin-filename=a.py", stdin=b"lost\n")
        assert outcome.lines == ["a.py:1:1: PRM102 'lost' is found"]

    def test_is_configured_by_its_name(self, folder: Path, paramassign: Command) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "pyproject.toml").write_text(
            '[tool.paramassign]\nper-file-ignores = {"a.py" = ["PRM101"]}\nexclude = ["gen.py"]\n'
        )
        source = b"bad; lost\n"
        assert len(paramassign("--stdin-filename=sub/a.py", stdin=source).lines) == 1
        assert len(paramassign("--stdin-filename=sub/b.py", stdin=source).lines) == 2
        assert len(paramassign("--stdin-filename=sub/gen.py", stdin=source).lines) == 2
        forced = paramassign("--stdin-filename=sub/gen.py", "--force-exclude", stdin=source)
        assert forced.lines == []

    def test_is_decoded_as_a_file_is(self, paramassign: Command) -> None:
        outcome = paramassign("-", stdin=b"# coding: latin-1\n'\xe9'; bad\r\n")
        assert outcome.lines == ["stdin:2:6: PRM101 'bad' is found"]


class TestRules:
    @pytest.fixture(autouse=True)
    def file(self, folder: Path) -> None:
        (folder / "a.py").write_text("bad\nlost\nrebound\ndoubtful\n")

    @pytest.mark.parametrize(
        ("arguments", "codes"),
        [
            ([], ["PRM101", "PRM102", "PRM001"]),
            (["--select=PRM101"], ["PRM101", "PRM001"]),
            (["--select=prm101,PRM102"], ["PRM101", "PRM102", "PRM001"]),
            (["--select=PRM101", "--select=PRM9"], ["PRM101", "PRM901", "PRM001"]),
            (["--extend-select=PRM901"], ["PRM101", "PRM102", "PRM901", "PRM001"]),
            (["--ignore=PRM1"], ["PRM001"]),
            (["--extend-ignore=PRM101,PRM0"], ["PRM102"]),
            (["--select=PRM1,PRM9", "--ignore=PRM90,PRM001"], ["PRM101", "PRM102"]),
            (["--ignore=PRM1", "--extend-select=PRM102"], ["PRM102", "PRM001"]),
        ],
    )
    def test_are_chosen_by_the_beginning_of_their_codes(
        self, paramassign: Command, arguments: list[str], codes: list[str]
    ) -> None:
        lines = paramassign(*arguments, "a.py").lines
        assert [line.split(" ")[1] for line in lines] == codes

    def test_explained(self, paramassign: Command) -> None:
        rule = all_rules()["PRM101"]
        outcome = paramassign("--explain=prm101")
        assert outcome.out.startswith(f"# PRM101 {rule.name}\n\n{rule.claim}\n\n## What it does\n")
        assert "## References" in outcome.out

    def test_listed(self, paramassign: Command) -> None:
        lines = paramassign("--rules").lines
        assert [line.split()[0] for line in lines] == list(all_rules())
        [first] = [line for line in lines if line.startswith("PRM101")]
        assert first.split()[1:4] == ["tensor-over-parameter", "on", "fix"]
        [without_fix] = [line for line in lines if line.startswith("PRM107")]
        assert without_fix.split()[3] == "-"
        [opt_in] = [line for line in lines if line.startswith("PRM901")]
        assert opt_in.split()[2] == "off"

    def test_listed_for_programs(self, paramassign: Command) -> None:
        listed = json.loads(paramassign("--rules", "--output-format=json").out)
        assert [rule["code"] for rule in listed] == list(all_rules())
        known = {rule["code"]: rule for rule in listed}
        assert known["PRM101"]["name"] == "tensor-over-parameter"
        assert known["PRM101"]["default"] is True
        assert known["PRM901"]["default"] is False
        assert known["PRM107"]["fix"] == "none"
        assert known["PRM101"]["documentation"].startswith("## What it does\n")


class TestReport:
    @pytest.fixture(autouse=True)
    def file(self, folder: Path) -> None:
        (folder / "a.py").write_text("bad\nlost\nbad\n")

    def test_goes_to_a_file(self, folder: Path, paramassign: Command) -> None:
        outcome = paramassign("--output-format=json", "--output-file=r.json", "a.py")
        assert (outcome.status, outcome.out) == (1, "")
        assert len(json.loads((folder / "r.json").read_text("utf-8"))) == 3

    def test_in_a_file_has_no_colours(
        self, folder: Path, paramassign: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        paramassign("--output-file=report", "a.py")
        assert "\x1b" not in (folder / "report").read_text()

    def test_has_colours_on_demand(
        self, paramassign: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[" in paramassign("a.py").out
        assert "\x1b[" not in paramassign("--no-color", "a.py").out

    def test_counts_instead_on_demand(self, paramassign: Command) -> None:
        assert paramassign("--statistics", "a.py").lines == [
            "     2  PRM101  tensor-over-parameter",
            "     1  PRM102  parameter-lost-in-expression",
        ]

    def test_counts_for_programs_too(self, paramassign: Command) -> None:
        outcome = paramassign("--statistics", "--output-format=json", "a.py")
        assert outcome.status == 1
        assert json.loads(outcome.out) == [
            {"code": "PRM101", "name": "tensor-over-parameter", "count": 2},
            {"code": "PRM102", "name": "parameter-lost-in-expression", "count": 1},
        ]


class TestSettings:
    def test_are_shown_as_they_can_be_configured(self, folder: Path, paramassign: Command) -> None:
        table = """
            select = ["PRM1"]
            extend-select = ["PRM001"]
            ignore = ["PRM101"]
            extend-ignore = ["PRM102"]
            per-file-ignores = { "tests/*" = ["PRM1"], 'a"b' = [] }
            exclude = ["generated"]
            extend-exclude = ["src/vendored", "é"]
            force-exclude = true
            module-bases = ["lib.Base"]
            output-format = "json"
            jobs = 2
        """
        (folder / "pyproject.toml").write_text(f"[tool.paramassign]\n{table}", "utf-8")
        _, configured = nearest(folder)
        (folder / "pyproject.toml").write_text(paramassign("--show-settings").out, "utf-8")
        assert nearest(folder)[1] == configured

    def test_say_where_they_come_from_and_what_they_come_to(
        self, folder: Path, paramassign: Command
    ) -> None:
        assert paramassign("--show-settings").lines[0] == "# no configuration file"
        (folder / "pyproject.toml").write_text("[tool.paramassign]\n")
        first, *lines, last = paramassign("--show-settings", "--ignore=PRM1", "--jobs=3").lines
        assert first == f"# {folder / 'pyproject.toml'}"
        assert "jobs = 3" in lines
        assert last.startswith("# rules: PRM001")
        assert "PRM101" not in last

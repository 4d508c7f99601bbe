"""The long runs, on little: all Python files there are, and sources that nobody would write."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import everything
import fuzz
import pytest

from flake8_paramassign.diagnostics import Edit
from flake8_paramassign.fixes.edits import Text
from flake8_paramassign.rules import all_rules

FIXTURES = Path(__file__).parent.parent / "fixtures"


def test_mutated_sources(long_run: bool) -> None:
    faults = [
        fault
        for name, source in fuzz.mutants(20_000 if long_run else 150, seed=0)
        for fault in fuzz.examine(name, source)
    ]
    assert faults == []


def test_mutants_are_the_same_for_one_seed_and_most_still_parse() -> None:
    mutants = list(fuzz.mutants(100, seed=1))
    assert mutants == list(fuzz.mutants(100, seed=1))
    assert mutants != list(fuzz.mutants(100, seed=2))
    parsing = sum(_parses(source) for _, source in mutants)
    assert 40 < parsing < 95


def _parses(source: bytes) -> bool:
    try:
        return Text.decode(source).parses
    except Exception:
        return False


class TestEverything:
    def run(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
        status = everything.main(["--jobs=1", str(folder)])
        return status, capsys.readouterr().out.splitlines()

    def test_on_some_fixtures(self, capsys: pytest.CaptureFixture[str]) -> None:
        before = [file.read_bytes() for file in sorted((FIXTURES / "prm102").iterdir())]
        status, lines = self.run(FIXTURES / "prm102", capsys)
        assert status == 0
        assert "| faults | 0 | 0 |" in lines
        assert any(line.startswith("| PRM102 | ") for line in lines)
        assert before == [file.read_bytes() for file in sorted((FIXTURES / "prm102").iterdir())]

    def test_on_all_there_is(self, long_run: bool, capsys: pytest.CaptureFixture[str]) -> None:
        if not long_run:
            pytest.skip("takes long: --long")
        assert everything.main([]) == 0, capsys.readouterr().out

    @pytest.fixture
    def program(self, tmp_path: Path) -> Path:
        source = (FIXTURES / "question" / "linear_data.fails.py").read_bytes()
        (tmp_path / "a.py").write_bytes(source)
        return tmp_path

    def test_a_rule_that_fails_is_a_fault(
        self, program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(all_rules()["PRM101"], "judge", fail)
        status, lines = self.run(program, capsys)
        assert status == 1
        assert "internal error: ZeroDivisionError" in lines[0]

    def test_a_byte_outside_the_edits_is_a_fault(
        self, program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        apply = Text.apply

        def careless(self: Text, edits: Iterable[Edit]) -> Text:
            after = apply(self, edits)
            return Text(after.text + "\n", after.encoding, after.bom)

        monkeypatch.setattr(Text, "apply", careless)
        status, lines = self.run(program, capsys)
        assert status == 1
        assert any(line.endswith("bytes outside the edits changed") for line in lines)

    def test_a_second_change_is_a_fault(
        self, program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        examine = everything.examine

        def restless(path: str, *, again: bool) -> everything.Report:
            report = examine(path, again=again)
            with Path(path).open("a") as file:
                file.write("\n")
            report.changed = [path]
            return report

        monkeypatch.setattr(everything, "examine", restless)
        status, lines = self.run(program, capsys)
        assert (status, lines[0].endswith("a.py: changed in the second run")) == (1, True)

    def test_what_takes_too_long_is_a_fault(
        self, program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(everything, "SECONDS_PER_FILE", 0.02)
        (program / "a.py").write_text(
            (program / "a.py").read_text() + "x = [1, [2, [3]]]\n" * 20_000
        )
        status, lines = self.run(program, capsys)
        assert (status, "more than 0.02 s" in lines[0]) == (1, True)

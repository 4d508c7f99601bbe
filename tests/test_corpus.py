"""The corpus run: it shows what it found, and notices crashes and a gate that hides findings."""

from __future__ import annotations

from pathlib import Path

import corpus
import pytest
from corpus import Report, differences, examine, examine_all, summary, time_limit

from flake8_paramassign import Diagnostic, Settings
from flake8_paramassign.failures import guarded

DEFECT = """\
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3)).to(device)
"""


@pytest.fixture
def defect(tmp_path: Path) -> Path:
    file = tmp_path / "defect.py"
    file.write_text(DEFECT, encoding="utf-8")
    return file


def report(*findings: str) -> Report:
    return Report("f.py", 1000, 0.5, list(findings), ["PRM102"] * len(findings), None)


def test_a_report_holds_each_finding_as_one_line(defect: Path) -> None:
    found = examine(defect)
    assert found.codes == ["PRM102"]
    assert found.findings[0].startswith(f"{defect}:8:9 PRM102 ")
    assert (found.lines, found.crash) == (8, None)


def test_files_are_examined_in_processes_in_their_order(defect: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean.py"
    clean.write_text("import torch\n", encoding="utf-8")
    reports = examine_all([defect, clean, clean], 2)
    assert [found.codes for found in reports] == [["PRM102"], [], []]


def test_an_analysis_that_raises_is_a_crash(defect: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_source: bytes, _path: str, settings: Settings) -> list[Diagnostic]:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(corpus, "analyze", broken)
    found = examine(defect)
    assert found.crash == "ZeroDivisionError('oops')"
    assert summary([found])["crashes"] == [f"{defect}: ZeroDivisionError('oops')"]


def test_a_failure_that_the_analysis_reports_itself_is_a_crash(
    defect: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> list[Diagnostic]:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(corpus, "analyze", lambda *_, **__: guarded(work))
    assert str(examine(defect).crash).startswith("internal error: ZeroDivisionError: oops (in ")


def test_an_analysis_that_does_not_end_is_ended() -> None:
    with pytest.raises(TimeoutError), time_limit(0.01):
        while True:
            pass


def test_findings_of_one_side_only_are_differences() -> None:
    both, hidden, extra = "f.py:1:1 both", "f.py:2:1 hidden", "f.py:3:1 extra"
    assert differences([report(both)], [report(both)]) == []
    assert differences([report(both, extra)], [report(both, hidden)]) == [
        f"hidden by the gate: {hidden}",
        f"only with the gate: {extra}",
    ]


def test_counts_are_per_rule_and_per_million_lines() -> None:
    counts = summary([report("a", "b"), report("c")])
    assert counts["findings"] == {"PRM102": 3}
    assert counts["per million lines"] == {"PRM102": 1500.0}

"""The measurements: what they count, and that a budget can be exceeded."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import bench
import pytest
from bench import Budget, Timing, analyze_run, command, crowded, one_pass, plugin_run, ratio
from readme import README

from flake8_paramassign import Settings, analyze


def test_a_budget_is_exceeded_above_its_limit_or_below_its_least() -> None:
    at_most = Budget("time", 2, "s")
    at_least = Budget("speed", 2, "times", at_least=True)
    assert at_most.row(2) == ["time", "2.00 s", "≤ 2 s", "ok"]
    assert at_most.row(2.1) == ["time", "2.10 s", "≤ 2 s", "EXCEEDED"]
    assert at_least.row(2) == ["speed", "2.00 times", "≥ 2 times", "ok"]
    assert at_least.row(1.9) == ["speed", "1.90 times", "≥ 2 times", "EXCEEDED"]


def test_the_ratio_is_that_of_the_sums() -> None:
    long = Timing(Path("long.py"), parse=9, subject=9, findings=0)
    short = Timing(Path("short.py"), parse=1, subject=11, findings=0)
    assert ratio([long, short]) == 2


def test_the_crowded_program_has_a_finding_every_fifty_lines() -> None:
    source = crowded(4)
    assert source.count(b"\n") == pytest.approx(4 * 50, abs=5)
    assert [finding.code for finding in analyze(source)] == ["PRM102"] * 4


def test_the_plugin_and_the_analysis_find_the_same_in_a_pass(tmp_path: Path) -> None:
    file = tmp_path / "crowded.py"
    file.write_bytes(crowded(3))
    passes = [one_pass(subject, [file]) for subject in (plugin_run, analyze_run)]
    assert [[timing.findings for timing in timings] for timings in passes] == [[3], [3]]
    assert all(timing.parse > 0 and timing.subject > 0 for [timing] in passes)


def test_a_pass_measures_the_rules_that_are_selected(tmp_path: Path) -> None:
    file = tmp_path / "data.py"
    file.write_text("import torch\n\n\ndef f(w: torch.nn.Parameter):\n    w.data = w.data * 2\n")
    analyzed = partial(analyze_run, settings=Settings(frozenset(["PRM901"])))
    [default], [selected] = one_pass(plugin_run, [file]), one_pass(analyzed, [file])
    [chosen] = one_pass(plugin_run, [file], ["--select", "PRM901"])
    assert (default.findings, selected.findings, chosen.findings) == (0, 1, 1)


def test_a_command_that_could_not_do_its_work_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with 2"):
        command([str(tmp_path / "missing.py")], 1)


def test_a_command_tells_its_time_its_memory_and_its_findings(tmp_path: Path) -> None:
    file = tmp_path / "crowded.py"
    file.write_bytes(crowded(2))
    seconds, megabytes, findings = command([str(file)], 1)
    assert 0 < seconds < 60
    assert 5 < megabytes < 1000
    assert findings == 2


def test_the_readme_tells_each_budget() -> None:
    budgets = [value for value in vars(bench).values() if isinstance(value, Budget)]
    told = README.read_text("utf-8").partition("<!-- budgets -->")[2]
    table = told.partition("<!-- end of budgets -->")[0]
    assert len(budgets) >= 10
    for budget in budgets:
        _, limit, _ = budget.row(0)[1:]
        assert re.search(rf"\| {re.escape(budget.what)} \| .* \| {re.escape(limit)} \|", table)


def test_a_section_is_replaced_and_says_of_how_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "README.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n")
    monkeypatch.setattr(bench, "README", page)
    bench.put("x", bench.markdown(["what"], [["time"]]), 3, 4_000)
    lines = page.read_text().splitlines()
    assert lines[:2] == ["a", "<!-- x -->"] and lines[-2:] == ["<!-- end of x -->", "b"]
    assert lines[2].startswith("3 files, 4,000 lines, Python 3.")
    assert lines[4:7] == ["| what |", "| --- |", "| time |"]

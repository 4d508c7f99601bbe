"""The formats of a report."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position
from flake8_paramassign.findings import Finding, findings_in
from flake8_paramassign.output import FORMATS, colour, render
from flake8_paramassign.rules import all_rules
from flake8_paramassign.source import Source

TEXT = """\
from torch import nn
layer.weight = é
\tx = "日本"; head.weight = (
    tensor)
"""
URL = "https://github.com/flake8-paramassign/flake8-paramassign#prm101"


def position(line: int, column: int) -> Position:
    return Position(line, column)


FIXED = Diagnostic(
    "PRM101",
    "tensor-over-parameter",
    "'weight' is a Parameter: 100%, really",
    position(2, 0),
    position(2, 16),
    fix=Fix(
        "copy the values",
        Applicability.SAFE,
        (
            Edit(position(1, 0), position(1, 0), "import torch\n"),
            Edit(position(2, 0), position(2, 0), "with torch.no_grad():\n    "),
            Edit(position(2, 12), position(2, 15), ".copy_("),
            Edit(position(2, 16), position(2, 16), ")"),
        ),
    ),
)
KEPT = Diagnostic(
    "PRM101",
    "tensor-over-parameter",
    "'weight' is a Parameter",
    position(3, 11),
    position(4, 11),
    why_not_fixed="a gradient must flow through it",
)


@pytest.fixture
def findings(folder: Path) -> list[Finding]:
    return findings_in("src/a.py", [FIXED, KEPT], Source(TEXT))


def report(name: str, findings: list[Finding]) -> str:
    return colour.plain(render(name, findings))


def test_text_is_a_line_for_each(findings: list[Finding]) -> None:
    assert report("text", findings) == (
        "src/a.py:2:1: PRM101 'weight' is a Parameter: 100%, really\n"
        "src/a.py:3:12: PRM101 'weight' is a Parameter\n"
    )


def test_full_shows_the_source_and_what_to_write(findings: list[Finding]) -> None:
    assert (
        report("full", findings)
        == f"""\
src/a.py:2:1: PRM101 'weight' is a Parameter: 100%, really
    2 | layer.weight = é
      | ^^^^^^^^^^^^^^^^
      = safe fix: copy the values
    1 + import torch
    2 - layer.weight = é
    2 + with torch.no_grad():
    3 +     layer.weight.copy_(é)
      = {URL}

src/a.py:3:12: PRM101 'weight' is a Parameter
    3 | \tx = "日本"; head.weight = (
      | \t            ^^^^^^^^^^^^^^^
      = no fix: a gradient must flow through it
      = {URL}

2 findings: 1 to be mended by paramassign --fix
"""
    )


def test_full_keeps_the_terminal_as_it_is(folder: Path) -> None:
    source = Source("x = '\x1b[2J\x0c'\n")
    [finding] = findings_in(
        "a.py", [Diagnostic("PRM101", "n", "m", position(1, 0), position(1, 1))], source
    )
    assert "x = '\ufffd[2J\ufffd'" in render("full", [finding])


def test_full_shows_nothing_of_a_file_that_cannot_be_read(folder: Path) -> None:
    place = position(1, 0)
    findings = findings_in("a.py", [Diagnostic("PRM001", "n", "m", place, place)], Source(""))
    assert report("full", findings).splitlines()[1:] == [f"      = {URL[:-3]}001", "", "1 finding"]


def test_json_is_like_ruffs(findings: list[Finding]) -> None:
    first, second = json.loads(report("json", findings))
    assert first == {
        "code": "PRM101",
        "name": "tensor-over-parameter",
        "message": "'weight' is a Parameter: 100%, really",
        "filename": "src/a.py",
        "location": {"row": 2, "column": 1},
        "end_location": {"row": 2, "column": 17},
        "fix": {
            "applicability": "safe",
            "message": "copy the values",
            "edits": [
                {
                    "content": "import torch\n",
                    "location": {"row": 1, "column": 1},
                    "end_location": {"row": 1, "column": 1},
                },
                {
                    "content": "with torch.no_grad():\n    ",
                    "location": {"row": 2, "column": 1},
                    "end_location": {"row": 2, "column": 1},
                },
                {
                    "content": ".copy_(",
                    "location": {"row": 2, "column": 13},
                    "end_location": {"row": 2, "column": 16},
                },
                {
                    "content": ")",
                    "location": {"row": 2, "column": 17},
                    "end_location": {"row": 2, "column": 17},
                },
            ],
        },
        "why_not_fixed": None,
        "url": URL,
        "trace": [],
    }
    assert second["fix"] is None
    assert second["why_not_fixed"] == "a gradient must flow through it"


def test_github_escapes_what_ends_a_property(folder: Path) -> None:
    place = position(2, 0)
    diagnostic = Diagnostic("PRM101", "n", "100%, a: b", place, position(2, 3))
    findings = findings_in("odd,na:me.py", [diagnostic], Source(TEXT))
    assert report("github", findings) == (
        "::error title=PRM101 (n),file=odd%2Cna%3Ame.py,line=2,col=1,endLine=2,endColumn=4"
        "::odd,na:me.py:2:1: PRM101 100%25, a: b\n"
    )


def test_github_gives_an_end_column_on_the_same_line_only(findings: list[Finding]) -> None:
    one_line, two_lines = report("github", findings).splitlines()
    assert ",line=2,col=1,endLine=2,endColumn=17::" in one_line
    assert ",line=3,col=12,endLine=4::" in two_lines


def test_gitlab_has_what_the_service_reads(findings: list[Finding]) -> None:
    first, second = json.loads(report("gitlab", findings))
    assert len({first.pop("fingerprint"), second.pop("fingerprint")}) == 2
    assert first == {
        "description": "PRM101: 'weight' is a Parameter: 100%, really",
        "check_name": "PRM101",
        "severity": "major",
        "location": {
            "path": "src/a.py",
            "positions": {
                "begin": {"line": 2, "column": 1},
                "end": {"line": 2, "column": 17},
            },
        },
    }


class TestFingerprints:
    def of(self, text: str, *lines: int, filename: str = "a.py") -> list[str]:
        diagnostics = [
            Diagnostic("PRM101", "n", f"at {line}", position(line, 0), position(line, 1))
            for line in lines
        ]
        findings = findings_in(filename, diagnostics, Source(text))
        return [issue["fingerprint"] for issue in json.loads(report("gitlab", findings))]

    def test_stay_when_lines_move(self, folder: Path) -> None:
        assert self.of("a\nb\n", 1, 2) == self.of("\n\n  a\n\nb\n", 3, 5)

    def test_are_the_same_by_any_name_of_the_file(self, folder: Path) -> None:
        assert self.of("a\n", 1) == self.of("a\n", 1, filename=str(folder / "a.py"))

    def test_tell_lines_files_and_repetitions_apart(self, folder: Path) -> None:
        names = [*self.of("a\na\nb\n", 1, 2, 3), *self.of("a\n", 1, filename="b.py")]
        assert len(set(names)) == 4


def sarif_run(findings: list[Finding]) -> Any:
    log = json.loads(report("sarif", findings))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    return run


class TestSarif:
    def test_describes_every_rule(self, findings: list[Finding]) -> None:
        run = sarif_run(findings)
        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == list(all_rules())
        assert all(rule["shortDescription"]["text"] and rule["help"]["markdown"] for rule in rules)
        assert {rules[result["ruleIndex"]]["id"] for result in run["results"]} == {"PRM101"}

    def test_counts_code_points_in_files_relative_to_the_root(
        self, folder: Path, findings: list[Finding]
    ) -> None:
        run = sarif_run(findings)
        assert run["columnKind"] == "unicodeCodePoints"
        assert run["originalUriBaseIds"] == {"SRCROOT": {"uri": f"{folder.as_uri()}/"}}
        [location] = run["results"][1]["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "src/a.py", "uriBaseId": "SRCROOT"},
            "region": {"startLine": 3, "startColumn": 12, "endLine": 4, "endColumn": 12},
        }

    def artifact(self, filename: str) -> Any:
        run = sarif_run(findings_in(filename, [KEPT], Source(TEXT)))
        return run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]

    def test_a_file_elsewhere_has_a_whole_address(self, folder: Path) -> None:
        assert self.artifact("/else where/a.py") == {"uri": "file:///else%20where/a.py"}
        assert self.artifact("some where/a.py")["uri"] == "some%20where/a.py"

    def test_carries_the_fix(self, findings: list[Finding]) -> None:
        fixed, kept = sarif_run(findings)["results"]
        assert "fixes" not in kept
        [fix] = fixed["fixes"]
        assert fix["description"] == {"text": "copy the values (safe)"}
        [change] = fix["artifactChanges"]
        assert change["replacements"][2] == {
            "deletedRegion": {"startLine": 2, "startColumn": 13, "endLine": 2, "endColumn": 16},
            "insertedContent": {"text": ".copy_("},
        }

    def test_does_not_carry_one_that_is_only_shown(self, folder: Path) -> None:
        fix = Fix("choose one", Applicability.DISPLAY, ())
        place = position(1, 0)
        shown = Diagnostic("PRM101", "n", "m", place, place, fix=fix)
        run = sarif_run(findings_in("a.py", [shown], Source(TEXT)))
        assert "fixes" not in run["results"][0]


class TestJunit:
    def test_is_a_failed_case_for_each(self, findings: list[Finding]) -> None:
        root = ElementTree.fromstring(report("junit", findings))
        assert (root.get("tests"), root.get("failures")) == ("2", "2")
        [suite] = root
        assert (suite.get("name"), suite.get("tests")) == ("src/a.py", "2")
        first = suite[0]
        assert first.attrib == {
            "name": "PRM101 tensor-over-parameter",
            "classname": "src/a.py",
            "file": "src/a.py",
            "line": "2",
        }
        assert first[0].get("message") == "'weight' is a Parameter: 100%, really"

    def test_a_clean_run_is_a_passed_case(self) -> None:
        root = ElementTree.fromstring(report("junit", []))
        assert (root.get("tests"), root.get("failures")) == ("1", "0")
        assert [len(case) for suite in root for case in suite] == [0]

    def test_leaves_out_what_xml_cannot_hold(self, folder: Path) -> None:
        place = position(1, 0)
        diagnostic = Diagnostic("PRM101", "n", "'\x00' < '\ud800'", place, place)
        root = ElementTree.fromstring(
            report("junit", findings_in("a\x01.py", [diagnostic], Source(TEXT)))
        )
        assert root[0].get("name") == r"a\x01.py"
        assert root[0][0][0].get("message") == r"'\x00' < '\ud800'"


@pytest.mark.parametrize("name", FORMATS)
def test_a_clean_run_is_a_report_too(folder: Path, name: str) -> None:
    expected = {"text": "", "full": "", "github": "", "json": "[]\n", "gitlab": "[]\n"}
    text = report(name, [])
    assert text == expected.get(name, text)
    if name == "sarif":
        assert json.loads(text)["runs"][0]["results"] == []


class TestColour:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    @pytest.fixture(autouse=True)
    def no_wishes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.delenv("FORCE_COLOR", raising=False)

    def test_only_for_a_terminal(self) -> None:
        assert colour.is_wanted(self.Terminal())
        assert not colour.is_wanted(io.StringIO())

    def test_unless_the_user_wishes_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert colour.is_wanted(io.StringIO())
        monkeypatch.setenv("NO_COLOR", "1")
        assert not colour.is_wanted(self.Terminal())

    def test_marks_place_and_code(self, findings: list[Finding]) -> None:
        line = render("text", findings).splitlines()[1]
        assert line == (
            "\x1b[1msrc/a.py:3:12\x1b[0m: \x1b[1;31mPRM101\x1b[0m 'weight' is a Parameter"
        )

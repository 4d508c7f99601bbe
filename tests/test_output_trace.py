"""The facts that a finding rests on, as each format shows them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flake8_paramassign.diagnostics import Diagnostic, Position, Related
from flake8_paramassign.findings import Finding, findings_in
from flake8_paramassign.notebooks import Notebook
from flake8_paramassign.output import colour, render
from flake8_paramassign.source import Source

TEXT = """\
é = make(); optimizer = SGD(net.parameters())

net.weight = Parameter(w)
"""
PLACE = Position(3, 0)
FINDING = Diagnostic(
    "PRM303",
    "stale-optimizer",
    "'weight' is replaced",
    PLACE,
    Position(3, 10),
    trace=(
        Related("made here", Position(7, 4), Position(7, 9), filename="lib/nets.py"),
        Related("taken here", Position(1, 24), Position(1, 45)),
    ),
)


@pytest.fixture
def finding(folder: Path) -> Finding:
    [finding] = findings_in("a.py", [FINDING], Source(TEXT))
    return finding


def test_full_marks_each_fact_in_its_line_and_names_those_of_other_files(
    finding: Finding,
) -> None:
    assert colour.plain(render("full", [finding])).splitlines()[:6] == [
        "a.py:3:1: PRM303 'weight' is replaced",
        "    3 | net.weight = Parameter(w)",
        "      | ^^^^^^^^^^",
        "      = lib/nets.py:7:5: made here",
        "    1 | é = make(); optimizer = SGD(net.parameters())",
        "      |                         ^^^^^^^^^^^^^^^^^^^^^ taken here",
    ]


def test_json_lists_them_with_their_files(finding: Finding) -> None:
    [found] = json.loads(render("json", [finding]))
    assert found["trace"] == [
        {
            "message": "made here",
            "filename": "lib/nets.py",
            "location": {"row": 7, "column": 5},
            "end_location": {"row": 7, "column": 10},
        },
        {
            "message": "taken here",
            "filename": "a.py",
            "location": {"row": 1, "column": 25},
            "end_location": {"row": 1, "column": 46},
        },
    ]


def test_sarif_has_them_as_related_locations(finding: Finding) -> None:
    [result] = json.loads(render("sarif", [finding]))["runs"][0]["results"]
    made, taken = result["relatedLocations"]
    assert (made["id"], taken["id"]) == (0, 1)
    assert made["message"] == {"text": "made here"}
    assert made["physicalLocation"] == {
        "artifactLocation": {"uri": "lib/nets.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 7, "startColumn": 5, "endLine": 7, "endColumn": 10},
    }
    assert taken["physicalLocation"]["artifactLocation"]["uri"] == "a.py"


def test_a_finding_without_facts_has_no_related_locations(folder: Path) -> None:
    findings = findings_in("a.py", [replace(FINDING, trace=())], Source(TEXT))
    [result] = json.loads(render("sarif", findings))["runs"][0]["results"]
    assert "relatedLocations" not in result


def test_in_a_notebook_they_are_places_in_cells(folder: Path) -> None:
    notebook = Notebook({2: "first()\n", 4: "é = make(); optimizer = 1\n\nnet.weight = 2\n"}, [])
    moved = replace(
        FINDING,
        start=Position(4, 0),
        end=Position(4, 10),
        trace=(
            Related("made", Position(1, 0), Position(1, 5)),
            Related("taken", Position(2, 24), Position(2, 25)),
            FINDING.trace[0],
        ),
    )
    [finding] = findings_in("a.ipynb", [moved], Source(notebook.text))
    finding = notebook.in_cell(finding)
    assert [(r.cell, r.start, r.end) for r in finding.diagnostic.trace] == [
        (2, Position(1, 0), Position(1, 5)),
        (4, Position(1, 24), Position(1, 25)),
        (None, Position(7, 4), Position(7, 9)),
    ]
    assert colour.plain(render("full", [finding])).splitlines()[:7] == [
        "a.ipynb:cell 4:3:1: PRM303 'weight' is replaced",
        "    3 | net.weight = 2",
        "      | ^^^^^^^^^^",
        "      = a.ipynb:cell 2:1:1: made",
        "    1 | é = make(); optimizer = 1",
        "      |                         ^ taken",
        "      = lib/nets.py:7:5: made here",
    ]
    [found] = json.loads(render("json", [finding]))
    assert [fact.get("cell") for fact in found["trace"]] == [2, 4, None]

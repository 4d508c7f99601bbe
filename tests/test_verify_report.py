"""What the harness says of its verdicts, for people and for machines."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from codemods.verification.comparison import Comparison
from codemods.verification.fixtures import Fixture
from codemods.verification.jobs import Check, Outcome, Raised
from codemods.verification.protocol import Verdict
from codemods.verification.report import as_json, as_junit, skipped_by_name, summary, table
from codemods.verification.runner import Machine

MACHINE = Machine("2.13.0+cpu", cuda="", mps=False)
HELD = Check("registered", "is not registered", "held", subject="weight")
BROKEN = Check("saved", "is not saved", "broken", "state_dict() holds nothing", "weight")
NO_GPU = Check("cuda graph", "is not seen by a captured graph", "skipped", "needs a CUDA device")


def verdict(name: str, **fields: object) -> Verdict:
    program = Path("fixtures/prm101", f"{name}.fails.py")
    return Verdict(Fixture("PRM101", name, program), "cpu", seconds=1.25, **fields)  # type: ignore[arg-type]


VERDICTS = [
    verdict("sound", failed_how="TypeError at line 3 in build: no", checks=[HELD, NO_GPU]),
    verdict(
        "wrong", failed_how="it raises nothing", checks=[BROKEN], problems=["it raises nothing"]
    ),
    verdict("elsewhere", skipped="shows on cuda only"),
]


def test_the_table_has_a_line_for_each_fixture_and_below_it_what_is_wrong() -> None:
    heading, sound, wrong, problem, elsewhere = table(VERDICTS).splitlines()
    assert heading.split() == [
        "rule",
        "fixture",
        "how",
        "it",
        "failed",
        "invariants",
        "device",
        "time",
    ]
    assert sound.startswith("ok    PRM101  sound")
    assert "TypeError at line 3 in build: no" in sound
    assert sound.endswith("1 held            cpu     1.2 s")
    assert wrong.startswith("FAIL  PRM101  wrong")
    assert "0 held, 1 broken" in wrong
    assert problem == "      it raises nothing"
    assert elsewhere.startswith("skip  PRM101  elsewhere")
    assert "shows on cuda only" in elsewhere


def test_the_summary_counts() -> None:
    assert summary(VERDICTS, MACHINE, 7.6) == (
        "1 verified, 1 failed, 1 skipped; 1 invariants held; torch 2.13.0+cpu, 8 s"
    )


def test_each_invariant_that_was_skipped_is_named_once() -> None:
    again = verdict("again", checks=[NO_GPU])
    assert skipped_by_name([*VERDICTS, again]) == ["skipped: cuda graph: needs a CUDA device"]


def test_json_holds_every_check() -> None:
    report = json.loads(as_json(VERDICTS, MACHINE))
    sound, wrong, elsewhere = report["fixtures"]
    assert (report["torch"], report["cuda"]) == ("2.13.0+cpu", None)
    assert [f["verified"] for f in report["fixtures"]] == [True, False, False]
    assert wrong["invariants"] == [
        {
            "invariant": "saved",
            "phrase": "is not saved",
            "status": "broken",
            "detail": "state_dict() holds nothing",
            "subject": "weight",
        }
    ]
    assert (wrong["problems"], sound["problems"]) == (["it raises nothing"], [])
    assert elsewhere["skipped"] == "shows on cuda only"


def test_junit_has_a_case_for_each_fixture() -> None:
    suite = ElementTree.fromstring(as_junit(VERDICTS))
    assert suite.attrib["tests"] == "3"
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("1", "1")
    sound, wrong, elsewhere = suite
    assert (sound.attrib["classname"], sound.attrib["name"], len(sound)) == (
        "PRM101",
        "sound[cpu]",
        0,
    )
    assert wrong.findtext("failure") == "it raises nothing"
    skipped = elsewhere.find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "shows on cuda only"


LOST = Outcome(checks=[Check("registered", "is not registered", "broken", "nothing is", "w")])
KEPT = Outcome(checks=[Check("registered", "is not registered", "held", "", "w")])
RAISED = Outcome(Raised("TypeError", "cannot assign", "build", (3,)), LOST.checks)


@pytest.mark.parametrize(
    ("before", "after", "problems"),
    [
        (LOST, KEPT, []),
        (KEPT, KEPT, []),
        (KEPT, LOST, ["w is not registered (nothing is)", "no invariant was checked"]),
        (LOST, Outcome(checks=[*LOST.checks, HELD]), []),
        (RAISED, Outcome(checks=[*LOST.checks, HELD]), ["w is not registered (nothing is)"]),
        (KEPT, Outcome(died="killed", checks=[HELD]), ["the later version was killed"]),
        (
            KEPT,
            Outcome(RAISED.raised, [HELD]),
            ["the later version raises TypeError at line 3 in build: cannot assign"],
        ),
    ],
)
def test_a_later_version_may_break_only_what_was_broken(
    before: Outcome, after: Outcome, problems: list[str]
) -> None:
    assert Comparison(before, after).problems == problems


def test_a_comparison_shows_both_versions() -> None:
    told = Comparison(LOST, KEPT).table().splitlines()
    assert told[0].split() == ["invariant", "parameter", "before", "after"]
    assert told[1].split() == ["registered", "w", "broken", "held"]
    assert told[-1] == "ok"
    assert Comparison(KEPT, LOST).table().splitlines()[-1].startswith("FAIL: ")
    assert json.loads(Comparison(RAISED, KEPT).as_json())["before"]["raised"]["lines"] == [3]

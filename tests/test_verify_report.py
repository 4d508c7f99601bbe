"""What the harness says of its verdicts, for people and for machines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from codemods.verification.comparison import Comparison
from codemods.verification.fixtures import Fixture
from codemods.verification.jobs import Check, Difference, Outcome, Raised
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
KEPT = Outcome(
    checks=[Check("registered", "is not registered", "held", "", "w")], compared={"gradient": 3}
)
RAISED = Outcome(Raised("TypeError", "cannot assign", "build", (3,)), LOST.checks)
OUTPUT = Difference("output", "", "step 1", "1.5", "3", times=4)
LATER = Difference("gradient", "w", "step 2", "1", "2")
OTHER = replace(KEPT, differences=[OUTPUT, LATER])


@pytest.mark.parametrize(
    ("before", "after", "problems"),
    [
        (LOST, KEPT, []),
        (KEPT, KEPT, []),
        (KEPT, LOST, ["w is not registered (nothing is)"]),
        (LOST, LOST, []),
        (KEPT, Outcome(died="killed"), ["the later version was killed"]),
        (RAISED, replace(KEPT, raised=RAISED.raised), []),
        (
            KEPT,
            replace(KEPT, raised=RAISED.raised),
            ["the later version raises TypeError at line 3 in build: cannot assign"],
        ),
        (
            KEPT,
            OTHER,
            ["output step 1: 1.5 -> 3 (and 3 times later)", "gradient w step 2: 1 -> 2"],
        ),
    ],
)
def test_whatever_differs_is_a_problem_and_what_was_broken_before_is_none(
    before: Outcome, after: Outcome, problems: list[str]
) -> None:
    assert Comparison(before, after).problems == problems


NOT_CALLED = Check("slope", "", "n/a", "there is no inputs(device) in it, and no --inputs", "w")


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (KEPT, KEPT, ""),
        (KEPT, replace(KEPT, compared={"gradient of the input": 1}), ""),
        (KEPT, replace(KEPT, compared={"output": 1}), "no gradient was compared"),
        (
            replace(KEPT, checks=[NOT_CALLED]),
            replace(KEPT, compared={}),
            "no gradient was compared; there is no inputs(device) in it, and no --inputs",
        ),
        (
            RAISED,
            replace(KEPT, compared={}),
            "no gradient was compared; the earlier version raises TypeError at line 3 in build: "
            "cannot assign",
        ),
        (Outcome(died="killed"), KEPT, "the earlier version was killed"),
    ],
)
def test_without_a_gradient_of_both_nothing_is_proved(
    before: Outcome, after: Outcome, missing: str
) -> None:
    compared = Comparison(before, after)
    assert compared.missing == missing
    assert (compared.table().splitlines()[-1] == "ok") is (not missing)


def test_a_comparison_leads_with_what_differs_and_folds_what_does_not() -> None:
    told = Comparison(KEPT, replace(OTHER, compared={"gradient": 3, "loss": 6})).table()
    heading, output, later, equal, invariants, verdict = told.splitlines()
    assert heading.split() == ["at", "before", "after"]
    assert output.split() == ["output", "step", "1,", "3", "times", "later", "1.5", "3"]
    assert later == "later differ too: gradient w"
    assert equal == "equal: 6 loss"
    assert invariants == "invariants: 1 held, 0 broken"
    assert verdict == "FAIL: 2 things differ"


def test_a_comparison_that_finds_nothing_says_ok() -> None:
    assert Comparison(KEPT, KEPT).table().splitlines()[-1] == "ok"
    assert Comparison(KEPT, LOST).table().splitlines()[-2].startswith("FAIL: w is not registered")
    told = Comparison(LOST, LOST).table().splitlines()
    assert "invariants: 0 held, 0 broken, 1 in both versions" in told


def test_the_json_of_a_comparison_holds_all() -> None:
    told = json.loads(Comparison(RAISED, OTHER).as_json())
    assert told["before"]["raised"]["lines"] == [3]
    assert told["differences"][0]["before"] == "1.5"
    assert (len(told["problems"]), told["missing"]) == (2, None)

"""A fix is made only where the analysis of the file with it bears it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from rewritten import FC, LAYER, fixes, program

from flake8_paramassign import analysis
from flake8_paramassign.analysis import analyze
from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix
from flake8_paramassign.fixes import validation
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.settings import DEFAULT

THREE = "layer.bias = torch.ones(4)\n" * 3
LOST = "self.w = nn.Parameter(x + 1).to(d)\n"


@pytest.mark.parametrize("write", ["self.w[0] = 1", "self.w += 1", "self.w.zero_()"])
def test_a_fix_that_makes_another_defect_is_refused(write: str) -> None:
    [found] = fixes(LOST + write)

    assert found.fix is None
    assert str(found.why_not_fixed).startswith("PRM301 is found then, at line 17: 'self.w' is a")


def test_what_only_an_opt_in_rule_finds_then_makes_a_fix_unsafe() -> None:
    judged = with_fix(lambda found: Edit(found.end, found.end, ".data"))

    assert judged.fix and judged.fix.applicability is Applicability.UNSAFE
    assert judged.fix.message == "for a test; PRM901 is found then, at line 14"


def test_the_fixes_beside_a_guilty_one_are_made() -> None:
    found = fixes(LOST + "self.w += 1\n" + FC + "self.fc.bias = torch.zeros(m)")

    assert [(f.code, f.fix is not None) for f in found] == [("PRM102", False), ("PRM101", True)]


def test_a_fix_after_which_the_finding_stays_is_none() -> None:
    judged = with_fix(lambda found: Edit(found.start, found.start, "print()\n"))

    assert (judged.fix, judged.why_not_fixed) == (None, "the finding would stay")


def with_fix(edit: Callable[[Diagnostic], Edit]) -> Diagnostic:
    """What becomes of a safe fix that does nothing but ``edit``."""
    source = program(LAYER + "layer.bias = torch.ones(4)").encode()
    [found] = analyze(source, "x.py")
    fixed = replace(found, fix=Fix("for a test", Applicability.SAFE, (edit(found),)))
    [judged] = validation.validated([fixed], source, "x.py", DEFAULT)
    return judged


def test_a_file_is_analysed_twice_more_however_many_fixes_it_gets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    def counted(source: bytes, *given: object, **named: object) -> list[Diagnostic]:
        asked.append(source)
        return analyze(source, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "analyze", counted)
    for body, times in (("for layer.bias in [torch.ones(4)]:\n    pass", 0), (THREE, 2)):
        source = program(LAYER + body).encode()
        found = analyze(source, "x.py", rewrite=rewrite)
        asked.clear()
        assert validation.validated(found, source, "x.py", DEFAULT) == found
        assert (len(found), len(asked)) == (3 if times else 1, times)


def test_a_defect_of_ours_costs_the_fixes_and_not_the_findings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*given: object) -> None:
        raise ValueError("in a test")

    monkeypatch.setattr(validation, "validated", crash)
    source = program(LAYER + "layer.bias = torch.ones(4)").encode()

    failed, found = Checker(Configuration(), rewrite).check(source, "x.py")

    assert (found.diagnostic.code, found.diagnostic.fix) == ("PRM101", None)
    assert found.diagnostic.why_not_fixed == "its fix failed"
    assert failed.diagnostic.code == "PRM001"
    assert "ValueError: in a test" in failed.diagnostic.message


TIED = "layer = nn.Linear(3, 4)\nother = nn.Linear(3, 4)\nother.weight = layer.weight\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (TIED + "layer.requires_grad = False", "'other.weight' then does not train"),
        (
            "layer = nn.Linear(3, 4)\nother = nn.Linear(3, 4)\nlayer.bias.requires_grad_(False)\n"
            "p = nn.Parameter(torch.ones(4))\nother.bias = p\nlayer.bias = p",
            "'other.bias' then does not train",
        ),
    ],
)
def test_a_fix_that_takes_something_from_another_object_is_refused(body: str, reason: str) -> None:
    [found] = fixes(body)

    assert (found.fix, found.why_not_fixed) == (None, reason)


def test_a_fix_that_changes_another_object_otherwise_says_so() -> None:
    [found] = fixes(
        "layer = nn.Linear(3, 4)\no = torch.optim.SGD(layer.parameters(), 0.1)\n"
        "other = nn.Linear(3, 4)\nlayer.weight = nn.Parameter(torch.ones(4, 3))\n"
        "other.weight = layer.weight\no.step()"
    )

    assert found.fix and found.fix.applicability is Applicability.UNSAFE
    assert found.fix.message.endswith("'other.weight' then is trained by an optimizer")

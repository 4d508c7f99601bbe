"""What the harness says: a table for people, JSON and JUnit for machines."""

from __future__ import annotations

import json
import platform
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from xml.etree import ElementTree

from codemods.verification.protocol import Verdict
from codemods.verification.runner import Machine

HEADINGS = ("rule", "fixture", "how it failed", "invariants", "device", "time")
WIDEST = 60
"""Characters that one cell may take."""


def table(verdicts: Sequence[Verdict]) -> str:
    """Return a line for each fixture; below it what is not as claimed."""
    rows = [[*_cells(verdict)] for verdict in verdicts]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    lines = [_line("", HEADINGS, widths)]
    for verdict, row in zip(verdicts, rows, strict=True):
        lines.append(_line(_mark(verdict), row, widths))
        for problem in verdict.problems:
            lines += textwrap.wrap(
                problem, 110, initial_indent="      ", subsequent_indent="        "
            )
    return "\n".join(lines)


def _line(mark: str, cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"{mark:4}  {'  '.join(padded)}".rstrip()


def _mark(verdict: Verdict) -> str:
    return "FAIL" if verdict.problems else "skip" if verdict.skipped else "ok"


def _cells(verdict: Verdict) -> Iterable[str]:
    how = verdict.skipped or verdict.failed_how or "sound"
    yield verdict.fixture.rule
    yield verdict.fixture.name
    yield how if len(how) <= WIDEST else how[: WIDEST - 1] + "…"
    held, broken = verdict.count("held"), verdict.count("broken")
    yield f"{held} held" + (f", {broken} broken" if broken else "")
    yield verdict.device
    yield f"{verdict.seconds:.1f} s"


def skipped_by_name(verdicts: Iterable[Verdict]) -> list[str]:
    """Return a line for each invariant that could not be checked, with the reason."""
    reasons = {
        (check.invariant, check.detail)
        for verdict in verdicts
        for check in verdict.checks
        if check.status == "skipped"
    }
    return [f"skipped: {invariant}: {reason}" for invariant, reason in sorted(reasons)]


def summary(verdicts: Sequence[Verdict], machine: Machine, seconds: float) -> str:
    """Return the last line."""
    verified = sum(verdict.verified for verdict in verdicts)
    failed = sum(bool(verdict.problems) for verdict in verdicts)
    skipped = len(verdicts) - verified - failed
    held = sum(verdict.count("held") for verdict in verdicts)
    return (
        f"{verified} verified, {failed} failed, {skipped} skipped; {held} invariants held; "
        f"torch {machine.torch}, {seconds:.0f} s"
    )


def as_json(verdicts: Sequence[Verdict], machine: Machine) -> str:
    """Return all that is known, the same each time but for ``seconds``."""
    report = {
        "python": platform.python_version(),
        "torch": machine.torch,
        "cuda": machine.cuda or None,
        "fixtures": [_as_object(verdict) for verdict in verdicts],
    }
    return json.dumps(report, indent=2) + "\n"


def _as_object(verdict: Verdict) -> dict[str, object]:
    return {
        "rule": verdict.fixture.rule,
        "name": verdict.fixture.name,
        "program": verdict.fixture.program.as_posix(),
        "device": verdict.device,
        "verified": verdict.verified,
        "skipped": verdict.skipped or None,
        "failed_how": verdict.failed_how or None,
        "problems": verdict.problems,
        "invariants": [asdict(check) for check in verdict.checks],
        "seconds": round(verdict.seconds, 3),
    }


def as_junit(verdicts: Sequence[Verdict]) -> str:
    """Return a JUnit report: a test case for each fixture."""
    failed = [verdict for verdict in verdicts if verdict.problems]
    suite = ElementTree.Element(
        "testsuite",
        name="codemods.verify",
        tests=str(len(verdicts)),
        failures=str(len(failed)),
        errors="0",
        skipped=str(sum(bool(v.skipped and not v.problems) for v in verdicts)),
        time=f"{sum(verdict.seconds for verdict in verdicts):.3f}",
    )
    for verdict in verdicts:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=verdict.fixture.rule,
            name=f"{verdict.fixture.name}[{verdict.device}]",
            file=verdict.fixture.program.as_posix(),
            time=f"{verdict.seconds:.3f}",
        )
        if verdict.skipped and not verdict.problems:
            ElementTree.SubElement(case, "skipped", message=verdict.skipped)
        if verdict.problems:
            failure = ElementTree.SubElement(case, "failure", message=verdict.problems[0])
            failure.text = "\n".join(verdict.problems)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"

"""What the linter says of a program, held against what really happens in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from codemods.verification import simulated
from codemods.verification.differences import compare
from codemods.verification.generated.statements_of import (
    feature,
    put_back,
    replaced,
    restored,
    statement_at,
    without,
)
from codemods.verification.generated.witness import (
    LATER,
    OTHERWISE,
    Record,
    run_all,
    switched,
    trial_of,
    ways,
)
from codemods.verification.observing import Seen, observe
from flake8_paramassign.analysis import analyze
from flake8_paramassign.diagnostics import Diagnostic

MOST_REPAIRS = 6
"""How many statements that raise are taken out, one after the other, to see what follows."""
WHEN = "where the device or dtype changes"
WHERE_BEFORE = "came before"
"""Ends what a claim says of the ways alone that led through the first line of its trace."""
ANYWHERE = {"PRM106": {"PRM106"}, "PRM104": {"PRM104", "PRM105"}, "PRM105": {"PRM104", "PRM105"}}
"""Rules whose finding stands elsewhere than what it leads to."""
SHOWN_BY = {
    "PRM102": ("PRM102", "PRM103", "detached", "cached"),
    "PRM101": ("PRM101", "refused"),
    "PRM109": ("PRM109", "empty"),
}
"""What makes a rule's claim true, where it is more than what has to be told."""
RAISING = ("PRM101", "PRM106", "PRM107", "PRM108", "PRM301")
"""Rules whose claim is that something raises, which may raise something else before."""
WITHOUT_EFFECT = ("PRM201", "PRM202", "PRM204")
"""Rules that say that a statement changes nothing."""
AT_THE_END = ("PRM102", "PRM103", "PRM104", "PRM105", "PRM106", "PRM303", "PRM304", "PRM305")
"""Rules that speak of what is so when all has been done."""
SEEN = ("output", "loss", "gradient", "parameter", "buffer", "form of parameter", "ties", "raises")
"""What a statement without effect leaves as it is."""
UNTOLD = ("detached", "cached", "empty", "refused")
"""What happens, and need be no defect."""

Verdict = Literal["true", "false", "conditional", "unseen"]


@dataclass(frozen=True)
class Claim:
    """A finding, and whether it is so."""

    code: str
    line: int
    message: str
    verdict: Verdict


@dataclass(frozen=True)
class Missed:
    """What happened, and no finding says."""

    code: str
    line: int
    feature: str


@dataclass(frozen=True)
class Judged:
    """A program, and what came of it."""

    source: str
    record: Record
    records: list[Record]
    """What was seen in each way."""
    claims: list[Claim]
    missed: list[Missed]


def judge(source: str) -> Judged:
    """Return what is claimed of a program and what is missed; raises SyntaxError."""
    found = analyze(source, "generated.py")
    record, records = run_all(source)
    claims = [_claim(source, diagnostic, record, records) for diagnostic in found]
    return Judged(source, record, records, claims, [*_missed(source, found, record)])


def judged_with_repairs(source: str) -> Iterator[Judged]:
    """Yield what came of a program, and then of it without the statement that ended it."""
    for _ in range(MOST_REPAIRS):
        judged = judge(source)
        yield judged
        if not judged.record.raised_at:
            return
        source = without(source, judged.record.raised_at)


def each_alone(versions: list[Judged]) -> list[str]:
    """Return what is left at last, and that with each statement that was taken out, alone."""
    rest = versions[-1].source
    return [rest, *(put_back(rest, v.source, v.record.raised_at) for v in versions[:-1])]


def _claim(source: str, found: Diagnostic, record: Record, records: list[Record]) -> Claim:
    code, line = found.code, found.start.line
    verdict: Verdict
    if code in WITHOUT_EFFECT:
        verdict = _has_effect(source, found, records)
    elif _shown(code, line, record):
        verdict = "true"
    elif line not in record.lines or any(_is_hidden(code, line, r) for r in records):
        verdict = "unseen"
    elif code in ("PRM101", "PRM301") and _is_changed_elsewhere(source, line):
        verdict = "conditional"
    elif code in RAISING and line in record.facts.get(OTHERWISE + LATER, ()):
        verdict = "unseen"
    elif WHEN in found.message:
        verdict = "true" if _shown(code, line, _elsewhere(source)) else "conditional"
    else:
        verdict = "false"
    return Claim(code, line, found.message, verdict)


def _is_hidden(code: str, line: int, record: Record) -> bool:
    """Whether an end that came before keeps a claim from being seen."""
    was_reached = line in record.lines and line not in record.blamed
    return not record.finished and (code in AT_THE_END or not was_reached)


def _shown(code: str, line: int, record: Record) -> bool:
    lines = shown_at(code, record)
    return bool(lines) if code in ANYWHERE else line in lines


def shown_at(code: str, record: Record) -> set[int]:
    """Return the lines where something came true that a rule's claim may speak of."""
    shown_by = ANYWHERE.get(code) or SHOWN_BY.get(code, (code,))
    facts = [record.facts.get(fact + later, ()) for fact in shown_by for later in ("", LATER)]
    return {at for fact in facts for at in fact}


def _is_changed_elsewhere(source: str, line: int) -> bool:
    """Whether a method writes what its class trains, and others may have frozen or deleted."""
    where = feature(ast.parse(source), line)
    is_changed = "requires_grad" in source or "del " in source
    return where.startswith("class") and "__init__" not in where and is_changed


def _elsewhere(source: str) -> Record:
    """Return what happens on another device than the CPU."""
    with simulated.available():
        return run_all(source, simulated.NAME)[0]


def _has_effect(source: str, found: Diagnostic, records: list[Record]) -> Verdict:
    """Return "true" where the statement has none: without it all that is computed is the same.

    What stores a tensor may part two that share memory, which is no effect of what it writes.
    """
    line = found.start.line
    needed = {line}
    if WHERE_BEFORE in found.message:
        needed.add(found.trace[0].start.line)
    emptied = replaced(source, line)
    compared = False
    for way, record in zip(ways(source), records, strict=True):
        if not needed <= record.lines or not record.finished:
            continue
        compared = True
        with switched(way):
            before, after = observe(trial_of(source)), observe(trial_of(emptied))
        if _is_seen(before, after):
            with switched(way):
                parted = observe(trial_of(restored(source, line)))
            if _is_seen(before, parted):
                return "false"
    return "true" if compared else "unseen"


def _is_seen(before: Seen, after: Seen) -> bool:
    differences, _ = compare(before, after)
    return any(difference.aspect in SEEN for difference in differences)


def _missed(source: str, found: list[Diagnostic], record: Record) -> Iterator[Missed]:
    """Yield what nobody says, and is so on another device, too."""
    missed = [*_missed_here(source, found, record)]
    elsewhere = _elsewhere(source) if missed and "(device)" in source else record
    for what in missed:
        if what.line not in elsewhere.lines or _shown(what.code, what.line, elsewhere):
            yield what


def _missed_here(source: str, found: list[Diagnostic], record: Record) -> Iterator[Missed]:
    told = {diagnostic.start.line for diagnostic in found}
    codes = {diagnostic.code for diagnostic in found}
    tree = ast.parse(source)
    for code, lines in record.facts.items():
        if code in UNTOLD or code.endswith(LATER) or ANYWHERE.get(code, set()) & codes:
            continue
        if code in AT_THE_END and not record.finished:
            continue
        for line in sorted(lines - told):
            if line and statement_at(tree, line):
                sometimes = "sometimes, " if (code, line) in record.sometimes else ""
                yield Missed(code, line, sometimes + feature(tree, line))

"""Two versions of a user's module: what differs of all that can be observed, and what breaks."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from codemods.verification.fixtures import FixtureError
from codemods.verification.jobs import Check, Job, Outcome
from codemods.verification.rewriting import changed_lines, write_at

GRADIENTS = ("gradient", "gradient of the input", "second derivative")


@dataclass(frozen=True)
class Comparison:
    """What came of both versions: the invariants of each, and what was observed of each.

    ``after`` holds what differs.
    """

    before: Outcome
    after: Outcome

    @property
    def problems(self) -> list[str]:
        """What differs, and what is wrong with the later version and was not with the earlier."""
        problems = [f"the later version was {self.after.died}"] if self.after.died else []
        if self.after.raised and self.after.raised != self.before.raised:
            problems.append(f"the later version raises {self.after.raised}")
        problems += [*map(str, self.after.differences)]
        problems += [
            f"{check.subject} {check.phrase} ({check.detail})".lstrip()
            for check in self._newly_broken
        ]
        return problems

    @property
    def _newly_broken(self) -> list[Check]:
        known = {(check.invariant, check.subject) for check in self.before.broken}
        return [c for c in self.after.broken if (c.invariant, c.subject) not in known]

    @property
    def missing(self) -> str:
        """What keeps the versions from being compared; empty where nothing does."""
        if self.before.died:
            return f"the earlier version was {self.before.died}"
        if any(map(self.after.compared.get, GRADIENTS)):
            return ""
        why = [c.detail for c in self.before.checks if c.status == "n/a" and c.detail]
        why = [w for w in why if "inputs" in w]
        if self.before.raised:
            why.insert(0, f"the earlier version raises {self.before.raised}")
        return "; ".join(["no gradient was compared", *why[:1]])

    def table(self) -> str:
        """Return what differs, then in one line what does not."""
        rows = [("", "at", "before", "after")]
        first = [d for d in self.after.differences if d.moment == self.after.differences[0].moment]
        for d in first:
            later = f", {d.times - 1} times later" if d.times > 1 else ""
            rows.append((d.subject, d.moment + later, d.before, d.after))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (rows if len(rows) > 1 else [])
        ]
        if following := [d.subject for d in self.after.differences if d not in first]:
            lines.append(f"later differ too: {', '.join(following)}")
        lines += [*self._equal()]
        said = {str(difference) for difference in self.after.differences}
        lines += [f"FAIL: {problem}" for problem in self.problems if problem not in said]
        if self.after.differences:
            lines.append(f"FAIL: {len(self.after.differences)} things differ")
        if self.missing:
            lines.append(f"not proved: {self.missing}")
        return "\n".join(lines if self.problems or self.missing else [*lines, "ok"])

    def _equal(self) -> Iterator[str]:
        differing = {difference.aspect for difference in self.after.differences}
        equal = {a: n for a, n in self.after.compared.items() if a not in differing}
        if equal:
            yield "equal: " + ", ".join(f"{n} {aspect}" for aspect, n in equal.items())
        held = sum(check.status == "held" for check in self.after.checks)
        new = len(self._newly_broken)
        both = len(self.after.broken) - new
        yield f"invariants: {held} held, {new} broken" + f", {both} in both versions" * bool(both)

    def as_json(self) -> str:
        """Return all that is known."""
        report = {
            "problems": self.problems,
            "missing": self.missing or None,
            "differences": [*map(asdict, self.after.differences)],
            "compared": self.after.compared,
            "before": _plain(self.before),
            "after": _plain(self.after),
        }
        return json.dumps(report, indent=2) + "\n"


def _plain(outcome: Outcome) -> dict[str, object]:
    raised = asdict(outcome.raised) if outcome.raised else None
    return {
        "died": outcome.died or None,
        "raised": raised,
        "invariants": [*map(asdict, outcome.checks)],
    }


def compare(before: Job, after: Job, run: Callable[[Job], Outcome]) -> Comparison:
    """Run both versions; raises FixtureError where one is no Python file, and NotRunnable."""
    before, after = _held_to_the_same(before, after)
    with tempfile.TemporaryDirectory(prefix="paramassign-") as folder:
        differences = observe_both(before, after, Path(folder), run)
    old, new = run(before), run(after)
    old.died, new.died = old.died or "", new.died or differences.died
    new.differences, new.compared = differences.differences, differences.compared
    return Comparison(old, new)


def observe_both(before: Job, after: Job, folder: Path, run: Callable[[Job], Outcome]) -> Outcome:
    """Return how what is observed of the later job differs; ``folder`` is for scratch files."""
    one, other = folder / "before", folder / "after"
    first = run(replace(before, observed=one))
    if first.died or not one.exists():
        return first
    return run(replace(after, observed=other, against=one))


def _held_to_the_same(before: Job, after: Job) -> tuple[Job, Job]:
    """Return the jobs of two files with the promises of what changed in the later one."""
    if before.program.is_dir() or after.program.is_dir():
        return before, after
    try:
        old, new = before.program.read_bytes(), after.program.read_bytes()
        write = write_at(old, changed_lines(old, new))
        promises = write_at(new, changed_lines(new, old))
    except (OSError, SyntaxError, ValueError) as error:
        raise FixtureError(str(error)) from error
    return replace(before, write=replace(promises, lines=write.lines)), replace(
        after, write=promises
    )

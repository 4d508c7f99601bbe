"""Two versions of a user's module, held to the same invariants."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from codemods.verification.fixtures import FixtureError
from codemods.verification.jobs import Check, Job, Outcome
from codemods.verification.rewriting import Write, changed_lines, write_at


@dataclass(frozen=True)
class Comparison:
    """What came of both versions."""

    before: Outcome
    after: Outcome

    @property
    def problems(self) -> list[str]:
        """What is wrong with the later version and was not with the earlier."""
        known = {(check.invariant, check.subject) for check in self.before.broken}
        if self.before.died or self.before.raised:
            known = set()
        problems = []
        if self.after.died:
            problems.append(f"the later version was {self.after.died}")
        if self.after.raised:
            problems.append(f"the later version raises {self.after.raised}")
        problems += [
            f"{check.subject} {check.phrase} ({check.detail})".lstrip()
            for check in self.after.broken
            if (check.invariant, check.subject) not in known
        ]
        if not any(check.status == "held" for check in self.after.checks):
            problems.append("no invariant was checked")
        return problems

    def table(self) -> str:
        """Return a line for each invariant of each parameter, with both versions' result."""
        before = {(c.invariant, c.subject): c for c in self.before.checks}
        after = {(c.invariant, c.subject): c for c in self.after.checks}
        rows = [("invariant", "parameter", "before", "after", "")]
        for key in dict.fromkeys([*after, *before]):
            old, new = before.get(key), after.get(key)
            told = new or old
            rows.append((*key, _status(old), _status(new), told.detail if told else ""))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[4]]).rstrip()
            for row in rows
        ]
        for name, outcome in (("before", self.before), ("after", self.after)):
            if outcome.died or outcome.raised:
                lines.append(f"{name}: {outcome.died or f'raises {outcome.raised}'}")
        lines += [f"FAIL: {problem}" for problem in self.problems] or ["ok"]
        return "\n".join(lines)

    def as_json(self) -> str:
        """Return all that is known."""
        report = {
            "problems": self.problems,
            "before": _plain(self.before),
            "after": _plain(self.after),
        }
        return json.dumps(report, indent=2) + "\n"


def _status(check: Check | None) -> str:
    return check.status if check else "-"


def _plain(outcome: Outcome) -> dict[str, object]:
    raised = asdict(outcome.raised) if outcome.raised else None
    return {
        "died": outcome.died or None,
        "raised": raised,
        "invariants": [*map(asdict, outcome.checks)],
    }


def compare(
    before: Path, after: Path, entry: str, device: str, run: Callable[[Job], Outcome]
) -> Comparison:
    """Run both versions; raises FixtureError where one is no Python file, and NotRunnable."""
    try:
        old, new = before.read_bytes(), after.read_bytes()
        write = write_at(old, changed_lines(old, new))
        promises = write_at(new, changed_lines(new, old))
    except (OSError, SyntaxError, ValueError) as error:
        raise FixtureError(str(error)) from error

    def job(program: Path, write: Write, sibling: Path) -> Job:
        return Job(
            program,
            device,
            sibling=sibling,
            succeeds=sibling == before,
            entry=entry,
            write=replace(promises, lines=write.lines),
            folder=Path.cwd(),
        )

    return Comparison(run(job(before, write, after)), run(job(after, promises, before)))

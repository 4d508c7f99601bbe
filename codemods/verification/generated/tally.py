"""What came of many random programs: by rule, for people and for machines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from codemods.verification.generated.outcomes import CURED, OPEN
from codemods.verification.jobs import describe_end
from codemods.verification.runner import NotRunnable, environment

PROGRAMS_PER_PROCESS = 250
"""A process may be ended by one of its programs, and takes the rest of its share along."""
COLUMNS = (
    *("true", "false", "conditional", "unseen", "missed"),
    *("safe", "bad", "unsafe", "worse"),
    *("cured", "uncured", "open"),
)


@dataclass
class Tally:
    """Counts, and what must not be."""

    programs: int = 0
    versions: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    fixes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, str]] = field(default_factory=list)

    def add(self, seen: dict[str, Any]) -> None:
        """Count what came of one program."""
        self.programs += 1
        self.versions += seen["versions"]
        for name in ("claims", "missed", "fixes", "outcomes"):
            getattr(self, name).update(seen[name])
        self.faults += ({**fault, "seed": seen["seed"]} for fault in seen["faults"])

    def by_rule(self) -> dict[str, dict[str, int]]:
        """Return the counts of each rule."""
        rules: dict[str, Counter[str]] = {}
        names = {"safe bad": "bad", "unsafe bad": "worse"}
        for counted in (self.claims, self.fixes):
            for key, count in counted.items():
                code, _, kind = key.partition(" ")
                rules.setdefault(code, Counter())[names.get(kind, kind)] += count
        for key, count in self.outcomes.items():
            code, _, outcome = key.partition(" ")
            kind = {CURED: "cured", **dict.fromkeys(OPEN, "open")}.get(outcome, "uncured")
            rules.setdefault(code, Counter())[kind] += count
        for key, count in self.missed.items():
            rules.setdefault(key.split()[0], Counter())["missed"] += count
        return {code: {name: rules[code][name] for name in COLUMNS} for code in sorted(rules)}

    def cured(self) -> dict[str, int]:
        """Return how many findings had a fix, of how many a run shows what follows, and the cured.

        Not cured are those whose fix leaves them, to the linter or in the run, or brings another,
        or after whose fix the program raises what it would not raise as it is meant.
        """
        rules = self.by_rule().values()
        cured, uncured, unseen = (
            sum(rule[kind] for rule in rules) for kind in ("cured", "uncured", "open")
        )
        return {"fixed": cured + uncured + unseen, "seen": cured + uncured, "cured": cured}

    def table(self) -> str:
        """Return a line for each rule, and what must not be with its program."""
        lines = ["rule    " + "".join(f" {name:>7}" for name in COLUMNS)]
        for code, counts in self.by_rule().items():
            each = (f" {counts[name]:{max(7, len(name))}}" for name in COLUMNS)
            lines.append(f"{code:8}{''.join(each)}")
        for fault in self.faults:
            lines += ["", f"FAIL {fault['kind']}, seed {fault['seed']}: {fault['what']}"]
            lines += [f"    {line}" for line in fault["source"].splitlines()]
        for outcome, count in self.outcomes.most_common():
            if not outcome.endswith((CURED, *OPEN)):
                lines.append(f"not cured, {count} times: {outcome}")
        cured = self.cured()
        if cured["seen"]:
            lines.append(
                f"{cured['fixed']} findings had a fix, of {cured['seen']} a run shows what "
                f"follows, {cured['cured']} are cured: {cured['cured'] / cured['seen']:.1%}"
            )
        lines.append(
            f"{self.programs} programs, {self.versions} with what is left of them; "
            f"{len(self.faults)} faults, {self.missed.total()} misses"
        )
        return "\n".join(lines)

    def as_json(self) -> str:
        """Return all that is known."""
        report = {
            "programs": self.programs,
            "versions": self.versions,
            "rules": self.by_rule(),
            "cured": self.cured(),
            "outcomes": dict(self.outcomes.most_common()),
            "missed": dict(self.missed.most_common()),
            "faults": self.faults,
        }
        return json.dumps(report, indent=2) + "\n"


def examined(seed: str, count: int, jobs: int) -> Iterator[dict[str, Any]]:
    """Yield what came of each program of a seed, in order; raises NotRunnable."""
    starts = range(0, count, PROGRAMS_PER_PROCESS)
    with ThreadPoolExecutor(jobs) as executor:
        try:
            for share in executor.map(
                lambda start: _share(seed, start, min(start + PROGRAMS_PER_PROCESS, count)), starts
            ):
                yield from share
        finally:
            executor.shutdown(cancel_futures=True)


def _share(seed: str, start: int, end: int) -> list[dict[str, Any]]:
    """Return what came of some programs; one that ends its process is told, and passed over."""
    seen: list[dict[str, Any]] = []
    while start + len(seen) < end:
        first = start + len(seen)
        command = [sys.executable, "-m", "codemods.verification.generated.command"]
        done = subprocess.run(
            [*command, seed, str(first), str(end)],
            capture_output=True,
            text=True,
            env=environment(),
        )
        lines = done.stdout.splitlines()
        seen += map(json.loads, lines)
        if done.returncode > 0:
            why = (done.stderr.strip().splitlines() or [describe_end(done.returncode)])[-1]
            raise NotRunnable(f"random programs cannot be run: {why}")
        if done.returncode:
            seen.append(_ended(f"{seed}:{first + len(lines)}", describe_end(done.returncode)))
    return seen


def _ended(seed: str, how: str) -> dict[str, Any]:
    fault = {"kind": "process", "what": f"it ended its process: {how}", "source": seed}
    counts: dict[str, dict[str, int]] = {"claims": {}, "missed": {}, "fixes": {}, "outcomes": {}}
    return {"seed": seed, "versions": 1, **counts, "faults": [fault]}

"""Many programs, one after the other, in a process that has torch; what came of them, counted."""

from __future__ import annotations

import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import dumps
from types import FrameType

import torch

from codemods.verification.generated.claims import Judged, each_alone, judge, judged_with_repairs
from codemods.verification.generated.mended import Mended, mend
from codemods.verification.generated.minimal import minimal
from codemods.verification.generated.programs import program

SECONDS = 20.0
"""What one program may take of the processor, with all that is done to it."""
MINIMAL_SECONDS = 60.0
MOST_EXAMPLES = 3
"""How many disagreements of one kind are made small."""


class TooLong(BaseException):
    """A program took longer than it may; no ``except Exception`` of its own stops that."""


@dataclass
class Seen:
    """What came of one program."""

    seed: str
    versions: int = 0
    """How many were looked at: the program, and what is left of it without what raises."""
    claims: Counter[str] = field(default_factory=Counter)
    """By rule and verdict: ``PRM101 true``."""
    missed: Counter[str] = field(default_factory=Counter)
    """By rule and feature."""
    fixes: Counter[str] = field(default_factory=Counter)
    """By rule and kind: ``PRM101 safe``, ``PRM101 safe bad``."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """By rule and what became of a finding with its fix: ``PRM101 cured``."""
    faults: list[dict[str, str]] = field(default_factory=list)
    """What must not be: its kind, what is wrong, and a small program that shows it."""


def examine(seed: str, shown: Counter[str]) -> Seen:
    """Return what came of the program of this seed; ``shown`` counts the faults made small."""
    seen = Seen(seed)
    try:
        with time_limit(SECONDS):
            versions = [*judged_with_repairs(program(seed))]
            known: set[tuple[str, int]] = set()
            ends = frozenset(record.raised for record in versions[-1].records)
            made = [(text, one) for text in each_alone(versions) for one in mend(text, known, ends)]
    except TooLong:
        seen.faults.append({"kind": "time", "what": f"more than {SECONDS:g} s", "source": seed})
        return seen
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        seen.faults.append({"kind": "harness", "what": what, "source": program(seed)})
        return seen
    seen.versions = len(versions)
    for judged in versions:
        _count_claims(seen, judged, shown)
    for text, mended in made:
        _count_fix(seen, mended, text, shown)
    return seen


def _count_claims(seen: Seen, judged: Judged, shown: Counter[str]) -> None:
    known = {fault["what"] for fault in seen.faults}
    for claim in judged.claims:
        seen.claims[f"{claim.code} {claim.verdict}"] += 1
        what = f"{claim.code} {claim.message}"
        if claim.verdict == "false" and what not in known:

            def shows(source: str, code: str = claim.code) -> bool:
                return any(c.code == code and c.verdict == "false" for c in judge(source).claims)

            _add_fault(seen, f"{claim.code} false", what, judged.source, shows, shown)
    for missed in judged.missed:
        seen.missed[f"{missed.code} {missed.feature}"] += 1


def _count_fix(seen: Seen, mended: Mended, source: str, shown: Counter[str]) -> None:
    kind = "safe" if mended.is_safe else "unsafe"
    for code in mended.codes:
        seen.fixes[f"{code} {kind}"] += 1
        seen.fixes[f"{code} {kind} bad"] += bool(mended.problem)
    seen.outcomes.update(f"{code} {what}" for code, what in mended.outcomes)
    if mended.problem:

        def shows(text: str) -> bool:
            return any(
                m.problem[:12] == mended.problem[:12]
                and (m.codes, m.is_safe) == (mended.codes, mended.is_safe)
                for m in mend(text)
            )

        what = f"{' '.join(mended.codes)} {mended.problem} | {mended.note}"
        _add_fault(seen, f"{' '.join(mended.codes)} {kind} fix", what, source, shows, shown)


def _add_fault(
    seen: Seen,
    kind: str,
    what: str,
    source: str,
    shows: Callable[[str], bool],
    shown: Counter[str],
) -> None:
    shown[kind] += 1
    if shown[kind] <= MOST_EXAMPLES:
        try:
            with time_limit(MINIMAL_SECONDS):
                source = minimal(source, shows)
        except TooLong:
            pass
    seen.faults.append({"kind": kind, "what": what, "source": source})


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooLong in the body when it takes more of the processor."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def main(arguments: list[str]) -> None:
    """Examine the programs with these numbers: seed, first, one after the last.

    Prints a line of JSON for each.
    """
    seed, first, end = arguments
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    shown: Counter[str] = Counter()
    for number in range(int(first), int(end)):
        seen = examine(f"{seed}:{number}", shown)
        sys.stdout.write(dumps(vars(seen)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

"""What the fixes make of a program, held against the program as it is meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from codemods.verification.differences import compare
from codemods.verification.generated.claims import RAISING
from codemods.verification.generated.cured import Treated
from codemods.verification.generated.meant import as_meant
from codemods.verification.generated.witness import (
    FILENAME,
    Record,
    run,
    run_all,
    switched,
    trial_of,
    ways,
)
from codemods.verification.observing import Seen, observe
from flake8_paramassign.analysis import analyze
from flake8_paramassign.diagnostics import Applicability, Diagnostic
from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.rules import default_codes
from flake8_paramassign.settings import Settings

OPT_IN = ("PRM901", "PRM902", "PRM903")
"""Rules that sound programs break too, and that have a fix."""
REGISTERS = ("PRM102", "PRM103", "PRM104", "PRM105")
"""Rules whose fix registers something, and changes nothing of the first outputs."""
FREEZES = ("PRM203", "PRM304")
"""Rules whose fix leaves less to train."""
ONLY_TRAINED = "backward through the graph a second time"
"""What another defect raises as soon as a program has something to train."""
REACHING = ("parameters()", "modules()", ".apply(", ".double()", ".half()", "load_state_dict")
"""What does something with all that is registered, and so with what is registered newly."""


@dataclass(frozen=True)
class Mended:
    """A fix that was made, or several, and what is wrong with the result."""

    codes: tuple[str, ...]
    is_safe: bool
    source: str
    """What the program has become."""
    problem: str = ""
    note: str = ""
    """What the fix said of itself."""
    outcomes: tuple[tuple[str, str], ...] = ()
    """The rule of each finding, and what became of it where its fix alone was made."""


Place = tuple[str, int]
"""The rule of a finding, and its line."""


def mend(
    source: str, known: set[Place] | None = None, ends: frozenset[str] = frozenset()
) -> Iterator[Mended]:
    """Yield what came of all safe fixes together, and of each unsafe one.

    Nothing is told of findings that are ``known``; those of this program are so afterwards.
    ``ends`` is what the program raises without the statement that is mended.
    """
    settings = _settings(source)
    found = analyze_with_fixes(source.encode(), FILENAME, settings=settings)
    new = [d for d in found if known is None or _place(d) not in known]
    if known is not None:
        known |= set(map(_place, new))
    if not any(_applies(d, Applicability.SAFE, Applicability.UNSAFE) for d in new):
        return
    before, runs = run_all(source)

    def outcome(mended: str, one: Diagnostic) -> tuple[str, str]:
        treated = Treated(source, mended, one, ends)
        return one.code, treated.outcome(runs, found, _found(mended))

    if safe := [d for d in new if _applies(d, Applicability.SAFE)]:
        made = [d for d in found if _applies(d, Applicability.SAFE)]
        mended = fix_source(source.encode(), FILENAME, settings).source.decode()
        takers = [taker for d in made if d.code == "PRM106" for taker in d.trace]
        lines = frozenset([*(d.start.line for d in made), *(taker.start.line for taker in takers)])
        codes = tuple(sorted({diagnostic.code for diagnostic in safe}))
        outcomes = tuple(outcome(_with_one(source, found, d), d) for d in safe)
        problem = _safe_problem(source, mended, lines)
        yield Mended(codes, True, mended, problem, outcomes=outcomes)
    for diagnostic in new:
        if _applies(diagnostic, Applicability.UNSAFE) and diagnostic.fix:
            mended = _with_one(source, found, diagnostic)
            if mended != source:
                problem = _unsafe_problem(source, mended, diagnostic, before, ends)
                became = outcome(mended, diagnostic)
                note = diagnostic.fix.message
                yield Mended((diagnostic.code,), False, mended, problem, note, (became,))


def _settings(source: str) -> Settings:
    """Return all rules with a fix, and one style for half of the programs each."""
    style = "data" if len(source) % 2 else "no-grad"
    return Settings(default_codes().union(OPT_IN), style=style)


def _applies(diagnostic: Diagnostic, *applicabilities: Applicability) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.applicability in applicabilities


def _with_one(source: str, found: list[Diagnostic], wanted: Diagnostic) -> str:
    """Return the program with one fix made, of those that are ``found``.

    Others of the same rule and line are made with it: one statement stores several things.
    """
    written, is_alone = source.encode(), _is_alone(wanted, found)

    def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
        return _place(diagnostic) == _place(wanted)

    def known(source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
        if source == written:
            return found
        return [] if is_alone else analyze_with_fixes(source, filename, settings=settings)

    result = fix_source(
        *(source.encode(), FILENAME, _settings(source)),
        unsafe_fixes=True,
        accept=accept,
        analyze=known,
    )
    return result.source.decode()


def _place(diagnostic: Diagnostic) -> Place:
    return diagnostic.code, diagnostic.start.line


def _is_alone(diagnostic: Diagnostic, found: list[Diagnostic]) -> bool:
    return [*map(_place, found)].count(_place(diagnostic)) == 1


def _safe_problem(source: str, mended: str, lines: frozenset[int]) -> str:
    if new := _new_findings(source, mended):
        return f"it is found anew: {new}"
    for way in ways(source):
        with switched(way):
            before, after = _observed(source, lines), _observed(mended)
        differences, _ = compare(before, after)
        if differences and not _raises_there(source, lines, way):
            return "; ".join(map(str, differences[:3]))
    return ""


def _raises_there(source: str, lines: frozenset[int], way: frozenset[str]) -> bool:
    """Whether what is mended raises, even as it is meant: then it may become anything."""
    with as_meant(lines):
        return run(source, way).raised_at in lines


def _unsafe_problem(
    source: str, mended: str, found: Diagnostic, before: Record, ends: frozenset[str]
) -> str:
    after, _ = run_all(mended)
    if after.raised and after.raised in ends:
        return ""
    others = _told(source, but=found.start.line)
    if after.raised_at and mended.splitlines()[after.raised_at - 1] in others:
        return ""
    if before.raised_at == found.start.line and before.raised_as == after.raised_as == found.code:
        return f"it still raises {after.raised}" if _is_alone(found, _found(source)) else ""
    registers = found.code in REGISTERS
    if registers and any(word in source for word in REACHING):
        return ""
    new = _new_findings(source, mended, but=others)
    if new.startswith(RAISING):
        return f"it is found anew: {new}"
    if not before.trained and ONLY_TRAINED in after.raised:
        return ""
    if after.raised and not before.raised and not _is_announced(after, found):
        return f"it raises {after.raised}"
    compares = registers and not (before.raised or after.raised)
    return _first_outputs_differ(source, mended) if compares else ""


def _is_announced(after: Record, found: Diagnostic) -> bool:
    """Whether the fix's note says that this may be raised, or the fix is for nothing else."""
    note = found.fix.message if found.fix else ""
    misfits = any(words in after.raised for words in ("size of tensor", "output with shape"))
    shape = misfits and "raises where the shape" in note
    freezes = "empty" in after.facts and found.code in FREEZES
    return shape or freezes or after.raised.split(":")[0] in note


def _first_outputs_differ(source: str, mended: str) -> str:
    for way in ways(source):
        with switched(way):
            seen = [observe(trial_of(text)) for text in (source, mended)]
        before, after = (
            {key: value for key, value in one.items() if key[0] == "output" and key[2] == "step 1"}
            for one in seen
        )
        differences, _ = compare(before, after)
        if differences:
            return str(differences[0])
    return ""


@lru_cache(maxsize=4)
def _found(source: str) -> list[Diagnostic]:
    """Return what the linter says of a program, which is asked more than once."""
    return analyze(source, FILENAME, settings=Settings(default_codes().union(OPT_IN)))


def _defects(source: str) -> list[Diagnostic]:
    """Return what is found by the rules that no sound program breaks."""
    return [diagnostic for diagnostic in _found(source) if diagnostic.code in default_codes()]


def _told(source: str, *, but: int) -> frozenset[str]:
    """Return the lines of which the linter says something, save one.

    What is said of them, or raised there, may well change where only that one is mended.
    """
    lines = source.splitlines()
    told = {diagnostic.start.line for diagnostic in _defects(source)}
    return frozenset(lines[line - 1] for line in told - {but})


def _new_findings(source: str, mended: str, *, but: frozenset[str] = frozenset()) -> str:
    """Return what the linter says of a mended program, and did not say before.

    ``but`` are lines of which it may.
    """
    known = sorted(diagnostic.code for diagnostic in _defects(source))
    lines = mended.splitlines()
    for diagnostic in _defects(mended):
        if diagnostic.code in known:
            known.remove(diagnostic.code)
        elif lines[diagnostic.start.line - 1] not in but:
            return f"{diagnostic.code} {diagnostic.message}"
    return ""


def _observed(source: str, meant: frozenset[int] = frozenset()) -> Seen:
    trial = trial_of(source)
    build = trial.program.build

    def built(names: dict[str, Any]) -> Any:
        with as_meant(meant):
            return build(names)

    trial.program.build = built  # type: ignore[method-assign]
    return observe(trial)

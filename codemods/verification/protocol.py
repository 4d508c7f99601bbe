"""What is done with a fixture, and what has to come of it."""

from __future__ import annotations

import ast
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from codemods.verification import comparison
from codemods.verification.fixtures import (
    Broken,
    Claims,
    Exceptional,
    Fixture,
    FixtureError,
    read_claims,
)
from codemods.verification.jobs import Check, Job, Outcome
from codemods.verification.rewriting import Write, changed_lines, write_at
from codemods.verification.runner import Machine
from flake8_paramassign.fixes.engine import fix_source
from flake8_paramassign.rules.base import default_codes
from flake8_paramassign.settings import Settings

Run = Callable[[Job], Outcome]

OF_SOUND_PROGRAMS = (
    "registered",
    "saved",
    "follows dtype",
    "follows device",
    "slope",
    "trains",
    "leaves",
    "moves",
    "restored",
    "apart",
    "flags",
    "stored",
    "thawed",
)
"""What is checked of a look-alike, and of everything that it registers."""

ACTS_AS = {"simulated": "cuda"}
"""What shows on the one, shows on the other."""
TOLD = 4
"""How many differences are told of one fixture."""


@dataclass
class Verdict:
    """What came of one fixture."""

    fixture: Fixture
    device: str
    failed_how: str = ""
    """How the failing program failed, in a few words."""
    checks: list[Check] = field(default_factory=list)
    """The invariants of the fixed form, or of the sound look-alike."""
    compared: int = 0
    """How much of the fixed form was compared with the failing one as it is meant."""
    problems: list[str] = field(default_factory=list)
    """What is not as claimed."""
    skipped: str = ""
    """Why nothing was run."""
    seconds: float = 0.0

    @property
    def verified(self) -> bool:
        """Whether all was run and is as claimed."""
        return not self.problems and not self.skipped

    def count(self, status: str) -> int:
        """Return how many checks came out so."""
        return sum(check.status == status for check in self.checks)


def verify(fixture: Fixture, device: str, machine: Machine, run: Run) -> Verdict:
    """Run a fixture's programs and judge them; raises NotRunnable."""
    verdict = Verdict(fixture, device)
    begun = time.monotonic()
    try:
        claims = read_claims(fixture.program)
        verdict.skipped = _why_skipped(claims, device, machine)
        if not verdict.skipped:
            if fixture.fails:
                _verify_failing(verdict, claims, run)
            else:
                _verify_silent(verdict, claims, run)
    except (FixtureError, OSError, SyntaxError) as error:
        verdict.problems.append(str(error))
    verdict.seconds = time.monotonic() - begun
    return verdict


def _why_skipped(claims: Claims, device: str, machine: Machine) -> str:
    if not machine.has(device):
        return f"there is no {device} device here"
    if claims.devices and ACTS_AS.get(device, device) not in claims.devices:
        return f"shows on {', '.join(claims.devices)} only"
    if claims.since and _version(machine.torch) < claims.since:
        return f"shows from torch {'.'.join(map(str, claims.since))} on"
    return ""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("+")[0].split(".")[:2] if part.isdigit())


def _verify_silent(verdict: Verdict, claims: Claims, run: Run) -> None:
    program = verdict.fixture.program
    outcome = run(Job(program, verdict.device, claims.subjects, invariants=OF_SOUND_PROGRAMS))
    _expect_sound(verdict, program, outcome, claims.on_purpose)
    broken = {check.invariant for check in outcome.broken}
    held = {check.invariant for check in outcome.checks if check.status == "held"}
    # What is moved to a device is copied: there a program may keep what it breaks on the CPU.
    on_purpose = claims.on_purpose if verdict.device == "cpu" else ()
    verdict.problems += [
        f"{program.name} says that it breaks {name!r} on purpose, and keeps it"
        for name in on_purpose
        if name in held - broken
    ]


def _verify_failing(verdict: Verdict, claims: Claims, run: Run) -> None:
    fixture = verdict.fixture
    if not claims.finds or not claims.defect or not claims.subjects:
        raise FixtureError(f"{fixture.program}: 'finds', 'parameter' and 'defect' are needed")
    failing, fixed = _jobs(fixture, claims, verdict.device)
    if isinstance(claims.defect, Broken):
        failing = replace(failing, invariants=(claims.defect.phrase,))  # what else is no matter
    outcome = run(failing)
    verdict.failed_how = _failed_how(outcome, claims.defect)
    verdict.skipped = _why_not_seen(outcome, claims.defect)
    if verdict.skipped:
        return
    if why := _why_not_as_claimed(outcome, claims, fixture.program):
        verdict.problems.append(f"{fixture.program.name} does not fail as claimed: {why}")
    if why := _why_codemod_differs(fixture, claims):
        verdict.problems.append(why)
    if fixed and fixture.fixed:
        mended = run(fixed)
        _expect_sound(verdict, fixture.fixed, mended)
        if not outcome.died:
            _expect_as_meant(verdict, failing, fixed, run)
        held = {(c.invariant, c.subject) for c in mended.checks if c.status == "held"}
        if not outcome.died and not held & {(c.invariant, c.subject) for c in outcome.broken}:
            verdict.problems.append(f"{fixture.program.name} keeps all that its fixed form keeps")


def _expect_as_meant(verdict: Verdict, failing: Job, fixed: Job, run: Run) -> None:
    """Compare the fixed form with the failing one, run as its docstring says it is meant."""
    meant = replace(failing, as_meant=True)
    with tempfile.TemporaryDirectory(prefix="paramassign-") as folder:
        outcome = comparison.observe_both(meant, fixed, Path(folder), run)
    name = fixed.program.name
    if outcome.died:
        verdict.problems.append(f"{name}, compared with what is meant, was {outcome.died}")
    verdict.compared = sum(outcome.compared.values())
    if outcome.differences:
        told = "; ".join(map(str, outcome.differences[:TOLD]))
        more = f"; and {len(outcome.differences) - TOLD} more" * (len(outcome.differences) > TOLD)
        verdict.problems.append(f"{name} differs from what is meant: {told}{more}")


def _jobs(fixture: Fixture, claims: Claims, device: str) -> tuple[Job, Job | None]:
    """Return the jobs for the failing and the fixed form; both are held to the same promises."""
    source = fixture.program.read_bytes()
    found = {line for _, line in claims.finds}
    if not fixture.fixed:
        write = write_at(source, found)
        # Where nothing is rewritten, every promise is looked at: the claim says which is broken.
        promises = Write(in_place=True)
        return _job(fixture.program, claims, device, replace(promises, lines=write.lines)), None
    rewritten = fixture.fixed.read_bytes()
    write = write_at(source, changed_lines(source, rewritten) or found)
    promises = write_at(rewritten, changed_lines(rewritten, source))
    return (
        _job(fixture.program, claims, device, replace(promises, lines=write.lines)),
        _job(fixture.fixed, claims, device, promises),
    )


def _job(program: Path, claims: Claims, device: str, write: Write) -> Job:
    return Job(program, device, claims.subjects, claims.assigned, write=write)


def _failed_how(outcome: Outcome, defect: Exceptional | Broken) -> str:
    if outcome.died:
        return outcome.died
    if isinstance(defect, Exceptional):
        return str(outcome.raised or "it raises nothing")
    return str(defect) if _breaks(outcome, defect) else f"not: {defect}"


def _why_not_seen(outcome: Outcome, defect: Exceptional | Broken) -> str:
    """Return why a claim cannot be looked at on this machine; empty where it can."""
    if outcome.unable:
        return outcome.unable
    if not isinstance(defect, Broken) or outcome.died:
        return ""
    checks = [c for c in outcome.checks if (c.phrase, c.subject) == (defect.phrase, defect.subject)]
    unseen = [check for check in checks if check.status == "skipped"]
    return f"{defect}: {unseen[0].detail}" if unseen and unseen == checks else ""


def _breaks(outcome: Outcome, claim: Broken) -> bool:
    return any(
        check.phrase == claim.phrase and check.subject == claim.subject for check in outcome.broken
    )


def _why_not_as_claimed(outcome: Outcome, claims: Claims, program: Path) -> str:
    defect = claims.defect
    if outcome.died:
        return outcome.died
    if isinstance(defect, Broken):
        if outcome.raised and outcome.raised.stage == "build":
            return f"it raises {outcome.raised}"
        return "" if _breaks(outcome, defect) else f"it is not seen that {defect}"
    if outcome.raised is None:
        return "it raises nothing"
    assert defect
    raised = replace(outcome.raised, message=outcome.raised.message.replace("simulated", "cuda"))
    if (raised.type, raised.stage) != (defect.type, defect.stage) or not raised.message.startswith(
        defect.message
    ):
        return f"{raised}, instead of {defect} in {defect.stage}"
    line = claims.finds[0][1]
    if defect.stage == "build" and not set(raised.lines) & _statement(program, line):
        return f"{raised}, instead of at line {line}"
    return ""


def _statement(program: Path, line: int) -> set[int]:
    """Return the lines of the statements that begin at ``line``."""
    tree = ast.parse(program.read_bytes())
    ends = (
        node.end_lineno or line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno == line
    )
    return set(range(line, max(ends, default=line) + 1))


@cache
def can_rewrite() -> bool:
    """Return whether the codemod can be run here; with torch alone, what is kept is run."""
    try:
        import libcst  # noqa: F401
    except ImportError:
        return False
    return True


def _why_codemod_differs(fixture: Fixture, claims: Claims) -> str:
    """Return how what the codemod makes of the failing program differs from the kept form."""
    if not can_rewrite():
        return ""
    source = fixture.program.read_bytes()
    settings = Settings(select=default_codes() | {code for code, _ in claims.finds})
    result = fix_source(source, str(fixture.program), settings, unsafe_fixes=True)
    kept = fixture.fixed.read_bytes() if fixture.fixed else source
    if result.source == kept:
        told = {(diagnostic.code, diagnostic.start.line) for diagnostic, _ in result.left}
        untold = [] if fixture.fixed else sorted(set(claims.finds) - told)
        finds = ", ".join(f"{code} at line {line}" for code, line in untold)
        return f"the codemod does not say why it leaves {finds}" if finds else ""
    if result.source == source:
        left = "; ".join(f"{d.code} at line {d.start.line}: {why}" for d, why in result.left)
        return f"the codemod leaves it as it is ({left or 'it finds nothing'})"
    first = min(changed_lines(result.source, kept) or changed_lines(kept, result.source))
    line = b"".join(result.source.splitlines()[first - 1 : first]).decode(errors="replace")
    return f"the codemod writes otherwise at line {first}: {line.strip()}"


def _expect_sound(
    verdict: Verdict, program: Path, outcome: Outcome, on_purpose: tuple[str, ...] = ()
) -> None:
    verdict.checks = outcome.checks
    if outcome.raised and verdict.device == "meta":
        verdict.skipped = f"{program.name} needs values: {outcome.raised}"
    elif outcome.unable:
        verdict.skipped = f"{program.name}: {outcome.unable}"
    elif outcome.died:
        verdict.problems.append(f"{program.name} was {outcome.died}")
    elif outcome.raised:
        verdict.problems.append(f"{program.name} raises {outcome.raised}")
    else:
        verdict.problems += [
            f"{program.name}: {check.subject} {check.phrase}".replace(":  ", ": ")
            + f" ({check.invariant}: {check.detail})"
            for check in outcome.broken
            if check.invariant not in on_purpose
        ]
        if not any(check.status == "held" for check in outcome.checks):
            verdict.problems.append(f"{program.name}: no invariant was checked")

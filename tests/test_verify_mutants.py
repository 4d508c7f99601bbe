"""Each invariant is told from the others: its mutant breaks it, and breaks it alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from codemods.verification.fixtures import read_claims
from codemods.verification.jobs import Job
from codemods.verification.rewriting import write_at
from codemods.verification.runner import Machine, Runner

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

MUTANTS = sorted((Path(__file__).parent / "mutants").glob("*.mutant.py"))
FOLLOWS = {"identity": {"optimizer", "ties", "hooks", "ddp"}}
"""What cannot be kept where another is broken: these are about the object that is gone."""


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine.probe()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(jobs=1, limit=60) as runner:
        yield runner


def name(mutant: Path) -> str:
    return mutant.name.partition(".")[0]


def mutant_of(invariant: str) -> str:
    return invariant.replace(" ", "_").removesuffix("()")


def job(mutant: Path, device: str) -> Job:
    """Return the job that holds a mutant to a write in place at its lines marked ``# writes``."""
    source = mutant.read_bytes()
    marked = {n for n, line in enumerate(source.splitlines(), start=1) if b"# writes" in line}
    write = write_at(source, marked)
    claims = read_claims(mutant)
    return Job(
        mutant,
        device,
        claims.subjects,
        claims.assigned,
        writes=write.lines,
        in_place=bool(marked),
        through_data=write.through_data,
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_a_mutant_breaks_its_invariant_alone(
    mutant: Path, runner: Runner, machine: Machine
) -> None:
    device = (*read_claims(mutant).devices, "cpu")[0]
    if not machine.has(device):
        pytest.skip(f"there is no {device} device here")
    outcome = runner.run(job(mutant, device))
    assert not outcome.died
    broken = {mutant_of(check.invariant): check.detail for check in outcome.broken}
    assert set(broken) == {name(mutant)} | FOLLOWS.get(name(mutant), set()), broken


def test_every_invariant_has_a_mutant(runner: Runner) -> None:
    outcome = runner.run(job(MUTANTS[0], "cpu"))
    assert {mutant_of(c.invariant) for c in outcome.checks} == {name(path) for path in MUTANTS}

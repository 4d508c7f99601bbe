"""The oracle tested: programs are run, and what the harness says of them is looked at."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from codemods.verification.fixtures import Fixture, Subject, discover, read_claims
from codemods.verification.jobs import Job, Outcome
from codemods.verification.protocol import OF_SOUND_PROGRAMS, verify
from codemods.verification.report import as_json
from codemods.verification.rewriting import write_at
from codemods.verification.runner import Machine, Runner
from codemods.verify import main as verify_command

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

FIXTURES = Path(__file__).parent.parent / "fixtures"
MUTANTS = sorted((Path(__file__).parent / "mutants").glob("*.mutant.py"))
FOLLOWS = {
    "identity": {"optimizer", "ties", "hooks", "ddp"},
    "ties": {"identity", "storage", "optimizer", "ddp"},
    "form": {"value"},
    "follows_device": {"moves"},
    "leaf": {"leaves"},
    "saved": {"restored"},
}
"""What cannot be kept where another is broken; for ``ties``, by the Parameter that was tied."""
IN_PLACE = ("identity", "optimizer", "storage")
"""Mutants whose form does not promise what they break: they are held to it even so."""

SCALE = """\
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.weight


def build(device):
    model = Scale().to(device)
    pass  # the write
    return model


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
"""
WEIGHT = (Subject("weight"),)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine.probe()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(jobs=1, limit=60) as runner:
        yield runner


def program(folder: Path, write: str = "pass", name: str = "scale.py") -> Path:
    """Return a program that writes its weight so; ``write`` is one line."""
    path = folder / name
    path.write_text(SCALE.replace("pass  # the write", write))
    return path


def writing(path: Path, line: int = 16) -> Job:
    """Return the job that holds a program to what the form of its write promises."""
    write = write_at(path.read_bytes(), {line})
    return Job(path, "cpu", WEIGHT, ("torch.full((3,), 2.0)",), write=write)


def results(outcome: Outcome, invariant: str) -> list[tuple[str, str]]:
    """Return status and remark of each check of an invariant."""
    return [(c.status, c.detail) for c in outcome.checks if c.invariant == invariant]


def name(mutant: Path) -> str:
    return mutant.name.partition(".")[0]


def mutant_of(invariant: str) -> str:
    return invariant.replace(" ", "_").removesuffix("()")


def mutated(mutant: Path, device: str) -> Job:
    """Return the job that holds a mutant to a write in place at its lines marked ``# writes``."""
    source = mutant.read_bytes()
    marked = {n for n, line in enumerate(source.splitlines(), start=1) if b"# writes" in line}
    write = replace(write_at(source, marked), in_place=bool(marked))
    claims = read_claims(mutant)
    return Job(mutant, device, claims.subjects, claims.assigned, write=write)


def defective(mutant: Path, folder: Path) -> None:
    """Write a fixture to ``folder`` whose fixed form is the mutant.

    The failing one has a store that is refused in the place of what the mutant writes, or beside.
    """
    lines = mutant.read_text("utf-8").splitlines()
    end = ast.parse("\n".join(lines)).body[0].end_lineno or 0
    claims = [line for line in lines[:end] if line.startswith(("parameter: ", "assigned: "))]
    lines = ['"""A mutant.', "", "FINDS", *claims, "defect: TypeError: cannot", '"""', *lines[end:]]
    build = next(n for n in ast.parse("\n".join(lines)).body if getattr(n, "name", "") == "build")
    body: list[ast.stmt] = getattr(build, "body", [])
    spans = [range(s.lineno, (s.end_lineno or s.lineno) + 1) for s in body]
    written = [span for span in spans if any("# writes" in lines[n - 1] for n in span)]
    first = (written or spans)[0 if written else -1][0]
    failing = [text for n, text in enumerate(lines, 1) if not any(n in span for span in written)]
    failing.insert(first - 1, "    nn.PReLU(3).weight = torch.ones(3)")
    for form, text in (("fails", failing), ("fixed", lines)):
        program = "\n".join(text).replace("FINDS", f"finds: PRM101 at line {first}")
        (folder / f"{name(mutant)}.{form}.py").write_text(f"{program}\n", "utf-8")


def test_each_mutant_is_seen_to_break_its_invariant_alone_through_the_command_line(
    tmp_path: Path,
) -> None:
    held_to = {mutant_of(invariant) for invariant in OF_SOUND_PROGRAMS}
    (tmp_path / "silent").mkdir()
    paired = [m for m in MUTANTS if name(m) not in IN_PLACE and not read_claims(m).devices]
    for mutant in paired:
        defective(mutant, tmp_path)
    for mutant in MUTANTS:
        if name(mutant) in held_to:
            (tmp_path / "silent" / f"{name(mutant)}.silent.py").write_bytes(mutant.read_bytes())
    report = tmp_path / "seen.json"
    status = verify_command([str(tmp_path), "--device=cpu", f"--json={report}", "--jobs=1"])
    seen: dict[str, set[str]] = {"silent": set(), "fails": set()}
    for fixture in json.loads(report.read_text())["fixtures"]:
        invariant, kind, _ = Path(fixture["program"]).name.split(".")
        broken = {
            mutant_of(c["invariant"]) for c in fixture["invariants"] if c["status"] == "broken"
        }
        assert fixture["problems"]
        seen[kind].add(invariant)
        if kind == "silent":
            assert invariant in broken, fixture["problems"]
        else:
            assert broken == {invariant} | FOLLOWS.get(invariant, set()), invariant
    assert (status, seen) == (1, {"silent": held_to, "fails": {*map(name, paired)}})


@pytest.mark.parametrize(
    "mutant", [m for m in MUTANTS if name(m) in IN_PLACE or read_claims(m).devices], ids=name
)
def test_a_mutant_breaks_its_invariant_alone(
    mutant: Path, runner: Runner, machine: Machine
) -> None:
    device = (*read_claims(mutant).devices, "cpu")[0]
    if not machine.has(device):
        pytest.skip(f"there is no {device} device here")
    outcome = runner.run(mutated(mutant, device))
    assert not outcome.died
    broken = {mutant_of(check.invariant): check.detail for check in outcome.broken}
    assert set(broken) == {name(mutant)} | FOLLOWS.get(name(mutant), set()), broken


def test_every_invariant_has_a_mutant(runner: Runner) -> None:
    outcome = runner.run(mutated(MUTANTS[0], "cpu"))
    assert {mutant_of(c.invariant) for c in outcome.checks} == {name(path) for path in MUTANTS}


@pytest.mark.parametrize(
    "write",
    [
        "model.weight.data.fill_(2.0)",
        "with torch.no_grad(): model.weight.fill_(2.0)",
        "model.weight = nn.Parameter(torch.full((3,), 2.0, device=device))",
    ],
)
def test_a_sound_write_keeps_everything(tmp_path: Path, runner: Runner, write: str) -> None:
    outcome = runner.run(writing(program(tmp_path, write)))
    assert (outcome.died, outcome.raised, outcome.broken) == ("", None, [])
    assert results(outcome, "value") == [("held", "")]


def test_a_write_through_data_is_unseen_and_one_without_grad_raises(
    tmp_path: Path, runner: Runner
) -> None:
    data = writing(program(tmp_path, "model.weight.data.fill_(2.0)", "data.py"))
    no_grad = writing(program(tmp_path, "with torch.no_grad(): model.weight.fill_(2.0)"))
    [unseen], [seen], [judged_as_no_grad] = (
        results(runner.run(job), "seen by autograd")
        for job in (data, no_grad, replace(data, write=replace(data.write, through_data=False)))
    )
    assert seen == ("held", "backward() raises")
    assert unseen[0] == "announced"
    assert "raises nothing and the gradient is silently wrong" in unseen[1]
    assert judged_as_no_grad[0] == "broken"


def test_a_new_parameter_promises_nothing_of_the_old_one(tmp_path: Path, runner: Runner) -> None:
    write = "model.weight = nn.Parameter(torch.full((3,), 2.0))"
    outcome = runner.run(writing(program(tmp_path, write)))
    for invariant in ("identity", "optimizer", "ties", "hooks"):
        [(status, reason)] = results(outcome, invariant)
        assert status == "n/a"
        assert "new Parameter" in reason


def test_what_needs_a_gpu_is_skipped_by_name(tmp_path: Path, runner: Runner) -> None:
    outcome = runner.run(writing(program(tmp_path)))
    for invariant in ("cuda graph", "memory"):
        assert results(outcome, invariant) == [("skipped", "needs a CUDA device")]
    [(status, reason)] = results(outcome, "cuda()")
    assert (status, reason) == ("skipped", "needs a CUDA device, or the simulated one")


def test_on_meta_what_is_about_values_is_skipped_by_name(tmp_path: Path, runner: Runner) -> None:
    outcome = runner.run(replace(writing(program(tmp_path)), device="meta"))
    assert results(outcome, "registered") == [("held", "")]
    assert results(outcome, "gradient") == [("skipped", "a meta tensor holds no values")]
    assert outcome.broken == []


@pytest.mark.parametrize(
    ("write", "stage", "line"),
    [
        ("model.weight = torch.ones(3)", "build", 16),
        ("optimizer = torch.optim.SGD([2 * model.weight])", "optimizer", 16),
        ("model.forward = lambda x: x.nothing", "forward", 16),
        ("model.forward = lambda x: x.sum()", "backward", None),
    ],
)
def test_an_exception_is_told_with_its_stage_and_line(
    tmp_path: Path, runner: Runner, write: str, stage: str, line: int | None
) -> None:
    raised = runner.run(writing(program(tmp_path, write))).raised
    assert raised
    assert (raised.stage, (*raised.lines, None)[-1 - bool(raised.lines)]) == (stage, line)


@pytest.mark.parametrize(
    ("write", "end"),
    [
        ("import time; time.sleep(60)", "killed after 2 s while running ddp"),
        ("import os; os.abort()", "killed by SIGABRT while running registered"),
        ("import os; os._exit(3)", "exited with status 3 while running registered"),
    ],
)
def test_a_program_that_hangs_or_crashes_is_told_and_the_next_one_runs(
    tmp_path: Path, runner: Runner, write: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "limit", 2.0)
    assert end in runner.run(writing(program(tmp_path, write))).died
    monkeypatch.undo()
    assert not runner.run(writing(program(tmp_path))).died


def test_on_other_devices_a_program_has_a_fresh_process_which_does_the_same(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = writing(program(tmp_path, "model.weight.data.fill_(2.0)"))
    forked = runner.run(job)
    monkeypatch.setattr("codemods.verification.runner.FORKED", ())
    assert runner.run(job) == forked
    monkeypatch.setattr(runner, "limit", 0.5)
    assert "killed after 0.5 s" in runner.run(job).died


def test_a_view_that_a_function_held_before_the_write_is_no_source(
    tmp_path: Path, runner: Runner
) -> None:
    kept = "state = model.state_dict(); state['weight'].fill_(2.0)"
    source = "new = torch.full((3,), 2.0, device=device); model.weight.data = new"
    for write, status in ((kept, "held"), (source, "broken")):
        job = writing(program(tmp_path, write))
        job = replace(job, write=replace(job.write, in_place=True))
        assert results(runner.run(job), "unaliased")[0][0] == status


def test_each_program_has_a_process_of_its_own(tmp_path: Path, runner: Runner) -> None:
    runner.run(writing(program(tmp_path, "import json; json.dumps = None")))
    runner.run(writing(program(tmp_path, "import torch; del torch.nn.Linear")))
    sound = writing(program(tmp_path, "model.weight.data.fill_(2.0)"))
    assert not runner.run(sound).broken


def test_a_fixture_of_the_project_is_verified_the_same_twice(
    runner: Runner, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixtures = discover([FIXTURES / "question"])

    def report() -> object:
        seen = json.loads(
            as_json([verify(fixture, "cpu", machine, runner.run) for fixture in fixtures], machine)
        )
        for fixture in seen["fixtures"]:
            del fixture["seconds"]
        return seen

    assert report() == report()


def test_a_fixture_folder_is_first_on_the_path(tmp_path: Path, runner: Runner) -> None:
    (tmp_path / "layer.py").write_text(SCALE)
    path = tmp_path / "a.silent.py"
    path.write_text('"""A program."""\nfrom layer import build, inputs\n')
    assert not runner.run(Job(path, "cpu")).died
    assert not runner.run(Job(path, "cpu")).raised


def test_the_unverified_are_never_verified(machine: Machine, runner: Runner) -> None:
    fixture = Fixture("PRM101", "missing", Path("missing.fails.py"))
    assert verify(fixture, "cpu", machine, runner.run).problems

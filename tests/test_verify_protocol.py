"""What has to come of a fixture, shown on made-up outcomes: nothing is executed here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codemods.verification import protocol
from codemods.verification.fixtures import discover
from codemods.verification.jobs import Check, Difference, Job, Outcome, Raised
from codemods.verification.protocol import Run, Verdict, verify
from codemods.verification.rewriting import Write
from codemods.verification.runner import Machine
from flake8_paramassign.diagnostics import Diagnostic, Position
from flake8_paramassign.fixes import engine

CPU_ONLY = Machine("2.13.0+cpu", cuda="", mps=False)

FAILS = '''\
"""A tensor over a weight.

finds: PRM101 at line 10
parameter: weight
assigned: torch.ones(3)
defect: TypeError: cannot assign
"""
def build(device):
    model = Net()
    model.weight = torch.ones(3)
    return model
def inputs(device):
    return (torch.ones(2, 3),)
'''
SILENT = FAILS.partition("finds")[0] + '"""' + FAILS.rpartition('"""')[2]
FIXED = FAILS.replace("weight = torch.ones(3)", "weight.data.copy_(torch.ones(3))")
RAISED = Raised("TypeError", "cannot assign 'torch.FloatTensor'", "build", (10,))
KEPT = [Check("saved", "is not saved", "held", subject="weight")]
HELD = [Check("registered", "is not registered", "held", subject="weight")]
BROKEN = [Check("registered", "is not registered", "broken", "only bias", "weight")]


LEFT = Diagnostic("PRM101", "tensor-over-parameter", "", Position(10, 4), Position(10, 32))


class Programs:
    """Answers jobs with outcomes that are written down, by the ending of the program's name."""

    def __init__(self, fails: Outcome, fixed: Outcome | None = None) -> None:
        self.outcomes = {"fails": fails, "fixed": fixed or Outcome(checks=HELD), "silent": fails}
        self.jobs: dict[str, Job] = {}

    def __call__(self, job: Job) -> Outcome:
        kind = job.program.name.split(".")[1]
        self.jobs[kind] = job
        return self.outcomes[kind]


@pytest.fixture(autouse=True)
def codemod(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the codemod write the kept form; call it to let it write or leave something else."""

    def write(text: str, *left: tuple[Diagnostic, str]) -> None:
        def fix_source(*_: object, **__: object) -> engine.FixResult:
            return engine.FixResult(text.encode(), left=[*left])

        monkeypatch.setattr(protocol, "fix_source", fix_source)

    write(FIXED)
    return write


def verdict(folder: Path, run: Run, device: str = "cpu", **texts: str) -> Verdict:
    """Verify the one fixture that consists of ``texts``."""
    for kind, text in (texts or {"fails": FAILS, "fixed": FIXED}).items():
        (folder / f"a.{kind}.py").write_text(text)
    [fixture] = discover([folder])
    return verify(fixture, device, CPU_ONLY, run)


def test_a_fixture_that_is_as_claimed_is_verified(tmp_path: Path) -> None:
    result = verdict(tmp_path, Programs(Outcome(RAISED, BROKEN)))
    assert result.verified, result.problems
    assert result.failed_how.startswith("TypeError at line 10 in build")
    assert result.checks == HELD


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (Outcome(checks=BROKEN), "raises nothing"),
        (Outcome(Raised("TypeError", "cannot assign", "build", (9,)), BROKEN), "at line 10"),
        (Outcome(Raised("TypeError", "cannot assign", "forward", (10,)), BROKEN), "in build"),
        (Outcome(Raised("ValueError", "cannot assign", "build", (10,)), BROKEN), "TypeError"),
        (Outcome(Raised("TypeError", "cannot", "build", (10,)), BROKEN), "cannot assign"),
        (Outcome(died="killed after 60 s while running build"), "killed after 60 s"),
    ],
)
def test_a_program_that_fails_otherwise_is_an_error(
    tmp_path: Path, outcome: Outcome, problem: str
) -> None:
    [found] = verdict(tmp_path, Programs(outcome)).problems
    assert "does not fail as claimed" in found
    assert problem in found


def test_a_failing_program_that_keeps_all_that_its_fixed_form_keeps_is_an_error(
    tmp_path: Path,
) -> None:
    [found] = verdict(tmp_path, Programs(Outcome(RAISED, HELD))).problems
    assert "keeps all" in found


def test_a_broken_invariant_may_be_the_claim(
    tmp_path: Path, codemod: Callable[[str], None]
) -> None:
    texts = {
        kind: text.replace("TypeError: cannot assign", "weight is not registered")
        for kind, text in {"fails": FAILS, "fixed": FIXED}.items()
    }
    codemod(texts["fixed"])
    assert verdict(tmp_path, Programs(Outcome(checks=BROKEN)), **texts).failed_how == (
        "weight is not registered"
    )
    [found, _] = verdict(tmp_path, Programs(Outcome(checks=HELD)), **texts).problems
    assert "it is not seen that weight is not registered" in found
    raised = verdict(tmp_path, Programs(Outcome(RAISED, BROKEN)), **texts)
    assert "it raises TypeError" in raised.problems[0]


def test_a_claim_of_which_nothing_can_be_seen_is_skipped_by_name(tmp_path: Path) -> None:
    unseen = [Check("registered", "is not registered", "skipped", "a meta tensor", "weight")]
    text = FAILS.replace("TypeError: cannot assign", "weight is not registered")
    result = verdict(tmp_path, Programs(Outcome(checks=unseen)), fails=text, fixed=FIXED)
    assert result.skipped == "weight is not registered: a meta tensor"
    assert not result.verified


def test_a_claim_that_does_not_apply_is_an_error(tmp_path: Path) -> None:
    foreign = [Check("registered", "is not registered", "n/a", "it is a buffer", "weight")]
    text = FAILS.replace("TypeError: cannot assign", "weight is not registered")
    result = verdict(tmp_path, Programs(Outcome(checks=foreign)), fails=text, fixed=FIXED)
    assert (result.skipped, "it is not seen that" in result.problems[0]) == ("", True)


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (Outcome(checks=BROKEN), "weight is not registered (registered: only bias)"),
        (Outcome(RAISED, HELD), "raises TypeError"),
        (Outcome(died="killed by SIGSEGV while running amp"), "killed by SIGSEGV"),
        (Outcome(), "no invariant was checked"),
    ],
)
def test_a_fixed_form_that_breaks_something_is_an_error(
    tmp_path: Path, outcome: Outcome, problem: str
) -> None:
    found = verdict(tmp_path, Programs(Outcome(RAISED, BROKEN), outcome)).problems
    assert problem in found[0]


def test_what_the_codemod_writes_is_the_kept_form(
    tmp_path: Path, codemod: Callable[[str], None]
) -> None:
    codemod(FIXED.replace("copy_", "fill_"))
    [found] = verdict(tmp_path, Programs(Outcome(RAISED, BROKEN))).problems
    assert found.startswith("the codemod writes otherwise at line 10: model.weight.data.fill_")
    codemod(FAILS)
    [found] = verdict(tmp_path, Programs(Outcome(RAISED, BROKEN))).problems
    assert "the codemod leaves it as it is" in found


def test_without_a_fixed_form_the_codemod_leaves_the_program_alone_and_says_why(
    tmp_path: Path, codemod: Callable[..., None]
) -> None:
    codemod(FAILS, (LEFT, "it has two readings"))
    assert verdict(tmp_path, Programs(Outcome(RAISED)), fails=FAILS).verified
    codemod(FAILS)
    [found] = verdict(tmp_path, Programs(Outcome(RAISED)), fails=FAILS).problems
    assert found == "the codemod does not say why it leaves PRM101 at line 10"
    codemod(FIXED)
    assert "otherwise" in verdict(tmp_path, Programs(Outcome(RAISED)), fails=FAILS).problems[0]


def test_a_look_alike_has_to_run_and_keep_what_it_is_asked(tmp_path: Path) -> None:
    assert verdict(tmp_path, Programs(Outcome(checks=HELD)), silent=SILENT).verified
    assert verdict(tmp_path, Programs(Outcome(checks=BROKEN)), silent=SILENT).problems
    assert verdict(tmp_path, Programs(Outcome(RAISED, HELD)), silent=SILENT).problems


def test_a_look_alike_may_break_what_it_says_and_has_to(tmp_path: Path) -> None:
    text = SILENT.replace("weight.\n", "weight.\n\non purpose: registered\n")
    assert verdict(tmp_path, Programs(Outcome(checks=[*BROKEN, *KEPT])), silent=text).verified
    [found] = verdict(tmp_path, Programs(Outcome(checks=HELD)), silent=text).problems
    assert found == "a.silent.py says that it breaks 'registered' on purpose, and keeps it"


def test_a_fixed_form_that_differs_from_what_is_meant_is_an_error(tmp_path: Path) -> None:
    differs = Difference("output", "", "step 1", "1", "2")

    def run(job: Job) -> Outcome:
        if job.observed:
            job.observed.touch()
            return Outcome(differences=[differs] * 5 if job.against else [])
        return Outcome(RAISED, BROKEN) if job.program.name == "a.fails.py" else Outcome(checks=HELD)

    [found] = verdict(tmp_path, run).problems
    told = "; ".join([str(differs)] * 4)
    assert found == f"a.fixed.py differs from what is meant: {told}; and 1 more"


@pytest.mark.parametrize(
    ("line", "device", "reason"),
    [
        ("devices: cuda", "cpu", "shows on cuda only"),
        ("devices: cpu", "simulated", "shows on cpu only"),
        ("since: 99.0", "cpu", "shows from torch 99.0 on"),
        ("since: 2.0", "cuda", "there is no cuda device here"),
    ],
)
def test_what_cannot_be_run_here_is_skipped_by_name_and_is_not_verified(
    tmp_path: Path, line: str, device: str, reason: str
) -> None:
    text = FAILS.replace('assign\n"""', f'assign\n{line}\n"""')
    run = Programs(Outcome(RAISED, BROKEN))
    result = verdict(tmp_path, run, device, fails=text)
    assert (result.skipped, result.verified, run.jobs) == (reason, False, {})


def test_a_docstring_without_a_claim_is_an_error(tmp_path: Path) -> None:
    [found] = verdict(tmp_path, Programs(Outcome()), fails=SILENT).problems
    assert "'finds', 'parameter' and 'defect' are needed" in found


def test_both_forms_are_held_to_what_the_rewrite_promises(tmp_path: Path) -> None:
    run = Programs(Outcome(RAISED, BROKEN))
    verdict(tmp_path, run)
    for job in run.jobs.values():
        assert job.write == Write((10,), in_place=True, through_data=True)

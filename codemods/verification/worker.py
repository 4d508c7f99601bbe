"""The child process that runs programs: ``python -m codemods.verification.worker``.

With the names of a job file and a reply file it runs one program and ends. With ``--serve`` it
imports torch once, which takes longer than most programs, and forks a process for every job
that it reads from standard input. With ``--invariants`` it says what is checked.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import torch

from codemods.verification import simulated
from codemods.verification.differences import compare
from codemods.verification.fixtures import Subject
from codemods.verification.invariants import INVARIANTS
from codemods.verification.jobs import Errand, Job, Raised, describe_end
from codemods.verification.observing import observe
from codemods.verification.reasons import DoesNotApply
from codemods.verification.scrubbing import scrubbed
from codemods.verification.trial import StageError, Trial

Say = Callable[[str, Any], None]
POLL = 0.005


def main(arguments: list[str]) -> None:
    """Run one job, or serve, or say what is checked."""
    if arguments == ["--serve"]:
        serve()
    elif arguments == ["--invariants"]:
        width = max(map(len, INVARIANTS))
        print(*(f"{i.name:{width}}  {i.sentence}" for i in INVARIANTS.values()), sep="\n")
    else:
        job, reply = map(Path, arguments)
        run_job(job, reply)


def run_job(job: Path, reply: Path) -> None:
    """Run the job in the file ``job``; write what comes of it to ``reply``, a line at a time."""
    with reply.open("w", encoding="utf-8", buffering=1) as lines:

        def say(kind: str, content: Any) -> None:
            lines.write(json.dumps({kind: content}) + "\n")

        _run(Job.from_json(job.read_text("utf-8")), say)


def _run(job: Job, say: Say) -> None:
    if job.program.is_file():
        sys.path.insert(0, str(job.program.parent))
    if job.folder:
        os.chdir(job.folder)
        sys.path.insert(1, str(job.folder))
    torch.set_num_threads(1)
    with simulated.available() if job.device == simulated.NAME else nullcontext():
        _carry_out(job, say)
    say("done", True)


def _carry_out(job: Job, say: Say) -> None:
    try:
        trial = Trial(job)
    except (OSError, SyntaxError, ValueError) as error:
        raised = Raised(type(error).__name__, scrubbed(str(error)), "build", ())
        say("raised", asdict(raised))
        return
    if job.observed:
        _observe(trial, job.observed, say)
    else:
        _check(trial, say)


def _observe(trial: Trial, into: Path, say: Say) -> None:
    """Keep what is observed of the program, and compare it with what was of another version."""
    say("running", "what is observed")
    try:
        seen = observe(trial)
    except DoesNotApply as reason:
        say("n/a", str(reason))
        return
    torch.save(seen, into)
    if trial.job.against:
        differences, compared = compare(torch.load(trial.job.against, weights_only=False), seen)
        for difference in differences:
            say("difference", asdict(difference))
        say("compared", compared)


def _check(trial: Trial, say: Say) -> None:
    """Check the invariants, and play the program."""
    job = trial.job
    subjects: tuple[Subject, ...] | None = None
    for invariant in INVARIANTS.values():
        if job.invariants and not {invariant.name, invariant.phrase} & {*job.invariants}:
            continue
        say("running", invariant.name)
        if invariant.of_subject and subjects is None:
            subjects = _subjects(trial)
        for check in invariant.checks(trial, subjects or ()):
            say("check", asdict(check))
    say("running", "two steps of training")
    try:
        trial.play()
    except StageError as error:
        raised = _raised(trial, error)
        if unable := simulated.cannot(error.__cause__ or error):
            say("unable", unable)
        say("raised", asdict(raised))
    except DoesNotApply:
        pass  # there is nothing to call the module with


def _subjects(trial: Trial) -> tuple[Subject, ...]:
    try:
        return trial.subjects(trial.run())
    except StageError:
        return trial.job.subjects  # what the program raises is told when it is played


def _raised(trial: Trial, error: StageError) -> Raised:
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)
    lines = tuple(frame.lineno or 0 for frame in frames if frame.filename == trial.filename)
    # A program may make its optimizer in build().
    optimizers = str(Path(torch.optim.__file__).parent)
    in_optimizer = any(frame.filename.startswith(optimizers) for frame in frames)
    stage = "optimizer" if in_optimizer else error.stage
    return Raised(type(cause).__name__, scrubbed(str(cause)), stage, lines)


def serve() -> None:
    """Fork a process for each errand on standard input; say on standard output how it ended."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt ends
    # What a program prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    for line in sys.stdin:
        errand = Errand(**json.loads(line))
        job = Job.from_json(Path(errand.job).read_text("utf-8"))
        _warm_up(compiles=job.device == "cpu" and not job.invariants and not job.observed)
        answers.write(f"{_fork(errand, parent)}\n")


@cache
def _warm_up(*, compiles: bool) -> None:
    """Do once here, and not in each child, what makes torch import its compiler, or compile.

    That takes seconds. It runs no autograd, and starts no thread: neither survives a fork.
    """
    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1).step()
    if compiles and hasattr(torch, "compile"):
        torch.compile(torch.nn.Linear(1, 1), backend="eager")(torch.zeros(1, 1))


def _fork(errand: Errand, parent: int) -> str:
    child = os.fork()
    if child == 0:
        _become(errand)
    deadline = time.monotonic() + errand.limit
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return describe_end(os.waitstatus_to_exitcode(status))
        orphaned = os.getppid() != parent
        if orphaned or time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            if orphaned:
                sys.exit()
            return f"killed after {errand.limit:g} s"
        time.sleep(POLL)


def _become(errand: Errand) -> None:
    """Run an errand in this process, which has just been forked, and end it."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(errand.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        run_job(Path(errand.job), Path(errand.reply))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])

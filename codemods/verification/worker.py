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
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import torch

from codemods.verification.fixtures import Subject
from codemods.verification.invariants import INVARIANTS
from codemods.verification.jobs import Errand, Job, Raised, describe_end
from codemods.verification.scrubbing import scrubbed
from codemods.verification.trial import DoesNotApply, StageError, Trial

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
    sys.path.insert(0, str(job.program.parent))
    if job.folder:
        os.chdir(job.folder)
        sys.path.insert(1, str(job.folder))
    torch.set_num_threads(1)
    try:
        trial = Trial(job)
    except (OSError, SyntaxError, ValueError) as error:
        raised = Raised(type(error).__name__, scrubbed(str(error)), "build", ())
        say("raised", asdict(raised))
        say("done", True)
        return
    subjects: tuple[Subject, ...] | None = None
    for invariant in INVARIANTS.values():
        if job.invariants and invariant.name not in job.invariants:
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
        say("raised", asdict(_raised(trial, error)))
    except DoesNotApply:
        pass  # there is nothing to call the module with
    say("done", True)


def _subjects(trial: Trial) -> tuple[Subject, ...]:
    try:
        return trial.job.subjects or trial.subjects(trial.run())
    except StageError:
        return ()  # what the program raises is told when it is played


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
        if not Job.from_json(Path(errand.job).read_text("utf-8")).invariants:
            _warm_up()
        answers.write(f"{_fork(errand, parent)}\n")


@cache
def _warm_up() -> None:
    """Compile once here, which takes seconds, and not in each child; it starts no thread."""
    torch.set_num_threads(1)
    if hasattr(torch, "compile"):
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

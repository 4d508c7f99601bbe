"""Running programs in processes of their own, with a time limit."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from codemods.verification.jobs import Errand, Job, Outcome, describe_end

PACKAGE_ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = [sys.executable, "-m", "codemods.verification.worker"]
FORKED = ("cpu", "simulated", "meta")
"""Devices whose programs may be forked: a GPU's driver does not survive a fork."""

_PROBE = """
import json, torch
cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
mps = hasattr(torch.backends, "mps") and torch.backends.mps.is_available()
import torch.utils.backend_registration as backends
simulated = hasattr(backends, "_setup_privateuseone_for_python_backend")
print(json.dumps({"torch": torch.__version__, "cuda": cuda, "mps": mps, "simulated": simulated}))
"""


class NotRunnable(Exception):
    """No program can be run here; the text is one line that says why."""


def invariants() -> str:
    """Return a line for each invariant: its name and what holds. Raises NotRunnable."""
    return _asked([*WORKER, "--invariants"])


def _asked(command: list[str]) -> str:
    """Return what a process prints that imports torch; raises NotRunnable where it cannot."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=scratch, env=environment()
        )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [describe_end(done.returncode)])[-1]
        raise NotRunnable(f"torch cannot be imported by {sys.executable}: {why}")
    return done.stdout


@dataclass(frozen=True)
class Machine:
    """What there is to run programs on."""

    torch: str
    cuda: str
    """The name of the CUDA device; empty where there is none."""
    mps: bool
    simulated: bool = True
    """Whether torch can have a device written in Python."""

    @classmethod
    def probe(cls) -> Machine:
        """Ask a child process; raises NotRunnable where torch cannot be imported."""
        return cls(**json.loads(_asked([sys.executable, "-c", _PROBE]).splitlines()[-1]))

    @property
    def best(self) -> str:
        """What ``auto`` means here."""
        return "cuda" if self.cuda else "mps" if self.mps else "cpu"

    def has(self, device: str) -> bool:
        """Whether programs can be run on ``device``."""
        kinds = {"cuda": bool(self.cuda), "mps": self.mps, "simulated": self.simulated}
        return kinds.get(device, True)


class Runner:
    """Runs jobs, at most ``jobs`` at a time; ``run`` may be called from as many threads.

    On the CPU a program's process is forked from one that has imported torch; on other
    devices it is started afresh.
    """

    def __init__(self, jobs: int, limit: float) -> None:
        """``limit`` is how many seconds a program may take."""
        self.limit = limit
        self._scratch = tempfile.TemporaryDirectory(prefix="paramassign-")
        self._places: queue.LifoQueue[_ForkServer | None] = queue.LifoQueue()
        self._count = jobs
        for _ in range(jobs):
            self._places.put(None)

    def __enter__(self) -> Runner:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every process that was started."""
        for _place in range(self._count):
            if server := self._places.get():
                server.close()
        self._scratch.cleanup()

    def run(self, job: Job) -> Outcome:
        """Run one program; whatever becomes of it is told in the outcome. Raises NotRunnable."""
        server = self._places.get()
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch.name) as folder:
                here = Path(folder)
                (here / "job").write_text(_at_home_in(here, job).to_json(), "utf-8")
                errand = Errand(
                    str(here / "job"), str(here / "reply"), str(here / "log"), self.limit
                )
                if job.device in FORKED and hasattr(os, "fork"):
                    server = server or _ForkServer(self._scratch.name)
                    end = server.answer(errand)
                    if end is None:
                        server.close()
                        server, end = None, "the process that forks it died"
                else:
                    end = _run_afresh(errand, folder)
                return _outcome(errand, end)
        finally:
            self._places.put(server)


def _at_home_in(folder: Path, job: Job) -> Job:
    """Return the job as it is read from another working directory."""
    return replace(job, program=job.program.resolve(), folder=job.folder or folder)


def _outcome(errand: Errand, end: str) -> Outcome:
    reply, log = Path(errand.reply), Path(errand.log)
    lines = reply.read_text("utf-8").splitlines() if reply.exists() else []
    outcome = Outcome.read(lines, end)
    if outcome.died and log.exists():
        last = log.read_text("utf-8", "replace").strip().splitlines()[-1:]
        outcome.died += "".join(f": {line}" for line in last)
    return outcome


class _ForkServer:
    """A process that has imported torch and forks another for each errand."""

    def __init__(self, scratch: str) -> None:
        self._process = subprocess.Popen(
            [*WORKER, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=scratch,
            env=environment(),
        )

    def answer(self, errand: Errand) -> str | None:
        """Return how the errand's process ended, or None where there was no answer."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(asdict(errand)) + "\n")
            self._process.stdin.flush()
        return self._process.stdout.readline().strip() or None

    def close(self) -> None:
        """End the process."""
        with self._process as process, suppress(BrokenPipeError):
            assert process.stdin
            process.stdin.close()


def _run_afresh(errand: Errand, folder: str) -> str:
    """Run an errand in a fresh process; return how it ended."""
    with Path(errand.log).open("wb") as log:
        process = subprocess.Popen(
            [*WORKER, errand.job, errand.reply],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment(),
            start_new_session=True,
        )
        try:
            return describe_end(process.wait(errand.limit))
        except BaseException as error:
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                return f"killed after {errand.limit:g} s"
            raise


def environment() -> dict[str, str]:
    """Return the workers' environment: this package on the path, and no threads to fork from."""
    path = os.pathsep.join(filter(None, [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}

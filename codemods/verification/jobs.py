"""What the harness asks of a child process, and what it hears back: plain data, sent as JSON."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from codemods.verification.fixtures import Role, Subject
from codemods.verification.rewriting import Write

Status = Literal["held", "broken", "announced", "skipped", "n/a"]


@dataclass(frozen=True)
class Job:
    """One program to run, in a process of its own."""

    program: Path
    device: str
    subjects: tuple[Subject, ...] = ()
    """What the invariants are about; empty is every named parameter, as it is."""
    assigned: tuple[str, ...] = ()
    entry: str = "build"
    """What returns the module: a name in the file, or ``package.module:NAME`` in a folder."""
    arguments: str = ""
    """What the entry is called with, as in a call's parentheses; empty is the device or nothing."""
    inputs: str = ""
    """What the module is called with, in the same form; empty is the program's ``inputs(device)``.
    """
    as_meant: bool = False
    """Whether the program is run as its author means it, its defect taken out by force."""
    observed: Path | None = None
    """Where to keep what is observed of the program; then no invariant is checked."""
    against: Path | None = None
    """What was observed of another version, to compare with."""
    write: Write = field(default_factory=Write)
    """Where the program writes the subjects, and what it is held to."""
    invariants: tuple[str, ...] = ()
    """Those to check, by their names or by how one that is broken is told; empty is all."""
    folder: Path | None = None
    """The working directory; None is a scratch folder."""

    def to_json(self) -> str:
        """Return the job on one line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what ``to_json`` wrote."""
        fields = json.loads(text)
        for name in ("program", "observed", "against", "folder"):
            fields[name] = Path(fields[name]) if fields[name] else None
        subjects = (Subject(s["name"], Role(s["role"])) for s in fields.pop("subjects"))
        for name in ("assigned", "invariants"):
            fields[name] = tuple(fields[name])
        write = fields.pop("write")
        write["lines"] = tuple(write["lines"])
        return cls(subjects=tuple(subjects), write=Write(**write), **fields)


@dataclass(frozen=True)
class Raised:
    """An exception that ended a program."""

    type: str
    message: str
    stage: str
    """``build``, ``optimizer``, ``forward`` or ``backward``."""
    lines: tuple[int, ...]
    """The lines of the program in its traceback."""

    def __str__(self) -> str:
        """Return what was raised, where, in one line."""
        where = f" at line {self.lines[-1]}" if self.lines else ""
        summary = self.message.splitlines()[0] if self.message else ""
        return f"{self.type}{where} in {self.stage}: {summary}"


@dataclass(frozen=True)
class Check:
    """What came of one invariant."""

    invariant: str
    phrase: str
    """How a program that breaks it is told: ``is not registered``."""
    status: Status
    detail: str = ""
    subject: str = ""
    """The parameter; empty for an invariant of the whole program."""


@dataclass(frozen=True)
class Difference:
    """Something that was observed of two versions of a program, and is not the same."""

    aspect: str
    """What was looked at: ``output``, ``gradient``, ``hooks``."""
    name: str
    moment: str
    """When it was first seen: ``as built``, ``step 1``."""
    before: str
    after: str
    times: int = 1
    """At how many moments it was seen."""

    @property
    def subject(self) -> str:
        """What differs."""
        return f"{self.aspect} {self.name}".rstrip()

    def __str__(self) -> str:
        """Return it in one line."""
        again = f" (and {self.times - 1} times later)" if self.times > 1 else ""
        return f"{self.subject} {self.moment}: {self.before} -> {self.after}{again}"


@dataclass
class Outcome:
    """What a child process said of its program."""

    raised: Raised | None = None
    checks: list[Check] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    compared: dict[str, int] = field(default_factory=dict)
    """How much of each aspect was compared with the other version."""
    unable: str = ""
    """What the device cannot do, of what the program wants."""
    unobserved: str = ""
    """Why nothing was observed."""
    died: str = ""
    """How the process ended where it did not end well."""

    @property
    def broken(self) -> list[Check]:
        """The invariants that do not hold."""
        return [check for check in self.checks if check.status == "broken"]

    @classmethod
    def read(cls, lines: Iterable[str], end: str) -> Outcome:
        """Read what a child wrote, one JSON object a line, as far as it came.

        ``end`` says how the process ended; it is of interest where the last word is missing.
        """
        outcome, running, done = cls(), "the program", False
        for line in lines:
            [(kind, content)] = json.loads(line).items()
            if kind == "running":
                running = content
            elif kind == "raised":
                outcome.raised = Raised(**{**content, "lines": tuple(content["lines"])})
            elif kind == "check":
                outcome.checks.append(Check(**content))
            elif kind == "difference":
                outcome.differences.append(Difference(**content))
            elif kind == "compared":
                outcome.compared = content
            elif kind in ("n/a", "unable"):
                setattr(outcome, {"n/a": "unobserved"}.get(kind, kind), content)
            else:
                done = True
        if not done:
            outcome.died = f"{end} while running {running}"
        return outcome


@dataclass(frozen=True)
class Errand:
    """A job for a fork server: files by name, and seconds."""

    job: str
    reply: str
    log: str
    limit: float


def describe_end(code: int) -> str:
    """Say in words how a process ended, by its exit code as ``subprocess`` counts it."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exited with status {code}"

"""What an invariant is, and how one is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from codemods.verification import simulated
from codemods.verification.fixtures import Subject
from codemods.verification.jobs import Check, Status
from codemods.verification.reasons import DoesNotApply, NeedsDevice
from codemods.verification.scrubbing import scrubbed
from codemods.verification.trial import Trial

OfSubject = Callable[[Trial, Subject], "str | None"]
OfProgram = Callable[[Trial], "str | None"]
_OfSubject = TypeVar("_OfSubject", bound=OfSubject)
_OfProgram = TypeVar("_OfProgram", bound=OfProgram)


class Violated(Exception):
    """The invariant does not hold; the text says what was seen."""


class Announced(Exception):
    """The invariant does not hold, as the rewrite's own documentation says; the text repeats it."""


def expect(condition: object, seen: str) -> None:
    """Raise Violated, saying what was seen, unless ``condition``."""
    if not condition:
        raise Violated(seen)


@dataclass(frozen=True)
class Invariant:
    """What has to hold of a program that handles its parameters well."""

    name: str
    phrase: str
    """What is said of a program that breaks it: ``is not registered``."""
    sentence: str
    """What holds: the first line of the check's docstring."""
    of_subject: OfSubject | None = None
    of_program: OfProgram | None = None

    def checks(self, trial: Trial, subjects: tuple[Subject, ...]) -> Iterator[Check]:
        """Check the program, or each of ``subjects`` in it."""
        if self.of_program:
            yield self._checked(partial(self.of_program, trial))
        if self.of_subject:
            for subject in subjects:
                yield self._checked(partial(self.of_subject, trial, subject), subject.name)

    def _checked(self, check: Callable[[], str | None], subject: str = "") -> Check:
        status: Status = "held"
        try:
            detail = check() or ""
        except NeedsDevice as reason:
            status, detail = "skipped", str(reason)
        except DoesNotApply as reason:
            status, detail = "n/a", str(reason)
        except Announced as cost:
            status, detail = "announced", str(cost)
        except Violated as seen:
            status, detail = "broken", str(seen)
        except Exception as error:
            cause = error.__cause__ or error
            status, detail = "broken", f"{type(cause).__name__}: {cause}"
            if unable := simulated.cannot(cause):
                status, detail = "skipped", unable
        return Check(self.name, self.phrase, status, scrubbed(detail), subject)


INVARIANTS: dict[str, Invariant] = {}
"""Every invariant by its name, in the order in which they are checked."""


def of_each(name: str, phrase: str) -> Callable[[_OfSubject], _OfSubject]:
    """Register a check of one parameter; it returns a remark or None, or raises.

    Violated, and anything that the program raises, is a break; DoesNotApply and NeedsDevice
    say why nothing was checked.
    """

    def register(check: _OfSubject) -> _OfSubject:
        INVARIANTS[name] = Invariant(name, phrase, _sentence(check), of_subject=check)
        return check

    return register


def of_program(name: str, phrase: str) -> Callable[[_OfProgram], _OfProgram]:
    """Register a check of a whole program, as ``of_each`` does."""

    def register(check: _OfProgram) -> _OfProgram:
        INVARIANTS[name] = Invariant(name, phrase, _sentence(check), of_program=check)
        return check

    return register


def _sentence(check: Callable[..., object]) -> str:
    return (check.__doc__ or "").splitlines()[0]

"""What happens to a parameter in a training step."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from codemods.verification.closeness import PRECISION, equal, error
from codemods.verification.fixtures import Role, Subject
from codemods.verification.invariants.registry import Violated, expect, of_each
from codemods.verification.reasons import DoesNotApply
from codemods.verification.reference import (
    Slope,
    doubled_run,
    functional_gradient,
    own_gradient,
    slopes,
)
from codemods.verification.trial import Run, Trial

LEARNED = (Role.TRAINED, Role.UNREGISTERED)


@of_each("gradient", "has the wrong gradient")
def gradient(trial: Trial, subject: Subject) -> None:
    """Its gradient after backward() is the one that functional_call gives, also in float64."""
    trial.needs_values()
    _needs_learning(subject)
    if subject.role is Role.UNREGISTERED:
        raise DoesNotApply(f"functional_call does not reach {subject.name}, which is no parameter")
    expected = functional_gradient(doubled_run(trial), subject.name)
    for run in (trial.run(), doubled_run(trial)):
        found = _gradient(run, trial, subject)
        off = error(found, expected.to(found.dtype))
        # Sums in another order are less exact in the module's own dtype.
        allowed = PRECISION[found.dtype] * (1 if found.dtype is expected.dtype else 10)
        expect(off <= allowed, f"it is off by {off:.1e} of its largest entry")


@of_each("slope", "has a gradient that is not the slope")
def slope(trial: Trial, subject: Subject) -> str:
    """Its gradient after backward() is the slope of the loss, by differences in float64."""
    trial.needs_values()
    _needs_learning(subject)
    entries = ENTRIES if trial.is_claimed(subject) else ENTRIES // 4
    here = [*slopes(trial, subject.name, entries)]
    found = _gradient(doubled_run(trial), trial, subject, here)
    largest = max([abs(side) for s in here for side in (s.left, s.right)] + [1e-3])
    off = max((s.off_by(found) for s in here), default=0.0) / largest
    expect(off <= SLOPE_PRECISION.get(found.dtype, 0.1), f"it is off by {off:.1e} of the largest")
    return f"{len(here)} entries"


ENTRIES = 24
"""At how many entries of a large parameter the slope is taken; of others fewer will do."""
SLOPE_PRECISION = {torch.float64: 1e-5, torch.complex128: 1e-5}
"""What differences can tell; where a module does not compute in float64 it is little."""


def _gradient(
    run: Run[None], trial: Trial, subject: Subject, slopes: Sequence[Slope] = ()
) -> torch.Tensor:
    """Return the gradient that arrives; raises DoesNotApply where none has to."""
    found = own_gradient(run, subject.name)
    if found is None:
        if not trial.is_claimed(subject) and not any(s.left or s.right for s in slopes):
            raise DoesNotApply(f"the loss does not depend on {subject.name}")
        raise Violated("no gradient arrives")
    return found


@of_each("trains", "does not train")
def trains(trial: Trial, subject: Subject) -> None:
    """A step of the optimizer moves it."""
    trial.needs_values()
    _needs_learning(subject)
    before, run = _step(trial, subject)
    tensor = run.tensor(subject.name)
    if not trial.is_claimed(subject) and _hardly_depends(tensor.grad):
        raise DoesNotApply(f"the loss does not depend on {subject.name}")
    expect(not equal(before, tensor), "a step of the optimizer leaves it as it was")


def _hardly_depends(gradient: torch.Tensor | None) -> bool:
    # A bias before a normalisation gets what rounding leaves of a gradient of zero.
    return gradient is None or bool((gradient.to_dense().abs() < 1e-6).all())


@of_each("frozen", "trains")
def frozen(trial: Trial, subject: Subject) -> None:
    """A step of the optimizer leaves it alone."""
    trial.needs_values()
    if subject.role in LEARNED:
        raise DoesNotApply(f"{subject.name} is meant to train")
    before, run = _step(trial, subject)
    expect(equal(before, run.tensor(subject.name)), "a step of the optimizer moves it")


def _needs_learning(subject: Subject) -> None:
    if subject.role not in LEARNED:
        raise DoesNotApply(f"{subject.name} is not meant to train")


def _step(trial: Trial, subject: Subject) -> tuple[torch.Tensor, Run[None]]:
    """Train for one step; return what the subject was just before the optimizer's."""
    run: Run[None] = trial.run()
    loss = run.loss()
    before = run.tensor(subject.name).detach().clone()
    if loss.requires_grad:
        optimizer = run.optimizer()
        torch.autograd.backward([loss])
        optimizer.step()
    return before, run

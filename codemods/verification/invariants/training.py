"""What happens to a parameter in a training step."""

from __future__ import annotations

import torch

from codemods.verification.fixtures import Role, Subject
from codemods.verification.invariants.registry import Violated, expect, of_each
from codemods.verification.invariants.tensors import equal
from codemods.verification.reference import functional_gradient, slopes
from codemods.verification.trial import DoesNotApply, Run, Trial

LEARNED = (Role.TRAINED, Role.UNREGISTERED)

TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3, torch.float16: 3e-2, torch.bfloat16: 1e-1}
"""How far a gradient may be off, relative to the largest entry, in a module's own dtype."""


@of_each("gradient", "has the wrong gradient")
def gradient(trial: Trial, subject: Subject) -> None:
    """Its gradient after backward() is the one that functional_call in float64 gives."""
    trial.needs_values()
    _needs_learning(subject)
    if subject.role is Role.UNREGISTERED:
        raise DoesNotApply(f"functional_call does not reach {subject.name}, which is no parameter")
    _expect_close(_gradient(trial, subject), functional_gradient(trial, subject.name))


@of_each("slope", "has a gradient that is not the slope")
def slope(trial: Trial, subject: Subject) -> str:
    """Its gradient after backward() is the slope of the loss, by central differences in float64."""
    trial.needs_values()
    _needs_learning(subject)
    positions, reference = slopes(trial, subject.name)
    _expect_close(_gradient(trial, subject).reshape(-1)[positions], reference)
    return f"{len(positions)} entries"


def _gradient(trial: Trial, subject: Subject) -> torch.Tensor:
    run: Run[None] = trial.run()
    run.backward()
    found = run.tensor(subject.name).grad
    if found is None:
        raise Violated("no gradient arrives")
    return found.cpu()


def _expect_close(found: torch.Tensor, reference: torch.Tensor) -> None:
    reference = reference.cpu()
    scale = max(float(reference.abs().max()), 1e-3)
    error = float((found.double() - reference).abs().max()) / scale
    expect(error <= TOLERANCE[found.dtype], f"it is off by {error:.1e} of its largest entry")


@of_each("trains", "does not train")
def trains(trial: Trial, subject: Subject) -> None:
    """A step of the optimizer moves it."""
    trial.needs_values()
    _needs_learning(subject)
    expect(not _stays(trial, subject), "a step of the optimizer leaves it as it was")


@of_each("frozen", "trains")
def frozen(trial: Trial, subject: Subject) -> None:
    """A step of the optimizer leaves it alone."""
    trial.needs_values()
    if subject.role in LEARNED:
        raise DoesNotApply(f"{subject.name} is meant to train")
    expect(_stays(trial, subject), "a step of the optimizer moves it")


def _needs_learning(subject: Subject) -> None:
    if subject.role not in LEARNED:
        raise DoesNotApply(f"{subject.name} is not meant to train")


def _stays(trial: Trial, subject: Subject) -> bool:
    run: Run[None] = trial.run()
    loss = run.loss()
    if not loss.requires_grad:
        return True
    optimizer = run.optimizer()
    torch.autograd.backward([loss])
    before = run.tensor(subject.name).detach().clone()
    optimizer.step()
    return equal(before, run.tensor(subject.name))

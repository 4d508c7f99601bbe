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
    found = _gradient(trial, subject)
    reference = slopes(trial, subject.name)
    nearest = torch.tensor(
        [_clamped(float(found[position]), left, right) for position, left, right in reference]
    )
    _expect_close(torch.stack([found[position] for position, _, _ in reference]), nearest)
    return f"{len(reference)} entries"


def _clamped(value: float, one: float, other: float) -> float:
    """Return what is nearest to ``value`` between two slopes; at a kink any of them will do."""
    return min(max(value, min(one, other)), max(one, other))


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
    before, run = _step(trial, subject)
    tensor = run.tensor(subject.name)
    if not trial.job.subjects and _hardly_depends(tensor.grad):
        raise DoesNotApply(f"the loss does not depend on {subject.name}")
    expect(not equal(before, tensor), "a step of the optimizer leaves it as it was")


def _hardly_depends(gradient: torch.Tensor | None) -> bool:
    # A bias before a normalisation gets what rounding leaves of a gradient of zero.
    return gradient is None or bool((gradient.abs() < 1e-6).all())


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

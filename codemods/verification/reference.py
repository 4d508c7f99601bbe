"""Gradients computed in other ways than by a module's own backward(), to compare it with."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from codemods.verification.trial import Run, Trial, stage

STEP = 1e-6


def doubled_run(trial: Trial) -> Run[None]:
    """Return a run in float64, or as it is where its module does not compute in float64."""

    def doubled() -> Run[None]:
        run: Run[None] = trial.run()
        run.double()
        return run

    try:
        doubled().loss()
    except (RuntimeError, TypeError, AttributeError):
        return trial.run()
    return doubled()


def own_gradient(run: Run[Any], name: str) -> torch.Tensor | None:
    """Return what backward() puts into ``name``."""
    with stage("backward"):
        run.backward()
    found = run.tensor(name).grad
    return None if found is None else found.detach()


def functional_gradient(run: Run[Any], name: str) -> torch.Tensor:
    """Return the gradient of ``name`` by ``functional_call`` with a tensor of ours.

    The module's own Parameter takes no part: not its registration, and not its hooks.
    """
    leaf = copy.deepcopy(run.tensor(name).detach()).requires_grad_()

    def module(*arguments: Any, **options: Any) -> Any:
        return torch.func.functional_call(run.module, {name: leaf}, arguments, options)

    [gradient] = torch.autograd.grad(run.loss(module), [leaf], allow_unused=True)
    return torch.zeros_like(leaf) if gradient is None else gradient


@dataclass(frozen=True)
class Slope:
    """How the loss changes with one entry of a tensor; both sides differ where it has a kink."""

    position: tuple[int, ...]
    direction: complex
    """1, or 1j for the imaginary part of a complex entry."""
    left: float
    right: float

    def off_by(self, gradient: torch.Tensor) -> float:
        """Return how far a gradient's entry is from the slope; at a kink any between will do."""
        entry = complex(gradient[self.position].item())
        found = entry.imag if self.direction == 1j else entry.real
        low, high = sorted((self.left, self.right))
        return max(low - found, found - high, 0.0)


def slopes(trial: Trial, name: str, entries: int) -> Iterator[Slope]:
    """Yield the slopes of the loss at some entries of the tensor ``name``.

    They are differences of the program's loss: no graph is built, so nothing that confuses
    autograd confuses them.
    """
    run = doubled_run(trial)
    first, second = float(run.loss().detach()), float(run.loss().detach())
    changes = first != second
    tensor = run.tensor(name)
    every = tensor.numel() / max(min(tensor.numel(), entries), 1)
    step = STEP if tensor.dtype in (torch.float64, torch.complex128) else 1e-2
    for index in range(int(tensor.numel() / every) if tensor.numel() else 0):
        position = _unravel(int(index * every), tensor.shape)
        for direction in (1, 1j) if tensor.is_complex() else (1,):
            left, right = (
                _loss_at(doubled_run(trial) if changes else run, name, position, step * by)
                for by in (-direction, direction)
            )
            yield Slope(position, direction, (first - left) / step, (right - first) / step)


def _loss_at(run: Run[Any], name: str, position: tuple[int, ...], by: complex) -> float:
    tensor = run.tensor(name).detach()
    here = tensor[position].clone()
    tensor[position] = here + by
    loss = float(run.loss().detach())
    tensor[position] = here
    return loss


def _unravel(index: int, shape: torch.Size) -> tuple[int, ...]:
    position: list[int] = []
    for size in reversed(shape):
        index, rest = divmod(index, size)
        position.insert(0, rest)
    return tuple(position)

"""Gradients computed in other ways than by a module's own backward(), to compare it with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from codemods.verification.trial import DoesNotApply, Run, Trial

ENTRIES = 24
"""How many entries of a large parameter are differentiated."""
STEP = 1e-6


def functional_gradient(trial: Trial, name: str) -> torch.Tensor:
    """Return the gradient of ``name`` in float64, by ``functional_call`` with a tensor of ours.

    The parameters of the module take no part: not their registration, hooks or dtype.
    """
    run: Run[None] = trial.run()
    in_double(run.module)
    leaf = run.tensor(name).detach().clone().requires_grad_()

    def module(*arguments: Any) -> Any:
        return torch.func.functional_call(run.module, {name: leaf}, _double(arguments))

    [gradient] = torch.autograd.grad(_in_float64(run, module), [leaf])
    return gradient


def slopes(trial: Trial, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return positions in the flattened parameter ``name``, and the loss's slope at each.

    The slopes are central differences of the program run in float64: no graph is built, so
    nothing that confuses autograd confuses them.
    """
    run: Run[None] = trial.run()
    in_double(run.module)
    flat = run.tensor(name).detach().reshape(-1)
    if flat.data_ptr() != run.tensor(name).data_ptr():
        raise ValueError(f"{name} is not contiguous")
    positions = torch.linspace(0, flat.numel() - 1, min(flat.numel(), ENTRIES)).round().long()
    differences = [_slope(run, flat, int(position)) for position in positions]
    return positions, torch.tensor(differences, dtype=torch.float64)


def _slope(run: Run[Any], flat: torch.Tensor, position: int) -> float:
    here = float(flat[position])
    losses = []
    for there in (here + STEP, here - STEP):
        flat[position] = there
        losses.append(float(_in_float64(run, lambda *a: run.module(*_double(a))).detach()))
    flat[position] = here
    return (losses[0] - losses[1]) / (2 * STEP)


def _in_float64(run: Run[Any], module: Callable[..., Any]) -> torch.Tensor:
    try:
        return run.loss(module)
    except RuntimeError as error:
        if "dtype" not in str(error):
            raise
        raise DoesNotApply(f"the module does not run in float64: {error}") from error


def in_double(module: nn.Module) -> None:
    """Convert all that ``module`` computes with to float64, plain tensors included."""
    module.double()
    for part in module.modules():
        for name, held in part.__dict__.items():
            if name not in ("_parameters", "_buffers", "_modules"):
                part.__dict__[name] = _double(held)


def _double(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and value.dtype.is_floating_point:
        if value.dtype is torch.float64:
            return value
        return value.detach().double().requires_grad_(value.requires_grad)
    if type(value) in (list, tuple):
        return type(value)(map(_double, value))
    if type(value) is dict:
        return {key: _double(item) for key, item in value.items()}
    return value

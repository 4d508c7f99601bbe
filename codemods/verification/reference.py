"""Gradients computed in other ways than by a module's own backward(), to compare it with."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from codemods.verification.trial import DoesNotApply, NeedsDevice, Run, Trial

ENTRIES = 24
"""How many entries of a large parameter are differentiated."""
STEP = 1e-6


def functional_gradient(trial: Trial, name: str) -> torch.Tensor:
    """Return the gradient of ``name`` in float64, by ``functional_call`` with a tensor of ours.

    The module's own Parameter takes no part: not its registration, its hooks or its dtype.
    """
    run: Run[None] = trial.run()
    in_double(run.module)
    leaf = copy.deepcopy(run.tensor(name).detach()).requires_grad_()

    def module(*arguments: Any) -> Any:
        return torch.func.functional_call(run.module, {name: leaf}, _double(arguments))

    [gradient] = torch.autograd.grad(_in_float64(run, module), [leaf])
    return gradient


def slopes(trial: Trial, name: str) -> list[tuple[tuple[int, ...], float, float]]:
    """Return positions in the tensor ``name``, and the loss's slope on both sides of each.

    The slopes are differences of the program's loss in float64: no graph is built, so nothing
    that confuses autograd confuses them. They differ where the loss has a kink.
    """
    run: Run[None] = trial.run()
    in_double(run.module)
    tensor = run.tensor(name).detach()
    step = tensor.numel() / min(tensor.numel(), ENTRIES)
    positions = [_unravel(int(i * step), tensor.shape) for i in range(int(tensor.numel() / step))]
    return [(position, *_slopes(run, tensor, position)) for position in positions]


def _slopes(run: Run[Any], tensor: torch.Tensor, position: tuple[int, ...]) -> tuple[float, float]:
    here = float(tensor[position])
    left, middle, right = (_loss_at(run, tensor, position, here + d) for d in (-STEP, 0, STEP))
    tensor[position] = here
    return (middle - left) / STEP, (right - middle) / STEP


def _loss_at(run: Run[Any], tensor: torch.Tensor, position: tuple[int, ...], value: float) -> float:
    tensor[position] = value
    return float(_in_float64(run, lambda *arguments: run.module(*_double(arguments))).detach())


def _unravel(index: int, shape: torch.Size) -> tuple[int, ...]:
    position: list[int] = []
    for size in reversed(shape):
        index, rest = divmod(index, size)
        position.insert(0, rest)
    return tuple(position)


def _in_float64(run: Run[Any], module: Callable[..., Any]) -> torch.Tensor:
    try:
        return run.loss(module)
    except RuntimeError as error:
        if "dtype" not in str(error):
            raise
        raise DoesNotApply(f"the module does not run in float64: {error}") from error


def in_double(module: nn.Module) -> None:
    """Convert all that ``module`` computes with to float64, plain tensors included.

    Raises NeedsDevice where the device has no float64.
    """
    if any(tensor.device.type == "mps" for tensor in module.state_dict().values()):
        raise NeedsDevice("MPS has no float64")
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

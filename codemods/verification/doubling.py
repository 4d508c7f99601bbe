"""Making a built module compute in float64."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from codemods.verification.reasons import NeedsDevice

WIDER = {
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float32: torch.float64,
    torch.complex64: torch.complex128,
}


def in_double(module: nn.Module) -> None:
    """Convert all that ``module`` computes with, plain tensors included.

    Parameters and buffers stay the objects they are. Raises NeedsDevice where the device has no
    float64.
    """
    if any(tensor.device.type == "mps" for tensor in module.state_dict().values()):
        raise NeedsDevice("MPS has no float64")
    for tensor in [*module.parameters(), *module.buffers()]:
        tensor.data = tensor.data.to(WIDER.get(tensor.dtype, tensor.dtype))  # noqa: PRM901
    for part in module.modules():
        for name, held in part.__dict__.items():
            if name not in ("_parameters", "_buffers", "_modules"):
                part.__dict__[name] = doubled(held)  # noqa: PRM904 - what was there is doubled


def doubled(value: Any) -> Any:
    """Return ``value`` with its tensors converted, also those in lists, tuples and dicts."""
    if isinstance(value, torch.Tensor) and value.dtype in WIDER:
        wide = value.detach().to(WIDER[value.dtype])
        if isinstance(value, nn.Parameter):
            return nn.Parameter(wide, value.requires_grad)
        return wide.requires_grad_(value.requires_grad)
    if type(value) in (list, tuple):
        return type(value)(map(doubled, value))
    if type(value) is dict:
        return {key: doubled(item) for key, item in value.items()}
    return value

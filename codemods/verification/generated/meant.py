"""A program as it is meant: stores that torch refuses, or that register nothing, are done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from codemods.verification.generated.witness import FILENAME


@contextmanager
def as_meant(lines: frozenset[int], *, replaces: bool = False) -> Iterator[None]:
    """Let what these lines do be done as it is meant.

    A value is written into the Parameter that stands there, or takes its place where it
    ``replaces`` that. Where none stands it becomes a Parameter, which trains as the value does. A
    Module whose ``requires_grad`` is set is frozen. An optimizer that is made there is given
    leaves.
    """
    store, add = nn.Module.__setattr__, torch.optim.Optimizer.add_param_group

    def __setattr__(module: nn.Module, name: str, value: Any) -> None:
        if _line() in lines:
            if name == "requires_grad":
                module.requires_grad_(value)
                return
            standing = module._parameters.get(name)
            if standing is not None and isinstance(value, (int, float, list, np.ndarray)):
                value = torch.tensor(value)
            if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
                if standing is not None and not replaces:
                    with torch.no_grad():
                        standing.copy_(value)
                    return
                value = nn.Parameter(value.detach(), requires_grad=value.requires_grad)
        store(module, name, value)

    def add_param_group(optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> None:
        given = group["params"]
        if _line() in lines and isinstance(given, list):
            for tensor in given:
                if not tensor.is_leaf:
                    tensor.detach_().requires_grad_()
        add(optimizer, group)

    with (
        patch.object(nn.Module, "__setattr__", __setattr__),
        patch.object(torch.optim.Optimizer, "add_param_group", add_param_group),
    ):
        yield


class Reached(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees whether these lines write into a Parameter or buffer of a Module that is in scope."""

    def __init__(self, lines: frozenset[int]) -> None:
        """Nothing is reached yet."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._lines = lines
        self.is_so = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do what is done, and look at it."""
        if func._schema.is_mutable and _line() in self._lines:
            written = args[0].untyped_storage().data_ptr()
            kept = (t.untyped_storage().data_ptr() for m in _modules() for t in _tensors_of(m))
            self.is_so |= written in kept
        return func(*args, **(kwargs or {}))


def _modules() -> Iterator[nn.Module]:
    """Yield the Modules that the functions of the program have in variables."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == FILENAME:
            yield from (v for v in frame.f_locals.values() if isinstance(v, nn.Module))
        frame = frame.f_back  # type: ignore[assignment]


def _tensors_of(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _line() -> int:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename != FILENAME:
        frame = frame.f_back
    return frame.f_lineno

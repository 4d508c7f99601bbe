"""A failing program as its author means it: every store does what its docstring says it is for.

This is the reference for a rewrite, and shares nothing with it: the failing source itself runs,
while ``nn.Module`` takes what it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from codemods.verification.fixtures import Role, Subject


class Taken:
    """Stores on modules, done as they are meant; ``times`` counts those that were done otherwise
    than as they stand."""

    def __init__(self, subjects: tuple[Subject, ...]) -> None:
        """``subjects`` are what the program is about."""
        self.times = 0
        self._roles: dict[str, tuple[Role, int]] = {}
        for subject in subjects:
            parts = subject.name.split(".")
            for index, part in enumerate(parts):
                self._roles[part] = (subject.role, len(parts) - index - 1)

    def value(self, module: nn.Module, name: str, value: Any) -> Any:
        """Return what is to be stored instead of ``value``; the module itself where all is done."""
        role, below = self._roles.get(name, (Role.UNREGISTERED, 0))
        if name == "requires_grad" and isinstance(value, bool):
            return module.requires_grad_(value)
        if role is Role.UNREGISTERED:
            return value
        if below and type(value) in (list, tuple):
            return (nn.ParameterList if below == 1 else nn.ModuleList)(value)
        if below and type(value) is dict:
            return (nn.ParameterDict if below == 1 else nn.ModuleDict)(value)
        if below or not _is_values(value):
            return value
        if isinstance(value, nn.Parameter):
            meant = role is Role.TRAINED
            replaces = module._parameters.get(name) is not None
            return value.requires_grad_(meant) if replaces else value
        return self._registered(module, name, value, role)

    @staticmethod
    def _registered(module: nn.Module, name: str, value: Any, role: Role) -> Any:
        tensor = torch.as_tensor(value).detach()
        if role is Role.BUFFER:
            module.__dict__.pop(name, None)
            if name in module._buffers:
                return value
            module.register_buffer(name, tensor, persistent=False)
            return module
        standing = module._parameters.get(name)
        if standing is not None and tensor.shape in (standing.shape, ()):
            # What the program converts, it wants converted; numbers and arrays are only values.
            kinds = tensor.dtype, tensor.device.type
            is_number = not isinstance(value, torch.Tensor)
            if is_number or kinds == (standing.dtype, standing.device.type):
                with torch.no_grad():
                    standing.copy_(tensor)
                return module
        return nn.Parameter(tensor, requires_grad=role is Role.TRAINED)


def _is_values(value: object) -> bool:
    is_array = isinstance(value, torch.Tensor) or hasattr(value, "__array_interface__")
    is_numbers = type(value) is list and all(type(item) in (int, float) for item in value)
    return is_array or type(value) is float or is_numbers


@contextmanager
def as_meant(subjects: tuple[Subject, ...]) -> Iterator[Taken]:
    """Let stores on any module be done as they are meant, meanwhile, and integers not train."""
    taken = Taken(subjects)
    store, register = nn.Module.__setattr__, nn.Module.register_parameter
    make = nn.Parameter.__dict__["__new__"]

    def __setattr__(module: nn.Module, name: str, value: Any) -> None:
        started = "_parameters" in module.__dict__
        flag = getattr(value, "requires_grad", None)
        meant = taken.value(module, name, value) if started else value
        taken.times += meant is not value or getattr(value, "requires_grad", None) is not flag
        if meant is not module:
            store(module, name, meant)

    def register_parameter(module: nn.Module, name: str, param: Any) -> None:
        if param is None or isinstance(param, nn.Parameter):
            register(module, name, param)
        else:
            __setattr__(module, name, param)

    def __new__(cls: type, data: Any = None, requires_grad: bool = True) -> Any:
        trainable = data is None or data.is_floating_point() or data.is_complex()
        taken.times += requires_grad and not trainable
        return make(cls, data, requires_grad and trainable)

    nn.Parameter.__new__ = __new__  # type: ignore[method-assign]
    nn.Module.__setattr__ = __setattr__  # type: ignore[method-assign, assignment]
    nn.Module.register_parameter = register_parameter  # type: ignore[method-assign, assignment]
    try:
        yield taken
    finally:
        nn.Parameter.__new__ = make  # type: ignore[method-assign]
        nn.Module.__setattr__ = store  # type: ignore[method-assign]
        nn.Module.register_parameter = register  # type: ignore[method-assign]

"""Small things that invariants do with tensors."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn


def change(tensor: torch.Tensor) -> None:
    """Give every entry of ``tensor`` another value, in place."""
    with torch.no_grad():
        if tensor.dtype == torch.bool:
            tensor.logical_not_()
        else:
            tensor.add_(1)


def change_all(module: nn.Module) -> None:
    """Change every Parameter that trains."""
    for parameter in module.parameters():
        if parameter.requires_grad:
            change(parameter)


def address(tensor: torch.Tensor) -> int:
    """Return where the storage of a tensor begins."""
    return tensor.untyped_storage().data_ptr()


def held_tensors(*holders: object) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield, with their names, the tensors and arrays in modules, dicts, lists and tuples."""
    seen: set[int] = set()
    todo = [("", holder) for holder in holders]
    while todo:
        name, value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, torch.Tensor):
            if value.layout is torch.strided and not value.is_meta:
                yield name, value
        elif type(value).__module__ == "numpy" and hasattr(value, "__array_interface__"):
            yield name, torch.as_tensor(value)
        else:
            todo += _members(name, value)


def _members(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, nn.Module):
        for path, module in value.named_modules():
            for held in (module.__dict__, module._parameters, module._buffers):
                for key, member in held.items():
                    yield f"{path}.{key}".lstrip("."), member
    elif isinstance(value, dict):
        for key, member in value.items():
            if key != "__builtins__":
                yield str(key), member
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            yield f"{name}[{index}]", member

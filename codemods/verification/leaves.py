"""What there is in nested values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what is in lists, tuples, mappings and dataclasses, with a dotted name.

    Tensors are as they are; of anything else but numbers and texts its type is told.
    """
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, _below(name, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, _below(name, index))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from leaves(getattr(value, field.name, None), _below(name, field.name))
    elif value is None or isinstance(value, (bool, int, float, complex, str)):
        yield name, repr(value)
    else:
        yield name, type(value).__name__


def _below(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)

"""What there is in nested values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch.distributions import Distribution


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what is in lists, tuples, mappings, dataclasses and distributions, with dotted names.

    Tensors are as they are, and arrays are tensors; of anything else but numbers and texts its
    type is told.
    """
    if isinstance(value, torch.Tensor):
        yield name, value
    elif type(value).__module__ == "numpy" and hasattr(value, "__array_interface__"):
        yield name, torch.as_tensor(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, _below(name, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, _below(name, index))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from leaves(getattr(value, field.name, None), _below(name, field.name))
    elif isinstance(value, Distribution):
        for key, item in vars(value).items():
            yield from leaves(item, _below(name, key))
    elif value is None or isinstance(value, (bool, int, float, complex, str)):
        yield name, repr(value)
    else:
        yield name, type(value).__name__


def _below(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)

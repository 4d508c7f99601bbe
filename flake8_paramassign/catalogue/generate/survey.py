"""The whole catalogue, in the order of its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from flake8_paramassign.catalogue.generate import calls, classes, names


def survey() -> dict[str, Any]:
    """Ask torch for everything that ``torch.json`` holds."""
    # With tensors this small, threads only wait for each other.
    torch.set_num_threads(1)
    names.import_everything()
    modules = names.aliases_of_classes(torch.nn.Module)
    optimizers = names.aliases_of_classes(torch.optim.Optimizer)
    tensors = names.aliases_of_classes(torch.Tensor)
    canonical = {cls: aliases[0] for cls, aliases in modules.items()}
    return {
        "torch": torch.__version__.split("+")[0],
        "dtypes": _dtypes(),
        "optimizers": {name: aliases[0] for aliases in optimizers.values() for name in aliases},
        "tensors": {name: aliases[0] for aliases in tensors.values() for name in aliases},
        "aliases": {name: aliases[0] for aliases in modules.values() for name in aliases[1:]},
        "modules": {name: classes.describe(cls, canonical) for cls, name in canonical.items()},
        "attributes": _known(
            (name, calls.describe_attribute(name))
            for name, member in names.members()
            if not callable(member)
        ),
        "methods": _known(
            (name, calls.describe(f"torch.Tensor.{name}", member))
            for name, member in names.members()
            if callable(member)
        ),
        "functions": _known(_functions()),
    }


def _dtypes() -> dict[str, bool]:
    """Whether a dtype is an integer or bool one."""
    return {
        f"torch.{name}": not (value.is_floating_point or value.is_complex)
        for name, value in vars(torch).items()
        if isinstance(value, torch.dtype)
    }


def _functions() -> Iterator[tuple[str, str | None]]:
    described: dict[object, str | None] = {}
    for name, function in names.functions():
        # One function may have several names.
        if function not in described:
            described[function] = calls.describe(name, function)
        yield name, described[function]


def _known(described: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    return {name: facts for name, facts in described if facts is not None}

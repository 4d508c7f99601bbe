"""The whole catalogue, in the order of its file."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import torch

from flake8_paramassign.catalogue.generate import calls, classes, names
from flake8_paramassign.catalogue.generate.examples import ONLY_SELF, overloads


def survey() -> dict[str, Any]:
    """Ask torch for everything that ``torch.json`` holds."""
    with warnings.catch_warnings():
        # Deprecated names are catalogued too.
        warnings.simplefilter("ignore")
        modules = names.aliases_of_classes(torch.nn.Module)
        optimizers = names.aliases_of_classes(torch.optim.Optimizer)
        canonical = {cls: aliases[0] for cls, aliases in modules.items()}
        return {
            "torch": torch.__version__.split("+")[0],
            "dtypes": _dtypes(),
            "optimizers": {name: aliases[0] for aliases in optimizers.values() for name in aliases},
            "aliases": {name: a[0] for a in modules.values() for name in a[1:]},
            "modules": {canonical[cls]: classes.describe(cls, canonical) for cls in modules},
            "attributes": _members(callable_ones=False),
            "methods": _members(callable_ones=True),
            "functions": _known(
                (name, calls.describe(name, function)) for name, function in names.functions()
            ),
        }


def _dtypes() -> dict[str, bool]:
    """Whether a dtype is an integer or bool one."""
    return {
        f"torch.{name}": not (value.is_floating_point or value.is_complex)
        for name, value in vars(torch).items()
        if isinstance(value, torch.dtype)
    }


def _members(callable_ones: bool) -> dict[str, str]:
    return _known(
        (name, calls.describe(f"torch.Tensor.{name}", member if callable_ones else operator.attrgetter(name), (ONLY_SELF,)))
        for name, member in names.members()
        if callable(member) is callable_ones
    )


def _known(described: Any) -> dict[str, str]:
    return {name: facts for name, facts in described if facts is not None}

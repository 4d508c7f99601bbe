"""The public names of torch, and which of them are one thing."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
from torch.nn import functional

_MODULES = ("torch.nn", "torch.ao.nn", "torch.optim")
"""Packages whose public modules are all looked through."""
_OTHERS = ("torch.jit", "torch.fx")
"""Modules that offer some more classes."""


def import_everything() -> None:
    """Import the modules whose names are catalogued; importing them is cheap."""
    for package in (*_MODULES, *_OTHERS):
        importlib.import_module(package)
    for package in _MODULES:
        for module in pkgutil.walk_packages(sys.modules[package].__path__, f"{package}."):
            if not _is_private(module.name):
                importlib.import_module(module.name)


def _is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def _modules() -> Iterator[tuple[str, ModuleType]]:
    """The public modules whose names are catalogued, those with the shortest names first."""
    for name in sorted(sys.modules, key=lambda name: (name.count("."), name)):
        inside = name.startswith(tuple(f"{package}." for package in _MODULES))
        if (inside or name in (*_MODULES, *_OTHERS)) and not _is_private(name):
            yield name, sys.modules[name]


def aliases_of_classes(base: type) -> dict[type, list[str]]:
    """Every class under ``base`` with the names a program may import it by, the best one first.

    A name counts where a module defines the class or is a package that offers it on.
    """
    aliases: dict[type, list[str]] = {}
    for module_name, module in _modules():
        for name, value in vars(module).items():
            if not isinstance(value, type) or not issubclass(value, base):
                continue
            if value.__module__ == module_name or hasattr(module, "__path__"):
                aliases.setdefault(value, []).append(f"{module_name}.{name}")
    return aliases


_FUNCTION_MODULES = (
    "torch",
    "torch.autograd",
    "torch.fft",
    "torch.func",
    "torch.functional",
    "torch.linalg",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.parameter",
    "torch.nn.utils",
    "torch.nn.utils.convert_parameters",
    "torch.nn.utils.clip_grad",
    "torch.nn.utils.rnn",
    "torch.signal.windows",
    "torch.sparse",
    "torch.special",
)


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions that programs call, by every name.

    What torch itself does not document is called by torch alone, and wrong arguments may crash
    it, unless it is another form of a method or of an ``nn.functional`` function.
    """
    for module_name in _FUNCTION_MODULES:
        module = importlib.import_module(module_name)
        for name, value in sorted(vars(module).items()):
            if name.startswith("_") or not callable(value):
                continue
            if isinstance(value, type):
                if _makes_tensors(value) and value.__module__.startswith(module_name):
                    yield f"{module_name}.{name}", value
            elif value.__doc__ or hasattr(torch.Tensor, name) or hasattr(functional, name):
                yield f"{module_name}.{name}", value


def _makes_tensors(value: type) -> bool:
    """Whether it is ``torch.Tensor``, ``torch.autograd.Variable`` or like ``torch.FloatTensor``."""
    by_dtype = type(torch.FloatTensor)
    return isinstance(value, by_dtype) or value in (torch.Tensor, torch.autograd.Variable)


def members() -> Iterator[tuple[str, Any]]:
    """The public methods and attributes of a tensor."""
    for name in dir(torch.Tensor):
        if not name.startswith("_"):
            yield name, getattr(torch.Tensor, name)

"""What is run: a file, or a module of a package, executed afresh each time."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from inspect import isclass, signature
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from codemods.verification.jobs import Job

NAME = "program_under_test"


class Program:
    """The source that a job names, and what it builds."""

    def __init__(self, job: Job, source: str = "") -> None:
        """Read the source, where it is not given; raises SyntaxError, OSError, ValueError."""
        self.job = job
        self.device = torch.device(job.device)
        self.module, _, self.entry = job.entry.rpartition(":")
        if job.program.is_dir() != bool(self.module):
            wanted = "package.module:NAME" if job.program.is_dir() else "a name in the file"
            raise ValueError(f"--entry {job.entry}: for {job.program} it is {wanted}")
        file = _source_of(self.module, job.program) if self.module else job.program
        self.filename = str(file)
        self.code = compile(source or file.read_bytes(), self.filename, "exec")

    def execute(self) -> dict[str, Any]:
        """Execute the module anew and return its names; pickle finds it by its name."""
        if self.module:
            package = self.module.split(".")[0]
            for name in [name for name in sys.modules if name.split(".")[0] == package]:
                del sys.modules[name]
            return importlib.import_module(self.module).__dict__
        program = ModuleType(NAME)
        program.__file__ = self.filename
        sys.modules[NAME] = program
        exec(self.code, program.__dict__)
        return program.__dict__

    def build(self, names: dict[str, Any]) -> tuple[nn.Module, torch.optim.Optimizer | None]:
        """Return the entry's module and, where it makes one, its optimizer."""
        entry: Any = names.get(self.entry.split(".")[0])
        for part in self.entry.split(".")[1:]:
            entry = getattr(entry, part)
        if entry is None:
            raise NameError(f"there is no {self.entry} in it; --entry says what to call")
        built = entry if isinstance(entry, nn.Module) else self._called(entry, names)
        module, optimizer = built if isinstance(built, tuple) else (built, None)
        if not isinstance(module, nn.Module):
            raise TypeError(f"{self.entry} returns {type(module).__name__}, no Module")
        if entry is module or isclass(entry):
            module.to(self.device)
        return module, optimizer

    def _called(self, entry: Callable[..., Any], names: dict[str, Any]) -> Any:
        if self.job.arguments:
            arguments, options = self.evaluated(self.job.arguments, names)
            return entry(*arguments, **options)
        return entry(*((self.device,) if _takes_device(entry) else ()))

    def evaluated(self, text: str, names: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments and keywords that ``text`` gives in the parentheses of a call."""
        known = {"torch": torch, "nn": nn, "device": self.device, **names}
        return eval(f"(lambda *arguments, **options: (arguments, options))({text})", known)  # type: ignore[no-any-return]


def _source_of(module: str, folder: Path) -> Path:
    stem = folder.joinpath(*module.split("."))
    for file in (stem.with_suffix(".py"), stem / "__init__.py"):
        if file.is_file():
            sys.path.insert(0, str(folder))
            return file
    raise FileNotFoundError(f"there is no module {module} in {folder}")


def _takes_device(entry: Callable[..., Any]) -> bool:
    """Return whether an entry asks for a device, or is a function that has to be given something.

    What a class has to be given is seldom a device.
    """
    parameters = signature(entry).parameters
    needed = [p for p in parameters.values() if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    return "device" in parameters or (bool(needed) and not isclass(entry))

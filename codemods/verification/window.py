"""Stopping a program where it is about to write a parameter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

import torch
from torch import nn


@dataclass
class Sight:
    """The modules that a program holds in variables at one moment, the caller's first."""

    modules: list[nn.Module]
    unfinished: list[nn.Module]
    """Those whose ``__init__`` is running."""

    parameters: dict[tuple[int, str], nn.Parameter] = field(init=False)
    """Every Parameter registered at that moment, by its owner's identity and its own name."""

    def __post_init__(self) -> None:
        """Remember the Parameters: the program is about to replace some."""
        self.parameters = {
            (id(owner), name): parameter
            for module in self.modules
            for owner in module.modules()
            for name, parameter in owner._parameters.items()
            if parameter is not None
        }

    def whole(self, device: torch.device) -> nn.Module | None:
        """Return the first module, where it can be called with what is on ``device``."""
        for module in self.modules[:1]:
            parameters = list(module.parameters())
            finished = all(module is not other for other in self.unfinished)
            if finished and all(p.device.type == device.type for p in parameters):
                return module
        return None

    @property
    def trained(self) -> list[nn.Parameter]:
        """The Parameters that require grad, each once."""
        wanted = (p for p in self.parameters.values() if p.requires_grad)
        return list({id(parameter): parameter for parameter in wanted}.values())


@dataclass
class Window:
    """Traces a program: calls ``arrive`` once, before the first of ``lines`` runs.

    It only does so where a module with parameters is in sight: before, there is nothing to
    write to.
    """

    filename: str
    lines: frozenset[int]
    arrive: Callable[[Sight], Any]
    arrived: bool = False
    variables: list[dict[str, Any]] = field(default_factory=list)
    """What the program's functions held when they returned."""

    def __enter__(self) -> Window:
        """Begin to trace."""
        sys.settrace(self._enter_frame)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the program alone again."""
        sys.settrace(None)

    def _enter_frame(self, frame: FrameType, event: str, argument: object) -> Any:
        return self._step if frame.f_code.co_filename == self.filename else None

    def _step(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "return":
            self.variables.append(dict(frame.f_locals))
        elif event == "line" and frame.f_lineno in self.lines and not self.arrived:
            sight = self._sight(frame)
            if sight.parameters:
                self.arrived = True
                self.arrive(sight)
        return self._step

    def _sight(self, frame: FrameType | None) -> Sight:
        modules: list[nn.Module] = []
        unfinished: list[nn.Module] = []
        while frame is not None:
            if frame.f_code.co_filename == self.filename:
                held = [value for value in frame.f_locals.values() if _is_module(value)]
                modules[:0] = held
                if frame.f_code.co_name == "__init__":
                    unfinished += held[:1]
            frame = frame.f_back
        return Sight(list({id(module): module for module in modules}.values()), unfinished)


def _is_module(value: object) -> bool:
    # Before Module.__init__ has run there is nothing in it.
    return isinstance(value, nn.Module) and "_modules" in value.__dict__

"""Running a model of library code: sure of itself only where nothing else may be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Value,
    Values,
)
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models.base import Call, Model


class Modelled:
    """Runs models for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` is what models are given."""
        self._machine = machine
        self._alternatives = 0

    def __call__(
        self, model: Model, name: str, receiver: Value | None, arguments: Arguments, state: State,
        node: ast.expr,
    ) -> Values:  # fmt: skip
        """What the call gives by its model."""
        sure = not self._alternatives
        return model(Call(self._machine, name, receiver, arguments, state, node, sure))

    @contextmanager
    def one_of_several(self) -> Iterator[None]:
        """While something is called that is one of several things that may be meant."""
        self._alternatives += 1
        try:
            yield
        finally:
            self._alternatives -= 1

"""Writes into tensors, and names that torch computes anew, so that what is written is lost."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_paramassign.inference.events import WrittenInPlace
from flake8_paramassign.inference.expressions import Evaluator
from flake8_paramassign.inference.state import EVERY, PARAMETER_SLOT, UNKNOWN_SLOT, State
from flake8_paramassign.inference.values import (
    UNKNOWN,
    Arguments,
    Container,
    Instance,
    Opaque,
    Parameter,
    Recomputed,
    Tensor,
    Value,
    Values,
    constant,
    only,
)

_UTILS = r"^torch\.nn\.utils\.(\w+\.)*"
_RECOMPUTES = re.compile(
    rf"{_UTILS}(weight_norm|spectral_norm|orthogonal|register_parametrization)$|{_UTILS}prune\."
)
"""Functions after which a Parameter is computed from others, at each access or forward."""
_RESTORES = re.compile(
    rf"{_UTILS}(remove_weight_norm|remove_spectral_norm|remove_parametrizations|prune\.remove)$"
)
_REWIRES = re.compile(
    r"weight_norm|spectral_norm|parametriz|prun|unregister|functional|patch|swap|"
    r"del_|delete|remove|stateless|inject|tensor_parallel|quantiz",
    re.IGNORECASE,
)
"""Functions that may take names out of a Module's registry."""


class Writer(Evaluator):
    """Tells of writes in place, and does what ``weight_norm``, pruning and their like do."""

    any_recomputed = False
    """Whether anything is computed anew: ``apply`` then has to be looked into."""

    def written(self, node: ast.AST, tensors: Values, subject: ast.expr, how: str,
                operands: Values, state: State) -> None:  # fmt: skip
        """``subject``, which is one of ``tensors``, is written in place with ``operands``."""
        frame = next((frame for frame in reversed(self.frames) if not frame.silent), None)
        if frame is None or not any(isinstance(v, Parameter | Tensor | Opaque) for v in tensors):
            return
        if self.frame.module is not frame.module:
            if not any(isinstance(v, Tensor) and v.recomputed for v in tensors):
                return
            # In a helper of another file: what is wrong is to call it here.
            assert frame.statement is not None
            node = frame.statement
        self.listener.happened(WrittenInPlace(frame, state, node, tensors, subject, how, operands))

    def recompute(self, name: str, node: ast.Call, arguments: Arguments, state: State) -> bool:
        """Do what the torch function ``name`` does to a registry; False where it is another one."""
        restores = _RESTORES.search(name) is not None
        if not restores and not _RECOMPUTES.search(name):
            return False
        for module, attribute in self._rewired(arguments, state):
            if not isinstance(attribute, str):
                self.forget(module, state)
            elif restores:
                state.slots[module, attribute] = PARAMETER_SLOT
                state.cells[module, attribute] = only(Parameter((module, attribute), None))
            else:
                if name.endswith(".weight_norm"):
                    self.replaced(module, attribute, state, node, "weight_norm")
                self.any_recomputed = True
                state.slots[module, attribute] = frozenset(["plain"])
                computed = Tensor(node, None, leaf=False, recomputed=Recomputed(name, node))
                state.cells[module, attribute] = only(computed)
        return True

    def _rewired(
        self, arguments: Arguments, state: State
    ) -> Iterator[tuple[Instance | Opaque, object]]:
        """The Modules and names that ``weight_norm(module, name)`` and its like are given."""
        positional, named = arguments
        names = positional[1:2] or [named[key] for key in ("name", "tensor_name") if key in named]
        for module in positional[0] if positional else named.get("module", UNKNOWN):
            if isinstance(module, Instance | Opaque):
                yield module, constant(names[0]) if names else "weight"
            elif isinstance(module, Container):  # global_unstructured([(module, name), ...])
                for pair in self.items(module, state):
                    if isinstance(pair, Container):
                        for part in self.item(pair, 0, state):
                            if isinstance(part, Instance | Opaque):
                                yield part, constant(self.item(pair, 1, state))

    def may_rewire(self, name: str, arguments: Arguments, state: State) -> None:
        """A function that takes names out of the registry leaves its argument's slots unknown."""
        if _REWIRES.search(name):
            for values in (*arguments[0], *arguments[1].values()):
                for value in values:
                    self.forget(value, state)

    def forget(self, value: Value, state: State) -> None:
        """From here on nothing is known of how ``value`` holds its attributes."""
        known = [k for k, slot in state.slots.items() if k[0] == value and slot != UNKNOWN_SLOT]
        if not known and (value, EVERY) in state.slots:
            return  # Nothing was stored since it was forgotten.
        state.slots.update(dict.fromkeys([*known, (value, EVERY)], UNKNOWN_SLOT))
        if isinstance(value, Instance | Opaque):
            self.set_trains(value, None, state)

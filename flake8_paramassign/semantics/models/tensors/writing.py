"""Writing in place, by whatever operation."""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    Value,
    Values,
)
from flake8_paramassign.semantics.events import WrittenInPlace
from flake8_paramassign.semantics.machine import Machine


def writes_in_place(method: str) -> bool:
    """Whether a method of tensors of this name changes what the tensor it is called on holds."""
    return catalogue.method(method) is Result.IN_PLACE and method != "requires_grad_"


def may_be_written(value: Value, state: State) -> bool:
    """Whether it is a tensor, or the ``.data`` of what has the name of a torch layer's slot."""
    if not isinstance(value, Address):
        return False
    if isinstance(state.read(value), Tensor):
        return True
    site = value.site
    if not isinstance(site, tuple) or site[1] != "data" or not isinstance(site[0], Address):
        return False
    slot = site[0].site
    name = slot[1] if isinstance(slot, tuple) else None
    return isinstance(name, str) and catalogue.is_stock_slot(name)


def write(
    machine: Machine, values: Values, subject: ast.expr, how: str, operands: Values, state: State,
    node: ast.AST,
) -> None:  # fmt: skip
    """The storage of whichever of ``values`` it is, is written."""
    if not any(isinstance(v, Address) for v in values):
        return
    frame = machine.frame
    machine.tell(WrittenInPlace(frame, state, node, values, subject, how, operands))
    trains = any(_may_train(v, state) for v in operands)
    for value in values:
        obj = state.read(value) if isinstance(value, Address) else None
        if not isinstance(obj, Tensor) or not isinstance(value, Address):
            continue
        if trains and state.grad is not False and obj.trainable is not True and "init" not in how:
            changed = replace(obj, trainable=None, is_leaf=None if not obj.is_parameter else True)
            state.write(value, changed, strong=len(values) == 1)


def _may_train(value: Value, state: State) -> bool:
    obj = state.read(value) if isinstance(value, Address) else None
    return isinstance(obj, Tensor) and obj.trainable is not False

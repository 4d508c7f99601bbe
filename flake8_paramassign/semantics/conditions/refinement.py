"""What a test that came out tells of values: it is written where they were read from.

Variables and attributes hold what is left; the one object that is held is known better.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    Obj,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    Values,
    same,
)
from flake8_paramassign.project.classes import Class
from flake8_paramassign.semantics.conditions.instances import CONTAINER_KINDS, is_base_module
from flake8_paramassign.semantics.conditions.recall import peeked
from flake8_paramassign.semantics.machine import Machine


def keep(machine: Machine, node: ast.expr, held: Values, kept: Values, state: State) -> None:
    """Remember that a name or an attribute holds one of ``kept``."""
    if len(kept) == len(held) and all(a is b for a, b in zip(kept, held, strict=True)):
        return
    if isinstance(node, ast.NamedExpr):
        node = node.target
    if isinstance(node, ast.Name) and node.id in state.names:
        state.bind(node.id, kept)
    elif isinstance(node, ast.Attribute):
        owners = peeked(machine, node.value, state)
        if len(owners) == 1 and isinstance(owners[0], Address) and not owners[0].many:
            obj = state.read(owners[0])
            if isinstance(obj, Thing):
                before = obj.member(node.attr)
                if same(before.values, held):
                    state.write(owners[0], obj.with_field(node.attr, replace(before, values=kept)))


def refine(values: Values, state: State, change: Callable[[Obj], Obj]) -> None:
    """Learn something of the one object that is held."""
    if len(values) == 1 and isinstance(values[0], Address) and not values[0].many:
        obj = state.read(values[0])
        better = change(obj)
        if better is not obj and better != obj:
            state.write(values[0], better)


def as_tensor(obj: Obj) -> Obj:
    """An object that is a tensor."""
    if isinstance(obj, Thing) and obj.cls is None:
        return Tensor(trainable=None, is_leaf=None)
    return obj


def as_instance(obj: Obj, classes: tuple[Class | str, ...]) -> Obj:
    """An object that is of one of ``classes``."""
    if not isinstance(obj, Thing):
        return obj
    if len(classes) == 1:
        (cls,) = classes
        if isinstance(cls, str):
            if cls == "torch.Tensor":
                return as_tensor(obj)
            if cls == "torch.nn.Parameter":
                return Tensor(is_parameter=True, trainable=None)
            return replace(obj, is_module=False) if cls in CONTAINER_KINDS else obj
        if obj.cls is None or (cls is not obj.cls and obj.cls in cls.ancestry):
            if cls.name == "torch.nn.Module":
                return replace(obj, is_module=True, truth=True)
            return replace(obj, cls=cls, is_module=cls.is_module, truth=True)
        return obj
    if all(not isinstance(cls, str) and cls.is_module for cls in classes):
        return replace(obj, is_module=True)
    return obj


def as_no_instance(obj: Obj, classes: tuple[Class | str, ...]) -> Obj:
    """An object that is of none of ``classes``."""
    if isinstance(obj, Thing) and obj.cls is None:
        if any(not isinstance(cls, str) and is_base_module(cls) for cls in classes):
            return replace(obj, is_module=False)
    return obj

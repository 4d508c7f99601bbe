"""What is known of an attribute that is written to, and of the value."""

from __future__ import annotations

import ast

from codemods.rewrites.draft import Draft
from codemods.rewrites.purity import is_pure
from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.inference.classes import ProjectClass, TorchClass
from flake8_paramassign.inference.events import AttributeStored
from flake8_paramassign.inference.module import Module
from flake8_paramassign.inference.shapes import Shape
from flake8_paramassign.inference.state import State
from flake8_paramassign.inference.tensor_facts import OTHER_FLOATS
from flake8_paramassign.inference.values import (
    NONE,
    NOTHING,
    Constant,
    External,
    Instance,
    Opaque,
    Parameter,
    Tensor,
    Value,
    Values,
)


class Evidence:
    """What is known of a store over a Parameter's name."""

    def __init__(self, draft: Draft, event: AttributeStored, value: Value) -> None:
        """``value`` is what the finding is about, one of those that may be stored."""
        self.draft = draft
        self.event = event
        self.value = value
        self.held = event.before or self._held_since_construction()

    def _held_since_construction(self) -> Values:
        """What the attribute holds where nothing was stored in it yet."""
        receiver = self.event.receiver
        if not isinstance(receiver, Instance):
            return NOTHING
        ask = self.draft.case.ask
        return ask.attribute(receiver, self.event.name, State(), self.event.node)

    @property
    def holds_none(self) -> bool:
        """Whether the slot is empty, as that of ``bias=False`` is."""
        return self.held == NONE and len(self.draft.case.receivers) == 1

    @property
    def is_lazy(self) -> bool:
        """Whether the Parameter is only made when the Module is first called."""
        receiver = self.event.receiver
        cls = receiver.cls if isinstance(receiver, Instance) else None
        return isinstance(cls, TorchClass) and cls.entry.lazy

    @property
    def may_store_none(self) -> bool:
        """Whether one of the values is None."""
        return Constant(None) in self.event.values

    @property
    def is_own(self) -> bool:
        """Whether the value is computed from the Parameter itself."""
        origin = self.value.origin if isinstance(self.value, Tensor) else None
        sites = [held.site for held in self.held if isinstance(held, Parameter)]
        return origin is not None and origin.site in sites

    @property
    def carries_a_gradient(self) -> bool:
        """Whether another tensor that is trained would get its gradient through the value."""
        value = self.value
        if not isinstance(value, Tensor) or self.is_own:
            return False
        return value.trainable is True and not value.leaf and not value.maybe_self

    @property
    def has_other_shape(self) -> bool:
        """Whether the value surely has not the Parameter's shape."""
        return any(
            surely_differ(held, value)
            for held in self._held_shapes()
            for value in self._value_shapes()
            if held is not None and value is not None
        )

    @property
    def has_same_shape(self) -> bool:
        """Whether the value surely has the Parameter's shape."""
        shapes = self._held_shapes()
        return len(shapes) == 1 and None not in shapes and shapes == self._value_shapes()

    def _held_shapes(self) -> set[Shape | None]:
        if len(self.draft.case.receivers) > 1:
            return {None}
        return {value.shape if isinstance(value, Parameter) else None for value in self.held}

    def _value_shapes(self) -> set[Shape | None]:
        return {
            value.shape if isinstance(value, Tensor | Parameter) else None
            for value in self.event.values
        }

    @property
    def is_own_storage(self) -> bool:
        """Whether the value is the Parameter's storage itself, seen otherwise."""
        return self.is_own and self._last_result is Result.VIEW

    @property
    def is_own_without_gradient(self) -> bool:
        """``m.w = m.w.detach()``."""
        node = self.event.expression
        node = node.func if isinstance(node, ast.Call) else node
        return self.is_own and isinstance(node, ast.Attribute) and node.attr in ("detach", "data")

    @property
    def _last_result(self) -> Result | None:
        return last_result(self.event.expression, self.draft.module)

    @property
    def is_proved_sound(self) -> bool:
        """Whether writing the value into the Parameter changes nothing but the defect."""
        value = self.value
        return (
            isinstance(value, Tensor)
            and self.has_same_shape
            and _is_made_here(self.event.receiver)
            and not value.placed & OTHER_FLOATS
            and (value.origin is None or self._last_result is Result.NEW)
            and not any(isinstance(node, ast.Try) for node in self.draft.path)
            and self.event.expression is not None
            and is_pure(self.event.expression, self.draft.module)
        )


def last_result(node: ast.expr | None, module: Module) -> Result | None:
    """Return what the outermost operation of an expression in ``module`` gives."""
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare):
        return Result.NEW
    if isinstance(node, ast.Subscript):
        return Result.VIEW
    if isinstance(node, ast.Attribute):
        return catalogue.attribute(node.attr)
    if not isinstance(node, ast.Call):
        return None
    for meaning in module.static(node.func):
        if isinstance(meaning, External):
            return catalogue.function(meaning.name)
    return catalogue.method(node.func.attr) if isinstance(node.func, ast.Attribute) else None


def surely_differ(first: Shape, second: Shape) -> bool:
    """Return whether two shapes are not the same, whatever is not known of them."""
    if len(first) != len(second):
        # One object may stand for all sizes.
        return all(isinstance(size, int) for size in (*first, *second))
    pairs = zip(first, second, strict=True)
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)


def _is_made_here(receiver: Instance | Opaque) -> bool:
    """Whether the object's class is known and not only what it derives from."""
    if not isinstance(receiver, Instance):
        return False
    site: object = receiver.site
    while isinstance(site, tuple):
        site = site[0].site if isinstance(site[0], Instance) else site[0]
    is_known = isinstance(receiver.cls, TorchClass | ProjectClass)
    return is_known and (site == "self" or isinstance(site, ast.Call))

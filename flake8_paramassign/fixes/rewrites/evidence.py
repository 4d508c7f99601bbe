"""What is known of an attribute that is written to, and of the value."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Shape
from flake8_paramassign.domain.values import NONE, Address, Constant, Library, Value
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.project.classes import ProjectClass, TorchClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import AttributeStored, ParameterReplaced
from flake8_paramassign.semantics.models.shapes import is_elementwise


class Evidence:
    """What is known of a store over a Parameter's name."""

    def __init__(
        self, draft: Draft, event: AttributeStored | ParameterReplaced, value: Value
    ) -> None:
        """``value`` is what the finding is about, one of those that may be stored."""
        self.draft = draft
        self.event = event
        self.value = value
        self.tensor = draft.tensor(value)
        """The value, if it is a tensor."""
        self.held = event.before.values

    @property
    def holds_none(self) -> bool:
        """Whether the slot is empty, as that of ``bias=False`` is."""
        return self.held == NONE and len(self.draft.case.receivers) == 1

    @property
    def is_lazy(self) -> bool:
        """Whether the Parameter is only made when the Module is first called."""
        thing = self.draft.case.facts.thing(self.event.receiver, self.event.state)
        cls = thing.cls if thing is not None else None
        return isinstance(cls, TorchClass) and cls.entry.lazy

    @property
    def may_store_none(self) -> bool:
        """Whether one of the values is None."""
        return Constant(None) in self.event.values

    @property
    def is_own(self) -> bool:
        """Whether the value is computed from the Parameter itself."""
        return (
            self.tensor is not None
            and self.tensor.origin is not None
            and self.tensor.origin in self.held
        )

    @property
    def carries_a_gradient(self) -> bool:
        """Whether another tensor that is trained would get its gradient through the value."""
        tensor = self.tensor
        if tensor is None or tensor.is_conversion:
            return False
        if self.is_own:
            read = self.draft.read_in(self._expression) if self._expression is not None else []
            others = (
                known
                for value, known in read
                if value not in self.held and known.origin not in self.held
            )
            return not tensor.is_detached and any(known.trainable is True for known in others)
        return tensor.trainable is True and not tensor.is_leaf and not tensor.is_conversion

    @property
    def is_expanded(self) -> bool:
        """Whether several elements of the value share memory, which no optimizer can write."""
        return self.tensor is not None and self.tensor.is_expanded

    @property
    def may_share_unseen(self) -> bool:
        """Whether it is made of the Parameter by what is no tensor, such as an array."""
        if self._expression is None or self.tensor is None or self.tensor.origin in self.held:
            return False
        return any(value in self.held for value, _ in self.draft.read_in(self._expression))

    @property
    def may_have_other_form(self) -> bool:
        """Whether it is made of the Parameter by what need not keep the shape."""
        tensor, node = self.tensor, self._expression
        if tensor is None or not self.is_own or tensor.shape is not None:
            return False
        name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        return bool(name) and not is_elementwise(name)

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
        return {self.draft.shape(value) for value in self.held}

    def _value_shapes(self) -> set[Shape | None]:
        return {self.draft.shape(value) for value in self.event.values}

    @property
    def is_own_storage(self) -> bool:
        """Whether the value is the Parameter's storage itself, seen otherwise."""
        return self.is_own and self.tensor is not None and self.tensor.base is not None

    @property
    def is_own_without_gradient(self) -> bool:
        """``m.w = m.w.detach()``."""
        return self.is_own and self.tensor is not None and self.tensor.through_data

    @property
    def _expression(self) -> ast.expr | None:
        """What is written as the value; that of ``m.w @= t`` is one of its factors."""
        statement = self.draft.statement
        return statement.value if isinstance(statement, ast.AugAssign) else self.event.expression

    @property
    def is_proved_sound(self) -> bool:
        """Whether writing the value into the Parameter changes nothing but the defect."""
        tensor = self.tensor
        if tensor is None or not (self.is_own or tensor.trainable is False):
            return False
        if not self.has_same_shape or not self._is_receiver_made_here():
            return False
        held = [self.draft.tensor(value) for value in self.held]
        if any(t is None or t.device != tensor.device or t.dtype != tensor.dtype for t in held):
            return False
        return (
            tensor.base is None
            and not tensor.is_conversion
            and not (isinstance(self.event, AttributeStored) and not self.event.is_sure)
            and not self.event.attempts
            and not self.event.expects_error
            and self._expression is not None
            and is_pure(self._expression, self.draft.module)
        )

    def _is_receiver_made_here(self) -> bool:
        """Whether the object's class is known and not only what it derives from."""
        receiver: Address = self.event.receiver
        thing = self.draft.case.facts.thing(receiver, self.event.state)
        return (
            thing is not None
            and isinstance(thing.cls, TorchClass | ProjectClass)
            and (not receiver.symbolic or receiver is self.event.frame.receiver)
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
        if isinstance(meaning, Library):
            return catalogue.function(meaning.name)
    return catalogue.method(node.func.attr) if isinstance(node.func, ast.Attribute) else None


def surely_differ(first: Shape, second: Shape) -> bool:
    """Return whether two shapes are not the same, whatever is not known of them."""
    if len(first) != len(second):
        # One object may stand for all sizes.
        return all(isinstance(size, int) for size in (*first, *second))
    pairs = zip(first, second, strict=True)
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)

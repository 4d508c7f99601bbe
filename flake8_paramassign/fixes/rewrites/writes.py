"""What is known of a write that is to be done in place."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign.domain.objects import BUFFER, PARAMETER, Container, Tensor, Thing
from flake8_paramassign.domain.values import NOTHING, Constant, Values, join_all
from flake8_paramassign.fixes.rewrites.attribute_uses import is_without_grad, is_written
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import surely_differ
from flake8_paramassign.fixes.rewrites.passes import is_between_passes
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.semantics.events import ItemStored, VariableRebound, WrittenInPlace
from flake8_paramassign.semantics.frames import Role


@dataclass(frozen=True)
class Rebinding:
    """A loop's variable that is given another value instead of the Parameter that it holds."""

    draft: Draft
    event: VariableRebound
    divides: bool
    """Whether the value is a quotient, which integers cannot hold."""

    @property
    def is_in_a_step(self) -> bool:
        """Whether a forward pass is under way."""
        return self.event.frame.role is Role.STEP

    @property
    def is_before_a_backward(self) -> bool:
        """Whether gradients are due of a forward pass that has run."""
        return is_between_passes(self.event)

    @property
    def is_nothing_new(self) -> bool:
        """Whether the value is the Parameter's own storage."""
        given = map(self.draft.tensor, self.event.values)
        return any(
            tensor is not None
            and tensor.origin in self.event.before
            and (tensor.base is not None or tensor.is_conversion)
            for tensor in given
        )

    @property
    def is_written_later(self) -> bool:
        """Whether the variable is also written in place, in grad mode, which a leaf refuses."""
        function, statement = self.draft.function, self.draft.statement
        for node in ast.walk(function):
            is_it = isinstance(node, ast.Name) and node.id == self.event.name
            if is_it and node.lineno > statement.lineno:  # type: ignore[attr-defined]
                if is_written(node, path_to(function, node)[-2]):
                    if not is_without_grad(self.draft.module, node):
                        return True
        return False

    @property
    def is_of_integers(self) -> bool:
        """Whether floating point would be written into integers."""
        held = [self.draft.tensor(value) for value in self.event.before]
        given = [self.draft.tensor(value) for value in self.event.values]
        return any(t is not None and t.integer for t in held) and (
            self.divides or not all(t is not None and t.integer for t in given)
        )


@dataclass(frozen=True)
class ItemWrite:
    """An item of a list or dict that torch has made of Parameters, which is given a value."""

    draft: Draft
    event: ItemStored

    @property
    def is_own_storage(self) -> bool:
        """Whether the value is the Parameter that it is to be written into, or a view of it."""
        held = self._held()
        given = [(value, self.draft.tensor(value)) for value in self.event.values]
        return any(
            value in held or (t is not None and t.base is not None and t.base in held)
            for value, t in given
        )

    @property
    def has_other_shape(self) -> bool:
        """Whether the value surely has not the Parameter's shape."""
        held = {self.draft.shape(value) for value in self._held()}
        given = {self.draft.shape(value) for value in self.event.values}
        return bool(held) and all(
            a is not None and b is not None and surely_differ(a, b) for a in held for b in given
        )

    @property
    def is_of_recomputed(self) -> bool:
        """Whether it may be one of which ``weight_norm`` or the like computes what is used.

        Who gives its name means that one; its number is another than that of the weight was.
        """
        state = self.event.state
        objects = map(state.read, state.reachable(self._owners))
        return self.event.kind == "list" and any(
            isinstance(obj, Tensor) and obj.recomputed is not None for obj in objects
        )

    @property
    def is_unregistered(self) -> bool:
        """Whether the Module has that name, and it is none of ``state_dict()``.

        A Parameter that is None is none of it either.
        """
        key = self._key
        for owner in map(self.draft.object, self._owners):
            if isinstance(owner, Thing) and key in owner.fields:
                member = owner.member(str(key))
                if not member.slot & (PARAMETER | BUFFER) or {*member.values} == {Constant(None)}:
                    return True
        return False

    @property
    def _key(self) -> object:
        """The name or number of the item, where it is written out."""
        key = self.event.node.slice if isinstance(self.event.node, ast.Subscript) else None
        return key.value if isinstance(key, ast.Constant) else None

    @property
    def _owners(self) -> Values:
        """What the container was made of."""
        container = self.draft.object(self.event.container)
        return container.of if isinstance(container, Container) else NOTHING

    def _held(self) -> Values:
        """The item, or each that it may be; in a ``state_dict()``, the Parameter that it is of."""
        container = self.draft.object(self.event.container)
        if not isinstance(container, Container):
            return NOTHING
        key = self._key
        owners = [self.draft.object(value) for value in self._owners]
        if key in container.known:
            held = container.known[key]
        elif isinstance(key, str) and owners:
            held = join_all(o.member(key).values for o in owners if isinstance(o, Thing))
        else:
            held = container.items()
        tensors = [self.draft.tensor(value) for value in held]
        return (*held, *(t.base for t in tensors if t is not None and t.base is not None))


@dataclass(frozen=True)
class Write:
    """A write in place into a leaf that requires grad."""

    draft: Draft
    event: WrittenInPlace

    @property
    def carries_a_gradient(self) -> bool:
        """Whether, in a forward pass, what is written was computed from another trained tensor."""
        operands = [self.draft.tensor(value) for value in self.event.operands]
        return self.event.frame.role is Role.STEP and any(
            tensor is not None
            and tensor.trainable is True
            and not tensor.is_leaf
            and (tensor.origin is None or tensor.origin not in self.event.tensors)
            for tensor in operands
        )

    @property
    def is_before_a_backward(self) -> bool:
        """Whether a gradient is due of a forward pass that has run."""
        return is_between_passes(self.event)

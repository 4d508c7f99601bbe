"""What is known of a write that is to be done in place."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.passes import is_between_passes
from flake8_paramassign.semantics.events import VariableRebound, WrittenInPlace
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
    def is_of_integers(self) -> bool:
        """Whether floating point would be written into integers."""
        held = [self.draft.tensor(value) for value in self.event.before]
        given = [self.draft.tensor(value) for value in self.event.values]
        return any(t is not None and t.integer for t in held) and (
            self.divides or not all(t is not None and t.integer for t in given)
        )


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

"""What is known of a write through ``.data``."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.domain.values import Address
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.mentions import is_before_any_pass
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.semantics.events import WrittenInPlace

_CHANGES_FORM = frozenset(
    """as_strided_ resize_ resize_as_ set_ squeeze_ swapaxes_ swapdims_ t_ transpose_ unsqueeze_
    detach_ requires_grad_ share_memory_ apply_ map_
    """.split()
)
"""Methods that change not the values of a tensor but the tensor: of ``w.data``, a passing one."""


@dataclass(frozen=True)
class DataWrite:
    """``w.data.fill_(0)``, in whichever way."""

    draft: Draft
    event: WrittenInPlace

    @property
    def data(self) -> ast.Attribute | None:
        """The ``w.data`` that is written through; None where its text is not known."""
        facts = self.draft.case.facts
        made = [tensor.made for _, tensor in facts.tensors(self.event.tensors, self.event.state)]
        places = [self.event.subject, *(place.node for place in made if place is not None)]
        return next(filter(None, map(_data_in, places)), None)

    @property
    def is_taken_elsewhere(self) -> bool:
        """Whether another statement takes the ``.data``."""
        data = self.data
        return data is None or not any(node is data for node in ast.walk(self.draft.statement))

    @property
    def changes_form(self) -> str:
        """What changes the tensor and not its values; empty where it is the values."""
        return self.event.how if self.event.how.strip(".()") in _CHANGES_FORM else ""

    @property
    def is_of_a_parameter(self) -> bool:
        """Whether what is written surely is the storage of a Parameter."""
        return bool(self._parameters) and all(
            known is not None and known.is_parameter and not known.is_subclass
            for known in map(self.draft.tensor, self._parameters)
        )

    @property
    def _parameters(self) -> list[Address | None]:
        """Those whose ``.data`` is written."""
        found: list[Address | None] = []
        for value in self.event.tensors:
            tensor, seen = self.draft.tensor(value), 0
            while tensor is not None and not tensor.through_data and tensor.base and seen < 9:
                tensor, seen = self.draft.tensor(tensor.base), seen + 1
            found.append(tensor.base if tensor is not None and tensor.through_data else None)
        return found

    @property
    def is_after_no_forward(self) -> bool:
        """Whether no forward pass can have kept the values that are written over."""
        data = self.data
        held = [address for address in self._parameters if address is not None]
        return data is not None and is_before_any_pass(self.draft, self.event, data, held)

    @property
    def assigns_nothing(self) -> bool:
        """Whether no attribute is assigned: ``w.data += t`` becomes ``m.w += t``."""
        statement = self.draft.statement
        return not isinstance(statement, ast.AugAssign) or statement.target is not self.data

    @property
    def is_pure(self) -> bool:
        """Whether what is evaluated does nothing but to give values."""
        statement = self.draft.statement
        parts: list[ast.AST] = [self.event.subject]
        if isinstance(statement, ast.Assign):
            parts += [*statement.targets, statement.value]
        if isinstance(statement, ast.AugAssign):
            parts += [statement.target, statement.value]
        parts += (
            argument
            for call in ast.walk(statement)
            if isinstance(call, ast.Call)
            for argument in (*call.args, *call.keywords)
        )
        return all(is_pure(part, self.draft.module) for part in parts)


def _data_in(node: ast.AST) -> ast.Attribute | None:
    """The ``w.data`` that ``w.data.view(-1)[0]`` is a view of."""
    while True:
        if isinstance(node, ast.Attribute):
            if node.attr == "data":
                return node
            if catalogue.attribute(node.attr) is not catalogue.Result.VIEW:
                return None
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if catalogue.method(node.func.attr) is not catalogue.Result.VIEW:
                return None
            node = node.func.value
        else:
            return None

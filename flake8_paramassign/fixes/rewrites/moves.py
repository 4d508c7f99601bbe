"""What is known of an operation that is to be moved inside the call that makes a Parameter."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Tensor
from flake8_paramassign.domain.values import NONE, Address, Library, Value
from flake8_paramassign.facts.aliasing import shares_storage_with
from flake8_paramassign.facts.uses import reading_roles
from flake8_paramassign.fixes.rewrites.attribute_uses import Attribute
from flake8_paramassign.fixes.rewrites.callers import may_have_other_callers, mentions_of
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import last_result
from flake8_paramassign.fixes.rewrites.parameters import keeps_values, operation_of
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.frames import Role

_TAKES_DTYPE = frozenset(["to", "view"])
_LISTING = (
    "parameters", "named_parameters", "state_dict", "apply", "requires_grad_", "_parameters",
)  # fmt: skip


@dataclass(frozen=True)
class Moved(Attribute):
    """``value``, computed of a Parameter by the expression of ``draft``, and stored elsewhere.

    The ``draft`` of the attribute is that of the operation.
    """

    value: Value
    stored: ast.AST
    """What is stored where the event happens."""

    @cached_property
    def tensor(self) -> Tensor:
        """What the operation gives."""
        tensor = self.draft.tensor(self.value)
        assert tensor is not None
        return tensor

    @cached_property
    def made(self) -> Address:
        """The Parameter that it is computed of."""
        assert self.tensor.origin is not None
        return self.tensor.origin

    @cached_property
    def parameter(self) -> Tensor | None:
        """What is known of that."""
        return self.draft.tensor(self.made)

    @property
    def is_expanded(self) -> bool:
        """Whether several elements share memory."""
        return self.tensor.is_expanded or bool(self.parameter and self.parameter.is_expanded)

    @property
    def is_shared_helper(self) -> bool:
        """Whether the operation stands in another function than the store, with other callers.

        Those that store what they get in an attribute are callers like this one.
        """
        function = self.draft.function
        if self.draft.is_elsewhere:
            return may_have_other_callers(self.draft, storing=True)
        if not isinstance(function, FunctionNode) or self.stored in ast.walk(function):
            return False
        return bool(mentions_of(function.name, self.draft.tree, storing=True))

    @property
    def is_alike_on_all_paths(self) -> bool:
        """Whether Parameters, or what is computed of them, are stored there, or None."""
        tensors = (self.draft.tensor(value) for value in self.event.values if value != NONE[0])
        return all(t is not None and (t.is_parameter or t.origin is not None) for t in tensors)

    @property
    def cuts_a_gradient(self) -> bool:
        """Whether another tensor that is trained gets its gradient through the operation."""
        if self.keeps_values:  # whose arguments are looked at only
            return False
        operation = operation_of(self.draft)
        attributes = (node for node in ast.walk(operation) if isinstance(node, ast.Attribute))
        free = {
            part
            for node in attributes
            if catalogue.grad_free(node.attr)
            for part in ast.walk(node.value)
        }
        read = (
            v for node in ast.walk(operation) if node not in free for v in self.draft.held(node)
        )
        return any(
            known.trainable is True and self.made not in (value, known.origin)
            for value in read
            if value != self.value and (known := self.draft.tensor(value)) is not None
        )

    @property
    def shares_with_a_parameter(self) -> bool:
        """Whether the result would have the storage of another Parameter."""
        if self.tensor.base is None and not self.tensor.is_conversion:
            return False
        facts, state = self.draft.case.facts, self.event.state
        base = self.parameter.base if self.parameter is not None else None
        return base is not None and shares_storage_with(base, state, facts) is not None

    @property
    def has_own_storage(self) -> bool:
        """Whether the storage is made for this Parameter, or shared before and after alike."""
        if self.tensor.base is None:
            return True
        place = self.parameter.made if self.parameter is not None else None
        made = place.node if place is not None else None
        if place is None or not isinstance(made, ast.Call) or not (made.args or made.keywords):
            return False
        data = [*made.args, *(keyword.value for keyword in made.keywords)][0]
        return last_result(data, place.module) is Result.NEW

    @property
    def keeps_values(self) -> bool:
        """Whether it is a chain of methods that keep every value, and do nothing else."""
        return keeps_values(self.draft, self.made)

    @property
    def is_floating(self) -> bool:
        """Whether the result surely holds floating point, as what is trained has to."""
        origin, draft = self.parameter, self.draft
        call = origin.made.node if origin is not None and origin.made is not None else None
        if self.tensor.integer is not None or origin is None or not isinstance(call, ast.Call):
            return self.tensor.integer is False
        if len(call.args) > 1 or any(keyword.arg == "requires_grad" for keyword in call.keywords):
            if origin.trainable is not True:
                return origin.trainable is False  # a flag that moves along
        node = draft.path[-1]  # the Parameter's values are: and the operation keeps the dtype
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
                if part.func.attr in ("type", "type_as"):
                    return False
                given = [*part.args, *(keyword.value for keyword in part.keywords)]
                if part.func.attr in _TAKES_DTYPE and not all(
                    _is_no_dtype(a, draft) for a in given
                ):
                    return False
        return True

    @property
    def is_written(self) -> bool:
        """Whether something is written into it, which a trained Parameter refuses."""
        written = self.draft.path[-1] in self.draft.case.facts.written
        return written or self.is_written_in_place

    @property
    def is_listed(self) -> bool:
        """Whether something is done with all Parameters, in the constructor or a loop."""
        facts = self.draft.case.facts
        cls = facts.class_of(self.event)
        if self._writes_each() or any(map(_lists_attributes, ast.walk(self.home.tree))):
            return True
        return isinstance(cls, ProjectClass) and any(
            Role.CONSTRUCTION in reading_roles(cls, name, facts) for name in _LISTING
        )

    def _writes_each(self) -> bool:
        """Whether a loop of the file writes into what ``parameters()`` gives, but for gradients."""
        for loop in ast.walk(self.event.frame.module.tree):
            if not isinstance(loop, ast.For) or not any(
                getattr(node, "attr", "") in _LISTING for node in ast.walk(loop.iter)
            ):
                continue
            for node in ast.walk(loop):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    of = ast.unparse(node.func.value)
                    if node.func.attr.endswith("_") and not of.endswith(".grad"):
                        return True
        return False

    @property
    def is_stored_at_once(self) -> bool:
        """Whether nothing but the attribute gets what the operation gives."""
        draft, stored = self.draft, self.event.expression
        if stored not in draft.path:
            return False
        way = draft.path[draft.path.index(stored) :]
        targets = getattr(draft.statement, "targets", ())
        return len(targets) <= 1 and not any(isinstance(node, ast.NamedExpr) for node in way)


def _lists_attributes(node: ast.AST) -> bool:
    """``self.__dict__`` and ``vars(self)``, in which no Parameter is."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr="__dict__"):
            return True
        case ast.Call(func=ast.Name(id="vars"), args=[ast.Name(id="self")]):
            return True
    return False


def _is_no_dtype(node: ast.expr, draft: Draft) -> bool:
    """Whether an argument names no dtype, as far as is seen, not even by its default."""
    if any(isinstance(value, Library) for value in draft.module.static(node)):
        return False
    function = draft.function
    if isinstance(node, ast.Name) and isinstance(function, FunctionNode):
        arguments = [*function.args.posonlyargs, *function.args.args]
        defaults = dict(zip(reversed(arguments), reversed(function.args.defaults), strict=False))
        for argument, default in defaults.items():
            if argument.arg == node.id:
                return not any(isinstance(v, Library) for v in draft.module.static(default))
    return True

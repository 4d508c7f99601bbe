"""What is known of a tensor that an optimizer is given, and of integers that are to be trained."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign.domain.values import Address, Library
from flake8_paramassign.fixes.rewrites.catching import may_be_caught
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import block_of
from flake8_paramassign.fixes.rewrites.purity import is_new_tensor, is_pure
from flake8_paramassign.semantics.events import DataStored, OptimizerMade, ParameterMade

_CONVERTS = frozenset(["to", "type", "type_as", "view"])
"""What takes a dtype, among others."""
_GOES_ON = ast.Assign | ast.AnnAssign | ast.Expr | ast.Import | ast.ImportFrom
"""Statements that the next one follows."""


@dataclass(frozen=True)
class Computed:
    """What ``operation`` computes of a leaf, and an optimizer is given.

    The ``draft`` is that of the operation.
    """

    draft: Draft
    event: OptimizerMade
    operation: ast.expr
    result: Address
    """What it gives."""

    @property
    def is_expanded(self) -> bool:
        """Whether several elements share memory."""
        tensor = self.draft.tensor(self.result)
        return tensor is not None and tensor.is_expanded

    @property
    def is_computed_of_others(self) -> bool:
        """Whether another tensor that is trained is computed with, so that it is no leaf."""
        tensor = self.draft.tensor(self.result)
        own = (self.result, tensor.origin if tensor is not None else None)
        read = self.draft.read_in(self.operation)
        return any(known.trainable is True for value, known in read if value not in own)

    @property
    def is_unexpected(self) -> bool:
        """Whether nobody waits for the exception that the optimizer raises today."""
        event = self.event
        return not (
            event.attempts or event.expects_error or may_be_caught(event, event.frame.module)
        )

    @property
    def is_made_here(self) -> bool:
        """Whether the leaf is made in the same expression, and nobody else has it."""
        root: ast.expr = self.operation
        while True:
            if isinstance(root, ast.BinOp):
                root = root.left
            elif isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            elif isinstance(root, ast.Call) and isinstance(root.func, ast.Attribute):
                if is_new_tensor(root, self.draft.module):
                    return True
                root = root.func.value
            else:
                return False

    @property
    def is_floating(self) -> bool:
        """Whether it surely holds floating point."""
        tensor = self.draft.tensor(self.result)
        return tensor is not None and tensor.integer is False and not self._may_convert()

    def _may_convert(self) -> bool:
        """Whether ``.to(d)`` may name a dtype."""
        for part in ast.walk(self.operation):
            if isinstance(part, ast.Call) and getattr(part.func, "attr", "") in _CONVERTS:
                given = [*part.args, *(k.value for k in part.keywords if k.arg != "device")]
                if not all(map(self._is_a_device, given)):
                    return True
        return False

    def _is_a_device(self, node: ast.expr) -> bool:
        called = node.func if isinstance(node, ast.Call) else node
        is_name = isinstance(node, ast.Constant) and isinstance(node.value, str)
        return is_name or Library("torch.device") in self.draft.module.static(called)

    @property
    def is_pure(self) -> bool:
        """Whether to compute it does nothing else."""
        return is_pure(self.operation, self.draft.module)

    @property
    def is_for_the_optimizer(self) -> bool:
        """Whether nothing else is done with it before the optimizer, which is surely made, has it.

        What comes after that never runs today.
        """
        made, taken = self.draft.statement, self.event.running[0][1]
        given = [*ast.iter_child_nodes(self.event.node)]
        if not all(is_pure(part, self.event.frame.module) for part in given):
            return False
        if made is taken:
            return True
        block = block_of(self.draft.tree, made)
        if taken not in block or not isinstance(made, ast.Assign):
            return False
        names = [target.id for target in made.targets if isinstance(target, ast.Name)]
        between = block[block.index(made) + 1 : block.index(taken)]
        return (
            len(names) == len(made.targets)
            and all(isinstance(statement, _GOES_ON) for statement in between)
            and not any(
                isinstance(node, ast.Name)
                and node.id in names
                and isinstance(node.ctx, ast.Load)
                and node.lineno < taken.lineno
                for node in ast.walk(self.draft.function)
            )
        )


@dataclass(frozen=True)
class Integers:
    """Integers, or bools, that a Parameter is made of, or given."""

    event: ParameterMade | DataStored

    @property
    def are_given_to_a_parameter(self) -> bool:
        """Whether a Parameter that is there gets them."""
        return isinstance(self.event, DataStored)

    @property
    def are_to_be_trained(self) -> bool:
        """Whether the program says that the Parameter requires grad."""
        call = self.event.node
        return isinstance(call, ast.Call) and (
            len(call.args) > 1 or any(keyword.arg == "requires_grad" for keyword in call.keywords)
        )

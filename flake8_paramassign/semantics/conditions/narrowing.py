"""What is known where a test came out one way.

Values that could not have come through are left out, an object is known to be what it was asked
for, and where two paths met before and one of them could not have come through, what the other
knew returns.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from flake8_paramassign.domain.objects import (
    ABSENT,
    PARAMETER,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Builtin,
    Constant,
    Library,
    Plain,
    Question,
    Unknown,
    Values,
    constant,
    same,
)
from flake8_paramassign.semantics.conditions.instances import Instances
from flake8_paramassign.semantics.conditions.recall import Recall, peeked, truth_key
from flake8_paramassign.semantics.conditions.refinement import as_tensor, keep, refine
from flake8_paramassign.semantics.conditions.truth import Truth, comparison_key
from flake8_paramassign.semantics.conditions.type_tests import TypeTests
from flake8_paramassign.semantics.machine import Machine

_ASSERTED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Is: ast.Is(), ast.IsNot: ast.Is(), ast.Eq: ast.Eq(), ast.NotEq: ast.Eq(),
    ast.In: ast.In(), ast.NotIn: ast.In(),
}  # fmt: skip
"""What each comparison says, or denies."""


class Narrowing:
    """Assumes tests for a machine."""

    def __init__(self, machine: Machine, truth: Truth, instances: Instances) -> None:
        """``truth`` and ``instances`` answer tests for the values that are known."""
        self._machine = machine
        self._truth = truth
        self._types = TypeTests(machine, instances)
        self._recall = Recall(machine)

    def assume(self, node: ast.expr, state: State, *, holds: bool) -> State | None:
        """The state in which a test that was evaluated came out so; None where it cannot."""
        result = self._assume(node, state, holds)
        if result is not None and result.splits:
            self._recall(node, result, holds=holds)
        return result

    def _assume(self, node: ast.expr, state: State, holds: bool) -> State | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._assume(node.operand, state, not holds)
        if isinstance(node, ast.BoolOp):
            return self._assume_all(node, state, holds)
        if isinstance(node, ast.IfExp):
            return self._assume_either(node, state, holds)
        if isinstance(node, ast.NamedExpr):
            return self._assume(node.target, state, holds)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._assume_comparison(node, state, holds)
        if isinstance(node, ast.Call):
            return self._assume_call(node, state, holds)
        held = peeked(self._machine, node, state)
        kept = self._truth.filtered(held, state, truthy=holds)
        if held and not kept:
            return None
        keep(self._machine, node, held, kept, state)
        (asked,) = held if len(held) == 1 else (None,)
        if isinstance(asked, Question) and asked.node is not node:
            return self._answered(asked, state, holds)
        key = truth_key(node, held)
        if key is not None:
            state.assumed = {**state.assumed, key: holds}
        if holds:
            refine(held, state, lambda obj: replace(obj, truth=True)
                         if isinstance(obj, Thing) else obj)  # fmt: skip
        return state

    def question(self, node: ast.expr, state: State) -> Values:
        """What a test gives whose answer is not known."""
        operands = []
        for part in _operands(node):
            held = peeked(self._machine, part, state)
            if any(
                isinstance(value, Unknown | Question) or (isinstance(value, Address) and value.many)
                for value in held
            ):
                return (Plain("bool"),)
            operands.append((part, held))
        return (Question(node, self._machine.frame.scope, tuple(operands)),)

    def _answered(self, asked: Question, state: State, holds: bool) -> State | None:
        """A test whose answer was kept came out so, if it still asks the same."""
        if asked.scope is not self._machine.frame.scope:
            return state
        for part, held in asked.operands:
            if not same(peeked(self._machine, part, state), held):
                return state
        state.passed = (*state.passed, asked.node)
        return self._assume(asked.node, state, holds)

    def _assume_either(self, node: ast.IfExp, state: State, holds: bool) -> State | None:
        """``a if c else b`` holds where ``c`` and ``a`` do, or where ``b`` does and not ``c``."""
        ends: list[State] = []
        for part, taken in ((node.body, True), (node.orelse, False)):
            at = self.assume(node.test, state.copy(), holds=taken)
            end = self.assume(part, at, holds=holds) if at is not None else None
            if end is not None:
                ends.append(end)
        return ends[0].joined(ends[-1]) if ends else None

    def _assume_all(self, node: ast.BoolOp, state: State, holds: bool) -> State | None:
        if isinstance(node.op, ast.And) is holds:
            at: State | None = state
            for part in node.values:
                at = self.assume(part, at, holds=holds) if at is not None else None
            return at
        # One of several made it so: which of them is not known.
        result: State | None = None
        at = state
        for part in node.values:
            if at is None:
                break
            this = self.assume(part, at.copy(), holds=holds)
            if this is not None:
                result = this if result is None else result.joined(this)
            at = self.assume(part, at, holds=not holds)
        return result

    def _assume_comparison(self, node: ast.Compare, state: State, holds: bool) -> State | None:
        left = peeked(self._machine, node.left, state)
        right = peeked(self._machine, node.comparators[0], state)
        op = node.ops[0]
        known = self._truth.compared(op, left, right, state)
        if known is not None and known is not holds:
            return None
        key, sign = comparison_key(op, left, right)
        if key is not None:
            state.assumed = {**state.assumed, key: holds is sign}
        test = _ASSERTED.get(type(op))
        if test is None:
            return state
        equal = isinstance(op, ast.Is | ast.Eq | ast.In) is holds
        if isinstance(test, ast.In):
            self._assume_registered(left, right, state, equal)
        elif isinstance(op, ast.Is | ast.Eq) and equal:
            asked = self._asked_type(node.left, state)
            if asked is not None:
                return self._types.assume_instance(asked, node.comparators[0], state, holds=True)
        if not self._keep_equal(node.left, left, right, test, state, equal):
            return None
        if not isinstance(test, ast.In):
            if not self._keep_equal(node.comparators[0], right, left, test, state, equal):
                return None
        return state

    def _keep_equal(
        self, node: ast.expr, values: Values, others: Values, test: ast.cmpop, state: State,
        equal: bool,
    ) -> bool:  # fmt: skip
        """Keep those of ``values`` that may compare so with one of ``others``; whether any does."""
        kept = tuple(
            v for v in values
            if any(self._truth.compared_pair(test, v, o, state) is not (not equal) for o in others)
        )  # fmt: skip
        if values and not kept:
            return False
        if equal and len(others) == 1 and isinstance(others[0], Constant):
            if isinstance(test, ast.Is) and all(isinstance(v, Unknown) for v in kept):
                kept = others
        keep(self._machine, node, values, kept, state)
        return True

    def _asked_type(self, node: ast.expr, state: State) -> ast.expr | None:
        """What ``type(x)`` asks the class of."""
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            callee = peeked(self._machine, node.func, state)
            if callee == (Library("builtins.type"),):
                return node.args[0]
        return None

    def _assume_call(self, node: ast.Call, state: State, holds: bool) -> State | None:
        callee = peeked(self._machine, node.func, state)
        name = callee[0].name if len(callee) == 1 and isinstance(callee[0], Library) else ""
        if name == "builtins.bool" and len(node.args) == 1:
            return self._assume(node.args[0], state, holds)
        if name == "builtins.isinstance" and len(node.args) == 2:
            return self._types.assume_instance(node.args[0], node.args[1], state, holds=holds)
        if name == "builtins.issubclass" and node.args:
            held = peeked(self._machine, node.args[0], state)
            # A class, whatever its annotation says.
            kept = tuple(UNKNOWN[0] if isinstance(v, Address) else v for v in held)
            keep(self._machine, node.args[0], held, kept, state)
            return state
        if name == "torch.is_grad_enabled" and not node.args:
            if state.grad in (True, False) and state.grad is not holds:
                return None
            state.grad = holds
            return state
        if name == "torch.is_tensor" and len(node.args) == 1:
            held = peeked(self._machine, node.args[0], state)
            if holds:
                refine(held, state, as_tensor)
            return state
        return state

    def _assume_registered(self, left: Values, right: Values, state: State, holds: bool) -> None:
        """``"w" in self._parameters``."""
        name = constant(left)
        (registry,) = right if len(right) == 1 else (None,)
        if not isinstance(registry, Builtin) or registry.name != "_parameters":
            return
        owner = registry.receiver
        obj = state.read(owner) if isinstance(owner, Address) else None
        if isinstance(obj, Thing) and isinstance(owner, Address) and isinstance(name, str):
            held = obj.member(name)
            slot = PARAMETER if holds else (held.slot & ~PARAMETER) or ABSENT
            state.write(owner, obj.with_field(name, replace(held, slot=slot)))


def _operands(node: ast.expr) -> list[ast.expr]:
    """What a test asks about."""
    if isinstance(node, ast.UnaryOp):
        return _operands(node.operand)
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Call):
        return list(node.args)
    if isinstance(node, ast.BoolOp):
        return [part for value in node.values for part in _operands(value)]
    return [node]

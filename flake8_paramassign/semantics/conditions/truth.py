"""Whether a test holds, for the values that are known: True, False, or None.

A test that was passed on the way here holds as it did then, as long as it asks of the same values.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Hashable
from typing import Any

from flake8_paramassign.domain.objects import (
    Container,
    Optimizer,
    Thing,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    Address,
    Builtin,
    ClassRef,
    Constant,
    Function,
    GradMode,
    Library,
    Method,
    Partial,
    Super,
    Text,
    Unknown,
    Value,
    Values,
    constant,
)
from flake8_paramassign.semantics.conditions.recall import truth_key
from flake8_paramassign.semantics.machine import Machine

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.In: lambda item, whole: item in whole,
    ast.NotIn: lambda item, whole: item not in whole,
}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In, ast.GtE: ast.Lt, ast.LtE: ast.Gt,
}  # fmt: skip


class Truth:
    """Answers tests for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates their parts."""
        self._machine = machine

    def truth(self, node: ast.expr, state: State) -> bool | None:
        """Whether a test holds, as far as that is known; evaluates it."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, state)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            return self._truth_of_all(node, state)
        if isinstance(node, ast.Compare):
            return self._truth_of_comparison(node, state)
        held = self._machine.evaluate(node, state)
        return self._known(truth_key(node, held), self.truth_of(held, state), state)

    def _truth_of_all(self, node: ast.BoolOp, state: State) -> bool | None:
        decisive = isinstance(node.op, ast.Or)
        found: bool | None = not decisive
        at = state.copy()
        for part in node.values:
            truth = self.truth(part, at)
            if truth is decisive:
                state.become(at) if found is not None else state.become(state.joined(at))
                return decisive
            if truth is None:
                found = None
            goes = self._machine.assume(part, at.copy(), holds=not decisive)
            if goes is None:
                break
            at = goes
        # Only one of its parts may have run; what they bind may be bound.
        state.become(state.joined(at) if found is None else at)
        return found

    def _truth_of_comparison(self, node: ast.Compare, state: State) -> bool | None:
        left = self._machine.evaluate(node.left, state)
        truth: bool | None = True
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self._machine.evaluate(right_node, state)
            one = self.compared(op, left, right, state)
            if len(node.ops) == 1:
                key, sign = comparison_key(op, left, right)
                assumed = state.assumed.get(key) if key is not None else None
                if one is None and assumed is not None:
                    one = assumed is sign
            if one is False:
                return False
            if one is None:
                truth = None
            left = right
        return truth

    def compared(self, op: ast.cmpop, left: Values, right: Values, state: State) -> bool | None:
        """What a comparison gives, whichever values are compared."""
        found = {self.compared_pair(op, a, b, state) for a in left for b in right}
        return found.pop() if len(found) == 1 else None

    def compared_pair(self, op: ast.cmpop, a: Value, b: Value, state: State) -> bool | None:
        """What a comparison of two values gives."""
        if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            equal = self._is_same(a, b, state, identity=isinstance(op, ast.Is | ast.IsNot))
            if equal is not None:
                return equal is isinstance(op, ast.Is | ast.Eq)
        if isinstance(a, Constant) and isinstance(b, Constant):
            compare = _COMPARISONS.get(type(op))
            try:
                return bool(compare(a.value, b.value)) if compare is not None else None
            except TypeError:
                return None
        if isinstance(op, ast.In | ast.NotIn):
            inside = self._is_in(a, b, state)
            return None if inside is None else inside is isinstance(op, ast.In)
        return None

    def _is_in(self, a: Value, b: Value, state: State) -> bool | None:
        obj = state.read(b) if isinstance(b, Address) else None
        if isinstance(obj, Container) and isinstance(a, Constant) and obj.is_exact:
            if obj.kind in ("dict", "state_dict"):
                return a.value in obj.known
            held = [constant(values) for values in obj.known.values()]
            if NotImplemented not in held:
                return a.value in held
        return None

    def _is_same(self, a: Value, b: Value, state: State, *, identity: bool) -> bool | None:
        """Whether two values are one and the same, or equal."""
        if isinstance(a, Constant) and a.value is None:
            a, b = b, a
        if isinstance(b, Constant) and b.value is None:
            return self.is_none(a, state)
        if isinstance(a, Constant) and isinstance(b, Constant):
            return a == b if identity else a.value == b.value
        if isinstance(a, Address) and isinstance(b, Address):
            if a is b:
                return True if not a.many and identity else None
            if identity and not (a.symbolic or b.symbolic or a.many or b.many):
                return False
        if isinstance(a, ClassRef | Library) and isinstance(b, ClassRef | Library):
            return True if a == b else None
        return None

    def is_none(self, value: Value, state: State) -> bool | None:
        """Whether ``value`` is None."""
        if isinstance(value, Constant):
            return value.value is None
        if isinstance(value, Unknown | Library):
            return None
        if isinstance(value, Address):
            obj = state.read(value)
            if isinstance(obj, Thing) and value.symbolic:
                known = obj.cls is not None or obj.is_module or obj.truth
                return False if known else None
            return False
        return False

    def truth_of(self, values: Values, state: State) -> bool | None:
        """Whether what is held counts as true."""
        found = {self._truth_of_value(value, state) for value in values}
        return found.pop() if len(found) == 1 else None

    def _truth_of_value(self, value: Value, state: State) -> bool | None:
        if isinstance(value, Constant):
            return bool(value.value)
        if isinstance(value, Library):
            return False if value.name == "typing.TYPE_CHECKING" else None
        if isinstance(value, ClassRef | Function | Method | Builtin | Partial | Super | GradMode):
            return True
        if isinstance(value, Text):
            return True if value.prefix or value.suffix else None
        if isinstance(value, Address):
            obj = state.read(value)
            if isinstance(obj, Container) and obj.is_exact:
                return bool(obj.known)
            if isinstance(obj, Thing):
                return obj.truth if not value.many else None
            if isinstance(obj, Optimizer):
                return True
        return None

    @staticmethod
    def _known(key: Hashable, found: bool | None, state: State) -> bool | None:
        if found is None and key is not None:
            return state.assumed.get(key)
        return found

    def filtered(self, values: Values, state: State, *, truthy: bool) -> Values:
        """Those of ``values`` that may count as true, or as false."""
        return tuple(v for v in values if self._truth_of_value(v, state) is not (not truthy))


def comparison_key(op: ast.cmpop, left: Values, right: Values) -> tuple[Hashable, bool]:
    """What two comparisons of the same things share, and whether this one says it or denies it."""
    if len(left) != 1 or len(right) != 1:
        return None, True
    for value in (left[0], right[0]):
        if isinstance(value, Address):
            if value.many:
                return None, True
        elif not isinstance(value, Constant | Library):
            return None, True
    kind = type(op)
    positive = _OPPOSITE.get(kind)
    if positive is not None:
        return (positive, left[0], right[0]), False
    return (kind, left[0], right[0]), True

"""What an expression holds: an entry for each kind."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flake8_paramassign.domain.objects import Container
from flake8_paramassign.domain.state import State, join_states
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Constant,
    Function,
    Plain,
    Values,
    constant,
    is_small,
    join,
    join_all,
)
from flake8_paramassign.nodes import defaults_of
from flake8_paramassign.semantics.expressions.arguments import passed
from flake8_paramassign.semantics.expressions.comprehensions import Comprehensions
from flake8_paramassign.semantics.expressions.displays import Displays
from flake8_paramassign.semantics.expressions.operators import Operators
from flake8_paramassign.semantics.expressions.text import text_of
from flake8_paramassign.semantics.machine import Machine
from flake8_paramassign.semantics.models.tensors import operators
from flake8_paramassign.semantics.models.tensors.conversions import CONVERSIONS, LOOKS

_ELEMENTWISE = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
"""Comparisons that tensors make for each element."""


class Expressions:
    """Evaluates expressions for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates their parts."""
        self._machine = machine
        self.operators = Operators(machine)
        displays, comprehensions = Displays(machine), Comprehensions(machine)
        self._handlers: dict[type[ast.expr], Callable[[Any, State], Values]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.BinOp: self._operation,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._choice,
            ast.Compare: self._comparison,
            ast.IfExp: self._conditional,
            ast.Lambda: self._lambda,
            ast.Tuple: displays.sequence,
            ast.List: displays.sequence,
            ast.Set: displays.sequence,
            ast.Dict: displays.mapping,
            ast.ListComp: comprehensions.evaluate,
            ast.SetComp: comprehensions.evaluate,
            ast.GeneratorExp: comprehensions.evaluate,
            ast.DictComp: comprehensions.evaluate,
            ast.Subscript: self._subscript,
            ast.NamedExpr: self._named,
            ast.Starred: self._inner,
            ast.Await: self._await,
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield_from,
            ast.JoinedStr: self._joined,
            ast.FormattedValue: self._inner,
            ast.Slice: self._slice,
        }

    def evaluate(self, node: ast.expr, state: State) -> Values:
        """What ``node`` may hold; ``state`` becomes the state after it."""
        self._machine.step()
        handler = self._handlers.get(type(node))
        if handler is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.evaluate(child, state)
            return UNKNOWN
        return handler(node, state)

    def _constant(self, node: ast.Constant, state: State) -> Values:
        return (Constant(node.value),)

    def _name(self, node: ast.Name, state: State) -> Values:
        return self._machine.lookup(node.id, state)

    def _lambda(self, node: ast.Lambda, state: State) -> Values:
        frame = self._machine.frame
        frame.scope.is_closed_over = True
        for default in defaults_of(node.args):
            self.evaluate(default, state)
        return (Function(node, frame.module, None, frame.scope),)

    def _joined(self, node: ast.JoinedStr, state: State) -> Values:
        parts: list[str | None] = []
        for value in node.values:
            held = constant(self.evaluate(value, state))
            formatted = isinstance(value, ast.FormattedValue) and (
                value.format_spec is not None or value.conversion != -1
            )
            is_plain = isinstance(held, str | int) and not isinstance(held, bool)
            known = is_plain and is_small(held) and not formatted
            parts.append(str(held) if known else None)
        return (text_of(parts),)

    def _attribute(self, node: ast.Attribute, state: State) -> Values:
        if node.attr in CONVERSIONS or node.attr in LOOKS:
            self._machine.moved.add(node.value)
        owners = self.evaluate(node.value, state)
        if len(owners) == 1:
            return self._machine.attribute(owners[0], node.attr, state, node)
        return join_all(self._machine.attribute(o, node.attr, state, node) for o in owners)

    def _subscript(self, node: ast.Subscript, state: State) -> Values:
        owners = self.evaluate(node.value, state)
        index = self.evaluate(node.slice, state)
        for owner in owners:
            obj = state.read(owner) if isinstance(owner, Address) else None
            if (
                isinstance(owner, Address)
                and isinstance(obj, Container)
                and self._is_use(node, obj)
            ):
                self._machine.used_containers.add(owner)
        return join_all(self._machine.item(owner, index, state, node) for owner in owners)

    def _is_use(self, node: ast.Subscript, obj: Container) -> bool:
        """Whether an item is read for what is stored in another object than the one it is of.

        Of one in which something was stored before, it is read for whatever else is done.
        """
        statement = self._machine.frame.statement
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        else:
            targets = [statement.target] if isinstance(statement, ast.AugAssign) else []
        whole = ast.unparse(node.value)
        stored = [t for t in targets if isinstance(t, ast.Attribute | ast.Subscript)]
        is_own = [ast.unparse(target.value) == whole for target in stored]
        return not all(is_own) or (bool(obj.fills) and not is_own)

    def _slice(self, node: ast.Slice, state: State) -> Values:
        """A slice of known bounds is a constant; it is what an index is then."""
        bounds = [
            None if part is None else constant(self.evaluate(part, state))
            for part in (node.lower, node.upper, node.step)
        ]
        if all(bound is None or type(bound) is int for bound in bounds):
            return (Constant(("slice", *bounds)),)  # slices cannot be hashed
        return (Plain("slice"),)

    def _call(self, node: ast.Call, state: State) -> Values:
        callees = self.evaluate(node.func, state)
        arguments = passed(self._machine, node, state)
        return self._machine.call_any(callees, arguments, state, node)

    def _await(self, node: ast.Await, state: State) -> Values:
        held = self.evaluate(node.value, state)
        return join_all(self._machine.awaited(value, state, node) for value in held)

    def _yield(self, node: ast.Yield, state: State) -> Values:
        held = self.evaluate(node.value, state) if node.value is not None else NONE
        self._machine.frame.yields.append((held, state.copy()))
        return UNKNOWN

    def _yield_from(self, node: ast.YieldFrom, state: State) -> Values:
        given = self.evaluate(node.value, state)
        self._machine.used_containers.update(v for v in given if isinstance(v, Address))
        _, some = self._machine.iterate(given, state, node)
        self._machine.frame.yields.append((some, state.copy()))
        return UNKNOWN

    def _operation(self, node: ast.BinOp, state: State) -> Values:
        left = self.evaluate(node.left, state)
        right = self.evaluate(node.right, state)
        return self.operators.combined(node.op, left, right, node, state)

    def _unary(self, node: ast.UnaryOp, state: State) -> Values:
        if isinstance(node.op, ast.Not):
            return self._answer(node, self._machine.truth(node, state), state)
        return self.operators.negated(self.evaluate(node.operand, state), node, state)

    def _choice(self, node: ast.BoolOp, state: State) -> Values:
        """``a or b`` is ``a`` where that is true."""
        is_or = isinstance(node.op, ast.Or)
        result = NOTHING
        at: State | None = state
        left: list[State] = []
        for index, part in enumerate(node.values):
            assert at is not None
            held = self.evaluate(part, at)
            if index == len(node.values) - 1:
                result = join(result, held)
                left.append(at)
                break
            result = join(result, self._machine.filtered(held, at, truthy=is_or))
            stays = self._machine.assume(part, at.copy(), holds=is_or)
            goes = self._machine.assume(part, at.copy(), holds=not is_or)
            if stays is not None:
                left.append(stays)
            if goes is None:
                break
            at = goes
        end = join_states(left)
        if end is not None:
            state.become(end)
        return result

    def _comparison(self, node: ast.Compare, state: State) -> Values:
        truth = self._machine.truth(node, state)
        if truth is None and len(node.ops) == 1 and isinstance(node.ops[0], _ELEMENTWISE):
            with self._machine.quietly():
                left = self.evaluate(node.left, state.copy())
                right = self.evaluate(node.comparators[0], state.copy())
            if operators.are_any((*left, *right), state):
                return operators.compared(self._machine, left, right, node, state)
        return self._answer(node, truth, state)

    def _answer(self, node: ast.expr, truth: bool | None, state: State) -> Values:
        """What a test gives."""
        if truth is not None:
            return (Constant(truth),)
        return self._machine.question(node, state)

    def _conditional(self, node: ast.IfExp, state: State) -> Values:
        truth = self._machine.truth(node.test, state)
        result = NOTHING
        ends: list[State] = []
        for part, taken in ((node.body, True), (node.orelse, False)):
            if truth is None or truth is taken:
                at = self._machine.assume(node.test, state.copy(), holds=taken)
                if at is not None:
                    result = join(result, self.evaluate(part, at))
                    ends.append(at)
        end = join_states(ends)
        if end is not None:
            state.become(end)
        return result

    def _named(self, node: ast.NamedExpr, state: State) -> Values:
        held = self.evaluate(node.value, state)
        self._machine.bind(node.target, held, state, None)
        return held

    def _inner(self, node: ast.Starred | ast.FormattedValue, state: State) -> Values:
        return self.evaluate(node.value, state)

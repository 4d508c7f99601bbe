"""Where two paths met and a test tells them apart again, what one of them knew returns."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from flake8_paramassign.domain.state import Split, State
from flake8_paramassign.domain.values import Address, Value, Values
from flake8_paramassign.semantics.machine import Machine

_SCOPES = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


class Recall:
    """Goes back to what was known before two paths met."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates tests as they would have been on a path."""
        self._machine = machine

    def __call__(self, node: ast.expr, state: State, *, holds: bool) -> None:
        """The test ``node`` came out so: forget the paths that cannot have led here."""
        if not state.splits:
            return
        names, values = self._asked(node, state)
        for split in state.splits:
            if not _may_tell(split, names, values):
                continue
            first = self._may_have_led(split, split.first, node, state, holds)
            second = self._may_have_led(split, split.second, node, state, holds)
            if first is not second:
                state.keep(split, split.first if first else split.second)

    def _asked(self, node: ast.expr, state: State) -> tuple[set[str], set[Value]]:
        """The variables and the values that a test depends on, as far as they are in sight."""
        names: set[str] = set()
        values: set[Value] = set()
        waiting: list[ast.AST] = [node]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, ast.Name):
                names.add(inner.id)
                values.update(self._machine.lookup(inner.id, state))
            elif isinstance(inner, _SCOPES):
                names.update(n.id for n in ast.walk(inner) if isinstance(n, ast.Name))
            else:
                if isinstance(inner, ast.Attribute | ast.Subscript):
                    values.update(peeked(self._machine, inner, state))
                waiting.extend(ast.iter_child_nodes(inner))
        return names, values

    def _may_have_led(
        self, split: Split, side: State, node: ast.expr, state: State, holds: bool
    ) -> bool:
        """Whether a test can have come out so on the path ``side``."""
        joined = split.joined
        names = [
            name for name in split.names
            if name in side.names and side.names[name] is not joined.names[name]
            and state.names.get(name) is joined.names[name]
        ]  # fmt: skip
        objects = [
            address for address in split.objects
            if address in side.heap and side.heap[address] is not joined.heap[address]
            and state.heap.get(address) is joined.heap[address]
        ]  # fmt: skip
        changed = bool(names or objects)
        if not changed and side.grad == joined.grad and side.assumed == joined.assumed:
            return True
        past = state.copy()
        past.splits = ()
        for name in names:
            past.bind(name, side.names[name])
        for address in objects:
            past.write(address, side.heap[address])
        if side.grad != joined.grad and state.grad == joined.grad:
            past.grad, changed = side.grad, True
        if side.assumed != joined.assumed:
            past.assumed, changed = {**state.assumed, **side.assumed}, True
            own = self._own_key(node, state)
            if own is not None and own in side.assumed:
                return (side.assumed[own] is holds) or own not in past.assumed
            past.assumed = {k: v for k, v in past.assumed.items()
                            if k in side.assumed or k not in state.assumed}  # fmt: skip
        if not changed:
            return True
        with self._machine.quietly():
            return self._machine.truth(node, past) is not (not holds)

    def _own_key(self, node: ast.expr, state: State) -> Hashable:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return truth_key(node, peeked(self._machine, node, state))
        return None


def peeked(machine: Machine, node: ast.expr, state: State) -> Values:
    """What an expression that was evaluated already holds, without doing it again."""
    if isinstance(node, ast.Name):
        return machine.lookup(node.id, state)
    with machine.quietly():
        return machine.evaluate(node, state.copy())


def truth_key(node: ast.expr, held: Values) -> Hashable:
    """What two tests of the same question share; None where that cannot be told."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and len(held) == 1:
        value = held[0]
        if isinstance(value, Address) and not value.many:
            return "truth", value
    return None


def _may_tell(split: Split, names: set[str], values: set[Value]) -> bool:
    """Whether a test of ``names`` and ``values`` can come out differently on the two paths."""
    if not names.isdisjoint(split.names) or not values.isdisjoint(split.objects):
        return True
    return any(
        side.assumed is not split.joined.assumed
        and any(
            key not in split.joined.assumed and not values.isdisjoint(key)
            for key in side.assumed
            if isinstance(key, tuple)
        )
        for side in (split.first, split.second)
    )

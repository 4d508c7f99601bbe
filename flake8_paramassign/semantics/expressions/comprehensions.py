"""Comprehensions: loops that collect."""

from __future__ import annotations

import ast
from typing import TypeAlias

from flake8_paramassign.domain.objects import MOST_ITEMS, Container
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Values,
    constant,
    join,
    join_all,
)
from flake8_paramassign.semantics.frames import Loop
from flake8_paramassign.semantics.machine import Machine

Comprehension: TypeAlias = "ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp"
Collected: TypeAlias = "list[tuple[object, Values]]"
"""What was collected, each with its key in a dict."""

_ROUNDS = 3
"""How often a loop is run over what is not known one by one."""
_KINDS: dict[type[ast.expr], str] = {
    ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict", ast.GeneratorExp: "generator",
}  # fmt: skip


class Comprehensions:
    """Runs comprehensions for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` evaluates their parts."""
        self._machine = machine

    def evaluate(self, node: Comprehension, state: State) -> Values:
        """What a comprehension makes: a container, or a generator that has run."""
        kind = _KINDS[type(node)]
        outer = dict(state.names)
        collected: Collected = []
        exact = self._collect(node, list(node.generators), state, collected)
        _leave(node, outer, state)
        place = self._machine.place(node)
        if exact and len(collected) <= MOST_ITEMS:
            keys = [key if kind == "dict" else i for i, (key, _) in enumerate(collected)]
            if NotImplemented not in keys:
                items = [values for _, values in collected]
                made = Container(kind, dict(zip(keys, items, strict=True)), made=place)
                return (self._machine.new(made, state, node),)
        every = join_all(values for _, values in collected)
        made = Container(kind, rest=every, is_exact=False, made=place)
        return (self._machine.new(made, state, node),)

    def _collect(
        self, node: Comprehension, loops: list[ast.comprehension], state: State,
        collected: Collected,
    ) -> bool:  # fmt: skip
        """Run what is left of a comprehension; whether each round is known one by one."""
        if not loops:
            key: object = None
            if isinstance(node, ast.DictComp):
                key = constant(self._machine.evaluate(node.key, state))
            item = node.value if isinstance(node, ast.DictComp) else node.elt
            collected.append((key, self._machine.evaluate(item, state)))
            return True
        held = self._machine.evaluate(loops[0].iter, state)
        each, some = self._machine.iterate(held, state, loops[0].iter, "for")
        if each is None or not self._machine.may_unroll(len(each)):
            self._settle(node, loops, some or UNKNOWN, state, collected)
            return False
        sure = True
        for number, values in enumerate(each):
            with self._machine.round(loops[0], number, len(each)):
                sure = self._once(node, loops, values, state, collected) and sure
        return sure

    def _once(
        self, node: Comprehension, loops: list[ast.comprehension], values: Values, state: State,
        collected: Collected,
    ) -> bool:  # fmt: skip
        """One round; whether it is known what it collects."""
        first, *rest = loops
        self._machine.bind(first.target, values, state, None)
        current = state
        sure = True
        for test in first.ifs:
            truth = self._machine.truth(test, current)
            sure = sure and truth is not None
            passed = truth is not False
            holding = self._machine.assume(test, current, holds=True) if passed else None
            if holding is None:
                return sure
            current = holding
        before = len(collected)
        inner = self._collect(node, rest, current, collected)
        if current is not state:
            state.become(current)
        return inner and (sure or len(collected) == before)

    def _settle(
        self, node: Comprehension, loops: list[ast.comprehension], some: Values, state: State,
        collected: Collected,
    ) -> None:  # fmt: skip
        """Run rounds over any item, until another would tell nothing new.

        What is collected is kept among the variables: there an object that is made anew in the
        next round becomes one of many.
        """
        frame = self._machine.frame
        kept = f"[{len(frame.loops)}]"
        outer = collected[:]
        collected.clear()
        frame.loops.append(Loop(node))
        for _ in range(_ROUNDS):
            before = state.copy()
            self._once(node, loops, some, state, collected)
            made = join_all(values for _, values in collected)
            collected.clear()
            state.bind(kept, join(state.names.get(kept, NOTHING), made))
            state.become(before.joined(state))
            if state.same(before):
                break
        frame.loops.pop()
        made = state.names.get(kept, NOTHING)
        state.unbind(kept)
        collected[:] = [*outer, (NotImplemented, made)]


def _leave(node: Comprehension, outer: dict[str, Values], state: State) -> None:
    """The variables of a comprehension are its own."""
    for name in list(state.names):
        if name not in outer and not _is_walrus(node, name):
            state.unbind(name)
    for name in _targets(node):
        if name in outer:
            state.bind(name, outer[name])


def _is_walrus(node: ast.AST, name: str) -> bool:
    return any(
        isinstance(inner, ast.NamedExpr) and inner.target.id == name for inner in ast.walk(node)
    )


def _targets(node: Comprehension) -> list[str]:
    return [
        inner.id
        for generator in node.generators
        for inner in ast.walk(generator.target)
        if isinstance(inner, ast.Name)
    ]

"""What code may do of which nothing is known: change all that it can get at."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.objects import Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NOTHING,
    Address,
    Builtin,
    Function,
    Method,
    Value,
    Values,
)
from flake8_paramassign.semantics.machine import Arguments, Machine
from flake8_paramassign.semantics.models import harmless
from flake8_paramassign.semantics.registry import owners


class UnknownCalls:
    """Runs unknown code for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` has the variables that closures get at."""
        self._machine = machine

    def call(
        self, callee: Value | None, arguments: Arguments, state: State, node: ast.expr
    ) -> Values:
        """Code that is not known runs, with all that it is given in its hands."""
        reached = arguments.flat()
        for value in [*reached, *([callee] if callee is not None else [])]:
            reached += self._captured(value, state)
        name = ""
        if isinstance(callee, Builtin):
            reached.append(callee.receiver)
            name = callee.name
        elif isinstance(callee, Address):
            site = callee.site
            name = site[1] if isinstance(site, tuple) and isinstance(site[1], str) else ""
            owner = next(owners(callee), None)
            if owner is not None and not isinstance(state.heap.get(callee), Thing):
                reached.append(owner)
            reached.append(callee)
        elif callee is not None:
            reached.append(callee)
        if name in harmless.METHODS or name in harmless.SELF_METHODS:
            return (self._machine.symbol(node, state),)
        state.havoc(reached)
        return (self._machine.symbol(node, state),)

    def _captured(self, value: Value, state: State) -> list[Value]:
        """What a function gets at by the names of variables around it, now or whenever it runs."""
        function = value.function if isinstance(value, Method) else value
        if not isinstance(function, Function) or function.scope is None:
            return []
        self._machine.called(function, None, self._machine.frame)  # in whichever grad mode
        running = function.scope is self._machine.frame.scope
        variables = state.names if running else state.scopes.get(function.scope, {})
        return [
            held
            for name in self._machine.index.of(function.node).names
            for held in variables.get(name, NOTHING)
            if isinstance(held, Address)
        ]

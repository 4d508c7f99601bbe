"""``try`` and ``with``: blocks that do something however they are left."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.state import State, join_states
from flake8_paramassign.domain.values import (
    UNKNOWN,
)
from flake8_paramassign.semantics.contexts import Contexts
from flake8_paramassign.semantics.frames import Attempt, EarlyExits
from flake8_paramassign.semantics.machine import Machine


class Blocks:
    """Runs ``try`` and ``with`` for a machine."""

    def __init__(self, machine: Machine, contexts: Contexts) -> None:
        """``contexts`` knows what ``with`` enters and leaves."""
        self._machine = machine
        self._contexts = contexts

    def run_try(self, node: ast.Try, state: State) -> State | None:
        """Run ``try``: an exception may leave its body in each state that this passes."""
        frame = self._machine.frame
        passed = state.passed
        attempt = Attempt(node, [state.copy()])
        exits = EarlyExits(frame)
        frame.attempts.append(attempt)
        end = self._machine.execute(node.body, state)
        frame.attempts.pop()
        if end is not None:
            end = self._machine.execute(node.orelse, end)
        ends = [end] if end is not None else []
        raised = join_states(attempt.raised)
        for handler in node.handlers:
            assert raised is not None
            inside = raised.copy()
            inside.passed = (*inside.passed, handler)
            if handler.type is not None:
                self._machine.evaluate(handler.type, inside)
            if handler.name:
                self._machine.bind_name(handler.name, UNKNOWN, inside)
            end = self._machine.execute(handler.body, inside)
            if end is not None:
                ends.append(end)
        for ending in ends:
            ending.passed = passed
        if not node.finalbody:
            return join_states(ends)
        return self._finally(node, ends, raised if not node.handlers else None, exits)

    def _finally(
        self, node: ast.Try, ends: list[State], escaped: State | None, exits: EarlyExits
    ) -> State | None:
        """Run ``finally`` for each way in which the rest is left, or once for all together."""
        left = bool(exits.states())
        falling = join_states(ends)
        if falling is not None:
            falling = self._machine.execute(node.finalbody, falling)
        elif not left:
            if escaped is not None:
                self._machine.execute(node.finalbody, escaped)
            return None
        if left and not any(isinstance(n, ast.Try) for n in node.finalbody):
            exits.run(lambda at: self._machine.execute(node.finalbody, at.copy()))
        return falling

    def run_with(self, node: ast.With | ast.AsyncWith, state: State) -> State | None:
        """Run ``with``: what it entered, it leaves, however its body is left."""
        entered = []
        for item in node.items:
            held = self._machine.evaluate(item.context_expr, state)
            context = self._contexts.enter(held, state, item.context_expr)
            if item.optional_vars is not None:
                self._machine.bind(item.optional_vars, context.gives, state, None)
            entered.append(context)
        frame = self._machine.frame
        exits = EarlyExits(frame)
        before = state.copy() if any(c.swallows for c in entered) else None
        frame.expecting += before is not None
        end = self._machine.execute(node.body, state)
        frame.expecting -= before is not None
        if before is not None:
            end = before if end is None else end.joined(before)
        for context in reversed(entered):
            if end is not None:
                self._contexts.leave(context, end)
        for at in exits.states():
            for context in reversed(entered):
                self._contexts.leave(context, at)
        return end

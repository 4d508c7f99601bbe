"""``match``: which cases may be taken, and what their patterns bind."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.state import State, join_states
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Constant,
    Values,
    constant,
)
from flake8_paramassign.semantics.machine import Machine


class Matching:
    """Runs ``match`` for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` runs the cases."""
        self._machine = machine

    def run(self, node: ast.Match, state: State) -> State | None:
        """Run the first case that fits, whichever it may be."""
        subject = self._machine.evaluate(node.subject, state)
        ends: list[State | None] = []
        passed = state.passed
        at: State | None = state
        for case in node.cases:
            if at is None:
                break
            fits = self._fits(case.pattern, subject, at)
            if fits is False:
                continue
            inside = at.copy()
            if fits is None or case.guard is not None:
                inside.passed = (*inside.passed, case.pattern)
            self._capture(case.pattern, subject, inside)
            guard = self._guarded(case.guard, inside) if case.guard is not None else True
            if guard is not False:
                ends.append(self._machine.execute(case.body, inside))
            if fits is True and guard is True:
                at = None
        result = join_states([*ends, at], remember=True)
        if result is not None:
            result.passed = passed
        return result

    def _guarded(self, guard: ast.expr, state: State) -> bool | None:
        """Whether the guard of a case holds; ``state`` becomes that in which it does."""
        truth = self._machine.truth(guard, state)
        passed = self._machine.assume(guard, state, holds=True) if truth is not False else None
        if passed is None:
            return False
        if passed is not state:
            state.become(passed)
        return truth

    def _fits(self, pattern: ast.pattern, subject: Values, state: State) -> bool | None:
        """Whether a pattern matches."""
        if isinstance(pattern, ast.MatchAs):
            return True if pattern.pattern is None else self._fits(pattern.pattern, subject, state)
        if isinstance(pattern, ast.MatchOr):
            found = [self._fits(inner, subject, state) for inner in pattern.patterns]
            return True if True in found else (None if None in found else False)
        if isinstance(pattern, ast.MatchValue):
            return self._equals(subject, self._machine.evaluate(pattern.value, state))
        if isinstance(pattern, ast.MatchSingleton):
            return self._equals(subject, (Constant(pattern.value),))
        return None

    @staticmethod
    def _equals(subject: Values, wanted: Values) -> bool | None:
        value, other = constant(subject), constant(wanted)
        if NotImplemented in (value, other):
            return None
        return value == other

    def _capture(self, pattern: ast.pattern, subject: Values, state: State) -> None:
        """Bind the names of a pattern."""
        for inner in ast.walk(pattern):
            name = getattr(inner, "name", None) or getattr(inner, "rest", None)
            if name:
                whole = inner is pattern and isinstance(inner, ast.MatchAs)
                self._machine.bind_name(name, subject if whole else UNKNOWN, state)

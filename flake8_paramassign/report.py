"""Collects what the rules say of what happens."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from flake8_paramassign.diagnostics import Diagnostic, Fix
from flake8_paramassign.failures import internal_error, not_analysed
from flake8_paramassign.inference.events import AttributeStored, Event, Frame
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.state import State
from flake8_paramassign.inference.values import Instance, Value
from flake8_paramassign.rules.base import Finding, all_rules, default_codes
from flake8_paramassign.settings import Settings
from flake8_paramassign.signs import Wanted
from flake8_paramassign.source import Source
from flake8_paramassign.wording import advised

_TOO_MUCH = (RecursionError, MemoryError)
"""Of code that is nested deeply: no defect of the rule that meets it."""

_Key = tuple[Frame, ast.AST, type, str, "Value | None"]


@dataclass(slots=True)
class Case:
    """A finding with all that is known of it, for whoever rewrites it.

    ``event.state`` is not to be asked: the program has moved on since. What a rewrite needs of
    it is in the event's own fields.
    """

    code: str
    event: Event
    finding: Finding
    ask: Objects
    source: Source
    settings: Settings
    receivers: frozenset[Value]
    """All objects whose attribute the event's node stores, this one and others."""


Rewriter: TypeAlias = Callable[[Case], "Fix | str"]
"""Gives the fix of a finding, or the reason why there is none."""


class Report:
    """Listens to the interpreter and asks the selected rules."""

    ask: Objects

    def __init__(self, settings: Settings) -> None:
        """``settings`` say which rules to ask."""
        self._settings = settings
        codes = default_codes() if settings.select is None else settings.select
        self._rules = [rule() for code, rule in all_rules().items() if code in codes]
        self._found: dict[_Key, tuple[Event, Finding]] = {}
        self._receivers: dict[ast.AST, set[Value]] = {}
        self._failures: dict[str, tuple[ast.AST, str]] = {}
        self.wanted = Wanted(
            tuple(sign for rule in self._rules for sign in rule.signs),
            any(rule.computed for rule in self._rules),
        )

    def happened(self, event: Event) -> None:
        """Judge ``event``; what was said of it in an earlier round of a loop no longer counts."""
        if isinstance(event, AttributeStored):
            self._receivers.setdefault(event.node, set()).add(event.receiver)
        for rule in self._rules:
            try:
                finding = rule.judge(event, self.ask)
            except _TOO_MUCH:
                raise
            except Exception as error:
                finding = None
                self._failed(rule.code, event.node, error)
            if finding is not None or self._found:
                key = (event.frame, event.node, type(event), rule.code, event.about)
                if finding is not None:
                    self._found[key] = (event, finding)
                else:
                    self._found.pop(key, None)

    def finished(self, receiver: Instance, state: State) -> None:
        """``receiver`` is constructed: a finding on what was stored on the way may not stand."""
        for key, (event, _) in list(self._found.items()):
            if isinstance(event, AttributeStored) and event.receiver == receiver:
                if not self._stands(key[3], event, state):
                    del self._found[key]

    def _stands(self, code: str, event: AttributeStored, state: State) -> bool:
        try:
            return all_rules()[code].stands(event, state)
        except _TOO_MUCH:
            raise
        except Exception as error:
            self._failed(code, event.node, error)
            return False

    def _failed(self, code: str, node: ast.AST, error: Exception) -> None:
        """A defect of one rule costs what it says of one place; the first of each is told."""
        self._failures.setdefault(code, (node, internal_error(error, code)))

    def diagnostics(self, source: Source, rewrite: Rewriter | None = None) -> list[Diagnostic]:
        """All findings, sorted, each place and code once, with the fixes ``rewrite`` gives.

        For each rule that failed there is one PRM001.
        """
        unique: dict[tuple[object, ...], Diagnostic] = {}
        for (_, node, _, code, _), (event, finding) in self._found.items():
            place = finding.node or node
            assert isinstance(place, ast.stmt | ast.expr)
            start, end = source.span(place)
            if (start, code) in unique:
                continue
            message = advised(finding.message, getattr(event, "name", None))
            diagnostic = Diagnostic(
                code, all_rules()[code].name, message, start, end,
                why_not_fixed=finding.why_not_fixed,
            )  # fmt: skip
            if rewrite is not None and finding.why_not_fixed is None:
                receivers = frozenset(self._receivers.get(event.node, ()))
                case = Case(code, event, finding, self.ask, source, self._settings, receivers)
                outcome = self._rewritten(case, rewrite)
                if isinstance(outcome, Fix):
                    diagnostic = replace(diagnostic, fix=outcome)
                else:
                    diagnostic = replace(diagnostic, why_not_fixed=outcome)
            unique[start, code] = diagnostic
        failed = (
            not_analysed(reason, getattr(node, "lineno", 1))
            for node, reason in self._failures.values()
        )
        return sorted((*unique.values(), *failed), key=lambda d: (d.start, d.code))

    def _rewritten(self, case: Case, rewrite: Rewriter) -> Fix | str:
        try:
            return rewrite(case)
        except _TOO_MUCH:
            raise
        except Exception as error:
            self._failed(f"the fix of {case.code}", case.event.node, error)
            return "its fix failed"

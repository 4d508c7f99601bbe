"""Collects what the rules say of what happens."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.inference.events import Event, Frame
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.rules.base import Finding, Rule, all_rules, default_codes
from flake8_paramassign.source import Source

_Key = tuple[Frame, ast.AST, str]


class Report:
    """Listens to the interpreter and asks the selected rules."""

    ask: Objects

    def __init__(self, select: frozenset[str] | None) -> None:
        """``select``: the codes to look for; None is every rule that is on by default."""
        codes = default_codes() if select is None else select
        self._rules = [rule() for code, rule in all_rules().items() if code in codes]
        self._found: dict[_Key, tuple[Rule, Finding]] = {}

    def happened(self, event: Event) -> None:
        """Judge ``event``; what was said of it in an earlier round of a loop no longer counts."""
        for rule in self._rules:
            key = (event.frame, event.node, rule.code)
            finding = rule.judge(event, self.ask)
            if finding is not None:
                self._found[key] = (rule, finding)
            else:
                self._found.pop(key, None)

    def diagnostics(self, source: Source) -> list[Diagnostic]:
        """All findings, sorted, each place and code once."""
        unique: dict[tuple[object, ...], Diagnostic] = {}
        for (_, node, _), (rule, finding) in self._found.items():
            place = finding.node or node
            assert isinstance(place, ast.stmt | ast.expr)
            start, end = source.span(place)
            unique.setdefault(
                (start, rule.code),
                Diagnostic(
                    rule.code,
                    rule.name,
                    finding.message,
                    start,
                    end,
                    why_not_fixed=finding.why_not_fixed,
                ),
            )
        return sorted(unique.values(), key=lambda d: (d.start, d.code))

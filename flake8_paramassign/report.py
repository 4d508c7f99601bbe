"""Collects what the rules say of what happens."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from flake8_paramassign.diagnostics import Diagnostic, Fix, Position, Related
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address
from flake8_paramassign.doubts import Doubts
from flake8_paramassign.facts import Facts
from flake8_paramassign.failures import (
    TOO_DEEP,
    TOO_LONG,
    internal_error,
    line_of,
    not_analysed,
)
from flake8_paramassign.rules.base import Rule, Step, Verdict, all_rules, default_codes
from flake8_paramassign.semantics.events import (
    AttributeStored,
    Constructed,
    Ended,
    Event,
    subject_of,
)
from flake8_paramassign.semantics.frames import is_constructing
from flake8_paramassign.semantics.running.effort import TakesTooLong
from flake8_paramassign.settings import Settings
from flake8_paramassign.source import Source, decode
from flake8_paramassign.surroundings import Surroundings
from flake8_paramassign.wording import advised

_TOO_MUCH = (RecursionError, MemoryError, TakesTooLong)
"""Of code that is nested deeply, or takes too long: no defect of the rule that meets it."""
_REASONS = {RecursionError: TOO_DEEP, TakesTooLong: TOO_LONG}

_Key: TypeAlias = Hashable
_T = TypeVar("_T")


@dataclass(slots=True)
class Case:
    """A finding with all that is known of it, for whoever rewrites it.

    ``event.state`` is what was known when it happened.
    """

    code: str
    event: Event
    verdict: Verdict
    facts: Facts
    source: Source
    settings: Settings
    receivers: frozenset[Address]
    """All objects whose attribute the event's node stores, this one and others."""
    others: tuple[tuple[Event, Verdict], ...] = ()
    """What else the finding is about: the same place, come to in other ways."""

    def each(self) -> list[Case]:
        """This case, and one for each other way of coming here: a fix changes all of them."""
        all_ways = ((self.event, self.verdict), *self.others)
        return [
            replace(self, event=event, verdict=verdict, others=(*all_ways[:i], *all_ways[i + 1 :]))
            for i, (event, verdict) in enumerate(all_ways)
        ]


Rewriter: TypeAlias = Callable[[Case], "Fix | str"]
"""Gives the fix of a finding, or the reason why there is none."""


@dataclass(slots=True)
class _Finding:
    """What a rule said, and of what."""

    rule: Rule
    event: Event
    verdict: Verdict
    constructing: bool
    """Whether the event stores something in an object under construction."""


class Report:
    """Listens to the engine and asks the selected rules."""

    def __init__(self, settings: Settings, facts: Facts) -> None:
        """``settings`` say which rules to ask, ``facts`` answer them."""
        codes = default_codes() if settings.select is None else settings.select
        self._settings = settings
        self._facts = facts
        self._rules: dict[type[Event], list[Rule]] = defaultdict(list)
        for code, kind in all_rules().items():
            if code in codes:
                rule = kind()
                for wanted in rule.events():
                    self._rules[wanted].append(rule)
        self._found: dict[_Key, _Finding] = {}
        self._receivers: dict[tuple[Hashable, ast.AST], dict[Address, None]] = {}
        self._failures: dict[str, tuple[int, str]] = {}
        self._doubts = Doubts(facts.module.tree)

    def tell(self, event: Event) -> None:
        """Judge ``event``; what was said of it in an earlier round of a loop no longer counts."""
        if event.called_at is not None:
            self._tell_of_another_file(event)
            return
        self._facts.note(event)
        if isinstance(event, AttributeStored):
            place = event.frame.context, event.node
            self._receivers.setdefault(place, {})[event.receiver] = None
        verdicts = [(rule, self._judged(rule, event)) for rule in self._rules[type(event)]]
        if any(verdict is not None for _, verdict in verdicts):
            event.state = event.state.copy()  # which the program's, that goes on, no longer is
        for rule, verdict in verdicts:
            self._keep(rule, event, verdict)
        if isinstance(event, Constructed):
            self._settle(
                event.state,
                lambda f: f.constructing and subject_of(f.event) is event.receiver,
            )
        elif isinstance(event, Ended):
            self._settle(
                event.state, lambda f: not f.constructing and f.event.frame.root is event.frame
            )

    def fail(self, piece: ast.AST, error: Exception) -> None:
        """Remember that ``piece`` of the file could not be analysed."""
        self._doubts.add(piece)
        line = line_of(error, self._facts.module.tree)
        reason = _REASONS.get(type(error)) or internal_error(error)
        self._failures.setdefault(f"{line}: {reason}", (line, reason))

    def _tell_of_another_file(self, event: Event) -> None:
        """Ask the rules that say of a call what it does; that file has findings of its own."""
        for rule in self._rules[type(event)]:
            if rule.judges_calls:
                verdict = self._judged(rule, event)
                if verdict is not None:
                    event.state = event.state.copy()
                    verdict.node = event.called_at
                self._keep(rule, event, verdict)

    def _keep(self, rule: Rule, event: Event, verdict: Verdict | None) -> None:
        subject = subject_of(event)
        key = (event.frame.context, event.node, type(event), rule.code, subject)
        if verdict is None:
            self._found.pop(key, None)
            return
        receiver = subject if isinstance(subject, Address) else None
        constructing = is_constructing(event.frame, receiver)
        self._found[key] = _Finding(rule, event, verdict, constructing)

    def _settle(self, final: State, concerned: Callable[[_Finding], bool]) -> None:
        """Drop what no longer stands in the state that the activation has left."""
        for key, found in list(self._found.items()):
            if concerned(found):
                if not self._stands(found, final):
                    del self._found[key]

    def _judged(self, rule: Rule, event: Event) -> Verdict | None:
        return self._guarded(rule.code, event, lambda: rule.judge(event, self._facts), None)

    def _stands(self, found: _Finding, final: State) -> bool:
        return self._guarded(
            found.rule.code,
            found.event,
            lambda: found.rule.stands(found.event, found.verdict, final, self._facts),
            False,
        )

    def _holds(self, found: _Finding) -> bool:
        return self._guarded(
            found.rule.code, found.event, lambda: found.rule.holds(found.event, self._facts), False
        )

    def _guarded(self, part: str, event: Event, ask: Callable[[], _T], otherwise: _T) -> _T:
        """What ``ask`` returns; a defect of one ``part`` costs what it says of one place.

        The first of each is told.
        """
        try:
            return ask()
        except _TOO_MUCH:
            raise
        except Exception as error:
            line = getattr(event.node, "lineno", 1)
            self._failures.setdefault(part, (line, internal_error(error, part)))
            return otherwise

    def diagnostics(self, source: Source, rewrite: Rewriter | None = None) -> list[Diagnostic]:
        """All findings, sorted, each place and code once, with the fixes ``rewrite`` gives.

        For each rule and each piece of the file that failed there is one PRM001.
        """
        unique: dict[tuple[object, ...], list[_Finding]] = {}
        for found in self._found.values():
            place = found.verdict.node or found.event.node
            name = getattr(found.event, "name", None)
            if not self._holds(found) or self._doubts.concern(place, name):
                continue
            assert isinstance(place, ast.stmt | ast.expr)
            start, _ = source.span(place)
            unique.setdefault((start, found.rule.code), []).append(found)
        told = [self._diagnostic(*same, source=source, rewrite=rewrite) for same in unique.values()]
        failed = (not_analysed(reason, line) for line, reason in self._failures.values())
        return sorted((*told, *failed), key=lambda d: (d.start, d.code))

    def _diagnostic(
        self, found: _Finding, *others: _Finding, source: Source, rewrite: Rewriter | None
    ) -> Diagnostic:
        """What is said of a place, of which ``others`` say the same."""
        rule, verdict = found.rule, found.verdict
        place = verdict.node or found.event.node
        assert isinstance(place, ast.stmt | ast.expr)
        message = advised(verdict.message, getattr(found.event, "name", None))
        diagnostic = Diagnostic(
            rule.code, rule.name, message, *source.span(place),
            why_not_fixed=verdict.why_not_fixed,
            trace=tuple(self._related(verdict.trace, source)),
        )  # fmt: skip
        if rewrite is None or verdict.why_not_fixed is not None:
            return diagnostic
        at = found.event.frame.context, found.event.node
        receivers = frozenset(self._receivers.get(at, ()))
        case = Case(
            rule.code, found.event, verdict, self._facts, source, self._settings, receivers,
            tuple((other.event, other.verdict) for other in others),
        )  # fmt: skip
        failed: Fix | str = "its fix failed"
        part = f"the fix of {rule.code}"
        outcome = self._guarded(part, found.event, lambda: rewrite(case), failed)
        if isinstance(outcome, Fix):
            return replace(diagnostic, fix=outcome)
        return replace(diagnostic, why_not_fixed=outcome)

    def _related(self, trace: tuple[Step, ...], source: Source) -> Iterator[Related]:
        """The places of a trace that have one in a text."""
        for message, place in dict.fromkeys(trace):
            if not isinstance(place.node, ast.stmt | ast.expr):
                continue
            if place.module is self._facts.module:
                yield Related(message, *source.span(place.node))
            else:
                surroundings, path = self._facts.project.surroundings, place.module.path
                yield Related(message, *_span(path, place.node, surroundings), path)


def _span(
    path: str, node: ast.stmt | ast.expr, surroundings: Surroundings
) -> tuple[Position, Position]:
    """Where a node of another file begins and ends."""
    content, _ = surroundings.read(path)
    try:
        return Source(decode(content or b"")).span(node)
    except (SyntaxError, ValueError):
        start = Position(node.lineno, node.col_offset)
        return start, start

"""What every rule has, and how rules are found."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, get_args, get_type_hints

if TYPE_CHECKING:  # a rule's code and name are asked for without any interpreter
    from flake8_paramassign.domain.objects import Place
    from flake8_paramassign.domain.state import State
    from flake8_paramassign.domain.values import Value
    from flake8_paramassign.facts import Facts
    from flake8_paramassign.semantics.events import Event

SECTIONS = (
    "What it does",
    "Why it is bad",
    "Example",
    "Use instead",
    "Fix safety",
    "Known limits",
    "References",
)

Step: TypeAlias = "tuple[str, Place]"
"""A fact that a verdict rests on, in one line, and where it comes to be."""


@dataclass(slots=True)
class Verdict:
    """What a rule says of an event."""

    message: str
    node: ast.AST | None = None
    """Where it stands; None is where the event happens."""
    why_not_fixed: str | None = None
    evidence: Value | None = None
    """The value that it rests on, where a rewrite asks for it."""
    trace: tuple[Step, ...] = ()


class Rule:
    """One claim about a program, and how it is recognised.

    ``judge`` is asked of the events whose types its argument is annotated with: one, or a union.
    """

    code: ClassVar[str]
    """``PRM`` and three digits; never changes its meaning."""
    name: ClassVar[str]
    """What goes wrong, in kebab case."""
    claim: ClassVar[str]
    """One line for tables: what happens at run time."""
    fix: ClassVar[str] = "none"
    """Which fixes it has: ``none``, ``display``, ``unsafe``, or ``safe`` where some are proved."""

    judges_calls: ClassVar[bool] = False
    """Whether it is asked, too, of what calls of this file do in functions of other files.

    What it says then stands at the call. It has to leave out what is no fault of the caller.
    """

    def judge(self, event: Any, facts: Facts) -> Verdict | None:
        """Say what is wrong with ``event``, if anything; ``facts`` know the rest of the program."""
        return None

    def stands(self, event: Any, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Whether a verdict still holds when what led to ``event`` has ended in ``final``.

        That is the construction of the object it is about, or the activation that was begun for
        its own sake.
        """
        return True

    def holds(self, event: Any, facts: Facts) -> bool:
        """Whether a verdict still holds when the whole file has been run."""
        return True

    @classmethod
    def default(cls) -> bool:
        """Whether the rule is on without being selected."""
        return is_default(cls.code)

    @classmethod
    @cache
    def events(cls) -> tuple[type[Event], ...]:
        """The types of the events that it judges."""
        if cls.judge is Rule.judge:
            return ()
        from flake8_paramassign.semantics.events import Happening

        wanted = get_type_hints(cls.judge)["event"]
        types = get_args(wanted) or (wanted,)
        assert all(issubclass(kind, Happening) for kind in types), f"{cls.code} judges no event"
        return types

    @classmethod
    def documentation(cls) -> str:
        """The rule's docstring, dedented."""
        return inspect.cleandoc(cls.__doc__ or "")


_PACKAGE = "flake8_paramassign.rules"


@cache
def rule_names() -> dict[str, str]:
    """Every rule's name by its code, sorted; told by the names of files, as rules import much."""
    names = (module.name for module in pkgutil.iter_modules(import_module(_PACKAGE).__path__))
    split = sorted(name.split("_") for name in names if name.startswith("prm"))
    return {code.upper(): "-".join(words) for code, *words in split}


def is_default(code: str) -> bool:
    """Whether a rule is on without being selected (9xx are opt-in: sound code does it)."""
    return not code.startswith("PRM9")


@cache
def all_rules() -> dict[str, type[Rule]]:
    """Every rule by its code, sorted."""
    for code, name in rule_names().items():
        import_module(f"{_PACKAGE}.{code.lower()}_{name.replace('-', '_')}")
    return {rule.code: rule for rule in sorted(Rule.__subclasses__(), key=lambda r: r.code)}


@cache
def default_codes() -> frozenset[str]:
    """The codes that are looked for when nothing is selected."""
    return frozenset(filter(is_default, rule_names()))

"""What every rule has, and how rules are found."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from flake8_paramassign.inference.events import AttributeStored, Event
    from flake8_paramassign.inference.objects import Objects
    from flake8_paramassign.inference.state import State
    from flake8_paramassign.inference.values import Value

SECTIONS = (
    "What it does",
    "Why it is bad",
    "Example",
    "Use instead",
    "Fix safety",
    "Known limits",
    "References",
)


@dataclass(slots=True)
class Finding:
    """What a rule says of an event."""

    message: str
    node: ast.AST | None = None
    """Where it stands; None is where the event happens."""
    why_not_fixed: str | None = None
    value: Value | None = None
    """The value that is the evidence, where a rewrite asks for it."""


class Rule:
    """One claim about a program, and how it is recognised."""

    code: ClassVar[str]
    """``PRM`` and three digits; never changes its meaning."""
    name: ClassVar[str]
    """What goes wrong, in kebab case."""
    claim: ClassVar[str]
    """One line for tables: what happens at run time."""
    signs: ClassVar[tuple[str, ...]] = ()
    """Patterns of lines that only this rule wants looked at; each begins with rare letters."""
    computed: ClassVar[bool] = False
    """Whether this rule wants each ``__init__`` looked at that stores what it computes."""

    fix: ClassVar[str] = "none"
    """Which fixes it has: ``none``, ``display``, ``unsafe``, or ``safe`` where some are proved."""

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """Say what is wrong with ``event``, if anything; ``ask`` knows the rest of the program."""
        return None

    @classmethod
    def stands(cls, event: AttributeStored, state: State) -> bool:
        """Whether a finding still holds in the ``state`` that construction leaves behind."""
        return True

    @classmethod
    def default(cls) -> bool:
        """Whether the rule is on without being selected (9xx are opt-in: sound code does it)."""
        return not cls.code.startswith("PRM9")

    @classmethod
    def documentation(cls) -> str:
        """The rule's docstring, dedented."""
        return inspect.cleandoc(cls.__doc__ or "")


@cache
def all_rules() -> dict[str, type[Rule]]:
    """Every rule by its code, sorted."""
    package = import_module("flake8_paramassign.rules")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("prm"):
            import_module(f"{package.__name__}.{module.name}")
    return {rule.code: rule for rule in sorted(Rule.__subclasses__(), key=lambda r: r.code)}


@cache
def default_codes() -> frozenset[str]:
    """The codes that are looked for when nothing is selected."""
    return frozenset(code for code, rule in all_rules().items() if rule.default())

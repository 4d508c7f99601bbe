"""What the analysis says about one place in a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flake8_paramassign.wording import one_line

_HOME = "https://github.com/flake8-paramassign/flake8-paramassign"
URL = f"{_HOME}#"
ISSUES = f"{_HOME}/issues"
"""Where defects of ours are reported."""


class Applicability(Enum):
    """How much a person should look at a fix before it is applied."""

    SAFE = "safe"
    """Nothing changes but the defect."""
    UNSAFE = "unsafe"
    """Right for most programs; the fix's message says what else may change."""
    DISPLAY = "display"
    """Shown, never applied."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the decoded text: ``line`` counts from 1, ``column`` in code points from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text from ``start`` up to ``end`` by ``content`` (newlines written as LF)."""

    start: Position
    end: Position
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together, sorted and not overlapping; ``message`` says what they do."""

    message: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    filename: str | None = None
    """The file that the edits are of; None is that of the finding."""

    def __post_init__(self) -> None:
        """Make the message one line, whatever it repeats of the source."""
        object.__setattr__(self, "message", one_line(self.message))


@dataclass(frozen=True, slots=True)
class Related:
    """A fact that a finding rests on, and where it stands; ``message`` is one line."""

    message: str
    start: Position
    end: Position
    filename: str | None = None
    """The file; None is that of the finding."""
    cell: int | None = None
    """In a notebook, the cell that the place is in."""

    def __post_init__(self) -> None:
        """Make the message one line, whatever it repeats of the source."""
        object.__setattr__(self, "message", one_line(self.message))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what happens, where, and either its fix or why there is none.

    ``message`` is one line and does not repeat the code; what it and ``why_not_fixed`` repeat
    of the source is made visible and short here. ``fix`` and ``why_not_fixed`` are never both set.
    """

    code: str
    name: str
    message: str
    start: Position
    end: Position
    fix: Fix | None = None
    why_not_fixed: str | None = None
    trace: tuple[Related, ...] = ()
    """The facts that the finding rests on, in the order in which they come to be."""

    def __post_init__(self) -> None:
        """Make one line of what may repeat the source."""
        object.__setattr__(self, "message", one_line(self.message))
        if self.why_not_fixed is not None:
            object.__setattr__(self, "why_not_fixed", one_line(self.why_not_fixed))

    @property
    def is_mended_elsewhere(self) -> bool:
        """Whether the fix is of another file."""
        return self.fix is not None and self.fix.filename is not None

    @property
    def url(self) -> str:
        """Where the rule is documented."""
        return f"{URL}{self.code.lower()}"

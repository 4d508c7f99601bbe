"""What a user may configure about the analysis itself (not about files or output)."""

from __future__ import annotations

from dataclasses import dataclass

STYLES = ("data", "no-grad")
"""How fixes write into a Parameter: ``m.w.data.copy_(t)``, or ``m.w.copy_(t)`` in ``no_grad``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of ``analyze``; picklable, so that worker processes take it as it is."""

    select: frozenset[str] | None = None
    """Codes to look for; None is every rule that is on by default."""
    module_bases: tuple[str, ...] = ()
    """Dotted names of further classes that are ``torch.nn.Module``, such as ``mylib.BaseModel``."""
    style: str = "data"
    """One of ``STYLES``."""
    exhaustive: bool = False
    """Interpret every function of every file. Slow, and finds the same: that is what it shows."""
    effort: float = 1.0
    """How much more or less than usual is entered of what a file calls. Less finds no more."""


DEFAULT = Settings()

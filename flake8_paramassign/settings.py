"""What a user may configure about the analysis itself (not about files or output)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of ``analyze``; picklable, so that worker processes take it as it is."""

    select: frozenset[str] | None = None
    """Codes to look for; None is every rule that is on by default."""
    module_bases: tuple[str, ...] = ()
    """Dotted names of further classes that are ``torch.nn.Module``, such as ``mylib.BaseModel``."""
    style: str = "data"
    """How fixes write into a Parameter: ``data`` (``.data.copy_()``) or ``no-grad``."""
    exhaustive: bool = False
    """Interpret every function of every file. Slow, and finds the same: that is what it shows."""


DEFAULT = Settings()

"""What could not be analysed becomes one PRM001, whatever went wrong."""

from __future__ import annotations

from collections.abc import Callable

from flake8_paramassign.diagnostics import Diagnostic, Position
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed


def not_analysed(reason: str, line: int = 1, column: int = 0) -> Diagnostic:
    """Return the PRM001 that says ``reason``, which is one line."""
    place = Position(line, column)
    why_not_fixed = "nothing was analysed"
    return Diagnostic(
        NotAnalysed.code, NotAnalysed.name, reason, place, place, why_not_fixed=why_not_fixed
    )


def guarded(work: Callable[[], list[Diagnostic]]) -> list[Diagnostic]:
    """Return what ``work`` returns or, if it raises anything at all, one PRM001 that says what.

    Only an interrupt by the user gets through. ``BaseException``, because a panic in a native
    extension is no ``Exception``.
    """
    try:
        return work()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return [not_analysed(f"internal error: {describe(error)}")]


def describe(error: BaseException) -> str:
    """Return the kind and the text of ``error`` on one line.

    The text of an exception that is chained to a RecursionError may itself not be had.
    """
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__

"""What could not be analysed becomes one PRM001, whatever went wrong."""

from __future__ import annotations

import ast
import os
import sys
import traceback
from collections.abc import Callable

from flake8_paramassign.diagnostics import ISSUES, Diagnostic, Position
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed

TOO_DEEP = "the code is nested too deeply to be analysed"
TOO_LONG = "the code would take too long to be analysed"
DEBUG = "PARAMASSIGN_DEBUG"
"""The environment variable under which tracebacks are shown, in worker processes too."""


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
        return [not_analysed(internal_error(error))]


def internal_error(error: BaseException, where: str = "") -> str:
    """Return the line that says of a defect of ours what happened, and whom to tell.

    ``where`` is the part of us that failed; else it is told by the traceback, which is shown
    if the user asked for it.
    """
    if os.environ.get(DEBUG):
        traceback.print_exception(error, file=sys.stderr)
    place = where or _place(error)
    return f"internal error: {describe(error)} (in {place}); please report it: {ISSUES}"


def describe(error: BaseException) -> str:
    """Return the kind and the text of ``error`` on one line.

    The text of an exception that is chained to a RecursionError may itself not be had.
    """
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def line_of(error: BaseException, tree: ast.Module) -> int:
    """Return the line of the file that was being looked at when ``error`` was raised, or 1."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr))
    lines = {id(node): node.lineno for node in nodes}
    found = 1
    for frame, _ in traceback.walk_tb(error.__traceback__):
        found = next((lines[id(v)] for v in frame.f_locals.values() if id(v) in lines), found)
    return found


def _place(error: BaseException) -> str:
    """Return file and line of our code where ``error`` was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "flake8_paramassign" in f.filename or "codemods" in f.filename]
    return ", ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in (ours or frames)[-1:])

"""From the bytes of one file to its diagnostics."""

from __future__ import annotations

import ast
import gc
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.failures import internal_error, not_analysed
from flake8_paramassign.settings import DEFAULT, Settings
from flake8_paramassign.source import Source, decode, name_long_numbers

if TYPE_CHECKING:
    from flake8_paramassign.project.project import Trees
    from flake8_paramassign.report import Rewriter

_TOO_DEEP = "the code is nested too deeply to be analysed"
_TOO_LARGE = "the code is nested too deeply, or too long, to be analysed with the memory there is"
_DEPTH = 5_000
"""Nested code that Python's own parser accepts may need more than the default recursion limit."""


def analyze(
    source: bytes | str,
    filename: str = "<unknown>",
    *,
    tree: ast.Module | None = None,
    settings: Settings = DEFAULT,
    rewrite: Rewriter | None = None,
) -> list[Diagnostic]:
    """Return the findings of one file, sorted by position.

    ``source`` is the file's bytes (encoding cookie and BOM obeyed) or its decoded text;
    ``filename`` is used to find the project's other files and never read; ``tree`` saves a
    parse where the caller has one; ``rewrite`` gives findings their fixes
    (``codemods.rewrites.rewrite``). Never raises: what cannot be analysed is one PRM001.
    Suppression comments are the caller's business (``flake8_paramassign.suppression``).
    """
    with _undisturbed():
        return _diagnostics(source, filename, tree, settings, rewrite)


def _diagnostics(
    source: bytes | str,
    filename: str,
    tree: ast.Module | None,
    settings: Settings,
    rewrite: Rewriter | None,
) -> list[Diagnostic]:
    try:
        text = decode(source) if isinstance(source, bytes) else source
    except (SyntaxError, ValueError) as error:
        return [not_analysed(f"the file cannot be decoded: {_reason(error)}")]
    try:
        # A file that holds nothing of ours is still reported where it is no Python.
        tree = tree or ast.parse(source)
    except (SyntaxError, ValueError) as error:
        return [not_analysed(f"the file does not parse: {_reason(error)}", *_place(error))]
    except RecursionError:
        return [not_analysed(_TOO_DEEP)]
    except MemoryError:  # of Python's parser, where it is nested too deeply, too
        return [not_analysed(_TOO_LARGE)]
    name_long_numbers(tree, text)
    try:
        return _findings(text, tree, filename, settings, rewrite)
    except RecursionError:
        return [not_analysed(_TOO_DEEP)]
    except MemoryError:  # of Python's parser, where it is nested too deeply, too
        return [not_analysed(_TOO_LARGE)]
    except Exception as error:
        return [not_analysed(internal_error(error), _line(error, tree))]


def _findings(
    text: str, tree: ast.Module, filename: str, settings: Settings, rewrite: Rewriter | None
) -> list[Diagnostic]:
    from flake8_paramassign.facts import Facts
    from flake8_paramassign.project.project import Project
    from flake8_paramassign.report import Report
    from flake8_paramassign.semantics.engine import Engine

    project = Project(_trees(), filename, tree, settings.module_bases)
    facts = Facts(project, project.module, settings)
    report = Report(settings, facts)
    engine = Engine(project, report.tell)
    facts.mode_of = engine.mode_of
    facts.discriminated = engine.discriminated
    facts.unregistered = engine.unregistered
    facts.read = engine.read
    facts.used = engine.used_containers
    engine.run()
    return report.diagnostics(Source(text), rewrite)


@cache
def _trees() -> Trees:
    """The files read so far; one for the whole process, as files import each other."""
    from flake8_paramassign.project.project import Trees

    return Trees()


def _place(error: SyntaxError | ValueError) -> tuple[int, int]:
    """The line, and the column from 0, where a file does not parse, if that is said."""
    line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
    return max(line, 1), max(column - 1, 0)


def _line(error: Exception, tree: ast.Module) -> int:
    """The line of the file that was being looked at when ``error`` was raised; else the first."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr))
    lines = {id(node): node.lineno for node in nodes}
    found = 1
    for frame, _ in traceback.walk_tb(error.__traceback__):
        found = next((lines[id(v)] for v in frame.f_locals.values() if id(v) in lines), found)
    return found


def _reason(error: Exception) -> str:
    """One line that says what went wrong."""
    text = error.msg if isinstance(error, SyntaxError) and error.msg else str(error)
    first = text.strip().splitlines()[0] if text.strip() else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let code be nested deeply, and garbage in cycles wait until the file is done.

    One file leaves little of that; to look for it all the while, among all the trees that are
    kept, takes as long as the analysis.
    """
    limit = sys.getrecursionlimit()
    collects = gc.isenabled()
    sys.setrecursionlimit(max(limit, _DEPTH))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collects:
            gc.enable()

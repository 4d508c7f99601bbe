"""The findings of one file."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from flake8_paramassign.analyzer import Analyzer
from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.settings import DEFAULT, Settings

if TYPE_CHECKING:
    from flake8_paramassign.report import Rewriter
    from flake8_paramassign.semantics.events import Event
    from flake8_paramassign.surroundings import Surroundings

_MOST_SETTINGS = 4
"""For how many settings an ``Analyzer`` is kept: a process has one or two."""


def analyze(
    source: bytes | str,
    filename: str = "<unknown>",
    *,
    tree: ast.Module | None = None,
    settings: Settings = DEFAULT,
    rewrite: Rewriter | None = None,
    surroundings: Surroundings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> list[Diagnostic]:
    """Return the findings of one file, sorted by position.

    ``source`` is the file's bytes (encoding cookie and BOM obeyed) or its decoded text;
    ``filename`` is used to find the project's other files and never read; ``tree`` saves a
    parse where the caller has one; ``rewrite`` gives findings their fixes: the one there is, is
    ``flake8_paramassign.fixes.rewrites.rewrite``; ``surroundings`` are asked for other files,
    and know afterwards what they were asked; ``watch`` is told what happens. Never raises: what
    cannot be analysed is one PRM001. Suppression comments are the caller's business
    (``flake8_paramassign.suppression``).
    """
    return _analyzer(settings, rewrite).analyze(
        source, filename, tree=tree, surroundings=surroundings, watch=watch
    )


@lru_cache(maxsize=_MOST_SETTINGS)
def _analyzer(settings: Settings, rewrite: Rewriter | None) -> Analyzer:
    return Analyzer(settings, rewrite)

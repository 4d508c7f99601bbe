"""From the bytes of one file to its diagnostics."""

from __future__ import annotations

import ast

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.settings import DEFAULT, Settings


def analyze(
    source: bytes | str,
    filename: str = "<unknown>",
    *,
    tree: ast.Module | None = None,
    settings: Settings = DEFAULT,
) -> list[Diagnostic]:
    """Return the findings of one file, sorted by position.

    ``source`` is the file's bytes (encoding cookie and BOM obeyed) or its decoded text;
    ``filename`` is used to find the project's other files and never read; ``tree`` saves a
    parse where the caller has one. Never raises: what cannot be analysed is one PRM001.
    Suppression comments are the caller's business (``flake8_paramassign.suppression``).
    """
    return []

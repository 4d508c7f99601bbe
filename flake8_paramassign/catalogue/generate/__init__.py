"""Writes ``torch.json``: ``python -m flake8_paramassign.catalogue.generate [--check]``.

Everything in the file is found by running the installed torch: modules are constructed,
functions and methods are called on small tensors. People lint without torch, so the package's
other modules never import it; here it is imported when the command runs, and not before.
"""

from __future__ import annotations

import json
import warnings
from typing import Any


def collect() -> dict[str, Any]:
    """Ask the installed torch.

    Raises ``ImportError`` where torch or numpy is missing or Python is older than 3.11.
    """
    with warnings.catch_warnings():
        # Deprecated and experimental names are catalogued like the others.
        warnings.simplefilter("ignore")
        from flake8_paramassign.catalogue.generate.survey import survey

        return survey()


def render(catalogue: dict[str, Any]) -> str:
    """The file's text: JSON with a line for every entry, so that a diff shows what changed."""
    return "{\n" + ",\n".join(map(_section, catalogue, catalogue.values())) + "\n}\n"


def _section(title: str, content: Any) -> str:
    if not isinstance(content, dict):
        return f"{_compact(title)}: {_compact(content)}"
    lines = ",\n".join(f"{_compact(name)}: {_compact(content[name])}" for name in sorted(content))
    return f"{_compact(title)}: {{\n{lines}\n}}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))

"""Writes ``torch.json``: ``python -m flake8_paramassign.catalogue.generate [--check]``.

Everything in the file is found by running the installed torch: modules are constructed,
functions and methods are called on small tensors. The package's other modules never import
torch, as users lint without it; here, too, only the modules that run it do, when they are needed.
"""

from __future__ import annotations

import json
from typing import Any


def collect() -> dict[str, Any]:
    """Ask the installed torch; raises ``ImportError`` where there is none."""
    from flake8_paramassign.catalogue.generate import names
    from flake8_paramassign.catalogue.generate.survey import survey

    names.import_everything()
    return survey()


def render(catalogue: dict[str, Any]) -> str:
    """The file's text: JSON with a line for every entry, so that a diff shows what changed."""
    sections = []
    for title, content in catalogue.items():
        if isinstance(content, dict):
            lines = [f"{_compact(name)}: {_compact(entry)}" for name, entry in sorted(content.items())]
            body = ",\n".join(lines)
            sections.append(f"{_compact(title)}: {{\n{body}\n}}")
        else:
            sections.append(f"{_compact(title)}: {_compact(content)}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

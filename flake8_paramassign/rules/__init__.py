"""The rules: one file each, found by walking this package.

A rule is a class deriving from ``Rule`` in ``prmNNN_its_name.py``. Its docstring is its
documentation, in the sections that ``SECTIONS`` names; ``--explain`` and the README's table
are made from it. Its ``judge`` reads values: what an event and ``facts`` tell, no source text.
"""

from __future__ import annotations

from flake8_paramassign.rules.base import (
    SECTIONS,
    Rule,
    Verdict,
    all_rules,
    default_codes,
    is_default,
    rule_names,
)

__all__ = [
    "SECTIONS",
    "Rule",
    "Verdict",
    "all_rules",
    "default_codes",
    "is_default",
    "rule_names",
]

"""How findings are written: one module a format, each with a ``render`` function.

``render`` takes all findings, in order, and returns the whole report.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from flake8_paramassign.findings import Finding

FORMATS = ("text", "full", "json", "github", "gitlab", "sarif", "junit")
SHOW_FIXES = ("full", "json", "sarif")


def wanted_format(configured: str | None) -> str:
    """Return the format to use where ``configured`` is asked for, or none: for people, or not."""
    is_for_people = sys.stdout is not None and sys.stdout.isatty()
    return configured or ("full" if is_for_people else "text")


def render(output_format: str, findings: Sequence[Finding]) -> str:
    """Return the report on ``findings`` in one of ``FORMATS``; text may hold ANSI colours."""
    report: str = import_module(f"{__name__}.{output_format}").render(findings)
    return report

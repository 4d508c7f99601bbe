"""One line a finding, as flake8 writes it."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_paramassign.findings import Finding
from flake8_paramassign.output.colour import bold, red


def render(findings: Sequence[Finding]) -> str:
    """Return ``file:line:column: CODE message`` for each finding."""
    return "".join(f"{headline(finding)}\n" for finding in findings)


def headline(finding: Finding) -> str:
    """Return the one line that says everything."""
    diagnostic = finding.diagnostic
    return f"{bold(finding.where)}: {red(diagnostic.code)} {diagnostic.message}"

"""Workflow commands that GitHub Actions turns into annotations."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_paramassign.findings import Finding
from flake8_paramassign.wording import visible


def render(findings: Sequence[Finding]) -> str:
    """Return one ``::error`` command for each finding."""
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Finding) -> str:
    diagnostic, start, end = finding.diagnostic, finding.diagnostic.start, finding.diagnostic.end
    properties = {
        "title": f"{diagnostic.code} ({diagnostic.name})",
        "file": visible(finding.filename),
        "line": start.line,
        "col": start.column + 1,
        "endLine": end.line,
    }
    if start.line == end.line:
        properties["endColumn"] = end.column + 1
    listed = ",".join(f"{name}={_escaped(str(value))}" for name, value in properties.items())
    message = f"{finding.where}: {diagnostic.code} {diagnostic.message}"
    return f"::error {listed}::{_escaped(message, also='')}"


def _escaped(text: str, also: str = ":,") -> str:
    """Return ``text`` with what would end a property (or a message) written as ``%XX``."""
    for character in f"%\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text

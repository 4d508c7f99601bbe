"""GitLab's code quality report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from flake8_paramassign.diagnostics import Position
from flake8_paramassign.findings import Finding, fingerprints
from flake8_paramassign.wording import encodable


def render(findings: Sequence[Finding]) -> str:
    """Return a list of issues whose fingerprints stay when lines are added above them."""
    issues = [
        {
            "description": f"{finding.diagnostic.code}: {finding.diagnostic.message}",
            "check_name": finding.diagnostic.code,
            "fingerprint": fingerprint,
            "severity": "major",
            "location": {
                "path": encodable(finding.path_from(Path.cwd())),
                "positions": {
                    "begin": _position(finding.diagnostic.start),
                    "end": _position(finding.diagnostic.end),
                },
            },
        }
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]
    return json.dumps(issues, indent=2) + "\n"


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column + 1}
